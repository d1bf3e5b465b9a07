"""dbt reads the sources of a release and builds a model of one: python ask_dbt.py RELEASE. Prints JSON."""

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import yaml
from asked import QUESTIONS, answer, sql_of
from dbt.cli.main import dbtRunner

release = Path(sys.argv[1]).resolve()
with TemporaryDirectory() as folder:
    project = Path(folder)
    (project / "models").mkdir()
    shutil.copyfile(release / "sources.yml", project / "models" / "sources.yml")
    (project / "models" / "total.sql").write_text(
        "select cast(sum(treatments) as bigint) as total from {{ source('marts', 'redirection_monthly') }}"
    )
    for i, asked in enumerate(QUESTIONS):
        sql = sql_of(asked, "marts").replace(f"marts.{asked['table']}", f"{{{{ source('marts', '{asked['table']}') }}}}")
        (project / "models" / f"answer_{i}.sql").write_text(sql)
    (project / "dbt_project.yml").write_text(yaml.safe_dump({"name": "ask", "version": "1.0", "profile": "ask", "model-paths": ["models"]}))
    attached = [{"path": str(release / "ventetal.duckdb"), "alias": "ventetal", "read_only": True}]
    output = {"type": "duckdb", "path": str(project / "own.duckdb"), "attach": attached}
    (project / "profiles.yml").write_text(yaml.safe_dump({"ask": {"target": "dev", "outputs": {"dev": output}}}))
    done = dbtRunner().invoke(["run", "--quiet", "--project-dir", folder, "--profiles-dir", folder])
    if not done.success:
        raise SystemExit(str(done.exception or done.result))
    sources = json.loads((project / "target" / "manifest.json").read_text())["sources"].values()
    con = duckdb.connect(str(project / "own.duckdb"))
    comments = {s["name"]: s["description"] for s in sources if s["source_name"] == "marts"}
    meaning = next(s["columns"]["treatments"]["description"] for s in sources if s["name"] == "redirection_monthly")
    print(
        json.dumps(
            {
                "total": con.execute("select total from total").fetchall()[0][0],
                "marts": sorted(comments),
                "comment": comments["redirection_monthly"],
                "meaning": meaning,
                "answers": [answer(con.execute(f"from answer_{i}").fetchall()) for i in range(len(QUESTIONS))],
            }
        )
    )
