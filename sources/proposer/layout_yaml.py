"""A proposal said as a layout in YAML, with how sure each line is and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sources.casts import ident, literal
from sources.layout import NUMBERS, Extract, Reads
from sources.matching import OPEN
from sources.proposer.choose import Chosen, Proposal, choose, is_asked
from sources.proposer.file_name import file_lines
from sources.proposer.names import is_ordinary
from sources.proposer.sample import Sample, sample
from sources.proposer.values import Fit, known_codes, usual_month
from sources.proposer.yaml_text import named, quoted
from sources.pseudonym import TYPE
from sources.vocabulary import Column

UTC = re.compile(r"(?i)\b(utc|gmt)\b")
UNKNOWN = f'"{OPEN}"'
TOTAL = re.compile(r"(?i)(i alt|ialt|total|totalt|sum|samlet)\W{0,2}([\d.,]*)")
# Of a file whose records tell none.
SOME_MONTH = "2000-01"
# A column has at most so many codes that are each a line; where there are persons one of a letter, or of many
# records, is a code and nobody's name.
MOST_LINES, LETTERS, COMMON = 24, 1, 10


@dataclass(frozen=True)
class Proposed:
    """A layout in YAML for the extract a file is likeliest of. `month` is that of most records, like 2015-05; `is_of_persons` where
    anything in the file could be somebody's number.
    """

    extract: Extract
    text: str
    month: str
    is_of_persons: bool


def propose(path: Path, name: str, extracts: list[Extract]) -> Proposed:
    """Raises Refused for an unreadable file and for one without a table."""
    table = sample(path)
    found, others = choose(name, table, extracts)
    chosen = found.chosen.get(found.extract.contract.delivery.period or "")
    month = usual_month(table.columns[chosen.name], chosen.fit.form) if chosen else ""
    is_of_persons = table.tells_of_persons or found.extract.contract.has_personal_columns
    return Proposed(found.extract, _yaml(name, table, found, others, is_of_persons), month or SOME_MONTH, is_of_persons)


def _yaml(name: str, table: Sample, found: Proposal, others: list[Proposal], is_of_persons: bool) -> str:
    extract, chosen, sheet = found.extract, found.chosen, table.sheet
    asked = [c for c in extract.contract.columns if is_asked(c)]
    sure = sum(c.name in chosen and _is_sure(chosen[c.name]) for c in asked)
    lines = [
        f"# A proposal for {extract.name}, from {table.records:,} records below line {table.line}. Correct it, save it in the",
        f"# region's sources/{extract.name}/layouts/ and try it with `ventetal check`. Sure of {sure} of the {len(asked)} columns that must"
        " be there.",
    ]
    if 2 * sure < len(asked):
        lines.append("# Little says that the file is of any extract that is declared; this is the nearest.")
        if others:
            lines.append("# If you know which is meant: `ventetal layout --extract NAME FILE`, with the name of its folder in sources/.")
    near = [p.extract.name for p in others if p.likelihood > 0 and p.likelihood >= 0.7 * found.likelihood][:2]
    if near:
        lines.append(f"# It could also be of {' or '.join(near)}: `ventetal layout --extract` says how.")
    lacks_month = any(_is_month(c) and c.name not in chosen for c in asked)
    lines += (files := file_lines(name, table.above, extract.contract.delivery, lacks_month))
    if reads := _reads(table, found):
        lines.append(f"reads: {{{', '.join(reads)}}}")
    if sheet:
        lines.append("# Several sheets hold a table: `sheet` says which." if is_of_persons else f"sheet: {quoted(sheet)}")
    if len(senders := [s.name for s in extract.contract.delivery.senders]) > 1:
        lines.append(f"sender: {senders[0]}   # look: whose files these are, of {', '.join(senders)}")
    used = [n for n in table.header if n in {c.name for c in chosen.values()}]
    # Of persons no name is said that is not known to be one of a column.
    header = used if len(used) > 1 else [n for n in table.header if n in used or not is_of_persons or is_ordinary(n)]
    lines.append(f"header: [{', '.join(map(quoted, header or [OPEN]))}]")
    lines += _ignored(table, chosen)
    by_period = lacks_month and any("(?P<period>" in line for line in files)
    columns = [line for c in extract.contract.columns for line in _column_lines(c, table, found, is_of_persons, by_period)]
    if any(c.name not in chosen and not found.candidates.get(c.name) for c in asked):
        lines.append("# A column that must be there and that the file has not: one value for all its records, like {sql: \"'HEH'\"}.")
    # Comments alone are nothing for YAML.
    lines += ["columns:" if any(not line.lstrip().startswith("#") for line in columns) else "columns: {}", *columns]
    unused = [n for n in table.header if n not in used]
    if unused:
        lines.append(f"# Nobody reads: {f'{len(unused)} columns' if is_of_persons else ', '.join(map(named, unused))}")
    return "\n".join(lines) + "\n"


def _is_sure(chosen: Chosen) -> bool:
    return chosen.is_sure and not chosen.fit.says


def _reads(table: Sample, found: Proposal) -> list[str]:
    chosen, default = found.chosen, Reads()
    has_numbers = any(c.name in chosen and c.physicalType.split("(")[0] in NUMBERS for c in found.extract.contract.columns)
    numbers = table.numbers if has_numbers else default.numbers
    said = [f'delimiter: "{table.reads.delimiter}"'.replace("\t", "\\t")] if table.reads.delimiter != default.delimiter else []
    said += [f'quote: "{table.reads.quote}"'] if table.reads.quote != default.quote else []
    said += [f"escape: {quoted(table.reads.escape)}"] if table.reads.escape else []
    said += [f"numbers: {numbers}"] if numbers != default.numbers else []
    naive, in_utc = _zones(found)
    return said + (["zone: UTC"] if naive and in_utc == naive else [])


def _zones(found: Proposal) -> tuple[int, int]:
    """How many columns are instants that do not say their own zone, and how many of these are in UTC by their form or name."""
    instants = [found.chosen[c.name] for c in found.extract.contract.columns if c.name in found.chosen and c.physicalType == "TIMESTAMP"]
    naive = [c for c in instants if not (c.fit.form or "").endswith("%z")]
    return len(naive), sum((c.fit.form or "").endswith("Z") or bool(UTC.search(c.name.replace("_", " "))) for c in naive)


def _ignored(table: Sample, chosen: dict[str, Chosen]) -> list[str]:
    """A total at the very end is no record: what it says of them is held against them where it adds up today. A word that other records
    have too is no total.
    """
    for record in table.last if table.is_whole else ():
        for name in table.header:
            total, counts = TOTAL.fullmatch(record[name] or ""), table.columns[name].counts
            if total and sum(n for text, n in counts.items() if text.startswith(total[1])) == 1:
                sums = dict(_sums(table, chosen, record))
                said = f", sums: {{{', '.join(f'{c}: {quoted(ident(n))}' for c, n in sums.items())}}}" if sums else ""
                # With a number beside the word the next file has another one.
                told = f"like {literal(f'{total[1]}%')}" if total[2] else f"= {literal(record[name])}"
                when = quoted(f"{ident(name)} {told}")
                return [f"ignore: [{{when: {when}, because: A total is no record.{said}}}]   # look: whether it is one"]
    return []


def _sums(table: Sample, chosen: dict[str, Chosen], record: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Columns of numbers that add up to what the total says."""
    group, mark = (".", ",") if table.numbers == "danish" else (",", ".")
    for column, found in chosen.items():
        values = table.columns[found.name]
        # Only a column that is read as it stands, and of which every text was counted.
        if found.fit.form or found.fit.sql or found.fit.codes or values.distinct > len(values.counts):
            continue
        try:
            told = Decimal(record[found.name].replace(group, "").replace(mark, "."))
            # The total is among the values.
            rest = sum((Decimal(t.replace(group, "").replace(mark, ".")) * n for t, n in values.given.items()), Decimal(0)) - told
        except InvalidOperation:
            continue
        if told and rest == told:
            yield column, found.name


def _column_lines(column: Column, table: Sample, found: Proposal, is_of_persons: bool, by_period: bool) -> list[str]:
    if f"${column.name}" == TYPE:
        return [f"  {column.name}: {TYPE}"]
    chosen = found.chosen.get(column.name)
    if chosen is None:
        return [_by_period(column, found.extract, by_period) or _open(column, table, found, is_of_persons)]
    naive, in_utc = _zones(found)
    # The zone is said once for a file.
    mixed = "some instants are called UTC and some are not" if column.physicalType == "TIMESTAMP" and 0 < in_utc < naive else ""
    why = "; ".join(w for w in (chosen.why, chosen.fit.says, mixed) if w)
    comment = f"   # {'sure' if _is_sure(chosen) and not mixed else 'look'}: {named(why)}"
    if set(chosen.fit.codes) - {c for t, c in chosen.fit.codes.items() if t == c}:
        codes = column.valid_values or sorted({*known_codes(column, found.extract).values()})
        return _code_lines(column.name, codes, table, chosen, comment, is_of_persons)
    return [f"  {column.name}: {_source(chosen.name, chosen.fit)}{comment}"]


def _source(name: str, fit: Fit) -> str:
    """Where a column comes from, as a layout says it."""
    if fit.sql:
        return f"{{sql: {quoted(fit.sql)}}}"
    options = [f'format: "{fit.form}"'] if fit.form else []
    options += [f"missing: [{', '.join(map(quoted, fit.markers))}]"] if fit.markers else []
    return f"{{from: {quoted(name)}, {', '.join(options)}}}" if options else quoted(name)


def _is_month(column: Column) -> bool:
    return column.physicalType == "DATE" and column.name == "month"


def _by_period(column: Column, extract: Extract, by_period: bool) -> str:
    """The line of a column that every known layout takes from what the file is for, or of a month that only its name tells."""
    sources = [layout.columns[column.name] for layout in extract.layouts if column.name in layout.columns]
    if by_period and _is_month(column) and not sources:
        return f'  {column.name}: {{from: $period, format: "%Y-%m"}}   # look: the month the file is for, which no column of it tells'
    if extract.contract.delivery.mode != "replace_period" or not sources or any(s.names != ["$period"] for s in sources):
        return ""
    return f'  {column.name}: {{from: $period, format: "{sources[0].format}"}}   # look: what the file is for, as in every known layout'


def _open(column: Column, table: Sample, found: Proposal, is_of_persons: bool) -> str:
    """A column that is not found: what it is, and what could be meant."""

    def said(name: str, as_source: str) -> str:
        return f"column {table.header.index(name) + 1}" if is_of_persons and not is_ordinary(name) else named(as_source)

    candidates = list(dict.fromkeys(said(name, _source(name, fit)) for name, fit in found.candidates.get(column.name, [])))
    hints = [f"it could be {', or '.join(candidates)}"] if candidates else []
    if misnamed := found.misnamed.get(column.name):
        hints.append(f"{said(misnamed, misnamed)} is called so, and holds something else")
    told = "; ".join([column.description.rstrip("."), *hints])
    if is_asked(column):
        return f"  {column.name}: {UNKNOWN}   # required: {told}."
    return f"  # {column.name}: ...   # optional: {told}."


def _code_lines(column: str, allowed: list[str], table: Sample, chosen: Chosen, comment: str, is_of_persons: bool) -> list[str]:
    """The codes that are known, and each that is not as a comment: nobody could say which it is."""
    counts, fit = table.columns[chosen.name].counts, chosen.fit
    known = {t: c for t, c in fit.codes.items() if c}
    unknown = sorted((t for t, c in fit.codes.items() if not c), key=lambda t: (-counts[t], t))
    told = [t for t in unknown if not is_of_persons or len(t) <= LETTERS or counts[t] >= COMMON]
    # Of persons no number is told that could be of a few.
    often = {t: "" if is_of_persons else f"in {counts[t]:,} records; " for t in told}
    codes = ", ".join(allowed)
    lines = [f"  {column}:{comment}", f"    from: {quoted(chosen.name)}"]
    lines += [f"    missing: [{', '.join(map(quoted, fit.markers))}]"] if fit.markers else []
    lines += ["    map:", *(f"      {quoted(t)}: {quoted(c)}" for t, c in known.items())] if known else [
        f"    map: {{}}   # none of its codes is known: {codes}"
    ]  # fmt: skip
    lines += [f"      # {quoted(named(t))}: {fit.hints.get(t, '')}?   # {often[t]}one of {codes}" for t in told[:MOST_LINES]]
    return lines + (["      # ... and codes that few records have"] if len(told) < len(unknown) else [])
