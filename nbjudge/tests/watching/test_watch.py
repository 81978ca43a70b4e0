"""Watching: what arrives is graded once it is complete, and Ctrl-C ends it cleanly."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from classroom import ANSWERS, LESSON, answered, hand_in, points
from nbjudge.coordinator import grade
from nbjudge.coursedir.settings import read_settings
from nbjudge.display import told_as_lines
from nbjudge.errors import CourseError
from nbjudge.grading.options import Options
from nbjudge.watching.arrivals import PATIENCE, Arrivals
from nbjudge.watching.visible import VisibleMarks
from nbjudge.watching.watch import Source, Watch

FILE = f"{LESSON}.ipynb"


class Clock:
    """A clock that a test sets."""

    time = 0.0

    def __call__(self):
        return self.time


# ---- what is complete ------------------------------------------------------------------------


def test_a_folder_is_told_once_when_nothing_in_it_has_changed_for_a_while(tmp_path):
    clock = Clock()
    arrivals = Arrivals(5, clock)
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / FILE).write_text("{}")
    places = [("ada", folder)]
    told = []
    for second in range(0, 40, 2):
        clock.time = second
        if second == 4:
            (folder / "data.csv").write_text("1")  # still arriving
        if second == 20:
            (folder / FILE).write_text('{"again": 1}')
        if arrivals.complete(places):
            told.append(second)
    assert told == [10, 26]
    arrivals.again("ada")
    assert arrivals.complete(places) == ["ada"]


@pytest.mark.parametrize(
    ("name", "text"),
    [(FILE, '{"cells": ['), ("data.csv.part", ""), (".ps1.ipynb.Xa12Zq", "{}"), (FILE, "")],
)
def test_half_a_file_is_waited_for_but_not_for_ever(tmp_path, name, text):
    clock = Clock()
    arrivals = Arrivals(5, clock)
    (tmp_path / name).write_text(text)
    places = [("ada", tmp_path)]
    for clock.time in (0, 10, PATIENCE - 1):
        assert not arrivals.complete(places)
    clock.time = PATIENCE + 1
    assert arrivals.complete(places) == ["ada"]


def test_a_notebook_that_comes_to_its_end_is_complete(tmp_path):
    clock = Clock()
    arrivals = Arrivals(5, clock)
    (tmp_path / FILE).write_text('{"cells": [')
    arrivals.complete([("ada", tmp_path)])
    clock.time = 20
    (tmp_path / FILE).write_text('{"cells": []}\n\n')
    assert not arrivals.complete([("ada", tmp_path)])
    clock.time = 26
    assert arrivals.complete([("ada", tmp_path)]) == ["ada"]


# ---- grading ---------------------------------------------------------------------------------


def watching(course, pages=None, source=None):
    """(a Watch that looks often, the list of what it says)"""
    said = []
    watch = Watch(
        course, [LESSON], Options(workers=1), 0.05, said.append, told_as_lines, source, pages
    )
    return watch, said


def test_what_arrives_is_graded_and_what_is_as_before_is_not(course, capsys):
    hand_in(course, "ada", answered())
    watch, said = watching(course)
    watch.run(3)
    assert points(course, "ada") == [2, 2]
    hand_in(course, "grace", answered(add="def add(x, y):\n    return 0"))
    hand_in(course, "alan", "no notebook}")
    watch.run(3)
    lines = capsys.readouterr()
    told = [line.split("  ")[1:] for line in lines.out.splitlines()]
    assert told == [[LESSON, "ada", "4/4"], [LESSON, "grace", "2/4"]]
    assert "Not graded: alan, submitted/alan" in lines.err
    assert watch.graded == 2 and not said


def test_a_problem_is_told_once_and_the_next_look_tries_again(course, capsys):
    hand_in(course, "ada", answered())
    watch, said = watching(course)
    config = course / "nbgrader_config.py"
    text = config.read_text()
    config.write_text("c = oops()\n")
    watch.run(4)
    assert len(said) == 1 and "NameError" in said[0]
    config.write_text(text)
    watch.run(3)
    assert capsys.readouterr().out.count("ada  4/4") == 1


def test_what_comes_to_another_folder_is_collected_first(course, tmp_path, capsys):
    inbox = tmp_path / "synced"
    (inbox / "ada").mkdir(parents=True)
    nbformat.write(answered(), inbox / "ada" / FILE)
    watch, said = watching(course, source=Source(inbox))
    watch.run(4)
    nbformat.write(answered(add="def add(x, y):\n    return 0"), inbox / "ada" / FILE)
    watch.run(5)
    out = capsys.readouterr().out
    assert [line.split("  ")[-1] for line in out.splitlines()] == ["4/4", "2/4"], said
    assert len(list((course / "submitted-earlier").rglob(FILE))) == 1


def test_a_source_that_changes_is_told(course):
    watch, said = watching(course)
    watch.run(3)
    (course / "source" / LESSON / "data.csv").write_text("1")
    watch.run(3)
    assert said == [
        f"source/{LESSON} has changed: run `nbjudge grade {LESSON}`, so that all are graded by the "
        "same tests"
    ]


def test_an_assignment_that_is_not_there_is_a_sentence(course):
    watch, _ = watching(course)
    watch.assignments = ["ps9"]
    with pytest.raises(CourseError, match=r"source/ps9: there is no such folder.*01-tiny"):
        watch.need_assignments()


# ---- the learners' pages ---------------------------------------------------------------------

SPY = """
def add(x, y):
    import glob
    texts = [open(f).read() for f in glob.glob({root!r} + "/**/*.ipynb", recursive=True)]
    raise ValueError("spied: %s %s %s" % (x, y, [t for t in texts if "secret" in t]))
"""


def test_a_page_tells_of_the_visible_checks_and_of_nothing_hidden(course, tmp_path):
    """A learner's code that looks for hidden tests finds none, where it is run for the page."""
    pages = tmp_path / "pages"
    hand_in(course, "ada", answered())
    hand_in(course, "blank", without_answers())
    hand_in(
        course, "eve", answered(add=SPY.format(root=str(course)), mean="def mean(v):\n  return 1")
    )
    hand_in(course, "alan", "no notebook}")
    watch, said = watching(course, pages)
    watch.run(3)
    assert not said
    text = {path.parent.name: path.read_text() for path in pages.glob(f"*/{LESSON}.html")}
    assert set(text) == {"ada", "blank", "eve", "alan"}
    assert "2 of 2 visible checks passed" in text["ada"]
    assert "passed; hidden tests decide over 2 points" in text["ada"]
    assert "passed: 2 points" in text["ada"] and "without hidden tests give 2 points" in text["ada"]
    assert "not answered: 0 of 2 points so far" in text["blank"]
    assert "ValueError: spied: 2 3 []" in text["eve"]
    assert "A mean divides" in text["eve"] and "[no-division]" not in text["eve"]
    assert "could not be graded: the file is not JSON" in text["alan"]
    for page in text.values():
        assert "secret" not in page and "20 22" not in page and "http" not in page
    hidden = VisibleMarks(read_settings(course), Options()).options.hide
    assert {str(course / name) for name in ("source", ".grading", "autograded")} <= set(hidden)
    # the marks are those with the hidden tests
    assert points(course, "ada") == [2, 2]


def without_answers():
    from classroom import make_source
    from nbjudge.coursedir.rebuild import released

    return released(make_source())


def test_without_pages_nothing_is_written_for_learners(course, tmp_path):
    hand_in(course, "ada", answered())
    watching(course)[0].run(3)
    assert not (course / ".grading" / "visible").exists()


# ---- the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_while_a_submission_runs(course, tmp_path, number):
    """Ctrl-C goes to all processes of the terminal; the marks of before stay, none is half."""
    hand_in(course, "ada", answered())
    assert grade(course, [LESSON], options=Options(stay_ready=True)).clean
    slow = "import time\ntime.sleep(60)\n" + ANSWERS["add"]
    hand_in(course, "grace", answered(add=slow))
    command = [sys.executable, "-m", "nbjudge", "watch", LESSON, "--root", course, "--every", "0.1"]
    process = subprocess.Popen(
        [*map(str, command)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr
    try:
        assert process.stderr.readline() == f"Watching {LESSON}; Ctrl-C ends it.\n"
        wait_until(lambda: len(below(process.pid)) >= 4)  # zygote, template, sandbox, notebook
        time.sleep(1)
        running = below(process.pid)
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0 and "Traceback" not in said, said
    assert "Stopped; " in said
    wait_until(lambda: not any(map(is_alive, running)))
    assert points(course, "ada") == [2, 2]
    assert not (course / "autograded" / "grace").exists()


def below(pid):
    """Return the processes that a process has started, and those that these have."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true):
    for _ in range(100):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it has not come so far")
