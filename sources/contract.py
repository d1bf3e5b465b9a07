"""Contracts: Open Data Contract Standard v3.1 documents, read strictly and completed from the field dictionary.

Belongs here: a contract as a whole, its loading, its fingerprint. Does not belong here: the words it is written in
(`sources.vocabulary`), how a rule is run (`expectations`), how a record is read (`sources.parse`).
"""

import difflib
import hashlib
import json
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from sources.disclosure_words import Disclosure
from sources.documents import Document, read
from sources.vocabulary import (
    FAILS,
    Column,
    Deadline,
    Delivery,
    Description,
    Finality,
    Inputs,
    Latency,
    Model,
    Object,
    QuarantineLimit,
    Sla,
    Team,
    Volume,
    custom,
)

# Words people read: a better sentence is no reason to compute a table again.
_SAID = {"description": True, "quality": {"__all__": {"description"}}}
# What a sum of whole numbers is in DuckDB; pandas, R and spreadsheets round it, JavaScript gives another kind of number.
TOO_WIDE = ("HUGEINT", "UHUGEINT")
AGGREGATES = ("sum", "snapshot", "none")
WORDS: Any = {"dataGranularityDescription": True, "properties": {"__all__": _SAID | {"businessName": True}}, **_SAID}


# What a contract may say of its object beyond the standard.
CUSTOM: dict[str, type[Model]] = {
    "delivery": Delivery,
    "quarantineLimit": QuarantineLimit,
    "disclosure": Disclosure,
    "inputs": Inputs,
    "volume": Volume,
    "finality": Finality,
}


class Contract(Model):
    apiVersion: Literal["v3.1.0"]
    kind: Literal["DataContract"]
    id: str
    version: str
    status: Literal["active", "draft"]
    domain: str
    team: Team = Team(name="data")
    description: Description
    slaProperties: list[Sla] = []
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
        if unknown_one := next((name for name in custom(self.object.customProperties) if name not in CUSTOM), None):
            raise ValueError(f"unknown customProperty {unknown_one}; there are {', '.join(CUSTOM)}")
        for column in self.columns:
            if unknown := set(custom(column.customProperties)) - {"unit", "aggregate", "event", "was", "mayBeEmpty", "purpose"}:
                raise ValueError(f"{column.name}: unknown customProperty {sorted(unknown)}")
            if column.purpose and column not in self.persons:
                raise ValueError(f"{column.name}: a purpose is of a column that holds numbers of persons")
            if column.aggregate not in (None, *AGGREGATES):
                raise ValueError(f"{column.name}: aggregate is one of {', '.join(AGGREGATES)}")
            if column.may_be_empty and column.is_required:
                raise ValueError(f"{column.name}: what is required is never empty, so nobody watches how often it is")
            if column.is_event and column.physicalType not in ("DATE", "TIMESTAMP"):
                raise ValueError(f"{column.name}: an event is a DATE or a TIMESTAMP")
        if taken := sorted({c.name for c in self.columns} & set(self.renamed)):
            raise ValueError(f"{', '.join(taken)}: another column was called that before, so it cannot be one of now")
        if self.person:
            self._admits_no_stray_number()
        if spec := self.disclosure:
            named = {*spec.key, *spec.measures}
            if lacking := named - {c.name for c in self.columns}:
                raise ValueError(f"disclosure names {sorted(lacking)}, which are no columns")
        return self

    @property
    def renamed(self) -> dict[str, str]:
        """Name that a column had before -> the name it has."""
        return {before: column.name for column in self.columns for before in column.was}

    def _admits_no_stray_number(self) -> None:
        """A CPR number in the wrong column must not pass as that column's value: every text has a shape or a closed set."""
        if lacking := [c.name for c in self.persons if not c.is_required]:
            raise ValueError(f"{lacking[0]}: a record about nobody cannot be protected, so it is required")
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
        """How an extract is delivered, which each says for itself (`declares_delivery`); a table has but one state."""
        return Delivery.model_validate(custom(self.object.customProperties).get("delivery", {"mode": "snapshot"}))

    @property
    def declares_delivery(self) -> bool:
        return "delivery" in custom(self.object.customProperties)

    @cached_property
    def volume(self) -> Volume | None:
        """How far a month's number of records may differ from the months before it without a warning."""
        found = custom(self.object.customProperties).get("volume")
        return Volume.model_validate(found) if found else None

    @cached_property
    def quarantine_limit(self) -> QuarantineLimit:
        return QuarantineLimit.model_validate(custom(self.object.customProperties).get("quarantineLimit", {}))

    @property
    def why_always_final(self) -> str:
        """Why no row of a mart over periods is ever provisional; '' where some may be."""
        found = custom(self.object.customProperties).get("finality")
        return Finality.model_validate(found).always if found else ""

    @property
    def tells_what_is_provisional(self) -> bool:
        return bool({"is_provisional", "qf"} & {c.name for c in self.columns})

    @property
    def takes_absent_as_empty(self) -> bool:
        """Whether the table is made all the same when another domain it reads has never been published."""
        return "inputs" in custom(self.object.customProperties)

    @cached_property
    def disclosure(self) -> Disclosure | None:
        """How small cells are protected; None for a table that is not about persons."""
        found = custom(self.object.customProperties).get("disclosure")
        return Disclosure.model_validate(found) if found else None

    @property
    def refers_to(self) -> list[tuple[str, str, str]]:
        """(Table, own column, column there) of what a column must be found in."""
        said = [(c.name, r.to.partition(".")) for c in self.columns for r in c.relationships]
        return [(table, column, to) for column, (table, _, to) in said]

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
    def persons(self) -> list[Column]:
        """The columns that hold a CPR number where a supplier writes it, and a person id from then on."""
        return [c for c in self.columns if c.classification == "personal_id"]

    @property
    def person(self) -> Column | None:
        """The column that says whom a record is about."""
        return self.persons[0] if self.persons else None

    @property
    def row_rules(self) -> list[tuple[str, str, str]]:
        """(id, predicate true for an offending row, words) of the rules that quarantine a record of an extract."""
        found = ((r, r.row_predicate) for r in self.object.quality if r.severity == "error")
        return [(r.id, predicate, r.description) for r, predicate in found if r.id and predicate]

    @cached_property
    def reading_fingerprint(self) -> str:
        """Changes when a file must be read again: columns, types, keys, options, error rules, classification."""
        columns = [
            (c.name, c.physicalType, c.is_required, c.primaryKeyPosition, c.logicalTypeOptions, c.valid_values, c.classification, c.unit)
            for c in self.columns
        ]
        said = [rule[:2] for rule in self.row_rules]
        events = [c.name for c in self.columns if c.is_event]
        judged_by = (events, self.delivery.clockSkew) if events else ()
        watched = [c.name for c in self.columns if c.may_be_empty]
        purposes = [{c.name: c.purpose} for c in self.persons if c.purpose]
        unit = () if self.delivery.unit == "month" else (self.delivery.unit,)
        return digest("contract", columns, self.key, said, self.delivery.period, *unit, *judged_by, *watched, *purposes)

    @cached_property
    def audit_fingerprint(self) -> str:
        """Changes when a table must be audited again: anything but the words people read."""
        said = self.object.model_dump(mode="json", exclude=WORDS)
        for rule in chain(said["quality"], *(c["quality"] for c in said["properties"])):
            rule["customProperties"] = [p for p in rule["customProperties"] if p["property"] != FAILS]
        return digest("audit", said)


def digest(*parts: object) -> str:
    """A short stable hash of JSON-able parts, for keys and names of files."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def load_fields(*documents: Document) -> dict[str, dict[str, Any]]:
    """The field dictionary: canonical column name -> type, unit, label, meaning, class. Raises ContractError."""
    found: dict[str, dict[str, Any]] = {}
    for document in documents:
        fields: dict[str, dict[str, Any]] = document.content
        if not isinstance(fields, dict):
            raise document.wrong("it names no field")
        for name, field in fields.items():
            if not isinstance(field, dict) or "type" not in field or "meaning" not in field:
                raise document.wrong(f"{name} needs at least `type` and `meaning`", name)
            if unknown := set(field) - {"type", "unit", "aggregate", "label", "meaning", "class"}:
                raise document.wrong(f"{name} has unknown words {', '.join(sorted(unknown))}", name, min(unknown))
            if field["type"] in TOO_WIDE:
                raise document.wrong(f"{name} is {field['type']}, which other programs read as a fraction; cast a sum to bigint", name)
        found |= fields
    return found


def load_contract(path: Path, fields: dict[str, dict[str, Any]]) -> Contract:
    """Read one contract and fill what it leaves unsaid about a column from the field dictionary.

    Raises ContractError for an unknown key, a column missing from the dictionary, or a type that contradicts it.
    """
    document = read(path, f"{path.parent.name}/{path.name}")
    try:
        for place, column in enumerate(document.content["schema"][0]["properties"]):
            try:
                _complete_column(column, fields)
            except ValueError as error:
                raise document.wrong(str(error), "schema", 0, "properties", place) from error
        for place, said in enumerate(document.content["schema"][0].get("customProperties", [])):
            if said["property"] in CUSTOM:
                document.valid(CUSTOM[said["property"]], said["value"], "schema", 0, "customProperties", place, "value")
    except (KeyError, TypeError, IndexError, AttributeError):
        # What is missing there is told in the document's own words.
        pass
    contract = document.valid(Contract)
    for place, column in enumerate(contract.columns):
        try:
            _ = column.valid_values
        except (KeyError, TypeError):
            raise document.wrong(
                f"invalidValues of {column.name} needs arguments: {{validValues: [...]}}", "schema", 0, "properties", place
            ) from None
    return contract


def _complete_column(column: dict[str, Any], fields: dict[str, dict[str, Any]]) -> None:
    field = fields.get(column["name"])
    if field is None:
        near = difflib.get_close_matches(column["name"], fields, 1)
        raise ValueError(f"column {column['name']} is not in fields.yaml" + (f"; is {near[0]} meant?" if near else ""))
    if column.setdefault("physicalType", field["type"]) != field["type"]:
        raise ValueError(f"column {column['name']} is {field['type']} in fields.yaml, {column['physicalType']} here")
    column.setdefault("description", field["meaning"])
    if "label" in field:
        column.setdefault("businessName", field["label"])
    if "class" in field:
        column.setdefault("classification", field["class"])
    for name in ("unit", "aggregate"):
        if name in field and name not in {p["property"] for p in column.get("customProperties", [])}:
            column.setdefault("customProperties", []).append({"property": name, "value": field[name]})
