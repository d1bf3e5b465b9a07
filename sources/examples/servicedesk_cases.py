"""Invented cases of the service desks.

Given are the shares the seed states; what is invented is which cases there were. Most that needed more than a call are
invented from their end: first when they were resolved and whether in time, then how many hverdage earlier they were opened.
The others are drawn with no regard to a limit, or put where weekends and pauses matter, and judged then: so many of the first
are late that a month's share within the SLA is exact. Nothing of the project's reader is used.
"""

from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from sources.examples import servicedesk_calls
from sources.examples.delivery import HOUR, Bools, Ints, Month, generator_of

DAY = 24 * HOUR
NEVER, UNSAID = np.iinfo(np.int64).max, -1
LEVELS = ("Kritisk", "Høj", "Medium", "Normal", "")
LEVEL_SHARES = (0.02, 0.13, 0.30, 0.54, 0.01)
DAYS = np.array([0, 3, 5, 10, 0])
JUDGED_LEVELS = (1, 2, 3)
PHONE, PORTAL, SYSTEM = range(3)
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
# How a case that needed more than a call ends, and how it is invented.
SOLVED, LEFT_OPEN, CANCELLED, CLOSED_UNSOLVED = range(4)
END_SHARES = (0.004, 0.012, 0.003)
FROM_ITS_END, DRAWN, PAUSED, ON_A_DAY_OFF = range(4)
WAY_SHARES = (0.15, 0.03)
DAY_OFF_SHARE = 0.04
# Of twenty cases how many are about the systems up to each; of a hundred about mail and calendar how many are raised because it answers
# slowly or not at all (L1081-1089).
SYSTEM_ENDS = np.array([5, 7, 9, 11, 12, 13, 19])
MAIL_SLOW = 35
OTHER_CAUSES = np.array([2, 1, 3, 2, 1])
# Opened and resolved by telephone: 50 minutes on the clock in autumn were 110, 110 and 135 in spring were 50 and 75.
NIGHT_CALLS = (
    (datetime(2014, 10, 26, 1, 50), datetime(2014, 10, 26, 2, 40)),
    (datetime(2015, 3, 29, 1, 30), datetime(2015, 3, 29, 3, 20)),
    (datetime(2015, 3, 29, 1, 30), datetime(2015, 3, 29, 3, 45)),
)


class Cases(NamedTuple):
    """Cases by desk; instants are civil seconds since 1970, NEVER for what did not happen, UNSAID for what nobody noted."""

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
    pause_begins: Ints
    pause_ends: Ints
    paused_hverdage: Ints
    first_call: Ints
    vendor: Ints
    cancelled: Ints
    unit: Ints
    system: Ints
    category: Ints

    def only(self, chosen: Bools) -> "Cases":
        """The chosen ones."""
        return Cases(*(column[chosen] for column in self))


def invented(hverdage: set[date], seed: int, scale: float) -> Cases:
    """All cases of both desks that the region's exports tell of."""
    days = sorted(hverdage)
    return _joined([*(_about(_desk_cases(desk, days, seed, scale)) for desk in (0, 1)), _from_long_ago(), _in_nights_of_change()])


def _about(cases: Cases) -> Cases:
    """Who handles cases, which system they are about and why they were raised; of those about mail a given share for one cause."""
    of_desk, mixed = cases.first_call == 1, cases.number * 7919 % 20
    system = np.searchsorted(SYSTEM_ENDS, mixed, "right")
    is_mail = system == 0
    # Evenly along the cases, so that any month has the share but for one case.
    is_slow = np.cumsum(is_mail) * MAIL_SLOW % 100 < MAIL_SLOW
    category = np.where(is_mail & is_slow, 0, OTHER_CAUSES[cases.number // 20 % len(OTHER_CAUSES)])
    return cases._replace(unit=np.where(of_desk, 0, 1 + cases.number % 4), system=system, category=category)


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
        here = needed.only((needed.opened >= civil(month.first)) & (needed.opened < civil(month.next.first)))
        parts += _with_channels(month, here, inquiries[month.label], days, generator)
    cases = _joined(parts)
    order = np.argsort(cases.opened, kind="stable")
    cases = Cases(*(column[order] for column in cases))
    return cases._replace(desk=np.full(len(order), desk), number=(1 + desk) * 1_000_000 + np.arange(len(order)))


def _from_long_ago() -> Cases:
    """Every case system holds some that were opened years before its first export: one that was solved at last, and one that never was."""
    opened = np.array([civil(day) + 9 * HOUR for day in OPENED_LONG_AGO])
    resolved = np.array([civil(SOLVED_AT_LAST) + 14 * HOUR, NEVER])
    closed = np.where(resolved < NEVER, resolved + 7 * DAY + 600, NEVER)
    level = np.array([LEVELS.index("Normal"), LEVELS.index("Medium")])
    one = np.ones(2, np.int64)
    return _cases(opened, number=np.arange(2) + 100, channel=PORTAL * one, level=level, resolved=resolved, closed=closed, reassigned=one)


def _in_nights_of_change() -> Cases:
    """Calls about cases that were solved while the clocks changed; nobody noted whether at once."""
    opened, resolved = (np.array(at, "datetime64[s]").astype(np.int64) for at in zip(*NIGHT_CALLS, strict=True))
    n = len(opened)
    level, unsaid = np.full(n, LEVELS.index("Medium")), np.full(n, UNSAID)
    return _cases(opened, number=np.arange(n) + 200, level=level, resolved=resolved, closed=resolved + 7 * DAY + 600, first_call=unsaid)


def _resolved_in(month: Month, days: list[date], n: int, within_share: float, generator: np.random.Generator) -> Cases:
    """`n` cases that ended in a month and took more than a call, a share of those resolved with a limit exactly within it."""
    starts = np.array([civil(day) for day in days])
    first = np.searchsorted(starts, civil(MONTHS[0].first))
    open_days = np.arange(*np.searchsorted(starts, [civil(month.first), civil(month.next.first)]))
    level = generator.choice(len(LEVELS), n, p=LEVEL_SHARES)
    limit = DAYS[level]
    end, way = _one_of(n, END_SHARES, generator), _one_of(n, WAY_SHARES, generator)
    judged = np.isin(level, JUDGED_LEVELS) & np.isin(end, (SOLVED, CLOSED_UNSOLVED))
    ended_day = generator.choice(open_days, n)
    room = ended_day - first
    back = np.minimum((generator.beta(1.1, 1.6, n) * np.where(judged, limit, 8)).astype(np.int64), room)
    opened, ended = _at(starts, ended_day - back, generator), _at(starts, ended_day, generator)
    # On the day it came a case is resolved a while after it was opened, and before the day is over.
    ended = np.where(back == 0, opened + generator.integers(1200, 3 * HOUR, n), ended)

    drawn = np.flatnonzero(way == DRAWN)
    opened[drawn], ended[drawn] = _drawn(month, len(drawn), generator)
    pause_begins, pause_ends = np.full(n, NEVER), np.full(n, NEVER)
    some = drawn[generator.random(len(drawn)) < 0.1]
    pause_begins[some], pause_ends[some] = (opened[some] + (ended[some] - opened[some]) // part for part in (4, 2))

    # A pause of two days makes up for a day over the limit; one of a night or a weekend does not make up for two.
    too_long = generator.random(n) < 0.35
    back = np.maximum(limit, 3) + 1 + too_long
    some = np.flatnonzero((way == PAUSED) & (back <= room))
    opened[some] = _at(starts, ended_day[some] - back[some], generator)
    pause_begins[some], pause_ends[some] = _pauses(starts, ended_day[some], back[some], np.where(too_long[some], 1, 2), generator)

    # Opened on a day off: day zero begins at the next midnight, so what ends on the last day of the limit is late by some hours.
    days_off = np.diff(starts, prepend=starts[0] - DAY) // DAY - 1
    back = np.maximum(limit, 3) - (generator.random(n) < 0.7)
    day_zero = np.maximum(ended_day - back, first)
    some = np.flatnonzero((way == FROM_ITS_END) & (days_off[day_zero] > 0) & (day_zero > first))
    some = generator.permutation(some)[: max(1, round(DAY_OFF_SHARE * n))]
    way[some] = ON_A_DAY_OFF
    opened[some] = starts[day_zero[some]] - DAY * generator.integers(1, days_off[day_zero[some]] + 1) + _any_time(len(some), generator)
    ended[some] = _at(starts, ended_day[some], generator)

    paused = np.where(pause_ends < NEVER, pause_ends - pause_begins, 0)
    paused_hverdage = _position(starts, np.minimum(pause_ends, ended)) - _position(starts, np.minimum(pause_begins, ended))
    paused_hverdage = np.where(generator.random(n) < 0.25, UNSAID, paused_hverdage)
    pause = np.where(paused_hverdage == UNSAID, paused, paused_hverdage)
    is_late = judged & (way != FROM_ITS_END) & (ended > _due(starts, opened, limit, pause))
    possible = np.flatnonzero(judged & (way == FROM_ITS_END) & (room > limit + 3))
    late = min(len(possible), max(0, round((1 - within_share) * int(judged.sum())) - int(is_late.sum())))
    chosen = generator.choice(possible, late, replace=False)
    is_late[chosen] = True
    back = np.minimum(limit + 2 + generator.geometric(0.25, n), room)
    opened[chosen] = _at(starts, ended_day[chosen] - back[chosen], generator)
    ended[chosen] = _at(starts, ended_day[chosen], generator)
    # At the limit and a second over it both occur.
    exact = judged & (way == FROM_ITS_END) & (room >= limit)
    edge = np.concatenate([np.flatnonzero(exact & (is_late == over))[:3] for over in (False, True)])
    opened[edge] = starts[ended_day[edge] - limit[edge]] + ended[edge] % DAY - is_late[edge]

    reopened = (generator.random(n) < 0.02) & (ended - opened > 2 * DAY) & (end == SOLVED)
    # Half of what was cancelled was noted as resolved too.
    typed = (end == CANCELLED) & (generator.random(n) < 0.5)
    over = np.isin(end, (CANCELLED, CLOSED_UNSOLVED))
    return _cases(
        opened,
        level=level,
        first_resolved=np.where(reopened, opened + (ended - opened) // 3, NEVER),
        reopened=np.where(reopened, opened + (ended - opened) // 2, NEVER),
        resolved=np.select([end == SOLVED, typed], [ended, np.minimum(opened + 600, ended)], NEVER),
        closed=np.select([end == SOLVED, over], [ended + 7 * DAY + generator.integers(0, 1800, n), ended], NEVER),
        reassigned=1 + generator.poisson(0.8, n),
        pause_begins=pause_begins,
        pause_ends=pause_ends,
        paused_hverdage=paused_hverdage,
        vendor=(generator.random(n) < 0.05).astype(np.int64),
        cancelled=(end == CANCELLED).astype(np.int64),
    )


def _one_of(n: int, shares: tuple[float, ...], generator: np.random.Generator) -> Ints:
    """0 for most of `n`, 1 for a share of them, 2 for the next; one of each at least."""
    counts = [max(1, round(share * n)) for share in shares]
    return np.asarray(generator.permutation(np.repeat(np.arange(len(counts) + 1), [n - sum(counts), *counts])))


def _drawn(month: Month, n: int, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """When cases were opened and ended that end in a month: on any day, at nearly any time, days or hours later."""
    ended = civil(month.first) + DAY * generator.integers(0, (month.next.first - month.first).days, n) + _any_time(n, generator)
    opened = ended - HOUR - generator.exponential(4 * DAY, n).astype(np.int64)
    begins = civil(MONTHS[0].first) + 3 * HOUR
    opened = np.where(opened < begins, begins + (generator.random(n) * (ended - HOUR - begins)).astype(np.int64), opened)
    # Between midnight and three clocks change.
    return opened - np.where(opened % DAY < 3 * HOUR, 3 * HOUR, 0), ended


def _pauses(starts: Ints, ended_day: Ints, back: Ints, hverdage: Ints, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Pauses from an afternoon to a morning so many hverdage on, over days off where there are some between opening and end."""
    last = ended_day - 1
    for earlier in (1, 2):
        day = ended_day - 1 - earlier
        is_long = starts[day] - starts[day - hverdage] > hverdage * DAY
        last = np.where(is_long & (earlier <= back - hverdage - 2), day, last)
    begins = starts[last - hverdage] + 14 * HOUR + generator.integers(0, 2 * HOUR, len(last))
    return begins, starts[last] + 8 * HOUR + generator.integers(0, 2 * HOUR, len(last))


def _position(starts: Ints, at: Ints) -> Ints:
    """Seconds on a clock that runs on hverdage alone."""
    place = np.searchsorted(starts, at, "right") - 1
    return np.asarray(DAY * place + np.minimum(at - starts[place], DAY))


def _due(starts: Ints, opened: Ints, limit: Ints, pause: Ints) -> Ints:
    on = _position(starts, opened) + DAY * limit + pause
    return np.asarray(starts[on // DAY] + on % DAY)


def _with_channels(month: Month, longer: Cases, inquiries: int, days: list[date], generator: np.random.Generator) -> list[Cases]:
    """The month's cases that needed more than a call, with their channels, and the calls that solved a case at once."""
    plan = PLANS[month.label]
    by_phone = round(inquiries * plan.phone)
    solved = round(by_phone * plan.first_call)
    channel = np.repeat([PORTAL, PHONE], [inquiries - by_phone, by_phone - solved])[: len(longer.opened)]
    channel = np.concatenate([channel, np.full(len(longer.opened) - len(channel), SYSTEM)])
    others_first = np.concatenate([generator.permutation(channel[channel != PHONE]), channel[channel == PHONE]])
    # On days off nobody calls: those are of the portal or of monitoring.
    starts = np.array([civil(day) for day in days])
    is_off = ~np.isin(longer.opened // DAY, starts // DAY)
    order = np.lexsort((generator.random(len(channel)), ~is_off))
    channel[order] = others_first
    # Some are said to have been solved at once that were cancelled, or opened again without anybody counting that.
    is_phone, was_reopened = channel == PHONE, longer.reopened < NEVER
    at_once = is_phone & ((longer.cancelled == 1) & (longer.resolved < NEVER) | was_reopened & (generator.random(len(channel)) < 0.5))
    first_resolved = np.where(at_once & was_reopened, longer.opened + 900, longer.first_resolved)
    longer = longer._replace(channel=channel, first_call=at_once.astype(np.int64), first_resolved=first_resolved)
    here = np.flatnonzero((starts >= civil(month.first)) & (starts < civil(month.next.first)))
    opened = _at(starts, generator.choice(here, solved), generator)
    resolved = opened + generator.integers(120, 1500, solved)
    closed = resolved + 7 * DAY + generator.integers(0, 1800, solved)
    # The criticality is assessed when the first contact fails (L406): half of these have none.
    level = np.where(generator.random(solved) < 0.5, len(LEVELS) - 1, generator.choice([1, 2, 3], solved, p=[0.05, 0.25, 0.7]))
    return [longer, _cases(opened, level=level, resolved=resolved, closed=closed, first_call=np.ones(solved, np.int64))]


def _at(starts: Ints, index: Ints, generator: np.random.Generator) -> Ints:
    """A working time of hverdage given by their place in the list."""
    seconds = (np.clip(generator.normal(11.5, 2.2, len(index)), 6.5, 17) * HOUR).astype(np.int64)
    return np.asarray(starts[index] + seconds)


def _any_time(n: int, generator: np.random.Generator) -> Ints:
    """A time of any day, when clocks do not change."""
    return generator.integers(4 * HOUR, DAY, n)


def civil(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def _cases(opened: Ints, **known: Ints) -> Cases:
    """Cases that were opened then, of which nothing is so but what is said."""
    instants = ("first_resolved", "reopened", "resolved", "closed", "pause_begins", "pause_ends")
    nothing = {name: np.full(len(opened), NEVER if name in instants else 0) for name in Cases._fields}
    return Cases(**(nothing | known | {"opened": opened}))


def _joined(parts: list[Cases]) -> Cases:
    return Cases(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
