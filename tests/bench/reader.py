"""How much slower than bare DuckDB the reader is that accounts for every record, and how much memory it takes.

    python -m tests.bench.reader --records 10000000

Floor: `read_csv` to Parquet of the same records in UTF-8; for the workbook of 100,000 rows, pandas with the same
calamine underneath. Each measurement is a process of its own; floor and reader take turns.
"""

import argparse
import gzip
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd

from assets.catalog.loading import load_catalog
from sources.duck import connect
from sources.layout import Extract
from sources.parse import Delivery
from sources.unpack import unpack
from tests.part import TREE

PROJECT = Path(__file__).resolve().parents[2]
NAME = "svartider_2015-01_leveret-20150203-0615.csv"
ROUNDS = 3
SHEET_ROWS = 100_000
RECORDS = """
    select
        'System ' || (i % 10) as "System",
        case when i % 2 = 0 then 'login' else 'søgning' end as "Handling",
        case when i % 2 = 0 then 'Tung' else 'Standard' end as "Klasse",
        'Lokation ' || (i // 10 % 10) as "Lokation",
        strftime(timestamp '2015-01-01' + interval (i * 2600000 // {records}) second, '%Y-%m-%dT%H:%M:%SZ') as "Start (UTC)",
        hash(i) % 3100 + 1 as "Varighed ms",
        case when hash(i) % 97 = 0 then 'TIMEOUT' else 'OK' end as "Status",
        i as "Løbenummer"
    from range({records}) as t(i)
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=10_000_000)
    asked.add_argument("--before", type=Path, help="a checkout of an earlier time, to be measured too")
    asked.add_argument("--one", choices=["floor", "reader"], help=argparse.SUPPRESS)
    asked.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.one:
        _measure(said.one, said.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = _written(Path(folder), said.records)
        print(f"{said.records:,} records, {files['utf-8'].stat().st_size >> 20} MiB in UTF-8; medians of {ROUNDS} turns\n")
        print("| input | who | seconds | floor | ratio | processor | peak MiB |\n|---|---|---|---|---|---|---|")
        projects = {"reader": PROJECT} | ({"reader before": said.before.resolve()} if said.before else {})
        for label, file in files.items():
            bare = file if label in ("tenth", "xlsx") else files["utf-8"]
            turns = [(_run("floor", bare), {who: _run("reader", file, at) for who, at in projects.items()}) for _ in range(ROUNDS)]
            for who in projects:
                pairs = [(floor, ours[who]) for floor, ours in turns]
                floor, ours = (statistics.median(t[i]["seconds"] for t in pairs) for i in (0, 1))
                ratio, work = (statistics.median(t[1][what] / t[0][what] for t in pairs) for what in ("seconds", "work"))
                peak = max(t[1]["peak"] for t in pairs)
                print(f"| {label} | {who} | {ours:.2f} | {floor:.2f} | {ratio:.2f} | {work:.2f} | {peak:.0f} |", flush=True)


def _written(folder: Path, records: int) -> dict[str, Path]:
    files = {label: folder / label / NAME for label in ("utf-8", "cp1252", "csv.gz", "tenth")}
    for file in files.values():
        file.parent.mkdir()
    for label, number in (("utf-8", records), ("tenth", records // 10)):
        sql = RECORDS.format(records=number)
        duckdb.connect().execute(f"copy ({sql}) to '{files[label]}' (delimiter ';', header)")
    with files["utf-8"].open(encoding="utf-8", newline="") as plain, files["cp1252"].open("w", encoding="cp1252", newline="") as other:
        shutil.copyfileobj(plain, other, 16 << 20)
    files["csv.gz"] = files["csv.gz"].with_suffix(".csv.gz")
    with files["utf-8"].open("rb") as whole, gzip.open(files["csv.gz"], "wb", compresslevel=1) as packed:
        shutil.copyfileobj(whole, packed, 16 << 20)
    files["xlsx"] = folder / "xlsx" / NAME.replace(".csv", ".xlsx")
    files["xlsx"].parent.mkdir()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("data")
    result = duckdb.connect().execute(RECORDS.format(records=SHEET_ROWS))
    sheet.append([column[0] for column in result.description])
    for row in result.fetchall():
        sheet.append(row)
    book.save(files["xlsx"])
    return files


def _run(what: str, file: Path, project: Path = PROJECT) -> dict[str, float]:
    # An earlier checkout may have none.
    from sources.readers import KEEPS_MEMORY

    command = [sys.executable, __file__, "--one", what, "--file", str(file)]
    # A reading process is begun with these.
    settings = {"PYTHONPATH": str(project)} | (KEEPS_MEMORY if what == "reader" and project == PROJECT else {})
    done = subprocess.run(command, cwd=project, env=os.environ | settings, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measure(what: str, file: Path) -> None:
    """Seconds without imports and contracts, and the peak memory of the process."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        extract = load_catalog(TREE).extracts["response_times"]
        if file.suffix == ".xlsx":
            # The layout of the text file, for a name that ends otherwise.
            layouts = [x.model_copy(update={"file": x.file and re.compile(x.file.pattern.replace("csv", "xlsx"))}) for x in extract.layouts]
            extract = Extract(extract.contract, tuple(layouts))
        # As a reading process does: the line says where a record stood.
        con = connect(scratch / "spill", Path("/"), keeps_order=False)
        began, worked = time.perf_counter(), time.process_time()
        if what == "floor" and file.suffix == ".xlsx":
            pd.read_excel(file, engine="calamine").to_parquet(scratch / "x.parquet")
        elif what == "floor":
            con.execute(
                f"copy (select * from read_csv('{file}', delim = ';')) to '{scratch / 'x.parquet'}' (format parquet, compression zstd)"
            )
        else:
            inside, name = file, file.name
            if file.suffix == ".gz":
                inside = scratch / "unpacked"
                name = unpack(file, file.name, inside).inner_name
            reading = Delivery(inside, extract, name).parse(con, scratch / "x.parquet")
            assert reading.bad == 0
        seconds, work = time.perf_counter() - began, time.process_time() - worked
    print(json.dumps({"seconds": seconds, "work": work, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
