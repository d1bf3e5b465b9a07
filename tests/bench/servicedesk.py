"""What the service desk's figures cost against a bare DuckDB script that computes them from the same files and promises nothing.

    python -m tests.bench.servicedesk --calls 2000000 --cases 500000

The script reads the files with `read_csv`, computes the same core and mart tables and writes them to Parquet; it counts no
refused record, keeps no version, audits nothing. Ours is the nightly run's own steps over landing. Whole processes take turns;
the ratio is the median of the turns. Both end with the same figures, or the benchmark fails.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.turns import REFERENCE, ROUNDS, bare, nightly, report, rows, turn

MODULE = "tests.bench.servicedesk"
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
    "calls": "read servicedesk_calls", "cases": "read servicedesk_cases", "call": "core.servicedesk_call", "case_": "core.servicedesk_case",
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
        print(json.dumps(_script(said.data) if said.one == "script" else nightly(said.data, ("servicedesk",), published)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        _write(data / "landing", said.calls, said.cases)
        turns = [(turn(MODULE, "script", data), turn(MODULE, "ventetal", data)) for _ in range(ROUNDS)]
        assert all(script["figures"] == ours["figures"] for script, ours in turns), "the two do not say the same"
        report(f"{said.calls:,} visits, {said.cases:,} cases", turns)


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


def _script(data: Path) -> dict[str, Any]:
    """The same figures with nothing around them."""
    stages = [(STAGE[table], table, sql.format(data=data, reference=REFERENCE, sums=SUMS)) for table, sql in SCRIPT.items()]
    return bare(stages, lambda con: figures(con, "calls_monthly", "cases_monthly"))


def published(con: duckdb.DuckDBPyConnection) -> list[list[list[str | None]]]:
    calls = (
        "(select month, desk, offered, answered, flowed_out, coalesce(answered_in_time, 0) as in_time,"
        " cast(round(mean_wait_answered_seconds * answered) as bigint) as wait_seconds from marts.servicedesk_calls_monthly)"
    )
    cases = (
        "(select month, desk, incoming, resolved, closed, within_sla_base as base, within_sla as within"
        " from marts.servicedesk_cases_monthly)"
    )
    return figures(con, calls, cases)


def figures(con: duckdb.DuckDBPyConnection, calls: str, cases: str) -> list[list[list[str | None]]]:
    """Both marts as text, so that equal figures are equal."""
    return [
        rows(con, f"select month, desk, offered, answered, flowed_out, wait_seconds, in_time from {calls} order by all"),
        rows(con, f"select month, desk, incoming, resolved, closed, base, within from {cases} order by all"),
    ]


if __name__ == "__main__":
    main()
