"""Response times of the critical systems: what counts, what is left out, what is met."""

import pytest

from tests.drawn import Tables, expect

PROBE = "system_name | action | action_class | location | started_at | duration_ms | status"


def attempts(tables: Tables, rows: str) -> None:
    """Attempts of the first days of months, of which no more are delivered yet."""
    tables.given("raw.response_times", PROBE + "\n" + rows)
    tables.covers("response_times", "2015-04", "2015-04", known_until="2015-04-02")


def orbit(tables: Tables) -> dict[str, object]:
    return next(row for row in tables.run("marts.response_time_monthly") if row["system_id"] == "ORBIT")


def measured(tables: Tables) -> list[dict[str, object]]:
    """The cells that were measured at all."""
    return [c for c in tables.run("core.response_time_cell") if c["measured_days"]]


@pytest.mark.parametrize(
    ("action_class", "duration_ms", "status", "within"),
    [
        ("STANDARD", "2999", "OK", 1),
        ("STANDARD", "3000", "OK", 1),
        ("STANDARD", "3001", "OK", 0),
        ("HEAVY", "15000", "OK", 1),
        ("HEAVY", "15001", "OK", 0),
        ("STANDARD", "0", "OK", 1),
        ("STANDARD", "86400000", "OK", 0),
        ("STANDARD", "100", "TIMEOUT", 0),
        ("STANDARD", "100", "ERROR", 0),
        ("STANDARD", "", "TIMEOUT", 0),
        ("STANDARD", "100", "MAINT", 0),
    ],
)
def test_an_attempt_counts_always_and_is_within_only_if_answered_at_or_below_the_limit(
    tables: Tables, action_class: str, duration_ms: str, status: str, within: int
) -> None:
    attempts(tables, f"Orbit | x | {action_class} | Herlev | 2015-04-01 08:00:00 | {duration_ms} | {status}")
    [cell] = measured(tables)
    assert (cell["attempts"], cell["within_limit"]) == (1, within)


def test_an_attempt_is_judged_by_the_limit_of_its_own_class_and_left_out_where_there_is_none(tables: Tables) -> None:
    attempts(tables, """
        Orbit | login | STANDARD | Herlev | 2015-04-01 08:00:00 | 5000 | OK
        Orbit | login | HEAVY    | Herlev | 2015-04-01 08:00:00 | 5000 | OK
        Orbit | login | LIGHT    | Herlev | 2015-04-01 08:00:00 | 100  | OK
        Orbit | login | HEAVY    | Herlev | 2013-12-31 08:00:00 | 100  | OK
    """)  # fmt: skip
    assert measured(tables) == expect("month | attempts | within_limit | answered\n2015-04-01 | 2 | 1 | 2")


def test_all_attempts_in_a_listed_window_are_left_out_and_maintenance_outside_one_fails(tables: Tables) -> None:
    tables.given("reference.maintenance", """
        system_id | starts_at           | ends_at             | source
        ORBIT     | 2015-04-01 22:00:00 | 2015-04-02 04:00:00 | test
    """)  # fmt: skip
    attempts(tables, """
        Orbit | login | HEAVY | Herlev | 2015-04-01 21:59:59 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-01 22:00:00 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-02 03:59:59 |     | MAINT
        Orbit | login | HEAVY | Herlev | 2015-04-02 04:00:00 |     | MAINT
        Orbit | login | HEAVY | Herlev | 2015-04-01 23:00:00 |     | TIMEOUT
        Orbit | login | HEAVY | Herlev | 2015-04-02 05:00:00 |     | TIMEOUT
        GS    | login | HEAVY | Herlev | 2015-04-01 23:00:00 |     | MAINT
    """)  # fmt: skip
    assert measured(tables) == expect("""
        system_id | attempts | within_limit | answered | timeouts | maintenance_attempts | maintenance_within_limit | measured_days
        GS        | 1        | 0            | 0        | 0        | 0                    | 0                        | 1
        ORBIT     | 3        | 1            | 1        | 1        | 3                    | 1                        | 2
    """)


def test_an_attempt_inside_windows_that_overlap_touch_or_hold_each_other_counts_once(tables: Tables) -> None:
    tables.given("reference.maintenance", """
        system_id | starts_at           | ends_at             | source
        ORBIT     | 2015-04-01 05:00:00 | 2015-04-01 06:00:00 | test
        ORBIT     | 2015-04-01 08:00:00 | 2015-04-01 20:00:00 | test
        ORBIT     | 2015-04-01 09:00:00 | 2015-04-01 10:00:00 | test
        ORBIT     | 2015-04-01 19:00:00 | 2015-04-01 21:00:00 | test
        ORBIT     | 2015-04-01 21:00:00 | 2015-04-01 22:00:00 | test
        ORBIT     | 2015-04-01 23:00:00 | 2015-04-02 01:00:00 | test
        GS        | 2015-04-01 09:00:00 | 2015-04-01 09:30:00 | test
    """)  # fmt: skip
    attempts(tables, """
        Orbit | login | HEAVY | Herlev | 2015-04-01 07:59:59 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-01 09:45:00 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-01 19:30:00 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-01 21:00:00 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-01 22:30:00 | 100 | OK
        Orbit | login | HEAVY | Herlev | 2015-04-01 23:00:00 | 100 | OK
        GS    | login | HEAVY | Herlev | 2015-04-01 09:45:00 | 100 | OK
    """)  # fmt: skip
    assert measured(tables) == expect("""
        system_id | attempts | within_limit | maintenance_attempts | maintenance_within_limit
        GS        | 1        | 1            | 0                    | 0
        ORBIT     | 2        | 2            | 4                    | 4
    """)


def test_every_spelling_of_a_system_is_one_system_and_an_unknown_one_is_kept_apart(tables: Tables) -> None:
    attempts(tables, """
        Labka II | login | HEAVY | Herlev | 2015-04-01 08:00:00 | 100 | OK
        LABKAII  | login | HEAVY | Herlev | 2015-04-01 09:00:00 | 100 | OK
        labka    | login | HEAVY | Herlev | 2015-04-01 10:00:00 | 100 | OK
        Sundhed9 | login | HEAVY | Herlev | 2015-04-01 10:00:00 | 100 | OK
    """)  # fmt: skip
    assert measured(tables) == expect("""
        system_id | system_name | attempts
        LABKA2    | Labka II    | 3
        UNMAPPED  | Sundhed9    | 1
    """)
    assert [row["system_id"] for row in tables.run("marts.response_time_monthly") if row["attempts"]] == ["LABKA2"]
    assert [row["system_id"] for row in tables.run("marts.response_time_location_monthly")] == ["LABKA2"]


CELL = "system_id | action | location | month | attempts | within_limit"


def cells(tables: Tables, rows: str) -> None:
    """Cells of one system and month, attempts and attempts within the limit."""
    drawn = f"{CELL} | system_name | answered | timeouts"
    drawn += " | maintenance_attempts | maintenance_within_limit | measured_days | is_listed | presence\n"
    for row in rows.strip().splitlines():
        system, within = row.split("|")[0], row.split("|")[-1]
        drawn += f"{row} | {system} | {within} | 0 | 0 | 0 | 30 | yes | {'PRESENT' if int(row.split('|')[4]) else 'ABSENT'}\n"
    tables.given("core.response_time_cell", drawn)


def test_compliance_is_the_unweighted_mean_of_cells_and_pooled_is_not(tables: Tables) -> None:
    cells(tables, """
        ORBIT | login | Herlev  | 2015-04-01 | 1000 | 1000
        ORBIT | login | Glostrup| 2015-04-01 | 10   | 5
    """)  # fmt: skip
    assert tables.run("marts.response_time_monthly") == expect("""
        compliance_share | pooled_share | target_met
        0.75             | 0.995049505  | no
    """)


@pytest.mark.parametrize("moved", [1, 3, 10])
def test_moving_attempts_over_the_limit_moves_the_share_by_their_part_of_their_cell(tables: Tables, moved: int) -> None:
    rows = [f"Orbit | login | HEAVY | Herlev | 2015-04-01 0{i}:00:00 | {15001 if i < moved else 15000} | OK" for i in range(10)]
    rows += [f"Orbit | login | HEAVY | Glostrup | 2015-04-01 0{i}:00:00 | 100 | OK" for i in range(5)]
    attempts(tables, "\n".join(rows))
    assert orbit(tables)["compliance_share"] == round(1 - moved / 10 / 2, 9)


def test_a_cell_measured_in_maintenance_alone_is_in_the_mean_with_maintenance_and_an_absent_one_in_none(tables: Tables) -> None:
    """Nobody listed "åbning". Nothing at all was measured of "søgning" in Hvidovre, where no rule says what is absent."""
    tables.given("core.response_time_cell", f"""
        {CELL} | answered | maintenance_attempts | maintenance_within_limit | is_listed | presence
        ORBIT | login   | Herlev   | 2015-04-01 | 10 | 9 | 9 | 10 | 1 | yes | PRESENT
        ORBIT | søgning | Herlev   | 2015-04-01 | 0  | 0 | 0 | 10 | 5 | yes | PRESENT
        ORBIT | login   | Glostrup | 2015-04-01 | 1  | 1 | 1 | 0  | 0 | yes | PRESENT
        ORBIT | login   | Hvidovre | 2015-04-01 | 2  | 1 | 1 | 1  | 0 | yes | ABSENT
        ORBIT | søgning | Hvidovre | 2015-04-01 | 0  | 0 | 0 | 0  | 0 | yes | PRESENT
        ORBIT | åbning  | Herlev   | 2015-04-01 | 0  | 0 | 0 | 4  | 4 | no  | PRESENT
        ORBIT | åbning  | Glostrup | 2015-04-01 | 1  | 0 | 1 | 0  | 0 | no  | THIN
    """)  # fmt: skip
    found = tables.run("marts.response_time_monthly")
    assert found == expect("""
        compliance_share | pooled_share | availability_share | compliance_with_maintenance_share | attempts | maintenance_attempts
        0.633333333      | 0.833333333  | 0.916666667        | 0.6                               | 14       | 24
    """)
    assert found == expect("""
        cells_present | cells_expected | cells_unlisted | cells_thin | cells_missing                                    | qf
        2             | 5              | 1              | 0          | login Hvidovre, søgning Herlev, søgning Hvidovre | u
    """)
    assert tables.run("marts.response_time_location_monthly") == expect("""
        location | compliance_share | attempts | within_limit | cells_present | cells_expected | qf
        Glostrup | 0.5              | 2        | 1            | 1             | 1              | ''
        Herlev   | 0.9              | 10       | 9            | 1             | 2              | u
        Hvidovre |                  | 2        | 1            | 0             | 2              | u
    """)


def test_one_bad_location_of_ten_equal_cells_gives_the_published_blodinfo_figure(tables: Tables) -> None:
    good = [f"BLODINFO2 | login | location {i} | 2015-04-01 | 1000 | 997" for i in range(9)]
    cells(tables, "\n".join([*good, "BLODINFO2 | login | Frederikssund | 2015-04-01 | 1000 | 535"]))
    assert tables.run("marts.response_time_monthly") == expect("compliance_share\n0.9508")
    bad = [r for r in tables.run("marts.response_time_location_monthly") if r["compliance_share"] < 0.9]
    assert bad == expect("location | compliance_share\nFrederikssund | 0.535")


def test_a_missing_cell_is_absent_and_never_perfect(tables: Tables) -> None:
    cells(tables, """
        ORBIT | login | Herlev   | 2015-04-01 | 100 | 50
        ORBIT | login | Glostrup | 2015-04-01 | 0   | 0
    """)  # fmt: skip
    assert tables.run("marts.response_time_monthly") == expect("""
        compliance_share | cells_present | cells_expected | cells_missing  | qf
        0.5              | 1             | 2              | login Glostrup | u
    """)
    assert tables.run("marts.response_time_location_monthly") == expect("location | compliance_share\nHerlev | 0.5")


@pytest.mark.parametrize(("present", "qf"), [(17, "u"), (18, ""), (20, "")])
def test_a_month_is_uncertain_under_nine_tenths_of_its_cells(tables: Tables, present: int, qf: str) -> None:
    cells(tables, "\n".join(f"ORBIT | action {i} | Herlev | 2015-04-01 | {10 * (i < present)} | 0" for i in range(20)))
    assert tables.run("marts.response_time_monthly")[0]["qf"] == qf
    assert tables.run("marts.response_time_location_monthly")[0]["qf"] == qf


@pytest.mark.parametrize(("within", "met"), [("9979", "no"), ("9980", "yes"), ("9981", "yes"), ("0", "no"), ("10000", "yes")])
def test_equal_to_the_target_is_met(tables: Tables, within: str, met: str) -> None:
    cells(tables, f"LABKA2 | login | Herlev | 2015-04-01 | 10000 | {within}")
    assert tables.run("marts.response_time_monthly") == expect(f"target_met\n{met}")


def test_a_tie_of_three_cells_meets_the_target_whatever_floating_point_makes_of_their_mean(tables: Tables) -> None:
    cells(tables, "\n".join(f"LABKA2 | login | location {i} | 2015-04-01 | 500 | 499" for i in range(3)))
    assert tables.run("marts.response_time_monthly") == expect("compliance_share | target_met\n0.998 | yes")


def test_what_was_not_measured_is_judged_on_what_was_published(tables: Tables) -> None:
    cells(tables, "ORBIT | login | Herlev | 2015-04-01 | 10 | 10")
    tables.given("core.response_time_published", """
        month      | system_id | system_name | published_share | sla_target
        2015-04-01 | ORBIT     | Orbit       | 0.5             | 0.998
        2015-04-01 | EPM3      | EPM3        | 0.998           | 0.998
    """)  # fmt: skip
    found = tables.run("marts.response_time_monthly")
    assert found == expect("""
        system_id | compliance_share | published_share | difference | target_met | published_target_met | attempts
        EPM3      |                  | 0.998           |            | yes        | yes                  |
        ORBIT     | 1                | 0.5             | 0.5        | yes        | no                   | 10
    """)
    assert found == expect("""
        cells_present | cells_expected | cells_unlisted | cells_thin | qf
        0             | 0              | 0              | 0          | ''
        1             | 1              | 0              | 0          | ''
    """)


def test_a_month_in_which_a_rule_of_the_house_is_not_in_force_is_not_shown(tables: Tables) -> None:
    tables.given("reference.target", """
        indicator           | subject | value | valid_from | valid_to
        suspect_probe_run   | ALL     | 3     | 2015-02-01 | 2015-12-31
        suspect_probe_jump  | ALL     | 0.2   | 2015-01-01 | 2015-03-31
        response_time_cells | ALL     | 0.9   | 2015-01-01 | 2015-02-28
        response_time_cells | ALL     | 0.9   | 2015-04-01 | 2015-12-31
    """)  # fmt: skip
    shares(tables, "2015-01 0.9\n2015-02 0.9\n2015-03 0.9\n2015-04 0.9")
    cells(tables, "ORBIT | login | Herlev | 2015-02-01 | 10 | 9\nORBIT | login | Herlev | 2015-03-01 | 10 | 9")
    tables.covers("response_times", "2015-02", "2015-03")
    assert tables.run("marts.response_time_monthly") == expect("month | system_id\n2015-02-01 | GS\n2015-02-01 | ORBIT")
    assert tables.run("marts.response_time_location_monthly") == expect("month | system_id\n2015-02-01 | ORBIT")


def test_what_was_published_stands_under_the_systems_own_id_however_its_name_was_spelled(tables: Tables) -> None:
    tables.given("raw.response_time_compliance", """
        month      | system_name | published_share | sla_target
        2015-04-01 | blod-info 2 | 0.9508          | 0.994
        2015-04-01 | Orbit       | 0.999           | 0.998
        2015-04-01 | Sundhed9    | 0.5             |
    """)  # fmt: skip
    assert tables.run("core.response_time_published") == expect("""
        month      | system_id | system_name | published_share | sla_target
        2015-04-01 | BLODINFO2 | blod-info 2 | 0.9508          | 0.994
        2015-04-01 | ORBIT     | Orbit       | 0.999           | 0.998
        2015-04-01 | UNMAPPED  | Sundhed9    | 0.5             |
    """)


def shares(tables: Tables, text: str) -> None:
    """Published shares of one system, month by month."""
    rows = [row.split() for row in text.strip().splitlines()]
    drawn = "month | system_id | system_name | published_share | sla_target\n"
    tables.given("core.response_time_published", drawn + "\n".join(f"{m}-01 | GS | GS | {share} | 0.994" for m, share in rows))
    tables.covers("response_times", "2015-01", "2014-12")


@pytest.mark.parametrize(
    ("months", "suspect"),
    [
        ("2014-09 1\n2014-10 1", []),
        ("2014-09 1\n2014-10 1\n2014-11 1", ["2014-09", "2014-10", "2014-11"]),
        ("2014-09 1\n2014-10 0.99999\n2014-11 1\n2014-12 1", []),
        ("2014-09 1\n2014-10 1\n2014-12 1", []),
        ("2014-11 1\n2014-12 1\n2015-01 1\n2015-02 0.9", ["2014-11", "2014-12", "2015-01"]),
        ("2014-11 0.7\n2014-12 0.9", ["2014-12"]),
        ("2014-11 0.7\n2014-12 0.899", []),
        ("2014-11 0.9\n2014-12 0.7", ["2014-12"]),
        ("2014-10 0.7\n2014-12 0.9", []),
    ],
)
def test_a_probe_is_suspect_in_three_perfect_months_in_a_row_and_in_a_month_that_jumps(
    tables: Tables, months: str, suspect: list[str]
) -> None:
    shares(tables, months)
    found = tables.run("marts.response_time_monthly")
    assert [f"{row['month']:%Y-%m}" for row in found if row["is_suspect_probe"]] == suspect
    assert all(("u" in row["qf"]) == row["is_suspect_probe"] for row in found)


def test_a_system_jumps_from_its_own_month_before(tables: Tables) -> None:
    tables.given("core.response_time_published", """
        month      | system_id | system_name | published_share | sla_target
        2014-11-01 | GS        | GS          | 0.7             | 0.994
        2014-11-01 | ORBIT     | Orbit       | 0.95            | 0.994
        2014-12-01 | GS        | GS          | 0.7             | 0.994
        2014-12-01 | ORBIT     | Orbit       | 0.95            | 0.994
    """)  # fmt: skip
    tables.covers("response_times", "2015-01", "2014-12")
    assert tables.run("marts.response_time_monthly") == expect("""
        month      | system_id | is_suspect_probe
        2014-11-01 | GS        | no
        2014-11-01 | ORBIT     | no
        2014-12-01 | GS        | no
        2014-12-01 | ORBIT     | no
    """)


@pytest.mark.parametrize(("final", "qf"), [("2015-03", "p"), ("2015-04", "")])
def test_a_month_is_final_when_its_delivery_is(tables: Tables, final: str, qf: str) -> None:
    """An attempt of a month that was not delivered makes no month."""
    cells(tables, "ORBIT | login | Herlev | 2015-04-01 | 1 | 1\nORBIT | login | Herlev | 2015-05-01 | 1 | 1")
    tables.covers("response_times", "2015-03", "2015-04", final=final)
    for mart in ("marts.response_time_monthly", "marts.response_time_location_monthly"):
        assert [(str(row["month"]), row["qf"]) for row in tables.run(mart)] == [("2015-04-01", qf)]


def days(action: str, location: str, count: int, duration: int = 100) -> str:
    """A good attempt of Orbit on each of the first days of April 2015."""
    action_class = "HEAVY" if action == "login" else "STANDARD"
    return "\n".join(
        f"Orbit | {action} | {action_class} | {location} | 2015-04-{d:02d} 08:00:00 | {duration} | OK" for d in range(1, count + 1)
    )


LOCATIONS = (
    "Amager",
    "Bispebjerg",
    "Bornholm",
    "Frederikssund",
    "Gentofte",
    "Glostrup",
    "Herlev",
    "Hillerød",
    "Hvidovre",
    "Rigshospitalet",
)


@pytest.mark.parametrize(("count", "presence"), [(1, "ABSENT"), (2, "THIN"), (14, "THIN"), (15, "PRESENT"), (30, "PRESENT")])
def test_a_cell_is_there_by_the_days_on_which_it_was_measured(tables: Tables, count: int, presence: str) -> None:
    attempts(tables, days("login", "Herlev", count))
    tables.covers("response_times", "2015-04", "2015-04")
    assert [c["presence"] for c in measured(tables)] == [presence]


def test_robots_that_ran_once_in_a_month_have_no_share_and_the_row_says_so(tables: Tables) -> None:
    attempts(tables, "\n".join(days("login", location, 1) for location in LOCATIONS))
    tables.covers("response_times", "2015-04", "2015-04")
    assert [orbit(tables)] == expect("""
        compliance_share | target_met | attempts | cells_present | cells_expected | qf
                         |            | 10       | 0             | 20             | u
    """)


def test_robots_that_went_silent_before_half_of_the_month_make_it_uncertain(tables: Tables) -> None:
    cells_of_orbit = [(action, location) for action in ("login", "søgning") for location in LOCATIONS]
    attempts(tables, "\n".join(days(action, location, 12) for action, location in cells_of_orbit))
    tables.covers("response_times", "2015-04", "2015-04")
    assert [orbit(tables)] == expect("compliance_share | cells_present | cells_thin | qf\n1 | 20 | 20 | u")
    assert {r["qf"] for r in tables.run("marts.response_time_location_monthly")} == {"u"}


def test_a_dead_robot_is_not_hidden_by_one_that_nobody_listed(tables: Tables) -> None:
    listed = [(action, location) for action in ("login", "søgning") for location in LOCATIONS][:-3]
    unlisted = [("login", "Kælderen"), ("login", "Loftet"), ("søgning", "Loftet")]
    attempts(tables, "\n".join(days(action, location, 30) for action, location in [*listed, *unlisted]))
    tables.covers("response_times", "2015-04", "2015-04")
    assert [orbit(tables)] == expect("""
        cells_present | cells_expected | cells_unlisted | cells_missing                                              | qf
        17            | 20             | 3              | søgning Hillerød, søgning Hvidovre, søgning Rigshospitalet | u
    """)


def test_the_mean_over_systems_says_who_is_in_it_and_breaks_when_that_changes(tables: Tables) -> None:
    tables.given("marts.response_time_monthly", """
        month      | system_id | compliance_share | published_share | qf
        2015-02-01 | GS        | 0.9              |                 | ''
        2015-02-01 | ORBIT     |                  | 0.8             | ''
        2015-03-01 | GS        | 0.9              |                 | ''
        2015-03-01 | ORBIT     |                  | 0.7             | ''
        2015-04-01 | GS        | 0.9              |                 | p
        2015-04-01 | ORBIT     |                  |                 | u
    """)  # fmt: skip
    found = [row for row in tables.run("indicators.kpi_value") if row["indicator"] == "response_time_mean"]
    assert found == expect("""
        month      | value | members   | qf
        2015-02-01 | 0.85  | GS, ORBIT | ''
        2015-03-01 | 0.8   | GS, ORBIT | ''
        2015-04-01 | 0.9   | GS        | bp
    """)


@pytest.mark.parametrize(
    ("gs", "orbit", "letters"),
    [
        ("0.9  |  | yes | ''", "0.8 | | no  | ''", ("", "")),
        ("1    |  | yes | u ", "0.8 | | no  | ''", ("u", "u")),
        ("1    |  | yes | ''", "0.8 | | no  | pu", ("pu", "pu")),
        ("     |1 | yes | u ", "0.8 | | no  | p ", ("pu", "pu")),
        # A system without a value is in neither, and one without a target in the mean alone.
        ("     |  |     | u ", "0.8 | | no  | ''", ("", "")),
        ("1    |  |     | u ", "0.8 | | no  | ''", ("u", "")),
    ],
)
def test_what_is_said_of_all_systems_is_as_uncertain_as_any_of_them(tables: Tables, gs: str, orbit: str, letters: tuple[str, str]) -> None:
    tables.given("marts.response_time_monthly", f"""
        month      | system_id | compliance_share | published_share | target_met | qf
        2015-02-01 | GS        | {gs}
        2015-02-01 | ORBIT     | {orbit}
    """)  # fmt: skip
    found = {row["indicator"]: row["qf"] for row in tables.run("indicators.kpi_value")}
    assert (found["response_time_mean"], found["response_time_systems_met"]) == letters
    kept = {row["indicator"]: row["qf"] for row in tables.run("marts.kpi_monthly")}
    assert ["u" in kept[name] for name in found] == ["u" in found[name] for name in found]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "is_listed"),
    [
        ("2015-04-01", "2015-04-01", True),
        ("2015-01-01", "2015-03-31", False),
        ("2015-04-02", "2015-12-31", False),
        ("2015-01-01", "2015-12-31", True),
    ],
)
def test_a_cell_is_listed_in_a_month_by_the_months_first_day(tables: Tables, valid_from: str, valid_to: str, is_listed: bool) -> None:
    tables.given("reference.probe_cell", f"""
        system_id | action | location | valid_from   | valid_to   | source
        ORBIT     | login  | Herlev   | {valid_from} | {valid_to} | test
    """)  # fmt: skip
    tables.covers("response_times", "2015-04", "2015-04", known_until="2015-04-02")
    found = tables.run("core.response_time_cell")
    if not is_listed:
        assert found == []
        return
    assert found == expect("is_listed | presence | attempts | within_limit | answered | timeouts\nyes | ABSENT | 0 | 0 | 0 | 0")
    assert found == expect("maintenance_attempts | maintenance_within_limit | measured_days\n0 | 0 | 0")


def test_of_a_month_of_which_no_day_is_delivered_no_cell_is_expected_and_every_attempt_is_kept(tables: Tables) -> None:
    attempts(tables, "Orbit | login | HEAVY | Herlev | 2015-04-01 00:00:00 | 100 | OK")
    tables.covers("response_times", "2015-04", "2015-04", known_until="2015-04-01")
    assert tables.run("core.response_time_cell") == expect("""
        system_id | action | location | attempts | is_listed | presence
        ORBIT     | login  | Herlev   | 1        | no        |
    """)
