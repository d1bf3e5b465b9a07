"""The report as a workbook: a cover, and for each figure a sheet with its numbers, a native chart and what was found.

Numbers stay numbers, rounded by their format alone; text stays text, whatever it begins with. The same report gives the same bytes.
"""

import io
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from markupsafe import Markup

from assets.pages import danish
from assets.pages.caveats import NOTHING
from assets.report.page import Drawn
from assets.report.papers import Paper
from assets.report.reading import Reading
from assets.report.tables import Cell, head

FIRST_ROW = 5
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
FORMATS = {
    "share": "0.0%",
    "share2": "0.00%",
    "whole": "#,##0",
    "tenth": "#,##0.0",
    "month": "mmm yyyy",
    "year": "yyyy",
    "day": "dd-mm-yyyy",
    "moment": "dd-mm-yyyy hh:mm",
}


def write(path: Path, paper: Paper, reading: Reading, figures: list[Drawn]) -> None:
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Forside"
    made = datetime.combine(reading.about["created_at"].date(), reading.about["created_at"].time())
    book.properties.creator, book.properties.created, book.properties.modified = "ventetal", made, made
    lines: list[list[Any]] = [
        [paper.called(reading.period)],
        ["Udgivelse", reading.about["release_id"]],
        ["Leverancer modtaget til og med", danish.day(reading.about["as_of"])],
        [],
        ["Figur", "Titel", "Periode", "Fund"],
    ]
    for drawn in figures:
        found = drawn.told.problem or Markup(" ").join(drawn.sentences).striptags()
        lines.append([drawn.told.figure.id, drawn.told.figure.title, drawn.told.period, found])
    for line in lines:
        _append(cover, line)
    cover["A1"].font = Font(bold=True, size=16)
    for cell in cover[len(lines) - len(figures)]:
        cell.font = Font(bold=True)
    cover.freeze_panes = f"A{len(lines) - len(figures) + 1}"
    for column, width in zip("ABCD", (32, 52, 30, 120), strict=True):
        cover.column_dimensions[column].width = width
    for drawn in figures:
        if drawn.table.rows:
            _sheet(book.create_sheet(drawn.told.figure.id), drawn)
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_without_clock(buffer.getvalue(), made))


def _append(sheet: Any, line: list[Any]) -> None:
    row = sheet.max_row + 1 if sheet.max_row > 1 or sheet["A1"].value is not None else 1
    for column, value in enumerate(line, start=1):
        _put(sheet.cell(row, column), value)


def _put(at: Any, value: Any) -> None:
    """A value in a cell; a text that looks like a formula stays what it is."""
    at.value = value
    if isinstance(value, str):
        at.data_type = "s"
        at.quotePrefix = value.startswith(("=", "+", "-", "@"))


def _sheet(sheet: Any, drawn: Drawn) -> None:
    """Title, finding, source, then the table with a frozen header; the chart stands beside it."""
    from openpyxl.styles import Alignment, Font

    told, table = drawn.told, drawn.table
    _put(sheet["A1"], f"{told.figure.id} {told.figure.title}")
    sheet["A1"].font = Font(bold=True, size=14)
    _put(sheet["A2"], Markup(" ").join(drawn.sentences).striptags() or told.figure.method)
    _put(sheet["A3"], f"{told.period + '. ' if told.period else ''}{told.figure.method} Udgivelse {told.reading.about['release_id']}.")
    for column, text in enumerate(table.heads, start=1):
        _put(sheet.cell(FIRST_ROW, column), text.replace("mio. kr.", "kr."))
        sheet.cell(FIRST_ROW, column).font = Font(bold=True)
        sheet.cell(FIRST_ROW, column).alignment = Alignment(wrap_text=True, vertical="bottom")
        longest = max([len(text) / 2, *(len(row[column - 1].text) for row in table.rows)])
        sheet.column_dimensions[sheet.cell(FIRST_ROW, column).column_letter].width = min(60, max(11, longest + 3))
    for number, row in enumerate(table.rows, start=FIRST_ROW + 1):
        for column, cell in enumerate(row, start=1):
            _fill(sheet.cell(number, column), cell, drawn.told.figure.places)
    sheet.freeze_panes = sheet.cell(FIRST_ROW + 1, 2)
    _chart(sheet, drawn)


def _fill(at: Any, cell: Cell, places: int) -> None:
    if cell.value is None:
        _put(at, None if cell.text == NOTHING else cell.text)
    elif isinstance(cell.value, bool):
        _put(at, cell.text)
    elif cell.is_number:
        _put(at, _in_kroner(cell))
        is_whole = cell.unit in {*danish.WHOLE, *danish.MILLIONS, "kr"} or float(cell.value).is_integer()
        at.number_format = (
            FORMATS["share2" if places == 2 else "share"] if cell.unit == "share" else FORMATS["whole" if is_whole else "tenth"]
        )
        if cell.note:
            from openpyxl.styles import Font

            at.font = Font(bold=cell.note.startswith("under"), italic="usikker" in cell.note)
    elif isinstance(cell.value, datetime):
        _put(at, cell.value)
        at.number_format = FORMATS["moment"]
    elif isinstance(cell.value, date):
        _put(at, cell.value)
        at.number_format = FORMATS[{4: "year", 7: "month"}.get(len(cell.moment), "day")]
    else:
        _put(at, cell.text)


def _in_kroner(cell: Cell) -> Any:
    """The number; an amount in kroner, which is what its column says here: a format cannot show millions of øre."""
    if cell.unit not in danish.MILLIONS:
        return cell.value
    return float(danish.in_millions(cell.value, cell.unit) * 1_000_000)


def _chart(sheet: Any, drawn: Drawn) -> None:
    """The first panel's columns as a chart of Excel's own; none for a figure that is a table."""
    from openpyxl.chart import BarChart, LineChart

    figure, table = drawn.told.figure, drawn.table
    if not figure.panels:
        return
    panel = figure.panels[0]
    is_line = panel.kind in ("line", "heat", "courses")
    chart: Any = LineChart() if is_line else BarChart()
    if panel.kind in ("bars", "levels", "waterfall"):
        chart.type = "bar"
        chart.y_axis.scaling.min = None if panel.kind == "waterfall" else 0
        chart.x_axis.scaling.orientation = "maxMin"
    if panel.kind == "stack":
        chart.grouping, chart.overlap = "stacked", 100
    (_add_names if panel.kind in ("years", "courses") else _add_columns)(sheet, chart, drawn)
    chart.title, chart.height, chart.width = f"{figure.id} {figure.title}", 9, 20
    chart.x_axis.delete = chart.y_axis.delete = False
    if figure.names == "month" or figure.pivot:
        chart.x_axis.number_format = FORMATS["month"]
    chart.y_axis.number_format = "0%" if drawn.told.words(panel.values[0]).unit == "share" else "#,##0"
    sheet.add_chart(chart, f"{sheet.cell(1, len(table.heads) + 2).column_letter}{FIRST_ROW}")


def _add_columns(sheet: Any, chart: Any, drawn: Drawn) -> None:
    """A series for each column of the first panel, over the first column of the table."""
    from openpyxl.chart import Reference

    figure, table = drawn.told.figure, drawn.table
    panel, last = figure.panels[0], FIRST_ROW + len(table.rows)
    if figure.pivot:
        wanted = list(range(2, len(table.heads) + 1))
    else:
        names = [*panel.values[: 1 if panel.kind in ("bars", "levels") else None], *([panel.target] if panel.target else [])]
        wanted = [_place(drawn, n) for n in names]
    for column in wanted:
        chart.add_data(Reference(sheet, min_col=column, min_row=FIRST_ROW, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=FIRST_ROW + 1, max_row=last))


def _add_names(sheet: Any, chart: Any, drawn: Drawn) -> None:
    """A series for each name of the first panel, over its years, which stand below each other."""
    from openpyxl.chart import Reference, Series

    told, panel = drawn.told, drawn.told.figure.panels[0]
    column, year = _place(drawn, panel.values[0]), _place(drawn, "year")
    of_name: dict[str, list[int]] = {}
    for number, row in enumerate(told.rows, start=FIRST_ROW + 1):
        if row[told.figure.names] in panel.only or not panel.only:
            of_name.setdefault(told.named(row), []).append(number)
    for name, rows in of_name.items():
        chart.series.append(Series(Reference(sheet, min_col=column, min_row=rows[0], max_row=rows[-1]), title=name))
    longest = max(of_name.values(), key=len)
    chart.set_categories(Reference(sheet, min_col=year, min_row=longest[0], max_row=longest[-1]))
    chart.x_axis.number_format = FORMATS["year"]


def _place(drawn: Drawn, column: str) -> int:
    """Where in the table a column of the query stands, counted from one."""
    return drawn.table.heads.index(head(drawn.told.words(column))) + 1


def _without_clock(raw: bytes, made: datetime) -> bytes:
    """The same archive with the time of the release where the library wrote the time of day."""
    result = io.BytesIO()
    with ZipFile(io.BytesIO(raw)) as read, ZipFile(result, "w", ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = read.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{made:%Y-%m-%dT%H:%M:%SZ}".encode(), content)
            info = ZipInfo(name, ZIP_EPOCH)
            info.compress_type = ZIP_DEFLATED
            written.writestr(info, content)
    return result.getvalue()
