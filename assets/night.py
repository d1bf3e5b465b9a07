"""One run over the lake: deliveries taken in, records settled, tables made domain by domain, and what stands recorded.

A run is a sequence of steps that find each other through small state files, so that an operator can repeat one of them alone.
The `nightly` line remembers; a run for another `as_of` starts from the receipts and forgets its states.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from assets import intake
from assets.catalog import REFERENCE, Catalog, Table, raw_suite
from assets.compute import Version, build, existing, parquet_sql, read_reference, relation
from assets.current import Standing, current_records, settle
from assets.decisions import decisions
from assets.disclosure import Ledger
from assets.lake import Lake, read_json, write_json
from assets.lineage import column_lineage
from assets.plan import current_key, reference_key, table_key
from expectations.runner import AuditError, Outcome, audit
from sources.casts import literal
from sources.contract import digest
from sources.duck import connect
from sources.parse import Reading
from sources.reasons import Refused

NIGHTLY = "nightly"


@dataclass(frozen=True)
class ExtractState:
    """What stands of an extract: its deliveries, the parses its current records come from, and what was found in them."""

    extract: str
    key: str
    receipts: list[dict[str, Any]]
    selection: list[str]
    outcomes: list[Outcome]
    coverage: list[dict[str, Any]]
    problem: str | None = None
    arrived: list[str] = field(default_factory=list)

    @property
    def newest_arrival(self) -> str:
        return max((r["received_at"] for r in self.receipts if r["current"]), default="")

    def total(self, count: str) -> int:
        return sum(r[count] for r in self.receipts)


@dataclass(frozen=True)
class DomainState:
    """What stands of a domain (or of the reference tables): the versions that belong together, and whether they are tonight's.

    `versions` are tonight's, those that failed included; `tables` maps each table to the key that is published, last good if held.
    """

    domain: str
    status: str
    since: str
    why: str
    data_as_of: str
    tables: dict[str, str]
    versions: list[Version] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.status == "held"


class Night:
    """The steps of one run at the time `now`; `line` is nightly, or names a run of its own for another as_of."""

    def __init__(self, lake: Lake, catalog: Catalog, now: datetime, line: str = NIGHTLY) -> None:
        self.lake, self.catalog, self.now, self.line = lake, catalog, now, line
        self.as_of = now.isoformat(timespec="microseconds")

    @property
    def is_nightly(self) -> bool:
        return self.line == NIGHTLY

    def run(self) -> None:
        """Every step in order, but for publishing."""
        for extract in self.catalog.extracts:
            self.ingest(extract)
        self.make_reference()
        for domain in self.catalog.domains:
            self.make_domain(domain)

    def ingest(self, name: str) -> ExtractState:
        """Take what lies in landing (nightly only), decide which records are current, and judge them as a whole.

        Bad input makes a refused receipt or a `problem`, never an exception.
        """
        extract, con = self.catalog.extracts[name], connect(self.lake.scratch)
        arrived = [r.id for r in intake.sweep(self.lake, extract, con, self.now)] if self.is_nightly else []
        receipts = intake.receipts(self.lake, name, self.as_of)
        deliveries = []
        try:
            for receipt in receipts:
                if not receipt.is_refused:
                    key, reading = intake.reading_of(self.lake, extract, receipt, con)
                    deliveries.append(Standing(receipt, key, reading))
        except Refused as refused:
            problem = f"{receipt.file_name} was read before and no longer can be: {refused.sentence}"
            return self._remember_extract(ExtractState(name, "", [], [], [], [], problem, arrived))
        paths = {d.parse: str(self.lake.parse(name, d.parse)) for d in deliveries}
        standings, selection = settle(extract.contract, deliveries, decisions(self.lake, self.as_of), paths, con)
        key = current_key(extract, extract.contract.delivery, selection)
        relation(con, f"raw.{name}", current_records(extract.contract, [paths[p] for p in selection]))
        outcomes, found = self._judge(con, name, key)
        facts = [_receipt_facts(r, {s.receipt.id: s for s in standings}.get(r.id)) for r in receipts]
        coverage = self._coverage(con, name, standings)
        return self._remember_extract(ExtractState(name, key, facts, selection, outcomes, coverage, found, arrived))

    def make_reference(self) -> DomainState:
        """Read the reference files; one that is wrong keeps them all at the last good set."""
        versions: list[Version] = []
        for table in self.catalog.references:
            key = reference_key(table)
            version = existing(self.lake, table.name, key)
            if version is None:
                con = connect(self.lake.scratch)
                for needed in table.needs:
                    known = [v for v in versions if v.table == needed and v.exists]
                    if known:
                        relation(con, needed, parquet_sql(self.lake.version(needed, known[0].key)))
                version = self._attempt(table, key, lambda t=table, k=key, c=con: read_reference(self.lake, c, t, k))
            versions.append(version)
        return self._remember_domain(REFERENCE, versions, [], "")

    def make_domain(self, domain: str) -> DomainState:
        """Compute and audit the domain's tables; all of them are published together or none is."""
        extracts = [self.extract_state(e) for e in self.catalog.extracts_of(domain)]
        problems = [s.problem for s in extracts if s.problem]
        available: dict[str, str] = {f"raw.{s.extract}": s.key for s in extracts if not s.problem}
        available |= self.domain_state(REFERENCE).tables
        for other in self.catalog.domains:
            if other != domain and (state := self.known_domain_state(other)):
                available |= state.tables
        versions: list[Version] = []
        for table in self.catalog.of_domain(domain):
            if lacking := [n for n in table.needs if n not in available]:
                versions.append(Version(table.name, "", problem=f"{table.name} was not computed: {', '.join(lacking)} is not there."))
                continue
            version = self._version(table, available)
            versions.append(version)
            if version.exists:
                available[table.name] = version.key
        return self._remember_domain(domain, versions, problems, max((s.newest_arrival for s in extracts), default=""))

    def extract_state(self, name: str) -> ExtractState:
        facts = read_json(self._state(f"raw.{name}"))
        return ExtractState(**facts | {"outcomes": [Outcome(**o) for o in facts["outcomes"]]})

    def domain_state(self, domain: str) -> DomainState:
        facts = read_json(self._state(domain))
        versions = [Version(**v | {"outcomes": [Outcome(**o) for o in v["outcomes"]]}) for v in facts["versions"]]
        return DomainState(**facts | {"versions": versions})

    def known_domain_state(self, domain: str) -> DomainState | None:
        return self.domain_state(domain) if self._state(domain).exists() else None

    def connect_to(self, tables: dict[str, str]) -> duckdb.DuckDBPyConnection:
        """A connection with a view for each of `tables` (name -> key) and nothing else."""
        con = connect(self.lake.scratch)
        for name, key in tables.items():
            if name.startswith("raw."):
                extract = name.removeprefix("raw.")
                paths = [str(self.lake.parse(extract, p)) for p in self.extract_state(extract).selection]
                relation(con, name, current_records(self.catalog.contract(name), paths))
            else:
                relation(con, name, parquet_sql(self.lake.version(name, key)))
        return con

    def _version(self, table: Table, available: dict[str, str]) -> Version:
        """Tonight's version of a table whose inputs are all there: the one that exists, else a new one."""
        inputs = {n: available[n] for n in table.needs}

        def key_for(ledger: str) -> str:
            return table_key(table, inputs, self.as_of, ledger)

        key = key_for(Ledger(self.lake, table.name, self.as_of).key_with())
        if version := existing(self.lake, table.name, key):
            return version
        con, lineage = self.connect_to(inputs), column_lineage(self.catalog, table)
        return self._attempt(table, key, lambda: build(self.lake, con, table, key_for, self.as_of, lineage))

    def _attempt(self, table: Table, key: str, make: Any) -> Version:
        """The version `make` gives, or one whose problem is the error: a fault in one table must not stop the others."""
        try:
            version: Version = make()
            return version
        except (duckdb.Error, AuditError, Refused) as error:
            # The text of a database error can quote a value; where persons are behind the values, its kind must do.
            personal = any(self.catalog.contract(n).has_personal_columns for n in (table.name, *table.needs))
            said = type(error).__name__ if personal else str(error).strip().splitlines()[0]
            return Version(table.name, key, problem=f"{table.name} could not be computed: {said}")

    def _judge(self, con: duckdb.DuckDBPyConnection, name: str, key: str) -> tuple[list[Outcome], str | None]:
        """Outcomes of the raw suite on the current records, remembered by key, and what they hold for."""
        extract = self.catalog.extracts[name]
        remembered = self.lake.parse(name, digest(key, extract.contract.audit_fingerprint)).with_suffix(".audit.json")
        if not remembered.exists():
            outcomes = audit(con, extract.contract, raw_suite(extract), f"raw.{name}", {})
            write_json(remembered, [o.as_dict() for o in outcomes])
        outcomes = [Outcome(**o) for o in read_json(remembered)]
        failing = [o.words for o in outcomes if o.holds]
        return outcomes, f"raw.{name} fails {len(failing)} of {len(outcomes)} checks: {' '.join(failing)}" if failing else None

    def _coverage(self, con: duckdb.DuckDBPyConnection, name: str, standings: list[Standing]) -> list[dict[str, Any]]:
        """Per month what the standing deliveries hold: the month grid of the extract."""
        column = self.catalog.extracts[name].contract.dated_by
        counted = [s for s in standings if s.status in ("current", "held")]
        if not column or not counted:
            return []
        parts = " union all ".join(
            f"select '{s.receipt.id}' as receipt, {s.status == 'held'} as is_held, {_month_of(s, column)} as month,"
            f" {column} as dated_at, _errors from read_parquet({literal(str(self.lake.parse(name, s.parse)))})"
            for s in counted
        )
        # A table of months covers each of its months; anything finer covers a month once it reaches the last day.
        reaches = "record.month" if column == "month" else "record.month + interval 1 month - interval 1 day"
        rows = con.execute(f"""
            select
                strftime(record.month, '%Y-%m-%d') as month,
                count(distinct receipt) as receipts,
                count(*) as records,
                count(*) filter (_errors is null) as accepted,
                count(*) filter (_errors is not null) as quarantined,
                strftime(max(dated_at) filter (_errors is null), '%Y-%m-%d') as last_date,
                max(max(dated_at) filter (_errors is null)) over () < {reaches} as is_provisional,
                bool_or(is_held) as is_held
            from ({parts}) as record where _errors is distinct from 'ignored'
            group by record.month order by record.month""")
        names = [d[0] for d in rows.description or []]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    def _state(self, name: str) -> Path:
        return self.lake.state(self.line, name) if self.is_nightly else self.lake.scratch / "state" / f"{name}.json"

    def _remember_extract(self, state: ExtractState) -> ExtractState:
        write_json(self._state(f"raw.{state.extract}"), asdict(state))
        return state

    def _remember_domain(self, domain: str, versions: list[Version], problems: list[str], data_as_of: str) -> DomainState:
        """Tonight's set if all is well, else the last good one with the reason why."""
        # What could not be computed for want of another table is no news beside why that one is not there.
        problems = problems + [v.problem for v in versions if v.problem and v.key] or [v.problem for v in versions if v.problem]
        before, status = self.known_domain_state(domain), "held" if problems else "published"
        since = before.since if before and before.status == status else self.as_of
        tables, as_of = {v.table: v.key for v in versions}, data_as_of
        if problems:
            tables, as_of = (before.tables, before.data_as_of) if before else ({}, "")
        state = DomainState(domain, status, since, " ".join(problems), as_of, tables, versions)
        write_json(self._state(domain), asdict(state))
        return state


def _month_of(standing: Standing, column: str) -> str:
    """SQL for the month a record is counted in: the period the file covers where it says, so that a wrong date is counted there too."""
    period = standing.reading.period
    return f"date '{period}-01'" if period else f"cast(date_trunc('month', {column}) as date)"


def _receipt_facts(receipt: intake.Receipt, standing: Standing | None) -> dict[str, Any]:
    """One row of meta.receipt with the facts of its parse."""
    facts = {k: v for k, v in asdict(receipt).items() if k not in ("sentence", "ordered_by", "inner_name")}
    if standing is None:
        counts = dict.fromkeys(("records", "accepted", "quarantined", "ignored", "current", "superseded", "duplicate", "held"), 0)
        return facts | counts | {"status": "refused", "why": receipt.sentence, "parse": None, "reading": None}
    reading: Reading = standing.reading
    counts = {"records": reading.records, "accepted": reading.accepted, "quarantined": reading.quarantined, "ignored": reading.ignored}
    counts |= {k: getattr(standing, k) for k in ("current", "superseded", "duplicate", "held")}
    return facts | counts | {"status": standing.status, "why": standing.why, "parse": standing.parse, "reading": asdict(reading)}
