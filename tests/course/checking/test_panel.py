"""How a check answers: in a notebook, as text, and to nbgrader, which must not mind the panel."""

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbgrader.utils import determine_grade
from torch import nn

from course.authoring import lab
from course.checking import panel
from course.checking.check import call_of, check
from course.checking.misconception import CATALOGUE, Misconception

GIVEN = """
from course.checking.check import Misconception, check
from course.lessons.lesson00 import checks

@check
def seven(answer):
    if answer() != 7:
        raise Misconception("input-changed", f"expected 7; you return {answer()} <!>")
    return "it is 7."
"""
STUMBLES = """
def answer(model):
    return [1] + 2

checks.count_parameters(answer)
"""
COMPREHENSION = """
def answer(model):
    return sum(t.nume1() for t in model.parameters())

checks.count_parameters(answer)
"""
OTHER_PARAMETERS = """
def answer(self, model):
    return 1

checks.count_parameters(answer)
"""
UNANSWERED = """
def answer():
    raise NotImplementedError()

seven(answer)
"""
NO_FORWARD = """
import torch

def answer():
    return torch.nn.Module()(1)

seven(answer)
"""
ANSWER_NOT_RUN = """
from course.lessons.lesson00 import checks as check

check.count_parameters(count_parameters)
"""
NO_FUNCTION_TO_CHECK = """
from types import SimpleNamespace

check = SimpleNamespace(doubled=None)

check.doubled(doubled)
"""
WRONG = """
def count_parameters(model):
    return None

checks.count_parameters(count_parameters)
"""
CELLS = {
    "right": "seven(lambda: 7)",
    "wrong": "seven(lambda: 8)",
    "stumbles": STUMBLES,
    "comprehension": COMPREHENSION,
    "other parameters": OTHER_PARAMETERS,
    "no function": "checks.count_parameters(62)",
    "unanswered": UNANSWERED,
    "unanswered value": "file = None\nraise NotImplementedError()",
    "needs an answer": "needed = answer()",
    "needs its name": "rest = needed + 1",
    "needs that cell's name": "rest",
    "stops": "found = int('x')",
    "needs what stopped": "found",
    "mistyped": "fuond",
    "says more": "def later():\n    raise NotImplementedError('in chapter 2')\n\nlater()",
    "no forward": NO_FORWARD,
    "answer not run": ANSWER_NOT_RUN,
    "answer has a syntax error": NO_FUNCTION_TO_CHECK,
    "needs that function": "twice = doubled(2)",
    "needs that result": "twice",
    "broken": "checks.count_parameters(lambda model: 1, names=['no_such_model'])",
    "wrong, but runs": WRONG,
    "built on it": "numbers = [count_parameters(None)]",
    "stops because of it": "half = numbers[0] / 2",
    "needs that half": "half",
    "stops without it": "[None][0] / 2",
}


@pytest.fixture(scope="module")
def ran():
    """{name: cell} of a notebook that nbgrader would grade, after it has run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(GIVEN)])
    for name, source in CELLS.items():
        graded = {
            "grade_id": name,
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 2,
            "schema_version": 3,
        }
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": graded}))
    NotebookClient(notebook, allow_errors=True, timeout=120).execute()
    return dict(zip(CELLS, notebook.cells[1:], strict=True))


def outputs(cell):
    """(the page that is shown, the text of the error), None for what is not there."""
    page = error = None
    for output in cell.outputs:
        if output.output_type == "display_data":
            page = output.data["text/html"]
        elif output.output_type == "error":
            error = "\n".join(output.traceback)
    return page, error


def test_a_passed_check_says_what_was_proved(ran):
    page, error = outputs(ran["right"])
    assert "Passed:</b> it is 7." in page and error is None
    assert ran["right"].outputs[0].data["text/plain"] == "Passed: it is 7."


def test_a_failed_check_shows_expected_observed_and_where_to_read(ran):
    page, error = outputs(ran["wrong"])
    title, read = CATALOGUE["input-changed"]
    assert title in page and "you return 8 &lt;!&gt;" in page
    assert 'href="../00-start-here/00-start-here.ipynb#An-answer-and-its-check"' in page
    assert error.splitlines() == [
        f"Not yet. {title}",
        "Observed: expected 7; you return 8 <!>",
        f"Read:     {read}",
        "[input-changed]",
    ]


def test_a_result_that_nothing_explains_has_no_link():
    said = str(Misconception("wrong-result", "expected 7; got 8"))
    assert said.splitlines()[1:] == ["Observed: expected 7; got 8", "[wrong-result]"]


def test_an_error_in_the_answer_names_its_line_and_folds_the_traceback(ran):
    page, error = outputs(ran["stumbles"])
    assert error.startswith("Not yet. Your code stops with TypeError: can only concatenate list")
    assert "Called: `answer(ResNet)`" in error and "<code>answer(ResNet)</code>" in page
    assert error.endswith("Where: line 2 of `answer`: `return [1] + 2`")
    assert "checks.py" not in page + error, "the check's own frames are not the learner's business"
    assert "<code>return [1] + 2</code>" in page
    assert page.index("<details>") < page.index("Traceback (most recent call last)")


def test_an_error_in_a_comprehension_names_the_function_around_it(ran):
    _, error = outputs(ran["comprehension"])
    line = "return sum(t.nume1() for t in model.parameters())"
    assert error.endswith(f"Where: line 2 of `answer`: `{line}`")


def test_a_function_that_cannot_be_called_is_told_how_it_is_called(ran):
    _, error = outputs(ran["other parameters"])
    words = " ".join(error.split())
    assert "the check calls `answer` with 1 argument; yours is `answer(self, model)`" in words
    assert "missing a required argument: 'model'" in words
    assert "[other-parameters]" in words


def test_what_is_no_function_is_told(ran):
    _, error = outputs(ran["no function"])
    assert "expected a function; got int 62" in error and "[no-function]" in error


def test_a_blank_answer_is_no_fault(ran):
    page, error = outputs(ran["unanswered"])
    assert "Not answered yet." in page and error.startswith("Not answered yet.")
    assert "<details>" not in page, "a traceback would say nothing"
    assert ran["unanswered"].outputs[-1].ename == "NotImplementedError"


def test_a_blank_answer_that_is_no_function_says_so_in_one_line(ran):
    [output] = ran["unanswered value"].outputs
    [line] = output.traceback
    assert line.startswith("Not answered yet. Put your answer in place of `raise NotImpl")


def test_a_cell_that_needs_an_answer_says_so_in_one_line(ran):
    [output] = ran["needs an answer"].outputs
    assert output.ename == "NotImplementedError"
    [line] = output.traceback
    assert line == "`answer` is not answered yet. Answer its exercise, then run this cell again."
    assert "in chapter 2" in outputs(ran["says more"])[1]


@pytest.mark.parametrize(
    ("cell", "name", "why"),
    [
        (
            "needs its name",
            "needed",
            "needs `answer`, whose exercise is not answered yet. Answer it, run",
        ),
        (
            "needs that cell's name",
            "rest",
            "needs `answer`, whose exercise is not answered yet. Answer it, run",
        ),
        ("needs what stopped", "found", "has stopped with ValueError. Run"),
        (
            "needs that half",
            "half",
            "needs `count_parameters`, whose check does not pass yet. Correct it, run",
        ),
        (
            "needs that result",
            "twice",
            "needs `doubled`, whose check does not pass yet. Correct it, run",
        ),
    ],
)
def test_a_name_that_is_missing_because_a_cell_stopped_says_so_in_one_line(ran, cell, name, why):
    [output] = ran[cell].outputs
    assert output.ename == "NameError"
    [line] = output.traceback
    assert line == (
        f"`{name}` is not defined, because the cell that defines it {why} that cell again, "
        "then this one."
    )
    assert "NameError" in outputs(ran["mistyped"])[1]


def test_a_cell_that_stops_on_a_wrong_answer_names_it_below_the_traceback(ran):
    [output] = ran["stops because of it"].outputs
    *shown, line = output.traceback
    assert "unsupported operand type(s)" in shown[-1] and output.ename == "TypeError"
    assert line == (
        "This cell needs `count_parameters`, whose check does not pass yet. Correct it, then run "
        "the cells from there to this one again."
    )
    assert "whose check" not in outputs(ran["stops without it"])[1]


def test_pytorchs_own_not_implemented_is_an_error_of_the_answer(ran):
    page, error = outputs(ran["no forward"])
    assert error.startswith("Not yet. Your code stops with NotImplementedError: Module [Module]")
    assert "Not answered" not in page


def test_a_check_whose_answer_has_not_run_says_so_in_one_line(ran):
    [output] = ran["answer not run"].outputs
    assert output.ename == "NameError"
    [line] = output.traceback
    assert line.startswith("`count_parameters` is not defined: its cell has not run, has stopped")


def test_a_cell_that_needs_an_answer_without_its_function_names_it(ran):
    """Its cell has a syntax error, or gives the function another name."""
    [output] = ran["needs that function"].outputs
    [line] = output.traceback
    assert line == (
        "`doubled` is not defined, and its check does not pass yet. Correct the answer, then run "
        "the cells from there to this one again."
    )


def test_a_check_before_the_first_cell_says_so_in_the_lab(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(lab.LEARNER))
    cells = [nbformat.v4.new_code_cell("check.count_parameters(count_parameters)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, allow_errors=True, timeout=120).execute()
    [output] = notebook.cells[0].outputs
    assert output.ename == "NameError"
    [line] = output.traceback
    assert line.startswith("The first code cell of this lesson has not run")


def test_a_fault_of_the_check_is_shown_as_it_is(ran):
    page, error = outputs(ran["broken"])
    assert page is None and "no_such_model" in error and "Traceback" in error


def test_stock_nbgrader_counts_errors_and_nothing_else(ran):
    assert {name: determine_grade(cell) for name, cell in ran.items()} == {
        "right": (2, 2),
        "wrong": (0, 2),
        "stumbles": (0, 2),
        "comprehension": (0, 2),
        "other parameters": (0, 2),
        "no function": (0, 2),
        "unanswered": (0, 2),
        "unanswered value": (0, 2),
        "needs an answer": (0, 2),
        "needs its name": (0, 2),
        "needs that cell's name": (0, 2),
        "stops": (0, 2),
        "needs what stopped": (0, 2),
        "mistyped": (0, 2),
        "says more": (0, 2),
        "no forward": (0, 2),
        "answer not run": (0, 2),
        "answer has a syntax error": (0, 2),
        "needs that function": (0, 2),
        "needs that result": (0, 2),
        "broken": (0, 2),
        "wrong, but runs": (0, 2),
        "built on it": (2, 2),
        "stops because of it": (0, 2),
        "needs that half": (0, 2),
        "stops without it": (0, 2),
    }


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ((nn.Linear(2, 3), 10), {}, "f(Linear, 10)"),
        ((torch.zeros(4, 3, dtype=torch.uint8),), {}, "f(uint8 tensor (4, 3))"),
        (
            ((torch.zeros(2), "a"), [1, 2.5]),
            {"lr": None},
            "f((float32 tensor (2,), 'a'), [1, 2.5], lr=None)",
        ),
        ((list(range(9)), len), {}, "f(list, len)"),
    ],
)
def test_a_call_in_short(args, kwargs, told):
    assert call_of("f", args, kwargs) == told


def test_without_a_notebook_the_words_are_printed(capsys, monkeypatch):
    monkeypatch.setattr(panel.InteractiveShell, "initialized", lambda: False)
    check(lambda: "all is well.")()
    assert capsys.readouterr().out == "Passed: all is well.\n"

    @check
    def wrong():
        raise Misconception("wrong-result", "nothing")

    with pytest.raises(Misconception, match=r"\[wrong-result\]$"):
        wrong()
    assert capsys.readouterr().out == ""
