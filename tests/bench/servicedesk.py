"""What the service desk's figures cost against a bare DuckDB script that computes them from the same files and promises nothing.

    python -m tests.bench.servicedesk --calls 2000000 --cases 500000

The script reads the files with `read_csv`, computes the same core and mart tables and writes them to Parquet; it counts no
refused record, keeps no version, audits nothing. Ours is the nightly run's own steps over landing. Whole processes take turns;
the ratio is the median of the turns. Both end with the same figures, or the benchmark fails.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.catalog import Catalog, Table, load_catalog
from assets.compute import Version
from assets.lake import Lake
from assets.night import Night
from sources.duck import connect

PROJECT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2016, 1, 1)
ROUNDS = 3
MONTHS = 12
CALLS = """
    select
        {month} * {n} + i as "Opkald",
        1 as "Besøg",
        case when i % 4 = 0 then 'Klinisk Servicedesk' else 'CIMT Servicedesk' end as "Kø",
        offered as "Tilbudt (UTC)",
        case when hash(i) % 10 > 0 then offered + to_seconds(wait) end as "Besvaret (UTC)",
        offered + to_seconds(wait + 200) as "Afsluttet (UTC)",
        wait as "Ventetid (sek.)",
        case when hash(i) % 10 > 0 then 'Besvaret' when hash(i) % 20 = 0 then 'Afbrudt' else 'Viderestillet' end as "Udfald"
    from (
        select
            i,
            timestamp '2014-08-01' + interval ({month}) month + interval (i * 2400000 // {n}) second as offered,
            cast(hash(i, {month}) % 100 * (hash(i) % 5) as bigint) as wait,
        from range({n}) as t(i)
    )
"""
CASES = """
    select
        'INC' || ({month} * {n} + i) as "Sagsnr.",
        resolved + interval 7 day as "Opdateret",
        3 as "Version",
        case when i % 4 = 0 then 'Klinisk Servicedesk' else 'CIMT Servicedesk' end as "Servicedesk",
        'Hændelse' as "Type",
        case when hash(i, 4) % 10 = 0 then 'Selvbetjening' else 'Telefon' end as "Kanal",
        ['Kritisk', 'Høj', 'Medium', 'Normal', 'Normal', 'Normal'][cast(1 + hash(i, 1) % 6 as bigint)] as "Kritikalitet",
        opened as "Oprettet",
        resolved as "Løst",
        resolved + interval 7 day as "Lukket",
        null as "Genåbnet",
        0 as "Genåbninger",
        hash(i, 2) % 3 as "Viderestillinger",
        case when is_solved then 'ja' else 'nej' end as "Straksafklaret",
        null as "Pause (sek.)",
        null as "Leverandør"
    from (
        select *, opened + to_seconds(case when is_solved then 60 + spread % 1200 else spread end) as resolved
        from (
            select
                i,
                hash(i) % 10 > 2 as is_solved,
                timestamp '2014-08-01' + interval ({month}) month + interval (i * 2400000 // {n}) second as opened,
                cast(hash(i, 3) % 1300000 as bigint) as spread,
            from range({n}) as t(i)
        )
    )
"""
STAGE = {
    "calls": "read calls", "cases": "read cases", "call": "core.servicedesk_call", "case_": "core.servicedesk_case",
    "calls_monthly": "marts.servicedesk_calls_monthly", "cases_monthly": "marts.servicedesk_cases_monthly",
}  # fmt: skip
SCRIPT = {
    "calls": """
        select
            * replace (case when "Kø" like 'Klinisk%' then 'KLINISK' else 'CIMT' end as "Kø"),
            timezone('Europe/Copenhagen', timezone('UTC', "Tilbudt (UTC)")) as offered_at,
        from read_csv('{data}/landing/servicedesk_calls/*.csv', delim = ';')""",
    "cases": """
        select
            * replace (
                case when "Servicedesk" like 'Klinisk%' then 'KLINISK' else 'CIMT' end as "Servicedesk",
                upper("Kritikalitet") as "Kritikalitet"
            )
        from read_csv('{data}/landing/servicedesk_cases/*.csv', delim = ';', timestampformat = '%d-%m-%Y %H:%M:%S')""",
    "call": """
        select
            "Kø" as desk,
            "Opkald" as call_id,
            min(offered_at) as offered_at,
            bool_or("Udfald" = 'Besvaret') as is_answered,
            arg_max("Udfald", "Besøg") as outcome,
            max("Ventetid (sek.)") as wait_seconds,
        from calls
        group by all""",
    "case_": """
        with day as (from read_csv('{reference}/calendar.csv')),
        known as (select *, map {{'HØJ': 3, 'MEDIUM': 5, 'NORMAL': 10}}["Kritikalitet"] as days from cases)
        select
            known."Servicedesk" as desk,
            "Oprettet" as opened_at,
            "Løst" as resolved_at,
            "Lukket" as closed_at,
            "Straksafklaret" = 'ja' and "Kanal" = 'Telefon' as is_solved,
            due.calendar_date
                + case when opened.is_hverdag then "Oprettet" - date_trunc('day', "Oprettet") else interval 0 second end as due_at,
        from known
        join day as opened on opened.calendar_date = cast("Oprettet" as date)
        left join day as due
            on due.is_hverdag and due.hverdag_number = opened.hverdag_number + cast(not opened.is_hverdag as integer) + days""",
    "calls_monthly": """
        select
            cast(date_trunc('month', offered_at) as date) as month,
            call.desk,
            count(*) as offered,
            count(*) filter (is_answered) as answered,
            count(*) filter (not is_answered and outcome = 'Viderestillet') as flowed_out,
            cast(sum(wait_seconds) filter (is_answered) as bigint) as wait_seconds,
            count(*) filter (is_answered and wait_seconds <= 300 and call.desk = 'CIMT') as in_time,
            quantile_disc(wait_seconds, [0.5, 0.9]) filter (is_answered) as waits,
        from call
        left join read_csv('{reference}/calendar.csv') as day on day.calendar_date = cast(offered_at as date)
        where call.desk = 'CIMT'
            or day.is_hverdag and hour(offered_at) >= 8 and hour(offered_at) < case when day.weekday = 5 then 15 else 16 end
        group by all""",
    "cases_monthly": """
        with event as (
            select cast(date_trunc('month', opened_at) as date) as month, desk, 1 as incoming, 0 as resolved, 0 as closed, 0 as base,
                0 as within
            from case_
            union all
            select cast(date_trunc('month', resolved_at) as date), desk, 0, 1, 0, cast(not is_solved and due_at is not null as integer),
                cast(not is_solved and coalesce(resolved_at <= due_at, false) as integer)
            from case_
            union all
            select cast(date_trunc('month', closed_at) as date), desk, 0, 0, 1, 0, 0 from case_
        )
        select month, desk, {sums} from event group by all""",
}  # fmt: skip
SUMS = ", ".join(f"cast(sum({count}) as bigint) as {count}" for count in ("incoming", "resolved", "closed", "base", "within"))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--calls", type=int, default=2_000_000)
    asked.add_argument("--cases", type=int, default=500_000)
    asked.add_argument("--one", choices=["script", "ventetal"], help=argparse.SUPPRESS)
    asked.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.one:
        print(json.dumps(_script(said.data) if said.one == "script" else _ours(said.data)))
        return
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        _write(landing, said.calls, said.cases)
        turns = [(_run("script", folder), _run("ventetal", folder)) for _ in range(ROUNDS)]
        assert all(script["figures"] == ours["figures"] for script, ours in turns), "the two do not say the same"
        print(f"{said.calls:,} visits, {said.cases:,} cases; medians of {ROUNDS} turns, whole processes\n")
        print("| stage | seconds | bare script | ratio |\n|---|---|---|---|")
        for stage in turns[0][1]["seconds"]:
            pairs = [(ours["seconds"][stage], script["seconds"].get(stage)) for script, ours in turns]
            ours, floors = statistics.median(p[0] for p in pairs), [p[1] for p in pairs if p[1]]
            bare = f"{statistics.median(floors):.2f}" if floors else "-"
            ratio = f"{statistics.median(a / b for a, b in pairs if b):.2f}" if floors else "-"
            print(f"| {stage} | {ours:.2f} | {bare} | {ratio} |")
        print(f"\nPeak MiB: {max(t[1]['peak'] for t in turns):.0f}, bare script {max(t[0]['peak'] for t in turns):.0f}")


def _write(landing: Path, calls: int, cases: int) -> None:
    for extract in ("servicedesk_calls", "servicedesk_cases"):
        (landing / extract).mkdir(parents=True)
    with duckdb.connect() as con:
        for month in range(MONTHS):
            label = f"{2014 + (month + 7) // 12}-{(month + 7) % 12 + 1:02d}"
            stamp = f"{label}_leveret-{label.replace('-', '')}28-0600.csv"
            target = landing / "servicedesk_calls" / f"opkald_{stamp}"
            con.execute(f"copy ({CALLS.format(month=month, n=calls // MONTHS)}) to '{target}' (delimiter ';', header)")
            target = landing / "servicedesk_cases" / f"sager_{stamp}"
            form = "(delimiter ';', header, timestampformat '%d-%m-%Y %H:%M:%S')"
            con.execute(f"copy ({CASES.format(month=month, n=cases // MONTHS)}) to '{target}' {form}")


def _run(what: str, folder: str) -> dict[str, dict[str, float]]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.servicedesk", "--one", what, "--data", folder]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    found["seconds"]["whole process"] = time.perf_counter() - began
    return found


def _figures(con: duckdb.DuckDBPyConnection, calls: str, cases: str) -> list[list[str]]:
    """Both marts as text, so that equal figures are equal."""
    asked = (
        f"select month, desk, offered, answered, flowed_out, wait_seconds, in_time from {calls} order by all",
        f"select month, desk, incoming, resolved, closed, base, within from {cases} order by all",
    )
    return [[str(row) for row in con.execute(sql).fetchall()] for sql in asked]


def _script(data: Path) -> dict[str, object]:
    """The same figures with nothing around them."""
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder)) as con:
        stages, clock = {}, time.perf_counter()
        for table, sql in SCRIPT.items():
            query = sql.format(data=data, reference=PROJECT / "data" / "reference", sums=SUMS)
            con.execute(f"copy ({query}) to '{folder}/{table}.parquet'")
            con.execute(f"create view {table} as from '{folder}/{table}.parquet'")
            stages[STAGE[table]] = stages.get(STAGE[table], 0) + time.perf_counter() - clock
            clock = time.perf_counter()
        return {"seconds": stages, "figures": _figures(con, "calls_monthly", "cases_monthly"), "peak": _peak()}


def _ours(data: Path) -> dict[str, object]:
    """The nightly steps of the domain over a lake of its own, the landing files copied in."""
    catalog = load_catalog(PROJECT)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        lake = Lake(Path(folder))
        for file in (data / "landing").glob("*/*.csv"):
            target = Path(folder) / "landing" / file.parent.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(file)
        stages: dict[str, float] = {}
        with lake.writer("a benchmark", datetime.now()):
            night = _TimedNight(lake, catalog, AS_OF, stages)
            for extract in catalog.extracts_of("servicedesk"):
                night.timed({"servicedesk_calls": "read calls", "servicedesk_cases": "read cases"}.get(extract, ""), night.ingest, extract)
            night.timed("reference tables", night.make_reference)
            state = night.make_domain("servicedesk")
            assert not state.is_held, state.why
            con = night.connect_to({name: key for name, key in state.tables.items() if name.startswith("marts.")})
        calls = (
            "(select month, desk, offered, answered, flowed_out, coalesce(answered_in_time, 0) as in_time,"
            " cast(round(mean_wait_answered_seconds * answered) as bigint) as wait_seconds from marts.servicedesk_calls_monthly)"
        )
        cases = (
            "(select month, desk, incoming, resolved, closed, within_sla_base as base, within_sla as within"
            " from marts.servicedesk_cases_monthly where is_total)"
        )
        return {"seconds": {k: v for k, v in stages.items() if k}, "figures": _figures(con, calls, cases), "peak": _peak()}


class _TimedNight(Night):
    """A night that knows how long each of its steps took."""

    def __init__(self, lake: Lake, catalog: Catalog, now: datetime, stages: dict[str, float]) -> None:
        super().__init__(lake, catalog, now)
        self.stages = stages

    def timed(self, stage: str, step: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        found = step(*arguments)
        self.stages[stage] = self.stages.get(stage, 0) + time.perf_counter() - began
        return found

    def _compute(self, table: Table, key: str, available: dict[str, str]) -> Version:
        version: Version = self.timed(table.name, super()._compute, table, key, available)
        return version


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
