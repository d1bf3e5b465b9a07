"""A delivered file to one Parquet that holds all its records: typed columns, and for each refused record the reasons.

The whole judgement of a record is one SQL select over the reader's batches, built from contract and layout, so a file is
read in one pass. Reasons are `column:reason` or `rule:id`; `ignored` marks what the layout says is no record of this
extract, `deleted` an accepted one that says of the record with its key that it is gone. Columns of the Parquet: the contract's, then

    _line      BIGINT   physical line (row of the sheet) the record starts on, from 1
    _errors    VARCHAR  null when accepted, `deleted`, `ignored`, else the reasons joined by '; '
    _original  VARCHAR  JSON of the supplier's text, only for refused records and never of a personal column
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from sources.casts import ident
from sources.contract import Contract
from sources.controls import Controls
from sources.delimited import FAULT, DelimitedFile, schema
from sources.judgement import DELETED, IGNORED, NO_REASON, ignores_header, judgement, layout_fault, origin, supplier_relation
from sources.kinds import START_BYTES, foreign, kind_of
from sources.layout import Extract, LayoutFault, Match, plain_name
from sources.matching import choose
from sources.paths import quoted
from sources.persons import Persons
from sources.reading import Reading, discreet
from sources.reasons import Refused
from sources.repeats import repeated_hashes
from sources.stamp import Span, Stamp
from sources.workbook import Workbook

_STAMP = r"(19|20)\d{2}[-./]?\d{2}[-./]?\d{2}([-T ]\d{2}[:.]?\d{2}([:.]?\d{2})?)?"
# What a delivery says of itself above its header that is kept of it: nothing a supplier could fill with somebody's name or number.
KEPT = {
    "$period": r"\d{4}(-\d{2}){0,2}",
    "$latest": r"\d{4}(-\d{2}){0,2}",
    "$received": _STAMP,
    "$extracted": _STAMP,
    "$part": r"\d{1,3}",
    "$parts": r"\d{1,3}",
}
# Version 2 writes numbers that rise, like lines and times, as their differences: a tenth of the size.
PARQUET = "format parquet, compression zstd, compression_level 1, parquet_version v2"


class Delivery:
    """A delivered file matched with the layout that fits it. Raises Refused from the constructor on."""

    def __init__(self, path: Path, extract: Extract, file_name: str | None = None, person_key: bytes | None = None) -> None:
        self.extract, self._person_key = extract, person_key
        name = file_name or path.name
        if path.stat().st_size == 0:
            raise Refused("empty_file", "The file is empty.")
        with path.open("rb") as file:
            start = file.read(START_BYTES)
        if said := foreign(start):
            raise Refused("unreadable_file", said)
        self.file: DelimitedFile | Workbook = Workbook(path) if kind_of(start) == "workbook" else DelimitedFile(path)
        self.match = choose(extract, name, self.file.heads)
        _refuse_impossible_times(extract, self.match.variables)

    def parse(self, con: duckdb.DuckDBPyConnection, target: Path) -> Reading:
        """Write all records to `target` (Parquet) and return what was found; raises Refused or LayoutFault, target then worthless.

        On a connection that does not keep order each thread writes the batches it judged: the line says where a record stood, its place
        in the Parquet does not.
        """
        contract = self.extract.contract
        refused: list[Refused | LayoutFault] = []
        batches, shape = self.file.batches(self.match), schema(self.match.names)
        if not ignores_header(con, self.match):
            batches = _up_to_second_header(batches, self.match.names)
        controls = Controls(self.extract, self.match)
        batches = controls.read(batches)
        if contract.persons:
            persons = Persons(contract, self.match, self._person_key)
            batches, shape = map(persons.in_place, batches), persons.in_place(pa.RecordBatch.from_pylist([], schema=shape)).schema
        con.register("batches", pa.RecordBatchReader.from_batches(shape, _noting(refused, batches)))
        try:
            relation, cells, aside = supplier_relation(con, self.match)
            select = judgement(contract, self.match, relation)
            con.execute(f"copy ({select}) to {quoted(target)} ({PARQUET})")
        except duckdb.Error:
            # DuckDB keeps the text of what stopped the reader and loses the exception.
            if refused:
                raise refused[0] from None
            if fault := layout_fault(con, self.extract, self.match, shape):
                raise fault from None
            raise
        finally:
            con.unregister("batches")
            con.execute("drop table if exists wide")
        _refuse_repeated_keys(con, contract, target)
        controls.refuse_what_disagrees(con, target)
        return self._reading(con, target, (self.file.physical_records - aside) * cells)

    def _reading(self, con: duckdb.DuckDBPyConnection, target: Path, physical: int) -> Reading:
        file = f"read_parquet({quoted(target)})"
        watched = [c.name for c in self.extract.contract.columns if c.may_be_empty]
        empty = "".join(f", count(*) filter (_errors is null and {ident(c)} is null)" for c in watched)
        (records, accepted, ignored, *empties) = con.execute(
            "select count(*), count(*) filter (_errors is null or _errors = $deleted), count(*) filter (_errors = $ignored)"
            f"{empty} from {file}",
            {"deleted": DELETED, "ignored": IGNORED},
        ).fetchall()[0]
        if records != physical:
            raise Refused("counts_disagree", f"The file holds {physical} records, {records} could be read.")
        reasons = (
            con.execute(
                f"select reason, count(*) from (select unnest(string_split(_errors, '; ')) as reason from {file} where _errors is not null)"
                " group by all order by all"
            ).fetchall()
            if accepted < records
            else []
        )
        found = {reason: count for reason, count in reasons if reason not in (DELETED, IGNORED)}
        used = {plain_name(n) for n in self.match.layout.header} | {plain_name(n) for n in self.match.names if self._is_used(n)}
        extra = [] if self.match.layout.unpivot else [n for n in self.match.names if plain_name(n) not in used]
        reading = Reading(
            layout=self.match.layout.name,
            encoding=self.file.encoding,
            sheet=self.match.sheet,
            physical_records=physical,
            records=records,
            accepted=accepted,
            ignored=ignored,
            reasons=found,
            extra_columns=extra,
            absent_columns=[c for c, s in self.match.layout.columns.items() if s.names and not origin(s, self.match)],
            period=self.match.variables.get("$period"),
            said=_kept(self.extract, self.match.preamble),
            empty=dict(zip(watched, empties, strict=True)),
        )
        return discreet(self.extract, reading)

    def _is_used(self, name: str) -> bool:
        return bool(self.match.readers_of(name)) or any(name.casefold() in i.when.casefold() for i in self.match.layout.ignore)


def _kept(extract: Extract, preamble: dict[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in preamble.items() if name in KEPT and re.fullmatch(KEPT[name], text)}
    if preamble.get("$sender") in {s.name for s in extract.contract.delivery.senders}:
        kept["$sender"] = preamble["$sender"]
    return kept


def _noting(refused: list[Refused | LayoutFault], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except (Refused, LayoutFault) as refusal:
        refused.append(refusal)
        raise


def _up_to_second_header(batches: Iterator[pa.RecordBatch], names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Where the header stands again another table begins, of whatever: its records are told and not believed."""
    is_below = False
    for batch in batches:
        at = 0 if is_below else _header_at(batch, names)
        if at is not None:
            is_below, place = True, batch.schema.get_field_index(FAULT)
            faults = [*batch.column(place).slice(0, at).to_pylist(), *["rule:second_table"] * (len(batch) - at)]
            batch = batch.set_column(place, batch.schema.field(place), pa.array(faults, pa.string()))
        yield batch


def _header_at(batch: pa.RecordBatch, names: tuple[str, ...]) -> int | None:
    rows = pa.array(range(0), pa.int64())
    for place, name in enumerate(names):
        alike = pc.equal(batch.column(place), name)
        rows = pc.indices_nonzero(alike) if place == 0 else rows.filter(alike.take(rows))
        if not len(rows):
            return None
    return int(rows[0].as_py())


def _refuse_impossible_times(extract: Extract, variables: dict[str, str]) -> None:
    """What a file says of when it was drawn and what it covers is a time that exists."""
    form = {"day": "2015-05-31", "month": "2015-05", "year": "2015"}[extract.contract.delivery.unit]
    for name, lengths in (("$period", {len(form)}), ("$latest", {4, 7, 10})):
        if (said := variables.get(name)) is not None and not (len(said) in lengths and _exists(Span, said)):
            kind = f"a {extract.contract.delivery.unit} like {form}" if name == "$period" else "a day, month or year like 2015-05"
            raise Refused("unreadable_file", f"The file says that it covers {{}} where {kind} belongs.", repr(said))
    for name in Match.ARRIVAL:
        if (said := variables.get(name)) is not None and not _exists(Stamp, said):
            raise Refused("unreadable_file", "The file says {} where a date and time like 20150504-0615 belong.", repr(said))


def _exists(kind: type[Span | Stamp], said: str) -> bool:
    try:
        return bool(kind.of(said))
    except ValueError:
        return False


def _refuse_repeated_keys(con: duckdb.DuckDBPyConnection, contract: Contract, target: Path) -> None:
    """Quarantine repeats of a key inside one file: of identical records the first stays, of differing ones none.

    Versions of a record are told apart by what `latestBy` names; where one leaves blank what may be blank, nobody knows their order.
    """
    optional = [c.name for c in contract.columns if c.name in contract.delivery.latestBy and not c.is_required]
    key = ", ".join(ident(k) for k in [*contract.key, *contract.delivery.latestBy] if k not in optional)
    if not key:
        return
    has_blank = " or ".join(f"{ident(c)} is null" for c in optional) or "false"
    version = ", ".join([key, *(f"case when not has_blank then {ident(c)} end" for c in optional)])
    hashes = repeated_hashes(con, key, f"read_parquet({quoted(target)}) where _errors is null")
    if not len(hashes):
        return
    content = ", ".join(ident(c.name) for c in contract.columns)
    packed = ", ".join(f"{ident(c.name)} := {ident(c.name)}" for c in contract.columns)
    original = "null" if contract.has_personal_columns else f"cast(to_json(struct_pack({packed})) as varchar)"
    record = f"(select *, file_row_number as place from read_parquet({quoted(target)}, file_row_number = true)) as record"
    con.register("suspect", pa.table({"hash": hashes}))
    try:
        con.execute(f"""
            create or replace temp table repeats as
            with alike as (
                select *, bool_or({has_blank}) over (partition by {key}) as has_blank
                from {record}
                where _errors is null and hash({key}) in (from suspect)
                qualify count(*) over (partition by {key}) > 1
            )
            select
                place,
                case
                    when count(distinct hash({content})) over (partition by {version}) > 1 then 'rule:duplicate_key'
                    when row_number() over (partition by {version} order by _line, place) > 1 then 'rule:duplicate_row'
                end as repeat
            from alike""")
        if con.execute("select count(repeat) from repeats").fetchall() == [(0,)]:
            return
        marked = target.with_suffix(".marked")
        con.execute(f"""
            copy (
                select record.* exclude (place, file_row_number, _errors, _original), coalesce(record._errors, repeat) as _errors,
                    coalesce(record._original, case when repeat is not null then {original} end) as _original
                from {record} left join repeats using (place)
            ) to {quoted(marked)} ({PARQUET})""")
        marked.replace(target)
    finally:
        con.unregister("suspect")
        con.execute("drop table if exists repeats")


def refused_records(con: duckdb.DuckDBPyConnection, parsed: Path) -> list[dict[str, Any]]:
    """(line, reasons, original) of every refused record of a parse, in file order."""
    rows = con.execute(
        f"select _line, _errors, _original from read_parquet({quoted(parsed)}) where _errors not in {NO_REASON} order by _line"
    ).fetchall()
    return [{"line": line, "reasons": errors.split("; "), "original": _loaded(original)} for line, errors, original in rows]


def _loaded(original: str | None) -> Any:
    try:
        return json.loads(original) if original else None
    except json.JSONDecodeError:
        return original
