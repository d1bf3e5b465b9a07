"""One small change at a time of a piece of SQL: what somebody might have written by mistake."""

import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

BOUNDARIES: dict[type[exp.Expr], type[exp.Expr]] = {exp.GT: exp.GTE, exp.GTE: exp.GT, exp.LT: exp.LTE, exp.LTE: exp.LT}
OPPOSITES: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.Min: exp.Max, exp.Max: exp.Min, exp.ArgMin: exp.ArgMax, exp.ArgMax: exp.ArgMin, exp.Greatest: exp.Least, exp.Least: exp.Greatest,
}  # fmt: skip
Change = Callable[[exp.Expr], exp.Expr | None]


@dataclass(frozen=True)
class Mutant:
    """A piece of SQL with one change. `id` says where and which, and stays while the text around it changes."""

    id: str
    kind: str
    sql: str


def mutants(name: str, sql: str) -> Iterator[Mutant]:
    """Every mutant of a select, in the order of its text; `name` is the table's or macro's."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    # Quicker than a copy of the tree.
    kept = pickle.dumps(tree)
    seen: Counter[str] = Counter()
    for place, node in enumerate(tree.walk()):
        for kind, change in _changes(node):
            copy = pickle.loads(kept)
            twin = next(n for i, n in enumerate(copy.walk()) if i == place)
            before = _short(twin)
            changed = change(twin)
            if changed is None:
                continue
            after = _short(changed)
            id_ = f"{name}: {kind}: {before} -> {after}"
            seen[id_] += 1
            yield Mutant(id_ + (f" ({seen[id_]})" if seen[id_] > 1 else ""), kind, copy.sql(dialect="duckdb", copy=False))


def _short(node: exp.Expr) -> str:
    text = " ".join(node.sql(dialect="duckdb").split())
    return text if len(text) <= 90 else f"{text[:60]} … {text[-25:]}"


def _changes(node: exp.Expr) -> Iterator[tuple[str, Change]]:
    """The changes a node may meet; a change works on a copy of the node inside its tree and gives what stands there now."""
    yield from _of_conditions(node)
    yield from _of_values(node)


def _of_conditions(node: exp.Expr) -> Iterator[tuple[str, Change]]:
    match node:
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
            yield "boundary", lambda n: n.replace(BOUNDARIES[type(n)](this=n.this.copy(), expression=n.expression.copy()))
        case exp.EQ():
            yield "comparison", lambda n: n.replace(exp.NEQ(this=n.this.copy(), expression=n.expression.copy()))
        case exp.Is():
            yield "comparison", lambda n: n.replace(exp.Not(this=n.copy()))
        case exp.Between():
            yield "boundary", lambda n: n.replace(_between(n, exp.GT, exp.LTE))
            yield "boundary", lambda n: n.replace(_between(n, exp.GTE, exp.LT))
        case exp.And() | exp.Or():
            yield "condition dropped", lambda n: n.replace(n.this.copy())
            yield "condition dropped", lambda n: n.replace(n.expression.copy())
        case exp.Not():
            yield "not dropped", lambda n: n.replace(n.this.copy())
        case exp.Join() if node.args.get("on") is not None or node.args.get("using"):
            yield "join", _join
        case exp.Filter():
            yield "filter dropped", lambda n: n.replace(n.this.copy())
        case exp.Where() | exp.Having() | exp.Qualify():
            yield "filter dropped", _removed


def _of_values(node: exp.Expr) -> Iterator[tuple[str, Change]]:
    match node:
        case exp.Coalesce() if node.expressions:
            yield "default dropped", lambda n: n.replace(n.this.copy())
        case exp.Literal() if node.is_int and not isinstance(node.parent, exp.Round | exp.DataTypeParam):
            yield "constant", lambda n: n.replace(exp.Literal.number(int(n.this) + 1))
        case exp.Min() | exp.Max() | exp.ArgMin() | exp.ArgMax() | exp.Greatest() | exp.Least():
            yield "least and most", lambda n: n.replace(OPPOSITES[type(n)](**{k: _copied(v) for k, v in n.args.items()}))
        case exp.Distinct() if isinstance(node.parent, exp.Count):
            yield "distinct dropped", lambda n: n.replace(n.expressions[0].copy())
        case exp.Add():
            yield "sign", lambda n: n.replace(exp.Sub(this=n.this.copy(), expression=n.expression.copy()))
        case exp.Sub():
            yield "sign", lambda n: n.replace(exp.Add(this=n.this.copy(), expression=n.expression.copy()))
        case exp.Ordered() if node.find_ancestor(exp.Window):
            yield "order", _turned


def _copied(value: object) -> object:
    if isinstance(value, list):
        return [_copied(v) for v in value]
    return value.copy() if isinstance(value, exp.Expr) else value


def _between(node: exp.Expr, above: type[exp.Expr], below: type[exp.Expr]) -> exp.Expr:
    low = above(this=node.this.copy(), expression=node.args["low"].copy())
    high = below(this=node.this.copy(), expression=node.args["high"].copy())
    return exp.Paren(this=exp.And(this=low, expression=high))


def _join(node: exp.Expr) -> exp.Expr:
    side = node.args.get("side")
    node.set("side", "LEFT" if side != "LEFT" else None)
    return node


def _removed(node: exp.Expr) -> exp.Expr:
    node.pop()
    return exp.Null()


def _turned(node: exp.Expr) -> exp.Expr:
    node.set("desc", not node.args.get("desc"))
    return node
