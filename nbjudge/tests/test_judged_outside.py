"""Checks with the tag `judge-outside`: judged from files and plain values, in a fresh sandbox."""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from classroom import meta
from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.grading.options import Options

PS = "ps1"
ONE = Options(workers=1)
SETUP = """import math
import helper
limit = 3
scores = None
"""
CELLS = {
    "setup": SETUP,
    "values": "scores = [1.0, 2.5]",
    "t-values": "assert scores == [1.0, 2.5] and helper.twice(limit) == 6",
    "between": "names = {'a': 1}",
    "count": "count = 4",
    "t-count": "half = count / 2\n%time assert count == 4\n1 if half == 2 else 0",
    "file": "open('out.txt', 'w').write('right')",
    "t-file": "assert open('out.txt').read() == 'right'\nassert names == {'a': 1}",
    "func": "def double(x):\n    return 2 * x",
    "t-func": "assert double(3) == 6 and half == 2",
}


def notebook(answers=None):
    """The source, or a submission with these answers in place of the right ones."""
    cells = []
    for name, source in (CELLS | (answers or {})).items():
        cell = new_code_cell(source, id=name)
        if name[:2] == "t-":
            cell.metadata = meta(name, grade=True, locked=True, points=1)
            cell.metadata["tags"] = ["judge-outside"] if name != "t-func" else []
        elif name not in ("setup", "between"):
            cell.metadata = meta(name, solution=True)
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def marks(root, answers):
    """{student: points of the four checks} of a class with these answers, {student: answers}."""
    source = root / "source" / PS
    source.mkdir(parents=True)
    nbformat.write(notebook(), source / f"{PS}.ipynb")
    (source / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    for student, changed in answers.items():
        folder = root / "submitted" / student / PS
        folder.mkdir(parents=True)
        nbformat.write(notebook(changed), folder / f"{PS}.ipynb")
    outcome = grade(root, [PS], options=ONE)
    assert outcome.clean
    table = report.marks(root, PS, gradebook_url(root))
    return {name: [mark.points for mark in row.values()] for name, row in table.items()}


def message(root, student, check):
    """The last error of a check in a graded notebook."""
    path = root / "autograded" / student / PS / f"{PS}.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    return cells[check].outputs[-1]


PATCHED_CHECK = """import builtins, sys
class Equal:
    def __eq__(self, other): return True
    def __call__(self, *_, **__): return Equal()
for name in ("open", "len", "float"):
    setattr(builtins, name, Equal())
import helper, math
helper.twice = math.isclose = Equal()
scores = Equal()
"""
PATCHED_FRAME = """import sys, threading
class Equal(list):
    def __eq__(self, other): return True
def trace(frame, event, argument):
    frame.f_globals.update(scores=Equal(), count=Equal(), open=Equal)
    return trace
sys.settrace(trace); threading.settrace(trace)
scores = []
"""
WRITES_MODULES = """for name in ("helper", "math", "json", "encodings", "sitecustomize"):
    with open(f"{name}.py", "w") as file:
        file.write("def twice(x): return 6\\nclass A(list):\\n  __eq__ = lambda *a: True\\n"
                   "import builtins; builtins.open = lambda *a: A()\\nscores = A()\\n")
scores = 0
"""


def test_marks_and_what_is_said(tmp_path):
    answers = {
        "right": {},
        "wrong": {"values": "scores = [1.0]", "count": "count = 5", "file": "", "func": "double=1"},
        "blank": {name: "" for name in ("values", "count", "file", "func")},
        "function": {"count": "def count():\n    return 4", "values": "class scores: pass"},
        "inside": {"values": "import math\nscores = [1.0, math.floor]"},
        "check": {"values": PATCHED_CHECK, "count": "", "file": "", "func": ""},
        "frame": {"values": PATCHED_FRAME, "count": "", "file": "", "func": ""},
        "modules": {"values": WRITES_MODULES, "count": "count = 3", "file": "", "func": ""},
        "killed": {"count": "count = 4\nimport os\nos._exit(1)"},
    }
    found = marks(tmp_path, answers)
    assert found == {
        "right": [1, 1, 1, 1],
        "wrong": [0, 0, 0, 0],
        "blank": [0, 0, 0, 0],
        "function": [0, 0, 1, 0],
        "inside": [0, 1, 1, 1],
        "check": [0, 0, 0, 0],
        "frame": [0, 0, 0, 0],
        "modules": [0, 0, 0, 0],
        "killed": [1, 0, 1, 0],
    }
    assert message(tmp_path, "blank", "t-count").evalue == "name 'count' is not defined"
    said = message(tmp_path, "function", "t-count").evalue
    assert said.startswith("`count` is a function; this exercise is judged from the values alone")
    said = message(tmp_path, "inside", "t-values").evalue
    assert said.startswith("`scores[1]` is a function; this")


def graded_with(root, check, old, new):
    """(cells that ran, points of the four checks) after a text in a check was replaced."""
    path = root / "source" / PS / f"{PS}.ipynb"
    source = nbformat.read(path, as_version=4)
    changed = next(cell for cell in source.cells if cell.id == check)
    changed.source = changed.source.replace(old, new)
    nbformat.write(source, path)
    cells = grade(root, [PS], options=Options(stay_ready=True)).cells
    table = report.marks(root, PS, gradebook_url(root))["right"]
    return cells, [mark.points for mark in table.values()]


def test_a_changed_check_is_judged_from_what_the_last_run_has_left(tmp_path):
    marks(tmp_path, {"right": {}})
    assert grade(tmp_path, [PS], options=ONE).cells == 0
    assert graded_with(tmp_path, "t-values", "2.5", "2.6") == (1, [0, 1, 1, 1])
    assert graded_with(tmp_path, "t-file", "'right'", "'left'") == (1, [0, 1, 0, 1])
    assert graded_with(tmp_path, "t-values", "2.6", "2.5") == (1, [1, 1, 0, 1])
    (tmp_path / "autograded" / "right" / PS / "out.txt").unlink()
    cells, points = graded_with(tmp_path, "t-file", "'left'", "'right'")
    assert cells > 1 and points == [1, 1, 1, 1]  # a file that it reads was lost
    assert (tmp_path / "autograded" / "right" / PS / "out.txt").exists()


def test_a_changed_check_whose_names_are_used_later_runs_all_that_depends_on_it(tmp_path):
    marks(tmp_path, {"right": {}})
    cells, points = graded_with(tmp_path, "t-count", "== 4", "== 5")
    assert cells > 1 and points == [1, 0, 1, 1]
