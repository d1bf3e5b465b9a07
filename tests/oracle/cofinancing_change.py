"""Why co-financing changed (K16), reckoned with fractions and plain loops from the citizens of `cofinancing`: a second opinion.

How small cells are merged and how one factor after the other gives way is written here a second time, from its words.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.oracle.cofinancing import AREAS, BANDS, Spent, band_of, of_place, residents, rounded

FACTORS = ("population", "age", "volume", "base_effect", "rate")
FEWEST = 5


class Cell(NamedTuple):
    """A band of age in an area, in one year: who lived there, who had a contact, and what it came to."""

    residents: int
    citizens: int
    spent: Spent
    largest: int

    @property
    def base(self) -> int:
        """What was charged by; the amount where nothing was."""
        return self.spent.base or self.spent.amount


class Change(NamedTuple):
    """The contributions of a municipality in the order of FACTORS, in both orders, and whether they may be told."""

    before: int
    after: int
    contributions: tuple[int, ...]
    backwards: tuple[int, ...]
    is_safe: bool


# Both years of a cell, the one before first.
Pair = tuple[Cell, Cell]


def cells(landing: Path, year: int, code: str) -> list[list[Cell]]:
    """Of each area its cells in the order of the bands."""
    spent: dict[tuple[str, str], list[Spent]] = defaultdict(list)
    for citizen in of_place(landing, year, code).values():
        for area, one in citizen.areas.items():
            spent[area, citizen.band].append(one)
    living: dict[str, int] = defaultdict(int)
    for age, count in residents(landing).get((year, code), {}).items():
        living[band_of(age)] += count

    def cell(area: str, band: str) -> Cell:
        of = spent[area, band]
        return Cell(living[band], sum(one.amount != 0 for one in of), sum_of(of), max((abs(one.amount) for one in of), default=0))

    return [[cell(area, band) for band, _, _ in BANDS] for area in AREAS]


def sum_of(parts: Sequence[Spent]) -> Spent:
    total = Spent()
    for part in parts:
        total = total.plus(part)
    return total


def is_crowd(citizens: int, amount: int, largest: int) -> bool:
    """Nobody, or so many of whom none makes half of the amount."""
    return not citizens or (citizens >= FEWEST and 2 * largest < amount)


def cut(count: int, is_safe: Callable[[range], bool]) -> list[range] | None:
    """Of all ways to cut a row into neighbours that are safe the one with most parts; of these that with the latest cuts."""
    best: tuple[int, int] | None = None
    for bits in range(1 << (count - 1)):
        if all(map(is_safe, _parts(count, bits))):
            best = max(best or (-1, -1), (bits.bit_count(), bits))
    return _parts(count, best[1]) if best else None


def _parts(count: int, bits: int) -> list[range]:
    edges = [0, *(at + 1 for at in range(count - 1) if bits >> at & 1), count]
    return [range(first, end) for first, end in pairwise(edges)]


def merged(before: list[list[Cell]], after: list[list[Cell]]) -> tuple[list[Pair], bool]:
    """The cells of two years so that each is safe in both: bands beside each other joined, or else whole areas beside each other."""

    def bands_of(area: int) -> list[range] | None:
        def is_safe(bands: range) -> bool:
            for of in (before[area], after[area]):
                some = [of[band] for band in bands]
                if not is_crowd(sum(c.citizens for c in some), sum(c.spent.amount for c in some), max(c.largest for c in some)):
                    return False
                if sum(c.spent.contacts for c in some) and not sum(c.residents for c in some):
                    return False
            return True

        return cut(len(BANDS), is_safe)

    bands = [bands_of(area) for area in range(len(AREAS))]

    def are_safe(areas: range) -> bool:
        if len(areas) == 1:
            return bands[areas[0]] is not None
        for of in (before, after):
            persons = max(sum(c.citizens for c in of[area]) for area in areas)
            amount = sum(c.spent.amount for area in areas for c in of[area])
            if not is_crowd(persons, amount, sum(max(c.largest for c in of[area]) for area in areas)):
                return False
        return True

    chosen = cut(len(AREAS), are_safe)
    found: list[Pair] = []
    for areas in chosen or [range(len(AREAS))]:
        rows = (bands[areas[0]] if len(areas) == 1 else None) or [range(len(BANDS))]
        found += [(_joined(before, areas, some), _joined(after, areas, some)) for some in rows]
    return found, chosen is not None


def _joined(of: list[list[Cell]], areas: range, bands: range) -> Cell:
    some = [of[area][band] for area in areas for band in bands]
    spent = Spent(sum(c.spent.contacts for c in some), sum(c.base for c in some), sum(c.spent.amount for c in some))
    return Cell(sum(of[areas[0]][band].residents for band in bands), 0, spent, 0)


def contributions(pairs: list[Pair], people: tuple[int, int]) -> tuple[int, ...]:
    """What each factor adds, from the first of each pair to the second: the differences of levels in whole øre."""
    levels = [Fraction(0)] * (len(FACTORS) + 1)
    for old, new in pairs:
        before, after = _factors(old, people[0]), _factors(new, people[1])
        known = [(a if a is not None else b, b if b is not None else a) for a, b in zip(before, after, strict=True)]
        for at in range(len(levels)):
            level = Fraction(1)
            for place, (a, b) in enumerate(known):
                level *= (b if place < at else a) or 0
            levels[at] += level
    return tuple(b - a for a, b in pairwise(map(rounded, levels)))


def _factors(cell: Cell, people: int) -> tuple[Fraction | None, ...]:
    """Residents of all ages, the part in the band, contacts of one, base of a contact, amount of the base; None where there is none."""

    def part(above: int, below: int) -> Fraction | None:
        return Fraction(above, below) if below else None

    spent = cell.spent
    return (
        Fraction(people),
        part(cell.residents, people),
        part(spent.contacts, cell.residents),
        part(spent.base, spent.contacts),
        part(spent.amount, spent.base),
    )


@cache
def change(landing: Path, year: int, code: str) -> Change:
    """Why a municipality's co-financing is not what it was the year before."""
    before, after = cells(landing, year - 1, code), cells(landing, year, code)
    people = (sum(residents(landing)[year - 1, code].values()), sum(residents(landing)[year, code].values()))
    pairs, is_safe = merged(before, after)
    back = contributions([(new, old) for old, new in pairs], (people[1], people[0]))
    return Change(
        before=sum(old.spent.amount for old, _ in pairs),
        after=sum(new.spent.amount for _, new in pairs),
        contributions=contributions(pairs, people),
        backwards=tuple(-part for part in back),
        is_safe=is_safe,
    )
