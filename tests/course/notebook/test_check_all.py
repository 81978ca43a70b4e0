"""`course check` and "Check all": all checks of a lesson on the learner's saved copy."""

import json
import threading

import pytest
from nbgrader.validator import Validator

from course.authoring.build import write_sources
from course.notebook import check_all, check_process, progress
from course.paths import RELEASE, ROOT, SOLUTIONS
from nbjudge.coursedir.results import only_one
from nbjudge.coursedir.settings import read_settings
from nbjudge.errors import NbjudgeError
from nbjudge.worker.submission import end_templates

LESSON = "00-start-here"
WRONG = "def count_parameters(model):\n    return len(list(model.parameters()))"
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"


@pytest.fixture(scope="module", autouse=True)
def ended():
    """What stays ready for the next check ends with this module."""
    yield
    end_templates()


def answer(work, text):
    """Save the learner's copy of lesson 00 with this answer, or as it was given out."""
    save(work, LESSON, {"count-parameters": text} if text else {})


def save(work, lesson, answers):
    """Save the learner's copy of a lesson with {exercise: source}; return its path."""
    notebook = json.loads((RELEASE / lesson / f"{lesson}.ipynb").read_text())
    for exercise, source in answers.items():
        progress.exercises_of(notebook["cells"])[exercise]["source"] = source
    path = work / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(notebook))
    return path


def test_what_passed_what_did_not_and_why(tmp_path):
    write_sources()
    with pytest.raises(NbjudgeError, match=r"run `\.venv/bin/course lab 00` once"):
        check_all.check_all(LESSON, tmp_path)
    answer(tmp_path, None)
    (row,) = check_all.check_all(LESSON, tmp_path)
    assert (row.state, row.why, row.points) == (check_all.NOT_ANSWERED, "", 0)
    answer(tmp_path, WRONG)
    (row,) = check_all.check_all(LESSON, tmp_path)
    assert row.state == check_all.NOT_YET
    told = check_all.as_text([row])
    assert "count the numbers, not the tensors [tensors-not-numbers]\n" in told
    assert "Look the codes in brackets up in work/misconceptions.md.\n" in told
    assert progress.progress(tmp_path)[0].got == 0
    answer(tmp_path, "def count_parameters(model):\n    return 7")
    (row,) = check_all.check_all(LESSON, tmp_path)
    assert row.why == "for resnet18: expected 11,689,512; got 7 [wrong-result]"
    answer(tmp_path, RIGHT)
    for hidden in (False, True):
        (row,) = check_all.check_all(LESSON, tmp_path, hidden)
        assert row.state == check_all.PASSED
        assert check_all.as_text([row]).endswith("passed\n1 of 1 points")
    assert progress.progress(tmp_path)[0].got == 1
    answer(tmp_path, WRONG)  # saved, and no check was run since
    assert progress.progress(tmp_path)[0].got == 0


def test_the_last_result_counts_until_an_answer_changes(tmp_path):
    answer(tmp_path, WRONG)
    path = tmp_path / LESSON / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text())
    (check,) = filter(progress.is_check, notebook["cells"])
    text = {"text/plain": ["Passed: on a model that a cell had changed"]}
    check["outputs"] = [{"output_type": "display_data", "data": text, "metadata": {}}]
    path.write_text(json.dumps(notebook))
    assert progress.progress(tmp_path)[0].got == 1
    check_all.check_all(LESSON, tmp_path)
    assert progress.progress(tmp_path)[0].got == 0
    progress.exercises_of(notebook["cells"])["count-parameters"]["source"] = RIGHT
    path.write_text(json.dumps(notebook))
    assert progress.progress(tmp_path)[0].got == 1


def test_nbgraders_validate_agrees(tmp_path, monkeypatch):
    """Of one right, one wrong, one broken and several unanswered exercises."""
    lesson = "06-metrics"
    solved = json.loads((SOLUTIONS / f"{lesson}.ipynb").read_text())["cells"]
    right = progress.exercises_of(solved)["confusion"]["source"]
    wrong = "def four_metrics(tp, fp, fn, tn):\n    return {}"
    answers = {"confusion": right, "four-metrics": wrong, "evaluate": "def evaluate(model:"}
    save(tmp_path, lesson, answers)
    checked = check_all.check_all(lesson, tmp_path)
    rows = {row.name: row.state for row in checked}
    the_first_rows_do_not_wait(tmp_path, lesson, answers, checked, monkeypatch)
    path = save(tmp_path, lesson, answers)
    assert rows["confusion"] == check_all.PASSED
    assert rows["four-metrics"] == rows["evaluate"] == check_all.NOT_YET
    assert rows["averages"] == check_all.NOT_ANSWERED
    (why,) = [row.why for row in checked if row.name == "evaluate"]
    assert why.startswith("The answer cell stopped with SyntaxError: ")
    result = Validator(config=read_settings(ROOT).config).validate(str(path))
    failed = {failure["source"].strip() for failure in result["failed"]}
    checks = filter(progress.is_check, json.loads(path.read_text())["cells"])
    agreed = {
        check["id"].removeprefix("check-"): "".join(check["source"]).strip() not in failed
        for check in checks
    }
    assert agreed == {name: state == check_all.PASSED for name, state in rows.items()}


def the_first_rows_do_not_wait(work, lesson, answers, expected, monkeypatch):
    """For a slow answer cell and for what comes after it; then the result is that of all checks."""
    monkeypatch.setattr(check_all, "FIRST", 0.3)
    slow = answers["four-metrics"] + "\nimport time; time.sleep(1.5)"
    save(work, lesson, answers | {"four-metrics": slow})
    first = check_all.first_rows(lesson, work)
    assert first[0] == expected[0]
    assert {row.state for row in first[1:]} == {check_all.RUNNING}
    assert check_all.total(first) == f"{first[0].points:g} of 20 points so far"
    save(work, lesson, answers | {"confusion": ""})  # what is saved later does not count
    assert check_all.check_the_rest(lesson, work) == expected


def test_for_one_lesson_a_notebook_with_a_file_beside_it_is_made_ready():
    lessons = [path.stem for path in RELEASE.glob("*/*.ipynb")]
    assert [lesson for lesson in lessons if check_all.makes_files(lesson)] == ["08-capstone"]


def test_a_check_that_cannot_run_says_what_to_do(tmp_path, monkeypatch):
    order = {"do": "check", "lesson": LESSON}
    assert (
        "run `.venv/bin/course lab 00` once" in check_process.answer_to(order, tmp_path)["problem"]
    )
    monkeypatch.setattr(check_process, "first_rows", lambda *_: 1 / 0)
    problem = check_process.answer_to(order, tmp_path)["problem"]
    assert "Try again. If it fails again, run `.venv/bin/course check 00` in a terminal." in problem


def test_a_check_waits_for_another_one_and_then_says_so(tmp_path, monkeypatch):
    answer(tmp_path, RIGHT)
    course = check_all.course_in(tmp_path)
    course.mkdir(parents=True)
    other = only_one(course)
    other.__enter__()
    monkeypatch.setattr(check_all, "PATIENCE", 0)
    with pytest.raises(NbjudgeError, match="Another check of your lessons has not ended"):
        check_all.check_all(LESSON, tmp_path)
    monkeypatch.undo()
    threading.Timer(1, other.__exit__, (None, None, None)).start()
    (row,) = check_all.check_all(LESSON, tmp_path)
    assert row.state == check_all.PASSED
