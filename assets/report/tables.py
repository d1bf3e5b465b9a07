"""The table behind a figure, once for the page, the workbook and the reader: what each cell says and what it is rounded from."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from assets.pages import danish
from assets.pages.caveats import NOTHING, cautions, why_absent
from assets.report.figures import Told
from assets.report.reading import ColumnWords, Row

VERDICT = {True: "✓ nået", False: "✗ ikke nået"}
# Columns of days that stand for a whole month.
MONTHS = ("month", "period", "quarter")


@dataclass(frozen=True)
class Cell:
    """`value` is what the release holds, `text` what the reader sees; a number has a unit or is a plain number.

    `moment` is a day, a month or a year as machines write it.
    """

    value: Any
    text: str
    unit: str | None = None
    is_number: bool = False
    note: str = ""
    moment: str = ""

    @property
    def is_absent(self) -> bool:
        return self.value is None


@dataclass(frozen=True)
class Table:
    """A caption, a head for each column, and rows whose first cell names them."""

    caption: str
    heads: list[str]
    rows: list[list[Cell]] = field(default_factory=list)


def cell(value: Any, words: ColumnWords, places: int, codes: dict[tuple[str, str], str], column: str, absent: str = NOTHING) -> Cell:
    """A value as the reader sees it; `absent` says why there is none."""
    if value is None:
        return Cell(None, absent)
    if isinstance(value, bool):
        return Cell(value, (VERDICT if column.endswith("target_met") else danish.YES_NO)[value])
    if isinstance(value, datetime) or (isinstance(value, date) and column not in (*MONTHS, "year")):
        return Cell(value, danish.day(value), moment=value.isoformat())
    if isinstance(value, date):
        is_year = column == "year"
        return Cell(value, f"{value:%Y}" if is_year else danish.short_month(value), moment=f"{value:%Y}" if is_year else f"{value:%Y-%m}")
    if isinstance(value, int | float):
        return Cell(value, danish.quantity(value, words.unit, places, with_unit=False), words.unit, is_number=True)
    return Cell(value, codes.get((column, str(value)), str(value)))


def head(words: ColumnWords) -> str:
    """The label, with its unit where that is no count."""
    unit = danish.WORDS.get(words.unit or "", "").strip()
    return f"{words.label} ({unit})" if unit else words.label


def table(told: Told) -> Table:
    """The rows of a figure as a reader's table; a figure of many subjects is turned so that each is a column."""
    caption = f"{told.figure.id} {told.figure.title}, {told.period or 'oversigt'}"
    if not told.rows:
        return Table(caption, [])
    return _turned(told, caption) if told.figure.pivot else _straight(told, caption)


def _straight(told: Told, caption: str) -> Table:
    columns = told.columns
    if told.figure.names in columns:
        columns = [told.figure.names, *(c for c in columns if c != told.figure.names)]
    with_cautions = any(cautions(r) for r in told.rows)
    rows = [[_cell(told, row, c) for c in columns] + ([_cautions(row)] if with_cautions else []) for row in told.rows]
    return Table(caption, [head(told.words(c)) for c in columns] + (["Forbehold"] if with_cautions else []), rows)


def _turned(told: Told, caption: str) -> Table:
    """Months down, subjects across, the targets first; a value below its target is marked in words."""
    assert told.figure.pivot
    by, column = told.figure.pivot
    target = told.figure.panels[0].target
    subjects = list(dict.fromkeys(r[by] for r in told.rows))
    at = {(r["month"], r[by]): r for r in told.rows}
    rows = []
    if target:
        newest = {r[by]: r for r in told.rows}
        rows.append([Cell("Mål", "Mål"), *(_cell(told, newest[s], target) for s in subjects)])
    for month in dict.fromkeys(r["month"] for r in told.rows):
        cells = [_cell(told, at[month, s], column, noted=True) if (month, s) in at else Cell(None, NOTHING) for s in subjects]
        rows.append([cell(month, told.words("month"), 0, {}, "month"), *cells])
    return Table(caption, ["Måned", *map(str, subjects)], rows)


def _cell(told: Told, row: Row, column: str, noted: bool = False) -> Cell:
    unit = told.unit(row, column)
    words = replace(told.words(column), unit=unit)
    made = cell(row[column], words, places_of(told, row, column), told.reading.codes, column, why_absent(row, column))
    if made.is_number and column in told.figure.row_units:
        write = danish.change if column.endswith("_change") else danish.quantity
        made = replace(made, text=write(row[column], unit, told.figure.places))
    if not noted:
        return made
    notes = (["under mål"] if row.get("target_met") is False else []) + cautions(row)
    return Cell(made.value, made.text, made.unit, made.is_number, ", ".join(notes))


def places_of(told: Told, row: Row, column: str) -> int:
    """More places where a value would otherwise read as equal to a target it misses."""
    for panel in told.figure.panels:
        target = row.get(panel.target) if panel.target else None
        if column == panel.values[0] and target is not None and row[column] is not None and row[column] < target:
            return danish.places_that_tell(row[column], target, told.words(column).unit, told.figure.places)
    return told.figure.places


def _cautions(row: Row) -> Cell:
    said = ", ".join(cautions(row))
    return Cell(said, said or "–")
