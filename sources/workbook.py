"""Workbooks: the cells of an XLSX sheet as record batches of text, in the notation the layout expects.

A number cell becomes its fifteen significant digits with the layout's decimal mark, a date cell an ISO date, so that one set of shape
checks judges text files and workbooks alike. A row without any text is not a record.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import python_calamine

from sources.delimited import BLANKS, schema
from sources.layout import HEADER_SEARCH_ROWS, Match, Reads, Rows
from sources.reasons import Refused
from sources.unpack import UNPACKED_BYTES_UNJUDGED

Cell = int | float | str | bool | time | date | datetime | timedelta
# A sheet of a million rows unpacks to some hundred MiB; what is far beyond was made to exhaust memory.
UNPACKED_BYTES_LIMIT = 2 << 30
UNPACKED_RATIO_LIMIT = 200


class Workbook:
    """An XLSX, XLSM or XLS file opened for its values; formulas and macros are never run. Raises Refused."""

    def __init__(self, path: Path) -> None:
        _refuse_what_cannot_be_opened(path)
        try:
            book = python_calamine.CalamineWorkbook.from_path(path)
            self._sheets = {n: book.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in book.sheet_names}
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise Refused("unreadable_file", f"The workbook cannot be opened: {str(error).splitlines()[0]}.") from error
        self.encoding = "xls" if _is_ole(path) else "xlsx"
        self.physical_records = 0

    def heads(self, reads: Reads) -> Iterator[tuple[str, Rows]]:
        """Each sheet's name and its first rows."""
        for sheet, rows in self._sheets.items():
            head = [(i, [as_text(cell, reads.numbers) for cell in row]) for i, row in enumerate(rows[:HEADER_SEARCH_ROWS], start=1)]
            yield sheet, head

    def batches(self, match: Match) -> Iterator[pa.RecordBatch]:
        """One batch of `schema(match.names)` with the rows below the header."""
        assert match.sheet is not None
        numbers, width = match.layout.reads.numbers, len(match.names)
        lines, kept = [], []
        for line, row in enumerate(self._sheets[match.sheet], start=1):
            if line > match.records_start and any(cell != "" for cell in row):
                lines.append(line)
                kept.append([as_text(cell, numbers).strip(BLANKS) for cell in row[:width]] + [""] * (width - len(row)))
        self.physical_records = len(kept)
        columns = [pa.array(column, pa.string()) for column in zip(*kept, strict=True)] if kept else [pa.array([], pa.string())] * width
        yield pa.RecordBatch.from_arrays(
            [*columns, pa.array(lines, pa.int64()), pa.nulls(len(lines), pa.string())], schema=schema(match.names)
        )


def as_text(cell: Cell, numbers: str) -> str:
    """A cell as the supplier would have typed it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        text = str(int(cell)) if float(cell).is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
        return text.replace(".", ",") if numbers == "danish" else text
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    return cell if isinstance(cell, str) else str(cell)


def _is_ole(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\xd0\xcf\x11\xe0"


def _refuse_what_cannot_be_opened(path: Path) -> None:
    """Passwords and bombs, before the library meets them."""
    if _is_ole(path):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise Refused("unreadable_file", "The workbook is protected by a password.")
        return
    try:
        with ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
    except (BadZipFile, OSError) as error:
        raise Refused("unreadable_file", "The file is called a workbook but is not one.") from error
    if unpacked > UNPACKED_BYTES_LIMIT or (unpacked > UNPACKED_BYTES_UNJUDGED and unpacked > UNPACKED_RATIO_LIMIT * path.stat().st_size):
        raise Refused("too_large", f"The workbook unpacks to {unpacked >> 20} MiB.")
