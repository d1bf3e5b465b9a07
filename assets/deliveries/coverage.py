"""What the deliveries of an extract cover, month by month and sender by sender: declared by them, never inferred from their records.

A month is known up to an instant (`known_until`): its own file was drawn then, or the last of those that follow it without a gap,
or a file reaches that far. It is final once that instant lies as long after the month's end as the extract's deliveries may come
late. What records of a month are there is counted beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median

from assets.deliveries.claims import Claim
from assets.deliveries.standing import Rows, Standing
from sources.casts import ident, literal
from sources.contract import Contract
from sources.duck import no_rows
from sources.judgement import NO_REASON
from sources.paths import quoted
from sources.stamp import DAY, Span, next_month
from sources.vocabulary import Delivery

# A month is present in a file that names no months if it has this share of a usual one, and no longer gap lies behind it.
PRESENT_SHARE = 1 / 20
LONGEST_GAP = 12


@dataclass(frozen=True)
class Month:
    """What standing deliveries of one sender hold of a month (ISO date of its first day, None for records without a date).

    `known_until` is an ISO text, None where the month is not known as a whole. Records dated in a month that no delivery covers stand
    in a month of their own that is not `is_covered`; `strays` counts those of files for a month, there and at the month of their file.
    `persons_accepted` and `persons_quarantined` are numbers of persons whose records there are at least.
    """

    month: str | None
    receipts: int = 0
    records: int = 0
    accepted: int = 0
    quarantined: int = 0
    strays: int = 0
    persons_accepted: int = 0
    persons_quarantined: int = 0
    last_date: str | None = None
    is_held: bool = False
    sender: str = ""
    known_until: str | None = None
    is_covered: bool = True
    # Whether the sender is expected to deliver the month, and has delivered all it ever will.
    is_expected: bool = True
    is_closed: bool = False

    @property
    def is_delivered(self) -> bool:
        """Whether it is known up to its end."""
        if not self.month or not self.known_until or not self.is_covered:
            return False
        return datetime.fromisoformat(self.known_until) >= _at(next_month(date.fromisoformat(self.month)))


@dataclass(frozen=True)
class Window:
    """How long after a month's end a delivery must have been drawn to make it final: a row of reference.target."""

    value: float
    unit: str
    valid_from: date
    valid_to: date


# Indicator of reference.target -> its rows.
Windows = Mapping[str, Sequence[Window]]


@dataclass(frozen=True)
class Covered:
    """A month of an extract with all its senders. `known_until` is up to when it is known of all who have delivered, `lacks` names
    those of whom it is not known as a whole.
    """

    month: str
    is_delivered: bool
    is_final: bool
    known_until: str | None
    lacks: str


def final_from(delivery: Delivery, windows: Windows, first: date) -> date | None:
    """From which day on a delivery that is drawn makes the month that begins on `first` final; None where no lookup says."""
    end = next_month(first)
    if not delivery.finalAfter:
        return end
    late = [w for w in windows.get(delivery.finalAfter, ()) if w.valid_from <= first <= w.valid_to]
    return max((next_month(end, int(w.value)) if w.unit == "months" else end + timedelta(days=w.value) for w in late), default=None)


def is_final(delivery: Delivery, windows: Windows, month: Month) -> bool:
    """Whether what happened to a month is known of a sender as long after its end as the extract's deliveries may come late."""
    if delivery.completes is None or month.month is None or month.known_until is None or not month.is_delivered:
        return False
    final = final_from(delivery, windows, date.fromisoformat(month.month))
    return final is not None and (month.is_closed or datetime.fromisoformat(month.known_until) >= _at(final))


def state_of(delivery: Delivery, windows: Windows, month: Month) -> str:
    """What a month of a sender is, in a word or two."""
    if month.month is None:
        return "undated"
    if not month.is_covered:
        return "outside"
    if month.is_held:
        return "held"
    if is_final(delivery, windows, month):
        return "final"
    return "provisional" if month.known_until or month.records else "not delivered"


def by_month(delivery: Delivery, windows: Windows, months: Iterable[Month]) -> list[Covered]:
    """The covered months, each with all its senders."""
    found: dict[str, list[Month]] = {}
    for month in months:
        if month.month and month.is_covered and month.is_expected:
            found.setdefault(month.month, []).append(month)
    return [_folded(delivery, windows, first, of_senders) for first, of_senders in sorted(found.items())]


def _folded(delivery: Delivery, windows: Windows, first: str, months: list[Month]) -> Covered:
    lacking = [m.sender for m in months if not m.is_delivered]
    known = [m.known_until for m in months if m.known_until]
    until = min(known, default=None)
    final = all(is_final(delivery, windows, m) for m in months)
    return Covered(first, not lacking, final, until, ", ".join(sorted(lacking)))


def rows_of(contract: Contract, covered: list[Covered]) -> str:
    """SQL for the rows of `coverage.<extract>`."""
    if not covered:
        return no_rows(contract)
    values = ", ".join(
        f"(date '{c.month}', {c.is_delivered}, {c.is_final}, {literal(c.known_until) if c.known_until else 'null'}, {literal(c.lacks)})"
        for c in covered
    )
    columns = ", ".join(f"cast({ident(c.name)} as {c.physicalType}) as {ident(c.name)}" for c in contract.columns)
    return f"select {columns} from (values {values}) as covered({', '.join(ident(c.name) for c in contract.columns)})"


def coverage(contract: Contract, standings: list[Standing], paths: dict[str, str], ask: Callable[[str], Rows]) -> list[Month]:
    """Per month and sender what the standing deliveries hold and cover. `paths` maps a parse to its Parquet, `ask` gives rows."""
    counted = _counted(contract, [s for s in standings if s.status in ("current", "held")], paths, ask)
    claims = [s.claim for s in standings if _covers(contract, s) and not _is_ahead(s.claim)]
    series = _series(contract.delivery, claims, counted)
    senders = contract.delivery.senders
    expected = {(m, s.name): None for m in series for s in senders if s.is_expected(m[:7])} if senders else {(m, ""): None for m in series}
    later = contract.delivery.completes == "later_files"
    whole = {sender: _whole_spans([c for c in claims if c.sender == sender], later) for sender in {s for _, s in expected}}
    known = {(m, s): _known(contract.delivery, [c for c in claims if c.sender == s], whole[s], m) for m, s in expected}
    return _closed(contract.delivery, list(_grid(contract.delivery, counted, known)))


@dataclass(frozen=True)
class _Count:
    """Records of one sender: the month their file is for, those of their own date and of their first event, whether they were
    accepted, how many, and of how many persons (as many as records where nobody knows).
    """

    sender: str
    is_held: bool
    period: str | None
    dated: str | None
    is_accepted: bool
    receipts: tuple[str, ...]
    records: int
    persons: int
    last_date: str | None
    begun: str | None


def _covers(contract: Contract, standing: Standing) -> bool:
    """Whether a month may count as delivered by it. In the modes that add up, one whose records were all replaced has come too."""
    adds_up = contract.delivery.mode in ("append", "upsert")
    is_there = standing.status == "current" or (adds_up and standing.status in ("superseded", "duplicate"))
    return is_there and standing.reading is not None and not standing.is_empty


def _is_ahead(claim: Claim) -> bool:
    """Whether a file says that it is for days that had not begun when it was drawn."""
    begins = [Span.of(text).begin for text in (claim.period, claim.latest) if text]
    return bool(claim.drawn) and any(datetime.fromisoformat(str(claim.drawn)) < _at(begin) for begin in begins)


def _closed(delivery: Delivery, months: list[Month]) -> list[Month]:
    """The months with those marked that a sender who has stopped delivered to the end: nothing more of them is to come."""
    until = {s.name: s.until for s in delivery.senders if s.until}
    found, is_open = list[Month](), dict[str, bool]()
    for month in reversed(months):
        ends = until.get(month.sender)
        if not ends or not month.is_expected or not month.month or delivery.completes != "later_files":
            found.append(month)
            continue
        is_last = month.month[:7] == ends
        is_open[month.sender] = not month.is_delivered or (not is_last and is_open.get(month.sender, True))
        found.append(replace(month, is_closed=not is_open[month.sender]))
    return found[::-1]


def _counted(contract: Contract, standings: list[Standing], paths: dict[str, str], ask: Callable[[str], Rows]) -> list[_Count]:
    column = ident(contract.dated_by) if contract.dated_by else "cast(null as date)"
    if not standings:
        return []
    # A version is dated by when it was made; what it is of began with the first thing it tells.
    events = [ident(c.name) for c in contract.columns if c.is_event] if contract.delivery.latestBy else []
    begun = f"least({', '.join(f'cast({e} as date)' for e in events)})" if events else column
    person = ident(contract.person.name) if contract.person else "null"
    parts = " union all ".join(
        f"select {literal(s.receipt.id)} as receipt, {literal(s.claim.sender)} as sender, {s.status == 'held'} as is_held,"
        f" {_first_of(s.claim)} as period, {column} as dated_at, {begun} as begun_at, {person} as person, _errors"
        f" from read_parquet({quoted(paths[s.parse or ''])})"
        for s in standings
    )
    rows = ask(f"""
        select sender, is_held, strftime(period, '%Y-%m-%d'), strftime(date_trunc('month', dated_at), '%Y-%m-%d') as dated,
            _errors is null as is_accepted, list_sort(list(distinct receipt)), count(*),
            count(distinct person) + count(*) filter (person is null), strftime(max(dated_at), '%Y-%m-%d'),
            strftime(date_trunc('month', begun_at), '%Y-%m-%d') as begun
        from ({parts}) as record where coalesce(_errors, '') not in {NO_REASON}
        group by sender, is_held, period, dated, is_accepted, begun order by all""")
    return [_Count(s, bool(h), p, d, bool(a), tuple(r), *counts) for s, h, p, d, a, r, *counts in rows]


def _first_of(claim: Claim) -> str:
    """SQL for the month a file is for, if it is for one."""
    span = Span.of(claim.period) if claim.period else None
    return f"date '{span.begin.replace(day=1)}'" if span and span.end <= next_month(span.begin.replace(day=1)) else "cast(null as date)"


def _series(delivery: Delivery, claims: list[Claim], counted: list[_Count]) -> list[str]:
    """The months from the first that is covered to the last (ISO dates)."""
    spans = [Span.of(c.period) for c in claims if c.period]
    firsts = [s.begin for s in spans]
    lasts = [s.end - DAY for s in spans]
    if spans and delivery.completes == "later_files":
        # The newest file tells of the days up to when it was drawn, though their own file has not come.
        newest = max(s.end for s in spans)
        its = [datetime.fromisoformat(c.drawn) for c in claims if c.period and c.drawn and Span.of(c.period).end == newest]
        lasts += [newest for drawn in its if drawn > _at(newest)]
    reaching = [c for c in claims if _is_through(delivery, c)]
    lasts += [(r - timedelta(microseconds=1)).date() for c in reaching if (r := c.reaches)]
    firsts += [date.fromisoformat(f"{s.since}-01") for s in delivery.senders if s.since and reaching]
    undeclared = [c for c in claims if not c.period]
    if undeclared:
        firsts += _present((c.begun, c) for c in counted)[:1] if not any(s.since for s in delivery.senders) else []
        lasts += _present((c.dated, c) for c in counted) if not reaching else []
    if not firsts or not lasts:
        return []
    return [f"{m}" for m in _months(min(firsts).replace(day=1), max(lasts).replace(day=1))]


def _present(counted: Iterable[tuple[str | None, _Count]]) -> list[date]:
    """Months that files without a period hold as many records of as a month has, however far back a single record lies."""
    records: dict[date, int] = {}
    for month, count in counted:
        if count.period is None and month and count.is_accepted:
            first = date.fromisoformat(month)
            records[first] = records.get(first, 0) + count.records
    if not records:
        return []
    # The month in which the middle record lies: many months with a record each are not what is usual.
    usual = median([n for n in records.values() for _ in range(min(n, 10_000))])
    present = sorted(m for m, n in records.items() if n >= PRESENT_SHARE * usual)
    gaps = [b for a, b in pairwise(present) if next_month(a, LONGEST_GAP + 1) < b]
    return [m for m in present if not gaps or m >= gaps[-1]]


def _known(delivery: Delivery, claims: list[Claim], spans: dict[Span, datetime], month: str) -> str | None:
    """Up to when a month is known by the `claims` of a sender, and the periods of which all has come (`spans`)."""
    first = date.fromisoformat(month)
    known = [r for c in claims if _is_through(delivery, c) and (r := c.reaches) and r > _at(first)]
    if delivery.completes in ("redelivery", "later_files"):
        found = _by_own(spans, first) if delivery.completes == "redelivery" else _by_later(spans, first)
        known += [found] if found else []
    return max(known).isoformat() if known else None


def _is_through(delivery: Delivery, claim: Claim) -> bool:
    return claim.is_full or delivery.completes == "through"


def _whole_spans(claims: list[Claim], is_first: bool) -> dict[Span, datetime]:
    """Periods of which all parts have come -> when their newest files were drawn, or (`is_first`) when they had come first.

    What comes with later files is not told by a file that is sent again.
    """
    drawn: dict[str, dict[int, list[datetime]]] = {}
    parts: dict[str, int] = {}
    for claim in claims:
        if claim.period and claim.drawn:
            drawn.setdefault(claim.period, {}).setdefault(claim.part, []).append(datetime.fromisoformat(claim.drawn))
            parts[claim.period] = max(parts.get(claim.period, 1), claim.parts)
    pick = min if is_first else max
    found = {}
    for period, by_part in drawn.items():
        # A file without a part (0) is the whole.
        whole = [pick(times) for part, times in by_part.items() if not part]
        if set(range(1, parts[period] + 1)) <= set(by_part) and any(by_part):
            whole.append(max(pick(times) for part, times in by_part.items() if part))
        if whole:
            found[Span.of(period)] = pick(whole)
    return found


def _by_own(spans: dict[Span, datetime], first: date) -> datetime | None:
    """Known by the files of its own days: so long after its end as each was drawn after its days were over."""
    end = next_month(first)
    mine = sorted((s for s in spans if s.begin < end and s.end > first), key=lambda s: s.begin)
    covered, slack = first, list[timedelta]()
    for span in mine:
        if span.begin > covered:
            break
        covered = max(covered, span.end)
        slack.append(spans[span] - _at(min(span.end, end)))
    if covered >= end:
        return _at(end) + min(slack)
    # Of a month that is not over the days up to here are known.
    return min(_at(covered), _at(covered) + min(slack)) if slack else None


def _by_later(spans: dict[Span, datetime], first: date) -> datetime | None:
    """Known by its own files and those that follow without a gap: up to when the newest of them was drawn first."""
    end, covered = next_month(first), first
    known: datetime | None = None
    for span in sorted((s for s in spans if s.end > first), key=lambda s: s.begin):
        if span.begin > covered:
            break
        covered = max(covered, span.end)
        known = max(known or datetime.min, spans[span])
    if known:
        return known if covered >= end else min(known, _at(covered))
    # Of a month whose file is still to come the days are known on which the one before it was drawn.
    before = [] if any(s.end > first for s in spans) else [drawn for s, drawn in spans.items() if s.end == first and drawn > _at(first)]
    return min(max(before), _at(end) - timedelta(microseconds=1)) if before else None


def _grid(delivery: Delivery, counted: list[_Count], known: dict[tuple[str, str], str | None]) -> Iterator[Month]:
    """Every covered month of every expected sender, with what is there of it; then records that lie in none of them."""
    covered = {month for month, _ in known}
    groups: dict[tuple[str | None, str], list[_Count]] = {}
    strays: dict[tuple[str | None, str], int] = {}
    for count in counted:
        # A record is counted in the month its file is for. A date that no delivery covers is told where it lies, unless it is that of a
        # version: those are as old as they are.
        is_stray = count.is_accepted and count.dated and count.dated not in covered and not delivery.latestBy
        month = count.dated if is_stray or not count.period else count.period
        groups.setdefault((month, count.sender), []).append(count)
        if month != count.period and count.period in covered:
            for stray in ((month, count.sender), (count.period, count.sender)):
                strays[stray] = strays.get(stray, 0) + count.records
    for place in sorted({*known, *groups}, key=lambda p: (p[0] or "", p[1])):
        counts = groups.get(place, [])
        records, accepted = sum(c.records for c in counts), sum(c.records for c in counts if c.is_accepted)
        yield Month(
            month=place[0],
            receipts=len({r for c in counts for r in c.receipts}),
            records=records,
            accepted=accepted,
            quarantined=records - accepted,
            strays=strays.get(place, 0),
            persons_accepted=max((c.persons for c in counts if c.is_accepted), default=0),
            persons_quarantined=max((c.persons for c in counts if not c.is_accepted), default=0),
            last_date=max((c.last_date for c in counts if c.last_date and c.is_accepted), default=None),
            is_held=any(c.is_held for c in counts),
            sender=place[1],
            known_until=known.get((place[0], place[1])) if place[0] else None,
            is_covered=place[0] in covered,
            is_expected=place in known,
        )


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = next_month(first)


def _at(day: date) -> datetime:
    return datetime.combine(day, time.min)
