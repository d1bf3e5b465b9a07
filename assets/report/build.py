"""A month's report on disk: every file made beside its place, then put there whole. What was sent is kept and never written again."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from assets.lake.files import SHARED, beside, read_json, write_json
from assets.report import charts, danish, open_data, page, pdf, quality, workbook
from assets.report.changes import FACTS, frozen_reports, since_last
from assets.report.contents import FIGURES
from assets.report.figures import tell
from assets.report.reading import Reading, newest_month
from sources.errors import Missing


@dataclass(frozen=True)
class Built:
    """A report and what is worth knowing of it; `without_pdf` says why there is none, `frozen` is the paper as sent."""

    month: str
    release: str
    path: Path
    figures: int
    empty: list[str]
    seconds: float
    without_pdf: str = ""
    frozen: Path | None = None
    was_frozen: bool = False


class NoMonth(Missing):
    """The release has no final month to report on. The text says what to do."""


class OlderRelease(Missing):
    """The release has not the columns the report reads. The text says what to do."""


def build(release: Path, reports: Path, month: date | None = None, freeze: bool = False) -> Built:
    """Make the report of `month`, the newest the release has a final figure for if not given.

    Raises NoMonth when none is given and the release has none, and OlderRelease for one with other columns.
    """
    try:
        return _build(release, reports, month, freeze)
    except duckdb.BinderException as error:
        said = "was made by another version of ventetal: its tables have other columns than the report reads."
        raise OlderRelease(
            f"Release {release.resolve().name} {said} `ventetal run` makes one of the same deliveries that it can read."
        ) from error


def _build(release: Path, reports: Path, month: date | None, freeze: bool) -> Built:
    began = time.monotonic()
    month = month or newest_month(release)
    if month is None:
        raise NoMonth("The release has no final month to report on; `--month` makes the report of a month all the same.")
    name = f"{month:%Y-%m}"
    reports.mkdir(mode=SHARED, parents=True, exist_ok=True)
    part = beside(reports / name)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=SHARED)
    with Reading(release.resolve(), month) as reading:
        told = [tell(f, reading) for f in FIGURES]
        figures = [page.drawn(t) for t in told]
        # The browser prints while the other files are written.
        with ThreadPoolExecutor(1) as meanwhile:
            printed = meanwhile.submit(pdf.write, part / "ventetal.pdf", page.report(reading, figures, on_paper=True))
            changed, called = since_last(reading, reports)
            _write_pages(part, reading, figures, changed, called)
            workbook.write(part / "ventetal.xlsx", reading, figures)
            open_data.write(part / "data", reading, told)
            without_pdf = printed.result()
        (part / "index.html").write_text(page.report(reading, figures, has_pdf=not without_pdf), "utf-8")
        about = reading.about
    facts = {"month": name, "release": about["release_id"], "as_of": f"{about['as_of']:%Y-%m-%d %H:%M}"}
    write_json(part / FACTS, facts)
    _put(part, reports / name)
    kept, was_frozen = (None, False) if not freeze else _keep(reports, name, about["release_id"])
    _write_index(reports)
    empty = [t.figure.id for t in told if t.problem]
    return Built(name, about["release_id"], reports / name, len(told), empty, time.monotonic() - began, without_pdf, kept, was_frozen)


def _write_pages(part: Path, reading: Reading, figures: list[page.Drawn], changed: list[dict[str, object]] | None, called: str) -> None:
    (part / "kvalitet.html").write_text(page.quality(reading, quality.parts(reading, changed, called)), "utf-8")
    (part / "figures").mkdir()
    for drawn in figures:
        if drawn.drawing:
            (part / "figures" / f"{drawn.told.figure.id}.png").write_bytes(charts.png(drawn.drawing.alone))


def _put(part: Path, target: Path) -> None:
    """The new report in place of the old one; a reader sees one or the other, or for a moment none, never half of one."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _keep(reports: Path, month: str, release: str) -> tuple[Path, bool]:
    """The paper as sent, under its release; one that is there stays as it is."""
    target = reports / f"{month}_{release}"
    if target.exists():
        return target, True
    part = beside(target)
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(reports / month, part)
    for path in part.rglob("*"):
        path.chmod(0o550 if path.is_dir() else 0o440)
    part.rename(target)
    return target, False


def _write_index(reports: Path) -> None:
    def named(facts: dict[str, object]) -> dict[str, object]:
        as_of = datetime.fromisoformat(str(facts["as_of"]))
        return facts | {"name": danish.month(date.fromisoformat(f"{facts['month']}-01")), "as_of": f"{as_of:%d-%m-%Y %H:%M}"}

    paths = sorted(reports.glob(f"????-??/{FACTS}"), reverse=True)
    months = [named(read_json(p)) | {"has_pdf": (p.parent / "ventetal.pdf").exists()} for p in paths]
    text = page.index(months, [named(f) for f in frozen_reports(reports)])
    part = beside(reports / "index.html")
    part.write_text(text, "utf-8")
    part.replace(reports / "index.html")
