"""Which release analysts see: the newest of the nightly line, or the one an operator rolled back to, until that is resumed."""

from dataclasses import dataclass

from assets.lake.files import Lake, beside, load, save, sync
from assets.lake.manifests import NoRelease, releases


@dataclass(frozen=True)
class Pointer:
    """The release something points to; `content` names what it is made of, so that a run that changes nothing makes none."""

    release: str
    content: str = ""


def head(lake: Lake) -> Pointer | None:
    """The newest release of the nightly line."""
    return _pointer(lake, "head")


def pinned(lake: Lake) -> str | None:
    """The release an operator rolled back to, while that stands."""
    pin = _pointer(lake, "pin")
    return pin.release if pin else None


def point_to(lake: Lake, newest: Pointer) -> str | None:
    """Make a release the newest and show it, unless one is pinned; the name of that one."""
    save(lake.pointer("head"), newest)
    pin = pinned(lake)
    show(lake, pin or newest.release)
    return pin


def show(lake: Lake, release: str) -> None:
    """Flip the symlink; readers that have the old release open keep it."""
    if lake.current_release != lake.releases / release:
        part = beside(lake.releases / "current")
        part.unlink(missing_ok=True)
        part.symlink_to(release)
        part.replace(lake.releases / "current")
        sync(lake.releases)


def roll_back(lake: Lake, release: str) -> None:
    """Show an earlier release until `resume`, for who holds the lake for writing. Raises NoRelease for a name that is none."""
    if release not in {m.release for m in releases(lake)}:
        raise NoRelease(f"There is no release {release}; `ventetal releases list` names them.")
    save(lake.pointer("pin"), Pointer(release))
    show(lake, release)


def resume(lake: Lake) -> str:
    """Show the newest nightly release again, for who holds the lake for writing; its name. Raises NoRelease before the first."""
    newest = head(lake)
    if newest is None:
        raise NoRelease(f"There is no release in {lake.releases} yet; `ventetal run` makes one.")
    lake.pointer("pin").unlink(missing_ok=True)
    show(lake, newest.release)
    return newest.release


def _pointer(lake: Lake, name: str) -> Pointer | None:
    path = lake.pointer(name)
    return load(path, Pointer) if path.exists() else None
