"""CPR numbers nobody has, and what keyboards and spreadsheets make of them.

Every birthday lies between 2040 and 2057, so that a number with a true check digit still belongs to no living or dead person.
What the reader takes for a number is not asked here: each way says for itself what must become of it.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

FIRST_BIRTHDAY, DAYS = np.datetime64("2040-01-01"), 6575
# A seventh digit of 5 to 8 puts the years 00 to 57 into this century.
FIRST_SERIAL, SERIALS = 500, 400
WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2)
WITHOUT_CHECK, REPLACED = 67, 151
LETTERS = ("KA", "HT", "XB", "VP")
NAME = "Bodil Prøvesen"


class Way(NamedTuple):
    """A way to write a number wrongly; `write` gives None for a number that this cannot happen to.

    `kind` is what must become of it: the cpr_type it is taken as, or '' when it must be refused.
    """

    name: str
    write: Callable[[str], str | None]
    kind: str = ""
    needs_unicode: bool = False


def invented(count: int, seed: int) -> list[str]:
    """`count` different numbers, most with a true check digit; some without, some as hospitals give them to persons without a number."""
    drawn = np.random.default_rng([seed, 2040]).integers(0, DAYS * SERIALS, count * 5 // 4 + 1000)
    drawn = drawn[np.sort(np.unique(drawn, return_index=True)[1])]
    birthdays = (FIRST_BIRTHDAY + drawn // SERIALS).astype(object)
    nine = np.array([int(f"{day:%d%m%y}") for day in birthdays], np.int64) * 1000 + FIRST_SERIAL + drawn % SERIALS
    total = sum(weight * (nine // 10 ** (8 - place) % 10) for place, weight in enumerate(WEIGHTS))
    check = -total % 11
    numbers = [f"{front:09d}{last}" for front, last in zip(nine[check < 10].tolist(), check[check < 10].tolist(), strict=True)]
    return [_as_given(place, number) for place, number in enumerate(numbers[:count])]


def _as_given(place: int, number: str) -> str:
    if place % WITHOUT_CHECK == 7:
        return number[:9] + str((int(number[9]) + 1) % 10)
    if place % REPLACED == 11:
        return number[:6] + LETTERS[place % len(LETTERS)] + number[8:] if place % 2 else f"{int(number[:2]) + 60}{number[2:]}"
    return number


def is_plain(number: str) -> bool:
    """Whether it is ten digits that begin with a day of the month."""
    return number.isdigit() and number[:2] <= "31"


def typed(number: str, luck: float) -> str:
    """The number as people rightly write it: mostly with a hyphen, some without, some with a blank."""
    return number[:6] + ("-" if luck < 0.7 else "" if luck < 0.95 else " ") + number[6:]


def _month_swapped(number: str) -> str | None:
    month = number[3] + number[2]
    return number[:2] + month + number[4:] if month > "12" else None


def _serial_swapped(number: str) -> str | None:
    return number[:8] + number[9] + number[8] if number[8] != number[9] else None


def _last_lost(is_still_a_day: bool) -> Callable[[str], str | None]:
    """Nine digits read as if the first were lost: now and then that gives another day that exists."""

    def write(number: str) -> str | None:
        found = number[0] != "0" and "01" <= number[1:3] <= "12"
        return number[:9] if found == is_still_a_day else None

    return write


def _replaced(old: str, new: str) -> Callable[[str], str | None]:
    return lambda number: number.replace(old, new, 1) if old in number else None


def _with(text: str) -> Callable[[str], str | None]:
    """The number cut to its parts in a text: {d}{m}{y}{s}, or whole as {n}."""
    return lambda n: text.format(n=n, d=n[:2], m=n[2:4], y=n[4:6], s=n[6:], name=NAME)


def _shifted(digit_zero: str) -> Callable[[str], str | None]:
    return lambda number: "".join(chr(ord(digit_zero) + int(digit)) for digit in number)


WAYS = (
    # Keyboards.
    Way("letter_o_for_zero", _replaced("0", "O")),
    Way("small_l_for_one", _replaced("1", "l")),
    Way("letter_in_serial", _with("{d}{m}{y}-S123")),
    Way("letters_for_two_digits", _with("{d}{m}{y}-BZ23"), "ERSTATNING"),
    Way("digits_swapped_no_such_day", _month_swapped),
    Way("digits_swapped_in_serial", _serial_swapped, "UDEN_KONTROL"),
    Way("a_digit_too_many", lambda number: number + number[-1]),
    Way("last_digit_lost", _last_lost(False)),
    Way("last_digit_lost_but_a_day", _last_lost(True), "POLSTRET"),
    Way("two_digits_lost", lambda number: number[:8]),
    Way("dots", _with("{d}.{m}.{y}-{s}")),
    Way("slashes", _with("{d}/{m}/{y}-{s}")),
    Way("slash_for_hyphen", _with("{d}{m}{y}/{s}")),
    Way("underscore", _with("{d}{m}{y}_{s}")),
    Way("two_hyphens", _with("{d}{m}{y}--{s}")),
    Way("blanks_around_hyphen", _with("{d}{m}{y} - {s}")),
    Way("blanks_between_pairs", _with("{d} {m} {y} {s}")),
    Way("blank_in_serial", lambda number: f"{number[:6]}-{number[6:8]} {number[8:]}"),
    Way("tabulator_inside", _with("{d}{m}{y}\t{s}")),
    Way("line_break_inside", _with("{d}{m}{y}-\n{s}")),
    Way("full_year", _with("{d}{m}20{y}-{s}")),
    Way("year_first", _with("{y}{m}{d}-{s}")),
    Way("question_mark", _with("{d}{m}{y}-{s}?")),
    Way("full_stop_at_the_end", _with("{n}.")),
    Way("word_before", _with("CPR: {d}{m}{y}-{s}")),
    Way("remark_behind", _with("{d}{m}{y}-{s} (mor)")),
    Way("name", _with("{name}")),
    Way("name_and_number", _with("{name} {d}{m}{y}-{s}")),
    Way("two_numbers", _with("{d}{m}{y}-{s}, {d}{m}{y}-5008")),
    Way("birthday_alone", _with("{d}{m}{y}")),
    Way("serial_unknown", _with("{d}{m}{y}-XXXX")),
    # Spreadsheets and programs.
    Way("leading_zero_lost", lambda number: number[1:] if number[0] == "0" else None, "POLSTRET"),
    Way("scientific", lambda number: f"{int(number):.5E}".replace(".", ",")),
    Way("scientific_in_full", lambda number: f"{int(number):.9E}"),
    Way("rounded", _with("{d}{m}{y}0000"), "UDEN_KONTROL"),
    Way("trailing_point_zero", _with("{n}.0")),
    Way("decimals", _with("{n},00")),
    Way("grouped", lambda number: f"{int(number):,}".replace(",", ".") if number[0] != "0" else None),
    Way("apostrophe", _with("'{n}")),
    Way("formula", _with('="{n}"')),
    Way("no_break_space_inside", _with("{d}{m}{y}\u00a0{s}")),
    Way("en_dash", _with("{d}{m}{y}\u2013{s}")),
    Way("soft_hyphen", _with("{d}{m}{y}\u00ad{s}")),
    Way("quoted_by_a_writer", _with("\u201d{d}{m}{y}-{s}\u201d")),
    Way("character_reference", _with("{d}{m}{y}&#45;{s}")),
    Way("escaped", _with("{d}{m}{y}%2D{s}")),
    Way("minus_sign", _with("{d}{m}{y}\u2212{s}"), needs_unicode=True),
    Way("zero_width_space", _with("{d}{m}{y}\u200b{s}"), needs_unicode=True),
    Way("mark_of_byte_order", _with("\ufeff{n}"), needs_unicode=True),
    Way("right_to_left_mark", _with("\u200f{n}"), needs_unicode=True),
    Way("full_width_digits", _shifted("\uff10"), needs_unicode=True),
    Way("arabic_digits", _shifted("\u0660"), needs_unicode=True),
    Way("mathematical_digits", _shifted("\U0001d7ce"), needs_unicode=True),
)
REFUSED = tuple(way for way in WAYS if not way.kind)
TAKEN = tuple(way for way in WAYS if way.kind)


def spoilt(way: Way, spare: Iterator[str]) -> tuple[str, str]:
    """(number, text): the first spare number this can happen to, and how it stands in the file then."""
    for number in spare:
        if is_plain(number) and (text := way.write(number)) is not None:
            return number, text
    raise ValueError(f"no spare number is left for {way.name}")
