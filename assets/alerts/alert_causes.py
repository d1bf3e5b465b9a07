"""What needs a person: the causes a run leaves behind, written for those who tell (`assets.alerts.messages`) without opening a lake.

One cause per kind and domain, in words of contracts, names and counts. It stands until a later run no longer finds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.lake.files import Lake, recalled, save

if TYPE_CHECKING:
    from assets.catalog.declared import Catalog
    from assets.deliveries.extracts import ExtractState
    from assets.deliveries.landing import Lying
    from assets.deliveries.standing import Standing
    from assets.tables.domain_state import DomainState

HELD, MARKED, WAITING, REFUSED = "held domain", "failing figures", "held delivery", "refused file"
LATE, FAILED, EMPTY, LEFT = "late extract", "failed run", "empty delivery", "file left in landing"
UNREPORTED, UNLISTED = "report not made", "catalogue not made"


@dataclass(frozen=True)
class Cause:
    """Why somebody is called. `kind` is one of those above, `domain` empty for a run that failed and for what no domain would take."""

    kind: str
    domain: str
    why: str

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.domain}" if self.domain else self.kind


def found_causes(catalog: "Catalog", extracts: list["ExtractState"], domains: list["DomainState"], lying: list["Lying"]) -> list[Cause]:
    """What stands after a run; `lying` is what it left in landing."""
    found = [Cause(HELD, d.domain, f"Held since {d.since[:16].replace('T', ' ')}: {d.why}") for d in domains if d.is_held]
    found += [Cause(MARKED, d.domain, d.why) for d in domains if d.why and not d.is_held]
    said: dict[tuple[str, str], list[str]] = {}
    for state in extracts:
        domain = catalog.domain_of_extract(state.extract)
        for held in undecided(state.deliveries):
            said.setdefault((WAITING, domain), []).append(f"{held.receipt.file_name} ({held.receipt.id}): {held.why}.")
        for refused in unanswered(state.deliveries):
            said.setdefault((REFUSED, domain), []).append(f"{refused.receipt.file_name}: {refused.why}")
        for empty in emptied(state.deliveries):
            said.setdefault((EMPTY, domain), []).append(f"{empty.receipt.file_name} holds no records.")
        if state.is_late:
            said.setdefault((LATE, domain), []).append(f"{state.extract}: {state.freshness.why}.")
    for left in (x for x in lying if x.needs_person):
        # A file's name may be a person's; `status` shows it to who may look into landing.
        where = f"a file for {left.extract}" if left.extract else "something outside the folders of the extracts"
        said.setdefault((LEFT, catalog.domain_of_extract(left.extract)), []).append(f"{where.capitalize()}: {left.why}.")
    return found + [Cause(kind, domain, " ".join(dict.fromkeys(sentences))) for (kind, domain), sentences in sorted(said.items())]


def undecided(deliveries: "Iterable[Standing]") -> "list[Standing]":
    """Held deliveries for whose period no better one has arrived since."""
    in_order = sorted(deliveries, key=lambda d: d.receipt.received_at)
    newest = {d.claim.replaces: i for i, d in enumerate(in_order) if d.status == "current"}
    return [d for i, d in enumerate(in_order) if d.status == "held" and (not d.parse or newest.get(d.claim.replaces, -1) < i)]


def unanswered(deliveries: "Iterable[Standing]") -> "list[Standing]":
    """Refused files of an extract after which no file has arrived that could be read."""
    in_order = sorted(deliveries, key=lambda d: d.receipt.received_at)
    answered = max((i for i, d in enumerate(in_order) if d.status != "refused"), default=-1)
    return [d for d in in_order[answered + 1 :] if d.status == "refused"]


def emptied(deliveries: "Iterable[Standing]") -> "list[Standing]":
    """The newest delivery, if it holds no records."""
    read = sorted((d for d in deliveries if d.reading and d.status != "withdrawn"), key=lambda d: d.receipt.received_at)
    return [d for d in read[-1:] if d.is_empty]


def remember_causes(lake: Lake, causes: list[Cause]) -> None:
    save(lake.alerts / "causes.json", causes, list[Cause])


def remembered_causes(lake: Lake) -> list[Cause]:
    """What the newest nightly run left behind."""
    return recalled(lake.alerts / "causes.json", list[Cause]) or []
