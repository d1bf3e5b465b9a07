"""What is immutable and is not what was written any more: noticed before a figure stands on it, and made again without a person."""

import os
import random
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from assets.lake.decisions import withdraw_delivery
from assets.lake.files import Lake
from assets.lake.seals import Damaged, damage
from assets.releases.database import open_release
from assets.releases.publish import Release
from tests.faults.aftermath import WHOLE, PromiseBroken, answers
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
    "a decision": "lake/decisions/*.json",
    "a state": "lake/[de]*s/*.json",
    "a pointer": "lake/pointers/*.json",
    "a manifest": "lake/manifests/*.json",
    "a release": "releases/2*/*",
    "a mart of it": "releases/2*/marts/*",
    "a delivered file": "archive/*",
    "what people were told": "lake/alerts/*.json",
}
FLIPS = 1000 if WHOLE else 42


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
            taken_back = next(p.stem for p in sorted(toy.lake.receipts.glob("names-*.json")))
            withdraw_delivery(toy.lake, taken_back, "the wrong file", now)
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


def flip(path: Path, random_: random.Random) -> None:
    """Change one bit of a file, and nothing that a look at its folder would tell."""
    times, data = path.stat(), bytearray(path.read_bytes())
    data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    path.chmod(0o640)
    path.write_bytes(data)
    path.chmod(times.st_mode)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def cut(path: Path) -> None:
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_flipped_bit_never_becomes_another_figure(three_nights: Toy, undisturbed: dict[str, str], tmp_path: Path) -> None:
    """Each is mended by the next night; what nobody can make again holds its domain at its last good set, with the reason."""
    random_, before, kinds = random.Random(25), three_nights.hashes(), list(KINDS.items())
    # Alone each is told apart; a handful at a time is what a failing disk does, and takes a fifth of the time.
    at_once = 1 if WHOLE else len(kinds) // 2
    for number in range(0, FLIPS, at_once):
        toy, flipped = copied(three_nights, tmp_path / str(number)), list[Path]()
        for kind, pattern in (kinds[(number + i) % len(kinds)] for i in range(at_once)):
            files = [p for p in sorted(toy.data.glob(pattern)) if p.is_file() and p.stat().st_size]
            assert files, kind
            flipped.append(random_.choice(files))
            flip(flipped[-1], random_)
        said = ", ".join(str(p.relative_to(toy.data)) for p in flipped)
        made = fourth(toy)
        held, found = {d.domain for d in made.held}, toy.hashes()
        if held - ({"names_domain"} if any(p.parent.name == "decisions" for p in flipped) else set()):
            raise PromiseBroken(f"bit flipped in {said}: {[d.why for d in made.held]}")
        for table, figures in undisturbed.items():
            wanted = before[table] if f"{table.split('.')[1].split('_')[0]}_domain" in held else figures
            if found[table] != wanted:
                raise PromiseBroken(f"bit flipped in {said}: {table} says another thing")
        if any(rows is None for rows in answers(made.path).values()):
            raise PromiseBroken(f"bit flipped in {said}: the release says two things")
        for release in (p for p in toy.lake.releases.glob("[!.c]*") if damage(p)):
            with pytest.raises(Damaged):
                open_release(release)
        shutil.rmtree(toy.data)
