"""Deliveries that vanish, change or are replaced while they are read; two writers; a clock that goes back."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.deliveries import intake
from assets.lake.clock import ClockWentBack, night_time
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.releases.retention import delete, doomed
from sources.readers import Readers, Stopped, _Process
from tests.clocks import at
from tests.faults.aftermath import PERIOD, WHOLE, Scene, old_release
from tests.faults.dying import Nights
from tests.toy import Toy

JANUARY, FEBRUARY = "n_2015-01.csv", "n_2015-02.csv"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, n=PERIOD)


def during(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[], object]) -> None:
    """Let something happen once, when a reading process has done `name` for the first time."""
    original, left = getattr(Readers, name), [happens]

    def then(*arguments: Any) -> Any:
        result = original(*arguments)
        # Files are read side by side; only one of them finds it in the list.
        for happening in left[:1]:
            left.clear()
            happening()
        return result

    monkeypatch.setattr(Readers, name, then)


def test_a_file_that_vanishes_while_it_is_read_stops_no_other(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.deliver("n", JANUARY, "a 1")
    toy.deliver("n", FEBRUARY, "a 2, b 3", "2015-02-15")
    during(monkeypatch, "unpack", path.unlink)
    toy.night()
    assert [d["file_name"] for d in toy.deliveries("n")] == [FEBRUARY]


@pytest.mark.parametrize("code", [5, 116])
def test_a_file_whose_disk_fails_waits_and_stops_no_other(toy: Toy, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    failing = toy.deliver("n", JANUARY, "a 1")
    toy.deliver("n", FEBRUARY, "a 2, b 3", "2015-02-15")
    ask = _Process.ask

    def fails(self: _Process, request: dict[str, Any]) -> dict[str, Any]:
        return {"failed": [code, os.strerror(code)]} if request["path"].endswith(JANUARY) else ask(self, request)

    monkeypatch.setattr(_Process, "ask", fails)
    toy.night()
    assert ([d["file_name"] for d in toy.deliveries("n")], failing.exists()) == ([FEBRUARY], True)
    monkeypatch.undo()
    toy.night()
    assert toy.total("n") == "a 3, b 3"


def test_a_full_archive_is_no_fault_of_the_delivery(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.deliver("n", JANUARY, "a 1")
    monkeypatch.setattr(intake, "sync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        toy.night()
    assert path.exists()
    monkeypatch.undo()
    toy.night()
    assert [d["status"] for d in toy.deliveries("n")] == ["current"]


def test_a_disk_that_is_full_at_any_write_costs_that_run_alone(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.deliver("n", JANUARY, "a 1")
    toy.night()
    toy.deliver("n", FEBRUARY, "a 2, b 3", "2015-02-15")
    sync, broken, calls = os.fsync, 0, 0
    for nth in range(1, 100, 1 if WHOLE else 3):
        calls = 0

        def full(handle: int, nth: int = nth) -> None:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(28, "No space left on device")
            sync(handle)

        monkeypatch.setattr(os, "fsync", full)
        try:
            toy.night()
        except OSError:
            broken += 1
        assert toy.total("n") in ("a 1", "a 3, b 3")
        if calls < nth:
            break
    monkeypatch.undo()
    toy.night()
    assert broken >= 3
    assert toy.total("n") == "a 3, b 3"
    assert [d["status"] for d in toy.deliveries("n")] == ["current", "current"]


def test_another_delivery_put_under_the_name_while_the_first_is_read_is_taken_too(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.deliver("n", JANUARY, "a 1")

    def replaced() -> None:
        other = path.with_name(".upload")
        other.write_text("Dag;Navn;Antal\n2015-01-15;a;9\n", "utf-8")
        other.replace(path)

    during(monkeypatch, "read", replaced)
    toy.night()
    assert (toy.total("n"), path.exists()) == ("a 1", True)
    toy.night()
    assert (toy.total("n"), path.exists()) == ("a 9", False)
    assert [d["status"] for d in toy.deliveries("n")] == ["superseded", "current"]


def test_a_file_that_changed_while_it_was_read_leaves_nothing_in_the_archive(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.deliver("n", JANUARY, "a 1")
    during(monkeypatch, "unpack", lambda: path.write_text("Dag;Navn;Antal\n", "utf-8"))
    toy.night()
    assert (path.exists(), list(toy.lake.archive.iterdir())) == (True, [])


@pytest.mark.parametrize("grows", [True, False])
def test_a_file_that_grows_or_vanishes_once_it_has_been_read_waits_or_is_gone(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, grows: bool
) -> None:
    path = toy.deliver("n", JANUARY, "a 1")

    def happens() -> None:
        if grows:
            path.write_text(path.read_text("utf-8") + "2015-01-16;b;2\n", "utf-8")
        else:
            path.unlink()

    during(monkeypatch, "read", happens)
    toy.night()
    assert (toy.deliveries("n"), list(toy.lake.archive.iterdir())) == ([], [])
    toy.night()
    assert [(d["status"], d["accepted"]) for d in toy.deliveries("n")] == ([("current", 2)] if grows else [])
    with writing(toy.lake, "a test", datetime.now()):
        delete(doomed(toy.lake, toy.catalog, datetime.now(), 30_000, 30_000))
    read = list((toy.lake.files / "raw" / "n").glob("*.parquet"))
    assert len(read) == len(toy.deliveries("n"))


def test_a_run_that_breaks_off_in_one_file_leaves_nothing_of_the_other(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [toy.deliver("n", JANUARY, "a 1"), toy.deliver("n", FEBRUARY, "a 2", "2015-02-15")]
    unpack, began = Readers.unpack, threading.Event()

    def slowly(self: Readers, path: Path, *arguments: Any) -> Any:
        if path.name == FEBRUARY:
            began.set()
            time.sleep(0.5)
        return unpack(self, path, *arguments)

    def full(*_: Any) -> None:
        began.wait()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Readers, "unpack", slowly)
    monkeypatch.setattr(intake._Sweep, "_taken", full)
    with pytest.raises(OSError, match="No space left") as held:
        toy.night()
    # Whoever keeps the error keeps nothing else: no part of a file, nobody at work.
    assert (all(p.exists() for p in paths), list(toy.lake.archive.iterdir())) == (True, [])
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPoolExecutor")], held
    monkeypatch.undo()
    toy.night()
    assert toy.total("n") == "a 3"


def test_two_files_that_do_not_fit_into_memory_together_are_read_one_after_the_other(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.deliver("n", JANUARY, "a 1")
    toy.deliver("n", FEBRUARY, "a 2", "2015-02-15")
    read, at_work, together = Readers.read, set[int](), threading.Barrier(2)

    def alone(self: Readers, *arguments: Any) -> Any:
        at_work.add(threading.get_ident())
        try:
            if not together.broken:
                together.wait(5)
            if len(at_work) > 1:
                raise Stopped("both at once")
            return read(self, *arguments)
        finally:
            time.sleep(0.1)
            together.abort()
            at_work.discard(threading.get_ident())

    monkeypatch.setattr(Readers, "read", alone)
    toy.night()
    assert toy.total("n") == "a 3"


def test_a_run_that_breaks_off_leaves_nothing_of_the_file_it_had_copied_ahead(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [toy.deliver("n", JANUARY, "a 1"), toy.deliver("n", FEBRUARY, "a 2", "2015-02-15")]
    monkeypatch.setattr(intake, "read", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        toy.night()
    assert all(p.exists() for p in paths)
    assert not [p for p in toy.lake.archive.iterdir() if p.name.startswith(".")]
    monkeypatch.undo()
    toy.night()
    assert toy.total("n") == "a 3"


def test_of_two_writers_one_works_and_nothing_is_taken_twice(toy_nights: Scene, tmp_path: Path) -> None:
    data = toy_nights.laid_out(tmp_path / "data")
    before, other = old_release(data), Nights()
    try:
        with ThreadPoolExecutor(2) as both:
            ended = list(both.map(lambda n: n.run(toy_nights.order(data)), (toy_nights.nights, other)))
    finally:
        other.close()
    refused = [e for e in ended if e.status != 0]
    assert len(refused) <= 1
    assert all("Another run holds" in e.said for e in refused)
    toy_nights.heals(data, "two writers", before, ended[0])


def test_time_stands_still_while_the_clock_is_back_and_a_wrong_clock_is_told(tmp_path: Path) -> None:
    lake, night = Lake(tmp_path), datetime(2015, 10, 25, 2, 50)

    def nightly(machine: datetime) -> datetime:
        with at(machine):
            return night_time(lake).at

    assert nightly(night) == night
    for behind, is_told in ((1, False), (60, False), (120, False), (121, True), (60 * 24 * 365, True)):
        clock = night - timedelta(minutes=behind)
        if is_told:
            with pytest.raises(ClockWentBack, match=f"{clock:%Y-%m-%d %H:%M}, but the newest run was at 2015-10-25 02:50"):
                nightly(clock)
        else:
            assert nightly(clock) == night
    assert nightly(night + timedelta(minutes=1)) == night + timedelta(minutes=1)


def test_what_was_received_before_the_clock_went_back_stays_in_the_figures(toy: Toy) -> None:
    toy.deliver("n", JANUARY, "a 1")
    with at(datetime(2015, 10, 25, 2, 50)):
        toy.night(night_time(toy.lake).at)
    toy.deliver("n", FEBRUARY, "a 2, b 3", "2015-02-15")
    with at(datetime(2015, 10, 25, 2, 10)):
        toy.night(night_time(toy.lake).at)
    assert toy.total("n") == "a 3, b 3"
