"""A run that is killed: the old release stands, the next run heals without help, nothing is lost or doubled."""

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.aftermath import WHOLE, Scene, old_release
from tests.faults.dying import POINTS

KILLED = (-signal.SIGKILL, -signal.SIGXFSZ)
NAMED = [p for p in POINTS if not p.startswith(("any", "vanishing", "after the ledger", "before the record"))]
PATIENTS = [
    "after decode", "mid-Parquet of a table", "after the ledger, before the table", "before a version has its name",
    "before the record has it", "after the release has its name", "mid-flip",
]  # fmt: skip


def killed(scene: Scene, data: Path, point: str, nth: int = 1) -> bool:
    """Play the fault and hold it against the promises; False if the night ended before it came to that."""
    scene.laid_out(data)
    before = old_release(data)
    death = scene.nights.run(scene.order(data, point=point, nth=nth))
    if death.status == 0:
        return False
    assert death.status in KILLED, death.said
    scene.heals(data, f"killed {point} ({nth})", before, death)
    shutil.rmtree(data)
    return True


@pytest.mark.parametrize("point", NAMED)
def test_a_run_killed_at_a_point_leaves_the_old_release_and_the_next_one_heals(toy_nights: Scene, tmp_path: Path, point: str) -> None:
    assert killed(toy_nights, tmp_path / "data", point), f"the night never came to: {point}"


@pytest.mark.parametrize("point", PATIENTS if WHOLE else PATIENTS[2::2])
def test_a_killed_run_over_persons_heals_with_its_ledger(patient_nights: Scene, tmp_path: Path, point: str) -> None:
    assert killed(patient_nights, tmp_path / "data", point), f"the night never came to: {point}"
    assert patient_nights.undisturbed["ledger"]
    assert patient_nights.undisturbed["record"]


@pytest.mark.parametrize(("kind", "persons"), [("toy", False), ("patients", True)] if WHOLE else [("toy", False)])
def test_a_run_killed_before_any_change_to_the_disk_heals(
    kind: str, persons: bool, request: pytest.FixtureRequest, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    scene: Scene = request.getfixturevalue("patient_nights" if persons else "toy_nights")
    nth, played = 1, 0
    while killed(scene, tmp_path / "data", "any change", nth):
        nth, played = nth + (1 if WHOLE else 17), played + 1
    assert played >= 3
    record_property(f"killed before a change to the disk, {kind}", f"{played} nights of up to {nth - 1} changes, all healed")


@pytest.mark.parametrize(("kind", "times"), [("toy", 150), ("patients", 50)] if WHOLE else [("toy", 4)])
def test_a_run_killed_at_a_random_moment_heals(
    kind: str, times: int, request: pytest.FixtureRequest, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    scene: Scene = request.getfixturevalue("patient_nights" if kind == "patients" else "toy_nights")
    moments, died = random.Random(times), 0
    for i in range(times):
        data = scene.laid_out(tmp_path / str(i))
        before, seconds = old_release(data), moments.uniform(0, scene.seconds)
        death = scene.nights.run(scene.order(data, seconds=seconds))
        scene.heals(data, f"killed after {seconds:.3f} s (moment {i})", before, death)
        died += death.status == -signal.SIGKILL
        shutil.rmtree(data)
    assert died > times / 2
    record_property(f"killed at random moments, {kind}", f"{died} of {times} died, all healed")
