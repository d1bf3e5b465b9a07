"""What the catalogue says of a table: what a row is, cautions, columns and where they come from, checks, rows, files."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from assets.catalog.declared import COVERAGE, DELIVERED, MARTS, RAW, REFERENCE, Table, coverage_contract
from assets.catalog.statements import QF_COLUMNS
from assets.catalogue.answers import NO_VALUE, Answer, answers
from assets.catalogue.origins import Origins, Place, Written, written
from assets.catalogue.reading import Reading, Row
from assets.catalogue.words import ADDS_UP, text, word
from assets.pages.caveats import ABSENT, CAUTIONS, OLDER, WITHHELD, why_absent
from assets.pages.danish import unit
from assets.releases.views import danish_names
from assets.tables.qualifiers import OF_COLUMNS, QF, columns_of
from sources.casts import ident
from sources.contract import Contract
from sources.documents import ContractError
from sources.layout import NUMBERS
from sources.vocabulary import Column

# Tables whose rows analysts see, and how many stand on a page. Of longer marts there are the newest periods, each of them whole, that come
# to some hundred rows, so that nobody filters for what is there and does not find it; the files of a mart have all.
MOST_ROWS = {MARTS: 1000, REFERENCE: 250}
ENOUGH_ROWS = 400
# A column's origins are told at once up to here; more are folded away.
FEW = 4
# A column that says what the numbers of its row are counted in, and what columns say of themselves that are counted like another.
UNIT, AS_THE_VALUE = "unit", "of the value"


@dataclass(frozen=True)
class Origin:
    """A table, or a column of one, that another comes from or goes into. It has a page unless it has never been published."""

    table: str
    column: str
    has_page: bool

    @property
    def href(self) -> str:
        return f"{page_of(self.table)}.html{'#' * bool(self.column)}{self.column}"


@dataclass(frozen=True)
class ColumnLine:
    """A column as the catalogue tells it; `in_danish` where its label does not say enough. `missing` says why how many rows have no value,
    `codes` what its codes are called.
    """

    name: str
    label: str
    type: str
    unit: str
    adds_up: str
    meaning: str
    in_danish: str
    is_key: bool
    missing: list[str]
    codes: list[tuple[str, str]]
    direct: list[Origin]
    far: list[Origin]
    written: list[Written]


@dataclass(frozen=True)
class Letter:
    """A qualifier that rows of the table have: what it means, and in how many."""

    letter: str
    words: str
    rows: int


@dataclass(frozen=True)
class Behind:
    """A table that another stands on, however far behind it, and what does not hold of it."""

    table: Origin
    failing: list[Row]


@dataclass(frozen=True)
class Rows:
    """The rows of a table: their columns and what each is called, values newest first; and as they stand on the page, where cells say
    themselves what `qf_columns` says.
    """

    columns: list[Column]
    heads: list[str]
    values: list[tuple[Any, ...]]
    texts: list[list[str]]

    @property
    def is_whole(self) -> bool:
        """Whether all rows are on the page."""
        return len(self.texts) == len(self.values)

    @property
    def shown(self) -> list[tuple[str, bool]]:
        """The head of each column of the page, and whether it holds numbers."""
        return [(h, c.physicalType.startswith(NUMBERS)) for c, h in zip(self.columns, self.heads, strict=True) if c.name != QF_COLUMNS]


@dataclass(frozen=True)
class TablePage:
    """Everything on the page of a table. `unasked` says why its questions cannot be read."""

    name: str
    title: str
    layer: str
    domain: str
    contract: Contract
    columns: list[ColumnLine]
    checks: list[Row]
    unverified: list[Row]
    made_of: list[Origin]
    used_by: list[Origin]
    sql: str = ""
    letters: list[Letter] = field(default_factory=list)
    rows: Rows | None = None
    answers: list[Answer] = field(default_factory=list)
    unasked: str = ""
    behind: list[Behind] = field(default_factory=list)
    freshness: Row | None = None

    @property
    def href(self) -> str:
        return f"{page_of(self.name)}.html"

    @cached_property
    def failing(self) -> list[Row]:
        return [c for c in self.checks if not c["passed"]]


def page_of(table: str) -> str:
    """The name of a table's page. What deliveries cover has the same columns for every extract, and one page."""
    return COVERAGE if table.split(".")[0] == COVERAGE else table


class Describing:
    """Makes the pages of all tables of a release."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.origins = reading, Origins(reading.lineages)
        catalog = reading.catalog
        shown = [t for t in catalog.computed if t.layer == MARTS] + catalog.references
        self.there = [t for t in shown if t.name in reading.columns] + [t for t in catalog.computed if t.layer != MARTS]
        self.names = {t.name for t in self.there} | {f"{layer}.{e}" for e in catalog.extracts for layer in DELIVERED}
        self.readers: dict[str, list[str]] = {}
        for table in catalog.computed:
            for name in table.reads:
                self.readers.setdefault(name, []).append(table.name)

    def pages(self) -> list[TablePage]:
        """Marts first, lookups, then what they are made of: tables between, extracts, what is covered."""
        return [*map(self._table, self.there), *map(self._extract, self.reading.catalog.extracts), self._coverage()]

    def _table(self, table: Table) -> TablePage:
        rows = self._rows(table) if table.layer in MOST_ROWS else None
        asked, unasked = list[Answer](), ""
        try:
            asked = answers(self.reading, table) if rows else []
        except ContractError as error:
            unasked = str(error)
        return TablePage(
            table.name,
            self.reading.title(table.name),
            table.layer,
            table.domain,
            table.contract,
            self._columns(table.name, table.contract, rows),
            self.reading.checks[table.name],
            self.reading.unverified[table.name],
            self._places((n, "") for n in sorted(table.reads)),
            self._places((n, "") for n in sorted(self.readers.get(table.name, []))),
            "" if table.layer == REFERENCE else table.text.strip(),
            _letters(rows) if rows else [],
            rows,
            asked,
            unasked,
            self._behind(table),
        )

    def _behind(self, table: Table) -> list[Behind]:
        """What fails of the tables that a table stands on: its figures are made of theirs."""
        found, ahead = set[str](), list(table.reads)
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                ahead += self.reading.catalog.tables[name].reads if name in self.reading.catalog.tables else []
        failing = {name: [c for c in self.reading.checks[name] if not c["passed"]] for name in sorted(found)}
        return [Behind(Origin(name, "", name in self.names), rows) for name, rows in failing.items() if rows]

    def _extract(self, name: str) -> TablePage:
        table, contract = f"{RAW}.{name}", self.reading.catalog.extracts[name].contract
        return TablePage(
            table,
            self.reading.title(table),
            RAW,
            contract.domain,
            contract,
            self._columns(table, contract),
            self.reading.checks[table],
            [],
            [],
            self._places((n, "") for n in sorted(self.readers.get(table, []))),
            freshness=self.reading.freshness.get(name),
        )

    def _coverage(self) -> TablePage:
        contract = coverage_contract()
        return TablePage(COVERAGE, "Hvad leverancerne dækker", COVERAGE, "", contract, self._columns(COVERAGE, contract), [], [], [], [])

    def _columns(self, table: str, contract: Contract, rows: Rows | None = None) -> list[ColumnLine]:
        extract = self.reading.catalog.extracts.get(table.partition(".")[2]) if table.startswith(f"{RAW}.") else None
        missing = _missing(rows) if rows else {}
        there = {c.name for c in rows.columns} if rows else None
        return [
            ColumnLine(
                c.name,
                c.businessName or c.name,
                c.physicalType,
                unit(c.unit),
                ADDS_UP.get(c.aggregate or "", ""),
                c.description,
                self.reading.codes["column_meaning"].get(c.name, "") if table.startswith(f"{MARTS}.") else "",
                c.name in contract.key,
                missing.get(c.name, []),
                self._codes(c.name, rows),
                self._places(self.origins.direct(table, c.name)),
                self._places(self.origins.far(table, c.name)) if rows else [],
                written(extract, c.name) if extract else [],
            )
            for c in contract.columns
            if there is None or c.name in there
        ]

    def _codes(self, column: str, rows: Rows | None) -> list[tuple[str, str]]:
        """The codes that stand in the rows, with their labels."""
        labels = self.reading.codes.get(column, {})
        if not labels or rows is None:
            return []
        at = [c.name for c in rows.columns].index(column) if column in {c.name for c in rows.columns} else None
        there = {str(v[at]) for v in rows.values} if at is not None else set()
        return [(code, label) for code, label in labels.items() if code in there]

    def _places(self, places: Iterable[Place]) -> list[Origin]:
        return [Origin(table, column, table in self.names) for table, column in places]

    def _rows(self, table: Table) -> Rows:
        there = self.reading.columns[table.name]
        columns = [c for c in table.contract.columns if c.name in there]
        # Sorted by whether it is a period, and else as the contract has it.
        key = sorted((k for k in table.contract.key if k in there), key=lambda k: not _is_period(k, columns))
        order = ", ".join(f"{ident(k)}{' desc' if _is_period(k, columns) else ''}" for k in key) or "all"
        names = ", ".join(ident(c.name) for c in columns)
        found = self.reading.con.execute(f"select {names} from {table.name} order by {order}").fetchall()
        codes = self.reading.codes_of([c.name for c in columns])
        texts = [
            [_cell(c, codes[c.name], v, row, columns) for c, v in zip(columns, row, strict=True) if c.name != QF_COLUMNS]
            for row in found[: _shown(table.layer, found, columns, key)]
        ]
        return Rows(columns, danish_names(columns, {c for c, words in codes.items() if words}), found, texts)


def _shown(layer: str, rows: list[tuple[Any, ...]], columns: list[Column], key: list[str]) -> int:
    """How many of the rows, newest first, stand on a page."""
    most = MOST_ROWS[layer]
    if len(rows) <= most or not key or not _is_period(key[0], columns):
        return most
    at = [c.name for c in columns].index(key[0])
    older = (i for i, (row, before) in enumerate(zip(rows[1:], rows, strict=False), 1) if i >= ENOUGH_ROWS and row[at] != before[at])
    return next(older, len(rows))


def _is_period(name: str, columns: list[Column]) -> bool:
    return any(c.name == name and c.physicalType == "DATE" for c in columns)


def _cell(column: Column, codes: dict[str, str], value: Any, row: tuple[Any, ...], columns: list[Column]) -> str:
    """What a cell says; why it has no value begins with a blank, so that nobody takes it for one."""
    if value is not None:
        return word(value, column.name, codes) or text(value, column.name, _unit(column, row, columns))
    if not column.aggregate:
        return NO_VALUE
    return f" {why_absent(dict(zip([c.name for c in columns], row, strict=True)), column.name)}"


def _unit(column: Column, row: tuple[Any, ...], columns: list[Column]) -> str | None:
    """The unit of a number: its column's; where that has none, or says that it is as the value's, the one that the row names."""
    if column.physicalType != "DOUBLE" or column.unit not in (None, AS_THE_VALUE):
        return column.unit
    return next((str(value) for c, value in zip(columns, row, strict=True) if c.name == UNIT), column.unit)


def _missing(rows: Rows) -> dict[str, list[str]]:
    """Column -> why how many rows have no value of it, in words."""
    counts = Counter[tuple[str, str]]()
    names = [c.name for c in rows.columns]
    for row in rows.values:
        for letter, columns in columns_of(dict(zip(names, row, strict=True))).items():
            counts.update((column, letter) for column in columns)
    found = dict[str, list[str]]()
    for (column, letter), number in sorted(counts.items()):
        found.setdefault(column, []).append(f"{text(number, '')} {ABSENT.get(letter, letter)} ({letter})")
    return found


def _letters(rows: Rows) -> list[Letter]:
    """The qualifiers that rows have, and in how many; those of columns are told with their columns as well."""
    names = [c.name for c in rows.columns]
    if QF not in names:
        return []
    at = names.index(QF)
    counts = Counter(letter for row in rows.values for letter in row[at] or "")
    words = CAUTIONS | {letter: said for letter, said in ABSENT.items() if letter != WITHHELD}
    words[OLDER] = "kan stå ved en tidligere opgørelse, fordi forskellen ville fortælle om få personer"
    said = {letter: f"{words.get(letter, letter)}{': en eller flere kolonner' * (letter in OF_COLUMNS)}" for letter in counts}
    return [Letter(letter, said[letter], counts[letter]) for letter in sorted(counts)]
