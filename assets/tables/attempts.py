"""Tonight's version of one table: the one that exists, else a new one, judged by today's rules.

One that cannot be made, or fails, has a problem: a fault in one table must not stop the others.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.catalog.declared import REFERENCE, Catalog, Table
from assets.catalog.keys import audit_key, data_key, reference_key
from assets.catalog.lineage import column_lineage
from assets.lake.line import Line
from assets.tables.attack import Contradiction, RevisedTooMuch
from assets.tables.compute import WrongLookup, computed, memory_of, read_reference
from assets.tables.engines import CannotCompute, Engine
from assets.tables.inputs import Available, Inputs
from assets.tables.last_good import LastGood
from assets.tables.versions import Attempt, Version, facts, known, settle_in, tonight_sql
from expectations.runner import AuditError, audit
from expectations.suite import Outcome, failing
from sources.duck import Connection, line_of, relation, said_of
from sources.reasons import Refused

# The key of a table whose inputs cannot be looked at.
UNKNOWN = "unknown"


class Attempts:
    """Makes the tables of one run, each from what is available to it."""

    def __init__(self, line: Line, catalog: Catalog, inputs: Inputs, last_good: LastGood, engine: Engine) -> None:
        self._engine = engine
        self._line, self._lake, self._catalog, self._inputs, self._last_good = line, line.lake, catalog, inputs, last_good
        # Domain -> first days of published periods of which what is known since would tell too much: nothing of them is revised yet.
        self._unsafe: dict[str, set[str]] = {}

    def unsafe_of(self, domain: str) -> frozenset[str]:
        """Periods of a domain that could not be revised so far."""
        return frozenset(self._unsafe.get(domain, ()))

    def of_lookup(self, table: Table, available: Available) -> Attempt:
        """A lookup, read from its file."""
        return self._attempt(table, reference_key(table), available, partial(read_reference, self._lake, table))

    def of_table(self, table: Table, available: Available) -> Attempt:
        """A table computed by SQL whose inputs are all there."""
        try:
            inputs = self._inputs.named(table, available)
        except (duckdb.Error, OSError) as error:
            return Attempt(table.name, Version(table.name, UNKNOWN), problem=self._said(table, error))

        def key_for(memory: str) -> str:
            return data_key(table, inputs, self._line.as_of, memory)

        def make(con: duckdb.DuckDBPyConnection) -> Path:
            wholes = self._catalog.wholes_of(table)
            lineage, unsafe = column_lineage(self._catalog, table), self.unsafe_of(table.domain)
            return computed(self._lake, con, table, wholes, inputs, key_for, self._line.as_of, lineage, unsafe, self._engine)

        return self._attempt(table, key_for(memory_of(self._lake, table, self._line.as_of).key()), available, make)

    def _attempt(self, table: Table, key: str, available: Available, make: Callable[[duckdb.DuckDBPyConnection], Path]) -> Attempt:
        """The version named `key`, made if need be and judged."""
        places = (self._lake.version(table.name, key), self._lake.failed(table.name, key))
        found = next(((p, version) for p in places if (version := known(p, in_full=table.layer != "core"))), None)
        needs = {n: available[n] for n in table.needs if n in available}
        others = {n: needs[n] for n in table.checked_against if n in needs}
        # Opened when it is first asked for, and once: to open one takes longer than to make or judge a small table.
        con = cache(partial(self._inputs.connect_to, others if found else needs))
        try:
            if found is None:
                made = make(con())
                found = made, facts(made)
            there, version = found
            outcomes = self._judged(table, version, there, others, con)
        except (duckdb.Error, pa.ArrowException, CannotCompute, AuditError, Contradiction, Refused, WrongLookup) as error:
            if isinstance(error, RevisedTooMuch):
                self._unsafe.setdefault(table.domain, set()).add(error.period)
            return Attempt(table.name, Version(table.name, key), problem=self._said(table, error))
        said = failing(table.name, outcomes, self._catalog.least_told(table.name, self._line.now.date()))
        was_published = bool(said) and self._last_good.is_published(version)
        settle_in(self._lake, there, version, not said or was_published)
        self._inputs.know(version)
        is_known = there == places[0]
        return Attempt(table.name, version, outcomes, is_known, "" if was_published else said, said if was_published else "")

    def _judged(self, table: Table, version: Version, folder: Path, others: Available, con: Connection) -> list[Outcome]:
        """What today's rules find of a version, with what operators let pass; `con` shows the `others` that it is compared with."""

        def ask() -> list[Outcome]:
            relation(con(), table.name, tonight_sql(folder))
            return audit(con(), table.contract, table.rules, table.name, dict(table.related))

        compared = {n: self._inputs.content(n, key) for n, key in others.items()}
        key = audit_key(version.key, table.rules, compared, table.contract.has_personal_columns)
        outcomes = self._line.judged(table.name, version.key, key, table.rules, ask)
        return [o if o.passed else replace(o, look_at=self._source(version, o.column)) for o in outcomes]

    def _source(self, version: Version, column: str | None) -> str:
        """The files of the lookups that a column comes from, where it comes from nothing else; of a lookup its own."""
        origins = {table for table, _ in version.lineage.get(column or "", [])} or {version.table}
        lookups = [self._catalog.tables[n] for n in sorted(origins) if n.startswith(f"{REFERENCE}.") and n in self._catalog.tables]
        return ", ".join(self._catalog.tree.name(t.path) for t in lookups) if len(lookups) == len(origins) else ""

    def _said(self, table: Table, error: Exception) -> str:
        """What went wrong with a table."""
        if isinstance(error, WrongLookup | Contradiction):
            return str(error)
        is_personal = any(self._catalog.contract(n).has_personal_columns for n in (table.name, *table.needs))
        # As it is written: what protection adds around it is not the reader's to keep.
        own = table.path.read_text("utf-8") if table.path.is_file() else table.text
        if isinstance(error, CannotCompute):
            return f"{table.name} could not be computed by {self._catalog.tree.name(table.path)}: {error}"
        files = {str(self._catalog.tree.name(table.path)): own} | {f"sql/macros/{m.name}.sql": m.text for m in table.macros}
        return f"{table.name} could not be computed by {line_of(error, files) or ', '.join(files)}: {said_of(error, is_personal)}"
