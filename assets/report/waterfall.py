"""The waterfall: from the amount of one year to that of the next, a step for each factor, in the order the factors were replaced."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from assets.pages import danish
from assets.report.bars import NAME_WIDTHS, lines, name_axis
from assets.report.chart_style import FIRST, INK, MUTED, PAPER, WIDTHS, Spec, chosen, field, layer, title_of
from assets.report.figures import Panel, Told
from assets.report.reading import Row

# A name on a narrow chart takes two lines.
STEP = {"wide": 25, "narrow": 36}
# The row of the whole change is no step.
CHANGE = "CHANGE"
# Room for the labels right of the steps, in parts of what the steps cover.
ROOM = {"wide": 0.28, "narrow": 0.6}


@dataclass(frozen=True)
class Step:
    """What a factor adds to an amount, from where to where."""

    row: Row
    start: int
    end: int


def waterfall(told: Told, panel: Panel, width: str) -> Spec | None:
    """Steps up are dark, steps down light with an edge, and each says its sign.

    The axis does not start at zero and so the years are ticks, not columns; all panels of a figure share it.
    """
    first, value = told.rows[0], panel.values[0]
    if first["_amount_before_oere"] is None or any(r[p.values[0]] is None for p in told.figure.panels for r in told.rows):
        return None
    unit = told.words(value).unit
    steps = [
        {
            "name": lines(told.named(s.row), width),
            "from": s.start,
            "to": s.end,
            "label": danish.signed(s.row[value], unit),
            "up": s.end > s.start,
        }
        for s in _steps(told, panel)
    ]
    before, after = (
        {"name": f"{first[year]:%Y}", "to": first[amount], "label": danish.quantity(first[amount], unit)}
        for year, amount in (("_year", "_amount_before_oere"), ("_last_year", "_amount_oere"))
    )
    reached = [at for p in told.figure.panels for s in _steps(told, p) for at in (s.start, s.end)]
    whole = max(reached) - min(reached) or 1
    domain = [min(reached) - whole * 0.05, max(reached) + whole * ROOM[width]]
    return _drawn(before, steps, after, domain, width) | {"title": title_of(told, panel, width)}


def _steps(told: Told, panel: Panel) -> list[Step]:
    at, value = told.rows[0]["_amount_before_oere"], panel.values[0]
    factors = [r for r in told.rows if r[told.figure.names] != CHANGE]
    made = []
    for row in reversed(factors) if panel.is_reversed else factors:
        made.append(Step(row, at, at + row[value]))
        at += row[value]
    return made


def _drawn(before: dict[str, Any], steps: list[dict[str, Any]], after: dict[str, Any], domain: list[float], width: str) -> Spec:
    rows = [before, *steps, after]
    order = [d["name"] for d in rows]
    y = field("name", "nominal", sort=order, axis=name_axis(order, width))
    x = field("to", axis=None, scale={"domain": domain, "zero": False})
    # A thin line leads from the end of each row to the beginning of the next.
    links = [{"name": d["name"], "next": after["name"], "to": d["to"]} for d, after in pairwise(rows)]
    labels = [d | {"at": max(d["to"], d.get("from", d["to"]))} for d in rows]
    looks = {"fill": chosen("datum.up", FIRST, PAPER)}
    layers = [
        layer(links, "rule", {"x": x, "y": y, "y2": field("next", "nominal")}, color=MUTED, strokeWidth=1, strokeDash=[2, 2]),
        layer(steps, "bar", {"y": y, "x": x | {"field": "from"}, "x2": {"field": "to"}, **looks}, stroke=FIRST, strokeWidth=1.5, size=15),
        layer([before, after], "tick", {"y": y, "x": x}, color=INK, thickness=4, size=20),
        layer(labels, "text", {"y": y, "x": x | {"field": "at"}, "text": field("label", "nominal")}, align="left", dx=8),
    ]
    return {"layer": layers, "width": WIDTHS[width] - (NAME_WIDTHS[width] + 10), "height": {"step": STEP[width]}}
