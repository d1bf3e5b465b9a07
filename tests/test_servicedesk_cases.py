"""Cases of the service desks: deadlines, first calls, what is within the SLA, and what a month's row counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sources.duck import relation
from tests.drawn import Tables, expect

RAW = "case_id | desk | updated_at | channel_name | priority | opened_at | resolved_at | closed_at"


def case(tables: Tables, opened_at: str, resolved_at: str = "", priority: str = "Normal", **more: str) -> dict[str, Any]:
    """core.servicedesk_case of one portal case; `more` adds or replaces columns of the raw record."""
    columns = {"case_id": "a", "desk": "CIMT", "updated_at": "2015-12-01", "channel_name": "Selvbetjening", "priority": priority}
    columns |= {"opened_at": opened_at, "resolved_at": resolved_at, **more}
    tables.given("raw.servicedesk_cases", f"{' | '.join(columns)}\n{' | '.join(columns.values())}")
    tables.covers("servicedesk_cases", opened_at[:7], columns["updated_at"][:7], known_until=columns["updated_at"])
    [row] = tables.run("core.servicedesk_case")
    return row


@pytest.mark.parametrize(
    ("opened", "high", "medium", "normal", "by_calendar"),
    [
        ("2015-04-01", "2015-04-09", "2015-04-13", "2015-04-20", "2015-04-04"),
        ("2015-04-30", "2015-05-06", "2015-05-08", "2015-05-18", "2015-05-03"),
        ("2014-12-22", "2014-12-30", "2015-01-05", "2015-01-12", "2014-12-25"),
        ("2015-06-04", "2015-06-10", "2015-06-12", "2015-06-19", "2015-06-07"),
        ("2023-05-04", "2023-05-10", "2023-05-12", "2023-05-22", "2023-05-07"),
        ("2024-04-25", "2024-04-30", "2024-05-02", "2024-05-10", "2024-04-28"),
    ],
)
def test_deadlines_count_hverdage_from_the_day_after_opening_at_the_same_time_of_day(
    tables: Tables, opened: str, high: str, medium: str, normal: str, by_calendar: str
) -> None:
    for priority, due in (("Høj", high), ("Medium", medium), ("Normal", normal)):
        assert str(case(tables, f"{opened} 13:37:11", priority=priority)["due_at"]) == f"{due} 13:37:11"
    assert str(case(tables, f"{opened} 13:37:11", priority="Høj")["calendar_due_at"]) == f"{by_calendar} 13:37:11"


@pytest.mark.parametrize(
    ("opened_at", "due_at"),
    [
        ("2015-03-07 14:00:00", "2015-03-12 00:00:00"),
        ("2015-04-02 08:00:00", "2015-04-10 00:00:00"),
        ("2014-12-24 09:00:00", "2015-01-05 00:00:00"),
        ("2015-03-06 23:59:59", "2015-03-11 23:59:59"),
    ],
)
def test_a_case_opened_on_no_hverdag_starts_at_midnight_of_the_next(tables: Tables, opened_at: str, due_at: str) -> None:
    assert str(case(tables, opened_at, priority="Høj")["due_at"]) == due_at


@pytest.mark.parametrize(
    ("resolved_at", "within"),
    [
        ("2015-03-05 09:59:59", True),
        ("2015-03-05 10:00:00", True),
        ("2015-03-05 10:00:01", False),
        ("", None),
        ("2015-03-02 10:00:00", True),
        ("2099-01-01 00:00:00", False),
    ],
)
def test_resolved_at_the_deadline_is_within_and_a_second_later_is_not(tables: Tables, resolved_at: str, within: bool | None) -> None:
    assert case(tables, "2015-03-02 10:00:00", resolved_at, "Høj")["is_within_sla"] is within


@pytest.mark.parametrize(("pause", "within"), [("", False), ("0", False), ("3599", False), ("3600", True), ("86400", True)])
def test_a_pause_moves_the_deadline_if_the_case_system_marks_it(tables: Tables, pause: str, within: bool) -> None:
    row = case(tables, "2015-03-02 10:00:00", "2015-03-05 11:00:00", "Høj", paused_seconds=pause)
    assert row["is_within_sla"] is within


@pytest.mark.parametrize(
    ("opened_at", "wall", "hverdage", "due_at"),
    [
        # Paused from Friday 15:00 to Monday 09:00: 66 hours on the wall, 18 on the clock that counts hverdage.
        ("2015-04-08 09:00:00", "237600", "64800", "2015-04-16 03:00:00"),
        ("2015-04-08 09:00:00", "237600", "", "2015-04-20 03:00:00"),
        ("2015-04-08 09:00:00", "", "64800", "2015-04-16 03:00:00"),
        # Due on a Friday afternoon: what is left over goes on at the midnight of Monday.
        ("2015-04-10 15:00:00", "36000", "", "2015-04-20 01:00:00"),
        ("2015-04-10 15:00:00", "", "32400", "2015-04-20 00:00:00"),
        ("2015-04-10 15:00:00", "", "32399", "2015-04-17 23:59:59"),
        # Over Easter, and opened on a Sunday.
        ("2015-03-25 12:00:00", "86400", "", "2015-04-07 12:00:00"),
        ("2015-04-12 12:00:00", "3600", "", "2015-04-20 01:00:00"),
    ],
)
def test_a_pause_is_counted_on_the_clock_of_the_deadline_which_stands_still_on_all_days_but_hverdage(
    tables: Tables, opened_at: str, wall: str, hverdage: str, due_at: str
) -> None:
    row = case(tables, opened_at, priority="Medium", paused_seconds=wall, paused_hverdag_seconds=hverdage)
    assert str(row["due_at"]) == due_at
    assert row["calendar_due_at"] == datetime.fromisoformat(opened_at) + timedelta(days=5, seconds=int(wall or hverdage))


@pytest.mark.parametrize(
    ("opened_at", "resolved_at", "closed_at", "is_first_call", "is_doubtful"),
    [
        ("2015-03-29 01:30:00", "2015-03-29 03:20:00", "", True, False),
        ("2015-03-29 01:30:00", "2015-03-29 03:30:01", "", False, False),
        ("2014-10-26 01:30:00", "2014-10-26 03:20:00", "", False, False),
        ("2014-10-26 01:59:00", "2014-10-26 02:30:00", "", False, True),
        ("2015-03-29 02:00:00", "2015-03-29 03:20:00", "", True, True),
        ("2015-03-22 01:30:00", "2015-03-22 02:30:00", "", True, False),
        ("2014-10-19 01:30:00", "2014-10-19 01:40:00", "2014-10-26 02:30:00", True, True),
        ("2014-10-26 01:30:00", "", "", False, False),
    ],
)
def test_in_the_nights_when_clocks_change_what_really_passed_counts_and_hours_that_are_not_there_once_are_marked(
    tables: Tables, opened_at: str, resolved_at: str, closed_at: str, is_first_call: bool, is_doubtful: bool
) -> None:
    row = case(tables, opened_at, resolved_at, channel_name="Telefon", closed_at=closed_at)
    assert (row["is_first_call_resolved"], row["has_doubtful_hour"]) == (is_first_call, is_doubtful)


@pytest.mark.parametrize("state", ["Canceled", "cancelled", "Annulleret", "Closed Skipped"])
@pytest.mark.parametrize(("resolved_at", "closed_at"), [("", "2015-03-02 10:05:00"), ("2015-03-02 10:05:00", ""), ("", "")])
def test_a_cancelled_case_is_closed_and_was_never_solved(tables: Tables, state: str, resolved_at: str, closed_at: str) -> None:
    row = case(tables, "2015-03-02 10:00:00", resolved_at, "Høj", channel_name="Telefon", closed_at=closed_at, state=state)
    assert [row] == expect("resolved_at | is_cancelled | is_first_call_resolved | is_within_sla\n | yes | no |")
    assert str(row["closed_at"]) == ("2015-03-02 10:05:00" if resolved_at or closed_at else "2015-12-01 00:00:00")


@pytest.mark.parametrize("state", ["Closed", "Lukket", "Flyttet", ""])
def test_any_other_state_is_no_cancellation(tables: Tables, state: str) -> None:
    row = case(tables, "2015-03-02 10:00:00", "2015-03-03 10:00:00", "Høj", state=state)
    assert (row["is_cancelled"], row["is_within_sla"]) == (False, True)


@pytest.mark.parametrize(
    ("priority", "criticality"),
    [("Høj", "HØJ"), ("høj", "HØJ"), ("2 - High", "HØJ"), ("2", "HØJ"), ("Kritisk", "KRITISK"), ("P9", None), ("", None)],
)
def test_every_way_to_write_a_priority_is_one_criticality_and_an_unknown_one_is_none(
    tables: Tables, priority: str, criticality: str | None
) -> None:
    row = case(tables, "2015-03-02 10:00:00", "2015-03-03 10:00:00", priority)
    assert row["criticality"] == criticality
    assert (row["due_at"] is None) == (criticality in (None, "KRITISK"))
    assert (row["is_within_sla"] is None) == (criticality in (None, "KRITISK"))


@pytest.mark.parametrize(
    ("resolved", "closed", "reopened", "resolved_at"),
    [
        ("2015-03-03", "2015-03-10", "", "2015-03-03"),
        ("2015-03-03", "", "2015-03-05", None),
        ("2015-03-09", "", "2015-03-05", "2015-03-09"),
        ("2015-03-03", "2015-03-10", "2015-03-12", None),
        ("", "2015-03-10", "", "2015-03-10"),
        ("2015-03-03", "2015-03-10", "2015-03-05", "2015-03-10"),
        ("2015-03-05", "", "2015-03-05", "2015-03-05"),
        ("", "2015-03-05", "2015-03-05", "2015-03-05"),
        ("", "", "", None),
    ],
)
def test_the_clock_stops_when_a_case_was_last_resolved(
    tables: Tables, resolved: str, closed: str, reopened: str, resolved_at: str | None
) -> None:
    row = case(tables, "2015-03-02", resolved, closed_at=closed, reopened_at=reopened)
    assert (row["resolved_at"] and str(row["resolved_at"].date())) == resolved_at
    assert (row["closed_at"] and str(row["closed_at"].date())) == (closed if closed and closed >= reopened else None)


@pytest.mark.parametrize(
    ("more", "is_first_call"),
    [
        ({"is_first_contact": "true"}, True),
        ({"is_first_contact": "false"}, False),
        ({"resolved_at": "2015-03-02 11:00:00"}, True),
        ({"resolved_at": "2015-03-02 11:00:01"}, False),
        ({"resolved_at": "2015-03-02 11:00:01", "is_first_contact": "true"}, True),
        ({"reassignment_count": "1"}, False),
        ({"reopen_count": "1"}, False),
        ({"reopen_count": "1", "is_first_contact": "true"}, False),
        ({"reopened_at": "2015-03-02 10:15:00"}, False),
        ({"reopened_at": "2015-03-02 10:15:00", "reopen_count": "0", "is_first_contact": "true"}, False),
        ({"channel_name": "Selvbetjening", "is_first_contact": "true"}, False),
        ({"channel_name": "Brevdue"}, False),
        ({"channel_name": ""}, False),
        ({"resolved_at": "", "is_first_contact": "true"}, False),
    ],
)
def test_solved_in_the_first_call_is_by_phone_at_once_and_for_good(tables: Tables, more: dict[str, str], is_first_call: bool) -> None:
    row = case(tables, "2015-03-02 10:00:00", **({"resolved_at": "2015-03-02 10:20:00", "channel_name": "Telefon"} | more))
    assert row["is_first_call_resolved"] is is_first_call
    assert (row["is_within_sla"] is None) == (is_first_call or row["resolved_at"] is None)


@pytest.mark.parametrize(
    ("channel_name", "channel", "is_inquiry"),
    [
        ("telefon", "phone", True),
        ("Selvbetjening", "portal", True),
        ("Overvågning", "system", False),
        ("Brevdue", "UNMAPPED", True),
        ("", None, True),
    ],
)
def test_every_case_is_an_inquiry_of_a_user_but_those_of_channels_listed_as_none(
    tables: Tables, channel_name: str, channel: str | None, is_inquiry: bool
) -> None:
    row = case(tables, "2015-03-02 10:00:00", channel_name=channel_name)
    assert (row["channel"], row["is_inquiry"]) == (channel, is_inquiry)


def test_a_case_opened_on_a_day_that_the_calendar_does_not_know_has_no_deadline(tables: Tables) -> None:
    row = case(tables, "2036-03-03 10:00:00", "2036-03-04 10:00:00", "Høj", updated_at="2036-04-01")
    assert (row["due_at"], row["is_within_sla"]) == (None, None)


def cases(tables: Tables, rows: str) -> None:
    """Cases of the CIMT desk as channel, priority, opened, resolved, closed; the extract reaches 2015-05-31."""
    drawn = [f"c{i} | CIMT | 2015-05-31 | {row.strip()}" for i, row in enumerate(rows.strip().splitlines())]
    tables.given("raw.servicedesk_cases", "\n".join([RAW, *drawn]))
    tables.covers("servicedesk_cases", "2015-03", "2015-05", known_until="2015-05-31")


def counted(tables: Tables) -> list[dict[str, Any]]:
    """By criticality and in all, without those by who handles cases."""
    return [r for r in tables.run("core.servicedesk_case_count") if r["handling_unit"] == "ALL"]


def rows_of(tables: Tables, month: str, criticality: str = "ALL") -> list[dict[str, Any]]:
    found = counted(tables)
    return [r for r in found if f"{r['month']:%Y-%m}" == month and r["criticality"] == criticality]


def test_what_was_cancelled_leaves_the_backlog_and_is_in_no_share(tables: Tables) -> None:
    """Two withdrawn after five minutes, one in May after its deadline; one was solved late."""
    tables.given("raw.servicedesk_cases", f"""
        {RAW} | state
        a | CIMT | 2015-05-31 | Selvbetjening | Høj | 2015-04-01 08:00:00 |                     | 2015-04-01 08:05:00 | Canceled
        b | CIMT | 2015-05-31 | Telefon       | Høj | 2015-04-01 08:00:00 | 2015-04-01 08:05:00 | 2015-04-01 08:05:00 | Canceled
        c | CIMT | 2015-05-31 | Selvbetjening | Høj | 2015-04-01 08:00:00 | 2015-04-30 08:00:00 | 2015-05-07 08:00:00 | Closed
        d | CIMT | 2015-05-31 | Selvbetjening | Høj | 2015-04-01 08:00:00 |                     | 2015-05-20 08:00:00 | Canceled
    """)  # fmt: skip
    tables.covers("servicedesk_cases", "2015-04", "2015-05", known_until="2015-05-31")
    assert rows_of(tables, "2015-04") == expect("""
        incoming | inquiries | first_call_resolved | resolved | closed | cancelled | backlog | within_sla_base | within_sla | overdue_open
        4        | 4         | 0                   | 1        | 2      | 2         | 1       | 1               | 0          | 1
    """)
    assert rows_of(tables, "2015-05") == expect("""
        resolved | closed | cancelled | backlog | within_sla_share | within_sla_with_open_share | overdue_open
        0        | 2      | 1         | 0       |                  |                            | 0
    """)


def test_a_month_counts_what_came_in_what_went_out_and_what_is_left(tables: Tables) -> None:
    cases(tables, """
        Telefon       | Normal | 2015-03-02 10:00:00 | 2015-03-02 10:10:00 | 2015-03-09 10:10:00
        Telefon       | Normal | 2015-03-03 10:00:00 | 2015-04-20 10:00:00 | 2015-04-27 10:00:00
        Telefon       | Høj    | 2015-03-04 10:00:00 | 2015-03-06 10:00:00 | 2015-03-13 10:00:00
        Selvbetjening | Medium | 2015-03-05 10:00:00 |                     |
        Overvågning   | Høj    | 2015-03-06 10:00:00 | 2015-03-30 10:00:00 | 2015-04-06 10:00:00
    """)  # fmt: skip
    assert rows_of(tables, "2015-03") == expect("""
        inquiries | phone_inquiries | phone_share | incoming | resolved | closed | flow_ratio | backlog
        4         | 3               | 0.75        | 5        | 3        | 2      | 0.4        | 2
    """)
    assert rows_of(tables, "2015-03") == expect("""
        first_call_resolved | first_call_resolved_of_phone_share | first_call_resolved_of_all_share | first_call_resolved_target_met
        1                   | 0.333333333                        | 0.25                             | no
    """)
    rest = [r for r in tables.run("core.servicedesk_case_count") if r["is_total"] and f"{r['month']:%Y-%m}" > "2015-03"]
    assert rest == expect("""
        month      | incoming | resolved | closed | flow_ratio | backlog | within_sla_base | within_sla | overdue_open
        2015-04-01 | 0        | 1        | 2      |            | 1       | 1               | 0          | 1
        2015-05-01 | 0        | 0        | 0      |            | 1       | 0               | 0          | 1
    """)
    assert rest == expect("""
        inquiries | phone_inquiries | first_call_resolved | unknown_criticality | cancelled | phone_share
        0         | 0               | 0                   | 0                   | 0         |
        0         | 0               | 0                   | 0                   | 0         |
    """)


def test_a_case_that_no_user_asked_for_is_no_inquiry_by_phone_either(tables: Tables) -> None:
    tables.given("reference.channel", """
        channel_name | channel | is_inquiry | source
        Telefon      | phone   | yes        | test
        Alarmopkald  | phone   | no         | test
    """)  # fmt: skip
    cases(tables, """
        Telefon     | Normal | 2015-03-02 10:00:00 | |
        Alarmopkald | Normal | 2015-03-02 10:00:00 | |
    """)  # fmt: skip
    assert rows_of(tables, "2015-03") == expect("incoming | inquiries | phone_inquiries | phone_share\n2 | 1 | 1 | 1")


def test_within_the_sla_is_judged_in_the_month_of_the_last_resolution_on_cases_with_a_limit_that_needed_more_than_a_call(
    tables: Tables,
) -> None:
    cases(tables, """
        Telefon       | Normal  | 2015-04-01 10:00:00 | 2015-04-01 10:10:00 |
        Telefon       | Kritisk | 2015-04-01 10:00:00 | 2015-04-30 10:00:00 |
        Telefon       | P9      | 2015-04-01 10:00:00 | 2015-04-30 10:00:00 |
        Telefon       |         | 2015-04-01 10:00:00 | 2015-04-01 10:10:00 |
        Selvbetjening | Normal  | 2015-03-20 10:00:00 | 2015-04-08 10:00:00 |
        Selvbetjening | Høj     | 2015-04-01 10:00:00 | 2015-04-09 10:00:01 |
        Selvbetjening | Normal  | 2015-04-01 10:00:00 | 2015-05-01 10:00:00 |
    """)  # fmt: skip
    assert rows_of(tables, "2015-04") == expect("""
        resolved | within_sla_base | within_sla | within_sla_share | overdue_open | within_sla_with_open_share | target | target_met
        6        | 2               | 1          | 0.5              | 1            | 0.333333333                | 0.9    | no
    """)
    assert rows_of(tables, "2015-04", "KRITISK") == expect("""
        resolved | within_sla_base | within_sla_share | overdue_open | target | target_met | qf
        1        | 0               |                  | 0            |        |            | z
    """)
    assert rows_of(tables, "2015-04", "UKENDT") == expect("incoming | within_sla_base | unknown_criticality | target\n2 | 0 | 1 |")


@pytest.mark.parametrize(("within", "met"), [(8, "no"), (9, "yes"), (10, "yes")])
def test_equal_to_the_target_is_met(tables: Tables, within: int, met: str) -> None:
    resolved = ["2015-03-16 10:00:00"] * within + ["2015-03-16 10:00:01"] * (10 - within)
    cases(tables, "\n".join(f"Selvbetjening | Normal | 2015-03-02 10:00:00 | {at} |" for at in resolved))
    assert rows_of(tables, "2015-03") == expect(f"within_sla_share | target_met\n{within / 10:g} | {met}")


@pytest.mark.parametrize("left_open", [0, 1, 2, 3])
def test_leaving_late_cases_open_gains_nothing_in_the_second_line_and_the_target_is_that_of_cases_resolved(
    tables: Tables, left_open: int
) -> None:
    late = ["" if n < left_open else "2015-03-20 10:00:00" for n in range(3)]
    rows = ["Selvbetjening | Normal | 2015-03-02 10:00:00 | 2015-03-03 10:00:00 |"] * 18
    cases(tables, "\n".join([*rows, *(f"Selvbetjening | Normal | 2015-03-02 10:00:00 | {at} |" for at in late)]))
    [march] = rows_of(tables, "2015-03")
    assert (march["overdue_open"], march["within_sla_base"]) == (left_open, 21 - left_open)
    assert march["within_sla_with_open_share"] == round(18 / 21, 9)
    assert (march["within_sla_share"], march["target_met"]) == (round(18 / (21 - left_open), 9), left_open > 0)


@pytest.mark.parametrize("left_open", [1, 10])
def test_leaving_cases_open_that_are_not_late_yet_gains_nothing_either(tables: Tables, left_open: int) -> None:
    """Nine of ten in time; with in-time cases left open it is no longer so."""
    rows = ["Selvbetjening | Normal | 2015-03-02 10:00:00 | 2015-04-01 10:00:00 |"]
    rows += [f"Selvbetjening | Normal | 2015-03-30 10:00:00 | {'' if n < left_open else '2015-04-01 10:00:00'} |" for n in range(9)]
    cases(tables, "\n".join(rows))
    [april] = rows_of(tables, "2015-04")
    assert (april["within_sla_with_open_share"] or 0) < 0.9


def test_a_month_in_which_nothing_was_resolved_has_no_share(tables: Tables) -> None:
    cases(tables, "Selvbetjening | Normal | 2015-03-02 10:00:00 | |")
    assert rows_of(tables, "2015-04") == expect("""
        within_sla_base | within_sla_share | overdue_open | within_sla_with_open_share | target_met
        0               |                  | 1            |                            |
    """)


@pytest.mark.parametrize(
    ("updated_at", "overdue"), [("2015-03-16 09:00:00", 0), ("2015-03-16 10:00:00", 0), ("2015-03-16 10:00:01", 1), ("2015-04-30", 1)]
)
def test_a_case_is_overdue_once_the_extract_has_seen_its_deadline_pass(tables: Tables, updated_at: str, overdue: int) -> None:
    case(tables, "2015-03-02 10:00:00", updated_at=updated_at)
    assert rows_of(tables, "2015-03") == expect(f"backlog | overdue_open\n1 | {overdue}")


@pytest.mark.parametrize(("final", "is_provisional"), [("2015-02", True), ("2015-03", False)])
def test_a_month_is_final_when_its_deliveries_are(tables: Tables, final: str, is_provisional: bool) -> None:
    case(tables, "2015-03-02 10:00:00", "2015-03-03 10:00:00", updated_at="2015-06-01")
    tables.covers("servicedesk_cases", "2015-02", "2015-05", final=final)
    assert all((r["is_provisional"], "p" in r["qf"]) == (is_provisional, is_provisional) for r in rows_of(tables, "2015-03"))


def test_a_case_from_before_the_series_is_in_the_stock_it_opens_with_and_in_no_month_of_its_own(tables: Tables) -> None:
    """Opened in 2009 and resolved in April, opened in 2009 and still open, and one opened and resolved in 2010."""
    cases(tables, """
        Selvbetjening | Normal | 2009-05-04 10:00:00 | 2015-04-20 10:00:00 | 2015-04-27 10:00:00
        Selvbetjening | Normal | 2009-06-04 10:00:00 |                     |
        Selvbetjening | Normal | 2010-06-04 10:00:00 | 2010-07-04 10:00:00 | 2010-07-11 10:00:00
        Selvbetjening | Normal | 2015-03-04 10:00:00 | 2015-03-05 10:00:00 | 2015-03-12 10:00:00
    """)  # fmt: skip
    tables.covers("servicedesk_cases", "2015-02", "2015-04")
    rows = [r for r in tables.run("core.servicedesk_case_count") if r["is_total"]]
    assert rows == expect("""
        month      | incoming | resolved | closed | backlog | overdue_open
        2015-02-01 | 0        | 0        | 0      | 2       | 0
        2015-03-01 | 1        | 1        | 1      | 2       | 0
        2015-04-01 | 0        | 1        | 1      | 1       | 0
    """)


def test_each_desk_has_its_own_cases_from_the_month_of_the_first_on(tables: Tables) -> None:
    tables.given("raw.servicedesk_cases", f"""
        {RAW}
        a | CIMT    | 2015-05-31 | Selvbetjening | Høj    | 2015-03-02 10:00:00 |                     |
        b | KLINISK | 2015-05-31 | Selvbetjening | Normal | 2015-04-07 10:00:00 | 2015-04-08 10:00:00 | 2015-04-08 10:00:00
        c | KLINISK | 2015-05-31 | Selvbetjening | Normal | 2015-04-09 10:00:00 |                     |
    """)  # fmt: skip
    tables.covers("servicedesk_cases", "2015-02", "2015-04")
    assert counted(tables) == expect("""
        month      | desk    | criticality | incoming | resolved | closed | backlog | overdue_open
        2015-03-01 | CIMT    | ALL         | 1        | 0        | 0      | 1       | 1
        2015-03-01 | CIMT    | HØJ         | 1        | 0        | 0      | 1       | 1
        2015-04-01 | CIMT    | ALL         | 0        | 0        | 0      | 1       | 1
        2015-04-01 | CIMT    | HØJ         | 0        | 0        | 0      | 1       | 1
        2015-04-01 | KLINISK | ALL         | 2        | 1        | 1      | 1       | 1
        2015-04-01 | KLINISK | NORMAL      | 2        | 1        | 1      | 1       | 1
    """)


def test_cases_of_two_desks_in_one_month_are_never_added_up(tables: Tables) -> None:
    tables.given("raw.servicedesk_cases", f"""
        {RAW}
        a | CIMT    | 2015-05-31 | Selvbetjening | Høj | 2015-03-02 10:00:00 | 2015-03-03 10:00:00 | 2015-03-04 10:00:00
        b | KLINISK | 2015-05-31 | Selvbetjening | Høj | 2015-03-02 10:00:00 | 2015-03-03 10:00:00 |
        c | KLINISK | 2015-05-31 | Selvbetjening | Høj | 2015-03-02 10:00:00 |                     |
    """)  # fmt: skip
    tables.covers("servicedesk_cases", "2015-03", "2015-03", known_until="2015-05-31")
    assert counted(tables) == expect("""
        desk    | criticality | incoming | resolved | closed | backlog
        CIMT    | ALL         | 1        | 1        | 1      | 0
        CIMT    | HØJ         | 1        | 1        | 1      | 0
        KLINISK | ALL         | 2        | 1        | 0      | 1
        KLINISK | HØJ         | 2        | 1        | 0      | 1
    """)


def test_a_criticality_that_no_limit_applies_to_has_no_target_and_its_cases_are_counted_but_for_those_of_the_first_call(
    tables: Tables,
) -> None:
    cases(tables, """
        Selvbetjening | Høj | 2015-03-02 10:00:00 | 2015-03-03 10:00:00 |
        Selvbetjening |     | 2015-03-02 10:00:00 | 2015-03-03 10:00:00 |
        Telefon       |     | 2015-03-02 10:00:00 | 2015-03-02 10:10:00 |
        Telefon       |     | 2015-03-02 10:00:00 | 2015-03-02 10:12:00 |
    """)  # fmt: skip
    assert counted(tables)[:3] == expect("""
        criticality | target | unknown_criticality
        ALL         | 0.9    | 1
        HØJ         | 0.9    | 0
        UKENDT      |        | 1
    """)


def test_a_deadline_has_passed_by_the_newest_delivery_of_all_months(tables: Tables) -> None:
    """March was last told of before the deadline, April after it."""
    case(tables, "2015-04-01 10:00:00", updated_at="2015-04-30")
    months = (("2015-03-01", "2015-04-02"), ("2015-04-01", "2015-05-31"))
    relation(
        tables.con,
        "coverage.servicedesk_cases",
        " union all ".join(
            f"select date '{month}' as month, true as is_final, timestamp '{until}' as known_until" for month, until in months
        ),
    )
    assert rows_of(tables, "2015-04") == expect("backlog | overdue_open\n1 | 1")


def test_a_case_solved_in_the_first_call_is_never_overdue(tables: Tables) -> None:
    """The case system says so itself, and the case was marked as resolved only after its deadline."""
    case(tables, "2015-03-02 10:00:00", "2015-05-05 10:00:00", channel_name="Telefon", is_first_contact="true")
    rows = [r for r in tables.run("core.servicedesk_case_count") if r["is_total"]][:3]
    assert rows == expect("""
        month      | backlog | resolved | within_sla_base | overdue_open
        2015-03-01 | 1       | 0        | 0               | 0
        2015-04-01 | 1       | 0        | 0               | 0
        2015-05-01 | 0       | 1        | 0               | 0
    """)


@pytest.mark.parametrize(("phone", "portal", "met"), [(5, 0, "yes"), (6, 0, "no"), (4, 1, "yes"), (4, 2, "no")])
def test_three_in_five_solved_in_the_first_call_meet_the_target_if_they_are_so_of_phone_calls_and_of_all(
    tables: Tables, phone: int, portal: int, met: str
) -> None:
    rows = ["Telefon | Normal | 2015-03-02 10:00:00 | 2015-03-02 10:10:00 |"] * 3
    rows += ["Telefon | Normal | 2015-03-02 10:00:00 | |"] * (phone - 3) + ["Selvbetjening | Normal | 2015-03-02 10:00:00 | |"] * portal
    cases(tables, "\n".join(rows))
    assert rows_of(tables, "2015-03") == expect(f"first_call_resolved_target | first_call_resolved_target_met\n0.6 | {met}")


def test_a_desk_whose_first_case_is_of_a_month_not_delivered_has_no_rows_yet(tables: Tables) -> None:
    cases(tables, "Selvbetjening | Normal | 2015-06-02 10:00:00 | |")
    assert tables.run("core.servicedesk_case_count") == []


def test_the_rows_of_the_criticalities_add_up_to_the_total(tables: Tables) -> None:
    cases(tables, """
        Telefon       | Normal | 2015-03-02 10:00:00 | 2015-03-02 10:10:00 | 2015-03-09 10:10:00
        Selvbetjening | Høj    | 2015-03-31 10:00:00 |                     |
        Telefon       | P9     | 2015-04-01 10:00:00 | 2015-04-03 10:10:00 |
    """)  # fmt: skip
    rows = counted(tables)
    assert len(rows) == 3 * 4
    for count in ("inquiries", "incoming", "resolved", "closed", "backlog", "within_sla_base", "within_sla", "overdue_open"):
        total, parts = (sum(r[count] for r in rows if r["is_total"] is is_total) for is_total in (True, False))
        assert total == parts, count


def test_a_desk_without_a_target_is_counted_and_not_judged(tables: Tables) -> None:
    case(tables, "2015-03-02 10:00:00", "2015-03-03 10:00:00", desk="KLINISK")
    assert rows_of(tables, "2015-03") == expect("""
        within_sla_share | target | target_met | first_call_resolved_target | first_call_resolved_target_met | qf
        1                |        |            |                            |                                | z
    """)


def test_the_marts_are_the_cases_of_all_and_of_each_criticality(tables: Tables) -> None:
    tables.given("raw.servicedesk_cases", f"""
        {RAW}
        a | CIMT | 2015-05-31 | Selvbetjening | Høj    | 2015-04-01 08:00:00 | 2015-04-02 08:00:00 | 2015-05-07 08:00:00
        b | CIMT | 2015-05-31 | Telefon       | Normal | 2015-04-01 08:00:00 |                     |
    """)  # fmt: skip
    every = counted(tables)
    for mart, is_total in (("marts.servicedesk_cases_monthly", True), ("marts.servicedesk_cases_by_criticality", False)):
        rows, found = [r for r in every if r["is_total"] is is_total], tables.run(mart)
        assert len(found) == len(rows) > 0
        order = sorted(rows, key=lambda r: (r["month"], r["desk"], r["criticality"]))
        assert [{n: of[n] for n in row} for row, of in zip(found, order, strict=True)] == found
    assert {r["criticality"] for r in tables.run("marts.servicedesk_cases_by_criticality")} == {"HØJ", "NORMAL"}


def test_a_single_case_that_was_resolved_has_shares(tables: Tables) -> None:
    tables.given("raw.servicedesk_cases", f"""
        {RAW}
        a | CIMT | 2015-05-31 | Selvbetjening | Høj | 2015-04-01 08:00:00 | 2015-04-01 09:00:00 | 2015-05-07 08:00:00
    """)  # fmt: skip
    assert rows_of(tables, "2015-04") == expect("within_sla_base | within_sla_share | within_sla_with_open_share\n1 | 1 | 1")


def units(tables: Tables) -> list[dict[str, Any]]:
    tables.covers("servicedesk_cases", "2015-03", "2015-04", final="2015-03")
    return tables.run("marts.servicedesk_cases_by_unit")


def test_a_case_is_its_suppliers_or_its_last_units_and_a_delivery_that_says_neither_has_its_own_row(tables: Tables) -> None:
    """A unit and a supplier of one name are two; a stock stands in months when nothing happened; a cancelled case is in no share."""
    tables.given("raw.servicedesk_cases", f"""
        {RAW.replace("channel_name", "handling_unit | vendor | state")}
        a | CIMT    | 2015-04-30 | Drift | Atea  |            | Høj    | 2015-03-02 10:00 | 2015-03-03 10:00 | 2015-03-12 10:00
        b | CIMT    | 2015-04-30 | Drift |       |            | Høj    | 2015-03-02 10:00 | 2015-03-12 10:00 | 2015-04-12 10:00
        c | CIMT    | 2015-04-30 | Drift |       |            | Medium | 2015-03-30 10:00 |                  |
        d | CIMT    | 2015-04-30 | Drift |       | Annulleret | Høj    | 2015-04-01 10:00 | 2015-04-01 12:00 | 2015-04-02 10:00
        e | CIMT    | 2015-04-30 | Atea  |       |            | Normal | 2015-04-01 10:00 | 2015-04-02 10:00 |
        f | CIMT    | 2015-04-30 |       |       |            | Normal | 2014-01-01 10:00 |                  |
        g | KLINISK | 2015-04-30 | Drift |       |            | Normal | 2015-04-01 10:00 | 2015-04-02 10:00 |
    """)  # fmt: skip
    assert units(tables) == expect("""
        month | desk    | handling_unit | is_vendor | incoming | resolved | closed | cancelled | backlog | within_sla | overdue_open|qf
        2015-03-01 | CIMT    | Atea          | no        | 0        | 0        | 0      | 0         | 0       | 0          | 0 | ''
        2015-03-01 | CIMT    | Drift         | no        | 2        | 1        | 0      | 0         | 1       | 0          | 0 | ''
        2015-03-01 | CIMT    | UKENDT        | no        | 0        | 0        | 0      | 0         | 1       | 0          | 0 | ''
        2015-03-01 | CIMT    | Atea          | yes       | 1        | 1        | 1      | 0         | 0       | 1          | 0 | ''
        2015-04-01 | CIMT    | Atea          | no        | 1        | 1        | 0      | 0         | 0       | 1          | 0 | p
        2015-04-01 | CIMT    | Drift         | no        | 1        | 0        | 2      | 1         | 1       | 0          | 1 | p
        2015-04-01 | CIMT    | UKENDT        | no        | 0        | 0        | 0      | 0         | 1       | 0          | 0 | p
        2015-04-01 | CIMT    | Atea          | yes       | 0        | 0        | 0      | 0         | 0       | 0          | 0 | p
        2015-04-01 | KLINISK | Drift         | no        | 1        | 1        | 0      | 0         | 0       | 1          | 0 | pz
    """)  # fmt: skip


def test_units_and_categories_add_up_to_their_desk_or_the_rule_says_so(tables: Tables) -> None:
    tables.given("raw.servicedesk_cases", f"""
        {RAW.replace("channel_name", "handling_unit | system_name | category")}
        a | CIMT    | 2015-04-30 | Drift | outlook       | Svartid | Høj    | 2015-03-02 10:00 | 2015-03-03 10:00 | 2015-03-12 10:00
        b | CIMT    | 2015-04-30 | Net   | Mail/kalender | Svartid | Høj    | 2015-03-02 10:00 | 2015-03-12 10:00 | 2015-04-12 10:00
        c | CIMT    | 2015-04-30 |       | MAIL/KALENDER | Adgang  | Normal | 2015-03-02 10:00 |                  |
        d | CIMT    | 2015-04-30 |       | Mail/kalender |         | Normal | 2015-03-05 10:00 |                  |
        e | CIMT    | 2015-04-30 |       |               |         | Normal | 2015-04-05 10:00 |                  |
        f | CIMT    | 2015-04-30 |       |               |         | Normal | 2014-04-05 10:00 |                  |
    """)  # fmt: skip
    units(tables)
    assert tables.run("marts.servicedesk_cases_by_category") == expect("""
        month      | system_id | system_name   | category | incoming | share_of_system | qf
        2015-03-01 | ANDET     | Andre systemer | Svartid  | 1        | 1               | ''
        2015-03-01 | MAIL      | Mail/Kalender | Adgang   | 1        | 0.333333333     | ''
        2015-03-01 | MAIL      | Mail/Kalender | Svartid  | 1        | 0.333333333     | ''
        2015-03-01 | MAIL      | Mail/Kalender | UKENDT   | 1        | 0.333333333     | ''
        2015-04-01 | UKENDT    | Ikke oplyst   | UKENDT   | 1        | 1               | p
    """)
    tables.con.execute(f"create table whole as {tables.catalog.tables['marts.servicedesk_cases_monthly'].text}")
    relation(tables.con, "marts.servicedesk_cases_monthly", "select * from whole")
    for name, count in (("by_unit", "backlog"), ("by_category", "incoming")):
        table = tables.catalog.tables[f"marts.servicedesk_cases_{name}"]
        tables.con.execute(f"create table {name} as {table.text}")
        [rule] = [r for r in table.contract.object.quality if r.id.endswith("_add_up")]
        asked = str(rule.query).replace("{object}", name)
        assert tables.con.execute(asked).fetchall() == [(0,)]
        for change in (f"update {name} set {count} = {count} + 1", f"delete from {name} where month = date '2015-04-01'"):
            tables.con.execute(f"begin; {change}")
            assert tables.con.execute(asked).fetchall()[0][0] > 0, change
            tables.con.execute("rollback")


def test_a_row_with_a_part_beyond_its_whole_is_named_with_who_handles_its_cases(tables: Tables) -> None:
    name = "core.servicedesk_case_count"
    tables.given(name, """
        month      | desk | criticality | handling_unit
        2015-04-01 | CIMT | ALL         | Drift
    """)  # fmt: skip
    [label] = [r.label for r in tables.catalog.contract(name).object.quality if r.id == "parts_of_wholes"]
    assert tables.con.execute(f"select {label} from {name}").fetchall() == [("2015-04 CIMT ALL Drift",)]
