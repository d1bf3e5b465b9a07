"""A version of a table in the lake: a folder of Parquet files with what is known of them, and beside it what rules found of it.

What a version is and how it was judged are two things. A folder that has its name is whole; it is published only once a set of
rules has found nothing that holds it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from assets.catalog.declared import Lineage
from assets.lake.files import Lake, discard, load, place
from assets.lake.log import warn
from assets.lake.seals import Damaged, damage
from expectations.suite import Outcome
from sources.casts import literal
from sources.paths import plain

FACTS = "version.json"
PART = "part-0.parquet"
# In a version that holds rows of earlier nights too: those of tonight, which are judged. The others were, when they were published.
TONIGHT = "tonight"
# Of rows in whatever order, as `t`.
LOGICAL_HASH = "count(*) || '-' || coalesce(sum(md5_number_lower(cast(to_json(t) as varchar))::hugeint), 0)"


@dataclass(frozen=True)
class WithheldCount:
    """How much of a number of a table about persons is withheld in a period (a date; '' in versions of before that was kept apart).

    `of_cells` has it; `choice` says how what is withheld was chosen (`assets.tables.ledger.Judged`). `amount` of it is withheld and
    `of_amount` there is; None where that cannot be worked out from what is shown.
    """

    measures: str
    cells: int
    period: str = ""
    of_cells: int | None = None
    amount: int | None = None
    of_amount: int | None = None
    choice: str = ""


@dataclass(frozen=True)
class Waiting:
    """Of a period published at `since` (ISO): how many rows, and numbers in them, would be others by tonight's records, SQL and lookups."""

    period: str
    since: str
    rows: int
    cells: int


@dataclass(frozen=True)
class Version:
    """What is known of a version. `inputs`: what its SQL got, table -> key, of a lookup the hash of the rows it asked for.

    `logical_hash` is of marts, indicators and lookups; '' for core. `published`: periods that are published with it, not before, and
    what names their rows; `obeyed`: decisions to revise taken by then (`assets.tables.record`). `engine`: what made its rows.
    """

    table: str
    key: str
    inputs: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    logical_hash: str = ""
    lineage: Lineage = field(default_factory=dict)
    withheld: list[WithheldCount] = field(default_factory=list)
    published: dict[str, str] = field(default_factory=dict)
    obeyed: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    engine: str = ""


@dataclass(frozen=True)
class Attempt:
    """What tonight became of a table. `version` is None where it could not be computed; `problem` says why it is not published.

    `marked` says what a version fails that was published before and stays: figures never go backwards, only newer ones are held.
    """

    table: str
    version: Version | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    unchanged: bool = False
    problem: str = ""
    marked: str = ""

    @property
    def key(self) -> str:
        return self.version.key if self.version else ""

    @property
    def stands(self) -> bool:
        return self.version is not None and not self.problem


def known(folder: Path, in_full: bool = False) -> Version | None:
    """What is known of the version in a folder. One that is not what was written, by size and end of its files or in full, is put away,
    and made again.
    """
    if not folder.exists():
        return None
    try:
        check(folder, in_full)
        return facts(folder)
    except Damaged as found:
        warn("damaged, and put away", path=str(folder), why=str(found))
        discard(folder)
        return None


def check(folder: Path, in_full: bool = True) -> None:
    """Raises Damaged for a version that has its name and is not what was written under it."""
    if folder.name.startswith("."):
        return
    said = damage(folder, in_full)
    if not said and ((found := facts(folder)).key != folder.name or not ".".join(folder.parts[:-1]).endswith(f".{found.table}")):
        said = f"is version {found.key} of {found.table}"
    if said:
        raise Damaged(folder, said, "The next run makes it again.")


def facts(folder: Path) -> Version:
    return load(folder / FACTS, Version)


def rows_sql(folder: Path, within: str = "") -> str:
    """A select of all rows of a version, or of those beside them `within` it. Raises Damaged."""
    check(folder)
    return f"select * from read_parquet({literal(f'{plain(folder / within)}/*.parquet')})"


def tonight_sql(folder: Path) -> str:
    """A select of the rows of a version that were new when it was made. Raises Damaged."""
    return rows_sql(folder, TONIGHT if (folder / TONIGHT).exists() else "")


def settle_in(lake: Lake, made: Path, version: Version, stands: bool) -> None:
    """Give a version the name it has earned: among those that may be published, or among those that failed.

    One that has passed before keeps its name, whatever is found of it later.
    """
    passed = lake.version(version.table, version.key)
    target = passed if stands else lake.failed(version.table, version.key)
    if made in (passed, target):
        return
    discard(made) if target.exists() else place(made, target)
