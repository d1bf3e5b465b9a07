"""The release calendar: when months to come are expected to be final, by windows of the lookups and deadlines of the contracts."""

from collections.abc import Sequence
from datetime import date, datetime

import pytest

from assets.catalog.declared import Catalog
from assets.deliveries.coverage import Month, Window
from assets.deliveries.extracts import ExtractState
from assets.releases.calendar import HOUR, Expected, expected
from sources.cadence import Cadence

ALWAYS = (date(2000, 1, 1), date(2099, 12, 31))
WINDOWS = {
    HOUR: [Window(8, "hours", *ALWAYS)],
    "redirection_final_after": [Window(1, "months", *ALWAYS)],
    "complaint_window": [Window(7, "days", *ALWAYS)],
    "kmf_final_after": [Window(3, "months", *ALWAYS)],
}
NOW = datetime(2015, 6, 1)


def delivered(extract: str, months: Sequence[str], until: str = "2099-01-01") -> ExtractState:
    """An extract whose months are known until a day."""
    covered = [Month(f"{m}-01", receipts=1, records=1, accepted=1, known_until=f"{until}T00:00:00") for m in months]
    return ExtractState(extract, "key", [], [], coverage=covered)


def of(catalog: Catalog, domain: str, *states: ExtractState, now: datetime = NOW, hour: bool = True) -> list[Expected]:
    windows = WINDOWS if hour else {k: v for k, v in WINDOWS.items() if k != HOUR}
    return [e for e in expected(catalog, list(states), windows, now) if e.domain == domain]


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2015-06-07", "2015-06-08 12:00"),
        ("2015-06-08", "2015-06-08 12:00"),
        ("2015-06-09", "2015-07-08 12:00"),
        ("2015-12-31", "2016-01-08 12:00"),
    ],
)
def test_the_first_deadline_of_a_day_is_that_day_or_later(day: str, due: str) -> None:
    assert Cadence.of("0 12 8 * *").first_due(date.fromisoformat(day)) == datetime.fromisoformat(due)


def test_a_month_is_expected_the_morning_after_the_first_delivery_due_once_its_window_is_over(catalog: Catalog) -> None:
    first, second, *_ = of(catalog, "redirection", delivered("redirections", ["2015-02", "2015-03"]))
    # April's window is May; what is drawn from 1 June on makes it final, and is due by noon on the 8th.
    due, out = datetime(2015, 6, 8, 12), datetime(2015, 6, 9, 8)
    assert first == Expected("redirection", "month", date(2015, 4, 1), date(2015, 6, 1), due, out)
    assert (second.period, second.expected_at) == (date(2015, 5, 1), datetime(2015, 7, 9, 8))


def test_a_domain_waits_for_the_last_of_its_deliveries(catalog: Catalog) -> None:
    calls, cases = delivered("servicedesk_calls", ["2015-04"]), delivered("servicedesk_cases", ["2015-04"])
    assert of(catalog, "servicedesk", calls)[0].expected_at == datetime(2015, 6, 9, 8)
    assert of(catalog, "servicedesk", calls, cases)[0].expected_at == datetime(2015, 6, 11, 8)


def test_a_delivery_that_is_overdue_gives_no_day_and_one_that_is_due_within_the_hour_does(catalog: Catalog) -> None:
    came = delivered("redirections", ["2015-03"])
    for now, out in ((datetime(2015, 6, 8, 12), datetime(2015, 6, 9, 8)), (datetime(2015, 6, 8, 12, 1), None)):
        assert of(catalog, "redirection", came, now=now)[0].expected_at == out


def test_a_hole_before_the_newest_final_month_is_not_to_come(catalog: Catalog) -> None:
    holed = [*delivered("redirections", ["2015-01"], until="2015-01-20").coverage, *delivered("redirections", ["2015-03"]).coverage]
    state = ExtractState("redirections", "key", [], [], coverage=holed)
    assert of(catalog, "redirection", state)[0].period == date(2015, 4, 1)


def test_figures_of_years_are_expected_by_year_and_only_where_the_year_ends_within_what_is_told(catalog: Catalog) -> None:
    settled = delivered("kmf_settlements", [f"2014-{m:02}" for m in range(1, 13)])
    (year,) = of(catalog, "kmf", settled)
    assert (year.unit, year.period, year.expected_at) == ("year", date(2015, 1, 1), datetime(2016, 4, 13, 8))


def test_what_was_never_delivered_and_an_hour_nobody_states_are_not_guessed(catalog: Catalog) -> None:
    assert of(catalog, "redirection") == []
    assert of(catalog, "redirection", delivered("redirections", [])) == []
    assert of(catalog, "redirection", delivered("redirections", ["2015-03"]), hour=False)[0].expected_at is None
