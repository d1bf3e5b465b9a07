"""The last step: whatever of the run is missing is made, what stands becomes a release, and the run fails if somebody must be called."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.catalog.declared import REFERENCE, Catalog
from assets.night_run import NightRun
from assets.raw import raw_result
from assets.specs import asset_key, readable, runbook, told
from assets.table_assets import domain_results
from assets.tables.domain_state import DomainState

if TYPE_CHECKING:
    from assets.deliveries.extracts import ExtractState
    from assets.releases.publish import Release
    from assets.tables.build import Night

Events = Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization | dg.AssetCheckEvaluation]


def release_asset(catalog: Catalog) -> dg.AssetsDefinition:
    @dg.asset(
        key="release",
        deps=[asset_key(f"published.{d}") for d in (REFERENCE, *catalog.domains)],
        group_name="release",
        kinds={"duckdb", "parquet"},
        description="The marts, reference and meta tables analysts read, whole or not at all; `current` points to the newest."
        " A run in which not everything was chosen ends here with what was left out, where it stands on what has changed.",
    )
    def release(night_run: dg.ResourceParam[NightRun]) -> Events:
        from assets.releases.publish import publish
        from assets.releases.rebuild import compare

        night = night_run.night
        for state in night.complete():
            yield from told(_results(night, state))
        made = publish(night)
        differing = []
        if night_run.source and night_run.release:
            differing = [c.table for c in compare(night_run.source, night, night_run.release, made.path) if not c.equal]
        yield dg.MaterializeResult(metadata=_metadata(night_run, made, differing), data_version=dg.DataVersion(made.id))
        if differing:
            raise dg.Failure(f"Made again, these tables are not what was published: {', '.join(differing)}.", allow_retries=False)
        if found := {d.domain: f"held since {readable(d.since)}: {d.why}" for d in made.held} | {
            d.domain: f"published, and fails by now: {d.why}" for d in made.marked
        }:
            said = "\n".join(f"{domain} is {why}" for domain, why in found.items())
            what = "Nothing broke: the other domains are published"
            raise dg.Failure(
                f"Somebody must look.\n{said}\n{what} in release {made.id}. What to do: published/{next(iter(found))}, deploy/RUNBOOK.md.",
                metadata=dict(found) | {"what_to_do": runbook("Held domain", "Failing figures")},
                allow_retries=False,
            )

    return release


def _results(night: "Night", state: "ExtractState | DomainState") -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """What the step of an extract or a domain would have told."""
    if isinstance(state, DomainState):
        yield from domain_results(night, night.catalog.of_domain(state.domain), state)
    else:
        yield raw_result(night.catalog.extracts[state.extract], state, night)


def _metadata(night_run: NightRun, made: "Release", differing: list[str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "release": made.id,
        "path": dg.MetadataValue.path(str(made.path)),
        "reports": dg.MetadataValue.path(str(night_run.night.lake.root / "reports" / "index.html")),
        "catalogue": dg.MetadataValue.path(str(night_run.night.lake.catalogue / "index.html")),
        "as_of": night_run.night.as_of[:16].replace("T", " "),
        "clock": night_run.night.clock,
        "line": night_run.night.line.name,
        "unchanged": not made.is_new,
        "held": ", ".join(d.domain for d in made.held) or "none",
    }
    if made.pinned:
        metadata["rolled_back_to"] = made.pinned
    if night_run.source:
        metadata["differs_from_the_current_release"] = ", ".join(differing) or "nowhere"
    return metadata
