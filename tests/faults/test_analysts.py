"""Analysts' connections: one of any kind stops no night, and what is written through one is noticed and undone."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from assets.lake.seals import Damaged, damage
from assets.releases.database import DATABASE, HeldOpen, open_release
from tests.conftest import ventetal
from tests.toy import Toy

HOLDS = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); [con.execute(sql) for sql in sys.argv[2:]]; print(flush=True); input()"
# Another user of the maker's group. Python itself may be out of reach of such a one, so it is begun before.
AS_ANALYST = """
import duckdb, os, sys
duckdb.connect().execute("select 1").fetchall()
os.setgroups([])
os.setuid(65534)
print(duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "to read").execute("from marts.stock_total order by name").fetchall())
"""


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Two nights; the third's delivery lies ready, and corrects what was final."""
    toy = Toy(tmp_path / "toy", stock="{mode: replace_period, period: day, unit: month}")
    for day, count in ((1, 684), (2, 685)):
        toy.deliver("stock", f"stock_2015-01_received-2015060{day}-0100.csv", f"a {count}, b 2")
        toy.night(datetime(2015, 6, day, 5))
    toy.deliver("stock", "stock_2015-01_received-20150603-0100.csv", "a 686, b 2")
    return toy


@contextmanager
def opened_for_writing(release: Path, *statements: str) -> Iterator[int]:
    """Another process has the database of a release open as `duckdb.connect` does by default; its id."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(release / DATABASE), *statements], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.stdin.close()


def test_a_night_publishes_while_an_analyst_holds_the_current_release(toy: Toy) -> None:
    before = toy.lake.current_release
    assert before
    with opened_for_writing(before):
        made = toy.night(datetime(2015, 6, 3, 5))
        assert (made.is_new, toy.lake.current_release) == (True, made.path)
    revised = toy.ask("select column_name, before, after from meta.revision order by as_of, column_name")
    assert revised == [
        {"column_name": "number", "before": "684", "after": "685"},
        {"column_name": "number", "before": "685", "after": "686"},
    ], "what the release before told of earlier ones is read from it too"


def test_a_locked_release_is_a_sentence_that_names_who_holds_it(toy: Toy) -> None:
    release = toy.lake.current_release
    assert release
    with opened_for_writing(release) as process:
        with pytest.raises(HeldOpen, match=f"Process {process} has {DATABASE} of release {release.name} open for writing"):
            open_release(release)
        for command in (("query", "from meta.release"), ("status",), ("report",)):
            done = ventetal(toy.data, *command)
            assert (done.returncode, "It broke off there" in done.stderr) == (3, False), done.stderr
            assert f"Process {process} has {DATABASE}" in done.stdout + done.stderr
    open_release(release).close()


def test_what_is_written_into_a_release_is_served_by_nobody_and_undone_by_the_next_run(toy: Toy) -> None:
    release = toy.lake.current_release
    assert release
    (release / DATABASE).chmod(0o640)
    altering = opened_for_writing(release, "update marts.stock_total set number = 9999 where name = 'a'")
    # Beside the file, not in it yet: whoever opens it would read it all the same.
    with altering, pytest.raises(Damaged, match="lost or gained"):
        open_release(release)
    for command in (("query", "from marts.stock_total"), ("report",), ("diff", release.name, release.name)):
        done = ventetal(toy.data, *command)
        assert (done.returncode, "It broke off there" in done.stderr, "9999" in done.stdout) == (5, False, False), done.stderr
        assert f"The next `ventetal run` makes release {release.name} again" in done.stderr
    said = ventetal(toy.data, "status")
    assert said.returncode != 0
    assert f"{release} is not what was written: {DATABASE}" in " ".join(said.stdout.split())
    made = toy.night(datetime(2015, 6, 3, 5))
    assert not damage(release)
    assert [r["number"] for r in toy.ask("from marts.stock_total order by name", release)] == [685, 2]
    assert toy.total("stock") == "a 686, b 2"
    assert toy.ask("select before, after from meta.revision where as_of > '2015-06-03'", made.path) == [{"before": "685", "after": "686"}]


def test_nobody_but_its_maker_can_write_to_a_release(toy: Toy) -> None:
    """Who has the group's rights reads, and cannot open it for writing: the default mode of DuckDB is refused by the system."""
    release = toy.lake.current_release
    assert release
    files = [p for p in release.rglob("*") if p.is_file()]
    assert {p.stat().st_mode & 0o777 for p in [*files, *toy.data.glob("lake/**/*.parquet")]} == {0o440}
    if os.geteuid() != 0:
        pytest.skip("to be another user one must be root")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        seen = shutil.copytree(release, Path(folder) / "release", copy_function=shutil.copy2)
        said = [
            subprocess.run([sys.executable, "-c", AS_ANALYST, seen / DATABASE, mode], capture_output=True, text=True, check=False)
            for mode in ("to read", "to write")
        ]
    assert "[('a', 685" in said[0].stdout, said[0].stderr
    assert "Permission denied" in said[1].stderr
