"""One thing wrong in a file of any extract costs the records it touches, and no other is taken with another value."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from sources.delimited import detect_encoding
from sources.duck import connect
from sources.layout import Extract
from sources.parse import Delivery
from sources.paths import quoted
from sources.pseudonym import pseudonym_key
from sources.reasons import Refused
from tests.part import TREE

CATALOG: Catalog = load_catalog(TREE)
LINES, FEWEST, DAMAGES = 60, 3, 12
Taken = Counter[tuple[Any, ...]]


def taken(file: Path, extract: Extract) -> Taken:
    """The records of a file that are accepted. Raises Refused."""
    target = file.with_suffix(".parquet")
    with connect(file.parent / "scratch") as con:
        Delivery(file, extract, file.name, pseudonym_key()).parse(con, target)
        columns = ", ".join(c.name for c in extract.contract.columns)
        return Counter(con.execute(f"select {columns} from read_parquet({quoted(target)}) where _errors is null").fetchall())


def beginning(landing: Path, folder: Path, extract: str) -> Path | None:
    """The first lines of a text of the extract that can be read."""
    for found in sorted(p for p in (landing / extract).glob("*") if p.suffix in (".csv", ".txt")):
        encoding = detect_encoding(found)
        lines = found.read_bytes().decode(encoding).splitlines(keepends=True)[:LINES]
        copy = folder / found.name
        copy.write_bytes("".join(lines).encode(encoding))
        try:
            if sum(taken(copy, CATALOG.extracts[extract]).values()) >= FEWEST:
                return copy
        except Refused:
            continue
    return None


def marked(line: str, dice: random.Random) -> str:
    """A quotation mark too many, anywhere before the line's end."""
    at = dice.randrange(len(line.rstrip("\r\n")) + 1)
    return line[:at] + '"' + line[at:]


def separator(line: str) -> str:
    return max(";,\t|", key=line.count)


def joined(line: str, dice: random.Random) -> str:
    """A separator that is missing."""
    at = dice.choice([i for i, c in enumerate(line) if c == separator(line)])
    return line[:at] + line[at + 1 :]


def split(line: str, dice: random.Random) -> str:
    """A separator too many."""
    at = dice.randrange(len(line.rstrip("\r\n")) + 1)
    return line[:at] + separator(line) + line[at:]


@pytest.mark.parametrize("damage", [marked, joined, split])
@pytest.mark.parametrize("extract", sorted(CATALOG.extracts))
def test_a_character_too_many_or_too_few_costs_the_record_it_is_in(
    small_files: Path, tmp_path: Path, extract: str, damage: Callable[[str, random.Random], str]
) -> None:
    file = beginning(small_files, tmp_path, extract)
    if file is None:
        # Sent as workbooks alone: the test below is of those.
        assert any((small_files / extract).glob("*.xlsx")), extract
        return
    what, encoding, dice = CATALOG.extracts[extract], detect_encoding(file), random.Random(extract)
    lines, clean = file.read_bytes().decode(encoding).splitlines(keepends=True), taken(file, CATALOG.extracts[extract])
    for _ in range(DAMAGES):
        victim = dice.randrange(len(lines) // 2, len(lines) - 1)
        damaged = [*lines[:victim], damage(lines[victim], dice), *lines[victim + 1 :]]
        file.write_bytes("".join(damaged).encode(encoding))
        found = taken(file, what)
        assert not found - clean, damaged[victim]
        # The line itself, and where a mark opens a field that may span lines the piece below or above it.
        assert sum((clean - found).values()) <= 2, damaged[victim]


def error(sheet: Worksheet, row: int, column: int) -> None:
    cell = sheet.cell(row, column)
    cell.value, cell.data_type = "#N/A", "e"


def formula(sheet: Worksheet, row: int, column: int) -> None:
    # Whoever writes it so stores no result.
    sheet.cell(row, column).value = "=1+1"


def merge(sheet: Worksheet, row: int, column: int) -> None:
    sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)


BOOKS = ["project_milestones", "project_status", "redirections", "response_time_compliance"]


@pytest.mark.parametrize("damage", [error, formula, merge])
@pytest.mark.parametrize("extract", BOOKS)
def test_a_cell_that_gives_no_value_costs_the_records_it_is_in(
    small_files: Path, tmp_path: Path, extract: str, damage: Callable[[Worksheet, int, int], None]
) -> None:
    what, dice = CATALOG.extracts[extract], random.Random(extract)
    source = sorted((small_files / extract).glob("*.xlsx"))[0]
    file = tmp_path / source.name
    file.write_bytes(source.read_bytes())
    clean, lost = taken(file, what), 0
    assert clean
    for _ in range(DAMAGES):
        book = openpyxl.load_workbook(source)
        sheet = book.worksheets[0]
        row, column = dice.randrange(sheet.max_row // 2, sheet.max_row - 1), dice.randrange(1, sheet.max_column + 1)
        damage(sheet, row, column)
        book.save(file)
        try:
            found = taken(file, what)
        except Refused as refused:
            # A total is one of the cells.
            assert refused.code == "counts_disagree", refused
            continue
        assert not found - clean, (row, column)
        # A cell is a record where records are laid on their side, and a whole row where its name is gone.
        assert sum((clean - found).values()) <= sheet.max_column * 2
        lost += found != clean
    assert lost, "some cell was read"


def test_the_books_are_all_there_are(small_files: Path) -> None:
    assert {p.parent.name for p in small_files.glob("*/*.xlsx")} == set(BOOKS)
