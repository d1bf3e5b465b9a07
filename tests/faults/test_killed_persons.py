"""SIGKILL in a night about persons: what is withheld, and the ledger that remembers it, are as if nothing had happened."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from assets.lake import Lake
from tests.conftest import PROJECT, copy_landing
from tests.faults.nights import WHOLE, Death, in_fork, project_night
from tests.faults.test_killed import assert_heals, facts

NOW = datetime(2015, 6, 1)
NAMED = {
    "before the ledger remembers": Death("assets.disclosure:Ledger", "remember", 4),
    "after the ledger remembers": Death("assets.disclosure:Ledger", "remember", 4, "after"),
    "before the first number is withheld": Death("assets.compute", "protected", 1),
    "mid-read of persons": Death("sources.pseudonym:Pseudonyms", "applied", 2),
    "mid-Parquet of persons": Death("assets.intake", "sync", 2, "torn"),
    "mid-audit": Death("assets.compute", "audit", 4),
    "before the flip": Death("assets.publish", "show", 1),
}
SAMPLE = ("after the ledger remembers",)


@pytest.fixture(scope="module")
def night(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Data after a night with the redirections of four months, two more in landing; and what the next night makes of it."""
    root = tmp_path_factory.mktemp("persons")
    data = root / "before"
    copy_landing(small_files, data, "../redirections/*_2014-0[1-4]*")
    assert in_fork(project_night, PROJECT, data, NOW, None, 2) == 0
    copy_landing(small_files, data, "../redirections/*_2014-0[56]*")
    shutil.copytree(data, root / "undisturbed", symlinks=True)
    assert in_fork(project_night, PROJECT, root / "undisturbed", NOW, None, 2) == 0
    expected = facts(Lake(root / "undisturbed"))
    assert len(expected["withheld"]) > len(facts(Lake(data))["withheld"]) > 0
    return data, expected


@pytest.mark.parametrize("point", NAMED if WHOLE else SAMPLE)
def test_a_killed_night_withholds_what_an_undisturbed_one_does(night: tuple[Path, dict[str, Any]], tmp_path: Path, point: str) -> None:
    data, expected = night
    shutil.copytree(data, tmp_path / "data", symlinks=True)
    assert assert_heals(PROJECT, Lake(tmp_path / "data"), expected, NAMED[point], NOW), "the night never came to this point"
