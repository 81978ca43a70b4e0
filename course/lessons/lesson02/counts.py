"""Exercise 3 of lesson 02: the report of a step, and the thoughts behind wrong counts."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import Answer
from course.checking.misconception import (
    Misconception,
    expect_pair,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.checking.stepping import expect_gradients_on
from course.checking.values import shown, whole_number
from course.lessons.lesson02.diagnosis import frozen_names

KEYS = ("trainable", "frozen", "buffers")  # of exercise 3's dict
Counts = dict[str, tuple[int, int]]  # key: (tensors that moved, of how many)


def report_one_step(answer: Answer, model: nn.Module, step: Callable[[], None], where: str) -> None:
    """Raise Misconception unless the answer runs `step` once and counts what it moved."""
    after: list[tuple[dict[str, torch.Tensor], dict[str, Any]]] = []
    early: list[str] = []  # what the answer changed before the step

    def noted_step() -> None:
        expect_gradients_on("step()")
        early.extend(f"{path} has other values" for path in comparisons.moved_since(model, start))
        early.extend(comparisons.differences(condition, comparisons.condition_and_gradients(model)))
        step()
        left = comparisons.snapshot(comparisons.tensors(model).items())
        after.append((left, comparisons.condition_and_gradients(model)))

    condition = comparisons.condition_and_gradients(model)
    start = comparisons.snapshot(comparisons.tensors(model).items())
    frozen = frozen_names(model)
    found = answer(model, noted_step)
    if isinstance(found, Generator):
        raise wrong_result(
            f"{where}: expected a dict; got a generator: a function with `yield` in it runs only "
            "while its values are read"
        )
    expect_something(found, f"{where}: step_report")
    if len(after) != 1:
        raise wrong_result(f"{where}: expected one call of step(), got {len(after)}")
    if early:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected that step() gets the model as it was; your function has changed "
            f"it: {first_and_more(early)}",
        )
    left = after[0][0]
    moved = {path for path, old in start.items() if not comparisons.same(left[path], old)}
    _expect_counts(found, model, frozen, moved, where)
    changed = [f"{path} has other values" for path in comparisons.moved_since(model, left)]
    changed += comparisons.differences(after[0][1], comparisons.condition_and_gradients(model))
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected the model as the step left it; your function has changed it: "
            f"{first_and_more(changed)}",
        )


def _expect_counts(
    found: Any, model: nn.Module, frozen: set[str], moved: set[str], where: str
) -> None:
    """Raise Misconception unless `found` holds the right counts of the tensors named in `moved`.

    frozen: the names of the parameters that were frozen before the answer ran.
    """
    members: dict[str, list[str]] = {key: [] for key in KEYS}
    for path, _ in model.named_parameters():
        members["frozen" if path in frozen else "trainable"].append(path)
    members["buffers"] = [path for path, _ in model.named_buffers()]
    expected = {key: (len(moved & set(paths)), len(paths)) for key, paths in members.items()}
    wanted = f"a dict with the keys {', '.join(map(repr, KEYS))}"
    if not isinstance(found, Mapping) or set(found) != set(KEYS):
        no_buffers = isinstance(found, Mapping) and set(found) == {"trainable", "frozen"}
        raise Misconception(
            "parameters-only" if no_buffers else "wrong-result",
            f"{where}: expected {wanted}, got {shown(found)}",
        )
    said: Counts = {}
    for key in KEYS:
        pair = expect_pair(
            found[key],
            f"{where}: expected a pair (moved, of how many) for {key!r}, got {shown(found[key])}",
        )
        count, total = (whole_number(one, f"{where}: a count for {key!r}") for one in pair)
        said[key] = (count, total)
    if said == expected:
        return
    key = next(key for key in KEYS if said[key] != expected[key])
    what = f"{where}, {key}: expected {_in_words(expected[key])}, got {_in_words(said[key])}"
    changed = [path for path in members[key] if path in moved]
    if changed and said[key][0] < expected[key][0]:
        what += f" (changed: {first_and_more(changed)})"
    what += _thought_of_counts(said[key], members[key], model) or _thought_of_all(said, expected)
    raise Misconception(_code_of_counts(said, expected, where), what)


def _thought_of_counts(said: tuple[int, int], paths: list[str], model: nn.Module) -> str:
    """Return what wrong counts of the tensors at `paths` show, in words, or nothing."""
    tensors = comparisons.tensors(model)
    if said[1] != len(paths) and said[1] == sum(tensors[path].numel() for path in paths):
        return ": count tensors, not numbers"
    floats = [path for path in paths if tensors[path].is_floating_point()]
    if said[1] != len(paths) and said[1] == len(floats):
        return ": the counts of batches, num_batches_tracked, are buffers, too"
    return ""


def _thought_of_all(said: Counts, expected: Counts) -> str:
    """Return what all three wrong pairs together show, in words, or nothing."""
    if said == {key: (total - changed, total) for key, (changed, total) in expected.items()}:
        return ": you count the tensors that did not change"
    if said == {key: (changed, total - changed) for key, (changed, total) in expected.items()}:
        return ": the second number says how many tensors there are, not how many stayed the same"
    if said == {key: (total, changed) for key, (changed, total) in expected.items()}:
        return ": your pairs are in the other order, (of how many, changed)"
    exchanged = {"trainable": expected["frozen"], "frozen": expected["trainable"]}
    return ": trainable and frozen are exchanged" if said == expected | exchanged else ""


def _in_words(pair: tuple[int, int]) -> str:
    return f"{pair[0]:,} of {pair[1]:,} tensors"


def _finds_less(said: Counts, expected: Counts) -> bool:
    """Return whether wrong counts miss tensors of which few values changed, trainable ones too.

    The totals are right, and no count is too large.
    """
    missed = [key for key in KEYS if said[key][0] < expected[key][0]]
    same_totals = all(said[key][1] == expected[key][1] for key in KEYS)
    return (
        same_totals
        and "trainable" in missed
        and all(said[key][0] <= expected[key][0] for key in KEYS)
    )


def _code_of_counts(said: Counts, expected: Counts, where: str) -> str:
    """Return the misconception that wrong counts show, "wrong-result" where none is certain.

    An answer that finds nothing after a training step, in which most numbers change, compares
    tensors with themselves; one that finds nothing after a small change may compare sums.
    """
    nothing = {key: (0, expected[key][1]) for key in KEYS}
    if said == expected | {"buffers": (0, 0)}:
        return "parameters-only"
    if said == nothing and where.endswith("a training step"):
        return "compared-with-itself"
    if "in some tensors" in where and _finds_less(said, expected):
        return "values-left-out"
    believed = expected | {"frozen": nothing["frozen"]}
    all_trained = {"trainable": (expected["trainable"][1],) * 2}
    if said in (believed, believed | all_trained, expected | all_trained):
        return "trusted-not-measured"
    return "wrong-result"
