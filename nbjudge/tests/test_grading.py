"""Grading, end to end with real nbgrader: a class in which nearly everything that can go wrong with a file went wrong.

The course is a tiny one without torch, so that a submission takes about two seconds.
"""

import hashlib
import json
import os
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from classroom import (
    ANSWERS,
    LESSON,
    answered,
    bank_entry,
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
from nbjudge.answers import idle_checks, read_bank, run
from nbjudge.cli import app
from nbjudge.coordinator import Options, Outcome, grade
from nbjudge.coursedir import report
from nbjudge.coursedir.preprocessors import HideTests, shorten
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import gradebook_url

SLOW = ["hangs", "stubborn"]
FLOOD = "def add(x, y):\n    for _ in range(50):\n        print('x' * 1_000_000)\n    print('y' * 50_000_000)\n    return x + y"
HANG = "def add(x, y):\n    while True:\n        pass"
STUBBORN = """def add(x, y):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass"""
EXIT = "def mean(values):\n    os._exit(0)"
WARNS = "def add(x, y):\n    print('beware', file=sys.stderr)\n    sys.displayhook(-1.0)\n    return x + y"


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
    hand_in(root, "own-files", "raise SystemExit", "json.py")
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
        learner for learner in sorted(os.listdir(course / "submitted")) if learner not in SLOW
    ]
    first = grade(course, [LESSON], others)
    second = grade(course, [LESSON], SLOW, Options(timeout=2))
    print(f"{len(others) + 2} submissions in {time.monotonic() - started:.1f} s")
    assert fingerprints(course / "submitted") == before
    return Outcome(sorted({*first.graded, *second.graded}), first.findings + second.findings)


@pytest.fixture(scope="module")
def table(course, outcome):
    return report.marks(course, LESSON, gradebook_url(course))


def points(table, learner):
    return [mark.points for mark in table[learner].values()]


def said(outcome, learner):
    return [finding for finding in outcome.findings if finding.student == learner]


@pytest.mark.parametrize(
    ("learner", "expected"),
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
def test_points(table, learner, expected):
    assert points(table, learner) == expected


@pytest.mark.parametrize(
    ("learner", "sentence"),
    [
        ("no-json", "the file is not JSON"),
        ("not-a-notebook", "JSON but not a notebook"),
        ("empty", "the file is empty"),
        ("no-notebook", "there is no notebook in this folder"),
        ("other-lesson", "none of the lesson's answer or check cells"),
        ("unclear", "rename the one to grade"),
    ],
)
def test_what_cannot_be_graded_is_named_and_has_no_score(course, outcome, table, learner, sentence):
    (finding,) = said(outcome, learner)
    assert finding.blocks and sentence in finding.says and "so nothing was graded: " in finding.says
    assert str(finding).startswith(f"{learner}, submitted/{learner}/{LESSON}")
    assert table[learner] == {}
    assert not (course / "autograded" / learner / LESSON).exists()


@pytest.mark.parametrize(
    ("learner", "sentences"),
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
        ("own-files", ["beside the notebook lies json.py"]),
    ],
)
def test_what_could_be_put_right_is_said_and_does_not_block(outcome, learner, sentences):
    findings = said(outcome, learner)
    assert len(findings) == len(sentences)
    for finding, sentence in zip(findings, sentences, strict=True):
        assert sentence in finding.says and not finding.blocks


def test_outcome_is_not_clean_and_counts_everyone(course, outcome):
    assert not outcome.clean
    ungraded = {finding.student for finding in outcome.findings if finding.blocks}
    assert {learner for _, learner in outcome.graded} | ungraded == set(
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


def test_misconceptions_are_counted(table):
    assert ("no-division", "A mean divides", 1) in report.misconceptions(table)
    assert ("not-a-sum", "Sums are sums", 1) in report.misconceptions(table)
    assert [mark.failure.reason for mark in table["blank"].values()] == [report.UNANSWERED] * 2


def test_report_page(course, outcome, table):
    page = report.write_page(course, LESSON, table, outcome.findings).read_text()
    assert '<th scope="row">blank</th><td></td><td></td><td>0/4</td>' in page
    assert '<th scope="row">no-json</th><td></td><td></td><td>not graded</td>' in page
    assert "the file is not JSON" in page and "color-scheme: light dark" in page


def test_unknown_learner_and_lesson_are_named(course):
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


def test_lesson_that_changed_under_graded_submissions_is_named(course, outcome):
    path = course / "source" / LESSON / f"{LESSON}.ipynb"
    before = path.read_text()
    changed = make_source()
    changed.cells = changed.cells[:3]
    nbformat.write(changed, path)
    outcome = grade(course, [LESSON], ["right"])
    path.write_text(before)
    (finding,) = outcome.findings
    assert (
        finding.blocks
        and "cells were added or removed although submissions are graded already" in finding.says
    )
    assert outcome.graded == []


def test_feedback_shows_no_hidden_test():
    source = make_source()
    check = next(cell for cell in source.cells if cell.id == "check-add")
    check.outputs = [
        nbformat.v4.new_output(
            "error",
            ename="AssertionError",
            evalue="",
            traceback=[
                "\x1b[31mAssertionError\x1b[39m",
                "----> \x1b[32m5\x1b[39m secret_check\x1b[39m = add(\x1b[32m20\x1b[39m, \x1b[32m22\x1b[39m)",
            ],
        )
    ]
    cell, _ = HideTests().preprocess_cell(check, {}, 0)
    assert "secret_check" not in json.dumps(cell) and "HIDDEN" not in json.dumps(cell)
    assert cell.outputs[0].traceback == ["AssertionError: "]


def test_long_error_messages_keep_their_code():
    message = "x" * 1_000_000 + "\n[not-a-sum]"
    assert len(shorten(message)) < 30_000
    assert (
        report.judge(
            [nbformat.v4.new_output("error", ename="E", evalue=shorten(message), traceback=[])]
        ).reason
        == "not-a-sum"
    )


def test_kill_matrix_finds_what_is_off(tmp_path):
    """A bank with a wrong answer that passes, one that fails for another reason, and a right one that fails."""
    root, bank = tmp_path / "course", tmp_path / "bank"
    make_course(root)
    bank_entry(
        bank, "wrong", "add", "a-killed", "# misconception: not-a-sum\ndef add(x, y):\n    return x"
    )
    bank_entry(bank, "wrong", "add", "b-survives", f"# misconception: not-a-sum\n{ANSWERS['add']}")
    bank_entry(
        bank,
        "wrong",
        "add",
        "c-other-code",
        "# misconception: no-division\ndef add(x, y):\n    return x",
    )
    bank_entry(
        bank,
        "right",
        "mean",
        "a-passes",
        "def mean(values):\n    return sum(values) / max(len(values), 1)",
    )
    bank_entry(bank, "right", "mean", "b-fails", "def mean(values):\n    return sum(values)")
    rows = {
        (row.answer.kind, row.answer.exercise, row.answer.name): row
        for row in run([LESSON], bank, root)
    }
    off = {key[1:] for key, row in rows.items() if not row.ok}
    assert off == {("add", "b-survives"), ("add", "c-other-code"), ("mean", "b-fails")}
    assert (
        rows["wrong", "add", "a-killed"].found == "not-a-sum"
        and rows["wrong", "add", "b-survives"].found == "passed"
    )
    assert rows["untouched", "mean", "release"].found == report.UNANSWERED
    assert len(rows) == 9  # five of the bank, two of the reference, two of the release
    assert idle_checks(make_source(), read_bank(bank, LESSON, make_source())) == (
        ["check-mean"],
        [],
    )
    assert sorted(os.listdir(root)) == ["nbgrader_config.py", "source"]


def test_bank_answers_may_hand_in_files(tmp_path):
    """The reference's file is made once and lies beside every sheet but the untouched release; an answer's script may change it."""
    root, bank = tmp_path / "course", tmp_path / "bank"
    make_course(root)
    from_file = (
        "def add(x, y):\n    return x + y * int(open('factor.txt').read())\n### MAKE FILES\n"
    )
    bank_entry(
        bank,
        "wrong",
        "add",
        "a-file-that-is-off",
        f"# misconception: not-a-sum\n{from_file}open('factor.txt', 'w').write('2')\n",
    )
    bank_entry(
        bank,
        "right",
        "add",
        "b-file-of-the-reference",
        f"{from_file}assert open('factor.txt').read() == '1'\n",
    )
    (bank / LESSON / "files.py").write_text("open('factor.txt', 'w').write('1')")
    assert all(row.ok for row in run([LESSON], bank, root))
    bank_entry(bank, "right", "add", "c-script-that-fails", f"{from_file}1 / 0\n")
    with pytest.raises(ValueError, match=r"c-script-that-fails.*division"):
        run([LESSON], bank, root)


@pytest.mark.parametrize(
    ("kind", "exercise", "text", "sentence"),
    [
        ("wrong", "add", "def add(x, y):\n    return x", "first line must be"),
        ("wrong", "unheard-of", "# misconception: not-a-sum", "no exercise `unheard-of`"),
        ("odd", "add", "pass", "`odd` is not wrong or right"),
    ],
)
def test_errors_in_the_bank_are_named(tmp_path, kind, exercise, text, sentence):
    bank_entry(tmp_path, kind, exercise, "name", text)
    with pytest.raises(ValueError, match=sentence):
        read_bank(tmp_path, LESSON, make_source())


def test_hidden_tests_that_only_repeat_are_listed():
    source = make_source()
    check = next(cell for cell in source.cells if cell.id == "check-add")
    check.source = (
        "assert add(2, 3) == 5\n### BEGIN HIDDEN TESTS\nassert add(2, 3) == 5\n### END HIDDEN TESTS"
    )
    assert idle_checks(source, {"wrong": {"add": [1], "mean": [1]}}) == ([], ["check-add"])


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["grade", LESSON, "--learner", "right"], 0, ["right", "4/4", f"report-{LESSON}.html"]),
        (["grade", LESSON, "--learner", "no-json"], 1, ["Not graded:", "the file is not JSON"]),
    ],
)
def test_command_and_its_exit_status(course, outcome, arguments, status, words):
    done = CliRunner().invoke(app, [*arguments, "--root", str(course)])
    assert done.exit_code == status, done.output
    assert all(word in done.output for word in words)
