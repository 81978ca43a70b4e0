"""One submission: what runs of it, and how often it is prepared."""

from collections import Counter

import nbformat
import pytest

from classroom import LESSON, answered, course_of_one, hand_in, points
from nbjudge.coordinator import grade
from nbjudge.grading.options import Options
from nbjudge.worker import preparing, submission

ONE = Options(workers=1)  # a thread of this process, so that what is patched here is used


@pytest.fixture
def course(tmp_path):
    return course_of_one(tmp_path)


@pytest.fixture
def ran(monkeypatch):
    """The names of the cells that really run from now on."""
    names = []
    run_job = submission.run_job

    def listed(job):
        names.extend(step.name for step in job.steps)
        return run_job(job)

    monkeypatch.setattr(submission, "run_job", listed)
    return names


def change_check(course, place, text):
    path = course / "source" / LESSON / f"{LESSON}.ipynb"
    source = nbformat.read(path, as_version=4)
    source.cells[place].source = text
    nbformat.write(source, path)


def test_a_regrade_runs_what_has_changed_and_nothing_else(course, ran):
    grade(course, [LESSON], options=ONE)
    assert ran == ["cell-00", "add", "check-add", "mean", "check-mean"]
    ran.clear()
    assert grade(course, [LESSON], options=ONE).graded == [(LESSON, "one")]
    assert ran == []
    for place, check, expected in (
        (-1, "assert mean([3, 3]) == 3", ["cell-00", "add", "mean", "check-mean"]),
        (2, "assert add(3, 3) == 6", ["cell-00", "add", "check-add"]),
    ):
        change_check(course, place, check)
        ran.clear()
        grade(course, [LESSON], options=ONE)
        assert ran == expected and points(course) == [2, 2]


def test_each_submission_is_prepared_once(course, monkeypatch):
    """In a first grading, in a regrade after one check has changed, and where nothing has."""
    hand_in(course, "two", answered())
    prepared = Counter()
    rebuild = preparing.rebuild

    def counted(source, submitted, *more, **options):
        prepared[submitted.cells[1].source] += 1
        return rebuild(source, submitted, *more, **options)

    monkeypatch.setattr(preparing, "rebuild", counted)
    hand_in(course, "one", answered(add="def add(x, y):\n    return y + x"))
    ran = []
    for check in ("", "assert add(3, 3) == 6", "assert add(3, 3) == 6"):
        if check:
            change_check(course, 2, check)
        prepared.clear()
        ran.append(grade(course, [LESSON], options=ONE).cells)
        assert sorted(prepared.values()) == [1, 1]
    assert ran == [10, 6, 0]  # all cells, then import, `add` and its check, then none


def test_files_beside_a_prepared_submission_travel(course, ran):
    """A regrade hands the worker paths, which it reads when it runs."""
    reads = "def add(x, y):\n    return x + y * int(open('factor.txt').read())"
    hand_in(course, "one", answered(add=reads))
    hand_in(course, "one", "1", "factor.txt")
    grade(course, [LESSON], options=ONE)
    ran.clear()
    change_check(course, 2, "assert add(3, 3) == 6")
    grade(course, [LESSON], options=ONE)
    assert ran == ["cell-00", "add", "check-add"] and points(course) == [2, 2]
    hand_in(course, "one", "2", "factor.txt")
    grade(course, [LESSON], options=ONE)
    assert points(course) == [0, 2]


def test_documentation_of_the_instructors_runs_nothing(course, ran, tmp_path, monkeypatch):
    package = tmp_path.parent / f"{tmp_path.name}-package" / "ours"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import pathlib\n")
    (package / "limit.txt").write_text("5")
    monkeypatch.syspath_prepend(package.parent)
    text = "import ours\nimport pathlib\nfile = pathlib.Path(ours.__file__).with_name('limit.txt')"
    change_check(course, 2, f"{text}\nassert add(2, 3) == int(file.read_text())")
    grade(course, [LESSON], options=ONE)
    assert points(course) == [2, 2]
    ran.clear()
    (package / "README.md").write_text("A newline.\n")
    (package / "limit.txt").write_text("5")  # touched, with the same content
    assert grade(course, [LESSON], options=ONE).cells == 0
    (package / "limit.txt").write_text("6")
    assert grade(course, [LESSON], options=ONE).cells == 5
    assert points(course) == [0, 2]


@pytest.mark.parametrize(
    "kept", ['{"x": 5}', '{"x": {"well": true}}', "[]", "null", "[" * 100_000, "{}}}}"]
)
def test_a_damaged_record_is_no_record(kept):
    assert preparing.kept_results(f'{{"notebooks": {{"one": {{"results": {kept}}}}}}}') == {}
