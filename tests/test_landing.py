"""What lies in landing is taken, or told with the reason why not; stamps are believed as far as the clock allows."""

import os
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assets.alerts.alert_causes import remembered_causes
from assets.deliveries.extracts import left_by_newest_run
from assets.deliveries.landing import Lying, lying
from assets.lake import clock
from tests.clocks import at
from tests.conftest import ventetal
from tests.toy import Toy

NOW = datetime(2015, 6, 1, 6)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, n="{mode: replace_period, period: day}")


def there(toy: Toy) -> list[Lying]:
    return lying(toy.lake, toy.catalog, left_by_newest_run(toy.lake))


def stamped(moment: datetime, month: str = "2015-05") -> str:
    return f"n_{month}_received-{moment:%Y%m%d-%H%M}.csv"


@pytest.mark.parametrize(
    ("ahead", "taken"),
    [
        (timedelta(minutes=-1), True),
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(hours=2), True),
        (timedelta(days=1), True),
        (timedelta(days=1, minutes=1), False),
        (timedelta(days=13_000), False),
    ],
)
def test_a_stamp_is_believed_up_to_a_day_ahead_of_the_clock(toy: Toy, ahead: timedelta, taken: bool) -> None:
    path = toy.deliver("n", stamped(NOW + ahead), "a 1", "2015-05-15")
    toy.night(NOW)
    if taken:
        [delivery] = toy.deliveries("n")
        assert (delivery["status"], delivery["received_at"], toy.total("n")) == ("current", min(NOW, NOW + ahead), "a 1")
        assert not path.exists()
        return
    assert (path.exists(), toy.deliveries("n")) == (True, [])
    [told] = there(toy)
    assert (told.path, told.needs_person) == (f"n/{path.name}", True)
    assert told.why.startswith(
        f"it is stamped {NOW + ahead:%Y-%m-%d %H:%M}, and it is 2015-06-01 06:00 now; it is taken once that time has"
    )
    assert any("it is stamped" in c.why and c.kind == "file left in landing" for c in remembered_causes(toy.lake))


def test_a_stamp_ahead_orders_the_delivery_and_hides_it_from_no_table(toy: Toy) -> None:
    toy.deliver("n", stamped(NOW + timedelta(minutes=5)), "a 2", "2015-05-15")
    toy.deliver("n", stamped(NOW - timedelta(minutes=5)), "a 1", "2015-05-15")
    toy.night(NOW)
    assert [d["status"] for d in toy.deliveries("n")] == ["superseded", "current"]
    assert toy.total("n") == "a 2"


def test_a_file_stamped_ahead_is_taken_once_its_time_has_come_or_it_is_renamed(toy: Toy) -> None:
    toy.deliver("n", stamped(NOW + timedelta(days=3)), "a 1", "2015-05-15")
    wrong = toy.deliver("n", stamped(datetime(2051, 5, 4)), "b 2", "2015-05-16")
    toy.night(NOW)
    assert all("is the clock right?" in told.why for told in there(toy))
    toy.night(NOW + timedelta(days=3))
    assert [told.path for told in there(toy)] == [f"n/{wrong.name}"]
    wrong.rename(wrong.with_name(stamped(datetime(2015, 5, 4))))
    toy.night(NOW + timedelta(days=4))
    assert (there(toy), len(toy.deliveries("n"))) == ([], 2)
    assert not [c for c in remembered_causes(toy.lake) if c.kind == "file left in landing"]


def test_an_extract_date_ahead_waits_too(toy: Toy) -> None:
    path = toy.deliver("n", "n_2015-05_made-20510101.csv", "a 1", "2015-05-15")
    toy.night(NOW)
    assert path.exists()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Copenhagen", "Asia/Tokyo"])
def test_the_machines_clock_is_civil_time_of_the_region_in_whatever_zone_it_stands(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        said = clock.Host().now()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert abs(said - datetime.now(ZoneInfo("Europe/Copenhagen")).replace(tzinfo=None)) < timedelta(seconds=5)


def test_everything_in_landing_is_told_with_the_reason_why_it_is_not_taken(toy: Toy) -> None:
    landing, folder = toy.data / "landing", toy.data / "landing" / "n"
    for place in ("n/old", "m", "m/deep", "empty"):
        (landing / place).mkdir(parents=True)
    for file in ("lost.csv", "n/old/a.csv", "m/b.csv", "m/deep/c.csv", "n/d.csv.filepart", "n/~$e.xlsx", "n/.f.csv", "n/g.TMP", ".marker"):
        (landing / file).write_text("Dag;Navn;Antal\n")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listens:
        listens.bind(str(folder / "s.csv"))
        toy.night(NOW)
        told = {x.path: (x.why, x.needs_person) for x in there(toy)}
    writing = "its name says that it is still being written"
    assert told == {
        "lost.csv": ("it lies in landing itself; put it into the folder of its extract", True),
        "m/": ("no extract is called so; 2 files in it will never be taken", True),
        "n/old": ("it is a folder; files are taken from the folder of the extract alone", True),
        "n/d.csv.filepart": (writing, False),
        "n/~$e.xlsx": (writing, False),
        "n/.f.csv": (writing, False),
        "n/g.TMP": (writing, False),
        "n/pipe.csv": ("it is no file but a pipe, a socket or a device", True),
        "n/s.csv": ("it is no file but a pipe, a socket or a device", True),
    }
    [cause] = [c for c in remembered_causes(toy.lake) if c.kind == "file left in landing" and not c.domain]
    assert "put it into the folder of its extract" in cause.why
    assert "lost" not in cause.why, "a name may be a person's"


def test_a_transfer_that_has_not_ended_for_a_day_needs_a_person(toy: Toy) -> None:
    path = toy.deliver("n", "n_2015-05.csv.part", "a 1")
    with at(datetime.fromtimestamp(path.stat().st_mtime, ZoneInfo("Europe/Copenhagen")).replace(tzinfo=None)) as own:
        for hours, needs_person in ((23, False), (2, True)):
            own.wait(3600 * hours)
            [told] = there(toy)
            assert told.needs_person is needs_person


def test_a_file_of_an_extract_that_cannot_be_used_waits_and_is_told(toy: Toy) -> None:
    path = toy.deliver("n", stamped(NOW), "a 1", "2015-05-15")
    toy.edit("sources/n/layouts/plain.yaml", ("columns:", "colums:"))
    toy.night(NOW)
    [told] = there(toy)
    assert (path.exists(), told.why) == (True, "the extract's contract or layouts cannot be used; files wait until they can")
    toy.edit("sources/n/layouts/plain.yaml", ("colums:", "columns:"))
    toy.night(NOW)
    assert toy.total("n") == "a 1"


def test_a_layout_that_cannot_be_applied_leaves_the_file_in_landing_and_holds_its_domain(toy: Toy) -> None:
    toy.edit("sources/n/layouts/plain.yaml", ("number: Antal", "number: {sql: antall + 1}"))
    path = toy.deliver("n", stamped(NOW), "a 1", "2015-05-15")
    [held] = toy.night(NOW).held
    assert "sources/n/layouts/plain.yaml: columns.number.sql cannot be computed" in held.why
    assert (path.exists(), [x.why for x in there(toy)]) == (True, ["its layout must be mended first"])


def test_a_delivery_without_records_is_told_and_is_none_that_anybody_waited_for(toy: Toy) -> None:
    toy.promises(
        "n",
        "- {property: frequency, value: 1, unit: m, scheduler: cron, schedule: '0 12 8 * *', description: A delivery is due once a month.}",
    )
    toy.deliver("n", stamped(datetime(2015, 5, 7, 6), "2015-04"), "a 1", "2015-04-15")
    toy.night(datetime(2015, 5, 9))
    [before] = toy.ask("select is_late from meta.freshness")
    toy.deliver("n", stamped(datetime(2015, 6, 7, 6)), "", "2015-05-15")
    toy.night(datetime(2015, 6, 9))
    [after] = toy.ask("select is_late, arrived_at from meta.freshness")
    assert (before["is_late"], after["is_late"], after["arrived_at"]) == (False, True, datetime(2015, 5, 7, 6))
    [cause] = [c for c in remembered_causes(toy.lake) if c.kind == "empty delivery"]
    assert cause.why == f"{stamped(datetime(2015, 6, 7, 6))} holds no records."
    toy.deliver("n", stamped(datetime(2015, 6, 9, 6)), "a 2", "2015-05-15")
    toy.night(datetime(2015, 6, 10))
    assert not [c for c in remembered_causes(toy.lake) if c.kind in ("empty delivery", "late extract")]


def test_status_tells_what_lies_in_landing(own_region: Path) -> None:
    (own_region / "landing" / "pathway" / "a.csv").parent.mkdir()
    (own_region / "landing" / "pathway" / "a.csv").write_text("x")
    (own_region / "landing" / "b.csv").write_text("x")
    (own_region / "landing" / "referrals" / "c.csv").write_text("x")
    said = ventetal(own_region, "status").stdout
    assert "left in landing pathway/: no extract is called so; a file in it will never be taken" in said
    assert "left in landing b.csv: it lies in landing itself" in said
    assert "referrals/c.csv: the next run takes it" in said
