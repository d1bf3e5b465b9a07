"""What files are called: as a person reads it, and where there are persons only as far as the name was agreed on.

A name that a supplier chose freely may be somebody's name or number, so it is neither kept nor published there.
"""

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from assets.deliveries.stamps import stamps_of_name
from sources.layout import Extract
from sources.person_numbers import may_be_number
from sources.reasons import Refused

_ENCODINGS = ("utf-8", "cp1252", "latin-1")


def name_of(path: Path) -> str:
    """The name of a file as text, whatever bytes it was written in."""
    raw = os.fsencode(path.name)
    for encoding in _ENCODINGS:
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise AssertionError("every byte is a character of Latin-1")


def agreed(extract: Extract, name: str) -> bool:
    """Whether a layout of the extract knows files of this name, packed or not, and nothing in it could be a person's number."""
    if not known_to_layout(extract, name):
        return False
    try:
        stamps = stamps_of_name(extract, name).texts
    except Refused:
        return False
    return not holds_number(name, stamps)


def known_to_layout(extract: Extract, name: str) -> bool:
    """Whether a layout of the extract has a pattern for names that fits this one, packed or not."""
    return any(layout.file and layout.file.fullmatch(name.removesuffix(".gz")) for layout in extract.layouts)


def not_kept(extract: Extract, receipt_id: str, inner_name: str) -> str:
    """What a file is called in place of its own name: the name agreed on of the one file inside, else its receipt."""
    return inner_name if agreed(extract, inner_name) else f"{receipt_id} (name not kept)"


def holds_number(name: str, stamps: Iterable[str]) -> bool:
    """Whether digits of a name, but for those of its `stamps`, could be a person's number."""
    for stamp in stamps:
        name = name.replace(stamp, "|", 1)
    return may_be_number(name)
