"""`course new-exercise`: what it lays out works, and it refuses what would not."""

import os
import shutil
import subprocess
import sys

import pytest

from course.authoring import UsageError, build
from course.authoring.new_exercise import new_exercise
from course.paths import ANSWERS, ROOT, SOURCE

FIRST = "00-start-here"


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A function that copies what belongs to a lesson into a repository of its own."""

    def copy(lesson):
        shutil.copytree(SOURCE / lesson, tmp_path / "source" / lesson)
        shutil.copytree(ANSWERS / lesson, tmp_path / "tests" / "answers" / lesson)
        shutil.copytree(ROOT / "course" / "lessons", tmp_path / "course" / "lessons")
        monkeypatch.setattr(build, "SOURCE", tmp_path / "source")
        return tmp_path

    return copy


def run(root, *command):
    """Run a Python module in `root`, which then has its own `course`."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


def test_the_kill_matrix_of_a_new_exercise_passes(copy):
    root = copy(FIRST)
    shutil.copytree(ROOT / "course", root / "course", dirs_exist_ok=True)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    done = run(root, "course.cli", "new-exercise", FIRST, "a-name-of-some-length")
    assert done.returncode == 0
    assert "Exercise: a name of some length, with its answer cell" in done.stdout
    formatted = run(root, "ruff", "format", "--check", "course/lessons/lesson00")
    assert formatted.returncode == 0, formatted.stdout
    linted = run(root, "ruff", "check", "course/lessons/lesson00")
    assert linted.returncode == 0, linted.stdout
    proved = run(root, "course.cli", "answers", FIRST)
    assert proved.returncode == 0, proved.stdout + proved.stderr
    assert "squared" in proved.stdout
    assert "summed" in proved.stdout


@pytest.mark.parametrize("lesson", build.lessons())
def test_it_finds_its_place_in_every_lesson(copy, lesson):
    root = copy(lesson)
    before = build.source_notebook(lesson)
    new_exercise(root, lesson, "one-more")
    after = build.source_notebook(lesson)
    ids = [cell.id for cell in after.cells]
    place = ids.index("one-more")
    assert ids[place + 1] == "check-one-more"
    statement = after.cells[place - 1].source
    assert "one more\n\n*5 minutes · easy · 1 point.* Write `one_more(number)`" in statement
    assert "Hint 3 of 3" in statement
    assert after.cells[-1].source == before.cells[-1].source
    exercises = [cell.id for cell in after.cells if cell.metadata.get("nbgrader", {}).get("locked")]
    assert exercises[-1] == "check-one-more"
    for module in ("checks", "misconceptions"):
        path = root / "course" / "lessons" / f"lesson{lesson[:2]}" / f"{module}.py"
        compile(path.read_text(), path, "exec")
    checks = root / "course" / "lessons" / f"lesson{lesson[:2]}" / "checks.py"
    linted = run(root, "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(checks))
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("lesson", "name", "sentence"),
    [
        ("99-nothing", "one-more", "there is no lesson '99-nothing'"),
        (FIRST, "Count", "'Count' cannot name an exercise"),
        (FIRST, "lambda", "'lambda' cannot name an exercise"),
        (FIRST, "count-parameters", "'count-parameters' is in use"),
        (FIRST, "species", "'species' is in use"),  # a variable of the notebook
        (FIRST, "networks", "'networks' is in use"),  # an import of the check module
    ],
)
def test_a_name_that_does_not_fit_is_refused_and_nothing_is_written(lesson, name, sentence):
    before = {path: path.read_bytes() for path in SOURCE.rglob("*.md")}
    with pytest.raises(UsageError, match=sentence):
        new_exercise(ROOT, lesson, name)
    assert {path: path.read_bytes() for path in SOURCE.rglob("*.md")} == before
