"""The catalogue of a release: every number on its pages and in its files is one of the release, and every link leads somewhere."""

import csv
import html
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.catalog.declared import MARTS, Catalog, Table
from assets.catalog.questions import questions
from assets.catalog.statements import QF_COLUMNS, reads
from assets.catalogue.build import build
from assets.lake.files import Lake
from assets.lake.lock import alone
from assets.releases.database import DATABASE
from sources.errors import Locked
from sources.settings import PROJECT
from sources.tree import Tree
from tests.clients.asked import QUESTIONS, sql_of
from tests.conftest import ventetal
from tests.papers import changed, reads_as
from tests.toy import Toy

MOST_BYTES = 5_000_000
HOSTILE = "<img src=x onerror=alert(1)>"
Words = dict[tuple[str, str], str]
Value = str | float | bool | date | None


@pytest.fixture(scope="module")
def con(release: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The release, of which a copy is open: two connections to one file share their settings. Ties come in the order of the pages'."""
    copy = shutil.copyfile(release / DATABASE, tmp_path_factory.mktemp("copy") / DATABASE)
    return duckdb.connect(str(copy), read_only=True, config={"threads": 1})


def marts(catalog: Catalog) -> list[Table]:
    return [t for t in catalog.computed if t.layer == MARTS]


def rows_of(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns of a mart, and its rows in the order of the page: the newest first, then by the rest of the key."""
    periods = [k for k in table.contract.key if k in ("month", "quarter", "year")]
    order = ", ".join([*(f"{k} desc" for k in periods), *(k for k in table.contract.key if k not in periods)])
    found = con.execute(f"select * from {table.name} order by {order}")
    return [d[0] for d in found.description or []], found.fetchall()


def cells_of(page: str) -> list[list[str]]:
    """The rows of the table of rows, cell by cell."""
    [body] = re.findall(r'<table class="rows.*?<tbody>\n(.*?)\n</tbody>', page, re.DOTALL)
    return [line.split("<td>")[1:] for line in body.split("\n")]


@pytest.fixture(scope="module")
def words(con: duckdb.DuckDBPyConnection) -> Words:
    """The Danish word for each code of a column."""
    called = "select 'indicator', indicator, label from reference.kpi where subject in ('*', 'ALL')"
    found = con.execute(f"{called} union all select column_name, code, label from reference.code_label").fetchall()
    return {(column, code): label for column, code, label in found}


def called(column: str, value: str, beside: list[str], words: Words) -> str:
    """What a code is called beside columns; itself where one of them is its name, letter by letter for qualifiers."""
    if f"{column.removesuffix('_code').removesuffix('_id')}_name" in beside:
        return value
    return "; ".join(words[column, letter] for letter in value) if column == "qf" else words.get((column, value), value)


def says(cell: str, column: str, value: Value, beside: list[str], words: Words) -> bool:
    """Whether a cell of a page says a value, written anew from what a reader is told of the notation."""
    if value is None:
        return bool(re.fullmatch(r"<i>(tilbageholdt|ikke oplyst|ikke relevant|ikke opgjort)</i>|–", cell))
    if isinstance(value, bool):
        return cell == ("ja" if value else "nej")
    if isinstance(value, date):
        if column == "quarter":
            return cell == f"{ {1: 1, 4: 2, 7: 3, 10: 4}[value.month] }. kvartal {value.year}"
        return cell == (f"{value:%Y}" if column == "year" else f"{value:%Y-%m}" if column == "month" else f"{value}")
    if isinstance(value, str):
        return html.unescape(cell) == called(column, value, beside, words)
    return reads_as(cell, float(value))


def test_every_cell_of_every_page_is_the_release_s(con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog, words: Words) -> None:
    seen = 0
    for table in marts(catalog):
        names, rows = rows_of(con, table)
        shown = [i for i, n in enumerate(names) if n != QF_COLUMNS]
        page = (catalogue / f"{table.name}.html").read_text("utf-8")
        cells = cells_of(page)
        assert len(cells) == _on_page(rows), table.name
        assert ("her er de nyeste " in page) == (len(cells) < len(rows))
        for row, line in zip(rows, cells, strict=False):
            wrong = [
                (names[i], row[i], cell) for i, cell in zip(shown, line, strict=True) if not says(cell, names[i], row[i], names, words)
            ]
            assert wrong == [], table.name
            seen += len(line)
    assert seen > 50_000


def _on_page(rows: list[tuple[Any, ...]]) -> int:
    """All up to a thousand; of more, the newest periods whole until there are four hundred."""
    if len(rows) <= 1000:
        return len(rows)
    shown = 0
    for _, of in groupby(rows, key=lambda row: row[0]):
        if shown >= 400:
            break
        shown += len(list(of))
    return shown


def test_the_files_hold_the_rows_of_the_marts_and_nothing_that_is_withheld(
    con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog
) -> None:
    withheld = 0
    for table in marts(catalog):
        names, rows = rows_of(con, table)
        at = catalogue / "data" / table.name
        with duckdb.connect() as own:
            parquet = own.execute(f"select * from '{at}.parquet'")
            assert [d[0] for d in parquet.description or []] == names
            assert sorted(parquet.fetchall(), key=repr) == sorted(rows, key=repr), table.name
        with Path(f"{at}.iso.csv").open(encoding="utf-8", newline="") as file:
            iso = list(csv.DictReader(file))
        assert len(iso) == len(rows)
        for row, line in zip(rows, iso, strict=True):
            for name, value in zip(names, row, strict=True):
                assert _iso(line[name], value), (table.name, name, value, line[name])
            for part in (line.get(QF_COLUMNS) or "").split("; "):
                letter, _, columns = part.partition(": ")
                for column in columns.split(", ") if letter == "c" else ():
                    withheld += 1
                    assert line[column] == ""
    assert withheld > 100


def _iso(text: str, value: Value) -> bool:
    if value is None:
        return text == ""
    if isinstance(value, bool):
        return text == str(value).lower()
    return text == str(value) if isinstance(value, str | date) else float(text) == pytest.approx(float(value), abs=1e-9)


def test_a_spreadsheet_adds_up_a_danish_file_as_the_release_does(con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog) -> None:
    added = 0
    for table in marts(catalog):
        with (catalogue / "data" / f"{table.name}.csv").open(encoding="utf-8-sig", newline="") as file:
            heads, *lines = csv.reader(file, delimiter=";")
        there = [d[0] for d in con.execute(f"select * from {table.name} limit 0").description or []]
        assert len(set(heads)) == len(heads) == len(there)
        views = [n for (n,) in con.execute(f"select column_name from (describe main.{table.contract.id})").fetchall()]
        assert set(views) - {h for h in views if h.endswith(" (kode)")} <= set(heads), "one name in file and view"
        for i, column in enumerate(there):
            if next(c for c in table.contract.columns if c.name == column).aggregate == "sum":
                [(whole,)] = con.execute(f"select coalesce(sum({column}), 0) from {table.name}").fetchall()
                total = sum(float(line[i].replace(",", ".")) for line in lines if line[i])
                assert total == pytest.approx(float(whole)), (table.name, column)
                added += 1
    assert added > 50


CODE = " (kode)"


def test_ten_questions_are_answered_by_sums_in_a_spreadsheet(con: duckdb.DuckDBPyConnection, catalogue: Path, words: Words) -> None:
    """Of the Danish files alone: rows that are not provisional, filtered by what cells say, one column added up."""
    for asked in QUESTIONS:
        view = asked["view"]
        fields = [(head, value, column) for (head, value), column in zip(view["where"].items(), asked["where"], strict=False)]
        wanted = {head.removesuffix(CODE): words[column, value] if head.endswith(CODE) else value for head, value, column in fields}
        with (catalogue / "data" / f"marts.{asked['table']}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [{head: _as_in_base(head, cell) for head, cell in r.items()} for r in csv.DictReader(file, delimiter=";")]
        sums = dict[str, float]()
        for row in rows:
            if row.get("Foreløbig") != "true" and all(row[h] == v for h, v in wanted.items()) and row[view["measure"]]:
                who = row[view["by"].removesuffix(CODE)]
                sums[who] = sums.get(who, 0) + float(row[view["measure"]].replace(",", "."))
        found = [(who, float(total)) for who, total in con.execute(sql_of(asked, "main")).fetchall() if total is not None]
        assert sums
        assert sums == pytest.approx({words[asked["by"], who] if view["by"].endswith(CODE) else who: total for who, total in found})


def _as_in_base(head: str, cell: str) -> str:
    """A day, a year or a yes of a Danish file as the base writes it; any other cell as it is."""
    if head == "År":
        return f"{cell}-01-01"
    return "-".join(reversed(cell.split("-"))) if re.fullmatch(r"\d\d-\d\d-\d{4}", cell) else {"ja": "true", "nej": "false"}.get(cell, cell)


def test_a_danish_file_has_units_in_its_heads_codes_beside_their_names_and_words_for_every_qualifier(catalogue: Path, words: Words) -> None:
    def of(name: str) -> list[dict[str, str]]:
        with (catalogue / "data" / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter="," if ".iso." in name else ";"))

    danish, iso = of("marts.kmf_municipality.csv"), of("marts.kmf_municipality.iso.csv")
    assert {"Medfinansiering (øre)", "Statens opgørelse (øre)", "Medfinansiering pr. borger (kr.)", "Kommune"} <= set(danish[0])
    assert "Median ventetid (besvarede, sekunder)" in of("marts.servicedesk_calls_monthly.csv")[0]
    assert [r["Kommunekode"] for r in danish] == [r["municipality_code"] for r in iso]
    assert "amount_oere" in iso[0]
    assert {"Udskudt i alt (uger)"} <= set(of("marts.project_status.csv")[0])
    marks = {r["qf"]: d["Forbehold"] for d, r in zip(of("marts.kpi_monthly.csv"), of("marts.kpi_monthly.iso.csv"), strict=True)}
    assert {q: m.split("; ") for q, m in marks.items() if q} == {q: [words["qf", x] for x in q] for q in marks if q}
    assert max(map(len, marks)) > 1


def test_a_danish_file_says_of_which_columns_a_qualifier_speaks_where_a_row_has_several(
    con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog, words: Words
) -> None:
    """A single one speaks of all that are empty, so that every empty number has its reason in the file."""
    told = 0
    for table in marts(catalog):
        names, rows = rows_of(con, table)
        if QF_COLUMNS not in names:
            continue
        with (catalogue / "data" / f"{table.name}.csv").open(encoding="utf-8-sig", newline="") as file:
            heads, *lines = csv.reader(file, delimiter=";")
        at = heads.index("Forbehold gælder")
        measures = [i for i, n in enumerate(names) if next(c for c in table.contract.columns if c.name == n).aggregate]
        for row, line in zip(rows, lines, strict=True):
            empty = {heads[i] for i in measures if row[i] is None}
            parts = [part.partition(": ") for part in row[names.index(QF_COLUMNS)].split("; ") if part]
            assert {line[i] for i in measures if heads[i] in empty} <= {""}
            if len(parts) < 2:
                assert (line[at], {heads[names.index(n)] for _, _, of in parts for n in of.split(", ")}) == ("", empty)
                continue
            told += 1
            said = [f"{', '.join(heads[names.index(n)] for n in of.split(', '))} ({words['qf', letter]})" for letter, _, of in parts]
            assert line[at] == "; ".join(said)
    assert told > 5


def test_each_mart_answers_three_questions_of_its_own(
    con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog, words: Words
) -> None:
    asked = []
    for table in marts(catalog):
        page = (catalogue / f"{table.name}.html").read_text("utf-8")
        found = questions(catalog.tree, table)
        assert len(found) == 3, table.name
        for place, question in enumerate(found, 1):
            asked.append(question.ask)
            assert table.name in question.sql
            if any(c.name == "is_provisional" for c in table.contract.columns):
                assert "is_provisional" in question.sql, f"{question.ask} shows what may still change without saying so"
            answer = con.execute(question.sql)
            names, rows = [d[0] for d in answer.description or []], answer.fetchall()
            assert rows, question.ask
            [told] = re.findall(rf'<div id="svar-{place}">(.*?)<pre', page, re.DOTALL)
            lines = [line.split("<td>")[1:] for line in re.findall(r"<tr>(<td>.*)", told)]
            assert len(lines) == min(len(rows), 25), question.ask
            for row, line in zip(rows, lines, strict=False):
                for name, value, cell in zip(names, row, line, strict=True):
                    assert says("–" if value is None else cell, name, value, names, words), (question.ask, name, value, cell)
            assert html.escape(question.sql, quote=False) in page.replace("&#34;", '"').replace("&#39;", "'")
    assert len(set(asked)) > 90


SUM = re.compile(r"\b(?:sum|avg)\(")


def test_no_sum_is_too_low_where_numbers_are_withheld(release: Path, catalog: Catalog) -> None:
    """Of every question that adds up what may be withheld: with each seventh row withheld a number is the same as before, or not there."""
    asked = absent = 0
    with duckdb.connect() as con:
        con.execute(f"attach '{release / DATABASE}' as release (read_only); create schema marts")
        for table in (t for t in marts(catalog) if t.contract.disclosure):
            con.execute(f"create or replace table {table.name} as from release.{table.name}")
            added = [q for q in questions(catalog.tree, table) if SUM.search(q.sql) and set(reads(q.sql, q.ask)) == {table.name}]
            before = [con.execute(q.sql).fetchall() for q in added]
            hidden = ", ".join(f"{c.name} = null" for c in table.contract.columns if c.aggregate)
            con.execute(f"update {table.name} set {hidden} where rowid % 7 = 0")
            for question, was in zip(added, before, strict=True):
                now = con.execute(question.sql).fetchall()
                asked += 1
                absent += sum(None in row for row in now)
                for row in now:
                    same = any(all(new in (None, old) for old, new in zip(w, row, strict=True)) for w in was)
                    assert same, (question.ask, row)
    assert asked >= 6
    assert absent > 20


def test_every_sum_over_what_may_be_withheld_asks_whether_it_is_whole(catalog: Catalog) -> None:
    """Of any mart that protects persons, whichever table's question it is."""
    protected = {t.name for t in marts(catalog) if t.contract.disclosure}
    asked = [q for t in marts(catalog) for q in questions(catalog.tree, t) if SUM.search(q.sql)]
    over = [q for q in asked if not protected.isdisjoint(reads(q.sql, q.ask))]
    assert [q.ask for q in over if "count(*) = count(" not in q.sql] == []
    assert 6 <= len(over) < len(asked)


def test_an_answer_over_withheld_numbers_says_so(con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog) -> None:
    marked = [t.name for t in marts(catalog) if "qf" in {c.name for c in t.contract.columns}]
    found = {name for name in marked if con.execute(f"select 1 from {name} where contains(qf, 'c')").fetchone()}
    told = 0
    for table in marts(catalog):
        page = (catalogue / f"{table.name}.html").read_text("utf-8")
        for place, question in enumerate(questions(catalog.tree, table), 1):
            [answer] = re.findall(rf'<div id="svar-{place}">(.*?)<pre', page, re.DOTALL)
            is_over = re.search(r"\b(?:sum|avg)\(", question.sql) and not found.isdisjoint(reads(question.sql, ""))
            assert ("De er ikke med i summer" in answer) == bool(is_over), question.ask
            told += bool(is_over)
    assert told >= 1


def test_every_page_says_that_the_figures_of_an_invented_region_are_invented(catalogue: Path, catalog: Catalog) -> None:
    assert catalog.tree.region
    said = f"Tallene er opdigtede: {catalog.tree.region.name} findes ikke"
    pages = list(catalogue.glob("*.html"))
    assert len(pages) > 50
    assert [p.name for p in pages if said not in p.read_text("utf-8")] == []


def test_every_link_leads_to_a_place_that_there_is(catalogue: Path) -> None:
    assert links(catalogue) > 4_000


def links(folder: Path) -> int:
    """How many links the pages of a folder have; each leads somewhere below it."""
    ids = {p.name: set(re.findall(r'\bid="([^"]+)"', p.read_text("utf-8"))) for p in folder.glob("*.html")}
    led = 0
    for name in ids:
        text = (folder / name).read_text("utf-8")
        assert not re.search(r'(?:src|href)="(?:https?:|//|/|file:)', text)
        for link in re.findall(r'href="([^"]+)"', text):
            page, _, place = html.unescape(link).partition("#")
            assert (folder / (page or name)).is_file(), (name, link)
            assert not place or place in ids[page or name], (name, link)
            led += 1
    return led


def test_a_column_is_followed_to_the_supplier_s_own(catalogue: Path, catalog: Catalog) -> None:
    """From a mart, link by link, to what a layout calls it."""

    def row_of(page: str, column: str) -> str:
        return re.findall(rf'<tr id="{column}">.*?</tr>', (catalogue / page).read_text("utf-8"), re.DOTALL)[0]

    page, column = "marts.redirection_by_hospital.html", "month"
    steps = []
    while not page.startswith("raw."):
        page, column = re.findall(r'href="([^"#]+)#([^"]+)"', row_of(page, column))[0]
        steps.append(page)
    layouts = {layout.name: layout.columns[column].names for layout in catalog.extracts["redirections"].layouts}
    assert (steps[0], page) == ("core.redirection.html", "raw.redirections.html")
    assert all(f"»{name}«" in html.unescape(row_of(page, column)) for names in layouts.values() for name in names)


def test_checks_stand_with_their_last_result(con: duckdb.DuckDBPyConnection, catalogue: Path) -> None:
    sql = "select table_name, count(*), count(*) filter (passed), list(finding) filter (not passed) from meta.check_result group by all"
    failing = 0
    for table, every, passed, findings in con.execute(sql).fetchall():
        text = html.unescape((catalogue / f"{table}.html").read_text("utf-8"))
        assert f"{passed} af {every} kontroller er overholdt." in text, table
        assert sum(map(int, re.findall(r"✓ overholdt \((\d+)\)", text))) == passed
        failing += len(findings or [])
        assert all(finding in text for finding in findings or [])
    assert failing > 10


def test_what_fails_behind_a_mart_is_told_on_its_page(con: duckdb.DuckDBPyConnection, catalogue: Path, catalog: Catalog) -> None:
    failing = con.execute("select table_name, coalesce(finding, rule) from meta.check_result where not passed").fetchall()
    told = 0
    for table in marts(catalog):
        text = html.unescape((catalogue / f"{table.name}.html").read_text("utf-8"))
        for behind, finding in failing:
            if behind in table.reads:
                assert f'Bygger på <a href="{behind}.html">' in text
                assert finding in text
                told += 1
    assert told > 5
    far = {name for name in catalog.tables["marts.udredning_monthly"].reads if name.startswith("core.")}
    assert far and not any(name.startswith("core.") for name in catalog.tables["marts.kpi_monthly"].reads)
    assert 'Bygger på <a href="core.pathway.html">' in (catalogue / "marts.kpi_monthly.html").read_text("utf-8")


def test_every_mart_says_in_danish_what_a_row_is_and_what_is_to_be_minded(catalogue: Path, catalog: Catalog, words: Words) -> None:
    assert {c for column, c in words if column == "table_row"} == {t.name for t in marts(catalog)}
    for table in marts(catalog):
        text = html.unescape((catalogue / f"{table.name}.html").read_text("utf-8"))
        assert f"<dd>{words['table_row', table.name]}</dd>" in text
        assert f"<p>{words['table_caution', table.name]}</p>" in text
    columns = {c.name for t in marts(catalog) for c in t.contract.columns}
    assert {c for column, c in words if column == "column_meaning"} <= columns
    text = (catalogue / "index.html").read_text("utf-8")
    assert all(said in text for (column, _), said in words.items() if column == "column_meaning")


def test_questions_that_cannot_be_read_cost_their_own_table_alone(region: Path, catalog: Catalog, tmp_path: Path) -> None:
    own = tmp_path / "region"
    (own / "expectations/marts").mkdir(parents=True)
    (own / "region.yaml").write_text("id: real\nname: Region Real\n")
    (own / "expectations/marts/redirection_monthly.questions.yaml").write_text("- {ask: Hvor mange?}\n")
    (own / "expectations/synonyms.yaml").write_text("ventetid: wait\n")
    lake = Lake(region)
    assert lake.current_release
    built = build(lake, replace(catalog, tree=Tree(PROJECT, own)), lake.current_release, tmp_path / "pages")
    assert len(built.faults) == 2
    assert "marts/redirection_monthly.questions.yaml" in built.faults[0]
    assert "sql is missing" in built.faults[0]
    assert "synonyms.yaml" in built.faults[1]
    page = (built.path / "marts.redirection_monthly.html").read_text("utf-8")
    assert "Tabellens spørgsmål kan ikke læses" in page
    assert html.escape(built.faults[0]) in page
    asked = [p.name for p in built.path.glob("marts.*.html") if 'id="svar-3"' in p.read_text("utf-8")]
    assert len(asked) == len(marts(catalog)) - 1


def test_two_who_make_a_catalogue_at_once_wait_for_each_other_and_at_last_are_told(
    region: Path, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(region)
    release, target = lake.current_release, tmp_path / "both"
    assert release
    with ThreadPoolExecutor(2) as both:
        made = list(both.map(lambda _: build(lake, catalog, release, target), range(2)))
    assert [m.path for m in made] == [target, target]
    assert links(target) > 4_000
    monkeypatch.setattr("assets.catalogue.build.PATIENCE", 0)
    with alone(lake.files / "both.lock", "catalogue"), pytest.raises(Locked, match="Another catalogue is being made"):
        build(lake, catalog, release, target)
    assert list(tmp_path.iterdir()) == [target]


def test_the_catalogue_of_the_example_is_small_and_twice_the_same(region: Path, catalogue: Path, catalog: Catalog, tmp_path: Path) -> None:
    lake = Lake(region)
    release = lake.current_release
    assert release
    built = build(lake, catalog, release, tmp_path / "again")
    files = contents(catalogue)
    assert contents(built.path) == files
    assert sum(map(len, files.values())) == built.bytes < MOST_BYTES


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_suppliers_wrote_is_text_and_nothing_else(region: Path, release: Path, catalog: Catalog, tmp_path: Path) -> None:
    """In rows, labels and findings; a held domain says so, and a question whose columns are not there."""
    made = changed(
        release,
        tmp_path,
        f"update marts.redirection_by_hospital set hospital_name = '{HOSTILE}' where hospital_code = 'AMH'",
        "update marts.project_status set status_text = '=cmd()' where project_no = 1",
        f"update reference.code_label set label = '{HOSTILE}' where column_name = 'agreement_type'",
        f"update meta.check_result set passed = false, finding = '{HOSTILE}' where table_name = 'marts.redirection_by_hospital'",
        "update meta.domain_status set status = 'held' where domain = 'redirection'",
        "alter table marts.redirection_monthly drop persons",
    )
    at = build(Lake(region), catalog, made, tmp_path / "catalogue").path
    pages = {p.name: p.read_text("utf-8") for p in at.glob("*.html")}
    assert sum(html.escape(HOSTILE) in text for text in pages.values()) >= 2
    assert not any("<img" in text for text in pages.values())
    assert "Området er tilbageholdt" in pages["marts.redirection_monthly.html"]
    assert "Området er tilbageholdt" in pages["index.html"]
    assert pages["marts.redirection_monthly.html"].count("Udgivelsen har ikke de kolonner") == 1
    assert "'=cmd()" in (at / "data" / "marts.project_status.csv").read_text("utf-8-sig")


def test_what_a_release_changed_is_told_and_a_plain_project_has_a_catalogue(tmp_path: Path) -> None:
    """A project without labels or questions, and a domain that has never been published, over two nights."""
    period = "{mode: replace_period, period: day, unit: month}"
    toy = Toy(tmp_path, stock=period, sales=period)
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a -7")
    toy.night(datetime(2015, 2, 2))
    assert "Der er ingen tidligere udgivelse" in _changes(toy)
    toy.deliver("stock", "stock_2015-01_received-20150301-0600.csv", "a 7, b 2, c 3")
    toy._write("data/reference/known_name.csv", "name\na\nb\n")
    before = toy.lake.current_release
    toy.night(datetime(2015, 3, 2))
    text = re.sub(r"\s*<[^>]+>\s*", " ", _changes(toy))
    assert before
    for said in (
        f"Sammenlignet med udgivelse {before.name}",
        "1 new deliveries in force",
        "stock_total 1 0 1 0",
        "name a number 1 7",
        "reference.known_name name b ny række",
    ):
        assert said in " ".join(text.split()), said
    page = (toy.lake.catalogue / "marts.stock_total.html").read_text("utf-8")
    assert cells_of(page) == [["a", "7", "1"], ["b", "2", "1"], ["c", "3", "1"]]
    assert "spoergsmaal" not in page
    assert "opdigtede" not in page
    assert links(toy.lake.catalogue) > 50
    for path in before.glob("marts/*.parquet"):
        path.chmod(0o640)
        path.write_bytes(b"PAR1")
    assert f"Den tidligere udgivelse {before.name} kan ikke læses" in _changes(toy)
    said = next(toy.lake.files.glob("marts/stock_total/*/version.json"))
    for path in toy.lake.files.glob("marts/stock_total/*/version.json"):
        path.chmod(0o640)
        path.write_text("{ garbled")
    _changes(toy)
    assert said.read_text() == "{ garbled", "who only reads puts nothing away"
    assert not (toy.lake.catalogue / "marts.sales_total.html").exists()
    assert "Endnu ikke offentliggjort" in (toy.lake.catalogue / "index.html").read_text("utf-8")


def _changes(toy: Toy) -> str:
    assert toy.lake.current_release
    build(toy.lake, toy.catalog, toy.lake.current_release, toy.lake.catalogue)
    return (toy.lake.catalogue / "changes.html").read_text("utf-8")


def test_the_command_says_where_the_catalogue_lies_and_another_process_makes_the_same(own_region: Path, catalog: Catalog) -> None:
    done = ventetal(own_region, "catalogue")
    assert (done.returncode, str(own_region / "catalogue" / "index.html") in done.stdout) == (0, True), done.stderr
    made = contents(own_region / "catalogue")
    lake = Lake(own_region)
    assert lake.current_release
    built = build(lake, catalog, lake.current_release, lake.catalogue)
    assert built.release in done.stdout
    assert contents(built.path) == made
    assert [p.name for p in own_region.glob(".catalogue*")] == []


def test_rows_that_a_region_invented_are_named_on_every_page(region: Path, catalog: Catalog, tmp_path: Path) -> None:
    own = tmp_path / "region"
    (own / "data/reference").mkdir(parents=True)
    (own / "region.yaml").write_text("id: real\nname: Region Real\n")
    (own / "data/reference/unit.add.csv").write_text("unit_code,source\nX,invented for a trial\n")
    lake = Lake(region)
    assert lake.current_release
    at = build(lake, replace(catalog, tree=Tree(PROJECT, own)), lake.current_release, tmp_path / "pages").path
    for page in at.glob("*.html"):
        text = page.read_text("utf-8")
        assert "<code>data/reference/unit.add.csv</code>" in text
        assert "Tallene er opdigtede" not in text
