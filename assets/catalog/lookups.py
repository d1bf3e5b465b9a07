"""The file of a lookup, read as suppliers' files are: each of its records that its contract refuses is told with its line."""

from pathlib import Path

import duckdb

from assets.catalog.declared import Table, identity_extract
from sources.parse import Delivery, refused_records
from sources.reasons import in_words


def read_lookup(table: Table, con: duckdb.DuckDBPyConnection, parsed: Path) -> list[str]:
    """Write the records of a lookup to `parsed`, and say where and why each refused one is. Raises Refused where nothing can be read."""
    said = parsed.with_suffix(".csv")
    said.write_text(table.text, "utf-8")
    reading = Delivery(said, identity_extract(table.contract)).parse(con, parsed)
    found = refused_records(con, parsed) if reading.quarantined else []
    return [f"{_place(table, record['line'])}: {'; '.join(map(in_words, record['reasons']))}" for record in found]


def _place(table: Table, line: int) -> str:
    """The file and line of a line of a reference table, whose region may have added the last ones."""
    own = table.path.read_text("utf-8").rstrip("\n").count("\n") + 1
    name = f"data/reference/{table.path.name}"
    return f"{name}, line {line}" if line <= own else f"{name.removesuffix('.csv')}.add.csv of the region, line {line - own + 1}"
