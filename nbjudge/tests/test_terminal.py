"""The tables in a terminal: readable at 80 columns, with the totals that nbgrader exports."""

import csv

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin
from rich.console import Console

from classroom import LESSON, answered, hand_in, make_course, make_source
from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.failures import CHECKED, RAISED, UNANSWERED, Failure
from nbjudge.coursedir.report import Class, Mark
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.grading.options import Options
from nbjudge.terminal import print_class, print_student

FAILED = Failure("AssertionError", "assert add(2, 3) == 5", CHECKED)
LONG = "a-student-whose-identifier-has-40-letter"


def printed(width, show, *arguments):
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as capture:
        show(console, "ps1", *arguments)
    return capture.get()


def big_class():
    """Three notebooks of twenty exercises, and a name of 40 letters."""
    table = {}
    for number, student in enumerate([LONG, "bob\x1b[31m", "[red]cy[/]"]):
        row = {}
        for exercise in range(60):
            points = (exercise + number) % 3 / 2
            failure = None if points else FAILED
            name = f"part{exercise // 20}/check-exercise-{exercise % 20}"
            row[name] = Mark(points, 1, exercise == 59, failure)
        table[student] = row
    return Class(table | {"no-json": {}}, {LONG: 2.5})


def test_a_table_that_fits_has_a_column_for_each_exercise():
    row = {"check-add": Mark(2, 2, False, None), "check-mean": Mark(0, 1, False, FAILED)}
    text = printed(80, print_class, Class({LONG: row}, {}))
    assert [LONG, "2/2", "0/1", "2/3"] in [line.split() for line in text.split("\n")]
    assert "1 of 1: `mean`, the check failed: assert add(2, 3) == 5" in text


@pytest.mark.parametrize("width", [80, 120])
def test_a_table_that_does_not_fit_is_two_that_do(width):
    text = printed(width, print_class, big_class())
    tables, _, wrong = text.partition("1 of 4")
    assert max(map(len, tables.split("\n"))) <= width
    assert wrong
    words = [line.split() for line in tables.split("\n")]
    assert ["9.5/20", "10/20", "10.5/20", "1", "-2.5", "27.5/60"] in [line[1:] for line in words]
    assert LONG in tables or "-40-letter" in tables  # the name alone is folded
    assert ["no-json", "not", "graded"] in words
    assert ["part0/exercise-0", "0.5/1", "1", "1", "1"] in words
    assert "[red]cy[/]" in text and "\x1b" not in text


def test_one_student_sees_each_exercise_with_its_reason():
    row = {
        "check-a": Mark(2, 2, False, None),
        "check-b": Mark(0, 1, False, Failure("no-division", "A mean divides")),
        "check-c": Mark(0, 1, False, Failure("KeyError", "x", RAISED)),
        "check-d": Mark(0, 1, False, Failure(UNANSWERED, "")),
        "essay": Mark(0, 5, True, None),
    }
    text = printed(80, print_student, "ada", Class({"ada": row, "bob": {}}, {"ada": 0.5}))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    assert lines[0] == "ps1, ada: 1.5/10, 0.5 taken off for being late"
    assert "bob" not in text
    for line in (
        "a 2/2",
        "b 0/1 no-division - A mean divides",
        "c 0/1 the student's code raised KeyError: x",
        "d not answered",
        "essay to mark",
    ):
        assert line in lines


def test_totals_are_those_that_nbgrader_exports(tmp_path):
    """With a penalty, extra credit, a mark by hand, and a notebook that was not handed in."""
    make_course(tmp_path)
    nbformat.write(make_source(), tmp_path / "source" / LESSON / "second.ipynb")
    for student in ("ada", "bob", "cy"):
        hand_in(tmp_path, student, answered(add="def add(x, y):\n    return y + x"))
    hand_in(tmp_path, "bob", answered(mean="def mean(values):\n    return 7"), "second.ipynb")
    grade(tmp_path, [LESSON], options=Options(workers=1))
    url = gradebook_url(tmp_path)
    file = tmp_path / "grades.csv"
    with Gradebook(url) as book:
        first = book.find_submission_notebook(LESSON, LESSON, "ada")
        first.late_submission_penalty = 1.5
        book.find_submission_notebook(LESSON, LESSON, "cy").late_submission_penalty = 99
        book.find_grade("check-add", LESSON, LESSON, "ada").extra_credit = 0.25
        book.find_grade("check-mean", "second", LESSON, "bob").manual_score = 1
        book.db.commit()
        CsvExportPlugin(to=str(file)).export(book)
    expected = {}
    for row in csv.DictReader(file.open()):
        expected[row["student_id"]] = f"{float(row['score']):g}/{float(row['max_score']):g}"
    _, body = report.lines(report.read_class(tmp_path, LESSON, url))
    assert {row[0]: row[-1] for row in body} == expected
    assert expected == {"ada": "2.75/8", "bob": "7/8", "cy": "0/8"}
