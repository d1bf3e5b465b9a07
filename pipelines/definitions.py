"""The composition root: assets, the job, and when it runs, over the data this process is told of."""

import gc

# What is loaded stays until the process ends: to look through it for garbage again and again would take a quarter of the time to load,
# and at the way out a second and a half of a run.
gc.disable()

import atexit
import sys
from pathlib import Path

import dagster as dg

from assets.catalog.declared import REFERENCE, Catalog
from assets.catalog.loading import load_catalog
from assets.catalogue_asset import CATALOGUE, catalogue_asset
from assets.lake.files import Lake
from assets.lake.regions import own_tree
from assets.night_run import RESOURCE, night_run
from assets.preview_asset import PREVIEW, preview_asset
from assets.raw import raw_asset
from assets.release import release_asset
from assets.report_asset import REPORT, report_asset
from assets.table_assets import domain_assets
from pipelines.automation import alert_sensor, catalogue_sensor, landing_sensor, nightly_schedule, report_sensor
from pipelines.names import JOB, PREVIEW_JOB
from sources.settings import data_root

# No step hands a value on. Dagster's own keeper of values would let the config of a run say where on this host it writes.
NO_VALUES = dg.IOManagerDefinition(dg.mem_io_manager.resource_fn, config_schema={})


def assemble(catalog: Catalog, data: Path) -> dg.Definitions:
    """Assets and job of what is declared, over the data at `data`."""
    assets = [
        *(raw_asset(e, catalog.own_files(f"raw.{name}")) for name, e in catalog.extracts.items()),
        *(domain_assets(catalog, domain) for domain in (REFERENCE, *catalog.domains)),
        release_asset(catalog),
        report_asset(data),
        catalogue_asset(catalog.tree, Lake(data)),
        preview_asset(catalog.tree, Lake(data)),
    ]
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.assets(REPORT, CATALOGUE, PREVIEW),
        executor_def=dg.in_process_executor,
        # A run says what it does in lines of its own (`assets.lake.log`); Dagster's events are in the UI.
        config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        description="Takes in what has arrived, makes the tables domain by domain, and publishes what passes.",
    )
    preview = dg.define_asset_job(
        PREVIEW_JOB,
        selection=dg.AssetSelection.assets(PREVIEW),
        executor_def=dg.in_process_executor,
        description="Says what the files as they are now would do to the published figures. Nothing moves.",
    )
    return dg.Definitions(
        assets=assets,
        jobs=[job, preview],
        schedules=[nightly_schedule()],
        sensors=[landing_sensor(data / "landing", list(catalog.extracts)), report_sensor(data), catalogue_sensor(data), alert_sensor(data)],
        resources={RESOURCE: night_run(catalog.tree, data), "io_manager": NO_VALUES},
        # What the UI's "Materialize" uses: a process per step costs eight times as much here.
        executor=dg.in_process_executor,
    )


catalog = load_catalog(own_tree())
defs = assemble(catalog, data_root())
for fault in catalog.faults:
    print(f"{fault.sentence} It holds: {', '.join(fault.domains) or 'nothing that is known'}.", file=sys.stderr)
gc.freeze()
gc.enable()
atexit.register(gc.freeze)
