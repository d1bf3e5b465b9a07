"""Figures C4, C5 and C8-C10: the critical systems and the larger projects."""

from markupsafe import Markup

from assets.pages.caveats import UNCERTAIN
from assets.pages.danish import places_that_tell
from assets.report.figures import Figure, Panel, Point, Section, Told
from assets.report.prose import beside, data, during, full, joined, name, names, when
from assets.report.reading import Row
from sources.stamp import next_month

LIMITS = (
    "Andelen af robotternes målinger, der blev besvaret inden for grænsen for handlingens type, som uvægtet gennemsnit af handlinger og"
    " lokationer. Et forsøg, der fejler eller ikke får svar, regnes som for sent. Aftalte vedligeholdelsesvinduer indgår ikke. ”Usikker” er"
    " måneder, hvor målepunkter mangler, eller hvor en robots målinger er mistænkelige (længe præcis 100\N{NO-BREAK SPACE}% eller et stort"
    " spring)."
)


def measured(told: Told) -> list[Markup]:
    first = told.rows[0]
    said = Markup("{} af {} kritiske systemer måles.").format(data(first["_measured"]), data(first["_critical"]))
    left = [r["system_name"] for r in told.rows if not r["is_measured"]]
    return [said + (Markup(" {} måles ikke.").format(names(left)) if left else Markup("")), agreed(told.rows, told.figure.places)]


def agreed(rows: list[Row], places: int) -> Markup:
    """For how many systems the agreed levels are known, who has none, and what was measured below the availability that is agreed."""
    first = rows[0]
    if not first["_with_availability"] and not first["_with_support"]:
        return Markup("Serviceaftalens tilgængelighed og supportniveau er ikke oplyst for noget af systemerne.")
    said = [
        Markup("Serviceaftalens tilgængelighed er oplyst for {} og supportniveauet for {} af {} systemer.").format(
            data(first["_with_availability"]), data(first["_with_support"]), data(first["_critical"])
        )
    ]
    if none := [r["system_name"] for r in rows if r["agreed_availability_share"] is None and r["support_level"] is None]:
        said.append(Markup("Intet aftalt niveau er oplyst for {}.").format(names(none)))
    both = [r for r in rows if r["agreed_availability_share"] is not None and r["availability_share"] is not None]
    if below := [r for r in both if r["availability_share"] < r["agreed_availability_share"]]:
        each = [
            Markup("{} ({} mod {})").format(
                name(r["system_name"]), *beside(r["availability_share"], r["agreed_availability_share"], places)
            )
            for r in below
        ]
        said.append(Markup("Målt under det aftalte i {}: {}.").format(when(first["_month"]), joined(each)))
    return Markup(" ").join(said)


def level(told: Told) -> list[Markup]:
    """The level: how many kept their target, this month and in all; who never did."""
    now = told.current
    if not now:
        return []
    first = now[0]
    met = data(first["_met_in_month"])
    said = [
        Markup("{} af {} systemer nåede deres mål i {}.").format(met, data(first["_systems_in_month"]), when(first["month"])),
        Markup("I perioden {} er {} af {} månedsmål nået.").format(
            during(told.rows[0]["month"], told.rows[-1]["month"]), data(first["_met"]), data(first["_judged"])
        ),
    ]
    if never := [r["system_name"] for r in now if r["_months_met"] == 0]:
        said.append(Markup("{} har ikke nået målet i nogen måned.").format(names(never)))
    said += uncertain(told)
    return [Markup("<strong>Niveau:</strong> ") + Markup(" ").join(said)]


def uncertain(told: Told) -> list[Markup]:
    """Whose measurements of the newest month are uncertain, by whether they count as good news: a robot that is wrong may make it."""
    said = []
    for is_met, words in ((True, "nåede deres mål"), (False, "ikke nåede deres mål")):
        judged = [r for r in told.current if r["target_met"] is is_met]
        if doubted := [r["system_name"] for r in judged if UNCERTAIN in r["qf"]]:
            said.append(
                Markup("Af de {} systemer, der {}, har {} usikre målinger: {}.").format(
                    data(len(judged)), words, data(len(doubted)), names(doubted)
                )
            )
    return said


def doubts(told: Told) -> Markup:
    """Of how many systems the measurements are uncertain."""
    judged = [r for r in told.current if r["target_met"] is not None]
    doubted = sum(UNCERTAIN in r["qf"] for r in judged)
    return Markup("heraf {} af {} systemer med usikre målinger").format(data(doubted), data(len(judged)))


def kept(told: Told) -> list[Markup]:
    """How many systems kept their target, with what makes that uncertain."""
    judged = [r for r in told.current if r["target_met"] is not None]
    met = [r for r in judged if r["target_met"]]
    if not met:
        return []
    doubted = [r["system_name"] for r in met if UNCERTAIN in r["qf"]]
    said = Markup("{} af {} systemer nåede deres mål for svartider").format(data(len(met)), data(len(judged)))
    if doubted:
        said += Markup(", heraf {} med usikre målinger ({})").format(data(len(doubted)), names(doubted))
    return [said + Markup('. <a href="#{}">{}</a>').format(told.figure.key, told.figure.id)]


def turned(told: Told) -> list[Markup]:
    """Which systems meet their target now and did not the month before, and the other way round."""
    newest = told.last_final
    before = {r["system_name"]: r["target_met"] for r in told.rows if newest and next_month(r["month"]) == newest}
    was = [(r, before.get(r["system_name"])) for r in told.current]
    reached = [r for r, met in was if r["target_met"] and met is False]
    lost = [r["system_name"] for r, met in was if r["target_met"] is False and met]
    said = []
    if reached:
        each = [name(r["system_name"]) + Markup(" (usikre målinger)" if UNCERTAIN in r["qf"] else "") for r in reached]
        said.append(Markup("Målet for svartider nås nu af {}").format(joined(each)))
    if lost:
        said.append(Markup("{} af {}").format("ikke længere" if said else "Målet for svartider nås ikke længere", names(lost)))
    where = Markup(' (<a href="#{}">{}</a>).').format(told.figure.key, told.figure.id)
    return [Markup(" og ").join(said) + where] if said else []


def course(told: Told) -> list[Markup]:
    """The trend, which says nothing of the level: the mean of the systems, then who fell below its target and where."""
    said = []
    trend = told.reading.courses.get(("response_time_mean", "ALL"), [])
    if len(trend) > 1:
        start = len(trend) - 1
        rises = trend[-2][1] < trend[-1][1]
        while start and trend[start - 1][1] != trend[start][1] and (trend[start - 1][1] < trend[start][1]) == rises:
            start -= 1
        direction = "steget" if trend[-1][1] > trend[start][1] else "faldet"
        said.append(
            Markup("Gennemsnittet af systemerne er {} hver måned fra {} ({}) til {} ({}).").format(
                direction, when(trend[start][0]), data(trend[start][1], "share", 2), when(trend[-1][0]), data(trend[-1][1], "share", 2)
            )
        )
    said += [
        Markup("{} ligger kun under målet på én lokation: {} ({}).").format(
            name(row["system_name"]), name(row["_location"]), data(row["_location_share"], "share", 2)
        )
        for row in told.current
        if not row["target_met"] and row["_locations_below"] == 1
    ]
    return [Markup("<strong>Tendens:</strong> ") + Markup(" ").join(said)] if said else []


def missed(told: Told) -> list[Point]:
    """Which systems missed their target in the newest month, and whose measurements are uncertain."""
    below = [r for r in told.current if r["target_met"] is False]
    if not below:
        return [Point("UNCERTAIN", len(told.current), Markup(" ").join(doubted))] if (doubted := uncertain(told)) else []
    said = Markup("{} af {} systemer nåede ikke deres mål for svartider i {}: {}.").format(
        data(below[0]["_missed_in_month"]), data(below[0]["_systems_in_month"]), when(below[0]["month"]),
        joined([_beside_target(r, told.figure.places) for r in below]),
    )  # fmt: skip
    said = Markup(" ").join([said, *uncertain(told)])
    return [Point("MISSED", below[0]["_missed_in_month"] / below[0]["_systems_in_month"], said)]


def _beside_target(row: Row, places: int) -> Markup:
    return Markup("{} ({}, mål {})").format(name(row["system_name"]), *beside(row["compliance_share"], row["sla_target"], places))


def response_times(told: Told) -> list[Markup]:
    return level(told) + course(told)


def projects(told: Told) -> list[Markup]:
    """How many follow their plan, and by name those that do not."""
    rows = told.rows
    codes = told.reading.codes
    on_plan = next((r for r in rows if r["plan_status"] == "ON_PLAN"), None)
    said = [
        Markup("{} af {} projekter fulgte deres plan i {}.").format(
            data(on_plan["_with_status"] if on_plan else 0), data(rows[0]["_projects"]), when(rows[0]["_to"])
        )
    ]
    for status in ("AT_RISK", "DELAYED", "UNMAPPED"):
        for row in (r for r in rows if r["plan_status"] == status):
            late = Markup(", {}").format(data(row["delay_weeks"], "weeks")) if row["delay_weeks"] else Markup("")
            said.append(Markup("{}: {}{}.").format(name(row["project_name"]), codes.get(("plan_status", status), status).lower(), late))
    return [Markup(" ").join(said), *moved(rows)]


def moved(rows: list[Row]) -> list[Markup]:
    """Whose expected end was put off since an earlier report, the longest first, and who tells of no end."""
    said = []
    compared = rows[0]["_compared"]
    later = sorted((r for r in rows if (r["slip_weeks"] or 0) > 0), key=lambda r: -r["slip_weeks"])
    if later:
        each = [
            Markup("{} (til {}, {} siden rapporten for {})").format(
                name(r["project_name"]), full(r["expected_end_date"]), data(r["slip_weeks"], "weeks"), when(r["_before"])
            )
            for r in later
        ]
        which = (
            Markup("Det ene projekt") if compared == 1 else Markup("{} af {} projekter").format(data(later[0]["_moved"]), data(compared))
        )
        whose = "sin" if len(later) == 1 else "deres"
        said.append(
            Markup("{}, der kan sammenholdes med en tidligere rapport, har udskudt {} afslutning: {}.").format(which, whose, joined(each))
        )
    elif compared == 1:
        said.append(Markup("Det ene projekt, der kan sammenholdes med en tidligere rapport, har ikke udskudt sin afslutning."))
    elif compared:
        said.append(
            Markup("Ingen af de {} projekter, der kan sammenholdes med en tidligere rapport, har udskudt deres afslutning.").format(
                data(compared)
            )
        )
    if rows[0]["_undated"]:
        undated = [r["project_name"] for r in rows if r["expected_end_date"] is None and r["plan_status"] != "COMPLETED"]
        said.append(Markup("Uden en slutdato, der kan læses: {}.").format(names(undated)))
    return [Markup(" ").join(said)] if said else []


def milestones(told: Told) -> list[Markup]:
    """How many are reached; which are overdue, put off, without a time, and next."""
    rows = told.rows

    def listed(chosen: list[Row], slip: bool = False) -> Markup:
        each = [Markup("{} ({})").format(name(r["milestone_name"]), name(r["project_name"])) for r in chosen]
        return joined([m + Markup(" {}").format(data(r["slip_weeks"], "weeks")) if slip else m for m, r in zip(each, chosen, strict=True)])

    by_status: dict[str, list[Row]] = {}
    for row in rows:
        by_status.setdefault(row["milestone_status"], []).append(row)
    reached, ahead = by_status.get("REACHED", []), by_status.get("PLANNED", [])
    said = [Markup("{} af {} milepæle er nået.").format(data(reached[0]["_with_status"] if reached else 0), data(rows[0]["_milestones"]))]
    if late := by_status.get("OVERDUE"):
        these = "denne milepæl" if len(late) == 1 else "disse milepæle"
        said.append(Markup("Ved udgangen af {} var {} over tiden: {}.").format(when(rows[0]["_to"]), these, listed(late)))
    if later := [r for r in rows if (r["slip_weeks"] or 0) > 0]:
        said.append(Markup("Udskudt siden en tidligere rapport: {}.").format(listed(later, slip=True)))
    if undated := by_status.get("UNDATED"):
        said.append(Markup("Uden et tidspunkt, der kan bruges: {}.").format(listed(undated)))
    if ahead:
        soonest = min(r["_planned"] for r in ahead)
        said.append(Markup("Næste, senest {}: {}.").format(full(soonest), listed([r for r in ahead if r["_planned"] == soonest])))
    return [Markup(" ").join(said)]


def progress(told: Told) -> list[Markup]:
    """How much is done where it is counted; a share that is neither nothing nor all does not read as it."""
    counted = [r for r in told.rows if r["items_done"] is not None and r["items_total"] is not None]
    said = []
    for row in counted:
        done, total = data(row["items_done"]), data(row["items_total"])
        share, item = row["progress_share"], Markup(" {}").format(row["_counted_item"]) if row["_counted_item"] else ""
        shown = data(share, "share", places_that_tell(share, round(share), "share", told.figure.places))
        said.append(
            Markup("{}, {}: {} af {}{}, {}.").format(name(row["project_name"]), name(row["milestone_name"]), done, total, item, shown)
        )
    return said


SYSTEMS = Section("systemer", "Kritiske it-systemer", "response_time", ("response_times",), (
    Figure("C4", "Systemer og målinger",
        "Regionen afgør selv, hvilke systemer der er kritiske. Et system, som ingen robot måler, kan ikke vurderes. Tilgængelighed er"
        " andelen af robotternes forsøg, der fik svar i seneste endelige måned; serviceaftalen kan opgøre den anderledes.",
        says=measured, names="system_name", places=2),
    Figure("C5", "Overholdelse af svartider pr. system", LIMITS, (
        Panel("heat", ("compliance_share",), target="sla_target"),
    ), points=missed, good=kept, since=turned, doubts=doubts, says=response_times,
        listed=(("response_time_systems_met", "ALL"), ("response_time_mean", "ALL")),
        names="system_name", pivot=("system_name", "compliance_share"), places=2, on_screen_only=True),
))  # fmt: skip
TIMES = (
    "En måned, et kvartal eller et år regnes til sin sidste dag; primo, medio og ultimo er første, anden og sidste tredjedel. Kan to"
    " tidspunkter betyde samme dag, er intet udskudt."
)
PROJECTS = Section("projekter", "Større projekter", "project", ("project_status", "project_milestones"), (
    Figure("C8", "Status for projekterne",
        "Projekterne vurderer selv deres status. Teksten oversættes efter en liste over kendte formuleringer."
        " Et projekt, der følger en revideret plan, tæller som et projekt, der følger planen. " + TIMES,
        listed=(("projects_on_plan", "ALL"),), says=projects, names="project_name"),
    Figure("C9", "Milepæle", "Oplyst af projekterne. Tidspunktet er, hvornår milepælen blev nået, ellers hvornår den er planlagt. Over"
        " tiden er det, der skulle være nået ved månedens udgang.", says=milestones, names="milestone_name",
        labels={"time_text": "Tidspunkt"}, on_screen_only=True, absent=lambda _: "Projektkontoret har ikke oplyst milepæle."),
    Figure("C10", "Fremdrift", "Oplyst af projekterne; antal er ofte afrundede. Målet er, hvor meget der skal være gjort på tidspunktet.",
        says=progress, names="milestone_name", places=0, absent=lambda _: "Projektkontoret har ikke oplyst fremdrift."),
))  # fmt: skip
