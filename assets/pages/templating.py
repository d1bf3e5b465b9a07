"""Pages out of templates: everything from data is escaped, and all share the base page and its style."""

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from assets.pages import danish

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment(templates: Path) -> jinja2.Environment:
    """The templates of a folder, and behind them those all pages share."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([templates, TEMPLATES]),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"day": danish.day, "month": danish.month, "number": danish.number}
    return made


@cache
def style() -> Markup:
    """The style sheet of every page."""
    return Markup((TEMPLATES / "style.css").read_text("utf-8"))
