"""SQL from UTC to civil local time, exact and fast: the changes of the clock are looked up by year, not asked row by row."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

# Where the region is: deliveries are stamped, and days begin, by its clocks.
CIVIL_ZONE = "Europe/Copenhagen"
FIRST_YEAR, LAST_YEAR = 1970, 2050
HOUR = timedelta(hours=1)


@cache
def from_utc(zone: str) -> str:
    """SQL with the placeholder {utc} for a TIMESTAMP in UTC, giving the TIMESTAMP on the clocks of `zone`.

    Years in which the zone did anything but change to summer time and back are left to DuckDB's calendar.
    """
    place = ZoneInfo(zone)
    winter = _ahead(datetime(LAST_YEAR, 1, 1, tzinfo=UTC), place)
    summers = [_summer(place, year, winter) for year in range(FIRST_YEAR, LAST_YEAR + 1)]
    begins, ends = (", ".join("null" if s is None else f"timestamp '{s[i]:%Y-%m-%d %H:%M:%S}'" for s in summers) for i in (0, 1))
    # Index 0 and those beyond the list are NULL; a negative one would count from its end.
    year, minutes = f"greatest(year({{utc}}) - {FIRST_YEAR - 1}, 0)", int(winter.total_seconds() // 60)
    return (
        f"case when [{begins}][{year}] is null then timezone('{zone}', timezone('UTC', {{utc}}))"
        f" when {{utc}} >= [{begins}][{year}] and {{utc}} < [{ends}][{year}]"
        f" then {{utc}} + interval ({minutes + 60}) minute else {{utc}} + interval ({minutes}) minute end"
    )


def _summer(zone: ZoneInfo, year: int, winter: timedelta) -> tuple[datetime, datetime] | None:
    """Begin and end of summer time in UTC, or None for a year of another kind."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=d) for d in range(367)]
    changed = [day for day, next_day in pairwise(days) if _ahead(day, zone) != _ahead(next_day, zone)]
    if len(changed) != 2 or _ahead(days[0], zone) != winter:
        return None
    begin, end = (next(day + h * HOUR for h in range(1, 25) if _ahead(day + h * HOUR, zone) != _ahead(day, zone)) for day in changed)
    return (begin, end) if _ahead(begin, zone) == winter + HOUR and _ahead(end, zone) == winter else None


def _ahead(instant: datetime, zone: ZoneInfo) -> timedelta:
    """How far the clocks of the zone are ahead of UTC."""
    ahead = instant.astimezone(zone).utcoffset()
    assert ahead is not None
    return ahead
