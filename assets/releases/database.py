"""The DuckDB file of a release, and how it is opened: to be read, and nothing else."""

import re
from pathlib import Path
from typing import Any

import duckdb

from assets.lake.files import recalled
from assets.lake.manifests import MANIFEST, Manifest
from assets.lake.seals import HASHES, Damaged, damage
from sources.errors import Locked, Missing
from sources.paths import plain

DATABASE, PACKAGE = "ventetal.duckdb", "datapackage.json"
# The format of DuckDB 1.0, which every later client opens.
STORAGE_VERSION = "v1.0.0"


class HeldOpen(Locked):
    """A release that another program has open for writing. The text says which, and what to do."""


class OlderRelease(Missing):
    """A release that has not the columns that `reader`, like the report, reads. The text says what to do."""

    def __init__(self, release: Path, reader: str) -> None:
        said = f"was made by another version of ventetal: its tables have other columns than {reader} reads."
        super().__init__(f"Release {release.resolve().name} {said} `ventetal run` makes one of the same deliveries that it can read.")


def open_release(release: Path, one_order: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection that can read the release and nothing else: no other file, no setting, no write.

    With `one_order` rows of which a query leaves the order open come in the same one each time.

    Raises Damaged for a release that is not what was made, and HeldOpen where another program may write to it.
    """
    check_release(release)
    config: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    try:
        con = duckdb.connect(
            plain(release / DATABASE),
            read_only=True,
            config=config | ({"threads": 1} if one_order else {}),
        )
    except duckdb.IOException as error:
        if "lock on file" not in str(error):
            raise
        process = re.search(r"\(PID (\d+)\)", str(error))
        who = f"process {process[1]}" if process else "another program"
        said = f"{who.capitalize()} has {DATABASE} of release {release.resolve().name} open for writing, which shuts everybody else out"
        raise HeldOpen(f"{said}: have it opened read-only. Nights go on meanwhile, and so do readers of marts/*.parquet.") from None
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def check_release(release: Path) -> None:
    """Raises Damaged for a release that is not what was made."""
    if said := release_damage(release):
        raise Damaged(release, said, f"The next `ventetal run` makes release {release.name} again; until then it is not to be relied on.")


def release_damage(release: Path, in_full: bool = True) -> str:
    """What is wrong with a release, '' for nothing. One from before hashes were taken is believed until a night takes them."""
    told = recalled(release / MANIFEST, Manifest)
    if told and not told.history and (release / DATABASE).exists() and not (release / HASHES).exists():
        return ""
    return damage(release, in_full) or ("" if told and told.release == release.name else "says that it is another release")
