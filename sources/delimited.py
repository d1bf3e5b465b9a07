"""Delimited text: bytes to record batches of strings, block by block, with every physical record counted.

A block is about 2 MiB cut where a record ends (`sources.records`). Blocks without anything odd go through pyarrow; a block with
embedded line breaks, blank lines in its middle, lone carriage returns or records of the wrong width is read record by record, so that
what is wrong with one record costs that record and no other. The count of physical records is taken from the bytes, before
any parser sees them.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sources.dialect import LONGEST_RECORD_BYTES, Dialect
from sources.layout import HEADER_SEARCH_ROWS, Match, Reads, Rows
from sources.reasons import Refused
from sources.records import LONE_CR, Cut, cut, line_breaks, marks, split

BLOCK_BYTES = 2 << 20
# No name that a supplier could give a column.
LINE = "\ue000line"
MALFORMED = "\ue000malformed"
FAULT = "\ue000fault"
# What may surround a value and is no part of it.
BLANKS = " \t\u00a0"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Characters that UTF-8 writes in several bytes, and the bytes that text in Windows-1252 writes them with.
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_BREAK = re.compile(rb"\n|\r(?!\n)")


def schema(names: tuple[str, ...]) -> pa.Schema:
    """What every reader yields: the supplier's columns as text, the line a record starts on, its text if malformed, and the reason
    (of `sources.reasons`) why nothing of it can be believed.
    """
    fields = [pa.field(name, pa.string()) for name in names]
    return pa.schema([*fields, pa.field(LINE, pa.int64()), pa.field(MALFORMED, pa.string()), pa.field(FAULT, pa.string())])


class DelimitedFile:
    """A text file in UTF-8, UTF-16 or cp1252. `physical_records` is known once `batches` is exhausted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = detect_encoding(path)
        self.physical_records = 0
        self._has_only_returns: bool | None = None
        # Where each of the first rows ends in the decoded text, as it was cut to find the header.
        self._row_ends: dict[Dialect, list[int]] = {}

    def heads(self, reads: Reads, _: str = "") -> Iterator[tuple[None, Rows]]:
        """(line, cells) of the first rows, for finding the header; a text file has no sheets."""
        dialect, rows, passed, line = reads.dialect, Rows(), 0, 1
        row_ends = self._row_ends[dialect] = []
        for block, found in self._blocks(dialect, 0, 0):
            starts = np.concatenate(([0], found.ends[:-1] + 1))
            for i in np.flatnonzero(_has_text(block, starts, found.ends))[: 2 * HEADER_SEARCH_ROWS].tolist():
                begin, end = int(starts[i]), int(found.ends[i])
                for at, record in split(block[begin : end + 1], line + line_breaks(block[:begin]), dialect):
                    rows.append((at, dialect.cells(record) or dialect.pieces(record)))
                    row_ends.append(passed + end + 1)
            if len(rows) >= HEADER_SEARCH_ROWS:
                break
            passed, line = passed + len(block), line + line_breaks(block)
        yield None, rows[:HEADER_SEARCH_ROWS]

    def batches(self, match: Match) -> Iterator[pa.RecordBatch]:
        """Record batches of `schema(match.names)`. Raises Refused, where fields may span lines for a mark that never closes."""
        dialect, self.physical_records = match.layout.reads.dialect, 0
        start = self._row_ends[dialect][match.records_start - 1] if match.records_start else 0
        line = self._line_at(start)
        for block, found in self._blocks(dialect, len(match.names), start):
            batch, lines = self._batch(block, found, line, match)
            line += lines
            yield batch

    def _batch(self, block: bytes, found: Cut, line: int, match: Match) -> tuple[pa.RecordBatch, int]:
        """The records of a block and its number of lines: all through pyarrow when it can, else the odd ones apart."""
        dialect, ends = match.layout.reads.dialect, found.ends
        starts = np.concatenate(([0], ends[:-1] + 1))
        data = np.frombuffer(block, np.uint8)
        has_text = _has_text(block, starts, ends)
        if found.is_plain:
            lines = line + np.flatnonzero(has_text)
            if batch := self._fast(block, lines, match):
                self.physical_records += len(lines)
                return batch, len(ends)
        breaks = np.flatnonzero(data == 10) if b"\r" not in block else np.array([m.start() for m in _BREAK.finditer(block)])
        lines = line + np.searchsorted(breaks, starts)
        is_torn = np.isin(ends, found.torn)
        is_even = has_text & ~is_torn & ~_is_odd(block, starts, ends, match)
        even = self._fast(data[np.repeat(is_even, ends - starts + 1)].tobytes(), lines[is_even], match)
        if even is None:
            is_even[:] = False
        apart = np.flatnonzero(has_text & ~is_even)
        records = [r for i in apart for r in split(block[starts[i] : ends[i] + 1], int(lines[i]), dialect)]
        self.physical_records += int(is_even.sum()) + len(records)
        odd = _slow(records, set(lines[is_torn].tolist()), match)
        if even is None:
            return odd, len(breaks)
        both = pa.Table.from_batches([even, odd]).combine_chunks()
        order = np.argsort(both.column(LINE).to_numpy(), kind="stable")
        return both.take(pa.array(order)).combine_chunks().to_batches()[0], len(breaks)

    def _fast(self, block: bytes, lines: np.ndarray, match: Match) -> pa.RecordBatch | None:
        """The block through pyarrow, or None if it is empty, some record has the wrong width, or blank lines shift the numbering."""
        dialect = match.layout.reads.dialect
        if not len(lines):
            return None
        try:
            table = pacsv.read_csv(
                pa.BufferReader(block),
                read_options=pacsv.ReadOptions(column_names=list(match.names), use_threads=False, block_size=len(block) + 1),
                parse_options=pacsv.ParseOptions(delimiter=dialect.delimiter, quote_char=dialect.quote or False),
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
        if _has_blank_edges(block, dialect):
            columns = [pc.utf8_trim(column, characters=BLANKS) for column in columns]
        return pa.RecordBatch.from_arrays(
            [*columns, pa.array(lines, pa.int64()), *[pa.nulls(len(lines), pa.string())] * 2], schema=schema(match.names)
        )

    def _blocks(self, dialect: Dialect, width: int, start: int) -> Iterator[tuple[bytes, Cut]]:
        """Blocks of the text from `start` on, in UTF-8 and NFC, that end where a record ends, cut into records."""
        rest, passed, torn = b"", 0, np.empty(0, int)
        for text in self._decoded():
            rest += text
            if passed < start:
                rest, passed = rest[start - passed :], min(start, passed + len(rest))
            found = cut(rest, dialect, width, is_last=len(rest) > LONGEST_RECORD_BYTES)
            if len(found.ends):
                place, torn = int(found.ends[-1]) + 1, np.union1d(torn, found.torn)
                yield from _portions(rest[:place], Cut(found.ends, torn, found.is_plain and not len(torn)))
                passed, rest, torn = passed + place, rest[place:], torn[torn >= place] - place
            # What is left over of a long one holds no line's end, but in an open field.
            if len(rest) > LONGEST_RECORD_BYTES:
                if not dialect.spans_lines or len(marks(rest, dialect)) % 2 == 0:
                    sentence = f"Line {self._line_at(passed)} is longer than {LONGEST_RECORD_BYTES >> 20} MiB: no record ends there."
                    raise Refused("unreadable_file", sentence)
                break
        if not rest.strip(b"\r\n"):
            return
        if dialect.spans_lines and len(quotes := marks(rest, dialect)) % 2:
            # Every line end before `rest` was outside quotation marks, so its first record is the one that never ends.
            line = self._line_at(passed + int(quotes[0]))
            raise Refused("unreadable_file", f"The quotation mark opened on line {line} is never closed.")
        rest = rest if rest.endswith(b"\n") else rest + b"\n"
        found = cut(rest, dialect, width, True)
        yield from _portions(rest, Cut(found.ends, np.union1d(torn, found.torn), found.is_plain and not len(torn)))

    def _line_at(self, place: int) -> int:
        """The line of a place in the decoded file, counted from its start: only a file that is refused pays for it."""
        line, pieces = 1, self._decoded()
        while place > 0:
            text = next(pieces)
            line += line_breaks(text[:place])
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
                        line = self._line_at(yielded) + line_breaks((pending + raw)[: error.start])
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
    # What lies from 0x80 to 0x9F, as signed bytes. From 0xA0 on Windows-1252 is the beginning of Unicode.
    if not (np.frombuffer(raw, np.int8) < -96).any():
        return raw.decode("latin-1").encode()
    try:
        return raw.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        sentence = f"The file is neither UTF-8 nor Windows-1252 (byte 0x{raw[error.start]:02X})."
        raise Refused("undecodable_text", sentence) from None


def _portions(block: bytes, found: Cut) -> Iterator[tuple[bytes, Cut]]:
    """A block, and if it had to grow until a record ended in it, as blocks of the usual size again: what is read of them takes memory."""
    start = 0
    while len(block) - start > 2 * BLOCK_BYTES:
        first, last = np.searchsorted(found.ends, (start, start + BLOCK_BYTES))
        last = min(last, len(found.ends) - 1)
        end = int(found.ends[last]) + 1
        torn = found.torn[(found.torn >= start) & (found.torn < end)]
        yield block[start:end], Cut(found.ends[first : last + 1] - start, torn - start, found.is_plain)
        start = end
    if start < len(block):
        yield block[start:], Cut(found.ends[found.ends >= start] - start, found.torn[found.torn >= start] - start, found.is_plain)


def _has_text(block: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which records are more than the end of a line."""
    has_text: np.ndarray = (ends - starts > 1) | ((ends - starts == 1) & (np.frombuffer(block, np.uint8)[starts] != 13))
    return has_text


def _is_odd(block: bytes, starts: np.ndarray, ends: np.ndarray, match: Match) -> np.ndarray:
    """Which records cannot be cut at each delimiter: those with quotation marks, NUL, lone carriage returns or the wrong width."""
    dialect = match.layout.reads.dialect
    delimiter, escape = dialect.delimiter.encode(), dialect.escape.encode()
    if len(delimiter) != 1:
        return np.ones(len(starts), bool)
    data = np.frombuffer(block, np.uint8)

    def inside(places: np.ndarray) -> Any:
        return np.searchsorted(places, ends) - np.searchsorted(places, starts)

    lone = np.array([m.start() for m in LONE_CR.finditer(block)] if b"\r" in block else [], int)
    delimiters = inside(np.flatnonzero(data == delimiter[0]))
    odd: np.ndarray = (
        (inside(marks(block, dialect)) > 0)
        | (inside(np.flatnonzero(data == 0)) > 0)
        | (inside(lone) > 0)
        | (delimiters != len(match.names) - 1)
    )
    if escape:
        odd |= inside(np.flatnonzero(data == escape[0])) > 0
    return odd


def _has_blank_edges(block: bytes, dialect: Dialect) -> bool:
    """Whether some value may begin or end with a blank. Nearly no block has one, and looking costs far less than trimming."""
    # One byte is found ten times faster than two.
    if (b"\xc2" in block and b"\xc2\xa0" in block) or (dialect.delimiter != "\t" and b"\t" in block):
        return True
    data = np.frombuffer(block, np.uint8)
    is_space, is_edge = data == 32, data == 10
    for edge in f"{dialect.delimiter}\r{dialect.quote}".encode():
        if edge in block:
            is_edge |= data == edge
    # A block begins where a record does, and ends with a line feed.
    return bool(is_space[0] or (is_space[1:] & is_edge[:-1]).any() or (is_space[:-1] & is_edge[1:]).any())


def _slow(records: list[tuple[int, str]], torn: set[int], match: Match) -> pa.RecordBatch:
    dialect, lines, rows, malformed, faults = match.layout.reads.dialect, [], [], [], []
    blank = [None] * len(match.names)
    for line, record in records:
        cells = dialect.cells(record)
        fits = cells is not None and len(cells) == len(match.names) and line not in torn
        lines.append(line)
        rows.append([cell.strip(BLANKS) for cell in cells] if cells is not None and fits else blank)
        malformed.append(None if fits else record)
        faults.append(None if fits else "rule:open_quotation_mark" if dialect.opens(record) else "rule:malformed_record")
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] if rows else [pa.array([], pa.string())] * len(blank)
    odd = [pa.array(lines, pa.int64()), pa.array(malformed, pa.string()), pa.array(faults, pa.string())]
    return pa.RecordBatch.from_arrays([*columns, *odd], schema=schema(match.names))
