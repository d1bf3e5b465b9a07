"""What operators decided. A decision is a small immutable file beside the receipts, so that a rebuild decides the same."""

from datetime import datetime

from assets.lake import Lake, read_json, write_json


class UnknownReceipt(Exception):
    """A decision about a receipt that does not exist."""


def accept_delivery(lake: Lake, receipt: str, reason: str, now: datetime) -> None:
    """Let a held delivery through from `now` on. Raises UnknownReceipt."""
    _decide(lake, "accept", receipt, reason, now)


def withdraw_delivery(lake: Lake, receipt: str, reason: str, now: datetime) -> None:
    """Take a delivery back from `now` on, as if it had not arrived: the wrong file was sent. Raises UnknownReceipt."""
    _decide(lake, "withdraw", receipt, reason, now)


def decisions(lake: Lake, as_of: str) -> dict[tuple[str, str], str]:
    """(decision, receipt) -> reason, of all decisions up to `as_of` (ISO)."""
    found = [read_json(p) for p in lake.decisions.glob("*.json")] if lake.decisions.exists() else []
    return {(d["decision"], d["receipt"]): d["reason"] for d in found if d["decided_at"] <= as_of}


def _decide(lake: Lake, decision: str, receipt: str, reason: str, now: datetime) -> None:
    if not (lake.receipts / f"{receipt}.json").is_file():
        raise UnknownReceipt(receipt)
    decided_at = now.isoformat(timespec="microseconds")
    said = {"decision": decision, "receipt": receipt, "reason": reason, "decided_at": decided_at}
    write_json(lake.decisions / f"{decision}-{receipt}.json", said)
