"""Commands for what a region has of its own: a folder for it, and what its nights still lack."""

import json
from pathlib import Path
from typing import Annotated

import typer

from assets.lake.files import Lake
from assets.lake.regions import SETTING, own_tree
from pipelines import show
from pipelines.commands.console import Json, notes, print_json
from sources.errors import Exit, WrongUsage
from sources.settings import PROJECT, data_root
from sources.tree import ADDED, FOLDERS, SELF

GUIDE = PROJECT / "deploy" / "region.md"
# The lookups of which the product knows what is true of one region, or nothing.
OF_A_REGION = ("hospital", "unit", "provider", "system", "system_alias", "probe_cell", "maintenance", "target")


def new(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    id_: Annotated[str, typer.Option("--id", help="What lakes remember the region by: lower case letters, digits and _.")],
    name: Annotated[str, typer.Option(help="What people call it.")],
) -> None:
    """Make a folder for what a region has of its own, with a guide to what belongs there and in which order."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUsage(f"{folder} is there already, and is no empty folder.")
    if not id_.isidentifier() or id_ != id_.lower():
        raise WrongUsage(f"{id_!r} is no id of a region: lower case letters, digits and _.")
    for inner in FOLDERS:
        (folder / inner).mkdir(parents=True, exist_ok=True)
    (folder / SELF).write_text(f"id: {id_}\nname: {json.dumps(name, ensure_ascii=False)}\n", "utf-8")
    (folder / "README.md").write_text(GUIDE.read_text("utf-8").replace("NAME", name, 1), "utf-8")
    for table in OF_A_REGION:
        header = (PROJECT / "data" / "reference" / f"{table}.csv").read_text("utf-8").partition("\n")[0]
        (folder / "data" / "reference" / f"{table}{ADDED}").write_text(header + "\n", "utf-8")
    notes.print(f"{folder} is there; its README.md says what to fill in. export {SETTING}={folder.resolve()}", soft_wrap=True)


def check(as_json: Json = False) -> None:
    """What the nights of this region would miss: settings, layouts, lookups, units that nobody names. Writes nothing."""
    from assets.catalog.loading import load_catalog
    from assets.releases.readiness import lacking

    found = list(lacking(Lake(data_root()), load_catalog(own_tree())))
    show.lacking(found) if not as_json else print_json(found)
    raise typer.Exit(Exit.ATTENTION if found else Exit.DONE)
