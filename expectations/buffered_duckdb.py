"""A SQLAlchemy dialect for the pipeline's own DuckDB connection whose results outlive their connection.

Great Expectations fetches rows after it has closed the SQLAlchemy connection. duckdb-engine shares one DuckDB connection,
so that close discards the rows and a validation fails as if the data were bad. Here every result is fetched when it is made.
"""

from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy import types
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.engine.default import DefaultExecutionContext

from sources.duck import cursor_of

NAME = "ventetal_duckdb"


class BufferedContext(DefaultExecutionContext):
    def post_exec(self) -> None:
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(self.cursor, self.cursor.description, self.cursor.fetchall())


class BufferedDialect(duckdb_engine.Dialect):
    execution_ctx_cls: Any = BufferedContext
    supports_statement_cache = False

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> list[Any]:
        """Columns of a view by `describe`: the Postgres catalogue queries cost sixty times as much, for every expectation."""
        found = connection.exec_driver_sql(f'describe "{schema}"."{table_name}"').fetchall()
        return [
            {"name": name, "type": getattr(types, type_.split("(")[0], types.String)(), "nullable": True, "default": None}
            for name, type_, *_ in found
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
        """None: views have no key."""
        return {"constrained_columns": [], "name": None}

    def get_indexes(self, *_: Any, **__: Any) -> list[Any]:
        """None: views have no index, and duckdb-engine warns whenever it is asked."""
        return []


registry.register(NAME, __name__, "BufferedDialect")
_current: duckdb.DuckDBPyConnection | None = None


def open_from_now_on(con: duckdb.DuckDBPyConnection) -> None:
    """Which connection SQLAlchemy gets until the next call; one audit at a time."""
    global _current
    _current = con


def opened() -> Any:
    """What SQLAlchemy takes for a connection of its own: a cursor that sees the views of the current one."""
    assert _current is not None
    return duckdb_engine.ConnectionWrapper(cursor_of(_current))
