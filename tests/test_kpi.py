"""Indicators of the report in one form: level, natural limits and special causes are three things."""

import pytest

from tests.drawn import Tables, expect

WINTER = ("2014-08", "2014-09", "2014-10", "2014-11", "2014-12", "2015-01", "2015-02")
AUTUMN = ("2014-06", "2014-07", "2014-08", "2014-09", "2014-10", "2014-11", "2014-12")


def values(tables: Tables, text: str, target: str = "", comparison: str = "", qf: str = "") -> None:
    """Values of one indicator, month by month: a share, or a number if one of them is above 1."""
    rows = [row.split() for row in text.strip().splitlines()]
    indicator = "calls_offered" if any(float(row[1]) > 1 for row in rows) else "response_time_compliance"
    drawn = "month | indicator | subject | value | target | comparison | qf\n"
    drawn += "\n".join(
        f"{month}-01 | {indicator} | GS | {value} | {target} | {comparison} | {''.join(q) or qf or chr(39) * 2}"
        for month, value, *q in rows
    )
    tables.given("indicators.kpi_value", drawn)


def months(numbers: str) -> str:
    """Values of as many months in a row from January 2014."""
    return "\n".join(f"{2014 + i // 12}-{i % 12 + 1:02d} {v}" for i, v in enumerate(numbers.split()))


@pytest.mark.parametrize(
    ("value", "target", "comparison", "met"),
    [
        ("0.7999", "0.8", ">=", "no"),
        ("0.8", "0.8", ">=", "yes"),
        ("0.8001", "0.8", ">=", "yes"),
        ("31", "30", "<=", "no"),
        ("30", "30", "<=", "yes"),
        ("0.9", "", "", ""),
    ],
)
def test_a_target_is_met_at_its_value_and_nothing_is_met_without_one(
    tables: Tables, value: str, target: str, comparison: str, met: str
) -> None:
    values(tables, f"2015-01 {value}", target, comparison)
    assert tables.run("marts.kpi_monthly") == expect(f"value | target_met\n{value} | {met}")


def test_natural_limits_are_the_mean_and_2_66_mean_moving_ranges_on_each_side(tables: Tables) -> None:
    values(tables, months("10 14 12"))
    assert tables.run("marts.kpi_monthly")[0:1] == expect("""
        points | centre | lower_limit | upper_limit | has_provisional_limits | assurance
        3      | 12     | 4.02        | 19.98       | yes                    |
    """)


@pytest.mark.parametrize(
    ("numbers", "lower", "upper"),
    [("0.9 0.99 0.9 0.99", 0.7056, 1), ("0.1 0.02 0.1", 0, 0.286133333), ("3 0 3 0", 0, 9.48), ("0 0", 0, 0), ("1 1", 1, 1)],
)
def test_natural_limits_end_where_the_measure_does(tables: Tables, numbers: str, lower: float, upper: float) -> None:
    values(tables, months(numbers))
    row = tables.run("marts.kpi_monthly")[0]
    assert (row["lower_limit"], row["upper_limit"]) == (lower, upper)


def test_the_published_table_gives_the_natural_limits_that_were_worked_out_by_hand(tables: Tables) -> None:
    """EPM3: mean 98.32, upper limit 99.797, under its target of 99.80."""
    values(tables, months("0.975 0.983 0.988 0.986 0.991 0.988 0.9824 0.9721"), "0.998", ">=")
    last = tables.run("marts.kpi_monthly")[-1]
    assert (round(last["centre"], 5), round(last["upper_limit"], 5), last["assurance"]) == (0.98319, 0.99797, "NEVER_MET")


@pytest.mark.parametrize(("count", "provisional"), [(11, "yes"), (12, "no"), (13, "no")])
def test_limits_are_provisional_under_twelve_months(tables: Tables, count: int, provisional: str) -> None:
    values(tables, months(" ".join(["1"] * count)))
    assert tables.run("marts.kpi_monthly")[-1:] == expect(f"has_provisional_limits\n{provisional}")


def test_a_provisional_month_neither_moves_the_limits_nor_is_judged(tables: Tables) -> None:
    values(tables, "2015-01 10\n2015-02 12\n2015-03 10\n2015-04 90 p")
    assert tables.run("marts.kpi_monthly")[2:] == expect("""
        value | points | centre       | special_cause | is_provisional
        10    | 3      | 10.6666667 | NONE          | no
        90    | 3      | 10.6666667 |               | yes
    """)


def test_where_nothing_is_final_yet_there_are_no_limits(tables: Tables) -> None:
    values(tables, "2015-01 10 p")
    assert tables.run("marts.kpi_monthly") == expect("value | points | centre | special_cause\n10 | | |")


def test_each_indicator_of_each_subject_varies_by_itself_and_one_that_is_not_listed_is_not_shown(tables: Tables) -> None:
    tables.given("indicators.kpi_value", """
        month      | indicator                 | subject | value | qf
        2015-01-01 | calls_offered             | CIMT    | 10    | ''
        2015-02-01 | calls_offered             | CIMT    | 12    | ''
        2015-01-01 | calls_offered             | KLINISK | 30    | ''
        2015-02-01 | calls_offered             | KLINISK | 31    | ''
        2015-01-01 | mean_wait                 | CIMT    | 50    | ''
        2015-02-01 | mean_wait                 | CIMT    | 50    | ''
        2015-01-01 | udredning_open_over_limit | PSY     | 7     | ''
        2015-01-01 | udredning_open_over_limit | ALL     | 8     | ''
    """)  # fmt: skip
    assert tables.run("marts.kpi_monthly") == expect("""
        month      | indicator                 | subject | points | centre | upper_limit | special_cause
        2015-01-01 | calls_offered             | CIMT    | 2      | 11     | 16.32       | NONE
        2015-01-01 | calls_offered             | KLINISK | 2      | 30.5   | 33.16       | NONE
        2015-01-01 | mean_wait                 | CIMT    | 2      | 50     | 50          | NONE
        2015-01-01 | udredning_open_over_limit | PSY     | 1      | 7      |             | NONE
        2015-02-01 | calls_offered             | CIMT    | 2      | 11     | 16.32       | NONE
        2015-02-01 | calls_offered             | KLINISK | 2      | 30.5   | 33.16       | NONE
        2015-02-01 | mean_wait                 | CIMT    | 2      | 50     | 50          | NONE
    """)


def test_a_change_over_a_missing_month_is_no_moving_range(tables: Tables) -> None:
    values(tables, "2015-01 10\n2015-02 12\n2015-04 90")
    assert tables.run("marts.kpi_monthly")[0:1] == expect("centre | upper_limit\n37.3333333 | 42.6533333")


def test_one_month_has_a_centre_and_no_limits(tables: Tables) -> None:
    values(tables, "2015-01 10", "5", ">=")
    assert tables.run("marts.kpi_monthly") == expect("""
        value | points | centre | lower_limit | upper_limit | assurance | special_cause
        10    | 1      | 10     |             |             |           | NONE
    """)


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        (months("10 11 10 11 10 30 10 11 10 11 10"), {"2014-06": "OUTSIDE"}),
        (months("1 9 1 9 1 9 5 6 5 6 5 6 1 9 1 9 1 9 1 9"), {}),
        (months("1 8 1 8 1 8 1 8 6 6 6 6 6 1 8 1 8 1 8"), {}),
        (months("1 8 1 8 1 8 1 7 6 6 6 6 6 6 1 8 1 8 1 8"), dict.fromkeys(WINTER, "SHIFT")),
        (months("9 1 9 1 9 1 2 3 4 5 6 7 1 9 1"), dict.fromkeys(AUTUMN, "TREND")),
        (months("9 1 9 1 9 1 2 3 4 5 6 1 9 1"), {}),
        # Six rising from the first month on, and from the first after a gap.
        (months("1 2 3 4 5 6 1 9 1 9 1 9 1 9 1 9"), {}),
        ("2014-01 5\n2014-03 3\n2014-04 4\n2014-05 5\n2014-06 6\n2014-07 7\n2014-08 8\n2014-09 3\n2014-10 8\n2014-11 3\n2014-12 8", {}),
        # Limits 2.66 from the centre, and months just there.
        (months("20 22.66 20 20 17.34 20 20.09 19.91 20 20 20 20"), {}),
        # Limits 7.98 from the centre, and months two thirds of it away.
        (months("20.28 25.32 25.32 19.72 14.68 14.68 20 20"), dict.fromkeys(("2014-02", "2014-03", "2014-05", "2014-06"), "NEAR_LIMIT")),
    ],
)  # fmt: skip
def test_special_causes_are_a_point_outside_seven_on_one_side_and_seven_rising_or_falling(
    tables: Tables, text: str, causes: dict[str, str]
) -> None:
    values(tables, text)
    found = {f"{row['month']:%Y-%m}": row["special_cause"] for row in tables.run("marts.kpi_monthly")}
    assert {month: cause for month, cause in found.items() if cause != "NONE"} == causes


def test_two_of_three_months_in_the_outer_third_are_a_special_cause_and_one_is_not(tables: Tables) -> None:
    values(tables, months("10 10.5 10 10.5 10 10.5 10 10.5 12 10.5 12 10.5 10 10.5 10 10.5"))
    found = {f"{row['month']:%Y-%m}": row["special_cause"] for row in tables.run("marts.kpi_monthly")}
    assert {month for month, cause in found.items() if cause == "NEAR_LIMIT"} == {"2014-09", "2014-11"}
    values(tables, months("10 10.5 10 10.5 10 10.5 10 10.5 12 10.5 10.5 12 10.5 10 10.5 10 10.5"))
    assert {row["special_cause"] for row in tables.run("marts.kpi_monthly")} == {"NONE"}


def test_months_between_half_and_two_thirds_of_the_way_to_the_limit_are_not_near_it(tables: Tables) -> None:
    values(tables, months("20 21 19 20 21 20 23.4 20 23.4 19 21 20 19 21 20"))
    assert {row["special_cause"] for row in tables.run("marts.kpi_monthly")} == {"NONE"}


def test_a_month_is_judged_by_the_rules_in_force_in_it_and_on_the_centre_it_is_on_no_side(tables: Tables) -> None:
    tables.given("reference.target", """
        indicator             | subject | value | valid_from | valid_to
        natural_limits_points | ALL     | 12    | 2015-02-01 | 2099-12-31
        special_cause_shift   | ALL     | 1     | 2015-01-01 | 2015-03-31
        special_cause_trend   | ALL     | 2     | 2015-03-01 | 2099-12-31
    """)  # fmt: skip
    values(tables, "2015-01 10\n2015-02 10\n2015-03 10\n2015-04 10")
    assert tables.run("marts.kpi_monthly") == expect("""
        month      | points | special_cause
        2015-02-01 | 4      |
        2015-03-01 | 4      | NONE
        2015-04-01 | 4      |
    """)


@pytest.mark.parametrize(
    ("numbers", "target", "comparison", "assurance"),
    [
        ("90 91 90 91", "80", ">=", "ALWAYS_MET"),
        ("90 91 90 91", "99", ">=", "NEVER_MET"),
        ("90 91 90 91", "90", ">=", "INCONSISTENT"),
        ("10 11 10 11", "30", "<=", "ALWAYS_MET"),
        ("10 11 10 11", "5", "<=", "NEVER_MET"),
        # Limits of 7.84 and 13.16.
        ("10 11 10 11", "7.84", ">=", "ALWAYS_MET"),
        ("10 11 10 11", "13.16", ">=", "INCONSISTENT"),
        ("10 11 10 11", "7.84", "<=", "INCONSISTENT"),
        ("10 11 10 11", "11", "<=", "INCONSISTENT"),
        ("10 11 10 11", "13.16", "<=", "ALWAYS_MET"),
        ("80 80 80 80", "80", ">=", "ALWAYS_MET"),
    ],
)
def test_assurance_compares_the_natural_limits_with_the_target(
    tables: Tables, numbers: str, target: str, comparison: str, assurance: str
) -> None:
    values(tables, months(numbers), target, comparison)
    assert tables.run("marts.kpi_monthly")[-1:] == expect(f"assurance\n{assurance}")


def test_a_withheld_value_has_no_verdict_and_moves_nothing(tables: Tables) -> None:
    tables.given("indicators.kpi_value", """
        month      | indicator                | subject | value | target | comparison | qf
        2015-01-01 | response_time_compliance | GS      | 0.5   | 0.8    | >=         | ''
        2015-02-01 | response_time_compliance | GS      |       | 0.8    | >=         | c
    """)  # fmt: skip
    assert tables.run("marts.kpi_monthly") == expect("""
        value | target_met | points | special_cause | qf
        0.5   | no         | 1      | NONE          | z
              |            | 1      |               | c
    """)


def test_a_domain_nobody_published_has_no_rows_and_stops_no_other(tables: Tables) -> None:
    tables.given("raw.project_status", """
        month      | project_no | project_name | status_text
        2015-04-01 | 1          | Et projekt   | Projektet følger planen
    """)  # fmt: skip
    tables.covers("response_times", "2015-01", "2014-12")
    assert tables.run("marts.kpi_monthly") == expect("""
        indicator        | value | numerator | denominator
        projects_on_plan | 1     | 1         | 1
    """)


# An indicator that is better higher, one that is better lower, and a volume.
HIGHER, LOWER, NEITHER = ("response_time_compliance", "GS"), ("udredning_open_over_limit", "SOM"), ("calls_offered", "CIMT")
LEVEL = "10 11 10 11 10 11 10 11 10 11 10 11"


def varied(tables: Tables, numbers: str, whose: tuple[str, str]) -> list[str | None]:
    """What is told of the variation of as many months in a row, of a share in percent."""
    scale = 100 if whose == HIGHER else 1
    rows = [f"{row.split()[0]}-01 | {whose[0]} | {whose[1]} | {float(row.split()[1]) / scale} | ''" for row in months(numbers).splitlines()]
    tables.given("indicators.kpi_value", "month | indicator | subject | value | qf\n" + "\n".join(rows))
    return [r["variation"] for r in tables.run("marts.kpi_monthly")]


@pytest.mark.parametrize(
    ("last", "whose", "said"),
    [
        ("30", HIGHER, "IMPROVEMENT"),
        ("1", HIGHER, "CONCERN"),
        ("30", LOWER, "CONCERN"),
        ("1", LOWER, "IMPROVEMENT"),
        ("30", NEITHER, "HIGH"),
        ("1", NEITHER, "LOW"),
        ("10", HIGHER, "NATURAL"),
        ("10", NEITHER, "NATURAL"),
    ],
)
def test_a_month_outside_the_limits_is_good_or_bad_by_what_the_indicator_declares(
    tables: Tables, last: str, whose: tuple[str, str], said: str
) -> None:
    assert varied(tables, f"{LEVEL} {last}", whose)[-1] == said


@pytest.mark.parametrize(("count", "said"), [(10, "TOO_FEW"), (11, "TOO_FEW"), (12, "CONCERN"), (13, "CONCERN")])
def test_under_the_months_that_limits_need_nothing_is_good_or_bad(tables: Tables, count: int, said: str) -> None:
    steady = " ".join(["10", "11"] * 6)
    assert varied(tables, " ".join(steady.split()[: count - 1]) + " 1", HIGHER)[-1] == said


@pytest.mark.parametrize(("whose", "said"), [(HIGHER, "IMPROVEMENT"), (LOWER, "CONCERN"), (NEITHER, "HIGH")])
def test_a_run_of_seven_on_one_side_is_told_by_its_side_and_one_of_six_is_not(tables: Tables, whose: tuple[str, str], said: str) -> None:
    assert varied(tables, "1 8 1 8 1 8 1 7 6 6 6 6 6 6 1 8 1 8 1 8", whose)[7:14] == [said] * 7
    tables.given_names.clear()
    assert "NATURAL" in varied(tables, "1 8 1 8 1 8 1 8 6 6 6 6 6 1 8 1 8 1 8", whose)[7:13]


@pytest.mark.parametrize(("whose", "said"), [(HIGHER, "IMPROVEMENT"), (LOWER, "CONCERN"), (NEITHER, "HIGH")])
def test_a_trend_is_told_by_its_direction_also_where_it_lies_below_the_centre(tables: Tables, whose: tuple[str, str], said: str) -> None:
    rising = varied(tables, "9 1 9 1 9 1 2 3 4 5 6 7 1 9 1", whose)
    assert rising[5:12] == [said] * 7
    turned = {"IMPROVEMENT": "CONCERN", "CONCERN": "IMPROVEMENT", "HIGH": "LOW"}[said]
    tables.given_names.clear()
    assert varied(tables, "1 9 1 9 1 9 8 7 6 5 4 3 9 1 9", whose)[5:12] == [turned] * 7


def test_the_month_in_which_a_run_too_short_to_be_told_turns_is_the_first_of_the_trend_that_follows(tables: Tables) -> None:
    # Five steps up tell nothing; six down do, and begin at the highest month.
    found = varied(tables, "9 1 9 1 2 3 4 5 6 5 4 3 2 1 0 9 1 9", HIGHER)
    assert found[7:15] == ["NATURAL", *["CONCERN"] * 7]


def test_a_month_that_is_not_judged_has_no_variation(tables: Tables) -> None:
    values(tables, months(LEVEL) + "\n2015-01 90 p")
    assert tables.run("marts.kpi_monthly")[-2:] == expect("""
        is_provisional | variation
        no             | NATURAL
        yes            |
    """)
