"""Everything again from the archive, to show that a release is a function of what was received and nothing else."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from assets.catalog import Catalog
from assets.lake import Lake, read_json
from assets.night import Night
from assets.person_key import check_person_key
from assets.publish import publish


def rebuilt(source: Lake, target: Lake, catalog: Catalog, release: Path) -> list[dict[str, Any]]:
    """Make `release` of `source` again in the empty lake `target`; each table's logical hash there and here."""
    before = read_json(release / "manifest.json")
    target.prepare()
    with source.writer("rebuild", datetime.now()):
        _copy_history(source, target)
    with target.writer("rebuild", datetime.now()):
        check_person_key(target, catalog)
        night = Night(target, catalog, datetime.fromisoformat(before["as_of"]))
        night.run()
        after = read_json(publish(night).path / "manifest.json")
    here, there = before["logical_hashes"], after["logical_hashes"]
    return [
        {"table": t, "equal": here.get(t) == there.get(t), "current": here.get(t), "rebuilt": there.get(t)} for t in sorted({*here, *there})
    ]


def _copy_history(source: Lake, target: Lake) -> None:
    """What every release is a function of: receipts, decisions, the disclosure ledger, the archived files, and when runs published:
    a domain that was held stood as it was at an earlier one.
    """
    for folder in (source.receipts, source.decisions, source.ledger, source.manifests):
        if folder.exists():
            shutil.copytree(folder, target.files / folder.name)
    for path in source.archive.iterdir():
        shutil.copy2(path, target.archive / path.name)
    # Of a file that is no longer archived, what was read of it is what remains.
    for facts in source.files.glob("raw/*/*.json"):
        if facts.name.count(".") == 1 and not source.archived(read_json(facts)["content"]).exists():
            copy = target.parse(facts.parent.name, facts.stem)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(facts.with_suffix(".parquet"), copy)
            shutil.copy2(facts, copy.with_suffix(".json"))
