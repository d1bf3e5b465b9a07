"""Figures B0-B2: municipal co-financing, its level and why it changed. The citizens behind it, and what it stands on, are beside it."""

from markupsafe import Markup

from assets.pages.danish import is_nothing
from assets.report import cofinancing_basis, cofinancing_citizens
from assets.report.cofinancing_basis import SMALL, Sentences, basis
from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import data, ended, name, size, year
from assets.report.reading import Reading, Row

AMOUNT = "Kommunernes betaling til regionen efter ydelsens dato, netto for tilbageførsler."
FACTORS = (
    "Hvert led i beløbet skiftes fra det ene år til det andet, ét ad gangen: befolkningens størrelse, dens alder, kontakter pr. borger,"
    " tyngde og takst pr. kontakt, og til sidst andel og loft. Omvendt orden begynder med det sidste."
)
EXTRACTS = ("kmf_settlements", "kmf_totals", "kmf_population", "kmf_care", "kmf_chronic")


@ended
def summary(told: Told) -> Sentences:
    """What the amount is, how it changed, and which factor did most."""
    by = {r["kmf_measure"]: r for r in told.rows}
    amount, level = by.get("AMOUNT"), by.get("K1_ALL")
    if amount is None or amount["value"] is None:
        return [Markup("Beløbet for {} er tilbageholdt.").format(year(told.years[-1]))]
    said = Markup("Kommunernes medfinansiering var {} i {}").format(data(amount["value"], "oere"), year(told.years[-1]))
    if level and level["value"] is not None:
        said += Markup(", {} pr. borger").format(data(level["value"], "kr"))
    said += Markup(".")
    if amount["value_change"] is not None:
        said += Markup(" Det er {} {}.").format(_more(amount), year(told.years[0]))
        if "e" in amount["qf"]:
            said += Markup(" Et af årene er opgjort efter statens totaler.")
    explained = [] if told.reading.lacking("b2") else told.reading.ask("b2")
    return [said, *(why(told, explained, is_short=True) if explained else [Markup("{}").format(no_change(told.reading))])]


def _more(amount: Row) -> Markup:
    if is_nothing(amount["value_change"], "oere"):
        return Markup("det samme som i")
    way = "mere" if amount["value_change"] > 0 else "mindre"
    return Markup("{} ({}) {} end i").format(size(amount["value_change"], "oere"), size(amount["_value_change_share"], "share"), way)


def why(told: Told, rows: list[Row], is_short: bool = False) -> Sentences:
    """The factor that did most, the one that pulled most the other way, and what both come to in the opposite order; in short, whether that
    is the same one.
    """
    factors = [r for r in rows if r["factor"] != "CHANGE" and r["contribution_oere"] is not None]
    if not factors:
        return [Markup("Opdelingen på faktorer er tilbageholdt.")]
    most = max(factors, key=lambda r: abs(r["contribution_oere"]))
    is_up = most["contribution_oere"] > 0
    said = Markup("Mest betød {}, der {}").format(_factor(told, most), _moved(most["contribution_oere"]))
    against = [r for r in factors if (r["contribution_oere"] < 0) == is_up and r["contribution_oere"]]
    if against:
        other = max(against, key=lambda r: abs(r["contribution_oere"]))
        said += Markup(" Modsat trak {}, der {}").format(_factor(told, other), _moved(other["contribution_oere"]))
    same = max(factors, key=lambda r: abs(r["reversed_oere"]))["factor"] == most["factor"]
    if is_short and same:
        return [said + Markup(" Det er også {}, der betyder mest, når leddene regnes i omvendt orden.").format(_factor(told, most))]
    return [said, _opposite(told, factors, most)]


def _moved(oere: int) -> Markup:
    """Which way a factor moved the amount, and by how much."""
    return Markup("{} beløbet med {}.").format("øgede" if oere > 0 else "mindskede", size(oere, "oere"))


def _opposite(told: Told, factors: list[Row], most: Row) -> Markup:
    """Whether the order in which factors are replaced decides what did most."""
    if all(not r["order_difference_oere"] for r in factors):
        return Markup("Rækkefølgen ændrer ingen af bidragene.")
    other = max(factors, key=lambda r: abs(r["reversed_oere"]))
    turned_most = _factor(told, other), _moved(other["reversed_oere"])
    if other["factor"] == most["factor"]:
        said = Markup("Regnet i omvendt orden er det også {}, der betød mest: det {}").format(*turned_most)
    else:
        said = Markup("Regnet i omvendt orden betød {} mest: det {}").format(*turned_most)
        said += Markup(" Rækkefølgen afgør altså, hvad der er størst.")
    turned = [r for r in factors if r["contribution_oere"] * r["reversed_oere"] < 0]
    for row in turned:
        said += Markup(" {} skifter fortegn: {} i stedet for {}.").format(
            _factor(told, row, begins=True), data(row["reversed_oere"], "oere"), data(row["contribution_oere"], "oere")
        )
    return said


def _factor(told: Told, row: Row, begins: bool = False) -> Markup:
    called: str = told.reading.codes.get(("factor", row["factor"])) or row["factor"]
    return name(called if begins else called[:1].lower() + called[1:])


def no_change(reading: Reading) -> str:
    """Why the change is not explained."""
    [found] = [{"municipalities": 0, "frozen": 0}] if reading.lacking("b2_absent") else reading.ask("b2_absent")
    if found["frozen"]:
        return "Ændringen forklares ikke: et af årene er fastfrosset, og beløbene er kommunernes egne budgetter."
    if not found["municipalities"]:
        return "Ændringen forklares ikke: der er intet år før at sammenligne med."
    return "Ændringen forklares ikke: opdelingen er ikke offentliggjort for året."


def none_shown(reading: Reading) -> str:
    """Why no municipality's change is explained: no change is, or all are withheld."""
    [found] = [{"withheld": 0, "municipalities": 0}] if reading.lacking("b2_absent") else reading.ask("b2_absent")
    if not found["withheld"]:
        return no_change(reading)
    return (
        f"Opdelingen kan ikke vises for nogen af {found['municipalities']} kommuner: {found['withheld']} er tilbageholdt, fordi grupperne"
        " er for små, eller fordi tilbageholdte aldersgrupper kunne regnes ud."
    )


@ended
def level(told: Told) -> Sentences:
    """Who lies highest and lowest, and who does when age is taken into account."""
    told_rows = [r for r in told.rows if not r["_is_region"] and r["amount_per_resident_kr"] is not None]
    judged = [r for r in told_rows if r["age_index"] is not None]
    first = told.rows[0]
    said = []
    if told_rows:
        high, low = told_rows[0], told_rows[-1]
        said.append(
            Markup("Højest pr. borger lå {} ({}), lavest {} ({}).").format(
                *_with(high, "amount_per_resident_kr", "kr"), *_with(low, "amount_per_resident_kr", "kr")
            )
        )
    if judged:
        high, low = (choose(judged, key=lambda r: r["age_index"]) for choose in (max, min))
        said.append(
            Markup("Når alderen er taget med, lå {} højest (indeks {}) og {} lavest ({}).").format(
                *_with(high, "age_index", "index"), *_with(low, "age_index", "index")
            )
            + Markup(" {} af {} kommuner lå over regionens niveau og {} under.").format(
                data(first["_above"]), data(first["_municipalities"]), data(first["_below"])
            )
        )
    if first["_withheld"]:
        said.append(Markup("{} af {} kommuner er tilbageholdt.").format(data(first["_withheld"]), data(first["_municipalities"])))
    return said


def _with(row: Row, column: str, unit: str) -> tuple[Markup, Markup]:
    return name(row["municipality_name"]), data(row[column], unit)


@ended
def change(told: Told) -> Sentences:
    """From what to what, and then why."""
    first = told.rows[0]
    if first["_change_oere"] is None:
        return why(told, told.rows)
    verb = "steg" if first["_change_oere"] > 0 else "faldt"
    said = Markup("Fra {} til {} {} medfinansieringen med {} ({}), fra {} til {}.").format(
        year(told.years[0]), year(told.years[-1]), verb, size(first["_change_oere"], "oere"), size(first["_change_share"], "share"),
        data(first["_amount_before_oere"], "oere"), data(first["_amount_oere"], "oere"),
    )  # fmt: skip
    if first["is_provisional"]:
        said += Markup(" Et af årene er foreløbigt og sammenlignes, som det er leveret.")
    return [said, *why(told, told.rows)]


@ended
def municipalities(told: Told) -> Sentences:
    """How many can be shown, why others cannot, and who changed most of those shown."""
    first = told.rows[0]
    said = Markup("Opdelingen kan vises for {} af {} kommuner.").format(data(first["_shown"]), data(first["_municipalities"]))
    for count, reason in (
        ("_withheld", "er tilbageholdt, fordi grupperne er for små, eller fordi tilbageholdte aldersgrupper kunne regnes ud"),
        ("_frozen", "vises ikke, fordi et af årene er fastfrosset"),
        ("_lacking", "vises ikke, fordi et af årene mangler"),
    ):
        if first[count]:
            said += Markup(" {} {}.").format(data(first[count]), reason)
    shown = [r for r in told.rows if not r["_is_region"] and r["change_oere"] is not None]
    up, down = [r for r in shown if r["change_oere"] > 0], [r for r in shown if r["change_oere"] < 0]
    moves = []
    if up:
        moves.append(Markup("størst stigning har {} ({})").format(name(up[0]["municipality_name"]), size(up[0]["change_oere"], "oere")))
    if down:
        moves.append(Markup("størst fald har {} ({})").format(name(down[-1]["municipality_name"]), size(down[-1]["change_oere"], "oere")))
    return [said] + ([Markup("Af de viste: {}.").format(Markup("; ").join(moves))] if moves else [])


SECTIONS = (
    Section("overblik", "Overblik", "kmf", EXTRACTS, (
        Figure("B0", "Beløbet, ændringen og det, der betød mest", AMOUNT, says=summary, basis=basis, names="kmf_measure",
            labels={"kmf_measure": "Nøgletal", "value": "Året", "value_year_before": "Året før", "value_change": "Ændring",
                "figure": "Figur"},
            row_units=dict.fromkeys(("value", "value_year_before", "value_change"), "_unit")),
    )),
    Section("niveau", "Niveau og ændring", "kmf", EXTRACTS, (
        Figure("B1", "Medfinansiering pr. borger og aldersstandardiseret indeks",
            "Borgere pr. 1. januar, også dem uden udgift. Indekset er beløbet i forhold til det, kommunens borgere ville koste, hvis hver"
            f" aldersgruppe kostede som i regionen; hele regionen er 1. {SMALL}",
            (Panel("levels", ("amount_per_resident_kr", "age_index"), "Medfinansiering pr. borger"),),
            says=level, basis=basis, names="municipality_name"),
        Figure("B2", "Hvorfor medfinansieringen ændrede sig", FACTORS, (
            Panel("waterfall", ("contribution_oere",), "Fast orden"),
            Panel("waterfall", ("reversed_oere",), "Omvendt orden", is_reversed=True),
        ), says=change, basis=basis, absent=no_change, names="factor",
            labels={"factor": "Faktor", "contribution_oere": "Bidrag", "reversed_oere": "Bidrag i omvendt orden",
                "order_difference_oere": "Forskel"},
            units=dict.fromkeys(("contribution_oere", "reversed_oere", "order_difference_oere"), "oere")),
        Figure("B2b", "Ændringen i de kommuner, der kan vises",
            "Bidragene er i fast orden som i B2; regionens er summen af alle kommuners, også de tilbageholdtes.",
            says=municipalities, basis=basis, absent=none_shown, names="municipality_name"),
    )),
    Section("borgere", "Borgerne bag", "kmf", EXTRACTS, cofinancing_citizens.FIGURES),
    Section("grundlag", "Hvilke oplysninger der findes", "kmf", EXTRACTS, cofinancing_basis.FIGURES),
)  # fmt: skip
