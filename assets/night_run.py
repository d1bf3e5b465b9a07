"""What every asset of a run shares: its night, with the lake held for writing until the run ends.

Who reaches the UI may set a run's config, so it names no path and no SQL: an earlier time, or that everything be made again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from assets.catalog.loading import load_catalog
from assets.deliveries.person_key import check_person_key
from assets.lake import clock
from assets.lake.clock import NoTime, earlier, night_time
from assets.lake.files import Lake
from assets.lake.lock import writing
from assets.lake.log import is_listening, listen, say
from assets.lake.manifests import NoRelease
from assets.lake.migration import migrate
from assets.lake.regions import check_region
from assets.lake.run_lock import hold
from sources.tree import Tree

if TYPE_CHECKING:
    from assets.tables.build import Night

# Tags of a run: who started it, what it waits for, and of which line it is where that is not the nightly one.
STARTED_BY, COMMAND_LINE = "ventetal/started_by", "the command line"
LAKE, LINE = "ventetal/lake", "ventetal/line"
REBUILD = "rebuild"
PATIENCE_SECONDS = 3 * 3600
RESOURCE = "night_run"


@dataclass(frozen=True)
class NightRun:
    """The night of a run. A rebuild also knows the lake and the release it makes again."""

    night: "Night"
    source: Lake | None = None
    release: Path | None = None


def run_config(as_of: str = "", rebuild: bool = False) -> dict[str, object]:
    """Run config of the job."""
    return {"resources": {RESOURCE: {"config": {"as_of": as_of, "rebuild": rebuild}}}}


def night_run(tree: Tree, data: Path) -> dg.ResourceDefinition:
    """The night of a run over the data at `data`, by what is declared in a tree."""
    schema = {
        "as_of": dg.Field(str, default_value="", description="Make the release of an earlier time (ISO), beside the current one."),
        "rebuild": dg.Field(bool, default_value=False, description="Make the current release again from the archive, and compare."),
    }

    @dg.resource(config_schema=schema, description="What lies in landing is taken in, unless another time or a rebuild is asked for.")
    @contextmanager
    def begun(context: dg.InitResourceContext) -> Iterator[NightRun]:
        lake, run = Lake(data), context.run
        run_id, tags = (run.run_id, run.tags) if run else ("unnamed", {})
        lake.prepare()
        hold(lake, run_id)
        if not is_listening():
            listen(run_id)
        started_by = tags.get(STARTED_BY, "the UI")
        waited = []

        def tag(name: str, value: str) -> None:
            if run and context.instance:
                context.instance.add_run_tags(run_id, {name: value})

        def waits(for_whom: str) -> None:
            """A run that waits has begun for Dagster; its tag and its log say what it waits for."""
            say("run waits", waits_for=for_whom)
            if context.log:
                context.log.info(f"Waits for the lake. {for_whom}")
            tag(LAKE, "waits for another run")
            waited.append(for_whom)

        as_of, rebuild = context.resource_config["as_of"], context.resource_config["rebuild"]
        if rebuild or as_of:
            tag(LINE, REBUILD if rebuild else f"as of {as_of}")
        # Who calls the command line is told at once who holds the lake; a run of the daemon or the UI has time.
        patience = 0 if started_by == COMMAND_LINE else PATIENCE_SECONDS
        with writing(lake, f"run {run_id[:8]}, started by {started_by}", clock.host.now(), patience, waits):
            if waited:
                tag(LAKE, "held")
            migrate(lake)
            check_region(lake, tree)
            with _night(lake, tree, as_of, rebuild) as found:
                say("run begins", as_of=found.night.as_of, clock=found.night.clock, line=found.night.line.name, started_by=started_by)
                began = time.monotonic()
                try:
                    yield found
                finally:
                    found.night.readers.close()
                say("run ends", seconds=round(time.monotonic() - began, 1))

    return begun


@contextmanager
def _night(lake: Lake, tree: Tree, as_of: str, rebuild: bool) -> Iterator[NightRun]:
    """The night that the run config asks for."""
    # Imported here: definitions load without DuckDB, pyarrow and what stands on them.
    from assets.releases.purge import finish_purges
    from assets.releases.rebuild import again
    from assets.releases.signature import signer
    from assets.tables.build import Night

    finish_purges(lake)
    catalog, current = load_catalog(tree), lake.current_release
    check_person_key(lake, catalog)
    # A key that cannot sign is told before the night, not at its end.
    signer()
    if rebuild and as_of:
        raise NoTime("A rebuild is of the current release; it takes no as_of.")
    if rebuild:
        if current is None:
            raise NoRelease("There is no release yet that could be made again.")
        with again(lake, Lake(lake.rebuilt), catalog, current) as night:
            yield NightRun(night, lake, current)
    elif as_of:
        yield NightRun(Night(lake, catalog, earlier(lake, as_of), f"as of {as_of}"))
    else:
        now = night_time(lake)
        yield NightRun(Night(lake, catalog, now.at, clock=now.clock))
