"""When deliveries are due: the part of cron that says a time of day on days of the month, months or days of the week.

Times are civil and local, like everything a supplier promises. A delivery belongs to the deadline it is nearest to, so one that
comes hours late does not pass for the next one, and one that comes early is not missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAY = timedelta(days=1)
# February the 29th comes back within eight years; two deadlines are always found.
FARTHEST_DAYS = 2 * 366 * 8


@dataclass(frozen=True)
class Cadence:
    """The deadlines of a cron expression `minute hour day month weekday`."""

    at: time
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def of(cls, cron: str) -> "Cadence":
        """Raises ValueError for what is not a fixed time of day on stated days."""
        parts = cron.split()
        if len(parts) != 5:
            raise ValueError(f"{cron!r} is not `minute hour day month weekday`")
        minute, hour, day, month, weekday = parts
        if not (minute.isdigit() and hour.isdigit()):
            raise ValueError(f"{cron!r}: a deadline has one time of day")
        if "*" not in (day, weekday):
            raise ValueError(f"{cron!r} states days of the month and of the week: one of them is *")
        weekdays = frozenset(d % 7 for d in _numbers(weekday, 0, 7))
        cadence = cls(time(int(hour), int(minute)), _numbers(day, 1, 31), _numbers(month, 1, 12), weekdays)
        cadence.last_due(datetime(2000, 1, 1))  # there are such days
        return cadence

    def last_due(self, now: datetime) -> tuple[datetime, datetime]:
        """The newest deadline that has passed at `now`, and from when on a delivery counts for it."""
        passed = self._backwards(now)
        due, before = next(passed), next(passed)
        return due, due - (due - before) / 2

    def first_due(self, day: date) -> datetime:
        """The first deadline that falls on `day` or later."""
        days = (day + ahead * DAY for ahead in range(FARTHEST_DAYS))
        return next(datetime.combine(d, self.at) for d in days if self._falls_on(d))

    def _backwards(self, now: datetime) -> Iterator[datetime]:
        for back in range(FARTHEST_DAYS):
            day = now.date() - back * DAY
            if self._falls_on(day) and datetime.combine(day, self.at) <= now:
                yield datetime.combine(day, self.at)
        raise ValueError("there is no such day")

    def _falls_on(self, day: date) -> bool:
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays


def _numbers(text: str, lowest: int, highest: int) -> frozenset[int]:
    """`*`, or numbers and ranges like 1-5,7."""
    if text == "*":
        return frozenset(range(lowest, highest + 1))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    if not found or min(found) < lowest or max(found) > highest:
        raise ValueError(f"{text!r} does not lie between {lowest} and {highest}")
    return frozenset(found)
