"""What is whole by its own hashes and stands in the place of something else, and what is no file where one belongs."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assets.lake.decisions import withdraw_delivery
from assets.lake.files import Lake, read_json, save
from assets.lake.lock import writing
from assets.lake.manifests import manifest
from assets.lake.migration import migrate
from assets.lake.seals import HASHES, Damaged, damage
from assets.releases.database import DATABASE, open_release
from assets.releases.health import ailing
from assets.releases.pointers import Pointer, pinned, resume
from tests.faults.test_damage import NIGHTS, PERIOD, copied, deliver, fourth
from tests.toy import Toy


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    toy = Toy(tmp_path_factory.mktemp("three nights"), months=PERIOD, names="{mode: upsert}")
    toy.lake.prepare()
    migrate(toy.lake)
    for night, now in enumerate(NIGHTS[:3], 1):
        deliver(toy, night)
        toy.night(now)
    return toy


@pytest.fixture(scope="module")
def undisturbed(three_nights: Toy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    toy = copied(three_nights, tmp_path_factory.mktemp("undisturbed") / "data")
    fourth(toy)
    return toy.hashes()


@pytest.fixture
def toy(three_nights: Toy, tmp_path: Path) -> Toy:
    return copied(three_nights, tmp_path / "data")


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def receipts(lake: Lake, extract: str) -> list[Path]:
    return sorted(lake.receipts.glob(f"{extract}-*.json"), key=lambda p: read_json(p)["ordered_by"])


def test_what_has_the_name_of_another_is_not_believed(toy: Toy, undisturbed: dict[str, str]) -> None:
    lake, shown = toy.lake, toy.lake.current_release
    assert shown
    tables = manifest(lake, shown.name).tables
    swap(*(lake.version(t, tables[t]) for t in ("marts.names_total", "marts.months_total")))
    swap(*sorted(lake.version("core.names_sum", "").iterdir())[:2])
    first, second, third = sorted(lake.releases.glob("2*"))
    swap(first, second)
    shutil.rmtree(third)
    shutil.copytree(first, third)
    parses = sorted(lake.parse("names", "").parent.glob("*.parquet"))
    for suffix in (".parquet", ".json"):
        swap(*(p.with_suffix(suffix) for p in parses[:2]))
    swap(*sorted(lake.parse("months", "").parent.glob("*.match.json"))[:2])
    swap(*receipts(lake, "names")[:2])
    with pytest.raises(Damaged, match="says that it is another release"):
        open_release(shown)
    assert {first, second, third} <= {a.path for a in ailing(lake)}
    assert not fourth(toy).held
    assert toy.hashes() == undisturbed
    assert [(damage(p), read_json(p / "manifest.json")["release"]) for p in (first, second, third)] == [
        ("", p.name) for p in (first, second, third)
    ]
    swap(*sorted(lake.manifests.iterdir())[:2])
    assert [manifest(lake, p.name).release for p in (first, second)] == [first.name, second.name]


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_in_a_circle(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("instead", [a_folder, a_pipe, a_link_in_a_circle])
def test_what_is_no_file_where_one_belongs_is_put_away_and_the_file_made_again(
    toy: Toy, undisturbed: dict[str, str], instead: Callable[[Path], None]
) -> None:
    lake = toy.lake
    version = next(lake.files.glob("core/months_sum/*"))
    replaced = [
        *sorted(lake.parse("months", "").parent.glob("[!.]*.parquet"))[:1],
        *sorted(p for p in lake.parse("names", "").parent.glob("*.json") if p.name.count(".") == 1)[:1],
        version / HASHES, next(lake.files.glob("audits/*/*/*.json")), receipts(lake, "names")[1], next(lake.manifests.iterdir()),
        lake.files / "extracts/months.json", lake.files / "domains/names_domain.json", lake.pointer("head"),
        sorted(lake.releases.glob("2*"))[0] / DATABASE,
    ]  # fmt: skip
    for path in replaced:
        path.unlink()
        instead(path)
    mart = next(lake.files.glob("marts/months_total/*"))
    shutil.rmtree(mart)
    mart.symlink_to("nowhere")
    shutil.rmtree(lake.scratch, ignore_errors=True)
    a_link_in_a_circle(lake.scratch)
    assert {version, receipts_at(replaced)} <= {a.path for a in ailing(lake)}
    assert not fourth(toy).held
    assert toy.hashes() == undisturbed
    assert not any(damage(p) for p in lake.releases.glob("2*"))
    assert all(p.is_file() for p in replaced if p.parent != version)


def receipts_at(paths: list[Path]) -> Path:
    return next(p for p in paths if p.parent.name == "receipts")


def test_what_is_shown_is_a_release_beside_the_others(toy: Toy, tmp_path: Path) -> None:
    link, shown = toy.lake.releases / "current", toy.lake.current_release
    assert shown
    outside = shutil.copytree(shown, tmp_path / "elsewhere" / "stranger")
    link.unlink()
    link.symlink_to(outside)
    save(toy.lake.pointer("pin"), Pointer("../stranger"))
    with pytest.raises(Damaged, match="releases/stranger is gone"):
        open_release(toy.lake.current_release or shown)
    assert [a.path for a in ailing(toy.lake)] == [toy.lake.releases / "stranger"]
    made = fourth(toy)
    assert (toy.lake.current_release, pinned(toy.lake)) == (made.path, None)
    link.unlink()
    shutil.copytree(outside, link)
    toy.night(NIGHTS[3])
    assert toy.lake.current_release == made.path


def test_a_release_that_has_lost_its_hashes_is_not_believed(toy: Toy) -> None:
    shown = toy.lake.current_release
    assert shown
    (shown / HASHES).unlink()
    with pytest.raises(Damaged, match="has no hashes any more"):
        open_release(shown)
    assert [a.path for a in ailing(toy.lake)] == [shown]
    fourth(toy)
    assert not damage(shown)


def test_a_roll_back_that_nobody_can_read_is_said_anew(toy: Toy) -> None:
    toy.lake.pointer("pin").mkdir()
    [found] = ailing(toy.lake)
    assert "`ventetal releases resume`" in found.remedy
    with writing(toy.lake, "a test", NIGHTS[3]):
        resume(toy.lake)
    assert (ailing(toy.lake), pinned(toy.lake)) == ([], None)


def test_a_receipt_that_is_none_holds_its_domain_until_it_is_withdrawn(toy: Toy) -> None:
    first, stranger = receipts(toy.lake, "names")[0], toy.lake.receipts / "names-0123456789ab.json"
    shutil.copy(first, stranger)
    [held] = fourth(toy).held
    assert f"{stranger} is the receipt {first.stem}" in held.why
    withdraw_delivery(toy.lake, stranger.stem, "a copy", NIGHTS[3] + timedelta(hours=1))
    assert not toy.night(NIGHTS[3] + timedelta(hours=2)).held
    assert toy.total("names") == "a 4, z1 7, z2 7, z3 7, z4 7"


def test_a_file_in_the_place_of_a_folder_of_the_lake_is_a_sentence(toy: Toy) -> None:
    for folder in (toy.lake.decisions, toy.lake.ledger, toy.lake.archive):
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_text("x")
        with pytest.raises(Damaged, match=f"{folder} is no folder"):
            toy.night(datetime(2015, 6, 4))
        folder.unlink()
        folder.mkdir()
