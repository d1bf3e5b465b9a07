"""What is promised of deliveries, and whether those of time are kept: judged at the run's `as_of`, never by the clock.

Two promises of a contract (`slaProperties`): a delivery arrives by its deadline, changed or not; and what has been delivered
reaches far enough. Breaking one warns, is a line in `status` and a flag on what depends on it. Publishing goes on. What deliveries
are held against beside each other (DELIVERY_RULES) is found by `assets.deliveries.rules`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from expectations.suite import Outcome, Rule
from sources.cadence import Cadence
from sources.contract import Contract

DELIVERY_RULES = [
    Rule("no_delivery_shrinks", "No delivery in force has far fewer records than the one it replaced.", "warning", "",
         fails="A delivery has far fewer records than the one it replaced"),
    Rule("records_lie_in_covered_months", "No record is dated in a month that no delivery covers.", "warning", "",
         fails="Records are dated in months that no delivery covers"),
    Rule("volume_is_as_usual", "The newest whole month of a sender has about as many records as the months before it.", "warning", "",
         fails="The newest whole month has far more or fewer records than the months before it"),
    Rule("nothing_is_gone_at_the_source", "What is in force is what the newest full file of its sender still holds.", "warning", "",
         fails="What is in force is no longer in the newest full file of its sender"),
    Rule("columns_are_as_full_as_usual", "No column of a delivery in force is empty far more often than in those before it.", "warning", "",
         fails="A column is empty far more often than in the deliveries before"),
]  # fmt: skip
ON_TIME, RECENT = "delivery_is_on_time", "records_are_recent"
UNITS = {"h": "hours", "d": "days"}


@dataclass(frozen=True)
class Freshness:
    """`is_late`: no delivery for the newest deadline. `is_stale`: the newest record is older than promised. Times are ISO texts."""

    due_at: str | None = None
    arrived_at: str | None = None
    newest_date: str | None = None
    is_late: bool = False
    is_stale: bool = False
    why: str = ""


def freshness_rules(contract: Contract) -> list[Rule]:
    """The promises of time as checks of the raw asset."""
    rules = []
    if due := contract.deadline:
        words = f"A delivery is due {due.description[0].lower()}{due.description[1:]}" if due.description else f"Due at {due.schedule}."
        rules.append(Rule(ON_TIME, words, "warning", "", fails="A delivery is late"))
    if latency := contract.latency:
        words = f"The newest record is at most {latency.value:g} {UNITS[latency.unit]} old."
        rules.append(Rule(RECENT, words, "warning", "", fails="The records are too old"))
    return rules


def kept_promises(contract: Contract, found: Freshness) -> list[Outcome]:
    """What became of each rule of `freshness_rules`."""
    late, stale = found.why.split("; ")[0], found.why.split("; ")[-1]
    broken = {ON_TIME: late if found.is_late else "", RECENT: stale if found.is_stale else ""}
    found_of = [(r, broken[r.name]) for r in freshness_rules(contract)]
    return [Outcome.of(r, not why, int(bool(why)), why) for r, why in found_of]


def judge(contract: Contract, arrivals: list[str], newest_date: str | None, as_of: datetime) -> Freshness:
    """`arrivals` are the times (ISO) at which deliveries arrived that could be read and were not taken back."""
    arrived = max(arrivals, default=None)
    due_at, why, is_late, is_stale = None, [], False, False
    if contract.deadline:
        due, counts_from = Cadence.of(contract.deadline.schedule).last_due(as_of)
        due_at = due.isoformat()
        is_late = arrived is None or datetime.fromisoformat(arrived) < counts_from
        if is_late:
            last = f"the newest delivery arrived {arrived[:16].replace('T', ' ')}" if arrived else "nothing has ever been delivered"
            why.append(f"due {due:%Y-%m-%d %H:%M}, {last}")
    if contract.latency:
        oldest = as_of - timedelta(**{UNITS[contract.latency.unit]: contract.latency.value})
        is_stale = newest_date is None or datetime.fromisoformat(newest_date).date() < oldest.date()
        if is_stale:
            why.append(f"the newest record is of {newest_date}" if newest_date else "there is no record")
    return Freshness(due_at, arrived, newest_date, is_late, is_stale, "; ".join(why))
