"""What the commands share: how they end, output for people and machines, and the words for what does not exist."""

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec

import typer
from rich.console import Console

from assets.lake import clock
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.manifests import NoRelease
from assets.lake.migration import migrate
from pipelines import status_screen
from sources.errors import Exit, ToldError, told
from sources.settings import data_root, mistyped, settings

if TYPE_CHECKING:
    from assets.catalog.declared import Catalog

notes = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]
Parameters = ParamSpec("Parameters")


def ending(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """The command, ended as its error says (`sources.errors`); a fault of the program is told by its kind and place.

    The text of such an error is left out.
    """

    @wraps(command)
    def ends(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        try:
            settings()  # refused, where they cannot be meant, by commands too that ask for none
            for sentence in mistyped():
                notes.print(sentence, markup=False, soft_wrap=True)
            command(*arguments, **options)
        except ToldError as error:
            stop(error.exit, str(error))
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as fault:
            said = told(type(fault).__name__, str(fault))
            stop(Exit.BROKEN, f"{''.join(traceback.format_tb(fault.__traceback__))}{said}. It broke off there; what was published stands.")

    return ends


def print_summary(
    release: Path,
    arrived: list[str],
    as_json: bool,
    seconds: float | None,
    more: dict[str, Any] | None = None,
    catalog: "Catalog | None" = None,
) -> bool:
    """Print what a release says of itself; whether a person must look. `catalog` tells what can be done about a check."""
    from assets.releases.summary import summarise

    summary = summarise(release, arrived) | {"seconds": seconds} | (more or {})
    failing = [check for item in summary["attention"] for check in item.get("checks", [])]
    if catalog and failing:
        from assets.catalog.declared import acceptable_checks
        from assets.releases.offenders import shows_rows

        acceptable = acceptable_checks(catalog)
        summary["ways_out"] = {c: {"shows_rows": shows_rows(catalog, c), "may_be_accepted": c in acceptable} for c in failing}
    status_screen.summary(summary, data_root()) if not as_json else print_json(summary)
    needs_person, _ = status_screen.attention(summary)
    return bool(needs_person)


def current(lake: Lake) -> Path:
    """The release analysts see. Raises NoRelease."""
    release: Path | None = lake.current_release
    if release is None:
        raise NoRelease(f"There is no release in {lake.releases} yet; `ventetal run` makes one.")
    return release


@contextmanager
def holding(lake: Lake, who: str) -> Iterator[None]:
    """The lake for writing, in today's layout. Raises Locked where another process has it."""
    with writing(lake, who, clock.host.now()):
        migrate(lake)
        yield


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
