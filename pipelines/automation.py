"""What happens without being asked: the nightly job every night and when something has arrived, and people being told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from assets.alerts.alert_causes import FAILED, UNLISTED, UNREPORTED, Cause, remembered_causes
from assets.alerts.channels import ChannelError, channels
from assets.alerts.messages import tell
from assets.catalogue_asset import CATALOGUE
from assets.deliveries.landing import delivered
from assets.lake import clock
from assets.lake.files import Lake
from assets.night_run import LINE, STARTED_BY
from assets.report_asset import MONTHS, REPORT
from pipelines.names import JOB, RELEASE
from pipelines.records import ENDED
from sources.settings import settings

# Never moved by a change of clocks, which happens between 2 and 3; the deliveries of the night are there by then.
EVERY_NIGHT, ZONE = "15 5 * * *", "Europe/Copenhagen"
LOOKS_EVERY_SECONDS = 60
# Of which release a run makes the catalogue, of which and of which month the report.
OF_RELEASE, OF_MONTH = "ventetal/release", "ventetal/month"
# The newest run of the nightly line lies behind at most this many that were asked for another time.
RUNS_LOOKED_AT = 50


def nightly_schedule() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="every_night",
        job_name=JOB,
        cron_schedule=settings().schedule or EVERY_NIGHT,
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


def report_sensor(data: Path) -> dg.SensorDefinition:
    """Makes the report of the newest final month of each release that analysts see."""

    def asked(release: Path) -> dg.RunRequest | str:
        # Imported here: definitions load without DuckDB.
        from assets.report.reading import newest_month

        month = newest_month(release)
        if month is None or not MONTHS.has_partition_key(f"{month:%Y-%m}"):
            return f"Release {release.name} has no final month to report on."
        named = f"{month:%Y-%m}"
        return dg.RunRequest(partition_key=named, tags={OF_MONTH: named})

    return _of_each_release(data, REPORT, "Makes the report of the newest final month when another release is shown.", asked)


def catalogue_sensor(data: Path) -> dg.SensorDefinition:
    """Makes the catalogue of each release that analysts see."""
    return _of_each_release(data, CATALOGUE, "Makes the catalogue when another release is shown.", lambda _: dg.RunRequest())


def _of_each_release(data: Path, asset: str, description: str, asked: Callable[[Path], dg.RunRequest | str]) -> dg.SensorDefinition:
    """A sensor that has an asset made when another release is shown; `asked` says how of a release, or why not."""

    @dg.sensor(
        name=asset,
        target=dg.AssetSelection.assets(asset),
        minimum_interval_seconds=LOOKS_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
    def shown(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        release = Lake(data).current_release
        if release is None or release.name == context.cursor:
            return dg.SensorResult(skip_reason="No other release is shown.", cursor=context.cursor)
        request = asked(release)
        if isinstance(request, str):
            return dg.SensorResult(skip_reason=request, cursor=release.name)
        # Without a key of its own: of a release that is rolled back to all is made again.
        tags = {STARTED_BY: f"the {asset} sensor", OF_RELEASE: release.name, **request.tags}
        return dg.SensorResult(run_requests=[dg.RunRequest(partition_key=request.partition_key, tags=tags)], cursor=release.name)

    return shown


def alert_sensor(data: Path) -> dg.SensorDefinition:
    """Tells people what the newest run has left behind, and that a run has broken off."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=LOOKS_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One message for each cause and domain when it appears, one when it has cleared: by webhook or mail.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            ways = channels()
        except ChannelError as error:
            return dg.SkipReason(str(error))
        sent = tell(Lake(data), standing_causes(context.instance, Lake(data)), ways, clock.host.now())
        told = "; ".join(m.subject for m in sent) or "Nothing new to tell"
        return dg.SkipReason(f"{told}." if ways else "There is no channel; VENTETAL_SLACK_WEBHOOK is one.")

    return alerts


def standing_causes(instance: dg.DagsterInstance, lake: Lake) -> list[Cause]:
    """What needs a person now."""
    return remembered_causes(lake) + _broken_run(instance) + _not_made(instance, lake)


def _broken_run(instance: dg.DagsterInstance) -> list[Cause]:
    """The newest finished run of the nightly line, if it broke off. One that published and failed for a held domain did not: that is
    told as such.
    """
    records = instance.get_run_records(dg.RunsFilter(job_name=JOB, statuses=ENDED), limit=RUNS_LOOKED_AT)
    run = next((r.dagster_run for r in records if LINE not in r.dagster_run.tags), None)
    if run is None or run.status != dg.DagsterRunStatus.FAILURE:
        return []
    failures = _failures(instance, run)
    broken = [e for e in failures if not (e.step_key == RELEASE and e.step_failure_data.user_failure_data)]
    return [] if failures and not broken else [Cause(FAILED, "", _said(run, broken))]


def _not_made(instance: dg.DagsterInstance, lake: Lake) -> list[Cause]:
    """Report and catalogue of the release that is shown, where making one broke off and nobody has made it since."""
    release = lake.current_release
    asked = dg.RunsFilter(tags={OF_RELEASE: release.name}, statuses=ENDED) if release else None
    runs = [r.dagster_run for r in instance.get_run_records(asked, limit=RUNS_LOOKED_AT)] if asked else []
    newest = {OF_MONTH in run.tags: run for run in reversed(runs)}
    failed = {is_report: run for is_report, run in newest.items() if run.status == dg.DagsterRunStatus.FAILURE}
    if release and True in failed:
        # The command line makes a report without a run.
        from assets.report.changes import release_of

        if release_of(lake.root / "reports" / failed[True].tags[OF_MONTH]) == release.name:
            del failed[True]
    return [Cause(UNREPORTED if is_report else UNLISTED, "", _said(run, _failures(instance, run))) for is_report, run in failed.items()]


def _failures(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[Any]:
    return [e.get_dagster_event() for e in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)]


def _said(run: dg.DagsterRun, failures: list[Any]) -> str:
    """The kind of error and the step, no more: the text of an error can quote what a supplier wrote."""
    said = ", ".join(f"{e.step_key} ({_kind(e.step_failure_data.error)})" for e in failures) or "its process ended before its work did"
    return f"Run {run.run_id[:8]}: {said}."


def _kind(error: Any) -> str:
    """The class of the innermost error."""
    while error is not None and error.cause:
        error = error.cause
    return str(error.cls_name) if error is not None else "unknown"


def _look(landing: Path, extracts: list[str]) -> dict[str, list[int]]:
    """Size and time of change of every file that is delivered and not under a name that says it is unfinished."""
    found = [(extract, path, stat) for extract in extracts for path, stat in delivered(landing / extract)]
    return {f"{extract}/{path.name}": [stat.st_size, stat.st_mtime_ns] for extract, path, stat in found}
