"""One extract of a run: what lies in landing is taken in, which records are current is settled, and they are judged as a whole.

Bad input makes a refused receipt or a `problem`, never an exception.
"""

from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import inf
from typing import Any, ClassVar

import duckdb

from assets.catalog.declared import RAW, Catalog
from assets.catalog.freshness import Freshness, judge, kept_promises
from assets.catalog.keys import audit_key, current_key
from assets.deliveries.claims import claim_of
from assets.deliveries.coverage import Month, coverage
from assets.deliveries.intake import Swept, sweep
from assets.deliveries.readings import reading_of, whole
from assets.deliveries.receipts import Receipt, receipts, write_receipt
from assets.deliveries.rules import found_of
from assets.deliveries.standing import Ask, Decided, Rows, Standing, current_records, lacking_in_full, settle
from assets.lake.decisions import decisions, receipt_of
from assets.lake.files import Lake, beside, discard, recalled, remedy, save
from assets.lake.line import Line
from assets.lake.log import say, warn
from assets.lake.seals import Damaged, mended
from expectations.runner import AuditError, audit
from expectations.suite import Outcome, failing, raw_rules
from sources.contract import Contract, digest
from sources.duck import Connection, open_shared, relation, said_of
from sources.layout import Extract, LayoutFault
from sources.parse import PARQUET
from sources.paths import quoted
from sources.readers import NotReadable, Readers, Stopped
from sources.reading import Reading
from sources.reasons import Refused


@dataclass(frozen=True)
class ExtractState:
    """What stands of an extract: its deliveries in order, the parses its current records come from, and what was found in them.

    `key` names the current records, `arrived` the receipts of this run, `problem` says why nothing new can be made of it, `left` why
    files were left in landing (`assets.deliveries.landing.identity`).
    """

    FOLDER: ClassVar[str] = "extracts"

    extract: str
    key: str
    deliveries: list[Standing]
    selection: list[str]
    outcomes: list[Outcome] = field(default_factory=list)
    coverage: list[Month] = field(default_factory=list)
    # Selected parse -> the later full file of the same sender; `lacking` counts current records that those no longer hold.
    full: dict[str, str] = field(default_factory=dict)
    lacking: int = 0
    problem: str = ""
    arrived: list[str] = field(default_factory=list)
    freshness: Freshness = field(default_factory=Freshness)
    left: dict[str, str] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        """Whether it breaks a promise of time: no delivery by the deadline, or no recent record."""
        return self.freshness.is_late or self.freshness.is_stale


class NoLongerRead(Exception):
    """A delivery that was read before and no longer can be. The text says which, and why."""


def take_in(line: Line, extract: Extract, readers: Readers) -> ExtractState:
    """Take every complete file from landing, and settle what stands. Files of an extract that cannot be used wait."""
    if not extract.is_usable:
        return settled(line, extract, readers)
    return settled(line, extract, readers, sweep(line.lake, extract, readers, line.now))


def settled(line: Line, extract: Extract, readers: Readers, swept: Swept | None = None) -> ExtractState:
    """What stands of the extract by the receipts and decisions up to now; remembered on the line. `swept` came with this run."""
    if not extract.is_usable:
        # Nothing of it has changed that could be told: its domain is held by what is wrong with it.
        known = line.state(ExtractState, extract.name)
        return replace(known, arrived=[]) if known else ExtractState(extract.name, "", [], [], problem="it has never been read")
    swept = swept or Swept()
    state = _standing(line, extract, readers, [r.id for r in swept.arrived])
    faults = " ".join(sorted(swept.faults))
    state = _told(replace(state, left=swept.left, problem=" ".join(filter(None, (state.problem, faults)))))
    line.save(state.extract, state)
    return state


def unread(line: Line, catalog: Catalog) -> list[ExtractState]:
    """What stood of extracts whose contract cannot be used just now: nothing of theirs has changed since."""
    names = [n for n in line.names(ExtractState) if n not in catalog.extracts and catalog.domain_of_extract(n)]
    return [state for n in names if (state := line.state(ExtractState, n))]


def left_by_newest_run(lake: Lake) -> dict[str, str]:
    """The files that the newest night left in landing (`assets.deliveries.landing.identity`), and why."""
    states = (recalled(path, ExtractState) for path in (lake.files / ExtractState.FOLDER).glob("[!.]*.json"))
    return {file: why for state in states if state for file, why in state.left.items()}


def current_view(lake: Lake, con: duckdb.DuckDBPyConnection, contract: Contract, state: ExtractState) -> None:
    """A view of the extract's current records on `con`. Which version of a record is the last is worked out once a run."""
    deletes = contract.delivery.absent == "deleted"
    full = {p: str(whole(lake, state.extract, f)) for p, f in state.full.items()} if deletes else {}
    files = [(str(whole(lake, state.extract, p)), full.get(p)) for p in state.selection]
    has_versions = contract.delivery.mode == "upsert" and any(d.superseded or d.duplicate for d in state.deliveries)
    select = current_records(contract, files, has_versions)
    if has_versions:
        settled_once = lake.scratch / f"{state.extract}-{state.key}.parquet"
        if not settled_once.exists():
            part = beside(settled_once)
            con.execute(f"copy ({select}) to {quoted(part)} ({PARQUET})")
            part.replace(settled_once)
        select = f"select * from read_parquet({quoted(settled_once)})"
    relation(con, f"raw.{state.extract}", select)


def _standing(line: Line, extract: Extract, readers: Readers, arrived: list[str]) -> ExtractState:
    """What stands; where nothing new can be made of it as it stood, with the reason.

    What was read of a delivery and is damaged is read again; a receipt that is gone is written again as the newest night knew it.
    """
    lake, name = line.lake, extract.name

    def mend(found: Damaged) -> None:
        known = recalled(lake.files / ExtractState.FOLDER / f"{name}.json", ExtractState)
        receipt = next((d.receipt for d in known.deliveries if d.receipt.id == found.path.stem), None) if known else None
        if lake.files / RAW in found.path.parents:
            discard(found.path)
        elif receipt and found.path.parent == lake.receipts:
            write_receipt(lake, receipt)
        else:
            raise found
        warn("damaged, and made again", path=str(found.path))

    try:
        for path in (lake.files / n for n in line.gone if receipt_of(n).rpartition("-")[0] == name):
            if path.parent != lake.receipts or not path.exists():
                mend(Damaged(path, "is gone, or not what was written", remedy(path)))
        return mended(lambda: _settled(line, extract, readers, arrived), mend)
    except (Damaged, NoLongerRead) as why:
        empty = ExtractState(name, "", [], [])
        return replace(line.state(ExtractState, name) or empty, problem=str(why), arrived=arrived)


def _settled(line: Line, extract: Extract, readers: Readers, arrived: list[str]) -> ExtractState:
    lake, name, contract = line.lake, extract.name, extract.contract
    # Where nothing is new nothing is asked.
    con = cache(partial(open_shared, lake.scratch))
    received, decided = receipts(lake, extract, line.as_of), decisions(lake, line.as_of)
    read: list[Standing] = []
    try:
        for receipt in received:
            if not receipt.is_put_away:
                try:
                    parse, reading = _read_twice(lake, extract, receipt, readers)
                except Refused:
                    # What is taken back need not be readable any more.
                    if ("withdraw", receipt.id) in decided:
                        continue
                    raise
                read.append(Standing(receipt, parse, reading, claim=claim_of(extract, receipt, reading)))
    except (Refused, LayoutFault, NotReadable, Stopped) as error:
        why = error.told(contract.has_personal_columns) if isinstance(error, Refused) else str(error)
        problem = f"{receipt.file_name} was read before and no longer can be: {why}"
        raise NoLongerRead(problem) from None
    paths = {d.parse: str(lake.parse(name, d.parse)) for d in read if d.parse}
    asked = partial(_asked, line, con, name, [d.parse for d in read if d.parse])
    standings, selected = settle(contract, read, decided, paths, partial(asked, "standing"))
    selection, full = [s.parse for s in selected], {s.parse: s.full for s in selected if s.full}
    found = {s.receipt.id: s for s in standings}
    deliveries = [found.get(r.id) or _put_away(r, decided) for r in received]
    key = current_key(extract, contract.delivery, selection, full)
    months = coverage(contract, standings, paths, partial(asked, "coverage"))
    # An empty delivery is told (`assets.raw`); it is none that anybody waited for.
    arrivals = [d.receipt.received_at for d in deliveries if d.status not in ("refused", "withdrawn") and not d.is_empty]
    fresh = judge(contract, arrivals, max((m.last_date for m in months if m.last_date and m.is_covered), default=None), line.now)
    lacking = _lacking(contract, selection, full, paths, partial(asked, "lacking"))
    promises = line.accepting(f"raw.{name}", kept_promises(contract, fresh) + found_of(contract, standings, months, lacking))
    state = ExtractState(name, key, deliveries, selection, [], months, full, lacking, "", arrived, fresh)
    try:
        outcomes = _judged(line, con, contract, state) + promises
        # How many persons a number must describe is known once the lookups are: no number is told where there are any.
        problem = failing(f"raw.{name}", outcomes, inf if contract.has_personal_columns else 1)
    except (AuditError, duckdb.Error) as error:
        outcomes, problem = promises, f"raw.{name} could not be judged: {said_of(error, contract.has_personal_columns)}"
    return replace(state, outcomes=outcomes, problem=problem)


def _lacking(contract: Contract, selection: list[str], full: dict[str, str], paths: dict[str, str], ask: Ask) -> int:
    """How many records are in force that the newest full file of their sender does not hold, where the contract lets them stand."""
    if not full or contract.delivery.absent:
        return 0
    files = [(paths[p], paths[full[p]] if p in full else None) for p in selection]
    return int(ask(lacking_in_full(contract, files))[0][0])


def _read_twice(lake: Lake, extract: Extract, receipt: Receipt, readers: Readers) -> tuple[str, Reading]:
    """What is read of a delivery; a process that died of something else is no fault of the file."""
    try:
        return reading_of(lake, extract, receipt.content, receipt.inner_name, readers)
    except Stopped:
        return reading_of(lake, extract, receipt.content, receipt.inner_name, readers)


def _put_away(receipt: Receipt, decided: Decided) -> Standing:
    """Where a file stands of which nothing was taken."""
    why = receipt.sentence or ""
    if not receipt.is_put_away and (withdrawn := decided.get(("withdraw", receipt.id))):
        return Standing(receipt, status="withdrawn", why=f"withdrawn: {withdrawn}")
    if not receipt.is_unread:
        return Standing(receipt, why=why)
    if withdrawn := decided.get(("withdraw", receipt.id)):
        return Standing(receipt, status="withdrawn", why=f"withdrawn: {withdrawn}")
    if said := decided.get(("accept", receipt.id)):
        return Standing(receipt, status="superseded", why=f"read again: {said}")
    return Standing(receipt, status="held", why=why)


def _judged(line: Line, con: Connection, contract: Contract, state: ExtractState) -> list[Outcome]:
    """What the raw suite finds of the current records, with what operators let pass."""
    table, rules = f"raw.{state.extract}", raw_rules(contract)

    def ask() -> list[Outcome]:
        current_view(line.lake, con(), contract, state)
        return audit(con(), contract, rules, table, {})

    key = audit_key(state.key, rules, {}, contract.has_personal_columns)
    return line.judged(table, state.key, key, rules, ask)


def _asked(line: Line, con: Connection, name: str, parses: list[str], what: str, sql: str) -> Rows:
    """Rows of a query over an extract's parses, which never change: the nightly line asks again only when the query is another."""
    kept, query = line.lake.parse(name, what).with_suffix(".asked.json"), digest(sql)
    if line.is_nightly and (known := recalled(kept, dict[str, Any])) and known["query"] == query:
        return list(known["rows"])
    for parse in parses:
        whole(line.lake, name, parse)
    rows = con().execute(sql).fetchall()
    if line.is_nightly:
        save(kept, {"query": query, "rows": rows})
    return rows


def _told(state: ExtractState) -> ExtractState:
    for delivery in (d for d in state.deliveries if d.receipt.id in state.arrived):
        counts = {"records": delivery.records, "accepted": delivery.accepted, "quarantined": delivery.quarantined}
        facts = {"receipt": delivery.receipt.id, "extract": state.extract, "status": delivery.status, **counts}
        if delivery.status in ("refused", "held"):
            warn(f"delivery {delivery.status}", **facts, why=delivery.why)
        else:
            say("delivery taken", **facts)
    if state.is_late:
        warn("extract late", extract=state.extract, why=state.freshness.why)
    return state
