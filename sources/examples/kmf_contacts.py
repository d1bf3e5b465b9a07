"""What happened to the example region's citizens: visits, admissions and courses with what they cost, and care at home or in a home.

Belongs here: who, when, where and the base amount. Who pays how much of it, and the files, belong to `kmf_files`.
"""

from datetime import date
from typing import NamedTuple

import numpy as np

from sources.examples.delivery import Bools, Ints, Month, generator_of
from sources.examples.kmf_citizens import AGES, BEGIN, END, GROUPS, HOME_AT, NEVER, YEARS, Citizens, civil, day_of

Stream = np.random.Generator


class Area(NamedTuple):
    """A kind of service: contacts of a person a year, how they go by age (at AGES) and need, median base amount and its spread."""

    name: str
    yearly: float
    by_age: tuple[float, ...]
    sway: float
    median: float
    spread: float
    days: float = 0.0
    is_hospital: bool = False
    is_psychiatric: bool = False


AREAS = (
    Area("SOMATIK_STATIONÆR", 0.062, (3.0, 0.9, 0.9, 1.3, 2.4, 4.6, 5.5), 1.2, 24_000, 0.85, 4.5, is_hospital=True),
    Area("SOMATIK_AMBULANT", 0.34, (1.2, 0.8, 0.8, 1.1, 2.0, 2.6, 2.0), 1.1, 1_900, 0.75, is_hospital=True),
    Area("PSYKIATRI_STATIONÆR", 0.0022, (0.0, 0.1, 1.6, 1.4, 1.0, 0.9, 0.6), 1.0, 3_700, 0.15, 17.0, True, True),
    Area("PSYKIATRI_AMBULANT", 0.025, (0.1, 0.6, 1.8, 1.2, 0.6, 0.5, 0.3), 1.0, 1_500, 0.4, 0.0, True, True),
    Area("ALMEN_LÆGE", 1.13, (1.5, 1.1, 1.0, 1.2, 1.7, 2.3, 2.2), 0.75, 150, 0.45),
    Area("SPECIALLÆGE", 0.36, (1.0, 0.8, 0.8, 1.1, 1.7, 1.7, 1.1), 0.9, 560, 0.55),
    Area("ØVRIG_PRAKSIS", 0.25, (0.1, 0.3, 0.8, 1.2, 1.5, 1.2, 0.9), 0.8, 260, 0.45),
    Area("GENOPTRÆNING", 0.021, (0.2, 0.3, 0.7, 1.2, 2.4, 3.0, 2.0), 1.0, 3_200, 0.6),
)
STATIONARY = [place for place, area in enumerate(AREAS) if area.days]
# A year raises every base amount by so much.
DEARER = 1.02
SOMATIC = ("DJ189", "DI500", "DS720", "DN390", "DI639", "DK359", "DR104", "DZ031", "DM171", "DC509", "DI489", "DH259", "DS525", "DO800")
PSYCHIATRIC = ("DF329", "DF322", "DF412", "DF431", "DF603", "DF840", "DF900", "DF200", "DF319")
MISUSE = ("DF100", "DF102", "DF103", "DF112", "DF122", "DF141", "DF192")
DIAGNOSES = (*SOMATIC, *PSYCHIATRIC, *MISUSE, *(group.diagnosis for group in GROUPS))
NO_DIAGNOSIS = -1
# How often a contact is about a group the person belongs to, and about misuse: in psychiatry and elsewhere.
ABOUT_GROUP, ABOUT_MISUSE = 0.25, (0.5, 0.12)
MISUSE_ADDS = (0.6, 6.0)
ACUTE = 0.62
# What becomes of an admission: another hospital takes over the same day, or an acute return, days later.
TRANSFERRED, RETURNED, RETURNED_AFTER = 0.03, 0.13, 16.0
# One citizen of a small municipality is in and out of psychiatry for a year: nearly all the municipality pays there is for him.
DOMINANT_HOME, DOMINANT_YEAR = "155", 2014
DOMINANT_STAYS, DOMINANT_DAYS, DOMINANT_EVERY = 14, 16, 25

# service: (chance to have had it at AGES, days it lasts, hours a week, how far these go apart, kr. an hour).
CARE: dict[str, tuple[tuple[float, ...], float, float, float, int]] = {
    "HJEMMEHJÆLP": ((0.0, 0.001, 0.004, 0.008, 0.07, 0.42, 0.7), 800, 3.2, 0.75, 385),
    "SYGEPLEJE": ((0.001, 0.001, 0.006, 0.015, 0.09, 0.36, 0.6), 350, 0.9, 0.6, 520),
    "PLEJEBOLIG": ((0.0, 0.0, 0.0005, 0.001, 0.014, 0.15, 0.45), 900, 22.0, 0.2, 415),
}
CARE_FROM = day_of(2010)


class Events(NamedTuple):
    """Contacts of citizens: `who` is a place in Citizens, `area` one in AREAS; one that is no admission begins the day it ends.

    `is_acute` is 1 or 0, and says something of admissions only.
    """

    who: Ints
    area: Ints
    begins: Ints
    ends: Ints
    is_acute: Ints

    def only(self, which: Bools | Ints) -> "Events":
        """Some of them."""
        return Events(*(column[which] for column in self))


class Contacts(NamedTuple):
    """Events in the order of their service dates (`ends`), with a place in DIAGNOSES or NO_DIAGNOSIS and a base amount in øre."""

    events: Events
    diagnosis: Ints
    base: Ints


class Care(NamedTuple):
    """Times of care: a citizen, a place in CARE, first and last day, minutes a week, and the price of an hour in øre of 2012."""

    who: Ints
    service: Ints
    begins: Ints
    ends: Ints
    minutes: Ints
    price: Ints


def contacts(people: Citizens, seed: int) -> Contacts:
    """Everything with a service date in the delivered months, wherever it was settled."""
    luck = generator_of(seed, Month(date(2012, 1, 1)), 310)
    parts = [_occasions(people, place, luck) for place in range(len(AREAS))]
    stays = _joined([_followed(parts[place], luck) for place in STATIONARY])
    all_ = _joined([_one_at_a_time(_joined([_dominant(people), stays])), *(p for at, p in enumerate(parts) if at not in STATIONARY)])
    all_ = all_.only((all_.ends >= BEGIN) & (all_.ends <= END) & people.living(all_.who, all_.ends))
    all_ = all_.only(np.lexsort((all_.area, all_.who, all_.ends)))
    return Contacts(all_, _diagnoses(people, all_, luck), _base(all_, luck))


def care(people: Citizens, seed: int) -> Care:
    """Care up to the last day, cut in two where somebody moves, so that each part belongs to one municipality."""
    luck = generator_of(seed, Month(date(2012, 1, 1)), 320)
    ages = (day_of(2013, 7) - people.born) / 365.25
    found = []
    for place, (chance, days, hours, spread, price) in enumerate(CARE.values()):
        who = np.flatnonzero(luck.random(len(ages)) < np.interp(ages, AGES, chance) * np.clip(people.body.mean(0), 0.6, 1.6))
        begins = luck.integers(CARE_FROM, END, len(who))
        ends = np.minimum(begins + luck.exponential(days, len(who)).astype(np.int64), people.left[who] - 1)
        begins = np.maximum(begins, people.arrived[who])
        minutes = np.ceil(60 * hours * np.exp(luck.normal(-spread / 4, spread, len(who)))).astype(np.int64)
        found.append(Care(who, np.full(len(who), place), begins, ends, minutes, np.full(len(who), price * 100)))
    whole = Care(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    moved = people.moved[whole.who]
    before = whole._replace(ends=np.minimum(whole.ends, moved - 1))
    after = whole._replace(begins=np.maximum(whole.begins, moved))
    cut = Care(*(np.concatenate(columns) for columns in zip(before, after, strict=True)))
    kept = cut.begins <= cut.ends
    return Care(*(column[kept] for column in cut))


def _occasions(people: Citizens, place: int, luck: Stream) -> Events:
    """What happens to everybody in an area by his need and age alone."""
    area = AREAS[place]
    need = people.mind if area.is_psychiatric else people.body
    who, begins = [], []
    for at, year in enumerate(YEARS):
        first, days = day_of(year), day_of(year + 1) - day_of(year)
        weight = area.yearly * np.interp((first + 182 - people.born) / 365.25, AGES, area.by_age) * need[at] ** area.sway
        adds = np.array([group.mind if area.is_psychiatric else group.body for group in GROUPS])
        ill = (people.ill_since < first + days // 2) & (people.ill_until > first)
        weight *= (1 + ill * adds).prod(1) * (1 + people.misuses * MISUSE_ADDS[area.is_psychiatric])
        who.append(np.repeat(np.arange(len(weight)), luck.poisson(weight)))
        begins.append(first + luck.integers(0, days, len(who[-1])))
    count = sum(map(len, who))
    came = np.concatenate(begins)
    lasted = luck.geometric(1 / area.days, count) if area.days else 0
    return Events(np.concatenate(who), np.full(count, place), came, came + lasted, (luck.random(count) < ACUTE).astype(np.int64))


def _followed(stays: Events, luck: Stream) -> Events:
    """The admissions and those that came of them, and of these again."""
    found, latest = [stays], stays
    for _ in range(2):
        what = luck.random(len(latest.who))
        latest, what = latest.only(what < TRANSFERRED + RETURNED), what[what < TRANSFERRED + RETURNED]
        is_return = what >= TRANSFERRED
        gap = np.where(is_return, 1 + luck.exponential(RETURNED_AFTER, len(what)).astype(np.int64), 0)
        begins = latest.ends + gap
        lasted = luck.geometric(1 / np.array([area.days or 1 for area in AREAS])[latest.area])
        is_acute = (is_return | (luck.random(len(what)) < ACUTE)).astype(np.int64)
        latest = Events(latest.who, latest.area, begins, begins + lasted, is_acute)
        found.append(latest)
    return _joined(found)


def _dominant(people: Citizens) -> Events:
    """The stays of one grown citizen of the small municipality."""
    first, last = day_of(DOMINANT_YEAR), day_of(DOMINANT_YEAR, 12, 31)
    at_home = (people.home == HOME_AT[DOMINANT_HOME]) & (people.moved > last) & (people.arrived < first) & (people.left > last)
    off = np.where(at_home, np.abs(people.born - day_of(1975)), NEVER)
    begins = first + 5 + DOMINANT_EVERY * np.arange(DOMINANT_STAYS)
    who, area = np.full(DOMINANT_STAYS, int(off.argmin())), np.full(DOMINANT_STAYS, STATIONARY[-1])
    return Events(who, area, begins, begins + DOMINANT_DAYS, np.ones(DOMINANT_STAYS, np.int64))


def _one_at_a_time(stays: Events) -> Events:
    """Without admissions that begin before the person's one before is over. He may be discharged and admitted on one day."""
    stays = stays.only(np.lexsort((stays.ends, stays.begins, stays.who)))
    latest = np.maximum.accumulate(stays.who * NEVER + stays.ends)
    before = np.concatenate([[0], latest[:-1]])
    return stays.only(before <= stays.who * NEVER + stays.begins)


def _diagnoses(people: Citizens, events: Events, luck: Stream) -> Ints:
    """Places in DIAGNOSES: something of the area, now and then the person's own illness."""
    count = len(events.who)
    is_hospital = np.array([area.is_hospital for area in AREAS])[events.area]
    is_psychiatric = np.array([area.is_psychiatric for area in AREAS])[events.area]
    somatic, psychiatric = luck.integers(0, len(SOMATIC), count), luck.integers(0, len(PSYCHIATRIC), count)
    found = np.where(is_psychiatric, len(SOMATIC) + psychiatric, somatic)
    offset = len(SOMATIC) + len(PSYCHIATRIC)
    about = luck.random(count) < np.where(is_psychiatric, *ABOUT_MISUSE)
    found = np.where(people.misuses[events.who] & about, offset + luck.integers(0, len(MISUSE), count), found)
    for place, group in enumerate(GROUPS):
        is_ill = (people.ill_since[events.who, place] <= events.ends) & (events.ends < people.ill_until[events.who, place])
        fits = is_psychiatric if group.mind > 1 else ~is_psychiatric
        found = np.where(is_ill & fits & (luck.random(count) < ABOUT_GROUP), offset + len(MISUSE) + place, found)
    return np.where(is_hospital, found, NO_DIAGNOSIS)


def _base(events: Events, luck: Stream) -> Ints:
    """Base amounts in øre: psychiatry counts its days in bed, all else is a tariff or a fee."""
    median = np.array([area.median for area in AREAS])[events.area]
    spread = np.array([area.spread for area in AREAS])[events.area]
    beds = np.where(events.area == STATIONARY[-1], events.ends - events.begins, 1)
    raised = DEARER ** (civil(events.ends)[0] - YEARS[0])
    return np.asarray(np.round(median * beds * np.exp(luck.normal(0, 1, len(median)) * spread) * raised * 100).astype(np.int64))


def _joined(parts: list[Events]) -> Events:
    return Events(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
