"""Sentences that state a finding: value, target, the same month last year, and what is natural variation and what is not.

Every number stands in a <data> element with the value it was rounded from, every month in a <time>, every name in a <b>, so
that a test can hold each of them against the release. What the data do not say is not said.
"""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from markupsafe import Markup

from assets.pages import danish
from assets.pages.danish import Number, quantity
from assets.report.figures import Told
from assets.report.reading import Row

VARIATION = {"IMPROVEMENT": "Forbedring", "CONCERN": "Bekymrende", "HIGH": "Usædvanligt højt", "LOW": "Usædvanligt lavt"}
UP_DOWN = {"share": ("højere", "lavere"), "seconds": ("længere", "kortere"), "days": ("flere", "færre")}


def data(value: Number, unit: str | None = None, places: int = 1) -> Markup:
    """A number of the release, rounded for the reader."""
    return Markup('<data value="{}">{}</data>').format(value, quantity(value, unit, places))


def beside(value: Number, other: Number, places: int) -> tuple[Markup, Markup]:
    """A share and the one that it misses, with places enough to tell them apart; whole percent of the other without places."""
    places = danish.places_that_tell(value, other, "share", places)
    return data(value, "share", places), data(other, "share", danish.whole_or(other, places))


def when(day: date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(f"{day:%Y-%m}", danish.month(day))


def full(day: date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(f"{day:%Y-%m-%d}", danish.day(day))


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
    return joined([name(t) for t in texts])


def joined(said: list[Markup]) -> Markup:
    """a, b og c."""
    return Markup(" og ").join(m for m in (Markup(", ").join(said[:-1]), *said[-1:]) if m)


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
    return said + [s for adds in (told.figure.minds, told.figure.says) if adds for s in adds(told)]


def finding(row: Row, places: int) -> Markup:
    """The sentences for one indicator in its newest final month."""
    if row["value"] is None:
        why = "er tilbageholdt, fordi det bygger på få personer" if "c" in row["qf"] else "kunne ikke opgøres"
        return Markup("{} for {} {}.").format(row["label"], when(row["month"]), why)
    said = [level(row, places), from_year_before(row, places), variation(row, places)]
    return Markup(" ").join(s for s in said if s)


def level(row: Row, places: int) -> Markup:
    """The value, beside its target if it has one: the level, whatever the direction."""
    value, unit, target = row["value"], row["unit"], row["target"]
    aimed = Markup("")
    if target is not None:
        if not row["target_met"]:
            places = danish.places_that_tell(value, target, unit, places)
        at_least = "mindst" if row["comparison"] == ">=" else "højst"
        aim = data(target, unit, danish.whole_or(target, places))
        aimed = Markup(" Målet på {} {} er {}.").format(at_least, aim, "nået" if row["target_met"] else "ikke nået")
    is_uncertain = Markup(" Tallet er usikkert.") if "u" in row["qf"] else Markup("")
    return Markup("{} var {} i {}.").format(row["label"], data(value, unit, places), when(row["month"])) + aimed + is_uncertain


def from_year_before(row: Row, places: int) -> Markup:
    """Against the same month a year before: two months beside each other never say better or worse."""
    if row["change_from_year_before"] is None:
        return Markup("")
    then = Markup("{} ({})").format(when(_months_before(row["month"], 12)), data(row["value_year_before"], row["unit"], places))
    beyond = beyond_limits(row, row["value_year_before"])
    which = Markup(", som lå {} kontrolgrænserne").format(beyond) if beyond else Markup("")
    return Markup("Det er {} {}{}.").format(_difference(row, row["change_from_year_before"], places), then, which)


def beyond_limits(row: Row, value: float) -> str:
    """On which side of the control limits a value of the indicator lies; '' between them, and where there are none."""
    if row["variation"] in (None, "TOO_FEW") or row["lower_limit"] is None:
        return ""
    return "under" if value < row["lower_limit"] else "over" if value > row["upper_limit"] else ""


def _difference(row: Row, change: float, places: int) -> Markup:
    unit = row["unit"]
    if danish.is_nothing(change, unit, places):
        return Markup("uændret fra")
    up, down = UP_DOWN.get(unit, ("flere", "færre"))
    return Markup('<data value="{}">{}</data> {} end i').format(change, danish.difference(change, unit, places), up if change > 0 else down)


def variation(row: Row, places: int) -> Markup:
    """What the course of the months says: a special cause and whether it is good, natural variation, or that nobody can tell yet."""
    if row["variation"] == "TOO_FEW":
        return _too_few(row, places)
    if row["variation"] is None or row["lower_limit"] is None:
        return Markup("")
    if row["variation"] == "NATURAL":
        is_still = reads_alike(row["lower_limit"], row["upper_limit"], row["unit"], places)
        between = Markup("Tallet ligger mellem {}; udsving mellem dem er naturlig variation.").format(_limits(row, places))
        said = _still(row, places) if is_still else between
    else:
        said = Markup("<strong>{}:</strong> {}").format(VARIATION[row["variation"]], sign(row, places))
    return said + _assurance(row)


def sign(row: Row, places: int) -> Markup:
    """By what a month is known to be more than natural variation."""
    unit = row["unit"]
    side = "over" if row["value"] > row["centre"] else "under"
    limit = data(row["upper_limit" if side == "over" else "lower_limit"], unit, places)
    which = "øvre" if side == "over" else "nedre"
    match row["special_cause"]:
        case "OUTSIDE":
            return Markup("Tallet ligger {} den {} kontrolgrænse på {}.").format(side, which, limit)
        case "SHIFT":
            return Markup(
                "Tallet har i {} måneder i træk ligget {} gennemsnittet på {}. Så længe på samme side er mere end naturlig variation,"
                " også mellem {}."
            ).format(data(row["side_months"]), side, data(row["centre"], unit, places), _limits(row, places))
        case "TREND":
            return Markup("Tallet er {} hver måned siden {} ({}).").format(
                _way(row), when(row["course_from"]), data(row["value_at_course_start"], unit, places)
            )
        case _:
            return Markup("Mindst to af tre måneder i træk ligger tæt på den {} kontrolgrænse på {}.").format(which, limit)


def _limits(row: Row, places: int) -> Markup:
    low, high = data(row["lower_limit"], row["unit"], places), data(row["upper_limit"], row["unit"], places)
    return Markup("kontrolgrænserne {} og {}").format(low, high)


def _too_few(row: Row, places: int) -> Markup:
    """How far the months have gone, and the course if it has been one and the same; what that means nobody can tell yet."""
    unit, months = row["unit"], data(row["months"])
    if row["months"] < 2:
        return Markup("")
    if row["is_course"]:
        return Markup(
            "Tallet er {} hver måned siden {} ({}), men {} måneder er for få til at afgøre, om det er naturlig variation."
        ).format(_way(row), when(row["course_from"]), data(row["value_at_course_start"], unit, places), months)
    if reads_alike(row["lowest"], row["highest"], unit, places):
        return _still(row, places)
    return Markup("På {} måneder har tallet ligget mellem {} ({}) og {} ({}).").format(
        months, data(row["lowest"], unit, places), when(row["lowest_month"]), data(row["highest"], unit, places), when(row["highest_month"])
    )


def reads_alike(value: Number, other: Number, unit: str | None, places: int) -> bool:
    """Whether two values are the same number for the reader."""
    return quantity(value, unit, places) == quantity(other, unit, places)


def _still(row: Row, places: int) -> Markup:
    return Markup("Tallet har været {} i alle {} måneder.").format(data(row["value"], row["unit"], places), data(row["months"]))


def _way(row: Row) -> str:
    return "steget" if row["course_step"] > 0 else "faldet"


def _assurance(row: Row) -> Markup:
    """What limits mean for the target."""
    match row["assurance"]:
        case "ALWAYS_MET":
            return Markup(" Med den variation kan målet ventes nået hver måned.")
        case "NEVER_MET":
            return Markup(" Med den variation kan målet ikke ventes nået.")
        case "INCONSISTENT":
            return Markup(" Med den variation nås målet i nogle måneder og ikke i andre.")
    return Markup("")


def _months_before(day: date, months: int) -> date:
    place = 12 * day.year + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)
