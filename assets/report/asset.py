"""The report as an asset of its own, a partition for each month. It reads the current release and holds no lock on the lake."""

from pathlib import Path
from typing import Any

import dagster as dg

from assets.described import asset_key

# The first month the committee was told of (figure A1).
FIRST_MONTH = "2014-01"


class ReportPlace(dg.ConfigurableResource):  # type: ignore[type-arg]  # the resource is its own value
    """The data root whose release is reported on."""

    data: str


def report_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key="report",
        deps=[asset_key("release")],
        group_name="report",
        kinds={"html", "excel", "csv"},
        partitions_def=dg.MonthlyPartitionsDefinition(start_date=FIRST_MONTH, fmt="%Y-%m"),
        description="What the committee reads of a month: pages, workbook, charts, open data, and a PDF where the machine has Chromium.",
    )
    def report(context: dg.AssetExecutionContext, report_place: ReportPlace) -> dg.MaterializeResult[None]:
        # Imported here: definitions load without DuckDB and Altair.
        from datetime import date

        from assets.lake import Lake
        from assets.report.build import build

        lake = Lake(Path(report_place.data))
        release = lake.current_release
        if release is None:
            raise dg.Failure(f"There is no release in {lake.releases} yet.", allow_retries=False)
        built = build(release, lake.reports, date.fromisoformat(f"{context.partition_key}-01"))
        metadata: dict[str, Any] = {
            "release": built.release,
            "path": dg.MetadataValue.path(str(built.path / "index.html")),
            "figures": built.figures,
            "figures_without_data": ", ".join(built.empty) or "none",
            "pdf": built.without_pdf or "made",
            "seconds": built.seconds,
        }
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(built.release))

    return report
