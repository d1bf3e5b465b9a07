"""What the name of an unknown file, or the lines above its header, say of the month it is for and of when it was drawn."""

import re

from sources.danish import MONTHS
from sources.layout import DANISH_MONTH
from sources.person_numbers import may_be_number, tells_number
from sources.proposer.yaml_text import pattern
from sources.vocabulary import Delivery

# What stands in a name for the day, or day and time, when a file was drawn, and for the month it is for: no part of longer digits.
STAMP = re.compile(r"(?<!\d)(19|20)\d{6}(-\d{4})?(?!\d)")
YEAR = re.compile(r"(?<!\d)(19|20)\d{2}(?!\d)")
MONTH = re.compile(r"(?<!\d)(19|20)\d{2}([-_]?)(0[1-9]|1[0-2])(?!\d)")
# How a month is told above the header: a word, what comes between, the month; its pattern and its format where it is not like 2015-05.
_WORD = r"(?i:\b(periode|period|måned|maaned|month)\W+)"
ABOVE = (
    (re.compile(_WORD + r"20\d{2}-(0[1-9]|1[0-2])\b(?!-)"), r"\d{4}-\d{2}", ""),
    (re.compile(_WORD + rf"(?i:{'|'.join(MONTHS)}) 20\d{{2}}"), r"[a-zA-Z]+ \d{4}", DANISH_MONTH),
)
IN_WORDS = re.compile(rf"(?i)(?<![a-zæøå])({'|'.join(MONTHS)})([ _-]?)20\d{{2}}(?!\d)")
RECEIVED = r"(?P<received>\d{8}-\d{4})"


def file_lines(name: str, above: str, delivery: Delivery, lacks_month: bool) -> list[str]:
    """Lines of a layout that say what a file is for, as far as its name or the lines above the header do. Where a file must be for a
    period and nothing says which, its name is asked to, for who sends it. `lacks_month`: no column of it tells the month that each
    record must have.
    """
    if not delivery.completes and not lacks_month:
        return []
    if tells_number(name) or may_be_number(MONTH.sub("", STAMP.sub("", name))):
        return ["# Its name holds what could be a number of a person: deliver it under another, and say as `file` which."]
    name = "".join(c for c in name if c.isprintable())
    group = "latest" if delivery.completes == "through" else "period"
    stamped, rest = STAMP.search(name), STAMP.sub("\0", name, count=1)
    drawn = RECEIVED if stamped and stamped[2] else r"(?P<received>\d{8})"
    month, told = MONTH.search(rest), _above(above, group)
    said, form = [], ""
    if month:
        digits, form = {"-": (r"\d{4}-\d{2}", ""), "_": (r"\d{4}_\d{2}", "%Y_%m")}.get(month[2], (r"\d{6}", "%Y%m"))
        rest, covers = MONTH.sub("\1", rest, count=1), f"(?P<{group}>{digits})"
    elif delivery.unit == "year" and YEAR.search(rest):
        rest, covers = YEAR.sub("\1", rest, count=1), rf"(?P<{group}>\d{{4}})"
    elif words := IN_WORDS.search(rest):
        # Spelt out: where there are persons no letter of a name is left free.
        rest, form = IN_WORDS.sub("\1", rest, count=1), DANISH_MONTH
        spelt = MONTHS if words[1].islower() else [m.capitalize() for m in MONTHS]
        covers = rf"(?P<{group}>({'|'.join(spelt)}){words[2]}\d{{4}})"
    elif told:
        covers, form = "", told[1]
        said = [f"preamble: {pattern(told[0])}   # the month the file is for"]
    elif delivery.mode == "replace_period":
        stem, mark, ending = rest.rpartition(".")
        digits = r"\d{4}" if delivery.unit == "year" else r"\d{4}-\d{2}"
        rest, covers = f"{stem}_\1{mark}{ending}", f"(?P<{group}>{digits})"
        said = ["   # look: the name must say the month the file is for, as is asked here"]
    elif not delivery.completes:
        return []
    else:
        lacks = "it counts as everything up to the day it was drawn" if group == "latest" else "no month becomes final by it"
        return [f"# Its name says no month, so that {lacks}. As a group of `file`: (?P<{group}>\\d{{4}}-\\d{{2}})"]
    written = re.sub(r"\\([- ])", r"\1", re.escape(rest)).replace("\0", drawn).replace("\1", covers)
    if not stamped and delivery.drawn == "name":
        said.append(f"   # look: it must say when it was drawn, or no month becomes final: {RECEIVED}")
    return [f"file: {pattern(written)}", *said, *([f'format: {{${group}: "{form}"}}'] if form else [])]


def _above(text: str, group: str) -> tuple[str, str] | None:
    """A pattern of the lines above the header that tells the month, and the month's format."""
    for said, digits, form in ABOVE:
        if found := said.search(text):
            return rf"{found[1]}\W+(?P<{group}>{digits})", form
    return None
