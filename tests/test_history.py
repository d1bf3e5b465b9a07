"""Every release is a function of what was received: crashes, rebuilds and earlier times give the same figures."""

import os
import shutil
import signal
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from assets.catalog.declared import Catalog
from assets.lake.files import Lake, read_json
from assets.lake.lock import writing
from assets.lake.manifests import releases
from assets.releases.database import DATABASE
from assets.releases.pointers import pinned, resume, roll_back
from sources.errors import Locked
from tests.commands import called
from tests.conftest import AS_OF, copy_landing, ventetal
from tests.toy import Toy, rebuilt

PERIOD = "{mode: replace_period, period: day, unit: month}"
# The process dies where the patched function would have begun its work for the nth time.
KILLED_RUN = """
import os, signal
import {module} as module
original, calls = module.{name}, 0
def dies(*arguments, **named):
    global calls
    calls += 1
    if calls == {nth}:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **named)
module.{name} = dies
"""


def killed(data: Path, module: str, name: str, nth: int) -> int:
    environment = {**os.environ, "VENTETAL_DATA": str(data), "VENTETAL_AS_OF": AS_OF}
    return called(("run",), environment, before=KILLED_RUN.format(module=module, name=name, nth=nth)).returncode


def hashes(data: Path) -> dict[str, str]:
    import json

    found: dict[str, str] = json.loads((data / "releases" / "current" / "manifest.json").read_text())["logical_hashes"]
    return found


@pytest.fixture(scope="module")
def undisturbed(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small region after two runs: September to December, then everything; as it was after the first lies beside it as autumn."""
    data = tmp_path_factory.mktemp("undisturbed") / "data"
    copy_landing(small_files, data, "*sla*")
    copy_landing(small_files, data, "*_2014-*")
    assert ventetal(data, "run").returncode == 0
    shutil.copytree(data, data.with_name("autumn"), symlinks=True)
    copy_landing(small_files, data, "*_2015-*")
    done = ventetal(data, "run")
    assert done.returncode == 0, done.stderr
    return data


@pytest.mark.parametrize(
    ("module", "name", "nth"),
    [
        # Other moments are those of tests/faults, over smaller lakes.
        pytest.param("assets.tables.compute", "save", 2, id="between two versions"),
    ],
)
def test_a_killed_run_leaves_the_old_release_and_the_next_one_heals(
    small_files: Path, undisturbed: Path, tmp_path: Path, module: str, name: str, nth: int
) -> None:
    shutil.copytree(undisturbed.with_name("autumn"), tmp_path, symlinks=True, dirs_exist_ok=True)
    old = (tmp_path / "releases" / "current").resolve()
    old_hashes = hashes(tmp_path)
    copy_landing(small_files, tmp_path, "*_2015-*")

    assert killed(tmp_path, module, name, nth) == -signal.SIGKILL

    assert (tmp_path / "releases" / "current").resolve() == old
    with duckdb.connect(str(old / DATABASE), read_only=True) as con:
        assert con.execute("select count(*) > 0 from marts.response_time_monthly").fetchone() == (True,)
    assert hashes(tmp_path) == old_hashes
    done = ventetal(tmp_path, "run")
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path) == hashes(undisturbed) != old_hashes
    receipts = len(list((tmp_path / "lake" / "receipts").glob("*.json")))
    assert receipts == len(list((undisturbed / "lake" / "receipts").glob("*.json")))


def test_the_second_of_two_runs_is_told_who_holds_the_lake(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with writing(lake, "the first run", datetime(2015, 6, 1, 2, 15)):
        with pytest.raises(Locked, match="the first run, process"), writing(lake, "the second", datetime.now()):
            pass
        done = ventetal(tmp_path, "run")
        assert done.returncode == 3
        assert f"the first run, process {os.getpid()}, since 2015-06-01 02:15:00" in done.stderr
    with writing(lake, "a third", datetime.now()):
        pass


def test_a_rebuild_from_the_archive_gives_the_same_tables(own_region: Path, catalog: Catalog) -> None:
    done = ventetal(own_region, "rebuild", "--json")
    assert done.returncode == 0, done.stderr
    assert '"equal": false' not in done.stdout
    assert done.stdout.count('"equal": true') == len(catalog.tables)
    assert (Lake(own_region).rebuilt / "releases" / "current" / DATABASE).exists()


def test_a_rebuild_decides_again_what_the_operator_decided(tmp_path: Path) -> None:
    from assets.lake.decisions import accept_delivery

    toy = Toy(tmp_path / "toy", n=PERIOD)
    toy.deliver("n", "n_2015-01_received-20150201-0600.csv", "a 1, b 1")
    toy.deliver("n", "n_2015-01_received-20150301-0600.csv", "a 9")
    toy.night()
    accept_delivery(toy.lake, toy.deliveries("n")[1]["receipt_id"], "right", toy.now)
    toy.night()
    assert toy.total("n") == "a 9"
    current = toy.lake.current_release
    assert current is not None
    assert all(c.equal for c in rebuilt(toy.lake, Lake(tmp_path / "again"), toy.catalog, current))


def test_an_earlier_time_gives_the_figures_of_then_and_moves_nothing(own_region: Path) -> None:
    current = (own_region / "releases" / "current").resolve()
    labka = "select compliance_share >= sla_target as met, round(100 * compliance_share, 1) as percent from marts.response_time_monthly"
    where = " where system_id = 'LABKA2' and month = '2015-03-01'"
    found = {}
    for as_of in ("2015-05-11", "2015-05-13"):
        done = ventetal(own_region, "run", "--as-of", as_of)
        assert done.returncode == 0, done.stderr
        [release] = [r for r in releases(Lake(own_region)) if r.line == f"as of {as_of}"]
        with duckdb.connect(str(own_region / "releases" / release.release / DATABASE), read_only=True) as con:
            [found[as_of]] = con.execute(labka + where).fetchall()
    assert (own_region / "releases" / "current").resolve() == current
    assert found["2015-05-11"][0] is False
    assert found["2015-05-11"][1] < 90
    assert found["2015-05-13"] == (True, 100.0) or found["2015-05-13"][1] >= 99.9


def test_earlier_times_and_a_rebuild_give_the_releases_of_then_also_of_a_held_domain(tmp_path: Path) -> None:
    toy = Toy(tmp_path / "toy", stock=PERIOD, sales=PERIOD)
    nights = []
    for day, stock, sales in ((3, "a 1, b 2", "a 10"), (4, "a -5, b 2", "a 11"), (5, "a -6, b 2", "a 12"), (6, "a 5, b 2", "a 13")):
        toy.deliver("stock", f"stock_2015-01_received-2015060{day}-0400.csv", stock)
        toy.deliver("sales", f"sales_2015-01_received-2015060{day}-0400.csv", sales)
        nights.append((datetime(2015, 6, day, 5, 15), toy.night(datetime(2015, 6, day, 5, 15))))
    assert [[d.domain for d in release.held] for _, release in nights] == [[], ["stock_domain"], ["stock_domain"], []]

    for now, release in nights:
        again = toy.night(now, f"as of {now}")
        then, found = (read_json(r.path / "manifest.json") for r in (release, again))
        assert found["tables"] == then["tables"]
        assert found["domains"] == then["domains"]
        assert found["logical_hashes"] == then["logical_hashes"]
        assert found["logical_hashes"].keys() >= {"marts.stock_total", "marts.sales_total"}
        lake = Lake(tmp_path / f"again-{now:%d}")
        compared = rebuilt(toy.lake, lake, toy.catalog, release.path)
        assert [c.table for c in compared if not c.equal] == []
    assert toy.total("stock") == "a 5, b 2"


def test_roll_back_holds_until_resume(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: snapshot}")
    toy.deliver("n", "n_2015-01.csv", "a 1")
    first = toy.night()
    toy.deliver("n", "n_2015-01.csv", "a 2")
    toy.night()
    roll_back(toy.lake, first.id)
    toy.deliver("n", "n_2015-01.csv", "a 3")
    third = toy.night()
    assert (third.pinned, toy.total("n")) == (first.id, "a 1")
    assert resume(toy.lake) == third.id
    assert (pinned(toy.lake), toy.total("n")) == (None, "a 3")


@pytest.mark.parametrize("name", ["20150101-00000000", "current", "../releases/{first}", "{first}/", ".", "", "../../elsewhere"])
def test_what_is_no_release_cannot_be_rolled_back_to(tmp_path: Path, name: str) -> None:
    toy = Toy(tmp_path, n="{mode: snapshot}")
    toy.deliver("n", "n_2015-01.csv", "a 1")
    first = toy.night().id
    done = ventetal(toy.data, "releases", "roll-back", name.format(first=first))
    assert (done.returncode, "There is no release" in done.stderr) == (4, True), done.stderr
    assert (pinned(toy.lake), toy.lake.releases.joinpath("current").readlink()) == (None, Path(first))


def test_roll_back_and_resume_wait_for_nobody_and_break_nothing_while_a_run_writes(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: snapshot}")
    toy.deliver("n", "n_2015-01.csv", "a 1")
    first = toy.night().id
    with writing(toy.lake, "a run", datetime(2015, 6, 1, 5, 15)):
        for arguments in (("roll-back", first), ("resume",)):
            done = ventetal(toy.data, "releases", *arguments)
            assert (done.returncode, "a run, process" in done.stderr) == (3, True), done.stderr
    assert pinned(toy.lake) is None
    assert ventetal(toy.data, "releases", "roll-back", first).returncode == 0
    assert pinned(toy.lake) == first
