"""The rows that a check complains of: of the version that was judged last, whether it is published or failed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import duckdb

from assets.catalog.declared import RAW, REFERENCE, Catalog, Table
from assets.lake.files import Lake
from assets.lake.line import Line
from assets.tables.domain_state import DomainState
from assets.tables.inputs import Inputs
from assets.tables.versions import tonight_sql
from expectations.counts import bound, offends
from expectations.suite import SMALL_CELLS, Rule
from sources.casts import ident
from sources.duck import relation, said_of
from sources.errors import Missing


class OfPersons(Missing):
    """Rows that are not shown since they tell of persons. The text says where they lie."""


class NoRows(Missing):
    """What is asked for has no rows to show. The text says why."""


@dataclass(frozen=True)
class Offenders:
    """Rows that offend a rule: their `columns` and values, and the folder of the version they are in."""

    words: str
    folder: Path
    columns: list[str]
    rows: list[tuple[Any, ...]]


def shows_rows(catalog: Catalog, check: str) -> bool:
    """Whether `offenders` has rows to show of a check, as far as what is declared tells."""
    name, _, called = check.rpartition(".")
    table = catalog.tables.get(name)
    rule = _rule(table, called)
    return table is not None and rule is not None and bool(_where(table, rule)) and not _is_of_persons(catalog, table)


def offenders(lake: Lake, catalog: Catalog, line: Line, check: str) -> Offenders:
    """The rows of `check`, like marts.response_time_monthly.sla_target_is_given; of what is made of persons' records where its rows
    stand, and no number. Raises Missing, OfPersons, NoRows.
    """
    name, _, called = check.rpartition(".")
    table = catalog.tables.get(name)
    rule = _rule(table, called)
    if name.startswith(f"{RAW}."):
        raise NoRows(f"{check} is a check of deliveries: `quarantine --records` shows what is wrong with theirs.")
    if table is None or rule is None:
        raise Missing(
            f"There is no check {check} of a table; `status` names those that fail, and `quarantine` what is wrong with deliveries."
        )
    states = {d: state for d in line.names(DomainState) if (state := line.state(DomainState, d))}
    state = states.get(REFERENCE if table.layer == REFERENCE else table.domain)
    attempt = next((a for a in state.attempts if a.table == name), None) if state else None
    if attempt is None:
        raise NoRows(f"{name} has not been made yet; `ventetal run` makes it.")
    folder = next((p for p in (lake.failed(name, attempt.key), lake.version(name, attempt.key)) if p.is_dir()), None)
    if folder is None:
        raise NoRows(f"The version of {name} that was judged last is not in the lake: {attempt.problem or 'it could not be made'}")
    if _is_of_persons(catalog, table) or any(o.name == SMALL_CELLS and not o.passed for o in attempt.outcomes):
        raise OfPersons(f"{name} tells of few persons, so no row is shown. The version lies in {folder}, for who may read it.")
    where = _where(table, rule)
    if not where:
        raise NoRows(f"{check} is about the whole table, no row by itself: {rule.words}")
    # What the version was compared with: tonight's, where that was made, else what is published.
    keys = {t: key for s in states.values() for t, key in s.tables.items()}
    keys |= {a.table: a.key for s in states.values() for a in s.attempts if a.stands}
    others = {n: keys[n] for n in table.checked_against if n in keys}
    shown = ", ".join(map(ident, table.contract.key)) if catalog.stands_on_persons(name) else "*"
    try:
        with Inputs(lake, catalog, _no_extract, _no_extract).connect_to(others) as con:
            relation(con, name, tonight_sql(folder))
            found = con.execute(f"select {shown} from {name} as this {where}")
            return Offenders(rule.words, folder, [d[0] for d in found.description or []], found.fetchall())
    except duckdb.Error as error:
        raise NoRows(f"The rule cannot be asked of that version any more: {said_of(error, catalog.stands_on_persons(name))}.") from None


def _rule(table: Table | None, called: str) -> Rule | None:
    return next((r for r in table.rules if r.name == called), None) if table else None


def _is_of_persons(catalog: Catalog, table: Table) -> bool:
    """Whether its rows are persons, or numbers of them that nothing has protected."""
    return table.layer == "core" and catalog.stands_on_persons(table.name)


def _where(table: Table, rule: Rule) -> str:
    """SQL that follows the table and leaves the rows that offend, in order; '' where no row does by itself."""
    if key := ident(rule.kwargs["column"]) if rule.expectation == "ColumnValuesToBeUnique" else rule.key:
        return f"where ({key}) is not null qualify count(*) over (partition by {key}) > 1 order by {key}"
    predicate = bound(rule, offends(rule), table.name, dict(table.related))
    return f"where {predicate} order by all" if predicate else ""


def _no_extract(name: str) -> NoReturn:
    raise KeyError(name)
