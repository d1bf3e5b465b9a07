"""Whether a text could hold a number of a person, for what is kept or said of names. What becomes of numbers: `sources.pseudonym`."""

import re
import unicodedata

# Digits that could be a number however they are written apart, and a number within a text.
_LIKE_A_NUMBER = re.compile(r"\d(?:[\W_]{0,3}\d){7,}")
# A day, a month, a year and four more, with marks between any of them; nine digits are what a spreadsheet leaves of ten.
WITHIN = (
    r"(?:^|[^0-9])(?:0[1-9]|[1-9][0-9])[^0-9A-Za-z]{0,2}(?:0[1-9]|1[0-2])[^0-9A-Za-z]{0,2}(?:[12][0-9])?[0-9]{2}[^0-9A-Za-z]{0,4}"
    r"(?:[0-9]{4}|[A-Za-z]{2}[0-9]{2}|[A-Za-z0-9]{3}[0-9])(?:$|[^0-9A-Za-z])"
    r"|(?:^|[^0-9])[1-9](?:0[1-9]|1[0-2])[0-9]{6}(?:$|[^0-9])"
)
_WITHIN = re.compile(WITHIN)


def may_be_number(text: str) -> bool:
    """Whether a text has digits that could be a person's number: for names, where nothing may look like one."""
    return _LIKE_A_NUMBER.search(text) is not None


def tells_number(text: str) -> bool:
    """Whether a text has what is written like a person's number, alone or among other words, in digits of any script."""
    return _WITHIN.search(unicodedata.normalize("NFKC", text)) is not None
