"""The command line: what it prints, how it ends, and that it never prints what it must not."""

import csv
import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml

from assets.catalog.loading import load_catalog
from sources.duck import connect
from sources.layout import Extract, load_layout
from sources.parse import Delivery
from sources.settings import PROJECT
from tests.conftest import ventetal
from tests.redirected import HEADER

EXAMPLES = PROJECT / "data" / "examples"


def test_a_run_says_what_it_did_and_what_to_do_next(region: Path, example_files: Path) -> None:
    done = ventetal(region, "status")
    assert done.returncode == 0
    for part in (
        f"{len(list(example_files.glob('*/*')))} in all, of these 6 refused",
        "accepted +",
        "quarantined",
        "0 failed",
        "response_time published",
        "redirection published",
        "servicedesk published",
        "udredning published",
        "Next",
        "ventetal query",
    ):
        assert part in done.stdout


def test_status_in_json_adds_up(region: Path) -> None:
    facts = json.loads(ventetal(region, "status", "--json").stdout)
    records = facts["records"]
    assert records["records"] == records["accepted"] + records["quarantined"] + records["ignored"] > 1_000_000
    assert records["accepted"] == records["current"] + records["superseded"] + records["duplicate"] + records["held"]
    assert facts["checks"]["errors"] == []


def test_a_second_run_with_nothing_new_changes_nothing(own_region: Path) -> None:
    before = (own_region / "releases" / "current").resolve()
    done = ventetal(own_region, "run", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["deliveries"]["arrived"] == 0
    assert (own_region / "releases" / "current").resolve() == before


def test_query_reads_the_release_and_nothing_else(region: Path, tmp_path: Path) -> None:
    met = "select count(*) as met from marts.response_time_monthly where target_met"
    assert json.loads(ventetal(region, "query", met, "--json").stdout) == [{"met": 30}]
    assert ventetal(region, "query", met, "--csv").stdout == "met\n30\n"
    assert ventetal(region, "query", met).stdout.split() == ["met", "30"]
    for forbidden in (
        "delete from marts.response_time_monthly",
        "select * from read_csv('/etc/passwd')",
        f"copy marts.response_time_monthly to '{tmp_path / 'out.csv'}'",
        "set enable_external_access = true",
        "attach 'x.duckdb'",
        "selec 1",
    ):
        assert ventetal(region, "query", forbidden).returncode == 2, forbidden


def test_quarantine_lists_files_reasons_and_on_demand_records_and_values(region: Path) -> None:
    facts = json.loads(ventetal(region, "quarantine", "--records", "--json").stdout)
    assert {f["reason"] for f in facts["files"]} == {"no_layout"}
    lacking = [f["why"].partition(", which lacks ")[2] for f in facts["files"]]
    assert sorted(lacking) == ["", "", "Løst.", "Status.", "Udfald.", "Årsag."]
    reasons = {r["reason"] for r in facts["reasons"]}
    assert {"rule:malformed_record", "rule:duplicate_row", "rule:duplicate_key", "rule:outside_period", "started_at:not_a_date"} <= reasons
    assert facts["records"]
    assert all(set(r) == {"file_name", "line", "reasons"} for r in facts["records"])
    with_values = json.loads(ventetal(region, "quarantine", "--records", "--show-values", "--json").stdout)
    assert any(r["original"] for r in with_values["records"])


def test_refused_records_are_exported_to_be_mended(region: Path, tmp_path: Path) -> None:
    done = ventetal(region, "quarantine", "--export", str(tmp_path / "refused.csv"))
    assert done.returncode == 0, done.stderr
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) > 1000
    assert all(row["file_name"] and row["line"] and row["reasons"] for row in rows)
    assert any(row["System"] and row["reasons"] == "status:unknown_code" for row in rows)


def test_a_layout_is_proposed_for_an_unknown_file(tmp_path: Path) -> None:
    file = tmp_path / "log-2015-05.csv"
    file.write_text(
        "Rapport\nSystemnavn,Handling,Klasse,Lokation,Startet,Varighed i ms,Udfald\n"
        'Orbit,login,HEAVY,Herlev,04-05-2015 08:00:00,"1,900",ok\nOrbit,login,HEAVY,Herlev,04-05-2015 09:00:00,800,timeout\n',
        "utf-8",
    )
    done = ventetal(tmp_path, "layout", str(file))
    assert done.returncode == 0, done.stderr
    contract = load_catalog(PROJECT).extracts["response_times"].contract
    (tmp_path / "proposed.yaml").write_text(done.stdout, "utf-8")
    layout = load_layout(tmp_path / "proposed.yaml", contract)
    assert (layout.reads.delimiter, layout.reads.numbers) == (",", "english")
    with connect(tmp_path / "scratch") as con:
        reading = Delivery(file, Extract(contract, (layout,))).parse(con, tmp_path / "parsed.parquet")
    assert (reading.records, reading.accepted, reading.period) == (2, 2, "2015-05")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("syd_omv_201412_pr_20150210.csv", (r"syd_omv_(?P<period>\d{6})_pr_(?P<received>\d{8})\.csv", "201412", "20150210")),
        ("omv-2014-12_20150210-0610.csv", (r"omv-(?P<period>\d{4}-\d{2})_(?P<received>\d{8}-\d{4})\.csv", "2014-12", "20150210-0610")),
    ],
)
def test_a_proposal_says_what_the_name_says_and_guesses_no_code_twice(tmp_path: Path, name: str, says: tuple[str, str, str]) -> None:
    file = tmp_path / name
    rows = [
        f"A000000{n};010140-5007;2014/11/03;2014/12/{11 + n};1516010;P001;{agreed};KCJE20;{purpose}"
        for n, (agreed, purpose) in enumerate((("REG", "U"), ("DUF", "B"), ("DUF", "Z")))
    ]
    file.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    done = ventetal(tmp_path, "layout", str(file))
    assert done.returncode == 0, done.stderr
    pattern, period, received = says
    assert f"file: {pattern}" in done.stdout
    said = yaml.safe_load(done.stdout)["columns"]
    assert said["agreement_type"]["map"] == {"DUF": "DUF", "REG": "REGION_OWN"}
    assert said["purpose"]["map"] == {}, "Z is none of them, so that U and B may be others too"
    for hint in ('# "U": UDREDNING?', '# "B": BEHANDLING?', '# "Z": ?'):
        assert hint in done.stdout
    contract = load_catalog(PROJECT).extracts["redirections"].contract
    (tmp_path / "proposed.yaml").write_text(done.stdout, "utf-8")
    with connect(tmp_path / "scratch") as con:
        layout = load_layout(tmp_path / "proposed.yaml", contract)
        reading = Delivery(file, Extract(contract, (layout,))).parse(con, tmp_path / "parsed.parquet")
    assert reading.reasons == {"purpose:unknown_code": 3}
    known = "    map: {U: UDREDNING, B: BEHANDLING, Z: DIAGNOSTIK}"
    (tmp_path / "proposed.yaml").write_text(re.sub(r"    map: \{\}.*", known, done.stdout), "utf-8")
    layout = load_layout(tmp_path / "proposed.yaml", contract)
    with connect(tmp_path / "scratch") as con:
        delivery = Delivery(file, Extract(contract, (layout,)))
        reading = delivery.parse(con, tmp_path / "parsed.parquet")
    assert (reading.accepted, delivery.match.variables["$period"], delivery.match.variables["$received"]) == (3, "2014-12", received)
    assert period in name


def test_check_is_a_dry_run_that_shows_no_value_unless_asked(tmp_path: Path) -> None:
    header = "System;Handling;Klasse;Lokation;Start (UTC);Varighed ms;Status"
    file = tmp_path / "svartider_2015-04_leveret-20150504-0615.csv"
    file.write_text(f"{header}\nOrbit;login;Tung;Herlev;2015-04-01T10:00:00Z;100;OK\nHemmelig;login;Tung;Herlev;i morgen;100;OK\n", "utf-8")
    done = ventetal(tmp_path / "data", "check", str(file))
    assert done.returncode == 1
    assert "would be taken as response_times, layout robot_export, utf-8" in done.stdout
    assert "line 3: started_at:not_a_date" in done.stdout
    assert "Hemmelig" not in done.stdout + done.stderr
    assert not (tmp_path / "data").exists()
    assert "Hemmelig" in ventetal(tmp_path / "data", "check", str(file), "--show-values").stdout
    file.write_text("\n".join(file.read_text("utf-8").splitlines()[:2]), "utf-8")
    assert ventetal(tmp_path / "data", "check", str(file)).returncode == 0
    file.write_text("Noget;andet\n1;2\n", "utf-8")
    refused = ventetal(tmp_path / "data", "check", str(file), "--extract", "response_times")
    assert (refused.returncode, "would be refused" in refused.stdout) == (1, True)
    assert ventetal(tmp_path / "data", "check", str(file), "--extract", "nothing").returncode == 4


@pytest.mark.parametrize(
    "arguments", [("status",), ("quarantine",), ("query", "select 1"), ("releases", "resume"), ("releases", "roll-back", "x")]
)
def test_what_does_not_exist_is_said_plainly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = ventetal(tmp_path, *arguments)
    assert done.returncode == 4
    assert "There is no release" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_changed_figure_in_the_published_table_is_named(region: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(region, data, symlinks=True)
    [path] = EXAMPLES.glob("svartider_sla_*.xlsx")
    book = openpyxl.load_workbook(path)
    [row] = [r for r in book.worksheets[0].iter_rows() if r[0].value == "Marts"]
    assert row[1].value == "93,00%"
    row[1].value = "93,01%"
    book.save(data / "landing" / "response_time_compliance" / path.name.replace("0505", "0521"))
    facts = json.loads(ventetal(data, "run", "--json").stdout)
    [named] = [c["named"] for c in facts["checks"]["warnings"] if c["check_name"] == "measured_as_published"]
    assert named == "2015-03 Orbit"
    assert facts["records"]["superseded"] - json.loads(ventetal(region, "status", "--json").stdout)["records"]["superseded"] == 1


def test_what_was_decided_since_the_release_is_on_the_screen_of_status(own_region: Path) -> None:
    check, reason = "marts.response_time_monthly.sla_target_is_given", "targets come in June"
    assert "Decided since" not in ventetal(own_region, "status").stdout
    done = ventetal(own_region, "accept", check, "--until", "2015-06-30", "--reason", reason)
    assert done.returncode == 0, done.stderr
    [told] = json.loads(ventetal(own_region, "status", "--json").stdout)["decided_since"]
    assert (told["decision"], told["check"], told["reason"], bool(told["decided_by"])) == ("accept_check", check, reason, True)
    screen = " ".join(ventetal(own_region, "status").stdout.split())
    assert "Decided since" in screen
    assert reason in screen
