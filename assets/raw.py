"""One asset per extract: deliveries taken in and judged. Bad input shows as checks; it never fails the run."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.alerts.alert_causes import emptied
from assets.asset_checks import check_results, check_specs
from assets.catalog.freshness import DELIVERY_RULES, freshness_rules
from assets.night_run import NightRun
from assets.specs import asset_key, contract_spec, runbook
from expectations.suite import Outcome, Rule, raw_rules
from sources.layout import Extract

if TYPE_CHECKING:
    from assets.deliveries.coverage import Windows
    from assets.deliveries.extracts import ExtractState
    from assets.deliveries.standing import Standing
    from assets.tables.build import Night

INTAKE_RULES = [
    Rule("records_are_conserved", "Records = accepted + quarantined + ignored; accepted = current + superseded + duplicate + held.",
         "error", "", fails="Records were lost on the way"),
    Rule("no_file_is_refused", "Every delivered file could be read.", "warning", "", fails="Files could not be read tonight"),
    Rule("quarantine_within_limit", "No current delivery has more refused records than its contract warns at, repeats left out.",
         "warning", "", fails="Deliveries have more refused records than the contract warns at"),
    Rule("columns_do_not_drift", "The newest delivery has the columns the one before it had under the same layout.", "warning", "",
         fails="The newest delivery has other columns than the one before it"),
    Rule("no_delivery_is_empty", "The newest delivery holds records.", "warning", "", fails="The newest delivery holds no records"),
    Rule("no_delivery_is_held", "No delivery waits for the operator.", "warning", "",
         fails="Deliveries wait for somebody to accept or withdraw them"),
]  # fmt: skip


def raw_asset(extract: Extract, own_files: list[str]) -> dg.AssetsDefinition:
    """The ingest asset of one extract, of which the region has some files of its own."""
    key, rules = asset_key(f"raw.{extract.name}"), _rules(extract)
    spec = contract_spec(extract.contract, key, [], extract.contract.reading_fingerprint, {"parquet", "duckdb"}, own_files)

    spec = spec.replace_attributes(skippable=False).merge_attributes(
        metadata={"what_to_do": runbook("Refused file", "Held delivery", "Late extract", "Empty delivery", "Wrong file")}
    )

    @dg.multi_asset(name=f"raw__{extract.name}", specs=[spec], check_specs=check_specs(key, rules))
    def ingest(night_run: dg.ResourceParam[NightRun]) -> Iterator[dg.MaterializeResult[None]]:
        night = night_run.night
        yield raw_result(extract, night.ingest(extract.name), night)

    return ingest


def raw_result(extract: Extract, state: "ExtractState", night: "Night") -> dg.MaterializeResult[None]:
    """What stands of the extract, with its checks."""
    key, rules = asset_key(f"raw.{extract.name}"), _rules(extract)
    least = night.catalog.least_told(f"raw.{extract.name}", night.now.date())
    return dg.MaterializeResult(
        asset_key=key,
        metadata=_metadata(extract, state, night.windows, least),
        check_results=check_results(key, rules, state.outcomes + _intake_outcomes(extract, state), least),
        data_version=dg.DataVersion(state.key or "none"),
    )


def _rules(extract: Extract) -> list[Rule]:
    return raw_rules(extract.contract) + freshness_rules(extract.contract) + DELIVERY_RULES + INTAKE_RULES


def _metadata(extract: Extract, state: "ExtractState", windows: "Windows", least: float) -> dict[str, Any]:
    records, quarantined = sum(d.records for d in state.deliveries), sum(d.quarantined for d in state.deliveries)
    metadata: dict[str, Any] = {
        "dagster/row_count": sum(d.current for d in state.deliveries),
        "deliveries": len(state.deliveries),
        "arrived": len(state.arrived),
        "records": records,
        "quarantined": quarantined,
        "quarantined_share": round(quarantined / records, 9) if records else 0.0,
        "unchanged": not state.arrived,
        "coverage": _month_grid(extract, state, windows, least),
    }
    if state.is_late:
        metadata["late"] = state.freshness.why
    if state.problem:
        metadata["problem"] = state.problem
    return metadata


def _month_grid(extract: Extract, state: "ExtractState", windows: "Windows", least: float) -> dg.TableMetadataValue:
    """What has been delivered for each month, newest first: meta.coverage of the extract."""
    from assets.deliveries.coverage import state_of
    from assets.deliveries.few import told_counts

    records = [
        dg.TableRecord({
            "month": c.month[:7] if c.month else "undated",
            "sender": c.sender,
            "deliveries": c.receipts,
            **{name: "withheld" if count is None else count for name, count in asdict(n).items()},
            "complete": f"{100 * n.accepted / n.records:.1f} %" if n.accepted is not None and n.records else "",
            "known until": (c.known_until or "")[:16].replace("T", " "),
            "state": state_of(extract.contract.delivery, windows, c),
        })
        for c, n in reversed(list(zip(state.coverage, told_counts(state.coverage, least), strict=True)))
    ]  # fmt: skip
    words = {
        "deliveries": "in force or held",
        "complete": "accepted of all records",
        "known until": "when the newest delivery that tells of the month was drawn",
        "state": "final once it is known long enough after its end",
    }
    counts = ("deliveries", "records", "accepted", "quarantined")
    names = ("month", "sender", *counts, "complete", "known until", "state")
    columns = [dg.TableColumn(n, "int" if n in counts else "string", words.get(n)) for n in names]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))


def _intake_outcomes(extract: Extract, state: "ExtractState") -> list[Outcome]:
    limit = extract.contract.quarantine_limit.warn
    taken = [d for d in state.deliveries if d.reading]
    lost = [
        d for d in taken
        if (d.reading and d.reading.physical_records != d.accepted + d.quarantined + d.ignored)
        or d.accepted != d.current + d.superseded + d.duplicate + d.held
    ]  # fmt: skip
    refused = [d for d in state.deliveries if d.status == "refused" and d.receipt.id in state.arrived]
    dirty = [d for d in taken if d.current and 100 * d.bad > limit * d.judged]
    held = [d for d in state.deliveries if d.status == "held"]
    offending = (lost, refused, dirty, drifted(state.deliveries), emptied(state.deliveries), held)
    return [
        Outcome.of(rule, not found, len(found), ", ".join(o.receipt.file_name for o in found))
        for rule, found in zip(INTAKE_RULES, offending, strict=True)
    ]


def drifted(deliveries: "list[Standing]") -> "list[Standing]":
    """The newest delivery, if it has columns nobody reads, or lacks columns, that the one before it had otherwise."""
    readings = [(d, d.reading) for d in deliveries if d.reading]
    if not readings:
        return []
    newest, now = readings[-1]
    before = [r for _, r in readings[:-1] if r.layout == now.layout]
    columns = [(set(r.extra_columns), set(r.absent_columns)) for r in (*before[-1:], now)]
    return [newest] if len(columns) == 2 and columns[0] != columns[1] else []
