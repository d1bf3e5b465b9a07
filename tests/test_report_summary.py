"""What stands beside the main points: every sentence is held against the release, and is another where the release is."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.report.contents import COFINANCING, MONTHLY
from assets.report.figures import tell
from assets.report.overview import lines
from assets.report.papers import Paper
from assets.report.points import main_points
from assets.report.reading import Reading
from assets.report.summary import blocks
from assets.report.tables import table
from tests.pages import Element, page
from tests.papers import changed

APRIL = date(2015, 4, 1)
GOOD, SINCE, TRUST = "Det går godt", "Siden måneden før", "Så sikre er tallene"
APRIL_ONLY = "month = '2015-04-01'"
Statements = tuple[str, ...]


def beside(release: Path, paper: Paper = MONTHLY, month: date = APRIL) -> dict[str, str]:
    """The blocks as they read."""
    with Reading(release, month) as reading:
        told = [(s, [tell(f, reading) for f in s.figures]) for s in paper.sections]
        made = blocks(told, {t.figure.id: table(t) for _, figures in told for t in figures}, reading)
    return {b.title: " ".join(s.striptags() for s in b.sentences).replace("\N{NO-BREAK SPACE}", " ") for b in made}


def asked(release: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def kpi(change: str, where: str) -> str:
    return f"update marts.kpi_monthly set {change} where {where}"


@pytest.fixture(scope="module")
def said(release: Path) -> dict[str, str]:
    return beside(release)


def test_systems_that_met_their_target_are_told_with_those_whose_measurements_are_uncertain(release: Path, said: dict[str, str]) -> None:
    met = asked(release, f"select system_name, qf from marts.response_time_monthly where {APRIL_ONLY} and target_met order by system_name")
    doubted = [name for name, qf in met if "u" in qf]
    assert 0 < len(doubted) < len(met) < 10
    assert f"{len(met)} af 10 systemer nåede deres mål for svartider, heraf {len(doubted)} med usikre målinger" in said[GOOD]
    assert all(name in said[GOOD] for name in doubted)


def test_suspect_systems_are_told_in_points_overview_and_figure_of_a_paper_where_all_targets_are_met(release: Path, tmp_path: Path) -> None:
    set_ = "target_met = true, compliance_share = 1, qf = case when system_id in ('GS', 'MAIL') then 'u' else '' end"
    others = kpi("qf = 'uz'", f"indicator like 'response_time_%' and {APRIL_ONLY}")
    best = changed(release, tmp_path, f"update marts.response_time_monthly set {set_} where {APRIL_ONLY}", others)
    with Reading(best, APRIL) as reading:
        [section] = [s for s in MONTHLY.sections if s.key == "systemer"]
        told = [tell(f, reading) for f in section.figures]
        [point] = [p for p in main_points([(section, told)]) if p.figures == ["C5"] and p.kind.startswith("Usikre")]
        rows = {line.label: line for line in lines(section, told)}
    words = "Af de 10 systemer, der nåede deres mål, har 2 usikre målinger: GS og Mail/Kalender."
    assert (point.kind, " ".join(s.striptags() for s in point.sentences)) == ("Usikre målinger", words)
    [met] = [line for label, line in rows.items() if label.startswith("Andelen af systemer")]
    assert met.doubts.striptags() == "heraf 2 af 10 systemer med usikre målinger"
    block = beside(best)
    assert "10 af 10 systemer nåede deres mål for svartider, heraf 2 med usikre målinger (GS og Mail/Kalender)." in block[GOOD]
    assert "C5 (heraf 2 af 10 systemer med usikre målinger)" in block[TRUST]


def test_nothing_good_is_said_to_be_nothing(release: Path, tmp_path: Path) -> None:
    none = changed(release, tmp_path, "update marts.response_time_monthly set target_met = false", kpi("target_met = false", "target_met"))
    assert beside(none)[GOOD] == "Ingen mål er nået, og intet nøgletal er forbedret ud over naturlig variation."


CASES: dict[str, tuple[Statements, str]] = {
    "a target that is met now": (
        (kpi("target_met = false, value = 0.55", "indicator = 'first_call_resolution' and subject = 'CIMT' and month = '2015-03-01'"),),
        r"Målet for andelen af telefoniske henvendelser løst ved første kontakt nås nu: \d\d,\d % mod 55,0 % i marts 2015 \(C2\)\.",
    ),
    "a target that is met no more": (
        (kpi("target_met = true, value = 0.805", "indicator = 'answered_in_time' and subject = 'CIMT' and month = '2015-03-01'"),),
        r"Målet for andelen af opkald besvaret inden for svartidsmålet nås ikke længere: 74,1 % mod 80,5 % i marts 2015 \(C2\)\.",
    ),
    "a system that meets its target now": (
        (f"update marts.response_time_monthly set target_met = true where system_id = 'EPM3' and {APRIL_ONLY}",),
        r"Målet for svartider nås nu af EPM3",
    ),
    "what is no natural variation any more": (
        (
            kpi(
                "variation = 'HIGH', special_cause = 'OUTSIDE', upper_limit = 2431",
                "indicator = 'redirected_treatments' and month = '2015-03-01'",
            ),
        ),
        r"Antallet af omvisiterede behandlinger skiller sig nu ud fra naturlig variation: Tallet ligger over den øvre kontrolgrænse på",
    ),
    "what lies beyond all months": (
        (kpi("value = 4711", f"indicator = 'calls_offered' and subject = 'KLINISK' and {APRIL_ONLY}"),),
        r"Højere end i nogen tidligere måned:[^.]*antallet af indkomne opkald \(4\.711, C6\)",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_another_than_the_month_before_is_told_and_else_it_is_not(
    case: str, release: Path, said: dict[str, str], tmp_path: Path
) -> None:
    statements, words = CASES[case]
    month = date(2015, 3, 1) if "natural" in case else APRIL
    was = said if month == APRIL else beside(release, month=month)
    assert not re.search(words, was[SINCE]), was[SINCE]
    now = beside(changed(release, tmp_path, *statements), month=month)[SINCE]
    assert re.search(words, now), now


def test_where_nothing_is_another_it_says_that_and_of_how_many_nobody_can_tell(release: Path, tmp_path: Path) -> None:
    still = changed(
        release,
        tmp_path,
        *(
            kpi(f"value = 0.5, target_met = null, variation = '{v}'", f"variation {w} 'TOO_FEW'")
            for v, w in (("TOO_FEW", "="), ("NATURAL", "<>"))
        ),
        "update marts.response_time_monthly set target_met = true",
    )
    block = beside(still, month=date(2015, 3, 1))[SINCE]
    found = re.fullmatch(
        r"Af (\d+) nøgletal med måneder nok er der ingen, der først nu skiller sig ud fra naturlig variation\."
        r" For (\d+) er der for få måneder til at afgøre, om en ændring er naturlig variation\.(?: (\d) har ingen tal for måneden før\.)?",
        block,
    )
    assert found, block
    assert sum(int(n or 0) for n in found.groups()) == 18


def test_what_has_no_new_figures_since_the_report_of_the_month_before_is_counted(release: Path, said: dict[str, str]) -> None:
    newest = "select indicator, subject, max(month) as month from marts.kpi_monthly where not is_provisional"
    months = {(i, s): month for i, s, month in asked(release, f"{newest} group by all")}
    count = sum(months[key] < APRIL for f in MONTHLY.figures for key in (*f.findings, *f.listed))
    assert count
    assert f" {count} har ingen nye tal." in said[SINCE]


def test_nothing_is_called_changed_by_two_months_alone(said: dict[str, str]) -> None:
    assert not re.search(r"\b(steget|faldet|bedre|dårligere|fremgang|tilbagegang)\b", said[SINCE])


def test_indicators_that_are_withheld_or_lacking_are_counted_with_why(release: Path, said: dict[str, str], tmp_path: Path) -> None:
    assert said[TRUST].startswith("Alle 18 nøgletal er opgjort; ingen af dem er tilbageholdt.")
    fewer = changed(
        release,
        tmp_path,
        kpi("value = null, qf = 'c'", "indicator = 'udredning_open_over_limit' and subject = 'PSY' and not is_provisional"),
        "delete from marts.kpi_monthly where indicator in ('mean_wait', 'calls_answered')",
    )
    now = beside(fewer)[TRUST]
    assert now.startswith(
        "15 af 18 nøgletal er opgjort. 1 er tilbageholdt, fordi det bygger på få personer (A10)."
        " 2 er ikke opgjort: udgivelsen har ingen endelige tal (C1 og C7)."
    ), now


def test_withheld_numbers_of_the_tables_are_counted(april_report: Path, said: dict[str, str]) -> None:
    index = page((april_report / "index.html").read_text("utf-8"))
    shown = {s.attributes["aria-labelledby"].upper(): s for s in index.all("section")}
    cells = {id_: n for id_, s in shown.items() if (n := sum(td.text == "tilbageholdt" for td in s.all("td")))}
    assert cells
    assert f"I tabellerne er {sum(cells.values())} tal tilbageholdt, fordi enkeltpersoner ellers kunne genkendes" in said[TRUST]
    assert all(id_ in said[TRUST] for id_ in cells)


def test_low_completeness_is_told_with_its_share(release: Path, said: dict[str, str]) -> None:
    [(share,)] = asked(
        release, "select completeness_share from marts.kpi_monthly where indicator = 'udredning_within_limit' and subject = 'SOM'"
        " and not is_provisional order by month desc limit 1"
    )  # fmt: skip
    assert f"Datakompletheden er lav: {round(100 * share)} % i A7" in said[TRUST]


def test_a_paper_without_indicators_has_nothing_beside_it(release: Path) -> None:
    assert beside(release, COFINANCING, date(2014, 1, 1)) == {}


@pytest.fixture(scope="module")
def heads(april_report: Path) -> dict[str, Element]:
    folders = {"index.html": april_report, "yearly": april_report.parent / "medfinansiering-2014"}
    return {name: page((folder / "index.html").read_text("utf-8")).one("header") for name, folder in folders.items()}


@pytest.mark.parametrize(("name", "which"), [("index.html", "<> 'kmf'"), ("yearly", "= 'kmf'")])
def test_the_head_says_whose_figures_they_are_that_they_are_invented_and_when_the_next_come(
    heads: dict[str, Element], release: Path, name: str, which: str
) -> None:
    [(day,)] = asked(release, f"select min(expected_at) from meta.release_calendar where domain {which}")
    months = ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"]
    [about] = [p.text for p in heads[name].all("p", **{"class": "about"})]
    assert about == (
        "Eksempelregionen (et eksempel: personer og tal er opdigtede)"
        f" · Næste udgave med nye tal ventes {day.day}. {months[day.month - 1]} {day.year} · Kontakt er ikke oplyst"
    )
