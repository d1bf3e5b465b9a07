"""A week under Dagster's own loops, on a fast clock: what is published, what is said and to whom, day by day.

Schedule, sensors, queue, code server and the processes of runs are the real ones; only the time is not.
"""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs

from assets.lake.decisions import withdraw_delivery
from assets.lake.files import Lake
from assets.lake.manifests import manifest, releases
from pipelines.nightly import instance
from sources.settings import PROJECT
from tests.drawn import drawn
from tests.host import until
from tests.listeners import Hook, webhook
from tests.toy import Toy, rebuilt

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
DAILY = '- {property: frequency, value: 1, unit: d, scheduler: cron, schedule: "0 5 * * *", description: Every morning by five.}'
LOG = logging.getLogger("week")
# What lies in landing when the clock says so: `stock` and `sales` as counts, `?` for a file nobody can read.
WEEK = """
    at            | what      | stock     | sales      | what happens
    2015-06-01 05 | night     | a 1, b 2  | a 10       | both on time
    2015-06-02 05 | night     |           | a 11       | stock is missing
    2015-06-02 09 | arrival   | a 2, b 2  |            | stock comes late
    2015-06-03 05 | night     | a -1, b 2 | ?          | stock is broken, sales unreadable
    2015-06-04 05 | night     | a 3, b 2  | a 12       | both corrected
    2015-06-05 05 | night     | a 90, b 2 | a 13       | the wrong file for stock
    2015-06-06 05 | withdrawn |           |            | stock is withdrawn; both are missing
    2015-06-07 05 | night     | a 3, b 2  | a 14, b 1  | stock as on Thursday
"""
# The last column says who was told of what; a minus that it has cleared.
EXPECTED = """
    at            | run     | stock    | sales     | held         | late         | told
    2015-06-01 05 | SUCCESS | a 1, b 2 | a 10      |              |              |
    2015-06-02 05 | SUCCESS | a 1, b 2 | a 11      |              | stock        | late stock
    2015-06-02 09 | SUCCESS | a 2, b 2 | a 11      |              |              | -late stock
    2015-06-03 05 | FAILURE | a 2, b 2 | a 11      | stock_domain | sales        | held stock, late sales, refused sales
    2015-06-04 05 | SUCCESS | a 3, b 2 | a 12      |              |              | -held stock, -late sales, -refused sales
    2015-06-05 05 | SUCCESS | a 90, b 2 | a 13      |              |              |
    2015-06-06 05 | SUCCESS | a 3, b 2 | a 13      |              | sales, stock | late sales, late stock
    2015-06-07 05 | SUCCESS | a 3, b 2 | a 14, b 1 |              |              | -late sales, -late stock
"""
WORDS = {
    "an extract for (.*)_domain is late": "late",
    "a file for (.*)_domain could not be read": "refused",
    "(.*)_domain is held at its last good figures": "held",
}


def in_short(subject: str) -> str:
    """The subject of a message as the last column says it; a subject it does not know stays whole."""
    for words, kind in WORDS.items():
        if found := re.fullmatch(f"(cleared: )?{words}", subject):
            return f"{'-' if found[1] else ''}{kind} {found[2]}"
    return subject


class Week:
    """A toy project under the daemon's loops."""

    def __init__(self, root: Path, hook: Hook) -> None:
        self.toy, self.hook, self.clock = Toy(root, stock="{mode: snapshot}", sales="{mode: snapshot}"), hook, root / "clock"
        (self.toy.project / "dagster.yaml").write_text((PROJECT / "dagster.yaml").read_text("utf-8"))
        for extract in ("stock", "sales"):
            self.toy.promises(extract, DAILY)
        self.found: list[dict[str, str]] = []
        self.seen: dict[str, object] = {}

    def deliver(self, at: datetime, extract: str, counts: str | None) -> None:
        if counts:
            file = self.toy.deliver(extract, f"{extract}_2015-01_received-{at:%Y%m%d-%H%M}.csv", "" if counts == "?" else counts)
            if counts == "?":
                file.write_text("Something;else\n1;2\n", "utf-8")

    def turn(self, context: object, on: dg.DagsterInstance, at: datetime) -> None:
        """What the daemon does at that time, and the runs it starts, to their end."""
        self.clock.write_text(at.isoformat(), "utf-8")
        with freeze_time(at.replace(tzinfo=COPENHAGEN)):
            list(launch_scheduled_runs(context, LOG, at.replace(tzinfo=COPENHAGEN).astimezone(UTC), self.seen))  # type: ignore[arg-type]
            list(execute_sensor_iteration(context, LOG, None, None))  # type: ignore[arg-type]
            list(QueuedRunCoordinatorDaemon(interval_seconds=5).run_iteration(context))  # type: ignore[arg-type]
        until(lambda: all(run.is_finished for run in on.get_runs()), 300, "the runs end")

    def note(self, at: str, on: dg.DagsterInstance, runs: int, told: int) -> None:
        """How things stand after a turn, with the runs and messages it added."""
        statuses = self.toy.ask("select domain, status, late_extracts from meta.domain_status order by domain")
        self.found.append({
            "at": at,
            "run": ", ".join(r.status.value for r in on.get_runs()[: len(on.get_runs()) - runs]),
            "stock": self.toy.total("stock"),
            "sales": self.toy.total("sales"),
            "held": ", ".join(s["domain"] for s in statuses if s["status"] == "held"),
            "late": ", ".join(s["late_extracts"] for s in statuses if s["late_extracts"]),
            "told": ", ".join(sorted(map(in_short, self.hook.subjects[told:]))),
        })  # fmt: skip


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    with pytest.MonkeyPatch.context() as environment, webhook() as hook:
        week = Week(tmp_path_factory.mktemp("week"), hook)
        week.clock.write_text("2015-06-01T00:00:00", "utf-8")
        for name, value in (
            ("VENTETAL_DATA", week.toy.data),
            ("VENTETAL_TEST_PROJECT", week.toy.project),
            ("VENTETAL_TEST_CLOCK", week.clock),
            ("VENTETAL_SLACK_WEBHOOK", hook.url),
        ):
            environment.setenv(name, str(value))
        environment.delenv("DAGSTER_HOME", raising=False)
        target = ModuleTarget("tests.week_definitions", working_directory=str(PROJECT), attribute="defs", location_name="ventetal")
        with instance(week.toy.project, week.toy.data) as on, create_test_daemon_workspace_context(target, on) as context:
            week.turn(context, on, datetime(2015, 5, 31, 23))
            for row in drawn(WEEK):
                at = datetime.fromisoformat(f"{row['at']}:15:30")
                runs, told = len(on.get_runs()), len(hook.subjects)
                if row["what"] == "withdrawn":
                    withdraw_delivery(week.toy.lake, week.toy.deliveries("stock")[-1]["receipt_id"], "the wrong file", at.replace(hour=4))
                for extract in ("stock", "sales"):
                    week.deliver(at.replace(minute=0) if at.hour == 9 else at.replace(hour=4), extract, row[extract])
                week.turn(context, on, at)
                if row["what"] == "arrival":
                    assert len(on.get_runs()) == runs, "the file may still be growing"
                    week.turn(context, on, at.replace(minute=17))
                week.turn(context, on, at.replace(minute=20))
                week.note(row["at"] or "", on, runs, told)
            yield week


def test_every_day_ends_as_written(week: Week) -> None:
    wanted = [{name: value or "" for name, value in row.items()} for row in drawn(EXPECTED)]
    for found, expected in zip(week.found, wanted, strict=True):
        assert found == expected


def test_the_week_is_a_release_a_day_and_nothing_about_it_is_lost(week: Week) -> None:
    """Also: the lake that grew day by day is the one a rebuild makes, and each day can be had again."""
    made = [m for m in releases(week.toy.lake) if m.line == "nightly"]
    assert len(made) == len(week.found)
    current = week.toy.lake.current_release
    assert current
    compared = rebuilt(week.toy.lake, Lake(week.toy.data.parent / "again"), week.toy.catalog, current)
    assert [c.table for c in compared if not c.equal] == []
    for then in made:
        found = manifest(week.toy.lake, week.toy.night(datetime.fromisoformat(then.as_of), f"as of {then.as_of}").id)
        for what in ("tables", "logical_hashes", "domains", "late"):
            assert getattr(found, what) == getattr(then, what), (then.as_of, what)


def test_no_message_quotes_what_a_supplier_wrote(week: Week) -> None:
    assert len(week.hook.posted) >= 12
    assert not [p for p in week.hook.posted if "Something" in p["text"] or "-1" in p["text"].replace("2015-0", "")]
