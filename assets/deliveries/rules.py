"""What is found of an extract's deliveries beside each other: cut files, odd volumes, dates out of place, what the source deleted."""

from datetime import date
from statistics import median

from assets.catalog.freshness import DELIVERY_RULES
from assets.deliveries.coverage import Month
from assets.deliveries.standing import Standing
from expectations.suite import Outcome
from sources.contract import Contract
from sources.stamp import next_month
from sources.vocabulary import Volume


def found_of(contract: Contract, deliveries: list[Standing], months: list[Month], lacking: int) -> list[Outcome]:
    """What became of each of DELIVERY_RULES. `lacking` counts records in force that no full file holds any more."""
    is_personal = contract.has_personal_columns
    shrunk = [d for d in deliveries if d.shrunk_from and d.status == "current"]
    # What began before midnight and went on after it lies in the month whose own file is still to come.
    newest = max((m.month for m in months if m.month and m.is_covered), default="")
    coming = str(next_month(date.fromisoformat(newest))) if newest else ""
    stray = [m for m in months if m.month and not m.is_covered and m.month != coming]
    offending = (
        [f"{d.receipt.file_name} ({d.judged} records where there were {d.shrunk_from})" for d in shrunk],
        [f"{str(m.month)[:7]} ({said(m.records, is_personal)})" for m in stray],
        _odd(contract.volume, months, is_personal),
        [f"{said(lacking, is_personal)} in no full file any more"] if lacking else [],
        [f"{d.receipt.file_name} ({d.emptier})" for d in deliveries if d.emptier and d.status == "current"],
    )
    return [Outcome.of(r, not found, len(found), ", ".join(found)) for r, found in zip(DELIVERY_RULES, offending, strict=True)]


def said(records: int, is_personal: bool) -> str:
    """A number of records in words; where there are persons no more than its digits."""
    return f"under {10 ** len(str(records))} records" if is_personal else f"{records} records"


def _odd(volume: Volume | None, months: list[Month], is_personal: bool) -> list[str]:
    """The newest month that is whole of a sender, if its number of records is far from the median of the months before it."""
    if volume is None:
        return []
    found = []
    for sender in dict.fromkeys(m.sender for m in months):
        whole = [m for m in months if m.sender == sender and m.is_delivered]
        before = [m.records for m in whole[-1 - volume.over : -1]]
        if len(before) < volume.over or not (usual := median(before)):
            continue
        now = whole[-1]
        if not volume.warn[0] <= 100 * now.records / usual <= volume.warn[1]:
            whose = f" of {sender}" if sender else ""
            found.append(f"{str(now.month)[:7]}{whose} ({said(now.records, is_personal)}, usually {said(round(usual), is_personal)})")
    return found
