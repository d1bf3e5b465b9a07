"""Figures C1-C3 and C6-C7: the two service desks."""

from markupsafe import Markup

from assets.report.figures import Figure, Panel, Section, Told
from assets.report.prose import data, during, when

CALLS = "Indkomne opkald er besvarede, afbrudte og viderestillede."
FINAL = "Opkald er endelige, når udtrækket når månedens udgang; sager først, når brugernes klagefrist også er gået."
WAIT = "Ventetid er til svar, for de besvarede opkald."


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
        said.append(Markup("Flest henvendelser i forhold til nabomånederne: {}.").format(Markup(", ").join(shown)))
    return said


def service_level(told: Told) -> list[Markup]:
    """In which months of the last year the target was missed, and whether the way of counting decides it."""
    said = []
    rows = [r for r in told.rows if not r["is_provisional"]]
    this_year = [r for r in rows if r["month"].year == told.current[0]["month"].year] if told.current else []
    missed = [r for r in this_year if r["target_met"] is False]
    if missed:
        months = [Markup("{} ({})").format(when(r["month"]), data(r["service_level_share"], "share", told.figure.places)) for r in missed]
        said.append(Markup("I år er svartidsmålet ikke nået i {}.").format(Markup(", ").join(months)))
    for row in told.current:
        ways = [row[f"service_level_{w}_share"] for w in ("handled", "ignore", "negative", "positive")]
        if row["target"] is not None and all(w is not None for w in ways):
            passing = [w for w in ways if w >= row["target"]]
            if 0 < len(passing) < len(ways):
                said.append(
                    Markup("Opgørelsesmåden afgør resultatet i {}: de fire måder giver {} til {}.").format(
                        when(row["month"]), data(min(ways), "share", told.figure.places), data(max(ways), "share", told.figure.places)
                    )
                )
    judged = [r for r in rows if r["first_call_resolved_target"] is not None and r["first_call_resolved_of_phone_share"] is not None]
    if judged and all(r["first_call_resolved_target_met"] for r in judged):
        lowest = min(r["first_call_resolved_of_phone_share"] for r in judged)
        said.append(
            Markup("Målet for straksafklaring er nået i alle måneder fra {}; lavest var {} af de telefoniske henvendelser.").format(
                during(judged[0]["month"], judged[-1]["month"]), data(lowest, "share", told.figure.places)
            )
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
            said.append(Markup("{} sager var over fristen og stadig uløste.").format(data(row["overdue_open"])))
    return said


def calls_of_the_year(told: Told) -> list[Markup]:
    """From the first final month of the year to the last, in all and per open day."""
    rows = [r for r in told.rows if not r["is_provisional"] and told.last_final and r["month"].year == told.last_final.year]
    if len(rows) < 2:
        return []
    first, last = rows[0], rows[-1]
    said = Markup("Fra {} til {} gik indkomne opkald fra {} til {}").format(
        when(first["month"]), when(last["month"]), data(first["offered"]), data(last["offered"])
    )
    if first["calls_per_open_day"] is not None and last["calls_per_open_day"] is not None:
        said += Markup("; pr. åbningsdag fra {} til {}, da månederne ikke har lige mange åbningsdage").format(
            data(first["calls_per_open_day"], places=1), data(last["calls_per_open_day"], places=1)
        )
    return [said + Markup(".")]


def no_target(told: Told) -> list[Markup]:
    """Said only where the indicator has no target in force."""
    return [Markup("Der er ikke fastsat et mål.")] if all(f["target"] is None for f in told.findings) else []


CIMT = Section("servicedesk", "CIMT Servicedesk", "servicedesk", ("servicedesk_calls", "servicedesk_cases"), (
    Figure("C1", "Henvendelser, ventetid og afbrudte opkald", f"{CALLS} {WAIT} {FINAL} Det naturlige leje er det, andelen af afbrudte"
        " har svinget inden for; det er hverken et mål eller en grænse for, hvad der kan opnås.", (
        Panel("columns", ("inquiries",), limits=("servicedesk_inquiries", "CIMT")),
        Panel("line", ("mean_wait_answered_seconds",), limits=("mean_wait", "CIMT")),
        Panel("line", ("abandoned_share",), limits=("calls_abandoned", "CIMT")),
    ), (("servicedesk_inquiries", "CIMT"), ("mean_wait", "CIMT"), ("calls_abandoned", "CIMT")), says=inquiries),
    Figure("C2", "Besvaret inden for svartidsmålet og straksafklaring", f"{CALLS} Hovedtallet regner alle indkomne opkald som grundlag;"
        f" afbrudte tæller imod. De øvrige tre opgørelser står i tabellen. Straksafklaring er af telefoniske henvendelser. {FINAL}", (
        Panel("line", ("service_level_share",), target="target", limits=("answered_in_time", "CIMT")),
        Panel("line", ("first_call_resolved_of_phone_share", "first_call_resolved_of_all_share"), "Straksafklaring",
            target="first_call_resolved_target"),
    ), (("answered_in_time", "CIMT"), ("first_call_resolution", "CIMT"), ("first_call_resolution_of_all", "CIMT")), says=service_level),
    Figure("C3", "Indkomne og lukkede sager, og løst inden for SLA", "En sag hører til den måned, den sidst blev løst; SLA-uret stopper ved"
        f" løsningen, ikke ved lukningen efter klagefristen. Sager uden frist (Kritisk) er ikke i nævneren. En annulleret sag er lukket"
        f" uden at være løst. Målet gælder de løste sager; inkl. overskredne uløste er husets egen linje. {FINAL}", (
        Panel("line", ("incoming", "closed"), "Sager"),
        Panel("line", ("within_sla_share", "within_sla_with_open_share"), "Løst inden for SLA", target="target", aims="within_sla_share"),
    ), (("cases_within_sla", "CIMT"), ("cases_within_sla_with_open", "CIMT")), says=flow),
))  # fmt: skip
KLINISK = Section("klinisk", "Klinisk Servicedesk", "servicedesk", ("servicedesk_calls",), (
    Figure("C6", "Indkomne og afbrudte opkald", f"{CALLS} Opkald uden for åbningstiden er ikke med. {FINAL}", (
        Panel("columns", ("offered",), limits=("calls_offered", "KLINISK")),
        Panel("columns", ("abandoned",)),
    ), (("calls_offered", "KLINISK"),), says=calls_of_the_year),
    Figure("C7", "Besvarelse", f"Besvarede opkald som andel af indkomne. {CALLS} {FINAL}", (
        Panel("line", ("answered_share",), limits=("calls_answered", "KLINISK")),
    ), (("calls_answered", "KLINISK"),), says=no_target),
))  # fmt: skip
