"""A lake of redirections alone, delivered month by month as a test draws them: what releases tell, one after the other."""

import atexit
import os
import random
import shutil
import tempfile
from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.lake.decisions import revise_figures
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.migration import migrate
from assets.releases.database import open_release
from assets.releases.publish import Release, publish
from assets.tables.build import Night
from sources.duck import dicts
from sources.examples.cpr import invented
from tests.part import copy_domain

HEADER = "Omvisitering;CPR-nummer;Henvist dato;Omvisiteret dato;Henvisende afsnit;Modtager-id;Aftale;Forventet ydelse;Formål"
UNITS = {"HEH": "1516010", "RHB": "1301010", "BOH": "4001010"}
CODES = ("KCJE20", "UXMD00", "KDCA20", "KNGD11")
AGREEMENTS = ("Regionens aftale", "Udvidet frit sygehusvalg")
PERSONS = invented(20_000, 7)


class Treatments:
    """Treatments of a month, each of a new person: what a file holds. `size` is how many of each hospital there are."""

    def __init__(self, month: str, seed: int, **sizes: int) -> None:
        self.month, self._luck, self.rows = month, random.Random(f"{month} {seed}"), list[list[str]]()
        for hospital, count in sizes.items():
            self.more(count, hospital)

    def more(self, count: int, hospital: str = "HEH", **fixed: str) -> "Treatments":
        """As many again; `provider`, `code` and `agreement` of them may be `fixed`."""
        first = date.fromisoformat(f"{self.month}-01")
        for _ in range(count):
            place = (first.year - 2013) * 6000 + first.month * 450 + len(self.rows)
            day, luck = f"{self._luck.randint(5, 27):02d}-{first:%m-%Y}", self._luck
            provider = fixed.get("provider") or f"P{luck.choice((1, 1, 1, 2, 2, 3)):03d}"
            code, agreement = fixed.get("code") or luck.choice(CODES), fixed.get("agreement") or luck.choice(AGREEMENTS)
            begun = f"01-{first:%m-%Y}"
            self.rows.append([f"D{place:07d}", PERSONS[place], begun, day, UNITS[hospital], provider, agreement, code, "Behandling"])
        return self

    def less(self, count: int, hospital: str = "HEH") -> "Treatments":
        gone = [r for r in self.rows if r[4] == UNITS[hospital]][:count]
        self.rows = [r for r in self.rows if r not in gone]
        return self


# Versions of tables, and what was found of them: named by what they are made of.
READ_ONCE = ("reference", "audits")


@cache
def _with_lookups() -> Path:
    """The files of a lake in which all lookups have been read and judged, once for a process."""
    region = Region(Path(tempfile.mkdtemp(dir=tempfile.gettempdir(), prefix="lookups-")), lookups=False)
    atexit.register(shutil.rmtree, region.root, ignore_errors=True)
    with writing(region.lake, "a test", datetime.now()):
        migrate(region.lake)
        made = Night(region.lake, region.catalog, datetime(2015, 6, 1)).make("reference")
    assert not made.is_held, made.why
    return region.lake.files


def read_lookups(lake: Lake) -> None:
    """Put the lookups into a lake, as its first night would."""
    for folder in READ_ONCE:
        shutil.copytree(_with_lookups() / folder, lake.files / folder, dirs_exist_ok=True)


def night_over(lake: Lake, catalog: Catalog, day: str, line: str = "nightly") -> Release:
    with writing(lake, "a test", datetime.now()):
        migrate(lake)
        night = Night(lake, catalog, datetime.fromisoformat(day), line)
        night.run()
        return publish(night)


class Region:
    """The project's own declarations of a domain, which a test may change, over a lake of its own that has read the lookups."""

    def __init__(self, root: Path, domain: str = "redirection", lookups: bool = True) -> None:
        self.root, self.lake, self.project, self.domain = root, Lake(root / "data"), root / "project", domain
        copy_domain(domain, self.project)
        self.lake.prepare()
        self.released: list[Release] = []
        if lookups:
            read_lookups(self.lake)

    def again_at(self, root: Path) -> "Region":
        """The same region, lake and all, in another folder."""
        shutil.copytree(self.root, root, symlinks=True)
        again = copy(self)
        again.root, again.lake, again.project = root, Lake(root / "data"), root / "project"
        again.released = [replace(r, path=root / r.path.relative_to(self.root)) for r in self.released]
        return again

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.project)

    def edit(self, path: str, before: str, after: str) -> None:
        text = (self.project / path).read_text("utf-8")
        assert before in text
        (self.project / path).write_text(text.replace(before, after), "utf-8")

    def deliver(self, found: Treatments, drawn: str) -> None:
        """A file of a month, drawn on a day (YYYY-MM-DD)."""
        self.lay("redirections", f"omvisiteringer_{found.month}", drawn, [HEADER, *(";".join(r) for r in found.rows)])

    def lay(self, extract: str, name: str, drawn: str, lines: list[str]) -> None:
        path = self.lake.landing / extract / f"{name}_udtrukket-{drawn.replace('-', '')}-0610.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", "utf-8")
        # Written long ago: nobody waits for it to be whole.
        os.utime(path, (1e9, 1e9))

    def night(self, day: str, line: str = "nightly") -> Release:
        made = night_over(self.lake, self.catalog, day, line)
        held = [d.why for d in made.held if d.domain == self.domain]
        assert not held, held
        self.released.append(made)
        return made

    def revise(self, day: str, month: str = "") -> None:
        revise_figures(self.lake, month, "more is known", datetime.fromisoformat(day))

    def ask(self, sql: str, release: Release | None = None) -> list[dict[str, Any]]:
        with open_release((release or self.released[-1]).path) as con:
            return dicts(con, sql)

    def marts(self, release: Release | None = None) -> dict[str, list[dict[str, Any]]]:
        """The protected marts of redirections, as a release shows them."""
        names = [t.name for t in self.catalog.computed if t.domain == "redirection" and t.contract.disclosure]
        return {n: self.ask(f"select * from {n} order by all", release) for n in names}

    def hospitals(self, month: str, release: Release | None = None) -> dict[str, int | None]:
        rows = self.ask(f"select hospital_code, treatments from marts.redirection_by_hospital where month = '{month}-01'", release)
        return {r["hospital_code"]: r["treatments"] for r in rows}

    def total(self, month: str, release: Release | None = None) -> int | None:
        [row] = self.ask(f"select treatments from marts.redirection_monthly where month = '{month}-01'", release)
        found: int | None = row["treatments"]
        return found


def final(region: Region, months: Iterable[Treatments]) -> None:
    """Deliver months so that they are final: each is drawn again two months later."""
    for found in months:
        first = date.fromisoformat(f"{found.month}-01")
        later = date(first.year + (first.month + 1) // 12, (first.month + 1) % 12 + 1, 2)
        region.deliver(found, later.isoformat())
