"""What single figures say, over drawn tables: agreed levels, ends that moved, milestones, units and causes."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import Markup

from assets.report import servicedesk, systems
from assets.report.reading import Row, needed, statement
from tests.drawn import Tables, expect


def asked(tables: Tables, key: str, month: str = "2015-04-01") -> list[Row]:
    """The rows of a figure's query."""
    tables.prepare(SimpleNamespace(reads=needed(key), macros=()))  # type: ignore[arg-type]
    answer = tables.con.execute(statement(key), {"month": date.fromisoformat(month)})
    names = [d[0] for d in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def told(rows: list[Row], places: int = 1) -> Any:
    return SimpleNamespace(rows=rows, figure=SimpleNamespace(places=places), reading=SimpleNamespace(codes={}))


def text(said: list[Markup]) -> str:
    return Markup(" ").join(said).striptags().replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def levels(tables: Tables) -> Tables:
    tables.given("reference.system", """
        system_id | system_name | is_critical | is_measured
        A         | Alfa        | yes         | yes
        B         | Beta        | yes         | yes
        C         | Gamma       | yes         | no
        D         | Delta       | no          | yes
    """)  # fmt: skip
    tables.given("marts.response_time_monthly", """
        month      | system_id | availability_share | qf
        2015-03-01 | A         | 0.5                | ''
        2015-04-01 | A         | 0.9949             | ''
        2015-04-01 | B         | 0.995              | u
        2015-05-01 | A         | 0.1                | p
    """)  # fmt: skip
    return tables


def test_a_level_holds_from_its_day_to_its_day_and_stands_beside_what_was_measured(levels: Tables) -> None:
    levels.given("reference.service_agreement", """
        system_id | valid_from | valid_to   | agreed_availability_share | support_level
        A         | 2014-01-01 | 2015-03-31 | 0.9                       | Hverdage
        A         | 2015-04-01 | 2015-04-01 | 0.995                     |
        B         | 2015-01-01 | 2099-12-31 | 0.995                     | Døgnet rundt
        D         | 2015-01-01 | 2099-12-31 | 0.999                     | Døgnet rundt
    """)  # fmt: skip
    rows = asked(levels, "c4", "2015-05-01")
    assert rows == expect("""
        system_name | availability_share | agreed_availability_share | support_level | qf_columns
        Alfa        | 0.9949             | 0.995                     |               | m: support_level
        Beta        | 0.995              | 0.995                     | Døgnet rundt  | ''
        Gamma | | | | z: availability_share; m: agreed_availability_share, support_level
    """)
    assert text([systems.agreed(rows, 2)]) == (
        "Serviceaftalens tilgængelighed er oplyst for 2 og supportniveauet for 1 af 3 systemer. Intet aftalt niveau er oplyst for Gamma."
        " Målt under det aftalte i april 2015: Alfa (99,49 % mod 99,50 %)."
    )
    assert asked(levels, "c4", "2015-03-01") == expect("""
        system_name | agreed_availability_share | qf_columns
        Alfa        | 0.9                       | ''
        Beta        | 0.995                     | m: availability_share
        Gamma       |                           | z: availability_share; m: agreed_availability_share, support_level
    """)


def test_where_nothing_is_measured_the_agreement_is_that_of_the_reports_month(levels: Tables) -> None:
    levels.given("reference.service_agreement", """
        system_id | valid_from | valid_to   | agreed_availability_share
        A         | 2014-01-01 | 2015-02-28 | 0.97
        A         | 2015-03-01 | 2015-03-31 | 0.98
    """)  # fmt: skip
    assert asked(levels, "c4", "2015-02-01") == expect("system_name | agreed_availability_share\nAlfa | 0.97\nBeta |\nGamma |")


def test_without_any_agreement_the_report_says_that_none_is_known(levels: Tables) -> None:
    assert text([systems.agreed(asked(levels, "c4"), 2)]) == (
        "Serviceaftalens tilgængelighed og supportniveau er ikke oplyst for noget af systemerne."
    )


def test_projects_that_put_off_their_end_are_named_the_longest_first_and_those_without_one_too(tables: Tables) -> None:
    tables.given("raw.project_status", """
        month      | project_no | project_name | status_text              | expected_end_text
        2015-03-01 | 1          | Alfa         | Projektet følger planen  | maj 2015
        2015-03-01 | 2          | Beta         | Projektet følger planen  | maj 2015
        2015-03-01 | 3          | Gamma        | Projektet følger planen  | juni 2015
        2015-04-01 | 1          | Alfa         | Projektet følger planen  | 4. juni 2015
        2015-04-01 | 2          | Beta         | Projektet følger planen  | ultimo 2015
        2015-04-01 | 3          | Gamma        | Projektet følger planen  | maj 2015
        2015-04-01 | 4          | Delta        | Projektet følger planen  | snart
        2015-04-01 | 5          | Epsilon      | Projektet er afsluttet   |
    """)  # fmt: skip
    assert text(systems.moved(asked(tables, "c8"))) == (
        "2 af 3 projekter, der kan sammenholdes med en tidligere rapport, har udskudt deres afslutning: Beta (til 31. december 2015,"
        " 31 uger siden rapporten for marts 2015) og Alfa (til 4. juni 2015, 1 uge siden rapporten for marts 2015)."
        " Uden en slutdato, der kan læses: Delta."
    )
    assert text(systems.moved(asked(tables, "c8", "2015-03-01"))) == ""


def test_what_became_of_an_end_that_nobody_tells_is_missing_and_that_of_a_first_one_is_not_relevant(tables: Tables) -> None:
    tables.given("raw.project_status", """
        month      | project_no | project_name | status_text             | expected_end_text | vendor
        2015-03-01 | 1          | Alfa         | Projektet følger planen | maj 2015          | Atea
        2015-04-01 | 1          | Alfa         | Projektet følger planen | snart             | Atea
        2015-04-01 | 2          | Beta         | Projektet følger planen | maj 2015          | Atea
    """)  # fmt: skip
    assert asked(tables, "c8") == expect("""
        project_name | qf_columns
        Alfa         | z: delay_weeks; m: expected_end_date, slip_weeks, slip_total_weeks
        Beta         | z: delay_weeks; z: slip_weeks, slip_total_weeks
    """)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("maj 2015", "maj 2015", "Det ene projekt, der kan sammenholdes med en tidligere rapport, har ikke udskudt sin afslutning."),
        (
            "maj 2015",
            "1. juni 2015",
            "Det ene projekt, der kan sammenholdes med en tidligere rapport, har udskudt sin afslutning:"
            " Alfa (til 1. juni 2015, 1 uge siden rapporten for marts 2015).",
        ),
        ("", "juni 2015", ""),
    ],
)
def test_a_single_project_that_can_be_compared_is_told_as_one(tables: Tables, before: str, now: str, said: str) -> None:
    tables.given("raw.project_status", f"""
        month      | project_no | project_name | status_text | expected_end_text
        2015-03-01 | 1          | Alfa         | x           | {before}
        2015-04-01 | 1          | Alfa         | x           | {now}
        2015-04-01 | 2          | Beta         | x           | juni 2015
    """)  # fmt: skip
    assert text(systems.moved(asked(tables, "c8"))) == said


def test_projects_that_put_nothing_off_are_those_that_can_be_compared(tables: Tables) -> None:
    ends = "\n".join(f"2015-0{m}-01 | {n} | Projekt {n} | x | {'maj 2015' if n < 3 or m == 4 else ''}" for m in (3, 4) for n in (1, 2, 3))
    tables.given("raw.project_status", f"month | project_no | project_name | status_text | expected_end_text\n{ends}")
    assert text(systems.moved(asked(tables, "c8"))) == (
        "Ingen af de 2 projekter, der kan sammenholdes med en tidligere rapport, har udskudt deres afslutning."
    )


def test_what_misses_a_target_does_not_read_as_it() -> None:
    row = {"system_name": "Alfa", "compliance_share": 0.99796, "sla_target": 0.998}
    row |= {"_missed_in_month": 1, "_systems_in_month": 2, "month": date(2015, 4, 1), "target_met": False, "qf": ""}
    told_of = SimpleNamespace(current=[row], figure=SimpleNamespace(places=2))
    [point] = systems.missed(told_of)  # type: ignore[arg-type]
    assert text([point.sentence]).endswith("Alfa (99,796 %, mål 99,800 %).")
    levels = {"support_level": None, "_with_availability": 1, "_with_support": 0, "_critical": 1, "_month": date(2015, 4, 1)}
    agreed = [levels | {"system_name": "Beta", "availability_share": 0.98999, "agreed_availability_share": 0.99}]
    assert text([systems.agreed(agreed, 2)]).endswith("Beta (98,999 % mod 99 %).")


def test_several_milestones_over_time_are_these_and_progress_that_nobody_counts_in_anything_has_no_gap(tables: Tables) -> None:
    tables.given("raw.project_milestones", """
        month      | project_name | milestone_name | planned_text | items_done | items_total | progress_share
        2015-04-01 | Alfa         | a              | marts 2015   | 399        | 400         |
        2015-04-01 | Alfa         | b              | april 2015   | 1          | 400         |
        2015-04-01 | Beta         | c              | maj 2015     | 5          | 10          |
        2015-04-01 | Beta         | d              | juni 2015    | 10         | 10          |
    """)  # fmt: skip
    assert "Ved udgangen af april 2015 var disse milepæle over tiden: a (Alfa) og b (Alfa)." in text(
        systems.milestones(told(asked(tables, "c9")))
    )
    assert text(systems.progress(told(asked(tables, "c10"), places=0))) == (
        "Alfa, a: 399 af 400, 99,8 %. Alfa, b: 1 af 400, 0,3 %. Beta, c: 5 af 10, 50 %. Beta, d: 10 af 10, 100 %."
    )


def test_milestones_say_what_is_reached_late_put_off_undated_and_next(tables: Tables) -> None:
    tables.given("raw.project_milestones", """
        month      | project_name | milestone_name | planned_text | reached_text | items_done | items_total | counted_item
        2015-03-01 | Alfa         | a              | maj 2015     |              |            |             |
        2015-04-01 | Alfa         | a              | juli 2015    |              | 3          | 4           | brugere
        2015-04-01 | Alfa         | b              | april 2015   |              |            |             |
        2015-04-01 | Alfa         | c              | 1. juni 2015 |              |            |             |
        2015-04-01 | Alfa         | d              | april 2015   | april 2015   |            |             |
        2015-04-01 | Alfa         | e              |              |              |            |             |
    """)  # fmt: skip
    assert text(systems.milestones(told(asked(tables, "c9")))) == (
        "1 af 5 milepæle er nået. Ved udgangen af april 2015 var denne milepæl over tiden: b (Alfa). Udskudt siden en tidligere rapport:"
        " a (Alfa) 9 uger. Uden et tidspunkt, der kan bruges: e (Alfa). Næste, senest 1. juni 2015: c (Alfa)."
    )
    assert text(systems.progress(told(asked(tables, "c10"), places=0))) == "Alfa, a: 3 af 4 brugere, 75 %."


def test_units_say_who_has_more_left_and_who_is_below_the_target_and_what_nobody_told(tables: Tables) -> None:
    columns = "month | desk | handling_unit | is_vendor | incoming | resolved | closed | backlog"
    columns += " | within_sla_base | within_sla_share | target | is_provisional | qf"
    tables.given("marts.servicedesk_cases_by_unit", f"""
        {columns}
        2015-03-01 | CIMT    | Drift | no  | 5 | 5 | 5 | 2 | 5  | 1    | 0.9 | no  | ''
        2015-04-01 | CIMT    | Drift | no  | 6 | 5 | 5 | 3 | 4  | 0.75 | 0.9 | no  | ''
        2015-04-01 | CIMT    | Net   | no  | 0 | 0 | 0 | 0 | 0  |      | 0.9 | no  | ''
        2015-04-01 | CIMT    | Atea  | yes | 2 | 5 | 5 | 0 | 10 | 0.9  | 0.9 | no  | ''
        2015-05-01 | CIMT    | Atea  | yes | 9 | 5 | 5 | 0 | 10 | 0.1  | 0.9 | yes | p
        2015-04-01 | KLINISK | Net   | no  | 9 | 0 | 0 | 9 | 0  |      |     | no  | z
    """)  # fmt: skip
    rows = asked(tables, "c11", "2015-05-01")
    assert rows == expect("handling_unit | incoming | backlog_change\nDrift | 6 | 1\nAtea | 2 |")
    assert text(servicedesk.units(told(rows))) == (
        "Leverandøren Atea har fået 25,0 % af de sager, der kom ind i april 2015."
        " Flere uafsluttede sager end måneden før: Drift (1 mere). Under målet på 90 % løst inden for SLA: Drift (75,0 % af 4)."
    )
    two = [rows[1] | {"within_sla_share": 0.92497, "target": 0.925}, rows[1] | {"handling_unit": "Beta", "_incoming_share": 0.5}]
    assert text(servicedesk.units(told(two))) == (
        "Af de sager, der kom ind i april 2015, har leverandørerne fået: Atea 25,0 % og Beta 50,0 %."
        " Under målet på 92,500 % løst inden for SLA: Atea (92,497 % af 10)."
    )
    unknown = [r | {"handling_unit": "UKENDT", "is_vendor": False} for r in rows]
    assert text(servicedesk.units(told(unknown))) == "Leverancerne oplyser ikke, hvem der behandlede sagerne i april 2015."


def test_a_system_with_most_cases_is_named_where_most_of_them_lack_a_category(tables: Tables) -> None:
    tables.given("marts.servicedesk_cases_by_category", """
        month      | desk | system_id | system_name | category | incoming | share_of_system | is_provisional | qf | qf_columns
        2015-04-01 | CIMT | ANDET     | Andre       | Fejl     | 90       | 1               | no             | '' | ''
        2015-04-01 | CIMT | RIS       | RIS/PACS    | UKENDT   | 8        | 0.8             | no             | '' | ''
        2015-04-01 | CIMT | RIS       | RIS/PACS    | Fejl     | 2        | 0.2             | no             | '' | ''
        2015-04-01 | CIMT | MAIL      | Mail        | Adgang   | 9        | 1               | no             | '' | ''
    """)  # fmt: skip
    said = text(servicedesk.causes(told(asked(tables, "c12"))))
    assert said == "Af de fulgte systemer handlede flest sager i april 2015 om RIS/PACS: 10."


def test_the_cause_that_most_cases_of_a_system_have_is_a_share_of_its_own_cases(tables: Tables) -> None:
    tables.given("marts.servicedesk_cases_by_category", """
        month      | desk | system_id | system_name   | category | incoming | share_of_system | is_provisional | qf | qf_columns
        2015-04-01 | CIMT | ANDET     | ANDET         | Fejl     | 90       | 1               | no             | '' | ''
        2015-04-01 | CIMT | MAIL      | Mail/Kalender | Svartid  | 7        | 0.35            | no             | '' | ''
        2015-04-01 | CIMT | MAIL      | Mail/Kalender | Adgang   | 6        | 0.3             | no             | '' | ''
        2015-04-01 | CIMT | MAIL      | Mail/Kalender | Fejl     | 7        | 0.35            | no             | '' | ''
        2015-04-01 | CIMT | UKENDT    | UKENDT        | UKENDT   | 50       | 1               | no             | '' | ''
    """)  # fmt: skip
    rows = asked(tables, "c12")
    assert rows == expect("""
        system_name   | incoming | category | share_of_system
        ANDET         | 90       | Fejl     | 1
        Mail/Kalender | 20       | Fejl     | 0.35
    """)
    assert text(servicedesk.causes(told(rows))) == (
        "Af de fulgte systemer handlede flest sager i april 2015 om Mail/Kalender: 20. 35,0 % af dem havde kategorien Fejl."
    )
