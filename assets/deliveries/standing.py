"""Which records of an extract are current. Nothing is deleted: later deliveries only change what a view shows.

Every accepted record of a delivery is exactly one of: current; superseded by a later delivery; a duplicate of a record
that is current; held with its delivery until the operator decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assets.deliveries.receipts import Receipt
from sources.casts import ident, literal
from sources.contract import Contract
from sources.duck import no_rows
from sources.parse import Reading

Rows = Sequence[Sequence[Any]]
Ask = Callable[[str], Rows]
Decided = dict[tuple[str, str], str]
# Of a delivery with records in several, the first names it.
STATUSES = ("held", "current", "superseded", "duplicate")


@dataclass(frozen=True)
class Standing:
    """Where the accepted records of one receipt stand; the four counts add up to the reading's accepted records.

    A refused file has no reading. `why` says why not all of it is current.
    """

    receipt: Receipt
    parse: str | None = None
    reading: Reading | None = None
    status: str = "refused"
    why: str = ""
    current: int = 0
    superseded: int = 0
    duplicate: int = 0
    held: int = 0

    @property
    def records(self) -> int:
        return self.reading.records if self.reading else 0

    @property
    def accepted(self) -> int:
        return self.reading.accepted if self.reading else 0

    @property
    def quarantined(self) -> int:
        return self.reading.quarantined if self.reading else 0

    @property
    def ignored(self) -> int:
        return self.reading.ignored if self.reading else 0

    @property
    def is_empty(self) -> bool:
        """Whether the file could be read and holds no record."""
        return self.reading is not None and self.records == self.ignored

    @property
    def period(self) -> str | None:
        return self.reading.period if self.reading else None

    def all(self, status: str, why: str = "") -> "Standing":
        """The same delivery with all its accepted records in one status."""
        counts: dict[str, Any] = {s: self.accepted if s == status else 0 for s in STATUSES}
        return replace(self, status=status, why=why, **counts)


def settle(
    contract: Contract, deliveries: list[Standing], decided: Decided, paths: dict[str, str], ask: Ask
) -> tuple[list[Standing], list[str]]:
    """Standing of each delivery that could be read, and the parses whose records make up the current view, in order of delivery.

    `deliveries` are in order (Receipt.order), `decided` is what operators decided (`assets.lake.decisions`), `paths` maps a parse
    to its Parquet, `ask` gives the rows of a query over them.
    """
    last = {d.parse: d.receipt.id for d in deliveries if ("withdraw", d.receipt.id) not in decided}
    settled: dict[str, Standing] = {}
    open_: list[Standing] = []
    limit = contract.quarantine_limit
    for delivery in deliveries:
        judged = delivery.records - delivery.ignored
        if withdrawn := decided.get(("withdraw", delivery.receipt.id)):
            standing = delivery.all("superseded", f"withdrawn: {withdrawn}")
            settled[delivery.receipt.id] = replace(standing, status="withdrawn")
        elif last[delivery.parse] != delivery.receipt.id:
            settled[delivery.receipt.id] = delivery.all("duplicate", "the same content arrived again later")
        elif 100 * delivery.quarantined > limit.hold * judged and ("accept", delivery.receipt.id) not in decided:
            why = f"{delivery.quarantined} of {judged} records refused, over {limit.hold:g} %"
            settled[delivery.receipt.id] = delivery.all("held", why)
        else:
            open_.append(delivery)
    match contract.delivery.mode:
        case "append":
            chosen = [d.all("current") for d in open_]
        case "snapshot":
            chosen = [d.all("superseded", "a later snapshot arrived") for d in open_[:-1]] + [d.all("current") for d in open_[-1:]]
        case "replace_period":
            chosen = _by_period(contract, open_, decided)
        case "upsert":
            chosen = _by_key(contract, open_, paths, ask)
    settled |= {d.receipt.id: d for d in chosen}
    return [settled[d.receipt.id] for d in deliveries], [d.parse for d in chosen if d.parse and d.current]


def current_records(contract: Contract, paths: list[str], has_versions: bool = True) -> str:
    """SQL for the current records of an extract, given the Parquet files of its selected parses in order of delivery.

    `has_versions` is False where it is known that no two accepted records have the same key.
    """
    columns = _columns(contract)
    if not paths:
        return no_rows(contract)
    if contract.delivery.mode != "upsert" or not has_versions:
        return f"select {columns} from read_parquet([{', '.join(literal(p) for p in paths)}]) where _errors is null"
    key, later = _order(contract)
    return f"select {columns} from ({_versions(contract, paths)}) qualify row_number() over (partition by {key} order by {later}) = 1"


def _by_period(contract: Contract, deliveries: list[Standing], decided: Decided) -> list[Standing]:
    """The last delivery of a period is current; one much smaller than what it would replace waits for the operator."""
    incumbent: dict[str | None, int] = {}
    chosen: list[Standing] = []
    for delivery in deliveries:
        before = incumbent.get(delivery.period)
        if before is not None:
            replaced, least = chosen[before].accepted, contract.delivery.replacesAtLeast
            if 100 * delivery.accepted < least * replaced and ("accept", delivery.receipt.id) not in decided:
                why = f"{delivery.accepted} records would replace {replaced}, under {least:g} %"
                chosen.append(delivery.all("held", why))
                continue
            chosen[before] = chosen[before].all("superseded", f"replaced by {delivery.receipt.file_name}")
        incumbent[delivery.period] = len(chosen)
        chosen.append(delivery.all("current"))
    return chosen


def _by_key(contract: Contract, deliveries: list[Standing], paths: dict[str, str], ask: Ask) -> list[Standing]:
    """The last record of a key is current; earlier ones are duplicates of it if they say the same, else superseded."""
    if not deliveries:
        return []
    counts = ask(f"""
        select
            delivery,
            count(*) filter (place = 1),
            count(*) filter (place > 1 and said = said_last),
            count(*) filter (place > 1 and said <> said_last)
        from ({_ranked(contract, [paths[d.parse] for d in deliveries if d.parse])})
        group by delivery""")
    found = {place: dict(zip(("current", "duplicate", "superseded"), rest, strict=True)) for place, *rest in counts}
    settled = []
    for place, delivery in enumerate(deliveries):
        standing = found.get(place, {})
        settled.append(replace(delivery, status=next((s for s in STATUSES if standing.get(s)), "current"), **standing))
    return settled


def _ranked(contract: Contract, paths: list[str]) -> str:
    """Accepted records with `delivery` (index into paths), `place` among records of the same key, 1 = last, and what was said."""
    key, later = _order(contract)
    return f"""
        select *, first_value(said) over latest as said_last, row_number() over latest as place
        from (select *, hash({_columns(contract)}) as said from ({_versions(contract, paths)}))
        window latest as (partition by {key} order by {later})"""


def _versions(contract: Contract, paths: list[str]) -> str:
    """All accepted records with `delivery`, the index into paths."""
    return " union all ".join(
        f"select {_columns(contract)}, {i} as delivery from read_parquet({literal(path)}) where _errors is null"
        for i, path in enumerate(paths)
    )


def _order(contract: Contract) -> tuple[str, str]:
    """What identifies a record, and what puts its versions in order, the last first."""
    later = [*(f"{ident(c)} desc nulls last" for c in contract.delivery.latestBy), "delivery desc"]
    return ", ".join(ident(k) for k in contract.key), ", ".join(later)


def _columns(contract: Contract) -> str:
    return ", ".join(ident(c.name) for c in contract.columns)
