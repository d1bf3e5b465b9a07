"""What the commands share: exit codes, output for people and machines, and the words for what does not exist."""

import json
import os
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from pipelines import show
from pipelines.settings import data_root

notes = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


class Exit(IntEnum):
    """Exit codes; see `pipelines.cli`."""

    DONE, ATTENTION, USAGE, LOCKED, MISSING, BROKEN = range(6)


def print_summary(release: Path, arrived: list[str], as_json: bool, seconds: float | None, more: dict[str, Any] | None = None) -> None:
    from assets.summary import summarise

    summary = summarise(release, arrived) | {"seconds": seconds} | (more or {})
    show.summary(summary, data_root()) if not as_json else print_json(summary)


def current(lake: Any) -> Path:
    release: Path | None = lake.current_release
    if release is None:
        stop(Exit.MISSING, f"There is no release in {lake.releases} yet; `ventetal run` makes one.")
    return release


def now() -> datetime:
    as_of = os.environ.get("VENTETAL_AS_OF")
    return datetime.fromisoformat(as_of) if as_of else datetime.now()


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def stop(code: Exit, sentence: str) -> NoReturn:
    notes.print(sentence, markup=False, soft_wrap=True)
    raise typer.Exit(code)
