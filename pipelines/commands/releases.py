"""Commands about releases: ask the current one, list them, roll back and resume."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from assets.lake.clock import told_time
from assets.lake.decisions import RESUME, ROLL_BACK, decide_release, revise_figures
from assets.lake.files import Lake
from assets.lake.manifests import manifest, releases, unreadable_releases
from assets.lake.regions import own_tree
from assets.releases.pointers import pinned, resume, roll_back
from pipelines import show
from pipelines.commands.console import Json, current, holding, notes, print_json
from sources.errors import Exit, WrongUsage
from sources.settings import data_root


def query(
    sql: Annotated[str, typer.Argument(help="SQL on marts, reference and meta.")],
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the current release, read-only.

    Examples: `ventetal query "show all tables"`; `ventetal query "from marts.kpi_monthly" --csv`
    """
    import duckdb

    from assets.releases.database import open_release
    from assets.releases.summary import accepted_in

    with open_release(current(Lake(data_root()))) as con:
        try:
            found = con.execute(sql)
            names, rows = [d[0] for d in found.description or []], found.fetchall()
        except duckdb.Error as error:
            raise WrongUsage(str(error)) from None
        for known in accepted_in(con, sql):
            notes.print(f"Mind: {known}", markup=False, soft_wrap=True)
    _print(names, rows, as_json, as_csv)


def offenders(
    check: Annotated[str, typer.Argument(help="A check as table.check, as `status` names it.")],
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """The rows that a check complains of, in the version that failed it, else in the one that is published.

    Example: `ventetal offenders marts.response_time_monthly.sla_target_is_given`
    """
    from assets.catalog.loading import load_catalog
    from assets.lake.line import Line
    from assets.releases.offenders import offenders as found_by

    lake = Lake(data_root())
    found = found_by(lake, load_catalog(own_tree()), Line(lake, told_time(lake).at), check)
    rows = f"{len(found.rows):,} row{'s' * (len(found.rows) != 1)}"
    notes.print(f"{rows} of {found.folder}, against the rule: {found.words}", markup=False, soft_wrap=True)
    _print(found.columns, found.rows, as_json, as_csv)


def diff(
    before: Annotated[str, typer.Argument(help="A release, as `releases list` names it.")],
    after: Annotated[str, typer.Argument(help="A later one; the current one if not given.")] = "",
    as_json: Json = False,
) -> None:
    """Why a figure is another than it was: figures, deliveries, code and reference tables that differ between two releases."""
    from assets.catalog.loading import load_catalog
    from assets.releases.difference import compared

    lake = Lake(data_root())
    found = compared(lake, load_catalog(own_tree()), before, after or current(lake).name)
    show.difference(found) if not as_json else print_json(found)


def preview(
    html: Annotated[Path | None, typer.Option(help="Write the same as a page, to send to the person who decides.")] = None,
    as_json: Json = False,
) -> None:
    """What a change of SQL, contracts, layouts or lookups would do to the published figures. Nothing in the lake moves.

    Ends with 1 where a domain would be held or published figures would fail. For who may see the lake: not to be passed on of persons.

    Example: change a row of data/reference/target.csv, then `ventetal preview --html change.html`
    """
    from assets.catalog.loading import load_catalog
    from assets.releases.preview import preview as previewed

    found = previewed(Lake(data_root()), load_catalog(own_tree()))
    if html:
        html.write_text(show.page(lambda out: show.preview(found, out)), "utf-8")
        notes.print(f"The preview is in {html}.")
    elif as_json:
        print_json(found)
    else:
        show.preview(found)
    raise typer.Exit(Exit.ATTENTION if found.calls_somebody else Exit.DONE)


def revise(
    reason: Annotated[str, typer.Option(help="Why: the quarter's revision, or what was wrong.")],
    month: Annotated[str, typer.Argument(help="A month, as YYYY-MM, and the quarter and year it is in; every month if not given.")] = "",
) -> None:
    """Publish what is known by now in place of published figures about persons, wherever the difference is safe. The next run does."""
    if month:
        try:
            date.fromisoformat(f"{month}-01")
        except ValueError:
            raise WrongUsage(f"{month!r} is no month; say which as YYYY-MM.") from None
    lake = Lake(data_root())
    current(lake)
    revise_figures(lake, month, reason, told_time(lake).at)
    notes.print(f"The next run revises {month or 'every month'}; what it must leave at the older value has r in qf.", soft_wrap=True)


def verify(
    release: Annotated[str, typer.Argument(help="A release, as `releases list` names it, or a folder with a copy of one.")] = "",
    key: Annotated[Path | None, typer.Option(help="The public key (PEM) of who should have signed it; else the region's own.")] = None,
    as_json: Json = False,
) -> None:
    """Whether a release is what was made: its files, the rows of every table, who signed it. Ends with 1 where it is not.

    Example: `ventetal verify /media/copy/20150601-0a1b2c3d --key region.pub`
    """
    from assets.releases.verification import verified

    lake = Lake(data_root())
    folder = current(lake) if not release else Path(release) if Path(release).is_dir() else lake.releases / release
    with TemporaryDirectory() as scratch:
        found = verified(folder, key, Path(scratch))
    show.verified(found) if not as_json else print_json(found)
    raise typer.Exit(Exit.DONE if found.is_right else Exit.ATTENTION)


def list_releases(as_json: Json = False) -> None:
    """The releases there are, newest first."""
    lake = Lake(data_root())
    current, pin = lake.current_release, pinned(lake)
    found = [
        {"release": m.release, "line": m.line, "as_of": m.as_of, "created_at": m.created_at}
        | {"is_current": bool(current and current.name == m.release), "is_rolled_back_to": m.release == pin}
        for m in releases(lake)
    ]
    show.releases(found) if not as_json else print_json(found)
    for name in unreadable_releases(lake):
        manifest(lake, name)


def roll_back_to(
    release: Annotated[str, typer.Argument(help="A release, as `releases list` names it.")],
    reason: Annotated[str, typer.Option(help="Why: what is wrong with the newest one.")] = "",
) -> None:
    """Show an earlier release until `resume`; runs go on making new ones."""
    lake = Lake(data_root())
    with holding(lake, "roll-back"):
        roll_back(lake, release)
        decide_release(lake, ROLL_BACK, release, reason, told_time(lake).at)
    notes.print(f"{release} is current until `ventetal releases resume`.")


def resume_releases(reason: Annotated[str, typer.Option(help="Why: what has been mended.")] = "") -> None:
    """Show the newest release again."""
    lake = Lake(data_root())
    with holding(lake, "resume"):
        newest = resume(lake)
        decide_release(lake, RESUME, newest, reason, told_time(lake).at)
    notes.print(f"{newest} is current.")


def _print(names: list[str], rows: list[tuple[Any, ...]], as_json: bool, as_csv: bool) -> None:
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif as_csv:
        show.csv(names, rows)
    else:
        show.table(names, rows)
