"""What is wrong in the example deliveries on purpose: planted where a reader must find it, and written down to be counted.

Belongs here: how good records are spoilt, and the account of it. Which faults an extract has belongs to the extract's module.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from sources.examples import cpr

Row = dict[str, str]
Spoil = Callable[["Planting", Row], list[list[str]]]


class Planted(NamedTuple):
    """One planted fault. `outcome` is the reader's reason, a cpr_type, or what else it must make of it.

    `text` is what stands in the file and must stand nowhere behind the reader, '' where nothing personal was planted.
    """

    extract: str
    file_name: str
    kind: str
    outcome: str
    text: str = ""
    number: str = ""


class Fault(NamedTuple):
    """A fault: `spoil` makes the records to add from a good one. `records` of them get the reason `outcome`."""

    kind: str
    outcome: str
    spoil: Spoil
    records: int = 1
    needs_unicode: bool = False
    needs_text: bool = False


class Planting:
    """The account of what was planted, and the numbers that are used for nothing else."""

    def __init__(self, spare: Iterator[str]) -> None:
        self.items: list[Planted] = []
        self.numbers: set[str] = set()
        self._spare = spare
        self._turn: Counter[str] = Counter()
        self._at = ("", "")
        self._new = Counter[str]()
        self._planted: list[tuple[str, str]] = []

    def begin(self, extract: str, file_name: str) -> None:
        """From now on faults are planted in this file."""
        self._at = (extract, file_name)

    def number(self) -> str:
        """A number of ten digits that stands nowhere else."""
        return next(number for number in self._spare if cpr.is_plain(number))

    def text(self, way: cpr.Way) -> str:
        """A number spoilt this way; what was written is remembered for the fault it is part of."""
        number, text = cpr.spoilt(way, self._spare)
        return self.remembered(number, text)

    def hyphened(self) -> str:
        """A well-written number, for a place where none belongs."""
        number = self.number()
        return self.remembered(number, f"{number[:6]}-{number[6:]}")

    def remembered(self, number: str, text: str) -> str:
        """The text, noted as part of the fault being planted."""
        self._planted.append((number, text))
        return text

    def id(self, prefix: str, digits: int) -> str:
        """A key that no good record has."""
        self._new[prefix] += 1
        return f"{prefix}{10**digits - self._new[prefix]}"

    def note(self, kind: str, outcome: str, copies: int = 1) -> None:
        """Write down a fault and the texts remembered since the last."""
        for number, text in self._planted or [("", "")]:
            self.items += [Planted(*self._at, kind, outcome, text, number)] * copies
        self._planted = []

    def again(self, file_name: str) -> None:
        """The file begun last is sent again under another name, with all that was planted in it."""
        extract, before = self._at
        self.items += [item._replace(file_name=file_name) for item in self.items if (item.extract, item.file_name) == (extract, before)]

    def among(self, rows: list[list[str]], faults: Sequence[Fault], count: int, columns: Sequence[str], luck: np.random.Generator) -> None:
        """Put `count` faults between the good records, each kind in its turn; every spoilt record is made of a good one."""
        extract = self._at[0]
        good = [row for row in rows if len(row) == len(columns)]
        models = luck.choice(len(good), min(count, len(good)), replace=False).tolist()
        for model in models:
            fault = faults[self._turn[extract] % len(faults)]
            self._turn[extract] += 1
            spoilt = fault.spoil(self, dict(zip(columns, good[model], strict=True)))
            self.note(fault.kind, fault.outcome, fault.records)
            for row in spoilt:
                rows.insert(int(luck.integers(len(rows) + 1)), row)


def number_faults(column: str, key: tuple[str, str, int]) -> list[Fault]:
    """Every way to write a number that must be refused, in the column where numbers stand. `key` is (column, prefix, digits)."""
    return [
        Fault(
            f"cpr_{way.name}",
            "person_id:bad_pattern",
            _number_in(way, column, key),
            needs_unicode=way.needs_unicode,
            needs_text=way.name == "formula",
        )
        for way in cpr.REFUSED
    ]


def _number_in(way: cpr.Way, column: str, key: tuple[str, str, int]) -> Spoil:
    return lambda planting, row: [[*(row | {key[0]: planting.id(key[1], key[2]), column: planting.text(way)}).values()]]


def set_to(values: Row, key: tuple[str, str, int]) -> Spoil:
    """A record of its own with these values; `{number}` stands for a well-written number out of place."""

    def spoil(planting: Planting, row: Row) -> list[list[str]]:
        said = {name: text.replace("{number}", planting.hyphened()) if "{number}" in text else text for name, text in values.items()}
        return [[*(row | {key[0]: planting.id(key[1], key[2])} | said).values()]]

    return spoil


def repeated(planting: Planting, row: Row) -> list[list[str]]:
    """The same record again."""
    return [[*row.values()]]


def differing(column: str, other: tuple[str, str], key: tuple[str, str, int]) -> Spoil:
    """Two records with one key that say different things in a column."""

    def spoil(planting: Planting, row: Row) -> list[list[str]]:
        row = row | {key[0]: planting.id(key[1], key[2])}
        return [[*(row | {column: text}).values()] for text in other]

    return spoil


def ragged(planting: Planting, row: Row) -> list[list[str]]:
    """A record with a number in a field too many."""
    return [[*row.values(), planting.hyphened()]]


def cut_short(planting: Planting, row: Row) -> list[list[str]]:
    """A record that broke off behind a number."""
    return [[*list(row.values())[:1], planting.hyphened()]]


def cut_to(length: int, column: str) -> Callable[[Planting, Row], Row]:
    """A number typed into a field that holds `length` characters."""
    return lambda planting, row: row | {column: planting.remembered(number := planting.number(), number[:length])}
