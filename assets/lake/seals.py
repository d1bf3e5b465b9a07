"""Whether what is immutable is still what was written: its size and SHA-256, kept beside it from the moment it is made.

A folder keeps those of its files in `hashes.json`, what was read of a delivery in its facts, a small record in its own last line.
Knows files alone: what becomes of a damaged one is decided where it is read.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from sources.errors import ToldError

HASHES = "hashes.json"
# Beside it where somebody vouches for the folder: the signature of that file as it stands.
SIGNATURE = f"{HASHES}.sig"
# Who may write may still replace a file, but no program opens it for writing by mistake.
READ_ONLY_MODE = 0o440
Made = TypeVar("Made")
Sign = Callable[[bytes], bytes]
_MARK, _MAGIC, _PARQUET = b'"sha256:', b"PAR1", ".parquet"


@dataclass(frozen=True)
class Seal:
    """Of a file: its size and the hash of its bytes."""

    bytes: int
    sha256: str


class Damaged(ToldError):
    """A file or folder is not what was written, or is gone. The text names it and says what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path} {what}. {remedy}")
        self.path = path


def mended(make: Callable[[], Made], mend: Callable[[Damaged], None]) -> Made:
    """What `make` makes, after what it finds damaged has been mended, each once. Raises Damaged for what cannot be."""
    tried = set[Path]()
    while True:
        try:
            return make()
        except Damaged as found:
            if found.path in tried:
                raise
            tried.add(found.path)
            mend(found)


_seals = TypeAdapter(dict[str, Seal])
# Device, inode, size and times of a file -> its hash: what has not been touched since this process looked is not read again.
_known: dict[tuple[int, ...], str] = {}


def seal_of(path: Path) -> Seal:
    stat = path.stat()
    signature = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    if signature not in _known:
        with path.open("rb") as file:
            _known[signature] = hashlib.file_digest(file, "sha256").hexdigest()
    return Seal(stat.st_size, _known[signature])


def seal_folder(folder: Path, sign: Sign | None = None) -> None:
    """Write down what the files of a folder are, signed where somebody vouches for them, and let nobody write to them any more."""
    files = _files(folder)
    for file in files.values():
        file.chmod(READ_ONLY_MODE)
    said = _seals.dump_json({name: seal_of(file) for name, file in files.items()}, indent=1) + b"\n"
    for name, data in ((HASHES, said), *([(SIGNATURE, sign(said))] if sign else [])):
        (folder / name).write_bytes(data)
        (folder / name).chmod(READ_ONLY_MODE)


def damage(folder: Path, in_full: bool = True) -> str:
    """What is wrong with a folder by the hashes beside its files, '' for nothing; else by size and end of each file alone."""
    if (folder / HASHES).exists() and not (folder / HASHES).is_file():
        return f"has a garbled {HASHES}"
    try:
        sealed = _seals.validate_json((folder / HASHES).read_bytes())
    except FileNotFoundError:
        return "has no hashes any more" if folder.is_dir() else "is gone"
    except ValueError:
        return f"has a garbled {HASHES}"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    files = _files(folder)
    if differing := sorted(sealed.keys() ^ files.keys()):
        return f"has lost or gained {', '.join(differing)}"
    changed = sorted(name for name, seal in sealed.items() if not is_sealed(files[name], seal, in_full))
    return f"is not what was written: {', '.join(changed)}" if changed else ""


def is_sealed(path: Path, seal: Seal, in_full: bool = True) -> bool:
    """Whether a file is the one that was sealed, and can be read; if not in full, a large one by its size and how it ends."""
    try:
        if in_full or path.suffix == ".json":
            return seal_of(path) == seal
        if path.stat().st_size != seal.bytes:
            return False
        if path.suffix != _PARQUET:
            return True
        with path.open("rb") as file:
            file.seek(-min(len(_MAGIC), seal.bytes), 2)
            return file.read() == _MAGIC
    except OSError:
        return False


def sealed_text(text: str) -> str:
    """A JSON text with its hash as a last line, which is JSON too."""
    return f'{text}"sha256:{hashlib.sha256(text.encode()).hexdigest()}"\n'


def unsealed(data: bytes) -> bytes:
    """The JSON text of a sealed one; of one from before records were sealed all of it. Raises ValueError where the hash is another."""
    text, _, last = data.removesuffix(b"\n").rpartition(b"\n")
    if not last.startswith(_MARK):
        return data
    text += b"\n"
    if last != b'"sha256:%b"' % hashlib.sha256(text).hexdigest().encode():
        raise ValueError("not what was written")
    return text


def has_seal(data: bytes) -> bool:
    """Whether a record was written with its hash."""
    return data.removesuffix(b"\n").rpartition(b"\n")[2].startswith(_MARK)


def _files(folder: Path) -> dict[str, Path]:
    beside = (folder / HASHES, folder / SIGNATURE)
    return {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file() and p not in beside}
