"""A proposal said as a layout in YAML, with how sure each line is and why."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sources.casts import ident, literal
from sources.layout import NUMBERS, Extract, Reads
from sources.matching import OPEN
from sources.proposer.choose import Chosen, Proposal, choose, is_asked
from sources.proposer.file_name import file_lines
from sources.proposer.sample import Sample, sample
from sources.proposer.values import Fit, usual_month
from sources.pseudonym import TYPE
from sources.vocabulary import Column

UNKNOWN = f'"{OPEN}"'
TOTAL = re.compile(r"(?i)(i alt|ialt|total|totalt|sum|samlet|\**\s*end of report.*)\W*")
# What YAML takes for something else than a text.
RESERVED = ("null", "yes", "no", "true", "false", "on", "off", "y", "n")
# Of a file whose records tell none.
SOME_MONTH = "2000-01"
# A column has at most so many codes that are each a line.
MOST_LINES = 24


def propose(path: Path, name: str, extracts: list[Extract]) -> tuple[Extract, str, str]:
    """The extract a file is likeliest of, a layout for it in YAML, and the month most of its records are of, like 2015-05.

    Raises Refused for an unreadable file and for one without a table.
    """
    table = sample(path)
    found, others = choose(name, table, extracts)
    chosen = found.chosen.get(found.extract.contract.delivery.period or "")
    month = usual_month(table.columns[chosen.name], chosen.fit.form) if chosen else ""
    return found.extract, _yaml(name, table, found, others), month or SOME_MONTH


def _yaml(name: str, table: Sample, found: Proposal, others: list[Proposal]) -> str:
    extract, chosen = found.extract, found.chosen
    asked = [c for c in extract.contract.columns if is_asked(c)]
    sure = sum(c.name in chosen and chosen[c.name].is_sure for c in asked)
    place = f" of sheet {table.sheet}" if table.sheet else ""
    lines = [
        f"# A proposal for {extract.name}, from {table.records:,} records below line {table.line}{place}. Correct it, save it in the",
        f"# region's sources/{extract.name}/layouts/ and try it with `ventetal check`. Sure of {sure} of the {len(asked)} columns that must"
        " be there.",
    ]
    if 2 * sure < len(asked):
        lines.append("# Little says that the file is of any extract that is declared; this is the nearest.")
    near = [p.extract.name for p in others if p.likelihood > 0 and p.likelihood >= 0.7 * found.likelihood][:2]
    if near:
        lines.append(f"# It could also be of {' or '.join(near)}: `ventetal layout --extract` says how.")
    delivery = extract.contract.delivery
    lines += file_lines(name, table.above, delivery)
    if reads := _reads(table, found):
        lines.append(f"reads: {{{', '.join(reads)}}}")
    if table.sheet:
        lines.append(f"sheet: {_quoted(table.sheet)}")
    if len(senders := [s.name for s in delivery.senders]) > 1:
        lines.append(f"sender: {senders[0]}   # look: whose files these are, of {', '.join(senders)}")
    used = [n for n in table.header if n in {c.name for c in chosen.values()}]
    lines.append(f"header: [{', '.join(_quoted(n) for n in (used if len(used) > 1 else table.header))}]")
    lines += _ignored(table, chosen)
    lines.append("columns:")
    for column in extract.contract.columns:
        lines += _column_lines(column, table, found)
    unused = [n for n in table.header if n not in used]
    if unused:
        lines.append(f"# Nobody reads: {', '.join(map(_plain, unused))}")
    return "\n".join(lines) + "\n"


def _reads(table: Sample, found: Proposal) -> list[str]:
    chosen, default = found.chosen, Reads()
    has_numbers = any(c.name in chosen and c.physicalType.split("(")[0] in NUMBERS for c in found.extract.contract.columns)
    numbers = table.numbers if has_numbers else default.numbers
    said = [f'delimiter: "{table.reads.delimiter}"'.replace("\t", "\\t")] if table.reads.delimiter != default.delimiter else []
    said += [f"numbers: {numbers}"] if numbers != default.numbers else []
    instants = [chosen[c.name] for c in found.extract.contract.columns if c.name in chosen and c.physicalType == "TIMESTAMP"]
    # What says its own zone needs none.
    naive = [c for c in instants if not (c.fit.form or "").endswith("%z")]
    in_utc = [c for c in naive if (c.fit.form or "").endswith("Z") or re.search(r"(?i)\b(utc|gmt)\b", c.name.replace("_", " "))]
    said += ["zone: UTC"] if naive and len(in_utc) == len(naive) else []
    markers = sorted({m for c in chosen.values() for m in c.fit.markers})
    return said + ([f"missing: [{', '.join(_text(m) for m in markers)}]"] if markers else [])


def _ignored(table: Sample, chosen: dict[str, Chosen]) -> list[str]:
    """A total below the records is no record: what it says of them is held against them where it adds up today."""
    for record in table.last:
        if name := next((n for n in table.header if TOTAL.fullmatch(record[n] or "")), ""):
            sums = dict(_sums(table, chosen, record)) if table.is_whole else {}
            said = f", sums: {{{', '.join(f'{c}: {_text(ident(n))}' for c, n in sums.items())}}}" if sums else ""
            return [f"ignore: [{{when: {_text(f'{ident(name)} = {literal(record[name])}')}, because: A total is no record.{said}}}]"]
    return []


def _sums(table: Sample, chosen: dict[str, Chosen], record: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Columns of numbers that add up to what the total says."""
    group, mark = (".", ",") if table.numbers == "danish" else (",", ".")
    for column, found in chosen.items():
        said, values = record[found.name], table.columns[found.name]
        counts = values.counts
        if values.distinct > len(counts):
            continue
        try:
            told = Decimal(said.replace(group, "").replace(mark, "."))
            # The total is among the values.
            rest = sum((Decimal(t.replace(group, "").replace(mark, ".")) * n for t, n in counts.items()), Decimal(0)) - told
        except InvalidOperation:
            continue
        if told and rest == told and not found.fit.form:
            yield column, found.name


def _column_lines(column: Column, table: Sample, found: Proposal) -> list[str]:
    if f"${column.name}" == TYPE:
        return [f"  {column.name}: {TYPE}"]
    chosen = found.chosen.get(column.name)
    if chosen is None:
        return [_by_period(column, found.extract) or _open(column, found)]
    sure = (
        f"   # {'sure' if chosen.is_sure and not chosen.fit.says else 'look'}: {'; '.join(w for w in (chosen.why, chosen.fit.says) if w)}"
    )
    if chosen.fit.sql:
        return [f"  {column.name}: {{sql: {_text(chosen.fit.sql)}}}{sure}"]
    options = [f'format: "{chosen.fit.form}"'] if chosen.fit.form else []
    if set(chosen.fit.codes) - {c for t, c in chosen.fit.codes.items() if t == c}:
        return _code_lines(column, table, chosen, found.extract, sure)
    said = f"{{from: {_quoted(chosen.name)}, {', '.join(options)}}}" if options else _quoted(chosen.name)
    return [f"  {column.name}: {said}{sure}"]


def _by_period(column: Column, extract: Extract) -> str:
    """The line of a column that every known layout takes from what the file is for."""
    sources = [layout.columns[column.name] for layout in extract.layouts if column.name in layout.columns]
    if extract.contract.delivery.mode != "replace_period" or not sources or any(s.names != ["$period"] for s in sources):
        return ""
    return f'  {column.name}: {{from: $period, format: "{sources[0].format}"}}   # look: what the file is for, as in every known layout'


def _open(column: Column, found: Proposal) -> str:
    """A column that is not found: what it is, and what could be meant."""
    names = [_as_written(c) for c in found.candidates.get(column.name, [])]
    said = [f"it could be {', '.join(names)}"] if names else []
    said += [f"{_plain(found.misnamed[column.name])} is called so, and holds something else"] if column.name in found.misnamed else []
    told = f"{column.description} {'. '.join(s[0].upper() + s[1:] for s in said)}".strip()
    if is_asked(column):
        return f"  {column.name}: {UNKNOWN}   # required: {told}"
    return f"  # {column.name}: ...   # optional: {told}"


def _as_written(candidate: tuple[str, Fit]) -> str:
    """A column that could be meant as the layout would say it."""
    name, fit = candidate
    return f'{{from: {_quoted(name)}, format: "{fit.form}"}}' if fit.form else _plain(name)


def _code_lines(column: Column, table: Sample, chosen: Chosen, found: Extract, sure: str) -> list[str]:
    """The codes that are known, and each that is not as a comment: nobody could say which it is."""
    counts = table.columns[chosen.name].counts
    known = {t: c for t, c in chosen.fit.codes.items() if c}
    unknown = sorted((t for t, c in chosen.fit.codes.items() if not c), key=lambda t: (-counts[t], t))
    lines = [f"  {column.name}:{sure}", f"    from: {_quoted(chosen.name)}"]
    if known:
        lines += ["    map:", *(f"      {_text(t)}: {_quoted(c)}" for t, c in known.items())]
    codes = ", ".join(column.valid_values or [])
    # Of persons no number is told that could be of a few.
    often = {t: "" if found.contract.has_personal_columns else f"in {counts[t]:,} records; " for t in unknown}
    lines += [f"      # {_text(t)}: {chosen.fit.hints.get(t, '')}?   # {often[t]}one of {codes}" for t in unknown[:MOST_LINES]]
    return lines if known else [*lines[:2], f"    map: {{}}   # none of its codes is known: {codes}", *lines[2:]]


def _plain(name: str) -> str:
    """A name within a comment, on one line."""
    return " ".join(name.split())


def _quoted(name: str) -> str:
    return (
        name
        if re.fullmatch(r"[^\W\d][\w ()/+-]*", name)
        and name.casefold() not in ("null", "yes", "no", "true", "false", "on", "off", "y", "n")
        else _text(name)
    )


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
