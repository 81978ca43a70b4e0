"""`nbjudge report` on a class that was graded."""

import csv
import json
import stat

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from classroom import LESSON, answered, hand_in, make_course, make_source, meta
from nbjudge.cli import app
from nbjudge.coordinator import grade
from nbjudge.coursedir.failures import UNANSWERED
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.report import marks
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.grading.options import Options


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    hand_in(root, "ada", answered())
    hand_in(root, "bob", answered(add="def add(x, y):\n    return x  # by Bob Builder"))
    hand_in(root, "eve", answered(add="def add(x, y):\n    return 5"))
    hand_in(root, "broken", "<html>")
    grade(root, [LESSON], options=Options(workers=2))
    with Gradebook(gradebook_url(root)) as book:
        book.update_or_create_student("bob", first_name="Bob", last_name="Builder")
        book.update_or_create_assignment(LESSON, duedate="2026-10-05 12:00 UTC")
    return root


def report(course, *options):
    return CliRunner().invoke(app, ["report", "--root", str(course), *options])


def test_it_writes_a_page_and_the_same_data_for_programs(course, tmp_path):
    done = report(course, "--out", str(tmp_path))
    assert done.exit_code == 0, done.output
    names = ["exercises", "lessons", "marks", "misconceptions", "near", "stuck"]
    files = {path.name: path for path in tmp_path.iterdir()}
    assert set(files) == {"report.html", "report.json", *(f"{name}.csv" for name in names)}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    data = json.loads(files["report.json"].read_text())
    (lesson,) = data["lessons"]
    assert (lesson["due"], lesson["graded"], lesson["not_graded"]) == ("2026-10-05", 3, ["broken"])
    assert lesson["marks"]["bob"]["add"]["reason"] == "not-a-sum"
    assert all(each["seconds"] > 0 for each in lesson["exercises"])
    with files["misconceptions.csv"].open() as file:
        wrong = {row["code"]: row for row in csv.DictReader(file)}
    assert wrong["not-a-sum"]["learners"] == "bob"
    assert wrong["not-a-sum"]["example_answer"].endswith("# by Bob Builder")
    assert wrong["not-a-sum"]["example_observed"] == "Observed: something else"
    # the instructor sees which hidden test failed; the learner's feedback does not say it
    told = "a hidden test failed: assert secret_check == 42"
    assert wrong["AssertionError"]["title"] == told
    assert told in files["report.html"].read_text()


def test_names_can_be_hidden(course, tmp_path):
    done = report(course, "--out", str(tmp_path), "--hide-names")
    everything = done.output + "".join(path.read_text() for path in tmp_path.iterdir())
    for name in ("ada", "bob", "Bob", "Builder", "eve"):
        assert f"{name}<" not in everything and f" {name}" not in everything
    assert "# by (name) (name)" in everything


def test_one_learner_is_printed_and_nothing_written(course, tmp_path):
    done = report(course, "--learner", "eve", "--out", str(tmp_path))
    assert "2/4" in done.stdout and "assert secret_check == 42" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["ps9"], "ps9: nobody is graded"),
        (["--learner", "nobody"], "nobody is not graded"),
        ([LESSON, "--learner", "broken"], f"{LESSON}: broken is not graded"),
        (["--out", "/proc/none"], "/proc/none: the report cannot be written there"),
    ],
)
def test_what_cannot_be_reported_is_told_in_a_sentence(course, options, says):
    done = report(course, *options)
    assert done.exit_code == 1 and says in done.stderr


def test_a_damaged_graded_notebook_is_named(course, tmp_path):
    path = course / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb"
    before = path.read_bytes()
    path.chmod(0o644)
    path.write_text('{"cells": 3')
    try:
        done = report(course, "--out", str(tmp_path))
    finally:
        path.write_bytes(before)
    assert done.exit_code == 1 and str(path) in done.stderr and "--learner ada" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_course_that_nobody_has_graded_says_so_and_stays_as_it_is(tmp_path):
    make_course(tmp_path)
    hand_in(tmp_path, "ada", answered())
    done = report(tmp_path)
    assert done.exit_code == 1 and "no lesson is graded" in done.stderr
    assert not (tmp_path / "report").exists() and not (tmp_path / "gradebook.db").exists()


def test_a_written_answer_that_is_as_it_was_given_out_is_not_attempted(tmp_path):
    make_course(tmp_path)
    cells = {}
    for text in ("A model answer.", "mine"):
        metadata = meta("essay", grade=True, solution=True, points=3)
        cells[text] = new_markdown_cell(text, id="essay", metadata=metadata)
    source = make_source()
    source.cells.append(cells["A model answer."])
    nbformat.write(source, tmp_path / "source" / LESSON / f"{LESSON}.ipynb")
    for student, notebook in (("blank", released(source)), ("wrote", answered())):
        if student == "wrote":
            notebook.cells.append(cells["mine"])
        hand_in(tmp_path, student, notebook)
    grade(tmp_path, [LESSON], options=Options(workers=1))
    table = marks(tmp_path, LESSON, gradebook_url(tmp_path))
    assert table["blank"]["essay"].failure.reason == UNANSWERED
    assert table["wrote"]["essay"].to_do and table["wrote"]["essay"].failure is None
