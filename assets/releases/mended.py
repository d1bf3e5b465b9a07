"""Releases that are not what was made, made again from their manifests: the same time, the same tables, the same logical hashes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from assets.lake.files import Lake, discard, sync
from assets.lake.log import warn
from assets.lake.manifests import MANIFEST, Manifest, NoRelease, keep, manifest
from assets.lake.seals import HASHES, Damaged, seal_folder
from assets.releases.database import DATABASE, release_damage
from assets.releases.pointers import checked_so_far, head, pinned, resume
from assets.releases.write import versions_of, write_release
from assets.tables.build import Night
from assets.tables.closure import agreed


def mend_releases(night: Night) -> None:
    """Make every release again that is damaged or incomplete, before tonight's is compared with them.

    The one that is shown is looked at in full, and any that a clean-up found; the others by size and end of their files. One that cannot
    be made again is put away.
    """
    found = checked_so_far(night.lake).found
    for told in sorted(_known(night.lake), key=lambda m: (m.as_of, m.created_at)):
        folder, current = night.lake.releases / told.release, night.lake.current_release
        keep(night.lake, told)
        if not _is_whole(folder, told, in_full=folder == current or str(folder) in found):
            try:
                _make_again(night, told)
                warn("release damaged, and made again", release=told.release)
            except Damaged as lost:
                warn("release damaged, and put away", release=told.release, why=str(lost))
                discard(folder)
                if folder.name == pinned(night.lake):
                    resume(night.lake)


def _known(lake: Lake) -> Iterator[Manifest]:
    """What there is, or is meant to be shown; but for folders of which nobody knows what they were."""
    newest, current = head(lake), lake.current_release
    shown = {newest.release if newest else None, pinned(lake), current.name if current else None}
    for name in shown | {p.name for p in lake.releases.glob("[!.]*") if p.is_dir() and not p.is_symlink()}:
        try:
            yield manifest(lake, name or "")
        except (NoRelease, Damaged):
            if name:
                warn("a release without a manifest", release=name)
                if name == pinned(lake):
                    discard(lake.pointer("pin"))


def _is_whole(folder: Path, told: Manifest, in_full: bool) -> bool:
    """Whether a release is as it was made. One from before hashes were taken counts as such if nothing is lacking: they are taken now."""
    marts = (f"marts/{t.removeprefix('marts.')}.parquet" for t in told.tables if t.startswith("marts."))
    if not all((folder / name).exists() for name in (DATABASE, MANIFEST, *marts)):
        return False
    if not (folder / HASHES).exists() and not told.history:
        seal_folder(folder)
    return not release_damage(folder, in_full)


def _make_again(night: Night, told: Manifest) -> None:
    """Write a release again, and put it in the place of what is left of it. Raises Damaged where a version of it cannot be made again."""
    lake, folder = night.lake, night.lake.releases / told.release
    then = Night(lake, night.catalog, datetime.fromisoformat(told.as_of), f"{told.release} again", readers=night.readers)
    then.run()
    if lacking := sorted(told.tables.items() - {(v.table, v.key) for v in versions_of(lake, told)}):
        raise Damaged(folder, "is not what was made", f"What made {', '.join(t for t, _ in lacking)} is another by now.")
    stands = agreed(then)
    made = lake.scratch / "again" / told.release
    write_release(then, made, told, replace(stands, domains=[d for d in stands.domains if d.domain in told.domains]))
    discard(folder)
    made.replace(folder)
    sync(lake.releases)
