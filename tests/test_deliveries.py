"""Which deliveries are current, however they arrive: replayed, renamed, returned, late, corrected, too small, too dirty."""

from datetime import datetime
from pathlib import Path

import pytest

from assets.lake.decisions import UnknownReceipt, accept_delivery
from tests.drawn import expect
from tests.toy import Toy

REPLACED = "{mode: replace_period, period: day, unit: month}"

PERIOD = "{mode: replace_period, period: day, unit: month}"
JANUARY = "n_2015-01_received-20150201-0600.csv"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, n=PERIOD)


def statuses(toy: Toy) -> list[tuple[str, str]]:
    return [(d["file_name"].removesuffix(".csv"), d["status"]) for d in toy.deliveries("n")]


def test_a_replayed_file_counts_once(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1, b 2")
    first = toy.night()
    toy.deliver("n", JANUARY, "a 1, b 2")
    second = toy.night()
    assert toy.deliveries("n") == expect("""
        status    | accepted | current | superseded | duplicate | held
        duplicate | 2        | 0       | 0          | 2         | 0
        current   | 2        | 2       | 0          | 0         | 0
    """) or toy.deliveries("n") == expect("""
        status    | accepted | current | superseded | duplicate | held
        current   | 2        | 2       | 0          | 0         | 0
        duplicate | 2        | 0       | 0          | 2         | 0
    """)  # fmt: skip
    assert toy.hashes(first.path) == toy.hashes(second.path)


def test_a_renamed_file_counts_once(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1, b 2")
    toy.deliver("n", "n_2015-01_received-20150202-0600.csv", "a 1, b 2")
    toy.night()
    assert statuses(toy) == [("n_2015-01_received-20150201-0600", "duplicate"), ("n_2015-01_received-20150202-0600", "current")]
    assert toy.total("n") == "a 1, b 2"


def test_the_same_content_for_another_period_is_another_delivery(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1, b 2")
    toy.deliver("n", "n_2015-02_received-20150301-0600.csv", "a 1, b 2")
    toy.night()
    # Its records lie outside February and are refused: the file name is wrong, and nothing of January is lost.
    assert statuses(toy)[1][1] == "held"
    assert toy.total("n") == "a 1, b 2"


def test_line_ends_do_not_make_another_content(toy: Toy) -> None:
    path = toy.deliver("n", JANUARY, "a 1")
    path.with_name("n_2015-01_received-20150202-0600.csv").write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    toy.night()
    assert [s for _, s in statuses(toy)] == ["duplicate", "current"]


def test_a_corrected_delivery_replaces_its_period_and_no_other(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1, b 2")
    toy.deliver("n", "n_2015-02_received-20150301-0600.csv", "a 10", day="2015-02-01")
    toy.deliver("n", "n_2015-01_received-20150401-0600.csv", "a 5, c 2")
    toy.night()
    assert [s for _, s in statuses(toy)] == ["superseded", "current", "current"]
    assert toy.total("n") == "a 15, c 2"


def test_a_late_delivery_of_an_older_state_does_not_replace_a_newer_one(toy: Toy) -> None:
    toy.deliver("n", "n_2015-01_received-20150401-0600.csv", "a 5, b 2")
    toy.night()
    toy.deliver("n", "n_2015-01_received-20150301-0600.csv", "a 1, b 2")
    toy.night()
    assert statuses(toy) == [("n_2015-01_received-20150301-0600", "superseded"), ("n_2015-01_received-20150401-0600", "current")]
    assert toy.total("n") == "a 5, b 2"


def test_the_extract_date_orders_deliveries_before_the_time_they_arrive(toy: Toy) -> None:
    toy.deliver("n", "n_2015-01_received-20150301-0600_made-20150215.csv", "a 2")
    toy.deliver("n", "n_2015-01_received-20150401-0600_made-20150202.csv", "a 1")
    toy.night()
    assert toy.total("n") == "a 2"


def test_an_older_content_that_arrives_again_is_current_again(toy: Toy) -> None:
    for month, counts in ((2, "a 1"), (3, "a 2"), (4, "a 1")):
        toy.deliver("n", f"n_2015-01_received-2015{month:02d}01-0600.csv", counts)
    toy.night()
    assert [s for _, s in statuses(toy)] == ["duplicate", "superseded", "current"]
    assert toy.total("n") == "a 1"


@pytest.mark.parametrize(("records", "status"), [(84, "held"), (89, "held"), (90, "current"), (97, "current"), (98, "current")])
@pytest.mark.parametrize("delivery", [REPLACED, "{mode: snapshot}", "{mode: upsert}", "{mode: append}"])
def test_a_redelivery_with_under_nine_tenths_of_the_records_waits_in_every_mode(
    tmp_path: Path, delivery: str, records: int, status: str
) -> None:
    toy = Toy(tmp_path, n=delivery)
    toy.deliver("n", JANUARY, ", ".join(f"x{i} 1" for i in range(100)))
    toy.deliver("n", "n_2015-01_received-20150301-0600.csv", ", ".join(f"y{i} 1" for i in range(records)))
    toy.night()
    assert statuses(toy)[1][1] == status
    state = toy.state("n")
    assert [d.shrunk_from for d in state.deliveries] == [0, 100 if 90 <= records < 98 else 0]


def test_what_is_written_another_way_or_for_another_month_replaces_nothing(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert}")
    toy.deliver("n", JANUARY, ", ".join(f"x{i} 1" for i in range(100)))
    toy.deliver("n", "n_2015-02_received-20150301-0600.csv", "y 1")
    toy.night()
    assert [s for _, s in statuses(toy)] == ["current", "current"]


def test_a_held_delivery_is_let_through_by_a_decision_and_from_then_on(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1, b 1")
    toy.deliver("n", "n_2015-01_received-20150301-0600.csv", "a 9")
    toy.night()
    held = toy.deliveries("n")[1]
    assert (held["held"], held["why"]) == (1, "1 records would replace 2, under 90 %")
    assert toy.total("n") == "a 1, b 1"
    accept_delivery(toy.lake, held["receipt_id"], "b was closed", datetime(2015, 6, 2))
    toy.night()
    assert toy.total("n") == "a 1, b 1"
    toy.night(datetime(2015, 6, 3))
    assert toy.total("n") == "a 9"
    with pytest.raises(UnknownReceipt):
        accept_delivery(toy.lake, "n-000000000000", "no such thing", datetime(2015, 6, 2))


@pytest.mark.parametrize(("broken", "status"), [(1, "current"), (2, "held")])
def test_a_delivery_with_over_a_fifth_refused_waits(toy: Toy, broken: int, status: str) -> None:
    toy.deliver("n", JANUARY, ", ".join(f"x{i} {'one' if i < broken else '1'}" for i in range(5 if broken == 1 else 9)))
    toy.night()
    assert [s for _, s in statuses(toy)] == [status]


def test_an_upsert_keeps_the_last_record_of_each_key(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert}")
    toy.deliver("n", JANUARY, "a 1, b 2, c 3")
    toy.deliver("n", "n_2015-01_received-20150301-0600.csv", "b 2, c 4, d 5")
    toy.night()
    assert toy.deliveries("n") == expect("""
        status  | accepted | current | superseded | duplicate | held
        current | 3        | 1       | 1          | 1         | 0
        current | 3        | 3       | 0          | 0         | 0
    """)
    assert toy.total("n") == "a 1, b 2, c 4, d 5"


def test_a_snapshot_is_all_there_is(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: snapshot}")
    toy.deliver("n", JANUARY, "a 1, b 2")
    toy.deliver("n", "n_2015-02_received-20150301-0600.csv", "c 3, d 4")
    toy.night()
    assert [s for _, s in statuses(toy)] == ["superseded", "current"]
    assert toy.total("n") == "c 3, d 4"


def test_appended_deliveries_add_up(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: append}")
    toy.deliver("n", JANUARY, "a 1", day="2015-01-01")
    toy.deliver("n", "n_2015-01_received-20150301-0600.csv", "a 2", day="2015-01-02")
    toy.deliver("n", "n_2015-01_received-20150302-0600.csv", "a 2", day="2015-01-02")
    toy.night()
    assert [s for _, s in statuses(toy)] == ["current", "duplicate", "current"]
    assert toy.total("n") == "a 3"


def test_a_refused_file_is_kept_with_its_reason_and_stops_no_other(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1")
    broken = toy.deliver("n", "n_2015-02_received-20150301-0600.csv", "a 1")
    broken.write_text("Dag;Navn\n2015-02-01;a\n")
    toy.night()
    assert [s for _, s in statuses(toy)] == ["current", "refused"] or [s for _, s in statuses(toy)] == ["refused", "current"]
    [refused] = [d for d in toy.deliveries("n") if d["status"] == "refused"]
    assert refused["why"] == "No layout of n fits the file (plain). Nearest is plain, which lacks Antal."
    kept = sorted(p.name for p in (toy.lake.rejected / refused["receipt_id"]).iterdir())
    assert kept == ["n_2015-02_received-20150301-0600.csv", "reason.json"]
    assert toy.total("n") == "a 1"
    assert not list((toy.data / "landing" / "n").iterdir())


def test_both_identities_hold_for_every_example_delivery(region: Path, example_files: Path) -> None:
    from assets.lake.files import Lake
    from assets.releases.database import open_release
    from sources.duck import dicts

    release = Lake(region).current_release
    assert release is not None
    with open_release(release) as con:
        parses = dicts(con, "select * from meta.parse")
        receipts = dicts(con, "select * from meta.receipt")
    assert len(receipts) == len(list(example_files.glob("*/*")))
    for parse in parses:
        assert parse["physical_records"] == parse["records"] == parse["accepted"] + parse["quarantined"] + parse["ignored"], parse
    for receipt in receipts:
        assert receipt["accepted"] == receipt["current"] + receipt["superseded"] + receipt["duplicate"] + receipt["held"], receipt
    assert {r["status"] for r in receipts} == {"current", "superseded", "duplicate", "refused"}
    assert sum(p["quarantined"] for p in parses) > 1000


def test_what_was_read_is_looked_through_again_only_after_a_new_delivery(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n="{mode: upsert, shrinks: {warn: 0, hold: 0}}")

    def asked() -> list[int]:
        return [p.stat().st_mtime_ns for p in sorted((toy.lake.files / "raw" / "n").glob("*.asked.json"))]

    toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
    toy.night()
    before = asked()
    toy.night()
    assert (asked(), len(before)) == (before, 2)
    toy.deliver("n", "n_2015-01_again.csv", "a 3")
    toy.night()
    assert all(one != other for one, other in zip(asked(), before, strict=True))
    assert toy.total("n") == "a 3, b 2"
    assert [(d["current"], d["superseded"]) for d in toy.deliveries("n")] == [(1, 1), (1, 0)]


def test_a_column_that_is_suddenly_empty_is_told_or_waits(toy: Toy) -> None:
    contract = "sources/n/contract.odcs.yaml"
    toy.edit(
        contract,
        ("{name: number, required: true}", "{name: number, customProperties: [{property: mayBeEmpty, value: {warn: 10, hold: 40}}]}"),
    )
    names = [f"x{i}" for i in range(10)]
    for month, empty in (("01", 1), ("02", 1), ("03", 3), ("04", 7), ("05", 2)):
        path = toy.deliver("n", f"n_2015-{month}.csv", "a 1", day=f"2015-{month}-15")
        lines = [f"2015-{month}-15;{n};{'' if i < empty else i}" for i, n in enumerate(names)]
        path.write_text("\n".join(["Dag;Navn;Antal", *lines]) + "\n", "utf-8")
    toy.night()
    assert [(d["file_name"][7:9], d["status"], d["why"]) for d in toy.deliveries("n") if d["status"] != "current"] == [
        ("04", "held", "number is empty in 70 % of the records, usually in 10 %")
    ]
    [told] = [o for o in toy.state("n").outcomes if o.name == "columns_are_as_full_as_usual"]
    assert (told.passed, told.named) == (False, "n_2015-03.csv (number is empty in 30 % of the records, usually in 10 %)")
