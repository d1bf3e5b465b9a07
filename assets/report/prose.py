"""Sentences that state a finding: value, target, direction, the same month last year, and what varies naturally.

Every number stands in a <data> element with the value it was rounded from, every month in a <time>, every name in a <b>, so
that a test can hold each of them against the release. What the data do not say is not said.
"""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from markupsafe import Markup

from assets.report import danish
from assets.report.danish import Number, quantity
from assets.report.figures import Told
from assets.report.reading import Row

UP_DOWN = {"share": ("højere", "lavere"), "seconds": ("længere", "kortere"), "days": ("flere", "færre")}


def data(value: Number, unit: str | None = None, places: int = 1) -> Markup:
    """A number of the release, rounded for the reader."""
    return Markup('<data value="{}">{}</data>').format(value, quantity(value, unit, places))


def when(day: date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(f"{day:%Y-%m}", danish.month(day))


def short(day: date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(f"{day:%Y-%m}", danish.short_month(day))


def year(day: date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(f"{day:%Y}", f"{day:%Y}")


def size(value: Number, unit: str | None, places: int = 1) -> Markup:
    """How much a change or a contribution is, without its sign: the words around it say which way."""
    return Markup('<data value="{}">{}</data>').format(value, quantity(value if value >= 0 else -value, unit, places))


def during(first: date, last: date) -> Markup:
    return Markup('<time datetime="{}/{}">{}</time>').format(f"{first:%Y-%m}", f"{last:%Y-%m}", danish.period(first, last))


def name(text: Any) -> Markup:
    return Markup("<b>{}</b>").format(text)


def names(texts: list[Any]) -> Markup:
    said = [name(t) for t in texts]
    return said[0] if len(said) == 1 else Markup(", ").join(said[:-1]) + Markup(" og ") + said[-1] if said else Markup("")


def ended(says: Callable[[Told], list[Markup]]) -> Callable[[Told], list[Markup]]:
    """What says sentences, with one full stop where a sentence ends in an abbreviation."""

    @wraps(says)
    def said(told: Told) -> list[Markup]:
        return [Markup(str(s).replace(".</data>.", ".</data>")) for s in says(told)]

    return said


def findings(told: Told) -> list[Markup]:
    """What a figure says: of each of its indicators, then what is its own."""
    if told.problem:
        return []
    said = [finding(row, told.figure.places) for row in told.findings]
    return said + (told.figure.says(told) if told.figure.says else [])


def finding(row: Row, places: int) -> Markup:
    """The sentences for one indicator in its newest final month."""
    if row["value"] is None:
        why = "er tilbageholdt, fordi få personer ligger bag" if "c" in row["qf"] else "kunne ikke opgøres"
        return Markup("{} for {} {}.").format(row["label"], when(row["month"]), why)
    said = [_level(row, places), _course(row, places), _variation(row, places)]
    return Markup(" ").join(s for s in said if s)


def _level(row: Row, places: int) -> Markup:
    """The value, beside its target if it has one: the level, whatever the direction."""
    value, unit, target = row["value"], row["unit"], row["target"]
    is_uncertain = Markup(" Tallet er usikkert.") if "u" in row["qf"] else Markup("")
    if target is None:
        return Markup("{} var {} i {}.").format(row["label"], data(value, unit, places), when(row["month"])) + is_uncertain
    places = danish.places_that_tell(value, target, unit, places)
    words = "nået" if row["target_met"] else "ikke nået"
    at_least = "mindst" if row["comparison"] == ">=" else "højst"
    return (
        Markup("{} var {} i {}. Målet på {} {} er {}.").format(
            row["label"],
            data(value, unit, places),
            when(row["month"]),
            at_least,
            data(target, unit, danish.whole_or(target, places)),
            words,
        )
        + is_uncertain
    )


def _course(row: Row, places: int) -> Markup:
    """Against the month before and the same month a year before, as far as there are any."""
    parts = []
    for change, before, years in (
        ("change_from_month_before", "value_month_before", 0),
        ("change_from_year_before", "value_year_before", 1),
    ):
        if row[change] is None:
            continue
        then = _months_before(row["month"], 12 if years else 1)
        parts.append(Markup("{} {} ({})").format(_difference(row, row[change], places), when(then), data(row[before], row["unit"], places)))
    if not parts:
        return Markup("")
    return Markup("Det er {}.").format(Markup(" og ").join(parts))


def _difference(row: Row, change: float, places: int) -> Markup:
    unit = row["unit"]
    if danish.is_nothing(change, unit, places):
        return Markup("uændret fra")
    up, down = UP_DOWN.get(unit, ("flere", "færre"))
    return Markup('<data value="{}">{}</data> {} end i').format(change, danish.difference(change, unit, places), up if change > 0 else down)


def _variation(row: Row, places: int) -> Markup:
    """The natural limits, on which side of them the month lies, and what they mean for the target."""
    if row["lower_limit"] is None or row["special_cause"] is None:
        return Markup("")
    unit = row["unit"]
    low, high = data(max(row["lower_limit"], 0), unit, places), row["upper_limit"]
    high = data(min(high, 1) if unit == "share" else high, unit, places)
    basis = Markup(" (foreløbigt, {} måneder)").format(data(row["points"])) if row["has_provisional_limits"] else Markup("")
    level = Markup("det naturlige leje, {} til {}{}").format(low, high, basis)
    match row["special_cause"]:
        case "OUTSIDE":
            side = "over" if row["value"] > row["centre"] else "under"
            said = Markup("Måneden ligger {} {}.").format(side, level)
        case "SHIFT":
            side = "over" if row["value"] > row["centre"] else "under"
            said = Markup("Måneden indgår i en lang række {} midten; tallet ligger i {}.").format(side, level)
        case "TREND":
            said = Markup("Måneden indgår i en lang række med samme retning; tallet ligger i {}.").format(level)
        case "NEAR_LIMIT":
            said = Markup("Måneden ligger tæt på grænsen for {}.").format(level)
        case _:
            said = Markup("Udsvinget er inden for {}.").format(level)
    match row["assurance"]:
        case "ALWAYS_MET":
            return said + Markup(" Med den variation nås målet hver måned.")
        case "NEVER_MET":
            return said + Markup(" Med den variation nås målet ikke.")
        case "INCONSISTENT":
            return said + Markup(" Med den variation nås målet i nogle måneder og ikke i andre.")
    return said


def _months_before(day: date, months: int) -> date:
    place = 12 * day.year + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)
