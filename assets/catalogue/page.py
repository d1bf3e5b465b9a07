"""The catalogue as pages: one for each table, one to find it, one of what changed. Everything can be read without a script."""

from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from assets.catalog.declared import COVERAGE, MARTS, RAW, REFERENCE
from assets.catalog.statements import QF_COLUMNS
from assets.catalogue.changes import Changes
from assets.catalogue.reading import Reading
from assets.catalogue.tables import FEW, ColumnLine, Rows, TablePage
from assets.pages.templating import environment, style
from assets.releases import meta
from assets.tables.qualifiers import QF

TEMPLATES = Path(__file__).parent / "templates"
LAYERS = {
    MARTS: "tal",
    REFERENCE: "opslag",
    "core": "mellemtrin",
    "indicators": "mellemtrin",
    RAW: "leverance",
    COVERAGE: "leverance",
}


def table(reading: Reading, page: TablePage, files: list[tuple[str, str, str]]) -> str:
    """The page of a table; `files` are those to download: name, what it is, size."""
    return _render(
        "table.html",
        reading,
        title=page.title,
        page=page,
        files=files,
        domain=reading.domains.get(page.domain),
        layer=LAYERS[page.layer],
        rows=_rows(page.rows) if page.rows else None,
        right=_right(page.rows) if page.rows else "",
        few=FEW,
    )


def index(reading: Reading, pages: list[TablePage]) -> str:
    """The page that everything is found from."""
    shown = [p for p in pages if p.layer == MARTS]
    declared = reading.catalog.declared
    order = [*declared, *(p.domain for p in shown if p.domain not in declared)]
    of_domain = {d: sorted((p for p in shown if p.domain == d), key=lambda p: p.title) for d in dict.fromkeys(order)}
    return _render(
        "index.html",
        reading,
        title="Katalog over ventetal",
        groups=[(declared[d].label if d in declared else d, reading.domains.get(d), found) for d, found in of_domain.items() if found],
        lookups=[p for p in pages if p.layer == REFERENCE],
        between=[p for p in pages if p.layer not in (MARTS, REFERENCE)],
        never=[s["label"] for d, s in reading.domains.items() if s["status"] == "held" and not of_domain.get(d)],
        columns=_by_column(shown),
        undescribed=sorted(t for t in reading.columns if t.split(".")[0] in meta.SHOWN and t not in {p.name for p in pages}),
    )


def _by_column(pages: list[TablePage]) -> list[tuple[ColumnLine, list[TablePage]]]:
    """Each column once, by its label, with the pages it is on; but for the qualifiers, which are on all."""
    found: dict[str, tuple[ColumnLine, list[TablePage]]] = {}
    for page in pages:
        for column in page.columns:
            if column.name not in (QF, QF_COLUMNS):
                found.setdefault(column.name, (column, []))[1].append(page)
    return sorted(found.values(), key=lambda f: (f[0].label.casefold(), f[0].name))


def changed(reading: Reading, found: Changes) -> str:
    """The page of what the release changed."""
    return _render("changes.html", reading, title="Hvad udgivelsen ændrede", changes=found, titles=reading.title)


def about(reading: Reading) -> str:
    """The page of the tables that a release tells of itself in."""
    return _render("meta.html", reading, title="Hvordan tallene blev til", tables=meta.tables())


def style_sheet() -> str:
    """The style all pages share, and what the catalogue adds."""
    return str(style()) + (TEMPLATES / "catalogue.css").read_text("utf-8")


def script() -> str:
    """Filter, sort and search."""
    return (TEMPLATES / "catalogue.js").read_text("utf-8")


def _rows(rows: Rows) -> Markup:
    """The body of a table's rows, written at once: a template would take longer than all the rest. HTML lets cells and rows end by
    themselves, which is a fifth of a page.
    """
    lines = ("".join(f"<td><i>{escape(t[1:])}</i>" if t.startswith(" ") else f"<td>{escape(t)}" for t in r) for r in rows.texts)
    return Markup("\n".join(f"<tr>{line}" for line in lines))


def _right(rows: Rows) -> Markup:
    """The rule of style that puts numbers to the right."""
    places = [f".rows td:nth-child({i}),.rows th:nth-child({i})" for i, (_, is_number) in enumerate(rows.shown, 1) if is_number]
    return Markup(f"{','.join(places)}{{text-align:right}}") if places else Markup("")


def _render(template: str, reading: Reading, **values: Any) -> str:
    tree = reading.catalog.tree
    region = tree.region if tree.region and tree.region.invented else None
    said = {"about": reading.about, "invented_region": region, "invented_rows": tree.invented}
    return environment(TEMPLATES).get_template(template).render(**said, **values)
