"""The words of a contract on numbers of persons: what of a table may not be published, and what would tell it.

Belongs here: what may be said and how it fits together. Does not belong here: what is withheld by it (`assets.tables.disclosure`).
"""

from pydantic import Field, model_validator

from sources.vocabulary import Model


class Number(Model):
    """A number of persons, or of what was counted of them, in each row: published, or (`_`) a column of the SQL alone that can be
    told from what is published.

    `persons` is a column of the SQL: how many persons it describes, NULL for nobody. A zero counts as few where `zeroTells` (all
    the others have what the zero lacks). `largest`: the share of its largest contributor, which must be under a half, in it or in the
    `amount` that goes with it.
    `atLeast`: the smallest it can be, as everybody knows who sees the row; nought where that is not said.
    """

    persons: str
    zeroTells: bool = False
    largest: str | None = None
    amount: str | None = None
    atLeast: str | None = None


class Parts(Model):
    """In each row the parts add up to the whole. A name whose column holds text stands for the number that the text names."""

    whole: str
    parts: list[str] = Field(min_length=1)


class Total(Model):
    """A protected table of which the rows of this one are parts: with equal columns of `on`, in the same period, own `numbers` add
    up to those of the table. A quarter meets the sum of its months.
    """

    table: str
    on: list[str] = []
    numbers: dict[str, str] = Field(min_length=1)


class Before(Model):
    """What the table was called before, or its part of a table: its disclosure ledger still holds.

    `numbers`: what a group of that ledger withheld; `cell`: the table has that table's rows whose last value of the key was this.
    """

    table: str
    cell: str | None = None
    numbers: dict[str, list[str]] = {}


class Disclosure(Model):
    """Which numbers of a table may not be published: see `assets.tables.disclosure`.

    Rows with the same values of `within`, a period first, are judged together, each named by its `cells`. `sums` hold in each row,
    `totals` between tables. `follows`: what is worked out of numbers is withheld with any of them. `few`: a median or quantile, and
    the column of the SQL that says how many persons lie on its smaller side. `together`: numbers of a row of which all are withheld
    or none. `ofWhole`: a share of all rows of a period, and the number it is a share of. `known`: numbers whose sum over the rows of a
    period is told by what was delivered. `yearBefore` maps a column onto the number it repeats from the month a year earlier.
    `early`: numbers of a whole region, told while the period may still change; no other is.
    """

    within: list[str] = Field(min_length=1)
    cells: list[str] = []
    numbers: dict[str, Number] = Field(min_length=1)
    sums: list[Parts] = []
    totals: list[Total] = []
    follows: dict[str, list[str]] = {}
    few: dict[str, str] = {}
    together: list[list[str]] = []
    ofWhole: dict[str, str] = {}
    known: list[str] = []
    yearBefore: dict[str, str] = {}
    early: list[str] = []
    was: Before | None = None

    @model_validator(mode="after")
    def _names_its_numbers(self) -> "Disclosure":
        said = [*(n for s in self.sums for n in (s.whole, *s.parts)), *(n for f in self.follows.values() for n in f)]
        said += (
            [n for t in self.totals for n in t.numbers]
            + [n for t in self.together for n in t]
            + [*self.yearBefore.values(), *self.ofWhole.values(), *self.known]
        )
        if unknown := sorted({n for n in said if n not in self.numbers and not n.startswith("_")}):
            raise ValueError(f"{', '.join(unknown)}: not among the numbers")
        return self

    @property
    def key(self) -> list[str]:
        return [*self.within, *self.cells]

    @property
    def published(self) -> list[str]:
        """The numbers that analysts see."""
        return [n for n in self.numbers if not n.startswith("_")]

    @property
    def measures(self) -> list[str]:
        """Every column that may be withheld."""
        return list(dict.fromkeys([*self.published, *self.follows, *self.few, *self.ofWhole, *self.yearBefore]))

    @property
    def asked(self) -> set[str]:
        """Columns that the SQL must give beside those of the contract."""
        of_numbers = {c for n in self.numbers.values() for c in (n.persons, n.largest, n.amount, n.atLeast) if c}
        said = {n for s in self.sums for n in (s.whole, *s.parts)} | {n for names in self.follows.values() for n in names}
        return {*self.key, *self.numbers, *of_numbers, *said, *self.few.values()}
