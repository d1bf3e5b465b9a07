"""A table's SQL on a Spark cluster: executors read the Parquet files behind its inputs and write Parquet, of which DuckDB goes on.

What its inputs are is asked of the connection that shows them, so that both engines read the same files by the same declaration.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from assets.catalog.declared import Table
from assets.catalog.lineage import expanded
from assets.lake.files import beside
from assets.tables.engines import OWN_ROWS, CannotCompute
from assets.tables.engines.spark_selects import NotPortable
from assets.tables.engines.spark_sql import Schema, spark_sql, view
from sources.casts import ident, literal
from sources.cluster import ClusterReaders, session
from sources.paths import plain, quoted
from sources.readers import Readers
from sources.settings import SPARK

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Where the rows of an attempt lie in its folder.
ROWS = "rows"
# Types that Spark has not, as it keeps their values.
_KEPT_AS = {
    "HUGEINT": "decimal(38, 0)",
    "UBIGINT": "decimal(20, 0)",
    "UINTEGER": "bigint",
    "TIMESTAMP": "timestamp_ntz",
    "VARCHAR": "string",
}
_CONDITION = re.compile(r"\[([A-Z][A-Z_.0-9]+)\]")


class Spark:
    """The cluster that Spark's own configuration or VENTETAL_SPARK_MASTER names."""

    name = SPARK

    def readers(self, scratch: Path) -> Readers:
        return ClusterReaders(scratch)

    def rows_of(self, folder: Path, con: duckdb.DuckDBPyConnection) -> "SparkRows":
        return SparkRows(folder, con)


class SparkRows:
    """Rows that executors wrote, each table's in a folder of its own."""

    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection) -> None:
        self._folder, self._con = folder, con
        # Select -> the folder of its rows.
        self._made: dict[str, Path] = {}

    def of(self, table: Table) -> str:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        # A name of its own, so that a task that was thought dead and comes back touches nothing that a later attempt makes.
        made = beside(self._folder / uuid4().hex)
        self._made[made.name] = made
        made.mkdir()
        try:
            select = self._computed(table, made)
        except (PySparkException, Py4JError, NotPortable, SqlglotError) as error:
            raise CannotCompute(_said(error)) from None
        self._made[select] = self._made.pop(made.name)
        return select

    def _computed(self, table: Table, made: Path) -> str:
        con, spark = self._con, session().newSession()
        schema = _schema(con, table.reads)
        for name in table.reads:
            _show(spark, con, name, made)
        [(as_of,)] = con.execute("select coalesce(cast(getvariable('as_of') as varchar), '')").fetchall()
        types = [(n, t) for n, t, *_ in con.execute(f"describe {OWN_ROWS.of(table)}").fetchall()]
        query = spark_sql(expanded(table), schema, {"as_of": exp.cast(exp.Literal.string(as_of), "timestamp")})
        columns = ", ".join(f"cast(`{name}` as {_KEPT_AS.get(type_, type_)}) as `{name}`" for name, type_ in types)
        spark.sql(f"select {columns} from ({query})").write.parquet(str(made / ROWS))
        return f"select {', '.join(f'cast({ident(n)} as {t}) as {ident(n)}' for n, t in types)} from {_rows_in(made)}"

    def files(self, select: str) -> list[Path]:
        if not (made := self._made.get(select)):
            return []
        has, asked = (self._con.execute(f"describe {sql}").fetchall() for sql in (f"from {_rows_in(made)}", select))
        return sorted((made / ROWS).glob("*.parquet")) if has == asked else []

    def close(self) -> None:
        for made in self._made.values():
            shutil.rmtree(made, ignore_errors=True)


def _rows_in(made: Path) -> str:
    return f"read_parquet({literal(f'{plain(made / ROWS)}/*.parquet')})"


def _schema(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> Schema:
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for name in names:
        layer, table = name.split(".")
        schema.setdefault(layer, {})[table] = {n: t for n, t, *_ in con.execute(f"describe {name}").fetchall()}
    return schema


def _show(spark: "SparkSession", con: duckdb.DuckDBPyConnection, name: str, made: Path) -> None:
    """Show Spark what a view of DuckDB's shows: its select over the same files. What it has beside files is small, and is written."""
    layer, table = name.split(".")
    asked = "select sql from duckdb_views() where database_name = current_database() and schema_name = ? and view_name = ?"
    [(text,)] = con.execute(asked, [layer, table]).fetchall()
    created = sqlglot.parse_one(text, dialect="duckdb")
    # As DuckDB keeps it: main.list_value(...).
    for kept in [d for d in created.find_all(exp.Dot) if d.this.name == "main"]:
        kept.replace(sqlglot.parse_one(kept.expression.sql(dialect="duckdb"), dialect="duckdb"))
    query, read = created.expression, list(created.find_all(exp.ReadParquet))
    if not read:
        written = made / f"{view(name)}.parquet"
        con.execute(f"copy (select * from {name}) to {quoted(written)} (format parquet)")
        _show_files(spark, con, view(name), [str(written)])
        return
    schema: dict[str, dict[str, dict[str, str]]] = {"files": {}}
    for place, call in enumerate(read):
        paths, source = [e.name for e in call.find_all(exp.Literal) if e.is_string], f"{view(name)}_{place}"
        schema["files"][source] = _show_files(spark, con, view(f"files.{source}"), paths)
        _source_of(call).replace(exp.to_table(f"files.{source}", alias=_source_of(call).alias or None))
    spark.sql(spark_sql(query, schema)).createOrReplaceTempView(view(name))


def _show_files(spark: "SparkSession", con: duckdb.DuckDBPyConnection, name: str, paths: list[str]) -> dict[str, str]:
    """Show Spark Parquet files by a name, with the columns that DuckDB finds in them: by itself it would start a job to look. Its types."""
    described = con.execute(f"describe select * from read_parquet([{', '.join(map(literal, paths))}])").fetchall()
    columns = {n: t for n, t, *_ in described}
    told = ", ".join(f"`{n}` {_KEPT_AS.get(t, t)}" for n, t in columns.items())
    spark.read.schema(told).parquet(*(file for path in paths for file in _files_of(con, path))).createOrReplaceTempView(name)
    return columns


def _files_of(con: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """The files of a pattern, of which Spark would say at length that no folder has that name. What is no pattern must be there."""
    if "*" not in path:
        return [path]
    found = [file for (file,) in con.execute("select file from glob(?) order by all", [path]).fetchall()]
    if not found:
        raise CannotCompute("files that a table of its inputs consists of are not there")
    return found


def _source_of(call: exp.Expr) -> exp.Expr:
    return call.parent if isinstance(call.parent, exp.Table) else call


def _said(error: Any) -> str:
    """What is wrong in words that hold no value: Spark's own name of it, or the construct that Spark does not know."""
    if isinstance(error, NotPortable):
        return f"Spark would not mean the same by {error}. Write it in another way, or let DuckDB compute (deploy/spark.md)."
    if isinstance(error, SqlglotError):
        return f"its SQL cannot be said in Spark's words ({type(error).__name__})"
    condition = getattr(error, "getCondition", lambda: "")() or ""
    found = condition or next(iter(_CONDITION.findall(str(error))), "")
    return f"Spark broke off ({found or type(error).__name__})"
