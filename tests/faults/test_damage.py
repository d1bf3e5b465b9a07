"""What is immutable and is not what was written any more: noticed before a figure stands on it, and made again without a person."""

import os
import random
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assets.lake.clock import set_own_time, told_time
from assets.lake.decisions import withdraw_delivery
from assets.lake.files import Lake, discard, read_json
from assets.lake.lock import writing
from assets.lake.migration import migrate
from assets.lake.seals import Damaged, damage
from assets.releases import health
from assets.releases.database import DATABASE, open_release
from assets.releases.health import ailing, check_a_share
from assets.releases.pointers import pinned, roll_back
from assets.releases.publish import Release
from assets.releases.retention import doomed
from sources.errors import NeedsAttention
from tests.conftest import ventetal
from tests.earlier_lakes import forget_hashes
from tests.faults.aftermath import WHOLE, PromiseBroken, answers
from tests.redirected import Region, Treatments
from tests.toy import Toy

PERIOD = "{mode: replace_period, period: day, unit: month}"
NIGHTS = [datetime(2015, 6, n) for n in (1, 2, 3, 4)]
# What a lake is made of, and where it lies.
KINDS = {
    "what was read": "lake/raw/*/*.parquet",
    "facts of it": "lake/raw/*/*.json",
    "a version": "lake/*/*/*/*.parquet",
    "its facts": "lake/*/*/*/*.json",
    "what rules found": "lake/audits/*/*/*.json",
    "a receipt": "lake/receipts/*.json",
    "what people were told": "lake/alerts/*.json",
    "a decision": "lake/decisions/*.json",
    "a state": "lake/[de]*s/*.json",
    "a pointer": "lake/pointers/*.json",
    "a manifest": "lake/manifests/*.json",
    "a release": "releases/2*/*",
    "a mart of it": "releases/2*/marts/*",
    "a delivered file": "archive/*",
}
FLIPS = 1000 if WHOLE else 42
Change = Callable[[Path], None]
random_ = random.Random(25)


def deliver(toy: Toy, night: int) -> None:
    toy.deliver("months", f"months_2015-0{night}_received-2015060{night}-0100.csv", f"a {night}, b 2, c 3, d 4, e 5, f x", "2015-01-15")
    toy.deliver("months", f"months_2015-01_received-2015060{night}-0130.csv", f"a {10 + night}, b 2", "2015-01-15")
    toy.deliver("names", f"names_2015-01_received-2015060{night}-0100.csv", f"a {night}, z{night} 7", "2015-01-15")


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A lake after three nights, with a delivery that was taken back; tests take copies."""
    toy = Toy(tmp_path_factory.mktemp("three nights"), months=PERIOD, names="{mode: upsert}")
    for night, now in enumerate(NIGHTS[:3], 1):
        deliver(toy, night)
        toy.night(now)
        if night == 2:
            first = min(toy.lake.receipts.glob("names-*.json"), key=lambda p: read_json(p)["ordered_by"])
            withdraw_delivery(toy.lake, first.stem, "the wrong file", now + timedelta(hours=1))
    return toy


@pytest.fixture
def toy(three_nights: Toy, tmp_path: Path) -> Toy:
    return copied(three_nights, tmp_path / "data")


def copied(toy: Toy, data: Path) -> Toy:
    shutil.copytree(toy.data, data, symlinks=True)
    again = object.__new__(Toy)
    again.project, again.data, again.lake, again.now = toy.project, data, Lake(data), toy.now
    return again


def fourth(toy: Toy) -> Release:
    deliver(toy, 4)
    return toy.night(NIGHTS[3])


@pytest.fixture(scope="module")
def undisturbed(three_nights: Toy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    toy = copied(three_nights, tmp_path_factory.mktemp("undisturbed") / "data")
    assert not fourth(toy).held
    return toy.hashes()


def rewrite(path: Path, data: bytes) -> None:
    """Other bytes in a file, and nothing that a look at its folder would tell."""
    times = path.stat()
    path.chmod(0o640)
    path.write_bytes(data)
    path.chmod(times.st_mode)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    rewrite(path, data)


def cut(path: Path) -> None:
    rewrite(path, path.read_bytes()[: path.stat().st_size // 3])


def overwrite(path: Path) -> None:
    rewrite(path, b"\0" * path.stat().st_size)


def break_some(toy: Toy, kinds: list[str], change: Change) -> list[Path]:
    found = []
    for kind in kinds:
        files = [p for p in sorted(toy.data.glob(KINDS[kind])) if p.is_file() and p.stat().st_size and p not in found]
        assert files, kind
        found.append(random_.choice(files))
        change(found[-1])
    return found


def goes_on(toy: Toy, broken: list[Path], before: dict[str, str], undisturbed: dict[str, str]) -> None:
    """The next night publishes the figures of an undisturbed one; a domain whose decision is lost stays as it was."""
    said = ", ".join(str(p.relative_to(toy.data)) for p in broken)
    made = fourth(toy)
    held, found = {d.domain for d in made.held}, toy.hashes()
    if held - ({"names_domain"} if any(p.parent.name == "decisions" for p in broken) else set()):
        raise PromiseBroken(f"{said}: {[d.why for d in made.held]}")
    for table, figures in undisturbed.items():
        wanted = before[table] if f"{table.split('.')[1].split('_')[0]}_domain" in held else figures
        if found[table] != wanted:
            raise PromiseBroken(f"{said}: {table} says another thing")
    if any(rows is None for rows in answers(made.path).values()):
        raise PromiseBroken(f"{said}: the release says two things")
    # Of earlier releases size and end are looked at each night; who opens one is told.
    for release in (p for p in toy.lake.releases.glob("[!.c]*") if damage(p)):
        with pytest.raises(Damaged):
            open_release(release)


def test_a_flipped_bit_never_becomes_another_figure(three_nights: Toy, undisturbed: dict[str, str], tmp_path: Path) -> None:
    before, kinds = three_nights.hashes(), list(KINDS)
    # Alone each is told apart; a handful at a time is what a failing disk does, and takes a seventh of the time.
    at_once = 1 if WHOLE else len(kinds) // 2
    for number in range(0, FLIPS, at_once):
        toy = copied(three_nights, tmp_path / str(number))
        goes_on(toy, break_some(toy, [kinds[(number + i) % len(kinds)] for i in range(at_once)], flip), before, undisturbed)
        shutil.rmtree(toy.data)


@pytest.mark.parametrize("change", [cut, overwrite, Path.unlink])
def test_what_is_cut_short_overwritten_or_gone_is_made_again(
    three_nights: Toy, undisturbed: dict[str, str], tmp_path: Path, change: Change
) -> None:
    kinds, at_once = list(KINDS), 1 if WHOLE else len(KINDS) // 2
    for number in range(0, len(kinds), at_once):
        toy = copied(three_nights, tmp_path / str(number))
        broken = break_some(toy, kinds[number : number + at_once], change)
        if change is not Path.unlink:
            said = {a.path for a in ailing(toy.lake)}
            silent = [p for p in broken if not said & {p, p.with_suffix(".json"), *p.parents} and p.parent != toy.lake.archive]
            assert not silent, "status says what is damaged"
        goes_on(toy, broken, three_nights.hashes(), undisturbed)


def test_a_delivery_that_cannot_be_read_again_holds_its_domain_and_no_other(toy: Toy) -> None:
    before = toy.hashes()
    for content in toy.lake.archive.iterdir():
        content.unlink()
    cut(next(toy.data.glob("lake/raw/months/*.parquet")))
    made = fourth(toy)
    [held] = made.held
    assert held.domain == "months_domain"
    assert "put it back from a backup, or have it delivered again" in held.why
    assert toy.hashes()["marts.months_total"] == before["marts.months_total"]
    assert toy.hashes()["marts.names_total"] != before["marts.names_total"]


def test_an_archived_file_that_is_damaged_is_not_read_again_and_a_new_delivery_replaces_it(toy: Toy) -> None:
    for content in toy.lake.archive.iterdir():
        flip(content)
    shutil.rmtree(toy.lake.files / "raw/names")
    held = toy.night(NIGHTS[3]).held
    assert [d.domain for d in held] == ["names_domain"]
    for night in (1, 2, 3):
        toy.deliver("names", f"names_2015-01_received-2015060{night}-0100.csv", f"a {night}, z{night} 7", "2015-01-15")
    assert not toy.night(NIGHTS[3]).held
    assert toy.total("names") == "a 3, z1 7, z2 7, z3 7"


def test_a_receipt_that_nobody_can_write_again_is_missed_every_night_until_it_is_withdrawn(toy: Toy) -> None:
    before, receipt = toy.hashes(), max(toy.lake.receipts.glob("names-*.json"), key=lambda p: read_json(p)["ordered_by"])
    receipt.unlink()
    (toy.lake.files / "extracts/names.json").unlink()
    for now in (NIGHTS[3], datetime(2015, 6, 5), datetime(2015, 6, 6)):
        toy.deliver("names", f"names_2015-01_received-{now:%Y%m%d}-0100.csv", f"new{now.day} 1, b 1", "2015-01-15")
        [held] = toy.night(now).held
        assert held.domain == "names_domain"
        assert receipt.name in held.why
        assert f"`ventetal withdraw {receipt.stem} --reason ...`" in held.why
        assert toy.hashes()["marts.names_total"] == before["marts.names_total"]
    assert [a.path for a in ailing(toy.lake)] == [receipt]
    with writing(toy.lake, "a test", now), pytest.raises(NeedsAttention, match=receipt.name):
        doomed(toy.lake, toy.catalog, now, 1, 1)
    withdraw_delivery(toy.lake, receipt.stem, "purged", now)
    assert not toy.night(now).held
    assert toy.total("names") == "a 2, b 1, new4 1, new5 1, new6 1, z2 7"
    assert ailing(toy.lake) == []


def test_a_release_is_made_again_with_its_time_and_its_figures(toy: Toy) -> None:
    found = sorted(toy.lake.releases.glob("2*"))
    before = {p: (read_json(p / "manifest.json"), read_release(p)) for p in found}
    discard(found[0] / DATABASE)
    shutil.rmtree(found[1] / "marts")
    shutil.rmtree(found[2])
    fourth(toy)
    for path, (manifest, said) in before.items():
        assert not damage(path)
        assert read_json(path / "manifest.json") == manifest
        assert read_release(path) == said


def test_a_release_that_cannot_be_made_again_is_put_away_and_the_newest_shown(toy: Toy, tmp_path: Path) -> None:
    toy.project = shutil.copytree(toy.project, tmp_path / "project")
    oldest = sorted(toy.lake.releases.glob("2*"))[0]
    with writing(toy.lake, "a test", NIGHTS[3]):
        roll_back(toy.lake, oldest.name)
    discard(oldest / DATABASE)
    for folder in toy.lake.files.glob("marts/names_total/*"):
        discard(folder)
    toy.edit("sql/marts/names_total.sql", ("sum(number)", "sum(number) + 1"))
    made = fourth(toy)
    assert not oldest.exists()
    assert (toy.lake.current_release, pinned(toy.lake)) == (made.path, None)


def test_a_roll_back_stands_though_what_says_so_is_garbled(toy: Toy) -> None:
    oldest = sorted(toy.lake.releases.glob("2*"))[0]
    with writing(toy.lake, "a test", NIGHTS[3]):
        roll_back(toy.lake, oldest.name)
    cut(toy.lake.pointer("pin"))
    cut(toy.lake.pointer("head"))
    assert (pinned(toy.lake), fourth(toy).pinned, toy.lake.current_release) == (oldest.name, oldest.name, oldest)


@pytest.mark.parametrize("whole", [["a release", "a mart of it"], ["what was read"]])
def test_every_command_survives_what_is_garbled(toy: Toy, whole: list[str]) -> None:
    """All kinds at once but for some, so that commands come further than to the first."""
    broken = [p for kind, pattern in KINDS.items() if kind not in whole for p in toy.data.glob(pattern) if p.is_file()]
    for path in broken:
        cut(path)
    first = sorted(toy.lake.releases.glob("2*"))[0].name
    for command in (
        ("status",), ("status", "--json"), ("query", "from meta.release"), ("diff", first), ("report",), ("quarantine", "--records"),
        ("releases", "list"), ("releases", "roll-back", first), ("releases", "resume"), ("clean",),
    ):  # fmt: skip
        done = ventetal(toy.data, *command)
        assert "It broke off there" not in done.stderr, (command, done.stderr)
        if command[0] == "status":
            assert done.returncode == 1 if "a release" in whole else done.returncode == 5, done.stderr
            assert all(str(p.parent if p.parent.name != "marts" else p.parent.parent) in done.stdout for p in broken[:5])


def test_nobody_rolls_back_to_what_is_damaged(toy: Toy) -> None:
    oldest = sorted(toy.lake.releases.glob("2*"))[0]
    flip(oldest / DATABASE)
    with writing(toy.lake, "a test", NIGHTS[3]), pytest.raises(Damaged, match="`ventetal run` makes release"):
        roll_back(toy.lake, oldest.name)


def test_a_garbled_clock_says_how_it_is_set(toy: Toy) -> None:
    set_own_time(toy.lake, NIGHTS[3])
    cut(toy.lake.pointer("clock"))
    with pytest.raises(Damaged, match="`ventetal examples --now` sets the lake's clock anew"):
        told_time(toy.lake)
    set_own_time(toy.lake, NIGHTS[3])
    assert told_time(toy.lake).at == NIGHTS[3]


def test_what_the_ledger_and_the_record_lose_is_made_again_or_holds_the_domain(tmp_path: Path) -> None:
    region = Region(tmp_path)
    treated = Treatments("2015-01", 1, HEH=60, RHB=40, BOH=3)
    region.deliver(treated, "2015-04-02")
    before = region.night("2015-04-03").path
    entries = sorted(region.lake.record.glob("*/*"))
    flip(entries[0] / "shown.parquet")
    cut(entries[1] / "entry.json")
    discard(entries[2])
    region.deliver(treated.more(9), "2015-05-02")
    made = region.night("2015-05-03")
    assert all(not damage(p) for p in entries)
    assert {n: f for n, f in answers(made.path).items() if n in answers(before)} == answers(before)
    ledger = next(region.lake.ledger.glob("*/*.json"))
    kept = ledger.rename(tmp_path / "kept")
    region.deliver(treated.more(7, "RHB"), "2015-05-12")
    with pytest.raises(AssertionError, match=f"{ledger} is gone. Put it back from a backup"):
        region.night("2015-05-13")
    kept.rename(ledger)
    flip(ledger)
    region.deliver(treated.more(6, "RHB"), "2015-05-15")
    with pytest.raises(AssertionError, match=f"{ledger} is not what was written. Put it back from a backup"):
        region.night("2015-05-16")


def test_clean_ups_look_at_everything_in_turn(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CLEAN_UPS", 3)
    core, parse = next(toy.data.glob("lake/core/*/*")), next(toy.data.glob("lake/raw/months/*.parquet"))
    old, delivered = sorted(toy.lake.releases.glob("2*"))[0], next(toy.lake.archive.iterdir())
    for path in (core / "part-0.parquet", parse, old / DATABASE, delivered):
        flip(path)
    assert ailing(toy.lake) == []
    with writing(toy.lake, "a test", NIGHTS[3]):
        found = {one.path for _ in range(4) for one in check_a_share(toy.lake)}
    assert found == {old, delivered}
    assert (core.exists(), parse.exists()) == (False, False)
    assert {a.path for a in ailing(toy.lake)} >= {old, delivered}
    assert not fourth(toy).held
    assert not damage(old)


def test_a_lake_from_before_there_were_hashes_goes_on_and_has_them_from_then(toy: Toy, undisturbed: dict[str, str]) -> None:
    forget_hashes(toy.lake)
    versions = {p: (p / "part-0.parquet").stat().st_mtime_ns for p in toy.lake.files.glob("[cmr]*/*/*") if p.is_dir()}
    assert ailing(toy.lake) == []
    with writing(toy.lake, "a test", NIGHTS[3]):
        migrate(toy.lake)
    assert not fourth(toy).held
    assert toy.hashes() == undisturbed
    assert {p: (p / "part-0.parquet").stat().st_mtime_ns for p in versions} == versions, "nothing is made again"
    assert all(not damage(p) for p in (*versions, *toy.lake.releases.glob("2*")))
    flip(next(toy.data.glob("lake/raw/months/*.parquet")))
    toy.deliver("months", "months_2015-01_received-20150605-0130.csv", "a 15, b 2", "2015-01-15")
    assert not toy.night(datetime(2015, 6, 5)).held


def read_release(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a release says, but for when which step found it."""
    with open_release(path) as con:
        tables = con.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
        return {t: con.execute(f"select * from {t} order by all").fetchall() for (t,) in tables}
