"""Exercise 8 of lesson 05: the tables of runs to choose from, and the thought behind a choice."""

import math
from collections.abc import Mapping
from typing import Any

from course.checking import values
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson05.fixtures import TASKS, WORDS

NAN = float("nan")
TABLES = (  # rows (name, total loss, fruit accuracy, freshness accuracy), and the required ones
    (
        (
            ("equal", 1.2, 0.92, 0.79),
            ("halved", 1.0, 0.90, 0.76),
            ("scaled", 0.6, 0.91, 0.78),
            ("2 : 1", 1.9, 0.93, 0.80),
            ("fruit first", 1.5, 0.99, 0.745),
        ),
        (0.85, 0.75),
    ),
    ((("a", 1.3, 0.99, 0.55), ("b", 0.9, 0.80, 0.71)), (0.75, 0.70)),
    ((("a", 0.3, 0.90, 0.60), ("b", 0.2, 0.60, 0.90)), (0.7, 0.7)),
    ((("at both limits", 0.3, 0.75, 0.70), ("below", 0.2, 0.99, 0.69)), (0.75, 0.70)),
    ((("a", 0.6, 0.99, 0.75), ("b", 0.5, 0.80, 0.98), ("c", 0.9, 0.86, 0.86)), (0.7, 0.7)),
    ((("a", 0.3, 0.98, 0.80), ("b", 0.5, 0.75, 0.99)), (0.7, 0.7)),
    ((("a", 0.3, 0.99, 0.71), ("b", 0.4, 0.84, 0.84)), (0.7, 0.7)),
    ((("nearly", 0.4, 0.9, 0.8), ("the best mean", 0.3, 0.9005, 0.8)), (0.5, 0.5)),
    ((("a tie", 0.3, 0.9, 0.8), ("the same mean", 0.2, 0.8, 0.9)), (0.5, 0.5)),
    ((("a", 0.3, 0.99, 0.60), ("b", 0.4, 0.91, 0.66)), (0.9, 0.5)),
    ((("diverged", NAN, NAN, 0.9), ("other", 0.4, 0.7, 0.8)), (0.6, 0.6)),
)
OTHER_TABLES = (  # for the hidden test
    (
        (("learned", -0.4, 0.80, 0.85), ("1 : 1", 0.7, 0.81, 0.86), ("1 : 9", 2.5, 0.50, 0.99)),
        (0.70, 0.80),
    ),
    ((("x", 0.1, 0.69, 0.99), ("y", 0.5, 0.71, 0.72), ("z", 0.4, 0.70, 0.71)), (0.70, 0.71)),
    ((("fruit", 0.3, NAN, 0.9), ("fresh", 0.3, 0.9, NAN), ("both", NAN, NAN, NAN)), (0.6, 0.6)),
    ((("u", 0.4, 0.64, 0.95), ("v", 0.4, 0.95, 0.64)), (0.65, 0.65)),
    ((("just below", 0.3, 0.8996, 0.9), ("equal", 0.4, 0.9, 0.7)), (0.9, 0.7)),
)


def check_choice(
    found: Any,
    results: Mapping[str, Mapping[str, float]],
    required: Mapping[str, float],
) -> None:
    """Check which of `results`, {name: {"loss", "fruit", "fresh"}}, was chosen: a name or None."""
    able = able_runs(results, required)
    best = max((mean_accuracy(results[name]) for name in able), default=None)
    told = f"required: fruit {required['fruit']}, fresh {required['fresh']}"
    if found is None and not able:
        return
    if not isinstance(found, str) and found is not None:
        raise wrong_result(f"expected a name or None; got {type(found).__name__} {found!r:.60}")
    if found is not None and found not in results:
        raise wrong_result(f"expected one of {list(results)}, or None; got {found!r:.60}")
    if found in able and values.near(mean_accuracy(results[found]), best, 1e-9):
        return
    expected = "None, because no run reaches both"
    if able:
        name = max(able, key=lambda name: mean_accuracy(results[name]))
        run = results[name]
        expected = f"{name!r} with fruit {run['fruit']}, fresh {run['fresh']}"
    what = f"{told}. Expected {expected}"
    above = []
    for name in able:
        if all(results[name][task] > required[task] for task in TASKS):
            above.append(name)
    best_above = max(above, key=lambda name: mean_accuracy(results[name]), default=None)
    if len(above) < len(able) and found == best_above:
        got = "None" if found is None else repr(found)
        raise Misconception(
            "at-least-includes-equal",
            f"{what}; got {got}, which leaves out the runs with exactly the required accuracy",
        )
    if found is None:
        raise wrong_result(f"{what}; got None")
    run = results[found]
    what += f"; got {found!r} with loss {run['loss']}, fruit {run['fruit']}, fresh {run['fresh']}"
    means = {name: mean_accuracy(other) for name, other in results.items()}
    candidates = able if found in able else list(results)
    lowest = min(results[name]["loss"] for name in candidates)
    if run["loss"] == lowest and means[found] < max(means[name] for name in candidates):
        raise Misconception("losses-compared-across-weightings", what)
    if len(able) > 2 and means[found] == min(means[name] for name in able):
        what += ". It has the lowest mean of those that pass"
    for task in TASKS:
        if run[task] >= required[task]:
            continue
        is_nan = math.isnan(run[task])
        below = "NaN, which never passes" if is_nan else "below the required accuracy"
        what += f". {WORDS[task].capitalize()} is {below}"
        missing = required[task] - run[task]
        if missing < 1e-3:
            raise wrong_result(f"{what}, by {missing:.2g}: expected a comparison without tolerance")
        if means[found] >= sum(required.values()) / 2 or means[found] == max(means.values()):
            raise Misconception("mean-hides-a-dead-head", what)
    raise wrong_result(what)


def able_runs(
    results: Mapping[str, Mapping[str, float]], required: Mapping[str, float]
) -> list[str]:
    """Return the names of the runs in which each task has at least its required accuracy."""
    able = []
    for name, run in results.items():
        if all(run[task] >= required[task] for task in TASKS):
            able.append(name)
    return able


def mean_accuracy(run: Mapping[str, float]) -> float:
    """Return the mean of the accuracies of both tasks."""
    return (run["fruit"] + run["fresh"]) / 2
