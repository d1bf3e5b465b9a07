"""The command that makes the monthly report."""

from datetime import date
from typing import Annotated

import typer

from pipelines import show
from pipelines.commands.console import Exit, Json, current, print_json, stop
from pipelines.settings import data_root


def report(
    month: Annotated[str, typer.Option(help="Month like 2015-04; the newest with a final figure if not given.")] = "",
    freeze: Annotated[bool, typer.Option("--freeze", help="Keep the report as sent, under its release, for good.")] = False,
    as_json: Json = False,
) -> None:
    """Make the committee's report of a month from the current release: page, workbook, charts, open data, and PDF by Chromium."""
    from assets.lake.files import Lake
    from assets.report.build import NoMonth, build

    try:
        wanted = date.fromisoformat(f"{month}-01") if month else None
    except ValueError:
        stop(Exit.USAGE, f"{month!r} is no month like 2015-04.")
    try:
        built = build(current(Lake(data_root())), data_root() / "reports", wanted, freeze)
    except NoMonth:
        stop(Exit.MISSING, "The release has no final month to report on; `--month` makes the report of a month all the same.")
    show.report(built) if not as_json else print_json(built.__dict__)
