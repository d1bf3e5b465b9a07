"""What needs a person: the causes a run leaves behind, written for those who tell (`assets.alerts.messages`) without opening a lake.

One cause per kind and domain, in words of contracts, names and counts. It stands until a later run no longer finds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.lake.files import Lake, load, save

if TYPE_CHECKING:
    from assets.catalog.declared import Catalog
    from assets.deliveries.extracts import ExtractState
    from assets.deliveries.standing import Standing
    from assets.tables.domain_state import DomainState

HELD, MARKED, WAITING, REFUSED = "held domain", "failing figures", "held delivery", "refused file"
LATE, FAILED = "late extract", "failed run"


@dataclass(frozen=True)
class Cause:
    """Why somebody is called. `kind` is one of the six above, `domain` empty for a failed run."""

    kind: str
    domain: str
    why: str

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.domain}" if self.domain else self.kind


def found_causes(catalog: "Catalog", extracts: list["ExtractState"], domains: list["DomainState"]) -> list[Cause]:
    """What stands after a run."""
    found = [Cause(HELD, d.domain, f"Held since {d.since[:16].replace('T', ' ')}: {d.why}") for d in domains if d.is_held]
    found += [Cause(MARKED, d.domain, d.why) for d in domains if d.why and not d.is_held]
    said: dict[tuple[str, str], list[str]] = {}
    for state in extracts:
        domain = catalog.domain_of_extract(state.extract)
        for held in undecided(state.deliveries):
            said.setdefault((WAITING, domain), []).append(f"{held.receipt.file_name} ({held.receipt.id}): {held.why}.")
        for refused in unanswered(state.deliveries):
            said.setdefault((REFUSED, domain), []).append(f"{refused.receipt.file_name}: {refused.why}")
        if state.is_late:
            said.setdefault((LATE, domain), []).append(f"{state.extract}: {state.freshness.why}.")
    return found + [Cause(kind, domain, " ".join(sentences)) for (kind, domain), sentences in sorted(said.items())]


def undecided(deliveries: "Iterable[Standing]") -> "list[Standing]":
    """Held deliveries for whose period no better one has arrived since."""
    in_order = sorted(deliveries, key=lambda d: d.receipt.received_at)
    newest = {d.period: i for i, d in enumerate(in_order) if d.status == "current"}
    return [d for i, d in enumerate(in_order) if d.status == "held" and newest.get(d.period, -1) < i]


def unanswered(deliveries: "Iterable[Standing]") -> "list[Standing]":
    """Refused files of an extract after which no file has arrived that could be read."""
    in_order = sorted(deliveries, key=lambda d: d.receipt.received_at)
    answered = max((i for i, d in enumerate(in_order) if d.status != "refused"), default=-1)
    return [d for d in in_order[answered + 1 :] if d.status == "refused"]


def remember_causes(lake: Lake, causes: list[Cause]) -> None:
    save(lake.alerts / "causes.json", causes, list[Cause])


def remembered_causes(lake: Lake) -> list[Cause]:
    """What the newest nightly run left behind."""
    path = lake.alerts / "causes.json"
    return load(path, list[Cause]) if path.exists() else []
