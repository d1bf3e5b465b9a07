"""Workbooks: the cells of an XLSX sheet as record batches of text, in the notation the layout expects.

A number cell becomes its fifteen significant digits with the layout's decimal mark, a date cell an ISO date, so that one set of shape
checks judges text files and workbooks alike. A row without any text is not a record.
"""

import struct
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from itertools import islice, zip_longest
from pathlib import Path

import pyarrow as pa
import python_calamine
import xlrd

from sources.delimited import BLANKS, schema
from sources.layout import HEADER_SEARCH_ROWS, Match, Reads, Rows, plain_name
from sources.reasons import Refused
from sources.workbook_parts import SheetPart, look_through

Cell = int | float | str | bool | time | date | datetime | timedelta
_BATCH_ROWS = 10_000


class Workbook:
    """An XLSX, XLSM or XLS file opened for its values; formulas and macros are never run. Raises Refused."""

    def __init__(self, path: Path) -> None:
        is_ole = _is_ole(path)
        if is_ole and "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise Refused("unreadable_file", "The workbook is protected by a password.")
        self._path = path
        self._parts: dict[str, SheetPart] = {} if is_ole else look_through(path)
        try:
            book = python_calamine.CalamineWorkbook.from_path(path)
            self._tables = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
            self._visible = {s.name for s in book.sheets_metadata if s.visible == python_calamine.SheetVisibleEnum.Visible}
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise Refused("unreadable_file", "The workbook cannot be opened: {}.", str(error).partition("\n")[0]) from error
        self.encoding = "xls" if is_ole else "xlsx"
        self.physical_records = 0

    def heads(self, reads: Reads, sheet: str = "") -> Iterator[tuple[str, Rows]]:
        """Name and first rows of each sheet that can be seen, or of the one that is asked for, seen or not."""
        for name in self._tables:
            if plain_name(name) == plain_name(sheet) if sheet else name in self._visible:
                first = islice(self._rows(name), HEADER_SEARCH_ROWS)
                yield name, [(i, [as_text(cell, reads.numbers) for cell in row]) for i, row in enumerate(first, start=1)]

    def batches(self, match: Match) -> Iterator[pa.RecordBatch]:
        """Batches of `schema(match.names)` with the rows below the header."""
        numbers, width, self.physical_records = match.layout.reads.numbers, len(match.names), 0
        below = ((i, row, why) for i, row, why in self._records(match) if any(c != "" for c in row) or why)
        while rows := list(islice(below, _BATCH_ROWS)):
            self.physical_records += len(rows)
            kept = [[as_text(cell, numbers).strip(BLANKS) for cell in row[:width]] + [""] * (width - len(row)) for _, row, _ in rows]
            columns = [pa.array(column, pa.string()) for column in zip(*kept, strict=True)]
            lines, faults = pa.array([line for line, _, _ in rows], pa.int64()), pa.array([why or None for *_, why in rows], pa.string())
            yield pa.RecordBatch.from_arrays([*columns, lines, pa.nulls(len(rows), pa.string()), faults], schema=schema(match.names))

    def _records(self, match: Match) -> Iterator[tuple[int, list[Cell], str]]:
        """(row, cells, why they cannot be believed) of the rows below the header."""
        assert match.sheet is not None
        if self.encoding == "xls":
            hidden = _errors(self._path, match.sheet)
        else:
            hidden = self._parts[match.sheet].hidden() if match.sheet in self._parts else {}
        by_row: dict[int, list[tuple[int, str]]] = {}
        for (row, column), why in hidden.items():
            by_row.setdefault(row, []).append((column, why))
        merges = self._tables[match.sheet].merged_cell_ranges or []
        covered = {
            row for (top, _), (bottom, _) in merges for row in range(top + 1, min(bottom, self._tables[match.sheet].total_height) + 2)
        }
        above: dict[tuple[int, int], Cell] = {}
        # The library leaves out rows at the end in which it sees nothing.
        rows = zip_longest(self._rows(match.sheet), range(max(by_row, default=0)))
        for number, (seen, _) in enumerate(rows, start=1):
            cells = seen or []
            whys = by_row.get(number, [])
            if number in covered:
                cells, under = _uncovered(number, cells, merges, above)
                if match.layout.merged == "fill":
                    cells = under
                else:
                    whys = whys + [(i, "merged_cell") for i, (own, value) in enumerate(zip(cells, under, strict=True), 1) if own != value]
            if number > match.records_start:
                yield number, cells, match.fault([(match.names[i - 1], why) for i, why in whys if i <= len(match.names)])

    def _rows(self, sheet: str) -> Iterator[list[Cell]]:
        """The rows of a sheet from A1 on; the library leaves out columns before the first that is used."""
        table = self._tables[sheet]
        before: list[Cell] = [""] * (table.start[1] if table.start else 0)
        for row in table.iter_rows():
            yield before + row


def _uncovered(
    number: int, row: list[Cell], merges: list[tuple[tuple[int, int], tuple[int, int]]], above: dict[tuple[int, int], Cell]
) -> tuple[list[Cell], list[Cell]]:
    """The row as wide as its merged cells, and the same with the value of each in all the cells it covers, kept in `above` by place."""
    across = [(begin, end) for begin, end in merges if begin[0] < number <= end[0] + 1]
    row = row + [""] * (max((end[1] + 1 for _, end in across), default=0) - len(row))
    under = list(row)
    for begin, end in across:
        if begin[0] + 1 == number:
            above[begin] = row[begin[1]]
        for column in range(begin[1], end[1] + 1):
            under[column] = above.get(begin, "")
    return row, under


def _errors(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """(row, column), from 1 -> cell_error, in the format before XLSX: the library that reads the values gives an error as nothing.

    Raises Refused.
    """
    try:
        # What it would print may quote the file.
        with xlrd.open_workbook(str(path), logfile=StringIO(), on_demand=True) as book:
            table = book.sheet_by_name(sheet)
            kinds = ((row, table.row_types(row)) for row in range(table.nrows))
            wrong = ((row, kind) for row, kind in kinds if xlrd.XL_CELL_ERROR in kind)
            return {(row + 1, i + 1): "cell_error" for row, kind in wrong for i, k in enumerate(kind) if k == xlrd.XL_CELL_ERROR}
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, struct.error, ValueError, IndexError, AssertionError) as error:
        raise Refused("unreadable_file", "The workbook is damaged: its cells cannot be told apart from errors.") from error


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
