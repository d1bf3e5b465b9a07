"""Revisions: which numbers of a published period may become those of tonight.

A revision is a table of differences, and is protected as a table is. A number stays as it was published where it differs by few
persons from what was ever published of it, and where the differences of others, added up, would tell such a one. Who attacks knows
which way every number goes, which have not changed, and every whole as it stands; that a difference is under five may be known, as
`meta.pending_revision` says so much, but not which of five or more numbers it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from assets.tables.attack import Attack, Numbers, RevisedTooMuch
from assets.tables.choice import least
from assets.tables.linked import NEVER, PART_OF, Cell, Linked, Period, Row, add_known, cell_of, is_small, period, threshold
from assets.tables.record import Entry, State
from sources.disclosure_words import Disclosure

Number = tuple[Cell, str]
# Period -> all that was ever published of it, what is in force last.
Past = Mapping[str, Sequence[State]]
# Nobody is told by a difference of which no one person makes more than half.
HALF = 2


def changes(table: Linked, row: Row, shown: dict[Cell, Row]) -> set[str]:
    """The shown numbers of a row that would be others tonight; all of them in a row that is new."""
    if row.get(PART_OF) is not None:
        return set()
    if (before := shown.get(cell_of(row, table.spec.key))) is None:
        return set(table.spec.published) if any(row[n] for n in table.spec.published) else set()
    return {n for n in table.spec.published if before.get(n) is not None and int(row[n] or 0) != before[n]}


def kept(table: Linked, changed: set[Number], others: dict[str, Linked], pasts: dict[str, Past], states: Sequence[State]) -> set[Number]:
    """Those of the numbers that have `changed` in a period that must stay as they are published. `table` has the rows of the period,
    `states` is what was ever published of it, what stands last, and `pasts` that of the totals.
    """
    spec, rows, last = table.spec, table.rows, states[-1]
    if _is_named_otherwise(rows, states, spec):
        return changed
    few = int(min([*map(threshold, rows), NEVER]))
    telling = {(cell_of(r, spec.key), n) for r in rows for n in _telling(spec, r, states, few)} & changed
    # A row that is new is there with all its numbers, or not.
    telling |= {(c, n) for c, n in changed if c not in last.shown and any((c, m) in telling for m in spec.published)}
    made = period(table, rows, others)
    own = {place: (cell_of(row, spec.key), name) for place, (row, name) in made.own.items()}
    # What has no value tonight cannot be attacked, and stays.
    telling |= changed - set(own.values())
    hidden = made.unseen | {p for p, (c, n) in own.items() if (c, n) in telling or (c in last.shown and last.shown[c].get(n) is None)}
    for (name, _, number), place in made.places.items():
        if name != table.name and others[name].stands(made.rows[place], number) != made.numbers.values[place]:
            # A whole that has not been revised says nothing of what it would be.
            hidden.add(place)
    free = {p for p, number in own.items() if number in changed} - hidden
    new: dict[Cell, list[int]] = defaultdict(list)
    for place, (cell, _) in own.items():
        if cell not in last.shown:
            new[cell].append(place)
    together = [*new.values(), *made.together(spec.together)]
    weights = {p: float(abs(made.numbers.values[p] - table.stands(*made.own[p])) + few) for p in sorted(free)}
    known = {**pasts, table.name: {cell_of(r, spec.key)[0]: states for r in rows}}
    for state in [*states, *states]:
        # Once more, since what one of them asks for is hidden from all.
        numbers, unseen = _differences(made, known, state.entry)
        for place in made.rows:
            # That a number is as it was tells of nobody.
            by = numbers.values[place]
            numbers.width[place] = few - 1 if by and (by < few or own.get(place) in telling) else 0
        gone = hidden | unseen
        if Attack(numbers, gone).told():
            gone = set(least(numbers, {p: w for p, w in weights.items() if p not in gone}, frozenset(gone), together).hidden)
            gone |= free if Attack(numbers, gone).told() else set()
            if Attack(numbers, gone).told():
                raise RevisedTooMuch(cell_of(rows[0], spec.key)[0])
            hidden |= gone & free
    return (telling | {own[p] for p in hidden if p in own}) & changed


def _differences(made: Period, pasts: dict[str, Past], then: Entry) -> tuple[Numbers, set[int]]:
    """By how much the numbers of a period differ from what was true when `then` was published, how the differences hang together, and
    which of them nobody knows who knew what was shown then. Which way each goes is in the sums, so that none is below nought.

    What is true at one time adds up, so the differences do. Of a quarter, which came after its months, they lack what had come between.
    """
    found, unseen, signs = Numbers(), set[int](), dict[int, int]()
    for (name, cell, number), place in made.places.items():
        while len(found.values) <= place:
            add_known(found, 0)
        signs[place] = 1
        value, state = made.numbers.values[place], _state_at(pasts.get(name, {}).get(cell[0], ()), then)
        if state is None:
            continue
        # A row that was not there had nothing, as everybody saw.
        nothing = {} if cell in state.truth else {number: 0}
        known, seen = (rows.get(cell, nothing).get(number) for rows in (state.truth, state.shown))
        before = value if known is None else int(known)
        found.values[place], signs[place] = abs(value - before), -1 if value < before else 1
        if seen != before:
            unseen.add(place)
    for terms in made.numbers.sums:
        turned = {p: sign * signs[p] for p, sign in terms.items() if p in signs}
        if rest := sum(sign * found.values[p] for p, sign in turned.items()):
            lacks = add_known(found, abs(rest))
            unseen |= {lacks} if made.unseen & set(turned) else set()
            turned[lacks] = -1 if rest > 0 else 1
        found.sums.append(turned)
    return found, unseen


def _state_at(states: Sequence[State], then: Entry) -> State | None:
    """What stood when an entry was made; None where nothing had been published."""
    times = [(s.entry.as_of, s.entry.created_at, s) for s in states if (s.entry.as_of, s.entry.created_at) <= (then.as_of, then.created_at)]
    return max(times, key=lambda t: t[:2])[2] if times else None


def _telling(spec: Disclosure, row: Row, states: Sequence[State], few: int) -> set[str]:
    """The numbers of a row of which the new one would tell of few persons, beside any that was ever published of it."""
    cell, found = cell_of(row, spec.key), set[str]()
    last = states[-1].shown.get(cell, {})
    for name in spec.published:
        if (last and last.get(name) is None) or (row[name] is None and not last):
            continue
        earlier = [s.truth.get(cell, {}) | s.shown.get(cell, {name: 0}) for s in states]
        if (
            row[name] is None
            or is_small(row, name, spec)
            or any(_is_few(spec, name, row, r, few) for r in earlier if r.get(name) is not None)
        ):
            found.add(name)
    return found


def _is_few(spec: Disclosure, name: str, row: Row, before: Row, few: int) -> bool:
    """Whether a number differs from an earlier one by few persons, or mostly by one."""
    number = spec.numbers[name]
    difference = abs(int(row[name]) - int(before.get(name) or 0))
    if not difference:
        return False
    # Of what was published before there was a record, nobody knows how many persons it was.
    is_known = number.persons in before or not before.get(name)
    persons = abs((row[number.persons] or 0) - (before.get(number.persons) or 0)) if is_known else few
    return (
        difference < few or persons < few or (number.largest is not None and _is_of_one(number.largest, number.amount or name, row, before))
    )


def _is_of_one(largest: str, amount: str, row: Row, before: Row) -> bool:
    """Whether one person may make more than half of what an amount has changed by: the `largest` share of it says how much one has."""
    now, then = (r.get(amount) or 0 for r in (row, before))
    most = max(abs(value) * (r.get(largest) or 0) for value, r in ((now, row), (then, before)))
    return bool(abs(now - then) < HALF * most)


def _is_named_otherwise(rows: Iterable[Row], states: Sequence[State], spec: Disclosure) -> bool:
    """Whether a row that is named is part of the others by now, or one of these has come out of them."""
    parts = {cell for s in states for cell, r in s.truth.items() if r.get(PART_OF) is not None}
    cells = {cell_of(r, spec.key): r.get(PART_OF) for r in rows}
    return any(c in states[-1].shown if whole is not None else c in parts and c not in states[-1].shown for c, whole in cells.items())
