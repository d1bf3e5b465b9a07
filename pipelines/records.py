"""What Dagster keeps of runs, and how it is forgotten: Dagster has no retention of its own for runs, their events and their logs."""

import contextlib
import sqlite3
from datetime import datetime
from pathlib import Path

import dagster as dg

from pipelines.names import JOB

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def old_runs(on: dg.DagsterInstance, before: datetime) -> list[str]:
    """Ids of the runs that ended before then, the newest night excepted: alerts look at it."""
    newest = on.get_run_records(dg.RunsFilter(job_name=JOB), limit=1)
    kept = {r.dagster_run.run_id for r in newest}
    records = on.get_run_records(dg.RunsFilter(statuses=ENDED, created_before=before.astimezone()))
    return [r.dagster_run.run_id for r in records if r.dagster_run.run_id not in kept]


def forget_runs(on: dg.DagsterInstance, runs: list[str]) -> None:
    """Delete their rows, their events and what they printed. What was materialised stays known by its newest event."""
    for run in runs:
        on.compute_log_manager.delete_logs(prefix=[run])
        on.delete_run(run)
        for path in _shards(on, run):
            path.unlink(missing_ok=True)
    for path in _shards(on, "index")[:1]:
        # Another process may be writing; the room is given back another time.
        with contextlib.suppress(sqlite3.OperationalError), sqlite3.connect(path) as database:
            database.execute("vacuum")


def _shards(on: dg.DagsterInstance, name: str) -> list[Path]:
    """Files of SQLite's event log; none where events are in Postgres."""
    path_for = getattr(on.event_log_storage, "path_for_shard", None)
    path = Path(path_for(name)) if path_for else None
    return sorted(path.parent.glob(f"{path.name}*")) if path else []
