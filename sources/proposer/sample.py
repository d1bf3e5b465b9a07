"""The table in a file that nobody knows: its dialect or sheet, where its header is, and what stands in its columns."""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import pyarrow.compute as pc

from sources.delimited import DelimitedFile
from sources.kinds import START_BYTES, foreign, kind_of
from sources.layout import Layout, Match, Reads, Rows, plain_name
from sources.matching import MOST_COLUMNS, names_at
from sources.person_numbers import WITHIN, may_be_number, tells_number
from sources.reasons import Refused
from sources.workbook import Workbook

# More say nothing new of what a column holds.
MOST_RECORDS, MOST_TEXTS = 20_000, 300
DELIMITERS = (";", "\t", ",", "|")
# A number of a person, or one that a hospital gave in its place; without its first nought from a workbook.
PERSON = re.compile(r"(0[1-9]|[1-9]\d)(0[1-9]|1[0-2])\d{2}-?[0-9A-ZÆØÅ]{4}|[1-9](0[1-9]|1[0-2])\d{6}")
# What a cell is like, told apart only to see that a column is of one kind and its header of another.
SHAPES = (
    ("date", re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?|\d{1,2}[./ ]+[a-zæøå]{3,9}\.? \d{4}", re.I)),
    ("number", re.compile(r"[+-]?\d[\d.,: -]*%?")),
    ("code", re.compile(r"[A-Za-z]{0,4}\d+\w*")),
)
# A total stands among so many records at the end; a longer cell is a text.
LASTS, LONGEST = 3, 80
# Numbers that can be read in one way.
ENGLISH = re.compile(r"[+-]?(0\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,}))( ?%)?")
DANISH = re.compile(r"[+-]?(0,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,}))( ?%)?")
# Written for a value that is not there; what such a text means beside numbers of persons (fewer than five) is no number either.
MARKERS = {
    "?", "-", "--", "–", ".", "..", "*", "n/a", "na", "#n/a", "null", "none", "nan", "i.m.", "i/t", "uoplyst", "ukendt", "ikke oplyst",
    "ingen", "missing", "unknown", "00000000", "99991231", "25000101", "9999-12-31", "2500-01-01", "31-12-9999", "01-01-2500",
}  # fmt: skip
FEW = re.compile(r"[<≤]\s?\d{1,2}")


@dataclass(frozen=True, eq=False)
class Values:
    """What stands in a supplier's column: how often each text of at least one character, in so many records.

    `counts` is of the commonest texts; `distinct` says how many there are.
    """

    name: str
    counts: Counter[str]
    records: int
    distinct: int
    # The share of records that have a text.
    filled: float
    _shares: dict[re.Pattern[str], float] = field(default_factory=dict)

    @cached_property
    def given(self) -> Counter[str]:
        """The texts that are no marker of a value that is not there."""
        return Counter({t: n for t, n in self.counts.items() if not _is_marker(t)})

    @cached_property
    def markers(self) -> tuple[str, ...]:
        return tuple(sorted(t for t in self.counts if _is_marker(t)))

    def share(self, shape: re.Pattern[str]) -> float:
        """How much of what is given has a shape, 0 to 1; asked of a column for each of many that it could be."""
        if shape not in self._shares:
            self._shares[shape] = sum(n for t, n in self.given.items() if shape.fullmatch(t)) / (self.given.total() or 1)
        return self._shares[shape]


@dataclass(frozen=True)
class Sample:
    """A table as far as it was read. `line` is that of the header, `above` the text over it, `last` the last records, where totals
    stand.
    """

    reads: Reads
    sheet: str
    line: int
    columns: dict[str, Values]
    above: str
    last: list[dict[str, str]] = field(default_factory=list)
    is_whole: bool = True
    is_workbook: bool = False
    # Whether anything that was read, above the header and in nameless columns too, is written like a number of a person: then nothing
    # of the file is shown unasked.
    tells_of_persons: bool = False
    # How many records are not written as the others.
    malformed: int = 0

    @property
    def header(self) -> list[str]:
        return list(self.columns)

    @cached_property
    def numbers(self) -> Literal["english", "danish"]:
        """english where more values end in a point and decimals, or group by comma, than the other way round."""
        points = commas = 0
        for values in self.columns.values():
            given = values.given
            english, danish = (sum(n for t, n in given.items() if shape.fullmatch(t)) for shape in (ENGLISH, DANISH))
            points, commas = points + english, commas + danish
            # Three digits behind a mark: as the others of the column; else Danish in a file that is Danish by its delimiter; else a group
            # where others are below a thousand.
            in_three = {mark: sum(n for t, n in given.items() if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}[{mark}]\d{{3}}", t)) for mark in ".,"}
            if english or danish or self.reads.delimiter == ";":
                points += sum(in_three.values()) if english > danish else 0
                commas += sum(in_three.values()) if english <= danish else 0
                continue
            is_grouped = any(re.fullmatch(r"[+-]?\d{1,3}", t) for t in given)
            points += in_three["," if is_grouped else "."]
            commas += in_three["." if is_grouped else ","]
        return "english" if points > commas or (points == commas and self.reads.delimiter == ",") else "danish"

    @property
    def records(self) -> int:
        return max((v.records for v in self.columns.values()), default=0)


@dataclass(frozen=True)
class _Found:
    """A place that could be the header, by how much the columns below it are each of one kind."""

    score: float
    at: int
    rows: Rows
    reads: Reads
    sheet: str | None


def _is_marker(text: str) -> bool:
    return text.casefold() in MARKERS or FEW.fullmatch(text) is not None


def sample(path: Path) -> Sample:
    """The likeliest table of a file. Raises Refused for an unreadable file and for one without a table of two columns."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if said := foreign(start):
        raise Refused("unreadable_file", said)
    opened: Workbook | DelimitedFile = Workbook(path) if kind_of(start) == "workbook" else DelimitedFile(path)
    if isinstance(opened, Workbook):
        found = [_header(rows, Reads(), sheet) for sheet, rows in opened.heads(Reads())]
    else:
        asked = [Reads(delimiter=d) for d in DELIMITERS]
        found = [_header(rows, reads, None) for reads in asked for _, rows in opened.heads(reads)]
    best = max(found, key=lambda f: f.score, default=None)
    if best is None or best.score < 1:
        raise Refused("no_layout", "No table of two or more columns is in the first rows." + _if_fixed(found))
    sheets = sum(f.score > 0 for f in found) if isinstance(opened, Workbook) else 1
    read = _read(opened, best, best.sheet or "" if sheets > 1 else "")
    if isinstance(opened, Workbook) or not read.malformed:
        return read
    # Where records come out odd, another quotation mark may be meant, or none, or one inside a field is written with a stroke.
    marks: tuple[dict[str, str], ...] = ({"quote": "none"}, {"quote": "'"}, {"escape": "\\"})
    asked = [Reads.model_validate({"delimiter": best.reads.delimiter, **other}) for other in marks]
    others = (_header(rows, reads, None) for reads in asked for _, rows in opened.heads(reads))
    return max((read, *(_read(opened, f, "") for f in others if f.score >= best.score / 2)), key=lambda r: (r.records, -r.malformed))


def _if_fixed(found: list[_Found]) -> str:
    """What to do where every line is as long as the others, whose fields are told by their places."""
    lengths = {len(" ".join(cells)) for f in found[:1] for _, cells in f.rows}
    if len(lengths) != 1 or min(lengths) < 2 or len(found[0].rows) < 2:
        return ""
    return " Its lines are all of one length: if its fields have fixed places, a layout says them as `widths` (sources/README.md)."


def _header(rows: Rows, reads: Reads, sheet: str | None) -> _Found:
    """The row whose columns are each of one kind below it and of another in it: title rows and pairs of key and value are not."""
    cells = [[c.strip() for c in row] for _, row in rows]
    wide = [row for row in cells if sum(map(bool, row)) > 1]
    told = Counter(i for row in wide for i, cell in enumerate(row) if tells_number(cell))
    # One record may be shifted, or hold a remark.
    of_persons = {i for i, often in told.items() if often > len(wide) / 4}
    scores = [_is_header(row, cells[at + 1 :], of_persons) for at, row in enumerate(cells)]
    best = max(scores, default=0.0)
    # Of rows that could be it, the first: a record of texts alone is like a header to the records below it.
    at = next((i for i, score in enumerate(scores) if score >= 0.9 * best), 0)
    return _Found(best, at, rows, reads, sheet)


def _is_header(row: list[str], below: list[list[str]], of_persons: set[int]) -> float:
    """How many columns seem to begin at a row, each counted by the share of rows below that are like one another in it. `of_persons`
    are the places of numbers of persons.
    """
    names = [(i, name) for i, name in enumerate(row) if name]
    if len(names) < 2 or len({plain_name(n) for _, n in names}) < len(names):
        return 0
    # Names are said aloud: what could be a number of a person is a record's.
    if any(tells_number(n) or (may_be_number(n) and _shape(n) != "date") for _, n in names):
        return 0
    # A record has most of the columns; a row that has one or two is a title or a footnote.
    full = [r for r in below if len(r) <= len(row) + 1 and sum(bool(c) for c in r) >= max(2, len(names) / 3)]
    if not full:
        return 0
    # A column of numbers of persons is called something: else the row is a record that lacks one.
    if not of_persons <= {i for i, name in names if not _is_marker(name)}:
        return 0
    alike = 0.0
    for i, name in names:
        shapes = Counter(_shape(r[i]) for r in full if i < len(r) and r[i])
        commonest, often = max(shapes.items(), key=lambda x: x[1], default=("", 0))
        # A name is no number or date among texts, nor one more of the values below it.
        if _shape(name) in ("date", "number") or any(i < len(r) and r[i] == name for r in full):
            continue
        alike += 0.5 if not often else 0.5 + 0.5 * often / sum(shapes.values()) if commonest != _shape(name) else 0.75
    return alike * len(full) / max(1, sum(any(r) for r in below))


def _shape(text: str) -> str:
    if len(text) > LONGEST:
        return "text"
    return next((name for name, shape in SHAPES if shape.fullmatch(text)), "text" if text else "")


def _read(opened: Workbook | DelimitedFile, found: _Found, sheet: str) -> Sample:
    layout = Layout(name="unknown", header=["unknown"], columns={}, reads=found.reads)
    names = names_at(layout, found.rows, found.at)
    if len(names) > MOST_COLUMNS:
        raise Refused("too_large", f"The header has {len(names)} columns; a table has {MOST_COLUMNS} at most.")
    match = Match(layout, names, {}, found.at + 1, found.sheet)
    whole, records, total = True, 0, 0
    last, counts = list[dict[str, str]](), [Counter[str]() for _ in names]
    tells = any(tells_number(cell) for _, cells in found.rows for cell in cells)
    for batch in opened.batches(match):
        records += len(batch)
        # By their places: a supplier's column may have any name.
        malformed, fault = batch.column(len(names) + 1), batch.column(len(names) + 2)
        is_odd = pc.or_(pc.is_valid(malformed), pc.is_valid(fault))
        texts = (batch.column(i) for i in (*range(len(names)), len(names) + 1))
        plain = (pc.utf8_normalize(column, form="NFKC") for column in texts)
        tells = tells or any(pc.any(pc.match_substring_regex(column, WITHIN)).as_py() for column in plain)
        even = batch.filter(pc.invert(is_odd))
        for i, counted in enumerate(counts):
            for pair in pc.value_counts(pc.utf8_trim_whitespace(even.column(i))).to_pylist():
                if pair["values"]:
                    counted[pair["values"][: 2 * LONGEST]] += pair["counts"]
        if len(even):
            tail = even.slice(max(0, len(even) - LASTS))
            cells = zip(*(tail.column(i).to_pylist() for i in range(len(names))), strict=True)
            last = [dict(zip(names, row, strict=True)) for row in cells]
        total += len(even)
        if records >= MOST_RECORDS:
            whole = False
            break
    described = [
        Values(n, Counter(dict(c.most_common(MOST_TEXTS))), total, len(c), c.total() / (total or 1))
        for n, c in zip(names, counts, strict=True)
    ]
    named = {values.name: values for values in reversed(described)}
    # A column without a name has the number that `names_at` gave it.
    columns = {name: named[name] for name in dict.fromkeys(names) if not re.fullmatch(r"column \d+", name)}
    above = "\n".join(" ".join(c for c in cells if c) for _, cells in found.rows[: found.at])
    line = found.rows[found.at][0]
    return Sample(found.reads, sheet, line, columns, above, last, whole, isinstance(opened, Workbook), tells, records - total)
