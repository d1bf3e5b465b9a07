"""What a figure is: declared once, with the query it shows, how it is drawn, what it may say and how it was made.

The figures themselves are declared in the modules named after their subject; `contents` puts them in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple

from markupsafe import Markup

from assets.pages.danish import period, years
from assets.report.reading import ColumnWords, Reading, Row, needed

Kind = Literal["line", "columns", "stack", "bars", "pairs", "heat", "levels", "years", "waterfall", "courses"]


@dataclass(frozen=True)
class Panel:
    """One chart of a figure: columns of its rows, over the months, the years or over the names of the rows.

    `target` is the column with the target, of all values or of the one in `aims`; `limits` the indicator and subject whose natural
    limits are drawn. `only` are the names that are drawn, if not all; `is_reversed` draws the rows from the last to the first.
    """

    kind: Kind
    values: tuple[str, ...]
    title: str = ""
    target: str = ""
    aims: str = ""
    limits: tuple[str, str] | None = None
    only: tuple[str, ...] = ()
    is_reversed: bool = False


class Note(NamedTuple):
    """What somebody noted on indicators, from one month to another; its letter stands in the charts."""

    letter: str
    first: date
    last: date
    text: str
    author: str
    about: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """A figure with what the release tells of it. `problem` says why there is nothing, in words."""

    figure: "Figure"
    reading: Reading
    rows: list[Row]
    findings: list[Row]
    problem: str = ""

    @property
    def columns(self) -> list[str]:
        """Columns to be shown: those that are no hidden fact and no mark."""
        return [c for c in self.rows[0] if not c.startswith("_") and c not in ("qf", "qf_columns", "is_provisional")] if self.rows else []

    def words(self, column: str) -> ColumnWords:
        own = self.figure.labels.get(column)
        known = self.reading.words_of(column, needed(self.figure.key))
        if own and known:
            return ColumnWords(own, known.unit, known.type, known.meaning)
        return known or ColumnWords(own or column, self.figure.units.get(column))

    def unit(self, row: Row, column: str) -> str | None:
        """What a value is counted in; a figure of many measures says it of each row."""
        of_row = self.figure.row_units.get(column)
        return row[of_row] if of_row else self.words(column).unit

    def named(self, row: Row) -> str:
        """What the row is of, in the reader's words."""
        column = self.figure.names
        return self.reading.codes.get((column, row[column]), str(row[column]))

    @property
    def last_final(self) -> date | None:
        """The newest final month its rows have."""
        months = [r["month"] for r in self.rows if "month" in r and not r.get("is_provisional")]
        return max(months) if months else next((r["_to"] for r in self.rows if "_to" in r), None)

    @property
    def period(self) -> str:
        """The months or years its rows speak of, in words."""
        if self.years:
            return years(self.years[0], self.years[-1])
        if not self.rows or not ({"month", "_from"} & set(self.rows[0])):
            return ""
        return period(self.rows[0].get("_from") or self.rows[0]["month"], self.rows[0].get("_to") or self.rows[-1]["month"])

    @property
    def years(self) -> list[date]:
        """The years its rows speak of, oldest first; none where they are of months."""
        return sorted({row[c] for row in self.rows for c in ("year", "_year", "_last_year") if row.get(c)})

    @property
    def indicators(self) -> list[Row]:
        """What was found of every indicator the overview lists."""
        asked = (*self.figure.findings, *self.figure.listed)
        return [] if self.problem else [self.reading.findings[f] for f in asked if f in self.reading.findings]

    @cached_property
    def notes(self) -> list["Note"]:
        """What is noted on its indicators in months that it shows, each with a letter; one note may be on several indicators."""
        months = sorted(r["month"] for r in self.rows if "month" in r)
        about = {*self.figure.findings, *self.figure.listed}
        found: dict[tuple[date, date, str, str], set[tuple[str, str]]] = {}
        for row in self.reading.annotations if months else []:
            whose, first, last = (row["indicator"], row["subject"]), row["valid_from"].replace(day=1), row["valid_to"].replace(day=1)
            if whose in about and first <= months[-1] and last >= months[0]:
                found.setdefault((first, last, row["note"], row["author"]), set()).add(whose)
        return [Note(chr(ord("a") + place), *said, frozenset(whose)) for place, (said, whose) in enumerate(found.items())]

    @property
    def current(self) -> list[Row]:
        """The rows of its last final month."""
        return [r for r in self.rows if r.get("month") == self.last_final] if self.rows and "month" in self.rows[0] else self.rows


class Point(NamedTuple):
    """Something to be told first: `kind` is one of `points.KINDS`, of those of a kind the heaviest goes first."""

    kind: str
    weight: float
    sentence: Markup


@dataclass(frozen=True)
class Figure:
    """One figure of a paper. `findings` are the indicators it states, `says` adds what only this figure can say, `minds` what must be
    known wherever its course is told.

    `listed` are indicators for the overview alone, of a figure that states them in words of its own. Of no indicator are `points`, main
    points; `good`, what goes well; and `since`, what is another than the month before. `doubts` says of how much its indicators are
    uncertain, `basis` below the figure what it stands on, `absent` why there are no rows. `row_units` are columns whose unit another
    column of the row holds. Where the charts carry every number, `on_screen_only` spares paper the table.
    """

    id: str
    title: str
    method: str
    panels: tuple[Panel, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()
    listed: tuple[tuple[str, str], ...] = ()
    says: Callable[[Told], list[Markup]] | None = None
    minds: Callable[[Told], list[Markup]] | None = None
    basis: Callable[[Told], list[Markup]] | None = None
    absent: Callable[[Reading], str] | None = None
    names: str = "month"
    pivot: tuple[str, str] | None = None
    points: Callable[[Told], list[Point]] | None = None
    good: Callable[[Told], list[Markup]] | None = None
    since: Callable[[Told], list[Markup]] | None = None
    doubts: Callable[[Told], Markup] | None = None
    places: int = 1
    labels: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    row_units: dict[str, str] = field(default_factory=dict)
    on_screen_only: bool = False

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True)
class Section:
    """Figures of one subject; `domain` is whose publishing decides how fresh they are, `extracts` what they are made from.

    `note` is the method they have in common."""

    key: str
    title: str
    domain: str
    extracts: tuple[str, ...]
    figures: tuple[Figure, ...]
    note: str = ""


def tell(figure: Figure, reading: Reading) -> Told:
    """Ask the release for a figure. What is not there gives a sentence instead of rows."""
    lacking = reading.lacking(figure.key)
    rows = [] if lacking else reading.ask(figure.key)
    findings = [reading.findings[f] for f in figure.findings if f in reading.findings]
    problem = ""
    if lacking:
        problem = f"Udgivelsen indeholder ikke tallene: {', '.join(lacking)} er endnu ikke offentliggjort."
    elif not rows:
        problem = figure.absent(reading) if figure.absent else "Udgivelsen indeholder ingen endelige tal til og med rapportens måned."
    return Told(figure, reading, rows, findings if rows else [], problem)
