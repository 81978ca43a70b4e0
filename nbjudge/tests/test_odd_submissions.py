"""Whatever one submission holds, the outcome is marks or one sentence, and the others are graded.

The class is graded by the command itself, with a time limit: a pipe that is opened hangs for ever,
and a name that is not UTF-8 fails only where it is printed.
"""

import json
import os
import socket
import subprocess

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from sqlalchemy.exc import IntegrityError

from classroom import ANSWERS, LESSON, answered, hand_in, make_course, points
from faults import command
from nbjudge.coordinator import grade
from nbjudge.coursedir import submissions
from nbjudge.coursedir.gradebook import GradebookWriter
from nbjudge.coursedir.results import KEPT, record_of
from nbjudge.grading import recording
from nbjudge.grading.options import Options
from nbjudge.sandbox.host import results

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX file systems")

ONE = Options(workers=1)  # a thread of this process, so that what is patched here is used
HALF = r'"half \ud800"'
SAYS_HALF = {
    "prints": f"print({HALF})",
    "fails": f"raise ValueError({HALF})",
    "displays": f"display({{'text/plain': {HALF}, 'application/json': [{HALF}]}}, raw=True)",
    "describes": f"display({{'text/plain': 'x'}}, raw=True, metadata={{{HALF}: {HALF}}})",
    "nests": "x = []\nfor _ in range(400):\n    x = [x]\n"
    "display({'application/json': x}, raw=True)",
}
GRADED = {  # what is said of it
    "latin-1-file": r"beside the notebook lies caf\xe9.csv, f\xe9/a.csv: it is not used",
    "latin-1-notebook": "the notebook should be called",
    "pipe-beside": "beside the notebook lies pipe: it is not used",
    "socket-beside": "beside the notebook lies socket: it is not used",
    "pipe-as-timestamp": "timestamp.txt holds no date",
    "long-timestamp": "timestamp.txt holds no date",
    "link-as-timestamp": "timestamp.txt holds no date",
    "linked-file": "beside the notebook lies key.ipynb, passwd: it is not used",
    "linked-folder": "beside the notebook lies all: it is not used",
    "half-an-attachment": "",
    "last": "",
    **dict.fromkeys(SAYS_HALF, ""),
    "nests": "the output of the cell `added-0-0` was very long and is cut",
}
REFUSED = {
    "pipe-as-notebook": "the notebook is a link, a pipe or a device",
    "linked-notebook": "the notebook is a link, a pipe or a device",
    "linked-assignment": "this is a link and is not followed",
    "linked-student": "this is a link and is not followed",
    "file-as-folder": "this is no folder",
    r"Ren\xe9": "the name of the learner's folder is not UTF-8",
    "sparse-file": "the files beside the notebook have 1,300 MB",
    "sparse-notebook": "the file has 1,300 MB",
    "many-cells": "the notebook has 8,005 cells",
    "much-code": "characters of code",
    "many-lists": "it holds more than 5,000,000 values",
    "deep-lists": "it is nested too deeply",
}


def with_cell(cell):
    notebook = answered()
    notebook.cells.insert(1, cell)
    return notebook


def sparse(path, size=1_300_000_000):
    """Make a file that is large and takes no room."""
    with open(path, "wb") as file:
        file.truncate(size)


def make_odd_class(root):
    make_course(root)
    submitted = root / "submitted"

    def folder(student):
        hand_in(root, student, answered())
        return submitted / student / LESSON

    folder("last")
    for student, text in SAYS_HALF.items():
        hand_in(root, student, with_cell(new_code_cell(text)))
    picture = new_markdown_cell("![]()")
    picture.attachments = {"half \ud800.png": {"image/png": "half \ud800"}, "none": 3}
    hand_in(root, "half-an-attachment", json.dumps(with_cell(picture)))
    place = os.fsencode(folder("latin-1-file"))
    os.mkdir(place + b"/f\xe9")
    for name in (b"/caf\xe9.csv", b"/f\xe9/a.csv"):
        with open(place + name, "w") as file:
            file.write("1")
    place = folder("latin-1-notebook")
    (place / f"{LESSON}.ipynb").rename(place / os.fsdecode(b"caf\xe9.ipynb"))
    os.mkfifo(folder("pipe-beside") / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        here = os.getcwd()
        os.chdir(folder("socket-beside"))  # the whole path would be too long
        door.bind("socket")
        os.chdir(here)
    os.mkfifo(folder("pipe-as-timestamp") / "timestamp.txt")
    hand_in(root, "long-timestamp", "2030-01-02" + " " * 2000, "timestamp.txt")
    folder("long-timestamp")
    (folder("link-as-timestamp") / "timestamp.txt").symlink_to(
        submitted / "long-timestamp" / LESSON / "timestamp.txt"
    )
    key = root / "source" / LESSON / f"{LESSON}.ipynb"
    place = folder("linked-file")
    (place / "key.ipynb").symlink_to(key)
    (place / "passwd").symlink_to("/etc/passwd")
    (folder("linked-folder") / "all").symlink_to(submitted)

    place = folder("pipe-as-notebook") / f"{LESSON}.ipynb"
    place.unlink()
    os.mkfifo(place)
    place = folder("linked-notebook") / f"{LESSON}.ipynb"
    place.unlink()
    place.symlink_to(key)
    (submitted / "linked-assignment").mkdir()
    (submitted / "linked-assignment" / LESSON).symlink_to(submitted / "last" / LESSON)
    (submitted / "linked-student").symlink_to(submitted / "last")
    (submitted / "file-as-folder").mkdir()
    (submitted / "file-as-folder" / LESSON).write_text("a file")
    os.makedirs(os.path.join(os.fsencode(submitted), b"Ren\xe9", LESSON.encode()))
    sparse(folder("sparse-file") / "data.bin")
    sparse(folder("sparse-notebook") / f"{LESSON}.ipynb")
    notebook = answered()
    notebook.cells += [new_code_cell("x = 1") for _ in range(8_000)]
    hand_in(root, "many-cells", json.dumps(notebook))
    hand_in(root, "much-code", with_cell(new_code_cell("x = 1\n" * 200_000)))
    hand_in(root, "many-lists", '{"cells": [' + "[],\n" * 1_000_000 + "[]]}")
    hand_in(root, "deep-lists", '{"cells": ' + "[" * 200_000 + "]" * 200_000 + "}")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("odd")
    make_odd_class(root)
    return root


@pytest.fixture(scope="module")
def told(course):
    """What the command has said: {learner: (graded, findings)}."""
    done = subprocess.run(command(course), capture_output=True, timeout=300, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    found = {}
    for line in map(json.loads, done.stdout.splitlines()):
        if line.get("learner"):
            found[line["learner"]] = line["graded"], line["findings"]
    return found


def sentences(findings):
    """What findings say; before the first submission the command gives their sentences alone."""
    return [finding if isinstance(finding, str) else finding["says"] for finding in findings]


@pytest.mark.parametrize("student", sorted(GRADED))
def test_what_can_be_graded_is(course, told, student):
    graded, findings = told[student]
    assert graded and points(course, student) == [2, 2]
    said = sentences(findings)
    assert len(said) == bool(GRADED[student])
    assert not said or said[0].startswith(GRADED[student])


@pytest.mark.parametrize("student", sorted(REFUSED))
def test_what_cannot_is_named_in_one_sentence(course, told, student):
    graded, findings = told[student]
    (sentence,) = sentences(findings)
    assert not graded and REFUSED[student] in sentence and "so nothing was graded: " in sentence
    assert not (course / "autograded" / student / LESSON).exists()


def test_a_regrade_says_the_same_and_runs_nothing(course, told):
    line = [*command(course)]
    line.remove("--json")
    done = subprocess.run(line, capture_output=True, timeout=300)
    assert done.returncode == 1 and b"Traceback" not in done.stderr, done.stderr
    said = b" ".join((done.stdout + done.stderr).split()).decode()  # raises if it is not UTF-8
    for student in REFUSED:
        assert student in said
    assert grade(course, [LESSON], ["prints", "fails", "displays"], ONE).cells == 0
    assert sorted(told) == sorted({*GRADED, *REFUSED})
    assert not list((course / KEPT).glob("graded-*"))


def test_files_that_were_given_out_do_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "FILES_SIZE", 1000)
    make_course(tmp_path)
    (tmp_path / "source" / LESSON / "data.csv").write_text("x" * 2000)
    for student, size in (("same", 2000), ("other", 2001)):
        hand_in(tmp_path, student, answered())
        hand_in(tmp_path, student, "y" * size, "data.csv")
    outcome = grade(tmp_path, [LESSON], options=ONE)
    assert outcome.graded == [(LESSON, "same")]
    (finding,) = [each for each in outcome.findings if each.blocks]
    assert finding.student == "other" and "beside the notebook have" in finding.says


def test_many_files_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_FILES", 10)
    make_course(tmp_path)
    hand_in(tmp_path, "one", answered())
    for number in range(10):
        (tmp_path / "submitted" / "one" / LESSON / f"folder-{number}").mkdir()
    (finding,) = grade(tmp_path, [LESSON], options=ONE).findings
    assert finding.blocks and finding.says.startswith("there are more than 10 files")


def test_the_outputs_of_all_cells_together_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "KEPT_OUTPUT", 200_000)
    make_course(tmp_path)
    notebook = answered(add=ANSWERS["add"] + "\n\nprint('short')")
    notebook.cells += [new_code_cell("print('x' * 90_000)") for _ in range(10)]
    hand_in(tmp_path, "one", notebook)
    outcome = grade(tmp_path, [LESSON], options=ONE)
    assert points(tmp_path) == [2, 2]
    cut = [finding.says for finding in outcome.findings]
    assert len(cut) == 8 and all("was very long and is cut" in says for says in cut)
    graded = tmp_path / "autograded" / "one" / LESSON / f"{LESSON}.ipynb"
    for path in (graded, record_of(tmp_path, LESSON, "one")):
        assert 180_000 < path.stat().st_size < 220_000
    assert grade(tmp_path, [LESSON], options=ONE).cells == 0


# ---- what fails only when it is written down ---------------------------------------------------


@pytest.fixture
def three(tmp_path):
    make_course(tmp_path)
    for student in ("one", "three", "two"):
        hand_in(tmp_path, student, answered())
    return tmp_path


def test_a_file_that_is_gone_when_results_are_written(three, monkeypatch):
    hand_in(three, "three", "1", "data.csv")
    write = recording.write_autograded

    def write_later(settings, target, *more):
        if target.parent.name == "three":
            folder = settings.folders.submitted("three", LESSON)
            (folder / "data.csv").unlink(missing_ok=True)
        write(settings, target, *more)

    monkeypatch.setattr(recording, "write_autograded", write_later)
    outcome = grade(three, [LESSON], options=ONE)
    (finding,) = outcome.findings
    assert finding.blocks and finding.student == "three"
    assert finding.says.startswith("its results cannot be written (FileNotFoundError: ")
    assert not record_of(three, LESSON, "three").exists()
    assert not (three / "autograded" / "three").exists()
    assert not list((three / KEPT).glob("graded-*"))
    assert points(three, "one") == points(three, "two") == [2, 2]
    monkeypatch.undo()
    assert grade(three, [LESSON], options=ONE).clean
    assert points(three, "three") == [2, 2]


def test_marks_that_cannot_be_recorded(three, monkeypatch):
    """They are one transaction with those of others, which are recorded all the same."""
    grade(three, [LESSON], options=ONE)
    (three / "gradebook.db").unlink()  # all results are kept, so all are written down together
    problems = {"one": IntegrityError("", {}, Exception("odd")), "three": ValueError("odd")}
    record = GradebookWriter._record_one

    def refuse_two(writer, submission):
        record(writer, submission)
        if submission.student in problems:
            raise problems[submission.student]

    monkeypatch.setattr(GradebookWriter, "_record_one", refuse_two)
    outcome = grade(three, [LESSON], options=ONE)
    assert outcome.cells == 0 and outcome.graded == [(LESSON, "two")]
    assert [finding.student for finding in outcome.findings] == sorted(problems)
    for finding in outcome.findings:
        assert finding.blocks and "its marks cannot be recorded" in finding.says
    assert points(three, "two") == [2, 2] and points(three, "one") == points(three, "three") == []
    monkeypatch.undo()
    assert grade(three, [LESSON], options=ONE).clean
    assert points(three, "one") == points(three, "three") == [2, 2]
