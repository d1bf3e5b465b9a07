"""Invented exports of the case system: every month the cases that changed, in the version that was known then.

Here is how the system writes them, in three forms, and what is wrong between the good records. Nothing of the project's reader
is used.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np

from sources.examples.delivery import COPENHAGEN, HOUR, Delivery, Format, Ints, Month, generator_of
from sources.examples.servicedesk_cases import DAY, EXPORTED, LEVELS, NEVER, UNSAID, Cases, civil, invented

CHANNELS = ("Telefon", "Selvbetjening", "Overvågning")
SERVICENOW_CHANNELS = ("Phone", "Self-service", "Event")
SERVICENOW_PRIORITIES = ("1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "")
DESKS = ("CIMT Servicedesk", "Klinisk Servicedesk")
STATES = ("Åben", "I gang", "Afventer", "Løst", "Lukket", "Annulleret")
SERVICENOW_STATES = ("New", "In Progress", "On Hold", "Resolved", "Closed", "Canceled")
NEW, WORKING, WAITING, RESOLVED_STATE, CLOSED_STATE, CANCELLED_STATE = range(6)
OWN, DISPLAY, TABLE = "own", "display", "table"
WRITTEN_AS = {"2015-01": DISPLAY, "2015-02": TABLE}
SENT_WITHOUT_RESOLVED = {"2014-11": datetime(2014, 12, 8, 5, 45, tzinfo=COPENHAGEN)}
SENT_AGAIN = {"2014-10": datetime(2014, 11, 11, 8, 0, tzinfo=COPENHAGEN)}
FORMATS = {"2014-09": Format("cp1252"), "2014-12": Format("utf-8-sig"), "2015-03": Format("cp1252", line_end="\r\n")}
OWN_COLUMNS = (
    "Sagsnr.", "Opdateret", "Version", "Servicedesk", "Type", "Kanal", "Kritikalitet", "Oprettet", "Løst", "Lukket", "Genåbnet",
    "Genåbninger", "Viderestillinger", "Straksafklaret", "Pause (sek.)", "Pause, hverdage (sek.)", "Status", "Leverandør", "Emne",
)  # fmt: skip
DISPLAY_COLUMNS = (
    "Number", "Updated", "Updates", "Assignment group", "Task type", "Contact type", "Priority", "Opened", "Resolved", "Closed",
    "Reopened", "Reopen count", "Reassignment count", "First contact resolution", "Pause duration", "Business pause duration", "State",
    "Vendor", "Made SLA",
)  # fmt: skip
# From then on the region's own export says besides who handles a case, which system it is about and why it was raised.
ABOUT_SINCE = "2015-03"
ABOUT_COLUMNS = ("Behandlende enhed", "System", "Kategori")
UNITS = (
    ("CIMT Servicedesk", "Applikationer", "Drift", "Medicoteknik", "Netværk og telefoni"),
    ("Klinisk Servicedesk", "Kliniske applikationer", "Applikationer", "Drift", "Netværk og telefoni"),
)
SYSTEMS = ("Mail/Kalender", "EPM3", "GS", "Opus notat", "Orbit", "Labka II", "Kontorpakke", "")
CATEGORIES = ("Svartid og driftsstabilitet", "Adgang", "Fejl", "Vejledning")
# No column says that the first contact solved the case: it has to be derived.
TABLE_COLUMNS = (
    "number", "sys_updated_on", "sys_mod_count", "assignment_group", "sys_class_name", "contact_type", "priority", "opened_at",
    "resolved_at", "closed_at", "reopened_time", "reopen_count", "reassignment_count", "", "u_paused_seconds", "business_pause_duration",
    "state", "vendor", "made_sla",
)  # fmt: skip
NUMBER, UPDATED, VERSION, TYPE, PRIORITY, OPENED, RESOLVED, CLOSED = 0, 1, 2, 4, 6, 7, 8, 9


def deliveries(hverdage: set[date], seed: int, scale: float) -> Iterator[Delivery]:
    """The case system's files, each with what changed since the one before; the last reaches seven days past its month."""
    cases = invented(hverdage, seed, scale)
    since = 0
    for month in EXPORTED:
        until = civil(month.next.first + timedelta(days=7))
        sent_at = datetime.combine(month.next.first + timedelta(days=7), datetime.min.time(), COPENHAGEN) + timedelta(hours=6)
        generator = generator_of(seed, month, 60)
        written = WRITTEN_AS.get(month.label, OWN)
        rows = _changed(cases, since, until, written, _tells_about(month, written))
        if month.label in SENT_WITHOUT_RESOLVED:
            yield _delivery(month, SENT_WITHOUT_RESOLVED[month.label], OWN, rows[:100], RESOLVED)
        _add_dirt(rows, month, written, generator)
        yield _delivery(month, sent_at, written, rows)
        if month.label in SENT_AGAIN:
            yield _delivery(month, SENT_AGAIN[month.label], written, rows)
        since = until


def _tells_about(month: Month, written: str) -> bool:
    return written == OWN and month.label >= ABOUT_SINCE


def _delivery(month: Month, sent_at: datetime, written: str, rows: list[list[str]], without: int | None = None) -> Delivery:
    columns: tuple[str, ...] = {OWN: OWN_COLUMNS, DISPLAY: DISPLAY_COLUMNS, TABLE: TABLE_COLUMNS}[written]
    if _tells_about(month, written):
        columns = (*columns, *ABOUT_COLUMNS)
    left_out = {i for i, name in enumerate(columns) if not name or i == without}
    mark = ";" if written == OWN else ","
    lines = [mark.join(cell for i, cell in enumerate(row) if i not in left_out or i >= len(columns)) for row in [list(columns), *rows]]
    form = FORMATS.get(month.label, Format())
    stem = {OWN: "sager", DISPLAY: "incident_display", TABLE: "incident"}[written]
    name = f"{stem}_{month.label}_leveret-{sent_at:%Y%m%d-%H%M}.csv"
    return Delivery(name, sent_at, iter([form.text(lines).encode(form.encoding)]))


def _changed(cases: Cases, since: int, until: int, written: str, tells_about: bool) -> list[list[str]]:
    """The cases something happened to since the last export, as known when this one was made."""
    happened = np.stack(
        [cases.opened, cases.first_resolved, cases.reopened, cases.resolved, cases.closed, cases.pause_begins, cases.pause_ends]
    )
    known = happened < until
    updated = np.where(known, happened, -1).max(axis=0)
    now = cases.only(updated >= since)
    at, versions = updated[updated >= since], known.sum(axis=0)[updated >= since]
    is_reopened = now.reopened < until
    resolved = np.where(now.resolved < until, now.resolved, np.where(now.first_resolved < until, now.first_resolved, NEVER))
    form = {OWN: "%d-%m-%Y %H:%M:%S", DISPLAY: "%Y-%m-%d %H:%M:%S", TABLE: "%Y-%m-%d %H:%M:%S"}[written]

    def texts(seconds: Ints) -> list[str]:
        return _texts(seconds, until, form, in_utc=written == TABLE)

    is_over, is_solved = now.closed < until, (resolved < NEVER) & ~(is_reopened & (now.resolved >= until))
    is_waiting = (now.pause_begins < until) & (now.pause_ends >= until)
    in_state = [is_over & (now.cancelled == 1), is_over, is_solved, is_waiting, now.opened < until - DAY]
    state = np.select(in_state, [CANCELLED_STATE, CLOSED_STATE, RESOLVED_STATE, WAITING, WORKING], NEW)
    has_paused = now.pause_ends < until
    paused = np.where(has_paused, now.pause_ends - now.pause_begins, UNSAID)
    paused_hverdage = np.where(has_paused, now.paused_hverdage, UNSAID)
    is_own = written == OWN
    states = STATES if is_own else SERVICENOW_STATES
    levels, channels = (LEVELS, CHANNELS) if is_own else (SERVICENOW_PRIORITIES, SERVICENOW_CHANNELS)
    types = {OWN: ("Hændelse", "Bestilling"), DISPLAY: ("Incident", "Request"), TABLE: ("incident", "sc_request")}[written]
    yes, no = ("ja", "nej") if is_own else ("true", "false")
    # Until a first call has ended nobody knows that it solved the case.
    first_call = np.select([now.first_call == UNSAID, (now.first_call == 1) & (resolved < NEVER)], ["", yes], no).tolist()
    is_uncounted = (now.first_call == 1) & (now.reopened < NEVER)
    columns = [
        [f"INC{number:07d}" for number in now.number.tolist()],
        texts(at),
        [str(v) for v in versions.tolist()],
        [DESKS[desk] for desk in now.desk.tolist()],
        [types[int(number % 3 == 0)] for number in now.number.tolist()],
        [channels[channel] for channel in now.channel.tolist()],
        [
            levels[level] or ("P9" if number % 2 and not flag else "")
            for level, number, flag in zip(now.level.tolist(), now.number.tolist(), now.first_call.tolist(), strict=True)
        ],
        texts(now.opened),
        texts(resolved),
        texts(now.closed),
        texts(now.reopened),
        np.select([is_uncounted, is_reopened], ["", "1"], "0").tolist(),
        [str(n) for n in now.reassigned.tolist()],
        first_call,
        [str(p) if p >= 0 else "" for p in paused.tolist()],
        [str(p) if p >= 0 else "" for p in paused_hverdage.tolist()],
        [states[i] for i in state.tolist()],
        ["Leverandør A" if flag else "" for flag in now.vendor.tolist()],
        ["" if is_own else "true"] * len(at),
    ]
    if tells_about:
        columns += [
            [UNITS[desk][unit] for desk, unit in zip(now.desk.tolist(), now.unit.tolist(), strict=True)],
            [SYSTEMS[i] for i in now.system.tolist()],
            [CATEGORIES[i] for i in now.category.tolist()],
        ]
    return [list(row) for row in zip(*columns, strict=True)]


def _add_dirt(rows: list[list[str]], month: Month, written: str, generator: np.random.Generator) -> None:
    """Put records that must be refused between the good ones: of invented cases, and bad later versions of good cases."""
    models = [rows[at] for at in generator.choice(len(rows), 10, replace=False)]
    long_ago = "01-01-1999 08:00:00" if written == OWN else "1999-01-01 08:00:00"
    later = _texts(
        np.array([civil(month.next.first + timedelta(days=7)) - 60]), NEVER, "%d-%m-%Y %H:%M:%S" if written == OWN else "%Y-%m-%d %H:%M:%S"
    )[0]
    spoilt: list[dict[int, str]] = [
        {RESOLVED: long_ago},
        {RESOLVED: "", CLOSED: long_ago},
        {OPENED: later.replace(later[:10], "31-02-2015" if written == OWN else "2015-02-31")},
        {TYPE: "Ønske"},
        {NUMBER: ""},
    ]
    dirty = [
        _changed_row(model, {NUMBER: f"FEJL{i}{month.first:%y%m}"} | change)
        for i, (model, change) in enumerate(zip(models, spoilt, strict=False))
    ]
    dirty += [_changed_row(models[5], {UPDATED: later, VERSION: "99", RESOLVED: long_ago}), models[6][:-3], list(models[0])]
    # A mistyped year would stand for ever.
    a_decade_on = later.replace(f"{month.next.first:%Y}", f"{month.next.first.year + 10}")
    dirty += [_changed_row(models[7], {UPDATED: a_decade_on, VERSION: "98", RESOLVED: "", CLOSED: ""})]
    # Of two that differ nobody knows which came last where one has no number; two that are the same are one.
    number, levels = f"FEJL{len(spoilt)}{month.first:%y%m}", LEVELS if written == OWN else SERVICENOW_PRIORITIES
    versions = ("", "7" if month.first.month % 2 else "")
    pair = zip(versions, (levels[1], levels[3]), strict=True)
    dirty += [_changed_row(models[8], {NUMBER: number, VERSION: version, PRIORITY: level}) for version, level in pair]
    models[9][VERSION] = ""
    dirty += [list(models[9])]
    for row in dirty:
        rows.insert(int(generator.integers(len(rows) + 1)), row)


def _changed_row(row: list[str], changes: dict[int, str]) -> list[str]:
    return [changes.get(i, cell) for i, cell in enumerate(row)]


def _texts(seconds: Ints, until: int, form: str, in_utc: bool = False) -> list[str]:
    """Instants as the case system writes them, blank for what has not happened yet."""
    known = seconds < until
    moments = np.where(known, seconds, 0)
    if in_utc:
        hours, place = np.unique(moments // HOUR, return_inverse=True)
        shown = [datetime(1970, 1, 1, tzinfo=COPENHAGEN) + timedelta(hours=int(hour)) for hour in hours]
        moments = moments - np.array([int((hour.utcoffset() or timedelta()).total_seconds()) for hour in shown])[place]
    iso = np.datetime_as_string(moments.astype("datetime64[s]"), unit="s").tolist()
    day_first = form.startswith("%d")
    return [
        (f"{text[8:10]}-{text[5:7]}-{text[:4]} {text[11:]}" if day_first else f"{text[:10]} {text[11:]}") if is_known else ""
        for text, is_known in zip(iso, known.tolist(), strict=True)
    ]
