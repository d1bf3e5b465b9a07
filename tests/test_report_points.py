"""What is told first: which course and which change is large enough to tell, and how it is told."""

import re
from datetime import date
from types import SimpleNamespace

import pytest

from assets.report import points, prose
from assets.report.reading import Row, needed, statement
from tests.drawn import Tables

# An indicator that is better higher, one that is better lower, and a volume.
HIGHER, LOWER, NEITHER = ("response_time_compliance", "GS"), ("udredning_open_over_limit", "SOM"), ("calls_offered", "CIMT")
LEVEL = "10 11 10 11 10 11 10 11 10 11 10 11"


def given(tables: Tables, numbers_: str, whose: tuple[str, str], target: str = "", completeness: str = "") -> None:
    """Values of as many months in a row from January 2014, a dot for a month that is missing; of a share in percent."""
    is_share = whose == HIGHER
    rows = [
        f"{2014 + i // 12}-{i % 12 + 1:02d}-01 | {whose[0]} | {whose[1]} | {float(v) / 100 if is_share else v} | {target}"
        f" | {'>=' if target else ''} | {completeness} | ''"
        for i, v in enumerate(numbers_.split())
        if v != "."
    ]
    tables.given(
        "indicators.kpi_value", "month | indicator | subject | value | target | comparison | completeness_share | qf\n" + "\n".join(rows)
    )


def found(tables: Tables, month: str = "2017-01-01") -> Row:
    """What sql/report/finding.sql says of the one indicator that was given."""
    tables.prepare(SimpleNamespace(reads=needed("finding"), macros=()))  # type: ignore[arg-type]
    answer = tables.con.execute(statement("finding"), {"month": date.fromisoformat(month)})
    names = [d[0] for d in answer.description or []]
    [row] = answer.fetchall()
    return dict(zip(names, row, strict=True))


def kinds(row: Row) -> list[str]:
    return [p.kind for p in points._of_indicator(row, 1)]


@pytest.mark.parametrize(
    ("months", "is_course", "count"),
    [
        ("9 8 7 6", False, 4),
        ("9 8 7 6 5", True, 5),
        ("5 6 7 8 9 10", True, 6),
        ("1 9 8 7 6 5", True, 5),
        ("9 8 7 7 6 5", False, 3),
        ("9 8 7 . 6 5", False, 2),
        ("5 5 5 5 5 5", False, 6),
        ("5", None, None),
    ],
)
def test_a_course_is_told_from_the_months_in_a_row_that_are_enough_for_it(
    tables: Tables, months: str, is_course: bool | None, count: int | None
) -> None:
    given(tables, months, LOWER)
    row = found(tables)
    assert (row["is_course"], row["course_months"]) == (is_course, count)


@pytest.mark.parametrize(
    ("whose", "months", "kind"),
    [
        (HIGHER, "9 8 7 6 5", "COURSE"),
        (HIGHER, "5 6 7 8 9", "SAME_WAY"),
        (LOWER, "5 6 7 8 9", "COURSE"),
        (NEITHER, "5 6 7 8 9", "SAME_WAY"),
    ],
)
def test_a_course_goes_the_wrong_way_by_what_the_indicator_declares(tables: Tables, whose: tuple[str, str], months: str, kind: str) -> None:
    given(tables, months, whose)
    assert kinds(found(tables)) == [kind]


YEAR = "50 . . . . . . . . . . ."


@pytest.mark.parametrize(
    ("whose", "now", "is_large"),
    [
        (HIGHER, "54.9", False),
        (HIGHER, "55", True),
        (HIGHER, "55.1", True),
        (HIGHER, "45.1", False),
        (HIGHER, "45", True),
        (LOWER, "54.9", False),
        (LOWER, "55", True),
        (LOWER, "55.1", True),
        (LOWER, "45.1", False),
        (LOWER, "45", True),
    ],
)
def test_a_change_from_the_year_before_is_large_at_its_threshold(tables: Tables, whose: tuple[str, str], now: str, is_large: bool) -> None:
    given(tables, f"{YEAR} {now}", whose)
    assert found(tables)["is_large_change"] is is_large


def test_without_the_same_month_a_year_before_no_change_is_large(tables: Tables) -> None:
    given(tables, "50 . . . . . . . . . . . . 90", HIGHER)
    row = found(tables)
    assert (row["change_from_year_before"], row["is_large_change"]) == (None, None)


@pytest.mark.parametrize(
    ("share", "band", "told"),
    [("0.7499", "lav", ["INCOMPLETE"]), ("0.75", "varsomhed", []), ("0.8999", "varsomhed", []), ("0.9", "ok", []), ("", None, [])],
)
def test_completeness_is_told_below_its_bound(tables: Tables, share: str, band: str | None, told: list[str]) -> None:
    given(tables, "10 11", HIGHER, completeness=share)
    row = found(tables)
    assert (row["completeness_band"], kinds(row)) == (band, told)


def test_the_months_so_far_are_told_with_the_lowest_and_the_highest(tables: Tables) -> None:
    given(tables, "7 3 9 9 3 5", LOWER)
    row = found(tables)
    assert [row[c] for c in ("months", "lowest", "lowest_month", "highest", "highest_month")] == [
        6, 3.0, date(2014, 2, 1), 9.0, date(2014, 4, 1),
    ]  # fmt: skip
    said = prose.variation(row, 1).striptags()
    assert said == "På 6 måneder har tallet ligget mellem 3 (februar 2014) og 9 (april 2014)."


def test_a_later_month_is_not_known_to_the_report_of_an_earlier_one(tables: Tables) -> None:
    given(tables, "7 3 9 1", LOWER)
    row = found(tables, "2014-03-01")
    assert (row["months"], row["lowest"], row["month"]) == (3, 3.0, date(2014, 3, 1))


@pytest.mark.parametrize(
    ("month", "said"),
    [("2014-08-01", "TOO_FEW"), ("2014-11-01", "TOO_FEW"), ("2014-12-01", "NATURAL"), ("2015-05-01", "NATURAL"), ("2015-06-01", "CONCERN")],
)
def test_a_run_is_told_when_it_is_long_enough_and_not_by_what_came_after(tables: Tables, month: str, said: str) -> None:
    """Seven on one side from December on: in May there are six of them."""
    given(tables, "1 8 1 8 1 8 1 8 1 8 1 7 6 6 6 6 6 6", LOWER)
    assert found(tables, month)["variation"] == said


@pytest.mark.parametrize(("month", "said"), [("2015-02-01", "NATURAL"), ("2015-03-01", "NATURAL"), ("2015-04-01", "CONCERN")])
def test_a_trend_is_told_when_it_is_long_enough_and_not_by_what_came_after(tables: Tables, month: str, said: str) -> None:
    given(tables, "9 1 9 1 9 1 9 1 9 1 2 3 4 5 6 7 1 9 1 9", LOWER)
    assert found(tables, month)["variation"] == said


@pytest.mark.parametrize(
    ("now", "target", "met", "sentence"),
    [
        ("79.9", "0.8", ["MISSED"], "Målet på mindst 80 % er ikke nået. Det er nået i 1 af 3 måneder."),
        ("80", "0.8", [], ""),
        ("80.1", "0.8", [], ""),
    ],
)
def test_a_target_is_missed_below_it(tables: Tables, now: str, target: str, met: list[str], sentence: str) -> None:
    given(tables, f"70 90 {now}", HIGHER, target)
    row = found(tables)
    told = list(points._of_indicator(row, 1))
    assert [p.kind for p in told] == met
    assert all(sentence in p.sentence.striptags().replace("\N{NO-BREAK SPACE}", " ") for p in told)


def test_a_target_that_was_never_met_is_told_so(tables: Tables) -> None:
    given(tables, "70 60 65", HIGHER, "0.8")
    [point] = points._of_indicator(found(tables), 1)
    assert point.sentence.striptags().endswith("Det er ikke nået i nogen af 3 måneder.")


NATURAL = "8 12 8 12 8 12 8 12 8 12 8 12"


@pytest.mark.parametrize(
    ("months", "kind", "sentence"),
    [
        # Twelve months before it was 8; both lie between the limits.
        (f"{NATURAL} {NATURAL} 12 8 12", "WITHIN", "Det er 4 flere end i marts 2015 (8). Tallet ligger mellem"),
        (f"{NATURAL} 30 {NATURAL}", "CHANGE", "Det er 18 færre end i januar 2015 (30), som lå over kontrolgrænserne. Tallet ligger mellem"),
        ("10 . . . . . . . . . . . 20", "CHANGE", "Det er 10 flere end i januar 2014 (10)."),
    ],
)
def test_a_difference_that_natural_variation_covers_is_told_last_and_never_as_a_change(
    tables: Tables, months: str, kind: str, sentence: str
) -> None:
    given(tables, months, LOWER)
    [point] = points._of_indicator(found(tables), 1)
    said = point.sentence.striptags()
    assert (point.kind, sentence in said) == (kind, True), said
    assert "så store udsving" not in said
    assert list(points.KINDS)[-1] == "WITHIN"


@pytest.mark.parametrize("months", ["60 60 60", " ".join(["60"] * 14), "60.04 59.96 60", "60.04 59.96 " * 7])
def test_what_never_varies_is_told_once(tables: Tables, months: str) -> None:
    given(tables, months, HIGHER)
    row = found(tables)
    count = len(months.split())
    said = prose.variation(row, 0).striptags().replace("\N{NO-BREAK SPACE}", " ")
    assert said == f"Tallet har været 60 % i alle {count} måneder."


@pytest.mark.parametrize(
    ("months", "extreme"),
    [
        ("5 6 5 6 7", "HIGHEST"),
        ("5 6 5 6 4", "LOWEST"),
        ("5 6 5 6 6", None),
        ("5 6 5 6 5", None),
        ("5 6 5 7", None),
        ("5 6 . 5 6 7", "HIGHEST"),
        ("5 5 5 5 5", None),
        ("9", None),
    ],
)
def test_a_month_lies_beyond_all_before_it_where_there_are_enough(tables: Tables, months: str, extreme: str | None) -> None:
    given(tables, months, LOWER)
    assert found(tables)["extreme"] == extreme


def test_a_special_cause_says_by_which_sign_it_is_one(tables: Tables) -> None:
    given(tables, f"{LEVEL} 30", LOWER)
    [point] = points._of_indicator(found(tables), 1)
    assert point.kind == "CONCERN"
    assert re.search(r"Tallet ligger over den øvre kontrolgrænse på \d", point.sentence.striptags())
    tables.given_names.clear()
    given(tables, "1 8 1 8 1 8 1 8 1 8 1 7 6 6 6 6 6 6", LOWER)
    [point] = points._of_indicator(found(tables), 1)
    said = point.sentence.striptags()
    assert "Tallet har i 7 måneder i træk ligget over gennemsnittet på" in said
    assert "Så længe på samme side er mere end naturlig variation, også mellem kontrolgrænserne" in said


@pytest.mark.parametrize(("share", "doubt"), [("0.61", r" Datakompletheden er lav \(61\s%\)\."), ("0.8", ""), ("", "")])
def test_few_data_are_told_beside_the_claim_they_are_behind(tables: Tables, share: str, doubt: str) -> None:
    given(tables, "10 9 8 7 6", HIGHER, completeness=share)
    [said] = [p.sentence.striptags() for p in points._of_indicator(found(tables), 1) if p.kind == "COURSE"]
    assert re.fullmatch(rf"Overholdelsen [^.]*\(6,0\s%\)\.{doubt}", said), said
