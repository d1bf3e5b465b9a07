"""An earlier version of the program is started on a lake that this one has written: it goes on or says why not, and damages nothing."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from assets.lake.files import Lake
from assets.releases.database import open_release
from sources.duck import dicts
from sources.settings import PROJECT
from tests.conftest import ventetal
from tests.redirected import HEADER, Treatments

# The last version that knew nothing of a region's own files, of registers or of a lake's layout.
EARLIER = "3472457"
# Done, or done with something to look at: extracts that were never delivered are.
ENDED = (0, 1)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the earlier version."""
    found = subprocess.run(["git", "archive", EARLIER], cwd=PROJECT, capture_output=True, check=False)
    if found.returncode:
        assert not os.environ.get("CI"), "the history of the project is not here"
        pytest.skip("The history of the project is not here.")
    target = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        archive.extractall(target, filter="data")
    return target


def deliver(data: Path, month: str, drawn: str) -> None:
    """A month of redirections, written long ago so that nobody waits for it to be whole."""
    path = data / "landing/redirections" / f"omvisiteringer_{month}_udtrukket-{drawn}-0610.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *(";".join(r) for r in Treatments(month, 1, HEH=40, RHB=35).rows)]) + "\n", "utf-8")
    os.utime(path, (1e9, 1e9))


def by_earlier(tree: Path, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    said = {**os.environ, "VENTETAL_DATA": str(data), "VENTETAL_AS_OF": "2015-06-01", "PYTHONPATH": str(tree)}
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=tree, env=said, capture_output=True, text=True, check=False)


def figures(data: Path) -> list[dict[str, object]]:
    release = Lake(data).current_release
    assert release
    with open_release(release) as con:
        return dicts(con, "select * from marts.redirection_by_hospital order by all")


def test_going_up_back_and_up_again_leaves_the_figures_as_they_are(tmp_path: Path, earlier: Path) -> None:
    data = tmp_path / "data"
    deliver(data, "2014-10", "20141202")
    assert by_earlier(earlier, data, "run").returncode in ENDED
    first = figures(data)
    deliver(data, "2014-11", "20150102")
    units = data / "landing/units/enheder_udtrukket-20150102-0400.csv"
    units.parent.mkdir(parents=True)
    units.write_text("Kode;Navn;Ejer;Gælder fra;Gælder til\n1516010;Afsnit;1516;01-01-2007;\n", "utf-8")
    os.utime(units, (1e9, 1e9))
    assert ventetal(data, "run").returncode in ENDED
    second = figures(data)
    assert (len(first), len(second)) == (2, 4)
    assert [row for row in second if row in first] == first

    deliver(data, "2014-12", "20150202")
    done = by_earlier(earlier, data, "run")
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    went_on = done.returncode in ENDED
    assert went_on or len(done.stderr.strip().splitlines()) == 1, done.stderr[-2000:]
    third = figures(data)
    assert [row for row in third if row in second] == second
    assert (len(third) == 6) == went_on

    assert ventetal(data, "run").returncode in ENDED
    assert [row for row in figures(data) if row in third] == third
    status = ventetal(data, "status")
    assert (status.returncode in ENDED, "damaged" in status.stdout) == (True, False)
