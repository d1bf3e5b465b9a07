"""The paper of co-financing says what the marts hold: other sentences for other figures, and no figure of its own."""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from assets.report import charts, prose
from assets.report.build import NoMonth, build
from assets.report.contents import COFINANCING
from assets.report.figures import Told, tell
from assets.report.page import drawn
from assets.report.reading import Reading, newest_year
from tests.pages import Element, page
from tests.papers import Rows, changed, every_query, numbers, numbers_of, reads_as, section

YEAR = date(2014, 1, 1)
MOST_PAGES = 6
# Tables without which the paper has nothing.
MARTS = (
    "region", "municipality", "change", "change_region", "group", "group_region", "age_band", "age_band_region", "indicator",
    "completeness", "region_total",
)  # fmt: skip
Ask = Callable[[str], tuple[Any, ...]]


@pytest.fixture(scope="session")
def paper(april_report: Path) -> Path:
    return april_report.parent / "medfinansiering-2014"


@pytest.fixture(scope="session")
def index(paper: Path) -> Element:
    return page((paper / "index.html").read_text("utf-8"))


@pytest.fixture(scope="session")
def asked(release: Path) -> dict[str, Rows]:
    return every_query(release, YEAR)


@contextmanager
def figure(release: Path, id_: str, year: date = YEAR) -> Iterator[Told]:
    """What one figure tells of a release."""
    with Reading(release, year) as reading:
        yield tell(next(f for f in COFINANCING.figures if f.id == id_), reading)


def sentences(release: Path, id_: str, year: date = YEAR) -> str:
    """What is found in a figure, or why there is nothing, and what it stands on, as it reads."""
    with figure(release, id_, year) as told:
        basis = told.figure.basis(told) if told.figure.basis and not told.problem else []
        return told.problem or " ".join(s.striptags() for s in (*prose.findings(told), *basis))


def asking(release: Path) -> Ask:
    def ask(sql: str) -> tuple[Any, ...]:
        with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
            row = con.execute(sql).fetchone()
        assert row is not None, sql
        return row

    return ask


def written(value: Any, scale: str, places: int) -> str:
    """A number as Danes write it, rounded half away from zero: what the paper must say, worked out here again."""
    said = (Decimal(str(value)) * Decimal(scale)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{said:,.{places}f}".replace("-", "−").translate(str.maketrans(",.", ".,"))


def mio(oere: int) -> str:
    return written(abs(oere), "1e-8", 2) + " mio. kr."


def kr(amount: float) -> str:
    return written(amount, "1", 0) + " kr."


def pct(share: float) -> str:
    return written(share, "100", 1) + " %"


@dataclass(frozen=True)
class Finding:
    """A sentence of a figure as the marts make it, and the one they make after a change."""

    figure: str
    before: Callable[[Ask], str]
    change: str
    after: Callable[[Ask], str]


def constant(text: str) -> Callable[[Ask], str]:
    return lambda _: text


def amount(ask: Ask) -> str:
    oere, each = ask("select amount_oere, amount_per_resident_kr from marts.kmf_region where year = '2014-01-01'")
    return f"Kommunernes medfinansiering var {mio(oere)} i 2014, {kr(each)} pr. borger."


def more(way: str) -> Callable[[Ask], str]:
    def said(ask: Ask) -> str:
        now, then = ask(
            "select max(amount_oere) filter (year = '2014-01-01'), max(amount_oere) filter (year = '2013-01-01') from marts.kmf_region"
        )
        return f"Det er {mio(now - then)} ({pct(abs(now - then) / then)}) {way} end i 2013."

    return said


def factor(column: str, sentence: str) -> Callable[[Ask], str]:
    return lambda ask: sentence.format(mio(ask(f"select {column} from marts.kmf_change_region where year = '2014-01-01'")[0]))


def of_group(group: str, columns: str, sentence: str, *write: Callable[[Any], str]) -> Callable[[Ask], str]:
    def said(ask: Ask) -> str:
        row = ask(f"select {columns} from marts.kmf_group_region where citizen_group = '{group}' and year = '2014-01-01'")
        return sentence.format(*(w(v) for w, v in zip(write, row, strict=True)))

    return said


def of_municipality(sql: str, sentence: str, *write: Callable[[Any], str]) -> Callable[[Ask], str]:
    return lambda ask: sentence.format(*(w(v) for w, v in zip(write, ask(sql), strict=True)))


def count(value: int) -> str:
    return written(value, "1", 0)


def index_number(value: float) -> str:
    return written(value, "1", 2)


def indicator(name: str, subject: str, sentence: str) -> Callable[[Ask], str]:
    where = f"municipality_code = 'ALL' and indicator = '{name}' and subject = '{subject}' and year = '2014-01-01'"
    return lambda ask: sentence.format(pct(ask(f"select value from marts.kmf_indicator where {where}")[0]))


def in_2014(table: str, change: str, where: str = "true") -> str:
    return f"update marts.{table} set {change} where year = '2014-01-01' and {where}"


LEVELS = """
    select a.municipality_name, a.amount_per_resident_kr, b.municipality_name, b.amount_per_resident_kr
    from (select max_by(c, amount_per_resident_kr) as a, min_by(c, amount_per_resident_kr) as b
          from marts.kmf_municipality as c where year = '2014-01-01')
"""
INDICES = LEVELS.replace("amount_per_resident_kr", "age_index")
SIDES = """
    select count(*) filter (age_index > 1), count(*), count(*) filter (age_index < 1) from marts.kmf_municipality where year = '2014-01-01'
"""
SHOWN = "select count(population_oere), count(*), count(*) filter (qf like '%c%') from marts.kmf_change where year = '2014-01-01'"
BANDS = """
    select c.a.age_band, c.a.amount_per_resident_kr, c.b.age_band, c.b.amount_per_resident_kr
    from (select {a: max_by(d, amount_per_resident_kr), b: min_by(d, amount_per_resident_kr)} as c
          from marts.kmf_age_band_region as d where year = '2014-01-01')
"""
BAND_NAMES = {"0-2": "0-2 år", "3-64": "3-64 år", "65-79": "65-79 år", "80+": "80 år og derover"}
COMPLETE = "select placed_share, by_rate_share, verified_rate_share from marts.kmf_completeness where year = '2014-01-01'"

FINDINGS = {
    "the amount": Finding("B0", amount, in_2014("kmf_region", "amount_oere = 6000000000"), amount),
    "more or less": Finding(
        "B0",
        more("mere"),
        "update marts.kmf_region set amount_oere = 4000000000 where year = '2014-01-01'",
        more("mindre"),
    ),
    "the factor that did most": Finding(
        "B0",
        factor("base_effect_oere", "Mest betød Tyngde og takst: {} op."),
        in_2014("kmf_change_region", "base_effect_oere = 5, volume_oere = -900000000"),
        factor("volume_oere", "Mest betød Forbrug: {} ned."),
    ),
    "what pulled the other way": Finding(
        "B2",
        factor("rate_oere", "Modsat trak Andel og loft: {} ned."),
        in_2014("kmf_change_region", "rate_oere = 1, age_oere = -77700000"),
        factor("age_oere", "Modsat trak Alder: {} ned."),
    ),
    "the opposite order agrees": Finding(
        "B2",
        factor("base_effect_reversed_oere", "I omvendt orden er det også Tyngde og takst, der betød mest, men med {} op."),
        in_2014("kmf_change_region", "rate_reversed_oere = -999000000"),
        factor("rate_reversed_oere", "I omvendt orden betød Andel og loft mest: {} ned. Rækkefølgen afgør altså, hvad der er størst."),
    ),
    "the order changes nothing": Finding(
        "B2",
        factor("age_reversed_oere", "Alder skifter fortegn: {}"),
        in_2014(
            "kmf_change_region",
            ", ".join(f"{f}_reversed_oere = {f}_oere" for f in ("population", "age", "volume", "base_effect", "rate")),
        ),
        constant("Rækkefølgen ændrer ingen af bidragene."),
    ),
    "from what to what": Finding(
        "B2",
        lambda ask: "Fra 2013 til 2014 steg medfinansieringen med {} ({}), fra {} til {}".format(*_course(ask)),
        in_2014("kmf_change_region", "change_oere = -400815382, amount_oere = 5000000000"),
        lambda ask: "Fra 2013 til 2014 faldt medfinansieringen med {} ({}), fra {} til {}".format(*_course(ask)),
    ),
    "highest and lowest": Finding(
        "B1",
        of_municipality(LEVELS, "Højest pr. borger lå {} ({}), lavest {} ({}).", str, kr, str, kr),
        in_2014("kmf_municipality", "amount_per_resident_kr = 9999", "municipality_code = '400'"),
        of_municipality(LEVELS, "Højest pr. borger lå {} ({}), lavest {} ({}).", str, kr, str, kr),
    ),
    "highest and lowest by age": Finding(
        "B1",
        of_municipality(INDICES, "lå {} højest (indeks {}) og {} lavest ({}).", str, index_number, str, index_number),
        in_2014("kmf_municipality", "age_index = 0.455", "municipality_code = '400'"),
        of_municipality(INDICES, "lå {} højest (indeks {}) og {} lavest ({}).", str, index_number, str, index_number),
    ),
    "above and below the region": Finding(
        "B1",
        of_municipality(SIDES, "{} af {} kommuner lå over regionens niveau og {} under.", count, count, count),
        in_2014("kmf_municipality", "age_index = 1.5"),
        of_municipality(SIDES, "{} af {} kommuner lå over regionens niveau og {} under.", count, count, count),
    ),
    "municipalities that are withheld": Finding(
        "B1",
        of_municipality(SIDES, "{} af {} kommuner lå over regionens niveau og {} under.", count, count, count),
        in_2014(
            "kmf_municipality",
            "amount_per_resident_kr = null, age_index = null, qf = 'c', qf_columns = 'c: amount_per_resident_kr, age_index'",
            "municipality_code in ('155', '187')",
        ),
        constant("2 af 29 kommuner er tilbageholdt."),
    ),
    "municipalities that can be shown": Finding(
        "B2b",
        of_municipality(SHOWN, "kan vises for {} af {} kommuner. {} er tilbageholdt", count, count, count),
        in_2014("kmf_change", "population_oere = null, qf = 'c'", "municipality_code = '101'"),
        of_municipality(SHOWN, "kan vises for {} af {} kommuner. {} er tilbageholdt", count, count, count),
    ),
    "municipalities that lack a year": Finding(
        "B2b",
        constant("16 er tilbageholdt, fordi grupperne er for små, eller fordi tilbageholdte aldersgrupper kunne regnes ud."),
        in_2014("kmf_change", "population_oere = null, qf = ''", "municipality_code in ('101', '147')"),
        constant("2 vises ikke, fordi et af årene mangler."),
    ),
    "the dearest": Finding(
        "B3",
        of_group(
            "TOP", "citizens, of_citizens, amount_share",
            "De dyreste ti procent, {} af {} borgere med medfinansiering, stod for {} af beløbet i 2014", count, count, pct,
        ),
        in_2014("kmf_group_region", "amount_share = 0.5125", "citizen_group = 'TOP'"),
        constant("stod for 51,3 % af beløbet i 2014"),
    ),
    "the smallest of the dearest": Finding(
        "B3",
        of_group("TOP", "smallest_amount_kr", "Det mindste beløb blandt dem var omkring {}", kr),
        in_2014("kmf_group_region", "smallest_amount_kr = 15000", "citizen_group = 'TOP'"),
        constant("Det mindste beløb blandt dem var omkring 15.000 kr."),
    ),
    "the dearest of all": Finding(
        "B3",
        of_group("TOP_OF_POPULATION", "citizens, amount_share", "Regnet af alle borgere er det {} borgere og {} af beløbet.", count, pct),
        in_2014("kmf_group_region", "citizens = 4711", "citizen_group = 'TOP_OF_POPULATION'"),
        constant("Regnet af alle borgere er det 4.711 borgere"),
    ),
    "who stayed": Finding(
        "B3",
        of_group("STILL_TOP", "citizens, citizens_share", "{} af de dyreste ({}) var det også året før.", count, pct),
        in_2014(
            "kmf_group_region", "citizens = null, citizens_share = null, qf = 'cz', qf_columns = 'c: citizens, citizens_share'",
            "citizen_group = 'STILL_TOP'",
        ),
        constant("Blandt de dyreste også året før er tilbageholdt."),
    ),
    "the dearest age": Finding(
        "B4",
        of_municipality(
            BANDS, "I 2014 kostede aldersgruppen {} mest pr. borger ({}) og {} mindst ({}).", BAND_NAMES.__getitem__, kr,
            BAND_NAMES.__getitem__, kr,
        ),
        in_2014("kmf_age_band_region", "amount_per_resident_kr = 12345.5", "age_band = '0-2'"),
        constant("I 2014 kostede aldersgruppen 0-2 år mest pr. borger (12.346 kr.)"),
    ),
    "the age that moved most": Finding(
        "B4",
        constant("Mest steg det for 65-79 år"),
        in_2014("kmf_age_band_region", "amount_per_resident_kr = 1000", "age_band = '80+'"),
        constant("Mest faldt det for 80 år og derover"),
    ),
    "a group": Finding(
        "B5",
        of_group(
            "CHRONIC", "amount_share, amount_per_citizen_kr, citizens",
            "Borgere med kronisk sygdom: {} af beløbet, {} pr. borger i gruppen ({} borgere).", pct, kr, count,
        ),
        in_2014(
            "kmf_group_region", "amount_share = null, citizens = null, qf = 'cz', qf_columns = 'c: amount_share, citizens'",
            "citizen_group = 'CHRONIC'",
        ),
        constant("Borgere med kronisk sygdom: tilbageholdt."),
    ),
    "the group that moved most": Finding(
        "B5",
        constant("Mest steg det for Borgere med kronisk sygdom"),
        in_2014("kmf_group_region", "amount_share = 0.25", "citizen_group = 'SUBSTANCE_ABUSE'"),
        constant("Mest steg det for Borgere med misbrugsdiagnose"),
    ),
    "the dearest in care": Finding(
        "B6",
        indicator("K12", "SHARE", "De dyreste ti procent af de ældre i pleje stod for {} af plejeudgiften i 2014"),
        in_2014("kmf_indicator", "value = 0.1", "indicator = 'K12' and subject = 'SHARE' and municipality_code = 'ALL'"),
        indicator("K12", "SHARE", "De dyreste ti procent af de ældre i pleje stod for {} af plejeudgiften i 2014"),
    ),
    "the overlap": Finding(
        "B6",
        indicator("K12", "OVERLAP", "{} af de dyreste i pleje var i 2014 også blandt de dyreste i medfinansieringen"),
        in_2014(
            "kmf_indicator", "value = null, qf = 'c', qf_columns = 'c: value'",
            "indicator = 'K12' and subject = 'OVERLAP' and municipality_code = 'ALL'",
        ),
        constant("Dyreste 10 % i pleje, som også er det i medfinansiering: tilbageholdt."),
    ),
    "readmissions": Finding(
        "B6",
        indicator("K8", "ALL", "{} af indlæggelserne i 2014 blev fulgt af en akut genindlæggelse"),
        in_2014("kmf_indicator", "value = 0.2", "indicator = 'K8' and municipality_code = 'ALL'"),
        indicator("K8", "ALL", "{} af indlæggelserne i 2014 blev fulgt af en akut genindlæggelse"),
    ),
    "preventable admissions": Finding(
        "B6",
        indicator("K17", "ALL", "{} af indlæggelserne i 2014 regnes for forebyggelige"),
        in_2014("kmf_indicator", "value = 0.2", "indicator = 'K17' and municipality_code = 'ALL'"),
        indicator("K17", "ALL", "{} af indlæggelserne i 2014 regnes for forebyggelige"),
    ),
    "codes nobody has verified": Finding(
        "B6",
        constant("Koderne for de forebyggelige er ikke efterprøvet."),
        "delete from meta.unverified where lookup = 'reference.kmf_diagnosis'",
        constant("regnes for forebyggelige"),
    ),
    "late extracts": Finding(
        "B7",
        constant("Alle 5 udtræk er kommet til tiden."),
        "update meta.freshness set is_late = true where extract in ('kmf_care', 'kmf_totals')",
        constant("2 af 5 udtræk er forsinkede eller gamle: Statens totaler og Pleje (omsorgssystemer)."),
    ),
    "months that lack": Finding(
        "B7",
        constant("Afregninger mangler måneder (1)."),
        "update meta.coverage set state = 'not delivered' where extract = 'kmf_totals' and month = '2014-05-01'",
        constant("Statens totaler mangler måneder (1)."),
    ),
    "completeness": Finding(
        "B7b",
        of_municipality(
            COMPLETE, "{} af kontakterne har en kommune; {} følger taksten; {} har en takst, der er efterprøvet", pct, pct, pct
        ),
        in_2014("kmf_completeness", "by_rate_share = 0.4445"),
        of_municipality(
            COMPLETE, "{} af kontakterne har en kommune; {} følger taksten; {} har en takst, der er efterprøvet", pct, pct, pct
        ),
    ),
    "months of a year that lack": Finding(
        "B7b",
        constant("Måneder er ikke leveret i 2012 (2012-08)."),
        in_2014("kmf_completeness", "months_lacking = '2014-11'"),
        constant("Måneder er ikke leveret i 2012 (2012-08), 2014 (2014-11)."),
    ),
    "the region beside the others": Finding(
        "B7c",
        of_municipality(
            "select of_first_year_share from marts.kmf_region_total where region_code = '1084' and year = '2014-01-01'",
            "Region Hovedstaden lå i 2014 på {} af beløbet i 2012.", pct,
        ),
        in_2014("kmf_region_total", "of_first_year_share = 1.77777", "region_code = '1084'"),
        constant("Højest lå Region Hovedstaden (177,8 %)"),
    ),
    "a frozen year": Finding(
        "B7c",
        constant("Region Hovedstaden lå i 2014"),
        "update marts.kmf_region_total set is_frozen = true, of_first_year_share = 1.5 where year = '2013-01-01'",
        constant("2013 er fastfrosset: beløbene var kommunernes egne budgetter og forklares ikke."),
    ),
    "which years are provisional": Finding(
        "B4",
        constant("Foreløbigt: 2012."),
        "update marts.kmf_region set is_provisional = true, qf = 'p' where year = '2014-01-01'",
        constant("Foreløbigt: 2012, 2014."),
    ),
    "which years are final": Finding(
        "B1", constant("Tallene er endelige."), in_2014("kmf_region", "is_provisional = true"), constant("Foreløbigt: 2014.")
    ),
    "which years are estimated": Finding(
        "B3",
        constant("Beløb i alt opgjort efter statens totaler: 2012."),
        in_2014("kmf_region", "qf = 'e'"),
        constant("Beløb i alt opgjort efter statens totaler: 2012, 2014."),
    ),
    "how far the rates are verified": Finding(
        "B2",
        of_municipality(COMPLETE.replace("placed_share, by_rate_share, ", ""), "{} af kontakterne har en efterprøvet takst.", pct),
        in_2014("kmf_completeness", "verified_rate_share = null"),
        constant("Om taksterne er efterprøvet, er ikke opgjort."),
    ),
}  # fmt: skip
# Sentences that stay true beside the new one.
STAYS = {
    "municipalities that are withheld",
    "municipalities that lack a year",
    "a frozen year",
    "codes nobody has verified",
    "months that lack",
}


def _course(ask: Ask) -> tuple[str, ...]:
    change, then, now = ask("select change_oere, amount_before_oere, amount_oere from marts.kmf_change_region where year = '2014-01-01'")
    return mio(change), pct(abs(change) / then), mio(then), mio(now)


@pytest.mark.parametrize("name", FINDINGS)
def test_a_sentence_is_true_to_the_marts_and_another_when_they_are(release: Path, tmp_path: Path, name: str) -> None:
    finding = FINDINGS[name]
    other = changed(release, tmp_path / "other", finding.change)
    was, now = finding.before(asking(release)), finding.after(asking(other))
    said, said_then = sentences(release, finding.figure), sentences(other, finding.figure)
    assert was in said, said
    assert now in said_then, said_then
    assert said != said_then
    if name not in STAYS:
        assert was not in said_then, said_then


def test_every_number_of_the_page_is_one_of_the_release_rounded_half_away_from_zero(index: Element, asked: dict[str, Rows]) -> None:
    seen = 0
    for shown in COFINANCING.figures:
        known = numbers(asked[shown.key]) | numbers(asked["b_basis"]) | (numbers(asked["b2"]) if shown.id == "B0" else set())
        for data, head in _with_heads(section(index, shown.key)):
            value = float(data.attributes["value"])
            assert value in known, (shown.id, data.attributes["value"], data.text)
            assert reads_as(data.text, value, head) or reads_as(data.text, abs(value), head), (shown.id, value, data.text)
            seen += 1
    assert seen > 700


def _with_heads(part: Element) -> Iterator[tuple[Element, str]]:
    """The numbers of a figure, those of its table with the head of their column."""
    heads = [th.text for thead in part.all("thead") for th in thead.all("th")]
    in_table = set()
    for row in (tr for body in part.all("tbody") for tr in body.all("tr")):
        for cell, head in zip(row.all("th", "td"), heads, strict=True):
            for data in cell.all("data"):
                in_table.add(id(data))
                yield data, head
    yield from ((data, "") for data in part.all("data") if id(data) not in in_table)


def test_no_number_of_a_sentence_stands_outside_what_can_be_held_against_the_release(index: Element) -> None:
    for sentence in index.all("p", **{"class": "finding"}):
        bare = "".join(c for c in sentence.children if isinstance(c, str))
        assert not re.search(r"\d", bare), sentence.text


def test_every_figure_says_its_period_its_basis_and_that_it_shows_no_causes(index: Element) -> None:
    for shown in COFINANCING.figures:
        said = [p.text for p in section(index, shown.key).all("p", **{"class": "meta"})][-1]
        for words in ("Periode: ", "N = 15.982 borgere", "en efterprøvet takst", "Forklarer ændringer og viser ingen årsager."):
            assert words in said, shown.id
        assert ("Tallene er endelige." in said) != ("Foreløbigt: " in said), shown.id


def test_the_amount_the_change_and_the_factor_stand_on_the_first_screen(index: Element) -> None:
    first = next(index.all("section"))
    said = " ".join(p.text for p in first.all("p", **{"class": "finding"}))
    assert re.search(r"var [\d,.]+ mio\. kr\. i 2014", said)
    assert re.search(r"%\) (mere|mindre) end i 2013", said)
    assert "Mest betød " in said


def test_the_tables_the_workbook_and_the_open_data_hold_the_rows_of_the_queries(
    paper: Path, index: Element, asked: dict[str, Rows]
) -> None:
    book = openpyxl.load_workbook(paper / "medfinansiering.xlsx")
    assert book.sheetnames == ["Forside", *(f.id for f in COFINANCING.figures)]
    for shown in COFINANCING.figures:
        rows, sheet = asked[shown.key], book[shown.id]
        wanted = sorted(v for row in rows for v in numbers_of(row))
        body = section(index, shown.key).one("tbody")
        assert len(list(body.all("tr"))) == len(rows), shown.id
        assert sorted(float(d.attributes["value"]) for d in body.all("data")) == wanted, shown.id
        # Amounts are in kroner there: a cell is a number of the query, or of its øre or thousands.
        cells = [float(c.value) for row in sheet.iter_rows(min_row=6) for c in row if isinstance(c.value, int | float)]
        assert len(cells) == len(wanted), shown.id
        known = {round(v * scale, 2) for v in wanted for scale in (1, 0.01, 1000)}
        assert {round(v, 2) for v in cells} <= known, shown.id
        assert len(sheet._charts) == bool(shown.panels), shown.id
        assert all(len(chart.series) for chart in sheet._charts), shown.id
        with (paper / "data" / f"{shown.id}.iso.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows)
        assert (paper / "figures" / f"{shown.id}.png").exists() == bool(shown.panels), shown.id
    with (paper / "data" / "kmf_indicator.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {r["municipality_code"] for r in csv.DictReader(file, delimiter=";")} > {"ALL", "101", "400"}


def test_every_code_and_column_has_words(paper: Path, index: Element) -> None:
    for table in index.all("table"):
        assert not re.search(r"\b[A-Z]{2,}_[A-Z_]+\b|\bkmf_\w+|\w+_oere\b", table.text), table.attributes
    with (paper / "data" / "ordbog.csv").open(encoding="utf-8-sig", newline="") as file:
        assert all(r["betegnelse"] for r in csv.DictReader(file, delimiter=";") if r["fil"] == "kmf_indicator")


def _pages(pdf: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def test_the_paper_has_at_most_six_pages(paper: Path) -> None:
    assert 1 < _pages(paper / "medfinansiering.pdf") <= MOST_PAGES


def test_it_has_six_pages_also_of_many_years_and_with_every_municipality_shown(release: Path, tmp_path: Path) -> None:
    tables = ("region", "group_region", "age_band_region", "indicator", "completeness", "region_total")
    of_year = "select * replace (cast(year - interval {n} year as date) as year) from marts.kmf_{t} where year = '2013-01-01'"
    older = [f"insert into marts.kmf_{t} {of_year.format(n=n, t=t)}" for t in tables for n in (2, 3, 4)]
    shown = ", ".join(f"{f}_oere = 1234567" for f in ("population", "age", "volume", "base_effect", "rate"))
    full = changed(release, tmp_path / "full", *older, f"update marts.kmf_change set contacts = 2000, qf = '', qf_columns = '', {shown}")
    built = build(full, tmp_path / "reports", date(2015, 4, 1))
    assert built.cofinancing
    assert _pages(built.cofinancing.path / "medfinansiering.pdf") <= MOST_PAGES


@pytest.mark.usefixtures("no_browser")
def test_what_is_withheld_has_its_word_in_sentence_table_chart_and_workbook(release: Path, tmp_path: Path) -> None:
    hidden = ("residents", "citizens", "amount_oere", "amount_per_resident_kr", "age_index")
    small = changed(
        release,
        tmp_path / "small",
        in_2014(
            "kmf_municipality",
            ", ".join(f"{c} = null" for c in hidden) + f", qf = 'c', qf_columns = 'c: {', '.join(hidden)}'",
            "municipality_code = '155'",
        ),
    )
    built = build(small, tmp_path / "reports", date(2015, 4, 1)).cofinancing
    assert built
    text = page((built.path / "index.html").read_text("utf-8"))
    part = section(text, "b1")
    [row] = [tr for tr in part.one("tbody").all("tr") if "Dragør" in tr.text]
    assert [td.text for td in row.all("td")] == ["tilbageholdt"] * 5 + ["tilbageholdt (få personer)"]
    assert "1 af 29 kommuner er tilbageholdt." in part.text
    sheet = openpyxl.load_workbook(built.path / "medfinansiering.xlsx")["B1"]
    [cells] = [[c.value for c in r] for r in sheet.iter_rows(min_row=6) if r[0].value == "Dragør"]
    assert cells[1:6] == ["tilbageholdt"] * 5
    with figure(small, "B1") as told:
        drawing = charts.draw(told)
    assert drawing is not None
    assert "tilbageholdt" in drawing.wide


@pytest.mark.usefixtures("no_browser")
def test_without_co_financing_there_is_no_paper_of_it_and_the_monthly_report_stands(release: Path, tmp_path: Path) -> None:
    lacking = changed(release, tmp_path / "lacking", *(f"drop table marts.kmf_{t}" for t in MARTS))
    built = build(lacking, tmp_path / "reports", date(2015, 4, 1))
    assert built.cofinancing is None
    assert sorted(p.name for p in (tmp_path / "reports").iterdir()) == ["2015-04", "index.html"]
    for file in (built.path / "index.html", tmp_path / "reports" / "index.html"):
        assert "medfinansiering-" not in file.read_text("utf-8")


@pytest.mark.usefixtures("no_browser")
def test_without_a_month_to_report_on_the_paper_is_made_and_the_command_says_so(release: Path, tmp_path: Path) -> None:
    empty = changed(release, tmp_path / "empty", "delete from marts.kpi_monthly")
    with pytest.raises(NoMonth, match=r"`--month` makes .* The paper of co-financing is made: .*medfinansiering-2014"):
        build(empty, tmp_path / "reports")
    assert "medfinansiering-2014/index.html" in (tmp_path / "reports" / "index.html").read_text("utf-8")


def test_it_is_of_the_newest_final_year_else_of_the_newest(release: Path, tmp_path: Path) -> None:
    assert newest_year(release) == YEAR
    of_2013 = changed(release, tmp_path / "open", in_2014("kmf_region", "is_provisional = true"))
    assert newest_year(of_2013) == date(2013, 1, 1)
    assert newest_year(changed(release, tmp_path / "all", "update marts.kmf_region set is_provisional = true")) == YEAR
    assert newest_year(changed(release, tmp_path / "none", "delete from marts.kmf_region")) is None


def test_a_change_that_is_not_explained_says_why(release: Path, tmp_path: Path) -> None:
    gone = in_2014("kmf_change", "qf = 'z', population_oere = null"), "delete from marts.kmf_change_region where year = '2014-01-01'"
    frozen = changed(release, tmp_path / "frozen", *gone)
    words = "Ændringen forklares ikke: et af årene er fastfrosset, og beløbene er kommunernes egne budgetter."
    assert sentences(frozen, "B2") == sentences(frozen, "B2b") == words
    assert words in sentences(frozen, "B0")
    first = "Ændringen forklares ikke: der er intet år før at sammenligne med."
    assert sentences(release, "B2", date(2012, 1, 1)) == first
    assert first in sentences(release, "B0", date(2012, 1, 1))
    with figure(release, "B0", date(2012, 1, 1)) as told:
        assert drawn(told).table.rows


def test_the_papers_link_to_each_other_and_what_is_frozen_is_kept(release: Path, tmp_path: Path, no_browser: None) -> None:
    built = build(release, tmp_path / "reports", date(2015, 4, 1), freeze=True)
    assert built.cofinancing
    assert built.cofinancing.frozen == tmp_path / "reports" / f"medfinansiering-2014_{built.release}"
    links = {
        file: [a.attributes["href"] for a in page((tmp_path / "reports" / file).read_text("utf-8")).all("a")]
        for file in ("index.html", "2015-04/index.html", "medfinansiering-2014/index.html")
    }
    assert "../medfinansiering-2014/index.html" in links["2015-04/index.html"]
    assert {"../2015-04/index.html", "../index.html"} <= set(links["medfinansiering-2014/index.html"])
    assert {"medfinansiering-2014/index.html", f"medfinansiering-2014_{built.release}/index.html"} <= set(links["index.html"])
    for file, found in links.items():
        for link in found:
            path = link.partition("#")[0]
            assert not path or ((tmp_path / "reports" / file).parent / path).exists(), (file, link)


def test_the_waterfall_ends_at_the_amount_in_both_orders(release: Path) -> None:
    with figure(release, "B2") as told:
        specification = charts.specification(told, "wide")
    assert specification is not None
    for panel, order in zip(specification["vconcat"], (1, -1), strict=True):
        _, steps, ends, labels = (part["data"]["values"] for part in panel["layer"])
        assert steps[0]["from"] == ends[0]["to"]
        assert steps[-1]["to"] == ends[1]["to"]
        assert [s["name"] for s in steps][::order] == ["Befolkningens størrelse", "Alder", "Forbrug", "Tyngde og takst", "Andel og loft"]
        assert all(label["label"][0] in "+−0" for label in labels[1:-1]), "what goes down is told by more than its colour"
