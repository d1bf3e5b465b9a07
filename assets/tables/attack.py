"""What an attacker can work out: the smallest and the largest value that a hidden number can have, given all that is shown.

Numbers are whole, have a smallest value, nought if no other is known, and hang together by sums. The attacker knows every number that
is shown, every sum, and which numbers there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import highspy
import numpy as np

from sources.errors import ToldError

# Terms of a sum that is nought: a number's place, and whether it is added or taken away.
Sum = dict[int, int]
# A bound in work, never in time, which differs from machine to machine.
MOST_NODES = 20_000
ENDLESS = (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible)
# How far from a whole number a solver's whole number may lie.
WHOLE = 1e-6


class Contradiction(ToldError):
    """Numbers are not what a contract says of them."""


class RevisedTooMuch(Contradiction):
    """What totals have been revised to in a period would tell of few persons in a table of their parts, whatever that one keeps."""

    def __init__(self, period: str) -> None:
        super().__init__(f"What is known since of {period} cannot be published yet.")
        self.period = period


@dataclass
class Numbers:
    """Numbers about persons that hang together: their values, and the sums of them that are nought.

    While it is hidden a number must be able to be `reach`, and its smallest and largest value must lie `width` apart; 0 of one that
    needs no protection. None is less than its `least`.
    """

    values: list[int] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    width: list[int] = field(default_factory=list)
    reach: list[int] = field(default_factory=list)
    least: list[int] = field(default_factory=list)


class Attack:
    """The exact attack on the `hidden` ones among the numbers."""

    def __init__(self, numbers: Numbers, hidden: Iterable[int]) -> None:
        self._numbers, self._hidden = numbers, sorted(hidden)
        self._place = {number: place for place, number in enumerate(self._hidden)}
        # Sums of ones have their ends nearly always at whole numbers: only where they have not are these asked for, ten times slower.
        self._fractions = self._tables()
        # The smallest and largest value seen of each so far: a table found for one number is a witness for all.
        self._low = np.array([float(numbers.values[n]) for n in self._hidden])
        self._high = self._low.copy()

    def _tables(self) -> highspy.Highs:
        """Every table that agrees with what is shown, of fractions too."""
        made, count, numbers = solver(), len(self._hidden), self._numbers
        made.addVars(count, np.array([float(numbers.least[n]) for n in self._hidden]), np.full(count, highspy.kHighsInf))
        for terms in numbers.sums:
            inside = {self._place[n]: sign for n, sign in terms.items() if n in self._place}
            shown = -sum(sign * numbers.values[n] for n, sign in terms.items() if n not in self._place)
            add_row(made, inside, shown, shown)
        return made

    @cached_property
    def _whole(self) -> highspy.Highs:
        """Every table of whole numbers that agrees with what is shown."""
        made = self._tables()
        made.setOptionValue("mip_max_nodes", MOST_NODES)
        make_whole(made, len(self._hidden))
        return made

    def told(self) -> list[int]:
        """The hidden numbers whose range is too narrow."""
        return [n for n in self._hidden if not (self._is_safe(n) or self._is_safe(n, -1) or self._is_safe(n, 1))]

    def range_of(self, number: int) -> tuple[float, float]:
        """The smallest and the largest value of a hidden number."""
        self._push(self._place[number], 1)
        self._push(self._place[number], -1)
        return self._low[self._place[number]], self._high[self._place[number]]

    def _is_safe(self, number: int, direction: int = 0) -> bool:
        """Whether what has been seen of a number is wide enough, once its largest (-1) or smallest (1) value has been looked for."""
        place = self._place[number]
        if direction:
            self._push(place, direction)
        spread = self._high[place] - self._low[place]
        return bool(spread >= self._numbers.width[number] and self._high[place] >= self._numbers.reach[number])

    def _push(self, place: int, direction: int) -> None:
        status, found = _least(self._fractions, place, direction)
        if status not in ENDLESS and (status != highspy.HighsModelStatus.kOptimal or np.abs(found - np.round(found)).max() > WHOLE):
            status, found = _least(self._whole, place, direction)
        # There is an end downwards, so only upwards is there none. What is not found within the bound counts as told.
        if status == highspy.HighsModelStatus.kSolutionLimit:
            return
        if status in ENDLESS:
            self._high[place] = np.inf
            return
        if status != highspy.HighsModelStatus.kOptimal:
            raise Contradiction(f"what is shown contradicts itself ({status.name})")
        np.minimum(self._low, np.round(found), out=self._low)
        np.maximum(self._high, np.round(found), out=self._high)


def _least(tables: highspy.Highs, place: int, direction: int) -> tuple[highspy.HighsModelStatus, np.ndarray]:
    """How the search for the table ended in which a number is smallest (1) or largest (-1), and that table."""
    tables.changeColCost(place, float(direction))
    tables.run()
    found = tables.getModelStatus(), np.array(tables.getSolution().col_value)
    tables.changeColCost(place, 0.0)
    return found


class _Quiet(highspy.Highs):
    def enableCallbacks(self) -> None:
        """Nothing calls back, and to allow it prints the solver's name on the terminal."""


def solver() -> highspy.Highs:
    """The solver, silent and the same on every machine: one thread, one seed, no clock."""
    made: highspy.Highs = _Quiet()  # type: ignore[no-untyped-call]  # its constructor has no types
    options: dict[str, bool | int | float | str] = {
        "output_flag": False, "threads": 1, "random_seed": 0, "parallel": "off", "mip_rel_gap": 0.0,
    }  # fmt: skip
    for option, value in options.items():
        made.setOptionValue(option, value)
    return made


def add_row(to: highspy.Highs, terms: dict[int, float] | Sum, least: float, most: float) -> None:
    """A constraint over columns."""
    if terms:
        to.addRow(least, most, len(terms), np.array(list(terms), dtype=np.int32), np.array(list(terms.values()), dtype=float))


def make_whole(of: highspy.Highs, count: int) -> None:
    """Let the first `count` columns be whole numbers."""
    of.changeColsIntegrality(count, np.arange(count, dtype=np.int32), np.full(count, highspy.HighsVarType.kInteger))
