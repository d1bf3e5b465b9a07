"""What a change of what is declared would do to the published figures, as a job of the UI: it moves nothing and publishes nothing.

Figures that are not published are for who may see the lake: they are in a file beside it, and Dagster's records hold names and counts.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.lake.files import Lake, write_json
from sources.tree import Tree

if TYPE_CHECKING:
    from assets.releases.preview import Preview

PREVIEW = "preview"


def preview_asset(tree: Tree, lake: Lake) -> dg.AssetsDefinition:
    """`preview` of the files as they are now, over the newest release."""

    @dg.asset(
        key=PREVIEW,
        deps=["release"],
        group_name="release",
        kinds={"duckdb"},
        owners=["team:data"],
        description="What the SQL, contracts, layouts and lookups, as they are now, would do to the published figures: which would"
        " differ, which checks would fail, which numbers would be withheld. Nothing in the lake moves. The figures are in a file for who"
        " may see the lake; `ventetal preview` prints them.",
    )
    def preview(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from dataclasses import asdict

        from assets.catalog.loading import load_catalog
        from assets.lake.run_lock import hold
        from assets.releases.preview import preview as previewed

        lake.prepare()
        hold(lake, context.run.run_id)
        found = previewed(lake, load_catalog(tree))
        path = lake.root / "preview.json"
        write_json(path, asdict(found))
        return dg.MaterializeResult(metadata=_metadata(found) | {"figures": dg.MetadataValue.path(str(path))})

    return preview


def _metadata(found: "Preview") -> dict[str, Any]:
    """What is held, fails and differs, by name and number."""
    changed = [*found.next.code, *found.next.reference, *(f"deliveries of {e}" for e in found.next.deliveries)]
    tables = sorted({c.table for c in [*(found.next.figures or []), *found.revised]})
    return {
        "over_release": found.release,
        "needs_a_person": found.calls_somebody,
        "changed": ", ".join(changed) or "nothing that a figure stands on",
        "new_tables": ", ".join(found.next.new) or "none",
        "tables_gone": ", ".join(found.next.gone) or "none",
        "would_be_held": ", ".join(found.held) or "none",
        "would_fail": ", ".join(f.name for f in found.failing) or "none",
        "withholds_otherwise": ", ".join(w.table for w in found.withheld) or "none",
        "tables_that_differ": ", ".join(tables) or "none",
        "figures_of_the_next_release": len(found.next.figures or []),
        "figures_after_a_revision": len(found.revised),
    }
