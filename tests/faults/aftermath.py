"""What must hold after a fault, told apart by kind, and the scenes the faults are played in.

A scene is a data root after two nights, with the deliveries of a third lying ready.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from assets.lake.files import Lake, load, read_json
from assets.lake.leftovers import HALF_MADE
from assets.lake.manifests import releases
from assets.releases.about import CURRENT
from assets.releases.database import DATABASE
from assets.tables.record import ENTRY, SHOWN, Entry, is_published
from sources.duck import dicts
from tests.faults.dying import PROJECT, Death, Nights, Order
from tests.toy import Toy

PERIOD = "{mode: replace_period, period: day, unit: month}"
THIRD_NIGHT = datetime(2015, 6, 3)
WHOLE = bool(os.environ.get("FAULTS"))


class PromiseBroken(AssertionError):
    """A fault did what it must not. Begins with the class of fault."""


@dataclass
class Scene:
    """The data root `template` is copied for each fault; `deliver` puts the third night's files into it."""

    nights: Nights
    template: Path
    project: Path
    domain: str
    deliver: Callable[[Path], None]
    undisturbed: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def order(self, data: Path, **what: Any) -> Order:
        return Order(str(self.project), str(data), THIRD_NIGHT.isoformat(), self.domain, **what)

    def laid_out(self, data: Path) -> Path:
        """A copy of the template at `data`, with what was delivered."""
        shutil.copytree(self.template, data, symlinks=True, dirs_exist_ok=True)
        self.deliver(data)
        return data

    def prepare(self, folder: Path) -> "Scene":
        """Run the third night undisturbed, to know what must come out."""
        data = self.laid_out(folder / "undisturbed")
        night = self.nights.run(self.order(data))
        assert night.status == 0, night.said
        self.undisturbed, self.seconds = facts(data), night.seconds
        return self

    def heals(self, data: Path, fault: str, before: dict[str, str], death: Death, lost: tuple[str, ...] = ()) -> None:
        """The old release stands as it was and every release opens; the next run succeeds and all is as if nothing had been.

        `lost` are the facts that the fault itself destroyed.
        """
        if "releases" not in lost:
            after = old_release(data)
            if after != before:
                raise PromiseBroken(f"{fault}: the old release changed: {sorted(set(before.items()) ^ set(after.items()))[:3]}")
            all_open(data, fault)
            on_record(data, fault)
        healed = self.nights.run(self.order(data))
        if healed.status != 0:
            raise PromiseBroken(f"{fault}: the next run needs help: {healed.said[-800:]} after {death.said[-300:]}")
        if "releases" not in lost and (after := old_release(data)) != before:
            raise PromiseBroken(f"{fault}: the next run changed the old release")
        all_open(data, fault)
        told(data, fault)
        on_record(data, fault)
        found = facts(data)
        for what, wanted in self.undisturbed.items():
            if what not in lost and found[what] != wanted:
                raise PromiseBroken(f"{fault}: {what} differ from an undisturbed run: {found[what]} instead of {wanted}")


def old_release(data: Path) -> dict[str, str]:
    """Content of each file of the second night's release, the one analysts see when the third begins."""
    [folder] = [p for p in Lake(data).releases.glob("20150602-*") if p.is_dir()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def all_open(data: Path, fault: str) -> None:
    """Every release that has a name is whole, and `current` names one of them."""
    lake = Lake(data)
    listed = {m.release for m in releases(lake)}
    named = {p.name for p in lake.releases.iterdir() if not p.name.startswith(".") and not p.is_symlink()} - {CURRENT}
    if listed != named or lake.current_release is None or lake.current_release.name not in named:
        raise PromiseBroken(f"{fault}: releases {sorted(named)}, listed {sorted(listed)}, current {lake.current_release}")
    for name in named:
        try:
            silent = [table for table, rows in answers(lake.releases / name).items() if rows is None]
        except duckdb.Error as error:
            raise PromiseBroken(f"{fault}: {name} does not open: {error}") from error
        if silent:
            raise PromiseBroken(f"{fault}: {name} says another thing in Parquet of {silent}")


def told(data: Path, fault: str) -> None:
    """After a night that ended `current.json` names what `current` leads to."""
    lake = Lake(data)
    said = json.loads((lake.releases / CURRENT).read_text("utf-8"))["release"]
    if lake.current_release is None or said != lake.current_release.name:
        raise PromiseBroken(f"{fault}: {CURRENT} names {said}, current {lake.current_release}")


def on_record(data: Path, fault: str) -> None:
    """Of final months about persons no release shows a figure that the record lacks, and the record none that no release showed."""
    lake = Lake(data)
    with duckdb.connect() as con:
        for folder in sorted(p for p in lake.record.glob("[!.]*") if p.is_dir()):
            entries = [load(p, Entry) for p in sorted(folder.glob(f"[!.]*/{ENTRY}"))]
            published = {e.release: e for e in entries if is_published(lake, e.release)}
            periods = {p for e in published.values() for p in e.periods}
            for release in (p for p in lake.releases.glob("[!.]*") if p.is_dir() and not p.is_symlink()):
                mart = f"{release}/marts/{folder.name.removeprefix('marts.')}.parquet"
                [period, *columns] = [c for c, *_ in con.execute(f"describe from '{mart}'").fetchall()]
                final = "where not is_provisional" if "is_provisional" in columns else ""
                told = con.execute(f"select distinct cast({period} as varchar) from '{mart}' {final}").fetchall()
                if missing := sorted({p for (p,) in told} - periods):
                    raise PromiseBroken(f"{fault}: {release.name} shows {folder.name} of {missing[:3]}, which the record lacks")
                if entry := published.get(release.name):
                    these = ", ".join(f"'{p}'" for p in entry.periods)
                    ours, theirs = (
                        con.execute(f"select * from '{file}' where cast({period} as varchar) in ({these}) order by all").fetchall()
                        for file in (mart, folder / release.name / SHOWN)
                    )
                    if ours != theirs:
                        raise PromiseBroken(f"{fault}: the record has other figures of {folder.name} than {release.name}")


def answers(release: Path) -> dict[str, int | None]:
    """Rows of every mart of a release by DuckDB; None where Parquet says otherwise."""
    found: dict[str, int | None] = {}
    with duckdb.connect(str(release / DATABASE), read_only=True) as con:
        for (table,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall():
            inside, beside = (
                con.execute(f"select count(*) from {where}").fetchall()[0][0]
                for where in (f"marts.{table}", f"'{release / 'marts' / table}.parquet'")
            )
            found[table] = inside if inside == beside else None
    return found


def facts(data: Path) -> dict[str, Any]:
    """All that must be the same however often a night had to be begun."""
    lake = Lake(data)
    release = lake.current_release
    assert release is not None
    with duckdb.connect(str(release / DATABASE), read_only=True) as con:
        deliveries = dicts(con, """
            select receipt.extract, replace(file_name, receipt_id, '') as file_name, status, reason, receipt.accepted, current, superseded,
                duplicate, held, parse.records, parse.physical_records, parse.accepted as parsed, quarantined, ignored
            from meta.receipt as receipt left join meta.parse as parse using (parse_id) order by all""")  # fmt: skip
        domains = dicts(con, "select domain, status from meta.domain_status order by domain")
    for d in deliveries:
        if d["reason"] is None:
            assert d["records"] == d["physical_records"] == d["parsed"] + d["quarantined"] + d["ignored"], f"records lost: {d}"
            assert d["accepted"] == d["current"] + d["superseded"] + d["duplicate"] + d["held"], f"records lost: {d}"
    ledger: dict[str, set[Any]] = {}
    for path in sorted(lake.ledger.glob("*/*.json")):
        entry = read_json(path)
        ledger.setdefault(entry["table"], set()).update((tuple(cell), group) for cell, group in entry["withheld"])
    record: dict[str, set[Any]] = {}
    for path in sorted(lake.record.glob(f"*/[!.]*/{ENTRY}")):
        published = load(path, Entry)
        if is_published(lake, published.release):
            record.setdefault(published.table, set()).update(published.periods.items())
    return {
        "figures": read_json(release / "manifest.json")["logical_hashes"],
        "deliveries": deliveries,
        "domains": domains,
        "ledger": ledger,
        "record": record,
        "landing": sorted(p.name for p in lake.landing.glob("*/*")),
        "archive": sorted(p.name for p in lake.archive.glob("[!.]*")),
        "rejected": sorted(p.name for p in lake.rejected.glob("*/[!.]*")),
        "half made": sorted(p.name for p in lake.root.rglob(".*.*") if p.suffix in HALF_MADE),
        "releases": len(releases(lake)),
        "manifests": {m.release for m in releases(lake)} - {p.stem for p in lake.manifests.glob("[!.]*.json")},
    }


def toy_scene(nights: Nights, folder: Path) -> Scene:
    """Two extracts, one replaced by month and one upserted, with a refused file each night and records in quarantine."""
    toy = Toy(folder / "toy", months=PERIOD, names="{mode: upsert}")

    def deliver(data: Path, night: int) -> None:
        toy.data = data
        toy.deliver("months", f"months_2015-0{night}_received-2015060{night}-0100.csv", f"a {night}, b 2, c 3, d 4, e 5, f x", "2015-01-15")
        toy.deliver("months", f"months_2015-01_received-2015060{night}-0130.csv", f"a {10 + night}, b 2", "2015-01-15")
        toy.deliver("names", f"names_2015-01_received-2015060{night}-0100.csv", f"a {night}, z{night} 7", "2015-01-15")
        toy.deliver("names", f"unexpected{night}.csv", "a 1")

    data = folder / "template"
    toy.lake = Lake(data)
    for night in (1, 2):
        deliver(data, night)
        done = nights.run(Order(str(toy.project), str(data), (THIRD_NIGHT + timedelta(days=night - 3)).isoformat()))
        assert done.status == 0, done.said
    return Scene(nights, data, toy.project, "", lambda at: deliver(at, 3)).prepare(folder)


def patient_scene(nights: Nights, landing: Path, folder: Path) -> Scene:
    """Redirected patients of a small example region: pseudonyms, small cells, and the ledger that remembers them."""
    files = sorted((landing / "redirections").iterdir())
    third = len(files) // 3

    def deliver(data: Path, some: list[Path]) -> None:
        target = data / "landing" / "redirections"
        target.mkdir(parents=True, exist_ok=True)
        for file in some:
            shutil.copy2(file, target / file.name)

    data = folder / "template"
    for night, some in ((1, files[:third]), (2, files[third : 2 * third])):
        deliver(data, some)
        now = (THIRD_NIGHT + timedelta(days=night - 3)).isoformat()
        done = nights.run(Order(str(PROJECT), str(data), now, "redirection"))
        assert done.status == 0, done.said
    return Scene(nights, data, PROJECT, "redirection", lambda at: deliver(at, files[2 * third :])).prepare(folder)
