"""What every asset of a run shares: the night it belongs to, with the lake held for writing until the run ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import PrivateAttr

from assets.catalog import load_catalog

if TYPE_CHECKING:
    from assets.night import Night

# Tag of a run: who started it.
STARTED_BY, COMMAND_LINE = "ventetal/started_by", "the command line"
PATIENCE_SECONDS = 3 * 3600


class NightRun(dg.ConfigurableResource):  # type: ignore[type-arg]  # the resource is its own value
    """The night of this run. `as_of` is the ISO time the run takes for now, empty for the clock."""

    project: str
    data: str
    as_of: str = ""
    _night: Any = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["NightRun"]:
        # Imported here: definitions load without DuckDB, pyarrow and what stands on them.
        from assets.alive import hold
        from assets.clock import night_time
        from assets.lake import Lake
        from assets.log import is_listening, listen, say
        from assets.night import Night
        from assets.person_key import check_person_key

        lake, run_id = Lake(Path(self.data)), context.run.run_id if context.run else "unnamed"
        lake.prepare()
        hold(lake, run_id)
        if not is_listening():
            listen(run_id)
        started_by = context.run.tags.get(STARTED_BY, "the UI") if context.run else ""
        # Who calls the command line is told at once who holds the lake; a run of the daemon or the UI has time.
        patience = 0 if started_by == COMMAND_LINE else PATIENCE_SECONDS
        with lake.writer(f"run {run_id[:8]}, started by {started_by}", datetime.now(), patience):
            now = datetime.fromisoformat(self.as_of) if self.as_of else night_time(lake, datetime.now())
            catalog = load_catalog(Path(self.project))
            check_person_key(lake, catalog)
            self._night = Night(lake, catalog, now)
            say("run begins", as_of=self._night.as_of, started_by=started_by)
            began = time.monotonic()
            yield self
            say("run ends", seconds=round(time.monotonic() - began, 1))

    @property
    def night(self) -> "Night":
        night: Night = self._night
        return night
