"""Disks that are full, read-only, elsewhere or gone, and memory that is short. Needs small file systems of its own (tmpfs)."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.aftermath import WHOLE, PromiseBroken, Scene, old_release
from tests.faults.dying import POINTS

FREE_KIB = [0, 4, 16, 40, 80, 150, 300, 500, 800, 1200, 1600, 2000, 2500, 3000, 4000] if WHOLE else [0, 40, 300, 1200]
CAN_BE_MADE_AGAIN = ["landing", "lake/raw", "lake/core", "lake/marts", "lake/reference", "lake/scratch", "lake/manifests"]


class Mounts:
    """Small file systems, unmounted in the end."""

    def __init__(self) -> None:
        self._mounted: list[Path] = []

    def add(self, path: Path, mib: int) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = f"no small file system can be mounted here: {done.stderr.strip()}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
        self._mounted.append(path)
        return path

    def read_only(self, path: Path, is_so: bool = True) -> None:
        subprocess.run(["mount", "-o", f"remount,{'ro' if is_so else 'rw'}", str(path)], check=True)

    def remove(self) -> None:
        for path in reversed(self._mounted):
            subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    held = Mounts()
    yield held
    held.remove()


@pytest.mark.parametrize("free_kib", FREE_KIB)
def test_a_full_disk_breaks_the_run_off_and_with_room_again_all_is_made(
    toy_nights: Scene, tmp_path: Path, mounts: Mounts, free_kib: int
) -> None:
    disk = mounts.add(tmp_path / "disk", 64)
    data = toy_nights.laid_out(disk / "data")
    before, ballast = old_release(data), disk / "ballast"
    room = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - (free_kib << 10))
    death = toy_nights.nights.run(toy_nights.order(data))
    if death.status == 0 and "could not be computed" not in death.said:
        assert free_kib > 300, death.said
    ballast.unlink()
    toy_nights.heals(data, f"disk full, {free_kib} KiB left", before, death, lost=("releases",) if death.status == 0 else ())


def test_a_lake_that_became_read_only_breaks_the_run_off(toy_nights: Scene, tmp_path: Path, mounts: Mounts) -> None:
    disk = mounts.add(tmp_path / "disk", 64)
    data = toy_nights.laid_out(disk / "data")
    before = old_release(data)
    mounts.read_only(disk)
    death = toy_nights.nights.run(toy_nights.order(data))
    assert (death.status, "Read-only file system" in death.said) == (1, True), death.said
    mounts.read_only(disk, False)
    toy_nights.heals(data, "lake read-only", before, death)


def test_landing_on_another_file_system_is_taken_in_whole(toy_nights: Scene, tmp_path: Path, mounts: Mounts) -> None:
    data = tmp_path / "data"
    mounts.add(data / "landing", 8)
    toy_nights.laid_out(data)
    assert (data / "landing").stat().st_dev != (data / "rejected").stat().st_dev
    before = old_release(data)
    death = toy_nights.nights.run(toy_nights.order(data))
    assert death.status == 0, death.said
    toy_nights.heals(data, "landing elsewhere", before, death)


def test_landing_that_is_read_only_is_read_once_and_stops_nothing(toy_nights: Scene, tmp_path: Path, mounts: Mounts) -> None:
    data = tmp_path / "data"
    mounts.add(data / "landing", 8)
    toy_nights.laid_out(data)
    before, names = old_release(data), sorted(p.name for p in (data / "landing").glob("*/*"))
    mounts.read_only(data / "landing")
    death = toy_nights.nights.run(toy_nights.order(data))
    assert death.status == 0, death.said
    assert sorted(p.name for p in (data / "landing").glob("*/*")) == names
    # Run again over what still lies there: nothing is taken twice.
    toy_nights.heals(data, "landing read-only", before, death, lost=("landing",))


@pytest.mark.parametrize("folder", [*CAN_BE_MADE_AGAIN, "releases"])
def test_a_folder_that_vanished_between_runs_is_made_again(toy_nights: Scene, tmp_path: Path, folder: str) -> None:
    data = toy_nights.laid_out(tmp_path / "data")
    before = old_release(data)
    shutil.rmtree(data / folder)
    if folder == "landing":
        toy_nights.deliver(data)
    death = toy_nights.nights.run(toy_nights.order(data))
    assert death.status == 0, death.said
    lost = ("releases", "manifests") if folder == "releases" else ("manifests",) if folder == "lake/manifests" else ()
    toy_nights.heals(data, f"{folder} vanished", before, death, lost)


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("vanishing")])
def test_a_folder_that_vanishes_during_a_run_costs_that_run_at_most(toy_nights: Scene, tmp_path: Path, point: str) -> None:
    data = toy_nights.laid_out(tmp_path / "data")
    before = old_release(data)
    death = toy_nights.nights.run(toy_nights.order(data, point=point, nth=2))
    folder = point.removeprefix("vanishing ")
    lost = {"releases": ("releases", "manifests"), "archive": ("archive",)}.get(folder, ())
    if death.status == 0 and not death.said.strip().endswith("held:"):
        # That night's release holds a domain; the next one publishes it.
        lost = (*lost, "releases")
    toy_nights.heals(data, point, before, death, lost)


@pytest.mark.skipif(not WHOLE, reason="minutes long: `make faults`")
def test_ten_million_records_go_through_a_quarter_gigabyte(
    toy_nights: Scene, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    data, records = toy_nights.laid_out(tmp_path / "data"), 10_000_000
    folder = data / "landing" / "names"
    # Two files, which are read side by side.
    for first, month in ((0, "2015-02"), (records // 2, "2015-03")):
        with (folder / f"names_{month}_received-20150603-0200.csv").open("w") as file:
            file.write("Dag;Navn;Antal\n")
            for start in range(first, first + records // 2, 100_000):
                file.writelines(f"{month}-15;n{i * 7919 % records:07d};1\n" for i in range(start, start + 100_000))
    death = toy_nights.nights.run(toy_nights.order(data, memory="256MB"))
    if death.status != 0 or "could not be computed" in death.said:
        raise PromiseBroken(f"256 MB: the run died: {death.said[-1500:]}")
    record_property("ten million records in 256 MB of DuckDB", f"{death.seconds:.0f} s, the process at most {death.peak_mib} MiB")
