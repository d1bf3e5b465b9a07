"""Polars asks the Parquet files of a release: python ask_polars.py RELEASE. Prints JSON."""

import json
import sys
from pathlib import Path

import polars as pl
from asked import QUESTIONS, answer

release = Path(sys.argv[1])
marts = {p.stem: pl.read_parquet(p) for p in sorted(release.glob("marts/*.parquet"))}
labels = pl.read_parquet(release / "reference" / "code_label.parquet")
about = pl.read_parquet_metadata(release / "marts" / "redirection_monthly.parquet")
treatments = json.loads(about["columns"])["treatments"]


def told(asked):
    rows, measure = marts[asked["table"]], pl.col(asked["measure"])
    for column, value in asked["where"].items():
        rows = rows.filter(pl.col(column).cast(pl.String) == value)
    # A sum of nothing is 0 in Polars.
    total = pl.when(measure.count() > 0).then(measure.sum())
    return answer(rows.group_by(asked["by"]).agg(total).rows())


print(
    json.dumps(
        {
            "rows": {name: len(rows) for name, rows in marts.items()},
            "total": marts["redirection_monthly"]["treatments"].sum(),
            "share": marts["servicedesk_calls_monthly"]["answered_share"].max(),
            "newest": str(marts["kpi_monthly"]["month"].max()),
            "answers": [told(asked) for asked in QUESTIONS],
            "label": labels.filter(column_name="indicator", code="answered_in_time")["label"][0],
            "comment": about["comment"],
            "meaning": f"{treatments['label']}: {treatments['meaning']} Unit: {treatments['unit']}.",
        }
    )
)
