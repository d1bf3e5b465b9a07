"""When a file waits for the operator for what it is by itself, whatever else has been delivered. What it replaces is weighed elsewhere."""

from sources.contract import Contract
from sources.reading import Reading


def why_held(contract: Contract, reading: Reading, sender: str) -> str:
    """Why a delivery waits for the operator; '' where it need not."""
    limit, senders = contract.quarantine_limit.hold, [s.name for s in contract.delivery.senders]
    if 100 * reading.bad > limit * reading.distinct:
        repeats = f", besides {reading.repeats} that repeat others" if reading.repeats else ""
        return f"{reading.bad} of {reading.distinct} records refused, over {limit:g} %{repeats}"
    if senders and sender not in senders:
        whose = sender if not contract.has_personal_columns else "somebody"
        return f"a file of {whose or 'nobody'}, and the contract expects files of {', '.join(senders)}"
    return ""
