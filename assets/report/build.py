"""The papers on disk: every file made beside its place, then put there whole. What was sent is kept and never written again."""

import base64
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.lake.files import SHARED, beside, put_folder, read_json, write_json, write_text
from assets.pages import danish
from assets.releases.database import OlderRelease, open_release
from assets.report import open_data, page, pdf, quality, workbook
from assets.report.changes import FACTS, frozen_reports, since_last
from assets.report.contents import COFINANCING, MONTHLY
from assets.report.data_package import publisher_of
from assets.report.engine import KEPT, Engine
from assets.report.figures import tell
from assets.report.papers import Paper
from assets.report.reading import Reading, months_of, newest_month, newest_year
from sources.errors import Missing

ACCESSIBILITY = "tilgaengelighed.html"


@dataclass(frozen=True)
class Built:
    """A paper and what is worth knowing of it; `without_pdf` says why there is none, `frozen` is the paper as sent.

    `cofinancing` is the yearly paper that was made with a monthly report.
    """

    period: str
    release: str
    path: Path
    figures: int
    empty: list[str]
    seconds: float
    without_pdf: str = ""
    frozen: Path | None = None
    was_frozen: bool = False
    cofinancing: "Built | None" = None


@dataclass(frozen=True)
class Order:
    """Which papers are made of which release, and where they are put."""

    release: Path
    reports: Path
    freeze: bool
    month: date | None
    year: date | None

    def link(self, paper: Paper) -> page.Link | None:
        """To a paper that is made as well."""
        period = self.year if paper.unit == "year" else self.month
        return page.Link(paper.called(period), paper.place(period)) if period else None


@dataclass(frozen=True)
class Tools:
    """What the papers of one release share: the release opened, what draws and what prints."""

    con: duckdb.DuckDBPyConnection
    engine: Engine
    printer: pdf.Printer


class NoMonth(Missing):
    """The release has no final month to report on, or nothing of the one that is asked for. The text says what to do."""


def build(release: Path, reports: Path, month: date | None = None, freeze: bool = False) -> Built:
    """Make the report of `month`, the newest the release has a final figure for if not given, and the paper of co-financing if it has any.

    Raises NoMonth when none is given and the release has none, after the other paper is made, or when it has figures, and none as early or
    late as the one that is given; and OlderRelease for one with other columns.
    """
    if month and (there := months_of(release)) and not there[0] <= month <= there[1]:
        raise NoMonth(f"There is no figure of {month:%Y-%m} in the release: its months are {there[0]:%Y-%m} to {there[1]:%Y-%m}.")
    try:
        return _build(Order(release.resolve(), reports, freeze, month or newest_month(release), newest_year(release)))
    except duckdb.BinderException as error:
        raise OlderRelease(release, "the report") from error


def _build(order: Order) -> Built:
    if order.month or order.year:
        order.reports.mkdir(mode=SHARED, parents=True, exist_ok=True)
    # Neither paper waits for the other: the engine and the browser work in processes of their own.
    with (
        open_release(order.release) as con,
        Engine(order.reports / KEPT) as engine,
        pdf.Printer() as printer,
        ThreadPoolExecutor(2) as beside_each_other,
    ):
        tools = Tools(con, engine, printer)
        asked = [
            beside_each_other.submit(_make, paper, period, order, order.link(other), tools) if period else None
            for paper, period, other in ((MONTHLY, order.month, COFINANCING), (COFINANCING, order.year, MONTHLY))
        ]
        monthly, yearly = (a.result() if a else None for a in asked)
        if period := order.month or order.year:
            _write_index(order, period, con)
    if monthly:
        return replace(monthly, cofinancing=yearly)
    made = f" The paper of co-financing is made: {yearly.path / 'index.html'}." if yearly else ""
    raise NoMonth(f"The release has no final month to report on; `--month` makes the report of a month all the same.{made}")


def _make(paper: Paper, period: date, order: Order, other: page.Link | None, tools: Tools) -> Built:
    began = time.monotonic()
    target = order.reports / paper.place(period)
    part = beside(target)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=SHARED)
    with Reading(order.release, period, tools.con) as reading:
        told = [tell(f, reading) for f in paper.figures]
        figures = page.drawn(told, tools.engine)
        made = reading.about["created_at"]
        # The browser prints while the other files are written.
        with ThreadPoolExecutor(1) as meanwhile:
            on_paper = page.report(paper, reading, figures, on_paper=True)
            printed = meanwhile.submit(tools.printer.write, part / f"{paper.file}.pdf", on_paper, made)
            if paper.has_quality:
                (part / "kvalitet.html").write_text(
                    page.quality(reading, quality.parts(reading, *since_last(reading, order.reports))), "utf-8"
                )
            pictures = {d.told.figure.id: tools.engine.png(d.drawing.alone) for d in figures if d.drawing}
            workbook.write(part / f"{paper.file}.xlsx", paper, reading, figures)
            open_data.write(part / "data", paper, reading, told)
            _write_pictures(part / "figures", pictures)
            without_pdf = printed.result()
        (part / "index.html").write_text(page.report(paper, reading, figures, other, has_pdf=not without_pdf), "utf-8")
        about = reading.about
    code, release = paper.code(period), about["release_id"]
    write_json(part / FACTS, {paper.unit: code, "release": release, "as_of": f"{about['as_of']:%Y-%m-%d %H:%M}"})
    put_folder(part, target)
    kept, was_frozen = (None, False) if not order.freeze else _keep(target, release)
    empty = [t.figure.id for t in told if t.problem]
    return Built(code, release, target, len(told), empty, time.monotonic() - began, without_pdf, kept, was_frozen)


def _write_pictures(folder: Path, pictures: dict[str, Future[str]]) -> None:
    folder.mkdir()
    for name, picture in pictures.items():
        (folder / f"{name}.png").write_bytes(base64.b64decode(picture.result()))


def _keep(sent: Path, release: str) -> tuple[Path, bool]:
    """The paper as sent, under its release; one that is there stays as it is."""
    target = sent.with_name(f"{sent.name}_{release}")
    if target.exists():
        return target, True
    part = beside(target)
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(sent, part)
    for path in part.rglob("*"):
        path.chmod(0o550 if path.is_dir() else 0o440)
    part.rename(target)
    return target, False


def _write_index(order: Order, period: date, con: duckdb.DuckDBPyConnection) -> None:
    months, years = _listed(MONTHLY, order.reports), _listed(COFINANCING, order.reports)
    frozen = [_named(paper, facts) for paper in (MONTHLY, COFINANCING) for facts in frozen_reports(order.reports, paper)]
    with Reading(order.release, period, con) as reading:
        write_text(order.reports / "index.html", page.index(months, years, frozen, reading))
    write_text(order.reports / ACCESSIBILITY, page.accessibility(publisher_of(order.release).contact))


def _listed(paper: Paper, reports: Path) -> list[dict[str, Any]]:
    """The facts of every paper that is not frozen, newest first."""
    paths = sorted(reports.glob(f"{paper.pattern}/{FACTS}"), reverse=True)
    return [_named(paper, read_json(p)) | {"has_pdf": (p.parent / f"{paper.file}.pdf").exists()} for p in paths]


def _named(paper: Paper, facts: dict[str, Any]) -> dict[str, Any]:
    as_of, period = datetime.fromisoformat(str(facts["as_of"])), paper.period(str(facts[paper.unit]))
    name = paper.words(period) if paper is MONTHLY else paper.called(period)
    return facts | {"name": name, "place": paper.place(period), "file": paper.file, "as_of": danish.day(as_of)}
