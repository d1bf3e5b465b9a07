"""Files of closed referrals: what the completeness of the pathways is measured on."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sources.examples import cpr
from sources.examples.delivery import LIVES_AT, Delivery, Format, Month, generator_of
from sources.examples.pathways import SECTOR, drawn
from sources.examples.patient_files import danish, delimited
from sources.examples.planted import Fault, Planting, cut_short, differing, number_faults, ragged, repeated, set_to
from sources.examples.udredning import LAST_MONTH, Closing, months

EXTRACT, KEY = "referrals", ("Henvisning", "H", 8)
COLUMNS = ("Henvisning", "CPR", "Sektor", "Afsnit", "Lukket")
FAULTY_SHARE = 0.004
# What is not yet registered when a month is first drawn; a month later it is drawn again, whole.
REGISTERED_LATE = 0.04
FAULTS: tuple[Fault, ...] = (
    *number_faults("CPR", KEY),
    Fault("missing_cpr", "person_id:missing_required", set_to({"CPR": ""}, KEY)),
    Fault("missing_unit", "unit_code:missing_required", set_to({"Afsnit": ""}, KEY)),
    Fault("another_month", "rule:outside_period", set_to({"Lukket": "15-06-2013"}, KEY)),
    Fault("repeated_record", "rule:duplicate_row", repeated),
    Fault("differing_records", "rule:duplicate_key", differing("Sektor", ("Somatik", "Psykiatri"), KEY), records=2),
    Fault("number_as_unit", "unit_code:bad_pattern", set_to({"Afsnit": "{number}"}, KEY)),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged),
    Fault("number_in_a_broken_record", "rule:malformed_record", cut_short),
)
# The name of somebody to ask stands below the records.
FOOTNOTED = "2014-06"


def deliveries(closings: Sequence[Closing], seed: int, planting: Planting) -> Iterator[Delivery]:
    """Two files a month: soon after its end, and whole a month later."""
    by_month: dict[Month, list[Closing]] = {month: [] for month in months()}
    for closing in closings:
        if (month := Month(closing.closed.replace(day=1))) in by_month:
            by_month[month].append(closing)
    for place, (month, closed) in enumerate(by_month.items()):
        late = generator_of(seed, month, 221)
        numbered = list(enumerate(closed, start=place * 100_000 + 1))
        early = [one for one in numbered if late.random() >= REGISTERED_LATE]
        yield _delivery(month, drawn(month, 30), early, seed, planting)
        whole_at = drawn(month.next, 35)
        if f"{whole_at:%Y-%m-%d}" <= LIVES_AT and month.first != LAST_MONTH:
            yield _delivery(month, whole_at, numbered, seed, planting)


def _delivery(month: Month, drawn_at: datetime, closed: Sequence[tuple[int, Closing]], seed: int, planting: Planting) -> Delivery:
    """A month's file with its faults, of closings with their numbers."""
    name = f"henvisninger_{month.label}_udtrukket-{drawn_at:%Y%m%d-%H%M}.csv"
    form = Format("utf-8" if month.first.month % 2 == 0 else "cp1252")
    luck = generator_of(seed, month, 220)
    planting.begin(EXTRACT, name)
    planting.numbers.update(closing.person for _, closing in closed)
    rows = [[f"H{number:08d}", cpr.typed(c.person, luck.random()), SECTOR[c.sector], c.unit, danish(c.closed)] for number, c in closed]
    faults = [fault for fault in FAULTS if form.encoding != "cp1252" or not fault.needs_unicode]
    planting.among(rows, faults, max(3, round(len(rows) * FAULTY_SHARE)), COLUMNS, luck)
    footer = []
    if month.label == FOOTNOTED:
        footer.append(f"Spørgsmål om {cpr.NAME}, {planting.hyphened()}")
        planting.note("number_in_footnote", "rule:malformed_record")
    return Delivery(name, drawn_at, delimited(COLUMNS, rows, form, footer))
