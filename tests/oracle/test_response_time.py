"""The committee's table from the delivered files, read and judged with pandas: a second opinion on every figure.

What the files mean is written here a second time on purpose. The published figures come from the workbook.
"""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
REGION = REFERENCE.parent / "examples" / "region" / "data" / "reference"
MONTHS = dict(
    zip(
        ["September", "Oktober", "November", "December", "Januar", "Februar", "Marts", "April"],
        pd.period_range("2014-09", "2015-04", freq="M"),
        strict=True,
    )
)


@pytest.fixture(scope="module")
def published(example_files: Path) -> pd.DataFrame:
    """month, system, published and target in percent, straight from the cells of the workbook."""
    [book] = (example_files / "response_time_compliance").glob("*.xlsx")
    sheet = pd.read_excel(book, header=None, dtype=str, engine="openpyxl")
    top = sheet.index[sheet[0] == "Måned"][0]
    names = (sheet.loc[top].fillna("") + " " + sheet.loc[top + 1].fillna("")).str.strip()
    percent = {i: aliases()[names[i].lower()] for i in sheet.columns[1:]}
    rows = sheet[sheet[0].isin([*MONTHS, "SLA"])].set_index(0).rename(columns=percent)
    rows = rows.apply(lambda column: column.str.rstrip("%").str.replace(",", ".").astype(float))
    long = (
        rows.drop(index="SLA")
        .rename(index=MONTHS)
        .rename_axis("month")
        .reset_index()
        .melt("month", var_name="system", value_name="published")
    )
    return long.assign(target=long["system"].map(rows.loc["SLA"]))


@pytest.fixture(scope="module")
def measured(example_files: Path) -> pd.DataFrame:
    """month, system and compliance in percent from the last delivery of each month."""
    files = sorted((example_files / "response_times").glob("*.csv"), key=lambda f: f.name.split("leveret-")[1])
    last = {file.name.split("_")[1]: file for file in files if "Status" in header(file)[0]}
    return pd.concat([compliance(attempts(file, month)).assign(month=pd.Period(month, "M")) for month, file in last.items()])


def aliases() -> "pd.Series[str]":
    listed = pd.read_csv(REFERENCE / "system_alias.csv")
    return listed.assign(alias=listed["alias"].str.lower()).drop_duplicates("alias").set_index("alias")["system_id"]


def text(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def header(file: Path) -> tuple[list[str], int]:
    for at, row in enumerate(csv.reader(io.StringIO(text(file), newline=""), delimiter=";")):
        if "System" in row:
            return row, at
    raise AssertionError(file.name)


def attempts(file: Path, month: str) -> pd.DataFrame:
    """The good records of a file: well-formed, known codes, a real time in the month, no repeated key that differs."""
    names, at = header(file)
    rows = list(csv.reader(io.StringIO(text(file), newline=""), delimiter=";"))[at + 1 :]
    records = pd.DataFrame([row for row in rows if len(row) == len(names)], columns=names)
    began = pd.to_datetime(records["Start (UTC)"], format="%Y-%m-%dT%H:%M:%SZ", errors="coerce", utc=True)
    local = began.dt.tz_convert("Europe/Copenhagen").dt.tz_localize(None)
    duration = pd.to_numeric(records["Varighed ms"].where(records["Varighed ms"].str.fullmatch(r"-?\d+")))
    is_good = (
        records["Klasse"].isin(["Standard", "Tung"])
        & records["Status"].isin(["OK", "TIMEOUT", "FEJL", "VEDLIGEHOLD"])
        & (records["Lokation"] != "")
        & (records["System"] != "")
        & (local.dt.to_period("M") == pd.Period(month, "M"))
        & (duration.ge(0) | (records["Varighed ms"] == ""))
        & ~((records["Status"] == "OK") & ~(duration > 0))
    )
    good = records.assign(local=local, duration=duration)[is_good]
    key = ["System", "Handling", "Lokation", "Start (UTC)"]
    said = ["Klasse", "Varighed ms", "Status"]
    differs = good.drop_duplicates(key + said).duplicated(key, keep=False)
    ambiguous = good.drop_duplicates(key + said)[differs].set_index(key).index
    good = good[~good.set_index(key).index.isin(ambiguous)]
    return good.drop_duplicates(key)


def compliance(good: pd.DataFrame) -> pd.DataFrame:
    """Unweighted mean over action and location of the share within the limit; listed maintenance left out."""
    limit = good["Klasse"].map({"Standard": 3000, "Tung": 15000})
    good = good.assign(system=good["System"].str.lower().map(aliases()), within=(good["Status"] == "OK") & (good["duration"] <= limit))
    for window in pd.read_csv(REGION / "maintenance.add.csv", parse_dates=["starts_at", "ends_at"]).itertuples():
        inside = (good["system"] == window.system_id) & (good["local"] >= window.starts_at) & (good["local"] < window.ends_at)
        good = good[~inside]
    cell = ["system", "Handling", "Lokation"]
    # A robot that ran on a twentieth of the days or fewer has measured nothing of the month.
    days = good.groupby([*cell, good["local"].dt.to_period("M")])["local"].transform(lambda at: at.dt.date.nunique())
    cells = good[days > good["local"].dt.days_in_month / 20].groupby(cell)["within"].mean()
    return (100 * cells.groupby("system").mean()).rename("measured").reset_index()


def test_eighty_figures_are_published_and_thirty_of_them_meet_their_target(published: pd.DataFrame) -> None:
    met = published[published["published"] >= published["target"]]
    assert (len(published), len(met)) == (80, 30)
    by_system = met.groupby("system").size()
    assert "EPM3" not in by_system
    assert "MAIL" not in by_system
    assert by_system["PATOLOGI"] == 8
    assert len(met[met["published"] == met["target"]]) == 4


def test_the_files_measure_what_was_published(published: pd.DataFrame, measured: pd.DataFrame) -> None:
    both = published.merge(measured, on=["month", "system"], validate="one_to_one")
    assert len(both) == 80
    assert (both["measured"] - both["published"]).abs().max() <= 0.005 + 1e-9
    assert ((both["measured"].round(7) >= both["target"]) == (both["published"] >= both["target"])).all()


def test_the_project_says_the_same_as_this_file(region: Path, published: pd.DataFrame, measured: pd.DataFrame) -> None:
    mart = pd.read_parquet(region / "releases" / "current" / "marts" / "response_time_monthly.parquet")
    mart["month"] = pd.to_datetime(mart["month"]).dt.to_period("M")
    mart["system"] = mart["system_id"].astype(object)
    both = published.merge(measured, on=["month", "system"]).merge(mart, on=["month", "system"], validate="one_to_one")
    assert len(both) == 80
    assert (both["measured"] / 100 - both["compliance_share"]).abs().max() < 1e-8
    assert (both["published"] / 100 - both["published_share"]).abs().max() < 1e-9
    assert (both["target"] / 100 - both["sla_target"]).abs().max() < 1e-9
    assert (both["target_met"].astype(bool) == (both["published"] >= both["target"])).all()
    assert int(both["target_met"].sum()) == 30


def test_this_opinion_is_independent() -> None:
    project = ("assets", "sources", "expectations", "pipelines")
    code = f"import sys, tests.oracle.test_response_time; print([m for m in sys.modules if m.split('.')[0] in {project}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REFERENCE.parents[1])
    assert done.stdout.strip() == "[]"
