"""What the name of an unknown file, or the lines above its header, say of the month it is for and of when it was drawn."""

import re

from sources.danish import MONTHS
from sources.layout import DANISH_MONTH

# What stands in a name for the day, or day and time, when a file was drawn, and for the month it is for: no part of longer digits.
STAMP = re.compile(r"(?<!\d)(19|20)\d{6}(-\d{4})?(?!\d)")
MONTH = re.compile(r"(?<!\d)(19|20)\d{2}([-_]?)(0[1-9]|1[0-2])(?!\d)")
# How a month is told above the header: a word, what comes between, the month; its pattern and its format where it is not like 2015-05.
_WORD = r"(?i:\b(periode|period|måned|maaned|month)\W+)"
ABOVE = (
    (re.compile(_WORD + r"20\d{2}-(0[1-9]|1[0-2])\b(?!-)"), r"(?P<period>\d{4}-\d{2})", ""),
    (re.compile(_WORD + rf"(?i:{'|'.join(MONTHS)}) 20\d{{2}}"), r"(?P<period>[a-zA-Z]+ \d{4})", DANISH_MONTH),
)
RECEIVED, PERIOD = r"(?P<received>\d{8}-\d{4})", r"(?P<period>\d{4}-\d{2})"


def period_lines(name: str, above: str, unit: str) -> list[str]:
    """Lines of a layout for an extract that is delivered by period (`unit`). A name without a month gets one, for who
    sends the file to give it.
    """
    stamped, rest = STAMP.search(name), STAMP.sub("\0", name, count=1)
    drawn = RECEIVED if stamped and stamped[2] else r"(?P<received>\d{8})"
    month = MONTH.search(rest)
    told = _above(above) if not month else None
    form, said = "", []
    if month:
        covers, form = {"-": (PERIOD, ""), "_": (r"(?P<period>\d{4}_\d{2})", "%Y_%m")}.get(month[2], (r"(?P<period>\d{6})", "%Y%m"))
        rest = MONTH.sub("\1", rest, count=1)
    elif told:
        covers, form = "", told[1]
        said = [f"preamble: {_single(told[0])}   # the month the file is for"]
    else:
        stem, mark, ending = rest.rpartition(".")
        covers, rest = {"year": r"(?P<period>\d{4})"}.get(unit, PERIOD), f"{stem}_\1{mark}{ending}"
    pattern = re.sub(r"\\([- ])", r"\1", re.escape(rest)).replace("\0", drawn).replace("\1", covers)
    lines = [f"file: {_plain(pattern)}"]
    if not month and not told:
        lines.append("   # the name must say the month the file is for, as is asked here: (?P<period>...)")
    if not stamped:
        lines.append(f"   # must say when it was drawn, or no month becomes final: {RECEIVED}")
    return [*lines, *said, *([f'format: {{$period: "{form}"}}'] if form else [])]


def _above(text: str) -> tuple[str, str] | None:
    """A pattern of the lines above the header that tells the month, and the month's format."""
    for said, pattern, form in ABOVE:
        if found := said.search(text):
            return rf"{found[1]}\W+{pattern}", form
    return None


def _plain(pattern: str) -> str:
    """A regular expression as it stands where YAML reads it so."""
    return pattern if re.fullmatch(r"[\w(][^:#'\"]*", pattern) else _single(pattern)


def _single(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"
