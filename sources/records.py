"""Where the records of a delimited text end.

A record ends where its line does, unless a quoted field is open there. A mark that opens a field is believed to close lines below only
if none of the lines on the way is a record by itself: else it is a stray one, which costs its own line and no other. Only what is too
short for a record must be a piece of one that spanned lines, whose other piece may look whole: it costs that too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from sources.dialect import Dialect

# Lines of a field beyond which nobody looks for the other piece of a record.
FARTHEST_PIECE = 1_000
LONE_CR = re.compile(rb"\r(?!\n)")


def marks(block: bytes, dialect: Dialect) -> np.ndarray:
    """Places of the quotation marks, without those that an escape makes text."""
    quote, escape = dialect.quote.encode(), dialect.escape.encode()
    if not quote or quote not in block:
        return np.empty(0, np.int64)
    if not escape or escape not in block:
        return np.flatnonzero(np.frombuffer(block, np.uint8) == quote[0])
    either = re.compile(re.escape(escape) + b"." + b"|" + re.escape(quote), re.DOTALL)
    return np.array([m.start() for m in either.finditer(block) if m.group() == quote], np.int64)


@dataclass(frozen=True)
class Cut:
    """A block cut into records: the places of the line feeds that end one; which of the records are but a piece of one, whole as they
    look; and whether each line is a record by itself, with fields quoted whole.
    """

    ends: np.ndarray
    torn: np.ndarray
    is_plain: bool


def cut(block: bytes, dialect: Dialect, width: int, is_last: bool) -> Cut:
    """The records of a block. `width` is how many fields they have, 0 where that is not known yet.

    Unless the block is the last one, what ends beyond it, or may, is left out, and so is the last record: it may be but a piece.
    """
    # Of a block that is a field of line ends there are as many places as bytes: half of what numpy takes for a place is enough.
    feeds = np.flatnonzero(np.frombuffer(block, np.uint8) == 10).astype(np.int32)
    quotes, none = marks(block, dialect), np.empty(0, np.int32)
    is_plain = b"\0" not in block and not (b"\r" in block and LONE_CR.search(block))
    if dialect.widths or (dialect.escape and dialect.escape.encode() in block):
        is_plain = False
    held = len(feeds) if is_last else len(feeds) - 1
    if not len(quotes):
        return Cut(feeds[:held], none, is_plain)
    if dialect.spans_lines:
        outside = np.searchsorted(quotes, feeds) % 2 == 0
        return Cut(feeds[outside], none, is_plain and bool(outside.all()) and _has_fields_quoted_whole(block, quotes, dialect))
    lines, of_line = np.unique(np.searchsorted(feeds, quotes), return_counts=True)
    odd = lines[(of_line % 2 == 1) & (lines < len(feeds))]
    if not len(odd):
        return Cut(feeds[:held], none, is_plain and _has_fields_quoted_whole(block, quotes, dialect))
    return _Lines(block, feeds, dialect, width).cut(odd.tolist(), is_last)


class _Lines:
    """The lines of a block of which some have an odd number of marks: only there a quoted field can be open at a line's end, and only
    at the next such line can it close.
    """

    def __init__(self, block: bytes, feeds: np.ndarray, dialect: Dialect, width: int) -> None:
        self._block, self._feeds, self._dialect, self._width = block, feeds, dialect, width

    def cut(self, odd: list[int], is_last: bool) -> Cut:
        keeps, sure, at, strays, settled = np.ones(len(self._feeds), bool), len(self._feeds), 0, list[int](), -1
        while at < len(odd):
            first = odd[at]
            last, beyond = (odd[at + k] if at + k < len(odd) else None for k in (1, 2))
            # Whether what would decide it lies beyond the block.
            is_open = not is_last and self._leads_out(first if last is None else last, last if last is None else beyond)
            is_stray = not self._dialect.opens(self._text(first, first)) or (last is not None and not self._is_closed(first, last))
            if not is_stray and is_open:
                # It may be the other piece of what a stray mark right before it is a piece of.
                while strays and settled < strays[-1] == first - 1:
                    first = strays.pop()
                sure = first
                break
            if is_stray or last is None:
                strays.append(first)
                at += 1
            elif beyond is None or not self._is_closed(last, beyond) or not self._fits(last, beyond):
                keeps[first:last] = False
                at += 2
            else:
                # It closes where another field may open: of two ways to read it none is believed, unless one alone gives a record.
                is_either = self._fits(first, last)
                settled = last if is_either else settled
                strays += [first, last] if is_either else [first]
                at += 2 if is_either else 1
        keeps[sure:] = False
        lasts = np.flatnonzero(keeps)
        torn = self._feeds[self._torn(lasts, strays)]
        if not is_last and len(lasts) and lasts[-1] not in strays:
            lasts = lasts[:-1]
        return Cut(self._feeds[lasts], torn, False)

    def _torn(self, lasts: np.ndarray, strays: list[int]) -> list[int]:
        """Last lines of records that look whole and must be a piece of one, where the line of a stray mark is too short for a record."""
        if not self._width:
            return []
        dialect, texts = self._dialect, np.flatnonzero(np.diff(self._feeds[lasts], prepend=np.int32(-1)) > 1)
        # A record begins after the one before it ends, blank or not.
        firsts, lasts = np.where(texts > 0, lasts[texts - 1] + 1, 0), lasts[texts]
        places = set(np.searchsorted(lasts, strays).tolist())

        def other_piece(stray: int, step: int) -> int | None:
            """The record that looks whole where the rest of the one at `stray` must be; -1 where that is plain enough to be told."""
            lacking = self._width - 1
            for place in islice(range(stray, len(lasts) if step > 0 else -1, step), FARTHEST_PIECE):
                if place in places and place != stray:
                    return -1
                text = self._text(firsts[place], lasts[place])
                if (lacking := lacking - text.count(dialect.delimiter)) <= 0:
                    cells = dialect.cells(text)
                    return place if cells is not None and len(cells) == self._width else -1
            return None

        torn = dict[int, None]()
        for place in sorted(places):
            text = self._text(firsts[place], lasts[place])
            found = [other_piece(place, 1)] if dialect.opens(text) else []
            found += [other_piece(place, -1)] if dialect.cells(dialect.quote + text) else []
            if not any(p == -1 or p in torn for p in found):
                torn |= dict.fromkeys(p for p in found if p is not None)
        return [int(lasts[p]) for p in sorted(torn)]

    def _leads_out(self, line: int, closing: int | None) -> bool:
        """Whether a field that is open at the end of the line may close beyond the block."""
        return closing is None and self._dialect.opens(self._text(line, line)) and not self._holds_record(line + 1, len(self._feeds))

    def _is_closed(self, first: int, last: int) -> bool:
        """Whether the lines are a record, of whatever width, that no record lies in the midst of."""
        return self._dialect.cells(self._text(first, last)) is not None and not self._holds_record(first + 1, last)

    def _holds_record(self, begin: int, end: int) -> bool:
        """Whether one of the lines from `begin`, which is not the first, to before `end` is a record by itself."""
        lengths = np.diff(self._feeds[begin - 1 : end]) - 1
        return any(self._fits(line, line) for line in (begin + np.flatnonzero(lengths >= max(self._width - 1, 1))).tolist())

    def _fits(self, first: int, last: int) -> bool:
        cells = self._dialect.cells(self._text(first, last))
        return cells is not None and (len(cells) == self._width if self._width else len(cells) > 1)

    def _text(self, first: int, last: int) -> str:
        start = self._feeds[first - 1] + 1 if first else 0
        return self._block[start : self._feeds[last]].removesuffix(b"\r").decode()


def _has_fields_quoted_whole(block: bytes, quotes: np.ndarray, dialect: Dialect) -> bool:
    """Whether each quotation mark opens a field, closes one, or stands twice inside: then parsers agree on what a field says.

    Each line has an even number of marks.
    """
    # Before the first byte stands a line's end, as after the last.
    data, edges = np.frombuffer(b"\n" + block + b"\n", np.uint8), np.zeros(256, bool)
    edges[list(f"{dialect.delimiter}\n\r{'' if dialect.escape else dialect.quote}".encode())] = True
    return bool(edges[data[quotes[0::2]]].all() and edges[data[quotes[1::2] + 2]].all())


def split(block: bytes, line: int, dialect: Dialect) -> Iterator[tuple[int, str]]:
    """(line, text) of each record of one or more lines that is not blank: cut at line breaks outside quotation marks."""
    start, inside, quote = 0, False, dialect.quote.encode()
    quotes = set(marks(block, dialect).tolist())
    for match in re.finditer((re.escape(quote) + b"|" if quote else b"") + rb"\r\n|\n|\r", block):
        if match.group() == quote:
            inside ^= match.start() in quotes
        elif not inside:
            record = block[start : match.start()]
            if record:
                yield line, record.decode()
            line += line_breaks(record) + 1
            start = match.end()
    if start < len(block):
        yield line, block[start:].decode()


def line_breaks(block: bytes) -> int:
    return block.count(b"\n") + (len(LONE_CR.findall(block)) if b"\r" in block else 0)
