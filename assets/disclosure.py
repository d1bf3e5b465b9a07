"""Small cells: which figures about persons a table withholds, so that none can be told from what it publishes.

A cell with fewer persons than the threshold is withheld (primary); then cells beside it, until subtracting what is published
from the totals leaves every withheld cell a range that holds at least `threshold` values and reaches the threshold
(secondary). What was once withheld stays withheld: the ledger remembers it. Rules: domain specification 8; threshold 5 covers
both Statistics Denmark's three and the five of Danish health data.

Worked out between a table's SQL and its audit, so no file ever holds an unprotected cell. Columns that begin with `_` are for
this module alone and reach no table.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import duckdb

from assets.lake import Lake, read_json, write_json
from sources.casts import ident, literal
from sources.contract import Contract, Disclosure, DisclosureGroup, digest

# The cell's columns as JSON, and how many of the groups, counted from the last, it withholds: see `Withheld.depth`.
Row = dict[str, Any]
SUPPRESSED = "_suppressed"


@dataclass(frozen=True, order=True)
class Withheld:
    """A withheld cell: the values of its columns, and the first group of measures that is withheld (0 = all of them)."""

    cell: tuple[str, ...]
    group: int
    cause: str = "secondary"

    @property
    def key(self) -> tuple[tuple[str, ...], int]:
        return self.cell, self.group


class Ledger:
    """What has been withheld of one table, up to a time."""

    def __init__(self, lake: Lake, table: str, as_of: str) -> None:
        self._folder, self._table, self._as_of = lake.files / "ledger" / table, table, as_of
        self.cells: dict[tuple[str, ...], int] = {}
        for path in sorted(self._folder.glob("*.json")):
            entry = read_json(path)
            if entry["as_of"] <= as_of:
                self._enlarge((tuple(cell), group) for cell, group in entry["cells"])

    def _enlarge(self, cells: Iterable[tuple[tuple[str, ...], int]]) -> None:
        for cell, group in cells:
            self.cells[cell] = min(group, self.cells.get(cell, group))

    def digest_with(self, withheld: Iterable[Withheld]) -> str:
        """Names the ledger as it will be once `withheld` is in it; the same as before when it already is."""
        known = dict(self.cells)
        for w in withheld:
            known[w.cell] = min(w.group, known.get(w.cell, w.group))
        return digest("ledger", sorted(known.items())) if known else ""

    def remember(self, withheld: Iterable[Withheld]) -> None:
        """Write what is new to the ledger; before a release shows it."""
        new = sorted(w.key for w in withheld if self.cells.get(w.cell, w.group + 1) > w.group)
        if new:
            write_json(self._folder / f"{digest(self._as_of, new)}.json", {"as_of": self._as_of, "table": self._table, "cells": new})
            self._enlarge(new)


def protected(con: duckdb.DuckDBPyConnection, contract: Contract, sql: str, ledger: Ledger) -> tuple[str, list[Withheld]]:
    """The select that yields `sql` without what must be withheld, and the cells it withholds, on `con`."""
    spec = contract.disclosure
    assert spec is not None
    con.execute(f"create or replace temp table unprotected as {sql}")
    result = con.execute("select * from unprotected")
    names = [d[0] for d in result.description]
    rows = [dict(zip(names, values, strict=True)) for values in result.fetchall()]
    withheld = _withheld(spec, rows, ledger.cells)
    con.execute("create or replace temp table withheld (cell varchar, first_group integer)")
    if withheld:
        con.executemany("insert into withheld values (?, ?)", [(json.dumps(w.cell), w.group) for w in withheld])
    return _select(contract, spec), withheld


def _withheld(spec: Disclosure, rows: list[Row], ledger: dict[tuple[str, ...], int]) -> list[Withheld]:
    """All cells to withhold in all tables of cells that `rows` hold."""
    found: list[Withheld] = []
    ordered = sorted(rows, key=lambda row: _cell(row, spec.within))
    for _, members in groupby(ordered, key=lambda row: _cell(row, spec.within)):
        table = list(members)
        inner: set[int] = set()
        causes: dict[int, Withheld] = {}
        for depth, group in enumerate(spec.groups):
            remembered = {i for i, row in enumerate(table) if ledger.get(_cell(row, spec.key), depth + 1) <= depth}
            small = {i for i, row in enumerate(table) if _is_small(row, group, spec)}
            start = inner | remembered | small
            whole = _block(spec, table, start) if len(spec.cells) == 2 else _line(spec, group, table, start)
            for i in whole - inner:
                cause = "primary" if i in small else "ledger" if i in remembered else "secondary"
                causes[i] = Withheld(_cell(table[i], spec.key), depth, cause)
            inner = whole
        found += causes.values()
    return sorted(found)


def _is_small(row: Row, group: DisclosureGroup, spec: Disclosure) -> bool:
    """Whether a number of the group describes fewer persons than the threshold; NULL describes nobody."""
    least = row[group.least]
    return least is not None and (0 if group.zeroTells else 1) <= least < spec.threshold


def _line(spec: Disclosure, group: DisclosureGroup, table: list[Row], start: set[int]) -> set[int]:
    """The rows to withhold of a table of one dimension whose total is known, beginning with `start`."""
    withheld = set(start)
    totals = {i for i, row in enumerate(table) if spec.total and row[spec.total]}
    cells = [i for i in range(len(table)) if i not in totals]
    order = sorted(cells, key=lambda i: (table[i][group.additive[0]] or 0, _cell(table[i], spec.key)))
    candidates = [i for i in order if i not in withheld]
    while not _is_safe_line(spec, group, table, withheld - totals):
        if not candidates:
            return withheld | totals
        withheld.add(candidates.pop(0))
    return withheld


def _is_safe_line(spec: Disclosure, group: DisclosureGroup, table: list[Row], withheld: set[int]) -> bool:
    """Whether each withheld number keeps its range, given the sum of them and what else bounds each."""
    for measure in group.additive if withheld else ():
        values = {i: int(table[i][measure] or 0) for i in withheld}
        hidden = sum(values.values())
        if hidden == 0 and measure in group.mayBeZero:
            continue
        bounds = {i: hidden if group.atMost is None else min(hidden, int(table[i][group.atMost] or 0)) for i in withheld}
        for i in withheld:
            low = max(0, hidden - sum(bounds[j] for j in withheld if j != i))
            if not _is_wide(low, bounds[i], spec.threshold):
                return False
    return True


def _is_wide(low: int, high: int, threshold: int) -> bool:
    return high >= threshold and high - low >= threshold - 1


def _block(spec: Disclosure, table: list[Row], start: set[int]) -> set[int]:
    """The cells to withhold of a table of two dimensions whose margins are known: all where some rows and columns cross.

    A whole block has ranges that can be written down: between what the margins force and the smaller of the two margins.
    """
    by_row, by_column = spec.cells
    count = spec.groups[0].additive[0]
    loose = (
        {i for i, row in enumerate(table) if row.get("_row_is_loose")},
        {i for i, row in enumerate(table) if row.get("_column_is_loose")},
    )
    rows = {table[i][by_row] for i in start | loose[0]}
    columns = {table[i][by_column] for i in start | loose[1]}
    if not start and not rows and not columns:
        return set()
    size = {
        dim: {v: sum(int(r[count]) for r in table if r[dim] == v) for v in sorted({r[dim] for r in table})} for dim in (by_row, by_column)
    }
    spare = {
        by_row: sorted((v for v in size[by_row] if v not in rows), key=lambda v: (size[by_row][v], v)),
        by_column: sorted((v for v in size[by_column] if v not in columns), key=lambda v: (size[by_column][v], v)),
    }
    chosen = {by_row: rows, by_column: columns}
    loose_rows = {table[i][by_row] for i in loose[0]}
    loose_columns = {table[i][by_column] for i in loose[1]}
    while not _is_safe_block(spec, table, rows, columns, loose_rows, loose_columns):
        wanting = min((d for d in spec.cells if spare[d]), key=lambda d: (len(chosen[d]) >= 2, len(chosen[d]), d), default=None)
        if wanting is None:
            break
        chosen[wanting].add(spare[wanting].pop(0))
    return {i for i, row in enumerate(table) if row[by_row] in rows and row[by_column] in columns}


def _is_safe_block(
    spec: Disclosure, table: list[Row], rows: set[str], columns: set[str], loose_rows: set[str], loose_columns: set[str]
) -> bool:
    """Whether each cell of the block keeps its range. Margins of loose rows and columns are not known, only their sum is."""
    by_row, by_column = spec.cells
    count = spec.groups[0].additive[0]
    block = [r for r in table if r[by_row] in rows and r[by_column] in columns]
    if len(rows) < 2 or len(columns) < 2:
        return False
    hidden = sum(int(r[count]) for r in block)

    def margin(dim: str, value: str, loose: set[str]) -> int:
        alike = loose if value in loose else {value}
        return sum(int(r[count]) for r in block if r[dim] in alike)

    for r in block:
        across, down = margin(by_row, r[by_row], loose_rows), margin(by_column, r[by_column], loose_columns)
        low = 0 if r[by_row] in loose_rows or r[by_column] in loose_columns else max(0, across + down - hidden)
        if not _is_wide(low, min(across, down), spec.threshold):
            return False
    return True


def _cell(row: Row, columns: list[str]) -> tuple[str, ...]:
    return tuple("" if row[c] is None else str(row[c]) for c in columns)


def _select(contract: Contract, spec: Disclosure) -> str:
    """The contract's columns of `unprotected`, NULL where withheld, with `c` in the qualifier."""
    first: dict[str, int] = {}
    for depth, group in enumerate(spec.groups):
        for measure in group.withholds:
            first.setdefault(measure, depth)
    expressions = []
    for column in contract.columns:
        name = ident(column.name)
        if column.name == "qf":
            letters = f"list_sort(list_distinct(list_append(string_split({name}, ''), 'c')))"
            expressions.append(f"case when withheld.first_group is not null then array_to_string({letters}, '') else {name} end as {name}")
        elif column.name in spec.yearBefore:
            depth = first[spec.yearBefore[column.name]]
            expressions.append(f"case when coalesce(earlier.first_group, 99) > {depth} then {name} end as {name}")
        elif column.name in first:
            # A cell that withholds a group withholds those after it: they say more.
            depth = first[column.name]
            expressions.append(f"case when coalesce(withheld.first_group, 99) > {depth} then {name} end as {name}")
        else:
            expressions.append(name)
    earlier = ""
    if spec.yearBefore:
        earlier = f"left join withheld as earlier on earlier.cell = {_cell_sql(spec, 'cast(month - interval 12 month as date)')}"
    return f"""
        select {", ".join(expressions)}
        from unprotected
        left join withheld on withheld.cell = {_cell_sql(spec, "month")}
        {earlier}
        order by all"""


def _cell_sql(spec: Disclosure, month: str) -> str:
    """A row's cell as `json.dumps` writes it."""
    parts = [f"coalesce(cast({month if c == 'month' else ident(c)} as varchar), '')" for c in spec.key]
    quoted = ", ".join(f"""'"' || {part} || '"'""" for part in parts)
    return f"'[' || concat_ws({literal(', ')}, {quoted}) || ']'"
