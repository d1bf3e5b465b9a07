"""Makes one version of one table beside its name, where it waits to be judged."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from assets.catalog.declared import Lineage, Table, identity_extract
from assets.catalog.keys import reference_key
from assets.lake.files import Lake, beside, save
from assets.tables.disclosure import Protected, protected
from assets.tables.ledger import Ledger
from assets.tables.linked import Linked
from assets.tables.qualifiers import qualified
from assets.tables.versions import FACTS, LOGICAL_HASH, PART, Version
from sources.casts import ident, literal
from sources.duck import dicts
from sources.errors import ToldError
from sources.parse import Delivery, refused_records


class WrongLookup(ToldError):
    """A record of a lookup that cannot be read. The text names file, line and reason."""


def computed(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    table: Table,
    wholes: list[Table],
    inputs: dict[str, str],
    key_for: Callable[[str], str],
    as_of: str,
    lineage: Lineage,
) -> Path:
    """Compute an SQL table on `con`, which has a view for each of its inputs and for nothing else; the folder it lies in.

    `wholes` are the protected tables whose parts its rows are; `key_for` gives the version's key for a state of the disclosure ledger.
    Raises duckdb.Error when the SQL itself cannot run.
    """
    con.execute(f"set variable as_of = cast({literal(as_of)} as timestamp)")
    for macro in table.macros:
        con.execute(macro.text)
    ledger = ledger_of(lake, table, as_of)
    safe = Protected(table.text.rstrip().rstrip(";"))
    if spec := table.contract.disclosure:
        safe = protected(con, table.contract, spec, safe.select, ledger, {t.name: linked(con, t) for t in wholes})
    key = key_for(ledger.key_with(safe.withheld))
    made = _written(lake, con, table.name, key, qualified(table.contract, safe.select))
    ledger.remember(safe.withheld, safe.judged)
    return _told(con, made, Version(table.name, key, inputs, lineage=lineage, withheld=safe.counts), table.layer != "core")


def ledger_of(lake: Lake, table: Table, as_of: str) -> Ledger:
    """What has been withheld of a table up to a time; nothing of one that is not about persons."""
    spec = table.contract.disclosure
    return Ledger(lake, table.name, as_of, spec.was, len(spec.key)) if spec else Ledger(lake, table.name, as_of)


def linked(con: duckdb.DuckDBPyConnection, table: Table) -> Linked:
    """A protected table as its SQL makes it and as it is published, by what `con` shows."""
    assert table.contract.disclosure is not None
    whole = dicts(con, table.text.rstrip().rstrip(";"))
    return Linked(table.name, table.contract.disclosure, whole, dicts(con, f"select * from {table.name}"))


def read_reference(lake: Lake, table: Table, con: duckdb.DuckDBPyConnection) -> Path:
    """Read a reference file with the reader suppliers' files go through; raises WrongLookup for a single refused record."""
    parsed = lake.scratch / f"{table.contract.id}.parquet"
    reading = Delivery(table.path, identity_extract(table.contract)).parse(con, parsed)
    if reading.quarantined:
        first = refused_records(con, parsed)[0]
        raise WrongLookup(f"data/reference/{table.path.name}, line {first['line']}: {'; '.join(first['reasons'])}")
    columns = ", ".join(ident(c.name) for c in table.contract.columns)
    select = f"select {columns} from read_parquet({literal(str(parsed))}) order by all"
    key = reference_key(table)
    return _told(con, _written(lake, con, table.name, key, select), Version(table.name, key), True)


def _written(lake: Lake, con: duckdb.DuckDBPyConnection, table: str, key: str, select: str) -> Path:
    """The rows of a select in a folder that has no name yet."""
    made = beside(lake.version(table, key))
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    con.execute(f"copy ({select}) to {literal(str(made / PART))} (format parquet, compression zstd)")
    return made


def _told(con: duckdb.DuckDBPyConnection, made: Path, version: Version, is_hashed: bool) -> Path:
    """The folder with what is known of it. Core is hashed when somebody asks: it takes as long as making it."""
    asked = f"count(*), {LOGICAL_HASH if is_hashed else literal('')}"
    rows, hashed = con.execute(f"select {asked} from read_parquet({literal(str(made / PART))}) as t").fetchall()[0]
    save(made / FACTS, replace(version, rows=rows, logical_hash=hashed))
    return made
