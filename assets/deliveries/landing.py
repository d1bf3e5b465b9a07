"""What lies in landing: files as delivered, but for those whose name says that they are still being written."""

import os
from pathlib import Path

from assets.lake import clock

UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
SETTLES_SECONDS = 2.0


def is_unfinished(name: str) -> bool:
    """Names that transfer programs give a file until it is complete."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def delivered(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The finished files of an extract's folder with what is known of them, oldest first. None if there is no folder."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            stat = path.lstat()
        except FileNotFoundError:  # taken meanwhile
            continue
        if (path.is_symlink() or path.is_file()) and not is_unfinished(path.name):
            found.append((path, stat))
    return sorted(found, key=lambda f: (f[1].st_mtime_ns, f[0].name))


def settled(folder: Path) -> list[Path]:
    """The files of `delivered` that are not being written just now: one changed a moment ago is looked at again."""
    files = delivered(folder)
    if any(clock.host.now().timestamp() - stat.st_mtime < SETTLES_SECONDS for _, stat in files):
        clock.host.wait(SETTLES_SECONDS)
        again = {path: (stat.st_size, stat.st_mtime_ns) for path, stat in delivered(folder)}
        files = [(path, stat) for path, stat in files if again.get(path) == (stat.st_size, stat.st_mtime_ns)]
    return [path for path, _ in files]
