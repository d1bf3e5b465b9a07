"""Figures C1-C3, C6-C7 and C11-C12: the two service desks."""

from markupsafe import Markup

from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import beside, data, during, joined, name, when, year

CALLS = "Indkomne opkald omfatter besvarede, afbrudte og viderestillede opkald."
FINAL = "Tal for opkald er endelige, når udtrækket dækker hele måneden; tal for sager først, når brugernes klagefrist også er udløbet."
WAIT = "Ventetiden er tiden, til opkaldet bliver besvaret, opgjort for de besvarede opkald."


def inquiries(told: Told) -> list[Markup]:
    """How they came, and which months stand out above both of their neighbours."""
    rows = [r for r in told.rows if not r["is_provisional"] and r["inquiries"] is not None]
    said = [
        Markup("{} af henvendelserne i {} kom på telefon.").format(data(r["phone_share"], "share", 0), when(r["month"]))
        for r in told.current
        if r["phone_share"] is not None
    ]
    triples = zip(rows, rows[1:], rows[2:], strict=False)
    peaks = [now for before, now, after in triples if now["inquiries"] > max(before["inquiries"], after["inquiries"])]
    if peaks:
        shown = [Markup("{} ({})").format(when(r["month"]), data(r["inquiries"])) for r in peaks[-3:]]
        said.append(Markup("Måneder med flere henvendelser end både måneden før og måneden efter: {}.").format(joined(shown)))
    return said


def service_level(told: Told) -> list[Markup]:
    """In which months of the last year the target was missed, and whether the way of counting decides it."""
    said = []
    rows = [r for r in told.rows if not r["is_provisional"]]
    this_year = [r for r in rows if r["month"].year == told.current[0]["month"].year] if told.current else []
    missed = [r for r in this_year if r["target_met"] is False]
    if missed:
        months = [Markup("{} ({})").format(when(r["month"]), data(r["service_level_share"], "share", told.figure.places)) for r in missed]
        said.append(Markup("I {} er svartidsmålet ikke nået i {}.").format(year(missed[0]["month"]), joined(months)))
    for row in told.current:
        ways = [row[f"service_level_{w}_share"] for w in ("handled", "ignore", "negative", "positive")]
        if row["target"] is not None and all(w is not None for w in ways):
            passing = [w for w in ways if w >= row["target"]]
            if 0 < len(passing) < len(ways):
                said.append(
                    Markup("Opgørelsesmåden afgør, om målet er nået i {}: De fire måder giver mellem {} og {}.").format(
                        when(row["month"]), data(min(ways), "share", told.figure.places), data(max(ways), "share", told.figure.places)
                    )
                )
    judged = [r for r in rows if r["first_call_resolved_target"] is not None and r["first_call_resolved_of_phone_share"] is not None]
    if judged and all(r["first_call_resolved_target_met"] for r in judged):
        lowest = min(r["first_call_resolved_of_phone_share"] for r in judged)
        said.append(
            Markup(
                "Målet for straksafklaring er nået hver måned i perioden {}; lavest var andelen {} af de telefoniske henvendelser."
            ).format(during(judged[0]["month"], judged[-1]["month"]), data(lowest, "share", told.figure.places))
        )
    return said


def flow(told: Told) -> list[Markup]:
    """Flow and timeliness are two things: cases in and out, and what is late and open."""
    said = []
    for row in told.current:
        said.append(
            Markup("I {} kom {} sager ind, {} blev løst og {} lukket.").format(
                when(row["month"]), data(row["incoming"]), data(row["resolved"]), data(row["closed"])
            )
        )
        if row["overdue_open"]:
            said.append(Markup("{} sager var ved månedens udgang over fristen og ikke løst.").format(data(row["overdue_open"])))
    return said


def units(told: Told) -> list[Markup]:
    """What suppliers handle, which units have more left than a month before, and which miss the desk's target."""
    known = [r for r in told.rows if r["handling_unit"] != "UKENDT"]
    month = when(told.rows[0]["_to"])
    if not known:
        return [Markup("Leverancerne oplyser ikke, hvem der behandlede sagerne i {}.").format(month)]
    said = []
    came = [
        (name(r["handling_unit"]), data(r["_incoming_share"], "share", told.figure.places))
        for r in known
        if r["is_vendor"] and r["incoming"]
    ]
    if len(came) == 1:
        said.append(Markup("Leverandøren {} har fået {} af de sager, der kom ind i {}.").format(*came[0], month))
    elif came:
        each = [Markup("{} {}").format(*c) for c in came]
        said.append(Markup("Af de sager, der kom ind i {}, har leverandørerne fået: {}.").format(month, joined(each)))
    if more := [r for r in known if (r["backlog_change"] or 0) > 0]:
        each = [
            Markup("{} ({} {})").format(
                name(r["handling_unit"]), data(r["backlog_change"]), "mere" if r["backlog_change"] == 1 else "flere"
            )
            for r in more
        ]
        said.append(Markup("Flere uafsluttede sager end måneden før: {}.").format(joined(each)))
    if below := [r for r in known if r["target"] is not None and r["within_sla_share"] is not None and r["within_sla_share"] < r["target"]]:
        shown = [beside(r["within_sla_share"], r["target"], told.figure.places) for r in below]
        each = [
            Markup("{} ({} af {})").format(name(r["handling_unit"]), share, data(r["within_sla_base"]))
            for r, (share, _) in zip(below, shown, strict=True)
        ]
        said.append(Markup("Under målet på {} løst inden for SLA: {}.").format(shown[0][1], joined(each)))
    return [Markup(" ").join(said)] if said else []


def causes(told: Told) -> list[Markup]:
    """Of the followed system with most cases, what most of them are raised for, if that is told."""
    most = next((r for r in told.rows if r["_is_followed"]), None)
    if not most:
        return []
    said = Markup("Af de fulgte systemer handlede flest sager i {1} om {0}: {2}.").format(
        name(most["system_name"]), when(most["_to"]), data(most["incoming"])
    )
    if most["category"] != "UKENDT":
        share = data(most["share_of_system"], "share", told.figure.places)
        said += Markup(" {} af dem havde kategorien {}.").format(share, name(most["category"]))
    return [said]


def calls_of_the_year(told: Told) -> list[Markup]:
    """From the first final month of the year to the last, in all and per open day."""
    rows = [r for r in told.rows if not r["is_provisional"] and told.last_final and r["month"].year == told.last_final.year]
    if len(rows) < 2:
        return []
    first, last = rows[0], rows[-1]
    said = Markup("Fra {} til {} ændrede antallet af indkomne opkald sig fra {} til {}").format(
        when(first["month"]), when(last["month"]), data(first["offered"]), data(last["offered"])
    )
    if first["calls_per_open_day"] is not None and last["calls_per_open_day"] is not None:
        said += Markup(", og pr. åbningsdag fra {} til {}").format(
            data(first["calls_per_open_day"], places=1), data(last["calls_per_open_day"], places=1)
        )
    return [said + Markup(".")]


def no_target(told: Told) -> list[Markup]:
    """Said only where the indicator has no target in force."""
    return [Markup("Der er ikke fastsat et mål for besvarelsen.")] if all(f["target"] is None for f in told.findings) else []


NOTE = f"{CALLS} {FINAL}"
CIMT = Section("servicedesk", "CIMT Servicedesk", "servicedesk", ("servicedesk_calls", "servicedesk_cases"), note=NOTE, figures=(
    Figure("C1", "Henvendelser, ventetid og afbrudte opkald", WAIT, (
        Panel("line", ("inquiries",), limits=("servicedesk_inquiries", "CIMT")),
        Panel("line", ("mean_wait_answered_seconds",), limits=("mean_wait", "CIMT")),
        Panel("line", ("abandoned_share",), limits=("calls_abandoned", "CIMT")),
    ), (("servicedesk_inquiries", "CIMT"), ("mean_wait", "CIMT"), ("calls_abandoned", "CIMT")), says=inquiries),
    Figure("C2", "Besvaret inden for svartidsmålet og straksafklaring", "Andelen er beregnet af alle indkomne opkald, så et afbrudt opkald"
        " regnes som ikke besvaret i tide. De øvrige tre opgørelser står i tabellen. Straksafklaring er opgjort for telefoniske"
        " henvendelser.", (
        Panel("line", ("service_level_share",), target="target", limits=("answered_in_time", "CIMT")),
        Panel("line", ("first_call_resolved_of_phone_share", "first_call_resolved_of_all_share"), "Straksafklaring",
            target="first_call_resolved_target"),
    ), (("answered_in_time", "CIMT"), ("first_call_resolution", "CIMT"), ("first_call_resolution_of_all", "CIMT")), says=service_level),
    Figure("C3", "Indkomne og lukkede sager og andelen løst inden for SLA",
        "En sag tæller med i den måned, hvor den senest blev løst. Tiden måles frem til løsningen, ikke til lukningen efter klagefristen."
        " Kritiske sager har ingen frist og indgår ikke i andelen. En annulleret sag er lukket uden at være løst. Målet gælder de løste"
        " sager; opgørelsen inkl. uløste sager over fristen er regionens egen.", (
        Panel("line", ("incoming", "closed"), "Sager"),
        Panel("line", ("within_sla_share", "within_sla_with_open_share"), "Løst inden for SLA", target="target", aims="within_sla_share"),
    ), (("cases_within_sla", "CIMT"), ("cases_within_sla_with_open", "CIMT")), says=flow),
    Figure("C11", "Sager efter hvem der behandler dem", "En sag tæller hos den enhed, der senest fik den, eller hos en ekstern leverandør,"
        " som behandler den. Tilsammen giver de tallene i C3.", says=units, names="handling_unit",
        labels={"backlog_change": "Ændring fra måneden før"}, units={"backlog_change": "number"}),
    Figure("C12", "Sager efter system", "Kategorien er den, flest af systemets sager har. Den vælges i sagssystemet, når sagen behandles.",
        says=causes, names="system_name", on_screen_only=True, labels={"category": "Hyppigste kategori", "share_of_system": "Heraf"},
        absent=lambda _: "Leverancerne oplyser ikke, hvilke systemer sagerne handler om."),
))  # fmt: skip
KLINISK = Section("klinisk", "Klinisk Servicedesk", "servicedesk", ("servicedesk_calls",), note=NOTE, figures=(
    Figure("C6", "Indkomne og afbrudte opkald", "Opkald uden for åbningstiden indgår ikke.", (
        Panel("line", ("offered",), limits=("calls_offered", "KLINISK")),
        Panel("columns", ("abandoned",)),
    ), (("calls_offered", "KLINISK"),), says=calls_of_the_year),
    Figure("C7", "Besvarelse", "Besvarede opkald som andel af de indkomne.", (
        Panel("line", ("answered_share",), limits=("calls_answered", "KLINISK")),
    ), (("calls_answered", "KLINISK"),), says=no_target),
))  # fmt: skip
