"""What co-financing came to and why it changed (K1-K17), from the delivered files by other means than the pipeline's: `cofinancing`."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.oracle.cofinancing import BANDS, ELDER, Citizen, Group, citizens, contacts, groups, of_place, residents, totals, years
from tests.oracle.cofinancing_change import FACTORS, FEWEST, Change, change

# How far two ways to round a sum of parts of øre may lie apart.
CLOSE = 1
# Groups whose amounts are of care.
CARED = ("CARED_ELDERLY", "CARE_TOP", "CARE_TOP_IN_TOP")
# (group, what of it, of what): indicators that tell of a group.
OF_GROUPS = {
    ("K2", "USERS"): ("TOP", "amount", "users"), ("K2", "POPULATION"): ("TOP_OF_POPULATION", "amount", "users"),
    ("K3", "MEAN"): ("TOP", "kr", "citizens"), ("K3", "SMALLEST"): ("TOP", "smallest", ""), ("K4", "ALL"): ("STILL_TOP", "citizens", "of"),
    ("K5", "SHARE"): ("CHRONIC", "amount", "users"), ("K5", "PER_CITIZEN"): ("CHRONIC", "kr", "citizens"),
    ("K6", "SHARE"): ("MULTIMORBID", "amount", "users"), ("K6", "PER_CITIZEN"): ("MULTIMORBID", "kr", "citizens"),
    ("K8", "ALL"): ("READMITTED", "events", "of"), ("K17", "ALL"): ("PREVENTABLE", "events", "of"),
    ("K10", "STATIONARY"): ("PSYCHIATRY_STATIONARY", "amount", "users"),
    ("K10", "AMBULATORY"): ("PSYCHIATRY_AMBULATORY", "amount", "users"),
    ("K10", "STATIONARY_PER_RESIDENT"): ("PSYCHIATRY_STATIONARY", "kr", "residents"),
    ("K10", "AMBULATORY_PER_RESIDENT"): ("PSYCHIATRY_AMBULATORY", "kr", "residents"),
    ("K11", "SHARE"): ("SUBSTANCE_ABUSE", "amount", "users"), ("K11", "PER_CITIZEN"): ("SUBSTANCE_ABUSE", "kr", "citizens"),
    ("K12", "SHARE"): ("CARE_TOP", "amount", "care"), ("K12", "OVERLAP"): ("CARE_TOP_IN_TOP", "citizens", "of"),
    ("K13", "PER_1000_ELDERLY"): ("HOME_HELP", "thousand", "elderly"), ("K13", "SHARE"): ("HOME_HELP", "amount", "users"),
    ("K14", "PER_1000_ELDERLY"): ("NURSING", "thousand", "elderly"), ("K14", "SHARE"): ("NURSING", "amount", "users"),
    ("K15", "PER_1000_ELDERLY"): ("CARE_HOME", "thousand", "elderly"), ("K15", "SHARE"): ("CARE_HOME", "amount", "users"),
}  # fmt: skip


@pytest.fixture(scope="module")
def landing(example_files: Path) -> Path:
    return example_files


def core(region: Path, name: str) -> pd.DataFrame:
    [file] = (region / "lake" / "core" / name).glob("*/*.parquet")
    found = pd.read_parquet(file)
    return found.assign(year=pd.to_datetime(found.year).dt.year) if "year" in found else found


def mart(region: Path, name: str) -> pd.DataFrame:
    found = pd.read_parquet(region / "releases" / "current" / "marts" / f"{name}.parquet")
    return found.assign(year=pd.to_datetime(found.year).dt.year)


@pytest.fixture(scope="module")
def ids(landing: Path, region: Path) -> dict[str, str]:
    """The id by which the pipeline puts each person in order: of those who had a contact."""
    made = core(region, "kmf_settlement").set_index("contact_id").person_id
    pairs = set(zip(contacts(landing).cpr, made.reindex(contacts(landing).index), strict=True))
    assert len(pairs) == len({cpr for cpr, _ in pairs}) == len({made for _, made in pairs})
    return dict(pairs)


def places(landing: Path) -> list[tuple[int, str]]:
    """Years and municipalities, and the region as ALL."""
    return sorted({(year, code) for year, code, _ in citizens(landing)} | {(year, "ALL") for year in years(landing)})


@pytest.fixture(scope="module")
def counted(landing: Path, ids: dict[str, str]) -> dict[tuple[int, str], dict[str, Group]]:
    """The groups of every year and place."""
    return {place: groups(landing, ids, *place) for place in places(landing)}


def living(landing: Path, year: int, place: str, low: int = 0, high: int = 125) -> int:
    found = (ages for (y, code), ages in residents(landing).items() if y == year and place in (code, "ALL"))
    return sum(count for ages in found for age, count in ages.items() if low <= age <= high)


def test_every_contact_is_netted_and_is_what_its_newest_settlement_says(landing: Path, region: Path) -> None:
    made = core(region, "kmf_settlement").set_index("contact_id")
    found = contacts(landing)
    assert set(made.index) == set(found.index)
    made = made.reindex(found.index)
    for name, column in (
        ("code", "municipality_code"), ("area", "area"), ("base", "base_oere"), ("amount", "amount_oere"), ("year", "year"),
        ("settlements", "settlements"), ("is_reversed", "is_reversed"), ("age", "age"),
    ):  # fmt: skip
        same = (found[name] == made[column].astype(found[name].dtype)) | (found[name].isna() & made[column].isna())
        assert bool(same.all()), column
    for name, column in (("diagnosis", "diagnosis_code"), ("kind", "admission_type")):
        assert found[name].tolist() == made[column].fillna("").tolist()
    rated = made.expected_oere.notna()
    assert rated.tolist() == found.age.notna().tolist()
    assert (found.expected[rated] - made.expected_oere[rated]).abs().max() <= CLOSE
    # The example holds what the rules are for.
    assert found.is_reversed.sum() > 500
    assert ((found.settlements > 1) & ~found.is_reversed).sum() > 1000
    assert (found.base < 0).sum() > 20
    assert (found.code == "UNMAPPED").sum() > 500


def test_citizens_of_a_municipality_in_a_year_are_as_they_were_counted(landing: Path, region: Path, ids: dict[str, str]) -> None:
    every, made = citizens(landing), core(region, "kmf_citizen_year")
    assert len(made) == len(every)
    with_contact = {(year, code, ids[cpr]): c for (year, code, cpr), c in every.items() if cpr in ids}
    cared_alone = []
    for row in made.itertuples():
        one = with_contact.get((row.year, row.municipality_code, row.person_id))
        if one is None:
            cared_alone.append((row.year, row.municipality_code, row.care_cost_oere, row.has_home_help, row.has_nursing, row.has_care_home))
            continue
        told = (row.age_band, row.contacts, row.amount_oere, row.chronic_groups, row.has_substance_abuse, row.is_elder, row.is_user)
        assert told == (one.band, one.contacts, one.amount, one.chronic, one.misuses, one.is_elder, one.is_user)
        assert (row.has_home_help, row.has_nursing, row.has_care_home) == services(one)
        assert abs(row.care_cost_oere - one.care) <= CLOSE
        back = [stay for stay in one.stays if stay.back is not None]
        spared = [stay for stay in one.stays if stay.is_preventable]
        assert (row.admissions, row.readmissions, row.preventable_admissions) == (len(one.stays), len(back), len(spared))
        assert row.readmission_amount_oere == sum(stay.back or 0 for stay in back)
    assert sorted(cared_alone) == sorted((k[0], k[1], c.care, *services(c)) for k, c in every.items() if k[2] not in ids)
    # Movers are citizens of two municipalities, and some have no age of their own.
    assert sum(n > 1 for n in Counter((year, cpr) for year, _, cpr in every).values()) > 500
    assert any(c.age is None for c in every.values())
    assert any(c.amount < 0 for c in every.values())


def services(one: Citizen) -> tuple[bool, ...]:
    return tuple(name in one.services for name in ("HJEMMEHJÆLP", "SYGEPLEJE", "PLEJEBOLIG"))


def test_k1_and_k9_what_municipalities_and_their_bands_of_age_came_to(landing: Path, region: Path) -> None:
    made = {(r.year, r.municipality_code, r.age_band): r for r in core(region, "kmf_level").itertuples()}
    assert {key[:2] for key in made} == set(places(landing))
    for year, place in places(landing):
        lacks, is_provisional = years(landing)[year]
        of = of_place(landing, year, place)
        for band, low, high in (*BANDS, ("ALL", 0, 125)):
            row = made[year, place, band]
            some = [c for c in of.values() if band in (c.band, "ALL")]
            amount = sum(c.amount for c in some)
            if band == "ALL":
                assert row.control_amount_oere == totals(landing)[year, place]
                assert row.is_estimated == bool(lacks)
                assert lacks or abs(amount - row.control_amount_oere) <= 0.005 * row.control_amount_oere
            told = totals(landing)[year, place] if lacks and band == "ALL" else amount
            assert (row.residents, row.citizens, row.amount_oere, row.is_provisional) == (
                living(landing, year, place, low, high), sum(c.is_user for c in some), told, is_provisional,
            )  # fmt: skip
            largest = max((abs(c.amount) for c in some), default=0)
            assert row.largest_share == (pytest.approx(largest / amount, abs=1e-8) if amount else pytest.approx(float("nan"), nan_ok=True))
    assert {year: lacks for year, (lacks, _) in years(landing).items()} == {2012: ["2012-08"], 2013: [], 2014: []}


def test_k2_to_k15_and_k17_groups_are_as_they_were_counted(region: Path, counted: dict[tuple[int, str], dict[str, Group]]) -> None:
    made: dict[tuple[int, str], dict[str, Any]] = {}
    for row in core(region, "kmf_group_count").itertuples():
        made.setdefault((row.year, row.municipality_code), {})[row.citizen_group] = row
    assert set(made) == set(counted)
    wrong = []
    for place, told in made.items():
        assert set(told) == set(counted[place]) - {"USERS"}, place
        for name, row in told.items():
            of, is_care = counted[place][name], name in CARED
            whole = of.of_amount if is_care else counted[place]["USERS"].amount
            close = max(abs(row.amount_oere - of.amount), abs(row.of_amount_oere - whole)) <= (is_care and CLOSE * of.of_citizens)
            events = (row.events, row.of_events) if pd.notna(row.events) else (0, 0)
            smallest = round(of.smallest / 100_000) * 1000 if name == "TOP" else None
            same = row.smallest_amount_kr == smallest if smallest else pd.isna(row.smallest_amount_kr)
            if (row.citizens, row.of_citizens, *events) != (of.citizens, of.of_citizens, of.events, of.of_events) or not close or not same:
                wrong.append((place, name))
    assert wrong == []


def changes(landing: Path) -> Iterator[tuple[int, str, Change]]:
    known = sorted({(year, code) for year, code, _ in citizens(landing)})
    return ((year, code, change(landing, year, code)) for year, code in known if (year - 1, code) in known)


def test_k16_the_change_is_explained_factor_by_factor_in_both_orders(landing: Path, region: Path) -> None:
    made = {(r.year, r.municipality_code): r for r in core(region, "kmf_change_factor").itertuples()}
    sums: dict[int, Counter[str]] = {}
    for year, code, found in changes(landing):
        row = made.pop((year, code))
        assert (row.amount_before_oere, row.amount_oere, row.is_safe) == (found.before, found.after, found.is_safe), (year, code)
        assert sum(found.contributions) == sum(found.backwards) == found.after - found.before
        for name, forward, backward in zip(FACTORS, found.contributions, found.backwards, strict=True):
            told = getattr(row, f"{name}_oere"), getattr(row, f"{name}_reversed_oere")
            assert told == (pytest.approx(forward, abs=CLOSE), pytest.approx(backward, abs=CLOSE)), (year, code, name)
            sums.setdefault(year, Counter()).update({f"{name}_oere": told[0], f"{name}_reversed_oere": told[1]})
        sums[year]["change_oere"] += found.after - found.before
    assert set(made) == {(year, "ALL") for year in sums}
    for (year, _), row in made.items():
        assert {name: getattr(row, name) for name in sums[year]} == dict(sums[year])


def letters(row: Any) -> dict[str, str]:
    """What a row says of each value that is missing."""
    parts = [part.split(": ") for part in row.qf_columns.split("; ") if part]
    return {name: letter for letter, names in parts for name in names.split(", ")}


def test_what_the_marts_tell_is_what_was_counted_and_what_they_do_not_tell_has_its_letter(
    landing: Path, region: Path, counted: dict[tuple[int, str], dict[str, Group]], record_property: Any
) -> None:
    said: Counter[str] = Counter()

    def told(row: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            shown = getattr(row, name)
            said["told" if pd.notna(shown) else letters(row)[name]] += 1
            if pd.notna(shown):
                assert shown == pytest.approx(float(value), abs=0.0051), (row, name)

    for suffix in ("", "_region"):
        for row in mart(region, f"kmf_municipality{suffix}" if not suffix else "kmf_region").itertuples():
            place = row.year, getattr(row, "municipality_code", "ALL")
            of = of_place(landing, *place)
            lacks, _ = years(landing)[row.year]
            amount = totals(landing)[place] if lacks else sum(c.amount for c in of.values())
            people = living(landing, *place)
            per = Fraction(amount, 100 * people)
            told(row, {"citizens": sum(c.is_user for c in of.values()), "amount_oere": amount, "amount_per_resident_kr": per})
            assert ("e" in row.qf) == bool(lacks)
        for row in mart(region, f"kmf_age_band{suffix}").itertuples():
            place = row.year, getattr(row, "municipality_code", "ALL")
            some = [c for c in of_place(landing, *place).values() if c.band == row.age_band]
            amount = sum(c.amount for c in some)
            told(row, {"citizens": sum(c.is_user for c in some), "amount_oere": amount})
            is_small = 0 < sum(c.is_user for c in some) < FEWEST or (some and 2 * max(c.amount for c in some) >= amount)
            assert not is_small or (pd.isna(row.citizens) and pd.isna(row.amount_oere)), row
        for row in mart(region, f"kmf_group{suffix}").itertuples():
            of = counted[row.year, getattr(row, "municipality_code", "ALL")][row.citizen_group]
            tolerance = 2 if row.citizen_group in CARED else 0
            told(row, {"citizens": of.citizens})
            if pd.notna(row.amount_oere):
                assert abs(row.amount_oere - of.amount) <= tolerance * of.of_citizens
            is_small = 0 < of.citizens < FEWEST or (of.citizens and 0 < of.of_citizens - of.citizens < FEWEST)
            # What is left of those with psychiatry is what they cost beside it.
            if is_small and not row.citizen_group.startswith("PSYCHIATRY"):
                assert pd.isna(row.citizens) and pd.isna(row.amount_oere), row
    for row in mart(region, "kmf_change").itertuples():
        if (row.year - 1, row.municipality_code) in places(landing):
            found_change = change(landing, row.year, row.municipality_code)
            names = (f"{name}_oere" for name in FACTORS)
            for name, value in zip(names, found_change.contributions, strict=True):
                if pd.notna(getattr(row, name)):
                    assert found_change.is_safe
                    assert abs(getattr(row, name) - value) <= CLOSE
                    said["told"] += 1
                else:
                    said[letters(row)[name]] += 1
    assert set(said) <= {"told", "c"}
    assert said["told"] > 2 * said["c"] > 0, said
    record_property("co-financing", dict(said))


def expected_indicator(landing: Path, found: dict[str, Group], row: Any) -> float | Fraction | None:
    """The value that the rules give to a row of the tidy table, in its unit."""
    place = (row.year, row.municipality_code)
    group, part, below = OF_GROUPS[row.indicator, row.subject]
    of = found[group]
    if part == "smallest":
        return round(of.smallest / 100_000) * 1000
    amount = {"kr": Fraction(of.amount, 100), "thousand": 1000 * of.citizens}.get(part) if part in ("kr", "thousand") else getattr(of, part)
    whole = {
        "users": sum(c.amount for c in of_place(landing, *place).values()), "citizens": of.citizens, "care": of.of_amount,
        "of": of.of_events if part == "events" else of.of_citizens,
        "residents": living(landing, *place), "elderly": living(landing, *place, ELDER),
    }[below]  # fmt: skip
    return Fraction(amount) / whole if whole else None


def test_the_tidy_table_says_every_indicator_as_it_was_counted(
    landing: Path, region: Path, counted: dict[tuple[int, str], dict[str, Group]]
) -> None:
    seen: Counter[str] = Counter()
    for row in mart(region, "kmf_indicator").itertuples():
        of = of_place(landing, row.year, row.municipality_code)
        if pd.isna(row.value):
            is_none = row.indicator == "K7" or (row.indicator, row.year) == ("K4", 2012) or row.persons == 0
            assert letters(row).get("value", "no letter") in ("zm" if is_none else "c"), row
            seen["missing"] += 1
        elif (row.indicator, row.subject) in OF_GROUPS:
            value = expected_indicator(landing, counted[row.year, row.municipality_code], row) or 0
            assert row.value == pytest.approx(float(value), abs=0.02 if row.unit == "kr" else 1e-6), row
            seen[row.indicator] += 1
        elif row.indicator == "K9" and row.subject != "INDEX":
            amount = sum(c.amount for c in of.values() if c.band == row.subject)
            [(low, high)] = [edges for name, *edges in BANDS if name == row.subject]
            people = living(landing, row.year, row.municipality_code, low, high)
            assert row.value == pytest.approx(amount / 100 / people, abs=0.0051), row
            seen["K9"] += 1
    assert min(seen.values()) > 10
    assert set(seen) == {f"K{n}" for n in (2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 17)} | {"missing"}


def test_k9_the_index_compares_a_municipality_with_the_regions_rates_and_weighted_by_residents_it_is_one(
    landing: Path, region: Path
) -> None:
    made = mart(region, "kmf_municipality")
    for year in years(landing):
        of_year = of_place(landing, year, "ALL")
        rates = {
            band: Fraction(sum(c.amount for c in of_year.values() if c.band == band), living(landing, year, "ALL", low, high))
            for band, low, high in BANDS
        }
        expected, amounts = {}, {}
        for row in made[made.year == year].itertuples():
            place = (year, row.municipality_code)
            expected[place] = sum(rates[band] * living(landing, *place, low, high) for band, low, high in BANDS)
            amounts[place] = sum(c.amount for c in of_place(landing, *place).values())
            if pd.notna(row.age_index):
                assert row.expected_amount_oere == pytest.approx(float(expected[place]), abs=1), row
                assert row.age_index == pytest.approx(float(amounts[place] / expected[place]), abs=1e-6), row
        assert sum(expected.values()) == pytest.approx(sum(amounts.values()))
        told = made[(made.year == year) & made.age_index.notna()]
        if len(told) == made[made.year == year].municipality_code.nunique():
            weighted = (told.age_index * told.expected_amount_oere).sum() / told.expected_amount_oere.sum()
            assert weighted == pytest.approx(1, abs=1e-8), year


def test_this_opinion_is_independent() -> None:
    ours = "('assets', 'sources', 'expectations')"
    code = f"import sys, tests.oracle.test_cofinancing; print([m for m in sys.modules if m.split('.')[0] in {ours}])"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout == "[]\n"
