"""What lies in landing: files as delivered, but for those whose name says that they are still being written."""

import os
from pathlib import Path

from assets.lake import clock

# Names that transfer programs give a file until it is complete, beside those that begin with a dot.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
SETTLES_SECONDS = 2.0


def stat_of(path: Path) -> os.stat_result | None:
    """What is known of a file in landing; None for one that is gone by now."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def delivered(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The finished files of an extract's folder with what is known of them, oldest first. None if there is no folder."""
    there = folder.iterdir() if folder.is_dir() else ()
    finished = [p for p in there if (p.is_symlink() or p.is_file()) and not (p.name.startswith(".") or p.name.lower().endswith(UNFINISHED))]
    found = [(path, stat) for path in finished if (stat := stat_of(path))]
    return sorted(found, key=lambda f: (f[1].st_mtime_ns, f[0].name))


def settled(folder: Path) -> list[Path]:
    """The files of `delivered` that are not being written just now: one changed a moment ago is looked at again."""
    files = delivered(folder)
    if any(clock.host.now().timestamp() - stat.st_mtime < SETTLES_SECONDS for _, stat in files):
        clock.host.wait(SETTLES_SECONDS)
        again = {path: (stat.st_size, stat.st_mtime_ns) for path, stat in delivered(folder)}
        files = [(path, stat) for path, stat in files if again.get(path) == (stat.st_size, stat.st_mtime_ns)]
    return [path for path, _ in files]
