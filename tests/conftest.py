"""What all tests of the repository need."""

import os

import pytest

# Set before torch is imported anywhere: threads that wait sleep. On two busy cores spinning costs
# several times the work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ALONE = ("nbjudge/tests/", "tests/attacks/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Let the engine's tests and the attacks run one after another, on one worker of pytest-xdist.

    They measure time and count processes; the other worker takes the course's tests meanwhile. All
    browser tests share one JupyterLab, so they stay together, too.
    """
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("browser"))
        if any(folder in item.path.as_posix() for folder in ALONE):
            item.add_marker(pytest.mark.xdist_group("engine"))
