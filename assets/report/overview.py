"""The overview: every indicator the report states, its newest final month, its course, its target and what its variation says."""

from dataclasses import dataclass

from markupsafe import Markup

from assets.pages import danish
from assets.pages.caveats import CAUTIONS, UNCERTAIN
from assets.report import prose
from assets.report.figures import Section, Told
from assets.report.prose import data, short
from assets.report.reading import Row
from assets.report.sparkline import sparkline

NOTHING = Markup('<span aria-hidden="true">–</span>')


@dataclass(frozen=True)
class Line:
    """One indicator of one figure."""

    figure: str
    label: str
    doubts: Markup
    month: Markup
    value: Markup
    course: Markup
    target: Markup
    verdict: str
    assurance: str
    variation: Markup
    tone: str
    completeness: Markup


def lines(section: Section, told: list[Told]) -> list[Line]:
    """The indicators of a section, in the order of its figures."""
    return [_line(section, t, row) for t in told for row in t.indicators]


def _line(section: Section, told: Told, row: Row) -> Line:
    places, unit, codes = told.figure.places, row["unit"], told.reading.codes
    common = (told.figure.id, row["label"], _doubts(told, row), short(row["month"]))
    if row["value"] is None:
        why = "tilbageholdt" if "c" in row["qf"] else "ikke opgjort"
        return Line(*common, Markup(why), NOTHING, NOTHING, "", "", NOTHING, "", NOTHING)
    shown = danish.places_that_tell(row["value"], row["target"], unit, places) if row["target_met"] is False else places
    is_judged = row["variation"] not in (None, "TOO_FEW")
    return Line(
        *common,
        data(row["value"], unit, shown),
        _course(told, row, places),
        data(row["target"], unit, danish.whole_or(row["target"], shown)) if row["target"] is not None else NOTHING,
        {True: "✓ nået", False: "✗ ikke nået", None: ""}[row["target_met"]],
        codes.get(("assurance", row["assurance"]), "") if is_judged else "",
        _variation(told, row),
        {"CONCERN": "missed", "IMPROVEMENT": "met"}.get(row["variation"], ""),
        completeness(told, section, row),
    )


def _doubts(told: Told, row: Row) -> Markup:
    """That a value is uncertain, and of how much."""
    if UNCERTAIN not in row["qf"]:
        return Markup("")
    return told.figure.doubts(told) if told.figure.doubts else Markup(CAUTIONS[UNCERTAIN])


def _course(told: Told, row: Row, places: int) -> Markup:
    """The months as a line, and for who does not see it how far they went."""
    points = told.reading.courses.get((row["indicator"], row["subject"]), [])
    if len(points) < 2:
        return NOTHING
    low, high = row["lowest"], row["highest"]
    is_still = prose.reads_alike(low, high, row["unit"], places)
    ends = [data(v, row["unit"], places) for v in (low, high)]
    span = Markup("hele tiden {}" if is_still else "mellem {} og {}").format(*ends)
    return sparkline(points, row["target"]) + Markup('<span class="heard">{}</span>').format(span)


def _variation(told: Told, row: Row) -> Markup:
    """What the months say in a word, and by which sign."""
    codes = told.reading.codes
    if row["variation"] is None:
        return NOTHING
    word = Markup("{}").format(codes.get(("variation", row["variation"]), row["variation"]))
    if row["variation"] == "TOO_FEW":
        return word + Markup(" ({} af {})").format(data(row["months"]), data(row["enough_points"]))
    if row["variation"] == "NATURAL":
        return word
    arrow = "↑" if (row["course_step"] if row["special_cause"] == "TREND" else row["value"] - row["centre"]) > 0 else "↓"
    sign = codes.get(("special_cause", row["special_cause"]), row["special_cause"])
    return Markup('<span aria-hidden="true">{}</span> {}<span class="note">{}</span>').format(arrow, word, sign)


def completeness(told: Told, section: Section, row: Row) -> Markup:
    """The share of what was expected with its band; else the share of the delivered records that was accepted."""
    share = row["completeness_share"]
    if share is None:
        accepted = told.reading.accepted_share(section.extracts, row["month"])
        return data(accepted, "share", 1) + Markup(" godkendt") if accepted is not None else NOTHING
    band = told.reading.codes.get(("completeness_band", row["completeness_band"]), "").lower()
    words = Markup(" ({})").format(band) if band else Markup("")
    return prose.data(share, "share", 0) + words
