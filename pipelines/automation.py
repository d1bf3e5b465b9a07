"""When the nightly job runs without being asked: every night, and when something has arrived."""

import json
from pathlib import Path

import dagster as dg

from assets.landing import delivered
from assets.run import STARTED_BY
from pipelines.settings import JOB

# Never moved by a change of clocks, which happens between 2 and 3; the deliveries of the night are there by then.
EVERY_NIGHT, ZONE = "15 5 * * *", "Europe/Copenhagen"
LOOKS_EVERY_SECONDS = 60

Looked = dict[str, list[int]]


def nightly_schedule() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="every_night",
        job_name=JOB,
        cron_schedule=EVERY_NIGHT,
        execution_timezone=ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        tags={STARTED_BY: "the schedule"},
        description="Takes in what has arrived, makes the tables, publishes what passes: at 05:15 on the clocks of Copenhagen.",
    )


def landing_sensor(landing: Path, extracts: list[str]) -> dg.SensorDefinition:
    """Starts one run for all that has arrived, once no file of it has changed between two looks.

    A file it has started a run for and that still lies there, unreadable perhaps, is not news again; the nightly run tries it.
    """

    @dg.sensor(
        name="landing",
        job_name=JOB,
        minimum_interval_seconds=LOOKS_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a run when files have arrived in landing and stopped growing.",
    )
    def arrived(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before = json.loads(context.cursor or '{"looked": {}, "started_for": {}}')
        there = _look(landing, extracts)
        news = {name: size for name, size in there.items() if before["started_for"].get(name) != size}
        growing = [name for name, size in news.items() if before["looked"].get(name) != size]
        starts = bool(news) and not growing
        known = there if starts else {name: size for name, size in before["started_for"].items() if name in there}
        cursor = json.dumps({"looked": there, "started_for": known})
        if starts:
            return dg.SensorResult(run_requests=[dg.RunRequest(tags={STARTED_BY: "the landing sensor"})], cursor=cursor)
        why = f"{len(growing)} of {len(news)} new files were still arriving." if growing else "Nothing new lies in landing."
        return dg.SensorResult(skip_reason=why, cursor=cursor)

    return arrived


def _look(landing: Path, extracts: list[str]) -> Looked:
    """Size and time of change of every file that is delivered and not under a name that says it is unfinished."""
    found = [(extract, path, stat) for extract in extracts for path, stat in delivered(landing / extract)]
    return {f"{extract}/{path.name}": [stat.st_size, stat.st_mtime_ns] for extract, path, stat in found}
