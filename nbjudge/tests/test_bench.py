"""The benchmark, on the tiny course, and what makes the engine fast."""

import subprocess
import sys

import pytest

from classroom import ANSWERS, bank_entry, make_course
from nbjudge.bench import bench, saturates, simulate
from nbjudge.sandbox.guest import dirty_tracking as touching


def test_benchmark_of_a_tiny_course(tmp_path):
    make_course(tmp_path)
    bank = tmp_path / "tests" / "answers"
    bank_entry(
        bank, "wrong", "add", "a", "# misconception: not-a-sum\ndef add(x, y):\n    return x"
    )
    bank_entry(
        bank,
        "wrong",
        "mean",
        "a",
        "# misconception: no-division\ndef mean(values):\n    return sum(values)",
    )
    bank_entry(bank, "right", "add", "a", f"import time\ntime.sleep(0.1)\n{ANSWERS['add']}")
    found = bench(tmp_path, bank, learners=3, say=lambda line: None)
    assert found["marks_equal"] and found["differences"] == []
    assert found["stock_s"] > 0 and found["ratio"] == round(found["stock_s"] / found["ours_s"], 2)
    assert found["regrade_unchanged"]["cells"] == 0
    assert (
        found["regrade_changed_check"]["cells"] == 3 * 4
    )  # import, two answers, and the one check that has changed
    assert (
        found["peak_mb"] > 10
        and found["coordinator_ms"] > found["coordinator"]["submission_ms"] > 0
    )
    assert all(
        len(run["durations"]) == 3 and run["seconds"] > run["limit_s"] > 0
        for run in found["runs"].values()
    )


def test_simulation_of_many_workers():
    taken = [("01", 0.9, 1.0), ("01", 2.8, 3.0)]
    coordinator = {"lesson_ms": 500, "submission_ms": 10}
    seconds, use, load = simulate(taken, coordinator, workers=4, learners=1000)
    assert 500 < seconds < 520 and use > 0.97 and load == pytest.approx(10.5 / seconds)
    assert saturates(taken, coordinator) == 200  # two seconds of work for every ten milliseconds
    _, use, load = simulate(taken, coordinator, workers=800, learners=5000)
    assert load > 0.9 and use < 0.27  # more workers than it can feed


def test_to_look_for_the_instructors_modules_imports_none_of_them():
    script = (
        "import sys; from nbjudge.planning import plan; found = plan.own_code(['torch.nn', 'course.lessons.lesson02.checks.freeze']); "
        "assert {'course', 'course.lessons', 'course.lessons.lesson02.checks', 'course.checking.networks'} <= set(found), found; "
        "assert not {'torch', 'course.lessons.lesson02.checks'} & set(sys.modules) and 'torch' not in found"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


WAYS = pytest.mark.parametrize(
    ("numpy", "versions"),
    [(True, True), (False, True), (True, False)],
    ids=["with numpy", "without", "without versions"],
)


def as_it_would_be(monkeypatch, numpy, versions):
    """`watcher` as it is where there is no numpy, or where dictionaries have no version (CPython 3.13)."""
    monkeypatch.setitem(sys.modules, "numpy", pytest.importorskip("numpy") if numpy else None)
    monkeypatch.setattr(touching, "UNVERSIONED", touching.UNVERSIONED if versions else (3,))
    return versions and sys.version_info < touching.UNVERSIONED


@WAYS
def test_touched_dictionaries_are_known_from_their_memory(monkeypatch, numpy, versions):
    versions = as_it_would_be(monkeypatch, numpy, versions)

    def space():
        return {f"name{k}": object() for k in range(50)}

    spaces = [space() for _ in range(7)]
    touched = touching.watcher(spaces)
    assert touched() == []
    monkeypatch.setattr("ctypes.string_at", lambda place, size: bytes(size))  # as an answer might
    spaces[0]["name7"] = object()
    del spaces[1]["name49"]
    spaces[2]["new"] = 1
    spaces[3].update({f"more{k}": k for k in range(1000)})  # its table moves
    spaces[4].clear()
    old = spaces[5]["name0"]
    spaces[5]["name0"] = 1
    assert touched() == [0, 1, 2, 3, 4, 5]
    spaces[5]["name0"] = old
    assert touched() == (
        [0, 1, 2, 3, 4, 5] if versions else [0, 1, 2, 3, 4]
    )  # a version counts changes


def test_what_a_dictionary_held_is_known_to_be_there_from_its_memory(monkeypatch):
    space = {f"name{k}": object() for k in range(100)}
    del space["name7"], space["name70"]
    kept = touching.keeps(space)
    monkeypatch.setattr("ctypes.string_at", lambda place, size: bytes(size))  # as an answer might
    assert kept()
    space["more"] = 1
    assert kept()
    space |= {f"many{k}": object() for k in range(1000)}  # its table moves
    assert kept()
    old, space["name3"] = space["name3"], object()
    assert not kept()
    space["name3"] = old
    assert kept()
    del space["name3"]
    assert not kept()
    space["name3"] = old  # at another place: who asks has to look for himself
    assert not kept()


@WAYS
def test_touched_functions_and_cells_are_known_from_their_memory(monkeypatch, numpy, versions):
    as_it_would_be(monkeypatch, numpy, versions)

    def make():
        thing = object()

        def function(first=1, *, second=2):
            return thing

        return function

    functions = [make() for _ in range(4)]
    cells = [function.__closure__[0] for function in functions]
    touched = touching.watcher(
        [function.__kwdefaults__ for function in functions],
        [(function, name) for function in functions for name in ("__defaults__", "__kwdefaults__")]
        + [(cell, "cell_contents") for cell in cells],
    )
    assert touched() == []
    functions[0].__kwdefaults__["second"] = 3
    functions[1].__defaults__ = (2,)
    kept, functions[2].__kwdefaults__ = functions[2].__kwdefaults__, {"second": 2}
    cells[3].cell_contents = None
    assert touched() == [0, 4 + 2, 4 + 5, 4 + 8 + 3]
    functions[1].__defaults__ = None
    del cells[3].cell_contents
    assert kept and touched() == [0, 4 + 2, 4 + 5, 4 + 8 + 3]
