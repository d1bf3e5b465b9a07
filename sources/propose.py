"""A first layout for a file nobody knows yet: dialect, header, notation and the likeliest columns, for a person to correct.

A proposal is a guess from the first rows and says so; `ventetal check` shows what it gets wrong.
"""

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sources.delimited import DelimitedFile
from sources.kinds import START_BYTES, foreign, kind_of
from sources.layout import Extract, Reads, plain_name
from sources.pseudonym import TYPE
from sources.reasons import Refused
from sources.vocabulary import Column
from sources.workbook import Workbook

SAMPLE_ROWS = 50
# Below this two short names share letters by chance.
LIKE_ENOUGH = 0.7
DELIMITERS = (";", "\t", ",", "|")
# What stands in a name for the day, or day and time, when a file was drawn, and for the month it is for: no part of longer digits.
STAMP = r"(?<!\d)(19|20)\d{6}(-\d{4})?(?!\d)"
MONTH = r"(?<!\d)(19|20)\d{2}(-?)(0[1-9]|1[0-2])(?!\d)"
# In the place of a code that nobody could guess.
UNKNOWN = '"?"'
# Tried in this order, day before month: the extracts are Danish.
FORMATS = {
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?": None,
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z": "%Y-%m-%dT%H:%M:%SZ",
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:?\d{2}": "%Y-%m-%dT%H:%M:%S%z",
    r"(0?[1-9]|[12]\d|3[01])-(0?[1-9]|1[0-2])-\d{4}": "%d-%m-%Y",
    r"(0?[1-9]|[12]\d|3[01])-(0?[1-9]|1[0-2])-\d{4} \d{1,2}:\d{2}": "%d-%m-%Y %H:%M",
    r"(0?[1-9]|[12]\d|3[01])-(0?[1-9]|1[0-2])-\d{4} \d{1,2}:\d{2}:\d{2}": "%d-%m-%Y %H:%M:%S",
    r"(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/\d{4}": "%d/%m/%Y",
    r"(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/\d{4} \d{1,2}:\d{2}": "%d/%m/%Y %H:%M",
    r"(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.\d{4}": "%d.%m.%Y",
    r"\d{4}/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])": "%Y/%m/%d",
    r"(19|20)\d{6}": "%Y%m%d",
}


@dataclass(frozen=True)
class Sample:
    """The first rows of a file as a table: its delimiter (None in a workbook), header and some records."""

    delimiter: str | None
    header: list[str]
    records: list[list[str]]

    def column(self, name: str) -> list[str]:
        place = self.header.index(name)
        return [r[place].strip() for r in self.records if place < len(r) and r[place].strip()]


def propose(path: Path, name: str, extracts: list[Extract]) -> tuple[Extract, str]:
    """The extract whose columns the file's are most like, and a layout for it in YAML. Raises Refused for an unreadable file."""
    sample = _sample(path)
    likeness = {e.name: _likely_columns(sample, e) for e in extracts}
    extract = max(extracts, key=lambda e: (len(likeness[e.name]), e.name))
    return extract, _yaml(name, sample, extract, likeness[extract.name])


def _sample(path: Path) -> Sample:
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if said := foreign(start):
        raise Refused("unreadable_file", said)
    if kind_of(start) == "workbook":
        tables = [rows for _, rows in Workbook(path).heads(Reads())]
        found = max((_table([cells for _, cells in rows], None) for rows in tables), key=lambda s: len(s.header) * bool(s.records))
    else:
        text = DelimitedFile(path)
        samples = [_table([cells for _, cells in rows], d) for d in DELIMITERS for _, rows in text.heads(Reads(delimiter=d))]
        found = max(samples, key=lambda s: len(s.header))
    if len(found.header) < 2:
        raise Refused("no_layout", "No table of two or more columns is in the first rows.")
    return found


def _table(rows: list[list[str]], delimiter: str | None) -> Sample:
    """The table among the rows: the commonest width, from its first row on that holds words."""
    filled = [[c.strip() for c in row] for row in rows]
    widths = Counter(len(row) if delimiter else sum(map(bool, row)) for row in filled if any(row))
    if not widths:
        return Sample(delimiter, [], [])
    width = max(widths, key=lambda w: (widths[w] * (w > 1), w))
    for at, row in enumerate(filled):
        if sum(map(bool, row)) >= min(width, 2) and len(row) >= width and not any(re.fullmatch(r"[\d.,:/ -]+", c) for c in row if c):
            records = [r for r in filled[at + 1 : at + 1 + SAMPLE_ROWS] if len(r) == len(row)]
            return Sample(delimiter, [c for c in row if c], records)
    return Sample(delimiter, [], [])


def _likely_columns(sample: Sample, extract: Extract) -> dict[str, str]:
    """Canonical column -> supplier column, by the names suppliers used before, the Danish label and the column's own name."""
    pairs = []
    for column in extract.contract.columns:
        sources = [layout.columns[column.name] for layout in extract.layouts if column.name in layout.columns]
        known = {plain_name(n) for source in sources for n in source.names if not n.startswith("$")}
        known |= {plain_name(column.name), plain_name(column.name.replace("_", " ")), plain_name(column.businessName or column.name)}
        for name in sample.header:
            likeness = max(difflib.SequenceMatcher(None, plain_name(name), k).ratio() for k in known)
            pairs.append((likeness, column.name, name))
    found: dict[str, str] = {}
    for likeness, canonical, name in sorted(pairs, reverse=True):
        if likeness >= LIKE_ENOUGH and canonical not in found and name not in found.values():
            found[canonical] = name
    # The same instant on the clock and in UTC is read from one column.
    twins = {c.name: c.name.removesuffix("_utc") for c in extract.contract.columns if c.name.endswith("_utc")}
    found |= {utc: found[local] for utc, local in twins.items() if local in found and utc not in found}
    return found


def _yaml(name: str, sample: Sample, extract: Extract, likely: dict[str, str]) -> str:
    numbers = _notation(sample)
    reads = [f'delimiter: "{sample.delimiter}"'.replace("\t", "\\t")] if sample.delimiter not in (None, Reads().delimiter) else []
    reads += [f"numbers: {numbers}"] if numbers != Reads().numbers else []
    lines = [f"# A proposal for {extract.name}. Correct it, save it in sources/{extract.name}/layouts/ and try it with `ventetal check`."]
    if extract.contract.delivery.mode == "replace_period":
        lines += _file_lines(name)
    if reads:
        lines.append(f"reads: {{{', '.join(reads)}}}")
    lines.append(f"header: [{', '.join(_quoted(n) for n in sample.header if n in likely.values())}]")
    lines.append("columns:")
    lines += [_column_line(column, sample, likely) for column in extract.contract.columns]
    unused = [n for n in sample.header if n not in likely.values()]
    if unused:
        lines.append(f"# Nobody reads: {', '.join(unused)}")
    return "\n".join(lines) + "\n"


def _file_lines(name: str) -> list[str]:
    """The pattern of names, with the month a file is for and when it was drawn as far as the name says so."""
    stamped = re.search(STAMP, name)
    drawn = r"(?P<received>\d{8}-\d{4})" if stamped and stamped[2] else r"(?P<received>\d{8})"
    stem = re.sub(STAMP, "\0", name, count=1)
    month = re.search(MONTH, stem)
    covers = r"(?P<period>\d{4}-\d{2})" if month and month[2] else r"(?P<period>\d{6})"
    stem = re.escape(re.sub(MONTH, "\1", stem, count=1)).replace("\\-", "-").replace("\0", drawn).replace("\1", covers)
    lacking = [] if month else [r"   # must name the month the file covers: (?P<period>\d{4}-\d{2})"]
    lacking += [] if stamped else [r"   # must say when it was drawn, or no month becomes final: (?P<received>\d{8}-\d{4})"]
    form = ['format: {$period: "%Y%m"}'] if month and not month[2] else []
    return [f"file: {stem}", *lacking, *form]


def _guessed(values: list[str], codes: list[str]) -> dict[str, str]:
    """Each value with the code it is, begins or is most like; `?` where several are or none is."""
    found = {}
    for value in sorted(set(values)):
        begun = [c for c in codes if c.startswith(value.upper())]
        alike = [value] if value in codes else begun if len(begun) == 1 else difflib.get_close_matches(value.upper(), codes, 1, LIKE_ENOUGH)
        found[value] = alike[0] if alike else UNKNOWN
    often = Counter(found.values())
    return {v: c if v.upper() == c or often[c] == 1 else UNKNOWN for v, c in found.items()}


def _column_line(column: Column, sample: Sample, likely: dict[str, str]) -> str:
    if f"${column.name}" == TYPE:
        return f"  {column.name}: {TYPE}"
    if column.name not in likely:
        need = "required" if column.is_required else "optional"
        return f"  # {column.name}: ...   # {need}: {column.description}"
    name = likely[column.name]
    values = sample.column(name)
    options = []
    if column.physicalType in ("DATE", "TIMESTAMP") and (form := _format(values)):
        options.append(f'format: "{form}"')
    if column.valid_values and set(values) - set(column.valid_values):
        options.append(f"map: {{{', '.join(f'{_quoted(v)}: {code}' for v, code in _guessed(values, column.valid_values).items())}}}")
    return f"  {column.name}: " + (f"{{from: {_quoted(name)}, {', '.join(options)}}}" if options else _quoted(name))


def _format(values: list[str]) -> str | None:
    return next((form for shape, form in FORMATS.items() if values and all(re.fullmatch(shape, v) for v in values)), None)


def _notation(sample: Sample) -> str:
    """english where more values end in a point and decimals, or group by comma, than the other way round."""
    values = [v for row in sample.records for v in row]
    english = sum(bool(re.fullmatch(r"-?\d+\.(\d{1,2}|\d{4,})|-?\d{1,3}(,\d{3})+(\.\d+)?", v)) for v in values)
    danish = sum(bool(re.fullmatch(r"-?\d+,(\d{1,2}|\d{4,})|-?\d{1,3}(\.\d{3})+(,\d+)?", v)) for v in values)
    return "english" if english > danish or (english == danish and sample.delimiter == ",") else "danish"


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[^\W\d][\w ()/+-]*", name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
