"""`course check`: all checks of a lesson on the learner's saved copy."""

import json

import pytest

from course.authoring.build import RELEASE, write_sources
from course.notebook import check_all, progress
from nbjudge.errors import NbjudgeError

LESSON = "00-start-here"
WRONG = "def count_parameters(model):\n    return len(list(model.parameters()))"
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"


def answer(work, text):
    """Save the learner's copy with this answer, or as it was given out."""
    notebook = json.loads((RELEASE / LESSON / f"{LESSON}.ipynb").read_text())
    if text:
        progress.exercises_of(notebook["cells"])["count-parameters"]["source"] = [text]
    (work / LESSON).mkdir(exist_ok=True)
    (work / LESSON / f"{LESSON}.ipynb").write_text(json.dumps(notebook))


def test_what_passed_what_did_not_and_why(tmp_path):
    write_sources()
    with pytest.raises(NbjudgeError, match="run `course lab 00` once"):
        check_all.check_all(LESSON, tmp_path)
    answer(tmp_path, None)
    (row,) = check_all.check_all(LESSON, tmp_path)
    assert (row.state, row.why, row.points) == (check_all.NOT_ANSWERED, "", 0)
    answer(tmp_path, WRONG)
    (row,) = check_all.check_all(LESSON, tmp_path)
    assert row.state == check_all.NOT_YET
    assert "count the numbers" in check_all.as_text([row])
    assert progress.progress(tmp_path)[0].got == 0
    answer(tmp_path, RIGHT)
    for hidden in (False, True):
        (row,) = check_all.check_all(LESSON, tmp_path, hidden)
        assert row.state == check_all.PASSED
        assert "1 of 1 points" in check_all.as_text([row])
    assert progress.progress(tmp_path)[0].got == 1
    answer(tmp_path, WRONG)  # saved, and no check was run since
    assert progress.progress(tmp_path)[0].got == 0
