"""How the pipeline opens DuckDB: in memory, bounded, without extensions from elsewhere."""

import os
from pathlib import Path

import duckdb


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory connection that spills to `scratch` and never loads an extension from disk or network."""
    scratch.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "memory_limit": os.environ.get("VENTETAL_MEMORY_LIMIT", "4GB"),
            "temp_directory": str(scratch),
            "max_temp_directory_size": os.environ.get("VENTETAL_SPILL_LIMIT", "100GB"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    # For its cursors too: a session's setting would leave them the zone of the host.
    con.execute("set global timezone = 'UTC'")
    return con
