"""Launches runs as Dagster does, and tells it of a started run whose process is gone.

Dagster asks its code server about a run, which after a power cut or a kill knows nothing: the run would stay started for
ever and the queue behind it would stand still.
"""

import dagster as dg

from assets.lake.files import Lake
from pipelines.dagster_internals import CheckRunHealthResult, WorkerStatus
from pipelines.killed_runs import GONE, is_killed
from sources.settings import data_root


class LockLauncher(dg.DefaultRunLauncher):
    """The launcher named in dagster.yaml."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run.run_id)
        if record and is_killed(record, Lake(data_root())):
            return CheckRunHealthResult(WorkerStatus.FAILED, GONE)
        return CheckRunHealthResult(WorkerStatus.RUNNING)
