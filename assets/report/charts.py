"""Figures as charts: specifications of Vega-Lite, drawn to SVG and PNG by vl-convert without a browser or a network.

Two things never share an axis of their own scale; colour is never the only sign; labels are text rounded as the report rounds.
"""

import re
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Any

from markupsafe import Markup

from assets.pages import danish
from assets.report.bars import bars, pairs
from assets.report.chart_style import BAND, FIRST, GRID, INK, MUTED, PAPER, SECOND, TARGET, WIDTHS, Spec, chosen, field, layer, title_of
from assets.report.engine import Engine
from assets.report.figures import Panel, Told
from assets.report.heat import heat
from assets.report.reading import Row
from assets.report.waterfall import waterfall
from assets.report.yearly import courses, levels, years

COLOURS, DASHES = (FIRST, SECOND), ([1, 0], [6, 3])
# Characters of a line below a title, in the widest of the fonts it may be shown in.
LETTERS = {"wide": 95, "narrow": 42}
# The first label and every January carry the year, on a line of its own.
MONTH_AXIS = (
    "timeFormat(datum.value, '%m') == '01' || datum.index == 0"
    " ? [timeFormat(datum.value, '%b'), timeFormat(datum.value, '%Y')] : timeFormat(datum.value, '%b')"
)
CONFIG = {
    "aria": False,
    "font": "Arial, Helvetica, Liberation Sans, sans-serif",
    "background": PAPER,
    "padding": {"left": 4, "top": 6, "right": 12, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12, "labelColor": MUTED, "title": None, "gridColor": GRID, "domainColor": MUTED, "tickColor": MUTED,
        "labelFlush": False, "tickSize": 4,
    },
    "axisLeft": {"minExtent": 44},
    "title": {"anchor": "start", "fontSize": 13, "fontWeight": "bold", "color": INK, "offset": 10},
    "text": {"fontSize": 12, "color": INK},
}  # fmt: skip
# Of a picture that stands alone: pixels above the drawing, and of a letter of its title.
HEAD, TITLE_LETTER = 54, 9
SIZE = re.compile(r'<svg [^>]*?width="(?P<width>\d+)" height="(?P<height>\d+)"[^>]*>')
PART_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG: for a page, for a narrow screen, and to stand alone with its title."""

    told: Told
    wide: str
    awaited: Future[str]

    @property
    def narrow(self) -> str:
        return _plain(self.awaited.result())

    @property
    def alone(self) -> str:
        return _alone(self.told, self.wide)


def draw(told: list[Told], engine: Engine) -> list[Drawing | None]:
    """The figures, drawn side by side; None where one is a table alone or has nothing to draw. Paper does not wait for narrow screens."""
    wide, narrow = ([engine.svg(s) if (s := specification(t, width)) else None for t in told] for width in ("wide", "narrow"))
    return [Drawing(t, _plain(w.result()), n) if w and n else None for t, w, n in zip(told, wide, narrow, strict=True)]


def _plain(svg: str) -> str:
    """One picture has one text: its parts have no names to be read out."""
    return PART_ROLES.sub("", svg)


def specification(told: Told, width: str) -> dict[str, Any] | None:
    """The figure as a Vega-Lite specification."""
    if told.problem or not told.figure.panels:
        return None
    drawn = [c for panel in told.figure.panels if (c := _panel(told, panel, width)) is not None]
    return {"vconcat": drawn, "spacing": 24, "config": CONFIG} if drawn else None


def _alone(told: Told, svg: str) -> str:
    """The drawing below its title, its period and its release."""
    found = SIZE.match(svg)
    assert found
    width, height = (int(found[side]) for side in ("width", "height"))
    title = f"{told.figure.id} · {told.figure.title}"
    under = f"{told.period} · udgivelse {told.reading.about['release_id']}"
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{1}" viewBox="0 0 {0} {1}">'
        '<rect width="{0}" height="{1}" fill="{2}"/><g font-family="{3}"><text x="12" y="24" font-size="16" font-weight="bold" fill="{4}">'
        '{5}</text><text x="12" y="42" font-size="12" fill="{6}">{7}</text></g><g transform="translate(0,{8})">'
    ).format(max(width, TITLE_LETTER * len(title)), height + HEAD, PAPER, CONFIG["font"], INK, title, MUTED, under, HEAD)
    return f"{head}{svg[found.end() : -len('</svg>')]}</g></svg>"


def _panel(told: Told, panel: Panel, width: str) -> Spec | None:
    match panel.kind:
        case "bars":
            return bars(told, panel, width)
        case "pairs":
            return pairs(told, panel, width)
        case "heat":
            return heat(told, panel, width)
        case "levels":
            return levels(told, panel, width)
        case "years":
            return years(told, panel, width)
        case "waterfall":
            return waterfall(told, panel, width)
        case "courses":
            return courses(told, panel, width)
        case _:
            return _months(told, panel, width)


def _months(told: Told, panel: Panel, width: str) -> Spec | None:
    """Values over the months: lines with points, columns, or parts on top of each other; provisional months are hollow."""
    unit = told.words(panel.values[0]).unit
    # A stack that lacks a part would read as if there were none of it.
    rows = [r for r in told.rows if panel.kind != "stack" or all(r[c] is not None for c in panel.values)]
    series = [[_point(r, column, told, unit, panel) for r in rows if r[column] is not None] for column in panel.values]
    data = [d for points in series for d in points]
    if not data:
        return None
    months = sorted({d["month"] for d in data})
    limits = _limits(told, panel)
    bar = _bar_size(len(months), width)
    x = _month_axis(months, width, padding=bar / 2 + 4 if panel.kind in ("columns", "stack") else 14)
    stack = "zero" if panel.kind == "stack" else None
    y = field("value", stack=stack, axis=_value_axis(unit), scale=_scale(data, panel, unit, limits))
    layers: list[Spec] = []
    if limits:
        layers.append(layer([limits], "rect", {"y": field("low"), "y2": {"field": "high"}}, color=BAND, opacity=1))
        layers.append(layer([limits], "rule", {"y": field("centre")}, color=MUTED, strokeWidth=1))
    if panel.kind == "stack":
        layers.append(_parts(data, x, y, bar))
    elif panel.kind == "columns":
        layers += [_parts(points, x, y, bar) for points in series]
    else:
        for place, points in reversed(list(enumerate(series))):
            layers += _line(points, x, y, COLOURS[place], DASHES[place])
    layers += _target_layers(data, x)
    layers += _note_layers(told, panel, months, x)
    layers += _end_labels(data, panel, x)
    return {
        "layer": layers,
        "width": WIDTHS[width] - 64,
        "height": 190 if width == "wide" else 165,
        "title": _headed(told, panel, data, limits, y, width),
    }


def _month_axis(months: list[str], width: str, padding: float) -> Spec:
    axis = {"labelExpr": MONTH_AXIS, "grid": False, "values": _ticks(months, width), "labelAngle": 0, "labelOverlap": False}
    return field("month", "temporal", axis=axis, scale={"padding": padding})


def _parts(data: list[dict[str, Any]], x: Spec, y: Spec, size: int) -> Spec:
    """Columns; a second part is light with an edge, so that it is told by more than its colour."""
    looks = {
        "fill": chosen("datum.place == 0", FIRST, BAND),
        "stroke": {"value": FIRST},
        "fillOpacity": chosen("datum.provisional", 0.2, 1),
        "strokeDash": chosen("datum.provisional", [3, 2], [1, 0]),
        "order": field("place"),
    }
    return layer(data, "bar", {"x": x, "y": y, **looks}, size=size, strokeWidth=1.5)


def _line(points: list[dict[str, Any]], x: Spec, y: Spec, colour: str, dash: list[int]) -> list[Spec]:
    """A line and its points: hollow where provisional, a triangle where the target is missed."""
    rows, place = _in_stretches(points), {"x": x, "y": y, "detail": field("stretch", "nominal")}
    looks = {
        "fill": chosen("datum.provisional", PAPER, colour),
        "shape": chosen("datum.missed", "triangle-down", "circle"),
    }
    return [
        layer(rows, "line", place, color=colour, strokeWidth=2, strokeDash=dash),
        layer(rows, "point", place | looks, size=46, strokeWidth=2, opacity=1, stroke=colour),
    ]


def _in_stretches(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points with the number of their stretch of months in a row: no line crosses a month that is withheld or missing."""
    numbers = [12 * int(p["month"][:4]) + int(p["month"][5:7]) for p in points]
    # The number of a month less its place is the same in a row of months.
    return [point | {"stretch": number - place} for place, (point, number) in enumerate(zip(points, numbers, strict=True))]


def _headed(told: Told, panel: Panel, data: list[dict[str, Any]], limits: dict[str, Any] | None, y: Spec, width: str) -> Any:
    """The panel's title; the lines below it say what is drawn how, by what is seen on a light page and on a dark one."""
    signs = {"line": ("hel linje:", "stiplet:"), "stack": ("■", "□")}.get(panel.kind, ("", ""))
    said = [f"{sign} {told.words(c).label}" for sign, c in zip(signs, panel.values, strict=False)] if len(panel.values) > 1 else []
    if aims := list(dict.fromkeys(d["target_label"] for d in data if d["target"] is not None)):
        said.append(f"prikket: mål {danish.listed(aims)}")
    if limits:
        said.append("farvet felt: mellem kontrolgrænserne")
    if y["scale"].get("domain", [0])[0] > 0:
        said.append("aksen begynder ikke ved 0")
    unit = told.words(panel.values[0]).unit
    counted = f" ({danish.WORDS[unit].strip()})" if unit in danish.WORDS else ""
    title = title_of(told, panel, width, counted)
    under = wrap(" · ".join(said), LETTERS[width])
    return {"text": title, "subtitle": under, "subtitleColor": MUTED, "subtitleFontSize": 12, "subtitlePadding": 4} if said else title


def _point(row: Row, column: str, told: Told, unit: str | None, panel: Panel) -> dict[str, Any]:
    value, target = row[column], row.get(panel.target) if panel.target and panel.aims in ("", column) else None
    return {
        "month": f"{row['month']:%Y-%m-%d}",
        "value": float(value),
        "series": told.words(column).label,
        "place": panel.values.index(column),
        "label": danish.quantity(value, unit, told.figure.places, with_unit=False),
        "provisional": bool(row.get("is_provisional")),
        "target": float(target) if target is not None else None,
        "target_label": danish.percent(target, danish.whole_or(target, 2)) if target is not None else None,
        "missed": target is not None and value < target,
        "final": row["month"] == told.last_final,
    }


def _limits(told: Told, panel: Panel) -> dict[str, Any] | None:
    """The control limits of the panel's indicator, none while there are too few months for them."""
    row = told.reading.findings.get(panel.limits) if panel.limits else None
    if row is None or row["lower_limit"] is None or row["variation"] in (None, "TOO_FEW"):
        return None
    return {"low": row["lower_limit"], "high": row["upper_limit"], "centre": row["centre"]}


def _scale(data: list[dict[str, Any]], panel: Panel, unit: str | None, limits: dict[str, Any] | None) -> Spec:
    """Columns start at zero; lines show their variation, and a share never leaves 0 to 100 %."""
    if panel.kind in ("columns", "stack"):
        return {"zero": True}
    share = unit == danish.SHARE
    values = [d["value"] for d in data] + [d["target"] for d in data if d["target"] is not None]
    values += [limits["low"], limits["high"]] if limits else []
    low, high = min(values), max(values)
    room = (high - low or high or 1) * 0.15
    domain = [max(low - room, 0), min(high + room, 1.0) if share else high + room]
    return {"domain": domain, "nice": not share or high + room < 1, "zero": False}


def _value_axis(unit: str | None) -> Spec:
    expression = "format(datum.value * 100, ',.4~f') + '\\u00a0%'" if unit == danish.SHARE else "format(datum.value, ',')"
    return {"labelExpr": expression, "tickCount": 4, "domain": False, "ticks": False}


def _target_layers(data: list[dict[str, Any]], x: Any) -> list[Spec]:
    """A dotted line in the months a target is in force; how much it is stands above the chart, where no line crosses it."""
    aimed = [d for d in data if d["target"] is not None and d["place"] == 0]
    return [layer(aimed, "line", {"x": x, "y": field("target")}, color=TARGET, strokeDash=[2, 3], strokeWidth=2)] if aimed else []


def _note_layers(told: Told, panel: Panel, months: list[str], x: Spec) -> list[Spec]:
    """A thin line and a letter over each month that is noted on the panel's indicator; the note stands below the figure."""
    noted = [
        {"month": month, "letter": note.letter}
        for note in told.notes
        if panel.limits in note.about
        for month in months
        if note.first <= date.fromisoformat(month) <= note.last
    ]
    if not noted:
        return []
    where = {"x": x, "y": {"value": 0}, "text": field("letter", "nominal")}
    return [
        layer(noted, "rule", {"x": x}, color=MUTED, strokeDash=[1, 3], strokeWidth=1),
        layer(noted, "text", where, baseline="bottom", dy=-2, color=MUTED, fontStyle="italic"),
    ]


def _end_labels(data: list[dict[str, Any]], panel: Panel, x: Spec) -> list[Spec]:
    """The value of the last final month: right of the line's end, else above it, and below it for the lower of two."""
    ends = sorted((d for d in data if d["final"]), key=lambda d: d["value"])
    if panel.kind == "stack" or not ends:
        return []
    low, high = min(d["value"] for d in data), max(d["value"] for d in data)
    is_crowded = len(ends) == 2 and ends[1]["value"] - ends[0]["value"] < 0.12 * (high - low or 1)
    texts = []
    for end, shift in zip(ends, (7, -7) if is_crowded else (0, 0), strict=False):
        is_last = end["month"] == max(d["month"] for d in data)
        beside = panel.kind == "line" and is_last
        where: Spec = (
            {"align": "left", "baseline": "middle", "dx": 9, "dy": shift}
            if beside
            else {"baseline": "top", "dy": 9}
            if len(ends) == 2 and end is ends[0]
            else {"baseline": "bottom", "dy": -9}
        )
        place = {"x": x, "y": field("value"), "text": field("label", "nominal")}
        texts.append(layer([end], "text", place, fontWeight="bold", fontSize=13, **where))
    return texts


def _ticks(months: list[str], width: str) -> list[Spec]:
    """Months that get a label: all of few, else every other or third, counted back from the last."""
    most = 16 if width == "wide" else 7
    step = -(-len(months) // most)
    return [{"year": int(m[:4]), "month": int(m[5:7]), "date": 1} for m in reversed(months[::-1][::step])]


def _bar_size(months: int, width: str) -> int:
    return max(4, min(34, int(WIDTHS[width] / max(months, 1) * 0.62)))
