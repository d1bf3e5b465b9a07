"""What the benchmarks of whole nights share: processes with their seconds and memory, our nights over a lake of their own, the table."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

from assets.lake.regions import EXAMPLE
from tests.bench.turns import PROJECT, link_landing

HERE = Path(__file__).parent
Measured = tuple[float, float]
"""Seconds of a whole process, and the MiB it held at most."""


def process(command: list[str], settings: dict[str, str], fine: tuple[int, ...] = (0,), folder: Path = PROJECT) -> Measured:
    """Run a command; what it says is shown only where it ends with another code than `fine` has."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert running.returncode in fine, said.read().decode()
    return time.perf_counter() - began, used.ru_maxrss / 1024


def environment(folder: Path) -> Path:
    """The Python of a new environment with what the others need."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / "requirements-rivals.txt")], check=True)
    return folder / "bin" / "python"


def nights(root: Path, as_of: str, look: Callable[[Path], None], before: Path | None = None) -> dict[str, Measured]:
    """Ours over a new lake: what `full` holds, what `day` holds more, nothing new; and the empty job.

    `look` sees the lake after the first of them. `before` is a checkout of an earlier time, which does the same.
    """
    took = _three(root, as_of, "", PROJECT, look)
    if before:
        took |= _three(root, as_of, ", before", before, lambda _: None)
    empty = [sys.executable, "-m", "tests.bench.empty", str(root / "empty")]
    took["empty job"] = process(empty, {})
    took["empty job, import of Great Expectations"] = process([*empty, "great_expectations"], {})
    return took


def _three(root: Path, as_of: str, called: str, project: Path, look: Callable[[Path], None]) -> dict[str, Measured]:
    data = root / "data"
    shutil.rmtree(data, ignore_errors=True)
    region = project / EXAMPLE.relative_to(PROJECT)
    settings = {"VENTETAL_DATA": str(data), "VENTETAL_AS_OF": as_of, "VENTETAL_REGION": str(region)}
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", "run"]

    def night() -> Measured:
        # 1 where an extract has never been delivered and its domain waits.
        return process(command, settings, (0, 1), project)

    link_landing(root / "full", data / "landing")
    took = {f"ventetal run{called}": night()}
    look(data)
    link_landing(root / "day", data / "landing")
    return took | {f"one new day{called}": night(), f"nothing new{called}": night()}


def table(records: int, landing: Path, took: dict[str, list[Measured]], floor: str) -> None:
    """Print the medians of all turns, each beside the floor of its own turn."""
    size = sum(file.stat().st_size for file in landing.glob("*/*")) >> 20
    print(f"\n{records:,} records, {size:,} MiB; medians of {len(took[floor])} turns, whole processes\n")
    print("| | seconds | of bare DuckDB | peak MiB |\n|---|---|---|---|")
    for name, turns in took.items():
        ratio = statistics.median(turn[0] / bare[0] for turn, bare in zip(turns, took[floor], strict=True))
        print(f"| {name} | {statistics.median(turn[0] for turn in turns):.2f} | {ratio:.2f} | {max(turn[1] for turn in turns):.0f} |")


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
