"""One run over the lake: deliveries taken in, records settled, tables made domain by domain, and what stands recorded.

A run is a sequence of steps that find each other through small records, so that an operator can repeat one of them alone.
`complete` then does what the others did not, so that whatever was chosen ends in a release that agrees with itself.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

import duckdb
from pydantic import ValidationError

from assets.catalog.declared import REFERENCE, Catalog, Table
from assets.catalog.keys import audit_key, data_key, reference_key
from assets.catalog.lineage import column_lineage
from assets.catalog.statements import Rows
from assets.deliveries import extracts
from assets.deliveries.standing import current_records
from assets.lake.files import Lake
from assets.lake.log import say, warn
from assets.lake.manifests import NIGHTLY, Manifest, last_published, nights
from assets.tables.compute import WrongLookup, build, read_reference
from assets.tables.disclosure import Ledger
from assets.tables.states import HELD, PUBLISHED, DomainState, ExtractState, Line
from assets.tables.versions import (
    LOGICAL_HASH,
    Attempt,
    Version,
    facts,
    failing,
    known,
    relation,
    remember,
    remembered,
    rows_sql,
    settle_in,
)
from expectations.runner import AuditError, Outcome, audit
from sources.casts import ident
from sources.contract import digest
from sources.duck import connect
from sources.reasons import Refused

# The key of a table that is not there yet and counts as empty for a contract that says so (`inputs`).
NEVER_PUBLISHED = "never published"
# The key of a table whose inputs cannot be looked at.
UNKNOWN = "unknown"
Tables = Mapping[str, str]


class Night:
    """The steps of one run at the time `now`; `line` is nightly, or names a run of its own for another as_of."""

    def __init__(self, lake: Lake, catalog: Catalog, now: datetime, line: str = NIGHTLY, clock: str = "") -> None:
        self.lake, self.catalog, self.now, self.clock = lake, catalog, now, clock
        self.line = Line(lake, catalog, now, line)
        self.as_of, self.is_nightly = self.line.as_of, self.line.is_nightly
        self._settled: dict[str, ExtractState] = {}
        self._made_from: dict[str, str] = {}
        self._facts: dict[tuple[str, str], Version] = {}
        self._row_hashes: dict[tuple[str, str, str], dict[str, str]] = {}

    def run(self) -> None:
        """Every step in order, but for publishing."""
        for extract in self.catalog.extracts:
            self.ingest(extract)
        for _ in self.complete():
            pass

    def ingest(self, name: str) -> ExtractState:
        """Take what lies in landing (nightly only), decide which records are current, and judge them as a whole."""
        state = extracts.take_in(self.line, name) if self.is_nightly else self._settle(name)
        self._settled[name] = state
        return state

    def complete(self) -> Iterator[ExtractState | DomainState]:
        """Do what no step of this run has done yet, or has done with what has changed since; each state that is made.

        Landing is left alone: whether deliveries are taken in is the choice of who starts a run.
        """
        for name in self.catalog.extracts:
            if name not in self._settled:
                before, self._settled[name] = self.line.extract(name), self._settle(name)
                if before is None or before.key != self._settled[name].key:
                    yield self._settled[name]
        if REFERENCE not in self._made_from:
            yield from self._if_changed(REFERENCE, self.make_reference)
        for domain in self.catalog.domains:
            if self._made_from.get(domain) != self._stands_by(domain):
                yield from self._if_changed(domain, partial(self.make_domain, domain))

    def make_reference(self) -> DomainState:
        """Read the reference files; one that is wrong keeps them all at the last good set."""
        attempts: list[Attempt] = []
        available: dict[str, str] = {}
        for table in self.catalog.references:
            attempt = self._attempt(table, reference_key(table), available, partial(read_reference, self.lake, table))
            attempts.append(attempt)
            if attempt.stands:
                available[table.name] = attempt.key
        self._made_from[REFERENCE] = ""
        return self._remember(REFERENCE, attempts, [f.sentence for f in self.catalog.faults_of(REFERENCE)], "")

    def make_domain(self, domain: str) -> DomainState:
        """Compute and audit the domain's tables; all of them are published together or none is."""
        self._made_from[domain] = self._stands_by(domain)
        behind = [self.extract_state(e) for e in self.catalog.extracts_of(domain)]
        problems = [f.sentence for f in self.catalog.faults_of(domain)] + [s.problem for s in behind if s.problem]
        available = self._available(domain)
        attempts: list[Attempt] = []
        foreign = {t.name for t in self.catalog.computed if t.domain != domain}
        for table in self.catalog.of_domain(domain):
            there: Tables = available
            if table.contract.takes_absent_as_empty:
                there = dict.fromkeys(foreign & set(table.needs), NEVER_PUBLISHED) | available
            if lacking := [n for n in table.needs if n not in there]:
                attempts.append(Attempt(table.name, problem=f"{table.name} was not computed: {', '.join(lacking)} is not there."))
                continue
            attempt = self._table(table, there)
            attempts.append(attempt)
            if attempt.stands:
                available[table.name] = attempt.key
        late = [s.extract for s in behind if s.is_late]
        return self._remember(domain, attempts, problems, max((s.newest_arrival for s in behind), default=""), late)

    def extract_state(self, name: str) -> ExtractState:
        """What stands of an extract: as this run has settled it, else as the one before left it."""
        if name not in self._settled and (known := self.line.extract(name)):
            return known
        return self._settled.get(name) or self._settled.setdefault(name, self._settle(name))

    def domain_state(self, domain: str) -> DomainState | None:
        return self.line.domain(domain)

    def inputs(self, table: Table, available: Tables) -> dict[str, str]:
        """What names the data that a table's SQL gets: keys of tables, and of a lookup the hash of the rows it asks for."""
        return {name: self._content(name, available[name], rows) for name, rows in sorted(table.reads.items())}

    def differing(self, table: Table, version: Version, published: dict[str, str]) -> list[str]:
        """Inputs of a version that are not those that are published."""
        now = self.inputs(table, dict.fromkeys(table.reads, NEVER_PUBLISHED) | published)
        return sorted(n for n in {*now, *version.inputs} if now.get(n) != version.inputs.get(n))

    def connect_to(self, tables: Tables) -> duckdb.DuckDBPyConnection:
        """A connection with a view for each of `tables` (name -> key) and nothing else."""
        con = connect(self.lake.scratch)
        for name, key in tables.items():
            if key == NEVER_PUBLISHED:
                relation(con, name, current_records(self.catalog.contract(name), []))
            elif name.startswith("raw."):
                extracts.current_view(self.line, con, self.extract_state(name.removeprefix("raw.")))
            else:
                relation(con, name, rows_sql(self.lake.version(name, key)))
        return con

    def _settle(self, name: str) -> ExtractState:
        return extracts.settled(self.line, name, [], connect(self.lake.scratch))

    def _if_changed(self, domain: str, make: Callable[[], DomainState]) -> Iterator[DomainState]:
        before, now = self.line.domain(domain), make()
        if before is None or (before.status, before.why, before.tables) != (now.status, now.why, now.tables):
            yield now

    def _available(self, domain: str) -> dict[str, str]:
        """What the domain's tables may read: current records, lookups, and what is published of other domains."""
        states = [self.extract_state(e) for e in self.catalog.extracts_of(domain)]
        available = {f"raw.{s.extract}": s.key for s in states if not s.problem}
        for other in (REFERENCE, *self.catalog.domains):
            if other != domain and (state := self.line.domain(other)):
                available |= state.tables
        return available

    def _stands_by(self, domain: str) -> str:
        """Names all that what is made of the domain depends on, but for its own SQL and contracts."""
        available = self._available(domain)
        needs = sorted({n for t in self.catalog.of_domain(domain) for n in t.needs})
        return digest([(n, available.get(n)) for n in needs], [self.extract_state(e).problem for e in self.catalog.extracts_of(domain)])

    def _table(self, table: Table, available: Tables) -> Attempt:
        """Tonight's version of a table whose inputs are all there: the one that exists, else a new one."""
        try:
            inputs = self.inputs(table, available)
        except (duckdb.Error, OSError, ValidationError) as error:
            return Attempt(table.name, Version(table.name, UNKNOWN), problem=self._said(table, error))

        def key_for(ledger: str) -> str:
            return data_key(table, inputs, self.as_of, ledger)

        def make(con: duckdb.DuckDBPyConnection) -> Path:
            return build(self.lake, con, table, inputs, key_for, self.as_of, column_lineage(self.catalog, table))

        return self._attempt(table, key_for(Ledger(self.lake, table.name, self.as_of).key_with()), available, make)

    def _attempt(self, table: Table, key: str, available: Tables, make: Callable[[duckdb.DuckDBPyConnection], Path]) -> Attempt:
        """The version named `key`, made if need be and judged by today's rules.

        One that cannot be made or fails has a problem: a fault in one table must not stop the others.
        """
        places = (self.lake.version(table.name, key), self.lake.failed(table.name, key))
        found = next(((p, version) for p in places if (version := known(p))), None)
        needs = {n: available[n] for n in table.needs if n in available}
        try:
            if found is None:
                with self.connect_to(needs) as con:
                    made = make(con)
                found = made, facts(made)
            there, version = found
            outcomes = self._judged(table, version, there, needs)
        except (duckdb.Error, AuditError, Refused, WrongLookup) as error:
            return Attempt(table.name, Version(table.name, key), problem=self._said(table, error))
        said = failing(table, outcomes)
        was_published = bool(said) and self._was_published(version)
        settle_in(self.lake, there, version, not said or was_published)
        self._facts[table.name, version.key] = version
        is_known = there == places[0]
        return Attempt(table.name, version, outcomes, is_known, "" if was_published else said, said if was_published else "")

    def _judged(self, table: Table, version: Version, folder: Path, needs: Tables) -> list[Outcome]:
        """What today's rules find of a version, with what operators let pass; remembered by what was judged and compared with."""
        others = {n: self._content(n, needs[n], None) for n in table.checked_against if n in needs}
        path = (
            self.lake.audits(table.name, version.key)
            / f"{audit_key(version.key, table.rules, others, table.contract.has_personal_columns)}.json"
        )
        outcomes = remembered(path, table.rules)
        if outcomes is None:
            with self.connect_to({n: needs[n] for n in others}) as con:
                relation(con, table.name, rows_sql(folder))
                outcomes = audit(con, table.contract, table.rules, table.name, dict(table.related))
            remember(path, outcomes)
        return self.line.accepting(table.name, outcomes)

    def _said(self, table: Table, error: Exception) -> str:
        """What went wrong. The text of a database error can quote a value; where persons are behind the values, its kind must do."""
        if isinstance(error, WrongLookup):
            return str(error)
        personal = any(self.catalog.contract(n).has_personal_columns for n in (table.name, *table.needs))
        return f"{table.name} could not be computed: {type(error).__name__ if personal else str(error).strip().splitlines()[0]}"

    def _content(self, name: str, key: str, rows: Rows | None) -> str:
        """What names the data behind a key: of a lookup its rows, since another spelling of its file is no other data."""
        if not name.startswith(f"{REFERENCE}.") or key == NEVER_PUBLISHED:
            return key
        types = {c.name: c.physicalType for c in self.catalog.contract(name).columns} if rows else {}
        # What a literal is equal to is plain for texts alone.
        if rows is None or types.get(rows.column) != "VARCHAR":
            return self._version(name, key).logical_hash
        hashes = self._hashes_of_rows(name, key, rows.column)
        return digest([(value, hashes.get(value)) for value in sorted(rows.values)])

    def _hashes_of_rows(self, name: str, key: str, column: str) -> dict[str, str]:
        """Value of a column -> hash of the rows that have it."""
        if (name, key, column) not in self._row_hashes:
            with connect(self.lake.scratch) as con:
                query = f"select {ident(column)}, {LOGICAL_HASH} from ({rows_sql(self.lake.version(name, key))}) as t group by all"
                self._row_hashes[name, key, column] = dict(con.execute(query).fetchall())
        return self._row_hashes[name, key, column]

    def _version(self, name: str, key: str) -> Version:
        if (name, key) not in self._facts:
            self._facts[name, key] = facts(self.lake.version(name, key))
        return self._facts[name, key]

    @cached_property
    def _history(self) -> list[Manifest]:
        """What nightly runs published up to now, newest first."""
        return nights(self.lake, self.as_of)

    def _was_published(self, version: Version) -> bool:
        """Whether the version is the one that is published of its table now."""
        return bool(self._history) and self._history[0].tables.get(version.table) == version.key

    def _stood(self, domain: str) -> DomainState | None:
        """What stood of the domain before this run: as the run before it left it, else as the releases up to now tell.

        A run for another time and a rebuild have no run before them. Versions that are gone are made again as they were then.
        """
        if state := self.line.domain(domain):
            return state
        history = [m for m in self._history if domain in m.domains]
        if not history:
            return None
        newest, tables, data_as_of = history[0].domains[domain], dict[str, str](), ""
        if good := last_published(history, domain):
            tables, data_as_of = self._tables_of(domain, good), good.domains[domain].data_as_of
        if not all(self.lake.version(table, key).exists() for table, key in tables.items()):
            good = last_published([m for m in history if m.as_of < self.as_of], domain)
            # Lookups, and what cannot be used, are today's at any time: an earlier night would meet the same.
            if good and domain != REFERENCE and not self.catalog.faults_of(domain):
                then = Night(self.lake, self.catalog, datetime.fromisoformat(good.as_of), f"as it was at {good.as_of}")
                then.run()
                if state := then.domain_state(domain):
                    tables, data_as_of = state.tables, state.data_as_of
        return DomainState(domain, newest.status, newest.since, newest.why, data_as_of, tables)

    def _last_good(self, domain: str, before: DomainState | None) -> tuple[dict[str, str], str]:
        """What is published of a domain that is held, and its data_as_of. A state that no release has shown yet counts for nothing."""
        if self.is_nightly and not (self._history and domain in self._history[0].domains):
            return {}, ""
        if self.is_nightly:
            released = self._tables_of(domain, self._history[0])
            if all(self.lake.version(table, key).exists() for table, key in released.items()):
                return released, self._history[0].domains[domain].data_as_of
        tables = before.tables if before else {}
        return {t: key for t, key in tables.items() if self.lake.version(t, key).exists()}, before.data_as_of if before else ""

    def _tables_of(self, domain: str, manifest: Manifest) -> dict[str, str]:
        declared = {n: REFERENCE if t.layer == REFERENCE else t.domain for n, t in self.catalog.tables.items()}
        named = manifest.domains[domain].tables
        return {table: key for table, key in manifest.tables.items() if table in named or (not named and declared.get(table) == domain)}

    def _remember(
        self, domain: str, attempts: list[Attempt], problems: list[str], data_as_of: str, late: list[str] | None = None
    ) -> DomainState:
        """Tonight's set if all is well, else the last good one with the reason why."""
        # What could not be computed for want of another table is no news beside why that one is not there.
        problems = problems + [a.problem for a in attempts if a.problem and a.key] or [a.problem for a in attempts if a.problem]
        before, status = self._stood(domain), HELD if problems else PUBLISHED
        since = before.since if before and before.status == status else self.as_of
        tables, as_of = {a.table: a.key for a in attempts}, data_as_of
        if problems:
            tables, as_of = self._last_good(domain, before)
        marks = [f"{a.marked} It was published before, and stays." for a in attempts if a.marked]
        state = DomainState(domain, status, since, " ".join(problems or marks), as_of, tables, attempts, late or [])
        self.line.save(state)
        for attempt in attempts:
            if attempt.problem and attempt.key:
                warn("table failed", table=attempt.table, version=attempt.key, why=attempt.problem)
            elif attempt.version and attempt.stands and not attempt.unchanged:
                say("table made", table=attempt.table, version=attempt.key, rows=attempt.version.rows)
        (warn if state.why else say)(f"domain {status}", domain=domain, **({"why": state.why} if state.why else {}))
        return state
