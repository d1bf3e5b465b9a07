"""Commands about runs: run, see how things stand, make everything again."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pipelines import show
from pipelines.commands.console import Exit, Json, current, notes, print_json, print_summary, stop
from pipelines.definitions import catalog, defs
from pipelines.settings import JOB, PROJECT, data_root


def run(
    as_of: Annotated[str, typer.Option("--as-of", help="Make the release of an earlier time, beside the current one.")] = "",
    as_json: Json = False,
) -> None:
    """Take in what was delivered, make the tables, publish what passes."""
    if as_of:
        _run_as_of(as_of, as_json)
    from assets.lake import Lake, Locked

    lake = Lake(data_root())
    try:
        with lake.writer("a run about to start", datetime.now()):
            before = _receipt_ids(lake)
            _check_key(lake)
    except Locked as locked:
        stop(Exit.LOCKED, str(locked))
    from pipelines.launcher import fail_abandoned
    from pipelines.nightly import instance, run_job

    with instance(PROJECT, data_root()) as on:
        fail_abandoned(on, lake)
        finished = run_job(defs, JOB, on)
        _tell(on, lake)
    held = "Failure" in finished.errors.get("release", "")
    if not finished.ok and not held:
        locked_out = next((e for e in finished.errors.values() if "Another run holds" in e), "")
        if locked_out:
            stop(Exit.LOCKED, locked_out[locked_out.index("Another run holds") :])
        said = "\n".join(f"{step}: {error}" for step, error in finished.errors.items())
        stop(Exit.BROKEN, f"The run broke off; the release before it stands. {said}")
    release = lake.current_release
    assert release is not None
    print_summary(release, sorted(_receipt_ids(lake) - before), as_json, finished.seconds)
    raise typer.Exit(Exit.ATTENTION if held else Exit.DONE)


def status(as_json: Json = False) -> None:
    """How things stand: the current release, its domains, what waits in landing."""
    from assets.lake import Lake
    from assets.publish import pinned

    lake = Lake(data_root())
    release = current(lake)
    waiting = [f"{p.parent.name}/{p.name}" for p in sorted(lake.landing.glob("*/*")) if p.is_file() and not p.name.startswith(".")]
    print_summary(release, [], as_json, None, {"waiting": waiting, "rolled_back_to": pinned(lake)})


def rebuild(into: Annotated[Path, typer.Option(help="An empty folder for the new data root.")], as_json: Json = False) -> None:
    """Make everything again from the archive into an empty lake, and compare with the current release."""
    from assets.lake import Lake
    from assets.rebuild import rebuilt

    if into.exists() and any(into.iterdir()):
        stop(Exit.USAGE, f"{into} is not empty.")
    lake = Lake(data_root())
    compared = rebuilt(lake, Lake(into), catalog, current(lake))
    show.comparison(compared) if not as_json else print_json(compared)
    raise typer.Exit(Exit.DONE if all(c["equal"] for c in compared) else Exit.ATTENTION)


def _run_as_of(as_of: str, as_json: bool) -> NoReturn:
    """A release of what had been received by then; the pointer and the nightly states stay as they are."""
    from assets.lake import Lake, Locked
    from assets.night import Night
    from assets.publish import publish

    try:
        now = datetime.fromisoformat(as_of)
    except ValueError:
        stop(Exit.USAGE, f"{as_of!r} is no ISO date or time, like 2015-05-01 or 2015-05-01T06:00.")
    lake = Lake(data_root())
    try:
        with lake.writer(f"run --as-of {as_of}", datetime.now()):
            _check_key(lake)
            night = Night(lake, catalog, now, f"as of {as_of}")
            night.run()
            made = publish(night)
    except Locked as locked:
        stop(Exit.LOCKED, str(locked))
    print_summary(made.path, [], as_json, None)
    raise typer.Exit(Exit.ATTENTION if made.held else Exit.DONE)


def _check_key(lake: Any) -> None:
    """Stop with its sentence where the pseudonym key is missing or another than the lake's."""
    from assets.person_key import check_person_key
    from sources.pseudonym import KeyRefused

    try:
        check_person_key(lake, catalog)
    except KeyRefused as refused:
        stop(Exit.USAGE, str(refused))


def _tell(on: Any, lake: Any) -> None:
    """Alert people as the daemon would, for hosts where a run is started by hand or by cron."""
    from assets.alerts import tell
    from assets.channels import ChannelError, channels
    from pipelines.automation import standing_causes

    try:
        tell(lake, standing_causes(on, lake), channels(), datetime.now())
    except ChannelError as error:
        notes.print(str(error), markup=False, soft_wrap=True)


def _receipt_ids(lake: Any) -> set[str]:
    return {p.stem for p in lake.receipts.glob("*.json")}
