"""Suppliers' words that would be code elsewhere: formulas, SQL, terminal commands; and what crashes may say about persons."""

import csv
import io
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from assets.lake import Lake
from assets.quarantine import refused
from pipelines import show
from tests.conftest import PROJECT, copy_landing
from tests.faults.nights import in_fork
from tests.toy import Toy

PERIOD = "{mode: replace_period, period: day, unit: month}"
FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd", "-2+3+cmd", "@SUM(1+1)", "\t=1+1", "\r=1+1", " =HYPERLINK(1)")
SQL = "x'); drop table marts.n_total; --"
KEY = "a secret of the region that no log may ever show"


def put(toy: Toy, name: str, text: str) -> None:
    path = toy.deliver("n", name, "")
    path.write_text(text, "utf-8")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute the cell."""
    return cell.lstrip().startswith(("=", "+", "-", "@")) and not cell.strip().lstrip("+-").replace(",", "").replace(".", "").isdigit()


def test_no_formula_of_a_supplier_reaches_a_spreadsheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    records = "".join(f'2015-01-15;"{formula}";{i};\n' for i, formula in enumerate(FORMULAS))
    put(toy, "n_2015-01.csv", 'Dag;Navn;Antal;"=1+1"\n' + records + "".join(f"2015-01-15;name {i};{i};\n" for i in range(20)))
    broken = "".join(f'2015-02-15;"{formula}";not a number;\n' for formula in FORMULAS)
    put(toy, "n_2015-02.csv", 'Dag;Navn;Antal;"=1+1"\n' + broken + "".join(f"2015-02-15;name {i};{i};\n" for i in range(40)))
    toy.night()
    found = toy.ask("select name, number from marts.n_total order by name")
    assert len([r for r in found if is_formula(r["name"])]) >= 4
    show.csv(["name", "=1+1"], [tuple(r.values()) for r in found])
    asked = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert not [cell for row in asked[1:] for cell in row if is_formula(cell)]
    release = toy.lake.current_release
    assert release is not None
    told = refused(toy.lake, release, "", with_records=True, with_values=True)["records"]
    assert len(told) == len(FORMULAS)
    file = io.StringIO()
    show.refused_as_csv(told, file)
    exported = list(csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=";"))
    assert not [cell for row in exported for cell in row if is_formula(cell)]
    assert all(any(formula.strip() in cell for row in exported for cell in row) for formula in FORMULAS)


def test_a_negative_number_is_no_formula() -> None:
    assert [show.inert(v) for v in ("-5", "-1.234,5", "+7 %", -5, None, "-2+3")] == ["-5", "-1.234,5", "+7 %", -5, None, "'-2+3"]


def test_sql_in_names_and_values_of_files_is_only_text(tmp_path: Path) -> None:
    toy = Toy(tmp_path / "it's [1] a *; --", n=PERIOD)
    put(toy, "n_2015-01_x'); drop table n; --.csv", f'Dag;Navn;Antal;"{SQL}"\n2015-01-15;"{SQL}";1\n')
    put(toy, "n_2015-02_a.csv", f"Dag;Navn;Antal\n2015-02-15;{SQL.replace(';', ',')};2\n")
    toy.night()
    found = toy.ask("select name, number from marts.n_total order by number")
    assert [(r["name"], r["number"]) for r in found if r["number"] == 2] == [(SQL.replace(";", ","), 2)]
    assert {d["status"] for d in toy.deliveries("n")} <= {"current", "refused"}
    assert len(toy.deliveries("n")) == 2


@pytest.mark.parametrize("period", ["2015-13", "2015-00", "٢٠١٥-٠١"])
def test_a_month_in_a_file_name_that_does_not_exist_refuses_that_file_alone(tmp_path: Path, period: str) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    toy.deliver("n", f"n_{period}.csv", "a 1")
    toy.deliver("n", "n_2015-01_a.csv", "b 2")
    toy.night()
    assert toy.total("n") == "b 2"
    [bad] = [d for d in toy.deliveries("n") if d["status"] == "refused"]
    assert period in bad["why"]


def test_sql_in_layout_values_and_reference_data_is_only_text(tmp_path: Path) -> None:
    toy = Toy(tmp_path, n=PERIOD)
    layout = toy.project / "sources/n/layouts/plain.yaml"
    said = f'name: {{from: "{SQL}", map: {{"x\'y": "{SQL}"}}}}'
    text = layout.read_text().replace("header: [Dag, Navn, Antal]", f'header: [Dag, "{SQL}", Antal]').replace("name: Navn", said)
    layout.write_text(text)
    reference = toy.project / "data/reference/known_name.csv"
    reference.write_text(f'name\n"{SQL}"\n')
    put(toy, "n_2015-01.csv", f'Dag;"{SQL}";Antal\n2015-01-15;x\'y;3\n')
    toy.night()
    assert toy.ask("select name, number from marts.n_total") == [{"name": SQL, "number": 3}]
    assert toy.ask("select name from reference.known_name") == [{"name": SQL}]


@pytest.mark.parametrize("hostile", ["\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "[bold red]x[/]", "[/]", "a\rb"])
def test_no_text_of_a_supplier_commands_the_terminal(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    show.table(["name", "n"], [(hostile, 1)])
    show.quarantine({"files": [{"file_name": hostile, "extract": "n", "reason": "r", "why": hostile, "path": hostile}], "reasons": []})
    out = capsys.readouterr().out
    assert not [c for c in out if c not in "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    if "\x1b" not in hostile and "\r" not in hostile and "\x9b" not in hostile:
        assert out.count(hostile) >= 3


def crashing_night(data: Path, log: Path, where: str) -> None:
    """A night about persons that raises where the values are at hand, all it says kept in `log`."""
    from importlib import import_module

    from assets.catalog import load_catalog
    from assets.night import Night

    handle = os.open(log, os.O_CREAT | os.O_WRONLY)
    os.dup2(handle, 1), os.dup2(handle, 2)
    os.environ["VENTETAL_PSEUDONYM_KEY"] = KEY
    module, name = where.rsplit(".", 1)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken off")

    setattr(import_module(module), name, fails)
    lake = Lake(data)
    with lake.writer("a test", datetime.now()):
        Night(lake, load_catalog(PROJECT), datetime(2015, 6, 1)).run()


@pytest.mark.parametrize("where", ["sources.parse._refuse_repeated_keys", "assets.intake.write_json", "assets.night.settle"])
def test_a_crash_tells_neither_a_number_nor_the_key(small_files: Path, tmp_path: Path, where: str) -> None:
    data = tmp_path / "data"
    copy_landing(small_files, data, "../redirections/*_2014-01*")
    [delivered] = (data / "landing" / "redirections").iterdir()
    numbers = re.findall(rb"\d{6}[- ]?\d{4}", delivered.read_bytes())
    assert len(numbers) > 20
    assert in_fork(crashing_night, data, tmp_path / "log", where) == 1
    assert "broken off" in (tmp_path / "log").read_text()
    kept = [tmp_path / "log", *(p for folder in ("lake", "releases", "rejected") for p in (data / folder).rglob("*") if p.is_file())]
    told = b"".join(p.read_bytes() for p in kept)
    assert KEY.encode() not in told
    assert not [n for n in numbers if n in told or re.sub(rb"\D", b"", n) in told]
