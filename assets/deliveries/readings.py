"""What is read of a delivered content: one Parquet for each content, contract, layout and reader, found again by its key."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from assets.deliveries.stamps import Stamps, stamps
from assets.lake.files import Lake, beside, place_file, recalled, save, sealed_file
from assets.lake.seals import Damaged, Seal, is_sealed
from sources.casts import ident
from sources.contract import digest
from sources.duck import open_shared
from sources.layout import Extract, Layout, Match
from sources.parse import PARQUET
from sources.paths import quoted
from sources.readers import Readers
from sources.reading import READER_VERSION, Reading, discreet
from sources.reasons import Refused
from sources.unpack import content_of
from sources.vocabulary import Column


@dataclass(frozen=True, kw_only=True)
class Facts(Reading):
    """What was found in a content, and what the Parquet of its records is; no seal where an earlier version took none."""

    content: str
    seal: Seal | None = None


@dataclass(frozen=True)
class Known:
    """Which parse a content has under today's contract and layouts, and when it says that it arrived.

    `stamps` is None where an earlier version did not remember them.
    """

    parse: str
    stamps: Stamps | None
    reading: Reading


def reading_of(lake: Lake, extract: Extract, content: str, inner_name: str, readers: Readers) -> tuple[str, Reading]:
    """Key and facts of what is read of a content under today's contract and layouts, reading the archived file if need be.

    Raises Refused when it can no longer be read, LayoutFault, or Stopped.
    """
    known = _known(lake, extract, content, inner_name)
    if known is None:
        file = archived(lake, content)
        known = read(lake, extract, content, inner_name, readers, file) if file else _kept_parse(lake, extract, content)
    return known.parse, discreet(extract, known.reading)


def read(lake: Lake, extract: Extract, content: str, inner_name: str, readers: Readers, file: Path) -> Known:
    """Read the `file` that holds the content, unless that has been done. Raises Refused, LayoutFault, NotReadable, Stopped."""
    if (known := _known(lake, extract, content, inner_name)) and known.stamps is not None:
        return known
    made = beside(lake.parse(extract.name, content))
    try:
        found = readers.read(file, extract, inner_name, made)
        said = stamps(found.variables)
        layout = next(x for x in extract.layouts if x.name == found.layout)
        key = _reading_key(extract, layout, found.variables, content)
        if not _is_there(lake, extract.name, key, content):
            target, facts = lake.parse(extract.name, key), Facts(**found.reading.__dict__, content=content, seal=sealed_file(made))
            save(target.with_suffix(".json"), facts)
            place_file(made, target)
        save(_match(lake, extract, content, inner_name), {"parse": key, "received": said.received, "extracted": said.extracted})
        return Known(key, said, found.reading)
    finally:
        made.unlink(missing_ok=True)


def read_before(lake: Lake, extract: Extract, content: str, inner_name: str) -> str:
    """Key of what was read of a content under today's contract and layouts; '' where it has not been, or that is gone."""
    known = _known(lake, extract, content, inner_name)
    return known.parse if known else ""


def archived(lake: Lake, content: str) -> Path | None:
    """The delivered file in the archive, if it is there and still says what it is named for."""
    path = lake.archived(content)
    try:
        return path if path.is_file() and content_of(path) == content else None
    except OSError:
        return None


def whole(lake: Lake, extract: str, parse: str) -> Path:
    """The Parquet of a parse, before its records are read. Raises Damaged where it is not what was written."""
    if not _is_there(lake, extract, parse, in_full=True):
        raise Damaged(lake.parse(extract, parse), "is not what was written", "A run reads the delivered file again.")
    return lake.parse(extract, parse)


def facts_of(lake: Lake, extract: str, parse: str) -> Facts | None:
    """What is known of a parse; None for one whose facts are gone or damaged."""
    return recalled(lake.parse(extract, parse).with_suffix(".json"), Facts)


def _is_there(lake: Lake, extract: str, parse: str, content: str = "", in_full: bool = False) -> Facts | None:
    """The facts of a parse (of a `content`) that is what was written, by its size and end alone or in full."""
    facts, path = facts_of(lake, extract, parse), lake.parse(extract, parse)
    if not facts or (content and facts.content != content):
        return None
    return facts if facts.seal and path.is_file() and is_sealed(path, facts.seal, in_full) else None


def _known(lake: Lake, extract: Extract, content: str, inner_name: str) -> Known | None:
    said = recalled(_match(lake, extract, content, inner_name), dict[str, Any])
    if said is None or not (facts := _is_there(lake, extract.name, said["parse"], content)):
        return None
    return Known(said["parse"], Stamps(said["received"], said["extracted"]) if "received" in said else None, _reading(facts))


def _reading(facts: Facts) -> Reading:
    return Reading(**{f.name: getattr(facts, f.name) for f in fields(Reading)})


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


def _kept_parse(lake: Lake, extract: Extract, content: str) -> Known:
    """The newest parse of a file that is no longer archived: the parse is what remains of it. Raises Refused.

    Columns of today that a record may lack, and that nobody asked for when it was read, are empty.
    """
    from pyarrow.parquet import read_schema

    folder = lake.parse(extract.name, "any").parent
    facts = [p for p in folder.glob("*.json") if p.name.count(".") == 1]
    for path in sorted(facts, key=lambda p: p.stat().st_mtime, reverse=True):
        found = facts_of(lake, extract.name, path.stem)
        if not found or not _is_there(lake, extract.name, path.stem, content, in_full=True):
            continue
        there = set(read_schema(path.with_suffix(".parquet")).names)
        lacking = [c for c in extract.contract.columns if c.name not in there]
        if not any(c.is_required for c in lacking):
            return Known(_widened(lake, extract, path.stem, found, lacking) if lacking else path.stem, None, _reading(found))
    raise Refused(
        "unreadable_file",
        "The file is no longer in the archive, or not what was delivered, and what was read of it is damaged or lacks columns that today's"
        " contract requires; put it back from a backup, or have it delivered again and withdraw this one.",
    )


def _widened(lake: Lake, extract: Extract, parse: str, found: Facts, lacking: list[Column]) -> str:
    """Key of the records of a parse with columns that it lacks, all of them empty."""
    key = digest("widened", parse, [(c.name, c.physicalType) for c in lacking])
    if not _is_there(lake, extract.name, key, found.content):
        target = lake.parse(extract.name, key)
        made = beside(target)
        empty = ", ".join(f"cast(null as {c.physicalType}) as {ident(c.name)}" for c in lacking)
        with open_shared(lake.scratch) as con:
            con.execute(
                f"copy (select *, {empty} from read_parquet({quoted(lake.parse(extract.name, parse))})) to {quoted(made)} ({PARQUET})"
            )
        save(target.with_suffix(".json"), replace(found, seal=sealed_file(made)))
        place_file(made, target)
    return key
