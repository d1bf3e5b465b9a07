"""Reading processes forked from one that has imported what they need: a test waits for what is read, not for imports.

In all else they are what a run begins (`sources.readers.Spawned`): processes of their own, in an environment without settings.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from sources.settings import PREFIX

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60
# How long it takes at most to be told how a process ended that was killed.
ENDS_SECONDS = 20


class Forked:
    """A reading process begun by the server at the end of a socket."""

    def __init__(self, server: str) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(server)
        theirs, self.requests = os.pipe()
        self.answers, ours = os.pipe()
        # The limits of who begins it hold for it too.
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        socket.send_fds(self._line, [str(limit).encode()], [theirs, ours])
        os.close(theirs)
        os.close(ours)
        self._code: int | None = None
        self.pid = int(self._line.recv(32))

    def kill(self) -> int:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        if self._code is None:
            # Who was to tell how it ended may have ended too, on a machine that is full.
            self._line.settimeout(ENDS_SECONDS)
            with suppress(TimeoutError):
                self._code = int(self._line.recv(32) or b"-9")
            self._code = -signal.SIGKILL if self._code is None else self._code
        return self._code

    @property
    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return self._code is None

    def __del__(self) -> None:
        self._line.close()
        os.close(self.requests)
        os.close(self.answers)


@cache
def server() -> str:
    """Where the server of this process listens."""
    place = str(Path(tempfile.mkdtemp()) / "readers")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    # It ends with who holds the other end of its input.
    subprocess.Popen([sys.executable, "-m", "tests.reading", place], cwd=PROJECT, env=environment, stdin=subprocess.PIPE)
    until = time.monotonic() + PATIENCE_SECONDS
    while not Path(place).exists() and time.monotonic() < until:
        time.sleep(0.02)
    return place


def serve(place: str) -> None:
    import select

    from sources import reading_worker

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listens:
        listens.bind(place + ".begun")
        listens.listen(64)
        Path(place + ".begun").rename(place)
        while True:
            ready, _, _ = select.select([listens, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            line, _ = listens.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listens.close()
                _keep(line, reading_worker.main)
            line.close()


def _keep(line: socket.socket, main: "object") -> None:
    """Begin one reading process, and tell how it ends."""
    limit, handles, _, _ = socket.recv_fds(line, 32, 2)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
        for place, handle in enumerate(handles):
            os.dup2(handle, place)
        line.close()
        os.setsid()
        assert callable(main)
        main()
    for handle in handles:
        os.close(handle)
    line.send(str(child).encode())
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        line.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
