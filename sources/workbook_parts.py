"""What a workbook is made of, looked through before the library that reads it builds tables of it in memory.

The file is a zip of XML parts, read here as a stream: how far the cells of a sheet reach, how much text they stand for, and what a
cell may hide: formulas whose result was never stored, and errors. Nothing is taken from here as a value.
"""

import struct
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, is_zipfile

from sources.reasons import Refused
from sources.unpack import UNPACKED_BYTES_UNJUDGED

# A sheet of a million rows unpacks to some hundred MiB; what is far beyond was made to exhaust memory.
UNPACKED_BYTES_LIMIT = 2 << 30
UNPACKED_RATIO_LIMIT = 200
# The library keeps a cell in 32 bytes, used or not, of every row and column up to the farthest, and each text once for every cell.
MOST_CELLS = 10_000_000
MOST_TEXT = 256 << 20
# Columns go to XFD: a reference with more letters is none that a program writes.
_MOST_LETTERS = 3
_PIECE = 1 << 20
# The end of an archive: 22 bytes and a comment.
_LONGEST_END = 22 + 0xFFFF
# What the libraries raise over bytes that are no such archive, or no XML.
_DAMAGE = (
    *(BadZipFile, NotImplementedError, EOFError, OSError, zlib.error, ValueError, IndexError, struct.error, RuntimeError),
    expat.ExpatError,
)


# A cell as one number: its row and column, from 1.
_ROW = 1 << 14


@dataclass(frozen=True)
class SheetPart:
    """One part of the file that holds cells: how far they reach, how many hold something, the length of their texts, and what hides
    a value: formulas whose result was never stored, and errors.
    """

    rows: int
    columns: int
    farthest: str
    cells: int
    text: int
    formulas: "array[int]"
    errors: "array[int]"

    @property
    def box(self) -> int:
        """Cells of the rectangle from A1 that holds them all."""
        return self.rows * self.columns

    def hidden(self) -> dict[tuple[int, int], str]:
        """(row, column), from 1 -> why the cell gives no value, as `sources.reasons` calls it."""
        found = {divmod(place - 1, _ROW): "formula_without_value" for place in self.formulas}
        found |= {divmod(place - 1, _ROW): "cell_error" for place in self.errors}
        return {(row, column + 1): why for (row, column), why in found.items()}


class _Cells:
    """The stream of one part, cell by cell: a cell is counted once the next one begins. Called for every element of a file, so it is
    written for speed. Texts are counted in characters: bytes only matter by the million.
    """

    def __init__(self, shared: list[int]) -> None:
        self.rows = self.columns = self.cells = self.text = 0
        self.formulas, self.errors = array("q"), array("q")
        self.farthest, self._shared, self.targets = "", shared, set[str]()
        # What a workbook says of its sheets (name, id of a relation) and its relations (id -> part).
        self.sheets, self.relations = list[tuple[str, str]](), dict[str, str]()
        self._numbers: dict[str, int] = {}
        self._row = self._column = self._length = 0
        self._ref = self._kind = self._value = self._prefix = ""
        self._is_open = self._holds = self._has_formula = self._reads = False

    def begins(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == self._prefix + "c":
            if self._is_open:
                self.close()
            self._is_open = True
            self._ref, self._kind = attributes.get("r", ""), attributes.get("t", "")
        elif tag == self._prefix + "v" or tag == self._prefix + "t":
            self._reads = self._holds = True
        elif tag == self._prefix + "row":
            if self._is_open:
                self.close()
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif tag == self._prefix + "f":
            self._holds = self._has_formula = True
            self._reads = False
        elif tag.endswith("Relationship"):
            self.relations[attributes.get("Id", "")] = PurePosixPath(attributes.get("Target", "")).name
            if attributes.get("Type", "").endswith(("/worksheet", "/sharedStrings")):
                self.targets.add(PurePosixPath(attributes.get("Target", "")).name)
        else:
            self._reads = False
            if tag.rpartition(":")[2] == "sheet":
                relation = next((text for name, text in attributes.items() if name.endswith(":id")), "")
                self.sheets.append((attributes.get("name", ""), relation))
            if not self.cells and tag.endswith((":worksheet", ":sst")):
                self._prefix = tag.rpartition(":")[0] + ":"

    def says(self, text: str) -> None:
        if self._reads:
            if self._kind == "s":
                self._value += text
            self._length += len(text)

    def part(self) -> SheetPart:
        """What was seen of the part, once it has been walked through."""
        if self._is_open:
            self.close()
        return SheetPart(self.rows, self.columns, self.farthest, self.cells, self.text, self.formulas, self.errors)

    def close(self) -> None:
        """The cell that was open is complete."""
        self._is_open = self._reads = False
        if self._ref:
            letters = self._ref.rstrip("0123456789")
            self._column = self._numbers.get(letters) or self._numbered(letters)
            self._row = int(self._ref[len(letters) :])
        else:
            self._column += 1
        if not self._holds:
            return
        self.cells += 1
        if self._row > self.rows or self._column > self.columns:
            self.farthest = self._ref
            self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)
        if self._kind == "s":
            place = int(self._value or 0)
            if not 0 <= place < len(self._shared):
                # The library would take another text for it.
                raise ValueError("reference")
            self.text += self._shared[place]
            self._value = ""
        else:
            self.text += self._length
            if self._kind == "e":
                self.errors.append(self._row * _ROW + self._column)
        if self._has_formula:
            # A result that is an empty text is one.
            if not self._length and self._kind != "str":
                self.formulas.append(self._row * _ROW + self._column)
            self._has_formula = False
        self._holds, self._length = False, 0

    def _numbered(self, letters: str) -> int:
        """The number of a column from its letters."""
        if len(letters) > _MOST_LETTERS or not letters.isalpha() or not letters.isascii():
            raise ValueError("reference")
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - 64
        self._numbers[letters] = number
        return number


class _Texts:
    """The stream of the texts that cells refer to by number: the length of each."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def begins(self, tag: str, _: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            self.lengths.append(0)

    def says(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


def look_through(path: Path) -> dict[str, SheetPart]:
    """The parts with cells of the workbook at `path`, by the name of the sheet.

    Raises Refused unreadable_file, or too_large for what would exhaust memory.
    """
    if not is_zipfile(path):
        raise Refused("unreadable_file", "The file is called a workbook but is not one.")
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
            names = {m.filename.lower() for m in members}
            if "mimetype" in names or "xl/workbook.bin" in names:
                raise Refused("unreadable_file", "The workbook is of a kind that is not read here; save it as .xlsx.")
            unpacked = sum(m.file_size for m in members)
            if unpacked > UNPACKED_BYTES_LIMIT or (
                unpacked > UNPACKED_BYTES_UNJUDGED and unpacked > UNPACKED_RATIO_LIMIT * path.stat().st_size
            ):
                raise Refused("too_large", f"The workbook unpacks to {unpacked >> 20} MiB.")
            if not _is_whole(path, archive):
                raise BadZipFile
            shared, targets, broken, parts = list[int](), set[str](), list[str](), dict[str, SheetPart]()
            sheets, relations = list[tuple[str, str]](), dict[str, str]()
            # Texts first, whatever their place: cells refer to them.
            for member in sorted(members, key=lambda m: not m.filename.lower().endswith("sharedstrings.xml")):
                texts, cells = _Texts(), _Cells(shared)
                is_texts = member.filename.lower().endswith("sharedstrings.xml")
                try:
                    with archive.open(member) as part:
                        _walk(part, texts if is_texts else cells)
                except expat.ExpatError:
                    broken.append(member.filename)
                    continue
                shared += texts.lengths
                targets |= cells.targets
                parts[member.filename] = cells.part()
                if PurePosixPath(member.filename).name in ("workbook.xml", "workbook.xml.rels"):
                    sheets, relations = sheets + cells.sheets, relations | cells.relations
            # A picture is no XML; a part that says it is, or that the library would take for a sheet, has to be.
            if any(name.lower().endswith((".xml", ".rels")) or PurePosixPath(name).name in targets for name in broken):
                raise BadZipFile
    except Refused:
        raise
    except _DAMAGE as error:
        raise Refused("unreadable_file", "The file is a workbook that is damaged; open it, and save it again.") from error
    _refuse_what_is_too_large([p for p in parts.values() if p.cells])
    by_file = {PurePosixPath(name).name: part for name, part in parts.items() if "sheet" in name.lower()}
    return {name: by_file[file] for name, relation in sheets if (file := relations.get(relation, "")) in by_file}


def _is_whole(path: Path, archive: ZipFile) -> bool:
    """Whether the archive's list of members lies where its end says and is as long as it says: every library reads the same."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST_END))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    place = size - len(tail) + end
    _, _, here, members, length, start, _ = struct.unpack_from("<4H2LH", tail, end + 4)
    if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
        # A list that may be longer than 4 GiB has an end of its own before, whether it needs it or not.
        place -= 76
        here, members, length, start = struct.unpack_from("<4Q", tail, end - 76 + 24)
    return (here, members, start, start + length) == (len(archive.infolist()), len(archive.infolist()), archive.start_dir, place)


def _walk(file: IO[bytes], reading: _Cells | _Texts) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = reading.begins, reading.says
    parser.EntityDeclHandler = _no_entities
    while piece := file.read(_PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _no_entities(*_: object) -> None:
    raise ValueError("entities")


def _refuse_what_is_too_large(parts: list[SheetPart]) -> None:
    if sum(p.box for p in parts) > MOST_CELLS:
        worst = max(parts, key=lambda p: p.box)
        sentence = (
            f"A sheet reaches to cell {worst.farthest}, {worst.rows} rows by {worst.columns} columns, of which {worst.cells} cells hold"
            " something. Delete what stands far from the table, or send a text file."
        )
        raise Refused("too_large", sentence)
    if (text := sum(p.text for p in parts)) > MOST_TEXT:
        raise Refused("too_large", f"The cells of the workbook hold {text >> 20} MiB of text; send the table as a text file.")
