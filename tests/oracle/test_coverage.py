"""Which months of the example region are final, from the names of its files and their headers alone: a second opinion, with pandas.

What makes a month final is written here a second time on purpose.
"""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

# Extract -> what a file is called, a column that one needs to be read at all, how a month becomes known, and how late files may come.
A_MONTH, TWO_MONTHS, A_WEEK, AT_ONCE = (pd.DateOffset(**d) for d in ({"months": 1}, {"months": 2}, {"days": 7}, {"days": 0}))
FILES = {
    "redirections": (r"omvisiteringer_(?P<month>.{7})_udtrukket-(?P<drawn>.{13})", ["Modtager-id", "Omvisiteret"], "own", A_MONTH),
    "referrals": (r"henvisninger_(?P<month>.{7})_udtrukket-(?P<drawn>.{13})", ["Lukket"], "own", A_MONTH),
    "pathways": (r"(?P<who>udredning|lpr2|lpr3)\w*_(?P<month>.{7})_udtrukket-(?P<drawn>.{13})", ["Årsag", "C_AARSAG", "Kont_henv_aarsag"],
                 "later", TWO_MONTHS),
    "pathway_pauses": (r"pauser_(?P<month>.{7})_udtrukket-(?P<drawn>.{13})", ["Pause"], "later", TWO_MONTHS),
    "response_times": (r"svartider_(?P<month>.{7})_leveret-(?P<drawn>.{13})", ["Status"], "own", AT_ONCE),
    "servicedesk_calls": (r"opkald_(?P<month>.{7})(_del(?P<part>.)af(?P<parts>.))?_leveret-(?P<drawn>.{13})", ["Udfald"], "own",
                          AT_ONCE),
    "servicedesk_cases": (r"\w+?_(?P<month>.{7})_leveret-(?P<drawn>.{13})", ["Løst", "Resolved", "resolved_at"], "later", A_WEEK),
}  # fmt: skip
SENDER = {"udredning": "region", "lpr3": "lpr3", "lpr2": "psychiatry"}


def has_column(file: Path, wanted: list[str]) -> bool:
    if file.suffix == ".xlsx":
        head = [str(c) for row in pd.read_excel(file, header=None, dtype=object, nrows=20).itertuples(index=False) for c in row]
    else:
        raw = file.read_bytes()[:20_000]
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252")
        head = [c.strip() for line in text.splitlines()[:20] for c in re.split("[;,]", line)]
    return any(w in head for w in wanted)


def files_of(folder: Path, extract: str) -> pd.DataFrame:
    """A row for each file that can be read: month, sender, part, parts, drawn."""
    pattern, wanted, _, _ = FILES[extract]
    rows = []
    for file in sorted((folder / extract).iterdir()):
        if (found := re.match(pattern, file.name)) and has_column(file, wanted):
            said = found.groupdict()
            at = pd.to_datetime(said["drawn"], format="%Y%m%d-%H%M")
            sender = SENDER.get(said.get("who") or "", "")
            rows.append((pd.Period(said["month"], "M"), sender, said.get("part") or "", int(said.get("parts") or 1), at))
    return pd.DataFrame(rows, columns=["month", "sender", "part", "parts", "drawn"])


def finals(folder: Path, extract: str) -> dict[tuple[str, str], bool]:
    """(month, sender) -> whether it is final, for the months from the first to the last that a file is for."""
    _, _, way, late = FILES[extract]
    files = files_of(folder, extract)
    # The register of 2019 was tried out in 2015: nobody waits for that.
    files = files[files.sender != "lpr3"]
    found = {}
    for sender, of_sender in files.groupby("sender"):
        whole = {
            month: of_month.drawn.max() if way == "own" else of_month.drawn.min()
            for month, of_month in of_sender.groupby("month")
            if (of_month.part == "").any() or of_month.part.nunique() == of_month.parts.max()
        }
        for month in pd.period_range(files.month.min(), files.month.max(), freq="M"):
            drawn, at = pd.NaT, month
            while at in whole and (way == "later" or at == month):
                drawn, at = max(drawn, whole[at]) if drawn is not pd.NaT else whole[at], at + 1
            found[str(month), str(sender)] = bool(drawn is not pd.NaT and drawn >= (month + 1).to_timestamp() + late)
    return found


def released(region: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(region / "releases" / "current" / "ventetal.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.mark.parametrize("extract", FILES)
def test_the_months_that_are_final_are_those_the_files_say(example_files: Path, region: Path, extract: str) -> None:
    told = released(region, f"""
        select strftime(month, '%Y-%m'), coalesce(sender, ''), state from meta.coverage where extract = '{extract}' and state <> 'undated'
    """)  # fmt: skip
    # The newest file of cases tells of the first days of a month whose own has not come; a call at midnight visits a queue in the next.
    mine = finals(example_files, extract)
    assert {(m, s): state == "final" for m, s, state in told if (m, s) in mine} == mine
    assert {state for m, s, state in told if (m, s) not in mine} <= {"provisional", "outside"}


@pytest.mark.parametrize(
    ("mart", "extracts"),
    [
        ("redirection_monthly", ["redirections"]),
        ("udredning_monthly", ["pathways", "pathway_pauses", "referrals"]),
        ("udredning_open_monthly", ["pathways", "pathway_pauses"]),
        ("servicedesk_calls_monthly", ["servicedesk_calls"]),
        ("servicedesk_cases_monthly", ["servicedesk_cases"]),
        ("response_time_monthly", ["response_times"]),
    ],
)
def test_a_month_of_a_mart_is_final_when_every_sender_of_all_it_stands_on_is(
    example_files: Path, region: Path, mart: str, extracts: list[str]
) -> None:
    by_extract = [finals(example_files, e) for e in extracts]
    final = {
        m
        for m, _ in by_extract[0]
        if all(all(f for (month, _), f in of.items() if month == m) and (m in {k for k, _ in of}) for of in by_extract)
    }
    column = "qf not like '%p%'" if mart == "response_time_monthly" else "not is_provisional"
    where = "where desk = 'CIMT'" if mart.startswith("servicedesk_calls") else ""
    told = dict(released(region, f"select strftime(month, '%Y-%m'), bool_and({column}) from marts.{mart} {where} group by all"))
    assert told == {m: m in final for m in told}
    assert len(final) > 5


def test_this_opinion_is_independent() -> None:
    ours = "('assets', 'sources', 'expectations')"
    code = f"import sys, tests.oracle.test_coverage; print([m for m in sys.modules if m.split('.')[0] in {ours}])"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout == "[]\n"
