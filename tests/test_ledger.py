"""The figures of persons at an earlier time are those that were published then, whatever has been withheld since."""

from datetime import datetime
from pathlib import Path

import pytest

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.lake.files import Lake, read_json, write_json
from assets.lake.lock import writing
from assets.releases.publish import publish
from assets.tables import disclosure
from assets.tables.build import Night
from assets.tables.compute import memory_of
from assets.tables.ledger import Ledger, Withheld
from tests.conftest import copy_landing
from tests.part import TREE, narrowed
from tests.redirected import read_lookups
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


def never(*_: object) -> None:
    raise AssertionError("what was chosen once is chosen again")


def remembered(lake: Lake) -> int:
    return sum(len(read_json(path)["withheld"]) for path in lake.ledger.glob("*/*.json"))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return narrowed(load_catalog(TREE), "redirection", "udredning")


@pytest.fixture(scope="module")
def nights(small_files: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[dict[str, str]], list[int]]:
    """A lake after three nights, the figures of each, and how much had been withheld by then."""
    data = tmp_path_factory.mktemp("nights")
    for extract in ("redirections", "pathways", "pathway_pauses", "referrals"):
        copy_landing(small_files, data, f"../{extract}/*")
    lake = Lake(data)
    lake.prepare()
    read_lookups(lake)
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


def test_a_rebuild_withholds_what_had_been_withheld_and_chooses_nothing(
    nights: tuple[Lake, list[dict[str, str]], list[int]], catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, found, _ = nights
    monkeypatch.setattr(disclosure, "least", never)
    monkeypatch.setattr(disclosure, "Attack", never)
    current = lake.current_release
    assert current is not None
    compared = rebuilt(lake, Lake(tmp_path / "again"), catalog, current)
    assert all(c.equal for c in compared)
    assert {c.table for c in compared} >= set(found[2])


# Table -> what a ledger said of it before numbers were withheld one by one, and what that means now, of which table.
SAID_BEFORE = {
    "marts.redirection_monthly": {
        "marts.redirection_monthly": [
            (("2015-01-01", "ALL"), "treatments", [(("2015-01-01",), n) for n in ("treatments", "persons")])
        ],
        "marts.redirection_by_agreement": [(("2015-01-01", "DUF"), "treatments", [(("2015-01-01", "DUF"), "treatments")])],
    },
    "marts.udredning_monthly": {
        "marts.udredning_monthly": [
            (("2015-01-01", "PSY", "ALL"), "reason", [(("2015-01-01", "PSY"), n) for n in ("over_with_reason", "over_without_reason")])
        ],
        "marts.udredning_by_hospital": [
            (("2015-01-01", "SOM", "HEH"), "within", [
                (("2015-01-01", "SOM", "HEH"), n) for n in ("within_limit_gross", "within_limit_net")
            ]),
            (("2015-01-01", "SOM", "GLO"), "ended", [(("2015-01-01", "SOM", "GLO"), "ended")]),
        ],
    },
    "marts.udredning_open_monthly": {
        "marts.udredning_open_by_hospital": [(("2015-01-01", "SOM", "HEH"), "over", [(("2015-01-01", "SOM", "HEH"), "open_over_limit")])],
    },
    "marts.redirection_hospital_service_quarterly": {
        "marts.redirection_hospital_service_quarterly": [
            (("2015-01-01", "HEH", "ØJNE"), "treatments", [(("2015-01-01", "HEH", "ØJNE"), "treatments")])
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("before", SAID_BEFORE)
def test_what_was_withheld_under_an_earlier_name_stays_withheld(catalog: Catalog, tmp_path: Path, before: str) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    said = [(cell, group) for of in SAID_BEFORE[before].values() for cell, group, _ in of]
    (lake.ledger / before).mkdir(parents=True)
    write_json(lake.ledger / before / "x.json", {"as_of": "2015-03-05", "table": before, "withheld": said})
    for table, of in SAID_BEFORE[before].items():
        known = memory_of(lake, catalog.tables[table], "2015-06-01").ledger.entries
        assert {entry for *_, entries in of for entry in entries} <= known, table
        assert not memory_of(lake, catalog.tables[table], "2015-03-04").ledger.entries


def test_a_ledger_remembers_what_is_withheld_and_how_it_was_chosen_as_of_the_time(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    ledger = Ledger(lake, "marts.x", "2015-05-01")
    withheld, judged = [Withheld(("2015-01-01",), "n", "primary")], [disclosure.Judged("a problem", "least", "a solver")]
    named = ledger.key_with(withheld)
    ledger.remember(withheld, judged)
    ledger.remember(withheld, judged)
    assert len(list((lake.ledger / "marts.x").iterdir())) == 1
    later, earlier = Ledger(lake, "marts.x", "2015-05-02"), Ledger(lake, "marts.x", "2015-04-30")
    assert (later.key_with(), earlier.key_with()) == (named, "")
    assert (later.judged, earlier.judged) == ({"a problem": judged[0]}, {})
