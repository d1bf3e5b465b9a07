"""The monthly report says what its release holds, all of it rounded alike, and nothing else."""

import csv
import hashlib
import re
import shutil
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import openpyxl
import pytest
from frictionless import Package

from assets.pages.csv_files import danish_csv
from assets.releases.database import OlderRelease
from assets.report.build import NoMonth, build
from assets.report.contents import MONTHLY
from assets.report.points import KINDS, MOST
from assets.report_asset import report_asset
from tests.pages import Element, page
from tests.papers import Rows, changed, every_query, numbers, numbers_of, reads_as, section

APRIL = date(2015, 4, 1)
FIGURES = MONTHLY.figures


@pytest.fixture(scope="session")
def report(april_report: Path) -> Path:
    return april_report


@pytest.fixture(scope="session")
def index(report: Path) -> Element:
    return page((report / "index.html").read_text("utf-8"))


@pytest.fixture(scope="session")
def asked(release: Path) -> dict[str, Rows]:
    with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
        kpis = con.execute("select value from marts.kpi_monthly where not is_provisional").fetchall()
    return every_query(release, APRIL) | {"kpis": [{"value": value} for (value,) in kpis]}


def test_every_number_of_the_page_is_one_of_the_release_rounded_half_away_from_zero(index: Element, asked: dict[str, Rows]) -> None:
    seen = 0
    limits = {min(v, 1.0) for v in numbers(asked["finding"])} | {0.0}
    for figure in FIGURES:
        known = numbers(asked[figure.key]) | numbers(asked["finding"]) | numbers(asked["kpis"]) | limits
        for data in section(index, figure.key).all("data"):
            value = float(data.attributes["value"])
            assert value in known, (figure.id, data.attributes["value"], data.text)
            assert reads_as(data.text, value) or reads_as(data.text, abs(value)), (figure.id, data.attributes["value"], data.text)
            seen += 1
    for data in index.one("table", data_table="overblik").all("data"):
        value = float(data.attributes["value"])
        assert value in numbers(asked["finding"]) | numbers(asked["quality_coverage"]), data.text
        assert reads_as(data.text, value) or reads_as(data.text, abs(value)), data.text
        seen += 1
    assert seen > 800


def test_no_number_of_a_sentence_stands_outside_what_can_be_held_against_the_release(index: Element) -> None:
    for sentence in index.all("p", **{"class": "finding"}):
        bare = "".join(c if isinstance(c, str) else "" for s in (sentence, *sentence.all("strong")) for c in s.children)
        assert not re.search(r"\d", bare), sentence.text


def listed(index: Element) -> list[Element]:
    [points_] = index.all("ol", **{"class": "points"})
    return list(points_.all("li"))


def test_the_paper_begins_with_at_most_six_points_each_with_its_figure(index: Element) -> None:
    items = listed(index)
    assert 0 < len(items) <= MOST
    order = [next(place for place, kind in enumerate(KINDS.values()) if item.text.startswith(f"{kind}, ")) for item in items]
    assert order == sorted(order)
    for item in items:
        links = [a.attributes["href"].removeprefix("#") for a in item.all("a")]
        assert links
        assert all(section(index, figure) for figure in links)


def test_every_number_of_the_points_is_one_of_the_release(index: Element, asked: dict[str, Rows]) -> None:
    known = numbers(asked["finding"]) | numbers(asked["c5"]) | numbers(asked["a9"])
    seen = 0
    for item in listed(index):
        for data in item.all("data"):
            value = float(data.attributes["value"])
            assert value in known
            assert reads_as(data.text, value) or reads_as(data.text, abs(value))
            seen += 1
        bare = "".join(c for c in item.children if isinstance(c, str)) + "".join(s.text for s in item.all("strong"))
        assert not re.search(r"\d", bare), item.text
    assert seen > 10


def test_in_the_example_region_the_points_are_those_a_committee_must_know(index: Element) -> None:
    said = [item.text.replace("\N{NO-BREAK SPACE}", " ") for item in listed(index)]
    assert any("4 af 10 systemer nåede ikke deres mål for svartider i april 2015" in s for s in said)
    assert any("var 74,1 % i april 2015. Målet på mindst 80 % er ikke nået." in s for s in said)
    [fallen] = [s for s in said if "er faldet hver måned fra november 2014" in s]
    assert fallen.startswith(KINDS["COURSE"])
    assert "Retten gælder henvisninger modtaget fra 1. september 2014." in fallen
    assert fallen.count("Så få måneder kan ikke afgøre") == 1
    assert any(s.startswith(KINDS["CONCERN"]) and "ventende somatiske forløb" in s for s in said)


def test_psychiatry_says_when_its_right_began(index: Element) -> None:
    said = section(index, "a9").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Retten gælder henvisninger modtaget fra 1. september 2014." in said
    assert "afsluttet i november 2014, kan derfor højst have varet 90 dage" in said


def test_nothing_is_called_better_or_worse_by_two_months(index: Element) -> None:
    text = index.text.lower()
    assert not re.search(r"\b(bedre|dårligere|naturligt leje|naturlige leje)\b", text)
    table = index.one("table", data_table="overblik")
    variation = [row[4] for tr in table.all("tr") if len(row := [c.text for c in tr.all("th", "td")]) == 8][1:]
    assert {v.split(" (")[0].split(" ")[-1] for v in variation if v.startswith("For få")} == {"måneder"}
    assert any("Bekymrende" in v for v in variation)


def test_every_column_is_called_something(index: Element) -> None:
    heads = {th.text for table in index.all("table") for head in table.all("thead") for th in head.all("th")}
    assert {h for h in heads if "_" in h} == set()


def test_the_tables_have_every_row_of_their_query(index: Element, asked: dict[str, Rows]) -> None:
    for figure in FIGURES:
        if figure.pivot:
            continue
        rows = list(section(index, figure.key).one("tbody").all("tr"))
        assert len(rows) == len(asked[figure.key]), figure.id
        shown = sum(len(numbers_of(row)) for row in asked[figure.key])
        assert len(list(section(index, figure.key).one("tbody").all("data"))) == shown, figure.id


def test_the_workbook_holds_the_numbers_of_the_queries_and_a_chart_for_each_figure(report: Path, asked: dict[str, Rows]) -> None:
    book = openpyxl.load_workbook(report / "ventetal.xlsx")
    assert book.sheetnames == ["Forside", *(f.id for f in FIGURES)]
    for figure in FIGURES:
        sheet, rows = book[figure.id], asked[figure.key]
        found = [c.value for row in sheet.iter_rows(min_row=6) for c in row if isinstance(c.value, int | float)]
        assert {float(v) for v in found} <= numbers(rows), figure.id
        if not figure.pivot:
            assert sorted(map(float, found)) == sorted(v for row in rows for v in numbers_of(row)), figure.id
        assert sheet.freeze_panes == "B6"
        assert len(sheet._charts) == bool(figure.panels), figure.id
        assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)
        for row in sheet.iter_rows(min_row=6):
            for cell in row:
                is_ratio = sheet.cell(5, cell.column).value == "Flow"
                if isinstance(cell.value, float) and 0 < abs(cell.value) < 1 and not is_ratio:
                    assert cell.number_format.startswith(("0.0%", "0.00%")), (figure.id, cell.coordinate)


def test_the_open_data_are_the_rows_of_the_queries_in_both_notations_with_their_checksums(report: Path, asked: dict[str, Rows]) -> None:
    folder = report / "data"
    for figure in FIGURES:
        rows = [{c: v for c, v in r.items() if c[0] != "_"} for r in asked[figure.key]]
        with (folder / f"{figure.id}.iso.csv").open(encoding="utf-8", newline="") as file:
            iso = list(csv.DictReader(file))
        with (folder / f"{figure.id}.csv").open(encoding="utf-8-sig", newline="") as file:
            danish = list(csv.DictReader(file, delimiter=";"))
        assert len(iso) == len(danish) == len(rows)
        for wanted, found, said in zip(rows, iso, danish, strict=True):
            for column, value in wanted.items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    assert float(found[column]) == float(value) == float(said[column].replace(",", ".")), (figure.id, column)
                elif value is None:
                    assert found[column] == said[column] == ""
                elif isinstance(value, date):
                    assert (found[column], said[column]) == (value.isoformat(), f"{value:%d-%m-%Y}")
    assert (folder / "A1.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    with (folder / "ordbog.csv").open(encoding="utf-8-sig", newline="") as file:
        described = {(r["fil"], r["kolonne"]) for r in csv.DictReader(file, delimiter=";")}
    assert {("A7", "within_limit_share"), ("C5", "compliance_share"), ("kpi_monthly", "value")} <= described


def test_the_data_package_reads_both_notations_alike(report: Path) -> None:
    package = Package(str(report / "data" / "datapackage.json"))
    checked = package.validate()
    assert checked.valid, checked.flatten(["title", "fieldName", "message"])
    named = {f"{r.name}.csv" for r in package.resources} | {"ordbog.csv", "datapackage.json", "SHA256SUMS"}
    assert {n.lower() for n in named} == {p.name.lower() for p in (report / "data").iterdir()} | {"sha256sums"}
    for figure in FIGURES:
        danish, iso = ([r.to_dict() for r in package.get_resource(f"{figure.key}{suffix}").read_rows()] for suffix in ("", ".iso"))
        assert danish == iso != []
        assert package.get_resource(figure.key).title == f"{figure.id} {figure.title}"
        assert package.get_resource(figure.key).custom["sector"]
    assert package.get_resource("a1").custom["temporal"]["end"] == "2015-03-31"
    assert "Ikke oplyst: licens, kontakt" in package.description


def test_what_is_withheld_has_a_word_and_no_number_anywhere(report: Path, index: Element, release: Path) -> None:
    """The report is made from the release alone, and of a withheld cell the release has nothing to show."""
    with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
        withheld = con.execute("select sum(cells) from meta.suppression").fetchall()[0][0]
        hospitals = con.execute(
            "select distinct hospital_name from marts.redirection_by_hospital"
            " where treatments is null and month between '2015-01-01' and '2015-03-01'"
        ).fetchall()
    assert withheld > 0
    rows = {r[0].text: [c.text for c in r[1:]] for tr in section(index, "a5").one("tbody").all("tr") if (r := list(tr.all("th", "td")))}
    sheet = openpyxl.load_workbook(report / "ventetal.xlsx")["A5"]
    cells = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=6)}
    for (name,) in hospitals:
        assert rows[name][0] == cells[name] == "tilbageholdt"
        assert not re.search(rf'"name":\s*"{re.escape(name)}","value":\s*[1-9]', (report / "index.html").read_text("utf-8"))


def test_the_same_release_gives_the_same_report_wherever_it_lies(report: Path, release: Path, tmp_path: Path) -> None:
    shutil.copytree(release, tmp_path / release.name)
    again = build(tmp_path / release.name, tmp_path / "reports", APRIL).path
    first = {p.relative_to(report): p.read_bytes() for p in report.rglob("*") if p.is_file()}
    second = {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()}
    assert set(first) == set(second)
    for name, content in first.items():
        assert content == second[name], name


@pytest.mark.usefixtures("no_browser")
def test_a_domain_that_was_never_published_leaves_its_section_to_say_so(release: Path, tmp_path: Path) -> None:
    lacking = changed(
        release,
        tmp_path / "lacking",
        *(f"drop table marts.{t}" for t in ("udredning_monthly", "udredning_open_monthly", "completeness_monthly")),
        "delete from marts.kpi_monthly where indicator like 'udredning%'",
    )
    built = build(lacking, tmp_path / "reports", APRIL)
    assert built.empty == ["A7", "A8", "A9", "A10"]
    text = page((built.path / "index.html").read_text("utf-8"))
    said = [li.text for li in text.all("li") if li.attributes.get("id") == "a7"]
    assert said[0].endswith("Udgivelsen indeholder ikke tallene: marts.udredning_monthly er endnu ikke offentliggjort.")
    assert section(text, "a1")
    assert not (built.path / "data" / "A7.csv").exists()


@pytest.mark.usefixtures("no_browser")
def test_one_month_is_told_without_a_course_and_nothing_is_told_of_nothing(release: Path, tmp_path: Path) -> None:
    single = changed(
        release,
        tmp_path / "single",
        "delete from marts.response_time_monthly where month <> '2015-04-01'",
        "delete from marts.kpi_monthly where month <> '2015-04-01'",
    )
    built = build(single, tmp_path / "reports")
    assert built.period == "2015-04"
    empty = changed(release, tmp_path / "empty", *(f"delete from marts.{t}" for t in ("kpi_monthly", "response_time_monthly")))
    with pytest.raises(NoMonth):
        build(empty, tmp_path / "reports")
    nothing = build(empty, tmp_path / "reports", date(2013, 1, 1))
    assert len(nothing.empty) == len(FIGURES) - 1, "the list of critical systems needs no month"
    text = page((nothing.path / "index.html").read_text("utf-8"))
    assert "Udgivelsen har ingen endelige tal til og med januar 2013." in text.text


@pytest.mark.usefixtures("no_browser")
def test_a_release_of_an_earlier_version_says_what_makes_one_that_can_be_read(release: Path, tmp_path: Path) -> None:
    older = changed(release, tmp_path / "of-before", "alter table marts.redirection_monthly drop column qf_columns")
    with pytest.raises(OlderRelease, match=r"Release 2\S+ was made by another version .* `ventetal run` makes one"):
        build(older, tmp_path / "reports", APRIL)
    assert not (tmp_path / "reports" / "2015-04").exists()


def test_a_domain_that_is_held_is_told_before_anything_else(release: Path, tmp_path: Path, no_browser: None) -> None:
    nothing = (f"delete from marts.{t}" for t in ("kpi_monthly", "response_time_monthly"))
    held = changed(release, tmp_path / "held", *nothing, "update meta.domain_status set status = 'held' where domain = 'response_time'")
    text = page((build(held, tmp_path / "reports", date(2013, 1, 1)).path / "index.html").read_text("utf-8")).text
    told, first = (
        "Kritiske it-systemer: de nyeste tal er ikke godkendt, fordi en kontrol fejler. Alt herom er de seneste",
        "Udgivelsen har ingen",
    )
    assert told in text
    assert text.index(told) < text.index(first)
    assert text.count("de nyeste tal er ikke godkendt") == 1


def test_the_asset_makes_the_report_of_its_month_as_the_command_does(region: Path, report: Path, tmp_path: Path, no_browser: None) -> None:
    """What the UI's "Materialize" of a partition does: the same files but for the PDF, which it says is not there."""
    data = tmp_path / "data"
    shutil.copytree(region / "releases", data / "releases", symlinks=True)
    done = dg.materialize([report_asset(data)], partition_key="2015-04")
    (made,) = done.asset_materializations_for_node("report")
    assert made.partition == "2015-04"
    assert "Chromium" in str(made.metadata["pdf"].value)
    assert made.metadata["figures"].value == len(FIGURES)
    for name in ("kvalitet.html", "data/SHA256SUMS", "data/kpi_monthly.csv"):
        assert (data / "reports/2015-04" / name).read_bytes() == (report / name).read_bytes()


def test_the_asset_without_a_release_says_so(tmp_path: Path) -> None:
    done = dg.materialize([report_asset(tmp_path)], partition_key="2015-04", raise_on_error=False)
    (failure,) = done.get_step_failure_events()
    assert "no release to report on yet" in failure.event_specific_data.error_display_string  # type: ignore[union-attr]


def test_a_frozen_report_stays_as_it_was_sent(release: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    first = build(release, reports, APRIL, freeze=True)
    assert first.frozen is not None
    kept = {p: p.read_bytes() for p in first.frozen.rglob("*") if p.is_file()}
    assert not any(p.stat().st_mode & 0o222 for p in kept)
    corrected = changed(
        release,
        tmp_path / "corrected",
        "update marts.kpi_monthly set value = 2600 where indicator = 'redirected_treatments' and month = '2015-03-01'",
        "update meta.release set release_id = '20150701-corrected', as_of = '2015-07-01'",
    )
    second = build(corrected, reports, APRIL, freeze=True)
    again = build(release, reports, APRIL, freeze=True)
    assert (again.was_frozen, again.frozen) == (True, first.frozen)
    assert {p: p.read_bytes() for p in first.frozen.rglob("*") if p.is_file()} == kept
    told = page((second.frozen / "kvalitet.html").read_text("utf-8")) if second.frozen else Element("", {})
    [row] = [r.text for r in told.all("tr") if "2.532" in r.text and "2.600" in r.text]
    assert "mar 2015" in row
    links = [a.attributes["href"] for a in page((reports / "index.html").read_text("utf-8")).all("a") if "corrected" not in a.text]
    assert f"{first.frozen.name}/index.html" in links
    for file in (reports / "index.html", first.path / "index.html", first.path / "kvalitet.html"):
        for link in page(file.read_text("utf-8")).all("a"):
            path, _, anchor = link.attributes["href"].partition("#")
            there = file.parent / path if path else file
            assert there.exists(), (file.name, link.attributes["href"])
            assert not anchor or f'id="{anchor}"' in there.read_text("utf-8"), (file.name, link.attributes["href"])


@pytest.mark.usefixtures("no_browser")
def test_a_text_that_looks_like_a_formula_stays_a_text(release: Path, tmp_path: Path) -> None:
    attack = changed(
        release,
        tmp_path / "attack",
        "update marts.project_status set project_name = '=HYPERLINK(\"http://x\")' where project_no = 1",
        "update marts.project_status set project_name = '<script>alert(1)</script>' where project_no = 2",
    )
    built = build(attack, tmp_path / "reports", APRIL)
    sheet = openpyxl.load_workbook(built.path / "ventetal.xlsx")["C8"]
    cells = [c for row in sheet.iter_rows() for c in row if "HYPERLINK" in str(c.value)]
    assert [(c.data_type, c.quotePrefix) for c in cells] == [("s", True)]
    text = (built.path / "index.html").read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert b"'=HYPERLINK" in (built.path / "data" / "C8.csv").read_bytes()
    assert danish_csv(["a"], [["-1+2"], [-1.5]]) == b"\xef\xbb\xbfa\r\n'-1+2\r\n-1,5\r\n"
