"""No few citizens, and no amount of one, can be told from what is published of co-financing."""

from typing import Any

import numpy as np
import pytest

from assets.catalog.declared import MARTS, Catalog
from tests.attack import Attack, Rows
from tests.attack_amounts import Amounts, cofinancing
from tests.drawn import Tables
from tests.settled import Year
from tests.test_disclosure import Changed, Memory, open_to_all, published, unlinked

RNG = np.random.default_rng
CODES = ("101", "147", "155", "187", "400")
AREAS = ("ALMEN_LÆGE", "SOMATIK_AMBULANT", "PSYKIATRI_AMBULANT", "PSYKIATRI_STATIONÆR", "GENOPTRÆNING")


def random_region(tables: Tables, seed: int) -> Year:
    """Two years of five municipalities, large and small, with few in some bands and groups and some who are very dear."""
    rng, year, chronic = RNG(seed), Year(2013, 2014), []
    for code in CODES:
        citizens = int(rng.choice([3, 8, 15, 40, 90]))
        for age in (1, 40, 70, 85):
            year.lives(code, age, citizens)
        weights = rng.dirichlet([0.5, 3, 2, 1])
        for place in range(citizens):
            person, age = f"{code}-{place:02d}", int(rng.choice([1, 40, 70, 85], p=weights))
            if rng.random() < 0.35:
                chronic += [f"{person} | {name} | 2010-01-01 | " for name in ("KOL", "ASTMA")[: int(rng.integers(1, 3))]]
            for each in (2013, 2014):
                if rng.random() < 0.1:
                    continue
                for area in rng.choice(AREAS, int(rng.integers(1, 4)), p=[0.5, 0.3, 0.1, 0.05, 0.05]):
                    kr = round(float(rng.lognormal(6, 2.2)), 2)
                    misuse = "DF102" if rng.random() < 0.05 else ""
                    year.pays(person, kr, on=f"{each}-03-10", code=code, age=age, area=str(area), diagnosis=misuse)
                if rng.random() < 0.25:
                    year.stays(person, f"{each}-04-01", f"{each}-04-09", code=code, age=age, diagnosis=str(rng.choice(["DJ189", "DS720"])))
                    if rng.random() < 0.4:
                        year.stays(person, f"{each}-04-20", f"{each}-04-29", code=code, age=age)
                for service in ("HJEMMEHJÆLP", "PLEJEBOLIG")[: 2 * int(age > 60)]:
                    if rng.random() < 0.4:
                        year.has_care(person, float(rng.integers(100, 90_000)), f"{each}-02-01", f"{each}-02-28", service, code)
    year.draw(tables)
    tables.given("raw.kmf_chronic", "person_id | chronic_group | begins_date | ends_date\n" + "\n".join(chronic))
    return year


def release(tables: Tables, changed: Changed = lambda spec: spec, memory: Memory | None = None) -> dict[str, Rows]:
    """The marts of co-financing as a release would have them, with the tidy table of them."""
    marts = published(tables, "kmf", {} if memory is None else memory, changed)
    return {**marts, "kmf_indicator": tables.run("marts.kmf_indicator")}


def found(attacks: list[Attack | Amounts]) -> list[Any]:
    return [told for attack in attacks if (told := attack.told())]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_can_be_told_from_the_marts_of_co_financing_together(tables: Tables, seed: int) -> None:
    random_region(tables, seed)
    attacks = cofinancing(release(tables))
    assert sum(len(a.withheld) for a in attacks) > 0
    assert found(attacks) == []


@pytest.mark.parametrize("changed", [unlinked, open_to_all])
def test_the_attack_succeeds_where_a_part_of_the_protection_is_left_out(tables: Tables, changed: Changed) -> None:
    """Without what links tables, and with nothing withheld at all."""

    def told(change: Changed) -> int:
        random_region(tables, 1)
        attacks = cofinancing(release(tables, change))
        for attack, safe in zip(attacks, hidden, strict=True):
            attack.withheld |= {n for n in safe.withheld if n in attack._names}
            if isinstance(attack, Amounts):
                attack.known -= {n for n in safe.withheld if changed is unlinked}
        return sum(len(t) for t in found(attacks))

    random_region(tables, 1)
    hidden = cofinancing(release(tables))
    assert told(changed) > 0


def people(year: Year, code: str, count: int, age: int = 40, kr: float = 100, **more: Any) -> None:
    """So many citizens of a municipality who cost it the same each year."""
    for place in range(count):
        for each in (2013, 2014):
            year.pays(f"{code}-{age}-{place:02d}", kr, on=f"{each}-03-10", code=code, age=age, **more)


def shown(rows: Rows, column: str, **where: Any) -> list[Any]:
    return [r[column] for r in rows if all(str(r[k]) == str(v) for k, v in {"year": "2014-01-01", **where}.items())]


def region(*codes: str) -> Year:
    """Municipalities in which enough of every age live, and each costs the same."""
    year = Year()
    for code in codes:
        for age in (1, 40, 70, 85):
            year.lives(code, age, 50)
            people(year, code, 12, age, 100 + age)
    return year


@pytest.mark.parametrize(("citizens", "is_told"), [(4, False), (5, True)])
def test_a_band_of_few_citizens_is_withheld_with_its_amount(tables: Tables, citizens: int, is_told: bool) -> None:
    year = region("147", "155")
    people(year, "101", 20)
    people(year, "101", citizens, 85)
    year.lives("101", 40, 50)
    year.lives("101", 85, 50)
    year.draw(tables)
    marts = release(tables)
    where = {"municipality_code": "101", "age_band": "80+"}
    assert shown(marts["kmf_age_band"], "citizens", **where) == [citizens if is_told else None]
    assert shown(marts["kmf_age_band"], "amount_oere", **where) == [citizens * 10_000 if is_told else None]
    assert found(cofinancing(marts)) == []


def test_the_contracts_say_why_residents_are_never_withheld(catalog: Catalog) -> None:
    """They are the one number about persons that is told however few: it is published by others already."""
    told = [
        (t.name, c.name)
        for t in catalog.computed
        if t.layer == MARTS and (spec := t.contract.disclosure)
        for c in t.contract.columns
        if c.unit == "residents" and c.name not in {*spec.measures}
    ]
    assert ("marts.kmf_age_band", "residents") in told
    for contract in (catalog.contract("marts.kmf_age_band"), catalog.extracts["kmf_population"].contract):
        assert "Statistics Denmark publishes" in (contract.description.limitations or "")
        assert "FOLK1A" in (contract.description.limitations or "")


@pytest.mark.parametrize(("kr", "is_told"), [(1899, True), (1900, False), (5000, False)])
def test_a_band_of_which_one_pays_half_is_withheld(tables: Tables, kr: float, is_told: bool) -> None:
    year = region("147", "155")
    people(year, "101", 19)
    year.pays("dear", kr, code="101")
    year.pays("dear", 100, on="2013-03-10", code="101")
    year.lives("101", 40, 50)
    year.draw(tables)
    marts = release(tables)
    assert shown(marts["kmf_age_band"], "amount_oere", municipality_code="101", age_band="3-64") == [
        190_000 + round(100 * kr) if is_told else None
    ]
    assert found(cofinancing(marts)) == []


@pytest.mark.parametrize(("ill", "is_told"), [(3, False), (4, False), (5, True), (43, True), (46, False), (48, False)])
def test_a_group_of_few_and_a_group_that_leaves_few_are_withheld(tables: Tables, ill: int, is_told: bool) -> None:
    """Of forty-eight; that all of them are chronically ill tells of everybody."""
    year = region("101", "147", "155")
    year.draw(tables)
    rows = [f"101-{(1, 40, 70, 85)[n % 4]}-{n // 4:02d} | KOL | 2010-01-01 | " for n in range(ill)]
    rows += [f"{code}-40-{n:02d} | KOL | 2010-01-01 | " for code in ("147", "155") for n in range(6)]
    tables.given("raw.kmf_chronic", "person_id | chronic_group | begins_date | ends_date\n" + "\n".join(rows))
    marts = release(tables)
    told = shown(marts["kmf_group"], "citizens", municipality_code="101", citizen_group="CHRONIC")
    # Where what is left would tell, the year has no rows at all.
    assert told == [ill] if is_told else told in ([], [None])
    assert found(cofinancing(marts)) == []
    value = shown(marts["kmf_indicator"], "value", municipality_code="101", indicator="K5", subject="SHARE")
    assert (value not in ([], [None])) == is_told


def test_an_amount_below_nought_is_not_told_by_the_citizens_that_it_is_of(tables: Tables) -> None:
    """A reversal whose settlement never came: one citizen, who is no user, alone in his band and in the rest that users leave."""
    year = region("147", "155")
    people(year, "101", 20)
    year.pays("p1", -77, code="101", age=85)
    for age in (40, 85):
        year.lives("101", age, 50)
    year.draw(tables)
    marts = release(tables)
    assert shown(marts["kmf_age_band"], "amount_oere", municipality_code="101", age_band="80+") == [None]
    assert found(cofinancing(marts)) == []


def test_what_care_of_few_costs_is_not_told_by_what_care_costs_in_the_region(tables: Tables) -> None:
    """Three of one municipality have care; each other has enough for its dearest tenth to be told."""
    year = Year()
    for code in ("147", "155"):
        people(year, code, 60, 85)
        for place in range(60):
            year.has_care(f"{code}-85-{place:02d}", 1000 + place, "2014-02-01", "2014-02-28", code=code)
    people(year, "101", 30, 85)
    for place in range(3):
        year.has_care(f"101-85-{place:02d}", 5000 + place, "2014-02-01", "2014-02-28", code="101")
    for code in ("101", "147", "155"):
        for age in (1, 40, 70, 85):
            year.lives(code, age, 90)
    year.draw(tables)
    marts = release(tables)
    whole = shown(marts["kmf_group_region"], "amount_oere", citizen_group="CARED_ELDERLY")
    parts = shown(marts["kmf_group"], "amount_oere", citizen_group="CARED_ELDERLY")
    assert whole[0] is None or parts.count(None) != 1, "the third is what the two leave of the region's"


@pytest.mark.parametrize("few", [2, 3])
def test_the_change_of_a_municipality_with_a_hidden_band_is_not_split(tables: Tables, few: int) -> None:
    year = region("147", "155", "187")
    people(year, "101", 20)
    people(year, "101", few, 85)
    for age in (40, 85):
        year.lives("101", age, 50)
    year.draw(tables)
    marts = release(tables)
    hidden = {r["municipality_code"] for r in marts["kmf_age_band"] if r["citizens"] is None}
    split = {r["municipality_code"] for r in marts["kmf_change"] if r["age_oere"] is not None}
    assert "101" in hidden
    assert not hidden & split
    assert found(cofinancing(marts)) == []


def test_a_total_of_the_state_does_not_tell_an_amount_that_is_withheld(tables: Tables) -> None:
    """Three citizens: the state's total of their municipality is what they cost."""
    year = region("147", "155")
    people(year, "101", 3)
    year.lives("101", 40, 50)
    year.draw(tables)
    months = "\n".join(f"101 | month | 2014-{m:02d}-01 | ALMEN_LÆGE | 3-64 | {0.3 if m == 3 else 0}" for m in range(1, 13))
    tables.given("raw.kmf_totals", "payer_code | period_type | period_start | area | age_group | amount_thousand_kr\n" + months)
    marts = release(tables)
    assert shown(marts["kmf_municipality"], "amount_oere", municipality_code="101") == [None]
    assert shown(marts["kmf_municipality"], "control_amount_oere", municipality_code="101") != [30_000]


def _is_of(row: dict[str, Any], year: int, code: str) -> bool:
    return (row["year"].year, row["municipality_code"]) == (year, code)


def test_a_hidden_band_is_not_told_by_what_the_ages_of_the_region_explain(tables: Tables) -> None:
    """Three old citizens of one municipality; a second hides its bands for them, and what its ages explain is what the region leaves."""
    year = Year()
    people(year, "101", 20)
    people(year, "101", 3, 85, 4321)
    for code, count in (("147", 12), ("155", 13), ("187", 14)):
        people(year, code, count + 9)
        people(year, code, count, 85, 1000 + count)
    for place, code in enumerate(("101", "147", "155", "187")):
        for age, before, after in ((40, 100, 100 + 7 * place), (85, 40, 60 - 5 * place)):
            year.lives(code, age, before, 2013)
            year.lives(code, age, after, 2014)
        for age in (1, 70):
            year.lives(code, age, 10)
    year.draw(tables)
    marts = release(tables)
    bands = [r for r in marts["kmf_age_band"] if r["year"].year == 2013]
    old = {r["municipality_code"]: r["amount_oere"] for r in bands if r["age_band"] == "80+"}
    hidden = {code for code, amount in old.items() if amount is None}
    assert "101" in hidden
    [explained] = [r["age_oere"] for r in marts["kmf_change_region"]]
    split = {r["municipality_code"]: r["age_oere"] for r in marts["kmf_change"]}
    if explained is None or len(hidden) != 2:
        return
    [other] = hidden - {"101"}

    def grown(code: str, *bands: str) -> float:
        before, after = (
            sum(r["residents"] for r in marts["kmf_age_band"] if _is_of(r, each, code) and r["age_band"] in bands) for each in (2013, 2014)
        )
        return float(after / before)

    def whole(code: str) -> int:
        [amount] = [r["amount_oere"] for r in marts["kmf_municipality"] if _is_of(r, 2013, code)]
        return int(amount)

    # Cells of three are merged with those beside them, so that of 101 the ages explain what anybody can reckon.
    grown_up, every = ("3-64", "65-79", "80+"), ("0-2", "3-64", "65-79", "80+")
    left = explained - sum(age for age in split.values() if age is not None)
    left -= whole("101") * (grown("101", *grown_up) - grown("101", *every))
    of_other = (left - whole(other) * (grown(other, "3-64") - grown(other, *every))) / (grown(other, "80+") - grown(other, "3-64"))
    [of_region] = [r["amount_oere"] for r in marts["kmf_age_band_region"] if (r["year"].year, r["age_band"]) == (2013, "80+")]
    told = of_region - of_other - sum(amount for amount in old.values() if amount is not None)
    assert abs(told - 3 * 432_100) > 10_000, "what the three cost is told to the krone"
