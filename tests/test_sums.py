"""What may be added up: measures that say so come to the tables of totals, but for what is withheld; the others say that they may not."""

from datetime import date
from itertools import permutations
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalog.declared import Catalog
from assets.deliveries.coverage import Month
from assets.deliveries.few import hidden, told_counts
from assets.lake.files import Lake
from assets.releases.database import open_release
from sources.duck import dicts
from tests.attack import Attack

# Parts that are no part of a protected table: mart -> the mart of the whole.
WHOLES = {"servicedesk_cases_by_criticality": "servicedesk_cases_monthly"}
OF_PERSONS = ("persons", "treatments", "pathways", "referrals")


@pytest.fixture(scope="module")
def marts(region: Path, catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    release = Lake(region).current_release
    assert release
    with open_release(release) as con:
        names = [t.name for t in catalog.computed if t.layer == "marts"]
        return {n: dicts(con, f"select * from {n}") for n in (*names, "meta.suppression", "meta.column_dictionary")}


def test_every_count_of_a_mart_says_how_it_adds_up(marts: dict[str, list[dict[str, Any]]]) -> None:
    counted = {"calls", "cases", "pathways", "treatments", "referrals", "persons", "attempts", "inquiries"}
    said = {(r["table_name"], r["column_name"]): r["aggregate"] for r in marts["meta.column_dictionary"] if r["unit"] in counted}
    marts_of = {k: v for k, v in said.items() if k[0].startswith("marts.")}
    assert {k for k, v in marts_of.items() if v not in ("sum", "snapshot", "none")} == set()
    assert all(v == "none" for (_, name), v in marts_of.items() if name.endswith(("_share", "_days", "persons")))


def test_every_figure_is_a_number(marts: dict[str, list[dict[str, Any]]]) -> None:
    """Nothing divided by nothing is no figure, and nothing but NULL says so."""
    wrong = {(name, c) for name, rows in marts.items() for r in rows for c, v in r.items() if isinstance(v, float) and not isfinite(v)}
    assert wrong == set()


def test_no_mart_has_its_totals_among_its_parts(marts: dict[str, list[dict[str, Any]]], catalog: Catalog) -> None:
    for name, rows in marts.items():
        if name.startswith("marts."):
            key = catalog.contract(name).key
            assert "is_total" not in (rows[0] if rows else {})
            # An indicator of all is no sum of others.
            assert name in ("marts.kpi_monthly", "marts.kmf_indicator") or not [r for r in rows if "ALL" in [r[k] for k in key]], name


def test_sums_come_to_the_totals_but_for_what_is_withheld(marts: dict[str, list[dict[str, Any]]], catalog: Catalog) -> None:
    compared = 0
    for table in catalog.computed:
        spec = table.contract.disclosure
        for total in spec.totals if spec else ():
            assert spec
            whole = catalog.contract(total.table)
            assert whole.disclosure
            within = [(c, _as_period(c, whole.disclosure.key)) for c in spec.within]
            for own, other in ((o, n) for o, n in total.numbers.items() if not o.startswith("_")):
                parts = _summed(marts[table.name], [c for c, _ in within] + total.on, own)
                wholes = _summed(marts[total.table], [c for _, c in within] + total.on, other)
                for group, (shown, lacking) in parts.items():
                    # Of a provider the months in which it stands in Øvrige are lacking.
                    if group in wholes and "provider_id" not in total.on:
                        all_of_it, unknown = wholes[group]
                        assert lacking or unknown or shown == all_of_it, (table.name, own, group)
                        assert unknown or shown <= all_of_it
                        compared += 1
    assert compared > 500


def test_what_a_sum_falls_short_by_is_what_is_said_to_be_withheld(marts: dict[str, list[dict[str, Any]]]) -> None:
    quarters = {r["period"]: r for r in marts["meta.suppression"] if r["table_name"] == "marts.redirection_hospital_service_quarterly"}
    assert len(quarters) >= 4
    for quarter, said in quarters.items():
        cells = [r["treatments"] for r in marts["marts.redirection_hospital_service_quarterly"] if r["quarter"] == quarter]
        whole = sum(r["treatments"] for r in marts["marts.redirection_monthly"] if _quarter(r["month"]) == quarter)
        assert said["amount"] == whole - sum(n for n in cells if n is not None)
        assert (said["cells"], said["of_cells"], said["of_amount"]) == (cells.count(None), len(cells), whole)
        assert said["choice"] == "least"
        assert said["amount"] < 0.1 * whole


@pytest.mark.parametrize("part", WHOLES)
def test_parts_that_are_about_nobody_come_to_their_totals(marts: dict[str, list[dict[str, Any]]], catalog: Catalog, part: str) -> None:
    measures = [c.name for c in catalog.contract(f"marts.{part}").columns if c.aggregate in ("sum", "snapshot")]
    assert len(measures) > 10
    for measure in measures:
        parts = _summed(marts[f"marts.{part}"], ["month", "desk"], measure)
        assert parts == _summed(marts[f"marts.{WHOLES[part]}"], ["month", "desk"], measure)


def test_no_two_numbers_of_a_row_differ_by_one_to_four_persons(marts: dict[str, list[dict[str, Any]]], catalog: Catalog) -> None:
    """Of every pair of which one is never more than the other: part and whole."""
    pairs = 0
    for table in (t for t in catalog.computed if t.contract.disclosure):
        measures = [c.name for c in table.contract.columns if c.physicalType == "BIGINT" and c.unit in OF_PERSONS]
        for one, other in permutations(measures, 2):
            found = [r[one] - r[other] for r in marts[table.name] if r[one] is not None and r[other] is not None]
            if found and min(found) >= 0:
                assert not [n for n in found if 1 <= n <= 4], (table.name, one, other)
                pairs += 1
    assert pairs > 15


def test_every_absent_measure_of_a_mart_has_a_letter_of_its_own(marts: dict[str, list[dict[str, Any]]], catalog: Catalog) -> None:
    for table in (t for t in catalog.computed if t.layer == "marts"):
        measures = [c.name for c in table.contract.columns if c.aggregate]
        for row in marts[table.name] if "qf_columns" in [c.name for c in table.contract.columns] else ():
            said = dict(part.split(": ") for part in row["qf_columns"].split("; ") if part)
            named = [name for names in said.values() for name in names.split(", ")]
            assert sorted(named) == sorted(m for m in measures if row[m] is None), (table.name, row)
            assert set(said) == set(row["qf"]) & set("cmz")


files = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 9) | st.integers(0, 500), st.integers(0, 9), st.integers(0, 9)), max_size=7
)


@settings(deadline=None)
@given(files, st.integers(1, 4))
def test_no_small_count_of_a_month_can_be_told_from_what_its_files_held(files: list[tuple[str, int, int, int]], each: int) -> None:
    """Each file of a sender is for a month of its own, a person has `each` records in it, and some of them are dated ten years on."""
    months = [
        Month(f"2015-{i + 1:02d}-01", 1, own + bad, own, bad, away, -(-own // each), -(-bad // each), sender=sender)
        for i, (sender, own, bad, away) in enumerate(files)
    ]
    for sender in "ab":
        away = sum(f[3] for f in files if f[0] == sender)
        months.append(Month("2025-01-01", 1, away, away, 0, away, -(-away // each), sender=sender, is_covered=False))
    attack = Attack()
    for i, ((_, own, bad, away), told) in enumerate(zip(files, told_counts(months, 5), strict=False)):
        attack.is_exactly(("own and away", i), told.accepted)
        attack.sums([("own", i), ("away", i)], [("own and away", i)])
        attack.is_exactly(("bad", i), told.quarantined)
        attack.is_exactly(("all", i), told.records)
        attack.sums([("own and away", i), ("bad", i)], [("all", i)])
        # What a receipt says.
        attack.sums([("own", i), ("away", i)], own + away)
        attack.sums([("bad", i)], bad) if len(files) == 1 else None
    for sender, told in zip("ab", told_counts(months, 5)[len(files) :], strict=True):
        its = [i for i, f in enumerate(files) if f[0] == sender]
        attack.is_exactly(("all away", sender), told.accepted)
        attack.sums([("away", i) for i in its], [("all away", sender)])
        attack.sums([("bad", i) for i in its], sum(files[i][2] for i in its))
    for i, (_, own, _, away) in enumerate(files):
        if away:
            low, high = attack.range_of(("away", i))
            assert high - low >= min(4, own + away), (files, i, low, high)


def test_a_month_of_few_persons_tells_none_of_its_records() -> None:
    """Eight treatments of four persons in April, none of whose numbers a mart tells."""
    april, others = (
        Month("2015-04-01", 1, 8, 8, persons_accepted=4),
        [Month(f"2015-0{m}-01", 1, 90 + m, 90 + m, persons_accepted=60) for m in (1, 2)],
    )
    assert [n.records for n in told_counts([*others, april], 5)] == [None, 92, None]
    assert [n.records for n in told_counts([*others, april], 1)] == [91, 92, 8]


def test_the_counts_of_senders_hide_each_other_not_those_of_another() -> None:
    few = Month("2015-03-01", 1, 3, 3, persons_accepted=3, sender="a")
    months = [
        few,
        Month("2015-02-01", 1, 40, 40, persons_accepted=40, sender="b"),
        Month("2015-02-01", 1, 50, 50, persons_accepted=50, sender="a"),
    ]
    assert [n.records for n in told_counts(months, 5)] == [None, 40, None]


def test_the_only_part_of_a_sum_is_the_sum() -> None:
    assert hidden([3], [3], 5) == set()
    assert hidden([3, 0], [3, 0], 5) == {0, 1}
    assert hidden([3, 7, 90], [3, 7, 90], 5) == {0, 1}
    assert hidden([2, 2, 40, 50], [2, 2, 40, 50], 5) == {0, 1, 2}


def _summed(rows: list[dict[str, Any]], columns: list[str], measure: str) -> dict[tuple[Any, ...], tuple[int, bool]]:
    """Sum of what is told of a measure by the columns, and whether some of it is not told; `quarter:month` is the month's quarter."""
    found: dict[tuple[Any, ...], tuple[int, bool]] = {}
    for row in rows:
        group = tuple(_quarter(row["month"]) if c == "quarter:month" else row[c] for c in columns)
        shown, lacking = found.get(group, (0, False))
        found[group] = (shown + (row[measure] or 0), lacking or row[measure] is None)
    return found


def _as_period(column: str, whole: list[str]) -> str:
    return column if column in whole else f"{column}:{whole[0]}"


def _quarter(month: date) -> date:
    return month.replace(month=3 * ((month.month - 1) // 3) + 1)
