"""What of a lake is not what was written, for `status` and the clean-up: by size and end of each file, or by its hash.

It says what there is to say. What can be made again is, by the next run: the clean-up puts away what a run would not look at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets.catalog.declared import LAYERS, RAW, REFERENCE
from assets.deliveries.readings import archived, facts_of
from assets.lake.files import FAILED, REMEDIES, Lake, discard, read_json, remedy, save
from assets.lake.manifests import gone, nights
from assets.lake.seals import HASHES, damage, is_sealed
from assets.releases.database import release_damage
from assets.releases.pointers import Checked, checked_so_far

# Every file and folder is hashed once in so many clean-ups.
CLEAN_UPS = 30
MENDED_BY_A_RUN = "The next `ventetal run` makes it again."
ALTERED = "is not what was written"


@dataclass(frozen=True)
class Ailing:
    """A file or folder that is not what was written: why, and what is done about it."""

    path: Path
    why: str
    remedy: str = MENDED_BY_A_RUN


def ailing(lake: Lake) -> list[Ailing]:
    """All there is to say without reading everything: what is gone, what has another size, what clean-ups found, and what people see."""
    lacking = (lake.files / n for n in gone(lake, nights(lake, datetime.max.isoformat())))
    current, found = lake.current_release, set(checked_so_far(lake).found)
    looked_at = {p: str(p) in found or p == current for p in (*_things(lake), *([current] if current else []))}
    seen = (_look(lake, path, in_full) for path, in_full in looked_at.items())
    return [*(Ailing(p, "is gone", remedy(p)) for p in lacking), *(one for one in seen if one)]


def check_a_share(lake: Lake) -> list[Ailing]:
    """Hash the next share of all there is, and what was found before; for who holds the lake for writing. What is damaged, less what a
    run makes again once it is put away.
    """
    checked, things = checked_so_far(lake), sorted(_things(lake))
    share = -(-len(things) // CLEAN_UPS)
    turn = [p for p in things if str(p) > checked.until][:share]
    found = [one for p in {*turn, *(p for p in things if str(p) in checked.found)} if (one := _look(lake, p, in_full=True))]
    open_ = [one for one in found if not _put_away(lake, one.path)]
    # A turn that is short has come to the end: the next begins anew.
    save(lake.pointer("checked"), Checked(str(turn[-1]) if len(turn) == share and turn else "", [str(one.path) for one in open_]))
    return open_


def _things(lake: Lake) -> Iterator[Path]:
    """Whatever has a hash: folders of versions, entries of the record, releases; parses; small records; delivered files."""
    layers = [p for layer in (*LAYERS, REFERENCE) for p in (lake.files / layer).glob("*/[!.]*")]
    folders = {p for p in (*layers, *lake.files.glob(f"{FAILED}/*/[!.]*"), *lake.record.glob("*/[!.]*")) if p.is_dir()}
    yield from folders
    yield from (p for p in lake.releases.glob("[!.]*") if p.is_dir() and not p.is_symlink())
    yield from (p for p in lake.archive.glob("[!.]*"))
    for path in lake.files.rglob("[!.]*.json"):
        if not (path.name == HASHES or lake.rebuilt in path.parents or lake.scratch in path.parents or folders & {*path.parents}):
            yield path


def _look(lake: Lake, path: Path, in_full: bool) -> Ailing | None:
    if path.parent == lake.archive:
        is_whole = not in_full or archived(lake, path.name)
        said = "What was read of it stands; a run that must read it again will ask for it."
        return None if is_whole else Ailing(path, "is not what was delivered", said)
    if path.parent == lake.releases:
        said = release_damage(path, in_full)
    elif path.is_dir() and path.suffix != ".json":
        # No run has been there yet that would have taken down hashes.
        said = damage(path, in_full) if (path / HASHES).exists() or lake.pointer("layout").exists() else ""
    else:
        said = "" if _is_record(path) and _is_parse(lake, path, in_full) else ALTERED
    is_for_good = {lake.receipts, lake.decisions, lake.ledger, lake.record, lake.manifests} & {*path.parents} or path.stem in REMEDIES
    return Ailing(path, said, remedy(path) if is_for_good else MENDED_BY_A_RUN) if said else None


def _is_record(path: Path) -> bool:
    try:
        read_json(path)
    except (ValueError, OSError):
        return False
    return True


def _is_parse(lake: Lake, path: Path, in_full: bool) -> bool:
    """Whether what was read of a delivery is what was written; True for what is no parse."""
    if path.parent.parent != lake.files / RAW or path.name.count(".") > 1:
        return True
    facts, parquet = facts_of(lake, path.parent.name, path.stem), path.with_suffix(".parquet")
    return facts is not None and parquet.is_file() and (facts.seal is None or is_sealed(parquet, facts.seal, in_full))


def _put_away(lake: Lake, path: Path) -> bool:
    """Delete what a run makes again where it is not there, and else would not look at in full; whether that was so."""
    within = path.relative_to(lake.root).parts
    if within[0] != lake.files.name or within[1] not in (*LAYERS, REFERENCE, FAILED, "audits", RAW):
        return False
    if within[1] == RAW and path.with_suffix(".parquet").exists():
        facts = facts_of(lake, within[2], path.stem)
        if not facts or not archived(lake, facts.content):
            return False
        discard(path.with_suffix(".parquet"))
    else:
        discard(path)
    return True
