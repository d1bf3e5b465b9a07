"""A release: what analysts see. Built beside its name, renamed once whole, and shown by flipping one symlink.

A release is named by what it holds, so a run that changes nothing makes none. It agrees with itself: what a published table was
computed from is what is published, unless the domain is held or stands on one that is, and then it says so.
"""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from assets.alerts.alert_causes import found_causes, remember_causes
from assets.catalog.declared import REFERENCE, Catalog
from assets.lake.files import SHARED, Lake, beside, discard, place, save
from assets.lake.log import say
from assets.lake.manifests import MANIFEST, Content, Deliveries, Manifest, Told, keep, releases
from assets.releases import meta
from assets.releases.difference import revisions
from assets.releases.pointers import Pointer, head, pinned, point_to
from assets.tables.build import Night
from assets.tables.states import HELD, DomainState, ExtractState
from assets.tables.versions import Version, existing, rows_sql
from sources.casts import ident, literal
from sources.contract import digest
from sources.duck import connect

# The format of DuckDB 1.0, which every later client opens.
STORAGE_VERSION = "v1.0.0"
DATABASE = "ventetal.duckdb"
KEPT_RELEASES = 30


@dataclass(frozen=True)
class Release:
    """A release and how it came about; `is_new` is False when an earlier run had made it.

    `marked` are domains that show figures which fail a check by now.
    """

    id: str
    path: Path
    is_new: bool
    held: list[DomainState]
    marked: list[DomainState]
    pinned: str | None = None


def publish(night: Night) -> Release:
    """Write the release of the states that stand, unless it exists, and show it if the run is nightly and nothing is pinned."""
    extracts = [night.extract_state(e) for e in night.catalog.extracts] + night.line.unread()
    domains = closed(night, extracts)
    content = _content(night, extracts, domains)
    named = digest(asdict(content))
    name = f"{night.as_of[:10].replace('-', '')}-{digest(named, night.line.name)[:8]}"
    newest = head(night.lake)
    if night.is_nightly and newest and newest.content == named:
        name = newest.release
    target = night.lake.releases / name
    is_new = not target.exists()
    if is_new:
        _write(night, name, target, content, extracts, domains)
    keep(night.lake, target)
    pin = pinned(night.lake)
    if night.is_nightly:
        pin = point_to(night.lake, Pointer(name, named))
        remember_causes(night.lake, found_causes(night.catalog, extracts, domains))
        _forget_old(night.lake, {name, pin})
    held = [d for d in domains if d.is_held]
    say("release made" if is_new else "release stands", release=name, line=night.line.name, held=", ".join(d.domain for d in held))
    return Release(name, target, is_new, held, [d for d in domains if d.why and not d.is_held], pin)


def closed(night: Night, extracts: Iterable[ExtractState]) -> list[DomainState]:
    """What stands of each domain, lookups first. One whose tables were computed from other data than is published is held."""
    never = (DomainState(d, HELD, night.as_of, "It has never been made.", "", {}) for d in (REFERENCE, *night.catalog.domains))
    states = [_own(night, night.domain_state(d.domain) or d) for d in never]
    published = {f"raw.{e.extract}": e.key for e in extracts} | {table: key for s in states for table, key in s.tables.items()}
    found = []
    for state in states:
        earlier = set() if state.is_held else _earlier(night, [a.version for a in state.attempts if a.version], published)
        why = f"It stands on an earlier {', '.join(sorted(earlier))}, and has not been made since."
        found.append(replace(state, status=HELD, since=night.as_of, why=why) if earlier else state)
    return found


def _own(night: Night, state: DomainState) -> DomainState:
    """The state without tables that are another domain's by now: that one publishes them."""
    tables = night.catalog.tables
    moved = {t for t in state.tables if t in tables and tables[t].domain != state.domain and tables[t].layer != REFERENCE}
    return replace(state, tables={t: key for t, key in state.tables.items() if t not in moved}) if moved else state


def _earlier(night: Night, versions: Iterable[Version], published: dict[str, str]) -> set[str]:
    """Inputs that are not those that are published."""
    tables = night.catalog.tables
    return {name for v in versions if v.table in tables for name in night.differing(tables[v.table], v, published)}


def _stands_on(night: Night, domain: DomainState, domains: list[DomainState], published: dict[str, str]) -> str:
    """Which earlier sets the figures of a domain stand on: of domains that are held, or its own where it is held itself."""
    if domain.is_held:
        versions = [v for table, key in domain.tables.items() if (v := existing(night.lake, table, key)) and v.inputs]
        return ", ".join(f"earlier {name}" for name in sorted(_earlier(night, versions, published)))
    behind = night.catalog.domains_behind(domain.domain) if domain.domain != REFERENCE else []
    held = [d for d in domains if d.is_held and d.domain in behind]
    return ", ".join(f"{d.domain} as of {d.data_as_of[:10]}" if d.data_as_of else f"{d.domain}, held" for d in held)


def _content(night: Night, extracts: list[ExtractState], domains: list[DomainState]) -> Content:
    """What makes this release this one."""
    behind = {d.domain: night.catalog.extracts_of(d.domain) for d in domains}
    tables = {table: key for d in domains for table, key in sorted(d.tables.items())}
    published = {f"raw.{e.extract}": e.key for e in extracts} | tables
    return Content(
        tables=tables,
        deliveries={e.extract: Deliveries(e.key, {d.receipt.id: d.status for d in e.deliveries}) for e in extracts},
        late={e.extract: e.freshness.why for e in extracts if e.is_late},
        accepted={
            c: a for d in domains for c, a in meta.accepted_checks(d, [e for e in extracts if e.extract in behind[d.domain]]).items()
        },
        found=digest(sorted((a.table, o.name, o.severity, o.passed, o.named) for d in domains for a in d.attempts for o in a.outcomes)),
        # A release is written anew when what it tells of itself has other columns, though no figure has changed.
        meta=digest({table: list(columns) for table, (_, columns) in meta.TABLES.items()}),
        domains={
            d.domain: Told(d.status, d.since, d.why, d.data_as_of, _stands_on(night, d, domains, published), sorted(d.tables))
            for d in domains
        },
    )


def _write(night: Night, name: str, target: Path, content: Content, extracts: list[ExtractState], domains: list[DomainState]) -> None:
    part = beside(target)
    shutil.rmtree(part, ignore_errors=True)
    (part / "marts").mkdir(parents=True)
    part.chmod(SHARED)
    # What a held domain publishes are the versions of an earlier night.
    published = [v for d in domains for table, key in d.tables.items() if (v := existing(night.lake, table, key))]
    shown = [v for v in published if v.table.split(".")[0] in meta.SHOWN]
    manifest = _manifest(night, name, shown, content)
    with connect(night.lake.scratch) as con:
        con.execute(f"attach {literal(str(part / DATABASE))} as release (storage_version {literal(STORAGE_VERSION)})")
        con.execute("use release")
        for version in shown:
            folder = night.lake.version(version.table, version.key)
            _copy_table(con, night.catalog, version.table, folder)
            if version.table.startswith("marts."):
                _copy_rows(con, folder, part / "marts" / f"{version.table.split('.')[1]}.parquet")
        # Compared with the release before it by the Parquet files, which are there by now.
        revision = revisions(night.lake, night.catalog, manifest, part, _release_before(night, name))
        told = (manifest.release, manifest.as_of, manifest.created_at, manifest.line)
        _write_meta(con, meta.rows(night.catalog, told, extracts, domains, content.domains, published, revision))
        con.execute("checkpoint release")
        con.execute("use memory")
        con.execute("detach release")
    save(part / MANIFEST, manifest)
    place(part, target)


def _manifest(night: Night, name: str, shown: list[Version], content: Content) -> Manifest:
    """What a release says it is made of."""
    declared = night.catalog.tables.values()
    return Manifest(
        **content.__dict__,
        release=name,
        as_of=night.as_of,
        created_at=datetime.now().isoformat(timespec="microseconds"),
        line=night.line.name,
        logical_hashes={v.table: v.logical_hash for v in shown},
        code={t.name: digest(t.text if t.layer == REFERENCE else t.statement, t.contract.audit_fingerprint) for t in declared},
    )


def _release_before(night: Night, name: str) -> Manifest | None:
    """The newest nightly release there is up to now, but for the one called `name`."""
    earlier = [m for m in releases(night.lake) if m.line == "nightly" and m.as_of <= night.as_of and m.release != name]
    return max(earlier, key=lambda m: (m.as_of, m.created_at), default=None)


def _copy_table(con: duckdb.DuckDBPyConnection, catalog: Catalog, table: str, folder: Path) -> None:
    con.execute(f"create schema if not exists {table.split('.')[0]}")
    con.execute(f"create table {table} as {rows_sql(folder)}")
    # A contract that cannot be read just now holds its domain; the figures stay, without its words.
    if table in catalog.tables:
        contract = catalog.contract(table)
        con.execute(f"comment on table {table} is {literal(meta.table_comment(contract))}")
        there = {d[0] for d in con.execute(f"describe {table}").fetchall()}
        for column in (c for c in contract.columns if c.name in there):
            unit = f" Unit: {column.unit}." if column.unit else ""
            con.execute(f"comment on column {table}.{ident(column.name)} is {literal(column.description + unit)}")


def _copy_rows(con: duckdb.DuckDBPyConnection, folder: Path, target: Path) -> None:
    """The rows of a version in one file."""
    files = sorted(folder.glob("*.parquet"))
    if len(files) == 1:
        shutil.copyfile(files[0], target)
    else:
        con.execute(f"copy ({rows_sql(folder)}) to {literal(str(target))} (format parquet, compression zstd)")


def _write_meta(con: duckdb.DuckDBPyConnection, rows: dict[str, meta.Rows]) -> None:
    con.execute("create schema meta")
    for table, (comment, columns) in meta.TABLES.items():
        con.execute(f"create table meta.{table} ({', '.join(f'{ident(c)} {type_}' for c, (type_, _) in columns.items())})")
        if rows[table]:
            # Columns at once: bound row by row, the rows take longer than all tables of the release.
            values = ", ".join(f"unnest(cast(? as {type_}[]))" for type_, _ in columns.values())
            con.execute(f"insert into meta.{table} select {values}", list(zip(*rows[table], strict=True)))
        con.execute(f"comment on table meta.{table} is {literal(comment)}")
        for column, (_, meaning) in columns.items():
            con.execute(f"comment on column meta.{table}.{ident(column)} is {literal(meaning)}")


def _forget_old(lake: Lake, kept: set[str | None]) -> None:
    """Delete nightly releases beyond the newest ones; the lake can make any of them again."""
    current = lake.current_release
    for manifest in [m for m in releases(lake) if m.line == "nightly"][KEPT_RELEASES:]:
        path = lake.releases / manifest.release
        if path.name not in kept and path != current:
            discard(path)
