"""Small files that could stop a night: each is read or refused in seconds, named, and met once; its neighbour is published."""

import gzip
import io
import os
import struct
import time
import zipfile
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import openpyxl
import pytest

from assets.deliveries.extracts import left_by_newest_run
from assets.deliveries.landing import lying
from assets.lake import files
from tests.conftest import ventetal
from tests.faults.aftermath import WHOLE
from tests.toy import Toy

NAME = b"n_2015-01.csv"
HEADER, RECORD = "Dag;Navn;Antal\n", "2015-01-15;a;1\n"


def zipped(*names: str, text: str = HEADER + RECORD) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as box:
        for name in names:
            box.writestr(name, text)
    return packed.getvalue()


def patched(content: bytes, *changes: tuple[bytes, int, int]) -> bytes:
    """An archive in which a number after a mark is another."""
    changed = bytearray(content)
    for mark, offset, value in changes:
        struct.pack_into("<H", changed, changed.find(mark) + offset, value)
    return bytes(changed)


def of_method(number: int) -> bytes:
    return patched(zipped("n_2015-01.csv"), (b"PK\x03\x04", 8, number), (b"PK\x01\x02", 10, number))


def far(*cells: tuple[str, str]) -> bytes:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    assert book.active
    for row in (HEADER, RECORD):
        book.active.append(row.strip().split(";"))
    for place, value in cells:
        book.active[place] = value
    book.save(packed)
    return packed.getvalue()


def of_parts(**parts: str) -> bytes:
    """A workbook with parts of our own making."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(far())) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        own = {"sheet": "xl/worksheets/sheet1.xml", "texts": "xl/sharedStrings.xml", "binary": "xl/workbook.bin", "mimetype": "mimetype"}
        for name in before.namelist():
            if name not in {own[p] for p in parts}:
                after.writestr(name, before.read(name))
        for part, text in parts.items():
            after.writestr(own[part], text)
    return packed.getvalue()


def sheet(rows: str, before: str = "") -> str:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'


def texts(*items: str) -> str:
    return f"<sst>{''.join(f'<si><t>{item}</t></si>' for item in items)}</sst>"


def heavy() -> bytes:
    """A text of 30,000 letters that 20,000 cells refer to."""
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 20_001))
    return of_parts(sheet=sheet(rows), texts=texts("x" * 30_000))


# kind -> name, content, what is said ('' where it is taken).
KINDS: dict[str, tuple[bytes, Callable[[], bytes], str]] = {
    "name in Latin-1": (b"n_2015-01_r\xf8d.csv", lambda: (HEADER + RECORD).encode(), ""),
    "name in no encoding": (b"n_2015-01_\x81\x8d\xff.csv", lambda: (HEADER + RECORD).encode(), "No layout"),
    "longest name": (b"n_2015-01_" + b"l" * 241 + b".csv", lambda: b"a;b\n", "No layout"),
    "name of the reason": (b"reason.json", lambda: b"{}", "No layout"),
    "Deflate64": (b"n.zip", lambda: of_method(9), "method that few programs know (number 9)"),
    "Zstandard": (b"n.zip", lambda: of_method(93), "number 93"),
    "no method": (b"n.zip", lambda: of_method(0xFFFF), "number 65535"),
    "member without a name": (b"n.zip", lambda: zipped("?").replace(b"?", b"\0"), "cannot be unpacked"),
    "member in broken UTF-8": (b"n.zip", lambda: zipped("r\u00f8d.csv").replace("r\u00f8d".encode(), b"r\xf8\xf8d"), "cannot be unpacked"),
    "member beyond the archive": (b"n.zip", lambda: patched(zipped("n_2015-01.csv"), (b"PK\x05\x06", 16, 0xFFF0)), "cannot be unpacked"),
    "archive of nothing": (b"n.zip", lambda: zipped(), "holds 0 files"),
    "archive of a folder": (b"n.zip", lambda: zipped("n_2015-01.csv/"), "holds 0 files"),
    "archive of an archive": (b"n.zip", lambda: zipped("n_2015-01.zip"), "No layout"),
    "last corner of a sheet": (NAME, lambda: far(("XFD1048576", "x")), "reaches to cell XFD1048576"),
    "blank far below": (NAME, lambda: far(("A1048000", " "), ("CA3", "y")), "reaches to cell"),
    "wide": (NAME, lambda: far(("XFD2", "y")), "columns; a table has"),
    "heavy text": (NAME, heavy, "MiB of text"),
    "entities": (NAME, lambda: of_parts(sheet=sheet("<row><c><v>&a;</v></c></row>", '<!DOCTYPE x [<!ENTITY a "aaaa">]>')), "damaged"),
    "reference without a row": (NAME, lambda: of_parts(sheet=sheet('<row><c r="A"><v>1</v></c></row>')), "damaged"),
    "column beyond the last": (NAME, lambda: of_parts(sheet=sheet('<row><c r="AAAAA1"><v>1</v></c></row>')), "damaged"),
    "text that is not there": (
        NAME,
        lambda: of_parts(sheet=sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'), texts=texts("x")),
        "damaged",
    ),
    "unclosed XML": (NAME, lambda: of_parts(sheet=sheet("<row>")), "damaged"),
    "binary workbook": (NAME, lambda: of_parts(binary="x"), "save it as .xlsx"),
    "OpenDocument": (NAME, lambda: of_parts(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "save it as .xlsx"),
    "blank lines": (NAME + b".gz", lambda: gzip.compress(b"\n" * 1_900_000 + (HEADER + RECORD).encode()), ""),
    "blank lines with returns": (NAME + b".gz", lambda: gzip.compress(b"\r\n" * 900_000 + (HEADER + RECORD).encode()), ""),
    "more blank lines": (NAME + b".gz", lambda: gzip.compress(b"\n" * 9_000_000 + (HEADER + RECORD).encode()), ""),
    "long field with a break": (NAME, lambda: (HEADER + f'2015-01-15;"{"x" * 150_000}\n";1\n').encode(), ""),
    "field that never ends": (NAME, lambda: (HEADER + '"' + "\n" * 20_000_000).encode(), "over 20 %"),
    "record without an end": (NAME, lambda: (HEADER + RECORD + "x" * 20_000_000 + "\n" + RECORD).encode(), "Line 3 is longer than 16 MiB"),
    "what follows a record without an end": (NAME, lambda: (HEADER + "\0" * 17_000_000).encode(), "longer than 16 MiB"),
    "many columns": (NAME, lambda: (";".join(f"c{i}" for i in range(30_000)) + ";" + HEADER).encode(), "30003 columns"),
    "many quotes": (NAME, lambda: (HEADER + '"' * 4_000_000).encode(), ""),
    "many short lines": (NAME, lambda: (HEADER + "x\n" * 1_000_000).encode(), "over 20 %"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_file_is_read_or_refused_with_a_sentence_and_its_neighbour_is_published(tmp_path: Path, kind: str) -> None:
    name, made, said = KINDS[kind]
    toy = Toy(tmp_path, n="{mode: replace_period, period: day}", good="{mode: snapshot}")
    folder = toy.data / "landing" / "n"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(made())
    toy.deliver("good", "good_2015-01.csv", "x 1")
    began = time.monotonic()
    toy.night()
    seconds = time.monotonic() - began
    [delivery] = toy.deliveries("n")
    assert (said in delivery["why"], delivery["reason"] != "reading_stopped") == (True, True), delivery["why"]
    assert said or delivery["status"] == "current" or "refused" in delivery["why"], delivery["why"]
    assert (toy.total("good"), lying(toy.lake, toy.catalog, left_by_newest_run(toy.lake))) == ("x 1", [])
    assert seconds < 60
    toy.night()
    assert toy.deliveries("n") == [delivery], "the next night is not met by it"


def with_parts(**parts: bytes) -> bytes:
    """A workbook with parts as spreadsheet programs add them, and the relations that name them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(far())) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "xl/_rels/workbook.xml.rels":
                kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
                named = "".join(f'<Relationship Id="x{i}" Type="{kind}" Target="media/{part}"/>' for i, part in enumerate(parts))
                content = content.replace(b"</Relationships>", named.encode() + b"</Relationships>")
            after.writestr(name, content)
        for part, content in parts.items():
            after.writestr(f"xl/media/{part}", content)
    return packed.getvalue()


def with_long_end(content: bytes) -> bytes:
    """An archive whose list of members has the end of a longer one too, as some libraries write always."""
    end = content.rfind(b"PK\x05\x06")
    members, length, start = struct.unpack_from("<HLL", content, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, members, members, length, start)
    return content[:end] + record + struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1) + content[end:]


ORDINARY = {
    "with a picture": lambda: with_parts(**{"image1.png": b"\x89PNG\r\n\x1a\n" + bytes(200)}),
    "with macros": lambda: with_parts(**{"vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(200)}),
    "with settings of a printer": lambda: with_parts(**{"printerSettings1.bin": bytes(range(256))}),
    "with a drawing that is no strict XML": lambda: with_parts(**{"vmlDrawing1.vml": b"<xml><br></xml>"}),
    "with the end of a longer archive": lambda: with_long_end(far()),
    "with a line feed after it": lambda: far() + b"\r\n",
}


@pytest.mark.parametrize("kind", ORDINARY)
def test_an_ordinary_workbook_is_taken_whatever_else_is_in_it(tmp_path: Path, kind: str) -> None:
    toy = Toy(tmp_path, n="{mode: replace_period, period: day}")
    (toy.data / "landing" / "n").mkdir(parents=True)
    (toy.data / "landing" / "n" / "n_2015-01.csv").write_bytes(ORDINARY[kind]())
    toy.night()
    assert toy.total("n") == "a 1", [d["why"] for d in toy.deliveries("n")]


def test_a_refused_file_with_the_longest_name_is_put_away_from_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy(tmp_path, n="{mode: replace_period, period: day}")
    path = toy.deliver("n", "l" * 251 + ".csv", "a 1")
    replace = Path.replace

    def elsewhere(self: Path, target: Path) -> Path:
        if self == path:
            raise OSError(18, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", elsewhere)
    toy.night()
    [refused] = toy.deliveries("n")
    assert (path.exists(), (toy.lake.rejected / refused["receipt_id"] / path.name).exists()) == (False, True)


@pytest.mark.parametrize("length", [1, 100, 200, 255])
def test_what_is_made_beside_a_name_has_a_name_that_disks_take(tmp_path: Path, length: int) -> None:
    beside = files.beside(tmp_path / ("æ" * (length // 2)))
    beside.touch()
    assert beside.name.startswith(".")
    assert files.beside(tmp_path / ("l" * length)) != files.beside(tmp_path / ("l" * (length - 1) + "m"))


@pytest.mark.parametrize(
    "text", ['a,b\n1, "x\ry"', 'a;b\n"1\r";2\n', '"', "\r\r\r", "a\0b;c\n1;2\n", "Dag;Navn\n" + "x" * 200_000 + ";1\n"]
)
def test_a_layout_is_proposed_or_refused_in_words_whatever_the_file_holds(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text, newline="")
    done = ventetal(tmp_path, "layout", str(tmp_path / "a.csv"))
    assert (done.returncode in (0, 1), "Traceback" in done.stderr) == (True, False), done.stderr
    checked = ventetal(tmp_path, "check", str(tmp_path / "a.csv"))
    assert (checked.returncode, "Traceback" in checked.stderr) == (1, False), checked.stderr


def test_files_that_stopped_a_night_elsewhere_stop_none(cases: Path, tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "response_times"
    landing.mkdir(parents=True)
    found = spec_from_file_location("hostile", cases / "hostile.py")
    assert found
    assert found.loader
    hostile = module_from_spec(found)
    found.loader.exec_module(hostile)
    # The last one takes a minute to make.
    for make in (hostile.far_cell, hostile.blank_lines, hostile.odd_names, hostile.odd_zips, *([hostile.heavy_string] if WHOLE else [])):
        make(landing)
    number = len(list(landing.iterdir()))
    good = next((cases / "E06" / "landing" / "response_times").iterdir())
    (landing / good.name).write_bytes(good.read_bytes())
    ran = ventetal(tmp_path, "run")
    assert ran.returncode in (0, 1), ran.stderr
    asked = ventetal(tmp_path, "query", "select status, count(*) as n from meta.receipt group by all order by all", "--csv").stdout
    assert asked.split() == ["status,n", "current,2", f"refused,{number - 1}"]
    assert "svartider_2015-04" in ventetal(tmp_path, "query", "from meta.receipt", "--csv").stdout


def test_a_delivery_of_a_header_alone_is_told(cases: Path, tmp_path: Path) -> None:
    for folder in (cases / "A22" / "landing").iterdir():
        (tmp_path / "landing" / folder.name).mkdir(parents=True)
        for file in folder.iterdir():
            (tmp_path / "landing" / folder.name / file.name).write_bytes(file.read_bytes())
    said = ventetal(tmp_path, "run", VENTETAL_AS_OF="2015-06-10").stdout
    assert "empty delivery servicedesk_calls: opkald_2015-05_leveret-20150601-0630.csv holds no records." in said
    late = ventetal(tmp_path, "query", "select is_late from meta.freshness where extract = 'servicedesk_calls'", "--csv").stdout
    assert late.split() == ["is_late", "True"]
