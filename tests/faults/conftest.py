"""The scenes faults are played in, prepared once for a file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.aftermath import Scene, patient_scene, toy_scene
from tests.faults.dying import Nights


@pytest.fixture(scope="module")
def nights() -> Iterator[Nights]:
    server = Nights()
    yield server
    server.close()


@pytest.fixture(scope="module")
def toy_nights(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return toy_scene(nights, tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def patient_nights(nights: Nights, small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return patient_scene(nights, small_files, tmp_path_factory.mktemp("patients"))
