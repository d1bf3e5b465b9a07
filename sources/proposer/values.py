"""What stands in a supplier's column, judged: which columns of a contract it could be, and how it would have to be read.

Only what is told by the values themselves is told: of a code that no contract and no known layout explains nobody says what it means.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sources.casts import ident, literal
from sources.civil_time import CIVIL_ZONE
from sources.danish import MONTHS as DANISH_MONTHS
from sources.danish import month_numbers
from sources.layout import DANISH_MONTH, Extract, plain_name
from sources.proposer.sample import DANISH, ENGLISH, PERSON, Sample, Values
from sources.vocabulary import Column

CLOCK = re.compile(r"([01]?\d|2[0-3])[:.][0-5]\d([:.][0-5]\d)?")
DURATION = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d")
IN_THREES = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
SECONDS = re.compile(r"[\d.,]+ ?(sek\.?|sekunder|s|sec\.?|seconds)")
MONEY = re.compile(r"(?i)([$€£]|kr\.?|dkk) ?[+-]?\d[\d.,]*|[+-]?\d[\d.,]* ?([$€£]|kr\.?|dkk)")
# Days of this century and the last, counted from 1900 as spreadsheets do.
SERIAL = re.compile(r"[2-6]\d{4}([.,]\d+)?")
DANISH_DAY = re.compile(r"\d{1,2}\. ?[a-zæøå]{3,9}\.? \d{4}", re.I)
# Units of time as names of columns tell them.
MILLISECONDS = {
    "µs": 0.001, "μs": 0.001, "us": 0.001, "ns": 0.000001, "ms": 1, "millisekunder": 1,
    "s": 1000, "sec": 1000, "sek": 1000, "sekunder": 1000, "seconds": 1000, "secs": 1000,
    "min": 60_000, "minutter": 60_000, "minutes": 60_000, "timer": 3_600_000, "hours": 3_600_000,
}  # fmt: skip
# How dates are written: shape, and format where it is not ISO. Where both fit, a day stands before a month.
_D, _M, _Y = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])", r"(19|20)\d{2}"
_HM, _HMS = r"([01]?\d|2[0-3]):[0-5]\d", r"([01]?\d|2[0-3]):[0-5]\d:[0-5]\d"
_ISO = rf"{_Y}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_DAYS = [
    (f"{_D}-{_M}-{_Y}", "%d-%m-%Y"), (f"{_D}/{_M}/{_Y}", "%d/%m/%Y"), (rf"{_D}\.{_M}\.{_Y}", "%d.%m.%Y"), (f"{_D}/{_M}-{_Y}", "%d/%m-%Y"),
    (rf"{_D}\.{_M}\.\d{{2}}", "%d.%m.%y"), (rf"{_D}-{_M}-\d{{2}}", "%d-%m-%y"), (f"{_D}/{_M}/\\d{{2}}", "%d/%m/%y"),
    (f"{_M}/{_D}/{_Y}", "%m/%d/%Y"), (f"{_M}/{_D}/\\d{{2}}", "%m/%d/%y"), (f"{_Y}/{_M}/{_D}", "%Y/%m/%d"),
    (rf"{_Y}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", "%Y%m%d"),
]  # fmt: skip
_CLOCKS = [(_HM, "%H:%M"), (_HMS, "%H:%M:%S"), (_HM.replace(":", r"\."), "%H.%M"), (r"(0?[1-9]|1[0-2]):[0-5]\d [AP]M", "%I:%M %p"),
           (r"(0?[1-9]|1[0-2]):[0-5]\d:[0-5]\d [AP]M", "%I:%M:%S %p")]  # fmt: skip
DATES: list[tuple[str, str | None]] = [(_ISO, None), *_DAYS]
TIMES: list[tuple[str, str | None]] = [
    (rf"{_ISO}[ T]{_HM}(:[0-5]\d(\.\d{{1,6}})?)?", None),
    (rf"{_ISO}T{_HMS}Z", "%Y-%m-%dT%H:%M:%SZ"), (rf"{_ISO}T{_HMS}\.\d{{1,6}}Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
    (rf"{_ISO}T{_HMS}[+-]\d{{2}}:?\d{{2}}", "%Y-%m-%dT%H:%M:%S%z"),
    (rf"{_ISO}T{_HMS}\.\d{{1,6}}[+-]\d{{2}}:?\d{{2}}", "%Y-%m-%dT%H:%M:%S.%f%z"),
    *((rf"{day} {clock}", f"{form} {time}") for day, form in _DAYS for clock, time in _CLOCKS),
]  # fmt: skip
MONTHS: list[tuple[str, str | None]] = [
    (rf"{_Y}-(0[1-9]|1[0-2])", "%Y-%m"), (rf"(0[1-9]|1[0-2])-{_Y}", "%m-%Y"), (rf"(0?[1-9]|1[0-2])/{_Y}", "%m/%Y"),
    (rf"{_Y}(0[1-9]|1[0-2])", "%Y%m"), (rf"({'|'.join(sorted(month_numbers(), reverse=True))})\.? {_Y}", DANISH_MONTH), (_Y, "%Y"),
]  # fmt: skip
# What a name says where a number is in the unit of a contract that is often another.
UNITS = {
    "milliseconds": re.compile(r"(?i)(\bms\b|_ms\b|milli)"),
    "thousand kr": re.compile(r"(?i)(1[.,]?000|tusind|thousand|t\.?kr)"),
    "seconds": re.compile(r"(?i)(\bs\b|_s\b|sek|sec)"),
}
# A column of codes has not many more of them than the contract knows, and each often.
MOST_CODES, REPEATS = 12, 3
LETTERS = 3
# What no text means: a word for it may be one of the texts that are told apart.
NO_TEXT = re.compile(r"(?i)\W+|#?n/?a|null|none|nan|i\.m\.|i/t")
# Below this share of its values a column is not what it is called.
WRONG, RIGHT = 0.5, 0.95


@dataclass(frozen=True)
class Fit:
    """How a supplier's column would be read as a column of the contract.

    `share` of its values would be taken; `telling` says how seldom others would be, 0 for any text to 1 for numbers of persons.
    """

    share: float
    telling: float
    form: str | None = None
    sql: str = ""
    # Supplier's code -> the contract's, None for what nobody knows.
    codes: dict[str, str | None] = field(default_factory=dict)
    # What a code that nobody knows could be, to be said and not to be read.
    hints: dict[str, str] = field(default_factory=dict)
    markers: tuple[str, ...] = ()
    says: str = ""


def fit(column: Column, values: Values, sample: Sample, extract: Extract, alone_is_key: bool) -> Fit:
    """How well the values are those of a column of the contract."""
    known = known_codes(column, extract)
    # A text that anything may be is one of codes where other layouts say what these mean.
    if column.valid_values or any(known.get(plain_name(t), t) != t for t in values.given):
        return _codes(column, values, known)
    kind = column.physicalType.split("(")[0]
    if kind in ("DATE", "TIMESTAMP"):
        return _dates(column, values, sample)
    if column.classification == "personal_id":
        return Fit(values.share(PERSON), 1.0)
    if kind == "BOOLEAN":
        return Fit(values.share(re.compile(r"(?i:ja|nej|true|false|1|0)")), 0.6)
    if kind in ("SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL"):
        return _numbers(column, values, sample, kind)
    return _texts(column, values, alone_is_key)


def known_codes(column: Column, extract: Extract) -> dict[str, str]:
    """What the contract and the known layouts of the extract say that a text means, by its plain form."""
    sources = [layout.columns[column.name] for layout in extract.layouts if column.name in layout.columns]
    known = {plain_name(text): code for source in sources for text, code in (source.map or {}).items()}
    return known | {plain_name(code): code for code in column.valid_values or known.values()}


def is_of_persons(values: Values) -> bool:
    """Whether a column holds numbers of persons."""
    return values.share(PERSON) >= RIGHT


@cache
def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _dates(column: Column, values: Values, sample: Sample) -> Fit:
    """A date as a format can say it; else by SQL, where it is a number of days, has its month by name or is told in two columns."""
    markers, given = values.markers, values.given
    if not given:
        return Fit(0.6, 0, markers=markers)
    if sql := _dates_by_sql(column, values, sample):
        return Fit(1, 0.5, sql=sql[0], markers=markers, says=sql[1])
    is_month = column.name.endswith("month") or column.name == "period_start"
    wanted, other = (TIMES, DATES) if column.physicalType == "TIMESTAMP" else ([*DATES, *(MONTHS if is_month else [])], TIMES)
    found = [
        (values.share(_shape(shape)), form, is_wanted) for forms, is_wanted in ((wanted, True), (other, False)) for shape, form in forms
    ]
    share, form, is_wanted = max(found, key=lambda f: (round(f[0], 3), f[2]))
    if form and form != DANISH_MONTH and share:
        share = min(share, sum(n for t, n in given.items() if _parses(t, form)) / given.total())
    says = ""
    swapped = re.sub(r"^%d(.)%m", r"%m\1%d", form or "")
    if form and swapped != form and all(_parses(t, swapped) for t in given):
        says = "no day is past the 12th, so it could be month before day"
    if share >= RIGHT and column.physicalType == "DATE" and form and form.endswith(("Z", "%z")):
        return Fit(share, 0.5, sql=f"left({ident(values.name)}, 10)", markers=markers, says="the day as it is written, in its own zone")
    if column.physicalType == "TIMESTAMP" and not is_wanted:
        says = "days alone, so that each would be at midnight"
    return Fit(share, 0.5 if is_wanted else 0.4, form, markers=markers, says=says)


def _dates_by_sql(column: Column, values: Values, sample: Sample) -> tuple[str, str] | None:
    """SQL of a day or an instant, and what it does."""
    name = ident(values.name)
    if values.share(DANISH_DAY) >= RIGHT:
        months = " ".join(f"when '{month[:3]}' then '{n:02d}'" for n, month in enumerate(DANISH_MONTHS, start=1))
        month = f"case left(lower(regexp_extract({name}, '[^0-9. ]+')), 3) {months} end"
        return f"right({name}, 4) || '-' || {month} || '-' || lpad(regexp_extract({name}, '^[0-9]+'), 2, '0')", "its months are words"
    if sample.is_workbook and values.share(SERIAL) >= RIGHT:
        days = f"try_cast(replace({name}, ',', '.') as double)"
        if column.physicalType == "DATE":
            return f"date '1899-12-30' + cast(floor({days}) as integer)", "the workbook has days as numbers"
        instant = f"timestamp '1899-12-30' + to_seconds(cast(round(86400 * {days}) as bigint))"
        return _in_zone(column, instant), "the workbook has days as numbers"
    if column.physicalType != "TIMESTAMP":
        return None
    beside = _day_and_clock(values, sample)
    if beside is None:
        return None
    day, clock, form = beside
    instant = f"try_strptime({ident(day)} || ' ' || {ident(clock)}, {literal(form)})"
    return _in_zone(column, instant), f"day and time of day stand in {day} and {clock}"


def _in_zone(column: Column, instant: str) -> str:
    """SQL of an instant by the clocks, in UTC where the column's name asks for it."""
    return f"timezone('UTC', timezone({literal(CIVIL_ZONE)}, {instant}))" if column.name.endswith("_utc") else instant


def _day_and_clock(values: Values, sample: Sample) -> tuple[str, str, str] | None:
    """The names of the two columns that tell an instant, of which `values` is one, and their format."""
    names = sample.header
    at = names.index(values.name)
    if _is_clock(values):
        days = [n for n in (*reversed(names[:at]), *names[at:]) if _day_form(sample.columns[n])]
        day, clock = days[0] if days else "", values
    else:
        day, clock = values.name, sample.columns[names[at + 1]] if at + 1 < len(names) else values
    form = _day_form(sample.columns[day]) if day else ""
    if not form or not _is_clock(clock):
        return None
    text = max(clock.given, key=len)
    mark = "." if "." in text else ":"
    return day, clock.name, f"{form} %H{mark}%M" + (f"{mark}%S" if text.count(mark) == 2 else "")


def _is_clock(values: Values) -> bool:
    given = values.given
    return bool(given) and values.share(CLOCK) >= RIGHT and max(map(len, given)) <= len("00:00:00")


def _day_form(values: Values) -> str:
    """The format of days, '' where they are none."""
    given = values.given
    return next((form or "%Y-%m-%d" for shape, form in DATES if given and values.share(_shape(shape)) >= RIGHT), "")


def usual_month(values: Values, form: str | None) -> str:
    """The month that most dates of a column are of, like 2015-05; '' where none is read."""
    months = Counter[str]()
    for text, often in values.counts.items():
        if form and form != DANISH_MONTH and _parses(text, form):
            months[f"{datetime.strptime(text, form):%Y-%m}"] += often
        elif not form and re.fullmatch(rf"{_ISO}.*", text):
            months[text[:7]] += often
    return max(months, key=lambda m: months[m], default="")


def _parses(text: str, form: str) -> bool:
    try:
        datetime.strptime(re.sub(r"(\.\d{6})\d+", r"\1", text), form)
    except ValueError:
        return False
    return True


def _numbers(column: Column, values: Values, sample: Sample, kind: str) -> Fit:
    """Numbers as the file writes them; times in another unit than the contract's are made that."""
    given, markers, name = values.given, values.markers, ident(values.name)
    group, mark = (r"\.", ",") if sample.numbers == "danish" else (",", r"\.")
    # A number that begins with a nought is a code.
    whole = rf"[+-]?(0|[1-9]\d*|[1-9]\d{{0,2}}({group}\d{{3}})+)"
    if column.name.endswith("_seconds"):
        if values.share(DURATION) >= RIGHT:
            return Fit(1, 0.5, sql=f"date_part('epoch', try_cast({name} as interval))", markers=markers, says="hours, minutes and seconds")
        if values.share(SECONDS) >= RIGHT:
            return Fit(1, 0.5, sql=f"regexp_extract({name}, '^[0-9.,]+')", markers=markers, says="the unit behind the number is left out")
    if kind in ("DOUBLE", "DECIMAL") and values.share(MONEY) >= RIGHT:
        sql = f"regexp_extract({name}, '[+-]?[0-9]([0-9.,]*[0-9])?')"
        return Fit(1, 0.5, sql=sql, markers=markers, says="the currency beside the number is left out")
    if (factor := _factor(values.name, column)) and values.share(re.compile(rf"{whole}({mark}\d+)?")) >= RIGHT:
        plain = name if sample.numbers == "english" else f"replace(replace({name}, '.', ''), ',', '.')"
        sql = f"cast(round({factor} * try_cast({plain} as double)) as bigint)"
        return Fit(1, 0.2, sql=sql, markers=markers, says=f"its name tells another unit than {column.unit}")
    if column.unit == "share":
        return Fit(values.share(re.compile(rf"{whole}({mark}\d+)? ?%|[01]|0{mark}\d+")), 0.5, markers=markers)
    if kind in ("DOUBLE", "DECIMAL"):
        has_decimals = values.share(re.compile(rf"{whole}{mark}\d+")) > 0.3
        share = values.share(re.compile(rf"{whole}({mark}\d+)?"))
        return Fit(share, 0.5 if has_decimals else 0.2, markers=markers, says=_look_at(column, values, mark == ","))
    options, shape = column.logicalTypeOptions, re.compile(whole)
    numbers = [(int(re.sub(r"[.,]", "", t)), n) for t, n in given.items() if shape.fullmatch(t)]
    low, high = float(options.get("minimum", "-inf")), float(options.get("maximum", "inf"))
    share = sum(n for v, n in numbers if low <= v <= high) / (given.total() or 1)
    return Fit(share, 0.2, markers=markers, says=_look_at(column, values, mark == ","))


def _look_at(column: Column, values: Values, is_danish: bool) -> str:
    """What is to be looked at: marks that could be of thousands or of decimals, and a unit that nothing says."""
    known = UNITS.get(column.unit or "")
    if known and not known.search(values.name):
        return f"the contract counts in {column.unit}, and its name does not say that it does"
    if values.share(IN_THREES) and not values.share(ENGLISH) and not values.share(DANISH):
        return f"1{'.' if is_danish else ','}234 is read as 1234"
    return ""


def _factor(name: str, column: Column) -> str:
    """What a number is multiplied by whose column is called by another unit of time than the contract's; '' where it is not."""
    words = re.findall(r"[a-zæøåµμ]+", name.casefold())
    said = next((ms for word in reversed(words) if (ms := MILLISECONDS.get(word))), None)
    wanted = {"milliseconds": 1, "seconds": 1000}.get(column.unit or "")
    return f"{said / wanted:g}" if said and wanted and said != wanted else ""


def _codes(column: Column, values: Values, known: dict[str, str]) -> Fit:
    """Codes that the contract has, that known layouts of the extract explain, or of which one begins the other and no third."""
    allowed = column.valid_values or sorted({*known.values()})
    given = values.given
    if not given:
        return Fit(0, 0)
    found: dict[str, str | None] = {t: known.get(plain_name(t)) for t in sorted(given)}
    begun = {t: {c for k, c in known.items() if k.startswith(plain_name(t))} for t, code in found.items() if code is None}
    # Each code is meant once; of a letter or two nobody knows what they begin.
    once = {t: next(iter(codes)) for t, codes in begun.items() if len(codes) == 1}
    once = {t: c for t, c in once.items() if c not in found.values() and [*once.values()].count(c) == 1}
    found |= {t: c for t, c in once.items() if len(t) >= LETTERS}
    share = sum(given[t] for t, code in found.items() if code) / given.total()
    is_text = values.distinct > max(MOST_CODES, 2 * len(allowed))
    if share < RIGHT and (is_text or (values.distinct > len(allowed) and given.total() < REPEATS * len(given))):
        return Fit(min(share, 0.3), 0, codes=found)
    return Fit(max(share, 0.6), 0.9 * share, codes=found, hints=once, markers=values.markers)


def _texts(column: Column, values: Values, alone_is_key: bool) -> Fit:
    given, markers = values.given, tuple(m for m in values.markers if NO_TEXT.fullmatch(m))
    if not given:
        return Fit(0.6, 0, markers=markers)
    # A number of a person is nothing but that, wherever else it would fit.
    if values.share(PERSON) >= WRONG:
        return Fit(0, 0)
    if alone_is_key and values.distinct < 0.9 * values.records:
        return Fit(0.3, 0)
    if pattern := column.logicalTypeOptions.get("pattern"):
        share = values.share(re.compile(pattern.removeprefix("^").removesuffix("$")))
        return Fit(share, 0.8)
    is_date = any(values.share(_shape(shape)) >= WRONG for shape, _ in (*DATES, *TIMES))
    is_code = column.name.endswith(("_id", "_no", "_code"))
    is_number = values.share(re.compile(r"[+-]?[\d.,:]+( ?%)?")) >= WRONG and not is_code
    if is_number and not is_date and plain_name(values.name) in {column.name, plain_name(column.businessName or "")}:
        return Fit(0.96, 0, markers=markers, says="its values are numbers")
    # Texts of many words, each once, are remarks; ids have no blanks.
    blanks = sum(n for t, n in given.items() if " " in t) / given.total()
    return Fit(0.3 if is_date or is_number or (is_code and blanks > WRONG) else 0.96, 0.1, markers=markers)
