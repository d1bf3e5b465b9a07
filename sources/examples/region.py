"""The example region: what is given about it, and the landing folder its deliveries are put in.

Belongs here: reading the project's lookups and the committee's table, placing files. What a delivery contains belongs to
the module named after its extract.
"""

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from sources.danish import month_numbers
from sources.examples import patients, response_times, servicedesk_calls, servicedesk_case_files
from sources.examples.delivery import COPENHAGEN
from sources.tree import Tree

COMMITTEE_TABLE = "svartider_sla_2015-04_leveret-20150505-0900.xlsx"
COMMITTEE_TABLE_SENT = datetime(2015, 5, 5, 9, 0, tzinfo=COPENHAGEN)
# March's status is written as the office did before it told days and suppliers.
PROJECT_REPORTS = (
    ("project_status", "projektstatus_2015-03_leveret-20150414-0900.xlsx", datetime(2015, 4, 14, 9, 0, tzinfo=COPENHAGEN)),
    ("project_status", "projektstatus_2015-04_leveret-20150512-0900.xlsx", datetime(2015, 5, 12, 9, 0, tzinfo=COPENHAGEN)),
    ("project_milestones", "projektmilepaele_2015-03_leveret-20150414-0900.xlsx", datetime(2015, 4, 14, 9, 0, tzinfo=COPENHAGEN)),
    ("project_milestones", "projektmilepaele_2015-04_leveret-20150512-0900.xlsx", datetime(2015, 5, 12, 9, 0, tzinfo=COPENHAGEN)),
)
LOOKUPS = ("system", "system_alias", "probe_cell", "maintenance", "target", *patients.LOOKUPS)


def write_example_region(landing: Path, examples: Path, tree: Tree, seed: int = 1, scale: float = 1.0) -> list[Path]:
    """Write every example delivery to `landing/<extract>/` and return the paths, each extract in the order of its months.

    `examples` holds the committee's table and the reports of the projects, `tree` the lookups. Same seed and
    scale give the same bytes and modification times. `scale` is attempts per robot and hour; below 1 the figures are only
    near the printed ones, and there are fewer patients too.
    """
    table = examples / COMMITTEE_TABLE
    lookups = {name: tree.records(name) for name in LOOKUPS}
    facts = response_times.Facts(lookups, published_shares(table, lookups["system_alias"]))
    paths = [_place(landing / "response_time_compliance" / COMMITTEE_TABLE, [table.read_bytes()], COMMITTEE_TABLE_SENT)]
    paths += [_place(landing / extract / name, [(examples / name).read_bytes()], sent_at) for extract, name, sent_at in PROJECT_REPORTS]
    probes = response_times.deliveries(facts, seed, scale)
    paths += [_place(landing / "response_times" / d.file_name, d.parts, d.sent_at) for d in probes]
    size = min(scale, 1.0)
    for extract, d in patients.deliveries(lookups, seed, size, patients.new_planting(seed, size)):
        paths.append(_place(landing / extract / d.file_name, d.parts, d.sent_at))
    hverdage = {date.fromisoformat(row["calendar_date"]) for row in tree.records("calendar") if row["is_hverdag"] == "true"}
    totals = servicedesk_calls.totals(scale)
    paths += [_place(landing / "servicedesk_call_totals" / totals.file_name, totals.parts, totals.sent_at)]
    calls = servicedesk_calls.deliveries(hverdage, seed, scale)
    paths += [_place(landing / "servicedesk_calls" / d.file_name, d.parts, d.sent_at) for d in calls]
    cases = servicedesk_case_files.deliveries(hverdage, seed, scale)
    paths += [_place(landing / "servicedesk_cases" / d.file_name, d.parts, d.sent_at) for d in cases]
    return paths


def published_shares(table: Path, aliases: list[dict[str, str]]) -> dict[tuple[str, str], float]:
    """The committee's table as shares by (system_id, YYYY-MM). The year of its last month is in the file's name.

    Raises KeyError for a system that has no alias.
    """
    import openpyxl

    sheet = openpyxl.load_workbook(table, read_only=True).worksheets[0]
    rows = [[str(cell or "").strip() for cell in row] for row in sheet.iter_rows(values_only=True)]
    top = next(at for at, row in enumerate(rows) if row[0] == "Måned")
    by_alias = {row["alias"].casefold(): row["system_id"] for row in aliases}
    systems = [by_alias[" ".join(parts).strip().casefold()] for parts in zip(rows[top][1:], rows[top + 1][1:], strict=True)]
    last_year, last_month = (int(part) for part in table.stem.split("_")[2].split("-"))
    shares = {}
    for name, *texts in rows[top + 2 :]:
        if number := month_numbers().get(name.casefold()):
            label = f"{last_year - (number > last_month)}-{number:02d}"
            for system, text in zip(systems, texts, strict=True):
                shares[system, label] = round(float(text.rstrip("% ").replace(",", ".")) / 100, 9)
    return shares


def _place(path: Path, parts: Iterable[bytes], sent_at: datetime) -> Path:
    """Write a file that a watcher of the folder never sees half done: the name with a leading dot is not a delivery."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    try:
        with unfinished.open("wb") as file:
            file.writelines(parts)
        os.utime(unfinished, (sent_at.timestamp(), sent_at.timestamp()))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
