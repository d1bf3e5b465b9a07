"""Contracts: Open Data Contract Standard v3.1 documents, read strictly and completed from the field dictionary.

Belongs here: the vocabulary of a contract, its loading, its fingerprint. Does not belong here: how a rule is run
(`expectations`) and how a record is read (`sources.parse`).
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sources.cadence import Cadence

Severity = Literal["error", "warning"]
# Every scalar stays text: other loaders read 0123 as 83 and `no` as false. The C parser is much the faster, where it was built.
BASE_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
COMPARATORS = {
    "mustBe": "=",
    "mustNotBe": "<>",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
}


class ContractError(Exception):
    """A contract, layout or field file that says something it must not. The text names the file."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


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
    def row_predicate(self) -> str | None:
        """P of `select count(*) from {object} where P` with `mustBe: 0`: a rule each row can be judged by alone."""
        head = "select count(*) from {object} where "
        text = " ".join((self.query or "").split())
        if self.type == "sql" and self.mustBe == 0 and text.lower().startswith(head):
            return text[len(head) :]
        return None


class Relationship(Model):
    to: str


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


class Object(Model):
    name: str
    dataGranularityDescription: str
    customProperties: list[CustomProperty] = []
    properties: list[Column]
    quality: list[Quality] = []


class Delivery(Model):
    """Which deliveries are current: see `assets.current`."""

    mode: Literal["append", "snapshot", "upsert", "replace_period"]
    latestBy: list[str] = []
    period: str | None = None
    unit: Literal["month"] = "month"
    # A replacement with fewer records than this percent of those it replaces waits for the operator: half a file is sent
    # far more often than half a month is taken back.
    replacesAtLeast: float = 80

    @model_validator(mode="after")
    def _complete(self) -> "Delivery":
        if (self.mode == "replace_period") != (self.period is not None):
            raise ValueError("`period` names the dating column of replace_period, and only of that")
        if self.latestBy and self.mode != "upsert":
            raise ValueError("`latestBy` goes with upsert")
        return self


class QuarantineLimit(Model):
    """Percent of a delivery's records that may be refused before it warns, and before it waits for the operator."""

    warn: float = 2
    hold: float = 20


class Contract(Model):
    apiVersion: Literal["v3.1.0"]
    kind: Literal["DataContract"]
    id: str
    version: str
    status: Literal["active", "draft"]
    domain: str
    team: Team = Team(name="data")
    description: Description
    slaProperties: list[Annotated[Latency | Deadline, Field(discriminator="property")]] = []
    schema_: list[Object] = Field(alias="schema", min_length=1, max_length=1)

    @field_validator("id", "domain")
    @classmethod
    def _identifier(cls, value: str) -> str:
        if not value.isidentifier() or not value.isascii():
            raise ValueError("letters, digits and _ only")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Contract":
        if self.object.name != self.id:
            raise ValueError(f"the object is called {self.object.name}, the contract {self.id}")
        known: dict[str, type[Model]] = {"delivery": Delivery, "quarantineLimit": QuarantineLimit}
        for name, value in custom(self.object.customProperties).items():
            if name not in known:
                raise ValueError(f"unknown customProperty {name}")
            known[name].model_validate(value)
        for column in self.columns:
            if unknown := set(custom(column.customProperties)) - {"unit", "qualifies"}:
                raise ValueError(f"{column.name}: unknown customProperty {sorted(unknown)}")
        if self.person:
            self._admits_no_stray_number()
        return self

    def _admits_no_stray_number(self) -> None:
        """A CPR number in the wrong column must not pass as that column's value: every text has a shape or a closed set."""
        if self.person and not self.person.is_required:
            raise ValueError(f"{self.person.name}: a record about nobody cannot be protected, so it is required")
        for column in self.columns:
            is_open = "pattern" not in column.logicalTypeOptions and column.valid_values is None
            if column.physicalType == "VARCHAR" and not column.classification and is_open:
                raise ValueError(f"{column.name}: where there are persons a text needs a `pattern` or `validValues`")

    @property
    def object(self) -> Object:
        return self.schema_[0]

    @property
    def columns(self) -> list[Column]:
        return self.object.properties

    @cached_property
    def key(self) -> list[str]:
        """Names of the primary key's columns, in order."""
        parts = [c for c in self.columns if c.primaryKey]
        return [c.name for c in sorted(parts, key=lambda c: c.primaryKeyPosition or 0)]

    @cached_property
    def delivery(self) -> Delivery:
        return Delivery.model_validate(custom(self.object.customProperties).get("delivery", {"mode": "snapshot"}))

    @cached_property
    def quarantine_limit(self) -> QuarantineLimit:
        return QuarantineLimit.model_validate(custom(self.object.customProperties).get("quarantineLimit", {}))

    @property
    def dated_by(self) -> str | None:
        """The column that says which month a record belongs to: the period's, else the one the latency is measured on."""
        return self.delivery.period or (self.latency.element.split(".")[1] if self.latency else None)

    @property
    def latency(self) -> Latency | None:
        return next((sla for sla in self.slaProperties if isinstance(sla, Latency)), None)

    @property
    def deadline(self) -> Deadline | None:
        return next((sla for sla in self.slaProperties if isinstance(sla, Deadline)), None)

    @property
    def has_personal_columns(self) -> bool:
        return any(c.classification for c in self.columns)

    @cached_property
    def person(self) -> Column | None:
        """The column that holds a CPR number where a supplier writes it, and a person id from then on."""
        return next((c for c in self.columns if c.classification == "personal_id"), None)

    def classification(self, column: str) -> str | None:
        return next(c.classification for c in self.columns if c.name == column)

    @property
    def record_rules(self) -> list[Quality]:
        """The rules that quarantine a record of an extract."""
        return [r for r in self.object.quality if r.severity == "error" and r.id and r.row_predicate]

    @property
    def row_rules(self) -> list[tuple[str, str]]:
        """(id, predicate true for an offending row) of `record_rules`."""
        return [(r.id, r.row_predicate) for r in self.record_rules if r.id and r.row_predicate]

    @cached_property
    def reading_fingerprint(self) -> str:
        """Changes when a file must be read again: columns, types, keys, options, error rules, classification."""
        columns = [
            (c.name, c.physicalType, c.is_required, c.primaryKeyPosition, c.logicalTypeOptions, c.valid_values, c.classification, c.unit)
            for c in self.columns
        ]
        return digest("contract", columns, self.key, self.row_rules, self.delivery.period)

    @cached_property
    def audit_fingerprint(self) -> str:
        """Changes when a table must be audited again: anything but the words people read."""
        return digest("audit", _without_words(self.object.model_dump(mode="json")))


def digest(*parts: object) -> str:
    """A short stable hash of JSON-able parts, for keys and names of files."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def custom(properties: list[CustomProperty]) -> dict[str, Any]:
    return {p.property: p.value for p in properties}


def said(error: Exception) -> str:
    """What is wrong with a document and where in it, without the library's own chatter."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())


def load_fields(path: Path) -> dict[str, dict[str, Any]]:
    """The field dictionary: canonical column name -> type, unit, label, meaning, class."""
    fields: dict[str, dict[str, Any]] = yaml.load(path.read_text("utf-8"), BASE_LOADER)
    for name, field in fields.items():
        if unknown := set(field) - {"type", "unit", "label", "meaning", "class"}:
            raise ContractError(f"{path.name}: {name} has unknown keys {sorted(unknown)}")
    return fields


def load_contract(path: Path, fields: dict[str, dict[str, Any]]) -> Contract:
    """Read one contract and fill what it leaves unsaid about a column from the field dictionary.

    Raises ContractError for an unknown key, a column missing from the dictionary, or a type that contradicts it.
    """
    try:
        raw = yaml.load(path.read_text("utf-8"), BASE_LOADER)
        for column in raw["schema"][0]["properties"]:
            _complete_column(column, fields)
        return Contract.model_validate(raw)
    except (yaml.YAMLError, ValidationError, KeyError, TypeError, ValueError) as error:
        raise ContractError(f"{path.parent.name}/{path.name}: {said(error)}") from error


def _complete_column(column: dict[str, Any], fields: dict[str, dict[str, Any]]) -> None:
    field = fields.get(column["name"])
    if field is None:
        raise ValueError(f"column {column['name']} is not in fields.yaml")
    if column.setdefault("physicalType", field["type"]) != field["type"]:
        raise ValueError(f"column {column['name']} is {field['type']} in fields.yaml, {column['physicalType']} here")
    column.setdefault("description", field["meaning"])
    if "label" in field:
        column.setdefault("businessName", field["label"])
    if "class" in field:
        column.setdefault("classification", field["class"])
    if "unit" in field and "unit" not in {p["property"] for p in column.get("customProperties", [])}:
        column.setdefault("customProperties", []).append({"property": "unit", "value": field["unit"]})


def _without_words(value: Any) -> Any:
    """Drop descriptions and labels: a better sentence is no reason to compute a table again."""
    if isinstance(value, dict):
        words = {"description", "businessName", "dataGranularityDescription"}
        return {k: _without_words(v) for k, v in value.items() if k not in words}
    if isinstance(value, list):
        return [_without_words(v) for v in value]
    return value
