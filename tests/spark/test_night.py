"""A whole night on a cluster: whatever dies, the next one is right, and Spark itself is left no number of a person."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.catalog.declared import Catalog
from assets.lake.files import Lake
from tests.conftest import AS_OF, copy_landing
from tests.redirected import Region, Treatments
from tests.spark.cluster import cluster, computed
from tests.spark.night import DAY
from tests.test_privacy import search

pytest.importorskip("pyspark", reason="pyspark is not installed: no night was computed by it")
MONTHS = {"2015-01": "2015-02-03", "2015-02": "2015-03-03", "2015-03": "2015-04-03"}


@pytest.fixture
def spark(tmp_path: Path) -> Path:
    """Where Spark writes what is its own, an event log with all that it knows too."""
    for name in ("conf", "work", "local", "events"):
        (tmp_path / "spark" / name).mkdir(parents=True)
    own = (Path(__file__).parent / "spark-defaults.conf").read_text("utf-8")
    events = f"spark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.dir file://{tmp_path / 'spark' / 'events'}\n"
    (tmp_path / "spark" / "conf" / "spark-defaults.conf").write_text(own + events, "utf-8")
    return tmp_path / "spark"


def on_cluster(command: list[str], data: Path, spark: Path) -> subprocess.CompletedProcess[str]:
    """A command on a lake, with a cluster of two executors on this machine."""
    said = {"VENTETAL_DATA": str(data), "VENTETAL_AS_OF": AS_OF, **cluster(spark)}
    return subprocess.run(command, env={**os.environ, **said}, capture_output=True, text=True, timeout=600, check=False)


def in_which_dies(who: str, root: Path, spark: Path) -> subprocess.CompletedProcess[str]:
    return on_cluster([sys.executable, "-m", "tests.spark.night", str(root), who], root / "data", spark)


def hashes(data: Path) -> dict[str, str]:
    release = Lake(data).current_release
    assert release is not None
    found: dict[str, str] = json.loads((release / "manifest.json").read_text("utf-8"))["logical_hashes"]
    return found


def test_the_driver_and_then_every_executor_die_and_nothing_is_lost_doubled_or_told(tmp_path: Path, spark: Path) -> None:
    here = Region(tmp_path / "here")
    delivered = [Treatments(month, 1, HEH=40, RHB=25, BOH=12) for month in MONTHS]
    for found, drawn in zip(delivered, MONTHS.values(), strict=True):
        here.deliver(found, drawn)
    there = here.again_at(tmp_path / "there")
    here.night(DAY)

    killed = in_which_dies("driver", there.root, spark)
    assert (killed.returncode, killed.stdout) == (-9, "killed: driver (1)\n"), killed.stderr[-2000:]
    assert Lake(there.root / "data").current_release is None
    healed = in_which_dies("executors", there.root, spark)
    assert (healed.returncode, healed.stdout) == (0, "killed: executors (2)\n"), healed.stderr[-2000:]
    assert hashes(there.root / "data") == hashes(here.root / "data")

    numbers = {row[1] for month in delivered for row in month.rows}
    patterns = tmp_path / "patterns"
    patterns.write_text("\n".join(sorted(f for n in numbers for f in (n, n.replace("-", ""), f"{n[:6]}-{n[-4:]}"))), "utf-8")
    left = [p for p in spark.rglob("*") if p.is_file()]
    # What it left is there, and what is looked for can be found.
    assert any("eventlog" in str(p) or p.parent.name == "events" for p in left)
    assert search(patterns, [p for p in (there.root / "data" / "archive").rglob("*") if p.is_file()])
    (tmp_path / "said").write_text(killed.stderr + healed.stderr, "utf-8")
    assert search(patterns, [*left, tmp_path / "said"]) == []


@pytest.mark.whole
def test_a_night_of_the_region_is_the_same(small_files: Path, small_region: Path, catalog: Catalog, tmp_path: Path, spark: Path) -> None:
    copy_landing(small_files, tmp_path)
    done = on_cluster([str(Path(sys.executable).with_name("ventetal")), "run"], tmp_path, spark)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    here, there = computed(small_region), computed(tmp_path)
    assert {engine for _, engine in here.values()} <= {"", "duckdb"}, "compared with itself"
    assert {t: hashed for t, (hashed, _) in there.items()} == {t: hashed for t, (hashed, _) in here.items()}
    assert {t.name for t in catalog.computed} <= {t for t, (_, engine) in there.items() if engine == "spark"}
    assert hashes(tmp_path) == hashes(small_region)
