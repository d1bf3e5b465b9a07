"""What may be deleted, and when: nothing a kept release is made of, nothing a later run or a reader of a kept release needs.

Kept for good, because small or not to be made again: receipts, decisions, the disclosure ledger, manifests, and the parse of every
delivery under today's contract. The lake can make the rest again while the delivered file is in the archive.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from assets.catalog.declared import LAYERS, REFERENCE, Catalog
from assets.deliveries.extracts import ExtractState
from assets.deliveries.readings import facts_of, read_before
from assets.deliveries.receipts import Receipt, receipts
from assets.lake.decisions import decisions
from assets.lake.files import Lake, discard, load, recalled
from assets.lake.lock import is_held
from assets.lake.manifests import Manifest, manifest, nights, releases
from assets.lake.manifests import gone as lost
from assets.releases.pointers import head, pinned
from assets.tables.domain_state import DomainState
from sources.errors import NeedsAttention

# Statuses of a delivery whose records a table may be made of.
IN_FORCE = ("current", "held")


@dataclass(frozen=True)
class Doomed:
    """A file or folder to delete. `what` is version, parse, failed version, audit, release, rebuild, or delivered file."""

    what: str
    path: Path

    @property
    def bytes(self) -> int:
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(f.lstat().st_size for f in files if f.is_file())


def doomed(lake: Lake, catalog: Catalog, now: datetime, release_days: int, archive_days: int) -> list[Doomed]:
    """What a writer may delete: releases and failed versions older than `release_days`, delivered files older than `archive_days`,
    versions and parses nothing that is kept names, what was found of versions that are gone, and the last rebuild. Raises NeedsAttention
    while a receipt is gone: what it names would seem to be nobody's.
    """
    if lacking := [n for n in lost(lake, nights(lake, datetime.max.isoformat())) if n.startswith("receipts/")]:
        raise NeedsAttention(f"Nothing is deleted while {lacking[0]} ({len(lacking)} in all) is gone from the lake: see `ventetal status`.")
    old, archived = (now - timedelta(days=days) for days in (release_days, archive_days))
    manifests = releases(lake)
    gone = {m.release for m in _old_releases(lake, manifests, old)}
    content = _archive(lake, catalog, archived)
    versions = list(_versions(lake, [m for m in manifests if m.release not in gone]))
    failed = [p for p in lake.files.glob("failed/*/[!.]*") if _is_before(p, old)]
    found = [Doomed("release", lake.releases / name) for name in sorted(gone)]
    found += [Doomed("version", p) for p in versions]
    found += [Doomed("parse", p) for p in _parses(lake, catalog, {p.name for p in content if p.parent == lake.archive})]
    found += [Doomed("failed version", p) for p in failed]
    found += [Doomed("audit", p) for p in _audits(lake, {*versions, *failed}, old)]
    found += [Doomed("delivered file", p) for p in content]
    left = [("rebuild", lake.rebuilt)] + ([] if is_held(lake.preview_lock) else [("preview", lake.preview)])
    return found + [Doomed(what, p) for what, p in left if p.exists()]


def last_sources(lake: Lake, found: Iterable[Doomed]) -> dict[str, int]:
    """Of how many delivered files to delete the records are in force, by extract: they stay, and can never be read in another way."""
    newest, going = head(lake), {d.path.name for d in found if d.path.parent == lake.archive}
    if newest is None or not going:
        return {}
    in_force = {i for d in manifest(lake, newest.release).deliveries.values() for i, status in d.receipts.items() if status in IN_FORCE}
    needed = {(r.extract, r.content) for r in (load(p, Receipt) for p in lake.receipts.glob("[!.]*.json")) if r.id in in_force}
    return dict(sorted(Counter(extract for extract, content in needed if content in going).items()))


def delete(found: Iterable[Doomed]) -> None:
    """Delete files and folders. A name goes in one step, so nobody sees a release half there."""
    for one in found:
        if one.path.exists():
            discard(one.path)


def _old_releases(lake: Lake, manifests: list[Manifest], old: datetime) -> Iterator[Manifest]:
    """Releases made before `old`, but for those somebody sees, would see next, or rolled back to."""
    current, newest = lake.current_release, head(lake)
    needed = {current.name if current else None, pinned(lake), newest.release if newest else None}
    return (m for m in manifests if m.created_at < old.isoformat() and m.release not in needed)


def _versions(lake: Lake, kept: list[Manifest]) -> Iterator[Path]:
    """Versions that neither a kept release nor what stands of a domain names."""
    named = {lake.version(table, key) for m in kept for table, key in m.tables.items()}
    for path in (lake.files / "domains").glob("*.json"):
        if state := recalled(path, DomainState):
            named |= {lake.version(table, key) for table, key in state.tables.items()}
            named |= {lake.version(a.table, a.key) for a in state.attempts if a.key}
    for layer in (*LAYERS, REFERENCE):
        yield from (p for p in (lake.files / layer).glob("*/[!.]*") if p not in named)


def _audits(lake: Lake, going: set[Path], old: datetime) -> Iterator[Path]:
    """What was found of versions that are gone or go, and of records of an extract that are current no more, if it is old."""
    current = {(f"raw.{s.extract}", s.key) for s in (recalled(p, ExtractState) for p in (lake.files / "extracts").glob("*.json")) if s}
    for path in (lake.files / "audits").glob("*/[!.]*"):
        table, key = path.parent.name, path.name
        if table.startswith("raw."):
            is_needed = (table, key) in current or not _is_before(path, old)
        else:
            is_needed = any(p.exists() for p in {lake.version(table, key), lake.failed(table, key)} - going)
        if not is_needed:
            yield path


def _parses(lake: Lake, catalog: Catalog, leaving: set[str]) -> Iterator[Path]:
    """Parses that today's contracts and layouts no longer lead to, while the file is there (and stays) to be read again.

    And those of files that no receipt names: they were gone again before a run that had read them could take them.
    """
    for name, extract in ((n, e) for n, e in catalog.extracts.items() if e.is_usable):
        needed, known = set(), set()
        for receipt in receipts(lake, extract):
            known.add(receipt.content)
            needed.add(read_before(lake, extract, receipt.content, receipt.inner_name))
        for facts in (lake.files / "raw" / name).glob("*.json"):
            if facts.name.count(".") > 1 or facts.stem in needed:
                continue
            said = facts_of(lake, name, facts.stem)
            # Of one that is garbled nobody can say whether it is needed.
            if said and (said.content not in known or (said.content not in leaving and lake.archived(said.content).exists())):
                yield from (p for p in (facts, facts.with_suffix(".parquet")) if p.exists())


def _archive(lake: Lake, catalog: Catalog, old: datetime) -> list[Path]:
    """Delivered files that arrived before `old` and, if they were taken, have been read under today's contract.

    Refused ones too, in the archive and where they were put away; and what a run archived that died before the receipt.
    """
    newest: dict[str, str] = {}
    unread, rejected, decided = set(), list[Path](), decisions(lake, datetime.max.isoformat())
    for extract in catalog.extracts.values():
        for receipt in receipts(lake, extract):
            newest[receipt.content] = max(newest.get(receipt.content, ""), receipt.received_at)
            if receipt.is_put_away:
                # One that nobody has decided about is kept: nothing of it has been read.
                is_open = receipt.is_unread and not {("accept", receipt.id), ("withdraw", receipt.id)} & set(decided)
                if receipt.received_at < old.isoformat() and not is_open:
                    rejected += [p for p in (lake.rejected / receipt.id,) if p.exists()]
                continue
            if not extract.is_usable or not read_before(lake, extract, receipt.content, receipt.inner_name):
                unread.add(receipt.content)
    # Of an extract that is declared no more, or that the region is without, nothing will be read again.
    everything = [load(p, Receipt) for p in lake.receipts.glob("[!.]*.json")]
    for receipt in everything:
        if receipt.extract not in catalog.extracts and not catalog.domain_of_extract(receipt.extract):
            newest[receipt.content] = max(newest.get(receipt.content, ""), receipt.received_at)
            if receipt.received_at < old.isoformat():
                rejected += [p for p in (lake.rejected / receipt.id,) if p.exists()]
    taken = [lake.archived(c) for c, at in newest.items() if at < old.isoformat() and c not in unread]
    named = {receipt.content for receipt in everything}
    nameless = [p for p in lake.archive.iterdir() if p.name not in named and not p.name.startswith(".") and _is_before(p, old)]
    return [p for p in taken if p.exists()] + rejected + nameless


def _is_before(path: Path, old: datetime) -> bool:
    return path.lstat().st_mtime < old.timestamp()
