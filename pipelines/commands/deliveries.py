"""Commands about deliveries: try a file, propose a layout, see what was refused, decide about a delivery."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets.lake.clock import instant, own_time, set_own_time, told_time
from assets.lake.decisions import accept_check, accept_delivery, withdraw_delivery
from assets.lake.files import Lake
from assets.lake.regions import EXAMPLE, own_tree
from pipelines import show
from pipelines.commands.console import Json, current, holding, notes, print_json
from sources.errors import Exit, Missing, NeedsAttention, WrongUsage
from sources.settings import IS_CHECKOUT, PROJECT, data_root, settings
from sources.tree import Tree

if TYPE_CHECKING:
    from sources.readers import Readers


def check(
    file: Annotated[Path, typer.Argument(help="A file as it would be delivered.", exists=True, dir_okay=False)],
    extract: Annotated[str, typer.Option(help="The extract it belongs to; found by its layout if not given.")] = "",
    show_values: Annotated[bool, typer.Option("--show-values", help="Show what the first records and the refused ones say.")] = False,
    as_json: Json = False,
) -> None:
    """A supplier's dry run: would this file be taken, after what the lake has, and which records would be refused? Writes nothing."""
    from assets.deliveries.awaited import why_it_would_wait

    extracts = _extracts(extract)
    with _reading() as readers:
        verdict = readers.check(file.absolute(), extracts, show_values)
    # A supplier has no lake, and an installed copy may not have been told of one.
    if verdict["would_be_taken"] and (IS_CHECKOUT or settings().data):
        lake = Lake(data_root())
        of = next(e for e in extracts if e.name == verdict["extract"])
        verdict["why_held"] = why_it_would_wait(lake, of, verdict, told_time(lake).at)
        verdict["would_be_taken"] = not verdict["why_held"]
    show.verdict(verdict) if not as_json else print_json(verdict)
    is_clean = verdict["would_be_taken"] and not verdict["quarantined"]
    raise typer.Exit(Exit.DONE if is_clean else Exit.ATTENTION)


def layout(
    file: Annotated[Path, typer.Argument(help="A file no layout fits yet.", exists=True, dir_okay=False)],
    extract: Annotated[str, typer.Option(help="The extract it belongs to; the likeliest if not given.")] = "",
    show_values: Annotated[bool, typer.Option("--show-values", help="Show the first records also where there are persons.")] = False,
) -> None:
    """Propose a layout for an unknown file, by names and values, to be corrected by a person and tried with `check`.

    The layout goes to stdout, what is read by it to stderr.

    Example: `ventetal layout probes-2015-05.csv > sources/response_times/layouts/new_robot.yaml`
    """
    with _reading() as readers:
        found = readers.propose(file.absolute(), _extracts(extract, has_layouts=False), show_values)
    print(found["layout"], end="")
    show.proposal(found, notes)


def quarantine(
    extract: Annotated[str, typer.Option(help="Only this extract.")] = "",
    records: Annotated[bool, typer.Option("--records", help="List the refused records: file, line, reasons.")] = False,
    show_values: Annotated[bool, typer.Option("--show-values", help="With --records, what they say.")] = False,
    export: Annotated[
        Path | None, typer.Option(help="Write the refused records with what they say to this CSV file, to be mended.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Refused files and records of the current release, with their reasons."""
    from assets.releases.quarantine import refused

    lake = Lake(data_root())
    wants_all = export is not None
    found = refused(lake, current(lake), extract, with_records=records or wants_all, with_values=show_values or wants_all)
    if export is not None:
        with export.open("w", encoding="utf-8-sig", newline="") as file:
            show.refused_as_csv(found["records"], file)
        notes.print(f"{len(found['records'])} refused records are in {export}; it holds what suppliers wrote, so keep it as you keep that.")
        return
    show.quarantine(found) if not as_json else print_json(found)


def accept(
    what: Annotated[str, typer.Argument(help="What `status` names: the receipt of a held delivery, or a failing check as table.check.")],
    reason: Annotated[str, typer.Option(help="Why it may pass.")],
    until: Annotated[str, typer.Option(help="Of a check, required: the last day (YYYY-MM-DD) on which it may fail.")] = "",
) -> None:
    """Let a held delivery through, or let a check fail until a date: a known error of the supplier. The next run obeys.

    Examples: `ventetal accept pathways-6c30169882a7 --reason "the supplier says so"`;
    `ventetal accept marts.response_time_monthly.sla_target_is_given --until 2015-06-30 --reason "targets come in June"`
    """
    if "." in what:
        _accept_check(what, until, reason)
        return
    if until:
        raise WrongUsage("--until goes with a check; a delivery is let through for good.")
    from assets.deliveries.intake import read_again

    lake = Lake(data_root())
    with holding(lake, "accept"):
        # The decision first: a file that is back in landing without it would be held and taken.
        accept_delivery(lake, what, reason, told_time(lake).at)
        read_again(lake, what)
    notes.print(f"{what} is accepted; the next run takes it.")


def withdraw(
    receipt: Annotated[str, typer.Argument(help="The receipt of the delivery, as meta.receipt names it.")],
    reason: Annotated[str, typer.Option(help="Why it must not count.")],
) -> None:
    """Take a delivery back: the wrong file was sent. What it replaced stands again from the next run on."""
    lake = Lake(data_root())
    withdraw_delivery(lake, receipt, reason, told_time(lake).at)
    notes.print(f"{receipt} is withdrawn; the next run leaves it out.")


def purge(
    receipts: Annotated[list[str], typer.Argument(help="The receipts of the deliveries, as meta.receipt names them.")],
    reason: Annotated[str, typer.Option(help="Why nothing of them may be kept; without names of persons.")],
) -> None:
    """Delete a delivery and all that was read of it: the wrong patients were sent. Nothing brings it back."""
    from assets.releases.purge import purge as purge_all

    lake = Lake(data_root())
    with holding(lake, "purge"):
        purge_all(lake, receipts, reason, told_time(lake).at)
    notes.print(
        f"Nothing of {', '.join(receipts)} is in {lake.root} any more but the decision; the next run computes without it.", soft_wrap=True
    )
    notes.print(
        "Published final figures stand until `ventetal revise`. Backups keep what they hold: deploy/README.md says what to do.",
        soft_wrap=True,
    )


def examples(
    seed: Annotated[int, typer.Option(help="Another seed, another region.")] = 1,
    scale: Annotated[float, typer.Option(help="1 is about a million records.", min=0.01)] = 1.0,
    now_: Annotated[
        str,
        typer.Option(
            "--now", help="The day or time at which the examples live. A lake that has its examples gets none again: its clock moves on."
        ),
    ] = "",
) -> None:
    """Put the deliveries of an invented region into landing. The lake then lives by a clock of its own, at 2015-06-01."""
    from sources.examples.delivery import LIVES_AT
    from sources.examples.region import write_example_region

    lake = Lake(data_root())
    lake.prepare()
    has_clock = own_time(lake) is not None
    if not has_clock and any(lake.receipts.glob("*.json")):
        raise WrongUsage(f"{lake.root} holds deliveries and lives by the clock of this machine: it is no lake of examples.")
    if now_ or not has_clock:
        with holding(lake, "examples"):
            set_own_time(lake, instant(now_ or LIVES_AT, "--now"))
    if now_ and has_clock:
        notes.print(f"It is {now_} in {lake.root}; the next run takes that for now.")
        return
    written = write_example_region(lake.landing, PROJECT / "data" / "examples", Tree(PROJECT, EXAMPLE), seed, scale)
    notes.print(f"{len(written)} files, {sum(p.stat().st_size for p in written) >> 20} MiB, are in {lake.landing}")


@contextmanager
def _reading() -> Iterator["Readers"]:
    """Processes that read files, without a lake."""
    from sources.readers import NotReadable, Readers, Stopped

    with TemporaryDirectory() as scratch:
        readers = Readers(Path(scratch), Path(scratch))
        try:
            yield readers
        except (NotReadable, Stopped) as error:
            raise NeedsAttention(f"The file could not be read: {error}.") from None
        finally:
            readers.close()


def _extracts(name: str, has_layouts: bool = True) -> list[Any]:
    """The extract of that name, or all for ''; what cannot be used of those asked for is told. A new layout may stand empty in its place
    while it is being proposed.
    """
    from assets.catalog.loading import load_catalog

    catalog = load_catalog(own_tree())
    extracts = {n: e for n, e in catalog.extracts.items() if e.is_usable or not has_layouts}
    faults = [f.sentence for f in catalog.faults if f.where.startswith(f"sources/{name}")]
    if name and name not in extracts:
        raise Missing(" ".join(faults) or f"There is no extract {name}; there are {', '.join(extracts)}.")
    for sentence in faults:
        notes.print(sentence, markup=False, soft_wrap=True)
    if not extracts:
        raise NeedsAttention(" ".join(f.sentence for f in catalog.faults) or "No extract is declared.")
    return [extracts[name]] if name else list(extracts.values())


def _accept_check(check: str, until: str, reason: str) -> None:
    from assets.catalog.declared import acceptable_checks
    from assets.catalog.loading import load_catalog

    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise WrongUsage(f"{until!r} is no date; say until when with --until YYYY-MM-DD.") from None
    if check not in acceptable_checks(load_catalog(own_tree())):
        raise Missing(f"There is no check {check} that may be accepted; meta.check_result names table_name and check_name.")
    lake = Lake(data_root())
    accept_check(lake, check, last, reason, told_time(lake).at)
    notes.print(f"{check} may fail until {last}; the next run obeys, and says so wherever the figures are shown.", soft_wrap=True)
