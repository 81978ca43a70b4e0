"""Cells that change after grading: marks and comments given by hand are kept."""

import csv
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook, MissingEntry
from typer.testing import CliRunner

from classroom import LESSON, answered, hand_in, make_course, make_source, meta
from nbjudge.cli import app
from nbjudge.coordinator import grade
from nbjudge.coursedir.settings import gradebook_url, read_settings
from nbjudge.grading.options import Options
from nbjudge.what_if import what_if

ONE = Options(workers=1)
WRONG_SUM = "def add(x, y):\n    return x"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course of two, graded; of `one` the check of `add` and its answer are marked by hand."""
    root = tmp_path_factory.mktemp("graded")
    make_course(root)
    hand_in(root, "one", answered(add=WRONG_SUM))
    hand_in(root, "two", answered())
    assert grade(root, [LESSON], options=ONE).clean
    with Gradebook(gradebook_url(root)) as book:
        mark = book.find_grade("check-add", LESSON, LESSON, "one")
        mark.manual_score, mark.extra_credit, mark.needs_manual_grade = 1.5, 0.25, False
        book.find_comment("add", LESSON, LESSON, "one").manual_comment = "Nearly."
        book.db.commit()
    return root


@pytest.fixture
def course(graded, tmp_path):
    """A copy of the graded course, for one test."""
    return Path(shutil.copytree(graded, tmp_path, dirs_exist_ok=True))


def test_cell(name, code, points):
    return new_code_cell(code, id=name, metadata=meta(name, grade=True, locked=True, points=points))


test_cell.__test__ = False


def put_source(course, *, without=(), new=(), name=LESSON):
    """The source without some cells, and with new ones at its end."""
    source = make_source()
    source.cells = [cell for cell in source.cells if cell.id not in without] + list(new)
    nbformat.write(source, course / "source" / LESSON / f"{name}.ipynb")


def marks(course, student="one"):
    """{cell: (automatic points, points by hand, extra points, whether a person is to look)}"""
    with Gradebook(gradebook_url(course)) as book:
        found = {}
        for mark in book.find_submission_notebook(LESSON, LESSON, student).grades:
            scores = mark.auto_score, mark.manual_score, mark.extra_credit
            found[mark.name] = (*scores, mark.needs_manual_grade)
        return found


def comment(course, cell="add"):
    with Gradebook(gradebook_url(course)) as book:
        return book.find_comment(cell, LESSON, LESSON, "one").manual_comment


def says(course, options=ONE):
    outcome = grade(course, [LESSON], options=options)
    return [finding.says for finding in outcome.findings], outcome.clean


def test_a_test_that_was_added_changes_no_mark_by_hand(course):
    put_source(course, new=[test_cell("check-more", "assert add(1, 1) == 2", 3)])
    (said, *missing), clean = says(course)
    assert all("`check-more` was deleted, or it is newer" in each for each in missing)
    assert clean and said == (
        "its cells have changed since submissions were graded (new: check-more): marks and "
        "comments given by hand are kept, grade all learners again"
    )
    assert marks(course) == {
        "check-add": (0, 1.5, 0.25, False),
        "check-mean": (2, None, None, False),
        "check-more": (0, None, None, False),
    }
    assert marks(course, "two")["check-more"] == (3, None, None, False)
    assert comment(course) == "Nearly."
    with Gradebook(gradebook_url(course)) as book:
        submission = book.find_submission(LESSON, "one")
        assert (submission.score, submission.max_score) == (3.75, 7)
    assert says(course) == (missing, True)  # it is told once


SPLIT = [
    test_cell("check-add-small", "assert add(2, 3) == 5", 1),
    test_cell("check-add-large", "assert add(20, 22) == 42", 1),
]


def test_a_split_test_with_marks_by_hand_needs_to_know_where_they_go(course):
    put_source(course, without=["check-add"], new=SPLIT)
    before = marks(course)
    (said,), clean = says(course)
    assert not clean and "`check-add` is gone or renamed" in said and "(one)" in said
    assert "--moved check-add=NEW" in said
    assert marks(course) == before
    (said,), clean = says(course, ONE._replace(moved=(("check-add", "check-addd"),)))
    assert not clean and "name one of check-add-large, check-add-small, check-mean" in said
    assert marks(course) == before
    _, clean = says(course, ONE._replace(moved=(("check-add", "check-add-small"),)))
    assert clean and marks(course) == {
        "check-add-small": (0, 1.5, 0.25, True),  # a person is to look at it again
        "check-add-large": (0, None, None, False),
        "check-mean": (2, None, None, False),
    }
    assert marks(course, "two")["check-add-small"] == (1, None, None, False)
    assert comment(course) == "Nearly."


def test_the_command_line_takes_the_new_name(course):
    put_source(course, without=["check-add"], new=SPLIT)
    run = ["grade", LESSON, "--root", str(course), "--workers", "1", "--moved"]
    refused = CliRunner().invoke(app, [*run, "check-add"])
    assert refused.exit_code == 1 and "expected OLD=NEW" in refused.stderr
    done = CliRunner().invoke(app, [*run, "check-add=check-add-large"])
    assert done.exit_code == 0, done.output
    assert marks(course)["check-add-large"] == (0, 1.5, 0.25, True)


def test_what_was_given_to_a_cell_that_is_gone_can_go_into_a_file(course):
    put_source(course, without=["check-add", "add"])
    moved = (("check-add", ""), ("add", ""))
    said, clean = says(course, ONE._replace(moved=moved))
    (path,) = (course / ".grading").rglob("set-aside/*.csv")
    assert clean and str(path) in said[-1]
    rows = list(csv.DictReader(path.open()))
    assert {(row["learner"], row["cell"], row["points"], row["comment"]) for row in rows} == {
        ("one", "add", "", "Nearly."),
        ("one", "check-add", "1.5", ""),
    }
    assert marks(course) == {"check-mean": (2, None, None, False)}
    with Gradebook(gradebook_url(course)) as book, pytest.raises(MissingEntry):
        book.find_comment("add", LESSON, LESSON, "one")


def test_a_comment_goes_with_a_renamed_answer(course):
    source = make_source()
    for cell in source.cells:
        if cell.id == "add":
            cell.metadata.nbgrader.grade_id = "sum"
    nbformat.write(source, course / "source" / LESSON / f"{LESSON}.ipynb")
    (said,), clean = says(course)
    assert not clean and "`add` is gone or renamed" in said
    assert says(course, ONE._replace(moved=(("add", "sum"),)))[1]
    assert comment(course, "sum") == "Nearly."


def test_a_test_without_marks_by_hand_goes_and_comes_without_a_question(course):
    put_source(
        course, without=["check-mean"], new=[test_cell("mean-2", "assert mean([2]) == 2", 4)]
    )
    (said, *_), clean = says(course)
    assert clean and "(new: mean-2; gone: check-mean)" in said
    assert marks(course)["mean-2"] == (4, None, None, False)
    put_source(course)
    assert says(course)[1]
    found = {name: points for name, (*points, _) in marks(course).items()}
    assert found == {"check-add": [0, 1.5, 0.25], "check-mean": [2, None, None]}


def test_a_notebook_is_added_and_removed_after_grading(course):
    put_source(course, name="02-more")
    assert says(course)[1]
    assert marks(course)["check-add"] == (0, 1.5, 0.25, False)
    with Gradebook(gradebook_url(course)) as book:
        assert book.find_submission(LESSON, "one").max_score == 8
    (course / "source" / LESSON / "02-more.ipynb").unlink()
    assert says(course)[1]
    assert set(marks(course)) == {"check-add", "check-mean"}
    assert marks(course)["check-add"] == (0, 1.5, 0.25, False)


def test_what_if_foretells_a_new_test_and_changes_nothing(course):
    put_source(course, new=[test_cell("check-more", "assert add(1, 1) == 2", 3)])
    before = marks(course)
    _, changes = what_if(read_settings(course), [LESSON], options=ONE)
    told = {each.student: (each.before, each.after, each.possible_after) for each in changes}
    assert told == {"one": (3.75, 3.75, 7), "two": (4, 7, 7)}
    assert changes[1].cells[0] == ("more", None, 3, None, 3, "")
    assert marks(course) == before
