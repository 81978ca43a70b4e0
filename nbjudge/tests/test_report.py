"""The report: what it makes of marks and of executed notebooks."""

import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from rich.console import Console

from classroom import LESSON, meta
from nbjudge.coursedir import report
from nbjudge.coursedir.failures import (
    CHECKED,
    RAISED,
    STOPPED,
    UNANSWERED,
    Failure,
    failures,
)
from nbjudge.coursedir.report import Class, Mark
from nbjudge.coursedir.settings import read_settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.display import new_progress, progress_on
from nbjudge.reporting.write import write_page
from nbjudge.sandbox.output import shorten
from nbjudge.terminal import print_class

NO_SUM = Failure("not-a-sum", "Sums are sums")
NO_ANSWER = Failure(UNANSWERED, "")
TABLE = {
    "right": {"check-add": Mark(2, 2, False, None), "why": Mark(0, 3, True, None)},
    "wrong": {"check-add": Mark(0, 2, False, NO_SUM), "why": Mark(1.5, 3, False, None)},
    "blank": {"check-add": Mark(0, 2, False, NO_ANSWER), "why": Mark(0, 3, False, None)},
    "no-json": {},
}


def error(ename, evalue):
    return new_output("error", ename=ename, evalue=evalue, traceback=[])


def test_points_by_exercise():
    header, rows = report.lines(Class(TABLE, {}))
    assert header == ["student", "add", "why", "points"]
    assert rows == [
        ["right", "2/2", "to mark", "2/5"],
        ["wrong", "0/2", "1.5/3", "1.5/5"],
        ["blank", "", "0/3", "0/5"],
        ["no-json", "", "", "not graded"],
    ]


def test_wrong_answers_are_counted_by_student_and_the_most_frequent_comes_first():
    """A misconception by its code, whatever its exercise; others by exercise and message."""

    def mark(reason, title, source):
        return Mark(0, 2, False, Failure(reason, title, source))

    again = Mark(0, 2, False, NO_SUM)
    returned = [mark("AssertionError", f"expected 5, got {got}", CHECKED) for got in (1, 2.5)]
    table = {
        **TABLE,
        "twice": {"check-add": again, "b": again},
        "one": {"check-add": returned[0], "b": mark("KeyError", "x", RAISED)},
        "two": {"check-add": returned[1], "b": mark("KeyError", "y", RAISED)},
        "three": {"check-add": mark("SyntaxError", "invalid syntax", STOPPED)},
        "four": {"check-add": mark("AssertionError", "assert add(1, 1) == 2", CHECKED)},
        "five": {"check-add": returned[0]},
    }
    assert report.misconceptions(table) == [
        ("AssertionError", "add", "the check failed: expected 5, got 1", 3),
        ("not-a-sum", "", "Sums are sums", 2),
        ("AssertionError", "add", "the check failed: assert add(1, 1) == 2", 1),
        ("KeyError", "b", "the student's code raised KeyError: x", 1),
        ("KeyError", "b", "the student's code raised KeyError: y", 1),
        ("SyntaxError", "add", "the answer cell stopped with SyntaxError: invalid syntax", 1),
    ]


def test_findings_that_say_the_same_are_one():
    findings = []
    for number in range(23):
        findings.append(Finding(f"s{number:02d}", LESSON, f"submitted/s{number}", "it is late"))
    findings.insert(3, Finding("ada", LESSON, "submitted/ada", "it is odd"))
    findings.insert(5, Finding("", LESSON, "source/a", "it is odd"))
    findings.insert(6, Finding("", LESSON, "source/b", "it is odd"))
    assert report.grouped(findings) == [
        "23 students (s00, s01, s02, s03, s04 and 18 more): it is late.",
        "ada, submitted/ada: it is odd.",
        "source/a: it is odd.",
        "source/b: it is odd.",
    ]


@pytest.mark.parametrize(
    ("errors", "failure"),
    [
        ([("AssertionError", "Sums are sums\nObserved: 3\n[not-a-sum]")], NO_SUM),
        ([("AssertionError", "Sums are\n sums\n[not-a-sum]"), ("KeyError", "later")], NO_SUM),
        ([("NotImplementedError", "")], NO_ANSWER),
        ([("KeyError", "first"), ("TypeError", "last")], Failure("TypeError", "last", CHECKED)),
        ([("E", shorten("x" * 1_000_000 + "\n[not-a-sum]"))], Failure("not-a-sum", "x" * 200)),
    ],
    ids=["a code", "a code before others", "not answered", "the last error", "a long message"],
)
def test_why_a_check_failed(errors, failure):
    outputs = [error(*each) for each in errors]
    check = new_code_cell("", outputs=outputs, metadata=meta("check-add", grade=True, points=2))
    other = new_code_cell("", outputs=outputs, metadata=meta("add", solution=True))
    assert failures(new_notebook(cells=[other, check])) == {"check-add": failure}


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (error("CellTimeoutError", "stopped after 2 s"), "the cell `add` was stopped after 2 s"),
        (error("DeadKernelError", "it ended: 9"), "the cell `add` counts as failed, it ended: the"),
        (new_output("stream", text=f"1{report.CUT}"), "the output of the cell `add` was very long"),
        (
            new_output("display_data", {"text/plain": report.CUT}),
            "the output of the cell `add` was very long",
        ),
        (error("KeyError", ""), ""),
        (new_output("stream", text="short"), ""),
    ],
)
def test_oddities_of_a_run_are_told(output, sentence):
    cell = new_code_cell("", outputs=[output], metadata=meta("add"))
    found = report.oddities(new_notebook(cells=[nbformat.from_dict(cell)]))
    assert [said[: len(sentence)] for said in found] == ([sentence] if sentence else [])


def test_a_process_that_is_gone_is_told_once():
    gone = error("DeadKernelError", "the cells before this one ended the notebook's process")
    cells = [new_code_cell("", outputs=[gone], metadata=meta(name)) for name in ("a", "b", "c")]
    (told,) = report.oddities(new_notebook(cells=cells))
    assert told.startswith("the cell `a` counts as failed")


def test_the_page_holds_points_findings_and_no_markup_of_a_student(tmp_path):
    finding = Finding("<b>", LESSON, "submitted/<b>", "the file is not JSON", True)
    about = Class({**TABLE, "<b>": {}}, {})
    path = write_page(read_settings(tmp_path), LESSON, about, [finding])
    page = path.read_text()
    assert path == tmp_path / "autograded" / f"report-{LESSON}.html"
    assert '<th scope="row">blank</th><td data-label="1"></td><td data-label="2">0/3</td>' in page
    assert 'no-json</th><td data-label="1"></td><td data-label="2"></td>' in page
    assert "1 of 3 learners, in add; 2 points lost together. wrong." in page
    assert "&lt;b&gt;, submitted/&lt;b&gt;: the file is not JSON." in page and "<b>" not in page


HOSTILE = "[red]\x1b[2J\u202e</td><script>alert(1)</script>:smile:[/]"


def test_what_learners_choose_is_neither_obeyed_nor_coloured(tmp_path):
    failure = Failure(HOSTILE, HOSTILE)
    table = {HOSTILE: {"check-add": Mark(0, 2, False, failure)}}
    console = Console(file=io.StringIO(), force_terminal=True, width=200, highlight=False)
    print_class(console, LESSON, Class(table, {}))
    finding = Finding(HOSTILE, LESSON, "file", HOSTILE, True)
    with new_progress(console) as progress:
        progress_on(progress)(1, 2, HOSTILE, [finding], LESSON)
    printed = console.file.getvalue()
    assert "\x1b[2J" not in printed and "\u202e" not in printed
    lines = [line for line in printed.splitlines() if "[red]" in line]
    assert len(lines) >= 4  # in the table, below it, as a finding, in the progress bar
    assert all(":smile:" in line for line in lines)
    path = write_page(read_settings(tmp_path), LESSON, Class(table, {}), [finding])
    page = path.read_text(encoding="utf-8")
    assert "<script>" not in page and page.count("&lt;script&gt;") > 5
    assert "\x1b" not in page and "\u202e" not in page
