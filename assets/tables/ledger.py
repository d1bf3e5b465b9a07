"""The disclosure ledger: what has been withheld of tables about persons, so that no later release shows it. Never deleted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from assets.lake.files import Lake, read_json, write_json
from assets.tables.versions import WithheldCount
from sources.contract import digest

Cell = tuple[str, ...]


@dataclass(frozen=True, order=True)
class Withheld:
    """A group of numbers of a cell that is withheld, and why: primary, secondary or ledger."""

    cell: Cell
    group: str
    cause: str

    @property
    def key(self) -> tuple[Cell, str]:
        return self.cell, self.group


class Ledger:
    """What has been withheld of one table, up to a time."""

    def __init__(self, lake: Lake, table: str, as_of: str) -> None:
        self._folder, self._table, self._as_of = lake.ledger / table, table, as_of
        self.entries: set[tuple[Cell, str]] = set()
        for path in sorted(self._folder.glob("*.json")):
            entry = read_json(path)
            if entry["as_of"] <= as_of:
                self.entries |= {(tuple(cell), group) for cell, group in entry["withheld"]}

    def key_with(self, withheld: Iterable[Withheld] = ()) -> str:
        """Names the ledger as it will be once `withheld` is in it; '' for an empty one."""
        entries = sorted(self.entries | {w.key for w in withheld})
        return digest("ledger", entries) if entries else ""

    def remember(self, withheld: Iterable[Withheld]) -> None:
        """Write what is new to the ledger: before a release can show what was left."""
        if new := sorted({w.key for w in withheld} - self.entries):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._folder / f"{digest(self._as_of, new)}.json", {"as_of": self._as_of, "table": self._table, "withheld": new})
            self.entries |= set(new)


def counted(withheld: Iterable[Withheld]) -> list[WithheldCount]:
    """How many cells are withheld, by group of numbers and cause."""
    counts = Counter((w.group, w.cause) for w in withheld)
    return [WithheldCount(group, cause, cells) for (group, cause), cells in sorted(counts.items())]
