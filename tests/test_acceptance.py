"""A check may fail until a day an operator names: the figures publish, and it is said wherever they are shown."""

from datetime import date, datetime
from pathlib import Path

import pytest

from assets.catalog.declared import acceptable_checks
from assets.lake.decisions import accept_check, accepted_checks
from assets.lake.files import Lake, read_json
from assets.releases.database import open_release
from assets.releases.summary import accepted_in, summarise
from tests.conftest import ventetal
from tests.drawn import expect
from tests.toy import Toy, rebuilt

CHECK = "core.stock_sum.never_negative"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Stock is held for a number below zero."""
    toy = Toy(tmp_path, stock="{mode: snapshot}", sales="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-06_received-20150601-0600.csv", "a -5, b 2", day="2015-06-01")
    toy.deliver("sales", "sales_2015-06_received-20150601-0600.csv", "a 1", day="2015-06-01")
    [held] = toy.night(datetime(2015, 6, 2)).held
    assert held.domain == "stock_domain"
    return toy


def accept(toy: Toy, check: str = CHECK, until: date = date(2015, 6, 4)) -> None:
    accept_check(toy.lake, check, until, "The supplier corrects it on the fifth.", datetime(2015, 6, 2, 9))


def accept_both(toy: Toy) -> None:
    """The mart promises the same as the core table it is made from."""
    accept(toy)
    accept(toy, "marts.stock_total.never_negative")


def test_an_accepted_failure_publishes_until_its_day_is_over(toy: Toy) -> None:
    accept_both(toy)
    assert [toy.night(datetime(2015, 6, day, 5, 15)).held for day in (3, 4)] == [[], []]
    assert toy.total("stock") == "a -5, b 2"
    over = toy.night(datetime(2015, 6, 5, 5, 15))
    [marked] = over.marked
    assert "Nothing is counted below zero" in marked.why
    assert (over.held, toy.total("stock")) == ([], "a -5, b 2"), "what was published stays, and somebody is called"
    toy.deliver("stock", "stock_2015-06_received-20150606-0100.csv", "a -6, b 2", day="2015-06-01")
    newer = toy.night(datetime(2015, 6, 6, 5, 15))
    assert ([d.domain for d in newer.held], toy.total("stock")) == (["stock_domain"], "a -5, b 2"), "a newer one does not pass"


def test_it_is_said_wherever_the_figure_is_shown(toy: Toy) -> None:
    accept_both(toy)
    release = toy.night(datetime(2015, 6, 3, 5, 15))
    assert toy.ask("select domain, accepted_checks from meta.domain_status where domain <> 'reference' order by 1") == expect("""
        domain       | accepted_checks
        sales_domain |
        stock_domain | core.stock_sum.never_negative, marts.stock_total.never_negative
    """)
    assert toy.ask(
        "select severity, passed, accepted_until, accepted_reason from meta.check_result where table_name = 'core.stock_sum' and not passed"
    ) == expect("""
        severity | passed | accepted_until | accepted_reason
        error    | no     | 2015-06-04     | The supplier corrects it on the fifth.
    """)
    facts = summarise(release.path, [])
    assert {a["which"] for a in facts["attention"] if a["what"] == "accepted check"} == {CHECK, "marts.stock_total.never_negative"}
    with open_release(release.path) as con:
        assert len(accepted_in(con, "select * from marts.stock_total")) == 2
        assert accepted_in(con, "select * from marts.sales_total") == []
    assert set(read_json(release.path / "manifest.json")["accepted"]) == {CHECK, "marts.stock_total.never_negative"}


def test_another_failing_check_still_holds(toy: Toy) -> None:
    accept(toy)
    [held] = toy.night(datetime(2015, 6, 3, 5, 15)).held
    assert "marts.stock_total" in held.why
    toy.deliver("stock", "stock_2015-06_received-20150603-0600.csv", "a -5, b 2000", day="2015-06-01")
    accept(toy, "marts.stock_total.never_negative")
    [held] = toy.night(datetime(2015, 6, 3, 7)).held
    assert "core.stock_sum" in held.why


def test_the_newest_word_on_a_check_counts_and_an_earlier_time_knows_only_earlier_ones(toy: Toy) -> None:
    accept(toy, until=date(2015, 6, 30))
    accept_check(toy.lake, CHECK, date(2015, 6, 2), "Withdrawn: it is no error of theirs.", datetime(2015, 6, 3, 9))
    found = [accepted_checks(toy.lake, f"2015-06-0{at}") for at in ("2T08", "2T10", "3T10")]
    assert [sorted(f) for f in found] == [[], [CHECK], []]


def test_a_rebuild_and_an_earlier_time_accept_what_had_been_accepted(toy: Toy, tmp_path: Path) -> None:
    accept_both(toy)
    release = toy.night(datetime(2015, 6, 3, 5, 15))
    again = toy.night(datetime(2015, 6, 3, 5, 15), "as of 2015-06-03")
    assert (again.held, toy.hashes(again.path)) == ([], toy.hashes(release.path))
    assert [c.table for c in rebuilt(toy.lake, Lake(tmp_path / "again"), toy.catalog, release.path) if not c.equal] == []


def test_that_a_table_has_its_columns_cannot_be_waived(toy: Toy) -> None:
    known = acceptable_checks(toy.catalog)
    assert {CHECK, "raw.stock.records_are_recent"} <= known
    assert not [c for c in known if c.endswith(".columns")]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("core.pathway.no_such_check", "--until", "2015-06-30"), 4, "There is no check core.pathway.no_such_check"),
        (("core.pathway.end_codes_are_known",), 2, "say until when"),
        (("core.pathway.end_codes_are_known", "--until", "June"), 2, "is no date"),
        (("core.pathway.end_codes_are_known", "--until", "2015-06-30"), 0, "may fail until 2015-06-30"),
        (("some-receipt", "--until", "2015-06-30"), 2, "goes with a check"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = ventetal(tmp_path, "accept", *arguments, "--reason", "known")
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
