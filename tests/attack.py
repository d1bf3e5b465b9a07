"""What an attacker can work out: the smallest and largest value of a withheld number over all tables of whole numbers that agree
with everything published. Solved exactly, as an integer programme.

The attacker knows how the tables hang together (sums, parts of a whole), and of two releases which numbers no delivery changed.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Name = tuple[Any, ...]
Rows = list[dict[str, Any]]
MOST = 1e6


class Attack:
    """Unknown numbers, each a whole number of nought or more, and what is known of them."""

    def __init__(self) -> None:
        self._names: dict[Name, int] = {}
        self._known: list[tuple[dict[int, float], float, float]] = []
        self.withheld: set[Name] = set()

    def number(self, name: Name) -> int:
        return self._names.setdefault(name, len(self._names))

    def is_exactly(self, name: Name, value: int | None) -> None:
        """A published number; None is a withheld one."""
        at = self.number(name)
        if value is None:
            self.withheld.add(name)
        else:
            self._known.append(({at: 1.0}, value, value))

    def sums(self, parts: Iterable[Name], whole: Iterable[Name] | int) -> None:
        """The parts add up to the whole, a number or other unknowns."""
        terms: dict[int, float] = defaultdict(float)
        for name in parts:
            terms[self.number(name)] += 1
        value = whole if isinstance(whole, int) else 0
        for name in () if isinstance(whole, int) else whole:
            terms[self.number(name)] -= 1
        self._known.append((dict(terms), value, value))

    def is_part(self, part: Name, whole: Name) -> None:
        self._known.append(({self.number(part): 1.0, self.number(whole): -1.0}, -np.inf, 0))

    def range_of(self, name: Name) -> tuple[int, int]:
        """The smallest and the largest value `name` can have."""
        rows, columns, values = [], [], []
        for row, (terms, _, _) in enumerate(self._known):
            for column, value in terms.items():
                rows.append(row), columns.append(column), values.append(value)
        size = len(self._names)
        matrix = csr_array((values, (rows, columns)), shape=(len(self._known), size))
        constraint = LinearConstraint(matrix, [low for _, low, _ in self._known], [high for *_, high in self._known])
        ends = []
        for sign in (1, -1):
            aim = np.zeros(size)
            aim[self.number(name)] = sign
            found = milp(aim, constraints=constraint, integrality=np.ones(size), bounds=Bounds(0, MOST))
            assert found.success, f"what is published contradicts itself: {found.message}"
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]

    def told(self, threshold: int = 5) -> dict[Name, tuple[int, int]]:
        """The withheld numbers that can be told too closely: a range under `threshold` values, or that ends below it."""
        ranges = {name: self.range_of(name) for name in sorted(self.withheld, key=str)}
        return {n: (low, high) for n, (low, high) in ranges.items() if high < threshold or high - low < threshold - 1}


def redirections(marts: dict[str, Rows]) -> list[Attack]:
    """One attack for each quarter on what the marts of redirections publish together."""
    attacks: dict[tuple[int, int], Attack] = defaultdict(Attack)

    def of(month: Any) -> Attack:
        return attacks[month.year, (month.month - 1) // 3]

    monthly, quarterly = marts["redirection_monthly"], marts["redirection_hospital_service_quarterly"]
    final = {r["month"] for r in monthly if not r["is_total"]}
    total = {r["month"]: r["treatments"] for r in monthly if r["is_total"]}
    by = {"service": ("redirection_by_service_group", "service_group"), "hospital": ("redirection_by_hospital", "hospital_code")}
    members: dict[tuple[str, Any], list[Name]] = defaultdict(list)
    for r in monthly:
        if not r["is_total"]:
            members["agreement", r["month"]].append(("agreement", r["month"], r["agreement_type"]))
            of(r["month"]).is_exactly(members["agreement", r["month"]][-1], r["treatments"])
    for kind, (mart, column) in by.items():
        for r in marts[mart]:
            members[kind, r["month"]].append((kind, r["month"], r[column]))
            of(r["month"]).is_exactly(members[kind, r["month"]][-1], r["treatments"])
    for r in marts["redirection_by_service_group"]:
        before = r["month"].replace(year=r["month"].year - 1)
        if r["treatments_year_before"] is not None and before in final:
            of(before).is_exactly(("service", before, r["service_group"]), r["treatments_year_before"])
    for (_, month), names in members.items():
        if total.get(month) is not None:
            of(month).sums(names, total[month])
    for r in quarterly:
        of(r["quarter"]).is_exactly(("cell", r["quarter"], r["hospital_code"], r["service_group"]), r["treatments"])
    for kind, column in (("hospital", "hospital_code"), ("service", "service_group")):
        for quarter, value in {(r["quarter"], r[column]) for r in quarterly}:
            cells = [
                ("cell", quarter, r["hospital_code"], r["service_group"])
                for r in quarterly
                if (r["quarter"], r[column]) == (quarter, value)
            ]
            months = [n for (k, m), names in members.items() if k == kind and _quarter(m) == quarter for n in names if n[2] == value]
            of(quarter).sums(cells, months)
    return list(attacks.values())


def udredning(marts: dict[str, Rows]) -> list[Attack]:
    """One attack for each month and sector on what the marts of pathways publish together."""
    attacks: dict[tuple[Any, str], Attack] = defaultdict(Attack)
    measures = ("pathways", "within_limit_gross", "within_limit_net", "over_with_reason", "over_without_reason", "ended", "referrals",
                "without_limit")  # fmt: skip
    for mart, names in (("udredning_monthly", measures), ("udredning_open_monthly", ("open_pathways", "open_over_limit", "without_limit"))):
        cells: dict[tuple[Any, str], list[str]] = defaultdict(list)
        for r in marts[mart]:
            attack, hospital = attacks[r["month"], r["sector"]], r["hospital_code"]
            if not r["is_total"]:
                cells[r["month"], r["sector"]].append(hospital)
            for measure in names:
                attack.is_exactly((mart, measure, hospital), r[measure])
            _parts(attack, mart, hospital, r["sector"])
        for (month, sector), hospitals in cells.items():
            for measure in names:
                # Referrals of a hospital where no pathway ended are in the total alone.
                other = [(mart, measure, "other")] if measure == "referrals" else []
                attacks[month, sector].sums([*((mart, measure, h) for h in hospitals), *other], [(mart, measure, "ALL")])
    return list(attacks.values())


def _parts(attack: Attack, mart: str, hospital: str, sector: str) -> None:
    """What is part of what in one row."""
    if mart == "udredning_open_monthly":
        attack.is_part((mart, "open_over_limit", hospital), (mart, "open_pathways", hospital))
        return
    headline = "within_limit_net" if sector == "SOM" else "within_limit_gross"
    attack.is_part((mart, "within_limit_gross", hospital), (mart, "within_limit_net", hospital))
    attack.is_part((mart, "within_limit_net", hospital), (mart, "pathways", hospital))
    attack.sums([(mart, m, hospital) for m in (headline, "over_with_reason", "over_without_reason")], [(mart, "pathways", hospital)])
    parts = [(mart, "pathways", hospital), (mart, "defective", hospital)]
    attack.sums(parts, [(mart, "ended", hospital)])


def _quarter(month: Any) -> Any:
    return month.replace(month=3 * ((month.month - 1) // 3) + 1)
