"""What the paper of co-financing stands on: the line below each of its figures, and figures B7, what information there is."""

from datetime import date

from markupsafe import Markup

from assets.pages.caveats import ESTIMATED
from assets.report.figures import Figure, Panel, Told
from assets.report.prose import data, joined, name, names, when, year

SMALL = "Tal om for få borgere, eller hvor én borger fylder det meste, er tilbageholdt."
NO_CAUSES = Markup("Forklarer ændringer og viser ingen årsager.")
Sentences = list[Markup]


def basis(told: Told) -> Sentences:
    """Of how many citizens, which years are provisional or estimated, and how far the rates are verified."""
    known = {} if told.reading.lacking("b_basis") else {r["year"]: r for r in told.reading.ask("b_basis")}
    rows = [known[day] for day in told.years if day in known]
    if not rows:
        return [NO_CAUSES]
    now = rows[-1]
    said = []
    if now["citizens"] is not None and now["residents"] is not None:
        said.append(
            Markup("N = {} borgere med medfinansiering i {}; {} borgere i alt.").format(
                data(now["citizens"]), year(now["year"]), data(now["residents"])
            )
        )
    provisional = [year(r["year"]) for r in rows if r["is_provisional"]]
    said.append(Markup("Foreløbigt: {}.").format(Markup(", ").join(provisional)) if provisional else Markup("Tallene er endelige."))
    if estimated := [year(r["year"]) for r in rows if ESTIMATED in r["qf"]]:
        said.append(Markup("Beløb i alt opgjort efter statens totaler: {}.").format(Markup(", ").join(estimated)))
    if now["verified_rate_share"] is None:
        said.append(Markup("Om taksterne er efterprøvet, er ikke opgjort."))
    else:
        said.append(Markup("{} af kontakterne har en efterprøvet takst.").format(data(now["verified_rate_share"], "share")))
    return [*said, NO_CAUSES]


def sources(told: Told) -> Sentences:
    """Whether all came in time, whose newest record was oldest when it came, and of what months are lacking."""
    first = told.rows[0]
    late = [told.named(r) for r in told.rows if r["is_late"] or r["is_stale"]]
    said = (
        Markup("{} af {} udtræk er forsinkede eller gamle: {}.").format(data(first["_late"]), data(first["_extracts"]), names(late))
        if late
        else Markup("Alle {} udtræk er kommet til tiden.").format(data(first["_extracts"]))
    )
    if delayed := [r for r in told.rows if r["delay_days"] is not None]:
        most = max(delayed, key=lambda r: r["delay_days"])
        said += Markup(" Længst fra nyeste post til levering er {} ({}).").format(name(told.named(most)), data(most["delay_days"], "days"))
    for row in (r for r in told.rows if r["months_lacking"]):
        unit = "måned" if row["months_lacking"] == 1 else "måneder"
        said += Markup(" {} mangler {} {}.").format(name(told.named(row)), data(row["months_lacking"]), unit)
    return [said]


def completeness(told: Told) -> Sentences:
    """Of the newest year's settlements, what can be placed, follows the rates and agrees with the state; and what months are lacking."""
    row = told.rows[-1]
    shares = [
        Markup(words).format(data(row[column], "share"))
        for column, words in (
            ("placed_share", "{} af kontakterne har en kommune"),
            ("by_rate_share", "{} følger taksten"),
            ("verified_rate_share", "{} har en takst, der er efterprøvet"),
            ("control_deviation_share", "beløbet afviger {} fra statens opgørelse"),
        )
        if row[column] is not None
    ]
    said = [Markup("I {}: {}.").format(year(row["year"]), Markup("; ").join(shares))] if shares else []
    codes = [code for r in told.rows if r["months_lacking"] for code in r["months_lacking"].split(", ")]
    lacking = joined([when(date.fromisoformat(f"{code}-01")) for code in codes])
    return said + ([Markup("Der mangler leverancer for {}.").format(lacking)] if lacking else [])


def regions(told: Told) -> Sentences:
    """The region's total beside its first year's, and who rose most and least of the five."""
    now = [r for r in told.rows if r["year"] == told.years[-1] and r["of_first_year_share"] is not None]
    said = []
    if now and len(told.years) > 1:
        own = [r for r in now if r["_is_own"]]
        high, low = (choose(now, key=lambda r: r["of_first_year_share"]) for choose in (max, min))
        said += [
            Markup("{} lå i {} på {} af beløbet i {}.").format(
                name(told.named(row)), year(row["year"]), data(row["of_first_year_share"], "share"), year(row["_first_year"])
            )
            for row in own
        ]
        said.append(
            Markup("Højest lå {} ({}), lavest {} ({}).").format(
                name(told.named(high)),
                data(high["of_first_year_share"], "share"),
                name(told.named(low)),
                data(low["of_first_year_share"], "share"),
            )
        )
    if frozen := sorted({r["year"] for r in told.rows if r["is_frozen"]}):
        said.append(
            Markup("{} er fastfrosset: beløbene var kommunernes egne budgetter og forklares ikke.").format(
                Markup(", ").join(year(day) for day in frozen)
            )
        )
    return [Markup(" ").join(said)] if said else []


FIGURES = (
    Figure("B7", "Kilderne og hvor sene de er",
        "Nyeste post er den seneste dato i det, der er leveret, ved månedlige tal månedens første dag;"
        " godkendt andel er den mindste af årets måneder, hvor den kan vises.",
        says=sources, basis=basis, names="kmf_source",
        labels={"kmf_source": "Kilde", "arrived_at": "Seneste levering", "newest_date": "Nyeste post",
            "delay_days": "Fra nyeste post til levering", "months_with_records": "Måneder med poster",
            "months_lacking": "Måneder, der mangler",
            "accepted_share": "Godkendt andel", "is_late": "Forsinket", "is_stale": "Gammel"},
        units={"delay_days": "days", "accepted_share": "share"}),
    Figure("B7b", "Afregningernes kompletthed",
        "En kontakt uden kommune er i ingens beløb. Et beløb følger taksten, når det afviger højst en krone; takster kontrollerer beløb og"
        " erstatter dem aldrig.", says=completeness, basis=basis, names="year"),
    Figure("B7c", "Regionens beløb ved siden af de andre regioners",
        "Efter statens seneste totaler for hele året; hver regions første år er 100 %. Fastfrosne år er hule firkanter.", (
        Panel("courses", ("of_first_year_share",), "Beløb i forhold til første år"),
    ), says=regions, basis=basis, names="region_name", on_screen_only=True),
)  # fmt: skip
