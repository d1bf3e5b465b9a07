"""Calls to the service desks: what is one call, which of them count, how long they waited, what is in time."""

import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from sources.settings import PROJECT
from tests import reference_calendar
from tests.drawn import Tables, expect

RAW = "desk | call_id | visit | offered_at | offered_at_utc | wait_seconds | outcome"
CORE = "desk | call_id | offered_at | month | outcome | wait_seconds | visits | is_outside_hours"


def visits(tables: Tables, rows: str) -> None:
    """Visits with the time of day as offered in UTC too: no change of clocks is near."""
    tables.given("raw.servicedesk_calls", RAW + "\n" + rows)


def calls(tables: Tables, *groups: tuple[int, str, int], desk: str = "CIMT", month: str = "2015-03", last: str = "2015-04-30") -> None:
    """So many calls of an outcome with a wait in a month, and one abandoned call on the last day the exchange reports."""
    rows = [
        f"{desk} | {desk}-{n}-{i} | {month}-02 10:00:00 | {month}-01 | {outcome} | {wait} | 1 | {'no' if desk == 'KLINISK' else ''}"
        for n, (count, outcome, wait) in enumerate(groups)
        for i in range(count)
    ]
    rows.append(f"{desk} | last | {last} 09:00:00 | {last[:7]}-01 | abandoned | 1 | 1 | {'no' if desk == 'KLINISK' else ''}")
    tables.given("core.servicedesk_call", CORE + "\n" + "\n".join(rows))


def month_of(tables: Tables, month: str = "2015-03") -> dict[str, Any]:
    [row] = [r for r in tables.run("marts.servicedesk_calls_monthly") if f"{r['month']:%Y-%m}" == month]
    return row


def levels(row: dict[str, Any]) -> tuple[float, ...]:
    """The four service levels of a month in the order handled, ignore, negative, positive."""
    return tuple(row[f"service_level_{variant}_share"] for variant in ("handled", "ignore", "negative", "positive"))


def test_the_calendar_is_what_the_holidays_library_says() -> None:
    assert reference_calendar.CALENDAR.read_text("utf-8") == reference_calendar.text(), "python -m tests.reference_calendar"


@pytest.mark.parametrize(
    ("day", "is_hverdag"),
    [
        ("2015-04-01", "true"),
        ("2015-04-02", "false"),
        ("2015-04-06", "false"),
        ("2015-05-01", "false"),
        ("2014-05-01", "true"),
        ("2023-05-05", "false"),
        ("2024-04-26", "true"),
        ("2015-06-05", "false"),
        ("2014-12-24", "false"),
        ("2014-12-31", "false"),
        ("2015-01-03", "false"),
    ],
)
def test_a_hverdag_is_a_weekday_that_is_no_holiday_and_no_half_day(day: str, is_hverdag: str) -> None:
    [line] = [line for line in reference_calendar.CALENDAR.read_text("utf-8").splitlines() if line.startswith(day)]
    assert line.split(",")[2] == is_hverdag


def test_the_calendar_is_the_same_wherever_it_is_written() -> None:
    code = "import hashlib; from tests import reference_calendar as c; print(hashlib.sha256(c.text().encode()).hexdigest())"
    said = {
        subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env={"LANG": lang}, capture_output=True, text=True, check=True).stdout
        for lang in ("C.UTF-8", "da_DK.UTF-8")
    }
    assert len(said) == 1


def test_the_visits_of_a_call_to_one_desk_are_one_call_and_overlapping_waits_are_not_added(tables: Tables) -> None:
    visits(tables, """
        CIMT    | a | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 60   | redirected
        CIMT    | a | 2 | 2015-03-02 10:00:30 | 2015-03-02 09:00:30 | 90   | answered
        CIMT    | b | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 2000 | redirected
        CIMT    | b | 2 | 2015-03-02 10:00:10 | 2015-03-02 09:00:10 | 100  | abandoned
        CIMT    | c | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 40   | redirected
        KLINISK | c | 2 | 2015-03-02 10:00:40 | 2015-03-02 09:00:40 | 20   | answered
        CIMT    | d | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 30   | answered
        CIMT    | d | 2 | 2015-03-02 10:05:00 | 2015-03-02 09:05:00 | 30   | abandoned
        CIMT    | e | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 15   | callback
    """)  # fmt: skip
    assert sorted(tables.run("core.servicedesk_call"), key=lambda r: (r["desk"], r["call_id"])) == expect("""
        desk    | call_id | offered_at          | outcome    | wait_seconds | visits
        CIMT    | a       | 2015-03-02 10:00:00 | answered   | 120          | 2
        CIMT    | b       | 2015-03-02 10:00:00 | abandoned  | 2000         | 2
        CIMT    | c       | 2015-03-02 10:00:00 | flowed_out | 40           | 1
        CIMT    | d       | 2015-03-02 10:00:00 | answered   | 30           | 2
        CIMT    | e       | 2015-03-02 10:00:00 | flowed_out | 15           | 1
        KLINISK | c       | 2015-03-02 10:00:40 | answered   | 20           | 1
    """)


def test_who_is_called_back_has_not_waited_until_the_phone_rings(tables: Tables) -> None:
    visits(tables, """
        CIMT    | back   | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 2000 | callback
        CIMT    | back   | 2 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 1500 | answered
        CIMT    | twice  | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 10   | callback
        CIMT    | twice  | 2 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 20   | callback
        CIMT    | twice  | 3 | 2015-03-02 12:00:00 | 2015-03-02 11:00:00 | 30   | abandoned
        CIMT    | late   | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 40   | answered
        CIMT    | late   | 2 | 2015-03-02 10:05:00 | 2015-03-02 09:05:00 | 15   | callback
        CIMT    | late   | 3 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 60   | answered
        CIMT    | passed | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 20   | redirected
        CIMT    | passed | 2 | 2015-03-02 10:00:50 | 2015-03-02 09:00:50 | 10   | answered
        CIMT    | both   | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 100  | callback
        CIMT    | both   | 2 | 2015-03-02 10:00:30 | 2015-03-02 09:00:30 | 90   | callback
        CIMT    | both   | 3 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 7    | answered
        CIMT    | gap    | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 10   | callback
        CIMT    | gap    | 2 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 20   | redirected
        CIMT    | gap    | 3 | 2015-03-02 11:01:00 | 2015-03-02 10:01:00 | 5    | abandoned
        CIMT    | abroad | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 100  | callback
        KLINISK | abroad | 2 | 2015-03-02 10:02:00 | 2015-03-02 09:02:00 | 10   | callback
        KLINISK | abroad | 3 | 2015-03-02 10:05:00 | 2015-03-02 09:05:00 | 30   | answered
        CIMT    | abroad | 4 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 5    | answered
        CIMT    | atonce | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 10   | callback
        CIMT    | atonce | 2 | 2015-03-02 10:05:00 | 2015-03-02 09:05:00 | 0    | answered
        CIMT    | never  | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 10   | callback
        CIMT    | never  | 2 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 20   | callback
        CIMT    | longer | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 20   | callback
        CIMT    | longer | 2 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 10   | redirected
        CIMT    | longer | 3 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 7    | answered
        CIMT    | later  | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 20   | redirected
        CIMT    | later  | 2 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 20   | callback
        CIMT    | later  | 3 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 7    | answered
        CIMT    | moved  | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 100  | callback
        CIMT    | moved  | 2 | 2015-03-02 11:00:00 | 2015-03-02 10:00:00 | 5    | redirected
        KLINISK | moved  | 3 | 2015-03-02 11:00:05 | 2015-03-02 10:00:05 | 30   | answered
    """)  # fmt: skip
    assert sorted(tables.run("core.servicedesk_call"), key=lambda r: (str(r["call_id"]), r["desk"])) == expect("""
        desk    | call_id | outcome    | wait_seconds
        CIMT    | abroad  | answered   | 105
        KLINISK | abroad  | answered   | 40
        CIMT    | atonce  | answered   | 10
        CIMT    | back    | answered   | 3500
        CIMT    | both    | answered   | 127
        CIMT    | gap     | abandoned  | 75
        CIMT    | late    | answered   | 40
        CIMT    | later   | answered   | 27
        CIMT    | longer  | answered   | 27
        CIMT    | moved   | flowed_out | 105
        KLINISK | moved   | answered   | 30
        CIMT    | never   | flowed_out | 30
        CIMT    | passed  | answered   | 60
        CIMT    | twice   | abandoned  | 60
    """)


def test_a_wait_over_a_change_of_clock_is_what_really_passed_and_belongs_to_the_civil_month(tables: Tables) -> None:
    visits(tables, """
        CIMT | autumn | 1 | 2014-10-26 02:59:30 | 2014-10-26 00:59:30 | 20 | redirected
        CIMT | autumn | 2 | 2014-10-26 02:00:10 | 2014-10-26 01:00:10 | 50 | answered
        CIMT | spring | 1 | 2015-03-29 01:59:30 | 2015-03-29 00:59:30 | 20 | redirected
        CIMT | spring | 2 | 2015-03-29 03:00:10 | 2015-03-29 01:00:10 | 50 | abandoned
        CIMT | night  | 1 | 2015-01-31 23:59:50 | 2015-01-31 22:59:50 | 30 | answered
    """)  # fmt: skip
    assert sorted(tables.run("core.servicedesk_call"), key=lambda r: str(r["call_id"])) == expect("""
        call_id | month      | wait_seconds
        autumn  | 2014-10-01 | 90
        night   | 2015-01-01 | 30
        spring  | 2015-03-01 | 90
    """)


@pytest.mark.parametrize(
    ("offered_at", "outside"),
    [
        ("2015-03-02 07:59:59", True),
        ("2015-03-02 08:00:00", False),
        ("2015-03-02 08:30:00", False),
        ("2015-03-02 15:59:59", False),
        ("2015-03-02 16:00:00", True),
        ("2015-03-02 16:30:00", True),
        ("2015-03-06 14:59:59", False),
        ("2015-03-06 15:00:00", True),
        ("2015-03-07 10:00:00", True),
        ("2015-04-02 10:00:00", True),
        ("2014-12-24 10:00:00", True),
        ("2013-12-30 10:00:00", None),
        ("2040-01-04 10:00:00", True),
    ],
)
def test_klinisk_is_open_on_hverdage_from_eight_and_before_sixteen_on_fridays_fifteen(
    tables: Tables, offered_at: str, outside: bool | None
) -> None:
    visits(tables, f"KLINISK | a | 1 | {offered_at} | {offered_at} | 5 | answered")
    [call] = tables.run("core.servicedesk_call")
    assert call["is_outside_hours"] is outside


HOURS = "desk | weekday | opens_minute | closes_minute | valid_from | valid_to | source"


def test_a_desk_is_open_by_its_own_hours_of_the_day(tables: Tables) -> None:
    """KLINISK changes its hours after Monday the ninth; CIMT has others."""
    tables.given("reference.opening_hours", f"""
        {HOURS}
        KLINISK | 1 | 480 | 960 | 2015-03-09 | 2015-03-09 | test
        KLINISK | 1 | 600 | 960 | 2015-03-16 | 2015-03-16 | test
        CIMT    | 1 | 420 | 500 | 2015-03-01 | 2015-03-31 | test
    """)  # fmt: skip
    visits(tables, """
        CIMT    | a | 1 | 2015-03-09 07:30:00 | 2015-03-09 06:30:00 | 5 | answered
        KLINISK | b | 1 | 2015-03-09 07:30:00 | 2015-03-09 06:30:00 | 5 | answered
        KLINISK | c | 1 | 2015-03-09 09:00:00 | 2015-03-09 08:00:00 | 5 | answered
        CIMT    | d | 1 | 2015-03-09 09:00:00 | 2015-03-09 08:00:00 | 5 | answered
        KLINISK | e | 1 | 2015-03-16 09:00:00 | 2015-03-16 08:00:00 | 5 | answered
        KLINISK | f | 1 | 2015-03-16 11:00:00 | 2015-03-16 10:00:00 | 5 | answered
        KLINISK | g | 1 | 2015-03-08 11:00:00 | 2015-03-08 10:00:00 | 5 | answered
        KLINISK | h | 1 | 2015-03-17 11:00:00 | 2015-03-17 10:00:00 | 5 | answered
    """)  # fmt: skip
    assert sorted(tables.run("core.servicedesk_call"), key=lambda r: str(r["call_id"])) == expect("""
        call_id | is_outside_hours
        a       | no
        b       | yes
        c       | no
        d       | yes
        e       | yes
        f       | no
        g       |
        h       |
    """)


def test_calls_outside_hours_are_counted_apart_and_a_desk_without_hours_has_no_outside(tables: Tables) -> None:
    visits(tables, """
        KLINISK | a | 1 | 2015-03-02 10:00:00 | 2015-03-02 09:00:00 | 10  | answered
        KLINISK | b | 1 | 2015-03-02 20:00:00 | 2015-03-02 19:00:00 | 900 | abandoned
        KLINISK | c | 1 | 2015-04-30 10:00:00 | 2015-04-30 08:00:00 | 10  | answered
        CIMT    | d | 1 | 2015-03-02 20:00:00 | 2015-03-02 19:00:00 | 900 | abandoned
        CIMT    | e | 1 | 2015-04-30 20:00:00 | 2015-04-30 18:00:00 | 1   | answered
    """)  # fmt: skip
    found = tables.run("marts.servicedesk_calls_monthly")
    assert found == expect("""
        desk    | answered | answered_share | abandoned_share | mean_wait_answered_seconds
        CIMT    | 0        | 0              | 1               |
        KLINISK | 1        | 1              | 0               | 10
        CIMT    | 1        | 1              | 0               | 1
        KLINISK | 1        | 1              | 0               | 10
    """)
    assert found == expect("""
        month      | desk    | offered | abandoned | mean_wait_all_seconds | calls_outside_hours | calls_per_open_day | qf
        2015-03-01 | CIMT    | 1       | 1         | 900                   |                     |                    | z
        2015-03-01 | KLINISK | 1       | 0         | 10                    | 1                   | 0.045454545        | uz
        2015-04-01 | CIMT    | 1       | 0         | 1                     |                     |                    | z
        2015-04-01 | KLINISK | 1       | 0         | 10                    | 0                   | 0.052631579        | uz
    """)


def test_the_four_service_levels_of_the_exchange_makers_example(tables: Tables) -> None:
    calls(tables, (70, "answered", 300), (10, "abandoned", 300), (20, "abandoned", 301))
    assert levels(month_of(tables)) == (1, 0.777777778, 0.7, 0.8)


def test_the_variant_decides_whether_a_month_passes_and_the_headline_is_reference_data(tables: Tables) -> None:
    calls(tables, (70, "answered", 300), (10, "abandoned", 300), (20, "answered", 301))
    assert [month_of(tables)] == expect("headline_variant | service_level_share | target | target_met\nnegative | 0.7 | 0.8 | no")
    tables.given("reference.service_level", """
        desk | variant  | valid_from | valid_to   | source
        CIMT | negative | 2007-01-01 | 2015-02-28 | test
        CIMT | positive | 2015-03-01 | 2099-12-31 | test
    """)  # fmt: skip
    assert [month_of(tables)] == expect("headline_variant | service_level_share | target_met\npositive | 0.8 | yes")


def test_a_call_that_flowed_out_counts_in_negative_and_positive_only(tables: Tables) -> None:
    calls(tables, (8, "answered", 10), (2, "flowed_out", 10))
    assert levels(month_of(tables)) == (1, 1, 0.8, 0.8)
    assert [month_of(tables)] == expect("offered | flowed_out\n10 | 2")


@pytest.mark.parametrize(("wait", "in_time"), [(0, 1), (299, 1), (300, 1), (301, 0), (86400, 0)])
def test_five_minutes_are_in_time_and_a_second_more_is_not(tables: Tables, wait: int, in_time: int) -> None:
    calls(tables, (1, "answered", wait))
    assert (month_of(tables)["answered_in_time"], *levels(month_of(tables))) == (in_time,) * 5


@pytest.mark.parametrize(("in_time", "met"), [(79, "no"), (80, "yes"), (81, "yes"), (0, "no"), (100, "yes")])
def test_equal_to_the_target_is_met(tables: Tables, in_time: int, met: str) -> None:
    calls(tables, (in_time, "answered", 300), (100 - in_time, "answered", 301))
    assert [month_of(tables)] == expect(f"target_met\n{met}")


@pytest.mark.parametrize(("limit", "offered", "short"), [(0, 3, 0), (5, 3, 0), (6, 2, 1), (11, 1, 2)])
def test_a_caller_who_gives_up_below_the_short_abandon_limit_was_never_offered(
    tables: Tables, limit: int, offered: int, short: int
) -> None:
    tables.given("reference.target", f"""
        indicator           | subject | value   | comparison | unit    | valid_from | valid_to   | source
        short_abandon_limit | CIMT    | {limit} | <          | seconds | 2007-01-01 | 2099-12-31 | test
        answer_time_limit   | CIMT    | 300     | <=         | seconds | 2007-01-01 | 2099-12-31 | test
    """)  # fmt: skip
    calls(tables, (1, "answered", 1), (1, "abandoned", 5), (1, "abandoned", 10))
    row = month_of(tables)
    assert (row["offered"], row["abandoned"], row["short_abandoned"]) == (offered, offered - 1, short)


def test_where_no_short_abandon_limit_is_in_force_every_caller_was_offered(tables: Tables) -> None:
    calls(tables, (2, "answered", 10), (1, "abandoned", 0), desk="NY")
    assert [month_of(tables)] == expect("offered | abandoned | short_abandoned\n3 | 1 | 0")


def test_a_desk_without_a_limit_has_no_service_level_and_a_month_before_the_limit_neither(tables: Tables) -> None:
    calls(tables, (2, "answered", 10), (1, "abandoned", 10), desk="KLINISK")
    assert [month_of(tables)] == expect("""
        answered_share | service_level_share | service_level_handled_share | target | target_met | calls_outside_hours | qf
        0.666666667    |                     |                             |        |            | 0                   | uz
    """)
    calls(tables, (2, "answered", 10), month="2014-07")
    assert [month_of(tables, "2014-07")] == expect("offered | service_level_share | target\n2 | |")


def test_waits_are_means_and_the_waits_half_and_nine_in_ten_did_not_exceed(tables: Tables) -> None:
    calls(tables, *((1, "answered", 10 * n) for n in range(1, 11)), (1, "abandoned", 600))
    assert [month_of(tables)] == expect("""
        mean_wait_answered_seconds | mean_wait_all_seconds | p50_wait_answered_seconds | p90_wait_answered_seconds
        55                         | 104.545455            | 50                        | 90
    """)


def test_a_month_nobody_answered_in_has_no_mean_wait_and_a_share_of_nothing(tables: Tables) -> None:
    calls(tables, (3, "abandoned", 400))
    assert [month_of(tables)] == expect("""
        answered | answered_share | mean_wait_answered_seconds | p50_wait_answered_seconds | service_level_share
        0        | 0              |                            |                           | 0
    """)


@pytest.mark.parametrize(("final", "is_provisional"), [("2015-03", True), ("2015-04", False)])
def test_a_month_is_final_when_its_delivery_is_and_never_by_the_calls_it_holds(tables: Tables, final: str, is_provisional: bool) -> None:
    calls(tables, (1, "answered", 10), month="2015-04", last="2025-04-30")
    tables.covers("servicedesk_calls", "2015-03", "2015-05", final=final)
    assert [f"{r['month']:%Y-%m}" for r in tables.run("marts.servicedesk_calls_monthly")] == ["2015-04"]
    row = month_of(tables, "2015-04")
    assert (row["is_provisional"], "p" in row["qf"]) == (is_provisional, is_provisional)


@pytest.mark.parametrize(("days", "is_uncertain"), [(10, True), (11, False)])
def test_a_month_with_calls_on_less_than_half_of_the_open_days_is_uncertain(tables: Tables, days: int, is_uncertain: bool) -> None:
    hverdage = [f"2015-03-{d:02d}" for d in range(2, 32) if date(2015, 3, d).isoweekday() < 6][:days]
    rows = "\n".join(f"KLINISK | {day}-{i} | {day} 10:00:00 | 2015-03-01 | answered | 5 | 1 | no" for day in hverdage for i in (1, 2))
    tables.given("core.servicedesk_call", f"{CORE}\n{rows}")
    assert ("u" in month_of(tables)["qf"]) == is_uncertain


def test_open_days_are_counted_as_far_as_the_month_is_delivered(tables: Tables) -> None:
    calls(tables, (8, "answered", 10), desk="KLINISK", last="2015-03-05")
    tables.covers("servicedesk_calls", "2015-03", "2015-03", final="2015-02", known_until="2015-03-06 06:30:00")
    assert month_of(tables)["calls_per_open_day"] == round(9 / 5, 9)


def test_open_days_are_the_hverdage_on_which_hours_of_the_desk_are_in_force(tables: Tables) -> None:
    """Mondays from Easter Monday to the 20th, Tuesdays from the 14th on; Wednesdays are another desk's."""
    tables.given("reference.opening_hours", f"""
        {HOURS}
        KLINISK | 1 | 480 | 960 | 2015-04-06 | 2015-04-20 | test
        KLINISK | 2 | 480 | 960 | 2015-04-14 | 2015-12-31 | test
        CIMT    | 3 | 480 | 960 | 2015-04-01 | 2015-04-30 | test
    """)  # fmt: skip
    calls(tables, (9, "answered", 10), desk="KLINISK", month="2015-04")
    assert month_of(tables, "2015-04")["calls_per_open_day"] == 10 / 5


def test_a_desk_that_was_open_on_one_day_has_calls_per_day(tables: Tables) -> None:
    tables.given("reference.opening_hours", f"""
        {HOURS}
        KLINISK | 1 | 480 | 960 | 2015-04-13 | 2015-04-13 | test
    """)  # fmt: skip
    calls(tables, (9, "answered", 10), desk="KLINISK", month="2015-04", last="2015-05-29")
    assert month_of(tables, "2015-04")["calls_per_open_day"] == 9


def test_who_gave_up_at_once_at_a_closed_desk_gave_up_nothing(tables: Tables) -> None:
    tables.given("reference.target", """
        indicator           | subject | value | comparison | unit    | valid_from | valid_to   | source
        short_abandon_limit | CIMT    | 6     | <          | seconds | 2007-01-01 | 2099-12-31 | test
    """)  # fmt: skip
    row = "CIMT | {} | 2015-03-02 {}:00:00 | 2015-03-01 | abandoned | 1 | 1 | {}"
    tables.given("core.servicedesk_call", "\n".join([CORE, row.format("a", 10, "no"), row.format("b", 20, "yes")]))
    assert month_of(tables)["short_abandoned"] == 1


@pytest.mark.parametrize("outcome", ["answered", "abandoned", "flowed_out"])
def test_what_comes_to_a_closed_desk_is_counted_apart_and_in_nothing_else(tables: Tables, outcome: str) -> None:
    row = "KLINISK | {} | 2015-03-02 {}:00:00 | 2015-03-01 | {} | {} | 1 | {}"
    inside = [
        row.format(f"in{i}", 10, kind, 10 * i + 10, "no") for i, kind in enumerate(("answered", "answered", "abandoned", "flowed_out"))
    ]
    tables.given("core.servicedesk_call", "\n".join([CORE, *inside]))
    before = month_of(tables)
    tables.given("core.servicedesk_call", "\n".join([CORE, *inside, *(row.format(f"out{w}", 20, outcome, w, "yes") for w in (1, 5, 900))]))
    after = month_of(tables)
    assert after["calls_outside_hours"] == 3
    assert after | {"calls_outside_hours": 0} == before


TOTALS = "month | desk | offered | answered | abandoned | answered_in_time | limit_seconds | wait_answered_seconds"


def test_totals_stand_where_there_are_no_calls_and_say_that_they_are_totals(tables: Tables) -> None:
    calls(tables, (3, "answered", 10), desk="CIMT")
    tables.given("raw.servicedesk_call_totals", f"""
        {TOTALS}
        2015-02-01 | CIMT    | 100 | 80 | 15 | 60 | 300 | 8000
        2015-03-01 | CIMT    | 900 | 80 | 15 | 60 | 300 | 8000
        2015-03-01 | KLINISK | 50  | 50 | 0  | 40 | 300 | 500
    """)  # fmt: skip
    rows = tables.run("marts.servicedesk_calls_monthly")[:3]
    assert rows == expect("""
        month      | desk    | offered | flowed_out | mean_wait_answered_seconds | service_level_share | target_met | is_provisional | qf
        2015-02-01 | CIMT    | 100     | 5          | 100                        | 0.6                 | no         | no             | ez
        2015-03-01 | CIMT    | 3       | 0          | 10                         | 1                   | yes        | no             | z
        2015-03-01 | KLINISK | 50      | 0          | 10                         |                     |            | no             | ez
    """)
    unknown = (
        "mean_wait_all_seconds",
        "p50_wait_answered_seconds",
        "p90_wait_answered_seconds",
        "calls_outside_hours",
        "calls_per_open_day",
    )
    assert [[row[column] for column in unknown] for row in (rows[0], rows[2])] == [[None] * 5] * 2


def test_a_call_dated_in_a_month_that_has_totals_alone_leaves_them_be(tables: Tables) -> None:
    """The exchange told 900 calls of March 2014; one call of a year later is dated then."""
    calls(tables, (3, "answered", 10), desk="CIMT", month="2014-03", last="2015-03-12")
    tables.given("raw.servicedesk_call_totals", f"{TOTALS}\n2014-03-01 | CIMT | 900 | 80 | 15 | 60 | 300 | 8000")
    tables.covers("servicedesk_calls", "2015-01", "2015-04")
    tables.covers("servicedesk_call_totals", "2014-01", "2014-12")
    assert [(f"{r['month']:%Y-%m}", r["offered"]) for r in tables.run("marts.servicedesk_calls_monthly")] == [
        ("2014-03", 900),
        ("2015-03", 1),
    ]


def test_totals_counted_with_another_limit_are_in_time_for_nobody(tables: Tables) -> None:
    tables.given("raw.servicedesk_call_totals", f"{TOTALS}\n2015-03-01 | CIMT | 100 | 80 | 15 | 60 | 180 | 8000")
    assert tables.run("marts.servicedesk_calls_monthly") == expect("offered | answered_share | service_level_share\n100 | 0.8 |")
