"""What delivered files are read by, and what computes a table's SQL: DuckDB on this machine, or a Spark cluster where it is asked for.

An engine makes rows and nothing else. What is withheld of them, their audit, hash and record are DuckDB's over the Parquet that an engine
wrote, so that there is one implementation of each; nothing outside this room knows which engine it was.
"""

from pathlib import Path
from typing import Protocol

import duckdb

from assets.catalog.declared import Table
from sources import settings
from sources.readers import Readers


class CannotCompute(Exception):
    """SQL that an engine cannot compute, or broke off. The text says why, and quotes no value."""


class Rows(Protocol):
    """Rows of tables as their SQL makes them, before anything is withheld."""

    def of(self, table: Table) -> str:
        """A select, for DuckDB, of the rows of a table's SQL. Raises CannotCompute."""

    def files(self, select: str) -> list[Path]:
        """The Parquet files that hold the rows of a select, in its columns and types; none where it must be written."""

    def close(self) -> None:
        """Nobody asks for these rows any more."""


class Engine(Protocol):
    """`name` is what a region calls it (VENTETAL_ENGINE)."""

    @property
    def name(self) -> str: ...

    def readers(self, scratch: Path) -> Readers:
        """Who reads delivered files. What is half made lies in `scratch`."""

    def rows_of(self, folder: Path, con: duckdb.DuckDBPyConnection) -> Rows:
        """What computes tables over the views of their inputs that `con` has; what must be written lies in `folder` until it is closed."""


class OwnRows:
    """DuckDB computes them as it reads them."""

    def of(self, table: Table) -> str:
        return table.text.rstrip().rstrip(";")

    def files(self, select: str) -> list[Path]:
        return []

    def close(self) -> None:
        pass


OWN_ROWS = OwnRows()


class DuckDB:
    """The machine that the run is on."""

    name = settings.DUCKDB

    def readers(self, scratch: Path) -> Readers:
        return Readers(scratch)

    def rows_of(self, folder: Path, con: duckdb.DuckDBPyConnection) -> Rows:
        return OWN_ROWS


DUCKDB = DuckDB()
