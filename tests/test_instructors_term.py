"""docs/instructor/README.md: the commands of the term, run as they are written."""

import csv
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course.authoring import build
from course.cli import app
from course.paths import ROOT

LESSON = "00-start-here"
PAGE = (ROOT / "docs" / "instructor" / "README.md").read_text(encoding="utf-8")
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"
WRONG = "def count_parameters(model):\n    return len(list(model.parameters()))"
TITLE = "00 Start here (77)"
# Canvas's exported gradebook
ROSTER = [
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", TITLE],
    ["    Points Possible", "", "", "", "", "1"],
]
CLASS = range(1, 7)  # `similar` needs five
ROSTER += [[f"{n}, Learner", f"10{n}", "", f"learner-0{n}", "A", ""] for n in CLASS]


THERE = {
    command.name or command.callback.__name__.replace("_", "-")
    for command in app.registered_commands
}


def commands():
    """The commands of the page's code blocks, in order."""
    blocks = re.findall(r"^```\n(.*?)\n```$", PAGE, re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def notebook(answer):
    """The lesson as it was handed out, with this answer."""
    released = nbformat.read(build.release_path(LESSON), 4)
    for cell in released.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answer
    return nbformat.writes(released)


def canvas_zip(path, uploads):
    """Canvas's zip of submissions, from {name of a file in it: text}."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in uploads.items():
            archive.writestr(name, text)


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """(folder of the course, [(command, what it printed)]) after all commands of the page."""
    root = tmp_path_factory.mktemp("term")
    for name in ("course", "nbgrader_config.py"):
        subprocess.run(["cp", "-r", ROOT / name, root], check=True)
    for name in (f"source/{LESSON}", f"release/{LESSON}", f"tests/answers/{LESSON}"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, root / name], check=True)
    names = [f"learner-0{n},Learner,{n},learner-0{n}@example.org" for n in CLASS]
    header = "id,first_name,last_name,email"
    (root / "students.csv").write_text("\n".join([header, *names]) + "\n")
    with (root / "canvas-gradebook.csv").open("w", newline="") as file:
        csv.writer(file).writerows(ROSTER)
    uploads = {f"learner{n}_10{n}_{n}_{LESSON}.ipynb": notebook(WRONG) for n in CLASS}
    canvas_zip(root / "submissions.zip", uploads)
    again = {f"learner1_101_9_{LESSON}-1.ipynb": notebook(RIGHT)}
    canvas_zip(root / "submissions-2.zip", uploads | again)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(root),  # the course in this folder, and not the one that is installed
    }
    printed = []
    for command in commands():
        done = subprocess.run(
            command, shell=True, cwd=root, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
        printed.append((command, done.stdout + done.stderr))
    return root, printed


def said(term, beginning):
    """What the last command that begins so has printed."""
    return [text for command, text in term[1] if command.startswith(beginning)][-1]


def test_the_newest_upload_is_graded_and_exported(term):
    root, _ = term
    with (root / "canvas.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    points = {row["ID"]: row[TITLE] for row in rows if row["ID"]}
    assert {name: float(text) for name, text in points.items()} == {
        f"10{n}": float(n == 1) for n in CLASS
    }
    with (root / "grades.csv").open(newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {f"learner-0{n}": float(n == 1) for n in CLASS}


def test_the_class_is_reported_and_gets_feedback(term):
    root, _ = term
    pages = "".join(path.read_text() for path in (root / "report").glob("*.html"))
    assert "tensors-not-numbers" in pages
    for learner, words in (("learner-01", "Passed"), ("learner-02", "count the numbers")):
        page = (root / "feedback" / learner / LESSON / f"{LESSON}.html").read_text()
        assert words in page and "HIDDEN" not in page
    assert "tensors" in said(term, "course replay")


def test_every_command_that_the_page_names_exists():
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", PAGE)
    named = {words.split()[1] for words in [*commands(), *spans] if words.startswith("course ")}
    assert len(named) >= 8
    assert named <= THERE
