"""What a paper is: what it is called, what stands in it, of which period it is and where it lies. `contents` declares the papers."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from assets.pages import danish
from assets.report.figures import Figure, Section


@dataclass(frozen=True)
class Paper:
    """A paper that is made anew of every month or year.

    `folder` is its place by the period, as strftime writes it; `file` what its workbook and PDF are called; `table` the mart given whole
    as open data; `template` its page. Only one with a page on the quality of data `has_quality`.
    """

    title: str
    unit: Literal["month", "year"]
    folder: str
    file: str
    table: str
    template: str
    sections: tuple[Section, ...]
    has_quality: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(f for s in self.sections for f in s.figures)

    @property
    def whole_table(self) -> str:
        """Every row of its table up to the period."""
        return f"select * from marts.{self.table} where {self.unit} <= ${self.unit} order by all"

    @property
    def pattern(self) -> str:
        """What all its folders are called, as glob reads it."""
        return self.folder.replace("%Y", "????").replace("%m", "??")

    def place(self, period: date) -> str:
        return f"{period:{self.folder}}"

    def code(self, period: date) -> str:
        """The period as machines write it."""
        return f"{period:%Y}" if self.unit == "year" else f"{period:%Y-%m}"

    def period(self, code: str) -> date:
        return date.fromisoformat(f"{code}-01-01" if self.unit == "year" else f"{code}-01")

    def words(self, period: date) -> str:
        """The period as a reader names it."""
        return f"{period:%Y}" if self.unit == "year" else danish.month(period)

    def called(self, period: date) -> str:
        return f"{self.title} {self.words(period)}"
