"""A driver of its own: a night on a cluster of two executors on this machine, in which the driver or the executors die while a table is
computed. Says whom it killed.

python -m tests.spark.night ROOT (driver|executors)
"""

import os
import signal
import sys
import threading
import time
from itertools import count
from pathlib import Path

from assets.catalog.declared import Table
from assets.catalog.loading import load_catalog
from assets.lake.files import Lake
from assets.tables.engines.spark import ROWS, SparkRows
from tests.redirected import night_over
from tests.spark.reading import executors

DAY = "2015-06-01"
# Of the tables of redirections, in order.
AT = 3


def _kill_once_written(rows: Path, who: str) -> None:
    """A job that writes has begun when there is a place for what its tasks have not finished."""
    while not (rows / "_temporary").exists():
        time.sleep(0.005)
    victims = [os.getpid()] if who == "driver" else executors()
    print(f"killed: {who} ({len(victims)})", flush=True)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)


def dying(who: str) -> None:
    """Have it die when the table with that number is computed."""
    computed, begun = SparkRows._computed, count(1)

    def watched(self: SparkRows, table: Table, made: Path) -> str:
        if next(begun) == AT:
            threading.Thread(target=_kill_once_written, args=(made / ROWS, who), daemon=True).start()
        return computed(self, table, made)

    SparkRows._computed = watched  # type: ignore[method-assign]


if __name__ == "__main__":
    root = Path(sys.argv[1])
    dying(sys.argv[2])
    night_over(Lake(root / "data"), load_catalog(root / "project"), DAY)
