"""Definitions of a project that lives at the time a file says: what the code server of a simulated week loads, anew for each run."""

import os
from pathlib import Path

os.environ["VENTETAL_AS_OF"] = Path(os.environ["VENTETAL_TEST_CLOCK"]).read_text("utf-8")

import dagster as dg

from assets.catalog.loading import load_catalog
from pipelines.definitions import assemble
from sources.settings import data_root

whole = assemble(load_catalog(Path(os.environ["VENTETAL_TEST_PROJECT"])), data_root())
# Each release gets its catalogue in a run of its own, which no night waits for (`test_automation`): here they would double the runs.
defs = dg.Definitions(
    assets=whole.assets,
    jobs=whole.jobs,
    schedules=whole.schedules,
    sensors=[s for s in whole.sensors or [] if s.name != "catalogue"],
    resources=whole.resources,
    executor=whole.executor,
)
