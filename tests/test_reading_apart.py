"""Files are read by processes of their own: what happens to one of them costs no night and no record."""

import errno
import gzip
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assets.alerts.alert_causes import remembered_causes
from assets.deliveries.intake import NameTaken, NoLongerKept, read_again
from assets.lake.decisions import accept_delivery
from sources import readers
from sources.readers import Readers, Spawned, Stopped, _Process
from tests.toy import Toy

TABLE = "Dag;Navn;Antal\n2015-01-15;a;1\n2015-01-16;b;2\n"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, n="{mode: replace_period, period: day}", other="{mode: snapshot}")


def as_text(path: Path) -> None:
    path.write_text(TABLE)


def as_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(TABLE.encode()))


def as_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as box:
        box.writestr("n_2015-01.csv", TABLE)


def as_workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active
    for row in TABLE.split():
        book.active.append(row.split(";"))
    book.save(path)


FORMATS = {"n_2015-01.csv": as_text, "n_2015-01.csv.gz": as_gzip, "n_2015-01.zip": as_zip, "n_2015-01_workbook.csv": as_workbook}


def killed(process: _Process) -> None:
    os.kill(process._running.pid, signal.SIGKILL)


def stopped(process: _Process) -> None:
    os.kill(process._running.pid, signal.SIGSTOP)


def starved(process: _Process) -> None:
    stopped(process)
    process._most = 1


def overworked(process: _Process) -> None:
    os.kill(process._running.pid, signal.SIGXCPU)


WHY = {killed: "the reader died (-9)", stopped: "the reader stood still", starved: "MiB of memory", overworked: "of work"}


def suffering(monkeypatch: pytest.MonkeyPatch, stage: str, name: str, how: Callable[[_Process], None], times: int) -> None:
    """A reading process suffers something as soon as it is asked for a stage of a file, so many times."""
    ask, left = _Process.ask, [how] * times

    def asked(self: _Process, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == stage and request.get("inner_name", request.get("name", "")).startswith("n_") and left:
            # Before the request: it cannot be done before the process suffers.
            left.pop()(self)
        return ask(self, request)

    monkeypatch.setattr(_Process, "ask", asked)
    # Longer than a healthy process waits for its turn on a host that is busy.
    monkeypatch.setattr(readers, "STILL_SECONDS", 1.0)


@pytest.mark.parametrize("how", WHY, ids=lambda how: how.__name__)
@pytest.mark.parametrize("stage", ["unpack", "read"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_process_that_suffers_once_costs_nothing_and_twice_holds_the_file_until_somebody_has_it_read_again(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, name: str, stage: str, how: Callable[[_Process], None]
) -> None:
    path = toy.data / "landing" / "n" / name
    path.parent.mkdir(parents=True)
    FORMATS[name](path)
    toy.deliver("other", "other_2015-01.csv", "x 1")
    with monkeypatch.context() as during:
        suffering(during, stage, name, how, 2)
        toy.night()
    [held] = toy.deliveries("n")
    assert (held["status"], held["reason"], path.exists()) == ("held", "reading_stopped", False)
    assert held["why"].startswith("It was tried twice, and held because ")
    assert WHY[how] in held["why"]
    assert toy.total("other") == "x 1"
    assert [c.why for c in remembered_causes(toy.lake) if c.kind == "held delivery"] == [f"{name} ({held['receipt_id']}): {held['why']}."]
    toy.night()
    assert toy.deliveries("n") == [held], "the next night is not met by it"
    read_again(toy.lake, held["receipt_id"])
    accept_delivery(toy.lake, held["receipt_id"], "try again", toy.now)
    with monkeypatch.context() as during:
        suffering(during, stage, name, how, 1)
        toy.night()
    assert toy.total("n") == "a 1, b 2"
    assert sorted((d["status"], d["received_at"]) for d in toy.deliveries("n")) == [
        ("current", held["received_at"]),
        ("superseded", held["received_at"]),
    ]
    assert not [c for c in remembered_causes(toy.lake) if c.kind == "held delivery"]


def held_unread(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A delivery that is held since its reader died twice."""
    toy.deliver("n", "n_2015-01.csv", "a 1")
    with monkeypatch.context() as during:
        suffering(during, "read", "n", killed, 2)
        toy.night()
    [held] = toy.deliveries("n")
    return held


def test_what_is_held_unread_may_be_withdrawn_and_is_no_longer_read_once_it_is_gone(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    held = held_unread(toy, monkeypatch)
    (toy.lake.rejected / held["receipt_id"] / "n_2015-01.csv").unlink()
    with pytest.raises(NoLongerKept, match="have it sent again"):
        read_again(toy.lake, held["receipt_id"])


def test_a_file_may_need_more_memory_than_one_process_gets(toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VENTETAL_READER_MEMORY_LIMIT", "48MiB")
    toy.deliver("n", "n_2015-01.csv", ",".join(f"name{i} {i}" for i in range(400_000)))
    toy.deliver("other", "other_2015-01.csv", "x 1")
    toy.night()
    [held] = toy.deliveries("n")
    assert held["reason"] == "reading_stopped"
    assert "48 MiB of memory" in held["why"] or "more memory than there is" in held["why"]


def test_a_size_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VENTETAL_READER_MEMORY_LIMIT", "much")
    with pytest.raises(readers.WrongUsage, match="VENTETAL_READER_MEMORY_LIMIT is 'much'"):
        Readers(tmp_path).unpack(tmp_path, "x", tmp_path / "y")


def test_a_process_has_no_setting_and_no_key_but_by_pipe_and_dies_with_who_began_it(tmp_path: Path) -> None:
    code = """
import os, sys, time
from pathlib import Path
from sources.readers import Readers
found = Readers(Path(sys.argv[1]))
Path(sys.argv[1], "a.csv").write_text("x")
found.unpack(Path(sys.argv[1], "a.csv"), "a.csv", Path(sys.argv[1], "b.csv"))
print(found._all[0]._running.pid, flush=True)
time.sleep(60)
"""
    secret = "k" * 40
    said = {**os.environ, "VENTETAL_PSEUDONYM_KEY": secret, "VENTETAL_SMTP_URL": "smtp://u:p@h"}
    began = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=said)
    try:
        assert began.stdout
        pid = int(began.stdout.readline())
        for place in ("environ", "cmdline"):
            shown = Path(f"/proc/{pid}/{place}").read_bytes()
            assert (secret.encode() in shown, b"VENTETAL_" in shown) == (False, False)
        assert "0" in next(x for x in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in x).split()
    finally:
        began.kill()
        began.wait()
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_process_is_begun_when_there_is_a_file_and_serves_for_all(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def counted() -> Any:
        begun.append(start())
        return begun[-1]

    start = readers.start
    monkeypatch.setattr(readers, "start", counted)
    toy.night()
    assert begun == []
    for day in range(1, 29):
        toy.deliver("n", f"n_2015-01_received-201502{day:02}-0600.csv", f"a {day}")
    toy.night()
    assert len(begun) <= readers.READERS


def test_one_begun_on_a_host_reads_as_one_that_tests_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "start", Spawned)
    toy = Toy(tmp_path, n="{mode: replace_period, period: day}")
    toy.deliver("n", "n_2015-01.csv", "a 1, b 2")
    toy.night(datetime(2015, 6, 1))
    assert toy.total("n") == "a 1, b 2"


def test_a_process_that_died_while_nobody_asked_it_is_no_fault_of_the_next_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    found = Readers(tmp_path)
    for end in (found.interrupt, lambda: os.kill(found._all[-1]._running.pid, signal.SIGKILL)):
        found.unpack(tmp_path / "a.csv", "a.csv", tmp_path / "b.csv")
        end()
        time.sleep(0.3)
        found.unpack(tmp_path / "a.csv", "a.csv", tmp_path / "b.csv")
    found.close()


def test_a_disk_that_is_full_for_a_process_is_no_fault_of_the_file(toy: Toy, tmp_path: Path) -> None:
    path = toy.deliver("n", "n_2015-01.csv", "a 1")
    found = Readers(tmp_path, Path("/dev"))
    with pytest.raises(OSError, match=r".") as full:
        found.read(path, toy.catalog.extracts["n"], path.name, Path("/dev/full"))
    assert full.value.errno == errno.ENOSPC
    found.close()


def test_what_is_read_again_never_takes_the_place_of_another_file(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    held = held_unread(toy, monkeypatch)
    newer = toy.deliver("n", "n_2015-01.csv", "a 2")
    with pytest.raises(NameTaken, match="Another file called n_2015-01"):
        read_again(toy.lake, held["receipt_id"])
    assert "a;2" in newer.read_text()


@pytest.mark.parametrize(("size", "bytes_"), [("4G", 4 * 10**9), ("512MiB", 512 << 20), ("1.5 gb", 15 * 10**8), ("300KB", 300_000)])
def test_sizes_are_said_as_databases_say_them(size: str, bytes_: int) -> None:
    assert readers._bytes(size, "X") == bytes_


def test_a_run_that_ends_asks_nobody_any_more(tmp_path: Path) -> None:
    found = Readers(tmp_path)
    found.close()
    with pytest.raises(Stopped, match="the run ends"):
        found.unpack(tmp_path, "x", tmp_path / "y")
