"""How many rows offend each rule of a table, by one statement: a pass over the table instead of one for each rule.

What a count means is Great Expectations': each rule passes, and counts, as its own expectation does on the same table.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from expectations.suite import Rule
from sources.casts import ident, literal
from sources.repeats import repeated_hashes

# What the columns of the statement are called: rows of the table, offenders of the rule at a place, and rows it asks about.
ROWS, OFFENDERS, ASKED = "rows", "offenders of {}", "asked by {}"
REPEATED = "repeated_hashes"
HAS_SUBQUERY = re.compile(r"\b(select|from)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Count:
    """What a rule finds: `offenders` are rows, or what a table has of them where the rule is about their number.

    `asked` is of how many rows, where that is not all there are.
    """

    passed: bool
    offenders: int
    asked: int | None = None


def is_counted(rule: Rule) -> bool:
    """Whether the statement knows how to count what offends the rule."""
    return rule.expectation in _ROW_RULES or rule.expectation in _WHOLE_TABLE


def offends(rule: Rule) -> str:
    """SQL that is true for a row that offends the rule; '' where no row does by itself."""
    return _ROW_RULES[rule.expectation](rule) if rule.expectation in _ROW_RULES else rule.predicate or ""


def bound(rule: Rule, sql: str, view: str, others: Mapping[str, str]) -> str:
    """SQL of the rule with {object}, the {table}s of relationships and the {repeated_hashes} of its key replaced by what they are."""
    for name, relation in {"object": view, REPEATED: others.get(_repeats(rule), ""), **others}.items():
        sql = sql.replace("{" + name + "}", relation)
    return sql


def counting(rules: Iterable[Rule], view: str, others: Mapping[str, str]) -> str:
    """One row: how many rows `view` has, and of each rule how many offend it, and how many it asks about if it lets some offend."""
    columns = [f"count(*) as {ROWS}"]
    for place, rule in enumerate(rules):
        columns += [f"{expression} as {ident(name.format(place))}" for name, expression in _columns(rule, view, others)]
    return f"select {', '.join(columns)} from {view} as this"


def counts(rules: Iterable[Rule], row: Mapping[str, int]) -> dict[str, Count]:
    """What each rule finds, by its name, from the row that `counting` selects."""
    return {rule.name: _count(rule, place, row) for place, rule in enumerate(rules)}


def know_repeats(con: duckdb.DuckDBPyConnection, rules: Iterable[Rule], view: str) -> dict[str, str]:
    """Tables of the hashes that repeat of each key the rules ask about, under the names that `counting` knows them by."""
    known = {}
    for rule in rules:
        if key := _key(rule):
            # No temporary table: Great Expectations looks from another cursor.
            known[_repeats(rule)] = table = ident(f"{REPEATED} of {rule.name}")
            hashes = repeated_hashes(con, key, view).tolist()
            con.execute(f"create or replace table {table} as select unnest($hashes::ubigint[]) as hash", {"hashes": hashes})
    return known


def _columns(rule: Rule, view: str, others: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the statement selects for a rule: name, with a place for the rule's, and SQL."""
    if rule.expectation in _WHOLE_TABLE:
        return []
    if rule.expectation == "_UnexpectedRows" and (not rule.predicate or HAS_SUBQUERY.search(rule.predicate)):
        return [(OFFENDERS, f"(select count(*) from ({bound(rule, rule.kwargs['query'], view, others)}))")]
    if rule.expectation == "ColumnValuesToBeUnique":
        key = _key(rule)
        suspect = f"select {key} as key from {view} where {key} is not null and hash({key}) in (from {others[_repeats(rule)]})"
        return [(OFFENDERS, f"(select coalesce(sum(n), 0) from (select count(*) as n from ({suspect}) group by key having count(*) > 1))")]
    is_wrong = bound(rule, offends(rule), view, others)
    counted = [(OFFENDERS, f"count(*) filter (where {is_wrong})")]
    if "mostly" in rule.kwargs:
        # Whether a value is missing is asked of every row, anything else of those that have one.
        counted.append((ASKED, "count(*)" if rule.expectation == "ColumnValuesToNotBeNull" else f"count({_column(rule)})"))
    return counted


def _count(rule: Rule, place: int, row: Mapping[str, int]) -> Count:
    if rule.expectation == "TableColumnsToMatchOrderedList":
        return Count(True, 0)
    if rule.expectation == "TableRowCountToBeBetween":
        return Count(_is_within(row[ROWS], rule.kwargs), row[ROWS])
    offenders = int(row[OFFENDERS.format(place)])
    if "mostly" in rule.kwargs and (asked := row[ASKED.format(place)]):
        return Count((asked - offenders) / asked >= rule.kwargs["mostly"], offenders, asked)
    return Count(offenders == 0, offenders)


def _is_within(number: int, limits: Mapping[str, Any]) -> bool:
    least, most = limits.get("min_value"), limits.get("max_value")
    is_enough = least is None or number > least or (number == least and not limits.get("strict_min"))
    return is_enough and (most is None or number < most or (number == most and not limits.get("strict_max")))


def _key(rule: Rule) -> str:
    """The columns no two rows may share, as SQL; '' for a rule of something else."""
    return ident(rule.kwargs["column"]) if rule.expectation == "ColumnValuesToBeUnique" else rule.key


def _repeats(rule: Rule) -> str:
    return f"{REPEATED} of {rule.name}"


def _outside(measured: str, limits: Mapping[str, Any]) -> str:
    """True for a value beyond the limits; a missing one is no offender."""
    beyond = [
        f"{measured} {sign}{'=' if limits.get(f'strict_{end}') else ''} {_value(limits[f'{end}_value'])}"
        for end, sign in (("min", "<"), ("max", ">"))
        if limits.get(f"{end}_value") is not None
    ]
    return f"({' or '.join(beyond)})"


def _among(rule: Rule) -> str:
    return f"{_column(rule)} in ({', '.join(map(_value, rule.kwargs['value_set']))})"


def _column(rule: Rule) -> str:
    return ident(rule.kwargs["column"])


def _value(value: Any) -> str:
    """A limit or a code of a contract as SQL."""
    return str(value) if isinstance(value, int | float) else literal(value.isoformat() if isinstance(value, date) else str(value))


# Expectation -> SQL that is true for an offending row.
_ROW_RULES: dict[str, Callable[[Rule], str]] = {
    "ColumnValuesToNotBeNull": lambda rule: f"{_column(rule)} is null",
    # No row offends by itself: asked by a query of its own.
    "ColumnValuesToBeUnique": lambda rule: "",
    "ColumnValuesToBeBetween": lambda rule: _outside(_column(rule), rule.kwargs),
    "ColumnValueLengthsToBeBetween": lambda rule: _outside(f"length({_column(rule)})", rule.kwargs),
    "ColumnValuesToBeInSet": lambda rule: f"not {_among(rule)}",
    "ColumnValuesToNotBeInSet": _among,
    "_UnexpectedRows": lambda rule: rule.predicate or "",
}
_WHOLE_TABLE = ("TableColumnsToMatchOrderedList", "TableRowCountToBeBetween")
