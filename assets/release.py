"""The last step: what stands becomes a release, and the run fails if a domain is held, so that somebody is called."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.catalog import REFERENCE, Catalog
from assets.described import asset_key
from assets.run import NightRun


def release_asset(catalog: Catalog) -> dg.AssetsDefinition:
    @dg.asset(
        key="release",
        deps=[asset_key(f"published.{d}") for d in (REFERENCE, *catalog.domains)],
        group_name="release",
        kinds={"duckdb", "parquet"},
        description="The marts, reference and meta tables analysts read, whole or not at all; `current` points to the newest.",
    )
    def release(night_run: NightRun) -> Iterator[dg.MaterializeResult[None]]:
        from assets.publish import publish

        made = publish(night_run.night)
        metadata: dict[str, Any] = {
            "release": made.id,
            "path": dg.MetadataValue.path(str(made.path)),
            "unchanged": not made.is_new,
            "held": ", ".join(d.domain for d in made.held) or "none",
        }
        if made.pinned:
            metadata["rolled_back_to"] = made.pinned
        yield dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(made.id))
        if made.held:
            said = " ".join(f"{d.domain} is held since {d.since}: {d.why}" for d in made.held)
            raise dg.Failure(f"Release {made.id} is published with the last good set of: {said}", allow_retries=False)

    return release
