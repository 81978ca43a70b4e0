"""The `nbjudge` command: what it prints, and its exit status."""

import json

import pytest
from typer.testing import CliRunner

from classroom import LESSON, answered, hand_in, make_course
from nbjudge.cli import Defaults, app, new_app
from nbjudge.errors import NbjudgeError


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one submission that is right and one that is no notebook."""
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    hand_in(root, "right", answered())
    hand_in(root, "no-json", "this is not a notebook")
    return root


def run_nbjudge(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_grade_prints_the_points_and_where_the_report_is(course):
    done = run_nbjudge("grade", LESSON, "--learner", "right", "--root", course)
    assert done.exit_code == 0, done.output
    assert "right" in done.stdout
    assert "4/4" in done.stdout
    assert f"report-{LESSON}.html" in done.stdout


def test_grade_exits_with_1_if_something_is_not_graded(course):
    done = run_nbjudge("grade", LESSON, "--learner", "no-json", "--root", course)
    assert done.exit_code == 1
    assert "Not graded:" in done.stderr
    assert "the file is not JSON" in done.stderr


def test_grade_for_machines_prints_a_json_object_a_line(course):
    done = run_nbjudge("grade", LESSON, "--json", "--workers", "1", "--root", course)
    *rows, total = [json.loads(line) for line in done.stdout.splitlines()]
    graded = {row["learner"]: row["graded"] for row in rows}
    assert graded == {"right": True, "no-json": False}
    points = {"points": 2.0, "possible": 2.0, "to_mark": False}
    right = next(row for row in rows if row["graded"])
    assert right["exercises"] == {"add": points, "mean": points}
    assert (right["lesson"], right["points"], right["possible"]) == (LESSON, 4.0, 4.0)
    assert (right["late_penalty"], right["to_mark"]) == (0, False)
    assert total["graded"] == 1
    assert total["not_graded"] == 1
    assert done.exit_code == 1


def test_the_root_is_the_current_folder_by_default(course, monkeypatch):
    monkeypatch.chdir(course)
    done = run_nbjudge("grade", LESSON, "--learner", "right")
    assert done.exit_code == 0
    assert "4/4" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay", "nobody", LESSON], f"nobody has no graded {LESSON} here"),
        (["answers"], "answers holds no answers"),
        (["bench"], "answers holds no answers"),
    ],
)
def test_an_error_is_a_message_and_exit_status_1(course, arguments, sentence):
    done = run_nbjudge(*arguments, "--root", course)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.output


def test_an_app_of_a_course_has_its_own_defaults(tmp_path):
    """It prepares its folder first, and only an NbjudgeError becomes a message."""
    prepared = []
    own_app = new_app("A course.", Defaults(tmp_path, prepare=prepared.append))

    @own_app.command()
    def explain() -> None:
        raise NbjudgeError("do this instead")

    @own_app.command()
    def crash() -> None:
        raise ValueError("a fault of the program")

    done = CliRunner().invoke(own_app, ["answers"])
    assert done.exit_code == 1
    assert f"{tmp_path / 'answers'} holds no answers" in done.stderr
    assert prepared == [tmp_path]
    explained = CliRunner().invoke(own_app, ["explain"])
    assert explained.exit_code == 1
    assert explained.stderr == "do this instead\n"
    crashed = CliRunner().invoke(own_app, ["crash"])
    assert isinstance(crashed.exception, ValueError)


def test_report_and_feedback_are_of_what_is_graded(course):
    nobody = run_nbjudge("report", LESSON, "--learner", "no-json", "--root", course)
    assert nobody.exit_code == 1
    assert f"run `nbjudge grade {LESSON}` first" in nobody.stderr
    run_nbjudge("grade", LESSON, "--learner", "right", "--root", course)
    whole = run_nbjudge("report", LESSON, "--root", course)
    assert "right   2/2  2/2        4/4" in whole.stdout and "no-json" in whole.stdout
    one = run_nbjudge("report", LESSON, "--learner", "right", "--root", course)
    assert f"{LESSON}, right: 4/4" in one.stdout and "no-json" not in one.stdout
    written = run_nbjudge("feedback", LESSON, "--root", course)
    assert written.exit_code == 0, written.output
    assert (course / "feedback" / "right" / LESSON / f"{LESSON}.html").exists()
