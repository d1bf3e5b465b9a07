"""A host that works every night, as `deploy/` sets it up: the real services over a data root of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sources.settings import PROJECT
from tests.conftest import AS_OF
from tests.listeners import free_port


def environment(data: Path, **more: str) -> dict[str, str]:
    """What services are told; what commands of Dagster's own need to find them, too."""
    address = str(data / "dagster" / "code.sock")
    said = {**os.environ, "VENTETAL_DATA": str(data), "VENTETAL_AS_OF": AS_OF, "VENTETAL_CODE_ADDRESS": address, **more}
    said.pop("DAGSTER_HOME", None)
    return said


def until(found: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something; how long it took. Fails with what it was after so many seconds."""
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(0.2)
    return time.monotonic() - began


@contextmanager
def service(name: str, said: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`ventetal serve NAME` until the end of the block; what it printed is in dagster/NAME.log of the data root."""
    with _running(name, said, "serve", name, *arguments) as process:
        if name == "code":
            until(lambda: _listens(Path(said["VENTETAL_DATA"]) / "dagster" / "code.sock"), 60, "the code server listens")
        yield process


@contextmanager
def ui(said: dict[str, str]) -> Iterator[str]:
    """`ventetal ui` until the end of the block; its address. Nothing it has started goes on."""
    port = free_port()
    with _running("ui", said, "ui", "--port", str(port)) as process:
        until(lambda: _answers(f"http://127.0.0.1:{port}/server_info"), 60, "the UI answers")
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        assert process.wait(60) == 0
        until(lambda: not living(said["VENTETAL_DATA"]), 5, "nothing of the UI goes on")


@contextmanager
def _running(name: str, said: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    log = Path(said["VENTETAL_DATA"]) / "dagster" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=said, cwd=PROJECT, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):  # what it may have left of its session
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def code_and_daemon(said: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
    """The two services that make runs happen, ready."""
    with ExitStack() as stack:
        code = stack.enter_context(service("code", said))
        yield code, stack.enter_context(service("daemon", said))


@contextmanager
def web(said: dict[str, str], name: str) -> Iterator[str]:
    """The UI of operators or viewers; its address."""
    port = free_port()
    with service(name, said, "--port", str(port)):
        until(lambda: _answers(f"http://127.0.0.1:{port}/server_info"), 60, f"the UI of {name} answers")
        yield f"http://127.0.0.1:{port}"


def living(data: str) -> list[str]:
    """Processes that are not ended, and were begun for the data."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # One that ends meanwhile is none.
        with suppress(OSError):
            if f"VENTETAL_DATA={data}\0".encode() in (folder / "environ").read_bytes() + b"\0":
                found.append(folder.name)
    return found


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
