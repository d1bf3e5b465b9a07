"""What the tests and the benchmark of Spark share: a cluster on this machine, and what a lake says of its tables."""

from pathlib import Path

from assets.lake.files import Lake, read_json


def cluster(place: Path, executors: int = 2, memory: int = 1024) -> dict[str, str]:
    """Settings by which a command is computed by so many executors of one core and `memory` MiB; what is Spark's own lies in `place`."""
    return {
        "SPARK_CONF_DIR": str(place / "conf"), "SPARK_WORKER_DIR": str(place / "work"), "SPARK_LOCAL_DIRS": str(place / "local"),
        "SPARK_SCALA_VERSION": "2.13", "VENTETAL_ENGINE": "spark", "VENTETAL_SPARK_MASTER": f"local-cluster[{executors},1,{memory}]",
    }  # fmt: skip


def computed(data: Path) -> dict[str, tuple[str, str]]:
    """Table -> logical hash and engine of its version; there is one, as of every first night."""
    said = [read_json(file) for file in Lake(data).files.glob("*/*/*/version.json")]
    return {version["table"]: (version["logical_hash"], version["engine"]) for version in said}
