"""Ordinary Jupyter kernels, where there is no sandbox."""

import subprocess
import sys

import pytest

from classroom import LESSON, answered, course_of_one, hand_in, points
from nbjudge.coordinator import Options, grade
from nbjudge.errors import SandboxUnavailable

EXITS = "def add(x, y):\n    import os\n    os._exit(0)"
NO_MEAN = "def mean(values):\n    return 0"


def test_ordinary_kernels_give_the_same_marks(tmp_path):
    course = course_of_one(tmp_path)
    hand_in(course, "two", answered(add=EXITS))
    hand_in(course, "three", answered(mean=NO_MEAN))
    with pytest.raises(SandboxUnavailable, match="without a sandbox"):
        grade(course, [LESSON], options=Options(kernel="python3"))
    grade(course, [LESSON], options=Options(kernel="python3", confined=False))
    assert (points(course), points(course, "three")) == ([2, 2], [2, 0])
    assert points(course, "two") == [0, 0]  # here a kernel that dies takes the rest with it


AS_ON_WINDOWS = """
import _signal, contextlib, os, pickle, signal, socket, sys
# these handle Windows by themselves, and are imported while the system is still Linux
import distributed, IPython, jupyter_client, nbclient, nbgrader.apps, psutil, rich.progress

signals = ["SIGALRM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "ITIMER_REAL", "setitimer", "pause"]
for module, names in (
    (os, ["fork", "geteuid", "getegid", "setsid"]),
    (socket, ["send_fds", "recv_fds"]),
    (_signal, signals),
):
    for name in names:
        delattr(module, name)
sys.modules |= {"fcntl": None, "resource": None}

from nbjudge import coordinator, errors
from nbjudge.worker.submission import grade_submission

try:
    coordinator.grade(sys.argv[1], ["01-tiny"])
except errors.SandboxUnavailable as problem:
    assert "say --unconfined" in str(problem), problem
else:
    raise AssertionError("it ran other people's code without being asked to")

def run_here(client, tasks):
    for task in tasks:
        yield [(task.name, grade_submission(pickle.loads(task.assignment), task.submission))]

coordinator.workers_of = lambda *_: contextlib.nullcontext()
coordinator.run_tasks = run_here
options = coordinator.Options(confined=False)
assert coordinator.grade(sys.argv[1], ["01-tiny"], options=options).clean
"""


def test_windows_has_no_forks_and_grades_with_ordinary_kernels(tmp_path):
    course = course_of_one(tmp_path)
    folder = course / "submitted" / "one" / LESSON / "data"
    folder.mkdir()
    (folder / "more.txt").write_text("1")
    subprocess.run([sys.executable, "-c", AS_ON_WINDOWS, str(course)], check=True)
    assert points(course) == [2, 2]
