"""Where a column comes from: the columns it was computed from, the suppliers' at the far end, and how layouts name those."""

from dataclasses import dataclass, field

from assets.catalog.declared import COVERAGE, RAW, REFERENCE, Lineage
from sources.layout import Extract, Source

# A column: its table, and its name there.
Place = tuple[str, str]
# Layers that are computed from nothing else.
FAR_ENDS = (RAW, COVERAGE, REFERENCE)


@dataclass
class Origins:
    """The lineage of every published table, followed as far as it goes."""

    lineages: dict[str, Lineage]
    _known: dict[Place, frozenset[Place]] = field(default_factory=dict)

    def direct(self, table: str, column: str) -> list[Place]:
        """The columns it is computed from; none for a count of rows or a constant."""
        return self.lineages.get(table, {}).get(column, [])

    def far(self, table: str, column: str) -> list[Place]:
        """The columns of extracts that it comes from in the end."""
        return sorted(p for p in self._far((table, column)) if p[0].startswith(f"{RAW}."))

    def _far(self, place: Place) -> frozenset[Place]:
        if place not in self._known:
            # A table reads none that reads it; of a broken record that says so nothing is followed twice.
            self._known[place] = frozenset()
            found = (frozenset([p]) if p[0].split(".")[0] in FAR_ENDS else self._far(p) for p in self.direct(*place))
            self._known[place] = frozenset().union(*found)
        return self._known[place]


@dataclass(frozen=True)
class Written:
    """How the files of one layout give a column: under one of these names, or worked out by SQL."""

    layout: str
    names: list[str]
    sql: str = ""


def written(extract: Extract, column: str) -> list[Written]:
    """How each supplier's layout gives a column; those that do not have it are left out."""
    found = ((layout.name, source) for layout in extract.layouts if (source := layout.columns.get(column)))
    return [_written(name, source) for name, source in found]


def _written(layout: str, source: Source) -> Written:
    return Written(layout, source.names, source.sql or "")
