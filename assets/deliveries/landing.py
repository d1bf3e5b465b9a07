"""What lies in landing: files that a run takes, and all that it does not, with the reason why."""

import os
import stat as modes
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from assets.catalog.declared import Catalog
from assets.deliveries.names import name_of
from assets.lake import clock
from assets.lake.files import Lake
from sources.contract import digest

# Names that transfer programs and office programs give a file until it is complete, beside those that begin with a dot.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
UNFINISHED_BEGINNINGS = (".", "~$")
SETTLES_SECONDS = 2.0
# A transfer that takes longer has broken off.
LONGEST_TRANSFER = timedelta(days=1)


@dataclass(frozen=True)
class Lying:
    """A file or folder in landing that has not been taken: its path below landing, and why.

    `extract` is '' where it lies in no extract's folder; `needs_person` says whether the next runs will not take it either.
    """

    path: str
    extract: str
    why: str
    needs_person: bool


def stat_of(path: Path) -> os.stat_result | None:
    """What is known of a file in landing; None for one that is gone by now."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def identity(path: Path, stat: os.stat_result) -> str:
    """Names a file as it lies in landing, whatever it holds."""
    return digest(name_of(path), stat.st_size, stat.st_mtime_ns)


def delivered(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The finished files of an extract's folder with what is known of them, oldest first. None if there is no folder."""
    there = folder.iterdir() if folder.is_dir() else ()
    found = [(path, stat) for path in there if not _is_unfinished(path) and (stat := stat_of(path)) and _is_file(stat)]
    return sorted(found, key=lambda f: (f[1].st_mtime_ns, os.fsencode(f[0].name)))


def settled(folder: Path) -> list[Path]:
    """The files of `delivered` that are not being written just now: one changed a moment ago is looked at again."""
    files = delivered(folder)
    if any(clock.host.age(stat.st_mtime) < SETTLES_SECONDS for _, stat in files):
        clock.host.wait(SETTLES_SECONDS)
        again = {path: (stat.st_size, stat.st_mtime_ns) for path, stat in delivered(folder)}
        files = [(path, stat) for path, stat in files if again.get(path) == (stat.st_size, stat.st_mtime_ns)]
    return [path for path, _ in files]


def lying(lake: Lake, catalog: Catalog, left: dict[str, str]) -> list[Lying]:
    """Everything in landing with the reason why it is not taken. `left` is what the newest run found of files: identity -> why."""
    found = []
    for path in _entries(lake.landing):
        name = name_of(path)
        if path.is_dir() and not path.is_symlink() and (name in catalog.extracts or catalog.domain_of_extract(name)):
            found += [_of_extract(p, name, catalog, left) for p in _entries(path)]
        elif path.is_dir() and not path.is_symlink() and not name.startswith("."):
            inside = sum(len(files) for _, _, files in os.walk(path))
            if inside:
                found.append(Lying(f"{name}/", "", f"no extract is called so; {_files(inside)} in it will never be taken", True))
        elif not name.startswith("."):
            found.append(Lying(name, "", "it lies in landing itself; put it into the folder of its extract", True))
    return found


def _of_extract(path: Path, extract: str, catalog: Catalog, left: dict[str, str]) -> Lying:
    def lies(why: str, needs_person: bool = True) -> Lying:
        return Lying(f"{extract}/{name_of(path)}", extract, why, needs_person)

    stat = stat_of(path)
    if stat is None:
        return lies("it is gone by now", False)
    if modes.S_ISDIR(stat.st_mode):
        return lies("it is a folder; files are taken from the folder of the extract alone")
    if not _is_file(stat):
        return lies("it is no file but a pipe, a socket or a device")
    if _is_unfinished(path):
        is_old = clock.host.age(stat.st_mtime) > LONGEST_TRANSFER.total_seconds()
        return lies("its name says that it is still being written" + (", but nobody has for more than a day" if is_old else ""), is_old)
    if why := left.get(identity(path, stat)):
        return lies(why)
    if extract not in catalog.extracts or not catalog.extracts[extract].is_usable:
        return lies("the extract's contract or layouts cannot be used; files wait until they can")
    return lies("the next run takes it", False)


def _entries(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir(), key=lambda p: os.fsencode(p.name))) if folder.is_dir() else iter(())


def _is_file(stat: os.stat_result) -> bool:
    """A link too is a delivery, to be refused."""
    return modes.S_ISREG(stat.st_mode) or modes.S_ISLNK(stat.st_mode)


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(UNFINISHED_BEGINNINGS) or path.name.lower().endswith(UNFINISHED)


def _files(number: int) -> str:
    return "a file" if number == 1 else f"{number} files"
