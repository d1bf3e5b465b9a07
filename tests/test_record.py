"""What two releases laid side by side tell: nothing of few persons. Published figures stand until they are revised."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from assets.lake.files import Lake
from assets.releases import publish
from assets.releases.difference import compared
from assets.releases.summary import summarise
from assets.tables.record import ENTRY, Record
from tests.attack_releases import Releases, told
from tests.earlier_lakes import forget_record
from tests.redirected import Region, Treatments, final
from tests.toy import rebuilt

HOSPITALS = {"HEH": 60, "RHB": 40, "BOH": 30}


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def january(**more: int) -> Treatments:
    found = Treatments("2015-01", 1, **HOSPITALS)
    for hospital, count in more.items():
        found.more(count, hospital)
    return found


def figures(region: Region) -> dict[str, Any]:
    return {n: [{k: v for k, v in r.items() if k != "hospital_now_name"} for r in rows] for n, rows in region.marts().items()}


def test_one_person_more_in_a_final_month_is_in_no_figure_and_no_difference(region: Region) -> None:
    region.deliver(january(), "2015-04-02")
    first = region.night("2015-04-03")
    before = figures(region)
    region.deliver(january(BOH=1), "2015-05-02")
    second = region.night("2015-05-03")
    assert figures(region) == before
    found = compared(region.lake, region.catalog, first.id, second.id).figures
    assert found == []
    assert region.ask("select * from meta.revision") == []
    waiting = region.ask("select table_name, cast(period as varchar) as period, rows_waiting from meta.pending_revision order by all")
    assert {(w["period"], w["rows_waiting"]) for w in waiting} == {("2015-01-01", "under 5")}
    assert {w["table_name"].removeprefix("marts.redirection_") for w in waiting} == {
        "monthly", "by_agreement", "by_hospital", "by_provider", "by_service_group",
    }  # fmt: skip
    region.revise("2015-05-04")
    region.night("2015-05-04")
    assert {n: [{**r, "qf": "", "qf_columns": ""} for r in rows] for n, rows in figures(region).items()} == {
        n: [{**r, "qf": "", "qf_columns": ""} for r in rows] for n, rows in before.items()
    }
    marks = region.ask("select distinct qf, qf_columns from marts.redirection_by_hospital")
    assert marks == [{"qf": "r", "qf_columns": "r: treatments"}], "whose it is is not said"
    assert region.ask("select decision, about, reason from meta.decision") == [
        {"decision": "revise", "about": None, "reason": "more is known"}
    ]
    region.night("2015-08-05")
    [due, *_] = [a for a in summarise(region.released[-1].path, [])["attention"] if a["what"] == "revision due"]
    assert due["why"] == "What has come since of 2015-01 is not published: `ventetal revise --reason ...`, then `ventetal run`."


def test_what_has_gathered_is_published_where_its_difference_is_safe(region: Region) -> None:
    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    region.deliver(january(HEH=9, RHB=7, BOH=2), "2015-05-02")
    region.revise("2015-05-03", "2015-01")
    region.night("2015-05-03")
    now = region.hospitals("2015-01")
    # Of Bornholm's two another hospital keeps the secret: the region has eighteen more.
    assert region.total("2015-01") == 148
    assert now["BOH"] == 30
    assert sorted((now["HEH"], now["RHB"])) in ([40, 69], [47, 60])
    reasons = {r["why"] for r in region.ask("select why from meta.revision")}
    assert all(r.endswith("; revised: more is known") for r in reasons), reasons
    kept = [r["hospital_code"] for r in region.ask("select hospital_code from marts.redirection_by_hospital where qf = 'r'")]
    assert len(kept) == 2
    assert "BOH" in kept


def test_a_number_goes_back_to_none_that_lies_near_one_it_ever_was(region: Region) -> None:
    """A series of 60, 67, 62 would tell of two."""
    for day, more in (("2015-04", 0), ("2015-05", 7), ("2015-06", 2), ("2015-07", 12)):
        region.deliver(january(HEH=more, RHB=30, BOH=20) if more else january(), f"{day}-02")
        if more:
            region.revise(f"{day}-03")
        region.night(f"{day}-03")
    seen = [region.hospitals("2015-01", release)["HEH"] for release in region.released]
    assert seen == [60, 67, 67, 72]


def test_a_decision_to_revise_is_obeyed_once(region: Region) -> None:
    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    region.revise("2015-04-03")
    again = region.night("2015-04-03")
    assert region.night("2015-04-03").id == again.id, "the clock stands still, and nothing is new"
    region.deliver(january(HEH=20, RHB=20), "2015-05-02")
    region.night("2015-05-03")
    assert region.total("2015-01") == 130
    region.revise("2015-05-03", "2014-12")
    region.night("2015-05-03")
    assert region.total("2015-01") == 130, "another month"
    region.revise("2015-05-03", "2015-01")
    region.night("2015-05-03")
    assert region.total("2015-01") == 170


def quarter(seed: int = 1) -> list[Treatments]:
    sizes = {"2014-10": (60, 40, 30), "2014-11": (55, 38, 6), "2014-12": (70, 33, 21)}
    return [Treatments(month, seed, HEH=heh, RHB=rhb, BOH=boh) for month, (heh, rhb, boh) in sizes.items()]


CORRECTIONS = [
    {"HEH": 9, "RHB": 7, "BOH": 2},
    {"HEH": 11, "RHB": 8, "BOH": 9},
    {"HEH": 17, "RHB": 23, "BOH": 11},
]


def year_of(region: Region) -> None:
    """Nights of a year, in May of which Herlev merges with another hospital."""
    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    for place, more in enumerate(CORRECTIONS):
        region.deliver(january(**more), f"2015-0{5 + place}-02")
        region.revise(f"2015-0{5 + place}-03")
        region.night(f"2015-0{5 + place}-03")
    region.night("2015-05-20", "--as-of")


def test_no_release_beside_any_other_tells_of_few(region: Region) -> None:
    year_of(region)
    ranges = Releases(region.lake, region.catalog).ranges()
    assert len(ranges) > 10, "many have changed by few"
    assert told(ranges) == {}
    assert close(region) == []
    assert len({region.total("2015-01", r) for r in region.released}) > 2, "and totals are corrected"


def close(region: Region) -> list[Any]:
    """Pairs of values ever shown of a number that lie one to four apart."""
    seen = defaultdict[Any, set[int]](set)
    for release in region.released:
        for name, rows in region.marts(release).items():
            spec = region.catalog.tables[name].contract.disclosure
            assert spec
            for row in rows:
                if not row.get("is_provisional"):
                    for number in spec.published:
                        if row[number] is not None:
                            seen[name, number, *(row[k] for k in spec.key)].add(row[number])
    return [(key, *pair) for key, values in seen.items() for pair in combinations(sorted(values), 2) if pair[1] - pair[0] < 5]


@pytest.mark.parametrize("left_out", ["record", "differences", "linked"])
def test_the_same_attack_succeeds_where_a_part_of_the_protection_is_left_out(
    region: Region, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    if left_out == "record":
        monkeypatch.setattr(publish, "remember", lambda *_: None)
    if left_out == "differences":
        monkeypatch.setattr("assets.tables.revision._telling", lambda *_: set())
    if left_out == "linked":
        monkeypatch.setattr("assets.tables.revision.Attack", type("Blind", (), {"__init__": lambda *_: None, "told": lambda _: []}))
    year_of(region)
    assert close(region) or told(Releases(region.lake, region.catalog).ranges())


@pytest.mark.parametrize(("seed", "late"), [(1, {"BOH": 3}), (2, {"RHB": 1}), (3, {"HEH": 2, "BOH": 2})])
def test_a_quarter_does_not_tell_what_waits_in_its_months(region: Region, seed: int, late: dict[str, int]) -> None:
    """Months are published one by one; what came late to the first is in the records of the quarter, and how many these are is told
    by `meta.coverage`: so of whom they are must be open among at least two.
    """
    first, second, third = quarter(seed)
    region.deliver(first, "2014-12-02")
    region.night("2014-12-03")
    for hospital, count in late.items():
        first.more(count, hospital)
    region.deliver(first, "2015-01-02")
    final(region, [second, third])
    region.night("2015-03-03")
    for quarterly, monthly, group in (
        ("hospital_service_quarterly", "by_hospital", "hospital_code"),
        ("hospital_service_quarterly", "by_service_group", "service_group"),
        ("hospital_provider_quarterly", "by_hospital", "hospital_code"),
        ("hospital_provider_quarterly", "by_provider", "provider_id"),
        ("by_provider_quarterly", "by_provider", "provider_id"),
    ):
        of_quarter, of_months = (
            {
                r[group]: None if r["hidden"] else r["told"]
                for r in region.ask(f"""
                    select {group}, sum(treatments) as told, count(*) - count(treatments) as hidden
                    from marts.redirection_{table} group by all""")
            }
            for table in (quarterly, monthly)
        )
        assert of_quarter, "it is not left out as a whole"
        waiting = {g: n - of_months[g] for g, n in of_quarter.items() if n is not None and of_months.get(g) is not None}
        assert not any(waiting.values()), (quarterly, group)
        assert sum(n is None for n in of_quarter.values()) != 1, (quarterly, group)


def test_a_threshold_that_rises_and_falls_tells_nothing(region: Region) -> None:
    def threshold(persons: int) -> None:
        region.project.joinpath("data/reference/disclosure_threshold.csv").write_text(
            f'persons,valid_from,valid_to,source\n{persons},2007-01-01,2099-12-31,"a test"\n'
        )

    months = [Treatments("2015-01", 3, HEH=60, RHB=30, BOH=7), Treatments("2015-02", 3, HEH=50, RHB=20, BOH=8)]
    region.deliver(months[0], "2015-04-02")
    region.night("2015-04-03")
    threshold(10)
    region.deliver(months[1], "2015-05-02")
    region.night("2015-05-03")
    threshold(5)
    region.night("2015-05-04")
    region.revise("2015-05-05")
    region.night("2015-05-05")
    assert [region.hospitals("2015-01", r)["BOH"] for r in region.released] == [7, 7, 7, 7], "told once, told for good"
    assert [region.hospitals("2015-02", r).get("BOH") for r in region.released[1:]] == [None, None, None]
    hidden = [{h for h, n in region.hospitals("2015-02", r).items() if n is None} for r in region.released[1:]]
    assert hidden[0] == hidden[1] == hidden[2]
    assert len(hidden[0]) > 1


def test_a_wrong_file_is_corrected_where_that_is_safe_and_the_rest_is_marked(region: Region) -> None:
    wrong = Treatments("2015-01", 4, HEH=240, RHB=120, BOH=60)
    region.deliver(wrong, "2015-04-02")
    region.night("2015-04-03")
    right = Treatments("2015-01", 4, HEH=240, RHB=120, BOH=60).less(24, "HEH").less(12, "RHB").less(6, "BOH")
    region.deliver(right, "2015-05-02")
    region.revise("2015-05-03", "2015-01")
    region.night("2015-05-03")
    assert region.total("2015-01") == 378
    assert region.hospitals("2015-01") == {"HEH": 216, "RHB": 108, "BOH": 54}
    for name, rows in region.marts().items():
        for row in rows:
            marked = "r" in row["qf"]
            assert marked == ("r: " in row["qf_columns"]), name
    shares = region.ask("select treatments, treatments_share, qf from marts.redirection_by_hospital")
    assert all(r["treatments_share"] == round(r["treatments"] / 378, 9) for r in shares if "r" not in r["qf"])


def test_an_earlier_time_shows_what_was_published(region: Region) -> None:
    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    region.deliver(january(HEH=2, RHB=2), "2015-05-02")
    region.night("2015-05-03")
    for line, day in (("--as-of a", "2015-04-20"), ("--as-of b", "2015-05-04")):
        region.night(day, line)
        assert region.hospitals("2015-01") == HOSPITALS


def test_what_a_release_of_another_time_showed_first_is_on_record_too(region: Region) -> None:
    region.deliver(january(), "2015-02-02")
    region.night("2015-02-03")
    region.deliver(january(HEH=1), "2015-04-02")
    region.deliver(january(HEH=3), "2015-05-02")
    with pytest.MonkeyPatch.context() as none:
        # Both files are taken in by a night that makes no release.
        none.setattr("tests.redirected.publish", lambda _: region.released[-1])
        region.night("2015-05-03")
    region.night("2015-04-03", "--as-of")
    assert region.hospitals("2015-01")["HEH"] == 61
    region.night("2015-05-04")
    assert region.hospitals("2015-01")["HEH"] == 61


class Killed(BaseException):
    pass


@pytest.mark.parametrize(("where", "is_published"), [("write_release", False), ("keep", True)])
def test_killed_anywhere_what_is_published_is_on_record_and_nothing_else(
    region: Region, monkeypatch: pytest.MonkeyPatch, where: str, is_published: bool
) -> None:
    def dies(*_: Any) -> None:
        raise Killed

    region.deliver(january(), "2015-04-02")
    with monkeypatch.context() as killed:
        killed.setattr(publish, where, dies)
        with pytest.raises(Killed):
            region.night("2015-04-03")
    table = region.catalog.tables["marts.redirection_by_hospital"]
    assert bool(Record(region.lake, table, "2015-06-01").entries) == is_published
    assert any((region.lake.record / table.name).glob(f"*/{ENTRY}"))
    region.deliver(january(HEH=1), "2015-05-02")
    region.night("2015-05-03")
    assert region.hospitals("2015-01")["HEH"] == (60 if is_published else 61)


def test_a_rebuild_makes_what_was_published(region: Region, tmp_path: Path) -> None:
    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    region.deliver(january(HEH=12, RHB=8, BOH=3), "2015-05-02")
    region.revise("2015-05-03")
    newest = region.night("2015-05-03")
    found = rebuilt(region.lake, Lake(tmp_path / "rebuilt"), region.catalog, newest.path)
    assert [c.table for c in found if not c.equal] == []
    assert len(found) > 20


def test_a_lake_from_before_there_was_a_record_goes_on_with_what_it_shows(region: Region) -> None:
    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    before = figures(region)
    forget_record(region.lake)
    region.deliver(january(HEH=1, BOH=3), "2015-05-02")
    region.night("2015-05-03")
    assert figures(region) == before
    assert region.night("2015-05-03").id == region.released[-2].id, "nothing is new"
    region.deliver(january(HEH=2, RHB=30, BOH=30), "2015-06-02")
    region.revise("2015-06-03")
    region.night("2015-06-03")
    assert region.hospitals("2015-01")["HEH"] == 60
    assert region.total("2015-01") == 192


def test_a_held_domain_puts_nothing_on_record(region: Region) -> None:
    region.edit(
        "expectations/marts/redirection_by_hospital.odcs.yaml",
        "  properties:\n",
        "  quality: [{id: never, type: sql, mustBe: 0, description: Never., query: 'select 1 from {object}'}]\n  properties:\n",
    )
    region.deliver(january(), "2015-04-02")
    with pytest.raises(AssertionError):
        region.night("2015-04-03")
    assert not list(region.lake.record.glob(f"*redirection*/*/{ENTRY}"))


def test_a_hospital_that_merges_keeps_its_published_figures_under_its_new_name(region: Region) -> None:
    def now(month: str) -> set[str]:
        return {r["hospital_now_code"] for r in region.ask(MERGED.format(month))}

    region.deliver(january(), "2015-04-02")
    region.night("2015-04-03")
    assert now("2015-01") == {"RHB"}
    region.deliver(Treatments("2015-10", 1, HEH=50, RHB=1, BOH=40), "2015-12-02")
    region.night("2015-12-03")
    assert region.hospitals("2015-01") == HOSPITALS
    assert now("2015-01") == {"RH"}


MERGED = "select hospital_now_code from marts.redirection_by_hospital where hospital_code = 'RHB' and month = '{}-01'"


def test_a_withheld_number_is_told_by_no_share_and_no_total_once_it_has_grown(region: Region) -> None:
    found = Treatments("2015-01", 5, HEH=60, RHB=40, BOH=3)
    region.deliver(found, "2015-04-02")
    region.night("2015-04-03")
    before = region.ask("select * from marts.redirection_by_hospital order by all")
    region.deliver(found.more(4, "BOH"), "2015-05-02")
    region.revise("2015-05-03")
    region.night("2015-05-03")
    assert region.ask("select * from marts.redirection_by_hospital order by all") == before
    assert region.total("2015-01") == 103
    region.deliver(found.more(9, "BOH"), "2015-06-02")
    region.revise("2015-06-03")
    region.night("2015-06-03")
    assert region.hospitals("2015-01")["BOH"] is None
    assert region.total("2015-01") in (103, 116)


def test_a_quarter_of_many_providers_is_told_with_those_that_stand_together(region: Region) -> None:
    months = []
    for month in ("2014-10", "2014-11", "2014-12"):
        found = Treatments(month, 1)
        for place in range(1, 11):
            found.more(5 + place, ("HEH", "RHB")[place % 2], provider=f"P{place:03d}")
        if month == "2014-10":
            found.more(2, "HEH", provider="P011").more(1, "RHB", provider="P012")
        months.append(found)
    final(region, months)
    region.night("2015-03-03")
    told = region.ask("select provider_id, treatments from marts.redirection_by_provider_quarterly")
    assert len(told) == 11, "it is not left out as a whole"
    assert sum(r["treatments"] is None for r in told) == 2, "of few persons, and what would tell of them"
