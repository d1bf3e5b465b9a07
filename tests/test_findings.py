"""What a failing check says: the same sentence wherever it is read, the rows behind it, and what to do."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from assets.alerts.alert_causes import found_causes
from assets.catalog.declared import acceptable_checks
from assets.catalog.loading import load_catalog
from assets.lake import log
from assets.lake.clock import told_time
from assets.lake.decisions import accept_check
from assets.lake.files import Lake
from assets.lake.line import Line
from assets.releases.offenders import NoRows, offenders, shows_rows
from assets.releases.summary import accepted, summarise
from assets.tables.build import Night
from assets.tables.domain_state import DomainState
from expectations.suite import Outcome, raw_rules
from pipelines import status_screen
from pipelines.commands.console import print_summary
from sources.errors import Missing
from tests.part import TREE
from tests.toy import Toy

CHECK, TWIN = "core.stock_sum.never_negative", "marts.stock_total.never_negative"
FINDING = "2 of 3 rows break a rule (a, c): Nothing is counted below zero."


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Stock is held for two numbers below zero."""
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    toy.deliver("stock", "stock_2015-06_received-20150601-0600.csv", "a -5, b 2, c -1", day="2015-06-01")
    toy.night(datetime(2015, 6, 2))
    return toy


def line(toy: Toy) -> Line:
    return Line(toy.lake, toy.now)


def test_one_sentence_in_tables_summary_and_alerts(toy: Toy) -> None:
    found = toy.ask(
        "select table_name || '.' || check_name as name, finding from meta.check_result where not passed and severity = 'error'"
    )
    assert {row["name"]: row["finding"] for row in found if row["name"] == CHECK} == {CHECK: FINDING}
    assert toy.ask("select finding from meta.check_result where passed and finding is not null") == []
    [why] = toy.ask("select why from meta.domain_status where status = 'held'")
    assert FINDING in why["why"]
    night = Night(toy.lake, toy.catalog, toy.now)
    states = [state for name in line(toy).names(DomainState) if (state := line(toy).state(DomainState, name))]
    assert any(FINDING in cause.why for cause in found_causes(night.catalog, [], states, []))


def test_every_rule_has_words_for_when_it_fails_that_make_a_sentence() -> None:
    catalog = load_catalog(TREE)
    rules = [(t.name, r) for t in catalog.tables.values() for r in t.rules]
    rules += [(name, r) for name, e in catalog.extracts.items() for r in raw_rules(e.contract)]
    assert [f"{name}.{r.name}" for name, r in rules if not r.fails or r.fails.endswith(".")] == []
    # What rows do follows their number, what is wrong with the table begins a sentence.
    assert [f"{name}.{r.name}" for name, r in rules if r.fails[0].islower() != r.counts_rows] == []


def test_words_for_a_failure_are_no_reason_to_judge_again(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock="{mode: snapshot}")
    before = toy.catalog.tables["core.stock_sum"]
    label = "customProperties: [{property: label, value: name}"
    said = (label, f"{label}, {{property: fails, value: are below zero}}")
    toy.edit("expectations/core/stock_sum.odcs.yaml", said)
    after = toy.catalog.tables["core.stock_sum"]
    [rule] = [r for r in after.rules if r.name == "never_negative"]
    assert [Outcome.of(rule, False, n, "a", 3).finding() for n in (1, 2)] == [
        "1 of 3 rows is below zero: a.",
        "2 of 3 rows are below zero: a.",
    ]
    assert after.code_version == before.code_version


def test_a_wrong_row_of_a_lookup_is_named_by_its_key() -> None:
    target = load_catalog(TREE).tables["reference.target"]
    [rule] = [r for r in target.rules if r.name == "in_order"]
    assert rule.label
    found = duckdb.sql(
        f"select {rule.label} from (select 'cases' as indicator, 'all' as subject, date '2015-01-01' as valid_from)"
    ).fetchall()
    assert found == [("cases all 2015-01-01",)]


def test_the_screen_names_the_rows_and_the_way_out_and_calls_a_person(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    release = toy.lake.current_release
    assert release is not None
    assert print_summary(release, [], as_json=False, seconds=None, catalog=toy.catalog)
    said = capsys.readouterr().out
    assert FINDING in said
    assert f"offenders {CHECK}" in said
    assert f"accept {CHECK.replace('never_negative', 'columns')}" not in said
    assert f"accept {CHECK} --until YYYY-MM-DD --reason ..." in said
    for check in (CHECK, TWIN):
        accept_check(toy.lake, check, date(2015, 6, 9), "They know.", datetime(2015, 6, 2, 9))
    release = toy.night(datetime(2015, 6, 3)).path
    assert not print_summary(release, [], as_json=False, seconds=None, catalog=toy.catalog)
    said = capsys.readouterr().out
    assert f"{CHECK}: fails, accepted until 2015-06-09: They know. {FINDING}" in said
    assert "offenders" not in said


def test_lines_in_a_pipe_end_where_their_words_do(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    release = toy.lake.current_release
    assert release is not None
    status_screen.summary(summarise(release, []), toy.data)
    assert [line for line in capsys.readouterr().out.splitlines() if line != line.rstrip()] == []


def test_the_rows_are_those_of_the_version_that_failed_and_then_of_the_one_that_is_published(toy: Toy) -> None:
    failed = offenders(toy.lake, toy.catalog, line(toy), CHECK)
    assert (failed.columns[:2], [row[:2] for row in failed.rows]) == (["name", "number"], [("a", -5), ("c", -1)])
    assert "failed" in failed.folder.parts
    # The mart was never made: what it is computed from failed.
    for check in (CHECK, TWIN):
        accept_check(toy.lake, check, date(2015, 6, 9), "They know.", datetime(2015, 6, 2, 9))
    toy.night(datetime(2015, 6, 3))
    published = offenders(toy.lake, toy.catalog, line(toy), CHECK)
    assert (published.rows, "failed" in published.folder.parts) == (failed.rows, False)


def test_a_rule_of_the_whole_table_has_no_rows_and_an_unknown_one_is_told(toy: Toy) -> None:
    with pytest.raises(NoRows, match="about the whole table"):
        offenders(toy.lake, toy.catalog, line(toy), "core.stock_sum.columns")
    for check in ("core.stock_sum.nothing", "core.nothing.columns", "nothing"):
        with pytest.raises(Missing, match="There is no check"):
            offenders(toy.lake, toy.catalog, line(toy), check)


def test_a_lookup_names_its_file(toy: Toy) -> None:
    toy.edit("expectations/reference/known_name.odcs.yaml", ("- name: known_name", "- name: known_name\n  quality: []"))
    (toy.project / "data/reference/known_name.csv").write_text("name\na\na\n", "utf-8")
    toy.night(datetime(2015, 6, 3))
    [why] = toy.ask("select why from meta.domain_status where domain = 'reference'")
    assert "data/reference/known_name.csv" in str(why["why"])


def test_a_release_of_before_findings_were_told_can_be_summed_up() -> None:
    check = {"rule": "Nothing is counted below zero.", "named": "a", "accepted_until": date(2015, 6, 9), "accepted_reason": "They know."}
    assert accepted(check) == "fails, accepted until 2015-06-09: They know. Nothing is counted below zero. Fails for: a."


@pytest.mark.parametrize("table", ["core.pathway", "core.pathway_count", "core.kmf_cell", "core.provider_count"])
def test_no_row_of_a_core_table_made_of_persons_is_offered(table: str) -> None:
    catalog = load_catalog(TREE)
    assert catalog.stands_on_persons(table)
    assert [r.name for r in catalog.tables[table].rules if shows_rows(catalog, f"{table}.{r.name}")] == []


def test_rows_are_offered_where_there_are_some() -> None:
    catalog = load_catalog(TREE)
    assert shows_rows(catalog, "marts.response_time_monthly.probe_is_not_suspect")
    assert shows_rows(catalog, "marts.udredning_monthly.month_is_given")
    assert not shows_rows(catalog, "marts.udredning_monthly.no_small_cell")
    assert not shows_rows(catalog, "raw.pathways.not_empty")
    assert not catalog.stands_on_persons("marts.response_time_monthly")


def test_what_guards_small_cells_and_that_a_table_has_its_columns_is_never_let_fail() -> None:
    names = {check.rpartition(".")[2] for check in acceptable_checks(load_catalog(TREE))}
    assert not names & {"no_small_cell", "columns"}


def test_of_a_mart_about_persons_only_where_its_rows_stand_is_shown(small_region: Path) -> None:
    lake = Lake(small_region)
    found = offenders(lake, load_catalog(TREE), Line(lake, told_time(lake).at), "marts.udredning_monthly.month_is_given")
    assert (found.columns, found.rows) == (["month", "sector"], [])


@pytest.fixture
def _listens_as_before() -> Iterator[None]:
    logger = logging.getLogger(log.NAME)
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.level, logger.propagate = handlers, level, propagate


@pytest.mark.usefixtures("_listens_as_before")
def test_what_a_run_says_is_in_a_file_and_an_alert_that_failed_is_said_aloud(tmp_path: Path) -> None:
    heard = io.StringIO()
    log.listen("run-1", heard, journal=tmp_path / "logs" / "a.jsonl", quiet=True)
    log.say("delivery taken", receipt="r")
    log.warn(log.ALERT_FAILED, channel="mail")
    lines = [json.loads(text)["event"] for text in (tmp_path / "logs" / "a.jsonl").read_text("utf-8").splitlines()]
    assert lines == ["delivery taken", log.ALERT_FAILED]
    assert log.ALERT_FAILED in heard.getvalue()
    assert "delivery taken" not in heard.getvalue()
