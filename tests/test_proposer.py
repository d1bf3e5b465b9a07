"""A first layout for a file nobody knows: what it finds by names and by values, what it leaves open, and that it never invents."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from sources.contract import Contract
from sources.documents import ContractError
from sources.duck import connect
from sources.layout import Extract, Layout, load_layout
from sources.matching import OPEN
from sources.parse import Delivery
from sources.proposer.choose import is_asked
from sources.proposer.layout_yaml import propose
from sources.proposer.sample import MARKERS, sample
from sources.proposer.trial import proposal
from sources.proposer.values import fit
from sources.reasons import Refused
from sources.settings import PROJECT

KEY = b"k" * 32
Proposed = Callable[..., dict[str, Any]]


@pytest.fixture
def proposed(catalog: Catalog, tmp_path: Path) -> Proposed:
    """The proposal for a text, as YAML says it; it always loads as a layout of its extract."""

    def make(text: str, name: str = "unknown.csv", of: str = "") -> dict[str, Any]:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        found = propose(file, name, [catalog.extracts[of]] if of else list(catalog.extracts.values()))
        (tmp_path / "proposed.yaml").write_text(found.text, "utf-8")
        load_layout(tmp_path / "proposed.yaml", found.extract.contract)
        return {"extract": found.extract.name, "text": found.text, "month": found.month, **yaml.safe_load(found.text)}

    return make


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_pairs_of_key_and_value_above_the_table_are_not_its_header(proposed: Proposed) -> None:
    found = proposed(
        rows("Rapport;Udtræk", "Periode:;marts 2024", ";", "Fagsystem;Målt %;Krav", "Orbit;97,5 %;98,0 %", "Labka;91,2 %;98,0 %"),
        of="response_time_compliance",
    )
    assert found["header"] == ["Fagsystem", "Målt %", "Krav"]
    assert "below line 4" in found["text"]


# Who changed it, under the name of when.
CASES = rows(
    "Sagsnr.;updated_at;Ændret;status;Oprettet;Servicedesk",
    *(
        f"C{n:04};{'ABCDEFGHIJ'[n % 10]}rne And;2{n % 9}-03-2024 10:1{n % 10};1{n % 9}-03-2024;1{n % 9}-03-2024 09:00;CIMT Servicedesk"
        for n in range(30)
    ),
)


def test_a_name_that_its_values_deny_is_not_believed(proposed: Proposed) -> None:
    found = proposed(CASES, of="servicedesk_cases")
    assert found["columns"]["case_id"] == "Sagsnr."
    assert found["columns"]["updated_at"] == {"from": "Ændret", "format": "%d-%m-%Y %H:%M"}
    assert found["columns"]["opened_at"] == {"from": "Oprettet", "format": "%d-%m-%Y %H:%M"}
    assert "state" not in found["columns"]
    assert "Nobody reads: updated_at, status" in found["text"]
    unclear = proposed(CASES.replace("Ændret", "Senest").replace("Oprettet", "Noteret"), of="servicedesk_cases")
    assert unclear["columns"]["updated_at"] == "?"
    assert "updated_at is called so, and holds something else" in unclear["text"]


@pytest.mark.parametrize("n", [1, 2, 30])
def test_what_a_code_means_is_never_invented(proposed: Proposed, catalog: Catalog, n: int) -> None:
    lines = [f"K{i};Kø {i % 2};{('HANG', 'AGENT', 'answered', '200')[i % 4]}" for i in range(4 * n)]
    found = proposed(rows("call_id;desk;outcome", *lines), of="servicedesk_calls")
    assert found["columns"]["outcome"]["map"] == {"answered": "answered"}
    for code in ("HANG", "AGENT", "200"):
        assert f'# "{code}": ?' in found["text"]


@pytest.mark.parametrize(
    ("codes", "known"),
    [
        (["Somatik", "Psykiatri"], {"Somatik": "SOM", "Psykiatri": "PSY"}),
        (["somatik", "PSY"], {"somatik": "SOM", "PSY": "PSY"}),
        (["S", "P"], {}),
        (["SO", "PS"], {}),
        (["S", "X"], {}),
        (["1", "2"], {}),
        (["SOMA", "PSYK"], {"SOMA": "SOM", "PSYK": "PSY"}),
    ],
)
def test_a_code_is_known_by_the_contract_by_other_layouts_or_by_how_it_begins(
    proposed: Proposed, codes: list[str], known: dict[str, str]
) -> None:
    lines = [f"H{n:08};{codes[n % len(codes)]};1516010;0{n % 9 + 1}-03-2024" for n in range(20)]
    found = proposed(rows("Henvisning;Sektor;Afsnit;Lukket", *lines), of="referrals")
    assert found["columns"]["sector"]["map"] == known


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2024-03-01", "2024-12-31"], None),
        (["31-03-2024", "01-12-2024"], "%d-%m-%Y"),
        (["31.03.24", "1.12.24"], "%d.%m.%y"),
        (["03/31/24", "12/01/24"], "%m/%d/%y"),
        (["31/03-2024", "01/12-2024"], "%d/%m-%Y"),
        (["20240331", "20241201"], "%Y%m%d"),
        (["31/03/2024 11:20", "01/12/2024 9:05"], "%d/%m/%Y %H:%M"),
    ],
)
def test_dates_are_read_as_they_are_written(proposed: Proposed, values: list[str], form: str | None) -> None:
    found = proposed(rows("Henvisning;Afsnit;Lukket", *(f"H{n:08};1516010;{v}" for n, v in enumerate(values))), of="referrals")
    said = found["columns"]["closed_date"]
    assert (said if form is None else said["format"]) == (form or "Lukket")


def test_a_day_that_could_be_a_month_is_told(proposed: Proposed) -> None:
    found = proposed(rows("Henvisning;Afsnit;Lukket", "H00000001;1516010;01/02/2024", "H00000002;1516010;11/12/2024"), of="referrals")
    assert found["columns"]["closed_date"]["format"] == "%d/%m/%Y"
    assert "it could be month before day" in found["text"]


def test_months_markers_and_shares(proposed: Proposed) -> None:
    lines = [f"2024{n:02};Orbit;{'?' if n == 3 else f'9{n % 9},5 %'};98,0 %" for n in range(1, 13)]
    found = proposed(rows("md;system;maalt;krav", *lines))
    assert found["extract"] == "response_time_compliance"
    assert found["columns"]["month"] == {"from": "md", "format": "%Y%m"}
    assert found["columns"]["sla_target"] == "krav"
    assert found["columns"]["published_share"] == {"from": "maalt", "missing": ["?"]}


@pytest.mark.parametrize(
    ("header", "value", "milliseconds"),
    [("Varighed ms", "1250", 1250), ("Varighed (s)", "1,25", 1250), ("Varighed i sek", "12", 12_000), ("Varighed (min)", "0,5", 30_000)],
)
def test_a_time_in_another_unit_is_made_the_contracts(catalog: Catalog, tmp_path: Path, header: str, value: str, milliseconds: int) -> None:
    file = tmp_path / "svar_2015-05_20150601.csv"
    line = f"Orbit;login;HEAVY;Herlev;2015-05-04 08:00:00;{value};OK"
    file.write_text(rows(f"System;Handling;Klasse;Lokation;Start;{header};Status", line, line.replace("08:00", "09:00")), "utf-8")
    with connect(tmp_path / "scratch") as con:
        tried = proposal(file, file.name, [catalog.extracts["response_times"]], con, tmp_path, KEY, False)["tried"]
    assert [r["record"]["duration_ms"] for r in tried["first"]] == [str(milliseconds)] * 2
    assert (tried["accepted"], tried["quarantined"]) == (2, 0)


def test_day_and_time_of_day_in_two_columns_are_one_instant(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "svar_2015-05_20150601.csv"
    lines = [f"Orbit;login;HEAVY;Herlev;0{n}.07.15;08.3{n};9;OK" for n in range(1, 6)]
    file.write_text(rows("System;Handling;Klasse;Lokation;Dato;Start kl.;Varighed ms;Status", *lines), "utf-8")
    with connect(tmp_path / "scratch") as con:
        tried = proposal(file, file.name, [catalog.extracts["response_times"]], con, tmp_path, KEY, False)["tried"]
    [first, *_] = tried["first"]
    assert first["record"]["started_at"] == "2015-07-01 08:31:00"
    assert first["record"]["started_at_utc"] == "2015-07-01 06:31:00", "the clock stands in Copenhagen"


def test_a_workbooks_days_that_are_numbers(catalog: Catalog, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Lægehuse og hospitaler"], [], ["Udbyder-id", "Navn", "Gælder fra"], ["P001", "Aleris", 45292], ["P002", "Capio", 45323]):
        sheet.append(row)
    book.save(tmp_path / "aftaler.xlsx")
    with connect(tmp_path / "scratch") as con:
        found = proposal(tmp_path / "aftaler.xlsx", "aftaler.xlsx", list(catalog.extracts.values()), con, tmp_path, KEY, False)
    assert found["extract"] == "providers"
    assert [r["record"]["valid_from"] for r in found["tried"]["first"]] == ["2024-01-01", "2024-02-01"]


@pytest.mark.parametrize(("total", "adds_up"), [("60", True), ("61", False), ("0", False)])
def test_a_total_that_agrees_today_is_held_against_the_records_tomorrow(proposed: Proposed, total: str, adds_up: bool) -> None:
    lines = [
        "Måned;Kø;Indkomne;Besvarede;Afbrudte",
        "01-2015;CIMT Servicedesk;10;9;1",
        "02-2015;CIMT Servicedesk;50;49;1",
        f"I alt;;{total};0;0",
    ]
    [ignored] = proposed(rows(*lines), of="servicedesk_call_totals")["ignore"]
    assert ignored["when"] == "\"Måned\" = 'I alt'"
    assert ("offered" in ignored.get("sums", {})) == adds_up


def test_numbers_of_persons_are_one_column_and_are_shown_to_nobody(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "henvisninger_2024-03.csv"
    lines = [f"H{n:08};010{n % 9 + 1}70-12{n:02};Somatik;1516010;0{n % 9 + 1}-03-2024" for n in range(1, 20)]
    file.write_text(rows("Henvisning;Hvem;Sektor;Afsnit;Lukket", *lines), "utf-8")
    extracts = [catalog.extracts[n] for n in ("referrals", "units", "providers")]
    with connect(tmp_path / "scratch") as con:
        hidden, shown = (proposal(file, file.name, extracts, con, tmp_path, KEY, asked) for asked in (False, True))
    assert (hidden["extract"], yaml.safe_load(hidden["layout"])["columns"]["person_id"]) == ("referrals", "Hvem")
    assert [r["record"] for r in hidden["tried"]["first"]] == [{}] * 5
    assert all(r["record"]["referral_id"] for r in shown["tried"]["first"])
    assert "70-12" not in str(hidden)
    assert "records; " not in hidden["layout"]


def test_the_month_is_told_by_the_name_by_what_stands_above_or_asked_for(proposed: Proposed) -> None:
    table = rows("Henvisning;Sektor;Afsnit;Lukket", "H00000001;SOM;1516010;2024-03-01", "H00000002;PSY;1516010;2024-03-02")
    named = proposed(table, "henv_202403_20240401.csv", "referrals")
    assert (named["file"], named["format"]) == (r"henv_(?P<period>\d{6})_(?P<received>\d{8})\.csv", {"$period": "%Y%m"})
    above = proposed(rows("Periode: marts 2024") + table, "henv.csv", "referrals")
    assert (above["file"], above["format"]) == (r"henv\.csv", {"$period": "danish_month"})
    asked = proposed(table, "henv.csv", "referrals")
    assert (asked["file"], asked["month"]) == (r"henv_(?P<period>\d{4}-\d{2})\.csv", "2024-03")
    assert "must say the month" in asked["text"]


# A table laid on its side, and one of two rows: who has never seen a layout of theirs cannot tell.
HARD = ("response_time_compliance", "person_links", "kmf_totals")


@pytest.mark.parametrize("has_seen", [True, False])
def test_each_delivery_of_the_example_is_known_again(catalog: Catalog, small_files: Path, has_seen: bool) -> None:
    """By who knows all layouts and by who knows none: its extract, and nothing taken for sure that the supplier's own layout denies."""
    extracts = [e if has_seen else Extract(e.contract, ()) for e in catalog.extracts.values()]
    wrong = []
    for name, extract in catalog.extracts.items():
        # The register's own file has fields of so many characters and no header.
        files = [p for p in (small_files / name).iterdir() if p.suffix in (".csv", ".xlsx")]
        if not files:
            continue
        file = min(files)
        proposed = propose(file, file.name, extracts)
        found, text = proposed.extract, proposed.text
        if found.name != name:
            wrong.append(name)
            continue
        said, header = yaml.safe_load(text)["columns"], set(sample(file).header)
        layout = next((x for x in extract.layouts if set(x.header) <= header), None)
        for column in extract.contract.columns:
            known, told = layout.columns.get(column.name) if layout else None, said.get(column.name, "?")
            told = told["from"] if isinstance(told, dict) and "from" in told else told
            is_sure = re.search(rf"^  {column.name}:.*   # sure", text, re.MULTILINE)
            if known and known.names and (is_sure or (has_seen and is_asked(column))):
                assert told == known.names[0], (name, column.name)
    assert set(wrong) <= set(HARD[:1] if has_seen else HARD)


def test_a_word_that_records_have_too_is_no_total(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "svar_2015-05_20150601.csv"
    lines = [f"Orbit;login;HEAVY;{('Nord', 'Total')[n % 2]};2015-05-0{n % 9 + 1} 08:{n:02}:00;9;OK" for n in range(40)]
    file.write_text(rows("System;Handling;Klasse;Lokation;Start;Varighed ms;Status", *lines), "utf-8")
    with connect(tmp_path / "scratch") as con:
        found = proposal(file, file.name, [catalog.extracts["response_times"]], con, tmp_path, KEY, False)
    assert "ignore:" not in found["layout"]
    assert (found["tried"]["accepted"], found["tried"]["ignored"]) == (40, 0)


PERSON = "Jens Hansen 010203-1234"


@pytest.mark.parametrize("written", [PERSON, PERSON.replace("-", " "), PERSON.replace("-", "–"), PERSON.replace("-", ""), "010203-HT45"])
@pytest.mark.parametrize("where", ["header", "code", "total", "name", "value"])
def test_nobodys_name_or_number_is_said_in_a_proposal(catalog: Catalog, tmp_path: Path, written: str, where: str) -> None:
    head = "Henvisning;CPR;Sektor;Afsnit;Lukket;Note"
    lines = [f"H{n:08};0101701{n:03};Somatik;1516010;0{n % 9 + 1}-03-2024;x" for n in range(1, 30)]
    match where:
        case "header":
            head = f"H00000099;{written};Somatik;1516010;01-03-2024;{written}"
        case "code":
            lines[3] = lines[3].replace("Somatik", written)
        case "total":
            lines.append(f"I alt;{written};;;;{written}")
        case "value":
            lines = [line.replace(";x", f";{written}") for line in lines]
    file = tmp_path / "henvisninger.csv"
    file.write_text(rows(head, *lines), "utf-8")
    name = f"henvisninger {written}.csv" if where == "name" else "henvisninger.csv"
    said = ""
    # Whatever extract it is taken for, one without persons too.
    for of in ("referrals", "response_times", "units"):
        with connect(tmp_path / "scratch") as con:
            try:
                said += str(proposal(file, name, [catalog.extracts[of]], con, tmp_path, KEY, False))
            except Refused as refused:
                said += str(refused)
    for told in ("Jens", "010203", "1234", "HT45"):
        assert told not in said, said


HOSTILE = (
    "Kl\nfull: true\n#", 'a"b', "a'b", "a\\b", "a#b", "a: b", "{x}", "[x]", "&x", "*x", "~", "yes", "1e3", "-", "?", "\x1b[31mred", "\x85",
    "\u2028", "\ufeffx", "a\rb", "\u00a0x", "x" * 500, "=1+1", "😀", "null", "%x", "|", "> y", "!!python/object:x", "$period",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_or_code_is_read_back_as_it_is(catalog: Catalog, tmp_path: Path, text: str) -> None:
    """As the header of a column that is read, as a code, and beside what is read: nothing else of the layout changes."""
    cell = '"' + text.replace('"', '""') + '"'
    head = f"System;Handling;Klasse;Lokation;Start;Varighed ms;Status;{cell}"
    lines = [f"Orbit;login;HEAVY;Herlev;2015-05-0{n} 08:00:00;9;{cell if n > 3 else 'OK'};{n}" for n in range(1, 9)]
    plain = rows(head.replace(cell, "Note"), *(line.replace(cell, "SLOW") for line in lines))
    layouts = []
    for content in (rows(head, *lines), plain):
        file = tmp_path / "svar_2015-05_20150601.csv"
        file.write_text(content, "utf-8")
        found = propose(file, file.name, [catalog.extracts["response_times"]])
        (tmp_path / "proposed.yaml").write_text(found.text, "utf-8")
        layouts.append(load_layout(tmp_path / "proposed.yaml", found.extract.contract))
        assert all(c.isprintable() or c == "\n" for c in found.text)
    # A marker of what is missing is read as that, and blanks are nothing.
    read_so = {"status"} if text.casefold() in MARKERS or not text.strip() else set()
    told = [x.model_dump(exclude={"columns": read_so, **({"header": True} if read_so else {})}) for x in layouts]
    assert told[0] == told[1]
    as_name = rows(head.replace("Lokation", cell).rpartition(";")[0], *(line.rpartition(";")[0].replace(cell, "OK") for line in lines))
    file.write_text(as_name, "utf-8")
    said = yaml.safe_load(propose(file, file.name, [catalog.extracts["response_times"]]).text)
    assert set(said) == {"file", "header", "columns"}


def test_spreadsheet_days_with_a_time_are_that_day(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Henvisning", "Afsnit", "Lukket"], ["H00000001", "1516010", 42125.75], ["H00000002", "1516010", 42126]):
        sheet.append(row)
    book.save(tmp_path / "x.xlsx")
    values = sample(tmp_path / "x.xlsx").columns["Lukket"]
    assert set(values.counts) == {"42125,75", "42126"}
    column = load_catalog(PROJECT).extracts["referrals"].contract.columns
    (closed,) = (c for c in column if c.name == "closed_date")
    found = fit(closed, values, sample(tmp_path / "x.xlsx"), load_catalog(PROJECT).extracts["referrals"], False)
    for text in ("42125,75", "42125.75", "42125"):
        asked = f"""select {found.sql.replace('"Lukket"', f"'{text}'")}"""
        assert str(duckdb.sql(asked).fetchall()[0][0]) == "2015-05-01", asked


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["0.912", "1.913"], "english"),
        (["1.912", "2.913"], "danish"),
        (["0,912", "1,913"], "danish"),
        (["1.912", "913,5"], "danish"),
    ],
)
def test_a_mark_of_thousands_is_told_from_one_of_decimals_or_looked_at(proposed: Proposed, values: list[str], numbers: str) -> None:
    lines = [f"0{n}-2015;CIMT Servicedesk;{v};9;1;9;{v}" for n, v in enumerate(values * 2, start=1)]
    head = "Måned;Kø;Indkomne;Besvarede;Afbrudte;Besvaret inden 300 sek.;Beløb (1.000 kr.)"
    found = proposed(rows(head.replace("Indkomne", "x"), *lines), of="kmf_totals")
    assert found.get("reads", {}).get("numbers", "danish") == numbers
    assert ("1.234 is read as 1234" in found["text"]) == (values == ["1.912", "2.913"])


@pytest.mark.parametrize("table", [
    ["a;b"] + [" " * 20_000 + ";1"] * 5,
    [";".join(f"column {'x' * 30} {n}" for n in range(900)), ";".join("1" for _ in range(900))],
    [";".join("n" * 20_000 + str(n) for n in range(9)), ";".join("1" for _ in range(9))],
])  # fmt: skip
def test_a_wide_table_and_long_cells_take_no_long_time(catalog: Catalog, tmp_path: Path, table: list[str]) -> None:
    (tmp_path / "x.csv").write_text(rows(*table), "utf-8")
    began = time.process_time()
    with suppress(Refused):
        propose(tmp_path / "x.csv", "x.csv", list(catalog.extracts.values()))
    # A reading process has fifteen seconds of work.
    assert time.process_time() - began < 10


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HEADS = {name: [n for layout in e.layouts for n in layout.header][:6] for name, e in load_catalog(PROJECT).extracts.items()}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_file_holds_the_proposal_is_a_layout_that_finds_its_header(
    catalog: Catalog, tmp_path: Path, data: st.DataObject
) -> None:
    """A header that some layout knows, with one name of any letters among it, over cells of any letters."""
    able = sorted(n for n, head in HEADS.items() if len(head) > 3)
    extract = catalog.extracts[data.draw(st.sampled_from(able), "extract")]
    names = list(dict.fromkeys(HEADS[extract.name]))
    names[data.draw(st.integers(0, len(names) - 1), "place")] = data.draw(CELLS, "name")
    table = data.draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1, max_size=6), "table")
    file = tmp_path / "any.csv"
    file.write_text("\n".join(";".join('"' + c.replace('"', '""') + '"' for c in row) for row in [names, *table]) + "\n", "utf-8")
    try:
        text = propose(file, "any.csv", [extract]).text
    except Refused:
        return
    (tmp_path / "proposed.yaml").write_text(text, "utf-8")
    try:
        layout = load_layout(tmp_path / "proposed.yaml", extract.contract)
    except ContractError as error:
        pytest.fail(f"{error}\n{text}")
    allowed = {c.name: c.valid_values for c in extract.contract.columns}
    assert all(set((s.map or {}).values()) <= set(allowed[n] or []) for n, s in layout.columns.items())
    assert set(layout.header) <= {*sample(file).header, OPEN}


@pytest.mark.parametrize(
    "written", ["01.01.80-1234", "01 01 80 1234", "01-01-1980-1234", "0101 80-1234", "010180ab12", "010180    1234", "０１０１８０-1234"]
)
@pytest.mark.parametrize("place", ["nameless", "above", "late", "rare"])
def test_a_number_anywhere_hides_what_the_file_says(catalog: Catalog, tmp_path: Path, written: str, place: str) -> None:
    """In a column without a name, over the header, far into a text or in one record of many: the extract has no persons."""
    numbers = [written if n == 950 or place == "nameless" else "" for n in range(1000)]
    lines = [f"C{n};2{n % 9}-03-2024 10:10;CIMT;1{n % 9}-03-2024 09:00;Karen Madsen {n};{x}" for n, x in enumerate(numbers)]
    if place == "late":
        lines[700] += "x" * 300 + f" {written}"
    head = f"Sagsnr.;Opdateret;Servicedesk;Oprettet;Leverandør;{'' if place == 'nameless' else 'Note'}"
    text = rows(*([f"Udtræk for {written}"] if place == "above" else []), head, *lines)
    file = tmp_path / "sager.csv"
    file.write_text(text, "utf-8")
    with connect(tmp_path / "scratch") as con:
        try:
            said = str(proposal(file, file.name, [catalog.extracts["servicedesk_cases"]], con, tmp_path, KEY, False))
        except Refused as refused:
            said = str(refused)
    assert "Madsen" not in said
    assert written not in said


def test_a_headless_file_of_persons_names_nobody(catalog: Catalog, tmp_path: Path) -> None:
    lines = [f"H{n:08};{'ukendt' if not n else f'010170-12{n:02}'};Grethe Sonne {n};1516010;0{n % 9 + 1}-03-2024" for n in range(30)]
    (tmp_path / "x.csv").write_text(rows(*lines), "utf-8")
    try:
        said = propose(tmp_path / "x.csv", "x.csv", list(catalog.extracts.values())).text
    except Refused as refused:
        said = str(refused)
    assert "Sonne" not in said


@pytest.mark.parametrize(("start", "end", "is_sure"), [("Tilbudt (UTC)", "Afsluttet (UTC)", True), ("Tilbudt (UTC)", "Afsluttet", False)])
def test_instants_of_two_zones_are_to_be_looked_at(proposed: Proposed, start: str, end: str, is_sure: bool) -> None:
    lines = [f"K{n};1;CIMT Servicedesk;2015-05-0{n} 06:00:00;2015-05-0{n} 06:01:00;60;Besvaret" for n in range(1, 9)]
    found = proposed(rows(f"Opkald;Besøg;Kø;{start};{end};Ventetid (sek.);Udfald", *lines), of="servicedesk_calls")
    assert (found.get("reads", {}).get("zone") == "UTC") == is_sure
    assert ("some are not" in found["text"]) == (not is_sure)


@pytest.mark.parametrize(("name", "sure"), [("Beløb (kr.)", False), ("Beløb (1.000 kr.)", True), ("Beløb", False), ("Beløb i t.kr.", True)])
def test_a_unit_that_nothing_says_is_to_be_looked_at(proposed: Proposed, name: str, sure: bool) -> None:
    lines = [f"{101 + n};2015-0{n};SOM;0-64;{n};{n}00,5" for n in range(1, 9)]
    found = proposed(rows(f"Kommune;Måned;Område;Aldersgruppe;Antal;{name}", *lines), of="kmf_totals")
    assert ("amount_thousand_kr: " in found["text"]) and ("counts in thousand kr" in found["text"]) == (not sure)


@pytest.mark.parametrize("form", ["{d:02}-{m:02}-2015", "{d:02}/{m:02}/2015", "{d:02}.{m:02}.2015"])
def test_a_day_that_could_be_a_month_is_told_whatever_the_mark(proposed: Proposed, form: str) -> None:
    lines = [f"H{n:08};1516010;{form.format(d=n, m=n + 1)}" for n in range(1, 9)]
    assert "could be month before day" in proposed(rows("Henvisning;Afsnit;Lukket", *lines), of="referrals")["text"]


def test_a_texts_numbers_and_its_marks_for_nothing_are_proposed_where_the_name_is_its_own(proposed: Proposed) -> None:
    lines = [
        f"S{n:05};{n % 28 + 1:02}-03-2024 10:{n % 60:02};CIMT;{n % 4 + 1};{n % 28 + 1:02}-03-2024 09:00;{'?' if n % 2 else 'Atea'}"
        for n in range(40)
    ]
    found = proposed(rows("Sagsnr.;Ændret;Servicedesk;Prioritet;Oprettet;Leverandør", *lines), of="servicedesk_cases")
    assert found["columns"]["priority"] == "Prioritet"
    assert "# look: name and values; its values are numbers" in found["text"]
    assert found["columns"]["vendor"] == {"from": "Leverandør", "missing": ["?"]}
    # A word could be one of those that are told apart.
    assert "missing" not in str(proposed(rows("Sagsnr.;Leverandør", *(f"S{n};{('Ukendt', 'Atea')[n % 2]}" for n in range(9))))["columns"])


def test_what_other_layouts_say_that_a_free_text_means_is_proposed(proposed: Proposed) -> None:
    lines = [f"K{n};1;{('Klinisk Servicedesk', 'Nat')[n % 3 == 0]};2015-05-0{n % 9 + 1} 06:00:00;60;Besvaret" for n in range(30)]
    found = proposed(rows("Opkald;Besøg;Kø;Tilbudt;Ventetid (sek.);Udfald", *lines), of="servicedesk_calls")
    assert found["columns"]["desk"]["map"] == {"Klinisk Servicedesk": "KLINISK"}
    assert '# "Nat": ?' in found["text"]
    assert proposed(rows("Opkald;Besøg;Kø", "K1;1;Nat", "K2;1;Dag"), of="servicedesk_calls")["columns"]["desk"] == "Kø"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("indbyggere_2031_20310120.csv", r"indbyggere_(?P<period>\d{4})_(?P<received>\d{8})\.csv"), ("2031.csv", r"(?P<period>\d{4})\.csv")],
)
def test_a_year_in_a_name_is_what_a_file_of_a_year_is_for(proposed: Proposed, name: str, pattern: str) -> None:
    lines = [f"{101 + n};{n};{'KM'[n % 2]};{n * 11}" for n in range(40)]
    assert proposed(rows("Kommunekode;Alder;Køn;Antal", *lines), name, "kmf_population")["file"] == pattern


def of_texts(**types: str) -> Extract:
    """A contract that nobody has delivered to yet, and whose files are not said to complete a month."""
    properties = [
        {"name": n, "physicalType": t.rstrip("*"), "description": "d", "required": str(t.endswith("*"))} for n, t in types.items()
    ]
    thing = {"name": "new_one", "dataGranularityDescription": "d", "properties": properties}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "new_one", "version": "1", "status": "active", "domain": "d"}
    return Extract(Contract.model_validate({**head, "description": {"purpose": "p"}, "schema": [thing]}), ())


def proposed_of(extract: Extract, folder: Path, text: str, name: str = "ny.csv") -> tuple[str, Layout]:
    (folder / name).write_text(text, "utf-8")
    said = propose(folder / name, name, [extract]).text
    (folder / "proposed.yaml").write_text(said, "utf-8")
    return said, load_layout(folder / "proposed.yaml", extract.contract)


def test_a_file_none_of_whose_columns_is_known_is_a_layout_all_the_same(tmp_path: Path) -> None:
    said, layout = proposed_of(of_texts(cow="VARCHAR", hen="DATE"), tmp_path, rows("x;y", "1;2", "3;4"))
    assert "columns: {}" in said
    assert layout.columns == {}


def test_a_month_that_no_column_tells_is_the_names(tmp_path: Path) -> None:
    extract = of_texts(month="DATE*", ward="VARCHAR*", beds="BIGINT")
    said, layout = proposed_of(extract, tmp_path, rows("Ward;Beds", "A1;7", "B2;9"), "senge_202611.csv")
    assert (layout.format, layout.columns["month"].names) == ({"$period": "%Y%m"}, ["$period"])
    assert "the month the file is for, which no column of it tells" in said
    assert proposed_of(extract, tmp_path, rows("Ward;Beds", "A1;7", "B2;9"), "senge.csv")[1].columns["month"].names == [OPEN]


@pytest.mark.parametrize("written", ["{n}.500,25 kr.", "kr. {n}.500,25", "{n}.500,25 DKK", "€{n}.500,25", "{n}500,25 $"])
def test_a_currency_beside_a_number_is_left_out(tmp_path: Path, written: str) -> None:
    extract = of_texts(item="VARCHAR", price="DOUBLE")
    _, layout = proposed_of(extract, tmp_path, rows("Item;Price", *(f"i{n};{written.format(n=n)}" for n in range(1, 9))))
    with connect(tmp_path / "scratch") as con:
        Delivery(tmp_path / "ny.csv", Extract(extract.contract, (layout,))).parse(con, tmp_path / "read.parquet")
        prices = con.execute(f"select price from read_parquet('{tmp_path / 'read.parquet'}') where _errors is null order by 1").fetchall()
    assert prices == [(1000 * n + 500.25,) for n in range(1, 9)]


@pytest.mark.parametrize(
    ("remark", "reads"),
    [('5" slange', {"quote": "none"}), ('"slange 5\\" lang; blå"', {"escape": "\\"}), ('"slange; blå"', {}), ("slange", {})],
)
def test_another_quotation_mark_is_proposed_where_records_come_out_odd(tmp_path: Path, remark: str, reads: dict[str, str]) -> None:
    lines = [f"V{n:03};{remark};{n}" for n in range(30)]
    said, layout = proposed_of(of_texts(item="VARCHAR", remark="VARCHAR", pieces="BIGINT"), tmp_path, rows("Item;Remark;Pieces", *lines))
    assert yaml.safe_load(said).get("reads", {}) == reads
    with connect(tmp_path / "scratch") as con:
        reading = Delivery(
            tmp_path / "ny.csv", Extract(of_texts(item="VARCHAR", remark="VARCHAR", pieces="BIGINT").contract, (layout,))
        ).parse(con, tmp_path / "read.parquet")
    assert (reading.records, reading.accepted) == (30, 30)


def test_a_file_of_fixed_places_is_told_where_to_read_on(tmp_path: Path) -> None:
    (tmp_path / "fast.txt").write_text(rows("V001Slange    20240101", "V002Kateter   20240201"), "utf-8")
    with pytest.raises(Refused, match=r"all of one length.*widths"):
        sample(tmp_path / "fast.txt")
    (tmp_path / "brev.txt").write_text(rows("Kære alle", "her er ingen tabel"), "utf-8")
    with pytest.raises(Refused) as refused:
        sample(tmp_path / "brev.txt")
    assert "widths" not in str(refused.value)


def test_a_total_with_its_count_is_one_of_the_next_file_too(proposed: Proposed) -> None:
    lines = [f"Q{n};{n % 27 + 1:02d}.06.2015 08:15:00;{n % 27 + 1:02d}.06.2015 08:16:00" for n in range(40)]
    found = proposed(rows("Samtale;Modtaget;Slut", *lines, "Total: 40;;"))
    assert [rule["when"] for rule in found["ignore"]] == ["\"Samtale\" like 'Total%'"]
    others = proposed(rows("Samtale;Modtaget;Slut", *lines, "Total Care;01.06.2015 08:15:00;01.06.2015 08:19:00"))
    assert "ignore" not in others


def test_where_little_fits_it_says_how_to_say_what_is_meant(proposed: Proposed) -> None:
    text = rows("a;b", "xx;yy", "zz;qq")
    assert "`ventetal layout --extract NAME FILE`" in proposed(text)["text"]
    of_calls = proposed(text, of="servicedesk_calls")["text"]
    assert "--extract" not in of_calls
    assert "one value for all its records, like {sql:" in of_calls
