"""What the state's machine settled for the example region's municipalities, and the files of it: one for each month of settlement.

Belongs here: rates, delays, reversals, what the machine did not know, and what is wrong with a file on purpose. What happened to
the citizens belongs to `kmf_contacts`.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sources.examples.delivery import COPENHAGEN, Delivery, Ints, Month, generator_of
from sources.examples.kmf_citizens import END, MUNICIPALITIES, Citizens, civil
from sources.examples.kmf_contacts import AREAS, DIAGNOSES, STATIONARY, Contacts
from sources.examples.patient_files import danish
from sources.examples.planted import Fault, Planting, cut_short, number_faults, ragged, repeated, set_to

EXTRACT, KEY = "kmf_settlements", ("Afregning", "S", 9)
COLUMNS = (
    "Afregning",
    "CPR",
    "Kommunekode",
    "Ydelsesdato",
    "Område",
    "Alder",
    "Kontakt",
    "Takstgrundlag",
    "Medfinansiering",
    "Aktionsdiagnose",
    "Indmåde",
    "Ind",
    "Ud",
)
# What the state's machine settled by: percent of the base amount, and at most so many kr. a contact.
RATES: dict[str, tuple[int, int | None]] = {
    "SOMATIK_STATIONÆR": (34, 15_000),
    "SOMATIK_AMBULANT": (34, 1_500),
    "PSYKIATRI_STATIONÆR": (60, 8_500),
    "PSYKIATRI_AMBULANT": (30, 500),
    "ALMEN_LÆGE": (10, None),
    "SPECIALLÆGE": (34, 1_500),
    "ØVRIG_PRAKSIS": (10, None),
    "GENOPTRÆNING": (70, None),
}
# The caps that are printed are rounded: from this year of service the machine knew higher ones, in percent of them.
CAPS_RAISED, RAISED_CAPS, UNCAPPED = 2014, 102, 10**9
FIRST_MONTH, MONTHS = date(2012, 1, 1), 40
# The parts of contacts that are settled in their own month, in the next, and in the one after that.
SETTLED_AFTER = (0.78, 0.17, 0.05)
REVERSED, REVERSED_WITHIN, SETTLED_ANEW = 0.012, 4, 0.6
# Of this month of service so many more are reversed in the last file.
REVERSED_LAST, REVERSALS = 36, 8
NEVER_SENT = "2012-08"
SENT_AGAIN, SENT_AGAIN_AT, OUTDATED = "2014-03", datetime(2014, 5, 20, 6, 0, tzinfo=COPENHAGEN), 0.02
WITHOUT_HOME, WITHOUT_AGE, WITHOUT_DIAGNOSIS = 0.005, 0.003, 0.01
FAULTY_SHARE, FAULTY_AT_LEAST = 0.002, 3
EPOCH, OLDEST_SAID = date(1970, 1, 1).toordinal(), 130

FAULTS: tuple[Fault, ...] = (
    *(fault for fault in number_faults("CPR", KEY) if not fault.needs_unicode),
    Fault("missing_cpr", "person_id:missing_required", set_to({"CPR": ""}, KEY)),
    Fault("unknown_area", "area:unknown_code", set_to({"Område": "TANDLÆGE"}, KEY)),
    Fault("amount_in_words", "amount_kr:not_a_number", set_to({"Medfinansiering": "se bilag"}, KEY)),
    Fault("no_such_day", "service_date:not_a_date", set_to({"Ydelsesdato": "31-02-2014"}, KEY)),
    Fault("repeated_record", "rule:duplicate_row", repeated),
    Fault("number_as_municipality", "municipality_code:bad_pattern", set_to({"Kommunekode": "{number}"}, KEY)),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged),
    Fault("number_in_a_broken_record", "rule:malformed_record", cut_short),
)


class Known(NamedTuple):
    """What the state's machine knew of each contact: places in MUNICIPALITIES and DIAGNOSES and an age, -1 where it did not."""

    home: Ints
    age: Ints
    diagnosis: Ints


class Settled(NamedTuple):
    """Rows of settlement in the order of their files: a contact, months since the first one, and amounts in øre."""

    contact: Ints
    month: Ints
    base: Ints
    amount: Ints


class Settlement(NamedTuple):
    """All that is written into the files of settlements and summed up in the totals."""

    people: Citizens
    contacts: Contacts
    known: Known
    settled: Settled


def settlement(people: Citizens, contacts: Contacts, seed: int) -> Settlement:
    """What is settled of the contacts until the last month, sent or not."""
    return Settlement(people, contacts, _known(people, contacts, seed), _settled(contacts, seed))


def settled_amount(area: Ints, base: Ints, year: Ints) -> Ints:
    """The municipality's part of a base amount, in øre, as the state's machine reckoned it."""
    percent = np.array([RATES[a.name][0] for a in AREAS])[area]
    cap = np.array([RATES[a.name][1] or UNCAPPED for a in AREAS])[area] * np.where(year >= CAPS_RAISED, RAISED_CAPS, 100)
    return np.asarray(np.minimum((base * percent + 50) // 100, cap))


def _known(people: Citizens, contacts: Contacts, seed: int) -> Known:
    events = contacts.events
    luck = generator_of(seed, Month(FIRST_MONTH), 330).random((3, len(events.who)))
    home, age = people.home_of(events.who, events.ends), people.age_of(events.who, events.ends)
    return Known(
        np.where(luck[0] < WITHOUT_HOME, -1, home),
        np.where(luck[1] < WITHOUT_AGE, -1, age),
        np.where(luck[2] < WITHOUT_DIAGNOSIS, -1, contacts.diagnosis),
    )


def _settled(contacts: Contacts, seed: int) -> Settled:
    """Each contact's row in its month or soon after it; some are reversed later, most of these to be settled anew."""
    luck = generator_of(seed, Month(FIRST_MONTH), 331)
    area, day, count = contacts.events.area, contacts.events.ends, len(contacts.base)
    served = month_of(day)
    first = served + luck.choice(len(SETTLED_AFTER), count, p=SETTLED_AFTER)
    is_reversed = luck.random(count) < REVERSED
    again = first + luck.integers(1, REVERSED_WITHIN + 1, count)
    last = luck.choice(np.flatnonzero((served == REVERSED_LAST) & (first < MONTHS - 1)), REVERSALS, replace=False)
    is_reversed[last], again[last] = True, MONTHS - 1
    place = np.arange(count)
    back = np.flatnonzero(is_reversed)
    anew = back[luck.random(len(back)) < SETTLED_ANEW]
    other = np.round(contacts.base[anew] * luck.uniform(0.7, 1.25, len(anew))).astype(np.int64)
    year = civil(day)[0]
    amount = settled_amount(area, contacts.base, year)
    rows = Settled(
        np.concatenate([place, back, anew]),
        np.concatenate([first, again[back], again[anew]]),
        np.concatenate([contacts.base, -contacts.base[back], other]),
        np.concatenate([amount, -amount[back], settled_amount(area[anew], other, year[anew])]),
    )
    order = np.lexsort((np.arange(len(rows.month)), rows.contact, rows.month))
    return Settled(*(column[order[rows.month[order] < MONTHS]] for column in rows))


def month_of(day: Ints) -> Ints:
    """Months from the first one to those of days."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - (FIRST_MONTH.year - 1970) * 12)


def file_name(start: str, label: str, sent_at: datetime) -> str:
    """As every sender of this domain names his files."""
    return f"{start}_{label}_leveret-{sent_at:%Y%m%d-%H%M}.csv"


def money(ore: int) -> str:
    """An amount in kr. with Danish marks."""
    kroner, rest = divmod(abs(ore), 100)
    return f"{'-' if ore < 0 else ''}{kroner:,}".replace(",", ".") + f",{rest:02d}"


def deliveries(all_: Settlement, seed: int, planting: Planting) -> Iterator[Delivery]:
    """One file a month but for the one that never came; one is sent again with other amounts."""
    columns = _columns(all_)
    starts = np.searchsorted(all_.settled.month, np.arange(MONTHS + 1)).tolist()
    month = Month(FIRST_MONTH)
    for start, end in pairwise(starts):
        here, month = month, month.next
        if here.label == NEVER_SENT:
            continue
        luck = generator_of(seed, here, 332)
        sent_at = datetime(month.first.year, month.first.month, 10, 6, 0, tzinfo=COPENHAGEN)
        name = file_name("kmf_afregning", here.label, sent_at)
        planting.begin(EXTRACT, name)
        rows = [list(row) for row in zip(*(column[start:end] for column in columns), strict=True)]
        planting.numbers.update(columns[1][start:end])
        _note_unknown(all_, slice(start, end), planting)
        planting.among(rows, FAULTS, max(FAULTY_AT_LEAST, round(len(rows) * FAULTY_SHARE)), COLUMNS, luck)
        if here.label == SENT_AGAIN:
            yield Delivery(name, sent_at, _text(_with_old_amounts(rows, _old_amounts(all_, start, end, luck))))
            sent_at = SENT_AGAIN_AT
            name = file_name("kmf_afregning", here.label, sent_at)
            planting.again(name)
        yield Delivery(name, sent_at, _text(rows))


def _note_unknown(all_: Settlement, rows: slice, planting: Planting) -> None:
    """Count what the machine did not know, in rows that are taken all the same."""
    contact = all_.settled.contact[rows]
    is_hospital = np.array([area.is_hospital for area in AREAS])[all_.contacts.events.area[contact]]
    unknown = {
        "without_municipality": all_.known.home[contact] < 0,
        "without_age": all_.known.age[contact] < 0,
        "without_diagnosis": is_hospital & (all_.known.diagnosis[contact] < 0),
    }
    for kind, which in unknown.items():
        planting.note(kind, "taken", int(which.sum()))


def _columns(all_: Settlement) -> list[list[str]]:
    """The text of all good rows, column by column."""
    contact, _, base, amount = all_.settled
    events = all_.contacts.events.only(contact)
    home, age, diagnosis = (column[contact] for column in all_.known)
    is_stay = np.isin(events.area, STATIONARY)
    since = int(events.begins.min())
    # An index of -1 finds the empty text at the end.
    days = [*(danish(date.fromordinal(EPOCH + day)) for day in range(since, END + 1)), ""]
    return [
        [f"S{number:09d}" for number in range(1, len(contact) + 1)],
        _said(all_.people.numbers, events.who),
        _said([*(code for code, _, _ in MUNICIPALITIES), ""], home),
        _said(days, events.ends - since),
        _said([area.name for area in AREAS], events.area),
        _said([*map(str, range(OLDEST_SAID)), ""], age),
        [f"K{number:09d}" for number in (contact + 1).tolist()],
        [money(ore) for ore in base.tolist()],
        [money(ore) for ore in amount.tolist()],
        _said([*DIAGNOSES, ""], diagnosis),
        _said(["PLANLAGT", "AKUT", ""], np.where(is_stay, events.is_acute, -1)),
        _said(days, np.where(is_stay, events.begins - since, -1)),
        _said(days, np.where(is_stay, events.ends - since, -1)),
    ]


def _said(texts: Sequence[str], places: Ints) -> list[str]:
    return [texts[place] for place in places.tolist()]


def _old_amounts(all_: Settlement, start: int, end: int, luck: np.random.Generator) -> dict[str, tuple[str, str]]:
    """What some rows said before they were corrected: key to base and amount."""
    rows = start + np.flatnonzero((luck.random(end - start) < OUTDATED) & (all_.settled.base[start:end] > 0))
    contact = all_.settled.contact[rows]
    base = np.round(all_.settled.base[rows] * luck.uniform(0.8, 1.1, len(rows))).astype(np.int64)
    amount = settled_amount(all_.contacts.events.area[contact], base, civil(all_.contacts.events.ends[contact])[0])
    texts = zip(rows.tolist(), base.tolist(), amount.tolist(), strict=True)
    return {f"S{row + 1:09d}": (money(before), money(part)) for row, before, part in texts}


def _with_old_amounts(rows: Sequence[Sequence[str]], old: dict[str, tuple[str, str]]) -> list[Sequence[str]]:
    return [[*row[:7], *old[row[0]], *row[9:]] if len(row) == len(COLUMNS) and row[0] in old else row for row in rows]


def _text(rows: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """A file as the state's machine writes it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    yield text.getvalue().encode("cp1252")
