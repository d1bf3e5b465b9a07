"""One delivered file: what is read, what is refused, and that every record is somewhere."""

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import reasons
from sources.contract import Contract
from sources.delimited import BLANKS, BLOCK_BYTES, _has_blank_edges
from sources.dialect import Dialect
from sources.duck import connect
from sources.layout import Extract, Layout
from sources.limits import why_held
from sources.parse import Delivery, refused_records
from sources.reading import Reading
from sources.reasons import Refused
from sources.settings import PROJECT

COLUMNS = [
    {"name": "name", "physicalType": "VARCHAR", "primaryKey": True, "primaryKeyPosition": 1, "description": "d"},
    {"name": "day", "physicalType": "DATE", "required": True, "description": "d"},
    {"name": "number", "physicalType": "BIGINT", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0}, "description": "d"},
    {"name": "share", "physicalType": "DOUBLE", "description": "d", "customProperties": [{"property": "unit", "value": "share"}]},
    {"name": "open", "physicalType": "BOOLEAN", "description": "d"},
    {"name": "code", "physicalType": "VARCHAR", "description": "d", "quality": [
        {"metric": "invalidValues", "arguments": {"validValues": ["A", "B"]}, "mustBe": 0, "description": "d"}]},
]  # fmt: skip
LAYOUT: dict[str, Any] = {
    "name": "plain",
    "header": ["Navn", "Dag"],
    "ignore": [{"when": "Navn = 'I alt'", "because": "A total."}],
    "columns": {
        "name": "Navn",
        "day": "Dag",
        "number": "Antal",
        "share": "Andel",
        "open": "Åben",
        "code": {"from": "Kode", "map": {"x": "A"}},
    },
}
HEADER = "Navn;Dag;Antal;Andel;Åben;Kode"


def contract(**more: Any) -> Contract:
    thing = {"name": "thing", "dataGranularityDescription": "d", "properties": COLUMNS, **more}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "thing", "version": "1", "status": "active", "domain": "d"}
    return Contract.model_validate({**head, "description": {"purpose": "p"}, "schema": [thing]})


def extract(*layouts: dict[str, Any], **more: Any) -> Extract:
    return Extract(contract(**more), tuple(Layout.model_validate(x) for x in layouts or (LAYOUT,)))


def parsed(path: Path, what: Extract | None = None) -> tuple[Reading, list[tuple[Any, ...]], list[dict[str, Any]]]:
    """Facts, accepted rows and refused records of a file."""
    target = path.with_suffix(".parquet")
    with connect(path.parent / "scratch") as con:
        delivery = Delivery(path, what or extract())
        reading = delivery.parse(con, target)
        columns = ", ".join(c.name for c in delivery.extract.contract.columns)
        rows = con.execute(f"select {columns} from read_parquet('{target}') where _errors is null order by _line").fetchall()
        assert reading.physical_records == reading.records == reading.accepted + reading.quarantined + reading.ignored
        for reason in reading.reasons:
            assert reason in reasons.RECORDS or reason.rpartition(":")[2] in reasons.VALUES
        return reading, rows, refused_records(con, target)


def write(tmp_path: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("number", "2.532", 2532),
        ("number", "2532", 2532),
        ("number", "2.53", "number:not_an_integer"),
        ("number", "1e3", "number:not_an_integer"),
        ("number", "2,5", "number:not_an_integer"),
        ("number", "-1", "number:out_of_range"),
        ("number", "0", 0),
        ("number", "", None),
        ("number", "9999999999999999999999", "number:not_an_integer"),
        ("share", "99,80%", 0.998),
        ("share", "99,80 %", 0.998),
        ("share", "0,5", 0.5),
        ("share", "0.5", "share:not_a_number"),
        ("share", "1.234,5", 1234.5),
        ("share", "nan", "share:not_a_number"),
        ("day", "2015-02-28", "2015-02-28"),
        ("day", "2015-02-29", "day:not_a_date"),
        ("day", "15-02-28", "day:not_a_date"),
        ("day", "2015-02-28 10:00", "day:not_a_date"),
        ("day", "0099-01-01", "day:not_a_date"),
        ("day", "", "day:missing_required"),
        ("open", "Ja", True),
        ("open", "0", False),
        ("open", "måske", "open:not_a_boolean"),
        ("code", "x", "A"),
        ("code", "A", "code:unknown_code"),
        ("name", "  ", "name:missing_required"),
        ("name", "“Ærø”", "“Ærø”"),
    ],
)
def test_a_text_is_a_value_or_a_reason_and_never_something_else(tmp_path: Path, column: str, text: str, value: Any) -> None:
    cells = {"name": "n", "day": "2015-01-01", "number": "1", "share": "1", "open": "ja", "code": "x"} | {column: text}
    _, rows, refused = parsed(write(tmp_path, f"{HEADER}\n{';'.join(cells.values())}\n"))
    if isinstance(value, str) and ":" in value:
        assert [r["reasons"] for r in refused] == [[value]]
    else:
        [row] = rows
        found = row[list(cells).index(column)]
        assert (str(found) if column == "day" else found) == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_are_found_and_lose_nothing(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = line_end.join([HEADER, "“æøå”;2015-01-01;1;1;ja;x", '"b ""c""; d";2015-01-02;;;;', ""])
    reading, rows, _ = parsed(write(tmp_path, text.encode(encoding)))
    assert [row[0] for row in rows] == ["“æøå”", 'b "c"; d']
    assert reading.encoding == encoding


def test_one_letter_at_the_very_end_tells_the_encoding(tmp_path: Path) -> None:
    text = f"{HEADER.replace('Å', 'A')}\na;2015-01-01;1;1;ja;x\næ;2015-01-01;1;1;;æ"
    for encoding in ("utf-8", "cp1252"):
        reading, _, refused = parsed(write(tmp_path, text.encode(encoding)))
        assert (reading.encoding, refused[0]["original"]["Kode"]) == (encoding, "æ")


def test_what_is_wrong_with_one_record_costs_that_record_alone(tmp_path: Path) -> None:
    text = f"""Udtræk fra fagsystemet
dannet 1. maj

{HEADER}
a;2015-01-01;1;1;ja;x
short;2015-01-01

too;2015-01-01;1;1;ja;x;many
"line
break";2015-01-01;1;1;ja;x
I alt;;;;;
z;2015-01-01;1;1;ja;x"""
    reading, rows, refused = parsed(write(tmp_path, text))
    assert [row[0] for row in rows] == ["a", "line\nbreak", "z"]
    assert reading.ignored == 1
    assert [(r["line"], r["reasons"]) for r in refused] == [
        (6, ["rule:malformed_record"]),
        (8, ["rule:malformed_record"]),
    ]
    assert refused[0]["original"] == "short;2015-01-01"


def test_of_identical_records_the_first_stays_and_of_differing_ones_none(tmp_path: Path) -> None:
    lines = ["a;2015-01-01;1;1;ja;x"] * 2 + ["b;2015-01-01;1;1;ja;x", "b;2015-01-01;2;1;ja;x", "c;2015-01-01;1;1;ja;x"]
    _, rows, refused = parsed(write(tmp_path, "\n".join([HEADER, *lines])))
    assert [row[0] for row in rows] == ["a", "c"]
    assert [(r["line"], r["reasons"]) for r in refused] == [
        (3, ["rule:duplicate_row"]),
        (4, ["rule:duplicate_key"]),
        (5, ["rule:duplicate_key"]),
    ]


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty_file", "empty"),
        (b"Dag;Antal\n", "no_layout", "Nearest is plain, which lacks Navn"),
        (b"Navn;Dag;Navn\n", "duplicate_header", "'Navn' twice"),
        (f"{HEADER}\n".encode() + b"\x81;2015-01-01;1;1;ja;x\n", "undecodable_text", "0x81"),
        (f"{HEADER}\næø;2015-01-01;1;1;ja;x\nå".encode()[:-1], "undecodable_text", "utf-8 but for a broken character on line 3"),
        (f"{HEADER}\nå".encode("utf-16")[:-1], "undecodable_text", "utf-16 but for a broken character on line 2"),
    ],
)
def test_a_file_is_refused_with_a_code_and_a_sentence(tmp_path: Path, content: bytes, code: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        parsed(write(tmp_path, content))
    assert refused.value.code == code
    assert says in refused.value.sentence


@pytest.mark.parametrize(("breaks", "last"), [("\n", b"\xc3"), ("\r\n", b"\xc3"), ("\n", b'"never closed')])
def test_the_line_of_what_is_wrong_is_right_megabytes_into_a_file(tmp_path: Path, breaks: str, last: bytes) -> None:
    records = [f"å{i};2015-01-01;{i};1;ja;x" for i in range(200_000)]
    content = breaks.join([HEADER, *records, ""]).encode() + last
    assert len(content) > 2 * BLOCK_BYTES
    spans_lines = LAYOUT | {"reads": {"multiline": "true"}}
    with pytest.raises(Refused, match=r"line 200002\b"):
        parsed(write(tmp_path, content), extract(spans_lines))


def test_two_layouts_that_fit_alike_refuse_the_file_and_the_fuller_one_wins_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\na;2015-01-01;1;1;ja;x\n")
    with pytest.raises(Refused, match="both fit") as refused:
        parsed(path, extract(LAYOUT, LAYOUT | {"name": "other"}))
    assert refused.value.code == "ambiguous_layout"
    assert parsed(path, extract(LAYOUT, LAYOUT | {"name": "fuller", "header": ["Navn", "Dag", "Antal"]}))[0].layout == "fuller"


def test_two_sheets_that_look_like_the_table_refuse_the_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("kopi")):
        sheet.append(HEADER.split(";"))
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(Refused) as refused:
        parsed(tmp_path / "a.xlsx")
    assert (refused.value.code, "Sheet, kopi" in refused.value.sentence) == ("ambiguous_sheet", True)


def test_a_header_alone_is_a_delivery_of_nothing(tmp_path: Path) -> None:
    reading, rows, _ = parsed(write(tmp_path, HEADER + "\n"))
    assert (reading.records, rows) == (0, [])


def test_what_excel_and_people_put_around_a_table_is_no_part_of_it(tmp_path: Path) -> None:
    total = LAYOUT | {"ignore": [{"when": "Navn like 'I alt %'", "because": "The control total.", "records": "split_part(Navn, ' ', 3)"}]}
    text = f"sep=;\nUdtræk;;;;;\n{HEADER}\na;2015-01-01;1;1;ja;x\n\nb;2015-01-02;1;1;ja;x\nI alt {{}};;;;;\n"
    reading, rows, _ = parsed(write(tmp_path, text.format(2)), extract(total))
    assert ([row[0] for row in rows], reading.ignored) == (["a", "b"], 1)
    with pytest.raises(Refused, match="says it has 3 records and has 2") as refused:
        parsed(write(tmp_path, text.format(3)), extract(total))
    assert refused.value.code == "counts_disagree"


@pytest.mark.parametrize(
    ("says", "record", "reason"),
    [
        ({"ignore": [{"when": "cast(Antal as integer) > 5", "because": "b"}]}, "b;2015-01-02;x;1;ja;x", "number:not_an_integer"),
        ({"deleted": "cast(Antal as integer) < 0"}, "b;2015-01-02;x;1;ja;x", "rule:unreadable_deletion"),
        (
            {"columns": LAYOUT["columns"] | {"number": {"from": "Antal", "map": {"x": "many"}}}},
            "b;2015-01-02;x;1;ja;x",
            "number:unknown_code",
        ),
        ({"columns": LAYOUT["columns"] | {"number": {"sql": "cast(Antal as integer)"}}}, "b;2015-01-02;x;1;ja;x", "number:unreadable"),
        ({"columns": LAYOUT["columns"] | {"day": {"from": "Dag", "format": "danish_month"}}}, "b;maj 99;1;1;ja;x", "day:not_a_date"),
        ({"columns": LAYOUT["columns"] | {"day": {"from": "Dag", "format": "%d%m%Y"}}}, "b;31022015;1;1;ja;x", "day:not_a_date"),
    ],
)
def test_what_cannot_be_worked_out_of_a_record_is_told_and_never_read_as_nothing(
    tmp_path: Path, says: dict[str, Any], record: str, reason: str
) -> None:
    _, _, refused = parsed(write(tmp_path, f"{HEADER}\n{record}\n"), extract(LAYOUT | says))
    assert [(r["line"], r["reasons"]) for r in refused] == [(2, [reason])]


def test_a_control_whose_row_cannot_be_told_refuses_the_file(tmp_path: Path) -> None:
    total = LAYOUT | {"ignore": [{"when": "cast(Antal as integer) = -1", "because": "b", "records": "Navn"}]}
    with pytest.raises(Refused, match="No row says the number of records") as refused:
        parsed(write(tmp_path, f"{HEADER}\na;2015-01-01;1;1;ja;x\n1;;minus;;;\n"), extract(total))
    assert refused.value.code == "counts_disagree"


def test_a_sum_may_be_larger_than_any_value_of_its_column(tmp_path: Path) -> None:
    properties = [c | ({"physicalType": "INTEGER"} if c["name"] == "number" else {}) for c in COLUMNS]
    total = LAYOUT | {"ignore": [{"when": "Navn = 'I alt'", "because": "b", "sums": {"number": "Antal"}}]}
    lines = "".join(f"a{i};2015-01-01;2000000000;1;ja;x\n" for i in range(3))
    for stated, fits in (("6.000.000.000", True), ("6.000.000.001", False)):
        path = write(tmp_path, f"{HEADER}\n{lines}I alt;;{stated};;;\n")
        if fits:
            assert parsed(path, extract(total, properties=properties))[0].accepted == 3
            continue
        with pytest.raises(Refused, match="adds up to"):
            parsed(path, extract(total, properties=properties))


def test_a_record_cut_off_at_the_end_of_the_file_is_refused_alone(tmp_path: Path) -> None:
    _, rows, refused = parsed(write(tmp_path, f"{HEADER}\na;2015-01-01;1;1;ja;x\nb;2015-0"))
    assert [row[0] for row in rows] == ["a"]
    assert [(r["line"], r["reasons"]) for r in refused] == [(3, ["rule:malformed_record"])]


def test_reordered_columns_are_read_and_extra_ones_reported(tmp_path: Path) -> None:
    reading, rows, _ = parsed(write(tmp_path, "Bemærkning;DAG;Navn\nhej;2015-01-01;a\n"))
    assert rows[0][0] == "a"
    assert reading.extra_columns == ["Bemærkning"]
    assert reading.absent_columns == ["number", "share", "open", "code"]


def test_a_workbook_is_read_like_the_text_it_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Titel"],
        [],
        HEADER.split(";"),
        ["a", "2015-01-01", 2532, 0.998, True, "x"],
        [],
        ["b", "2015-01-02", 1.5, "99,8%", False, "x"],
    ):
        sheet.append(row)
    book.create_sheet("noter").append(["intet"])
    book.save(tmp_path / "a.xlsx")
    _, rows, refused = parsed(tmp_path / "a.xlsx")
    assert rows[0][0::2] == ("a", 2532, True)
    assert rows[0][3] == 0.998
    assert [(r["line"], r["reasons"]) for r in refused] == [(6, ["number:not_an_integer"])]


def test_a_pivoted_workbook_turns_cells_into_records(tmp_path: Path) -> None:
    layout = {
        "name": "pivot",
        "reads": {"header_rows": "2"},
        "header": ["Navn"],
        "unpivot": {"names": "$kind", "values": "$number", "attributes": {"$code": "Navn = 'Kode'"}},
        "columns": {
            "name": {"sql": "Navn || ' ' || \"$kind\""},
            "day": {"sql": "'2015-01-01'"},
            "number": "$number",
            "code": {"from": "$code", "map": {"x": "A", "y": "B"}},
        },
    }
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Titel"], ["Navn", "Blod-", "Web"], [None, "info", "1000"], ["Kode", "x", "y"], ["jan", "1", "2"], ["feb", "3", "-"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    reading, rows, refused = parsed(tmp_path / "a.xlsx", extract(layout))
    assert [(r[0], r[2], r[5]) for r in rows] == [("jan Blod- info", 1, "A"), ("jan Web 1000", 2, "B"), ("feb Blod- info", 3, "A")]
    assert [r["reasons"] for r in refused] == [["number:not_an_integer"]]
    assert reading.physical_records == 4


def test_personal_columns_never_reach_the_quarantine(tmp_path: Path) -> None:
    personal = [c | ({"classification": "personal"} if c["name"] == "name" else {}) for c in COLUMNS]
    text = f"{HEADER}\nHemmelig Person;ikke en dag;1;1;ja;x\nHemmelig Person;kort\n"
    _, _, refused = parsed(write(tmp_path, text), extract(properties=personal))
    assert len(refused) == 2
    assert "Hemmelig" not in str(refused)
    assert refused[0]["original"] == {"day": "aaaa aa aaa", "number": "1", "share": "1", "open": "ja", "code": "x"}


CELL = st.text(st.sampled_from('aæ“1.,;"\n\r\t\0 '), max_size=6)
GOOD = "good;2015-01-01;1;1;ja;x"


def conserved(path: Path, text: str, codes: set[str]) -> None:
    """The file is refused with one of `codes`, or every record is counted and no accepted name is other than the file's own words."""
    try:
        _, rows, _ = parsed(path)
    except Refused as refused:
        assert refused.code in codes
    else:
        names = [row[0] for row in rows]
        assert "good" in names
        assert all(name.replace('"', "") in text.replace('"', "") for name in names)


@settings(max_examples=200, deadline=None)
@given(
    before=st.lists(st.sampled_from(["sep=;", "", "Udtræk 1. maj", ";;;"]), max_size=3),
    records=st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=12),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_ends=st.lists(st.sampled_from(["\n", "\r\n"]), min_size=1, max_size=3),
)
def test_any_dirty_file_is_refused_whole_or_every_record_is_counted(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], records: list[list[str]], encoding: str, line_ends: list[str]
) -> None:
    # The record beside a piece of one may be the other piece of it: the first is beside none.
    lines = [*before, HEADER, GOOD, GOOD.replace("good", "b"), *(";".join(cells) for cells in records)]
    text = "".join(line + line_ends[i % len(line_ends)] for i, line in enumerate(lines))
    path = write(tmp_path_factory.mktemp("dirty"), text.encode(encoding))
    conserved(path, text, set())


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, 40), encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_a_file_cut_off_anywhere_is_refused_or_loses_its_last_record_alone(
    tmp_path_factory: pytest.TempPathFactory, cut: int, encoding: str
) -> None:
    text = f'{HEADER}\n{GOOD}\n"Ærø; øst";2015-01-02;2;;nej;x\nÅrø;2015-01-03;3;;ja;x\n'
    path = write(tmp_path_factory.mktemp("cut"), text.encode(encoding)[:-cut])
    conserved(path, text, {"undecodable_text"})


SHEET_CELL = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1900, 3, 1)), st.datetimes(datetime(1900, 3, 1)), st.text(st.sampled_from("aæ1.,%=+-\n "), max_size=5),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(SHEET_CELL, max_size=8), max_size=8))
def test_any_dirty_sheet_is_read_with_every_record_counted(tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (HEADER.split(";"), GOOD.split(";"), *rows):
        book.active.append(row)
    path = tmp_path_factory.mktemp("sheet") / "a.xlsx"
    book.save(path)
    reading, accepted, _ = parsed(path)
    assert accepted[0][0] == "good"
    assert reading.records <= 1 + len(rows)


def test_what_is_read_does_not_depend_on_where_the_host_stands(tmp_path: Path) -> None:
    # DuckDB takes the host's zone when it is loaded, so it is asked in a process of its own.
    code = f"""
from pathlib import Path
from sources.duck import connect
con = connect(Path({str(tmp_path)!r}))
for cursor in (con, con.cursor()):
    print(cursor.execute("select current_setting('TimeZone'), cast(timestamptz '2015-01-14 23:30:00+00' as date)").fetchall()[0])
"""
    asked = [sys.executable, "-c", code]
    done = subprocess.run(asked, cwd=PROJECT, env=os.environ | {"TZ": "Europe/Copenhagen"}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["('UTC', datetime.date(2015, 1, 14))"] * 2


@pytest.mark.parametrize(
    ("sql", "column", "text", "value"),
    [
        ("replace(Antal, '-', '0')", "number", "2.532", 2532),
        ("replace(Antal, '-', '0')", "number", "-", 0),
        ("Antal", "number", "2.5", "number:unreadable"),
        ("Antal", "number", "1e3", "number:unreadable"),
        ("cast(Antal as integer) * 2", "number", "7", 14),
        ("cast(Antal as integer) * 2", "number", "x", "number:unreadable"),
        ("nullif(Antal, '-')", "number", "-", None),
        ("null", "number", "7", None),
        ("Antal", "share", "2,5", 2.5),
        ("replace(Antal, ',', '.')", "share", "2,5", 2.5),
        # Thousands or a fraction: nobody knows.
        ("replace(Antal, ',', '.')", "share", "2,532", "share:unreadable"),
        ("Antal", "open", "ja", True),
        ("Antal", "open", "t", "open:unreadable"),
        ("Antal", "day", "2015-02-28", "2015-02-28"),
        ("Antal", "day", "99-02-28", "day:unreadable"),
        ("strptime(Antal, '%d/%m/%Y')", "day", "28/02/2015", "2015-02-28"),
    ],
)
def test_what_a_layouts_sql_gives_has_the_shape_of_a_value_too(tmp_path: Path, sql: str, column: str, text: str, value: Any) -> None:
    layout = LAYOUT | {"columns": {"name": "Navn", "day": {"sql": "date '2015-01-01'"}} | {column: {"sql": sql}}}
    _, rows, refused = parsed(write(tmp_path, f"{HEADER}\na;2015-01-01;{text};;;\n"), extract(layout))
    if isinstance(value, str) and ":" in value:
        assert [r["reasons"] for r in refused] == [[value]]
    else:
        found = rows[0][[c["name"] for c in COLUMNS].index(column)]
        assert (str(found) if column == "day" else found) == value


def test_a_mark_may_mean_nought(tmp_path: Path) -> None:
    text = f"{HEADER}\n-;2015-01-01;-;..;;\nb;2015-01-01;..;-;;\n"
    whole = LAYOUT | {"reads": {"zero": ["-"]}, "columns": LAYOUT["columns"] | {"share": {"from": "Andel", "zero": [".."]}}}
    _, rows, refused = parsed(write(tmp_path, text), extract(whole))
    assert ([(r[0], r[2], r[3]) for r in rows], [r["reasons"] for r in refused]) == ([("-", 0, 0.0)], [["number:not_an_integer"]])


@pytest.mark.parametrize(
    ("form", "name", "period"),
    [
        ("%m-%Y", "03-2015", "2015-03"),
        ("%Y%m", "201503", "2015-03"),
        ("%d.%m.%Y", "31.03.2015", "2015-03-31"),
        ("danish_month", "marts 2015", "2015-03"),
        ("danish_month", "Maj_2015", "2015-05"),
        ("%m-%Y", "13-2015", ""),
        ("danish_month", "martz 2015", ""),
        ("%Y%m", "2015-3", ""),
    ],
)
def test_a_period_is_read_as_the_layout_says_it_is_written(tmp_path: Path, form: str, name: str, period: str) -> None:
    unit = "day" if "%d" in form else "month"
    how = [{"property": "delivery", "value": {"mode": "snapshot", "unit": unit}}]
    layout = LAYOUT | {"file": r"antal (?P<period>.+)\.csv", "format": {"$period": form}}
    path = write(tmp_path, f"{HEADER}\na;2015-01-01;1;;;\n", f"antal {name}.csv")
    if period:
        assert parsed(path, extract(layout, customProperties=how))[0].period == period
    else:
        with pytest.raises(Refused, match="where a month like 2015-05 belongs"):
            parsed(path, extract(layout, customProperties=how))


@pytest.mark.parametrize("form", ["%G-W%V", "%Y-%U", "%m-%y", "%m"])
def test_a_period_that_is_no_day_month_or_year_is_refused_with_the_layout(form: str) -> None:
    with pytest.raises(ValueError, match="tells no day, month or year"):
        Layout.model_validate(LAYOUT | {"format": {"$period": form}})


def test_records_that_only_repeat_others_are_not_bad(tmp_path: Path) -> None:
    lines = [f"n{i};2015-01-01;{i};;;" for i in range(10)]
    reading, _, _ = parsed(write(tmp_path, "\n".join([HEADER, *lines, *lines, "x;y;1;;;"])))
    assert (reading.quarantined, reading.repeats, reading.bad, reading.distinct) == (11, 10, 1, 11)
    assert not why_held(contract(), reading, "")
    reading, _, _ = parsed(write(tmp_path, "\n".join([HEADER, *lines[:4], *lines[:4], "x;y;1;;;", "z;y;1;;;"])))
    assert why_held(contract(), reading, "") == "2 of 6 records refused, over 20 %, besides 4 that repeat others"


def test_mapped_codes_are_texts_like_any_other(tmp_path: Path) -> None:
    """Several codes may mean the same, rules may do with them what they do with texts, and what is none of them is told."""
    columns = {
        "code": {"from": "Kode", "map": {"x": "A", "z": "A", "it's": "B"}},
        "open": {"from": "Åben", "map": {"1": "true", "2": "false"}},
    }
    mapped = {"name": "mapped", "header": ["Navn", "Dag"], "columns": LAYOUT["columns"] | columns}
    query = "select count(*) from {object} where lower(code) || name = 'bq' or code < 'A'"
    rule = {"id": "no_b_of_q", "type": "sql", "mustBe": 0, "description": "d", "query": query}
    records = [
        "a;2015-01-01;;;1;x",
        "b;2015-01-01;;;2;z",
        "c;2015-01-01;;;;it's",
        "q;2015-01-01;;;;it's",
        "e;2015-01-01;;;;y",
        "f;2015-01-01;;;3;",
    ]
    file, target = write(tmp_path, "\n".join([HEADER, *records]) + "\n"), tmp_path / "parsed.parquet"
    with connect(tmp_path / "scratch") as con:
        Delivery(file, extract(mapped, quality=[rule])).parse(con, target)
        rows = con.execute(f"select name, open, code from '{target}' where _errors is null order by _line").fetchall()
        types = dict(con.execute(f"select column_name, column_type from (describe from '{target}')").fetchall())
        assert {r["line"]: r["reasons"] for r in refused_records(con, target)} == {
            5: ["rule:no_b_of_q"], 6: ["code:unknown_code"], 7: ["open:unknown_code"]
        }  # fmt: skip
    assert rows == [("a", True, "A"), ("b", False, "A"), ("c", None, "B")]
    assert (types["code"], types["open"]) == ("VARCHAR", "BOOLEAN")


@given(st.data(), st.sampled_from(";§\t|"), st.sampled_from(["", '"']))
@settings(max_examples=300, deadline=None)
def test_no_blank_at_the_edge_of_a_value_is_overseen(data: st.DataObject, delimiter: str, quote: str) -> None:
    cell = st.text(st.sampled_from("a ø\t\u00a0" if delimiter != "\t" else "a ø\u00a0"), max_size=4)
    rows = data.draw(st.lists(st.lists(cell, min_size=2, max_size=3), min_size=1, max_size=4))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    block = "".join(delimiter.join(f"{quote}{c}{quote}" for c in row) + end for row in rows).encode()
    found = _has_blank_edges(block, Dialect(delimiter, quote))
    assert found or not any(c != c.strip(BLANKS) for row in rows for c in row)
    assert not found or any(blank in c for row in rows for c in row for blank in BLANKS)
