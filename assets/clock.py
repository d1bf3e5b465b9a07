"""The time a nightly run takes for now. It never goes back: what was received later would vanish from the figures meanwhile.

Clocks go back by an hour in autumn, since times are civil local time, and by less when a host corrects itself. Then time
stands still until the clock has caught up. More than that is a clock set wrong, before or now, and a person must say which.
"""

from datetime import datetime, timedelta

from assets.lake import Lake, read_json, write_json

STANDS_STILL = timedelta(hours=2)


class ClockWentBack(Exception):
    """The clock is far behind the newest run. The text says what to do."""


def night_time(lake: Lake, clock: datetime) -> datetime:
    """`clock`, or the time of the newest nightly run if that was a little later. Raises ClockWentBack."""
    path = lake.state("nightly", "clock")
    newest = datetime.fromisoformat(read_json(path)["now"]) if path.exists() else clock
    if newest - clock > STANDS_STILL:
        raise ClockWentBack(
            f"The clock says {clock:%Y-%m-%d %H:%M}, but the newest run was at {newest:%Y-%m-%d %H:%M}."
            " Set the clock; if that run's was wrong, say what time it is with VENTETAL_AS_OF until then."
        )
    if clock > newest or not path.exists():
        write_json(path, {"now": clock.isoformat()})
    return max(clock, newest)
