"""A line of runs over a lake: what they take for now, what operators have let pass by then, and what stands by their records.

The `nightly` line remembers what stands; a run for another `as_of` starts from the receipts and forgets it with the run.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from assets.lake.decisions import Acceptance, accepted_checks, unreadable
from assets.lake.files import Lake, recalled, save
from assets.lake.manifests import NIGHTLY, Manifest, gone, nights
from expectations.suite import Outcome, Rule


class State(Protocol):
    """What stands of something: a typed record, one file for each name, in a folder of its kind."""

    FOLDER: ClassVar[str]


Kind = TypeVar("Kind", bound=State)


class Line:
    """What the runs of one name know at the time `now`."""

    def __init__(self, lake: Lake, now: datetime, name: str = NIGHTLY) -> None:
        self.lake, self.now, self.name = lake, now, name
        self.as_of, self.is_nightly = now.isoformat(timespec="microseconds"), name == NIGHTLY
        self._known: dict[Path, Any] = {}

    @cached_property
    def published(self) -> list[Manifest]:
        """What nightly runs published up to now, newest first."""
        return nights(self.lake, self.as_of)

    @cached_property
    def gone(self) -> list[str]:
        """What every run must find in the lake, whatever its time, and is not there or damaged, by path below the lake."""
        published = self.published if self.is_nightly else nights(self.lake, datetime.max.isoformat())
        return gone(self.lake, published) + unreadable(self.lake)

    @cached_property
    def accepted(self) -> dict[str, Acceptance]:
        return accepted_checks(self.lake, self.as_of)

    def accepting(self, table: str, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes with who accepts that they fail, and until when."""
        found = ((o, self.accepted.get(f"{table}.{o.name}")) for o in outcomes)
        return [replace(o, accepted_until=a.until, accepted_reason=a.reason) if a and not o.passed else o for o, a in found]

    def judged(self, table: str, key: str, audit: str, rules: list[Rule], ask: Callable[[], list[Outcome]]) -> list[Outcome]:
        """Outcomes of `rules` on the data named `key`, with what operators let pass.

        They are remembered under the audit key `audit`, else as `ask` finds them now: nothing is judged twice that has not changed,
        nor have its rules. They are said in today's words and with today's severity.
        """
        path = self.lake.audits(table, key) / f"{audit}.json"
        if (remembered := recalled(path, list[Outcome])) is None:
            outcomes = ask()
            save(path, outcomes, list[Outcome])
        else:
            found = {o.name: o for o in remembered}
            outcomes = [found[r.name].said_by(r) for r in rules]
        return self.accepting(table, outcomes)

    def state(self, kind: type[Kind], name: str) -> Kind | None:
        """What stands; None before the first run, or where it is damaged: the run finds out again what stands.

        It is read once: who has a line is the only one that writes it.
        """
        path = self._folder(kind) / f"{name}.json"
        if path not in self._known and (found := recalled(path, kind)):
            self._known[path] = found
        known: Kind | None = self._known.get(path)
        return known

    def names(self, kind: type[State]) -> list[str]:
        """Of what something stands."""
        return [p.stem for p in sorted(self._folder(kind).glob("[!.]*.json"))]

    def save(self, name: str, state: State) -> None:
        path = self._folder(type(state)) / f"{name}.json"
        save(path, state)
        self._known[path] = state

    def _folder(self, kind: type[State]) -> Path:
        root = self.lake.files if self.is_nightly else self.lake.scratch / "lines" / self.name
        return root / kind.FOLDER
