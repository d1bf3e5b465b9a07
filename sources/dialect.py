"""How a delimited text marks its fields: RFC 4180, with the marks that a layout names. Records are found in `sources.records`."""

import csv
import io
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

LONGEST_RECORD_BYTES = 16 << 20
# A field may be as long as its record; the limit is one for the whole process.
csv.field_size_limit(LONGEST_RECORD_BYTES)


@dataclass(frozen=True)
class Dialect:
    """The marks of a delimited text. Without a `quote` none is read as one; without an `escape` a mark inside a field stands twice.

    `spans_lines`: any quoted field may hold line breaks, whatever its lines look like. `widths`: nothing marks fields, each has so many
    characters, and a line of another length is no record.
    """

    delimiter: str = ";"
    quote: str = '"'
    escape: str = ""
    spans_lines: bool = False
    widths: tuple[int, ...] = ()

    def cells(self, record: str) -> list[str] | None:
        """The record's fields, or None if it is not well-formed."""
        if self.widths:
            ends = list(accumulate(self.widths))
            return (
                [record[e - w : e] for e, w in zip(ends, self.widths, strict=True)]
                if len(record) == ends[-1] and "\0" not in record
                else None
            )
        if ("\0" in record and self.escape != "\0") or not self._lawful.fullmatch(record):
            return None
        if self.escape and self.escape in record:
            # Before any other character an escape is text.
            record = self._escaping.sub(lambda found: found[0] if len(found[0]) > 1 else 2 * self.escape, record)
        try:
            rows = list(csv.reader(io.StringIO(record, newline=""), **self._csv))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def opens(self, line: str) -> bool:
        """Whether a quoted field of a record that begins with the line is open at its end."""
        return bool(self.quote and self._open.fullmatch(line))

    def pieces(self, line: str) -> list[str]:
        """A line that is not well-formed, cut at every delimiter and rid of its marks."""
        if self.widths:
            return [line]
        return [piece.replace(self.quote, "") if self.quote else piece for piece in line.split(self.delimiter)]

    @cached_property
    def _csv(self) -> dict[str, Any]:
        quoting = {"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}
        escaping = {"escapechar": self.escape, "doublequote": False} if self.escape else {}
        return {"delimiter": self.delimiter, "strict": True, **quoting, **escaping}

    @cached_property
    def _escaping(self) -> re.Pattern[str]:
        special = "".join(map(re.escape, (self.delimiter, self.quote, self.escape)))
        return re.compile(f"{re.escape(self.escape)}[{special}]?")

    @cached_property
    def _quoted(self) -> str:
        """A pattern for a quoted field up to before the mark that closes it."""
        quote, escape = re.escape(self.quote), re.escape(self.escape)
        return rf"{quote}(?:[^{quote}{escape}]|{escape}.)*+" if escape else rf"{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+"

    @cached_property
    def _plain(self) -> str:
        """A pattern for a field without marks."""
        delimiter, quote, escape = re.escape(self.delimiter), re.escape(self.quote), re.escape(self.escape)
        return rf"(?:[^{delimiter}{quote}{escape}\n\r]|{escape}.)*+" if escape else rf"[^{delimiter}{quote}\n\r]*+"

    @cached_property
    def _field(self) -> str:
        return f"(?:{self._quoted}{re.escape(self.quote)}|{self._plain})" if self.quote else self._plain

    @cached_property
    def _lawful(self) -> re.Pattern[str]:
        return re.compile(f"{self._field}(?:{re.escape(self.delimiter)}{self._field})*+", re.DOTALL)

    @cached_property
    def _open(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self._field}{re.escape(self.delimiter)})*{self._quoted}", re.DOTALL)
