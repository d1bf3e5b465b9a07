"""The figures of persons at an earlier time are those that were published then, whatever has been withheld since."""

from datetime import datetime
from pathlib import Path

import pytest

from assets.catalog.declared import Catalog
from assets.lake.files import Lake, read_json
from assets.lake.lock import writing
from assets.releases.publish import publish
from assets.tables.build import Night
from tests.conftest import copy_landing
from tests.toy import rebuilt

NIGHTS = ("2015-03-05", "2015-04-20", "2015-06-01")


def figures(lake: Lake, catalog: Catalog, as_of: str, line: str = "nightly") -> dict[str, str]:
    """Logical hashes of the tables about persons in the release of one night."""
    with writing(lake, "a test", datetime.now()):
        night = Night(lake, catalog, datetime.fromisoformat(as_of), line)
        night.run()
        manifest = read_json(publish(night).path / "manifest.json")
    hashes: dict[str, str] = manifest["logical_hashes"]
    return {name: found for name, found in hashes.items() if catalog.tables[name].contract.domain in ("redirection", "udredning")}


def remembered(lake: Lake) -> int:
    return sum(len(read_json(path)["withheld"]) for path in lake.ledger.glob("*/*.json"))


@pytest.fixture(scope="module")
def nights(small_files: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[dict[str, str]], list[int]]:
    """A lake after three nights, the figures of each, and how much had been withheld by then."""
    data = tmp_path_factory.mktemp("nights")
    for extract in ("redirections", "pathways", "pathway_pauses", "referrals"):
        copy_landing(small_files, data, f"../{extract}/*")
    lake = Lake(data)
    lake.prepare()
    found, withheld = [], []
    for as_of in NIGHTS:
        found.append(figures(lake, catalog, as_of))
        withheld.append(remembered(lake))
    return lake, found, withheld


def test_an_earlier_time_gives_the_releases_of_then_though_more_is_withheld_since(
    nights: tuple[Lake, list[dict[str, str]], list[int]], catalog: Catalog
) -> None:
    lake, found, withheld = nights
    assert withheld[0] < withheld[1] < withheld[2]
    assert len({f["marts.udredning_monthly"] for f in found}) == 3
    for as_of, then in zip(NIGHTS, found, strict=True):
        assert figures(lake, catalog, as_of, f"as of {as_of}") == then, as_of
    assert remembered(lake) == withheld[2]


def test_a_rebuild_withholds_what_had_been_withheld(
    nights: tuple[Lake, list[dict[str, str]], list[int]], catalog: Catalog, tmp_path: Path
) -> None:
    lake, found, _ = nights
    current = lake.current_release
    assert current is not None
    compared = rebuilt(lake, Lake(tmp_path / "again"), catalog, current)
    assert all(c.equal for c in compared)
    assert {c.table for c in compared} >= set(found[2])
