"""Which release analysts see: the newest of the nightly line, or the one an operator rolled back to, until that is resumed; and how far
clean-ups have looked through the lake.
"""

from dataclasses import dataclass, field

from assets.lake.files import Lake, beside, discard, recalled, save, sync
from assets.lake.manifests import NIGHTLY, NoRelease, releases
from assets.releases.about import tell_current
from assets.releases.database import check_release


@dataclass(frozen=True)
class Pointer:
    """The release something points to; `content` names what it is made of, so that a run that changes nothing makes none."""

    release: str
    content: str = ""


@dataclass(frozen=True)
class Checked:
    """How far the newest clean-up came in hashing all there is, by path, and what was found that nobody has mended yet."""

    until: str = ""
    found: list[str] = field(default_factory=list)


def checked_so_far(lake: Lake) -> Checked:
    return recalled(lake.pointer("checked"), Checked) or Checked()


def head(lake: Lake) -> Pointer | None:
    """The newest release of the nightly line; where what says so is gone or damaged, as the releases tell."""
    if known := recalled(lake.pointer("head"), Pointer):
        return known
    newest = next((m for m in releases(lake) if m.line == NIGHTLY), None)
    return Pointer(newest.release, newest.named) if newest else None


def pinned(lake: Lake) -> str | None:
    """The release an operator rolled back to, while that stands; what is shown, where what says so is damaged."""
    if pin := recalled(path := lake.pointer("pin"), Pointer):
        return pin.release
    current = lake.current_release
    return current.name if path.exists() and current else None


def point_to(lake: Lake, newest: Pointer) -> str | None:
    """Make a release the newest and show it, unless one is pinned; the name of that one."""
    save(lake.pointer("head"), newest)
    pin = pinned(lake)
    show(lake, pin or newest.release)
    return pin


def show(lake: Lake, release: str) -> None:
    """Flip the symlink, then say so; readers that have the old release open keep it."""
    if lake.current_release != lake.releases / release:
        part = beside(lake.releases / "current")
        part.unlink(missing_ok=True)
        part.symlink_to(release)
        if (lake.releases / "current").is_dir() and not (lake.releases / "current").is_symlink():
            discard(lake.releases / "current")
        part.replace(lake.releases / "current")
        sync(lake.releases)
    tell_current(lake, release)


def roll_back(lake: Lake, release: str) -> None:
    """Show an earlier release until `resume`, for who holds the lake for writing. Raises NoRelease for a name that is none, Damaged for
    one that is not what was made.
    """
    if release not in {m.release for m in releases(lake)}:
        raise NoRelease(f"There is no release {release}; `ventetal releases list` names them.")
    check_release(lake.releases / release)
    save(lake.pointer("pin"), Pointer(release))
    show(lake, release)


def resume(lake: Lake) -> str:
    """Show the newest nightly release again, for who holds the lake for writing; its name. Raises NoRelease before the first."""
    newest = head(lake)
    if newest is None:
        raise NoRelease(f"There is no release in {lake.releases} yet; `ventetal run` makes one.")
    discard(lake.pointer("pin"))
    show(lake, newest.release)
    return newest.release
