"""Types of a query's parts that sqlglot does not know of DuckDB's SQL, or takes for those of others: what a part becomes hangs on them."""

from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp

_DUCKDB = sqlglot.Dialect.get_or_raise("duckdb")


def is_of(node: exp.Expr, *types: Any) -> bool:
    """Whether a part is known to be of one of these types."""
    return node.type is not None and node.type.this in types


def _of_days(self: Any, part: exp.Add | exp.Sub) -> Any:
    """Days are added to a date, and lie between two."""
    if is_of(part.left, exp.DataType.Type.DATE) and is_of(part.right, exp.DataType.Type.DATE, *exp.DataType.INTEGER_TYPES):
        return self._set_type(part, exp.DataType.Type.INT if is_of(part.right, exp.DataType.Type.DATE) else exp.DataType.Type.DATE)
    return self._annotate_binary(part)


def _of_groups(self: Any, part: exp.Bracket) -> Any:
    """What is asked for by name is a group of a pattern."""
    by_name = part.expressions[0].is_string
    return self._set_type(part, exp.DataType.Type.VARCHAR) if by_name else self._annotate_bracket(part)


def _annotated_as(typed: Callable[[exp.Expr], exp.DataType | None]) -> dict[str, Any]:
    return {"annotator": lambda self, e: self._set_type(e, typed(e) or exp.DataType.Type.UNKNOWN)}


def _element(list_: exp.Expr) -> exp.DataType | None:
    inner = list_.this.type.expressions if list_.this.type else []
    return inner[0] if inner else None


TYPES = {
    **_DUCKDB.EXPRESSION_METADATA,
    exp.Div: {"returns": exp.DataType.Type.DOUBLE},
    exp.Median: {"returns": exp.DataType.Type.DOUBLE},
    exp.UnixToTime: {"returns": exp.DataType.Type.BIGINT},
    exp.RegexpExtract: _annotated_as(lambda e: None if isinstance(e.args.get("group"), exp.Array) else exp.DataType.build("varchar")),
    exp.ArrayFilter: _annotated_as(lambda e: e.this.type),
    exp.Explode: _annotated_as(_element),
    exp.Bracket: {"annotator": _of_groups},
    exp.Add: {"annotator": _of_days},
    exp.Sub: {"annotator": _of_days},
}
