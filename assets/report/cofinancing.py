"""Figures B0-B6: municipal co-financing, its level, why it changed, and the citizens behind it. What it stands on is in `cofinancing_basis`."""

from markupsafe import Markup

from assets.report import cofinancing_basis
from assets.report.cofinancing_basis import basis
from assets.report.danish import Number, is_nothing
from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import data, name, size, year
from assets.report.reading import Reading, Row

AMOUNT = "Kommunernes betaling til regionen efter ydelsens dato, netto for tilbageførsler."
SMALL = "Tal om for få borgere, eller hvor én borger fylder det meste, er tilbageholdt."
FACTORS = (
    "Hvert led i beløbet skiftes fra det ene år til det andet, ét ad gangen: befolkningens størrelse, dens alder, kontakter pr. borger,"
    " tyngde og takst pr. kontakt, og til sidst andel og loft. Omvendt orden begynder med det sidste."
)
EXTRACTS = ("kmf_settlements", "kmf_totals", "kmf_population", "kmf_care", "kmf_chronic")
Sentences = list[Markup]


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
        said += Markup(" Det er {} {}.").format(_more(amount["value_change"]), year(told.years[0]))
        if "e" in amount["qf"]:
            said += Markup(" Et af årene er opgjort efter statens totaler.")
    explained = [] if told.reading.lacking("b2") else told.reading.ask("b2")
    return [said, *(why(told, explained) if explained else [Markup("{}").format(no_change(told.reading))])]


def _more(change: Number) -> Markup:
    if is_nothing(change, "oere", 2):
        return Markup("det samme som i")
    return Markup("{} {} end i").format(size(change, "oere"), "mere" if change > 0 else "mindre")


def why(told: Told, rows: list[Row]) -> Sentences:
    """The factor that did most, the one that pulled most the other way, and what both come to in the opposite order."""
    factors = [r for r in rows if r["factor"] != "CHANGE" and r["contribution_oere"] is not None]
    if not factors:
        return [Markup("Opdelingen på faktorer er tilbageholdt.")]
    most = max(factors, key=lambda r: abs(r["contribution_oere"]))
    is_up = most["contribution_oere"] > 0
    said = Markup("Mest betød {}: {} {}.").format(_factor(told, most), size(most["contribution_oere"], "oere"), "op" if is_up else "ned")
    against = [r for r in factors if (r["contribution_oere"] < 0) == is_up and r["contribution_oere"]]
    if against:
        other = max(against, key=lambda r: abs(r["contribution_oere"]))
        said += Markup(" Modsat trak {}: {} {}.").format(
            _factor(told, other), size(other["contribution_oere"], "oere"), "ned" if is_up else "op"
        )
    return [said, _opposite(told, factors, most)]


def _opposite(told: Told, factors: list[Row], most: Row) -> Markup:
    """Whether the order in which factors are replaced decides what did most."""
    if all(not r["order_difference_oere"] for r in factors):
        return Markup("Rækkefølgen ændrer ingen af bidragene.")
    other = max(factors, key=lambda r: abs(r["reversed_oere"]))
    way = "op" if other["reversed_oere"] > 0 else "ned"
    if other["factor"] == most["factor"]:
        said = Markup("I omvendt orden er det også {}, der betød mest, men med {} {}.").format(
            _factor(told, other), size(other["reversed_oere"], "oere"), way
        )
    else:
        said = Markup("I omvendt orden betød {} mest: {} {}. Rækkefølgen afgør altså, hvad der er størst.").format(
            _factor(told, other), size(other["reversed_oere"], "oere"), way
        )
    turned = [r for r in factors if r["contribution_oere"] * r["reversed_oere"] < 0]
    for row in turned:
        said += Markup(" {} skifter fortegn: {} i stedet for {}.").format(
            _factor(told, row), data(row["reversed_oere"], "oere"), data(row["contribution_oere"], "oere")
        )
    return said


def _factor(told: Told, row: Row) -> Markup:
    return name(told.reading.codes.get(("factor", row["factor"]), row["factor"]))


def no_change(reading: Reading) -> str:
    """Why the change is not explained."""
    [found] = [{"municipalities": 0, "frozen": 0}] if reading.lacking("b2_absent") else reading.ask("b2_absent")
    if found["frozen"]:
        return "Ændringen forklares ikke: et af årene er fastfrosset, og beløbene er kommunernes egne budgetter."
    if not found["municipalities"]:
        return "Ændringen forklares ikke: der er intet år før at sammenligne med."
    return "Ændringen forklares ikke: opdelingen er ikke offentliggjort for året."


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


def dearest(told: Told) -> Sentences:
    """What the dearest tenth costs of all, who stayed in it, and what it takes to be in it."""
    top, all_, still = (_of(told, g) for g in ("TOP", "TOP_OF_POPULATION", "STILL_TOP"))
    said = []
    if top and top["amount_share"] is not None:
        said.append(
            Markup("De dyreste ti procent, {} af {} borgere med medfinansiering, stod for {} af beløbet i {}{}.").format(
                data(top["citizens"]), data(top["of_citizens"]), data(top["amount_share"], "share"), year(top["year"]),
                _against(told, top, "amount_share"),
            )
        )  # fmt: skip
    if top and top["smallest_amount_kr"] is not None:
        said.append(Markup("Det mindste beløb blandt dem var omkring {}.").format(data(top["smallest_amount_kr"], "kr")))
    if all_ and all_["amount_share"] is not None:
        said.append(
            Markup("Regnes de af alle borgere, er det {} borgere og {} af beløbet.").format(
                data(all_["citizens"]), data(all_["amount_share"], "share")
            )
        )
    if still and still["citizens_share"] is not None:
        said.append(
            Markup("{} af de dyreste ({}) var det også året før.").format(data(still["citizens"]), data(still["citizens_share"], "share"))
        )
    hidden = [r for r in (top, all_, still) if r and "c" in r["qf"]]
    return said + [Markup("{} er tilbageholdt.").format(name(told.named(r))) for r in hidden]


def _of(told: Told, group: str) -> Row | None:
    """A name's row of the newest year."""
    return next((r for r in told.rows if r[told.figure.names] == group and r["year"] == told.years[-1]), None)


def _before(told: Told, row: Row, column: str) -> Row | None:
    """The same of the year before, if it is told."""
    column_of = told.figure.names
    found = (r for r in told.rows if r[column_of] == row[column_of] and r["year"].year == row["year"].year - 1)
    return next((r for r in found if r[column] is not None), None)


def _against(told: Told, row: Row, column: str) -> Markup:
    before = _before(told, row, column)
    if before is None:
        return Markup("")
    return Markup(" mod {} i {}").format(data(before[column], told.unit(before, column), told.figure.places), year(before["year"]))


def ages(told: Told) -> Sentences:
    """The dearest and the cheapest band, and the one that changed most since the year before."""
    now = [r for r in told.rows if r["year"] == told.years[-1] and r["amount_per_resident_kr"] is not None]
    if not now:
        return []
    high, low = (choose(now, key=lambda r: r["amount_per_resident_kr"]) for choose in (max, min))
    said = [
        Markup("I {} kostede aldersgruppen {} mest pr. borger ({}) og {} mindst ({}).").format(
            year(told.years[-1]), name(told.named(high)), data(high["amount_per_resident_kr"], "kr"),
            name(told.named(low)), data(low["amount_per_resident_kr"], "kr"),
        )
    ]  # fmt: skip
    return said + _moved_most(told, now, "amount_per_resident_kr")


def _moved_most(told: Told, now: list[Row], column: str) -> Sentences:
    """The name whose value changed most since the year before, from what to what."""
    pairs = [(row, before) for row in now if (before := _before(told, row, column)) and row[column] != before[column]]
    if not pairs:
        return []
    row, before = max(pairs, key=lambda p: abs(p[0][column] - p[1][column]))
    unit = told.unit(row, column)
    return [
        Markup("Mest {} det for {}: fra {} i {} til {}.").format(
            "steg" if row[column] > before[column] else "faldt", name(told.named(row)), data(before[column], unit), year(before["year"]),
            data(row[column], unit),
        )
    ]  # fmt: skip


def groups(told: Told) -> Sentences:
    """Each group's share of all and what a citizen of it comes to."""
    said = []
    for row in (r for r in told.rows if r["year"] == told.years[-1]):
        if row["amount_share"] is None:
            said.append(Markup("{}: tilbageholdt.").format(name(told.named(row))))
            continue
        said.append(
            Markup("{}: {} af beløbet, {} pr. borger i gruppen ({} borgere).").format(
                name(told.named(row)), data(row["amount_share"], "share"), data(row["amount_per_citizen_kr"], "kr"), data(row["citizens"])
            )
        )
    now = [r for r in told.rows if r["year"] == told.years[-1] and r["amount_share"] is not None]
    return [Markup(" ").join(said), *_moved_most(told, now, "amount_share")] if said else []


def care(told: Told) -> Sentences:
    """Whether the dearest in care are the dearest in co-financing, who is helped, and how often admissions come again."""
    said = []
    for measure, sentence in (
        ("K12_SHARE", "De dyreste ti procent af de ældre i pleje stod for {} af plejeudgiften i {}{}."),
        ("K12_OVERLAP", "{} af dem var i {} også blandt de dyreste i medfinansieringen{}."),
        ("K8_ALL", "{} af indlæggelserne i {} blev fulgt af en akut genindlæggelse{}."),
        ("K17_ALL", "{} af indlæggelserne i {} regnes for forebyggelige{}."),
    ):
        row = _of(told, measure)
        if row and row["value"] is not None:
            said.append(Markup(sentence).format(data(row["value"], row["_unit"]), year(row["year"]), _against(told, row, "value")))
        elif row:
            said.append(Markup("{}: tilbageholdt.").format(name(told.named(row))))
    if any(r["lookup"] == "reference.kmf_diagnosis" for r in told.reading.unverified(told.figure.key)):
        said.append(Markup("Koderne for de forebyggelige er ikke efterprøvet."))
    helped = [r for m in ("K13", "K14", "K15") if (r := _of(told, f"{m}_PER_1000_ELDERLY")) and r["value"] is not None]
    return [Markup(" ").join(said), *_moved_most(told, helped, "value")]


SECTIONS = (
    Section("overblik", "Overblik", "kmf", EXTRACTS, (
        Figure("B0", "Beløbet, ændringen og det, der betød mest", AMOUNT, says=summary, basis=basis, names="kmf_measure",
            labels={"kmf_measure": "Nøgletal", "value_year_before": "Året før", "value_change": "Ændring", "figure": "Figur"},
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
            says=municipalities, basis=basis, absent=no_change, names="municipality_name"),
    )),
    Section("borgere", "Borgerne bag", "kmf", EXTRACTS, (
        Figure("B3", "De dyreste ti procent og hvor mange der bliver",
            "En tiendedel af borgerne, rundet op, efter deres beløb i året. Det mindste beløb er rundet til hele tusinde kroner. " + SMALL, (
            Panel("years", ("amount_share",), "Andel af beløbet", only=("TOP", "TOP_OF_POPULATION")),
            Panel("years", ("citizens_share",), "Andel, der også var blandt de dyreste året før", only=("STILL_TOP",)),
        ), says=dearest, basis=basis, names="citizen_group"),
        Figure("B4", "Medfinansiering pr. borger efter alder", "Alder på ydelsens dato; borgere pr. 1. januar. " + SMALL, (
            Panel("years", ("amount_per_resident_kr",), "Medfinansiering pr. borger"),
        ), says=ages, basis=basis, names="age_band"),
        Figure("B5", "Psykiatri, misbrug og kronisk sygdom",
            "Grupperne overlapper og kan ikke lægges sammen. Psykiatri er de psykiatriske ydelser; de andre er alle borgerens ydelser."
            f" Misbrug er diagnoserne DF10-DF19; kroniske grupper er leveret, ikke beregnet her. {SMALL}", (
            Panel("years", ("amount_share",), "Andel af beløbet"),
            Panel("years", ("amount_per_citizen_kr",), "Medfinansiering pr. borger i gruppen"),
        ), says=groups, basis=basis, names="citizen_group"),
        Figure("B6", "Pleje, genindlæggelser og forebyggelige indlæggelser",
            "Pleje er for borgere på 65 år og derover. Genindlæggelse er akut og inden for 30 dage efter udskrivningen. " + SMALL, (
            Panel("years", ("value",), "Andele", only=("K12_SHARE", "K12_OVERLAP", "K8_ALL", "K17_ALL")),
            Panel("years", ("value",), "Modtagere pr. 1.000 borgere på 65 år og derover",
                only=tuple(f"{m}_PER_1000_ELDERLY" for m in ("K13", "K14", "K15"))),
        ), says=care, basis=basis, names="kmf_measure", labels={"kmf_measure": "Nøgletal"},
            row_units={"value": "_unit", "numerator": "_counted_in", "denominator": "_counted_in"}),
    )),
    Section("grundlag", "Hvilke oplysninger der findes", "kmf", EXTRACTS, cofinancing_basis.FIGURES),
)  # fmt: skip
