"""Questions that a table answers, declared beside its contract: what an analyst asks, and the SQL that answers it. And the words that
analysts ask by.
"""

from pydantic import RootModel

from assets.catalog.declared import Table
from sources.documents import read
from sources.tree import Tree
from sources.vocabulary import Model

QUESTIONS = ".questions.yaml"
SYNONYMS = "expectations/synonyms.yaml"


class Question(Model):
    """A question in Danish, and SQL on marts and reference that answers it in a few rows."""

    ask: str
    sql: str


def questions(tree: Tree, table: Table) -> list[Question]:
    """Those of `expectations/<layer>/<table>.questions.yaml`; none where there is no such file. Raises ContractError."""
    path = tree.path(f"expectations/{table.layer}/{table.contract.id}{QUESTIONS}")
    if not path.exists():
        return []
    document = read(path, f"{path.parent.name}/{path.name}")
    if not isinstance(document.content, list):
        raise document.wrong("it is a list of questions, each with `ask` and `sql`")
    return [document.valid(Question, said, place) for place, said in enumerate(document.content)]


class Synonyms(RootModel[list[list[str]]]):
    """Words for the same thing, in groups."""


def synonyms(tree: Tree) -> list[list[str]]:
    """The groups of words by which the catalogue is searched, in small letters; none where there is no such file. Raises ContractError."""
    path = tree.path(SYNONYMS)
    if not path.exists():
        return []
    return [[word.casefold() for word in group] for group in read(path, path.name).valid(Synonyms).root]
