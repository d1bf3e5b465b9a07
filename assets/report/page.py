"""The report as pages: one file each, without scripts, fonts or pictures from elsewhere; everything from data is escaped."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from assets.pages import danish
from assets.pages.templating import environment, style
from assets.report import chart_style, charts, prose
from assets.report.data_package import publisher_of
from assets.report.engine import Engine
from assets.report.figures import Section, Told
from assets.report.overview import lines
from assets.report.papers import Paper
from assets.report.points import main_points
from assets.report.quality import Part
from assets.report.reading import Reading
from assets.report.summary import blocks
from assets.report.tables import Table, table
from sources.stamp import next_month

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Drawn:
    """A figure ready for the page: what was told, its table, its sentences and its charts."""

    told: Told
    table: Table
    sentences: list[Markup]
    drawing: charts.Drawing | None


def drawn(told: list[Told], engine: Engine) -> list[Drawn]:
    return [Drawn(t, table(t), prose.findings(t), made) for t, made in zip(told, charts.draw(told, engine), strict=True)]


@dataclass(frozen=True)
class Link:
    """Another paper: what it is called and where it lies beside this one."""

    name: str
    place: str


def report(
    paper: Paper, reading: Reading, figures: list[Drawn], other: Link | None = None, has_pdf: bool = False, on_paper: bool = False
) -> str:
    """index.html: the overview, then every section with its figures. On paper there are no links to other files."""
    told = [(section, _own(section, figures)) for section in paper.sections]
    return _render(
        paper.template,
        title=paper.called(reading.period),
        file=paper.file,
        period_name=paper.words(reading.period),
        about=reading.about,
        publisher=publisher_of(reading.release),
        next_day=_next_day(paper, reading),
        points=main_points(told),
        beside=blocks(told, {d.told.figure.id: d.table for d in figures}, reading),
        overview=[s for section in paper.sections if (s := (section.title, lines(section, _own(section, figures))))[1]],
        unverified=_unverified(reading, figures),
        sections=[_section(s, figures, reading, on_paper) for s in paper.sections],
        other=other,
        has_pdf=has_pdf,
        on_paper=on_paper,
    )


def quality(reading: Reading, parts: list[Part]) -> str:
    """kvalitet.html: how far the figures can be trusted."""
    lead = f"Hvad tallene i rapporten for {danish.month(reading.period)} bygger på, og hvor sikre de er."
    return _render("quality.html", title=f"Datakvalitet {danish.month(reading.period)}", lead=lead, about=reading.about, parts=parts)


def index(months: list[dict[str, Any]], years: list[dict[str, Any]], frozen: list[dict[str, Any]], reading: Reading) -> str:
    """The list of papers there are: monthly reports, papers of co-financing, and all as they were sent; and when the next figures come."""
    listed = {"months": months, "years": years, "frozen": frozen}
    return _render("index.html", title="Månedsrapporter", **listed, coming=reading.calendar, about=reading.about)


def accessibility(contact: dict[str, str] | None) -> str:
    """tilgaengelighed.html: how far everybody can read the papers, and whom to tell where not."""
    return _render("accessibility.html", title="Tilgængelighed", contact=contact)


def _next_day(paper: Paper, reading: Reading) -> date | None:
    """When the next figures of one of its sections are expected; None where nobody can say."""
    domains = {section.domain for section in paper.sections}
    days = [r["expected_at"].date() for r in reading.calendar if r["domain"] in domains and r["expected_at"]]
    return min(days, default=None)


def _section(section: Section, figures: list[Drawn], reading: Reading, on_paper: bool) -> dict[str, Any]:
    own = [d for d in figures if d.told.figure in section.figures]
    finals = [d.told.last_final for d in own if d.told.last_final]
    state = reading.domains.get(section.domain)
    return {
        "section": section,
        "held": state if state and state["status"] == "held" else None,
        "last_final": max(finals) if finals else None,
        "last_final_name": danish.month(max(finals)) if finals else "",
        "coming": [r for r in reading.calendar if finals and (r["domain"], r["period"]) == (section.domain, next_month(max(finals)))],
        "is_empty": all(d.told.problem for d in own),
        "figures": [_figure(d, on_paper) for d in own],
    }


def _unverified(reading: Reading, figures: list[Drawn]) -> list[tuple[str, int, int, str]]:
    """Every lookup with rows that nobody has compared with their source: what it is called, how many, and which figures use it."""
    found: dict[tuple[str, int, int], list[str]] = {}
    for told in (d.told for d in figures if not d.told.problem):
        for row in reading.unverified(told.figure.key):
            name = reading.codes.get(("lookup", row["lookup"])) or str(row["lookup"])
            found.setdefault((name, row["rows"], row["of_rows"]), []).append(told.figure.id)
    order = [d.told.figure.id for d in figures]
    return [(name, rows, of_rows, _listed(ids, order)) for (name, rows, of_rows), ids in sorted(found.items())]


def _listed(ids: list[str], order: list[str]) -> str:
    """Figures by name; more than two in a row by the first and the last."""
    first, last = order.index(ids[0]), order.index(ids[-1])
    return f"{ids[0]} til {ids[-1]}" if last - first == len(ids) - 1 > 1 else danish.listed(ids)


def _own(section: Section, figures: list[Drawn]) -> list[Told]:
    return [d.told for d in figures if d.told.figure in section.figures]


def _figure(made: Drawn, on_paper: bool) -> dict[str, Any]:
    told, figure, drawing = made.told, made.told.figure, made.drawing
    finding = Markup(" ").join(made.sentences).striptags()
    label = f"{figure.title}. {finding}" if finding else figure.title
    return {
        "id": figure.id,
        "key": figure.key,
        "title": figure.title,
        "problem": told.problem,
        "sentences": made.sentences,
        "table": made.table,
        "method": figure.method,
        "period": told.period,
        "notes": [(n.letter, prose.during(n.first, n.last), n.text, n.author) for n in told.notes],
        "basis": [] if told.problem or not figure.basis else figure.basis(told),
        "wide": _labelled(drawing.wide if drawing else None, label),
        "narrow": _labelled(drawing.narrow if drawing and not on_paper else None, label),
        "is_tall": len(figure.panels) > 2,
        "is_screen_only": figure.on_screen_only,
        "is_table_first": not figure.panels,
    }


def _labelled(svg: str | None, label: str) -> Markup | None:
    """The drawing as one picture whose text alternative states the finding."""
    if svg is None:
        return None
    return Markup(svg.replace("<svg ", str(Markup('<svg role="img" aria-label="{}" ').format(label)), 1))


def _render(template: str, **values: Any) -> str:
    return environment(TEMPLATES).get_template(template).render(style=_style(), **values)


@cache
def _style() -> Markup:
    """The style sheet, and for the charts a rule per colour, so that they follow the reader's light or dark page."""
    rules = [
        f'svg [{attribute}="{colour}"]{{{attribute}:var(--{name})}}'
        for name, colour in chart_style.PALETTE.items()
        for attribute in ("fill", "stroke")
    ]
    return style() + Markup("\n".join(rules))
