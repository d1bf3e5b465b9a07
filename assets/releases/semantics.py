"""How the numbers of marts may be added up, and which columns lead to which lookup: for programs that would else guess it.

Both follow from contracts: `aggregate` of a column, its `relationships`, and that the same name means the same thing everywhere.
"""

import csv
from collections.abc import Collection, Iterator
from typing import Any

from assets.catalog.declared import MARTS, REFERENCE, Catalog, Table
from assets.tables.qualifiers import QF
from sources.casts import ident, literal
from sources.contract import Contract

LABELS = f"{REFERENCE}.code_label"
VALID_FROM, VALID_TO = "valid_from", "valid_to"


def measures(catalog: Catalog, published: Collection[str]) -> list[tuple[Any, ...]]:
    """meta.measure: every number of the marts that are `published`, the columns it may be added over, and the SQL that does so."""
    found = []
    for table in _marts(catalog, published):
        period, others = period_of(table.contract), [c for c in table.contract.key if c != period_of(table.contract)]
        for column in (c for c in table.contract.columns if c.aggregate):
            over = {"sum": table.contract.key, "snapshot": others}.get(column.aggregate or "", [])
            total = f"sum({ident(column.name)})"
            # A sum of whole numbers has more digits than most programs read.
            sql = (f"cast({total} as bigint)" if column.physicalType == "BIGINT" else total) if column.aggregate != "none" else None
            about = (column.businessName, column.unit, column.aggregate)
            found.append((table.name, column.name, *about, ", ".join(over) or None, period, sql))
    return found


def relationships(catalog: Catalog, published: Collection[str]) -> list[tuple[Any, ...]]:
    """meta.relationship: columns of the marts that are `published`, the column of the lookup they lead to, and the condition of the join,
    each by its table's name alone. No row of a mart meets two.
    """
    found, labelled = [], {column for column, _ in labels_of(catalog)}
    for table in _marts(catalog, published):
        own = {c.name for c in table.contract.columns}
        for lookup, column, there in sorted(_looked_up(catalog, table)):
            condition = f"{table.contract.id}.{ident(column)} = {lookup.partition('.')[2]}.{ident(there)}"
            condition += _in_force(catalog.contract(lookup), table.contract)
            found.append((table.name, column, lookup, there, condition))
        for column in sorted(c for c in own & labelled - {QF} if not has_name(c, own)):
            label = LABELS.partition(".")[2]
            condition = f"{label}.column_name = {literal(column)} and {table.contract.id}.{ident(column)} = {label}.code"
            found.append((table.name, column, LABELS, "code", condition))
    return found


def period_of(contract: Contract) -> str | None:
    """The column that says which month, quarter or year a row is of."""
    dates = {c.name for c in contract.columns if c.physicalType == "DATE"}
    return next((name for name in contract.key if name in dates), None)


def has_name(column: str, columns: Collection[str]) -> bool:
    """Whether what a code is called stands beside it, like hospital_name beside hospital_code."""
    return any(f"{stem}_name" in columns for stem in (column, column.removesuffix("_code"), column.removesuffix("_id")))


def labels_of(catalog: Catalog) -> dict[tuple[str, str], str]:
    """What the codes of columns are called: (column, code) -> label."""
    table = catalog.tables.get(LABELS)
    return {(r["column_name"], r["code"]): r["label"] for r in csv.DictReader(table.text.splitlines())} if table else {}


def _marts(catalog: Catalog, published: Collection[str]) -> list[Table]:
    return [t for t in catalog.tables.values() if t.layer == MARTS and t.name in published]


def _looked_up(catalog: Catalog, table: Table) -> Iterator[tuple[str, str, str]]:
    """(Lookup, own column, column there): what the contract says, and lookups that are about a column of the same name alone."""
    own = {c.name for c in table.contract.columns}
    for lookup in catalog.references:
        about = [name for name in lookup.contract.key if name != VALID_FROM]
        said = {(column, there) for to, column, there in table.contract.refers_to if to == lookup.contract.id}
        same = {(about[0], about[0])} if len(about) == 1 and about[0] in own else set()
        yield from ((lookup.name, column, there) for column, there in said | same)


def _in_force(lookup: Contract, mart: Contract) -> str:
    """Of a lookup with days: that the row holds on the first day of the mart's period."""
    if VALID_FROM not in lookup.key:
        return ""
    day = f"{mart.id}.{ident(period_of(mart) or '')}" if period_of(mart) else "current_date"
    return f" and {day} between {lookup.id}.{VALID_FROM} and {lookup.id}.{VALID_TO}"
