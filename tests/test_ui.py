"""What an operator sees: the real UI of viewers after a real run in which a domain is held, opened with Debian's Chromium."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import copy_landing, ventetal
from tests.host import environment, service, web

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 20_000


@pytest.fixture(scope="module")
def data(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small region after a run. Nobody delivered cases, so the service desk is held."""
    data = tmp_path_factory.mktemp("ui")
    copy_landing(small_files, data)
    shutil.rmtree(data / "landing" / "servicedesk_cases")
    assert ventetal(data, "run").returncode == 1
    return data


@pytest.fixture(scope="module")
def page(data: Path) -> Iterator[Page]:
    if not CHROMIUM.exists():
        assert not os.environ.get("CI"), "Debian's chromium is not installed"
        pytest.skip("Debian's chromium is not installed: the UI was not looked at")
    said = environment(data)
    with service("code", said), web(said, "viewers") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(base_url=url, viewport={"width": 1500, "height": 1100})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        browser.close()


def look(page: Page, data: Path, path: str, *texts: str) -> None:
    """Open a page, wait for the texts, and keep a picture beside the data (in VENTETAL_SCREENSHOTS where that is set)."""
    page.goto(path)
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible()
    name = "-".join(path.split("?")[0].strip("/").split("/")[-2:]) + ("-checks" if "checks" in path else "")
    picture = data / f"{name}.png"
    page.screenshot(path=picture)
    if folder := os.environ.get("VENTETAL_SCREENSHOTS"):
        shutil.copy(picture, Path(folder))


def test_the_graph_shows_the_domains_between_reference_and_release(page: Page, data: Path) -> None:
    look(page, data, "/asset-groups", "Global asset lineage", "reference", "redirection", "udredning", "servicedesk", "response_time")


def test_a_mart_tells_what_it_is_whose_it_is_and_what_its_columns_mean(page: Page, data: Path) -> None:
    look(
        page, data, "/assets/marts/udredning_by_hospital",
        "Read with completeness_band.", "produktion", "Row count", "hospital_now_name", "Name of the hospital it has become.",
    )  # fmt: skip


def test_its_checks_are_listed_and_a_completeness_warning_names_value_and_limit(page: Page, data: Path) -> None:
    look(page, data, "/assets/marts/udredning_monthly?view=checks&checkDetail=must_hold", "Succeeded", "month is never missing.")
    page.screenshot(path=data / "rules.png")
    limit = "At least 90 % of the closed referrals became pathways"
    look(
        page,
        data,
        "/assets/marts/completeness_monthly?view=checks&checkDetail=should_hold",
        limit,
        "volume_is_complete: ",
        "can be judged: 2015-03 SOM",
    )


def test_a_failed_check_says_why_in_words(page: Page, data: Path) -> None:
    look(page, data, "/assets/raw/servicedesk_cases?view=checks&checkDetail=must_hold", "Without cases there is no figure.", "Failed")
    page.screenshot(path=data / "failed_check.png")
    look(page, data, "/assets/raw/servicedesk_cases?view=checks&checkDetail=should_hold", "A delivery is due once a month by noon")


def test_a_held_domain_is_a_failed_check_with_since_and_why(page: Page, data: Path) -> None:
    words = (
        "Held since 2015-06-01 00:00: raw.servicedesk_cases fails 1 of 8 checks: It has too few rows (Without cases there is no figure)."
    )
    look(page, data, "/assets/published/servicedesk?view=checks&checkDetail=is_published", "Failed", words)
    look(page, data, "/assets/published/servicedesk", "late_extracts", "never")


def test_the_months_of_an_extract_are_a_table(page: Page, data: Path) -> None:
    look(page, data, "/assets/raw/pathways", "quarantined_share", "coverage")
    page.get_by_text("coverage", exact=True).first.scroll_into_view_if_needed()
    expect(page.get_by_text("2015-04", exact=True).first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^2015-04 psychiatry .* provisional$"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^2015-03 region .* final$"))).to_be_visible()
    page.screenshot(path=data / "coverage.png")


def test_a_mart_shows_its_first_rows_its_sql_and_where_its_columns_come_from(page: Page, data: Path) -> None:
    look(page, data, "/assets/marts/udredning_monthly", "preview", "comes_from")
    said = {"sql": "sql/marts/udredning_monthly.sql", "comes_from": "core.pathway_count.pathways", "preview": "completeness_band"}
    for key, text in said.items():
        page.get_by_role("row", name=re.compile(f"^{key} ")).get_by_text("[Show Markdown]").click()
        expect(page.get_by_role("dialog").get_by_text(text).first).to_be_visible()
        page.keyboard.press("Escape")


def test_viewers_cannot_start_anything(page: Page, data: Path) -> None:
    page.goto("/assets/marts/udredning_monthly")
    button = page.get_by_role("button", name="Materialize")
    expect(button.first).to_be_visible()
    expect(button.first).to_be_disabled()
