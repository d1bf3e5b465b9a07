"""Whether a text could hold a number of a person, for what is kept or said of names. What becomes of numbers: `sources.pseudonym`."""

import re

# Digits that could be a number however they are written apart, and a number within a text.
_LIKE_A_NUMBER = re.compile(r"\d(?:[\W_]{0,3}\d){7,}")
_WITHIN = re.compile(r"(?<![0-9])[0-9]{6}[\W_]{0,3}[0-9A-ZÆØÅ]{4}(?![0-9A-ZÆØÅ])")


def may_be_number(text: str) -> bool:
    """Whether a text has digits that could be a person's number: for names, where nothing may look like one."""
    return _LIKE_A_NUMBER.search(text) is not None


def tells_number(text: str) -> bool:
    """Whether a text has what is written like a person's number, alone or among other words."""
    return _WITHIN.search(text) is not None
