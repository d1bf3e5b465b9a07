"""How the paper writes days, and why a number is not there; what its charts draw, and what draws them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pikepdf
import pytest

from assets.pages import danish
from assets.pages.caveats import why_absent
from assets.report import charts
from assets.report.build import ACCESSIBILITY
from assets.report.contents import MONTHLY
from assets.report.data_package import Publisher, publisher_of
from assets.report.engine import KEPT, Engine, Undrawn
from assets.report.figures import Told, tell
from assets.report.page import accessibility
from assets.report.pdf import Printer, program
from assets.report.reading import Reading
from tests.pages import Element, page
from tests.papers import changed, section

APRIL = date(2015, 4, 1)
# The most pages of the monthly paper.
PAGES = 12


@pytest.fixture(scope="module")
def index(april_report: Path) -> Element:
    return page((april_report / "index.html").read_text("utf-8"))


@pytest.fixture(scope="module")
def quality(april_report: Path) -> Element:
    return page((april_report / "kvalitet.html").read_text("utf-8"))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (date(2015, 6, 1), "1. juni 2015"),
        (datetime(2015, 6, 1), "1. juni 2015"),
        (datetime(2015, 12, 31, 6, 5), "31. december 2015 kl. 6.05"),
        (datetime(2015, 1, 2, 0, 1), "2. januar 2015 kl. 0.01"),
    ],
)
def test_a_day_is_written_as_it_is_read_aloud(moment: date, said: str) -> None:
    assert danish.day(moment) == said


@pytest.mark.parametrize("text", [danish.percent(0.5), danish.quantity(3, "seconds"), danish.difference(0.1, "share")])
def test_a_number_is_never_parted_from_its_unit(text: str) -> None:
    assert " " not in text
    assert "\N{NO-BREAK SPACE}" in text


@pytest.mark.parametrize(
    ("qf", "columns", "said"),
    [
        ("c", "c: a", "tilbageholdt"),
        ("m", "m: a", "ikke oplyst"),
        ("z", "z: a", "ikke relevant"),
        ("", "", "ikke opgjort"),
        ("c", "", "tilbageholdt"),
        ("cz", "c: b; z: a", "ikke relevant"),
        ("cz", "c: a, b; z: d", "tilbageholdt"),
        # What is worked out of other columns is missing as they are.
        ("cz", "c: b; z: d", "tilbageholdt"),
        ("mp", "m: b", "ikke oplyst"),
        ("p", "", "ikke opgjort"),
        (None, None, "ikke opgjort"),
    ],
)
def test_an_empty_cell_says_by_its_letter_why(qf: str | None, columns: str | None, said: str) -> None:
    assert why_absent({"a": None, "qf": qf, "qf_columns": columns}, "a") == said


@pytest.mark.parametrize("sector", ["SOM", "PSY"])
def test_what_is_withheld_of_those_who_wait_is_called_so(index: Element, release: Path, sector: str) -> None:
    """A8 and A10 join two tables, each with letters of its own."""
    figure = {"SOM": "a8", "PSY": "a10"}[sector]
    with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
        hidden = con.execute(
            "select month from marts.udredning_open_monthly join marts.udredning_monthly as ended using (month, sector)"
            " where sector = ? and open_over_limit is null and contains(udredning_open_monthly.qf, 'c')"
            " and not contains(ended.qf, 'c') and not ended.is_provisional",
            [sector],
        ).fetchall()
        both = con.execute(
            "select month from marts.udredning_open_monthly where sector = ? and open_over_limit is null and contains(qf, 'c')", [sector]
        ).fetchall()
    part = section(index, figure)
    place = [th.text for th in part.one("thead").all("th")].index("Ventende over fristen")
    shown = {cells[0].text: cells[place].text for tr in part.one("tbody").all("tr") if (cells := list(tr.all("th", "td")))}
    for (month,) in {*hidden, *both}:
        assert shown.get(danish.short_month(month), "tilbageholdt") == "tilbageholdt"
    assert sector == "SOM" or both


@pytest.mark.usefixtures("no_browser")
def test_the_quality_page_is_danish_and_shows_no_code(quality: Element, release: Path) -> None:
    with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
        codes = con.execute(
            "select extract from meta.receipt union select domain from meta.domain_status union select table_name from meta.suppression"
            " union select split_part(reason, ':', 2) from meta.quarantine_summary union select status from meta.domain_status"
            " union select rule from meta.check_result where not passed"
        ).fetchall()
    text = quality.one("main").text
    shown = {word for (word,) in codes if word and re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text)}
    # Three of them are Danish words as well.
    assert shown <= {"servicedesk", "register", "udredning"}
    assert not re.search(r"\b(seed|rule|warning|published|primary|secondary)\b", text)


@contextmanager
def told(release: Path, figure: str) -> Iterator[Told]:
    with Reading(release, APRIL) as reading:
        yield tell(next(f for f in MONTHLY.figures if f.id == figure), reading)


def specified(release: Path, figure: str) -> dict[str, Any]:
    with told(release, figure) as drawn:
        spec = charts.specification(drawn, "wide")
    assert spec
    return spec


def layers(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    return [part for panel in spec["vconcat"] for part in panel["layer"] if part["mark"]["type"] == mark]


def test_limits_are_drawn_where_there_are_months_enough_and_not_where_there_are_too_few(release: Path) -> None:
    enough, too_few = (specified(release, figure) for figure in ("A1", "C1"))
    [band] = layers(enough, "rect")
    assert band["data"]["values"][0]["low"] < band["data"]["values"][0]["high"]
    assert layers(too_few, "rect") == []


@pytest.mark.parametrize("figure", ["A1", "A7", "A8", "C1", "C2", "C3", "C6", "C7"])
def test_an_axis_that_does_not_begin_at_nothing_says_so(release: Path, figure: str) -> None:
    spec = specified(release, figure)
    for panel in spec["vconcat"]:
        scales = [part["encoding"]["y"]["scale"] for part in panel["layer"] if "scale" in part["encoding"].get("y", {})]
        is_cut = any(scale.get("domain", [0])[0] > 0 for scale in scales)
        assert ("aksen begynder ikke ved 0" in json.dumps(panel["title"], ensure_ascii=False)) is is_cut


def test_the_heat_table_has_each_month_of_each_system_and_a_sign_where_the_target_is_missed(release: Path) -> None:
    with told(release, "C5") as drawn:
        rows = drawn.rows
    [fields] = layers(specified(release, "C5"), "rect")
    values = fields["data"]["values"]
    assert len(values) == len(rows)
    missed = [r for r in rows if r["target_met"] is False]
    assert sum("▼" in v["label"] for v in values) == len(missed) == sum(v["third"] is not None for v in values)
    assert {v["third"] for v in values} == {None, 1, 2, 3}
    far = max(missed, key=lambda r: r["sla_target"] - r["compliance_share"])
    near = min(missed, key=lambda r: r["sla_target"] - r["compliance_share"])
    assert (far["_third_below"], near["_third_below"]) == (3, 1)


@pytest.mark.usefixtures("no_browser")
@pytest.mark.parametrize(("share", "reads"), [("0.99800001", "99,80"), ("0.998", "99,80"), ("0.99799999", "99,799999")])
def test_a_number_has_more_decimals_only_where_it_would_read_as_a_target_it_misses(
    release: Path, tmp_path: Path, share: str, reads: str
) -> None:
    where = "where system_id = 'LABKA2' and month = '2015-04-01'"
    near = changed(
        release,
        tmp_path / "near",
        f"update marts.response_time_monthly set compliance_share = {share}, target_met = {share} >= sla_target {where}",
    )
    spec = specified(near, "C5")
    [labels] = [v["label"] for v in layers(spec, "rect")[0]["data"]["values"] if v["name"].startswith("Labka") and v["month"] == 7]
    assert labels.split(" ")[0] == reads


def test_what_is_left_over_is_drawn_lighter_than_what_has_a_name(release: Path) -> None:
    spec = specified(release, "A6")
    [bars] = layers(spec, "bar")
    assert [(v["name"], v["rest"]) for v in bars["data"]["values"] if v["rest"]] == [("Øvrige", True)]


def test_a_note_stands_at_its_months_below_its_figure_with_who_says_it(index: Element, release: Path, tmp_path: Path) -> None:
    assert "c marts 2015 til april 2015: Mange henvendelser, mens servicedesken var underbemandet" in section(index, "c1").text
    noted = changed(
        release,
        tmp_path / "noted",
        "delete from reference.annotation",
        "insert into reference.annotation values"
        " ('mean_wait', 'CIMT', '2014-12-15', '2015-01-02', 'Over nytår.', 'Ann', 'x'),"
        " ('calls_abandoned', 'CIMT', '2014-12-15', '2015-01-02', 'Over nytår.', 'Ann', 'x'),"
        " ('mean_wait', 'KLINISK', '2015-01-01', '2015-01-31', 'Et andet sted.', 'Bo', 'x'),"
        " ('mean_wait', 'CIMT', '2014-01-01', '2014-07-31', 'Før tallene.', 'Bo', 'x'),"
        " ('mean_wait', 'CIMT', '2015-05-01', '2015-05-31', 'Efter rapporten.', 'Bo', 'x')",
    )
    with told(noted, "C1") as drawn:
        [note] = drawn.notes
    assert (note.letter, note.text, note.author) == ("a", "Over nytår.", "Ann")
    marks = [
        [v["month"] for part in panel["layer"] for v in part["data"]["values"] if "letter" in v and part["mark"]["type"] == "text"]
        for panel in specified(noted, "C1")["vconcat"]
    ]
    assert marks == [[], ["2014-12-01", "2015-01-01"], ["2014-12-01", "2015-01-01"]]


def test_a_release_from_before_there_were_notes_has_none(release: Path, tmp_path: Path) -> None:
    with told(changed(release, tmp_path / "before", "drop table reference.annotation"), "C1") as drawn:
        assert drawn.notes == []
        assert drawn.rows


def test_a_month_of_which_a_part_is_withheld_is_no_whole_column(release: Path) -> None:
    with told(release, "A10") as drawn:
        lacking = {f"{r['month']:%Y-%m-%d}" for r in drawn.rows if r["over_limit"] is None or r["within_limit_gross"] is None}
        whole = {f"{r['month']:%Y-%m-%d}" for r in drawn.rows} - lacking
    assert lacking
    [columns] = layers(specified(release, "A10"), "bar")
    assert {v["month"] for v in columns["data"]["values"]} == whole


def test_sections_end_with_their_last_final_month(index: Element, release: Path) -> None:
    for figure in MONTHLY.figures:
        with told(release, figure.id) as drawn:
            rows = [r for r in drawn.rows if "month" in r]
        assert not rows or not rows[-1].get("is_provisional"), figure.id


def test_a_chart_the_engine_refuses_is_an_error_and_the_next_is_drawn() -> None:
    point = {"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a", "type": "quantitative"}}}
    with Engine() as engine:
        with pytest.raises(Undrawn):
            engine.svg({"mark": {"no": "mark"}}).result()
        first, second = engine.svg(point), engine.svg(point)
        assert first.result() == second.result()
        assert engine.png(first.result()).result().startswith("iVBOR")


def test_an_engine_that_ended_is_an_error() -> None:
    with Engine() as engine:
        engine.svg({"mark": "point", "data": {"values": []}}).result()
        assert engine._process
        engine._process.kill()
        engine._process.wait()
        with pytest.raises(Undrawn, match="ended"):
            engine.svg({"mark": "rule", "data": {"values": []}}).result()


def test_a_chart_that_is_the_same_is_drawn_once_and_one_that_is_damaged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, point, rule = tmp_path / KEPT, {"mark": "point", "data": {"values": []}}, {"mark": "point", "data": {"values": []}, "width": 99}
    with Engine(kept) as engine:
        drawn = engine.svg(point).result()
    whole = kept.read_text("utf-8")
    with Engine(kept) as engine:
        assert engine.svg(point).result() == drawn
        assert engine._process is None
        engine.svg(rule).result()
    # What no paper asks for any more is left out.
    with Engine(kept) as engine:
        engine.svg(point).result()
    assert kept.read_text("utf-8") == whole
    for damaged in (whole.replace("<svg", "<svG"), whole[:-9], "[]", ""):
        kept.write_text(damaged, "utf-8")
        with Engine(kept) as engine:
            assert engine.svg(point).result() == drawn
            assert engine._process
    monkeypatch.setattr("assets.report.engine.version", lambda _: "0.0.1")
    with Engine(kept) as engine:
        engine.svg(point).result()
        assert engine._process


def test_what_broke_off_keeps_no_charts(tmp_path: Path) -> None:
    def breaks_off() -> None:
        with Engine(tmp_path / KEPT) as engine:
            engine.svg({"mark": "point", "data": {"values": []}}).result()
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        breaks_off()
    assert list(tmp_path.iterdir()) == []


def test_a_page_printed_after_another_is_the_same_as_alone_and_one_that_is_not_printed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program() is None:
        pytest.skip("Chromium is not installed.")
    made, texts = datetime(2015, 6, 1, 4, 5), ("<h1>Et</h1><p>a", "<h1>To</h1><p>b")
    for text in texts:
        with Printer() as printer:
            assert printer.write(tmp_path / f"{text[4:6]}.pdf", text, made) == ""
    with Printer() as printer:
        for text in texts:
            assert printer.write(tmp_path / "next.pdf", text, made) == ""
            assert (tmp_path / "next.pdf").read_bytes() == (tmp_path / f"{text[4:6]}.pdf").read_bytes()
    browser = tmp_path / "browser"
    monkeypatch.setattr("assets.report.pdf.program", lambda: str(browser))
    monkeypatch.setattr("assets.report.pdf.SECONDS", 1)
    for script, said in (("exit 1", "Chromium kunne ikke skrive"), ("sleep 5", "Chromium blev ikke færdig")):
        browser.write_text(f"#!/bin/sh\n{script}\n")
        browser.chmod(0o755)
        with Printer() as printer:
            assert printer.write(tmp_path / "none.pdf", texts[0], made).startswith(said)
    assert not (tmp_path / "none.pdf").exists()


def test_the_paper_has_few_pages_and_none_of_a_few_lines(april_report: Path) -> None:
    if program() is None:
        pytest.skip("Chromium is not installed.")
    with pikepdf.open(april_report / "ventetal.pdf") as paper:
        assert len(paper.pages) <= PAGES


def test_whom_to_tell_what_cannot_be_read_stands_where_the_papers_lie(april_report: Path, tmp_path: Path) -> None:
    said = (april_report.parent / ACCESSIBILITY).read_text("utf-8")
    assert "Det er endnu ikke oplyst, hvem man kan skrive til." in said
    assert ACCESSIBILITY in (april_report.parent / "index.html").read_text("utf-8")
    assert f"../{ACCESSIBILITY}" in (april_report / "index.html").read_text("utf-8")
    assert publisher_of(tmp_path) == Publisher("", None, False), "an earlier release names nobody"
    publisher, contact = (
        {"title": "Region Nord", "role": "publisher"},
        {"title": "Data <b>", "email": "data@nord.example", "role": "contact"},
    )
    (tmp_path / "datapackage.json").write_text(json.dumps({"contributors": [publisher, contact]}))
    assert publisher_of(tmp_path) == Publisher("Region Nord", contact, False)
    assert 'Skriv til Data &lt;b&gt;, <a href="mailto:data@nord.example">' in accessibility(contact)


def test_who_hears_the_paper_read_finds_its_way(april_report: Path) -> None:
    """Language, title, headings as bookmarks, cells under their heads, and words for whatever is drawn (EN 301 549, 10)."""
    if program() is None:
        pytest.skip("Chromium is not installed.")
    with pikepdf.open(april_report / "ventetal.pdf") as paper:
        assert (str(paper.Root.Lang), bool(paper.Root.MarkInfo.Marked)) == ("da", True)
        assert str(paper.docinfo["/Title"]) == "Månedsrapport april 2015"
        with paper.open_outline() as outline:
            [title] = outline.root
            headings = {str(item.title) for item in title.children}
            figures = [str(item.title).split()[0] for section in title.children for item in section.children]
        assert {"Det vigtigste", "Udredningsret", "Data og metode"} <= headings
        assert figures == [f.id for f in MONTHLY.figures]
        tags = list(_tags(paper.Root.StructTreeRoot))
        drawn = [tag for tag in tags if tag.S == "/Figure"]
        assert len(drawn) >= 10
        assert all(str(tag.get("/Alt", "")) for tag in drawn)
        assert {str(tag.S) for tag in tags} >= {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Caption"}


def _tags(element: Any) -> Iterator[Any]:
    if isinstance(element, pikepdf.Array):
        for part in element:
            yield from _tags(part)
    elif isinstance(element, pikepdf.Dictionary):
        if "/S" in element:
            yield element
        yield from _tags(element.get("/K"))


def test_the_release_is_named_at_the_head_in_the_method_and_at_the_foot_alone(index: Element) -> None:
    [about] = [b.text for p in index.one("header").all("p", **{"class": "meta"}) for b in p.all("b")]
    assert index.text.count(about) == 3
