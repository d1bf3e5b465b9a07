"""Commands about runs: run, see how things stand, make everything again."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import show
from pipelines.commands.console import Exit, Json, current, holding, notes, print_json, print_summary, stop
from pipelines.definitions import catalog, defs
from pipelines.settings import JOB, PROJECT, data_root

if TYPE_CHECKING:
    import dagster as dg

    from assets.lake.files import Lake
    from pipelines.nightly import Finished

# How a run ends that could not begin, by the class of its error.
ENDS = {"Locked": Exit.LOCKED, "NoTime": Exit.USAGE, "KeyRefused": Exit.USAGE}


def run(
    as_of: Annotated[str, typer.Option("--as-of", help="Make the release of an earlier time, beside the current one.")] = "",
    as_json: Json = False,
) -> None:
    """Take in what was delivered, make the tables, publish what passes."""
    from assets.lake.files import Lake

    lake = Lake(data_root())
    before = _receipt_ids(lake)
    finished = _finished(lake, "a run about to start", as_of=as_of)
    release = lake.releases / finished.release
    arrived = sorted(_receipt_ids(lake) - before)
    print_summary(release, arrived, as_json, finished.seconds, {"clock": finished.clock})
    raise typer.Exit(Exit.ATTENTION if finished.calls_somebody else Exit.DONE)


def status(as_json: Json = False) -> None:
    """How things stand: the current release, its domains, what waits in landing."""
    from assets.lake.files import Lake
    from assets.releases.pointers import pinned

    lake = Lake(data_root())
    release = current(lake)
    waiting = [f"{p.parent.name}/{p.name}" for p in sorted(lake.landing.glob("*/*")) if p.is_file() and not p.name.startswith(".")]
    print_summary(release, [], as_json, None, {"waiting": waiting, "rolled_back_to": pinned(lake)})


def rebuild(as_json: Json = False) -> None:
    """Make the current release again from the archive, in a lake of its own below this one, and compare the two table by table."""
    from assets.lake.files import Lake, load
    from assets.releases.rebuild import COMPARISON, Compared

    lake = Lake(data_root())
    current(lake)
    _finished(lake, "a rebuild about to start", rebuild=True)
    compared = load(lake.rebuilt / COMPARISON, list[Compared])
    show.comparison(compared) if not as_json else print_json(compared)
    raise typer.Exit(Exit.DONE if all(c.equal for c in compared) else Exit.ATTENTION)


def _finished(lake: "Lake", who: str, as_of: str = "", rebuild: bool = False) -> "Finished":
    """A run of the job, once the lake is free and its key is right; ends the command with what went wrong where it broke off."""
    with holding(lake, who):
        _check_key(lake)
    from assets.night_run import run_config
    from pipelines.launcher import fail_abandoned
    from pipelines.nightly import instance, run_job

    with instance(PROJECT, data_root()) as on:
        fail_abandoned(on, lake)
        finished = run_job(defs, JOB, on, run_config(as_of, rebuild))
        if not as_of and not rebuild:
            _tell(on, lake)
    if finished.ok or finished.calls_somebody:
        return finished
    said = "\n".join(f"{step}: {error}" for step, error in finished.errors.items())
    known = [code for kind, code in ENDS.items() if kind in finished.kinds]
    return stop(*((known[0], said) if known else (Exit.BROKEN, f"The run broke off; the release before it stands. {said}")))


def _check_key(lake: "Lake") -> None:
    """Stop with its sentence where the pseudonym key is missing or another than the lake's."""
    from assets.deliveries.person_key import check_person_key
    from sources.pseudonym import KeyRefused

    try:
        check_person_key(lake, catalog)
    except KeyRefused as refused:
        stop(Exit.USAGE, str(refused))


def _tell(on: "dg.DagsterInstance", lake: "Lake") -> None:
    """Alert people as the daemon would, for hosts where a run is started by hand or by cron."""
    from assets.alerts.channels import ChannelError, channels
    from assets.alerts.messages import tell
    from pipelines.automation import standing_causes

    try:
        tell(lake, standing_causes(on, lake), channels(), datetime.now())
    except ChannelError as error:
        notes.print(str(error), markup=False, soft_wrap=True)


def _receipt_ids(lake: "Lake") -> set[str]:
    return {p.stem for p in lake.receipts.glob("*.json")}
