"""What stands of a table about persons beside tonight's rows: published periods as they were published, or revised.

Tonight's rows are those of periods that were never published, and new rows that a revision may show. All others stand as they were
shown, number by number unless a revision may show the new one; what tells nothing of persons, like the name of a hospital, is tonight's.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from assets.catalog.statements import PROVISIONAL, QF_COLUMNS
from assets.tables.linked import PART_OF, Cell, Linked, Row, cell_of, period_of, threshold
from assets.tables.qualifiers import NOT_AVAILABLE, QF, columns_of, said_of_columns
from assets.tables.record import State
from assets.tables.revision import Number, Past, changes, kept
from assets.tables.versions import Waiting, WithheldCount
from sources.contract import Contract, digest
from sources.disclosure_words import Disclosure

# Whether a row's period may still change, and that is waited for.
OPEN = "_is_open"
# A number stands at an older value: by how much it differs would tell of few persons.
OLDER = "r"
# Shares have nine places; the last of them depends on who rounds.
ROUNDING = 2e-9


@dataclass(frozen=True)
class Published:
    """What has been published of a table: period -> all that ever was, what is in force last; and of its totals. `stood` had been by the
    time of the run, `due` are to be revised; of those `unsafe` too much would be told, so all stays as it is.
    """

    states: dict[str, list[State]] = field(default_factory=dict)
    of_totals: dict[str, Past] = field(default_factory=dict)
    stood: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()
    unsafe: frozenset[str] = frozenset()


NOTHING_PUBLISHED = Published()


@dataclass
class Standing:
    """Tonight's rows: `fresh` ones of periods that were never published, and `renewed` ones that a revision adds to one that was. The
    `others` stand as they were shown, or revised. `truth`: every number of periods that go on record tonight.

    `left_out`: cells of tonight's rows that are not shown as they are; `withheld`: what published rows withhold; `told`: what a row
    says of others that stand. `published`: periods that go on record tonight, and what names their rows.
    """

    fresh: list[Row] = field(default_factory=list)
    renewed: list[Row] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    truth: list[Row] = field(default_factory=list)
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


def standing(contract: Contract, spec: Disclosure, rows: list[Row], others: dict[str, Linked], past: Published) -> Standing:
    """What stands, given tonight's `rows` with every number, and the tables of the totals."""
    made, tonight = Standing(), defaultdict[str, list[Row]](list)
    for row in rows:
        tonight[cell_of(row, spec.key)[0]].append(row)
    for period, states in past.states.items():
        # A run for an earlier time shows what was published later only once the month is final for it too.
        if period in past.stood or (tonight[period] and not any(map(is_open, tonight[period]))):
            table = Linked(contract.id, spec, tonight.pop(period, []), on_record=states[-1].shown)
            _settle(made, contract, table, others, period, past)
    made.fresh = [r for found in tonight.values() for r in found]
    _tell_year_before(made, spec)
    return made


def _settle(made: Standing, contract: Contract, table: Linked, others: dict[str, Linked], period: str, past: Published) -> None:
    """What stands of one period that has been published. `table` has tonight's rows of it, and nothing of cells that have none."""
    spec, states, is_due = table.spec, past.states[period], period in past.due
    last, by_cell = states[-1], {cell_of(r, spec.key): r for r in table.rows}
    changed = {(cell, n) for cell, r in by_cell.items() for n in changes(table, r, last.shown)}
    # Of a period that may change again, or of which nothing is delivered, nothing new is known.
    is_known = is_due and bool(table.counted) and not any(map(is_open, table.rows)) and period not in past.unsafe
    stays = kept(table, changed, others, past.of_totals, states) if is_known and changed else changed
    new_of, old_of = _by_cell(changed), _by_cell(stays)
    names = {cell: (new_of.get(cell, set()), old_of.get(cell, set())) for cell in by_cell}
    made.renewed += [by_cell[c] for c, (new, old) in sorted(names.items()) if c not in last.shown and new and not old]
    made.left_out |= set(by_cell) - {cell_of(r, spec.key) for r in made.renewed}
    sums = _sums(spec, table, others) if is_due else {}
    for row in made.renewed:
        cell = cell_of(row, spec.key)
        few = [n for n, persons in spec.few.items() if row.get(n) is not None and (row[persons] or 0) < threshold(row)]
        made.withheld |= {cell: few} if few else {}
        made.told[cell] |= {share: _share(row[n], sums.get((n, cell[: len(spec.within)]), 0)) for share, n in spec.ofWhole.items()}
    rows: list[tuple[Cell, Row, set[str]]] = []
    for cell, row in last.shown.items():
        made.withheld[cell] = [n for n in columns_of(row).get("c", ()) if n in spec.measures]
        tonight = by_cell.get(cell)
        if tonight is None or not is_known:
            rows.append((cell, row, _older(contract, spec, row, tonight or row)))
        # A row of which nobody sees every number would tell by going that nothing is left.
        elif cell in table.counted or names[cell][1] or any(row.get(n) is None for n in spec.published):
            rows.append((cell, *_revised(contract, spec, row, tonight, *names[cell], sums)))
    older = set[str]().union(*(stale for *_, stale in rows)) if is_due else set[str]()
    for cell, row, _ in rows:
        found = _marked(row, {n for n in older if row.get(n) is not None and row[n] == last.shown[cell].get(n)}) if is_due else row
        made.others.append(_as_of_today(contract, spec, found, by_cell.get(cell)))
    names_of_today = contract.renamed
    made.counts += [replace(c, measures=names_of_today.get(c.measures, c.measures)) for c in last.entry.counts if c.period == period]
    if is_due or not last.entry.release:
        then = list(by_cell.values()) if is_due else [_as_shown(spec, r, last.shown.get(c)) for c, r in by_cell.items()]
        made.truth += then
        made.published[period] = named([*then, *made.others])
    waits = [len(stale) for *_, stale in rows if stale] + [len(new) for c, (new, old) in names.items() if c not in last.shown and old]
    if waits:
        made.waiting.append(Waiting(period, last.entry.as_of, len(waits), sum(waits)))


def _older(contract: Contract, spec: Disclosure, row: Row, tonight: Row) -> set[str]:
    """The shown measures of a published row that would be others tonight; a share of all rows goes with its number."""
    names = {*spec.measures, *(c.name for c in contract.columns if c.aggregate)} - set(spec.ofWhole) - set(spec.yearBefore)
    return {n for n in names if row.get(n) is not None and row[n] != tonight.get(n)}


def _as_shown(spec: Disclosure, tonight: Row, row: Row | None) -> Row:
    """A row as it must have been when it was shown, before every number was written down."""
    differing = {n for n in spec.published if row and row.get(n) is not None and row[n] != tonight.get(n)}
    return tonight | {n: row[n] for n in differing if row} | {spec.numbers[n].persons: None for n in differing}


def _by_cell(numbers: Iterable[Number]) -> dict[Cell, set[str]]:
    found = defaultdict[Cell, set[str]](set)
    for cell, name in numbers:
        found[cell].add(name)
    return found


# (Number, values of `within`) -> what all rows of it come to, as it is published.
Sums = dict[tuple[str, Cell], int]


def _sums(spec: Disclosure, table: Linked, others: dict[str, Linked]) -> Sums:
    """What shares are shares of: the whole as it is published, so that they tell nothing that is not."""
    found, hidden = defaultdict[tuple[str, Cell], int](int), set[tuple[str, Cell]]()
    for number in spec.ofWhole.values():
        top, name = table, number
        while total := next((t for t in top.spec.totals if name in t.numbers), None):
            top, name = others[total.table], total.numbers[name]
        for row in top.rows:
            if row.get(PART_OF) is None:
                key = number, period_of(row, top.spec, spec)
                found[key] += top.stands(row, name)
                hidden |= {key} if top.told.get(cell_of(row, top.spec.key), {}).get(name) is None else set()
    return {key: n for key, n in found.items() if key not in hidden}


def _share(part: int, whole: int) -> float | None:
    return round(int(part) / whole, 9) if whole else None


def _revised(
    contract: Contract, spec: Disclosure, row: Row, tonight: Row, new: set[str], old: set[str], sums: Sums
) -> tuple[Row, set[str]]:
    """A published row of which the numbers `new` would be others, and `old` of these stay; what is worked out of numbers goes with
    them. Beside it the columns that stand at an older value.
    """
    found = row | {n: tonight[n] for n in new - old}
    for column, numbers in spec.follows.items():
        behind = {str(tonight.get(n)) if n.startswith("_") and isinstance(tonight.get(n), str) else n for n in numbers}
        is_few = column in spec.few and (tonight.get(spec.few[column]) or 0) < threshold(tonight)
        # By how many persons a sum differs whose number does not is not known.
        if column not in spec.ofWhole and row.get(column) is not None and behind & new and not behind & old and not is_few:
            found[column] = row[column] if tonight.get(column) is None else tonight[column]
    for share, number in spec.ofWhole.items():
        whole = sums.get((number, cell_of(row, spec.within)))
        if whole and row.get(share) is not None and abs((said := _share(found[number], whole) or 0) - row[share]) > ROUNDING:
            found[share] = said
    return found, _older(contract, spec, found, tonight)


def _marked(row: Row, older: set[str]) -> Row:
    """A row that says which of its columns may stand at an older value: all of those of which any row does, since which row it is would
    tell all of the few that have come.
    """
    letters = {*(row[QF] or "")} - {OLDER} | ({OLDER} if older else set())
    return row | {QF: "".join(sorted(letters)), QF_COLUMNS: said_of_columns(columns_of(row) | {OLDER: sorted(older)})}


def _as_of_today(contract: Contract, spec: Disclosure, row: Row, tonight: Row | None) -> Row:
    """A published row with tonight's words and columns; a measure that was not there when it was published is not available."""
    fixed = {*spec.key, *spec.measures, *(c.name for c in contract.columns if c.aggregate), QF, QF_COLUMNS, PROVISIONAL}
    words = {n: v for n, v in (tonight or {}).items() if n not in fixed and v is not None}
    found = {c.name: words.get(c.name, row.get(c.name)) for c in contract.columns}
    letters = columns_of(row)
    explained = {n for names in letters.values() for n in names}
    if row.get(QF_COLUMNS) is None:
        # From before rows said why a measure has no value.
        return found
    if new := [c.name for c in contract.columns if c.aggregate and found[c.name] is None and c.name not in explained]:
        letters = letters | {NOT_AVAILABLE: [*letters.get(NOT_AVAILABLE, ()), *new]}
        found[QF] = "".join(sorted({*(found[QF] or ""), NOT_AVAILABLE}))
    return found | {QF_COLUMNS: said_of_columns(letters)}


def _tell_year_before(made: Standing, spec: Disclosure) -> None:
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
                    # What a row had no value for was not published when it was.
                    row[name] = value if row.get(name) is not None else None
                elif row.get(name) != value:
                    made.told[cell_of(row, spec.key)][name] = value
