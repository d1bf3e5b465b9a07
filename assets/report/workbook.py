"""The report as a workbook: a cover, and for each figure a sheet with its numbers, a native chart and what was found.

Numbers stay numbers, rounded by their format alone; text stays text, whatever it begins with. The same report gives the same bytes.
What EN 301 549 (chapter 10) asks of a document is kept: title and language, one table a sheet that is declared as one with its row of
heads, no merged cell, nothing said by colour or type alone, words for every chart.
"""

import io
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from markupsafe import Markup, escape

from assets.pages import danish
from assets.pages.caveats import NOTHING
from assets.report import chart_style
from assets.report.page import Drawn
from assets.report.papers import Paper
from assets.report.reading import Reading
from assets.report.tables import Cell, head

FIRST_ROW = 5
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
DRAWING = re.compile(r"xl/drawings/drawing(\d+)\.xml")
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
LANGUAGE = "da-DK"
# Black on white with light stripes: the styles with coloured heads have too little contrast.
TABLE_STYLE = "TableStyleLight1"
# Each at least three to one on white; markers and dashes tell lines apart for who does not see colours.
COLOURS = (chart_style.FIRST, chart_style.SECOND, chart_style.TARGET, chart_style.MUTED, chart_style.INK)
MARKERS = ("circle", "square", "triangle", "diamond", "x", "plus", "star")
DASHES = ("solid", "dash", "sysDot", "dashDot")


def write(path: Path, paper: Paper, reading: Reading, figures: list[Drawn]) -> None:
    import openpyxl
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Forside"
    made = datetime.combine(reading.about["created_at"].date(), reading.about["created_at"].time())
    said = book.properties
    said.creator, said.created, said.modified = "ventetal", made, made
    said.title, said.language = paper.called(reading.period), LANGUAGE
    lines: list[list[Any]] = [
        [paper.called(reading.period)],
        ["Udgivelse", reading.about["release_id"]],
        ["Leverancer modtaget til og med", danish.day(reading.about["as_of"])],
        [],
        ["Figur", "Titel", "Periode", "Fund"],
    ]
    lines += [[d.told.figure.id, d.told.figure.title, d.told.period, d.told.problem or _found(d)] for d in figures]
    for line in lines:
        _append(cover, line)
    cover["A1"].font = Font(bold=True, size=16)
    first = len(lines) - len(figures)
    for cell in cover[first]:
        cell.font = Font(bold=True)
    cover.freeze_panes = f"A{first + 1}"
    for column, width in zip("ABCD", (32, 52, 30, 120), strict=True):
        cover.column_dimensions[column].width = width
    _declare(cover, "Figurer", first, len(lines), 4)
    told = [d for d in figures if d.table.rows]
    for number, drawn in enumerate(figures, start=first + 1):
        cover.cell(number, 4).alignment = Alignment(wrap_text=True, vertical="top")
        if drawn in told:
            cover.cell(number, 1).hyperlink = Hyperlink(cover.cell(number, 1).coordinate, location=f"'{drawn.told.figure.id}'!A1")
            _sheet(book.create_sheet(drawn.told.figure.id), drawn)
    buffer = io.BytesIO()
    book.save(buffer)
    words = [f"{d.told.figure.title}. {_found(d)}" for d in told if d.told.figure.panels]
    path.write_bytes(_settled(buffer.getvalue(), made, words))


def _declare(sheet: Any, name: str, first: int, last: int, columns: int) -> None:
    """Say to programs that read aloud where the table is and which row its heads are in; on paper the heads stand on each sheet."""
    from openpyxl.worksheet.properties import PageSetupProperties
    from openpyxl.worksheet.table import Table, TableStyleInfo

    ref = f"A{first}:{sheet.cell(last, columns).coordinate}"
    sheet.add_table(Table(displayName=name, name=name, ref=ref, tableStyleInfo=TableStyleInfo(name=TABLE_STYLE, showRowStripes=True)))
    sheet.print_title_rows = f"{first}:{first}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


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
    _put(sheet["A2"], _found(drawn) or told.figure.method)
    _put(sheet["A3"], f"{told.period + '. ' if told.period else ''}{told.figure.method} Udgivelse {told.reading.about['release_id']}.")
    for column, text in enumerate(table.heads, start=1):
        _put(sheet.cell(FIRST_ROW, column), text.replace("mio. kr.", "kr."))
        sheet.cell(FIRST_ROW, column).font = Font(bold=True)
        sheet.cell(FIRST_ROW, column).alignment = Alignment(wrap_text=True, vertical="bottom")
        longest = max([len(text) / 2, *(len(f"{row[column - 1].text} {row[column - 1].note}") for row in table.rows)])
        sheet.column_dimensions[sheet.cell(FIRST_ROW, column).column_letter].width = min(60, max(11, longest + 3))
    for number, row in enumerate(table.rows, start=FIRST_ROW + 1):
        for column, cell in enumerate(row, start=1):
            _fill(sheet.cell(number, column), cell, drawn.told.figure.places)
    sheet.freeze_panes = sheet.cell(FIRST_ROW + 1, 2)
    _declare(sheet, f"Tal_{told.figure.id}", FIRST_ROW, FIRST_ROW + len(table.rows), len(table.heads))
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
            # Stays a number, and says what it is to be read with.
            at.number_format += f'" {cell.note}"'
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
    for place, series in enumerate(chart.series):
        _coloured(series, place, is_line)
    chart.y_axis.number_format = "0%" if drawn.told.words(panel.values[0]).unit == "share" else "#,##0"
    sheet.add_chart(chart, f"{sheet.cell(1, len(table.heads) + 2).column_letter}{FIRST_ROW}")


def _coloured(series: Any, place: int, is_line: bool) -> None:
    from openpyxl.chart.shapes import GraphicalProperties

    colour = COLOURS[place % len(COLOURS)].lstrip("#")
    series.graphicalProperties.line.solidFill = colour
    if not is_line:
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.solidFill = chart_style.PAPER.lstrip("#")
        return
    series.graphicalProperties.line.prstDash = DASHES[place // len(COLOURS) % len(DASHES)]
    series.marker.symbol, series.smooth = MARKERS[place % len(MARKERS)], False
    series.marker.graphicalProperties = GraphicalProperties(solidFill=colour)


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


def _found(drawn: Drawn) -> str:
    return Markup(" ").join(drawn.sentences).striptags()


def _settled(raw: bytes, made: datetime, words: list[str]) -> bytes:
    """The same archive with the time of the release where the library wrote the time of day, and with the words for each chart, for
    which the library has no place: one chart a drawing, in the order of the sheets.
    """
    result = io.BytesIO()
    with ZipFile(io.BytesIO(raw)) as read, ZipFile(result, "w", ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = read.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{made:%Y-%m-%dT%H:%M:%SZ}".encode(), content)
            if drawing := DRAWING.fullmatch(name):
                content = content.replace(b"<cNvPr ", f'<cNvPr descr="{escape(words[int(drawing[1]) - 1])}" '.encode(), 1)
            info = ZipInfo(name, ZIP_EPOCH)
            info.compress_type = ZIP_DEFLATED
            written.writestr(info, content)
    return result.getvalue()
