"""Promises of time: what counts as late, who is told, and that publishing goes on."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from assets.alerts.alert_causes import LATE, remembered_causes
from assets.catalog.freshness import judge
from sources.cadence import Cadence
from sources.contract import Contract, load_contract, load_fields
from sources.documents import read
from sources.vocabulary import Deadline
from tests.conftest import ventetal
from tests.drawn import expect
from tests.toy import Toy

SNAPSHOT = "{mode: snapshot}"
MONTHLY = '- {property: frequency, value: 1, unit: m, scheduler: cron, schedule: "0 12 8 * *", description: By noon on the 8th.}'


@pytest.mark.parametrize(
    ("cron", "now", "due", "counts_from"),
    [
        pytest.param("0 12 8 * *", "2015-05-08 12:00", "2015-05-08 12:00", "2015-04-23 12:00", id="on the deadline"),
        pytest.param("0 12 8 * *", "2015-05-08 11:59", "2015-04-08 12:00", "2015-03-24 00:00", id="a minute before"),
        pytest.param("0 6 * * *", "2015-06-01 05:59", "2015-05-31 06:00", "2015-05-30 18:00", id="every day"),
        pytest.param("0 6 * * 1-5", "2015-06-01 06:00", "2015-06-01 06:00", "2015-05-30 18:00", id="the weekend between"),
        pytest.param("0 6 * * 1,7", "2015-06-01 07:00", "2015-06-01 06:00", "2015-05-31 18:00", id="Sunday is 7 too"),
        pytest.param("30 4 29 2 *", "2015-06-01 00:00", "2012-02-29 04:30", "2010-02-28 16:30", id="leap days"),
    ],
)
def test_a_deadline_passes_at_its_time_and_a_delivery_counts_for_the_nearest(cron: str, now: str, due: str, counts_from: str) -> None:
    found = Cadence.of(cron).last_due(datetime.fromisoformat(now))
    assert [f"{t:%Y-%m-%d %H:%M}" for t in found] == [due, counts_from]


@pytest.mark.parametrize(
    "cron", ["0 12 8 *", "*/5 * * * *", "0 12 32 * *", "0 12 8 * 1", "0 25 8 * *", "0 12 31 2 *", "x 1 * * *", "0 12 5-3 * *", "0 1 a * *"]
)
def test_what_is_no_fixed_time_of_day_on_stated_days_is_refused(cron: str) -> None:
    with pytest.raises(ValueError):
        Deadline(property="frequency", value=1, unit="m", scheduler="cron", schedule=cron, description="By then.")


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    toy = Toy(tmp_path, stock=SNAPSHOT)
    path = toy.project / "sources" / "stock" / "contract.odcs.yaml"
    latency = "slaProperties: [{property: latency, value: 40, unit: d, element: stock.day}]"
    path.write_text(path.read_text().replace(latency, latency.replace("[", "\n- ").replace("]", f"\n{MONTHLY}")), "utf-8")
    return load_contract(path, load_fields(read(toy.project / "expectations" / "fields.yaml")))


@pytest.mark.parametrize(
    ("arrived", "newest", "now", "late", "stale"),
    [
        pytest.param("2015-05-08T11:59", "2015-05-01", "2015-05-08T12:00", False, False, id="just in time"),
        pytest.param("2015-05-09T09:00", "2015-05-01", "2015-05-09T12:00", False, False, id="late, but there"),
        pytest.param("2015-04-20T09:00", "2015-05-01", "2015-05-08T12:00", True, False, id="the one before"),
        pytest.param("2015-04-25T09:00", "2015-05-01", "2015-05-08T12:00", False, False, id="early"),
        pytest.param(None, None, "2015-05-08T12:00", True, True, id="never"),
        pytest.param("2015-05-08T09:00", "2015-03-29", "2015-05-08T12:00", False, False, id="forty days old"),
        pytest.param("2015-05-08T09:00", "2015-03-28", "2015-05-08T12:00", False, True, id="forty-one days old"),
    ],
)
def test_late_is_no_delivery_and_stale_is_no_recent_record(
    contract: Contract, arrived: str | None, newest: str | None, now: str, late: bool, stale: bool
) -> None:
    found = judge(contract, [arrived] if arrived else [], newest, datetime.fromisoformat(now))
    assert (found.is_late, found.is_stale) == (late, stale)
    assert bool(found.why) == (late or stale)


def test_a_late_extract_warns_flags_its_domain_and_holds_nothing(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock=SNAPSHOT, sales=SNAPSHOT)
    toy.promises("stock", MONTHLY)
    toy.promises("sales", MONTHLY)
    toy.deliver("stock", "stock_2015-01_received-20150408-0600.csv", "a 1")
    toy.deliver("sales", "sales_2015-01_received-20150507-0600.csv", "a 1")
    release = toy.night(datetime(2015, 5, 9, 5, 15))
    assert release.held == []
    assert toy.ask("select extract, is_late, due_at, arrived_at, why from meta.freshness order by extract") == expect("""
        extract | is_late | due_at              | arrived_at          | why
        sales   | no      | 2015-05-08 12:00:00 | 2015-05-07 06:00:00 |
        stock   | yes     | 2015-05-08 12:00:00 | 2015-04-08 06:00:00 | due 2015-05-08 12:00, the newest delivery arrived 2015-04-08 06:00
    """)
    assert toy.ask("select domain, status, late_extracts from meta.domain_status order by domain") == expect("""
        domain       | status    | late_extracts
        reference    | published |
        sales_domain | published |
        stock_domain | published | stock
    """)
    checks = toy.ask("select table_name, severity, passed from meta.check_result where check_name = 'delivery_is_on_time' order by 1")
    assert checks == expect("""
        table_name | severity | passed
        raw.sales  | warning  | yes
        raw.stock  | warning  | no
    """)
    assert [(c.kind, c.domain) for c in remembered_causes(toy.lake)] == [(LATE, "stock_domain")]


def test_an_unchanged_snapshot_that_arrives_is_on_time(tmp_path: Path) -> None:
    toy = Toy(tmp_path, stock=SNAPSHOT)
    toy.promises("stock", MONTHLY)
    toy.deliver("stock", "stock_2015-01_received-20150408-0600.csv", "a 1")
    toy.night(datetime(2015, 4, 9))
    toy.deliver("stock", "stock_2015-01_received-20150508-0600.csv", "a 1")
    toy.night(datetime(2015, 5, 9))
    assert [d["status"] for d in toy.deliveries("stock")] == ["duplicate", "current"]
    [fresh] = toy.ask("select is_late, arrived_at from meta.freshness")
    assert (fresh["is_late"], f"{fresh['arrived_at']:%m-%d}") == (False, "05-08")


def test_a_refused_or_withdrawn_file_keeps_no_promise(tmp_path: Path) -> None:
    from assets.lake.decisions import withdraw_delivery

    toy = Toy(tmp_path, stock=SNAPSHOT)
    toy.promises("stock", MONTHLY)
    toy.deliver("stock", "stock_2015-01_received-20150508-0600.csv", "").write_text("Something;else\n1;2\n", "utf-8")
    toy.night(datetime(2015, 5, 9))
    assert toy.ask("select is_late from meta.freshness") == [{"is_late": True}]
    toy.deliver("stock", "stock_2015-01_received-20150509-0600.csv", "a 1")
    toy.night(datetime(2015, 5, 10))
    assert toy.ask("select is_late from meta.freshness") == [{"is_late": False}]
    withdraw_delivery(toy.lake, toy.deliveries("stock")[-1]["receipt_id"], "the wrong file", datetime(2015, 5, 10, 9))
    toy.night(datetime(2015, 5, 11))
    assert toy.ask("select is_late from meta.freshness") == [{"is_late": True}]


def test_status_has_a_line_for_what_is_due_and_what_is_late(region: Path) -> None:
    facts = json.loads(ventetal(region, "status", "--json").stdout)
    due = {f["extract"]: f["is_late"] for f in facts["freshness"] if f["due_at"]}
    assert due["response_times"] is False
    said = ventetal(region, "status").stdout
    on_time = next(line for line in said.splitlines() if " on time: " in line)
    assert all((name in on_time) is not is_late for name, is_late in due.items())
