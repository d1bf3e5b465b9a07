"""Files of patients' records as they are sent: delimited text, a coordinator's workbook; and whole counts from shares."""

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from sources.examples.delivery import Format, Ints

_DANISH_DAY = re.compile(r"(\d{2})-(\d{2})-(\d{4})")
_SAVED_AT = re.compile(rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def delimited(columns: Sequence[str], rows: Sequence[Sequence[str]], form: Format, footer: Sequence[str] = ()) -> Iterator[bytes]:
    """A file with semicolons; a value is quoted where it must be. Characters the encoding lacks are the generator's mistake."""
    lines = [*form.preamble, ";".join(columns), *(";".join(_quoted(value) for value in row) for row in rows), *footer]
    yield form.text(lines).encode(form.encoding)


def workbook(
    sheet: str, columns: Sequence[str], rows: Sequence[Sequence[str]], total: Sequence[str | int], saved: datetime
) -> Iterator[bytes]:
    """A workbook with real dates, and ten digits as the number a spreadsheet takes them for. The same rows give the same bytes."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.append(list(columns))
    for row in rows:
        page.append([_cell(value) for value in row])
    page.append(list(total))
    made = io.BytesIO()
    book.save(made)
    yield _without_clock(made.getvalue(), saved)


def apportioned(total: int, shares: Sequence[float]) -> Ints:
    """Whole counts that add up to `total`, each within one of its share: what is left goes to the largest remainders."""
    exact = total * np.array(shares) / sum(shares)
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return np.asarray(counts)


def danish(day: date) -> str:
    """dd-mm-yyyy."""
    return f"{day:%d-%m-%Y}"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in ';"\n\r') else value


def _cell(value: str) -> str | int | date:
    if value.isascii() and value.isdigit() and 9 <= len(value) <= 10:
        return int(value)
    if found := _DANISH_DAY.fullmatch(value):
        try:
            return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            return value
    return value


def _without_clock(book: bytes, saved: datetime) -> bytes:
    """The workbook as if it had been saved at a given time."""
    again = io.BytesIO()
    with ZipFile(io.BytesIO(book)) as old, ZipFile(again, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "docProps/core.xml":
                content = _SAVED_AT.sub(f"{saved:%Y-%m-%dT%H:%M:%SZ}".encode(), content)
            new.writestr(ZipInfo(part.filename, (saved.year, saved.month, saved.day, saved.hour, saved.minute, 0)), content, ZIP_DEFLATED)
    return again.getvalue()
