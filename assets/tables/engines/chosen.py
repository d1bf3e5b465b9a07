"""Which engine a run reads and computes by: the one that the settings name."""

import importlib.util

from assets.tables.engines import DUCKDB, Engine
from sources.errors import WrongUsage
from sources.settings import PREFIX, SPARK, settings


def chosen() -> Engine:
    """The engine that the settings name. Raises WrongUsage for one that there is not, or that is not installed."""
    if settings().engine != SPARK:
        return DUCKDB
    if importlib.util.find_spec("pyspark") is None:
        raise WrongUsage(f"{PREFIX}ENGINE is {SPARK}, and pyspark is not installed: `make .venv/spark`, see deploy/spark.md.")
    from assets.tables.engines.spark import Spark

    return Spark()
