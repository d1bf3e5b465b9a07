"""What the tests of the papers share: a release that is changed, its queries asked by DuckDB alone, and numbers read off a page."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb

from assets.lake.seals import seal_folder
from assets.releases.database import DATABASE
from assets.report import prose
from assets.report.contents import COFINANCING
from assets.report.figures import Told, tell
from assets.report.reading import Reading
from tests.pages import Element

SQL = Path(__file__).resolve().parent.parent / "sql" / "report"
Rows = list[dict[str, Any]]
# The year of the paper of co-financing that the example region has.
YEAR = date(2014, 1, 1)


def every_query(release: Path, period: date) -> dict[str, Rows]:
    """The rows of every query of the papers, asked of the release by nothing but DuckDB."""
    found = {}
    with duckdb.connect(str(release / "ventetal.duckdb"), read_only=True) as con:
        for path in SQL.glob("*.sql"):
            sql = path.read_text("utf-8")
            answer = con.execute(sql, {unit: period for unit in ("month", "year") if f"${unit}" in sql})
            names = [d[0] for d in answer.description or []]
            found[path.stem] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    return found


def changed(release: Path, target: Path, *statements: str) -> Path:
    """A copy of the release in which something is not there, or another."""
    made = Path(shutil.copytree(release, target / release.resolve().name))
    (made / DATABASE).chmod(0o640)
    with duckdb.connect(str(made / DATABASE)) as con:
        for statement in statements:
            con.execute(statement)
    seal_folder(made)
    return made


def section(index: Element, figure: str) -> Element:
    return index.one("section", aria_labelledby=figure)


def numbers(rows: Rows) -> set[float]:
    return {float(v) for row in rows for v in row.values() if isinstance(v, int | float) and not isinstance(v, bool)}


def numbers_of(row: dict[str, Any]) -> list[float]:
    """Numbers of the columns that are shown."""
    return [float(v) for c, v in row.items() if c[0] != "_" and isinstance(v, int | float) and not isinstance(v, bool)]


def reads_as(text: str, value: float, unit: str = "") -> bool:
    """Whether a printed number is `value` rounded half away from zero to the places it is printed with.

    Of a share it is the percentage; of an amount, by the number or the head of its column (`unit`), the millions of kroner.
    """
    found = re.match(r"[+−-]?[\d.]+(?:,(\d+))?", text)
    assert found, text
    places = len(found[1] or "")
    printed = Decimal(found[0].replace("−", "-").replace(".", "").replace(",", "."))
    is_share = "%" in text or "procentpoint" in text or "pct.point" in text
    # Amounts are stored in øre, those of the state's totals in thousands of kroner.
    scales = ("100",) if is_share else ("1e-8", "1e-3") if "mio. kr." in text + unit else ("1",)
    exact = [Decimal(repr(value)) * Decimal(scale) for scale in scales]
    is_size = "procentpoint" in text or "pct.point" in text
    return any(printed in (r, abs(r) if is_size else r) for x in exact for r in [x.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)])


@contextmanager
def figure(release: Path, id_: str, year: date = YEAR) -> Iterator[Told]:
    """What one figure tells of a release."""
    with Reading(release, year) as reading:
        yield tell(next(f for f in COFINANCING.figures if f.id == id_), reading)


def sentences(release: Path, id_: str, year: date = YEAR) -> str:
    """What is found in a figure, or why there is nothing, and what it stands on, as it reads."""
    with figure(release, id_, year) as told:
        basis = told.figure.basis(told) if told.figure.basis and not told.problem else []
        return told.problem or " ".join(s.striptags() for s in (*prose.findings(told), *basis))


def in_2014(table: str, change: str, where: str = "true") -> str:
    return f"update marts.{table} set {change} where year = '2014-01-01' and {where}"
