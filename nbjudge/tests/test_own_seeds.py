"""Own numbers: each learner's checks get their own seed, a regrade the same, stock a fixed one."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import nbjudge
from classroom import meta
from nbjudge.coordinator import grade
from nbjudge.coursedir import own_seeds, report
from nbjudge.coursedir.results import record_of
from nbjudge.coursedir.settings import gradebook_url, path_with_alembic
from nbjudge.errors import CourseError
from nbjudge.grading.options import Options

PS = "ps1"
ONE = Options(workers=1)
HIDDEN = """assert double(2) == 4
### BEGIN HIDDEN TESTS
import random
from nbjudge import own_seed
drawn = random.Random(own_seed()).randrange(10**9)
print("drawn", drawn, own_seed())
assert double(drawn) == 2 * drawn
### END HIDDEN TESTS"""
OUTSIDE = """import nbjudge
assert count == 4
print("outside", nbjudge.own_seed())"""
CELLS = {
    "double": "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
    "t-double": HIDDEN,
    "count": "count = 4",
    "t-count": OUTSIDE,
    "other": "other = 1",
    "t-other": "assert other == 1",
}
RIGHT = "def double(x):\n    return 2 * x"
CHEAT = """import random, sys, types
import nbjudge, nbjudge.seeds
own_seed = nbjudge.own_seed = nbjudge.seeds.own_seed = lambda: 7
sys.modules["nbjudge"].__dict__["own_seed"] = own_seed
def double(x):
    return 2 * x"""


def notebook(**answers):
    """The source, or a submission with these answers."""
    cells = []
    for name, source in (CELLS | answers).items():
        cell = new_code_cell(source, id=name, metadata=meta(name, solution=True))
        if name.startswith("t-"):
            cell.metadata = meta(name, grade=True, locked=True, points=1)
            cell.metadata["tags"] = ["judge-outside"] if name == "t-count" else []
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def lay_out(root, **students):
    (root / "source" / PS).mkdir(parents=True)
    nbformat.write(notebook(), root / "source" / PS / f"{PS}.ipynb")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    for student, answer in students.items():
        folder = root / "submitted" / student / PS
        folder.mkdir(parents=True)
        nbformat.write(notebook(double=answer), folder / f"{PS}.ipynb")


def printed(root, student):
    """What the checks of a graded submission printed, as text."""
    graded = report.read_autograded(root, PS, student)[PS]
    outputs = [each for cell in graded.cells for each in cell.get("outputs", [])]
    return "".join(each.text for each in outputs if each.output_type == "stream")


def record(root, student):
    return json.loads(record_of(root, PS, student).read_text())["notebooks"][PS]


def points(root):
    table = report.marks(root, PS, gradebook_url(root))
    return {student: [mark.points for mark in row.values()] for student, row in table.items()}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    lay_out(root, ann=RIGHT, ben=RIGHT, cheat=CHEAT, wrong="def double(x):\n    return 4")
    outcome = grade(root, [PS], options=ONE)
    assert outcome.clean
    return root


def test_each_learner_and_each_check_has_a_seed(graded):
    seeds = {}
    for student in ("ann", "ben", "cheat"):
        of_student = record(graded, student)["own_seeds"]
        assert set(of_student) == {"t-double", "t-count"}
        text = printed(graded, student)
        assert f" {of_student['t-double']}\n" in text
        assert f"outside {of_student['t-count']}\n" in text
        for check, seed in of_student.items():
            seeds[student, check] = seed
    assert len(set(seeds.values())) == 6
    assert all(1 <= seed < 2**31 for seed in seeds.values())


def test_marks_are_as_without(graded):
    assert points(graded) == {
        "ann": [1, 1, 1],
        "ben": [1, 1, 1],
        "cheat": [1, 1, 1],
        "wrong": [0, 1, 1],
    }


def test_a_regrade_repeats_the_numbers(graded):
    before = {student: record(graded, student)["own_seeds"] for student in ("ann", "ben")}
    drawn = printed(graded, "ann")
    again = grade(graded, [PS], options=ONE)
    assert again.cells == 0  # the kept results hold for these very seeds
    forced = grade(graded, [PS], ["ann"], options=ONE._replace(force=True))
    assert forced.cells and printed(graded, "ann") == drawn
    assert before == {student: record(graded, student)["own_seeds"] for student in ("ann", "ben")}


def test_another_secret_runs_only_the_checks_that_ask(graded, tmp_path):
    secret = graded / ".grading" / "secret"
    kept = secret.read_text()
    assert secret.stat().st_mode & 0o077 == 0
    secret.write_text("0" * 64)
    changed = grade(graded, [PS], ["ben"], options=ONE)
    names = [cell["name"] for cell in record(graded, "ben")["cells"]]
    assert 0 < changed.cells < len(names)
    secret.write_text(kept)
    grade(graded, [PS], ["ben"], options=ONE)


def test_a_damaged_secret_is_told(graded):
    secret = graded / ".grading" / "secret"
    kept = secret.read_text()
    secret.write_text("half")
    with pytest.raises(CourseError, match=r"secret is damaged.*bring it back"):
        grade(graded, [PS], options=ONE)
    secret.write_text(kept)


def test_hidden_seeds_are_not_in_the_feedback(graded):
    from nbjudge.coursedir.feedback import write_feedback
    from nbjudge.coursedir.settings import read_settings

    folder = write_feedback(read_settings(graded), [PS], ["wrong"])
    page = (folder / "wrong" / PS / f"{PS}.html").read_text()
    assert str(record(graded, "wrong")["own_seeds"]["t-double"]) not in page


def test_stock_nbgrader_grades_with_a_fixed_seed(tmp_path):
    lay_out(tmp_path, ann=RIGHT, ben=RIGHT)
    environment = {"PATH": path_with_alembic(), "HOME": str(tmp_path)}
    for step in ("generate_assignment", "autograde"):
        command = [sys.executable, "-m", "nbgrader", step, PS]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert points(tmp_path) == {"ann": [1, 1, 1], "ben": [1, 1, 1]}
    assert "outside 0\n" in printed(tmp_path, "ann")
    assert printed(tmp_path, "ann") == printed(tmp_path, "ben")


def test_ordinary_kernels_get_the_same_seeds(graded, tmp_path):
    lay_out(tmp_path, ann=RIGHT)
    (tmp_path / ".grading").mkdir()
    (tmp_path / ".grading" / "secret").write_text((graded / ".grading" / "secret").read_text())
    options = ONE._replace(kernel="python3", confined=False)
    assert grade(tmp_path, [PS], options=options).clean
    assert record(tmp_path, "ann")["own_seeds"] == record(graded, "ann")["own_seeds"]
    assert re.findall(r"drawn \d+", printed(tmp_path, "ann")) == re.findall(
        r"drawn \d+", printed(graded, "ann")
    )


def test_a_course_without_it_has_no_secret(tmp_path):
    lay_out(tmp_path, ann=RIGHT)
    source = tmp_path / "source" / PS / f"{PS}.ipynb"
    source.write_text(source.read_text().replace("own_seed()", "__name__"))
    outcome = grade(tmp_path, [PS], options=ONE)
    assert not (tmp_path / ".grading" / "secret").exists()
    assert record(tmp_path, "ann")["own_seeds"] == {}
    assert "does not call `own_seed()` in these very letters" in str(outcome.findings)


def test_only_calls_in_checks_count():
    asked = notebook(**{"t-other": "x.own_seed()\ndef own_seed(): pass\nmy_own_seed()"})
    asked.cells[0].source = "own_seed()"
    seeds = own_seeds.put_seeds(asked, PS, "ab" * 32)
    assert set(seeds) == {"t-double", "t-count"}
    assert asked.cells[0].source == "own_seed()"
    assert asked.cells[-1].source == "x.own_seed()\ndef own_seed(): pass\nmy_own_seed()"
    assert "in a cell that is no check" in str(own_seeds.without_effect({PS: asked}))
    assert nbjudge.own_seed() == 0
