"""Ways in which revisions have told of few: each once succeeded, by what stood beside what was shown."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from assets.catalog.statements import THRESHOLD
from assets.lake.decisions import withdraw_delivery
from assets.tables.linked import Linked, cell_of
from assets.tables.record import ENTRY, Entry, State
from assets.tables.revision import kept
from sources.disclosure_words import Disclosure
from tests.earlier_lakes import forget_record
from tests.redirected import AGREEMENTS, CODES, Region, Treatments

Rows = list[dict[str, Any]]
Step = Callable[[Treatments], object]


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def nights(region: Region, found: Treatments, *steps: Step) -> None:
    """A month is published, then delivered again and revised, step by step."""
    region.deliver(found, "2015-04-02")
    region.night("2015-04-03")
    for place, step in enumerate(steps):
        step(found)
        day = f"2015-{5 + place:02d}"
        region.deliver(found, f"{day}-02")
        region.revise(f"{day}-03")
        region.night(f"{day}-03")


def rest(region: Region, hospital: str) -> list[int]:
    """What all hospitals but one come to, release by release."""
    found = []
    for release in region.released:
        total, of = region.total("2015-01", release), region.hospitals("2015-01", release)[hospital]
        assert total and of
        found.append(total - of)
    return found


def test_two_that_are_withheld_do_not_grow_by_one(region: Region) -> None:
    nights(region, Treatments("2015-01", 5, HEH=60, RHB=40, BOH=3), lambda f: f.more(20, "HEH").more(1, "BOH"))
    once, twice = rest(region, "HEH")
    assert abs(twice - once) not in range(1, 5)


def test_two_that_are_kept_do_not_grow_by_one_between_revisions(region: Region) -> None:
    found = Treatments("2015-01", 1, HEH=60, RHB=40, BOH=30)
    nights(region, found, lambda f: f.more(20, "HEH").more(6, "RHB").more(2, "BOH"), lambda f: f.more(20, "HEH").more(1, "BOH"))
    [_, once, twice] = rest(region, "HEH")
    assert abs(twice - once) not in range(1, 5)


def test_a_share_is_one_of_the_total_that_is_shown(region: Region) -> None:
    found = Treatments("2015-01", 5, HEH=60, RHB=40, BOH=3)
    nights(region, found, lambda f: f.more(4, "BOH"), lambda f: f.more(10, "HEH").less(10, "RHB"))
    for release in region.released:
        total = region.total("2015-01", release)
        rows = region.ask("select * from marts.redirection_by_hospital where treatments is not null", release)
        assert {round(r["treatments"] / r["treatments_share"]) for r in rows} == {total}


def received(**counts: int) -> Treatments:
    found = Treatments("2015-01", 1)
    for provider, count in counts.items():
        for place in range(count):
            found.more(1, ("HEH", "RHB")[place % 2], provider=provider, code=CODES[place % 2], agreement=AGREEMENTS[0])
    return found


def test_a_provider_that_loses_its_name_is_counted_once(region: Region) -> None:
    region.deliver(received(P001=60, P002=40, P003=12, P004=3, P005=4), "2015-04-02")
    region.night("2015-04-03")
    region.deliver(received(P001=80, P002=40, P003=4, P004=3, P005=9, P006=20), "2015-05-02")
    for day in ("2015-05-03", "2015-05-04", "2015-05-05"):
        region.revise(day)
        region.night(day)
        rows = region.ask("select * from marts.redirection_by_provider")
        assert sum(r["treatments"] for r in rows) == 119
        assert {r["qf"] for r in rows} == {"r"}


def told_by_quarter(region: Region) -> tuple[int, int]:
    of_months, of_quarter = (
        region.ask(f"select sum(treatments) as n, count(*) = count(treatments) as is_whole from marts.{t} where hospital_code = 'BOH'")[0]
        for t in ("redirection_by_hospital", "redirection_hospital_service_quarterly")
    )
    assert of_months["is_whole"]
    assert of_quarter["is_whole"]
    return of_months["n"], of_quarter["n"]


def test_no_month_is_revised_beside_a_quarter_that_cannot_be(region: Region) -> None:
    def month(label: str, eyes: int, scans: int) -> Treatments:
        found = Treatments(label, 1)
        for hospital, count in (("HEH", 60), ("RHB", 40)):
            for place in range(count):
                found.more(1, hospital, provider="P001", code=CODES[place % 2], agreement=AGREEMENTS[0])
        for code, count in ((CODES[0], eyes), (CODES[1], scans)):
            found.more(count, "BOH", provider="P001", code=code, agreement=AGREEMENTS[0])
        return found

    for label, day in (("2015-01", "2015-04-02"), ("2015-02", "2015-04-02"), ("2015-03", "2015-05-02")):
        region.deliver(month(label, 30, 20), day)
    region.night("2015-05-03")
    region.deliver(month("2015-02", 36, 20), "2015-06-02")
    region.deliver(month("2015-03", 25, 20), "2015-06-03")
    region.revise("2015-06-04")
    region.night("2015-06-04")
    of_months, of_quarter = told_by_quarter(region)
    assert abs(of_months - of_quarter) not in range(1, 5)


def test_an_earlier_time_does_not_hide_what_a_lake_showed_before_there_was_a_record(region: Region) -> None:
    later = Treatments("2015-02", 1, HEH=60, RHB=40, BOH=30)
    region.deliver(Treatments("2015-01", 1, HEH=60, RHB=40, BOH=30), "2015-04-02")
    region.deliver(later, "2015-05-02")
    region.night("2015-05-03")
    forget_record(region.lake)
    region.deliver(later.more(1, "BOH"), "2015-06-02")
    region.night("2015-04-20", "--as-of")
    region.night("2015-06-03")
    assert region.hospitals("2015-02")["BOH"] == 30


def test_a_withheld_row_that_is_gone_hides_no_quarter_of_an_old_lake(region: Region) -> None:
    region.deliver(Treatments("2014-10", 1, HEH=60, RHB=40, BOH=3), "2014-12-02")
    region.night("2014-12-03")
    forget_record(region.lake)
    region.deliver(Treatments("2014-10", 1, HEH=60, RHB=40), "2015-01-02")
    for label, day in (("2014-11", "2015-01-03"), ("2014-12", "2015-02-03")):
        region.deliver(Treatments(label, 1, HEH=60, RHB=40, BOH=30), day)
    region.night("2015-03-03")
    assert region.ask("select count(*) > 0 as is_told from marts.redirection_hospital_service_quarterly") == [{"is_told": True}]


def test_a_month_that_may_change_again_stands_and_holds_nobody(region: Region) -> None:
    found = Treatments("2015-01", 1, HEH=60, RHB=40, BOH=30)
    region.deliver(found, "2015-02-02")
    region.night("2015-02-03")
    region.deliver(found.more(2, "HEH"), "2015-04-02")
    region.night("2015-04-03")
    published = region.hospitals("2015-01")
    [*_, last] = region.ask("select receipt_id from meta.receipt order by received_at")
    withdraw_delivery(region.lake, last["receipt_id"], "a wrong file", datetime(2015, 4, 10))
    region.night("2015-04-10")
    assert region.hospitals("2015-01") == published
    region.revise("2015-04-11")
    region.night("2015-04-11")
    assert region.hospitals("2015-01") == published


def test_a_version_that_is_published_again_is_on_record_once(region: Region) -> None:
    region.deliver(Treatments("2015-01", 1, HEH=60, RHB=40, BOH=30), "2015-04-02")
    region.night("2015-04-03")
    contract = "expectations/marts/redirection_monthly.odcs.yaml"
    region.edit(contract, "severity: warning, description: Every month", "severity: error, description: Every month")
    assert region.night("2015-04-05").is_new
    assert not region.night("2015-04-06").is_new
    assert len(list((region.lake.record / "marts.redirection_by_hospital").glob(f"*/{ENTRY}"))) == 1


def test_a_table_with_another_key_holds_its_domain_alone(region: Region) -> None:
    region.deliver(Treatments("2015-01", 1, HEH=60, RHB=40, BOH=30), "2015-04-02")
    region.night("2015-04-03")
    contract = "expectations/marts/redirection_by_agreement.odcs.yaml"
    region.edit(contract, "cells: [agreement_type]", "cells: [agreement]")
    region.edit(contract, "name: agreement_type", "name: agreement")
    region.edit("sql/marts/redirection_by_agreement.sql", "agreement_type", "agreement_type as agreement")
    with pytest.raises(AssertionError):
        region.night("2015-04-05")
    assert "redirection" in {r["domain"] for r in region.ask("select domain from meta.domain_status")}


def test_a_number_that_is_new_is_not_available_where_figures_were_published_before(region: Region) -> None:
    region.deliver(Treatments("2015-01", 1, HEH=60, RHB=40), "2015-04-02")
    region.night("2015-04-03")
    contract, sql = "expectations/marts/redirection_by_agreement.odcs.yaml", "sql/marts/redirection_by_agreement.sql"
    region.edit(contract, "  - {name: treatments_share", "  - {name: persons}\n  - {name: treatments_share")
    region.edit(contract, "numbers:\n        treatments: {", "numbers:\n        persons: {persons: _persons}\n        treatments: {")
    region.edit(sql, "\n    treatments,", "\n    treatments,\n    persons,")
    region.deliver(Treatments("2015-02", 1, HEH=60, RHB=40), "2015-05-02")
    region.night("2015-05-03")
    rows = region.ask("select month, persons is null as is_missing, qf, qf_columns from marts.redirection_by_agreement order by all")
    assert [(r["month"].month, r["is_missing"], r["qf"], r["qf_columns"]) for r in rows] == [
        (1, True, "m", "m: persons"), (1, True, "m", "m: persons"), (2, False, "", ""), (2, False, "", ""),
    ]  # fmt: skip


def test_a_renamed_number_keeps_what_was_published_and_withheld_of_it(region: Region) -> None:
    def month(label: str, own: int, other: int) -> Treatments:
        found = Treatments(label, 1)
        return found.more(own, agreement=AGREEMENTS[0]).more(other, agreement=AGREEMENTS[1])

    for label, other, day in (("2015-01", 3, "2015-04-02"), ("2015-02", 40, "2015-05-02")):
        region.deliver(month(label, 60, other), day)
    region.night("2015-05-03")
    before = region.ask("select * from marts.redirection_by_agreement order by all")
    assert [r["treatments"] for r in before] == [None, None, 40, 60]
    contract, sql = "expectations/marts/redirection_by_agreement.odcs.yaml", "sql/marts/redirection_by_agreement.sql"
    region.edit(
        "expectations/fields.yaml", "\nsentence: ", "\nsent: {type: BIGINT, unit: count, aggregate: sum, meaning: Sent.}\nsentence: "
    )
    region.edit(contract, "  - {name: treatments,", "  - {name: sent, customProperties: [{property: was, value: treatments}],")
    region.edit(contract, "treatments: {persons", "sent: {persons")
    region.edit(contract, "numbers: {treatments:", "numbers: {sent:")
    region.edit(contract, "{treatments_share: [treatments]}", "{treatments_share: [sent]}")
    region.edit(contract, "ofWhole: {treatments_share: treatments}", "ofWhole: {treatments_share: sent}")
    region.edit(sql, "count(*) as treatments", "count(*) as sent")
    region.edit(sql, "\n    treatments,", "\n    sent,")
    region.edit(sql, "round(treatments / sum(treatments)", "round(sent / sum(sent)")
    for label, own, other, day in (("2015-01", 60, 9, "2015-06-02"), ("2015-02", 62, 40, "2015-06-03"), ("2015-03", 50, 30, "2015-06-04")):
        region.deliver(month(label, own, other), day)
    region.revise("2015-06-05")
    region.night("2015-06-05")
    after = region.ask("select * from marts.redirection_by_agreement where month < '2015-03-01' order by all")
    assert [(r["month"], r["agreement_type"], r["sent"]) for r in after] == [
        (r["month"], r["agreement_type"], r["treatments"]) for r in before
    ]
    assert {r["qf_columns"] for r in after} == {"c: sent, treatments_share", "r: sent"}


@pytest.mark.parametrize(("amount", "share", "stays"), [(1_400, 0.3, True), (1_400, 0.1, False), (1_000, 0.1, True)])
def test_an_amount_is_not_revised_by_what_one_person_may_have_cost(amount: int, share: float, stays: bool) -> None:
    """Ten citizens more, and 400 more that they cost: at 0.3 of it one of them may have cost 420."""
    number = {"persons": "_persons", "largest": "_share", "amount": "amount_oere"}
    spec = Disclosure.model_validate({"within": ["year"], "cells": ["place"], "numbers": {"citizens": number}})

    def rows(citizens: int, amount: int) -> list[dict[str, Any]]:
        fixed = {"year": "2015-01-01", THRESHOLD: 5, "_share": share}
        both = (("a", citizens, amount), ("b", citizens, amount))
        return [fixed | {"place": p, "citizens": n, "_persons": n, "amount_oere": a} for p, n, a in both]

    then = {cell_of(r, spec.key): r for r in rows(40, 1_000)}
    state = State(Entry("t", "r", "2015-04-01", "2015-04-01", {"2015-01-01": "then"}), then, then)
    table = Linked("t", spec, rows(50, amount), on_record=then)
    changed = {(cell, "citizens") for cell in then}
    assert kept(table, changed, {}, {}, [state]) == (changed if stays else set())
