"""What an attacker can work out: the smallest and largest value of a withheld number over all tables of whole numbers that agree
with everything published. Solved exactly, as an integer programme.

The attacker knows how the tables hang together (sums, parts of a whole, shares of it), that what has a row was there at least once, what
the letters of a missing share say, and of two releases which numbers no delivery changed.
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
        # Numbers about persons that are published nowhere.
        self.derived: set[Name] = set()

    def number(self, name: Name) -> int:
        return self._names.setdefault(name, len(self._names))

    def is_exactly(self, name: Name, value: int | None) -> None:
        """A published number; None is a withheld one."""
        at = self.number(name)
        if value is None:
            self.withheld.add(name)
        else:
            self._known.append(({at: 1.0}, value, value))

    def is_at_least(self, name: Name, value: int) -> None:
        self._known.append(({self.number(name): 1.0}, value, np.inf))

    def sums(self, parts: Iterable[Name], whole: Iterable[Name] | int) -> None:
        """The parts add up to the whole, a number or other unknowns."""
        terms: dict[int, float] = defaultdict(float)
        for name in parts:
            terms[self.number(name)] += 1
        value = whole if isinstance(whole, int) else 0
        for name in () if isinstance(whole, int) else whole:
            terms[self.number(name)] -= 1
        self._known.append((dict(terms), value, value))

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
        """What can be told too closely: a withheld number whose range has under `threshold` values or ends below it, and one that is
        nowhere published and that is known to be one or more and under the threshold.
        """
        ranges = {name: self.range_of(name) for name in sorted({*self.withheld, *self.derived}, key=str)}
        return {
            name: (low, high)
            for name, (low, high) in ranges.items()
            if (low >= 1 and high < threshold if name in self.derived else high < threshold or high - low < threshold - 1)
        }


def redirections(marts: dict[str, Rows], links: bool = True) -> list[Attack]:
    """One attack for each quarter on what the marts of redirections publish together; without `links`, on each table by itself."""
    attacks: dict[Any, Attack] = defaultdict(Attack)
    # (table, period, the row's place in it) -> names of the numbers that add up to it.
    margins: dict[tuple[Any, ...], list[Name]] = defaultdict(list)

    def see(mart: str, row: dict[str, Any], *columns: str) -> None:
        period = row.get("month") or row["quarter"]
        name = (mart, period, *(row[c] for c in columns))
        attack = attacks[_quarter(period)]
        attack.is_exactly(name, row["treatments"])
        margins[mart, period].append(name)
        if not mart.startswith("sends"):
            # Named providers received five persons, Øvrige one of each of its own.
            others = row["providers"] if columns == ("provider_id",) and row["provider_id"] == "ØVRIGE" else 5
            attack.is_at_least(name, others if columns == ("provider_id",) else 1)
        if row.get("treatments_share") and row["treatments"] is not None:
            months = [period.replace(month=period.month + i) for i in range(3)] if "quarter" in row else [period]
            attack.sums([("total", m) for m in months], round(row["treatments"] / row["treatments_share"]))
        for column in columns:
            margins[mart, column, period, row[column]].append(name)

    for r in marts["redirection_monthly"]:
        see("total", r)
        attack = attacks[_quarter(r["month"])]
        attack.is_exactly(("persons", r["month"]), r["persons"])
        attack.derived.add(("repeated", r["month"]))
        attack.sums([("persons", r["month"]), ("repeated", r["month"])], [("total", r["month"])])
    by_month = {
        "agreement": ("redirection_by_agreement", "agreement_type"),
        "service": ("redirection_by_service_group", "service_group"),
        "hospital": ("redirection_by_hospital", "hospital_code"),
        "provider": ("redirection_by_provider", "provider_id"),
    }
    for kind, (mart, column) in by_month.items():
        for r in marts[mart]:
            see(kind, r, column)
            before = r["month"].replace(year=r["month"].year - 1)
            if r.get("treatments_year_before") is not None and ("total", before) in margins:
                attacks[_quarter(before)].is_exactly((kind, before, r[column]), r["treatments_year_before"])
    for kind, mart, *columns in (
        ("receiver", "redirection_by_provider_quarterly", "provider_id"),
        ("sends", "redirection_hospital_service_quarterly", "hospital_code", "service_group"),
        ("sends to", "redirection_hospital_provider_quarterly", "hospital_code", "provider_id"),
    ):
        for r in marts[mart]:
            see(kind, r, *columns)
    for r in marts["redirection_monthly"] if links else ():
        attack, month = attacks[_quarter(r["month"])], r["month"]
        for kind in by_month:
            if margins[kind, month]:
                attack.sums(margins[kind, month], [("total", month)])
    for quarter, attack in attacks.items() if links else ():
        _link_quarter(attack, margins, quarter)
    return list(attacks.values())


def _link_quarter(attack: Attack, margins: dict[tuple[Any, ...], list[Name]], quarter: Any) -> None:
    """How the tables of a quarter hang together with its months and with each other."""
    months = [quarter.replace(month=quarter.month + i) for i in range(3)]

    def values(kind: str, column: str, period: Any) -> set[str]:
        return {key[3] for key in list(margins) if key[:3] == (kind, column, period)}

    for kind, column, of in (
        ("sends", "hospital_code", "hospital"),
        ("sends", "service_group", "service"),
        ("sends to", "hospital_code", "hospital"),
    ):
        for value in values(kind, column, quarter):
            attack.sums(margins[kind, column, quarter, value], [n for m in months for n in margins[of, column, m, value]])
    for value in values("receiver", "provider_id", quarter):
        attack.sums(margins["sends to", "provider_id", quarter, value], margins["receiver", "provider_id", quarter, value])
    if not margins["receiver", quarter]:
        return
    # A provider without a name in a month, or in the quarter, is in Øvrige there.
    periods = [("receiver", quarter), *(("provider", m) for m in months)]
    rest: dict[Any, list[Name]] = defaultdict(list)
    for value in {v for kind, p in periods for v in values(kind, "provider_id", p)} - {"ØVRIGE"}:
        (whole,), *parts = ([*margins[kind, "provider_id", p, value], ("in Øvrige", kind, p, value)][:1] for kind, p in periods)
        attack.sums([name for part in parts for name in part], [whole])
        for name in (whole, *(name for part in parts for name in part)):
            if name[0] == "in Øvrige":
                attack.derived.add(name)
                rest[name[1:3]].append(name)
    for kind, period in periods:
        shown = margins[kind, "provider_id", period, "ØVRIGE"]
        attack.sums([*rest[kind, period], *([("unnamed", kind, period)] if shown else [])], shown or 0)


def udredning(marts: dict[str, Rows], nested: bool = True, links: bool = True) -> list[Attack]:
    """One attack for each month and sector on what the marts of pathways publish together; without `nested` or `links` the attacker
    does not use that numbers of a row are part of each other, or that hospitals add up to their sector.
    """
    attacks: dict[tuple[Any, str], Attack] = defaultdict(Attack)
    ended = ("pathways", "within_limit_gross", "within_limit_net", "over_with_reason", "over_without_reason", "ended", "referrals",
             "without_limit")  # fmt: skip
    waiting = ("open_pathways", "open_over_limit", "without_limit", "implausible")
    for whole, mart, measures in (
        ("udredning_monthly", "udredning_by_hospital", ended),
        ("udredning_open_monthly", "udredning_open_by_hospital", waiting),
    ):
        parts: dict[tuple[Any, str], list[str]] = defaultdict(list)
        for r in [*marts[whole], *marts[mart]]:
            if r.get("is_provisional") and all(r[m] is None for m in measures if m not in ("pathways", "referrals", "open_pathways")):
                # Its volume alone is told so far, and nothing is known of the rest.
                continue
            attack, hospital = attacks[r["month"], r["sector"]], r.get("hospital_code", "ALL")
            if "hospital_code" in r:
                parts[r["month"], r["sector"]].append(hospital)
            for measure in measures:
                attack.is_exactly((whole, measure, hospital), r[measure])
            # A share without a value that is not withheld has nothing below its line.
            for share, below in (("completeness_fields_share", "ended"), ("within_limit_share", "pathways")):
                if share in r and r[share] is None and not _is_withheld(r, share):
                    attack.is_exactly((whole, below, hospital), 0)
            if nested:
                _nest(attack, whole, hospital, r["sector"])
        for key, hospitals in parts.items() if links else ():
            for measure in measures:
                attacks[key].sums([(whole, measure, h) for h in hospitals], [(whole, measure, "ALL")])
    return list(attacks.values())


def _is_withheld(row: dict[str, Any], column: str) -> bool:
    return any(p.startswith("c: ") and column in p.removeprefix("c: ").split(", ") for p in row["qf_columns"].split("; "))


def _nest(attack: Attack, mart: str, hospital: str, sector: str) -> None:
    """What is part of what in one row; the rest of each whole is published nowhere."""

    def split(whole: str, *parts: str) -> None:
        attack.sums([(mart, p, hospital) for p in parts], [(mart, whole, hospital)])

    if mart == "udredning_open_monthly":
        attack.derived.add((mart, "in time", hospital))
        split("open_pathways", "open_over_limit", "in time")
        return
    headline = "within_limit_net" if sector == "SOM" else "within_limit_gross"
    attack.derived |= {(mart, rest, hospital) for rest in ("over net", "over gross", "waited by wish", "defective")}
    split("pathways", "within_limit_net", "over net")
    split("pathways", "within_limit_gross", "over gross")
    split("within_limit_net", "within_limit_gross", "waited by wish")
    split("pathways", headline, "over_with_reason", "over_without_reason")
    split("ended", "pathways", "defective")


def _quarter(month: Any) -> Any:
    return month.replace(month=3 * ((month.month - 1) // 3) + 1)
