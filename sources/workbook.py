"""Workbooks: the cells of an XLSX sheet as record batches of text, in the notation the layout expects.

A number cell becomes its fifteen significant digits with the layout's decimal mark, a date cell an ISO date, so that one set of shape
checks judges text files and workbooks alike. A row without any text is not a record.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
import python_calamine

from sources.delimited import BLANKS, schema
from sources.layout import HEADER_SEARCH_ROWS, Match, Reads, Rows
from sources.reasons import Refused
from sources.workbook_parts import SheetPart, look_through

Cell = int | float | str | bool | time | date | datetime | timedelta
_BATCH_ROWS = 10_000


class Workbook:
    """An XLSX, XLSM or XLS file opened for its values; formulas and macros are never run. Raises Refused.

    `sheets` are the names of its sheets in order, `parts` what an XLSX file was seen to be made of.
    """

    def __init__(self, path: Path) -> None:
        is_ole = _is_ole(path)
        if is_ole and "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise Refused("unreadable_file", "The workbook is protected by a password.")
        self.parts: list[SheetPart] = [] if is_ole else look_through(path)
        try:
            book = python_calamine.CalamineWorkbook.from_path(path)
            self.sheets: list[str] = book.sheet_names
            self._tables = {name: book.get_sheet_by_name(name) for name in self.sheets}
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise Refused("unreadable_file", "The workbook cannot be opened: {}.", str(error).partition("\n")[0]) from error
        self.encoding = "xls" if is_ole else "xlsx"
        self.physical_records = 0

    def heads(self, reads: Reads) -> Iterator[tuple[str, Rows]]:
        """Each sheet's name and its first rows."""
        for sheet in self.sheets:
            first = islice(self._rows(sheet), HEADER_SEARCH_ROWS)
            yield sheet, [(i, [as_text(cell, reads.numbers) for cell in row]) for i, row in enumerate(first, start=1)]

    def batches(self, match: Match) -> Iterator[pa.RecordBatch]:
        """Batches of `schema(match.names)` with the rows below the header."""
        assert match.sheet is not None
        numbers, width, self.physical_records = match.layout.reads.numbers, len(match.names), 0
        numbered = enumerate(self._rows(match.sheet), start=1)
        below = ((i, row) for i, row in numbered if i > match.records_start and any(c != "" for c in row))
        while rows := list(islice(below, _BATCH_ROWS)):
            self.physical_records += len(rows)
            kept = [[as_text(cell, numbers).strip(BLANKS) for cell in row[:width]] + [""] * (width - len(row)) for _, row in rows]
            columns = [pa.array(column, pa.string()) for column in zip(*kept, strict=True)]
            lines = pa.array([line for line, _ in rows], pa.int64())
            yield pa.RecordBatch.from_arrays([*columns, lines, *[pa.nulls(len(rows), pa.string())] * 2], schema=schema(match.names))

    def _rows(self, sheet: str) -> Iterator[list[Cell]]:
        """The rows of a sheet from A1 on; the library leaves out columns before the first that is used."""
        table = self._tables[sheet]
        before: list[Cell] = [""] * (table.start[1] if table.start else 0)
        for row in table.iter_rows():
            yield before + row


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
