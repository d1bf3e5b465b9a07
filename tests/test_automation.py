"""When runs start, that two never write at once, and that a run whose process is gone is noticed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import cron_string_iterator

from assets.catalogue.build import Built as Pages
from assets.catalogue_asset import catalogue_asset
from assets.lake.files import Lake
from assets.lake.run_lock import hold, is_alive
from assets.releases.database import open_release
from assets.releases.pointers import roll_back
from assets.report.build import Built
from assets.report_asset import report_asset
from pipelines.automation import (
    EVERY_NIGHT,
    OF_MONTH,
    OF_RELEASE,
    ZONE,
    catalogue_sensor,
    landing_sensor,
    report_sensor,
    standing_causes,
)
from pipelines.definitions import defs
from pipelines.killed_runs import fail_killed
from pipelines.launcher import LockLauncher
from pipelines.names import JOB
from sources.settings import PROJECT
from sources.tree import Tree
from tests.toy import Toy

ALIVE, DEAD = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
HOLDS = "import sys; from pathlib import Path; from assets.lake.run_lock import hold; from assets.lake.files import Lake\n"
HOLDS += "hold(Lake(Path(sys.argv[1])), sys.argv[2]); print('held', flush=True); sys.stdin.read()"


def test_the_night_begins_once_a_day_at_a_quarter_past_five_over_both_changes_of_clock() -> None:
    ticks = cron_string_iterator(datetime(2026, 1, 1, tzinfo=COPENHAGEN).timestamp(), EVERY_NIGHT, ZONE)
    found = [next(ticks) for _ in range(365)]
    assert [t.date().toordinal() for t in found] == [datetime(2026, 1, 1).toordinal() + i for i in range(365)]
    assert {(t.hour, t.minute) for t in found} == {(5, 15)}
    assert {f"{t:%m-%d %z}" for t in found} >= {"03-28 +0100", "03-29 +0200", "10-24 +0200", "10-25 +0100"}


def test_schedule_and_sensors_run_unless_switched_off() -> None:
    repository = defs.get_repository_def()
    assert repository.get_schedule_def("every_night").cron_schedule == EVERY_NIGHT
    assert repository.get_schedule_def("every_night").default_status == dg.DefaultScheduleStatus.RUNNING
    for sensor in ("landing", "alerts", "report", "catalogue"):
        assert repository.get_sensor_def(sensor).default_status == dg.DefaultSensorStatus.RUNNING


def test_a_file_starts_one_run_once_it_has_stopped_growing(tmp_path: Path) -> None:
    sensor, cursor = landing_sensor(tmp_path, ["stock", "sales"]), None

    def look() -> bool:
        nonlocal cursor
        found = sensor.evaluate_tick(dg.build_sensor_context(cursor=cursor))
        cursor = found.cursor
        return bool(found.run_requests)

    assert not look()
    file = tmp_path / "stock" / "stock.csv"
    file.parent.mkdir()
    file.write_text("a")
    assert not look(), "first sight"
    file.write_text("ab")
    assert not look(), "it grew"
    (tmp_path / "stock" / ".more.csv").write_text("unfinished by its name")
    (tmp_path / "stock" / "more.csv.part").write_text("unfinished by its name")
    assert look()
    assert not look(), "the same file is no news"
    file.unlink()
    assert not look()
    file.write_text("abc")
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "sales.csv").write_text("b")
    assert not look()
    assert look(), "one run for both"
    assert json.loads(cursor or "")["started_for"].keys() == {"stock/stock.csv", "sales/sales.csv"}


def test_each_release_that_is_shown_gets_its_catalogue_once(tmp_path: Path) -> None:
    def look(cursor: str | None = None) -> tuple[int, str | None]:
        found = catalogue_sensor(tmp_path / "data").evaluate_tick(dg.build_sensor_context(cursor=cursor))
        return len(found.run_requests or []), found.cursor

    assert look() == (0, None), "there is no release"
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-06_received-20150601-0600.csv", "a 1", day="2015-06-01")
    first = toy.night(datetime(2015, 6, 2)).id
    assert look() == (1, first)
    assert look(first) == (0, first)
    toy.deliver("stock", "stock_2015-06_received-20150602-0600.csv", "a 2", day="2015-06-01")
    second = toy.night(datetime(2015, 6, 3)).id
    assert look(first) == (1, second)
    roll_back(toy.lake, first)
    assert look(second) == (1, first), "it is shown again"
    made = dg.materialize([catalogue_asset(Tree(toy.project), toy.lake)])
    assert made.success
    assert first in (toy.lake.catalogue / "index.html").read_text("utf-8")


def test_each_release_with_a_final_month_gets_its_report_once(region: Path, tmp_path: Path) -> None:
    def look(data: Path, cursor: str | None = None) -> tuple[list[str | None], str | None]:
        context = dg.build_sensor_context(cursor=cursor, repository_def=defs.get_repository_def())
        found = report_sensor(data).evaluate_tick(context)
        return [r.partition_key for r in found.run_requests or []], found.cursor

    release = Lake(region).current_release
    assert release is not None
    with open_release(release) as con:
        month = con.execute("select max(month) from marts.kpi_monthly where not is_provisional").fetchall()[0][0]
    asked, cursor = look(region)
    assert asked == [f"{month:%Y-%m}"]
    assert look(region, cursor) == ([], cursor)
    assert look(region, "20150101T000000-earlier") == (asked, cursor)
    assert look(tmp_path) == ([], None), "there is no release"
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-06_received-20150601-0600.csv", "a 1", day="2015-06-01")
    toy.night(datetime(2015, 6, 2))
    assert look(toy.data)[0] == [], "no figure of a final month"


def test_a_report_that_is_being_made_is_no_killed_run(region: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data, alive = tmp_path / "data", []
    (data / "releases").mkdir(parents=True)
    release = Lake(region).current_release
    assert release is not None
    (data / "releases" / "current").symlink_to(release.name)

    def built(of: Path, reports: Path, month: date) -> Built:
        [running] = (data / "lake" / "running").iterdir()
        alive.append(is_alive(Lake(data), running.name))
        return Built("2015-04", of.name, reports, 0, [], 0, "", None, False, None)

    monkeypatch.setattr("assets.report.build.build", built)
    assert dg.materialize([report_asset(data)], partition_key="2015-04", selection="report").success
    assert alive == [True]


def test_a_report_that_could_not_be_made_calls_somebody_until_it_is_there(
    region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Lake(region).current_release
    assert release is not None
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "current").symlink_to(release.name)

    def breaks(of: Path, reports: Path, month: date) -> Built:
        raise RuntimeError("a sheet that is somebody's")

    monkeypatch.setattr("assets.report.build.build", breaks)
    with dg.DagsterInstance.ephemeral() as on:

        def made(release_id: str) -> list[str]:
            dg.materialize(
                [report_asset(tmp_path)], instance=on, partition_key="2015-04", selection="report",
                tags={OF_RELEASE: release_id, OF_MONTH: "2015-04"}, raise_on_error=False,
            )  # fmt: skip
            return [c.kind for c in standing_causes(on, Lake(tmp_path))]

        assert made("20150101-earlier") == [], "another one is shown by now"
        assert made(release.name) == ["report not made"]
        [cause] = standing_causes(on, Lake(tmp_path))
        assert "report (RuntimeError)" in cause.why
        assert "somebody" not in cause.why
        listed, tags = [catalogue_asset(Tree(tmp_path), Lake(tmp_path))], {OF_RELEASE: release.name}
        # There is nothing declared below that folder.
        assert not dg.materialize(listed, instance=on, tags=tags, raise_on_error=False).success
        assert [c.kind for c in standing_causes(on, Lake(tmp_path))] == ["report not made", "catalogue not made"]
        monkeypatch.setattr("assets.catalog.loading.load_catalog", lambda _: None)
        monkeypatch.setattr("assets.catalogue.build.build", lambda *_: Pages(release.name, tmp_path, 0, 0, 0, 0))
        assert dg.materialize(listed, instance=on, tags=tags).success
        # By the command line, which leaves no run.
        facts = tmp_path / "reports" / "2015-04" / "rapport.json"
        facts.parent.mkdir(parents=True)
        facts.write_text(json.dumps({"month": "2015-04", "release": "20150101-earlier"}))
        assert [c.kind for c in standing_causes(on, Lake(tmp_path))] == ["report not made"]
        facts.write_text(json.dumps({"month": "2015-04", "release": release.name}))
        assert standing_causes(on, Lake(tmp_path)) == []


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path), ALIVE], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_run_lives_as_long_as_its_process(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    lake = Lake(tmp_path)
    assert is_alive(lake, ALIVE)
    assert not is_alive(lake, DEAD)
    holder.kill()
    holder.wait()
    assert not is_alive(lake, ALIVE)


def test_locks_of_runs_long_gone_are_forgotten(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    old = lake.files / "running" / "old"
    old.parent.mkdir(parents=True)
    old.touch()
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    hold(lake, "new")
    assert not old.exists()
    assert is_alive(lake, "new")


def test_the_launcher_asks_the_kernel_and_an_abandoned_run_is_marked_failed(
    tmp_path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENTETAL_DATA", str(tmp_path))
    (tmp_path / "dagster").mkdir()
    overrides = {"run_launcher": {"module": "pipelines.launcher", "class": "LockLauncher"}, "telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster"), overrides=overrides) as on:
        launcher = on.run_launcher
        assert isinstance(launcher, LockLauncher)
        run = on.create_run_for_job(defs.resolve_job_def(JOB), run_id=ALIVE)
        dead = on.create_run_for_job(defs.resolve_job_def(JOB), run_id=DEAD)
        for started in (run, dead):
            on.handle_new_event(_started(started.run_id))
        assert launcher.check_run_worker_health(dead).status.value == "RUNNING", "it has only begun"
        monkeypatch.setattr("pipelines.killed_runs.BEGINS_WITHIN_SECONDS", -1)
        assert launcher.check_run_worker_health(run).status.value == "RUNNING"
        assert launcher.check_run_worker_health(dead).status.value == "FAILED"
        assert fail_killed(on, Lake(tmp_path)) == [DEAD]
        statuses = {r.run_id: r.status for r in on.get_runs()}
    assert statuses == {ALIVE: dg.DagsterRunStatus.STARTED, DEAD: dg.DagsterRunStatus.FAILURE}


def _started(run_id: str) -> dg.EventLogEntry:
    event = dg.DagsterEvent(event_type_value="PIPELINE_START", job_name=JOB, message="")
    return dg.EventLogEntry(None, 20, "", run_id, time.time(), job_name=JOB, dagster_event=event)
