"""A run of the daemon that dies with all that could have told of it is marked failed in time, and the next one works."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from assets.lake.files import Lake
from pipelines.nightly import instance
from sources.settings import PROJECT
from tests.host import code_and_daemon, environment, service, until

Status = dg.DagsterRunStatus


def launch(said: dict[str, str]) -> None:
    """Put a run into the queue, as the schedule does."""
    home = {**said, "DAGSTER_HOME": str(Path(said["VENTETAL_DATA"]) / "dagster")}
    command = [sys.executable, "-m", "dagster", "job", "launch", "-w", "deploy/workspace.yaml", "-j", "nightly", "-l", "ventetal"]
    done = subprocess.run(command, env=home, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def writer(lake: Lake) -> int:
    """The process that holds the lake, 0 for nobody."""
    path = lake.files / "writer.lock"
    found = re.search(r"process (\d+)", path.read_text()) if path.exists() else None
    return int(found[1]) if found else 0


def test_a_killed_run_is_failed_within_two_minutes_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    said, lake = environment(tmp_path), Lake(tmp_path)
    monkeypatch.setenv("VENTETAL_DATA", str(tmp_path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with instance(PROJECT, tmp_path) as on:

        def statuses() -> list[dg.DagsterRunStatus]:
            return [r.dagster_run.status for r in on.get_run_records(ascending=True)]

        with code_and_daemon(said) as (code, _):
            launch(said)
            until(lambda: bool(writer(lake)), 60, "the run begins")
            # All that could tell dies at once: the run, the server that started it and that one's parent.
            assert os.getpgid(writer(lake)) == code.pid
            os.killpg(code.pid, signal.SIGKILL)
            code.wait()
            with service("code", said):
                launch(said)
                assert statuses()[0] == Status.STARTED
                seconds = until(lambda: statuses()[0] == Status.FAILURE, 120, "the killed run is marked failed")
                until(lambda: statuses()[1] in (Status.SUCCESS, Status.FAILURE), 90, "the next run ends")
        record_property("seconds until a killed run was marked failed", f"{seconds:.0f}")
        failures = [e.dagster_event.step_key for e in on.all_logs(on.get_runs()[0].run_id, of_type=dg.DagsterEventType.STEP_FAILURE)]
    # Nothing was delivered, so its domains are held: it came to its end, the release.
    assert failures == ["release"]
    assert lake.current_release
