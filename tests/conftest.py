"""A real browser, for the lessons in JupyterLab and for the site."""

import pytest


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    from tests.support.lesson_page import CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium):
    """Open a page with these options. It is closed after the test: an open one goes on working."""
    pages = []

    def new_page(**options):
        pages.append(chromium.new_page(**options))
        return pages[-1]

    yield new_page
    for page in pages:
        page.close()
