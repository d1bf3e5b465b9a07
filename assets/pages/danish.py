"""How report, catalogue and views write numbers, units, days, months and lists in Danish. Rounding is half away from zero, everywhere."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from sources.danish import MONTHS

Number = int | float | Decimal
# Units whose values are shares, and amounts that are read in millions of kroner, with the powers of ten to there; everything else is
# written as it is stored.
SHARE = "share"
MILLIONS = {"oere": 8, "thousand kr": 3}
WHOLE = {"number", "seconds"}
PLACES = {"oere": 2, "thousand kr": 2, "kr": 0, "index": 2}
# A number and its unit are never parted at the end of a line.
WORDS = {
    "seconds": "\N{NO-BREAK SPACE}sek.", "days": "\N{NO-BREAK SPACE}dage", "weeks": "\N{NO-BREAK SPACE}uger",
    "kr": "\N{NO-BREAK SPACE}kr.", "oere": "\N{NO-BREAK SPACE}mio. kr.", "thousand kr": "\N{NO-BREAK SPACE}mio. kr.",
    "per_thousand": "\N{NO-BREAK SPACE}pr. 1.000",
}  # fmt: skip
UNITS = {
    "admissions": "indlæggelser", "attempts": "målinger", "calls": "opkald", "cases": "sager", "cells": "målepunkter",
    "contacts": "kontakter", "counted": "antal", "days": "dage", "groups": "grupper", "hours": "timer", "index": "indeks",
    "inquiries": "henvendelser", "kr": "kr.", "milliseconds": "millisekunder", "minutes": "minutter", "months": "måneder",
    "municipalities": "kommuner", "oere": "øre", "of the value": "som værdien", "pathways": "forløb", "persons": "personer",
    "providers": "leverandører", "records": "poster", "referrals": "henvisninger", "residents": "borgere", "seconds": "sekunder",
    "settlements": "afregninger", "share": "andel", "thousand kr": "tusind kr.", "times": "gange", "treatments": "behandlinger",
    "visits": "besøg", "weeks": "uger", "years": "år",
}  # fmt: skip
# Units that the head of a column says where its label does not: nobody sees them in a number.
OF_HEADS = ("oere", "kr", "thousand kr", "milliseconds", "seconds", "minutes", "hours", "days", "weeks")
YES_NO = {True: "ja", False: "nej"}
ONE = {"days": "\N{NO-BREAK SPACE}dag", "weeks": "\N{NO-BREAK SPACE}uge"}


def unit(name: str | None) -> str:
    """The unit in Danish; as it is declared where there is no word for it."""
    return UNITS.get(name or "", name or "")


def head(label: str, name: str | None) -> str:
    """The head of a column, with its unit where nothing else says it: Medfinansiering (øre)."""
    said = unit(name)
    # Måledage says it; opgørelse is no øre.
    if name not in OF_HEADS or re.search(rf"{re.escape(said)}(?!\w)", label.casefold()):
        return label
    return f"{label[:-1]}, {said})" if label.endswith(")") else f"{label} ({said})"


def rounded(value: Number, places: int) -> Decimal:
    """Half away from zero, on the number as it reads: 2.675 is 2.68, whatever the nearest binary number is."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def number(value: Number, places: int = 0) -> str:
    """2532 is 2.532; 0.5 with one place is 0,5."""
    said = rounded(value, places)
    text = f"{abs(said):,.{places}f}".translate(str.maketrans(",.", ".,"))
    return f"−{text}" if said < 0 else text


def percent(share: Number, places: int = 1) -> str:
    """A share as percent: 0.9508 is 95,1 %, with a space that does not break."""
    return f"{number(Decimal(str(share)) * 100, places)}\N{NO-BREAK SPACE}%"


def quantity(value: Number, unit: str | None, places: int = 1, with_unit: bool = True) -> str:
    """A value in its unit: a share as percent, counts of indicators and seconds whole, other means with a place."""
    if unit == SHARE:
        return percent(value, places)
    if unit in PLACES:
        text = number(in_millions(value, unit), PLACES[unit])
    else:
        whole = unit in WHOLE or isinstance(value, int) or float(value).is_integer()
        text = number(value, 0 if whole else places)
    word = ONE.get(unit or "") if text == "1" else None
    return text + (word or WORDS.get(unit or "", "")) if with_unit else text


def in_millions(value: Number, unit: str | None) -> Decimal:
    """An amount in millions of kroner; of another unit the value itself."""
    return Decimal(str(value)).scaleb(-MILLIONS.get(unit or "", 0))


def signed(value: Number, unit: str | None, places: int = 1) -> str:
    """A change that says which way it goes: +0,50 or −1,83; nothing is 0,00."""
    text = quantity(value, unit, places, with_unit=False)
    return f"+{text}" if value > 0 and not is_nothing(value, unit, places) else text


def places_that_tell(value: Number, other: Number, unit: str | None, places: int) -> int:
    """Places enough that a value that misses another does not read as it: 79,96 % is no 80,0 %."""
    if value == other:
        return places
    while places < 7 and quantity(value, unit, places) == quantity(other, unit, places):
        places += 1
    return places


def whole_or(share: Number, places: int) -> int:
    """No places for a share of whole percent."""
    return 0 if rounded(Decimal(str(share)) * 100, 6) % 1 == 0 else places


def difference(change: Number, unit: str | None, places: int = 1) -> str:
    """The size of a change: shares differ in percentage points."""
    if unit == SHARE:
        return f"{number(abs(Decimal(str(change))) * 100, places)}\N{NO-BREAK SPACE}procentpoint"
    return quantity(abs(float(change)), unit, places)


def change(value: Number, unit: str | None, places: int = 1) -> str:
    """A change with its sign and unit: +2,8 procentpoint."""
    sign = "" if is_nothing(value, unit, places) else "+" if value > 0 else "−"
    return sign + difference(value, unit, places)


def is_nothing(change: Number, unit: str | None, places: int = 1) -> bool:
    """Whether a change disappears in rounding."""
    size = Decimal(str(change)) * 100 if unit == SHARE else in_millions(change, unit)
    return rounded(size, 0 if unit in WHOLE else PLACES.get(unit or "", places)) == 0


def day(moment: date) -> str:
    """1. juni 2015, with the time of day where there is one that is not midnight."""
    clock = f" kl. {moment.hour}.{moment:%M}" if isinstance(moment, datetime) and (moment.hour or moment.minute) else ""
    return f"{moment.day}. {month(moment)}{clock}"


def month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def short_month(day: date) -> str:
    return f"{MONTHS[day.month - 1][:3]} {day.year}"


def quarter(day: date) -> str:
    """1. kvartal 2015."""
    return f"{(day.month + 2) // 3}. kvartal {day.year}"


def period(first: date, last: date) -> str:
    """Months as a reader names them: a month, a quarter, or from one to another."""
    if first == last:
        return month(first)
    if (first.year, last.month - first.month, first.month % 3) == (last.year, 2, 1):
        return quarter(first)
    return f"{MONTHS[first.month - 1]} {first.year} til {month(last)}"


def years(first: date, last: date) -> str:
    """A year, or from one to another."""
    return f"{first.year}" if first.year == last.year else f"{first.year} til {last.year}"


def listed(names: Sequence[str]) -> str:
    """a, b og c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} og {names[-1]}" if names else ""
