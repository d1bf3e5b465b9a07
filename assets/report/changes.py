"""What the committee was told before and is told differently now: the indicators of the last frozen report against the release."""

import csv
from datetime import date
from pathlib import Path

from assets.lake.files import read_json
from assets.report.contents import MONTHLY
from assets.report.papers import Paper
from assets.report.reading import KPI, Reading, Row

FACTS = "rapport.json"


def frozen_reports(reports: Path, paper: Paper) -> list[Row]:
    """The facts of every frozen report, newest first: by the deliveries it knew, then by its period."""
    found = [read_json(p) | {"folder": p.parent} for p in reports.glob(f"{paper.pattern}_*/{FACTS}")]
    return sorted(found, key=lambda f: (f["as_of"], f[paper.unit]), reverse=True)


def release_of(paper: Path) -> str:
    """The release that the paper in a folder was made of; '' where there is none."""
    return str(read_json(paper / FACTS)["release"]) if (paper / FACTS).exists() else ""


def since_last(reading: Reading, reports: Path) -> tuple[list[Row] | None, str]:
    """Indicators that differ from the newest frozen report of another release, and what that report is called; None without one."""
    before = next((f for f in frozen_reports(reports, MONTHLY) if f["release"] != reading.about["release_id"]), None)
    if before is None:
        return None, ""
    name = f"rapporten for {MONTHLY.words(MONTHLY.period(before['month']))} (udgivelse {before['release']})"
    then = _values(before["folder"] / "data" / "kpi_monthly.iso.csv")
    rows = reading.every(MONTHLY.whole_table) if KPI in reading.tables else []
    now = {(r["indicator"], r["subject"], r["month"]): r for r in rows}
    changed = []
    for key in sorted(then):
        value = now[key]["value"] if key in now else None
        if value != then[key]:
            unit = now[key]["unit"] if key in now else None
            called = reading.indicators.get(key[:2]) or reading.indicators.get((key[0], "*"), key[0])
            changed.append(
                {"indicator": called, "subject": key[1], "month": key[2], "value_then": then[key], "value": value, "_unit": unit}
            )
    return changed, name


def _values(path: Path) -> dict[tuple[str, str, date], float | None]:
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (r["indicator"], r["subject"], date.fromisoformat(r["month"])): float(r["value"]) if r["value"] else None
            for r in csv.DictReader(file)
        }
