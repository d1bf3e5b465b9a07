"""Makes one version of one table beside its name, where it waits to be judged."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.catalog.declared import Lineage, Table
from assets.catalog.keys import reference_key
from assets.catalog.lookups import read_lookup
from assets.lake.files import Lake, beside, save
from assets.tables.disclosure import Protected, protected
from assets.tables.engines import DUCKDB, OWN_ROWS, Engine, Rows
from assets.tables.ledger import Ledger
from assets.tables.linked import Linked, Row
from assets.tables.qualifiers import qualified
from assets.tables.record import TRUTH, Record
from assets.tables.revision import Past
from assets.tables.standing import Published
from assets.tables.versions import FACTS, LOGICAL_HASH, PART, TONIGHT, Version, rows_sql
from sources.casts import ident, literal
from sources.contract import Contract
from sources.duck import dicts
from sources.errors import ToldError
from sources.paths import quoted


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
    engine: Engine = DUCKDB,
) -> Path:
    """Compute an SQL table on `con`, which has a view for each of its inputs and for nothing else; the folder it lies in.

    `wholes` are the protected tables whose parts its rows are; `key_for` gives the version's key for what has been withheld and
    published by then; periods that cannot be revised yet are `unsafe`; `engine` makes the rows. Raises RevisedTooMuch where another
    is found, and duckdb.Error or CannotCompute when the SQL itself cannot run.
    """
    con.execute(f"set variable as_of = cast({literal(as_of)} as timestamp)")
    for macro in table.macros:
        con.execute(macro.text)
    folder = lake.version(table.name, "rows").parent
    with closing(engine.rows_of(folder, con)) as rows:
        memory, safe = memory_of(lake, table, as_of), Protected(rows.of(table))
        if spec := table.contract.disclosure:
            others = {t.name: linked(con, t, rows) for t in wholes}
            safe = protected(con, table.contract, spec, safe.select, memory.ledger, others, memory.published(unsafe, wholes))
        key, select = key_for(memory.key_with(safe)), qualified(table.contract, safe.select)
        made = _written(lake, con, table.name, key, select, rows.files(select) if table.layer == "core" else [])
    if table.contract.disclosure:
        _beside(con, made, table.contract, safe)
    memory.ledger.remember(safe.withheld, safe.judged)
    version = Version(table.name, key, inputs, lineage=lineage, engine=engine.name, waiting=safe.waiting)
    version = replace(version, withheld=safe.counts, published=safe.published)
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

    def published(self, unsafe: Iterable[str], totals: Iterable[Table]) -> Published:
        """What has been published. Of periods `unsafe`, whose first days are given, nothing may be revised yet."""
        on_record, others = self.record.in_force, set(unsafe)
        stood, met = (frozenset(p for p in on_record if test(p)) for test in (self.record.stood, lambda p: self.record.meets(p, others)))
        of_totals: dict[str, Past] = {t.name: self.record.of(t).states() for t in totals}
        return Published(self.record.states(), of_totals, stood, self.record.due(), met)


def memory_of(lake: Lake, table: Table, as_of: str) -> Memory:
    spec = table.contract.disclosure
    ledger = Ledger(lake, table.name, as_of, spec.was, len(spec.key), table.contract.renamed) if spec else Ledger(lake, table.name, as_of)
    return Memory(ledger, Record(lake, table, as_of))


def linked(con: duckdb.DuckDBPyConnection, table: Table, rows: Rows = OWN_ROWS) -> Linked:
    """A protected table as its SQL makes it and as it is published, by what `con` shows."""
    assert table.contract.disclosure is not None
    whole = dicts(con, rows.of(table))
    return Linked(table.name, table.contract.disclosure, whole, dicts(con, f"select * from {table.name}"))


def read_reference(lake: Lake, table: Table, con: duckdb.DuckDBPyConnection) -> Path:
    """Read a reference file with the reader suppliers' files go through; raises WrongLookup for a single refused record."""
    parsed = lake.scratch / f"{table.contract.id}.parquet"
    if refused := read_lookup(table, con, parsed):
        raise WrongLookup(refused[0])
    columns = ", ".join(ident(c.name) for c in table.contract.columns)
    select = f"select {columns} from read_parquet({quoted(parsed)}) order by all"
    key = reference_key(table)
    return _told(con, _written(lake, con, table.name, key, select), Version(table.name, key), True)


def _written(lake: Lake, con: duckdb.DuckDBPyConnection, table: str, key: str, select: str, files: Iterable[Path] = ()) -> Path:
    """The rows of a select in a folder that has no name yet: the `files` that hold them, where an engine wrote them as they are to be."""
    made = beside(lake.version(table, key))
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for place, file in enumerate(files):
        file.rename(made / PART.replace("0", str(place)))
    if not (made / PART).exists():
        _copy(con, select, made / PART)
    return made


def _joined(*keys: str) -> str:
    return "+".join(key for key in keys if key)


def _beside(con: duckdb.DuckDBPyConnection, made: Path, contract: Contract, safe: Protected) -> None:
    """Beside the rows of a table about persons every number of what is published with it; and, where not all are of tonight, tonight's,
    which are audited.
    """
    (made / TRUTH).mkdir()
    types = con.execute(
        "select column_name, data_type from duckdb_columns() where table_name = 'unprotected' order by column_index"
    ).fetchall()
    _copy(con, _typed(con, "true_rows", safe.truth, types), made / TRUTH / PART)
    if safe.others:
        (made / TONIGHT).mkdir()
        (made / PART).rename(made / TONIGHT / PART)
        others = _typed(con, "other_rows", safe.others, [(c.name, c.physicalType) for c in contract.columns])
        _copy(con, f"{rows_sql(made, TONIGHT)} union all by name {others} order by {', '.join(map(ident, contract.key))}", made / PART)


def _typed(con: duckdb.DuckDBPyConnection, name: str, rows: list[Row], types: list[tuple[str, str]]) -> str:
    """A select of rows with columns of given types; NULL where a row lacks one."""
    con.register(name, pa.table({c: [r.get(c) for r in rows] for c, _ in types}))
    return f"select {', '.join(f'cast({ident(c)} as {t}) as {ident(c)}' for c, t in types)} from {name}"


def _copy(con: duckdb.DuckDBPyConnection, select: str, target: Path) -> None:
    con.execute(f"copy ({select}) to {quoted(target)} (format parquet, compression zstd)")


def _told(con: duckdb.DuckDBPyConnection, made: Path, version: Version, is_hashed: bool) -> Path:
    """The folder with what is known of it. Core is hashed when somebody asks: it takes as long as making it."""
    asked = f"count(*), {LOGICAL_HASH if is_hashed else literal('')}"
    rows, hashed = con.execute(f"select {asked} from ({rows_sql(made)}) as t").fetchall()[0]
    save(made / FACTS, replace(version, rows=rows, logical_hash=hashed))
    return made
