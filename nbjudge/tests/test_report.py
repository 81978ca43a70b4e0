"""The report: what it makes of marks and of executed notebooks."""

import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from rich.console import Console

from classroom import LESSON, meta
from nbjudge.coursedir import report
from nbjudge.coursedir.report import UNANSWERED, Failure, Mark
from nbjudge.coursedir.submissions import Finding
from nbjudge.display import new_progress, progress_on
from nbjudge.sandbox.output import shorten

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
    header, rows = report.lines(TABLE)
    assert header == ["learner", "add", "why", "points"]
    assert rows == [
        ["right", "2/2", "to mark", "2/5"],
        ["wrong", "0/2", "1.5/3", "1.5/5"],
        ["blank", "", "0/3", "0/5"],
        ["no-json", "", "", "not graded"],
    ]


def test_misconceptions_are_counted_by_student_and_the_most_frequent_comes_first():
    crash = Mark(0, 2, False, Failure("ZeroDivisionError", "division by zero"))
    again = Mark(0, 2, False, NO_SUM)
    table = {**TABLE, "crash": {"check-add": crash}, "twice": {"check-add": again, "b": again}}
    assert report.misconceptions(table) == [
        ("not-a-sum", "Sums are sums", 2),
        ("ZeroDivisionError", "division by zero", 1),
    ]


@pytest.mark.parametrize(
    ("errors", "failure"),
    [
        ([("AssertionError", "Sums are sums\nObserved: 3\n[not-a-sum]")], NO_SUM),
        ([("AssertionError", "Sums are\n sums\n[not-a-sum]"), ("KeyError", "later")], NO_SUM),
        ([("NotImplementedError", "")], NO_ANSWER),
        ([("KeyError", "first"), ("TypeError", "last")], Failure("TypeError", "last")),
        ([("E", shorten("x" * 1_000_000 + "\n[not-a-sum]"))], Failure("not-a-sum", "x" * 200)),
    ],
    ids=["a code", "a code before others", "not answered", "the last error", "a long message"],
)
def test_why_a_check_failed(errors, failure):
    outputs = [error(*each) for each in errors]
    check = new_code_cell("", outputs=outputs, metadata=meta("check-add", grade=True, points=2))
    other = new_code_cell("", outputs=outputs, metadata=meta("add", solution=True))
    assert report.failures(new_notebook(cells=[other, check])) == {"check-add": failure}


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (error("CellTimeoutError", ""), "the cell `add` was stopped after 2 s"),
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
    found = report.oddities(new_notebook(cells=[nbformat.from_dict(cell)]), timeout=2)
    assert [said[: len(sentence)] for said in found] == ([sentence] if sentence else [])


def test_the_page_holds_points_findings_and_no_markup_of_a_student(tmp_path):
    finding = Finding("<b>", LESSON, "submitted/<b>", "the file is not JSON", True)
    path = report.write_page(tmp_path, LESSON, {**TABLE, "<b>": {}}, [finding])
    page = path.read_text()
    assert path == tmp_path / "autograded" / f"report-{LESSON}.html"
    assert '<th scope="row">blank</th><td></td><td>0/3</td><td>0/5</td>' in page
    assert '<th scope="row">no-json</th><td></td><td></td><td>not graded</td>' in page
    assert "<td>1 of 5</td><td>Sums are sums</td>" in page
    assert "&lt;b&gt;, submitted/&lt;b&gt;: the file is not JSON." in page and "<b>" not in page


HOSTILE = "[red]\x1b[2J\u202e</td><script>alert(1)</script>:smile:[/]"


def test_what_learners_choose_is_neither_obeyed_nor_coloured(tmp_path):
    failure = Failure(HOSTILE, HOSTILE)
    table = {HOSTILE: {"check-add": Mark(0, 2, False, failure)}}
    console = Console(file=io.StringIO(), force_terminal=True, width=200, highlight=False)
    report.print_table(console, LESSON, table)
    finding = Finding(HOSTILE, LESSON, "file", HOSTILE, True)
    with new_progress(console) as progress:
        progress_on(progress)(1, 2, HOSTILE, [finding])
    printed = console.file.getvalue()
    assert "\x1b[2J" not in printed and "\u202e" not in printed
    lines = [line for line in printed.splitlines() if "[red]" in line]
    assert len(lines) >= 4  # in the table, below it, as a finding, in the progress bar
    assert all(":smile:" in line for line in lines)
    page = report.write_page(tmp_path, LESSON, table, [finding]).read_text(encoding="utf-8")
    assert "<script>" not in page and page.count("&lt;script&gt;") == 5
    assert "\x1b" not in page and "\u202e" not in page
