"""Reading happens apart: delivered files are read by processes of their own, which may die of what a file holds.

As many as files are read at once, each started when it is first needed and replaced when it dies. A process is stopped that needs more
memory, or works longer for the size of a file, than a table could ask for, or that stands still; nothing is said against the file then.
Time is the process's own, so that a busy host stops no file that a quiet one reads. What is read is in `sources.reading_worker`.
"""

import errno
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sources.errors import WrongUsage
from sources.layout import Extract, LayoutFault
from sources.pseudonym import KeyRefused, pseudonym_key
from sources.reading import Reading
from sources.reasons import Refused
from sources.settings import PREFIX, settings
from sources.unpack import Unpacked

# Files read at a time: the text of one is cut by one thread, which leaves cores idle.
READERS = 2
# Work for any file, and for each MiB: far more than tables of either kind take.
SECONDS, SECONDS_PER_MIB = 15.0, 1.0
# A process that has not worked for so long waits for something that will not come.
STILL_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_MIB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
# A block's arrays are freed and asked for again all the time: glibc would fetch their pages anew from the system each time.
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(64 * _MIB), "MALLOC_TRIM_THRESHOLD_": str(128 * _MIB)}
# What a disk says that is full, or may not be written to: no fault of a file, and nothing that another night would mend by itself.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class Stopped(Exception):
    """A process that died, or was stopped, while it read a file. The text says why, in words that follow "because"."""


class NotReadable(Exception):
    """A file that the disk does not give just now; the text is the system's reason."""


@dataclass(frozen=True)
class Found:
    """What was read of a content: the layout that fitted, the variables of name and preamble, and the facts of its records."""

    layout: str
    variables: dict[str, str]
    reading: Reading


class Readers:
    """The reading processes of a run. Any thread may ask; one process answers it at a time.

    They write below `folder`, the one that `scratch` lies in if not given.
    """

    def __init__(self, scratch: Path, folder: Path | None = None) -> None:
        self._scratch, self._folder, self._lock = scratch, folder or scratch.parent, threading.Lock()
        self._free: list[_Process] = []
        self._all: list[_Process] = []
        self._is_closed = False

    @property
    def at_once(self) -> int:
        """How many files are read at a time."""
        return READERS

    def unpack(self, path: Path, name: str, target: Path) -> Unpacked:
        """Copy the one table inside a delivered file to `target`. Raises Refused, NotReadable, Stopped."""
        return Unpacked(**self._ask("unpack", path, name=name, target=str(target)))

    def read(self, path: Path, extract: Extract, inner_name: str, target: Path) -> Found:
        """Write the records of an unpacked file to `target` (Parquet). Raises Refused, LayoutFault, NotReadable, Stopped."""
        found = self._ask("read", path, extract=extract.as_json, inner_name=inner_name, target=str(target))
        return Found(found["layout"], found["variables"], Reading(**found["reading"]))

    def check(self, path: Path, extracts: list[Extract], shows_values: bool) -> dict[str, Any]:
        """What would happen to a file if it were delivered (`sources.dry_run`). Raises NotReadable, Stopped."""
        found = self._ask("check", path, name=path.name, extracts=[e.as_json for e in extracts], shows_values=shows_values)
        return dict(found)

    def propose(self, path: Path, extracts: list[Extract], shows_values: bool) -> dict[str, Any]:
        """A first layout for the file, and what it reads (`sources.dry_run`). Raises Refused, NotReadable, Stopped."""
        found = self._ask("propose", path, name=path.name, extracts=[e.as_json for e in extracts], shows_values=shows_values)
        return dict(found)

    def interrupt(self) -> None:
        """Stop whatever is being read: who waits for it is told."""
        with self._lock:
            for process in self._all:
                process.kill()

    def close(self) -> None:
        """Nothing will be read any more."""
        self._is_closed = True
        self.interrupt()

    def answered(self, path: Path, request: dict[str, Any]) -> dict[str, Any]:
        """What a reading process says to a request (`sources.reading_worker`): `found`, or why nothing was."""
        try:
            size = path.stat().st_size
        except OSError as error:
            return {"failed": [error.errno, os.strerror(error.errno or 0)]}
        try:
            with self._process() as process:
                return process.ask(request | {"path": str(path), "seconds": SECONDS + SECONDS_PER_MIB * size / _MIB})
        except Stopped as stopped:
            return {"stopped": str(stopped)}

    def _ask(self, do: str, path: Path, **request: Any) -> Any:
        match answer := self.answered(path, request | {"do": do}):
            case {"found": found}:
                return found
            case {"refused": [code, sentence, *quoted]}:
                raise Refused(code, sentence, *quoted)
            case {"fault": sentence}:
                raise LayoutFault(sentence)
            case {"key": sentence}:
                raise KeyRefused(sentence)
            case {"wrong": sentence}:
                raise WrongUsage(sentence)
            case {"failed": [number, said]} if number in _NO_ROOM:
                raise OSError(number, said)
            case {"failed": [_, said]}:
                raise NotReadable(said)
        raise Stopped(answer["stopped"])

    @contextmanager
    def _process(self) -> Iterator["_Process"]:
        with self._lock:
            if self._is_closed:
                raise Stopped("the run ends")
            while self._free:
                process = self._free.pop()
                if process.is_alive:
                    break
                self._all.remove(process)
            else:
                process = _Process(self._scratch, self._folder)
                self._all.append(process)
        try:
            yield process
        finally:
            with self._lock:
                if process.is_fit:
                    self._free.append(process)
                else:
                    process.kill()
                    self._all.remove(process)


class Running(Protocol):
    """A process that listens for requests at one handle and answers at another."""

    pid: int
    requests: int
    answers: int

    @property
    def is_alive(self) -> bool: ...

    def kill(self) -> int:
        """End it; how it ended, as `subprocess` says it."""


class Spawned:
    """A reading process begun anew: it has nothing of the run's own, no setting, no lock, no open file."""

    def __init__(self) -> None:
        begins = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from sources.reading_worker import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", begins, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | KEEPS_MEMORY,
            # A terminal's interrupt is for the run, which then stops its readers.
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self.pid, self.requests, self.answers = self._process.pid, self._process.stdin.fileno(), self._process.stdout.fileno()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> int:
        self._process.kill()
        return self._process.wait()


# How a reading process is begun: another way may be put in its place.
start: Callable[[], Running] = Spawned


class _Process:
    """A reading process and what is said between it and the run.

    It is begun with the key under which persons get ids, which no environment and no argument shows.
    """

    def __init__(self, scratch: Path, folder: Path) -> None:
        said = settings()
        self._most = _bytes(said.reader_memory_limit, f"{PREFIX}READER_MEMORY_LIMIT")
        # The rest is for what DuckDB does not count, and for the libraries of other kinds of file.
        database = min(self._most // 2, _bytes(said.memory_limit, f"{PREFIX}MEMORY_LIMIT"))
        self._running = start()
        os.set_blocking(self._running.requests, False)
        self._rest, self.is_fit = b"", True
        self._send({
            "scratch": str(scratch / f"reader-{self._running.pid}"),
            "folder": str(folder),
            "memory_limit": f"{database // _MIB}MiB",
            "spill_limit": said.spill_limit,
            "person_key": person_key().hex(),
        })  # fmt: skip

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises Stopped where the process dies or must be stopped."""
        # Until the whole answer has come, it may still come to who asks next.
        self.is_fit = False
        self._send(request)
        worked, since = self._work(), time.monotonic()
        while True:
            if select.select([self._running.answers], [], [], _LOOK_SECONDS)[0]:
                piece = os.read(self._running.answers, _MIB)
                if not piece:
                    raise self._ended()
                self._rest += piece
                if piece.endswith(b"\n"):
                    answer: dict[str, Any] = json.loads(self._rest)
                    self._rest = b""
                    self.is_fit = self._memory() <= self._most // 2
                    return answer
                continue
            if self._memory() > self._most:
                raise self._ended(f"it needed more than {self._most // _MIB} MiB of memory")
            if (work := self._work()) != worked:
                worked, since = work, time.monotonic()
            elif time.monotonic() - since > STILL_SECONDS:
                raise self._ended(f"the reader stood still for {STILL_SECONDS:.0f} seconds")

    def kill(self) -> None:
        self._running.kill()

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked: one may die while nobody asks it anything."""
        return bool(self._running.is_alive)

    def _send(self, said: dict[str, Any]) -> None:
        """Say it; where nobody listens the answer that does not come says so."""
        rest = json.dumps(said).encode() + b"\n"
        with suppress(OSError):
            while rest and select.select([], [self._running.requests], [], STILL_SECONDS)[1]:
                rest = rest[os.write(self._running.requests, rest) :]

    def _ended(self, why: str = "") -> Stopped:
        """Why it gives no answer: `why` it had to be stopped, else how it died."""
        code = self._running.kill()
        took_long = f"reading took more than {SECONDS:.0f} seconds of work and {SECONDS_PER_MIB:.0f} for each MiB"
        return Stopped(why or (took_long if code == -signal.SIGXCPU else f"the reader died ({code})"))

    def _memory(self) -> int:
        """Bytes of memory the process holds."""
        try:
            return int(Path(f"/proc/{self._running.pid}/statm").read_text("ascii").split()[1]) * _PAGE
        except (OSError, IndexError):
            return 0

    def _work(self) -> int:
        """Work the process has done, in ticks."""
        try:
            fields = Path(f"/proc/{self._running.pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])
        except (OSError, IndexError):
            return 0


def person_key() -> bytes:
    """The key, b'' where there is none: it is only asked for where there are persons."""
    try:
        return pseudonym_key()
    except KeyRefused:
        return b""


def _bytes(size: str, setting: str) -> int:
    """A size like 1GiB in bytes. Raises WrongUsage."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]I?B)", size.strip().upper().removesuffix("B") + "B")
    if found is None:
        raise WrongUsage(f"{setting} is {size!r}, which is no size like 4GB.")
    return int(float(found[1]) * _UNITS[found[2]])
