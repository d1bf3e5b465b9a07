"""A release: what analysts see. Built beside its name, renamed once whole, and shown by flipping one symlink.

A release is named by what it holds, so a run that changes nothing makes none. Roll-back pins the symlink until resumed.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from assets import meta
from assets.catalog import REFERENCE
from assets.causes import found_causes, remember_causes
from assets.compute import Version, existing
from assets.difference import revisions
from assets.lake import SHARED, Lake, beside, read_json, sync, write_json
from assets.log import say
from assets.night import DomainState, ExtractState, Night
from sources.casts import ident, literal
from sources.contract import digest
from sources.duck import connect

# The format of DuckDB 1.0, which every later client opens.
STORAGE_VERSION = "v1.0.0"
DATABASE = "ventetal.duckdb"
KEPT_RELEASES = 30
TOLD = ("release", "as_of", "created_at", "line")


@dataclass(frozen=True)
class Release:
    """A release and how it came about; `is_new` is False when an earlier run had made it."""

    id: str
    path: Path
    is_new: bool
    held: list[DomainState]
    pinned: str | None = None


def publish(night: Night) -> Release:
    """Write the release of the states that stand, unless it exists, and show it if the run is nightly and nothing is pinned."""
    extracts, domains = _states(night)
    content = _content(night, extracts, domains)
    name = f"{night.as_of[:10].replace('-', '')}-{digest(content, night.line)[:8]}"
    head = night.lake.state("nightly", "head")
    if night.is_nightly and head.exists() and read_json(head)["content"] == digest(content):
        name = read_json(head)["release"]
    target = night.lake.releases / name
    is_new = not target.exists()
    if is_new:
        _write(night, name, target, content, extracts, domains)
    remembered = night.lake.manifests / f"{name}.json"
    if not remembered.exists():
        # Not only of a new release: an earlier run may have been killed between the two.
        write_json(remembered, read_json(target / "manifest.json"))
    pin = pinned(night.lake)
    if night.is_nightly:
        write_json(head, {"release": name, "content": digest(content)})
        if pin is None:
            show(night.lake, name)
        remember_causes(night.lake, found_causes(night.catalog, extracts, domains))
        _forget_old(night.lake, keep={name, pin})
    held = [d for d in domains if d.is_held]
    say("release made" if is_new else "release stands", release=name, line=night.line, held=", ".join(d.domain for d in held))
    return Release(name, target, is_new, held, pin)


def show(lake: Lake, release: str) -> None:
    """Flip the symlink; readers that have the old release open keep it."""
    if lake.current_release != lake.releases / release:
        part = beside(lake.releases / "current")
        part.unlink(missing_ok=True)
        part.symlink_to(release)
        part.replace(lake.releases / "current")
        sync(lake.releases)


def releases(lake: Lake) -> list[dict[str, Any]]:
    """Manifests of the releases there are, newest first."""
    found = [read_json(p) for p in lake.releases.glob("[!.]*/manifest.json") if not p.parent.is_symlink()]
    return sorted(found, key=lambda m: (m["created_at"], m["release"]), reverse=True)


def pinned(lake: Lake) -> str | None:
    """The release an operator rolled back to, while that stands."""
    path = lake.state("nightly", "pin")
    return read_json(path)["release"] if path.exists() else None


def roll_back(lake: Lake, release: str) -> None:
    """Show an earlier release until `resume`; raises FileNotFoundError when there is none of that name."""
    if not (lake.releases / release / DATABASE).exists():
        raise FileNotFoundError(release)
    write_json(lake.state("nightly", "pin"), {"release": release})
    show(lake, release)


def resume(lake: Lake) -> str:
    """Show the newest nightly release again; its name."""
    lake.state("nightly", "pin").unlink(missing_ok=True)
    head: str = read_json(lake.state("nightly", "head"))["release"]
    show(lake, head)
    return head


def _states(night: Night) -> tuple[list[ExtractState], list[DomainState]]:
    extracts = [night.extract_state(e) for e in night.catalog.extracts]
    return extracts, [night.domain_state(d) for d in (REFERENCE, *night.catalog.domains)]


def _content(night: Night, extracts: list[ExtractState], domains: list[DomainState]) -> dict[str, Any]:
    """What makes this release this one: versions, deliveries and their standing, what is held, late, or accepted though it fails."""
    behind = {d.domain: night.catalog.extracts_of(d.domain) for d in domains}
    return {
        "tables": {table: key for d in domains for table, key in sorted(d.tables.items())},
        "deliveries": {e.extract: {"current": e.key, "receipts": {r["id"]: r["status"] for r in e.receipts}} for e in extracts},
        "late": {e.extract: e.freshness.why for e in extracts if e.is_late},
        "accepted": {
            c: a for d in domains for c, a in meta.accepted_checks(d, [e for e in extracts if e.extract in behind[d.domain]]).items()
        },
        # A release is written anew when what it tells of itself has other columns, though no figure has changed.
        "meta": digest({table: list(columns) for table, (_, columns) in meta.TABLES.items()}),
        "domains": {d.domain: {"status": d.status, "since": d.since, "why": d.why, "data_as_of": d.data_as_of} for d in domains},
    }


def _write(
    night: Night, name: str, target: Path, content: dict[str, Any], extracts: list[ExtractState], domains: list[DomainState]
) -> None:
    part = beside(target)
    shutil.rmtree(part, ignore_errors=True)
    (part / "marts").mkdir(parents=True)
    part.chmod(SHARED)
    tables = {t: key for d in domains for t, key in d.tables.items() if not t.startswith("core.")}
    # What a held domain publishes are the versions of an earlier night.
    published = [v for d in domains for table, key in d.tables.items() if (v := existing(night.lake, table, key))]
    manifest = _manifest(night, name, [v for v in published if v.table in tables], content)
    with connect(night.lake.scratch) as con:
        con.execute(f"attach {literal(str(part / DATABASE))} as release (storage_version {literal(STORAGE_VERSION)})")
        con.execute("use release")
        for table, key in tables.items():
            _copy_table(con, night, table, night.lake.version(table, key))
            if table.startswith("marts."):
                shutil.copyfile(night.lake.version(table, key), part / "marts" / f"{table.split('.')[1]}.parquet")
        # Compared with the release before it by the Parquet files, which are there by now.
        revision = revisions(night.lake, night.catalog, manifest, part, _release_before(night, name))
        _write_meta(con, meta.rows(night.catalog, tuple(manifest[k] for k in TOLD), extracts, domains, published, revision))
        con.execute("checkpoint release")
        con.execute("use memory")
        con.execute("detach release")
    write_json(part / "manifest.json", manifest)
    for file in part.rglob("*"):
        sync(file)
    part.replace(target)


def _manifest(night: Night, name: str, published: list[Version], content: dict[str, Any]) -> dict[str, Any]:
    """What a release says it is made of."""
    told = dict(zip(TOLD, (name, night.as_of, datetime.now().isoformat(timespec="microseconds"), night.line), strict=True))
    hashes = {v.table: v.logical_hash for v in published}
    declared = night.catalog.tables.values()
    code = {t.name: digest(t.text if t.layer == REFERENCE else t.statement, t.contract.audit_fingerprint) for t in declared}
    return {**told, "logical_hashes": hashes, "code": code, **content}


def _release_before(night: Night, name: str) -> dict[str, Any] | None:
    """The manifest of the newest nightly release there is up to now, but for the one called `name`."""
    earlier = [m for m in releases(night.lake) if m["line"] == "nightly" and m["as_of"] <= night.as_of and m["release"] != name]
    return max(earlier, key=lambda m: (m["as_of"], m["created_at"]), default=None)


def _copy_table(con: duckdb.DuckDBPyConnection, night: Night, table: str, parquet: Path) -> None:
    contract = night.catalog.contract(table)
    con.execute(f"create schema if not exists {table.split('.')[0]}")
    con.execute(f"create table {table} as select * from read_parquet({literal(str(parquet))})")
    con.execute(f"comment on table {table} is {literal(meta.table_comment(contract))}")
    for column in contract.columns:
        unit = f" Unit: {column.unit}." if column.unit else ""
        con.execute(f"comment on column {table}.{ident(column.name)} is {literal(column.description + unit)}")


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


def _forget_old(lake: Lake, keep: set[str | None]) -> None:
    """Delete nightly releases beyond the newest ones; the lake can make any of them again."""
    current = lake.current_release
    for manifest in [m for m in releases(lake) if m["line"] == "nightly"][KEPT_RELEASES:]:
        path = lake.releases / manifest["release"]
        if path.name not in keep and path != current:
            # The name goes in one step, so that nobody lists or opens a release half there.
            gone = beside(path)
            path.replace(gone)
            shutil.rmtree(gone)
