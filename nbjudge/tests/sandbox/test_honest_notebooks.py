"""A notebook's names belong to the student, and what honest code changes stays as it is."""

import sys

import pytest

from nbjudge.job import Job, OfLesson, Step
from nbjudge.sandbox.host import session
from nbjudge.sandbox.host.fork_server import ForkServer

# A package with state, as an instructor writes one: answers move the robot, checks look at it.
ROBOT = """
import functools

SPEEDS = {"slow": 1, "fast": 2}  # nothing changes it
position = [0, 0]
steps = 0
board = {}
handlers = []
current = None


def move(how="slow"):
    global steps
    steps += 1
    position[0] += SPEEDS[how]


def told(text):
    return text


def describe():
    move = told("it moves")  # no other name is meant than that of this variable
    return told(move)


def cells():
    return board


def on_move(function):
    handlers.append(function)
    return function


def start(name):
    global current
    current = name.upper


@functools.cache
def world():
    return {"size": 3}


def fetch():
    return "from the network"
"""


NO_LESSON = OfLesson()


@pytest.fixture(scope="module")
def robot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    (folder / "robot.py").write_text(ROBOT)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def server(robot):
    with ForkServer() as running:
        yield running


def run(server, cells, lesson=NO_LESSON, **more):
    """Run (kind, source) cells; return their results. A check runs alone unless it sets `kept`."""
    steps = []
    for number, (kind, source) in enumerate(cells):
        alone = kind == "check" and "kept" not in source
        steps.append(Step(f"{kind}-{number}", source, kind, alone))
    fields = {"files": {}, "own": (), "imports": (), "assignment_files": {}} | more
    return server.run(Job(tuple(steps), lesson=lesson, **fields))


def verdicts(results, cells):
    return [result.well for result, cell in zip(results, cells, strict=True) if cell[0] == "check"]


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        ("def area(r): return 3 * r * r", True),
        ("def area(r): return 0", False),
        ("", False),
        ("area = lambda r: 3 * r * r", True),
        ("class area:\n    def __new__(cls, r): return 3 * r * r", True),
    ],
)
def test_a_given_function_may_be_written_anew(server, answer, well):
    cells = [
        ("given", "def area(r): return -1"),
        ("answer", answer),
        ("check", "assert area(2) == 12"),
    ]
    assert verdicts(run(server, cells), cells) == [well]


@pytest.mark.parametrize(
    ("answer", "well"),
    [("def max(a): return sorted(a)[-1]", True), ("def max(a): return a[0]", False)],
)
def test_a_function_of_pythons_own_may_be_written_anew(server, answer, well):
    cells = [("answer", answer), ("check", "assert max([1, 3, 2]) == 3")]
    assert verdicts(run(server, cells), cells) == [well]


def test_a_check_may_leave_a_library_stubbed(server):
    cells = [
        ("given", "import math, builtins"),
        ("answer", "def total(a): return sum(a)"),
        ("check", "math.fsum = None\nassert total([1, 2]) == 3"),
        ("check", "kept = 1\nmath.prod = None\nassert total([1, 2]) == 3"),
        ("check", "builtins.input = lambda *a: '5'\nassert input() == '5'"),
    ]
    results = run(server, cells, OfLesson(writes=("fsum", "prod", "input")))
    assert verdicts(results, cells) == [True, True, True]
    assert not any(result.notes for result in results)


def test_the_state_of_an_instructors_package_stays(server):
    cells = [
        ("given", "import robot"),
        ("answer", "robot.move('fast')\nrobot.move()\nrobot.cells()['a'] = 1\nrobot.start('x')"),
        ("answer", "@robot.on_move\ndef seen(): ..."),
        ("check", "assert robot.position == [3, 0] and robot.steps == 2"),
        ("check", "assert robot.board == {'a': 1} and robot.current() == 'X'"),
        ("check", "assert robot.handlers[0].__name__ == 'seen'"),
        ("check", "robot.move()\nassert robot.steps == 3"),
    ]
    results = run(server, cells, own=("robot",))
    assert verdicts(results, cells) == [True] * 4
    assert not any(result.notes for result in results)


@pytest.mark.parametrize(
    "change",
    [
        "robot.SPEEDS['fast'] = 0",
        "robot.SPEEDS = {}",
        "robot.move = lambda *a: None",
        "robot.move.__code__ = (lambda *a: None).__code__",
        "robot.move.__defaults__ = ('fast',)",
        "robot.world()['size'] = 4",
        "robot.sorted = None",
        "import builtins\nbuiltins.sorted = None",
    ],
)
def test_constants_and_functions_of_an_instructors_package_are_restored(server, change):
    check = """
before = robot.position[0]
robot.move()
robot.move("fast")
assert robot.position[0] == before + 3 and robot.world() == {"size": 3}
assert not hasattr(robot, "sorted") and sorted([2, 1]) == [1, 2]
"""
    cells = [("given", "import robot"), ("answer", change), ("check", check)]
    assert verdicts(run(server, cells, own=("robot",)), cells) == [True]


def test_what_the_lesson_asks_for_is_not_restored(server):
    cells = [
        ("given", "import robot"),
        ("answer", "robot.SPEEDS['fast'] = 5\nrobot.fetch = lambda: 'from a file'"),
        ("check", "assert robot.SPEEDS['fast'] == 5 and robot.fetch() == 'from a file'"),
    ]
    asked = OfLesson(mentions=("SPEEDS",), writes=("fetch",))
    assert verdicts(run(server, cells, asked, own=("robot",)), cells) == [True]
    assert verdicts(run(server, cells, own=("robot",)), cells) == [False]


def test_what_a_later_given_cell_changes_is_the_instructors(server):
    cells = [
        ("answer", "x = 1"),
        ("given", "import robot"),
        ("given", "robot.fetch = lambda: 'offline'"),
        ("check", "assert robot.fetch() == 'offline'"),
    ]
    results = run(server, cells, own=("robot",), imports=("robot",))
    assert verdicts(results, cells) == [True]
    assert not any(result.notes for result in results)


def test_the_search_path_stays_as_the_answer_has_left_it(server):
    cells = [
        ("answer", "import os, sys\nos.mkdir('lib')\nopen('lib/mine.py', 'w').write('x = 1')"),
        ("answer", "sys.path.append('lib')"),
        ("check", "import mine\nassert mine.x == 1"),
    ]
    assert verdicts(run(server, cells), cells) == [True]


@pytest.mark.parametrize(
    "answer",
    [
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    os.chdir(folder)",
        "import pathlib, sys\nsys.path.append(pathlib.Path('lib'))",
    ],
)
def test_a_check_runs_where_the_folder_is_gone_or_the_search_path_odd(server, answer):
    cells = [("answer", answer), ("check", "import wave\nassert 1")]
    assert verdicts(run(server, cells), cells) == [True]


HARMLESS = [
    "import inspect; inspect.currentframe(); sources = inspect.getsource(inspect.getmodule)",
    "import collections; P = collections.namedtuple('P', 'x'); P(1)",
    "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 0\nA()",
    "import logging; logging.warning('x'); logging.exception('y')",
    "import traceback\ntry:\n    1 / 0\nexcept Exception:\n    traceback.print_exc()",
    "import unittest.mock\nwith unittest.mock.patch('os.getcwd'):\n    pass",
    "import doctest; doctest.run_docstring_examples('>>> 1\\n1', {})",
    "import pdb, code, dis; dis.dis(lambda: 1)",
    "import copy, pickle; pickle.loads(pickle.dumps({1: copy.deepcopy([1])}))",
    "import threading; t = threading.Thread(target=print); t.start(); t.join()",
    "import multiprocessing as m\nwith m.Pool(2) as pool:\n    pool.map(abs, [1, -1])",
    "import decimal, fractions, statistics; statistics.mean([1, 2])",
    "import ast; exec(compile(ast.parse('y = 1'), 'x.py', 'exec'))",
]


@pytest.mark.parametrize("source", HARMLESS)
def test_ordinary_code_runs_and_is_not_told(server, source):
    lesson = OfLesson(asks=("_getframe",)) if "currentframe" in source else OfLesson()
    (result,) = run(server, [("answer", source)], lesson)
    assert result.well, result.outputs
    assert result.notes == []


@pytest.mark.parametrize("looks", [0, 3])
def test_a_program_that_a_cell_starts_is_there_for_the_next_one(server, monkeypatch, looks):
    """Popen returns as soon as the program replaces the fork; the command line follows."""
    unseen = [b""] * looks
    seen = session.command
    monkeypatch.setattr(session, "command", lambda pid: unseen.pop() if unseen else seen(pid))
    cells = [
        ("answer", "import subprocess\ncat = subprocess.Popen('cat', stdin=-1, stdout=-1)"),
        ("answer", "reply = cat.communicate(b'x')[0]"),
        ("check", "assert reply == b'x'"),
    ]
    results = run(server, cells)
    assert verdicts(results, cells) == [True]
    assert not any(result.notes for result in results)


def test_cells_are_numbered_and_checks_see_the_sources_before_them(server):
    cells = [
        ("answer", "def total(a):\n    return sum(a)"),
        ("check", "assert 'sum' in In[-2] and 'for' not in In[-2]"),
        ("answer", "x = len(In)"),
        ("check", "assert x == 4 and In[3] == 'x = len(In)'"),
    ]
    results = run(server, cells)
    assert verdicts(results, cells) == [True, True], results
