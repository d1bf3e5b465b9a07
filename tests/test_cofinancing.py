"""Municipal co-financing: what a contact cost in the end, who is dear, who comes back, and why a municipality pays more than before."""

from datetime import date
from typing import Any

import pytest

from tests.drawn import Tables, expect
from tests.settled import Year, users


def group(tables: Tables, name: str, code: str = "101", year: int = 2014) -> Any:
    """What is counted of a group, or None."""
    for row in tables.run("core.kmf_group_count"):
        if (row["citizen_group"], row["municipality_code"], row["year"]) == (name, code, date(year, 1, 1)):
            return row
    return None


TEN = [10_000, 4_000, 3_000, 1_500, 500, 500, 200, 150, 100, 50]


def test_the_dearest_of_ten_users_pays_half(tables: Tables) -> None:
    """Fifteen residents beside them cost nothing: a tenth of all who live there are three."""
    year = users(TEN)
    year.lives("101", 40, 25)
    year.draw(tables)
    top, of_population = group(tables, "TOP"), group(tables, "TOP_OF_POPULATION")
    assert (top["of_citizens"], top["citizens"], top["of_amount_oere"], top["amount_oere"]) == (10, 1, 2_000_000, 1_000_000)
    assert (of_population["citizens"], of_population["amount_oere"]) == (3, 1_700_000)


@pytest.mark.parametrize(("count", "dearest"), [(1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (30, 3)])
def test_a_tenth_is_rounded_up(tables: Tables, count: int, dearest: int) -> None:
    users([100.0 + n for n in range(count)]).draw(tables)
    assert group(tables, "TOP")["citizens"] == dearest
    assert group(tables, "TOP", "ALL")["citizens"] == dearest


def test_of_equals_at_the_edge_those_whose_id_comes_first_are_dearest(tables: Tables) -> None:
    users([100.0] * 20).draw(tables)
    assert [r["person_id"] for r in tables.run("core.kmf_citizen_year") if r["is_top"]] == ["p00", "p01"]


def test_who_costs_nothing_is_no_user_and_takes_no_place_among_the_dearest(tables: Tables) -> None:
    users([*TEN, 0, 0, 0, -5]).draw(tables)
    top = group(tables, "TOP")
    assert (top["of_citizens"], top["citizens"]) == (10, 1)


def test_the_regions_dearest_of_the_population_are_its_own_and_not_those_of_its_municipalities(tables: Tables) -> None:
    """Ten live in each of two; a tenth of twenty are two, both of them in the first."""
    year = users([900, 800])
    year.pays("q1", 100, code="147")
    year.lives("101", 40, 10)
    year.lives("147", 40, 10)
    year.draw(tables)
    assert [group(tables, "TOP_OF_POPULATION", code)["amount_oere"] for code in ("101", "147")] == [90_000, 10_000]
    assert group(tables, "TOP_OF_POPULATION", "ALL")["amount_oere"] == 170_000


def test_who_is_dear_again_is_still_dear_and_in_the_first_year_nobody_can_be(tables: Tables) -> None:
    year = Year(2013, 2014)
    for place in range(11):
        year.pays(f"p{place:02d}", 500 if place in (1, 2) else 10, on="2013-05-01")
        year.pays(f"p{place:02d}", 500 if place in (2, 3) else 10, on="2014-05-01")
    year.draw(tables)
    assert group(tables, "STILL_TOP", year=2013) is None
    still = group(tables, "STILL_TOP")
    assert (still["citizens"], still["of_citizens"]) == (1, 2)


@pytest.mark.parametrize(
    ("rows", "amount", "contacts"),
    [
        ([("2014-03", 100)], 10_000, 1),
        ([("2014-03", 100), ("2014-04", -100)], None, 0),
        ([("2014-03", 100), ("2014-04", -40)], 6_000, 1),
        ([("2014-03", 100), ("2014-04", -100), ("2014-05", 80)], 8_000, 1),
        ([("2014-04", -100)], -10_000, 0),
    ],
    ids=["settled", "reversed whole", "in part", "and settled anew", "a reversal alone"],
)
def test_reversals_are_netted_with_their_contact(tables: Tables, rows: list[tuple[str, float]], amount: int | None, contacts: int) -> None:
    year = Year()
    for month, kr in rows:
        year.pays("p1", kr, month=month, contact="K000000001")
    year.draw(tables)
    found = tables.run("core.kmf_citizen_year")
    assert [(r["amount_oere"], r["contacts"]) for r in found] == ([] if amount is None else [(amount, contacts)])
    assert sum(r["amount_oere"] for r in tables.run("core.kmf_settlement")) == (amount or 0)


def test_a_contact_is_what_its_newest_settlement_says_whatever_its_reversal_says(tables: Tables) -> None:
    year = Year()
    year.pays("p1", 100, month="2014-03", contact="K000000001", area="ALMEN_LÆGE", code="101")
    year.pays("p1", -100, month="2014-05", contact="K000000001", area="ALMEN_LÆGE", code="147")
    year.pays("p1", 80, month="2014-04", contact="K000000001", area="SPECIALLÆGE", code="155")
    year.draw(tables)
    assert tables.run("core.kmf_settlement") == expect("""
        contact_id | municipality_code | area        | amount_oere | settlements
        K000000001 | 155               | SPECIALLÆGE | 8000        | 3
    """)


def test_an_amount_is_of_the_year_of_its_service_wherever_it_was_settled(tables: Tables) -> None:
    year = Year()
    year.pays("p1", 100, on="2013-12-31", month="2014-02")
    year.pays("p1", 30, on="2014-01-01")
    year.draw(tables)
    assert {r["year"].year: r["amount_oere"] for r in tables.run("core.kmf_citizen_year")} == {2013: 10_000, 2014: 3_000}


def test_who_moves_is_a_citizen_of_both_municipalities_and_amounts_follow_the_day(tables: Tables) -> None:
    year = Year()
    year.pays("p1", 100, on="2014-02-01", code="101")
    year.pays("p1", 30, on="2014-08-01", code="147")
    year.pays("p1", 7, on="2014-09-01", code="851")
    year.pays("p1", 9, on="2014-09-02", code="")
    year.draw(tables)
    found = {r["municipality_code"]: (r["citizens"], r["amount_oere"]) for r in tables.run("core.kmf_level") if r["age_band"] == "ALL"}
    assert found == {"101": (1, 10_000), "147": (1, 3_000), "ALL": (2, 13_000)}


def test_a_birthday_within_the_year_moves_nobody_and_an_age_that_is_not_given_comes_from_another_year(tables: Tables) -> None:
    year = Year()
    for on, age in (("2014-02-01", 64), ("2014-08-01", 65)):
        year.pays("p1", 10, on=on, age=age)
    year.pays("p2", 10, on="2013-02-01", age=79)
    year.pays("p2", 10, on="2014-02-01", age="")
    year.pays("p3", 10, on="2014-02-01", age="")
    year.draw(tables)
    rows = [r for r in tables.run("core.kmf_citizen_year") if r["year"].year == 2014]
    assert {r["person_id"]: (r["age"], r["age_band"]) for r in rows} == {"p1": (64, "3-64"), "p2": (80, "80+"), "p3": (None, "80+")}


def test_who_has_no_age_in_the_year_of_his_birth_is_a_baby(tables: Tables) -> None:
    """Born in a year whose settlement gives no age, and still nought when the next begins."""
    year = Year()
    year.pays("p1", 10, on="2013-12-20", age="")
    year.pays("p1", 10, on="2014-02-01", age=0)
    for place in range(3):
        year.pays(f"q{place}", 10, on="2013-02-01", age=40)
    year.draw(tables)
    assert [r["age_band"] for r in tables.run("core.kmf_citizen_year") if r["person_id"] == "p1"] == ["0-2", "0-2"]


@pytest.mark.parametrize(
    ("area", "on", "age", "base", "expected"),
    [
        ("SOMATIK_STATIONÆR", "2014-03-01", 40, "60000", 1_500_000),
        ("SOMATIK_STATIONÆR", "2014-03-01", 40, "30000", 1_020_000),
        ("SOMATIK_STATIONÆR", "2014-03-01", 40, "44117", 1_499_978),
        ("SOMATIK_STATIONÆR", "2014-03-01", 40, "44118", 1_500_000),
        ("SOMATIK_STATIONÆR", "2011-12-31", 40, "30000", None),
        ("SOMATIK_STATIONÆR", "2018-03-01", 2, "10000", 450_000),
        ("SOMATIK_STATIONÆR", "2018-03-01", 3, "10000", 200_000),
        ("SOMATIK_STATIONÆR", "2018-03-01", 80, "10000", 560_000),
        ("SOMATIK_STATIONÆR", "2018-03-01", 80, "100000", 3_102_900),
        ("PSYKIATRI_STATIONÆR", "2014-03-01", 40, "20000", 850_000),
        ("PSYKIATRI_AMBULANT", "2014-03-01", 40, "1000", 30_000),
        ("ALMEN_LÆGE", "2014-03-01", 40, "100000", 1_000_000),
        ("GENOPTRÆNING", "2014-03-01", 40, "100", 7_000),
    ],
)
def test_the_rate_in_force_gives_the_share_of_the_base_up_to_the_cap(
    tables: Tables, area: str, on: str, age: int, base: str, expected: int | None
) -> None:
    """It checks what was paid and never replaces it."""
    year = Year()
    year.pays("p1", 1, base=float(base), on=on, area=area, age=age)
    year.draw(tables)
    [row] = tables.run("core.kmf_settlement")
    assert (row["expected_oere"], row["amount_oere"]) == (expected, 100)


@pytest.mark.parametrize(("oere", "follows"), [(-101, 0), (-100, 1), (0, 1), (100, 1), (101, 0)])
def test_an_amount_within_a_krone_of_the_rate_follows_it(tables: Tables, oere: int, follows: int) -> None:
    year = Year()
    year.pays("p1", (1_020_000 + oere) / 100, base=30_000, area="SOMATIK_STATIONÆR")
    year.draw(tables)
    [row] = [r for r in tables.run("marts.kmf_completeness") if r["year"].year == 2014]
    assert row["by_rate_share"] == follows


@pytest.mark.parametrize(
    ("again", "kind", "is_readmitted"),
    [
        ("2014-03-01", "AKUT", None), ("2014-03-02", "AKUT", True), ("2014-03-31", "AKUT", True), ("2014-04-01", "AKUT", False),
        ("2014-03-02", "PLANLAGT", False),
    ],
    ids=["same day: one stay", "1 day", "30 days", "31 days", "planned"],
)  # fmt: skip
def test_who_comes_back_acutely_within_thirty_days_is_readmitted(tables: Tables, again: str, kind: str, is_readmitted: bool | None) -> None:
    year = Year()
    year.stays("p1", "2014-02-20", "2014-03-01", "PLANLAGT")
    year.stays("p1", again, "2014-04-05", kind)
    year.draw(tables)
    found = sorted(tables.run("core.kmf_admission"), key=lambda r: r["admitted_date"])
    if is_readmitted is None:
        assert [(r["discharged_date"], r["is_readmitted"]) for r in found] == [(date(2014, 4, 5), False)]
    else:
        assert [r["is_readmitted"] for r in found] == [is_readmitted, False]


def test_a_chain_of_stays_has_one_readmission_for_each_and_a_stay_inside_another_is_none_of_its_own(tables: Tables) -> None:
    year = Year()
    year.stays("p1", "2014-01-01", "2014-01-20")
    year.stays("p1", "2014-01-05", "2014-01-10")
    year.stays("p1", "2014-01-15", "2014-01-25")
    year.stays("p1", "2014-02-20", "2014-02-21")
    year.stays("p1", "2014-03-10", "2014-03-11")
    year.stays("p2", "2014-03-12", "2014-03-12")
    year.draw(tables)
    assert sorted(tables.run("core.kmf_admission"), key=lambda r: (r["person_id"], r["admitted_date"])) == expect("""
        person_id | admitted_date | discharged_date | is_readmitted | readmission_amount_oere
        p1        | 2014-01-01    | 2014-01-25      | yes           | 10000
        p1        | 2014-02-20    | 2014-02-21      | yes           | 10000
        p1        | 2014-03-10    | 2014-03-11      | no            | 0
        p2        | 2014-03-12    | 2014-03-12      | no            | 0
    """)


def test_a_stay_that_was_taken_back_is_none(tables: Tables) -> None:
    year = Year()
    year.stays("p1", "2014-01-01", "2014-01-05")
    year.stays("p1", "2014-01-10", "2014-01-12", contact="K900000001")
    year.pays("p1", -100, on="2014-01-12", area="SOMATIK_STATIONÆR", contact="K900000001", stay="AKUT|2014-01-10|2014-01-12")
    year.draw(tables)
    assert [r["is_readmitted"] for r in tables.run("core.kmf_admission")] == [False]


def test_a_stay_whose_settlement_never_came_is_none(tables: Tables) -> None:
    """Its reversal alone was delivered."""
    year = Year()
    year.stays("p1", "2014-01-01", "2014-01-05")
    year.pays("p1", -100, on="2014-01-12", area="SOMATIK_STATIONÆR", contact="K900000001", stay="AKUT|2014-01-10|2014-01-12")
    year.draw(tables)
    assert [r["is_readmitted"] for r in tables.run("core.kmf_admission")] == [False]


def test_care_costs_by_its_days_and_what_goes_on_has_its_days_so_far(tables: Tables) -> None:
    """A hundred days, of which thirty-one in the first year; and a month that is not over when the file is made."""
    year = Year()
    year.pays("p1", 10, age=80)
    year.has_care("p1", 1000, "2013-12-01", "2014-03-10")
    year.has_care("p2", 310, "2014-12-01")
    year.draw(tables)
    tables.covers("kmf_care", "2013-01", "2014-12", known_until="2015-01-01")
    rows = {(r["person_id"], r["year"].year): r["care_cost_oere"] for r in tables.run("core.kmf_citizen_year")}
    assert rows == {("p1", 2013): 31_000, ("p1", 2014): 69_000, ("p2", 2014): 31_000}


@pytest.mark.parametrize(("first", "last", "years"), [
    ("2014-01-01", "2014-01-01", [2014]), ("2013-12-31", "2013-12-31", [2013]), ("2013-06-01", "2014-01-01", [2013, 2014]),
    ("2012-01-01", "2012-12-31", []),
])  # fmt: skip
def test_one_day_of_care_is_enough_for_a_year(tables: Tables, first: str, last: str, years: list[int]) -> None:
    year = Year()
    year.pays("p1", 10, age=80)
    year.has_care("p1", 100, first, last, "PLEJEBOLIG")
    year.draw(tables)
    assert sorted(r["year"].year for r in tables.run("core.kmf_citizen_year") if r["has_care_home"]) == years


def test_the_overlap_is_the_part_of_the_dearest_in_care_that_is_dearest_in_co_financing(tables: Tables) -> None:
    year = Year()
    for place in range(11):
        year.pays(f"p{place:02d}", 500 if place in (1, 2) else 10, age=64 if place == 0 else 80)
        year.has_care(f"p{place:02d}", 9000 if place in (0, 2, 3) else 10, "2014-02-01", "2014-02-28")
    year.draw(tables)
    care, both = group(tables, "CARE_TOP"), group(tables, "CARE_TOP_IN_TOP")
    assert (care["citizens"], care["of_citizens"], care["amount_oere"]) == (1, 10, 900_000)
    assert (both["citizens"], both["of_citizens"]) == (1, 1)


@pytest.mark.parametrize(("diagnosis", "counts"), [("DF10", True), ("DF192A", True), ("DF099", False), ("DF20", False), ("", False)])
def test_f10_to_f19_are_substance_abuse(tables: Tables, diagnosis: str, counts: bool) -> None:
    users([100], area="SOMATIK_AMBULANT", diagnosis=diagnosis).draw(tables)
    assert group(tables, "SUBSTANCE_ABUSE")["citizens"] == counts


def test_one_group_of_chronic_disease_is_chronic_and_two_are_multimorbid(tables: Tables) -> None:
    year = users([100, 200, 400, 800, 1600])
    year.draw(tables)
    tables.given("raw.kmf_chronic", """
        person_id | chronic_group | begins_date | ends_date
        p00       | KOL           | 2010-01-01  |
        p01       | KOL           | 2010-01-01  | 2013-12-31
        p02       | KOL           | 2014-12-31  |
        p02       | ASTMA         | 2010-01-01  | 2014-01-01
        p03       | KOL           | 2010-01-01  | 2014-02-01
        p03       | KOL           | 2014-03-01  |
        p04       | KOL           | 2015-01-01  |
    """)  # fmt: skip
    chronic, multimorbid = group(tables, "CHRONIC"), group(tables, "MULTIMORBID")
    assert (chronic["citizens"], chronic["amount_oere"], chronic["of_amount_oere"]) == (3, 130_000, 310_000)
    assert (multimorbid["citizens"], multimorbid["amount_oere"]) == (1, 40_000)


FACTORS = ("population", "age", "volume", "base_effect", "rate")


def visits(year: Year, in_year: int, code: str, age: int, contacts: int, base: int, amount: float, persons: int = 10) -> None:
    """So many contacts of a band of age, of ten persons in turn, each charged by `base` and paid with `amount` kroner."""
    for place in range(contacts):
        year.pays(f"{code}-{age}-{place % persons}", amount, base=base, on=f"{in_year}-03-10", code=code, age=age)


def change(tables: Tables, code: str = "101") -> Any:
    [row] = [r for r in tables.run("core.kmf_change_factor") if r["municipality_code"] == code]
    return row


def factors(row: Any, suffix: str = "") -> list[int]:
    return [row[f"{name}{suffix}_oere"] for name in FACTORS]


def test_each_factor_gives_way_in_its_turn(tables: Tables) -> None:
    """Half of 800 and 200 residents, who pay a hundredth of 10,000 and 20,000 kroner a contact, make the parts of 1,275,000."""
    year = Year()
    for in_year, young, old in ((2013, 400, 100), (2014, 390, 120)):
        year.lives("101", 40, young, in_year)
        year.lives("101", 70, old, in_year)
    for in_year, age, contacts, base, amount in (
        (2013, 40, 200, 100, 34), (2013, 70, 200, 200, 68), (2014, 40, 195, 105, 21), (2014, 70, 252, 200, 90),
    ):  # fmt: skip
        visits(year, in_year, "101", age, contacts, base, amount)
    year.draw(tables)
    row = change(tables)
    assert (row["cells"], row["amount_before_oere"], row["amount_oere"], row["change_oere"]) == (32, 2_040_000, 2_677_500, 637_500)
    assert factors(row) == [40_800, 214_200, 81_600, 33_150, 267_750]
    assert sum(factors(row, "_reversed")) == 637_500
    assert factors(row, "_reversed") != factors(row)


def test_what_a_cell_lacks_in_one_year_it_takes_from_the_other(tables: Tables) -> None:
    """Nobody of a band was treated in one of the years: all of the change is how often, whichever year it is."""
    for in_year, sign in ((2014, 1), (2013, -1)):
        year = Year()
        year.lives("101", 40, 100)
        year.lives("101", 70, 100)
        for each in (2013, 2014):
            visits(year, each, "101", 40, 20, 100, 10)
        visits(year, in_year, "101", 70, 20, 200, 30)
        year.draw(tables)
        assert factors(change(tables)) == [0, 0, sign * 60_000, 0, 0]


def test_a_municipality_that_was_not_there_the_year_before_has_no_change_and_is_not_in_the_regions(tables: Tables) -> None:
    year = Year()
    for code in ("101", "147"):
        year.lives(code, 40, 100)
        visits(year, 2014, code, 40, 20, 100, 10)
    visits(year, 2013, "101", 40, 10, 100, 10)
    year.draw(tables)
    rows = {r["municipality_code"]: r for r in tables.run("core.kmf_change_factor")}
    assert set(rows) == {"101", "ALL"}
    assert (rows["ALL"]["municipalities"], factors(rows["ALL"])) == (1, factors(rows["101"]))


def test_no_change_into_or_out_of_a_frozen_year_is_explained(tables: Tables) -> None:
    year = Year(2017, 2021)
    for age in (1, 40, 70, 85):
        year.lives("101", age, 100)
    for each in range(2017, 2022):
        visits(year, each, "101", 40, 20, 100, 10)
    year.draw(tables)
    assert sorted({r["year"].year for r in tables.run("core.kmf_change_factor")}) == [2018, 2021]
    told = {r["year"].year: r["qf"] for r in tables.run("marts.kmf_change")}
    assert told == {2018: "", 2019: "z", 2020: "z", 2021: ""}


@pytest.mark.parametrize(("few", "cells"), [(5, 32), (4, 31), (0, 32)])
def test_a_band_of_few_is_merged_with_the_one_beside_it_in_both_years(tables: Tables, few: int, cells: int) -> None:
    year = Year()
    for age in (1, 40, 70, 85):
        year.lives("101", age, 100)
        for each in (2013, 2014):
            for person in range(few if (age, each) == (70, 2014) else 10):
                year.pays(f"{age}-{person}", 10, on=f"{each}-03-10", age=age)
    year.draw(tables)
    assert (change(tables)["cells"], change(tables)["is_safe"]) == (cells, True)


def test_an_area_of_few_is_merged_whole_with_one_beside_it_and_of_all_ways_the_finest_is_taken(tables: Tables) -> None:
    year = Year()
    for age in (1, 40, 70, 85):
        year.lives("101", age, 100)
        for each in (2013, 2014):
            for area in ("SOMATIK_STATIONÆR", "SOMATIK_AMBULANT", "ALMEN_LÆGE"):
                for person in range(10 if area != "SOMATIK_AMBULANT" else (age == 40) * 3):
                    year.pays(f"{age}-{person}", 10, on=f"{each}-03-10", age=age, area=area)
    year.draw(tables)
    row = change(tables)
    # Empty areas are cells of nobody, each with all four bands; somatic care is one cell, and general practice has its four.
    assert (row["cells"], row["is_safe"]) == (1 + 6 * 4, True)
