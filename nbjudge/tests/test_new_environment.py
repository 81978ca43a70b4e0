"""What a stranger does: install the engine alone, and grade nbgrader's example course with it.

The new environment has neither PyTorch nor NumPy. Packages come from the index that pip is
configured to use; where it cannot be reached, the test is skipped.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

PACKAGE = Path(__file__).parents[1]
ANSWERS = {
    "squares": """def squares(n):
    if n < 1:
        raise ValueError
    return [i ** 2 for i in range(1, n + 1)]""",
    "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
}
UNREACHABLE = ("Failed to establish a new connection", "Temporary failure in name resolution")
MARKS = """
SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score FROM grade
JOIN base_cell ON base_cell.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
WHERE grade.auto_score IS NOT NULL
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of programs of a new environment, in which only the engine is installed."""
    folder = tmp_path_factory.mktemp("environment")
    # a copy, because building a package leaves files in its folder
    shutil.copytree(PACKAGE, folder / "nbjudge", ignore=shutil.ignore_patterns("build", "*.egg*"))
    venv.create(folder / "venv", with_pip=True)
    installed = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--prefer-binary"]
    done = run(installed, folder, "pip", "install", *options, str(folder / "nbjudge"))
    if done.returncode and any(words in done.stderr for words in UNREACHABLE):
        pytest.skip("pip cannot reach its index")
    assert done.returncode == 0, done.stderr
    return installed


def run(programs, folder, name, *arguments):
    """Run a program of the new environment in a folder, as a person does who activated it."""
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "VIRTUAL_ENV": str(programs.parent)}
    environment.pop("PYTHONPATH", None)
    command = [str(programs / name), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_example_course_of_nbgrader_is_graded(programs, tmp_path):
    for library in ("torch", "numpy"):
        missing = run(programs, tmp_path, "python", "-c", f"import {library}")
        assert "ModuleNotFoundError" in missing.stderr, f"{library} is installed"
    assert run(programs, tmp_path, "nbgrader", "quickstart", "course101").returncode == 0
    course = tmp_path / "course101"
    hand_in(course, "right", ANSWERS)
    hand_in(course, "blank", dict.fromkeys(ANSWERS, "raise NotImplementedError"))
    done = run(programs, course, "nbjudge", "grade", "ps1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "report-ps1.html" in done.stdout
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        points = {"right": {}, "blank": {}}
        for student, check, score in gradebook.execute(MARKS):
            points[student][check] = score
    assert points["right"] == {
        "correct_squares": 1,
        "squares_invalid_input": 1,
        "correct_sum_of_squares": 0.5,
        "sum_of_squares_uses_squares": 0.5,
    }
    assert points["blank"] == dict.fromkeys(points["right"], 0)


def hand_in(course, student, answers):
    """Hand in the source notebooks with these answers."""
    folder = course / "submitted" / student / "ps1"
    shutil.copytree(course / "source" / "ps1", folder)
    path = folder / "problem1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(grade_id, cell.source)
    nbformat.write(notebook, path)
