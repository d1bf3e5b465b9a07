"""Definitions of a project that lives at the time a file says: what the code server of a simulated week loads, anew for each run."""

import os
from pathlib import Path

os.environ["VENTETAL_AS_OF"] = Path(os.environ["VENTETAL_TEST_CLOCK"]).read_text("utf-8")

from assets.catalog.loading import load_catalog
from pipelines.definitions import assemble
from sources.settings import data_root

defs = assemble(load_catalog(Path(os.environ["VENTETAL_TEST_PROJECT"])), data_root())
