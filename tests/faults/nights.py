"""Nights in processes of their own that can be made to die: a fork server imports everything once, each night is a fork of it.

Production code knows nothing of this. A death replaces a function in the child that dies, by one that sends SIGKILL to itself
before, during or after the nth call.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

# `make faults` asks for every kill and publish; `make test` for a sample.
WHOLE = os.environ.get("VENTETAL_FAULTS") == "whole"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["assets.publish", "assets.night", "expectations.runner", "great_expectations", "pyarrow.dataset"])


@dataclass(frozen=True)
class Death:
    """Where a process dies: at the nth call of `owner.name`. `torn` cuts the file named by its argument in half first."""

    owner: str
    name: str
    nth: int = 1
    when: str = "before"

    def __str__(self) -> str:
        return f"{self.when} {self.owner.split(':')[-1]}.{self.name} {self.nth}"

    def prepare(self) -> None:
        """Replace the function in this process."""
        module, _, inner = self.owner.partition(":")
        owner = import_module(module)
        owner = getattr(owner, inner) if inner else owner
        original, calls = getattr(owner, self.name), 0

        def dies(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls < self.nth:
                return original(*arguments, **named)
            if self.when == "after":
                original(*arguments, **named)
            if self.when == "torn":
                os.truncate(arguments[0], Path(arguments[0]).stat().st_size // 2)
            return os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, self.name, dies)


def die_after(seconds: float) -> None:
    """The process dies that many seconds from now, whatever it does then."""
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()


def in_fork(work: Callable[..., None], *arguments: Any) -> int:
    """Run `work` in a process of its own; its exit code, -9 when it was killed."""
    process = CONTEXT.Process(target=work, args=arguments)
    process.start()
    process.join(900)
    code = process.exitcode
    assert code is not None, "the night hangs"
    process.close()
    return code


def project_night(project: Path, data: Path, now: datetime, death: Death | float | None = None, kept: int = 30) -> None:
    """One nightly run of `project` on `data`, `kept` releases left afterwards, that may die on the way."""
    from assets import publish
    from assets.catalog import load_catalog
    from assets.lake import Lake
    from assets.night import Night

    lake = Lake(data)
    publish.KEPT_RELEASES = kept
    if isinstance(death, Death):
        death.prepare()
    elif death is not None:
        die_after(death)
    with lake.writer("a test", datetime.now()):
        night = Night(lake, load_catalog(project), now)
        night.run()
        publish.publish(night)
    os._exit(0)


def calls_of_replace(project: Path, data: Path, now: datetime, count: Any) -> None:
    """The same run alive, counting renames into `count`."""
    original = Path.replace

    def counted(self: Path, target: Path) -> Path:
        count.value += 1
        return original(self, target)

    Path.replace = counted  # type: ignore[method-assign,assignment]  # this process ends here
    project_night(project, data, now, None, 2)
