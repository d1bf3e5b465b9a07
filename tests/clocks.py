"""Clocks that tests put in the place of the machine's, instead of waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assets.lake import clock
from sources.civil_time import CIVIL_ZONE


class Set(clock.Host):
    """A clock that says what it is told, and on which waiting takes no time."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def age(self, changed_at: float) -> float:
        return self.at.replace(tzinfo=ZoneInfo(CIVIL_ZONE)).timestamp() - changed_at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Ahead(clock.Host):
    """The machine's clock an hour ahead of its files: none of them is being written just now."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)

    def age(self, changed_at: float) -> float:
        return super().age(changed_at) + 3600


@contextmanager
def at(moment: datetime) -> Iterator[Set]:
    """The machine's clock says `moment`."""
    before, clock.host = clock.host, (own := Set(moment))
    try:
        yield own
    finally:
        clock.host = before
