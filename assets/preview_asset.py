"""What a change of what is declared would do to the published figures, as a job of the UI: it moves nothing and publishes nothing."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.lake.files import Lake
from sources.tree import Tree

if TYPE_CHECKING:
    from assets.releases.difference import Change
    from assets.releases.preview import Preview

PREVIEW = "preview"
ROWS_SHOWN = 200


def preview_asset(tree: Tree, lake: Lake) -> dg.AssetsDefinition:
    """`preview` of the files as they are now, over the newest release."""

    @dg.asset(
        key=PREVIEW,
        deps=["release"],
        group_name="release",
        kinds={"duckdb"},
        owners=["team:data"],
        description="What the SQL, contracts, layouts and lookups, as they are now, would do to the published figures: which would"
        " differ, which checks would fail, which numbers would be withheld. Nothing in the lake moves. For who may see the lake.",
    )
    def preview(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from assets.catalog.loading import load_catalog
        from assets.lake.run_lock import hold
        from assets.releases.preview import preview as previewed

        lake.prepare()
        hold(lake, context.run.run_id)
        return dg.MaterializeResult(metadata=_metadata(previewed(lake, load_catalog(tree))))

    return preview


def _metadata(found: "Preview") -> dict[str, Any]:
    """The same that the command line prints: what is held and fails first."""
    held = [f"{d.domain}: {d.before}, then {d.after}. {d.why}" for d in found.next.domains]
    changed = [*found.next.code, *found.next.reference, *(f"deliveries of {e}" for e in found.next.deliveries)]
    metadata: dict[str, Any] = {
        "over_release": found.release,
        "needs_a_person": found.calls_somebody,
        "changed": ", ".join(changed) or "nothing that a figure stands on",
        "figures_of_the_next_release": len(found.next.figures or []),
        "figures_after_a_revision": len(found.revised),
    }
    for name, lines in (
        ("would_be_held", held),
        ("would_fail", [f"{f.severity} {f.name}: {f.finding}" for f in found.failing]),
        ("withheld", [f"{w.table}: {w.then:,} numbers, now {w.now:,}" for w in found.withheld]),
        ("new_and_gone", [*(f"{t} is new" for t in found.next.new), *(f"{t} is gone" for t in found.next.gone)]),
    ):
        if lines:
            metadata[name] = dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))
    for name, figures in (("lookups", found.next.lookups), ("figures", found.next.figures or []), ("figures_if_revised", found.revised)):
        if figures:
            metadata[name] = dg.MetadataValue.md(_table(figures))
    return metadata


def _table(changes: "Iterable[Change]") -> str:
    rows = [[c.table, c.row, c.column, c.before or "", c.after or ""] for c in changes]
    lines = [["table", "row", "column", "before", "after"], ["---"] * 5, *rows[:ROWS_SHOWN]]
    told = ["", f"{len(rows) - ROWS_SHOWN:,} more: `ventetal preview` has all."] if len(rows) > ROWS_SHOWN else []
    return "\n".join([*(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines), *told])
