"""What an attacker can work out of what is published of co-financing: numbers of citizens as `tests.attack` does it, and amounts.

An amount is told where the published equations leave it one value: found by linear algebra, whatever the amounts are.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import numpy as np
from scipy.linalg import null_space

from tests.attack import Attack, Name, Rows

ALL, FEWEST = "ALL", 5
# Whose numbers are told by a rule: a tenth, rounded up, of a number that is published.
BY_RULE = ("TOP", "TOP_OF_POPULATION", "CARE_TOP")
OF_USERS = ("CHRONIC", "SUBSTANCE_ABUSE", "PSYCHIATRY_STATIONARY", "PSYCHIATRY_AMBULATORY", "TOP", "TOP_OF_POPULATION")
CARED = ("HOME_HELP", "NURSING", "CARE_HOME")
ADDITIVE = (*OF_USERS[:4], *CARED, "MULTIMORBID", "ADMITTED", "READMITTED", "PREVENTABLE", "CARED_ELDERLY")
# A group all of which another group is part of.
PART_OF = {
    "MULTIMORBID": "CHRONIC", "STILL_TOP": "TOP", "CARE_TOP": "CARED_ELDERLY", "CARE_TOP_IN_TOP": "CARE_TOP",
    "READMITTED": "ADMITTED", "PREVENTABLE": "ADMITTED",
}  # fmt: skip
FACTORS = ("population", "age", "volume", "base_effect", "rate")
# What residents and a published total make of it anybody can reckon, and what is a number of another table.
TOLD_ELSEWHERE = ("population_oere", "population_reversed_oere", "amount_oere", "amount_before_oere")


class Amounts:
    """Unknown amounts, and the equations that are published of them."""

    def __init__(self) -> None:
        self._names: dict[Name, int] = {}
        self._equations: list[dict[int, float]] = []
        self.known: set[Name] = set()
        self.withheld: set[Name] = set()

    def _at(self, name: Name) -> int:
        return self._names.setdefault(name, len(self._names))

    def is_exactly(self, name: Name, value: int | None) -> None:
        """A published amount; None is a withheld one."""
        self._at(name)
        (self.withheld if value is None else self.known).add(name)

    def sums(self, parts: Iterable[Name], whole: Iterable[Name]) -> None:
        """The parts add up to the whole."""
        terms: dict[int, float] = defaultdict(float)
        for sign, names in ((1, parts), (-1, whole)):
            for name in names:
                terms[self._at(name)] += sign
        self._equations.append(dict(terms))

    def told(self) -> set[Name]:
        """Withheld amounts that the equations leave one value."""
        open_names = [n for n in self._names if n not in self.known]
        place = {self._names[n]: i for i, n in enumerate(open_names)}
        rows = [{place[at]: v for at, v in terms.items() if at in place} for terms in self._equations]
        matrix = np.zeros((len(rows) + 1, len(open_names)))
        for row, terms in enumerate(rows):
            for column, value in terms.items():
                matrix[row, column] = value
        free = null_space(matrix)
        fixed = np.abs(free).max(axis=1, initial=0) < 1e-9
        return {n for n, is_fixed in zip(open_names, fixed, strict=True) if is_fixed} & (self.withheld - self.known)


def cofinancing(marts: dict[str, Rows]) -> list[Attack | Amounts]:
    """For each year an attack on the numbers of citizens that the marts of co-financing publish together, and one on all amounts."""
    attacks: dict[date, Attack] = defaultdict(Attack)
    amounts = Amounts()
    for suffix in ("", "_region"):
        _see_levels(attacks, amounts, marts["kmf_region" if suffix else "kmf_municipality"])
        _see_levels(attacks, amounts, marts[f"kmf_age_band{suffix}"])
        _see_groups(attacks, amounts, marts[f"kmf_group{suffix}"])
        _see_change(amounts, marts[f"kmf_change{suffix}"])
    _see_indicators(attacks, amounts, marts.get("kmf_indicator", []))
    for year, attack in attacks.items():
        codes = sorted({r["municipality_code"] for r in marts["kmf_municipality"] if r["year"] == year})
        bands = sorted({r["age_band"] for r in marts["kmf_age_band"] if r["year"] == year})
        for to in (attack, amounts):
            _link_levels(to, year, codes, bands)
        _link_groups(attack, amounts, year, codes, {r["citizen_group"] for r in marts["kmf_group"] if r["year"] == year})
    _link_change(amounts, marts)
    return [*attacks.values(), amounts]


def _level(year: date, place: str, band: str, is_estimated: bool = False) -> Name:
    """What the settlements of a place and band come to; the state's total of it is another number."""
    return ("stated" if is_estimated else "level", year, place, band)


def _see_levels(attacks: dict[date, Attack], amounts: Amounts, rows: Rows) -> None:
    for r in rows:
        place, band = r.get("municipality_code", ALL), r.get("age_band", ALL)
        attacks[r["year"]].is_exactly(_level(r["year"], place, band), r["citizens"])
        amounts.is_exactly(_level(r["year"], place, band, "e" in r["qf"]), r["amount_oere"])


def _see_groups(attacks: dict[date, Attack], amounts: Amounts, rows: Rows) -> None:
    for r in rows:
        year, place, name = r["year"], r.get("municipality_code", ALL), r["citizen_group"]
        if name not in BY_RULE or r["citizens"] is not None:
            attacks[year].is_exactly(("group", year, place, name), r["citizens"])
        if name not in (*BY_RULE, "CARED_ELDERLY", "ADMITTED"):
            _derive(attacks[year], ("others", year, place, name))
        amounts.is_exactly(("group", year, place, name), r["amount_oere"])


def _derive(attack: Attack, name: Name) -> None:
    attack.number(name)
    attack.derived.add(name)


def _see_change(amounts: Amounts, rows: Rows) -> None:
    for r in rows:
        place = r.get("municipality_code", ALL)
        for column in ("change_oere", "amount_oere", "amount_before_oere", *(f"{f}{s}_oere" for f in FACTORS for s in ("", "_reversed"))):
            # What was frozen has no factors, and says so; the amounts themselves stand in other tables.
            if r[column] is not None or (column not in TOLD_ELSEWHERE and "c" in r["qf"]):
                amounts.is_exactly((column, r["year"], place), r[column])


def _see_indicators(attacks: dict[date, Attack], amounts: Amounts, rows: Rows) -> None:
    """Only what the table shows: it withholds nothing that another does not."""
    for r in rows:
        year, place, band = r["year"], r["municipality_code"], r["subject"] if r["indicator"] == "K9" else ALL
        if r["indicator"] in ("K1", "K9") and r["subject"] != "INDEX":
            if r["persons"] is not None:
                attacks[year].is_exactly(_level(year, place, band), r["persons"])
            if r["numerator"] is not None:
                amounts.is_exactly(_level(year, place, band, "e" in r["qf"]), r["numerator"])
        elif r["indicator"] == "K16" and r["numerator"] is not None:
            name = {"BASE": "base_effect"}.get(r["subject"], r["subject"].lower())
            amounts.is_exactly((f"{name}_oere", year, place), r["numerator"])
        elif (group := _group_of(r["indicator"], r["subject"])) and r["persons"] is not None:
            attacks[year].is_exactly(("group", year, place, group), r["persons"])


def _group_of(indicator: str, subject: str) -> str:
    of_subject = {("K2", "USERS"): "TOP", ("K2", "POPULATION"): "TOP_OF_POPULATION", ("K12", "OVERLAP"): "CARE_TOP_IN_TOP"}
    by_indicator = {
        "K3": "TOP", "K4": "STILL_TOP", "K5": "CHRONIC", "K6": "MULTIMORBID", "K8": "READMITTED", "K11": "SUBSTANCE_ABUSE",
        "K10": f"PSYCHIATRY_{subject.split('_')[0]}", "K12": "CARE_TOP", "K13": "HOME_HELP", "K14": "NURSING", "K15": "CARE_HOME",
        "K17": "PREVENTABLE",
    }  # fmt: skip
    return of_subject.get((indicator, subject)) or by_indicator.get(indicator, "")


def _link_levels(to: Attack | Amounts, year: date, codes: list[str], bands: list[str]) -> None:
    for place in (*codes, ALL):
        to.sums([_level(year, place, band) for band in bands], [_level(year, place, ALL)])
    for band in (*bands, ALL):
        to.sums([_level(year, code, band) for code in codes], [_level(year, ALL, band)])


def _link_groups(attack: Attack, amounts: Amounts, year: date, codes: list[str], names: set[str]) -> None:
    for place in (*codes, ALL):
        for name in names:
            base = ("group", year, place, PART_OF[name]) if name in PART_OF else _level(year, place, ALL)
            if name in CARED:
                base = ("of", year, place, name)
                attack.sums([_level(year, place, ALL), ("cared for and no user", year, place, name)], [base])
            if name not in (*BY_RULE, "CARED_ELDERLY", "ADMITTED"):
                attack.sums([("group", year, place, name), ("others", year, place, name)], [base])
    for name in names & {*ADDITIVE}:
        for to in (attack, amounts):
            to.sums([("group", year, code, name) for code in codes], [("group", year, ALL, name)])


def _link_change(amounts: Amounts, marts: dict[str, Rows]) -> None:
    by_year: dict[date, list[str]] = defaultdict(list)
    for r in [*marts["kmf_change"], *marts["kmf_change_region"]]:
        year, place = r["year"], r.get("municipality_code", ALL)
        before = year.replace(year=year.year - 1)
        if place != ALL and (r["contacts"] is not None or "c" in r["qf"]):
            by_year[year].append(place)
        for suffix in ("", "_reversed"):
            amounts.sums([(f"{f}{suffix}_oere", year, place) for f in FACTORS], [("change_oere", year, place)])
        amounts.sums([("change_oere", year, place), ("amount_before_oere", year, place)], [("amount_oere", year, place)])
        if place != ALL:
            amounts.sums([("amount_oere", year, place)], [_level(year, place, ALL)])
            amounts.sums([("amount_before_oere", year, place)], [_level(before, place, ALL)])
    for year, codes in by_year.items():
        for column in ("change_oere", "amount_oere", "amount_before_oere", *(f"{f}{s}_oere" for f in FACTORS for s in ("", "_reversed"))):
            amounts.sums([(column, year, code) for code in codes], [(column, year, ALL)])
