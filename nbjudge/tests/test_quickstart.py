"""nbgrader's example course, from `nbgrader quickstart`: stock nbgrader and nbjudge side by side.

Handed in are the submissions of nbgrader's user guide and some of ours. Both give the same points,
except where stock nbgrader is unfair or can be fooled: those cases are named in DIFFER.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook, MissingEntry

from classroom import meta
from nbjudge.coordinator import grade
from nbjudge.coursedir.report import name_of
from nbjudge.coursedir.settings import gradebook_url, path_with_alembic

GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
PART = "sum(squares(n) == [i ** 2 for i in range(1, n + 1)] for n in (1, 2, 3, 20))"
RIGHT = """def squares(n):
    if n < 1:
        raise ValueError
    return [i ** 2 for i in range(1, n + 1)]"""
WARNS = """import sys

def squares(n):
    if n < 1:
        raise ValueError
    print('n is', n, file=sys.stderr)
    return [i ** 2 for i in range(1, n + 1)]"""

# What our students write for `squares`; the rest is the notebook of the guide's best student.
SQUARES = {
    "short": RIGHT.replace("range(1, n + 1)", "range(1, min(n, 3) + 1)"),
    "blank": "# YOUR CODE HERE\nraise NotImplementedError()",
    "warns": WARNS,
    "shows": "import sys\n\ndef squares(n):\n    sys.displayhook(0.5)\n    return []",
    "exits": "import os\n\ndef squares(n):\n    os._exit(0)",
    "deletes": RIGHT,
}
DIFFER = {  # student: {check: (points of stock, ours)}; None: none at all
    # Stock takes a warning on stderr for a failure.
    "warns": {
        "correct_squares": (0, 1),
        "correct_sum_of_squares": (0, 0.5),
        "share_of_squares": (0, 4),
    },
    # Stock takes what a student's function displays for the points.
    "shows": {
        "correct_squares": (0.5, 0),
        "squares_invalid_input": (0.5, 0),
        "correct_sum_of_squares": (0.5, 0),
        "share_of_squares": (0.5, 0),
    },
    # Stock loses a notebook that ends its kernel, whatever else it holds.
    "exits": {
        "correct_squares": (None, 0),
        "squares_invalid_input": (None, 0),
        "correct_sum_of_squares": (None, 0),
        "sum_of_squares_uses_squares": (None, 0.5),
        "share_of_squares": (None, 0),
    },
    # Stock has no points for a test that the student has deleted.
    "deletes": {"share_of_squares": (None, 4)},
}


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """{"stock" or "ours": {student: {check: points}}}"""
    folder = tmp_path_factory.mktemp("quickstart")
    assert run_nbgrader(folder, "quickstart", "stock") == 0
    stock = folder / "stock"
    shutil.copytree(GUIDE / "submitted", stock / "submitted")
    for student in SQUARES:
        shutil.copytree(GUIDE / "submitted/hacker", stock / "submitted" / student)
    for path in stock.glob("s*/**/problem1.ipynb"):  # of source/ and submitted/
        change_problem(path, student=path.relative_to(stock).parts[1])
    ours = folder / "ours"
    shutil.copytree(stock, ours)
    assert run_nbgrader(stock, "generate_assignment", "ps1") == 0
    assert run_nbgrader(stock, "autograde", "ps1") == 1  # one submission ends its kernel
    assert len(grade(ours, ["ps1"]).graded) == 8
    return {"stock": recorded(stock), "ours": recorded(ours)}


def run_nbgrader(folder, *arguments):
    """Run nbgrader's own command in a folder and return its exit status."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        capture_output=True,
        env=os.environ | {"PATH": path_with_alembic()},
    ).returncode


def change_problem(path, student):
    """Put a student's answer in, and add an exercise with partial credit to the guide's problem."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if student in SQUARES and name_of(cell) == "squares":
            cell.source = SQUARES[student]
    if student != "deletes":
        metadata = meta("share_of_squares", grade=True, locked=True, points=4)
        share = new_code_cell(PART, metadata=metadata)
        del share["id"]  # the guide's notebooks are of format 4.0, which has none
        notebook.cells.append(share)
    nbformat.write(notebook, path)


def recorded(root):
    """{student: {check: points}} as the gradebook has them; None for who is not graded."""
    found = {}
    with Gradebook(gradebook_url(root)) as gradebook:
        for student in sorted(os.listdir(root / "submitted")):
            try:
                notebooks = gradebook.find_submission("ps1", student).notebooks
            except MissingEntry:
                found[student] = None
                continue
            found[student] = {}
            for notebook in notebooks:
                for mark in notebook.grades:
                    found[student][mark.name] = mark.auto_score
    return found


@pytest.mark.parametrize("student", ["hacker", "bitdiddle", *SQUARES])
def test_points_differ_only_where_stock_is_unfair_or_fooled(points, student):
    stock, ours = points["stock"][student], points["ours"][student]
    assert set(stock) == set(ours) and len(ours) == 10
    different = {}
    for check in ours:
        if stock[check] != ours[check]:
            different[check] = (stock[check], ours[check])
    assert different == DIFFER.get(student, {})


def test_partial_credit_and_cells_to_mark_by_hand(points):
    stock, ours = points["stock"], points["ours"]
    assert ours["short"]["share_of_squares"] == stock["short"]["share_of_squares"] == 3
    assert ours["hacker"]["part-a"] is None
    assert ours["blank"]["correct_squares"] == 0
