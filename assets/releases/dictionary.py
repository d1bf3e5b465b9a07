"""Writes data/README.md: every table analysts see, its limits first, every column with its meaning, and a question it answers.

python -m assets.releases.dictionary             after a change of a contract, a field or a table's SQL
python -m assets.releases.dictionary --check     what `make check` asks: ends with 1 while it is stale
"""

import sys
from pathlib import Path

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.catalog.questions import questions
from assets.catalog.statements import PROVISIONAL, QF_COLUMNS
from assets.catalog.verified import unverified
from assets.releases import meta
from assets.tables.qualifiers import QF
from sources import reasons
from sources.settings import PROJECT

TARGET = Path("data") / "README.md"
HEADS = "| Column | Unit | Adds up | Danish label | Meaning |\n|---|---|---|---|---|"


# Columns that mean the same wherever they stand, told once: what qualifies a row.
EVERYWHERE = (QF, QF_COLUMNS, PROVISIONAL)


def dictionary_text(catalog: Catalog) -> str:
    """The dictionary in Markdown."""
    columns: dict[str, list[str]] = {}
    everywhere: dict[str, str] = {}
    for table_name, _, name, _, unit, aggregate, label, meaning, is_key, _ in meta.dictionary(catalog, {}):
        key = " (key)" if is_key else ""
        row = (f"`{name}`{key}", unit or "", aggregate or "", label or "", meaning)
        line = "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        lines = columns.setdefault(table_name, [])
        if name in EVERYWHERE:
            everywhere[name] = line
        else:
            lines.append(line)
    columns = dict(sorted(columns.items()))
    parts = [
        "# What is in a release\n",
        "Generated from the contracts by `python -m assets.releases.dictionary`; edit those. The tables are in",
        "`releases/current/ventetal.duckdb` and, a file each, below `releases/current/`. Shares lie between 0 and 1,",
        "rounded to nine decimals. Each measure says how it adds up: `sum`; `snapshot`, but not over time; `none`. The same words are",
        "the comments of the tables and columns in the database, and `meta.column_dictionary`. `ventetal catalogue` makes pages with the",
        "rows, more questions, and where each column comes from.\n",
        "## Contents\n",
        *(f"- [{name}](#{name.replace('.', '')}): {catalog.contract(name).description.purpose}" for name in columns),
        "- [meta](#meta): How the figures came to be.",
        "- [Why something is refused](#why-something-is-refused)\n",
        "## Columns of many tables\n",
        HEADS,
        *(everywhere[name] for name in EVERYWHERE if name in everywhere),
        "",
    ]
    for name, rows in columns.items():
        contract = catalog.contract(name)
        parts.append(f"## {name}\n")
        if mind := [w for w in (contract.description.limitations, _unverified(catalog, name)) if w]:
            parts.append(f"**Mind:** {' '.join(mind)}\n")
        parts.append(f"{contract.description.purpose} One row: {contract.object.dataGranularityDescription}\n")
        if asked := questions(catalog.tree, catalog.tables[name]):
            parts.append(f"*{asked[0].ask}*\n\n```sql\n{asked[0].sql}\n```\n")
        parts += [HEADS, *rows, ""]
    parts.append("## meta\n\nHow the figures came to be.\n")
    for name, table in meta.tables().items():
        parts.append(f"### meta.{name}\n\n{table.row}\n\n| Column | Type | Meaning |\n|---|---|---|")
        parts += [f"| `{c}` | {column.type} | {column.meaning} |" for c, column in table.columns.items()] + [""]
    parts += _refusals(catalog)
    return "\n".join(parts).rstrip() + "\n"


def _unverified(catalog: Catalog, name: str) -> str:
    found = [f"{u.rows} of {u.of_rows} rows of {u.lookup}" for u in unverified(catalog, name)]
    return f"Not verified against their source: {', '.join(found)}." if found else ""


def _refusals(catalog: Catalog) -> list[str]:
    rules = [(f"rule:{id_}", f"{name}: {words}") for name, e in catalog.extracts.items() for id_, _, words in e.contract.row_rules]
    parts = ["## Why something is refused\n\nThe codes stay as they are; the sentence beside one in `meta` says what it was this time.\n"]
    for title, codes in (
        ("A file (`meta.receipt.reason`)", reasons.FILES),
        ("A value (`meta.quarantine_summary.reason`, after the column's name)", reasons.VALUES),
        ("A record (`meta.quarantine_summary.reason`)", reasons.RECORDS | dict(rules)),
    ):
        parts.append(f"### {title}\n\n| Code | Meaning |\n|---|---|")
        parts += [f"| `{code}` | {meaning} |" for code, meaning in codes.items()] + [""]
    return parts


def main() -> None:
    text = dictionary_text(load_catalog(PROJECT))
    if "--check" not in sys.argv:
        (PROJECT / TARGET).write_text(text, "utf-8")
    elif (PROJECT / TARGET).read_text("utf-8") != text:
        sys.exit(f"{TARGET} does not say what the contracts say: run `make fix`.")


if __name__ == "__main__":
    main()
