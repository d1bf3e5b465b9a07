"""Whatever is delivered, the night goes on: each file is taken with what its bytes say, refused, or held, in bounded time and memory."""

import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.deliveries.landing import lying
from sources.readers import _Process
from tests.faults.aftermath import WHOLE
from tests.faults.mutants import mutant, put, records
from tests.toy import Toy

MUTANTS, A_NIGHT = (20_000, 500) if WHOLE else (300, 150)
# So many nights follow each other in one lake.
NIGHTS_OF_A_LAKE = 4
# A mutant by its number, or a range of them: FAULTS_MUTANTS=4711 or 4000-4499.
CHOSEN = os.environ.get("FAULTS_MUTANTS", "")
MOST_SECONDS, MOST_BYTES = 20.0, 1 << 30


def test_every_mutant_is_taken_with_what_its_bytes_say_or_refused_or_held_and_its_neighbour_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    first, _, last = CHOSEN.partition("-")
    numbers = list(range(int(first), int(last or first) + 1)) if CHOSEN else list(range(MUTANTS))
    seconds, memory = [0.0], [0]
    ask = _Process.ask

    def measured(self: _Process, request: dict[str, Any]) -> dict[str, Any]:
        began = time.monotonic()
        try:
            return ask(self, request)
        finally:
            seconds.append(time.monotonic() - began)
            with suppress(OSError, StopIteration):
                said = Path(f"/proc/{self._running.pid}/status").read_text().splitlines()
                memory.append(next(int(x.split()[1]) << 10 for x in said if x.startswith("VmHWM")))

    monkeypatch.setattr(_Process, "ask", measured)
    stood, wrong = Counter[str](), list[str]()
    for night, start in enumerate(range(0, len(numbers), A_NIGHT)):
        if night % NIGHTS_OF_A_LAKE == 0:
            toy = Toy(tmp_path / f"lake{night}", n="{mode: append}", good="{mode: snapshot}")
        tonight = [mutant(n) for n in numbers[start : start + A_NIGHT]]
        (toy.data / "landing" / "n").mkdir(parents=True, exist_ok=True)
        for one in tonight:
            put(one, toy.data / "landing" / "n")
        toy.deliver("good", f"good_2015-01_received-201501{night % 28 + 1:02}-{night // 28:02}00.csv", f"a {night}")
        before = {d["receipt_id"] for d in toy.deliveries("n")} if night % NIGHTS_OF_A_LAKE else set()
        toy.night()
        assert toy.total("good") == f"a {night}", "the good delivery beside them is published"
        assert lying(toy.lake, toy.catalog, {}) == [], "nothing is left in landing"
        arrived = [d for d in toy.deliveries("n") if d["receipt_id"] not in before]
        assert len(arrived) == len(tonight), "nothing vanishes"
        stood.update(d["status"] for d in arrived)
        wrong += differing(toy, arrived)
    most = f"at most {max(seconds):.1f} s and {max(memory) >> 20} MiB"
    record_property("mutants", f"{sum(stood.values())} in {night + 1} nights: {dict(stood)}; {most}")
    assert not wrong, "\n".join(wrong)
    assert max(seconds) <= MOST_SECONDS
    assert max(memory) <= MOST_BYTES


def differing(toy: Toy, arrived: list[dict[str, Any]]) -> list[str]:
    """Files of which something was taken that their bytes do not say, or something was left that is neither taken nor refused."""
    found = []
    for delivery in arrived:
        if not delivery["parse_id"]:
            continue
        parse = toy.lake.parse("n", delivery["parse_id"])
        rows = duckdb.execute(f"select day, name, number, _errors from read_parquet('{parse}')").fetchall()
        accepted = Counter((day, name, number) for day, name, number, errors in rows if errors is None)
        said = records(toy.lake.archived(delivery["content"]).read_bytes())
        strict = Counter() if said is None else said
        missing = sum((strict - accepted).values()) - sum(errors is not None for *_, errors in rows)
        if accepted - strict or missing > 0:
            found.append(f"{delivery['file_name']!r}: taken {dict(accepted - strict)}, {missing} vanished")
    return found
