"""The catalogue on disk: made beside its place, of one release, and put there whole."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import jinja2

from assets.catalog.declared import MARTS, Catalog
from assets.catalog.questions import synonyms
from assets.catalog.statements import QF_COLUMNS
from assets.catalogue import page
from assets.catalogue.changes import changes
from assets.catalogue.reading import Reading
from assets.catalogue.tables import Describing, Rows, TablePage
from assets.catalogue.words import YEARS, word
from assets.lake.files import SHARED, Lake, beside, discard, put_folder
from assets.lake.lock import alone
from assets.lake.manifests import manifest
from assets.pages import danish
from assets.pages.caveats import ABSENT
from assets.pages.csv_files import danish_csv, iso_csv
from assets.releases.database import OlderRelease, open_release
from assets.tables.qualifiers import QF, columns_of
from sources.documents import ContractError

DATA = "data"
# Pages that are of no table.
ALONE = 3
# Thousands of bytes.
KILO = 1000
# Seconds that one who makes a catalogue waits for another.
PATIENCE = 60


@dataclass(frozen=True)
class Built:
    """A catalogue and what is worth knowing of it. `tables` are those with rows, `faults` what it lacks, and why, in sentences."""

    release: str
    path: Path
    tables: int
    pages: int
    bytes: int
    seconds: float
    faults: list[str] = field(default_factory=list)


def build(lake: Lake, catalog: Catalog, release: Path, target: Path) -> Built:
    """Make the catalogue of a release at `target`. Raises Damaged for a release that is not what was made, and OlderRelease for one that
    says other things of itself, Locked where another process makes one and does not end.
    """
    began, part = time.monotonic(), beside(target)
    try:
        with alone(lake.files / f"{target.name}.lock", "catalogue", PATIENCE):
            pages, faults = _write(part, lake, catalog, release)
            put_folder(part, target)
    except (duckdb.BinderException, duckdb.CatalogException, jinja2.UndefinedError) as error:
        # Pages of another release than the one that is shown are not left standing: it may have been withdrawn.
        if target.exists():
            discard(target)
        raise OlderRelease(release, "the catalogue") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(p.stat().st_size for p in target.rglob("*") if p.is_file())
    shown = sum(p.rows is not None for p in pages)
    return Built(release.resolve().name, target, shown, len(pages) + ALONE, size, time.monotonic() - began, faults)


def _write(part: Path, lake: Lake, catalog: Catalog, release: Path) -> tuple[list[TablePage], list[str]]:
    """Write all files of the catalogue into a new folder; the pages of tables there are, and what could not be read for them."""
    shutil.rmtree(part, ignore_errors=True)
    (part / DATA).mkdir(mode=SHARED, parents=True)
    part.chmod(SHARED)
    with open_release(release, one_order=True) as con:
        reading = Reading(lake, catalog, manifest(lake, release.resolve().name), con)
        pages = Describing(reading).pages()
        groups, faults = list[list[str]](), [p.unasked for p in pages if p.unasked]
        try:
            groups = synonyms(catalog.tree)
        except ContractError as error:
            faults.append(str(error))
        for told in pages:
            files = list(_files(reading, told, release, part / DATA)) if told.rows else []
            (part / told.href).write_text(page.table(reading, told, files), "utf-8")
        for name, text in (
            ("index.html", page.index(reading, pages, groups)),
            ("changes.html", page.changed(reading, changes(reading))),
            ("meta.html", page.about(reading)),
            ("style.css", page.style_sheet()),
            ("catalogue.js", page.script()),
        ):
            (part / name).write_text(text, "utf-8")
    return pages, faults


def _files(reading: Reading, told: TablePage, release: Path, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Write the files of a table to download; the name of each, what it is, and its size."""
    assert told.rows
    names = [c.name for c in told.rows.columns]
    written = {}
    if told.layer == MARTS:
        written[f"{told.name}.csv"] = ("dansk CSV", danish_csv(*_in_danish(reading, told.rows)))
        written[f"{told.name}.parquet"] = ("Parquet", (release / MARTS / f"{told.contract.id}.parquet").read_bytes())
    if told.layer == MARTS or told.rows.is_whole:
        written[f"{told.name}.iso.csv"] = ("ISO-CSV", iso_csv(names, told.rows.values))
    for name, (what, content) in written.items():
        (folder / name).write_bytes(content)
        yield f"{DATA}/{name}", what, f"{danish.number(max(1, len(content) // KILO))} kB"


def _in_danish(reading: Reading, rows: Rows) -> tuple[list[str], list[list[object]]]:
    """The columns of the page with heads and codes in Danish words, and which of them have no value in a row, and why."""
    names = [c.name for c in rows.columns]
    codes, heads = reading.codes_of([*names, QF]), dict(zip(names, rows.heads, strict=True))

    def said(value: object, column: str) -> object:
        if column == QF_COLUMNS:
            return _of_columns(columns_of({QF_COLUMNS: value}), heads, codes[QF])
        if column in YEARS and isinstance(value, date):
            return value.year
        return value if value is None else word(value, column, codes[column]) or value

    return rows.heads, [[said(v, n) for v, n in zip(row, names, strict=True)] for row in rows.values]


def _of_columns(letters: dict[str, list[str]], heads: dict[str, str], words: dict[str, str]) -> str:
    """Of which columns a qualifier speaks: told where a row has several, since a single one speaks of all that are empty."""
    if len(letters) == 1 and letters.keys() <= ABSENT.keys():
        return ""
    return "; ".join(f"{', '.join(heads[n] for n in names)} ({words.get(letter, letter)})" for letter, names in letters.items())
