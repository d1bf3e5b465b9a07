"""The `meta` schema of a release: how its figures came to be, and how far they can be trusted.

Written from the states of a run; not part of a release's logical hash.
"""

from collections.abc import Callable
from dataclasses import astuple
from datetime import date, datetime
from functools import cache
from typing import Any

from assets.catalog.declared import MARTS, REFERENCE, Catalog, Lineage
from assets.catalog.freshness import freshness_rules
from assets.catalog.verified import unverified
from assets.deliveries.coverage import Windows, is_final, state_of
from assets.deliveries.extracts import ExtractState
from assets.deliveries.few import band, told, told_counts
from assets.deliveries.standing import Standing
from assets.lake.decisions import Decision
from assets.lake.manifests import Manifest, Told
from assets.releases.calendar import expected
from assets.releases.semantics import measures, relationships
from assets.tables.closure import Agreed
from assets.tables.domain_state import DomainState
from assets.tables.versions import Version, Waiting, WithheldCount
from sources.contract import Contract
from sources.documents import read
from sources.reading import Reading
from sources.settings import PROJECT
from sources.stamp import next_month
from sources.vocabulary import Column, Model

Rows = list[tuple[Any, ...]]
# Layers that analysts see.
SHOWN = (MARTS, REFERENCE)
# The target that says how long published figures may wait to be revised.
REVISION_DUE = "revision_due_after"


class MetaColumn(Model):
    """A column: its DuckDB type and what it says."""

    type: str
    meaning: str


class MetaTable(Model):
    """A table: what a row is, and its columns in order."""

    row: str
    columns: dict[str, MetaColumn]


@cache
def tables() -> dict[str, MetaTable]:
    """The tables of the schema, as `expectations/meta.yaml` describes them."""
    document = read(PROJECT / "expectations" / "meta.yaml")
    return {name: document.valid(MetaTable, table) for name, table in document.content.items()}


def rows(
    catalog: Catalog,
    release: Manifest,
    stands: Agreed,
    published: list[Version],
    windows: Windows,
    revision: Rows,
    decided: list[Decision],
) -> dict[str, Rows]:
    """The rows of every one of `tables`, in the order of its columns. `published` are the versions that stand, `windows` says how late
    deliveries may come and how long revisions may wait, `decided` is what operators decided.
    """
    extracts, domains = stands.extracts, stands.domains
    deliveries = [(e.extract, d) for e in extracts for d in e.deliveries]
    readings = {d.parse: (extract, d.reading) for extract, d in deliveries if d.parse and d.reading}
    lineages = {v.table: v.lineage for v in published}
    marts = [t.name for t in catalog.computed if t.layer == MARTS]

    def least(name: str) -> float:
        return catalog.least_told(name, date.fromisoformat(release.as_of[:10]))

    fewest = catalog.fewest_persons(date.fromisoformat(release.as_of[:10]))
    return {
        "release": [(release.release, release.as_of, release.created_at, release.line, release.made_by or None)],
        "receipt": [_receipt(d) for _, d in deliveries],
        "parse": [_parse(key, extract, reading) for key, (extract, reading) in readings.items()],
        "quarantine_summary": [
            (k, extract, reason, told(n, least(f"raw.{extract}")))
            for k, (extract, r) in readings.items()
            for reason, n in r.reasons.items()
        ],
        "check_result": _checks(catalog, extracts, domains, least),
        "suppression": [_withheld(v.table, w) for v in published for w in v.withheld],
        "domain_status": [_domain(catalog, d, release.domains[d.domain], extracts) for d in domains],
        "freshness": [_freshness(catalog, e) for e in extracts if e.extract in catalog.extracts],
        "revision": revision,
        "pending_revision": [_pending(v.table, w, release, windows, fewest) for v in published for w in v.waiting],
        "decision": [
            (d.decided_at, d.decision, about or None, d.until or None, d.reason, d.decided_by or None)
            for d in decided
            for about in (d.receipt or d.check or d.release or d.month,)
        ],
        "coverage": [row for e in extracts for row in _coverage(catalog, e, windows, least(f"raw.{e.extract}"))],
        "release_calendar": [astuple(e) for e in expected(catalog, extracts, windows, datetime.fromisoformat(release.as_of))],
        "unverified": [(name, u.lookup, u.rows, u.of_rows) for name in marts for u in unverified(catalog, name)],
        "column_dictionary": dictionary(catalog, lineages),
        "measure": measures(catalog, lineages),
        "relationship": relationships(catalog, lineages),
    }


def dictionary(catalog: Catalog, lineages: dict[str, Lineage]) -> Rows:
    """meta.column_dictionary: what analysts see, marts before reference."""
    shown = [t for t in catalog.tables.values() if t.layer == MARTS] + catalog.references
    return [
        (
            t.name,
            i,
            c.name,
            c.physicalType,
            c.unit,
            c.aggregate,
            c.businessName,
            c.description,
            c.name in t.contract.key,
            ", ".join(f"{table}.{name}" for table, name in lineages.get(t.name, {}).get(c.name, [])),
        )
        for t in shown
        for i, c in enumerate(t.contract.columns, start=1)
    ]


def table_comment(contract: Contract) -> str:
    """Limitations first: who reads one sentence must read that one."""
    said = [contract.description.limitations, contract.description.purpose, f"One row: {contract.object.dataGranularityDescription}"]
    return " ".join(s for s in said if s)


def column_comment(column: Column, called: str | None) -> str:
    """What a column is `called` elsewhere, before what it means."""
    unit = f" Unit: {column.unit}." if column.unit else ""
    return f"{called}: {column.description}{unit}" if called else f"{column.description}{unit}"


def _withheld(table: str, count: WithheldCount) -> tuple[Any, ...]:
    share = round(count.amount / count.of_amount, 9) if count.amount is not None and count.of_amount else None
    amounts = (count.amount, count.of_amount, share)
    return (table, count.period or None, count.measures, count.cells, count.of_cells, *amounts, count.choice or None)


def _pending(table: str, waiting: Waiting, release: Manifest, windows: Windows, least: float) -> tuple[Any, ...]:
    since, now = datetime.fromisoformat(waiting.since), datetime.fromisoformat(release.as_of)
    ends = [next_month(since.date(), int(w.value)) for w in windows.get(REVISION_DUE, ()) if w.valid_from <= since.date() <= w.valid_to]
    is_due = any(now.date() >= end for end in ends)
    return (table, waiting.period, band(waiting.rows, least), band(waiting.cells, least), waiting.since, is_due)


def _receipt(delivery: Standing) -> tuple[Any, ...]:
    receipt = delivery.receipt
    arrival = (receipt.id, receipt.extract, receipt.file_name, receipt.received_at, receipt.bytes, receipt.content)
    counts = (delivery.accepted, delivery.current, delivery.superseded, delivery.duplicate, delivery.held)
    return (*arrival, delivery.parse, delivery.status, receipt.reason, delivery.why, *counts)


def _parse(key: str, extract: str, reading: Reading) -> tuple[Any, ...]:
    counts = (reading.physical_records, reading.records, reading.accepted, reading.quarantined, reading.ignored)
    columns = (", ".join(reading.extra_columns) or None, ", ".join(reading.absent_columns) or None)
    return (key, extract, reading.layout, reading.encoding, reading.sheet, *counts, *columns)


def _checks(catalog: Catalog, extracts: list[ExtractState], domains: list[DomainState], least: Callable[[str], float]) -> Rows:
    found = [(f"raw.{e.extract}", o, not e.problem) for e in extracts if e.extract in catalog.extracts for o in e.outcomes]
    found += [(a.table, o, d.tables.get(a.table) == a.key) for d in domains for a in d.attempts for o in a.outcomes]
    return [
        (catalog.contract(name).domain, name, o.name, o.column, o.words, o.severity, o.passed,
         told(o.offenders, least(name)), o.named or None, o.finding(least(name)) or None, shown,
         o.accepted_until or None, o.accepted_reason or None)
        for name, o, shown in found
    ]  # fmt: skip


def _domain(catalog: Catalog, domain: DomainState, told: Told, extracts: list[ExtractState]) -> tuple[Any, ...]:
    accepted = ", ".join(accepted_checks(domain, [e for e in extracts if e.extract in catalog.extracts_of(domain.domain)]))
    declared = catalog.declared.get(domain.domain)
    words = (declared.label, declared.owner) if declared else (None, None)
    facts = (domain.domain, *words, told.status, told.since, told.why, told.data_as_of or None, told.stands_on or None)
    return (*facts, ", ".join(domain.late) or None, accepted or None)


def accepted_checks(domain: DomainState, extracts: list[ExtractState]) -> dict[str, tuple[str, str]]:
    """Checks that fail and may, of a domain's tables and of the extracts behind them: name -> until when, and why."""
    outcomes = [(a.table, o) for a in domain.attempts for o in a.outcomes] + [(f"raw.{e.extract}", o) for e in extracts for o in e.outcomes]
    return {f"{table}.{o.name}": (o.accepted_until, o.accepted_reason) for table, o in outcomes if o.accepted_until}


def _freshness(catalog: Catalog, extract: ExtractState) -> tuple[Any, ...]:
    contract, fresh = catalog.extracts[extract.extract].contract, extract.freshness
    due = " ".join(r.words for r in freshness_rules(contract)) or None
    times = (fresh.due_at, fresh.arrived_at, fresh.newest_date)
    return (extract.extract, contract.domain, due, *times, fresh.is_late, fresh.is_stale, fresh.why or None)


def _coverage(catalog: Catalog, extract: ExtractState, windows: Windows, least: float) -> Rows:
    declared = catalog.extracts.get(extract.extract)
    # While a contract cannot be read nobody knows when a month is final.
    delivery = declared.contract.delivery if declared else None
    return [
        (extract.extract, c.month, c.sender or None, c.receipts, n.records, n.accepted, n.quarantined,
         round(n.accepted / n.records, 9) if n.accepted is not None and n.records else None, c.last_date, c.known_until,
         state_of(delivery, windows, c) if delivery else "unknown", not (delivery and is_final(delivery, windows, c)), c.is_held)
        for c, n in zip(extract.coverage, told_counts(extract.coverage, least), strict=True)
    ]  # fmt: skip
