"""The paper of co-financing holds the numbers of its release on at most six pages, and is there where there is co-financing."""

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from assets.report import charts, tables
from assets.report.build import NoMonth, build
from assets.report.contents import COFINANCING
from assets.report.engine import Engine
from assets.report.reading import newest_year
from tests.pages import Element, page
from tests.papers import YEAR, Rows, changed, every_query, figure, in_2014, numbers, numbers_of, reads_as, section, sentences

MOST_PAGES = 6
# Tables without which the paper has nothing.
MARTS = (
    "region", "municipality", "change", "change_region", "group", "group_region", "age_band", "age_band_region", "indicator",
    "completeness", "region_total",
)  # fmt: skip


@pytest.fixture(scope="session")
def paper(april_report: Path) -> Path:
    return april_report.parent / "medfinansiering-2014"


@pytest.fixture(scope="session")
def index(paper: Path) -> Element:
    return page((paper / "index.html").read_text("utf-8"))


@pytest.fixture(scope="session")
def asked(release: Path) -> dict[str, Rows]:
    return every_query(release, YEAR)


def test_every_number_of_the_page_is_one_of_the_release_rounded_half_away_from_zero(index: Element, asked: dict[str, Rows]) -> None:
    seen = 0
    for shown in COFINANCING.figures:
        known = numbers(asked[shown.key]) | numbers(asked["b_basis"]) | (numbers(asked["b2"]) if shown.id == "B0" else set())
        for data, head in _with_heads(section(index, shown.key)):
            value = float(data.attributes["value"])
            assert value in known, (shown.id, data.attributes["value"], data.text)
            assert reads_as(data.text, value, head) or reads_as(data.text, abs(value), head), (shown.id, value, data.text)
            seen += 1
    assert seen > 700


def _with_heads(part: Element) -> Iterator[tuple[Element, str]]:
    """The numbers of a figure, those of its table with the head of their column."""
    heads = [th.text for thead in part.all("thead") for th in thead.all("th")]
    in_table = set()
    for row in (tr for body in part.all("tbody") for tr in body.all("tr")):
        for cell, head in zip(row.all("th", "td"), heads, strict=True):
            for data in cell.all("data"):
                in_table.add(id(data))
                yield data, head
    yield from ((data, "") for data in part.all("data") if id(data) not in in_table)


def test_no_number_of_a_sentence_stands_outside_what_can_be_held_against_the_release(index: Element) -> None:
    for sentence in index.all("p", **{"class": "finding"}):
        bare = "".join(c for c in sentence.children if isinstance(c, str))
        assert not re.search(r"\d", bare), sentence.text


def test_every_column_is_called_something_and_no_share_is_read_as_a_number(index: Element) -> None:
    heads = {th.text for table in index.all("table") for head in table.all("thead") for th in head.all("th")}
    assert len(heads) > 20
    assert {h for h in heads if "_" in h} == set()
    [shares] = [i for i, th in enumerate(section(index, "b3").all("th")) if th.text.startswith("Andel af de dyreste")]
    rows = [list(tr.all("th", "td")) for body in section(index, "b3").all("tbody") for tr in body.all("tr")]
    told = [row[shares].text for row in rows if any(row[shares].all("data"))]
    assert told
    assert all(text.endswith("%") for text in told), told


def test_every_figure_says_its_period_its_basis_and_that_it_shows_no_causes(index: Element) -> None:
    for shown in COFINANCING.figures:
        said = [p.text for p in section(index, shown.key).all("p", **{"class": "meta"})][-1]
        for words in ("Periode: ", "N = 15.982 borgere", "en efterprøvet takst", "Forklarer ændringer og viser ingen årsager."):
            assert words in said, shown.id
        assert ("Tallene er endelige." in said) != ("Foreløbigt: " in said), shown.id


def test_the_amount_the_change_and_the_factor_stand_on_the_first_screen(index: Element) -> None:
    first = next(index.all("section"))
    said = " ".join(p.text for p in first.all("p", **{"class": "finding"}))
    assert re.search(r"var [\d,.]+ mio\. kr\. i 2014", said)
    assert re.search(r"%\) (mere|mindre) end i 2013", said)
    assert "Mest betød " in said


def test_the_tables_the_workbook_and_the_open_data_hold_the_rows_of_the_queries(
    paper: Path, index: Element, asked: dict[str, Rows]
) -> None:
    book = openpyxl.load_workbook(paper / "medfinansiering.xlsx")
    assert book.sheetnames == ["Forside", *(f.id for f in COFINANCING.figures)]
    for shown in COFINANCING.figures:
        rows, sheet = asked[shown.key], book[shown.id]
        wanted = sorted(v for row in rows for v in numbers_of(row))
        body = section(index, shown.key).one("tbody")
        assert len(list(body.all("tr"))) == len(rows), shown.id
        assert sorted(float(d.attributes["value"]) for d in body.all("data")) == wanted, shown.id
        # Amounts are in kroner there: a cell is a number of the query, or of its øre or thousands.
        cells = [float(c.value) for row in sheet.iter_rows(min_row=6) for c in row if isinstance(c.value, int | float)]
        assert len(cells) == len(wanted), shown.id
        known = {round(v * scale, 2) for v in wanted for scale in (1, 0.01, 1000)}
        assert {round(v, 2) for v in cells} <= known, shown.id
        assert len(sheet._charts) == bool(shown.panels), shown.id
        assert all(len(chart.series) for chart in sheet._charts), shown.id
        with (paper / "data" / f"{shown.id}.iso.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows)
        assert (paper / "figures" / f"{shown.id}.png").exists() == bool(shown.panels), shown.id
    with (paper / "data" / "kmf_indicator.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {r["municipality_code"] for r in csv.DictReader(file, delimiter=";")} > {"ALL", "101", "400"}


def test_every_code_and_column_has_words(paper: Path, index: Element) -> None:
    for table in index.all("table"):
        assert not re.search(r"\b[A-Z]{2,}_[A-Z_]+\b|\bkmf_\w+|\w+_oere\b", table.text), table.attributes
    with (paper / "data" / "ordbog.csv").open(encoding="utf-8-sig", newline="") as file:
        assert all(r["betegnelse"] for r in csv.DictReader(file, delimiter=";") if r["fil"] == "kmf_indicator")


def _pages(pdf: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def test_the_paper_has_at_most_six_pages(paper: Path) -> None:
    assert 1 < _pages(paper / "medfinansiering.pdf") <= MOST_PAGES


def test_it_has_six_pages_also_of_many_years_and_with_every_municipality_shown(release: Path, tmp_path: Path) -> None:
    tables = ("region", "group_region", "age_band_region", "indicator", "completeness", "region_total")
    of_year = "select * replace (cast(year - interval {n} year as date) as year) from marts.kmf_{t} where year = '2013-01-01'"
    older = [f"insert into marts.kmf_{t} {of_year.format(n=n, t=t)}" for t in tables for n in (2, 3, 4)]
    shown = ", ".join(f"{f}_oere = 1234567" for f in ("population", "age", "volume", "base_effect", "rate"))
    full = changed(release, tmp_path / "full", *older, f"update marts.kmf_change set contacts = 2000, qf = '', qf_columns = '', {shown}")
    built = build(full, tmp_path / "reports", date(2015, 4, 1))
    assert built.cofinancing
    assert _pages(built.cofinancing.path / "medfinansiering.pdf") <= MOST_PAGES


@pytest.mark.usefixtures("no_browser")
def test_what_is_withheld_has_its_word_in_sentence_table_chart_and_workbook(release: Path, tmp_path: Path) -> None:
    hidden = ("residents", "citizens", "amount_oere", "amount_per_resident_kr", "age_index")
    small = changed(
        release,
        tmp_path / "small",
        in_2014(
            "kmf_municipality",
            ", ".join(f"{c} = null" for c in hidden) + f", qf = 'c', qf_columns = 'c: {', '.join(hidden)}'",
            "municipality_code = '155'",
        ),
    )
    built = build(small, tmp_path / "reports", date(2015, 4, 1)).cofinancing
    assert built
    text = page((built.path / "index.html").read_text("utf-8"))
    part = section(text, "b1")
    [row] = [tr for tr in part.one("tbody").all("tr") if "Dragør" in tr.text]
    assert [td.text for td in row.all("td")] == ["tilbageholdt"] * 5 + ["tilbageholdt (få personer)"]
    assert "1 af 29 kommuner er tilbageholdt." in part.text
    sheet = openpyxl.load_workbook(built.path / "medfinansiering.xlsx")["B1"]
    [cells] = [[c.value for c in r] for r in sheet.iter_rows(min_row=6) if r[0].value == "Dragør"]
    assert cells[1:6] == ["tilbageholdt"] * 5
    with figure(small, "B1") as told, Engine() as engine:
        [drawing] = charts.draw([told], engine)
    assert drawing is not None
    assert "tilbageholdt" in drawing.wide


@pytest.mark.usefixtures("no_browser")
def test_without_co_financing_there_is_no_paper_of_it_and_the_monthly_report_stands(release: Path, tmp_path: Path) -> None:
    lacking = changed(release, tmp_path / "lacking", *(f"drop table marts.kmf_{t}" for t in MARTS))
    built = build(lacking, tmp_path / "reports", date(2015, 4, 1))
    assert built.cofinancing is None
    assert sorted(p.name for p in (tmp_path / "reports").iterdir() if p.name[0] != ".") == ["2015-04", "index.html", "tilgaengelighed.html"]
    for file in (built.path / "index.html", tmp_path / "reports" / "index.html"):
        assert "medfinansiering-" not in file.read_text("utf-8")


@pytest.mark.usefixtures("no_browser")
def test_without_a_month_to_report_on_the_paper_is_made_and_the_command_says_so(release: Path, tmp_path: Path) -> None:
    empty = changed(release, tmp_path / "empty", "delete from marts.kpi_monthly")
    with pytest.raises(NoMonth, match=r"`--month` makes .* The paper of co-financing is made: .*medfinansiering-2014"):
        build(empty, tmp_path / "reports")
    assert "medfinansiering-2014/index.html" in (tmp_path / "reports" / "index.html").read_text("utf-8")


def test_it_is_of_the_newest_final_year_else_of_the_newest(release: Path, tmp_path: Path) -> None:
    assert newest_year(release) == YEAR
    of_2013 = changed(release, tmp_path / "open", in_2014("kmf_region", "is_provisional = true"))
    assert newest_year(of_2013) == date(2013, 1, 1)
    assert newest_year(changed(release, tmp_path / "all", "update marts.kmf_region set is_provisional = true")) == YEAR
    assert newest_year(changed(release, tmp_path / "none", "delete from marts.kmf_region")) is None


def test_a_change_that_is_not_explained_says_why(release: Path, tmp_path: Path) -> None:
    gone = in_2014("kmf_change", "qf = 'z', population_oere = null"), "delete from marts.kmf_change_region where year = '2014-01-01'"
    frozen = changed(release, tmp_path / "frozen", *gone)
    words = "Ændringen forklares ikke: et af årene er fastfrosset, og beløbene er kommunernes egne budgetter."
    assert sentences(frozen, "B2") == sentences(frozen, "B2b") == words
    assert words in sentences(frozen, "B0")
    first = "Ændringen forklares ikke: der er intet år før at sammenligne med."
    assert sentences(release, "B2", date(2012, 1, 1)) == first
    assert first in sentences(release, "B0", date(2012, 1, 1))
    with figure(release, "B0", date(2012, 1, 1)) as told:
        assert tables.table(told).rows


def test_the_papers_link_to_each_other_and_what_is_frozen_is_kept(release: Path, tmp_path: Path, no_browser: None) -> None:
    built = build(release, tmp_path / "reports", date(2015, 4, 1), freeze=True)
    assert built.cofinancing
    assert built.cofinancing.frozen == tmp_path / "reports" / f"medfinansiering-2014_{built.release}"
    links = {
        file: [a.attributes["href"] for a in page((tmp_path / "reports" / file).read_text("utf-8")).all("a")]
        for file in ("index.html", "2015-04/index.html", "medfinansiering-2014/index.html")
    }
    assert "../medfinansiering-2014/index.html" in links["2015-04/index.html"]
    assert {"../2015-04/index.html", "../index.html"} <= set(links["medfinansiering-2014/index.html"])
    assert {"medfinansiering-2014/index.html", f"medfinansiering-2014_{built.release}/index.html"} <= set(links["index.html"])
    for file, found in links.items():
        for link in found:
            path = link.partition("#")[0]
            assert not path or ((tmp_path / "reports" / file).parent / path).exists(), (file, link)


def test_the_waterfall_ends_at_the_amount_in_both_orders(release: Path) -> None:
    with figure(release, "B2") as told:
        specification = charts.specification(told, "wide")
    assert specification is not None
    for panel, order in zip(specification["vconcat"], (1, -1), strict=True):
        _, steps, ends, labels = (part["data"]["values"] for part in panel["layer"])
        assert steps[0]["from"] == ends[0]["to"]
        assert steps[-1]["to"] == ends[1]["to"]
        assert [s["name"] for s in steps][::order] == ["Befolkningens størrelse", "Alder", "Forbrug", "Tyngde og takst", "Andel og loft"]
        assert all(label["label"][0] in "+−0" for label in labels[1:-1]), "what goes down is told by more than its colour"
