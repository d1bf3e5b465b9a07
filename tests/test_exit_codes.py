"""How each command ends: every exit code of the README, provoked in every command that can end with it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
import typer

from assets.lake.files import Lake, save
from assets.lake.lock import writing
from assets.lake.manifests import manifest
from assets.lake.regions import SETTING as REGION
from pipelines.cli import app
from sources.errors import Exit, Locked, ToldError, WrongUsage, exit_of
from sources.settings import PROJECT
from tests import commands
from tests.conftest import AS_OF

NEVER = "servicedesk_calls-000000000000"
CHECK = "core.pathway.defects_are_rare"


@dataclass(frozen=True)
class Place:
    """Where a command is called: the data root, a supplier's file that fits, and one that nothing fits."""

    data: Path
    fits: Path
    unknown: Path


@dataclass(frozen=True)
class Ends:
    """A command line and how it ends. `$fits` and `$unknown` are files, `$folder` is not there yet, `$release` is the current release,
    `$receipt` a held or other one.
    """

    code: Exit
    line: str
    said: str = ""
    environment: str = ""
    file_size: int | None = None


EMPTY = [
    Ends(Exit.ATTENTION, "run", "held"),
    Ends(Exit.ATTENTION, "check $unknown", "would be refused"),
    Ends(Exit.ATTENTION, "layout $unknown", "."),
    Ends(Exit.DONE, "check $fits"),
    Ends(Exit.DONE, "layout $fits"),
    Ends(Exit.DONE, "examples --scale 0.01"),
    Ends(Exit.DONE, f"accept {CHECK} --until 2015-06-30 --reason x"),
    Ends(Exit.DONE, "clean --dry-run"),
    Ends(Exit.DONE, "releases list"),
    Ends(Exit.MISSING, "status", "There is no release"),
    Ends(Exit.MISSING, "quarantine", "There is no release"),
    Ends(Exit.MISSING, "query 1", "There is no release"),
    Ends(Exit.MISSING, "offenders marts.response_time_monthly.columns", "has not been made yet"),
    Ends(Exit.MISSING, "diff 20150601-00000000", "There is no release"),
    Ends(Exit.MISSING, "report", "There is no release"),
    Ends(Exit.MISSING, "catalogue", "There is no release"),
    Ends(Exit.MISSING, "preview", "There is no release"),
    Ends(Exit.MISSING, "rebuild", "There is no release"),
    Ends(Exit.MISSING, "releases roll-back 20150601-00000000", "There is no release"),
    Ends(Exit.MISSING, "releases resume", "There is no release"),
    Ends(Exit.MISSING, "check $fits --extract nothing", "There is no extract nothing"),
    Ends(Exit.MISSING, "layout $fits --extract nothing", "There is no extract nothing"),
    Ends(Exit.MISSING, f"accept {NEVER} --reason x", "There is no receipt"),
    Ends(Exit.MISSING, "accept core.pathway.nothing --until 2015-06-30 --reason x", "There is no check"),
    Ends(Exit.MISSING, f"withdraw {NEVER} --reason x", "There is no receipt"),
    Ends(Exit.MISSING, f"purge {NEVER} --reason x", "There is no receipt"),
    Ends(Exit.ATTENTION, "region check", "Pseudonym key"),
    Ends(Exit.DONE, "region new $folder --id nord --name Nord"),
    Ends(Exit.USAGE, "region new $folder --id Nord --name Nord", "is no id of a region"),
    Ends(Exit.USAGE, "region check", "there is no such folder", "VENTETAL_REGION=/nowhere"),
    Ends(Exit.USAGE, "run", "there is no such folder", "VENTETAL_REGION=/nowhere"),
    Ends(Exit.BROKEN, "region new $folder --id nord --name Nord", "File too large", file_size=0),
    Ends(Exit.MISSING, "revise --reason x", "There is no release"),
    Ends(Exit.USAGE, "revise april --reason x", "is no month"),
    Ends(Exit.USAGE, "run --as-of yesterday", "no date or local time"),
    Ends(Exit.USAGE, "run --as-of 2015-06-02", "has not come yet"),
    Ends(Exit.USAGE, "run", "VENTETAL_AS_OF", "VENTETAL_AS_OF=noon"),
    Ends(Exit.USAGE, "run", "There is no pseudonym key", "VENTETAL_ENV=production"),
    Ends(Exit.USAGE, "run", "is no size like 4GB", "VENTETAL_MEMORY_LIMIT=plenty"),
    Ends(Exit.USAGE, "run", "holds no private Ed25519 key", "VENTETAL_SIGNING_KEY_FILE=/dev/null"),
    Ends(Exit.MISSING, "restore /nowhere", "names no release"),
    Ends(Exit.MISSING, "verify", "There is no release"),
    Ends(Exit.USAGE, "check $fits", "is no size like 4GB", "VENTETAL_MEMORY_LIMIT=plenty"),
    Ends(Exit.USAGE, "report --month april", "no month"),
    Ends(Exit.USAGE, f"accept {NEVER} --until 2015-06-30 --reason x", "--until goes with a check"),
    Ends(Exit.USAGE, f"accept {CHECK} --until soon --reason x", "is no date"),
    Ends(Exit.USAGE, f"accept {CHECK} --until 2015-06-30 --reason x", "VENTETAL_AS_OF", "VENTETAL_AS_OF=noon"),
    Ends(Exit.USAGE, "clean", "VENTETAL_AS_OF", "VENTETAL_AS_OF=noon"),
    Ends(Exit.USAGE, "examples --now noon", "no date or local time"),
    Ends(Exit.USAGE, "serve code", "too long a name for a socket", f"VENTETAL_CODE_SOCKET=/{'x' * 107}"),
    Ends(Exit.BROKEN, "run", "File too large", file_size=0),
    Ends(Exit.BROKEN, "run", "", file_size=100_000),
    Ends(Exit.BROKEN, "examples", "File too large", file_size=0),
    Ends(Exit.BROKEN, "check $fits", "File too large", file_size=0),
    Ends(Exit.BROKEN, "layout $fits", "File too large", file_size=0),
    Ends(Exit.BROKEN, f"accept {CHECK} --until 2015-06-30 --reason x", "File too large", file_size=0),
    Ends(Exit.BROKEN, "clean", "File too large", file_size=0),
    Ends(Exit.BROKEN, "releases roll-back 20150601-00000000", "File too large", file_size=0),
    Ends(Exit.BROKEN, "releases resume", "File too large", file_size=0),
    Ends(Exit.BROKEN, "ui", "File too large", file_size=0),
    Ends(Exit.BROKEN, "serve daemon", "File too large", file_size=0),
]
# That run, report and rebuild end with 0 is shown where it is shown what they make: test_cli, test_readme, test_history.
PUBLISHED = [
    Ends(Exit.DONE, "status"),
    Ends(Exit.DONE, "quarantine"),
    Ends(Exit.DONE, "query from_meta"),
    Ends(Exit.DONE, "offenders marts.response_time_monthly.probe_is_not_suspect"),
    Ends(Exit.MISSING, "offenders marts.response_time_monthly.nothing", "There is no check"),
    Ends(Exit.MISSING, "offenders marts.response_time_monthly.columns", "about the whole table"),
    Ends(Exit.MISSING, "offenders core.pathway.end_codes_are_known", "tells of few persons"),
    Ends(Exit.DONE, "diff $release"),
    Ends(Exit.DONE, "preview"),
    Ends(Exit.DONE, "releases list"),
    Ends(Exit.DONE, "verify"),
    Ends(Exit.MISSING, "verify 20150601-00000000", "There is no release at"),
    Ends(Exit.USAGE, "verify --key /dev/null", "holds no public Ed25519 key"),
    Ends(Exit.USAGE, "restore $data", "holds a lake already"),
    Ends(Exit.DONE, "releases roll-back $release"),
    Ends(Exit.DONE, "releases resume"),
    Ends(Exit.DONE, "withdraw $receipt --reason x"),
    Ends(Exit.DONE, "accept $receipt --reason x"),
    Ends(Exit.DONE, "revise 2015-03 --reason x"),
    Ends(Exit.BROKEN, "revise --reason x", "File too large", file_size=0),
    Ends(Exit.MISSING, "diff 20150601-00000000", "There is no release 20150601-00000000"),
    Ends(Exit.MISSING, "releases roll-back 20150601-00000000", "There is no release 20150601-00000000"),
    Ends(Exit.DONE, "catalogue --json"),
    Ends(Exit.BROKEN, "catalogue", "File too large", file_size=0),
    Ends(Exit.MISSING, "report --month 2030-01", "There is no figure of 2030-01 in the release: its months are "),
    Ends(Exit.MISSING, "report --month 1999-12", "There is no figure of 1999-12"),
    Ends(Exit.USAGE, "query 'selec 1'", "syntax error"),
    Ends(Exit.USAGE, "withdraw $receipt --reason x", "VENTETAL_AS_OF", "VENTETAL_AS_OF=noon"),
    Ends(Exit.USAGE, "rebuild", "pseudonym key", "VENTETAL_PSEUDONYM_KEY=another key than the one before, long enough"),
    Ends(Exit.USAGE, "examples", "it is no lake of examples"),
    Ends(Exit.BROKEN, "withdraw $receipt --reason x", "File too large", file_size=0),
    Ends(Exit.BROKEN, "rebuild", "File too large", file_size=0),
    Ends(Exit.BROKEN, "purge $receipt --reason x", "File too large", file_size=0),
    Ends(Exit.DONE, "purge $receipt --reason x"),
]
GARBLED = ["status", "quarantine", "query 1", "diff $release", "report --month 2015-04", "catalogue", "rebuild", "releases list"]
LOCKED = ["run", "preview", "rebuild", "clean", "purge $receipt --reason x", "examples", "releases roll-back $release", "releases resume"]


def called(place: Place, ends: Ends) -> subprocess.CompletedProcess[str]:
    lake = Lake(place.data)
    names = {
        "$fits": str(place.fits),
        "$unknown": str(place.unknown),
        "$data": str(place.data),
        "$folder": str(place.data.parent / "region"),
        "$release": lake.current_release.name if lake.current_release else "none",
        "$receipt": next((p.stem for p in sorted(lake.receipts.glob("*.json"))), "none"),
        "from_meta": "select count(*) from meta.receipt",
    }
    arguments = [names.get(word, word) for word in (a or b for a, b in re.findall(r"'([^']*)'|(\S+)", ends.line))]
    said = {**os.environ, "VENTETAL_DATA": str(place.data), "VENTETAL_AS_OF": AS_OF}
    setting, _, value = ends.environment.partition("=")
    said |= {setting: value} if setting else {}
    if setting == "VENTETAL_ENV":
        # An invented region is refused there before anything else.
        said.pop(REGION, None)
    said.pop("DAGSTER_HOME", None)
    return commands.called(tuple(arguments), said, ends.file_size)


def ends_as_it_should(place: Place, ends: Ends) -> None:
    done = called(place, ends)
    told = done.stdout + done.stderr
    assert done.returncode == ends.code, told[-3000:]
    assert ends.said in told
    assert "Traceback (most recent call last)" not in told


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A supplier's file that fits a layout, and one that fits none and has no table in it."""
    folder = tmp_path_factory.mktemp("files")
    fits = folder / "svartider_2015-04_leveret-20150504-0615.csv"
    header = "System;Handling;Klasse;Lokation;Start (UTC);Varighed ms;Status"
    fits.write_text(f"{header}\nOrbit;login;Tung;Herlev;2015-04-01T10:00:00Z;100;OK\n", "utf-8")
    (folder / "empty.csv").write_bytes(b"")
    return fits, folder / "empty.csv"


@pytest.fixture
def nothing(tmp_path: Path, files: tuple[Path, Path]) -> Place:
    """A lake before its first delivery, in a folder whose name is the word for what goes wrong."""
    return Place(tmp_path / "Failure", *files)


@pytest.fixture(scope="module")
def published(small_region: Path, tmp_path_factory: pytest.TempPathFactory, files: tuple[Path, Path]) -> Place:
    """A small region after its first night; what commands change of it, others undo or do not mind."""
    data = tmp_path_factory.mktemp("published") / "data"
    shutil.copytree(small_region, data, symlinks=True)
    return Place(data, *files)


@pytest.mark.parametrize("line", sorted({ends.line for ends in [*EMPTY, *PUBLISHED]} | {"serve viewers", "revise --reason x"}))
def test_no_command_guesses_what_the_environment_means(nothing: Place, line: str) -> None:
    ends_as_it_should(
        nothing, Ends(Exit.USAGE, line, "VENTETAL_ENV is 'Production'; it is production, or not set", "VENTETAL_ENV=Production")
    )
    assert not nothing.data.exists()


@pytest.mark.parametrize("ends", EMPTY, ids=lambda e: f"{e.code:d} {e.line} {e.environment} {e.file_size}")
def test_before_the_first_delivery(nothing: Place, ends: Ends) -> None:
    ends_as_it_should(nothing, ends)


@pytest.mark.parametrize("ends", PUBLISHED, ids=lambda e: f"{e.code:d} {e.line} {e.environment} {e.file_size}")
def test_after_a_night(published: Place, ends: Ends) -> None:
    ends_as_it_should(published, ends)


@pytest.mark.parametrize("line", LOCKED)
def test_while_another_run_holds_the_lake(published: Place, nothing: Place, line: str) -> None:
    place = nothing if line == "examples" else published
    with writing(Lake(place.data), "somebody else", datetime.now()):
        ends_as_it_should(place, Ends(Exit.LOCKED, line, "somebody else, process"))


@pytest.fixture(scope="module")
def garbled(published: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("garbled") / "data"
    shutil.copytree(published.data, data, symlinks=True)
    release = Lake(data).current_release
    assert release is not None
    for path in (release / "ventetal.duckdb", release / "manifest.json", Lake(data).manifests / f"{release.name}.json"):
        path.chmod(0o600)
        path.write_text("{ 0101701234")
    yield Place(data, published.fits, published.unknown)


@pytest.mark.parametrize("line", GARBLED)
def test_a_garbled_release_breaks_off_and_quotes_nothing(garbled: Place, line: str) -> None:
    done = called(garbled, Ends(Exit.BROKEN, line))
    assert done.returncode == Exit.BROKEN, done.stdout + done.stderr
    assert "0101701234" not in done.stdout + done.stderr


def test_a_rebuild_that_differs_calls_for_a_person(published: Place, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(published.data, data, symlinks=True)
    release = Lake(data).current_release
    assert release is not None
    told = manifest(Lake(data), release.name)
    other = replace(told, logical_hashes=told.logical_hashes | {"marts.response_time_monthly": "1-1"})
    save(Lake(data).manifests / f"{release.name}.json", other)
    ends_as_it_should(Place(data, published.fits, published.unknown), Ends(Exit.ATTENTION, "rebuild", "NO"))


def test_every_command_is_here_and_refuses_an_option_it_does_not_know(nothing: Place) -> None:
    groups = {"": app} | {f"{g.name} ": g.typer_instance for g in app.registered_groups if g.typer_instance}
    names = {prefix + _name(c) for prefix, group in groups.items() for c in group.registered_commands}
    tried = [e.line for e in (*EMPTY, *PUBLISHED)]
    assert [n for n in sorted(names) if not any(line == n or line.startswith(f"{n} ") for line in tried)] == []
    for name in sorted(names):
        assert called(nothing, Ends(Exit.USAGE, f"{name} --nonsense")).returncode == Exit.USAGE, name


def _name(command: typer.models.CommandInfo) -> str:
    callback: Callable[..., object] | None = command.callback
    assert callback is not None
    return command.name or callback.__name__


def test_an_error_of_another_process_ends_as_its_class_says_whatever_its_text() -> None:
    class Held(Locked):
        """A kind of a kind."""

    assert exit_of({"Held"}) is Exit.LOCKED
    assert exit_of({WrongUsage.__name__, "OSError"}) is Exit.USAGE
    assert exit_of({"Failure of the disk"}) is exit_of([]) is ToldError.exit is Exit.BROKEN


def test_the_readme_says_what_each_code_means() -> None:
    text = " ".join((PROJECT / "README.md").read_text("utf-8").split())
    said = re.search(r"Exit codes: (.*?)\. `--json`", text)
    assert said
    assert [int(code) for code in re.findall(r"(?:^|; )(\d) ", said[1])] == list(Exit)
