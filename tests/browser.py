"""Chromium, for tests that look at pages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from assets.report import pdf


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium; where the gate runs it must be there, elsewhere the reason for the skip is said."""
    program = pdf.program()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed: no page can be looked at.")
        pytest.skip("Chromium is not installed: no page is looked at.")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Browser, file: Path, width: int = 1280, scheme: str = "light", has_script: bool = True) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=has_script,
    )
    page.goto(file.resolve().as_uri())
    return page


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds wrong with a page, and where."""
    return [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in Axe().run(page).response["violations"]]


def beyond(page: Page, width: int) -> tuple[int, list[str]]:
    """How wide a page is, and what of it lies beyond a width and cannot be scrolled to."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    hidden = page.evaluate(
        f"[...document.querySelectorAll('main *, header *')].filter(e => e.getBoundingClientRect().right > {width + 1}"
        " && !e.closest('.scroll, pre')).map(e => e.outerHTML.slice(0, 80))"
    )
    return wide, hidden
