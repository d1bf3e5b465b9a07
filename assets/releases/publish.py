"""A release: what analysts see. Built beside its name, renamed once whole, and shown by flipping one symlink.

A release is named by what it holds, so a run that changes nothing makes none. It agrees with itself: what a published table was
computed from is what is published, unless the domain is held or stands on one that is, and then it says so.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assets.alerts.alert_causes import found_causes, remember_causes
from assets.catalog.declared import Catalog
from assets.deliveries.landing import lying
from assets.lake.files import Lake, discard
from assets.lake.log import say
from assets.lake.manifests import NIGHTLY, Content, Deliveries, Told, keep, manifest, releases
from assets.releases import meta
from assets.releases.description import Publisher
from assets.releases.mended import mend_releases
from assets.releases.pointers import Pointer, head, pinned, point_to
from assets.releases.write import manifest_of, versions_of, write_release
from assets.tables.build import Night
from assets.tables.closure import Agreed, agreed
from assets.tables.domain_state import DomainState
from assets.tables.record import remember
from sources.contract import digest

KEPT_RELEASES = 30


@dataclass(frozen=True)
class Release:
    """A release and how it came about; `is_new` is False when an earlier run had made it.

    `marked` are domains that show figures which fail a check by now.
    """

    id: str
    path: Path
    is_new: bool
    held: list[DomainState]
    marked: list[DomainState]
    pinned: str | None = None


def publish(night: Night) -> Release:
    """Write the release of the states that stand, unless it exists, and show it if the run is nightly and nothing is pinned.

    Earlier ones that are damaged are made again before. Raises Damaged where something a release stands on is, and cannot be.
    """
    mend_releases(night)
    return night.mended(partial(_published, night))


def _published(night: Night) -> Release:
    lake, stands = night.lake, agreed(night)
    content = _content(night.catalog, stands)
    named = content.named
    name = f"{night.as_of[:10].replace('-', '')}-{digest(named, night.line.name)[:8]}"
    newest = head(lake)
    if night.is_nightly and newest and newest.content == named:
        name = newest.release
    target = lake.releases / name
    is_new = not target.exists()
    if is_new:
        of_held = {table for d in stands.domains if d.is_held for table in d.tables}
        shown = [v for v in versions_of(lake, content) if v.table not in of_held]
        remember(lake, night.catalog.tables, shown, name, night.as_of)
        write_release(night, target, manifest_of(night, name, content), stands)
    keep(lake, manifest(lake, name))
    pin = pinned(lake)
    if night.is_nightly:
        pin = point_to(lake, Pointer(name, named))
        left = lying(lake, night.catalog, {file: why for e in stands.extracts for file, why in e.left.items()})
        remember_causes(lake, found_causes(night.catalog, stands.extracts, stands.domains, left))
        _forget_old(lake, {name, pin})
    held = [d for d in stands.domains if d.is_held]
    say("release made" if is_new else "release stands", release=name, line=night.line.name, held=", ".join(d.domain for d in held))
    return Release(name, target, is_new, held, [d for d in stands.domains if d.why and not d.is_held], pin)


def _content(catalog: Catalog, stands: Agreed) -> Content:
    """What makes this release this one."""
    extracts, domains = stands.extracts, stands.domains
    accepted = (meta.accepted_checks(d, [e for e in extracts if e.extract in catalog.extracts_of(d.domain)]) for d in domains)
    return Content(
        tables={table: key for d in domains for table, key in sorted(d.tables.items())},
        deliveries={e.extract: Deliveries(e.key, {d.receipt.id: d.status for d in e.deliveries}) for e in extracts},
        late={e.extract: e.freshness.why for e in extracts if e.is_late},
        accepted={check: until for checks in accepted for check, until in checks.items()},
        found=digest(sorted((a.table, o.name, o.severity, o.passed, o.named) for d in domains for a in d.attempts for o in a.outcomes)),
        # A release is written anew when what it tells of itself has other columns, or is on other terms, though no figure has changed.
        meta=digest({name: list(table.columns) for name, table in meta.tables().items()}, Publisher(catalog.tree.region).terms()),
        domains={d.domain: Told(d.status, d.since, d.why, d.data_as_of, stands.stands_on[d.domain], sorted(d.tables)) for d in domains},
    )


def _forget_old(lake: Lake, kept: set[str | None]) -> None:
    """Delete nightly releases beyond the newest ones; the lake can make any of them again."""
    current = lake.current_release
    for old in [m for m in releases(lake) if m.line == NIGHTLY][KEPT_RELEASES:]:
        path = lake.releases / old.release
        if path.name not in kept and path != current:
            # That it was there to be read is known by its manifest.
            keep(lake, old)
            discard(path)
