"""A whole night over every extract of records: seconds and bytes by step, and how they grow; beside bare DuckDB and dbt-duckdb.

    python -m tests.bench.everything --scale 10 --rounds 3

At scale 1 a million probe records, 200,000 visits and 50,000 cases of the service desk, 100,000 pathways and pauses, 50,000
redirections and referrals, over 24 months. The others make the same tables with the same SQL from the same files and keep nothing;
dbt tests keys, codes and what is never empty. Whole processes take turns; every figure is the same that ours does not withhold, or
the benchmark fails.
"""

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import yaml

from assets.catalog.loading import load_catalog
from assets.lake.files import Lake
from pipelines.nightly import instance
from tests.bench import load, patients, patients_sql, rivals, servicedesk
from tests.bench.nights import HERE, Measured, environment, megabytes, nights, process, table
from tests.bench.turns import PROJECT, REFERENCE, ROUNDS, Found, bare, rows
from tests.part import TREE

Figures = dict[str, Any]
# Step: of each turn, its seconds, the bare script's for the same work, the MiB of Parquet it left.
Steps = dict[str, list[tuple[float, float, float]]]
MODULE = "tests.bench.everything"
PEOPLE = 100_000
DANISH = "dateformat '%d-%m-%Y', timestampformat '%d-%m-%Y %H:%M'"
# Extract: how its files are named, the month before its first, its records at scale 1, its query, how dates are written.
EXTRACTS = {
    "response_times": ("svartider_{month}_leveret-{after}{day}-0615", (2014, 8), 1_000_000, load.RECORDS, ""),
    "servicedesk_calls": ("opkald_{month}_leveret-{after}{day}-0600", (2014, 7), 200_000, servicedesk.CALLS, ""),
    "servicedesk_cases": (
        "sager_{month}_leveret-{after}{day}-0600", (2014, 7), 50_000, servicedesk.CASES, "timestampformat '%d-%m-%Y %H:%M:%S'",
    ),
} | {
    extract: (name + "_{month}_udtrukket-201604{day}-0600", (2013, 12), int(PEOPLE * share), sql, DANISH)
    for extract, (name, share, sql) in patients_sql.FILES.items()
}  # fmt: skip
# The bare script: table and query, in the order they are made.
SCRIPT = (
    {
        "attempt": "from read_csv('{data}/landing/response_times/*.csv', delim = ';')",
        "response_time_cell": rivals.CELL.replace("{records}", "attempt"),
    }
    | {mart: sql.replace("{cell}", "response_time_cell") for mart, sql in rivals.MARTS.items()}
    | servicedesk.SCRIPT
    | patients_sql.SCRIPT
)
# Step of ours: the tables of the script that are the same work.
SAME_WORK = {
    "raw__response_times": ["attempt"],
    "raw__servicedesk_calls": ["calls"],
    "raw__servicedesk_cases": ["cases"],
    "raw__redirections": ["redirections"],
    "raw__pathways": ["pathways"],
    "raw__pathway_pauses": ["pauses"],
    "raw__referrals": ["referrals"],
    "response_time": ["response_time_cell", *rivals.MARTS],
    "servicedesk": ["call", "case_", "calls_monthly", "cases_monthly"],
    "redirection": [name for name in patients_sql.SCRIPT if name.startswith("redirection") and name != "redirections"],
    "udredning": [
        "pathway",
        "referral",
        *(n for n in patients_sql.SCRIPT if n.startswith(("pathway_", "udredning_", "completeness_"))),
    ],
}
# What dbt tests: columns that are never empty, the key, the codes a column may have.
TESTED: dict[str, tuple[list[str], list[str], dict[str, list[str]]]] = {
    "attempt": (
        ["System", "Varighed ms"],
        ["System", "Handling", "Lokation", "Start (UTC)"],
        {"Klasse": ["Standard", "Tung"], "Status": ["OK", "TIMEOUT", "FEJL", "VEDLIGEHOLD"]},
    ),
    "calls": (["Tilbudt (UTC)"], ["Kø", "Opkald", "Besøg"], {"Udfald": ["Besvaret", "Afbrudt", "Viderestillet"]}),
    "cases": (["Oprettet"], ["Sagsnr.", "Version"], {"Kritikalitet": ["KRITISK", "HØJ", "MEDIUM", "NORMAL"], "Type": ["Hændelse"]}),
    "redirections": (["CPR-nummer"], ["Omvisitering"], {"Aftale": ["Udvidet frit sygehusvalg", "Regionens aftale"]}),
    "pathways": (["CPR", "Henvisning modtaget"], ["Forløb", "Registreret"], {"Slutkode": ["UDR-SLUT", "UDR-OPHØRT"]}),
    "pauses": (["Forløb", "Fra"], ["Pause"], {"Type": ["Klinisk", "Patientens ønske"]}),
    "referrals": (["CPR", "Lukket"], ["Henvisning"], {"Sektor": ["Psykiatri", "Somatik"]}),
} | {mart: ([], columns.split(", ")[: patients_sql.KEYS[mart]], {}) for mart, columns in patients_sql.FIGURES.items()}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--scale", type=int, default=10)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--before", type=Path, help="a checkout of an earlier time, to be measured too")
    asked.add_argument("--rival-python", type=Path, help="an environment with requirements-rivals.txt; made anew where not given")
    asked.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.script:
        _script(said.script)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        python = said.rival_python or environment(root / "rivals")
        _write(root, said.scale)
        took: dict[str, list[Measured]] = {}
        steps: Steps = {}
        for _ in range(said.rounds):
            for name, measured in _turn(root, python, steps, said.before).items():
                took.setdefault(name, []).append(measured)
        table(sum(records for _, _, records, _, _ in EXTRACTS.values()) * said.scale, root / "full", took, "bare DuckDB")
        print("\n| step of the first night | seconds | bare DuckDB | MiB kept |\n|---|---|---|---|")
        for step, turns in steps.items():
            ours, others, kept = (statistics.median(turn[i] for turn in turns) for i in range(3))
            print(f"| {step} | {ours:.2f} | {f'{others:.2f}' if others else '-'} | {kept:.1f} |")
        print(f"\n{(root / 'said').read_text('utf-8')}", flush=True)


def _turn(root: Path, python: Path, steps: Steps, before: Path | None) -> dict[str, Measured]:
    """Every process once."""
    took = {"bare DuckDB": process([sys.executable, "-m", MODULE, "--script", str(root)], {})}
    script = json.loads((root / "script.json").read_text("utf-8"))
    took["dbt-duckdb with tests"] = _dbt(python, root)
    with duckdb.connect(root / "dbt" / "load.duckdb", read_only=True) as con:
        assert _figures(con) == script["figures"], "dbt says otherwise than the bare script"
    return took | nights(root, load.AS_OF, lambda data: _look(data, root, script, steps), before)


def _write(root: Path, scale: int) -> None:
    """All months to `full`, the last of them without what `day` then brings: every 28th record, whatever its date."""
    with duckdb.connect() as con:
        for extract, (name, (year, before), records, sql, form) in EXTRACTS.items():
            for i in range(load.MONTHS):
                month, after = (f"{year + (before + i + k) // 12}-{(before + i + k) % 12 + 1:02d}" for k in (0, 1))
                query = sql.format(
                    month=month if extract == "response_times" else i,
                    n=records * scale // load.MONTHS,
                    people=PEOPLE * scale,
                    seed=i,
                    is_last=True,
                )
                for kind, day in (("full", "03"), ("day", "04")) if i == load.MONTHS - 1 else (("full", "03"),):
                    target = root / kind / extract / (name.format(month=month, after=after.replace("-", ""), day=day) + ".csv")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    part = "" if kind == "day" or i < load.MONTHS - 1 else "qualify row_number() over () % 28 > 0"
                    con.execute(f"copy (from ({query}) {part}) to '{target}' (delimiter ';', header{form and ', ' + form})")
    (root / "landing").symlink_to("full")


def _tables(root: Path) -> dict[str, str]:
    return {name: sql.format(data=root, reference=REFERENCE, sums=servicedesk.SUMS) for name, sql in SCRIPT.items()}


def _script(root: Path) -> None:
    found = bare([(name, name, sql) for name, sql in _tables(root).items()], _figures)
    (root / "script.json").write_text(json.dumps(found), "utf-8")


def _figures(con: duckdb.DuckDBPyConnection) -> Figures:
    """What the bare script and dbt have found, as text."""
    patient = {mart: rows(con, f"select {columns} from {mart} order by all") for mart, columns in patients_sql.FIGURES.items()}
    probes = [rows(con, f"select {columns} from {mart} order by all") for mart, columns in load.COMPARED.items()]
    return {"patients": patient, "servicedesk": servicedesk.figures(con, "calls_monthly", "cases_monthly"), "probes": probes}


def _published(con: duckdb.DuckDBPyConnection) -> Figures:
    probes = [rows(con, f"select {columns} from marts.{mart} order by all") for mart, columns in load.COMPARED.items()]
    return {"patients": patients.figures(con), "servicedesk": servicedesk.published(con), "probes": probes}


def _assert_same(script: Figures, other: Figures) -> None:
    for domain in ("servicedesk", "probes"):
        assert script[domain] == other[domain], f"{domain}: other figures than the bare script"


def _dbt(python: Path, root: Path) -> Measured:
    """The same tables as models of dbt, what feeds what told by their names."""
    project = root / "dbt"
    shutil.rmtree(project, ignore_errors=True)
    (project / "models").mkdir(parents=True)
    (project / "tests").mkdir()
    for file in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(HERE / "dbt" / file, project)
    for name, sql in _tables(root).items():
        feeding = sorted(set(re.findall(r"\b(?:from|join)\s+(\w+)", sql)) & SCRIPT.keys() - {name})
        head = "{{ config(materialized='table') }}\n" + "".join(f"-- depends_on: {{{{ ref('{other}') }}}}\n" for other in feeding)
        (project / "models" / f"{name}.sql").write_text(head + sql, "utf-8")
    models = []
    for name, (filled, key, codes) in TESTED.items():
        columns: dict[str, list[Any]] = {column: ["not_null"] for column in [*filled, *key]}
        for column, values in codes.items():
            columns.setdefault(column, []).append({"accepted_values": {"arguments": {"values": values}}})
        models.append({"name": name, "columns": [{"name": c, "quote": True, "data_tests": tests} for c, tests in columns.items()]})
        unique = ", ".join(f'"{column}"' for column in key)
        repeated = f"select {unique} from {{{{ ref('{name}') }}}} group by all having count(*) > 1"
        (project / "tests" / f"key_of_{name}.sql").write_text(repeated, "utf-8")
    (project / "models" / "models.yml").write_text(yaml.safe_dump({"models": models}, allow_unicode=True), "utf-8")
    command = [str(python.parent / "dbt"), "-q", "build", "--project-dir", str(project), "--profiles-dir", str(project)]
    return process(command, {"LOAD_OUT": str(project), "DO_NOT_TRACK": "1"})


def _look(data: Path, root: Path, script: Found, steps: Steps) -> None:
    """After the first night: the figures, the seconds of its steps, the bytes it left."""
    with duckdb.connect(data / "releases" / "current" / "ventetal.duckdb", read_only=True) as con:
        ours = _published(con)
    _assert_same(script["figures"], ours)
    withheld = patients.withheld(script["figures"]["patients"], ours["patients"])
    with instance(PROJECT, data) as on:
        for step in on.get_run_step_stats(on.get_runs(limit=1)[0].run_id):
            if step.start_time and step.end_time:
                same = sum(script["seconds"][name] for name in SAME_WORK.get(step.step_key, []))
                steps.setdefault(step.step_key, []).append((step.end_time - step.start_time, same, _kept(data, step.step_key)))
    kept = {part: megabytes(data / part) for part in ("archive", "lake", "releases")}
    sizes = ", ".join(f"{part} {size:,.0f} MiB" for part, size in kept.items())
    (root / "said").write_text(f"Same figures; withheld and not compared: {withheld} cells. Bytes: {sizes}.", "utf-8")


def _kept(data: Path, step: str) -> float:
    """MiB of the Parquet a step has made: of an extract's files, or of a domain's tables."""
    catalog, lake = load_catalog(TREE), Lake(data)
    if step.startswith("raw__"):
        return megabytes(lake.parse(step.removeprefix("raw__"), "").parent)
    return sum(megabytes(lake.version(made.name, "").parent) for made in catalog.tables.values() if made.domain == step)


if __name__ == "__main__":
    main()
