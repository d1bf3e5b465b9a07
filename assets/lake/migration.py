"""A lake as earlier releases of the program laid it out becomes one of today's, before a run's first look at it.

Until version 0.2 a version of a table was one Parquet with its facts beside it, and states, pointers and what people had been
told of shared one folder. Each thing gets its new name before the old one goes, so a migration that dies is taken up again. States
of a run are not migrated: the run makes them again from receipts and manifests. Until 0.3 nothing had its hash beside it: what
lies there then counts as what was written.

A lake remembers the newest layout it has had. One that is newer than the program knows is left alone: who goes back to an earlier version
of the program learns it before anything is written.
"""

import os
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from assets.lake.clock import Instant
from assets.lake.files import Lake, beside, discard, load, place, read_json, save, sealed_file, write_text
from assets.lake.manifests import releases
from assets.lake.seals import HASHES, has_seal, seal_folder
from sources.errors import WrongUsage

# 1: a folder for each version; 2: hashes beside everything that is immutable.
LAYOUT = 2
# What `make run` leaves in the landing of a lake of examples.
EXAMPLES = ".examples"
LAYERS = ("core", "indicators", "marts", "reference")
# Where small files lay below `state/`, and where they lie now below the lake.
MOVED = {
    "nightly/head": "pointers/head",
    "nightly/pin": "pointers/pin",
    "nightly/clock": "pointers/newest_run",
    "nightly/causes": "alerts/causes",
    "alerts/told": "alerts/told",
}


class Newer(WrongUsage):
    """The lake is laid out as a later version of the program does it. The text says what to do."""


def migrate(lake: Lake) -> None:
    """Bring what lies in the lake into today's places, for who holds it for writing. Does nothing to a lake of today. Raises Newer."""
    path = lake.pointer("layout")
    layout = load(path, int) if path.exists() else 0
    if layout > LAYOUT:
        said = f"{lake.root} is laid out by a later version of ventetal (layout {layout}, this one knows {LAYOUT})"
        raise Newer(f"{said}: use that version, or put back the backup from before it. Nothing was changed.")
    if (states := lake.files / "state").is_dir():
        _move(lake, states)
    # Between two releases a pointer of its own said that hashes had been taken down.
    before = lake.pointer("sealed")
    if layout < LAYOUT and not before.exists():
        _seal(lake)
    if layout < LAYOUT:
        save(path, LAYOUT)
        before.unlink(missing_ok=True)


def _seal(lake: Lake) -> None:
    """Take down the hashes of what was written before there were any."""
    for path in (p for p in lake.files.rglob("*.json") if p.name != HASHES and lake.rebuilt not in p.parents):
        try:
            said = read_json(path)
        except ValueError:
            # Garbled before: who reads it mends it, or says what to do.
            continue
        if (parquet := path.with_suffix(".parquet")).exists() and "seal" not in said:
            _rewrite(path, said | {"seal": asdict(sealed_file(parquet))})
        elif not has_seal(path.read_bytes()):
            _rewrite(path, said)
    layers = [p for layer in LAYERS for p in (lake.files / layer).glob("*/[!.]*")]
    for folder in (*layers, *lake.files.glob("failed/*/[!.]*"), *lake.record.glob("*/[!.]*")):
        if folder.is_dir() and not (folder / HASHES).exists():
            seal_folder(folder)


def _rewrite(path: Path, said: Any) -> None:
    """The same record with its hash. Which of two is older is asked of files: they stay as old as they are."""
    times = path.stat()
    save(path, said)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _move(lake: Lake, states: Path) -> None:
    for layer in LAYERS:
        for parquet in sorted((lake.files / layer).glob("*/[!.]*.parquet")):
            _version(parquet, parquet.with_suffix(""), f"{layer}.{parquet.parent.name}")
    for parquet in sorted(lake.files.glob("failed/*/[!.]*.parquet")):
        _version(parquet, parquet.with_suffix(""), parquet.parent.name)
    for before, now in MOVED.items():
        source, target = states / f"{before}.json", lake.files / f"{now}.json"
        if source.exists() and not (target.exists() and read_json(target)):
            write_text(target, source.read_text("utf-8"))
    if (lake.landing / EXAMPLES).exists() and not lake.pointer("newest_run").exists() and (known := releases(lake)):
        # A lake of examples was told the time from outside; it has a clock of its own now.
        save(lake.pointer("clock"), Instant(datetime.fromisoformat(max(m.as_of for m in known))))
    for left in (*lake.files.glob("raw/*/*.audit.json"), *lake.root.rglob(".*.gone"), states):
        if left.exists():
            discard(left)


def _version(parquet: Path, folder: Path, table: str) -> None:
    """One file and its facts become a folder. What its SQL had got was not written down then."""
    facts = parquet.with_suffix(".json")
    if not folder.exists() and facts.exists():
        said, made = read_json(facts), beside(folder)
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        try:
            os.link(parquet, made / "part-0.parquet")
        except OSError:
            shutil.copyfile(parquet, made / "part-0.parquet")
        kept = {what: said[what] for what in ("key", "rows", "logical_hash", "lineage", "withheld") if what in said}
        save(made / "version.json", {"table": table, "inputs": {}, **kept})
        place(made, folder)
    parquet.unlink()
    facts.unlink(missing_ok=True)
