"""What stands of a table about persons beside tonight's rows: published periods as they were published, or revised.

Tonight's rows are those of periods that were never published, and new rows that a revision may show. All others stand as they were
shown, number by number unless a revision may show the new one; what tells nothing of persons, like the name of a hospital, is tonight's.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assets.catalog.statements import PROVISIONAL, QF_COLUMNS
from assets.tables.linked import PART_OF, Cell, Linked, Row, cell_of, threshold
from assets.tables.qualifiers import QF, columns_of
from assets.tables.record import State
from assets.tables.revision import changes, kept
from assets.tables.versions import Waiting, WithheldCount
from sources.contract import Contract, digest
from sources.vocabulary import Disclosure

# Whether a row's period may still change, and that is waited for.
OPEN = "_is_open"
# A number stands at an older value: by how much it differs would tell of few persons.
OLDER = "r"


@dataclass(frozen=True)
class Past:
    """What has been published of a table: period -> all that ever was, what is in force last. `stood` had been by the time of the run,
    `due` are to be revised; of those `unsafe` too much would be told, so all stays as it is.
    """

    states: dict[str, list[State]] = field(default_factory=dict)
    stood: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()
    unsafe: frozenset[str] = frozenset()


NOTHING_PUBLISHED = Past()


@dataclass
class Standing:
    """Tonight's rows: `fresh` ones of periods that were never published, and `renewed` ones that a revision adds to one that was. The
    `others` stand as they were shown, or revised. `standing`: every number of published periods, as it is shown or hidden by now.

    `left_out`: cells of tonight's rows that are not shown as they are; `withheld`: what published rows withhold; `told`: what a row
    says of others that stand. `published`: periods that go on record tonight, and what names their rows.
    """

    fresh: list[Row] = field(default_factory=list)
    renewed: list[Row] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    standing: list[Row] = field(default_factory=list)
    withheld: dict[Cell, list[str]] = field(default_factory=dict)
    left_out: set[Cell] = field(default_factory=set)
    told: dict[Cell, Row] = field(default_factory=lambda: defaultdict(dict))
    counts: list[WithheldCount] = field(default_factory=list)
    published: dict[str, str] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)


def is_open(row: Row) -> bool:
    return bool(row.get(OPEN))


def named(rows: Iterable[Row], *others: object) -> str:
    """Names rows of a period."""
    return digest("published", sorted(str(sorted(r.items())) for r in rows), *others)


def standing(contract: Contract, spec: Disclosure, rows: list[Row], others: dict[str, Linked], past: Past) -> Standing:
    """What stands, given tonight's `rows` with every number, and the tables of the totals."""
    made, tonight = Standing(), defaultdict[str, list[Row]](list)
    for row in rows:
        tonight[cell_of(row, spec.key)[0]].append(row)
    for period, states in past.states.items():
        # A run for an earlier time shows what was published later only once the month is final for it too.
        if period in past.stood or (tonight[period] and not any(map(is_open, tonight[period]))):
            _settle(
                made,
                contract,
                Linked(contract.id, spec, tonight.pop(period, []), standing=states[-1].standing, first=states[0].standing),
                others,
                period,
                past,
            )
    made.fresh = [r for found in tonight.values() for r in found]
    _tell_year_before(made, spec, past)
    return made


def _settle(made: Standing, contract: Contract, table: Linked, others: dict[str, Linked], period: str, past: Past) -> None:
    """What stands of one period that has been published. `table` has tonight's rows of it, and nothing of cells that have none."""
    spec, states, is_due = table.spec, past.states[period], period in past.due
    last, by_cell = states[-1], {cell_of(r, spec.key): r for r in table.rows}
    changed = {(cell, n) for cell, r in by_cell.items() for n in changes(table, r, last.shown)}
    stays = kept(table, table.rows, others, states) if is_due and changed and period not in past.unsafe else changed
    names = {cell: (_of(changed, cell), _of(stays, cell)) for cell in by_cell}
    made.renewed += [by_cell[c] for c, (new, old) in sorted(names.items()) if c not in last.shown and new and not old]
    made.left_out |= set(by_cell) - {cell_of(r, spec.key) for r in made.renewed}
    stands = _standing_of(spec, by_cell, last, stays, is_due)
    sums = _sums(spec, last, by_cell, changed - stays)
    for cell, row in last.shown.items():
        made.withheld[cell] = [n for n in columns_of(row).get("c", ()) if n in spec.measures]
        new, old = names[cell]
        is_gone = is_due and cell not in table.counted and not old and all(row.get(n) is not None for n in spec.published)
        if not is_gone:
            revised = _revised(spec, row, by_cell[cell], new, old, sums) if is_due else row
            made.others.append(_with_words(contract, spec, revised, by_cell[cell]))
    for row in made.renewed:
        cell = cell_of(row, spec.key)
        made.told[cell] |= {share: _share(row[n], sums[n, cell[: len(spec.within)]][0]) for share, n in spec.ofWhole.items()}
    made.standing += stands
    made.counts += [c for c in last.entry.counts if c.period == period]
    if is_due or not last.entry.release:
        made.published[period] = named([*stands, *made.others])
    waits = [_waits(spec, row, by_cell[cell_of(row, spec.key)]) for row in made.others if cell_of(row, spec.key)[0] == period]
    waits += [len(new) for cell, (new, old) in names.items() if cell not in last.shown and old]
    if rows := [n for n in waits if n]:
        made.waiting.append(Waiting(period, last.entry.as_of, len(rows), sum(rows)))


def _waits(spec: Disclosure, row: Row, tonight: Row) -> int:
    """How many shown measures of a published row would be others tonight; a share of all rows goes with its number."""
    names = set(spec.measures) - set(spec.ofWhole) - set(spec.yearBefore)
    return sum(row.get(n) is not None and row[n] != tonight.get(n) for n in names)


def _of(numbers: set[tuple[Cell, str]], cell: Cell) -> set[str]:
    return {n for c, n in numbers if c == cell}


def _standing_of(spec: Disclosure, rows: dict[Cell, Row], last: State, stays: set[tuple[Cell, str]], is_due: bool) -> list[Row]:
    """What published rows stand by. The parts of a number that stays are those it stood by, and so is what is worked out of it."""
    if not is_due and last.entry.release:
        return list(last.standing.values())
    found = []
    for cell, row in rows.items():
        before = last.standing.get(cell, {})
        whole = (*cell[:-1], row[PART_OF]) if row.get(PART_OF) is not None else cell
        old = _of(stays, whole)
        if old:
            old |= {n for n in spec.numbers if n.startswith("_")}
            new = {spec.numbers[n].persons for n in spec.published if n not in old}
            old |= {spec.numbers[n].persons for n in spec.published if n in old} - new
        found.append(row | {n: before[n] for n in old if n in before})
    return found


# (Number, values of `within`) -> what all rows of it come to as they are shown, and whether that has changed.
Sums = dict[tuple[str, Cell], tuple[int, bool]]


def _sums(spec: Disclosure, last: State, rows: dict[Cell, Row], revised: set[tuple[Cell, str]]) -> Sums:
    """What shares are shares of: the sums that were published, and the differences that are."""
    found: Sums = {}
    for number in spec.ofWhole.values():
        sums, moved = defaultdict[Cell, int](int), set[Cell]()
        for row in last.standing.values():
            if row.get(PART_OF) is None:
                sums[cell_of(row, spec.within)] += int(row.get(number) or 0)
        for cell in {c for c, n in revised if n == number}:
            sums[cell[: len(spec.within)]] += int(rows[cell][number] or 0) - int(last.standing.get(cell, {}).get(number) or 0)
            moved.add(cell[: len(spec.within)])
        found |= {(number, within): (n, within in moved) for within, n in sums.items()}
    return found


def _share(part: int, whole: int) -> float | None:
    return round(int(part) / whole, 9) if whole else None


def _revised(spec: Disclosure, row: Row, tonight: Row, new: set[str], old: set[str], sums: Sums) -> Row:
    """A published row of which the numbers `new` would be others, and `old` of these stay; what is worked out of numbers goes with
    them. A share of all rows is one of what is shown: of tonight's sum it would tell what waits.
    """
    found, stays = dict(row), set(old)
    found |= {n: tonight[n] for n in new - old}
    for column, numbers in spec.follows.items():
        behind = {str(tonight.get(n)) if n.startswith("_") and isinstance(tonight.get(n), str) else n for n in numbers}
        is_few = column in spec.few and (tonight.get(spec.few[column]) or 0) < threshold(tonight)
        if column in spec.ofWhole or row.get(column) is None or row[column] == tonight.get(column):
            continue
        # By how many persons a sum differs whose number does not is not known.
        if not behind & new or behind & old or is_few or tonight.get(column) is None:
            stays.add(column)
        else:
            found[column] = tonight[column]
    for share, number in spec.ofWhole.items():
        whole, has_moved = sums[number, cell_of(row, spec.within)]
        if has_moved and row.get(share) is not None:
            found[share] = _share(found[number], whole)
    said = {letter: names for letter, names in columns_of(row).items() if letter != OLDER} | ({OLDER: sorted(stays)} if stays else {})
    letters = {*(row[QF] or "")} - {OLDER} | ({OLDER} if stays else set())
    return found | {QF: "".join(sorted(letters)), QF_COLUMNS: "; ".join(f"{x}: {', '.join(names)}" for x, names in sorted(said.items()))}


def _with_words(contract: Contract, spec: Disclosure, row: Row, tonight: Row) -> Row:
    """A published row with tonight's words."""
    fixed = {*spec.key, *spec.measures, *(c.name for c in contract.columns if c.aggregate), QF, QF_COLUMNS, PROVISIONAL}
    return {n: tonight[n] if n not in fixed and tonight.get(n) is not None else row.get(n) for n in (c.name for c in contract.columns)}


def _tell_year_before(made: Standing, spec: Disclosure, past: Past) -> None:
    """What a row repeats from the year before is what is published of it."""
    if not spec.yearBefore:
        return
    tonight = {cell_of(r, spec.key): r for r in made.renewed}
    shown = {cell_of(r, spec.key): r for r in made.others} | tonight
    settled = {cell[0] for cell in shown}

    def before(row: Row) -> tuple[Cell, Row | None, bool]:
        month: date = row[spec.within[0]]
        cell = str(month.replace(year=month.year - 1)), *cell_of(row, spec.key[1:])
        return cell, shown.get(cell), cell[0] in settled

    for name, number in spec.yearBefore.items():
        for row in [*made.fresh, *made.renewed, *made.others]:
            cell, earlier, is_settled = before(row)
            value: Any = earlier[number] if earlier else 0
            if is_settled and value is not None and number not in made.withheld.get(cell, []):
                if row is shown.get(cell_of(row, spec.key)) and cell_of(row, spec.key) not in tonight:
                    row[name] = value
                elif row.get(name) != value:
                    made.told[cell_of(row, spec.key)][name] = value
