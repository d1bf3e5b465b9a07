"""Drawn tests on another engine: ENGINE_TESTS=whole takes all of them, short the first of each table, and nothing else.

What is marked `whole` is played where the whole is asked for.
"""

import inspect
import os
import re
from pathlib import Path

import pytest

from assets.tables.engines import DUCKDB, Engine

# A small Spark of the tests' own, on this machine.
os.environ.setdefault("VENTETAL_SPARK_MASTER", "local[2]")
os.environ.setdefault("SPARK_CONF_DIR", str(Path(__file__).resolve().parent / "spark"))
ASKED = os.environ.get("ENGINE_TESTS", "")
_RUN = re.compile(r'\.run\("((?:core|marts|indicators)\.\w+)"\)')


def engine() -> Engine:
    """What computes drawn tables."""
    if not ASKED:
        return DUCKDB
    from assets.tables.engines.spark import Spark

    return Spark()


def of_engines(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests that this run is about: all but the longest, or those that draw tables and those of the folder `spark`."""
    items = [item for item in items if ASKED == "whole" or not item.get_closest_marker("whole")]
    if not ASKED:
        return items
    chosen, met = list[pytest.Item](), set[str]()
    for item in items:
        if item.path.parent.name == "spark":
            chosen.append(item)
        elif "tables" in getattr(item, "fixturenames", ()):
            named = set(_RUN.findall(inspect.getsource(item.function)))  # type: ignore[attr-defined]
            if ASKED == "whole" or named - met:
                chosen.append(item)
            met |= named
    return chosen
