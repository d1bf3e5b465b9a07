"""What was refused, for the person who asks the supplier to send it again."""

from pathlib import Path
from typing import Any

from assets.deliveries.readings import whole
from assets.lake.files import Lake
from assets.releases.database import open_release
from sources.duck import connect, dicts
from sources.parse import refused_records


def refused(lake: Lake, release: Path, extract: str, with_records: bool, with_values: bool) -> dict[str, Any]:
    """Refused files, and the reasons of refused records of deliveries in force or held; `extract` '' is all.

    With records: file, line and reasons of each; with values also the supplier's text, as far as the lake keeps it.
    """
    with open_release(release) as con:
        files = dicts(
            con, "select extract, file_name, reason, why, receipt_id from meta.receipt where status = 'refused' order by received_at"
        )
        reasons = dicts(con, """
            select receipt.extract, receipt.file_name, summary.reason, summary.records
            from meta.quarantine_summary as summary join meta.receipt as receipt using (parse_id)
            where receipt.status in ('current', 'held')
            order by receipt.received_at, receipt.file_name, summary.reason""")  # fmt: skip
        parses = dicts(
            con, "select extract, file_name, parse_id from meta.receipt where status in ('current', 'held') order by received_at, file_name"
        )
    found: dict[str, Any] = {
        "files": [f | {"path": str(lake.rejected / f["receipt_id"])} for f in files if extract in ("", f["extract"])],
        "reasons": [r for r in reasons if extract in ("", r["extract"])],
    }
    if with_records:
        con = connect(lake.files / "scratch-of-readers")
        shown = ("line", "reasons", "original") if with_values else ("line", "reasons")
        found["records"] = [
            {"file_name": p["file_name"]} | {k: r[k] for k in shown}
            for p in parses
            if extract in ("", p["extract"])
            for r in refused_records(con, whole(lake, p["extract"], p["parse_id"]))
        ]
    return found
