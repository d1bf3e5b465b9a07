"""What is read of a delivered content: one Parquet for each content, contract, layout and reader, found again by its key."""

from dataclasses import asdict
from pathlib import Path

import duckdb

from assets.lake.files import Lake, beside, read_json, sync, write_json
from sources.casts import literal
from sources.contract import digest
from sources.layout import Extract, Match
from sources.parse import READER_VERSION, Delivery, Reading
from sources.reasons import Refused

ARRIVAL = ("$received", "$extracted")


def reading_of(
    lake: Lake, extract: Extract, content: str, inner_name: str, con: duckdb.DuckDBPyConnection, part: Path | None = None
) -> tuple[str, Reading]:
    """Key and facts of what is read of a content under today's contract and layouts, reading it if need be: `part`, else as archived.

    Raises Refused when it can no longer be read.
    """
    if key := read_before(lake, extract, content, inner_name):
        return key, _facts(lake, extract, key)
    file = part or lake.archived(content)
    if not file.exists():
        key = _kept_parse(lake, extract, content, con)
        return key, _facts(lake, extract, key)
    delivery = Delivery(file, extract, inner_name)
    key = _reading_key(extract, delivery.match, content)
    target = lake.parse(extract.name, key)
    if not target.exists():
        made = beside(target)
        reading = delivery.parse(con, made)
        sync(made)
        write_json(target.with_suffix(".json"), asdict(reading) | {"content": content})
        made.replace(target)
    write_json(_match(lake, extract, content, inner_name), {"parse": key})
    return key, _facts(lake, extract, key)


def read_before(lake: Lake, extract: Extract, content: str, inner_name: str) -> str:
    """Key of what was read of a content under today's contract and layouts; '' where it has not been, or that is gone."""
    match = _match(lake, extract, content, inner_name)
    key = str(read_json(match)["parse"]) if match.exists() else ""
    return key if key and lake.parse(extract.name, key).exists() else ""


def _match(lake: Lake, extract: Extract, content: str, inner_name: str) -> Path:
    """The answer to "which layout fits this file": it can only change with the layouts, the contract or the reader."""
    layouts = [layout.fingerprint for layout in extract.layouts]
    key = digest("match", content, inner_name, extract.contract.reading_fingerprint, layouts, READER_VERSION)
    return lake.parse(extract.name, key).with_suffix(".match.json")


def _reading_key(extract: Extract, match: Match, content: str) -> str:
    """Names the parse of one delivered content under one layout. When it arrived does not matter, unless a column is read from that."""
    used = {name for source in match.layout.columns.values() for name in source.names}
    variables = {k: v for k, v in match.variables.items() if k in used or k not in ARRIVAL}
    return digest("parse", content, extract.contract.reading_fingerprint, match.layout.fingerprint, variables, READER_VERSION)


def _kept_parse(lake: Lake, extract: Extract, content: str, con: duckdb.DuckDBPyConnection) -> str:
    """Key of the newest parse of a file that is no longer archived: the parse is what remains of it. Raises Refused."""
    columns = {c.name for c in extract.contract.columns}
    folder = lake.parse(extract.name, "any").parent
    facts = [p for p in folder.glob("*.json") if p.name.count(".") == 1 and read_json(p)["content"] == content]
    for path in sorted(facts, key=lambda p: p.stat().st_mtime, reverse=True):
        parquet = literal(str(path.with_suffix(".parquet")))
        if columns <= {d[0] for d in con.execute(f"describe select * from read_parquet({parquet})").fetchall()}:
            return path.stem
    raise Refused("unreadable_file", "The file is no longer in the archive, and what was read of it lacks columns of today's contract.")


def _facts(lake: Lake, extract: Extract, key: str) -> Reading:
    facts = read_json(lake.parse(extract.name, key).with_suffix(".json"))
    return Reading(**{k: v for k, v in facts.items() if k != "content"})
