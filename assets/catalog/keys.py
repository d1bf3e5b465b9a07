"""Keys: what a file of the lake is named by. A key holds everything that could make the file's content different.

Two runs that agree on a key agree on the content, so what exists is never made twice. What a table *is* has one key, what was
found of it by its rules another: a changed rule judges again and computes nothing.
"""

from collections.abc import Iterable, Mapping

from assets.catalog.declared import Table
from expectations.suite import Rule
from sources.contract import digest
from sources.layout import Extract
from sources.reading import READER_VERSION
from sources.vocabulary import Delivery

BUILD_VERSION = "4"


def current_key(extract: Extract, delivery: Delivery, readings: list[str], full: Mapping[str, str]) -> str:
    """Names the current records of an extract: which parses, in which order, under which rule, and which full files delete some."""
    rule = delivery.model_dump(include={"mode", "latestBy"})
    gone = sorted(full.items()) if delivery.absent else ()
    return digest("current", rule, extract.contract.key, readings, *gone)


def reference_key(table: Table) -> str:
    """Names a version of a lookup: its file and how it is read."""
    return digest("reference", table.text, table.contract.reading_fingerprint, READER_VERSION, BUILD_VERSION)


def data_key(table: Table, inputs: Mapping[str, str], as_of: str, memory: str = "") -> str:
    """Names a version of an SQL table by all that decides its rows: its SQL, columns and types, how small cells are protected, what
    it gets (`inputs`: table -> key of its data, of a lookup the rows it asks for), the day if it asks, and `memory`, what had been
    withheld and published of it before.
    """
    columns = [(c.name, c.physicalType) for c in table.contract.columns]
    disclosure = table.contract.disclosure.model_dump(mode="json") if table.contract.disclosure else None
    today = as_of[:10] if table.uses_as_of else ""
    return digest("table", table.statement, columns, disclosure, sorted(inputs.items()), today, memory, BUILD_VERSION)


def coverage_key(covered: Iterable[object]) -> str:
    """Names what the deliveries of an extract cover."""
    return digest("coverage", [str(month) for month in covered])


def audit_key(key: str, rules: Iterable[Rule], others: Mapping[str, str], is_personal: bool) -> str:
    """Names what rules find of the data named `key`: the rules but for their words and severity, the tables they compare with, and
    whether there are persons, of whom nothing may be named.
    """
    judged = [(r.name, r.expectation, r.kwargs, r.predicate, r.label, r.newest_first, r.key) for r in rules]
    return digest("audit", key, judged, sorted(others.items()), is_personal)
