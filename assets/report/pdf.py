"""The page as PDF, printed by Chromium where the machine has one; everything else of the report stands without it."""

import re
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60
# Replaced by as many bytes: the places of what follows are told in the file.
CLOCK = re.compile(rb"(/(?:CreationDate|ModDate) ?)\(D:\d{14}\+00'00'\)")
ELEMENT = re.compile(rb"\bnode\d{8}\b")


def program() -> str | None:
    """The browser's path, None where there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def write(path: Path, page: str, made: datetime) -> str:
    """Print the page to `path`, as of when the release was `made`; '' if done, else in a sentence why there is no PDF."""
    browser = program()
    if browser is None:
        return "Der er ingen Chromium på maskinen, så rapporten har ingen PDF."
    with tempfile.TemporaryDirectory() as profile:
        paper = Path(profile) / "paper.html"
        paper.write_text(page, "utf-8")
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run", "--disable-dev-shm-usage",
            f"--user-data-dir={profile}/chromium", "--no-pdf-header-footer",
            "--generate-pdf-document-outline", f"--print-to-pdf={path}", paper.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            path.unlink(missing_ok=True)
            return f"Chromium blev ikke færdig på {SECONDS} sekunder, så rapporten har ingen PDF."
    if done.returncode or not path.exists():
        return "Chromium kunne ikke skrive PDF'en."
    path.write_bytes(_settled(path.read_bytes(), made))
    return ""


def _settled(raw: bytes, made: datetime) -> bytes:
    """The same bytes whenever it is printed: without the time of day, and with the numbers of its elements counted from one."""
    names: dict[bytes, bytes] = {}
    counted = ELEMENT.sub(lambda m: names.setdefault(m[0], b"node%08d" % (len(names) + 1)), raw)
    return CLOCK.sub(lambda m: m[1] + f"(D:{made:%Y%m%d%H%M%S}+00'00')".encode(), counted)
