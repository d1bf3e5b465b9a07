"""Whether the process of a run still lives: while it does it holds a lock named after the run, which the kernel drops at death.

Never released by hand: a run ends with its process, and one that ended well is not asked about any more.
"""

import fcntl
import time
from pathlib import Path
from typing import IO

from assets.lake.files import Lake
from assets.lake.lock import is_held

_held: dict[Path, IO[str]] = {}
FORGOTTEN_AFTER_SECONDS = 24 * 3600


def hold(lake: Lake, run_id: str) -> None:
    """Say that this process runs `run_id`, until it dies."""
    path = _lock(lake, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.iterdir():
        if time.time() - old.stat().st_mtime > FORGOTTEN_AFTER_SECONDS and not is_alive(lake, old.name):
            old.unlink(missing_ok=True)
    if path not in _held:
        _held[path] = path.open("w")
        fcntl.flock(_held[path], fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_alive(lake: Lake, run_id: str) -> bool:
    """Whether some process holds the lock of `run_id`."""
    return is_held(_lock(lake, run_id))


def _lock(lake: Lake, run_id: str) -> Path:
    return lake.files / "running" / run_id
