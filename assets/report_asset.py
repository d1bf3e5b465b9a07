"""The monthly report as an asset of the UI, a partition for each month: it reads a release and waits for nobody."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

# The first month the printed figures speak of; earlier ones have nothing to report.
FIRST_MONTH = "2014-01"
REPORT = "report"
MONTHS = dg.MonthlyPartitionsDefinition(start_date=FIRST_MONTH, fmt="%Y-%m")


def report_asset(data: Path) -> dg.AssetsDefinition:
    """`report` of a month, from the release that is shown."""

    @dg.asset(
        key=REPORT,
        deps=["release"],
        partitions_def=MONTHS,
        group_name="release",
        kinds={"html", "excel"},
        owners=["team:data"],
        description="What the committee reads of a month: page, workbook, charts, open data and PDF, below `data/reports/MONTH`;"
        " beside it the paper of co-financing.",
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from assets.lake.files import Lake
        from assets.lake.run_lock import hold
        from assets.report.build import build

        lake = Lake(data)
        lake.prepare()
        hold(lake, context.run.run_id)
        release = lake.current_release
        if release is None:
            raise dg.Failure("There is no release to report on yet.", allow_retries=False)
        built = build(release, data / "reports", date.fromisoformat(f"{context.partition_key}-01"))
        metadata: dict[str, Any] = {
            "release": built.release,
            "path": dg.MetadataValue.path(str(built.path / "index.html")),
            "figures": built.figures,
            "without_figures": ", ".join(built.empty) or "none",
            "seconds": round(built.seconds, 1),
            "pdf": built.without_pdf or "yes",
        }
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(f"{built.release}/{built.period}"))

    return report
