"""Deliveries that something happened to, each made again from its number; and what a strict reader finds in their bytes.

The strict reader knows nothing of the project's: characters one by one, XML by the standard library.
"""

import gzip
import io
import os
import random
import re
import struct
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import openpyxl

COLUMNS = ["Dag", "Navn", "Antal"]
Record = tuple[date, str, int]
TOKENS = (
    *(b'"', b'""', b";", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3", b"\xe6\xf8", b"\xef\xbb\xbf", b"\t", b" ", b"\xc2\xa0"),
    *(b"9" * 40, b"-", b"1.000", b"1,5", b"2015-02-30", b"Dag;Navn;Antal\n", b"\n" * 500, b'"\n', b"=1+1", b"x" * 5000, b"\x1a"),
    *(b"'; drop table x; --", "e\u0301".encode(), "\u2028".encode(), b"\x85", b"{}", b"%s%n", b"2015-01-15;z;1\n"),
)
XML_TOKENS = (
    "XFD1048576", "A1048576", "A0", "AAAA1", "B2", "1e308", "-1", "NaN", "", "99999999999999999999", "s", "e", "inlineStr", "str", "b", "d",
    "true", "#N/A", "æ", "&#0;", "&amp;", "&x;", "2015-01-15", " ",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A file as it is put into landing: its name in bytes, what it holds, and what was done to it."""

    number: int
    name: bytes
    content: bytes
    story: str


def mutant(number: int) -> Mutant:
    """The mutant of a number, always the same."""
    dice = random.Random(number)
    rows = [f"2015-01-{dice.randint(1, 31):02};n{place};{dice.randint(-5, 99999)}" for place in range(dice.randint(0, 12))]
    text = ("Dag;Navn;Antal\n" + "".join(f"{row}\n" for row in rows)).encode(dice.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    kind = dice.choice(["text", "text", "gzip", "zip", "zip", "workbook", "workbook", "workbook"])
    stem = f"n{number}_2015-01"
    story = [kind]
    if dice.random() < 0.8 and kind != "workbook":
        text, what = _bytes(dice, text)
        story.append(what)
    match kind:
        case "text":
            name, content = f"{stem}.csv", text
        case "gzip":
            name, content = f"{stem}.csv.gz", gzip.compress(text, mtime=0)
        case "zip":
            name, content = f"{stem}.zip", _zip(dice, f"{stem}.csv", text)
        case _:
            name, content = f"{stem}.csv", _workbook(dice, rows)
    if kind != "text" and dice.random() < 0.4:
        content, what = (_zip_fields if kind != "gzip" and dice.random() < 0.5 else _bytes)(dice, content)
        story.append(f"packed: {what}")
    raw = name.encode()
    if dice.random() < 0.1:
        raw, what = _name(dice, raw)
        story.append(f"name: {what}")
    return Mutant(number, raw, content, ", ".join(story))


def put(mutant: Mutant, folder: Path) -> None:
    with Path(os.fsdecode(os.fsencode(folder) + b"/" + mutant.name)).open("wb") as file:
        file.write(mutant.content)


def records(content: bytes) -> Counter[Record] | None:
    """The well-formed records of an unpacked delivery, None where a strict reader would not touch it."""
    if content.startswith(b"PK\x03\x04"):
        try:
            rows = [(row, True) for row in _sheet(content)]
        except Exception:
            return None
    else:
        rows = _fields(content)
    names = ([_plain(c) for c in row] for row, _ in rows[:50])
    header = next(((i, row) for i, row in enumerate(names) if {_plain(c) for c in COLUMNS} <= {*row}), None)
    if header is None:
        return None
    places = [header[1].index(_plain(column)) for column in COLUMNS]
    width, found = len(header[1]), Counter[Record]()
    for row, is_lawful in rows[header[0] + 1 :]:
        if is_lawful and len(row) == width and (record := _record([row[p].strip(" \t\u00a0") for p in places])):
            found[record] += 1
    return found


def _record(cells: list[str]) -> Record | None:
    day, name, number = cells
    try:
        return (date.fromisoformat(day[:10]), name, int(number.replace(".", ""))) if name else None
    except ValueError:
        return None


def _plain(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).replace("\ufeff", "").split()).casefold()


def _fields(content: bytes) -> list[tuple[list[str], bool]]:
    """Cells of the records of a text, and whether it is well-formed; if not, what a stray mark among the names of columns leaves."""
    for encoding in ("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", "cp1252", "latin-1"):
        try:
            text = unicodedata.normalize("NFC", content.decode(encoding))
            break
        except UnicodeDecodeError:
            continue
    lines = text.replace("\r\n", "\n").split("\n")
    open_, records, at = [i for i, line in enumerate(lines) if line.count('"') % 2], list[str](), 0
    while at < len(lines):
        end = next((i for i in open_ if i > at), at) if at in open_ else at
        # A field that stays open, or would swallow what is a record by itself, began with a mark that does not belong there.
        if any(len(_cells(line) or ()) > 1 for line in lines[at + 1 : end]):
            end = at
        records += re.split(r'\r(?=(?:[^"]*"[^"]*")*[^"]*$)', "\n".join(lines[at : end + 1]))
        at = end + 1
    found = [(record, _cells(record)) for record in records if record]
    return [(record.replace('"', "").split(";"), False) if cells is None else (cells, True) for record, cells in found]


def _cells(line: str) -> list[str] | None:
    cells, place = [], 0
    while True:
        if line.startswith('"', place):
            found = re.compile(r'"((?:[^"]|"")*)"(?=;|$)', re.DOTALL).match(line, place)
            if found is None:
                return None
            cells.append(found[1].replace('""', '"'))
            place = found.end()
        else:
            end = line.find(";", place)
            cells.append(line[place : end if end >= 0 else len(line)])
            if '"' in cells[-1]:
                return None
            place = end if end >= 0 else len(line)
        if place >= len(line):
            return cells
        place += 1


def _sheet(content: bytes) -> list[list[str]]:
    """Cells of the one sheet whose first rows look like the table, by the letter of the format."""
    with zipfile.ZipFile(io.BytesIO(content)) as box:
        known = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml")
        parts = {name: ElementTree.fromstring(box.read(name)) for name in box.namelist() if name in known}
    shared = ["".join(t.text or "" for t in item.iter() if _tag(t) == "t") for item in parts.get("xl/sharedStrings.xml", ())]
    rows: dict[int, dict[int, str]] = {}
    row = column = 0
    for cell in (c for c in parts["xl/worksheets/sheet1.xml"].iter() if _tag(c) in ("c", "row")):
        if _tag(cell) == "row":
            row, column = int(cell.get("r", row + 1)), 0
            continue
        if found := re.fullmatch(r"([A-Z]{1,3})([1-9]\d*)", cell.get("r", "")):
            row, column = int(found[2]), sum((ord(x) - 64) * 26**power for power, x in enumerate(reversed(found[1])))
        else:
            assert "r" not in cell.attrib
            column += 1
        value = next((v.text or "" for v in cell if _tag(v) == "v"), "")
        match cell.get("t", "n"):
            case "s":
                value = shared[int(value)]
            case _ if any(_tag(part) == "is" for part in cell):
                value = "".join(t.text or "" for t in cell.iter() if _tag(t) == "t")
            case "n" if re.fullmatch(r"[-+.\dEe]+", value):
                value = f"{float(value):.15g}".replace(".", ",")
        rows.setdefault(row, {})[column] = value
    width = max((max(row) for row in rows.values()), default=0)
    return [[row.get(i, "") for i in range(1, width + 1)] for _, row in sorted(rows.items()) if any(row.values())]


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _bytes(dice: random.Random, content: bytes) -> tuple[bytes, str]:
    changed, story = bytearray(content), []
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(changed) + 1)
        match dice.randrange(6):
            case 0 if changed:
                changed[place % len(changed)] ^= 1 << dice.randrange(8)
                story.append("a bit flipped")
            case 1:
                changed[place:place] = dice.choice(TOKENS)
                story.append("something put in")
            case 2:
                del changed[place : place + dice.randint(1, 30)]
                story.append("something cut out")
            case 3:
                del changed[place:]
                story.append("cut off")
            case 4:
                changed[place:place] = changed[max(0, place - dice.randint(1, 200)) : place]
                story.append("something twice")
            case _:
                changed[place : place + 4] = dice.randbytes(4)
                story.append("noise")
    return bytes(changed), " and ".join(story)


def _zip(dice: random.Random, inside: str, text: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", dice.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])) as box:
        box.writestr(_member(dice.choice([inside] * 6 + ["../" + inside, "æ" + inside, "mappe/" + inside])), text, box.compression)
        if dice.random() < 0.1:
            box.writestr(_member(dice.choice(["__MACOSX/x", "to.csv", "mappe/"])), b"")
    return packed.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    """A member of an archive that is the same whenever it is made."""
    return zipfile.ZipInfo(name)


def _zip_fields(dice: random.Random, content: bytes) -> tuple[bytes, str]:
    """One of the numbers that a zip says of its members is another: method, flags, sizes, offsets, name lengths, checksums."""
    changed = bytearray(content)
    heads = [m.start() for m in re.finditer(rb"PK\x03\x04|PK\x01\x02|PK\x05\x06", content)]
    if not heads:
        return content, "nothing"
    place = dice.choice(heads) + 4 + 2 * dice.randrange(13)
    value = dice.choice([0, 1, 8, 9, 12, 14, 98, 0xFF, 0x0800, 0x0801, 0xFFFF, dice.randrange(0x10000)])
    if place + 2 <= len(changed):
        struct.pack_into("<H", changed, place, value)
    return bytes(changed), f"a field {value}"


def _workbook(dice: random.Random, rows: list[str]) -> bytes:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet
    for row in (";".join(COLUMNS), *rows):
        sheet.append([int(c) if re.fullmatch(r"-?\d+", c) and dice.random() < 0.7 else c for c in row.split(";")])
    if dice.random() < 0.1:
        book.create_sheet("to").append(COLUMNS)
    book.save(packed)
    again = io.BytesIO()
    with zipfile.ZipFile(packed) as before, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as after:
        parts = {name: before.read(name) for name in before.namelist()}
        if dice.random() < 0.5:
            _share(parts)
        for name, part in parts.items():
            # When it was made is in it, and must not make another mutant of it.
            xml = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2015-01-01T00:00:00Z", part)
            if dice.random() < (0.7 if "sheet1" in name else 0.1 if "shared" in name.lower() or "workbook" in name else 0.02):
                xml = _xml(dice, xml.decode()).encode() if dice.random() < 0.8 else _bytes(dice, xml)[0]
            after.writestr(_member(name), xml, zipfile.ZIP_DEFLATED)
    return again.getvalue()


def _share(parts: dict[str, bytes]) -> None:
    """Texts of cells in a part of their own, as spreadsheet programs keep them."""
    texts: list[str] = []

    def shared(found: re.Match[str]) -> str:
        texts.append(found[2])
        return f'<c r="{found[1]}" t="s"><v>{len(texts) - 1}</v></c>'

    sheet = "xl/worksheets/sheet1.xml"
    inline = r'<c r="(\w+)" t="inlineStr"><is><t>([^<]*)</t></is></c>'
    parts[sheet] = re.sub(inline, shared, parts[sheet].decode()).encode()
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{namespace}" count="{len(texts)}" uniqueCount="{len(texts)}">{items}</sst>'.encode()


def _xml(dice: random.Random, text: str) -> str:
    """A value or an attribute is another, a cell is there twice, or one is gone."""
    spots = list(re.finditer(r'(?<==")[^"]*(?=")|(?<=>)[^<]+(?=<)', text))
    if not spots:
        return text
    spot = dice.choice(spots)
    match dice.randrange(4):
        case 0 if cells := list(re.finditer(r"<c .*?</c>", text)):
            cell = dice.choice(cells)
            return text[: cell.end()] + cell[0] + text[cell.end() :]
        case 1 if cells := list(re.finditer(r"<c .*?</c>", text)):
            cell = dice.choice(cells)
            return text[: cell.start()] + text[cell.end() :]
    return text[: spot.start()] + dice.choice(XML_TOKENS) + text[spot.end() :]


def _name(dice: random.Random, name: bytes) -> tuple[bytes, str]:
    match dice.randrange(5):
        case 0:
            return b"r\xf8d_" + name, "Latin-1"
        case 1:
            return (b"l" * (255 - len(name)) + name)[-255:], "long"
        case 2:
            return name.replace(b"_", b"\n", 1), "a line feed"
        case 3:
            return "e\u0301".encode() + name, "decomposed"
        case _:
            return bytes(dice.choice(b"abcdef\x01\x7f\xff;'\"") for _ in range(dice.randint(1, 40))) + b"_" + name, "odd letters"
