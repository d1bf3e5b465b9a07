"""Connections to Dagster's records stay open, and nobody who watches, reads or cleans up beside them notices."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.nightly import instance
from pipelines.run_storage import KEPT_OPEN, EventLog
from sources.settings import PROJECT

LONG_AGO = 1e9


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("VENTETAL_POSTGRES_URL", raising=False)
    with instance(PROJECT, tmp_path) as found:
        yield found


def events(on: dg.DagsterInstance) -> EventLog:
    log = on.event_log_storage
    assert isinstance(log, EventLog)
    return log


def ran(on: dg.DagsterInstance) -> str:
    @dg.op
    def nothing() -> None:
        pass

    @dg.job(executor_def=dg.in_process_executor)
    def empty() -> None:
        nothing()

    return empty.execute_in_process(instance=on).run_id


def test_as_many_databases_stay_open_as_agreed(on: dg.DagsterInstance) -> None:
    runs = [ran(on) for _ in range(KEPT_OPEN + 2)]
    assert len(events(on)._engines) == KEPT_OPEN
    assert all(on.all_logs(run) for run in runs)


def test_writing_touches_the_file_the_ui_watches_and_reading_does_not(on: dg.DagsterInstance) -> None:
    run = ran(on)
    file = Path(events(on).path_for_shard(run))
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert on.all_logs(run)
    assert file.stat().st_mtime == LONG_AGO
    record = on.get_run_by_id(run)
    assert record is not None
    on.report_engine_event("something", record)
    assert file.stat().st_mtime > LONG_AGO


def test_another_process_reads_what_was_just_written(on: dg.DagsterInstance, tmp_path: Path) -> None:
    run = ran(on)
    other = EventLog(str(tmp_path / "dagster" / "history" / "runs"))
    assert len(other.get_logs_for_run(run)) == len(on.all_logs(run))
    other.dispose()


def test_a_file_that_was_cleaned_away_is_made_anew(on: dg.DagsterInstance) -> None:
    run = ran(on)
    file = Path(events(on).path_for_shard(run))
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    assert list(on.all_logs(run)) == []
    record = on.get_run_by_id(run)
    assert record is not None
    on.report_engine_event("something", record)
    assert len(on.all_logs(run)) == 1
