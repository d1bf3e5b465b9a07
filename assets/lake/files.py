"""Where files live and how one comes into being and goes. Everything is made beside its name and renamed once complete.

No file is changed in place; a name that exists is whole, and says by its hash that it still is. What goes loses its name first.
"""

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from assets.lake.seals import READ_ONLY_MODE, Damaged, Seal, Sign, seal_folder, seal_of, sealed_text, unsealed

# Bytes of a name that leave room for who is writing: disks take 255.
LONGEST_NAME = 180
PRIVATE, SHARED = 0o700, 0o750
FAILED = "failed"
Record = TypeVar("Record")
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)
# What a person does about a small record, by its folder or its own name; every other can be made again, and is.
REMEDIES = {
    "receipts": "Put it back from a backup; or have the file delivered again, and `ventetal withdraw {name} --reason ...`.",
    "decisions": "Put it back from a backup, or delete it and decide again.",
    "manifests": "The next run writes it again while its release is there; else delete it, and what was published then is forgotten.",
    "pin": "What is shown stays shown until `ventetal releases resume`, or a roll-back, says it anew.",
    "clock": "`ventetal examples --now` sets the lake's clock anew.",
    "person-key": "Put it back from a backup; or delete it, if the pseudonym key is surely the one that the lake was begun with.",
}
FROM_BACKUP = "Put it back from a backup: it cannot be made again."


class Lake:
    """Paths below a data root. `archive` is another lake's where delivered files are only read again."""

    def __init__(self, root: Path, archive: Path | None = None) -> None:
        self.root = root.absolute()
        self.landing, self.archive, self.rejected = self.root / "landing", archive or self.root / "archive", self.root / "rejected"
        self.files, self.releases = self.root / "lake", self.root / "releases"
        # Where DuckDB spills and half-made files lie; emptied when a writer starts.
        self.scratch = self.files / "scratch"
        self.receipts, self.decisions, self.manifests = self.files / "receipts", self.files / "decisions", self.files / "manifests"
        # What needs a person, and who has been told.
        self.alerts = self.files / "alerts"
        # What runs of the command line said, a file for each.
        self.logs = self.root / "logs"
        # Pages of the release that is shown; can be made again at any time.
        self.catalogue = self.root / "catalogue"
        # What has been withheld of tables about persons; never deleted.
        self.ledger = self.files / "ledger"
        # What has been shown of them, period by period; never deleted.
        self.record = self.files / "record"
        # Data root of the newest rebuild, which is compared and then of no further use.
        self.rebuilt = self.files / "rebuilt"
        # The same while a change is looked at before it is made; gone afterwards, unless its process was killed.
        self.preview, self.preview_lock = self.files / "preview", self.files / "preview.lock"

    def prepare(self) -> None:
        """Make the folders. Who delivers may already have made landing, with rights of its own; the others are ours alone.

        Raises Damaged where something else has the name of one.
        """
        kept = (self.receipts, self.decisions, self.manifests, self.alerts, self.ledger, self.record, self.pointer("").parent)
        for path in (self.root, self.landing, self.archive, self.rejected, self.files, self.releases, *kept):
            if os.path.lexists(path) and not path.is_dir():
                raise Damaged(path, "is no folder", "Move it away, and put the folder back from a backup.")
        self.root.mkdir(parents=True, exist_ok=True)
        self.landing.mkdir(mode=PRIVATE, exist_ok=True)
        for path, mode in ((self.archive, PRIVATE), (self.rejected, PRIVATE), (self.files, PRIVATE), (self.releases, SHARED)):
            path.mkdir(exist_ok=True)
            path.chmod(mode)

    def version(self, table: str, key: str) -> Path:
        """The folder of a version of a table, like core.pathway: one or more Parquet files and what is known of them."""
        return self.files / table.replace(".", "/") / key

    def failed(self, table: str, key: str) -> Path:
        """Where a version waits that failed its audit and was never published."""
        return self.files / FAILED / table / key

    def audits(self, table: str, key: str) -> Path:
        """What rules found of a version, a file for each set of rules."""
        return self.files / "audits" / table / key

    def parse(self, extract: str, key: str) -> Path:
        return self.files / "raw" / extract / f"{key}.parquet"

    def archived(self, content: str) -> Path:
        return self.archive / content

    def pointer(self, name: str) -> Path:
        """A small file that says which release or time stands: head, pin, newest_run, clock."""
        return self.files / "pointers" / f"{name}.json"

    @property
    def current_release(self) -> Path | None:
        """The release analysts see, None before the first."""
        link = self.releases / "current"
        # It leads nowhere but to a release beside it.
        return self.releases / link.readlink().name if link.is_symlink() else None


def beside(path: Path) -> Path:
    """A name to write to before `path` exists, in the same folder, so that the rename is atomic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.name
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}.{threading.get_ident()}.{os.getpid()}.part")


def place(made: Path, target: Path, sign: Sign | None = None) -> None:
    """Give a folder that is complete its name, on disk with the hashes of its files before it has it."""
    seal_folder(made, sign)
    for file in (*made.rglob("*"), made):
        sync(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    give_name(made, target)


def give_name(made: Path, target: Path) -> None:
    """Rename, whatever has the name: a folder where a file belongs, or the reverse, or a link, is put away."""
    if os.path.lexists(target) and (target.is_symlink() or target.is_dir() != made.is_dir()):
        discard(target)
    made.replace(target)


def put_folder(made: Path, target: Path) -> None:
    """A folder that can be made again in place of an older one; a reader sees one or the other, or for a moment none, never half of one."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def discard(path: Path) -> None:
    """Delete a file or folder: the name goes in one step, so that nobody sees it half there; what dies meanwhile is cleared later."""
    if not os.path.lexists(path):
        return
    # What is to take its place may wait beside it.
    gone = beside(path.with_name(f"{path.name}.gone"))
    path.replace(gone)
    shutil.rmtree(gone) if gone.is_dir() and not gone.is_symlink() else gone.unlink()


def move(path: Path, target: Path) -> None:
    """Give a delivered file another place, whole or not at all, from another file system or a folder that is read-only too."""
    try:
        path.replace(target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, *READ_ONLY):
            raise
        part = beside(target)
        part.unlink(missing_ok=True)
        shutil.copy2(path, part, follow_symlinks=False)
        if not part.is_symlink():
            sync(part)
        part.replace(target)
        remove(path)


def remove(path: Path) -> None:
    """Take a received file out of landing. One that may not be deleted stays: its receipt says that it was taken."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise


def place_file(made: Path, target: Path) -> None:
    """Give a file that is complete and sealed its name, on disk before it has it."""
    sync(made)
    target.parent.mkdir(parents=True, exist_ok=True)
    give_name(made, target)


def sealed_file(made: Path) -> Seal:
    """What a complete file is, which nobody writes to any more."""
    made.chmod(READ_ONLY_MODE)
    return seal_of(made)


def write_json(path: Path, value: Any) -> None:
    """Write JSON that others read, whole or not at all."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """JSON that others read."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"


def save(path: Path, record: Any, kind: Any = None) -> None:
    """Write a record of the lake's own as JSON with its hash, whole or not at all. `kind` is the type of one that is no class."""
    write_text(path, sealed_text(_adapter(kind or type(record)).dump_json(record, indent=1).decode() + "\n"))


def load(path: Path, kind: type[Record]) -> Record:
    """The record that `save` wrote. Raises Damaged for one that is garbled or another, or that cannot be read."""
    try:
        found: Record = _adapter(kind).validate_json(unsealed(_bytes(path)))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except ValueError:
        raise Damaged(path, "is not what was written", remedy(path)) from None
    except OSError as error:
        raise Damaged(path, f"cannot be read ({error.strerror})", remedy(path)) from None
    return found


def remedy(path: Path) -> str:
    """What a person does about a small record that is damaged or gone."""
    return REMEDIES.get(path.parent.name, REMEDIES.get(path.stem, FROM_BACKUP)).format(name=path.stem)


def recalled(path: Path, kind: type[Record]) -> Record | None:
    """The record that `save` wrote of what can be found out again; None where there is none, or it is damaged."""
    try:
        return load(path, kind)
    except (FileNotFoundError, NotADirectoryError, Damaged):
        return None


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = beside(path)
    try:
        part.write_text(text, "utf-8")
        sync(part)
        give_name(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Any:
    """JSON of any kind, whatever it says."""
    return json.loads(unsealed(_bytes(path)))


def _bytes(path: Path) -> bytes:
    """What a file says. One waits for ever for what a pipe in its place says."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    return path.read_bytes()


def sync(path: Path) -> None:
    """Force a file or folder to disk, so that a name never outlives its content in a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
