"""What a run says while it works: one JSON object per line for machines, one plain line per event on a terminal.

Every line carries the run; what it is about goes into fields of its own (`receipt`, `table`, `version`, `domain`, `release`), so
that a line can be found by an id. Names and counts, never what a record says.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

NAME = "ventetal"
# What nobody would hear of otherwise.
ALERT_FAILED = "an alert could not be sent"
NEVER_QUIET = (ALERT_FAILED,)
_logger = logging.getLogger(NAME)
_logger.addHandler(logging.NullHandler())


def say(event: str, **fields: Any) -> None:
    """Log that `event` happened to what the fields name."""
    _logger.info(event, extra={"fields": fields})


def warn(event: str, **fields: Any) -> None:
    """Log what a person should know of."""
    _logger.warning(event, extra={"fields": fields})


def listen(
    run: str, stream: IO[str] | None = None, write: Callable[[str], object] | None = None, journal: Path | None = None, quiet: bool = False
) -> None:
    """Write what is logged from now on, as of the run `run`: to `write` as plain text, else to `stream` (standard error) as fits it,
    little of it if `quiet` (NEVER_QUIET); and to the file `journal`, where one is given.

    Dagster captures the standard streams while a step runs: a handle of its own goes past that.
    """
    handlers: list[logging.Handler] = []
    if journal:
        journal.parent.mkdir(mode=0o700, exist_ok=True)
        handlers.append(logging.FileHandler(journal, encoding="utf-8", delay=True))
        handlers[0].setFormatter(_Json(run))
    aloud = _aloud(run, stream, write)
    if quiet:
        aloud.addFilter(lambda record: record.getMessage() in NEVER_QUIET)
    handlers.append(aloud)
    _logger.handlers = handlers
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def _aloud(run: str, stream: IO[str] | None, write: Callable[[str], object] | None) -> logging.Handler:
    global _own
    if write is None and stream is None:
        _own = _own or os.fdopen(os.dup(sys.__stderr__.fileno() if sys.__stderr__ else 2), "w", buffering=1)
        stream = _own
    is_plain = write is not None or (stream is not None and stream.isatty())
    handler = _Writer(write) if write else logging.StreamHandler(stream)
    handler.setFormatter(_Plain() if is_plain else _Json(run))
    return handler


def is_listening() -> bool:
    """Whether somebody has said where lines go; a run of the daemon has to say it itself."""
    return not all(isinstance(h, logging.NullHandler) for h in _logger.handlers)


_own: IO[str] | None = None


class _Writer(logging.Handler):
    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))


class _Json(logging.Formatter):
    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        said = {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), "run": self._run}
        return json.dumps(said | getattr(record, "fields", {}), ensure_ascii=False, default=str)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = ", ".join(f"{k} {v}" for k, v in getattr(record, "fields", {}).items())
        return f"{datetime.fromtimestamp(record.created):%H:%M:%S} {record.getMessage()}" + (f": {fields}" if fields else "")
