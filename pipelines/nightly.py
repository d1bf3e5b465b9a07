"""Runs the nightly job in this process, recorded in the Dagster instance the UI shows, with a progress bar on a terminal."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import dagster as dg
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from assets.lake import clock, log
from assets.lake.files import PRIVATE, write_text
from assets.night_run import COMMAND_LINE, STARTED_BY
from pipelines.dagster_internals import (
    InMemoryJob,
    InstanceRef,
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
    create_execution_plan,
    execute_run_iterator,
)
from pipelines.names import LOCATION, RELEASE
from sources.errors import is_told, told
from sources.paths import plain
from sources.settings import settings


@dataclass
class Finished:
    """How a run ended. `errors` are the messages of the steps that failed, `kinds` the classes of these errors.

    `release` is the release it made, '' for none, and `clock` said what time it was. `calls_somebody`: it published, and somebody
    must look. `journal` is the file with what it said while it worked.
    """

    run_id: str
    ok: bool
    seconds: float
    errors: dict[str, str] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    release: str = ""
    clock: str = ""
    calls_somebody: bool = False
    journal: Path | None = None


def instance_settings(data: Path) -> dict[str, object]:
    """The parts of dagster.yaml that say where the instance keeps its records, for the data at `data`.

    Files of SQLite beside the data, or the Postgres database that VENTETAL_POSTGRES_URL names.
    """
    base = {"base_dir": plain(data / "dagster")}
    sqlite = {"module": "pipelines.run_storage", "class": "Storage", "config": base}
    postgres = {"postgres": {"postgres_url": {"env": "VENTETAL_POSTGRES_URL"}}}
    return {
        "storage": postgres if settings().postgres_url else {"custom": sqlite},
        "local_artifact_storage": {"module": "dagster._core.storage.root", "class": "LocalArtifactStorage", "config": base},
        "compute_logs": {"module": "dagster._core.storage.local_compute_log_manager", "class": "LocalComputeLogManager", "config": base},
    }


def instance_home(project: Path, data: Path) -> Path:
    """A DAGSTER_HOME for Dagster's own commands: the one that is set, else one beside the data that says what `instance` does."""
    if home := settings().dagster_home:
        return Path(home)
    own = _own(data)
    configured = yaml.safe_load((project / "dagster.yaml").read_text("utf-8")) | instance_settings(data)
    write_text(own / "dagster.yaml", yaml.safe_dump(configured))
    return own


def _own(data: Path) -> Path:
    """The folder of Dagster's records, ours alone: they say what ran, and the socket of the code server is in it."""
    own = data / "dagster"
    own.mkdir(parents=True, exist_ok=True)
    own.chmod(PRIVATE)
    return own


@contextmanager
def instance(project: Path, data: Path) -> Iterator[dg.DagsterInstance]:
    """The instance DAGSTER_HOME names, else the project's own beside the data."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    if settings().dagster_home:
        with dg.DagsterInstance.get() as configured:
            yield configured
        return
    reference = InstanceRef.from_dir(plain(_own(data)), config_dir=str(project), overrides=instance_settings(data))
    with dg.DagsterInstance.from_ref(reference) as own:
        yield own


def run_job(
    defs: dg.Definitions,
    name: str,
    on: dg.DagsterInstance,
    config: Mapping[str, object] | None = None,
    logs: Path | None = None,
    is_aloud: bool = True,
) -> Finished:
    """Run a job step by step. The run is recorded with its origin, so the UI shows it under the job.

    What it says while it works goes to a file in the folder `logs`, and is said `is_aloud` too.
    """
    began = time.monotonic()
    job = defs.resolve_job_def(name)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, **(config or {})}
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(LOCATION), "__repository__"), name)
    run = on.create_run_for_job(job_def=job, run_config=quiet, tags={**job.run_tags, STARTED_BY: COMMAND_LINE}, remote_job_origin=origin)
    journal = logs / f"{clock.host.now():%Y%m%d-%H%M%S}-{run.run_id[:8]}.jsonl" if logs else None
    finished = Finished(run.run_id, False, 0.0, journal=journal)
    steps = create_execution_plan(job, quiet).step_keys_to_execute
    # Dagster captures the standard streams while a step runs: the bar needs a handle of its own.
    with os.fdopen(os.dup(2), "w") as stream:
        terminal = Console(file=stream)
        columns = (
            TextColumn("{task.description:<24}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
            log.listen(run.run_id, write=partial(_above, bar) if terminal.is_terminal else None, journal=journal, quiet=not is_aloud)
            task = bar.add_task("starting", total=len(steps))
            for event in execute_run_iterator(InMemoryJob(job), run, on):
                if event.is_step_start:
                    bar.update(task, description=str(event.step_key))
                if event.is_step_success or event.is_step_failure:
                    bar.advance(task)
                _note(finished, event)
    record = on.get_run_by_id(run.run_id)
    finished.ok, finished.seconds = bool(record and record.is_success), time.monotonic() - began
    return finished


def _above(bar: Progress, line: str) -> None:
    """A line of the log on a terminal, above the bar."""
    bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _note(finished: Finished, event: dg.DagsterEvent) -> None:
    """What an event tells of how the run ends."""
    if event.step_key == RELEASE and event.is_step_materialization and event.asset_key == dg.AssetKey(RELEASE):
        metadata = event.materialization.metadata
        finished.release, finished.clock = str(metadata["release"].value), str(metadata["clock"].value)
    if event.is_failure and (error := getattr(event.event_specific_data, "error", None)) is not None:
        while error.cause and not is_told(str(error.cls_name)):
            error = error.cause
        # What went wrong rather than where Dagster noticed, without the name of its class. What fails on purpose says so in our words.
        kind, text = str(error.cls_name), str(error.message).strip()
        text = text.partition(f"{kind}: ")[2] or text
        finished.errors[event.step_key or "run"] = text if kind == dg.Failure.__name__ else told(kind, text)
        finished.kinds.add(kind)
    if event.is_step_failure and event.step_key == RELEASE:
        finished.calls_somebody = event.step_failure_data.user_failure_data is not None
