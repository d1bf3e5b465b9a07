"""A field for each name and month, the darker the further below its target: many courses that no one axis could hold."""

import json
from typing import Any

from assets.pages import danish
from assets.pages.caveats import UNCERTAIN
from assets.report.bars import NAME_WIDTHS, name_axis
from assets.report.chart_style import GRID, HEAT, INK, MUTED, PAPER, WIDTHS, Spec, field, layer, title_of
from assets.report.figures import Panel, Told
from assets.report.reading import Row
from assets.report.tables import places_of

# A name on a narrow chart has its target below it.
STEP = {"wide": 26, "narrow": 34}
# Months that have room for a number, the newest of all.
MOST = 12
BARE = {"domain": False, "ticks": False}
SIGNS = "▼ under målet, jo kraftigere farve, jo længere fra det · * usikker"


def heat(told: Told, panel: Panel, width: str) -> Spec | None:
    """Where there is room each field has its number, else the sign alone; the target stands with the name."""
    column, by = panel.values[0], told.figure.names
    months = sorted({r["month"] for r in told.rows if r[column] is not None})[-MOST:]
    rows = [r for r in told.rows if r[column] is not None and r["month"] in months]
    if not rows:
        return None
    newest = {r[by]: r for r in rows}
    names = {name: _named(newest[name], name, panel.target, width) for name in sorted(newest)}
    letters = 3 if width == "wide" else 1
    heads = [[f"{m.year}" if m == months[0] or m.month == 1 else " ", danish.short_month(m)[:letters]] for m in months]
    # Months of two years may share a name: the place keeps them apart.
    data = [_field(told, r, column, width) | {"name": names[r[by]], "month": months.index(r["month"])} for r in rows]
    where = {
        "y": field("name", "nominal", sort=list(names.values()), axis=name_axis(list(names.values()), width)),
        "x": field(
            "month",
            "ordinal",
            axis={"orient": "top", "labelExpr": f"{json.dumps(heads)}[datum.value]", "labelAngle": 0, "labelPadding": 18, **BARE},
        ),
    }
    inner = WIDTHS[width] - (NAME_WIDTHS[width] + 10)
    fill = {"condition": [{"test": f"datum.third == {n}", "value": c} for n, c in enumerate(HEAT, start=1)], "value": PAPER}
    return {
        "layer": [
            layer(data, "rect", where | {"fill": fill}, stroke=GRID),
            layer(data, "text", where | {"text": field("label", "nominal")}, fontSize=11, color=INK),
        ],
        "width": inner,
        "height": {"step": STEP[width]},
        "title": {
            "text": title_of(told, panel, width),
            "subtitle": SIGNS if width == "wide" else SIGNS.split(" · "),
            "subtitleColor": MUTED,
        },
    }


def _named(row: Row, name: str, target: str, width: str) -> str:
    aim = danish.percent(row[target], danish.whole_or(row[target], 2)) if row[target] is not None else "intet mål"
    return f"{name} (mål {aim})" if width == "wide" else f"{name}\n{aim}"


def _field(told: Told, row: Row, column: str, width: str) -> dict[str, Any]:
    number = danish.number(float(row[column]) * 100, places_of(told, row, column)) if width == "wide" else ""
    signs = ("▼" if row["target_met"] is False else "") + ("*" if UNCERTAIN in row["qf"] else "")
    return {"third": row["_third_below"], "label": f"{number} {signs}".strip()}
