"""The workbooks by what EN 301 549, chapter 10, asks of a document that is no web page, as far as a program can tell."""

import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from lxml import etree

from assets.report.contents import MONTHLY
from assets.report.workbook import COLOURS, FIRST_ROW

FIGURES = {f.id: f for f in MONTHLY.figures}
LEAST_CONTRAST = 3.0


@pytest.fixture(scope="module", params=["ventetal.xlsx", "medfinansiering.xlsx"])
def path(request: pytest.FixtureRequest, april_report: Path) -> Path:
    found = april_report / str(request.param)
    return found if found.exists() else next(april_report.parent.glob(f"medfinansiering-????/{request.param}"))


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def test_it_says_its_title_and_its_language(book: Any) -> None:
    assert re.fullmatch(r"Månedsrapport april 2015|Kommunal medfinansiering \d{4}", book.properties.title)
    assert book.properties.language == "da-DK"


def test_every_sheet_is_called_something_of_its_own_and_begins_with_its_title(book: Any) -> None:
    assert len({name.lower() for name in book.sheetnames}) == len(book.sheetnames)
    for sheet in book:
        assert not re.fullmatch(r"(Sheet|Ark)\d*", sheet.title)
        assert str(sheet["A1"].value).startswith(sheet.title if sheet.title != "Forside" else book.properties.title)


def test_every_sheet_has_one_table_that_is_declared_whole_with_heads_of_their_own(book: Any) -> None:
    for sheet in book:
        ((name, ref),) = sheet.tables.items()
        heads, *rows = sheet[ref]
        assert sheet.tables[name].headerRowCount == 1
        said = [cell.value for cell in heads]
        assert all(isinstance(text, str) and text.strip() and "\n" not in text for text in said), (sheet.title, said)
        assert len({text.lower() for text in said}) == len(said), (sheet.title, said)
        assert [column.name for column in sheet.tables[name].tableColumns] == said
        assert rows[-1][0].row == sheet.max_row
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == f"${heads[0].row}:${heads[0].row}"


def test_no_cell_is_merged_no_row_or_column_is_hidden_and_nothing_is_read_by_the_look_alone(book: Any) -> None:
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert sheet.sheet_state == "visible"
        assert not any(d.hidden for d in [*sheet.row_dimensions.values(), *sheet.column_dimensions.values()])
        table = next(iter(sheet.tables.values()))
        for cell in (c for row in sheet[table.ref][1:] for c in row):
            is_plain = not (cell.font.b or cell.font.i) and cell.fill.fill_type is None and cell.font.color.rgb != "FFFFFFFF"
            assert is_plain, (sheet.title, cell.coordinate)


def test_every_chart_has_words_that_say_what_it_shows(path: Path, book: Any) -> None:
    charts = sum(len(sheet._charts) for sheet in book)
    with ZipFile(path) as archive:
        drawings = sorted(n for n in archive.namelist() if re.fullmatch(r"xl/drawings/drawing\d+\.xml", n))
        said = [n.get("descr") or "" for d in drawings for n in etree.fromstring(archive.read(d)).iter("{*}cNvPr")]
    assert len(said) == charts > 0
    assert all(len(text) > 20 for text in said)
    titles = [str(sheet["A1"].value).partition(" ")[2] for sheet in book if sheet._charts]
    assert sorted(text.split(". ")[0] for text in said) == sorted(t.split(". ")[0] for t in titles)


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_of_charts_stand_out_from_the_paper(colour: str) -> None:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= LEAST_CONTRAST


def test_lines_are_told_apart_by_more_than_their_colour(book: Any) -> None:
    for sheet in book:
        for chart in sheet._charts:
            if chart.tagname == "lineChart" and len(chart.series) > 1:
                looks = [(s.marker.symbol, s.graphicalProperties.line.prstDash) for s in chart.series]
                assert len(set(looks)) == len(looks), sheet.title


def test_a_month_below_its_target_says_so_in_its_cell(april_report: Path) -> None:
    sheet = openpyxl.load_workbook(april_report / "ventetal.xlsx")["C5"]
    said = [c.number_format for row in sheet.iter_rows(min_row=FIRST_ROW + 1) for c in row if "under mål" in c.number_format]
    assert said
    assert all(re.fullmatch(r'0\.0+%" under mål[^"]*"', form) for form in said), set(said)


def test_the_cover_leads_to_every_sheet(april_report: Path) -> None:
    book = openpyxl.load_workbook(april_report / "ventetal.xlsx")
    led = [c.hyperlink.location for row in book["Forside"].iter_rows() for c in row if c.hyperlink]
    assert led == [f"'{name}'!A1" for name in book.sheetnames if name in FIGURES]
