"""Replay: a graded submission, laid out for a person to look into."""

import json

import nbformat
import pytest

from classroom import LESSON, answered, hand_in, make_course
from nbjudge.coordinator import grade
from nbjudge.coursedir.report import name_of
from nbjudge.errors import CourseError
from nbjudge.replay import differences, open_submission


def test_a_graded_submission_is_laid_out_at_the_cell_that_failed(tmp_path, capsys):
    make_course(tmp_path)
    hand_in(tmp_path, "one", answered(mean="def mean(values):\n    return 0"))
    hand_in(tmp_path, "one", "1 2 3", "values.txt")
    grade(tmp_path, [LESSON])
    assert open_submission(tmp_path, "one", LESSON) == 0  # no terminal, so no JupyterLab
    folder = tmp_path / ".grading" / "replay" / "one" / LESSON
    path = folder / f"{LESSON}.ipynb"
    assert f"{path}: the first cell that failed is check-mean" in capsys.readouterr().out
    note, seeds, *cells = nbformat.read(path, as_version=4).cells
    assert "The first cell that failed is `check-mean`" in note.source
    assert "random.seed(0)" in seeds.source
    compile(seeds.source, "seeds", "exec")
    check = next(cell for cell in cells if name_of(cell) == "check-add")
    assert "secret_check" in check.source  # with the hidden tests
    assert (folder / "values.txt").read_text() == "1 2 3"

    record = json.loads((tmp_path / ".grading" / "results" / "one" / f"{LESSON}.json").read_text())
    assert list(differences(record)) == []
    record["environment"]["python"] = "3.1"
    record["environment"]["packages"]["nbformat"] = "0.1"
    python, package = differences(record)
    assert "Python 3.1;" in python and "nbformat 0.1;" in package


def test_without_a_grading_there_is_nothing_to_open(tmp_path):
    make_course(tmp_path)
    with pytest.raises(CourseError, match=f"nobody has no graded {LESSON} here"):
        open_submission(tmp_path, "nobody", LESSON)
