"""Which input columns each column of a table comes from, read off its SQL."""

from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from assets.catalog.declared import Catalog, Lineage, Table
from assets.catalog.statements import Macro
from assets.lake.log import warn
from sources.contract import digest

# By SQL and what it reads: a process may make the nights of several times.
_known: dict[str, Lineage] = {}


def column_lineage(catalog: Catalog, table: Table) -> Lineage:
    """Column -> the (table, column) pairs it is computed from, sorted; an empty list for a constant or a count of rows.

    Nothing for SQL that cannot be parsed: whether it runs is for DuckDB to say.
    """
    schema: dict[str, Any] = {}
    for name in table.reads:
        layer, input_table = name.split(".")
        schema.setdefault(layer, {})[input_table] = {c.name: c.physicalType for c in catalog.contract(name).columns}
    key = digest(table.text, [m.text for m in table.macros], schema)
    if key not in _known:
        try:
            _known[key] = _lineage(table, schema)
        except (SqlglotError, ValueError) as error:
            warn("lineage not known", table=table.name, error=type(error).__name__)
            return {}
    return _known[key]


def _lineage(table: Table, schema: dict[str, Any]) -> Lineage:
    tree = qualify(expanded(table), dialect="duckdb", schema=schema, validate_qualify_columns=False, identify=False)
    set_in_order(tree)
    # Trimmed selects are for drawing; they copy the query for every column, nine tenths of what this takes.
    nodes = lineage(None, tree, schema, dialect="duckdb", scope=build_scope(tree), trim_selects=False)
    assert isinstance(nodes, dict)
    return {column: sorted(_origins(node)) for column, node in nodes.items()}


def set_in_order(tree: exp.Expr) -> None:
    """Give the parts of each union by name the same columns at the same places, by which they are followed."""
    # Deepest first: an outer union has the columns that those within it have.
    for union in [u for u in tree.find_all(exp.SetOperation) if u.args.get("by_name")][::-1]:
        parts = list(_parts(union))
        names = list(dict.fromkeys(name for part in parts for name in part.named_selects))
        for part in parts:
            there = dict(zip(part.named_selects, part.selects, strict=True))
            part.set("expressions", [there.get(name) or exp.alias_(exp.null(), name) for name in names])
        union.set("by_name", None)


def _parts(query: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from (*_parts(query.left), *_parts(query.right))
    elif isinstance(query, exp.Select):
        yield query


def expanded(table: Table) -> exp.Expr:
    """The table's SQL with what its macros stand for in their place."""
    macros = {m.name: m for m in table.macros}
    tree = sqlglot.parse_one(table.text, dialect="duckdb")
    # The innermost first: what a call is given may call another.
    for call in reversed([call for call in tree.find_all(exp.Anonymous) if call.name in macros]):
        call.replace(_filled(macros[call.name], call.expressions))
    return tree


def _filled(macro: Macro, arguments: list[exp.Expr]) -> exp.Expr:
    given = dict(zip(macro.parameters, arguments, strict=True))
    body = sqlglot.parse_one(macro.body, dialect="duckdb")
    for column in list(body.find_all(exp.Column)):
        if not column.table and column.name in given:
            column.replace(given[column.name].copy())
    return body


def _origins(node: Node) -> set[tuple[str, str]]:
    found = set()
    for part in node.walk():
        if isinstance(part.expression, exp.Table) and part.expression.db:
            found.add((f"{part.expression.db}.{part.expression.name}", part.name.split(".")[-1].strip('"')))
    return found
