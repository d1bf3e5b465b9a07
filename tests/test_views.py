"""The views of a release for spreadsheets and BI tools: they are found, say what they are, and hold what the marts hold."""

from pathlib import Path

import duckdb
import pytest

from assets.catalog.declared import MARTS, Catalog
from assets.lake.files import Lake
from assets.releases.database import open_release
from assets.releases.views import _in_danish, create_views
from sources.casts import ident


@pytest.fixture(scope="module")
def con(small_region: Path) -> duckdb.DuckDBPyConnection:
    release = Lake(small_region).current_release
    assert release
    return open_release(release)


def test_a_program_that_looks_finds_each_mart(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    marts = {t.contract.id for t in catalog.computed if t.layer == MARTS}
    assert {name for (name,) in con.execute("show tables").fetchall()} == marts
    told = con.execute("select view_name, comment from duckdb_views() where not internal").fetchall()
    whys = {t.contract.id: t.contract.why_always_final for t in catalog.computed if t.layer == MARTS}
    assert {name for name, comment in told if comment and "Final periods only; marts." in comment} == {n for n in marts if not whys[n]}
    assert {name for name, comment in told if whys[name] and whys[name].rstrip(".") in comment} == {n for n in marts if whys[n]} != set()
    asked = "from duckdb_columns() where schema_name = 'main' and not internal and comment is null"
    assert con.execute(f"select table_name, column_name {asked}").fetchall() == []


def test_they_hold_the_final_rows_of_the_marts_and_nothing_else(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    for table in (t for t in catalog.computed if t.layer == MARTS):
        there = {d[0] for d in con.execute(f"describe {table.name}").fetchall()}
        final = "not is_provisional" if "is_provisional" in there else "not contains(qf, 'p')" if "qf" in there else "true"
        names = [d[0] for d in con.execute(f"describe main.{table.contract.id}").fetchall()]
        by_comment = {
            comment.split(":")[0]: name
            for name, comment in con.execute(
                f"select column_name, comment from duckdb_columns() where schema_name = 'main' and table_name = '{table.contract.id}'"
            ).fetchall()
        }
        assert len(set(names)) == len(names)
        for column in table.contract.columns:
            if column.name in there and column.name in by_comment and column.physicalType in ("BIGINT", "DOUBLE"):
                asked = [f"select count(*), sum({c}) from {t}" for c, t in (
                    (column.name, f"{table.name} where {final}"), (ident(by_comment[column.name]), f"main.{table.contract.id}")
                )]  # fmt: skip
                mart, view = (con.execute(sql).fetchall()[0] for sql in asked)
                assert mart == pytest.approx(view), (table.name, column.name)


def test_codes_are_words_and_stand_beside_them(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute('select distinct "Aftale", "Aftale (kode)" from redirection_by_agreement order by all').fetchall()
    assert ("Regionens egne aftaler", "REGION_OWN") in found
    assert all(word != code for word, code in found)
    told = con.execute('select "Forbehold", "Forbehold (kode)" from redirection_by_hospital where "Forbehold (kode)" <> \'\'').fetchall()
    assert ("Tilbageholdt: få personer", "c") in told
    assert con.execute('select count(*) from kpi_monthly where "Indikator" = "Indikator (kode)"').fetchall() == [(0,)]


def test_what_columns_a_caveat_is_of_is_told_by_their_names_in_the_view(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    met = 0
    for table in (t for t in catalog.computed if t.layer == MARTS and "qf_columns" in {c.name for c in t.contract.columns}):
        names = {d[0] for d in con.execute(f"describe main.{table.contract.id}").fetchall()}
        mart, view = (
            [text for (text,) in con.execute(f"select distinct {column} from {of} where {column} <> ''").fetchall()]
            for column, of in (("qf_columns", table.name), ('"Forbehold gælder"', f"main.{table.contract.id}"))
        )
        told = {part for text in view for of_letter in text.split("; ") for part in of_letter.partition(": ")[2].split(", ")}
        assert told <= {part for name in names for part in name.split(", ")}, (table.name, told - names)
        assert not told & {part for text in mart for part in text.replace("; ", ", ").replace(": ", ", ").split(", ") if "_" in part}
        met += bool(told)
    assert met > 3


def test_a_name_of_a_column_that_begins_another_is_no_part_of_it() -> None:
    with duckdb.connect() as con:
        sql = _in_danish("'c: calls, calls_share; m: p90'", {"calls": "Opkald", "calls_share": "Andel (%)", "p90": "90-percentil"})
        assert con.execute(f"select {sql}").fetchall() == [("c: Opkald, Andel (%); m: 90-percentil",)]


def test_without_labels_the_codes_stand_for_themselves(catalog: Catalog) -> None:
    contract = catalog.contract("marts.redirection_by_agreement")
    columns = ", ".join(f"cast(null as {c.physicalType}) as {c.name}" for c in contract.columns)
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute(f"create table marts.redirection_by_agreement as select {columns}")
        create_views(con, [contract])
        names = [d[0] for d in con.execute("describe redirection_by_agreement").fetchall()]
    assert not any("(kode)" in name for name in names)
