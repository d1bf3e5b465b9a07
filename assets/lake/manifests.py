"""Manifests: what each release is made of. They are kept when a release itself is deleted, and tell what was published when.

Each names every small record that the lake keeps for good, so that one that is gone is noticed.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path

from assets.lake.files import Lake, recalled, remedy, save, write_json
from assets.lake.seals import Damaged
from sources.contract import digest
from sources.errors import Missing

NIGHTLY = "nightly"
MANIFEST = "manifest.json"
# What every release is a function of, beside what was delivered. A check that nobody accepts any more, or a revision that nobody asks for,
# publishes nothing.
# Decisions about a delivery; after the latter two nobody misses its receipt.
DECISIONS = ("accept", *(TAKEN_BACK := ("withdraw", "purge")))
HISTORY = (
    "receipts/[!.]*.json",
    *(f"decisions/{decision}-*.json" for decision in DECISIONS),
    *("ledger/*/[!.]*.json", "record/*/[!.]*"),
)


class NoRelease(Missing):
    """There is no release, or none of that name. The text says so."""


@dataclass(frozen=True)
class Deliveries:
    """Of an extract: the key of its current records, and the status of each receipt."""

    current: str = ""
    receipts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """Of a domain: what `meta.domain_status` says, and its tables."""

    status: str
    since: str
    why: str
    data_as_of: str
    stands_on: str = ""
    tables: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What makes a release this one: versions (table -> key), deliveries and their standing, what is held, late, or accepted though
    it fails (check -> until when, and why), what checks found, and the columns of what it tells of itself.
    """

    tables: dict[str, str]
    deliveries: dict[str, Deliveries]
    late: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, tuple[str, str]] = field(default_factory=dict)
    found: str = ""
    meta: str = ""
    domains: dict[str, Told]

    @property
    def named(self) -> str:
        """Names the content: two releases that are made of the same have one name for it."""
        return digest({f.name: asdict(self)[f.name] for f in fields(Content)})


@dataclass(frozen=True, kw_only=True)
class Manifest(Content):
    """A release. Times are ISO texts; `code` names each table's SQL and contract, `logical_hashes` what it shows, `history` what the
    lake must keep from then on (`history_of`; empty in one from before that was told), `made_by` the operating-system user of its run.
    """

    release: str
    as_of: str
    created_at: str
    line: str
    logical_hashes: dict[str, str]
    code: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    made_by: str = ""


def manifest(lake: Lake, release: str) -> Manifest:
    """Raises NoRelease for one that never was, Damaged for one of which nothing can be read any more."""
    if release not in _names(lake.manifests) | _folders(lake):
        raise NoRelease(f"There is no release {release}; `ventetal releases list` names them.")
    if found := told(lake, release):
        return found
    path = lake.manifests / f"{release}.json"
    raise Damaged(path, "is not what was written, nor is its copy in the release", remedy(path))


def told(lake: Lake, release: str) -> Manifest | None:
    """What was kept of a release, else what it says itself: one stands for the other. None where neither is what was written."""
    found = (_read(path) for path in (lake.manifests / f"{release}.json", lake.releases / release / MANIFEST))
    return next((m for m in found if m and m.release == release), None)


def unreadable_releases(lake: Lake) -> list[str]:
    """The releases there are of which nothing can be read any more."""
    return sorted(name for name in _folders(lake) if not told(lake, name))


def releases(lake: Lake) -> list[Manifest]:
    """The releases there are of which something is known, newest first."""
    found = (m for name in _folders(lake) if (m := told(lake, name)))
    return sorted(found, key=lambda m: (m.created_at, m.release), reverse=True)


def nights(lake: Lake, as_of: str) -> list[Manifest]:
    """What nightly runs published up to `as_of` (ISO), newest first."""
    found = (m for name in _names(lake.manifests) | _folders(lake) if (m := told(lake, name)))
    return sorted((m for m in found if m.line == NIGHTLY and m.as_of <= as_of), key=lambda m: (m.as_of, m.created_at), reverse=True)


def gone(lake: Lake, published: list[Manifest]) -> list[str]:
    """What the newest of `published` names of the lake's history and is not there; but for a receipt that an operator has withdrawn or
    purged.
    """
    if not published:
        return []
    named = published[0].history or [f"receipts/{r}.json" for d in published[0].deliveries.values() for r in d.receipts]
    lacking = [n for n in named if not (lake.files / n).exists()]
    return [n for n in lacking if not any((lake.decisions / f"{d}-{n.removeprefix('receipts/')}").exists() for d in TAKEN_BACK)]


def history_of(lake: Lake, lacking: Iterable[str]) -> list[str]:
    """What is kept for good and can not be made again, by path below the lake; and what is `lacking` and still missed."""
    kept = (p for folder in HISTORY for p in lake.files.glob(folder))
    return sorted({str(p.relative_to(lake.files)) for p in kept} | set(lacking))


def last_published(history: Iterable[Manifest], domain: str) -> Manifest | None:
    """The newest of `history` in which the domain's tables were those of its night."""
    return next((m for m in history if domain in m.domains and m.domains[domain].status == "published"), None)


def tell(folder: Path, manifest: Manifest) -> None:
    """Put the manifest into a release, for whoever reads it: the hash of that file is beside it."""
    write_json(folder / MANIFEST, asdict(manifest))


def keep(lake: Lake, told: Manifest) -> None:
    """Keep the manifest of a release for good: an earlier run may have been killed between making the one and the other."""
    kept = lake.manifests / f"{told.release}.json"
    if _read(kept) is None:
        save(kept, told)


def _read(path: Path) -> Manifest | None:
    """A manifest as it was written, None for none. A night asks for the same ones for every table."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return _as_written(path, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


@lru_cache(maxsize=512)
def _as_written(path: Path, *_: int) -> Manifest | None:
    return recalled(path, Manifest)


def _names(folder: Path) -> set[str]:
    return {p.stem for p in folder.glob("[!.]*.json")}


def _folders(lake: Lake) -> set[str]:
    return {p.name for p in lake.releases.glob("[!.]*") if p.is_dir() and not p.is_symlink()}
