"""Delimited text: bytes to record batches of strings, block by block, with every physical record counted.

A block is about 2 MiB cut where a record ends. Blocks without anything odd go through pyarrow; a block with embedded
line breaks, blank lines in its middle, lone carriage returns or records of the wrong width is read record by record, so that what
is wrong with one record costs that record and no other. The count of physical records is taken from the bytes, before
any parser sees them.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sources.layout import HEADER_SEARCH_ROWS, Match, Reads, Rows
from sources.reasons import Refused

BLOCK_BYTES = 2 << 20
LONGEST_RECORD_BYTES = 16 << 20
# A field may be as long as its record; the limit is one for the whole process.
csv.field_size_limit(LONGEST_RECORD_BYTES)
LINE = "$line"
MALFORMED = "$malformed"
# What may surround a value and is no part of it.
BLANKS = " \t\u00a0"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Characters that UTF-8 writes in several bytes, and the bytes that text in Windows-1252 writes them with.
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_LONE_CR = re.compile(rb"\r(?!\n)")
_BREAK = re.compile(rb"\n|\r(?!\n)")


def schema(names: tuple[str, ...]) -> pa.Schema:
    """What every reader yields: the supplier's columns as text, the line a record starts on, its text if malformed."""
    fields = [pa.field(name, pa.string()) for name in names]
    return pa.schema([*fields, pa.field(LINE, pa.int64()), pa.field(MALFORMED, pa.string())])


class DelimitedFile:
    """A text file in UTF-8, UTF-16 or cp1252. `physical_records` is known once `batches` is exhausted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = detect_encoding(path)
        self.physical_records = 0
        self._has_only_returns: bool | None = None

    def heads(self, reads: Reads) -> Iterator[tuple[None, Rows]]:
        """(line, cells) of the first rows, for finding the header; a text file has no sheets."""
        records = islice(_split(next(self._blocks(), b""), 1), HEADER_SEARCH_ROWS)
        yield None, [(line, _cells(record, reads.delimiter) or [record]) for line, record, _ in records]

    def batches(self, match: Match) -> Iterator[pa.RecordBatch]:
        """Record batches of `schema(match.names)`. Raises Refused for a quote that never closes."""
        skip, line, self.physical_records = match.records_start, 1, 0
        for block in self._blocks():
            if skip:
                places = [place for _, _, place in islice(_split(block, line), skip)]
                # What is left of a block without enough of them is blank.
                cut = places[-1] if len(places) == skip else len(block)
                skip -= len(places)
                line += _line_breaks(block[:cut])
                block = block[cut:]
            if block:
                batch, lines = self._batch(block, line, match)
                line += lines
                yield batch

    def _batch(self, block: bytes, line: int, match: Match) -> tuple[pa.RecordBatch, int]:
        """The records of a block and its number of lines: all through pyarrow when it can, else the odd ones apart."""
        ends, is_plain = _record_ends(block)
        is_plain = is_plain and _has_fields_quoted_whole(block, match.layout.reads.delimiter.encode())
        starts = np.concatenate(([0], ends[:-1] + 1))
        data = np.frombuffer(block, np.uint8)
        has_text = (ends - starts > 1) | ((ends - starts == 1) & (data[starts] != 13))
        if is_plain:
            lines = line + np.flatnonzero(has_text)
            if batch := self._fast(block, lines, match):
                self.physical_records += len(lines)
                return batch, len(ends)
        breaks = np.array([m.start() for m in _BREAK.finditer(block)])
        lines = line + np.searchsorted(breaks, starts)
        is_even = has_text & ~_is_odd(block, starts, ends, match)
        even = self._fast(data[np.repeat(is_even, ends - starts + 1)].tobytes(), lines[is_even], match)
        if even is None:
            is_even[:] = False
        apart = np.flatnonzero(has_text & ~is_even)
        records = [r[:2] for i in apart for r in _split(block[starts[i] : ends[i] + 1], int(lines[i]))]
        self.physical_records += int(is_even.sum()) + len(records)
        odd = _slow(records, match)
        if even is None:
            return odd, len(breaks)
        both = pa.Table.from_batches([even, odd]).combine_chunks()
        order = np.argsort(both.column(LINE).to_numpy(), kind="stable")
        return both.take(pa.array(order)).combine_chunks().to_batches()[0], len(breaks)

    def _fast(self, block: bytes, lines: np.ndarray, match: Match) -> pa.RecordBatch | None:
        """The block through pyarrow, or None if it is empty, some record has the wrong width, or blank lines shift the numbering."""
        if not len(lines):
            return None
        try:
            table = pacsv.read_csv(
                pa.BufferReader(block),
                read_options=pacsv.ReadOptions(column_names=list(match.names), use_threads=False, block_size=len(block) + 1),
                parse_options=pacsv.ParseOptions(delimiter=match.layout.reads.delimiter),
                # Blocks are UTF-8 already: detected as such, or decoded and written anew.
                convert_options=pacsv.ConvertOptions(
                    column_types={name: pa.string() for name in match.names}, strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != len(lines):
            return None
        columns = [table.column(name).combine_chunks() for name in match.names]
        if _has_blank_edges(block, match.layout.reads.delimiter.encode()):
            columns = [pc.utf8_trim(column, characters=BLANKS) for column in columns]
        return pa.RecordBatch.from_arrays(
            [*columns, pa.array(lines, pa.int64()), pa.nulls(len(lines), pa.string())], schema=schema(match.names)
        )

    def _blocks(self) -> Iterator[bytes]:
        """UTF-8 blocks that end where a record ends, in NFC."""
        rest, passed = b"", 0
        for text in self._decoded():
            rest += text
            cut = _end_of_last_record(rest)
            if cut:
                yield rest[:cut]
                passed += cut
                rest = rest[cut:]
            elif len(rest) > LONGEST_RECORD_BYTES:
                if rest.count(b'"') % 2 == 0:
                    sentence = f"Line {self._line_at(passed)} is longer than {LONGEST_RECORD_BYTES >> 20} MiB: no record ends there."
                    raise Refused("unreadable_file", sentence)
                break
        if not rest.strip(b"\r\n"):
            return
        if rest.count(b'"') % 2:
            # Every line end before `rest` was outside quotation marks, so its first record is the one that never ends.
            line = self._line_at(passed + rest.find(b'"'))
            raise Refused("unreadable_file", f"The quotation mark opened on line {line} is never closed.")
        yield rest if rest.endswith(b"\n") else rest + b"\n"

    def _line_at(self, place: int) -> int:
        """The line of a place in the decoded file, counted from its start: only a file that is refused pays for it."""
        line, pieces = 1, self._decoded()
        while place > 0:
            text = next(pieces)
            line += _line_breaks(text[:place])
            place -= len(text)
        return line

    def _decoded(self) -> Iterator[bytes]:
        """The file in UTF-8 and NFC, in pieces that may end anywhere. Raises Refused undecodable_text."""
        decoder = codecs.getincrementaldecoder("utf-8" if self.encoding == "cp1252" else self.encoding)()
        yielded = 0
        with self.path.open("rb") as file:
            while True:
                raw, (pending, _) = file.read(BLOCK_BYTES), decoder.getstate()
                if self.encoding == "cp1252":
                    piece = _from_cp1252(raw)
                else:
                    try:
                        text = decoder.decode(raw, final=not raw)
                    except UnicodeDecodeError as error:
                        line = self._line_at(yielded) + _line_breaks((pending + raw)[: error.start])
                        sentence = f"The file is in {self.encoding} but for a broken character on line {line}."
                        raise Refused("undecodable_text", sentence) from None
                    is_cut = bool(pending or decoder.getstate()[0])
                    piece = (
                        raw if self.encoding == "utf-8" and not is_cut and _is_latin(raw) else unicodedata.normalize("NFC", text).encode()
                    )
                piece = self._broken_by_feeds(piece)
                yielded += len(piece)
                yield piece
                if not raw:
                    return

    def _broken_by_feeds(self, text: bytes) -> bytes:
        """The text as it is, unless the file has nothing but carriage returns to break its lines."""
        if self._has_only_returns is None and text:
            self._has_only_returns = b"\r" in text and b"\n" not in text
        return text.replace(b"\r", b"\n") if self._has_only_returns else text


def detect_encoding(path: Path) -> str:
    """utf-8, utf-8-sig or utf-16 (with byte-order mark), else cp1252: decided by the first characters beyond ASCII.

    A text with more characters in UTF-8 than broken ones is a damaged UTF-8, and is left to be refused when it is decoded.
    """
    with path.open("rb") as file:
        start = file.read(4)
        for bom, name in _BOMS.items():
            if start.startswith(bom):
                return name
        file.seek(0)
        while raw := file.read(BLOCK_BYTES):
            if raw.isascii():
                continue
            lines = raw[: raw.rfind(b"\n") + 1]
            with suppress(UnicodeDecodeError):
                if not lines.decode().isascii():
                    return "utf-8"
            sequences = len(_UTF8_SEQUENCE.findall(raw))
            return "utf-8" if sequences > len(_HIGH_BYTE.findall(_UTF8_SEQUENCE.sub(b"", raw))) else "cp1252"
    return "utf-8"


def _is_latin(raw: bytes) -> bool:
    """Whether UTF-8 holds nothing but Latin letters, each in one piece and so in NFC: that is below the lead byte 0xCC."""
    return not (np.frombuffer(raw, np.uint8) >= 0xCC).any()


def _from_cp1252(raw: bytes) -> bytes:
    """The same text in UTF-8. It is in NFC as it stands: Windows-1252 has no combining characters."""
    data = np.frombuffer(raw, np.uint8)
    places = np.flatnonzero(data >= 0x80)
    high = data[places]
    if (high < 0xA0).any():
        try:
            return raw.decode("cp1252").encode()
        except UnicodeDecodeError as error:
            sentence = f"The file is neither UTF-8 nor Windows-1252 (byte 0x{raw[error.start]:02X})."
            raise Refused("undecodable_text", sentence) from None
    # From 0xA0 on Windows-1252 is the beginning of Unicode: two bytes in UTF-8, the first 0xC2 or 0xC3.
    text = np.insert(data, places, np.where(high < 0xC0, 0xC2, 0xC3).astype(np.uint8))
    text[places + np.arange(1, len(places) + 1)] = high & 0xBF
    return text.tobytes()


def _record_ends(block: bytes) -> tuple[np.ndarray, bool]:
    """Positions of the line feeds that end a record, and whether every line is one record."""
    data = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(data == 10)
    is_plain = not (b"\r" in block and _LONE_CR.search(block)) and b"\0" not in block
    if b'"' not in block:
        return feeds, is_plain
    quotes = np.flatnonzero(data == 34)
    outside = np.searchsorted(quotes, feeds) % 2 == 0
    return feeds[outside], is_plain and bool(outside.all())


def _has_fields_quoted_whole(block: bytes, delimiter: bytes) -> bool:
    """Whether each quotation mark opens a field, closes one, or stands twice inside: then parsers agree on what a field says.

    The marks are even in number and every line is one record.
    """
    quotes = np.flatnonzero(np.frombuffer(block, np.uint8) == 34)
    if not len(quotes):
        return True
    # Before the first byte stands a line's end, as after the last.
    data, edges = np.frombuffer(b"\n" + block + b"\n", np.uint8), np.zeros(256, bool)
    edges[list(delimiter + b'\n\r"')] = True
    return bool(edges[data[quotes[0::2]]].all() and edges[data[quotes[1::2] + 2]].all())


def _is_odd(block: bytes, starts: np.ndarray, ends: np.ndarray, match: Match) -> np.ndarray:
    """Which records cannot be cut at each delimiter: those with quotation marks, NUL, lone carriage returns or the wrong width."""
    delimiter = match.layout.reads.delimiter.encode()
    if len(delimiter) != 1:
        return np.ones(len(starts), bool)
    data = np.frombuffer(block, np.uint8)

    def inside(places: np.ndarray) -> Any:
        return np.searchsorted(places, ends) - np.searchsorted(places, starts)

    lone = np.array([m.start() for m in _LONE_CR.finditer(block)] if b"\r" in block else [], int)
    delimiters = inside(np.flatnonzero(data == delimiter[0]))
    odd: np.ndarray = (
        (inside(np.flatnonzero(data == 34)) > 0)
        | (inside(np.flatnonzero(data == 0)) > 0)
        | (inside(lone) > 0)
        | (delimiters != len(match.names) - 1)
    )
    return odd


def _has_blank_edges(block: bytes, delimiter: bytes) -> bool:
    """Whether some value may begin or end with a blank. Nearly no block has one, and looking costs far less than trimming."""
    if b"\xc2\xa0" in block or (delimiter != b"\t" and b"\t" in block):
        return True
    data, edges = np.frombuffer(block, np.uint8), np.zeros(256, bool)
    edges[list(delimiter + b'\n\r"')] = True
    spaces = np.flatnonzero(data == 32)
    # A block begins where a record does and ends with a line feed: no space is the last byte, and before the first stands the last.
    return bool(edges[data[spaces - 1]].any() or edges[data[spaces + 1]].any())


def _end_of_last_record(block: bytes) -> int:
    if b'"' not in block:
        return block.rfind(b"\n") + 1
    ends, _ = _record_ends(block)
    return int(ends[-1]) + 1 if len(ends) else 0


def _line_breaks(block: bytes) -> int:
    return block.count(b"\n") + (len(_LONE_CR.findall(block)) if b"\r" in block else 0)


def _split(block: bytes, line: int) -> Iterator[tuple[int, str, int]]:
    """(line, text, place after it) of each record that is not blank: cut at line breaks outside quotation marks."""
    start, inside = 0, False
    for match in re.finditer(rb'"|\r\n|\n|\r', block):
        if match.group() == b'"':
            inside = not inside
        elif not inside:
            record = block[start : match.start()]
            if record:
                yield line, record.decode(), match.end()
            line += _line_breaks(record) + 1
            start = match.end()
    if start < len(block):
        yield line, block[start:].decode(), len(block)


def _cells(record: str, delimiter: str) -> list[str] | None:
    """The record's fields, or None if it is not well-formed."""
    if "\0" in record:
        return None
    try:
        rows = list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _slow(records: Iterator[tuple[int, str]] | list[tuple[int, str]], match: Match) -> pa.RecordBatch:
    lines, rows, malformed = [], [], []
    blank = [None] * len(match.names)
    for line, record in records:
        cells = _cells(record, match.layout.reads.delimiter)
        fits = cells is not None and len(cells) == len(match.names)
        lines.append(line)
        rows.append([cell.strip(BLANKS) for cell in cells] if cells is not None and fits else blank)
        malformed.append(None if fits else record)
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] if rows else [pa.array([], pa.string())] * len(blank)
    return pa.RecordBatch.from_arrays([*columns, pa.array(lines, pa.int64()), pa.array(malformed, pa.string())], schema=schema(match.names))
