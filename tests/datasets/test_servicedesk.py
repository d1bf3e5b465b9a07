"""Calls and incidents of other publishers through the project's own contracts, core tables and marts, with a layout alone.

The files are not part of the project: VENTETAL_DATASETS names the folder that holds them. The figures are printed.
"""

import csv
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from assets.catalog.declared import Catalog
from assets.deliveries.standing import current_records
from sources.duck import relation
from sources.layout import Extract, load_layout
from sources.parse import Delivery
from sources.reading import Reading
from tests.drawn import Tables

SOURCES = Path(__file__).parent / "sources"
Say = Callable[[str, object], None]


def current(tables: Tables, catalog: Catalog, extract: str, layout: str, file: Path, scratch: Path) -> Reading:
    """Read a file under a contract of the project and make its current records the extract's."""
    contract = catalog.extracts[extract].contract
    parsed = scratch / "parsed.parquet"
    reading = Delivery(file, Extract(contract, (load_layout(SOURCES / extract / "layouts" / layout, contract),))).parse(tables.con, parsed)
    relation(tables.con, f"raw.{extract}", current_records(contract, [(str(parsed), None)]))
    tables.given_names.add(f"raw.{extract}")
    return reading


def test_a_months_calls_of_a_bank_are_answered_or_abandoned_as_the_file_says(
    tables: Tables, catalog: Catalog, datasets: Path, tmp_path: Path, record_property: Say
) -> None:
    file = datasets / "technion_calls_1999" / "january.txt"
    reading = current(tables, catalog, "servicedesk_calls", "technion.yaml", file, tmp_path)
    with file.open(encoding="ascii", newline="") as lines:
        said = list(csv.DictReader(lines, delimiter="\t"))
    in_menu = [r for r in said if r["outcome"] == "HANG" and r["q_start"] == "0:00:00" and r["q_time"] == "0"]
    phantoms = [r for r in said if r["outcome"] == "PHANTOM"]
    answered = [int(r["q_time"]) for r in said if r["outcome"] == "AGENT"]
    abandoned = [int(r["q_time"]) for r in said if r["outcome"] == "HANG" and r not in in_menu]
    assert (reading.records, reading.quarantined) == (len(said), 0) == (31_599, 0)
    assert reading.ignored == len(phantoms) + len(in_menu) == 240 + 1198

    rows = tables.run("marts.servicedesk_calls_monthly")
    assert sum(r["answered"] for r in rows) == len(answered) == 27_060
    assert sum(r["abandoned"] for r in rows) == len(abandoned) == 3_101
    assert sum(r["flowed_out"] for r in rows) == 0
    [january] = [r for r in rows if f"{r['month']:%Y-%m}" == "1999-01"]
    assert sum(r["offered"] for r in rows) == january["offered"] == 30_161
    assert abs(january["mean_wait_answered_seconds"] - sum(answered) / len(answered)) < 1e-6
    assert abs(january["mean_wait_all_seconds"] - sum(answered + abandoned) / 30_161) < 1e-6
    assert january["p50_wait_answered_seconds"] == sorted(answered)[(len(answered) + 1) // 2 - 1]
    record_property(
        "technion_calls_1999",
        f"{reading.records} records, {len(phantoms)} phantoms and {len(in_menu)} that never left the voice menu ignored; "
        f"offered {january['offered']}, answered {january['answered']} (outcome AGENT), abandoned {january['abandoned']} (HANG in the"
        f" queue); wait is q_time, 0 where an agent was free: mean {january['mean_wait_answered_seconds']:.1f} s of answered,"
        f" {january['mean_wait_all_seconds']:.1f} s of all, median {january['p50_wait_answered_seconds']} s,"
        f" nine in ten {january['p90_wait_answered_seconds']} s",
    )


def test_a_call_that_enters_the_voice_menu_before_midnight_and_the_queue_after_it_is_offered_the_next_day(
    tables: Tables, catalog: Catalog, tmp_path: Path
) -> None:
    head = ["vru+line", "call_id", "date", "vru_entry", "vru_exit", "vru_time", "q_start", "q_exit", "q_time", "outcome"]
    lines = ["AA01 1 990131 23:59:50 0:00:05 15 0:00:05 0:01:00 55 AGENT", "AA02 1 990131 9:00:08 9:00:03 -5 9:00:03 9:00:10 7 HANG"]
    file = tmp_path / "calls.txt"
    file.write_text("\n".join("\t".join(row) for row in [head, *(line.split() for line in lines)]) + "\n", "ascii")
    current(tables, catalog, "servicedesk_calls", "technion.yaml", file, tmp_path)
    found = {r["call_id"]: (str(r["offered_at"]), r["wait_seconds"]) for r in tables.run("core.servicedesk_call")}
    assert found == {"990131-AA01-1": ("1999-02-01 00:00:05", 55), "990131-AA02-1": ("1999-01-31 09:00:03", 7)}


def test_the_last_event_of_an_incident_is_the_case(
    tables: Tables, catalog: Catalog, datasets: Path, tmp_path: Path, record_property: Say
) -> None:
    with zipfile.ZipFile(datasets / "servicenow_incidents_uci" / "incident_event_log.zip") as archive:
        archive.extract("incident_event_log.csv", tmp_path)
    file = tmp_path / "incident_event_log.csv"
    reading = current(tables, catalog, "servicedesk_cases", "incident_log.yaml", file, tmp_path)
    with file.open(encoding="utf-8", newline="") as lines:
        events = list(csv.DictReader(lines))
    last = {e["number"]: e for e in sorted(events, key=lambda e: int(e["sys_mod_count"]))}
    assert (reading.records, reading.quarantined, reading.ignored) == (len(events), 0, 0) == (141_712, 0, 0)

    cases = tables.run("core.servicedesk_case")
    assert len(cases) == len(last) == 24_918
    by_priority = Counter(c["criticality"] for c in cases)
    assert by_priority == Counter({"1": "KRITISK", "2": "HØJ", "3": "MEDIUM", "4": "NORMAL"}[e["priority"][0]] for e in last.values())
    reassigned = sum(c["reassignment_count"] > 0 for c in cases)
    assert reassigned == sum(int(e["reassignment_count"]) > 0 for e in last.values())
    without = sum(e["resolved_at"] == "?" for e in last.values())
    assert without == sum(c["resolved_at"] == c["closed_at"] for c in cases if last[c["case_id"]]["resolved_at"] == "?") == 1556

    months = tables.run("marts.servicedesk_cases_monthly")
    base, within = (sum(r[column] for r in months) for column in ("within_sla_base", "within_sla"))
    assert (base, within) == (sum(c["is_within_sla"] is not None for c in cases), sum(c["is_within_sla"] is True for c in cases))
    assert months[-1]["backlog"] == months[-1]["overdue_open"] == 0
    missed = Counter(c["criticality"] for c in cases if c["is_within_sla"] is False)
    publisher = sum(e["made_sla"] == "false" for e in last.values())
    record_property(
        "servicenow_incidents_uci",
        f"{reading.records} events of {len(cases)} cases, the last decides; by priority {dict(by_priority.most_common())}; reassigned"
        f" {reassigned} ({100 * reassigned / len(cases):.1f} %); {without} without a time of resolution count from their closing;"
        f" breach = resolved after 3, 5, 10 hverdage (high, moderate, low; critical has no limit), solved in the first call left out:"
        f" {base - within} of {base} ({100 * (base - within) / base:.1f} %), by criticality {dict(missed.most_common())};"
        f" the publisher's own last made_sla is false for {publisher}",
    )
