"""The main points: what the committee must know first, at most six sentences, each with the figures it is found in.

What there is to tell is judged by sql/report/finding.sql; here it is put in order and into words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from assets.pages import danish
from assets.report import prose
from assets.report.figures import Point, Section, Told
from assets.report.prose import data, when
from assets.report.reading import Row

# What fits on a first screen.
MOST = 6
# What goes first, and what it is called.
KINDS = {
    "MISSED": "Mål ikke nået",
    "CONCERN": "Bekymrende",
    "COURSE": "Går den forkerte vej hver måned",
    "UNCERTAIN": "Usikre målinger",
    "CHANGE": "Anderledes end året før",
    "INCOMPLETE": "Lav datakomplethed",
    "IMPROVEMENT": "Forbedring",
    "UNUSUAL": "Usædvanligt",
    "SAME_WAY": "Samme retning hver måned",
    "WITHIN": "Anderledes end året før, men inden for naturlig variation",
}
# What is said once of all points of a kind.
CAUTIONS = dict.fromkeys(("COURSE", "SAME_WAY"), "Så få måneder kan ikke afgøre, om det er naturlig variation.")


@dataclass(frozen=True)
class Main:
    """One main point: what it is, of which section, in sentences, and the figures behind it."""

    kind: str
    section: str
    sentences: list[Markup]
    figures: list[str]


def main_points(told: list[tuple[Section, list[Told]]]) -> list[Main]:
    """The points of all sections; those of one kind in one section are one, told heaviest first."""
    order = list(KINDS)
    made = []
    for section, figures in told:
        found = sorted(((p, t.figure.id) for t in figures for p in _points(t)), key=lambda f: (order.index(f[0].kind), -f[0].weight))
        for kind, group in groupby(found, key=lambda f: f[0].kind):
            points = list(group)
            figures_of = list(dict.fromkeys(figure for _, figure in points))
            said = [*(p.sentence for p, _ in points), *([Markup(CAUTIONS[kind])] if kind in CAUTIONS else [])]
            made.append((points[0][0], Main(KINDS[kind], section.title, said, figures_of)))
    made.sort(key=lambda m: (order.index(m[0].kind), -m[0].weight))
    return [main for _, main in made[:MOST]]


def _points(told: Told) -> Iterator[Point]:
    """What a figure has to be told first; an indicator whose target is missed is not told a second time."""
    if told.problem:
        return
    if told.figure.points:
        yield from told.figure.points(told)
    for row in (r for r in told.indicators if r["value"] is not None):
        minded = told.figure.minds(told) if told.figure.minds else []
        for point in _of_indicator(row, told.figure.places):
            tells_of_course = point.kind in ("COURSE", "SAME_WAY", "CHANGE", "WITHIN")
            yield point._replace(sentence=Markup(" ").join([point.sentence, *minded])) if tells_of_course else point


def _of_indicator(row: Row, places: int) -> Iterator[Point]:
    if row["target_met"] is False:
        yield Point("MISSED", abs(row["value"] - row["target"]) / (row["target"] or 1), missed(row, places))
    elif row["variation"] in ("CONCERN", "IMPROVEMENT", "HIGH", "LOW"):
        kind = row["variation"] if row["variation"] in KINDS else "UNUSUAL"
        said = Markup("{} {}").format(prose.level(row, places), prose.sign(row, places))
        yield Point(kind, row["side_months"], said)
    elif row["variation"] == "TOO_FEW" and row["is_course"]:
        is_worse = row["better"] == ("LOWER" if row["course_step"] > 0 else "HIGHER")
        yield Point("COURSE" if is_worse else "SAME_WAY", row["course_months"], _beside_doubt(course(row, places), row))
    elif row["is_large_change"]:
        size = abs(row["change_from_year_before"]) / (abs(row["value_year_before"]) or 1)
        parts = (prose.level(row, places), prose.from_year_before(row, places), prose.variation(row, places))
        # A difference that natural variation covers is no news of its own, however large.
        is_covered = row["variation"] == "NATURAL" and not prose.beyond_limits(row, row["value_year_before"])
        kind = "WITHIN" if is_covered else "CHANGE"
        yield Point(kind, size, _beside_doubt(Markup(" ").join(p for p in parts if p), row))
    if row["completeness_band"] == "lav":
        yield Point("INCOMPLETE", 1 - row["completeness_share"], incomplete(row))


def missed(row: Row, places: int) -> Markup:
    """The value beside the target it misses, and how often the target was met so far."""
    often = "Det er nået i {} af {} måneder." if row["months_met"] else "Det er ikke nået i nogen af {1} måneder."
    return Markup("{} ").format(prose.level(row, places)) + Markup(often).format(data(row["months_met"]), data(row["months_judged"]))


def course(row: Row, places: int) -> Markup:
    """A course that every month went on with, in too few months to say more of."""
    return Markup("{} er {} hver måned fra {} ({}) til {} ({}).").format(
        row["label"], "steget" if row["course_step"] > 0 else "faldet", when(row["course_from"]),
        data(row["value_at_course_start"], row["unit"], places), when(row["month"]), data(row["value"], row["unit"], places),
    )  # fmt: skip


def _beside_doubt(claim: Markup, row: Row) -> Markup:
    """A claim, and that few data are behind it where they are: who quotes one quotes the other."""
    if row["completeness_band"] != "lav":
        return claim
    return claim + Markup(" Datakompletheden er lav ({}).").format(data(row["completeness_share"], danish.SHARE, 0))


def incomplete(row: Row) -> Markup:
    said = Markup("{} bygger på {} af de ventede data i {}.")
    return said.format(row["label"], data(row["completeness_share"], danish.SHARE, 0), when(row["month"]))
