"""What programs are told of a release in one small file, so that nobody has to open it to see whether there is news.

`about.json` lies in each release; `current.json` beside the releases is that of the one that is shown, and is replaced last of all.
"""

from pathlib import Path
from typing import Any

import duckdb

from assets.catalog.declared import MARTS
from assets.lake.files import Lake, json_text, sync, write_text
from assets.lake.manifests import Manifest, manifest
from assets.releases.meta import SHOWN
from assets.releases.views import final_rows
from sources.casts import ident
from sources.contract import Contract

ABOUT, CURRENT = "about.json", "current.json"


def write_about(con: duckdb.DuckDBPyConnection, folder: Path, release: Manifest, contracts: list[Contract]) -> None:
    """Write down what a release is; `contracts` are those of its marts."""
    write_text(folder / ABOUT, json_text(_about(release, newest_periods(con, contracts))))


def newest_periods(con: duckdb.DuckDBPyConnection, contracts: list[Contract]) -> dict[str, str]:
    """Mart -> first day of the newest month, quarter or year that is final in it; without those that have none."""
    asked = []
    for contract in contracts:
        table = f"{MARTS}.{contract.id}"
        there = {name: type_ for name, type_, *_ in con.execute(f"describe {table}").fetchall()}
        if period := next((c for c in contract.key if there.get(c) == "DATE"), None):
            asked.append(f"select '{table}', cast(max({ident(period)}) as varchar) from {table} as mart where {final_rows(there)}")
    found = con.execute(" union all ".join(asked)).fetchall() if asked else []
    return {table: period for table, period in sorted(found) if period}


def tell_current(lake: Lake, release: str) -> None:
    """Write which release is shown, after the link leads to it. One from before releases told this is described by its manifest."""
    about, current = lake.releases / release / ABOUT, lake.releases / CURRENT
    said = about.read_text("utf-8") if about.is_file() else json_text(_about(manifest(lake, release), {}))
    if not current.is_file() or current.read_text("utf-8") != said:
        write_text(current, said)
        sync(lake.releases)


def _about(release: Manifest, newest: dict[str, str]) -> dict[str, Any]:
    domains = {
        name: {"status": told.status, "data_as_of": told.data_as_of, "tables": sorted(t for t in told.tables if t.split(".")[0] in SHOWN)}
        for name, told in sorted(release.domains.items())
    }
    return {"release": release.release, "as_of": release.as_of, "newest_final": newest, "domains": domains}
