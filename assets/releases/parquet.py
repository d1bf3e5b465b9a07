"""The Parquet files of a release: each a table that says what it is, as key-value metadata that every reader of the format shows.

Belongs here: how a file is written and what it says. Which tables there are is decided where the release is written.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.lake.manifests import Manifest
from assets.releases import meta
from assets.releases.semantics import LABELS
from assets.tables.qualifiers import QF
from sources.casts import literal
from sources.contract import Contract
from sources.paths import quoted

SUFFIX = ".parquet"


@dataclass(frozen=True)
class Said:
    """What every file of a release says: of which release it is, at which time, and what the letters of `qf` mean."""

    release: str
    as_of: str
    letters: dict[str, str]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, release: Manifest, tables: set[str]) -> "Said":
        """Of the release that is being written, of which the `tables` are there by now."""
        asked = f"select code, label from {LABELS} where column_name = {literal(QF)} order by code"
        return cls(release.release, release.as_of, dict(con.execute(asked).fetchall()) if LABELS in tables else {})

    def of_table(self, name: str, contract: Contract | None) -> dict[str, str]:
        """Of a table; one whose contract cannot be read just now says no more than where it is from."""
        found = {"release": self.release, "as_of": self.as_of, "table": name}
        if contract is None:
            return found
        columns = {c.name: _of_column(c.businessName, c.description, c.unit, c.aggregate, c.name in contract.key) for c in contract.columns}
        found |= {"comment": meta.table_comment(contract), "columns": json.dumps(columns, ensure_ascii=False)}
        return found | ({QF: json.dumps(self.letters, ensure_ascii=False)} if QF in columns else {})

    def of_meta(self, name: str) -> dict[str, str]:
        """Of a table of what the release tells of itself."""
        table = meta.tables()[name]
        columns = {c: _of_column(None, column.meaning, None, None, False) for c, column in table.columns.items()}
        told = {"comment": table.row, "columns": json.dumps(columns, ensure_ascii=False)}
        return {"release": self.release, "as_of": self.as_of, "table": f"meta.{name}", **told}


def copy_table(con: duckdb.DuckDBPyConnection, select: str, target: Path, said: dict[str, str]) -> None:
    """Write the rows of a select to a file that says of itself what is `said`."""
    metadata = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in said.items())
    con.execute(f"copy ({select}) to {quoted(target)} (format parquet, compression zstd, kv_metadata {{{metadata}}})")


def _of_column(label: str | None, meaning: str, unit: str | None, aggregate: str | None, is_key: bool) -> dict[str, str | bool]:
    said = {"label": label, "meaning": meaning, "unit": unit, "aggregate": aggregate, "key": is_key}
    return {word: value for word, value in said.items() if value}
