"""What tests share: the project as declared, drawn tables, and one example region delivered and run once."""

import os
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.lake import clock
from assets.lake.files import Lake
from assets.report.build import build
from sources.duck import connect
from tests.clocks import Ahead
from tests.commands import PROJECT, called
from tests.drawn import Tables

AS_OF = "2015-06-01"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(PROJECT)


@pytest.fixture(autouse=True)
def _deliveries_have_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that a test has just delivered count as complete without anybody waiting."""
    monkeypatch.setattr(clock, "host", Ahead())


@pytest.fixture
def tables(catalog: Catalog, tmp_path: Path) -> Iterator[Tables]:
    with connect(tmp_path / "scratch") as con:
        yield Tables(catalog, con)


def ventetal(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line as an operator calls it, on the data root `data`."""
    said = {**os.environ, "VENTETAL_DATA": str(data), "VENTETAL_AS_OF": AS_OF, **environment}
    said.pop("DAGSTER_HOME", None)
    return called(arguments, said)


@pytest.fixture(scope="session")
def example_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing of the whole example region, as delivered."""
    data = tmp_path_factory.mktemp("example")
    done = ventetal(data, "examples")
    assert done.returncode == 0, done.stderr
    return data / "landing"


@pytest.fixture(scope="session")
def region(example_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data root of the whole example region after one nightly run. Tests only read it."""
    data = tmp_path_factory.mktemp("region")
    copy_landing(example_files, data)
    done = ventetal(data, "run")
    assert done.returncode == 0, done.stderr + done.stdout
    return data


@pytest.fixture(scope="session")
def april_report(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of April 2015 on the example region. Tests only read it."""
    release = Lake(region).current_release
    assert release is not None
    return build(release.resolve(), tmp_path_factory.mktemp("reports"), date(2015, 4, 1)).path


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing of a small example region: every kind of delivery, a hundredth of the records."""
    data = tmp_path_factory.mktemp("small")
    done = ventetal(data, "examples", "--scale", "0.02")
    assert done.returncode == 0, done.stderr
    return data / "landing"


@pytest.fixture(scope="session")
def small_region(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data root of the small example region after one nightly run. Tests only read it."""
    data = tmp_path_factory.mktemp("small_region")
    copy_landing(small_files, data)
    done = ventetal(data, "run")
    assert done.returncode in (0, 1), done.stderr + done.stdout
    return data


def copy_landing(landing: Path, data: Path, pattern: str = "*") -> None:
    """Deliver the files again, with the times they carry."""
    for file in sorted(landing.glob(f"*/{pattern}")):
        target = data / "landing" / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        os.utime(target, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have recorded, whichever process ran them."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
