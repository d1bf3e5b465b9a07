"""Figures A7-A10: the right to diagnosis, somatic and psychiatric."""

from markupsafe import Markup

from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import data, when

DAYS = (
    "Dag 0 er den dag, hospitalet har modtaget henvisningen med alle oplysninger; kalenderdage; fristens sidste dag er inden for."
    " Fristen er den, der gjaldt på modtagelsesdagen. Forløb hører til den måned, udredningen sluttede."
)
NET = "Hovedtallet er netto: dage, patienten selv har ønsket at vente, er trukket fra. Brutto vises ved siden af."
GROSS = "Hovedtallet er brutto: intet er trukket fra. Netto vises ved siden af."
OPEN = "Ventende er forløb uden afslutning ved månedens udgang; de må ikke lægges sammen over måneder."


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
            Markup("{} af {} afsluttede forløb var inden for fristen i {}.").format(data(within), data(row["pathways"]), when(row["month"]))
        )
    if row["open_pathways"] is not None and row["open_over_limit"] is not None:
        said.append(
            Markup("Ved månedens udgang ventede {} forløb, heraf {} over fristen.").format(
                data(row["open_pathways"]), data(row["open_over_limit"])
            )
        )
    return said


SECTION = Section("udredning", "Udredningsret", "udredning", ("pathways",), (
    Figure("A7", "Andel somatiske forløb udredt inden for fristen", f"{NET} {DAYS}", (
        Panel("line", ("within_limit_net_share", "within_limit_gross_share"), "Andel inden for fristen",
            limits=("udredning_within_limit", "SOM")),
        Panel("line", ("completeness_volume_share",)),
    ), (("udredning_within_limit", "SOM"),), says=completeness),
    Figure("A8", "Antal somatiske forløb inden for fristen og i alt", f"{NET} {DAYS} {OPEN}", (
        Panel("stack", ("within_limit_net", "over_limit"), "Afsluttede forløb"),
        Panel("line", ("open_over_limit",)),
    ), (), says=counts, labels={"over_limit": "Over fristen"}, units={"over_limit": "pathways"}),
    Figure("A9", "Andel psykiatriske forløb udredt inden for fristen", f"{GROSS} {DAYS}", (
        Panel("line", ("within_limit_gross_share", "within_limit_net_share"), "Andel inden for fristen",
            limits=("udredning_within_limit", "PSY")),
        Panel("line", ("completeness_volume_share",)),
    ), (("udredning_within_limit", "PSY"),), says=completeness),
    Figure("A10", "Antal psykiatriske forløb inden for fristen og i alt", f"{GROSS} {DAYS} {OPEN}", (
        Panel("stack", ("within_limit_gross", "over_limit"), "Afsluttede forløb"),
        Panel("line", ("open_over_limit",)),
    ), (), says=counts, labels={"over_limit": "Over fristen"}, units={"over_limit": "pathways"}),
))  # fmt: skip
