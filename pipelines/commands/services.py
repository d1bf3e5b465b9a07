"""The commands that stay up: the UI on a person's machine, and the services of a host that runs every night (see deploy/)."""

import os
import sys
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from pipelines.commands.console import notes
from pipelines.names import LOCATION
from sources.errors import WrongUsage
from sources.settings import PROJECT, data_root, settings

CODE_PORT = "VENTETAL_CODE_PORT"
PORTS = {"operators": 3000, "viewers": 3001}
LOOPBACK = "127.0.0.1"


class Service(StrEnum):
    """Processes of a host; `deploy/` has a unit for each."""

    code = "code"
    daemon = "daemon"
    operators = "operators"
    viewers = "viewers"


def ui(port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000) -> None:
    """Open Dagster on this machine over the same runs. It has no login: it listens on the loopback address only."""
    notes.print(f"Dagster will be at http://127.0.0.1:{port} in a few seconds. Stop it with Ctrl-C.")
    _become("dagster", "dev", "-w", "workspace.yaml", "-h", LOOPBACK, "-p", str(port))


def serve(
    service: Annotated[Service, typer.Argument(help="code: loads the assets and starts runs; daemon: schedule, sensors, queue; "
                                                    "operators, viewers: the UI with and without the right to change anything.")],
    port: Annotated[int, typer.Option(help="Port of the UI on the loopback address; 3000 for operators, 3001 for viewers.")] = 0,
) -> None:  # fmt: skip
    """Run one service of a host that works every night; all of them listen on the loopback address only."""
    code_port = os.environ[CODE_PORT] = settings().code_port
    if not code_port.isdecimal():
        raise WrongUsage(f"{CODE_PORT} is {code_port!r}, which is no port.")
    workspace = ("-w", str(PROJECT / "deploy" / "workspace.yaml"))
    match service:
        case Service.code:
            where = ("-h", LOOPBACK, "-p", code_port, "--location-name", LOCATION)
            _become("dagster", "code-server", "start", "-m", "pipelines.definitions", "-d", str(PROJECT), *where)
        case Service.daemon:
            _become("dagster._daemon", "run", *workspace)
        case Service.operators | Service.viewers:
            rights = ("--read-only",) if service is Service.viewers else ()
            _become("dagster_webserver", *workspace, "-h", LOOPBACK, "-p", str(port or PORTS[service]), *rights)


def _become(module: str, *arguments: str) -> NoReturn:
    """Turn this process into a module of Dagster's over this host's instance."""
    from pipelines.nightly import instance_home

    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    os.environ["DAGSTER_HOME"] = str(instance_home(PROJECT, data_root()))
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])
