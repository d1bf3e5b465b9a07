"""Which extract an unknown file is of, and which of its columns is which of the contract's: by names and by what stands in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from sources.layout import Extract
from sources.proposer.names import likeness, name_speaks_for
from sources.proposer.sample import Sample
from sources.proposer.values import RIGHT, WRONG, Fit, fit, is_of_persons
from sources.pseudonym import TYPE
from sources.vocabulary import Column

# A name that can stand for itself, one that needs its values to say the same, and one that says nothing.
SAME, LIKE, UNLIKE = 0.85, 0.6, 0.3
# Values that hardly anything else has: they choose a column whatever it is called.
TELLING = 0.75
# Values of a type, where texts are of none.
TYPED = 0.2
# By how much more than any other a name must be like it, where it is only a little like it.
APART = 0.15
CANDIDATES = 4
# A wider table is one laid on its side.
MOST_JUDGED = 200
# What it weighs that a file has numbers of persons and an extract none, or the other way round, in columns.
OF_PERSONS = 3
# So for a column that must be there and is not found, twice for one that is the whole key;
LACKS = 0.8
# for a file whose every column is read, and for one that is called like the extract.
EXPLAINED, CALLED_SO = 3, 2


@dataclass(frozen=True)
class Chosen:
    """A supplier's column for one of the contract's. `why` is in words; `is_sure` where name and values agree."""

    name: str
    fit: Fit
    likeness: float
    why: str
    is_sure: bool


@dataclass(frozen=True)
class Proposal:
    """The columns found of an extract, and for those that were not, which of the file's could be meant."""

    extract: Extract
    chosen: dict[str, Chosen]
    candidates: dict[str, list[tuple[str, Fit]]] = field(default_factory=dict)
    # Columns that are called like one of the contract's and hold something else.
    misnamed: dict[str, str] = field(default_factory=dict)
    # How many columns of the file have numbers of persons and are not read, and whether it is called like the extract.
    of_persons: int = 0
    is_named: bool = False
    # The share of the file's columns that are read.
    explains: float = 0

    @property
    def likelihood(self) -> float:
        """How much speaks for the extract: what was found, against what must be there and was not."""
        contract = self.extract.contract
        found = sum(max(c.likeness, c.fit.telling) * (1 if c.is_sure else 0.7) for c in self.chosen.values())
        lacking = [c for c in contract.columns if is_asked(c) and c.name not in self.chosen]
        weighs = sum(OF_PERSONS if c in contract.persons else LACKS * (1 + (contract.key == [c.name])) for c in lacking)
        weighs += OF_PERSONS * (self.of_persons if contract.persons else bool(self.of_persons))
        return found - weighs + EXPLAINED * self.explains + CALLED_SO * self.is_named


def is_asked(column: Column) -> bool:
    """Whether a layout must say where the column comes from and a file can tell it."""
    return column.is_required and f"${column.name}" != TYPE


def choose(name: str, sample: Sample, extracts: list[Extract]) -> tuple[Proposal, list[Proposal]]:
    """The likeliest extract with its columns, and all the others, likeliest first."""
    found = sorted((_columns(name, sample, e) for e in extracts), key=lambda p: (-p.likelihood, p.extract.name))
    return found[0], found[1:]


@dataclass(frozen=True)
class _Pair:
    score: float
    column: str
    name: str
    likeness: float
    fit: Fit


def _columns(file_name: str, sample: Sample, extract: Extract) -> Proposal:
    contract = extract.contract
    pairs = list(_pairs(sample, extract))
    chosen: dict[str, Chosen] = {}
    taken = set[str]()
    for pair in sorted(pairs, key=lambda p: (-p.score, p.column, p.name)):
        if pair.column not in chosen and pair.name not in taken and (found := _judged(pair, pairs)):
            chosen[pair.column] = found
            taken.add(pair.name)
    _only_ones(pairs, {c.name for c in contract.columns if is_asked(c)}, chosen, taken)
    # The same instant on the clock and in UTC is read from one column, and one number under the keys of several domains.
    for column in contract.columns:
        if column.name not in chosen and (twin := _twin(column, extract, chosen, pairs)):
            chosen[column.name] = twin
    left = [p for p in pairs if p.name not in {c.name for c in chosen.values()}]
    by_score = sorted(left, key=lambda p: -p.score)
    likely = [p for p in by_score if (p.fit.share >= RIGHT and p.fit.telling >= TYPED) or (p.fit.codes and p.fit.share >= WRONG)]
    candidates = {
        c.name: [(p.name, p.fit) for p in likely if p.column == c.name][:CANDIDATES] for c in contract.columns if c.name not in chosen
    }
    misnamed = {p.column: p.name for p in pairs if p.column not in chosen and p.likeness >= SAME and p.fit.share < WRONG}
    read = {c.name for c in chosen.values()}
    of_persons = sum(is_of_persons(v) for v in sample.columns.values() if v.name not in read)
    is_named = any(name_speaks_for(text, extract) for text in (file_name, sample.above))
    explains = len(read) / len(sample.columns)
    return Proposal(extract, chosen, candidates, misnamed, of_persons, is_named, explains)


def _pairs(sample: Sample, extract: Extract) -> Iterator[_Pair]:
    contract = extract.contract
    for column in contract.columns:
        if f"${column.name}" == TYPE:
            continue
        alone_is_key = contract.key == [column.name] and contract.delivery.mode != "upsert"
        for name, values in islice(sample.columns.items(), MOST_JUDGED):
            found = fit(column, values, sample, extract, alone_is_key)
            if is_asked(column) and values.filled < found.share:
                found = replace(found, share=values.filled)
            near = likeness(name, column, extract)
            yield _Pair(near + found.share * (0.3 + 0.7 * found.telling), column.name, name, near, found)


def _judged(pair: _Pair, pairs: list[_Pair]) -> Chosen | None:
    """The pair if name and values allow it, and why."""
    share, near = pair.fit.share, pair.likeness
    if share < WRONG:
        return None
    # Where any text would do, values say nothing for a name that is only like it.
    if share >= RIGHT and (near >= SAME or (near >= LIKE and pair.fit.telling >= TYPED)):
        return Chosen(pair.name, pair.fit, near, "name and values", True)
    if near >= LIKE and share >= RIGHT:
        return Chosen(pair.name, pair.fit, near, "its name; any text would do", False)
    if near >= LIKE and pair.fit.codes:
        return Chosen(pair.name, pair.fit, near, "its name; nobody knows all of its codes", False)
    if near >= SAME:
        return Chosen(pair.name, pair.fit, near, "its name; some of its values would be refused", False)
    if pair.fit.telling >= TELLING and share >= RIGHT:
        others = [p for p in pairs if p.column == pair.column and p.name != pair.name and p.fit.telling >= TELLING and p.fit.share >= RIGHT]
        if not others or near >= UNLIKE > max(p.likeness for p in others):
            return Chosen(pair.name, pair.fit, near, "its values, which hardly anything else has", near >= UNLIKE)
    rivals = [p for p in pairs if p.column == pair.column and p.name != pair.name and p.fit.share >= RIGHT]
    if near >= 0.45 and share >= RIGHT and pair.fit.telling >= 0.5 and all(near - p.likeness >= APART for p in rivals):
        return Chosen(pair.name, pair.fit, near, "a name that is a little like it, and values that fit", False)
    return None


def _only_ones(pairs: list[_Pair], asked: set[str], chosen: dict[str, Chosen], taken: set[str]) -> None:
    """A column that is the only one left with values for the only one left that asks for such."""
    alone = {c for c in asked if not c.endswith("_utc") or c.removesuffix("_utc") not in asked}
    free = [p for p in pairs if p.column in alone and p.column not in chosen and p.name not in taken]
    able = [p for p in free if p.fit.telling >= 0.5 and p.fit.share >= RIGHT]
    for pair in able:
        rivals = [p for p in able if (p.column == pair.column) != (p.name == pair.name)]
        if not rivals and pair.column not in chosen:
            chosen[pair.column] = Chosen(pair.name, pair.fit, pair.likeness, "no other column has such values", False)
            taken.add(pair.name)


def _twin(column: Column, extract: Extract, chosen: dict[str, Chosen], pairs: list[_Pair]) -> Chosen | None:
    """The column that another of the contract is read from, and this one always with it."""
    others = [column.name.removesuffix("_utc")] if column.name.endswith("_utc") else []
    layouts = [layout.columns for layout in extract.layouts if column.name in layout.columns and layout.columns[column.name].names]
    alike = layouts[0] if layouts else {}
    others += [o for o in alike if all(o in columns and columns[o].names == columns[column.name].names for columns in layouts)]
    twin = next((chosen[o] for o in others if o in chosen), None)
    return replace(twin, fit=next(p.fit for p in pairs if (p.column, p.name) == (column.name, twin.name))) if twin else None
