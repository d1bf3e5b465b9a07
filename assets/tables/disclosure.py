"""Small cells: which figures about persons a table withholds, so that none can be told from what is published.

A number that describes fewer persons than the threshold (`reference.disclosure_threshold`, by the period of the figure) is withheld
(primary); then as little else as makes it safe (`assets.tables.choice`), so that every withheld number keeps a range that holds at
least as many values and reaches the threshold, whatever is subtracted from whatever. What was once withheld stays withheld: the
ledger remembers it, and that a choice was found safe, so that nothing is chosen twice. Rules: domain specification 8.

What has been published of a final period stands (`assets.tables.standing`), so all this is done once.

Worked out between a table's SQL and its audit, so no file of a mart ever holds an unprotected cell. Columns of the SQL that begin with `_`
are for this alone and reach no table.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf

import duckdb

from assets.catalog.statements import PROVISIONAL, QF_COLUMNS, WAITED_MONTHS
from assets.tables.attack import Attack, Contradiction, Numbers
from assets.tables.choice import SOLVER, least
from assets.tables.ledger import Judged, Remembered, Withheld
from assets.tables.linked import PART_OF, Linked, Period, Row, cell_of, let_wait, period, threshold
from assets.tables.qualifiers import WITHHELD
from assets.tables.standing import NOTHING_PUBLISHED, OPEN, Published, Standing, is_open, named, standing
from assets.tables.versions import Waiting, WithheldCount
from sources.casts import ident, literal
from sources.contract import Contract, digest
from sources.disclosure_words import Disclosure
from sources.duck import dicts

# The number that a row's headline is made of, which this column names, is worth as much as two others.
HEADLINE, HEADLINE_WORTH = "_headline", 2
# How a choice was found (`Judged`), the best first.
LEFT_OUT = "left out"
# In place of a number's name: the row itself.
ROW = ""
CHOICES = ("least", "safe", "all", LEFT_OUT)
NO_THRESHOLD = "no threshold"


@dataclass(frozen=True)
class Protected:
    """The select of what may be published of tonight's rows, and what is withheld: cell by cell, how that was chosen, and how much it
    is. `others` are rows as they were published, which stand beside them; `truth` is every number of periods that are published
    tonight.
    """

    select: str
    withheld: list[Withheld] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    counts: list[WithheldCount] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    truth: list[Row] = field(default_factory=list)
    published: dict[str, str] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)


def protected(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    spec: Disclosure,
    sql: str,
    known: Remembered,
    others: dict[str, Linked],
    past: Published = NOTHING_PUBLISHED,
) -> Protected:
    """What may be published of a table's SQL by `spec`, on `con`. `others` are the tables of its totals, and theirs; `past` is what has
    been published of it.
    """
    con.execute(f"create or replace temp table unprotected as {sql}")
    given = {name for (name,) in con.execute("select column_name from duckdb_columns() where table_name = 'unprotected'").fetchall()}
    if lacking := sorted(spec.asked - given):
        raise Contradiction(f"{contract.id}: its disclosure block names {', '.join(lacking)}, which its SQL does not give.")
    if WAITED_MONTHS in given:
        _open(con, spec)
    stands = standing(contract, spec, dicts(con, "select * from unprotected"), others, past)
    table = Linked(contract.id, spec, stands.fresh)
    withheld, judged, counts = withhold(table, known, others)
    of_cells = [(list(w.cell), w.number) for w in withheld] + [(list(cell), n) for cell, names in stands.withheld.items() for n in names]
    con.execute("create or replace temp table withheld (cell varchar[], number varchar)")
    # Columns at once: row by row, a few hundred cells take longer than everything else that is done to the table.
    columns = [[cell for cell, _ in of_cells], [number for _, number in of_cells]]
    con.execute("insert into withheld select unnest(cast(? as varchar[][])), unnest(cast(? as varchar[]))", columns)
    _leave_out(con, spec, stands)
    new = _published(spec, table.rows, {w.cell[0] for w in withheld if w.cause == NO_THRESHOLD})
    published = {p: named(rows, sorted(w.key for w in withheld if w.cell[0] == p)) for p, rows in new.items()} | stands.published
    # That no threshold is in force is true of this night alone.
    return Protected(
        _select(contract, spec, stands.fresh + stands.renewed),
        [w for w in withheld if w.cause != NO_THRESHOLD],
        judged,
        counts + stands.counts,
        stands.others,
        [r for rows in new.values() for r in rows] + stands.truth,
        published,
        stands.waiting,
    )


def _open(con: duckdb.DuckDBPyConnection, spec: Disclosure) -> None:
    """Say of each row whether its period may still change and that is waited for: newer ones do not yet reach far beyond it."""
    period = ident(spec.within[0])
    is_waited_for = f"coalesce({period} + to_months(cast({WAITED_MONTHS} as integer)) > (select max({period}) from unprotected), true)"
    con.execute(f"alter table unprotected add column {OPEN} boolean")
    con.execute(f"update unprotected set {OPEN} = {PROVISIONAL} and {is_waited_for}")


def _published(spec: Disclosure, rows: list[Row], never: set[str]) -> dict[str, list[Row]]:
    """The final periods among rows that were never published, but for those of which nothing is."""
    periods: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        periods[cell_of(row, spec.key)[0]].append(row)
    return {p: found for p, found in periods.items() if p not in never and not any(map(is_open, found))}


def _leave_out(con: duckdb.DuckDBPyConnection, spec: Disclosure, stands: Standing) -> None:
    """Leave rows that stay as they were published out of tonight's; the others say of those what was published."""
    left_out = [list(cell) for cell in sorted(stands.left_out)]
    con.execute("create or replace temp table kept as select unnest(cast(? as varchar[][])) as cell", [left_out])
    cell = _cell_sql(spec, spec.within[0])
    con.execute(f"delete from unprotected where {cell} in (select cell from kept)")
    for row_cell, values in stands.told.items():
        for name, value in values.items():
            con.execute(f"update unprotected set {ident(name)} = ? where {cell} = ?", [value, list(row_cell)])


def withhold(table: Linked, known: Remembered, others: dict[str, Linked]) -> tuple[list[Withheld], list[Judged], list[WithheldCount]]:
    """What is withheld of a table, how each choice was found, and how much it is."""
    periods: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in sorted(table.rows, key=lambda r: cell_of(r, table.spec.key)):
        if is_open(row) and not table.spec.early:
            # Nothing of it is published.
            continue
        periods[cell_of(row, table.spec.within)].append(row)
    found, judged, counts = list[Withheld](), list[Judged](), list[WithheldCount]()
    for rows in periods.values():
        linked, withheld, hows = _chosen(table, rows, known, others)
        found += withheld
        judged += hows
        how = max((h.how for h in hows), key=CHOICES.index, default="least" if linked else "all")
        counts += _counts(table.spec, rows, withheld, linked, how)
    return sorted(found), judged, _by_period(counts)


def _chosen(
    table: Linked, rows: list[Row], known: Remembered, others: dict[str, Linked]
) -> tuple[Period | None, list[Withheld], list[Judged]]:
    """What is withheld of one period, and how that was decided; nothing was where nobody has to be protected, or nothing may be shown."""
    if any(threshold(r) == inf for r in rows):
        every = [*table.spec.published, *table.spec.few, *table.spec.ofWhole]
        return None, [Withheld(cell_of(r, table.spec.key), n, NO_THRESHOLD) for r in rows for n in every if r[n] is not None], []
    few = [Withheld(cell, n, cause) for r in rows for cell, n, cause in _few(table.spec, r, known)]
    linked = period(table, rows, others)
    waits = let_wait(linked, table, others)
    # A share of what is not known would tell it.
    few += [
        Withheld(cell_of(r, table.spec.key), share, "secondary")
        for share, number in table.spec.ofWhole.items() if linked.wholes and not linked.is_sum_known(number)
        for r in rows if r[share] is not None and r.get(PART_OF) is None
    ]  # fmt: skip
    before = {p for p, (row, name) in linked.own.items() if (cell_of(row, table.spec.key), name) in known.entries}
    hidden, judged = frozenset(linked.small | linked.unseen | before), list[Judged]()
    # First what no number may tell, then what none may tell of those that wait.
    for numbers, unknown in ((linked.numbers, set[int]()), *([(waits.numbers, waits.places)] if waits else [])):
        if any(numbers.width[n] for n in hidden | unknown):
            hidden, how = _decided(table, linked, numbers, hidden | unknown, known)
            judged.append(how)
        hidden -= unknown
    if any(how.how == LEFT_OUT for how in judged):
        few += [Withheld(cell_of(r, table.spec.key), ROW, "secondary") for r in rows]
    causes = {p: "primary" if p in linked.small else "ledger" if p in before else "secondary" for p in hidden if p in linked.own}
    return linked, few + [Withheld(cell_of(linked.own[p][0], table.spec.key), linked.own[p][1], c) for p, c in causes.items()], judged


def _decided(table: Linked, linked: Period, numbers: Numbers, fixed: frozenset[int], known: Remembered) -> tuple[frozenset[int], Judged]:
    """The numbers to hide: those that were chosen before where they still do, else the least there is."""
    groups = linked.together(table.spec.together)
    if judged := known.judged.get(_problem(numbers, groups, fixed)):
        return fixed, judged
    is_whole = all(not set(group) & fixed or set(group) <= fixed for group in groups)
    if is_whole and not Attack(numbers, fixed).told():
        return fixed, Judged(_problem(numbers, groups, fixed), "least", "")
    choice = least(numbers, {p: _weight(*own) for p, own in linked.own.items() if p not in fixed}, fixed, groups)
    hidden, how = choice.hidden, "least" if choice.is_least else "safe"
    if how != "least" and Attack(numbers, hidden).told():
        hidden, how = frozenset(fixed | set(linked.own)), "all"
        if Attack(numbers, hidden).told():
            # That its rows are there would tell too much: the period is left out.
            how = LEFT_OUT
    return hidden, Judged(_problem(numbers, groups, hidden), how, SOLVER)


def _problem(numbers: Numbers, groups: list[list[int]], hidden: Iterable[int]) -> str:
    """Names numbers and which of them are hidden: what was found of them holds for good."""
    needs = (numbers.width, numbers.reach, numbers.least, groups)
    return digest("judged", numbers.values, [sorted(s.items()) for s in numbers.sums], *needs, sorted(hidden))


def _weight(row: Row, name: str) -> float:
    """What is lost with a number: the more, the more it counts; a cell is worth something too."""
    return (threshold(row) + float(row[name])) * (HEADLINE_WORTH if row.get(HEADLINE) == name else 1)


def _few(spec: Disclosure, row: Row, known: Remembered) -> list[tuple[tuple[str, ...], str, str]]:
    """Medians and quantiles with too few persons on one of their sides, or that had once."""
    cell = cell_of(row, spec.key)
    few = [(n, row[persons] < threshold(row)) for n, persons in spec.few.items() if row[n] is not None]
    return [(cell, n, "primary" if is_few else "ledger") for n, is_few in few if is_few or (cell, n) in known.entries]


def _counts(spec: Disclosure, rows: list[Row], withheld: list[Withheld], linked: Period | None, choice: str) -> list[WithheldCount]:
    """How much of each number is withheld in a period. An amount is told only where it can be worked out anyway."""
    found, published = list[WithheldCount](), [r for r in rows if r.get(PART_OF) is None]
    for name in (*spec.published, *spec.few):
        cells = {w.cell for w in withheld if w.number == name}
        having = {cell_of(r, spec.key): r[name] for r in published if r[name] is not None}
        if cells:
            count = WithheldCount(name, len(cells), str(rows[0][spec.within[0]]), len(having), choice=choice)
            if linked and linked.is_sum_known(name):
                count = replace(count, amount=int(sum(having[c] for c in cells)), of_amount=int(sum(having.values())))
            found.append(count)
    return found


def _by_period(counts: list[WithheldCount]) -> list[WithheldCount]:
    """Counts of the same number and period as one."""

    def add(one: int | None, other: int | None) -> int | None:
        return None if one is None or other is None else one + other

    found: dict[tuple[str, str], WithheldCount] = {}
    for count in counts:
        key = count.measures, count.period
        if before := found.get(key):
            amounts = add(before.amount, count.amount), add(before.of_amount, count.of_amount)
            cells, of_cells = before.cells + count.cells, add(before.of_cells, count.of_cells)
            count = WithheldCount(key[0], cells, key[1], of_cells, *amounts, max(before.choice, count.choice, key=CHOICES.index))
        found[key] = count
    return list(found.values())


def _select(contract: Contract, spec: Disclosure, rows: list[Row]) -> str:
    """The contract's columns of `unprotected`, NULL where withheld, and in `qf` and `qf_columns` which those are."""
    hidden = {n: _is_withheld(spec, n) for n in spec.measures}
    is_told = {n: f"not {is_hidden}" for n, is_hidden in hidden.items()}
    if any(OPEN in r for r in rows[:1]):
        # Who knows the figures of two nights sees what came between them: until the month is final only what is told of a whole region.
        is_told |= {n: f"not ({OPEN} or {hidden[n]})" for n in hidden if n not in spec.early}
    expressions = [
        f"case when {is_told[c.name]} then {ident(c.name)} end as {ident(c.name)}" if c.name in hidden else ident(c.name)
        for c in contract.columns
        if c.name != QF_COLUMNS
    ]
    # Named for `assets.tables.qualifiers`, whether there is a value or not: which of the two would tell the numbers behind it.
    said = [f"case when {is_hidden} then {literal(n)} end" for n, is_hidden in hidden.items()]
    earlier = ""
    if spec.yearBefore:
        earlier = f"left join hidden as earlier on earlier.cell = {_cell_sql(spec, 'cast(month - interval 12 month as date)')}"
    is_published = [f"not coalesce(list_contains(hidden.numbers, {literal(ROW)}), false)"]
    is_published += [f"{PART_OF} is null"] if any(PART_OF in r for r in rows[:1]) else []
    return f"""
        with hidden as (select cell, list(number) as numbers from withheld group by cell)
        select {", ".join(expressions)}, [{", ".join(said)}] as {WITHHELD}
        from unprotected
        left join hidden on hidden.cell = {_cell_sql(spec, spec.within[0])}
        {earlier}
        where {" and ".join(is_published)}"""


def _is_withheld(spec: Disclosure, name: str) -> str:
    """Whether a row withholds a column, in SQL."""
    if name in spec.yearBefore:
        return f"coalesce(list_contains(earlier.numbers, {literal(spec.yearBefore[name])}), false)"
    names = [*spec.follows.get(name, []), name]
    # A column of the SQL names a number, row by row.
    asked = [ident(n) if n.startswith("_") else literal(n) for n in names]
    return f"coalesce(list_has_any(hidden.numbers, [{', '.join(asked)}]), false)"


def _cell_sql(spec: Disclosure, first: str) -> str:
    """A row's cell as `cell_of` gives it; `first` is its period."""
    parts = [f"coalesce(cast({first if c == spec.within[0] else ident(c)} as varchar), '')" for c in spec.key]
    return f"[{', '.join(parts)}]"
