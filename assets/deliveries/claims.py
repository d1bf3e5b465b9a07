"""What a delivery claims of itself: whose it is, what it covers, and when it was drawn. Its records are never asked."""

from dataclasses import dataclass
from datetime import datetime

from assets.deliveries.receipts import Receipt
from assets.deliveries.stamps import stamps
from sources.layout import Extract
from sources.reading import Reading
from sources.stamp import Span


@dataclass(frozen=True)
class Claim:
    """Texts as files write them, times as ISO texts; '' or None for what is not said.

    `period` is what the file is for, `latest` the day, month or year up to which it holds everything, `part` its place among the
    files (`parts`) that make up the period. `is_full`: it is all that the source held when it was drawn.
    """

    sender: str = ""
    period: str | None = None
    latest: str | None = None
    drawn: str | None = None
    part: int = 0
    parts: int = 1
    is_full: bool = False

    @property
    def replaces(self) -> tuple[str, str | None, int]:
        """What a later delivery has in common with one that it replaces."""
        return self.sender, None if self.is_full else self.period, 0 if self.is_full else self.part

    @property
    def reaches(self) -> datetime | None:
        """Up to when a file holds everything, if it is of that kind."""
        said = [datetime.combine(Span.of(self.latest).end, datetime.min.time())] if self.latest else []
        return min([*said, datetime.fromisoformat(self.drawn)] if self.drawn else said, default=None)


def claim_of(extract: Extract, receipt: Receipt, reading: Reading) -> Claim:
    """What a delivery that was read claims."""
    delivery = extract.contract.delivery
    layout = next((x for x in extract.layouts if x.name == reading.layout), None)
    of_name = layout.variables(layout.file.fullmatch(receipt.inner_name)) if layout and layout.file else {}
    said = of_name | reading.said
    stamped = stamps(of_name if delivery.drawn == "name" else said)
    drawn = stamped.extracted or stamped.received
    only = delivery.senders[0].name if len(delivery.senders) == 1 else ""
    return Claim(
        sender=said.get("$sender") or (layout.sender if layout else "") or only,
        period=_if_span(reading.period or said.get("$period")),
        latest=_if_span(said.get("$latest")),
        drawn=drawn or (receipt.received_at if delivery.drawn == "first_sight" else None),
        part=_number(said.get("$part")),
        parts=_number(said.get("$parts")) or 1,
        is_full=delivery.mode == "snapshot" or bool(layout and layout.full),
    )


def _if_span(text: str | None) -> str | None:
    """The text, if it is a day, a month or a year."""
    try:
        return text if text and Span.of(text) else None
    except ValueError:
        return None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
