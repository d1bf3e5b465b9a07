"""Pages as PDF, printed by Chromium where the machine has one; everything else of a paper stands without it."""

import base64
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60
# Replaced by as many bytes: the places of what follows are told in the file.
CLOCK = re.compile(rb"(/(?:CreationDate|ModDate) ?)\(D:\d{14}\+00'00'\)")
ELEMENT = re.compile(rb"\bnode\d{8}\b")
ABSENT = "Der er ingen Chromium på maskinen, så rapporten har ingen PDF."
LATE = f"Chromium blev ikke færdig på {SECONDS} sekunder, så rapporten har ingen PDF."
FAILED = "Chromium kunne ikke skrive PDF'en."
# A process with two pipes becomes a program that has them as its file descriptors 3 and 4, whatever numbers they had.
BECOMES = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
# As the command line of Chromium prints, with a bookmark for every heading.
PRINTED = {"printBackground": True, "preferCSSPageSize": True, "generateTaggedPDF": True, "generateDocumentOutline": True}


def program() -> str | None:
    """The browser's path, None where there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class _Refused(RuntimeError):
    """The browser ended, or does not do what it is asked."""


class Printer:
    """One browser for all the pages that are printed, started with the first of them: half of what a page costs is the start."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[bytes] | None = None
        self._asks, self._answers, self._asked, self._rest = -1, -1, 0, b""
        self._lock = Lock()

    def __enter__(self) -> "Printer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            os.close(self._asks)
            os.close(self._answers)
            try:
                self._process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._profile.cleanup()

    def write(self, path: Path, page: str, made: datetime) -> str:
        """Print the page to `path`, as of when the release was `made`; '' if done, else in a sentence why there is no PDF."""
        browser = program()
        if browser is None:
            return ABSENT
        with self._lock:
            paper = Path(self._profile.name) / "paper.html"
            paper.write_text(page, "utf-8")
            try:
                self._process = self._process or self._started(browser)
                printed = self._print(paper, time.monotonic() + SECONDS)
            except TimeoutError:
                return LATE
            except (OSError, _Refused):
                return FAILED
        path.write_bytes(_settled(printed, made))
        return ""

    def _started(self, browser: str) -> subprocess.Popen[bytes]:
        """The browser reads what it is asked from file descriptor 3 and answers on 4."""
        (its_asks, self._asks), (self._answers, its_answers) = os.pipe(), os.pipe()
        command = [
            sys.executable, "-ISc", BECOMES, str(its_asks), str(its_answers), browser, "--headless=new", "--no-sandbox", "--disable-gpu",
            "--disable-extensions", "--no-first-run", "--disable-dev-shm-usage", f"--user-data-dir={self._profile.name}/chromium",
            "--remote-debugging-pipe", "about:blank",
        ]  # fmt: skip
        quiet = subprocess.DEVNULL
        started = subprocess.Popen(command, pass_fds=(its_asks, its_answers), stdin=quiet, stdout=quiet, stderr=quiet)
        os.close(its_asks)
        os.close(its_answers)
        return started

    def _print(self, paper: Path, until: float) -> bytes:
        target = self._ask("Target.createTarget", until, url="about:blank")["targetId"]
        tab = self._ask("Target.attachToTarget", until, targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable", until, tab)
        self._ask("Page.navigate", until, tab, url=paper.as_uri())
        while self._answer(until).get("method") != "Page.loadEventFired":
            pass
        printed = base64.b64decode(self._ask("Page.printToPDF", until, tab, **PRINTED)["data"])
        self._ask("Target.closeTarget", until, targetId=target)
        return printed

    def _ask(self, method: str, until: float, session: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._asks, json.dumps(asked).encode() + b"\0")
        while (answer := self._answer(until)).get("id") != self._asked:
            pass
        if "error" in answer:
            raise _Refused(str(answer["error"]))
        found: dict[str, Any] = answer["result"]
        return found

    def _answer(self, until: float) -> dict[str, Any]:
        """The next thing it says."""
        while b"\0" not in self._rest:
            if not select.select([self._answers], [], [], max(until - time.monotonic(), 0))[0]:
                raise TimeoutError
            more = os.read(self._answers, 1 << 20)
            if not more:
                raise _Refused("the browser ended")
            self._rest += more
        said, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(said)
        return found


def _settled(raw: bytes, made: datetime) -> bytes:
    """The same bytes whenever it is printed: without the time of day, and with the numbers of its elements counted from one."""
    names: dict[bytes, bytes] = {}
    counted = ELEMENT.sub(lambda m: names.setdefault(m[0], b"node%08d" % (len(names) + 1)), raw)
    return CLOCK.sub(lambda m: m[1] + f"(D:{made:%Y%m%d%H%M%S}+00'00')".encode(), counted)
