"""The command line: what an operator does, in the words of an operator. Results go to stdout, everything else to stderr.

Exit codes: 0 done; 1 done, and a person must look (a domain is held, a supplier's file would be refused); 2 wrong usage;
3 another run holds the lake; 4 what was asked for does not exist; 5 the run broke off.

Here is what commands there are; what they do is in `pipelines.commands`, a module for each thing they are about.
"""

import typer

from pipelines.commands import deliveries, releases, reports, runs, services, upkeep

app = typer.Typer(
    help="From the extracts of a health region to published waiting figures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for command in (
    runs.run,
    runs.status,
    deliveries.check,
    deliveries.layout,
    deliveries.quarantine,
    releases.query,
    releases.diff,
    reports.report,
    deliveries.accept,
    deliveries.withdraw,
    runs.rebuild,
    upkeep.clean,
    deliveries.examples,
    services.ui,
    services.serve,
):
    app.command()(command)

releases_app = typer.Typer(help="List releases, roll back to one, resume.", no_args_is_help=True)
releases_app.command("list")(releases.list_releases)
releases_app.command("roll-back")(releases.roll_back_to)
releases_app.command("resume")(releases.resume_releases)
app.add_typer(releases_app, name="releases")


def main() -> None:
    app()
