"""Files of diagnostic pathways and their pauses: each month's registrations as the region, psychiatry and Bornholm send them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sources.examples import cpr
from sources.examples.delivery import COPENHAGEN, Delivery, Format, Month, generator_of
from sources.examples.patient_files import danish, delimited
from sources.examples.planted import Fault, Planting, Row, cut_short, cut_to, differing, number_faults, ragged, repeated, set_to
from sources.examples.udredning import FIRST_MONTH, LAST_MONTH, PSYCHIATRIC, Pause, State, months

REGION = ("Forløb", "CPR", "Sektor", "Afsnit", "Henvisning modtaget", "Udredning slut", "Slutkode", "Årsag", "Registreret")
LPR2 = ("K_RECNUM", "V_CPR", "C_SPEC", "C_SGH", "C_AFD", "D_HENDTO", "D_UDDTO", "C_SLUT", "C_AARSAG", "D_IMPORTDTO")
LPR3 = (
    "DW_EK_Forloeb",
    "CPRnummer",
    "Hovedspeciale",
    "Kont_ans",
    "Kont_henv_tidspunkt",
    "Afslut_tidspunkt",
    "Afslut_kode",
    "Kont_indb_tidspunkt",
    "Kont_henv_aarsag",
)
PAUSES = ("Pause", "Forløb", "Type", "Fra", "Til", "Registreret")
SECTOR = {"SOM": "Somatik", "PSY": "Psykiatri", "": ""}
KEY, LPR2_KEY, PAUSE_KEY = ("Forløb", "F", 8), ("K_RECNUM", "F", 8), ("Pause", "P", 8)
SENDS_LPR2 = "PSY"
# Bornholm tried the extract of 2019 out and kept its codes: none of them was in force, so its April has no valid end.
TRIAL_HOSPITAL, TRIAL_MONTH = "BOH", "2015-04"
TRIAL_SENT = datetime(2015, 5, 12, 9, 30, tzinfo=COPENHAGEN)
CODE_OF_2019 = {"UDR-SLUT": "AFV01C", "UDR-AFKRÆFTET": "AFV01C1", "UDR-OPHØRT": "AFV01X9"}
# Why the patient was referred stands in that register's reason, not why it took so long.
REFERRED_FOR = ("DZ016", "DZ031", "DM545", "DR104")
WITHOUT_REASONS = {"2014-10": datetime(2014, 11, 2, 4, 10, tzinfo=COPENHAGEN)}
REASONS_FORGOTTEN = {"2015-02": datetime(2015, 3, 18, 12, 0, tzinfo=COPENHAGEN)}
PAUSES_SENT_AGAIN = {"2014-07": datetime(2014, 8, 19, 7, 45, tzinfo=COPENHAGEN)}
# A month that was forgotten: what it would have told of, and the month before it, can never be final.
PAUSES_NEVER_SENT = "2014-02"
FAULTY_SHARE = 0.006

FAULTS: tuple[Fault, ...] = (
    *number_faults("CPR", KEY),
    Fault("missing_cpr", "person_id:missing_required", set_to({"CPR": ""}, KEY)),
    Fault("unknown_sector", "sector:unknown_code", set_to({"Sektor": "Geriatri"}, KEY)),
    Fault("unknown_reason", "reason_code:unknown_code", set_to({"Årsag": "ANDET"}, KEY)),
    Fault("no_such_day", "stop_date:not_a_date", set_to({"Udredning slut": "31-11-2014"}, KEY)),
    Fault("stop_code_of_no_kind", "stop_code:bad_pattern", set_to({"Slutkode": "ZZ"}, KEY)),
    Fault("registered_in_ten_years", "registered_at:after_delivery", set_to({"Registreret": "20-05-2025 10:00"}, KEY)),
    Fault("never_registered", "registered_at:missing_required", set_to({"Registreret": ""}, KEY)),
    Fault("repeated_record", "rule:duplicate_row", repeated),
    Fault("differing_records", "rule:duplicate_key", differing("Årsag", ("FAGLIG", "PATIENT"), KEY), records=2),
    Fault("number_as_key", "pathway_id:bad_pattern", set_to({"Forløb": "{number}"}, KEY)),
    Fault("number_as_sector", "sector:unknown_code", set_to({"Sektor": "{number}"}, KEY)),
    Fault("number_as_unit", "unit_code:bad_pattern", set_to({"Afsnit": "{number}"}, KEY)),
    Fault("number_as_stop_code", "stop_code:bad_pattern", set_to({"Slutkode": "{number}"}, KEY)),
    Fault("number_as_reason", "reason_code:unknown_code", set_to({"Årsag": f"{cpr.NAME}" + " {number}"}, KEY)),
    Fault("number_as_date", "stop_date:not_a_date", set_to({"Udredning slut": "{number}"}, KEY)),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged),
    Fault("number_in_a_broken_record", "rule:malformed_record", cut_short),
)
LPR2_FAULTS: tuple[Fault, ...] = (
    *number_faults("V_CPR", LPR2_KEY),
    Fault("missing_cpr", "person_id:missing_required", set_to({"V_CPR": ""}, LPR2_KEY)),
    Fault("number_as_key", "pathway_id:bad_pattern", set_to({"K_RECNUM": "{number}"}, LPR2_KEY)),
    Fault("number_as_department", "unit_code:bad_pattern", set_to({"C_AFD": "{number}"}, LPR2_KEY)),
    Fault("number_as_speciality", "taken", set_to({"C_SPEC": "{number}"}, LPR2_KEY)),
    Fault("number_as_reason", "reason_code:unknown_code", set_to({"C_AARSAG": "{number}"}, LPR2_KEY)),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged),
)
PAUSE_FAULTS: tuple[Fault, ...] = (
    Fault("ends_before_it_begins", "rule:ends_after_it_begins", lambda planting, row: [_turned(planting, row)]),
    Fault("unknown_type", "pause_type:unknown_code", set_to({"Type": "Ferie"}, PAUSE_KEY)),
    Fault("never_ended", "to_date:missing_required", set_to({"Til": ""}, PAUSE_KEY)),
    Fault("repeated_record", "rule:duplicate_row", repeated),
    Fault("pause_of_an_unknown_pathway", "taken", set_to({"Forløb": "F99000000"}, PAUSE_KEY)),
    Fault("number_as_pathway", "pathway_id:bad_pattern", set_to({"Forløb": "{number}"}, PAUSE_KEY)),
    Fault("number_as_key", "pause_id:bad_pattern", set_to({"Pause": "{number}"}, PAUSE_KEY)),
    Fault("number_as_type", "pause_type:unknown_code", set_to({"Type": "Ferie, se {number}"}, PAUSE_KEY)),
    Fault("number_as_date", "from_date:not_a_date", set_to({"Fra": "{number}"}, PAUSE_KEY)),
    Fault("number_in_a_field_too_many", "rule:malformed_record", ragged),
    Fault("number_in_a_broken_record", "rule:malformed_record", cut_short),
)
UNIT_CUT = cut_to(7, "Afsnit")


def deliveries(states: Sequence[State], seed: int, planting: Planting) -> Iterator[Delivery]:
    """The files of pathways in the order of their months: the region's, psychiatry's, and one trial extract."""
    by_month = _by_month(states)
    for month in months():
        drawn_at = drawn(month, 10)
        mine = by_month[month]
        ours = [state for state in mine if state.hospital != SENDS_LPR2]
        if month.label in WITHOUT_REASONS:
            yield _without_reasons(month, WITHOUT_REASONS[month.label], ours, planting)
        if month.label in REASONS_FORGOTTEN:
            yield _region(month, drawn_at, [state._replace(reason="") for state in ours], seed, planting)
            drawn_at = REASONS_FORGOTTEN[month.label]
        yield _region(month, drawn_at, ours, seed, planting)
        yield _lpr2(month, drawn(month, 40), [state for state in mine if state.hospital == SENDS_LPR2], seed, planting)
        if month.label == TRIAL_MONTH:
            yield _trial(month, [s for s in mine if s.hospital == TRIAL_HOSPITAL and s.stopped and not s.fault], planting)


def pause_deliveries(pauses: Sequence[Pause], seed: int, planting: Planting) -> Iterator[Delivery]:
    """The files of pauses in the order of their months."""
    by_month = _by_month(pauses)
    for month in months():
        if month.label == PAUSES_NEVER_SENT:
            continue
        delivery = _pauses(month, drawn(month, 20), by_month[month], seed, planting)
        parts = list(delivery.parts)
        yield delivery._replace(parts=iter(parts))
        if again := PAUSES_SENT_AGAIN.get(month.label):
            name = _file_name("pauser", month, again)
            planting.again(name)
            yield Delivery(name, again, iter(parts))


def drawn(month: Month, minute: int) -> datetime:
    """When a month is drawn: early in the next; the last one as it ends, at the moment the example region lives in."""
    if month.first == LAST_MONTH:
        return datetime(month.next.first.year, month.next.first.month, 1, 0, 0, tzinfo=COPENHAGEN)
    return datetime(month.next.first.year, month.next.first.month, 2 + month.first.month % 3, 4, minute, tzinfo=COPENHAGEN)


Registered = TypeVar("Registered", State, Pause)


def _by_month(registered: Sequence[Registered]) -> dict[Month, list[Registered]]:
    """What was registered in each delivered month; the first delivery holds what was there already."""
    found: dict[Month, list[Registered]] = {month: [] for month in months()}
    for one in registered:
        day = max(one.registered_at.date(), FIRST_MONTH)
        if (month := Month(day.replace(day=1))) in found:
            found[month].append(one)
    return found


def _region(month: Month, drawn_at: datetime, states: Sequence[State], seed: int, planting: Planting) -> Delivery:
    """The region's file of a month with its faults."""
    name = _file_name("udredning", month, drawn_at)
    form = _form(month)
    luck = generator_of(seed, month, 210)
    rows = [
        [
            state.pathway,
            cpr.typed(state.person, luck.random()),
            SECTOR[state.sector],
            state.unit,
            danish(state.received) if state.received else "",
            danish(state.stopped) if state.stopped else "",
            state.stop_code,
            state.reason,
            f"{state.registered_at:%d-%m-%Y %H:%M}",
        ]
        for state in states
    ]
    _begin(planting, "pathways", name, states)
    count = max(3, round(len(rows) * FAULTY_SHARE))
    for at in luck.choice(len(rows), min(len(rows), max(1, count // 8)), replace=False).tolist():
        rows[at] = [*UNIT_CUT(planting, dict(zip(REGION, rows[at], strict=True))).values()]
        planting.note("number_cut_to_a_unit", "taken")
    planting.among(rows, _possible(FAULTS, form), count, REGION, luck)
    return Delivery(name, drawn_at, delimited(REGION, rows, form))


def _lpr2(month: Month, drawn_at: datetime, states: Sequence[State], seed: int, planting: Planting) -> Delivery:
    """Psychiatry's file in the manner of the second patient register, which knows days and no times."""
    name = _file_name("lpr2_udredning", month, drawn_at)
    luck = generator_of(seed, month, 211)
    rows = [
        [
            state.pathway,
            state.person,
            ("50", "52")[int(state.pathway[-1]) % 2] if state.sector else "",
            state.unit[:4],
            state.unit[4:],
            f"{state.received:%Y%m%d}" if state.received else "",
            f"{state.stopped:%Y%m%d}" if state.stopped else "",
            state.stop_code,
            state.reason,
            f"{state.registered_at:%Y%m%d}",
        ]
        for state in states
    ]
    _begin(planting, "pathways", name, states)
    planting.among(rows, _possible(LPR2_FAULTS, Format("cp1252")), max(2, round(len(rows) * FAULTY_SHARE)), LPR2, luck)
    return Delivery(name, drawn_at, delimited(LPR2, rows, Format("cp1252", line_end="\r\n")))


def _trial(month: Month, states: Sequence[State], planting: Planting) -> Delivery:
    """One hospital's pathways again, in the manner and with the codes of the third patient register."""
    name = _file_name("lpr3_udredning", month, TRIAL_SENT)
    planting.begin("pathways", name)
    planting.numbers.update(state.person for state in states)
    rows = []
    for at, state in enumerate(states):
        assert state.received and state.stopped
        planting.note("stop_code_of_another_era", "taken")
        registered = TRIAL_SENT.replace(tzinfo=None) - timedelta(minutes=len(states) - at)
        times = [f"{day:%Y-%m-%d} {registered:%H:%M:%S}" for day in (state.received, state.stopped)]
        special = "psykiatri" if state.sector == PSYCHIATRIC else "intern medicin"
        rows.append(
            [state.pathway, state.person, special, state.unit, *times, CODE_OF_2019[state.stop_code], f"{registered}", REFERRED_FOR[at % 4]]
        )
    return Delivery(name, TRIAL_SENT, delimited(LPR3, rows, Format()))


def _without_reasons(month: Month, sent_at: datetime, states: Sequence[State], planting: Planting) -> Delivery:
    """An export that had lost a column: refused whole."""
    name = _file_name("udredning", month, sent_at)
    planting.begin("pathways", name)
    planting.note("lost_column", "no_layout")
    columns = [column for column in REGION if column != "Årsag"]
    rows = [[s.pathway, s.person, SECTOR[s.sector], s.unit, "", "", "", f"{s.registered_at:%d-%m-%Y %H:%M}"] for s in states[:100]]
    return Delivery(name, sent_at, delimited(columns, rows, _form(month)))


def _pauses(month: Month, drawn_at: datetime, pauses: Sequence[Pause], seed: int, planting: Planting) -> Delivery:
    """A month's file of pauses with its faults. No person belongs in it, which does not keep numbers out."""
    name = _file_name("pauser", month, drawn_at)
    luck = generator_of(seed, month, 212)
    rows = [
        [
            pause.pause,
            pause.pathway,
            "Patientens ønske" if pause.is_patient else "Klinisk",
            danish(pause.begins),
            danish(pause.ends),
            f"{pause.registered_at:%d-%m-%Y %H:%M}",
        ]
        for pause in pauses
    ]
    planting.begin("pathway_pauses", name)
    for pause in pauses:
        if pause.fault:
            planting.note(pause.fault, "taken")
    planting.among(rows, PAUSE_FAULTS, max(3, round(len(rows) * FAULTY_SHARE)), PAUSES, luck)
    return Delivery(name, drawn_at, delimited(PAUSES, rows, _form(month)))


def _begin(planting: Planting, extract: str, name: str, states: Sequence[State]) -> None:
    planting.begin(extract, name)
    planting.numbers.update(state.person for state in states)
    for state in states:
        if state.fault:
            planting.note(state.fault, "taken")


def _possible(faults: Sequence[Fault], form: Format) -> list[Fault]:
    return [fault for fault in faults if form.encoding != "cp1252" or not fault.needs_unicode]


def _form(month: Month) -> Format:
    return Format("utf-8" if month.first.month % 2 == 0 else "cp1252")


def _file_name(start: str, month: Month, drawn_at: datetime) -> str:
    return f"{start}_{month.label}_udtrukket-{drawn_at:%Y%m%d-%H%M}.csv"


def _turned(planting: Planting, row: Row) -> list[str]:
    """A pause that ends on the day it begins."""
    return [*(row | {PAUSE_KEY[0]: planting.id(PAUSE_KEY[1], PAUSE_KEY[2]), "Til": row["Fra"]}).values()]
