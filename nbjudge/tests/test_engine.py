"""The engine's own promises: what runs, what is kept, what a check may see, and what happens where there is no room to run in."""

import pickle
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin

from classroom import ANSWERS, LESSON, answered, hand_in, make_course, make_source, meta
from nbjudge import coordinator
from nbjudge.coursedir import report
from nbjudge.coursedir.gradebook import Book
from nbjudge.coursedir.settings import gradebook_url, settings
from nbjudge.job import Job, Step
from nbjudge.planning import plan
from nbjudge.sandbox.host import probe
from nbjudge.sandbox.host.fork_server import ForkServer
from nbjudge.worker import assess


@pytest.fixture
def course(tmp_path):
    make_course(tmp_path)
    hand_in(tmp_path, "one", answered())
    return tmp_path


def points(root, learner="one"):
    return [
        mark.points for mark in report.marks(root, LESSON, gradebook_url(root))[learner].values()
    ]


def ran(monkeypatch):
    """Names of the cells that really run from now on, in this process."""
    names = []

    def run_here(client, jobs):
        with ForkServer() as server:

            def run(job):
                names.extend(step.name for step in job.steps)
                return server.run(job)

            for name, (packed, *arguments) in jobs:
                yield [(name, assess.assess(pickle.loads(packed), *arguments, run))]

    monkeypatch.setattr(coordinator, "run_jobs", run_here)
    monkeypatch.setattr(
        coordinator, "workers_of", lambda *_: __import__("contextlib").nullcontext()
    )
    return names


# ---- what runs -------------------------------------------------------------------------------------------------------------

NOTEBOOK = ["import math", "data = [1, 2]", "def f(x):\n    return x"]


@pytest.mark.parametrize(
    ("check", "later", "alone"),
    [
        ("assert f(1) == 1", "assert f(2) == 2", True),
        (
            "from math import pi\nassert f(1) == 1",
            "assert f(pi)",
            False,
        ),  # a later check uses what this one imports
        ("assert data.pop() == 2", "assert data == [1]", False),  # both use one list
        ("assert data == [1, 2]", "assert f(2) == 2", True),
        ("kept = f\ndel f\nassert 'f' not in globals()\nf = kept", "assert f(2) == 2", False),
        ("if True\n", "assert f(2) == 2", False),  # who can tell
    ],
)
def test_a_check_runs_alone_where_nothing_later_depends_on_it(check, later, alone):
    cells = [
        nbformat.v4.new_code_cell(source, id=f"given-{k}") for k, source in enumerate(NOTEBOOK)
    ]
    cells += [
        nbformat.v4.new_code_cell(source, id=name, metadata=meta(name, grade=True, points=1))
        for name, source in (("first", check), ("second", later))
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    steps = {step.name: step for _, step in plan.steps_of(notebook, notebook, [])}
    assert steps["first"].alone == alone and steps["given-0"].kind == "given"


PARSE_AT_ONCE = """
import gc, sys, threading, time
from nbjudge.planning.syntax import parse

text, problems = "def f():\\n    return [x for x in (1, 2, 3) if x]\\n" * 10, []

def read():
    for _ in range(100):
        try:
            parse(text)
        except SystemError as problem:
            problems.append(problem)

gc.callbacks.append(lambda *_: time.sleep(1e-5))  # where the parser makes objects, Python may collect some, and let others run
gc.set_threshold(10)
threads = [threading.Thread(target=read) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
gc.callbacks.clear()
sys.exit(str(problems) if problems else 0)
"""


def test_a_worker_may_read_many_submissions_at_once():
    done = subprocess.run([sys.executable, "-c", PARSE_AT_ONCE], capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_a_lesson_starts_while_there_is_something_else_to_do(monkeypatch):
    monkeypatch.setattr(coordinator, "AHEAD", 1)
    wanted = [(lesson, learner) for lesson in ("01", "02", "03") for learner in "abcdef"]
    assert ["".join(each) for each in coordinator.overlapped(wanted, 2)] == (
        "01a 02a 01b 01c 01d 01e 01f 02b 02c 02d 03a 02e 02f 03b 03c 03d 03e 03f".split()
    )
    assert [
        "".join(each)
        for each in coordinator.overlapped([each for each in wanted if each[1] < "d"], 1)
    ] == "01a 02a 01b 01c 02b 03a 02c 03b 03c".split()
    assert (
        sorted(coordinator.overlapped(wanted, 100)) == wanted
        and coordinator.overlapped([], 2) == []
    )


def test_a_library_that_few_lessons_import_is_left_to_them(course):
    later = "def f():\n    import colorsys"
    sources = {
        str(n): {
            "notebook": nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(f"import math\nimport {other}\n{later}")]
            )
        }
        for n, other in enumerate(["wave", "heapq", "heapq"])
    }
    assert coordinator.Grading(
        course, settings(course), sources, coordinator.DEFAULTS, print
    ).packages == ("colorsys", "heapq", "math")
    assert plan.imported(later) == ["colorsys"] and not plan.imported(later, later=False)


def test_what_needs_no_worker_is_written_down_a_few_at_a_time(course, monkeypatch):
    for learner in ("two", "three"):
        hand_in(course, learner, answered())
    coordinator.grade(course, [LESSON])
    sizes, told, write = [], [], Book.record
    monkeypatch.setattr(
        Book,
        "record",
        lambda book, submissions: (sizes.append(len(submissions)), write(book, submissions)),
    )
    monkeypatch.setattr(coordinator, "TOGETHER", 2)
    coordinator.grade(
        course, [LESSON], tell=lambda done, total, *_: told.append((done, total, sum(sizes)))
    )
    assert sizes == [2, 1] and told == [(0, 3, 0), (1, 3, 2), (2, 3, 2), (3, 3, 3)]


def test_a_regrade_runs_what_has_changed_and_nothing_else(course, monkeypatch):
    names = ran(monkeypatch)
    coordinator.grade(course, [LESSON])
    assert names == ["cell-00", "add", "check-add", "mean", "check-mean"]
    names.clear()
    assert coordinator.grade(course, [LESSON]).graded == [(LESSON, "one")] and names == []
    source = make_source()
    for place, check, run in (
        (-1, "assert mean([3, 3]) == 3", ["cell-00", "add", "mean", "check-mean"]),
        (2, "assert add(3, 3) == 6", ["cell-00", "add", "check-add"]),
    ):
        source.cells[place].source = check
        nbformat.write(source, course / "source" / LESSON / f"{LESSON}.ipynb")
        names.clear()
        coordinator.grade(course, [LESSON])
        assert names == run and points(course) == [2, 2]


MODULES = {
    "__init__": "",
    "checks": "import json\nfrom . import helper\nfrom .helper import deep as deeper\n\nLIMIT = 3\n\ndef one(answer):\n    assert answer(LIMIT)\n\n"
    "def two(answer):\n    deeper(answer)\n\ndef three(answer):\n    assert vars(helper)\n",
    "helper": "UNUSED = 1\n\ndef deep(x):\n    return shallow(x)\n\ndef shallow(x):\n    return x\n",
}
ALL = {"given", "answer", "one", "two", "three"}


@pytest.mark.parametrize(
    ("module", "old", "new", "answer", "changed"),
    [
        ("checks", "LIMIT = 3", "LIMIT = 4", "", {"one"}),
        ("checks", "assert answer(LIMIT)", "assert answer(1)", "", {"one"}),
        (
            "helper",
            "return x",
            "return 2 * x",
            "",
            {"two", "three"},
        ),  # two reaches it by way of `deep`
        ("helper", "UNUSED = 1", "UNUSED = 2", "", {"three"}),  # which looks at the whole module
        ("helper", "UNUSED = 1", "UNUSED = 1  # not used", "", set()),
        ("helper", "UNUSED = 1", "UNUSED = 1\nprint()", "", ALL),  # runs when it is imported
        ("checks", "LIMIT = 3", "LIMIT = 4", "check.LIMIT", ALL),
        ("checks", "LIMIT = 3", "LIMIT = 4", "eval('check')", ALL),
        ("checks", "LIMIT = 3", "LIMIT = 4", "import ours", {"one"}),
        ("checks", "LIMIT = 3", "LIMIT = 4", "import ours\nprint(ours)", ALL),
    ],
)
def test_a_result_is_kept_as_long_as_all_that_its_cell_reaches_is_the_same(
    tmp_path, monkeypatch, module, old, new, answer, changed
):
    (tmp_path / "ours").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    plan.location.cache_clear()
    sources = [
        ("given", "from ours import checks as check", "given"),
        ("answer", f"def f(x):\n    return x\n{answer}", "answer"),
        *((name, f"check.{name}(f)", "check") for name in ("one", "two", "three")),
    ]
    job = Job(
        tuple(Step(name, source, kind, kind == "check") for name, source, kind in sources),
        {},
        (),
        ("ours.checks",),
        {},
    )

    def keys():
        return dict(
            zip(
                (step.name for step in job.steps),
                plan.keys_of(job, plan.code_of(job.imports)),
                strict=True,
            )
        )

    for name, text in MODULES.items():
        (tmp_path / "ours" / f"{name}.py").write_text(text)
    assert sorted(plan.own_code(["ours.checks", "json", "numpy"])) == [
        "ours",
        "ours.checks",
        "ours.helper",
    ]
    before = keys()
    assert MODULES[module].count(old) == 1
    (tmp_path / "ours" / f"{module}.py").write_text(MODULES[module].replace(old, new))
    after = keys()
    assert {name for name, key in after.items() if key != before[name]} == changed


# ---- what is recorded ------------------------------------------------------------------------------------------------------


def test_marks_and_comments_given_by_hand_survive(course):
    coordinator.grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        book.find_grade("check-add", LESSON, LESSON, "one").manual_score = 1.5
        book.find_comment("add", LESSON, LESSON, "one").manual_comment = "Nearly."
        book.db.commit()
    hand_in(course, "one", answered(add="def add(x, y):\n    return x"))
    coordinator.grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        mark = book.find_grade("check-add", LESSON, LESSON, "one")
        assert (mark.auto_score, mark.manual_score, mark.score, mark.needs_manual_grade) == (
            0,
            1.5,
            1.5,
            True,
        )
        assert book.find_comment("add", LESSON, LESSON, "one").manual_comment == "Nearly."


class HalfWhenLate(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2


def test_late_penalties_are_nbgraders(course):
    config = course / "nbgrader_config.py"
    config.write_text(
        config.read_text()
        + "from test_engine import HalfWhenLate\nc.AssignLatePenalties.plugin_class = HalfWhenLate\n"
    )
    coordinator.grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
    hand_in(course, "one", "2026-01-02 00:00:00 UTC", "timestamp.txt")
    coordinator.grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        submission = book.find_submission(LESSON, "one")
        assert (
            submission.score,
            submission.late_submission_penalty,
            submission.total_seconds_late,
        ) == (4, 2, 86400)


def test_a_lesson_of_two_notebooks(course):
    second = make_source()
    nbformat.write(second, course / "source" / LESSON / "02-more.ipynb")
    hand_in(course, "one", answered(mean="def mean(values):\n    return 0"), "02-more.ipynb")
    hand_in(course, "two", answered())
    outcome = coordinator.grade(course, [LESSON])
    assert points(course) == [2, 2, 2, 0] and points(course, "two") == [2, 2]
    assert [f.says for f in outcome.findings] == [
        "there is no 02-more.ipynb: it counts as not handed in, ask the learner if that was not meant"
    ]
    with Gradebook(gradebook_url(course)) as book:
        assert book.find_submission(LESSON, "two").score == 4


# ---- where something is not to be had --------------------------------------------------------------------------------------


def test_without_a_room_nothing_is_graded_unless_one_says_so(course, monkeypatch):
    monkeypatch.setattr(probe, "missing", lambda: "no namespaces")
    with pytest.raises(ValueError, match=r"no room .* \(no namespaces\).*--unconfined"):
        coordinator.grade(course, [LESSON])
    coordinator.grade(course, [LESSON], options=coordinator.Options(confined=False))
    assert points(course) == [2, 2]


def test_ordinary_kernels_give_the_same_marks(course):
    hand_in(
        course,
        "two",
        answered(add="def add(x, y):\n    import os\n    os._exit(0)", mean=ANSWERS["mean"]),
    )
    hand_in(course, "three", answered(mean="def mean(values):\n    return 0"))
    with pytest.raises(ValueError, match="without a room"):
        coordinator.grade(course, [LESSON], options=coordinator.Options(kernel="python3"))
    coordinator.grade(
        course, [LESSON], options=coordinator.Options(kernel="python3", confined=False)
    )
    assert (points(course), points(course, "three")) == ([2, 2], [2, 0])
    assert points(course, "two") == [0, 0]  # here a kernel that dies takes the rest with it


AS_ON_WINDOWS = """
import _signal, contextlib, os, pickle, signal, socket, sys
import distributed, IPython, jupyter_client, nbclient, nbgrader.apps, psutil, rich.progress  # these know their own way about

for module, names in ((os, ["fork", "geteuid", "getegid", "setsid"]), (socket, ["send_fds", "recv_fds"]),
                      (_signal, ["SIGALRM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "ITIMER_REAL", "setitimer", "pause"])):
    for name in names:
        delattr(module, name)
sys.modules |= {"fcntl": None, "resource": None}

from nbjudge import coordinator
from nbjudge.worker import assess
try:
    coordinator.grade(sys.argv[1], ["01-tiny"])
except ValueError as problem:
    assert "say --unconfined" in str(problem), problem
else:
    raise AssertionError("it ran other people's code without being asked to")
coordinator.workers_of = lambda *_: contextlib.nullcontext()
coordinator.run_jobs = lambda _, jobs: ([(name, assess.work(pickle.loads(packed), *arguments))] for name, (packed, *arguments) in jobs)
assert coordinator.grade(sys.argv[1], ["01-tiny"], options=coordinator.Options(confined=False)).clean
"""


def test_windows_has_no_forks_and_grades_with_ordinary_kernels(course):
    (course / "submitted" / "one" / LESSON / "data").mkdir()
    (course / "submitted" / "one" / LESSON / "data" / "more.txt").write_text("1")
    subprocess.run([sys.executable, "-c", AS_ON_WINDOWS, str(course)], check=True)
    assert points(course) == [
        mark.possible
        for mark in report.marks(course, LESSON, gradebook_url(course))["one"].values()
    ]


def test_an_unknown_scheduler_is_named(course):
    with pytest.raises(ValueError, match="no scheduler answers at tcp"):
        coordinator.grade(
            course, [LESSON], options=coordinator.Options(scheduler="tcp://127.0.0.1:9")
        )
