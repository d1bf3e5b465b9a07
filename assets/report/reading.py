"""What the report asks of a release: the rows of a figure, the finding of an indicator, what columns and codes are called.

A table the release does not have is an answer too: the figure then says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from assets.releases.database import open_release
from sources.duck import dicts
from sources.settings import PROJECT
from sources.stamp import next_month

Row = dict[str, Any]
SQL = PROJECT / "sql" / "report"
KPI = "marts.kpi_monthly"


@dataclass(frozen=True)
class ColumnWords:
    """What a column is called and counted in."""

    label: str
    unit: str | None = None
    type: str = "VARCHAR"
    meaning: str = ""


@dataclass
class Reading:
    """A release opened for a paper; `period` is the first day of the newest month or year it may speak of.

    A release that is `opened` already is read over a connection beside that one: papers that are made at the same time share it.
    """

    release: Path
    period: date
    opened: duckdb.DuckDBPyConnection | None = None
    con: duckdb.DuckDBPyConnection = field(init=False)

    def __post_init__(self) -> None:
        self.con = self.opened.cursor() if self.opened else open_release(self.release)

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    @cached_property
    def tables(self) -> set[str]:
        """Names like marts.kpi_monthly."""
        return {f"{r['schema_name']}.{r['table_name']}" for r in dicts(self.con, "select schema_name, table_name from duckdb_tables()")}

    @cached_property
    def about(self) -> Row:
        """The release's own line: id, as_of, created_at, line."""
        return dicts(self.con, "select * from meta.release")[0]

    @cached_property
    def domains(self) -> dict[str, Row]:
        return {r["domain"]: r for r in dicts(self.con, "select * from meta.domain_status")}

    @cached_property
    def words(self) -> dict[tuple[str, str], ColumnWords]:
        """Label and unit by table and column, from the release's dictionary."""
        rows = dicts(self.con, "select * from meta.column_dictionary")
        return {(r["table_name"], r["column_name"]): ColumnWords(r["label"], r["unit"], r["type"], r["meaning"]) for r in rows}

    def words_of(self, column: str, tables: Sequence[str]) -> ColumnWords | None:
        """What the first of the tables that has the column says of it."""
        return next((self.words[table, column] for table in tables if (table, column) in self.words), None)

    @cached_property
    def codes(self) -> dict[tuple[str, str], str]:
        """Danish label by column and code."""
        if "reference.code_label" not in self.tables:
            return {}
        return {(r["column_name"], r["code"]): r["label"] for r in dicts(self.con, "select * from reference.code_label")}

    @cached_property
    def findings(self) -> dict[tuple[str, str], Row]:
        """The finding of every indicator and subject that has a final month."""
        found = self.ask("finding") if KPI in self.tables else []
        return {(r["indicator"], r["subject"]): r for r in found}

    @cached_property
    def findings_before(self) -> dict[tuple[str, str], Row]:
        """What the report of the month before says of every indicator and subject."""
        found = query(self.con, statement("finding"), next_month(self.period, -1)) if KPI in self.tables else []
        return {(r["indicator"], r["subject"]): r for r in found}

    @cached_property
    def annotations(self) -> list[Row]:
        """What is noted on indicators; releases from before there were notes have none."""
        return [] if self.lacking("annotation") else self.ask("annotation")

    @cached_property
    def calendar(self) -> list[Row]:
        """The months and years to come of each domain; releases from before they were told have none."""
        return [] if self.lacking("calendar") else self.ask("calendar")

    def ask(self, name: str) -> list[Row]:
        """Rows of sql/report/<name>.sql for the paper's period."""
        return self.every(statement(name))

    def every(self, sql: str) -> list[Row]:
        """Rows of a query up to the paper's period."""
        return query(self.con, sql, self.period)

    @cached_property
    def indicators(self) -> dict[tuple[str, str], str]:
        """What an indicator of a subject, or of every subject (*), is called."""
        return {(r["indicator"], r["subject"]): r["label"] for r in dicts(self.con, "select indicator, subject, label from reference.kpi")}

    @cached_property
    def courses(self) -> dict[tuple[str, str], list[tuple[date, float]]]:
        """Month and value of the final months of every indicator and subject, oldest first."""
        if KPI not in self.tables:
            return {}
        found: dict[tuple[str, str], list[tuple[date, float]]] = {}
        sql = f"""
            select indicator, subject, month, value
            from {KPI}
            where not is_provisional and value is not null and month <= $month
            order by all
        """
        for row in self.every(sql):
            found.setdefault((row["indicator"], row["subject"]), []).append((row["month"], row["value"]))
        return found

    def accepted_share(self, extracts: tuple[str, ...], month: date) -> float | None:
        """The least share of a month's records that was accepted, of these extracts; None where one is withheld."""
        sql = """
            select case when count(completeness_share) = count(*) then min(completeness_share) end
            from meta.coverage
            where month = ? and extract in (select unnest(?)) and state <> 'outside'
        """
        share: float | None = self.con.execute(sql, [month, list(extracts)]).fetchall()[0][0]
        return share

    def lacking(self, name: str) -> list[str]:
        """Tables a figure reads that the release does not have."""
        return [t for t in needed(name) if t not in self.tables]

    def unverified(self, name: str) -> list[Row]:
        """Lookups behind a figure with rows that nobody has verified; releases from before they were told have none."""
        if "meta.unverified" not in self.tables:
            return []
        sql = "select distinct lookup, rows, of_rows from meta.unverified where table_name in (select unnest(?)) order by all"
        found = self.con.execute(sql, [list(needed(name))]).fetchall()
        return [{"lookup": lookup, "rows": rows, "of_rows": of_rows} for lookup, rows, of_rows in found]


def statement(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")


@cache
def needed(name: str) -> tuple[str, ...]:
    """Tables that sql/report/<name>.sql reads."""
    tree = sqlglot.parse_one(statement(name), dialect="duckdb")
    return tuple(sorted({f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db}))


def query(con: duckdb.DuckDBPyConnection, sql: str, period: date) -> list[Row]:
    """Rows of a query that may name $month or $year."""
    found = con.execute(sql, {unit: period for unit in ("month", "year") if f"${unit}" in sql})
    names = [d[0] for d in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def newest_month(release: Path) -> date | None:
    """The newest final month any indicator of the release has."""
    month: date | None = _of_months(release, "max(month) filter (not is_provisional)")[0]
    return month


def months_of(release: Path) -> tuple[date, date] | None:
    """The first and the last month of which any indicator of the release has a value, final or not; None for a release without one."""
    first, last = _of_months(release, "min(month) filter (value is not null), max(month) filter (value is not null)")
    return (first, last) if first and last else None


def _of_months(release: Path, asked: str) -> tuple[Any, ...]:
    with open_release(release) as con:
        tables = con.execute("select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'kpi_monthly'").fetchall()
        # Without the table there are no rows.
        rows = KPI if tables else "(select date '2000-01-01' as month, false as is_provisional, 1 as value limit 0)"
        found: tuple[Any, ...] = con.execute(f"select {asked} from {rows}").fetchall()[0]
        return found


def newest_year(release: Path) -> date | None:
    """The newest year of co-financing that is not provisional, else the newest; None for a release without any."""
    with open_release(release) as con:
        tables = con.execute("select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'kmf_region'").fetchall()
        sql = "select coalesce(max(year) filter (not is_provisional), max(year)) from marts.kmf_region"
        found = con.execute(sql).fetchall() if tables else [(None,)]
    year: date | None = found[0][0]
    return year
