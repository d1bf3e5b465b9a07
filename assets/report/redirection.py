"""Figures A1-A6: patients redirected to private hospitals."""

from markupsafe import Markup

from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import data, during, name, names, when
from assets.report.reading import Reading

NOTE = (
    "Alle tal er behandlinger; en person kan få flere. Tal om meget få personer er tilbageholdt, og det er også de tal, som de ellers kunne"
    " beregnes ud fra."
)
QUARTER = "Tallene er for det seneste hele kvartal, hvor alle tre måneder er endelige."


def no_quarter(_: Reading) -> str:
    return "Intet helt kvartal med tre endelige måneder er offentliggjort endnu."


def by_agreement(told: Told) -> list[Markup]:
    parts = [
        Markup("{} på {}").format(data(r["treatments_share"], "share", told.figure.places), name(_label(told, r)))
        for r in told.rows
        if r["treatments"] is not None
    ]
    return [Markup("I {} fordelte behandlingerne sig med {}.").format(_period(told), Markup(" og ").join(parts))] if parts else []


def by_service_and_year(told: Told) -> list[Markup]:
    """The largest rise and the largest fall, each with both of its numbers."""
    changed = sorted((r for r in told.rows if r["treatments_change"]), key=lambda r: r["treatments_change"])
    said = []
    for row, direction in ((changed[-1], "stigning"), (changed[0], "fald")) if changed else ():
        if (row["treatments_change"] > 0) == (direction == "stigning"):
            said.append(
                Markup("Største {} fra samme måned året før: {}, fra {} til {}.").format(
                    direction, name(row["service_group_name"]), data(row["treatments_year_before"]), data(row["treatments"])
                )
            )
    return [Markup("I {}: ").format(when(told.rows[0]["_to"])) + Markup(" ").join(said)] if said else []


def by_service(told: Told) -> list[Markup]:
    """The share of the groups that have a name of their own, and with what came without a code."""
    first = told.rows[0]
    if first["_named_share"] is None:
        return []
    said = Markup("De {} ydelsesgrupper, der vises hver for sig, udgør tilsammen {} af behandlingerne i {}").format(
        data(first["_named_groups"]), data(first["_named_share"], "share", 0), _period(told)
    )
    if first["_with_uncoded_share"] is not None:
        said += Markup("; med behandlingerne uden kode er det {}").format(data(first["_with_uncoded_share"], "share", 0))
    return [said + Markup(". Den største er {}.").format(name(_largest(told)["service_group_name"]))]


def by_hospital(told: Told) -> list[Markup]:
    """The three that redirect most, and what each redirects most."""
    three = [r for r in told.rows if r["treatments"] is not None][:3]
    if len(three) < 3:
        return []
    said = [
        Markup("{} af behandlingerne i {} var henvist fra {}.").format(
            data(three[0]["_first_three_share"], "share", 0), _period(told), names([r["hospital_name"] for r in three])
        )
    ]
    services = [Markup("{} ({})").format(name(r["hospital_name"]), name(r["service_group_name"])) for r in three if r["service_group_name"]]
    if services:
        said.append(Markup("Hospitalernes største ydelsesgruppe: {}.").format(Markup(", ").join(services)))
    return said


def by_provider(told: Told) -> list[Markup]:
    first, rest = told.rows[0], [r for r in told.rows if r["_is_rest"] and r["treatments"] is not None]
    if first["_named_share"] is None:
        return []
    said = Markup("{} af behandlingerne i {} fandt sted hos de {} største private leverandører").format(
        data(first["_named_share"], "share", 0), _period(told), data(first["_named"])
    )
    if rest:
        said += Markup("; {} fordelte sig på {} andre").format(data(rest[0]["treatments_share"], "share", 0), data(rest[0]["providers"]))
    return [said + Markup(". I alt modtog {} leverandører patienter.").format(data(first["_all_providers"]))]


def _period(told: Told) -> Markup:
    return during(told.rows[0]["_from"], told.rows[0]["_to"])


def _label(told: Told, row: dict[str, str]) -> str:
    return told.reading.codes.get(("agreement_type", row["agreement_type"]), row["agreement_type"])


def _largest(told: Told) -> dict[str, str]:
    return max((r for r in told.rows if r["treatments"] is not None and not r["_is_rest"]), key=lambda r: r["treatments"])


SECTION = Section("omvisitering", "Omvisiterede patienter", "redirection", ("redirections",), note=NOTE, figures=(
    Figure("A1", "Omvisiterede behandlinger pr. måned", "", (
        Panel("line", ("treatments",), limits=("redirected_treatments", "ALL")),
    ), (("redirected_treatments", "ALL"),)),
    Figure("A2", "Fordeling på aftaletype", QUARTER, (Panel("bars", ("treatments", "treatments_share")),),
        says=by_agreement, absent=no_quarter, names="agreement_type", on_screen_only=True),
    Figure("A3", "Forventet ydelse, sammenlignet med samme måned året før",
        "Ydelsen er den, der var ventet, da patienten blev omvisiteret. ”Uden kode” er behandlinger, hvor ydelsen ikke var kendt.",
        (Panel("pairs", ("treatments", "treatments_year_before")),), says=by_service_and_year, names="service_group_name",
        labels={"treatments_change": "Ændring"}, units={"treatments_change": "treatments"}, on_screen_only=True),
    Figure("A4", "Fordeling på forventet ydelse",
        f"Grupperne følger begyndelsen af SKS-koden. {QUARTER}", (Panel("bars", ("treatments", "treatments_share")),),
        says=by_service, absent=no_quarter, names="service_group_name", on_screen_only=True),
    Figure("A5", "Fordeling på henvisende hospital",
        f"Opgjort efter funktionshospital, som hospitalerne var inddelt på dagen. {QUARTER}",
        (Panel("bars", ("treatments", "treatments_share")),), says=by_hospital, absent=no_quarter, names="hospital_name",
        labels={"service_group_name": "Største ydelsesgruppe, hvor tallene kan vises"}),
    Figure("A6", "Fordeling på modtagende privat leverandør",
        f"Leverandørerne med flest behandlinger i perioden; leverandører med få personer indgår i Øvrige. {QUARTER}",
        (Panel("bars", ("treatments", "treatments_share")),), says=by_provider, absent=no_quarter, names="provider_name",
        on_screen_only=True),
))  # fmt: skip
