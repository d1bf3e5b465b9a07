"""The page as PDF, printed by Chromium where the machine has one; everything else of the report stands without it."""

import shutil
import subprocess
import tempfile
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60


def program() -> str | None:
    """The browser's path, None where there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def write(path: Path, page: str) -> str:
    """Print the page to `path`; '' if done, else in a sentence why there is no PDF."""
    browser = program()
    if browser is None:
        return "Der er ingen Chromium på maskinen, så rapporten har ingen PDF."
    with tempfile.TemporaryDirectory() as profile:
        paper = Path(profile) / "paper.html"
        paper.write_text(page, "utf-8")
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run", "--disable-dev-shm-usage",
            f"--user-data-dir={profile}/chromium", "--no-pdf-header-footer", f"--print-to-pdf={path}", paper.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            path.unlink(missing_ok=True)
            return f"Chromium blev ikke færdig på {SECONDS} sekunder, så rapporten har ingen PDF."
    if done.returncode or not path.exists():
        return "Chromium kunne ikke skrive PDF'en."
    return ""
