"""What SQL says of itself, read from its tokens: tables and macros it reads, rows of lookups it asks for, what decides its result.

Parsing it whole would be a third of the time to load definitions, and finds the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import Token, TokenType

from sources.documents import ContractError

# Column that the protection of small cells reads.
THRESHOLD, WAITED_MONTHS = "_disclosure_threshold", "_waited_months"
PROVISIONAL = "is_provisional"
# Which columns of a mart's row have no value, and why: written beside its SQL (`assets.tables.qualifiers`).
QF_COLUMNS = "qf_columns"
# Functions by which a query reads files, or tables that it does not name; beside those that begin with read_ or parquet_.
UNDECLARED = ("glob", "query", "query_table", "sniff_csv", "sqlite_scan", "postgres_scan", "iceberg_scan", "delta_scan", "histogram",
              "histogram_values")  # fmt: skip
FILE = re.compile(r".*[*/].*|.*\.(parquet|csv|tsv|txt|json|jsonl|ndjson|db|duckdb|sqlite|xlsx)(\.\w+)?", re.DOTALL)
SUSPECT = (*UNDECLARED, "read_", "parquet", "json_execute")
QUOTED_SOURCE = re.compile(r"(?:from|join)\s*['\"]")
READABLE = ("raw", "coverage", "core", "marts", "indicators", "reference")


@dataclass(frozen=True)
class Rows:
    """Rows of a lookup: those in which `column` has one of `values`."""

    column: str
    values: frozenset[str]


# Table -> the rows of it that can matter; None where that may be all.
Reads = dict[str, Rows | None]


@dataclass(frozen=True)
class Macro:
    """A piece of SQL that tables call, like in_force('response_time_limit', action_class, day): `sql/macros/<name>.sql`.

    `narrows` says which rows a literal argument leaves: (table, column, place of the argument).
    """

    name: str
    text: str
    statement: str
    parameters: tuple[str, ...]
    body: str
    reads: Reads
    narrows: tuple[str, str, int] | None


def load_macro(path: Path) -> dict[str, Macro]:
    """A macro by its name. Raises ContractError for a file that defines none, or one of another name."""
    where = f"sql/macros/{path.name}"
    try:
        macro = _macro(path.read_text("utf-8"), where)
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{where}: cannot be read ({type(error).__name__})") from error
    except (ValueError, IndexError) as error:
        raise ContractError(f"{where}: is no `create or replace macro name(...) as (...)`") from error
    if macro.name != path.stem:
        raise ContractError(f"{where}: defines {macro.name}")
    return {macro.name: macro}


def statement(sql: str, where: str) -> str:
    """The SQL as far as it decides a result: comments and line breaks are no reason to compute a table again."""
    return " ".join(f"{t.token_type.name}:{t.text}" for t in tokens(sql, where))


def reads(sql: str, where: str, macros: Mapping[str, Macro] | None = None) -> Reads:
    """The tables a query names, like core.pathway, and those its macros do. SQL names every table with its layer; no alias is a layer.

    Raises ContractError for one that reads files or names tables in texts: nobody could tell what it is made of.
    """
    said = tokens(sql, where)
    _refuse_undeclared(sql, said, where)
    found: Reads = dict.fromkeys(_named(said))
    for macro, arguments in calls(said, macros or {}):
        for table in macro.reads:
            rows = _rows(macro, table, arguments)
            known = found.get(table, rows)
            found[table] = Rows(rows.column, rows.values | known.values) if rows and known and rows.column == known.column else None
    return found


def _refuse_undeclared(sql: str, said: list[Token], where: str) -> None:
    # Hardly any text has a word of these, and to look at each token takes long.
    text = sql.casefold()
    may_be = any(word in text for word in SUSPECT) or QUOTED_SOURCE.search(text)
    if may_be and (past := _reads_past(said)):
        names = "a table reads raw, core, marts and reference by their names"
        raise ContractError(f"{where}: Permission denied: {past} reads what is not declared; {names}")


def _reads_past(said: list[Token]) -> str:
    """A source by which a query reads files, or tables that it does not name; '' for none. Texts elsewhere are texts."""
    for before, token, after, then in zip([None, *said], said, said[1:], [*said[2:], None], strict=False):
        # `is distinct from` compares.
        compares = before is not None and before.token_type is TokenType.DISTINCT
        is_source = token.token_type in (TokenType.FROM, TokenType.JOIN) and not compares
        name = after.text.casefold()
        is_called = then and then.token_type is TokenType.L_PAREN and (is_source or token.token_type is TokenType.COMMA)
        if is_called and (name in UNDECLARED or name.startswith(("read_", "parquet_"))):
            return f"{after.text}(...)"
        if name == "json_execute_serialized_sql" or name.endswith(".parquet") or (is_source and FILE.fullmatch(name)):
            return f"'{after.text}'"
    return ""


def calls(said: list[Token], macros: Mapping[str, Macro]) -> Iterator[tuple[Macro, list[list[Token]]]]:
    """Each call of a macro among the tokens of a query, with the tokens of its arguments."""
    for i, token in enumerate(said[:-1]):
        is_call = said[i + 1].token_type is TokenType.L_PAREN and (i == 0 or said[i - 1].token_type is not TokenType.DOT)
        if is_call and token.text.casefold() in macros:
            inside = said[i + 2 :]
            end = next((j for j, depth in _depths(inside) if depth < 0), len(inside))
            yield macros[token.text.casefold()], _split(inside[:end])


def with_threshold(sql: str, period: str, may_change: bool) -> str:
    """A query with a column that says how many persons a cell must have to be published, by its period; and, where a period may still
    change, for how many months that is waited for at most.
    """
    waited = f", in_force('provisional_at_most', 'ALL', {period}) as {WAITED_MONTHS}" if may_change else ""
    return f"select *, disclosure_threshold({period}) as {THRESHOLD}{waited}\nfrom (\n{sql.strip().rstrip(';')}\n)\n"


def output_columns(sql: str, where: str) -> list[str]:
    """Names of the columns of a plain select: each column is named by its last word."""
    said = tokens(sql, where)
    starts = [i for i, depth in _depths(said) if depth == 0 and said[i].token_type is TokenType.SELECT]
    if len(starts) != 1:
        raise ContractError(f"{where}: is no single plain select")
    end = next((i for i, depth in _depths(said) if i > starts[0] and depth == 0 and said[i].token_type is TokenType.FROM), len(said))
    columns = [part for part in _split(said[starts[0] + 1 : end]) if part]
    if any(part[-1].token_type is TokenType.STAR for part in columns):
        raise ContractError(f"{where}: names its columns one by one, without *")
    return [part[-1].text for part in columns]


def tokens(sql: str, where: str) -> list[Token]:
    """Tokens of a query, cut once for all who ask; raises ContractError naming `where`."""
    try:
        return _cut(sql)
    except sqlglot.TokenError as error:
        raise ContractError(f"{where}: {error}") from error


@cache
def _cut(sql: str) -> list[Token]:
    return _dialect().tokenize(sql)


@cache
def _dialect() -> sqlglot.Dialect:
    return sqlglot.Dialect.get_or_raise("duckdb")


def _named(said: list[Token]) -> set[str]:
    triples = zip(said, said[1:], said[2:], strict=False)
    return {f"{layer.text}.{name.text}" for layer, dot, name in triples if dot.token_type is TokenType.DOT and layer.text in READABLE}


def _rows(macro: Macro, table: str, arguments: list[list[Token]]) -> Rows | None:
    """The rows of a table that a call of the macro can ask for."""
    if macro.narrows is None or macro.narrows[0] != table:
        return None
    _, column, place = macro.narrows
    given = arguments[place] if place < len(arguments) else []
    return Rows(column, frozenset({given[0].text})) if len(given) == 1 and given[0].token_type is TokenType.STRING else None


def _macro(text: str, where: str) -> Macro:
    said = tokens(text, where)
    words = [t.text.lower() for t in said]
    try:
        at = words.index("macro") + 1
        opens = at + 1
        closes = words.index(")", opens)
        begins = words.index("as", closes) + 1
    except ValueError:
        raise ContractError(f"{where}: is no `create or replace macro name(...) as (...)`") from None
    parameters = tuple(part[0].text for part in _split(said[opens + 1 : closes]) if part)
    inside = said[begins:]
    _refuse_undeclared(text, inside, where)
    body = text[inside[0].start : inside[-1].end + 1]
    read: Reads = dict.fromkeys(_named(inside))
    return Macro(said[at].text, text, statement(text, where), parameters, body, read, _narrowed(inside, parameters))


def _narrowed(said: list[Token], parameters: tuple[str, ...]) -> tuple[str, str, int] | None:
    """Proof that a macro reads only rows in which a column equals an argument: `from reference.x where column = argument and ...`.

    Without an `or` anywhere, and with the table read once.
    """
    words = [t.text for t in said]
    if any(t.token_type is TokenType.OR for t in said) or words.count("reference") != 1:
        return None
    at = words.index("reference")
    follows = [t.token_type for t in said[at + 1 : at + 6]]
    if said[at - 1].token_type is not TokenType.FROM or follows[:1] != [TokenType.DOT] or follows[2:3] != [TokenType.WHERE]:
        return None
    column, equals, argument, ends = said[at + 4 : at + 8]
    is_equal = equals.token_type is TokenType.EQ and ends.token_type in (TokenType.AND, TokenType.R_PAREN)
    if is_equal and column.text not in parameters and argument.text in parameters:
        return f"reference.{words[at + 2]}", column.text, parameters.index(argument.text)
    return None


def _depths(said: Iterable[Token]) -> Iterator[tuple[int, int]]:
    """Place and depth of parentheses of each token; a closing one counts as outside."""
    depth = 0
    for i, token in enumerate(said):
        depth -= token.token_type is TokenType.R_PAREN
        yield i, depth
        depth += token.token_type is TokenType.L_PAREN


def _split(said: list[Token]) -> list[list[Token]]:
    """Parts between the commas that are in no parentheses."""
    parts: list[list[Token]] = [[]]
    for i, depth in _depths(said):
        if depth == 0 and said[i].token_type is TokenType.COMMA:
            parts.append([])
        else:
            parts[-1].append(said[i])
    return parts
