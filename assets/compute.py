"""Makes one version of one table: computed beside its name, audited, and only then given the name.

A version that exists has passed; one that fails is kept in `lake/failed/` to be looked at, and does not exist.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from assets.catalog import Table, identity_extract
from assets.disclosure import Ledger, Withheld, counted, protected
from assets.lake import Lake, beside, read_json, sync, write_json
from assets.lineage import Lineage
from expectations.runner import Outcome, audit
from sources.casts import ident, literal
from sources.parse import Delivery, refused_records

LOGICAL_HASH = "select count(*) || '-' || coalesce(sum(md5_number_lower(cast(to_json(t) as varchar))::hugeint), 0) from {relation} as t"

# Names of rules that an operator lets fail for a time.
Accepted = Iterable[str]


@dataclass(frozen=True)
class Version:
    """A version of a table. `problem` is None when it exists, else the sentence why it does not."""

    table: str
    key: str
    rows: int = 0
    logical_hash: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    lineage: Lineage = field(default_factory=dict)
    withheld: list[dict[str, Any]] = field(default_factory=list)
    unchanged: bool = False
    problem: str | None = None

    @property
    def exists(self) -> bool:
        return self.problem is None


def existing(lake: Lake, table: str, key: str) -> Version | None:
    """The version if an earlier run made it."""
    path = lake.version(table, key)
    if not path.exists():
        return None
    facts = read_json(path.with_suffix(".json"))
    return Version(**facts | {"outcomes": [Outcome(**o) for o in facts["outcomes"]], "unchanged": True})


def build(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    table: Table,
    key_for: Callable[[str], str],
    as_of: str,
    lineage: Lineage,
    accepted: Accepted = (),
) -> Version:
    """Compute an SQL table on `con`, which has a view for each of its inputs and for nothing else.

    `key_for` gives the version's key for a state of the disclosure ledger. Raises duckdb.Error when the SQL itself cannot run.
    `accepted` rules may fail.
    """
    con.execute(f"set variable as_of = cast({literal(as_of)} as timestamp)")
    select, ledger = table.text.rstrip().rstrip(";"), Ledger(lake, table.name, as_of)
    withheld: list[Withheld] = []
    if table.contract.disclosure:
        select, withheld = protected(con, table.contract, select, ledger.entries)
    key = key_for(ledger.key_with(withheld))
    part = beside(lake.version(table.name, key))
    con.execute(f"copy ({select}) to {literal(str(part))} (format parquet, compression zstd)")
    ledger.remember(withheld)
    return _audited(lake, con, table, key, part, lineage, counted(withheld), accepted)


def read_reference(lake: Lake, con: duckdb.DuckDBPyConnection, table: Table, key: str, accepted: Accepted = ()) -> Version:
    """Read a reference file with the reader suppliers' files go through; a single refused record fails the version."""
    part, parsed = beside(lake.version(table.name, key)), lake.scratch / f"{table.contract.id}.parquet"
    reading = Delivery(table.path, identity_extract(table.contract)).parse(con, parsed)
    if reading.quarantined:
        first = refused_records(con, parsed)[0]
        problem = f"data/reference/{table.path.name}, line {first['line']}: {'; '.join(first['reasons'])}"
        return Version(table.name, key, problem=problem)
    columns = ", ".join(ident(c.name) for c in table.contract.columns)
    select = f"select {columns} from read_parquet({literal(str(parsed))}) order by all"
    con.execute(f"copy ({select}) to {literal(str(part))} (format parquet, compression zstd)")
    return _audited(lake, con, table, key, part, {}, [], accepted)


def relation(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    """A view like core.pathway on `con`."""
    schema, _ = name.split(".")
    con.execute(f"create schema if not exists {schema}")
    con.execute(f"create or replace view {name} as {sql}")


def parquet_sql(path: Path) -> str:
    return f"select * from read_parquet({literal(str(path))})"


def _audited(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    table: Table,
    key: str,
    part: Path,
    lineage: Lineage,
    withheld: list[dict[str, Any]],
    accepted: Accepted,
) -> Version:
    relation(con, table.name, parquet_sql(part))
    outcomes = audit(con, table.contract, table.rules, table.name, dict(table.related))
    rows = con.execute(f"select count(*) from {table.name}").fetchall()[0][0]
    hashed = con.execute(LOGICAL_HASH.format(relation=table.name)).fetchall()[0][0]
    failing = [o for o in outcomes if o.holds and o.name not in accepted]
    problem = None
    if failing:
        said = [o.words + (f" ({o.named})" if o.named else "") for o in failing]
        problem = f"{table.name} fails {len(failing)} of {len(outcomes)} checks: {' '.join(said)}"
    version = Version(table.name, key, rows, hashed, outcomes, lineage, withheld, problem=problem)
    target = lake.version(table.name, key) if version.exists else lake.failed(table.name, key)
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(part)
    write_json(target.with_suffix(".json"), _facts(version))
    part.replace(target)
    return version


def _facts(version: Version) -> dict[str, Any]:
    facts = {k: getattr(version, k) for k in ("table", "key", "rows", "logical_hash", "lineage", "withheld", "problem")}
    return facts | {"outcomes": [o.as_dict() for o in version.outcomes]}
