"""An installed copy: built as a wheel, put into an environment of its own, called from elsewhere."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from sources.settings import PROJECT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an installed copy; libraries are those of the tests, whose checkout it cannot see."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Built from a copy, so that the checkout stays as it is.
    copy = folder / "project"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in (f for f in files if f and not f.startswith("tests/")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((PROJECT / name).read_bytes())
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, copy], check=True)
    venv.create(folder / "venv", symlinks=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([*pip, "--python", folder / "venv" / "bin" / "python", "install", "--no-deps", wheel], check=True)
    [libraries] = (folder / "venv" / "lib").glob("python*/site-packages")
    (libraries / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder / "venv" / "bin" / "ventetal"


def called(installed: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    said = {k: v for k, v in os.environ.items() if not k.startswith(("VENTETAL_", "DAGSTER_", "PYTHON"))}
    command = [str(installed), *arguments]
    return subprocess.run(command, cwd=folder, env=said | environment, capture_output=True, text=True, timeout=300, check=False)


def test_it_says_which_it_is_and_what_it_does(installed: Path, tmp_path: Path) -> None:
    version = called(installed, tmp_path, "--version")
    assert (version.returncode, version.stdout) == (0, "ventetal 0.2.0\n"), version.stderr
    helped = called(installed, tmp_path, "--help")
    assert helped.returncode == 0
    assert all(command in helped.stdout for command in ("run", "status", "check", "releases"))


def test_it_tries_a_suppliers_file_without_a_place_for_data(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "svartider_2015-04_leveret-20150504-0615.csv"
    header = "System;Handling;Klasse;Lokation;Start (UTC);Varighed ms;Status"
    file.write_text(f"{header}\nOrbit;login;Tung;Herlev;2015-04-01T10:00:00Z;100;OK\n", "utf-8")
    done = called(installed, tmp_path, "check", file.name)
    assert done.returncode == 0, done.stderr
    assert "would be taken as response_times, layout robot_export" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("command", ["run", "status", "examples", "clean", "ui"])
def test_what_needs_a_place_for_data_asks_for_one(installed: Path, tmp_path: Path, command: str) -> None:
    done = called(installed, tmp_path, command)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "set VENTETAL_DATA to a folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_makes_a_release_and_a_report_where_it_is_told(installed: Path, tmp_path: Path) -> None:
    told = {"VENTETAL_DATA": str(tmp_path / "data"), "VENTETAL_AS_OF": "2015-06-01"}
    folders = {"projektstatus": "project_status", "projektmilepaele": "project_milestones", "svartider": "response_time_compliance"}
    for name in folders.values():
        (tmp_path / "data" / "landing" / name).mkdir(parents=True)
    for path in (PROJECT / "data" / "examples").glob("*.xlsx"):
        folder = folders[path.name.partition("_")[0]]
        target = tmp_path / "data" / "landing" / folder / path.name
        target.write_bytes(path.read_bytes())
        os.utime(target, (1e9, 1e9))
    done = called(installed, tmp_path, "run", **told)
    # Other domains have nothing to publish yet.
    assert done.returncode == 1, done.stderr
    assert "project published" in done.stdout
    report = called(installed, tmp_path, "report", "--month", "2015-04", **told)
    assert report.returncode == 0, report.stderr
    assert (tmp_path / "data" / "reports" / "2015-04" / "index.html").exists()
    catalogue = called(installed, tmp_path, "catalogue", **told)
    assert catalogue.returncode == 0, catalogue.stderr
    assert (tmp_path / "data" / "catalogue" / "marts.project_status.html").exists()
