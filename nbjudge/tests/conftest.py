"""What every test of the engine needs."""

import pytest

from nbjudge.coursedir import modules


@pytest.fixture(autouse=True)
def forget_where_modules_are():
    """A test may make a module that another test has made elsewhere under the same name."""
    modules.location.cache_clear()
