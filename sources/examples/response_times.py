"""Invented robot exports from which the committee's published response-time figures can be measured again.

Published figures, limits and windows are given (`Facts`); what is invented here is everything between: which attempts
failed, when, how long the others took, and what suppliers get wrong. Nothing of the project's reader is used, so that
the files are evidence about the reader and not an echo of it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np

from sources.examples.delivery import COPENHAGEN, HOUR, Bools, Delivery, Floats, Format, Ints, Month, generator_of

COLUMNS = ("System", "Handling", "Klasse", "Lokation", "Start (UTC)", "Varighed ms", "Status", "Bemærkning")
CLASS_OF_ACTION = {"login": "HEAVY", "søgning": "STANDARD"}
SUPPLIER_CLASS = {"HEAVY": "Tung", "STANDARD": "Standard"}
OK, TIMEOUT, ERROR, MAINT = range(4)
SUPPLIER_STATUS = ("OK", "TIMEOUT", "FEJL", "VEDLIGEHOLD")
BLANK = -1
GIVEN_UP_AFTER_MS = 60_000
REMARKS = (
    "",
    "Genstartet af driften",
    '"Meldt som “langsom”; se sag 4711"',
    '"Skærmen viste ""Vent venligst""; prøvet igen"',
    '"Netværk ustabilt;\nse driftsloggen"',
)

# What happened in the example region, by system and month.
DEAD_PROBES = {("EPM3", "2014-12"): {("login", "Bornholm"), ("søgning", "Bornholm"), ("søgning", "Hillerød")}}
# A robot that ran on the first day and was silent from then on: its month is not measured.
SILENT_PROBES = {("GS", "2014-11"): {("login", "Gentofte")}}
SLOW_LOCATION = {("BLODINFO2", "2015-04"): ("Frederikssund", 0.535)}
WRONG_CLOCK = {"2015-03": ("LABKA2", datetime(2015, 5, 12, 6, 15, tzinfo=COPENHAGEN))}
SENT_AGAIN = {"2014-10": datetime(2014, 11, 6, 9, 0, tzinfo=COPENHAGEN)}
SENT_WITHOUT_STATUS = {"2015-04": datetime(2015, 5, 2, 6, 15, tzinfo=COPENHAGEN)}

# A failure more would lift the sum of a system's failed shares by 1/n; float sums of 20 shares stay well inside this.
MARGIN = 1e-9
MOST_FAILED_SHARE = 0.85

# One value in each that makes an otherwise good record impossible to take; nothing changed makes it a duplicate.
SPOILT: tuple[dict[str, str], ...] = (
    {},
    {"Start (UTC)": "2015-02-31T08:15:00Z"},
    {"Start (UTC)": "2014-13-01T08:15:00Z"},
    {"Status": "UKENDT"},
    {"Klasse": "Mellem"},
    {"Varighed ms": "-250"},
    {"Lokation": ""},
    {"Varighed ms": "", "Status": "OK"},
    {"Varighed ms": "1.5", "Status": "OK"},
)
BEFORE, AFTER, DIFFERING_PAIR, TOO_FEW, TOO_MANY = range(len(SPOILT), len(SPOILT) + 5)


FORMATS = {
    "2014-10": Format("cp1252"),
    "2014-11": Format("utf-8-sig"),
    "2014-12": Format("cp1252", preamble=("Robotmålinger af kritiske it-systemer", "Udtræk for december 2014")),
    "2015-02": Format("cp1252", line_end="\r\n"),
    "2015-04": Format("cp1252"),
}


class Facts(NamedTuple):
    """What is given: the project's lookups as rows of text, and the published shares by system and month label."""

    lookups: dict[str, list[dict[str, str]]]
    published: dict[tuple[str, str], float]

    @property
    def months(self) -> list[Month]:
        """The months that have published figures."""
        return [Month(date.fromisoformat(f"{label}-01")) for label in sorted({label for _, label in self.published})]

    @property
    def systems(self) -> dict[str, str]:
        """Name by system_id, of the systems that are measured."""
        return {row["system_id"]: row["system_name"] for row in self.lookups["system"] if row["is_measured"] == "true"}

    def cells(self, system: str, month: Month) -> list[tuple[str, str]]:
        """(action, location) of the robots of a system."""
        return [(row["action"], row["location"]) for row in self._valid("probe_cell", month) if row["system_id"] == system]

    def target(self, indicator: str, subject: str, month: Month) -> float:
        """The target of the project's lookup that is in force."""
        return next(float(r["value"]) for r in self._valid("target", month) if (r["indicator"], r["subject"]) == (indicator, subject))

    def limit_ms(self, action: str, month: Month) -> int:
        """The longest duration that is within the limit."""
        return round(1000 * self.target("response_time_limit", CLASS_OF_ACTION[action], month))

    def in_window(self, system: str, civil: Ints) -> Bools:
        """Whether civil instants lie in an announced maintenance window of the system."""
        inside = np.zeros(civil.shape, np.bool_)
        for row in self.lookups["maintenance"]:
            if row["system_id"] == system:
                starts, ends = (int(datetime.fromisoformat(row[k]).replace(tzinfo=UTC).timestamp()) for k in ("starts_at", "ends_at"))
                inside |= (starts <= civil) & (civil < ends)
        return inside

    def _valid(self, lookup: str, month: Month) -> list[dict[str, str]]:
        return [row for row in self.lookups[lookup] if row["valid_from"] <= str(month.first) <= row["valid_to"]]


class Attempts(NamedTuple):
    """A system's attempts of one month in the order they started; a duration can be BLANK."""

    cell: Ints
    started: Ints
    duration_ms: Ints
    status: Ints


def deliveries(facts: Facts, seed: int, scale: float) -> Iterator[Delivery]:
    """The region's deliveries in the order of their months. Raises ValueError for a scale no robot could keep up with."""
    if not 0 < scale <= 60:
        raise ValueError(f"scale is attempts per hour, above 0 and at most 60, not {scale}")
    for month in facts.months:
        sent_at = datetime(month.next.first.year, month.next.first.month, 3, 6, 15, tzinfo=COPENHAGEN)
        if month.label in SENT_WITHOUT_STATUS:
            yield _delivery(month, SENT_WITHOUT_STATUS[month.label], _without_status(facts, month, seed, scale))
        if month.label in WRONG_CLOCK:
            system, corrected_at = WRONG_CLOCK[month.label]
            yield _delivery(month, sent_at, _export(facts, month, seed, scale, system))
            sent_at = corrected_at
        yield _delivery(month, sent_at, _export(facts, month, seed, scale))
        if month.label in SENT_AGAIN:
            yield _delivery(month, SENT_AGAIN[month.label], _export(facts, month, seed, scale))


def _delivery(month: Month, sent_at: datetime, parts: Iterator[bytes]) -> Delivery:
    return Delivery(f"svartider_{month.label}_leveret-{sent_at:%Y%m%d-%H%M}.csv", sent_at, parts)


def _export(facts: Facts, month: Month, seed: int, scale: float, wrong_clock: str | None = None) -> Iterator[bytes]:
    """One month's file, a system at a time so that memory does not grow with the region."""
    form = FORMATS.get(month.label, Format())
    yield form.text([*form.preamble, ";".join(COLUMNS)]).encode(form.encoding)
    dirt = _dirt_per_system(facts, month, scale, generator_of(seed, month, 0))
    for number, system in enumerate(facts.systems, start=1):
        attempts = _attempts(facts, system, month, scale, generator_of(seed, month, number))
        if system == wrong_clock:
            attempts = _with_wrong_clock(facts, system, month, attempts, generator_of(seed, month, number, 1))
        generator = generator_of(seed, month, number, 2)
        lines = _lines(facts, system, month, attempts, generator)
        _add_dirt(lines, dirt[number - 1], month, generator)
        yield form.text(lines).encode(form.encoding.removesuffix("-sig"))


def _without_status(facts: Facts, month: Month, seed: int, scale: float) -> Iterator[bytes]:
    """The first 200 records of a month's file, from an export that had lost a column."""
    system = next(iter(facts.systems))
    attempts = _attempts(facts, system, month, scale, generator_of(seed, month, 1))
    lines = [";".join(COLUMNS), *_lines(facts, system, month, attempts, generator_of(seed, month, 1, 2))[:200]]
    rows = [dict(zip(COLUMNS, line.split(";", len(COLUMNS) - 1), strict=True)) for line in lines]
    form = FORMATS.get(month.label, Format())
    yield form.text([";".join(row[name] for name in COLUMNS if name != "Status") for row in rows]).encode(form.encoding)


def _attempts(facts: Facts, system: str, month: Month, scale: float, generator: np.random.Generator) -> Attempts:
    cells = facts.cells(system, month)
    slots = month.slots(scale)
    spacing = min(month.hours * HOUR / slots, HOUR / scale)
    # A second is left free before the next slot: there a differing pair can start without touching another key.
    offsets = generator.integers(0, max(1, min(HOUR, int(spacing)) - 2), (len(cells), 1))
    started: Ints = month.start + (np.arange(slots) * spacing).astype(np.int64) + offsets
    # The share of attempts that never ran differs by robot, so that the cells' sizes do too.
    present = generator.random(started.shape) >= generator.uniform(0, 0.06, (len(cells), 1))
    present &= ~np.array([[cell in DEAD_PROBES.get((system, month.label), ())] for cell in cells])
    silent = np.array([[cell in SILENT_PROBES.get((system, month.label), ())] for cell in cells])
    present &= ~silent | (started < month.start + 24 * HOUR)
    excused = facts.in_window(system, month.civil(started))
    counted = present & ~excused & ~silent
    failed = _choose_failed(counted, _failures(facts, system, month, counted.sum(axis=1), generator), month.civil(started), generator)
    limits = np.array([[facts.limit_ms(action, month)] for action, _ in cells], np.int64)
    duration, status = _outcomes(failed, excused, limits, generator)
    at = np.nonzero(present)
    order = np.argsort(started[at], kind="stable")
    return Attempts(at[0][order], started[at][order], duration[at][order], status[at][order])


def _failures(facts: Facts, system: str, month: Month, n: Ints, generator: np.random.Generator) -> Ints:
    """Failed attempts of each cell: their mean share is the published one and, like it, on its side of the target."""
    share = facts.published[system, month.label]
    cells = facts.cells(system, month)
    failed = np.zeros(len(cells), np.int64)
    gap = float((n > 0).sum()) * (1 - share)
    weights = generator.gamma(0.8, 1, len(cells)) * (n > 0)
    if (system, month.label) in SLOW_LOCATION:
        slow_location, slow_share = SLOW_LOCATION[system, month.label]
        slow = np.array([location == slow_location for _, location in cells])
        failed[slow] = _nearest_failures(n[slow], slow_share)
        gap -= float((failed[slow] / n[slow]).sum())
        weights = np.where(slow, 0.0, 1.0)
    open_ = (weights > 0) & (n > 0)
    if gap > 0 and open_.any():
        is_met = share >= facts.target("response_time_compliance", system, month)
        failed[open_] = _spread(n[open_], gap, weights[open_], is_met)
    return failed


def _nearest_failures(n: Ints, share: float) -> Ints:
    """Failures of one location's two cells whose mean share within the limit is as near to `share` as integers allow."""
    if len(n) != 2 or not n.all():
        return np.asarray(np.rint(n * (1 - share)), np.int64)
    wanted = 2 * (1 - share)
    # Both actions suffer about alike: the first cell's share differs from the wanted one by 0.05 at most.
    first = np.arange(int(n[0] * (wanted / 2 - 0.05)), int(n[0] * (wanted / 2 + 0.05)) + 1)
    second = np.asarray(np.rint((wanted - first / n[0]) * n[1]), np.int64)
    best = np.argmin(np.abs(first / n[0] + second / n[1] - wanted))
    return np.array([first[best], second[best]])


def _spread(n: Ints, gap: float, weights: Floats, is_met: bool) -> Ints:
    """Whole failures per cell, roughly by weight, whose shares sum to `gap`: at most if the target is met, else at least."""
    shares = weights
    for _ in range(60):
        shares = np.minimum(MOST_FAILED_SHARE, shares * (gap / shares.sum()))
    failed = np.floor(shares * n).astype(np.int64)
    left = gap - float((failed / n).sum())
    for cell in np.argsort(failed - shares * n):
        if 1 / n[cell] <= left - MARGIN:
            failed[cell] += 1
            left -= 1 / float(n[cell])
    if not is_met:
        failed[np.argmax(np.where(failed < n, weights, 0))] += 1
    return _moved_closer(n, gap, failed, is_met)


def _moved_closer(n: Ints, gap: float, failed: Ints, is_met: bool) -> Ints:
    """`failed`, changed: failures moved one at a time between cells of different size: a move shifts the sum by less than a failure."""
    side = 1 if is_met else -1
    shift = 1 / n[:, None] - 1 / n[None, :]
    for _ in range(400):
        left = gap - float((failed / n).sum())
        after = left - shift
        allowed = (failed > 0)[None, :] & (failed < n)[:, None] & (after * side >= MARGIN)
        distance = np.where(allowed, np.abs(after), np.inf)
        to, origin = np.unravel_index(int(np.argmin(distance)), distance.shape)
        if distance[to, origin] >= abs(left):
            break
        failed[to] += 1
        failed[origin] -= 1
    return failed


def _choose_failed(counted: Bools, failures: Ints, civil: Ints, generator: np.random.Generator) -> Bools:
    """Which of the counted attempts fail: more in office hours and on a few bad days, an exact number in each cell."""
    day, hour = civil // (24 * HOUR), civil // HOUR % 24
    is_office = ((day + 3) % 7 < 5) & (hour >= 8) & (hour < 16)
    is_bad_day = np.isin(day, generator.choice(np.unique(day), 3))
    # Sampling without replacement by weight: the largest of log weight + Gumbel noise.
    lot = np.log(1.0 + 2 * is_office + 5 * is_bad_day) + generator.gumbel(size=counted.shape)
    place = np.argsort(np.argsort(-np.where(counted, lot, -np.inf), axis=1), axis=1)
    return np.asarray(place < failures[:, None])


def _outcomes(failed: Bools, excused: Bools, limits: Ints, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Duration and status of every slot. An excused attempt is mostly MAINT, and some answer fast or slowly all the same."""
    shape = failed.shape
    luck = generator.random(shape)
    status = np.full(shape, OK)
    status[failed & (luck < 0.17)] = TIMEOUT
    status[failed & (luck >= 0.17) & (luck < 0.26)] = ERROR
    status[failed & (luck >= 0.26) & (luck < 0.28) | excused & (luck < 0.6)] = MAINT
    typical = generator.uniform(0.12, 0.3, (shape[0], 1)) * limits
    fast = np.clip(typical * np.exp(generator.normal(0, 0.35, shape)), 60, 0.97 * limits).astype(np.int64)
    # A duration of exactly the limit is within it, and one millisecond more is not: both occur.
    fast = np.where(generator.random(shape) < 0.001, limits, fast)
    slow = limits + 1 + (generator.exponential(0.5, shape) * limits * (generator.random(shape) > 0.03)).astype(np.int64)
    duration = np.where(failed | excused & (luck > 0.9), np.minimum(slow, GIVEN_UP_AFTER_MS - 1), fast)
    duration = np.where(status == TIMEOUT, np.where(luck < 0.08, GIVEN_UP_AFTER_MS, BLANK), duration)
    return np.where((status == ERROR) | (status == MAINT), BLANK, duration), status


def _with_wrong_clock(facts: Facts, system: str, month: Month, attempts: Attempts, generator: np.random.Generator) -> Attempts:
    """A robot clock that ran wrong for a while: 30 % of the answered attempts last twice as long and a limit more."""
    limits = np.array([facts.limit_ms(action, month) for action, _ in facts.cells(system, month)], np.int64)[attempts.cell]
    wrong = (attempts.status == OK) & (generator.random(attempts.cell.shape) < 0.3)
    return attempts._replace(duration_ms=np.where(wrong, limits + 2 * attempts.duration_ms, attempts.duration_ms))


def _lines(facts: Facts, system: str, month: Month, attempts: Attempts, generator: np.random.Generator) -> list[str]:
    """The attempts as the supplier writes them; a remark is rare, and rarest the one that breaks its line."""
    name = facts.systems[system]
    robots = [f"{name};{action};{SUPPLIER_CLASS[CLASS_OF_ACTION[action]]};{place}" for action, place in facts.cells(system, month)]
    started = np.datetime_as_string(attempts.started.astype("datetime64[s]"), unit="s").tolist()
    remark = generator.choice(len(REMARKS), len(started), p=[0.997, 0.0015, 0.001, 0.00049, 0.00001]).tolist()
    values = zip(attempts.cell.tolist(), started, attempts.duration_ms.tolist(), attempts.status.tolist(), remark, strict=True)
    return [
        f"{robots[cell]};{start}Z;{'' if duration == BLANK else duration};{SUPPLIER_STATUS[status]};{REMARKS[remark]}"
        for cell, start, duration, status, remark in values
    ]


def _dirt_per_system(facts: Facts, month: Month, scale: float, generator: np.random.Generator) -> list[list[int]]:
    """The kinds of dirt in each system's part of the file: every kind at least once, together 0.08-0.25 % of the records."""
    systems = list(facts.systems)
    attempts = month.slots(scale) * sum(len(facts.cells(system, month)) for system in systems)
    copies = max(1, round(attempts * generator.uniform(0.00006, 0.00016)))
    # Records of the wrong width come from one robot host that broke, so that most of the file is well-formed.
    broken = int(generator.integers(len(systems)))
    parts: list[list[int]] = [[] for _ in systems]
    for kind in range(TOO_MANY + 1):
        for system in [broken] * copies if kind in (TOO_FEW, TOO_MANY) else generator.integers(len(systems), size=copies).tolist():
            parts[system].append(kind)
    return parts


def _add_dirt(lines: list[str], kinds: list[int], month: Month, generator: np.random.Generator) -> None:
    """Put records that must be refused between the good ones, each made of a good record of its own and changing none."""
    models = [lines[at] for at in generator.choice(len(lines), min(len(kinds), len(lines)), replace=False)]
    for kind, model in zip(kinds, models, strict=False):
        for line in _spoilt(kind, model, month):
            lines.insert(int(generator.integers(len(lines) + 1)), line)


def _spoilt(kind: int, model: str, month: Month) -> list[str]:
    row = dict(zip(COLUMNS, model.split(";", len(COLUMNS) - 1), strict=True)) | {"Bemærkning": ""}
    if kind == DIFFERING_PAIR:
        start = _utc_text(datetime.fromisoformat(row["Start (UTC)"]).timestamp() + 1)
        return [";".join((row | {"Start (UTC)": start, "Varighed ms": ms, "Status": "OK"}).values()) for ms in ("900", "901")]
    if kind in (BEFORE, AFTER):
        row["Start (UTC)"] = _utc_text(month.start - 1 if kind == BEFORE else month.next.start)
    elif kind < len(SPOILT):
        row |= SPOILT[kind]
    line = ";".join(row.values())
    return [{TOO_FEW: line.rsplit(";", 2)[0], TOO_MANY: f"{line};;"}.get(kind, line)]


def _utc_text(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
