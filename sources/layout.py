"""Layouts: how one supplier writes one extract.

Belongs here: the layout language. Does not belong here: which layout fits a file (`sources.matching`), turning text into values
(`sources.casts`) or bytes into text (`sources.delimited`, `sources.workbook`).
"""

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from sources.civil_time import CIVIL_ZONE
from sources.contract import Contract, digest
from sources.danish import month_numbers
from sources.dialect import Dialect
from sources.documents import ContractError, Document, read
from sources.vocabulary import Column, Model

HEADER_SEARCH_ROWS = 50
# The format of months by their Danish names.
DANISH_MONTH = "danish_month"
# Types of columns that may be added up.
NUMBERS = ("SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL")
Rows = list[tuple[int, list[str]]]


class Reads(Model):
    """How a file is written. `quote` may be none: then a quotation mark is text. `escape` makes the character after it text, where a
    mark inside a field does not stand twice. `multiline`: a quoted field may hold lines that look like records.
    """

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    quote: Annotated[str, Field(pattern=r"^(none|[\x21-\x7e])$")] = '"'
    escape: Annotated[str, Field(pattern=r"^[\x00-\x7f]?$")] = ""
    multiline: bool = False
    # Of a file without marks, as registers are written: how many characters each field has.
    widths: list[Annotated[int, Field(ge=1)]] = []
    numbers: Literal["danish", "english"] = "danish"
    missing: list[str] = []
    # Texts that mean nought where a number belongs.
    zero: list[str] = []
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
        if self.widths:
            return Dialect("", "", widths=tuple(self.widths))
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
    zero: list[str] = []
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
        if bool(self.names) == bool(self.sql) or (self.sql and (self.format or self.map or self.missing or self.zero)):
            raise ValueError("a column comes from supplier columns (with format, map, missing, zero) or from `sql` alone")
        if self.format and self.format != DANISH_MONTH and "%" not in self.format:
            raise ValueError(f"{self.format} names no part of a date: formats are written like %d-%m-%Y %H:%M")
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
    # How `$period` and `$latest` are written, if not like 2015-05: a format of dates, or danish_month.
    format: dict[Literal["$period", "$latest"], str] = {}
    # The sheet of a workbook that is meant, where several look like the table or it is hidden.
    sheet: str = ""
    # Whether each cell that a merge covers has its value; else nobody knows.
    merged: Literal["fill"] | None = None
    # SQL that is true of a row that says of the record with its key that it is gone at the source.
    deleted: str | None = None
    # Whose files these are, where the name of the file does not say so; one of the contract's senders.
    sender: str = ""
    # Whether a file is everything the source holds when it is drawn.
    full: bool = False

    @model_validator(mode="after")
    def _has_header_or_fields(self) -> "Layout":
        if bool(self.header) == bool(self.fields) or (self.fields and not self.file):
            raise ValueError("state `header`, or `fields` together with `file`")
        if self.reads.widths and len(self.reads.widths) != len(self.fields):
            raise ValueError("`widths` go with `fields`, one for each")
        return self

    @field_validator("format")
    @classmethod
    def _tells_no_week(cls, value: dict[str, str]) -> dict[str, str]:
        for form in value.values():
            if form != DANISH_MONTH and ("%Y" not in form or re.search("%[GVUWuwjy]", form)):
                raise ValueError(f"{form} tells no day, month or year of four digits: use %Y with %m and %d, or danish_month")
        return value

    def variables(self, found: re.Match[str] | None) -> dict[str, str]:
        """The named groups of `file` or `preamble` as variables; periods like 2015-05, or as they stand if they are none."""
        said = {f"${k}": v for k, v in found.groupdict().items() if v is not None} if found else {}
        return said | {name: _period(said[name], form) for name, form in self.format.items() if name in said}

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

    def why_never_final(self, layout: Layout) -> str:
        """Why no month that a layout's files are for becomes final; '' where it may."""
        delivery, said = self.contract.delivery, {n for p in (layout.file, layout.preamble) if p for n in p.groupindex}
        if not delivery.completes or delivery.drawn == "first_sight" or said & {"received", "extracted"}:
            return ""
        return (
            f"Nothing says when a file of layout {layout.name} was drawn (a group `received` or `extracted` of `file` or `preamble`),"
            " so that no month of it becomes final."
        )

    def why_too_far(self, layout: Layout) -> str:
        """Why a layout's files tell of more months than they may hold; '' where they say up to when they hold everything."""
        delivery, said = self.contract.delivery, {n for p in (layout.file, layout.preamble) if p for n in p.groupindex}
        if delivery.completes != "through" or said & {"latest", "period"}:
            return ""
        return (
            f"Nothing says up to when a file of layout {layout.name} holds everything (a group `latest` of `file` or `preamble`):"
            " it counts as everything up to the day it was drawn."
        )

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
    _judge_names(layout, columns, contract, document)
    for name, source in layout.columns.items():
        if columns[name].classification == "personal_id" and (source.sql or any(n.startswith("$") for n in source.names)):
            raise document.wrong(f"{name}: numbers of persons are read from a column of the file alone, as they stand", "columns", name)
        allowed = columns[name].valid_values
        if allowed is not None and (unknown := sorted(set((source.map or {}).values()) - set(allowed))):
            sentence = f"{name} cannot be {', '.join(unknown)}; the contract allows {', '.join(allowed)}"
            raise document.wrong(sentence, "columns", name, "map")
    _judge_numbers(layout, columns, document)
    if unmapped := sorted(c.name for c in contract.columns if c.is_required and c.name not in layout.columns):
        raise document.wrong(f"says nothing of required {', '.join(unmapped)}", "columns")
    groups = {name for p in (layout.file, layout.preamble) if p for name in p.groupindex}
    if ("part" in groups) != ("parts" in groups) or ("part" in groups and contract.delivery.mode in ("replace_period", "snapshot")):
        raise document.wrong("groups `part` and `parts` go together, and with deliveries that add up (append, upsert)", "file")
    if layout.full and contract.delivery.mode == "replace_period":
        raise document.wrong(f"{contract.id} is delivered by period, so no file of it is `full`", "full")
    if layout.deleted and contract.delivery.mode != "upsert":
        raise document.wrong(f"{contract.id} is not delivered record by record (upsert), so no row of it takes back another", "deleted")
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


def _period(text: str, form: str) -> str:
    """A day, month or year like 2015-05 from how the layout says it is written; the text itself where it is not."""
    if form == DANISH_MONTH:
        found = re.fullmatch(r"([a-zA-Z]+)[ ._-]*(\d{4})", text)
        month = month_numbers().get(found[1].casefold()) if found else None
        return f"{found[2]}-{month:02d}" if found and month else text
    try:
        at = datetime.strptime(text, form)
    except ValueError:
        return text
    return at.strftime("%Y-%m-%d" if "%d" in form else "%Y-%m" if re.search("%[mbB]", form) else "%Y")


def _is_number(column: Column) -> bool:
    return column.physicalType.split("(")[0] in NUMBERS and not column.classification


def _judge_names(layout: Layout, columns: dict[str, Column], contract: Contract, document: Document) -> None:
    """Raises ContractError that names every column that the contract does not have."""
    wrong = list[str]()
    for name in (n for n in layout.columns if n not in columns):
        near = difflib.get_close_matches(name, columns, 1)
        meant = f"; is {near[0]} meant?" if near else ""
        wrong.append(document.told(f"{name} is no column of contract {contract.id}{meant}", "columns", name))
    if wrong:
        raise document.wrong("; ".join(wrong))


def _judge_numbers(layout: Layout, columns: dict[str, Column], document: Document) -> None:
    for name, source in layout.columns.items():
        if source.zero and not _is_number(columns[name]):
            raise document.wrong(f"{name} is no column of numbers, so no text of it means zero", "columns", name, "zero")
    for place, rule in enumerate(layout.ignore):
        for name in rule.sums:
            if name not in columns or not _is_number(columns[name]):
                sentence = f"a control sum is of a column of numbers, without persons: {name} is none"
                raise document.wrong(sentence, "ignore", place, "sums", name)


def _fixes_name(pattern: str) -> bool:
    """Whether a pattern for file names has no part that a supplier could fill as he likes; a number of digits is none."""
    plain = re.sub(r"\\[d.\-_ ]|\(\?P<\w+>|\(\?:|\(\?i\)|\{\d+(,\d+)?\}|\[[\d\-_]+\]|[()|?]", "", pattern)
    return re.fullmatch(r"[\w -]*", plain) is not None


def plain_name(name: str) -> str:
    """A column name with what does not matter removed: case, Unicode form, byte-order mark, quotation marks, blanks."""
    return " ".join(unicodedata.normalize("NFC", name).replace("\ufeff", "").replace('"', "").split()).casefold()
