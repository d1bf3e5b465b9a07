"""What every asset of a run shares: the night it belongs to, with the lake held for writing until the run ends."""

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


class NightRun(dg.ConfigurableResource):  # type: ignore[type-arg]  # the resource is its own value
    """The night of this run. `as_of` is the ISO time the run takes for now, empty for the clock."""

    project: str
    data: str
    as_of: str = ""
    _night: Any = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["NightRun"]:
        # Imported here: definitions load without DuckDB, pyarrow and what stands on them.
        from assets.clock import night_time
        from assets.lake import Lake
        from assets.night import Night
        from assets.person_key import check_person_key

        lake = Lake(Path(self.data))
        with lake.writer(f"run {context.run.run_id if context.run else ''}", datetime.now()):
            now = datetime.fromisoformat(self.as_of) if self.as_of else night_time(lake, datetime.now())
            catalog = load_catalog(Path(self.project))
            check_person_key(lake, catalog)
            self._night = Night(lake, catalog, now)
            yield self

    @property
    def night(self) -> "Night":
        night: Night = self._night
        return night
