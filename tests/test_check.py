"""The verdict of a dry run is the one that the night gives."""

from pathlib import Path

import pytest

from assets.deliveries.awaited import why_it_would_wait
from sources.readers import Readers
from tests.toy import Toy

MAY_BE_EMPTY = ("{name: number, required: true}", "{name: number, customProperties: [{property: mayBeEmpty, value: {warn: 10, hold: 40}}]}")
TWENTY = ", ".join(f"x{i:02d} {i}" for i in range(20))
NAME = "n_2015-{}_received-2015{}02-0100.csv"


@pytest.mark.parametrize(
    ("delivery", "month", "rows", "why"),
    [
        ("{mode: replace_period, period: day}", "01", "a 1, b 2", "2 records would replace 20, under 90 %"),
        ("{mode: snapshot}", "02", "a 1, b 2", "2 records would replace 20, under 90 %"),
        ("{mode: upsert}", "02", "a 1, b 2", ""),
        ("{mode: append}", "02", TWENTY.replace("x00 0", "x00 x"), ""),
        ("{mode: append}", "02", "a x, b 2, c 3, d 4", "1 of 4 records refused, over 20 %"),
        ("{mode: upsert}", "02", "a ?, b ?, c 3, d 4", "number is empty in 50 % of the records, usually in 0 %"),
        ("{mode: append, senders: [{name: north}]}", "02", "a 1", ""),
        ("{mode: replace_period, period: day}", "01", TWENTY, ""),
    ],
)
def test_a_dry_run_beside_a_lake_says_what_the_night_will_say(tmp_path: Path, delivery: str, month: str, rows: str, why: str) -> None:
    toy = Toy(tmp_path, n=delivery)
    toy.edit("sources/n/contract.odcs.yaml", MAY_BE_EMPTY)
    toy.edit("sources/n/layouts/plain.yaml", ("header: ", "reads: {missing: ['?']}\nheader: "))
    toy.deliver("n", NAME.format("01", "02"), TWENTY)
    toy.night()
    path = toy.deliver("n", NAME.format(month, "03"), rows, day=f"2015-{month}-15")
    extract, readers = toy.catalog.extracts["n"], Readers(tmp_path / "scratch")
    verdict = readers.check(path, [extract], shows_values=True)
    readers.close()
    said = verdict["why_held"] or why_it_would_wait(toy.lake, extract, verdict, toy.now)
    toy.night()
    [delivered] = [d for d in toy.deliveries("n") if d["file_name"] == path.name]
    assert (said, delivered["status"] == "held") == (why, bool(why))
    assert delivered["why"] == why or not why
