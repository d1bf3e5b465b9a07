"""What releases of a year tell of diagnostic pathways that end codes came late of, laid side by side: nothing of few persons."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.attack_releases import Releases, told
from tests.redirected import PERSONS, UNITS, Region

PATHWAYS = "Forløb;CPR;Sektor;Afsnit;Henvisning modtaget;Udredning slut;Slutkode;Årsag;Registreret"
PAUSES = "Pause;Forløb;Type;Fra;Til;Registreret"
REFERRALS = "Henvisning;CPR;Sektor;Afsnit;Lukket"
# What comes late of January, by the month whose file it stands in.
LATE = {3: {"HEH": 2, "RHB": 1}, 4: {"BOH": 3, "HEH": 1}, 5: {"HEH": 60, "RHB": 45, "BOH": 2}, 6: {"BOH": 40, "RHB": 30, "HEH": 3}}


class Clinic:
    """Files of pathways, pauses and referrals of a month each; the pathways of a hospital are each of a new person."""

    def __init__(self, region: Region, seed: int) -> None:
        self._region, self._luck, self._count = region, random.Random(seed), 0
        # One sender is enough here.
        region.edit("sources/pathways/contract.odcs.yaml", "{name: psychiatry}, {name: lpr3, since: 2019-02}", "")
        region.edit("sources/pathways/contract.odcs.yaml", "{name: region}, ]", "{name: region}]")
        for layout in ("lpr2", "lpr3"):
            (region.project / f"sources/pathways/layouts/{layout}.yaml").unlink()

    def month(self, number: int, sizes: dict[str, int], late: dict[str, int]) -> None:
        """The file of a month: pathways that ended in it, and of January what was registered late."""
        drawn = f"2015-{number + 1:02d}-02"
        own = self._ended(number, sizes, date(2015, number, 28))
        lines = own + (self._ended(1, late, date(2015, number, 27)) if late else [])
        pause = (
            f"P{number:08d};{own[0].split(';')[0]};Patientens ønske;02-{number:02d}-2015;04-{number:02d}-2015;28-{number:02d}-2015 12:00"
        )
        for extract, name, rows in (("pathways", "udredning", [PATHWAYS, *lines]), ("pathway_pauses", "pauser", [PAUSES, pause])):
            self._region.lay(extract, f"{name}_2015-{number:02d}", drawn, rows)

    def referrals(self, number: int, sizes: dict[str, int], drawn: str) -> None:
        """The file of referrals that were closed in a month."""
        rows = [
            f"H{number:03d}{place:05d};{PERSONS[place]};Somatik;{UNITS[hospital]};15-{number:02d}-2015"
            for place, hospital in enumerate(h for h, n in sizes.items() for _ in range(n + 3))
        ]
        self._region.lay("referrals", f"henvisninger_2015-{number:02d}", drawn, [REFERRALS, *rows])

    def _ended(self, number: int, sizes: dict[str, int], registered: date) -> list[str]:
        found = []
        for hospital, count in sizes.items():
            for _ in range(count):
                self._count += 1
                ended = date(2015, number, self._luck.randint(5, 25))
                received = ended - timedelta(days=self._luck.choice((9, 20, 28, 33, 41)))
                reason = self._luck.choice(("", "", "FAGLIG", "KAPACITET")) if (ended - received).days > 30 else ""
                days = f"{received:%d-%m-%Y};{ended:%d-%m-%Y};UDR-SLUT;{reason};{registered:%d-%m-%Y} 10:00"
                found.append(f"F{self._count:08d};{PERSONS[self._count]};Somatik;{UNITS[hospital]};{days}")
        return found


def year_of(region: Region, seed: int = 1) -> None:
    """Nights of April to August 2015: late records each month, Herlev merges in May, from June on the limit is one of 32 days."""
    clinic, sizes = Clinic(region, seed), {"HEH": 80, "RHB": 55, "BOH": 34}
    for number in range(1, 8):
        clinic.month(number, sizes, LATE.get(number - 1, {}))
        day = f"2015-{number + 1:02d}-04"
        for closed in range(max(number - 1, 1), number + 1):
            clinic.referrals(closed, sizes, f"2015-{number + 1:02d}-03")
        if number == 5:
            region.edit("data/reference/limit.csv", "SOM,UDREDNING,30,", "SOM,UDREDNING,32,")
        if number > 3:
            region.revise(day)
        if number > 2:
            region.night(day)


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path, "udredning")


def test_no_release_of_a_year_beside_any_other_tells_of_few(region: Region) -> None:
    year_of(region)
    attacked = Releases(region.lake, region.catalog)
    seen = {r["pathways"] for release in region.released for r in region.ask(JANUARY, release)}
    assert len(seen) > 2, "and totals are corrected"
    ranges = attacked.ranges()
    assert len(ranges) > 20, "many have changed by few"
    assert told(ranges) == {}


JANUARY = "select pathways from marts.udredning_monthly where month = '2015-01-01' and sector = 'SOM' and not is_provisional"


def test_the_same_attack_succeeds_where_no_difference_is_protected(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.tables.revision._telling", lambda *_: set())
    year_of(region)
    assert told(Releases(region.lake, region.catalog).ranges())
