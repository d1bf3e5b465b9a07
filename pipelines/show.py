"""How results look on a terminal: few colours, full sentences, numbers a person can read aloud."""

import csv as csv_writer
import re
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from assets.releases.difference import Change, Comparison
    from assets.releases.preview import Preview
    from assets.releases.readiness import Lacking
    from assets.releases.rebuild import Compared
    from assets.releases.verification import Verified

ROWS_SHOWN = 200
# What is said of a file that has nothing of a layout, and of one that has some of it (`sources.matching`).
UNLIKE, LACKS = re.compile(r"No layout of \S+ fits the file \([^)]*\)\."), ", which lacks "
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NUMBER = re.compile(r"[+-]?[\d., ]+%?")


def verdict(facts: dict[str, Any]) -> None:
    """A supplier's dry run."""
    out = console()
    if "refusals" in facts:
        out.print(f"[red]{escape(facts['file'])} would be refused.[/]")
        _refusals(out, facts["refusals"])
        return
    how = f"as {facts['extract']}, layout {facts['layout']}, {facts['encoding']}"
    held = f", and [red]held: {escape(facts['why_held'])}.[/]" if facts["why_held"] else "."
    out.print(f"[bold]{escape(facts['file'])}[/] would be taken {how}{held}")
    out.print(
        f"{facts['records']:,} records: {facts['accepted']:,} accepted, {facts['quarantined']:,} refused, {facts['ignored']:,} ignored."
    )
    for warning in filter(None, (facts["why_never_final"], facts["why_too_far"])):
        out.print(f"[yellow]{escape(warning)}[/]")
    for title, key in (("Columns nobody reads", "extra_columns"), ("Columns that are absent", "absent_columns")):
        if facts[key]:
            out.print(f"{title}: {escape(', '.join(facts[key]))}")
    _as_read(out, facts["first"])
    if facts["reasons"]:
        counted = sorted(facts["reasons"].items(), key=lambda r: -r[1])
        said = ", ".join(reason if facts["is_of_persons"] else f"{reason} {often:,}" for reason, often in counted)
        out.print(f"[bold]Refused[/] {escape(said)}")
    _records(out, [{"file_name": facts["file"], **r} for r in facts["refused"]])


def proposal(found: dict[str, Any], out: Console) -> None:
    """What a proposed layout reads of its file."""
    tried = found["tried"]
    if found["known"]:
        out.print(f"It is read already: {found['known']}.")
    if why := tried.get("why_not_tried"):
        out.print(f"It cannot be tried as it stands: {escape(why)}", soft_wrap=True)
        return
    taken, records = tried["accepted"], tried["records"]
    # Of persons no number that could be of a few.
    some = f"{taken:,} of {records:,} records would be taken, {tried['quarantined']:,} refused, {tried['ignored']:,} ignored."
    told = f"{'all' if taken == records else 'none' if not taken else 'not all'} of {records:,} records would be taken."
    out.print(f"By it {told if found['is_of_persons'] else some}")
    if tried["reasons"]:
        out.print(f"Refused: {escape(', '.join(tried['reasons']))}", soft_wrap=True)
    _as_read(out, tried["first"])


def _as_read(out: Console, first: list[dict[str, Any]]) -> None:
    """The first records, as they are read; nothing where nothing of them may be shown."""
    for record in (r for r in first if r["record"]):
        said = ", ".join(f"{k} {_cell(v)}" for k, v in record["record"].items() if v is not None)
        judged = f"refused: {'; '.join(record['reasons'])}" if record["reasons"] else "taken"
        out.print(f"  line {record['line']} {escape(judged + ('  ' + said if said else ''))}", soft_wrap=True)


def _refusals(out: Console, refusals: dict[str, str]) -> None:
    """Why a file is of no extract: what says most first, the same sentence once, and those that have nothing in common with it together."""
    by_sentence: dict[str, list[str]] = {}
    for extract, sentence in refusals.items():
        by_sentence.setdefault(sentence, []).append(extract)
    unlike = [e for sentence, extracts in by_sentence.items() if len(refusals) > 1 and UNLIKE.fullmatch(sentence) for e in extracts]
    told = [(s, e) for s, e in by_sentence.items() if not set(e) <= set(unlike)]
    # A layout that lacks fewer columns is nearer.
    for sentence, extracts in sorted(told, key=lambda x: (LACKS in x[0], x[0].partition(LACKS)[2].count(", "))):
        whose = "any extract" if len(extracts) == len(refusals) > 1 else ", ".join(extracts)
        out.print(f"  as {whose}: {escape(sentence)}")
    if unlike:
        out.print(f"  No layout of these has anything of it: {', '.join(unlike)}.")
    if unlike or any(LACKS in sentence for sentence in by_sentence):
        out.print("  [bold]ventetal layout FILE[/] proposes a layout of it.")


def lacking(found: "list[Lacking]") -> None:
    """What a region lacks, the same kind of thing together."""
    out = console()
    if not found:
        out.print("Nothing is missing that can be told beforehand.")
    for what in dict.fromkeys(one.what for one in found):
        of_kind = [one for one in found if one.what == what]
        out.print(f"[bold]{what.capitalize()}[/] ({len(of_kind)})")
        for one in of_kind:
            out.print(f"  {escape(one.which)}: {escape(one.remedy)}", soft_wrap=True)


def quarantine(facts: dict[str, Any]) -> None:
    """Refused files, then refused records by file and reason."""
    out = console()
    if not facts["files"] and not facts["reasons"]:
        out.print("Nothing was refused.")
    if facts["files"]:
        out.print("[bold]Refused files[/]")
        for file in facts["files"]:
            out.print(f"  {escape(file['file_name'])} ({file['extract']}, {file['reason']}): {escape(file['why'])}")
            out.print(f"    {escape(file['path'])}", highlight=False)
    if facts["reasons"]:
        out.print("[bold]Refused records[/]")
        rows = [r | {"records": "few" if r["records"] is None else r["records"]} for r in facts["reasons"]]
        table(list(rows[0]), [tuple(r.values()) for r in rows])
    _records(out, facts.get("records", []))


def releases(found: list[dict[str, Any]]) -> None:
    marked = [
        (
            "→" if r["is_current"] else "",
            r["release"],
            r["line"],
            r["as_of"][:16],
            r["created_at"][:16],
            "rolled back to" if r["is_rolled_back_to"] else "",
        )
        for r in found
    ]
    table(["", "release", "line", "as of", "created", ""], marked)


def comparison(found: "list[Compared]") -> None:
    table(["table", "equal", "current", "rebuilt"], [(c.table, "yes" if c.equal else "NO", c.current, c.rebuilt) for c in found])


def verified(found: "Verified") -> None:
    """What was found of a release that was looked at in full."""
    out = console()
    out.print(f"[bold]{escape(found.release)}[/] as of {escape(found.as_of)}", soft_wrap=True)
    out.print(f"[red]It {escape(found.damage)}.[/]" if found.damage else f"{found.files} files: as they were made.", soft_wrap=True)
    same = f"{found.tables - len(found.differing)} of {found.tables} tables have the rows that the manifest names."
    out.print(same if not found.differing else f"[red]{same}[/] Others: {escape(', '.join(found.differing))}", soft_wrap=True)
    by = f" (key {found.key})" if found.key else ""
    out.print(f"[{'green' if found.signature == 'signed' else 'yellow'}]{escape(found.signature)}[/]{escape(by)}", soft_wrap=True)


def difference(found: "Comparison", out: Console | None = None) -> None:
    """What two releases differ in, causes before figures."""
    out = out or console()
    out.print(f"[bold]{found.before}[/] and [bold]{found.after}[/]")
    for extract, said in found.deliveries.items():
        out.print(f"  deliveries of {extract}: {escape('; '.join(said))}")
    for title, names in (("SQL or contract of", found.code), ("reference", found.reference)):
        if names:
            out.print(f"  {title} {', '.join(names)}")
    _lookups(out, found.lookups)
    for title, names in (("New", found.new), ("Gone", found.gone)):
        if names:
            out.print(f"  {title}: {', '.join(names)}")
    for d in found.domains:
        out.print(f"  {d.domain}: {d.before}, then {d.after}. {escape(d.why)}")
    if found.figures is None:
        out.print("One of them is no longer kept; its figures cannot be compared.")
    else:
        _figures(out, found.figures)


def _lookups(out: Console, found: "list[Change]") -> None:
    """Rows of lookups that differ, one in a line."""
    for c in found[:ROWS_SHOWN]:
        what = c.column if c.before is None and c.after is None else f"{c.column} {c.before or '-'} -> {c.after or '-'}"
        out.print(f"    {c.table}, {escape(c.row)}: {escape(what)}", soft_wrap=True)
    if len(found) > ROWS_SHOWN:
        out.print(f"    ... {len(found) - ROWS_SHOWN:,} more rows; --json has all")


def _figures(out: Console, found: "list[Change]") -> None:
    if not found:
        out.print("No figure differs.")
        return
    table(["table", "row", "column", "before", "after"], [(f.table, f.row, f.column, f.before, f.after) for f in found], out)


def preview(found: "Preview", out: Console | None = None) -> None:
    """What a change would do: what is held and fails, what is withheld, the figures."""
    out = out or console()
    out.print(f"[bold]What is declared now, over the data of release {found.release}[/]")
    for d in found.next.domains:
        out.print(f"[red]{d.domain}: {d.before}, then {d.after}.[/] {escape(d.why)}")
    for d in found.still_held:
        out.print(f"[red]{d.domain}: held, and stays held.[/] {escape(d.why)}")
    changed = [*found.next.code, *found.next.reference, *(f"deliveries of {e}" for e in found.next.deliveries)]
    said = {"Changed": changed, "New": found.next.new, "Gone": found.next.gone}
    for title, names in said.items():
        if names:
            out.print(f"{title}: {escape(', '.join(names))}")
    _lookups(out, found.next.lookups)
    if not any(said.values()) and not found.next.domains:
        out.print("Nothing has changed that a figure stands on.")
    for f in found.failing:
        out.print(f"[{'red' if f.severity == 'error' else 'yellow'}]would fail[/] {f.name}: {escape(f.finding)}")
    for w in found.withheld:
        out.print(f"{w.table} withholds {w.then:,} numbers where it withholds {w.now:,} now.")
    out.print("\n[bold]The next release[/]")
    _figures(out, found.next.figures or [])
    if found.revised:
        out.print("\n[bold]After `ventetal revise`[/] these too: figures about persons that were published stand until then")
        _figures(out, found.revised)


def page(draw: "Callable[[Console], None]") -> str:
    """What `draw` prints, as a page of HTML that stands alone."""
    out = Console(record=True, width=180, file=StringIO(), highlight=False)
    draw(out)
    return out.export_html(inline_styles=True)


def cleaned(counts: list[dict[str, Any]], dry_run: bool) -> None:
    if not counts:
        print("There is nothing to delete.")
        return
    print("Would go:" if dry_run else "Deleted:")
    table(["what", "number", "MiB"], [(c["what"], c["number"], "" if c["bytes"] is None else f"{c['bytes'] / 2**20:.1f}") for c in counts])


def table(names: list[str], rows: list[tuple[Any, ...]], out: Console | None = None) -> None:
    """A result as a table, the first rows of it where there are many."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for i, name in enumerate(names):
        is_number = any(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in rows)
        shown.add_column(escape(name), justify="right" if is_number else "left", overflow="fold")
    for row in rows[:ROWS_SHOWN]:
        shown.add_row(*(escape(_cell(value)) for value in row))
    (out if out and out.record else console(wide=True)).print(shown)
    if len(rows) > ROWS_SHOWN:
        print(f"... {len(rows) - ROWS_SHOWN:,} more rows; --json prints all", file=sys.stderr)


def csv(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    # The module leaves a carriage return bare where lines end without one; readers would take it for the end of a row.
    has_return = any("\r" in str(value) for row in [names, *rows] for value in row)
    writer = csv_writer.writer(
        sys.stdout, lineterminator="\n", quoting=csv_writer.QUOTE_NONNUMERIC if has_return else csv_writer.QUOTE_MINIMAL
    )
    writer.writerows([[inert(value) for value in row] for row in [names, *rows]])


def report(built: Any) -> None:
    """Where the report lies and what it lacks."""
    out = console()
    out.print(f"Report      {built.period} from release {built.release}, {built.figures} figures, {built.seconds:.0f} s", soft_wrap=True)
    out.print(f"Read it     {built.path / 'index.html'}", soft_wrap=True)
    if built.empty:
        out.print(f"No numbers  {', '.join(built.empty)}: the page says why", soft_wrap=True)
    if built.without_pdf:
        out.print("No PDF      there is no Chromium on this machine that could print it", soft_wrap=True)
    if built.frozen:
        said = "was kept before and stays as it is" if built.was_frozen else "kept as sent"
        out.print(f"Frozen      {built.frozen} ({said})", soft_wrap=True)
    if built.cofinancing:
        report(built.cofinancing)


def catalogue(built: Any) -> None:
    """Where the catalogue lies and what is in it."""
    out = console()
    said = f"of release {built.release}, {built.tables} tables with their rows, {built.bytes / 1e6:.1f} MB, {built.seconds:.0f} s"
    out.print(f"Catalogue   {said}", soft_wrap=True)
    for fault in built.faults:
        out.print(f"Lacks       {fault}", soft_wrap=True)
    out.print(f"Read it     {built.path / 'index.html'}", soft_wrap=True)


def refused_as_csv(records: list[dict[str, Any]], file: TextIO) -> None:
    """Refused records with their text, a column for each the suppliers wrote; a ragged record stands whole in `original`."""
    texts = [r["original"] if isinstance(r["original"], dict) else {"original": r["original"]} for r in records]
    names = list(dict.fromkeys(name for text in texts for name in text))
    writer = csv_writer.writer(file, delimiter=";")
    writer.writerow(["file_name", "line", "reasons", *map(inert, names)])
    for record, text in zip(records, texts, strict=True):
        told = [record["file_name"], record["line"], "; ".join(record["reasons"]), *(text.get(n) for n in names)]
        writer.writerow([inert(value) for value in told])


def inert(value: Any) -> Any:
    """The value for a file a spreadsheet may open: a text it would take for a formula gets an apostrophe; a number is none."""
    is_formula = isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@")) and not NUMBER.fullmatch(value.strip())
    return f"'{value}" if is_formula else value


def escape(text: object) -> str:
    """A text from outside for the terminal: no markup, no control character that could move its cursor or set its title."""
    return escape_markup(CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", str(text)))


def _records(out: Console, records: list[dict[str, Any]]) -> None:
    for record in records[:ROWS_SHOWN]:
        original = f"  {record['original']}" if record.get("original") is not None else ""
        out.print(
            f"  {escape(record['file_name'])} line {record['line']}: {escape('; '.join(record['reasons']) + original)}", soft_wrap=True
        )
    if len(records) > ROWS_SHOWN:
        out.print(f"  ... {len(records) - ROWS_SHOWN:,} more; --json prints all")


def console(wide: bool = False) -> Console:
    """Lines are folded on a terminal and left whole in a file or pipe."""
    console = Console(highlight=False)
    if console.is_terminal and not wide:
        return console
    return Console(highlight=False, width=None if console.is_terminal else 10_000, soft_wrap=True)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value)
