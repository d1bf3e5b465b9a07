"""What of the lookups behind a table nobody has verified against its source, as their rows say themselves (`is_verified`)."""

import csv
import io
from dataclasses import dataclass

from assets.catalog.declared import REFERENCE, Catalog


@dataclass(frozen=True)
class Unverified:
    """A lookup with so many rows that are not verified, of all it has."""

    lookup: str
    rows: int
    of_rows: int


def unverified(catalog: Catalog, table: str) -> list[Unverified]:
    """The lookups that a table stands on, directly or by others, that have such rows."""
    found = []
    for name in sorted(_behind(catalog, table, set())):
        lookup = catalog.tables[name]
        if lookup.layer == REFERENCE and "is_verified" in {c.name for c in lookup.contract.columns}:
            said = [row["is_verified"] != "true" for row in csv.DictReader(io.StringIO(lookup.text, newline=""))]
            if any(said):
                found.append(Unverified(name, sum(said), len(said)))
    return found


def _behind(catalog: Catalog, name: str, seen: set[str]) -> set[str]:
    if name in catalog.tables and name not in seen:
        seen.add(name)
        for needed in catalog.tables[name].reads:
            _behind(catalog, needed, seen)
    return seen
