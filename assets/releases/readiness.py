"""What a region still lacks for its nights: what is not set, not declared, or not named by any lookup. Nothing is written.

What deliveries say that no lookup names is found in what nights have read: `ventetal run` into a lake of its own tells it beforehand.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from assets.alerts.channels import channels
from assets.catalog.declared import Catalog, Table
from assets.deliveries.extracts import ExtractState
from assets.lake.files import Lake, recalled
from sources.casts import ident
from sources.duck import dicts
from sources.layout import Extract
from sources.paths import quoted
from sources.pseudonym import KeyRefused, pseudonym_key
from sources.settings import PREFIX, PRODUCTION, settings

# A night writes its tables beside those of the nights before.
LEAST_FREE_BYTES = 10 << 30
UNITS = "reference.unit"
UNIT_CODE = "unit_code"


@dataclass(frozen=True)
class Lacking:
    """Something a night would miss, which it is, and what to do."""

    what: str
    which: str
    remedy: str


def lacking(lake: Lake, catalog: Catalog) -> Iterator[Lacking]:
    """All there is to say, what stops a night first."""
    yield from _settings(lake, catalog)
    yield from (Lacking("declared wrong", f.where, f.sentence) for f in catalog.faults)
    yield from _declared(catalog)
    for extract in catalog.extracts.values():
        state = recalled(lake.files / ExtractState.FOLDER / f"{extract.name}.json", ExtractState)
        if not (state and state.deliveries) and not any((lake.landing / extract.name).glob("[!.]*")):
            yield Lacking(
                "never delivered", extract.name, f"Put a file into {lake.landing / extract.name}/ and try it with `ventetal check`."
            )
        elif state:
            refused = [d for d in state.deliveries if d.status in ("refused", "held")]
            yield from (Lacking(f"{d.status} delivery", d.receipt.file_name, d.why) for d in refused)
            yield from _unknown_units(lake, catalog, extract, state)


def _settings(lake: Lake, catalog: Catalog) -> Iterator[Lacking]:
    said, tree = settings(), catalog.tree
    if tree.region is None:
        yield Lacking("region", "none is set", f"`ventetal region new FOLDER` makes one; {PREFIX}REGION names it.")
    elif tree.region.invented or tree.invented:
        which = ", ".join(tree.invented) or tree.region.name
        yield Lacking("invented", which, f"Rows that say they are invented are nobody's: {PRODUCTION} refuses them.")
    if said.env != PRODUCTION:
        yield Lacking(
            "environment", f"{PREFIX}ENV is not {PRODUCTION}", "Set it where real persons are read: the demo key is refused then."
        )
    try:
        if not (said.pseudonym_key or said.pseudonym_key_file):
            yield Lacking("pseudonym key", "none is set", f"`openssl rand -base64 48 > FILE`, and {PREFIX}PSEUDONYM_KEY_FILE names it.")
        pseudonym_key()
    except KeyRefused as refused:
        yield Lacking("pseudonym key", "refused", str(refused))
    if said.as_of or lake.pointer("clock").exists():
        yield Lacking(
            "clock", "it is not the machine's", f"Unset {PREFIX}AS_OF; a lake of examples keeps a time of its own: begin another."
        )
    if not lake.landing.is_dir():
        yield Lacking("folder", str(lake.landing), "`ventetal run` makes it; who delivers must be able to write there.")
    place = next(p for p in (lake.root, *lake.root.parents) if p.exists())
    if (free := shutil.disk_usage(place).free) < LEAST_FREE_BYTES:
        yield Lacking("disk", f"{free >> 30} GiB are free at {place}", f"Have {LEAST_FREE_BYTES >> 30} GiB at least.")
    if not channels():
        yield Lacking("channel", "nobody is told", f"Set {PREFIX}SMTP_URL, {PREFIX}SLACK_WEBHOOK or {PREFIX}TEAMS_WEBHOOK.")


def _declared(catalog: Catalog) -> Iterator[Lacking]:
    for extract in catalog.extracts.values():
        if not extract.layouts:
            yield Lacking("layout", extract.name, f"`ventetal layout FILE` proposes one for sources/{extract.name}/layouts/ of the region.")
    for table in catalog.references:
        rows = catalog.tree.records(table.contract.id)
        if not rows:
            yield Lacking("lookup without rows", table.name, f"{_place(table)} of the region: {table.contract.description.purpose}")
        if lines := [i for i, row in enumerate(rows, 2) if "source" in row and not (row["source"] or "").strip()]:
            yield Lacking("rows without a source", table.name, f"{len(lines)} of {len(rows)}: say where each comes from.")


def _unknown_units(lake: Lake, catalog: Catalog, extract: Extract, state: ExtractState) -> Iterator[Lacking]:
    """Units that no row of the lookup names on the day, most frequent first, each as the row to add."""
    names, day = {c.name for c in extract.contract.columns}, extract.contract.dated_by
    files = [lake.parse(extract.name, parse) for parse in state.selection]
    if UNIT_CODE not in names or not day or UNITS not in catalog.tables or not files or not all(f.exists() for f in files):
        return
    in_force = f"cast({ident(day)} as date) between unit.valid_from and unit.valid_to"
    with duckdb.connect() as con:
        con.execute("create schema reference")
        con.execute("create table reference.unit (unit_prefix varchar, valid_from date, valid_to date)")
        for row in catalog.tree.records("unit"):
            said = [row.get(name) for name in ("unit_prefix", "valid_from", "valid_to")]
            con.execute("insert into reference.unit select ?, try_cast(? as date), try_cast(? as date)", said)
        if wrong := con.execute("select count(*) from reference.unit where valid_from is null or valid_to is null").fetchall()[0][0]:
            yield Lacking("units without their days", UNITS, f"{wrong} rows have no day like 2015-01-31 from or to which they hold.")
        found = dicts(
            con,
            f"""
            select record.{UNIT_CODE} as unit, min(cast({ident(day)} as date)) as first, max(cast({ident(day)} as date)) as last
            from read_parquet([{", ".join(quoted(f) for f in files)}]) as record
            where _errors is null and record.{UNIT_CODE} is not null and {ident(day)} is not null and not exists (
                select 1 from reference.unit as unit
                where starts_with(record.{UNIT_CODE}, unit.unit_prefix) and {in_force}
            )
            group by all order by count(*) desc, unit""",
        )
    for row in found:
        line = f"{row['unit']},HOSPITAL,{row['first']:%Y-%m}-01,2099-12-31,false,SOURCE"
        yield Lacking(
            "unit nobody names", f"{row['unit']} ({extract.name}, {row['first']:%Y-%m} to {row['last']:%Y-%m})", f"unit.add.csv: {line}"
        )


def _place(table: Table) -> str:
    return f"data/reference/{table.contract.id}.add.csv"
