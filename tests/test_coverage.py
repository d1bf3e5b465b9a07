"""What deliveries cover, and when that makes a month final: by what they declare, never by what their records hold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.deliveries.claims import Claim
from assets.deliveries.coverage import Covered, Month, Window, by_month, coverage, is_final
from assets.deliveries.receipts import Receipt
from assets.deliveries.rules import found_of, said
from assets.deliveries.standing import Rows, Standing
from sources.contract import Contract
from sources.reading import Reading
from sources.vocabulary import Delivery, Sender
from tests.drawn import Tables, expect
from tests.toy import Toy

WINDOWS = {
    "late": [Window(1, "months", date(2000, 1, 1), date(2099, 12, 31))],
    "days": [Window(7, "days", date(2000, 1, 1), date(2099, 12, 31))],
}
READING = Reading("plain", "utf-8", None, 5, 5, 5, 0, {}, [], [], None)


def standing(number: int, claim: Claim, status: str = "current") -> Standing:
    receipt = Receipt(f"n-{number}", "n", f"{number}.csv", f"{number}.csv", str(number), 1, "2015-01-01", "2015-01-01")
    return replace(Standing(receipt, str(number), READING, claim=claim).all(status), status=status)


def contract_of(delivery: Delivery, *more: dict[str, object]) -> Contract:
    """A contract of one column, `day`, by which its records are dated."""
    latency = {"property": "latency", "value": 40, "unit": "d", "element": "n.day"}
    properties = [{"property": "delivery", "value": delivery.model_dump()}, *more]
    column = {"name": "day", "physicalType": "DATE", "primaryKey": True}
    schema = [{"name": "n", "dataGranularityDescription": "A day.", "customProperties": properties, "properties": [column]}]
    words = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "n", "version": "1", "status": "active", "domain": "n"}
    return Contract.model_validate({**words, "description": {"purpose": "A test."}, "slaProperties": [latency], "schema": schema})


def covered(delivery: Delivery, *claims: Claim, rows: Rows = ()) -> list[Covered]:
    """The months of deliveries that claim so much; `rows` is what would be counted in them."""
    standings = [standing(i, c) for i, c in enumerate(claims)]
    months = coverage(
        contract_of(delivery),
        standings,
        {s.parse or "": "none.parquet" for s in standings},
        lambda _: [[*row[:7], row[6], row[7], row[3]] for row in rows],
    )
    return by_month(delivery, WINDOWS, months)


def finals(found: list[Covered]) -> str:
    """Each month as 2015-01 with F for final, D for delivered, - for what is not delivered."""
    return " ".join(f"{c.month[:7]}{'F' if c.is_final else 'D' if c.is_delivered else '-'}" for c in found)


def month_file(month: str, drawn: str, **more: object) -> Claim:
    return replace(Claim(period=month, drawn=f"{drawn}T06:00:00"), **more)  # type: ignore[arg-type]


REDELIVERY = Delivery(mode="replace_period", period="day", completes="redelivery", finalAfter="late")
LATER = Delivery(mode="upsert", completes="later_files", finalAfter="late")
THROUGH = Delivery(mode="upsert", completes="through")


@pytest.mark.parametrize(("drawn", "said"), [("2015-01-20", "-"), ("2015-02-01", "D"), ("2015-02-28", "D"), ("2015-03-01", "F")])
def test_a_month_is_final_by_its_own_file_drawn_after_the_window(drawn: str, said: str) -> None:
    assert finals(covered(REDELIVERY, month_file("2015-01", drawn))) == f"2015-01{said}"


def test_no_later_month_makes_a_month_final_whose_own_file_was_drawn_early() -> None:
    found = covered(
        REDELIVERY, month_file("2015-01", "2015-02-02"), month_file("2015-02", "2015-05-01"), month_file("2015-04", "2015-05-02")
    )
    assert finals(found) == "2015-01D 2015-02F 2015-03- 2015-04D"


def test_files_that_follow_without_a_gap_make_a_month_final_and_a_gap_ends_it() -> None:
    files = [month_file(f"2015-{m:02d}", f"2015-{m + 1:02d}-02") for m in (1, 2, 4, 5, 6)]
    found = covered(LATER, *files)
    assert finals(found) == "2015-01F 2015-02D 2015-03- 2015-04F 2015-05F 2015-06D 2015-07-"
    assert [c.known_until for c in found if not c.is_delivered] == [None, "2015-07-02T06:00:00"], (
        "the newest file tells of July's first day"
    )


@pytest.mark.parametrize(("claim", "said"), [
    (Claim(latest="2015-03", drawn="2015-05-01T06:00:00"), "2015-01F 2015-02F 2015-03F"),
    (Claim(drawn="2015-03-10T06:00:00"), "2015-01F 2015-02F 2015-03-"),
])  # fmt: skip
def test_a_file_that_reaches_past_a_month_makes_it_final(claim: Claim, said: str) -> None:
    assert finals(covered(replace_senders(THROUGH, Sender(name="a", since="2015-01")), replace(claim, sender="a"))) == said


def replace_senders(delivery: Delivery, *senders: Sender) -> Delivery:
    return delivery.model_copy(update={"senders": list(senders)})


def test_a_month_is_not_delivered_until_each_of_its_senders_has() -> None:
    """The larger sender's February is missing: nothing of February is final, whoever else sent it."""
    both = replace_senders(REDELIVERY, Sender(name="large"), Sender(name="small"), Sender(name="new", since="2015-03"))
    files = [
        month_file(f"2015-{m:02d}", f"2015-{m + 2:02d}-02", sender=sender)
        for sender, months in (("large", (1, 3)), ("small", (1, 2, 3)), ("new", (3,)))
        for m in months
    ]
    found = covered(both, *files)
    assert finals(found) == "2015-01F 2015-02- 2015-03F"
    assert [c.lacks for c in found] == ["", "large", ""]


def test_half_of_a_month_in_parts_is_no_month() -> None:
    delivery = Delivery(mode="upsert", completes="redelivery")
    second = month_file("2015-03", "2015-04-03", part=2, parts=2)
    assert finals(covered(delivery, second)) == "2015-03-"
    assert finals(covered(delivery, second, month_file("2015-03", "2015-03-17", part=1, parts=2))) == "2015-03F"
    assert finals(covered(delivery, second, month_file("2015-03", "2015-04-05"))) == "2015-03F"


def test_a_file_a_day_covers_a_month_when_all_its_days_have_come() -> None:
    daily = Delivery(mode="append", unit="day", completes="redelivery")
    days = [Claim(period=f"2015-02-{d:02d}", drawn=f"2015-{2 + (d == 28):02d}-{d % 28 + 1:02d}T04:00:00") for d in range(1, 29)]
    assert finals(covered(daily, *days)) == "2015-02F"
    assert finals(covered(daily, *(d for d in days if d.period != "2015-02-11"))) == "2015-02-"
    early = [replace(d, drawn="2015-02-28T23:00:00") if d.period == "2015-02-28" else d for d in days]
    assert finals(covered(daily, *early)) == "2015-02-"


def test_a_file_a_year_covers_the_months_that_were_over_when_it_was_drawn() -> None:
    yearly = Delivery(mode="replace_period", period="day", unit="year", completes="redelivery", finalAfter="late")
    found = covered(yearly, Claim(period="2014", drawn="2014-12-20T06:00:00"))
    assert finals(found).split()[9:] == ["2014-10F", "2014-11D", "2014-12-"]


def test_ten_years_in_one_night_are_final_month_by_month() -> None:
    months = [f"{year}-{month:02d}" for year in range(2005, 2015) for month in range(1, 13)]
    found = covered(REDELIVERY, *(month_file(m, "2015-06-01") for m in months))
    assert [c.is_final for c in found] == [True] * 120


def test_a_first_delivery_ever_is_a_series_of_one_month() -> None:
    assert finals(covered(REDELIVERY, month_file("2015-05", "2015-06-02"))) == "2015-05D"
    assert covered(REDELIVERY) == []


def test_what_cannot_say_what_it_covers_is_kept_and_never_final() -> None:
    """A file without a month, in an extract whose months have files: what it holds is there, month by month, and provisional."""
    rows = [
        ["", False, None, "2015-03-01", True, ["n-0"], 40, "2015-03-30"],
        ["", False, None, "2015-04-01", True, ["n-0"], 50, "2015-04-29"],
    ]
    assert finals(covered(LATER, Claim(drawn="2016-01-01T06:00:00"), rows=rows)) == "2015-03- 2015-04-"


def test_a_record_from_long_ago_begins_no_series() -> None:
    """Of a file that holds everything and names no month: one record in 2009, and one in 2013, beside hundreds a month."""
    rows = [
        ["", False, None, m, True, ["n-0"], n, m]
        for m, n in (("2009-05-01", 1), ("2013-12-01", 1), ("2015-02-01", 210), ("2015-03-01", 190))
    ]
    assert finals(covered(THROUGH, Claim(drawn="2015-04-10T06:00:00"), rows=rows)) == "2015-02F 2015-03F 2015-04-"


def test_a_file_for_days_that_had_not_begun_when_it_was_drawn_covers_nothing() -> None:
    assert finals(covered(REDELIVERY, month_file("2015-01", "2015-03-02"), month_file("2051-01", "2015-03-02"))) == "2015-01F"


def test_the_window_is_that_of_the_month_and_without_one_nothing_is_final() -> None:
    month = Month("2015-01-01", known_until="2015-02-08T00:00:00")
    week = Delivery(mode="upsert", completes="later_files", finalAfter="days")
    assert is_final(week, WINDOWS, month)
    assert not is_final(week, WINDOWS, replace(month, known_until="2015-02-07T23:59:00"))
    assert not is_final(week, {}, month)


def test_who_is_not_expected_in_a_month_keeps_it_from_nobody() -> None:
    """A file of a sender before it is expected, or of one that nobody expects, leaves a final month final."""
    some = replace_senders(REDELIVERY, Sender(name="a"), Sender(name="b", since="2015-02"))
    files = [month_file("2015-01", "2015-03-02", sender="a"), month_file("2015-02", "2015-04-02", sender="a")]
    early = month_file("2015-01", "2015-01-20", sender="b")
    rows: Rows = [["c", True, "2015-01-01", "2015-01-01", True, ["n-9"], 7, "2015-01-09"]]
    assert finals(covered(some, *files, early, month_file("2015-02", "2015-04-02", sender="b"), rows=rows)) == "2015-01F 2015-02F"


def test_a_file_sent_again_tells_nothing_of_what_later_files_are_for() -> None:
    """December is sent again in March, and the files of January and February never came: end codes that came late are in them."""
    december = [month_file("2014-12", "2015-01-02"), month_file("2014-12", "2015-03-05")]
    assert finals(covered(LATER, *december))[:8] == "2014-12D"


@pytest.mark.parametrize(("latest", "drawn", "said"), [
    ("2015-03", "2015-03-20", "2015-01F 2015-02F 2015-03-"),
    ("2015-03", "2015-04-01", "2015-01F 2015-02F 2015-03F"),
    ("2051-03", "2015-04-01", ""),
])  # fmt: skip
def test_a_file_reaches_no_further_than_to_when_it_was_drawn(latest: str, drawn: str, said: str) -> None:
    since = replace_senders(THROUGH, Sender(name="a", since="2015-01"))
    assert finals(covered(since, Claim(sender="a", latest=latest, drawn=f"{drawn}T06:00:00"))) == said


def test_the_last_months_of_a_sender_who_stops_are_final_once_all_of_them_have_come() -> None:
    ends = replace_senders(LATER, Sender(name="a"), Sender(name="b", until="2015-03"))
    on = [month_file(f"2015-{m:02d}", f"2015-{m + 1:02d}-02", sender="a") for m in range(1, 7)]
    b = {m: month_file(f"2015-{m:02d}", f"2015-{m + 1:02d}-02", sender="b") for m in (1, 2, 3)}
    assert finals(covered(ends, *on, *b.values()))[:35] == "2015-01F 2015-02F 2015-03F 2015-04F"
    assert finals(covered(ends, *on, b[1], b[2]))[:35] == "2015-01F 2015-02D 2015-03- 2015-04F"


def found(contract: Contract, months: list[Month], lacking: int = 0) -> dict[str, str]:
    """Rule -> what was found against it."""
    return {o.name: o.named for o in found_of(contract, [], months, lacking) if not o.passed}


@pytest.mark.parametrize(("records", "said"), [(49, "2015-07 (49 records, usually 100 records)"), (50, ""), (200, ""), (201, "2015-07")])
def test_a_whole_month_is_weighed_against_those_before(records: int, said: str) -> None:
    """The month that is still being delivered is not weighed, and July may be half of June."""
    contract = contract_of(LATER, {"property": "volume", "value": {"warn": [50, 200], "over": 6}})
    counts = [95, 100, 105, 90, 110, 100, records]
    months = [Month(f"2015-{m:02d}-01", records=n, known_until=f"2015-{m + 1:02d}-02T00:00:00") for m, n in enumerate(counts, start=1)]
    half = Month("2015-08-01", records=3, known_until="2015-08-10T00:00:00")
    assert found(contract, [*months, half]).get("volume_is_as_usual", "")[: len(said) or None] == said


def test_stray_dates_and_what_the_source_deleted_are_told() -> None:
    stray = Month("2025-02-01", records=1, is_covered=False)
    newest, midnight = Month("2015-04-01", records=9), Month("2015-05-01", records=1, is_covered=False)
    assert found(contract_of(LATER), [newest, midnight, stray], lacking=2) == {
        "records_lie_in_covered_months": "2025-02 (1 records)",
        "nothing_is_gone_at_the_source": "2 records in no full file any more",
    }
    assert (said(4, is_personal=True), said(10, is_personal=True)) == ("under 10 records", "under 100 records")


# Through the lake.


@pytest.fixture
def two(tmp_path: Path) -> Toy:
    """An extract of two senders who name themselves in the file's name, with a mart row for each covered month."""
    toy = Toy(tmp_path, n="{mode: replace_period, period: day, completes: redelivery, senders: [{name: a}, {name: b, since: 2015-02}]}")
    toy.edit("sources/n/layouts/plain.yaml", ("(_\\w+)?\\.csv", "(_by-(?P<sender>\\w+))?\\.csv"))
    return toy


def months_of(toy: Toy) -> list[dict[str, object]]:
    return toy.ask("select month, sender, state, is_provisional, records from meta.coverage where extract = 'n' order by month, sender")


def test_senders_replace_their_own_files_alone_and_a_stranger_is_held(two: Toy) -> None:
    two.deliver("n", "n_2015-01_received-20150202-0100_by-a.csv", "a 1, b 2")
    two.deliver("n", "n_2015-02_received-20150302-0100_by-a.csv", "a 3", day="2015-02-10")
    two.deliver("n", "n_2015-02_received-20150303-0100_by-b.csv", "c 4", day="2015-02-10")
    two.deliver("n", "n_2015-02_received-20150304-0100_by-c.csv", "d 5", day="2015-02-10")
    two.night()
    assert months_of(two) == expect("""
        month      | sender | state | records
        2015-01-01 | a      | final | 2
        2015-02-01 | a      | final | 1
        2015-02-01 | b      | final | 1
        2015-02-01 | c      | held  | 1
    """)
    assert two.total("n") == "a 4, b 2, c 4"


def test_a_month_that_one_sender_forgot_is_told_and_final_of_nobody_else(two: Toy) -> None:
    two.deliver("n", "n_2015-01_received-20150202-0100_by-a.csv", "a 1, b 2")
    two.deliver("n", "n_2015-02_received-20150302-0100_by-a.csv", "a 3", day="2015-02-10")
    two.night()
    assert months_of(two) == expect("""
        month      | sender | state         | records
        2015-01-01 | a      | final         | 2
        2015-02-01 | a      | final         | 1
        2015-02-01 | b      | not delivered | 0
    """)
    night_sees = [(c.month[:7], c.is_final, c.lacks) for c in two.covered("n")]
    assert night_sees == [("2015-01", True, ""), ("2015-02", False, "b")]


def test_an_empty_delivery_covers_nothing(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert, completes: redelivery}")
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "a 1")
    toy.deliver("n", "n_2015-02_received-20150302-0100.csv", "")
    toy.night()
    assert [c.month[:7] for c in toy.covered("n")] == ["2015-01"]


FULL = "{mode: upsert, completes: later_files%s}"


def full(tmp_path: Path, more: str = "") -> Toy:
    toy = Toy(tmp_path, n=FULL % more)
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", "full: true\nheader: "))
    return toy


def test_what_a_full_file_no_longer_holds_is_gone_where_the_contract_says_so(tmp_path: Path) -> None:
    toy = full(tmp_path, ", absent: deleted")
    twenty = ", ".join(f"x{i:02d} 1" for i in range(20))
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", f"{twenty}, wrong 7")
    toy.night()
    assert "wrong 7" in toy.total("n")
    toy.deliver("n", "n_2015-02_received-20150302-0100.csv", twenty)
    toy.night()
    assert "wrong" not in toy.total("n")
    assert toy.deliveries("n") == expect("""
        accepted | current | superseded | duplicate | why
        21       | 0       | 1          | 20        | The newest full file no longer holds some of its records.
        20       | 20      | 0          | 0         | ''
    """)


def test_a_row_that_says_its_record_is_gone_takes_it_back_until_it_is_told_again(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert, completes: later_files}")
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", "deleted: \"Antal = 'gone'\"\nheader: "))
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "a 1, b 2, c 3")
    toy.deliver("n", "n_2015-02_received-20150302-0100.csv", "a gone, never gone, d 4")
    toy.night()
    assert toy.total("n") == "b 2, c 3, d 4"
    assert toy.deliveries("n") == expect("""
        accepted | current | superseded | duplicate | why
        3        | 2       | 1          | 0         | ''
        3        | 1       | 2          | 0         | 2 of its records say that theirs are gone.
    """)
    toy.deliver("n", "n_2015-03_received-20150402-0100.csv", "a 7, b gone")
    toy.night()
    assert toy.total("n") == "a 7, c 3, d 4"
    assert sum(m.accepted for m in toy.state("n").coverage) == 5, "records are counted, not what takes them back"


def test_a_row_of_which_nobody_can_tell_what_is_gone_is_refused(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert}")
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", 'deleted: "cast(Antal as integer) < 0"\nheader: '))
    toy.edit(
        "sources/n/contract.odcs.yaml", ("value: {mode: upsert}}", "value: {mode: upsert}}, {property: quarantineLimit, value: {hold: 90}}")
    )
    path = toy.deliver("n", "n_2015-01.csv", "a 1, b x, c 3, e -1")
    path.write_text(path.read_text("utf-8") + "x;d;-1\n", "utf-8")
    toy.night()
    assert toy.total("n") == "a 1, c 3"
    reasons = toy.ask("select reason, records from meta.quarantine_summary order by reason")
    assert reasons == [{"reason": "day:not_a_date", "records": 1}, {"reason": "rule:unreadable_deletion", "records": 1}]


def test_only_what_comes_record_by_record_is_taken_back_by_a_row(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: append}")
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", "deleted: \"Antal = 'gone'\"\nheader: "))
    [fault] = toy.catalog.faults
    assert "no row of it takes back another" in str(fault)


def test_else_the_gap_between_the_source_and_what_is_in_force_is_counted(tmp_path: Path) -> None:
    toy = full(tmp_path)
    twenty = ", ".join(f"x{i:02d} 1" for i in range(20))
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", f"{twenty}, wrong 7")
    toy.deliver("n", "n_2015-02_received-20150302-0100.csv", twenty)
    toy.night()
    assert "wrong 7" in toy.total("n")
    assert toy.state("n").lacking == 1


def test_a_truncated_full_file_deletes_nothing(tmp_path: Path) -> None:
    toy = full(tmp_path, ", absent: deleted")
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", ", ".join(f"x{i:02d} 1" for i in range(20)))
    toy.deliver("n", "n_2015-02_received-20150302-0100.csv", ", ".join(f"x{i:02d} 1" for i in range(17)))
    toy.night()
    assert toy.deliveries("n") == expect("status | current\ncurrent | 20\nheld | 0")


@pytest.mark.parametrize(("day", "is_taken"), [("2015-02-02", True), ("2015-02-03", False), ("2025-01-15", False)])
def test_an_event_after_the_delivery_that_tells_of_it_is_quarantined(tmp_path: Path, day: str, is_taken: bool) -> None:
    toy = Toy(tmp_path, n="{mode: upsert}")
    event = "{name: day, primaryKey: true, primaryKeyPosition: 1, customProperties: [{property: event, value: true}]}"
    toy.edit("sources/n/contract.odcs.yaml", ("{name: day, primaryKey: true, primaryKeyPosition: 1}", event))
    toy.deliver("n", "n_2015-01_received-20150202-2345.csv", "a 1, b 1, c 1, d 1, e 1")
    toy.deliver("n", "n_2015-02_received-20150202-2345.csv", "x 1, y 1, z 1, v 1, w 1", day=day)
    toy.night()
    assert ("x 1" in toy.total("n")) == is_taken
    reasons = toy.ask("select reason, records from meta.quarantine_summary")
    assert reasons == ([] if is_taken else [{"reason": "day:after_delivery", "records": 5}])


def test_a_date_that_no_delivery_covers_is_told_where_it_lies_and_blinds_no_promise(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert, completes: redelivery}")
    toy.now = datetime(2015, 6, 1)
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "a 1, b 1")
    stray = toy.data / "landing" / "n" / "n_2015-02_received-20150302-0100.csv"
    stray.write_text("Dag;Navn;Antal\n2015-02-10;a;1\n2025-02-10;b;1\n", "utf-8")
    toy.night()
    assert months_of(toy) == expect("""
        month      | state   | records
        2015-01-01 | final   | 2
        2015-02-01 | final   | 1
        2025-02-01 | outside | 1
    """)
    [late] = toy.ask("select newest_date, is_stale from meta.freshness where extract = 'n'")
    assert (f"{late['newest_date']:%Y-%m-%d}", late["is_stale"]) == ("2015-02-10", True)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["redelivery", "later_files"]), st.integers(1, 6), st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(1, 400))
def test_whatever_date_is_mistyped_no_finality_of_any_month_changes(completes: str, files: int, typed: date, others: int) -> None:
    """One record of one file is dated anywhere: which months there are, and which are final, stays as it was."""
    delivery = Delivery(mode="upsert", completes=completes, finalAfter="late")  # type: ignore[arg-type]
    claims = [month_file(f"2015-{m:02d}", f"2015-{m + 2:02d}-01") for m in range(1, files + 1)]
    right: Rows = [
        ["", False, f"2015-{m:02d}-01", f"2015-{m:02d}-01", True, [f"n-{m}"], others, f"2015-{m:02d}-20"] for m in range(1, files + 1)
    ]
    wrong = [["", False, "2015-01-01", f"{typed:%Y-%m}-01", True, ["n-1"], 1, f"{typed}"]]
    assert covered(delivery, *claims, rows=[*right, *wrong]) == covered(delivery, *claims, rows=right)


ANY_DAY = st.one_of(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.dates(date(2015, 1, 1), date(2015, 4, 30)))


def figures(tables: Tables, mart: str, *columns: str) -> dict[tuple[object, ...], dict[str, object]]:
    """The rows of a mart but for text and what they are known by, by month and what else they are of."""
    return {tuple(str(row[c]) for c in ("month", *columns)): row for row in tables.run(mart)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=ANY_DAY)
def test_a_mistyped_date_of_a_call_changes_no_other_month(tables: Tables, typed: date) -> None:
    """One of the calls of February is dated anywhere: January, March and April stay, but for the month it is dated in."""

    def calls(day: str) -> dict[tuple[object, ...], dict[str, object]]:
        rows = [
            f"CIMT | {m}-{i} | 2015-{m:02d}-{i + 10} 10:00:00 | 2015-{m:02d}-01 | answered | 5 | 1 |" for m in range(1, 5) for i in range(4)
        ]
        rows[4] = f"CIMT | 2-0 | {day} 10:00:00 | {day[:7]}-01 | answered | 5 | 1 |"
        tables.given(
            "core.servicedesk_call",
            "desk | call_id | offered_at | month | outcome | wait_seconds | visits | is_outside_hours\n" + "\n".join(rows),
        )
        tables.covers("servicedesk_calls", "2015-01", "2015-04", final="2015-03")
        return figures(tables, "marts.servicedesk_calls_monthly")

    right, wrong = calls("2015-02-10"), calls(str(typed))
    assert set(wrong) == set(right)
    assert {m for m in right if right[m] != wrong[m]} <= {("2015-02-01",), (f"{typed:%Y-%m}-01",)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=ANY_DAY)
def test_a_mistyped_stop_of_a_pathway_changes_no_other_month(tables: Tables, typed: date) -> None:
    def pathways(day: str) -> dict[tuple[object, ...], dict[str, object]]:
        head = "pathway_id | person_id | sector | unit_code | referral_received_date | stop_date | stop_code | reason_code | registered_at"
        rows = [
            f"F{m}{i} | p{m}{i} | SOM | 1516001 | 2014-12-{i + 10} | 2015-{m:02d}-{i + 10} | UDR-SLUT | | 2015-05-01 10:00:00"
            for m in range(1, 5)
            for i in range(4)
        ]
        rows[4] = f"F20 | p20 | SOM | 1516001 | 2014-12-10 | {day} | UDR-SLUT | | 2015-05-01 10:00:00"
        tables.given("raw.pathways", "\n".join([head, *rows]))
        for extract in ("pathways", "pathway_pauses", "referrals"):
            tables.covers(extract, "2015-01", "2015-04", final="2015-02")
        tables.given_names -= {"core.pathway"}
        return figures(tables, "core.pathway_count", "hospital_code")

    right, wrong = pathways("2015-02-10"), pathways(str(typed))
    months = {key[0] for key in right}
    assert {key[0] for key in wrong} == months
    assert {k[0] for k in right if right[k] != wrong[k]} <= {"2015-02-01", f"{typed:%Y-%m}-01"}


# By extract: the columns drawn, four records a month of which the second of February is mistyped, and the marts that count them.
RECORDS = {
    "redirections": (
        "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code",
        "A{m}{i} | p{m}{i} | {day} | 1516001 | P001 | DUF | KCJ",
        {"marts.redirection_by_agreement": ["agreement_type"], "marts.redirection_by_hospital": ["hospital_code"]},
    ),
    "response_times": (
        "system_name | action | action_class | location | started_at | duration_ms | status",
        "Orbit | login {i} | STANDARD | Herlev | {day} 08:00:00 | 100 | OK",
        {"marts.response_time_monthly": ["system_id"], "marts.response_time_location_monthly": ["system_id", "location"]},
    ),
    "servicedesk_cases": (
        "case_id | desk | updated_at | channel_name | priority | opened_at | resolved_at | closed_at",
        "{m}{i} | CIMT | 2015-05-02 | Telefon | Normal | {opened} 10:00:00 | {day} 10:00:00 | {day} 11:00:00",
        {"core.servicedesk_case_count": ["desk", "criticality", "handling_unit"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("extract", RECORDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=ANY_DAY)
def test_a_mistyped_date_of_a_record_changes_its_own_months_alone(tables: Tables, extract: str, typed: date) -> None:
    """Its own: the one it belongs to, and the one it is dated in. A case that seems open longer is in the backlog meanwhile."""
    columns, line, marts = RECORDS[extract]

    def run(day: str) -> dict[str, dict[tuple[object, ...], dict[str, object]]]:
        days = {(m, i): f"2015-{m:02d}-{i + 10}" for m in range(1, 5) for i in range(4)} | {(2, 1): day}
        lines = [line.format(m=m, i=i, day=days[m, i], opened=f"2015-{m:02d}-05") for m, i in days]
        tables.given(f"raw.{extract}", "\n".join([columns, *lines]))
        tables.covers(extract, "2015-01", "2015-04", final="2015-02")
        tables.given_names -= {name for name in tables.given_names if name.startswith("core.")}
        return {mart: figures(tables, mart, *of) for mart, of in marts.items()}

    right, wrong = run("2015-02-11"), run(str(typed))
    for mart in marts:
        months = {key[0] for key in right[mart]}
        assert {key[0] for key in wrong[mart]} <= months
        own = {"2015-02-01", f"{typed:%Y-%m}-01"}
        stocks = ("backlog", "overdue_open", "within_sla_with_open_share", "target_met")
        others = {
            (key, name): value
            for figures_ in (right[mart], wrong[mart])
            for key, row in figures_.items()
            if key[0] not in own
            for name, value in row.items()
            if name not in stocks
        }
        for (key, name), value in others.items():
            assert right[mart][key][name] == value == wrong[mart][key][name], (mart, key, name)


def test_a_changed_delivery_of_one_extract_computes_only_what_stands_on_it(tmp_path: Path) -> None:
    """Coverage of one extract is no input of a table of another."""
    toy = Toy(tmp_path, n="{mode: upsert, completes: redelivery}", m="{mode: upsert, completes: redelivery}")
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "a 1, b 1")
    toy.deliver("m", "m_2015-01_received-20150202-0100.csv", "a 1, b 1")
    toy.night()
    before = made(toy)
    toy.deliver("n", "n_2015-01_received-20150302-0100.csv", "a 1, b 2")
    toy.night()
    changed = {table for table, key in made(toy) if (table, key) not in set(before)}
    assert changed == {"core.n_sum", "marts.n_total"}


def made(toy: Toy) -> list[tuple[str, str]]:
    return sorted(_versions(toy))


def _versions(toy: Toy) -> Iterator[tuple[str, str]]:
    for layer in ("core", "marts"):
        for folder in (toy.lake.files / layer).glob("*/*"):
            yield f"{layer}.{folder.parent.name}", folder.name


def test_marks_keep_their_word_when_nothing_else_of_their_file_is_in_force(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert, completes: later_files}")
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", "deleted: \"Antal = 'gone'\"\nheader: "))
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "a 1, b 2, c 3")
    toy.deliver("n", "n_2015-02_received-20150302-0100.csv", "a gone, b 7")
    toy.deliver("n", "n_2015-03_received-20150402-0100.csv", "b 8")
    toy.night()
    assert toy.total("n") == "b 8, c 3"
    toy.deliver("n", "n_2015-04_received-20150502-0100.csv", "c gone")
    toy.night()
    assert toy.total("n") == "b 8"


def test_of_a_record_taken_back_and_told_again_in_one_file_the_later_line_counts(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert}")
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", "deleted: \"Antal = 'gone'\"\nheader: "))
    toy.deliver("n", "n_2015-01_received-20150202-0100.csv", "a gone, a 5, b 6, b gone")
    toy.night()
    assert toy.total("n") == "a 5"
