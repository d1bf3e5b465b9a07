"""What the committee was told in 2015, held against what the report says of the example region."""

from pathlib import Path

import pytest

from tests.pages import Element, page


@pytest.fixture(scope="module")
def index(april_report: Path) -> Element:
    return page((april_report / "index.html").read_text("utf-8"))


def said(index: Element, figure: str) -> str:
    return " ".join(p.text for p in index.all("p", data_finding=figure))


@pytest.mark.parametrize(
    ("statement", "figure", "words"),
    [
        ("N01", "a2", "I 1. kvartal 2015"),
        ("N02", "a1", "Antallet af omvisiterede behandlinger var 2.532 i marts 2015."),
        ("N03", "a4", "af behandlingerne i 1. kvartal 2015; med behandlingerne uden kode er det 91 %"),
        (
            "N04",
            "a5",
            "68 % af behandlingerne i 1. kvartal 2015 var henvist fra Glostrup Hospital, Hospitalerne i Nordsjælland og Herlev",
        ),
        ("N05", "a6", "83 % af behandlingerne i 1. kvartal 2015 fandt sted hos de 10 største private leverandører"),
        ("N06 N07", "a6", "17 % fordelte sig på 42 andre. I alt modtog 52 leverandører patienter."),
        ("N15", "c1", "88 % af henvendelserne i april 2015 kom på telefon."),
        ("N16", "c2", "Målet på mindst 60 % er nået."),
        ("N17 C05", "c2", "Andelen af opkald besvaret inden for svartidsmålet var 74,1 % i april 2015. Målet på mindst 80 % er ikke nået."),
        ("N18", "c2", "I 2015 er svartidsmålet ikke nået i januar 2015 (77,2 %), marts 2015 (71,2 %) og april 2015 (74,1 %)."),
        ("N19 N20", "c2", "Målet for straksafklaring er nået hver måned i perioden august 2014 til april 2015; lavest var andelen 81,1 %"),
        ("N23", "c3", "Andelen af ikke-straksafklarede sager løst inden for SLA var 87,0 % i april 2015."),
        ("N24", "c3", "Målet på mindst 90 % er ikke nået."),
        ("N35", "c12", "35,0 % af dem havde kategorien Svartid og driftsstabilitet."),
        ("C22", "c11", "Leverandøren Leverandør A har fået"),
        ("L447", "c4", "Intet aftalt niveau er oplyst for"),
        ("N25 C09", "c4", "10 af 12 kritiske systemer måles. Et system uden navn og MIRSK måles ikke."),
        ("N31 Q13", "c6", "ændrede antallet af indkomne opkald sig fra 4.100 til 3.200, og pr. åbningsdag fra 195,2 til 168,4"),
        ("Q1", "a3", "Største stigning fra samme måned året før: Radiologiske procedurer"),
        ("Q1", "a3", "Største fald fra samme måned året før: Øjenoperationer"),
        ("Q3", "a7", "Data skal tolkes med varsomhed, da datakompletheden er lav, men det går fremad."),
        ("Q3", "a9", "Data skal tolkes med varsomhed, da datakompletheden er lav, men det går fremad."),
        ("Q4", "c1", "januar 2015 (11.556) og marts 2015 (11.614)"),
        ("Q5", "c1", "Den gennemsnitlige ventetid var 135 sek. i april 2015."),
        ("Q5", "c1", "På 9 måneder har tallet ligget mellem 69 sek. (august 2014) og 141 sek. (marts 2015)."),
        ("Q8 C06", "c3", "I april 2015 kom 10.224 sager ind, 10.174 blev løst og 10.242 lukket."),
        ("Q9 C01", "c5", "Tendens: Gennemsnittet af systemerne er steget hver måned fra oktober 2014"),
        (
            "C01",
            "c5",
            "Niveau: 6 af 10 systemer nåede deres mål i april 2015. I perioden september 2014 til april 2015 er 30 af 80 månedsmål nået.",
        ),
        ("C01", "c5", "EPM3 og Mail/Kalender har ikke nået målet i nogen måned."),
        ("C08", "c7", "Der er ikke fastsat et mål for besvarelsen."),
        ("C8", "c8", "11 af 13 projekter fulgte deres plan i april 2015."),
        ("C8", "c8", "RIS/PACS: presset. EKG: forsinket, 14 uger."),
        ("C8", "c10", "Windows 7, Alle pc'er opgraderet: 17.000 af 34.000 pc'er, 50 %."),
    ],
)
def test_the_report_says_what_the_committee_was_told(index: Element, statement: str, figure: str, words: str) -> None:
    assert words in said(index, figure), (statement, said(index, figure))


def test_level_is_never_told_by_the_direction(index: Element) -> None:
    """C01: a rising mean is no target met; what has no target has no verdict."""
    lines = [tr for tr in index.one("table", data_table="overblik").all("tr") if list(tr.all("td"))]
    rows = {str(tr.one("th").children[0]).strip(): [td.text for td in tr.all("td")] for tr in lines}
    assert rows["Overholdelsen af svartider i gennemsnit af systemerne"][2] == "–"
    assert rows["Andelen af opkald besvaret inden for svartidsmålet"][2] == "80 % ✗ ikke nået"


def test_one_wording_names_a_series_whatever_its_colour(index: Element) -> None:
    """C07: the two printed figures swap their colours; here the heads name the series."""
    heads = [th.text for th in index.one("table", data_table="c6").all("th") if th.attributes.get("scope") == "col"]
    assert {"Indkomne opkald", "Afbrudte"} <= set(heads), heads
