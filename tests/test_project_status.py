"""Status of the projects: a sentence is read whole or not at all."""

import pytest

from tests.drawn import Tables, expect


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
