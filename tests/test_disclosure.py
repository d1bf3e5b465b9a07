"""No small number of persons can be told from what is published: not from one table, not from several, not from two releases."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalog.statements import THRESHOLD
from assets.releases.database import dicts
from assets.tables.disclosure import cells_to_withhold, protected
from assets.tables.ledger import Cell
from sources.casts import literal
from sources.duck import relation
from sources.vocabulary import Disclosure
from tests.attack import Attack, Rows, redirections, udredning
from tests.drawn import Tables

RNG = np.random.default_rng
Remembered = dict[str, set[tuple[Cell, str]]]
LINE = Disclosure.model_validate({
    "within": ["month"], "cells": ["place"], "total": "is_total",
    "groups": [
        {"name": "all", "least": "_all", "additive": ["number"], "withholds": ["number"]},
        {"name": "some", "after": ["all"], "least": "_some", "zeroTells": True, "additive": ["part"], "atMost": "number",
         "withholds": ["part"]},
    ],
})  # fmt: skip
BLOCK = Disclosure.model_validate({
    "within": ["month"], "cells": ["place", "kind"],
    "groups": [{"name": "all", "least": "number", "additive": ["number"], "withholds": ["number"]}],
})  # fmt: skip
numbers = st.lists(st.integers(0, 12) | st.integers(0, 200), min_size=1, max_size=8)


def line(counts: list[int], parts: list[int]) -> Rows:
    rows = [(f"h{i}", n, min(p, n)) for i, (n, p) in enumerate(zip(counts, parts, strict=True)) if n]
    rows.append(("ALL", sum(n for _, n, _ in rows), sum(p for *_, p in rows)))
    return [
        {
            "month": "m",
            "place": h,
            "is_total": h == "ALL",
            "number": n,
            "part": p,
            "_all": n or None,
            "_some": min(p, n - p) if n else None,
            THRESHOLD: 5,
        }
        for h, n, p in rows
    ]


def attack_on_line(rows: Rows, withheld: set[tuple[str, str]]) -> Attack:
    attack = Attack()
    for row in rows:
        for group, measure in (("all", "number"), ("some", "part")):
            attack.is_exactly((measure, row["place"]), None if (row["place"], group) in withheld else row[measure])
        attack.is_part(("part", row["place"]), ("number", row["place"]))
    for measure in ("number", "part"):
        attack.sums([(measure, r["place"]) for r in rows if not r["is_total"]], [(measure, "ALL")])
    return attack


@settings(max_examples=60, deadline=None)
@given(counts=numbers, seed=st.integers(0, 1000))
def test_no_number_of_a_line_can_be_told_from_its_total(counts: list[int], seed: int) -> None:
    rows = line(counts, [int(RNG(seed + i).integers(0, n + 1)) for i, n in enumerate(counts)])
    withheld = {(w.cell[1], w.group) for w in cells_to_withhold(LINE, rows, set())}
    small = [r for r in rows if not r["is_total"] and r["number"] < 5]
    assert all((r["place"], "all") in withheld for r in small)
    total = rows[-1]
    if ("ALL", "all") not in withheld and ("ALL", "some") not in withheld:
        told = attack_on_line(rows, withheld).told()
        assert not told, (rows, withheld)
    else:
        # Where even the total is withheld nothing at all is left to subtract from.
        assert {r["place"] for r in rows} == {place for place, group in withheld if group == "some"}, total


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(2, 6), st.integers(0, 10_000))
def test_no_cell_of_a_block_can_be_told_from_its_margins(height: int, width: int, seed: int) -> None:
    cells = RNG(seed).integers(0, RNG(seed).choice([6, 20, 60]), (height, width))
    rows = [
        {"month": "m", "place": f"r{i}", "kind": f"c{j}", "number": int(cells[i, j]), THRESHOLD: 5}
        for i in range(height)
        for j in range(width)
    ]
    withheld = {w.cell[1:] for w in cells_to_withhold(BLOCK, rows, set())}
    attack = Attack()
    for r in rows:
        attack.is_exactly((r["place"], r["kind"]), None if (r["place"], r["kind"]) in withheld else r["number"])
    for axis, dim in (("place", "r"), ("kind", "c")):
        for i in range(height if dim == "r" else width):
            members = [r for r in rows if r[axis] == f"{dim}{i}"]
            attack.sums([(r["place"], r["kind"]) for r in members], sum(r["number"] for r in members))
    told = attack.told()
    if len(withheld) < height * width:
        assert not told


MARTS = {
    "redirection": [
        "redirection_monthly", "redirection_by_service_group", "redirection_by_hospital", "redirection_hospital_service_quarterly",
    ],
    "udredning": ["udredning_monthly", "udredning_open_monthly"],
}  # fmt: skip


def published(tables: Tables, domain: str, remembered: Remembered, protect: bool = True) -> dict[str, Rows]:
    """The domain's marts as a release would have them; what they withhold is added to `remembered`."""
    con, found = tables.con, {}
    for name in (f"marts.{m}" for m in MARTS[domain]):
        table = tables.catalog.tables[name]
        tables.prepare(table)
        select, withheld = protected(con, table.contract, table.text, remembered.setdefault(name, set()))
        if not protect:
            select, withheld = table.text, []
        remembered[name] |= {w.key for w in withheld}
        con.execute(f"create or replace table made_{table.contract.id} as {select}")
        relation(con, name, f"select * from made_{table.contract.id}")
        tables.given_names.add(name)
        found[table.contract.id] = dicts(con, f"select * from {name}")
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
    told = published(tables, "redirection", {})["redirection_monthly"]
    cells = {str(r["month"]): r["persons"] for r in told if r["agreement_type"] == "DUF"}
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
        for rule in table.contract.object.quality:
            if rule.id == "no_small_cell" and rule.query:
                columns = ", ".join(f"date '2015-02-01' as {p}" for p in ("month", "quarter", "period_start"))
                counts = ", ".join(f"{persons} as {c}" for c in ("persons", "treatments", "pathways", "open_pathways"))
                [(found,)] = tables.con.execute(rule.query.replace("{object}", f"(select {columns}, {counts})")).fetchall()
                assert found == int(is_refused), table.name
                judged += 1
    assert judged == 7


def test_a_share_is_judged_by_the_same_threshold(tables: Tables) -> None:
    [rule] = [q.query for q in tables.catalog.tables["marts.udredning_monthly"].contract.object.quality if q.id == "rates_reveal_nobody"]
    assert rule
    for threshold, within, is_refused in ((5, 16, 1), (5, 15, 0), (5, 4, 1), (3, 16, 0), (8, 13, 1), (8, 12, 0)):
        tables.given("reference.disclosure_threshold", f"persons | valid_from | valid_to\n{threshold} | 2015-01-01 | 2015-12-31")
        row = f"(select date '2015-02-01' as month, 20 as pathways, {within} as within_limit_net, {within} as within_limit_gross)"
        assert tables.con.execute(rule.replace("{object}", row)).fetchall() == [(is_refused,)], (threshold, within)


@pytest.mark.parametrize("kind", ['D"U', "D\\U", "D', 'U", '["DUF"]'])
def test_no_sign_in_a_key_lets_a_small_cell_pass(tables: Tables, kind: str) -> None:
    contract = tables.catalog.tables["marts.redirection_monthly"].contract
    rows = f"""
        select date '2015-01-01' as month, {literal(kind)} as agreement_type, false as is_total, 3 as treatments, 0.1 as treatments_share,
            3 as persons, false as is_provisional, '' as qf, 3 as _persons, 5 as {THRESHOLD}"""
    select, withheld = protected(tables.con, contract, rows, set())
    assert [w.cell for w in withheld] == [("2015-01-01", kind)]
    assert dicts(tables.con, f"select agreement_type, persons, treatments, qf from ({select})") == [
        {"agreement_type": kind, "persons": None, "treatments": None, "qf": "c"}
    ]


def random_redirections(tables: Tables, seed: int) -> None:
    rng, rows = RNG(seed), []
    units, codes = ["1516", "1502", "2000", "4001", "1330"], ["KCJ", "KDA", "UXM", "KAB", "KKC", "KJA", ""]
    weights, likely = rng.dirichlet(np.full(len(units), 0.6)), rng.dirichlet(np.full(len(codes), 0.6))
    for month in (f"{y}-{m:02d}" for y in (2014, 2015) for m in (1, 2, 3)):
        for _ in range(int(rng.integers(20, 160))):
            person = f"p{rng.integers(0, 200)}"
            agreement = "DUF" if rng.random() < 0.1 else "REGION_OWN"
            unit, code = rng.choice(units, p=weights), rng.choice(codes, p=likely)
            rows.append(f"A{len(rows):07d} | {person} | {month}-10 | {unit} | P001 | {agreement} | {code}")
    header = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code\n"
    tables.given("raw.redirections", header + "\n".join(rows))


@pytest.mark.parametrize("seed", range(12))
def test_nothing_can_be_told_from_the_marts_of_redirections_together(tables: Tables, seed: int) -> None:
    random_redirections(tables, seed)
    attacks = redirections(published(tables, "redirection", {}))
    assert sum(len(a.withheld) for a in attacks) > 0
    assert [a.told() for a in attacks if a.told()] == []


def test_without_protection_the_attack_succeeds(tables: Tables) -> None:
    random_redirections(tables, 1)
    hidden = redirections(published(tables, "redirection", {}))
    tables.given_names -= {f"marts.{m}" for m in MARTS["redirection"]}
    shown = redirections(published(tables, "redirection", {}, protect=False))
    numbers = {name for attack in hidden for name in attack.withheld}
    for attack in shown:
        attack.withheld = {n for n in numbers if n in attack._names}
    assert sum(len(a.told()) for a in shown) == len(numbers) > 0


def test_what_was_withheld_stays_withheld_and_without_the_ledger_an_earlier_release_is_told(tables: Tables) -> None:
    """A corrected CPR number makes a fifth person of a cell of six treatments: the numbers of treatments stay as they were."""
    rows = [(f"p{i}", "1516", "KCJ") for i in range(40)] + [(f"q{i}", "2000", "KCJ") for i in range(9)]
    few = [(f"r{i % 4}", "4001", "KCJ") for i in range(6)]

    def release(treatments: list[tuple[str, str, str]], remembered: Remembered) -> list[dict[str, Any]]:
        tables.given_names.clear()
        header = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code\n"
        drawn = (f"A{i:07d} | {p} | 2015-03-10 | {u} | P001 | DUF | {c}" for i, (p, u, c) in enumerate(treatments))
        tables.given("raw.redirections", header + "\n".join(drawn))
        return published(tables, "redirection", remembered)["redirection_by_hospital"]

    def told(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> dict[Any, tuple[int, int]]:
        attack = Attack()
        for row in first + second:
            attack.is_exactly((row["hospital_code"],), row["treatments"])
        attack.sums([(row["hospital_code"],) for row in first], 55)
        return attack.told()

    remembered: Remembered = {}
    first = release(rows + few, remembered)
    assert {r["hospital_code"]: r["treatments"] for r in first} == {"HEH": 40, "NOH": None, "BOH": None}
    corrected = [*rows, *few[:5], ("r5", "4001", "KCJ")]
    assert not told(first, release(corrected, remembered))
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


@pytest.mark.parametrize("seed", range(12))
def test_nothing_can_be_told_from_the_marts_of_pathways_together(tables: Tables, seed: int) -> None:
    random_pathways(tables, seed)
    attacks = udredning(published(tables, "udredning", {}))
    assert sum(len(a.withheld) for a in attacks) > 0
    assert [a.told() for a in attacks if a.told()] == []
