"""Whether a release, or a copy of it somewhere else, is what was made: its files, the figures in them, and who signed it."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.lake.files import recalled
from assets.lake.manifests import MANIFEST, Manifest, NoRelease
from assets.lake.seals import SIGNATURE, damage
from assets.releases.database import DATABASE
from assets.releases.parquet import SUFFIX
from assets.releases.signature import fingerprint, is_signed_by, public_key
from assets.tables.versions import LOGICAL_HASH
from sources.duck import connect
from sources.paths import quoted

UNSIGNED, SIGNED, BY_NOBODY_KNOWN, WRONG = "unsigned", "signed", "signed, and no key is given to check it by", "not signed by that key"


@dataclass(frozen=True)
class Verified:
    """What was found of a release. `damage` is what is wrong with its files, `differing` are tables whose rows are not those that the
    manifest names, both empty where all is right; `key` is the fingerprint of the one that was asked about, '' for none.
    """

    release: str
    as_of: str
    files: int
    tables: int
    damage: str
    differing: list[str]
    signature: str
    key: str

    @property
    def is_right(self) -> bool:
        return not self.damage and not self.differing and self.signature != WRONG


def verified(release: Path, key_file: Path | None, scratch: Path) -> Verified:
    """Look at every byte and every row of a release. `key_file` holds the public key of who should have signed it.

    Raises NoRelease where there is none, WrongKey.
    """
    if not (release / MANIFEST).is_file():
        raise NoRelease(f"There is no release at {release}: it holds no {MANIFEST}.")
    key, told = public_key(key_file), recalled(release / MANIFEST, Manifest)
    signature = UNSIGNED if not (release / SIGNATURE).exists() else BY_NOBODY_KNOWN
    if key and not (signature == UNSIGNED and key_file is None):
        signature = SIGNED if is_signed_by(release, key) else WRONG
    return Verified(
        release=told.release if told else release.name,
        as_of=told.as_of if told else "",
        files=sum(p.is_file() for p in release.rglob("*")),
        tables=len(told.logical_hashes) if told else 0,
        # A copy may lie in a folder of another name.
        damage=damage(release),
        differing=_differing(release, told, scratch) if told else [],
        signature=signature,
        key=fingerprint(key) if key else "",
    )


def _differing(release: Path, told: Manifest, scratch: Path) -> list[str]:
    """Tables that are not what the manifest says, in the database or as Parquet."""
    found = set[str]()
    with connect(scratch, release) as con:
        try:
            con.execute(f"attach {quoted(release / DATABASE)} as release (read_only)")
        except duckdb.Error:
            return sorted(told.logical_hashes)
        for table, said in told.logical_hashes.items():
            file = release / f"{table.replace('.', '/')}{SUFFIX}"
            for rows in (f"release.{table}", *([f"read_parquet({quoted(file)})"] if file.exists() else [])):
                try:
                    is_same = con.execute(f"select {LOGICAL_HASH} from {rows} as t").fetchall() == [(said,)]
                except duckdb.Error:
                    is_same = False
                if not is_same:
                    found.add(table)
    return sorted(found)
