"""One step per domain: its tables computed, audited and published together, or held together at the last good set.

Each table is an asset with its own checks and lineage. `published/<domain>` always ends the step and says which it was, so
that a held domain never keeps the others from their release.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.asset_checks import check_results, check_specs
from assets.catalog.declared import COVERAGE, MARTS, RAW, REFERENCE, Catalog, Table
from assets.night_run import NightRun
from assets.specs import asset_key, contract_spec, materialized, readable, runbook
from assets.tables.domain_state import DomainState
from assets.tables.versions import Attempt

if TYPE_CHECKING:
    from assets.tables.build import Night

IS_PUBLISHED = "is_published"
ROWS_PREVIEWED = 8
Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def domain_assets(catalog: Catalog, domain: str) -> dg.AssetsDefinition:
    """The tables of one domain, or the lookups, made in one step."""
    tables = catalog.of_domain(domain)
    specs = [*(_spec(catalog, t) for t in tables), _published(catalog, domain, tables)]
    checks = [spec for t in tables for spec in check_specs(asset_key(t.name), t.rules)]
    words = "Tonight's tables are published. **Where this fails the domain is held** at its last good set; the other domains are published."
    checks.append(dg.AssetCheckSpec(IS_PUBLISHED, asset=specs[-1].key, description=words))

    @dg.multi_asset(name=domain, specs=specs, check_specs=checks)
    def make(night_run: dg.ResourceParam[NightRun]) -> Events:
        state = night_run.night.make(domain)
        if domain == REFERENCE and state.is_held and not state.tables:
            raise dg.Failure(f"The reference tables have never been right: {state.why}", allow_retries=False)
        yield from domain_results(night_run.night, tables, state)

    return make


def domain_results(night: "Night", tables: list[Table], state: DomainState) -> Events:
    """What became of each table, with its checks; then whether they are published."""
    attempts = {a.table: a for a in state.attempts}
    for table in tables:
        attempt = attempts[table.name]
        least = night.catalog.least_told(table.name, night.now.date())
        yield from check_results(asset_key(table.name), table.rules, attempt.outcomes, least)
        if table.layer == REFERENCE:
            yield materialized(table, attempt, state.why if state.is_held else "")
        elif not state.is_held:
            yield materialized(table, attempt, preview=_preview(night, table, attempt), page=_page(night, table))
        elif attempt.stands:
            # Made, and right: only what is not may look like it. Its figures are nobody's yet, so no row of it is shown.
            yield materialized(table, attempt, f"Made, and not published: {state.why}")
    yield _status(state)


def _preview(night: "Night", table: Table, attempt: Attempt) -> str:
    """The first rows of a mart as people read a table; '' for any other, whose rows may be persons."""
    if table.layer != MARTS:
        return ""
    with night.inputs.connect_to({table.name: attempt.key}) as con:
        found = con.execute(f"select * from {table.name} limit {ROWS_PREVIEWED}")
        names, rows = [d[0] for d in found.description or []], found.fetchall()
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(night: "Night", table: Table) -> Path | None:
    """Where the catalogue tells of a mart."""
    return night.lake.catalogue / f"{table.name}.html" if table.layer == MARTS else None


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value).replace("|", "/")


def _spec(catalog: Catalog, table: Table) -> dg.AssetSpec:
    """Depends on what it reads; on another domain as a whole, whose tables are not made anew while it is held."""
    deps = {
        asset_key(f"published.{catalog.tables[n].domain}")
        if n in catalog.tables and catalog.tables[n].domain not in (table.domain, REFERENCE)
        else asset_key(f"{RAW}.{n.removeprefix(f'{COVERAGE}.')}" if n.startswith(f"{COVERAGE}.") else n)
        for n in table.needs
    }
    kinds, own_files = {"duckdb", "sql", "parquet"}, catalog.own_files(table.name)
    spec = contract_spec(table.contract, asset_key(table.name), sorted(deps), table.code_version, kinds, own_files)
    if table.layer == REFERENCE:
        return spec.replace_attributes(skippable=False, kinds={"csv", "parquet"})
    # As it is written: what protection adds around it is not the reader's to keep.
    text = table.path.read_text("utf-8") if table.path.is_file() else table.text
    called = "".join(f"\n\n```sql\n{m.text}```" for m in table.macros)
    sql = {"sql": dg.MetadataValue.md(f"`sql/{table.layer}/{table.path.name}`\n\n```sql\n{text}```{called}")}
    return spec.merge_attributes(metadata=sql)


def _published(catalog: Catalog, domain: str, tables: list[Table]) -> dg.AssetSpec:
    declared = catalog.declared.get(domain)
    words = f"{declared.label}. {declared.purpose}\n\n" if declared else ""
    return dg.AssetSpec(
        asset_key(f"published.{domain}"),
        deps=[asset_key(t.name) for t in tables],
        group_name=domain,
        owners=[f"team:{declared.owner}"] if declared else [],
        kinds={"release"},
        description=f"{words}Whether tonight's tables of the domain are published, or the last good set stands, since when and why.",
        metadata={"what_to_do_when_held": runbook("Held domain", "Failing figures")},
    )


def _status(state: DomainState) -> dg.MaterializeResult[None]:
    """What stands of the domain; a check beside it, so that a held domain is red wherever it is drawn."""
    why = state.why or "All checks of severity error pass."
    metadata: dict[str, Any] = {
        "status": state.status,
        "since": readable(state.since),
        "why": why,
        "data_as_of": readable(state.data_as_of) or "never",
    }
    if state.late:
        metadata["late_extracts"] = ", ".join(state.late)
    said = f"Held since {readable(state.since)}: {why}" if state.is_held else why
    key = asset_key(f"published.{state.domain}")
    check = dg.AssetCheckResult(asset_key=key, check_name=IS_PUBLISHED, passed=not state.why, description=said)
    return dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=[check])
