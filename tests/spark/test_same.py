"""Spark computes what DuckDB computes: each construct that the two read differently, and every table of the example region."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import sqlglot

from assets.catalog.declared import Catalog
from assets.lake.files import Lake
from assets.tables.build import Night
from assets.tables.engines import CannotCompute
from assets.tables.engines.chosen import chosen
from assets.tables.engines.spark import Spark, _files_of
from assets.tables.engines.spark_selects import NotPortable
from assets.tables.engines.spark_sql import spark_sql, view
from assets.tables.versions import LOGICAL_HASH
from sources.errors import WrongUsage

GIVEN = {
    "core.t": {
        "k": "BIGINT",
        "x": "DOUBLE",
        "n": "INTEGER",
        "d": "DATE",
        "e": "DATE",
        "seen": "TIMESTAMP",
        "s": "VARCHAR",
        "m": "DECIMAL(9, 2)",
        "b": "BOOLEAN",
    }
}
ROWS = """
    (1, 18924.815, 7, date '2015-01-31', date '2014-12-31', timestamp '2015-03-29 02:30:00', 'a1 b2', 2.50, true),
    (2, 0.285, 2, date '2015-02-28', date '2015-02-28', timestamp '2015-10-25 02:30:00', 'c3', 3.49, false),
    (3, 2.5, -7, date '2016-02-29', date '2015-03-01', timestamp '2015-10-25 01:59:59.7', '2. oktober 2015', -2.50, null),
    (4, -3.5, null, null, date '2015-03-01', null, null, null, true),
    (5, null, 0, date '1999-12-31', null, timestamp '1969-12-31 23:59:59.2', '', 0.01, false)
"""
# What it is -> a select over core.t.
CONSTRUCTS = {
    "an alias in the same select": "select k, n + 1 as next, next * 2 as twice from core.t",
    "a materialized step": "with once as materialized (select k from core.t) select k from once",
    "a name with a hyphen": 'select "a-b" from (select k as "a-b" from core.t)',
    "a quotient of integers": "select k, n / 4 as q from core.t",
    "a quotient of decimals": "select k, m / 3 as q from core.t",
    "an integer quotient": "select k, n // 2 as q, n % 2 as r from core.t",
    "a real number rounded": "select k, round(x, 2) as r, round(x / 3, 9) as s from core.t",
    "a number rounded to thousands": "select k, round(x, -3) as r from core.t",
    "a decimal rounded": "select k, round(m, 1) as r, round(m) as w from core.t",
    "a real number cast to a whole one": "select k, cast(x as bigint) as w from core.t",
    "a decimal cast to a whole one": "select k, cast(m as integer) as w from core.t",
    "days between": "select k, d - e as days, d - e + 1 as both from core.t",
    "days added": "select k, d + 9 as later, d - 1 as before, d + n as byn from core.t",
    "a month later": "select k, cast(d + interval 1 month as date) as later, last_day(d + interval 2 month) as ends from core.t",
    "date_diff": "select k, " + ", ".join(f"date_diff('{u}', e, d) as {u}s" for u in ("day", "month", "year")) + " from core.t",
    "date_diff of times": "select k, date_diff('second', seen, seen + interval 500 millisecond) as s, "
    "date_diff('hour', seen, cast(d as timestamp)) as h from core.t",
    "epoch_ms": "select k, epoch_ms(seen) as ms from core.t",
    "to_seconds and to_days": "select k, d + to_seconds(n) as s, seen + to_days(n) as t from core.t where n is not null",
    "an hour that is skipped or shown twice": "select k, epoch_ms(timezone('UTC', timezone('Europe/Copenhagen', seen))) as u,"
    " timezone('Europe/Copenhagen', timezone('Europe/Copenhagen', seen) + interval 1 hour) = seen as is_twice from core.t",
    "a window with FILTER": "select k, count(*) filter (n > 0) over (order by k) as c, "
    "sum(n) filter (b) over (order by k) as s from core.t",
    "a window with DISTINCT": "select k, count(distinct n > 0) over () as c from core.t",
    "a column that only qualify names": "select k, s from core.t "
    "qualify row_number() over (partition by b order by k desc) = 1 and not n is null",
    "qualify of what a join selects": "select a.k, b.n as m from core.t as a join core.t as b on a.k = b.k "
    "qualify row_number() over (partition by a.b order by a.k desc) = 1 and a.k > 1 and b.x is not null",
    "qualify by a name that the select makes something else": "select k, -n as n from core.t "
    "qualify row_number() over (order by n, k) < 4 and n > 0",
    "qualify of groups": "select b, sum(n) as n from core.t group by b qualify row_number() over (order by max(k)) < 3 and count(*) > 1",
    "a window that is all that qualify asks": "with newest as (select k from core.t "
    "qualify max(k) over (partition by b) = k) select count(*) as c from newest",
    "quantiles": "select b, quantile_disc(n, [0.5, 0.9]) filter (k < 5) as q, "
    "quantile_disc(n, 0.9) as p, median(n) as m from core.t group by b",
    "arg_max of rows with a value": "select arg_max(n, k) filter (k < 5) as a, arg_max_null(n, "
    "k) filter (k < 5) as b, arg_min(x, k) as c from core.t",
    "any_value that is there": "select any_value(n) filter (k in (4, 5)) as a, b from core.t group by b",
    "a series that ends before it begins": "select k, unnest(generate_series(n, 3)) as i from core.t where n is not null",
    "a range": "select k, unnest(range(k - 2)) as i from core.t",
    "structs as columns": "select * from (select k, unnest([{a: n, w: true}, {a: null, w: false}], recursive := true) from core.t)",
    "a union by name": "select k, n from core.t union all by name select s, k from core.t",
    "text with NULL": "select k, concat(s, '-', n) as c, concat_ws('; ', s, b) as w from core.t",
    "a list of texts in order": "select b, string_agg(s, ', ' order by s) filter (k < 4) as l from core.t group by b",
    "groups of a pattern": "select k, w['day'] as day, w['year'] as year from "
    r"(select k, regexp_extract(s, '^([0-9]+)\. [a-z]+ ([0-9]{4})$', ['day', 'year']) as w from core.t)",
    "all that fits a pattern": r"select k, regexp_replace(s, '([a-z])([0-9])', '\2\1', 'g') as s, "
    r"regexp_matches(s, '\bb') as f from core.t",
    "the end of a text": r"select k, regexp_matches(concat(s, chr(10)), 'c3$') as f, "
    r"regexp_replace(s, '[0-9]+$', '#') as e from core.t where k < 4",
    "the place in a list": "select k, list_position(['c3', ''], s) as p from core.t",
    "the order of NULL": "select k, row_number() over (order by n, k) as up, row_number() over (order by n desc, k) as down from core.t",
    "bits": "select k, bit_count(k & 5) as b, 1 << k as s from core.t",
    "days as text": "select k, strftime(d, '%Y-%m') as m, date_trunc('month', d) = d as f from core.t",
}  # fmt: skip
REFUSED = {
    "a list that may come in any order": "select list(s order by k) from core.t",
    "the first value of any": "select first(s) from core.t",
    "a list unnested beside qualify": "select k, unnest([n, 1]) as i from core.t qualify row_number() over (order by k) = 1",
    "a list unnested beside a window": "select k, unnest([n, 1]) as i, row_number() over (order by k) as r from core.t",
    "qualify by a subquery": "select k from core.t as t qualify count(*) over () = (select max(u.k) from core.t as u where u.n = t.n)",
    "the first rows that qualify": "select distinct b from core.t qualify row_number() over (order by k) > 1",
    "the most frequent value, ties in any order": "select mode(n) from core.t",
    "the first place alone that fits": "select regexp_replace(s, 'a', 'b') from core.t",
    "an end that may be nothing": "select regexp_replace(s, '[0-9]*$', '#') from core.t",
    "a real number as text": "select concat(s, x) from core.t",
    "weeks between": "select date_diff('week', e, d) from core.t",
    "a time between": "select seen - seen from core.t",
    "a join by using after a full one": "select k from core.t as a full join core.t as b using (k) left join core.t as c using (k)",
}
SCHEMA = {"core": {"t": GIVEN["core.t"]}}


def in_spark(sql: str) -> str:
    return spark_sql(sqlglot.parse_one(sql, dialect="duckdb"), SCHEMA)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'; create schema core")
        columns = ", ".join(f"cast({n} as {t}) as {n}" for n, t in GIVEN["core.t"].items())
        con.execute(f"create table core.t as select {columns} from (values {ROWS}) as t({', '.join(GIVEN['core.t'])})")
        yield con


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_a_construct_means_the_same(construct: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: nothing was compared with it")
    from sources.cluster import session

    sql, (given, written) = CONSTRUCTS[construct], (tmp_path / "t.parquet", tmp_path / "written")
    con.execute(f"copy core.t to '{given}' (format parquet)")
    session().read.parquet(str(given)).createOrReplaceTempView(view("core.t"))
    session().sql(in_spark(sql)).write.parquet(str(written))
    types = con.execute(f"describe {sql}").fetchall()
    same = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_, *_ in types)
    found = con.execute(f"select {same} from read_parquet('{written}/*.parquet') order by all").fetchall()
    assert found == con.execute(f"select * from ({sql}) order by all").fetchall()


@pytest.mark.parametrize("construct", REFUSED)
def test_what_would_mean_something_else_is_refused(construct: str) -> None:
    with pytest.raises(NotPortable):
        in_spark(REFUSED[construct])


def test_every_table_of_the_region_is_the_same(small_region: Path, catalog: Catalog, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: nothing was compared with it")
    lake = Lake(small_region)
    night, differ = Night(lake, catalog, datetime(2015, 6, 1)), []
    available = {n: k for d in ("reference", *catalog.domains) for n, k in night._available(d).items()}
    for table in catalog.computed:
        con = night.inputs.connect_to({n: available[n] for n in table.needs if n in available})
        for macro in table.macros:
            con.execute(macro.text)
        with con, closing(Spark().rows_of(lake.scratch, con)) as rows:
            hashes = {con.execute(f"select {LOGICAL_HASH} from ({sql}) as t").fetchall()[0] for sql in (rows.of(table), table.text)}
        differ += [table.name] if len(hashes) > 1 else []
    assert differ == []
    assert len(catalog.computed) >= 60


def test_a_pattern_that_fits_no_file_breaks_off(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(CannotCompute, match="are not there"):
        _files_of(con, str(tmp_path / "*.parquet"))
    assert _files_of(con, str(tmp_path / "gone.parquet")) == [str(tmp_path / "gone.parquet")]
    (tmp_path / "there.parquet").touch()
    assert _files_of(con, str(tmp_path / "*.parquet")) == [str(tmp_path / "there.parquet")]


def test_an_engine_that_is_not_there_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENTETAL_ENGINE", "sparc")
    with pytest.raises(WrongUsage, match="VENTETAL_ENGINE is 'sparc'; it is duckdb or spark"):
        chosen()
    monkeypatch.setenv("VENTETAL_ENGINE", "spark")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WrongUsage, match=r"make \.venv/spark"):
        chosen()
