"""What a kernel notes of its cells: no check judges a function that is older than its cell."""

import gc
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course.checking import cells
from course.checking.check import check

CHECK = "judged(double)"


@pytest.fixture
def run(monkeypatch):
    """Run a cell by its id, as JupyterLab does; return the error that it ends with."""
    shell = InteractiveShell.instance()
    monkeypatch.setattr(cells, "runs", [])
    monkeypatch.setattr(cells, "current", [])
    monkeypatch.setattr(shell, "showtraceback", lambda *args, **kwargs: None)
    monkeypatch.setattr(shell, "showsyntaxerror", lambda *args, **kwargs: None)
    cells.load_ipython_extension(shell)  # before any check is imported, as in `course lab`

    @check
    def judged(answer):
        assert answer(2) == 4
        return "doubled."

    shell.user_ns["judged"] = judged

    def run_cell(cell, source):
        result = shell.run_cell(source, cell_id=cell)
        return result.error_before_exec or result.error_in_exec

    yield run_cell
    InteractiveShell.clear_instance()


RIGHT = "def double(x):\n    return 2 * x"


@pytest.mark.parametrize(
    ("later", "says"),
    [
        ("def double(x:\n    return x", "SyntaxError"),
        ("    def double(x):\n    return 2 * x", "IndentationError"),
        ("def doubled(x):\n    return x", "no longer defines `double`"),
        ("raise ValueError('mine')\ndef double(x):\n    return x", "ValueError: mine"),
    ],
)
def test_an_earlier_function_is_not_judged(run, later, says):
    assert run("double", RIGHT) is None
    assert run("check-double", CHECK) is None
    run("double", later)
    error = run("check-double", CHECK)
    assert isinstance(error, cells.StaleAnswer)
    assert says in str(error)
    assert run("double", RIGHT) is None
    assert run("check-double", CHECK) is None


def test_a_function_from_another_cell_or_the_same_text_again_is_judged(run):
    run("double", "raise NotImplementedError()")
    run("a-cell-of-their-own", RIGHT)
    assert run("check-double", CHECK) is None
    run("double", RIGHT)
    run("double", RIGHT)
    assert run("check-double", CHECK) is None
    assert isinstance(run("double", "double = len") or run("check-double", CHECK), TypeError)


def test_an_answer_cell_before_the_first_cell_says_so(run):
    """After a restart it may use a name that the first cell imports."""
    run("check-double", "check.double(double)")
    assert "double" not in cells.wrong, "no check has run"
    answer = "class Double(nn.Module):\n    pass"
    assert cells._why_missing(run("double", answer)).startswith(
        "The first code cell of this lesson"
    )
    for added in ("0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b"):
        assert cells._why_missing(run(added, answer)) == "", "a cell of the learner's own"


def test_what_a_failed_cell_held_is_not_kept(run):
    """It may be a network and its gradients."""
    held = []
    InteractiveShell.instance().user_ns["held"] = lambda thing: held.append(weakref.ref(thing))
    run("train", "def train():\n    model = {1}\n    held(model)\n    raise ValueError()\ntrain()")
    run("another", "raise KeyError()")
    gc.collect()
    assert [thing() for thing in held] == [None]
