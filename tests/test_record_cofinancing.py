"""What releases tell of co-financing that was settled late, laid side by side: nothing of few citizens, nor what one of them cost."""

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.attack_releases import Releases, told
from tests.redirected import PERSONS, Region

HEADER = "Afregning;CPR;Kommunekode;Ydelsesdato;Område;Alder;Kontakt;Takstgrundlag;Medfinansiering;Aktionsdiagnose;Indmåde;Ind;Ud"
YEAR = "2014-01-01"
# Citizens whose contacts of the year are settled later, by the month whose file they stand in, and by municipality.
LATE: dict[str, dict[str, int]] = {
    "2015-05": {"101": 2, "167": 300},
    "2015-06": {"101": 400, "151": 3, "400": 1},
    "2015-07": {"101": 1, "147": 250, "167": 2},
}


@pytest.fixture
def region(small_files: Path, tmp_path: Path) -> Region:
    """The co-financing of the small example region, of which 2014 is final, and three nights of corrections."""
    region = Region(tmp_path, "kmf")
    for extract in ("kmf_settlements", "kmf_totals", "kmf_population", "kmf_care", "kmf_chronic"):
        shutil.copytree(small_files / extract, region.lake.landing / extract)
    return region


def corrected(region: Region, seed: int = 1) -> None:
    region.night("2015-06-01")
    luck, count = random.Random(seed), 0
    for month, of in LATE.items():
        lines = [HEADER]
        for code, citizens in of.items():
            for _ in range(citizens):
                count += 1
                day, kr = f"{luck.randint(1, 28):02d}-{luck.randint(1, 12):02d}-2014", luck.choice((90, 150, 2300))
                area, age = luck.choice(("ALMEN_LÆGE", "SPECIALLÆGE")), luck.choice((1, 40, 70, 85))
                lines.append(f"S9{count:08d};{PERSONS[count]};{code};{day};{area};{age};K9{count:08d};{10 * kr},00;{kr},00;;;;")
        number = int(month[-2:])
        path = region.lake.landing / "kmf_settlements" / f"kmf_afregning_{month}_leveret-2015{number + 1:02d}10-0600.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        os.utime(path, (1e9, 1e9))
        day = f"2015-{number + 1:02d}-12"
        region.revise(day)
        region.night(day)


def test_no_release_beside_any_other_tells_of_few_citizens(region: Region) -> None:
    corrected(region)
    attacked = Releases(region.lake, region.catalog)
    ranges = attacked.ranges()
    assert len(ranges) > 20, "many have changed by few"
    assert told(ranges) == {}
    seen = {
        r["amount_oere"]
        for release in region.released
        for r in region.ask(f"select amount_oere from marts.kmf_region where year = '{YEAR}'", release)
    }
    assert len(seen) > 1, "the region's amount is corrected"


def test_the_same_attack_succeeds_where_whatever_has_changed_is_told(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.tables.standing.kept", lambda *_: set())
    corrected(region)
    assert told(Releases(region.lake, region.catalog).ranges())
