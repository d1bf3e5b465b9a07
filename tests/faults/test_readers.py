"""Readers while releases appear and old ones are cleaned away: every answer belongs to exactly one release, and nobody is refused or
told of a missing file.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from assets.lake.lock import writing
from assets.releases.retention import delete, doomed
from tests.faults.aftermath import PERIOD, WHOLE
from tests.faults.dying import PROJECT, Nights, Order
from tests.toy import Toy

PUBLISHES = 200 if WHOLE else 5
# A reader as analysts are: it knows the link and nothing else. The number of the night stands in both domains' marts, so an
# answer made of two releases shows.
READER = """
import json, sys, time
from pathlib import Path
import duckdb
current, stop = Path(sys.argv[1]), Path(sys.argv[2])
told = {"answers": 0, "releases": [], "wrong": []}
seen = set()
while not stop.exists():
    try:
        con = duckdb.connect(str(current / "ventetal.duckdb"), read_only=True)
        first = con.execute("select release_id from meta.release").fetchall()
        time.sleep(0.01)
        numbers = con.execute("select number from marts.months_total union select number from marts.names_total").fetchall()
        again = con.execute("select release_id from meta.release").fetchall()
        con.close()
        if len(numbers) != 1 or first != again:
            told["wrong"].append(f"two releases in one answer: {numbers} {first} {again}")
        whole = current.resolve()
        parquet = duckdb.sql(f"select number from '{whole}/marts/*.parquet' group by all").fetchall()
        if len(parquet) != 1:
            told["wrong"].append(f"two releases in one answer from Parquet: {parquet}")
        seen.add(first[0][0])
        told["answers"] += 2
        time.sleep(0.05)
    except Exception as error:
        told["wrong"].append(f"{type(error).__name__}: {error}")
told["releases"] = sorted(seen)
print(json.dumps(told))
"""


def test_four_readers_get_answers_of_one_release_each_while_releases_appear_and_go(
    nights: Nights, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    toy, stop, cleaned = Toy(tmp_path, months=PERIOD, names=PERIOD), tmp_path / "stop", Counter[str]()

    def publish(night: int) -> None:
        for extract in ("months", "names"):
            toy.deliver(extract, f"{extract}_2015-01.csv", f"a {night}")
        now = datetime(2015, 6, 1) + timedelta(minutes=night)
        done = nights.run(Order(str(toy.project), str(toy.data), now.isoformat()))
        assert done.status == 0, done.said
        # A night keeps two releases here (`dying.py`) and deletes the others; `clean` takes what only those were made of.
        with writing(toy.lake, "clean", now):
            old = doomed(toy.lake, toy.catalog, datetime.now(), release_days=1, archive_days=1)
            delete(old)
            cleaned.update(d.what for d in old)

    publish(1)
    command = [sys.executable, "-c", READER, str(toy.data / "releases" / "current"), str(stop)]
    readers = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        for night in range(2, PUBLISHES + 2):
            publish(night)
    finally:
        stop.touch()
        told = [json.loads(reader.communicate(timeout=60)[0]) for reader in readers]
    wrong = [w for t in told for w in t["wrong"]]
    assert wrong == [], f"readers: {len(wrong)} wrong of {sum(t['answers'] for t in told)} answers, like {wrong[:3]}"
    seen = {r for t in told for r in t["releases"]}
    assert len(seen) > PUBLISHES / 2
    assert cleaned["version"] and cleaned["delivered file"]
    assert toy.lake.current_release
    record_property(
        "readers",
        f"{sum(t['answers'] for t in told)} answers of 4 during {PUBLISHES} publishes, {len(seen)} releases seen, 0 wrong;"
        f" cleaned meanwhile: {dict(cleaned)}",
    )
