"""The `meta` schema of a release: how its figures came to be, and how far they can be trusted.

Written from the states of a run; not part of a release's logical hash.
"""

from typing import Any

from assets.catalog.declared import MARTS, REFERENCE, Catalog
from assets.catalog.freshness import freshness_rules
from assets.catalog.lineage import Lineage
from assets.deliveries.extracts import ExtractState
from assets.deliveries.standing import Standing
from assets.lake.manifests import Told
from assets.tables.domain_state import DomainState
from assets.tables.versions import Version
from sources.contract import Contract
from sources.parse import Reading
from sources.vocabulary import Column

Rows = list[tuple[Any, ...]]
# Layers that analysts see.
SHOWN = (MARTS, REFERENCE)
# Table -> what a row is, then column -> type and meaning.
TABLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "release": ("This release.", {
        "release_id": ("VARCHAR", "Name of the release and of its folder."),
        "as_of": ("TIMESTAMP", "The deliveries received up to this time are in it."),
        "created_at": ("TIMESTAMP", "When it was written."),
        "line": ("VARCHAR", "nightly, or the name of a run for another as_of."),
    }),
    "receipt": ("One arrival of one file; the accepted records are current, superseded, duplicate or held.", {
        "receipt_id": ("VARCHAR", "Name of the receipt."),
        "extract": ("VARCHAR", "The extract the file belongs to."),
        "file_name": ("VARCHAR", "As delivered."),
        "received_at": ("TIMESTAMP", "From the file name where it says, else first sight."),
        "bytes": ("BIGINT", "Size as delivered."),
        "content": ("VARCHAR", "Hash of the content; two files with the same content are one."),
        "parse_id": ("VARCHAR", "The reading of it in meta.parse; NULL when refused."),
        "status": ("VARCHAR", "current, superseded, duplicate, held, withdrawn or refused."),
        "reason": ("VARCHAR", "Stable code of a refusal."),
        "why": ("VARCHAR", "Why it is not current, in words."),
        "accepted": ("BIGINT", "Accepted records."),
        "current": ("BIGINT", "Of these in force."),
        "superseded": ("BIGINT", "Of these replaced by later ones."),
        "duplicate": ("BIGINT", "Of these said again by others in force."),
        "held": ("BIGINT", "Of these waiting for the operator."),
    }),
    "parse": ("One reading of one content; records = accepted + quarantined + ignored.", {
        "parse_id": ("VARCHAR", "Name of the reading."),
        "extract": ("VARCHAR", "The extract it belongs to."),
        "layout": ("VARCHAR", "The layout that fitted."),
        "encoding": ("VARCHAR", "Encoding found, or xlsx."),
        "sheet": ("VARCHAR", "Sheet of the workbook."),
        "physical_records": ("BIGINT", "Records counted in the bytes, before any parser saw them."),
        "records": ("BIGINT", "Records read."),
        "accepted": ("BIGINT", "Without an error."),
        "quarantined": ("BIGINT", "With an error, kept out of every table."),
        "ignored": ("BIGINT", "No records of the extract by a stated rule of the layout: totals, footnotes."),
        "extra_columns": ("VARCHAR", "Columns the file has and the layout does not use."),
        "absent_columns": ("VARCHAR", "Columns the layout maps and the file lacks."),
    }),
    "quarantine_summary": ("Refused records of one reading for one reason; a record may have several reasons.", {
        "parse_id": ("VARCHAR", "The reading in meta.parse."),
        "extract": ("VARCHAR", "The extract it belongs to."),
        "reason": ("VARCHAR", "column:reason or rule:name."),
        "records": ("BIGINT", "Records refused for it."),
    }),
    "check_result": ("One check of one table, with the rule in words.", {
        "domain": ("VARCHAR", "The domain it belongs to."),
        "table_name": ("VARCHAR", "Layer and table."),
        "check_name": ("VARCHAR", "Name of the check."),
        "column_name": ("VARCHAR", "The column it is about, where it is about one."),
        "rule": ("VARCHAR", "The rule in words, with its evidence."),
        "severity": ("VARCHAR", "error holds the domain, warning is shown."),
        "passed": ("BOOLEAN", "Whether the table obeys."),
        "offenders": ("BIGINT", "Rows that do not; 1 for a rule about the whole table."),
        "named": ("VARCHAR", "The first of them by name, where the contract lets them be named."),
        "is_published": ("BOOLEAN", "False for a version that failed and was not published."),
        "accepted_until": ("DATE", "Last day on which an operator lets it fail: a known error of the supplier."),
        "accepted_reason": ("VARCHAR", "Why."),
    }),
    "suppression": ("How many cells of a table about persons are withheld, and why.", {
        "table_name": ("VARCHAR", "Layer and table."),
        "measures": ("VARCHAR", "Group of numbers that is withheld together."),
        "cause": ("VARCHAR", "primary: too few persons; secondary: else one could be told from the totals; ledger: withheld before."),
        "cells": ("BIGINT", "Cells in which the group is NULL with c in qf."),
    }),
    "domain_status": ("What is published of each domain.", {
        "domain": ("VARCHAR", "Tables that are published together."),
        "label": ("VARCHAR", "What it is called in Danish."),
        "owner": ("VARCHAR", "Whose it is."),
        "status": ("VARCHAR", "published, or held at the last good set."),
        "since": ("TIMESTAMP", "First run with this status."),
        "why": ("VARCHAR", "Why it is held; of a published one, which check its figures fail that they passed when they were published."),
        "data_as_of": ("TIMESTAMP", "Arrival of the newest delivery in the published set."),
        "stands_on": ("VARCHAR", "Earlier sets its figures stand on: of domains behind it that are held, or what it was made from itself."),
        "late_extracts": ("VARCHAR", "Extracts behind it that break a promise of time; see meta.freshness."),
        "accepted_checks": ("VARCHAR", "Checks its tables fail and an operator lets fail; see meta.check_result."),
    }),
    "freshness": ("What was promised of time for each extract, judged at this release's as_of.", {
        "extract": ("VARCHAR", "The extract."),
        "domain": ("VARCHAR", "The domain it belongs to."),
        "due": ("VARCHAR", "The promise in words."),
        "due_at": ("TIMESTAMP", "The newest deadline that has passed; NULL where none was promised."),
        "arrived_at": ("TIMESTAMP", "The newest delivery, changed or not, that could be read and was not taken back."),
        "newest_date": ("DATE", "Newest day with a record."),
        "is_late": ("BOOLEAN", "No delivery came for that deadline."),
        "is_stale": ("BOOLEAN", "The newest record is older than the contract promises."),
        "why": ("VARCHAR", "What is missing, in words."),
    }),
    "revision": ("Figures that had been final and are others now: since which release, from what to what, and why.", {
        "release_id": ("VARCHAR", "The release in which the figure changed."),
        "as_of": ("TIMESTAMP", "What that release took for now."),
        "previous_release_id": ("VARCHAR", "The release before it, which had the earlier figure."),
        "table_name": ("VARCHAR", "Layer and table."),
        "row_key": ("VARCHAR", "The row, by the columns of its key."),
        "column_name": ("VARCHAR", "The figure; or that the row is gone."),
        "before": ("VARCHAR", "The earlier value; NULL where there was none, and in tables about persons."),
        "after": ("VARCHAR", "The value since; NULL where there is none, and in tables about persons."),
        "why": ("VARCHAR", "What changed behind the table: deliveries by receipt, SQL or contract, reference tables."),
    }),
    "coverage": ("What has been delivered for each month.", {
        "extract": ("VARCHAR", "The extract."),
        "month": ("DATE", "First day of the month; NULL for records without a date."),
        "receipts": ("BIGINT", "Deliveries with records of the month in force or held."),
        "records": ("BIGINT", "Records of these."),
        "accepted": ("BIGINT", "Accepted records."),
        "quarantined": ("BIGINT", "Refused records."),
        "completeness_share": ("DOUBLE", "Accepted as a share of all records."),
        "last_date": ("DATE", "Newest day with a record."),
        "is_provisional": ("BOOLEAN", "The extract does not yet reach the end of the month."),
        "is_held": ("BOOLEAN", "A delivery of the month waits for the operator."),
    }),
    "column_dictionary": ("Every column of marts and reference: what it means and where it comes from.", {
        "table_name": ("VARCHAR", "Layer and table."),
        "position": ("BIGINT", "From 1."),
        "column_name": ("VARCHAR", "Name of the column."),
        "type": ("VARCHAR", "DuckDB type."),
        "unit": ("VARCHAR", "Unit of the value."),
        "label": ("VARCHAR", "Danish label for reports."),
        "meaning": ("VARCHAR", "What the value says."),
        "is_key": ("BOOLEAN", "Part of what identifies a row."),
        "comes_from": ("VARCHAR", "Columns it is computed from."),
    }),
}  # fmt: skip


def rows(
    catalog: Catalog,
    release: tuple[str, ...],
    extracts: list[ExtractState],
    domains: list[DomainState],
    told: dict[str, Told],
    published: list[Version],
    revision: Rows,
) -> dict[str, Rows]:
    """The rows of every table of TABLES, in the order of its columns. `published` are the versions that stand, `told` is of domains."""
    deliveries = [(e.extract, d) for e in extracts for d in e.deliveries]
    readings = {d.parse: (extract, d.reading) for extract, d in deliveries if d.parse and d.reading}
    lineages = {v.table: v.lineage for v in published}
    return {
        "release": [release],
        "receipt": [_receipt(d) for _, d in deliveries],
        "parse": [_parse(key, extract, reading) for key, (extract, reading) in readings.items()],
        "quarantine_summary": [(k, extract, reason, n) for k, (extract, r) in readings.items() for reason, n in r.reasons.items()],
        "check_result": _checks(catalog, extracts, domains),
        "suppression": [(v.table, w.measures, w.cause, w.cells) for v in published for w in v.withheld],
        "domain_status": [_domain(catalog, d, told[d.domain], extracts) for d in domains],
        "freshness": [_freshness(catalog, e) for e in extracts if e.extract in catalog.extracts],
        "revision": revision,
        "coverage": [row for e in extracts for row in _coverage(e)],
        "column_dictionary": dictionary(catalog, lineages),
    }


def columns(table: str) -> list[str]:
    return list(TABLES[table][1])


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
            c.businessName,
            c.description,
            c.name in t.contract.key,
            origins(lineages.get(t.name, {}), c),
        )
        for t in shown
        for i, c in enumerate(t.contract.columns, start=1)
    ]


def origins(lineage: Lineage, column: Column) -> str:
    return ", ".join(f"{table}.{name}" for table, name in lineage.get(column.name, []))


def table_comment(contract: Contract) -> str:
    """Limitations first: who reads one sentence must read that one."""
    said = [contract.description.limitations, contract.description.purpose, f"One row: {contract.object.dataGranularityDescription}"]
    return " ".join(s for s in said if s)


def _receipt(delivery: Standing) -> tuple[Any, ...]:
    receipt = delivery.receipt
    arrival = (receipt.id, receipt.extract, receipt.file_name, receipt.received_at, receipt.bytes, receipt.content)
    counts = (delivery.accepted, delivery.current, delivery.superseded, delivery.duplicate, delivery.held)
    return (*arrival, delivery.parse, delivery.status, receipt.reason, delivery.why, *counts)


def _parse(key: str, extract: str, reading: Reading) -> tuple[Any, ...]:
    counts = (reading.physical_records, reading.records, reading.accepted, reading.quarantined, reading.ignored)
    columns = (", ".join(reading.extra_columns) or None, ", ".join(reading.absent_columns) or None)
    return (key, extract, reading.layout, reading.encoding, reading.sheet, *counts, *columns)


def _checks(catalog: Catalog, extracts: list[ExtractState], domains: list[DomainState]) -> Rows:
    found = [(f"raw.{e.extract}", o, not e.problem) for e in extracts if e.extract in catalog.extracts for o in e.outcomes]
    found += [(a.table, o, d.tables.get(a.table) == a.key) for d in domains for a in d.attempts for o in a.outcomes]
    return [
        (catalog.contract(name).domain, name, o.name, o.column, o.words, o.severity, o.passed, o.offenders, o.named or None, shown,
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


def _coverage(extract: ExtractState) -> Rows:
    return [
        (extract.extract, c.month, c.receipts, c.records, c.accepted, c.quarantined, c.completeness_share, c.last_date, c.is_provisional,
         c.is_held)
        for c in extract.coverage
    ]  # fmt: skip
