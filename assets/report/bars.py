"""Bars beside names: one for each row, or two of now and then."""

from textwrap import wrap
from typing import Any

from assets.pages import danish
from assets.pages.caveats import why_absent
from assets.report.chart_style import BAND, FIRST, INK, MUTED, WIDTHS, Spec, chosen, field, layer, title_of
from assets.report.figures import Panel, Told
from assets.report.reading import Row

# Characters of a name's line on a narrow chart, in the widest of the fonts it may be shown in; and the room of names in pixels.
NAME_LETTERS = 18
WIDEST_LETTER = 7.5
# Pixels of a line of a name.
LINE = 15
NAME_WIDTHS = {"wide": 230, "narrow": 132}


def bars(told: Told, panel: Panel, width: str) -> Spec:
    """A bar for each row, its value and share beside it; what is withheld has a word and no bar, what is left over a light one."""

    value, share = panel.values
    data = []
    for row in told.rows:
        label = said(told, row, value)
        if row[value] is not None and row[share] is not None:
            label += f"  ({danish.percent(row[share], told.figure.places)})"
        is_rest = bool(row.get("_is_rest"))
        data.append({"name": lines(told.named(row), width), "value": row[value] or 0, "label": label, "rest": is_rest})
    return _horizontal(data, width, title_of(told, panel, width))


def said(told: Told, row: Row, column: str) -> str:
    """A value as it is read, or why there is none."""
    if row[column] is None:
        return why_absent(row, column)
    return danish.quantity(row[column], told.unit(row, column), told.figure.places)


def pairs(told: Told, panel: Panel, width: str) -> Spec:
    """Two bars for each row, now above then."""
    data: list[dict[str, Any]] = []
    heads = [told.words(v).label for v in panel.values]
    for row in told.rows:
        for place, (value, head) in enumerate(zip(panel.values, heads, strict=True)):
            name = lines(told.named(row), width)
            data.append({"name": name, "value": row[value] or 0, "label": said(told, row, value), "series": head, "place": place})
    order = [lines(told.named(row), width) for row in told.rows]
    most = max(d["value"] for d in data) or 1
    where = {
        "y": field("name", "nominal", sort=order, axis=name_axis(order, width), scale={"paddingInner": 0.3}),
        "x": field("value", axis=None, scale={"domain": [0, most * (1.2 if width == "wide" else 1.5)]}),
        "yOffset": field("place", "ordinal"),
    }
    layers = [
        layer(data, "bar", where | {"fill": chosen("datum.place == 0", FIRST, BAND)}, strokeWidth=1.2, stroke=FIRST),
        layer(data, "text", where | {"text": field("label", "nominal")}, align="left", dx=6, fontSize=11),
    ]
    subtitle = f"■ {heads[0]}   □ {heads[1]}"
    return {
        "layer": layers,
        "width": WIDTHS[width] - (NAME_WIDTHS[width] + 10),
        "height": {"step": max(17, name_height(order) / len(panel.values))},
        "title": {"text": title_of(told, panel, width), "subtitle": subtitle, "subtitleColor": MUTED, "subtitleFontSize": 12},
    }


def _horizontal(data: list[dict[str, Any]], width: str, title: list[str]) -> Spec:
    order = [d["name"] for d in data]
    most = max((d["value"] for d in data), default=0) or 1
    place = {
        "y": field("name", "nominal", sort=order, axis=name_axis(order, width)),
        "x": field("value", axis=None, scale={"domain": [0, most * (1.35 if width == "wide" else 2.1)]}),
    }
    layers = [
        layer(data, "bar", place | {"fill": chosen("datum.rest", BAND, FIRST)}, stroke=FIRST, strokeWidth=1, size=18),
        layer(data, "text", place | {"text": field("label", "nominal")}, align="left", dx=6),
    ]
    inner = WIDTHS[width] - (NAME_WIDTHS[width] + 10)
    return {"layer": layers, "width": inner, "height": {"step": max(30, name_height(order))}, "title": title}


def name_height(names: list[str]) -> int:
    """Pixels that the name of most lines needs."""
    return LINE * max((name.count("\n") + 1 for name in names), default=1) + 6


def name_axis(names: list[str], width: str) -> Spec:
    """Names beside bars. Their room is kept free, since the letters of who reads may be wider than those it was drawn with."""
    longest = max((len(line) for name in names for line in name.split("\n")), default=0)
    room = NAME_WIDTHS[width]
    return {
        "labelLimit": room, "minExtent": min(room, WIDEST_LETTER * longest) if width == "wide" else room,
        "labelColor": INK, "domain": False, "ticks": False,
        "labelPadding": 8, "labelExpr": r"split(datum.label, '\n')",
    }  # fmt: skip


def lines(name: str, width: str) -> str:
    """A long name in several lines on a narrow chart."""
    return name if width == "wide" else "\n".join(wrap(name, NAME_LETTERS))
