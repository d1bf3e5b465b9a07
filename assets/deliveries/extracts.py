"""One extract of a run: what lies in landing is taken in, which records are current is settled, and they are judged as a whole.

Bad input makes a refused receipt or a `problem`, never an exception.
"""

from functools import partial

import duckdb

from assets.catalog.declared import raw_suite
from assets.catalog.freshness import Freshness, judge, kept_promises
from assets.catalog.keys import audit_key, current_key
from assets.deliveries import intake
from assets.deliveries.standing import Rows, Standing, current_records, settle
from assets.lake.decisions import decisions
from assets.lake.files import beside, read_json, write_json
from assets.lake.log import say, warn
from assets.tables.states import ExtractState, Line, Month
from assets.tables.versions import relation, remember, remembered
from expectations.runner import AuditError, Outcome, audit
from sources.casts import literal
from sources.contract import Contract, digest
from sources.duck import connect
from sources.parse import PARQUET
from sources.reasons import Refused


def take_in(line: Line, name: str) -> ExtractState:
    """Take every complete file from landing, and settle what stands."""
    con = connect(line.lake.scratch)
    arrived = [r.id for r in intake.sweep(line.lake, line.catalog.extracts[name], con, line.now)]
    return settled(line, name, arrived, con)


def settled(line: Line, name: str, arrived: list[str], con: duckdb.DuckDBPyConnection) -> ExtractState:
    """What stands of the extract by the receipts and decisions up to now; remembered on the line. `arrived` came with this run."""
    extract = line.catalog.extracts[name]
    receipts = intake.receipts(line.lake, name, line.as_of)
    read: list[Standing] = []
    try:
        for receipt in receipts:
            if not receipt.is_refused:
                read.append(Standing(receipt, *intake.reading_of(line.lake, extract, receipt, con)))
    except Refused as refused:
        problem = f"{receipt.file_name} was read before and no longer can be: {refused.sentence}"
        return _told(line, ExtractState(name, "", [], [], problem=problem, arrived=arrived))
    paths = {d.parse: str(line.lake.parse(name, d.parse)) for d in read if d.parse}
    ask = partial(_asked, line, con, name, "standing")
    standings, selection = settle(extract.contract, read, decisions(line.lake, line.as_of), paths, ask)
    found = {s.receipt.id: s for s in standings}
    deliveries = [found.get(r.id) or Standing(r, why=r.sentence or "") for r in receipts]
    key = current_key(extract, extract.contract.delivery, selection)
    coverage = _coverage(line, con, name, standings)
    fresh = _freshness(line, extract.contract, deliveries, coverage)
    promises = line.accepting(f"raw.{name}", kept_promises(extract.contract, fresh))
    state = ExtractState(name, key, deliveries, selection, [], coverage, "", arrived, fresh)
    try:
        outcomes = _judged(line, con, state) + promises
        failing = [o.words for o in outcomes if o.holds]
        problem = f"raw.{name} fails {len(failing)} of {len(outcomes)} checks: {' '.join(failing)}" if failing else ""
    except (AuditError, duckdb.Error) as error:
        # The text of a database error can quote a value.
        said = type(error).__name__ if extract.contract.has_personal_columns else str(error).strip().splitlines()[0]
        outcomes, problem = promises, f"raw.{name} could not be judged: {said}"
    return _told(line, ExtractState(name, key, deliveries, selection, outcomes, coverage, problem, arrived, fresh))


def current_view(line: Line, con: duckdb.DuckDBPyConnection, state: ExtractState) -> None:
    """A view of the extract's current records on `con`. Which version of a record is the last is worked out once a run."""
    contract = line.catalog.extracts[state.extract].contract
    paths = [str(line.lake.parse(state.extract, p)) for p in state.selection]
    has_versions = contract.delivery.mode == "upsert" and any(d.superseded or d.duplicate for d in state.deliveries)
    select = current_records(contract, paths, has_versions)
    if has_versions:
        settled_once = line.lake.scratch / f"{state.extract}-{state.key}.parquet"
        if not settled_once.exists():
            part = beside(settled_once)
            con.execute(f"copy ({select}) to {literal(str(part))} ({PARQUET})")
            part.replace(settled_once)
        select = f"select * from read_parquet({literal(str(settled_once))})"
    relation(con, f"raw.{state.extract}", select)


def _judged(line: Line, con: duckdb.DuckDBPyConnection, state: ExtractState) -> list[Outcome]:
    """Outcomes of the raw suite on the current records, remembered by what it judged."""
    extract, table = line.catalog.extracts[state.extract], f"raw.{state.extract}"
    rules = raw_suite(extract)
    path = line.lake.audits(table, state.key) / f"{audit_key(state.key, rules, {}, extract.contract.has_personal_columns)}.json"
    outcomes = remembered(path, rules)
    if outcomes is None:
        current_view(line, con, state)
        outcomes = audit(con, extract.contract, rules, table, {})
        remember(path, outcomes)
    return line.accepting(table, outcomes)


def _coverage(line: Line, con: duckdb.DuckDBPyConnection, name: str, standings: list[Standing]) -> list[Month]:
    """Per month what the standing deliveries hold: the month grid of the extract."""
    column = line.catalog.extracts[name].contract.dated_by
    counted = [s for s in standings if s.status in ("current", "held")]
    if not column or not counted:
        return []
    parts = " union all ".join(
        f"select '{s.receipt.id}' as receipt, {s.status == 'held'} as is_held, {_month_of(s, column)} as month,"
        f" {column} as dated_at, _errors from read_parquet({literal(str(line.lake.parse(name, s.parse or '')))})"
        for s in counted
    )
    # A table of months covers each of its months; anything finer covers a month once it reaches the last day.
    reaches = "record.month" if column == "month" else "record.month + interval 1 month - interval 1 day"
    rows = _asked(
        line,
        con,
        name,
        "coverage",
        f"""
        select
            strftime(record.month, '%Y-%m-%d') as month,
            count(distinct receipt) as receipts,
            count(*) as records,
            count(*) filter (_errors is null) as accepted,
            count(*) filter (_errors is not null) as quarantined,
            strftime(max(dated_at) filter (_errors is null), '%Y-%m-%d') as last_date,
            max(max(dated_at) filter (_errors is null)) over () < {reaches} as is_provisional,
            bool_or(is_held) as is_held
        from ({parts}) as record where _errors is distinct from 'ignored'
        group by record.month order by record.month""",
    )
    return [Month(*row) for row in rows]


def _month_of(standing: Standing, column: str) -> str:
    """SQL for the month a record is counted in: the period the file covers where it says, so that a wrong date is counted there too."""
    return f"date '{standing.period}-01'" if standing.period else f"cast(date_trunc('month', {column}) as date)"


def _asked(line: Line, con: duckdb.DuckDBPyConnection, name: str, what: str, sql: str) -> Rows:
    """Rows of a query over an extract's parses, which never change: the nightly line asks again only when the query is another."""
    kept, query = line.lake.parse(name, what).with_suffix(".asked.json"), digest(sql)
    if line.is_nightly and kept.exists() and (known := read_json(kept))["query"] == query:
        return list(known["rows"])
    rows = con.execute(sql).fetchall()
    if line.is_nightly:
        write_json(kept, {"query": query, "rows": rows})
    return rows


def _freshness(line: Line, contract: Contract, deliveries: list[Standing], coverage: list[Month]) -> Freshness:
    arrivals = [d.receipt.received_at for d in deliveries if d.status not in ("refused", "withdrawn")]
    return judge(contract, arrivals, max((c.last_date for c in coverage if c.last_date), default=None), line.now)


def _told(line: Line, state: ExtractState) -> ExtractState:
    line.save(state)
    for delivery in (d for d in state.deliveries if d.receipt.id in state.arrived):
        counts = {"records": delivery.records, "accepted": delivery.accepted, "quarantined": delivery.quarantined}
        facts = {"receipt": delivery.receipt.id, "extract": state.extract, "status": delivery.status, **counts}
        if delivery.status in ("refused", "held"):
            warn(f"delivery {delivery.status}", **facts, why=delivery.why)
        else:
            say("delivery taken", **facts)
    if state.is_late:
        warn("extract late", extract=state.extract, why=state.freshness.why)
    return state
