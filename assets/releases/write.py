"""A release on disk: a DuckDB file with the tables analysts see and what they mean, and the same as Parquet. Built beside its name."""

import shutil
from pathlib import Path

import duckdb

from assets.catalog.declared import MARTS, REFERENCE, Catalog
from assets.lake import clock
from assets.lake.decisions import decided
from assets.lake.files import SHARED, Lake, beside, place
from assets.lake.manifests import NIGHTLY, Content, Manifest, history_of, releases, tell
from assets.releases import meta
from assets.releases.about import spans, write_about
from assets.releases.database import DATABASE, STORAGE_VERSION
from assets.releases.description import describe
from assets.releases.difference import revisions
from assets.releases.parquet import SUFFIX, Said, copy_table
from assets.releases.signature import signer
from assets.releases.views import create_views
from assets.tables.build import Night
from assets.tables.closure import Agreed
from assets.tables.versions import Version, known, rows_sql
from sources.casts import ident, literal
from sources.contract import digest
from sources.duck import connect
from sources.paths import built, quoted
from sources.settings import operator

META = "meta"
# What who works with the files alone needs to read them.
IN_PARQUET = ("column_dictionary", "measure", "relationship")


def write_release(night: Night, target: Path, manifest: Manifest, stands: Agreed) -> None:
    """Write the release that `manifest` names at `target`; `stands` is what it tells of itself. Raises Damaged."""
    lake, catalog, part = night.lake, night.catalog, beside(target)
    shutil.rmtree(part, ignore_errors=True)
    for schema in (*meta.SHOWN, META):
        (part / schema).mkdir(parents=True)
    part.chmod(SHARED)
    published = versions_of(lake, manifest)
    shown = [v for v in published if v.table.split(".")[0] in meta.SHOWN]
    rows = sum(v.rows for v in shown)
    # Each table is a few blocks at most: to try out how they could be smaller is most of what writing takes, and saves a thirtieth.
    with built(part / DATABASE) as file, connect(lake.scratch, lake.root, file.parent, compression="uncompressed", rows=rows) as con:
        con.execute(f"attach {quoted(file)} as release (storage_version {literal(STORAGE_VERSION)})")
        con.execute("use release")
        # One transaction: each statement of its own would wait for the disk.
        con.execute("begin")
        for version in shown:
            _copy_table(con, catalog, version.table, lake.version(version.table, version.key))
        names = {v.table for v in shown}
        said = Said.of(con, manifest, names)
        for version in shown:
            contract = catalog.contract(version.table) if version.table in catalog.tables else None
            select = rows_sql(lake.version(version.table, version.key))
            copy_table(con, select, _file(part, version.table), said.of_table(version.table, contract))
        # Compared with the release before it by the Parquet files, which are there by now.
        revision = revisions(lake, catalog, manifest, part, release_before(lake, manifest))
        _write_meta(con, meta.rows(catalog, manifest, stands, published, night.windows, revision, decided(lake, night.as_of)))
        for name in IN_PARQUET:
            copy_table(con, f"from meta.{name}", _file(part, f"{META}.{name}"), said.of_meta(name))
        contracts = [t.contract for t in catalog.computed if t.name in names and t.layer == MARTS]
        create_views(con, contracts)
        final = spans(con, contracts)
        write_about(part, manifest, {table: span.newest for table, span in final.items()})
        describe(part, catalog, manifest, names, {table: (span.start, span.end) for table, span in final.items()})
        con.execute("commit")
        con.execute("checkpoint release")
        con.execute("use memory")
        con.execute("detach release")
    tell(part, manifest)
    place(part, target, signer())


def versions_of(lake: Lake, content: Content) -> list[Version]:
    """The versions that are published; of a held domain those of an earlier night."""
    return [v for table, key in content.tables.items() if (v := known(lake.version(table, key)))]


def manifest_of(night: Night, name: str, content: Content) -> Manifest:
    """What tonight's release says it is made of."""
    declared = night.catalog.tables.values()
    shown = [v for v in versions_of(night.lake, content) if v.table.split(".")[0] in meta.SHOWN]
    return Manifest(
        **content.__dict__,
        release=name,
        as_of=night.as_of,
        created_at=clock.host.now().isoformat(timespec="microseconds"),
        line=night.line.name,
        logical_hashes={v.table: v.logical_hash for v in shown},
        history=history_of(night.lake, night.line.gone),
        made_by=operator(),
        code={t.name: digest(t.text if t.layer == REFERENCE else t.statement, t.contract.audit_fingerprint) for t in declared},
    )


def release_before(lake: Lake, release: Manifest) -> Manifest | None:
    """The newest nightly release there is up to the time of this one, but for itself."""
    earlier = [m for m in releases(lake) if m.line == NIGHTLY and m.as_of <= release.as_of and m.release != release.release]
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
            comment = meta.column_comment(column, column.businessName)
            con.execute(f"comment on column {table}.{ident(column.name)} is {literal(comment)}")


def _file(release: Path, table: str) -> Path:
    """The file of a table, like marts/redirection_monthly.parquet: of each layer alone, and of each table one."""
    return release / f"{table.replace('.', '/')}{SUFFIX}"


def _write_meta(con: duckdb.DuckDBPyConnection, rows: dict[str, meta.Rows]) -> None:
    con.execute("create schema meta")
    for name, table in meta.tables().items():
        con.execute(f"create table meta.{name} ({', '.join(f'{ident(c)} {column.type}' for c, column in table.columns.items())})")
        if rows[name]:
            # Columns at once: bound row by row, the rows take longer than all tables of the release.
            values = ", ".join(f"unnest(cast(? as {column.type}[]))" for column in table.columns.values())
            con.execute(f"insert into meta.{name} select {values}", list(zip(*rows[name], strict=True)))
        con.execute(f"comment on table meta.{name} is {literal(table.row)}")
        for c, column in table.columns.items():
            con.execute(f"comment on column meta.{name}.{ident(c)} is {literal(column.meaning)}")
