"""Small cells: which figures about persons a table withholds, so that none can be told from what it publishes.

A cell with fewer persons than the threshold (`reference.disclosure_threshold`, by the period of the figure) is withheld
(primary); then cells beside it, until subtracting what is published from the totals leaves every withheld number a range that
holds at least as many values and reaches the threshold (secondary). What was once withheld stays
withheld: the ledger remembers it. Rules: domain specification 8.

Worked out between a table's SQL and its audit, so no file ever holds an unprotected cell. Columns of the SQL that begin with
`_` are for this module alone and reach no table.
"""

from collections import Counter
from itertools import groupby
from math import inf
from typing import Any

import duckdb

from assets.catalog.statements import THRESHOLD
from assets.tables.ledger import Cell, Withheld
from sources.casts import ident, literal
from sources.contract import Contract
from sources.vocabulary import Disclosure, DisclosureGroup

Row = dict[str, Any]


def protected(
    con: duckdb.DuckDBPyConnection, contract: Contract, sql: str, remembered: set[tuple[Cell, str]]
) -> tuple[str, list[Withheld]]:
    """The select that yields `sql` without what must be withheld, and what it withholds, on `con`."""
    spec = contract.disclosure
    assert spec is not None
    con.execute(f"create or replace temp table unprotected as {sql}")
    result = con.execute("select * from unprotected")
    names = [d[0] for d in result.description]
    rows = [dict(zip(names, values, strict=True)) for values in result.fetchall()]
    withheld = cells_to_withhold(spec, rows, remembered)
    con.execute('create or replace temp table withheld (cell varchar[], "group" varchar)')
    if withheld:
        con.executemany("insert into withheld values (?, ?)", [(list(w.cell), w.group) for w in withheld])
    return _select(contract, spec), withheld


def cells_to_withhold(spec: Disclosure, rows: list[Row], remembered: set[tuple[Cell, str]]) -> list[Withheld]:
    """What to withhold in all the tables of cells that `rows` hold."""
    found: list[Withheld] = []
    ordered = sorted(rows, key=lambda row: _cell(row, spec.within))
    for _, members in groupby(ordered, key=lambda row: _cell(row, spec.within)):
        table = list(members)
        chosen: dict[str, set[int]] = {}
        for group in spec.groups:
            before = {i for i, row in enumerate(table) if (_cell(row, spec.key), group.name) in remembered}
            small = {i for i, row in enumerate(table) if _is_small(row, group)}
            start = before.union(small, *(chosen[other] for other in group.after))
            chosen[group.name] = _block(spec, table, start) if len(spec.cells) == 2 else _line(spec, group, table, start)
            for i in chosen[group.name]:
                cause = "primary" if i in small else "ledger" if i in before else "secondary"
                found.append(Withheld(_cell(table[i], spec.key), group.name, cause))
    return sorted(found)


def _is_small(row: Row, group: DisclosureGroup) -> bool:
    """Whether a number of the group describes fewer persons than the threshold; NULL describes nobody."""
    least = row[group.least] if group.least else None
    return least is not None and (0 if group.zeroTells else 1) <= least < _threshold(row)


def _threshold(row: Row) -> float:
    """How many persons a cell of the row's period must have to be published; no number is enough where none is in force."""
    return inf if row[THRESHOLD] is None else float(row[THRESHOLD])


def _line(spec: Disclosure, group: DisclosureGroup, table: list[Row], start: set[int]) -> set[int]:
    """The rows to withhold of a table of one dimension whose total is known, beginning with `start`."""
    withheld = set(start)
    totals = {i for i, row in enumerate(table) if spec.total and row[spec.total]}
    size = group.additive[0] if group.additive else spec.key[0]
    order = sorted(set(range(len(table))) - totals, key=lambda i: (table[i][size] or 0, _cell(table[i], spec.key)))
    # Part of nothing is nothing: withholding it hides nothing.
    candidates = [i for i in order if i not in withheld and (group.atMost is None or table[i][group.atMost])]
    while not _is_safe_line(group, table, withheld - totals):
        if not candidates:
            return withheld | totals
        withheld.add(candidates.pop(0))
    return withheld


def _is_safe_line(group: DisclosureGroup, table: list[Row], withheld: set[int]) -> bool:
    """Whether each withheld number keeps its range, given the sum of them and what else bounds each."""
    most = {i: int(table[i][group.atMost] or 0) for i in withheld} if group.atMost else None
    for measure in group.additive if withheld else ():
        part = {i: int(table[i][measure] or 0) for i in withheld}
        numbers = [part] if most is None else [part, {i: most[i] - part[i] for i in withheld}]
        if sum(part.values()) == 0 and measure in group.mayBeZero:
            continue
        if not all(_are_wide(values, most, _threshold(table[0])) for values in numbers):
            return False
    return True


def _are_wide(values: dict[int, int], most: dict[int, int] | None, threshold: float) -> bool:
    """Whether each of the withheld `values` keeps its range when their sum is known and each is at most `most`."""
    hidden = sum(values.values())
    bounds = {i: hidden if most is None else min(hidden, most[i]) for i in values}
    return all(_is_wide(max(0, hidden - sum(bounds.values()) + bounds[i]), bounds[i], threshold) for i in values)


def _is_wide(low: int, high: int, threshold: float) -> bool:
    return high >= threshold and high - low >= threshold - 1


def _block(spec: Disclosure, table: list[Row], start: set[int]) -> set[int]:
    """The cells to withhold of a table of two dimensions whose margins are known: all where some rows and columns cross.

    A whole block has ranges that can be written down: between what the margins force and the smaller of the two margins.
    `_row_is_loose` and `_column_is_loose` mark cells whose margin is itself withheld in a table of one dimension.
    """
    by_row, by_column = spec.cells
    count = spec.groups[0].additive[0]
    loose = (
        {row[by_row] for row in table if row.get("_row_is_loose")},
        {row[by_column] for row in table if row.get("_column_is_loose")},
    )
    chosen = {by_row: {table[i][by_row] for i in start} | loose[0], by_column: {table[i][by_column] for i in start} | loose[1]}
    if not chosen[by_row] and not chosen[by_column]:
        return set()
    spare = {dim: _smallest_first(table, dim, count, chosen[dim]) for dim in spec.cells}
    while not _is_safe_block(spec, table, chosen, loose):
        wanting = min((d for d in spec.cells if spare[d]), key=lambda d: (len(chosen[d]) >= 2, len(chosen[d]), d), default=None)
        if wanting is None:
            break
        chosen[wanting].add(spare[wanting].pop(0))
    return {i for i, row in enumerate(table) if row[by_row] in chosen[by_row] and row[by_column] in chosen[by_column]}


def _smallest_first(table: list[Row], dim: str, count: str, chosen: set[str]) -> list[str]:
    size: Counter[str] = Counter()
    for row in table:
        size[row[dim]] += int(row[count])
    return sorted((value for value in size if value not in chosen), key=lambda value: (size[value], value))


def _is_safe_block(spec: Disclosure, table: list[Row], chosen: dict[str, set[str]], loose: tuple[set[str], set[str]]) -> bool:
    """Whether each cell of the block keeps its range. Margins of loose rows and columns are not known, only their sum is."""
    by_row, by_column = spec.cells
    count = spec.groups[0].additive[0]
    rows, columns = chosen[by_row], chosen[by_column]
    if len(rows) < 2 or len(columns) < 2:
        return False
    block = [r for r in table if r[by_row] in rows and r[by_column] in columns]
    hidden = sum(int(r[count]) for r in block)

    def margin(dim: str, value: str, unknown: set[str]) -> int:
        alike = unknown if value in unknown else {value}
        return sum(int(r[count]) for r in block if r[dim] in alike)

    for r in block:
        across, down = margin(by_row, r[by_row], loose[0]), margin(by_column, r[by_column], loose[1])
        is_loose = r[by_row] in loose[0] or r[by_column] in loose[1]
        low = 0 if is_loose else max(0, across + down - hidden)
        if not _is_wide(low, min(across, down), _threshold(r)):
            return False
    return True


def _cell(row: Row, columns: list[str]) -> Cell:
    return tuple("" if row[c] is None else str(row[c]) for c in columns)


def _select(contract: Contract, spec: Disclosure) -> str:
    """The contract's columns of `unprotected`, NULL where withheld, with `c` in the qualifier."""
    group_of = {measure: g.name for g in spec.groups for measure in g.withholds}
    expressions = []
    for column in contract.columns:
        name = ident(column.name)
        if column.name == "qf":
            letters = "list_sort(list_distinct(list_append(string_split(qf, ''), 'c')))"
            expressions.append(f"case when hidden.groups is not null then array_to_string({letters}, '') else qf end as qf")
        elif column.name in spec.yearBefore:
            group = group_of[spec.yearBefore[column.name]]
            expressions.append(f"case when not coalesce(list_contains(earlier.groups, {literal(group)}), false) then {name} end as {name}")
        elif column.name in group_of:
            is_hidden = f"coalesce(list_contains(hidden.groups, {literal(group_of[column.name])}), false)"
            expressions.append(f"case when not {is_hidden} then {name} end as {name}")
        else:
            expressions.append(name)
    earlier = ""
    if spec.yearBefore:
        earlier = f"left join hidden as earlier on earlier.cell = {_cell_sql(spec, 'cast(month - interval 12 month as date)')}"
    return f"""
        with hidden as (select cell, list("group") as groups from withheld group by cell)
        select {", ".join(expressions)}
        from unprotected
        left join hidden on hidden.cell = {_cell_sql(spec, "month")}
        {earlier}
        order by all"""


def _cell_sql(spec: Disclosure, month: str) -> str:
    """A row's cell as `_cell` gives it."""
    parts = [f"coalesce(cast({month if c == 'month' else ident(c)} as varchar), '')" for c in spec.key]
    return f"[{', '.join(parts)}]"
