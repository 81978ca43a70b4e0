"""Import the engine before pytest imports a test, and share the tests out among workers.

pytest names a test after its folders, nbjudge.tests.test_grading for example. It would take the
folder nbjudge/ for the package of that name if the real one, nbjudge/src/nbjudge, were not known.
"""

import os

import pytest
from hypothesis import settings

import nbjudge  # noqa: F401

# Set before torch is imported anywhere: threads that wait sleep. On two busy cores spinning costs
# several times the work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# a slow call is no failure: on a busy machine the first one takes longer than hypothesis allows
settings.register_profile("course", deadline=None)
settings.load_profile("course")

# One worker runs a module. If the longest of them came last, the other worker would have nothing to
# do at the end.
LONGEST = (
    "tests/browser/",
    "nbjudge/tests/conformance/test_features.py",
    "tests/course/test_answer_bank.py",
    "nbjudge/tests/test_new_environment.py",
    "tests/test_instructors_term.py",
)
TOGETHER = ("tests/browser/", "nbjudge/tests/sandbox/")


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist there are no workers
def pytest_xdist_make_scheduler(config, log):
    """Return a scheduler of pytest-xdist by which each module's tests run on one worker.

    The tests of each folder in TOGETHER run one after another, too: those of the sandbox measure
    time beside busy processes of their own, and all browser tests share one JupyterLab.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            folders = [folder for folder in TOGETHER if nodeid.startswith(folder)]
            return folders[0] if folders else nodeid.split("::")[0]

        def _assign_work_unit(self, node):
            for scope in LONGEST:
                if scope in self.workqueue:
                    self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    return ByFolder(config, log)
