"""What happened in the example region's diagnostic pathways: when each was received, stood still, ended, and was registered.

Belongs here: persons, days and counts. How the registrations are written into files belongs to `pathways` and `referrals`.
Levels are those of the national figures of 2015 and 2016: some 58 percent within the limit once the patient's own waiting is
taken out, a median of 27 days; less than three quarters of what was closed has a pathway, and a little more each month.
Nothing is drawn by a rule that judges it: what is within a limit follows from the days, and some pathways have any days at all.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from sources.examples.delivery import Month, generator_of

FIRST_MONTH, LAST_MONTH = date(2014, 1, 1), date(2015, 5, 1)
# Pathways that end after the last delivery are open in it.
STILL_RUNNING = date(2015, 10, 1)
LAST_FINAL = 14
SOMATIC, PSYCHIATRIC = "SOM", "PSY"
# hospital: (referrals closed a month, share of them with a pathway in January 2014, the same in March 2015).
HOSPITALS = {
    "HEH": (720, 0.50, 0.68),
    "NOH": (650, 0.59, 0.73),
    "RHB": (610, 0.46, 0.65),
    "GLO": (540, 0.54, 0.69),
    "HVH": (460, 0.57, 0.71),
    "BFH": (460, 0.64, 0.78),
    "GEH": (230, 0.67, 0.79),
    "AMH": (90, 0.64, 0.72),
    "BOH": (80, 0.79, 0.93),
    "PSY": (780, 0.49, 0.68),
}
# A hospital that closed referrals and registered no pathway.
SILENT = {"AMH": ("2014-07", "2014-08")}
SEASON = (1.02, 1.0, 1.03, 0.96, 1.01, 1.04, 0.7, 0.97, 1.05, 1.06, 1.03, 0.86)
WITHOUT_DIAGNOSIS = 0.015
# Pathways whose days, pauses and reason know of no limit and not of each other; the median of the others keeps the levels.
CARELESS, CARELESS_DAYS, CARELESS_REASONED = 0.15, 121, 0.2
MEDIAN_DAYS, SPREAD = {SOMATIC: 21.5, PSYCHIATRIC: 32.0}, {SOMATIC: 0.97, PSYCHIATRIC: 0.85}
PATIENT_PAUSED, CLINICALLY_PAUSED = 0.2, 0.12
REASONED_FROM, REASONED_TO = 0.38, 0.56
# Nobody ever ended these, part of a month's referrals; some pass the longest plausible time while the region is looked at.
FORGOTTEN, FORGOTTEN_FROM, FORGOTTEN_DAYS = 0.04, date(2010, 10, 1), 1187
REASONS = ("FAGLIG", "PATIENT", "AFSLAG", "KAPACITET")
LATE, VERY_LATE = 0.08, 0.006
UNKNOWN_UNITS = ("1599010", "2099", "8010")
# Faults of a pathway that is taken and counted as such: (kind, how often of all that ended).
FAULTS = (
    ("stop_before_start", 0.003),
    ("missing_stop", 0.005),
    ("missing_start", 0.003),
    ("missing_sector", 0.003),
    ("missing_unit", 0.005),
    ("unmapped_unit", 0.004),
    ("year_mistyped", 0.001),
)
PAUSE_FAULTS = (("pause_overlaps", 0.04), ("pause_sticks_out_before", 0.02), ("pause_sticks_out_behind", 0.02))


class State(NamedTuple):
    """A pathway as registered at a time; what is missing is None or ''. `fault` names what is wrong with it on purpose."""

    registered_at: datetime
    pathway: str
    person: str
    sector: str
    hospital: str
    unit: str
    received: date | None
    stopped: date | None = None
    stop_code: str = ""
    reason: str = ""
    fault: str = ""


class Pause(NamedTuple):
    """A pause as registered at a time."""

    registered_at: datetime
    pause: str
    pathway: str
    is_patient: bool
    begins: date
    ends: date
    fault: str = ""


# Whether the patient asked for it, the days it goes from and to, and what is wrong with it on purpose.
Span = tuple[bool, date, date, str]


class Closing(NamedTuple):
    """A referral that was closed."""

    person: str
    sector: str
    unit: str
    closed: date


class Udredning(NamedTuple):
    """All registrations, in no order that matters."""

    states: list[State]
    pauses: list[Pause]
    closings: list[Closing]


def months(last: date = LAST_MONTH) -> Iterator[Month]:
    """The months from the first delivered one to `last`."""
    month = Month(FIRST_MONTH)
    while month.first <= last:
        yield month
        month = month.next


def happened(units: dict[str, list[str]], numbers: Sequence[str], seed: int, scale: float) -> Udredning:
    """Everything that happened, drawn month by month and hospital by hospital. `units` are those of each hospital."""
    drawn = _Drawn(Udredning([], [], []), units, iter(numbers))
    luck = generator_of(seed, Month(FIRST_MONTH), 201)
    for hospital, (closed, _, _) in HOSPITALS.items():
        drawn.forgotten(hospital, max(1, round(closed * FORGOTTEN * scale)), luck)
    for place, month in enumerate(months(STILL_RUNNING)):
        luck = generator_of(seed, month, 200)
        for hospital, (closed, share_then, share_now) in HOSPITALS.items():
            share = share_then + min(1.0, place / LAST_FINAL) * (share_now - share_then)
            count = max(4, round(closed * SEASON[month.first.month - 1] * scale))
            drawn.month(month, place, hospital, count, share, luck)
    return drawn.all


class _Drawn:
    """The registrations drawn so far, and what gives new ones their ids."""

    def __init__(self, all_: Udredning, units: dict[str, list[str]], numbers: Iterator[str]) -> None:
        self.all, self._units, self._numbers = all_, units, numbers
        self._pathways = self._pauses = 0
        self._recent: list[str] = []

    def forgotten(self, hospital: str, count: int, luck: np.random.Generator) -> None:
        """`count` pathways of a hospital that were begun and never ended; every sixth has a unit that nobody knows."""
        for turn in range(count):
            received = FORGOTTEN_FROM + timedelta(days=int(luck.integers(FORGOTTEN_DAYS)))
            state = self._begun(hospital, self._person(luck), received, luck)
            self.all.states.append(_spoilt(state, ("missing_unit", "unmapped_unit")[turn // 6 % 2]) if turn % 6 == 1 else state)

    def month(self, month: Month, place: int, hospital: str, count: int, share: float, luck: np.random.Generator) -> None:
        """`count` referrals closed by a hospital in a month, `share` of them with a pathway that ended."""
        is_silent = month.label in SILENT.get(hospital, ())
        ended = 0 if is_silent else round(count * share)
        without = 0 if is_silent else round(count * WITHOUT_DIAGNOSIS)
        faults = [kind for kind, often in FAULTS for _ in range(int(luck.poisson(ended * often)))]
        reasoned = REASONED_FROM + min(1.0, place / LAST_FINAL) * (REASONED_TO - REASONED_FROM)
        for turn in range(count + len(faults)):
            stopped = _workday(month, luck)
            person = self._person(luck)
            if turn < count:
                self.all.closings.append(Closing(person, _sector(hospital), self._unit(hospital, luck), stopped))
            if ended + without <= turn < count:
                continue
            code = "UDR-OPHØRT" if ended <= turn < count else "UDR-AFKRÆFTET" if luck.random() < 0.12 else "UDR-SLUT"
            self._pathway(hospital, person, stopped, code, reasoned, luck, faults[turn - count] if turn >= count else "")

    def _unit(self, hospital: str, luck: np.random.Generator) -> str:
        return self._units[hospital][int(luck.integers(len(self._units[hospital])))]

    def _person(self, luck: np.random.Generator) -> str:
        """Somebody new, or in one case of twelve somebody who has a referral already."""
        if self._recent and luck.random() < 1 / 12:
            return self._recent[int(luck.integers(len(self._recent)))]
        person = next(self._numbers)
        self._recent = [*self._recent[-199:], person]
        return person

    def _begun(self, hospital: str, person: str, received: date, luck: np.random.Generator) -> State:
        """A new pathway as it is first registered."""
        self._pathways += 1
        registered_at = _at(received + timedelta(days=int(luck.integers(0, 4))), luck)
        pathway = f"F{self._pathways:08d}"
        return State(registered_at, pathway, person, _sector(hospital), hospital, self._unit(hospital, luck), received)

    def _pathway(
        self,
        hospital: str,
        person: str,
        stopped: date,
        code: str,
        reasoned: float,
        luck: np.random.Generator,
        fault: str,
    ) -> None:
        sector, is_careless = _sector(hospital), luck.random() < CARELESS
        active = max(0, round(float(MEDIAN_DAYS[sector] * np.exp(luck.normal(0, SPREAD[sector])))))
        paused = int(luck.integers(4, 29)) if luck.random() < PATIENT_PAUSED else 0
        received = stopped - timedelta(days=int(luck.integers(CARELESS_DAYS)) if is_careless else active + paused)
        first = self._begun(hospital, person, received, luck)
        late = luck.random()
        lag = int(luck.integers(60, 200)) if late < VERY_LATE else int(luck.integers(12, 57)) if late < LATE else int(luck.integers(0, 6))
        registered = max(stopped + timedelta(days=lag), first.registered_at.date() + timedelta(days=1))
        is_over = (stopped - received).days > (60 if sector == PSYCHIATRIC else 30)
        reasoned = CARELESS_REASONED if is_careless else reasoned if is_over else 0.0
        reason = REASONS[int(luck.choice(4, p=[0.4, 0.25, 0.1, 0.25]))] if luck.random() < reasoned else ""
        ended = first._replace(registered_at=_at(registered, luck), stopped=stopped, stop_code=code, reason=reason)
        states = [first, ended]
        if reason and late >= LATE and luck.random() < 0.25:
            # The reason is asked for afterwards.
            states[1] = ended._replace(reason="")
            states.append(ended._replace(registered_at=_at(registered + timedelta(days=int(luck.integers(3, 40))), luck)))
        if fault:
            states = [_spoilt(state, fault) for state in states]
        self.all.states.extend(states)
        if not fault:
            spans = _careless_spans(received, stopped, luck) if is_careless else _spans(received, stopped, paused, luck)
            self._pause(first.pathway, received, spans, ended.registered_at, luck)

    def _pause(self, pathway: str, received: date, spans: Sequence[Span], registered_at: datetime, luck: np.random.Generator) -> None:
        """The pauses of a pathway; some were typed twice with other days."""
        for is_patient, from_, to, kind in spans:
            self._pauses += 1
            said = max(from_, received) + timedelta(days=1)
            pause = Pause(min(_at(said, luck), registered_at), f"P{self._pauses:08d}", pathway, is_patient, from_, to, kind)
            if luck.random() < 0.04 and to - from_ > timedelta(days=2):
                self.all.pauses.append(pause._replace(ends=to - timedelta(days=1)))
                pause = pause._replace(registered_at=pause.registered_at + timedelta(days=int(luck.integers(2, 20))))
            self.all.pauses.append(pause)


def _spans(received: date, stopped: date, paused: int, luck: np.random.Generator) -> list[Span]:
    """A patient's pause of `paused` days and what was typed wrongly beside it, and a clinical one now and then."""
    begins = received + timedelta(days=int(luck.integers(0, (stopped - received).days - paused + 1)))
    spans: list[Span] = []
    if paused:
        spans.append((True, begins, begins + timedelta(days=paused), ""))
        shift = timedelta(days=max(1, paused // 2))
        for kind, often in PAUSE_FAULTS:
            if luck.random() < often / PATIENT_PAUSED:
                ends = {
                    "pause_overlaps": (begins + shift, begins + shift + timedelta(days=paused)),
                    "pause_sticks_out_before": (received - timedelta(days=9), received + timedelta(days=3)),
                    "pause_sticks_out_behind": (stopped - timedelta(days=2), stopped + timedelta(days=12)),
                }[kind]
                spans.append((True, *ends, kind))
    if luck.random() < CLINICALLY_PAUSED:
        spans.append((False, begins, begins + timedelta(days=int(luck.integers(3, 15))), ""))
    return spans


def _careless_spans(received: date, stopped: date, luck: np.random.Generator) -> list[Span]:
    """Up to three pauses of either kind anywhere about the pathway: over each other, over its ends, or beside it."""
    spans: list[Span] = []
    for _ in range(int(luck.integers(4))):
        begins = received + timedelta(days=int(luck.integers(-15, (stopped - received).days + 10)))
        ends = begins + timedelta(days=int(luck.integers(1, 36)))
        kind = "pause_sticks_out_before" if begins < received else "pause_sticks_out_behind" if ends > stopped else ""
        spans.append((luck.random() < 0.6, begins, ends, kind))
    return spans


def _sector(hospital: str) -> str:
    return PSYCHIATRIC if hospital == "PSY" else SOMATIC


def _spoilt(state: State, fault: str) -> State:
    """A state with its fault; what concerns the end is right until there is one."""
    match fault:
        case "stop_before_start" if state.stopped and state.received:
            state = state._replace(stopped=state.received - timedelta(days=4))
        case "missing_stop" if state.stopped:
            state = state._replace(stopped=None)
        case "missing_start":
            state = state._replace(received=None)
        case "missing_sector":
            state = state._replace(sector="")
        case "missing_unit":
            state = state._replace(unit="")
        case "unmapped_unit":
            state = state._replace(unit=UNKNOWN_UNITS[int(state.pathway[1:]) % len(UNKNOWN_UNITS)])
        case "year_mistyped" if state.received:
            state = state._replace(received=date(state.received.year - 20, state.received.month, min(28, state.received.day)))
        case _:
            return state
    return state._replace(fault=fault)


def _workday(month: Month, luck: np.random.Generator) -> date:
    days = (month.next.first - month.first).days
    while True:
        day = month.first + timedelta(days=int(luck.integers(days)))
        if day.weekday() < 5:
            return day


def _at(day: date, luck: np.random.Generator) -> datetime:
    """An office hour of a day, in civil time."""
    return datetime(day.year, day.month, day.day, 7, 0) + timedelta(minutes=int(luck.integers(0, 600)))
