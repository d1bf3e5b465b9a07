"""What a change of what is declared would do to the published figures, before a night does it.

The newest release is made again at its own time with the SQL, contracts, layouts and lookups as they are now, over a lake that shares
every file of the real one by hard links: what the change does not touch is found and not made. Files are never changed in place, so
the real lake stays as it is. Where figures about persons stand as they were published, what a revision would publish is told apart.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from assets.catalog.declared import MARTS, Catalog
from assets.deliveries.person_key import check_person_key
from assets.lake import clock
from assets.lake.decisions import revise_figures
from assets.lake.files import Lake, discard
from assets.lake.lock import alone, writing
from assets.lake.manifests import Manifest, NoRelease, manifest
from assets.releases.database import open_release
from assets.releases.difference import Change, Comparison, DomainChange, compared
from assets.releases.pointers import head
from assets.releases.publish import publish
from assets.tables.build import Night
from assets.tables.domain_state import HELD
from assets.tables.versions import facts

# What of a lake is of its runs and not of its data: locks, room to work in, who has been told, other lakes.
OF_RUNS = ("writer.lock", "preview.lock", "running", "scratch", "alerts", "rebuilt", "preview")


@dataclass(frozen=True)
class Failing:
    """A check that would fail and does not now."""

    name: str
    severity: str
    finding: str


@dataclass(frozen=True)
class Withheld:
    """How many numbers of a table about persons are withheld now, and would be."""

    table: str
    now: int
    then: int


@dataclass(frozen=True)
class Preview:
    """What the next release would differ in, and what one after a revision of published figures would beyond that. `still_held` are
    domains that are held now, and would be.
    """

    release: str
    next: Comparison
    revised: list[Change]
    failing: list[Failing]
    withheld: list[Withheld]
    still_held: list[DomainChange]

    @property
    def held(self) -> list[str]:
        """The domains that would be held."""
        return [d.domain for d in [*self.next.domains, *self.still_held] if d.after == HELD]

    @property
    def calls_somebody(self) -> bool:
        """Whether a domain would be held, or published figures would newly fail what must hold."""
        return bool(self.held) or any(f.severity == "error" for f in self.failing)


def preview(lake: Lake, catalog: Catalog) -> Preview:
    """Raises NoRelease before the first release, Locked while a run holds the lake or another preview is made."""
    newest = head(lake)
    if newest is None:
        raise NoRelease("There is no release yet that a change could alter; `ventetal run` makes one.")
    before = manifest(lake, newest.release)
    with alone(lake.preview_lock, "preview"), _shadow(lake) as shadow:
        first = _made(shadow, catalog, before)
        changed = (t for t, key in first.tables.items() if before.tables.get(t) != key)
        comparison, revised = compared(shadow, catalog, before.release, first.release), list[Change]()
        if any(t.startswith(f"{MARTS}.") and catalog.tells_of_persons(t) for t in changed):
            revise_figures(shadow, "", "a preview", datetime.fromisoformat(before.as_of))
            again = compared(shadow, catalog, before.release, _made(shadow, catalog, before).release)
            in_next = {replace(c, why="") for c in comparison.figures or []}
            revised = [c for c in again.figures or [] if replace(c, why="") not in in_next]
        known = {f.name for f in _failing(shadow, before)}
        failing = [f for f in _failing(shadow, first) if f.name not in known]
        told = {d.domain for d in comparison.domains}
        held = [DomainChange(d, HELD, HELD, s.why) for d, s in first.domains.items() if s.status == HELD and d not in told]
        return Preview(before.release, comparison, revised, failing, list(_withheld(shadow, before, first)), held)


@contextmanager
def _shadow(lake: Lake) -> Iterator[Lake]:
    """A lake with all that the real one has, to be changed and thrown away; no run goes on while it is made."""
    shadow = Lake(lake.preview, archive=lake.archive)
    discard(shadow.root)
    try:
        with writing(lake, "a preview", clock.host.now()):
            shadow.files.mkdir(parents=True)
            for part in sorted(lake.files.iterdir()):
                if part.name not in OF_RUNS:
                    _share(part, shadow.files / part.name)
            _share(lake.releases, shadow.releases)
        with writing(shadow, "a preview", clock.host.now()):
            yield shadow
    finally:
        discard(shadow.root)


def _share(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=_link)
    else:
        _link(source, target)


def _link(source: str | Path, target: str | Path) -> None:
    """Another name of the file; a copy of it on disks that know but one."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _made(shadow: Lake, catalog: Catalog, before: Manifest) -> Manifest:
    """The release of the same time by what is declared now."""
    check_person_key(shadow, catalog)
    night = Night(shadow, catalog, datetime.fromisoformat(before.as_of), clock="the release")
    try:
        night.run()
        return manifest(shadow, publish(night).id)
    finally:
        night.readers.close()


def _failing(shadow: Lake, release: Manifest) -> list[Failing]:
    said = "select table_name || '.' || check_name, severity, {} from meta.check_result"
    with open_release(shadow.releases / release.release) as con:
        columns = {name for (name,) in con.execute("select column_name from duckdb_columns() where table_name = 'check_result'").fetchall()}
        # A release of before findings were told has the rule alone.
        finding = "finding" if "finding" in columns else "rule"
        return [
            Failing(*row)
            for row in con.execute(f"{said.format(finding)} where not passed and accepted_until is null order by all").fetchall()
        ]


def _withheld(shadow: Lake, before: Manifest, after: Manifest) -> Iterator[Withheld]:
    for table in sorted({*before.tables} & {*after.tables}):
        if before.tables[table] != after.tables[table]:
            now, then = (sum(w.cells for w in facts(shadow.version(table, m.tables[table])).withheld) for m in (before, after))
            if now != then:
                yield Withheld(table, now, then)
