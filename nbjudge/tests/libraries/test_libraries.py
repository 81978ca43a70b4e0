"""What is known of libraries, with and without them."""

import random
import subprocess
import sys

import pytest

from nbjudge import libraries

NAMES = ["numpy", "torch"]


def draw(name):
    """A random number of a library."""
    library = pytest.importorskip(name)
    return float(library.random.rand() if name == "numpy" else library.rand(1))


def test_to_know_of_a_library_imports_none():
    script = (
        "import sys; from nbjudge import libraries; libraries.reseed(1); libraries.before_check();"
        "assert not {'numpy', 'torch'} & set(sys.modules); assert len(libraries.registered) == 2;"
        "assert libraries.imported() == [] and libraries.gatherer() is None"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_seeded_cell_draws_what_was_drawn_in_grading(name):
    draw(name)
    libraries.reseed(7)
    random.seed(7)
    expected = draw(name), random.random()
    exec(libraries.seed_source(7), {})
    assert (draw(name), random.random()) == expected


def test_a_seed_cell_runs_where_there_are_no_libraries(monkeypatch):
    for name in NAMES:
        monkeypatch.setitem(sys.modules, name, None)
    exec(libraries.seed_source(3), {})
    assert random.random() == random.Random(3).random()


@pytest.mark.parametrize("name", NAMES)
def test_an_array_can_be_refilled_from_its_bytes(name):
    module = pytest.importorskip(name)
    array = module.ones((2, 3))
    library = libraries.array_library(array)
    assert library.name == name and libraries.array_library([1]) is None
    before = library.array_bytes(array)
    array[:] = 5
    library.refill_array(array, before)
    assert (array == 1).all() and library.array_bytes(array) == before


def test_an_array_of_objects_has_no_bytes_that_could_be_kept():
    array = pytest.importorskip("numpy").array([object()])
    assert libraries.array_library(array).array_bytes(array) is None
