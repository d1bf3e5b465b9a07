"""Ibis asks the database of a release: python ask_ibis.py RELEASE. Prints JSON."""

import json
import sys

import ibis
from asked import QUESTIONS, answer

con = ibis.duckdb.connect(f"{sys.argv[1]}/ventetal.duckdb", read_only=True)
names = sorted(con.list_tables(database="marts"))
tables = {n: con.table(n, database="marts") for n in names}


def told(asked, database):
    words = asked["view"] if database == "main" else asked
    rows = con.table(asked["table"], database=database)
    for column, value in words["where"].items():
        rows = rows.filter(rows[column].cast("string") == value)
    total = rows[words["measure"]].sum().cast("float64")
    found = rows.group_by(who=rows[words["by"]].cast("string")).aggregate(total=total).execute()
    # What has no number is no number in pandas.
    return answer((who, None if n != n else n) for who, n in found.itertuples(index=False))


labels = con.table("code_label", database="reference")
print(
    json.dumps(
        {
            "rows": {n: int(t.count().execute()) for n, t in tables.items()},
            "total": int(tables["redirection_monthly"].treatments.sum().cast("int64").execute()),
            "share": float(tables["servicedesk_calls_monthly"].answered_share.max().execute()),
            "newest": str(tables["kpi_monthly"].month.max().execute())[:10],
            "label": labels.filter(labels.column_name == "indicator", labels.code == "answered_in_time").label.execute()[0],
            "answers": [told(asked, "marts") for asked in QUESTIONS],
            "answers of views": [told(asked, "main") for asked in QUESTIONS],
            "views": sorted(con.list_tables(database="main")),
        }
    )
)
