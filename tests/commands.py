"""The command line, forked from a process that has imported what it needs: a test waits for what a command does, not for imports.

Everything else is as on a host: a process of its own, its environment, its standard streams, its exit code.
"""

import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tests import reading

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300
# What commands import that takes long; pandas since DuckDB asks for it. Nothing is connected to before a command is forked.
PRELOADED = (
    "dagster", "duckdb", "pandas", "assets.releases.publish", "assets.releases.rebuild", "assets.report.build", "pipelines.automation",
    "pipelines.nightly",
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """A command with its environment.

    `file_size` is the largest file the kernel lets it write, as on a disk that is full; `before` is Python to be run before it.
    """

    arguments: tuple[str, ...]
    environment: dict[str, str]
    stdout: str
    stderr: str
    file_size: int | None = None
    before: str = ""


def called(
    arguments: tuple[str, ...], environment: dict[str, str], file_size: int | None = None, before: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        # Pipes by name: a limit of file sizes does not reach them.
        out, err = Path(folder) / "stdout", Path(folder) / "stderr"
        os.mkfifo(out)
        os.mkfifo(err)
        order = Order(arguments, environment, str(out), str(err), file_size, before)
        server = _server()
        assert server.stdin
        assert server.stdout
        server.stdin.write(json.dumps(asdict(order)) + "\n")
        server.stdin.flush()
        with ThreadPoolExecutor(2) as readers:
            said, told = (readers.submit(path.read_text, "utf-8") for path in (out, err))
            ready, _, _ = select.select([server.stdout], [], [], PATIENCE_SECONDS)
            if not ready:
                os.killpg(server.pid, signal.SIGKILL)
                _server.cache_clear()
                raise subprocess.TimeoutExpired(list(arguments), PATIENCE_SECONDS, said.result(), told.result())
            code = int(server.stdout.readline())
            return subprocess.CompletedProcess(list(arguments), code, said.result(), told.result())


@cache
def _server() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.commands", reading.server()]
    return subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)


def serve() -> None:
    """Read orders, run each in a child, tell how it ended."""
    for name in PRELOADED:
        importlib.import_module(name)
    from assets.catalog.loading import load_catalog
    from assets.lake import clock
    from expectations.runner import context
    from sources import readers
    from tests.clocks import Ahead
    from tests.parsed import parse_once
    from tests.part import TREE

    context()
    # What contracts and SQL say is found out once as well.
    parse_once()
    load_catalog(TREE)
    clock.host = Ahead()
    place = sys.argv[1]
    readers.start = lambda: reading.Forked(place)
    for line in sys.stdin:
        order = Order(**json.loads(line))
        child = os.fork()
        if child == 0:
            _become(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(order: Order) -> None:
    """The command, in this process until its end."""
    code = 1
    try:
        for handle, path in ((1, order.stdout), (2, order.stderr)):
            os.dup2(os.open(path, os.O_WRONLY), handle)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(order.environment)
        time.tzset()
        sys.argv = ["-c", *order.arguments]
        if order.file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order.file_size, order.file_size))
        exec(order.before, {})
        from pipelines.cli import main

        main()
    except SystemExit as ends:
        code = ends.code if isinstance(ends.code, int) else int(ends.code is not None)
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    serve()
