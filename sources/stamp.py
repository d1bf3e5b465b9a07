"""What files say of time: stamps of names and preambles, and the period a file covers. All in civil local time."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sources.civil_time import CIVIL_ZONE

DAY = timedelta(days=1)
# The months of a period that figures may be by.
PERIODS = {"month": 1, "quarter": 3, "year": 12}
# Years that can be meant, as of dates in records: another is a slip of the hand, and would make centuries of months.
_YEAR = "(?:19[0-9]{2}|20[0-9]{2}|2100)"
_TWO = r"[^0-9]*([0-9]{2})"
_STAMP = re.compile(rf"[^0-9]*({_YEAR}){_TWO}{_TWO}(?:{_TWO}{_TWO}(?:{_TWO})?)?[^0-9]*")
# How many digits a stamp has, in falling order, and the time they leave open.
_FORMS = {8: ("%Y%m%d", DAY), 12: ("%Y%m%d%H%M", timedelta(minutes=1)), 14: ("%Y%m%d%H%M%S", timedelta(seconds=1))}


@dataclass(frozen=True)
class Stamp:
    """An instant as a file says it: 20150504-0615 and the like; it lies somewhere within `width` of `at`."""

    at: datetime
    width: timedelta

    @classmethod
    def of(cls, text: str) -> "Stamp":
        """Raises ValueError for what is no time."""
        found = _STAMP.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is no date and time")
        digits = "".join(filter(None, found.groups()))
        form, width = _FORMS[len(digits)]
        return cls(datetime.strptime(digits, form), width)

    def last_day(self, skew: timedelta) -> date:
        """The last day that can have been when the stamp was written, by clocks that differ by `skew`."""
        return self.at.date() if self.width == DAY else (self.at + self.width + skew).date()

    def end(self, skew: timedelta, in_utc: bool = False) -> datetime:
        """The first instant that lies after it by any clock."""
        end = self.at + self.width + skew
        # An hour of autumn comes twice: the second is meant where either may be.
        return end.replace(tzinfo=ZoneInfo(CIVIL_ZONE), fold=1).astimezone(ZoneInfo("UTC")).replace(tzinfo=None) if in_utc else end


@dataclass(frozen=True)
class Span:
    """Days from `begin` up to `end`, which is no part of it."""

    begin: date
    end: date

    @classmethod
    def of(cls, period: str) -> "Span":
        """A day (2015-05-04), month (2015-05) or year (2015). Raises ValueError for anything else."""
        if re.fullmatch(rf"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}", period):
            day = date.fromisoformat(period)
            return cls(day, day + DAY)
        if re.fullmatch(rf"{_YEAR}-[0-9]{{2}}", period):
            first = date.fromisoformat(f"{period}-01")
            return cls(first, next_month(first))
        if re.fullmatch(_YEAR, period):
            return cls(date(int(period), 1, 1), date(int(period) + 1, 1, 1))
        raise ValueError(f"{period!r} is no day, month or year")


def next_month(first: date, months: int = 1) -> date:
    """The first of the month so many months later."""
    at = 12 * first.year + first.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)
