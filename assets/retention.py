"""What may be deleted, and when: nothing a kept release is made of, nothing a later run or a reader of a kept release needs.

Kept for good, because small or not to be made again: receipts, decisions, the disclosure ledger, manifests, and the parse of every
delivery under today's contract. The lake can make the rest again while the delivered file is in the archive.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from assets import intake
from assets.catalog import Catalog
from assets.lake import Lake, read_json
from assets.plan import match_key
from assets.publish import pinned, releases

SETTLED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Doomed:
    """A file or folder to delete. `what` is version, parse, failed version, release, delivered file, or left-over."""

    what: str
    path: Path

    @property
    def bytes(self) -> int:
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(f.lstat().st_size for f in files if f.is_file())


def doomed(lake: Lake, catalog: Catalog, now: datetime, release_days: int, archive_days: int) -> list[Doomed]:
    """What a writer may delete: releases, failed versions and left-overs older than `release_days`, delivered files older than
    `archive_days`, and versions and parses nothing that is kept names.
    """
    old, archived = (now - timedelta(days=days) for days in (release_days, archive_days))
    manifests = releases(lake)
    gone = {m["release"] for m in _old_releases(lake, manifests, old)}
    kept = [m for m in manifests if m["release"] not in gone]
    content = _archive(lake, catalog, archived)
    found = [Doomed("release", lake.releases / name) for name in sorted(gone)]
    found += [Doomed("version", p) for p in _versions(lake, kept)]
    found += [Doomed("parse", p) for p in _parses(lake, catalog, {p.name for p in content if p.parent == lake.archive})]
    found += [Doomed("failed version", p) for p in lake.files.glob("failed/*/*") if _is_before(p, old)]
    found += [Doomed("delivered file", p) for p in content]
    return found + [Doomed("left-over", p) for p in _left_over(lake)]


def delete(found: Iterable[Doomed]) -> None:
    """Delete files and folders. A name goes in one step, so nobody sees a release half there."""
    for one in found:
        if one.path.is_dir():
            part = one.path.with_name(f".{one.path.name}.gone")
            one.path.replace(part)
            shutil.rmtree(part)
        else:
            one.path.unlink(missing_ok=True)


def _old_releases(lake: Lake, manifests: list[dict[str, Any]], old: datetime) -> Iterator[dict[str, Any]]:
    """Releases made before `old`, but for those somebody sees, would see next, or rolled back to."""
    current, head = lake.current_release, lake.state("nightly", "head")
    needed = {current.name if current else None, pinned(lake), read_json(head)["release"] if head.exists() else None}
    return (m for m in manifests if m["created_at"] < old.isoformat() and m["release"] not in needed)


def _versions(lake: Lake, kept: list[dict[str, Any]]) -> Iterator[Path]:
    """Versions that neither a kept release nor what stands of a domain names; their facts with them."""
    named = {(table, key) for m in kept for table, key in m["tables"].items()}
    for state in lake.state("nightly", "x").parent.glob("*.json"):
        facts = read_json(state)
        if isinstance(facts, dict) and "tables" in facts:
            named |= set(facts["tables"].items()) | {(v["table"], v["key"]) for v in facts["versions"]}
    for layer in ("core", "marts", "reference"):
        for path in (lake.files / layer).glob("*/*"):
            if (f"{layer}.{path.parent.name}", path.name.split(".")[0]) not in named:
                yield path


def _parses(lake: Lake, catalog: Catalog, leaving: set[str]) -> Iterator[Path]:
    """Parses that today's contracts and layouts no longer lead to, while the file is there (and stays) to be read again.

    And those of files that no receipt names: they were gone again before a run that had read them could take them.
    """
    for name, extract in catalog.extracts.items():
        needed, known = set(), set()
        for receipt in intake.receipts(lake, name):
            known.add(receipt.content)
            match = lake.parse(name, match_key(extract, receipt.content, receipt.inner_name)).with_suffix(".match.json")
            needed |= {match.name.split(".")[0], read_json(match)["parse"] if match.exists() else ""}
        for facts in (lake.files / "raw" / name).glob("*.json"):
            if facts.name.count(".") > 1 or facts.stem in needed:
                continue
            content = read_json(facts)["content"]
            if content not in known or (content not in leaving and lake.archived(content).exists()):
                yield from (p for p in (facts, facts.with_suffix(".parquet")) if p.exists())


def _archive(lake: Lake, catalog: Catalog, old: datetime) -> list[Path]:
    """Delivered files that arrived before `old` and, if they were taken, have been read under today's contract.

    Refused ones too, in the archive and where they were put away; and what a run archived that died before the receipt.
    """
    newest: dict[str, str] = {}
    unread, rejected = set(), list[Path]()
    for name, extract in catalog.extracts.items():
        for receipt in intake.receipts(lake, name):
            newest[receipt.content] = max(newest.get(receipt.content, ""), receipt.received_at)
            if receipt.is_refused:
                if receipt.received_at < old.isoformat():
                    rejected += [p for p in (lake.rejected / receipt.id,) if p.exists()]
                continue
            match = lake.parse(name, match_key(extract, receipt.content, receipt.inner_name)).with_suffix(".match.json")
            if not match.exists() or not lake.parse(name, read_json(match)["parse"]).exists():
                unread.add(receipt.content)
    taken = [lake.archived(c) for c, at in newest.items() if at < old.isoformat() and c not in unread]
    named = {read_json(p)["content"] for p in lake.receipts.glob("*.json")}
    nameless = [p for p in lake.archive.iterdir() if p.name not in named and not p.name.startswith(".") and _is_before(p, old)]
    return [p for p in taken if p.exists()] + rejected + nameless


def _left_over(lake: Lake) -> Iterator[Path]:
    """Files a killed run was writing, and locks of runs long gone."""
    for root in (lake.files, lake.archive, lake.releases):
        for path in root.rglob(".*.part"):
            if _is_before(path, datetime.fromtimestamp(time.time() - SETTLED_SECONDS)):
                yield path


def _is_before(path: Path, old: datetime) -> bool:
    return path.lstat().st_mtime < old.timestamp()
