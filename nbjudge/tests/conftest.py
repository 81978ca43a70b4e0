"""What every test of the engine needs."""

import pytest

from classroom import make_course
from nbjudge.coursedir import modules


@pytest.fixture(autouse=True)
def forget_where_modules_are():
    """A test may make a module that another test has made elsewhere under the same name."""
    modules.location.cache_clear()


@pytest.fixture
def course(tmp_path):
    """The course of classroom.py, in which nobody has handed in."""
    root = tmp_path / "course"
    root.mkdir()
    make_course(root)
    return root
