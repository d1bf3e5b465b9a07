"""The table of promises names tests that are there."""

import re

from sources.settings import PROJECT

TESTS = PROJECT / "tests"
NAMED = re.findall(r"`((?:\w+/)*(?:\w+\.py(?:::\w+)?)?)`", (TESTS / "PROMISES.md").read_text("utf-8"))


def test_every_test_that_keeps_a_promise_is_there() -> None:
    assert len(NAMED) > 40
    for name in NAMED:
        file, _, test = name.partition("::")
        assert (TESTS / file).exists(), name
        assert not test or f"\ndef {test}(" in (TESTS / file).read_text("utf-8"), name
