"""A Spark cluster in place of this machine: the session of a run, and delivered files read by executors.

Spark is imported when a cluster is asked for and not before. How large it is, and where, is for Spark's own configuration; here stands what
makes it mean the same as DuckDB. An executor reads a file as one machine does: by a process of its own, under limits of its own settings
(`sources.readers`), with the key that its own environment or key file gives. The key itself is in nothing that is sent to it.
"""

import os
import socket
import sys
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sources.errors import WrongUsage
from sources.pseudonym import key_check
from sources.readers import Readers, person_key
from sources.reading import READER_VERSION
from sources.settings import PREFIX, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Of the jobs that read, so that they can be stopped alone.
READING = "ventetal reading"
MEANS_THE_SAME = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    # Chains and circles of numbers that replace each other (core.person_link).
    "spark.sql.cteRecursionLevelLimit": "10000",
    "spark.sql.cteRecursionRowLimit": "-1",
    # The quick one does not know an encoding of numbers that DuckDB writes (BYTE_STREAM_SPLIT, Spark 4.1.4).
    "spark.sql.parquet.enableVectorizedReader": "false",
    # They fail on a subquery that asks for a column of a union (marts.completeness_monthly, core.provider_count, Spark 4.1.4).
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{rule}" for rule in ("PushProjectionThroughUnion", "RemoveRedundantAliases")
    ),
    # A run says itself what it does.
    "spark.ui.showConsoleProgress": "false",
    # What a late executor makes of an attempt gets no name: only the driver's commit gives names.
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


@cache
def session() -> "SparkSession":
    """The session of this process. Raises WrongUsage where no cluster answers."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("ventetal")
    if master := settings().spark_master:
        builder = builder.master(master)
    for name, value in MEANS_THE_SAME.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError) as error:
        said = str(error).strip().partition("\n")[0]
        raise WrongUsage(
            f"Spark does not start: {said}. Is Java 17 there, and is {PREFIX}SPARK_MASTER or spark-defaults.conf right?"
        ) from error


class ClusterReaders(Readers):
    """Reading by executors. Files to read and what is made of them lie where all of them see the same paths."""

    @property
    def at_once(self) -> int:
        """As many as the cluster has cores: each file is a job of one task."""
        return max(1, int(session().sparkContext.defaultParallelism))

    def interrupt(self) -> None:
        session().sparkContext.cancelJobGroup(READING)

    def answered(self, path: Path, request: dict[str, Any]) -> dict[str, Any]:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        if self._is_closed:
            return {"stopped": "the run ends"}
        key = person_key()
        asked = {
            "path": str(path),
            "request": request,
            "scratch": str(self._scratch),
            "folder": str(self._folder),
            "process": os.getpid(),
            "key": key_check(key) if key else "",
            "reader": READER_VERSION,
        }
        spark = session().sparkContext
        spark.setJobGroup(READING, "delivered files are read", interruptOnCancel=True)
        try:
            [answer] = spark.parallelize([asked], 1).map(_read_there).collect()
        except (Py4JError, PySparkException) as error:
            # What it says may quote what was read.
            return {"stopped": f"the cluster gave it up ({type(error).__name__})"}
        if made := answer.pop("made", None):
            Path(made).replace(request["target"])
        return dict(answer)


_readers: dict[tuple[str, str], Readers] = {}
_lock = threading.Lock()


def _read_there(asked: dict[str, Any]) -> dict[str, Any]:
    """On an executor: what its own reading process answers; `made` is where the file lies that was asked for.

    That has a name of its own, by the process of the driver: a task that was thought dead writes over nothing, and what it leaves is
    cleared as what the driver leaves.
    """
    host, key = socket.gethostname(), person_key()
    if asked["reader"] != READER_VERSION:
        return {"wrong": f"The executor on {host} reads by version {READER_VERSION} and the driver by {asked['reader']}: install the same."}
    if asked["key"] != (key_check(key) if key else ""):
        said = f"{PREFIX}PSEUDONYM_KEY or {PREFIX}PSEUDONYM_KEY_FILE"
        return {"wrong": f"The executor on {host} has another pseudonym key than the driver, or none: set {said} in its environment."}
    with _lock:
        # Processes of two hosts may have the same number.
        places = str(Path(asked["scratch"]) / host), asked["folder"]
        readers = _readers.get(places) or _readers.setdefault(places, Readers(Path(places[0]), Path(places[1])))
    request = dict(asked["request"])
    target = Path(request["target"])
    own = target.with_name(f".{uuid4().hex}.{asked['process']}.part")
    answer = readers.answered(Path(asked["path"]), request | {"target": str(own)})
    if "found" in answer:
        return answer | {"made": str(own)}
    own.unlink(missing_ok=True)
    return answer
