"""How the pipeline opens DuckDB: in memory, bounded, shut in one folder, without extensions from elsewhere."""

import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import ref

import duckdb

from sources.casts import ident, literal
from sources.contract import Contract
from sources.errors import WrongUsage
from sources.paths import names, plain
from sources.settings import settings

# Errors of the SQL itself.
_BEFORE_VALUES = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
_MEANT = re.compile(r"(?:Candidate bindings: |Did you mean )\"([^\"]+)\"")
_SHOWN = re.compile(r"^(LINE \d+: )(.*)\n( *)\^", re.MULTILINE)
_AROUND = ((15, 15), (15, 5), (5, 15), (0, 15), (0, 6))
# Rows that DuckDB scans at once: of fewer, a second thread finds nothing to scan and costs a fifth of all work on small tables.
_BLOCK_ROWS = 122_880
# One that is opened when it is first asked for.
Connection = Callable[[], duckdb.DuckDBPyConnection]


def connect(
    scratch: Path,
    *folders: Path,
    memory_limit: str = "",
    spill_limit: str = "",
    keeps_order: bool = True,
    compression: str = "auto",
    rows: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """An in-memory connection that spills to `scratch`, under the limits given, else those of the environment; with one
    thread where no more than a few `rows` are behind its queries.

    It reaches no file outside `folders` (the one `scratch` lies in, if none is given), no extension and no network, and no SQL can
    change that. Raises WrongUsage for limits that cannot be meant.
    """
    if not (memory_limit and spill_limit):
        said = settings()
        memory_limit, spill_limit = memory_limit or said.memory_limit, spill_limit or said.spill_limit
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "temp_directory": plain(scratch),
                "max_temp_directory_size": spill_limit,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                **({"threads": 1} if _is_little(rows) else {}),
            }
        )
    except (duckdb.ParserException, duckdb.InvalidInputException) as error:
        sizes = f"{memory_limit!r} and {spill_limit!r}"
        raise WrongUsage(f"VENTETAL_MEMORY_LIMIT and VENTETAL_SPILL_LIMIT are {sizes}: one of them is no size like 4GB.") from error
    # For its cursors too: a session's setting would leave them the zone of the host.
    con.execute("set global timezone = 'UTC'")
    con.execute(f"set preserve_insertion_order = {keeps_order}")
    con.execute(f"set force_compression = {literal(compression)}")
    con.execute(f"set allowed_directories = [{', '.join(map(literal, names(*(folders or [scratch.parent]))))}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


class _Shared:
    """One DuckDB for many connections, each with a catalog of its own."""

    def __init__(self, scratch: Path, rows: int | None) -> None:
        self._scratch, self._base, self._lock, self._numbers = scratch, connect(scratch, rows=rows), Lock(), count()
        # Catalog -> the connection it is for. What it holds are views, and goes when somebody opens another.
        self._catalogs: dict[str, ref[duckdb.DuckDBPyConnection]] = {}

    def open(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            self._scratch.mkdir(parents=True, exist_ok=True)
            for name in [n for n, con in self._catalogs.items() if con() is None]:
                self._base.execute(f"detach {name}")
                del self._catalogs[name]
            name = f"catalog_{next(self._numbers)}"
            self._base.execute(f"attach ':memory:' as {name}")
            con = self._base.cursor()
            con.execute(f"use {name}")
            self._catalogs[name] = ref(con)
            return con


# Of each process, since a fork's is its parent's, and anew under other limits; for few rows and for many.
@lru_cache(maxsize=4)
def _shared(scratch: Path, rows: int | None, process: int, *limits: str) -> _Shared:
    return _Shared(scratch, rows)


def open_shared(scratch: Path, rows: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection as `connect` makes it, to the one DuckDB of this process that works in `scratch` for so many `rows`, for who
    attaches nothing and sets nothing: it sees no view of another's, and to open it costs a tenth.
    """
    said = settings()
    return _shared(scratch, 0 if _is_little(rows) else None, os.getpid(), said.memory_limit, said.spill_limit).open()


def _is_little(rows: int | None) -> bool:
    return rows is not None and rows <= _BLOCK_ROWS


def cursor_of(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection that sees the views of `con`."""
    [(catalog,)] = con.execute("select current_database()").fetchall()
    cursor = con.cursor()
    cursor.execute(f"use {ident(catalog)}")
    return cursor


def relation(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    """A view like core.pathway on `con`."""
    schema, _ = name.split(".")
    con.execute(f"create schema if not exists {schema}")
    con.execute(f"create or replace view {name} as {sql}")


def no_rows(contract: Contract) -> str:
    """A select of the contract's columns without a row."""
    nothing = ", ".join(f"cast(null as {c.physicalType}) as {ident(c.name)}" for c in contract.columns)
    return f"select {nothing} where false"


def said_of(error: Exception, is_personal: bool) -> str:
    """What an error says in one line, with the name that may have been meant. The text of a database error can quote a value; where
    persons are behind the values its kind must do, unless it was found before any value was read.
    """
    if is_personal and not isinstance(error, _BEFORE_VALUES):
        return type(error).__name__
    text = str(error).strip()
    meant = _MEANT.search(text)
    return text.splitlines()[0].rstrip(".!") + (f"; is {meant[1]} meant?" if meant else "")


def line_of(error: Exception, files: Mapping[str, str]) -> str:
    """Which line of which file a database error shows, like "sql/core/pathway.sql, line 7", of `files` (name -> text); '' where it is
    plain in none or in several.
    """
    shown = _SHOWN.search(str(error))
    if shown is None:
        return ""
    text, at = shown[2], len(shown[3]) - len(shown[1])
    word = re.match(r"\w+|\S?", text[at:])
    # Around the place it points at, and less: the line may have what is written around the SQL, and is cut where it is long.
    for before, after in (*_AROUND, (0, len(word[0]) if word else 0)):
        part = text[max(0, at - before) : at + after].strip()
        found = [(name, n) for name, sql in files.items() for n, line in enumerate(sql.splitlines(), 1) if part and part in line]
        if found:
            return f"{found[0][0]}, line {found[0][1]}" if len(found) == 1 else ""
    return ""


def dicts(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Rows of a query by column name."""
    found = con.execute(sql)
    names = [d[0] for d in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
