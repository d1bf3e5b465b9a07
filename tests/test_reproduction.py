"""The person domains at earlier times: what was withheld then is withheld again, no more and no less."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from assets.catalog import Catalog
from assets.lake import Lake, read_json
from assets.night import Night
from assets.publish import Release, publish
from assets.rebuild import rebuilt
from tests.conftest import copy_landing

EXTRACTS = ("pathways", "pathway_pauses", "redirections", "referrals")
DATES = ("2015-03-10", "2015-04-10", "2015-06-01")


def night(lake: Lake, catalog: Catalog, date: str, line: str = "nightly") -> Release:
    with lake.writer("a test", datetime.now()):
        found = Night(lake, catalog, datetime.fromisoformat(f"{date}T05:15"), line)
        found.run()
        return publish(found)


@pytest.fixture(scope="module")
def nights(small_files: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Release]:
    """A release at each of the dates, of what had been delivered by then."""
    data = tmp_path_factory.mktemp("nights")
    made, delivered = {}, set[str]()
    for date in DATES:
        for file in sorted(f for e in EXTRACTS for f in (small_files / e).iterdir()):
            sent = re.search(r"udtrukket-(\d{8})", file.name)
            if sent and sent[1] <= date.replace("-", "") and file.name not in delivered:
                copy_landing(small_files, data, file.name)
                delivered.add(file.name)
        made[date] = night(Lake(data), catalog, date)
    return made


@pytest.mark.parametrize("date", DATES)
def test_an_earlier_time_gives_the_release_of_then(nights: dict[str, Release], catalog: Catalog, date: str) -> None:
    release = nights[date]
    again = night(Lake(release.path.parent.parent), catalog, date, f"as of {date}")
    then, found = (read_json(r.path / "manifest.json") for r in (release, again))
    assert {d for d, facts in then["domains"].items() if facts["status"] == "published"} >= {"redirection", "udredning"}
    for what in ("tables", "logical_hashes", "domains", "deliveries", "late"):
        assert found[what] == then[what], what
    withheld = list((release.path.parent.parent / "lake" / "ledger").glob("*/*.json"))
    assert {read_json(p)["as_of"][:10] for p in withheld} == set(DATES), "every night had something to withhold"


def test_a_rebuild_withholds_the_same(nights: dict[str, Release], catalog: Catalog, tmp_path: Path) -> None:
    release = nights[DATES[1]]
    compared = rebuilt(Lake(release.path.parent.parent), Lake(tmp_path), catalog, release.path)
    assert [c["table"] for c in compared if not c["equal"]] == []
    assert {c["table"] for c in compared} >= {"marts.redirection_by_hospital", "marts.udredning_monthly"}
