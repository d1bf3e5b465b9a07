"""Every suite of the project, asked rule by rule by Great Expectations itself, says what one statement for all of them says."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.catalog.declared import Catalog
from expectations.counts import know_repeats
from expectations.runner import _offenders, _validator, alone, audit
from expectations.suite import COLUMNS, Rule, raw_rules
from sources.casts import ident
from sources.contract import Contract
from sources.duck import connect
from sources.vocabulary import Column

ROWS = 30


def drawn(column: Column, draw: random.Random) -> list[Any]:
    """Values of a column: some lawful, some beyond its limits, some missing, some twice; or none that offends."""
    limits = [v for k, v in column.logicalTypeOptions.items() if k in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")]
    kind = column.physicalType.partition("(")[0]
    values: list[Any]
    match kind:
        case "BOOLEAN":
            values = [True, False]
        case "DATE" | "TIMESTAMP":
            ends = [datetime.fromisoformat(str(v)) for v in limits] or [datetime(2015, 1, 1)]
            values = [end + timedelta(days=n) for end in ends for n in (-1, 0, 1, 31)]
            values = [v.date() for v in values] if kind == "DATE" else values
        case "VARCHAR":
            said = [v for q in column.quality for v in q.arguments.get("validValues", q.arguments.get("missingValues", [])) if v]
            values = [*map(str, said), "a", "1301", "2015-01"]
        case _:
            whole = [int(float(v)) for v in limits] or [0]
            values = [v + n for v in whole for n in (-1, 0, 1, 7)]
    if kind == "VARCHAR" and draw.random() < 0.2:
        return [f"{values[0]}{n}" for n in range(ROWS)]
    lawful = [values[min(1, len(values) - 1)] if kind != "VARCHAR" else values[0]]
    pool = draw.choice((lawful, values, [*values, None], [*lawful * 30, None]))
    return [draw.choice(pool) for _ in range(ROWS)]


def fill(con: duckdb.DuckDBPyConnection, name: str, contract: Contract, draw: random.Random, is_empty: bool) -> None:
    columns = ", ".join(f"{ident(c.name)} {c.physicalType}" for c in contract.columns)
    con.execute(f"create schema if not exists {name.partition('.')[0]}; create or replace table {name} ({columns})")
    values = [value for row in zip(*(drawn(c, draw) for c in contract.columns), strict=True) for value in row]
    if is_empty:
        return
    row = f"({', '.join('?' for _ in contract.columns)})"
    con.execute(f"insert into {name} values {', '.join([row] * ROWS)}", values)


@pytest.fixture(params=[0, 1, 2])
def filled(request: pytest.FixtureRequest, catalog: Catalog, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """All tables and current records of the project, drawn: the last time empty."""
    draw, is_empty = random.Random(request.param), request.param == 2
    with connect(tmp_path) as con:
        for name, table in catalog.tables.items():
            fill(con, name, table.contract, draw, is_empty)
        for name, extract in catalog.extracts.items():
            fill(con, f"raw.{name}", extract.contract, draw, is_empty)
            fill(con, f"coverage.{name}", catalog.contract(f"coverage.{name}"), draw, is_empty)
        yield con


def by_itself(con: duckdb.DuckDBPyConnection, rules: list[Rule], view: str, others: dict[str, str]) -> dict[str, tuple[bool, int]]:
    """What Great Expectations finds of each rule as an expectation of its own."""
    known = others | know_repeats(con, rules, view)
    found = {}
    for name, result in _validator(con, view)([alone(r, view, known) for r in rules]):
        found[name] = (True, 0) if result.success else (False, max(1, _offenders(result.result)))
    return found


def test_one_statement_finds_of_each_rule_what_great_expectations_finds_of_it_alone(
    catalog: Catalog, filled: duckdb.DuckDBPyConnection
) -> None:
    suites = [(n, t.contract, t.rules, dict(t.related)) for n, t in catalog.tables.items()]
    suites += [(f"raw.{n}", e.contract, raw_rules(e.contract), {}) for n, e in catalog.extracts.items()]
    said: Counter[tuple[str, bool]] = Counter()
    for name, contract, rules, others in suites:
        if not rules:
            continue
        told = {o.name: (o.passed, o.offenders) for o in audit(filled, contract, rules, name, others)}
        assert told == by_itself(filled, rules, name, others), name
        said.update((r.expectation, told[r.name][0]) for r in rules if r.name != COLUMNS)
    if filled.execute("select count(*) from reference.target").fetchone() != (0,):
        kinds = {kind for kind, _ in said}
        assert {(kind, verdict) for kind in kinds for verdict in (True, False)} - set(said) == {("TableRowCountToBeBetween", False)}
