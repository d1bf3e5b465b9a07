"""The publication record: what releases have shown of the final periods of tables about persons, and what was known of it then.

Who lays two releases side by side sees what lies between them, so a period that has been published stands, whatever records, SQL and
lookups say later, until it is revised (`assets.tables.revision`). The record is read by every run, for whatever time, and by a
rebuild; what a release shows of a table is on it before the release has its name. Never deleted.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from pyarrow.parquet import read_table

from assets.catalog.declared import Table
from assets.catalog.statements import PROVISIONAL, QF_COLUMNS
from assets.lake import clock
from assets.lake.decisions import revisions
from assets.lake.files import FROM_BACKUP, Lake, beside, discard, load, place, save
from assets.lake.manifests import MANIFEST, Manifest, manifest, told
from assets.lake.seals import HASHES, Damaged, damage
from assets.tables.attack import Contradiction
from assets.tables.linked import Cell, Row, cell_of, quarter_of
from assets.tables.qualifiers import columns_of, said_of_columns
from assets.tables.versions import PART, Version, WithheldCount, known, rows_sql
from sources.casts import ident, literal
from sources.contract import digest
from sources.disclosure_words import Disclosure
from sources.duck import connect, dicts, open_shared
from sources.paths import quoted

ENTRY = "entry.json"
# Beside the rows of a version, for no reader: every number of periods that are published with it, withheld or not.
TRUTH = "truth"
SHOWN = "shown.parquet"
RELEASE = "_release"


@dataclass(frozen=True)
class Entry:
    """What a release, which took `as_of` for now, showed of a table: of each period (the first column of `within`, as text) what names
    its rows, and how much of them is withheld. `release` is '' for what the current one shows from before there was a record.
    `obeyed` are the decisions to revise that had been taken by then. Of two at one time the one created later is in force.
    """

    table: str
    release: str
    as_of: str
    created_at: str
    periods: dict[str, str]
    obeyed: list[str] = field(default_factory=list)
    counts: list[WithheldCount] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """A period as it was published: its rows with every number as it was known then (`truth`), and what was shown of them, by cell."""

    entry: Entry
    truth: dict[Cell, Row]
    shown: dict[Cell, Row]


class Record:
    """What is on record of a table, for a run that takes `as_of` for now."""

    def __init__(self, lake: Lake, table: Table, as_of: str) -> None:
        self._lake, self._table, self._as_of = lake, table, as_of
        self._folder = lake.record / table.name

    @cached_property
    def entries(self) -> list[Entry]:
        """What was published, oldest first; the figures of a release that never came to be are none."""
        if self._table.contract.disclosure is None:
            return []
        found = [_entry(folder) for folder in self._folder.glob("[!.]*")]
        published = sorted((e for e in found if is_published(self._lake, e.release)), key=lambda e: (e.as_of, e.created_at))
        if not self._shown_before or self._before is None:
            return published
        periods = {cell_of(r, self._table.contract.disclosure.key)[0] for r in self._shown_before}
        periods -= {p for e in published for p in e.periods}
        before = Entry(self._table.name, "", self._before.as_of, self._before.created_at, dict.fromkeys(periods, self._before.release))
        return sorted([*published, *([before] if periods else [])], key=lambda e: (e.as_of, e.created_at))

    @cached_property
    def in_force(self) -> dict[str, Entry]:
        """Period -> what stands of it: published last up to this time; if only later, then first."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            for period in entry.periods:
                if entry.as_of <= self._as_of or period not in found:
                    found[period] = entry
        return found

    def stood(self, period: str) -> bool:
        """Whether it had been published by this time."""
        return period in self.in_force and self.in_force[period].as_of <= self._as_of

    @cached_property
    def _before(self) -> Manifest | None:
        """The current release, if it shows the table and was made before there was a record."""
        release = self._lake.current_release
        shown = told(self._lake, release.name) if release and release.exists() else None
        key = shown.tables.get(self._table.name) if shown else None
        return shown if key and not (self._lake.version(self._table.name, key) / TRUTH).exists() else None

    @cached_property
    def _shown_before(self) -> list[Row]:
        """Rows of final periods that the release from before the record shows."""
        spec, release = self._table.contract.disclosure, self._before
        file = self._lake.releases / release.release / "marts" / f"{self._table.contract.id}.parquet" if release else None
        if spec is None or file is None or not file.exists():
            return []
        shown = file.parent.parent
        if (shown / HASHES).exists() and (said := damage(shown)):
            raise Damaged(shown, said, "The next run makes it again.")
        with connect(self._lake.scratch, self._lake.releases) as con:
            rows = self._in_names_of_today(dicts(con, f"select * from read_parquet({quoted(file)})"))
        return [r for r in rows if set(spec.key) <= set(r) and not r.get(PROVISIONAL) and "p" not in (r.get("qf") or "")]

    def due(self) -> frozenset[str]:
        """Published periods that an operator has had revised since; none on the night that takes over what was shown before."""
        decided, spec = revisions(self._lake, self._as_of), self._table.contract.disclosure
        if self._is_taken_over:
            return frozenset()
        return frozenset(
            period
            for period, entry in self.in_force.items()
            for name, decision in decided.items()
            if spec and name not in entry.obeyed and covers(spec.within[0], period, decision.month)
        )

    def meets(self, period: str, others: Iterable[str]) -> bool:
        """Whether a published period shares a month with one of others, by their first days: a quarter has those of its months."""
        spec = self._table.contract.disclosure
        first = date.fromisoformat(period)
        return spec is not None and any(
            period in (other, _start(spec.within[0], date.fromisoformat(other)))
            or other in (_start("quarter", first), _start("year", first))
            for other in others
        )

    def key(self) -> str:
        """Names the record, and what of it is to be revised; '' for an empty one."""
        return self._key({}, [], sorted(self.due()))

    def key_with(self, new: Mapping[str, str]) -> str:
        """Names the record as it will be once `new` (period -> what names its rows) is on it."""
        return self._key(new, self.obeyed, [])

    @cached_property
    def obeyed(self) -> list[str]:
        """The decisions to revise that have been taken."""
        return [] if self._is_taken_over else sorted(revisions(self._lake, self._as_of))

    @property
    def _is_taken_over(self) -> bool:
        return any(not e.release for e in self.entries)

    def _key(self, new: Mapping[str, str], obeyed: list[str], due: list[str]) -> str:
        stands = {p: (e.as_of, e.periods[p], e.obeyed) for p, e in self.in_force.items()}
        stands |= {p: (self._as_of, named, obeyed) for p, named in new.items()}
        return digest("record", sorted(stands.items()), due) if stands else ""

    def of(self, table: Table) -> "Record":
        """What is on record of another table."""
        return Record(self._lake, table, self._as_of)

    def states(self) -> dict[str, list[State]]:
        """Period -> all that was ever published of it, what is in force last."""
        spec, found = self._table.contract.disclosure, dict[str, list[State]]()
        if spec is None:
            return found
        truth, shown = self._rows(spec, PART), self._rows(spec, SHOWN)
        for entry in self.entries:
            for period in entry.periods:
                known_then, seen = (rows.get((entry.release, period), {}) for rows in (truth, shown))
                found.setdefault(period, []).append(State(entry, known_then, seen))
        return {p: sorted(s, key=lambda state: state.entry is self.in_force[p]) for p, s in found.items()}

    def _rows(self, spec: Disclosure, name: str) -> dict[tuple[str, str], dict[Cell, Row]]:
        """(Release, period) -> rows by cell, of all entries: as they were known (PART), or shown (SHOWN). Raises Contradiction for rows
        that have another key than the table has by now.
        """
        found = defaultdict[tuple[str, str], dict[Cell, Row]](dict)
        folders = [self._folder / e.release for e in self.entries if e.release]
        for folder in folders:
            if said := damage(folder):
                raise Damaged(folder, said, FROM_BACKUP)
        rows = self._shown_before if any(not e.release for e in self.entries) else []
        if name == PART:
            # Of how many persons was not written down.
            rows = [{n: v for n, v in r.items() if n in (*spec.key, *spec.published)} for r in rows]
        told = [row | {RELEASE: folder.name} for folder in folders for row in read_table(folder / name).to_pylist()]
        absent = dict.fromkeys(n for row in told for n in row)
        for row in [*rows, *self._in_names_of_today([absent | row for row in told])]:
            if lacking := sorted(set(spec.key) - set(row)):
                raise Contradiction(f"{self._table.name} was published without {', '.join(lacking)}: another key makes it another table.")
            cell = cell_of(row, spec.key)
            found[row.pop(RELEASE, ""), cell[0]][cell] = row
        return found

    def _in_names_of_today(self, rows: list[Row]) -> list[Row]:
        """Rows whose columns have the names that their contract gives them by now."""
        renamed = self._table.contract.renamed
        for row in rows if renamed else ():
            for before in renamed.keys() & row.keys():
                value = row.pop(before)
                row[renamed[before]] = value if row.get(renamed[before]) is None else row[renamed[before]]
            if QF_COLUMNS in row:
                letters = {letter: [renamed.get(n, n) for n in names] for letter, names in columns_of(row).items()}
                row[QF_COLUMNS] = said_of_columns(letters)
        return rows


def _entry(folder: Path) -> Entry:
    try:
        return load(folder / ENTRY, Entry)
    except (FileNotFoundError, Damaged):
        raise Damaged(folder, f"has no {ENTRY} that is what was written", FROM_BACKUP) from None


def covers(unit: str, period: str, month: str) -> bool:
    """Whether a period, by its first day and whether it is a month, quarter or year, holds a month (YYYY-MM; '' is any)."""
    if not month:
        return True
    return period == _start(unit, date.fromisoformat(f"{month}-01"))


def _start(unit: str, month: date) -> str:
    """The first day of the month, quarter or year that a month is in."""
    return str({"quarter": quarter_of(month), "year": month.replace(month=1)}.get(unit, month))


def is_published(lake: Lake, release: str) -> bool:
    """Whether a release has ever been there to be read."""
    return (lake.manifests / f"{release}.json").exists() or (lake.releases / release / MANIFEST).exists()


def remember_again(lake: Lake, table: Table, release: str) -> bool:
    """Put on record again what a release showed; whether that could be done, by the version that it showed."""
    made, folder = manifest(lake, release), lake.record / table.name / release
    version = known(lake.version(table.name, made.tables[table.name]), in_full=True) if table.name in made.tables else None
    if version is None or not version.published:
        return False
    if folder.exists():
        discard(folder)
    remember(lake, {table.name: table}, [version], release, made.as_of, made.created_at)
    return folder.exists()


def remember(lake: Lake, tables: Mapping[str, Table], versions: Iterable[Version], release: str, as_of: str, created_at: str = "") -> None:
    """Put on record what a release is about to show of `versions` for the first time."""
    now = created_at or clock.host.now().isoformat(timespec="microseconds")
    with open_shared(lake.scratch) as con:
        for version in versions:
            spec = tables[version.table].contract.disclosure if version.table in tables else None
            target = lake.record / version.table / release
            if spec is None or not version.published or target.exists():
                continue
            stands = Record(lake, tables[version.table], as_of).in_force
            if all(p in stands and (stands[p].periods[p], stands[p].obeyed) == (n, version.obeyed) for p, n in version.published.items()):
                # The version was published before.
                continue
            part, made = beside(target), lake.version(version.table, version.key)
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            names = ", ".join(literal(p) for p in sorted(version.published))
            for source, name in ((rows_sql(made), SHOWN), (rows_sql(made, TRUTH), PART)):
                query = f"select * from ({source}) where cast({ident(spec.within[0])} as varchar) in ({names})"
                con.execute(f"copy ({query}) to {quoted(part / name)} (format parquet)")
            counts = [w for w in version.withheld if w.period in version.published]
            save(part / ENTRY, Entry(version.table, release, as_of, now, version.published, version.obeyed, counts))
            place(part, target)
