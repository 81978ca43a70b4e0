"""The thought behind wrong images, counts or runs: Exercises 1, 3 and 8 of lesson 05.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons, values
from course.checking.misconception import (
    Misconception,
    unlike,
    wrong_result,
)
from course.lessons.lesson05.fixtures import TASKS, WORDS
from course.vision.fruit import FRUITS, Pictures

# ---- Exercise 1: the images of some fruits -------------------------------------------------------


def check_selection(result: Any, data: Pictures, names: Sequence[str]) -> None:
    """Check the triple (images, fruit, rotten) of the images that show one of `names`."""
    got = f"got {type(result).__name__}"
    if isinstance(result, tuple | list):
        got = f"got {len(result)} values"
    chosen = [FRUITS.index(name) for name in names]
    keep = torch.isin(data.fruit, torch.tensor(chosen))
    count = int(keep.sum())
    if not isinstance(result, tuple | list) or len(result) != 3:
        expected = f"{names}: expected three tensors (images, fruit, rotten)"
        if not count:  # the function has returned tensors before
            raise wrong_result(f"{expected} without rows, because no image shows these; {got}")
        raise unlike(result, f"{expected}; {got}")
    for part, tensor in zip(("images", "fruit", "rotten"), result, strict=True):
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise wrong_result(f"{names}: expected `{part}` to be a tensor; got {kind}")
    images, labels, rotten = result
    for part, tensor in zip(("images", "fruit", "rotten"), result, strict=True):
        rows = len(tensor) if tensor.ndim else 0
        if rows != count:
            raise wrong_result(
                f"{names}: {count} of {len(data.fruit)} images show one of these; expected {count} "
                f"rows in `{part}`, got {rows}"
            )
    check_kept("images", images, data.images[keep], names)
    check_labels(labels, data.fruit[keep], chosen, names)
    check_kept("rotten", rotten, data.rotten[keep], names)


def check_kept(part: str, found: Tensor, expected: Tensor, names: Sequence[str]) -> None:
    """Check `images` or `rotten`: the rows of the data that show one of `names`, in their order."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        raise wrong_result(
            f"{names}: expected `{part}` to be {expected.dtype} of shape {tuple(expected.shape)}, "
            f"as in the data; got {found.dtype} of shape {tuple(found.shape)}"
        )
    if torch.equal(found, expected):
        return
    different = (found != expected).reshape(len(found), -1).any(1)
    raise wrong_result(
        f"{names}: {int(different.sum())} of {len(found)} rows of `{part}` are others than "
        f"expected; the first is row {int(different.nonzero()[0])}. Return the rows that show one "
        "of these fruits, in the order of the data"
    )


def miscounted(model: nn.Module) -> dict[str, float]:
    """Return {code: how many times as many tensors' numbers} where other tensors are counted."""
    parts = (model.backbone, model)
    trainable = [
        comparisons.numbers_in(p for p in m.parameters() if p.requires_grad) for m in parts
    ]
    stored = [comparisons.numbers_in(comparisons.tensors(m).values()) for m in parts]
    weights = [
        comparisons.numbers_in(p for path, p in m.named_parameters() if not path.endswith("bias"))
        for m in parts
    ]
    found = {
        "buffers-counted": 1 + stored[0] / stored[1],
        "biases-not-counted": 1 + weights[0] / weights[1],
    }
    if trainable[1]:
        found["frozen-not-counted"] = 1 + trainable[0] / trainable[1]
    return found


def check_labels(labels: Tensor, old: Tensor, chosen: list[int], names: Sequence[str]) -> None:
    """Check new labels (N,) of images with the labels `old` (N,), which are among `chosen`."""
    numbers = [chosen.index(number) for number in old.tolist()]
    expected = torch.tensor(numbers, dtype=torch.int64)
    if labels.shape != expected.shape or labels.dtype != torch.int64:
        raise wrong_result(
            f"{names}: expected `fruit` to be int64 of shape {tuple(expected.shape)}; got "
            f"{str(labels.dtype).removeprefix('torch.')} of shape {tuple(labels.shape)}"
        )
    if torch.equal(labels, expected):
        return
    row = int((labels != expected).nonzero()[0])
    name = FRUITS[int(old[row])]
    what = f"{names}: a {name} has the label {labels[row]}; expected {expected[row]}"
    if torch.equal(labels, expected + 1):
        raise Misconception("labels-off-by-one", f"{what}. Your labels run from 1 to {len(names)}")
    if torch.equal(labels, old):
        raise Misconception(
            "labels-not-renumbered",
            f"{what}. A head with {len(names)} outputs has no output {labels.max()}",
        )
    orders = {
        "of FRUITS": sorted(chosen),
        "of the alphabet": [FRUITS.index(fruit) for fruit in sorted(names)],
        "in which the fruits appear in the data": list(dict.fromkeys(old.tolist())),
    }
    for words, order in orders.items():
        if labels.tolist() == [order.index(number) for number in old.tolist()]:
            what += f". Your labels follow the order {words}; expected the order of `names`"
            break
    raise wrong_result(what)


# ---- Exercise 8: a way of weighting --------------------------------------------------------------


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
