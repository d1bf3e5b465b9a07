"""Persons stay out of everything a run leaves behind: no number, in whatever form it was delivered, no small cell, no open folder."""

import csv
import gzip
import io
import os
import stat
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from assets.catalog.declared import Catalog
from assets.lake.files import Lake, read_json
from assets.releases.database import open_release
from assets.tables.ledger import Ledger
from assets.tables.linked import cell_of
from sources.duck import dicts
from sources.examples import patients
from sources.examples.planted import Planting
from sources.settings import PROJECT
from tests.attack import redirections, udredning
from tests.attack_amounts import cofinancing
from tests.conftest import ventetal
from tests.part import TREE

AGREED = "omvisiteringer_2015-05_udtrukket-20150531-0600.csv"
AGREED_WORKBOOK = "omvisiteringer_2015-05_udtrukket-20150531-0600.xlsx"
PATIENT_EXTRACTS = ("redirections", "pathways", "pathway_pauses", "referrals", "kmf_settlements", "kmf_care", "kmf_chronic", "person_links")
# Shorter texts, like a birthday alone, stand in every date.
FEWEST_DIGITS = 9


@pytest.fixture(scope="module")
def planted() -> Planting:
    return patients.planted({name: TREE.records(name) for name in patients.LOOKUPS})


@pytest.fixture(scope="module")
def release(region: Path) -> Path:
    found = Lake(region).current_release
    assert found is not None
    return found


def test_every_planted_fault_is_found_and_nothing_else_is_refused(region: Path, release: Path, planted: Planting) -> None:
    """The lake knows each; a release tells those of five records and more."""
    with open_release(release) as con:
        found = dicts(con, f"""
            select receipt.extract, receipt.file_name, summary.parse_id, summary.reason, summary.records
            from meta.quarantine_summary as summary join meta.receipt as receipt using (parse_id)
            where receipt.extract in {PATIENT_EXTRACTS}""")  # fmt: skip
        types = dicts(con, "select reason, count(*) as files from meta.receipt where reason is not null group by all")
    refused = Counter((item.file_name, item.outcome) for item in planted.items if ":" in item.outcome)
    known = {r["parse_id"]: read_json(Lake(region).parse(r["extract"], r["parse_id"]).with_suffix(".json"))["reasons"] for r in found}
    assert {(r["file_name"], r["reason"]): known[r["parse_id"]][r["reason"]] for r in found} == dict(refused)
    assert all(r["records"] == (n if n >= 5 else None) for r in found for n in [known[r["parse_id"]][r["reason"]]])
    assert len({item.kind for item in planted.items}) > 80
    assert types


def artefacts(region: Path, scratch: Path) -> Iterator[Path]:
    """Everything a run left behind but what was delivered; Parquet and databases written out as text."""
    con = duckdb.connect()
    for path in sorted(p for p in region.rglob("*") if p.is_file() and not p.is_symlink()):
        top = path.relative_to(region).parts
        if top[0] in ("landing", "archive", "rejected") or top[:3] == ("lake", "raw", "response_times"):
            continue
        if path.suffix == ".parquet":
            target = scratch / f"{'-'.join(top)}.csv"
            con.execute(f"copy (select * from read_parquet('{path}')) to '{target}' (header)")
            yield target
        elif path.name == "ventetal.duckdb":
            with duckdb.connect(str(path), read_only=True) as release:
                release.execute(f"export database '{scratch / top[1]}' (format csv)")
            yield from (scratch / top[1]).iterdir()
        else:
            yield path


def test_no_number_of_a_person_is_left_anywhere_in_any_form_it_was_delivered_in(
    region: Path, planted: Planting, tmp_path: Path, record_property: Any
) -> None:
    of_patients, _, of_citizens, settled = patients._numbers(1, 1.0)
    used = [*of_patients, *of_citizens, *settled]
    forms = {f for number in used for f in (number, f"{number[:6]}-{number[6:]}", f"{number[:6]} {number[6:]}")}
    forms |= {item.text for item in planted.items if sum(c.isdigit() for c in item.text) >= FEWEST_DIGITS}
    assert len(forms) > 100_000
    patterns, texts = tmp_path / "patterns", tmp_path / "texts"
    patterns.write_text("\n".join(sorted(f for f in forms if "\n" not in f)), "utf-8")
    texts.mkdir()
    looked_at = list(artefacts(region, texts))
    # The search finds what is there: the deliveries themselves.
    delivered = next((region / "archive").iterdir())
    assert search(patterns, sorted((region / "archive").iterdir())), delivered
    assert not search(patterns, looked_at)
    record_property("privacy scan", f"{len(forms)} forms of numbers in {len(looked_at)} artefacts: none found")


NUMBER = "010180-1234"
HEADER = ["Nr.", "CPR", "Henvist", "Omvisiteret", "Afsnit", "Modtager-id", "Aftale", "Ydelse", "Formål"]
# Each place in which a supplier may write what he likes, and a number there: the file's name, and what is made of a file as agreed.
PLANTED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "name": (f"{NUMBER}.csv", bytes),
    "name in Latin-1": (f"r\udcf8d {NUMBER}.csv", bytes),
    "name without a hyphen": ("henvist 0101801234.csv", bytes),
    "name as agreed, with a number for a time": ("omvisiteringer_2015-05_udtrukket-01018012-3412.csv", bytes),
    "name of a gzip": (f"{NUMBER}.csv.gz", gzip.compress),
    "outer name of a zip": (f"{NUMBER}.zip", lambda b: zipped(AGREED, b)),
    "inner name of a zip": ("a.zip", lambda b: zipped(f"{NUMBER}.csv", b)),
    "both, and a folder": (f"{NUMBER}_b.zip", lambda b: zipped(f"{NUMBER}/{NUMBER}.csv", b)),
    "name of one of two in a zip": ("c.zip", lambda b: zipped(AGREED, b, NUMBER)),
    "name in a zip that is damaged": ("d.zip", lambda b: zipped(f"{NUMBER}.csv", b).replace(b";", b"!", 1)[:-4]),
    "extra header": (AGREED, lambda b: b.replace(b"CPR", f"{NUMBER};CPR".encode(), 1)),
    "header twice": (AGREED, lambda b: b.replace(b"CPR", f"{NUMBER};{NUMBER};CPR".encode(), 1)),
    "header in another's place": (AGREED, lambda b: b.replace(b"CPR", NUMBER.encode(), 1)),
    "line above the header": (AGREED, lambda b: f"Udtrukket for {NUMBER}\n".encode() + b),
    "line below the table": (AGREED, lambda b: b + f"Spørg {NUMBER}\n".encode()),
    "name of a sheet": (AGREED_WORKBOOK, lambda _: book(NUMBER)),
    "names of two sheets": (AGREED_WORKBOOK, lambda _: book(NUMBER, f"{NUMBER} kopi")),
    "sheet of something else": (AGREED_WORKBOOK, lambda _: book("Ark1", f"{NUMBER} andet", header=False)),
    "workbook that is damaged": (AGREED_WORKBOOK, lambda _: book(NUMBER)[:-30]),
    "no table": (f"{NUMBER}.xlsx", lambda _: b"PK\x03\x04" + NUMBER.encode()),
    "web page": (f"{NUMBER}.html", lambda _: f"<html>{NUMBER}".encode()),
    "unfinished": (f"{NUMBER}.csv.part", bytes),
}


@pytest.mark.parametrize("extract", ["redirections"])
def test_no_number_is_left_that_a_supplier_wrote_where_he_may_write_what_he_likes(
    own_region: Path, small_files: Path, tmp_path: Path, extract: str
) -> None:
    agreed = next((small_files / extract).glob("omvisiteringer_2015-03*.csv")).read_bytes()
    landing = own_region / "landing" / extract
    for place, (name, made) in enumerate(PLANTED.values()):
        # Each is a delivery of its own month, under a name as agreed where it has one.
        path = landing / name.replace("2015-05_", f"20{place % 10:02}-0{place % 9 + 1}_")
        path.write_bytes(made(agreed))
        os.utime(path, (1e9 + place, 1e9 + place))
    (own_region / "landing" / NUMBER).mkdir()
    (own_region / "landing" / NUMBER / f"{NUMBER}.csv").write_bytes(agreed)
    (own_region / "landing" / f"{NUMBER}.csv").write_bytes(agreed)
    (landing / f"{NUMBER} mappe").mkdir()
    before = {p.name for p in (own_region / "lake" / "receipts").iterdir()}
    done = ventetal(own_region, "run")
    assert done.returncode == 0, done.stderr
    arrived = {p.name for p in (own_region / "lake" / "receipts").iterdir()} - before
    assert len(arrived) == len(PLANTED) - 1, "all but the unfinished one"
    said = [done.stdout, done.stderr, *(ventetal(own_region, *c).stdout for c in (["quarantine"], ["run"]))]
    texts = tmp_path / "texts"
    texts.mkdir()
    patterns = tmp_path / "patterns"
    patterns.write_text("\n".join((NUMBER, NUMBER.replace("-", ""), "01018012-3412")), "utf-8")
    looked_at = list(artefacts(own_region, texts))
    assert not [line for text in said for line in text.splitlines() if any(f in line for f in (NUMBER, "0101801234", "01018012"))]
    assert not [path for path in looked_at if "010180" in str(path.relative_to(tmp_path))]
    done = subprocess.run(["grep", "-laFf", str(patterns), *map(str, looked_at)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def zipped(name: str, content: bytes, *others: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as box:
        for inside in (name, *others):
            box.writestr(inside, content)
    return packed.getvalue()


def book(*sheets: str, header: bool = True) -> bytes:
    made, packed = openpyxl.Workbook(), io.BytesIO()
    made.remove(made.active)
    for place, name in enumerate(sheets):
        sheet = made.create_sheet(name)
        sheet.append(HEADER if header or not place else [NUMBER])
        sheet.append([NUMBER, "x"])
    made.properties.creator = NUMBER
    made.save(packed)
    return packed.getvalue()


def search(patterns: Path, files: list[Path]) -> list[str]:
    """Names of the files that hold one of the patterns as a word of its own."""
    found: list[str] = []
    for start in range(0, len(files), 200):
        names = [str(f) for f in files[start : start + 200]]
        done = subprocess.run(["grep", "-lawFf", str(patterns), *names], capture_output=True, text=True, env={"LC_ALL": "C"}, check=False)
        assert done.returncode in (0, 1), done.stderr
        found += done.stdout.splitlines()
    return found


def test_no_small_number_can_be_told_from_the_release(release: Path, record_property: Any) -> None:
    with open_release(release) as con:
        names = [n for (n,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()]
        marts = {name: dicts(con, f"select * from marts.{name}") for name in names}
        counted = dict(con.execute("select table_name, sum(cells) from meta.suppression group by 1").fetchall())
    attacks = redirections(marts) + udredning(marts) + cofinancing(marts)
    assert [attack.told() for attack in attacks if attack.told()] == []
    assert sum(counted.values()) > 100
    record_property("disclosure", f"{sum(len(a.withheld) for a in attacks)} withheld numbers attacked, none told; cells {counted}")


def test_what_is_withheld_says_so_and_stands_in_the_ledger(region: Path, release: Path, catalog: Catalog) -> None:
    with open_release(release) as con:
        for table in (t for t in catalog.computed if t.contract.disclosure):
            spec = table.contract.disclosure
            assert spec is not None
            remembered = Ledger(Lake(region), table.name, "9999").entries
            for row in dicts(con, f"select * from {table.name}"):
                absent = {n for n in spec.published if row[n] is None}
                if "p" in row["qf"] and absent:
                    # Not told before the month is final.
                    assert not absent & set(spec.early) or "c" in row["qf"]
                    continue
                assert all(f"c: {', '.join(named)}" in row["qf_columns"] for named in [_withheld(row)] if named)
                assert absent == set(_withheld(row)) & set(spec.published), (table.name, row["qf_columns"])
                assert bool(_withheld(row)) == ("c" in row["qf"])
                assert {(cell_of(row, spec.key), n) for n in absent} <= remembered


def _withheld(row: dict[str, Any]) -> list[str]:
    """The columns that a row says it withholds."""
    return next((p.removeprefix("c: ").split(", ") for p in row["qf_columns"].split("; ") if p.startswith("c: ")), [])


def test_the_threshold_is_said_once_with_its_source_and_asked_by_all_that_is_about_persons(catalog: Catalog) -> None:
    with (PROJECT / "data" / "reference" / "disclosure_threshold.csv").open(encoding="utf-8", newline="") as file:
        [said] = csv.DictReader(file)
    assert (said["persons"], bool(said["source"])) == ("5", True)
    asking = {t.name for t in catalog.computed if "reference.disclosure_threshold" in t.reads}
    assert asking == {t.name for t in catalog.computed if t.contract.disclosure} | {
        "core.kmf_change_factor", "core.pathway_count", "core.provider_count",
    }  # fmt: skip


def test_only_the_operator_can_open_what_is_about_persons(region: Path) -> None:
    modes = dict.fromkeys(("archive", "rejected", "lake", "dagster"), 0o700) | {"releases": 0o750}
    assert {folder: stat.S_IMODE((region / folder).stat().st_mode) for folder in modes} == modes
    assert all(stat.S_IMODE(f.stat().st_mode) == 0o600 for f in (region / "archive").iterdir())


def test_without_a_key_in_production_or_with_another_than_the_lakes_nothing_is_read(tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "redirections"
    landing.mkdir(parents=True)
    (landing / "omvisiteringer_2015-03_udtrukket-20150404-0624.csv").write_text("x\n")
    refused = ventetal(tmp_path, "run", VENTETAL_ENV="production", VENTETAL_REGION="")
    assert (refused.returncode, "no pseudonym key" in refused.stderr) == (2, True)
    assert len(list(landing.iterdir())) == 1
    short = ventetal(tmp_path, "run", VENTETAL_PSEUDONYM_KEY="too short")
    assert (short.returncode, "at least 32" in short.stderr) == (2, True)
    Lake(tmp_path).prepare()
    begun = ventetal(tmp_path, "run", VENTETAL_PSEUDONYM_KEY="k" * 32)
    # Nothing usable was delivered, so the domains are held; but it was read.
    assert begun.returncode in (0, 1), begun.stderr
    other = ventetal(tmp_path, "run", VENTETAL_PSEUDONYM_KEY="o" * 32)
    assert (other.returncode, "another than the one this lake" in other.stderr) == (2, True)
    assert "k" * 32 not in str(read_json(Lake(tmp_path).files / "person-key.json"))
