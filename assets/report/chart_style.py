"""What all charts of the report share: colours, widths, titles, rows."""

from typing import Any

from assets.report.figures import Panel, Told

INK, MUTED, FIRST, SECOND, TARGET, BAND, GRID, PAPER = (
    "#1b2733", "#5b6875", "#0b5cab", "#b4540a", "#a3195b", "#dfe8f1", "#e4e8ec", "#ffffff",
)  # fmt: skip
PALETTE = {"ink": INK, "muted": MUTED, "first": FIRST, "second": SECOND, "target": TARGET, "band": BAND, "grid": GRID, "paper": PAPER}
WIDTHS = {"wide": 640, "narrow": 270}


def inline(values: list[Any]) -> Any:
    """Rows for a layer."""
    import altair as alt

    return alt.InlineData(values=tuple(values))


def layered(layers: list[Any], **properties: Any) -> dict[str, Any]:
    """Layers as the specification of one chart. Altair itself would copy all that is in them, once more for each chart around."""
    said = {name: value.to_dict() if hasattr(value, "to_dict") else value for name, value in properties.items()}
    return {"layer": [layer.to_dict(validate=False, context={"top_level": False}) for layer in layers], **said}


def title_of(told: Told, panel: Panel) -> str:
    return panel.title or told.words(panel.values[0]).label
