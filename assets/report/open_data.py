"""The figures as open data: each as a CSV for Danish spreadsheets and one for machines, a dictionary, and checksums."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets.pages.csv_files import danish_csv, iso_csv
from assets.releases.database import PACKAGE
from assets.report.data_package import File, package_text
from assets.report.figures import Told
from assets.report.papers import Paper
from assets.report.reading import Reading, Row

DICTIONARY_HEADS = ["fil", "kolonne", "betegnelse", "type", "enhed", "betydning"]


def write(folder: Path, paper: Paper, reading: Reading, told: list[Told]) -> None:
    """The files of `folder`: two for each figure that has rows, two of the paper's whole table, ordbog.csv, datapackage.json and
    SHA256SUMS.
    """
    folder.mkdir(parents=True)
    described: list[list[Any]] = []
    files: list[File] = []
    about = {f.id: (f"{f.id} {f.title}", f.method, section.title) for section in paper.sections for f in section.figures}
    for name, rows in _tables(paper, reading, told):
        names = [n for n in rows[0] if not n.startswith("_")]
        values = [[row[n] for n in names] for row in rows]
        (folder / f"{name}.csv").write_bytes(danish_csv(names, values))
        (folder / f"{name}.iso.csv").write_bytes(iso_csv(names, values))
        spoken = {c: next((t.words(c) for t in told if t.figure.id == name), reading.words_of(c, [f"marts.{paper.table}"])) for c in names}
        title, method, sector = about.get(name, (f"{name}, hele tabellen", "", paper.title))
        files.append(File(name, title, method, sector, rows, {c: words for c, words in spoken.items() if words}))
        for column, words in spoken.items():
            described.append([name, column, *((words.label, words.type, words.unit, words.meaning) if words else ("", "", "", ""))])
    (folder / "ordbog.csv").write_bytes(danish_csv(DICTIONARY_HEADS, described))
    code = f"{paper.file}-{paper.code(reading.period)}".lower()
    (folder / PACKAGE).write_text(package_text(reading.release, code, paper.called(reading.period), files), "utf-8")
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums), "utf-8")


def _tables(paper: Paper, reading: Reading, told: list[Told]) -> Iterator[tuple[str, list[Row]]]:
    for t in told:
        if t.rows:
            yield t.figure.id, t.rows
    if f"marts.{paper.table}" in reading.tables and (rows := reading.every(paper.whole_table)):
        yield paper.table, rows
