"""Which records of an extract are current. Nothing is deleted: later deliveries only change what a view shows.

Every accepted record of a delivery is exactly one of: current; superseded by a later delivery; a duplicate of a record
that is current; held with its delivery until the operator decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from assets.deliveries.claims import Claim
from assets.deliveries.receipts import Receipt
from sources.casts import ident
from sources.contract import Contract
from sources.duck import no_rows
from sources.judgement import DELETED
from sources.limits import why_held
from sources.paths import quoted
from sources.reading import Reading

Rows = Sequence[Sequence[Any]]
Ask = Callable[[str], Rows]
Decided = dict[tuple[str, str], str]
# Deliveries of the same layout that say what is usual.
DELIVERIES_BEFORE = 6
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
    claim: Claim = field(default_factory=Claim)
    # How many records those had that it replaces, where it has fewer than the contract warns at.
    shrunk_from: int = 0
    # Which columns are empty far more often than in the deliveries before it, where the contract warns of that.
    emptier: str = ""

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
    def judged(self) -> int:
        """Records that are of this extract, without those that repeat others of the file."""
        return self.reading.distinct if self.reading else 0

    @property
    def bad(self) -> int:
        """Refused records, without those that repeat others."""
        return self.reading.bad if self.reading else 0

    def all(self, status: str, why: str = "") -> "Standing":
        """The same delivery with all its accepted records in one status."""
        counts: dict[str, Any] = {s: self.accepted if s == status else 0 for s in STATUSES}
        return replace(self, status=status, why=why, **counts)


@dataclass(frozen=True)
class Selected:
    """A parse whose records make up the current view, and the later full file of the same sender, if there is one."""

    parse: str
    full: str | None = None


def settle(
    contract: Contract, deliveries: list[Standing], decided: Decided, paths: dict[str, str], ask: Ask
) -> tuple[list[Standing], list[Selected]]:
    """Standing of each delivery that could be read, and the parses whose records make up the current view, in order of delivery.

    `deliveries` are in order (Receipt.order), `decided` is what operators decided (`assets.lake.decisions`), `paths` maps a parse
    to its Parquet, `ask` gives the rows of a query over them.
    """
    settled, open_ = set_apart(contract, deliveries, decided)
    selected: list[Selected] = []
    match contract.delivery.mode:
        case "append":
            chosen = [d.all("current") for d in open_]
        case "snapshot" | "replace_period":
            chosen = _by_place(open_)
        case "upsert":
            selected = _selected(contract, open_)
            chosen, last = _by_key(contract, open_, selected, paths, ask)
    settled |= {d.receipt.id: d for d in chosen}
    # What says last that a record is gone has none in force, and must be asked all the same.
    current = last if contract.delivery.mode == "upsert" else {d.parse for d in chosen if d.current}
    if contract.delivery.mode != "upsert":
        selected = [Selected(d.parse) for d in chosen if d.parse]
    return [settled[d.receipt.id] for d in deliveries], [s for s in selected if s.parse in current]


def set_apart(contract: Contract, deliveries: list[Standing], decided: Decided) -> tuple[dict[str, Standing], list[Standing]]:
    """Receipt -> standing of the deliveries of which nothing counts (withdrawn, come again, held), and the others in order."""
    last = {_content(d): d.receipt.id for d in deliveries if ("withdraw", d.receipt.id) not in decided}
    settled: dict[str, Standing] = {}
    open_: list[Standing] = []
    for delivery in deliveries:
        if withdrawn := decided.get(("withdraw", delivery.receipt.id)):
            standing = delivery.all("superseded", f"withdrawn: {withdrawn}")
            settled[delivery.receipt.id] = replace(standing, status="withdrawn")
        elif last[_content(delivery)] != delivery.receipt.id:
            settled[delivery.receipt.id] = delivery.all("duplicate", "the same content arrived again later")
        elif (
            ("accept", delivery.receipt.id) not in decided
            and delivery.reading
            and (why := why_held(contract, delivery.reading, delivery.claim.sender))
        ):
            settled[delivery.receipt.id] = delivery.all("held", why)
        else:
            open_.append(delivery)
    weighed = _looked_at_for_gaps(contract, _weighed(contract, open_, decided), decided)
    settled |= {d.receipt.id: d for d in weighed if d.status == "held"}
    return settled, [d for d in weighed if d.status != "held"]


def _content(delivery: Standing) -> tuple[str, str | None, str]:
    """What two deliveries of the same have in common."""
    return delivery.receipt.content, delivery.claim.period, delivery.claim.sender


def _weighed(contract: Contract, deliveries: list[Standing], decided: Decided) -> list[Standing]:
    """Each delivery against the one that it replaces: one that is much smaller waits for the operator, one somewhat smaller is told."""
    shrinks, replaces_all = contract.delivery.shrinks, contract.delivery.mode in ("snapshot", "replace_period")
    before: dict[tuple[object, ...], int] = {}
    weighed = []
    for delivery in deliveries:
        # In the modes that add up, what is written another way, or names no period and is not everything, replaces nothing.
        kind = "" if replaces_all or delivery.reading is None else delivery.reading.layout
        replaces = (*delivery.claim.replaces, kind)
        had, is_weighed = before.get(replaces, 0), replaces_all or delivery.claim.is_full or delivery.claim.period
        is_accepted = ("accept", delivery.receipt.id) in decided
        if is_weighed and not is_accepted and 100 * delivery.judged < shrinks.hold * had:
            weighed.append(delivery.all("held", f"{delivery.judged} records would replace {had}, under {shrinks.hold:g} %"))
            continue
        if is_weighed and not is_accepted and 100 * delivery.judged < shrinks.warn * had:
            delivery = replace(delivery, shrunk_from=had)
        before[replaces] = delivery.judged
        weighed.append(delivery)
    return weighed


def _looked_at_for_gaps(contract: Contract, deliveries: list[Standing], decided: Decided) -> list[Standing]:
    """Each delivery against those before it: one of which a column is empty far more often waits for the operator, or is told."""
    watched = {c.name: c.may_be_empty for c in contract.columns if c.may_be_empty}
    shares: dict[tuple[str, str], list[float]] = {}
    looked_at = []
    for delivery in deliveries:
        reading = delivery.reading
        if reading is None or delivery.status == "held" or not reading.accepted:
            looked_at.append(delivery)
            continue
        told, is_held = list[str](), False
        for name, limits in watched.items():
            before = shares.setdefault((reading.layout, name), [])
            if name not in reading.empty:
                continue
            share = 100 * reading.empty[name] / reading.accepted
            usual = median(before[-DELIVERIES_BEFORE:]) if before else share
            if share - usual > limits.warn:
                told.append(f"{name} is empty in {share:.0f} % of the records, usually in {usual:.0f} %")
                is_held |= share - usual > limits.hold and ("accept", delivery.receipt.id) not in decided
            if not is_held:
                before.append(share)
        words = "; ".join(told)
        looked_at.append(delivery.all("held", words) if is_held else replace(delivery, emptier=words))
    return looked_at


def current_records(contract: Contract, selected: list[tuple[str, str | None]], has_versions: bool = True) -> str:
    """SQL for the current records of an extract, given the Parquet files of its selected parses in order of delivery, each with that
    of the full file that must still hold its records (`Selected`).

    `has_versions` is False where it is known that no two accepted records have the same key.
    """
    columns = _columns(contract)
    if not selected:
        return no_rows(contract)
    if contract.delivery.mode != "upsert" or not (has_versions or any(full for _, full in selected)):
        return f"select {columns} from read_parquet([{', '.join(quoted(p) for p, _ in selected)}]) where _errors is null"
    key, later = _order(contract)
    last = f"qualify row_number() over (partition by {key} order by {later}) = 1 and not is_gone"
    return f"select {columns} from ({_versions(contract, selected)}) {last}"


def lacking_in_full(contract: Contract, selected: list[tuple[str, str | None]]) -> str:
    """SQL for the number of current records that the newest full file of their sender no longer holds."""
    key, later = _order(contract)
    last = f"qualify row_number() over (partition by {key} order by {later}) = 1"
    return f"select count(*) from (select is_gone from ({_versions(contract, selected, is_there=False)}) {last}) where not is_gone"


def _by_place(deliveries: list[Standing]) -> list[Standing]:
    """The last delivery of a sender, and of a period where it names one, is current."""
    incumbent: dict[tuple[str, str | None, int], int] = {}
    chosen: list[Standing] = []
    for delivery in deliveries:
        if (before := incumbent.get(delivery.claim.replaces)) is not None:
            chosen[before] = chosen[before].all("superseded", f"replaced by {delivery.receipt.file_name}")
        incumbent[delivery.claim.replaces] = len(chosen)
        chosen.append(delivery.all("current"))
    return chosen


def _selected(contract: Contract, deliveries: list[Standing]) -> list[Selected]:
    """Deliveries in order, each with the newest full file of its sender if that came after it and says what is gone."""
    newest = {d.claim.sender: place for place, d in enumerate(deliveries) if d.claim.is_full}
    found = []
    for place, delivery in enumerate(deliveries):
        full = newest.get(delivery.claim.sender, -1)
        found.append(Selected(delivery.parse or "", deliveries[full].parse if full > place else None))
    return found


def _by_key(
    contract: Contract, deliveries: list[Standing], selected: list[Selected], paths: dict[str, str], ask: Ask
) -> tuple[list[Standing], set[str | None]]:
    """The last record of a key is current; earlier ones are duplicates of it if they say the same, else superseded.

    So is one that a later full file of its sender no longer holds, where the contract says that it is deleted then. Beside them the
    parses that have the last word on some key.
    """
    if not deliveries:
        return [], set()
    deletes = contract.delivery.absent == "deleted"
    files = [(paths[s.parse], paths[s.full] if deletes and s.full else None) for s in selected]
    counts = ask(f"""
        select
            delivery,
            count(*) filter (place = 1 and not is_gone),
            count(*) filter (place > 1 and not is_gone and said = said_last),
            count(*) filter (is_gone or place > 1 and said <> said_last),
            count(*) filter (is_gone),
            count(*) filter (place = 1)
        from ({_ranked(contract, files)})
        group by delivery""")
    found = {place: dict(zip(("current", "duplicate", "superseded"), rest, strict=True)) for place, *rest, _, _ in counts}
    marks, last = {place: n for place, *_, n, _ in counts}, {deliveries[place].parse for place, *_, n in counts if n}
    settled = []
    for place, delivery in enumerate(deliveries):
        standing = {"current": 0, "duplicate": 0, "superseded": 0} | found.get(place, {})
        gone = delivery.accepted - sum(standing.values())
        standing["superseded"] += gone
        why = "The newest full file no longer holds some of its records." if gone else ""
        if n := marks.get(place):
            why = " ".join([f"{n} of its records say that theirs {'is' if n == 1 else 'are'} gone."] + [why] * bool(why))
        status = next((s for s in STATUSES if standing.get(s)), "current")
        settled.append(replace(delivery, status=status, why=why, **standing))
    return settled, last


def _ranked(contract: Contract, selected: list[tuple[str, str | None]]) -> str:
    """Accepted records with `delivery` (index into paths), `place` among records of the same key, 1 = last, and what was said."""
    key, later = _order(contract)
    return f"""
        select *, first_value(said) over latest as said_last, row_number() over latest as place
        from (select *, hash({_columns(contract)}, is_gone) as said from ({_versions(contract, selected)}))
        window latest as (partition by {key} order by {later})"""


def _versions(contract: Contract, selected: list[tuple[str, str | None]], is_there: bool = True) -> str:
    """All accepted records with `delivery`, the index into `selected`, `_line`, and `is_gone`, whether it says only that its record is:
    those still there at the source, or those that are not.
    """
    key, is_known = ", ".join(ident(k) for k in contract.key), " and ".join(f"{ident(k)} is not null" for k in contract.key)
    is_in = "in" if is_there else "not in"
    parts = []
    for place, (path, full) in enumerate(selected):
        # A record that the full file holds and that could not be taken is not gone.
        held = f" and ({key}) {is_in} (select ({key}) from read_parquet({quoted(full)}) where {is_known})" if full else ""
        if full or is_there:
            said = f"{place} as delivery, _line, _errors is not null as is_gone"
            accepted = f"(_errors is null or _errors = '{DELETED}')"
            parts.append(f"select {_columns(contract)}, {said} from read_parquet({quoted(path)}) where {accepted}{held}")
    return " union all ".join(parts)


def _order(contract: Contract) -> tuple[str, str]:
    """What identifies a record, and what puts its versions in order, the last first."""
    later = [*(f"{ident(c)} desc nulls last" for c in contract.delivery.latestBy), "delivery desc", "_line desc"]
    return ", ".join(ident(k) for k in contract.key), ", ".join(later)


def _columns(contract: Contract) -> str:
    return ", ".join(ident(c.name) for c in contract.columns)
