"""The steps of a notebook: what each cell is, and which checks run alone."""

import nbformat
import pytest

from classroom import meta
from nbjudge.planning import steps
from nbjudge.planning.steps import names_of, steps_of

GIVEN = ["import math", "data = [1, 2]", "def f(x):\n    return x"]


@pytest.mark.parametrize(
    ("check", "later", "alone"),
    [
        ("assert f(1) == 1", "assert f(2) == 2", True),
        # a later check uses what this one imports
        ("from math import pi\nassert f(1) == 1", "assert f(pi)", False),
        ("assert data.pop() == 2", "assert data == [1]", False),  # both use one list
        ("assert data == [1, 2]", "assert f(2) == 2", True),
        ("kept = f\ndel f\nassert 'f' not in globals()\nf = kept", "assert f(2) == 2", False),
        ("if True\n", "assert f(2) == 2", False),  # not Python, so nobody can tell
    ],
)
def test_a_check_runs_alone_where_nothing_later_depends_on_it(check, later, alone):
    cells = []
    for k, text in enumerate(GIVEN):
        cells.append(nbformat.v4.new_code_cell(text, id=f"given-{k}"))
    for name, text in (("first", check), ("second", later)):
        metadata = meta(name, grade=True, points=1)
        cells.append(nbformat.v4.new_code_cell(text, id=name, metadata=metadata))
    notebook = nbformat.v4.new_notebook(cells=cells)
    found = {step.name: step for _, step in steps_of(notebook, notebook, [])}
    assert found["first"].alone == alone
    assert found["given-0"].kind == "given"


def test_names_are_the_notebooks_also_inside_functions():
    text = "import os.path\n\ndef f(x):\n    global count\n    count = x + other\n    local = x"
    assert names_of(text) == ({"os", "f", "count"}, {"other"})
    assert names_of("def f(:") == (None, set())


@pytest.mark.parametrize(
    ("module", "function"), [(steps, "definitions"), (steps.reaching, "bindings")]
)
def test_the_names_of_each_cell_are_looked_at_once_or_twice(monkeypatch, module, function):
    """A student can add thousands of cells, so the work must not grow with their square."""
    looks = []
    real = getattr(module, function)

    def counted(source):
        looks.append(source)
        return real(source)

    monkeypatch.setattr(module, function, counted)
    cells = []
    for number in range(50):
        cells.append(nbformat.v4.new_code_cell(f"x{number} = 1", id=f"added-{number}"))
        metadata = meta(f"check-{number}", grade=True, points=1)
        cells.append(nbformat.v4.new_code_cell("assert f(1)", id=f"c-{number}", metadata=metadata))
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert len(steps_of(notebook, notebook, [])) == 100
    assert len(looks) <= 200
