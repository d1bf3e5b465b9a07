"""Which numbers to withhold: of all choices that are safe, the one that withholds least.

An integer programme over the numbers that may be withheld, whose constraints are found on the way. Of a choice that is not safe an
attacker can work out a number, and the dual of that attack says which others would have prevented it: at least so many of them must
be withheld with it (Fischetti and Salazar, Solving the cell suppression problem on tabular data with linear constraints, Management
Science 47, 2001). Bounds are in work, never in time, which differs from machine to machine.
"""

from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise

import highspy
import numpy as np

from assets.tables.attack import MOST_NODES, Attack, Numbers, add_row, make_whole, solver

MOST_ROUNDS = 200
ENOUGH = 1e-6
SOLVER = f"highspy {version('highspy')}"

# Place of a number -> how much.
Amounts = dict[int, float]


@dataclass(frozen=True)
class Choice:
    """What is withheld and what that costs. No safe choice costs less than `bound`."""

    hidden: frozenset[int]
    cost: float
    bound: float

    @property
    def is_least(self) -> bool:
        return self.cost <= self.bound * (1 + ENOUGH) + ENOUGH


def least(numbers: Numbers, weights: Amounts, fixed: frozenset[int], together: list[list[int]]) -> Choice:
    """The cheapest safe choice of numbers beside those of `fixed`, which are hidden in any case, out of those that have a weight.

    Numbers `together` are all withheld or none. If the bounds are reached first, a safe choice that was found; all of them where
    nothing less is safe.
    """
    return _Search(numbers, weights, fixed, together).found()


class _Search:
    def __init__(self, numbers: Numbers, weights: Amounts, fixed: frozenset[int], together: list[list[int]]) -> None:
        self._numbers, self._weights, self._fixed = numbers, weights, fixed
        self._column = {n: c for c, n in enumerate(sorted(weights))}
        # No number has to move further than this for another to move as far as it must.
        self._cap = (len(numbers.sums) + 1) * max([*numbers.width, *numbers.reach])
        self._spare = [float(min(v - least, self._cap)) for v, least in zip(numbers.values, numbers.least, strict=True)]
        self._seen: set[tuple[tuple[int, float], ...]] = set()
        self._together = [set(group) for group in together]
        # Of some number there is nothing that could hide it.
        self._is_hopeless = False
        self._choices, self._moves = self._programme(), self._deviations()
        for terms in numbers.sums:
            for n in terms:
                # Whoever is hidden alone in a sum is told.
                if numbers.width[n] and (n in fixed or n in self._column):
                    self._require(n, {m: 1.0 for m in terms if m != n}, 1.0)

    def found(self) -> Choice:
        bound, hidden = 0.0, set(self._fixed)
        for _ in range(MOST_ROUNDS):
            if not self._separate(self._solved()):
                break
        make_whole(self._choices, len(self._column))
        for _ in range(MOST_ROUNDS):
            parts = self._solved()
            if parts is None:
                break
            bound = max(bound, self._choices.getInfo().mip_dual_bound)
            hidden = {n for n, part in parts.items() if part > 0.5}
            if not self._separate(dict.fromkeys(hidden, 1.0)):
                told = Attack(self._numbers, hidden).told()
                if not told:
                    return Choice(frozenset(hidden), self._cost(hidden), bound)
                for n in told:
                    self._require(n, {m: 1.0 for m in self._column if m not in hidden}, 1.0)
        return self._mended(hidden, bound)

    def _programme(self) -> highspy.Highs:
        made, count = solver(), len(self._column)
        made.setOptionValue("mip_max_nodes", MOST_NODES)
        made.addVars(count, np.zeros(count), np.ones(count))
        for n, column in self._column.items():
            # Ties by place.
            made.changeColCost(column, self._weights[n] + 1e-3 * column / count)
        for group in self._together:
            columns = [self._column[n] for n in sorted(group) if n in self._column]
            for one, other in pairwise(columns):
                add_row(made, {one: 1.0, other: -1.0}, 0.0, 0.0)
            if group & self._fixed:
                for column in columns:
                    made.changeColBounds(column, 1.0, 1.0)
        return made

    def _deviations(self) -> highspy.Highs:
        """By how much numbers may differ from what they are, and still add up."""
        made, count = solver(), len(self._numbers.values)
        made.addVars(count, np.zeros(count), np.zeros(count))
        for terms in self._numbers.sums:
            add_row(made, terms, 0.0, 0.0)
        return made

    def _solved(self) -> Amounts | None:
        """How much of each number the programme withholds; None where nothing is safe."""
        self._choices.run()
        if self._is_hopeless or self._choices.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        found = self._choices.getSolution().col_value
        return dict.fromkeys(self._fixed, 1.0) | {n: found[c] for n, c in self._column.items() if found[c] > 0.01}

    def _separate(self, parts: Amounts | None) -> int:
        """Require what is lacking for the hidden numbers, of which the others let each move in `parts`; how many requirements are new."""
        if parts is None:
            return 0
        numbers, count, added = self._numbers, len(self._numbers.values), 0
        share = np.array([parts.get(n, 0.0) for n in range(count)])
        self._moves.changeColsBounds(count, np.arange(count, dtype=np.int32), -np.array(self._spare) * share, self._cap * share)
        # How far each is seen to move up and down while others are asked about: of most there is nothing left to ask.
        highest, lowest = np.zeros(count), np.zeros(count)
        for n in sorted(parts):
            width, rise = numbers.width[n], numbers.reach[n] - numbers.values[n]
            wide, high = width * parts[n] - ENOUGH, rise * parts[n] - ENOUGH
            if not width or (highest[n] - lowest[n] >= wide and highest[n] >= high):
                continue
            lets = []
            for direction in (1, -1):
                moved, letting = self._moved(n, direction)
                np.maximum(highest, moved, out=highest)
                np.minimum(lowest, moved, out=lowest)
                lets.append(letting)
            upward, downward = lets
            if highest[n] - lowest[n] < wide:
                added += self._require(n, {m: upward.get(m, 0.0) + downward.get(m, 0.0) for m in {**upward, **downward}}, width)
            if highest[n] < high:
                added += self._require(n, upward, rise)
        return added

    def _moved(self, number: int, direction: int) -> tuple[np.ndarray, Amounts]:
        """How each number moves when one moves as far as it can, up (1) or down (-1), and how far each would let it if it were hidden."""
        self._moves.changeColCost(number, -float(direction))
        self._moves.run()
        self._moves.changeColCost(number, 0.0)
        solution = self._moves.getSolution()
        duals = {n: -dual for n, dual in enumerate(solution.col_dual) if abs(dual) > ENOUGH}
        lets = {n: self._cap * dual if dual > 0 else self._spare[n] * -dual for n, dual in duals.items()}
        return np.array(solution.col_value), lets

    def _require(self, number: int, lets: Amounts, wanted: float) -> int:
        """If a number is hidden, what those hidden with it let it move by must come to what is wanted; 1 if that is new."""
        wanted -= sum(amount for n, amount in lets.items() if n in self._fixed or n == number)
        if wanted <= ENOUGH:
            return 0
        terms = {self._column[n]: round(min(v, wanted) / wanted, 9) for n, v in lets.items() if n in self._column and n != number}
        terms = dict(sorted((column, share) for column, share in terms.items() if share))
        at_least = 1.0
        if number not in self._fixed:
            terms[self._column[number]] = -1.0
            at_least = 0.0
        if (key := tuple(terms.items())) in self._seen:
            return 0
        self._seen.add(key)
        self._is_hopeless |= not terms
        add_row(self._choices, terms, at_least, highspy.kHighsInf)
        return 1

    def _mended(self, hidden: set[int], bound: float) -> Choice:
        """A choice made safe by withholding the cheapest neighbours of what is told, then showing again what need not be withheld."""
        added: list[int] = []
        while told := Attack(self._numbers, hidden).told():
            spare = set(self._column) - hidden
            beside = {m for terms in self._numbers.sums if any(n in terms for n in told) for m in terms if m in spare} or spare
            if not beside:
                break
            cheapest = min(beside, key=lambda n: (self._weights[n], n))
            new = next((g for g in self._together if cheapest in g), {cheapest}) & spare
            hidden, added = hidden | new, [*added, *sorted(new)]
        if told:
            # Nothing is safe, so nothing is the least that is.
            return Choice(frozenset(hidden), self._cost(hidden), -1.0)
        for n in sorted(added, key=lambda n: (-self._weights[n], n)):
            group = next((g for g in self._together if n in g), {n})
            if not group & self._fixed and not Attack(self._numbers, hidden - group).told():
                hidden = hidden - group
        return Choice(frozenset(hidden), self._cost(hidden), bound)

    def _cost(self, hidden: set[int]) -> float:
        return sum(self._weights.get(n, 0.0) for n in hidden)
