"""Danish words of the catalogue: how a measure adds up, and how a value is written in a table that is filtered and sorted."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from assets.pages import danish
from assets.tables.qualifiers import QF

ADDS_UP = {"sum": "kan lægges sammen", "snapshot": "kan lægges sammen, men ikke over tid", "none": "kan ikke lægges sammen"}
# Columns whose days stand for a whole month, quarter or year; questions call a year År as well.
MONTHS, QUARTERS, YEARS = ("month", "period"), ("quarter",), ("year", "År")
PLACES = 4


def word(value: Any, column: str, codes: Mapping[str, str]) -> str | None:
    """What a code is called, letter by letter where a row has several qualifiers; None for what is no code."""
    if column == QF and codes:
        return "; ".join(codes.get(letter, letter) for letter in value)
    return codes.get(str(value))


def text(value: Any, column: str, unit: str | None = None) -> str:
    """A value as it stands in a row: shares as percent with two places, other numbers with four at most, months like 2015-03,
    quarters like 1. kvartal 2015.
    """
    if isinstance(value, bool):
        return danish.YES_NO[value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return _day(value, column)
    if isinstance(value, str) or column in YEARS:
        return str(value)
    if unit == danish.SHARE:
        return danish.percent(value, 2)
    said = danish.number(value, 0 if isinstance(value, int) else PLACES)
    return said if isinstance(value, int) else said.rstrip("0").removesuffix(",")


def _day(value: date, column: str) -> str:
    if column in QUARTERS:
        return danish.quarter(value)
    return f"{value:%Y}" if column in YEARS else f"{value:%Y-%m}" if column in MONTHS else value.isoformat()
