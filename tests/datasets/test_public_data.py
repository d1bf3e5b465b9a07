"""Real files of other publishers, onboarded with YAML alone, reproduce what those publishers printed.

The files are not part of the project: VENTETAL_DATASETS names the folder that holds them.
"""

import csv
import json
import tarfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from assets.catalog.loading import load_catalog
from sources.contract import Contract, load_contract, load_fields
from sources.documents import read
from sources.duck import connect
from sources.layout import Extract, Layout, load_layout
from sources.parse import Delivery
from sources.reading import Reading
from sources.reasons import Refused
from sources.settings import PROJECT

HERE = Path(__file__).parent
FIELDS = load_fields(read(HERE / "fields.yaml"))
EXTRACTS = {
    path.parent.name: Extract(contract, tuple(load_layout(p, contract) for p in sorted(path.parent.glob("layouts/*.yaml"))))
    for path in sorted(HERE.glob("sources/*/contract.odcs.yaml"))
    for contract in [load_contract(path, FIELDS)]
}

UNITS = load_catalog(PROJECT).extracts["units"]


class Parsed:
    """A file read under an extract: its facts, and SQL on the accepted records as `record`."""

    def __init__(self, file: Path, extract: Extract, scratch: Path, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.con = con or connect(scratch)
        target = scratch / "parsed.parquet"
        self.reading: Reading = Delivery(file, extract).parse(self.con, target)
        assert self.reading.records == self.reading.physical_records
        self.con.execute(f"create or replace view record as select * from read_parquet('{target}') where _errors is null order by _line")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        found: duckdb.DuckDBPyConnection = self.con.execute(sql)
        return found.fetchall()


def test_the_register_of_units_is_read_in_its_fixed_width_and_as_csv(datasets: Path, tmp_path: Path) -> None:
    file = datasets / "shak" / "SHAKCOMPLETE_2011_capital_region.txt"
    parsed = Parsed(file, UNITS, tmp_path)
    lines = file.read_bytes().decode("cp1252").splitlines()
    assert parsed.reading.records == len(lines)
    assert parsed.ask("select unit_name, valid_from, valid_to from record where unit_code = '1301' order by valid_from")[-1][:2] == (
        lines[0][47:167].strip(),
        date(1976, 4, 1),
    )
    open_ = {line[3:23].strip() for line in lines if line[39:47] == "25000101"}
    assert {code for (code,) in parsed.ask("select unit_code from record where valid_to is null")} == open_
    listed = Parsed(datasets / "shak" / "department_classes_2012.csv", UNITS, tmp_path)
    assert (listed.reading.layout, listed.reading.accepted > 0.99 * listed.reading.records > 4_000) == ("shak_departments", True)
    assert listed.ask("select distinct owner_code from record where unit_code like '1301%'") == [("1301",)]
    hospitals = Parsed(datasets / "shak" / "hospital_classes_2012.csv", UNITS, tmp_path)
    assert (hospitals.reading.layout, hospitals.reading.bad) == ("shak_hospitals", 0)


def test_a_line_of_another_length_is_refused_and_told(datasets: Path, tmp_path: Path) -> None:
    lines = (datasets / "shak" / "SHAKCOMPLETE_2011_capital_region.txt").read_bytes().decode("cp1252").splitlines()[:200]
    for at, change in ((20, lambda t: t[:-1]), (50, lambda t: t + " "), (90, lambda t: t[:30] + t[31:])):
        lines[at] = change(lines[at])
    file = tmp_path / "SHAKCOMPLETE.txt"
    file.write_bytes("\r\n".join(lines).encode("cp1252"))
    reading = Parsed(file, UNITS, tmp_path).reading
    assert (reading.accepted, reading.reasons) == (197, {"rule:malformed_record": 3})


def test_upptime_mean_response_times_are_the_publishers_own(datasets: Path, tmp_path: Path) -> None:
    folder = datasets / "upptime_probes_curc"
    parsed = Parsed(folder / "probe_measurements.csv", EXTRACTS["system_probes"], tmp_path)
    assert (parsed.reading.records, parsed.reading.quarantined) == (13617, 0)
    published = {site["slug"]: site["time"] for site in json.loads((folder / "published_summary.json").read_text())}
    # The publisher prints whole milliseconds. A failed attempt is one without a response: a page that answered with the wrong
    # text took its time all the same.
    means = dict(parsed.ask("select system_slug, round(avg(response_ms)) from record group by 1"))
    both = {slug: (time, means[slug]) for slug, time in published.items() if slug in means}
    assert len(both) == 11
    off = {slug: pair for slug, pair in both.items() if abs(pair[0] - pair[1]) > 2}
    assert not off


def test_ssi_incidence_per_municipality_is_recomputed(datasets: Path, tmp_path: Path) -> None:
    parsed = Parsed(datasets / "danish_ssi" / "Municipality_test_pos.csv", EXTRACTS["municipality_tests"], tmp_path)
    assert parsed.reading.quarantined == 0
    rows = parsed.ask("select confirmed, population, per_100000, is_small from record")
    assert len(rows) > 90
    assert all(confirmed is None for confirmed, *_, is_small in rows if is_small)
    off = [r for r in rows if not r[3] and abs(r[0] * 100_000 / r[1] - r[2]) > 0.5]
    assert not off


def test_ssi_weekly_incidence_is_recomputed_exactly(datasets: Path, tmp_path: Path) -> None:
    file = datasets / "danish_ssi" / "04_confirmed_cases_by_vaccination_status_by_age_group_by_week.csv"
    parsed = Parsed(file, EXTRACTS["weekly_cases"], tmp_path)
    assert (parsed.reading.encoding, parsed.reading.quarantined) == ("cp1252", 0)
    [(rows, off)] = parsed.ask("""
        select count(*), count(*) filter (round(confirmed * 100000 / population, 2) <> per_100000)
        from record where population > 0
    """)
    assert rows > 1000
    assert off == 0


def test_nhs_national_total_is_the_sum_of_its_commissioners(datasets: Path, tmp_path: Path) -> None:
    parsed = Parsed(datasets / "nhs_rtt_2015" / "incomplete-commissioner-2015-03.xls", EXTRACTS["open_waits"], tmp_path)
    assert parsed.reading.quarantined == 0
    [(total, share)] = parsed.ask("select sum(pathways), round(100.0 * sum(within_18_weeks) / sum(pathways), 2) from record")
    assert (total, share) == (3_006_877, 93.15)


def test_british_columbia_waits_keep_small_cells_apart_and_add_up_to_the_publishers_total(datasets: Path, tmp_path: Path) -> None:
    file = datasets / "bc_surgical_waits" / "2009_2020_annual_surgical_wait_times.csv"
    parsed = Parsed(file, EXTRACTS["surgical_waits"], tmp_path)
    assert (parsed.reading.records, parsed.reading.quarantined) == (37_665, 0)
    with file.open(encoding="utf-8-sig") as lines:
        printed = {
            row["FISCAL_YEAR"]: int(row["COMPLETED"].replace(",", ""))
            for row in csv.DictReader(lines)
            if row["HEALTH_AUTHORITY"] == "All Health Authorities" and row["PROCEDURE_GROUP"] == "All Procedures"
        }
    # A cell under five is printed as "<5": it hides one to four operations.
    rows = parsed.ask("select year, sum(completed), count(*) filter (completed is null and is_small) from record group by 1")
    assert len(rows) == len(printed) == 11
    for year, completed, small in rows:
        assert completed <= printed[year] <= completed + 4 * small, year


def test_boston_due_dates_explain_the_publishers_on_time_flag(datasets: Path, tmp_path: Path) -> None:
    parsed = Parsed(datasets / "boston311" / "boston311-100.csv", EXTRACTS["service_cases"], tmp_path)
    assert (parsed.reading.records, parsed.reading.quarantined) == (100, 0)
    off = parsed.ask("""
        -- An open case past due is overdue; the file was made after the last due date in it.
        with made as (select max(due_at) + interval 1 day as at from record)
        select count(*) from record, made
        where is_on_time <> (due_at is null or coalesce(closed_at, made.at) <= due_at)
    """)
    assert off == [(0,)]


def any_table(columns: list[str], **reads: Any) -> Extract:
    """A contract of text columns for a file with exactly these names."""
    names = [f"c{i}" for i in range(len(columns))]
    thing = {
        "name": "any",
        "dataGranularityDescription": "d",
        "properties": [{"name": n, "physicalType": "VARCHAR", "description": "d"} for n in names],
    }
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "any", "version": "1", "status": "active", "domain": "d"}
    contract = Contract.model_validate({**head, "description": {"purpose": "p"}, "schema": [thing]})
    layout = {"name": "any", "reads": reads, "header": columns, "columns": dict(zip(names, columns, strict=True))}
    return Extract(contract, (Layout.model_validate(layout),))


def test_all_twelve_acid_tests_of_csv_spectrum_pass(datasets: Path, tmp_path: Path) -> None:
    files = sorted((datasets / "csv_spectrum" / "csvs").glob("*.csv"))
    assert len(files) == 12
    for file in files:
        truth = json.loads((datasets / "csv_spectrum" / "json" / f"{file.stem}.json").read_text("utf-8"))
        truth = truth if isinstance(truth, list) else [truth]
        columns = list(truth[0])
        # Seconds of arc are written with a mark that quotes nothing.
        quote = "none" if file.stem == "location_coordinates" else '"'
        parsed = Parsed(file, any_table(columns, delimiter=",", quote=quote), tmp_path)
        rows = parsed.ask(f"select {', '.join(f'c{i}' for i in range(len(columns)))} from record")
        if file.stem == "location_coordinates":
            # The publisher's truth holds another telephone number than the file it is the truth of.
            truth = [row | {"Contact Phone Number": "2095257564"} for row in truth]
        said = [{k: v.replace("\r\n", "\n").strip() or None for k, v in row.items()} for row in truth]
        assert [dict(zip(columns, (v and v.replace("\r\n", "\n") for v in row), strict=True)) for row in rows] == said, file.name
        assert parsed.reading.quarantined == 0


def test_no_polluted_file_crashes_the_reader_or_loses_a_record(
    datasets: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with tarfile.open(datasets / "pollock" / "polluted_files.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "polluted_files"
    files = sorted((folder / "csv").iterdir())
    outcome: Counter[str] = Counter()
    con = connect(tmp_path)
    for file in files:
        stated = json.loads((folder / "parameters" / f"{file.name}_parameters.json").read_text("utf-8"))
        marks = {"delimiter": stated["delimiter"][:1] or ",", "quote": stated["quotechar"] or '"'}
        if stated["escapechar"] != marks["quote"]:
            marks["escape"] = stated["escapechar"]
        with (folder / "clean" / file.name).open(encoding="utf-8", newline="") as clean:
            header, *truth = list(csv.reader(clean)) or [["a file without a table"]]
        try:
            parsed = Parsed(file, any_table(header, **marks), tmp_path, con)
        except Refused as refused:
            outcome[f"refused as {refused.code}"] += 1
            continue
        rows = parsed.ask(f"select {', '.join(f'c{i}' for i in range(len(header)))} from record")
        found = [tuple(v or "" for v in row) for row in rows]
        wanted = [tuple(v.strip() for v in row) for row in truth]
        missing = Counter(wanted) - Counter(found)
        if found == wanted:
            outcome["equal to the clean truth"] += 1
        elif not Counter(found) - Counter(wanted) and missing.total() <= parsed.reading.quarantined:
            outcome["equal but for the polluted records, which are quarantined"] += 1
        else:
            outcome["with a value that differs from the clean truth"] += 1
    record_property("pollock", "; ".join(f"{count} of {len(files)} {what}" for what, count in outcome.most_common()))
    assert outcome.total() == len(files) == 2290
    assert outcome["with a value that differs from the clean truth"] == 0
    # A header that lacks a separator, or is there twice or not at all, is that of no layout; one file is empty.
    assert outcome["refused as no_layout"] + outcome["refused as empty_file"] <= 13
    assert outcome["equal to the clean truth"] + outcome["equal but for the polluted records, which are quarantined"] >= 2277
