"""Small deliveries that went wrong, each with what is right: found through VENTETAL_CASES."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from assets.catalog.loading import load_catalog
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.releases.database import open_release
from assets.releases.publish import publish
from assets.tables.build import Night
from sources.duck import dicts
from tests.drawn import expect
from tests.part import copy_domain
from tests.redirected import read_lookups

Asked = Callable[[str], list[dict[str, object]]]


@pytest.fixture
def night(cases: Path, tmp_path: Path) -> Callable[..., Asked]:
    """A night over the deliveries of a case, by the project's own declarations of a domain, or with texts changed."""

    def run(domain: str, case: str, as_of: str, *changes: tuple[str, str, str]) -> Asked:
        root, data = tmp_path / "project", tmp_path / "data"
        copy_domain(domain, root)
        for file, before, after in changes:
            text = (root / file).read_text("utf-8")
            assert before in text
            (root / file).write_text(text.replace(before, after), "utf-8")
        shutil.copytree(cases / case / "landing", data / "landing")
        lake = Lake(data)
        lake.prepare()
        read_lookups(lake)
        with writing(lake, "a test", datetime.now()):
            made = Night(lake, load_catalog(root), datetime.fromisoformat(as_of))
            made.run()
            publish(made)
        current = lake.current_release
        assert current is not None

        def ask(sql: str) -> list[dict[str, object]]:
            with open_release(current) as con:
                return dicts(con, sql)

        return ask

    return run


def test_d01_robots_that_ran_once_in_a_month_have_no_clean_share(night: Callable[..., Asked]) -> None:
    ask = night("response_time", "D01", "2015-06-01")
    [orbit] = ask("select * from marts.response_time_monthly where attempts > 0 and system_id = 'ORBIT'")
    assert [orbit] == expect("compliance_share | attempts | cells_present | target_met | qf\n | 20 | 0 | | mu")


def test_d04_an_answer_in_no_time_is_none(night: Callable[..., Asked]) -> None:
    ask = night("response_time", "D04", "2015-06-01")
    reasons = {str(r["reason"]) for r in ask("select reason from meta.quarantine_summary")}
    assert reasons == {"rule:ok_took_time"}


FIGURES = "select pathways from marts.udredning_monthly where month = date '2015-01-01' and sector = 'SOM'"
FULL = ("sources/pathways/layouts/region.yaml", "sender: region\n", "sender: region\nfull: true\n")
DELETES = ("sources/pathways/contract.odcs.yaml", "completes: later_files", "absent: deleted\n      completes: later_files")


def test_b09_what_was_deleted_at_the_source_is_gone_or_the_gap_is_shown(night: Callable[..., Asked]) -> None:
    assert night("udredning", "B09", "2015-06-02", FULL, DELETES)(FIGURES) == [{"pathways": 10}]


def test_b09_without_deletion_the_gap_is_shown(night: Callable[..., Asked]) -> None:
    ask = night("udredning", "B09", "2015-06-02", FULL)
    assert ask(FIGURES) == [{"pathways": 11}]
    assert ask("select passed, named from meta.check_result where check_name = 'nothing_is_gone_at_the_source' and not passed") == [
        {"passed": False, "named": "under 10 records in no full file any more"}
    ]


CASES = "select incoming, resolved, closed, cancelled, within_sla_base, within_sla from marts.servicedesk_cases_monthly"
CIMT_OF_APRIL = "desk = 'CIMT' and month = date '2015-04-01'"


def test_c04_what_was_cancelled_was_not_solved_within_its_limit(night: Callable[..., Asked]) -> None:
    assert night("servicedesk", "C04", "2015-06-01")(f"{CASES} where {CIMT_OF_APRIL}") == expect("""
        incoming | resolved | closed | cancelled | within_sla_base | within_sla
        3        | 1        | 2      | 2         | 1               | 0
    """)


def test_c06_a_call_passed_on_is_one_call_and_a_callback_is_no_wait(night: Callable[..., Asked]) -> None:
    calls = night("servicedesk", "C06", "2015-06-01")(f"""
        select offered, answered, abandoned, flowed_out, mean_wait_answered_seconds from marts.servicedesk_calls_monthly
        where {CIMT_OF_APRIL.replace("is_total and ", "")}""")
    assert calls == expect("offered | answered | abandoned | flowed_out | mean_wait_answered_seconds\n4 | 2 | 0 | 2 | 277.5")


def test_c10_of_two_versions_of_a_second_without_numbers_none_is_taken(night: Callable[..., Asked]) -> None:
    ask = night("servicedesk", "C10", "2015-06-01")
    assert ask("select reason, records from meta.quarantine_summary") == [{"reason": "rule:duplicate_key", "records": 2}]
    assert ask(f"{CASES} where {CIMT_OF_APRIL}") == expect("incoming | resolved\n14 | 14")
