"""A browser for the tests of the classroom."""

from tests.browser.conftest import chromium  # noqa: F401
