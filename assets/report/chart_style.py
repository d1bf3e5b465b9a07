"""What all charts of the report share: colours, widths, titles, rows."""

from typing import Any

from assets.report.figures import Panel, Told

INK, MUTED, FIRST, SECOND, TARGET, BAND, GRID, PAPER = (
    "#1b2733", "#5b6875", "#0b5cab", "#b4540a", "#a3195b", "#dfe8f1", "#e4e8ec", "#ffffff",
)  # fmt: skip
PALETTE = {"ink": INK, "muted": MUTED, "first": FIRST, "second": SECOND, "target": TARGET, "band": BAND, "grid": GRID, "paper": PAPER}
WIDTHS = {"wide": 640, "narrow": 270}


def inline(values: list[Any]) -> Any:
    """Rows for a layer. A tuple, because Altair copies every list with all that is in it each time a chart is put into another."""
    import altair as alt

    return alt.InlineData(values=tuple(values))


def title_of(told: Told, panel: Panel) -> str:
    return panel.title or told.words(panel.values[0]).label
