"""How like the name of a supplier's column is to what a column of a contract has been called."""

import difflib
import re
import unicodedata
from functools import lru_cache
from itertools import takewhile

from sources.documents import read
from sources.layout import Extract
from sources.proposer.sample import LONGEST
from sources.settings import PROJECT
from sources.vocabulary import Column

# How much of two names is the same letters where one is a slip of the other.
SPELT_ALIKE = 0.8
# Words with so many letters in common at their beginnings are forms of one.
STEM = 5
# A column that is called a number and nothing else is what identifies the rows.
NUMBER_OF_ROW, PLAIN_KEY = {"id", "nr", "no", "løbenr", "lbnr", "number"}, 0.7
# A day by its name's end: OMVDT, INDDTO, slutdato.
_DAY = re.compile(r"(\w{2,}?)(dato|date|dat|dto|dt)")
_WORDS = read(PROJECT / "sources" / "proposer" / "words.yaml").content
_WORD = {word: f"={i}" for i, words in enumerate(_WORDS["same"]) for word in words}
_ENDS = [word for word in (*_WORD, *_WORDS["fillers"]) if len(word) >= 3]
_LIGHT = {_WORD.get(word, word) for word in _WORDS["fillers"]}


def likeness(name: str, column: Column, extract: Extract) -> float:
    """0 to 1: by the names suppliers gave it before, the Danish label and the column's own name."""
    is_key = set(_words(name)) <= NUMBER_OF_ROW and extract.contract.key[:1] == [column.name]
    return max(PLAIN_KEY * is_key, *(_alike(name, known) for known in _known(column, extract)))


def _known(column: Column, extract: Extract) -> set[str]:
    sources = [layout.columns[column.name] for layout in extract.layouts if column.name in layout.columns]
    known = {n for source in sources for n in source.names if not n.startswith("$")}
    return known | {column.name, column.businessName or column.name}


@lru_cache(50_000)
def _alike(name: str, known: str) -> float:
    """1 for the same words; else the larger of: words in common or of one meaning, letters in common, one an abbreviation of the other."""
    ours, theirs = _words(name), _words(known)
    if not ours or not theirs:
        return 0
    if ours == theirs:
        return 1
    one, other = (list({_WORD.get(w, w): w for w in words if _WORD.get(w, w) not in _LIGHT}.values()) for words in (ours, theirs))
    if not one or not other:
        said, meant = ({_WORD.get(w, w) for w in words} for words in (ours, theirs))
        return (1 if said == meant else 0.5) * len(said & meant) / len(said | meant)
    ours_in, theirs_in = ([max(_same(w, x) for x in those) for w in these] for these, those in ((one, other), (other, one)))
    common = sum(ours_in) / max(len(one), len(other))
    # One says all that the other does, and more.
    common = max(common, 0.75 * max(min(ours_in), min(theirs_in)))
    letters = difflib.SequenceMatcher(None, " ".join(one), " ".join(other))
    # Some letters are shared by chance, and to count them takes long.
    is_near = letters.real_quick_ratio() >= SPELT_ALIKE and letters.quick_ratio() >= SPELT_ALIKE
    spelt = letters.ratio() if is_near and min(len(" ".join(one)), len(" ".join(other))) > 3 else 0
    return max(0.95 * common, spelt - 0.05 if spelt >= SPELT_ALIKE else 0, 0.8 * _abbreviates("".join(one), theirs))


def _same(one: str, other: str) -> float:
    """Whether two words are one, mean the same, or one is short for the other."""
    if one == other or _WORD.get(one, one) == _WORD.get(other, other):
        return 1
    short, long = sorted((one, other), key=len)
    stem = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return 0.8 if (len(short) >= 3 and long.startswith(short)) or (stem >= STEM and stem >= 0.6 * len(short)) else 0


def _parts(word: str) -> list[str]:
    """A word and, where it is put together with one of the words that are known, both: projektnavn, målested."""
    if word in _WORD or word in _WORDS["fillers"]:
        return [word]
    if found := _DAY.fullmatch(word):
        return list(found.groups())
    end = max((k for k in _ENDS if word.endswith(k) and len(word) - len(k) >= 3), key=len, default="")
    return [word.removesuffix(end).removesuffix("s"), end] if end else [word]


@lru_cache(50_000)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name: by case, digits and marks; lower case, without a unit in parentheses and what programs put before."""
    text = unicodedata.normalize("NFC", name[:LONGEST])
    text = re.sub(r"(?<=[a-zæøå])(?=[A-ZÆØÅ])", " ", re.sub(r"\([^)]*\)", " ", text))
    words = [w for w in re.split(r"[\W_]+", text.casefold()) if w]
    parts = [part for w in words if w not in ("u", "sys") for part in _parts(w)]
    return tuple(parts) or tuple(words)


def _abbreviates(short: str, words: tuple[str, ...]) -> float:
    """How much of the words a short name takes the beginnings of, at least two letters of each: henvmod, henvisning modtaget."""
    taken = 0
    for word in words:
        n = next((k for k in range(min(len(word), len(short)), 1, -1) if short.startswith(word[:k])), 0)
        if n:
            short, taken = short[n:], taken + 1
    return taken / len(words) if not short and taken else 0


def is_ordinary(name: str) -> bool:
    """Whether a name is of words that names of columns are made of, and so nobody's."""
    words = _words(name)
    return bool(words) and all(w in _WORD or w in _WORDS["fillers"] for w in words)


def name_speaks_for(name: str, extract: Extract) -> bool:
    """Whether a file, or the title in it, is called like the extract or like the files of its layouts."""
    stems = [re.split(r"[_(\\.]", layout.file.pattern)[0] for layout in extract.layouts if layout.file]
    known = {w for stem in [extract.name.replace("_", " "), *stems] for w in _words(stem) if len(w) >= 5}
    return any(w[:5] == k[:5] for w in _words(name) for k in known)
