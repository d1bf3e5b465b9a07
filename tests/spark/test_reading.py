"""Delivered files read by executors: the same facts, whatever dies, and no key but the driver's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sources.errors import WrongUsage
from sources.readers import Readers
from tests.spark.reading import facts

pytest.importorskip("pyspark", reason="pyspark is not installed: nothing was read by it")


def files_of(landing: Path) -> list[Path]:
    """Deliveries that can be read, as they were sent."""
    return sorted((landing / "redirections").glob("*_udtrukket-*.csv"))[:6]


def hashed(folder: Path) -> dict[str, str]:
    sql = "select count(*) || '-' || bit_xor(hash(t)) from read_parquet('{}') as t"
    return {p.name: duckdb.sql(sql.format(p)).fetchall()[0][0] for p in sorted(folder.glob("*.parquet"))}


def test_an_executor_that_dies_while_it_reads_loses_and_doubles_nothing(small_files: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        (folder / "scratch").mkdir(parents=True)
    files = files_of(small_files)
    cluster = {"VENTETAL_SPARK_MASTER": "local-cluster[2,1,1024]", "SPARK_SCALA_VERSION": "2.13", "VENTETAL_DATA": str(tmp_path)}
    asked = [sys.executable, "-m", "tests.spark.reading", str(there / "scratch"), *map(str, files)]
    done = subprocess.run(asked, env={**os.environ, **cluster}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    readers = Readers(here / "scratch")
    assert json.loads(done.stdout.splitlines()[-1]) == json.loads(json.dumps(facts(readers, files, here)))
    readers.close()
    assert len(files) == len(hashed(here)) == 6
    assert hashed(there) == hashed(here)


def test_an_executor_with_another_key_reads_nothing(small_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sources.cluster import ClusterReaders, session

    session()
    # The session's processes have begun with the key of the examples.
    monkeypatch.setenv("VENTETAL_PSEUDONYM_KEY", "another key, of thirty-two bytes and more")
    (tmp_path / "scratch").mkdir()
    with pytest.raises(WrongUsage, match="has another pseudonym key than the driver, or none"):
        facts(ClusterReaders(tmp_path / "scratch"), files_of(small_files), tmp_path)
    assert not list(tmp_path.glob("*.parquet"))
