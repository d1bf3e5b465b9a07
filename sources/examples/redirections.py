"""Invented redirections to private hospitals from which the committee's published figures can be measured again.

Given are the published figures: treatments in a month, shares of service groups, hospitals and receivers. Everything between is
invented: whole counts per month from the shares, and records that carry each count together with the others.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from sources.examples import cpr
from sources.examples.delivery import COPENHAGEN, LIVES_AT, Delivery, Floats, Format, Ints, Month, generator_of
from sources.examples.patient_files import apportioned, danish, delimited, workbook
from sources.examples.planted import Fault, Planting, Row, cut_short, cut_to, differing, number_faults, ragged, repeated, set_to

EXTRACT = "redirections"
NUMBER, KEY = "CPR-nummer", ("Omvisitering", "X", 7)
COLUMNS = (
    "Omvisitering",
    "CPR-nummer",
    "Henvist dato",
    "Omvisiteret dato",
    "Henvisende afsnit",
    "Modtager-id",
    "Aftale",
    "Forventet ydelse",
    "Formål",
)
WORKBOOK_COLUMNS = ("Nr.", "CPR", "Henvist", "Omvisiteret", "Afsnit", "Modtager-id", "Aftale", "Ydelse", "Formål")
OWN, CENTRAL = "Regionens aftale", "Udvidet frit sygehusvalg"

# March 2015 is printed (seed L24-26); the others are invented around it.
TREATMENTS = dict(
    zip(
        [f"{year}-{month:02d}" for year in (2014, 2015) for month in range(1, 13)][:16],
        (2361, 2318, 2402, 2337, 2389, 2415, 2304, 2374, 2441, 2498, 2467, 2322, 2478, 2403, 2532, 2446),
        strict=True,
    )
)
# Service groups in an order in which neighbours are referred by like hospitals: (group, share in January 2014, share from 2015, codes).
# The seven named ones are 91 % of 2015 (seed L70-79); eye operations fall from January to January and radiology rises (L47-49).
SERVICES: tuple[tuple[str, float, float, tuple[str, ...]], ...] = (
    ("ØJNE", 0.27, 0.20, ("KCJE20", "KCJE25", "KCKD65", "KCBB10")),
    ("RADIOLOGI", 0.24, 0.33, ("UXMC00", "UXMD10", "UXCA00", "UXRB20", "UXUD40")),
    ("NERVESYSTEM", 0.10, 0.10, ("KABC16", "KABC36", "KACC51")),
    ("ØRE_NÆSE_HALS", 0.11, 0.11, ("KDCA20", "KDJD20", "KEMB20", "KEMB30")),
    ("URINVEJE", 0.06, 0.055, ("KKCH10", "KKFH10", "KKDV20")),
    ("FORDØJELSE", 0.05, 0.05, ("KJAB30", "KJKA21", "KJHB00")),
    ("UDEN_KODE", 0.07, 0.065, ("",)),
    # Jaws stand in the same chapter as tonsils and are another group.
    ("ØVRIGE", 0.10, 0.09, ("KNGE45", "KNBF25", "KEEC25", "KLCD10", "KHAD30", "BVAA33")),
)
# (hospital, share of 2015, place among the service groups it mostly sends). Glostrup, Nordsjælland and Herlev are 68 % (seed L100-102).
HOSPITALS = (
    ("GLO", 0.27, 0.9),
    ("NOH", 0.22, 2.0),
    ("HEH", 0.19, 4.5),
    ("RHB", 0.075, 2.5),
    ("HVH", 0.07, 5.0),
    ("BFH", 0.08, 5.7),
    ("GEH", 0.045, 3.5),
    ("AMH", 0.02, 5.0),
    ("PSY", 0.015, 7.0),
    ("BOH", 0.013, 3.0),
    ("UNMAPPED", 0.002, 3.0),
)
# The ten largest receivers have 83 %, 42 others the rest (seed L113-117).
LARGEST = (0.17, 0.14, 0.115, 0.095, 0.08, 0.065, 0.055, 0.045, 0.035, 0.03)
OTHERS = 0.17
# Shares of single receivers in single months, by their place: the tenth shuts for May, so that its quarter less its months would
# tell what May hides; the eleventh is larger than the tenth in two months of three; one more is large in November alone.
OUT_OF_PLACE = {
    "2014-05": {9: 0.0013},
    "2014-07": {10: 0.045},
    "2014-08": {10: 0.045},
    "2014-10": {10: 0.033},
    "2014-11": {10: 0.033, 20: 0.11},
    "2014-12": {10: 0.033},
}
SPECIALITY = {"Øjen": 0, "Scanning": 1, "Billed": 1, "Rygcenter": 2, "Øre": 3}
FAMILIAR_PROVIDERS = 2
AGREEMENTS = ((OWN, 0.62), (CENTRAL, 0.38))
# A hospital's code has four characters, a department's two more, a ward's three; 06 is Glostrup's medical department.
WARDS = ("", "04", "06", "010", "022", "03A", "061", "13K")
UNKNOWN_UNITS = ("1599010", "9999", "8009")

FORMATS = {
    "2014-04": Format(
        "cp1252", preamble=("Enhed for Sygehusvalg: omvisiteringer", "Spørgsmål om {name}, {number}: ring til koordinatoren")
    ),
    "2014-05": Format("utf-8-sig", line_end="\r\n"),
}
WORKBOOKS = {"2014-03", "2014-08"}
REMARKS, NUMBER_IN_HEADER = "2014-10", "2014-12"
THROUGH_A_SPREADSHEET = "2014-11"
CORRECTED = {"2014-09": datetime(2014, 10, 20, 10, 0, tzinfo=COPENHAGEN)}
SENT_AGAIN = {"2014-06": datetime(2014, 7, 21, 8, 30, tzinfo=COPENHAGEN)}
WRONG_EXTRACT = {"2015-01": datetime(2015, 2, 2, 6, 10, tzinfo=COPENHAGEN)}
FAULTY_SHARE, SCIENTIFIC_SHARE = 0.009, 0.045
# What is not yet registered when a month is first drawn; a month later it is drawn again, whole.
REGISTERED_LATE = 0.03

FAULTS: tuple[Fault, ...] = (
    *number_faults(NUMBER, KEY),
    Fault("missing_cpr", "person_id:missing_required", set_to({NUMBER: ""}, KEY)),
    Fault("redirected_before_referral", "rule:redirected_after_referral", lambda planting, row: [_turned(planting, row)]),
    Fault("no_such_day", "redirected_date:not_a_date", set_to({"Omvisiteret dato": "31-02-2015"}, KEY)),
    Fault("another_month", "rule:outside_period", set_to({"Henvist dato": "10-06-2013", "Omvisiteret dato": "15-06-2013"}, KEY)),
    Fault("unknown_agreement", "agreement_type:unknown_code", set_to({"Aftale": "Ukendt"}, KEY)),
    Fault("missing_provider", "provider_id:missing_required", set_to({"Modtager-id": ""}, KEY)),
    Fault("repeated_record", "rule:duplicate_row", repeated),
    Fault("differing_records", "rule:duplicate_key", differing("Aftale", (OWN, CENTRAL), KEY), records=2),
    Fault("number_as_provider", "provider_id:bad_pattern", set_to({"Modtager-id": "{number}"}, KEY)),
    Fault("number_as_code", "expected_code:bad_pattern", set_to({"Forventet ydelse": "{number}"}, KEY)),
    Fault("number_as_unit", "unit_code:bad_pattern", set_to({"Henvisende afsnit": "{number}"}, KEY)),
    Fault("number_as_agreement", "agreement_type:unknown_code", set_to({"Aftale": "DUF, se {number}"}, KEY)),
    Fault("number_as_key", "redirection_id:bad_pattern", set_to({"Omvisitering": "{number}"}, KEY)),
    Fault("number_as_date", "referral_received_date:not_a_date", lambda planting, row: [_number_as_date(planting, row)]),
    Fault("full_width_as_provider", "provider_id:bad_pattern", lambda planting, row: [_full_width(planting, row)], needs_unicode=True),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged, needs_text=True),
    Fault("number_in_a_broken_record", "rule:malformed_record", cut_short, needs_text=True),
)
SCIENTIFIC = tuple(fault for fault in FAULTS if fault.kind == "cpr_scientific")
WAYS_TAKEN = tuple(way for way in cpr.TAKEN if way.name not in ("leading_zero_lost",))
BEFORE_MERGERS = "2015-05-01"
UNIT_CUT = cut_to(7, "Henvisende afsnit")


class Facts(NamedTuple):
    """The project's lookups as rows of text, and the persons: numbers that treatments may use."""

    lookups: dict[str, list[dict[str, str]]]
    persons: Sequence[str]

    @property
    def providers(self) -> list[tuple[str, float | None]]:
        """(provider_id, place of its speciality among the service groups, None for a hospital of many), largest first."""
        return [
            (row["provider_id"], next((float(place) for word, place in SPECIALITY.items() if row["provider_name"].startswith(word)), None))
            for row in self.lookups["provider"]
        ]

    @property
    def hospitals(self) -> dict[str, str]:
        """Codes that hospitals had before the mergers of 2015, with their names."""
        names = {row["hospital_code"]: row["hospital_name"] for row in self.lookups["hospital"]}
        rows = (row for row in self.lookups["unit"] if row["valid_from"] <= BEFORE_MERGERS <= row["valid_to"])
        return {row["unit_prefix"]: names[row["hospital_code"]] for row in rows if len(row["unit_prefix"]) == 4}

    @property
    def wards(self) -> dict[str, list[str]]:
        """Units of each hospital by its code."""
        return {code: [code + ward for ward in WARDS] for code in self.hospitals}

    def units(self, hospital: str) -> list[str]:
        """Units a hospital had before the mergers of 2015: itself, its departments and its wards."""
        rows = (row for row in self.lookups["unit"] if row["valid_from"] <= BEFORE_MERGERS <= row["valid_to"])
        prefixes = [row["unit_prefix"] for row in rows if row["hospital_code"] == hospital and len(row["unit_prefix"]) == 4]
        if not prefixes:
            return list(UNKNOWN_UNITS)
        return [prefix + ward for prefix in prefixes for ward in WARDS]


def deliveries(facts: Facts, seed: int, scale: float, planting: Planting) -> Iterator[Delivery]:
    """The coordinator's deliveries in the order of their months; what is planted in them is written down in `planting`."""
    persons = Persons(facts.persons)
    for place, label in enumerate(TREATMENTS):
        month = Month(date.fromisoformat(f"{label}-01"))
        drawn_at = datetime(month.next.first.year, month.next.first.month, 2 + place % 3, 6, 10 + place, tzinfo=COPENHAGEN)
        rows = _records(facts, month, place, scale, persons, generator_of(seed, month, 100))
        if label in WRONG_EXTRACT:
            yield _wrong_extract(month, WRONG_EXTRACT[label], rows, planting)
        if label in CORRECTED:
            luck = generator_of(seed, month, 102)
            first = [[*row[:6], CENTRAL if luck.random() < 0.15 else row[6], *row[7:]] for row in rows if luck.random() < 0.93]
            yield _delivery(month, drawn_at, first, seed, planting)
            drawn_at = CORRECTED[label]
        late = generator_of(seed, month, 103)
        early = [row for row in rows if late.random() >= REGISTERED_LATE]
        delivery = _delivery(month, drawn_at, early, seed, planting)
        if label in SENT_AGAIN:
            parts = list(delivery.parts)
            yield delivery._replace(parts=iter(parts))
            delivery = Delivery(_file_name(month, SENT_AGAIN[label], "csv"), SENT_AGAIN[label], iter(parts))
            planting.again(delivery.file_name)
        yield delivery
        whole_at = datetime(month.next.next.first.year, month.next.next.first.month, 2 + place % 3, 6, 10 + place, tzinfo=COPENHAGEN)
        if f"{whole_at:%Y-%m-%d}" <= LIVES_AT:
            yield _delivery(month, whole_at, rows, seed, planting)
    yield _named_after_a_patient(planting)


class Persons:
    """Who is redirected: mostly somebody new, now and then somebody of this month or the last."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._numbers, self._met = numbers, 0

    def of_month(self, count: int, luck: np.random.Generator) -> list[str]:
        """`count` numbers; a seventh of the treatments are for a person who has one already."""
        new = count - count // 7
        known = range(max(0, self._met - new), self._met + new)
        again = luck.choice(known, count - new).tolist()
        chosen = [*range(self._met, self._met + new), *again]
        self._met += new
        return [self._numbers[i] for i in luck.permutation(chosen)]


def _records(facts: Facts, month: Month, place: int, scale: float, persons: Persons, luck: np.random.Generator) -> list[list[str]]:
    """One month's good records, so many of each group, hospital, receiver and agreement as the shares say."""
    count = max(60, round(TREATMENTS[month.label] * scale))
    drift = min(1.0, place / 12)
    services = np.repeat(np.arange(len(SERVICES)), apportioned(count, [a + drift * (b - a) for _, a, b, _ in SERVICES]))
    hospitals = np.repeat(np.arange(len(HOSPITALS)), apportioned(count, [share for _, share, _ in HOSPITALS]))
    tail = np.arange(len(facts.providers) - len(LARGEST), 0, -1) + 8.0
    shares = dict(enumerate([*LARGEST, *(OTHERS * tail / tail.sum())])) | OUT_OF_PLACE.get(month.label, {})
    receivers = np.repeat(np.arange(len(facts.providers)), apportioned(count, [*shares.values()]))
    hospital = _beside(services, hospitals, np.array([centre for _, _, centre in HOSPITALS])[hospitals], luck)
    leaning = np.array([luck.uniform(0, 7) if at is None else at for at in (facts.providers[r][1] for r in receivers)])
    receiver = _beside(services, receivers, leaning, luck)
    agreement = luck.permutation(np.repeat(np.arange(2), apportioned(count, [share for _, share in AGREEMENTS])))
    people = persons.of_month(count, luck)
    # The smallest receivers see one patient again and again: treatments are not patients.
    for small in range(len(facts.providers) - FAMILIAR_PROVIDERS, len(facts.providers)):
        for at in np.flatnonzero(receiver == small):
            people[at] = people[np.flatnonzero(receiver == small)[0]]
    days = [month.first + timedelta(days=d) for d in range((month.next.first - month.first).days)]
    working = [day for day in days if day.weekday() < 5]
    rows: list[list[str]] = []
    for at in luck.permutation(count).tolist():
        redirected = working[int(luck.integers(len(working)))]
        referred = redirected - timedelta(days=int(luck.integers(3, 29)))
        name, _, _, codes = SERVICES[int(services[at])]
        units = facts.units(HOSPITALS[int(hospital[at])][0])
        rows.append(
            [
                f"V{place * 20_000 + len(rows) + 1:07d}",
                cpr.typed(people[at], luck.random()),
                danish(referred),
                danish(redirected),
                units[int(luck.integers(len(units)))],
                facts.providers[int(receiver[at])][0],
                AGREEMENTS[int(agreement[at])][0],
                codes[int(luck.integers(len(codes)))],
                "Diagnostik" if name == "RADIOLOGI" else "Behandling" if luck.random() < 0.8 else "Udredning",
            ]
        )
    return rows


def _beside(services: Ints, others: Ints, leaning: Floats, luck: np.random.Generator) -> Ints:
    """`others` in an order that puts each beside a service it leans to, so that both keep their counts."""
    result = np.empty_like(others)
    of_service = np.argsort(services + luck.normal(0, 0.7, len(services)), kind="stable")
    result[of_service] = others[np.argsort(leaning + luck.normal(0, 0.7, len(others)), kind="stable")]
    return result


def _delivery(month: Month, drawn_at: datetime, rows: list[list[str]], seed: int, planting: Planting) -> Delivery:
    """A month's file with its faults. Good records are changed only where the reader must take them all the same."""
    is_book = month.label in WORKBOOKS
    form = FORMATS.get(month.label, Format("cp1252" if month.first.month % 2 == 0 else "utf-8"))
    name = _file_name(month, drawn_at, "xlsx" if is_book else "csv")
    planting.begin(EXTRACT, name)
    planting.numbers.update(_digits(row[1]) for row in rows)
    luck = generator_of(seed, month, 101)
    rows = [[*row] for row in rows]
    count = max(3, round(len(rows) * FAULTY_SHARE))
    _taken_all_the_same(rows, max(1, count // 4), planting, luck)
    if is_book:
        _as_numbers(rows, planting, luck)
    can_unicode = is_book or form.encoding != "cp1252"
    faults = [f for f in FAULTS if (can_unicode or not f.needs_unicode) and not (is_book and f.needs_text)]
    planting.among(rows, faults, count, COLUMNS, luck)
    if is_book:
        total: list[str | int] = ["I alt", len(rows), "", "", "", "", "", "", ""]
        return Delivery(name, drawn_at, workbook("Omvisiteringer", WORKBOOK_COLUMNS, rows, total, drawn_at))
    if month.label == THROUGH_A_SPREADSHEET:
        planting.among(rows, SCIENTIFIC, round(len(rows) * SCIENTIFIC_SHARE), COLUMNS, luck)
    columns = [*COLUMNS]
    if month.label in (REMARKS, NUMBER_IN_HEADER):
        columns.append(_extra_column(month.label, rows, planting, luck))
    if form.preamble:
        form = form._replace(preamble=tuple(line.format(name=cpr.NAME, number=planting.hyphened()) for line in form.preamble if line))
        planting.note("number_in_preamble", "unread")
    return Delivery(name, drawn_at, delimited(columns, rows, form))


def _taken_all_the_same(rows: list[list[str]], count: int, planting: Planting, luck: np.random.Generator) -> None:
    """Good records written oddly: a number that passes for another, a unit that is none."""
    for turn, at in enumerate(luck.choice(len(rows), min(len(rows), count), replace=False).tolist()):
        if turn % 6 == 5:
            rows[at] = [*UNIT_CUT(planting, dict(zip(COLUMNS, rows[at], strict=True))).values()]
            planting.note("number_cut_to_a_unit", "taken")
        else:
            way = WAYS_TAKEN[int(luck.integers(len(WAYS_TAKEN)))]
            rows[at][1] = planting.text(way)
            planting.note(f"cpr_{way.name}", way.kind)


def _as_numbers(rows: list[list[str]], planting: Planting, luck: np.random.Generator) -> None:
    """Two fifths of the numbers were typed without a hyphen, and the workbook took their leading zero."""
    for row in rows:
        digits = _digits(row[1])
        if cpr.is_plain(digits) and luck.random() < 0.4:
            row[1] = str(int(digits))
            if digits[0] == "0":
                planting.remembered(digits, row[1])
                planting.note("cpr_leading_zero_lost", "POLSTRET")


def _extra_column(label: str, rows: list[list[str]], planting: Planting, luck: np.random.Generator) -> str:
    """A column nobody reads, and its name: remarks with a number now and then, or a number in the name itself."""
    remarked = set(luck.choice(len(rows), 4, replace=False).tolist()) if label == REMARKS else set()
    for at, row in enumerate(rows):
        row.append(f"Samme som {planting.hyphened()}" if at in remarked and len(row) == len(COLUMNS) else "")
        if row[-1]:
            planting.note("number_in_remark", "unread")
    if label == REMARKS:
        return "Bemærkning"
    name = f"Ring om {planting.hyphened()}"
    planting.note("number_in_header", "unread")
    return name


def _wrong_extract(month: Month, sent_at: datetime, rows: list[list[str]], planting: Planting) -> Delivery:
    """Another extract under this one's name: refused whole."""
    name = _file_name(month, sent_at, "csv")
    planting.begin(EXTRACT, name)
    planting.note("wrong_file", "no_layout")
    columns = ("Henvisning", "CPR", "Sektor", "Afsnit", "Lukket")
    wrong = [[f"H{at:08d}", row[1], "Somatik", row[4], row[3]] for at, row in enumerate(rows[:50], start=1)]
    return Delivery(name, sent_at, delimited(columns, wrong, Format()))


def _named_after_a_patient(planting: Planting) -> Delivery:
    """A note somebody dropped into the folder, with the patient's name and number for a file name."""
    number = planting.number()
    text = f"{number[:6]}-{number[6:]}"
    name = f"{cpr.NAME} {text}.txt"
    planting.begin(EXTRACT, name)
    planting.remembered(number, text)
    planting.note("number_in_file_name", "no_layout")
    sent_at = datetime(2015, 2, 11, 14, 25, tzinfo=COPENHAGEN)
    return Delivery(name, sent_at, iter([f"Haster: {cpr.NAME}, {text}, ring til Ahorn\n".encode()]))


def _file_name(month: Month, drawn_at: datetime, ending: str) -> str:
    return f"omvisiteringer_{month.label}_udtrukket-{drawn_at:%Y%m%d-%H%M}.{ending}"


def _turned(planting: Planting, row: Row) -> list[str]:
    """Redirected the day before being referred."""
    day = datetime.strptime(row["Omvisiteret dato"], "%d-%m-%Y").date()
    return [*(row | {KEY[0]: planting.id(KEY[1], KEY[2]), "Henvist dato": danish(day + timedelta(days=1))}).values()]


def _number_as_date(planting: Planting, row: Row) -> list[str]:
    """A number whose hyphens make it look like a date."""
    number = planting.number()
    text = planting.remembered(number, f"{number[:4]}-{number[4:6]}-{number[6:]}")
    return [*(row | {KEY[0]: planting.id(KEY[1], KEY[2]), "Henvist dato": text}).values()]


def _full_width(planting: Planting, row: Row) -> list[str]:
    """A number in full-width digits where a receiver belongs."""
    text = planting.text(next(way for way in cpr.WAYS if way.name == "full_width_digits"))
    return [*(row | {KEY[0]: planting.id(KEY[1], KEY[2]), "Modtager-id": text}).values()]


def _digits(text: str) -> str:
    return text.replace("-", "").replace(" ", "")
