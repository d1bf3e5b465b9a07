"""What operators decided. A decision is a small immutable file beside the receipts, so that a rebuild decides the same.

A failing check may be accepted until a date, for an error the supplier knows of: the newest such decision on a check counts.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

from assets.lake.files import Lake, discard, recalled, save
from assets.lake.manifests import DECISIONS, gone, nights
from sources.errors import Missing
from sources.settings import operator

REVISE, PURGE, ROLL_BACK, RESUME = "revise", "purge", "roll_back", "resume"


class UnknownReceipt(Missing):
    """A decision about a receipt that does not exist. The text says how to find those that do."""


@dataclass(frozen=True)
class Acceptance:
    """A check may fail through `until` (ISO date)."""

    until: str
    reason: str


@dataclass(frozen=True)
class Decision:
    """What was decided, about a receipt, (with the last day it holds) a check, published figures (of a month, or '' for all), or which
    release is shown; and by whom, '' for one from before that was asked.
    """

    decision: str
    reason: str
    decided_at: str
    receipt: str = ""
    check: str = ""
    until: str = ""
    month: str = ""
    # What a delivery held that was purged: it is not taken again.
    content: str = ""
    release: str = ""
    decided_by: str = ""


def accept_delivery(lake: Lake, receipt: str, reason: str, now: datetime) -> None:
    """Let a held delivery through from `now` on. Raises UnknownReceipt."""
    _decide_receipt(lake, "accept", receipt, reason, now)


def withdraw_delivery(lake: Lake, receipt: str, reason: str, now: datetime) -> None:
    """Take a delivery back from `now` on, as if it had not arrived: the wrong file was sent, or its receipt is gone for good.

    Raises UnknownReceipt.
    """
    _decide_receipt(lake, "withdraw", receipt, reason, now)


def purge_receipts(lake: Lake, receipts: Collection[str], contents: Iterable[str], reason: str, now: datetime) -> None:
    """Take down that nothing of these deliveries may be kept, at whatever time a release is of. Raises UnknownReceipt."""
    known, before = {p.stem for p in lake.receipts.glob("[!.]*.json")}, purged(lake)
    for receipt in receipts:
        _require(receipt, known | set(before))
    held = {*contents, *(c for receipt in receipts if receipt in before for c in before[receipt].content.split())}
    for receipt in receipts:
        save(lake.decisions / f"{PURGE}-{receipt}.json", _decision(PURGE, reason, now, receipt=receipt, content=" ".join(sorted(held))))


def purged(lake: Lake) -> dict[str, Decision]:
    """Receipt -> the decision, of all deliveries of which nothing may be kept."""
    found = (recalled(p, Decision) for p in lake.decisions.glob(f"{PURGE}-*.json"))
    return {d.receipt: d for d in found if d}


def accept_check(lake: Lake, check: str, until: date, reason: str, now: datetime) -> None:
    """Publish although `check`, like core.pathway.days_add_up, fails, from `now` through `until`. A date that has passed ends it."""
    said = _decision("accept_check", reason, now, check=check, until=until.isoformat())
    save(lake.decisions / f"accept_check-{check}-{now:%Y%m%d%H%M%S%f}.json", said)


def revise_figures(lake: Lake, month: str, reason: str, now: datetime) -> None:
    """Publish what is known by now of a month (YYYY-MM, or '' for all) in place of what was published of it, where that is safe."""
    # Two at one instant are two: the clock of a lake may stand still.
    named = (lake.decisions / f"{REVISE}-{month or 'all'}-{number}.json" for number in count())
    save(next(path for path in named if not path.exists()), _decision(REVISE, reason, now, month=month))


def decide_release(lake: Lake, decision: str, release: str, reason: str, now: datetime) -> None:
    """Take down that an earlier release is to be shown (`ROLL_BACK`), or the newest one again (`RESUME`)."""
    save(lake.decisions / f"{decision}-{release}-{now:%Y%m%d%H%M%S%f}.json", _decision(decision, reason, now, release=release))


def revisions(lake: Lake, as_of: str) -> dict[str, Decision]:
    """Decisions up to `as_of` (ISO) to revise published figures, by name."""
    found = ((p.stem, recalled(p, Decision)) for p in sorted(lake.decisions.glob(f"{REVISE}-*.json")))
    return {name: d for name, d in found if d and d.decided_at <= as_of}


def decisions(lake: Lake, as_of: str) -> dict[tuple[str, str], str]:
    """(decision, receipt) -> reason, of all decisions on receipts up to `as_of` (ISO)."""
    return {(d.decision, d.receipt): d.reason for d in decided(lake, as_of) if d.receipt}


def accepted_checks(lake: Lake, as_of: str) -> dict[str, Acceptance]:
    """Check -> its acceptance, of those in force at `as_of` (ISO)."""
    newest = {d.check: Acceptance(d.until, d.reason) for d in decided(lake, as_of) if d.check}
    return {check: a for check, a in newest.items() if as_of[:10] <= a.until}


def decided(lake: Lake, as_of: str) -> list[Decision]:
    """Decisions up to `as_of`, oldest first; but for those that are damaged, which hold what they were about (`unreadable`)."""
    found = (recalled(p, Decision) for p in lake.decisions.glob("[!.]*.json"))
    return sorted((d for d in found if d and d.decided_at <= as_of), key=lambda d: d.decided_at)


def receipt_of(name: str) -> str:
    """The receipt that a record of the lake's history is about, by its path below the lake; '' for none."""
    folder, _, file = name.partition("/")
    return re.sub(f"^({'|'.join(DECISIONS)})-", "", file.removesuffix(".json")) if folder in ("receipts", "decisions") else ""


def unreadable(lake: Lake) -> list[str]:
    """Decisions that are damaged, by path below the lake."""
    return [f"decisions/{p.name}" for p in sorted(lake.decisions.glob("[!.]*.json")) if recalled(p, Decision) is None]


def _decide_receipt(lake: Lake, decision: str, receipt: str, reason: str, now: datetime) -> None:
    lacking = gone(lake, nights(lake, datetime.max.isoformat())) if decision == "withdraw" else []
    if f"receipts/{receipt}.json" not in lacking:
        _require(receipt, {p.stem for p in lake.receipts.glob("[!.]*.json")})
    save(lake.decisions / f"{decision}-{receipt}.json", _decision(decision, reason, now, receipt=receipt))
    written = lake.receipts / f"{receipt}.json"
    if decision == "withdraw" and (recalled(written, dict[str, Any]) or {}).get("id") != receipt:
        # Nobody can read it: as one that is gone, it is missed by nobody from now on.
        discard(written)


def _require(receipt: str, known: set[str]) -> None:
    if receipt not in known:
        raise UnknownReceipt(
            f"There is no receipt {receipt}; `ventetal status` names those held, `ventetal query 'from meta.receipt'` all."
        )


def _decision(decision: str, reason: str, now: datetime, **about: str) -> Decision:
    return Decision(decision, reason, now.isoformat(timespec="microseconds"), **about, decided_by=operator())
