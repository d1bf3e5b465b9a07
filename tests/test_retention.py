"""Giving room back deletes nothing that a kept release, a later run or a reader needs."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets.catalog.loading import load_catalog
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.manifests import manifest, releases
from assets.releases.database import DATABASE
from assets.releases.pointers import roll_back
from assets.releases.retention import delete, doomed, last_sources
from pipelines.definitions import assemble
from pipelines.names import JOB
from pipelines.nightly import instance, run_job
from pipelines.records import forget_runs, old_runs
from tests.toy import Toy, rebuilt

PERIOD = "{mode: replace_period, period: day, unit: month}"
LATER = datetime(2115, 1, 1)
A_CENTURY = 101 * 365


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Four releases; the third holds the stock domain."""
    toy = Toy(tmp_path / "toy", stock=PERIOD, sales=PERIOD)
    for month, stock in (("02", "a 1, b 2"), ("03", "a 3, b 2"), ("04", "a -5, b 2"), ("05", "a 5, b 2")):
        toy.deliver("stock", f"stock_2015-01_received-2015{month}01-0600.csv", stock)
        toy.deliver("sales", f"sales_2015-01_received-2015{month}01-0600.csv", f"a {int(month)}")
        toy.night(datetime(2015, int(month), 2))
    return toy


def clean(toy: Toy, release_days: int = 1, archive_days: int = A_CENTURY) -> set[str]:
    """Delete as if a century had gone by; what kinds of thing were."""
    with writing(toy.lake, "a test", datetime.now()):
        found = doomed(toy.lake, toy.catalog, LATER, release_days, archive_days)
        delete(found)
    return {d.what for d in found}


def kept_versions_are_there(toy: Toy) -> bool:
    return all(toy.lake.version(t, k).exists() for m in releases(toy.lake) for t, k in m.tables.items())


def test_while_everything_is_young_nothing_goes(toy: Toy) -> None:
    assert clean(toy, A_CENTURY) == set()


def test_of_delivered_files_that_go_it_counts_those_whose_records_are_in_force(toy: Toy) -> None:
    # Of four months of files each replaced the one before.
    found = doomed(toy.lake, toy.catalog, LATER, A_CENTURY, 1)
    assert len([d for d in found if d.what == "delivered file"]) == 8
    assert last_sources(toy.lake, found) == {"sales": 1, "stock": 1}
    assert last_sources(toy.lake, [d for d in found if d.what != "delivered file"]) == {}
    assert last_sources(toy.lake, doomed(toy.lake, toy.catalog, LATER, A_CENTURY, A_CENTURY)) == {}


def test_what_goes_is_what_nobody_needs(toy: Toy) -> None:
    oldest, current = releases(toy.lake)[-1].release, toy.lake.current_release
    assert current
    with duckdb.connect(str(toy.lake.releases / oldest / DATABASE), read_only=True) as reader:
        assert clean(toy) == {"release", "version", "failed version", "audit"}
        assert reader.execute("select number from marts.stock_total order by name").fetchall() == [(1,), (2,)]
    assert [m.release for m in releases(toy.lake)] == [current.name]
    assert kept_versions_are_there(toy)
    assert clean(toy) == set()
    before = toy.hashes()
    assert toy.night().id == current.name
    assert toy.hashes() == before
    assert [c.table for c in rebuilt(toy.lake, Lake(toy.data.parent / "again"), toy.catalog, current) if not c.equal] == []


def test_the_release_somebody_rolled_back_to_stays_with_its_versions(toy: Toy) -> None:
    oldest = releases(toy.lake)[-1].release
    roll_back(toy.lake, oldest)
    clean(toy)
    assert len(releases(toy.lake)) == 2
    assert kept_versions_are_there(toy)
    assert toy.total("stock") == "a 1, b 2"


def test_a_deleted_release_is_made_again_from_what_is_kept(toy: Toy) -> None:
    third = releases(toy.lake)[1]
    clean(toy)
    again = toy.night(datetime.fromisoformat(third.as_of), f"as of {third.as_of}")
    found = manifest(toy.lake, again.id)
    assert [d.domain for d in again.held] == ["stock_domain"]
    assert (found.tables, found.domains) == (third.tables, third.domains)


def test_without_the_delivered_file_what_was_read_of_it_is_what_remains(toy: Toy) -> None:
    current = toy.lake.current_release
    assert current
    assert "delivered file" in clean(toy, A_CENTURY, 1)
    assert list(toy.lake.archive.iterdir()) == []
    assert [c.table for c in rebuilt(toy.lake, Lake(toy.data.parent / "again"), toy.catalog, current) if not c.equal] == []
    contract = toy.project / "sources" / "stock" / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("{name: number, required: true}", "{name: number}"), "utf-8")
    assert toy.night().held == [], "another contract over the same columns"
    assert toy.total("stock") == "a 5, b 2"
    before = contract.read_text()
    contract.write_text(before + "  - {name: records, logicalType: integer, required: true}\n", "utf-8")
    layout = contract.parent / "layouts" / "plain.yaml"
    said = layout.read_text("utf-8")
    layout.write_text(said.replace("number: Antal}", "number: Antal, records: Antal}"), "utf-8")
    [held] = toy.night().held
    assert "no longer in the archive" in held.why
    assert toy.total("stock") == "a 5, b 2"
    layout.write_text(said, "utf-8")
    contract.write_text(before + "  - {name: records, logicalType: integer}\n", "utf-8")
    assert toy.night().held == [], "a column that a record may lack is empty"
    assert toy.total("stock") == "a 5, b 2"
    assert [c.table for c in rebuilt(toy.lake, Lake(toy.data.parent / "again 2"), toy.catalog, current) if not c.equal] == []


def test_what_was_refused_goes_with_what_was_delivered(toy: Toy) -> None:
    odd = "a name nobody agreed on.csv"
    toy.deliver("stock", odd, "a 1")
    toy.night(datetime(2015, 6, 2))
    [refused] = [d for d in toy.deliveries("stock") if d["file_name"] == odd]
    assert (not toy.lake.archived(refused["content"]).exists(), any(toy.lake.rejected.iterdir())) == (True, True)
    assert "delivered file" in clean(toy, archive_days=1)
    assert list(toy.lake.rejected.iterdir()) == []


def test_a_parse_goes_once_the_contract_leads_to_another(toy: Toy) -> None:
    contract = toy.project / "sources" / "stock" / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("{name: number, required: true}", "{name: number}"), "utf-8")
    toy.night()
    parses = len(list((toy.lake.files / "raw" / "stock").glob("*.parquet")))
    assert clean(toy, A_CENTURY) >= {"parse"}
    assert parses - len(list((toy.lake.files / "raw" / "stock").glob("*.parquet"))) == 4
    assert kept_versions_are_there(toy)
    assert toy.night().held == []


@pytest.fixture
def on(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    (toy.project / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("VENTETAL_AS_OF", "2015-06-01")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with instance(toy.project, toy.data) as found:
        yield found


def test_old_runs_go_with_their_events_and_logs_and_the_newest_stays(toy: Toy, on: dg.DagsterInstance) -> None:
    first, second = (run_job(assemble(load_catalog(toy.project), toy.data), JOB, on).run_id for _ in range(2))
    assert old_runs(on, datetime(2020, 1, 1)) == []
    assert old_runs(on, LATER) == [first]
    forget_runs(on, [first])
    assert [r.run_id for r in on.get_runs()] == [second]
    assert not [p for p in (toy.data / "dagster").rglob(f"*{first}*") if p.is_file()]
    event = on.get_latest_materialization_event(dg.AssetKey(["marts", "stock_total"]))
    assert event
    assert event.run_id == second
