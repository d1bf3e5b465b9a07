"""Arrow asks the Parquet files of a release, each as a data set: python ask_pyarrow.py RELEASE. Prints JSON."""

import json
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds
from asked import QUESTIONS, answer

release = Path(sys.argv[1])
marts = {p.stem: ds.dataset(p).to_table() for p in sorted(release.glob("marts/*.parquet"))}
labels = ds.dataset(release / "reference" / "code_label.parquet").to_table(
    filter=(ds.field("column_name") == "indicator") & (ds.field("code") == "answered_in_time")
)
about = marts["redirection_monthly"].schema.metadata
treatments = json.loads(about[b"columns"])["treatments"]


def told(asked):
    rows, measure = marts[asked["table"]], asked["measure"]
    for column, value in asked["where"].items():
        rows = rows.filter(pc.equal(pc.cast(rows[column], "string"), value))
    found = rows.group_by(asked["by"]).aggregate([(measure, "sum")])
    return answer(zip(found[asked["by"]].to_pylist(), found[f"{measure}_sum"].to_pylist(), strict=True))


print(
    json.dumps(
        {
            "rows": {name: rows.num_rows for name, rows in marts.items()},
            "total": pc.sum(marts["redirection_monthly"]["treatments"]).as_py(),
            "share": pc.max(marts["servicedesk_calls_monthly"]["answered_share"]).as_py(),
            "newest": str(pc.max(marts["kpi_monthly"]["month"]).as_py()),
            "answers": [told(asked) for asked in QUESTIONS],
            "label": labels["label"][0].as_py(),
            "comment": about[b"comment"].decode(),
            "meaning": f"{treatments['label']}: {treatments['meaning']} Unit: {treatments['unit']}.",
        }
    )
)
