"""What example deliveries are made of: months of civil time, the notation of a supplier's machine, files as they are sent.

What a delivery contains belongs to the module named after its extract.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
HOUR = 3600
# The day the region lives at: its last deliveries have come, and most of its months are final.
LIVES_AT = "2015-06-01"


class Format(NamedTuple):
    """How the supplier's machine wrote text that month."""

    encoding: str = "utf-8"
    line_end: str = "\n"
    preamble: tuple[str, ...] = ()

    def text(self, lines: list[str]) -> str:
        """The lines as they stand in the file."""
        return "".join(line + self.line_end for line in lines)


class Delivery(NamedTuple):
    """A file as it is sent; `parts` are its bytes and can be read once."""

    file_name: str
    sent_at: datetime
    parts: Iterator[bytes]


class Month(NamedTuple):
    """A civil month in Copenhagen; a change of clocks adds an hour to it or takes one."""

    first: date

    @property
    def label(self) -> str:
        """YYYY-MM, as in the file's name."""
        return f"{self.first:%Y-%m}"

    @property
    def next(self) -> "Month":
        """The month after this one."""
        return Month((self.first + timedelta(days=31)).replace(day=1))

    @property
    def start(self) -> int:
        """Seconds since 1970 UTC."""
        return int(datetime(self.first.year, self.first.month, 1, tzinfo=COPENHAGEN).timestamp())

    @property
    def hours(self) -> int:
        """How many hours the month really lasts."""
        return (self.next.start - self.start) // HOUR

    def slots(self, scale: float) -> int:
        """How often a robot is due at `scale` attempts per hour."""
        return max(1, int(self.hours * scale + 1e-6))

    def civil(self, seconds: Ints) -> Ints:
        """Civil local time, as seconds since 1970, of instants inside the month; clocks change on a whole hour."""
        hours = (datetime.fromtimestamp(at, COPENHAGEN) for at in range(self.start, self.next.start, HOUR))
        offsets = np.array([(hour.utcoffset() or timedelta()).total_seconds() for hour in hours]).astype(np.int64)
        return np.asarray(seconds + offsets[(seconds - self.start) // HOUR])


def generator_of(seed: int, month: Month, *stream: int) -> np.random.Generator:
    """A stream of its own for each part, so that a change to one part leaves the others as they were."""
    return np.random.default_rng([seed, month.start, *stream])
