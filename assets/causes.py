"""What needs a person: the causes a run leaves behind, written for those who tell (`assets.alerts`) without opening a lake.

One cause per kind and domain, in words of contracts, names and counts. It stands until a later run no longer finds it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from assets.lake import Lake, read_json, write_json

if TYPE_CHECKING:
    from assets.catalog import Catalog
    from assets.night import DomainState, ExtractState

HELD, WAITING, REFUSED, LATE, FAILED = "held domain", "held delivery", "refused file", "late extract", "failed run"


@dataclass(frozen=True)
class Cause:
    """Why somebody is called. `kind` is one of the five above, `domain` empty for a failed run."""

    kind: str
    domain: str
    why: str

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.domain}" if self.domain else self.kind


def found_causes(catalog: "Catalog", extracts: list["ExtractState"], domains: list["DomainState"]) -> list[Cause]:
    """What stands after a run."""
    found = [Cause(HELD, d.domain, f"Held since {d.since[:16].replace('T', ' ')}: {d.why}") for d in domains if d.is_held]
    said: dict[tuple[str, str], list[str]] = {}
    for state in extracts:
        domain = catalog.extracts[state.extract].contract.domain
        for receipt in undecided(state.receipts):
            said.setdefault((WAITING, domain), []).append(f"{receipt['file_name']} ({receipt['id']}): {receipt['why']}.")
        for receipt in unanswered(state.receipts):
            said.setdefault((REFUSED, domain), []).append(f"{receipt['file_name']}: {receipt['why']}")
        if state.is_late:
            said.setdefault((LATE, domain), []).append(f"{state.extract}: {state.freshness.why}.")
    return found + [Cause(kind, domain, " ".join(sentences)) for (kind, domain), sentences in sorted(said.items())]


def undecided(receipts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Held deliveries for whose period no better one has arrived since."""
    in_order = sorted(receipts, key=lambda r: str(r["received_at"]))
    newest = {r["reading"]["period"]: i for i, r in enumerate(in_order) if r["status"] == "current"}
    return [r for i, r in enumerate(in_order) if r["status"] == "held" and newest.get(r["reading"]["period"], -1) < i]


def unanswered(receipts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Refused files of an extract after which no file has arrived that could be read."""
    in_order = sorted(receipts, key=lambda r: str(r["received_at"]))
    answered = max((i for i, r in enumerate(in_order) if r["status"] != "refused"), default=-1)
    return [r for r in in_order[answered + 1 :] if r["status"] == "refused"]


def remember_causes(lake: Lake, causes: list[Cause]) -> None:
    write_json(lake.state("nightly", "causes"), [asdict(c) for c in causes])


def remembered_causes(lake: Lake) -> list[Cause]:
    """What the newest nightly run left behind."""
    path = lake.state("nightly", "causes")
    return [Cause(**c) for c in read_json(path)] if path.exists() else []
