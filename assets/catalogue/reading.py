"""A release opened for its catalogue: what it says of itself, and what its tables were computed from."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from assets.catalog.declared import MARTS, Catalog, Lineage
from assets.lake.files import Lake
from assets.lake.manifests import Manifest
from assets.lake.seals import Damaged
from assets.pages.caveats import WITHHELD
from assets.releases.semantics import has_name
from assets.tables.qualifiers import QF
from assets.tables.versions import facts
from sources.casts import literal

Row = dict[str, Any]


@dataclass
class Reading:
    """The release that `manifest` names, open in `con`; the lake it is in, which knows what its versions came from; what is declared."""

    lake: Lake
    catalog: Catalog
    manifest: Manifest
    con: duckdb.DuckDBPyConnection

    def ask(self, sql: str, *values: Any) -> list[Row]:
        found = self.con.execute(sql, list(values))
        names = [d[0] for d in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @cached_property
    def about(self) -> Row:
        """The release's own line: id, as_of, created_at."""
        return self.ask("select * from meta.release")[0]

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        """The columns there are, by table of marts, reference and meta."""
        found = defaultdict[str, list[str]](list)
        sql = "select schema_name, table_name, column_index, column_name from duckdb_columns() where not internal order by all"
        for r in self.ask(sql):
            found[f"{r['schema_name']}.{r['table_name']}"].append(r["column_name"])
        return found

    @cached_property
    def domains(self) -> dict[str, Row]:
        return {r["domain"]: r for r in self.ask("select * from meta.domain_status")}

    @cached_property
    def codes(self) -> dict[str, dict[str, str]]:
        """Column -> code -> Danish label."""
        found = defaultdict[str, dict[str, str]](dict)
        if "reference.code_label" in self.columns:
            for r in self.ask("select * from reference.code_label order by column_name, code"):
                found[r["column_name"]][r["code"]] = r["label"]
        if "reference.kpi" in self.columns:
            # What an indicator is called whoever it is of.
            for r in self.ask("select indicator, label from reference.kpi where subject in ('*', 'ALL') order by all"):
                found["indicator"].setdefault(r["indicator"], r["label"])
        return found

    def codes_of(self, columns: Collection[str]) -> dict[str, dict[str, str]]:
        """Those of columns that stand beside each other; none of a column whose name is one of the others."""
        return {c: {} if has_name(c, columns) else self.codes.get(c, {}) for c in columns}

    @cached_property
    def checks(self) -> dict[str, list[Row]]:
        """What each check found, by table, those that do not hold first."""
        found = defaultdict[str, list[Row]](list)
        for r in self.ask("select * from meta.check_result order by table_name, passed, severity, check_name, column_name"):
            found[r["table_name"]].append(r)
        return found

    @cached_property
    def unverified(self) -> dict[str, list[Row]]:
        found = defaultdict[str, list[Row]](list)
        for r in self.ask("select * from meta.unverified order by table_name, lookup") if "meta.unverified" in self.columns else ():
            found[r["table_name"]].append(r)
        return found

    @cached_property
    def withheld(self) -> set[str]:
        """The tables in which a number is withheld."""
        marts = [t for t, columns in self.columns.items() if t.startswith(f"{MARTS}.") and QF in columns]
        return {t for t in marts if self.ask(f"select 1 from {t} where contains({QF}, {literal(WITHHELD)}) limit 1")}

    @cached_property
    def freshness(self) -> dict[str, Row]:
        return {r["extract"]: r for r in self.ask("select * from meta.freshness")}

    @cached_property
    def lineages(self) -> dict[str, Lineage]:
        """Table -> column -> the columns it was computed from, of the versions that are published."""
        return {table: _lineage(self.lake.version(table, key)) for table, key in self.manifest.tables.items()}

    def title(self, table: str) -> str:
        """What a table is called in Danish; its own name where nobody has said."""
        layer, _, name = table.partition(".")
        return self.codes["extract"].get(name, name) if layer == "raw" else self.codes["table_name"].get(table, name)


def _lineage(folder: Path) -> Lineage:
    """What a version says; nothing where it is gone or damaged, which is for a run to mend: who only reads puts nothing away."""
    try:
        return facts(folder).lineage
    except (Damaged, FileNotFoundError, NotADirectoryError):
        return {}
