"""Commands about runs: run, see how things stand, make everything again."""

import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets.lake import clock
from assets.lake.clock import own_time
from assets.lake.decisions import decided
from assets.lake.files import Lake, load
from assets.lake.regions import own_tree, region_facts, tree_of
from assets.releases.pointers import pinned
from pipelines import show, status_screen
from pipelines.commands.console import Json, current, holding, notes, print_json, print_summary, stop
from pipelines.names import JOB
from sources.errors import Exit, exit_of
from sources.settings import PROJECT, data_root

if TYPE_CHECKING:
    import dagster as dg

    from assets.catalog.declared import Catalog
    from pipelines.nightly import Finished


def run(
    as_of: Annotated[str, typer.Option("--as-of", help="Make the release of an earlier time, beside the current one.")] = "",
    is_verbose: Annotated[bool, typer.Option("--verbose", help="Say what happens while it does; a file in logs/ has it always.")] = False,
    as_json: Json = False,
) -> None:
    """Take in what was delivered, make the tables, publish what passes.

    Examples: `ventetal run`; `ventetal run --as-of 2015-05-11` for what was known then.
    """
    from assets.releases.database import HeldOpen

    lake = Lake(data_root())
    before = _receipt_ids(lake)
    finished = _finished(lake, "a run about to start", as_of=as_of, is_verbose=is_verbose)
    release = lake.releases / finished.release
    arrived = sorted(_receipt_ids(lake) - before)
    # What a run prints is kept in logs, so files that nobody agreed to are counted there; `status` names them.
    from pipelines.definitions import catalog

    own = region_facts(lake, catalog.tree)
    more = {
        "region": own,
        "left_in_landing": sum(file["needs_person"] for file in _landing(lake, catalog)),
        "clock": finished.clock,
        "log": str(finished.journal),
        "is_example": own_time(lake) is not None,
    }
    try:
        print_summary(release, arrived, as_json, finished.seconds, more, catalog)
    except HeldOpen as held:
        # The run has done what it does; only what it could tell of it is shut away.
        notes.print(str(held), markup=False, soft_wrap=True)
    raise typer.Exit(Exit.ATTENTION if finished.calls_somebody else Exit.DONE)


def status(as_json: Json = False) -> None:
    """How things stand: the current release, its domains, what waits in landing, what is damaged.

    Ends with 1 where a person must look: something is held, damaged or left in landing.
    """
    lake = Lake(data_root())
    release = current(lake)
    from assets.catalog.loading import load_catalog
    from assets.lake.seals import Damaged
    from assets.releases.database import HeldOpen
    from assets.releases.health import ailing

    damaged = [{"what": "damaged", "which": str(a.path), "why": f"It {a.why}. {a.remedy}"} for a in ailing(lake)]
    catalog = load_catalog(own_tree())
    damaged += [{"what": "cannot be used", "which": f.where, "why": f"{f.told} {_stays(f.domains)}"} for f in catalog.faults]
    more = {
        "region": region_facts(lake, catalog.tree),
        "damaged": damaged,
        "landing": _landing(lake, catalog),
        "rolled_back_to": pinned(lake),
        "is_example": own_time(lake) is not None,
    }
    try:
        more["decided_since"] = _decided_since(lake, release)
        calls_somebody = print_summary(release, [], as_json, None, more, catalog)
    except (Damaged, HeldOpen) as error:
        # What the release itself would say cannot be asked; the rest can be told.
        told = {"release": release.name, "why": str(error), **more}
        print_json(told) if as_json else status_screen.damaged(release.name, str(error), damaged)
        raise typer.Exit(error.exit) from None
    raise typer.Exit(Exit.ATTENTION if calls_somebody else Exit.DONE)


def rebuild(as_json: Json = False) -> None:
    """Make the current release again from the archive, in a lake of its own below this one, and compare the two table by table."""
    from assets.releases.rebuild import COMPARISON, Compared

    lake = Lake(data_root())
    current(lake)
    _finished(lake, "a rebuild about to start", rebuild=True)
    compared = load(lake.rebuilt / COMPARISON, list[Compared])
    show.comparison(compared) if not as_json else print_json(compared)
    raise typer.Exit(Exit.DONE if all(c.equal for c in compared) else Exit.ATTENTION)


def restore(
    backup: Annotated[Path, typer.Argument(help="A data root, or a copy of what one must keep: archive/, rejected/ and lake/.")],
    as_json: Json = False,
) -> None:
    """Put a lake together again from a backup, on a machine that has none, and make the release that was shown. Tried before it is needed.

    Example: `VENTETAL_DATA=/srv/drill ventetal restore /mnt/backup/ventetal`
    """
    from assets.catalog.loading import load_catalog
    from assets.releases.restore import restored

    began = time.monotonic()
    found = restored(Lake(backup), Lake(data_root()), load_catalog(tree_of(Lake(backup))))
    if as_json:
        print_json(found)
    else:
        show.verified(found)
        notes.print(f"Restored in {time.monotonic() - began:,.0f} seconds; the next `ventetal run` goes on from there.", soft_wrap=True)
    raise typer.Exit(Exit.DONE if found.is_right else Exit.ATTENTION)


def _finished(lake: Lake, who: str, as_of: str = "", rebuild: bool = False, is_verbose: bool = False) -> "Finished":
    """A run of the job, once the lake is free and its key is right; ends the command with what went wrong where it broke off."""
    from assets.deliveries.person_key import check_person_key
    from assets.night_run import run_config
    from pipelines.definitions import catalog, defs
    from pipelines.killed_runs import fail_killed
    from pipelines.nightly import instance, run_job

    with holding(lake, who):
        check_person_key(lake, catalog)
    with instance(PROJECT, data_root()) as on:
        fail_killed(on, lake)
        finished = run_job(defs, JOB, on, run_config(as_of, rebuild), lake.logs, is_verbose)
        if not as_of and not rebuild:
            _tell(on, lake)
    if finished.ok or finished.calls_somebody:
        return finished
    notes.print(f"What it said while it worked: {finished.journal}", markup=False, soft_wrap=True)
    said, code = "\n".join(f"{step}: {error}" for step, error in finished.errors.items()), exit_of(finished.kinds)
    return stop(code, f"The run broke off; the release before it stands. {said}" if code is Exit.BROKEN else said)


def _stays(domains: tuple[str, ...]) -> str:
    """What comes of a declared file that cannot be used."""
    return f"The next run holds {', '.join(domains)} at the last good set." if domains else "Nothing stands on it."


def _decided_since(lake: Lake, release: Path) -> list[dict[str, Any]]:
    """What has been decided and a release does not tell yet in its `meta.decision`; one of version 0.1 has none. Raises Damaged or
    HeldOpen.
    """
    from assets.releases.database import open_release

    with open_release(release) as con:
        there = con.execute("select 1 from duckdb_tables() where schema_name = 'meta' and table_name = 'decision'").fetchall()
        told = con.execute("select decided_at, decision from meta.decision").fetchall() if there else []
    known = {(f"{at:%Y-%m-%dT%H:%M:%S.%f}", what) for at, what in told}
    return [asdict(d) for d in decided(lake, datetime.max.isoformat()) if (d.decided_at, d.decision) not in known]


def _landing(lake: Lake, catalog: "Catalog") -> list[dict[str, Any]]:
    """What lies in landing, and why."""
    from assets.deliveries.extracts import left_by_newest_run
    from assets.deliveries.landing import lying

    return [asdict(file) for file in lying(lake, catalog, left_by_newest_run(lake))]


def _tell(on: "dg.DagsterInstance", lake: Lake) -> None:
    """Alert people as the daemon would, for hosts where a run is started by hand or by cron."""
    from assets.alerts.channels import ChannelError, channels
    from assets.alerts.messages import tell
    from pipelines.automation import standing_causes

    try:
        tell(lake, standing_causes(on, lake), channels(), clock.host.now())
    except ChannelError as error:
        notes.print(str(error), markup=False, soft_wrap=True)


def _receipt_ids(lake: Lake) -> set[str]:
    return {p.stem for p in lake.receipts.glob("*.json")}
