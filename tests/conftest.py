"""What tests share: the project as declared, drawn tables, and one example region delivered and run once."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.catalogue.build import build as make_catalogue
from assets.lake import clock
from assets.lake.files import Lake
from assets.lake.regions import EXAMPLE, SETTING
from assets.report.build import build
from sources import readers
from sources.duck import connect
from sources.settings import PROJECT
from tests import reading
from tests.clocks import Ahead
from tests.commands import called
from tests.drawn import Tables
from tests.engines import engine, of_engines
from tests.parsed import parse_once
from tests.part import TREE

AS_OF = "2015-06-01"
# What tests deliver is the example region's, whatever clock their lakes live by.
os.environ[SETTING] = str(EXAMPLE)
parse_once()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(TREE)


@pytest.fixture(autouse=True)
def _deliveries_have_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that a test has just delivered count as complete without anybody waiting."""
    monkeypatch.setattr(clock, "host", Ahead())


@pytest.fixture(autouse=True)
def _readers_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading processes are forked from one that has imported what they need."""
    monkeypatch.setattr(readers, "start", lambda: reading.Forked(reading.server()))


@pytest.fixture
def tables(catalog: Catalog, tmp_path: Path) -> Iterator[Tables]:
    # Few rows, as a night of them would say.
    with connect(tmp_path / "scratch", tmp_path, PROJECT / "data", rows=0) as con, closing(engine().rows_of(tmp_path, con)) as rows:
        yield Tables(catalog, con, rows)


def ventetal(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line as an operator calls it, on the data root `data`."""
    said = {**os.environ, "VENTETAL_DATA": str(data), "VENTETAL_AS_OF": AS_OF, **environment}
    said.pop("DAGSTER_HOME", None)
    return called(arguments, said)


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder made once for all processes of a session: who needs it while another makes it waits. Tests only read it."""
    root = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    target, part = root / name, root / f"{name}.part"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(target)
    return target


def examples(scale: str) -> Callable[[Path], None]:
    def make(data: Path) -> None:
        done = ventetal(data, "examples", "--scale", scale)
        assert done.returncode == 0, done.stderr

    return make


def night_over(files: Path) -> Callable[[Path], None]:
    def make(data: Path) -> None:
        copy_landing(files, data)
        done = ventetal(data, "run")
        assert done.returncode == 0, done.stderr + done.stdout

    return make


@pytest.fixture(scope="session")
def example_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing of the whole example region, as delivered."""
    return shared(tmp_path_factory, "example", examples("1")) / "landing"


@pytest.fixture(scope="session")
def region(example_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data root of the whole example region after one nightly run."""
    return shared(tmp_path_factory, "region", night_over(example_files))


@pytest.fixture(scope="session")
def release(region: Path) -> Path:
    """The release of the whole example region."""
    found = Lake(region).current_release
    assert found is not None
    return found.resolve()


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Chromium: everything but the PDF is made all the same."""
    monkeypatch.setattr("assets.report.pdf.program", lambda: None)


@pytest.fixture(scope="session")
def april_report(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of April 2015 on the example region; the paper of co-financing of 2014 lies beside it."""

    def make(folder: Path) -> None:
        build(release, folder, date(2015, 4, 1))

    return shared(tmp_path_factory, "reports", make) / "2015-04"


@pytest.fixture(scope="session")
def catalogue(region: Path, release: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of the release of the whole example region."""

    def make(folder: Path) -> None:
        make_catalogue(Lake(region), catalog, release, folder / "pages")

    return shared(tmp_path_factory, "catalogue", make) / "pages"


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing of a small example region: every kind of delivery, a fiftieth of the records."""
    return shared(tmp_path_factory, "small", examples("0.02")) / "landing"


@pytest.fixture(scope="session")
def small_region(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data root of the small example region after one nightly run."""
    return shared(tmp_path_factory, "small_region", night_over(small_files))


@pytest.fixture
def own_region(small_region: Path, tmp_path: Path) -> Path:
    """The small example region after one nightly run, to be changed by a test."""
    return Path(shutil.copytree(small_region, tmp_path / "region", symlinks=True))


def copy_landing(landing: Path, data: Path, pattern: str = "*") -> None:
    """Deliver the files again, with the times they carry."""
    for file in sorted(landing.glob(f"*/{pattern}")):
        target = data / "landing" / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        os.utime(target, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that need the whole example region come last, but for one that has it made while the others are run; long ones first."""

    def needs_region(item: pytest.Item) -> bool:
        return "region" in getattr(item, "fixturenames", ())

    items[:] = of_engines(items)
    first, *others = dict.fromkeys(item.path for item in items if needs_region(item)) or [None]
    place = {first: -1, **dict.fromkeys(others, 1)}
    items.sort(key=lambda item: (place.get(item.path, 0), -item.path.stat().st_size))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have recorded, whichever process ran them."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture
def cases() -> Path:
    folder = os.environ.get("VENTETAL_CASES")
    if not folder:
        pytest.skip("VENTETAL_CASES is not set: deliveries that went wrong are not tried")
    return Path(folder)


@pytest.fixture(scope="session")
def datasets() -> Path:
    folder = os.environ.get("VENTETAL_DATASETS")
    if not folder:
        pytest.skip("VENTETAL_DATASETS is not set: real public data are not tested")
    return Path(folder)
