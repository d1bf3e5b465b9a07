"""What programs are told of a release in one small file, so that nobody has to open it to see whether there is news.

`about.json` lies in each release; `current.json` beside the releases is that of the one that is shown, and is replaced last of all.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assets.catalog.declared import MARTS
from assets.lake.files import Lake, json_text, sync, write_text
from assets.lake.manifests import Manifest, manifest
from assets.releases.meta import SHOWN
from assets.releases.semantics import period_of
from assets.releases.views import final_rows
from sources.casts import ident
from sources.contract import Contract
from sources.stamp import PERIODS

ABOUT, CURRENT = "about.json", "current.json"


def write_about(folder: Path, release: Manifest, newest: dict[str, str]) -> None:
    """Write down what a release is; `newest` says of each mart which period is its newest final one."""
    write_text(folder / ABOUT, json_text(_about(release, newest)))


@dataclass(frozen=True)
class Span:
    """First and last day of what is final in a mart, and the first day of its newest period."""

    start: str
    end: str
    newest: str


def spans(con: duckdb.DuckDBPyConnection, contracts: list[Contract]) -> dict[str, Span]:
    """Of each mart, by name; without those in which nothing is final, or that have no period."""
    asked = []
    for contract in contracts:
        table = f"{MARTS}.{contract.id}"
        period = period_of(contract)
        there = {name for name, *_ in con.execute(f"describe {table}").fetchall()}
        if period and period in there and (months := PERIODS.get(period)):
            day = f"max({ident(period)})"
            columns = f"min({ident(period)}), cast({day} + interval {months} month - interval 1 day as date), {day}"
            asked.append(f"select '{table}', {columns} from {table} as mart where {final_rows(there)}")
    found = con.execute(" union all ".join(asked)).fetchall() if asked else []
    return {table: Span(*map(str, days)) for table, *days in sorted(found) if days[0]}


def tell_current(lake: Lake, release: str) -> None:
    """Write which release is shown, after the link leads to it. One from before releases told this is described by its manifest."""
    about, current = lake.releases / release / ABOUT, lake.releases / CURRENT
    said = about.read_text("utf-8") if about.is_file() else json_text(_about(manifest(lake, release), {}))
    if not current.is_file() or current.read_bytes() != said.encode():
        write_text(current, said)
        sync(lake.releases)


def _about(release: Manifest, newest: dict[str, str]) -> dict[str, Any]:
    domains = {
        name: {"status": told.status, "data_as_of": told.data_as_of, "tables": sorted(t for t in told.tables if t.split(".")[0] in SHOWN)}
        for name, told in sorted(release.domains.items())
    }
    return {"release": release.release, "as_of": release.as_of, "newest_final": newest, "domains": domains}
