"""What the patients' figures cost against a bare DuckDB script that computes them from the same files and promises nothing.

    python -m tests.bench.patients --pathways 1000000

With as many pauses as pathways, half as many redirections and referrals. The script knows persons by their plain number, joins the
reference files directly, withholds nothing and audits nothing; ours is the nightly run's own steps over landing. Whole processes
take turns; both end with the same figures in every cell that is published, or the benchmark fails.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.patients_sql import FIGURES, FILES, KEYS, SCRIPT, STAGE
from tests.bench.turns import REFERENCE, ROUNDS, Found, bare, nightly, report, rows, turn

MODULE = "tests.bench.patients"
MONTHS = 15
DOMAINS = ("redirection", "udredning")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pathways", type=int, default=1_000_000)
    asked.add_argument("--one", choices=["script", "ventetal"], help=argparse.SUPPRESS)
    asked.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.one:
        print(json.dumps(script(said.data) if said.one == "script" else nightly(said.data, DOMAINS, figures)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write(data / "landing", said.pathways)
        turns = [(turn(MODULE, "script", data), turn(MODULE, "ventetal", data)) for _ in range(ROUNDS)]
        kept = [withheld(script["figures"], ours["figures"]) for script, ours in turns]
        report(f"{said.pathways:,} pathways and pauses, {said.pathways // 2:,} redirections and referrals", turns)
        print(f"Equal cell by cell; withheld and not compared: {kept[0]} cells.")


def write(landing: Path, pathways: int) -> None:
    """Invented extracts of fifteen months; the number of records of each is a share of `pathways`."""
    with duckdb.connect() as con:
        for extract, (name, share, sql) in FILES.items():
            (landing / extract).mkdir(parents=True)
            for month in range(MONTHS):
                target = landing / extract / f"{name}_{2014 + month // 12}-{month % 12 + 1:02d}_udtrukket-20150701-0600.csv"
                query = sql.format(month=month, n=int(pathways * share) // MONTHS, people=pathways)
                form = "delimiter ';', header, dateformat '%d-%m-%Y', timestampformat '%d-%m-%Y %H:%M'"
                con.execute(f"copy ({query}) to '{target}' ({form})")


def script(data: Path) -> Found:
    """The same figures with nothing around them."""
    stages = [(STAGE[table], table, sql.format(data=data, reference=REFERENCE)) for table, sql in SCRIPT.items()]
    return bare(stages, lambda con: {mart: rows(con, f"select {columns} from {mart}") for mart, columns in FIGURES.items()})


def figures(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {mart: rows(con, f"select {columns}, qf from marts.{mart}") for mart, columns in FIGURES.items()}


def withheld(script: Found, ours: Found) -> int:
    """Cells that ours withholds; every other must say what the script says."""
    kept = 0
    for mart, columns in FIGURES.items():
        keys = KEYS[mart]
        theirs = {tuple(row[:keys]): row[keys:] for row in script[mart]}
        published = {tuple(row[:keys]): row[keys:] for row in ours[mart]}
        assert theirs.keys() == published.keys(), f"{mart}: {sorted(map(str, theirs.keys() ^ published.keys()))[:5]}"
        names = columns.split(", ")[keys:]
        for key, (*cells, qf) in published.items():
            for name, cell, other in zip(names, cells, theirs[key], strict=False):
                if cell is None and other is not None and "c" in str(qf):
                    kept += 1
                else:
                    assert cell == other, f"{mart} {key} {name}: {cell}, bare script {other}"
    return kept


if __name__ == "__main__":
    main()
