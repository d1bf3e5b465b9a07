"""No small number of persons can be told from what is published: not from one table, not from several, not from two releases."""

from collections.abc import Callable
from datetime import date
from itertools import combinations
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalog.statements import THRESHOLD
from assets.tables import choice
from assets.tables.attack import Attack as Exact
from assets.tables.attack import Contradiction, Numbers
from assets.tables.choice import least
from assets.tables.compute import linked
from assets.tables.disclosure import LEFT_OUT, protected, withhold
from assets.tables.ledger import Remembered
from assets.tables.linked import Linked, cell_of
from assets.tables.qualifiers import qualified
from sources.casts import literal
from sources.disclosure_words import Disclosure
from sources.duck import dicts, relation
from tests.attack import Attack, Rows, redirections, udredning
from tests.drawn import Tables

RNG = np.random.default_rng
Memory = dict[str, Remembered]
Changed = Callable[[Disclosure], Disclosure]
TOTAL = Disclosure.model_validate({
    "within": ["month"],
    "numbers": {
        "number": {"persons": "_all"}, "part": {"persons": "_some", "zeroTells": True}, "_rest": {"persons": "_others", "zeroTells": True},
    },
    "sums": [{"whole": "number", "parts": ["part", "_rest"]}],
})  # fmt: skip
LINE = Disclosure.model_validate({
    **TOTAL.model_dump(), "cells": ["place"], "totals": [{"table": "total", "numbers": {"number": "number", "part": "part"}}],
})  # fmt: skip
ALONE = {"within": ["month"], "numbers": {"number": {"persons": "number"}}}
SUM = Disclosure.model_validate(ALONE)
SIDES = {
    c: Disclosure.model_validate({**ALONE, "cells": [c], "totals": [{"table": "sum", "numbers": {"number": "number"}}]})
    for c in ("place", "kind")
}
BLOCK = Disclosure.model_validate({
    **ALONE, "cells": ["place", "kind"],
    "totals": [{"table": n, "on": [n], "numbers": {"number": "number"}} for n in ("place", "kind")],
})  # fmt: skip
numbers = st.lists(st.integers(0, 12) | st.integers(0, 200), min_size=1, max_size=8)


def line(counts: list[int], parts: list[int]) -> tuple[Rows, Rows]:
    """A line of cells and the row that is their total."""

    def row(place: str, number: int, part: int) -> dict[str, Any]:
        persons = {"_all": number or None, "_some": part if number else None, "_others": number - part if number else None}
        return {"month": date(2015, 1, 1), "place": place, "number": number, "part": part, "_rest": number - part, THRESHOLD: 5, **persons}

    pairs = [(n, min(p, n)) for n, p in zip(counts, parts, strict=True) if n]
    return [row(f"h{i}", *pair) for i, pair in enumerate(pairs)], [row("ALL", sum(n for n, _ in pairs), sum(p for _, p in pairs))]


def protect(table: Linked, *others: Linked) -> Rows:
    """The rows of a table as they are published."""
    found, _, _ = withhold(table, Remembered(), {o.name: o for o in others})
    hidden = {w.key for w in found}
    return [
        {name: None if (cell_of(r, table.spec.key), name) in hidden else value for name, value in r.items() if not name.startswith("_")}
        for r in table.rows
    ]


@settings(max_examples=60, deadline=None)
@given(counts=numbers, seed=st.integers(0, 1000))
def test_no_number_of_a_line_can_be_told_from_its_total_and_its_parts(counts: list[int], seed: int) -> None:
    cells, total = line(counts, [int(RNG(seed + i).integers(0, n + 1)) for i, n in enumerate(counts)])
    shown = protect(Linked("total", TOTAL, total))
    told = protect(Linked("line", LINE, cells), Linked("total", TOTAL, total, shown))
    attack = Attack()
    for row in (*told, {**shown[0], "place": "ALL"}):
        for measure in ("number", "part"):
            attack.is_exactly((measure, row["place"]), row[measure])
        attack.derived.add(("rest", row["place"]))
        attack.sums([("part", row["place"]), ("rest", row["place"])], [("number", row["place"])])
    for measure in ("number", "part"):
        attack.sums([(measure, r["place"]) for r in told], [(measure, "ALL")])
    assert all(r["number"] is None for r, whole in zip(told, cells, strict=True) if whole["number"] < 5)
    assert not attack.told(), (cells, told, shown)


def block(cells: Any) -> tuple[Rows, list[Linked], Linked]:
    """A block of cells as it is published, its two margins, and the total."""

    def row(number: int, **names: str) -> dict[str, Any]:
        return {"month": date(2015, 1, 1), **names, "number": int(number), THRESHOLD: 5}

    rows = [row(number, place=f"r{i}", kind=f"c{j}") for (i, j), number in np.ndenumerate(cells)]
    total = Linked("sum", SUM, [row(cells.sum())])
    total.published = protect(total)
    sides = [
        Linked("place", SIDES["place"], [row(n, place=f"r{i}") for i, n in enumerate(cells.sum(axis=1))]),
        Linked("kind", SIDES["kind"], [row(n, kind=f"c{j}") for j, n in enumerate(cells.sum(axis=0))]),
    ]
    for side in sides:
        side.published = protect(side, total)
    return protect(Linked("block", BLOCK, rows), *sides, total), sides, total


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(2, 6), st.integers(0, 10_000))
def test_no_cell_of_a_block_can_be_told_from_its_margins(height: int, width: int, seed: int) -> None:
    told, sides, total = block(RNG(seed).integers(0, RNG(seed).choice([6, 20, 60]), (height, width)))
    attack = Attack()
    for r in told:
        attack.is_exactly((r["place"], r["kind"]), r["number"])
    for side, dim in zip(sides, ("place", "kind"), strict=True):
        for r in side.published or []:
            attack.is_exactly((r[dim],), r["number"])
            attack.sums([(c["place"], c["kind"]) for c in told if c[dim] == r[dim]], [(r[dim],)])
        attack.sums([(r[dim],) for r in side.published or []], [("all",)])
    assert total.published
    attack.is_exactly(("all",), total.published[0]["number"])
    assert not attack.told()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.integers(0, 10_000))
def test_nothing_safe_withholds_less(height: int, width: int, seed: int) -> None:
    """Every choice there is, tried: none that is safe costs less than the one that is made."""
    cells = [int(n) for n in RNG(seed).integers(0, RNG(seed).choice([8, 30]), height * width)]
    lines = [[i * width + j for j in range(width)] for i in range(height)] + [[i * width + j for i in range(height)] for j in range(width)]
    sums = [{**dict.fromkeys(cells_of, 1), height * width + n: -1} for n, cells_of in enumerate(lines)]
    values = cells + [sum(cells[c] for c in cells_of) for cells_of in lines]
    needs = [1] * len(cells) + [0] * len(lines)
    told = Numbers(values, sums, [4 * n for n in needs], [5 * n for n in needs], [0] * len(values))
    small = frozenset(i for i, n in enumerate(cells) if 0 < n < 5)
    weights = {i: 5.0 + n for i, n in enumerate(cells) if i not in small}
    made = least(told, weights, small, [])
    assert small <= made.hidden
    every = (small | set(more) for k in range(len(weights) + 1) for more in combinations(weights, k))
    safe = [sum(weights.get(n, 0) for n in hidden) for hidden in every if not Exact(told, hidden).told()]
    if safe:
        assert not Exact(told, made.hidden).told()
        assert made.cost == min(safe)
        assert made.is_least
    else:
        assert made.hidden == set(range(len(cells)))
        assert not made.is_least


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_the_order_of_rows_decides_nothing(seed: int, random: Random) -> None:
    counts = [int(n) for n in RNG(seed).integers(0, 14, 8)]
    cells, total = line(counts, [n // 2 for n in counts])
    shown = protect(Linked("total", TOTAL, total))
    found = []
    for _ in range(2):
        random.shuffle(cells)
        found.append(withhold(Linked("line", LINE, cells), Remembered(), {"total": Linked("total", TOTAL, total, shown)}))
    assert found[0] == found[1]


def test_the_choice_is_the_same_on_every_machine() -> None:
    """Of tables drawn once the cells withheld are written down here: another processor, or another number of cores, finds no others."""
    found = []
    for seed in range(6):
        told, _, _ = block(RNG(seed).integers(0, 40, (9, 7)))
        found.append(" ".join(sorted(f"{r['place'][1:]}{r['kind'][1:]}" for r in told if r["number"] is None)))
    assert found == [
        "03 05 06 35 36 43 44 51 54 56 61 66",
        "04 05 21 24 25 40 42 60 64 71 72",
        "00 02 10 11 21 23 52 53 81 83",
        "01 02 11 12 15 20 24 25 60 64 66 81 86",
        "10 11 31 34 60 64",
        "12 13 21 23 24 44 45 52 54 64 65 71 74",
    ]


def test_a_choice_that_was_found_safe_is_not_made_again_until_a_number_changes() -> None:
    cells, total = line([3, 40, 60, 80], [2, 20, 31, 44])
    others = {"total": Linked("total", TOTAL, total, protect(Linked("total", TOTAL, total)))}
    known = Remembered()
    first, judged, _ = withhold(Linked("line", LINE, cells), known, others)
    known.entries |= {w.key for w in first}
    known.judged |= {j.problem: j for j in judged}
    again, same, _ = withhold(Linked("line", LINE, cells), known, others)
    assert {w.key for w in again} == {w.key for w in first}
    assert [(j.problem, j.how) for j in same] == [(j.problem, "least") for j in judged]
    for row in (cells[1], total[0]):
        row["number"] += 1
        row["_rest"] += 1
    _, other, _ = withhold(Linked("line", LINE, cells), known, others)
    assert other[0].problem not in known.judged


def test_a_number_that_moves_several_others_is_hidden_by_one_that_moves_as_far() -> None:
    """Three sums move one number by as much as the first, so that a fourth moves by three times as much."""
    cells = [1, 20, 20, 20, 30, 500, 500, 500]
    sums = [{0: 1, 1: 1, 5: 1, 8: -1}, {0: 1, 2: 1, 6: 1, 9: -1}, {0: 1, 3: 1, 7: 1, 10: -1}, {1: 1, 2: 1, 3: 1, 4: 1, 11: -1}]
    told = Numbers([*cells, 521, 521, 521, 90], sums, [4] * 8 + [0] * 4, [5] * 8 + [0] * 4, [0] * 12)
    found = least(told, {i: 5.0 + n for i, n in enumerate(cells) if i}, frozenset({0}), [])
    assert (found.hidden, found.cost, found.is_least) == ({0, 1, 2, 3, 4}, 110, True)
    assert not Exact(told, found.hidden).told()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_within_no_bounds_a_safe_choice_is_found_all_the_same(seed: int) -> None:
    cells = [int(n) for n in RNG(seed).integers(0, 30, 12)]
    lines = [[i * 4 + j for j in range(4)] for i in range(3)] + [[i * 4 + j for i in range(3)] for j in range(4)]
    sums = [{**dict.fromkeys(of, 1), 12 + n: -1} for n, of in enumerate(lines)]
    told = Numbers(cells + [sum(cells[c] for c in of) for of in lines], sums, [4] * 12 + [0] * 7, [5] * 12 + [0] * 7, [0] * 19)
    small = frozenset(i for i, n in enumerate(cells) if 0 < n < 5)
    weights = {i: 5.0 + n for i, n in enumerate(cells) if i not in small}
    best = least(told, weights, small, [])
    with patch.object(choice, "MOST_ROUNDS", 0):
        found = least(told, weights, small, [])
    if best.is_least:
        assert not Exact(told, found.hidden).told()
        assert found.cost >= best.cost
    else:
        assert not found.is_least


def test_numbers_that_belong_together_are_withheld_together() -> None:
    values, sums = [3, 40, 60, 103], [{0: 1, 1: 1, 2: 1, 3: -1}]
    told = Numbers(values, sums, [4, 4, 4, 0], [5, 5, 5, 0], [0] * 4)
    assert least(told, {1: 45.0, 2: 65.0}, frozenset({0}), []).hidden == {0, 1}
    assert least(told, {1: 45.0, 2: 65.0}, frozenset({0}), [[1, 2]]).hidden == {0, 1, 2}
    assert least(told, {1: 45.0, 2: 65.0}, frozenset({0}), [[0, 2]]).hidden == {0, 2}


def test_a_number_that_one_makes_half_of_is_withheld() -> None:
    spec = Disclosure.model_validate(
        {"within": ["month"], "cells": ["place"], "numbers": {"number": {"persons": "_n", "largest": "_share"}}}
    )
    rows = [
        {"month": date(2015, 1, 1), "place": place, "number": 900, "_n": 9, "_share": share, THRESHOLD: 5}
        for place, share in (("a", 0.49), ("b", 0.5), ("c", None))
    ]
    found, _, _ = withhold(Linked("t", spec, rows), Remembered(), {})
    assert [(w.cell[1], w.cause) for w in found] == [("b", "primary")]


MARTS = {
    "redirection": [
        "redirection_monthly", "redirection_by_agreement", "redirection_by_service_group", "redirection_by_hospital",
        "redirection_by_provider", "redirection_by_provider_quarterly", "redirection_hospital_service_quarterly",
        "redirection_hospital_provider_quarterly",
    ],
    "udredning": ["udredning_monthly", "udredning_by_hospital", "udredning_open_monthly", "udredning_open_by_hospital"],
    "kmf": [
        "kmf_region", "kmf_age_band_region", "kmf_municipality", "kmf_age_band", "kmf_group_region", "kmf_group", "kmf_change_region",
        "kmf_change", "kmf_completeness",
    ],
}  # fmt: skip


def published(tables: Tables, domain: str, memory: Memory, changed: Changed = lambda spec: spec) -> dict[str, Rows]:
    """The domain's marts as a release would have them; what they withhold is added to `memory`."""
    con, found = tables.con, {}
    for name in (f"marts.{m}" for m in MARTS[domain]):
        table = tables.catalog.tables[name]
        tables.prepare(table)
        contract = table.contract
        assert contract.disclosure
        spec = changed(contract.disclosure)
        known, others = memory.setdefault(name, Remembered()), {t.name: linked(con, t) for t in tables.catalog.wholes_of(table)}
        for other in others.values():
            other.spec = changed(other.spec)
        made = protected(con, contract, spec, table.text, known, others)
        con.execute(f"create or replace table made_{contract.id} as {qualified(contract, made.select)}")
        known.entries |= {w.key for w in made.withheld}
        known.judged |= {j.problem: j for j in made.judged}
        relation(con, name, f"select * from made_{contract.id}")
        tables.given_names.add(name)
        found[contract.id] = dicts(con, f"select * from {name}")
    return found


@pytest.mark.parametrize(("threshold", "withheld"), [(4, set()), (7, set()), (8, {"2015-02-01"}), (None, {"2015-02-01"})])
def test_the_threshold_is_that_of_the_period_the_figure_is_about(tables: Tables, threshold: int | None, withheld: set[str]) -> None:
    """Seven persons a month were redirected by one agreement: shown under five, withheld from the day on which eight are needed."""
    rows = [
        f"A{month}{kind}{i} | p{i} | 2015-{month:02d}-10 | 1516 | P001 | {kind} | KCJ"
        for month in (1, 2)
        for kind, persons in (("DUF", 7), ("REGION_OWN", 40))
        for i in range(persons)
    ]
    header = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code\n"
    tables.given("raw.redirections", header + "\n".join(rows))
    dated = "5 | 2007-01-01 | 2015-01-31\n" + (f"{threshold} | 2015-02-01 | 2099-12-31" if threshold else "")
    tables.given("reference.disclosure_threshold", "persons | valid_from | valid_to\n" + dated)
    told = published(tables, "redirection", {})["redirection_by_agreement"]
    cells = {str(r["month"]): r["treatments"] for r in told if r["agreement_type"] == "DUF"}
    assert {month for month, persons in cells.items() if persons is None} == withheld
    assert set(cells) == {"2015-01-01", "2015-02-01"}


@pytest.mark.parametrize(
    ("threshold", "persons", "is_refused"),
    [(5, 4, True), (5, 5, False), (5, 0, False), (3, 4, False), (8, 7, True), (8, 8, False), (None, 900, True)],
)
def test_the_audit_judges_a_cell_by_the_threshold_of_its_period_and_knows_none_that_is_too_small_without(
    tables: Tables, threshold: int | None, persons: int, is_refused: bool
) -> None:
    """A second look at what protection should have withheld, in each table about persons that has one."""
    dated = f"{threshold} | 2015-01-01 | 2015-12-31" if threshold else "5 | 2007-01-01 | 2014-12-31"
    tables.given("reference.disclosure_threshold", f"persons | valid_from | valid_to\n{dated}")
    judged = 0
    for table in tables.catalog.computed:
        for rule in table.rules:
            if rule.name == "no_small_cell":
                spec = table.contract.disclosure
                assert spec
                for number in spec.published:
                    # Of this number alone there are so many.
                    counts = ", ".join(f"{persons if c == number else 100_000} as {c}" for c in spec.published)
                    row = f"(select date '2015-02-01' as {spec.within[0]}, {counts})"
                    found = tables.con.execute(rule.kwargs["query"].replace("{object}", row)).fetchall()
                    assert bool(found) is is_refused, (table.name, number)
                judged += 1
    assert judged == sum(map(len, MARTS.values()))


def test_a_share_is_judged_by_the_same_threshold(tables: Tables) -> None:
    [rule] = [q.query for q in tables.catalog.tables["marts.udredning_monthly"].contract.object.quality if q.id == "rates_reveal_nobody"]
    assert rule
    for threshold, within, is_refused in ((5, 16, 1), (5, 15, 0), (5, 4, 1), (3, 16, 0), (8, 13, 1), (8, 12, 0)):
        tables.given("reference.disclosure_threshold", f"persons | valid_from | valid_to\n{threshold} | 2015-01-01 | 2015-12-31")
        row = f"(select date '2015-02-01' as month, 20 as pathways, {within} as within_limit_net, {within} as within_limit_gross)"
        assert tables.con.execute(rule.replace("{object}", row)).fetchall() == [(is_refused,)], (threshold, within)


@pytest.mark.parametrize("kind", ['D"U', "D\\U", "D', 'U", '["DUF"]'])
def test_no_sign_in_a_key_lets_a_small_cell_pass(tables: Tables, kind: str) -> None:
    contract = tables.catalog.tables["marts.redirection_by_agreement"].contract
    assert contract.disclosure
    rows = f"""
        select date '2015-01-01' as month, {literal(kind)} as agreement_type, 3 as treatments, 0.1 as treatments_share, '' as qf,
            3 as _persons, 1 as _at_least, 5 as {THRESHOLD}"""
    alone = contract.disclosure.model_copy(update={"totals": []})
    made = protected(tables.con, contract, alone, rows, Remembered(), {})
    assert [w.cell for w in made.withheld] == [("2015-01-01", kind)]
    assert dicts(tables.con, qualified(contract, made.select)) == [
        {"month": date(2015, 1, 1), "agreement_type": kind, "treatments": None, "treatments_share": None, "qf": "c",
         "qf_columns": "c: treatments, treatments_share"}
    ]  # fmt: skip


def random_redirections(tables: Tables, seed: int) -> None:
    rng, rows = RNG(seed), []
    units, codes = ["1516", "1502", "2000", "4001", "1330"], ["KCJ", "KDA", "UXM", "KAB", "KKC", "KJA", ""]
    weights, likely = rng.dirichlet(np.full(len(units), 0.6)), rng.dirichlet(np.full(len(codes), 0.6))
    for month in (f"{y}-{m:02d}" for y in (2014, 2015) for m in (1, 2, 3)):
        for _ in range(int(rng.integers(20, 160))):
            person = f"p{rng.integers(0, 200)}"
            agreement = "DUF" if rng.random() < 0.1 else "REGION_OWN"
            unit, code = rng.choice(units, p=weights), rng.choice(codes, p=likely)
            provider = f"P{1 + int(rng.geometric(0.15)) % 14:03d}"
            rows.append(f"A{len(rows):07d} | {person} | {month}-10 | {unit} | {provider} | {agreement} | {code}")
    header = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code\n"
    tables.given("raw.redirections", header + "\n".join(rows))


def unlinked(spec: Disclosure) -> Disclosure:
    return spec.model_copy(update={"totals": []})


def unnested(spec: Disclosure) -> Disclosure:
    return spec.model_copy(update={"sums": [], "numbers": {n: v for n, v in spec.numbers.items() if not n.startswith("_")}})


def open_to_all(spec: Disclosure) -> Disclosure:
    """With numbers that describe so many that none is small."""
    many = {n: v.model_copy(update={"persons": THRESHOLD}) for n, v in spec.numbers.items()}
    return spec.model_copy(update={"numbers": many, "few": {}})


@pytest.mark.parametrize("seed", range(6))
def test_nothing_can_be_told_from_the_marts_of_redirections_together(tables: Tables, seed: int) -> None:
    random_redirections(tables, seed)
    attacks = redirections(published(tables, "redirection", {}))
    assert sum(len(a.withheld) for a in attacks) > 0
    assert [a.told() for a in attacks if a.told()] == []


def test_the_attack_succeeds_where_a_part_of_the_protection_is_left_out(tables: Tables) -> None:
    """Without what links tables, without what numbers of a row are part of, and with nothing withheld at all."""
    random_redirections(tables, 1)
    random_pathways(tables, 1)
    hidden = redirections(published(tables, "redirection", {})) + udredning(published(tables, "udredning", {}))
    assert [a.told() for a in hidden if a.told()] == []
    for changed in (unlinked, unnested, open_to_all):
        tables.given_names -= {f"marts.{m}" for marts in MARTS.values() for m in marts}
        shown = redirections(published(tables, "redirection", {}, changed)) + udredning(published(tables, "udredning", {}, changed))
        for safe, attack in zip(hidden, shown, strict=True):
            attack.withheld |= {n for n in safe.withheld if n in attack._names}
        assert sum(len(a.told()) for a in shown) > 0, changed.__name__


def test_what_was_withheld_stays_withheld_and_without_the_ledger_an_earlier_release_is_told(tables: Tables) -> None:
    """A corrected CPR number makes a fifth person of a cell of six treatments: the numbers of treatments stay as they were."""
    rows = [(f"p{i}", "1516", "KCJ") for i in range(40)] + [(f"q{i}", "2000", "KCJ") for i in range(9)]
    few = [(f"r{i % 4}", "4001", "KCJ") for i in range(6)]

    def release(treatments: list[tuple[str, str, str]], memory: Memory) -> list[dict[str, Any]]:
        tables.given_names.clear()
        header = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code\n"
        drawn = (f"A{i:07d} | {p} | 2015-03-10 | {u} | P001 | DUF | {c}" for i, (p, u, c) in enumerate(treatments))
        tables.given("raw.redirections", header + "\n".join(drawn))
        return published(tables, "redirection", memory)["redirection_by_hospital"]

    def told(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> dict[Any, tuple[int, int]]:
        attack = Attack()
        for row in first + second:
            attack.is_exactly((row["hospital_code"],), row["treatments"])
        attack.sums([(row["hospital_code"],) for row in first], 55)
        return attack.told()

    memory: Memory = {}
    first = release(rows + few, memory)
    assert {r["hospital_code"]: r["treatments"] for r in first} == {"HEH": 40, "NOH": None, "BOH": None}
    corrected = [*rows, *few[:5], ("r5", "4001", "KCJ")]
    assert not told(first, release(corrected, memory))
    assert told(first, release(corrected, {}))[("BOH",)] == (6, 6)


def random_pathways(tables: Tables, seed: int) -> None:
    rng, rows, referrals = RNG(seed), [], []
    units = ["1516", "1502", "2000", "4001"]
    weights = rng.dirichlet(np.full(len(units), 0.5))
    for _ in range(int(rng.integers(60, 400))):
        psychiatry = rng.random() < 0.2
        start = np.datetime64("2014-08-15") + int(rng.integers(0, 60))
        stop = start + int(rng.gamma(2, 14))
        reason = rng.choice(["FAGLIG", "KAPACITET", ""], p=[0.1, 0.2, 0.7])
        ended = rng.random() < 0.9
        unit = "1500" if psychiatry else rng.choice(units, p=weights)
        sector = "" if rng.random() < 0.03 else "PSY" if psychiatry else "SOM"
        rows.append(
            f"F{len(rows):08d} | p{rng.integers(0, 300)} | {sector} | {unit} | {start} | {stop if ended else ''} |"
            f" {'UDR-SLUT' if ended else ''} | {reason} | 2015-06-01 10:00:00"
        )
        if rng.random() < 0.8:
            referrals.append(f"H{len(referrals):08d} | p{rng.integers(0, 300)} | {'PSY' if psychiatry else 'SOM'} | {unit} | {stop}")
    names = "pathway_id | person_id | sector | unit_code | referral_received_date | stop_date | stop_code | reason_code | registered_at\n"
    tables.given("raw.pathways", names + "\n".join(rows))
    tables.given("raw.referrals", "referral_id | person_id | sector | unit_code | closed_date\n" + "\n".join(referrals))


@pytest.mark.parametrize("seed", range(6))
def test_nothing_can_be_told_from_the_marts_of_pathways_together(tables: Tables, seed: int) -> None:
    random_pathways(tables, seed)
    attacks = udredning(published(tables, "udredning", {}))
    assert sum(len(a.withheld) for a in attacks) > 0
    assert [a.told() for a in attacks if a.told()] == []


def test_numbers_that_do_not_add_up_as_their_contract_says_are_told_and_not_protected_wrongly() -> None:
    cells, total = line([30, 40], [10, 20])
    whole = Linked("total", TOTAL, total, total)
    cells[0]["_rest"] += 1
    with pytest.raises(Contradiction, match=r"_rest of line, number of line, part of line \(2015-01-01, h0\) do not add up"):
        withhold(Linked("line", LINE, cells), Remembered(), {"total": whole})
    cells[0]["_rest"] -= 1
    total[0]["number"] += 1
    total[0]["_rest"] += 1
    with pytest.raises(Contradiction, match="number of line, number of total"):
        withhold(Linked("line", LINE, cells), Remembered(), {"total": whole})


def received(tables: Tables, *treatments: tuple[str, str, str]) -> None:
    """Treatments of March 2015, each of a person of its own: unit, provider, agreement."""
    header = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code\n"
    drawn = (f"A{i:07d} | p{i} | 2015-03-10 | {unit} | {to} | {kind} | KCJ" for i, (unit, to, kind) in enumerate(treatments))
    tables.given("raw.redirections", header + "\n".join(drawn))


def test_a_month_whose_parts_would_be_told_by_being_there_has_no_rows(tables: Tables) -> None:
    """Two and three of five: each at least one, so neither can be five."""
    received(tables, *[("1516", "P001", "DUF")] * 2, *[("1516", "P001", "REGION_OWN")] * 3)
    memory: Memory = {}
    marts = published(tables, "redirection", memory)
    assert [r["treatments"] for r in marts["redirection_monthly"]] == [5]
    assert marts["redirection_by_agreement"] == []
    assert [j.how for j in memory["marts.redirection_by_agreement"].judged.values()] == [LEFT_OUT]
    assert [(r["hospital_code"], r["treatments"]) for r in marts["redirection_by_hospital"]] == [("HEH", 5)]
    tables.given_names -= {f"marts.{m}" for m in MARTS["redirection"]}
    assert published(tables, "redirection", memory)["redirection_by_agreement"] == []


def test_others_of_few_receivers_are_not_told_by_how_many_they_are(tables: Tables) -> None:
    """Forty with one, five with another, three with three more: who is named received five."""
    named = [("1516", "P001", "DUF")] * 40 + [("1516", "P002", "DUF")] * 5
    received(tables, *named, *(("1516", f"P01{i}", "DUF") for i in range(3)))
    attacks = redirections(published(tables, "redirection", {}))
    assert sum(len(a.withheld) for a in attacks) > 0
    assert [a.told() for a in attacks if a.told()] == []


def test_a_total_that_was_withheld_is_not_told_by_shares_of_it(tables: Tables) -> None:
    received(tables, *[("1516", "P001", "DUF")] * 30, *[("2000", "P002", "REGION_OWN")] * 20)
    shown = published(tables, "redirection", {})["redirection_by_hospital"]
    assert [(r["treatments"], r["treatments_share"]) for r in shown] == [(30, 0.6), (20, 0.4)]
    tables.given_names -= {f"marts.{m}" for m in MARTS["redirection"]}
    memory: Memory = {"marts.redirection_monthly": Remembered({(("2015-03-01",), "treatments")})}
    marts = published(tables, "redirection", memory)
    assert {r["treatments_share"] for mart in MARTS["redirection"][1:6] for r in marts[mart]} == {None}
    assert all("treatments_share" in r["qf_columns"] for r in marts["redirection_by_hospital"])
    assert [a.told() for a in redirections(marts) if a.told()] == []


def test_a_share_that_has_no_value_does_not_say_so_where_what_it_is_of_is_withheld(tables: Tables) -> None:
    """The letter of a missing share would tell that nothing ended."""
    ended = [f"F{i} | p{i} | SOM | 1516001 | 2015-01-01 | 2015-01-{10 + i} | UDR-SLUT | | 2015-06-01 10:00:00" for i in range(20)]
    names = "pathway_id | person_id | sector | unit_code | referral_received_date | stop_date | stop_code | reason_code | registered_at\n"
    tables.given("raw.pathways", names + "\n".join(ended))
    closed = [f"H{i} | r{i} | SOM | 1351001 | 2015-01-15" for i in range(9)]
    tables.given("raw.referrals", "referral_id | person_id | sector | unit_code | closed_date\n" + "\n".join(closed))
    cell = ("2015-01-01", "SOM", "AMH")

    def letters(memory: Memory) -> dict[str, str]:
        tables.given_names -= {f"marts.{m}" for m in MARTS["udredning"]}
        [row] = [r for r in published(tables, "udredning", memory)["udredning_by_hospital"] if r["hospital_code"] == "AMH"]
        parts = [part.split(": ") for part in row["qf_columns"].split("; ") if part]
        return {name: letter for letter, of in parts for name in of.split(", ")}

    assert letters({})["within_limit_share"] == letters({})["median_days"] == "m"
    hidden = letters({"marts.udredning_by_hospital": Remembered({(cell, "pathways")})})
    assert hidden["pathways"] == hidden["within_limit_share"] == hidden["median_days"] == "c"
