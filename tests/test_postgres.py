"""Production keeps Dagster's records in Postgres by one setting: tried against a real server that the test starts."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.catalog.loading import load_catalog
from pipelines.definitions import assemble
from pipelines.names import JOB
from pipelines.nightly import instance, instance_home, run_job
from sources.settings import PROJECT
from tests.host import until
from tests.toy import Toy


def _programs() -> Path | None:
    """Where Debian keeps the server's programs, which are on no path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that listens on a socket of its own alone."""
    programs = _programs()
    if programs is None:
        # Where everything must be there, its absence is a fault and no excuse.
        assert not os.environ.get("CI"), "Debian's postgresql is not installed"
        pytest.skip("Debian's postgresql is not installed: Postgres was not tried")
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    data = root / "data"
    data.mkdir()
    who = {}
    if os.geteuid() == 0:
        # The server refuses to run as root.
        who = {"user": "nobody"}
        shutil.chown(data, "nobody")
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--locale=C.UTF-8"],
        check=True, cwd="/", capture_output=True, **who,
    )  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", data, "-c", "listen_addresses="], cwd="/", stderr=subprocess.DEVNULL, **who
    )
    try:
        ready = [programs / "pg_isready", "-q", "-h", data]
        until(lambda: subprocess.run(ready, check=False).returncode == 0, 30, "Postgres is ready")
        yield f"postgresql://postgres@/postgres?host={data}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(root)


@pytest.fixture
def toy(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Toy:
    monkeypatch.setenv("VENTETAL_POSTGRES_URL", url)
    monkeypatch.setenv("VENTETAL_AS_OF", "2015-06-01")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    (toy.project / "dagster.yaml").write_text((PROJECT / "dagster.yaml").read_text("utf-8"))
    return toy


def test_runs_events_and_schedules_are_kept_in_postgres(toy: Toy, url: str) -> None:
    import psycopg2

    toy.deliver("stock", "stock_2015-01.csv", "a 1")
    with instance(toy.project, toy.data) as on:
        finished = run_job(assemble(load_catalog(toy.project), toy.data), JOB, on)
        assert finished.ok
        event = on.get_latest_materialization_event(dg.AssetKey(["marts", "stock_total"]))
        assert event
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select status from runs")
        assert cursor.fetchall() == [("SUCCESS",)]
        cursor.execute("select count(*) from event_logs where run_id = %s", [finished.run_id])
        assert cursor.fetchall()[0][0] > 20
        cursor.execute("select count(*) from information_schema.tables where table_name in ('instigators', 'job_ticks')")
        assert cursor.fetchall() == [(2,)]
    assert not list(toy.data.rglob("*.db"))


def test_dagsters_own_commands_get_the_same_storage_and_no_password(toy: Toy, url: str) -> None:
    home = instance_home(toy.project, toy.data)
    assert url not in (home / "dagster.yaml").read_text("utf-8")
    with dg.DagsterInstance.from_config(str(home)) as on:
        assert [run.job_name for run in on.get_runs()] == [JOB]
        assert type(on.run_storage).__name__ == "PostgresRunStorage"
        assert type(on.schedule_storage).__name__ == "PostgresScheduleStorage"
