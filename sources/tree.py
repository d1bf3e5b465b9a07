"""What is declared, in two folders of one tree: the product's, and what a region has of its own beside it.

A file of the region takes the place of the product's at the same path, another one adds to it; `data/reference/<table>.add.csv` adds rows
to a table, and `fields.yaml` and `domains.yaml` add keys. Knows files alone: what they say is read where they are declared.
"""

import csv
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import Field

from sources.documents import ContractError, Document, read
from sources.vocabulary import Model

# What says of a folder that it is a region's.
SELF = "region.yaml"
FOLDERS = ("sources", "expectations", "sql", "data/reference")
ADDED = ".add.csv"
# Documents whose keys a region adds to.
BY_KEY = ("expectations/fields.yaml", "expectations/domains.yaml")


class Licence(Model):
    """On which terms others may use what is published."""

    name: str
    url: str = Field(pattern="^https?://")


class Contact(Model):
    """Whom to ask about what is published."""

    name: str
    email: str = Field(pattern="^[^@ ]+@[^@ ]+$")


class Region(Model):
    """What a region says of itself: what lakes remember it by, and its name for people. Persons and figures of one that is `invented`
    are nobody's: no production shows them. Domains it is `without` it delivers nothing for: nobody waits for them, nothing shows them.
    Releases say its `licence` and `contact`, and the web `address` below which they can be fetched, where there are any.
    """

    id: str
    name: str
    invented: bool = False
    without: list[str] = []
    licence: Licence | None = None
    contact: Contact | None = None
    address: str = Field(default="", pattern=r"^(https?://[^@\s]*)?$")


@dataclass(frozen=True)
class Tree:
    """The product's folder, and the region's where there is one. Paths are named as below either of them, like sql/marts/x.sql."""

    product: Path
    own: Path | None = None

    @cached_property
    def region(self) -> Region | None:
        """What the region says of itself. Raises ContractError."""
        if self.own is None:
            return None
        if not (self.own / SELF).is_file():
            raise ContractError(f"{self.own} is no folder of a region: it has no {SELF}; `ventetal region new` makes one")
        return read(self.own / SELF).valid(Region)

    def path(self, name: str) -> Path:
        """The file of that name, the region's before the product's; the product's where there is none."""
        own = self.own / name if self.own else None
        return own if own and own.exists() else self.product / name

    def glob(self, pattern: str) -> list[Path]:
        """The files below both folders, by name."""
        found = {self.name(p): p for root in (self.product, self.own) if root for p in root.glob(pattern)}
        return [found[name] for name in sorted(found)]

    def name(self, path: Path) -> str:
        """A path as below its folder."""
        return str(path.relative_to(self.own if self.is_own(path) and self.own else self.product))

    def is_own(self, path: Path) -> bool:
        """Whether a file is the region's."""
        return self.own is not None and self.own in path.parents

    def documents(self, name: str) -> list[Document]:
        """The product's document of that name, and what the region adds to it. Raises ContractError for a key that is in both."""
        paths = [p for p in (self.product / name, self.own / name if self.own else None) if p and p.exists()]
        found = [read(p, str(p) if self.is_own(p) else "") for p in paths] or [read(self.product / name)]
        if len(found) > 1 and isinstance(found[0].content, dict) and isinstance(found[1].content, dict):
            for key in found[0].content.keys() & found[1].content.keys():
                raise found[1].wrong(f"{key} stands in {name} of the product already; a region adds other ones", key)
        return found

    def rows(self, table: str) -> str:
        """The text of a reference table: its file and the rows that the region adds. Raises ContractError for other columns."""
        path = self.path(f"data/reference/{table}.csv")
        text, added = path.read_text("utf-8"), self.added(table)
        if added is None:
            return text
        try:
            header, _, more = added.read_text("utf-8-sig").partition("\n")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ContractError(f"{added}: line {line}: a character that is not UTF-8; save the file as UTF-8") from error
        if header.rstrip("\r") != text.partition("\n")[0].rstrip("\r"):
            raise ContractError(f"{added}: its first line is not that of {path.name}: {text.partition(chr(10))[0]}")
        return text.rstrip("\n") + "\n" + more

    def added(self, table: str) -> Path | None:
        """The region's file of rows that it adds to a table."""
        path = self.own / "data" / "reference" / f"{table}{ADDED}" if self.own else None
        return path if path and path.is_file() else None

    def records(self, table: str) -> list[dict[str, str]]:
        """The rows of a reference table by column."""
        return _records(self.rows(table))

    @cached_property
    def own_files(self) -> list[str]:
        """What the region has of its own, by name."""
        if self.own is None:
            return []
        found = (p for folder in FOLDERS for p in (self.own / folder).rglob("[!.]*") if p.is_file())
        return sorted(self.name(p) for p in found)

    @cached_property
    def invented(self) -> list[str]:
        """The region's files of reference tables with rows that say of themselves that they are invented."""
        tables = (name for name in self.own_files if name.startswith("data/reference/") and name.endswith(".csv"))
        # Whatever else is wrong with one is told where it is read.
        texts = ((name, self.path(name).read_text("utf-8", "replace")) for name in tables)
        return [name for name, text in texts if any("invented" in (r.get("source") or "").casefold() for r in _records(text))]

    @property
    def replaced(self) -> list[str]:
        """Those of them in whose place the product has another."""
        return [name for name in self.own_files if name not in BY_KEY and (self.product / name).is_file()]


def _records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))
