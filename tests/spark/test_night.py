"""A whole night on a cluster: whatever dies, the next one is right, and Spark itself is left no number of a person."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.lake.files import Lake
from tests.redirected import Region, Treatments
from tests.spark.night import DAY
from tests.test_privacy import search

pytest.importorskip("pyspark", reason="pyspark is not installed: no night was computed by it")
MONTHS = {"2015-01": "2015-02-03", "2015-02": "2015-03-03", "2015-03": "2015-04-03"}


def on_cluster(root: Path, who: str, spark: Path) -> subprocess.CompletedProcess[str]:
    """A night in which `who` dies; what Spark writes of its own lies in `spark`."""
    said = {
        "SPARK_CONF_DIR": str(spark / "conf"), "SPARK_WORKER_DIR": str(spark / "work"), "SPARK_LOCAL_DIRS": str(spark / "local"),
        "SPARK_SCALA_VERSION": "2.13", "VENTETAL_ENGINE": "spark", "VENTETAL_SPARK_MASTER": "local-cluster[2,1,1024]",
        "VENTETAL_DATA": str(root / "data"),
    }  # fmt: skip
    asked = [sys.executable, "-m", "tests.spark.night", str(root), who]
    return subprocess.run(asked, env={**os.environ, **said}, capture_output=True, text=True, timeout=400, check=False)


def hashes(root: Path) -> dict[str, str]:
    release = Lake(root / "data").current_release
    assert release is not None
    found: dict[str, str] = json.loads((release / "manifest.json").read_text("utf-8"))["logical_hashes"]
    return found


def test_the_driver_and_then_every_executor_die_and_nothing_is_lost_doubled_or_told(tmp_path: Path) -> None:
    here = Region(tmp_path / "here")
    delivered = [Treatments(month, 1, HEH=40, RHB=25, BOH=12) for month in MONTHS]
    for found, drawn in zip(delivered, MONTHS.values(), strict=True):
        here.deliver(found, drawn)
    there, spark = here.again_at(tmp_path / "there"), tmp_path / "spark"
    for name in ("conf", "work", "local", "events"):
        (spark / name).mkdir(parents=True)
    own = (Path(__file__).parent / "spark-defaults.conf").read_text("utf-8")
    events = f"spark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.dir file://{spark / 'events'}\n"
    (spark / "conf" / "spark-defaults.conf").write_text(own + events, "utf-8")
    here.night(DAY)

    killed = on_cluster(there.root, "driver", spark)
    assert (killed.returncode, killed.stdout) == (-9, "killed: driver (1)\n"), killed.stderr[-2000:]
    assert Lake(there.root / "data").current_release is None
    healed = on_cluster(there.root, "executors", spark)
    assert (healed.returncode, healed.stdout) == (0, "killed: executors (2)\n"), healed.stderr[-2000:]
    assert hashes(there.root) == hashes(here.root)

    numbers = {row[1] for month in delivered for row in month.rows}
    patterns = tmp_path / "patterns"
    patterns.write_text("\n".join(sorted(f for n in numbers for f in (n, n.replace("-", ""), f"{n[:6]}-{n[-4:]}"))), "utf-8")
    left = [p for p in spark.rglob("*") if p.is_file()]
    # What it left is there, and what is looked for can be found.
    assert any("eventlog" in str(p) or p.parent.name == "events" for p in left)
    assert search(patterns, [p for p in (there.root / "data" / "archive").rglob("*") if p.is_file()])
    (tmp_path / "said").write_text(killed.stderr + healed.stderr, "utf-8")
    assert search(patterns, [*left, tmp_path / "said"]) == []
