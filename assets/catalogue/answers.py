"""The questions of a table, and what the release answers."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from math import isfinite
from typing import Any

import duckdb

from assets.catalog.declared import Table
from assets.catalog.questions import questions
from assets.catalog.statements import reads, tokens
from assets.catalogue.reading import Reading
from assets.catalogue.words import text, word
from assets.pages.danish import head
from sources.vocabulary import Column

MOST_ROWS = 25
NO_VALUE = "–"
# Functions whose result leaves out what has no value without saying so.
OVER_ROWS = {"sum", "avg", "mean", "median"}


@dataclass(frozen=True)
class Answer:
    """A question, its SQL, and the answer as a table of texts; `is_cut` where it has more rows, no heads where it cannot be asked.
    `leaves_out` where it adds up a table in which numbers are withheld.
    """

    ask: str
    sql: str
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    numeric: list[bool] = field(default_factory=list)
    is_cut: bool = False
    leaves_out: bool = False

    @property
    def lacks_some(self) -> bool:
        return any(NO_VALUE in row for row in self.rows)


def answers(reading: Reading, table: Table) -> list[Answer]:
    """What the release says to each question of the table."""
    return [_answer(reading, table, q.ask, q.sql) for q in questions(reading.catalog.tree, table)]


def _answer(reading: Reading, table: Table, ask: str, sql: str) -> Answer:
    try:
        found = reading.con.execute(sql)
        names, rows = [d[0] for d in found.description or []], found.fetchall()
    except duckdb.Error:
        # A release of another version, which has other columns.
        return Answer(ask, sql)
    known = _columns(reading, table)
    shown = rows[:MOST_ROWS]
    heads = [head(known[n].businessName or n, known[n].unit) if n in known else n for n in names]
    codes = reading.codes_of(names)
    numeric = [any(isinstance(r[i], int | float | Decimal) and not isinstance(r[i], bool) for r in rows) for i in range(len(names))]
    texts = [[_text(codes[n], known.get(n), n, value) for n, value in zip(names, row, strict=True)] for row in shown]
    return Answer(ask, sql, heads, texts, numeric, len(rows) > MOST_ROWS, _leaves_out(reading, sql, ask))


def _leaves_out(reading: Reading, sql: str, ask: str) -> bool:
    said = tokens(sql, ask)
    calls = {name.text.casefold() for name, bracket in pairwise(said) if bracket.text == "("}
    return bool(calls & OVER_ROWS) and not reading.withheld.isdisjoint(reads(sql, ask))


def _text(codes: dict[str, str], column: Column | None, name: str, value: Any) -> str:
    # A share of nothing is no number.
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return NO_VALUE
    return word(value, name, codes) or text(value, name, column.unit if column else None)


def _columns(reading: Reading, table: Table) -> dict[str, Column]:
    """What a name of a column means: in this table first, else in any other, since a field is declared once."""
    found = {c.name: c for t in reading.catalog.tables.values() for c in t.contract.columns}
    return found | {c.name: c for c in table.contract.columns}
