"""A delivery of which nothing may be kept: the wrong patients were sent. What is left of it is a decision without names.

The receipt goes last: while it is there a purge that died is taken up again, by whoever holds the lake for writing. Backups, and what was
published of it, are no part of this: figures of final months are told anew by `ventetal revise`.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from assets.catalog.declared import RAW
from assets.deliveries.readings import Facts
from assets.deliveries.receipts import Receipt, read_receipt
from assets.lake.decisions import purge_receipts, purged
from assets.lake.files import FAILED, Lake, discard, load, recalled
from assets.tables.versions import known
from sources.errors import WrongUsage
from sources.readers import NotReadable, Readers, Stopped
from sources.reasons import Refused

CORE = "core"


class Shared(WrongUsage):
    """Other receipts have the same content. The text names them."""


def purge(lake: Lake, receipts: list[str], reason: str, now: datetime) -> None:
    """Delete all that is of these deliveries, for who holds the lake for writing. Raises UnknownReceipt, and Shared where another
    delivery has the same content and is not named, Damaged where nobody can say what a delivery held.
    """
    held = _contents(lake)
    contents = {content for name in receipts if (lake.receipts / f"{name}.json").exists() for content in held[name]}
    others = sorted(name for name, said in held.items() if said & contents)
    if left := [name for name in others if name not in receipts]:
        raise Shared(f"{', '.join(left)} arrived with the same content: name all that is to go, {' '.join(others)}.")
    purge_receipts(lake, receipts, contents, reason, now)
    finish_purges(lake)


def _contents(lake: Lake) -> dict[str, set[str]]:
    """Receipt -> what its delivery holds: what it says itself, and of a file that was refused the hash of what is in it. Raises Damaged."""
    found, readers = dict[str, set[str]](), Readers(lake.scratch, lake.root)
    try:
        for path in lake.receipts.glob("[!.]*.json"):
            receipt = load(path, Receipt)
            found[path.stem] = {receipt.content}
            for place, file in enumerate(p for p in (lake.rejected / path.stem).glob("*") if receipt.is_put_away and p.is_file()):
                # What cannot be unpacked is like nothing else.
                with suppress(Refused, NotReadable, Stopped):
                    found[path.stem].add(readers.unpack(file, file.name, lake.scratch / f"unpacked-{place}").content)
    finally:
        readers.close()
    return found


def finish_purges(lake: Lake) -> None:
    """Delete what is decided to go and is still there."""
    for name in purged(lake):
        if receipt := read_receipt(lake, name):
            for path in list(_all_of(lake, receipt)):
                discard(path)
            discard(lake.receipts / f"{name}.json")


def _all_of(lake: Lake, receipt: Receipt) -> Iterator[Path]:
    """Whatever holds a record of the delivery, or may."""
    yield from _versions(lake, f"{RAW}.{receipt.extract}")
    yield from (lake.rebuilt, lake.preview)
    # Runs say what they took, and how much of it.
    yield from (p for p in lake.logs.glob("*.jsonl") if receipt.id in p.read_text("utf-8", "replace"))
    for facts in [p for p in lake.files.glob(f"{RAW}/*/*.json") if p.name.count(".") == 1]:
        said = recalled(facts, Facts)
        # Of one that is garbled nobody can say whose it is; what is another's is read again.
        if said is None or said.content == receipt.content:
            yield from (facts.with_suffix(".parquet"), facts)
    yield from lake.files.glob(f"{RAW}/*/*.asked.json")
    yield from (p for p in (lake.scratch.iterdir() if lake.scratch.is_dir() else ()))
    yield lake.rejected / receipt.id
    yield lake.archived(receipt.content)


def _versions(lake: Lake, source: str) -> Iterator[Path]:
    """Versions of tables with a row for a person or what happened to one, published and failed, that stand on an extract by any way."""
    folders = [*lake.files.glob(f"{CORE}/*/[!.]*"), *lake.files.glob(f"{FAILED}/*/[!.]*")]
    versions = {folder: known(folder) for folder in folders}
    stands_on: dict[str, set[str]] = {}
    for version in filter(None, versions.values()):
        stands_on.setdefault(version.table, set()).update(version.inputs)
    reached, before = {source}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {table for table, inputs in stands_on.items() if inputs & reached}
    # One from before it was written down what a version stands on may stand on anything.
    yield from (folder for folder, v in versions.items() if v is None or not v.inputs or v.table in reached)
