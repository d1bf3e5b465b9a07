"""From contract to rules: what a table promises, each as one Great Expectations expectation and one sentence.

Nothing here imports Great Expectations: rules are known when definitions load, long before anything is validated.
The reader has already judged every record of a raw extract by itself (`sources.parse`), so a raw suite holds only what a
single record cannot show: shares of missing values, row counts, relations between rows, and warnings.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sources.casts import ident
from sources.contract import Contract
from sources.vocabulary import Column, Quality, Severity

# Where in the committee's paper a rule comes from: for who reads the rule, not for who meets what offends it.
EVIDENCE = re.compile(r" \(seed L[\d, -]+\)|[;,] seed L[\d, -]+\d")
COLUMNS = "columns"
SMALL_CELLS = "no_small_cell"
IRREGULAR = {"have": "has", "are": "is"}
# What stands for offenders of a rule that was not asked.
NOT_RUN = "not run"
KEY = "key_is_unique"
# Of lookups a message may name the value that is wrong.
LOOKUPS = "reference"
# How many persons a number must describe.
THRESHOLD_LOOKUP = "reference.disclosure_threshold"


@dataclass(frozen=True)
class Rule:
    """One promise. `expectation` is the Great Expectations class without `Expect`; `words` is the rule in words, `fails` what is said
    where it does not hold: what rows do that offend ("lack a name"), or a sentence of the whole table; '' where only `words` can tell.

    `predicate`, where a rule has one, is true for an offending row and `label` the SQL that names it in a message,
    the last label first if `newest_first`. `key` are the columns no two rows may share; the query finds the hashes that repeat
    in {repeated_hashes}.
    """

    name: str
    words: str
    severity: Severity
    expectation: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    column: str | None = None
    predicate: str | None = None
    label: str | None = None
    newest_first: bool = False
    key: str = ""
    fails: str = ""

    @property
    def counts_rows(self) -> bool:
        """Whether its offenders are rows, not the table or what it is about."""
        return bool(self.column or self.predicate or self.key)


@dataclass(frozen=True)
class Outcome:
    """What one rule found. `offenders` counts rows (or 1 for a rule about the whole table) of the `rows` there are, never shows them.

    `fails` is the rule's. `accepted_until` (a date) and `accepted_reason` are set while an operator lets a failing rule pass, `look_at`
    names the file that what offends comes from, where it is one.
    """

    name: str
    words: str
    severity: str
    column: str | None
    passed: bool
    offenders: int = 0
    named: str = ""
    accepted_until: str = ""
    accepted_reason: str = ""
    rows: int = 0
    fails: str = ""
    is_of_rows: bool = False
    look_at: str = ""

    @property
    def holds(self) -> bool:
        """Whether this outcome keeps the table from being published."""
        return not self.passed and self.severity == "error" and not self.accepted_until

    @property
    def has_run(self) -> bool:
        """Whether the rule was asked: none but the first is where the columns are wrong."""
        return self.named != NOT_RUN

    @classmethod
    def of(cls, rule: Rule, passed: bool, offenders: int = 0, named: str = "", rows: int = 0) -> "Outcome":
        """What `rule` found, in its words."""
        outcome = cls(rule.name, "", "", None, passed, offenders, named, rows=rows)
        return outcome.said_by(rule)

    def said_by(self, rule: Rule) -> "Outcome":
        """The same in the words of the rule as it is today, and with its severity."""
        return replace(self, words=rule.words, severity=rule.severity, column=rule.column, fails=rule.fails, is_of_rows=rule.counts_rows)

    def finding(self, least: float = 1) -> str:
        """What is wrong, how often, where, and where to look: a sentence. Fewer offenders than `least` are not counted aloud."""
        if self.passed:
            return ""
        if not self.has_run:
            return "It was not asked, since the columns are wrong."
        words = EVIDENCE.sub("", self.words)
        where, among = (f": {self.named}", f" ({self.named})") if self.named else ("", "")
        if self.is_of_rows:
            do = self.fails or "break a rule"
            told = self.told(least)
            said = f"{told} {_of_one(do) if self.offenders == 1 and told[0] == '1' else do}"
            said += f"{where}." if self.fails else f"{among}: {words}"
        else:
            said = f"{self.fails}{where}." if self.fails else f"It does not hold{among}: {words}"
        return said + (f" Look at {self.look_at}." if self.look_at else "")

    def told(self, least: float) -> str:
        """How many rows offend, in words; nothing of which fewer than `least` offend, do not, or are there at all."""
        if any(0 < number < least for number in (self.offenders, self.rows, self.rows - self.offenders)):
            return "Some rows"
        of = f" of {self.rows:,}" if self.rows else ""
        return f"{self.offenders:,}{of} row{'s' * (max(self.offenders, self.rows) != 1)}"


def failing(name: str, outcomes: list[Outcome], least: float) -> str:
    """What keeps a table or extract from being published, in words; '' for nothing. Fewer rows than `least` are not counted aloud."""
    said = [o.finding(least) for o in outcomes if o.holds and o.has_run]
    return f"{name} fails {len(said)} of {len(outcomes)} checks: {' '.join(said)}" if said else ""


def _of_one(words: str) -> str:
    """What rows do, said of one: "lack a name" -> "lacks a name"."""
    verb, _, rest = words.partition(" ")
    return f"{IRREGULAR.get(verb, f'{verb}s')} {rest}"


def table_rules(contract: Contract, names_rows: bool = False) -> list[Rule]:
    """The whole suite of a core, mart or reference table. `names_rows`: no row is a person's, so one that offends may be named."""
    names = [c.name for c in contract.columns]
    rules = [Rule(COLUMNS, f"Has the {len(names)} columns of the contract, in order and type.", "error",
                  "TableColumnsToMatchOrderedList", {"column_list": names}, fails="Its columns are not those of the contract")]  # fmt: skip
    rules += _key_rule(contract)
    place = _place(contract) if names_rows else None
    for column in contract.columns:
        rules += [replace(r, label=column.name if contract.domain == LOOKUPS and r.predicate else place) for r in _column_rules(column)]
    return rules + [_object_rule(q, place) for q in contract.object.quality] + _small_cells(contract)


def _small_cells(contract: Contract) -> list[Rule]:
    """A second look at what the protection of a table about persons should have withheld."""
    if contract.disclosure is None:
        return []
    period, least = contract.disclosure.within[0], "coalesce(least.persons, 1e9)"
    is_small = " or ".join(f"(cell.{n} > 0 and cell.{n} < {least})" for n in contract.disclosure.published)
    words = "No published number of persons, or of what was counted of them, is under the threshold."
    lookup = f"left join {THRESHOLD_LOOKUP} as least on cell.{period} between least.valid_from and least.valid_to"
    query = f"select count(*) from {{object}} as cell {lookup} where {is_small}"
    fails = "A published number of persons, or of what was counted of them, is under the threshold"
    return [replace(_object_rule(Quality(id=SMALL_CELLS, type="sql", mustBe=0, description=words, query=query)), fails=fails)]


def _place(contract: Contract) -> str | None:
    """SQL that says where a row stands, by what identifies it, months last; None for a table without a key."""
    if not contract.key:
        return None
    times = {c.name for c in contract.columns if c.physicalType in ("DATE", "TIMESTAMP")}
    in_order = sorted(contract.key, key=lambda name: name in times)
    parts = [f"strftime({ident(n)}, '%Y-%m')" if n == "month" and n in times else f"cast({ident(n)} as varchar)" for n in in_order]
    return f"concat_ws(' ', {', '.join(parts)})"


def raw_rules(contract: Contract) -> list[Rule]:
    """The suite of the current records of an extract: what the reader could not judge record by record."""
    rules = _key_rule(contract) if contract.delivery.mode in ("append", "replace_period") else []
    for column in contract.columns:
        rules += [_quality_rule(column, q) for q in column.quality if not (q.metric == "invalidValues" and q.mustBe == 0)]
    return rules + [_object_rule(q) for q in contract.object.quality if not (q.severity == "error" and q.row_predicate)]


def _key_rule(contract: Contract) -> list[Rule]:
    match contract.key:
        case []:
            return []
        case [one]:
            fails = f"have a {one} that another row has too"
            return [Rule(KEY, f"{one} identifies a row.", "error", "ColumnValuesToBeUnique", {"column": one}, one, fails=fails)]
        case several:
            words = f"{', '.join(several)} together identify a row."
            key = ", ".join(several)
            suspect = f"select {key} from {{object}} where hash({key}) in (from {{repeated_hashes}})"
            query = f"with suspect as ({suspect}) select 1 from suspect qualify count(*) over (partition by {key}) > 1"
            fails = f"share {key} with another row"
            return [Rule(KEY, words, "error", "_UnexpectedRows", {"query": query}, key=key, fails=fails)]


def _column_rules(column: Column) -> list[Rule]:
    name, rules = column.name, []

    def add(suffix: str, words: str, fails: str, expectation: str, **kwargs: Any) -> None:
        rules.append(Rule(f"{name}_{suffix}", words, "error", expectation, {"column": name, **kwargs}, name, fails=fails))

    if column.is_required:
        add("is_given", f"{name} is never missing.", f"lack {name}", "ColumnValuesToNotBeNull")
    if column.unique:
        add("is_unique", f"{name} never repeats.", f"have a {name} that another row has too", "ColumnValuesToBeUnique")
    options = column.logicalTypeOptions
    if bounds := _bounds(column):
        lies = _range_in_words(options)
        add("in_range", f"{name} lies {lies}.", f"have a {name} that is not {lies}", "ColumnValuesToBeBetween", **bounds)
    if "minLength" in options or "maxLength" in options:
        limits = {k: int(options[o]) for k, o in (("min_value", "minLength"), ("max_value", "maxLength")) if o in options}
        lies = _range_in_words({"minimum": limits.get("min_value"), "maximum": limits.get("max_value")})
        fails = f"have a {name} whose length is not {lies}"
        add("length", f"The length of {name} lies {lies}.", fails, "ColumnValueLengthsToBeBetween", **limits)
    if pattern := options.get("pattern"):
        predicate = f"not regexp_matches({name}, '{pattern}')"
        fails = f"have a {name} that does not look like {pattern}"
        rules.append(replace(_row_rule(f"{name}_pattern", f"{name} looks like {pattern}.", "error", predicate, column=name), fails=fails))
    for relationship in column.relationships:
        table, to = relationship.to.split(".")
        predicate = f"{name} is not null and not exists (select 1 from {{{table}}} as other where other.{to} = this.{name})"
        fails = f"have a {name} that {table} does not have"
        rules.append(replace(_row_rule(f"{name}_is_known", f"{name} exists in {table}.", "error", predicate, column=name), fails=fails))
    return rules + [_quality_rule(column, q) for q in column.quality]


def _quality_rule(column: Column, quality: Quality) -> Rule:
    """A library metric of one column; the description is the evidence and ends the sentence."""
    name, severity = column.name, quality.severity
    values = [v for v in quality.arguments.get("validValues", quality.arguments.get("missingValues", [])) if v is not None]
    mostly = (100 - quality.comparison[1]) / 100 if quality.unit == "percent" else 1.0
    if quality.unit == "rows" and quality.comparison != ("=", 0):
        raise ValueError(f"{name}: {quality.metric} counts rows with `mustBe: 0`, or a percent with mustBeLessOrEqualTo")
    share = "" if mostly == 1 else f" in at least {100 * mostly:g} % of rows"
    may = "" if mostly == 1 else f", and at most {quality.comparison[1]:g} % of rows may"
    codes = ", ".join(map(str, values))
    suffix, words, fails, expectation = {
        "nullValues": ("completeness", f"is given{share}", f"lack {name}", "ColumnValuesToNotBeNull"),
        "invalidValues": ("in_set", f"is one of {codes}{share}", f"have a {name} that is none of {codes}", "ColumnValuesToBeInSet"),
        "missingValues": ("not_in_set", f"is none of {codes}{share}", f"have a {name} that is one of {codes}", "ColumnValuesToNotBeInSet"),
        "duplicateValues": ("no_repeat", "never repeats", f"have a {name} that another row has too", "ColumnValuesToBeUnique"),
    }.get(quality.metric or "", ("", "", "", ""))
    if not suffix:
        raise ValueError(f"{name}: {quality.metric} is no rule of a column")
    kwargs: dict[str, Any] = {"column": name} | ({"mostly": mostly} if mostly < 1 else {})
    if expectation.endswith("InSet"):
        kwargs["value_set"] = values
    said = f"{name} {words}. {quality.description}"
    return Rule(f"{name}_{suffix}", said, severity, expectation, kwargs, name, fails=fails + may)


def _object_rule(quality: Quality, place: str | None = None) -> Rule:
    """A rule about the whole table: a row count, an SQL count, or an expectation given whole. `place` is SQL that says where a row is."""
    words, severity = quality.description, quality.severity
    if quality.type == "custom":
        assert quality.id and quality.implementation
        expectation = quality.implementation["type"].removeprefix("Expect")
        return Rule(quality.id, words, severity, expectation, dict(quality.implementation.get("kwargs", {})), fails=quality.fails)
    operator, value = quality.comparison
    if quality.metric == "rowCount":
        name = quality.id or "row_count"
        match operator:
            case ">" | ">=":
                kwargs: dict[str, Any] = {"min_value": int(value), "strict_min": operator == ">"}
                fails = "too few rows"
            case "<" | "<=":
                kwargs = {"max_value": int(value), "strict_max": operator == "<"}
                fails = "too many rows"
            case _:
                kwargs = {"min_value": int(value), "max_value": int(value)}
                fails = f"another number of rows than {value:g}"
        said = f"It has {fails} ({EVIDENCE.sub('', words).rstrip('.')})"
        return Rule(name, words, severity, "TableRowCountToBeBetween", kwargs, fails=said)
    if quality.type != "sql":
        raise ValueError(f"{quality.metric} is a rule of a column, not of the table")
    assert quality.id and quality.query
    if predicate := quality.row_predicate:
        rule = _row_rule(quality.id, words, severity, predicate, label=quality.label or place)
        return replace(rule, newest_first=quality.newest_first, fails=quality.fails)
    query = f"select value from (select ({quality.query}) as value) where not coalesce(value {operator} {value:g}, false)"
    return Rule(quality.id, words, severity, "_UnexpectedRows", {"query": query}, fails=quality.fails)


def _row_rule(name: str, words: str, severity: Severity, predicate: str, column: str | None = None, label: str | None = None) -> Rule:
    query = f"with this as (select * from {{object}}) select 1 from this where {predicate}"
    return Rule(name, words, severity, "_UnexpectedRows", {"query": query}, column, predicate, label)


def _bounds(column: Column) -> dict[str, Any]:
    options = column.logicalTypeOptions
    found: dict[str, Any] = {}
    for option, end, is_strict in (
        ("minimum", "min", False), ("maximum", "max", False), ("exclusiveMinimum", "min", True), ("exclusiveMaximum", "max", True),
    ):  # fmt: skip
        if option in options:
            found |= {f"{end}_value": _bound(column, str(options[option])), f"strict_{end}": is_strict}
    return found


def _bound(column: Column, text: str) -> Any:
    if column.physicalType in ("DATE", "TIMESTAMP"):
        return date.fromisoformat(text) if column.physicalType == "DATE" else datetime.fromisoformat(text)
    return float(text) if "." in text else int(text)


def _range_in_words(options: dict[str, Any]) -> str:
    words = {"minimum": "at or above", "maximum": "at or below", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
    return " and ".join(f"{said} {options[o]}" for o, said in words.items() if options.get(o) is not None)
