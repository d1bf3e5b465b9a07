"""Where the project and its data lie, and what things are called. Cheap to import: Dagster's own processes do it too."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
JOB = "nightly"
LOCATION = "ventetal"
RELEASE = "release"


def data_root() -> Path:
    """Where deliveries, lake and releases lie: VENTETAL_DATA, else data/ of the project."""
    return Path(os.environ.get("VENTETAL_DATA") or PROJECT / "data").absolute()
