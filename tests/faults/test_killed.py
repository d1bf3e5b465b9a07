"""SIGKILL anywhere in a night: the old release stands, the next night heals without help, nothing is lost, doubled or left behind."""

import random
import shutil
import signal
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from assets.compute import LOGICAL_HASH
from assets.lake import Lake, read_json
from assets.publish import releases
from assets.summary import dicts, open_release
from tests.faults.nights import CONTEXT, WHOLE, Death, calls_of_replace, in_fork, project_night
from tests.toy import Toy

LATER = datetime(2015, 6, 2)
NAMED = {
    "after decode": Death("sources.parse:Delivery", "parse", 1, "after"),
    "mid-Parquet of a delivery": Death("assets.intake", "sync", 2, "torn"),
    "mid-Parquet of a table": Death("assets.compute", "sync", 1, "torn"),
    "between receipt and removal": Death("assets.intake", "remove", 1),
    "mid-move of a refused file": Death("assets.intake", "move", 1),
    "mid-audit of records": Death("assets.night", "audit", 1),
    "mid-audit of a table": Death("assets.compute", "audit", 3),
    "mid-release": Death("assets.publish", "_copy_table", 2),
    "whole but not named": Death("assets.publish", "sync", 5),
    "before the flip": Death("assets.publish", "show", 1),
    "after the flip": Death("assets.publish", "show", 1, "after"),
    "an old release has lost its name": Death("assets.publish:shutil", "rmtree", 3),
    "an old release is deleted": Death("assets.publish:shutil", "rmtree", 3, "after"),
}
SAMPLE = ("mid-Parquet of a delivery", "between receipt and removal", "mid-audit of a table", "an old release has lost its name")


class Before:
    """A toy after three nights, the fourth night's deliveries in landing; and the same after the fourth night undisturbed."""

    def __init__(self, root: Path) -> None:
        self.toy = Toy(root / "before", n="{mode: replace_period, period: day, unit: month}", m="{mode: upsert}")
        for night in range(1, 4):
            self.toy.deliver("n", "n_2015-01.csv", f"a {night}, b 2")
            self.toy.deliver("m", "m_2015-01.csv", f"a {night}, c 7")
            now = datetime(2015, 5, night)
            assert in_fork(project_night, self.toy.project, self.toy.data, now, None, 2) == 0
        self.toy.deliver("n", "n_2015-01.csv", "a 40, b 41")
        self.toy.deliver("n", "n_2015-02.csv", "a 5", "2015-02-03")
        self.toy.deliver("n", "n_2015-03.csv", "", "2015-03-03").write_text("nothing that fits")
        self.toy.deliver("m", "m_2015-02.csv", "d 8", "2015-02-03")
        self.renames = CONTEXT.Value("i", 0)
        undisturbed = copied(self.toy, root / "undisturbed")
        assert in_fork(calls_of_replace, undisturbed.project, undisturbed.data, LATER, self.renames) == 0
        self.expected = facts(undisturbed.lake)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    return Before(tmp_path_factory.mktemp("killed"))


def copied(toy: Toy, root: Path) -> Toy:
    shutil.copytree(toy.data, root / "data", symlinks=True)
    return Toy(root, n="{mode: replace_period, period: day, unit: month}", m="{mode: upsert}")


def facts(lake: Lake) -> dict[str, Any]:
    """What two lakes must agree on whatever befell them: figures, deliveries, what is withheld, what lies where."""
    release = lake.current_release
    assert release is not None
    with open_release(release) as con:
        deliveries = dicts(con, """
            select extract, file_name, content, status, reason, accepted, current, superseded, duplicate, held
            from meta.receipt order by all""")  # fmt: skip
    return {
        "hashes": read_json(release / "manifest.json")["logical_hashes"],
        "deliveries": deliveries,
        "landing": sorted(p.name for p in lake.landing.glob("*/*")),
        "rejected": sorted(p.name for p in lake.rejected.glob("*/*")),
        "archive": sorted(p.name for p in lake.archive.iterdir()),
        "withheld": sorted(str(read_json(p)["withheld"]) for p in lake.ledger.glob("*/*.json")),
        "half made": [p.name for p in lake.root.rglob(".*.part")],
        "manifests": sorted(read_json(p)["release"][:8] for p in lake.manifests.glob("*.json")),
    }


def fingerprint(release: Path) -> str:
    return sha256(b"".join(p.read_bytes() for p in sorted(release.rglob("*")) if p.is_file())).hexdigest()


def assert_every_release_is_whole(lake: Lake) -> None:
    """Whatever has a release's name holds the tables its manifest says, value for value."""
    named = [p for p in lake.releases.iterdir() if not p.name.startswith(".") and not p.is_symlink()]
    assert {p.name for p in named} == {m["release"] for m in releases(lake)}
    for release in named:
        with open_release(release) as con:
            for table, expected in read_json(release / "manifest.json")["logical_hashes"].items():
                assert con.execute(LOGICAL_HASH.format(relation=table)).fetchall() == [(expected,)], (release.name, table)


def assert_heals(project: Path, lake: Lake, expected: dict[str, Any], death: Death | float, now: datetime = LATER) -> bool:
    """Kill a night, look, run the next; whether the death struck before the night was over."""
    old = lake.current_release
    assert old is not None
    print_of_old = fingerprint(old)
    code = in_fork(project_night, project, lake.root, now, death, 2)
    assert code in (0, -signal.SIGKILL), code
    shown = lake.current_release
    assert shown is not None
    assert (shown / "manifest.json").exists()
    assert fingerprint(old) == print_of_old
    assert_every_release_is_whole(lake)
    assert in_fork(project_night, project, lake.root, now, None, 2) == 0
    assert facts(lake) == expected
    assert_every_release_is_whole(lake)
    return code != 0


@pytest.mark.parametrize("point", NAMED if WHOLE else SAMPLE)
def test_a_night_killed_at_a_named_point_heals(before: Before, tmp_path: Path, point: str) -> None:
    toy = copied(before.toy, tmp_path)
    assert assert_heals(toy.project, toy.lake, before.expected, NAMED[point]), "the night never came to this point"


def test_a_night_killed_around_any_rename_heals(before: Before, tmp_path: Path, record_property: Any) -> None:
    every = range(1, before.renames.value + 1)
    chosen = every if WHOLE else random.Random(20150601).sample(every, 1)
    deaths = [Death("pathlib:Path", "replace", n, when) for n in chosen for when in ("before", "after")]
    for i, death in enumerate(deaths):
        toy = copied(before.toy, tmp_path / str(i))
        assert assert_heals(toy.project, toy.lake, before.expected, death), death
        shutil.rmtree(tmp_path / str(i))
    record_property("renames of a night, killed before and after", f"{len(chosen)} of {len(every)}")


def test_a_night_killed_at_random_moments_heals(before: Before, tmp_path: Path, record_property: Any) -> None:
    moments, struck = random.Random(1), 0
    tries = 200 if WHOLE else 2
    for i in range(tries):
        toy = copied(before.toy, tmp_path / str(i))
        struck += assert_heals(toy.project, toy.lake, before.expected, moments.uniform(0.05, 1.2))
        shutil.rmtree(tmp_path / str(i))
    assert struck
    record_property("random moments", f"{tries}, of these {struck} struck a night that was not over")
