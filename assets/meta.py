"""The `meta` schema of a release: how its figures came to be, and how far they can be trusted.

Written from the states of a run; not part of a release's logical hash.
"""

from typing import Any

from assets.catalog import Catalog
from assets.compute import Version
from assets.lineage import Lineage
from assets.night import DomainState, ExtractState
from sources.contract import Contract
from sources.vocabulary import Column

Rows = list[tuple[Any, ...]]
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
        "table_name": ("VARCHAR", "Layer and table."),
        "check_name": ("VARCHAR", "Name of the check."),
        "column_name": ("VARCHAR", "The column it is about, where it is about one."),
        "rule": ("VARCHAR", "The rule in words, with its evidence."),
        "severity": ("VARCHAR", "error holds the domain, warning is shown."),
        "passed": ("BOOLEAN", "Whether the table obeys."),
        "offenders": ("BIGINT", "Rows that do not; 1 for a rule about the whole table."),
        "named": ("VARCHAR", "The first of them by name, where the contract lets them be named."),
        "is_published": ("BOOLEAN", "False for a version that failed and was not published."),
    }),
    "suppression": ("How many cells of a table about persons are withheld, and why.", {
        "table_name": ("VARCHAR", "Layer and table."),
        "measures": ("VARCHAR", "Group of numbers that is withheld together."),
        "cause": ("VARCHAR", "primary: too few persons; secondary: else one could be told from the totals; ledger: withheld before."),
        "cells": ("BIGINT", "Cells in which the group is NULL with c in qf."),
    }),
    "domain_status": ("What is published of each domain.", {
        "domain": ("VARCHAR", "Tables that are published together."),
        "status": ("VARCHAR", "published, or held at the last good set."),
        "since": ("TIMESTAMP", "First run with this status."),
        "why": ("VARCHAR", "Why it is held."),
        "data_as_of": ("TIMESTAMP", "Arrival of the newest delivery in the published set."),
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
    catalog: Catalog, release: tuple[Any, ...], extracts: list[ExtractState], domains: list[DomainState], published: list[Version]
) -> dict[str, Rows]:
    """The rows of every table of TABLES, in the order of its columns; `published` are the versions that stand."""
    receipts = [r for e in extracts for r in e.receipts]
    parses = {r["parse"]: (r["extract"], r["reading"]) for r in receipts if r["parse"]}
    lineages = {v.table: v.lineage for v in published}
    return {
        "release": [release],
        "receipt": [
            tuple(r["parse" if c == "parse_id" else "id" if c == "receipt_id" else c] for c in columns("receipt")) for r in receipts
        ],
        "parse": [_parse(key, extract, reading) for key, (extract, reading) in parses.items()],
        "quarantine_summary": [(k, extract, reason, n) for k, (extract, r) in parses.items() for reason, n in r["reasons"].items()],
        "check_result": _checks(extracts, domains),
        "suppression": [(v.table, w["measures"], w["cause"], w["cells"]) for v in published for w in v.withheld],
        "domain_status": [(d.domain, d.status, d.since, d.why, d.data_as_of or None) for d in domains],
        "coverage": [row for e in extracts for row in _coverage(e)],
        "column_dictionary": dictionary(catalog, lineages),
    }


def columns(table: str) -> list[str]:
    return list(TABLES[table][1])


def dictionary(catalog: Catalog, lineages: dict[str, Lineage]) -> Rows:
    """meta.column_dictionary: what analysts see, marts before reference."""
    shown = [t for t in catalog.tables.values() if t.layer == "marts"] + catalog.references
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


def _parse(key: str, extract: str, reading: dict[str, Any]) -> tuple[Any, ...]:
    facts = reading | {"parse_id": key, "extract": extract}
    facts["quarantined"] = reading["records"] - reading["accepted"] - reading["ignored"]
    for names in ("extra_columns", "absent_columns"):
        facts[names] = ", ".join(reading[names]) or None
    return tuple(facts[c] for c in columns("parse"))


def _checks(extracts: list[ExtractState], domains: list[DomainState]) -> Rows:
    found = [(f"raw.{e.extract}", o, e.problem is None) for e in extracts for o in e.outcomes]
    found += [(v.table, o, d.tables.get(v.table) == v.key) for d in domains for v in d.versions for o in v.outcomes]
    return [(name, o.name, o.column, o.words, o.severity, o.passed, o.offenders, o.named or None, shown) for name, o, shown in found]


def _coverage(extract: ExtractState) -> Rows:
    facts = [c | {"extract": extract.extract, "completeness_share": round(c["accepted"] / c["records"], 9)} for c in extract.coverage]
    return [tuple(c[name] for name in columns("coverage")) for c in facts]
