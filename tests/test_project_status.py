"""Status and milestones of the projects: a sentence is read whole or not at all, and a plan moves by its days."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from assets.catalog.loading import load_catalog
from sources.duck import relation
from sources.settings import PROJECT
from tests.drawn import Tables, expect
from tests.test_reader import parsed


@pytest.mark.parametrize(
    ("sentence", "status", "weeks"),
    [
        ("Projektet følger tidsplanen", "ON_PLAN", ""),
        ("Projektet følger tidsplanen. ", "ON_PLAN", ""),
        ("projektet FØLGER planen", "ON_PLAN", ""),
        ("Den overordnede tidsplan følges.", "ON_PLAN", ""),
        ("Den samlede tidsplan for projektet er presset", "AT_RISK", ""),
        ("Projektet følger ikke tidsplanen, og er ca. 14 uger forsinket.", "DELAYED", "14"),
        ("Projektet følger ikke tidsplanen, og er ca. 1 uger forsinket.", "DELAYED", "1"),
        ("Projektet følger ikke tidsplanen", "DELAYED", ""),
        ("Projektet følger ikke tidsplanen og er ca. 3 måneder forsinket", "DELAYED", "13"),
        ("Projektet følger  ikke tidsplanen, og er 1 uge forsinket.", "DELAYED", "1"),
        ("Projektet er ca. 1 måned forsinket.", "DELAYED", "4"),
        ("Projektet er ca. 12 måneder forsinket.", "DELAYED", "52"),
        ("Projektet er afsluttet.", "COMPLETED", ""),
        ("Projektet er ikke afsluttet", "UNMAPPED", ""),
        ("Projektet følger ikke planen", "UNMAPPED", ""),
        ("Projektet følger ikke længere tidsplanen", "UNMAPPED", ""),
        ("Projektet følger tidsplanen, men er presset", "UNMAPPED", ""),
        ("Intet nyt", "UNMAPPED", ""),
    ],
)
def test_a_sentence_counts_whole_and_one_nobody_listed_is_unmapped(tables: Tables, sentence: str, status: str, weeks: str) -> None:
    tables.given("raw.project_status", f"""
        month      | project_no | project_name | status_text
        2015-04-01 | 1          | Et projekt   | {sentence}
    """)  # fmt: skip
    assert tables.run("marts.project_status") == expect(f"plan_status | delay_weeks\n{status} | {weeks}")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2. oktober 2015", "2015-10-02"),
        ("d. 9 marts 2015", "2015-03-09"),
        ("31. juni 2015", ""),
        ("Februar 2016", "2016-02-29"),
        ("sep. 2015", "2015-09-30"),
        ("primo maj 2015", "2015-05-10"),
        ("medio maj 2015", "2015-05-20"),
        ("ultimo februar 2015", "2015-02-28"),
        ("primo 2016", "2016-04-30"),
        ("medio 2017", "2017-08-31"),
        ("ultimo 2015 (fase 1)", "2015-12-31"),
        ("1. kvartal 2016", "2016-03-31"),
        ("4. kvartal 2016", "2016-12-31"),
        ("2015", "2015-12-31"),
        ("2. 2015", ""),
        ("5. kvartal 2016", ""),
        ("primo 4. kvartal 2016", ""),
        ("primo 5. maj 2015", ""),
        ("4. kvartal maj 2015", ""),
        ("efter maj 2015", ""),
        ("snarest", ""),
        ("2015-04-25", "2015-04-25"),
        ("25-04-2015", "2015-04-25"),
        ("5.4.2015", "2015-04-05"),
        ("31.6.2015", ""),
        ("4.13.2015", ""),
        ("4.2015", ""),
        ("sept. 2015", "2015-09-30"),
        ("9.oktober 2015", "2015-10-09"),
        ("3.kvartal 2015", "2015-09-30"),
        ("november  2015", "2015-11-30"),
        ("november\N{NO-BREAK SPACE}2015", "2015-11-30"),
        ("november 2015.", "2015-11-30"),
        ("oktober 15", ""),
        ("uge 23", ""),
        ("julen 2015", ""),
        ("majoren 2015", ""),
        ("marts 2015 (delvist)", "2015-03-31"),
        ("marts 2015 (udskudt til juni 2015)", ""),
        ("marts 2015 (udskudt til Juni)", ""),
        ("marts 2015 (nu 1/9)", ""),
        ("marts 2015 (decentralt)", "2015-03-31"),
    ],
)
def test_a_time_of_a_plan_counts_by_the_last_day_it_allows_and_what_is_none_has_none(tables: Tables, text: str, day: str) -> None:
    tables.given("raw.project_status", f"""
        month      | project_no | project_name | status_text             | expected_end_text
        2015-04-01 | 1          | Et projekt   | Projektet følger planen | {text}
    """)  # fmt: skip
    assert tables.run("marts.project_status") == expect(f"expected_end_text | expected_end_date\n{text} | {day}")


def test_an_end_moves_by_its_last_day_and_not_at_all_where_both_can_mean_one_day(tables: Tables) -> None:
    """A day goes before its text; a report that gives no end is passed over; a renamed project begins anew."""
    tables.given("raw.project_status", """
        month      | project_no | project_name | status_text | expected_end_text | expected_end_date
        2015-01-01 | 1          | Alfa         | x           | oktober 2015      |
        2015-02-01 | 1          | ALFA         | x           | 2. oktober 2015   |
        2015-03-01 | 1          | Alfa         | x           | snarest           |
        2015-04-01 | 1          | Alfa         | x           | november 2015     |
        2015-05-01 | 1          | Alfa         | x           | ultimo 2015       | 2015-10-20
        2015-01-01 | 2          | Beta         | x           | 4. kvartal 2016   |
        2015-02-01 | 2          | Beta         | x           | ultimo 2016       |
        2015-03-01 | 2          | Beta         | x           | 1. januar 2017    |
        2015-04-01 | 2          | Beta ny      | x           | 2018              |
    """)  # fmt: skip
    assert tables.run("marts.project_status") == expect("""
        month      | project_name | expected_end_date | report_before | slip_weeks | slip_total_weeks
        2015-01-01 | Alfa         | 2015-10-31        |               |            |
        2015-01-01 | Beta         | 2016-12-31        |               |            |
        2015-02-01 | ALFA         | 2015-10-02        | 2015-01-01    | 0          | 0
        2015-02-01 | Beta         | 2016-12-31        | 2015-01-01    | 0          | 0
        2015-03-01 | Alfa         |                   |               |            |
        2015-03-01 | Beta         | 2017-01-01        | 2015-02-01    | 1          | 1
        2015-04-01 | Alfa         | 2015-11-30        | 2015-02-01    | 9          | 5
        2015-04-01 | Beta ny      | 2018-12-31        |               |            |
        2015-05-01 | Alfa         | 2015-10-20        | 2015-04-01    | -6         | 0
    """)


@pytest.mark.parametrize(("now", "weeks"), [(5, "0"), (6, "1"), (12, "1"), (13, "2"), (4, "-1"), (1, "-1")])
def test_a_begun_week_is_a_week_later_or_sooner(tables: Tables, now: int, weeks: str) -> None:
    tables.given("raw.project_status", f"""
        month      | project_no | project_name | status_text | expected_end_date
        2015-01-01 | 1          | Alfa         | x           | 2015-10-05
        2015-02-01 | 1          | Alfa         | x           | 2015-10-{now:02}
    """)  # fmt: skip
    assert tables.run("marts.project_status")[1:] == expect(f"slip_weeks\n{weeks}")


def test_a_milestone_is_overdue_by_the_end_of_its_reports_month_and_reached_when_a_time_says_so(tables: Tables) -> None:
    tables.given("raw.project_milestones", """
        month | project_name | milestone_name | milestone_type | planned_text | reached_text | items_done | items_total | progress_share
        2015-03-01 | Alfa         | a bølge        | MIGRATION | marts 2015     |              | 30         | 120         |
        2015-03-01 | Alfa         | c drift        | GO_LIVE   |                |              |            |             |
        2015-04-01 | Alfa         | a bølge        | MIGRATION | 30. april 2015 |              | 60         | 120         |
        2015-04-01 | Alfa         | b bølge        | MIGRATION | 1. maj 2015    |              |            |             | 0.75
        2015-04-01 | Alfa         | c drift        | GO_LIVE   | marts 2015     | 9 marts 2015 |            |             |
        2015-04-01 | Alfa         | d drift        | GO_LIVE   | marts 2015     | delvist      |            |             |
        2015-04-01 | Alfa         | e              | OTHER     |                |              |            |             |
        2015-04-01 | Alfa         | f drift        | GO_LIVE   | marts 2015     | april 2015 (delvist) |    |             |
        2015-04-01 | Alfa         | g drift        | GO_LIVE   | marts 2015     | 31-05-2015   |            |             |
        2015-04-01 | Alfa         | h drift        | GO_LIVE   | marts 2015     | 2015-06-01   |            |             |
        2015-04-01 | Alfa         | i bølge        | MIGRATION | juli 2015      |              | 125        | 120         |
    """)  # fmt: skip
    rows = tables.run("marts.project_milestone")
    assert rows == expect("""
        month      | milestone_name | planned_date | reached_date | milestone_status | slip_weeks | slip_total_weeks | progress_share
        2015-03-01 | a bølge        | 2015-03-31   |              | OVERDUE          |            |                  | 0.25
        2015-03-01 | c drift        |              |              | UNDATED          |            |                  |
        2015-04-01 | a bølge        | 2015-04-30   |              | OVERDUE          | 5          | 5                | 0.5
        2015-04-01 | b bølge        | 2015-05-01   |              | PLANNED          |            |                  | 0.75
        2015-04-01 | c drift        | 2015-03-31   | 2015-03-09   | REACHED          |            |                  |
        2015-04-01 | d drift        | 2015-03-31   |              | UNDATED          |            |                  |
        2015-04-01 | e              |              |              | UNDATED          |            |                  |
        2015-04-01 | f drift        | 2015-03-31   |              | UNDATED          |            |                  |
        2015-04-01 | g drift        | 2015-03-31   | 2015-05-31   | REACHED          |            |                  |
        2015-04-01 | h drift        | 2015-03-31   | 2015-06-01   | UNDATED          |            |                  |
        2015-04-01 | i bølge        | 2015-07-31   |              | PLANNED          |            |                  | 1
    """)
    assert [str(r["report_before"]) for r in rows if r["report_before"]] == ["2015-03-01"]


def test_a_report_of_before_there_were_days_and_suppliers_is_read_like_one_of_today(tmp_path: Path) -> None:
    what = load_catalog(PROJECT).extracts["project_status"]
    told = {}
    for month in ("2015-03", "2015-04"):
        [path] = (PROJECT / "data/examples").glob(f"projektstatus_{month}_*.xlsx")
        copy = Path(shutil.copy(path, tmp_path))
        _, rows, refused = parsed(copy, what)
        names = [c.name for c in what.contract.columns]
        assert (len(rows), refused) == (13, [])
        told[month] = {row[names.index("project_name")]: dict(zip(names, row, strict=False)) for row in rows}
    assert {r["vendor"] for r in told["2015-03"].values()} == {r["expected_end_date"] for r in told["2015-03"].values()} == {None}
    assert told["2015-04"]["RIS/PACS"]["vendor"] == "AGFA"
    assert told["2015-04"]["Captia"]["expected_end_date"] == date(2015, 10, 2)


def test_more_done_than_there_is_is_told_and_takes_no_milestone_away() -> None:
    contract = load_catalog(PROJECT).extracts["project_milestones"].contract
    assert {r.id: r.severity for r in contract.object.quality}["done_is_part_of_total"] == "warning"


def test_what_a_report_of_milestones_gets_wrong_is_found_by_its_rule(tables: Tables) -> None:
    tables.given("raw.project_status", """
        month      | project_no | project_name | status_text | expected_end_text
        2015-04-01 | 1          | Alfa         | x           | snarest
        2015-04-01 | 2          | Beta         | x           | maj 2015
    """)  # fmt: skip
    tables.given("raw.project_milestones", """
        month      | project_name | milestone_name | planned_text | reached_text  | items_done | items_total | progress_share
        2015-04-01 | Alfa         | fejlfri        | maj 2015     | 31. maj 2015  | 1          | 4           | 0.259
        2015-04-01 | Alpha        | intet projekt  | maj 2015     |               |            |             |
        2015-04-01 | Alfa         | intet svar     | ved lejlighed |              |            |             |
        2015-04-01 | Alfa         | for sent       | maj 2015     | 1. juni 2015  |            |             |
        2015-04-01 | Alfa         | skæv andel     |              |               | 1          | 4           | 0.27
        2015-04-01 | Alfa         | flere end alle | maj 2015     |               | 125        | 120         | 1
    """)  # fmt: skip
    found = {}
    for name in ("marts.project_status", "marts.project_milestone"):
        tables.run(name)
        made = f"made_{name.partition('.')[2]}"
        tables.con.execute(f"create table {made} as {tables.catalog.tables[name].text}")
        relation(tables.con, name, f"select * from {made}")
        rules = [r for r in tables.catalog.tables[name].contract.object.quality if r.query]
        found |= {r.id: tables.con.execute(str(r.query).replace("{object}", made)).fetchall()[0][0] for r in rules}
    once = ("ends_are_dated", "projects_are_reported", "times_can_be_read", "reached_is_past", "parts_agree")
    assert found == {"phrases_are_known": 2, "no_project_lost": 0, "no_milestone_lost": 0} | dict.fromkeys(once, 1)
