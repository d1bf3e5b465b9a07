"""Receipts: what is known of every arrival of a file, for good."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assets.deliveries.names import agreed, not_kept
from assets.lake.files import Lake, load, recalled, remedy, save
from assets.lake.seals import Damaged
from sources.layout import Extract
from sources.reasons import READING_STOPPED


@dataclass(frozen=True)
class Receipt:
    """One arrival of one file. `received_at` and `ordered_by` are ISO texts in civil local time, so they sort as they read.

    `inner_name` is the name layouts judge: without .gz, or of the one file in a zip.

    `reason` and `sentence` are set when the file was not taken: refused, or held since reading it was stopped.
    """

    id: str
    extract: str
    file_name: str
    inner_name: str
    content: str
    bytes: int
    received_at: str
    ordered_by: str
    reason: str | None = None
    sentence: str | None = None

    @property
    def is_put_away(self) -> bool:
        """Whether nothing of the file is in the lake: it lies in `rejected`."""
        return self.reason is not None

    @property
    def is_unread(self) -> bool:
        """Whether reading it was stopped: it is held, and may be read again."""
        return self.reason == READING_STOPPED

    @property
    def order(self) -> tuple[str, str]:
        """Which delivery is the later one: by extract date where the file states one, else by arrival, ties by content."""
        return self.ordered_by, self.content


def receipts(lake: Lake, extract: Extract, as_of: str | None = None) -> list[Receipt]:
    """The extract's receipts in order, up to `as_of` (ISO) where given. Raises Damaged."""
    found = [_discreet(r, extract) for r in _written(lake, extract.name) if as_of is None or r.received_at <= as_of]
    return sorted(found, key=lambda r: r.order)


def write_receipt(lake: Lake, receipt: Receipt) -> None:
    save(lake.receipts / f"{receipt.id}.json", receipt)


def read_receipt(lake: Lake, receipt_id: str) -> Receipt | None:
    """None where there is none that can be read: who has the delivery in hand, or knew it before, writes it again."""
    return recalled(lake.receipts / f"{receipt_id}.json", Receipt)


def _written(lake: Lake, extract: str) -> Iterator[Receipt]:
    for path in lake.receipts.glob(f"{extract}-*.json"):
        found = load(path, Receipt)
        if found.id != path.stem:
            raise Damaged(path, f"is the receipt {found.id}", remedy(path))
        if found.extract == extract:
            yield found


def _discreet(receipt: Receipt, extract: Extract) -> Receipt:
    """The receipt without a name that nobody agreed on, or words it quotes: one of an earlier version may have kept them."""
    if not extract.contract.has_personal_columns:
        return receipt
    name = receipt.file_name if agreed(extract, receipt.file_name) else not_kept(extract, receipt.id, receipt.inner_name)
    return replace(receipt, file_name=name, sentence=receipt.sentence and re.sub("'[^']*'", "…", receipt.sentence))
