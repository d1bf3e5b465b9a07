"""Workbooks: what a cell, a sheet or a total does not say is never read as if it said it.

The files of tests/workbooks were saved by LibreOffice Calc, two for each kind of mistake; others are made here.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sources.contract import load_contract, load_fields
from sources.documents import ContractError, read
from sources.layout import Extract, LayoutFault, load_layout
from sources.reasons import Refused
from sources.settings import PROJECT
from tests.part import copy_domain
from tests.test_reader import HEADER, LAYOUT, extract, parsed, write

MADE = Path(__file__).parent / "workbooks"
ROWS = [["a", "2015-01-01", 1, 0.5, True, "x"], ["b", "2015-01-02", 2, 0.5, True, "x"], ["c", "2015-01-03", 3, 0.5, True, "x"]]


def book(path: Path, change: Callable[[Worksheet], object], *rows: list[Any]) -> Path:
    made = openpyxl.Workbook()
    assert made.active is not None
    for row in (HEADER.split(";"), *(rows or ROWS)):
        made.active.append(row)
    change(made.active)
    made.save(path / "a.xlsx")
    return path / "a.xlsx"


def told(path: Path, what: Extract | None = None) -> tuple[str, dict[int, list[str]]]:
    """The names of the records that are taken, and row -> reasons of the others."""
    _, rows, refused = parsed(path, what)
    return "".join(str(r[0]) for r in rows), {r["line"]: r["reasons"] for r in refused}


@pytest.mark.parametrize(
    ("file", "taken", "refused"),
    [
        ("error.xlsx", "n1n4n5", {3: ["number:cell_error"], 4: ["number:cell_error"]}),
        ("error.xls", "n1n4n5", {3: ["number:cell_error"], 4: ["number:cell_error"]}),
        ("lookup.xls", "n1n3n4n5", {3: ["code:cell_error"]}),
        ("lookup.xlsx", "n1n3n4n5", {3: ["code:cell_error"]}),
        ("merged_down.xlsx", "n1n3n4n5", {3: ["day:merged_cell"]}),
        ("merged_down.xls", "n1n3n4n5", {3: ["day:merged_cell"]}),
        ("merged_across.xlsx", "n1n3n4n5", {4: ["share:merged_cell"]}),
        ("hidden_beside.xlsx", "n1n2n3n4n5", {}),
    ],
)
def test_what_a_spreadsheet_program_saved_is_read_or_told(tmp_path: Path, file: str, taken: str, refused: dict[int, list[str]]) -> None:
    path = tmp_path / file
    path.write_bytes((MADE / file).read_bytes())
    assert told(path) == (taken, refused)


@pytest.mark.parametrize("file", ["hidden_stale.xlsx", "hidden_stale.xls"])
def test_a_hidden_sheet_is_read_only_if_the_layout_names_it(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.write_bytes((MADE / file).read_bytes())
    with pytest.raises(Refused, match="lacks Dag") as refused:
        parsed(path)
    assert refused.value.code == "no_layout"
    assert told(path, extract(LAYOUT | {"sheet": "gammel"})) == ("n1n2", {})


def test_of_sheets_that_look_alike_the_layout_names_one(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for name, rows in (("Maj", ROWS[:1]), ("April", ROWS[1:])):
        sheet = made.create_sheet(name)
        for row in (HEADER.split(";"), *rows):
            sheet.append(row)
    made.save(tmp_path / "a.xlsx")
    with pytest.raises(Refused, match="all look like the table"):
        parsed(tmp_path / "a.xlsx")
    assert told(tmp_path / "a.xlsx", extract(LAYOUT | {"sheet": "April"})) == ("bc", {})


def test_without_a_header_the_sheet_that_holds_something_is_the_table(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.create_sheet("Data").append(ROWS[0])
    made.create_sheet("Mere")
    made.save(tmp_path / "a.xlsx")
    whole = {k: v for k, v in LAYOUT.items() if k != "header"} | {"file": r".*\.xlsx", "fields": HEADER.split(";")}
    assert told(tmp_path / "a.xlsx", extract(whole)) == ("a", {})


def test_a_formula_without_a_result_is_no_absence(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet["C2"], sheet["F3"] = "=1+1", '=IF(1=1,"x","")'
        # Nobody reads it.
        sheet["G1"], sheet["G4"] = "Bemærkning", "=1+1"

    assert told(book(tmp_path, change)) == ("c", {2: ["number:formula_without_value"], 3: ["code:formula_without_value"]})


def test_a_record_of_nothing_but_formulas_is_counted(tmp_path: Path) -> None:
    path = book(tmp_path, lambda sheet: sheet.append([f"=A{i}" for i in range(1, 7)]))
    _, rows, refused = parsed(path)
    assert (len(rows), [r["line"] for r in refused]) == (3, [5])


def test_cells_covered_by_a_merge_are_told_or_filled(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.merge_cells("F2:F4")
        # Cells that were merged while they were empty cover nothing, nor does what stands above the header or in no record.
        for cell in ("C2", "C3"):
            sheet[cell] = None
        sheet.merge_cells("C2:C3")
        sheet.merge_cells("A8:F9")

    path = book(tmp_path, change)
    assert told(path) == ("a", {3: ["code:merged_cell"], 4: ["code:merged_cell"]})
    _, rows, refused = parsed(path, extract(LAYOUT | {"merged": "fill"}))
    assert ([(r[0], r[2], r[5]) for r in rows], refused) == ([("a", None, "A"), ("b", None, "A"), ("c", 3, "A")], [])


def test_a_row_that_is_ignored_may_hide_what_it_likes(tmp_path: Path) -> None:
    path = book(tmp_path, lambda sheet: sheet.append(["I alt", None, "=SUM(C2:C4)"]))
    reading, rows, _ = parsed(path)
    assert (len(rows), reading.ignored, reading.quarantined) == (3, 1, 0)


def test_one_cell_of_a_pivoted_sheet_hides_one_record(tmp_path: Path) -> None:
    layout = {
        "name": "pivot",
        "header": ["Navn"],
        "unpivot": {"names": "$kind", "values": "$number", "attributes": {"$code": "Navn = 'Kode'"}},
        "columns": {
            "name": {"sql": "Navn || ' ' || \"$kind\""},
            "day": {"sql": "'2015-01-01'"},
            "number": "$number",
            "code": {"from": "$code", "map": {"x": "A"}},
        },
    }
    made = openpyxl.Workbook()
    assert made.active is not None
    for row in (["Navn", "Blod", "Web", "Post"], ["Kode", "x", "x", "=A1"], ["jan", "=1+1", 2, 3], ["feb", 3, 4, 5]):
        made.active.append(row)
    made.save(tmp_path / "a.xlsx")
    _, rows, refused = parsed(tmp_path / "a.xlsx", extract(layout))
    assert [r[0] for r in rows] == ["jan Web", "feb Blod", "feb Web"]
    # The attribute that is hidden is one of both records of its column.
    assert [r["reasons"] for r in refused] == [["number:formula_without_value"], *[["number:formula_without_value"]] * 2]


TOTAL: dict[str, Any] = {"when": "Navn = 'I alt'", "because": "It counts the others."}


@pytest.mark.parametrize(
    ("controls", "total", "says"),
    [
        ({"records": "Antal"}, "I alt;;2;;;", ""),
        ({"records": "Antal"}, "I alt;;1.002;;;", "has 1002 records and has 2"),
        ({"records": "Antal"}, "I alt;;24 stk;;;", "number of records on line 4 is no number"),
        ({"records": "Antal"}, "I alt;;;;;", "number of records on line 4 is no number"),
        ({"records": "cast(Antal as integer) / 0"}, "I alt;;2;;;", "is no number"),
        ({"sums": {"number": "Antal"}}, "I alt;;1.003;;;", ""),
        ({"sums": {"number": "Antal"}}, "I alt;;1.004;;;", "on line 4 that number adds up to 1004, and it is 1003"),
        ({"sums": {"number": "Antal", "share": "Andel"}}, "I alt;;1.003;1,25;;", ""),
        ({"sums": {"share": "Andel"}}, "I alt;;;1,26;;", "share adds up to 1.26, and it is 1.25"),
        ({"sums": {"share": "Andel"}}, "I alt;;;ca. 1;;", "sum of share on line 4 is no number"),
        ({"records": "Antal", "sums": {"number": "Andel"}}, "I alt;;2;1.003;;", ""),
    ],
)
def test_a_control_total_agrees_or_the_file_is_refused(tmp_path: Path, controls: dict[str, Any], total: str, says: str) -> None:
    path = write(tmp_path, f"{HEADER}\na;2015-01-01;1.001;0,5;ja;x\nb;2015-01-02;2;0,75;ja;x\n{total}\n")
    what = extract(LAYOUT | {"ignore": [TOTAL | controls]})
    if not says:
        assert parsed(path, what)[0].ignored == 1
        return
    with pytest.raises(Refused) as refused:
        parsed(path, what)
    assert (refused.value.code, says in refused.value.sentence) == ("counts_disagree", True), refused.value.sentence


def test_a_sum_is_not_asked_for_where_a_value_could_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na;2015-01-01;1;;;\nb;2015-01-02;x;;;\nI alt;;3;;;\n")
    assert parsed(path, extract(LAYOUT | {"ignore": [TOTAL | {"sums": {"number": "Antal"}}]}))[0].reasons == {"number:not_an_integer": 1}


def test_a_control_that_names_no_column_is_the_layouts_fault(tmp_path: Path) -> None:
    with pytest.raises(LayoutFault, match=r"ignore\.records cannot be computed"):
        parsed(write(tmp_path, f"{HEADER}\nI alt;;3;;;\n"), extract(LAYOUT | {"ignore": [TOTAL | {"records": "Antalet"}]}))


def coordinator(root: Path, change: tuple[str, str] = ("", "")) -> Extract:
    copy_domain("redirection", root)
    layout = root / "sources/redirections/layouts/coordinator.yaml"
    layout.write_text(layout.read_text("utf-8").replace(*change), "utf-8")
    contract = load_contract(root / "sources/redirections/contract.odcs.yaml", load_fields(read(PROJECT / "expectations/fields.yaml")))
    return Extract(contract, (load_layout(layout, contract),))


CASES = {
    "A04": ({"expected_code:formula_without_value": 24}, ""),
    "A07": ({}, "no_layout"),
    "A18": ({}, "counts_disagree"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_coordinators_workbooks_that_went_wrong_are_told(cases: Path, tmp_path: Path, case: str) -> None:
    [file] = (cases / case / "landing" / "redirections").iterdir()
    path = tmp_path / file.name
    path.write_bytes(file.read_bytes())
    reasons, code = CASES[case]
    try:
        assert parsed(path, coordinator(tmp_path / "project"))[0].reasons == reasons
    except Refused as refused:
        assert refused.code == code


def test_a_total_in_the_column_of_persons_counts_and_no_number_of_a_person_is_shown(tmp_path: Path) -> None:
    what, name = coordinator(tmp_path / "project"), "omvisiteringer_2015-01_udtrukket-20150402-0610.xlsx"
    header = ["Nr.", "CPR", "Henvist", "Omvisiteret", "Afsnit", "Modtager-id", "Aftale", "Ydelse", "Formål"]
    row = ["A0000001", "010150-1001", date(2015, 1, 1), date(2015, 1, 2), "1502010", "P001", "Regionens aftale", "KCJE20", "Behandling"]
    for stated, says in (
        (1, ""),
        (None, "No row says the number of records"),
        ("2", "has 2 records and has 1"),
        ("010150-1001", "is no number"),
        ("0101501001", "has … records"),
    ):
        made = openpyxl.Workbook()
        assert made.active is not None
        for cells in (header, row, *([["I alt", stated]] if stated else [])):
            made.active.append(cells)
        made.save(tmp_path / name)
        if not says:
            assert parsed(tmp_path / name, what)[0].accepted == 1
            continue
        with pytest.raises(Refused) as refused:
            parsed(tmp_path / name, what)
        assert says in refused.value.told(is_personal=True)
        assert "1501001" not in str(refused.value)


def test_a_control_that_would_keep_a_person_is_refused_with_the_layout(tmp_path: Path) -> None:
    for column in ("person_id", "provider_id", "treatments"):
        with pytest.raises(ContractError, match=f"{column} is none"):
            coordinator(tmp_path / column, ("records: CPR", f"sums: {{{column}: CPR}}"))
