"""Makes one version of one table beside its name, where it waits to be judged."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.catalog.declared import Lineage, Table, identity_extract
from assets.catalog.keys import reference_key
from assets.lake.files import Lake, beside, save
from assets.tables.disclosure import Protected, protected
from assets.tables.ledger import Ledger
from assets.tables.linked import Linked, Row
from assets.tables.qualifiers import qualified
from assets.tables.record import STANDING, Record, standing_of
from assets.tables.standing import Past
from assets.tables.versions import FACTS, LOGICAL_HASH, PART, TONIGHT, Version, rows_sql
from sources.casts import ident, literal
from sources.contract import Contract
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
    unsafe: Iterable[str] = (),
) -> Path:
    """Compute an SQL table on `con`, which has a view for each of its inputs and for nothing else; the folder it lies in.

    `wholes` are the protected tables whose parts its rows are; `key_for` gives the version's key for what has been withheld and
    published by then; periods that cannot be revised yet are `unsafe`. Raises RevisedTooMuch where another is found, and duckdb.Error
    when the SQL itself cannot run.
    """
    con.execute(f"set variable as_of = cast({literal(as_of)} as timestamp)")
    for macro in table.macros:
        con.execute(macro.text)
    memory, safe = memory_of(lake, table, as_of), Protected(table.text.rstrip().rstrip(";"))
    if spec := table.contract.disclosure:
        others = {t.name: linked(con, t) for t in wholes}
        for whole in wholes:
            states = Record(lake, whole, as_of).states().values()
            others[whole.name].stand(standing_of(con, lake, whole, inputs[whole.name]), (s[0].standing for s in states))
        safe = protected(con, table.contract, spec, safe.select, memory.ledger, others, memory.past(unsafe))
    key = key_for(memory.key_with(safe))
    made = _written(lake, con, table.name, key, qualified(table.contract, safe.select))
    if table.contract.disclosure:
        _beside(con, made, table.contract, safe)
    memory.ledger.remember(safe.withheld, safe.judged)
    version = Version(table.name, key, inputs, lineage=lineage, withheld=safe.counts, published=safe.published, waiting=safe.waiting)
    return _told(con, made, replace(version, obeyed=memory.record.obeyed), table.layer != "core")


@dataclass(frozen=True)
class Memory:
    """What earlier runs withheld and published of a table, up to a time; nothing of one that is not about persons."""

    ledger: Ledger
    record: Record

    def key(self) -> str:
        """Names all of it, and what is to be revised."""
        return _joined(self.ledger.key_with(), self.record.key())

    def key_with(self, safe: Protected) -> str:
        """Names it as it will be once what is safe has been published."""
        return _joined(self.ledger.key_with(safe.withheld), self.record.key_with(safe.published))

    def past(self, unsafe: Iterable[str]) -> Past:
        """What has been published. Of periods `unsafe`, whose first days are given, nothing may be revised yet."""
        stood = frozenset(p for p in self.record.in_force if self.record.stood(p))
        return Past(
            self.record.states(), stood, self.record.due(), frozenset(p for p in self.record.in_force if self.record.meets(p, unsafe))
        )


def memory_of(lake: Lake, table: Table, as_of: str) -> Memory:
    spec = table.contract.disclosure
    ledger = Ledger(lake, table.name, as_of, spec.was, len(spec.key)) if spec else Ledger(lake, table.name, as_of)
    return Memory(ledger, Record(lake, table, as_of))


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


def _joined(*keys: str) -> str:
    return "+".join(key for key in keys if key)


def _beside(con: duckdb.DuckDBPyConnection, made: Path, contract: Contract, safe: Protected) -> None:
    """Beside the rows of a table about persons what they stand by, and, where not all are of tonight, tonight's, which are audited."""
    (made / STANDING).mkdir()
    con.register("standing_rows", _arrow(safe.standing))
    con.execute(f"copy standing_rows to {literal(str(made / STANDING / PART))} (format parquet, compression zstd)")
    if safe.others:
        (made / TONIGHT).mkdir()
        (made / PART).rename(made / TONIGHT / PART)
        con.register("other_rows", _arrow(safe.others))
        columns = ", ".join(f"cast({ident(c.name)} as {c.physicalType}) as {ident(c.name)}" for c in contract.columns)
        tonight, key = rows_sql(made / TONIGHT), ", ".join(ident(k) for k in contract.key)
        query = f"{tonight} union all by name select {columns} from other_rows order by {key}"
        con.execute(f"copy ({query}) to {literal(str(made / PART))} (format parquet, compression zstd)")


def _arrow(rows: list[Row]) -> pa.Table:
    """Rows as a table, each with every column that any of them has."""
    names = list(dict.fromkeys(n for r in rows for n in r))
    return pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows]) if rows else pa.table({"nothing": pa.array([], pa.int8())})


def _told(con: duckdb.DuckDBPyConnection, made: Path, version: Version, is_hashed: bool) -> Path:
    """The folder with what is known of it. Core is hashed when somebody asks: it takes as long as making it."""
    asked = f"count(*), {LOGICAL_HASH if is_hashed else literal('')}"
    rows, hashed = con.execute(f"select {asked} from read_parquet({literal(str(made / PART))}) as t").fetchall()[0]
    save(made / FACTS, replace(version, rows=rows, logical_hash=hashed))
    return made
