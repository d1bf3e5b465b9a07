"""Quotation marks out of place: what they touch is refused, and no record that is taken differs from what was sent."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sources.contract import Contract
from sources.delimited import BLOCK_BYTES, FAULT, LINE
from sources.documents import ContractError, Document
from sources.layout import Extract, Layout
from sources.parse import Delivery
from sources.reasons import Refused
from tests.test_reader import parsed, write

OPEN, MALFORMED, SECOND = "rule:open_quotation_mark", "rule:malformed_record", "rule:second_table"
HEADER = "a;b;c"


def texts(header: str = HEADER, **reads: Any) -> Extract:
    """An extract of texts: every value is taken as it stands."""
    delimiter = reads.get("delimiter", ";")
    names = header.split(delimiter)
    properties = [{"name": n, "physicalType": "VARCHAR", "description": "d"} for n in names]
    thing = {"name": "thing", "dataGranularityDescription": "d", "properties": properties}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "thing", "version": "1", "status": "active", "domain": "d"}
    contract = Contract.model_validate({**head, "description": {"purpose": "p"}, "schema": [thing]})
    ignore = reads.pop("ignore", [])
    layout = {"name": "texts", "reads": reads, "header": names, "ignore": ignore, "columns": {n: n for n in names}}
    return Extract(contract, (Layout.model_validate(layout),))


def read(path: Path, text: str, **reads: Any) -> tuple[list[str], dict[int, str]]:
    """The records that can be cut into fields, with | between these, and line -> reason of the others."""
    delivery = Delivery(write(path, text), texts(**reads))
    rows = [row for batch in delivery.file.batches(delivery.match) for row in batch.to_pylist()]
    assert delivery.file.physical_records == len(rows)
    whole = ["|".join(row[n] for n in delivery.match.names) for row in rows if not row[FAULT]]
    return whole, {row[LINE]: row[FAULT] for row in rows if row[FAULT]}


@pytest.mark.parametrize(
    ("lines", "taken", "refused"),
    [
        ('"1;2;3\n4;5;6', ["4|5|6"], {2: OPEN}),
        ('1;2;"3\n4;5;6', ["4|5|6"], {2: OPEN}),
        ('1;2;3\n4;5;"', ["1|2|3"], {3: OPEN}),
        ('1;2";3\n4;5;6', ["4|5|6"], {2: MALFORMED}),
        ('1;"2"x;3\n4;5;6', ["4|5|6"], {2: MALFORMED}),
        ('1;"2"3;4\n5;"6";7', ["5|6|7"], {2: MALFORMED}),
        # The separator before a quoted field is missing: its text would be read as two fields.
        ('1"2;3";4\n5;6;7', ["5|6|7"], {2: MALFORMED}),
        # Lawful line breaks, alone and between others.
        ('1;"2\n2";3\n4;5;6', ["1|2\n2|3", "4|5|6"], {}),
        ('1;2;"3\n\n3"\n4;5;"6\n"', ["1|2|3\n\n3", "4|5|6\n"], {}),
        ('1;"2\n";"\n3"\n4;5;6', ["1|2\n|\n3", "4|5|6"], {}),
        # A mark that would close beyond a line which is a record.
        ('1;"2;3\n4;5;6\n7";8;9', ["4|5|6"], {2: OPEN, 4: MALFORMED}),
        ('1;"2;3\n4;5;6\n";8;9\nx;y;z', ["4|5|6", "x|y|z"], {2: OPEN, 4: OPEN}),
        # A line that no record is does not stop it; told are both, by themselves.
        ('"1;2;3\nsum\n4;5;6', ["4|5|6"], {2: OPEN, 3: MALFORMED}),
        # Beside a record of two lines.
        ('1;"2;3\n4;5;"\n6"', ["4|5|\n6"], {2: OPEN}),
        # One piece of a record looks whole: the other one gives it away, above and below, of one line and of two.
        ("1;2;3\n3\"\n4;5;6", ["4|5|6"], {2: MALFORMED, 3: MALFORMED}),
        ('"1\n1;2;3\n4;5;6', ["4|5|6"], {2: OPEN, 3: MALFORMED}),
        ('1;"2\n2";3\n3"\n4;5;6', ["4|5|6"], {2: MALFORMED, 4: MALFORMED}),
        ('1;2;"3"\n3"\n4;5;6', ["4|5|6"], {2: MALFORMED, 3: MALFORMED}),
        # Two ways to read it, each as good: neither.
        ('1;2;"3\n"\n";4;5\n6;7;8', ["6|7|8"], {2: OPEN, 3: OPEN, 4: OPEN}),
    ],
)  # fmt: skip
def test_a_mark_out_of_place_costs_what_it_touches(tmp_path: Path, lines: str, taken: list[str], refused: dict[int, str]) -> None:
    for ends in ("\n", "\r\n"):
        found, told = read(tmp_path, f"{HEADER}\n{lines}\n".replace("\n", ends))
        assert ([t.replace("\r", "") for t in found], told) == (taken, refused)


def test_whole_files_of_lines_that_look_like_records_are_read_where_the_layout_says_so(tmp_path: Path) -> None:
    text = f'{HEADER}\n1;"2\n4;5;6\n";3\n7;8;9\n'
    assert read(tmp_path, text, multiline="true") == (["1|2\n4;5;6\n|3", "7|8|9"], {})
    # Else they may be records, or pieces of one: neither is believed.
    assert read(tmp_path, text) == (["7|8|9"], {2: OPEN, 3: MALFORMED, 4: OPEN})
    with pytest.raises(Refused, match="opened on line 3 is never closed"):
        read(tmp_path, f'{HEADER}\n1;2;3\n"4;5;6\n', multiline="true")


@pytest.mark.parametrize(
    ("reads", "lines", "taken", "refused"),
    [
        ({"quote": "none"}, '24" skærm;"2;3"\n', ['24" skærm|"2|3"'], {}),
        ({"quote": "'"}, "'1;1';'2''2';\"3\n", ['1;1|2\'2|"3'], {}),
        ({"quote": "'"}, "1;Men's;3\n4;5;6\n", ["4|5|6"], {2: MALFORMED}),
        ({"escape": "\\"}, '"1\\"1";"2\\\\";C:\\temp\n4;5;6\n', ['1"1|2\\|C:\\temp', "4|5|6"], {}),
        ({"escape": "\\"}, '1\\;1;2;3\n"4\\";5;6\n7;8;9\n', ["1;1|2|3", "7|8|9"], {3: OPEN}),
        ({"escape": "\\"}, '1;"2""2";3\n', [], {2: MALFORMED}),
        ({"escape": "\\"}, '1;"2\n\\"2\n";3\n', ['1|2\n"2\n|3'], {}),
        ({"quote": "'", "escape": '"'}, "1;'2\"'2';3\n", ["1|2'2|3"], {}),
    ],
)  # fmt: skip
def test_a_layout_names_the_marks(tmp_path: Path, reads: dict[str, str], lines: str, taken: list[str], refused: dict[int, str]) -> None:
    assert read(tmp_path, f"{HEADER}\n{lines}", **reads) == (taken, refused)


@pytest.mark.parametrize("reads", [{"quote": ";"}, {"quote": "''"}, {"quote": ""}, {"escape": '"'}, {"escape": "ab"}])
def test_marks_that_cannot_be_told_apart_are_refused_with_the_layout(reads: dict[str, str]) -> None:
    with pytest.raises(ContractError):
        Document("a.yaml", "", {}).valid(Layout, {"name": "x", "reads": reads, "header": ["a"], "columns": {}})


def test_a_header_with_a_stray_mark_is_still_the_header(tmp_path: Path) -> None:
    for header in ('"a;b;c', 'a;b";c', 'a;"b;"c"', 'a;b;"c'):
        assert read(tmp_path, f"{header}\n1;2;3\n4;5;6\n") == (["1|2|3", "4|5|6"], {})


def test_a_preamble_with_a_stray_mark_swallows_no_header(tmp_path: Path) -> None:
    assert read(tmp_path, f'"Udtræk\nfor 24" skærme\n{HEADER}\n1;2;3\n4;"5";6\n') == (["1|2|3", "4|5|6"], {})
    # Its name may have two lines itself.
    assert read(tmp_path, 'x\na;"b\n";c\n1;2;3\n') == (["1|2|3"], {})


def test_below_a_header_that_comes_again_nothing_is_believed(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n1;2;3\n\nKlinisk\n{HEADER}\n4;5;6\n7\n")
    reading, rows, refused = parsed(path, texts())
    assert (rows, [r["line"] for r in refused]) == ([("1", "2", "3")], [4, 5, 6, 7])
    assert reading.reasons == {MALFORMED: 1, SECOND: 3}
    # A report that repeats it on each page says so in its layout.
    reading, rows, _ = parsed(path, texts(ignore=[{"when": "a = 'a'", "because": "Each page has the header."}]))
    assert (rows, reading.reasons) == ([("1", "2", "3"), ("4", "5", "6")], {MALFORMED: 2})


def test_a_mark_costs_as_little_wherever_blocks_are_cut(tmp_path: Path) -> None:
    number = BLOCK_BYTES // 24
    lines = [f"{i:07d};b;c{i % 10}" for i in range(3 * number)]
    strays = [k * number + d for k in (0, 1, 2) for d in range(0, 40, 4)]
    for at in strays:
        lines[at] = lines[at].replace("b", '"b')
    lines[-1] += '"'
    taken, refused = read(tmp_path, "\n".join([HEADER, *lines]))
    assert [line - 2 for line in refused] == [*strays, len(lines) - 1]
    assert len(taken) == len(lines) - len(refused)


WORDS = st.sampled_from(["", "x", "Ærø", "12", "a b"])
QUOTED = st.sampled_from(["x; y", '24" skærm', '"', "", "one\ntwo", 'said "hi"\nto me', "\nbelow", "above\n", "a\n\nb"])
FIELD = st.one_of(WORDS, QUOTED.map(lambda t: '"' + t.replace('"', '""') + '"'))


@settings(max_examples=300, deadline=None)
@given(records=st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=2, max_size=8), data=st.data())
def test_one_mark_too_many_or_too_few_never_changes_a_record_that_is_taken(
    tmp_path_factory: pytest.TempPathFactory, records: list[list[str]], data: st.DataObject
) -> None:
    """Damaged is one character, a mark or a separator outside quoted text, of one record; only those that share its lines may suffer."""
    path = tmp_path_factory.mktemp("stray")
    plain = [";".join(r) for r in records]
    clean, refused = read(path, "\n".join([HEADER, *plain, ""]))
    assume(not refused and len(clean) == len(records))
    victim = data.draw(st.integers(0, len(records) - 1))
    text = plain[victim]
    marks = [i for i, c in enumerate(text) if c == '"']
    outside = [i for i, c in enumerate(text) if c == ";" and text[:i].count('"') % 2 == 0]
    places = [("too many", i, '"') for i in range(len(text) + 1)] + [("too few", i, "") for i in [*marks, *outside]]
    kind, at, put = data.draw(st.sampled_from(places))
    plain[victim] = text[:at] + put + text[at + (kind == "too few") :]
    taken, refused = read(path, "\n".join([HEADER, *plain, ""]))
    assert not Counter(taken) - Counter(clean)
    apart = [c for i, c in enumerate(clean) if abs(i - victim) > 1]
    assert not Counter(apart) - Counter(taken)
