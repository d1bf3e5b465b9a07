"""What would happen to a file if it were delivered. Nothing is written but scratch."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from sources.casts import ident
from sources.judgement import NO_REASON
from sources.layout import Extract, LayoutFault
from sources.limits import why_held
from sources.parse import Delivery, refused_records
from sources.paths import quoted
from sources.reasons import Refused
from sources.unpack import unpack
from sources.vocabulary import Column

# How many records show how a file is read.
FIRST_RECORDS = 5


def dry_run(
    file: Path, name: str, extracts: list[Extract], con: duckdb.DuckDBPyConnection, scratch: Path, person_key: bytes, shows_values: bool
) -> dict[str, Any]:
    """Layout, counts and every refused record of the file under the first extract that it is of, and why it would wait where it would;
    why it is of none where it is.
    """
    refusals: dict[str, str] = {}
    target, inside = scratch / "checked.parquet", scratch / "checked"
    try:
        try:
            unpacked = unpack(file, name, inside)
        except Refused as refused:
            return {"file": name, "would_be_taken": False, "refusals": {e.name: refused.discreet for e in extracts}}
        for extract in extracts:
            try:
                delivery = Delivery(inside, extract, unpacked.inner_name, person_key)
                reading = delivery.parse(con, target)
            except Refused as refused:
                refusals[extract.name] = refused.told(extract.contract.has_personal_columns)
            except LayoutFault as fault:
                refusals[extract.name] = str(fault)
            else:
                records = refused_records(con, target)
                if not shows_values:
                    records = [{k: r[k] for k in ("line", "reasons")} for r in records]
                senders = [x.name for x in extract.contract.delivery.senders]
                sender = (
                    delivery.match.variables.get("$sender") or delivery.match.layout.sender or (senders[0] if len(senders) == 1 else "")
                )
                why = why_held(extract.contract, reading, sender)
                facts = asdict(unpacked) | {
                    "file": name,
                    "would_be_taken": not why,
                    "why_held": why,
                    "why_never_final": extract.why_never_final(delivery.match.layout),
                    "why_too_far": extract.why_too_far(delivery.match.layout),
                    "extract": extract.name,
                    "is_of_persons": extract.contract.has_personal_columns,
                    "quarantined": reading.quarantined,
                }
                first = first_records(con, target, extract.contract.columns) if shows_values else []
                return facts | asdict(reading) | {"refused": records, "first": first}
        return {"file": name, "would_be_taken": False, "refusals": refusals}
    finally:
        target.unlink(missing_ok=True)
        inside.unlink(missing_ok=True)


def first_records(con: duckdb.DuckDBPyConnection, parsed: Path, columns: list[Column]) -> list[dict[str, Any]]:
    """The first records as they are read: line, reasons, and what they say in `columns`."""
    shown = [c.name for c in columns]
    asked = ", ".join(["_line", "_errors", *(f"cast({ident(name)} as varchar)" for name in shown)])
    not_ignored = f"coalesce(_errors not in {NO_REASON}, true)"
    rows = con.execute(f"select {asked} from read_parquet({quoted(parsed)}) where {not_ignored} order by _line limit {FIRST_RECORDS}")
    return [
        {"line": line, "reasons": errors.split("; ") if errors else [], "record": dict(zip(shown, row, strict=True))}
        for line, errors, *row in rows.fetchall()
    ]
