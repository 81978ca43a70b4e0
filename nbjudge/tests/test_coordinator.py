"""Grading, end to end with real nbgrader: a class in which nearly everything went wrong.

Then what runs, and in which order.
"""

import hashlib
import json
import os
import stat
import time

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from classroom import (
    ANSWERS,
    LESSON,
    answered,
    course_of_one,
    doubled,
    hand_in,
    make_course,
    make_source,
    old_format,
    split,
    swollen,
    with_kernel,
    without,
)
from classroom import points as points_in
from nbjudge.coordinator import Outcome, grade, make_ready
from nbjudge.coursedir import report
from nbjudge.coursedir.gradebook import GradebookWriter
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.errors import SandboxUnavailable
from nbjudge.grading import running
from nbjudge.grading import wanted as wanted_module
from nbjudge.grading.options import Options
from nbjudge.grading.wanted import interleaved
from nbjudge.sandbox.host import probe
from nbjudge.sandbox.host.fork_server import FORK_SERVER
from nbjudge.worker.submission import end_templates

SLOW = ["hangs", "stubborn"]
FLOOD = """def add(x, y):
    for _ in range(50):
        print('x' * 1_000_000)
    print('y' * 50_000_000)
    return x + y"""
HANG = "def add(x, y):\n    while True:\n        pass"
STUBBORN = """def add(x, y):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass"""
EXIT = "def mean(values):\n    os._exit(0)"
WARNS = """def add(x, y):
    print('beware', file=sys.stderr)
    sys.displayhook(-1.0)
    return x + y"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    hand_in(root, "right", answered())
    hand_in(
        root,
        "wrong",
        answered(
            add="def add(x, y):\n    return x", mean="def mean(values):\n    return sum(values)"
        ),
    )
    hand_in(root, "blank", released(make_source()))
    hand_in(root, "warns", answered(add=WARNS))
    hand_in(root, "no-json", "this is not a notebook")
    hand_in(root, "not-a-notebook", '{"cells": 3}')
    hand_in(root, "empty", "")
    hand_in(root, "no-notebook", None)
    hand_in(root, "other-lesson", new_notebook(cells=[new_code_cell("print(1)")]))
    hand_in(root, "misnamed", answered(), f"{LESSON} (1).ipynb")
    hand_in(root, "unclear", answered(), "a.ipynb")
    hand_in(root, "unclear", answered(), "b.ipynb")
    hand_in(root, "deleted", without(without(answered(), "mean"), "check-add"))
    hand_in(root, "doubled", doubled(answered()))
    hand_in(root, "split", split(answered()))
    hand_in(root, "other-kernel", with_kernel(answered(), "conda-env-mine"))
    hand_in(root, "old-format", old_format(answered()))
    hand_in(root, "half-a-character", json.dumps(answered(add=ANSWERS["add"] + "  # \ud800")))
    hand_in(root, "huge-file", swollen(answered(), 101_000_000))
    hand_in(root, "floods", answered(add=FLOOD))
    hand_in(root, "hangs", answered(add=HANG))
    hand_in(root, "stubborn", answered(add=STUBBORN))
    hand_in(root, "exits", answered(mean=EXIT))
    hand_in(root, "late", answered())
    hand_in(root, "late", "2030-01-02 03:04:05 UTC", "timestamp.txt")
    hand_in(root, "no-date", answered())
    hand_in(root, "no-date", "yesterday evening", "timestamp.txt")
    hand_in(
        root,
        "own-files",
        answered(mean="import helper\n\ndef mean(values):\n    return helper.mean(values)"),
    )
    hand_in(
        root, "own-files", "def mean(values):\n    return sum(values) / len(values)", "helper.py"
    )
    hand_in(root, "own-files", "raise SystemExit", "json.py")  # Python's own comes first
    hand_in(root, "own-files", "mine = True", "typer.py")
    return root


def fingerprints(folder):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def outcome(course):
    before = fingerprints(course / "submitted")
    started = time.monotonic()
    others = [
        student for student in sorted(os.listdir(course / "submitted")) if student not in SLOW
    ]
    first = grade(course, [LESSON], others)
    second = grade(course, [LESSON], SLOW, Options(timeout=2))
    print(f"{len(others) + 2} submissions in {time.monotonic() - started:.1f} s")
    assert fingerprints(course / "submitted") == before
    return Outcome(sorted({*first.graded, *second.graded}), first.findings + second.findings)


@pytest.fixture(scope="module")
def table(course, outcome):
    return report.marks(course, LESSON, gradebook_url(course))


def points(table, student):
    return [mark.points for mark in table[student].values()]


def said(outcome, student):
    return [finding for finding in outcome.findings if finding.student == student]


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("right", [2, 2]),
        ("wrong", [0, 0]),
        ("blank", [0, 0]),
        ("warns", [2, 2]),
        ("misnamed", [2, 2]),
        ("deleted", [2, 0]),
        ("doubled", [2, 2]),
        ("split", [2, 2]),
        ("other-kernel", [2, 2]),
        ("old-format", [2, 2]),
        ("huge-file", [2, 2]),
        ("half-a-character", [2, 2]),
        ("floods", [2, 2]),
        ("hangs", [0, 2]),
        ("late", [2, 2]),
        ("no-date", [2, 2]),
        ("own-files", [2, 2]),
        ("exits", [2, 0]),
        ("stubborn", [0, 2]),
    ],
)
def test_points(table, student, expected):
    assert points(table, student) == expected


@pytest.mark.parametrize(
    ("student", "sentence"),
    [
        ("no-json", "the file is not JSON"),
        ("not-a-notebook", "JSON but not a notebook"),
        ("empty", "the file is empty"),
        ("no-notebook", "there is no notebook in this folder"),
        ("other-lesson", "none of the lesson's answer or check cells"),
        ("unclear", "rename the one to grade"),
    ],
)
def test_what_cannot_be_graded_is_named_and_has_no_score(course, outcome, table, student, sentence):
    (finding,) = said(outcome, student)
    assert finding.blocks and sentence in finding.says and "so nothing was graded: " in finding.says
    assert str(finding).startswith(f"{student}, submitted/{student}/{LESSON}")
    assert table[student] == {}
    assert not (course / "autograded" / student / LESSON).exists()


@pytest.mark.parametrize(
    ("student", "sentences"),
    [
        ("right", []),
        ("wrong", []),
        ("blank", []),
        ("warns", []),
        ("old-format", []),
        ("late", []),
        ("half-a-character", []),
        ("misnamed", ["should be called 01-tiny.ipynb"]),
        (
            "deleted",
            ["the answer cell `mean` is missing", "the locked cell `check-add` was deleted"],
        ),
        ("doubled", ["the answer cell `add` is there 2 times"]),
        ("split", ["joined in their order"]),
        ("other-kernel", ["the kernel `conda-env-mine`"]),
        ("huge-file", ["the file has 102 MB"]),
        ("floods", ["the output of the cell `check-add` was very long"]),
        ("hangs", ["the cell `check-add` was stopped after 2 s"]),
        ("stubborn", ["the cell `check-add` was stopped after 2 s"]),
        ("exits", ["the cell `check-mean` counts as failed, the process ended in this cell"]),
        ("no-date", ["timestamp.txt holds no date"]),
        ("own-files", ["beside the notebook lies a module typer: as in Jupyter"]),
    ],
)
def test_what_could_be_put_right_is_said_and_does_not_block(outcome, student, sentences):
    findings = said(outcome, student)
    assert len(findings) == len(sentences)
    for finding, sentence in zip(findings, sentences, strict=True):
        assert sentence in finding.says and not finding.blocks


def test_outcome_is_not_clean_and_counts_everyone(course, outcome):
    assert not outcome.clean
    ungraded = {finding.student for finding in outcome.findings if finding.blocks}
    assert {student for _, student in outcome.graded} | ungraded == set(
        os.listdir(course / "submitted")
    )


def test_flood_leaves_a_small_notebook(course, outcome):
    assert (course / "autograded" / "floods" / LESSON / f"{LESSON}.ipynb").stat().st_size < 500_000


def test_lateness_reaches_the_gradebook(course, outcome):
    from nbgrader.api import Gradebook

    with Gradebook(gradebook_url(course)) as book:
        assert book.find_submission(LESSON, "late").timestamp.year == 2030
        assert book.find_submission(LESSON, "right").timestamp is None


def test_nothing_else_is_written(course, outcome):
    assert sorted(os.listdir(course)) == [
        ".grading",
        "autograded",
        "gradebook.db",
        "nbgrader_config.py",
        "source",
        "submitted",
    ]


def test_what_is_kept_is_for_the_grader_only(course, outcome):
    kept = course / ".grading"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    for path in kept.rglob("*"):
        assert path.is_dir() or not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_unknown_student_and_lesson_are_named(course):
    (nobody,) = grade(course, [LESSON], ["nobody"]).findings
    assert nobody.blocks and "nobody, submitted/nobody/01-tiny: there is no such folder" in str(
        nobody
    )
    (unknown,) = grade(course, ["09-unknown"]).findings
    assert (
        unknown.blocks
        and str(unknown) == f"source/09-unknown: there is no such lesson: choose one of {LESSON}."
    )


def test_lesson_nobody_has_handed_in_is_named(tmp_path):
    make_course(tmp_path)
    (finding,) = grade(tmp_path, [LESSON]).findings
    assert finding.blocks and "nobody has handed this lesson in" in finding.says


def test_resubmission_that_cannot_be_read_leaves_the_earlier_grading(course, outcome):
    before = (course / "submitted" / "late" / LESSON / f"{LESSON}.ipynb").read_bytes()
    hand_in(course, "late", "")
    (finding,) = grade(course, [LESSON], ["late"]).findings
    hand_in(course, "late", before)
    assert finding.blocks and finding.says.endswith("the earlier grading stays as it is")
    assert points(report.marks(course, LESSON, gradebook_url(course)), "late") == [2, 2]


# ---- what runs, and when ---------------------------------------------------------------------


def test_an_assignment_begins_while_there_is_something_else_to_do(monkeypatch):
    monkeypatch.setattr(wanted_module, "AHEAD", 1)
    wanted = [(assignment, student) for assignment in ("01", "02", "03") for student in "abcdef"]
    short = [each for each in wanted if each[1] < "d"]

    def order(wanted, workers):
        return " ".join("".join(each) for each in interleaved(wanted, workers))

    assert order(wanted, 2) == (
        "01a 02a 01b 01c 01d 01e 01f 02b 02c 02d 03a 02e 02f 03b 03c 03d 03e 03f"
    )
    assert order(short, 1) == "01a 02a 01b 01c 02b 03a 02c 03b 03c"
    assert sorted(interleaved(wanted, 100)) == wanted
    assert interleaved([], 2) == []


def test_what_needs_no_worker_is_written_down_a_few_at_a_time(tmp_path, monkeypatch):
    make_course(tmp_path)
    for student in ("one", "two", "three"):
        hand_in(tmp_path, student, answered())
    grade(tmp_path, [LESSON])
    sizes = []
    told = []
    record = GradebookWriter.record

    def measured(writer, submissions):
        sizes.append(len(submissions))
        record(writer, submissions)

    monkeypatch.setattr(GradebookWriter, "record", measured)
    monkeypatch.setattr(running, "TOGETHER", 2)
    grade(tmp_path, [LESSON], tell=lambda done, total, *_: told.append((done, total, sum(sizes))))
    assert sizes == [2, 1] and told == [(0, 3, 0), (1, 3, 2), (2, 3, 2), (3, 3, 3)]


def test_without_a_sandbox_nothing_is_graded_unless_one_says_so(tmp_path, monkeypatch):
    course = course_of_one(tmp_path)
    monkeypatch.setattr(probe, "missing", lambda: "no namespaces")
    with pytest.raises(SandboxUnavailable, match=r"no sandbox .* \(no namespaces\).*--unconfined"):
        grade(course, [LESSON])
    grade(course, [LESSON], options=Options(confined=False))
    assert points_in(course) == [2, 2]


def test_a_grading_that_stays_ready_runs_only_what_has_changed(tmp_path):
    course = course_of_one(tmp_path)
    ready = Options(stay_ready=True, processes=2)
    try:
        make_ready(course, LESSON, ["colorsys"], ready)
        (template,) = FORK_SERVER.templates.values()
        assert grade(course, [LESSON], options=ready).cells == 5
        assert points_in(course) == [2, 2]
        hand_in(course, "one", answered(mean=EXIT))  # the last answer: the first check is kept
        assert grade(course, [LESSON], options=ready).cells == 4
        assert points_in(course) == [2, 0]
        assert list(FORK_SERVER.templates.values()) == [template], "nothing was started anew"
    finally:
        end_templates()
    grade(course, [LESSON], options=ready._replace(force=True))
    assert points_in(course) == [2, 0], "what was ended is started again"
    end_templates()
