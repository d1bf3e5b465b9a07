"""What would happen to a file if it were delivered, and a layout for one that nobody knows yet. Nothing is written but scratch."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from sources.casts import ident
from sources.contract import Contract
from sources.documents import ContractError
from sources.judgement import NO_REASON
from sources.layout import Extract, LayoutFault, load_layout
from sources.limits import why_held
from sources.parse import Delivery, refused_records
from sources.paths import quoted
from sources.proposer.layout_yaml import propose
from sources.reasons import Refused
from sources.unpack import unpack

# How many records show what a proposed layout reads.
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
                    "quarantined": reading.quarantined,
                }
                first = _first_records(con, target, extract.contract, shows_values) if shows_values else []
                return facts | asdict(reading) | {"refused": records, "first": first}
        return {"file": name, "would_be_taken": False, "refusals": refusals}
    finally:
        target.unlink(missing_ok=True)
        inside.unlink(missing_ok=True)


def proposal(
    file: Path, name: str, extracts: list[Extract], con: duckdb.DuckDBPyConnection, scratch: Path, person_key: bytes, shows_values: bool
) -> dict[str, Any]:
    """A first layout for the file, in YAML, and what is read by it. Raises Refused."""
    inside = scratch / "proposed"
    try:
        unpacked = unpack(file, name, inside)
        extract, text, month = propose(inside, unpacked.inner_name, extracts)
        stem, mark, ending = unpacked.inner_name.rpartition(".")
        # Tried as if its name said the month, where it does not.
        names = [unpacked.inner_name, *(f"{stem}_{period}{mark}{ending}" for period in (month, month[:4]))]
        known = ", ".join(_read_already(inside, unpacked.inner_name, extracts))
        return {
            "extract": extract.name,
            "layout": text,
            "known": known,
            "tried": _tried(inside, names, extract, text, con, person_key, shows_values),
        }
    finally:
        inside.unlink(missing_ok=True)


def _tried(
    inside: Path, names: list[str], extract: Extract, text: str, con: duckdb.DuckDBPyConnection, person_key: bytes, shows_values: bool
) -> dict[str, Any]:
    """How many records a layout takes and the first of them, refused ones with their reasons; or why it cannot be tried. Of persons
    nothing is shown unless it is asked for.
    """
    written, target, contract = inside.with_name("proposed.yaml"), inside.with_name("proposed.parquet"), extract.contract
    try:
        # What it leaves open is tried as missing.
        written.write_text(re.sub(r'^(  \w+): "\?"', r'\1: {sql: "null"}', text, flags=re.MULTILINE), "utf-8")
        layout = load_layout(written, contract)
        name = next((n for n in names if layout.file is None or layout.file.fullmatch(n)), names[0])
        reading = Delivery(inside, Extract(contract, (layout,)), name, person_key).parse(con, target)
        first = _first_records(con, target, contract, shows_values)
        return asdict(reading) | {"quarantined": reading.quarantined, "first": first}
    except Refused as refused_file:
        return {"why_not_tried": refused_file.told(contract.has_personal_columns)}
    except ContractError as fault:
        return {"why_not_tried": str(fault)}
    finally:
        written.unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def _read_already(inside: Path, name: str, extracts: list[Extract]) -> Iterator[str]:
    """Layouts that fit the file as it is."""
    for extract in (e for e in extracts if e.layouts):
        with suppress(Refused, LayoutFault):
            yield f"layout {Delivery(inside, extract, name).match.layout.name} of {extract.name}"


def _first_records(con: duckdb.DuckDBPyConnection, parsed: Path, contract: Contract, shows_values: bool) -> list[dict[str, Any]]:
    """The first records as they are read: line, reasons, and what they say, of persons only where it is asked for."""
    shown = [c.name for c in contract.columns if shows_values or not contract.has_personal_columns]
    columns = ", ".join(["_line", "_errors", *(f"cast({ident(name)} as varchar)" for name in shown)])
    not_ignored = f"coalesce(_errors not in {NO_REASON}, true)"
    rows = con.execute(f"select {columns} from read_parquet({quoted(parsed)}) where {not_ignored} order by _line limit {FIRST_RECORDS}")
    return [
        {"line": line, "reasons": errors.split("; ") if errors else [], "record": dict(zip(shown, row, strict=True))}
        for line, errors, *row in rows.fetchall()
    ]
