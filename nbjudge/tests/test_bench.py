"""The benchmark, on the tiny course, and what makes the engine fast."""

import subprocess
import sys

import pytest

from classroom import ANSWERS, bank_entry, make_course
from nbjudge.bench import bench, saturates, simulate


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
