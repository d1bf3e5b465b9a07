"""Whose lake this is: the region whose own files it was begun with, and no other's.

The lake remembers what the region calls itself, never where its folder lies, and which files of the product had another in their place.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from assets.lake.files import Lake, load, recalled, save
from sources.errors import WrongUsage
from sources.settings import IS_CHECKOUT, PREFIX, PRODUCTION, PROJECT, data_root, settings
from sources.tree import Tree

# The invented region that `ventetal examples` delivers for.
EXAMPLE = PROJECT / "data" / "examples" / "region"
SETTING = f"{PREFIX}REGION"


class WrongRegion(WrongUsage):
    """The lake is another region's, or the region is none for production. The text says which."""


@dataclass(frozen=True)
class Begun:
    """The region a lake was begun with ('' for none), and the hash of each file that took the place of one of the product's, and of the
    product's file then.
    """

    region: str
    replaced: dict[str, tuple[str, str]] = field(default_factory=dict)


def tree_of(lake: Lake | None) -> Tree:
    """What is declared for a lake: the product's files, and those of the region that is set, or that the lake is an example of."""
    if said := settings().region:
        folder = Path(said).absolute()
        if not folder.is_dir():
            raise WrongRegion(f"{SETTING} is {said}, and there is no such folder.")
        return Tree(PROJECT, folder)
    # A lake that lives by a clock of its own is one of examples.
    return Tree(PROJECT, EXAMPLE) if lake and lake.pointer("clock").exists() else Tree(PROJECT)


def own_tree() -> Tree:
    """What is declared for the lake of this process; a supplier, or a copy that was told of no lake, has none."""
    return tree_of(Lake(data_root()) if IS_CHECKOUT or settings().data else None)


def check_region(lake: Lake, tree: Tree) -> None:
    """Take down whose lake it is, for who holds it for writing. Raises WrongRegion for another's than it was begun for, and where
    production would show what is invented.
    """
    if tree.region and settings().env == PRODUCTION and (tree.region.invented or tree.invented):
        what = f"is a region that is invented, and {PREFIX}ENV is {PRODUCTION}: set {SETTING} to your region's folder"
        if not tree.region.invented:
            what = f"has rows that say they are invented, and {PREFIX}ENV is {PRODUCTION}: {', '.join(tree.invented)}"
        raise WrongRegion(f"{tree.own} {what}.")
    path = lake.pointer("region")
    begun, now = load(path, Begun) if path.exists() else None, tree.region.id if tree.region else ""
    # A lake that was begun before the region had anything of its own is that region's from then on.
    if begun and begun.region and begun.region != now:
        this = f"the run is of {now}" if now else "the run is of none"
        raise WrongRegion(f"{lake.root} is the lake of region {begun.region}, and {this}: set {SETTING} to the folder of {begun.region}.")
    replaced = {name: _known(begun, tree, name) for name in tree.replaced}
    if begun != (found := Begun(now, replaced)):
        save(path, found)


def region_facts(lake: Lake, tree: Tree) -> dict[str, object]:
    """What of what is declared is the region's own, for people."""
    said = {"id": tree.region.id, "name": tree.region.name} if tree.region else {"id": "", "name": ""}
    return {**said, "own_files": tree.own_files, "replaces_what_has_changed": outdated(lake, tree)}


def outdated(lake: Lake, tree: Tree) -> list[str]:
    """The region's files in whose place the product has another than when they were written."""
    begun = recalled(lake.pointer("region"), Begun)
    was = begun.replaced if begun else {}
    return [name for name in tree.replaced if name in was and _hashes(tree, name)[0] == was[name][0] and _hashes(tree, name) != was[name]]


def _known(begun: Begun | None, tree: Tree, name: str) -> tuple[str, str]:
    """What is remembered of a file that is as it was; of one that is new or another, how the two are now."""
    own, of_product = _hashes(tree, name)
    was = begun.replaced.get(name) if begun else None
    return was if was and was[0] == own else (own, of_product)


def _hashes(tree: Tree, name: str) -> tuple[str, str]:
    assert tree.own is not None
    own, of_product = (hashlib.sha256((root / name).read_bytes()).hexdigest() for root in (tree.own, tree.product))
    return own, of_product
