"""DuckDB of any version asks a release: python ask_duckdb.py RELEASE. Prints JSON."""

import json
import sys

import duckdb
from asked import QUESTIONS, answer, sql_of

con = duckdb.connect(f"{sys.argv[1]}/ventetal.duckdb", read_only=True)


def one(sql):
    return con.execute(sql).fetchall()[0][0]


marts = [n for (n,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by 1").fetchall()]
asked = "select view_name from duckdb_views() where schema_name = 'main' and not internal order by 1"
views = [n for (n,) in con.execute(asked).fetchall()]
print(
    json.dumps(
        {
            "rows": {n: one(f"select count(*) from marts.{n}") for n in marts},
            "total": one("select cast(sum(treatments) as bigint) from marts.redirection_monthly"),
            "share": one("select max(answered_share) from marts.servicedesk_calls_monthly"),
            "newest": str(one("select max(month) from marts.kpi_monthly")),
            "label": one("select label from reference.code_label where column_name = 'indicator' and code = 'answered_in_time'"),
            "comment": one("select comment from duckdb_tables() where table_name = 'redirection_monthly'"),
            "meaning": one(
                "select comment from duckdb_columns() where schema_name = 'marts' and table_name = 'redirection_monthly'"
                " and column_name = 'treatments'"
            ),
            "views": views,
            "final": one('select count(*) from main.redirection_monthly where "Måned" is not null'),
            "answers": [answer(con.execute(sql_of(asked, "marts")).fetchall()) for asked in QUESTIONS],
            "answers of views": [answer(con.execute(sql_of(asked, "main")).fetchall()) for asked in QUESTIONS],
        }
    )
)
