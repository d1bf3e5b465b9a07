"""What a release changed: beside the release before it, and of final figures for as long as a release remembers."""

from collections import Counter
from dataclasses import dataclass, field

from assets.catalogue.reading import Reading, Row
from assets.lake.seals import Damaged
from assets.releases.difference import GONE, NEW, Change, Comparison, compared
from assets.releases.write import release_before

# Figures that were final, and rows of lookups, are listed up to here.
MOST_FIGURES = 500


@dataclass(frozen=True)
class TableChange:
    """How much of a table is new, gone or another."""

    table: str
    title: str
    new: int
    gone: int
    final: int
    provisional: int


@dataclass(frozen=True)
class Changes:
    """`comparison` is None where there is no release `before` this one, or it is damaged, and its figures where it is no longer kept."""

    before: str = ""
    comparison: Comparison | None = None
    tables: list[TableChange] = field(default_factory=list)
    final: list[Change] = field(default_factory=list)
    lookups: list[Change] = field(default_factory=list)
    more: int = 0
    revisions: list[Row] = field(default_factory=list)
    pending: list[Row] = field(default_factory=list)


def changes(reading: Reading) -> Changes:
    """What changed since the release before."""
    remembered = reading.ask("select * from meta.revision order by as_of desc, table_name, row_key, column_name limit 500")
    has_pending = "meta.pending_revision" in reading.columns
    pending = reading.ask("select * from meta.pending_revision order by table_name, period") if has_pending else []
    before = release_before(reading.lake, reading.manifest)
    if before is None:
        return Changes(revisions=remembered, pending=pending)
    try:
        found = compared(reading.lake, reading.catalog, before.release, reading.manifest.release)
    except Damaged:
        # Of the earlier one: this one is open. A run makes it again.
        return Changes(before.release, revisions=remembered, pending=pending)
    figures = found.figures or []
    final = [c for c in figures if c.was_final and c.column != NEW]
    return Changes(
        before.release,
        found,
        [_of_table(reading, table, [c for c in figures if c.table == table]) for table in dict.fromkeys(c.table for c in figures)],
        final[:MOST_FIGURES],
        found.lookups[:MOST_FIGURES],
        max(0, len(final) - MOST_FIGURES) + max(0, len(found.lookups) - MOST_FIGURES),
        remembered,
        pending,
    )


def _of_table(reading: Reading, table: str, found: list[Change]) -> TableChange:
    counts = Counter(c.column if c.column in (NEW, GONE) else "final" if c.was_final else "provisional" for c in found)
    return TableChange(table, reading.title(table), counts[NEW], counts[GONE], counts["final"], counts["provisional"])
