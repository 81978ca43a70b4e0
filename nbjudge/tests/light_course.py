"""Grade nbgrader's own example course with stock nbgrader and with nbjudge, and compare.

    python nbjudge/tests/light_course.py 30

The course is the one that `nbgrader quickstart` makes, with so many learners: every third hands in
a wrong answer. Its cells take no time, so what is measured is all that stands around them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from nbjudge.coursedir.settings import path_with_alembic

RIGHT = """def squares(n):
    if n < 1:
        raise ValueError(n)
    return [i**2 for i in range(1, n + 1)]"""
WRONG = "def squares(n):\n    return [i**2 for i in range(n)]"


def make_class(root: Path, students: int) -> None:
    """Make the course, and hand its release in with an answer to `squares`."""
    run(root.parent, "nbgrader", "quickstart", root.name)
    run(root, "nbgrader", "generate_assignment", "ps1")
    for number in range(students):
        folder = root / "submitted" / f"learner-{number:02d}" / "ps1"
        shutil.copytree(root / "release" / "ps1", folder)
        notebook = nbformat.read(folder / "problem1.ipynb", as_version=4)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "squares":
                answer = WRONG if number % 3 == 2 else RIGHT
                cell.source = f"{answer}\n# of learner {number}"
        nbformat.write(notebook, folder / "problem1.ipynb")


def run(folder: Path, *command: str) -> float:
    """Run a module's command in a folder and return its seconds. Raises CalledProcessError."""
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | {"PATH": path_with_alembic()},
        capture_output=True,
        check=True,
    )
    return time.monotonic() - started


def marks(root: Path) -> dict[tuple[str, str, str], float]:
    """Return {(student, notebook, test): points}."""
    found = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        for submission in book.find_assignment("ps1").submissions:
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    key = submission.student_id, notebook.name, grade.name
                    found[key] = grade.auto_score
    return found


def main() -> None:
    """Run from the command line."""
    students = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="nbjudge-light-") as folder:
        stock, ours = Path(folder) / "stock", Path(folder) / "ours"
        make_class(stock, students)
        shutil.copytree(stock, ours)
        of_stock = run(stock, "nbgrader", "autograde", "ps1")
        of_ours = run(ours, "nbjudge", "grade", "ps1")
        same = marks(stock) == marks(ours)
        print(f"{students} learners, {len(marks(stock))} marks, {'equal' if same else 'NOT equal'}")
        print(
            f"stock {of_stock:.1f} s, ours {of_ours:.1f} s: {of_stock / of_ours:.1f} times as fast"
        )
        sys.exit(not same)


if __name__ == "__main__":
    main()
