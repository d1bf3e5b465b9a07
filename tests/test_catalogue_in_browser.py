"""The pages of the catalogue in Chromium: searched, filtered and sorted, with the keyboard, on a phone, in the dark, without a script."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import beyond, chromium, opened, violations

KINDS = ("index.html", "changes.html", "meta.html", "marts.udredning_by_hospital.html", "core.pathway.html", "raw.redirections.html")
# What an element is, and what it stands in; columns of numbers differ by their place alone.
SAME_TO_AXE = """[...document.querySelectorAll('*')].map(e => [e, e.parentElement].map(of => of && [of.tagName,
  [...of.classList].filter(c => !/^r[0-9]+$/.test(c)), of.getAttributeNames()].join(' ')).join('<'))"""
# Rows are alike; thousands of them would be looked at for minutes.
FEW_ROWS = "document.querySelectorAll('tbody').forEach(t => [...t.rows].slice(6).forEach(r => r.remove()))"
MART = "marts.redirection_by_hospital.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, catalogue: Path) -> Iterator[Page]:
    found = opened(browser, catalogue / MART)
    yield found
    found.close()


def column(page: Page, place: int) -> list[str]:
    """The texts of a column, in the rows that are seen."""
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll('.rows tbody tr:not([hidden])')].map(r => r.cells[{place}].textContent)"
    )
    return found


@pytest.fixture(scope="module")
def every_kind(browser: Browser, catalogue: Path) -> list[str]:
    """Pages that have between them every kind of element there is on any page: axe on all hundred takes minutes and sees no more."""
    page, left = browser.new_page(), dict[str, set[str]]()
    for file in sorted(catalogue.glob("*.html")):
        page.goto(file.as_uri())
        left[file.name] = set(page.evaluate(SAME_TO_AXE))
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), file.name
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
        assert levels.count(1) == 1, file.name
        assert all(after - before <= 1 for before, after in pairwise(levels)), file.name
    page.close()
    assert len(left) > 100
    chosen = []
    while any(left.values()):
        chosen.append(max(left, key=lambda name: len(left[name])))
        left = {name: kinds - left[chosen[-1]] for name, kinds in left.items()}
    assert len(chosen) > 4
    return chosen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1400])
def test_axe_finds_no_violation_and_nothing_is_out_of_reach(
    browser: Browser, catalogue: Path, every_kind: list[str], width: int, scheme: str
) -> None:
    found = {}
    for name in every_kind:
        page = opened(browser, catalogue / name, width, scheme)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide, hidden = beyond(page, width)
        page.evaluate(FEW_ROWS)
        if (said := (violations(page), wide, hidden)) != ([], width, []):
            found[name] = said
        page.close()
    assert found == {}


def test_rows_are_filtered_and_sorted_by_the_keyboard(page: Page) -> None:
    every = len(column(page, 0))
    page.focus("#filter")
    page.keyboard.type("herlev 2015")
    shown = column(page, 0)
    assert len(shown) == 3 < every
    assert all(text.startswith("2015") for text in shown)
    assert page.inner_text(".filter output") == f"3 af {every} rækker"
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    assert len(column(page, 0)) == every
    heading = page.locator(".rows th", has_text="Behandlinger")
    heading.locator("button").focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")
    up = [int(text.replace(".", "")) for text in column(page, 5)]
    assert (heading.get_attribute("aria-sort"), up, outline) == ("ascending", sorted(up), "solid")
    page.keyboard.press("Enter")
    down = [int(text.replace(".", "")) for text in column(page, 5)]
    assert (heading.get_attribute("aria-sort"), down) == ("descending", sorted(up, reverse=True))


def test_quarters_are_sorted_by_time(browser: Browser, catalogue: Path) -> None:
    page = opened(browser, catalogue / "marts.redirection_by_provider_quarterly.html")
    page.locator(".rows th", has_text="Kvartal").first.locator("button").click()
    texts = list(dict.fromkeys(column(page, 0)))
    assert (len(texts) > 4, texts) == (True, sorted(texts, key=lambda text: (text[-4:], text[0])))
    page.close()


def test_what_is_withheld_is_last_whichever_way_it_is_sorted(browser: Browser, catalogue: Path) -> None:
    page = opened(browser, catalogue / "marts.udredning_by_hospital.html")
    button = page.locator(".rows th", has_text="Rettidige (brutto)").first.locator("button")
    for _ in range(2):
        button.click()
        texts = column(page, 7)
        are_numbers = [text[0].isdigit() for text in texts]
        assert are_numbers == sorted(are_numbers, reverse=True)
        assert "tilbageholdt" in texts
    page.close()


def test_a_column_is_followed_to_its_supplier_by_the_keyboard(page: Page) -> None:
    walked = []
    for _ in range(6):
        place = page.url.partition("#")[2] or "month"
        link = page.locator(f"tr#{place} td a").first
        if not link.count():
            break
        link.focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        walked.append(page.url.rpartition("/")[2])
    assert walked == ["core.redirection.html#month", "raw.redirections.html#redirected_date"]
    assert "»Omvisiteret dato«" in page.inner_text("tr#redirected_date")


def test_the_search_finds_tables_columns_and_questions(browser: Browser, catalogue: Path) -> None:
    page = opened(browser, catalogue / "index.html")
    every = page.locator(".found:visible").count()
    for words, wanted in (
        ("omviser flest behandlinger", MART),
        ("p90_days", "udredning"),
        ("omvisiterede", "marts.redirection_monthly.html"),
        ("krav der ikke findes", ""),
    ):
        page.fill("#find", words)
        found = page.locator(".found:visible")
        assert found.count() < every / 10
        assert page.inner_text(".search output") == f"{found.count()} fundet"
        links = found.evaluate_all("all => all.flatMap(e => [...e.querySelectorAll('a')].map(a => a.getAttribute('href')))")
        assert any(wanted in link for link in links) == bool(wanted), words
        assert page.locator(".group:visible").count() == page.locator(".group:visible:has(.found:visible)").count()
    page.close()


def test_the_search_finds_what_is_called_otherwise(browser: Browser, catalogue: Path) -> None:
    page = opened(browser, catalogue / "index.html")
    for words, wanted in (
        ("ventetider", "marts.udredning_by_hospital.html#median_days"),
        ("ventetid opkald", "marts.servicedesk_calls_monthly.html#mean_wait_answered_seconds"),
        ("viderevisitering", "marts.redirection_monthly.html"),
        ("Sygehus", "marts.redirection_by_hospital.html"),
    ):
        page.fill("#find", words)
        links = page.locator(".found:visible a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        assert wanted in links, words
        assert page.locator(".found:visible").count() < page.locator(".found").count() / 2
    page.close()


def test_without_a_script_everything_is_read(browser: Browser, catalogue: Path) -> None:
    page = opened(browser, catalogue / MART, has_script=False)
    assert page.locator(".rows tbody tr").count() == 165
    assert not page.locator(".filter").is_visible()
    assert page.locator(".rows th button").count() == 0
    assert page.locator(".columns tbody tr").first.is_visible()
    page.locator("details.ask summary").last.click()
    assert page.locator("details.ask").last.locator("table").is_visible()
    page.close()


def test_a_page_fetches_its_own_style_and_script_and_nothing_else(browser: Browser, catalogue: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in KINDS:
        asked.clear()
        page.goto((catalogue / name).as_uri())
        assert (sorted(asked), errors) == (sorted([name, "style.css", "catalogue.js"]), [])
    page.close()
