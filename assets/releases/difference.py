"""Why a figure is another than it was: two releases compared by figure, delivery, code and reference table.

Figures are compared in the Parquet of the releases, row by row by the contract's key. `meta.revision` collects from release to
release what changed of figures that had been final.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from assets.catalog.declared import LAYERS, REFERENCE, Catalog
from assets.catalog.statements import QF_COLUMNS
from assets.lake.decisions import revisions as decisions_to_revise
from assets.lake.files import Lake
from assets.lake.manifests import Deliveries, Manifest, manifest
from assets.releases.database import DATABASE, check_release
from assets.tables.qualifiers import QF
from assets.tables.versions import PART
from sources.casts import ident, literal
from sources.contract import Contract
from sources.duck import connect
from sources.paths import quoted

REMEMBERED_DAYS = 400
NEW, GONE = "new row", "row gone"


@dataclass(frozen=True)
class Change:
    """A figure of a row, before and after; or a row that is new or gone, in which case `column` says so."""

    table: str
    row: str
    column: str
    before: str | None = None
    after: str | None = None
    was_final: bool = True
    why: str = ""


def changed_figures(catalog: Catalog, before: Path, after: Path, con: duckdb.DuckDBPyConnection) -> list[Change]:
    """All changes between the marts of two releases, in the order of tables and keys."""
    found: list[Change] = []
    for table in (t for t in catalog.computed if t.layer == "marts"):
        files = [release / "marts" / f"{table.contract.id}.parquet" for release in (before, after)]
        if all(f.exists() for f in files):
            found += _changes(con, table.contract, table.name, *files)
    return found


def reasons(before: Manifest, after: Manifest) -> dict[str, list[str]]:
    """What differs behind the tables of two manifests: table (or raw.<extract>) -> reasons of its own, not of its inputs."""
    found: dict[str, list[str]] = {}
    for extract, delivered in after.deliveries.items():
        earlier = before.deliveries.get(extract, Deliveries())
        was, is_ = ({r for r, status in d.receipts.items() if status in ("current", "held")} for d in (earlier, delivered))
        said = [f"{len(is_ - was)} new deliveries in force: {', '.join(sorted(is_ - was))}"] if is_ - was else []
        said += [f"{len(was - is_)} no longer in force: {', '.join(sorted(was - is_))}"] if was - is_ else []
        if said or earlier.current != delivered.current:
            found[f"raw.{extract}"] = said or ["other records in force"]
    for table, code in after.code.items():
        if table in before.code and before.code[table] != code:
            found[table] = ["its file" if table.startswith(f"{REFERENCE}.") else "its SQL or contract"]
    return found


def why_changed(catalog: Catalog, table: str, found: dict[str, list[str]], revised: list[str]) -> str:
    """The reasons behind one table, its inputs' included; `revised` are those of decisions to revise figures about persons."""
    said = [f"{name}: {', '.join(found[name])}" for name in sorted(_behind(catalog, table)) if name in found]
    said += [f"revised: {'; '.join(revised)}"] if revised and catalog.tells_of_persons(table) else []
    return "; ".join(said) or "the day of the run, or what had been withheld before"


@dataclass(frozen=True)
class DomainChange:
    """What becomes of a domain from one release to another, `published` or `held`, and why."""

    domain: str
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """Everything two releases differ in. `figures` is None when one of them is no longer kept."""

    before: str
    after: str
    deliveries: dict[str, list[str]]
    code: list[str]
    reference: list[str]
    domains: list[DomainChange]
    figures: list[Change] | None
    # Tables that one of them has and the other has not.
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    # Rows of the lookups that differ, as far as their versions are kept.
    lookups: list[Change] = field(default_factory=list)


def compared(lake: Lake, catalog: Catalog, before: str, after: str) -> Comparison:
    """Raises NoRelease for a release that never was, Damaged for one that is not what was made."""
    was, now = (manifest(lake, name) for name in (before, after))
    found, figures = reasons(was, now), None
    lookups = [n for n in found if n.startswith(f"{REFERENCE}.")]
    paths = [lake.releases / name for name in (before, after)]
    if all(p.is_dir() for p in paths):
        for path in paths:
            check_release(path)
        with TemporaryDirectory() as scratch, connect(Path(scratch), lake.releases) as con:
            changes = changed_figures(catalog, paths[0], paths[1], con)
        # What is not final may tell, one figure beside the other, of the few between them: that it changed must do.
        masked = [replace(c, before=None, after=None) if not c.was_final and catalog.tells_of_persons(c.table) else c for c in changes]
        figures = [replace(c, why=why_changed(catalog, c.table, found, _revised(lake, was, now))) for c in masked]
    statuses = ((d, was.domains[d].status if d in was.domains else "not there", told) for d, told in now.domains.items())
    return Comparison(
        before,
        after,
        {n.removeprefix("raw."): said for n, said in found.items() if n.startswith("raw.")},
        [n for n in found if n.split(".")[0] in LAYERS],
        lookups,
        [DomainChange(d, status, told.status, told.why) for d, status, told in statuses if status != told.status],
        figures,
        sorted({*now.tables} - {*was.tables}),
        sorted({*was.tables} - {*now.tables}),
        list(_changed_rows(lake, catalog, lookups, was, now)),
    )


def _changed_rows(lake: Lake, catalog: Catalog, lookups: list[str], was: Manifest, now: Manifest) -> Iterator[Change]:
    with TemporaryDirectory() as scratch, connect(Path(scratch), lake.files) as con:
        for name in lookups:
            files = [lake.version(name, m.tables[name]) / PART for m in (was, now) if name in m.tables]
            if name in catalog.tables and catalog.contract(name).key and len(files) == 2 and all(f.exists() for f in files):
                yield from _changes(con, catalog.contract(name), name, *files, tells_rows=True)


def revisions(lake: Lake, catalog: Catalog, release: Manifest, target: Path, before: Manifest | None) -> list[tuple[Any, ...]]:
    """Rows of meta.revision for a release about to be written at `target`: those of the release before it, and its own."""
    if before is None:
        return []
    earlier, oldest = lake.releases / before.release, datetime.fromisoformat(release.as_of) - timedelta(days=REMEMBERED_DAYS)
    found, known = reasons(before, release), list[tuple[Any, ...]]()
    with connect(lake.scratch, lake.scratch, lake.releases) as con:
        # A copy of our own: whoever holds the release open for writing shuts everybody else out of it.
        copied = shutil.copyfile(earlier / DATABASE, lake.scratch / "earlier.duckdb")
        con.execute(f"attach {quoted(copied)} as earlier (read_only)")
        if con.execute("select 1 from duckdb_tables() where schema_name = 'meta' and table_name = 'revision'").fetchall():
            known = con.execute("select * from earlier.meta.revision where as_of >= ? order by all", [oldest]).fetchall()
        con.execute("detach earlier")
        changes = [c for c in changed_figures(catalog, earlier, target, con) if c.was_final and c.column != NEW]
    revised = _revised(lake, before, release)
    reason = {t: why_changed(catalog, t, found, revised) for t in {c.table for c in changes}}
    here = (release.release, release.as_of, before.release)
    return known + [(*here, c.table, c.row, c.column, c.before, c.after, reason[c.table]) for c in changes]


def _revised(lake: Lake, before: Manifest, after: Manifest) -> list[str]:
    """Why published figures were revised between two releases."""
    return [d.reason for d in decisions_to_revise(lake, after.as_of).values() if d.decided_at >= before.as_of]


def _behind(catalog: Catalog, table: str) -> set[str]:
    """The table and all it is computed from."""
    found, open_ = set[str](), [table]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += list(catalog.tables[name].reads) if name in catalog.tables else []
    return found


def _changes(
    con: duckdb.DuckDBPyConnection, contract: Contract, table: str, before: Path, after: Path, *, tells_rows: bool = False
) -> Iterable[Change]:
    """What differs between two files; `tells_rows`: of a row that is new or gone what stood in it, too."""
    names = [[d[0] for d in con.execute(f"describe select * from read_parquet({quoted(p)})").fetchall()] for p in (before, after)]
    common = [n for n in names[1] if n in names[0]]
    if not set(contract.key) <= set(common):
        return [Change(table, "", "its rows have another key")]
    con.execute(f"create or replace temp view earlier as select * from read_parquet({quoted(before)})")
    con.execute(f"create or replace temp view later as select * from read_parquet({quoted(after)})")
    using = ", ".join(ident(k) for k in contract.key)
    row = " || ', ' || ".join(f"'{k} ' || coalesce(cast({ident(k)} as varchar), '-')" for k in contract.key)
    final = " and ".join(
        condition
        for column, condition in (("qf", "not contains(earlier.qf, 'p')"), ("is_provisional", "not earlier.is_provisional"))
        if column in common
    )
    rest = [n for n in common if n not in contract.key]

    def whole(of: str) -> str:
        """The text of a row without its key."""
        said = " || ', ' || ".join(f"'{n} ' || coalesce(cast({of}.{ident(n)} as varchar), '-')" for n in rest)
        return said if tells_rows and rest else "null"

    pairs = [(c, f"earlier.{ident(c)}", f"later.{ident(c)}") for c in common if c not in (*contract.key, QF, QF_COLUMNS)]
    compared = ", ".join(
        f"{{name: {literal(c)}, was: cast({one} as varchar), now: cast({other} as varchar), differs: {one} is distinct from {other}}}"
        for c, one, other in pairs
    )
    parts = [
        f"select {row}, {literal(NEW)}, null, {whole('later')}, true from later anti join earlier using ({using})",
        f"select {row}, {literal(GONE)}, {whole('earlier')}, null, {final or 'true'} from earlier anti join later using ({using})",
    ]
    if pairs:
        cells = (
            f"select {row} as place, {final or 'true'} as is_final, unnest([{compared}]) as cell from earlier join later using ({using})"
        )
        parts.append(f"select place, cell.name, cell.was, cell.now, is_final from ({cells}) where cell.differs")
    found = con.execute(" union all ".join(parts) + " order by all").fetchall()
    return [Change(table, *values) for values in found]
