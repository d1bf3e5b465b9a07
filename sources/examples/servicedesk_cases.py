"""Invented exports of the case system: every month the cases that changed, in the version that was known then.

Given are the shares the seed states; what is invented is which cases there were. A case that needed more than a call is
invented from its end: first when it was resolved and whether in time, then how many hverdage earlier it was opened, so that
a month's share within the SLA is exact. Nothing of the project's reader is used.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from sources.examples import servicedesk_calls
from sources.examples.delivery import COPENHAGEN, HOUR, Bools, Delivery, Format, Ints, Month, generator_of

DAY = 24 * HOUR
NEVER = np.iinfo(np.int64).max
LEVELS = ("Kritisk", "Høj", "Medium", "Normal", "")
LEVEL_SHARES = (0.02, 0.13, 0.30, 0.54, 0.01)
DAYS = np.array([0, 3, 5, 10, 0])
JUDGED_LEVELS = (1, 2, 3)
PHONE, PORTAL, SYSTEM = range(3)
CHANNELS = ("Telefon", "Selvbetjening", "Overvågning")
SERVICENOW_CHANNELS = ("Phone", "Self-service", "Event")
SERVICENOW_PRIORITIES = ("1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "")
DESKS = ("CIMT Servicedesk", "Klinisk Servicedesk")
# The part of the calls Klinisk answers that becomes a case: most are advice about a clinical system and are not registered.
KLINISK_REGISTERED = 0.2


class Plan(NamedTuple):
    """A month of the CIMT desk: shares by phone, solved in the first call (of those by phone), and resolved within the SLA."""

    phone: float
    first_call: float
    within_sla: float


# Straksafklaring over 80 % since August (L387-389); in April 88 % by phone (L302) and 87 % within the SLA, below 90 % (L427-430).
PLANS = {
    "2014-08": Plan(0.862, 0.812, 0.85),
    "2014-09": Plan(0.868, 0.817, 0.86),
    "2014-10": Plan(0.871, 0.822, 0.85),
    "2014-11": Plan(0.869, 0.826, 0.87),
    "2014-12": Plan(0.874, 0.833, 0.88),
    "2015-01": Plan(0.877, 0.811, 0.84),
    "2015-02": Plan(0.883, 0.838, 0.86),
    "2015-03": Plan(0.876, 0.819, 0.83),
    "2015-04": Plan(0.880, 0.829, 0.87),
    "2015-05": Plan(0.879, 0.831, 0.87),
}
OPENED_LONG_AGO, SOLVED_AT_LAST = (date(2009, 5, 12), date(2011, 3, 8)), date(2014, 11, 18)
MONTHS = tuple(Month(date.fromisoformat(f"{label}-01")) for label in PLANS)
EXPORTED = MONTHS[:-1]
# More cases end than users ask for: what is over was opened by monitoring.
SYSTEM_SURPLUS = 1.12

OWN, DISPLAY, TABLE = "own", "display", "table"
WRITTEN_AS = {"2015-01": DISPLAY, "2015-02": TABLE}
SENT_WITHOUT_RESOLVED = {"2014-11": datetime(2014, 12, 8, 5, 45, tzinfo=COPENHAGEN)}
SENT_AGAIN = {"2014-10": datetime(2014, 11, 11, 8, 0, tzinfo=COPENHAGEN)}
FORMATS = {"2014-09": Format("cp1252"), "2014-12": Format("utf-8-sig"), "2015-03": Format("cp1252", line_end="\r\n")}
OWN_COLUMNS = (
    "Sagsnr.", "Opdateret", "Version", "Servicedesk", "Type", "Kanal", "Kritikalitet", "Oprettet", "Løst", "Lukket", "Genåbnet",
    "Genåbninger", "Viderestillinger", "Straksafklaret", "Pause (sek.)", "Leverandør", "Emne",
)  # fmt: skip
DISPLAY_COLUMNS = (
    "Number", "Updated", "Updates", "Assignment group", "Task type", "Contact type", "Priority", "Opened", "Resolved", "Closed",
    "Reopened", "Reopen count", "Reassignment count", "First contact resolution", "Pause duration", "Vendor", "Made SLA",
)  # fmt: skip
# No column says that the first contact solved the case: it has to be derived.
TABLE_COLUMNS = (
    "number", "sys_updated_on", "sys_mod_count", "assignment_group", "sys_class_name", "contact_type", "priority", "opened_at",
    "resolved_at", "closed_at", "reopened_time", "reopen_count", "reassignment_count", "", "u_paused_seconds", "vendor", "made_sla",
)  # fmt: skip
NUMBER, UPDATED, VERSION, TYPE, OPENED, RESOLVED, CLOSED = 0, 1, 2, 4, 7, 8, 9


class Cases(NamedTuple):
    """Cases by desk; instants are civil seconds since 1970, NEVER for what did not happen."""

    desk: Ints
    number: Ints
    channel: Ints
    level: Ints
    opened: Ints
    first_resolved: Ints
    reopened: Ints
    resolved: Ints
    closed: Ints
    reassigned: Ints
    paused: Ints
    first_call: Ints
    vendor: Ints

    def only(self, chosen: Bools) -> "Cases":
        """The chosen ones."""
        return Cases(*(column[chosen] for column in self))


def deliveries(hverdage: set[date], seed: int, scale: float) -> Iterator[Delivery]:
    """The case system's files, each with what changed since the one before; the last reaches seven days past its month."""
    days = sorted(hverdage)
    cases = _joined([*(_desk_cases(desk, days, seed, scale) for desk in (0, 1)), _from_long_ago()])
    since = 0
    for month in EXPORTED:
        until = _civil(month.next.first + timedelta(days=7))
        sent_at = datetime.combine(month.next.first + timedelta(days=7), datetime.min.time(), COPENHAGEN) + timedelta(hours=6)
        generator = generator_of(seed, month, 60)
        written = WRITTEN_AS.get(month.label, OWN)
        rows = _changed(cases, since, until, written)
        if month.label in SENT_WITHOUT_RESOLVED:
            yield _delivery(month, SENT_WITHOUT_RESOLVED[month.label], OWN, rows[:100], RESOLVED)
        _add_dirt(rows, month, written, generator)
        yield _delivery(month, sent_at, written, rows)
        if month.label in SENT_AGAIN:
            yield _delivery(month, SENT_AGAIN[month.label], written, rows)
        since = until


def _delivery(month: Month, sent_at: datetime, written: str, rows: list[list[str]], without: int | None = None) -> Delivery:
    columns = {OWN: OWN_COLUMNS, DISPLAY: DISPLAY_COLUMNS, TABLE: TABLE_COLUMNS}[written]
    left_out = {i for i, name in enumerate(columns) if not name or i == without}
    mark = ";" if written == OWN else ","
    lines = [mark.join(cell for i, cell in enumerate(row) if i not in left_out or i >= len(columns)) for row in [list(columns), *rows]]
    form = FORMATS.get(month.label, Format())
    stem = {OWN: "sager", DISPLAY: "incident_display", TABLE: "incident"}[written]
    name = f"{stem}_{month.label}_leveret-{sent_at:%Y%m%d-%H%M}.csv"
    return Delivery(name, sent_at, iter([form.text(lines).encode(form.encoding)]))


def _desk_cases(desk: int, days: list[date], seed: int, scale: float) -> Cases:
    """All cases of a desk that were opened in the months of the plan."""
    code = ("CIMT", "KLINISK")[desk]
    inquiries = {}
    for month in MONTHS:
        # May is only begun when the last export is made: it is taken to become a month like April.
        calls = servicedesk_calls.answered(code, month if month.label in servicedesk_calls.CIMT else EXPORTED[-1], scale)
        inquiries[month.label] = max(20, round(calls / PLANS[month.label].phone if desk == 0 else calls * KLINISK_REGISTERED))
    parts, longer = [], []
    for month in MONTHS:
        generator = generator_of(seed, month, 61, desk)
        plan = PLANS[month.label]
        wanted = inquiries[month.label] * (1 - plan.phone * plan.first_call)
        longer.append(_resolved_in(month, days, max(30, round(SYSTEM_SURPLUS * wanted)), plan.within_sla, generator))
    needed = _joined(longer)
    for month in MONTHS:
        generator = generator_of(seed, month, 62, desk)
        here = needed.only((needed.opened >= _civil(month.first)) & (needed.opened < _civil(month.next.first)))
        parts += _with_channels(month, here, inquiries[month.label], days, generator)
    cases = _joined(parts)
    order = np.argsort(cases.opened, kind="stable")
    cases = Cases(*(column[order] for column in cases))
    return cases._replace(desk=np.full(len(order), desk), number=(1 + desk) * 1_000_000 + np.arange(len(order)))


def _from_long_ago() -> Cases:
    """Every case system holds some that were opened years before its first export: one that was solved at last, and one that never was."""
    opened = np.array([_civil(day) + 9 * HOUR for day in OPENED_LONG_AGO])
    resolved = np.array([_civil(SOLVED_AT_LAST) + 14 * HOUR, NEVER])
    never, none = np.full(2, NEVER), np.zeros(2, np.int64)
    closed = np.where(resolved < NEVER, resolved + 7 * DAY + 600, NEVER)
    level = np.array([LEVELS.index("Normal"), LEVELS.index("Medium")])
    return Cases(none, np.arange(2) + 100, none + PORTAL, level, opened, never, never, resolved, closed, none + 1, none, none, none)


def _resolved_in(month: Month, days: list[date], n: int, within_share: float, generator: np.random.Generator) -> Cases:
    """`n` cases resolved in a month that took more than a call, a share of those with a limit exactly within it."""
    first = next(i for i, day in enumerate(days) if day >= MONTHS[0].first)
    open_days = np.array([i for i, day in enumerate(days) if month.first <= day < month.next.first])
    level = generator.choice(len(LEVELS), n, p=LEVEL_SHARES)
    resolved_day = generator.choice(open_days, n)
    limit = DAYS[level]
    never = generator.random(n) < 0.004
    judged = np.isin(level, JUDGED_LEVELS) & ~never
    is_late = np.zeros(n, np.bool_)
    possible = np.flatnonzero(judged & (resolved_day - first > limit + 3))
    late = min(len(possible), round((1 - within_share) * int(judged.sum())))
    is_late[generator.choice(possible, late, replace=False)] = True
    room = resolved_day - first
    back_in_time = (generator.beta(1.1, 1.6, n) * np.where(judged, limit, 8)).astype(np.int64)
    back_late = limit + 2 + generator.geometric(0.25, n)
    back = np.minimum(np.where(is_late, back_late, back_in_time), np.where(is_late, np.maximum(room, limit + 2), room))
    opened = _at(days, resolved_day - back, generator)
    resolved = _at(days, resolved_day, generator)
    # On the day it came a case is resolved a while after it was opened, and before the day is over.
    resolved = np.where(back == 0, opened + generator.integers(1200, 3 * HOUR, n), resolved)
    # At the limit and a second over it both occur.
    edge = np.concatenate([np.flatnonzero(chosen & (room >= limit))[:3] for chosen in (judged & ~is_late, judged & is_late)])
    opened[edge] = _civil_days(days, resolved_day[edge] - limit[edge]) + resolved[edge] % DAY - is_late[edge]
    reopened = (generator.random(n) < 0.02) & (resolved - opened > 2 * DAY)
    first_resolved = np.where(reopened, opened + (resolved - opened) // 3, NEVER)
    reopened_at = np.where(reopened, opened + (resolved - opened) // 2, NEVER)
    resolved = np.where(never, NEVER, resolved)
    closed = np.where(never, NEVER, resolved + 7 * DAY + generator.integers(0, 1800, n))
    paused = np.where(generator.random(n) < 0.03, generator.integers(HOUR, 12 * HOUR, n), 0)
    paused[edge] = 0
    reassigned = 1 + generator.poisson(0.8, n)
    vendor = (generator.random(n) < 0.05).astype(np.int64)
    nothing = np.zeros(n, np.int64)
    return Cases(
        nothing, nothing, nothing, level, opened, first_resolved, reopened_at, resolved, closed, reassigned, paused, nothing, vendor
    )


def _with_channels(month: Month, longer: Cases, inquiries: int, days: list[date], generator: np.random.Generator) -> list[Cases]:
    """The month's cases that needed more than a call, with their channels, and the calls that solved a case at once."""
    plan = PLANS[month.label]
    by_phone = round(inquiries * plan.phone)
    solved = round(by_phone * plan.first_call)
    channel = np.repeat([PORTAL, PHONE], [inquiries - by_phone, by_phone - solved])[: len(longer.opened)]
    channel = generator.permutation(np.concatenate([channel, np.full(len(longer.opened) - len(channel), SYSTEM)]))
    here = np.array([i for i, day in enumerate(days) if month.first <= day < month.next.first])
    opened = _at(days, generator.choice(here, solved), generator)
    resolved = opened + generator.integers(120, 1500, solved)
    closed = resolved + 7 * DAY + generator.integers(0, 1800, solved)
    never, none = np.full(solved, NEVER), np.zeros(solved, np.int64)
    # The criticality is assessed when the first contact fails (L406): half of these have none.
    level = np.where(generator.random(solved) < 0.5, len(LEVELS) - 1, generator.choice([1, 2, 3], solved, p=[0.05, 0.25, 0.7]))
    phone = np.full(solved, PHONE)
    at_once = Cases(none, none, phone, level, opened, never, never, resolved, closed, none, none, none + 1, none)
    return [longer._replace(channel=channel), at_once]


def _changed(cases: Cases, since: int, until: int, written: str) -> list[list[str]]:
    """The cases something happened to since the last export, as known when this one was made."""
    happened = np.stack([cases.opened, cases.first_resolved, cases.reopened, cases.resolved, cases.closed])
    known = happened < until
    updated = np.where(known, happened, -1).max(axis=0)
    now = cases.only(updated >= since)
    at, versions = updated[updated >= since], known.sum(axis=0)[updated >= since]
    is_reopened = now.reopened < until
    resolved = np.where(now.resolved < until, now.resolved, np.where(now.first_resolved < until, now.first_resolved, NEVER))
    form = {OWN: "%d-%m-%Y %H:%M:%S", DISPLAY: "%Y-%m-%d %H:%M:%S", TABLE: "%Y-%m-%d %H:%M:%S"}[written]

    def texts(seconds: Ints) -> list[str]:
        return _texts(seconds, until, form, in_utc=written == TABLE)

    is_own = written == OWN
    levels, channels = (LEVELS, CHANNELS) if is_own else (SERVICENOW_PRIORITIES, SERVICENOW_CHANNELS)
    types = {OWN: ("Hændelse", "Bestilling"), DISPLAY: ("Incident", "Request"), TABLE: ("incident", "sc_request")}[written]
    yes, no = ("ja", "nej") if is_own else ("true", "false")
    # Until a first call has ended nobody knows that it solved the case.
    first_call = [yes if flag else no for flag in ((now.first_call == 1) & (now.resolved < until)).tolist()]
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
        [str(int(flag)) for flag in is_reopened.tolist()],
        [str(n) for n in now.reassigned.tolist()],
        first_call,
        [str(p) if p else "" for p in now.paused.tolist()],
        ["Leverandør A" if flag else "" for flag in now.vendor.tolist()],
        ["" if is_own else "true"] * len(at),
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _add_dirt(rows: list[list[str]], month: Month, written: str, generator: np.random.Generator) -> None:
    """Put records that must be refused between the good ones: of invented cases, and one bad later version of a good case."""
    models = [rows[at] for at in generator.choice(len(rows), min(7, len(rows)), replace=False)]
    long_ago = "01-01-1999 08:00:00" if written == OWN else "1999-01-01 08:00:00"
    later = _texts(
        np.array([_civil(month.next.first + timedelta(days=7)) - 60]), NEVER, "%d-%m-%Y %H:%M:%S" if written == OWN else "%Y-%m-%d %H:%M:%S"
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
    dirty += [_changed_row(model, {UPDATED: later, VERSION: "99", RESOLVED: long_ago}) for model in models[5:6]]
    dirty += [model[:-3] for model in models[6:7]] + [list(model) for model in models[:1]]
    for row in dirty:
        rows.insert(int(generator.integers(len(rows) + 1)), row)


def _changed_row(row: list[str], changes: dict[int, str]) -> list[str]:
    return [changes.get(i, cell) for i, cell in enumerate(row)]


def _texts(seconds: Ints, until: int, form: str, in_utc: bool = False) -> list[str]:
    """Instants as the case system writes them, blank for what has not happened yet."""
    known = seconds < until
    moments = np.where(known, seconds, 0)
    if in_utc:
        days, place = np.unique(moments // DAY, return_inverse=True)
        # The offset at noon holds from three in the morning on; no case system works earlier.
        noons = [datetime(1970, 1, 1, 12, tzinfo=COPENHAGEN) + timedelta(days=int(day)) for day in days]
        moments = moments - np.array([int((noon.utcoffset() or timedelta()).total_seconds()) for noon in noons])[place]
    iso = np.datetime_as_string(moments.astype("datetime64[s]"), unit="s").tolist()
    day_first = form.startswith("%d")
    return [
        (f"{text[8:10]}-{text[5:7]}-{text[:4]} {text[11:]}" if day_first else f"{text[:10]} {text[11:]}") if is_known else ""
        for text, is_known in zip(iso, known.tolist(), strict=True)
    ]


def _at(days: list[date], index: Ints, generator: np.random.Generator) -> Ints:
    """A working time of hverdage given by their place in the list."""
    seconds = (np.clip(generator.normal(11.5, 2.2, len(index)), 6.5, 17) * HOUR).astype(np.int64)
    return np.asarray(_civil_days(days, index) + seconds)


def _civil_days(days: list[date], index: Ints) -> Ints:
    starts = np.array([_civil(day) for day in days], np.int64)
    return np.asarray(starts[index])


def _civil(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def _joined(parts: list[Cases]) -> Cases:
    return Cases(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
