"""How a contract looks in Dagster: keys, specs, metadata. Words and counts, never a row."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from assets.asset_checks import evaluation
from assets.catalog.declared import Lineage, Table
from assets.tables.versions import Attempt, WithheldCount
from expectations.suite import EVIDENCE
from sources.contract import Contract
from sources.settings import PROJECT


def asset_key(table: str) -> dg.AssetKey:
    """core.pathway -> core/pathway."""
    return dg.AssetKey(table.split("."))


def contract_spec(
    contract: Contract, key: dg.AssetKey, deps: Iterable[dg.AssetKey], code_version: str, kinds: set[str], own_files: list[str]
) -> dg.AssetSpec:
    """`own_files`: what the region has of its own of it."""
    mind = contract.description.limitations
    words = [contract.description.purpose, f"One row: {contract.object.dataGranularityDescription}", mind and f"Mind: {mind}"]
    return dg.AssetSpec(
        key,
        deps=list(deps),
        description=EVIDENCE.sub("", "\n\n".join(w for w in words if w)),
        group_name=contract.domain,
        owners=[f"team:{contract.team.name}"],
        kinds=kinds,
        code_version=code_version,
        metadata={
            "dagster/column_schema": column_schema(contract),
            "dagster/table_name": ".".join(key.path),
            **({"of_the_region": ", ".join(own_files)} if own_files else {}),
        },
        skippable=True,
    )


@cache
def runbook(*sections: str) -> dg.MarkdownMetadataValue:
    """Sections of what operators are told to do."""
    text = (PROJECT / "deploy" / "RUNBOOK.md").read_text("utf-8")
    told = (f"## {s}\n{text.partition(f'{chr(10)}## {s}{chr(10)}')[2].partition(f'{chr(10)}## ')[0].rstrip()}" for s in sections)
    return dg.MetadataValue.md("\n\n".join(told))


def readable(instant: str) -> str:
    """An ISO text to the minute, as people write it."""
    return instant[:16].replace("T", " ")


def column_schema(contract: Contract) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name,
                c.physicalType,
                description=c.description + (f" Unit: {c.unit}." if c.unit else ""),
                constraints=dg.TableColumnConstraints(nullable=not c.is_required, unique=c.unique or contract.key == [c.name]),
            )
            for c in contract.columns
        ]
    )


def materialized(table: Table, attempt: Attempt, held: str = "", preview: str = "", page: Path | None = None) -> dg.MaterializeResult[None]:
    """The version as the asset's newest state; `held` says why an earlier one stands, `preview` shows first rows in Markdown, `page` is
    where the catalogue tells of it.
    """
    version = attempt.version
    lineage = version.lineage if version else {}
    depends = {column: [dg.TableColumnDep(asset_key(t), c) for t, c in origins] for column, origins in lineage.items() if origins}
    metadata: dict[str, Any] = {
        "dagster/row_count": version.rows if version else 0,
        "engine": version.engine if version else "",
        "unchanged": attempt.unchanged,
        "version": attempt.key,
        "warnings": sum(not o.passed for o in attempt.outcomes),
        "withheld": sum(w.cells for w in version.withheld) if version else 0,
    }
    if version and version.withheld:
        metadata["withheld_by_period"] = dg.MetadataValue.md(_withheld(version.withheld))
    if depends:
        metadata["dagster/column_lineage"] = dg.TableColumnLineage(deps_by_column=depends)
        metadata["comes_from"] = dg.MetadataValue.md(_origins(lineage))
    if preview:
        metadata["preview"] = dg.MetadataValue.md(preview)
    if page:
        metadata["catalogue"] = dg.MetadataValue.path(str(page))
    if held or attempt.marked:
        metadata["held" if held else "marked"] = held or attempt.marked
    return dg.MaterializeResult(asset_key=asset_key(table.name), metadata=metadata, data_version=dg.DataVersion(attempt.key or "none"))


def told(
    results: Iterable[dg.MaterializeResult[None] | dg.AssetCheckResult],
) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """Results of other assets as events a step may tell of them: what their own step would have said."""
    for result in results:
        if isinstance(result, dg.AssetCheckResult):
            yield evaluation(result)
            continue
        assert result.asset_key is not None
        version = {"dagster/data_version": result.data_version.value} if result.data_version else {}
        yield dg.AssetMaterialization(result.asset_key, metadata=result.metadata, tags=version)
        yield from (evaluation(check) for check in result.check_results or ())


def _withheld(counts: list[WithheldCount]) -> str:
    """How much of each number is withheld, newest period first: meta.suppression of the table."""
    lines = []
    for count in sorted(counts, key=lambda c: (c.period, c.measures), reverse=True):
        share = f"{100 * count.amount / count.of_amount:.1f} %" if count.amount and count.of_amount else ""
        lines.append(f"| {count.period} | {count.measures} | {count.cells} of {count.of_cells} | {share} |")
    return "\n".join(["| period | number | cells | of the amount |", "| --- | --- | --- | --- |", *lines])


def _origins(lineage: Lineage) -> str:
    """Which columns each column is computed from: the UI stores column lineage and does not show it."""
    lines = [f"| {column} | {', '.join(f'{table}.{name}' for table, name in origins)} |" for column, origins in lineage.items() if origins]
    return "\n".join(["| column | comes from |", "| --- | --- |", *lines])
