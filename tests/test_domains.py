"""The domain is the unit of publishing: one that fails keeps its last good set and the others go on."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.catalog.loading import load_catalog
from assets.table_assets import domain_assets
from pipelines.definitions import assemble
from pipelines.names import JOB
from pipelines.nightly import Finished, instance, run_job
from tests.drawn import expect
from tests.toy import Toy

PERIOD = "{mode: replace_period, period: day, unit: month}"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path, stock=PERIOD, sales=PERIOD)
    (toy.project / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return toy


@pytest.fixture
def on(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("VENTETAL_AS_OF", "2015-06-01")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with instance(toy.project, toy.data) as found:
        yield found


def job(toy: Toy, on: dg.DagsterInstance) -> Finished:
    return run_job(assemble(load_catalog(toy.project), toy.data), JOB, on)


def newest(on: dg.DagsterInstance, *key: str) -> dict[str, object]:
    event = on.get_latest_materialization_event(dg.AssetKey(key))
    assert event is not None
    assert event.asset_materialization is not None
    return {k: v.value for k, v in event.asset_materialization.metadata.items()}


def test_a_failing_domain_is_held_while_the_other_publishes(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a 10")
    assert job(toy, on).ok
    toy.deliver("stock", "stock_2015-02_received-20150301-0600.csv", "a -5", day="2015-02-01")
    toy.deliver("sales", "sales_2015-02_received-20150301-0600.csv", "a 5", day="2015-02-01")

    finished = job(toy, on)

    assert not finished.ok
    assert "stock_domain is held" in finished.errors["release"]
    assert (toy.total("stock"), toy.total("sales")) == ("a 1, b 2", "a 15")
    assert toy.ask("select * from meta.domain_status order by domain") == expect("""
        domain       | status    | data_as_of
        reference    | published |
        sales_domain | published | 2015-03-01 06:00:00
        stock_domain | held      | 2015-02-01 06:00:00
    """)
    [why] = toy.ask("select why from meta.domain_status where status = 'held'")
    assert "1 of 2 rows breaks a rule (a): Nothing is counted below zero." in why["why"]
    assert set(toy.hashes()) == {"marts.sales_total", "marts.stock_total", "reference.known_name"}
    assert toy.ask(
        "select comes_from from meta.column_dictionary where table_name = 'marts.stock_total' and column_name = 'number'"
    ) == expect("comes_from\ncore.stock_sum.number")
    failed = [p.parent.parent.name for p in (toy.lake.files / "failed").glob("*/*/*.parquet")]
    assert failed == ["core.stock_sum"]
    assert newest(on, "published", "stock_domain")["status"] == "held"
    assert newest(on, "marts", "sales_total")["unchanged"] is False
    assert newest(on, "marts", "stock_total")["dagster/row_count"] == 2

    toy.deliver("stock", "stock_2015-02_received-20150302-0600.csv", "a 5", day="2015-02-01")
    assert job(toy, on).ok
    assert (toy.total("stock"), toy.total("sales")) == ("a 6, b 2", "a 15")
    assert toy.ask("select status from meta.domain_status where domain = 'stock_domain'") == expect("status\npublished")


def test_a_run_that_changes_nothing_materialises_everything_and_releases_nothing_new(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01.csv", "a 1")
    toy.deliver("sales", "sales_2015-01.csv", "a 1")
    assert job(toy, on).ok
    first, release = newest(on, "marts", "stock_total"), toy.lake.current_release
    assert job(toy, on).ok
    second = newest(on, "marts", "stock_total")
    assert (first["unchanged"], second["unchanged"]) == (False, True)
    assert first["version"] == second["version"]
    assert toy.lake.current_release == release
    assert newest(on, "release")["unchanged"] is True


def test_a_fault_in_one_tables_sql_holds_its_domain_alone(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01.csv", "a 1")
    toy.deliver("sales", "sales_2015-01.csv", "a 1")
    toy.edit("sql/core/stock_sum.sql", ("sum(number)", "sum(no_such_column)"))
    finished = job(toy, on)
    assert not finished.ok
    assert toy.total("sales") == "a 1"
    assert "no_such_column" in str(newest(on, "published", "stock_domain")["why"])


def test_of_a_held_domain_only_what_failed_looks_like_it(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01.csv", "a 1")
    toy.deliver("sales", "sales_2015-01.csv", "a 1")
    toy.edit("sql/marts/stock_total.sql", ("number", "no_such_column"))
    finished = job(toy, on)
    # What the page of the run begins with: which domain, why, and what to do; no word of a step.
    assert "Somebody must look.\nstock_domain is held since 2015-06-01 00:00: marts.stock_total" in finished.errors["release"]
    told = newest(on, "core", "stock_sum")
    assert str(told["held"]).startswith("Made, and not published: marts.stock_total")
    assert "preview" not in told
    assert on.get_latest_materialization_event(dg.AssetKey(["marts", "stock_total"])) is None
    assert "held" not in newest(on, "core", "sales_sum")


def test_a_check_that_holds_its_domain_says_so_where_dagster_calls_it_non_blocking(toy: Toy) -> None:
    checks = domain_assets(toy.catalog, "stock_domain").check_specs
    [must] = [c for c in checks if c.key.to_user_string() == "marts/stock_total:must_hold"]
    assert not must.blocking
    assert "rules. **Holds its domain**" in str(must.description).split("\n")[0]


def test_an_extract_nobody_delivers_does_not_stop_the_others(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("sales", "sales_2015-01.csv", "a 1")
    assert job(toy, on).ok
    assert (toy.total("sales"), toy.total("stock")) == ("a 1", "")


def test_checks_stand_in_dagster_with_the_rule_in_words_and_no_row(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01.csv", "secret-name -7")
    job(toy, on)
    key = dg.AssetCheckKey(dg.AssetKey(["core", "stock_sum"]), "must_hold")
    [record] = on.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert record.event is not None
    evaluation = record.event.asset_check_evaluation
    assert evaluation is not None
    assert not evaluation.passed
    assert evaluation.description is not None
    assert evaluation.description == (
        "1 of 7 rules fails.\n\nnever_negative: 1 of 1 row breaks a rule (secret-name): Nothing is counted below zero."
    )
    assert evaluation.metadata["failing"].value == 1
    assert isinstance(told := evaluation.metadata["failing_rules"], dg.TableMetadataValue)
    assert [(r.data["rule"], r.data["rows"]) for r in told.records] == [("never_negative", "1 of 1 row")]


@pytest.mark.parametrize(("inputs", "total"), [("[{property: inputs, value: {absent: empty}}]", "a 10"), ("[]", None)])
def test_a_table_over_several_domains_is_made_without_one_that_was_never_published_only_if_it_says_so(
    tmp_path: Path, inputs: str, total: str | None
) -> None:
    toy = Toy(tmp_path, stock=PERIOD, sales=PERIOD)
    toy.adds_up("stock", "sales", inputs=inputs)
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a -5")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a 10")
    release = toy.night()
    assert {d.domain for d in release.held} == {"stock_domain"} | (set() if total else {"both_domain"})
    if total:
        assert toy.total("both") == total
    toy.deliver("stock", "stock_2015-01_received-20150202-0600.csv", "a 5")
    assert not toy.night().held
    assert toy.total("both") == "a 15"


def test_a_mart_is_previewed_and_a_core_table_whose_rows_may_be_persons_never(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a 10")
    assert job(toy, on).ok
    assert "| b | 2 | 1 |" in str(newest(on, "marts", "stock_total")["preview"])
    for layer, name in (("core", "stock_sum"), ("raw", "stock"), ("reference", "known_name")):
        assert "preview" not in newest(on, layer, name)
