"""The national register of units, as it was published, names the hospital of each unit's own day."""

import os
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

from tests.redirected import HEADER, Region
from tests.test_registers import PERSONS, core, with_unnamed

# Where nothing maps a code nobody can say more than the register does.
UNMAPPED = "UNMAPPED"


def test_units_of_the_real_register_are_under_the_hospital_of_their_day(datasets: Path, tmp_path: Path) -> None:
    register = datasets / "shak" / "SHAKCOMPLETE_2011_capital_region.txt"
    region, luck = Region(tmp_path), random.Random(11)
    with_unnamed(region)
    lines = register.read_bytes().decode("cp1252").splitlines()
    names: dict[str, list[tuple[str, str, str]]] = {}
    for line in lines:
        names.setdefault(line[3:23].strip(), []).append((line[23:31], line[39:47], line[47:167].strip()))
    landing = region.lake.landing / "units"
    landing.mkdir(parents=True)
    shutil.copy(register, landing / "SHAKCOMPLETE.TXT")
    os.utime(landing / "SHAKCOMPLETE.TXT", (1e9, 1e9))
    mapping = region.catalog.tree.records("unit")
    cases = [(f"D{n:07d}", luck.choice(sorted(names)), date(2014, 12, 1) + timedelta(luck.randrange(31))) for n in range(300)]
    rows = [
        f"{key};{PERSONS[n]};{d:%d-%m-%Y};{d:%d-%m-%Y};{code};P001;Regionens aftale;KCJE20;Behandling"
        for n, (key, code, d) in enumerate(cases)
    ]
    region.lay("redirections", "omvisiteringer_2014-12", "2015-02-02", [HEADER, *rows])
    region.night("2015-03-01")

    def hospital(code: str, day: date) -> str:
        found = [r for r in mapping if code.startswith(r["unit_prefix"]) and r["valid_from"] <= f"{day}" <= r["valid_to"]]
        return max(found, key=lambda r: len(r["unit_prefix"]))["hospital_code"] if found else UNMAPPED

    assert {r["redirection_id"]: r["hospital_code"] for r in core(region, "redirection")} == {k: hospital(c, d) for k, c, d in cases}
    asked = {
        (r["question"], r["code"]): r["code_name"]
        for r in core(region, "unnamed_code", "unnamed")
        if r["question"] != "provider_without_name"
    }
    closed = {c for _, c, day in cases if not any(since <= f"{day:%Y%m%d}" <= until for since, until, _ in names[c])}
    assert {code for question, code in asked if question == "unit_not_in_force"} == {
        c for c in closed if hospital(c, date(2014, 12, 15)) != UNMAPPED
    }
    assert {code for question, code in asked if question == "unit_without_hospital"} == {
        c for _, c, d in cases if hospital(c, d) == UNMAPPED
    }
    assert not [code for question, code in asked if question == "unit_not_registered"]
    # Each by the name it has then, else by the last one it had.
    assert all(name == max(n for n in names[code] if n[0] <= "20141231")[2] for (_, code), name in asked.items())
