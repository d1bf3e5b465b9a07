"""What is read of a delivered content: one Parquet for each content, contract, layout and reader, found again by its key."""

from dataclasses import asdict, dataclass
from pathlib import Path

from assets.deliveries.stamps import Stamps, stamps
from assets.lake.files import Lake, beside, read_json, sync, write_json
from sources.contract import digest
from sources.layout import Extract, Layout, Match
from sources.parse import READER_VERSION, Reading, discreet
from sources.readers import Readers
from sources.reasons import Refused


@dataclass(frozen=True)
class Known:
    """Which parse a content has under today's contract and layouts, and when it says that it arrived.

    `stamps` is None where an earlier version did not remember them.
    """

    parse: str
    stamps: Stamps | None


def reading_of(lake: Lake, extract: Extract, content: str, inner_name: str, readers: Readers) -> tuple[str, Reading]:
    """Key and facts of what is read of a content under today's contract and layouts, reading the archived file if need be.

    Raises Refused when it can no longer be read, LayoutFault, or Stopped.
    """
    key = read_before(lake, extract, content, inner_name)
    if not key:
        file = lake.archived(content)
        key = read(lake, extract, content, inner_name, readers, file).parse if file.exists() else _kept_parse(lake, extract, content)
    facts = read_json(lake.parse(extract.name, key).with_suffix(".json"))
    return key, discreet(extract, Reading(**{k: v for k, v in facts.items() if k != "content"}))


def read(lake: Lake, extract: Extract, content: str, inner_name: str, readers: Readers, file: Path) -> Known:
    """Read the `file` that holds the content, unless that has been done. Raises Refused, LayoutFault, NotReadable, Stopped."""
    match = _match(lake, extract, content, inner_name)
    if (known := _known(lake, extract, match)) and known.stamps is not None:
        return known
    made = beside(lake.parse(extract.name, content))
    try:
        found = readers.read(file, extract, inner_name, made)
        said = stamps(found.variables)
        layout = next(x for x in extract.layouts if x.name == found.layout)
        key = _reading_key(extract, layout, found.variables, content)
        target = lake.parse(extract.name, key)
        if not target.exists():
            sync(made)
            write_json(target.with_suffix(".json"), asdict(found.reading) | {"content": content})
            made.replace(target)
        write_json(match, {"parse": key, "received": said.received, "extracted": said.extracted})
        return Known(key, said)
    finally:
        made.unlink(missing_ok=True)


def read_before(lake: Lake, extract: Extract, content: str, inner_name: str) -> str:
    """Key of what was read of a content under today's contract and layouts; '' where it has not been, or that is gone."""
    known = _known(lake, extract, _match(lake, extract, content, inner_name))
    return known.parse if known else ""


def _known(lake: Lake, extract: Extract, match: Path) -> Known | None:
    if not match.exists():
        return None
    said = read_json(match)
    if not lake.parse(extract.name, said["parse"]).exists():
        return None
    return Known(said["parse"], Stamps(said["received"], said["extracted"]) if "received" in said else None)


def _match(lake: Lake, extract: Extract, content: str, inner_name: str) -> Path:
    """The answer to "which layout fits this file": it can only change with the layouts, the contract or the reader."""
    layouts = [layout.fingerprint for layout in extract.layouts]
    # What a preamble says of the sender is kept where that is one of those who are expected.
    said = [s.name for s in extract.contract.delivery.senders] if any(layout.preamble for layout in extract.layouts) else []
    key = digest("match", content, inner_name, extract.contract.reading_fingerprint, layouts, READER_VERSION, *said)
    return lake.parse(extract.name, key).with_suffix(".match.json")


def _reading_key(extract: Extract, layout: Layout, variables: dict[str, str], content: str) -> str:
    """Names the parse of one delivered content under one layout. When it arrived matters where that is read or judges records."""
    used = {name for source in layout.columns.values() for name in source.names}
    # Events are judged by when the file was drawn.
    if any(c.is_event for c in extract.contract.columns):
        used |= set(Match.ARRIVAL)
    decisive = {k: v for k, v in variables.items() if k in used or k not in Match.ARRIVAL}
    said = [s.name for s in extract.contract.delivery.senders] if layout.preamble else []
    return digest("parse", content, extract.contract.reading_fingerprint, layout.fingerprint, decisive, READER_VERSION, *said)


def _kept_parse(lake: Lake, extract: Extract, content: str) -> str:
    """Key of the newest parse of a file that is no longer archived: the parse is what remains of it. Raises Refused."""
    from pyarrow.parquet import read_schema

    columns = {c.name for c in extract.contract.columns}
    folder = lake.parse(extract.name, "any").parent
    facts = [p for p in folder.glob("*.json") if p.name.count(".") == 1 and read_json(p)["content"] == content]
    for path in sorted(facts, key=lambda p: p.stat().st_mtime, reverse=True):
        if columns <= set(read_schema(path.with_suffix(".parquet")).names):
            return path.stem
    raise Refused("unreadable_file", "The file is no longer in the archive, and what was read of it lacks columns of today's contract.")
