"""A first night over every extract, by DuckDB and by Spark with one and with two executors: seconds, and what Spark's event log says.

    make .venv/spark && .venv/bin/python -m tests.bench.spark --scale 1 10

An executor is a process with one core. The tables of all three have the same logical hash, or the benchmark fails. Seconds of executors
and bytes are those of the night with one executor, where nothing runs beside anything; what is left of that night is the driver's:
audits, hashes, what is withheld, settling, plans, and waiting for Spark.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

from assets.lake.regions import EXAMPLE
from sources.cluster import READING
from tests.bench import everything, load
from tests.bench.nights import Measured, process
from tests.bench.turns import PROJECT, link_landing
from tests.spark.cluster import cluster, computed

DUCKDB = "DuckDB"
EXECUTORS = {"one executor": 1, "two executors": 2}
MEMORY = 4096
# What the event log counts of a task: where, and in how many to a unit.
COUNTED = {
    "seconds": (("Executor Run Time",), 1000),
    "MiB shuffled": (("Shuffle Write Metrics", "Shuffle Bytes Written"), 2**20),
    "MiB spilled": (("Disk Bytes Spilled",), 2**20),
    "MiB written": (("Output Metrics", "Bytes Written"), 2**20),
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--scale", type=int, nargs="+", default=[1, 10])
    asked.add_argument("--rounds", type=int, default=1)
    said = asked.parse_args()
    for scale in said.scale:
        with tempfile.TemporaryDirectory() as folder:
            _compare(Path(folder), scale, said.rounds)


def _compare(root: Path, scale: int, rounds: int) -> None:
    everything._write(root, scale)
    took: dict[str, list[Measured]] = {}
    counted: dict[str, Counter[str]] = {}
    hashes: dict[str, dict[str, str]] = {}
    for _ in range(rounds):
        for engine in (DUCKDB, *EXECUTORS):
            took.setdefault(engine, []).append(_night(root, EXECUTORS.get(engine, 0)))
            hashes[engine] = {table: hashed for table, (hashed, _) in computed(root / "data").items()}
            assert hashes[engine] == hashes[DUCKDB], f"{engine}: other tables than DuckDB's"
            if EXECUTORS.get(engine) == 1:
                counted = _counted(root / "events")
    records = sum(n for _, _, n, _, _ in everything.EXTRACTS.values()) * scale
    print(f"\n{records:,} records, {len(hashes[DUCKDB])} tables of the same hash; medians of {rounds} turns, whole processes\n")
    print("| engine | seconds | of DuckDB |\n|---|---|---|")
    for engine, turns in took.items():
        ratio = statistics.median(t[0] / own[0] for t, own in zip(turns, took[DUCKDB], strict=True))
        print(f"| {engine} | {statistics.median(t[0] for t in turns):.1f} | {ratio:.2f} |")
    print(f"\n| one executor | tasks | {' | '.join(COUNTED)} |\n|---|---|{'---|' * len(COUNTED)}")
    for what, found in counted.items():
        print(f"| {what} | {found['tasks']} | {' | '.join(f'{found[name]:,.1f}' for name in COUNTED)} |")
    spent = sum(found["seconds"] for found in counted.values())
    print(f"| the rest of the night | | {took['one executor'][-1][0] - spent:,.1f} | | | |", flush=True)


def _night(root: Path, executors: int) -> Measured:
    shutil.rmtree(root / "data", ignore_errors=True)
    shutil.rmtree(root / "events", ignore_errors=True)
    for name in ("events", "conf"):
        (root / name).mkdir(exist_ok=True)
    said = {
        "spark.ui.enabled": "false", "spark.driver.memory": "3g", "spark.sql.shuffle.partitions": "4", "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false", "spark.eventLog.dir": f"file://{root / 'events'}",
        "spark.executor.memory": f"{MEMORY}m",
    }  # fmt: skip
    (root / "conf" / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in said.items()), "utf-8")
    link_landing(root / "full", root / "data" / "landing")
    engine = cluster(root, executors, MEMORY) if executors else {"VENTETAL_ENGINE": "duckdb"}
    settings = {"VENTETAL_DATA": str(root / "data"), "VENTETAL_AS_OF": load.AS_OF, "VENTETAL_REGION": str(EXAMPLE), **engine}
    # 1 where an extract has never been delivered and its domain waits.
    return process([sys.executable, "-c", "from pipelines.cli import main; main()", "run"], settings, (0, 1), PROJECT)


def _counted(events: Path) -> dict[str, Counter[str]]:
    """What executors did, for files and for tables."""
    found = {"files are read": Counter[str](), "tables are computed": Counter[str]()}
    reading = set[int]()
    for line in next(events.iterdir()).read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["Event"] == "SparkListenerJobStart" and event["Properties"].get("spark.jobGroup.id") == READING:
            reading |= set(event["Stage IDs"])
        if event["Event"] == "SparkListenerTaskEnd" and (metrics := event.get("Task Metrics")):
            counter = found["files are read" if event["Stage ID"] in reading else "tables are computed"]
            counter["tasks"] += 1
            for name, (place, unit) in COUNTED.items():
                value = metrics
                for key in place:
                    value = value.get(key, 0)
                counter[name] += value / unit
    return found


if __name__ == "__main__":
    main()
