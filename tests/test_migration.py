"""A lake that an earlier version of the program left goes on working: nothing that was decided, withheld or published is lost."""

import tarfile
from datetime import datetime
from pathlib import Path

import pytest

from assets.alerts.alert_causes import remembered_causes
from assets.alerts.messages import Message, tell
from assets.lake.clock import ClockWentBack, night_time
from assets.lake.files import Lake, read_json, save
from assets.lake.lock import writing
from assets.lake.manifests import releases
from assets.lake.migration import LAYOUT, migrate
from assets.releases.pointers import head, pinned, resume
from assets.tables.ledger import Ledger
from tests.clocks import at
from tests.conftest import ventetal
from tests.drawn import expect
from tests.test_graph import Killed, dying_after
from tests.toy import Toy, rebuilt

LEFT_BY_0_1 = Path(__file__).parent / "lakes" / "version-0.1.tar.gz"
PERIOD = "{mode: replace_period, period: day, unit: month}"
FOURTH_NIGHT = datetime(2015, 6, 4, 5)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path, stock=PERIOD, sales=PERIOD)
    toy.data.mkdir()
    with tarfile.open(LEFT_BY_0_1) as archive:
        archive.extractall(toy.data, filter="data")
    return toy


def kept(toy: Toy) -> dict[str, object]:
    """What must be there for good, as it was written; a small record has its hash by then."""
    folders = ("archive", "rejected", "reports", "lake/receipts", "lake/decisions", "lake/ledger", "lake/manifests")
    files = (p for f in folders for p in sorted((toy.data / f).rglob("*")) if p.is_file())
    return {str(p.relative_to(toy.data)): read_json(p) if p.suffix == ".json" else p.read_bytes() for p in files}


def taken_over(toy: Toy) -> None:
    with writing(toy.lake, "a test", datetime.now()):
        migrate(toy.lake)


def test_the_next_night_goes_on_where_the_last_one_stopped(toy: Toy) -> None:
    before, shown = kept(toy), toy.lake.current_release
    taken_over(toy)
    fourth = toy.night(FOURTH_NIGHT)
    after = kept(toy)
    assert {path: after.get(path) for path in before} == before
    assert (fourth.pinned, toy.lake.current_release) == (shown.name if shown else None, shown), "the roll-back stands"
    assert toy.ask("select domain, status, since from meta.domain_status where domain like '%domain' order by 1", fourth.path) == expect("""
        domain       | status    | since
        sales_domain | published | 2015-06-01 05:00:00
        stock_domain | held      | 2015-06-03 05:00:00
    """)
    with writing(toy.lake, "a test", datetime.now()):
        assert resume(toy.lake) == fourth.id
    assert (toy.total("stock"), toy.total("sales")) == ("a 1, b 2", "a 12")
    assert Ledger(toy.lake, "marts.stock_total", FOURTH_NIGHT.isoformat()).entries == {(("2015-01-01", "a"), "number")}


def test_what_every_release_says_is_as_it_was_and_the_newest_can_be_made_again(toy: Toy, tmp_path: Path) -> None:
    found = {m.release: toy.hashes(toy.lake.releases / m.release) for m in releases(toy.lake)}
    taken_over(toy)
    fourth = toy.night(FOURTH_NIGHT)
    assert {m.release: toy.hashes(toy.lake.releases / m.release) for m in releases(toy.lake)} == found | {
        fourth.id: toy.hashes(fourth.path)
    }
    assert toy.hashes(fourth.path) == found["20150603-a401df26"]
    for number, name in enumerate(["20150603-a401df26", fourth.id]):
        compared = rebuilt(toy.lake, Lake(tmp_path / f"again-{number}"), toy.catalog, toy.lake.releases / name)
        assert ([c.table for c in compared if not c.equal], len(compared)) == ([], 5)


def test_nobody_is_told_twice_and_time_does_not_go_back(toy: Toy) -> None:
    taken_over(toy)
    said: list[str] = []

    class Channel:
        name = "slack"

        def send(self, message: Message) -> None:
            said.append(message.subject)

    assert len(remembered_causes(toy.lake)) == 4
    tell(toy.lake, remembered_causes(toy.lake), [Channel()], FOURTH_NIGHT)
    assert said == []
    with at(datetime(2015, 6, 2, 5)), pytest.raises(ClockWentBack, match="2015-06-03 05:00"):
        night_time(toy.lake)


def test_a_version_that_failed_waits_to_be_looked_at_and_what_was_half_deleted_is_gone(toy: Toy) -> None:
    taken_over(toy)
    assert [p.parent.parent.name for p in toy.lake.files.glob("failed/*/*/*.parquet")] == ["core.stock_sum"]
    assert not [p for p in toy.data.rglob(".*") if p.name.endswith(".gone")]
    assert not (toy.lake.files / "state").exists()


def test_a_migration_that_dies_is_taken_up_again(toy: Toy) -> None:
    died = 0
    for renames in range(60):
        try:
            with dying_after(renames):
                taken_over(toy)
            break
        except Killed:
            died += 1
    assert died > 5
    assert (pinned(toy.lake), head(toy.lake) is not None) == ("20150601-62eede01", True)
    assert read_json(toy.lake.alerts / "told.json")
    assert len(list(toy.lake.files.glob("*/*/*/version.json"))) == 8
    assert [d.domain for d in toy.night(FOURTH_NIGHT).held] == ["stock_domain"]


def test_commands_that_only_read_work_before_the_first_run(toy: Toy) -> None:
    for command in (("status",), ("releases", "list"), ("query", "select * from marts.sales_total"), ("diff", "20150602-44384390")):
        done = ventetal(toy.data, *command)
        assert done.returncode == 0, (command, done.stderr)
    done = ventetal(toy.data, "releases", "resume")
    assert (done.returncode, "20150603-a401df26 is current" in done.stderr) == (0, True), done.stderr


def test_a_lake_of_a_later_version_is_left_as_it_is(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    save(lake.pointer("layout"), LAYOUT + 1)
    (lake.files / "something").mkdir()
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    for command in (["run"], ["clean"], ["purge", "r", "--reason", "x"]):
        done = ventetal(tmp_path, *command)
        assert (done.returncode, "is laid out by a later version" in done.stderr) == (2, True), done.stderr
    assert {p: t for p, t in before.items() if p.is_file()} == {p: p.stat().st_mtime_ns for p in before if p.is_file()}
    assert [p.name for p in lake.files.rglob("*.json")] == ["layout.json"]
