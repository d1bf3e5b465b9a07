"""Runs a suite with Great Expectations on a view of the pipeline's own DuckDB connection.

First every rule cheaply, true or false; then counts for those that failed. No row value ever enters a result, except
that a rule may name what offends by a label its contract declares, and only in tables without personal columns.
"""

import functools
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from expectations.suite import COLUMNS, Rule
from sources.contract import Contract

LABELS_SHOWN = 10
SOURCE = "pipeline"


class AuditError(Exception):
    """A rule that could not be run: a fault of the rule or of the tool, not of the data."""


@dataclass(frozen=True)
class Outcome:
    """What one rule found. `offenders` counts rows (or 1 for a rule about the whole table), never shows them.

    `accepted_until` (a date) and `accepted_reason` are set while an operator lets a failing rule pass.
    """

    name: str
    words: str
    severity: str
    column: str | None
    passed: bool
    offenders: int = 0
    named: str = ""
    accepted_until: str = ""
    accepted_reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether this outcome keeps the table from being published."""
        return not self.passed and self.severity == "error" and not self.accepted_until

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def audit(con: duckdb.DuckDBPyConnection, contract: Contract, rules: list[Rule], view: str, others: dict[str, str]) -> list[Outcome]:
    """Outcome of each rule on `view`, in order.

    `view` is a view of `con`, like "marts.response_time_monthly"; `others` maps the names of tables a relationship may point
    to onto views. Raises AuditError when a rule cannot be run.
    """
    if not rules:
        return []
    if wrong := _wrong_columns(con, contract, rules, view):
        first, *rest = rules
        return [_outcome(first, False, 1, wrong), *(_outcome(rule, False, 0, "not run") for rule in rest)]
    validator = _validator(con, view)
    expectations = [_expectation(rule, view, others) for rule in rules]
    passed = [bool(validator(e, "BOOLEAN_ONLY").success) for e in expectations]
    outcomes = []
    for rule, expectation, ok in zip(rules, expectations, passed, strict=True):
        offenders = 0 if ok else _offenders(validator(expectation, "BASIC").result)
        named = "" if ok else _named(con, contract, rule, view, others)
        outcomes.append(_outcome(rule, ok, offenders, named))
    return outcomes


def _outcome(rule: Rule, passed: bool, offenders: int = 0, named: str = "") -> Outcome:
    return Outcome(rule.name, rule.words, rule.severity, rule.column, passed, offenders, named)


def _wrong_columns(con: duckdb.DuckDBPyConnection, contract: Contract, rules: list[Rule], view: str) -> str:
    """How the view's columns differ from the contract's, for suites that promise columns: rules would stumble over it."""
    if rules[0].name != COLUMNS:
        return ""
    found = {name: type_ for name, type_, *_ in con.execute(f"describe {view}").fetchall()}
    wanted = {c.name: c.physicalType.replace(" ", "") for c in contract.columns}
    if list(found) != list(wanted):
        lacking, extra = [n for n in wanted if n not in found], [n for n in found if n not in wanted]
        return f"lacks {', '.join(lacking) or 'nothing'}; has {', '.join(extra) or 'nothing'} that the contract does not name; order counts"
    return "; ".join(f"{n} is {found[n]}, not {t}" for n, t in wanted.items() if found[n] != t)


@functools.cache
def _context() -> Any:
    """One Great Expectations context for the process: a new one costs a temporary folder each. Importing it takes seconds."""
    import logging

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        return context


def _validator(con: duckdb.DuckDBPyConnection, view: str) -> Callable[[Any, str], Any]:
    """Validates one expectation in a result format and returns its result."""
    context = _context()
    from expectations.buffered_duckdb import NAME, wrapped

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if any(name == SOURCE for name in context.data_sources.all()):
            context.data_sources.delete(SOURCE)
        source = context.data_sources.add_sql(
            SOURCE, connection_string=f"{NAME}:///:memory:", kwargs={"creator": lambda: wrapped(con)}, create_temp_table=False
        )
        schema, table = view.split(".")
        # Not a query asset: to learn the columns of one, Great Expectations fetches every row of it.
        asset = source.add_table_asset("table", table_name=table, schema_name=schema)
        batch = asset.add_batch_definition_whole_table("all").get_batch()

    def validate(expectation: Any, result_format: str) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = batch.validate(expectation, result_format={"result_format": result_format, "partial_unexpected_count": 0})
        # Great Expectations reports its own faults as failed expectations, which would look like bad data.
        raised = result.exception_info
        if raised.get("raised_exception") or any(isinstance(v, dict) and v.get("raised_exception") for v in raised.values()):
            text = raised.get("exception_message") or next(v["exception_message"] for v in raised.values() if isinstance(v, dict))
            raise AuditError(f"{view}: {type(expectation).__name__} could not be run: {text}")
        return result

    return validate


def _expectation(rule: Rule, view: str, others: dict[str, str]) -> Any:
    from great_expectations.expectations import core

    if rule.expectation == "_UnexpectedRows":
        sql = _bound(rule.kwargs["query"], view, others).replace("{", "{{").replace("}", "}}")
        # The rule names its view itself; the comment is for Great Expectations, which warns of a query without its placeholder.
        return core.unexpected_rows_expectation.UnexpectedRowsExpectation(unexpected_rows_query=sql + " /* {batch} */")
    return getattr(core, f"Expect{rule.expectation}")(**rule.kwargs)


def _bound(sql: str, view: str, others: dict[str, str]) -> str:
    """The rule's SQL with {object} and the {table}s of relationships replaced by views."""
    for name, relation in {"object": view, **others}.items():
        sql = sql.replace("{" + name + "}", relation)
    return sql


def _offenders(result: dict[str, Any]) -> int:
    counted = result.get("unexpected_count", result.get("observed_value"))
    if isinstance(counted, str):
        counted = counted.split()[0]
    number = int(counted) if isinstance(counted, int | float) or (isinstance(counted, str) and counted.isdigit()) else 1
    # A table without a row has no offender to count, and offends.
    return max(1, number)


def _named(con: duckdb.DuckDBPyConnection, contract: Contract, rule: Rule, view: str, others: dict[str, str]) -> str:
    """The first offenders by the label the contract declares, '' where it declares none."""
    if rule.label is None or rule.predicate is None or contract.has_personal_columns:
        return ""
    predicate, order = _bound(rule.predicate, view, others), "desc" if rule.newest_first else "asc"
    found = con.execute(f"select distinct {rule.label} as label from {view} as this where {predicate} order by label {order}").fetchall()
    shown = ", ".join(str(label) for (label,) in found[:LABELS_SHOWN])
    return shown + (f" and {len(found) - LABELS_SHOWN} more" if len(found) > LABELS_SHOWN else "")
