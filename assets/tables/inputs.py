"""What a table gets to read: each input named by its data, and a connection that shows those inputs and nothing else."""

from collections.abc import Callable, Mapping

import duckdb

from assets.catalog.declared import COVERAGE, RAW, REFERENCE, Catalog, Table
from assets.catalog.statements import Rows
from assets.deliveries.coverage import Covered, Window, Windows, rows_of
from assets.deliveries.extracts import ExtractState, current_view
from assets.lake.files import Lake
from assets.tables.versions import LOGICAL_HASH, Version, facts, rows_sql
from sources.casts import ident
from sources.contract import digest
from sources.duck import no_rows, open_shared, relation

# The key of a table that is not there yet and counts as empty for a contract that says so (`inputs`).
NEVER_PUBLISHED = "never published"
# Table -> key of what stands of it.
Available = Mapping[str, str]


class Inputs:
    """Inputs of the tables of one run; `extract_state` gives what stands of an extract, `covered` the months its deliveries cover."""

    def __init__(
        self, lake: Lake, catalog: Catalog, extract_state: Callable[[str], ExtractState], covered: Callable[[str], list[Covered]]
    ) -> None:
        self._lake, self._catalog, self._extract_state, self._covered = lake, catalog, extract_state, covered
        self._versions: dict[tuple[str, str], Version] = {}
        self._row_hashes: dict[tuple[str, str, str], dict[str, str]] = {}

    def named(self, table: Table, available: Available) -> dict[str, str]:
        """What names the data that a table's SQL gets: keys of tables, and of a lookup the hash of the rows it asks for."""
        return {name: self.content(name, available[name], rows) for name, rows in sorted(table.reads.items())}

    def differing(self, version: Version, available: Available) -> list[str]:
        """Inputs of a version that are not those that are available; nothing for a table that is declared no more."""
        table = self._catalog.tables.get(version.table)
        if table is None:
            return []
        now = self.named(table, dict.fromkeys(table.reads, NEVER_PUBLISHED) | dict(available))
        return sorted(n for n in {*now, *version.inputs} if now.get(n) != version.inputs.get(n))

    def content(self, name: str, key: str, rows: Rows | None = None) -> str:
        """What names the data behind a key: of a lookup its rows, since another spelling of its file is no other data."""
        if not name.startswith(f"{REFERENCE}.") or key == NEVER_PUBLISHED:
            return key
        types = {c.name: c.physicalType for c in self._catalog.contract(name).columns} if rows else {}
        # What a literal is equal to is plain for texts alone.
        if rows is None or types.get(rows.column) != "VARCHAR":
            return self._version(name, key).logical_hash
        hashes = self._hashes_of_rows(name, key, rows.column)
        return digest([(value, hashes.get(value)) for value in sorted(rows.values)])

    def connect_to(self, tables: Available) -> duckdb.DuckDBPyConnection:
        """A connection with a view for each of `tables` and nothing else."""
        con = open_shared(self._lake.scratch, sum(self._rows(name, key) for name, key in tables.items()))
        for name, key in tables.items():
            if key == NEVER_PUBLISHED:
                relation(con, name, no_rows(self._catalog.contract(name)))
            elif name.startswith(f"{RAW}."):
                current_view(self._lake, con, self._catalog.contract(name), self._extract_state(name.removeprefix(f"{RAW}.")))
            elif name.startswith(f"{COVERAGE}."):
                relation(con, name, rows_of(self._catalog.contract(name), self._covered(name.removeprefix(f"{COVERAGE}."))))
            else:
                relation(con, name, rows_sql(self._lake.version(name, key)))
        return con

    def windows(self, lookup: str, key: str) -> Windows:
        """How late deliveries may come, as the rows of a version of the lookup say (`assets.deliveries.coverage`)."""
        with open_shared(self._lake.scratch, self._rows(lookup, key)) as con:
            rows = rows_sql(self._lake.version(lookup, key))
            said = con.execute(f"select indicator, value, unit, valid_from, valid_to from ({rows}) where subject = 'ALL'").fetchall()
            found: dict[str, list[Window]] = {}
            for indicator, value, unit, valid_from, valid_to in said:
                found.setdefault(indicator, []).append(Window(float(value), unit, valid_from, valid_to))
        return found

    def know(self, version: Version) -> None:
        """Spare the reading of a version that has just been made or found."""
        self._versions[version.table, version.key] = version

    def _hashes_of_rows(self, name: str, key: str, column: str) -> dict[str, str]:
        """Value of a column -> hash of the rows that have it."""
        if (name, key, column) not in self._row_hashes:
            with open_shared(self._lake.scratch, self._rows(name, key)) as con:
                query = f"select {ident(column)}, {LOGICAL_HASH} from ({rows_sql(self._lake.version(name, key))}) as t group by all"
                self._row_hashes[name, key, column] = dict(con.execute(query).fetchall())
        return self._row_hashes[name, key, column]

    def _rows(self, name: str, key: str) -> int:
        """Rows behind a view, at most."""
        if key == NEVER_PUBLISHED or name.startswith(f"{COVERAGE}."):
            return 0
        if name.startswith(f"{RAW}."):
            return sum(m.accepted for m in self._extract_state(name.removeprefix(f"{RAW}.")).coverage)
        return self._version(name, key).rows

    def _version(self, name: str, key: str) -> Version:
        if (name, key) not in self._versions:
            self._versions[name, key] = facts(self._lake.version(name, key))
        return self._versions[name, key]
