"""What analysts open: whole, described, the same in DuckDB and Parquet, readable by older clients."""

import csv
import stat
from pathlib import Path

import duckdb
import pytest

from assets.catalog.declared import MARTS, Catalog
from assets.lake.files import Lake
from assets.releases import meta
from assets.releases.database import DATABASE, open_release
from assets.releases.semantics import has_name
from assets.tables.qualifiers import QF


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
        assert found[column.name].startswith(f"{column.businessName}: {column.description}")


# Texts that nobody has a list of: they are what they say.
PLAIN = {
    "cells_missing", "counted_item", "expected_end_text", "location", "members", "months_lacking", "planned_text", "project_name",
    "qf_columns", "reached_text", "section", "sentence", "status_text", "vendor",
}  # fmt: skip


def test_every_code_of_a_mart_has_a_label(release: Path, catalog: Catalog) -> None:
    lacking = []
    with open_release(release) as con:
        labelled = set(con.execute("select column_name, code from reference.code_label").fetchall())
        for table in (t for t in catalog.computed if t.layer == MARTS):
            texts = {c.name for c in table.contract.columns if c.physicalType == "VARCHAR" and not c.name.endswith("_name")} - PLAIN
            names = {c.name for c in table.contract.columns}
            beside = {t for t in texts if has_name(t, names)}
            for column in sorted(texts - beside):
                codes = {c for (c,) in con.execute(f"select distinct {column} from {table.name} where {column} is not null").fetchall()}
                # Of what suppliers call things, only that they do not say it has a label.
                found = set("".join(codes)) if column == QF else codes & {"UKENDT"} if column in ("category", "handling_unit") else codes
                lacking += [(table.name, column, code) for code in found if (column, code) not in labelled]
    assert labelled
    assert lacking == []


def test_a_code_is_called_what_its_own_lookup_calls_it(catalog: Catalog) -> None:
    rows = list(csv.DictReader(catalog.tables["reference.code_label"].text.splitlines()))
    names = {
        f"reference.{name}": {r[key]: r[f"{name}_name"] for r in csv.DictReader(catalog.tables[f"reference.{name}"].text.splitlines())}
        for name, key in (("desk", "desk"), ("sector", "sector"), ("system", "system_id"), ("municipality", "municipality_code"))
    }
    named = [(r, names[r["source"]][r["code"]]) for r in rows if r["source"] in names]
    assert len(named) > 40
    assert [(r["column_name"], r["code"]) for r, name in named if r["label"] != name] == []


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
