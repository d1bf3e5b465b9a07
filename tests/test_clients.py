"""What programs are told of a release without a person in between: files that say what they are, what may be added up, what is news."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml
from frictionless import Package
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph

from assets.catalog.declared import MARTS, Catalog
from assets.lake.files import Lake
from assets.lake.manifests import manifest
from assets.releases.about import ABOUT, CURRENT
from assets.releases.database import DATABASE, PACKAGE, open_release
from assets.releases.description import DCAT_FILE, SOURCES, describe
from assets.releases.meta import SHOWN
from assets.releases.pointers import resume, roll_back, show
from assets.releases.semantics import measures, relationships
from sources.settings import PROJECT
from sources.tree import Tree
from tests.clients.__main__ import snippets
from tests.toy import Toy


@pytest.fixture(scope="module")
def release(small_region: Path) -> Path:
    found = Lake(small_region).current_release
    assert found
    return found


@pytest.fixture(scope="module")
def con(release: Path) -> duckdb.DuckDBPyConnection:
    return open_release(release)


def test_a_parquet_file_says_what_it_is(release: Path, catalog: Catalog) -> None:
    about = json.loads((release / ABOUT).read_text("utf-8"))
    files = {f"{p.parent.name}.{p.stem}": p for p in release.glob("*/*.parquet")}
    of_meta = {"meta.column_dictionary", "meta.measure", "meta.relationship"}
    assert files.keys() == {n for n, t in catalog.tables.items() if t.layer in SHOWN} | of_meta
    for table, file in files.items():
        said = {k.decode(): v.decode() for k, v in pq.read_metadata(file).metadata.items()}
        assert (said["release"], said["as_of"], said["table"]) == (about["release"], about["as_of"], table)
        columns = json.loads(said["columns"])
        assert list(columns) == pq.read_schema(file).names
        assert said["comment"]
        assert all(c["meaning"] for c in columns.values())
        if table.startswith(f"{MARTS}.") and "qf" in columns:
            assert json.loads(said["qf"])["c"] == "Tilbageholdt: få personer"
    treatments = json.loads(pq.read_metadata(files["marts.redirection_monthly"]).metadata[b"columns"])["treatments"]
    assert treatments == {
        "label": "Behandlinger", "meaning": treatments["meaning"], "unit": "treatments", "aggregate": "sum",
    }  # fmt: skip


def test_numbers_are_added_up_as_a_release_says(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    rows = con.execute("select table_name, column_name, aggregate, adds_over, period_column, sql from meta.measure").fetchall()
    assert {(t, c) for t, c, *_ in rows} == {
        (t.name, c.name) for t in catalog.computed if t.layer == MARTS for c in t.contract.columns if c.aggregate
    }
    for table, column, aggregate, over, period, sql in rows:
        assert (sql is None) == (aggregate == "none"), (table, column)
        assert over or aggregate != "sum", (table, column)
        if aggregate == "snapshot":
            assert period not in (over or "").split(", ")
        if sql:
            [(added, type_)] = con.execute(f"select coalesce({sql}, 0), typeof({sql}) from {table}").fetchall()
            assert added == con.execute(f"select coalesce(sum({column}), 0) from {table}").fetchall()[0][0]
            assert type_ != "HUGEINT"


def test_of_a_mart_that_was_never_published_nothing_is_told(catalog: Catalog) -> None:
    published = {"marts.kpi_monthly", "reference.desk"}
    assert {row[0] for row in (*measures(catalog, published), *relationships(catalog, published))} == {"marts.kpi_monthly"}


def test_a_column_leads_to_one_row_of_its_lookup_at_most(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute("select table_name, column_name, to_table, to_column, condition from meta.relationship").fetchall()
    assert {
        ("marts.servicedesk_calls_monthly", "desk", "reference.desk"),
        ("marts.kmf_group", "municipality_code", "reference.municipality"),
        ("marts.kpi_monthly", "indicator", "reference.code_label"),
    } <= {r[:3] for r in rows}
    for table, column, to_table, to_column, condition in rows:
        found = f"count(*), count({to_table.split('.')[1]}.{to_column})"
        [(joined, met)] = con.execute(f"select {found} from {table} left join {to_table} on {condition}").fetchall()
        [(all_rows, named)] = con.execute(f"select count(*), count({column}) from {table}").fetchall()
        assert joined == all_rows, (table, condition)
        # Leftovers, totals and what no case says are in no lookup, not every system has an agreement, suppliers' own words have no label.
        lookups = ("provider", "municipality", "service_agreement", "system")
        is_part = to_table.removeprefix("reference.") in lookups
        assert met == named or (met and is_part) or column in ("category", "handling_unit"), (table, condition)


def test_the_data_package_is_one(release: Path, catalog: Catalog) -> None:
    package = Package(str(release / PACKAGE))
    assert list(Package.metadata_validate(json.loads((release / PACKAGE).read_text("utf-8")))) == []
    shown = {t.contract.id: t for t in catalog.tables.values() if t.layer in SHOWN}
    assert set(package.resource_names) == shown.keys()
    for resource in package.resources:
        assert pq.read_schema(release / resource.path).names == resource.schema.field_names
        assert resource.schema.primary_key == shown[resource.name].contract.key
        assert resource.title != resource.name or not resource.path.startswith(MARTS)
    desk = package.get_resource("servicedesk_calls_monthly")
    assert desk.schema.foreign_keys == [{"fields": ["desk"], "reference": {"resource": "desk", "fields": ["desk"]}}]
    assert desk.custom["temporal"]["start"] < desk.custom["temporal"]["end"]
    # The example region states no terms.
    assert (package.licenses, "Ikke oplyst: licens, kontakt, adresse." in package.description) == ([], True)


def test_a_catalogue_of_the_nation_can_take_it(release: Path, catalog: Catalog) -> None:
    graph = Graph().parse(release / DCAT_FILE, format="json-ld")
    marts = {t.name for t in catalog.computed if t.layer == MARTS}
    assert {str(i) for i in graph.objects(predicate=DCTERMS.identifier)} == marts
    needed = {
        DCAT.Catalog: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.dataset),
        DCAT.Dataset: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.theme, DCAT.keyword, DCAT.distribution),
        DCAT.Distribution: (DCAT.accessURL, DCTERMS.format, DCAT.mediaType),
        FOAF.Agent: (FOAF.name,),
    }
    for kind, properties in needed.items():
        found = set(graph.subjects(RDF.type, kind))
        assert len(found) == (1 if kind in (DCAT.Catalog, FOAF.Agent) else len(marts))
        assert [(node, p) for node in found for p in properties if graph.value(node, p) is None] == []
    urls = {str(u) for u in graph.objects(predicate=DCAT.downloadURL)}
    assert all(Path(u.removeprefix("file://")).is_file() for u in urls)
    assert next(graph.objects(predicate=DCTERMS.license), None) is None


def test_terms_are_those_of_the_region(release: Path, catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "region.yaml").write_text(
        "id: nord\nname: Region Nord\nlicence: {name: CC BY 4.0, url: 'https://creativecommons.org/licenses/by/4.0/'}\n"
        "contact: {name: Data, email: data@nord.example}\naddress: https://data.nord.example/ventetal\n"
    )
    told = manifest(Lake(release.parent.parent), release.name)
    describe(tmp_path, replace(catalog, tree=Tree(PROJECT, tmp_path)), told, {"marts.kpi_monthly"}, {})
    package = Package(json.loads((tmp_path / PACKAGE).read_text("utf-8")))
    assert package.licenses == [{"title": "CC BY 4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}]
    assert "Ikke oplyst" not in package.description
    assert "invented" not in package.custom
    assert json.loads((release / PACKAGE).read_text("utf-8"))["invented"] is True
    graph = Graph().parse(tmp_path / DCAT_FILE, format="json-ld")
    assert [str(u) for u in graph.objects(predicate=DCAT.downloadURL)] == [
        "https://data.nord.example/ventetal/current/marts/kpi_monthly.parquet"
    ]
    assert len(list(graph.triples((None, DCTERMS.license, None)))) == len(list(graph.triples((None, DCAT.contactPoint, None)))) == 1


def test_dbt_is_told_every_table_and_column(release: Path) -> None:
    said = yaml.safe_load((release / SOURCES).read_text("utf-8"))
    for source in said["sources"]:
        for table in source["tables"]:
            file = release / source["schema"] / f"{table['name']}.parquet"
            assert [c["name"] for c in table["columns"]] == pq.read_schema(file).names
    assert [(s["database"], s["name"]) for s in said["sources"]] == [("ventetal", "marts"), ("ventetal", "reference")]


@pytest.mark.parametrize("library", ["duckdb", "pyarrow"])
def test_what_the_page_for_analysts_shows_works(small_region: Path, tmp_path: Path, library: str) -> None:
    (tmp_path / "data").symlink_to(small_region)
    for snippet in snippets(library):
        done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, bool(done.stdout.strip())) == (0, True), done.stderr
    assert snippets(library)


def test_who_watches_one_file_knows_which_release_is_shown(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: replace_period, period: day, unit: month}")
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1")
    first = toy.night()
    current = toy.lake.releases / CURRENT
    said = json.loads(current.read_text("utf-8"))
    assert (said["release"], said["as_of"]) == (first.id, manifest(toy.lake, first.id).as_of)
    assert said["domains"]["stock_domain"]["tables"] == ["marts.stock_total"]
    toy.deliver("stock", "stock_2015-01_received-20150202-0600.csv", "a 2")
    second = toy.night()
    assert json.loads(current.read_text("utf-8"))["release"] == second.id
    untouched = current.stat().st_mtime_ns
    toy.night()
    assert current.stat().st_mtime_ns == untouched
    roll_back(toy.lake, first.id)
    assert json.loads(current.read_text("utf-8")) == said
    current.unlink()
    toy.night()
    assert json.loads(current.read_text("utf-8")) == said
    resume(toy.lake)
    # One made before releases told this.
    (first.path / ABOUT).unlink()
    show(toy.lake, first.id)
    assert json.loads(current.read_text("utf-8")) == said | {"newest_final": {}}


def test_a_release_that_is_made_again_has_the_same_bytes_but_for_its_database(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: replace_period, period: day, unit: month}")
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2")
    path = toy.night().path

    def files() -> dict[str, bytes]:
        found = {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}
        return {name: data for name, data in found.items() if name not in (DATABASE, "hashes.json")}

    before = files()
    (path / "marts" / "stock_total.parquet").unlink()
    toy.night()
    assert files() == before
    assert {"about.json", PACKAGE, DCAT_FILE, SOURCES, "marts/stock_total.parquet", "meta/measure.parquet"} <= before.keys()
