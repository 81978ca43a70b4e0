"""Ordinary Jupyter kernels, where there is no sandbox."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_output

from classroom import LESSON, answered, course_of_one, hand_in, make_source, points
from nbjudge.coordinator import Options, grade
from nbjudge.errors import SandboxUnavailable
from nbjudge.worker.kernels import as_result, executor, foreign_kernel

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


def test_what_a_kernel_sends_is_made_valid_text():
    half = "half \ud800"
    outputs = [
        new_output("stream", text=half),
        new_output("display_data", data={"text/plain": half}, metadata={half: half}),
    ]
    stream, display = as_result(new_code_cell("", outputs=outputs), "").outputs
    assert stream["text"] == display["data"]["text/plain"] == "half ?"
    assert display["metadata"] == {"half ?": "half ?"}


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


# ---- kernels that are not Python's, or not there -------------------------------------------------

TRACES = "def add(x, y):\n    open({!r}, 'w').close()\n    return x + y"
ALLOWED = Options(confined=False)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a kernel of some language; what it runs is Python all the same."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    def install_kernel(name, language, *program):
        folder = tmp_path / "jupyter" / "kernels" / name
        folder.mkdir(parents=True)
        program = program or (sys.executable, "-m", "ipykernel_launcher")
        spec = {"argv": [*program, "-f", "{connection_file}"], "language": language}
        (folder / "kernel.json").write_text(json.dumps(spec | {"display_name": name}))

    return install_kernel


def course_in(root, spec, language_info=None):
    """A course with this kernelspec, and a right submission of the student `one`."""
    root.mkdir()
    course = course_of_one(root)
    source = make_source()
    source.metadata.kernelspec = from_dict(spec)
    if language_info:
        source.metadata.language_info = {"name": language_info}
    nbformat.write(source, course / "source" / LESSON / f"{LESSON}.ipynb")
    return course


@pytest.mark.parametrize("language_info", [None, "octave"])
def test_a_kernel_that_is_not_pythons_runs_only_where_that_is_allowed(
    tmp_path, install, language_info
):
    install("mine", "octave")
    spec = {"name": "mine", "display_name": "Mine"} | (
        {} if language_info else {"language": "octave"}
    )
    course = course_in(tmp_path / "course", spec, language_info)
    trace = tmp_path / "trace"
    hand_in(course, "spy", answered(add=TRACES.format(str(trace))))
    outcome = grade(course, [LESSON])
    (finding,) = outcome.findings
    assert finding.blocks and "`mine`" in finding.says and "say --unconfined" in finding.says
    assert outcome.graded == [] and not trace.exists()
    assert not (course / "autograded" / "spy").exists()
    assert grade(course, [LESSON], options=ALLOWED).clean
    assert points(course) == [2, 2] and trace.exists()


@pytest.mark.parametrize("options", [Options(), ALLOWED])
def test_a_kernel_that_is_not_installed_grades_nobody(tmp_path, install, options):
    install("mine", "octave")
    spec = {"name": "ir", "display_name": "R", "language": "R"}
    course = course_in(tmp_path / "course", spec)
    hand_in(course, "two", answered())
    outcome = grade(course, [LESSON], options=options)
    (finding,) = outcome.findings
    assert finding.blocks and finding.student == "" and outcome.graded == []
    assert "`ir`, which is not installed" in finding.says and "mine, python3" in finding.says
    assert not list((course / "autograded").glob("*/*/*.ipynb"))


@pytest.mark.parametrize(
    "program", [("/no/such/program",), (sys.executable, "-c", "raise SystemExit(3)")]
)
def test_a_kernel_that_does_not_start_grades_nobody(tmp_path, install, program):
    install("mine", "octave", *program)
    spec = {"name": "mine", "display_name": "Mine", "language": "octave"}
    course = course_in(tmp_path / "course", spec)
    outcome = grade(course, [LESSON], options=ALLOWED)
    (finding,) = outcome.findings
    assert finding.blocks and "the kernel `mine` does not start" in finding.says
    assert outcome.graded == [] and not (course / "autograded" / "one").exists()


@pytest.mark.parametrize(
    ("metadata", "kernel"),
    [
        ({}, ""),
        ({"kernelspec": {"name": "python3", "display_name": "Python 3"}}, ""),
        ({"kernelspec": {"name": "conda-env-mine", "display_name": "mine"}}, ""),
        ({"kernelspec": {"name": "x", "language": "Python"}}, ""),
        ({"kernelspec": {"name": "x", "language": "R"}}, "x"),
        ({"kernelspec": {"name": "x"}, "language_info": {"name": "R"}}, "x"),
        ({"kernelspec": {"name": "mine"}}, "mine"),
        ({"language_info": {"name": "julia"}}, "julia"),
    ],
)
def test_which_notebooks_are_not_python(install, metadata, kernel):
    install("mine", "octave")
    assert foreign_kernel(from_dict(metadata)) == kernel


def test_less_than_a_second_is_a_limit():
    assert executor(0.5).timeout == 1
