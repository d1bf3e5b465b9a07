"""What registers say reaches the figures: whose a unit is, what a provider is called, and that two numbers are one person."""

import os
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assets.catalog.loading import load_catalog
from assets.lake.files import recalled
from assets.releases.readiness import lacking
from assets.tables.domain_state import DomainState
from assets.tables.versions import rows_sql
from sources.duck import connect, dicts
from sources.examples.cpr import invented
from sources.pseudonym import Pseudonyms
from sources.settings import PROJECT
from tests.part import REGISTERS
from tests.redirected import HEADER, Region, Treatments

PERSONS = invented(4_000, 31)
ALWAYS = date(2099, 12, 31)


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def core(region: Region, table: str, domain: str = "redirection") -> list[dict[str, Any]]:
    """The rows of a table as they stand."""
    state = recalled(region.lake.files / DomainState.FOLDER / f"{domain}.json", DomainState)
    assert state
    with connect(region.lake.scratch) as con:
        return dicts(con, f"from ({rows_sql(region.lake.version(f'core.{table}', state.tables[f'core.{table}']))})")


def with_unnamed(region: Region) -> None:
    """Declare what is asked of codes, of redirections alone: the other domains are not there."""
    for name in ("sql/core/unnamed_code.sql", "expectations/core/unnamed_code.odcs.yaml"):
        text = (PROJECT / name).read_text("utf-8")
        begin, end = text.find("    union all\n    select 'referrals'"), text.find("),\n-- A unit")
        (region.project / name).write_text(text[:begin] + text[end:] if begin > 0 else text, "utf-8")


class Named(NamedTuple):
    """A row of the register of units."""

    code: str
    name: str
    since: date
    until: date | None


class Placed(NamedTuple):
    """A row of the region's own mapping."""

    prefix: str
    hospital: str
    since: date
    until: date


def hospital_on(day: date, code: str, owner: str, mapping: Sequence[Placed]) -> str:
    """What the rows say, found by looking at each."""
    for asked in (code, owner):
        in_force = [p for p in mapping if asked.startswith(p.prefix) and p.since <= day <= p.until]
        if in_force:
            return max(in_force, key=lambda p: len(p.prefix)).hospital
    return "UNMAPPED"


def drawn_register(luck: random.Random) -> tuple[list[Named], dict[str, str], list[Placed]]:
    """10,000 rows of 30 hospitals, whose owner is in the code for the half of them: renamed, closed and reopened; and the mapping: mergers,
    departments that moved before and after them, a hospital that nobody mapped.
    """
    rows, owners = list[Named](), dict[str, str]()
    mapping = list[Placed]()
    owning = [f"{7000 + n}" if n % 2 else f"{n + 31}1000016009" for n in range(30)]
    names = ("RHB", "HEH", "GEH", "NOH", "HVH", "AMH", "BOH", "GLO")
    for place, owner in enumerate(owning[:-1]):
        first, merged = names[place % len(names)], date(2014, 1, 1) + timedelta(luck.randrange(20, 340))
        mapping += [Placed(owner, first, date(2007, 1, 1), merged), Placed(owner, "RH", merged + timedelta(1), ALWAYS)]
    serial = 0
    while len(rows) < 10_000:
        owner = luck.choice(owning)
        serial += 1
        code = f"{owner}{luck.randrange(100):02d}{luck.choice('ABCDEFG')}" if len(owner) == 4 else f"{52581 + serial}1000016005"
        if code in owners:
            continue
        owners[code], day = owner, date(2008, 1, 1) + timedelta(luck.randrange(1500))
        for turn in range(luck.choice((1, 1, 2, 3))):
            until = day + timedelta(luck.randrange(200, 1200))
            is_open = luck.random() < 0.5
            rows.append(Named(code, f"Afsnit {serial} navn {turn}", day, None if is_open else until))
            if is_open:
                break
            day = until + timedelta(luck.choice((1, 1, 90)))
        if luck.random() < 0.03:
            moved = date(2014, 1, 1) + timedelta(luck.randrange(360))
            mapping += [Placed(code, luck.choice(names), moved, moved + timedelta(60)), Placed(code, "BFH", moved + timedelta(61), ALWAYS)]
    return rows, owners, mapping


def lay_units(region: Region, rows: Sequence[Named], owners: dict[str, str], drawn: str = "2015-01-20") -> None:
    lines = [";".join((r.code, r.name, owners[r.code], f"{r.since:%d-%m-%Y}", f"{r.until:%d-%m-%Y}" if r.until else "")) for r in rows]
    region.lay("units", "enheder", drawn, ["Kode;Navn;Ejer;Gælder fra;Gælder til", *lines])


def map_units(region: Region, mapping: Sequence[Placed]) -> None:
    path = region.project / "data/reference/unit.csv"
    header = path.read_text("utf-8").partition("\n")[0]
    path.write_text("\n".join([header, *(f"{p.prefix},{p.hospital},{p.since},{p.until},true,drawn" for p in mapping)]) + "\n", "utf-8")


def test_a_thousand_drawn_cases_are_under_the_hospital_of_their_day(region: Region) -> None:
    luck = random.Random(8)
    rows, owners, mapping = drawn_register(luck)
    by_code: dict[str, list[Named]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    with_unnamed(region)
    map_units(region, mapping)
    lay_units(region, rows, owners)
    codes, cases = sorted(by_code), list[tuple[str, str, date]]()
    for place in range(1000):
        day = date(2014, 1, 1) + timedelta(luck.randrange(364))
        code = luck.choice(codes) if place % 25 else f"{luck.randrange(8000, 9999)}99X"
        cases.append((f"D{place:07d}", code, day))
    for month in range(1, 13):
        its = [c for c in cases if c[2].month == month]
        lines = [
            f"{key};{PERSONS[int(key[1:])]};{day:%d-%m-%Y};{day:%d-%m-%Y};{code};P001;Regionens aftale;KCJE20;Behandling"
            for key, code, day in its
        ]
        later = date(2014 + (month + 1) // 12, (month + 1) % 12 + 1, 3)
        region.lay("redirections", f"omvisiteringer_2014-{month:02d}", f"{later}", [HEADER, *lines])
    region.night("2015-03-01")
    found = {r["redirection_id"]: r["hospital_code"] for r in core(region, "redirection")}

    def in_force(code: str, day: date) -> bool:
        """Whether a row of the register is; one that overlaps the next ends before it."""
        its = sorted(by_code.get(code, []), key=lambda r: r.since)
        ends = [min(r.until or ALWAYS, n.since - timedelta(1)) for r, n in pairwise(its)] + [its[-1].until or ALWAYS] if its else []
        return any(r.since <= day <= end for r, end in zip(its, ends, strict=True))

    expected = {
        key: hospital_on(day, code, owners[code] if code in by_code and day >= min(r.since for r in by_code[code]) else "-", mapping)
        for key, code, day in cases
    }
    assert found == expected
    assert Counter(expected.values())["UNMAPPED"] > 40
    assert len(set(expected.values())) > 8

    # What is asked of codes: of each that has no hospital, was closed or is in no register, with its name, months and how many.
    should = Counter[tuple[str, date, str]]()
    for key, code, day in cases:
        why = (
            "unit_without_hospital"
            if expected[key] == "UNMAPPED"
            else "unit_not_registered"
            if code not in by_code
            else "unit_not_in_force"
            if not in_force(code, day)
            else ""
        )
        if why:
            should[code, day.replace(day=1), why] += 1
    told = Counter[tuple[str, date, str]]()
    for row in core(region, "unnamed_code", "unnamed"):
        if row["question"] != "provider_without_name":
            told[row["code"], row["month"], row["question"]] += row["records"]
            assert (row["code_name"] is None) == (row["code"] not in by_code)
    assert told == should
    assert len({why for _, _, why in should}) >= 2


def test_a_unit_nobody_names_is_told_by_name_month_and_about_how_many(region: Region) -> None:
    with_unnamed(region)
    lay_units(region, [Named("1599010", "Medicinsk ambulatorium", date(2007, 1, 1), None)], {"1599010": "1599"})
    found = Treatments("2014-12", 1, HEH=30, BOH=26)
    for row in found.rows:
        if row[4] == "4001010":
            row[4] = "1599010"
    found.rows[0][4], found.rows[1][4] = "0706857", "0706857"
    region.deliver(found, "2015-02-02")
    region.night("2015-03-01")
    said = [one for one in lacking(region.lake, region.catalog) if "nobody" in one.what or "regist" in one.what]
    assert {(one.what, one.which, one.remedy) for one in said if one.what.startswith("unit")} == {
        (
            "unit nobody names",
            "1599010 Medicinsk ambulatorium (redirections: 2014-12 20 to 99 persons)",
            "unit.add.csv: 1599010,HOSPITAL,2014-12-01,2099-12-31,false,SOURCE",
        ),
        ("unit in no register", *next((o.which, o.remedy) for o in said if o.what == "unit in no register")),
    }
    # A code of few persons that nobody knows may be the beginning of a number.
    assert "0706857" not in str(said)
    assert [one.which for one in said if one.what == "codes nobody knows"] == ["1 (redirections)"]


def test_two_files_that_tell_of_the_same_day_are_one_unit(region: Region) -> None:
    """A table of hospitals that was sent once stays beside the register that holds them too."""
    place = region.lake.landing / "units"
    place.mkdir(parents=True)
    lines = {
        "hospital_classes_2012.csv": [
            "K_SGH;V_SGHNAVN;K_FRADTO;D_TILDTO",
            "1516;HERLEV;2007-02-01;2500-01-01",
            "1301;RIGSHOSPITALET;1976-04-01;NULL",
        ],
        "department_classes_2012.csv": ["K_SGH;K_AFD;V_AFDNAVN;K_FRADTO;D_TILDTO", "1516;01 ;Klinik;2007-02-01;2012-12-31"],
    }
    for name, its in lines.items():
        (place / name).write_text("\n".join(its) + "\n", "utf-8")
        os.utime(place / name, (1e9, 1e9))
    region.deliver(Treatments("2014-12", 1, HEH=30), "2015-02-02")
    region.night("2015-03-01")
    assert {r["unit_code"] for r in core(region, "unit_period", "register")} == {"1516", "1301", "151601"}
    lay_units(region, [Named("1516", "Herlev Hospital", date(2007, 2, 1), None)], {"1516": "1516"}, "2015-03-02")
    region.night("2015-03-03")
    rows = {r["unit_code"]: r["unit_name"] for r in core(region, "unit_period", "register")}
    assert rows == {"1516": "Herlev Hospital", "1301": "RIGSHOSPITALET"}


def test_a_provider_is_called_what_the_register_says_on_the_day_and_else_what_the_lookup_does(region: Region) -> None:
    columns = "Udbyder-id;Navn;Gælder fra;Gælder til"
    rows = ["P001;Før;01-01-2007;", "P001;Siden;01-01-2015;", "P777;Ny;10-12-2014;31-12-2014"]
    region.lay("providers", "udbydere", "2015-01-20", [columns, *rows])
    for month, drawn in (("2014-12", "2015-02-02"), ("2015-01", "2015-03-02")):
        found = Treatments(month, 1)
        for provider in ("P001", "P002", "P777"):
            found.more(20, provider=provider)
        region.deliver(found, drawn)
    region.night("2015-04-01")
    names = {
        (r["period_start"], r["provider_id"]): r["provider_name"] for r in core(region, "provider_count") if r["period_type"] == "month"
    }
    lookup = next(row["provider_name"] for row in region.catalog.tree.records("provider") if row["provider_id"] == "P002")
    december, january = date(2014, 12, 1), date(2015, 1, 1)
    assert (names[december, "P001"], names[january, "P001"]) == ("Før", "Siden")
    assert names[december, "P002"] == lookup
    assert (names[december, "P777"], names[january, "P777"]) == ("Ny", "P777")


LINKS = "Erstatningsnummer;CPR-nummer"


def link(region: Region, drawn: str, *pairs: tuple[str, str]) -> None:
    region.lay("person_links", "personnumre", drawn, [LINKS, *(";".join(pair) for pair in pairs)])


def persons(region: Region) -> dict[str, str]:
    return {r["redirection_id"]: r["person_id"] for r in core(region, "redirection")}


def test_a_person_who_got_another_number_is_counted_once(region: Region) -> None:
    found = Treatments("2014-12", 1, HEH=30)
    own = [row[1] for row in found.rows]
    region.deliver(found, "2015-02-02")
    others = [(PERSONS[n], PERSONS[n + 1]) for n in range(0, 60, 2)]
    # One twice replaced, two in a circle, one that replaces itself, one replaced by two.
    odd = [(0, 1), (1, 2), (5, 6), (6, 5), (8, 8), (9, 10), (9, 11)]
    link(region, "2015-02-20", *((own[a], own[b]) for a, b in odd), *others)
    region.night("2015-03-01")
    by_key = persons(region)
    ids = [by_key[row[0]] for row in found.rows]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 30 - 2
    [row] = region.ask("select treatments, persons from marts.redirection_monthly where month = '2014-12-01'")
    # That two of them came again is told of nobody.
    assert row == {"treatments": 30, "persons": None}
    register = recalled(region.lake.files / DomainState.FOLDER / "register.json", DomainState)
    assert register
    assert not register.is_held, register.why


def test_whoever_is_counted_is_counted_under_the_number_that_stands() -> None:
    """Each table made of records about persons of a domain that has links asks for them."""
    catalog = load_catalog(PROJECT)
    of_persons = {f"raw.{name}" for name, e in catalog.extracts.items() if e.contract.person and e.contract.domain != REGISTERS}
    made = [t for t in catalog.computed if of_persons & set(t.reads) and "person_id" in t.text]
    assert len(made) > 4
    assert [t.name for t in made if "core.person_link" not in t.reads] == []
    domains = {catalog.extracts[n.removeprefix("raw.")].contract.domain for n in of_persons}
    purposes = {c.purpose for c in catalog.extracts["person_links"].contract.persons}
    assert domains == purposes


def test_ids_of_one_purpose_are_found_in_no_other(region: Region) -> None:
    link(region, "2015-02-20", *((PERSONS[n], PERSONS[n + 1]) for n in range(0, 40, 2)))
    region.deliver(Treatments("2014-12", 1, HEH=30), "2015-02-02")
    region.night("2015-03-01")
    rows = core(region, "person_link", "register")
    by_domain: dict[str, set[str]] = {}
    for row in rows:
        by_domain.setdefault(row["for_domain"], set()).update((row["replaced_id"], row["person_id"]))
    assert {d: len(ids) for d, ids in by_domain.items()} == {"redirection": 40, "udredning": 40, "kmf": 40}
    assert len(set.union(*by_domain.values())) == 120
    # Nor does the place of a row pair them: each domain's are in an order of their own.
    key = {d: Pseudonyms(d) for d in by_domain}
    places = {d: [r["replaced_id"] for r in rows if r["for_domain"] == d] for d in by_domain}
    orders = [[places[d].index(key[d].of(number)[0]) for number in PERSONS[:40:2]] for d in by_domain]
    assert len({tuple(order) for order in orders}) == 3
    assert not any(number in str(rows) for number in PERSONS[:40])


def test_published_months_stay_when_two_turn_out_to_be_one(region: Region) -> None:
    found = Treatments("2014-12", 1, HEH=30)
    region.deliver(found, "2015-02-02")
    region.night("2015-03-01")
    before = region.ask("select * from marts.redirection_monthly")
    link(region, "2015-03-02", (found.rows[0][1], found.rows[1][1]))
    region.night("2015-03-03")
    assert region.ask("select * from marts.redirection_monthly") == before
    assert len(set(persons(region).values())) == 29


def test_a_register_that_cannot_be_used_stops_nobody(region: Region) -> None:
    """What is wrong with a register holds the registers, with their last good rows; figures go on."""
    region.deliver(Treatments("2014-12", 1, HEH=30), "2015-02-02")
    (region.project / "sources/person_links/layouts/region.yaml").write_text("headr: [x]\n", "utf-8")
    region.lay("units", "enheder", "2015-01-20", ["Kode;Navn;Ejer;Gælder fra;Gælder til", "1516010;A;1516;01-01-2007;01-01-2006"])
    assert region.night("2015-03-01")
    assert region.total("2014-12") == 30
    state = recalled(region.lake.files / DomainState.FOLDER / "register.json", DomainState)
    assert state
    assert state.is_held
    assert "region.yaml" in state.why
