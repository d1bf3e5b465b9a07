"""The quality page: what was delivered, refused, doubted, withheld and changed, from the release's own account of itself."""

from dataclasses import dataclass

from assets.report.reading import ColumnWords, Reading, Row
from assets.report.tables import Cell, Table, cell

LABELS = {
    "accepted": "Godkendt", "accepted_reason": "Accepteret fordi", "accepted_until": "Accepteret til og med",
    "arrived_at": "Seneste levering", "completeness_share": "Godkendt andel", "data_as_of": "Leverancer til og med", "domain": "Område",
    "due": "Aftale", "due_at": "Frist",
    "extract": "Udtræk", "held": "Holdt tilbage", "ignored": "Ingen poster", "in_force": "Gældende", "is_held": "Holdt tilbage",
    "is_provisional": "Foreløbig", "last_date": "Seneste dag", "month": "Måned", "named": "Nævnt", "newest_at": "Seneste modtaget",
    "newest_date": "Nyeste post",
    "offenders": "Tilfælde", "quarantined": "Afvist", "quarantined_share": "Afvist andel", "reason": "Årsag", "receipts": "Leverancer",
    "records": "Poster", "refused": "Afviste filer", "replaced": "Afløst", "rule": "Regel", "severity": "Alvor", "since": "Siden",
    "status": "Status", "table_name": "Tabel", "why": "Hvorfor", "withdrawn": "Trukket tilbage", "cells": "Tilbageholdte tal",
    "of_cells": "Tal i alt", "amount_share": "Tilbageholdt andel", "measure": "Tal",
    "indicator": "Nøgletal", "subject": "For",
    "period": "Periode", "rows_waiting": "Rækker", "figures_waiting": "Tal i rækkerne", "published_at": "Offentliggjort",
    "value_then": "Dengang", "value": "Nu",
}  # fmt: skip
# Counts that are missing where few persons stand behind them.
COUNTS = {"records", "accepted", "quarantined", "offenders", "completeness_share"}
SHARES = {"completeness_share", "quarantined_share", "amount_share"}


@dataclass(frozen=True)
class Part:
    """One table of the page, with what it shows and what to say when it is empty."""

    key: str
    title: str
    explanation: str
    empty: str
    table: Table


# Key (of sql/report/quality_<key>.sql) -> title, explanation, what an empty table means.
PARTS = {
    "domains": (
        "Områder",
        "Et område, hvis kontroller fejler, bliver stående på de seneste godkendte tal.",
        "Udgivelsen har ingen områder.",
    ),
    "deliveries": ("Leverancer", "Hver fil, der er modtaget, og hvad der blev af den.", "Der er ikke modtaget noget."),
    "records": (
        "Poster",
        "Poster = godkendt + afvist + ingen poster (overskrifter, totaler og fodnoter efter en fast regel).",
        "Der er ikke læst nogen poster.",
    ),
    "quarantine": (
        "Afviste poster efter årsag",
        "Afviste poster indgår ikke i noget tal. En post kan have flere årsager.",
        "Ingen poster er afvist.",
    ),
    "checks": ("Kontroller med anmærkning", "Advarsler vises ved tallene; fejl holder området tilbage.", "Alle kontroller er bestået."),
    "late": ("Forsinkede udtræk", "Udtræk, der ikke er kommet til tiden, eller hvis nyeste post er gammel.", "Alt er kommet til tiden."),
    "coverage": ("Måneder", "De seneste tre måneder af hvert udtræk til og med rapportens.", "Ingen måneder er leveret."),
    "suppression": (
        "Tilbageholdte tal",
        "Hvor mange tal der er tilbageholdt, fordi få personer kunne genkendes, i de måneder og kvartaler, hvor noget er; andelen er af"
        " behandlinger eller forløb og står, hvor den kan regnes ud af det viste.",
        "Ingen tal er tilbageholdt.",
    ),
    "pending": (
        "Senere oplysninger",
        "Offentliggjorte tal om personer, som ville være anderledes efter det, der er oplyst siden. De rettes samlet hvert kvartal, hvor"
        " forskellen ikke fortæller om få personer; rækker, hvor et tal må blive stående, er mærket »tidligere opgørelse«.",
        "Intet offentliggjort tal ville være anderledes i dag.",
    ),
}


def parts(reading: Reading, changed: list[Row] | None, frozen: str) -> list[Part]:
    """Every part; `changed` are the indicators that differ from the last frozen report, called `frozen`, None if there is none."""
    return [*(_part(reading, key, *PARTS[key]) for key in PARTS), _changes(reading, changed, frozen)]


def _part(reading: Reading, key: str, title: str, explanation: str, empty: str) -> Part:
    return Part(key, title, explanation, empty, _table(reading, title, reading.ask(f"quality_{key}")))


def _changes(reading: Reading, changed: list[Row] | None, frozen: str) -> Part:
    title = "Ændret siden sidste papir"
    if changed is None:
        return Part(
            "aendringer",
            title,
            "Nøgletal, der er anderledes end i den sidste frosne rapport.",
            "Ingen rapport er frosset endnu.",
            Table(title, []),
        )
    explanation = f"Nøgletal, der er anderledes nu end i {frozen}."
    return Part("aendringer", title, explanation, f"Intet er ændret siden {frozen}.", _table(reading, title, changed))


def _table(reading: Reading, caption: str, rows: list[Row]) -> Table:
    if not rows:
        return Table(caption, [])
    names = [n for n in rows[0] if not n.startswith("_")]
    heads = [LABELS.get(n, n) for n in names]
    return Table(caption, heads, [[_cell(reading, row, n) for n in names] for row in rows])


def _cell(reading: Reading, row: Row, column: str) -> Cell:
    unit = row.get("_unit") if column in ("value", "value_then") else "share" if column in SHARES else None
    return cell(row[column], ColumnWords(column, unit), 2, reading.codes, column, column in COUNTS)
