"""Runs a suite with Great Expectations on a view of the pipeline's own DuckDB connection.

All rules that can be counted are asked in one statement, as one expectation; the others each as its own. No row value ever enters
a result, except that a rule may name what offends by a label, of its contract or of what identifies a row, and only in tables without
personal columns.
"""

import functools
import gc
import importlib.util
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import duckdb

from expectations.counts import ROWS, Count, bound, counting, counts, is_counted, know_repeats, offends
from expectations.suite import COLUMNS, NOT_RUN, Outcome, Rule
from sources.contract import Contract

LABELS_SHOWN = 5
# The view Great Expectations knows; what it shows is another table each time.
AUDITED = "audited"
# Expectations -> of each the name of its rule, and its result.
Validate = Callable[[list[Any]], Iterator[tuple[str, Any]]]


class AuditError(Exception):
    """A rule that could not be run: a fault of the rule or of the tool, not of the data."""


def audit(con: duckdb.DuckDBPyConnection, contract: Contract, rules: list[Rule], view: str, others: dict[str, str]) -> list[Outcome]:
    """Outcome of each rule on `view`, in order.

    `view` is a view of `con`, like "marts.response_time_monthly"; `others` maps the names of tables a relationship may point
    to onto views. Raises AuditError when a rule cannot be run.
    """
    if not rules:
        return []
    if wrong := _wrong_columns(con, contract, rules, view):
        first, *rest = rules
        return [Outcome.of(first, False, 1, wrong), *(Outcome.of(rule, False, 0, NOT_RUN) for rule in rest)]
    known = others | know_repeats(con, rules, view)
    found, rows = _found(_validator(con, view), rules, view, known)
    outcomes = []
    for rule in rules:
        count = found[rule.name]
        named = "" if count.passed else _named(con, contract, rule, view, known)
        # A table without a row has no offender to count, and offends.
        offenders = 0 if count.passed else max(1, count.offenders)
        outcomes.append(Outcome.of(rule, count.passed, offenders, named, rows if count.asked is None else count.asked))
    return outcomes


def _found(validate: Validate, rules: list[Rule], view: str, others: dict[str, str]) -> tuple[dict[str, Count], int]:
    """What each rule finds, and how many rows there are: rules that can be counted by one statement, the rest each by itself."""
    counted, apart = [r for r in rules if is_counted(r)], [r for r in rules if not is_counted(r)]
    try:
        [(_, result)] = validate([_all_counted(counting(counted, view, others))])
    except AuditError:
        # Alone, the one that cannot be run is told by its name.
        dict(validate([alone(r, view, others) for r in counted]))
        raise
    row = result.result["observed_value"]
    alone_found = {name: Count(bool(r.success), _offenders(r.result)) for name, r in validate([alone(r, view, others) for r in apart])}
    return counts(counted, row) | alone_found, int(row[ROWS])


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
def context() -> Any:
    """One Great Expectations context for the process: a new one costs a temporary folder each. Importing it takes seconds."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    # What is made here stays until the process ends: looking through it for garbage is a third of what importing costs.
    gc.disable()
    try:
        with warnings.catch_warnings(action="ignore"):
            _leave_until_used("scipy", "stats")
            import great_expectations as gx
            from great_expectations.data_context.types.base import ProgressBarsConfig

            made = gx.get_context(mode="ephemeral")
            made.variables.progress_bars = ProgressBarsConfig(globally=False)
            return made
    finally:
        gc.freeze()
        gc.enable()


def _leave_until_used(package: str, name: str) -> None:
    """Have a module of a package loaded when something of it is first asked for. No rule of ours needs the statistics that Great
    Expectations imports for its own, which are a third of what importing it costs.
    """
    whole = f"{package}.{name}"
    parent, spec = importlib.import_module(package), importlib.util.find_spec(whole)
    if whole in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[whole] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # The import system looks at modules it finds by name, and so would load it.
    setattr(parent, name, module)


@functools.cache
def _whole_view() -> Any:
    """The batch definition of what is audited: one for the process, since Great Expectations writes down every change of its settings."""
    from sqlalchemy.pool import NullPool

    from expectations.buffered_duckdb import NAME, opened

    source = context().data_sources.add_sql(
        "pipeline", connection_string=f"{NAME}:///:memory:", kwargs={"creator": opened, "poolclass": NullPool}, create_temp_table=False
    )
    # Not a query asset: to learn the columns of one, Great Expectations fetches every row of it.
    return source.add_table_asset("table", table_name=AUDITED, schema_name="main").add_batch_definition_whole_table("all")


def _validator(con: duckdb.DuckDBPyConnection, view: str) -> Validate:
    """Validates expectations and yields the name of each one's rule with its result, in no order.

    All of them as one suite: Great Expectations then asks several in one query, and prepares itself once instead of for each.
    """
    context()
    from expectations.buffered_duckdb import open_from_now_on

    con.execute(f"create or replace view main.{AUDITED} as from {view}")
    open_from_now_on(con)
    with warnings.catch_warnings(action="ignore"):
        batch = _whole_view().get_batch()

    def validate(expectations: list[Any]) -> Iterator[tuple[str, Any]]:
        if not expectations:
            return
        from great_expectations import ExpectationSuite

        with warnings.catch_warnings(action="ignore"):
            suite = ExpectationSuite(name=view, expectations=expectations)
            found = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
        for result in found.results:
            name = result.expectation_config.meta["rule"]
            # Great Expectations reports its own faults as failed expectations, which would look like bad data.
            raised = result.exception_info
            if raised.get("raised_exception") or any(isinstance(v, dict) and v.get("raised_exception") for v in raised.values()):
                text = raised.get("exception_message") or next(v["exception_message"] for v in raised.values() if isinstance(v, dict))
                raise AuditError(f"{view}: {name} could not be run: {text}")
            yield name, result

    return validate


def _all_counted(statement: str) -> Any:
    from expectations.every_rule import ExpectEveryRuleToBeCounted

    return ExpectEveryRuleToBeCounted(statement=statement, meta={"rule": "a rule"})


def alone(rule: Rule, view: str, others: dict[str, str]) -> Any:
    """The rule as an expectation that Great Expectations runs by itself."""
    from great_expectations.expectations import core

    if rule.expectation == "_UnexpectedRows":
        sql = bound(rule, rule.kwargs["query"], view, others).replace("{", "{{").replace("}", "}}")
        # The rule names its view itself; the comment is for Great Expectations, which warns of a query without its placeholder.
        sql += " /* {batch} */"
        return core.unexpected_rows_expectation.UnexpectedRowsExpectation(unexpected_rows_query=sql, meta={"rule": rule.name})
    return getattr(core, f"Expect{rule.expectation}")(**rule.kwargs, meta={"rule": rule.name})


def _offenders(result: dict[str, Any]) -> int:
    counted = result.get("unexpected_count", result.get("observed_value"))
    if isinstance(counted, str):
        counted = counted.split()[0]
    return int(counted) if isinstance(counted, int | float) or (isinstance(counted, str) and counted.isdigit()) else 1


def _named(con: duckdb.DuckDBPyConnection, contract: Contract, rule: Rule, view: str, others: dict[str, str]) -> str:
    """The first offenders by the label the contract declares, '' where it declares none."""
    predicate = bound(rule, offends(rule), view, others)
    if rule.label is None or not predicate or contract.has_personal_columns:
        return ""
    order = "desc" if rule.newest_first else "asc"
    found = con.execute(f"select distinct {rule.label} as label from {view} as this where {predicate} order by label {order}").fetchall()
    shown = ", ".join(str(label) for (label,) in found[:LABELS_SHOWN])
    return shown + (f" and {len(found) - LABELS_SHOWN} more" if len(found) > LABELS_SHOWN else "")
