"""A run that was killed: its process is gone, as the kernel knows (`assets.lake.run_lock`), and Dagster has it as started."""

import time

import dagster as dg

from assets.lake.files import Lake
from assets.lake.run_lock import is_alive

# A run is marked started some seconds before its process has loaded the definitions and takes its lock.
BEGINS_WITHIN_SECONDS = 30
GONE = "The process of the run is gone."


def is_killed(record: dg.RunRecord, lake: Lake) -> bool:
    """Whether a run that has been started has no process any more."""
    started = record.start_time or time.time()
    return time.time() - started >= BEGINS_WITHIN_SECONDS and not is_alive(lake, record.dagster_run.run_id)


def fail_killed(on: dg.DagsterInstance, lake: Lake) -> list[str]:
    """Mark runs as failed that were killed, for hosts where no daemon does; their ids."""
    killed = [r for r in on.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])) if is_killed(r, lake)]
    for record in killed:
        on.report_run_failed(record.dagster_run, GONE)
    return [r.dagster_run.run_id for r in killed]
