"""What all charts of the report share: colours, widths, titles, rows."""

from textwrap import wrap
from typing import Any

from assets.report.figures import Panel, Told

INK, MUTED, FIRST, SECOND, TARGET, BAND, GRID, PAPER = (
    "#1b2733", "#5b6875", "#0b5cab", "#b4540a", "#a3195b", "#dfe8f1", "#e4e8ec", "#ffffff",
)  # fmt: skip
# From near a target to far below it.
HEAT = ("#fdeadf", "#f9cdb2", "#f2a77f")
PALETTE = {
    "ink": INK, "muted": MUTED, "first": FIRST, "second": SECOND, "target": TARGET, "band": BAND, "grid": GRID, "paper": PAPER,
} | {f"heat{place}": colour for place, colour in enumerate(HEAT, start=1)}  # fmt: skip
# A part of a specification of Vega-Lite.
Spec = dict[str, Any]
WIDTHS = {"wide": 640, "narrow": 270}


def layer(rows: list[dict[str, Any]], mark: str, encoding: Spec, **style: Any) -> Spec:
    """A mark for each row."""
    return {"data": {"values": rows}, "mark": {"type": mark, **style}, "encoding": encoding}


def field(name: str, kind: str = "quantitative", **more: Any) -> Spec:
    """What of a row a channel shows; None takes away what Vega-Lite would give a channel by itself."""
    return {"field": name, "type": kind, **more}


def chosen(test: str, then: Any, otherwise: Any) -> Spec:
    """One value where a row passes a test, another where not."""
    return {"condition": {"test": test, "value": then}, "value": otherwise}


# Characters of a title's line.
TITLE_LETTERS = {"wide": 70, "narrow": 32}


def title_of(told: Told, panel: Panel, width: str, more: str = "") -> list[str]:
    """What a chart is called, with more behind it, in lines."""
    return in_lines((panel.title or told.words(panel.values[0]).label) + more, width)


def in_lines(title: str, width: str) -> list[str]:
    """A title in lines: one that is longer than its chart makes all of it smaller."""
    return wrap(title, TITLE_LETTERS[width])
