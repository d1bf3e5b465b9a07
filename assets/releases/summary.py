"""What a release says about itself, for the person or the machine that started a run or asks how things stand."""

from pathlib import Path
from typing import Any

import duckdb

from assets.catalog.freshness import ON_TIME, RECENT
from assets.releases.database import open_release
from expectations.suite import NOT_RUN
from sources.duck import dicts

Facts = list[dict[str, Any]]
# Of records: what became of them, then where the accepted ones stand.
COUNTS = ("records", "accepted", "quarantined", "ignored", "current", "superseded", "duplicate", "held")


def summarise(release: Path, arrived: list[str]) -> dict[str, Any]:
    """Deliveries, records, checks and domains of the release at `release`; `arrived` are the receipts of this run."""
    with open_release(release) as con:
        receipts = dicts(con, "select * from meta.receipt order by received_at, file_name")
        sums = ", ".join(f"coalesce(sum({count}), 0)::bigint as {count}" for count in COUNTS)
        taken = dicts(con, f"select {sums} from (select * exclude (accepted) from meta.receipt) join meta.parse using (parse_id)")[0]
        checks = dicts(con, "select * from meta.check_result where not passed order by severity, table_name, check_name")
        passed = con.execute("select count(*) from meta.check_result where passed").fetchall()[0][0]
        domains = dicts(con, "select * from meta.domain_status order by domain")
        freshness = dicts(con, "select * from meta.freshness order by extract")
        empty = dicts(con, """
            select receipt.extract, receipt.file_name, parse.records = parse.ignored as is_empty
            from meta.receipt join meta.parse using (parse_id)
            where receipt.status <> 'withdrawn'
            qualify row_number() over (partition by receipt.extract order by receipt.received_at desc) = 1
            order by receipt.extract""")  # fmt: skip
        marts = con.execute("select table_name, estimated_size from duckdb_tables() where schema_name = 'marts' order by 1").fetchall()
        told = dicts(con, "select * from meta.release")[0]
        waiting = dicts(con, "select * from meta.pending_revision where is_due order by table_name, period") if _has_record(con) else []
    return {
        "release": told["release_id"],
        "as_of": told["as_of"],
        "path": str(release),
        "deliveries": {
            "arrived": len(arrived),
            "refused_tonight": [r["file_name"] for r in receipts if r["receipt_id"] in arrived and r["status"] == "refused"],
            "all": len(receipts),
            "refused": sum(r["status"] == "refused" for r in receipts),
        },
        "records": taken,
        "checks": {
            "passed": passed,
            "warnings": [c for c in checks if c["severity"] == "warning" and not c["accepted_until"]],
            "errors": [c for c in checks if c["severity"] == "error" and not c["accepted_until"]],
            "accepted": [c for c in checks if c["accepted_until"]],
        },
        "domains": domains,
        "marts": {f"marts.{name}": rows for name, rows in marts},
        "freshness": freshness,
        "attention": _attention(receipts, checks, domains, freshness, [e for e in empty if e["is_empty"]], arrived) + _due(waiting),
    }


def _attention(receipts: Facts, checks: Facts, domains: Facts, freshness: Facts, empty: Facts, arrived: list[str]) -> Facts:
    """What a person should look at, most urgent first: what is held, refused tonight, empty, late, let pass, and what warns."""
    found: Facts = [
        {
            "what": "held domain" if d["status"] == "held" else "failing figures",
            "which": d["domain"],
            "why": d["why"],
            "checks": [_name(c) for c in checks if c["domain"] == d["domain"] and _holds(c)],
        }
        for d in domains
        if d["why"]
    ]
    waiting = [r for r in receipts if r["status"] == "held"]
    found += [{"what": "held delivery", "which": f"{r['file_name']} ({r['receipt_id']})", "why": r["why"]} for r in waiting]
    # Those of this run, and those after which nothing has come of their extract that could be read.
    answered = {r["extract"]: r["received_at"] for r in receipts if r["status"] != "refused"}
    refused = [
        r
        for r in receipts
        if r["status"] == "refused" and (r["receipt_id"] in arrived or not r["received_at"] < answered.get(r["extract"], r["received_at"]))
    ]
    found += [{"what": "refused file", "which": r["file_name"], "why": r["why"]} for r in refused]
    found += [{"what": "empty delivery", "which": e["extract"], "why": f"{e['file_name']} holds no records."} for e in empty]
    late = [f for f in freshness if f["is_late"] or f["is_stale"]]
    found += [{"what": "late extract", "which": f["extract"], "why": f"{f['why']}. {f['due']}"} for f in late]
    found += [{"what": "accepted check", "which": _name(c), "why": accepted(c)} for c in checks if c["accepted_until"]]
    # Of tables that are held too: what warns there is often why.
    held = {c["table_name"] for c in checks if _holds(c)}
    told = [c for c in checks if c["is_published"] or c["table_name"] in held]
    warned = [c for c in told if c["severity"] == "warning" and not c["accepted_until"]]
    found += [{"what": "warning", "which": _name(c), "why": _finding(c)} for c in warned if c["check_name"] not in (ON_TIME, RECENT)]
    return found


def _has_record(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the release was made since there is a publication record."""
    return bool(con.execute("select 1 from duckdb_tables() where schema_name = 'meta' and table_name = 'pending_revision'").fetchall())


def _due(waiting: Facts) -> Facts:
    """A reminder of each table whose published figures have waited long enough for what has come since."""
    periods: dict[str, list[str]] = {}
    for found in waiting:
        periods.setdefault(found["table_name"], []).append(f"{found['period']:%Y-%m}")
    return [
        {
            "what": "revision due",
            "which": table,
            "why": f"What has come since of {', '.join(p[:3])}{f' and {len(p) - 3} more' if p[3:] else ''} is not published:"
            " `ventetal revise --reason ...`, then `ventetal run`.",
        }
        for table, p in periods.items()
    ]


def _name(check: dict[str, Any]) -> str:
    """What a check is called in full, as commands want it."""
    return f"{check['table_name']}.{check['check_name']}"


def _holds(check: dict[str, Any]) -> bool:
    return check["severity"] == "error" and not check["accepted_until"] and check["named"] != NOT_RUN


def _finding(check: dict[str, Any]) -> str:
    """What is wrong; in releases of before findings were told, the rule and what offends it."""
    return str(check.get("finding") or check["rule"] + (f" Fails for: {check['named']}." if check["named"] else ""))


def accepted(check: dict[str, Any]) -> str:
    """A failing check that an operator lets fail, in words."""
    return f"fails, accepted until {check['accepted_until']}: {check['accepted_reason'].rstrip('.')}. {_finding(check)}"


def accepted_in(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """What must be said beside the answer to `sql`: checks let fail in the domains of the tables it names."""
    checks = dicts(con, "select * from meta.check_result where accepted_until is not null order by table_name, check_name")
    domains = {c["domain"] for c in checks}
    tables = dicts(con, "select distinct domain, table_name from meta.check_result")
    asked = {t["domain"] for t in tables if t["domain"] in domains and t["table_name"].split(".")[1] in sql}
    return [f"{_name(c)} {accepted(c)}" for c in checks if c["domain"] in asked]
