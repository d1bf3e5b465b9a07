"""The command line: what an operator does, in the words of an operator. Results go to stdout, everything else to stderr.

Here is what commands there are; what they do is in `pipelines.commands`, a module for each thing they are about, and how they
end in `sources.errors`.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from pipelines.commands import deliveries, regions, releases, reports, runs, services, upkeep
from pipelines.commands.console import ending

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Every night": (runs.run, runs.status, services.ui, services.serve),
    "Figures": (releases.query, reports.catalogue, reports.report, releases.diff, releases.preview, releases.revise),
    "Deliveries": (deliveries.check, deliveries.layout, deliveries.quarantine, deliveries.withdraw, deliveries.purge, deliveries.examples),
    "Checks": (releases.offenders, deliveries.accept, releases.verify),
    "Upkeep": (runs.rebuild, runs.restore, upkeep.clean),
}
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(ending(command))

releases_app = typer.Typer(help="List releases, roll back to one, resume.", no_args_is_help=True)
releases_app.command("list")(ending(releases.list_releases))
releases_app.command("roll-back")(ending(releases.roll_back_to))
releases_app.command("resume")(ending(releases.resume_releases))
app.add_typer(releases_app, name="releases", rich_help_panel="Figures")

region_app = typer.Typer(help="A folder for what a region has of its own, and what it still lacks.", no_args_is_help=True)
region_app.command("new")(ending(regions.new))
region_app.command("check")(ending(regions.check))
app.add_typer(region_app, name="region", rich_help_panel="Upkeep")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ventetal {version('ventetal')}")
        raise typer.Exit


@app.callback()
def ventetal(
    shows_version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which this is.")] = False,
) -> None:
    """From the extracts of a health region to published waiting figures.

    Commands end with 0: done; 1: done, and a person must look; 2: wrong usage; 3: somebody holds the lake; 4: there is no such thing;
    5: it broke off.
    """


def main() -> None:
    app()
