"""What lies inside a delivered file: gzip and zip opened, no name inside trusted, copied and named by a hash of what it says.

A delivery is one table. Kinds are told by content, because names lie: an HTML page may be called .xls.
"""

import errno
import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo, is_zipfile

from sources.kinds import kind_of
from sources.reasons import Refused

CHUNK_BYTES = 4 << 20
# A bomb unpacks to thousands of times its size; tables of numbers reach a few hundred at the very most.
UNPACKED_RATIO_LIMIT = 500
UNPACKED_BYTES_UNJUDGED = 64 << 20
PACKED = (".gz", ".zip")
_METHODS = (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Unpacked:
    """The one table of a delivered file: the name layouts judge, and a hash of what it says (in text CRLF counts as LF)."""

    inner_name: str
    content: str


def unpack(path: Path, name: str, target: Path) -> Unpacked:
    """Copy the one table inside the file called `name` to `target`. Raises Refused; OSError where a disk fails, which is no fault of the
    file.
    """
    if not name.lower().endswith(PACKED):
        with path.open("rb") as file:
            return Unpacked(name, _copied(file, target))
    # Copied first: what fails from then on lies in the file and not in the disk it was delivered to.
    packed = target.with_suffix(".packed")
    try:
        shutil.copyfile(path, packed)
        is_gzip = name.lower().endswith(".gz")
        if not (_is_gzip(packed) if is_gzip else is_zipfile(packed)):
            raise Refused("unreadable_file", f"The file is called a {'gzip' if is_gzip else 'zip archive'} but is not one.")
        if is_gzip:
            with _opening(), gzip.open(packed) as inside:
                return Unpacked(name[:-3], _copied(inside, target, packed.stat().st_size))
        with _opening(), ZipFile(packed) as archive:
            member = _only_member(archive)
            with archive.open(member) as inside:
                return Unpacked(PurePosixPath(member.filename).name, _copied(inside, target, packed.stat().st_size))
    finally:
        packed.unlink(missing_ok=True)


def content_of(path: Path) -> str:
    """The hash of what an unpacked file says, as `unpack` names it."""
    with path.open("rb") as file:
        return _copied(file, Path(os.devnull))


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _copied(inside: IO[bytes] | gzip.GzipFile, target: Path, packed: int | None = None) -> str:
    """The hash of what was copied. `packed` is the size it had while it was packed."""
    hashed, kind, held, size = hashlib.sha256(), None, b"", 0
    with target.open("wb") as copy:
        for chunk in _chunks(inside.read):
            size += len(chunk)
            if packed is not None and size > UNPACKED_BYTES_UNJUDGED and size > UNPACKED_RATIO_LIMIT * packed:
                raise Refused("too_large", f"The file unpacks to over {UNPACKED_RATIO_LIMIT} times its size.")
            kind = kind or kind_of(chunk)
            copy.write(chunk)
            if kind == "workbook":
                hashed.update(chunk)
            else:
                # A carriage return at the very end waits for the next chunk, lest a CRLF be cut in two.
                whole = held + chunk if held else chunk
                held = b"\r" if whole.endswith(b"\r") else b""
                hashed.update(whole[: len(whole) - len(held)].replace(b"\r\n", b"\n") if b"\r" in whole else whole)
    hashed.update(held)
    return hashed.hexdigest()[:32]


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK_BYTES):
        yield chunk


@contextmanager
def _opening() -> Iterator[None]:
    """Whatever the libraries say of an archive that is our own copy is said of its bytes, but for a disk that is full or fails."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # Of the system's errors only those with a place on disk; the libraries raise others without one, or of a place that cannot be.
        if isinstance(error, OSError) and error.errno is not None and error.errno not in (errno.EINVAL, errno.EOVERFLOW):
            raise
        raise Refused("unreadable_file", "The file cannot be unpacked ({}); pack it again with another program.", str(error)) from error


def _only_member(archive: ZipFile) -> ZipInfo:
    files = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        raise Refused("unreadable_file", f"The archive holds {len(files)} files; a delivery is one.")
    if files[0].flag_bits & 1:
        raise Refused("unreadable_file", "The archive is protected by a password.")
    if files[0].compress_type not in _METHODS:
        method = f"The archive is packed with a method that few programs know (number {files[0].compress_type})"
        raise Refused("unreadable_file", f"{method}; pack it as an ordinary zip.")
    return files[0]
