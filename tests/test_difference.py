"""Why a figure is another than it was: what differs between two releases, and what a release remembers of it."""

from datetime import datetime
from pathlib import Path

import pytest

from assets.lake.manifests import NoRelease
from assets.releases.difference import compared
from tests.conftest import ventetal
from tests.drawn import expect
from tests.toy import Toy

PERIOD = "{mode: replace_period, period: day, unit: month}"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path, stock=PERIOD, sales=PERIOD)
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2")
    toy.deliver("sales", "sales_2015-01_received-20150201-0600.csv", "a 10")
    toy.night(datetime(2015, 2, 2))
    return toy


def test_a_correction_names_the_figure_and_the_delivery(toy: Toy) -> None:
    before = toy.lake.current_release
    toy.deliver("stock", "stock_2015-01_received-20150301-0600.csv", "a 7, b 2, c 3")
    after = toy.night(datetime(2015, 3, 2))
    assert before
    found = compared(toy.lake, toy.catalog, before.name, after.id)
    receipts = [r["receipt_id"] for r in toy.deliveries("stock")]
    assert found.figures is not None
    assert [(f.table, f.row, f.column, f.before, f.after) for f in found.figures] == [
        ("marts.stock_total", "name a", "number", "1", "7"),
        ("marts.stock_total", "name c", "new row", None, None),
    ]
    assert found.deliveries == {
        "stock": [f"1 new deliveries in force: {receipts[1]}", f"1 no longer in force: {receipts[0]}"],
    }
    assert (found.code, found.reference, found.domains) == ([], [], [])


def test_a_change_of_sql_or_of_a_lookup_is_named(toy: Toy) -> None:
    before = toy.lake.current_release
    assert before
    sql = toy.project / "sql" / "marts" / "sales_total.sql"
    sql.write_text("-- Doubled.\n" + sql.read_text().replace("sum(number)", "2 * sum(number)"))
    (toy.project / "data" / "reference" / "known_name.csv").write_text("name\na\nb\n")
    after = toy.night(datetime(2015, 2, 3))
    found = compared(toy.lake, toy.catalog, before.name, after.id)
    assert (found.code, found.reference, found.deliveries) == (["marts.sales_total"], ["reference.known_name"], {})
    assert [(f.row, f.before, f.after, f.why) for f in found.figures or []] == [
        ("name a", "10", "20", "marts.sales_total: its SQL or contract")
    ]
    assert [(c.table, c.row, c.column) for c in found.lookups] == [("reference.known_name", "name b", "new row")]
    sql.write_text("-- Said otherwise.\n" + sql.read_text())
    again = toy.night(datetime(2015, 2, 4))
    assert again.id == after.id, "a comment is no reason"


def test_a_release_remembers_what_was_revised_and_why(toy: Toy) -> None:
    toy.deliver("stock", "stock_2015-01_received-20150301-0600.csv", "a 7, b 2")
    first = toy.night(datetime(2015, 3, 2))
    toy.deliver("sales", "sales_2015-02_received-20150315-0600.csv", "a 5", day="2015-02-01")
    second = toy.night(datetime(2015, 3, 16))
    assert toy.ask("select release_id, table_name, row_key, column_name, before, after from meta.revision order by as_of, column_name") == [
        dict(zip(("release_id", "table_name", "row_key", "column_name", "before", "after"), row, strict=True))
        for row in (
            (first.id, "marts.stock_total", "name a", "number", "1", "7"),
            (second.id, "marts.sales_total", "name a", "number", "10", "15"),
            (second.id, "marts.sales_total", "name a", "records", "1", "2"),
        )
    ]
    [reason, *_] = toy.ask("select why from meta.revision where table_name = 'marts.sales_total'")
    receipt = toy.deliveries("sales")[1]["receipt_id"]
    assert reason["why"] == f"raw.sales: 1 new deliveries in force: {receipt}"
    # What is older than a year and a bit is left out.
    toy.night(datetime(2016, 6, 1))
    toy.deliver("sales", "sales_2015-03_received-20160601-0600.csv", "a 5", day="2015-03-01")
    toy.night(datetime(2016, 6, 2))
    assert toy.ask("select distinct cast(as_of as date) as day from meta.revision") == expect("day\n2016-06-02"), (
        "a year and a bit is enough"
    )


def test_a_held_domain_and_a_release_that_never_was(toy: Toy, tmp_path: Path) -> None:
    before = toy.lake.current_release
    assert before
    toy.deliver("stock", "stock_2015-01_received-20150301-0600.csv", "a -7, b 2")
    after = toy.night(datetime(2015, 3, 2))
    found = compared(toy.lake, toy.catalog, before.name, after.id)
    assert [(d.domain, d.before, d.after) for d in found.domains] == [("stock_domain", "published", "held")]
    assert found.figures == []
    with pytest.raises(NoRelease, match="20150101-00000000"):
        compared(toy.lake, toy.catalog, "20150101-00000000", after.id)


def test_two_releases_are_compared_on_the_command_line(region: Path) -> None:
    current = (region / "releases" / "current").resolve().name
    done = ventetal(region, "diff", current)
    assert done.returncode == 0, done.stderr
    assert "No figure differs." in done.stdout
    assert ventetal(region, "diff", "20150101-00000000").returncode == 4
