"""Invented exports of the telephone exchange, a record per visit of a call to a queue, and its monthly totals.

The plan of a month (`CIMT`, `KLINISK`) says how many calls ended how; what is invented is when they came, how long they
waited, through which queues they went, and what the exchange gets wrong. Nothing of the project's reader is used.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from sources.examples.delivery import COPENHAGEN, HOUR, Delivery, Format, Ints, Month, generator_of

COLUMNS = ("Opkald", "Besøg", "Kø", "Tilbudt (UTC)", "Besvaret (UTC)", "Afsluttet (UTC)", "Ventetid (sek.)", "Udfald", "Kanal")
TOTALS = ("Måned", "Kø", "Indkomne", "Besvarede", "Afbrudte", "Besvaret inden 300 sek.", "Samlet ventetid besvarede (sek.)")
LIMIT_SECONDS = 300
ANSWERED, ABANDONED, REDIRECTED, CALLBACK = range(4)
SUPPLIER_OUTCOME = ("Besvaret", "Afbrudt", "Viderestillet", "Ringes op")
QUEUE = {"CIMT": "CIMT Servicedesk", "KLINISK": "Klinisk Servicedesk"}
OVERFLOW_QUEUE = "CIMT Servicedesk 2"


class Plan(NamedTuple):
    """A month of a desk at scale 1: calls offered, and the shares of them that were answered or abandoned in time or late."""

    offered: int
    answered_in_time: float
    answered_late: float
    abandoned_in_time: float
    abandoned_late: float

    def counts(self, scale: float) -> list[int]:
        """Calls answered in time, late, abandoned in time, late; the rest flowed out. One of each at least."""
        return [max(1, round(self.offered * scale * share)) for share in self[1:]]

    def total(self, scale: float) -> int:
        """Calls offered at the scale."""
        return max(round(self.offered * scale), sum(self.counts(scale)))


# The seed's figures: below 80 % in time in January, March and April and not in February (L366-368); many calls in January and
# March (L318); the wait longest in March and April (L331). In January counting quick hang-ups as served would pass.
CIMT = {
    "2014-08": Plan(9100, 0.862, 0.062, 0.035, 0.026),
    "2014-09": Plan(9500, 0.843, 0.076, 0.037, 0.030),
    "2014-10": Plan(9700, 0.831, 0.083, 0.039, 0.032),
    "2014-11": Plan(9400, 0.822, 0.091, 0.038, 0.034),
    "2014-12": Plan(8950, 0.851, 0.070, 0.036, 0.028),
    "2015-01": Plan(11400, 0.772, 0.117, 0.046, 0.050),
    "2015-02": Plan(8600, 0.826, 0.088, 0.038, 0.033),
    "2015-03": Plan(11800, 0.712, 0.150, 0.048, 0.075),
    "2015-04": Plan(9900, 0.741, 0.139, 0.044, 0.061),
}
# From about 4100 calls to 3200 (L588), nearly all of them answered; in the first two months the exchange exported totals alone.
KLINISK = {
    "2014-08": Plan(3650, 0.905, 0.040, 0.035, 0.015),
    "2014-09": Plan(3900, 0.900, 0.042, 0.036, 0.017),
    "2014-10": Plan(4000, 0.897, 0.044, 0.037, 0.017),
    "2014-11": Plan(3800, 0.903, 0.041, 0.036, 0.015),
    "2014-12": Plan(3300, 0.910, 0.038, 0.034, 0.013),
    "2015-01": Plan(4100, 0.893, 0.047, 0.038, 0.017),
    "2015-02": Plan(3700, 0.902, 0.042, 0.036, 0.015),
    "2015-03": Plan(3600, 0.899, 0.044, 0.036, 0.016),
    "2015-04": Plan(3200, 0.908, 0.040, 0.034, 0.013),
}
PLANS = {"CIMT": CIMT, "KLINISK": KLINISK}
TOTALS_ALONE = ("2014-08", "2014-09")
TOTALS_REPORTED = (*TOTALS_ALONE, "2014-10")
TOTALS_SENT = datetime(2014, 11, 4, 7, 30, tzinfo=COPENHAGEN)
OUTSIDE_HOURS_SHARE = 0.025
MONTHS = tuple(Month(date.fromisoformat(f"{label}-01")) for label in CIMT)

# What happened to deliveries of the example region.
WRONG_WAITS = {"2015-02": datetime(2015, 3, 10, 9, 15, tzinfo=COPENHAGEN)}
IN_HALVES = {"2015-03": datetime(2015, 3, 17, 6, 30, tzinfo=COPENHAGEN)}
SENT_AGAIN = {"2014-12": datetime(2015, 1, 7, 13, 0, tzinfo=COPENHAGEN)}
SENT_WITHOUT_OUTCOME = {"2015-04": datetime(2015, 5, 2, 6, 30, tzinfo=COPENHAGEN)}
FORMATS = {
    "2014-08": Format("cp1252"),
    "2014-10": Format("utf-8-sig"),
    "2014-12": Format("cp1252", preamble=("Opkald til servicedeske", "Udtræk for december 2014")),
    "2015-02": Format("utf-8", line_end="\r\n"),
}
# One value in each that makes an otherwise good visit impossible to take; nothing changed makes it a repeat.
SPOILT: tuple[dict[str, str], ...] = (
    {},
    {"Opkald": ""},
    {"Kø": "Borgerservice"},
    {"Udfald": "Forsvundet"},
    {"Tilbudt (UTC)": "2015-02-30 09:00:00"},
    {"Tilbudt (UTC)": "2025-03-02 09:00:00"},
    {"Ventetid (sek.)": "-4"},
    {"Ventetid (sek.)": "12,5"},
    {"Besvaret (UTC)": "2099-01-01 00:00:10", "Afsluttet (UTC)": "2099-01-01 00:00:00"},
    {"Afsluttet (UTC)": "2000-01-01 00:00:00", "Besvaret (UTC)": ""},
)
TEST_CALL, DIFFERING_PAIR, TOO_FEW, TOO_MANY = range(len(SPOILT), len(SPOILT) + 4)


class Visits(NamedTuple):
    """Visits of calls, in any order: the call's number, place in the call, queue, start in UTC, wait, talk and outcome."""

    call: Ints
    visit: Ints
    queue: list[str]
    offered: Ints
    wait: Ints
    talk: Ints
    outcome: Ints


def answered(desk: str, month: Month, scale: float) -> int:
    """Calls a desk answered in a month by its plan."""
    in_time, late, *_ = PLANS[desk][month.label].counts(scale)
    return in_time + late


def deliveries(hverdage: set[date], seed: int, scale: float) -> Iterator[Delivery]:
    """The exchange's files in the order of their months."""
    for month in MONTHS:
        sent_at = datetime(month.next.first.year, month.next.first.month, 3, 6, 30, tzinfo=COPENHAGEN)
        lines = _month(month, hverdage, seed, scale)
        if month.label in SENT_WITHOUT_OUTCOME:
            lost = [";".join(line.split(";")[:7]) for line in [";".join(COLUMNS), *lines[:100]]]
            yield _delivery(month, SENT_WITHOUT_OUTCOME[month.label], lost)
        if month.label in WRONG_WAITS:
            yield _delivery(month, sent_at, [";".join(COLUMNS), *_with_wrong_waits(lines)])
            sent_at = WRONG_WAITS[month.label]
        if month.label in IN_HALVES:
            half = f"{month.label}-16"
            yield _delivery(month, IN_HALVES[month.label], [";".join(COLUMNS), *(x for x in lines if _offered(x) < half)], "_del1af2")
            yield _delivery(month, sent_at, [";".join(COLUMNS), *(x for x in lines if _offered(x) >= half)], "_del2af2")
            continue
        yield _delivery(month, sent_at, [";".join(COLUMNS), *lines])
        if month.label in SENT_AGAIN:
            yield _delivery(month, SENT_AGAIN[month.label], [";".join(COLUMNS), *lines])


def totals(scale: float) -> Delivery:
    """The one report of totals, with a month that is known call by call too and a line that is no month."""
    rows = []
    for label in TOTALS_REPORTED:
        plan = KLINISK[label]
        in_time, late, given_up, given_up_late = plan.counts(scale)
        counts = [plan.total(scale), in_time + late, given_up + given_up_late, in_time, 48 * in_time + 410 * late]
        rows.append((f"{label[5:]}-{label[:4]}", QUEUE["KLINISK"], counts))
    rows.append(("I alt", "", [sum(column) for column in zip(*(counts for *_, counts in rows), strict=True)]))
    grouped = [";".join([month, queue, *(f"{n:,}".replace(",", ".") for n in counts)]) for month, queue, counts in rows]
    lines = [";".join(TOTALS), *grouped]
    text = Format("cp1252").text(lines).encode("cp1252")
    return Delivery(f"opkaldstotaler_2014-10_leveret-{TOTALS_SENT:%Y%m%d-%H%M}.csv", TOTALS_SENT, iter([text]))


def _delivery(month: Month, sent_at: datetime, lines: list[str], part: str = "") -> Delivery:
    form = FORMATS.get(month.label, Format())
    text = form.text([*form.preamble, *lines]).encode(form.encoding)
    return Delivery(f"opkald_{month.label}{part}_leveret-{sent_at:%Y%m%d-%H%M}.csv", sent_at, iter([text]))


def _month(month: Month, hverdage: set[date], seed: int, scale: float) -> list[str]:
    """A month's records as the exchange writes them, with what is wrong between them."""
    generator = generator_of(seed, month, 50)
    cimt = _calls("CIMT", month, _cimt_starts(month, hverdage, CIMT[month.label].total(scale), generator), scale, generator)
    parts = [cimt]
    if month.label not in TOTALS_ALONE:
        plan = KLINISK[month.label]
        starts = _klinisk_starts(month, hverdage, plan.total(scale), generator)
        klinisk = _calls("KLINISK", month, starts, scale, generator)
        parts += [_passed_on(cimt, klinisk, generator), _outside_hours(month, hverdage, plan.total(scale), generator)]
    lines = [line for part in parts for line in _lines(month, part)]
    lines.sort(key=_offered)
    _add_dirt(lines, month, generator)
    return lines


def _cimt_starts(month: Month, hverdage: set[date], n: int, generator: np.random.Generator) -> Ints:
    """Starts in UTC round the clock, most of them on hverdage by day; a few where the clock changes and at the last midnight."""
    days = _days(month)
    weights = np.array([1.0 if day in hverdage else 0.12 for day in days])
    day = generator.choice(len(days), n, p=weights / weights.sum())
    at_night = generator.random(n) < 0.03
    seconds = np.where(at_night, generator.integers(0, 24 * HOUR, n), _office_seconds(n, generator))
    starts = _utc_midnights(days)[day] + seconds
    changes = [at for at in range(month.start, month.next.start, HOUR) if _offset(at) != _offset(at - HOUR)]
    forced = [*(change - 20 for change in changes for _ in range(3)), month.next.start - 15, month.next.start - 5]
    starts[: len(forced)] = forced[:n]
    return np.clip(starts, month.start, month.next.start - 1)


def _klinisk_starts(month: Month, hverdage: set[date], n: int, generator: np.random.Generator) -> Ints:
    """Starts in UTC within the opening hours; the first at the opening minute and in the last open second."""
    days = [day for day in _days(month) if day in hverdage]
    closing = np.array([15 if day.isoweekday() == 5 else 16 for day in days]) * HOUR
    day = generator.integers(0, len(days), n)
    seconds = 8 * HOUR + (generator.beta(1.6, 1.9, n) * (closing[day] - 8 * HOUR)).astype(np.int64)
    seconds[:2] = 8 * HOUR, closing[day[1]] - 1
    return np.asarray(_utc_midnights(days)[day] + seconds)


def _outside_hours(month: Month, hverdage: set[date], offered: int, generator: np.random.Generator) -> Visits:
    """Calls to the closed desk: at the closing second, in the evening, on days that are no hverdage."""
    days = _days(month)
    n = max(3, round(OUTSIDE_HOURS_SHARE * offered))
    day = generator.integers(0, len(days), n)
    closing = np.array([8 if d not in hverdage else 15 if d.isoweekday() == 5 else 16 for d in days])[day] * HOUR
    seconds = closing + generator.integers(0, 4 * HOUR, n)
    seconds[0] = closing[0]
    number = 90_000_000 + np.arange(n)
    outcome = np.where(generator.random(n) < 0.3, ANSWERED, ABANDONED)
    wait = generator.integers(1, 400, n)
    return Visits(number, np.ones(n, np.int64), [QUEUE["KLINISK"]] * n, _utc_midnights(days)[day] + seconds, wait, wait, outcome)


def _calls(desk: str, month: Month, starts: Ints, scale: float, generator: np.random.Generator) -> Visits:
    """The planned calls, each with its first visit and some with a second one that overlaps the first."""
    in_time, late, given_up, given_up_late = PLANS[desk][month.label].counts(scale)
    n = len(starts)
    kind = generator.permutation(
        np.repeat(np.arange(5), [in_time, late, given_up, given_up_late, n - in_time - late - given_up - given_up_late])
    )
    busy = 1.6 if month.label in ("2015-03", "2015-04") else 1.0
    quick = np.minimum(LIMIT_SECONDS, generator.exponential(45 * busy, n)).astype(np.int64)
    slow = LIMIT_SECONDS + 1 + generator.exponential(110 * busy, n).astype(np.int64)
    impatient = np.minimum(LIMIT_SECONDS, 3 + generator.exponential(70, n)).astype(np.int64)
    wait = np.select([kind == 0, kind == 2, kind == 4], [quick, impatient, generator.integers(5, 240, n)], slow)
    # Exactly at the limit and a second over both occur.
    wait[np.flatnonzero(kind == 0)[0]], wait[np.flatnonzero(kind == 1)[0]] = LIMIT_SECONDS, LIMIT_SECONDS + 1
    outcome = np.select([kind < 2, kind < 4], [ANSWERED, ABANDONED], np.where(generator.random(n) < 0.4, CALLBACK, REDIRECTED))
    talk = generator.gamma(2.0, 150, n).astype(np.int64) + 5
    number = (1 + list(QUEUE).index(desk)) * 10_000_000 + np.arange(n)
    one = np.ones(n, np.int64)
    visits = Visits(number, one, [QUEUE[desk]] * n, starts, wait, talk, outcome)
    return _with_second_visits(visits, month, generator) if desk == "CIMT" else visits


def _with_second_visits(calls: Visits, month: Month, generator: np.random.Generator) -> Visits:
    """One call in twelve is offered to the overflow queue too, before the first queue lets go of it; a few are called back.

    Who is called back has waited as long in all as planned: in line, and again when the phone rang, an hour or more later.
    """
    n = len(calls.call)
    is_patient = (calls.outcome == ANSWERED) & (calls.wait >= 10) & (calls.offered < month.next.start - 4 * HOUR)
    back = generator.permutation(np.flatnonzero(is_patient))[: max(1, round(0.006 * n))]
    passed = np.flatnonzero((generator.random(n) < 0.08) & (calls.wait >= 20) & (calls.outcome != CALLBACK))
    passed = np.setdiff1d(passed, back)
    second = np.concatenate([passed, back])
    first_wait = calls.wait[second] // 2
    away = np.repeat([0, 1], [len(passed), len(back)]) * generator.integers(HOUR, 3 * HOUR, len(second))
    wait, outcome = calls.wait.copy(), calls.outcome.copy()
    wait[second], outcome[second] = first_wait + np.where(away, 0, 5), np.where(away, CALLBACK, REDIRECTED)
    queues = [OVERFLOW_QUEUE] * len(passed) + [QUEUE["CIMT"]] * len(back)
    return Visits(
        np.concatenate([calls.call, calls.call[second]]),
        np.concatenate([calls.visit, calls.visit[second] + 1]),
        [*calls.queue, *queues],
        np.concatenate([calls.offered, calls.offered[second] + first_wait + away]),
        np.concatenate([wait, calls.wait[second] - first_wait]),
        np.concatenate([calls.talk, calls.talk[second]]),
        np.concatenate([outcome, calls.outcome[second]]),
    )


def _passed_on(cimt: Visits, klinisk: Visits, generator: np.random.Generator) -> Visits:
    """The calls to Klinisk, some of them as the second visit of a call that flowed out of CIMT at that time."""
    once = np.bincount(cimt.call - cimt.call.min())[cimt.call - cimt.call.min()] == 1
    gone = np.flatnonzero((cimt.outcome == REDIRECTED) & once)
    chosen = gone[: len(gone) // 2]
    at = generator.choice(len(klinisk.call), min(len(chosen), len(klinisk.call)), replace=False)
    chosen = chosen[: len(at)]
    call, visit = klinisk.call.copy(), klinisk.visit.copy()
    call[at], visit[at] = cimt.call[chosen], 2
    cimt.offered[chosen] = klinisk.offered[at] - cimt.wait[chosen]
    return klinisk._replace(call=call, visit=visit)


def _lines(month: Month, visits: Visits) -> list[str]:
    """Visits as the exchange writes them."""
    ends = (visits.offered, visits.offered + visits.wait, visits.offered + visits.wait + visits.talk)
    offered, left, ended = (np.char.replace(np.datetime_as_string(at.astype("datetime64[s]"), unit="s"), "T", " ").tolist() for at in ends)
    values = zip(
        visits.call.tolist(),
        visits.visit.tolist(),
        visits.queue,
        offered,
        left,
        ended,
        visits.wait.tolist(),
        visits.outcome.tolist(),
        strict=True,
    )
    prefix = f"{month.first:%y%m}"
    return [
        f"{prefix}-{call};{visit};{queue};{start};{there if outcome == ANSWERED else ''};{end if outcome == ANSWERED else there};"
        f"{wait};{SUPPLIER_OUTCOME[outcome]};Telefon"
        for call, visit, queue, start, there, end, wait, outcome in values
    ]


def _offered(line: str) -> str:
    return line.split(";", 4)[3]


def _with_wrong_waits(lines: list[str]) -> list[str]:
    """The same month from a server that had counted the waits of Klinisk's calls in tenths of a minute."""
    rows = (line.split(";") for line in lines)
    return [
        ";".join([*row[:6], str(int(row[6]) // 6), *row[7:]])
        if len(row) > 7 and row[2] == QUEUE["KLINISK"] and row[6].isdigit()
        else ";".join(row)
        for row in rows
    ]


def _add_dirt(lines: list[str], month: Month, generator: np.random.Generator) -> None:
    """Put records that must be refused between the good ones, each made of a good one and with a call of its own."""
    copies = max(1, round(len(lines) * 0.0001))
    kinds = [kind for kind in range(TOO_MANY + 1) for _ in range(copies)]
    models = [lines[at] for at in generator.choice(len(lines), min(len(kinds), len(lines)), replace=False)]
    for number, (kind, model) in enumerate(zip(kinds, models, strict=False)):
        for line in _spoilt(kind, model, f"{month.first:%y%m}-F{number}"):
            lines.insert(int(generator.integers(len(lines) + 1)), line)


def _spoilt(kind: int, model: str, call: str) -> list[str]:
    row = dict(zip(COLUMNS, model.split(";"), strict=True))
    if kind == 0:
        return [model]
    row["Opkald"] = call
    if kind == TEST_CALL:
        return [";".join((row | {"Kø": "Testkø"}).values())]
    if kind == DIFFERING_PAIR:
        return [";".join((row | {"Ventetid (sek.)": wait}).values()) for wait in ("7", "8")]
    line = ";".join((row | (SPOILT[kind] if kind < len(SPOILT) else {})).values())
    return [{TOO_FEW: line.rsplit(";", 3)[0], TOO_MANY: f"{line};;"}.get(kind, line)]


def _days(month: Month) -> list[date]:
    return [month.first + timedelta(days=n) for n in range((month.next.first - month.first).days)]


def _utc_midnights(days: list[date]) -> Ints:
    """What added to seconds of the civil day gives UTC; by the offset at noon, which holds from three in the morning on."""
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=COPENHAGEN).timestamp() - 12 * HOUR for day in days]
    return np.array(noons, np.int64)


def _office_seconds(n: int, generator: np.random.Generator) -> Ints:
    """Times of day of a desk: a peak before noon and another after, between six and twenty."""
    morning, afternoon = generator.normal(9.6, 1.3, n), generator.normal(13.4, 1.6, n)
    hours = np.where(generator.random(n) < 0.6, morning, afternoon)
    return np.asarray((np.clip(hours, 6, 20) * HOUR).astype(np.int64))


def _offset(at: int) -> timedelta:
    return datetime.fromtimestamp(at, UTC).astimezone(COPENHAGEN).utcoffset() or timedelta()
