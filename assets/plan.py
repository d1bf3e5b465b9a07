"""Keys: what a file of the lake is named by. A key holds everything that could make the file's content different.

Two runs that agree on a key agree on the content, so what exists is never made twice.
"""

from collections.abc import Iterable

from assets.catalog import Table
from sources.contract import digest
from sources.layout import Extract, Match
from sources.parse import READER_VERSION
from sources.vocabulary import Delivery

BUILD_VERSION = "1"
ARRIVAL = ("$received", "$extracted")


def reading_key(extract: Extract, match: Match, content: str) -> str:
    """Names the parse of one delivered content under one layout. When it arrived does not matter, unless a column is read from that."""
    used = {name for source in match.layout.columns.values() for name in source.names}
    variables = {k: v for k, v in match.variables.items() if k in used or k not in ARRIVAL}
    return digest("parse", content, extract.contract.reading_fingerprint, match.layout.fingerprint, variables, READER_VERSION)


def match_key(extract: Extract, content: str, file_name: str) -> str:
    """Names the answer to "which layout fits this file": it can only change with the layouts, the contract or the reader."""
    layouts = [layout.fingerprint for layout in extract.layouts]
    return digest("match", content, file_name, extract.contract.reading_fingerprint, layouts, READER_VERSION)


def current_key(extract: Extract, delivery: Delivery, readings: list[str]) -> str:
    """Names the current records of an extract: which parses, in which order, under which rule."""
    return digest("current", delivery.model_dump(), extract.contract.key, readings)


def reference_key(table: Table, accepted: Iterable[str] = ()) -> str:
    contract = table.contract
    fingerprints = (contract.reading_fingerprint, contract.audit_fingerprint)
    return digest("reference", table.text, *fingerprints, READER_VERSION, BUILD_VERSION, *sorted(accepted))


def table_key(table: Table, inputs: dict[str, str], as_of: str, ledger: str = "", accepted: Iterable[str] = ()) -> str:
    """Names a version of an SQL table. `inputs` maps what the table needs to the keys of what it gets; `ledger` names what had
    been withheld of it before.

    `accepted` are checks it may fail: a version that passes all and one that need not are different ones.
    """
    today = as_of[:10] if table.uses_as_of else ""
    parts = (table.statement, table.contract.audit_fingerprint, sorted(inputs.items()), today, BUILD_VERSION, *sorted(accepted))
    return digest("table", *parts, *([ledger] if ledger else []))
