"""Revisions: which numbers of a published period may become those of tonight.

A revision is a table of differences, and is protected as a table is. A number stays as it was published where it differs by few
persons from what was ever published of it, and where the differences of others, added up, would tell such a one. Who attacks knows
which way every number goes, which have not changed, and every whole as it stands; that a difference is under five may be known, as
`meta.pending_revision` says so much, but not which of five or more numbers it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from assets.tables.attack import Attack, Numbers, RevisedTooMuch
from assets.tables.choice import least
from assets.tables.linked import NEVER, PART_OF, Cell, Linked, Period, Row, add_known, cell_of, is_small, period, threshold
from assets.tables.record import State
from sources.vocabulary import Disclosure

# Nobody is told by a difference of which no one person makes more than half.
HALF = 2


def changes(table: Linked, row: Row, shown: dict[Cell, Row]) -> set[str]:
    """The shown numbers of a row that would be others tonight; all of them in a row that is new."""
    if row.get(PART_OF) is not None:
        return set()
    if (before := shown.get(cell_of(row, table.spec.key))) is None:
        return set(table.spec.published) if any(row[n] for n in table.spec.published) else set()
    return {n for n in table.spec.published if before.get(n) is not None and int(row[n] or 0) != table.stands(row, n)}


def kept(table: Linked, rows: list[Row], others: dict[str, Linked], states: Sequence[State]) -> set[tuple[Cell, str]]:
    """The numbers that differ from what is published and must stay as they are, by cell and name. `states`: what was ever published of
    them, what stands last; `rows` are tonight's, and those of cells that have nothing any more.
    """
    spec, last = table.spec, states[-1]
    changed = {(cell_of(r, spec.key), n) for r in rows for n in changes(table, r, last.shown)}
    if _is_named_otherwise(rows, last, spec):
        return changed
    few = int(min([*map(threshold, rows), NEVER]))
    telling = {(cell_of(r, spec.key), n) for r in rows for n in _telling(spec, r, states, few)} & changed
    # A row that is new is there with all its numbers, or not.
    telling |= {(c, n) for c, n in changed if c not in last.shown and any((c, m) in telling for m in spec.published)}
    made = period(table, rows, others)
    numbers = _differences(made, table, others)
    hidden, free, groups = set(made.unseen), set[int](), defaultdict[Cell, list[int]](list)
    for place, (row, name) in made.own.items():
        cell = cell_of(row, spec.key)
        if cell in last.shown and last.shown[cell].get(name) is None:
            hidden.add(place)
        elif (cell, name) in telling:
            hidden.add(place)
            numbers.width[place] = few - 1
        elif (cell, name) in changed:
            free.add(place)
        if cell not in last.shown:
            groups[cell].append(place)
    for (name, cell, number), place in made.places.items():
        if name != table.name and others[name].stands(made.rows[place], number) != made.numbers.values[place]:
            # A whole that has not been revised says nothing of what it would be.
            hidden.add(place)
        if place in hidden and (cell, number) not in telling:
            before = [s.standing.get(cell, {}).get(number) for s in states] if name == table.name else []
            differences = [numbers.values[place], *(abs(made.numbers.values[place] - v) for v in before if v is not None)]
            numbers.width[place] = few - 1 if any(0 < d < few for d in differences) else 0
    if Attack(numbers, hidden).told():
        together = [*groups.values(), *made.together(spec.together)]
        weights = {p: float(abs(made.numbers.values[p] - table.stands(*made.own[p])) + few) for p in sorted(free)}
        hidden = set(least(numbers, weights, frozenset(hidden), together).hidden)
        hidden |= free if Attack(numbers, hidden).told() else set()
        if Attack(numbers, hidden).told():
            raise RevisedTooMuch(cell_of(rows[0], spec.key)[0])
    return {(cell_of(row, spec.key), name) for p, (row, name) in made.own.items() if p in hidden} & changed


def _differences(made: Period, table: Linked, others: dict[str, Linked]) -> Numbers:
    """By how much the numbers of a period differ from what was published of them first, and how the differences hang together. Which
    way each goes is in the sums, so that none is below nought.

    What was published at one time adds up, so the differences do. Of a quarter, which came after its months, they lack what had come
    between; who has seen every number of the sum knows that too.
    """
    found, linked = Numbers(), others | {table.name: table}
    signs: dict[int, int] = {}
    for (name, _, number), place in made.places.items():
        while len(found.values) <= place:
            add_known(found, 0)
        difference = made.numbers.values[place] - linked[name].began(made.rows[place], number)
        found.values[place], signs[place] = abs(difference), -1 if difference < 0 else 1
    for terms in made.numbers.sums:
        turned = {p: sign * signs[p] for p, sign in terms.items() if p in signs}
        if rest := sum(sign * found.values[p] for p, sign in turned.items()):
            lacks = add_known(found, abs(rest))
            made.unseen |= {lacks} if made.unseen & set(turned) else set()
            turned[lacks] = -1 if rest > 0 else 1
        found.sums.append(turned)
    return found


def _telling(spec: Disclosure, row: Row, states: Sequence[State], few: int) -> set[str]:
    """The numbers of a row of which the new one would tell of few persons, beside any that was ever published of it; and those that a
    median or quantile stands on which would.
    """
    cell, found = cell_of(row, spec.key), set[str]()
    last = states[-1].shown.get(cell, {})
    for name in spec.published:
        if last and last.get(name) is None:
            continue
        earlier = [s.standing.get(cell, {}) for s in states if cell not in s.shown or s.shown[cell].get(name) is not None]
        if row[name] is None and not last:
            continue
        if row[name] is None or is_small(row, name, spec) or any(_is_few(spec, name, row, before, few) for before in earlier):
            found.add(name)
    return found


def _is_few(spec: Disclosure, name: str, row: Row, before: Row, few: int) -> bool:
    """Whether a number differs from an earlier one by few persons, or mostly by one."""
    number = spec.numbers[name]
    difference = abs(int(row[name]) - int(before.get(name) or 0))
    if not difference:
        return False
    # Of what was published before there was a record, nobody knows how many persons it was.
    persons = abs((row[number.persons] or 0) - (before.get(number.persons) or 0)) if number.persons in before or not before else few
    largest = max(((r.get(number.largest) or 0) * int(r.get(name) or 0) for r in (row, before)), default=0) if number.largest else 0
    return difference < few or persons < few or difference < HALF * largest


def _is_named_otherwise(rows: Iterable[Row], last: State, spec: Disclosure) -> bool:
    """Whether a row that had a name is part of the others by now, or has come out of them."""
    return any(
        (r.get(PART_OF) is None) != (before.get(PART_OF) is None)
        for r in rows
        if (before := last.standing.get(cell_of(r, spec.key))) is not None
    )
