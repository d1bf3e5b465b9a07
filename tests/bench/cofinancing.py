"""What the figures of municipal co-financing cost against a bare DuckDB script that computes them from the same files.

    python -m tests.bench.cofinancing --settlements 2000000

Two years of 1.8 million residents in 29 municipalities. Two million settlements are those of the hospitals alone, twenty million those
with general practice. The script knows persons by their plain number, nets no reversal, merges no small cell and withholds nothing; ours
is the nightly run's own steps over landing. Whole processes take turns; both end with the same figures in every cell that is published.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.turns import REFERENCE, Found, bare, nightly, report, rows, turn

MODULE = "tests.bench.cofinancing"
RESIDENTS = 1_800_000
MONTHS = 24
CODES = [
    101,
    147,
    151,
    153,
    155,
    157,
    159,
    161,
    163,
    165,
    167,
    169,
    173,
    175,
    183,
    185,
    187,
    190,
    201,
    210,
    217,
    219,
    223,
    230,
    240,
    250,
    260,
    270,
    400,
]
HOSPITALS = ["SOMATIK_STATIONÆR", "SOMATIK_AMBULANT", "PSYKIATRI_STATIONÆR", "PSYKIATRI_AMBULANT"]
PRACTICE = ["ALMEN_LÆGE", "SPECIALLÆGE", "ØVRIG_PRAKSIS", "GENOPTRÆNING"]
CSV = "delimiter ';', header, dateformat '%d-%m-%Y'"
# A resident by number: a number that is a date, a municipality, an age.
PERSON = "printf('%02d%02d%02d%04d', p % 28 + 1, p // 28 % 12 + 1, p // 336 % 100, p // 33600 % 4000)"
PLACE = f"{CODES}[cast(hash(p, 1) % 29 + 1 as int)]"
AGE = "cast(hash(p, 2) % 100 as int)"

SETTLED = f"""
    select
        printf('S%09d', {{month}} * {{n}} + i) as "Afregning",
        {PERSON} as "CPR",
        {PLACE} as "Kommunekode",
        cast(date '2013-01-01' + interval ({{month}}) month + interval (i % 28) day as date) as "Ydelsesdato",
        {HOSPITALS + PRACTICE}[cast(hash(i, 3) % {{areas}} + 1 as int)] as "Område",
        {AGE} as "Alder",
        printf('K%09d', {{month}} * {{n}} + i) as "Kontakt",
        printf('%d,%02d', base // 100, base % 100) as "Takstgrundlag",
        printf('%d,%02d', base // 500, base // 5 % 100) as "Medfinansiering",
        printf('D%s%02d', ['J', 'I', 'F', 'S'][cast(hash(i, 4) % 4 + 1 as int)], cast(hash(i, 5) % 99 as int)) as "Aktionsdiagnose",
        null as "Indmåde", null as "Ind", null as "Ud",
    from (
        select i, cast(hash(i, {{month}}) % {RESIDENTS} as bigint) as p, 5 * cast(2000 + hash(i, 6) % 400000 as bigint) as base
        from range({{n}}) as t(i)
    )"""
COUNTED = f"""
    select {PLACE} as "Kommunekode", {AGE} as "Alder", ['M', 'K'][p % 2 + 1] as "Køn", count(*) + {{year}} - 2012 as "Antal"
    from range({RESIDENTS}) as t(p) group by all"""

TYPES = "{{'CPR': 'varchar', 'Kommunekode': 'varchar', 'Takstgrundlag': 'decimal(14,2)', 'Medfinansiering': 'decimal(14,2)'}}"
BAND = "case when {age} < 3 then '0-2' when {age} < 65 then '3-64' when {age} < 80 then '65-79' else '80+' end as band"
SCRIPT = {
    "settlement": f"""
        select
            "CPR" as person,
            "Kommunekode" as code,
            date_trunc('year', "Ydelsesdato") as year,
            "Område" as area,
            "Alder" as age,
            cast(100 * "Takstgrundlag" as bigint) as base,
            cast(100 * "Medfinansiering" as bigint) as amount,
        from read_csv('{{data}}/landing/kmf_settlements/*.csv',
            delim = ';', dateformat = '%d-%m-%Y', encoding = 'utf-8', decimal_separator = ',', types = {TYPES})""",
    "resident": f"""
        select
            cast(regexp_extract(filename, '(\\d{{{{4}}}})-01-01', 1) || '-01-01' as date) as year,
            "Kommunekode" as code,
            {BAND.format(age='"Alder"')},
            sum("Antal") as residents,
        from read_csv('{{data}}/landing/kmf_population/*.csv', delim = ';', filename = true, types = {{{{'Kommunekode': 'varchar'}}}})
        group by all""",
    "citizen": f"""
        select
            year,
            code,
            person,
            {BAND.format(age="min(age)")},
            sum(amount) as amount,
            row_number() over (partition by year, code order by sum(amount) desc, person) as place,
        from settlement
        group by year, code, person""",
    "municipality": """
        select year, code, sum(residents) as residents, any_value(citizens) as citizens, any_value(amount) as amount
        from resident
        join (select year, code, count(*) as citizens, sum(amount) as amount from citizen group by all) using (year, code)
        group by all""",
    "top": """
        select year, code, count(*) as citizens, sum(amount) as amount
        from citizen
        join (select year, code, count(*) as n from citizen group by all) using (year, code)
        where place <= ceil(0.1 * n)
        group by all""",
    "cell": """
        select
            year,
            code,
            band,
            area,
            any_value(residents) as residents,
            count(*) as contacts,
            sum(base) as base,
            sum(settlement.amount) as amount,
        from settlement
        join citizen using (year, code, person)
        join resident using (year, code, band)
        group by all""",
    "change": """
        with whole as (select year, code, sum(residents) as residents from resident group by all)
        select
            new.code,
            sum(old.amount) as amount_before,
            sum(new.amount) as amount,
            round(sum(old.amount * new_whole.residents / old_whole.residents)) - sum(old.amount) as population,
            round(sum(new.base * (old.amount / old.base))) - round(sum(new.contacts * (old.amount / old.contacts))) as base,
        from cell as new
        join cell as old on old.year = new.year - interval 1 year and (old.code, old.band, old.area) = (new.code, new.band, new.area)
        join whole as new_whole on (new_whole.year, new_whole.code) = (new.year, new.code)
        join whole as old_whole on (old_whole.year, old_whole.code) = (old.year, old.code)
        group by all""",
}
STAGE = {
    "settlement": "read kmf_settlements", "resident": "read kmf_population", "citizen": "core.kmf_citizen_year",
    "municipality": "marts.kmf_municipality", "top": "marts.kmf_group", "cell": "core.kmf_cell", "change": "marts.kmf_change",
}  # fmt: skip
FIGURES = {
    "municipality": ("select cast(year as date), code, cast(residents as bigint), citizens, cast(amount as bigint) from municipality",
                     "select year, municipality_code, residents, citizens, amount_oere from marts.kmf_municipality"),
    "top": ("select cast(year as date), code, citizens, cast(amount as bigint) from top",
            "select year, municipality_code, citizens, amount_oere from marts.kmf_group where citizen_group = 'TOP'"),
    "change": ("select code, cast(columns(* exclude (code)) as bigint) from change",
               "select municipality_code, amount_before_oere, amount_oere, population_oere, base_effect_oere from marts.kmf_change"),
}  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--settlements", type=int, default=2_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--one", choices=["script", "ventetal"], help=argparse.SUPPRESS)
    asked.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.one:
        print(json.dumps(script(said.data) if said.one == "script" else nightly(said.data, ("kmf",), figures)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write(data / "landing", said.settlements)
        turns = [(turn(MODULE, "script", data), turn(MODULE, "ventetal", data)) for _ in range(said.rounds)]
        for theirs, ours in turns:
            for name in FIGURES:
                assert theirs["figures"][name] == ours["figures"][name], name
        report(f"{said.settlements:,} settlements, {RESIDENTS:,} residents", turns)
        print(f"Equal in every cell; splits shown of 29 municipalities: {len(turns[0][1]['figures']['change'])}.")


def write(landing: Path, settlements: int) -> None:
    """Invented settlements of 24 months, and the residents of the two years; up to two million they are of hospitals alone."""
    each = settlements // MONTHS
    with duckdb.connect() as con:
        for extract in ("kmf_settlements", "kmf_population"):
            (landing / extract).mkdir(parents=True)
        for month in range(MONTHS):
            label = f"{2013 + month // 12}-{month % 12 + 1:02d}"
            query = SETTLED.format(month=month, n=each, areas=4 if settlements <= 2_000_000 else 8)
            con.execute(f"copy ({query}) to '{landing}/kmf_settlements/kmf_afregning_{label}_leveret-20150701-0600.csv' ({CSV})")
        for year in (2013, 2014):
            target = landing / "kmf_population" / f"befolkning_{year}-01-01_leveret-{year}0301-0600.csv"
            con.execute(f"copy ({COUNTED.format(year=year)}) to '{target}' ({CSV})")


def script(data: Path) -> Found:
    """The same figures with nothing around them."""
    stages = [(STAGE[table], table, sql.format(data=data, reference=REFERENCE)) for table, sql in SCRIPT.items()]
    return bare(stages, lambda con: {name: sorted(rows(con, theirs), key=str) for name, (theirs, _) in FIGURES.items()})


def figures(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    found = {name: sorted(rows(con, ours), key=str) for name, (_, ours) in FIGURES.items()}
    return found | {"change": [r for r in found["change"] if r[3] is not None]}


if __name__ == "__main__":
    main()
