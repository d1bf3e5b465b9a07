"""The judgement of a record as SQL: from the supplier's texts to typed columns, and for each refused record the reasons.

Built from contract and layout alone; what a reason means is in `sources.reasons`, how a text becomes a value in `sources.casts`.
"""

from contextlib import suppress
from datetime import timedelta

import duckdb
import pyarrow as pa

from sources.casts import Staged, computed, ident, literal, typed
from sources.contract import Contract
from sources.delimited import FAULT, LINE, MALFORMED
from sources.layout import NUMBERS, Extract, LayoutFault, Match, Source, plain_name
from sources.pseudonym import NOT_A_NUMBER, PERSON, TYPE
from sources.stamp import Span, Stamp
from sources.vocabulary import Column

# What stands in the place of reasons where nothing is wrong.
IGNORED, DELETED = "ignored", "deleted"
NO_REASON = f"('{IGNORED}', '{DELETED}')"


def supplier_relation(con: duckdb.DuckDBPyConnection, match: Match) -> tuple[str, int, int]:
    """SQL that yields supplier records as text, records per physical row, and rows set aside as attributes."""
    layout = match.layout
    constants = "".join(f", {literal(v)} as {ident(k)}" for k, v in match.variables.items())
    if layout.unpivot is None:
        return f"select *{constants} from batches", 1, 0
    spec = layout.unpivot
    header = {plain_name(n) for n in layout.header}
    cells = [n for n in match.names if plain_name(n) not in header]
    # A pivoted table is small; an attribute row may stand anywhere in it, so it is held while it is turned.
    con.execute("create or replace temp table wide as select * from batches")
    attributes = {name: f"coalesce(try({condition}), false)" for name, condition in spec.attributes.items()}
    aside = " or ".join(attributes.values()) or "false"
    fault = ident(FAULT)

    def told(cell: str, column: str) -> str:
        """The lines of a fault that are of one cell, as reasons; a fault of the whole row is of each."""
        lines = f"list_filter(string_split({column}, chr(10)), lambda x: starts_with(x, {literal(cell)} || chr(9)))"
        own = f"list_transform({lines}, lambda x: string_split(x, chr(9))[2])"
        return f"case when not contains({column}, chr(9)) then {column} else nullif(list_aggregate({own}, 'string_agg', '; '), '') end"

    structs = ", ".join(
        "struct_pack("
        + ", ".join(
            [f"{ident(spec.names)} := {literal(cell)}", f"{ident(spec.values)} := {ident(cell)}"]
            + [f"{fault} := coalesce({told(cell, fault)}, (select max({told(cell, fault)}) from wide where {aside}))"]
            + [f"{ident(a)} := (select max({ident(cell)}) from wide where {condition})" for a, condition in attributes.items()]
        )
        + ")"
        for cell in cells
    )
    rows = con.execute(f"select count(*) from wide where {aside}").fetchall()[0][0]
    sql = f"select * exclude ({fault}), unnest([{structs}], recursive := true){constants} from wide where not ({aside})"
    return sql, len(cells), rows


def origin(source: Source, match: Match) -> str | None:
    """The supplier column (or $variable) a canonical column is read from, None if the file has none of them."""
    variables = dict(match.variables)
    if match.layout.unpivot:
        variables |= dict.fromkeys([match.layout.unpivot.names, match.layout.unpivot.values, *match.layout.unpivot.attributes], "")
    for name in source.names:
        if name.startswith("$"):
            if name in variables or name == TYPE:
                return name
        elif found := match.supplier_column(name):
            return found
    return None


def layout_fault(con: duckdb.DuckDBPyConnection, extract: Extract, match: Match, shape: pa.Schema) -> LayoutFault | None:
    """What in the layout DuckDB cannot make sense of in a file of this shape; None where the layout is not the cause."""
    layout, is_personal = match.layout, extract.contract.has_personal_columns

    def fault(place: str, sql: str) -> LayoutFault | None:
        try:
            con.execute(sql)
        except duckdb.Error as error:
            # The message also names the columns of the file, which a supplier called as he liked.
            said = "" if is_personal else f" ({str(error).strip().partition(chr(10))[0]})"
            return LayoutFault(f"sources/{extract.name}/layouts/{layout.name}.yaml: {place} cannot be computed{said}.")
        return None

    con.register("batches", shape.empty_table())
    try:
        for name, condition in layout.unpivot.attributes.items() if layout.unpivot else ():
            if found := fault(f"unpivot.attributes.{name}", f"select {condition} from batches"):
                return found
        relation = supplier_relation(con, match)[0]
        written = [(f"columns.{name}.sql", s.sql) for name, s in layout.columns.items() if s.sql]
        written += [("ignore.when", rule.when) for rule in layout.ignore]
        written += [("deleted", layout.deleted)] if layout.deleted else []
        for place, expression in written:
            if found := fault(place, f'select {expression} from (select *, {ident(MALFORMED)} as "$text" from ({relation}))'):
                return found
        return fault("what it says", judgement(extract.contract, match, relation))
    finally:
        con.unregister("batches")
        con.execute("drop table if exists wide")


def ignores_header(con: duckdb.DuckDBPyConnection, match: Match) -> bool:
    """Whether the layout says of a header among the records that it is none, as reports do that repeat it on each page."""
    names = ", ".join(f"{literal(n)} as {ident(n)}" for n in match.names)
    variables = "".join(f", {literal(v)} as {ident(k)}" for k, v in match.variables.items())
    for rule in match.layout.ignore:
        # What cannot be computed is told when the records are judged.
        with suppress(duckdb.Error):
            if con.execute(f"""select {rule.when} from (select {names}{variables}, null as "$text")""").fetchall() == [(True,)]:
                return True
    return False


def judgement(contract: Contract, match: Match, relation: str) -> str:
    """The select that types and judges every record of `relation`.

    Supplier columns are seen by the first step alone: they may be called what a canonical column is called.
    """
    reads, latest = match.layout.reads, match.variables.get("$latest")
    texts: dict[str, str] = {}
    shown: dict[str, tuple[str, str]] = {}
    # What is written for a column, where that is not the column itself.
    written: dict[str, str] = {}
    # What is wrong with a record is asked in several places: of its reasons, its text, what is kept of it.
    staged, wrong = Staged(), Staged("$wrong")
    values, errors = [], list[tuple[str, str]]()
    for column in contract.columns:
        name, text = column.name, ident("$text " + column.name)
        source = match.layout.columns.get(name, Source(sql="null"))
        if source.sql:
            texts[f"try([{source.sql}]) /* {name} */"] = text
            value, reason = computed(f"{text}[1]", column, reads, staged), "unreadable"
            failed = f"({text} is null or ({text}[1] is not null and {ident(name)} is null))"
        else:
            # Columns read from the same text share it, so that DuckDB sees their common work.
            text = texts.setdefault(_text(source, match, column), text)
            failed = f"{text} is not null and {ident(name)} is null"
            if column.classification == "personal_id":
                value, reason = f"nullif({text}, '{NOT_A_NUMBER}')", "bad_pattern"
            elif source.map:
                code = staged.once(_code(text, source.map))
                value, reason = f"try_cast({code} as {column.physicalType})", "unknown_code"
                if column.physicalType == "VARCHAR":
                    failed, written[name] = f"{text} is not null and {code} is null", code
            else:
                value, reason = typed(text, column, reads, source.format, latest, staged)
        values.append(f"{value} as {ident(name)}")
        faults = [(f"({failed})", f"{name}:{reason}")]
        # The type of a number is missing whenever the number is, which is reason enough.
        if column.is_required and TYPE not in source.names:
            faults.append((f"({ident(name)} is null and not {failed})" if source.sql else f"{text} is null", f"{name}:missing_required"))
        faults = [(wrong.once(condition), reason) for condition, reason in faults + _bounds(column)]
        shown[name] = f"cast({text}[1] as varchar)" if source.sql else text, " or ".join(condition for condition, _ in faults)
        errors += faults
    errors += [(f"({predicate})", f"rule:{id_}") for id_, predicate, _ in contract.row_rules]
    if contract.delivery.period:
        covered, dated = Span.of(match.variables["$period"]), ident(contract.delivery.period)
        errors.append((f"not ({dated} >= date '{covered.begin}' and {dated} < date '{covered.end}')", "rule:outside_period"))
    errors += _later_than_drawn(contract, match)
    ignored = " or ".join(f"coalesce(try({rule.when}), false)" for rule in match.layout.ignore) or "false"
    # Of a record that is gone nothing is asked but which it was.
    told_by = {*contract.key, *contract.delivery.latestBy}
    of_key = [(condition, reason) for condition, reason in errors if reason.partition(":")[0] in told_by] or [("false", "")]
    columns = ", ".join(_kept(contract, c, shown, written.get(c.name, ident(c.name))) for c in contract.columns)
    supplier = ", ".join(f"{ident(n)} := {ident(n)}" for n in match.names)
    return f"""
        with supplier as ({relation}),
        text as (
            select {ident(LINE)} as _line, {ident(MALFORMED)} as "$malformed", {ident(FAULT)} as "$fault",
                struct_pack({supplier}) as "$supplier",
                ({ignored}) as "$ignored",
                try([{match.layout.deleted or "false"}]) as "$deleted",
                {", ".join(f"{expression} as {name}" for expression, name in texts.items())}
            from (select *, {ident(MALFORMED)} as "$text" from supplier)
        ),
        staged as (select *{staged.columns} from text),
        valued as (select *, {", ".join(values)} from staged),
        doubted as (select *{wrong.columns} from valued),
        judged as (
            select *,
                case
                    when "$ignored" then '{IGNORED}'
                    when "$fault" is not null then "$fault"
                    when "$deleted" is null then 'rule:unreadable_deletion'
                    when "$deleted"[1] and not coalesce({" or ".join(c for c, _ in of_key)}, false) then '{DELETED}'
                    when "$deleted"[1] then {_reasons(of_key)}
                    when {" or ".join(condition for condition, _ in errors)}
                    then {_reasons(errors)}
                end as _errors
            from doubted
        ),
        shaped as (select *, case when _errors not in {NO_REASON} then {_shapes(contract, shown)} end as "$shapes" from judged)
        select {columns}, _line, _errors,
            case when _errors not in {NO_REASON} then {_original(contract, shown)} end as _original
        from shaped"""


def _reasons(errors: list[tuple[str, str]]) -> str:
    """SQL for the reasons of those conditions that hold."""
    return f"concat_ws('; ', {', '.join(f'case when {condition} then {literal(reason)} end' for condition, reason in errors)})"


def _kept(contract: Contract, column: Column, shown: dict[str, tuple[str, str]], value: str) -> str:
    """The column in the Parquet. Where there are persons, a text that is wrong is not kept: it may be a number out of place."""
    name = ident(column.name)
    if not contract.has_personal_columns or column.physicalType != "VARCHAR" or column.classification == "personal_id":
        return f"{value} as {name}"
    return f"case when _errors is null or not coalesce({shown[column.name][1]}, false) then {value} end as {name}"


def _code(text: str, codes: dict[str, str]) -> str:
    """The supplier's codes as ours, as an enum: it is written at half the price of text, and read as text again."""
    enum = f"enum({', '.join(dict.fromkeys(map(literal, codes.values())))})"
    cases = " ".join(f"when {literal(theirs)} then cast({literal(ours)} as {enum})" for theirs, ours in codes.items())
    return f"case {text} {cases} end"


def _text(source: Source, match: Match, column: Column) -> str:
    found = origin(source, match)
    if found is None:
        return "cast(null as varchar)"
    text = f"nullif({ident(found)}, '')"
    if column.classification == "personal_id":
        return f"nullif({ident(PERSON + column.name)}, '')"
    for absent in [*match.layout.reads.missing, *source.missing]:
        text = f"nullif({text}, {literal(absent)})"
    zero = [*match.layout.reads.zero, *source.zero] if column.physicalType.split("(")[0] in NUMBERS else []
    return f"case when {text} in ({', '.join(map(literal, zero))}) then '0' else {text} end" if zero else text


def _bounds(column: Column) -> list[tuple[str, str]]:
    """Range, length, pattern and closed set of one column, as (condition, reason)."""
    name, checks = ident(column.name), list[tuple[str, str]]()
    if column.classification == "personal_id":
        return checks
    for option, operator in (("minimum", "<"), ("maximum", ">"), ("exclusiveMinimum", "<="), ("exclusiveMaximum", ">=")):
        if option in column.logicalTypeOptions:
            limit = f"cast({literal(str(column.logicalTypeOptions[option]))} as {column.physicalType})"
            checks.append((f"{name} {operator} {limit}", "out_of_range"))
    for option, operator in (("minLength", "<"), ("maxLength", ">")):
        if option in column.logicalTypeOptions:
            checks.append((f"length({name}) {operator} {int(column.logicalTypeOptions[option])}", "out_of_range"))
    if "pattern" in column.logicalTypeOptions:
        checks.append((f"not regexp_matches({name}, {literal(column.logicalTypeOptions['pattern'])})", "bad_pattern"))
    if column.valid_values is not None:
        checks.append((f"{name} not in ({', '.join(literal(v) for v in column.valid_values)})", "unknown_code"))
    return [(condition, f"{column.name}:{reason}") for condition, reason in checks]


def _later_than_drawn(contract: Contract, match: Match) -> list[tuple[str, str]]:
    """Events that lie after the delivery that tells of them was drawn, where it says when that was."""
    said = match.variables.get("$extracted") or match.variables.get("$received")
    if not said:
        return []
    try:
        drawn, skew = Stamp.of(said), timedelta(minutes=contract.delivery.clockSkew)
    except ValueError:
        # Who takes the file in refuses it for that.
        return []
    conditions = []
    for column in (c for c in contract.columns if c.is_event):
        if column.physicalType == "DATE":
            late = f"{ident(column.name)} > date '{drawn.last_day(skew)}'"
        else:
            late = f"{ident(column.name)} >= timestamp '{drawn.end(skew, in_utc=column.name.endswith('_utc'))}'"
        conditions.append((f"({late})", f"{column.name}:after_delivery"))
    return conditions


def _original(contract: Contract, shown: dict[str, tuple[str, str]]) -> str:
    """The supplier's own text of a refused record as JSON.

    Where the extract has personal columns: what is right of those that are not, and of what is wrong a date or the mere shape,
    since the wrong text may be a name or number out of place. `shown` is each column's text and the condition that it is wrong.
    """
    if not contract.has_personal_columns:
        return """coalesce("$malformed", cast(to_json("$supplier") as varchar))"""
    fields = [
        f"""{ident(name)} := case when coalesce({is_wrong}, false) then "$shapes"[{place}] else {text} end"""
        for place, (name, (text, is_wrong)) in enumerate(_impersonal(contract, shown).items(), start=1)
    ]
    packed = f"struct_pack({', '.join(fields)})" if fields else "'{}'::json"
    return f"""case when "$malformed" is null then cast(to_json({packed}) as varchar) end"""


def _shapes(contract: Contract, shown: dict[str, tuple[str, str]]) -> str:
    """A list of what may be told of texts that are wrong, where there are persons: a date, or the mere shape.

    As one list, so that the patterns are made once and not for every column: for a small file that is most of what reading takes.
    """
    texts = [f"case when {is_wrong} then {text} end" for text, is_wrong in _impersonal(contract, shown).values()]
    if not contract.has_personal_columns or not texts:
        return "null"
    date = r"(\d{1,2}[-./]\d{1,2}[-./](\d{4}|\d{2})|\d{4}[-./]\d{1,2}[-./]\d{1,2})([ T]\d{1,2}:\d{2}(:\d{2})?)?|(19|20)\d{6}"
    shape = r"regexp_replace(regexp_replace(x, '\p{L}', 'a', 'g'), '\p{N}', '9', 'g')"
    return f"list_transform([{', '.join(texts)}], lambda x: case when regexp_full_match(x, '{date}') then x else {shape} end)"


def _impersonal(contract: Contract, shown: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    personal = {c.name for c in contract.columns if c.classification}
    return {name: what for name, what in shown.items() if name not in personal}
