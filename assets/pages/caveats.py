"""The qualifiers of a row in Danish words: what is to be minded of it, and why a value is not there."""

from typing import Any

Row = dict[str, Any]
WITHHELD, PROVISIONAL, UNCERTAIN, BREAK, ESTIMATED, OLDER = "c", "p", "u", "b", "e", "r"
# Why a cell is empty, by its letter; HIDDEN goes before what is worked out of something that is missing.
HIDDEN, NOTHING = "tilbageholdt", "ikke opgjort"
ABSENT = {WITHHELD: HIDDEN, "m": "ikke oplyst", "z": "ikke relevant"}
CAUTIONS = {
    WITHHELD: "tilbageholdt (få personer)",
    PROVISIONAL: "foreløbig",
    UNCERTAIN: "usikker",
    BREAK: "databrud",
    ESTIMATED: "opgjort efter totaler",
    OLDER: "tidligere opgørelse",
}


def cautions(row: Row) -> list[str]:
    """The marks of a row in words."""
    letters = str(row.get("qf") or "") + (PROVISIONAL if row.get("is_provisional") else "")
    if not any(is_withheld(row, column) for column in row):
        letters = letters.replace(WITHHELD, "")
    return [words for letter, words in CAUTIONS.items() if letter in letters]


def why_absent(row: Row, column: str) -> str:
    """Why a value is missing, in a word: by its own letter in `qf_columns`, else by the row's, since what is worked out of a value that is
    missing is missing for the same reason."""
    named = [part.partition(": ") for part in str(row.get("qf_columns") or "").split("; ")]
    letters = [letter for letter, _, names in named if column in names.split(", ")] or str(row.get("qf") or "")
    return next((word for letter, word in ABSENT.items() if letter in letters), NOTHING)


def is_withheld(row: Row, column: str) -> bool:
    """Whether a value is missing because few persons stand behind it."""
    return row[column] is None and why_absent(row, column) == HIDDEN
