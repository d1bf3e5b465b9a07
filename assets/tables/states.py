"""What stands of extracts and domains on a line of runs, as typed records in folders of their own.

The `nightly` line remembers; a run for another `as_of` starts from the receipts and forgets its states with the run.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from assets.catalog.declared import Catalog
from assets.catalog.freshness import Freshness
from assets.deliveries.standing import Standing
from assets.lake.decisions import Acceptance, accepted_checks
from assets.lake.files import Lake, Record, load, save
from assets.lake.manifests import NIGHTLY
from assets.tables.versions import Attempt
from expectations.runner import Outcome

PUBLISHED, HELD = "published", "held"


@dataclass(frozen=True)
class Month:
    """What standing deliveries of an extract hold of a month (ISO date of its first day, None for records without a date)."""

    month: str | None
    receipts: int
    records: int
    accepted: int
    quarantined: int
    last_date: str | None
    is_provisional: bool | None
    is_held: bool

    @property
    def completeness_share(self) -> float:
        return round(self.accepted / self.records, 9)


@dataclass(frozen=True)
class ExtractState:
    """What stands of an extract: its deliveries in order, the parses its current records come from, and what was found in them.

    `key` names the current records, `arrived` the receipts of this run, `problem` says why nothing new can be made of it.
    """

    extract: str
    key: str
    deliveries: list[Standing]
    selection: list[str]
    outcomes: list[Outcome] = field(default_factory=list)
    coverage: list[Month] = field(default_factory=list)
    problem: str = ""
    arrived: list[str] = field(default_factory=list)
    freshness: Freshness = field(default_factory=Freshness)

    @property
    def is_late(self) -> bool:
        """Whether it breaks a promise of time: no delivery by the deadline, or no recent record."""
        return self.freshness.is_late or self.freshness.is_stale

    @property
    def newest_arrival(self) -> str:
        return max((d.receipt.received_at for d in self.deliveries if d.current), default="")


@dataclass(frozen=True)
class DomainState:
    """What stands of a domain (or of the lookups): the versions that belong together, and whether they are tonight's.

    `attempts` are tonight's, those that failed included; `tables` maps each table to the key that is published, last good if held.
    `why` says why it is held, or what its figures fail by now though they passed when they were published. `late` are its extracts
    that break a promise of time.
    """

    domain: str
    status: str
    since: str
    why: str
    data_as_of: str
    tables: dict[str, str]
    attempts: list[Attempt] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.status == HELD


class Line:
    """A line of runs over a lake: what they take for now, what operators have let pass by then, and where their states lie."""

    def __init__(self, lake: Lake, catalog: Catalog, now: datetime, name: str = NIGHTLY) -> None:
        self.lake, self.catalog, self.now, self.name = lake, catalog, now, name
        self.as_of = now.isoformat(timespec="microseconds")
        self._known: dict[Path, Any] = {}

    @property
    def is_nightly(self) -> bool:
        return self.name == NIGHTLY

    @cached_property
    def accepted(self) -> dict[str, Acceptance]:
        return accepted_checks(self.lake, self.as_of)

    def accepting(self, table: str, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes with who accepts that they fail, and until when."""
        found = ((o, self.accepted.get(f"{table}.{o.name}")) for o in outcomes)
        return [replace(o, accepted_until=a.until, accepted_reason=a.reason) if a and not o.passed else o for o, a in found]

    def extract(self, name: str) -> ExtractState | None:
        return self._read(self._path("extracts", name), ExtractState)

    def unread(self) -> list[ExtractState]:
        """What stood of extracts whose contract cannot be used just now: nothing of theirs has changed since."""
        folder = self._path("extracts", "any").parent
        names = [p.stem for p in sorted(folder.glob("[!.]*.json")) if p.stem not in self.catalog.extracts]
        return [state for n in names if self.catalog.domain_of_extract(n) and (state := self.extract(n))]

    def domain(self, name: str) -> DomainState | None:
        return self._read(self._path("domains", name), DomainState)

    def save(self, state: ExtractState | DomainState) -> None:
        path = self._path("extracts", state.extract) if isinstance(state, ExtractState) else self._path("domains", state.domain)
        save(path, state)
        self._known[path] = state

    def _read(self, path: Path, kind: type[Record]) -> Record | None:
        """A state is read once: who has a line is the only one that writes it."""
        if path not in self._known and path.exists():
            self._known[path] = load(path, kind)
        known: Record | None = self._known.get(path)
        return known

    def _path(self, folder: str, name: str) -> Path:
        root = self.lake.files if self.is_nightly else self.lake.scratch / "lines" / self.name
        return root / folder / f"{name}.json"
