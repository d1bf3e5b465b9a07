"""One run over the lake: deliveries taken in, records settled, tables made domain by domain, and what stands recorded.

A run is a sequence of steps that find each other through small records, so that an operator can repeat one of them alone.
`complete` then does what the others did not, so that whatever was chosen ends in a release that agrees with itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from assets.catalog.declared import COVERAGE, LAYERS, RAW, REFERENCE, Catalog
from assets.catalog.keys import coverage_key
from assets.deliveries.coverage import Covered, Windows, by_month
from assets.deliveries.extracts import ExtractState, settled, take_in
from assets.lake.files import FAILED, FROM_BACKUP, Lake, discard
from assets.lake.line import Line
from assets.lake.log import say, warn
from assets.lake.manifests import NIGHTLY
from assets.lake.seals import Damaged, Made, mended
from assets.tables.attempts import Attempts
from assets.tables.domain_state import HELD, PUBLISHED, DomainState
from assets.tables.engines.chosen import chosen
from assets.tables.inputs import NEVER_PUBLISHED, Available, Inputs
from assets.tables.last_good import LastGood
from assets.tables.record import remember_again
from assets.tables.versions import Attempt
from sources.contract import digest
from sources.readers import Readers

# The lookup that says how long deliveries may come late.
TARGETS = "reference.target"


class Night:
    """The steps of one run at the time `now`; `line` is nightly, or names a run of its own for another as_of."""

    def __init__(
        self, lake: Lake, catalog: Catalog, now: datetime, line: str = NIGHTLY, clock: str = "", readers: Readers | None = None
    ) -> None:
        self.lake, self.catalog, self.now, self.clock = lake, catalog, now, clock
        self.line = Line(lake, now, line)
        self.as_of, self.is_nightly = self.line.as_of, self.line.is_nightly
        self.engine = chosen()
        self.readers = readers or self.engine.readers(lake.scratch)
        self.inputs, self._last_good = (
            Inputs(lake, catalog, self.extract_state, self.covered),
            LastGood(self.line, catalog, self._made_again),
        )
        self._attempts = Attempts(self.line, catalog, self.inputs, self._last_good, self.engine)
        self._settled: dict[str, ExtractState] = {}
        self._made_from: dict[str, str] = {}
        self._windows: dict[str, Windows] = {}

    def run(self) -> None:
        """Every step in order, but for publishing."""
        self.make(REFERENCE)
        for extract in self.catalog.extracts:
            self.ingest(extract)
        for _ in self.complete():
            pass

    def ingest(self, name: str) -> ExtractState:
        """Take what lies in landing (nightly only), decide which records are current, and judge them as a whole."""
        state = take_in(self.line, self.catalog.extracts[name], self.readers) if self.is_nightly else self._settle(name)
        self._settled[name] = state
        return state

    def complete(self) -> Iterator[ExtractState | DomainState]:
        """Do what no step of this run has done yet, or has done with what has changed since; each state that is made.

        Landing is left alone: whether deliveries are taken in is the choice of who starts a run.
        """
        for name in self.catalog.extracts:
            if name not in self._settled:
                before, self._settled[name] = self.line.state(ExtractState, name), self._settle(name)
                if before is None or before.key != self._settled[name].key:
                    yield self._settled[name]
        for domain in (REFERENCE, *self.catalog.domains):
            if self._made_from.get(domain) != self._stands_by(domain):
                stood, made = self.line.state(DomainState, domain), self.make(domain)
                if stood is None or (stood.status, stood.why, stood.tables) != (made.status, made.why, made.tables):
                    yield made

    def make(self, domain: str) -> DomainState:
        """Compute (lookups: read) and audit the domain's tables; all of them are published together or none is.

        What is damaged of what they read is made again; a domain stays held for what cannot be.
        """
        try:
            return self.mended(partial(self._made, domain))
        except Damaged as found:
            attempts = [Attempt(t.name, problem=str(found)) for t in self.catalog.of_domain(domain)]
            return self._remember(domain, attempts, [str(found)], "", [])

    def mended(self, make: Callable[[], Made]) -> Made:
        """What `make` makes, after what it finds damaged has been made again. Raises Damaged."""
        return mended(make, self._mend)

    def _mend(self, found: Damaged) -> None:
        """Put away what is damaged, and make it again: what was read of a delivery, a version, an entry of the record. Raises Damaged."""
        parts = found.path.relative_to(self.lake.files).parts if self.lake.files in found.path.parents else ()
        table = self.catalog.tables.get(".".join(parts[:2])) or self.catalog.tables.get(parts[1] if parts[2:] else "")
        if parts[:1] == (self.lake.record.name,):
            if not table or not self.mended(lambda: remember_again(self.lake, table, parts[2])):
                raise found
        elif parts[:1] == (RAW,) and parts[1] in self.catalog.extracts:
            discard(found.path)
            before = self.extract_state(parts[1])
            self._settled[parts[1]] = replace(self._settle(parts[1]), arrived=before.arrived, left=before.left)
            self.line.save(parts[1], self._settled[parts[1]])
        elif len(parts) == 3 and parts[0] in (*LAYERS, REFERENCE, FAILED):
            discard(found.path)
            if table:
                domain = REFERENCE if table.layer == REFERENCE else table.domain
                self._made_from.pop(domain, None)
                self.make(domain)
        else:
            raise found
        warn("damaged, and made again", path=str(found.path))

    def _made(self, domain: str) -> DomainState:
        for path in (self.lake.files / name for name in self.line.gone):
            if not path.exists() and path.relative_to(self.lake.files).parts[1] in self._kept_of(domain):
                raise Damaged(path, "is gone", FROM_BACKUP)
        stands_by = self._stands_by(domain)
        # The first who asks what the lookups say has them made.
        if domain == REFERENCE and self._made_from.get(domain) == stands_by and (made := self.line.state(DomainState, domain)):
            return made
        self._made_from[domain] = stands_by
        behind = [self.extract_state(e) for e in self.catalog.extracts_of(domain)]
        problems = [f.sentence for f in self.catalog.faults_of(domain)] + [s.problem for s in behind if s.problem]
        while True:
            unsafe, attempts = self._attempts.unsafe_of(domain), self._attempted(domain)
            # Whole tables come first: what they were revised to may be too much for their parts, and then all is made without it.
            if self._attempts.unsafe_of(domain) == unsafe:
                break
        late = [s.extract for s in behind if s.is_late]
        newest = max((d.receipt.received_at for s in behind for d in s.deliveries if d.current), default="")
        return self._remember(domain, attempts, problems, newest, late)

    def _kept_of(self, domain: str) -> set[str]:
        """What the folders of the ledger and the record are called that a domain's tables read."""
        tables = self.catalog.of_domain(domain)
        return {t.name for t in tables} | {d.was.table for t in tables if (d := t.contract.disclosure) and d.was}

    def _attempted(self, domain: str) -> list[Attempt]:
        """Tonight's version of each table of a domain."""
        available = self._available(domain)
        attempts: list[Attempt] = []
        foreign = {t.name for t in self.catalog.computed if t.domain != domain} | {*self.catalog.absent}
        for table in self.catalog.of_domain(domain):
            there: Available = available
            if table.contract.takes_absent_as_empty:
                there = dict.fromkeys(foreign & set(table.needs), NEVER_PUBLISHED) | available
            if lacking := [n for n in table.needs if n not in there]:
                attempts.append(Attempt(table.name, problem=f"{table.name} was not computed: {', '.join(lacking)} is not there."))
                continue
            attempt = self._attempts.of_lookup(table, there) if domain == REFERENCE else self._attempts.of_table(table, there)
            attempts.append(attempt)
            if attempt.stands:
                available[table.name] = attempt.key
        return attempts

    def extract_state(self, name: str) -> ExtractState:
        """What stands of an extract: as this run has settled it, else as the one before left it."""
        if name not in self._settled and (known := self.line.state(ExtractState, name)):
            return known
        return self._settled.get(name) or self._settled.setdefault(name, self._settle(name))

    @property
    def windows(self) -> Windows:
        """How late deliveries may come, by the lookups as this run has made them."""
        if REFERENCE not in self._made_from:
            self.make(REFERENCE)
        made = self._made_from[REFERENCE]
        if made not in self._windows:
            self._windows[made] = self.mended(self._windows_tonight)
        return self._windows[made]

    def _windows_tonight(self) -> Windows:
        lookups = self.line.state(DomainState, REFERENCE)
        key = lookups.tables.get(TARGETS) if lookups else None
        return self.inputs.windows(TARGETS, key) if key else {}

    def covered(self, name: str) -> list[Covered]:
        """The months that the deliveries of an extract cover."""
        return by_month(self.catalog.extracts[name].contract.delivery, self.windows, self.extract_state(name).coverage)

    def delivered(self, state: ExtractState) -> dict[str, str]:
        """What names the records of an extract that are in force, and the months that its deliveries cover."""
        named = {f"{RAW}.{state.extract}": state.key}
        if state.extract in self.catalog.extracts:
            named[f"{COVERAGE}.{state.extract}"] = coverage_key(self.covered(state.extract))
        return named

    def _settle(self, name: str) -> ExtractState:
        return settled(self.line, self.catalog.extracts[name], self.readers)

    def _available(self, domain: str) -> dict[str, str]:
        """What the domain's tables may read: current records, lookups, and what is published of other domains."""
        states = [self.extract_state(e) for e in self.catalog.extracts_of(domain)]
        available = {name: key for s in states if not s.problem and domain != REFERENCE for name, key in self.delivered(s).items()}
        for other in (REFERENCE, *self.catalog.domains):
            if other != domain and (state := self.line.state(DomainState, other)):
                available |= state.tables
        return available

    def _stands_by(self, domain: str) -> str:
        """Names all that what is made of the domain depends on, but for its own SQL and contracts."""
        available = self._available(domain)
        needs = sorted({n for t in self.catalog.of_domain(domain) for n in t.needs})
        return digest([(n, available.get(n)) for n in needs], [self.extract_state(e).problem for e in self.catalog.extracts_of(domain)])

    def _made_again(self, domain: str, at: datetime) -> DomainState | None:
        """What a run at an earlier time makes of a domain."""
        then = Night(self.lake, self.catalog, at, f"as it was at {at.isoformat(timespec='microseconds')}", readers=self.readers)
        then.run()
        return then.line.state(DomainState, domain)

    def _remember(self, domain: str, attempts: list[Attempt], problems: list[str], data_as_of: str, late: list[str]) -> DomainState:
        """Tonight's set if all is well, else the last good one with the reason why."""
        # What could not be computed for want of another table is no news beside why that one is not there.
        problems = problems + [a.problem for a in attempts if a.problem and a.key] or [a.problem for a in attempts if a.problem]
        failing = [a.marked for a in attempts if a.marked]
        # What fails by now may stay, and nothing new beside it: a figure is not published by a set that does not hold.
        if failing and not all(a.version and self._last_good.is_published(a.version) for a in attempts):
            problems += failing
        before, status = self._last_good.before(domain), HELD if problems else PUBLISHED
        since = before.since if before and before.status == status else self.as_of
        tables, as_of = {a.table: a.key for a in attempts}, data_as_of
        if problems:
            tables, as_of = self._last_good.kept(domain, before)
        marks = [f"{m} It was published before, and stays." for m in failing]
        state = DomainState(domain, status, since, " ".join(problems or marks), as_of, tables, attempts, late)
        self.line.save(domain, state)
        for attempt in attempts:
            if attempt.problem and attempt.key:
                warn("table failed", table=attempt.table, version=attempt.key, why=attempt.problem)
            elif attempt.version and attempt.stands and not attempt.unchanged:
                say("table made", table=attempt.table, version=attempt.key, rows=attempt.version.rows)
        (warn if state.why else say)(f"domain {status}", domain=domain, **({"why": state.why} if state.why else {}))
        return state
