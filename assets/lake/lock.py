"""The lock on a lake: one process writes at a time, and the kernel frees it at death."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from assets.lake.files import Lake, discard
from assets.lake.leftovers import clear_leftovers
from sources.errors import Locked

WAITS_SECONDS = 0.5


@contextmanager
def writing(lake: Lake, who: str, since: datetime, patience: float = 0, waits: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lake for writing; raises Locked when another process still does after `patience` seconds.

    `waits` is told once, where it must be waited for, who holds it. What the one before left half made is gone by then.
    """
    lake.prepare()
    path, until, has_told = lake.files / "writer.lock", time.monotonic() + patience, False
    if path.is_dir():
        discard(path)
    with path.open("a+") as file:
        while not _has(file):
            file.seek(0)
            holder = f"Another run holds {lake.root}: {file.read().strip() or 'it has just begun'}."
            if time.monotonic() >= until:
                raise Locked(holder)
            if waits and not has_told:
                waits(holder)
                has_told = True
            time.sleep(WAITS_SECONDS)
        file.truncate(0)
        file.write(f"{who}, process {os.getpid()}, since {since:%Y-%m-%d %H:%M:%S}")
        file.flush()
        discard(lake.scratch)
        lake.scratch.mkdir(parents=True)
        clear_leftovers(lake)
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def alone(path: Path, what: str, patience: float = 0) -> Iterator[None]:
    """Be the only one at work on something that is no writing of the lake; raises Locked where another process still is after `patience`
    seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with path.open("a") as file:
        while not _has(file):
            if time.monotonic() >= until:
                raise Locked(f"Another {what} is being made; try again when it has ended.")
            time.sleep(WAITS_SECONDS)
        yield


def is_held(path: Path) -> bool:
    """Whether some process holds the lock that a file is."""
    try:
        with path.open() as file:
            return not _has(file)
    except FileNotFoundError:
        return False


def _has(file: TextIO) -> bool:
    """Take the lock that a file is, if nobody has it; whether it is ours."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
