"""One asset per extract: deliveries taken in and judged. Bad input shows as checks; it never fails the run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.catalog import raw_suite
from assets.described import asset_key, check_results, check_specs, contract_spec
from assets.freshness import freshness_rules
from assets.run import NightRun
from expectations.suite import Rule
from sources.layout import Extract

if TYPE_CHECKING:
    from assets.night import ExtractState
    from expectations.runner import Outcome

INTAKE_RULES = [
    Rule("records_are_conserved", "Records = accepted + quarantined + ignored; accepted = current + superseded + duplicate + held.",
         "error", ""),
    Rule("no_file_is_refused", "Every delivered file could be read.", "warning", ""),
    Rule("quarantine_within_limit", "No current delivery has more refused records than its contract warns at.", "warning", ""),
    Rule("columns_do_not_drift", "The newest delivery has the columns the one before it had under the same layout.", "warning", ""),
    Rule("no_delivery_is_held", "No delivery waits for the operator.", "warning", ""),
]  # fmt: skip


def raw_asset(extract: Extract) -> dg.AssetsDefinition:
    """The ingest asset of one extract."""
    key, rules = asset_key(f"raw.{extract.name}"), raw_suite(extract) + freshness_rules(extract.contract) + INTAKE_RULES
    spec = contract_spec(extract.contract, key, [], extract.contract.reading_fingerprint, {"parquet", "duckdb"})

    @dg.multi_asset(name=f"raw__{extract.name}", specs=[spec.replace_attributes(skippable=False)], check_specs=check_specs(key, rules))
    def ingest(night_run: NightRun) -> Iterator[dg.MaterializeResult[None]]:
        state = night_run.night.ingest(extract.name)
        outcomes = state.outcomes + _intake_outcomes(extract, state)
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=_metadata(state),
            check_results=check_results(key, rules, outcomes),
            data_version=dg.DataVersion(state.key or "none"),
        )

    return ingest


def _metadata(state: "ExtractState") -> dict[str, Any]:
    records, quarantined = state.total("records"), state.total("quarantined")
    metadata: dict[str, Any] = {
        "dagster/row_count": state.total("current"),
        "deliveries": len(state.receipts),
        "arrived": len(state.arrived),
        "records": records,
        "quarantined": quarantined,
        "quarantined_share": round(quarantined / records, 9) if records else 0.0,
        "unchanged": not state.arrived,
        "coverage": _month_grid(state),
    }
    if state.is_late:
        metadata["late"] = state.freshness.why
    if state.problem:
        metadata["problem"] = state.problem
    return metadata


def _month_grid(state: "ExtractState") -> dg.TableMetadataValue:
    """What has been delivered for each month, newest first: meta.coverage of the extract."""
    records = [
        dg.TableRecord({
            "month": c["month"][:7] if c["month"] else "undated",
            "deliveries": c["receipts"],
            "records": c["records"],
            "accepted": c["accepted"],
            "quarantined": c["quarantined"],
            "complete": f"{100 * c['accepted'] / c['records']:.1f} %",
            "state": "held" if c["is_held"] else "provisional" if c["is_provisional"] else "final",
        })
        for c in reversed(state.coverage)
    ]  # fmt: skip
    words = {
        "deliveries": "in force or held",
        "complete": "accepted of all records",
        "state": "final once the month's end is reached",
    }
    names = ("month", "deliveries", "records", "accepted", "quarantined", "complete", "state")
    types = ["string" if n in ("month", "complete", "state") else "int" for n in names]
    columns = [dg.TableColumn(n, t, words.get(n)) for n, t in zip(names, types, strict=True)]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))


def _intake_outcomes(extract: Extract, state: "ExtractState") -> list["Outcome"]:
    from expectations.runner import Outcome

    limit = extract.contract.quarantine_limit.warn
    taken = [r for r in state.receipts if r["reading"]]
    lost = [
        r for r in taken
        if r["reading"]["physical_records"] != r["accepted"] + r["quarantined"] + r["ignored"]
        or r["accepted"] != r["current"] + r["superseded"] + r["duplicate"] + r["held"]
    ]  # fmt: skip
    refused = [r for r in state.receipts if r["status"] == "refused" and r["id"] in state.arrived]
    dirty = [r for r in taken if r["current"] and 100 * r["quarantined"] > limit * (r["records"] - r["ignored"])]
    held = [r for r in taken if r["status"] == "held"]
    offending = dict(zip((r.name for r in INTAKE_RULES), (lost, refused, dirty, drifted(state.receipts), held), strict=True))
    return [
        Outcome(
            r.name,
            r.words,
            r.severity,
            None,
            not offending[r.name],
            len(offending[r.name]),
            ", ".join(o["file_name"] for o in offending[r.name]),
        )
        for r in INTAKE_RULES
    ]


def drifted(receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest delivery, if it has columns nobody reads, or lacks columns, that the one before it had otherwise."""
    taken = [r for r in receipts if r["reading"]]
    if not taken:
        return []
    newest = taken[-1]
    layout = newest["reading"]["layout"]
    before = [r["reading"] for r in taken[:-1] if r["reading"]["layout"] == layout]
    differs = any(before and set(newest["reading"][names]) != set(before[-1][names]) for names in ("extra_columns", "absent_columns"))
    return [newest] if differs else []
