"""The catalogue as pages: one for each table, one to find it, one of what changed. Everything can be read without a script."""

import html
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from assets.catalog.declared import COVERAGE, MARTS, RAW, REFERENCE
from assets.catalog.statements import QF_COLUMNS
from assets.catalogue.changes import Changes
from assets.catalogue.reading import Reading, Row
from assets.catalogue.tables import FEW, ColumnLine, Origin, Rows, TablePage
from assets.pages.templating import environment, style
from assets.releases import meta
from assets.tables.qualifiers import QF

TEMPLATES = Path(__file__).parent / "templates"
# Tables are not wider than this: the style sheet has a rule for each of their columns.
MOST_COLUMNS = 60
# Lists of origins that are longer than this stand on a page once.
ALIKE = 2
LAYERS = {
    MARTS: "tal",
    REFERENCE: "opslag",
    "core": "mellemtrin",
    "indicators": "mellemtrin",
    RAW: "leverance",
    COVERAGE: "leverance",
}


@dataclass(frozen=True)
class Checks:
    """Checks with one result and one consequence: how many, those that fail, and of the others (name, rule, columns): where a rule says the
    same of several columns it stands once, with … for the column.
    """

    passed: bool
    holds: bool
    checks: int
    failing: list[Row]
    together: list[tuple[str, str, list[str]]]


def table(reading: Reading, page: TablePage, files: list[tuple[str, str, str]]) -> str:
    """The page of a table; `files` are those to download: name, what it is, size."""
    return _render(
        "table.html",
        reading,
        title=page.title,
        page=page,
        files=files,
        row=reading.codes["table_row"].get(page.name),
        caution=reading.codes["table_caution"].get(page.name),
        domain=reading.domains.get(page.domain),
        layer=LAYERS[page.layer],
        rows=_rows(page.rows) if page.rows else None,
        right=_right([is_number for _, is_number in page.rows.shown]) if page.rows else "",
        checks=_checks(page.checks),
        few=FEW,
        direct_like=_alike({c.name: c.direct for c in page.columns}),
        far_like=_alike({c.name: c.far for c in page.columns}),
    )


def _checks(rows: list[Row]) -> list[Checks]:
    """What fails first, and what holds back before what warns."""
    found = []
    for passed, holds in ((False, True), (False, False), (True, True), (True, False)):
        if of := [r for r in rows if (r["passed"], r["severity"] == "error") == (passed, holds)]:
            found.append(Checks(passed, holds, len(of), [] if passed else of, _together(of) if passed else []))
    return found


def _together(rows: list[Row]) -> list[tuple[str, str, list[str]]]:
    same = defaultdict[tuple[str, str], list[Row]](list)
    for r in rows:
        column = r["column_name"] or ""
        same[tuple(text.replace(column, "…", 1) if column else text for text in (r["check_name"], r["rule"]))].append(r)
    return [
        (*said, [r["column_name"] for r in of]) if len(of) > 1 else (of[0]["check_name"], of[0]["rule"], []) for said, of in same.items()
    ]


def _alike(origins: dict[str, list[Origin]]) -> dict[str, str]:
    """The column above each that has the same long list of origins; '' where there is none."""
    first = dict[tuple[Origin, ...], str]()
    of_list = {name: first.setdefault(tuple(found), name) if len(found) > ALIKE else name for name, found in origins.items()}
    return {name: "" if like == name else like for name, like in of_list.items()}


def index(reading: Reading, pages: list[TablePage], synonyms: list[list[str]]) -> str:
    """The page that everything is found from; `synonyms` are groups of words that mean the same to who searches."""
    shown = [p for p in pages if p.layer == MARTS]
    declared = reading.catalog.declared
    order = [*declared, *(p.domain for p in shown if p.domain not in declared)]
    of_domain = {d: sorted((p for p in shown if p.domain == d), key=lambda p: p.title) for d in dict.fromkeys(order)}
    return _render(
        "index.html",
        reading,
        title="Katalog over ventetal",
        synonyms=synonyms,
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
    numbers = "".join(f".r{i} tr>:nth-child({i})," for i in range(1, MOST_COLUMNS)).rstrip(",")
    return f"{style()}{(TEMPLATES / 'catalogue.css').read_text('utf-8')}{numbers}{{text-align:right;white-space:nowrap}}\n"


def script() -> str:
    """Filter, sort and search."""
    return (TEMPLATES / "catalogue.js").read_text("utf-8")


def _rows(rows: Rows) -> Markup:
    """The body of a table's rows, written at once: a template would take longer than all the rest. HTML lets cells and rows end by
    themselves, which is a fifth of a page.
    """
    lines = ("".join(f"<td><i>{_as_text(t[1:])}</i>" if t.startswith(" ") else f"<td>{_as_text(t)}" for t in r) for r in rows.texts)
    return Markup("\n".join(f"<tr>{line}" for line in lines))


def _right(are_numbers: Sequence[bool]) -> str:
    """The classes of a table by which the style sheet puts numbers to the right: one for each column, instead of one in each cell."""
    return " ".join(f"r{i}" for i, is_number in enumerate(are_numbers, 1) if is_number)


def _as_text(said: str) -> Markup:
    """Escaped for what stands between tags, where quotes are quotes."""
    return Markup(html.escape(said, quote=False))


def _render(template: str, reading: Reading, **values: Any) -> str:
    tree = reading.catalog.tree
    region = tree.region if tree.region and tree.region.invented else None
    said = {"about": reading.about, "invented_region": region, "invented_rows": tree.invented}
    templates = environment(TEMPLATES)
    templates.filters |= {"as_text": _as_text, "right": _right}
    return templates.get_template(template).render(**said, **values)
