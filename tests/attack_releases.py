"""What somebody can work out who lays any two releases side by side: by how much a number about persons changed between them.

Known is what both show, but for what they say may stand at an older value; how numbers hang together, by the contracts; and which way
each of them goes. A difference of one to four must be able to be five different ones.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import duckdb

from assets.catalog.declared import Catalog, Table
from assets.lake.files import Lake, load
from assets.tables.linked import PART_OF, Cell, cell_of
from assets.tables.qualifiers import columns_of
from assets.tables.record import ENTRY, Entry
from assets.tables.versions import PART
from sources.disclosure_words import Disclosure
from sources.duck import dicts
from tests.attack import Attack

Row = dict[str, Any]
Rows = dict[Cell, Row]
# Table, cell and number.
Name = tuple[str, Cell, str]
# One release, another, and a number.
Difference = tuple[str, str, Name]
THRESHOLD = 5


class Releases:
    """What was published of the final periods of protected tables, and what was true then."""

    def __init__(self, lake: Lake, catalog: Catalog) -> None:
        self._lake = lake
        self.tables = {t.name: t for t in catalog.computed if t.contract.disclosure}
        entries = [load(p, Entry) for name in self.tables for p in (lake.record / name).glob(f"[!.]*/{ENTRY}")]
        self.entries = sorted(entries, key=lambda e: (e.as_of, e.created_at))

    def ranges(self) -> dict[Difference, tuple[int, int]]:
        """Difference -> the smallest and largest that is possible, of those that are one to four."""
        found = {}
        for kind, period in sorted({(self._kind(e.table), p) for e in self.entries for p in e.periods}):
            tables = [t for t in self.tables if self._kind(t) == kind]
            releases = dict.fromkeys(e.release for e in self.entries if period in e.periods and e.table in tables)
            for one, other in combinations(releases, 2):
                found |= {(one, other, name): ends for name, ends in self._between(tables, period, one, other).items()}
        return found

    def _kind(self, table: str) -> str:
        """Tables that hang together at one time: of a domain and a kind of period."""
        return f"{self.tables[table].domain} {_spec(self.tables[table]).within[0]}"

    def _between(self, tables: list[str], period: str, one: str, other: str) -> dict[Name, tuple[int, int]]:
        attack, differences = Attack(), dict[Name, int]()
        true = {t: [self._rows(t, period, r, PART) for r in (one, other)] for t in tables}
        true = {t: states for t, states in true.items() if None not in states}
        for name, (before, after) in true.items():
            spec, shown = _spec(self.tables[name]), [self._shown(name, period, r) for r in (one, other)]
            for cell in before.keys() | after.keys():
                for number in spec.numbers:
                    then, now = ((rows[cell].get(number) if cell in rows else 0) for rows in (before, after))
                    if then is None or now is None:
                        continue
                    key = name, cell, number
                    differences[key] = int(now) - int(then)
                    seen = all(_is_known(rows, cell, number) for rows in shown) and PART_OF not in before.get(cell, {})
                    attack.number(key)
                    if seen:
                        attack.is_exactly(key, abs(differences[key]))
        for name, (before, after) in true.items():
            for terms in _sums(self.tables[name], {**before, **after}, {t: {**a, **b} for t, (a, b) in true.items()}):
                terms = {n: sign * (-1 if differences[n] < 0 else 1) for n, sign in terms.items() if n in differences}
                if sum(sign * abs(differences[n]) for n, sign in terms.items()) == 0:
                    attack.sums([n for n, s in terms.items() if s > 0], [n for n, s in terms.items() if s < 0])
        return {n: attack.range_of(n) for n, d in differences.items() if 0 < abs(d) < THRESHOLD}

    def _rows(self, table: str, period: str, release: str, file: str) -> Any:
        """What was true of a period when a release was made; None where it had not been published, or was not looked at again."""
        entry = next((e for e in self.entries if (e.table, e.release) == (table, release) and period in e.periods), None)
        return None if entry is None else self._read(self._lake.record / table / release / file, table, period)

    def _shown(self, table: str, period: str, release: str) -> Rows:
        return self._read(self._lake.releases / release / "marts" / f"{self.tables[table].contract.id}.parquet", table, period)

    def _read(self, file: Any, table: str, period: str) -> Rows:
        spec = _spec(self.tables[table])
        with duckdb.connect() as con:
            rows = dicts(con, f"select * from '{file}' where cast({spec.within[0]} as varchar) = '{period}'")
        return {cell_of(r, spec.key): r for r in rows}


def told(ranges: dict[Difference, tuple[int, int]]) -> dict[Difference, tuple[int, int]]:
    """Differences that can be told too closely: fewer than five are possible."""
    return {name: (low, high) for name, (low, high) in ranges.items() if high - low < THRESHOLD - 1}


def _spec(table: Table) -> Disclosure:
    assert table.contract.disclosure
    return table.contract.disclosure


def _is_known(rows: Rows, cell: Cell, number: str) -> bool:
    """Whether a release tells a number as it was then; a row that is not there tells that there was nothing."""
    if number.startswith("_"):
        return False
    return cell not in rows or (rows[cell][number] is not None and number not in columns_of(rows[cell]).get("r", ()))


def _sums(table: Table, rows: Rows, all_rows: dict[str, Rows]) -> Iterable[dict[Name, int]]:
    """Numbers that add up to others: in a row, and to the rows of a whole."""
    spec, gathers = _spec(table), {(*cell[:-1], r[PART_OF]) for cell, r in rows.items() if r.get(PART_OF) is not None}
    for cell, row in rows.items():
        for s in spec.sums:
            whole, *parts = (row[n] if isinstance(row.get(n), str) else n for n in (s.whole, *s.parts))
            if whole is not None:
                yield {(table.name, cell, p): 1 for p in parts if p is not None} | {(table.name, cell, whole): -1}
    for total in spec.totals:
        if total.table not in all_rows:
            continue
        for own, other in total.numbers.items():
            groups: dict[Any, dict[Name, int]] = defaultdict(dict)
            for name, of, number, sign in ((table.name, rows, own, 1), (total.table, all_rows[total.table], other, -1)):
                for cell, row in of.items():
                    if cell not in gathers or sign < 0:
                        groups[cell_of(row, spec.within), cell_of(row, total.on)][name, cell, number] = sign
            yield from groups.values()
