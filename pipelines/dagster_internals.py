"""Everything that is used of Dagster beyond its public interface, each with the public way that is missing; nothing else imports it.

After an upgrade of Dagster this is what must be looked at.
"""

# To run a job step by step in this process with a bar, recorded with its origin so that the UI lists the run under the job: the public
# `execute_in_process` and `dagster job execute` record no origin and give no stream of events.
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run_iterator

# An instance whose records lie where VENTETAL_DATA says: the public `DagsterInstance.get` knows DAGSTER_HOME alone.
from dagster._core.instance import InstanceRef

# A launcher that says whether the process of a run still lives: the interface has no public name.
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

# A storage in SQLite whose connections stay open: there is no public setting for it.
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
