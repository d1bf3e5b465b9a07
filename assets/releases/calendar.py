"""When figures that are not final yet are expected to be: the last delivery they wait for is due on a day that its contract states,
and they stand in the release of the next morning. A promise of the deliveries, not of this program: a late one makes it later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from assets.catalog.declared import COVERAGE, MARTS, Catalog
from assets.deliveries.coverage import Windows, by_month, final_from
from assets.deliveries.extracts import ExtractState
from assets.releases.semantics import period_of
from sources.cadence import Cadence
from sources.stamp import DAY, next_month

# The target that says by which hour of the morning new figures are out, and how many months ahead are told.
HOUR, AHEAD_MONTHS = "figures_out_by", 12


@dataclass(frozen=True)
class Expected:
    """A month or year of a domain that is not final. `due_at` is when the last delivery it waits for is due, `expected_at` when its
    final figures are then out: None once that delivery is overdue, and where no hour is stated.
    """

    domain: str
    unit: str
    period: date
    final_from: date
    due_at: datetime
    expected_at: datetime | None


def expected(catalog: Catalog, extracts: list[ExtractState], windows: Windows, now: datetime) -> Iterator[Expected]:
    """What is to come of each domain up to a year ahead, oldest first. Deliveries without an agreed day are waited for, but not told."""
    states = {e.extract: e for e in extracts}
    for domain in catalog.domains:
        marts = [t for t in catalog.of_domain(domain) if t.layer == MARTS]
        needed = {n.partition(".")[2] for t in catalog.of_domain(domain) for n in t.needs if n.startswith(f"{COVERAGE}.")}
        dues = [due for name in sorted(needed & states.keys()) if (due := _dues(catalog, states[name], windows, now))]
        is_yearly = {period_of(t.contract) for t in marts} == {"year"}
        last_of: dict[date, tuple[date, datetime]] = {}
        for months in dues if marts else ():
            for month, (final, due_at) in months.items():
                period = month.replace(month=1) if is_yearly else month
                before = last_of.get(period, (date.min, datetime.min))
                last_of[period] = (max(before[0], final), max(before[1], due_at))
        for period, (final, due_at) in sorted(last_of.items()):
            # The months of a year that are told may end before it does.
            if is_yearly and not any(next_month(period, 11) in months for months in dues):
                continue
            yield Expected(domain, "year" if is_yearly else "month", period, final, due_at, _out(windows, due_at, now))


def _dues(catalog: Catalog, state: ExtractState, windows: Windows, now: datetime) -> dict[date, tuple[date, datetime]]:
    """The months of an extract after its newest final one -> from when on they can be, and when the delivery is due that makes them so.

    A hole before it is no month to come: what is lacking there is told by meta.coverage.
    """
    declared = catalog.extracts.get(state.extract)
    if not declared or not declared.contract.deadline or not declared.contract.delivery.completes:
        return {}
    cadence, delivery = Cadence.of(declared.contract.deadline.schedule), declared.contract.delivery
    covered = by_month(delivery, windows, state.coverage)
    if not covered:
        return {}
    newest = max((date.fromisoformat(c.month) for c in covered if c.is_final), default=None)
    month = next_month(newest) if newest else date.fromisoformat(covered[0].month)
    found: dict[date, tuple[date, datetime]] = {}
    while month <= next_month(now.date().replace(day=1), AHEAD_MONTHS):
        if final := final_from(delivery, windows, month):
            found[month] = (final, cadence.first_due(final))
        month = next_month(month)
    return found


def _out(windows: Windows, due_at: datetime, now: datetime) -> datetime | None:
    if due_at < now:
        return None
    morning = due_at.date() + DAY
    hours = [w.value for w in windows.get(HOUR, ()) if w.valid_from <= morning <= w.valid_to]
    return datetime.combine(morning, time()) + timedelta(hours=hours[0]) if hours else None
