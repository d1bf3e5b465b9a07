"""What a run says: an object per line for machines, with the ids of what it is about; plain words on a terminal."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.lake import log
from tests.toy import Toy


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    logger = logging.getLogger(log.NAME)
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.level, logger.propagate = handlers, level, propagate


def test_a_night_is_told_in_objects_with_the_ids_of_run_receipt_table_and_release(tmp_path: Path) -> None:
    stream = io.StringIO()
    log.listen("run-1", stream)
    toy = Toy(tmp_path, stock="{mode: replace_period, period: day, unit: month}")
    toy.deliver("stock", "stock_2015-01_received-20150201-0600.csv", "a 1, b 2")
    release = toy.night()

    told = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert all({"at", "level", "event", "run"} <= set(line) for line in told)
    assert {line["run"] for line in told} == {"run-1"}
    receipts = {str(row["receipt_id"]) for row in toy.ask("select receipt_id from meta.receipt")}
    assert {line["receipt"] for line in told if "receipt" in line} == receipts
    assert {line["table"] for line in told if "table" in line} == set(toy.catalog.tables)
    assert release.id in {line.get("release") for line in told}


def test_a_terminal_is_told_in_plain_words() -> None:
    told: list[str] = []
    log.listen("run-1", write=told.append)
    log.warn("extract late", extract="stock", why="nothing arrived")
    assert [line[9:] for line in told] == ["extract late: extract stock, why nothing arrived"]
