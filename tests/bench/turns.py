"""What the benchmarks share: whole processes that take turns, a night that knows how long its steps took, and the table of both."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.tables.build import Night
from sources.duck import connect
from tests.part import TREE

PROJECT = Path(__file__).resolve().parents[2]
# Every lookup with the rows of the example region, as files that bare engines read.
_WHOLE = tempfile.TemporaryDirectory()
REFERENCE = Path(_WHOLE.name)
for _path in (PROJECT / "data" / "reference").glob("*.csv"):
    (REFERENCE / _path.name).write_text(TREE.rows(_path.stem), "utf-8")
AS_OF = datetime(2016, 1, 1)
ROUNDS = 3
WHOLE = "whole process"
Found = dict[str, Any]


def turn(module: str, what: str, folder: Path, python: str = sys.executable) -> Found:
    """What one process of `module` found: seconds by stage, figures, peak memory, and the seconds of the whole process."""
    began = time.perf_counter()
    command = [python, "-m", module, "--one", what, "--data", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    found: Found = json.loads(done.stdout)
    found["seconds"][WHOLE] = time.perf_counter() - began
    return found


def report(title: str, turns: list[tuple[Found, Found]]) -> None:
    """Print seconds and ratio of every stage, medians over the turns of (bare script, ventetal)."""
    print(f"{title}; medians of {len(turns)} turns, whole processes\n")
    print("| stage | seconds | bare script | ratio |\n|---|---|---|---|")
    for stage in turns[0][1]["seconds"]:
        pairs = [(ours["seconds"][stage], script["seconds"].get(stage)) for script, ours in turns]
        ours, floors = statistics.median(p[0] for p in pairs), [p[1] for p in pairs if p[1]]
        bare = f"{statistics.median(floors):.2f}" if floors else "-"
        ratio = f"{statistics.median(a / b for a, b in pairs if b):.2f}" if floors else "-"
        print(f"| {stage} | {ours:.2f} | {bare} | {ratio} |")
    print(f"\nPeak MiB: {max(t[1]['peak'] for t in turns):.0f}, bare script {max(t[0]['peak'] for t in turns):.0f}", flush=True)


def peak() -> float:
    """MiB of memory this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[list[str | None]]:
    """The rows of a query as text, so that equal figures are equal, whatever number holds them."""

    def text(value: Any) -> str | None:
        if value is None or isinstance(value, bool):
            return None if value is None else str(value)
        return str(float(value)) if isinstance(value, int | float | Decimal) else str(value)

    return [[text(value) for value in row] for row in con.execute(sql).fetchall()]


def bare(stages: Iterable[tuple[str, str, str]], figures: Callable[[duckdb.DuckDBPyConnection], Any]) -> Found:
    """What a script of (stage, table, SQL) takes that writes each table to Parquet and promises nothing."""
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder), Path("/")) as con:
        seconds: dict[str, float] = {}
        for stage, table, sql in stages:
            clock = time.perf_counter()
            con.execute(f"copy ({sql}) to '{folder}/{table}.parquet'")
            con.execute(f"create view {table} as from '{folder}/{table}.parquet'")
            seconds[stage] = seconds.get(stage, 0) + time.perf_counter() - clock
        return {"seconds": seconds, "figures": figures(con), "peak": peak()}


def nightly(data: Path, domains: tuple[str, ...], figures: Callable[[duckdb.DuckDBPyConnection], Any]) -> Found:
    """What the nightly steps of the domains take over a lake of their own, with the landing files of `data` linked in."""
    catalog = load_catalog(TREE)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        lake, stages = Lake(Path(folder)), dict[str, float]()
        link_landing(data / "landing", lake.landing)
        with writing(lake, "a benchmark", datetime.now()):
            night = TimedNight(lake, catalog, AS_OF, stages)
            for domain in domains:
                for extract in catalog.extracts_of(domain):
                    night.timed(f"read {extract}", night.ingest, extract)
            night.timed("reference tables", night.make, "reference")
            marts: dict[str, str] = {}
            for domain in domains:
                state = night.make(domain)
                assert not state.is_held, state.why
                marts |= {name: key for name, key in state.tables.items() if name.startswith("marts.")}
            con = night.inputs.connect_to(marts)
        return {"seconds": stages, "figures": figures(con), "peak": peak()}


def link_landing(source: Path, target: Path) -> None:
    """The files of a landing folder under another, without a copy; a run takes the links away and leaves the files."""
    for file in source.glob("*/*"):
        place = target / file.parent.name / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(file)


class TimedNight(Night):
    """A night that knows how long each of its steps took."""

    def __init__(self, lake: Lake, catalog: Catalog, now: datetime, stages: dict[str, float]) -> None:
        super().__init__(lake, catalog, now)
        self.stages, made = stages, self._attempts.of_table
        self._attempts.of_table = lambda table, available: self.timed(table.name, made, table, available)  # type: ignore[method-assign]

    def timed(self, stage: str, step: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        found = step(*arguments)
        self.stages[stage] = self.stages.get(stage, 0) + time.perf_counter() - began
        return found
