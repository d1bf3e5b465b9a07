"""Views for who works in a spreadsheet or a BI tool: each mart under its own name, in Danish, final periods only, codes in words.

They stand in `main`, where programs look first, and hold nothing that the mart does not.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Sequence

import duckdb

from assets.catalog.declared import MARTS
from assets.catalog.statements import QF_COLUMNS
from assets.pages.danish import head
from assets.releases import meta
from assets.releases.semantics import LABELS, has_name
from assets.tables.qualifiers import QF
from sources.casts import ident, literal
from sources.contract import Contract
from sources.vocabulary import Column

PROVISIONAL = "is_provisional"
# A row may have several letters, each a code of its own.
_OF_LETTERS = f"select string_agg(label, '; ' order by code) from {LABELS} where column_name = {literal(QF)} and contains(mart.{QF}, code)"


def create_views(con: duckdb.DuckDBPyConnection, contracts: Iterable[Contract]) -> None:
    """A view for each mart of the release that is written; `contracts` are those of its marts."""
    con.execute("create schema if not exists main")
    tables = {f"{schema}.{name}" for schema, name in con.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
    coded = {c for (c,) in con.execute(f"select distinct column_name from {LABELS}").fetchall()} if LABELS in tables else set()
    for contract in contracts:
        mart = f"{MARTS}.{contract.id}"
        there = [d[0] for d in con.execute(f"describe {mart}").fetchall()]
        select, comments = _view(contract, there, {c for c in coded if not has_name(c, there)})
        con.execute(f"create view main.{ident(contract.id)} as {select}")
        periods = "Final periods only" if contract.tells_what_is_provisional else contract.why_always_final.rstrip(".") or "All rows"
        words = f"{meta.table_comment(contract)} {periods}; {mart} has all, with codes."
        con.execute(f"comment on view main.{ident(contract.id)} is {literal(words)}")
        for name, comment in comments.items():
            con.execute(f"comment on column main.{ident(contract.id)}.{ident(name)} is {literal(comment)}")


def _view(contract: Contract, there: list[str], coded: set[str]) -> tuple[str, dict[str, str]]:
    """The select of a view, and what each of its columns is."""
    mart, joins, columns = f"{MARTS}.{contract.id}", list[str](), list[str]()
    comments: dict[str, str] = {}
    shown = [c for c in contract.columns if c.name in there and c.name != PROVISIONAL]
    heads = danish_names(shown, coded)
    for column, name in zip(shown, heads, strict=True):
        value = f"mart.{ident(column.name)}"
        comments[name] = meta.column_comment(column, column.name)
        if column.name in coded:
            of = ident(f"label of {column.name}")
            code = f"cast({value} as varchar)"
            if column.name == QF:
                words = f"coalesce(({_OF_LETTERS}), '')"
            else:
                joins.append(f"left join {LABELS} as {of} on {of}.column_name = {literal(column.name)} and {of}.code = {code}")
                words = f"coalesce({of}.label, {code})"
            columns += [f"{words} as {ident(name)}", f"{value} as {ident(f'{name} (kode)')}"]
            comments[f"{name} (kode)"] = f"The code of {name}."
        elif column.name == QF_COLUMNS:
            columns.append(f"{_in_danish(value, dict(zip((c.name for c in shown), heads, strict=True)))} as {ident(name)}")
            comments[name] += " Here they are called as the columns of this view are."
        else:
            columns.append(f"{value} as {ident(name)}")
    return f"select {', '.join(columns)} from {mart} as mart {' '.join(joins)} where {final_rows(there)}", comments


def _in_danish(columns: str, heads: dict[str, str]) -> str:
    """SQL of a text that names columns, like "c: pathways; m: p90_days", with what they are called here. Letters are one character."""
    marked = rf"regexp_replace({columns}, '([a-z][a-z0-9_]+)', '{{\1}}', 'g')"
    for name, head_ in heads.items():
        marked = f"replace({marked}, {literal(f'{{{name}}}')}, {literal(head_)})"
    return f"translate({marked}, '{{}}', '')"


def final_rows(columns: Collection[str]) -> str:
    """What holds of the final rows of a `mart` that has the columns, in SQL."""
    return f"not mart.{PROVISIONAL}" if PROVISIONAL in columns else f"not contains(mart.{QF}, 'p')" if QF in columns else "true"


def danish_names(columns: Sequence[Column], coded: Container[str]) -> list[str]:
    """What each column is called beside the others, with its unit where nothing else says it; `coded` are those that have words for their
    codes. Views, pages and the files of a catalogue call them the same.
    """
    labels = [c.businessName or c.name for c in columns]
    met = Counter(name.casefold() for c, label in zip(columns, labels, strict=True) for name in _names(label, c.name in coded))
    # Two columns that people call the same are told apart by their own names.
    is_alone = [all(met[name.casefold()] == 1 for name in _names(label, c.name in coded)) for c, label in zip(columns, labels, strict=True)]
    called = [label if alone else f"{label} ({c.name})" for c, label, alone in zip(columns, labels, is_alone, strict=True)]
    return [head(name, c.unit) for name, c in zip(called, columns, strict=True)]


def _names(label: str, is_coded: bool) -> list[str]:
    """What a view calls a column: the words, and beside them the code."""
    return [label, f"{label} (kode)"] if is_coded else [label]
