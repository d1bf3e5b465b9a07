"""The words a contract is written in: those of the Open Data Contract Standard v3.1 that are understood, and the project's own.

Belongs here: what may be said and how it must fit together within one statement. Does not belong here: what holds across a
whole contract, and its loading (`sources.contract`).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sources.cadence import Cadence

Severity = Literal["error", "warning"]
MONTH_OR_NONE = r"^(\d{4}-(0[1-9]|1[0-2]))?$"
# A rule's words for people are custom properties, as the standard has no place for them.
FAILS = "fails"
COMPARATORS = {
    "mustBe": "=",
    "mustNotBe": "<>",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
}


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomProperty(Model):
    property: str
    value: Any


class Quality(Model):
    """One rule: a library metric, an SQL count, or a Great Expectations class given whole."""

    id: str | None = None
    metric: Literal["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"] | None = None
    type: Literal["library", "sql", "custom"] = "library"
    arguments: dict[str, Any] = {}
    unit: Literal["rows", "percent"] = "rows"
    query: str | None = None
    engine: str | None = None
    implementation: dict[str, Any] | None = None
    mustBe: float | None = None
    mustNotBe: float | None = None
    mustBeGreaterThan: float | None = None
    mustBeGreaterOrEqualTo: float | None = None
    mustBeLessThan: float | None = None
    mustBeLessOrEqualTo: float | None = None
    severity: Severity = "error"
    description: str
    customProperties: list[CustomProperty] = []

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Quality":
        stated = [name for name in COMPARATORS if getattr(self, name) is not None]
        if len(stated) != (0 if self.type == "custom" else 1):
            raise ValueError(f"a {self.type} rule states one comparison and a custom rule none, found {stated or 'none'}")
        if self.type == "sql" and not (self.query and self.id):
            raise ValueError("an sql rule needs `id` and `query`")
        if self.type == "custom" and not (self.engine == "greatExpectations" and self.implementation and self.id):
            raise ValueError("a custom rule needs `id`, `engine: greatExpectations` and `implementation`")
        if self.type == "library" and not self.metric:
            raise ValueError("a library rule needs `metric`")
        if self.unit == "percent" and (self.metric == "duplicateValues" or self.mustBeLessOrEqualTo is None):
            raise ValueError("`unit: percent` goes with mustBeLessOrEqualTo, and not with duplicates")
        return self

    @property
    def comparison(self) -> tuple[str, float]:
        """The stated comparison as SQL operator and value."""
        return next((sql, getattr(self, name)) for name, sql in COMPARATORS.items() if getattr(self, name) is not None)

    @property
    def label(self) -> str | None:
        """SQL expression that names an offending row in a message; only for tables without personal columns."""
        return custom(self.customProperties).get("label")

    @property
    def fails(self) -> str:
        """What is said where it does not hold: what rows do that offend ("lack a name"), or a sentence if no row can be told."""
        return str(custom(self.customProperties).get(FAILS, ""))

    @property
    def newest_first(self) -> bool:
        """Whether offenders are named from the last label down: labels that begin with a month."""
        return bool(custom(self.customProperties).get("newestFirst"))

    @property
    def row_predicate(self) -> str | None:
        """P of `select count(*) from {object} where P` with `mustBe: 0`: a rule each row can be judged by alone."""
        head = "select count(*) from {object} where "
        text = " ".join((self.query or "").split())
        if self.type == "sql" and self.mustBe == 0 and text.lower().startswith(head):
            return text[len(head) :]
        return None


class Relationship(Model):
    to: str


class MayBeEmpty(Model):
    """Percentage points by which a column may be empty more often than in the deliveries before, before a file warns, and waits."""

    warn: float = 10
    hold: float = 40


class Column(Model):
    name: str
    businessName: str | None = None
    physicalType: str = ""
    logicalType: str | None = None
    logicalTypeOptions: dict[str, Any] = {}
    required: bool = False
    unique: bool = False
    primaryKey: bool = False
    primaryKeyPosition: int | None = None
    classification: Literal["personal_id", "personal"] | None = None
    description: str = ""
    relationships: list[Relationship] = []
    quality: list[Quality] = []
    customProperties: list[CustomProperty] = []

    @property
    def unit(self) -> str | None:
        return custom(self.customProperties).get("unit")

    @property
    def aggregate(self) -> str | None:
        """Whether a measure may be summed: sum; snapshot, but not over time; none. None of what is no measure."""
        return custom(self.customProperties).get("aggregate")

    @property
    def was(self) -> list[str]:
        """Names that the column had before: what was published under them is its own."""
        said = custom(self.customProperties).get("was", [])
        return [said] if isinstance(said, str) else said

    @property
    def purpose(self) -> str | None:
        """The domain whose key its persons have their ids under, where that is another than the contract's."""
        return custom(self.customProperties).get("purpose")

    @property
    def is_event(self) -> bool:
        """Whether it is an instant that cannot lie after the delivery that tells of it was drawn."""
        return str(custom(self.customProperties).get("event", "")).lower() == "true"

    @property
    def may_be_empty(self) -> MayBeEmpty | None:
        """How much more often it may be empty than before, where that is watched."""
        said = custom(self.customProperties).get("mayBeEmpty")
        return None if said is None else MayBeEmpty.model_validate(said)

    @property
    def is_required(self) -> bool:
        return self.required or self.primaryKey

    @property
    def valid_values(self) -> list[str] | None:
        """The closed set of an error-level invalidValues rule, which every record must obey."""
        for rule in self.quality:
            if rule.metric == "invalidValues" and rule.severity == "error" and rule.mustBe == 0:
                return [str(v) for v in rule.arguments["validValues"]]
        return None


class Description(Model):
    purpose: str
    limitations: str | None = None
    usage: str | None = None


class Team(Model):
    name: str


class Latency(Model):
    """How old the newest `element` may be when a run judges it."""

    property: Literal["latency"]
    value: float
    unit: Literal["h", "d"]
    element: str


class Deadline(Model):
    """How often a delivery comes, and by when each time: cron in civil local time. `description` ends "A delivery is due"."""

    property: Literal["frequency"]
    value: float
    unit: Literal["d", "w", "m", "y"]
    scheduler: Literal["cron"]
    schedule: str
    description: str

    @field_validator("schedule")
    @classmethod
    def _is_a_cadence(cls, value: str) -> str:
        Cadence.of(value)
        return value


Sla = Annotated[Latency | Deadline, Field(discriminator="property")]


class Object(Model):
    name: str
    dataGranularityDescription: str
    customProperties: list[CustomProperty] = []
    properties: list[Column]
    quality: list[Quality] = []


class Sender(Model):
    """Somebody who is expected to deliver, from the month `since` to the month `until` (YYYY-MM); without them always."""

    name: str
    since: str = Field(default="", pattern=MONTH_OR_NONE)
    until: str = Field(default="", pattern=MONTH_OR_NONE)

    def is_expected(self, month: str) -> bool:
        """Whether a delivery for a month (YYYY-MM) is expected."""
        return (not self.since or self.since <= month) and (not self.until or month <= self.until)


class Shrinks(Model):
    """Percent of the records of the delivery it replaces under which a delivery warns, and under which it waits for the operator.

    Half a file is sent far more often than a tenth of a month is taken back: a real export was cut at 84.7 percent.
    """

    warn: float = 98
    hold: float = 90


class Delivery(Model):
    """Which deliveries are current (`assets.deliveries.standing`), and which months they cover (`assets.deliveries.coverage`).

    A month is known by the month's own file (`redelivery`), by its own and those that follow without a gap (`later_files`), or by any
    file that reaches past it (`through`); it is final once that file was drawn as long after the month's end as the row `finalAfter`
    of reference.target says. Without `completes` a month is never final. `unit` is what `$period` means.
    """

    mode: Literal["append", "snapshot", "upsert", "replace_period"]
    latestBy: list[str] = []
    period: str | None = None
    unit: Literal["day", "month", "year"] = "month"
    completes: Literal["redelivery", "later_files", "through"] | None = None
    finalAfter: str | None = None
    # Where the instant comes from at which a delivery was drawn; one that does not say so has none, unless first sight counts.
    drawn: Literal["name", "preamble", "first_sight"] = "name"
    senders: list[Sender] = []
    shrinks: Shrinks = Shrinks()
    # What a file that holds everything (`full` of its layout) no longer holds is gone at the source.
    absent: Literal["deleted"] | None = None
    # Minutes that clocks may differ by before an event lies after the delivery that tells of it.
    clockSkew: int = 10

    @model_validator(mode="after")
    def _complete(self) -> "Delivery":
        if (self.mode == "replace_period") != (self.period is not None):
            raise ValueError("`period` names the dating column of replace_period, and only of that")
        if self.latestBy and self.mode != "upsert":
            raise ValueError("`latestBy` goes with upsert")
        if self.absent and self.mode != "upsert":
            raise ValueError("`absent` goes with upsert: in the other modes what a file no longer holds is gone anyway")
        return self


class Volume(Model):
    """Percent of the median of as many months before (`over`) between which a month's number of records causes no warning."""

    warn: tuple[float, float]
    over: int = Field(default=6, ge=2)


class QuarantineLimit(Model):
    """Percent of a delivery's records that may be refused before it warns, and before it waits for the operator."""

    warn: float = 2
    hold: float = 20


class Inputs(Model):
    """What a table is computed from where a table of another domain has never been published: no rows of it."""

    absent: Literal["empty"]


class Finality(Model):
    """Why no row of a mart over periods is ever provisional, as a sentence for who reads it."""

    always: str


def custom(properties: list[CustomProperty]) -> dict[str, Any]:
    return {p.property: p.value for p in properties}
