"""The command that gives room back."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from assets.lake.clock import told_time
from assets.lake.files import Lake
from assets.lake.regions import own_tree
from pipelines import show
from pipelines.commands.console import Json, holding, notes, print_json
from sources.errors import Exit
from sources.settings import PROJECT, data_root


def clean(
    releases: Annotated[int, typer.Option(help="Days a release is kept; failed versions too.", min=1)] = 90,
    archive: Annotated[int, typer.Option(help="Days a delivered file is kept; what was read of it stays.", min=1)] = 730,
    runs: Annotated[int, typer.Option(help="Days Dagster's runs and their logs are kept.", min=1)] = 90,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, delete nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Delete what no kept release names, no later run needs and no reader has: versions, releases, delivered files, runs, logs.

    And look through a share of what is kept: whether it still is what was written.
    """
    from assets.catalog.loading import load_catalog
    from assets.releases.health import check_a_share
    from assets.releases.retention import delete, doomed, last_sources
    from pipelines.nightly import instance
    from pipelines.records import forget_runs, old_runs

    lake = Lake(data_root())
    with holding(lake, "clean"), instance(PROJECT, data_root()) as on:
        found = doomed(lake, load_catalog(own_tree()), told_time(lake).at, releases, archive)
        gone = old_runs(on, datetime.now() - timedelta(days=runs))
        counts = [
            {"what": what, "number": len(group), "bytes": sum(d.bytes for d in group)}
            for what in sorted({d.what for d in found})
            if (group := [d for d in found if d.what == what])
        ]
        logs = [p for p in lake.logs.glob("*.jsonl") if datetime.fromtimestamp(p.stat().st_mtime) < datetime.now() - timedelta(days=runs)]
        counts += [{"what": "log", "number": len(logs), "bytes": sum(p.stat().st_size for p in logs)}] if logs else []
        counts += [{"what": "run", "number": len(gone), "bytes": None}] if gone else []
        damaged = []
        # Said before they go: who reads it may still stop, and keep them for longer.
        if sources := last_sources(lake, found):
            which = ", ".join(f"{extract} {number}" for extract, number in sources.items())
            notes.print(
                f"The records of {sum(sources.values()):,} of the delivered files are in force and stay ({which})."
                " Without the files no changed layout or contract can read them again, and `ventetal rebuild` cannot prove what was made of"
                " them; `--archive DAYS` keeps files for longer.",
                soft_wrap=True,
            )
        if not dry_run:
            delete(found)
            for log in logs:
                log.unlink(missing_ok=True)
            forget_runs(on, gone)
            damaged = check_a_share(lake)
    show.cleaned(counts, dry_run) if not as_json else print_json(counts)
    for one in damaged:
        notes.print(f"{one.path} {one.why}. {one.remedy}", markup=False, soft_wrap=True)
    if damaged:
        raise typer.Exit(Exit.ATTENTION)
