"""The disclosure ledger: what has been withheld of tables about persons, so that no later release shows it. Never deleted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assets.lake.files import Lake, load, save
from sources.contract import digest
from sources.disclosure_words import Before

Cell = tuple[str, ...]


@dataclass(frozen=True, order=True)
class Withheld:
    """A number of a cell that is withheld, and why: primary, secondary or ledger."""

    cell: Cell
    number: str
    cause: str

    @property
    def key(self) -> tuple[Cell, str]:
        return self.cell, self.number


@dataclass(frozen=True, order=True)
class Judged:
    """What was chosen for the numbers that `problem` names is safe: the `least` there is, as proven; `safe`, the least that was found; or
    `all`. `solver` is '' where nothing had to be chosen.
    """

    problem: str
    how: str
    solver: str


@dataclass(frozen=True)
class _Entry:
    """What one run wrote down: cells and numbers withheld, and choices found (`Judged`)."""

    as_of: str
    table: str
    withheld: list[tuple[Cell, str]]
    judged: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Remembered:
    """What has been withheld of a table before, and which choices were found safe."""

    entries: set[tuple[Cell, str]] = field(default_factory=set)
    judged: dict[str, Judged] = field(default_factory=dict)


class Ledger(Remembered):
    """What has been withheld of one table, up to a time, under the name it has and the one it had before."""

    def __init__(
        self, lake: Lake, table: str, as_of: str, was: Before | None = None, length: int = 0, renamed: Mapping[str, str] | None = None
    ) -> None:
        """`length` of the table's key: the ledger of another name may hold cells of other tables too. `renamed` are numbers that had
        another name.
        """
        super().__init__()
        self._folder, self._table, self._as_of = lake.ledger / table, table, as_of
        for path in sorted(self._folder.glob("*.json")):
            entry = load(path, _Entry)
            if entry.as_of <= as_of:
                self.entries |= {(cell, (renamed or {}).get(name, name)) for cell, name in entry.withheld}
                self.judged |= {problem: Judged(problem, how, solver) for problem, how, solver in entry.judged}
        if was:
            self.entries |= {(cell, name) for cell, name in _before(lake, was, as_of) if len(cell) == length}

    def key_with(self, withheld: Iterable[Withheld] = ()) -> str:
        """Names the ledger as it will be once `withheld` is in it; '' for an empty one."""
        entries = sorted(self.entries | {w.key for w in withheld})
        return digest("ledger", entries) if entries else ""

    def remember(self, withheld: Iterable[Withheld], judged: Iterable[Judged] = ()) -> None:
        """Write what is new to the ledger: before a release can show what was left."""
        new = sorted({w.key for w in withheld} - self.entries)
        found = sorted({j for j in judged if j.problem not in self.judged})
        if new or found:
            self._folder.mkdir(parents=True, exist_ok=True)
            said = [(j.problem, j.how, j.solver) for j in found]
            save(self._folder / f"{digest(self._as_of, new, said)}.json", _Entry(self._as_of, self._table, new, said))
            self.entries |= set(new)
            self.judged |= {j.problem: j for j in found}


def _before(lake: Lake, was: Before, as_of: str) -> set[tuple[Cell, str]]:
    """What an earlier ledger withheld, in today's names."""
    found = set[tuple[Cell, str]]()
    for cell, name in Ledger(lake, was.table, as_of).entries:
        if was.cell is None or cell[-1] == was.cell:
            found |= {(cell if was.cell is None else cell[:-1], n) for n in was.numbers.get(name, [name])}
    return found
