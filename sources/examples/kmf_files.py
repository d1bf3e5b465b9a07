"""Files of municipal co-financing as they are sent: settlements, the state's totals, residents, care and chronic groups.

Belongs here: how each sender but the state's machine for settlements (`kmf_settlements`) sums up and writes down what happened.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import numpy as np

from sources.examples import cpr, kmf_contacts, kmf_settlements
from sources.examples.delivery import COPENHAGEN, Delivery, Format, Ints, Month, generator_of
from sources.examples.kmf_citizens import END, GROUPS, MUNICIPALITIES, YEARS, Citizens, citizens, civil, day_of
from sources.examples.kmf_contacts import AREAS, CARE, DEARER, Care
from sources.examples.kmf_settlements import EPOCH, Settlement, file_name, money, month_of
from sources.examples.patient_files import danish, delimited
from sources.examples.planted import Fault, Planting, number_faults, ragged, set_to

TOTALS, POPULATION, CARE_GIVEN, CHRONIC = "kmf_totals", "kmf_population", "kmf_care", "kmf_chronic"
TOTAL_COLUMNS = ("Kommune", "Måned", "Område", "Aldersgruppe", "Antal", "Beløb (1.000 kr.)")
REGION_COLUMNS = ("Region", "År", "Beløb (1.000 kr.)")
POPULATION_COLUMNS = ("Kommunekode", "Alder", "Køn", "Antal")
CARE_COLUMNS = ("CPR", "Kommunekode", "Ydelse", "Fra", "Til", "Timer", "Omkostning")
CHRONIC_COLUMNS = ("CPR", "Gruppe", "Fra", "Til")
FORM = Format("cp1252", line_end="\r\n")
# Age bands by the first age of all but the youngest; a contact whose age is not known has one of its own.
BANDS, BANDS_FROM = ("0-2", "3-64", "65-79", "80+", "UOPLYST"), (3, 65, 80)
# The other regions at the size of this one, and how far they go their own ways from year to year.
OWN_REGION, OTHER_REGIONS, REGION_NOISE = "1084", {"1081": 0.32, "1082": 0.71, "1083": 0.72, "1085": 0.49}, 0.02
WHOLE_YEARS, THIS_YEAR_AT = YEARS[:-1], datetime(2015, 5, 20, 6, 0, tzinfo=COPENHAGEN)
CHRONIC_AT = {"2014-06": datetime(2014, 7, 10, 6, 0, tzinfo=COPENHAGEN), "2015-04": datetime(2015, 5, 12, 6, 0, tzinfo=COPENHAGEN)}
WEEK_IN_MINUTES = 7 * 60

# A record of these has no key: the number is it. So many in each file are spoilt.
KEY, FAULTY = ("CPR", "", 10), 6
FAULTS: tuple[Fault, ...] = (
    Fault("missing_cpr", "person_id:missing_required", set_to({"CPR": ""}, KEY)),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged),
    *(fault for fault in number_faults("CPR", KEY) if not fault.needs_unicode),
)


def deliveries(numbers: Sequence[str], seed: int, size: float, planting: Planting) -> Iterator[tuple[str, Delivery]]:
    """(extract, delivery), each extract in the order of its periods. `numbers` are for `kmf_citizens.persons(size)` citizens."""
    people = citizens(numbers, seed, size)
    all_ = kmf_settlements.settlement(people, kmf_contacts.contacts(people, seed), seed)
    yield from ((kmf_settlements.EXTRACT, d) for d in kmf_settlements.deliveries(all_, seed, planting))
    yield from ((TOTALS, d) for d in _totals(all_, seed))
    yield from ((POPULATION, _population(people, year)) for year in YEARS)
    yield from ((CARE_GIVEN, d) for d in _care(people, seed, planting))
    yield from ((CHRONIC, _chronic(people, label, seed, planting)) for label in CHRONIC_AT)


def _totals(all_: Settlement, seed: int) -> Iterator[Delivery]:
    """The state's sums of each year by month of service, and what its regions came to in whole years.

    The state knows every row, the ones in the file that never came too; a sum is in whole kr., which are thousandths here.
    """
    cells, counts, kroner = _sums(all_)
    luck = generator_of(seed, Month(date(YEARS[0], 1, 1)), 340)
    for year in YEARS:
        is_whole = year in WHOLE_YEARS
        label = f"{year}-12" if is_whole else f"{date.fromordinal(EPOCH + END):%Y-%m}"
        sent_at = datetime(year + 1, 3, 20, 6, 0, tzinfo=COPENHAGEN) if is_whole else THIS_YEAR_AT
        mine = np.flatnonzero(cells[1] // 12 + YEARS[0] == year)
        rows = [
            [MUNICIPALITIES[home][0], f"{year}-{month % 12 + 1:02d}", AREAS[area].name, BANDS[band], str(count), _thousands(total)]
            for (home, month, area, band), count, total in zip(
                cells[:, mine].T.tolist(), counts[mine].tolist(), kroner[mine].tolist(), strict=True
            )
        ]
        yield Delivery(file_name("kmf_totaler", label, sent_at), sent_at, delimited(TOTAL_COLUMNS, rows, FORM))
        if is_whole:
            regions = _regions(year, int(kroner[mine].sum()), luck)
            yield Delivery(file_name("kmf_regioner", label, sent_at), sent_at, delimited(REGION_COLUMNS, regions, FORM))


def _sums(all_: Settlement) -> tuple[Ints, Ints, Ints]:
    """Cells of places of municipality, month of service, area and age band; their rows; what these come to in whole kr."""
    contact = all_.settled.contact
    contact, amount = (column[all_.known.home[contact] >= 0] for column in (contact, all_.settled.amount))
    events, age = all_.contacts.events.only(contact), all_.known.age[contact]
    band = np.where(age < 0, len(BANDS) - 1, np.searchsorted(BANDS_FROM, age, side="right"))
    kinds = np.stack([all_.known.home[contact], month_of(events.ends), events.area, band])
    cells, cell, counts = np.unique(kinds, axis=1, return_inverse=True, return_counts=True)
    sums = np.zeros(len(counts), np.int64)
    np.add.at(sums, cell, amount)
    return cells, counts, (sums + 50) // 100


def _regions(year: int, own: int, luck: np.random.Generator) -> list[list[str]]:
    """What each region's municipalities paid in a year, of which only this one's is the sum of anything."""
    others = {code: round(own * part * float(np.exp(luck.normal(0, REGION_NOISE)))) for code, part in OTHER_REGIONS.items()}
    return [[code, str(year), _thousands(kroner)] for code, kroner in sorted({**others, OWN_REGION: own}.items())]


def _population(people: Citizens, year: int) -> Delivery:
    """Who lived in each municipality on 1 January, whether anything was paid for them or not."""
    who = people.residents(day_of(year))
    day = np.full(len(who), day_of(year))
    kinds = np.stack([people.home_of(who, day), people.age_of(who, day), people.is_male[who].astype(np.int64)])
    cells, counts = np.unique(kinds, axis=1, return_counts=True)
    rows = [
        [MUNICIPALITIES[home][0], str(age), "KM"[is_male], str(count)]
        for (home, age, is_male), count in zip(cells.T.tolist(), counts.tolist(), strict=True)
    ]
    sent_at = datetime(year, 2, 15, 6, 0, tzinfo=COPENHAGEN)
    return Delivery(file_name("befolkning", f"{year}-01-01", sent_at), sent_at, delimited(POPULATION_COLUMNS, rows, FORM))


def _care(people: Citizens, seed: int, planting: Planting) -> Iterator[Delivery]:
    """Two files a year, each with what was given in its half; in the newest, what goes on has no end."""
    given = kmf_contacts.care(people, seed)
    halves = [(year, month) for year in WHOLE_YEARS for month in (6, 12)]
    for year, month in halves:
        after = Month(date(year, month, 1)).next.first
        first, last = day_of(year, month - 5), (after - timedelta(days=1)).toordinal() - EPOCH
        luck = generator_of(seed, Month(date(year, month, 1)), 350)
        sent_at = datetime(after.year, after.month, 15, 6, 0, tzinfo=COPENHAGEN)
        name = file_name("pleje", f"{year}-{month:02d}", sent_at)
        planting.begin(CARE_GIVEN, name)
        rows = _care_rows(people, given, (first, last), (year, month) == halves[-1], luck)
        planting.numbers.update(row[0].replace("-", "").replace(" ", "") for row in rows)
        planting.among(rows, FAULTS, FAULTY, CARE_COLUMNS, luck)
        yield Delivery(name, sent_at, delimited(CARE_COLUMNS, rows, FORM))


def _care_rows(people: Citizens, given: Care, half: tuple[int, int], is_newest: bool, luck: np.random.Generator) -> list[list[str]]:
    """The parts of care that lie within a half-year, by citizen. Prices go up as all others do."""
    mine = np.flatnonzero((given.begins <= half[1]) & (given.ends >= half[0]))
    mine = mine[np.lexsort((given.begins[mine], given.service[mine], given.who[mine]))]
    who, begins, ends = given.who[mine], np.maximum(given.begins[mine], half[0]), np.minimum(given.ends[mine], half[1])
    goes_on = is_newest & (given.ends[mine] > half[1])
    hundredths = (given.minutes[mine] * (ends - begins + 1) * 100 + WEEK_IN_MINUTES // 2) // WEEK_IN_MINUTES
    raised = DEARER ** (civil(begins)[0] - YEARS[0])
    cost = np.round(hundredths * given.price[mine] * raised / 100).astype(np.int64)
    services, columns = list(CARE), (who, people.home_of(who, begins), given.service[mine], begins, ends, goes_on, hundredths, cost)
    return [
        [
            cpr.typed(people.numbers[at], luck.random()),
            MUNICIPALITIES[home][0],
            services[service],
            _day(first),
            "" if is_open else _day(last),
            money(hours),
            money(ore),
        ]
        for at, home, service, first, last, is_open, hours, ore in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _chronic(people: Citizens, label: str, seed: int, planting: Planting) -> Delivery:
    """Everybody who was found to belong to a group until the end of a month; few have left it."""
    month = Month(date.fromisoformat(f"{label}-01"))
    end = month.next.first.toordinal() - EPOCH
    luck = generator_of(seed, month, 360)
    sent_at = CHRONIC_AT[label]
    name = file_name("kroniske", label, sent_at)
    planting.begin(CHRONIC, name)
    until = np.minimum(people.ill_until, people.left[:, None])
    who, group = np.nonzero((people.ill_since < end) & (people.arrived < end)[:, None] & (people.ill_since <= until))
    until = until[who, group]
    found = zip(who.tolist(), group.tolist(), people.ill_since[who, group].tolist(), until.tolist(), strict=True)
    rows = [
        [cpr.typed(people.numbers[at], luck.random()), GROUPS[place].name, _day(since), _day(over) if over < end else ""]
        for at, place, since, over in found
    ]
    planting.numbers.update(people.numbers[at] for at in who.tolist())
    planting.among(rows, FAULTS, FAULTY, CHRONIC_COLUMNS, luck)
    return Delivery(name, sent_at, delimited(CHRONIC_COLUMNS, rows, FORM))


def _thousands(kroner: int) -> str:
    """Whole kr. in thousands, with the decimals it takes."""
    whole, rest = divmod(abs(kroner), 1000)
    text = f"{'-' if kroner < 0 else ''}{whole:,}".replace(",", ".")
    return f"{text},{rest:03d}".rstrip("0") if rest else text


def _day(day: int) -> str:
    return danish(date.fromordinal(EPOCH + day))
