"""What a run takes for now, and what somebody who reaches the UI can ask of a run."""

import faulthandler
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.lake.clock import ClockWentBack, Instant, NoTime, earlier, night_time, own_time, set_own_time, told_time
from assets.lake.files import Lake, save
from assets.lake.lock import writing
from assets.lake.manifests import manifest, releases
from assets.night_run import LAKE, LINE, run_config
from pipelines.automation import standing_causes
from pipelines.definitions import assemble
from pipelines.names import JOB
from pipelines.nightly import Finished, instance, run_job
from tests.clocks import at
from tests.conftest import copy_landing, ventetal
from tests.toy import Toy


@pytest.fixture(autouse=True)
def _no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VENTETAL_AS_OF", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path, stock="{mode: snapshot}", sales="{mode: snapshot}")
    (toy.project / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150101-0100.csv", "a 10")
    return toy


@pytest.fixture
def on(toy: Toy) -> Iterator[dg.DagsterInstance]:
    with instance(toy.project, toy.data) as found:
        yield found


def scalars(kind: Any) -> Iterator[str]:
    """Names of the values that a config may hold, however deep; not those of which Dagster reads nothing."""
    for name, field in getattr(kind, "fields", {}).items():
        if not hasattr(field.config_type, "fields") and field.config_type.key != "Any":
            yield name
        yield from scalars(field.config_type)


def run(toy: Toy, on: dg.DagsterInstance, as_of: str = "", rebuild: bool = False) -> Finished:
    return run_job(assemble(toy.catalog, toy.data), JOB, on, run_config(as_of, rebuild))


def test_now_is_the_setting_then_the_lakes_own_clock_then_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, host = Lake(tmp_path), datetime(2026, 11, 28, 5, 15)
    lake.prepare()
    with at(host):
        assert (told_time(lake).at, told_time(lake).clock) == (host, "the clock of this machine")
        set_own_time(lake, datetime(2015, 6, 1))
        assert (told_time(lake).at, told_time(lake).clock) == (datetime(2015, 6, 1), "the lake's own clock")
        monkeypatch.setenv("VENTETAL_AS_OF", "2015-05-01T06:00")
        assert (told_time(lake).at, told_time(lake).clock) == (datetime(2015, 5, 1, 6), "VENTETAL_AS_OF")
        monkeypatch.setenv("VENTETAL_AS_OF", "")
        assert told_time(lake).clock == "the lake's own clock"


def test_a_setting_that_has_not_come_is_refused_by_every_command_that_asks_for_the_time(tmp_path: Path) -> None:
    """A run would take all that lies there as received in a year nobody reaches."""
    for command in (["run"], ["run", "--as-of", "2015-01-01"], ["clean"], ["withdraw", "r", "--reason", "x"]):
        done = ventetal(tmp_path, *command, VENTETAL_AS_OF="2099-01-01")
        assert (done.returncode, "VENTETAL_AS_OF is 2099-01-01, which has not come yet" in done.stderr) == (2, True), done.stderr
    assert {p.stem for p in (tmp_path / "lake").glob("pointers/*")} <= {"layout", "region"}, "no time is taken down"


@pytest.mark.parametrize("said", ["June", "2015-13-01", "2015-06-01T05:00+02:00", "2015-06-01 5 o'clock"])
def test_a_setting_that_is_no_local_time_is_refused_in_words(tmp_path: Path, said: str) -> None:
    done = ventetal(tmp_path, "run", VENTETAL_AS_OF=said)
    assert (done.returncode, "VENTETAL_AS_OF is" in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_the_lakes_own_clock_never_goes_back_before_a_run(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    set_own_time(lake, datetime(2015, 6, 1))
    assert night_time(lake).at == datetime(2015, 6, 1)
    set_own_time(lake, datetime(2015, 6, 3))
    assert night_time(lake).at == datetime(2015, 6, 3)
    with pytest.raises(NoTime, match="cannot go back"):
        set_own_time(lake, datetime(2015, 6, 2))
    assert own_time(lake) == datetime(2015, 6, 3)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("2015-06-01", True),
        ("2015-06-01T00:00:01", False),
        ("2099-01-01", False),
        ("soon", False),
        ("../elsewhere", False),
        ("2015-01-01/../..", False),
        ("nightly", False),
    ],
)
def test_a_time_that_is_asked_for_has_come(tmp_path: Path, asked: str, known: bool) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    set_own_time(lake, datetime(2015, 6, 1))
    if known:
        assert earlier(lake, asked) == datetime(2015, 6, 1)
    else:
        with pytest.raises(NoTime):
            earlier(lake, asked)


def test_a_lake_of_examples_keeps_its_time_until_somebody_moves_it(small_files: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = ventetal(tmp_path, "examples", "--scale", "0.01", VENTETAL_AS_OF="")
    assert first.returncode == 0, first.stderr
    assert own_time(lake) == datetime(2015, 6, 1)
    for folder in lake.landing.iterdir():
        if folder.name not in ("response_time_compliance", "project_status", "project_milestones"):
            for file in folder.iterdir():
                file.unlink()
    done = ventetal(tmp_path, "run", VENTETAL_AS_OF="")
    assert "as of 2015-06-01 00:00 by the lake's own clock" in done.stdout, done.stdout + done.stderr
    copy_landing(small_files, tmp_path, "../project_status/*")
    moved = ventetal(tmp_path, "examples", "--now", "2015-06-02T05:15", VENTETAL_AS_OF="")
    assert (moved.returncode, "It is 2015-06-02T05:15" in moved.stderr) == (0, True), moved.stderr
    assert not list(lake.landing.glob("redirections/*")), "nothing is delivered again"
    assert ventetal(tmp_path, "examples", "--now", "2015-05-31", VENTETAL_AS_OF="").returncode == 2
    done = ventetal(tmp_path, "run", VENTETAL_AS_OF="")
    assert "as of 2015-06-02 05:15 by the lake's own clock" in done.stdout, done.stdout + done.stderr


def test_a_lake_of_a_region_gets_no_examples_and_no_clock_of_its_own(toy: Toy) -> None:
    toy.night(datetime(2015, 1, 2))
    for arguments in ((), ("--now", "2015-06-01")):
        done = ventetal(toy.data, "examples", *arguments, VENTETAL_AS_OF="")
        assert (done.returncode, "it is no lake of examples" in done.stderr) == (2, True), done.stderr
    assert (own_time(toy.lake), list(toy.lake.landing.glob("*/*"))) == (None, [])


def test_after_a_night_by_a_clock_that_was_ahead_a_run_is_told_what_time_it_is(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the runbook says: each run, until that time has come; what it does not take down stands in nobody's way."""
    ahead = datetime.now() + timedelta(days=30)
    save(toy.lake.pointer("newest_run"), Instant(ahead))
    with pytest.raises(ClockWentBack, match="but the newest run was at"):
        night_time(toy.lake)
    monkeypatch.setenv("VENTETAL_AS_OF", "2015-06-02T05:15")
    assert night_time(toy.lake).at == datetime(2015, 6, 2, 5, 15)
    assert (toy.night(night_time(toy.lake).at).held, toy.total("stock")) == ([], "a 1")
    monkeypatch.delenv("VENTETAL_AS_OF")
    with pytest.raises(ClockWentBack):
        night_time(toy.lake)


def test_an_earlier_time_is_a_run_of_the_job_and_moves_nothing(toy: Toy, on: dg.DagsterInstance) -> None:
    assert run(toy, on).ok
    current = toy.lake.current_release
    toy.deliver("stock", "stock_2015-01_received-20150301-0100.csv", "a 3")
    finished = run(toy, on, as_of="2015-02-01")
    assert finished.ok
    assert (toy.lake.current_release, [p.name for p in toy.lake.landing.glob("*/*")]) == (
        current,
        ["stock_2015-01_received-20150301-0100.csv"],
    )
    [made] = [m for m in releases(toy.lake) if m.line != "nightly"]
    assert (made.release, made.line, made.as_of) == (finished.release, "as of 2015-02-01", "2015-02-01T00:00:00.000000")
    record = on.get_run_by_id(finished.run_id)
    assert record
    assert (record.tags[LINE], record.job_name) == ("as of 2015-02-01", JOB)
    checked = {e.asset_check_evaluation.check_name for e in on.all_logs(finished.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
               if e.asset_check_evaluation}  # fmt: skip
    assert {"must_hold", "is_published"} <= checked
    event = on.get_latest_materialization_event(dg.AssetKey("release"))
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.metadata["line"].value == "as of 2015-02-01"


def test_a_time_to_come_makes_nothing_and_takes_no_delivery(toy: Toy, on: dg.DagsterInstance) -> None:
    assert run(toy, on).ok
    toy.deliver("stock", "stock_2015-01_received-20150301-0100.csv", "a 3")
    finished = run(toy, on, as_of="2099-01-01")
    assert (finished.ok, "NoTime" in finished.kinds, finished.release) == (False, True, "")
    assert len(releases(toy.lake)) == 1
    assert len(list(toy.lake.landing.glob("*/*"))) == 1


def test_a_rebuild_is_a_run_of_the_job_below_the_lake(toy: Toy, on: dg.DagsterInstance) -> None:
    assert run(toy, on).ok
    current = toy.lake.current_release
    finished = run(toy, on, rebuild=True)
    assert finished.ok, finished.errors
    assert toy.lake.current_release == current
    made = Lake(toy.lake.rebuilt)
    assert made.current_release
    assert current
    assert toy.hashes(made.current_release) == toy.hashes(current)
    assert not made.archive.exists(), "delivered files are read where they lie"
    record = on.get_run_by_id(finished.run_id)
    assert record
    assert record.tags[LINE] == "rebuild"
    # Figures that are others than what was delivered says, and were so when they were published.
    told = manifest(toy.lake, current.name)
    others = replace(told, logical_hashes={t: f"2-{h}" for t, h in told.logical_hashes.items()})
    save(toy.lake.manifests / f"{current.name}.json", others)
    differs = run(toy, on, rebuild=True)
    assert (differs.ok, differs.calls_somebody) == (False, True)
    assert "marts.stock_total" in differs.errors["release"]


def test_a_run_of_another_line_is_no_news_of_the_nightly_one(toy: Toy, on: dg.DagsterInstance) -> None:
    assert run(toy, on).ok
    assert not run(toy, on, as_of="2099-01-01").ok
    assert [c for c in standing_causes(on, toy.lake) if c.kind == "failed run"] == []


def test_run_config_names_no_path_and_no_line(toy: Toy) -> None:
    """Nor anything else that points somewhere: of every job that can be started, Dagster's own for chosen assets too."""
    defs = assemble(toy.catalog, toy.data)
    for job in defs.get_repository_def().get_all_jobs():
        said = set(scalars(job.run_config_schema.config_type))
        assert said <= {"as_of", "rebuild", "log_level", "name", "marker_to_close", "require_upstream_step_success"}, job.name
    job = defs.resolve_job_def(JOB)
    assert dg.validate_run_config(job, run_config("2015-02-01"))
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, {"resources": {"io_manager": {"config": {"base_dir": {"env": "HOME"}}}}})
    for config in ({"project": "/planted"}, {"data": "/elsewhere"}, {"as_of": 2015}, {"rebuild": "/elsewhere"}, {"line": "nightly"}):
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(job, {"resources": {"night_run": {"config": config}}})


def test_a_run_that_waits_for_the_lake_says_so(toy: Toy, on: dg.DagsterInstance) -> None:
    job = assemble(toy.catalog, toy.data).resolve_job_def(JOB)
    toy.lake.prepare()
    with writing(toy.lake, "somebody else", datetime.now()):
        waiting = threading.Thread(target=lambda: job.execute_in_process(instance=on, raise_on_error=False))
        waiting.start()
        until = datetime.now() + timedelta(seconds=30)
        while datetime.now() < until and not [r for r in on.get_runs() if LAKE in r.tags]:
            time.sleep(0.2)
        assert [r.tags[LAKE] for r in on.get_runs()] == ["waits for another run"]
    waiting.join(60)
    if waiting.is_alive():
        faulthandler.dump_traceback()
    [ended] = on.get_runs()
    assert (ended.status, ended.tags[LAKE]) == (dg.DagsterRunStatus.SUCCESS, "held")
    assert any("somebody else" in e.user_message for e in on.all_logs(ended.run_id))
