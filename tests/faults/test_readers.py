"""Four readers while releases come and go: each answer is of exactly one release, and no reader ever meets an error."""

from pathlib import Path
from typing import Any

import duckdb

from assets.publish import DATABASE, releases
from tests.faults.nights import CONTEXT, WHOLE, in_fork
from tests.toy import Toy

PUBLISHES, KEPT = (200, 5) if WHOLE else (30, 5)
QUESTION = """
    select min(number), max(number), count(*), (select count(*) from meta.release), (select any_value(release_id) from meta.release)
    from marts.n_total"""


def reads(current: Path, stop: Any, answers: Any) -> None:
    """Ask whatever `current` points to, by SQL and as Parquet, until told to stop; one answer a time, or what went wrong."""
    seen: list[Any] = []
    try:
        while not stop.wait(0.02):
            release = current.resolve()
            with duckdb.connect(str(release / DATABASE), read_only=True) as con:
                [answer] = con.execute(QUESTION).fetchall()
            low, high = duckdb.sql(f"select min(number), max(number) from '{release}/marts/n_total.parquet'").fetchall()[0]
            seen.append((min(low, answer[0]), max(high, answer[1]), *answer[2:]))
    except Exception as error:
        seen.append(repr(error))
    answers.put(seen)


def publishes(root: Path, count: int) -> None:
    """So many nights, each with other figures. Without audits, which cost most of a night and touch no release."""
    from assets import compute, night, publish

    publish.KEPT_RELEASES = KEPT
    compute.audit = night.audit = lambda *_: []  # type: ignore[assignment]  # this process ends here
    toy = Toy(root, n="{mode: snapshot}")
    for number in range(count):
        toy.deliver("n", "n_2015-01.csv", f"a {number}, b {number}")
        toy.night()


def test_readers_see_only_whole_releases_while_old_ones_are_deleted(tmp_path: Path, record_property: Any) -> None:
    lake = Toy(tmp_path, n="{mode: snapshot}").lake
    stop, answers = CONTEXT.Event(), CONTEXT.Queue()
    assert in_fork(publishes, tmp_path, 1) == 0
    readers = [CONTEXT.Process(target=reads, args=(lake.releases / "current", stop, answers)) for _ in range(4)]
    for reader in readers:
        reader.start()
    assert in_fork(publishes, tmp_path, PUBLISHES) == 0
    stop.set()
    seen = [answers.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(60)
    for of_one in seen:
        assert not [a for a in of_one if isinstance(a, str)]
        assert all(low == high and (rows, one) == (2, 1) for low, high, rows, one, _ in of_one)
        assert [low for low, *_ in of_one] == sorted(low for low, *_ in of_one)
    by_release = {(name, low) for of_one in seen for low, *_, name in of_one}
    assert len(by_release) == len({name for name, _ in by_release}) > PUBLISHES / 2
    assert len(releases(lake)) == KEPT
    record_property("readers", f"{sum(map(len, seen)):,} answers of {len(by_release)} releases during {PUBLISHES} publishes")
