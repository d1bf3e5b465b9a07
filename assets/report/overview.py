"""The first screen: every indicator the report states, its newest final month, whether its target is met and where it is heading."""

from dataclasses import dataclass

from markupsafe import Markup

from assets.report import danish
from assets.report.figures import Section, Told
from assets.report.prose import data, short
from assets.report.reading import Row

NO_TARGET = "intet mål"


@dataclass(frozen=True)
class Line:
    """One indicator of one figure."""

    figure: str
    label: str
    month: Markup
    value: Markup
    target: Markup
    verdict: str
    change: Markup
    variation: str
    completeness: Markup


def lines(section: Section, told: list[Told]) -> list[Line]:
    """The indicators of a section, in the order of its figures."""
    made = []
    for t in told:
        found = [t.reading.findings[f] for f in (*t.figure.findings, *t.figure.listed) if f in t.reading.findings]
        made += [_line(section, t, row) for row in found if not t.problem]
    return made


def _line(section: Section, told: Told, row: Row) -> Line:
    places, unit = told.figure.places, row["unit"]
    if row["value"] is None:
        nothing = Markup("tilbageholdt")
        return Line(told.figure.id, row["label"], short(row["month"]), nothing, Markup("–"), "–", Markup("–"), "–", Markup("–"))
    verdict = {True: "✓ nået", False: "✗ ikke nået", None: NO_TARGET}[row["target_met"]]
    shown = places if row["target"] is None else danish.places_that_tell(row["value"], row["target"], unit, places)
    return Line(
        told.figure.id,
        row["label"],
        short(row["month"]),
        data(row["value"], unit, shown),
        data(row["target"], unit, danish.whole_or(row["target"], shown)) if row["target"] is not None else Markup("–"),
        verdict,
        _change(row, places),
        told.reading.codes.get(("special_cause", row["special_cause"]), "–") if row["lower_limit"] is not None else "–",
        completeness(told, section, row),
    )


def _change(row: Row, places: int) -> Markup:
    """An arrow, the size, and in a word whether that is better."""
    change, unit = row["change_from_month_before"], row["unit"]
    if change is None:
        return Markup("–")
    size = danish.difference(change, unit, places).replace("procentpoint", "pct.point")
    if danish.is_nothing(change, unit, places):
        return Markup('→ <data value="{}">{}</data>').format(change, size)
    judged = {"HIGHER": change > 0, "LOWER": change < 0}.get(row["better"])
    words = {True: " bedre", False: " dårligere", None: ""}[judged]
    return Markup('{} <data value="{}">{}</data>{}').format("↑" if change > 0 else "↓", change, size, words)


def completeness(told: Told, section: Section, row: Row) -> Markup:
    """The share of what was expected with its band, by the bounds in force; else the share of the delivered records accepted."""
    share, month = row["completeness_share"], row["month"]
    if share is None:
        accepted = told.reading.accepted_share(section.extracts, month)
        return data(accepted, "share", 1) + Markup(" godkendt") if accepted is not None else Markup("–")
    bounds = {r["indicator"]: r["value"] for r in told.reading.bounds(month)}
    shown = data(share, "share", 0)
    if "completeness_ok" not in bounds or "completeness_caution" not in bounds:
        return shown
    band = "ok" if share >= bounds["completeness_ok"] else "varsomhed" if share >= bounds["completeness_caution"] else "lav"
    return shown + Markup(" ({})").format(told.reading.codes.get(("completeness_band", band), band).lower())
