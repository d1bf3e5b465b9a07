"""What analysts open: whole, described, the same in DuckDB and Parquet, readable by older clients."""

import stat
from pathlib import Path

import duckdb
import pytest

from assets.catalog.declared import Catalog
from assets.lake.files import Lake
from assets.releases import meta
from assets.releases.database import DATABASE, open_release


@pytest.fixture(scope="module")
def release(region: Path) -> Path:
    found = Lake(region).current_release
    assert found is not None
    return found


def test_the_release_holds_the_marts_reference_and_meta_and_no_core(release: Path, catalog: Catalog) -> None:
    with open_release(release) as con:
        found = {f"{s}.{t}" for s, t in con.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
    assert found == {n for n, t in catalog.tables.items() if t.layer in ("marts", "reference")} | {f"meta.{t}" for t in meta.tables()}


def test_every_table_and_column_carries_its_comment(release: Path, catalog: Catalog) -> None:
    with open_release(release) as con:
        silent = con.execute(
            "select table_name, column_name from duckdb_columns() where not internal and coalesce(comment, '') = ''"
        ).fetchall()
        silent += con.execute("select table_name, '' from duckdb_tables() where not internal and coalesce(comment, '') = ''").fetchall()
        found = dict(con.execute("select column_name, comment from duckdb_columns() where table_name = 'response_time_monthly'").fetchall())
    assert silent == []
    for column in catalog.tables["marts.response_time_monthly"].contract.columns:
        assert found[column.name].startswith(column.description)


def test_every_mart_is_the_same_in_parquet(release: Path, catalog: Catalog) -> None:
    with duckdb.connect(str(release / DATABASE), read_only=True) as con:
        for table in (t for t in catalog.computed if t.layer == "marts"):
            file = release / "marts" / f"{table.contract.id}.parquet"
            for one, other in ((table.name, f"'{file}'"), (f"'{file}'", table.name)):
                assert con.execute(f"select count(*) from (from {one} except all from {other})").fetchall() == [(0,)]


def test_older_clients_can_open_it(release: Path) -> None:
    with duckdb.connect(str(release / DATABASE), read_only=True) as con:
        [(tags,)] = con.execute("select tags from duckdb_databases() where not internal").fetchall()
    assert tags["storage_version"].startswith("v1.0.0")


def test_the_link_is_relative_and_others_cannot_read_what_was_delivered(region: Path) -> None:
    assert not (region / "releases" / "current").readlink().is_absolute()
    for folder in ("archive", "rejected", "lake"):
        assert stat.S_IMODE((region / folder).stat().st_mode) == 0o700, folder
    assert stat.S_IMODE((region / "releases").stat().st_mode) == 0o750


def test_meta_says_how_the_figures_came_to_be(release: Path, example_files: Path) -> None:
    with open_release(release) as con:
        found = {t: con.execute(f"select count(*) from meta.{t}").fetchall()[0][0] for t in meta.tables()}
        statuses = dict(con.execute("select domain, status from meta.domain_status").fetchall())
        unread = con.execute("select count(*) from meta.parse where extra_columns = 'Bemærkning'").fetchall()[0][0]
        months = con.execute(
            "select count(*), count(*) filter (is_provisional) from meta.coverage where extract = 'response_times'"
        ).fetchall()
        named = con.execute("select named from meta.check_result where check_name = 'cells_are_present'").fetchall()[0][0]
    assert (found["release"], found["receipt"]) == (1, len(list(example_files.glob("*/*"))))
    assert [t for t, n in found.items() if n == 0] == ["revision", "pending_revision", "decision"], "nothing had been published before"
    domains = (
        "kmf", "kpi", "project", "redirection", "reference", "register", "response_time", "servicedesk", "udredning", "unnamed",
    )  # fmt: skip
    assert statuses == dict.fromkeys(domains, "published")
    assert unread >= 9
    assert months == [(8, 0)]
    assert named == "2014-11 GS: login Gentofte, 2014-12 EPM3: login Bornholm, søgning Bornholm, søgning Hillerød"
