"""What amounts of co-financing come to: parts their whole, factors their change, and beside them what the state says."""

from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.catalog.declared import Catalog
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.releases.database import open_release
from assets.tables.build import Night
from sources.duck import connect, dicts
from sources.parse import Delivery
from sources.settings import PROJECT
from tests.conftest import ventetal
from tests.drawn import Tables, expect
from tests.settled import Year

AREAS = ("SOMATIK_STATIONÆR", "SOMATIK_AMBULANT", "PSYKIATRI_AMBULANT", "ALMEN_LÆGE", "GENOPTRÆNING")
CODES = ("101", "147", "155", "")
Drawn = tuple[Year, int]


@st.composite
def settled(draw: st.DrawFn) -> Year:
    """Two years of a few municipalities: movers, reversals, ages and municipalities that nobody knows, areas of one and of many."""
    seed = draw(st.integers(0, 10**6))
    luck, year = Random(seed), Year(2013, 2014)
    for each in (2013, 2014):
        year.pays("p40", 100, on=f"{each}-01-11", age=40)
    for code in CODES[:-1]:
        for age in (1, 40, 70, 85):
            for each in (2013, 2014):
                year.lives(code, age, luck.randint(1, 60), each)
    for _ in range(draw(st.integers(1, 120))):
        person, kr = luck.randint(0, 40), luck.choice([0.01, 12.34, 100, 999.99, luck.randint(1, 9000)])
        contact = f"K{luck.randint(0, 90):09d}" if luck.random() < 0.3 else ""
        sign = -1 if contact and luck.random() < 0.4 else 1
        each = luck.choice([2013, 2014])
        year.pays(
            f"p{person:02d}", sign * kr, on=f"{each}-{luck.randint(1, 12):02d}-11", code=luck.choice(CODES), area=luck.choice(AREAS),
            age=luck.choice([1, 40, 40, 70, 85, ""]), contact=contact,
        )  # fmt: skip
    return year


def made(catalog: Catalog, scratch: Path, year: Year, *names: str) -> list[list[dict[str, Any]]]:
    with connect(scratch, scratch.parent, PROJECT / "data") as con:
        tables = year.draw(Tables(catalog, con))
        return [tables.run(name) for name in names]


several = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# Each world is computed once, and once more in another order of its rows: every property is asked of all of them.
ASKED = (
    "core.kmf_settlement", "core.kmf_cell", "core.kmf_level", "core.kmf_citizen_year", "core.kmf_group_count", "core.kmf_change_factor",
    "marts.kmf_group", "marts.kmf_group_region",
)  # fmt: skip
FACTORS = ("population", "age", "volume", "base_effect", "rate")
Rows = list[dict[str, Any]]


@settings(several, max_examples=16)
@given(year=settled(), random=st.randoms(use_true_random=False))
def test_whatever_was_settled_parts_come_to_their_whole_and_factors_to_the_change(
    catalog: Catalog, tmp_path: Path, year: Year, random: Random
) -> None:
    contacts, cells, levels, citizens, counts, changes, groups, region = first = made(catalog, tmp_path / "scratch", year, *ASKED)
    areas_bands_and_municipalities_come_to_what_was_settled(contacts, cells, levels, citizens)
    a_part_is_no_more_than_its_whole_and_a_share_lies_between_nought_and_one(counts, groups, region)
    the_factors_come_to_the_change_to_the_oere(changes, cells)
    random.shuffle(year.settled)
    random.shuffle(year.living)
    again = made(catalog, tmp_path / "scratch", year, *ASKED)
    assert [sorted(map(str, rows)) for rows in again] == [sorted(map(str, rows)) for rows in first], "the order of rows changes nothing"


def areas_bands_and_municipalities_come_to_what_was_settled(contacts: Rows, cells: Rows, levels: Rows, citizens: Rows) -> None:
    for each in {row["year"] for row in citizens}:
        net = sum(r["amount_oere"] for r in contacts if (r["year"], r["municipality_code"] != "UNMAPPED") == (each, True))
        of_year = [r for r in levels if r["year"] == each]
        assert sum(r["amount_oere"] for r in cells if r["year"] == each) == net
        for is_total in (True, False):
            for is_all in (True, False):
                some = [r for r in of_year if (r["is_total"], r["age_band"] == "ALL") == (is_total, is_all)]
                assert sum(r["amount_oere"] for r in some) == net
                assert sum(r["citizens"] for r in some) == sum(r["is_user"] for r in citizens if r["year"] == each)


def a_part_is_no_more_than_its_whole_and_a_share_lies_between_nought_and_one(counts: Rows, groups: Rows, region: Rows) -> None:
    for row in counts:
        assert 0 <= row["citizens"] <= row["of_citizens"], row
        assert row["events"] is None or 0 <= row["events"] <= row["of_events"], row
        if row["citizen_group"].startswith(("TOP", "STILL", "CARE")):
            assert 0 <= row["amount_oere"] <= row["of_amount_oere"], row
    for row in (*groups, *region):
        if row["citizen_group"].startswith(("TOP", "STILL", "CARE_TOP", "CHRONIC", "MULTI", "SUBSTANCE")):
            assert row["amount_share"] is None or 0 <= row["amount_share"] <= 1, row


def the_factors_come_to_the_change_to_the_oere(rows: Rows, cells: Rows) -> None:
    """For every municipality and the region."""
    amounts: dict[tuple[date, str], int] = {}
    for cell in cells:
        place = (cell["year"], cell["municipality_code"])
        amounts[place] = amounts.get(place, 0) + cell["amount_oere"]
    for row in rows:
        for suffix in ("", "_reversed"):
            assert sum(row[f"{n}{suffix}_oere"] for n in FACTORS) == row["change_oere"] == row["amount_oere"] - row["amount_before_oere"]
        if not row["is_total"]:
            code, each = row["municipality_code"], row["year"]
            assert (row["amount_before_oere"], row["amount_oere"]) == (amounts[each.replace(year=2013), code], amounts[each, code])
    for total in (r for r in rows if r["is_total"]):
        for name in (*(f"{n}_oere" for n in FACTORS), *(f"{n}_reversed_oere" for n in FACTORS), "change_oere", "contacts"):
            assert total[name] == sum(r[name] for r in rows if not r["is_total"])


@several
@given(year=settled())
def test_weighted_by_what_was_to_be_expected_the_index_of_the_region_is_one(catalog: Catalog, tmp_path: Path, year: Year) -> None:
    for code in CODES[:-1]:
        for age in (1, 40, 70, 85):
            for each in (2013, 2014):
                year.pays(f"{code}-{age}", 500, on=f"{each}-05-05", code=code, age=age)
    [rows] = made(catalog, tmp_path / "scratch", year, "marts.kmf_municipality")
    for each in (2013, 2014):
        of_year = [r for r in rows if r["year"].year == each]
        expected = sum(r["expected_amount_oere"] for r in of_year)
        assert sum(r["age_index"] * r["expected_amount_oere"] for r in of_year) == pytest.approx(expected, abs=len(of_year))


def month_totals(rows: dict[str, float], year: int = 2014) -> str:
    """The state's totals of each month: (municipality) -> thousand kroner a month."""
    return "payer_code | period_type | period_start | area | age_group | amount_thousand_kr\n" + "\n".join(
        f"{code} | month | {year}-{month:02d}-01 | ALMEN_LÆGE | 3-64 | {amount}" for code, amount in rows.items() for month in range(1, 13)
    )


@pytest.mark.parametrize(("thousand", "months_named"), [(1.0, 0), (1.005, 0), (0.996, 0), (1.006, 12), (0.995, 12)])
def test_settlements_further_than_half_a_percent_from_the_states_total_of_a_month_are_named(
    tables: Tables, thousand: float, months_named: int
) -> None:
    year = Year()
    for month in range(1, 13):
        year.pays("p1", 1000, on=f"2014-{month:02d}-11")
    year.draw(tables)
    tables.given("raw.kmf_totals", month_totals({"101": thousand}))
    [check] = [q for q in tables.catalog.tables["core.kmf_level"].contract.object.quality if q.id == "control_totals_agree"]
    assert check.query
    tables.run("core.kmf_level")
    tables.prepare(tables.catalog.tables["marts.kmf_region"])
    for name in ("reference.target", "raw.kmf_totals", "core.kmf_settlement"):
        if name not in tables.given_names:
            tables._provide(name)
    assert tables.con.execute(check.query.replace("{object}", "core.kmf_level")).fetchone() == (months_named,)
    [row] = [r for r in tables.run("marts.kmf_region") if r["year"].year == 2014]
    assert row["control_deviation_share"] == pytest.approx(abs(1 - 1 / thousand), abs=1e-6)


def test_a_year_of_which_a_month_never_came_is_what_the_state_says_and_its_index_is_of_what_came(tables: Tables) -> None:
    """Eleven months were delivered: what they came to is compared with rates of eleven months, or with none."""
    year = Year(2014, 2014)
    for code in ("101", "147"):
        for age in (1, 40, 70, 85):
            year.lives(code, age, 10)
            for month in range(1, 12):
                year.pays(f"{code}-{age}", 10, on=f"2014-{month:02d}-11", code=code, age=age)
    year.draw(tables)
    months = "generate_series(date '2014-01-01', date '2014-12-01', interval 1 month)"
    tables.con.execute("create schema if not exists coverage")
    tables.con.execute(f"""
        create or replace view coverage.kmf_settlements as
        select
            cast(m as date) as month, m < '2014-12-01' as is_delivered, false as is_final,
            timestamp '2015-03-01' as known_until, '' as lacks
        from (select unnest({months}) as m)""")
    tables.given("raw.kmf_totals", month_totals({"101": 0.04, "147": 0.04}))
    rows = tables.run("marts.kmf_municipality")
    assert [(r["amount_oere"], r["qf"], r["control_deviation_share"]) for r in rows] == [(48_000, "ep", 0)] * 2
    assert {r["age_index"] for r in rows} <= {None, 1}


def test_a_band_in_which_nobody_lives_has_no_amount_per_resident_and_spoils_nothing(tables: Tables) -> None:
    year = Year(2014, 2014)
    year.lives("101", 40, 100)
    year.pays("p1", 10)
    year.draw(tables)
    assert tables.run("marts.kmf_age_band") == expect("""
        age_band | residents | amount_per_resident_kr
        0-2      | 0         |
        3-64     | 100       | 0.1
        65-79    | 0         |
        80+      | 0         |
    """)
    assert tables.run("marts.kmf_municipality") == expect("amount_per_resident_kr | age_index\n0.1 | 1")


# Thousands of kroner: what the state said of each region in 2017, 2019 and 2020, and of 2019 in an earlier decree.
REGIONS = ("1081", "1082", "1083", "1084", "1085")
OF_2017 = ("1.841.488", "4.266.560", "4.312.904", "6.504.300", "3.142.948")
OF_2019 = ("2.178.431", "4.646.631", "5.119.010", "6.996.699", "3.497.129")
OF_2020 = ("2.234.362", "4.763.299", "5.254.828", "7.185.803", "3.578.308")
SUMS = {2017: 20_068_200, 2019: 22_437_900, 2020: 23_016_600}
EARLIER_SUM_OF_2019 = 22_432_100


def deliver(data: Path, name: str, rows: list[str]) -> None:
    folder = data / "landing" / "kmf_totals"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes("\r\n".join([*rows, ""]).encode("cp1252"))


def released(data: Path, sql: str) -> list[dict[str, Any]]:
    done = ventetal(data, "run", VENTETAL_AS_OF="2021-06-01")
    assert done.returncode in (0, 1), done.stderr
    release = Lake(data).current_release
    assert release is not None, done.stdout
    with open_release(release) as con:
        return dicts(con, sql)


def test_the_states_totals_of_the_regions_are_read_and_of_two_of_one_year_the_later_counts(own_region: Path) -> None:
    header = "Region;År;Beløb (1.000 kr.)"
    # The earlier decree had 5.8 million less in all; here the last region's.
    earlier = [*OF_2019[:-1], "3.491.329"]
    for label, sent, amounts in (
        ("2017-12", "20180320", OF_2017), ("2019-12", "20190703", earlier), ("2019-12", "20200415", OF_2019),
        ("2020-12", "20210320", OF_2020),
    ):  # fmt: skip
        rows = [f"{region};{label[:4]};{amount}" for region, amount in zip(REGIONS, amounts, strict=True)]
        deliver(own_region, f"kmf_regioner_{label}_leveret-{sent}-0600.csv", [header, *rows])
    assert sum(int(a.replace(".", "")) for a in earlier) == EARLIER_SUM_OF_2019
    rows = released(own_region, "select * from marts.kmf_region_total where year >= date '2017-01-01' order by year, region_code")
    told: dict[int, dict[str, Any]] = {}
    for row in rows:
        told.setdefault(row["year"].year, {})[row["region_code"]] = row
    assert {year: sum(r["amount_thousand_kr"] for r in of.values()) for year, of in told.items()} == SUMS
    for year, amounts in ((2017, OF_2017), (2019, OF_2019), (2020, OF_2020)):
        assert [int(told[year][region]["amount_thousand_kr"]) for region in REGIONS] == [int(a.replace(".", "")) for a in amounts]
        assert sum(r["of_all_regions_share"] for r in told[year].values()) == pytest.approx(1)
    assert {year: {r["is_frozen"] for r in of.values()} for year, of in told.items()} == {2017: {False}, 2019: {True}, 2020: {False}}


# Millions of kroner (2018): what Furesø paid for somatic care, psychiatry and practice, and in all.
FURESOE = {
    2014: (123.8, 6.0, 14.9, 144.7), 2015: (119.8, 7.2, 15.9, 143.0), 2016: (113.2, 7.4, 16.1, 136.8), 2017: (118.7, 5.3, 16.2, 140.2),
    2018: (153.2, 4.4, 15.4, 172.9),
}  # fmt: skip


def test_the_parts_of_what_furesoe_paid_come_to_its_total(catalog: Catalog, tables: Tables, tmp_path: Path) -> None:
    """Delivered in twelfths by area, read from the files, and told beside what was settled."""
    rows: list[dict[str, Any]] = []
    header = "Kommune;Måned;Område;Aldersgruppe;Antal;Beløb (1.000 kr.)"
    year = Year(2014, 2018)
    for each, (*parts, _) in FURESOE.items():
        lines = [
            f"190;{each}-{month:02d};{area};3-64;1;{danish(1000 * millions / 12)}"
            for month in range(1, 13)
            for area, millions in zip(("SOMATIK_STATIONÆR", "PSYKIATRI_STATIONÆR", "ALMEN_LÆGE"), parts, strict=True)
        ]
        deliver(tmp_path, f"kmf_totaler_{each}-12_leveret-{each + 1}0320-0600.csv", [header, *lines])
        year.pays("p1", 100, on=f"{each}-03-10", code="190")
        year.lives("190", 40, 100, each)
    for file in sorted((tmp_path / "landing" / "kmf_totals").iterdir()):
        with connect(tmp_path / "reading") as con:
            reading = Delivery(file, catalog.extracts["kmf_totals"]).parse(con, tmp_path / "rows.parquet")
            assert (reading.accepted, reading.quarantined) == (36, 0)
            rows += dicts(con, f"select * from read_parquet('{tmp_path / 'rows.parquet'}')")
    year.draw(tables)
    columns = ("payer_code", "period_type", "period_start", "area", "age_group", "amount_thousand_kr")
    drawn = [" | ".join(columns), *(" | ".join(str(row[name]) for name in columns) for row in rows)]
    assert len(rows) == 12 * 3 * len(FURESOE)
    tables.given("raw.kmf_totals", "\n".join(drawn))
    told = {
        r["year"].year: r["control_amount_oere"] / 1e8 for r in tables.run("core.kmf_level") if r["age_band"] == "ALL" and r["is_total"]
    }
    assert told == {each: pytest.approx(total, abs=0.1001) for each, (*_, total) in FURESOE.items()}


def danish(number: float) -> str:
    """Thousands of kroner, to the krone."""
    return f"{number:,.3f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def test_a_region_that_settles_none_publishes_the_domain_without_rows(catalog: Catalog, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data")
    with writing(lake, "a test", datetime(2015, 6, 1)):
        night = Night(lake, catalog, datetime(2015, 6, 1))
        for extract in catalog.extracts_of("kmf"):
            night.ingest(extract)
        night.make("reference")
        state = night.make("kmf")
    assert not state.is_held, state.why
    assert {a.table for a in state.attempts} >= {"marts.kmf_indicator", "marts.kmf_change"}
