"""What is the course's own fault is told to the instructor once, and is never a mark."""

import pytest
from nbgrader.api import Gradebook, MissingEntry
from side_by_side import Course, answer, check, given, hand_in, lay_out, nbgrader

from nbjudge.coordinator import grade
from nbjudge.grading.options import Options

ONE = Options(workers=1)


def course_of(root, *cells, answers, files=None):
    """A course with these cells, and its students."""
    course = Course({"p1": list(cells)}, answers, files=files or {})
    lay_out(course, root)
    assert nbgrader(root, "generate_assignment ps1") == 0
    hand_in(course, root)
    return root


def is_graded(root, student):
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        try:
            return [
                grade.auto_score
                for grade in book.find_submission("ps1", student).notebooks[0].grades
            ]
        except MissingEntry:
            return None


@pytest.mark.parametrize(
    "cells",
    [
        [given("import not_there.at_all"), answer("a", "a = 1"), check("t", "assert a == 1")],
        [answer("a", "a = 1"), check("t", "from not_there import close\nassert close(a, 1)")],
    ],
)
def test_a_package_that_the_lesson_needs_and_nobody_installed(tmp_path, cells):
    answers = {"ada": {"a": "a = 1"}, "bob": {"a": "a = 2"}}
    root = course_of(tmp_path, *cells, answers=answers)
    outcome = grade(root, ["ps1"], options=ONE)
    assert outcome.graded == [] and not outcome.clean
    assert is_graded(root, "ada") is None and not (root / "autograded" / "ada").exists()
    of_the_lesson, *of_learners = outcome.findings
    assert of_the_lesson.student == "" and "imports `not_there`" in of_the_lesson.says
    assert sorted(finding.student for finding in of_learners) == ["ada", "bob"]
    assert all("not the learner's fault" in finding.says for finding in of_learners)


def test_a_module_that_the_learner_was_to_write_is_the_learners(tmp_path):
    task = answer("a", "%%writefile tools.py\none = 1")
    cells = [given("# Write tools.py below."), task, check("t", "import tools")]
    answers = {"wrong": {"a": "pass"}}
    root = course_of(tmp_path, *cells, answers=answers)
    assert grade(root, ["ps1"], options=ONE).clean
    assert is_graded(root, "wrong") == [0]


def test_an_answer_that_imports_what_is_not_there_is_the_learners(tmp_path):
    cells = [answer("a", "a = 1"), check("t", "assert a == 1")]
    root = course_of(tmp_path, *cells, answers={"wrong": {"a": "import not_there; a = 1"}})
    assert grade(root, ["ps1"], options=ONE).clean
    assert is_graded(root, "wrong") == [0]
