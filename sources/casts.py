"""SQL that turns a supplier's text into a typed value, or NULL when the text does not have the shape of one.

The shape is checked before the cast: DuckDB reads '2.532' as 3 when asked for an integer, '1e3' as 1000, and year
'99' as the year 99. Nothing here repairs; a text that is not plainly a value stays text and becomes a reason.
"""

import re

from sources.civil_time import CIVIL_ZONE, from_utc
from sources.danish import month_numbers
from sources.layout import DANISH_MONTH, Reads
from sources.vocabulary import Column

_YEAR = r"(19\d{2}|20\d{2}|2100)"
_ISO_DATE = _YEAR + r"-\d{2}-\d{2}"
_ISO_TIME = _ISO_DATE + r"[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
_MARKS = {"danish": (".", ","), "english": (",", ".")}


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Staged(dict[str, str]):
    """Expressions worth computing once, by expression; each gets the name of a column of the step before, which begins with `called`."""

    def __init__(self, called: str = "$once") -> None:
        super().__init__()
        self._called = called

    def once(self, expression: str) -> str:
        return self.setdefault(expression, ident(f"{self._called} {len(self)}"))

    @property
    def columns(self) -> str:
        """All of them, as a select goes on with them."""
        return "".join(f", {expression} as {name}" for expression, name in self.items())


def typed(text: str, column: Column, reads: Reads, form: str | None, latest: str | None, staged: Staged) -> tuple[str, str]:
    """SQL for the value of `text` (an SQL expression) in the column's type, and the reason when it is NULL.

    The value may name columns that it adds to `staged`: DuckDB computes a repeated part of a CASE each time.
    """
    kind = column.physicalType.split("(")[0]
    match kind:
        case "VARCHAR":
            return text, "unreadable"
        case "INTEGER" | "BIGINT" | "SMALLINT":
            return _integer(text, column.physicalType, reads, staged), "not_an_integer"
        case "DOUBLE" | "DECIMAL":
            return _number(text, column, reads), "not_a_number"
        case "BOOLEAN":
            yes, no = f"lower({text}) in ('ja', 'true', '1')", f"lower({text}) in ('nej', 'false', '0')"
            return f"case when {yes} then true when {no} then false end", "not_a_boolean"
        case "DATE" if form == DANISH_MONTH:
            return _danish_month(text, latest), "not_a_date"
        case "DATE":
            return _date(text, form, staged), "not_a_date"
        case "TIMESTAMP":
            return _timestamp(text, column.name, reads, form, staged), "not_a_date"
    raise ValueError(f"{column.name}: no rule to read {column.physicalType}")


def computed(value: str, column: Column, reads: Reads, staged: Staged) -> str:
    """SQL for what a layout's own SQL gives, in the column's type. A text has to have the shape of one, as the supplier's texts have.

    SQL may have written a decimal point itself: a number that means another one in the layout's notation is none. Times are as they are.
    """
    text, kind = f"cast({value} as varchar)", column.physicalType.split("(")[0]
    zone = "UTC" if column.name.endswith("_utc") else CIVIL_ZONE
    shaped, _ = typed(text, column, reads.model_copy(update={"zone": zone}), None, None, staged)
    if kind in ("DOUBLE", "DECIMAL"):
        plain = f"case when {_has_shape(text, '[+-]?[0-9]+([.][0-9]+)?')} then try_cast({text} as {column.physicalType}) end"
        shaped = f"case when {shaped} is null then {plain} when {plain} is null or {plain} = {shaped} then {shaped} end"
    return f"case when typeof({value}) = 'VARCHAR' then {shaped} else try_cast({value} as {column.physicalType}) end"


def _integer(text: str, type_: str, reads: Reads, staged: Staged) -> str:
    """Plain digits, which nearly every record has, are told by writing the number out again: a pattern costs five times that."""
    group, _ = _MARKS[reads.numbers]
    shape = rf"[+-]?(\d+|\d{{1,3}}({re.escape(group)}\d{{3}})+)"
    plain = staged.once(f"try_cast({text} as {type_})")
    grouped = f"when {_has_shape(text, shape)} then try_cast(replace({text}, '{group}', '') as {type_})"
    return f"case when cast({plain} as varchar) = {text} then {plain} {grouped} end"


def _number(text: str, column: Column, reads: Reads) -> str:
    group, mark = _MARKS[reads.numbers]
    scale = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", column.physicalType)
    decimals = rf"\d{{1,{scale.group(1)}}}" if scale else r"\d+"
    shape = rf"[+-]?(\d+|\d{{1,3}}({re.escape(group)}\d{{3}})+)({re.escape(mark)}{decimals})?"
    plain = f"replace(replace({text}, '{group}', ''), '{mark}', '.')"
    number = f"case when {_has_shape(text, shape)} then try_cast({plain} as {column.physicalType}) end"
    if column.unit != "share":
        return number
    percent = f"replace(rtrim(rtrim({text}, '%'), ' \u00a0'), '{group}', '')"
    share = f"round(try_cast(replace({percent}, '{mark}', '.') as double) / 100, 9)"
    with_sign = _has_shape(text, shape + "[ \u00a0]?%")
    return f"case when {with_sign} then {share} else {number} end"


def _date(text: str, form: str | None, staged: Staged) -> str:
    if form is None:
        return f"case when {_has_shape(text, _ISO_DATE)} then try_cast({text} as date) end"
    parsed, is_plausible = _parsed(text, form, staged)
    return f"case when {is_plausible} then cast({parsed} as date) end"


def _timestamp(text: str, name: str, reads: Reads, form: str | None, staged: Staged) -> str:
    """Civil local time, or UTC when the column's name ends in _utc; the text is in `reads.zone` unless it says."""
    wanted = "UTC" if name.endswith("_utc") else CIVIL_ZONE
    if form:
        parsed, is_plausible = _parsed(text, form, staged)
    else:
        parsed, is_plausible = staged.once(f"case when {_has_shape(text, _ISO_TIME)} then try_cast({text} as timestamp) end"), "true"
    if form and "%z" in form:
        value = f"timezone('{wanted}', {parsed})"
    elif reads.zone == wanted:
        value = parsed
    elif reads.zone == "UTC":
        value = from_utc(wanted).format(utc=parsed)
    else:
        value = f"timezone('{wanted}', timezone({literal(reads.zone)}, {parsed}))"
    return f"case when {is_plausible} then {value} end"


def _parsed(text: str, form: str, staged: Staged) -> tuple[str, str]:
    """The text by its format, and whether to believe it: DuckDB keeps strictly to a format, but reads %Y of '99' as the year 99."""
    parsed = staged.once(f"try_strptime({text}, {literal(form)})")
    return parsed, f"year({parsed}) between 1900 and 2100" if "%Y" in form else f"{parsed} is not null"


def _danish_month(text: str, latest: str | None) -> str:
    """First day of 'September 2014', or of 'September' as its last occurrence up to `latest` (a day, month or year)."""
    cases = " ".join(f"when '{spelling}' then {n}" for spelling, n in month_numbers().items())
    month = f"case regexp_extract(lower({text}), '^[a-z]+') {cases} end"
    shape = r"[A-Za-z]{3,9}\.? " + _YEAR if latest is None else r"[A-Za-z]{3,9}\.?"
    if latest is None:
        year = f"try_cast(regexp_extract({text}, '\\d{{4}}$') as integer)"
    else:
        latest_year, latest_month = (int(part) for part in f"{latest}-12".split("-")[:2])
        year = f"case when {month} <= {latest_month} then {latest_year} else {latest_year - 1} end"
    return f"case when {_has_shape(text, shape)} then make_date({year}, {month}, 1) end"


def _has_shape(text: str, shape: str) -> str:
    return f"regexp_full_match({text}, {literal(shape)})"
