"""The example region's citizens, who they are and where they live: a hundredth of the Capital Region.

Belongs here: births, moves, deaths, illness and the chance to need care. What came of it belongs to `kmf_contacts`, files to
`kmf_files`. Nothing is drawn by an indicator: a person's need is lognormal, and shares are what comes out. A CPR number is
invented apart from its citizen (`cpr`): its birthday lies in the future and says nothing of the age in the files.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from sources.examples.delivery import Bools, Floats, Ints, Month, generator_of
from sources.examples.patient_files import apportioned

# Settlements go from the first of these days to the last; both are days since 1970.
YEARS = (2012, 2013, 2014, 2015)
BEGIN, END = ((day - date(1970, 1, 1)).days for day in (date(2012, 1, 1), date(2015, 4, 30)))
NEVER = 1 << 40
RESIDENTS = 17_150
# (code, thousand residents in 2012, how much older than the region).
MUNICIPALITIES: tuple[tuple[str, float, float], ...] = (
    ("101", 549.0, -0.5),
    ("147", 100.2, -0.1),
    ("151", 48.2, 0.3),
    ("153", 34.1, 0.2),
    ("155", 13.7, 0.5),
    ("157", 72.8, 0.3),
    ("159", 65.3, 0.1),
    ("161", 21.9, 0.2),
    ("163", 27.1, 0.2),
    ("165", 27.9, 0.1),
    ("167", 50.9, 0.2),
    ("169", 48.1, 0.1),
    ("173", 53.3, 0.2),
    ("175", 36.9, 0.3),
    ("183", 21.1, 0.0),
    ("185", 41.5, 0.2),
    ("187", 14.7, 0.1),
    ("190", 38.4, 0.3),
    ("201", 24.1, 0.2),
    ("210", 39.6, 0.4),
    ("217", 61.5, 0.5),
    ("219", 48.1, 0.2),
    ("223", 24.4, 0.7),
    ("230", 54.7, 0.5),
    ("240", 42.0, 0.2),
    ("250", 44.5, 0.4),
    ("260", 31.0, 0.5),
    ("270", 40.9, 0.5),
    ("400", 41.3, 0.7),
)
HOME_AT = {code: place for place, (code, _, _) in enumerate(MUNICIPALITIES)}
# What depends on age is given at these ages and lies on lines between them.
AGES = (0, 3, 20, 40, 65, 80, 95)
LIVING = (1.35, 1.2, 1.35, 1.5, 1.1, 0.5, 0.06)
OLDEST = 102
# A year's chance to die or to leave the region.
GONE = (0.003, 0.001, 0.002, 0.0025, 0.008, 0.04, 0.2)
# Newcomers a year as a part of the residents, the part of them that is born, and the ages of the others.
NEW, BORN, NEWCOMERS = 0.0195, 0.52, (18, 60)
MOVES = 0.05
# Spread of a person's need from person to person, and from one year to the next.
BODY, BODY_YEARLY, MIND, MIND_YEARLY = 0.7, 0.4, 1.5, 0.5
MISUSED, MISUSE_AGES = 0.025, (16, 75)
# Some are found to be well again; an illness began within so many years, mostly lately.
RECOVERED, ILL_FOR = 0.02, 9.0


class Group(NamedTuple):
    """A chronic group: how common at AGES, the diagnosis it is known by, and what it adds to a person's contacts of either kind."""

    name: str
    common: tuple[float, ...]
    diagnosis: str
    body: float
    mind: float = 0.0


GROUPS = (
    Group("DIABETES1", (0.0005, 0.001, 0.005, 0.006, 0.007, 0.006, 0.004), "DE109", 0.8),
    Group("DIABETES2", (0.0, 0.0, 0.003, 0.02, 0.11, 0.15, 0.12), "DE119", 0.5),
    Group("KOL", (0.0, 0.0, 0.0, 0.008, 0.08, 0.13, 0.1), "DJ449", 0.9),
    Group("ASTMA", (0.01, 0.05, 0.06, 0.05, 0.05, 0.04, 0.03), "DJ459", 0.25),
    Group("LEDDEGIGT", (0.0, 0.0005, 0.002, 0.007, 0.02, 0.025, 0.02), "DM069", 0.5),
    Group("OSTEOPOROSE", (0.0, 0.0, 0.0, 0.003, 0.06, 0.15, 0.2), "DM819", 0.3),
    Group("DEMENS", (0.0, 0.0, 0.0, 0.0, 0.012, 0.08, 0.25), "DF009", 0.4, 1.0),
    Group("SKIZOFRENI", (0.0, 0.0, 0.004, 0.01, 0.008, 0.005, 0.003), "DF209", 0.2, 14.0),
)


class Citizens(NamedTuple):
    """Everybody who lived in the region at some time, one element each. Days count from 1970.

    `left` is the day somebody died or moved away, `moved` the day he went from the place `home` in MUNICIPALITIES to `next_home`.
    `body` and `mind` are needs per year of YEARS and person; `ill_since` and `ill_until` are per person and place in GROUPS.
    """

    numbers: Sequence[str]
    born: Ints
    is_male: Bools
    arrived: Ints
    left: Ints
    home: Ints
    moved: Ints
    next_home: Ints
    body: Floats
    mind: Floats
    ill_since: Ints
    ill_until: Ints
    misuses: Bools

    def home_of(self, who: Ints, day: Ints) -> Ints:
        """Places in MUNICIPALITIES of persons on days."""
        return np.where(day >= self.moved[who], self.next_home[who], self.home[who])

    def age_of(self, who: Ints, day: Ints) -> Ints:
        """Ages in whole years of persons on days."""
        then, birthday = civil(day), civil(self.born[who])
        return np.asarray(then[0] - birthday[0] - (then[1] < birthday[1]))

    def residents(self, day: int) -> Ints:
        """Who lives in the region at the beginning of a day."""
        return np.flatnonzero((self.arrived <= day) & (self.born < day) & (day < self.left))

    def living(self, who: Ints, day: Ints) -> Bools:
        """Whether persons live in the region on days, the last one of each among them."""
        return np.asarray((self.arrived[who] <= day) & (day <= self.left[who]))


def civil(day: Ints) -> tuple[Ints, Ints]:
    """Years of days, and a number that grows from each day of a year to the next."""
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    nth = months.astype(np.int64)
    return nth // 12 + 1970, nth % 12 * 32 + (dates - months).astype(np.int64)


def day_of(year: int, month: int = 1, day: int = 1) -> int:
    """Days since 1970."""
    return (date(year, month, day) - date(1970, 1, 1)).days


def persons(size: float) -> int:
    """How many live in a region of that size at some time: as many numbers are needed."""
    return _at_first(size) + _later(size)


def citizens(numbers: Sequence[str], seed: int, size: float) -> Citizens:
    """The citizens of a region of that size, drawn apart from anything that happens to them."""
    luck = generator_of(seed, Month(date(2012, 1, 1)), 300)
    first, later = _at_first(size), _later(size)
    count = first + later
    homes = apportioned(first, [residents for _, residents, _ in MUNICIPALITIES])
    born = np.concatenate([_born(int(living), older, luck) for living, (_, _, older) in zip(homes, MUNICIPALITIES, strict=True)])
    came = np.sort(luck.integers(BEGIN, END + 1, later))
    aged = np.where(luck.random(later) < BORN, 0, luck.integers(NEWCOMERS[0] * 365, NEWCOMERS[1] * 365, later))
    born = np.concatenate([born, came - aged])
    shares = np.array([residents for _, residents, _ in MUNICIPALITIES])
    arrived = np.concatenate([np.full(first, BEGIN - 1), came])
    home = np.concatenate([np.repeat(np.arange(len(homes)), homes), luck.choice(len(shares), later, p=shares / shares.sum())])
    ages = (day_of(2013, 7) - born) / 365.25
    days = luck.exponential(365.25 / np.interp(ages, AGES, GONE))
    moved = BEGIN + luck.exponential(365.25 / MOVES, count).astype(np.int64)
    next_home = luck.choice(len(homes), count, p=shares / shares.sum())
    body = np.exp(luck.normal(0, BODY, count) + luck.normal(0, BODY_YEARLY, (len(YEARS), count)))
    mind = np.exp(luck.normal(0, MIND, count) + luck.normal(0, MIND_YEARLY, (len(YEARS), count)))
    ill_since, ill_until = _illness(born, luck)
    return Citizens(
        numbers=numbers[:count],
        born=born,
        is_male=luck.random(count) < 0.49,
        arrived=arrived,
        left=arrived + 1 + days.astype(np.int64),
        home=home,
        moved=np.where((moved > arrived) & (next_home != home), moved, NEVER),
        next_home=next_home,
        body=body,
        mind=mind,
        ill_since=ill_since,
        ill_until=ill_until,
        misuses=(luck.random(count) < MISUSED) & (ages > MISUSE_AGES[0]) & (ages < MISUSE_AGES[1]),
    )


def _at_first(size: float) -> int:
    return round(RESIDENTS * size)


def _later(size: float) -> int:
    return round(RESIDENTS * size * NEW * (END - BEGIN + 1) / 365.25)


def _born(count: int, older: float, luck: np.random.Generator) -> Ints:
    """Birthdays of those who live in a municipality in the beginning."""
    ages = np.arange(OLDEST)
    weights = np.interp(ages, AGES, LIVING) * np.exp(older * (ages - 40) / 40)
    drawn = luck.choice(OLDEST, count, p=weights / weights.sum())
    return np.asarray(BEGIN - 1 - (drawn * 365.25).astype(np.int64) - luck.integers(0, 365, count))


def _illness(born: Ints, luck: np.random.Generator) -> tuple[Ints, Ints]:
    """Since when each person belongs to each group, and until when."""
    ages = (day_of(2014) - born) / 365.25
    since, until = np.full((len(born), len(GROUPS)), NEVER), np.full((len(born), len(GROUPS)), NEVER)
    for place, group in enumerate(GROUPS):
        ill = np.flatnonzero(luck.random(len(born)) < np.interp(ages, AGES, group.common))
        lasted = luck.exponential(ILL_FOR * 365.25, len(ill)).astype(np.int64)
        since[ill, place] = np.maximum(born[ill] + 30, END - lasted)
        well = ill[luck.random(len(ill)) < RECOVERED]
        until[well, place] = since[well, place] + luck.integers(200, 2000, len(well))
    return since, until
