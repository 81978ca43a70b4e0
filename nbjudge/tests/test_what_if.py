"""`grade --what-if`: who would gain or lose, and nothing is written."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from classroom import LESSON, answered, hand_in, make_course, make_source, points
from nbjudge.cli import app
from nbjudge.coordinator import grade
from nbjudge.coursedir.settings import CONFIG, gradebook_url, read_settings
from nbjudge.errors import CourseError
from nbjudge.grading.options import Options
from nbjudge.what_if import what_if

WRONG_SUM = "def add(x, y):\n    return x"
NO_MEAN = "def mean(values):\n    return 0"
ONE = Options(workers=1)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    root = tmp_path_factory.mktemp("graded")
    make_course(root)
    hand_in(root, "one", answered())
    hand_in(root, "two", answered(add=WRONG_SUM))
    hand_in(root, "three", answered(mean=NO_MEAN))
    assert grade(root, [LESSON], options=ONE).clean
    return root


@pytest.fixture
def course(graded, tmp_path):
    """A copy of the graded course, for one test."""
    return Path(shutil.copytree(graded, tmp_path, dirs_exist_ok=True))


def change_source(course, change):
    """Write the source notebook anew after `change(cells by name)`."""
    source = make_source()
    change({cell.id: cell for cell in source.cells})
    nbformat.write(source, course / "source" / LESSON / f"{LESSON}.ipynb")


def stricter(cells):
    """A check that asks more of `mean`, and one that gives more points."""
    cells["check-mean"].source += "\nassert mean([4]) == 4.5, 'one value'"
    cells["check-add"].metadata.nbgrader["points"] = 5


def files_of(course):
    """{name: digest} of all files but the lock."""
    return {
        path.relative_to(course).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in course.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def run(course, *options):
    return CliRunner().invoke(app, ["grade", LESSON, "--root", str(course), *options])


def test_it_tells_who_gains_and_loses_and_writes_nothing(course):
    change_source(course, stricter)
    before = files_of(course)
    _, changes = what_if(read_settings(course), [LESSON], options=ONE)
    told = {change.student: (change.before, change.after) for change in changes}
    assert told == {"one": (4, 5), "three": (2, 5), "two": (2, 0)}
    two = next(change for change in changes if change.student == "two")
    assert [(cell.exercise, cell.before, cell.after) for cell in two.cells] == [
        ("add", 0, 0),
        ("mean", 2, 0),
    ]
    assert two.cells[1].why == "the check failed: one value"
    shown = run(course, "--what-if")
    assert shown.exit_code == 0, shown.output
    assert "2 gain points, 1 lose points, 0 keep theirs" in shown.stdout
    assert "Nothing was written." in shown.stdout
    assert files_of(course) == before


def test_a_grading_after_it_comes_out_as_if_there_had_been_none(course):
    kept = grade(course, [LESSON], options=ONE)
    assert kept.cells == 0
    change_source(course, stricter)
    foretold = {
        change.student: change.after
        for change in what_if(read_settings(course), [LESSON], options=ONE)[1]
    }
    outcome = grade(course, [LESSON], options=ONE)
    assert outcome.cells > 0  # what --what-if ran is not kept
    assert {who: sum(points(course, who)) for who in foretold} == foretold


def test_only_what_a_change_reaches_runs(course):
    assert what_if(read_settings(course), [LESSON], options=ONE)[0].cells == 0
    change_source(course, stricter)
    outcome, _ = what_if(read_settings(course), [LESSON], options=ONE)
    whole, _ = what_if(read_settings(course), [LESSON], options=ONE._replace(force=True))
    assert 0 < outcome.cells < whole.cells
    assert outcome.cells == grade(course, [LESSON], options=ONE).cells


def test_json_has_a_line_for_each_change_and_the_sum(course):
    change_source(course, stricter)
    hand_in(course, "new", answered())
    hand_in(course, "broken", "<html>")
    shown = run(course, "--what-if", "--json")
    assert shown.exit_code == 1
    *lines, total = map(json.loads, shown.stdout.splitlines())
    assert {line["learner"]: line["gain"] for line in lines} == {
        "new": 0,
        "one": 1,
        "three": 3,
        "two": -2,
    }
    counts = {name: total[name] for name in ("gain", "lose", "same", "new", "not_graded")}
    assert counts == {"gain": 2, "lose": 1, "same": 0, "new": 1, "not_graded": 1}
    told = [finding["learner"] for finding in total["findings"]]
    assert told == ["broken", "new", "one", "three", "two"]  # whoever ended first


def test_marks_by_hand_and_penalties_count(course):
    with (course / CONFIG).open("a") as config:
        config.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    hand_in(course, "one", "2026-01-02 00:00:00 UTC", "timestamp.txt")
    with Gradebook(gradebook_url(course)) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
        book.find_grade("check-add", LESSON, LESSON, "two").manual_score = 1.5
        book.db.commit()
    before = files_of(course)
    changes = {each.student: each for each in what_if(read_settings(course), [LESSON])[1]}
    assert (changes["one"].before, changes["one"].after) == (4, 0)
    assert (changes["one"].penalty_before, changes["one"].penalty_after) == (0, 4)
    assert (changes["two"].before, changes["two"].after) == (3.5, 3.5)
    assert "the penalty for being late" in run(course, "--what-if").stdout
    assert files_of(course) == before


def test_a_course_that_nobody_has_graded_stays_as_it_is(tmp_path):
    make_course(tmp_path)
    hand_in(tmp_path, "one", answered())
    before = files_of(tmp_path)
    shown = run(tmp_path, "--what-if")
    assert "0 keep theirs, 1 graded for the first time" in shown.stdout
    assert files_of(tmp_path) == before
    assert not (tmp_path / ".grading").exists() and not (tmp_path / "gradebook.db").exists()


def test_a_gradebook_that_cannot_be_copied_is_told_in_a_sentence(course):
    with (course / CONFIG).open("a") as config:
        config.write("c.CourseDirectory.db_url = 'postgresql://u:secret@localhost/g'\n")
    with pytest.raises(CourseError, match="only an SQLite file can be copied") as told:
        what_if(read_settings(course), [LESSON])
    assert "secret" not in str(told.value)


def test_a_damaged_gradebook_is_told_in_a_sentence(course):
    (course / "gradebook.db").write_bytes(b"no database, but a longer text of some other kind" * 99)
    with pytest.raises(CourseError, match="cannot be copied"):
        what_if(read_settings(course), [LESSON])


def test_a_gradebook_in_use_is_copied_whole(course):
    with sqlite3.connect(course / "gradebook.db") as other:
        other.execute("UPDATE grade SET manual_score = 1")  # not committed yet
        _, changes = what_if(read_settings(course), [LESSON], options=ONE)
        assert {change.before for change in changes} == {4, 2}
        other.rollback()
