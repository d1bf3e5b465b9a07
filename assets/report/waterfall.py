"""The waterfall: from the amount of one year to that of the next, a step for each factor, in the order the factors were replaced."""

from typing import Any

from assets.report import danish
from assets.report.bars import NAME_WIDTHS, lines, name_axis
from assets.report.chart_style import FIRST, INK, MUTED, PAPER, WIDTHS, Spec, chosen, field, layer, title_of
from assets.report.figures import Panel, Told

STEP = 25
CHANGE = "CHANGE"


def waterfall(told: Told, panel: Panel, width: str) -> Spec | None:
    """Steps up are dark, steps down light with an edge, and each says its sign; the axis does not start at zero and so has no columns."""
    value = panel.values[0]
    unit = told.words(value).unit
    first = told.rows[0]
    factors = [r for r in told.rows if r[told.figure.names] != CHANGE]
    if any(r[value] is None for r in told.rows) or first["_amount_before_oere"] is None:
        return None
    at, steps = first["_amount_before_oere"], []
    for row in reversed(factors) if panel.is_reversed else factors:
        name = lines(told.named(row), width)
        steps.append({"name": name, "from": at, "to": at + row[value], "label": danish.signed(row[value], unit), "up": row[value] > 0})
        at += row[value]
    before, after = (f"{first[c]:%Y}" for c in ("_year", "_last_year"))
    ends = [
        {"name": before, "to": first["_amount_before_oere"], "label": danish.quantity(first["_amount_before_oere"], unit)},
        {"name": after, "to": first["_amount_oere"], "label": danish.quantity(first["_amount_oere"], unit)},
    ]
    return _drawn([ends[0], *steps, ends[1]], steps, ends, title_of(told, panel), width)


def _drawn(all_: list[dict[str, Any]], steps: list[dict[str, Any]], ends: list[dict[str, Any]], title: str, width: str) -> Spec:
    order = [d["name"] for d in all_]
    low, high = min(d["to"] for d in all_), max(d["to"] for d in all_)
    room = (high - low or abs(high) or 1) * (0.28 if width == "wide" else 0.55)
    y = field("name", "nominal", sort=order, axis=name_axis(order, width))
    x = field("to", axis=None, scale={"domain": [low - room * 0.25, high + room], "zero": False})
    # A thin line leads from the end of each row to the beginning of the next.
    links = [{"name": d["name"], "next": after["name"], "to": d["to"]} for d, after in zip(all_, all_[1:], strict=False)]
    labels = [d | {"at": max(d["to"], d.get("from", d["to"]))} for d in all_]
    looks = {"fill": chosen("datum.up", FIRST, PAPER)}
    layers = [
        layer(links, "rule", {"x": x, "y": y, "y2": field("next", "nominal")}, color=MUTED, strokeWidth=1, strokeDash=[2, 2]),
        layer(steps, "bar", {"y": y, "x": x | {"field": "from"}, "x2": {"field": "to"}, **looks}, stroke=FIRST, strokeWidth=1.5, size=15),
        layer(ends, "tick", {"y": y, "x": x}, color=INK, thickness=4, size=20),
        layer(labels, "text", {"y": y, "x": x | {"field": "at"}, "text": field("label", "nominal")}, align="left", dx=8),
    ]
    return {"layer": layers, "width": WIDTHS[width] - (NAME_WIDTHS[width] + 10), "height": {"step": STEP}, "title": title}
