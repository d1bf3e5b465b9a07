"""The report's pages in Chromium: for those who hear it, use a keyboard, a phone, a dark screen or paper."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from assets.report.contents import MONTHLY
from tests.browser import beyond, chromium, opened, violations

YEARLY = "../medfinansiering-2014/index.html"
PAGES = ("index.html", "kvalitet.html", "../index.html", "../tilgaengelighed.html", YEARLY)
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(browser: Browser, april_report: Path, name: str, scheme: str) -> None:
    page = opened(browser, april_report / name, scheme=scheme)
    found = violations(page)
    page.close()
    assert found == []


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_phone_scrolls_in_one_direction(browser: Browser, april_report: Path, name: str) -> None:
    page = opened(browser, april_report / name, width=360)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    width, hidden = beyond(page, 360)
    aside = page.evaluate("[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1).map(s => s.innerText)")
    page.close()
    assert (width, hidden, aside) == (360, [], [])


@pytest.mark.parametrize("name", PAGES)
def test_a_table_that_stands_as_a_list_is_read_out_as_a_table(browser: Browser, april_report: Path, name: str) -> None:
    page = opened(browser, april_report / name, width=360)
    lost = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => !t.matches('[role=table]')"
        " || t.querySelectorAll('td').length != t.querySelectorAll('td[role=cell]').length"
        " || t.querySelectorAll('tr').length != t.querySelectorAll('tr[role=row]').length"
        " || t.querySelectorAll('th').length != t.querySelectorAll('th[role$=header]').length).map(t => t.caption.innerText)"
    )
    page.close()
    assert lost == []


@pytest.mark.parametrize(("name", "width"), [("kvalitet.html", 768), ("index.html", 768), ("index.html", 1000)])
def test_the_quality_page_and_the_overview_are_whole_on_a_small_screen(browser: Browser, april_report: Path, name: str, width: int) -> None:
    page = opened(browser, april_report / name, width=width)
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1)"
        ".map(s => s.querySelector('table').dataset.table)"
    )
    page.close()
    assert [key for key in cut if name == "kvalitet.html" or key == "overblik"] == []


def test_what_must_be_known_first_is_on_the_first_screen(browser: Browser, april_report: Path) -> None:
    page = opened(browser, april_report / "index.html", width=1400)
    low = page.evaluate("[...document.querySelectorAll('.about, .points li, .aside p')].map(e => e.getBoundingClientRect().bottom)")
    page.close()
    assert len(low) > 5
    assert max(low) <= 900


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Browser, april_report: Path) -> None:
    page = opened(browser, april_report / "index.html")
    page.keyboard.press("Tab")
    skip = page.evaluate("[document.activeElement.className, document.activeElement.getBoundingClientRect().left >= 0]")
    assert skip == ["skip", True]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)"), "the skip link leads past the navigation"
    wanted = page.evaluate("document.querySelectorAll('main a, main summary, main [tabindex=\"0\"], footer a').length")
    reached = 0
    while page.evaluate("document.activeElement !== document.body") and reached <= wanted:
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML.slice(0, 100)")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
        reached += 1
        page.keyboard.press("Tab")
    page.close()
    assert reached == wanted


def test_nothing_is_fetched_and_nothing_runs(browser: Browser, april_report: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((april_report / "index.html").as_uri())
    counts = page.evaluate("[document.scripts.length, document.querySelectorAll('svg[role=img]:not([aria-label])').length]")
    page.close()
    assert len(asked) == 1
    assert counts == [0, 0]
    assert (april_report / "index.html").stat().st_size < MOST_BYTES


def test_headings_never_skip_a_level(browser: Browser, april_report: Path) -> None:
    for name in PAGES:
        page = opened(browser, april_report / name)
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
        language = page.evaluate("document.documentElement.lang")
        page.close()
        assert (levels[0], levels.count(1), language) == (1, 1, "da")
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_paper_shows_every_table_whose_numbers_no_chart_carries_and_no_navigation(browser: Browser, april_report: Path) -> None:
    page = opened(browser, april_report / "index.html")
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('main table')].filter(t => t.getBoundingClientRect().height < 10).map(t => t.dataset.table)"
    )
    navigation = page.evaluate("getComputedStyle(document.querySelector('nav')).display")
    page.close()
    assert (hidden, navigation) == ([f.key for f in MONTHLY.figures if f.on_screen_only], "none")
    assert (april_report / "ventetal.pdf").read_bytes().startswith(b"%PDF-")
