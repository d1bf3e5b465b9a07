"""The quality page: what was delivered, refused, doubted, withheld and changed, from the release's own account of itself."""

from dataclasses import dataclass

from assets.pages.caveats import HIDDEN, NOTHING
from assets.report.reading import ColumnWords, Reading, Row
from assets.report.tables import Cell, Table, cell

LABELS = {
    "accepted": "Godkendt", "amount_share": "Tilbageholdt andel", "arrived_at": "Seneste levering", "causes": "Årsag",
    "cells": "Tilbageholdte tal", "checks": "Kontroller", "checks_accepted": "Heraf godtaget indtil videre",
    "checks_failed": "Med anmærkning", "completeness_share": "Godkendt andel", "data_as_of": "Leverancer til og med",
    "domain_status": "Status", "due_at": "Frist", "extract": "Udtræk", "figures_waiting": "Tal i rækkerne", "held": "Tilbageholdt",
    "ignored": "Ikke poster", "in_force": "Gældende", "is_held": "Tilbageholdt", "is_provisional": "Foreløbig", "label": "Område",
    "last_date": "Seneste dag", "lateness": "Forsinkelse", "measure_label": "Tal", "month": "Måned", "newest_at": "Seneste modtaget",
    "newest_date": "Nyeste post", "of_cells": "Tal i alt", "indicator": "Nøgletal", "period": "Periode",
    "published_at": "Offentliggjort", "quarantined": "Afvist", "quarantined_share": "Afvist andel", "receipts": "Leverancer",
    "records": "Poster", "refused": "Afviste filer", "replaced": "Afløst", "rows_waiting": "Rækker", "severity": "Alvor",
    "since": "Siden", "subject": "For", "table_name": "Opgørelse", "value": "Nu", "value_then": "Dengang",
    "withdrawn": "Trukket tilbage",
}  # fmt: skip
# Counts that are missing where few persons stand behind them, and what is missing because there is nothing to tell.
COUNTS = {"records", "accepted", "quarantined"}
NONE = {"data_as_of": "ingen leverancer", "last_date": "ingen", "newest_date": "ingen", "due_at": "ingen", "amount_share": "kan ikke vises"}
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
        "Hvis en kontrol fejler, bliver området stående med de seneste godkendte tal.",
        "Udgivelsen har ingen områder.",
    ),
    "deliveries": ("Leverancer", "De filer, der er modtaget, og hvad der er sket med dem.", "Der er ikke modtaget noget."),
    "records": (
        "Poster",
        "Hver linje i en fil er enten godkendt, afvist eller ikke en post (fx overskrifter, totaler og fodnoter).",
        "Der er ikke læst nogen poster.",
    ),
    "quarantine": (
        "Hvorfor poster er afvist",
        "Afviste poster indgår ikke i noget tal. En post kan være afvist af flere grunde.",
        "Ingen poster er afvist.",
    ),
    "checks": (
        "Kontroller med anmærkning",
        "En advarsel følger tallene; en fejl holder området tilbage. Kun områder med anmærkninger er vist.",
        "Alle kontroller er bestået.",
    ),
    "late": (
        "Forsinkede udtræk",
        "Udtræk, der ikke er kommet til tiden, eller hvis nyeste post er for gammel.",
        "Alle udtræk er kommet til tiden.",
    ),
    "coverage": ("Måneder", "De tre seneste måneder af hvert udtræk til og med rapportens måned.", "Der er ikke leveret nogen måneder."),
    "suppression": (
        "Tilbageholdte tal",
        "Hvor mange tal der er tilbageholdt, fordi enkeltpersoner ellers kunne genkendes. Andelen er beregnet af det, som tallene tæller,"
        " og vises kun, hvor den ikke røber noget tilbageholdt.",
        "Ingen tal er tilbageholdt.",
    ),
    "pending": (
        "Senere oplysninger",
        "Offentliggjorte tal om personer, der ville være anderledes med de oplysninger, som er kommet til siden. De rettes samlet hvert"
        " kvartal, hvor forskellen ikke røber noget om få personer. Rækker, hvor et tal må blive stående, er mærket ”tidligere opgørelse”.",
        "Ingen offentliggjorte tal ville være anderledes i dag.",
    ),
}


def parts(reading: Reading, changed: list[Row] | None, frozen: str) -> list[Part]:
    """Every part; `changed` are the indicators that differ from the last frozen report, called `frozen`, None if there is none."""
    return [*(_part(reading, key, *PARTS[key]) for key in PARTS), _changes(reading, changed, frozen)]


def _part(reading: Reading, key: str, title: str, explanation: str, empty: str) -> Part:
    return Part(key, title, explanation, empty, _table(reading, title, reading.ask(f"quality_{key}")))


def _changes(reading: Reading, changed: list[Row] | None, frozen: str) -> Part:
    title = "Ændret siden den seneste rapport"
    if changed is None:
        return Part(
            "aendringer",
            title,
            "Nøgletal, der er anderledes end i den seneste rapport, der er gemt som sendt.",
            "Der er endnu ikke gemt en rapport som sendt.",
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
    return cell(row[column], ColumnWords(column, unit), 2, reading.codes, column, _absent(row, column))


def _absent(row: Row, column: str) -> str:
    """Why a cell is empty: a count is withheld; a share of it is as well, unless there was nothing to take it of."""
    if column in COUNTS:
        return HIDDEN
    if column in ("completeness_share", "quarantined_share"):
        return HIDDEN if row["records"] is None else "ingen poster"
    return NONE.get(column, NOTHING)
