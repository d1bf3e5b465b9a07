"""The open data of a paper as a Data Package (Frictionless, version 1): of each file its title, period, sector, terms and columns.

A Danish file says how its numbers, days and answers are written, so that a program that reads the package reads both files alike.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from assets.lake.files import json_text
from assets.releases.database import PACKAGE
from assets.report.reading import ColumnWords, Row
from sources.stamp import PERIODS, next_month

# A datetime is a date and a bool an int: the narrower first.
_TYPES = ((bool, "boolean"), (int, "integer"), ((float, Decimal), "number"), (datetime, "datetime"), (date, "date"), (str, "string"))
_DANISH: dict[str, dict[str, Any]] = {
    "boolean": {"trueValues": ["ja"], "falseValues": ["nej"]},
    "number": {"decimalChar": ","},
    "date": {"format": "%d-%m-%Y"},
    "datetime": {"format": "%d-%m-%Y %H:%M:%S"},
}


@dataclass(frozen=True)
class File:
    """A table of the open data, in both notations: what it is called, how it was made, which part of the paper it is of, its rows."""

    name: str
    title: str
    method: str
    sector: str
    rows: list[Row]
    words: dict[str, ColumnWords]


def package_text(release: Path, name: str, title: str, files: list[File]) -> str:
    """`datapackage.json` of files that lie beside it. Terms are those of the release, of an earlier one none."""
    said = _said(release)
    terms = {word: said[word] for word in ("licenses", "contributors", "invented") if word in said}
    lacking = said.get("absent") or ("" if said else "Ikke oplyst: licens, kontakt.")
    return json_text(
        {
            "profile": "data-package",
            "name": name,
            "title": title,
            "description": " ".join(filter(None, ["Tallene bag figurerne, på dansk og i ISO-notation.", lacking])),
            "version": release.name,
            **terms,
            "resources": [resource for file in files for resource in _resources(file)],
        }
    )


@dataclass(frozen=True)
class Publisher:
    """Who publishes a release, by its own words: `name` is '' where it says none, `contact` has `title` and `email`."""

    name: str
    contact: dict[str, str] | None
    is_invented: bool


def publisher_of(release: Path) -> Publisher:
    """What a release says of who publishes it; an earlier version's says less."""
    said = _said(release)
    by_role = {c["role"]: c for c in said.get("contributors", [])}
    return Publisher(by_role.get("publisher", {}).get("title", ""), by_role.get("contact"), bool(said.get("invented")))


def _said(release: Path) -> dict[str, Any]:
    """What a release says of itself; nothing of an earlier version."""
    path = release / PACKAGE
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _resources(file: File) -> Iterator[dict[str, Any]]:
    names = [n for n in file.rows[0] if not n.startswith("_")]
    span = _span(file.rows)
    about = {"title": file.title, "description": file.method, "sector": file.sector, **({"temporal": span} if span else {})}
    for suffix, delimiter, encoding in (("", ";", "utf-8-sig"), (".iso", ",", "utf-8")):
        written = _DANISH if not suffix else {}
        fields = [_field(file, name, written) for name in names]
        yield {
            "name": f"{file.name}{suffix}".lower(),
            "path": f"{file.name}{suffix}.csv",
            **about,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": encoding,
            "dialect": {"delimiter": delimiter},
            "schema": {"fields": fields},
        }


def _field(file: File, name: str, written: dict[str, dict[str, Any]]) -> dict[str, Any]:
    words = file.words.get(name)
    of = _type({type(row[name]) for row in file.rows if row[name] is not None})
    said = {"title": words.label, "description": words.meaning, "unit": words.unit} if words else {}
    return {"name": name, "type": of, **written.get(of, {}), **{word: value for word, value in said.items() if value}}


def _type(types: set[type]) -> str:
    found = {next((word for known, word in _TYPES if issubclass(t, known)), "string") for t in types}
    return found.pop() if len(found) == 1 else "number" if found == {"integer", "number"} else "string"


def _span(rows: list[Row]) -> dict[str, str]:
    """First and last day of the periods that the rows are of; nothing where they are of none."""
    for column, months in PERIODS.items():
        if days := [row[column] for row in rows if isinstance(row.get(column), date)]:
            return {"start": f"{min(days)}", "end": f"{next_month(max(days), months) - timedelta(days=1)}"}
    return {}
