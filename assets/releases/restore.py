"""A lake put together on a bare machine from a backup, with the release that was shown made again in it.

A backup need hold no table and no release: what every release is a function of, and the delivered files, is all there is to keep.
"""

import shutil
from datetime import datetime
from pathlib import Path

from assets.catalog.declared import Catalog
from assets.deliveries.person_key import check_person_key
from assets.lake import clock
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.manifests import NoRelease, manifest, nights
from assets.lake.migration import migrate
from assets.lake.regions import check_region
from assets.lake.seals import Damaged
from assets.releases.mended import mend_releases
from assets.releases.pointers import Pointer, head, pinned, point_to
from assets.releases.rebuild import copy_history
from assets.releases.verification import Verified, verified
from assets.tables.build import Night
from sources.errors import WrongUsage


class NotBare(WrongUsage):
    """The place to restore to holds a lake already, or is the backup itself. The text says what to do."""


def restored(backup: Lake, lake: Lake, catalog: Catalog) -> Verified:
    """Restore a lake to a place that holds none; what its release is found to be, row by row, beside the manifest of the backup.

    `backup` is a data root, or a copy of what one must keep; it is only read. Raises NotBare, NoRelease, KeyRefused, and Damaged where
    the release cannot be made again.
    """
    if lake.root == backup.root or any(p.is_dir() and any(p.iterdir()) for p in (lake.archive, lake.files, lake.releases)):
        raise NotBare(f"{lake.root} holds a lake already: restore to a folder that is empty or not there yet (VENTETAL_DATA).")
    if not (newest := next(iter(nights(backup, datetime.max.isoformat())), None)):
        raise NoRelease(f"{backup.manifests} names no release: a backup holds archive/, rejected/ and lake/ (see deploy/README.md).")
    lake.prepare()
    with writing(lake, "restore", clock.host.now()):
        for folder, target in ((backup.archive, lake.archive), (backup.rejected, lake.rejected)):
            if folder.is_dir():
                shutil.copytree(folder, target, dirs_exist_ok=True)
        copy_history(backup, lake)
        for path in (backup.pointer("").parent, backup.files / "person-key.json"):
            _copy(path, lake.files / path.name)
        migrate(lake)
        check_region(lake, catalog.tree)
        check_person_key(lake, catalog)
        shown = head(lake) or Pointer(newest.release, newest.named)
        point_to(lake, shown)
        night = Night(lake, catalog, datetime.fromisoformat(manifest(lake, shown.release).as_of), clock="the release")
        try:
            mend_releases(night)
        finally:
            night.readers.close()
    release = lake.releases / (pinned(lake) or shown.release)
    if not release.is_dir():
        remedy = "Use the version of ventetal and the region's folder that made it; the log says what is another by now."
        raise Damaged(release, "could not be made again", remedy)
    return verified(release, None, lake.scratch)


def _copy(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True)
    elif path.exists():
        shutil.copy2(path, target)
