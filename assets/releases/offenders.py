"""The rows that a check complains of: of the version that failed it, else of the one that is published."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.catalog.declared import REFERENCE, Catalog, Table
from assets.lake.files import Lake
from assets.lake.line import Line
from assets.tables.domain_state import DomainState
from assets.tables.inputs import Inputs
from assets.tables.versions import tonight_sql
from expectations.counts import bound, offends
from expectations.suite import SMALL_CELLS, Rule
from sources.casts import ident
from sources.duck import relation
from sources.errors import Missing


class OfPersons(Missing):
    """Rows that are not shown since each is about a person. The text says where they lie."""


class NoRows(Missing):
    """What is asked for has no rows to show. The text says why."""


@dataclass(frozen=True)
class Offenders:
    """Rows that offend a rule: their `columns` and values, and the folder of the version they are in."""

    words: str
    folder: Path
    columns: list[str]
    rows: list[tuple[Any, ...]]


def offenders(lake: Lake, catalog: Catalog, line: Line, check: str) -> Offenders:
    """The rows of `check`, like marts.response_time_monthly.sla_target_is_given. Raises Missing, OfPersons, NoRows."""
    name, _, called = check.rpartition(".")
    table = catalog.tables.get(name)
    rule = next((r for r in table.rules if r.name == called), None) if table else None
    if table is None or rule is None:
        raise Missing(f"There is no check {check}; meta.check_result names table_name and check_name, and `status` those that fail.")
    state = line.state(DomainState, REFERENCE if table.layer == REFERENCE else table.domain)
    attempt = next((a for a in state.attempts if a.table == name), None) if state else None
    if attempt is None:
        raise NoRows(f"{name} has not been made yet; `ventetal run` makes it.")
    places = (lake.failed(name, attempt.key), lake.version(name, attempt.key))
    folder = next((p for p in places if p.is_dir()), None)
    if folder is None:
        raise NoRows(f"The version of {name} that was judged last is not in the lake: {attempt.problem or 'it could not be made'}")
    shows_few = any(o.name == SMALL_CELLS and not o.passed for o in attempt.outcomes)
    if table.contract.has_personal_columns or shows_few:
        why = "What tells of few persons is in it" if shows_few else f"Each row of {name} is about a person"
        raise OfPersons(f"{why}, so no row is shown. The version lies in {folder}, for who may read it.")
    return Offenders(rule.words, folder, *_rows(lake, catalog, line, table, rule, folder))


def _rows(lake: Lake, catalog: Catalog, line: Line, table: Table, rule: Rule, folder: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    domains = (line.state(DomainState, name) for name in line.names(DomainState))
    published = {n: key for state in domains if state for n, key in state.tables.items()}
    others = {n: published[n] for n in table.checked_against if n in published}
    with Inputs(lake, catalog, lambda _: _raise(rule), lambda _: _raise(rule)).connect_to(others) as con:
        relation(con, table.name, tonight_sql(folder))
        key = ident(rule.kwargs["column"]) if rule.expectation == "ColumnValuesToBeUnique" else rule.key
        if key:
            where = f"qualify {key} is not null and count(*) over (partition by {key}) > 1" if "," not in key else ""
            where = where or f"qualify count(*) over (partition by {key}) > 1 order by {key}"
        elif predicate := bound(rule, offends(rule), table.name, dict(table.related)):
            where = f"where {predicate} order by all"
        else:
            raise NoRows(f"{table.name}.{rule.name} is about the whole table, no row by itself: {rule.words}")
        found = con.execute(f"select * from {table.name} as this {where}")
        return [d[0] for d in found.description or []], found.fetchall()


def _raise(rule: Rule) -> Any:
    raise NoRows(f"{rule.name} compares with an extract, whose records are not looked up here: {rule.words}")
