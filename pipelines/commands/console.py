"""What the commands share: exit codes, output for people and machines, and the words for what does not exist."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from pipelines import show
from pipelines.settings import data_root

if TYPE_CHECKING:
    from assets.lake.files import Lake

notes = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


class Exit(IntEnum):
    """Exit codes; see `pipelines.cli`."""

    DONE, ATTENTION, USAGE, LOCKED, MISSING, BROKEN = range(6)


def print_summary(release: Path, arrived: list[str], as_json: bool, seconds: float | None, more: dict[str, Any] | None = None) -> None:
    from assets.releases.summary import summarise

    summary = summarise(release, arrived) | {"seconds": seconds} | (more or {})
    show.summary(summary, data_root()) if not as_json else print_json(summary)


def current(lake: "Lake") -> Path:
    release: Path | None = lake.current_release
    if release is None:
        stop(Exit.MISSING, f"There is no release in {lake.releases} yet; `ventetal run` makes one.")
    return release


def now(lake: "Lake") -> datetime:
    """What time it is for the lake; a setting that says no time ends the command."""
    from assets.lake.clock import NoTime, told_time

    try:
        return told_time(lake).at
    except NoTime as none:
        stop(Exit.USAGE, str(none))


@contextmanager
def holding(lake: "Lake", who: str) -> Iterator[None]:
    """The lake for writing, in today's layout; the command ends where another process has it."""
    from assets.lake.files import Locked
    from assets.lake.takeover import take_over

    try:
        with lake.writer(who, datetime.now()):
            take_over(lake)
            yield
    except Locked as locked:
        stop(Exit.LOCKED, str(locked))


def print_json(value: Any) -> None:
    """A record, a list of them, or what JSON knows itself."""
    print(
        json.dumps(
            value, ensure_ascii=False, indent=2, default=lambda v: asdict(v) if is_dataclass(v) and not isinstance(v, type) else str(v)
        )
    )


def stop(code: Exit, sentence: str) -> NoReturn:
    notes.print(sentence, markup=False, soft_wrap=True)
    raise typer.Exit(code)
