"""A delivery of the wrong patients: after a purge nothing in the data tells of them, and nights go on."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.deliveries.landing import lying
from assets.deliveries.receipts import read_receipt
from assets.lake.clock import host
from assets.lake.decisions import UnknownReceipt, revise_figures
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.seals import Damaged
from assets.releases import purge as purging
from assets.releases.database import open_release
from assets.releases.health import ailing
from assets.releases.purge import Shared, finish_purges, purge
from sources.duck import dicts
from sources.paths import quoted
from tests.redirected import Region, Treatments
from tests.toy import Toy, rebuilt

PLANTED = "A wrong file of another's patients"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Region:
    """Two months that are final, and a third that is not, of which the file is one of the wrong patients."""
    region = Region(tmp_path_factory.mktemp("begun"))
    for month, drawn in (("2014-11", "2015-01-02"), ("2014-12", "2015-02-02")):
        region.deliver(Treatments(month, 1, HEH=60, RHB=40, BOH=30), drawn)
    region.night("2015-02-03")
    region.deliver(Treatments("2015-01", 9, HEH=50, RHB=45, BOH=20), "2015-02-20")
    region.night("2015-02-21")
    return region


@pytest.fixture
def region(begun: Region, tmp_path: Path) -> Region:
    return begun.again_at(tmp_path / "region")


def newest(region: Region) -> str:
    [row] = region.ask("select receipt_id from meta.receipt where file_name like '%2015-01%' order by received_at desc limit 1")
    found: str = row["receipt_id"]
    return found


def persons(lake: Lake, receipt: str) -> set[str]:
    """What tells of somebody in a delivery: numbers as they were sent, and the ids they became; nobody's who is in another file too."""
    told = read_receipt(lake, receipt)
    assert told
    numbers = {line.split(";")[1] for line in lake.archived(told.content).read_text("utf-8").splitlines()[1:]}
    ids: dict[bool, set[str]] = {True: set(), False: set()}
    for parse in lake.files.glob("raw/redirections/*.parquet"):
        rows = duckdb.execute(f"select redirected_date >= date '2015-01-01', person_id from read_parquet({quoted(parse)})").fetchall()
        for is_wrong, person in rows:
            ids[is_wrong].add(person)
    return numbers | (ids[True] - ids[False])


def told_of(root: Path, wanted: set[str]) -> set[str]:
    """Files below a folder that hold any of the texts, in whatever way they are packed."""
    return {
        str(path) for path in root.rglob("*") if path.is_file() and not path.is_symlink() and not wanted.isdisjoint(words(path, wanted))
    }


def words(path: Path, wanted: set[str]) -> Iterator[str]:
    """Texts of a file that might be wanted ones: values of its tables, and what stands in its bytes."""
    if path.suffix == ".parquet":
        yield from values(f"read_parquet({quoted(path)})", duckdb.connect())
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            for name in con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall():
                yield from values(name[0], con)
    text = path.read_bytes()
    yield from (w for w in wanted if w.encode() in text)


def values(table: str, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for row in dicts(con, f"select * from {table}"):
        yield from (str(v) for v in row.values() if v is not None)


def gone(region: Region, *receipts: str) -> None:
    with writing(region.lake, "a test", host.now()):
        purge(region.lake, list(receipts), PLANTED, datetime(2015, 3, 3))


def test_nothing_tells_of_a_person_of_a_purged_delivery(region: Region) -> None:
    receipt = newest(region)
    wanted = persons(region.lake, receipt)
    assert len(told_of(region.root / "data", wanted)) >= 3, "archive, parse and core"
    gone(region, receipt)
    assert told_of(region.root / "data", wanted) == set()
    assert [(a.path, a.why) for a in ailing(region.lake)] == []


def test_the_next_night_and_a_rebuild_are_as_if_it_had_never_come(region: Region, tmp_path: Path) -> None:
    before, wanted = region.marts(region.released[0]), persons(region.lake, newest(region))
    receipt = newest(region)
    gone(region, receipt)
    region.night("2015-03-04")
    assert region.marts() == before
    assert told_of(region.root / "data", wanted) == set()
    assert receipt not in str(region.ask("select * from meta.receipt"))
    assert [d["reason"] for d in region.ask("select * from meta.decision")] == [PLANTED]
    compared = rebuilt(region.lake, Lake(tmp_path / "again"), region.catalog, region.released[-1].path)
    assert [c.table for c in compared if not c.equal] == []


def test_published_final_figures_stand_until_they_are_revised(region: Region) -> None:
    region.deliver(Treatments("2015-01", 9, HEH=50, RHB=45, BOH=20).more(6), "2015-04-02")
    region.night("2015-04-03")
    assert region.total("2015-01") == 121
    for row in region.ask("select receipt_id from meta.receipt where file_name like '%2015-01%'"):
        gone(region, row["receipt_id"])
    region.deliver(Treatments("2015-01", 3, HEH=90, RHB=70, BOH=30), "2015-04-05")
    region.night("2015-04-06")
    assert region.total("2015-01") == 121
    revise_figures(region.lake, "2015-01", "other patients", datetime(2015, 4, 6))
    region.night("2015-04-07")
    assert region.total("2015-01") == 190


def test_a_held_domain_stands_at_its_last_good_set_less_what_was_purged_of_months_that_are_not_final(region: Region) -> None:
    before, receipt = region.marts(region.released[0]), newest(region)
    region.edit(
        "expectations/marts/redirection_by_hospital.odcs.yaml",
        "  properties:\n",
        "  quality: [{id: never, type: sql, mustBe: 0, description: It never holds., query: 'select 1 from {object}'}]\n  properties:\n",
    )
    region.deliver(Treatments("2015-02", 1, HEH=60, RHB=40, BOH=30), "2015-03-20")
    wanted = persons(region.lake, receipt)
    for day in ("2015-03-21", "2015-03-22"):
        with pytest.raises(AssertionError, match="never holds"):
            region.night(day)
        if day == "2015-03-21":
            gone(region, receipt)
    assert marts_shown(region) == before
    assert told_of(region.root / "data", wanted) == set()
    assert not ailing(region.lake)


def test_what_was_purged_is_not_taken_again(region: Region) -> None:
    receipt = newest(region)
    gone(region, receipt)
    region.deliver(Treatments("2015-01", 9, HEH=50, RHB=45, BOH=20), "2015-03-02")
    region.night("2015-03-05")
    [left] = lying(region.lake, region.catalog, region_left(region))
    assert "was purged" in left.why
    assert region.total("2014-12") == 130
    assert "2015-01" not in str(region.ask("select file_name from meta.receipt"))


def marts_shown(region: Region) -> dict[str, Any]:
    release = region.lake.current_release
    assert release
    with open_release(release) as con:
        return {name: dicts(con, f"select * from {name} order by all") for name in region.marts()}


def region_left(region: Region) -> dict[str, str]:
    from assets.deliveries.extracts import left_by_newest_run

    return left_by_newest_run(region.lake)


def test_two_that_hold_the_same_go_together_or_not_at_all(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: append}")
    for name in ("n_2015-01_received-20150202-0100.csv", "n_2015-01_received-20150203-0100.csv"):
        toy.deliver("n", name, "a 1, b 2")
        toy.night()
    both = [d["receipt_id"] for d in toy.deliveries("n")]
    with writing(toy.lake, "a test", host.now()):
        with pytest.raises(Shared, match=rf"{both[1]} arrived with the same content|{both[0]} arrived with the same content"):
            purge(toy.lake, both[:1], "r", toy.now)
        assert sorted(p.stem for p in toy.lake.receipts.glob("*.json")) == sorted(both)
        with pytest.raises(UnknownReceipt):
            purge(toy.lake, ["n-000000000000"], "r", toy.now)
        purge(toy.lake, both, "r", toy.now)
    toy.deliver("n", "n_2015-02_received-20150303-0100.csv", "c 3")
    toy.night()
    assert toy.total("n") == "c 3"


def test_a_file_that_was_refused_goes_too(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: append}")
    path = toy.deliver("n", "n_2015-01.csv", "")
    path.write_text("Dag;Navn\n2015-01-01;secretive\n", "utf-8")
    toy.night()
    [refused] = toy.deliveries("n")
    assert told_of(toy.data, {"secretive"})
    with writing(toy.lake, "a test", host.now()):
        purge(toy.lake, [refused["receipt_id"]], "r", toy.now)
    assert not told_of(toy.data, {"secretive"})
    toy.night()
    assert toy.deliveries("n") == []


def test_a_refused_copy_of_the_same_file_goes_with_it(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: append}")
    layout = (toy.project / "sources/n/layouts/plain.yaml").read_text("utf-8")
    toy.edit("sources/n/layouts/plain.yaml", ("header: [Dag,", "header: [Date,"), ("day: Dag", "day: Date"))
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "secretive 1")
    toy.night()
    [refused] = toy.deliveries("n")
    (toy.project / "sources/n/layouts/plain.yaml").write_text(layout, "utf-8")
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "secretive 1")
    toy.night()
    [taken] = [d["receipt_id"] for d in toy.deliveries("n") if d["receipt_id"] != refused["receipt_id"]]
    with writing(toy.lake, "a test", host.now()):
        with pytest.raises(Shared, match=refused["receipt_id"]):
            purge(toy.lake, [taken], "r", toy.now)
        purge(toy.lake, [taken, refused["receipt_id"]], "r", toy.now)
        purge(toy.lake, [taken], "once more", toy.now)
    assert not told_of(toy.data / "archive", {"secretive"}) | told_of(toy.data / "rejected", {"secretive"})
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "secretive 1")
    toy.night()
    assert toy.deliveries("n") == [], "nor is it taken again"


def test_one_that_cannot_be_found_or_read_purges_none(region: Region) -> None:
    receipt = newest(region)
    with pytest.raises(UnknownReceipt):
        gone(region, receipt, "redirections-000000000000")
    assert not list(region.lake.decisions.glob("purge-*"))
    path = region.lake.receipts / f"{receipt}.json"
    path.write_text(path.read_text("utf-8").replace("redirections", "redirection"), "utf-8")
    with pytest.raises(Damaged):
        gone(region, receipt)
    assert not list(region.lake.decisions.glob("purge-*"))


def test_a_purge_that_dies_anywhere_is_finished_by_the_next_writer(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = newest(region)
    wanted, discard, calls = persons(region.lake, receipt), purging.discard, [0]

    def dies(path: Path, at: int) -> None:
        calls[0] += path.exists()
        if calls[0] == at and path.exists():
            raise KeyboardInterrupt
        discard(path)

    played = 0
    for at in range(1, 100):
        calls[0] = 0
        monkeypatch.setattr(purging, "discard", lambda path, at=at: dies(path, at))
        try:
            gone(region, receipt) if not played else finish_again(region)
        except KeyboardInterrupt:
            played += 1
            continue
        break
    monkeypatch.setattr(purging, "discard", discard)
    assert played >= 3
    assert told_of(region.root / "data", wanted) == set()
    region.night("2015-03-05")
    assert region.marts() == region.marts(region.released[0])


def finish_again(region: Region) -> Any:
    with writing(region.lake, "a test", host.now()):
        finish_purges(region.lake)
