"""Figures B3-B6: the citizens behind municipal co-financing. The dearest, their ages, groups of illness, and those who are cared for."""

from markupsafe import Markup

from assets.report.cofinancing_basis import SMALL, Sentences, basis
from assets.report.figures import Figure, Panel, Told
from assets.report.prose import data, ended, name, year
from assets.report.reading import Row


@ended
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
            Markup("Regnet af alle {} borgere er det {} borgere og {} af beløbet.").format(
                data(all_["of_citizens"]), data(all_["citizens"]), data(all_["amount_share"], "share")
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


@ended
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


@ended
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


@ended
def care(told: Told) -> Sentences:
    """Whether the dearest in care are the dearest in co-financing, who is helped, and how often admissions come again."""
    said = []
    for measure, sentence in (
        ("K12_SHARE", "De dyreste ti procent af de ældre i pleje stod for {} af plejeudgiften i {}{}."),
        ("K12_OVERLAP", "{} af de dyreste i pleje var i {} også blandt de dyreste i medfinansieringen{}."),
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


FIGURES = (
    Figure("B3", "De dyreste ti procent og hvor mange der bliver",
        "En tiendedel af borgerne, rundet op, efter deres beløb i året. Det mindste beløb er rundet til hele tusinde kroner."
        f" {SMALL}", (
        Panel("years", ("amount_share",), "Andel af beløbet", only=("TOP", "TOP_OF_POPULATION")),
        Panel("years", ("citizens_share",), "Andel, der også var blandt de dyreste året før", only=("STILL_TOP",)),
    ), says=dearest, basis=basis, names="citizen_group", on_screen_only=True,
        labels={"of_citizens": "Af borgere", "citizens_share": "Andel af de dyreste"}, units={"citizens_share": "share"}),
    Figure("B4", "Medfinansiering pr. borger efter alder", "Alder på ydelsens dato; borgere pr. 1. januar. " + SMALL, (
        Panel("years", ("amount_per_resident_kr",), "Medfinansiering pr. borger"),
    ), says=ages, basis=basis, names="age_band", on_screen_only=True),
    Figure("B5", "Psykiatri, misbrug og kronisk sygdom",
        "Grupperne overlapper og kan ikke lægges sammen. Psykiatri er de psykiatriske ydelser; de andre er alle borgerens ydelser."
        f" Misbrug er diagnoserne DF10-DF19; kroniske grupper er leveret, ikke beregnet her. {SMALL}", (
        Panel("years", ("amount_share", "amount_per_citizen_kr")),
    ), says=groups, basis=basis, names="citizen_group", on_screen_only=True),
    Figure("B6", "Pleje, genindlæggelser og forebyggelige indlæggelser",
        "Pleje er for borgere på 65 år og derover. Genindlæggelse er akut og inden for 30 dage efter udskrivningen. " + SMALL, (
        Panel("years", ("value",), "Andele", only=("K12_SHARE", "K12_OVERLAP", "K8_ALL", "K17_ALL")),
        Panel("years", ("value",), "Modtagere pr. 1.000 borgere på 65 år og derover",
            only=tuple(f"{m}_PER_1000_ELDERLY" for m in ("K13", "K14", "K15"))),
    ), says=care, basis=basis, names="kmf_measure", labels={"kmf_measure": "Nøgletal"},
        row_units={"value": "_unit", "numerator": "_counted_in", "denominator": "_counted_in"},
        on_screen_only=True),
)  # fmt: skip
