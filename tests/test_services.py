"""Dagster on a person's machine ends with the command that began it, however that was begun and ended."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sources.settings import PROJECT
from tests.host import environment, living, until
from tests.listeners import free_port


@pytest.mark.parametrize(("ends", "begun"), [(signal.SIGTERM, 5), (signal.SIGHUP, 4), (signal.SIGINT, 3), (signal.SIGINT, 5)])
def test_all_of_it_ends_when_it_was_begun_in_the_background_of_a_script(tmp_path: Path, ends: signal.Signals, begun: int) -> None:
    """A shell that is not interactive has what it begins in the background ignore SIGINT."""
    said = environment(tmp_path / "data")
    command = f"{sys.executable} -c 'from pipelines.cli import main; main()' ui --port {free_port()} & echo $!; wait"
    shell = subprocess.Popen(["sh", "-c", command], env=said, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert shell.stdout
    pid = int(shell.stdout.readline())
    # The shell, the command, the code server and what serves beside it: as soon as a process is there, whoever began it knows of it.
    until(lambda: len(living(said["VENTETAL_DATA"])) >= begun, 60, "services are begun")
    os.kill(pid, ends)
    # Who is in a hurry asks again.
    time.sleep(0.3)
    with suppress(ProcessLookupError):
        os.kill(pid, ends)
    shell.wait(60)
    until(lambda: not living(said["VENTETAL_DATA"]), 5, "nothing goes on")
