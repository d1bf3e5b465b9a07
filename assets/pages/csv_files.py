"""Rows as CSV: for Danish spreadsheets, and for machines.

A text that a spreadsheet would take for a formula has an apostrophe before it in the Danish file; the other holds it as it is.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def danish_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Semicolon, decimal comma, byte-order mark: what a double click opens rightly."""
    return _csv(names, ([_danish(v) for v in row] for row in rows), ";").encode("utf-8-sig")


def iso_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Comma, decimal point, ISO dates, UTF-8."""
    return _csv(names, ([_iso(v) for v in row] for row in rows), ",").encode("utf-8")


def _csv(names: Sequence[str], rows: Iterator[list[Any]], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n" if delimiter == ";" else "\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def _danish(value: Any) -> Any:
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, float | Decimal):
        return _iso(value).replace(".", ",")
    if isinstance(value, datetime):
        return f"{value:%d-%m-%Y %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _iso(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").removesuffix(".")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value
