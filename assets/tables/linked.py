"""The numbers of one period that hang together: those of a table about persons, and those of tables whose parts they are.

What a contract says of them (`sources.vocabulary.Disclosure`) becomes numbers with places and sums of them, which is all that an
attack knows. A row that is `_part_of` another is there for this alone: Øvrige is the sum of such rows.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import inf
from typing import Any

from assets.catalog.statements import THRESHOLD
from assets.tables.attack import Attack, Contradiction, Numbers
from sources.disclosure_words import Disclosure, Total

Row = dict[str, Any]
Cell = tuple[str, ...]
PART_OF = "_part_of"
# More persons than a region has.
NEVER = 10**7


@dataclass
class Linked:
    """A table about persons: its rows with every number, and, if it is published already, as they are there.

    `on_record` are the rows of a period that is to be revised, as they are published, by cell. `counted` are the cells of rows that have
    something; nothing is left of others that are published.
    """

    name: str
    spec: Disclosure
    rows: list[Row]
    published: list[Row] | None = None
    on_record: dict[Cell, Row] = field(default_factory=dict)
    counted: set[Cell] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.counted = {cell_of(r, self.spec.key) for r in self.rows}
        needed = {cell_of(r, self.spec.key)[0]: r.get(THRESHOLD) for r in self.rows}
        gone = {cell: r for cell, r in self.told.items() if cell not in self.counted and cell[0] in needed}
        self.rows = self.rows + [_nothing_of(r, self.spec) | {THRESHOLD: needed[cell[0]]} for cell, r in gone.items()]

    @cached_property
    def told(self) -> dict[Cell, Row]:
        """The rows that analysts see."""
        return self.on_record if self.published is None else self.shown

    @cached_property
    def _periods(self) -> set[str]:
        return {cell[0] for cell in self.told}

    def stands(self, row: Row, name: str) -> int:
        """A number of a row as it is published, 0 of a row that is not; tonight's of one that nobody sees."""
        cell = cell_of(row, self.spec.key)
        if cell in self.told:
            return int(row[name] if self.told[cell].get(name) is None else self.told[cell][name])
        is_nothing = cell[0] in self._periods and row.get(PART_OF) is None and not name.startswith("_")
        return 0 if is_nothing else int(row[name])

    @cached_property
    def shown(self) -> dict[Cell, Row]:
        return {cell_of(r, self.spec.key): r for r in self.published or []}

    @cached_property
    def gathers(self) -> set[Cell]:
        """Cells of the rows that are the sum of others."""
        return {(*cell_of(r, self.spec.key[:-1]), r[PART_OF]) for r in self.rows if r.get(PART_OF) is not None}


@dataclass
class Waits:
    """The numbers of a period as somebody has them who does not know what of it waits to be revised: only that, at `places`, asks for
    protection, where it is of few persons.
    """

    numbers: Numbers
    places: set[int] = field(default_factory=set)


@dataclass
class Period:
    """The numbers of one period of a table, by their places."""

    numbers: Numbers = field(default_factory=Numbers)
    places: dict[tuple[str, Cell, str], int] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    # The table's own numbers, published unless they are withheld: row and name. Of them those that describe few persons.
    own: dict[int, tuple[Row, str]] = field(default_factory=dict)
    small: set[int] = field(default_factory=set)
    # Numbers that nobody sees in any case.
    unseen: set[int] = field(default_factory=set)
    # Tables whose rows are parts of others': the part, the whole, and how they meet. The table itself is the first part.
    wholes: list[tuple[str, str, Total]] = field(default_factory=list)

    def is_sum_known(self, name: str, table: str = "") -> bool:
        """Whether all rows of a table that is a part of others add up to something that is shown."""
        for part, whole, total in self.wholes:
            if name in total.numbers and part == (table or self.wholes[0][0]):
                other = total.numbers[name]
                shown = [p not in self.unseen for (t, _, n), p in self.places.items() if (t, n) == (whole, other)]
                if all(shown) or self.is_sum_known(other, whole):
                    return True
        return False

    def together(self, groups: list[list[str]]) -> list[list[int]]:
        """Places of the numbers of each row that are withheld together."""
        rows: dict[tuple[Cell, int], list[int]] = defaultdict(list)
        for (_, cell, name), place in self.places.items():
            for i, group in enumerate(groups):
                if place in self.own and name in group:
                    rows[cell, i].append(place)
        return list(rows.values())


def period(table: Linked, rows: list[Row], others: dict[str, Linked]) -> Period:
    """What hangs together with the `rows` of one period of a table that is not published yet."""
    made, members = Period(), {table.name: rows}
    _add(made, table, rows)
    waiting = [(table, total) for total in table.spec.totals]
    for part, total in waiting:
        whole = others[total.table]
        if whole.name not in members:
            periods = {cell_of(r, part.spec.within) for r in members[part.name]}
            members[whole.name] = [r for r in whole.rows if period_of(r, whole.spec, part.spec) in periods]
            _add(made, whole, members[whole.name])
            waiting += [(whole, t) for t in whole.spec.totals]
        made.wholes.append((part.name, whole.name, total))
        _add_up(made, part, whole, total, members)
    _require_sums(made)
    return made


def let_wait(made: Period, table: Linked, others: dict[str, Linked]) -> Waits | None:
    """Let numbers of the wholes be as they are published; by how much they no longer add up to their parts waits to be revised, and is
    told by nothing that is shown beside them. None where every whole is as it is published.
    """
    numbers, older, tables = made.numbers, set[str](), dict[int, str]()
    for (name, _, number), place in made.places.items():
        tables[place] = name
        if name != table.name and (stands := others[name].stands(made.rows[place], number)) != numbers.values[place]:
            numbers.values[place] = stands
            older.add(name)
    if not older:
        return None
    found, least = Waits(_unprotected(numbers)), int(min([*map(threshold, table.rows), NEVER]))
    for terms, seen in zip(numbers.sums, found.numbers.sums, strict=True):
        is_between = len({tables[p] in older for p in terms if p in tables}) > 1
        waits = sum(sign * numbers.values[p] for p, sign in terms.items())
        if waits:
            terms[add_known(numbers, waits)] = -1
        if waits or is_between:
            place = add_known(found.numbers, waits)
            seen[place] = -1
        if is_between:
            # Whether there is something, and which way it goes, nobody is told.
            found.places.add(place)
            found.numbers.least[place] = found.numbers.reach[place] = -NEVER
            found.numbers.width[place] = least - 1 if 0 < abs(waits) < least else 0
    if any(found.numbers.width):
        # What all that was delivered tells anyway, as it is counted, this table need not hide.
        for place in Attack(found.numbers, made.own.keys() | made.unseen | found.places).told():
            found.numbers.width[place] = 0
        # Who knew what waits would know some that are withheld for it alone.
        for (name, _, number), place in made.places.items():
            spec = table.spec if name == table.name else others[name].spec
            if not is_small(made.rows[place], number, spec):
                numbers.width[place] = numbers.reach[place] = 0
    return found


def _unprotected(numbers: Numbers) -> Numbers:
    nobody = [0] * len(numbers.values)
    return Numbers([*numbers.values], [dict(s) for s in numbers.sums], nobody, [*nobody], [*numbers.least])


def _require_sums(made: Period) -> None:
    """Numbers that do not add up as contracts say would be protected wrongly."""
    for terms in made.numbers.sums:
        if sum(sign * made.numbers.values[p] for p, sign in terms.items()):
            named = {place: key for key, place in made.places.items()}
            said = sorted({f"{name} of {table}" for table, _, name in (named[p] for p in terms if p in named)})
            cell = ", ".join(named[next(iter(terms))][1])
            raise Contradiction(f"{', '.join(said)} ({cell}) do not add up as the disclosure block of the contract says.")


def _nothing_of(row: Row, spec: Disclosure) -> Row:
    """The row of a cell of which nothing is counted any more."""
    counts = {n.persons for n in spec.numbers.values()} | set(spec.numbers) | set(spec.few.values())
    asked = dict.fromkeys(spec.asked | {THRESHOLD, *spec.measures})
    return asked | row | dict.fromkeys(counts, 0)


def cell_of(row: Row, columns: Iterable[str]) -> Cell:
    return tuple("" if row[c] is None else str(row[c]) for c in columns)


def period_of(row: Row, spec: Disclosure, other: Disclosure) -> Cell:
    """What a row is `within`, in the words of another table: its quarter, where that one is of quarters and this of months."""
    first, *rest = other.within
    period = quarter_of(row[spec.within[0]]) if first == "quarter" != spec.within[0] else row[spec.within[0]]
    return str(period), *cell_of(row, rest)


def threshold(row: Row) -> float:
    """How many persons a cell of the row's period must have to be published; no number is enough where none is in force."""
    return inf if row[THRESHOLD] is None else float(row[THRESHOLD])


def is_small(row: Row, name: str, spec: Disclosure) -> bool:
    """Whether a number describes fewer persons than the threshold, or one of them makes half of it; NULL describes nobody."""
    number = spec.numbers[name]
    persons, largest = row[number.persons], row[number.largest] if number.largest else None
    is_few = persons is not None and (0 if number.zeroTells else 1) <= persons < threshold(row)
    return is_few or (largest is not None and largest >= 0.5)


def quarter_of(month: date) -> date:
    return month.replace(month=3 * ((month.month - 1) // 3) + 1, day=1)


def _add(made: Period, table: Linked, rows: list[Row]) -> None:
    """The numbers of a table's rows, and the sums within and of them."""
    spec, gathered = table.spec, defaultdict[tuple[Cell, str], dict[int, int]](dict)
    for row in rows:
        cell = cell_of(row, spec.key)
        for name in spec.numbers:
            if row[name] is not None:
                place = _add_number(made, table, row, cell, name)
                if row.get(PART_OF) is not None:
                    gathered[(*cell[:-1], row[PART_OF]), name][place] = 1
        for sum_ in spec.sums:
            said = [row[n] if isinstance(row.get(n), str) else n for n in (sum_.whole, *sum_.parts)]
            whole, *parts = (made.places.get((table.name, cell, n)) for n in said)
            if whole is not None:
                made.numbers.sums.append({p: 1 for p in parts if p is not None} | {whole: -1})
    for name in spec.known if table.published is None else ():
        by_period: dict[Cell, dict[int, int]] = defaultdict(dict)
        for row in rows:
            # Of a row that is the sum of others each is counted once.
            if row[name] is not None and row.get(PART_OF) is None:
                by_period[cell_of(row, spec.within)][made.places[table.name, cell_of(row, spec.key), name]] = 1
        for terms in by_period.values():
            made.numbers.sums.append(terms | {add_known(made.numbers, sum(made.numbers.values[p] for p in terms)): -1})
    for (cell, name), terms in gathered.items():
        made.numbers.sums.append(terms | {made.places[table.name, cell, name]: -1})


def add_known(numbers: Numbers, value: int) -> int:
    """A number that everybody knows though no table has it."""
    for of, told in ((numbers.values, value), (numbers.least, 0), (numbers.width, 0), (numbers.reach, 0)):
        of.append(told)
    return len(numbers.values) - 1


def _add_number(made: Period, table: Linked, row: Row, cell: Cell, name: str) -> int:
    numbers, least = made.numbers, int(min(threshold(row), NEVER))
    place = made.places[table.name, cell, name] = len(numbers.values)
    made.rows[place] = row
    is_seen, small = not name.startswith("_") and row.get(PART_OF) is None, is_small(row, name, table.spec)
    numbers.values.append(int(row[name]))
    floor = table.spec.numbers[name].atLeast
    numbers.least.append(int(row[floor] or 0) if floor else 0)
    # What is nowhere published must be hidden from nobody, unless few persons stand behind it.
    is_safe = not is_seen and not small
    numbers.width.append(0 if is_safe else least - 1)
    numbers.reach.append(0 if is_safe else least)
    if is_seen and table.published is None:
        made.own[place] = (row, name)
        made.small |= {place} if small else set()
    elif not is_seen or cell not in table.shown or table.shown[cell][name] is None:
        made.unseen.add(place)
    return place


def _add_up(made: Period, part: Linked, whole: Linked, total: Total, members: dict[str, list[Row]]) -> None:
    """The sums that parts make of the rows of a whole with the same `on`, in the same period."""
    # Of a row that is the sum of others one or the other is counted: the others, unless the rows are asked for by name.
    by_name = whole.spec.cells and whole.spec.cells[-1] in total.on
    for own, other in total.numbers.items():
        sums: dict[tuple[Cell, Cell], dict[int, int]] = defaultdict(dict)
        for row in members[part.name]:
            place = made.places.get((part.name, cell := cell_of(row, part.spec.key), own))
            if place is not None and cell not in part.gathers:
                sums[cell_of(row, part.spec.within), cell_of(row, total.on)][place] = 1
        for row in members[whole.name]:
            place = made.places.get((whole.name, cell := cell_of(row, whole.spec.key), other))
            group = period_of(row, whole.spec, part.spec), cell_of(row, total.on)
            if place is not None and group in sums and (by_name or cell not in whole.gathers):
                sums[group][place] = -1
        made.numbers.sums += [terms for terms in sums.values() if -1 in terms.values()]
