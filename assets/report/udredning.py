"""Figures A7-A10: the right to diagnosis, somatic and psychiatric."""

from markupsafe import Markup

from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import data, full, when

DAYS = (
    "Fristen regnes i kalenderdage fra den dag, hospitalet har modtaget en henvisning med alle nødvendige oplysninger; fristens sidste dag"
    " medregnes. Et forløb følger den frist, der gjaldt på modtagelsesdagen, og tæller med i den måned, hvor udredningen blev afsluttet."
    " Ventende forløb er ikke afsluttet ved månedens udgang; de kan ikke lægges sammen på tværs af måneder."
)
NET = "Hovedtallet er netto: Dage, som patienten selv har ønsket at vente, er trukket fra."
GROSS = "Hovedtallet er brutto: Ingen dage er trukket fra."


def completeness(told: Told) -> list[Markup]:
    """The caution that the completeness of the newest final month calls for, as the mart words it, with the number behind it."""
    sector = told.figure.findings[0][1]
    if "marts.completeness_monthly" not in told.reading.tables:
        return []
    found = told.reading.con.execute(
        "select sentence from marts.completeness_monthly where completeness = 'volume' and sector = ? and month = ?",
        [sector, told.last_final],
    ).fetchall()
    share = next((r["completeness_volume_share"] for r in told.current), None)
    if not found or share is None:
        return []
    said = Markup("<strong>{}.</strong> ").format(found[0][0]) if found[0][0] else Markup("")
    return [said + Markup("Datakompletheden var {} i {}.").format(data(share, "share", told.figure.places), when(told.current[0]["month"]))]


def counts(told: Told) -> list[Markup]:
    """How many of how many, and who still waits."""
    if not told.current or told.current[0]["pathways"] is None:
        return []
    row = told.current[0]
    within = row.get("within_limit_net", row.get("within_limit_gross"))
    said = []
    if within is not None:
        said.append(
            Markup("I {} blev {} af {} forløb afsluttet inden for fristen.").format(when(row["month"]), data(within), data(row["pathways"]))
        )
    if row["open_pathways"] is not None:
        said.append(Markup("Ved månedens udgang ventede {} forløb i alt.").format(data(row["open_pathways"])))
    return said


def right_began(told: Told) -> list[Markup]:
    """From when the right holds: in the first months after that only short pathways can have ended."""
    first = next((r for r in told.rows if r["within_limit_share"] is not None), None)
    if first is None or first["_right_from"] is None:
        return []
    return [
        Markup(
            "Retten gælder henvisninger modtaget fra {}. Forløb med frist, der blev afsluttet i {}, kan derfor højst have varet {} dage, så"
            " de første måneder kan ikke sammenlignes med de senere."
        ).format(full(first["_right_from"]), when(first["month"]), data(first["_longest_days"]))
    ]


SECTION = Section("udredning", "Udredningsret", "udredning", ("pathways",), note=DAYS, figures=(
    Figure("A7", "Andel somatiske forløb udredt inden for fristen", NET, (
        Panel("line", ("within_limit_net_share", "within_limit_gross_share"), "Andel inden for fristen",
            limits=("udredning_within_limit", "SOM")),
        Panel("line", ("completeness_volume_share",), "Datakomplethed: afsluttede forløb som andel af de ventede"),
    ), (("udredning_within_limit", "SOM"),), says=completeness),
    Figure("A8", "Antal somatiske forløb inden for fristen og i alt", NET, (
        Panel("stack", ("within_limit_net", "over_limit"), "Afsluttede forløb"),
        Panel("line", ("open_over_limit",), limits=("udredning_open_over_limit", "SOM")),
    ), (("udredning_open_over_limit", "SOM"),), says=counts, labels={"over_limit": "Over fristen"}, units={"over_limit": "pathways"}),
    Figure("A9", "Andel psykiatriske forløb udredt inden for fristen", GROSS, (
        Panel("line", ("within_limit_gross_share", "within_limit_net_share"), "Andel inden for fristen",
            limits=("udredning_within_limit", "PSY")),
        Panel("line", ("completeness_volume_share",), "Datakomplethed: afsluttede forløb som andel af de ventede"),
    ), (("udredning_within_limit", "PSY"),), minds=right_began, says=completeness),
    Figure("A10", "Antal psykiatriske forløb inden for fristen og i alt", GROSS, (
        Panel("stack", ("within_limit_gross", "over_limit"), "Afsluttede forløb"),
        Panel("line", ("open_over_limit",), limits=("udredning_open_over_limit", "PSY")),
    ), (("udredning_open_over_limit", "PSY"),), says=counts, labels={"over_limit": "Over fristen"}, units={"over_limit": "pathways"}),
))  # fmt: skip
