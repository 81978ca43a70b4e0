"""Ordinary Jupyter kernels, where there is no sandbox."""

import json
import os
import site
import subprocess
import sys
import venv

import nbformat
import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_notebook, new_output

from classroom import (
    LESSON,
    answered,
    course_of_one,
    hand_in,
    make_course,
    make_source,
    meta,
    points,
)
from nbjudge.coordinator import grade
from nbjudge.coursedir.rebuild import released
from nbjudge.errors import SandboxUnavailable
from nbjudge.grading.options import Options
from nbjudge.job import Job, Step
from nbjudge.worker import kernels
from nbjudge.worker.kernels import as_result, executor, foreign_kernel, is_this_python

ORDINARY = Options(kernel="python3", confined=False, workers=1)


def test_ordinary_kernels_run_only_where_that_is_allowed(tmp_path):
    course = course_of_one(tmp_path)
    with pytest.raises(SandboxUnavailable, match="without a sandbox"):
        grade(course, [LESSON], options=Options(kernel="python3"))


def test_what_a_kernel_sends_is_made_valid_text():
    half = "half \ud800"
    outputs = [
        new_output("stream", text=half),
        new_output("display_data", data={"text/plain": half}, metadata={half: half}),
    ]
    step = Step("a", "", "answer")
    stream, display = as_result(new_code_cell("", outputs=outputs), step).outputs
    assert stream["text"] == display["data"]["text/plain"] == "half ?"
    assert display["metadata"] == {"half ?": "half ?"}


# ---- one course, both ways -----------------------------------------------------------------------

# {exercise: (answer, check, points of at most 2, which stock nbgrader gives as well)}
EXERCISES = {
    "whole": ("x = 1", "assert x == 1", 2),
    "wrong": ("y = 1", "assert y == 2, 'one is not two'", 0),
    "part": ("def f():\n    print('in f')\n    return 0.5", "f()", 0.5),
    "none": ("", "0", 0),
    "too-much": ("", "print('before')\n3", 2),
    "third": ("third = 1 / 3", "third", 1 / 3),
    "answer-shows-a-number": (
        "from IPython.display import display\ndef g():\n    display(1)\n    return 1.5",
        "g()",
        1.5,
    ),
    "answer-gives-a-result": ("import sys\ndef h():\n    sys.displayhook(1)", "h()\nassert h", 2),
    "no-number": ("word = 'two'", "word", 2),
    "a-truth": ("", "1 == 2", 2),
    "not-finite": ("", "float('inf')", 2),
    "a-function": ("", "def last():\n    return 1", 2),
    "prints": ("import sys\nprint('1')\nprint('2', file=sys.stderr)\n42", "print(1)", 2),
    "raises": ("1/0", "raise ValueError('no')", 0),
    "asks": ("try:\n    input()\nexcept Exception:\n    print('nobody answers')", "None", 2),
    "awaits": ("import asyncio\nawait asyncio.sleep(0)", "await asyncio.sleep(0)\n1", 1),
    "no-python": ("def f(:", "0.5", 0.5),
    "ends-the-process": ("import os\nz = 1\nos._exit(1)", "assert z == 1", 0),
    "too-slow": ("import time\nslow = 1\ntime.sleep(60)\nslow = 2", "assert slow == 1", 2),
    "check-ends-it": ("import os\ndef bye():\n    os._exit(1)", "bye()", 0),
    "at-the-end": ("", "assert x == 1 and third", 2),
}
# Their outputs differ, because stock's check of a sandbox shows no value but its points.
NOT_SHOWN = {"answer-gives-a-result", "no-number", "a-truth", "not-finite", "too-much", "third"}


def course_of_exercises(root):
    cells = []
    for name, (answer, check, _) in EXERCISES.items():
        text = f"### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
        cells.append(new_code_cell(text, id=name, metadata=meta(name, solution=True)))
        metadata = meta(f"check-{name}", grade=True, locked=True, points=2)
        cells.append(new_code_cell(check, id=f"check-{name}", metadata=metadata))
    source = new_notebook(cells=cells, metadata=make_source().metadata)
    make_course(root)
    nbformat.write(source, root / "source" / LESSON / f"{LESSON}.ipynb")
    notebook = released(source)
    for cell in notebook.cells:
        if cell.id in EXERCISES:
            cell.source = EXERCISES[cell.id][0] or "pass"
    hand_in(root, "one", notebook)


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory):
    """[(points, outputs by cell)] of the sandbox and of an ordinary kernel."""
    found = []
    for name, options in {"sandbox": Options(workers=1), "kernel": ORDINARY}.items():
        root = tmp_path_factory.mktemp(name)
        course_of_exercises(root)
        grade(root, [LESSON], options=options._replace(timeout=2))
        graded = nbformat.read(root / "autograded" / "one" / LESSON / f"{LESSON}.ipynb", 4)
        outputs = {cell.id: told(cell.outputs) for cell in graded.cells}
        found.append((points(root), outputs))
    return found


def told(outputs):
    """What outputs say, whatever the order of the two streams and the form of tracebacks."""
    streams = {"stdout": "", "stderr": ""}
    others = []
    for output in outputs:
        if output.output_type == "stream":
            streams[output.name] += output.text
        elif output.output_type == "error":
            message = "" if output.ename == "SyntaxError" else output.evalue  # which names a file
            others.append((output.ename, message))
        else:
            others.append((output.output_type, output.data.get("text/plain")))
    return streams, others


@pytest.mark.parametrize("name", EXERCISES)
def test_ordinary_kernels_give_the_same_marks_and_outputs(both_ways, name):
    place = list(EXERCISES).index(name)
    for marks, _ in both_ways:
        assert marks[place] == pytest.approx(EXERCISES[name][2])
    (_, inside), (_, outside) = both_ways
    assert inside[name] == outside[name]
    if name not in NOT_SHOWN:
        assert inside[f"check-{name}"] == outside[f"check-{name}"]


def test_a_kernel_that_heeds_no_interrupt_passes_no_check(monkeypatch):
    monkeypatch.setattr(kernels, "IOPUB_SECONDS", 1)
    stubborn = """import time
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass"""
    steps = (Step("check", stubborn, "check", True), Step("later", "assert True", "check", True))
    job = Job(steps, {}, (), (), {}, timeout=1, total=10, confined=False, kernel="python3")
    first, second = kernels.run_in_kernel(job)
    assert (first.well, first.end) == (False, "time, not heeded")
    assert second.well


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
from nbjudge.grading import running
from nbjudge.grading.options import Options
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

running.workers_of = lambda *_: contextlib.nullcontext()
running.run_tasks = run_here
options = Options(confined=False)
assert coordinator.grade(sys.argv[1], ["01-tiny"], options=options).clean
"""


def test_windows_has_no_forks_and_grades_with_ordinary_kernels(tmp_path):
    course = course_of_one(tmp_path)
    folder = course / "submitted" / "one" / LESSON / "data"
    folder.mkdir()
    (folder / "more.txt").write_text("1")
    (tmp_path / "own").mkdir()
    # without locks its temporary folders seem left over to any other grading, so they lie apart
    surroundings = os.environ | {"TMPDIR": str(tmp_path / "own")}
    command = [sys.executable, "-c", AS_ON_WINDOWS, str(course)]
    subprocess.run(command, check=True, env=surroundings)
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


@pytest.fixture
def other_environment(tmp_path):
    """The Python of a virtual environment with the packages of this one."""
    folder = tmp_path / "other"
    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "more.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin" / "python"


def test_another_python_is_used_or_nothing_is_graded(tmp_path, install, other_environment):
    install("other", "python", str(other_environment), "-m", "ipykernel_launcher")
    course = course_in(tmp_path / "course", {"name": "other", "display_name": "Other"})
    where = "import sys\nprint(sys.prefix)\n\ndef add(x, y):\n    return x + y"
    hand_in(course, "one", answered(add=where))
    outcome = grade(course, [LESSON])
    (finding,) = outcome.findings
    assert finding.blocks and f"another Python ({other_environment})" in finding.says
    assert "install nbjudge beside that Python" in finding.says and outcome.graded == []
    grade(course, [LESSON], options=ALLOWED)
    assert points(course) == [2, 2]
    graded = (course / "autograded" / "one" / LESSON / f"{LESSON}.ipynb").read_text()
    assert str(other_environment.parent.parent) in graded


def test_a_python_kernel_that_is_not_there_is_told_and_this_python_used(tmp_path):
    course = course_in(tmp_path / "course", {"name": "my-laptop", "display_name": "Mine"})
    outcome = grade(course, [LESSON])
    (finding,) = [finding for finding in outcome.findings if not finding.student]
    assert not finding.blocks and "`my-laptop`, which is not installed" in finding.says
    assert outcome.clean and points(course) == [2, 2]


def test_what_can_have_a_sandbox_keeps_it_without_being_asked_to(tmp_path):
    course = course_of_one(tmp_path)
    trace = tmp_path / "trace"
    hand_in(course, "one", answered(add=TRACES.format(str(trace))))
    grade(course, [LESSON], options=ALLOWED)
    assert points(course) == [0, 2] and not trace.exists()


@pytest.mark.parametrize(
    ("program", "this"),
    [
        ("python", True),
        ("python3.9", True),
        (sys.executable, True),
        (f"{sys.prefix}/bin/python3", True),
        ("/opt/conda/envs/mine/bin/python", False),
        (f"{sys.prefix}/bin/conda", False),
        ("bash", False),
    ],
)
def test_which_programs_are_this_python(program, this):
    assert is_this_python(program) is this


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
    assert executor(0.5, 9).timeout_func(None) == 1
