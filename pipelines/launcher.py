"""Launches runs as Dagster does, and tells whether the process of a started run still lives.

Dagster asks its code server about a run, which after a power cut or a kill knows nothing: the run would stay started for
ever and the queue behind it would stand still. The kernel knows: see `assets.lake.run_lock`.
"""

import time

import dagster as dg

from assets.lake.files import Lake
from assets.lake.run_lock import is_alive
from pipelines.dagster_internals import CheckRunHealthResult, WorkerStatus
from sources.settings import data_root

# A run is marked started some seconds before its process has loaded the definitions and takes its lock.
BEGINS_WITHIN_SECONDS = 30


class LockLauncher(dg.DefaultRunLauncher):
    """The launcher named in dagster.yaml."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run.run_id)
        started = record.start_time if record and record.start_time else time.time()
        if time.time() - started < BEGINS_WITHIN_SECONDS or is_alive(Lake(data_root()), run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "The process of the run is gone.")


def fail_abandoned(on: dg.DagsterInstance, data_lies: Lake) -> list[str]:
    """Mark runs as failed whose process is gone, for hosts where no daemon does; their ids."""
    abandoned = []
    for record in on.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        if time.time() - (record.start_time or 0) > BEGINS_WITHIN_SECONDS and not is_alive(data_lies, run.run_id):
            on.report_run_failed(run, "The process of the run is gone.")
            abandoned.append(run.run_id)
    return abandoned
