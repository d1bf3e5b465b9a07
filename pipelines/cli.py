"""The command line: what an operator does, in the words of an operator. Results go to stdout, everything else to stderr.

Exit codes: 0 done; 1 done, and a person must look (a domain is held, a supplier's file would be refused); 2 wrong usage;
3 another run holds the lake; 4 what was asked for does not exist; 5 the run broke off.
"""

import json
import os
import sys
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from pipelines import show
from pipelines.definitions import JOB, PROJECT, assemble, data_root

app = typer.Typer(
    help="From the extracts of a health region to published waiting figures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
releases_app = typer.Typer(help="List releases, roll back to one, resume.", no_args_is_help=True)
app.add_typer(releases_app, name="releases")
notes = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


class Exit(IntEnum):
    """Exit codes; see the module's docstring."""

    DONE, ATTENTION, USAGE, LOCKED, MISSING, BROKEN = range(6)


@app.command()
def run(
    as_of: Annotated[str, typer.Option("--as-of", help="Make the release of an earlier time, beside the current one.")] = "",
    as_json: Json = False,
) -> None:
    """Take in what was delivered, make the tables, publish what passes."""
    if as_of:
        _run_as_of(as_of, as_json)
    from assets.lake import Lake, Locked

    lake = Lake(data_root())
    try:
        with lake.writer("a run about to start", datetime.now()):
            before = _receipt_ids(lake)
            _check_key(lake)
    except Locked as locked:
        _stop(Exit.LOCKED, str(locked))
    from pipelines.nightly import instance, run_job

    with instance(PROJECT, data_root()) as on:
        finished = run_job(assemble(PROJECT, data_root()), JOB, on)
    held = "Failure" in finished.errors.get("release", "")
    if not finished.ok and not held:
        locked_out = next((e for e in finished.errors.values() if "Another run holds" in e), "")
        if locked_out:
            _stop(Exit.LOCKED, locked_out[locked_out.index("Another run holds") :])
        said = "\n".join(f"{step}: {error}" for step, error in finished.errors.items())
        _stop(Exit.BROKEN, f"The run broke off; the release before it stands. {said}")
    release = lake.current_release
    assert release is not None
    _print_summary(release, sorted(_receipt_ids(lake) - before), as_json, finished.seconds)
    raise typer.Exit(Exit.ATTENTION if held else Exit.DONE)


@app.command()
def status(as_json: Json = False) -> None:
    """How things stand: the current release, its domains, what waits in landing."""
    from assets.lake import Lake
    from assets.publish import pinned

    lake = Lake(data_root())
    release = _current(lake)
    waiting = [f"{p.parent.name}/{p.name}" for p in sorted(lake.landing.glob("*/*")) if p.is_file() and not p.name.startswith(".")]
    _print_summary(release, [], as_json, None, {"waiting": waiting, "rolled_back_to": pinned(lake)})


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A file as it would be delivered.", exists=True, dir_okay=False)],
    extract: Annotated[str, typer.Option(help="The extract it belongs to; found by its layout if not given.")] = "",
    show_values: Annotated[bool, typer.Option("--show-values", help="Show what the refused records say.")] = False,
    as_json: Json = False,
) -> None:
    """A supplier's dry run: would this file be taken, and which records would be refused? Writes nothing."""
    import tempfile

    from sources.dry_run import NoExtract, dry_run

    candidates = _extracts(extract)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            verdict = dry_run(file, candidates, Path(scratch), show_values)
        except NoExtract as none:
            verdict = {"file": file.name, "would_be_taken": False, "refusals": none.refusals}
    show.verdict(verdict) if not as_json else _print_json(verdict)
    is_clean = verdict["would_be_taken"] and not verdict["quarantined"]
    raise typer.Exit(Exit.DONE if is_clean else Exit.ATTENTION)


@app.command()
def layout(
    file: Annotated[Path, typer.Argument(help="A file no layout fits yet.", exists=True, dir_okay=False)],
    extract: Annotated[str, typer.Option(help="The extract it belongs to; the likeliest if not given.")] = "",
) -> None:
    """Propose a layout for an unknown file, to be corrected by a person and tried with `check`."""
    import tempfile

    from sources.dry_run import unpacked
    from sources.propose import propose
    from sources.reasons import Refused

    candidates = _extracts(extract)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            inside, name = unpacked(file, Path(scratch))
            _, text = propose(inside, name, candidates)
        except Refused as refused:
            _stop(Exit.ATTENTION, refused.sentence)
    print(text, end="")


@app.command()
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
    from assets.lake import Lake
    from assets.quarantine import refused

    lake = Lake(data_root())
    wants_all = export is not None
    found = refused(lake, _current(lake), extract, with_records=records or wants_all, with_values=show_values or wants_all)
    if export is not None:
        with export.open("w", encoding="utf-8-sig", newline="") as file:
            show.refused_as_csv(found["records"], file)
        notes.print(f"{len(found['records'])} refused records are in {export}; it holds what suppliers wrote, so keep it as you keep that.")
        return
    show.quarantine(found) if not as_json else _print_json(found)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL on marts, reference and meta.")],
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV; what a spreadsheet would take for a formula gets an apostrophe.")
    ] = False,
) -> None:
    """Ask the current release, read-only."""
    import duckdb

    from assets.lake import Lake
    from assets.summary import open_release

    with open_release(_current(Lake(data_root()))) as con:
        try:
            found = con.execute(sql)
            names, rows = [d[0] for d in found.description or []], found.fetchall()
        except duckdb.Error as error:
            _stop(Exit.USAGE, str(error))
    if as_json:
        _print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif as_csv:
        show.csv(names, rows)
    else:
        show.table(names, rows)


@app.command()
def accept(
    receipt: Annotated[str, typer.Argument(help="The receipt of a held delivery, as `status` names it.")],
    reason: Annotated[str, typer.Option(help="Why it may replace what stands.")],
) -> None:
    """Let a held delivery through; the next run takes it."""
    from assets.decisions import UnknownReceipt, accept_delivery
    from assets.lake import Lake

    try:
        accept_delivery(Lake(data_root()), receipt, reason, _now())
    except UnknownReceipt:
        _stop(Exit.MISSING, f"There is no receipt {receipt}; `ventetal status` names those that are held.")
    notes.print(f"{receipt} is accepted; the next run takes it.")


@app.command()
def withdraw(
    receipt: Annotated[str, typer.Argument(help="The receipt of the delivery, as meta.receipt names it.")],
    reason: Annotated[str, typer.Option(help="Why it must not count.")],
) -> None:
    """Take a delivery back: the wrong file was sent. What it replaced stands again from the next run on."""
    from assets.decisions import UnknownReceipt, withdraw_delivery
    from assets.lake import Lake

    try:
        withdraw_delivery(Lake(data_root()), receipt, reason, _now())
    except UnknownReceipt:
        _stop(Exit.MISSING, f'There is no receipt {receipt}; `ventetal query "from meta.receipt"` lists them.')
    notes.print(f"{receipt} is withdrawn; the next run leaves it out.")


@app.command()
def rebuild(into: Annotated[Path, typer.Option(help="An empty folder for the new data root.")], as_json: Json = False) -> None:
    """Make everything again from the archive into an empty lake, and compare with the current release."""
    from assets.catalog import load_catalog
    from assets.lake import Lake
    from assets.rebuild import rebuilt

    if into.exists() and any(into.iterdir()):
        _stop(Exit.USAGE, f"{into} is not empty.")
    lake = Lake(data_root())
    compared = rebuilt(lake, Lake(into), load_catalog(PROJECT), _current(lake))
    show.comparison(compared) if not as_json else _print_json(compared)
    raise typer.Exit(Exit.DONE if all(c["equal"] for c in compared) else Exit.ATTENTION)


@app.command()
def examples(
    seed: Annotated[int, typer.Option(help="Another seed, another region.")] = 1,
    scale: Annotated[float, typer.Option(help="1 is about a million records.", min=0.01)] = 1.0,
) -> None:
    """Put the deliveries of an invented region into landing."""
    from assets.lake import Lake
    from sources.examples.region import write_example_region

    lake = Lake(data_root())
    lake.prepare()
    written = write_example_region(lake.landing, PROJECT / "data" / "examples", PROJECT / "data" / "reference", seed, scale)
    notes.print(f"{len(written)} files, {sum(p.stat().st_size for p in written) >> 20} MiB, are in {lake.landing}")


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000) -> None:
    """Open Dagster on this machine over the same runs. It has no login: it listens on the loopback address only."""
    from pipelines.nightly import instance_home

    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    if home := instance_home(PROJECT, data_root()):
        os.environ["DAGSTER_HOME"] = str(home)
    os.chdir(PROJECT)
    notes.print(f"Dagster will be at http://127.0.0.1:{port} in a few seconds. Stop it with Ctrl-C.")
    os.execv(sys.executable, [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)])


@releases_app.command("list")
def list_releases(as_json: Json = False) -> None:
    """The releases there are, newest first."""
    from assets.lake import Lake
    from assets.publish import pinned, releases

    lake = Lake(data_root())
    current, pin = lake.current_release, pinned(lake)
    found = [
        {k: m[k] for k in ("release", "line", "as_of", "created_at")}
        | {"is_current": bool(current and current.name == m["release"]), "is_rolled_back_to": m["release"] == pin}
        for m in releases(lake)
    ]
    show.releases(found) if not as_json else _print_json(found)


@releases_app.command("roll-back")
def roll_back_to(release: Annotated[str, typer.Argument(help="A release, as `releases list` names it.")]) -> None:
    """Show an earlier release until `resume`; runs go on making new ones."""
    from assets.lake import Lake
    from assets.publish import roll_back

    try:
        roll_back(Lake(data_root()), release)
    except FileNotFoundError:
        _stop(Exit.MISSING, f"There is no release {release}; `ventetal releases list` names them.")
    notes.print(f"{release} is current until `ventetal releases resume`.")


@releases_app.command("resume")
def resume_releases() -> None:
    """Show the newest release again."""
    from assets.lake import Lake
    from assets.publish import resume

    lake = Lake(data_root())
    _current(lake)
    notes.print(f"{resume(lake)} is current.")


def main() -> None:
    app()


def _run_as_of(as_of: str, as_json: bool) -> NoReturn:
    """A release of what had been received by then; the pointer and the nightly states stay as they are."""
    from assets.catalog import load_catalog
    from assets.lake import Lake, Locked
    from assets.night import Night
    from assets.publish import publish

    try:
        now = datetime.fromisoformat(as_of)
    except ValueError:
        _stop(Exit.USAGE, f"{as_of!r} is no ISO date or time, like 2015-05-01 or 2015-05-01T06:00.")
    lake = Lake(data_root())
    try:
        with lake.writer(f"run --as-of {as_of}", datetime.now()):
            _check_key(lake)
            night = Night(lake, load_catalog(PROJECT), now, f"as of {as_of}")
            night.run()
            made = publish(night)
    except Locked as locked:
        _stop(Exit.LOCKED, str(locked))
    _print_summary(made.path, [], as_json, None)
    raise typer.Exit(Exit.ATTENTION if made.held else Exit.DONE)


def _print_summary(release: Path, arrived: list[str], as_json: bool, seconds: float | None, more: dict[str, Any] | None = None) -> None:
    from assets.summary import summarise

    summary = summarise(release, arrived) | {"seconds": seconds} | (more or {})
    show.summary(summary, data_root()) if not as_json else _print_json(summary)


def _extracts(name: str) -> list[Any]:
    """The extract of that name, or all for ''."""
    from assets.catalog import load_catalog

    extracts = load_catalog(PROJECT).extracts
    if name and name not in extracts:
        _stop(Exit.MISSING, f"There is no extract {name}; there are {', '.join(extracts)}.")
    return [extracts[name]] if name else list(extracts.values())


def _current(lake: Any) -> Path:
    release: Path | None = lake.current_release
    if release is None:
        _stop(Exit.MISSING, f"There is no release in {lake.releases} yet; `ventetal run` makes one.")
    return release


def _check_key(lake: Any) -> None:
    """Stop with its sentence where the pseudonym key is missing or another than the lake's."""
    from assets.catalog import load_catalog
    from assets.person_key import check_person_key
    from sources.pseudonym import KeyRefused

    try:
        check_person_key(lake, load_catalog(PROJECT))
    except KeyRefused as refused:
        _stop(Exit.USAGE, str(refused))


def _receipt_ids(lake: Any) -> set[str]:
    return {p.stem for p in lake.receipts.glob("*.json")}


def _now() -> datetime:
    as_of = os.environ.get("VENTETAL_AS_OF")
    return datetime.fromisoformat(as_of) if as_of else datetime.now()


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _stop(code: Exit, sentence: str) -> NoReturn:
    notes.print(sentence, markup=False, soft_wrap=True)
    raise typer.Exit(code)
