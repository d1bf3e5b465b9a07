"""Every sentence of the paper of co-financing is true to the marts, and another when they are."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.papers import changed, in_2014, sentences

Ask = Callable[[str], tuple[Any, ...]]


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
        factor("base_effect_oere", "Mest betød tyngde og takst, der øgede beløbet med {}"),
        in_2014("kmf_change_region", "base_effect_oere = 5, volume_oere = -900000000"),
        factor("volume_oere", "Mest betød forbrug, der mindskede beløbet med {}"),
    ),
    "what pulled the other way": Finding(
        "B2",
        factor("rate_oere", "Modsat trak andel og loft, der mindskede beløbet med {}"),
        in_2014("kmf_change_region", "rate_oere = 1, age_oere = -77700000"),
        factor("age_oere", "Modsat trak alder, der mindskede beløbet med {}"),
    ),
    "the opposite order agrees": Finding(
        "B2",
        factor(
            "base_effect_reversed_oere",
            "Regnet i omvendt orden er det også tyngde og takst, der betød mest: det øgede beløbet med {}",
        ),
        in_2014("kmf_change_region", "rate_reversed_oere = -999000000"),
        factor(
            "rate_reversed_oere",
            "Regnet i omvendt orden betød andel og loft mest: det mindskede beløbet med {} Rækkefølgen afgør altså, hvad der er størst.",
        ),
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
    "no municipality that can be shown": Finding(
        "B2b",
        of_municipality(SHOWN, "kan vises for {} af {} kommuner. {} er tilbageholdt", count, count, count),
        in_2014("kmf_change", "population_oere = null, qf = 'c'"),
        constant(
            "Opdelingen kan ikke vises for nogen af 29 kommuner: 29 er tilbageholdt, fordi grupperne er for små, eller fordi tilbageholdte"
            " aldersgrupper kunne regnes ud."
        ),
    ),
    "whether the opposite order agrees, in short": Finding(
        "B0",
        constant("Det er også tyngde og takst, der betyder mest, når leddene regnes i omvendt orden."),
        in_2014("kmf_change_region", "rate_reversed_oere = -999000000"),
        factor("rate_reversed_oere", "Regnet i omvendt orden betød andel og loft mest: det mindskede beløbet med {}"),
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
            "TOP", "citizens, (select citizens from marts.kmf_region where year = '2014-01-01'), amount_share",
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
        of_group(
            "TOP_OF_POPULATION", "(select residents from marts.kmf_region where year = '2014-01-01'), citizens, amount_share",
            "Regnet af alle {} borgere er det {} borgere og {} af beløbet.", count, count, pct,
        ),
        in_2014("kmf_group_region", "citizens = 4711", "citizen_group = 'TOP_OF_POPULATION'"),
        constant("borgere er det 4.711 borgere"),
    ),
    "who stayed": Finding(
        "B3",
        of_group(
            "STILL_TOP",
            "citizens, citizens / (select citizens from marts.kmf_group_region where citizen_group = 'TOP' and year = '2014-01-01')",
            "{} af de dyreste ({}) var det også året før.", count, pct,
        ),
        in_2014("kmf_group_region", "citizens = null, qf = 'cz', qf_columns = 'c: citizens'", "citizen_group = 'STILL_TOP'"),
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
        constant("Afregninger mangler 1 måned."),
        "update meta.coverage set state = 'not delivered' where extract = 'kmf_totals' and month = '2014-05-01'",
        constant("Statens totaler mangler 1 måned."),
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
        constant("Der mangler leverancer for august 2012."),
        in_2014("kmf_completeness", "months_lacking = '2014-11'"),
        constant("Der mangler leverancer for august 2012 og november 2014."),
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
