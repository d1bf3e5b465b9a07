"""The commands that stay up: the UI on a person's machine, and the services of a host that runs every night (see deploy/)."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import quote

import typer

from assets.lake.regions import SETTING
from pipelines.commands.console import notes, stop
from pipelines.names import LOCATION
from sources.errors import Exit, WrongUsage
from sources.settings import PROJECT, data_root, settings

# The socket of the code server, and how it is written where some letters of an address would mean something else.
CODE_SOCKET, CODE_ADDRESS = "VENTETAL_CODE_SOCKET", "VENTETAL_CODE_ADDRESS"
# The kernel takes no longer name for a socket.
LONGEST_SOCKET = 107
PORTS = {"operators": 3000, "viewers": 3001}
LOOPBACK = "127.0.0.1"
# How long services may take to end; a code server that was begun in the background of a script ends by no signal but the last.
PATIENCE_SECONDS = 15


class Service(StrEnum):
    """Processes of a host; `deploy/` has a unit for each."""

    code = "code"
    daemon = "daemon"
    operators = "operators"
    viewers = "viewers"


ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Whether a process has ended, without reaping it.
_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT


def ui(port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000) -> None:
    """Open Dagster on this machine over the same runs. It has no login: it listens on the loopback address only."""
    with TemporaryDirectory() as folder:
        socket = Path(folder) / "code"
        os.environ[CODE_SOCKET] = str(socket)
        commands = {service: _command(service, port) for service in (Service.code, Service.daemon, Service.operators)}
        running: dict[Service, subprocess.Popen[bytes]] = {}
        notes.print(f"Dagster will be at http://127.0.0.1:{port} in a few seconds. Stop it with Ctrl-C.")
        # Services are in groups of their own: what would end a terminal's processes ends this one, and it ends them. It is only
        # noted: raised between the start of a service and its being known, nobody would end that one.
        asked: list[int] = []
        for ends in ENDS:
            signal.signal(ends, lambda number, _: asked.append(number))
        try:
            for service, command in commands.items():
                if asked:
                    return
                # In a group of its own, with all that it starts.
                running[service] = subprocess.Popen(command, start_new_session=True)
                # The others ask the code server as soon as they begin.
                while not socket.exists() and not _ended(running) and not asked:
                    time.sleep(0.1)
            while not asked and not _ended(running):
                time.sleep(0.5)
            if not asked:
                stop(Exit.BROKEN, f"Of Dagster's services {_ended(running)} has ended, so the others are stopped; what it said is above.")
        finally:
            _end(list(running.values()))


def _end(services: list[subprocess.Popen[bytes]]) -> None:
    """End services and what they have started: by asking, and where one does not listen by force."""
    until = time.monotonic() + PATIENCE_SECONDS
    for service in services:
        service.terminate()
    # Nobody is reaped before its group is gone: until then its number is nobody else's.
    while time.monotonic() < until and any(os.waitid(os.P_PID, s.pid, _LOOK) is None for s in services if s.returncode is None):
        time.sleep(0.1)
    for service in services:
        with suppress(ProcessLookupError):
            os.killpg(service.pid, signal.SIGKILL)
        service.wait()


def _ended(running: dict[Service, subprocess.Popen[bytes]]) -> str:
    return ", ".join(service for service, process in running.items() if process.poll() is not None)


def serve(
    service: Annotated[Service, typer.Argument(help="code: loads the assets and starts runs; daemon: schedule, sensors, queue; "
                                                    "operators, viewers: the UI with and without the right to change anything.")],
    port: Annotated[int, typer.Option(help="Port of the UI on the loopback address; 3000 for operators, 3001 for viewers.")] = 0,
) -> None:  # fmt: skip
    """Run one service of a host that works every night. The UIs listen on the loopback address only."""
    command = _command(service, port)
    os.execv(command[0], command)


def _command(service: Service, port: int) -> list[str]:
    """What runs a service over this host's instance; this process, or one it starts, is to become it."""
    from pipelines.nightly import instance_home

    # Said from the folder this was called in, which the service leaves.
    os.environ["VENTETAL_DATA"] = str(data_root())
    if region := settings().region:
        os.environ[SETTING] = str(Path(region).absolute())
    socket = settings().code_socket or str(data_root() / "dagster" / "code.sock")
    if len(os.fsencode(socket)) > LONGEST_SOCKET:
        raise WrongUsage(f"{socket} is too long a name for a socket: set {CODE_SOCKET} to one of at most {LONGEST_SOCKET} bytes.")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    os.environ["DAGSTER_HOME"] = str(instance_home(PROJECT, data_root()))
    os.environ[CODE_ADDRESS] = quote(socket)
    os.chdir(PROJECT)
    python, workspace = (sys.executable, "-m"), ("-w", str(PROJECT / "deploy" / "workspace.yaml"))
    match service:
        case Service.code:
            where = ("-d", str(PROJECT), "--socket", quote(socket), "--location-name", LOCATION)
            return [*python, "dagster", "code-server", "start", "-m", "pipelines.definitions", *where]
        case Service.daemon:
            return [*python, "dagster._daemon", "run", *workspace]
        case Service.operators | Service.viewers:
            rights = ("--read-only",) if service is Service.viewers else ()
            return [*python, "pipelines.webserver", *workspace, "-h", LOOPBACK, "-p", str(port or PORTS[service]), *rights]
