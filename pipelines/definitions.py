"""The composition root: the only place that knows where the project and its data lie."""

import os
from pathlib import Path

import dagster as dg

from assets.catalog import load_catalog
from assets.raw import raw_asset
from assets.release import release_asset
from assets.report.asset import ReportPlace, report_asset
from assets.run import NightRun
from assets.tables import domain_assets, reference_assets

PROJECT = Path(__file__).resolve().parent.parent
JOB, REPORT_JOB = "nightly", "report"


def data_root() -> Path:
    """Where deliveries, lake and releases lie: VENTETAL_DATA, else data/ of the project."""
    return Path(os.environ.get("VENTETAL_DATA") or PROJECT / "data").absolute()


def assemble(project: Path, data: Path) -> dg.Definitions:
    """Assets and job of the project at `project` over the data at `data`. Reads contracts and SQL and nothing else."""
    catalog = load_catalog(project)
    assets = [
        *(raw_asset(extract) for extract in catalog.extracts.values()),
        reference_assets(catalog),
        *(domain_assets(catalog, domain) for domain in catalog.domains),
        release_asset(catalog),
    ]
    # A paper for the committee is made when somebody asks for a month, not every night.
    reports = dg.AssetSelection.assets("report")
    return dg.Definitions(
        assets=[*assets, report_asset()],
        jobs=[
            dg.define_asset_job(JOB, selection=dg.AssetSelection.all() - reports, executor_def=dg.in_process_executor),
            dg.define_asset_job(REPORT_JOB, selection=reports, executor_def=dg.in_process_executor),
        ],
        resources={
            "night_run": NightRun(project=str(project), data=str(data), as_of=os.environ.get("VENTETAL_AS_OF", "")),
            "report_place": ReportPlace(data=str(data)),
        },
        # What the UI's "Materialize" uses: a process per step costs eight times as much here.
        executor=dg.in_process_executor,
    )


defs = assemble(PROJECT, data_root())
