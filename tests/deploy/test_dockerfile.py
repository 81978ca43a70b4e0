"""deploy/Dockerfile: what each image gets is enough for its work, and learners get no solution."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from course.authoring.build import lessons
from course.paths import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
LESSON = "00-start-here"
ANSWER = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"


def copied(stage):
    """[(paths, where to)] of the COPY lines of a stage, without those that it is made from."""
    text = re.search(rf"^FROM \S+ AS {stage}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.M | re.S)[1]
    return [(paths.split(), to) for paths, to in re.findall(r"^COPY (.+) (\S+)$", text, re.M)]


def laid_out(folder, *stages):
    """The folder of an image, with the files of the repository that its COPY lines name."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for stage in stages:
        for paths, to in copied(stage):
            for path in paths:
                inside = [name for name in tracked if name == path or name.startswith(f"{path}/")]
                assert inside, f"COPY {path}: nothing of this name is in the repository"
                for name in inside:
                    place = (
                        to + name.rpartition("/")[2] if to.endswith("/") else to + name[len(path) :]
                    )
                    (folder / place).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, folder / place)
    return folder


@pytest.fixture(scope="module")
def learner(tmp_path_factory):
    return laid_out(tmp_path_factory.mktemp("learner"), "learner")


def run(folder, *arguments):
    """What Python prints in the image's folder, with the packages that are installed here."""
    path = os.pathsep.join([str(folder), str(folder / "nbjudge" / "src")])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_learners_get_no_source_no_solution_and_no_answers(learner):
    tops = {path.name for path in learner.iterdir()}
    files = {"pyproject.toml", "README.md", "LICENSE", "bootstrap.py"}
    assert tops == files | {"locked", "nbjudge", "course", "release"}
    for path in (learner / "release").rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "BEGIN" not in text and "raise NotImplementedError()" in text


def test_a_learner_can_work_and_check_a_lesson(learner):
    run(learner, "-c", "from course.authoring.lab import lay_out; lay_out()")
    path = learner / "work" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = ANSWER
    nbformat.write(notebook, path)
    assert "passed" in run(learner, "-m", "course.cli", "check", "00")
    assert len(list((learner / "work").glob("[01]*/*.ipynb"))) == len(lessons())
    assert "1 of 1 points" in re.sub(" +", " ", run(learner, "-m", "course.cli", "progress"))


def test_the_grader_has_all_that_the_bank_needs(tmp_path):
    folder = laid_out(tmp_path, "learner", "grader")
    run(folder, "-c", "from course.authoring.build import write_sources; write_sources()")
    assert len(list((folder / "source").glob("*/*.ipynb"))) == len(lessons())
    assert (folder / "nbgrader_config.py").exists()
    told = run(folder, "-m", "course.cli", "answers", LESSON)
    assert "tensors-not-numbers" in told
