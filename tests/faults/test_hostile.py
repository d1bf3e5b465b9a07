"""Hostile deliveries: what is data stays data, in SQL, in spreadsheets and on terminals; what is secret stays out of logs."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assets.tables.build import Night
from pipelines import show
from sources.settings import PROJECT
from tests.conftest import AS_OF
from tests.faults.aftermath import PERIOD, WHOLE
from tests.toy import Toy

SQL = "'; drop table x; --"
QUOTED = 'a"); drop table x; --'
FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://x","y")']
KEY = "a secret of the region that nobody may ever see"


def put(toy: Toy, name: str, text: str) -> None:
    path = toy.data / "landing" / "n" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("value", [SQL, "' or 1=1 --", "x'); copy (select 1) to 'out", "{object}", "{{batch}}", "$1", "%s", "\\', --"])
def test_sql_in_a_value_is_a_value(tmp_path: Path, value: str) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    put(toy, "n_2015-01.csv", f'Dag;Navn;Antal\n2015-01-15;"{value}";-1\n2015-01-15;b;2\n')
    toy.night()
    # Below zero: the failing check names its offender, so the value goes through every text there is.
    [held] = toy.ask("select why from meta.domain_status where status = 'held'")
    assert "fails 1 of" in held["why"], held
    put(toy, "n_2015-01_x.csv", f'Dag;Navn;Antal\n2015-01-15;"{value}";1\n2015-01-15;b;2\n')
    toy.night()
    assert {r["name"] for r in toy.ask("select name from marts.n_total")} == {value, "b"}


@pytest.mark.parametrize("name", [f"n_2015-01_{SQL}.csv", f"n_2015-01_{QUOTED}.csv", "n_2015-01_*.csv", "n_2015-01_[red]x[bold.csv"])
def test_sql_globs_and_markup_in_a_file_name_are_a_name(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    toy._write("sources/n/layouts/plain.yaml", (toy.project / "sources/n/layouts/plain.yaml").read_text().replace(r"(_\w+)?", "(_.+)?"))
    put(toy, name, "Dag;Navn;Antal\n2015-01-15;a;1\n2015-01-15;b;to\n2015-01-15;c;3\n2015-01-15;d;3\n2015-01-15;e;3\n")
    toy.night()
    assert [(d["file_name"], d["accepted"]) for d in toy.deliveries("n")] == [(name, 4)]
    from assets.releases.quarantine import refused

    release = toy.lake.current_release
    assert release
    show.quarantine(refused(toy.lake, release, "n", with_records=True, with_values=True))
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("period", ["2015-13", "0000-01", "٢٠١٥-٠١"])
def test_a_month_that_does_not_exist_in_a_file_name_refuses_that_file_alone(tmp_path: Path, period: str) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    toy.deliver("n", f"n_{period}.csv", "a 1")
    toy.deliver("n", "n_2015-01_x.csv", "b 2")
    toy.night()
    assert toy.total("n") == "b 2"
    [why] = [d["why"] for d in toy.deliveries("n") if d["status"] == "refused"]
    assert period in why


@pytest.mark.parametrize("column", [SQL, QUOTED, 'Navn" from x; --', "*", "Navn --"])
def test_sql_in_a_column_name_is_a_name(tmp_path: Path, column: str) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    quoted = column.replace('"', '""')
    records = "".join(f"2015-01-15;{name};{number};x\n" for name, number in zip("abcde", ("1", "to", "1", "1", "1"), strict=True))
    put(toy, "n_2015-01.csv", f'Dag;Navn;Antal;"{quoted}"\n{records}')
    toy.night()
    assert toy.total("n") == "a 1, c 1, d 1, e 1"
    assert toy.ask("select extra_columns from meta.parse") == [{"extra_columns": column}]


def test_sql_in_what_a_layout_says_is_text(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    said = SQL.replace("'", "''")
    toy._write("sources/n/layouts/plain.yaml", rf"""
        file: \w+_(?P<period>\d{{4}}-\d{{2}})\.csv
        header: [Dag, 'N{said}', Antal]
        columns:
          day: Dag
          name: {{from: 'N{said}', map: {{'{said}': 'm{said}', b: 'b"'}}}}
          number: Antal
        """)  # fmt: skip
    put(toy, "n_2015-01.csv", f'Dag;"N{SQL}";Antal\n2015-01-15;"{SQL}";1\n2015-01-15;b;2\n')
    toy.night()
    assert {r["name"]: r["number"] for r in toy.ask("select * from marts.n_total")} == {f"m{SQL}": 1, 'b"': 2}


def test_sql_in_reference_data_is_text(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    toy._write("data/reference/known_name.csv", f'name\n"{SQL}"\n"a""b"\n=1+1\n')
    toy.deliver("n", "n_2015-01.csv", "a 1")
    toy.night()
    assert {r["name"] for r in toy.ask("from reference.known_name")} == {SQL, 'a"b', "=1+1"}


def test_a_data_root_with_a_quotation_mark_is_a_folder(tmp_path: Path) -> None:
    toy = Toy(tmp_path / "region's data", n=PERIOD)
    toy.deliver("n", "n_2015-01.csv", "a 1")
    toy.night()
    assert toy.total("n") == "a 1"
    assert Night(toy.lake, toy.catalog, toy.now).extract_state("n").coverage


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_output_for_a_spreadsheet_begins_with_a_formula(formula: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    record = {"file_name": formula, "line": 2, "reasons": ["x"], "original": {formula: formula, "n": "-5", "m": "2.532,5"}}
    show.refused_as_csv([record], file)
    show.csv([formula], [(formula, -5, "-5,5 %")])
    cells = [c for row in csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=";") for c in row]
    cells += [c for row in csv.reader(io.StringIO(capsys.readouterr().out, newline="")) for c in row]
    assert [c for c in cells if re.match(r"\s*[=+@-]", c) and not re.fullmatch(r"-[\d, %]+", c)] == []
    assert {"-5", "-5,5 %", "2.532,5", f"'{formula}"} <= set(cells)


def test_a_terminal_is_not_moved_by_what_suppliers_write(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(["[bold]name[/x]"], [("\x1b]0;title\x07\x1b[2Jgone\r[/red]",)])
    said = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)
    assert r"\x1b]0;title\x07" in said


CRASHES = {
    "killed after decoding": (
        "import sources.parse as m; f = m.Delivery.parse\ndef g(*a):\n    f(*a); os.kill(os.getpid(), signal.SIGKILL)\nm.Delivery.parse = g"
    ),
    "no memory": "os.environ['VENTETAL_MEMORY_LIMIT'] = '1MB'",
    "no room to write": "import resource; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nimport sources.parse as m; f = m.Delivery.parse\n"
    "def g(*a):\n    resource.setrlimit(resource.RLIMIT_FSIZE, (50, -1)); "
    "\n    try: return f(*a)\n    finally: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\nm.Delivery.parse = g",
}


@pytest.mark.parametrize("crash", CRASHES if WHOLE else ["killed after decoding"])
def test_a_crash_leaves_no_number_and_no_secret_in_logs(tmp_path: Path, small_files: Path, crash: str) -> None:
    source = next(f for f in sorted((small_files / "redirections").iterdir()) if f.suffix == ".csv")
    landing = tmp_path / "landing" / "redirections"
    landing.mkdir(parents=True)
    (landing / source.name).write_bytes(source.read_bytes())
    numbers = set(re.findall(rb"\b\d{6}-?\d{4}\b", source.read_bytes()))
    assert len(numbers) > 5
    code = f"import os, signal, sys\n{CRASHES[crash]}\nsys.argv = ['ventetal', 'run']\nfrom pipelines.cli import main\nmain()"
    environment = {**os.environ, "VENTETAL_DATA": str(tmp_path), "VENTETAL_AS_OF": AS_OF, "VENTETAL_PSEUDONYM_KEY": KEY}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=PROJECT, capture_output=True, timeout=120, check=False)
    assert done.returncode in (5, -signal.SIGKILL), done.stderr.decode()
    kept = [p for p in tmp_path.rglob("*") if p.is_file() and p.relative_to(tmp_path).parts[0] not in ("landing", "archive", "rejected")]
    assert any("dagster" in p.parts for p in kept)
    for text, where in [(done.stdout + done.stderr, "what it said"), *((p.read_bytes(), p.name) for p in kept)]:
        assert KEY.encode() not in text, f"secret in {where}"
        plain = {n.replace(b"-", b"") for n in numbers}
        assert not [1 for n in numbers | plain if n in text], f"a person's number in {where}"
