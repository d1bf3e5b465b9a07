"""Commands that make what people read of a release: the monthly report with the yearly paper of co-financing, and the catalogue."""

import sys
from datetime import date
from typing import Annotated

import typer

from assets.lake.files import Lake
from assets.lake.regions import own_tree
from pipelines import show
from pipelines.commands.console import Json, current, print_json
from sources.errors import Exit, WrongUsage
from sources.settings import data_root


def report(
    month: Annotated[str, typer.Option(help="Month like 2015-04; the newest with a final figure if not given.")] = "",
    freeze: Annotated[bool, typer.Option("--freeze", help="Keep the report as sent, under its release, for good.")] = False,
    as_json: Json = False,
) -> None:
    """Make the committee's report of a month from the current release, and the newest year's paper of co-financing where it has one.

    Each is a page, a workbook, charts, open data, and a PDF by Chromium.
    """
    from assets.report.build import build

    try:
        wanted = date.fromisoformat(f"{month}-01") if month else None
    except ValueError:
        raise WrongUsage(f"{month!r} is no month like 2015-04.") from None
    built = build(current(Lake(data_root())), data_root() / "reports", wanted, freeze)
    show.report(built) if not as_json else print_json(built.__dict__)


def catalogue(as_json: Json = False) -> None:
    """Make the catalogue of the current release and open it: every table, its meaning and origin, its rows, questions it answers.

    Pages without a network, in `catalogue/` of the data; a browser opens them where there is one.
    """
    from assets.catalog.loading import load_catalog
    from assets.catalogue.build import build

    lake = Lake(data_root())
    built = build(lake, load_catalog(own_tree()), current(lake), lake.catalogue)
    if as_json:
        print_json(built)
    else:
        show.catalogue(built)
        if sys.stdout.isatty():
            typer.launch((built.path / "index.html").as_uri())
    raise typer.Exit(Exit.ATTENTION if built.faults else Exit.DONE)
