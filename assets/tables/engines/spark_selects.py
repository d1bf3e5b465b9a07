"""Selects that Spark lacks, rewritten with an outer select."""

from sqlglot import exp


class NotPortable(ValueError):
    """SQL that Spark would understand otherwise, or not at all. The text says which construct."""


def unnest_by_name(select: exp.Select) -> None:
    """`unnest([{...}, ...], recursive := true)`: the fields of each struct are columns, which are named in a select around it."""
    of_structs = [
        p
        for p in select.expressions
        if isinstance(p, exp.Explode) and any(isinstance(e, exp.PropertyEQ) and e.name.lower() == "recursive" for e in p.expressions)
    ]
    if not of_structs:
        return
    if len(of_structs) > 1 or not (struct := of_structs[0].find(exp.Struct)):
        raise NotPortable("unnest of structs that are not written out")
    inner, place = select.copy(), select.expressions.index(of_structs[0])
    inner.expressions[place].replace(exp.alias_(exp.Explode(this=of_structs[0].this.copy()), "_once"))
    columns: list[exp.Expr] = [exp.column(e.alias_or_name, table="_unnested") for e in select.expressions]
    once = exp.column("_once", table="_unnested")
    fields = [exp.alias_(exp.Dot(this=once.copy(), expression=exp.to_identifier(f.name)), f.name) for f in struct.expressions]
    around = exp.select(*columns[:place], *fields, *columns[place + 1 :]).from_(inner.subquery("_unnested"))
    if with_ := inner.args.get("with_"):
        inner.set("with_", None)
        around.set("with_", with_)
    select.replace(around)


def refuse_using_after_full(join: exp.Join) -> None:
    """sqlglot would compare with the columns of the first table alone, which a row of the second has not."""
    assert join.parent
    before = join.parent.args["joins"][: join.index]
    if join.args.get("using") and any(other.side == "FULL" and other.args.get("using") for other in before):
        raise NotPortable("a join by `using` after a full one; say on which columns")


def refuse_unnest_beside_windows(select: exp.Select) -> None:
    """DuckDB's windows see rows before a list is unnested, Spark's see them after."""
    has_window = select.args.get("qualify") or any(p.find(exp.Window) for p in select.expressions)
    if has_window and any(p.find(exp.Explode, exp.Unnest) for p in select.expressions):
        raise NotPortable("unnest beside a window or qualify; unnest in a select around")


def qualify_in_outer_select(select: exp.Select) -> None:
    """Spark has no `qualify`: what it asks is a column of the select, and asked in one around."""
    if not select.args.get("qualify"):
        return
    if select.args["qualify"].find(exp.Select):
        raise NotPortable("qualify by a subquery; join it")
    if found := next((name for name in ("distinct", "limit", "offset") if select.args.get(name)), ""):
        raise NotPortable(f"qualify beside {found}; ask it in a select around")
    inner = select.copy()
    names, condition = [e.alias_or_name for e in inner.expressions], inner.args["qualify"].pop().this
    # Windows first, with all that is in them; then what is outside of them.
    for kind in (exp.Window, exp.AggFunc, exp.Column):
        for part in list(condition.find_all(kind)):
            if part.find_ancestor(exp.Window) or part.text("table") == "_asked":
                continue
            column = exp.column(f"_asked_{len(inner.expressions)}", table="_asked")
            column.type = part.type
            if part is condition:
                condition = column
            else:
                part.replace(column)
            inner.append("expressions", exp.alias_(part, column.name))
    around = exp.select(*(exp.column(name, table="_asked", quoted=True) for name in names)).from_(inner.subquery("_asked")).where(condition)
    for name in {*select.args, *around.args}:
        select.set(name, around.args.get(name))
