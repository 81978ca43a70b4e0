"""nbgrader's own example course, from `nbgrader quickstart`, with the submissions of its user guide and some of ours.

Stock nbgrader and ours give the same points, except where stock is unfair or can be fooled: those cases are named below.
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
from nbjudge.coursedir.settings import gradebook_url, path_with_alembic

GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
PART = "sum(squares(n) == [i ** 2 for i in range(1, n + 1)] for n in (1, 2, 3, 20))"
RIGHT = "def squares(n):\n    if n < 1:\n        raise ValueError\n    return [i ** 2 for i in range(1, n + 1)]"
SQUARES = {  # what our learners write for it; the rest of their notebooks is the one of the user guide's best learner
    "short": RIGHT.replace("range(1, n + 1)", "range(1, min(n, 3) + 1)"),
    "blank": "# YOUR CODE HERE\nraise NotImplementedError()",
    "warns": "import sys\n\n"
    + RIGHT.replace("    return", "    print('n is', n, file=sys.stderr)\n    return"),
    "shows": "import sys\n\ndef squares(n):\n    sys.displayhook(0.5)\n    return []",
    "exits": "import os\n\ndef squares(n):\n    os._exit(0)",
    "deletes": RIGHT,
}
DIFFER = {  # learner: {check: (points of stock, ours)}; None: none at all
    # Stock takes a warning on stderr for a failure.
    "warns": {
        "correct_squares": (0, 1),
        "correct_sum_of_squares": (0, 0.5),
        "share_of_squares": (0, 4),
    },
    # Stock takes what a learner's function displays for the points.
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
    # Stock has no points for a test that the learner has deleted.
    "deletes": {"share_of_squares": (None, 4)},
}


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """{"stock" or "ours": {learner: {check: points}}}"""
    folder = tmp_path_factory.mktemp("quickstart")
    environment = os.environ | {"PATH": path_with_alembic()}

    def nbgrader_says(where, *step):
        return subprocess.run(
            [sys.executable, "-m", "nbgrader", *step],
            cwd=where,
            capture_output=True,
            env=environment,
        ).returncode

    assert nbgrader_says(folder, "quickstart", "stock") == 0
    stock, ours = folder / "stock", folder / "ours"
    shutil.copytree(GUIDE / "submitted", stock / "submitted")
    for learner in SQUARES:
        shutil.copytree(GUIDE / "submitted/hacker", stock / "submitted" / learner)
    for path in stock.glob(
        "s*/**/problem1.ipynb"
    ):  # the guide's problem, and an exercise with partial credit
        notebook = nbformat.read(path, as_version=4)
        learner = path.relative_to(stock).parts[1]
        for cell in notebook.cells:
            if (
                learner in SQUARES
                and cell.metadata.get("nbgrader", {}).get("grade_id") == "squares"
            ):
                cell.source = SQUARES[learner]
        if learner != "deletes":
            notebook.cells.append(
                new_code_cell(
                    PART, metadata=meta("share_of_squares", grade=True, locked=True, points=4)
                )
            )
            del notebook.cells[-1]["id"]  # the guide's notebooks are of format 4.0, which has none
        nbformat.write(notebook, path)
    shutil.copytree(stock, ours)
    assert nbgrader_says(stock, "generate_assignment", "ps1") == 0
    assert nbgrader_says(stock, "autograde", "ps1") == 1  # one submission ends its kernel
    assert len(grade(ours, ["ps1"]).graded) == 8
    return {"stock": recorded(stock), "ours": recorded(ours)}


def recorded(root):
    found = {}
    with Gradebook(gradebook_url(root)) as book:
        for learner in sorted(os.listdir(root / "submitted")):
            try:
                notebooks = book.find_submission("ps1", learner).notebooks
                found[learner] = {
                    grade.name: grade.auto_score
                    for notebook in notebooks
                    for grade in notebook.grades
                }
            except MissingEntry:
                found[learner] = None
    return found


@pytest.mark.parametrize("learner", ["hacker", "bitdiddle", *SQUARES])
def test_points_differ_only_where_stock_is_unfair_or_fooled(points, learner):
    stock, ours = (points[who][learner] for who in ("stock", "ours"))
    assert {
        check: (stock[check], ours[check]) for check in ours if stock[check] != ours[check]
    } == DIFFER.get(learner, {})
    assert set(stock) == set(ours) and len(ours) == 10


def test_partial_credit_and_cells_to_mark_by_hand(points):
    assert (
        points["ours"]["short"]["share_of_squares"]
        == points["stock"]["short"]["share_of_squares"]
        == 3
    )
    assert (
        points["ours"]["hacker"]["part-a"] is None
        and points["ours"]["blank"]["correct_squares"] == 0
    )
