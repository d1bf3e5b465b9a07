"""A file that has not been delivered, beside what has been: whether it would wait for the operator for what it follows."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from assets.deliveries.claims import claim_of
from assets.deliveries.extracts import ExtractState
from assets.deliveries.receipts import Receipt
from assets.deliveries.stamps import Ahead, stamps_of_name
from assets.deliveries.standing import Standing, set_apart
from assets.lake.decisions import decisions
from assets.lake.files import Lake, recalled
from sources.layout import Extract
from sources.reading import Reading


def why_it_would_wait(lake: Lake, extract: Extract, verdict: dict[str, Any], now: datetime) -> str:
    """Why a file of which a dry run found `verdict` (`sources.dry_run`) would be held were it delivered `now`; '' where it would not.

    Nothing is known where the lake has had no night.
    """
    known = recalled(lake.files / ExtractState.FOLDER / f"{extract.name}.json", ExtractState)
    if known is None:
        return ""
    reading = Reading(**{f.name: verdict[f.name] for f in fields(Reading)})
    seen = now.isoformat(timespec="microseconds")
    try:
        received, order = stamps_of_name(extract, verdict["file"]).times(now, seen)
    except Ahead as ahead:
        return f"it is stamped {ahead}, which has not come: it would wait in landing"
    receipt = Receipt("", extract.name, verdict["file"], verdict["inner_name"], verdict["content"], 0, received, order)
    new = Standing(receipt, "", reading, claim=claim_of(extract, receipt, reading))
    before = (replace(d, status="", why="") for d in known.deliveries if d.reading)
    settled, _ = set_apart(extract.contract, sorted([*before, new], key=lambda d: d.receipt.order), decisions(lake, seen))
    return settled[""].why if "" in settled and settled[""].status == "held" else ""
