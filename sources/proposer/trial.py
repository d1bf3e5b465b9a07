"""A proposed layout tried on its file: what it reads is shown before anybody corrects it. Nothing is written but scratch."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from sources.documents import ContractError
from sources.dry_run import first_records
from sources.layout import Extract, LayoutFault, load_layout
from sources.matching import OPEN
from sources.parse import Delivery
from sources.proposer.layout_yaml import Proposed, propose
from sources.reasons import Refused
from sources.unpack import unpack


def proposal(
    file: Path, name: str, extracts: list[Extract], con: duckdb.DuckDBPyConnection, scratch: Path, person_key: bytes, shows_values: bool
) -> dict[str, Any]:
    """A first layout for the file, in YAML, which layouts read it already, and what is read by the new one. Raises Refused."""
    inside = scratch / "proposed"
    try:
        inner_name = unpack(file, name, inside).inner_name
        proposed = propose(inside, inner_name, extracts)
        tried = _tried(inside, inner_name, proposed, con, person_key, shows_values)
        known = ", ".join(_read_already(inside, inner_name, extracts))
        facts = {"extract": proposed.extract.name, "layout": proposed.text, "is_of_persons": proposed.is_of_persons}
        return facts | {"known": known, "tried": tried}
    finally:
        inside.unlink(missing_ok=True)


def _tried(
    inside: Path, name: str, proposed: Proposed, con: duckdb.DuckDBPyConnection, person_key: bytes, shows_values: bool
) -> dict[str, Any]:
    """How many records the layout takes and the first of them, refused ones with their reasons; or why it cannot be tried. Of persons
    nothing is shown unless it is asked for.
    """
    contract = proposed.extract.contract
    written, target = inside.with_name("proposed.yaml"), inside.with_name("proposed.parquet")
    # What it leaves open is tried as missing, but for persons, and a name that does not say its month as if it did.
    missing = "|".join(c.name for c in contract.columns if c not in contract.persons)
    open_as_missing = re.sub(rf'^(  ({missing})): "{re.escape(OPEN)}"', r'\1: {sql: "null"}', proposed.text, flags=re.MULTILINE)
    stem, mark, ending = name.rpartition(".")
    names = [name, *(f"{stem}_{period}{mark}{ending}" for period in (proposed.month, proposed.month[:4]))]
    try:
        written.write_text(open_as_missing, "utf-8")
        layout = load_layout(written, contract)
        called = next((n for n in names if layout.file is None or layout.file.fullmatch(n)), name)
        reading = Delivery(inside, Extract(contract, (layout,)), called, person_key).parse(con, target)
        columns = contract.columns if shows_values or not proposed.is_of_persons else []
        counts = {n: getattr(reading, n) for n in ("records", "accepted", "quarantined", "ignored")}
        return counts | {"reasons": sorted(reading.reasons), "first": first_records(con, target, columns)}
    except Refused as refused:
        return {"why_not_tried": refused.told(proposed.is_of_persons)}
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
