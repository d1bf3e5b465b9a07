"""Charts over years and places: a bar for each year beside a name, levels beside an index, and lines that start together."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from assets.pages import danish
from assets.report.bars import NAME_LETTERS, NAME_WIDTHS, name_axis, name_height, said
from assets.report.chart_style import BAND, FIRST, INK, MUTED, PAPER, WIDTHS, Spec, chosen, field, in_lines, layer, title_of
from assets.report.figures import Panel, Told
from assets.report.reading import Row

# Pixels of a bar beside its neighbours, and between the labels of two lines that end close to each other.
STEP, APART = 14, 16
# Pixels kept free for the label beside a bar.
LABEL = {"wide": 115, "narrow": 75}
COURSE_HEIGHT = 200


def years(told: Told, panel: Panel, width: str) -> Spec | None:
    """For each name a bar for each year; two columns stand beside each other where there is room, else below."""
    rows = [r for r in told.rows if r[told.figure.names] in panel.only or not panel.only]
    if not rows:
        return None
    is_beside = width == "wide" and len(panel.values) > 1
    beside = "narrow" if is_beside else width
    room = WIDTHS[width] - (NAME_WIDTHS[width] + 10)
    drawn = [
        _year_bars(told, rows, value, width, room // 2 - 8 if is_beside else room)
        | {"title": in_lines(told.words(value).label, beside) if len(panel.values) > 1 else title_of(told, panel, width)}
        for value in panel.values
    ]
    if is_beside:
        for chart in drawn[1:]:
            chart["layer"] = [
                part | {"encoding": part["encoding"] | {"y": part["encoding"]["y"] | {"axis": None}}} for part in chart["layer"]
            ]
    return drawn[0] if len(drawn) == 1 else {"hconcat" if is_beside else "vconcat": drawn, "spacing": 16}


def _year_bars(told: Told, rows: list[Row], value: str, width: str, room: int) -> Spec:
    """The newest year is dark, a provisional one has a dashed edge; what is withheld has a word and no bar."""
    data = [
        {
            "name": _lines(told.named(row), width),
            "year": f"{row['year']:%Y}",
            "value": row[value] or 0,
            "label": f"{row['year']:%Y}: {said(told, row, value)}",
            "newest": row["year"] == told.years[-1],
            "provisional": bool(row["is_provisional"]),
        }
        for row in rows
    ]
    order = list(dict.fromkeys(d["name"] for d in data))
    most = max(d["value"] for d in data) or 1
    place = {
        "y": field("name", "nominal", sort=order, axis=name_axis(order, width), scale={"paddingInner": 0.22}),
        "x": field("value", axis=None, scale={"domain": [0, most * room / (room - LABEL[width])]}),
        "yOffset": field("year", "ordinal"),
    }
    looks = {"fill": chosen("datum.newest", FIRST, BAND), "strokeDash": chosen("datum.provisional", [3, 2], [1, 0])}
    layers = [
        layer(data, "bar", place | looks, stroke=FIRST, strokeWidth=1.2),
        layer(data, "text", place | {"text": field("label", "nominal")}, align="left", dx=6, fontSize=11),
    ]
    step = max(STEP, name_height(order) / len({d["year"] for d in data}))
    return {"layer": layers, "width": room, "height": {"step": step}}


def levels(told: Told, panel: Panel, width: str) -> Spec:
    """The level of each place as a bar, the whole dark, and beside it the index as a distance from one; narrow, the index is in words."""
    level, index = panel.values
    is_wide = width == "wide"
    data = [
        {
            "name": told.named(row),
            "value": row[level] or 0,
            "label": said(told, row, level) + ("" if is_wide else f"  ({said(told, row, index)})"),
            "index": row[index],
            "index_label": said(told, row, index),
            "whole": row["_is_region"],
        }
        for row in told.rows
    ]
    order = [d["name"] for d in data]
    most = max(d["value"] for d in data) or 1
    y = field("name", "nominal", sort=order, axis=name_axis(order, "wide" if is_wide else width), scale={"paddingInner": 0.3})
    bars = {"y": y, "x": field("value", axis=None, scale={"domain": [0, most * (1.3 if is_wide else 1.9)]})}
    left = {
        "layer": [
            layer(data, "bar", bars | {"fill": chosen("datum.whole", FIRST, BAND)}, stroke=FIRST, strokeWidth=1),
            layer(data, "text", bars | {"text": field("label", "nominal")}, align="left", dx=6, fontSize=11),
        ],
        "width": 300 if is_wide else WIDTHS[width] - (NAME_WIDTHS[width] + 10),
        "height": {"step": STEP},
        "title": title_of(told, panel, width, "" if is_wide else f" ({told.words(index).label.lower()})"),
    }
    if not is_wide:
        return left
    told_data = [d for d in data if d["index"] is not None]
    distance = max((abs(d["index"] - 1) for d in told_data), default=0) * 1.5 or 0.1
    across = {"y": y | {"axis": None}, "x": field("index", axis=None, scale={"domain": [1 - distance, 1 + distance], "zero": False})}
    marks = told_data + [d | {"index": 1.0} for d in data if d["index"] is None]
    beyond, short = [d for d in marks if d["index"] >= 1], [d for d in marks if d["index"] < 1]
    label = {"text": field("index_label", "nominal")}
    right = {
        "layer": [
            layer([{"index": 1}], "rule", {"x": across["x"]}, color=MUTED, strokeWidth=1),
            layer(told_data, "rule", across | {"x2": {"datum": 1}}, color=FIRST, strokeWidth=2),
            layer(told_data, "point", across | {"fill": chosen("datum.index < 1", PAPER, FIRST)}, stroke=FIRST, size=38, opacity=1),
            layer(beyond, "text", across | label, align="left", dx=8, fontSize=11),
            layer(short, "text", across | label, align="right", dx=-8, fontSize=11),
        ],
        "width": 200,
        "height": {"step": STEP},
        "title": told.words(index).label,
    }
    return {"hconcat": [left, right], "spacing": 12}


def courses(told: Told, panel: Panel, width: str) -> Spec | None:
    """A line for each name over the years, its own thick; a frozen year is a hollow square; what a line ends at stands beside it."""
    value = panel.values[0]
    data = [
        {
            "name": told.named(row),
            "year": f"{row['year']:%Y-%m-%d}",
            "value": float(row[value]),
            "own": row["_is_own"],
            "frozen": row["is_frozen"],
        }
        for row in told.rows
        if row[value] is not None
    ]
    if not data:
        return None
    low, high = min(d["value"] for d in data), max(d["value"] for d in data)
    room = (high - low or high) * 0.12
    domain = [low - room, high + room]
    ticks = [{"year": day.year, "month": 1, "date": 1} for day in told.years]
    axis = {"format": "%Y", "grid": False, "values": ticks, "labelAngle": 0}
    x = field("year", "temporal", axis=axis, scale={"padding": 14})
    share = {"labelExpr": "format(datum.value * 100, ',.4~f') + '\\u00a0%'", "tickCount": 4, "domain": False, "ticks": False}
    place = {"x": x, "y": field("value", axis=share, scale={"domain": domain, "zero": False, "nice": False})}
    who = {"detail": field("name", "nominal")}
    colour = {"stroke": chosen("datum.own", FIRST, MUTED)}
    ends = _ends(told, [row for row in told.rows if row[value] is not None and row["year"] == told.years[-1]], value, domain)
    shape = {"shape": chosen("datum.frozen", "square", "circle"), "fill": chosen("datum.frozen", PAPER, FIRST)}
    layers = [
        layer(data, "line", place | who | colour | {"strokeWidth": chosen("datum.own", 3, 1.3)}),
        layer([d for d in data if d["own"] or d["frozen"]], "point", place | colour | shape, size=50, strokeWidth=2, opacity=1),
        layer(
            ends, "text", {"x": x, "y": field("label_at"), "text": field("label", "nominal"), "fill": chosen("datum.own", FIRST, INK)},
            align="left", dx=10, fontSize=11,
        ),
    ]  # fmt: skip
    return {
        "layer": layers,
        "width": WIDTHS[width] - (230 if width == "wide" else 140),
        "height": COURSE_HEIGHT,
        "title": title_of(told, panel, width),
    }


def _ends(told: Told, rows: Sequence[Row], value: str, domain: list[float]) -> list[dict[str, Any]]:
    """The labels of the lines, from the lowest up, none closer to the one below than can be read."""
    apart = APART / COURSE_HEIGHT * (domain[1] - domain[0])
    made: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda r: float(r[value])):
        at = max(float(row[value]), made[-1]["label_at"] + apart) if made else float(row[value])
        name = told.named(row).removeprefix("Region ")
        label = f"{name} {danish.quantity(row[value], told.unit(row, value), told.figure.places)}"
        made.append({"year": f"{row['year']:%Y-%m-%d}", "label_at": at, "label": label, "own": row["_is_own"]})
    return made


def _lines(name: str, width: str) -> str:
    """A long name in several lines: a group of bars is high enough."""
    return "\n".join(wrap(name, 32 if width == "wide" else NAME_LETTERS))
