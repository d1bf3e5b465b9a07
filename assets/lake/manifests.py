"""Manifests: what each release is made of. They are kept when a release itself is deleted, and tell what was published when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from assets.lake.files import Lake, load, save
from sources.errors import Missing

NIGHTLY = "nightly"
MANIFEST = "manifest.json"


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


@dataclass(frozen=True, kw_only=True)
class Manifest(Content):
    """A release. Times are ISO texts; `code` names each table's SQL and contract, `logical_hashes` what it shows."""

    release: str
    as_of: str
    created_at: str
    line: str
    logical_hashes: dict[str, str]
    code: dict[str, str] = field(default_factory=dict)


def manifest(lake: Lake, release: str) -> Manifest:
    """Raises NoRelease for one that never was."""
    known = {p.stem: p for p in lake.manifests.glob("[!.]*.json")}
    if release not in known:
        raise NoRelease(f"There is no release {release}; `ventetal releases list` names them.")
    return load(known[release], Manifest)


def releases(lake: Lake) -> list[Manifest]:
    """The releases there are, newest first."""
    found = (load(p, Manifest) for p in lake.releases.glob(f"[!.]*/{MANIFEST}") if not p.parent.is_symlink())
    return sorted(found, key=lambda m: (m.created_at, m.release), reverse=True)


def nights(lake: Lake, as_of: str) -> list[Manifest]:
    """What nightly runs published up to `as_of` (ISO), newest first."""
    found = (load(p, Manifest) for p in lake.manifests.glob("[!.]*.json"))
    return sorted((m for m in found if m.line == NIGHTLY and m.as_of <= as_of), key=lambda m: (m.as_of, m.created_at), reverse=True)


def last_published(history: Iterable[Manifest], domain: str) -> Manifest | None:
    """The newest of `history` in which the domain's tables were those of its night."""
    return next((m for m in history if domain in m.domains and m.domains[domain].status == "published"), None)


def keep(lake: Lake, folder: Path) -> None:
    """Keep the manifest of a release for good: an earlier run may have been killed between making the one and the other."""
    kept = lake.manifests / f"{folder.name}.json"
    if not kept.exists():
        save(kept, load(folder / MANIFEST, Manifest))
