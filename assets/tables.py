"""One step per domain: its tables computed, audited and published together, or held together at the last good set.

Each table is an asset with its own checks and lineage. `published/<domain>` always ends the step and says which it was, so
that a held domain never keeps the others from their release.
"""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import REFERENCE, Catalog, Table
from assets.described import asset_key, check_results, check_specs, contract_spec, materialized
from assets.run import NightRun

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def reference_assets(catalog: Catalog) -> dg.AssetsDefinition:
    """The reference tables, read from their files in one step."""
    specs = [_spec(catalog, t).replace_attributes(skippable=False, kinds={"csv", "parquet"}) for t in catalog.references]

    @dg.multi_asset(name=REFERENCE, specs=[*specs, _published(REFERENCE, catalog.references)], check_specs=_checks(catalog.references))
    def reference(night_run: NightRun) -> Events:
        night = night_run.night
        state = night.make_reference()
        if state.is_held and not state.tables:
            raise dg.Failure(f"The reference tables have never been right: {state.why}", allow_retries=False)
        versions = {v.table: v for v in state.versions}
        for table in catalog.references:
            version = versions[table.name]
            yield from check_results(asset_key(table.name), table.rules, version.outcomes)
            yield materialized(table, version, state.why if state.is_held else "")
        yield _status(REFERENCE, state.status, state.since, state.why, state.data_as_of)

    return reference


def domain_assets(catalog: Catalog, domain: str) -> dg.AssetsDefinition:
    """The core and mart tables of one domain."""
    tables = catalog.of_domain(domain)

    @dg.multi_asset(name=domain, specs=[*(_spec(catalog, t) for t in tables), _published(domain, tables)], check_specs=_checks(tables))
    def make(night_run: NightRun) -> Events:
        state = night_run.night.make_domain(domain)
        versions = {v.table: v for v in state.versions}
        for table in tables:
            yield from check_results(asset_key(table.name), table.rules, versions[table.name].outcomes)
            if not state.is_held:
                yield materialized(table, versions[table.name])
        yield _status(domain, state.status, state.since, state.why, state.data_as_of)

    return make


def _spec(catalog: Catalog, table: Table) -> dg.AssetSpec:
    """Depends on what it reads; on another domain as a whole, whose tables are not made anew while it is held."""
    deps = {
        asset_key(f"published.{catalog.tables[n].domain}")
        if n in catalog.tables and catalog.tables[n].domain not in (table.domain, REFERENCE)
        else asset_key(n)
        for n in table.needs
    }
    return contract_spec(table.contract, asset_key(table.name), sorted(deps), table.code_version, {"duckdb", "sql", "parquet"})


def _checks(tables: list[Table]) -> list[dg.AssetCheckSpec]:
    return [spec for t in tables for spec in check_specs(asset_key(t.name), t.rules)]


def _published(domain: str, tables: list[Table]) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(f"published.{domain}"),
        deps=[asset_key(t.name) for t in tables],
        group_name=domain,
        kinds={"release"},
        description="Whether tonight's tables of the domain are published, or the last good set stands, since when and why.",
    )


def _status(domain: str, status: str, since: str, why: str, data_as_of: str) -> dg.MaterializeResult[None]:
    metadata = {"status": status, "since": since, "why": why or "all checks of severity error pass", "data_as_of": data_as_of or "never"}
    return dg.MaterializeResult(asset_key=asset_key(f"published.{domain}"), metadata=metadata)
