"""Full, read-only, vanished and foreign folders; two writers; clocks and files that move: the night heals, nothing is lost or doubled."""

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets import intake, lake
from assets.clock import STANDS_STILL, ClockWentBack, night_time
from assets.lake import Lake, Locked
from tests.faults.nights import WHOLE, in_fork, project_night
from tests.faults.test_killed import assert_every_release_is_whole, facts
from tests.toy import Toy

NOW = datetime(2015, 6, 1)
PERIOD = "{mode: replace_period, period: day, unit: month}"
# Kilobytes left on the disk when the night begins; the night above needs about 600.
LEFT = (0, 8, 32, 64, 100, 150, 200, 250, 300, 400, 500, 600)


def toy_at(data: Path, project: Path) -> Toy:
    """A toy whose data lie at `data`."""
    toy = Toy(project, n=PERIOD)
    toy.data, toy.lake = data, Lake(data)
    return toy


def deliver_more(toy: Toy) -> None:
    toy.deliver("n", "n_2015-01.csv", "a 4, b 5")
    toy.deliver("n", "n_2015-02.csv", "a 5", "2015-02-03")
    toy.deliver("n", "n_2015-03.csv", "").write_text("nothing that fits")


def expected_after(root: Path) -> dict[str, Any]:
    toy = Toy(root, n=PERIOD)
    toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
    toy.night(NOW)
    deliver_more(toy)
    toy.night(NOW)
    return facts(toy.lake)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return expected_after(tmp_path_factory.mktemp("undisturbed"))


@contextmanager
def disk(at: Path, size: str) -> Iterator[Path]:
    """A file system of its own in memory, for root alone."""
    at.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def test_a_disk_that_is_full_at_any_write_loses_nothing(expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each forcing of a file to disk fails in turn, as it does on a full one."""
    toy = Toy(tmp_path, n=PERIOD)
    toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
    toy.night(NOW)
    deliver_more(toy)
    old, real, failures = toy.hashes(), os.fsync, 0
    for nth in range(1, 60, 1 if WHOLE else 7):
        calls = 0

        def full(handle: int, nth: int = nth) -> None:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        monkeypatch.setattr(lake.os, "fsync", full)
        try:
            toy.night(NOW)
        except OSError:
            failures += 1
            assert toy.hashes() == old
        assert_every_release_is_whole(toy.lake)
        if calls < nth:
            break
    monkeypatch.undo()
    toy.night(NOW)
    assert failures > 2
    assert facts(toy.lake) == expected


if WHOLE:

    @pytest.mark.parametrize("size", ["4m", "16m"])
    def test_a_night_on_a_full_disk_leaves_the_old_release_and_heals_once_there_is_room(
        expected: dict[str, Any], tmp_path: Path, size: str, record_property: Any
    ) -> None:
        codes = []
        for left in LEFT:
            with disk(tmp_path / f"disk{left}", size) as at:
                toy = toy_at(at / "data", tmp_path / "project")
                toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
                assert in_fork(project_night, toy.project, toy.data, NOW) == 0
                deliver_more(toy)
                fill(at / "filler", left)
                codes.append(in_fork(project_night, toy.project, toy.data, NOW))
                assert_every_release_is_whole(toy.lake)
                (at / "filler").unlink()
                assert in_fork(project_night, toy.project, toy.data, NOW) == 0
                assert facts(toy.lake) == expected, left
        assert codes[0] != 0
        record_property(f"disk of {size}, nights that broke off", f"{sum(c != 0 for c in codes)} of {len(codes)}")

    def test_a_read_only_data_root_stops_the_night_and_nothing_else(expected: dict[str, Any], tmp_path: Path) -> None:
        with disk(tmp_path / "disk", "16m") as at:
            toy = toy_at(at / "data", tmp_path / "project")
            toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
            assert in_fork(project_night, toy.project, toy.data, NOW) == 0
            deliver_more(toy)
            subprocess.run(["mount", "-o", "remount,ro", str(at)], check=True)
            assert in_fork(project_night, toy.project, toy.data, NOW) == 1
            assert_every_release_is_whole(toy.lake)
            subprocess.run(["mount", "-o", "remount,rw", str(at)], check=True)
            assert in_fork(project_night, toy.project, toy.data, NOW) == 0
            assert facts(toy.lake) == expected

    def test_what_lies_in_a_read_only_landing_counts_once(expected: dict[str, Any], tmp_path: Path) -> None:
        toy = Toy(tmp_path, n=PERIOD)
        toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
        toy.night(NOW)
        shutil.rmtree(toy.data / "landing" / "n")
        with disk(toy.data / "landing" / "n", "1m") as at:
            deliver_more(toy)
            subprocess.run(["mount", "-o", "remount,ro", str(at)], check=True)
            toy.night(NOW)
            toy.night(NOW)
            found = facts(toy.lake)
        assert len(found.pop("landing")) == 3
        assert found == {k: v for k, v in expected.items() if k != "landing"}

    def test_ten_million_records_are_read_in_256_mb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
        toy = Toy(tmp_path, n=PERIOD)
        path = toy.deliver("n", "n_2015-01.csv", "")
        with path.open("w") as file:
            file.write("Dag;Navn;Antal\n")
            for day in range(1, 11):
                file.writelines(f"2015-01-{day:02d};name {i};{i % 10}\n" for i in range(1_000_000))
        began = datetime.now()
        assert in_fork(small_memory_night, toy.project, toy.data) == 0
        [total] = toy.ask("select count(*) as names, sum(number) as number, sum(records) as records from marts.n_total")
        assert total == {"names": 1_000_000, "number": 45_000_000, "records": 10_000_000}
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        record_property("10 M records, 256 MB for DuckDB", f"{(datetime.now() - began).total_seconds():.0f} s; {peak >> 10} MiB")


def small_memory_night(project: Path, data: Path) -> None:
    os.environ["VENTETAL_MEMORY_LIMIT"] = "256MB"
    project_night(project, data, NOW)


def fill(filler: Path, left: int) -> None:
    """Take the disk but for so many kilobytes."""
    with filler.open("wb") as file:
        free = os.statvfs(filler.parent)
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        file.truncate(filler.stat().st_size - (left << 10))


def test_a_landing_on_another_file_system_is_swept_like_any(expected: dict[str, Any], tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm") / f"ventetal-test-{os.getpid()}"
    elsewhere.mkdir()
    try:
        assert elsewhere.stat().st_dev != tmp_path.stat().st_dev
        toy = Toy(tmp_path, n=PERIOD)
        toy.data.mkdir()
        (toy.data / "landing").symlink_to(elsewhere)
        toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
        toy.night(NOW)
        deliver_more(toy)
        (elsewhere / "n" / "n_2015-04.csv").symlink_to("/etc/hostname")
        toy.night(NOW)
        assert not any(elsewhere.glob("*/*"))
        [link] = toy.lake.rejected.glob("*/n_2015-04.csv")
        assert link.is_symlink()
        assert toy.hashes() == expected["hashes"]
    finally:
        shutil.rmtree(elsewhere)


@pytest.mark.parametrize("folder", ["landing", "landing/n", "rejected", "lake/scratch", "lake/state", "lake/core", "releases/*"])
def test_a_vanished_folder_is_made_again(expected: dict[str, Any], tmp_path: Path, folder: str) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
    toy.night(NOW)
    deliver_more(toy)
    toy.night(NOW)
    for path in toy.data.glob(folder):
        path.unlink() if path.is_symlink() else shutil.rmtree(path)
    toy.night(NOW)
    assert toy.hashes() == expected["hashes"]
    assert facts(toy.lake)["deliveries"] == expected["deliveries"]
    assert_every_release_is_whole(toy.lake)


def test_a_second_writer_is_turned_away_and_changes_nothing(expected: dict[str, Any], tmp_path: Path) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
    toy.night(NOW)
    deliver_more(toy)
    with toy.lake.writer("the first", NOW):
        half_made = toy.lake.scratch / "half made"
        half_made.write_text("")
        with pytest.raises(Locked, match="the first"):
            toy.night(NOW)
        assert in_fork(project_night, toy.project, toy.data, NOW) == 1
        assert half_made.exists()
        assert len(list((toy.data / "landing" / "n").iterdir())) == 3
    toy.night(NOW)
    assert facts(toy.lake) == expected


def test_when_the_clock_goes_back_an_hour_time_stands_still_and_no_delivery_is_left_out(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    summer, winter = datetime(2015, 10, 25, 2, 45), datetime(2015, 10, 25, 2, 15)
    toy.lake.prepare()
    toy.deliver("n", "n_2015-01.csv", "a 1")
    toy.night(night_time(toy.lake, summer))
    toy.deliver("n", "n_2015-02.csv", "b 2", "2015-02-03")
    toy.night(night_time(toy.lake, winter))
    assert toy.total("n") == "a 1, b 2"
    assert night_time(toy.lake, summer + timedelta(hours=1)) == summer + timedelta(hours=1)
    with pytest.raises(ClockWentBack, match="2015-10-25 03:45"):
        night_time(toy.lake, summer + timedelta(hours=1) - STANDS_STILL - timedelta(seconds=1))


def test_a_file_that_vanishes_or_changes_or_fails_while_it_is_read_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy, real = Toy(tmp_path, n=PERIOD), intake.chunks
    landing = toy.data / "landing" / "n"
    toy.deliver("n", "n_2015-01.csv", "a 1")
    for month in ("02", "03", "04", "05"):
        toy.deliver("n", f"n_2015-{month}.csv", f"{'abcdef'[int(month)]} {int(month)}", f"2015-{month}-03")

    def meanwhile(path: Path, name: str) -> Iterator[bytes]:
        if path.name == "n_2015-01.csv":
            (landing / "n_2015-02.csv").unlink()
        if path.name == "n_2015-03.csv":
            raise OSError(errno.EIO, "Input/output error")
        yield from real(path, name)
        if path.name == "n_2015-04.csv":
            toy.deliver("n", "n_2015-04.csv", "e 40", "2015-04-03")

    monkeypatch.setattr(intake, "chunks", meanwhile)
    toy.night(NOW)
    assert toy.total("n") == "a 1, f 5"
    assert {p.name for p in landing.iterdir()} == {"n_2015-03.csv", "n_2015-04.csv"}
    monkeypatch.undo()
    toy.night(NOW)
    assert toy.total("n") == "a 1, d 3, e 40, f 5"
    assert len(list(toy.lake.archive.iterdir())) == 4


def test_a_file_replaced_after_it_was_read_is_a_delivery_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy, real = Toy(tmp_path, n=PERIOD), intake.reading_of
    toy.deliver("n", "n_2015-01.csv", "a 1")

    def replaced(*arguments: Any) -> Any:
        monkeypatch.undo()
        toy.deliver("n", "n_2015-01.csv", "a 2, b 3")
        return real(*arguments)

    monkeypatch.setattr(intake, "reading_of", replaced)
    toy.night(NOW)
    assert toy.total("n") == "a 1"
    toy.night(NOW)
    assert toy.total("n") == "a 2, b 3"
