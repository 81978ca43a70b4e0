"""Replay: a graded submission, laid out for a person to look into."""

import json

import nbformat
import pytest

from classroom import LESSON, answered, hand_in, make_course
from nbjudge import replay
from nbjudge.coordinator import grade
from nbjudge.coursedir.report import name_of
from nbjudge.errors import CourseError
from nbjudge.replay import changes_of_environment, open_submission


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A graded course with one submission, whose second exercise is wrong."""
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    hand_in(root, "one", answered(mean="def mean(values):\n    return 0"))
    hand_in(root, "one", "1 2 3", "values.txt")
    grade(root, [LESSON])
    return root


@pytest.fixture
def started(monkeypatch):
    """The notebooks that JupyterLab is started with."""
    notebooks = []
    monkeypatch.setattr(replay, "start_jupyterlab", lambda path, _: notebooks.append(path) or 0)
    return notebooks


def test_jupyterlab_is_started_for_those_who_trust_the_code_and_for_nobody_else(
    course, started, capsys
):
    assert open_submission(course, "one", LESSON) == 0
    assert not started
    printed = capsys.readouterr()
    assert "say --trust" in printed.err
    assert 'raise AssertionError("A mean divides' in printed.out  # the check's source
    assert "[no-division]" in printed.out
    assert open_submission(course, "one", LESSON, trust=True) == 0
    assert [path.name for path in started] == [f"{LESSON}.ipynb"]


def test_a_graded_submission_is_laid_out_at_the_cell_that_failed(course, capsys):
    assert open_submission(course, "one", LESSON) == 0
    folder = course / ".grading" / "replay" / "one" / LESSON
    path = folder / f"{LESSON}.ipynb"
    printed = capsys.readouterr().out
    assert f"{path}: the first cell that failed is check-mean" in printed
    notebook = nbformat.read(path, as_version=4)
    note, seeds, *cells = notebook.cells
    assert "The first cell that failed is `check-mean`" in note.source
    assert "random.seed(0)" in seeds.source
    compile(seeds.source, "seeds", "exec")
    sources = {name_of(cell): cell.source for cell in cells}
    assert "secret_check" in sources["check-add"]  # with the hidden tests
    assert (folder / "values.txt").read_text() == "1 2 3"


def test_what_has_changed_since_the_grading_is_said(course):
    path = course / ".grading" / "results" / "one" / f"{LESSON}.json"
    record = json.loads(path.read_text())
    assert list(changes_of_environment(record)) == []
    record["environment"]["python"] = "3.1"
    record["environment"]["packages"]["nbformat"] = "0.1"
    python, package = changes_of_environment(record)
    assert "Python 3.1;" in python
    assert "nbformat 0.1;" in package


def test_without_a_grading_there_is_nothing_to_open(course):
    sentence = f"nobody has no graded {LESSON} here"
    with pytest.raises(CourseError, match=sentence):
        open_submission(course, "nobody", LESSON)
