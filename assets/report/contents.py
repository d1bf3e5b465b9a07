"""The report's contents: its sections and figures in the order a reader meets them."""

from assets.report import redirection, servicedesk, systems, udredning
from assets.report.figures import Figure, Section

SECTIONS: tuple[Section, ...] = (
    redirection.SECTION,
    udredning.SECTION,
    servicedesk.CIMT,
    systems.SYSTEMS,
    servicedesk.KLINISK,
    systems.PROJECTS,
)
FIGURES: tuple[Figure, ...] = tuple(f for s in SECTIONS for f in s.figures)
