"""Tables drawn as text: how tests say what is given and what is expected.

    month      | system_id | attempts
    2015-04-01 | ORBIT     | 2

A blank cell is NULL, '' an empty text. An expectation judges the columns it names, in the order of the rows.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from assets.catalog.declared import Catalog, Table
from assets.tables.engines import OWN_ROWS, Rows
from sources.casts import ident, literal
from sources.duck import no_rows, relation

# Where a test says nothing of deliveries, they cover these months, and all of them are final.
COVERED = ("1999-01", "2017-12")
Drawn = list[dict[str, str | None]]


def drawn(text: str) -> Drawn:
    header, *lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [cell.strip() for cell in header.split("|")]
    return [dict(zip(names, (_cell(c) for c in line.split("|")), strict=True)) for line in lines]


def _cell(text: str) -> str | None:
    text = text.strip()
    return None if text == "" else "" if text == "''" else text


@dataclass
class expect:
    """Compares equal to rows that say the same in the columns it names."""

    text: str

    def __eq__(self, other: object) -> bool:
        wanted = drawn(self.text)
        assert isinstance(other, list)
        found = [{name: _said(row[name]) for name in wanted[0]} for row in other] if wanted else other
        assert found == wanted
        return True


def _said(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


class Tables:
    """The project's SQL over drawn inputs. An input nobody drew is empty, but for what deliveries cover; lookups are the project's own."""

    def __init__(self, catalog: Catalog, con: duckdb.DuckDBPyConnection, rows: Rows = OWN_ROWS) -> None:
        self.catalog, self.con, self.rows, self.given_names = catalog, con, rows, set[str]()

    def given(self, name: str, text: str) -> None:
        """Draw the rows of a table; columns left out are NULL."""
        types = {c.name: c.physicalType for c in self.catalog.contract(name).columns}
        rows = drawn(text)
        unknown = {n for row in rows for n in row} - set(types)
        assert not unknown, f"{name} has no {unknown}"
        written = ", ".join(f"({', '.join(_value(row.get(n), t) for n, t in types.items())})" for row in rows)
        typed = ", ".join(f"cast({ident(n)} as {t}) as {ident(n)}" for n, t in types.items())
        self._show(name, f"select {typed} from (values {written}) as given({', '.join(map(ident, types))})")

    def covers(self, extract: str, first: str, last: str, final: str = "", known_until: str = "", lacks: str = "") -> None:
        """Deliveries of an extract cover the months (2015-04) from `first` to `last`. Those up to `final`, all if not given, are final.

        A month is known until long after its end, or until `known_until`.
        """
        months = f"generate_series(date '{first}-01', date '{last}-01', interval 1 month)"
        until = f"timestamp '{known_until}'" if known_until else "month + interval 1 year"
        relation(
            self.con,
            f"coverage.{extract}",
            f"""
            select cast(month as date) as month, {not lacks} as is_delivered,
                {not lacks} and month <= date '{final or last}-01' as is_final,
                cast({until} as timestamp) as known_until, {literal(lacks)} as lacks
            from (select unnest({months}) as month)""",
        )
        self.given_names.add(f"coverage.{extract}")

    def run(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table computed from what was given; tables between are computed on the way."""
        table = self.catalog.tables[name]
        self.prepare(table)
        found = self.con.execute(self.rows.of(table))
        names = [d[0] for d in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def prepare(self, table: Table) -> None:
        """Give the connection all that a table's SQL names."""
        for needed in table.reads:
            if needed not in self.given_names:
                self._provide(needed)
        for macro in table.macros:
            self.con.execute(macro.text)

    def _provide(self, name: str) -> None:
        contract = self.catalog.contract(name)
        columns = {c.name: c.physicalType for c in contract.columns}
        if name.startswith("coverage."):
            self.covers(name.removeprefix("coverage."), *COVERED)
        elif name.startswith("reference."):
            paths = [self.catalog.tables[name].path, self.catalog.tree.added(contract.id)]
            files, types = (
                ", ".join(literal(str(p)) for p in paths if p),
                ", ".join(f"{literal(n)}: {literal(t)}" for n, t in columns.items()),
            )
            relation(self.con, name, f"select * from read_csv([{files}], header = true, quote = '\"', columns = {{{types}}})")
        elif name.startswith("raw."):
            relation(self.con, name, no_rows(contract))
        else:
            table = self.catalog.tables[name]
            self.prepare(table)
            self._show(name, self.rows.of(table))
        self.given_names.add(name)

    def _show(self, name: str, sql: str) -> None:
        """Rows that are made once, however often they are asked for."""
        made = ident(f"made {name}")
        self.con.execute(f"create or replace table {made} as {sql}")
        relation(self.con, name, f"select * from {made}")
        self.given_names.add(name)


def _value(text: str | None, type_: str) -> str:
    if text is None:
        return "null"
    return literal({"yes": "true", "no": "false"}.get(text, text) if type_ == "BOOLEAN" else text)
