"""A release agrees with itself: what a published table was computed from is what is published, whatever was chosen to run."""

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.catalog.declared import REFERENCE, Catalog
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.manifests import Manifest, manifest, releases
from assets.releases.publish import Release, publish
from assets.tables.build import Night
from assets.tables.domain_state import HELD
from assets.tables.versions import facts
from pipelines.definitions import assemble
from pipelines.names import JOB
from pipelines.nightly import instance
from tests.drawn import expect
from tests.toy import Toy, rebuilt

SNAPSHOT = "{mode: snapshot}"
DOMAINS = ("stock_domain", "sales_domain", "both_domain")


def three_domains(root: Path) -> Toy:
    """Stock, sales, and a mart that adds their totals up."""
    toy = Toy(root, stock=SNAPSHOT, sales=SNAPSHOT)
    toy.adds_up("stock", "sales")
    (toy.project / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return three_domains(tmp_path)


@pytest.fixture
def on(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("VENTETAL_AS_OF", "2015-06-01")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with instance(toy.project, toy.data) as found:
        yield found


def materialise(toy: Toy, on: dg.DagsterInstance, *keys: str) -> dg.ExecuteInProcessResult:
    """What "Materialize selected" does in the UI; no key is all of them."""
    job = assemble(toy.catalog, toy.data).resolve_job_def(JOB)
    chosen = [dg.AssetKey(key.split("/")) for key in keys] or None
    return job.execute_in_process(instance=on, asset_selection=chosen, raise_on_error=False)


def of_domain(catalog: Catalog, domain: str) -> list[str]:
    return [t.name.replace(".", "/") for t in catalog.of_domain(domain)] + [f"published/{domain}"]


def numbers(toy: Toy) -> tuple[str, str, str]:
    return toy.total("stock"), toy.total("sales"), toy.total("both")


def test_what_was_not_chosen_and_stands_on_what_has_changed_is_made_before_a_release(toy: Toy, on: dg.DagsterInstance) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150101-0100.csv", "a 10")
    assert materialise(toy, on).success
    assert numbers(toy) == ("a 1", "a 10", "a 11")
    toy.deliver("stock", "stock_2015-02_received-20150202-0100.csv", "a 6")
    chosen = materialise(toy, on, "raw/stock", *of_domain(toy.catalog, "stock_domain"), "release")
    assert chosen.success
    assert numbers(toy) == ("a 6", "a 10", "a 16")
    made = {tuple(e.asset_key.path) for e in chosen.all_events if e.is_step_materialization and e.step_key == "release" and e.asset_key}
    assert made == {("marts", "both_total"), ("published", "both_domain"), ("release",)}, "the step tells what it made"
    checks = {e.asset_check_evaluation_data.asset_check_key.to_user_string() for e in chosen.all_events
              if e.event_type_value == "ASSET_CHECK_EVALUATION" and e.step_key == "release"}  # fmt: skip
    assert "marts/both_total:must_hold" in checks
    assert "published/both_domain:is_published" in checks


def test_a_release_alone_obeys_what_was_decided_since(toy: Toy, on: dg.DagsterInstance) -> None:
    from assets.lake.decisions import withdraw_delivery

    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150101-0100.csv", "a 10")
    assert materialise(toy, on).success
    toy.deliver("stock", "stock_2015-02_received-20150102-0100.csv", "a 6")
    assert materialise(toy, on).success
    withdraw_delivery(toy.lake, toy.deliveries("stock")[-1]["receipt_id"], "the wrong file", datetime(2015, 1, 3))
    assert materialise(toy, on, "release").success
    assert numbers(toy) == ("a 1", "a 10", "a 11")


def test_tables_that_cannot_be_made_anew_are_held_and_say_what_they_stand_on(toy: Toy) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150101-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150101-0100.csv", "a 10")
    toy.night()
    with writing(toy.lake, "a test", datetime.now()):
        toy.deliver("stock", "stock_2015-02_received-20150202-0100.csv", "a 6")
        night = Night(toy.lake, toy.catalog, datetime(2015, 6, 2))
        night.ingest("stock")
        night.make("stock_domain")
        made = publish(night)
    [held] = made.held
    assert held.domain == "both_domain"
    assert "stands on an earlier marts.stock_total" in held.why
    assert toy.ask("select domain, status, stands_on from meta.domain_status where domain like '%domain' order by 1") == expect("""
        domain       | status    | stands_on
        both_domain  | held      | earlier marts.stock_total
        sales_domain | published |
        stock_domain | published |
    """)
    assert not toy.night().held
    assert toy.total("both") == "a 16"


def test_what_stands_on_a_held_domain_says_so(toy: Toy) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 10")
    toy.night(datetime(2015, 1, 3))
    toy.deliver("stock", "stock_2015-01_received-20150104-0100.csv", "a -1")
    toy.deliver("sales", "sales_2015-01_received-20150104-0100.csv", "a 20")
    toy.night(datetime(2015, 1, 5))
    assert numbers(toy) == ("a 1", "a 20", "a 21")
    assert toy.ask("select domain, status, stands_on from meta.domain_status where domain like '%domain' order by 1") == expect("""
        domain       | status    | stands_on
        both_domain  | published | stock_domain as of 2015-01-02
        sales_domain | published |
        stock_domain | held      | earlier raw.stock
    """)


def test_a_held_domain_never_shows_what_no_release_has_shown(toy: Toy) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 10")
    toy.night(datetime(2015, 1, 3))
    toy.deliver("stock", "stock_2015-01_received-20150104-0100.csv", "a 900")
    with writing(toy.lake, "a test", datetime.now()):
        night = Night(toy.lake, toy.catalog, datetime(2015, 1, 5))
        night.ingest("stock")
        assert night.make("stock_domain").status == "published", "and then the run breaks off"
    toy.edit("expectations/core/stock_sum.odcs.yaml", ("maximum: 1000", "maximum: 500"))
    assert {d.domain for d in toy.night(datetime(2015, 1, 6)).held} == {"stock_domain"}
    assert numbers(toy) == ("a 1", "a 10", "a 11")


def test_a_table_that_moves_to_another_domain_is_published_once(toy: Toy) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 10")
    toy.night(datetime(2015, 1, 3))
    toy.edit("expectations/marts/stock_total.odcs.yaml", ("domain: stock_domain", "domain: both_domain"))
    toy.deliver("stock", "stock_2015-01_received-20150104-0100.csv", "a -1")
    toy.night(datetime(2015, 1, 5))
    assert numbers(toy) == ("a 1", "a 10", "a 11")


def test_facts_that_are_garbled_are_made_again(toy: Toy) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150102-0100.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150102-0100.csv", "a 10")
    toy.night(datetime(2015, 1, 3))
    [garbled] = (toy.lake.files / "core" / "stock_sum").glob("*/version.json")
    garbled.write_text(garbled.read_text()[:40])
    assert toy.night(datetime(2015, 1, 4)).held == []
    assert numbers(toy) == ("a 1", "a 10", "a 11")


def test_a_rebuild_makes_every_earlier_night_as_it_was(toy: Toy) -> None:
    nights = ((("a 1"), ("a 10")), (("a 2"), ("a -1")), (("a -1"), ("a -2")), (("a 995"), ("a -3")))
    for day, (stock, sales) in enumerate(nights, start=2):
        toy.deliver("stock", f"stock_2015-01_received-201501{day:02d}-0100.csv", stock)
        toy.deliver("sales", f"sales_2015-01_received-201501{day:02d}-0100.csv", sales)
        release = toy.night(datetime(2015, 1, day, 5))
    compared = rebuilt(toy.lake, Lake(toy.data.parent / "again"), toy.catalog, release.path)
    assert [c.table for c in compared if not c.equal] == []


class Killed(BaseException):
    """The process is gone."""


def dying_after(renames: int) -> "mock._patch[object]":
    """The n-th file or folder that is to get its name does not, and nothing after it."""
    original, seen = Path.replace, 0

    def replace(self: Path, target: Path) -> Path:
        nonlocal seen
        seen += 1
        if seen > renames:
            raise Killed
        return original(self, target)

    return mock.patch.object(Path, "replace", replace)


def in_steps(toy: Toy, now: datetime, chosen: list[str], dies_after: int | None) -> Release | None:
    """A run of some steps in their order, which ends with a release unless it dies."""
    with writing(toy.lake, "a test", datetime.now()):
        night = Night(toy.lake, toy.catalog, now)
        with dying_after(10**9 if dies_after is None else dies_after):
            try:
                for extract in ("stock", "sales"):
                    if extract in chosen:
                        night.ingest(extract)
                if REFERENCE in chosen:
                    night.make("reference")
                for domain in toy.catalog.domains:
                    if domain in chosen:
                        night.make(domain)
                for _ in night.complete():
                    pass
                return publish(night)
            except Killed:
                return None


def agrees(toy: Toy, told: Manifest) -> None:
    """Published tables were computed from what is published; worked out from files alone."""
    for domain, status in told.domains.items():
        if status.status == HELD:
            continue
        for table in status.tables:
            for name, key in facts(toy.lake.version(table, told.tables[table])).inputs.items():
                published = told.deliveries[name[4:]].current if name.startswith("raw.") else told.tables.get(name)
                assert key == published, (told.release, domain, table, name)


COUNTS = st.sampled_from(["", "a 1", "a 2, b 3", "a -4", "b 7", "x"])
STEPS = st.lists(st.sampled_from(["stock", "sales", REFERENCE, *DOMAINS]), unique=True)
NIGHTS = st.lists(st.tuples(COUNTS, COUNTS, STEPS, st.none() | st.integers(0, 40)), min_size=1, max_size=4)


@settings(
    max_examples=300 if os.environ.get("FAULTS") else 8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(nights=NIGHTS)
def test_random_deliveries_steps_and_deaths_give_releases_that_agree_with_themselves(
    nights: list[tuple[str, str, list[str], int | None]],
) -> None:
    with tempfile.TemporaryDirectory() as root:
        toy = three_domains(Path(root))
        for i, (stock, sales, chosen, dies_after) in enumerate(nights, start=1):
            for extract, counts in (("stock", stock), ("sales", sales)):
                if counts:
                    toy.deliver(extract, f"{extract}_2015-01_night{i}.csv", counts if counts != "x" else "")
            in_steps(toy, datetime(2015, 5, i, 5), chosen, dies_after)
            for told in releases(toy.lake):
                agrees(toy, told)
        whole = in_steps(toy, datetime(2015, 5, 20), ["stock", "sales", REFERENCE, *DOMAINS], None)
        assert whole
        told = manifest(toy.lake, whole.id)
        agrees(toy, told)
        if not whole.held:
            stock, sales, both = (dict(c.split() for c in toy.total(e).split(", ") if c) for e in ("stock", "sales", "both"))
            assert both == {n: str(int(stock.get(n, 0)) + int(sales.get(n, 0))) for n in {*stock, *sales}}
        compared = rebuilt(toy.lake, Lake(Path(root) / "again"), toy.catalog, whole.path)
        assert [c.table for c in compared if not c.equal] == []
