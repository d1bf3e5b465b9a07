"""One run over the lake: deliveries taken in, records settled, tables made domain by domain, and what stands recorded.

A run is a sequence of steps that find each other through small state files, so that an operator can repeat one of them alone.
The `nightly` line remembers; a run for another `as_of` starts from the receipts and forgets its states.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from assets import intake
from assets.catalog import REFERENCE, Catalog, Table, raw_suite
from assets.compute import Version, build, existing, parquet_sql, read_reference, relation
from assets.current import Rows, Standing, current_records, settle
from assets.decisions import accepted_checks, decisions
from assets.disclosure import Ledger
from assets.freshness import Freshness, judge, kept_promises
from assets.history import last_published, manifests
from assets.lake import Lake, beside, read_json, write_json
from assets.lineage import column_lineage
from assets.log import say, warn
from assets.plan import current_key, reference_key, table_key
from expectations.runner import AuditError, Outcome, audit
from sources.casts import literal
from sources.contract import Contract, digest
from sources.duck import connect
from sources.parse import PARQUET, Reading
from sources.reasons import Refused

NIGHTLY = "nightly"
# The key of a table that is not there yet and counts as empty for a contract that says so (`inputs`).
NEVER_PUBLISHED = "never published"


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
    freshness: Freshness = field(default_factory=Freshness)

    @property
    def is_late(self) -> bool:
        """Whether it breaks a promise of time: no delivery by the deadline, or no recent record."""
        return self.freshness.is_late or self.freshness.is_stale

    @property
    def newest_arrival(self) -> str:
        return max((r["received_at"] for r in self.receipts if r["current"]), default="")

    def total(self, count: str) -> int:
        return sum(r[count] for r in self.receipts)


@dataclass(frozen=True)
class DomainState:
    """What stands of a domain (or of the reference tables): the versions that belong together, and whether they are tonight's.

    `versions` are tonight's, those that failed included; `tables` maps each table to the key that is published, last good if held.
    `late` are its extracts that break a promise of time.
    """

    domain: str
    status: str
    since: str
    why: str
    data_as_of: str
    tables: dict[str, str]
    versions: list[Version] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.status == "held"


class Night:
    """The steps of one run at the time `now`; `line` is nightly, or names a run of its own for another as_of."""

    def __init__(self, lake: Lake, catalog: Catalog, now: datetime, line: str = NIGHTLY) -> None:
        self.lake, self.catalog, self.now, self.line = lake, catalog, now, line
        self.as_of = now.isoformat(timespec="microseconds")
        self.accepted = accepted_checks(lake, self.as_of)

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
        standings, selection = settle(
            extract.contract, deliveries, decisions(self.lake, self.as_of), paths, partial(self._asked, con, name, "standing")
        )
        key = current_key(extract, extract.contract.delivery, selection)
        facts = [_receipt_facts(r, {s.receipt.id: s for s in standings}.get(r.id)) for r in receipts]
        coverage = self._coverage(con, name, standings)
        fresh = self._freshness(extract.contract, facts, coverage)
        outcomes = self._judge(con, name, key, selection, facts) + self._accepting(f"raw.{name}", kept_promises(extract.contract, fresh))
        failing = [o.words for o in outcomes if o.holds]
        found = f"raw.{name} fails {len(failing)} of {len(outcomes)} checks: {' '.join(failing)}" if failing else None
        return self._remember_extract(ExtractState(name, key, facts, selection, outcomes, coverage, found, arrived, fresh))

    def make_reference(self) -> DomainState:
        """Read the reference files; one that is wrong keeps them all at the last good set."""
        versions: list[Version] = []
        con = connect(self.lake.scratch)
        for table in self.catalog.references:
            accepted = self._accepted_of(table.name)
            key = reference_key(table, accepted)
            version = existing(self.lake, table.name, key)
            if version is None:
                version = self._attempt(table, key, lambda t=table, k=key, a=accepted: read_reference(self.lake, con, t, k, a))
            if version.exists:
                relation(con, table.name, parquet_sql(self.lake.version(table.name, version.key)))
            versions.append(replace(version, outcomes=self._accepting(table.name, version.outcomes)))
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
        foreign = {t.name for t in self.catalog.computed if t.domain != domain}
        for table in self.catalog.of_domain(domain):
            there = available
            if table.contract.takes_absent_as_empty:
                there = dict.fromkeys(foreign & set(table.needs), NEVER_PUBLISHED) | available
            if lacking := [n for n in table.needs if n not in there]:
                versions.append(Version(table.name, "", problem=f"{table.name} was not computed: {', '.join(lacking)} is not there."))
                continue
            version = self._version(table, there)
            versions.append(replace(version, outcomes=self._accepting(table.name, version.outcomes)))
            if version.exists:
                available[table.name] = version.key
        late = [s.extract for s in extracts if s.is_late]
        return self._remember_domain(domain, versions, problems, max((s.newest_arrival for s in extracts), default=""), late)

    def extract_state(self, name: str) -> ExtractState:
        facts = read_json(self._state(f"raw.{name}"))
        fresh = Freshness(**facts.get("freshness", {}))
        return ExtractState(**facts | {"outcomes": [Outcome(**o) for o in facts["outcomes"]], "freshness": fresh})

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
            if key == NEVER_PUBLISHED:
                relation(con, name, current_records(self.catalog.contract(name), []))
            elif name.startswith("raw."):
                state = self.extract_state(name.removeprefix("raw."))
                self._current(con, state.extract, key, state.selection, state.receipts)
            else:
                relation(con, name, parquet_sql(self.lake.version(name, key)))
        return con

    def _current(self, con: duckdb.DuckDBPyConnection, name: str, key: str, selection: list[str], receipts: list[dict[str, Any]]) -> None:
        """A view of the extract's current records on `con`. Which version of a record is the last is worked out once a run."""
        contract, paths = self.catalog.extracts[name].contract, [str(self.lake.parse(name, p)) for p in selection]
        has_versions = contract.delivery.mode == "upsert" and any(r["superseded"] or r["duplicate"] for r in receipts)
        select = current_records(contract, paths, has_versions)
        if has_versions:
            settled = self.lake.scratch / f"{name}-{key}.parquet"
            if not settled.exists():
                part = beside(settled)
                con.execute(f"copy ({select}) to {literal(str(part))} ({PARQUET})")
                part.replace(settled)
            select = parquet_sql(settled)
        relation(con, f"raw.{name}", select)

    def _version(self, table: Table, available: dict[str, str]) -> Version:
        """Tonight's version of a table whose inputs are all there: the one that exists, else a new one."""
        inputs, accepted = {n: available[n] for n in table.needs}, self._accepted_of(table.name)

        def key_for(ledger: str) -> str:
            return table_key(table, inputs, self.as_of, ledger, accepted)

        key = key_for(Ledger(self.lake, table.name, self.as_of).key_with())
        if version := existing(self.lake, table.name, key):
            return version
        con, lineage = self.connect_to(inputs), column_lineage(self.catalog, table)
        return self._attempt(table, key, lambda: build(self.lake, con, table, key_for, self.as_of, lineage, accepted))

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

    def _accepted_of(self, table: str) -> list[str]:
        """Names of the table's checks that may fail tonight."""
        return sorted(c.removeprefix(f"{table}.") for c in self.accepted if c.rpartition(".")[0] == table)

    def _accepting(self, table: str, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes with who accepts that they fail, and until when."""
        found = ((o, self.accepted.get(f"{table}.{o.name}")) for o in outcomes)
        return [replace(o, accepted_until=a.until, accepted_reason=a.reason) if a and not o.passed else o for o, a in found]

    def _freshness(self, contract: Contract, receipts: list[dict[str, Any]], coverage: list[dict[str, Any]]) -> Freshness:
        arrivals = [r["received_at"] for r in receipts if r["status"] not in ("refused", "withdrawn")]
        return judge(contract, arrivals, max((c["last_date"] for c in coverage if c["last_date"]), default=None), self.now)

    def _judge(
        self, con: duckdb.DuckDBPyConnection, name: str, key: str, selection: list[str], receipts: list[dict[str, Any]]
    ) -> list[Outcome]:
        """Outcomes of the raw suite on the current records, remembered by key."""
        extract = self.catalog.extracts[name]
        remembered = self.lake.parse(name, digest(key, extract.contract.audit_fingerprint)).with_suffix(".audit.json")
        if not remembered.exists():
            self._current(con, name, key, selection, receipts)
            outcomes = audit(con, extract.contract, raw_suite(extract), f"raw.{name}", {})
            write_json(remembered, [o.as_dict() for o in outcomes])
        return self._accepting(f"raw.{name}", [Outcome(**o) for o in read_json(remembered)])

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
        rows = self._asked(
            con,
            name,
            "coverage",
            f"""
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
            group by record.month order by record.month""",
        )
        names = ("month", "receipts", "records", "accepted", "quarantined", "last_date", "is_provisional", "is_held")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _asked(self, con: duckdb.DuckDBPyConnection, name: str, what: str, sql: str) -> Rows:
        """Rows of a query over an extract's parses, which never change: the nightly line asks again only when the query is another."""
        kept, query = self.lake.parse(name, what).with_suffix(".asked.json"), digest(sql)
        if self.is_nightly and kept.exists() and (known := read_json(kept))["query"] == query:
            return list(known["rows"])
        rows = con.execute(sql).fetchall()
        if self.is_nightly:
            write_json(kept, {"query": query, "rows": rows})
        return rows

    def _state(self, name: str) -> Path:
        return self.lake.state(self.line, name) if self.is_nightly else self.lake.scratch / "state" / self.line / f"{name}.json"

    def _stood(self, domain: str) -> DomainState | None:
        """What stood of the domain before this run: as the run before it left it, else as the releases up to now tell.

        A run for another time and a rebuild have no run before them. Versions that are gone are made again as they were then.
        """
        if state := self.known_domain_state(domain):
            return state
        history = [m for m in manifests(self.lake, self.as_of) if domain in m["domains"]]
        if not history:
            return None
        newest, tables, data_as_of = history[0]["domains"][domain], dict[str, str](), ""
        if good := last_published(history, domain):
            tables, data_as_of = self._tables_of(domain, good), good["domains"][domain]["data_as_of"]
        if not all(self.lake.version(table, key).exists() for table, key in tables.items()):
            good = last_published([m for m in history if m["as_of"] < self.as_of], domain)
            if good:
                then = Night(self.lake, self.catalog, datetime.fromisoformat(good["as_of"]), f"before {self.line}")
                then.run()
                tables, data_as_of = then.domain_state(domain).tables, then.domain_state(domain).data_as_of
        return DomainState(domain, newest["status"], newest["since"], newest["why"], data_as_of, tables)

    def _tables_of(self, domain: str, manifest: dict[str, Any]) -> dict[str, str]:
        declared = {n: t.domain for n, t in self.catalog.tables.items()}
        return {table: key for table, key in manifest["tables"].items() if declared.get(table) == domain}

    def _remember_extract(self, state: ExtractState) -> ExtractState:
        write_json(self._state(f"raw.{state.extract}"), asdict(state))
        for receipt in (r for r in state.receipts if r["id"] in state.arrived):
            counts = {k: receipt[k] for k in ("records", "accepted", "quarantined")}
            facts = {"receipt": receipt["id"], "extract": state.extract, "status": receipt["status"], **counts}
            if receipt["status"] in ("refused", "held"):
                warn(f"delivery {receipt['status']}", **facts, why=receipt["why"])
            else:
                say("delivery taken", **facts)
        if state.is_late:
            warn("extract late", extract=state.extract, why=state.freshness.why)
        return state

    def _remember_domain(
        self, domain: str, versions: list[Version], problems: list[str], data_as_of: str, late: list[str] | None = None
    ) -> DomainState:
        """Tonight's set if all is well, else the last good one with the reason why."""
        # What could not be computed for want of another table is no news beside why that one is not there.
        problems = problems + [v.problem for v in versions if v.problem and v.key] or [v.problem for v in versions if v.problem]
        before, status = self._stood(domain), "held" if problems else "published"
        since = before.since if before and before.status == status else self.as_of
        tables, as_of = {v.table: v.key for v in versions}, data_as_of
        if problems:
            tables, as_of = (before.tables, before.data_as_of) if before else ({}, "")
        state = DomainState(domain, status, since, " ".join(problems), as_of, tables, versions, late or [])
        write_json(self._state(domain), asdict(state))
        for version in versions:
            if version.problem and version.key:
                warn("table failed", table=version.table, version=version.key, why=version.problem)
            elif version.exists and not version.unchanged:
                say("table made", table=version.table, version=version.key, rows=version.rows)
        (warn if state.is_held else say)(f"domain {status}", domain=domain, **({"why": state.why} if state.is_held else {}))
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
