"""Persons: a CPR number becomes a person id while it is read, and is gone from then on.

The id is an HMAC-SHA-256 of the number under a key that only the operator has: a plain hash of ten digits is reversed in
minutes. Each purpose (a contract's domain, or what a column says) has a key of its own, so that tables made for different purposes
cannot be joined.
What a CPR number is: python-stdnum and the CPR office's note on numbers without a check digit; see `cpr_type`.
"""

import hmac
import re
from datetime import date
from itertools import pairwise
from operator import mul
from pathlib import Path

import numpy as np
import pyarrow as pa

from sources.errors import WrongUsage
from sources.settings import PRODUCTION, settings

DEMO_KEY = b"ventetal example region, no secret at all"
SHORTEST_KEY_BYTES = 32
# Different pairs of neighbours, of letters or of the steps between them: 32 random digits have more than twice as many.
FEWEST_PAIRS = 16
TYPE = "$cpr_type"
# Before the name of a column of persons: its ids, as SQL sees them.
PERSON = "$person "
# What stands in place of a text that is no CPR number: never the text itself.
NOT_A_NUMBER = "-"
# As people and programs write it: an optional hyphen or space after the birthday. Digits of other scripts are no digits here.
_NUMBER = re.compile(r"(\d{6})[- ]?(\d{4})", re.ASCII)
# Hospitals give a person without a number one of their own: letters among the last four, or sixty added to the day. A single
# letter, or one that looks like a digit, is a slip of the hand.
_REPLACEMENT = re.compile(r"(\d{6})[- ]?(?=.?[A-Z].?[A-Z])([A-HJKMNP-RT-Z0-9]{3}\d)", re.ASCII)
_LOST_ZERO = re.compile(r"\d{9}", re.ASCII)
# The last day that every month has in every year: only later ones need a calendar.
_SHORTEST = 28
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_BLANKS = " \t\u00a0"


NO_KEY = "There is no pseudonym key: set VENTETAL_PSEUDONYM_KEY, or VENTETAL_PSEUDONYM_KEY_FILE to a file that only the operator may read."


class KeyRefused(WrongUsage):
    """The key is missing, too short, easily guessed, or another than before; nothing may be read."""


def pseudonym_key() -> bytes:
    """The operator's key from environment or key file; the public demo key where neither is set and it is not production.

    Raises KeyRefused.
    """
    said = settings()
    key, is_production = said.pseudonym_key.encode(), said.env == PRODUCTION
    if path := said.pseudonym_key_file:
        try:
            key = Path(path).read_bytes().strip()
        except OSError as error:
            raise KeyRefused(f"VENTETAL_PSEUDONYM_KEY_FILE names a file that cannot be read: {error.strerror}.") from None
        if not key:
            raise KeyRefused("VENTETAL_PSEUDONYM_KEY_FILE names a file that is empty.")
    if not key:
        if is_production:
            raise KeyRefused(NO_KEY)
        return DEMO_KEY
    if len(key) < SHORTEST_KEY_BYTES:
        raise KeyRefused(f"The pseudonym key has {len(key)} bytes; at least {SHORTEST_KEY_BYTES} random ones are needed.")
    if is_production and (DEMO_KEY in key.lower() or _can_be_guessed(key)):
        raise KeyRefused(f"The pseudonym key is public or a pattern that can be guessed; {SHORTEST_KEY_BYTES} random bytes are needed.")
    return key


def _can_be_guessed(key: bytes) -> bool:
    """Whether it is a piece that comes again and again, or letters in a row."""
    steps = [after - before for before, after in pairwise(key)]
    comes_again = any(key[n:] == key[:-n] for n in range(1, len(key) // 2 + 1))
    return comes_again or min(len(set(pairwise(row))) for row in (key, steps)) < FEWEST_PAIRS


def key_check(key: bytes) -> str:
    """What tells two keys apart and tells nothing about either."""
    return hmac.digest(key, b"ventetal: which key is this", "sha256").hex()[:32]


class Pseudonyms:
    """Ids of persons under one key and purpose. The same number always gives the same id."""

    def __init__(self, purpose: str, key: bytes | None = None) -> None:
        if key == b"":
            raise KeyRefused(NO_KEY)
        purpose_key = hmac.digest(key or pseudonym_key(), f"purpose: {purpose}".encode(), "sha256")
        # Begun once and copied for every number: taking in the key costs as much as the number itself.
        self._begun = hmac.new(purpose_key, digestmod="sha256")

    def of(self, text: str) -> tuple[str, str]:
        """(id, type) of a supplier's text; ('', '') for none, (NOT_A_NUMBER, '') for a text that is no number."""
        text = text.strip(_BLANKS)
        if not text:
            return "", ""
        number, kind = _recognised(text)
        if not kind:
            return NOT_A_NUMBER, ""
        return self._id(number.encode()), kind

    def _id(self, number: bytes) -> str:
        code = self._begun.copy()
        code.update(number)
        return code.hexdigest()[:32]

    def of_column(self, texts: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
        """Ids and types of a column of texts, each different one looked at once."""
        encoded = texts.dictionary_encode()
        ids, types = (pa.array(known, pa.string()).take(encoded.indices) for known in self.of_all(encoded.dictionary))
        return ids, types

    def of_all(self, texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
        """Ids and types of texts, none of them null, as `of` gives them: object arrays, shape (n,)."""
        ids, types = np.empty(len(texts), object), np.empty(len(texts), object)
        places, digits = _ordinary(texts.cast(pa.string()))
        ids[places] = [self._id(number) for number in (digits + ord("0")).view("S10").ravel().tolist()]
        types[places] = np.where(digits @ np.array(_WEIGHTS) % 11 == 0, "CPR", "UDEN_KONTROL")
        needs_look = np.ones(len(texts), bool)
        needs_look[places] = False
        for place in np.flatnonzero(needs_look):
            ids[place], types[place] = self.of(texts[int(place)].as_py())
        return ids, types


def _ordinary(texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Places and digits (uint8, shape (n, 10)) of the CPR numbers that need no second look: nearly all of them.

    They are ten digits, with a hyphen or space after the birthday or without, of a day that every month has.
    """
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    starts, lengths = offsets[:-1], np.diff(offsets)
    parted = lengths == 11
    parted[parted] = np.isin(letters[starts[parted] + 6], (ord("-"), ord(" ")))
    places, place = np.flatnonzero((lengths == 10) | parted), np.arange(10)
    # What is no digit wraps round to more than nine.
    digits = letters[starts[places, None] + place + (parted[places, None] & (place >= 6))] - np.uint8(ord("0"))
    days, months = digits[:, 0] * 10 + digits[:, 1], digits[:, 2] * 10 + digits[:, 3]
    needs_no_look = (digits <= 9).all(axis=1) & (days > 0) & (days <= _SHORTEST) & (months > 0) & (months <= 12)
    return places[needs_no_look], digits[needs_no_look]


def _recognised(text: str) -> tuple[str, str]:
    """(number, cpr_type) of a text, or ('', '').

    cpr_type: CPR; UDEN_KONTROL, a number whose check digit does not hold (given out since 2007, so never refused);
    ERSTATNING, a hospital's own; POLSTRET, nine digits that a spreadsheet left, taken if the day exists once padded.
    """
    if _LOST_ZERO.fullmatch(text):
        number = "0" + text
        return (number, "POLSTRET") if _is_birthday(number) else ("", "")
    if found := _NUMBER.fullmatch(text):
        number = found[1] + found[2]
        if _is_birthday(number):
            return number, "CPR" if _has_check(number) else "UDEN_KONTROL"
        if "61" <= number[:2] <= "91" and _is_birthday(f"{int(number[:2]) - 60:02d}{number[2:]}"):
            return number, "ERSTATNING"
    elif (found := _REPLACEMENT.fullmatch(text)) and _is_birthday("".join(found.groups())[:6] + "0000"):
        return "".join(found.groups()), "ERSTATNING"
    return "", ""


def _has_check(number: str) -> bool:
    """Whether the check digit holds (modulus 11)."""
    weighed: int = sum(map(mul, _WEIGHTS, number.encode())) - ord("0") * sum(_WEIGHTS)
    return weighed % 11 == 0


def _is_birthday(number: str) -> bool:
    """Whether the day exists; the seventh digit says in which century."""
    day, month, year, seventh = int(number[:2]), int(number[2:4]), int(number[4:6]), int(number[6])
    if 0 < day <= _SHORTEST and 0 < month <= 12:
        return True
    if seventh <= 3 or (seventh in (4, 9) and year >= 37):
        year += 1900
    elif seventh in (4, 9) or year < 58:
        year += 2000
    else:
        year += 1800
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
