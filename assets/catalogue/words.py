"""Danish words of the catalogue: units, how a measure adds up, and how a value is written in a table that is filtered and sorted."""

from datetime import date, datetime
from typing import Any

from assets.pages import danish

UNITS = {
    "admissions": "indlæggelser", "attempts": "målinger", "calls": "opkald", "cases": "sager", "cells": "målepunkter",
    "contacts": "kontakter", "counted": "antal", "days": "dage", "groups": "grupper", "hours": "timer", "index": "indeks",
    "inquiries": "henvendelser", "kr": "kr.", "milliseconds": "millisekunder", "minutes": "minutter", "months": "måneder",
    "municipalities": "kommuner", "oere": "øre", "of the value": "som værdien", "pathways": "forløb", "persons": "personer",
    "providers": "leverandører", "records": "poster", "referrals": "henvisninger", "residents": "borgere", "seconds": "sekunder",
    "settlements": "afregninger", "share": "andel", "thousand kr": "tusind kr.", "times": "gange", "treatments": "behandlinger",
    "visits": "besøg", "weeks": "uger", "years": "år",
}  # fmt: skip
ADDS_UP = {"sum": "kan lægges sammen", "snapshot": "kan lægges sammen, men ikke over tid", "none": "kan ikke lægges sammen"}
YES_NO = {True: "ja", False: "nej"}
# Columns whose days stand for a whole month or year.
MONTHS, YEARS = ("month", "period", "quarter"), ("year",)
PLACES = 4


def unit(name: str | None) -> str:
    """The unit in Danish; as it is declared where there is no word for it."""
    return UNITS.get(name or "", name or "")


def text(value: Any, column: str, unit: str | None = None) -> str:
    """A value as it stands in a row: shares as percent with two places, other numbers with four at most, months like 2015-03."""
    if isinstance(value, bool):
        return YES_NO[value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y}" if column in YEARS else f"{value:%Y-%m}" if column in MONTHS else value.isoformat()
    if isinstance(value, str):
        return value
    if unit == danish.SHARE:
        return danish.percent(value, 2)
    said = danish.number(value, 0 if isinstance(value, int) else PLACES)
    return said if isinstance(value, int) else said.rstrip("0").removesuffix(",")
