"""What lies inside a delivered file: gzip and zip opened, nothing written, no name inside trusted.

A delivery is one table. Kinds are told by content, because names lie: an HTML page may be called .xls.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Literal
from zipfile import BadZipFile, ZipFile

from sources.reasons import Refused

CHUNK_BYTES = 4 << 20
# A bomb unpacks to thousands of times its size; tables of numbers reach a few hundred at the very most.
UNPACKED_RATIO_LIMIT = 500
UNPACKED_BYTES_UNJUDGED = 64 << 20
_ZIP, _OLE, _GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b"
Kind = Literal["text", "workbook", "page"]


def kind_of(start: bytes) -> Kind:
    """Kind of an unpacked file by its first bytes; `page` is HTML or XML, which no reader takes."""
    if start.startswith((_ZIP, _OLE)):
        return "workbook"
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "page" if plain.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")) else "text"


def inner_name(path: Path, file_name: str) -> str:
    """The name layouts judge: without .gz, and for a zip the name of its one file. Raises Refused unreadable_file."""
    if file_name.lower().endswith(".gz"):
        return file_name[:-3]
    if file_name.lower().endswith(".zip"):
        with _opened(path) as archive:
            return PurePosixPath(_only_member(archive)).name
    return file_name


def chunks(path: Path, file_name: str) -> Iterator[bytes]:
    """The bytes of the one table inside. Raises Refused unreadable_file or too_large."""
    size = path.stat().st_size
    try:
        if file_name.lower().endswith(".gz"):
            with gzip.open(path) as inside:
                yield from _bounded(inside, size)
        elif file_name.lower().endswith(".zip"):
            with _opened(path) as archive, archive.open(_only_member(archive)) as inside:
                yield from _bounded(inside, size)
        else:
            with path.open("rb") as inside:
                while chunk := inside.read(CHUNK_BYTES):
                    yield chunk
    except (gzip.BadGzipFile, BadZipFile, EOFError, zlib.error) as error:
        raise Refused("unreadable_file", f"The file cannot be unpacked: {error}.") from error


def _bounded(inside: IO[bytes] | gzip.GzipFile, packed: int) -> Iterator[bytes]:
    unpacked = 0
    while chunk := inside.read(CHUNK_BYTES):
        unpacked += len(chunk)
        if unpacked > UNPACKED_BYTES_UNJUDGED and unpacked > UNPACKED_RATIO_LIMIT * packed:
            raise Refused("too_large", f"The file unpacks to over {UNPACKED_RATIO_LIMIT} times its size.")
        yield chunk


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except BadZipFile as error:
        raise Refused("unreadable_file", "The file is called a zip archive but is not one.") from error


def _only_member(archive: ZipFile) -> str:
    files = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        raise Refused("unreadable_file", f"The archive holds {len(files)} files; a delivery is one.")
    if files[0].flag_bits & 1:
        raise Refused("unreadable_file", "The archive is protected by a password.")
    return files[0].filename
