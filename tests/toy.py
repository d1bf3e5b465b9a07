"""A small project of its own: extracts of counts per day and name, each with a domain, a core table and a mart.

It shows what the machinery does whatever the domain is: deliveries, holding, publishing.
"""

import os
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from assets.catalog.declared import Catalog
from assets.catalog.loading import load_catalog
from assets.deliveries.coverage import Covered
from assets.deliveries.extracts import ExtractState
from assets.lake.files import Lake, read_json
from assets.lake.lock import writing
from assets.releases.database import open_release
from assets.releases.publish import Release, publish
from assets.releases.rebuild import Compared, again, compare
from assets.tables.build import Night
from sources.duck import dicts

FIELDS = """
day: {type: DATE, label: Dag, meaning: Day of the count.}
name: {type: VARCHAR, label: Navn, meaning: What is counted.}
number: {type: BIGINT, unit: things, label: Antal, meaning: How many.}
records: {type: BIGINT, unit: records, label: Poster, meaning: Records behind the number.}
"""
SOURCE = """
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
status: active
domain: {name}_domain
description: {{purpose: Counts of {name}.}}
slaProperties: [{{property: latency, value: 40, unit: d, element: {name}.day}}]
schema:
- name: {name}
  dataGranularityDescription: One name on one day.
  customProperties: [{{property: delivery, value: {delivery}}}]
  properties:
  - {{name: day, primaryKey: true, primaryKeyPosition: 1}}
  - {{name: name, primaryKey: true, primaryKeyPosition: 2}}
  - {{name: number, required: true}}
"""
LAYOUT = r"""
file: \w+_(?P<period>\d{4}-\d{2})(_received-(?P<received>\d{8}-\d{4}))?(_made-(?P<extracted>\d{8}))?(_\w+)?\.csv
header: [Dag, Navn, Antal]
columns: {day: Dag, name: Navn, number: Antal}
"""
TABLE = """
apiVersion: v3.1.0
kind: DataContract
id: {id}
version: 1.0.0
status: active
domain: {name}_domain
description: {{purpose: Totals of {name}.}}
schema:
- name: {id}
  dataGranularityDescription: One name.
  properties:
  - {{name: name, primaryKey: true, primaryKeyPosition: 1}}
  - {{name: number, required: true, logicalType: integer, logicalTypeOptions: {{maximum: 1000}}}}
  - {{name: records, required: true}}
  quality:
  - {{id: never_negative, type: sql, mustBe: 0, description: Nothing is counted below zero.,
     query: "select count(*) from {{object}} where number < 0", customProperties: [{{property: label, value: name}}]}}
"""
DOMAIN = "{name}: {{label: Tal, owner: data, purpose: Counts.}}\n"
REFERENCE = """
apiVersion: v3.1.0
kind: DataContract
id: known_name
version: 1.0.0
status: active
domain: reference
description: {purpose: Names.}
schema:
- name: known_name
  dataGranularityDescription: One name.
  properties: [{name: name, primaryKey: true, primaryKeyPosition: 1}]
"""


class Toy:
    """The project and its data below one folder. Each extract is `name: how it is delivered`."""

    def __init__(self, root: Path, **extracts: str) -> None:
        self.project, self.data = root / "project", root / "data"
        self.lake, self.now = Lake(self.data), datetime(2015, 6, 1)
        self._write("expectations/fields.yaml", FIELDS)
        self._write("expectations/domains.yaml", "".join(DOMAIN.format(name=f"{name}_domain") for name in (*extracts, "both")))
        self._write("expectations/reference/known_name.odcs.yaml", REFERENCE)
        self._write("data/reference/known_name.csv", "name\na\n")
        for name, delivery in extracts.items():
            self._write(f"sources/{name}/contract.odcs.yaml", SOURCE.format(name=name, delivery=delivery))
            self._write(f"sources/{name}/layouts/plain.yaml", LAYOUT)
            for layer, suffix, source in (("core", "sum", f"raw.{name}"), ("marts", "total", f"core.{name}_sum")):
                records = "count(*)" if layer == "core" else "sum(records)"
                select = f"select name, cast(sum(number) as bigint) as number, cast({records} as bigint) as records"
                self._write(f"sql/{layer}/{name}_{suffix}.sql", f"{select}\nfrom {source} group by all order by all\n")
                self._write(f"expectations/{layer}/{name}_{suffix}.odcs.yaml", TABLE.format(id=f"{name}_{suffix}", name=name))

    def copied(self, root: Path) -> "Toy":
        """The project and its data as they are now, below another folder."""
        other = Toy(root)
        for folder, target in ((self.project, other.project), (self.data, other.data)):
            shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True)
        other.now = self.now
        return other

    def _write(self, path: str, text: str) -> None:
        target = self.project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.lstrip("\n"), "utf-8")

    def adds_up(self, *extracts: str, inputs: str = "[]") -> None:
        """A third domain, whose mart both_total is the sum of the totals of others."""
        mart = TABLE.format(id="both_total", name="both").replace("  properties:", f"  customProperties: {inputs}\n  properties:")
        self._write("expectations/marts/both_total.odcs.yaml", mart)
        union = " union all ".join(f"select name, number, records from marts.{e}_total" for e in extracts)
        columns = "name, cast(sum(number) as bigint) as number, cast(sum(records) as bigint) as records"
        self._write("sql/marts/both_total.sql", f"select {columns} from ({union}) group by all order by all\n")

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Change a file of the project; each text that is to go must be there."""
        text = (self.project / path).read_text("utf-8")
        for before, after in changes:
            assert before in text, before
            text = text.replace(before, after)
        self._write(path, text)

    def promises(self, extract: str, deadline: str) -> None:
        """Put a deadline beside the extract's latency."""
        path = self.project / "sources" / extract / "contract.odcs.yaml"
        text = re.sub(r"slaProperties: \[(.*)\]", lambda found: f"slaProperties:\n- {found[1]}\n{deadline}", path.read_text("utf-8"))
        path.write_text(text.replace("value: 40, unit: d", "value: 400, unit: d"), "utf-8")

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.project)

    def deliver(self, extract: str, file_name: str, counts: str, day: str = "2015-01-15") -> Path:
        """Put a file into landing; `counts` like "a 1, b 2" becomes records of `day`."""
        path = self.data / "landing" / extract / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{day};{name};{number}" for name, number in (c.split() for c in counts.split(",") if c.strip())]
        path.write_text("\n".join(["Dag;Navn;Antal", *rows]) + "\n", "utf-8")
        os.utime(path, (1e9 + len(rows), 1e9 + len(rows)))
        return path

    def night(self, now: datetime | None = None, line: str = "nightly") -> Release:
        """A whole run without Dagster."""
        self.now = now or self.now + timedelta(minutes=1)
        with writing(self.lake, "a test", datetime.now()):
            night = Night(self.lake, self.catalog, self.now, line)
            night.run()
            return publish(night)

    def ask(self, sql: str, release: Path | None = None) -> list[dict[str, Any]]:
        shown = release or self.lake.current_release
        assert shown is not None
        with open_release(shown) as con:
            return dicts(con, sql)

    def state(self, extract: str) -> ExtractState:
        """What stands of an extract after the newest night."""
        return Night(self.lake, self.catalog, self.now).extract_state(extract)

    def covered(self, extract: str) -> list[Covered]:
        """The months that the extract's deliveries cover."""
        return Night(self.lake, self.catalog, self.now).covered(extract)

    def deliveries(self, extract: str) -> list[dict[str, Any]]:
        """The extract's receipts in the order they were received."""
        return self.ask(f"select * from meta.receipt where extract = '{extract}' order by received_at, file_name")

    def total(self, extract: str) -> str:
        """What the mart says, like "a 1, b 2"."""
        return ", ".join(f"{r['name']} {r['number']}" for r in self.ask(f"select * from marts.{extract}_total order by name"))

    def hashes(self, release: Path | None = None) -> dict[str, str]:
        shown = release or self.lake.current_release
        assert shown is not None
        found: dict[str, str] = read_json(shown / "manifest.json")["logical_hashes"]
        return found


def rebuilt(source: Lake, target: Lake, catalog: Catalog, release: Path) -> list[Compared]:
    """Make `release` of `source` again in the lake `target`, which is emptied; each table's logical hash there and here."""
    with writing(source, "rebuild", datetime.now()), again(source, target, catalog, release) as night:
        night.run()
        return compare(source, night, release, publish(night).path)
