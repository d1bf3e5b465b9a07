"""Ibis asks the database of a release: python ask_ibis.py RELEASE. Prints JSON."""

import json
import sys

import ibis

con = ibis.duckdb.connect(f"{sys.argv[1]}/ventetal.duckdb", read_only=True)
names = sorted(con.list_tables(database="marts"))
tables = {n: con.table(n, database="marts") for n in names}
labels = con.table("code_label", database="reference")
print(
    json.dumps(
        {
            "rows": {n: int(t.count().execute()) for n, t in tables.items()},
            "total": int(tables["redirection_monthly"].treatments.sum().cast("int64").execute()),
            "share": float(tables["servicedesk_calls_monthly"].answered_share.max().execute()),
            "newest": str(tables["kpi_monthly"].month.max().execute())[:10],
            "label": labels.filter(labels.column_name == "indicator", labels.code == "answered_in_time").label.execute()[0],
            "views": sorted(con.list_tables(database="main")),
        }
    )
)
