"""The catalogue as an asset of the UI: pages of the release that is shown, which wait for nobody and hold up no night."""

from typing import Any

import dagster as dg

from assets.lake.files import Lake
from sources.tree import Tree

CATALOGUE = "catalogue"


def catalogue_asset(tree: Tree, lake: Lake) -> dg.AssetsDefinition:
    """`catalogue` of the release that is shown, below data/catalogue."""

    @dg.asset(
        key=CATALOGUE,
        deps=["release"],
        group_name="release",
        kinds={"html"},
        owners=["team:data"],
        description="Pages on which analysts find every table: what it means, where it comes from, its checks, questions it answers, its"
        " rows and files to download. They are in data/catalogue.",
    )
    def catalogue(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from assets.catalog.loading import load_catalog
        from assets.catalogue.build import build
        from assets.lake.run_lock import hold

        lake.prepare()
        hold(lake, context.run.run_id)
        release = lake.current_release
        if release is None:
            raise dg.Failure("There is no release to make a catalogue of yet.", allow_retries=False)
        built = build(lake, load_catalog(tree), release, lake.catalogue)
        metadata: dict[str, Any] = {
            "release": built.release,
            "path": dg.MetadataValue.path(str(built.path / "index.html")),
            "tables": built.tables,
            "pages": built.pages,
            "bytes": built.bytes,
            "seconds": round(built.seconds, 1),
            "lacks": "; ".join(built.faults) or "nothing",
        }
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(built.release))

    return catalogue
