"""Dagster's records in SQLite, with connections that stay open.

Dagster opens the database anew for each event, and a night has two thousand: half the time of a night without anything new
goes into opening and closing.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.event import listen

from pipelines.dagster_internals import INDEX_SHARD_NAME, SQLITE_BUSY_TIMEOUT_SECONDS, DagsterSqliteStorage, SqliteEventLogStorage

# The index, the run that is written, and the last ones somebody looked at in the UI.
KEPT_OPEN = 4


class EventLog(SqliteEventLogStorage):
    """Dagster's event log: a database for each run, and an index over all."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(*arguments, **named)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            with engine.begin() as connection:
                database: Any = connection.connection.driver_connection
                before = database.total_changes
                yield connection
            if database.total_changes > before and shard != INDEX_SHARD_NAME:
                # The UI watches the file of a run, and a connection that stays open writes to the journal beside it.
                os.utime(self.path_for_shard(shard))

    def _engine(self, shard: str) -> Engine:
        # A file that was cleaned away is another one when it is there again.
        if shard in self._engines and not Path(self.path_for_shard(shard)).exists():
            self._engines.pop(shard).dispose()
            self._initialized_dbs.discard(shard)
        if shard not in self._engines:
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard), pool_size=1, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            listen(self._engines[shard], "connect", _forced_by_checkpoints_only)
        if shard not in self._initialized_dbs:
            self._initdb(self._engines[shard])
            self._initialized_dbs.add(shard)
        self._engines.move_to_end(shard)
        while len(self._engines) > KEPT_OPEN:
            oldest = next(name for name in self._engines if name != INDEX_SHARD_NAME)
            self._engines.pop(oldest).dispose()
        return self._engines[shard]

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Asked before and after each check, and always the same."""
        supports: bool = super().supports_asset_checks
        return supports

    def dispose(self) -> None:
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()


def _forced_by_checkpoints_only(database: Any, _: Any) -> None:
    """No wait for the disk at every event: a power cut may cost the last of them, never the database."""
    database.execute("pragma synchronous = normal")


class Storage(DagsterSqliteStorage):
    """The storage named in dagster.yaml."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "Storage":
        return cls.from_local(inst_data=inst_data, **config_value)
