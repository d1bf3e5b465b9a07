"""The DuckDB file of a release, and how it is opened: to be read, and nothing else."""

from pathlib import Path

import duckdb

DATABASE = "ventetal.duckdb"
# The format of DuckDB 1.0, which every later client opens.
STORAGE_VERSION = "v1.0.0"


def open_release(release: Path) -> duckdb.DuckDBPyConnection:
    """A connection that can read the release and nothing else: no other file, no setting, no write."""
    con = duckdb.connect(
        str(release / DATABASE),
        read_only=True,
        config={"enable_external_access": False, "autoinstall_known_extensions": False, "autoload_known_extensions": False},
    )
    con.execute("set lock_configuration = true")
    return con
