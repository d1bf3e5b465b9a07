"""DuckDB's SQL in Spark's words: one transform for each construct that the two read differently, and sqlglot for the rest.

A construct that cannot be said so that it means the same is refused; none is left to mean something else. What Spark refuses itself
(another function, a cast that fails, a division by zero) need not stand here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from assets.catalog.lineage import set_in_order
from assets.tables.engines.spark_selects import (
    NotPortable,
    qualify_in_outer_select,
    refuse_unnest_beside_windows,
    refuse_using_after_full,
    unnest_by_name,
)
from assets.tables.engines.spark_types import TYPES, is_of

# Schema -> table -> column -> DuckDB's type.
Schema = Mapping[str, Mapping[str, Mapping[str, str]]]
_Transform = Callable[[Any], exp.Expr | None]
_REAL = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
_TIMES = (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.DATETIME)


_GROUP = re.compile(r"\\(\d)")
_CODE_POINT = re.compile(r"\\x\{[0-9a-fA-F]+\}")
# What one unit of a difference is: the number of units before a time.
_UNITS = {
    "SECOND": "unix_seconds(cast({0} as timestamp_ltz))",
    "MINUTE": "floor(unix_seconds(cast({0} as timestamp_ltz)) / 60)",
    "HOUR": "floor(unix_seconds(cast({0} as timestamp_ltz)) / 3600)",
    "DAY": "unix_date(cast({0} as date))",
    "MONTH": "(12 * year({0}) + month({0}))",
    "YEAR": "year({0})",
}


# What Spark has under the same name and means otherwise, or gives in another order; no table needs it.
_REFUSED = (exp.ArrayAgg, exp.Mode, exp.ApproxQuantile, exp.PercentileCont, exp.AtTimeZone, exp.DayOfWeek, exp.DayOfWeekIso, exp.Week,
            exp.First, exp.Last, exp.Pivot)  # fmt: skip


def view(table: str) -> str:
    """What a table like core.pathway is called in Spark, which has no view in a schema that lasts as long as a session."""
    return table.replace(".", "__")


def spark_sql(query: exp.Expr, schema: Schema, variables: Mapping[str, exp.Expr] | None = None) -> str:
    """A query of DuckDB's, macros filled in, as Spark computes it over the views (`view`) of the tables it reads.

    `variables` are what `getvariable` gives. Raises NotPortable.
    """
    for call in list(query.find_all(exp.Anonymous)):
        if call.name.lower() == "getvariable":
            call.replace((variables or {})[call.expressions[0].name].copy())
    for select in list(query.find_all(exp.Select)):
        refuse_unnest_beside_windows(select)
        unnest_by_name(select)
    if refused := query.find(*_REFUSED):
        raise NotPortable(refused.sql(dialect="duckdb")[:80])
    for join in list(query.find_all(exp.Join)):
        refuse_using_after_full(join)
    tree = qualify(query, dialect="duckdb", schema=dict(schema), validate_qualify_columns=False, quote_identifiers=True)
    set_in_order(tree)
    tree = annotate_types(tree, dict(schema), expression_metadata=TYPES, dialect="duckdb")
    for kind, transform in _TRANSFORMS.items():
        # The innermost first: what stands around a part sees what it has become.
        for node in reversed(list(tree.find_all(kind))):
            if (new := transform(node)) is not None and new is not node:
                new.type = new.type or node.type
                node.replace(new)
    return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def _replaced(call: exp.RegexpReplace) -> exp.Expr:
    """All that fits: what is to be replaced once must be at an end of the text."""
    pattern, by = call.expression, call.args["replacement"]
    is_once = isinstance(pattern, exp.Literal) and (pattern.name.startswith("^") or (pattern.name.endswith("$") and _is_long(pattern.name)))
    if not is_once and "g" not in call.text("modifiers"):
        raise NotPortable("regexp_replace of the first place alone")
    by = exp.Literal.string(_GROUP.sub(r"$\1", by.name)) if isinstance(by, exp.Literal) else by
    return exp.Anonymous(this="regexp_replace", expressions=[call.this.copy(), _pattern(pattern), by.copy()])


def _is_long(pattern: str) -> bool:
    """Whether nothing at all does not fit: else the end would, behind what was replaced there."""
    try:
        return not re.search(_CODE_POINT.sub("x", pattern), "")
    except re.error:
        return False


def _extracted(call: exp.RegexpExtract) -> exp.Expr:
    group = call.args.get("group") or exp.Literal.number(0)

    def one(number: exp.Expr) -> exp.Expr:
        return exp.Anonymous(this="regexp_extract", expressions=[call.this.copy(), _pattern(call.expression), number.copy()])

    if not isinstance(group, exp.Array):
        return one(group)
    fields = [part for n, name in enumerate(group.expressions, 1) for part in (name.copy(), one(exp.Literal.number(n)))]
    return exp.Anonymous(this="named_struct", expressions=fields)


def _fits(call: exp.RegexpLike) -> exp.Expr:
    return exp.Anonymous(this="regexp_like", expressions=[call.this.copy(), _pattern(call.expression)])


def _pattern(pattern: exp.Expr) -> exp.Expr:
    """A pattern by the lines and ends that DuckDB's has: no other line than one that ends in a line feed, no end before it."""
    texts = [t for t in pattern.copy().find_all(exp.Literal) if t.is_string]
    if not texts or isinstance(pattern, exp.Column):
        raise NotPortable("a pattern that is not written out")
    ended = pattern.copy()
    last = [t for t in ended.find_all(exp.Literal) if t.is_string][-1]
    if last.name.endswith("$"):
        changed = exp.Literal.string(last.name[:-1] + r"\z")
        if last is ended:
            ended = changed
        else:
            last.replace(changed)
    return exp.Concat(expressions=[exp.Literal.string("(?d)"), ended])


def _sql(text: str, *parts: exp.Expr) -> exp.Expr:
    """Spark's SQL with parts in the places {0}, {1}."""
    tree = sqlglot.parse_one(text.format(*(f"_part_{i}" for i in range(len(parts)))), dialect="spark")
    for column in list(tree.find_all(exp.Column)):
        if column.name.startswith("_part_"):
            part = parts[int(column.name.removeprefix("_part_"))].copy()
            if column is tree:
                return part
            column.replace(exp.paren(part, copy=False) if isinstance(part, exp.Binary | exp.Connector) else part)
    return tree


def _known(node: exp.Expr) -> Any:
    if node.type is None or node.type.this in (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
        raise NotPortable(f"the type of {node.sql(dialect='duckdb')[:80]} is not known")
    return node.type.this


def _table(table: exp.Table) -> exp.Expr | None:
    if not table.db:
        return None
    return exp.alias_(exp.to_table(view(f"{table.db}.{table.name}")), table.alias_or_name, table=True, quoted=True)


def _cte(cte: exp.CTE) -> None:
    cte.set("materialized", None)


def _division(division: exp.Div) -> exp.Expr:
    """A quotient is a real number, whatever is divided."""
    left, right = (part if is_of(part, *_REAL) else exp.cast(part.copy(), "double") for part in (division.left, division.right))
    return exp.Div(this=_grouped(left), expression=_grouped(right), typed=False, safe=False)


def _grouped(part: exp.Expr) -> exp.Expr:
    return exp.paren(part.copy()) if isinstance(part, exp.Binary | exp.Connector) else part.copy()


def _round(rounded: exp.Round) -> exp.Expr | None:
    """A real number is rounded as what it is once it is shifted; Spark rounds the shortest decimal that stands for it."""
    places = rounded.args.get("decimals")
    if _known(rounded.this) not in _REAL or places is None:
        return None
    by = int(places.sql())
    shift = f"1e{abs(by)}D"
    there, back = "*/" if by >= 0 else "/*"
    return _sql(f"round({{0}} {there} {shift}) {back} {shift}", rounded.this)


def _cast(cast: exp.Cast) -> exp.Expr | None:
    """A number that becomes whole is rounded, to the even one where it is real and between two."""
    if not cast.to.is_type(*exp.DataType.INTEGER_TYPES) or isinstance(cast.this, exp.Null):
        return None
    kind = _known(cast.this)
    if kind in _REAL:
        return exp.Cast(this=_sql("rint({0})", cast.this), to=cast.to.copy())
    return exp.Cast(this=_sql("round({0})", cast.this), to=cast.to.copy()) if kind is exp.DataType.Type.DECIMAL else None


def _difference(difference: exp.Sub) -> exp.Expr | None:
    if not is_of(difference.left, *_TIMES):
        return None
    if is_of(difference.left, exp.DataType.Type.DATE):
        if is_of(difference.right, exp.DataType.Type.DATE):
            return _sql("datediff({0}, {1})", difference.left, difference.right)
        if is_of(difference.right, *exp.DataType.INTEGER_TYPES):
            return _sql("date_sub({0}, {1})", difference.left, difference.right)
    if is_of(difference.right, *_TIMES):
        raise NotPortable("the difference of two times")
    return None


def _sum(total: exp.Add) -> exp.Expr | None:
    if is_of(total.left, exp.DataType.Type.DATE) and is_of(total.right, *exp.DataType.INTEGER_TYPES):
        return _sql("date_add({0}, {1})", total.left, total.right)
    return None


def _units_between(difference: exp.DateDiff) -> exp.Expr:
    unit = difference.text("unit").upper()
    if unit not in _UNITS:
        raise NotPortable(f"date_diff by {unit.lower()}")
    return _sql(f"{_UNITS[unit]} - {_UNITS[unit].replace('{0}', '{1}')}", difference.this, difference.expression)


def _arg(which: str) -> _Transform:
    """Of the rows in which there is a value; Spark's takes NULL for one."""

    def by(call: exp.ArgMax | exp.ArgMin) -> exp.Expr:
        has_value = exp.Not(this=exp.Is(this=call.this.copy(), expression=exp.null()))
        return _only(call, _sql(f"{which}({{0}}, {{1}})", call.this, call.expression), has_value)

    return by


def _only(call: exp.Expr, aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """An aggregate of the rows that a condition holds for, beside what a FILTER around it says."""
    around = call.parent
    if isinstance(around, exp.Filter):
        around.set("expression", exp.Where(this=exp.and_(around.expression.this, condition)))
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def _any(call: exp.IgnoreNulls) -> exp.Expr | None:
    """sqlglot says of DuckDB's any_value that it is one of those that are there, in words that Spark takes no FILTER behind."""
    value = call.this
    return exp.Anonymous(this="any_value", expressions=[value.this.copy(), exp.true()]) if isinstance(value, exp.AnyValue) else None


def _texts(call: exp.Concat | exp.ConcatWs) -> exp.Expr | None:
    """Values of other types become texts one by one, where they are written alike."""
    if any(is_of(part, *_REAL) for part in call.expressions):
        raise NotPortable("a real number as text")
    for part in list(call.expressions):
        if not is_of(part, *exp.DataType.TEXT_TYPES, exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
            part.replace(exp.cast(part.copy(), "varchar"))
    return None


def _window(window: exp.Window) -> exp.Expr | None:
    """Spark has neither FILTER nor DISTINCT before OVER: rows that do not count are NULL to the aggregate, and a set has what differs."""
    new, is_filtered = window.copy(), isinstance(window.this, exp.Filter)
    aggregate = new.this.this if is_filtered else new.this
    if is_filtered:
        counted = exp.Literal.number(1) if isinstance(aggregate.this, exp.Star) else aggregate.this.copy()
        aggregate.set("this", exp.Case(ifs=[exp.If(this=new.this.expression.this.copy(), true=counted)]))
        aggregate.set("big_int", None)
        new.set("this", aggregate)
    if isinstance(aggregate, exp.Count) and isinstance(aggregate.this, exp.Distinct):
        new.set("this", exp.Anonymous(this="collect_set", expressions=[aggregate.this.expressions[0].copy()]))
        return exp.Anonymous(this="size", expressions=[new])
    return new if is_filtered else None


def _filtered_quantiles(filtered: exp.Filter) -> exp.Expr | None:
    return _quantile(filtered.this, filtered.expression) if isinstance(filtered.this, exp.PercentileDisc) else None


def _quantile(call: exp.PercentileDisc, counted: exp.Expr | None = None) -> exp.Expr:
    """One number, or a list of them, of the rows that are `counted`."""

    def one(share: exp.Expr) -> exp.Expr:
        # Under its own name: sqlglot has an approximate one in its place.
        by_name, order = exp.Anonymous(this="percentile_disc", expressions=[share.copy()]), exp.Ordered(this=call.this.copy())
        found: exp.Expr = exp.WithinGroup(this=by_name, expression=exp.Order(expressions=[order]))
        return exp.Filter(this=found, expression=counted.copy()) if counted else found

    shares = call.expression
    return exp.Array(expressions=list(map(one, shares.expressions))) if isinstance(shares, exp.Array) else one(shares)


def _series(series: exp.GenerateSeries) -> exp.Expr:
    """Nothing where the end lies before the start; Spark would count down."""
    start, end, step = series.args["start"], series.args["end"], series.args.get("step")
    if series.args.get("is_end_exclusive"):
        end = exp.Sub(this=_grouped(end), expression=exp.Literal.number(1))
    if step is None or (isinstance(step, exp.Literal) and step.name == "1"):
        return _sql("if({0} <= {1}, sequence({0}, {1}), array())", start, end)
    return _sql("if({0} <= {1}, sequence({0}, {1}, {2}), array())", start, end, step)


def _anonymous(call: exp.Anonymous) -> exp.Expr | None:
    name, given = call.name.lower(), call.expressions
    match name, given:
        case "arg_max_null", [value, by]:
            return _sql("max_by({0}, {1})", value, by)
        case "hash", _:
            return exp.Anonymous(this="xxhash64", expressions=[g.copy() for g in given])
        case "list_position", [values, value]:
            return _sql("nullif(array_position({0}, {1}), 0)", values, value)
        case "to_seconds", [n]:
            return _sql("make_dt_interval(0, 0, 0, {0})", n)
        case "timezone", [zone, time] if not _is_zoned(time):
            return _zoned(zone, time)
        case "timezone", [zone, time]:
            return _sql("cast(from_utc_timestamp(cast({1} as timestamp_ltz), {0}) as timestamp_ntz)", zone, time)
    return None


def _is_zoned(time: exp.Expr) -> bool:
    """Whether a time is an instant: what `timezone` made of a civil one."""
    while isinstance(time, exp.Add | exp.Sub | exp.Paren):
        time = time.this
    return time.meta.get("is_instant", False) or (isinstance(time, exp.Case) and any(n.meta.get("is_instant") for n in time.walk()))


def _zoned(zone: exp.Expr, civil: exp.Expr) -> exp.Expr:
    """The instant of a civil time, by UTC: of the two that one shown twice may be the later, as DuckDB takes it."""
    utc = "cast(to_utc_timestamp(cast({1} as timestamp_ltz), {0}) as timestamp_ntz)"
    shows = f"cast(from_utc_timestamp(cast({utc} + interval '1' hour as timestamp_ltz), {{0}}) as timestamp_ntz)"
    found = _sql(f"case when {shows} = {{1}} then {utc} + interval '1' hour else {utc} end", zone, civil)
    found.meta["is_instant"] = True
    return found


def _epoch(call: exp.UnixToTime) -> exp.Expr:
    """sqlglot takes `epoch_ms` of a time for that of a number."""
    if not is_of(call.this, *_TIMES):
        raise NotPortable("epoch_ms of a number")
    return _sql("unix_millis(cast({0} as timestamp_ltz))", call.this)


def _days(call: exp.ToDays) -> exp.Expr:
    return _sql("make_dt_interval({0}, 0, 0, 0)", call.this)


_TRANSFORMS: dict[type[exp.Expr], _Transform] = {
    exp.Select: qualify_in_outer_select,
    exp.Table: _table,
    exp.CTE: _cte,
    exp.Div: _division,
    exp.Round: _round,
    exp.Cast: _cast,
    exp.DateDiff: _units_between,
    exp.Sub: _difference,
    exp.Add: _sum,
    exp.ArgMax: _arg("max_by"),
    exp.ArgMin: _arg("min_by"),
    exp.IgnoreNulls: _any,
    exp.Concat: _texts,
    exp.ConcatWs: _texts,
    exp.Filter: _filtered_quantiles,
    exp.PercentileDisc: _quantile,
    exp.GenerateSeries: _series,
    exp.Anonymous: _anonymous,
    exp.UnixToTime: _epoch,
    exp.ToDays: _days,
    exp.Window: _window,
    exp.RegexpReplace: _replaced,
    exp.RegexpExtract: _extracted,
    exp.RegexpLike: _fits,
}
