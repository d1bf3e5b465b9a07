"""A whole night over probe records against what one would use instead: bare DuckDB, dbt-duckdb with tests, pandas, Polars.

    python -m tests.bench.load --records 10000000 --rivals pandas,polars,dbt

The same files for all, two years of months; whole processes that take turns; both marts equal cell by cell, or the benchmark fails.
Ours is `ventetal run`: files archived, every record judged and accounted for, tables audited, a release published. Then a night
with one new day (the last month delivered again), a night without anything new, and an empty job of as many steps.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import duckdb

from tests.bench.nights import HERE, Measured, environment, megabytes, nights, process, table
from tests.bench.turns import REFERENCE, ROUNDS

MONTHS = 24
AS_OF = "2016-10-05"
FILE = "svartider_{month}_leveret-{received}-0615.csv"
# Two hundred cells a round, as many seconds apart as the month allows; the last month lacks its last day until it is sent again.
RECORDS = """
    select
        ['Orbit', 'Labka II', 'Blodinfo 2', 'Patologi', 'Web 1000', 'GS', 'WWBakt', 'EPM3', 'Opus notat', 'MAIL/Kalender'][i % 10 + 1]
            as "System",
        case when i // 10 % 2 = 0 then 'login' else 'søgning' end as "Handling",
        case when i // 10 % 2 = 0 then 'Tung' else 'Standard' end as "Klasse",
        ['Amager', 'Bispebjerg', 'Bornholm', 'Frederikssund', 'Gentofte', 'Glostrup', 'Herlev', 'Hillerød', 'Hvidovre', 'Rigshospitalet'][
            i // 20 % 10 + 1
        ] as "Lokation",
        strftime(timestamp '{month}-01 06:00:00' + to_seconds(i // 200 * 2332800 // ({n} // 200 + 1)), '%Y-%m-%dT%H:%M:%SZ')
            as "Start (UTC)",
        hash(i, {seed}) % 3100 + 1 as "Varighed ms",
        case when hash(i, {seed}) % 97 = 0 then 'TIMEOUT' else 'OK' end as "Status",
    from range({n}) as t(i)
    where {is_last} or i < {n} * 26 // 27 or '{month}' <> '2016-08'
"""
COMPARED = {
    "response_time_monthly": "month, system_id, compliance_share, pooled_share, availability_share, compliance_with_maintenance_share,"
    " attempts, timeouts, maintenance_attempts, cells_present, sla_target, target_met",
    "response_time_location_monthly": "month, system_id, location, compliance_share, attempts, within_limit, timeouts, cells_present",
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=10_000_000)
    asked.add_argument("--rivals", default="pandas,polars,dbt", help="who else runs, besides bare DuckDB; '' for nobody")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--before", type=Path, help="a checkout of an earlier time, to be measured too")
    asked.add_argument("--rival-python", type=Path, help="an environment with requirements-rivals.txt; made anew where not given")
    said = asked.parse_args()
    rivals = ["duckdb", *filter(None, said.rivals.split(","))]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        python = said.rival_python or environment(root / "rivals")
        _write(root / "full", said.records, is_last=False)
        _write(root / "day", said.records, is_last=True)
        took: dict[str, list[Measured]] = {}
        for _ in range(said.rounds):
            for rival in rivals:
                took.setdefault(rival, []).append(_rival(python, rival, root))
            for night, measured in nights(root, AS_OF, lambda data: _look(data, root, rivals), said.before).items():
                took.setdefault(night, []).append(measured)
        table(said.records, root / "full", took, "duckdb")
        print(f"\nBytes of ours: {(root / 'bytes').read_text()}", flush=True)


def _write(landing: Path, records: int, is_last: bool) -> None:
    """All months, or (`is_last`) the last one again with a day more."""
    (landing / "response_times").mkdir(parents=True)
    with duckdb.connect() as con:
        for i in range(MONTHS - 1 if is_last else 0, MONTHS):
            month, after = (f"{2014 + (i + k + 8) // 12}-{(i + k + 8) % 12 + 1:02d}" for k in (0, 1))
            name = FILE.format(month=month, received=after.replace("-", "") + ("04" if is_last else "03"))
            sql = RECORDS.format(month=month, n=records // MONTHS, seed=i, is_last=is_last)
            con.execute(f"copy ({sql}) to '{landing / 'response_times' / name}' (delimiter ';', header)")


def _rival(python: Path, rival: str, root: Path) -> Measured:
    out = root / f"out-{rival}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    landing = root / "full" / "response_times"
    if rival != "dbt":
        return process([str(python), str(HERE / "rivals.py"), rival, str(landing), str(REFERENCE), str(out)], {})
    project = out / "dbt"
    shutil.copytree(HERE / "dbt", project)
    _dbt_models(python, project / "models")
    places = {"LOAD_OUT": str(out), "LOAD_LANDING": str(landing), "DO_NOT_TRACK": "1"}
    return process([str(python.parent / "dbt"), "-q", "build", "--project-dir", str(project), "--profiles-dir", str(project)], places)


def _dbt_models(python: Path, models: Path) -> None:
    """The bare script's own SQL as models, so that the two differ in what dbt and its tests add."""
    from tests.bench import rivals

    (models / "response_time_cell.sql").write_text(
        "{{ config(materialized='table') }}" + rivals.CELL.format(reference=REFERENCE, records="{{ ref('attempt') }}"), "utf-8"
    )
    for mart, sql in rivals.MARTS.items():
        place = "{{ config(materialized='external', location=env_var('LOAD_OUT') ~ '/" + mart + ".parquet') }}"
        (models / f"{mart}.sql").write_text(place + sql.format(reference=REFERENCE, cell="{{ ref('response_time_cell') }}"), "utf-8")


def _look(data: Path, root: Path, rivals: list[str]) -> None:
    for rival in rivals:
        _assert_equal(data / "releases" / "current" / "marts", root / f"out-{rival}", rival)
    sizes = (f"{part} {megabytes(data / part):,.0f} MiB" for part in ("archive", "lake", "releases"))
    (root / "bytes").write_text(", ".join(sizes))


def _assert_equal(ours: Path, theirs: Path, rival: str) -> None:
    for mart, columns in COMPARED.items():
        one, other = (f"select {columns} from '{place / mart}.parquet'" for place in (ours, theirs))
        other = other.replace("month,", "cast(month as date) as month,", 1)
        differing = duckdb.sql(f"(({one}) except ({other})) union all (({other}) except ({one}))").fetchall()
        assert not differing and duckdb.sql(one).fetchall(), f"{mart} by {rival}: {len(differing)} rows differ, like {differing[:2]}"


if __name__ == "__main__":
    main()
