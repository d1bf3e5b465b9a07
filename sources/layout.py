"""Layouts: how one supplier writes one extract, and which layout fits a delivered file.

Belongs here: the layout language and the search for a header. Does not belong here: turning text into values
(`sources.casts`) or bytes into text (`sources.delimited`, `sources.workbook`).
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from sources.civil_time import CIVIL_ZONE
from sources.contract import Contract, digest
from sources.dialect import Dialect
from sources.documents import ContractError, Document, read
from sources.reasons import Refused
from sources.vocabulary import Column, Model

HEADER_SEARCH_ROWS = 50
# Types of columns that may be added up.
NUMBERS = ("SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL")
# Twice what the widest table of a public register has; a file of more columns is one table laid on its side, or no table.
MOST_COLUMNS = 2_000
Rows = list[tuple[int, list[str]]]


class Reads(Model):
    """How a file is written. `quote` may be none: then a quotation mark is text. `escape` makes the character after it text, where a
    mark inside a field does not stand twice. `multiline`: a quoted field may hold lines that look like records.
    """

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    quote: Annotated[str, Field(pattern=r"^(none|[\x21-\x7e])$")] = '"'
    escape: Annotated[str, Field(pattern=r"^[\x00-\x7f]?$")] = ""
    multiline: bool = False
    numbers: Literal["danish", "english"] = "danish"
    missing: list[str] = []
    header_rows: int = Field(default=1, ge=1)
    zone: str = CIVIL_ZONE

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(f"{value} is no time zone like {CIVIL_ZONE}") from None
        return value

    @model_validator(mode="after")
    def _has_marks_apart(self) -> "Reads":
        marks = [m for m in (self.delimiter, self.quote, self.escape) if m]
        if len(set(marks)) < len(marks):
            raise ValueError("delimiter, quote and escape are three different characters; without `escape` a quote inside stands twice")
        return self

    @cached_property
    def dialect(self) -> Dialect:
        return Dialect(self.delimiter, "" if self.quote == "none" else self.quote, self.escape, self.multiline)


class Ignore(Model):
    """A row that is no record: a total, a footnote. `$text` is the whole line where it has not the columns of a record.

    `records` is SQL for the number of records the row declares the file to have, `sums` for what columns of the contract add up to
    over them, by their names. It sees what the file says, numbers of persons too.
    """

    when: str
    because: str
    records: str | None = None
    sums: dict[str, str] = {}

    @property
    def controls(self) -> dict[str, str]:
        """SQL of each total that the row states, by the column it is of; '' for the number of records."""
        return ({"": self.records} if self.records else {}) | self.sums


class Unpivot(Model):
    """Columns outside the header become rows. An attribute is a row that describes the columns, not a record."""

    names: str
    values: str
    attributes: dict[str, str] = {}


class Source(Model):
    """Where a canonical column comes from: the first supplier column present, or an SQL expression."""

    names: list[str] = []
    format: str | None = None
    map: dict[str, str] | None = None
    missing: list[str] = []
    sql: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"names": [value]}
        if isinstance(value, list):
            return {"names": value}
        if isinstance(value, dict) and "from" in value:
            rest = {k: v for k, v in value.items() if k != "from"}
            return rest | {"names": [value["from"]] if isinstance(value["from"], str) else value["from"]}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> "Source":
        if bool(self.names) == bool(self.sql) or (self.sql and (self.format or self.map or self.missing)):
            raise ValueError("a column comes from supplier columns (with format, map, missing) or from `sql` alone")
        return self


class Layout(Model):
    name: str
    file: re.Pattern[str] | None = None
    preamble: re.Pattern[str] | None = None
    reads: Reads = Reads()
    header: list[str] = []
    fields: list[str] = []
    ignore: list[Ignore] = []
    unpivot: Unpivot | None = None
    columns: dict[str, Source]
    # The sheet of a workbook that is meant, where several look like the table or it is hidden.
    sheet: str = ""
    # Whether each cell that a merge covers has its value; else nobody knows.
    merged: Literal["fill"] | None = None
    # Whose files these are, where the name of the file does not say so; one of the contract's senders.
    sender: str = ""
    # Whether a file is everything the source holds when it is drawn.
    full: bool = False

    @model_validator(mode="after")
    def _has_header_or_fields(self) -> "Layout":
        if bool(self.header) == bool(self.fields) or (self.fields and not self.file):
            raise ValueError("state `header`, or `fields` together with `file`")
        return self

    @cached_property
    def fingerprint(self) -> str:
        return digest("layout", self.model_dump(mode="json", exclude={"sender", "full"}))


@dataclass(frozen=True)
class Extract:
    """One extract as the project declares it: what must arrive, and the ways suppliers write it.

    `is_usable` is False where a layout cannot be used: files would be refused for want of it, so they wait.
    """

    contract: Contract
    layouts: tuple[Layout, ...]
    is_usable: bool = True

    @property
    def name(self) -> str:
        return self.contract.id

    @cached_property
    def as_json(self) -> str:
        """The extract as a process that reads is told of it."""
        layouts = [layout.model_dump(mode="json") for layout in self.layouts]
        return json.dumps({"contract": self.contract.model_dump(mode="json", by_alias=True), "layouts": layouts})

    @staticmethod
    @cache
    def from_json(text: str) -> "Extract":
        """The extract that `as_json` tells of."""
        said = json.loads(text)
        return Extract(Contract.model_validate(said["contract"]), tuple(Layout.model_validate(x) for x in said["layouts"]))


@dataclass(frozen=True)
class Match:
    """The layout that fits a file and where its records begin.

    `names` are the supplier's column names in file order; `variables` the named groups of the file name and of the `preamble`;
    `records_start` the 0-based row index of the first record among the rows that were searched.
    """

    layout: Layout
    names: tuple[str, ...]
    variables: dict[str, str]
    records_start: int
    sheet: str | None = None
    preamble: dict[str, str] = field(default_factory=dict)

    # Variables that say when a delivery arrived and was drawn.
    ARRIVAL: ClassVar[tuple[str, str]] = ("$received", "$extracted")

    def supplier_column(self, wanted: str) -> str | None:
        """The supplier's own spelling of a column, or None if the file does not have it."""
        plain = plain_name(wanted)
        return next((name for name in self.names if plain_name(name) == plain), None)

    def readers_of(self, name: str) -> list[str]:
        """The canonical columns that are read from a supplier's column, by name or in SQL."""
        plain, spelt = plain_name(name), name.casefold()
        columns = self.layout.columns.items()
        found = [c for c, s in columns if (s.sql and spelt in s.sql.casefold()) or plain in map(plain_name, s.names)]
        if (spec := self.layout.unpivot) and plain not in map(plain_name, self.layout.header):
            found += [c for c, s in columns if spec.values in s.names or spec.values in (s.sql or "")]
        return found

    def fault(self, cells: list[tuple[str, str]]) -> str:
        """Why a record cannot be believed of which cells (supplier's column, why) give no value; '' where nobody reads them.

        Where each cell is a record: a line for each, `name, tab, why`.
        """
        told = [(name, f"{column}:{why}") for name, why in cells for column in self.readers_of(name)]
        if self.layout.unpivot is None:
            return "; ".join(dict.fromkeys(reason for _, reason in told))
        header = set(map(plain_name, self.layout.header))
        outside = [n for n in self.names if plain_name(n) not in header]
        lines = [f"{n}\t{reason}" for name, reason in told for n in (outside if plain_name(name) in header else [name])]
        return "\n".join(dict.fromkeys(lines))


class LayoutFault(ContractError):
    """A layout that cannot be applied to a file that fits it. The text names the layout and what in it is wrong."""


def load_layout(path: Path, contract: Contract) -> Layout:
    """Read a layout; raises ContractError for unknown keys, and for columns and codes the contract does not have."""
    document = read(path)
    if not isinstance(document.content, dict):
        raise document.wrong("a layout says `header` and `columns`, and this file says neither")
    layout = document.valid(Layout, {"name": path.stem, **document.content})
    columns = {c.name: c for c in contract.columns}
    for name, source in layout.columns.items():
        if name not in columns:
            near = difflib.get_close_matches(name, columns, 1)
            meant = f"; is {near[0]} meant?" if near else ""
            raise document.wrong(f"{name} is no column of contract {contract.id}{meant}", "columns", name)
        allowed = columns[name].valid_values
        if allowed is not None and (unknown := sorted(set((source.map or {}).values()) - set(allowed))):
            sentence = f"{name} cannot be {', '.join(unknown)}; the contract allows {', '.join(allowed)}"
            raise document.wrong(sentence, "columns", name, "map")
    _judge_sums(layout, columns, document)
    if unmapped := sorted(c.name for c in contract.columns if c.is_required and c.name not in layout.columns):
        raise document.wrong(f"says nothing of required {', '.join(unmapped)}", "columns")
    groups = {name for p in (layout.file, layout.preamble) if p for name in p.groupindex}
    if ("part" in groups) != ("parts" in groups) or ("part" in groups and contract.delivery.mode in ("replace_period", "snapshot")):
        raise document.wrong("groups `part` and `parts` go together, and with deliveries that add up (append, upsert)", "file")
    if layout.full and contract.delivery.mode == "replace_period":
        raise document.wrong(f"{contract.id} is delivered by period, so no file of it is `full`", "full")
    senders = [s.name for s in contract.delivery.senders]
    if "sender" in groups and not senders:
        raise document.wrong(f"`file` or `preamble` names a sender, and the `delivery` of {contract.id} lists no `senders`", "file")
    if layout.sender and layout.sender not in senders:
        raise document.wrong(
            f"{layout.sender} is none of the senders that {contract.id} expects ({', '.join(senders) or 'none'})", "sender"
        )
    if len(senders) > 1 and not layout.sender and "sender" not in groups:
        raise document.wrong(f"{contract.id} expects files of {', '.join(senders)}: `sender` says whose these are", "header")
    if contract.delivery.mode == "replace_period" and "period" not in groups:
        raise document.wrong(f"{contract.id} is delivered by period, so `file` or `preamble` must name a group `period`", "file")
    if contract.has_personal_columns and layout.file and not _fixes_name(layout.file.pattern):
        sentence = "where there are persons `file` leaves no part of a name free, since that may be somebody's; say it without wildcards"
        raise document.wrong(sentence, "file")
    return layout


def _judge_sums(layout: Layout, columns: dict[str, Column], document: Document) -> None:
    for place, rule in enumerate(layout.ignore):
        for name in rule.sums:
            if name not in columns or columns[name].classification or columns[name].physicalType.split("(")[0] not in NUMBERS:
                sentence = f"a control sum is of a column of numbers, without persons: {name} is none"
                raise document.wrong(sentence, "ignore", place, "sums", name)


def _fixes_name(pattern: str) -> bool:
    """Whether a pattern for file names has no part that a supplier could fill as he likes; a number of digits is none."""
    plain = re.sub(r"\\[d.\-_ ]|\(\?P<\w+>|\(\?:|\(\?i\)|\{\d+(,\d+)?\}|\[[\d\-_]+\]|[()|?]", "", pattern)
    return re.fullmatch(r"[\w -]*", plain) is not None


def plain_name(name: str) -> str:
    """A column name with what does not matter removed: case, Unicode form, byte-order mark, quotation marks, blanks."""
    return " ".join(unicodedata.normalize("NFC", name).replace("\ufeff", "").replace('"', "").split()).casefold()


def choose(extract: Extract, file_name: str, heads: Callable[[Reads, str], Iterable[tuple[str | None, Rows]]]) -> Match:
    """The layout whose header the file has; most header names win.

    `heads` gives, for what a layout reads and the sheet it names, each sheet's name and first rows.
    Raises Refused no_layout, ambiguous_layout, ambiguous_sheet or duplicate_header.
    """
    matches: list[Match] = []
    nearest: tuple[int, str, list[str]] = (0, "", [])
    for layout in extract.layouts:
        found = layout.file.fullmatch(file_name) if layout.file else None
        if layout.file and not found:
            continue
        variables = {f"${k}": v for k, v in (found.groupdict() if found else {}).items() if v is not None}
        fitting = []
        for sheet, rows in heads(layout.reads, layout.sheet):
            if layout.fields:
                # A sheet that holds nothing is not the table.
                if sheet is not None and not any(any(cells) for _, cells in rows):
                    continue
                fitting.append(Match(layout, tuple(layout.fields), variables, 0, sheet))
                continue
            at, lacking = _find_header(layout, rows)
            if at is not None:
                start = at + layout.reads.header_rows
                said = _preamble(layout, rows[:at])
                if said is not None:
                    fitting.append(Match(layout, _names(layout, rows, at), variables | said, start, sheet, said))
            elif (hits := len(layout.header) - len(lacking)) > nearest[0]:
                nearest = (hits, layout.name, lacking)
        if len(fitting) > 1:
            raise Refused("ambiguous_sheet", "Sheets {} all look like the table: send one.", ", ".join(str(m.sheet) for m in fitting))
        matches += fitting
    if not matches:
        hint = f" Nearest is {nearest[1]}, which lacks {', '.join(nearest[2])}." if nearest[1] else ""
        named = [x.name for x in extract.layouts]
        raise Refused("no_layout", f"No layout of {extract.name} fits the file ({', '.join(named)}).{hint}")
    best = max(len(m.layout.header) for m in matches)
    matches = [m for m in matches if len(m.layout.header) == best]
    if len(matches) > 1:
        raise Refused("ambiguous_layout", f"Layouts {' and '.join(m.layout.name for m in matches)} both fit the file.")
    if (width := len(matches[0].names)) > MOST_COLUMNS:
        raise Refused("too_large", f"The header has {width} columns; a table has {MOST_COLUMNS} at most.")
    _refuse_duplicate_names(matches[0])
    _refuse_absent_required(matches[0], extract.contract)
    return matches[0]


def _find_header(layout: Layout, rows: Rows) -> tuple[int | None, list[str]]:
    """Index of the header among `rows`, and the names the best candidate lacks."""
    wanted = {plain_name(n): n for n in layout.header}
    lacking = list(layout.header)
    for at in range(max(0, len(rows) - layout.reads.header_rows + 1)):
        if not any(cell.strip() for cell in rows[at][1]):
            continue
        present = {plain_name(n) for n in _names(layout, rows, at)}
        missing = [name for plain, name in wanted.items() if plain not in present]
        if not missing:
            return at, []
        lacking = min(lacking, missing, key=len)
    return None, lacking


def _preamble(layout: Layout, rows: Rows) -> dict[str, str] | None:
    """Variables the lines above the header state, or None where they do not say what the layout expects."""
    if layout.preamble is None:
        return {}
    found = layout.preamble.search("\n".join(" ".join(c for c in cells if c) for _, cells in rows))
    return {f"${k}": v for k, v in found.groupdict().items() if v is not None} if found else None


def _names(layout: Layout, rows: Rows, at: int) -> tuple[str, ...]:
    """Column names of the header at `at`: its rows joined downwards, nameless columns numbered."""
    block = [cells for _, cells in rows[at : at + layout.reads.header_rows]]
    width = max(len(cells) for cells in block)
    parts = [[cells[i].strip() for cells in block if i < len(cells) and cells[i].strip()] for i in range(width)]
    return tuple(" ".join(p).replace("\ufeff", "") or f"column {i}" for i, p in enumerate(parts, start=1))


def _refuse_duplicate_names(match: Match) -> None:
    seen: set[str] = set()
    for name in match.names:
        if (plain := plain_name(name)) in seen:
            raise Refused("duplicate_header", "The header names {} twice.", repr(name))
        seen.add(plain)


def _refuse_absent_required(match: Match, contract: Contract) -> None:
    for column in contract.columns:
        source = match.layout.columns.get(column.name)
        if column.is_required and source and source.names and not any(n.startswith("$") or match.supplier_column(n) for n in source.names):
            raise Refused("no_layout", f"Layout {match.layout.name} lacks {source.names[0]}, needed for {column.name}.")
