"""Why checks failed: what a student reads first, and what the instructor's table says."""

import time

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from classroom import LESSON, answered, hand_in, make_course, meta
from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.failures import (
    CHECKED,
    HIDDEN_TEST,
    RAISED,
    STOPPED,
    UNANSWERED,
    Failure,
    explain,
    failures,
    words_of,
)
from nbjudge.coursedir.hidden_tests import without_hidden_tests
from nbjudge.grading.options import Options

MEAN = """from statistics import fmean
for last in (4, 8):
    assert mean(
        [2, last]
    ) == fmean([2, last])
### BEGIN HIDDEN TESTS
assert mean([7]) == 7
### END HIDDEN TESTS"""
PASSED = "", None

# {what the answer `mean` is: (what the student reads first, what the instructor's table says)}
CASES = {
    "def mean(values):\n    total = (sum(values)\n    return total": (
        "Your answer cell `mean` stopped with SyntaxError: '(' was never closed (line 2); "
        "so `mean` is not defined.",
        Failure("SyntaxError", "'(' was never closed", STOPPED),
    ),
    "import nonsuch\ndef mean(values):\n    return 0": (
        "Your answer cell `mean` stopped with ModuleNotFoundError: No module named 'nonsuch' "
        "(line 1); so `mean` is not defined.",
        Failure("ModuleNotFoundError", "No module named 'nonsuch'", STOPPED),
    ),
    "while True: pass": (
        "Your answer cell `mean` was stopped after 2 s; so `mean` is not defined.",
        Failure("CellTimeoutError", "the cell was stopped after 2 s", STOPPED),
    ),
    "import os\nos._exit(1)": (
        "Your answer cell `mean` failed: the process ended in this cell: os._exit, a crash, too "
        "many processes, or no memory left; so `mean` is not defined.",
        Failure(
            "DeadKernelError",
            "the process ended in this cell: os._exit, a crash, too many processes, or no memory "
            "left",
            STOPPED,
        ),
    ),
    "raise NotImplementedError()": (
        "Your answer cell `mean` is not answered yet; so `mean` is not defined.",
        Failure(UNANSWERED, ""),
    ),
    "def mean(values):\n    return helper(values)": (
        "Your code raised NameError in `mean`, line 2: `return helper(values)`.",
        Failure("NameError", "name 'helper' is not defined", RAISED),
    ),
    "def mean(values):\n    while values: pass": (
        "Your code was still running in `mean`, line 2: `while values: pass`.",
        Failure("CellTimeoutError", "the cell was stopped after 2 s", RAISED),
    ),
    "def mean(values):\n    return values[9]": (
        "Your code raised IndexError in `mean`, line 2: `return values[9]`.",
        Failure("IndexError", "list index out of range", RAISED),
    ),
    "def mean(values):\n    return 3": (
        "",
        Failure("AssertionError", "assert mean( [2, last] ) == fmean([2, last])", CHECKED),
    ),
    "def mean(values):\n    return (values[0] + values[1]) / 2 if values[1:] else 0": (
        "",
        Failure("AssertionError", f"{HIDDEN_TEST}: assert mean([7]) == 7", CHECKED),
    ),
    "def mean():\n    return 3": (
        "",
        Failure("TypeError", "mean() takes 0 positional arguments but 1 was given", CHECKED),
    ),
    "def mean(values):\n    return sum(values) / len(values)\nx = undefined": PASSED,
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    path = root / "source" / LESSON / f"{LESSON}.ipynb"
    source = nbformat.read(path, as_version=4)
    source.cells[-1].source = MEAN
    nbformat.write(source, path)
    for number, text in enumerate(CASES):
        hand_in(root, f"student-{number:02d}", answered(mean=text))
    grade(root, [LESSON], options=Options(workers=2, timeout=2))
    return root


@pytest.mark.parametrize("text", CASES)
def test_the_cause_comes_first_and_the_table_names_it(course, text):
    sentence, failure = CASES[text]
    student = f"student-{list(CASES).index(text):02d}"
    notebook = report.read_autograded(course, LESSON, student)[LESSON]
    assert failures(notebook) == ({"check-mean": failure} if failure else {})
    traceback = [line for output in notebook.cells[-1].outputs for line in output.traceback]
    first = traceback[0] if traceback else ""
    if sentence:
        assert first == sentence
    else:
        assert not first.startswith("Your")
    if failure and failure.reason == "AssertionError":
        told = HIDDEN_TEST if HIDDEN_TEST in failure.title else failure.title
        assert traceback[-1] == f"AssertionError: {told}"


# ---- notebooks that other kernels have run -------------------------------------------------------


def stopped(source, ename, evalue, *frames, **kind):
    """A cell that ended in an error, as IPython shows it."""
    error = new_output(
        "error", ename=ename, evalue=evalue, traceback=[*frames, f"{ename}: {evalue}"]
    )
    return new_code_cell(source, outputs=[error], metadata=meta(**kind))


def first_lines(*cells):
    notebook = new_notebook(cells=list(cells))
    for number, cell in enumerate(cells, 1):
        cell.execution_count = number
    explain(notebook, notebook)
    return cells[-1].outputs[0].traceback


def test_a_cause_has_its_own_cause():
    first = stopped(
        "import nonsuch\na = 1", "ImportError", "no nonsuch", grade_id="one", solution=True
    )
    second = stopped("b = a", "NameError", "name 'a' is not defined", grade_id="two", solution=True)
    check = stopped("b", "NameError", "name 'b' is not defined", grade_id="check", grade=True)
    assert first_lines(first, second, check)[0] == (
        "Your answer cell `two` stopped with NameError: name 'a' is not defined, because your "
        "answer cell `one` stopped with ImportError: no nonsuch; so `b` is not defined."
    )
    says = words_of(failures(new_notebook(cells=[first, second, check]))["check"])
    assert says == (
        "the answer cell stopped with NameError: name 'a' is not defined, because an earlier cell "
        "stopped with ImportError"
    )


def test_a_value_that_an_answer_did_not_get_to_is_explained():
    answer = stopped("x = int('')", "ValueError", "bad", grade_id="x", solution=True)
    check = stopped("assert x == 5", "AssertionError", "x is 5", grade_id="check", grade=True)
    assert first_lines(answer, check)[0] == "Your answer cell `x` stopped with ValueError: bad."
    place = "Cell In[1], line 3\n----> 3 f(0)"
    later = "def f(x):\n    return 1 / x\nf(0)"
    answer = stopped(later, "ZeroDivisionError", "", place, grade_id="f", solution=True)
    check = stopped("assert f(1) == 2", "AssertionError", "no", grade_id="check", grade=True)
    assert first_lines(answer, check) == ["AssertionError: no"]


def test_the_cells_of_an_ordinary_kernel_are_told_apart():
    """The frames of a given function and of a library do not make it the student's fault."""
    given = new_code_cell("def helper(x):\n    return x.y")
    answer = new_code_cell("def f(x):\n    return helper(x)", metadata=meta("f", solution=True))
    header = "Cell \x1b[32mIn[{}]\x1b[39m, line 2, in {}"
    frames = [header.format(*each) for each in ((3, "x()"), (2, "f(x)"), (1, "helper(x)"))]
    check = stopped("1\nf(0)", "AttributeError", "no y", *frames, grade_id="check-f", grade=True)
    assert first_lines(given, answer, check)[0] == "Your code raised AttributeError in `f`, line 2."
    check = stopped(
        "1\nhelper(0)", "AttributeError", "no y", frames[0], frames[2], grade_id="c", grade=True
    )
    assert first_lines(given, answer, check)[0] == frames[0]


def test_the_instructor_sees_the_assert_of_a_notebook_that_stock_nbgrader_has_graded():
    check = stopped(
        "1\nassert f(1) == 2",
        "AssertionError",
        "",
        "Cell In[1], line 2\n      1 1\n----> 2 assert f(1) == 2\n",
        grade_id="check",
        grade=True,
    )
    check.execution_count = 1
    (failure,) = failures(new_notebook(cells=[check])).values()
    assert words_of(failure) == "the check failed: assert f(1) == 2"


def test_a_cell_that_was_stopped_says_so_and_where_it_was():
    """Not that somebody pressed a key; what it printed stays."""
    place = "Cell In[1], line 3\n----> 3 while True: pass\n"
    frames = ["\x1b[31m" + "-" * 75, "KeyboardInterrupt  Traceback (most recent ...", place]
    cell = stopped(
        "while True: pass", "KeyboardInterrupt", "", *frames, grade_id="f", solution=True
    )
    reason = stopped("", "CellTimeoutError", "stopped after 2 s", grade_id="f").outputs
    printed = new_output("stream", text="half")
    cell.outputs = [printed, *cell.outputs, *reason]
    notebook = new_notebook(cells=[cell])
    explain(notebook, notebook)
    assert cell.outputs[0] == printed and len(cell.outputs) == 2
    assert cell.outputs[1].traceback == ["CellTimeoutError: stopped after 2 s", place]


# ---- whatever outputs hold -------------------------------------------------------------------

NASTY = st.text(st.sampled_from("'\"\\\n\t ()[]<>&;x1\x1b[mé"), max_size=40)
TEXTS = NASTY | st.sampled_from(
    [
        "name 'f' is not defined",
        "bad (<ipython-input-2-a>, line 99999)",
        "<check check>, line 0, in <module>\n    f",
        "<check check>, line 77, in <module>",
        "Cell In[1], line 5, in f(x)",
        "x [some-code]",
    ]
)
ERRORS = st.builds(
    lambda name, message, frames: new_output("error", ename=name, evalue=message, traceback=frames),
    st.sampled_from(["NameError", "AssertionError", "SyntaxError", "CellTimeoutError"]) | NASTY,
    TEXTS,
    st.lists(TEXTS, max_size=4),
)
CELLS = st.builds(
    lambda source, outputs, kind: new_code_cell(source, outputs=outputs, metadata=kind),
    st.sampled_from(["f", "def f(:", "f = 1", "assert f(\n1)", "# BEGIN HIDDEN TESTS\nf"]) | NASTY,
    st.lists(ERRORS | TEXTS.map(lambda text: new_output("stream", text=text)), max_size=3),
    st.sampled_from([meta("check", grade=True), meta("f", solution=True), {}]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, max_size=4))
def test_any_outputs_can_be_explained_told_and_shown(cells):
    notebook = new_notebook(cells=cells)
    explain(notebook, notebook)
    for failure in failures(notebook).values():
        assert len(words_of(failure)) < 1000 and "\n" not in failure.title
    without_hidden_tests(notebook)
    nbformat.validate(notebook)


@pytest.mark.parametrize("text", ["\\", "(", "\n", " ", "<a", "\x1b[", "name '", "&", "ipykernel_"])
def test_long_outputs_take_no_longer_than_their_length(text):
    long = text * (200_000 // len(text))
    check = new_code_cell(
        "print(f'{1} {2} {3}')\n# BEGIN HIDDEN TESTS\nassert f(1) == 2\n# END HIDDEN TESTS",
        outputs=[
            new_output("error", ename="NameError", evalue=long, traceback=[long, long]),
            new_output("stream", text=long),
        ],
        metadata=meta("check", grade=True),
    )
    notebook = new_notebook(cells=[check])
    started = time.process_time()
    explain(notebook, notebook)
    failures(notebook)
    without_hidden_tests(notebook)
    assert time.process_time() - started < 2
