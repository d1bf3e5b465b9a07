"""Texts of a file as YAML and its comments take them, whatever characters they have."""

import json
import re

# What a text between double marks may not hold as it is, beside what JSON writes otherwise.
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def quoted(text: str) -> str:
    """A text as YAML reads it back, whatever it is."""
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def named(text: str) -> str:
    """A text within a comment: on one line, of what can be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def pattern(text: str) -> str:
    """A regular expression as it stands where YAML reads it so, else between marks."""
    if re.fullmatch(r"[\w(][\w(){}?<>\\d|.,:$ +*-]*", text) and ": " not in text and " #" not in text and not text.endswith((" ", ":")):
        return text
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else quoted(text)
