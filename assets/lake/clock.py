"""The time a run takes for now: `VENTETAL_AS_OF` where it is set, else the lake's own clock, else the clock of the machine.

A lake of examples has a clock of its own, which stands until somebody moves it; a region's lives by the machine's. The machine's
never goes back from run to run: what was received later would vanish from the figures meanwhile. Clocks go back by an hour in
autumn, since times are civil local time, and by less when a host corrects itself. Then time stands still until the clock has
caught up. More than that is a clock set wrong, before or now, and a person must say which.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assets.lake.files import Lake, load, recalled, save
from assets.lake.manifests import nights
from sources.civil_time import CIVIL_ZONE
from sources.errors import ToldError, WrongUsage
from sources.settings import settings

_ZONE = ZoneInfo(CIVIL_ZONE)
STANDS_STILL = timedelta(hours=2)
SETTING = "VENTETAL_AS_OF"


class Host:
    """The clock of this machine, in the civil time of Denmark whatever zone the machine is in, and waiting by it."""

    def now(self) -> datetime:
        return datetime.now(_ZONE).replace(tzinfo=None)

    def age(self, changed_at: float) -> float:
        """Seconds since a file was changed, from its time in seconds of the epoch."""
        return time.time() - changed_at

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


# What a run takes for now, and whether a file has settled, is asked here: another clock may be put in its place.
host = Host()


class ClockWentBack(ToldError):
    """The clock is far behind the newest run. The text says what to do."""


class NoTime(WrongUsage):
    """What should say a time does not. The text says what to do."""


@dataclass(frozen=True)
class Now:
    """A time and the clock that says so, in words."""

    at: datetime
    clock: str


@dataclass(frozen=True)
class Instant:
    """A remembered time."""

    now: datetime


def told_time(lake: Lake) -> Now:
    """What time it is for this lake. Raises NoTime for a setting that is no time, or one to come by the clock of the machine."""
    if said := settings().as_of:
        return Now(_come(said, SETTING, host.now()), SETTING)
    if own := own_time(lake):
        return Now(own, "the lake's own clock")
    return Now(host.now(), "the clock of this machine")


def own_time(lake: Lake) -> datetime | None:
    """The time of the lake's own clock, None where it has none."""
    path = lake.pointer("clock")
    return load(path, Instant).now if path.exists() else None


def set_own_time(lake: Lake, now: datetime) -> None:
    """Give the lake a clock of its own, or move it on. Raises NoTime for a time before the newest run."""
    newest = _newest(lake)
    if newest and now < newest:
        raise NoTime(f"The newest run was at {newest:%Y-%m-%d %H:%M}; the lake's clock cannot go back before it.")
    save(lake.pointer("clock"), Instant(now))


def night_time(lake: Lake) -> Now:
    """The time of a nightly run, remembered as the newest. Raises ClockWentBack where the machine's clock is far behind it."""
    told, newest = told_time(lake), _newest(lake)
    if told.clock == SETTING:
        return told
    if newest and newest - told.at > STANDS_STILL:
        raise ClockWentBack(
            f"The clock says {told.at:%Y-%m-%d %H:%M}, but the newest run was at {newest:%Y-%m-%d %H:%M}."
            f" Set the clock; if that run's was wrong, say what time it is with {SETTING} until then."
        )
    if newest is None or told.at > newest:
        save(lake.pointer("newest_run"), Instant(told.at))
    return Now(max(told.at, newest or told.at), told.clock)


def earlier(lake: Lake, said: str) -> datetime:
    """A time up to now that somebody asks for, as ISO text. Raises NoTime."""
    return _come(said, "The time asked for", told_time(lake).at)


def instant(said: str, what: str) -> datetime:
    """A civil local time from ISO text. Raises NoTime."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo:
        raise NoTime(f"{what} is {said!r}, which is no date or local time like 2015-05-01 or 2015-05-01T06:00.")
    return found


def _come(said: str, what: str, now: datetime) -> datetime:
    """A time that has come. Raises NoTime."""
    asked = instant(said, what)
    if asked > now:
        unknown = "nobody knows what will have been received by then"
        raise NoTime(f"{what} is {said}, which has not come yet: it is {now:%Y-%m-%d %H:%M} now, and {unknown}.")
    return asked


def _newest(lake: Lake) -> datetime | None:
    path = lake.pointer("newest_run")
    if known := recalled(path, Instant):
        return known.now
    # Of one that is garbled releases tell what it must have said at least.
    published = nights(lake, datetime.max.isoformat()) if path.exists() else []
    return datetime.fromisoformat(published[0].as_of) if published else None
