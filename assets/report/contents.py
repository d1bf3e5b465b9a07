"""The papers, and what stands in each in the order a reader meets it."""

from assets.report import cofinancing, redirection, servicedesk, systems, udredning
from assets.report.papers import Paper

MONTHLY = Paper(
    title="Månedsrapport",
    unit="month",
    folder="%Y-%m",
    file="ventetal",
    table="kpi_monthly",
    template="report.html",
    sections=(
        redirection.SECTION,
        udredning.SECTION,
        servicedesk.CIMT,
        systems.SYSTEMS,
        servicedesk.KLINISK,
        systems.PROJECTS,
    ),
    has_quality=True,
)
COFINANCING = Paper(
    title="Kommunal medfinansiering",
    unit="year",
    folder="medfinansiering-%Y",
    file="medfinansiering",
    table="kmf_indicator",
    template="cofinancing.html",
    sections=cofinancing.SECTIONS,
)
