"""Everything again from the archive, to show that a release is a function of what was received and nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets.catalog.declared import Catalog
from assets.deliveries.person_key import check_person_key
from assets.deliveries.readings import facts_of
from assets.lake import clock
from assets.lake.files import Lake, discard, save
from assets.lake.lock import writing
from assets.lake.manifests import Manifest, manifest
from assets.tables.build import Night
from assets.tables.versions import LOGICAL_HASH, known, rows_sql
from sources.duck import open_shared

COMPARISON = "comparison.json"


@dataclass(frozen=True)
class Compared:
    """Logical hashes of a table in the release and in what was made again."""

    table: str
    equal: bool
    current: str | None
    rebuilt: str | None


@contextmanager
def again(source: Lake, target: Lake, catalog: Catalog, release: Path) -> Iterator[Night]:
    """The night of `release` over an empty lake with the history of `source`, whose writer the caller is."""
    if target.root.exists():
        discard(target.root)
    target = Lake(target.root, archive=source.archive)
    target.prepare()
    copy_history(source, target)
    # What is made now says itself what it is.
    (target.manifests / f"{release.name}.json").unlink(missing_ok=True)
    with writing(target, "rebuild", clock.host.now()):
        check_person_key(target, catalog)
        yield Night(target, catalog, datetime.fromisoformat(manifest(source, release.name).as_of), clock="the release")


def compare(source: Lake, night: Night, release: Path, made: Path) -> list[Compared]:
    """Logical hashes of every table of a release and of what `night` made again; written down beside the rebuilt lake's releases.

    Core is compared too. Tables that are declared no more, or were not yet when the release was made, are no part of it.
    """
    told = manifest(source, release.name)
    here, there = ({**_hidden(lake, m), **m.logical_hashes} for lake, m in ((source, told), (night.lake, manifest(night.lake, made.name))))
    catalog = night.catalog
    # Where something declared cannot be used, a table that is not there may be one of its own.
    names = sorted(t for t in {*here, *there} if (t in catalog.tables or catalog.faults) and (t in here or t in told.code))
    compared = [Compared(t, here.get(t) == there.get(t), here.get(t), there.get(t)) for t in names]
    save(night.lake.root / COMPARISON, compared, list[Compared])
    return compared


def _hidden(lake: Lake, release: Manifest) -> dict[str, str]:
    """Hashes of what analysts do not see: worked out when somebody asks."""
    hidden = {table: lake.version(table, key) for table, key in release.tables.items() if table not in release.logical_hashes}
    with open_shared(lake.scratch) as con:
        select = {t: f"select {LOGICAL_HASH} from ({rows_sql(folder)}) as t" for t, folder in hidden.items() if known(folder, in_full=True)}
        return {table: con.execute(sql).fetchall()[0][0] for table, sql in select.items()}


def copy_history(source: Lake, target: Lake) -> None:
    """What every release is a function of: receipts, decisions, the disclosure ledger, the publication record, and when runs published:
    a domain that was held stood as it was at an earlier one. Delivered files are read where they lie.
    """
    for folder in (source.receipts, source.decisions, source.ledger, source.record, source.manifests):
        if folder.exists():
            shutil.copytree(folder, target.files / folder.name)
    # Of a file that is no longer archived, what was read of it is what remains.
    for facts in source.files.glob("raw/*/*.json"):
        said = facts_of(source, facts.parent.name, facts.stem) if facts.name.count(".") == 1 else None
        if said and not source.archived(said.content).exists():
            copy = target.parse(facts.parent.name, facts.stem)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(facts.with_suffix(".parquet"), copy)
            shutil.copy2(facts, copy.with_suffix(".json"))
