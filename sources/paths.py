"""How files and folders are named to databases, whatever letters are in the path to the data."""

import hashlib
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from sources.casts import literal
from sources.errors import WrongUsage

# What DuckDB takes for a pattern of names, a query, or a column and its value, and what means something in an address of SQLite.
_ODD = re.compile(r"[*?\[\\=%#\n]")


def quoted(path: Path | str) -> str:
    """A path as SQL writes it; what it names is that file or folder and nothing else, whatever letters are in it."""
    return literal(plain(Path(path)))


def plain(path: Path) -> str:
    """The path by a name without letters in which a database sees more: below a link in a folder of our own, where it needs one."""
    odd = next((p for p in (path, *path.parents) if _ODD.search(p.name)), None)
    return str(_link(odd) / path.relative_to(odd) if odd else path)


def names(*folders: Path) -> list[str]:
    """All names by which DuckDB looks whether it may reach what is in them: as given, as it lies, and for the log it would write to."""
    real = [os.path.realpath(f) for f in folders]
    return [*map(plain, folders), *map(str, folders), *real, *(r.replace("?", ".wal?", 1) for r in real)]


@contextmanager
def built(target: Path) -> Iterator[Path]:
    """Where a database is made that becomes `target`: elsewhere, where DuckDB cannot name the log beside it."""
    if "?" not in os.path.realpath(target.parent):
        yield target
        return
    with TemporaryDirectory() as folder:
        yield Path(folder) / target.name
        shutil.move(Path(folder) / target.name, target)


def _link(folder: Path) -> Path:
    """A link to a folder. Raises WrongUsage where somebody else could put another in its place."""
    own = Path(gettempdir()) / f"ventetal-{os.geteuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    about = own.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise WrongUsage(f"{own} is not a folder that you alone may enter: remove it, or set TMPDIR.")
    link = own / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    if not link.is_symlink():
        made = own / f".{link.name}.{os.getpid()}.{threading.get_ident()}"
        made.symlink_to(folder)
        made.replace(link)
    return link
