"""The benchmark, on the tiny course."""

import os

import pytest

from classroom import ANSWERS, bank_entry, make_course
from nbjudge.bench.comparison import choose_assignments, compare_graders
from nbjudge.bench.records import Duration
from nbjudge.bench.simulation import saturating_workers, simulate
from nbjudge.errors import AnswerBankError

FIRST = "# misconception: not-a-sum\ndef add(x, y):\n    return x"
SUM = "# misconception: no-division\ndef mean(values):\n    return sum(values)"


def test_benchmark_of_a_tiny_course(tmp_path):
    make_course(tmp_path)
    bank = tmp_path / "answers"
    bank_entry(bank, "wrong", "add", "a", FIRST)
    bank_entry(bank, "wrong", "mean", "a", SUM)
    bank_entry(bank, "right", "add", "a", f"import time\ntime.sleep(0.1)\n{ANSWERS['add']}")
    found = compare_graders(tmp_path, bank, students=3, say=lambda line: None)
    assert found["marks_equal"]
    assert found["differences"] == []
    assert found["stock_s"] > 0
    assert found["stock_side_by_side"]["processes"] == min(os.cpu_count(), 3)
    assert 0 < found["stock_side_by_side"]["seconds"] < 3 * found["stock_s"]
    assert found["ratio"] == round(found["stock_s"] / found["ours_s"], 2)
    assert found["regrade_unchanged"]["cells"] == 0
    # import, two answers, and the one check that has changed
    assert found["regrade_changed_check"]["cells"] == 3 * 4
    assert found["peak_mb"] > 10
    by_submission = found["coordinator"]["submission_ms"]
    assert found["coordinator_ms"] >= by_submission > 0
    for run in found["runs"].values():
        assert len(run["durations"]) == 3
        assert run["seconds"] > run["limit_s"] > 0


def test_a_small_bench_takes_the_second_and_third_assignment(tmp_path):
    for name in ("ps1", "ps2", "ps3", "ps4"):
        (tmp_path / name).mkdir()
    everything = choose_assignments(tmp_path, None, small=False)
    assert everything == ["ps1", "ps2", "ps3", "ps4"]
    assert choose_assignments(tmp_path, None, small=True) == everything[1:3]
    assert choose_assignments(tmp_path, ["ps4"], small=True) == ["ps4"]
    with pytest.raises(AnswerBankError, match="no answers to ps9"):
        choose_assignments(tmp_path, ["ps1", "ps9"], small=False)


def test_simulation_of_many_workers():
    taken = [Duration("01", 0.9, 1.0), Duration("01", 2.8, 3.0)]
    coordinator = {"lesson_ms": 500, "submission_ms": 10}
    load = simulate(taken, coordinator, workers=4, students=1000)
    assert 500 < load.seconds < 520  # 1,000 submissions of two seconds on four workers
    assert load.workers_busy > 0.97
    assert load.coordinator_busy == pytest.approx(10.5 / load.seconds)
    assert saturating_workers(taken, coordinator) == 200  # two seconds of work every 10 ms
    load = simulate(taken, coordinator, workers=800, students=5000)  # more than it can feed
    assert load.coordinator_busy > 0.9
    assert load.workers_busy < 0.27
