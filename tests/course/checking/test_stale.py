"""A check does not judge a function that is older than its answer cell."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course.checking import stale
from course.checking.check import check

CHECK = "judged(double)"


@pytest.fixture
def run(monkeypatch):
    """Run a cell by its id, as JupyterLab does; return the error that it ends with."""
    shell = InteractiveShell.instance()
    monkeypatch.setattr(stale, "runs", [])
    monkeypatch.setattr(stale, "current", [])
    monkeypatch.setattr(shell, "showtraceback", lambda *args, **kwargs: None)
    monkeypatch.setattr(shell, "showsyntaxerror", lambda *args, **kwargs: None)
    stale.watch_cells()

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
        ("def doubled(x):\n    return x", "no longer defines `double`"),
        ("raise ValueError('mine')\ndef double(x):\n    return x", "ValueError: mine"),
    ],
)
def test_an_earlier_function_is_not_judged(run, later, says):
    assert run("double", RIGHT) is None
    assert run("check-double", CHECK) is None
    run("double", later)
    error = run("check-double", CHECK)
    assert isinstance(error, stale.StaleAnswer)
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
