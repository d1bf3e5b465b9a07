"""Nights that die. A server forks a process per night and has the kernel kill it at a named point, before the n-th change to
the disk, or at a moment; the production code knows nothing of it.

The server itself never opens DuckDB, so that its children start clean, and imports everything once for all of them.
"""

import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests import reading
from tests.faults import failing

PROJECT = Path(__file__).resolve().parent.parent.parent
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.symlink", "shutil.rmtree"}
KEPT_RELEASES = 2
Arm = Callable[[int], None]


@dataclass(frozen=True)
class Order:
    """A night to run. `domain` narrows the catalog to one domain and the lookups, '' for all of it."""

    project: str
    data: str
    now: str
    domain: str = ""
    point: str = ""
    nth: int = 1
    seconds: float | None = None
    memory: str = ""


@dataclass(frozen=True)
class Death:
    """How a night ended: its exit status (a signal is negative), what it said, seconds, changes to the disk, peak memory."""

    status: int
    said: str
    seconds: float
    peak_mib: int


class Nights:
    """The server's other end."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, order: Order) -> None:
        assert self._server.stdin
        print(json.dumps(asdict(order)), file=self._server.stdin, flush=True)

    def ended(self) -> Death:
        assert self._server.stdout
        return Death(**json.loads(self._server.stdout.readline()))

    def run(self, order: Order) -> Death:
        self.start(order)
        return self.ended()

    def close(self) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(30)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(function: str, wrapper: Callable[[Callable[..., Any], int, tuple[Any, ...], dict[str, Any]], Any]) -> None:
    """Put `wrapper` around a function like assets.releases.pointers:show; it gets the function, the number of calls, the arguments."""
    module, _, name = function.partition(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original, calls = getattr(owner, last), 0

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        return wrapper(original, calls, arguments, named)

    setattr(owner, last, wrapped)


def on_call(function: str, after: bool = False) -> Arm:
    """Die when a function of production code is called for the n-th time, or when it returns."""

    def arm(nth: int) -> None:
        def dies(original: Callable[..., Any], calls: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            if calls == nth and not after:
                die()
            result = original(*arguments, **named)
            if calls == nth:
                die()
            return result

        wrap(function, dies)

    return arm


def on_change(kinds: set[str], where: str = "") -> Arm:
    """Die just before the n-th change of these kinds to a path with `where` in it."""

    def arm(nth: int) -> None:
        seen = 0

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal seen
            if event in kinds and where in " ".join(map(str, arguments)):
                seen += 1
                if seen == nth:
                    die()

        sys.addaudithook(hook)

    return arm


def within(function: str, inner: Arm) -> Arm:
    """Arm another point once a function is called."""

    def arm(nth: int) -> None:
        def armed(original: Callable[..., Any], calls: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            if calls == 1:
                inner(nth)
            return original(*arguments, **named)

        wrap(function, armed)

    return arm


def on_growth(function: str, bytes_: int) -> Arm:
    """Die in the middle of a write: from the n-th call of a function on the kernel kills whoever makes a file larger than that."""

    def arm(nth: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

        def limited(original: Callable[..., Any], calls: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            if calls == nth:
                resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))
            return original(*arguments, **named)

        wrap(function, limited)

    return arm


def on_appearing(function: str) -> Arm:
    """Die once the file is there that another process writes: the last argument of the n-th call."""

    def arm(nth: int) -> None:
        def watch(path: Path) -> None:
            while not path.exists():
                time.sleep(0.0005)
            die()

        def watched(original: Callable[..., Any], calls: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            if calls == nth:
                threading.Thread(target=watch, args=(arguments[-1],), daemon=True).start()
            return original(*arguments, **named)

        wrap(function, watched)

    return arm


def on_vanishing(folder: str) -> Arm:
    """Not a death: a folder of the data root is gone when the n-th table is about to be made."""

    def arm(nth: int) -> None:
        def without(original: Callable[..., Any], calls: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            if calls == nth:
                shutil.rmtree(arguments[0]._lake.root / folder)
            return original(*arguments, **named)

        wrap("assets.tables.attempts:Attempts.of_table", without)

    return arm


POINTS: dict[str, Arm] = {
    "any change": on_change(CHANGES),
    "any rename": on_change({"os.rename"}),
    "after decode": on_call("sources.readers:Readers.read", after=True),
    "mid-Parquet of a delivery": on_appearing("sources.readers:Readers.read"),
    "mid-Parquet of a table": on_growth("assets.tables.attempts:computed", 100),
    "before the archive has it": on_change({"os.rename"}, "/archive/"),
    "before the receipt": on_change({"os.rename"}, "/receipts/"),
    "before landing is cleared": on_change({"os.remove"}, "/landing/"),
    "before a refused file is put away": on_change({"os.rename"}, "/landing/"),
    "mid-audit": on_call("expectations.runner:_all_counted"),
    "after the ledger, before the table": on_call("assets.tables.ledger:Ledger.remember", after=True),
    "before a version has its name": on_change({"os.rename"}, "/marts/"),
    "before the record has it": on_change({"os.rename"}, "/record/"),
    "mid-release": on_growth("assets.releases.publish:write_release", 100_000),
    "mid-release, between tables": on_call("assets.releases.write:_copy_table"),
    "before the release has its name": on_change({"os.rename"}, "/releases/.2"),
    "after the release has its name": on_change({"os.rename"}, "/manifests/"),
    "before the flip": on_call("assets.releases.pointers:show"),
    "mid-flip": on_change({"os.rename"}, "/releases/.current"),
    "after the flip": on_call("assets.releases.pointers:show", after=True),
    "cleaning, before the old release loses its name": within("assets.releases.publish:_forget_old", on_change({"os.rename"})),
    "cleaning, before it is deleted": within("assets.releases.publish:_forget_old", on_change({"shutil.rmtree"})),
    "cleaning, half deleted": within("assets.releases.publish:_forget_old", lambda nth: on_change({"os.remove"})(nth + 2)),
    **{f"vanishing {folder}": on_vanishing(folder) for folder in ("archive", "lake/marts", "lake/raw", "lake/scratch", "releases")},
}


def serve() -> None:
    """Read orders, run each in a child, tell how it ended."""
    # Pandas is slow to import, and DuckDB asks for it; DuckDB is imported, never connected to.
    for name in ("duckdb", "pandas", "assets.releases.publish"):
        importlib.import_module(name)
    from expectations.runner import context
    from sources import readers

    context()
    readers.start = lambda: reading.Forked(reading.server())
    reading.server()
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        for line in sys.stdin:
            order, began = Order(**json.loads(line)), time.monotonic()
            said.write_text("")
            child = os.fork()
            if child == 0:
                _child(order, said)
            if order.seconds is not None:
                time.sleep(order.seconds)
                os.kill(child, signal.SIGKILL)
            _, status, used = os.wait4(child, 0)
            ended = Death(os.waitstatus_to_exitcode(status), said.read_text(), time.monotonic() - began,
                          used.ru_maxrss >> 10)  # fmt: skip
            print(json.dumps(asdict(ended)), flush=True)


def _child(order: Order, said: Path) -> None:
    code = 1
    try:
        os.close(0)
        with said.open("w") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        if order.memory:
            os.environ["VENTETAL_MEMORY_LIMIT"] = order.memory
        _night(order)
        code = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _night(order: Order) -> None:
    from assets.catalog.loading import load_catalog
    from assets.lake.files import Lake
    from assets.lake.lock import writing
    from assets.releases import publish
    from assets.tables.build import Night
    from tests.part import TREE, narrowed

    publish.KEPT_RELEASES = KEPT_RELEASES
    calls = failing.count() if order.point == "calls" else {}
    if order.point.startswith("call "):
        failing.fail(order.point.removeprefix("call "), order.nth)
    elif order.point and order.point != "calls":
        POINTS[order.point](order.nth)
    catalog = load_catalog(TREE if order.project == str(PROJECT) else Path(order.project))
    if order.domain:
        catalog = narrowed(catalog, order.domain)
    lake = Lake(Path(order.data))
    with writing(lake, "a night", datetime.now()):
        night = Night(lake, catalog, datetime.fromisoformat(order.now))
        night.run()
        made = publish.publish(night)
    print(made.id, "held:", *(f"{d.domain}: {d.why}" for d in made.held))
    if calls:
        print(json.dumps(calls))


if __name__ == "__main__":
    serve()
