"""Persons stay out of everything a run leaves behind: no number, in whatever form it was delivered, no small cell, no open folder."""

import csv
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.catalog.declared import Catalog
from assets.lake.files import Lake, read_json
from assets.releases.database import dicts, open_release
from assets.tables.ledger import Ledger
from sources.examples import patients
from sources.examples.planted import Planting
from sources.settings import PROJECT
from tests.attack import redirections, udredning
from tests.conftest import ventetal

PATIENT_EXTRACTS = ("redirections", "pathways", "pathway_pauses", "referrals")
# Shorter texts, like a birthday alone, stand in every date.
FEWEST_DIGITS = 9


@pytest.fixture(scope="module")
def planted() -> Planting:
    lookups = {}
    for name in patients.LOOKUPS:
        with (PROJECT / "data" / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            lookups[name] = list(csv.DictReader(file))
    return patients.planted(lookups)


@pytest.fixture(scope="module")
def release(region: Path) -> Path:
    found = Lake(region).current_release
    assert found is not None
    return found


def test_every_planted_fault_is_found_and_nothing_else_is_refused(release: Path, planted: Planting) -> None:
    with open_release(release) as con:
        found = dicts(con, f"""
            select receipt.file_name, summary.reason, sum(summary.records)::bigint as records
            from meta.quarantine_summary as summary join meta.receipt as receipt using (parse_id)
            where receipt.extract in {PATIENT_EXTRACTS}
            group by all""")  # fmt: skip
        types = dicts(con, "select reason, count(*) as files from meta.receipt where reason is not null group by all")
    refused = Counter((item.file_name, item.outcome) for item in planted.items if ":" in item.outcome)
    assert {(r["file_name"], r["reason"]): r["records"] for r in found} == dict(refused)
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
    used = patients._numbers(1, 1.0)[0]
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
    attacks = redirections(marts) + udredning(marts)
    assert [attack.told() for attack in attacks if attack.told()] == []
    assert sum(counted.values()) > 100
    record_property("disclosure", f"{sum(len(a.withheld) for a in attacks)} withheld numbers attacked, none told; cells {counted}")


def test_what_is_withheld_says_so_and_stands_in_the_ledger(region: Path, release: Path, catalog: Catalog) -> None:
    with open_release(release) as con:
        for table in (t for t in catalog.computed if t.contract.disclosure):
            spec = table.contract.disclosure
            assert spec is not None
            hidden = " or ".join(f"{g.additive[0]} is null" for g in spec.groups if g.additive and g.additive[0] in g.withholds)
            rows = dicts(con, f"select * from {table.name} where {hidden}")
            assert all("c" in r["qf"] for r in rows)
            remembered = {cell for cell, _ in Ledger(Lake(region), table.name, "9999").entries}
            assert {tuple(str(r[c]) for c in spec.key) for r in rows} <= remembered


def test_the_threshold_is_said_once_with_its_source_and_asked_by_all_that_is_about_persons(catalog: Catalog) -> None:
    with (PROJECT / "data" / "reference" / "disclosure_threshold.csv").open(encoding="utf-8", newline="") as file:
        [said] = csv.DictReader(file)
    assert (said["persons"], bool(said["source"])) == ("5", True)
    asking = {t.name for t in catalog.computed if "reference.disclosure_threshold" in t.reads}
    assert asking == {t.name for t in catalog.computed if t.contract.disclosure} | {"marts.redirection_by_provider"}


def test_only_the_operator_can_open_what_is_about_persons(region: Path) -> None:
    for folder in ("archive", "rejected", "lake"):
        assert stat.S_IMODE((region / folder).stat().st_mode) == 0o700, folder
    assert all(stat.S_IMODE(f.stat().st_mode) == 0o600 for f in (region / "archive").iterdir())


def test_without_a_key_in_production_or_with_another_than_the_lakes_nothing_is_read(tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "redirections"
    landing.mkdir(parents=True)
    (landing / "omvisiteringer_2015-03_udtrukket-20150404-0624.csv").write_text("x\n")
    refused = ventetal(tmp_path, "run", VENTETAL_ENV="production")
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
