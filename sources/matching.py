"""Which layout fits a delivered file, and where its records begin."""

from collections.abc import Callable, Iterable

from sources.contract import Contract
from sources.layout import Extract, Layout, Match, Reads, Rows, plain_name
from sources.reasons import Refused

# What a proposed layout says of a column that nobody has found.
OPEN = "?"
# Twice what the widest table of a public register has; a file of more columns is one table laid on its side, or no table.
MOST_COLUMNS = 2_000


def choose(extract: Extract, file_name: str, heads: Callable[[Reads, str], Iterable[tuple[str | None, Rows]]]) -> Match:
    """The layout whose header the file has; most header names win.

    `heads` gives, for what a layout reads and the sheet it names, each sheet's name and first rows.
    Raises Refused no_layout, ambiguous_layout, ambiguous_sheet or duplicate_header.
    """
    matches: list[Match] = []
    nearest: tuple[int, str, list[str]] = (0, "", [])
    misnamed: list[Layout] = []
    for layout in extract.layouts:
        found = layout.file.fullmatch(file_name) if layout.file else None
        if layout.file and not found:
            misnamed.append(layout)
            continue
        variables = layout.variables(found)
        fitting = []
        for sheet, rows in heads(layout.reads, layout.sheet):
            if layout.fields:
                # A sheet that holds nothing is not the table.
                if sheet is not None and not any(any(cells) for _, cells in rows):
                    continue
                fitting.append(Match(layout, tuple(layout.fields), variables, 0, sheet))
                continue
            at, lacking = _find_header(layout, rows)
            if at is not None:
                start = at + layout.reads.header_rows
                said = _preamble(layout, rows[:at])
                if said is not None:
                    fitting.append(Match(layout, names_at(layout, rows, at), variables | said, start, sheet, said))
            elif (hits := len(layout.header) - len(lacking)) > nearest[0]:
                nearest = (hits, layout.name, lacking)
        if len(fitting) > 1:
            raise Refused("ambiguous_sheet", "Sheets {} all look like the table: send one.", ", ".join(str(m.sheet) for m in fitting))
        matches += fitting
    if not matches:
        hint = f" Nearest is {nearest[1]}, which lacks {', '.join(nearest[2])}." if nearest[1] else ""
        if having := [x for x in misnamed if x.header and _is_headed(x, heads(x.reads, x.sheet))]:
            hint = f" It has the header of {having[0].name}, and another name than that wants: {having[0].file and having[0].file.pattern}"
        named = [x.name for x in extract.layouts]
        raise Refused("no_layout", f"No layout of {extract.name} fits the file ({', '.join(named)}).{hint}")
    best = max(len(m.layout.header) for m in matches)
    matches = [m for m in matches if len(m.layout.header) == best]
    if len(matches) > 1:
        raise Refused("ambiguous_layout", f"Layouts {' and '.join(m.layout.name for m in matches)} both fit the file.")
    if (width := len(matches[0].names)) > MOST_COLUMNS:
        raise Refused("too_large", f"The header has {width} columns; a table has {MOST_COLUMNS} at most.")
    _refuse_duplicate_names(matches[0])
    _refuse_absent_required(matches[0], extract.contract)
    return matches[0]


def _is_headed(layout: Layout, heads: Iterable[tuple[str | None, Rows]]) -> bool:
    return any(_find_header(layout, rows)[0] is not None for _, rows in heads)


def _find_header(layout: Layout, rows: Rows) -> tuple[int | None, list[str]]:
    """Index of the header among `rows`, and the names the best candidate lacks."""
    wanted = {plain_name(n): n for n in layout.header}
    lacking = list(layout.header)
    for at in range(max(0, len(rows) - layout.reads.header_rows + 1)):
        if not any(cell.strip() for cell in rows[at][1]):
            continue
        present = {plain_name(n) for n in names_at(layout, rows, at)}
        missing = [name for plain, name in wanted.items() if plain not in present]
        if not missing:
            return at, []
        lacking = min(lacking, missing, key=len)
    return None, lacking


def _preamble(layout: Layout, rows: Rows) -> dict[str, str] | None:
    """Variables the lines above the header state, or None where they do not say what the layout expects."""
    if layout.preamble is None:
        return {}
    found = layout.preamble.search("\n".join(" ".join(c for c in cells if c) for _, cells in rows))
    return layout.variables(found) if found else None


def names_at(layout: Layout, rows: Rows, at: int) -> tuple[str, ...]:
    """Column names of the header at `at`: its rows joined downwards, nameless columns numbered."""
    block = [cells for _, cells in rows[at : at + layout.reads.header_rows]]
    width = max(len(cells) for cells in block)
    parts = [[cells[i].strip() for cells in block if i < len(cells) and cells[i].strip()] for i in range(width)]
    return tuple(" ".join(p).replace("\ufeff", "") or f"column {i}" for i, p in enumerate(parts, start=1))


def _refuse_duplicate_names(match: Match) -> None:
    seen: set[str] = set()
    for name in match.names:
        if (plain := plain_name(name)) in seen:
            raise Refused("duplicate_header", "The header names {} twice.", repr(name))
        seen.add(plain)


def _refuse_absent_required(match: Match, contract: Contract) -> None:
    absent = []
    for column in contract.columns:
        source = match.layout.columns.get(column.name)
        if column.is_required and source and source.names and not any(n.startswith("$") or match.supplier_column(n) for n in source.names):
            absent.append((column.name, source.names[0]))
    if open_ := [column for column, name in absent if name == OPEN]:
        raise Refused("no_layout", f'Layout {match.layout.name} leaves open which column is {", ".join(open_)}: it says "{OPEN}".')
    if absent:
        told = ", ".join(f"{name}, needed for {column}" for column, name in absent)
        raise Refused("no_layout", f"Layout {match.layout.name} lacks {told}.")
