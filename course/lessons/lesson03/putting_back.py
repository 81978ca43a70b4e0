"""Exercise 6 of lesson 03: every tensor back, nothing else changed, the result returned."""

from collections.abc import Callable

import torch
from torch import nn

from course.checking import comparisons, values
from course.checking.batchnorm import batchnorms
from course.checking.misconception import (
    Misconception,
    first_and_more,
    unlike,
    wrong_result,
)
from course.checking.stepping import expect_gradients_on
from course.lessons.lesson03 import diagnosis
from course.lessons.lesson03.fixtures import labelled_images, snapshot_of


def expect_put_back(
    answer: Callable, name: str, backbone: nn.Module, returned: nn.Module | None
) -> int:
    """Return how many tensors the answer put back; raise Misconception where it failed to.

    `returned` is what train() returns.
    """
    before = snapshot_of(backbone)
    images, _ = labelled_images(name, 8, 3)
    after = []
    modes = []

    condition = comparisons.condition(backbone)
    early = []  # what the answer changed before train()
    conditions = []  # of the backbone, as train() leaves it

    def train():
        expect_gradients_on("train()")
        reads.append("train()")
        early.extend(comparisons.differences(condition, comparisons.condition(backbone)))
        backbone.train()
        modes.append(backbone.training and all(norm.training for _, norm in batchnorms(backbone)))
        with torch.no_grad():
            for parameter in backbone.parameters():
                parameter.mul_(1.01).add_(0.001)
            backbone(images)
        after.append(snapshot_of(backbone))
        conditions.append(comparisons.condition(backbone))
        return returned

    with diagnosis.reads_of(backbone) as reads:
        found = answer(backbone, train)
    if len(after) != 1:
        raise wrong_result(
            f"expected that train() is called once; it was called {len(after)} times"
        )
    if not all(modes):
        raise wrong_result(
            f"{name}: train() has called backbone.train(), but the backbone was not in train mode; "
            "expected that train() can train as it likes"
        )
    if early:
        raise Misconception(
            "model-left-changed",
            f"{name}: expected that train() gets the backbone as it was; your function has changed "
            f"it: {first_and_more(early)}",
        )
    moved = comparisons.moved_since(backbone, before)
    if moved:
        raise diagnosis.why_not_put_back(name, backbone, before, after[0], moved, reads)
    changed = comparisons.differences(conditions[0], comparisons.condition(backbone), ("training",))
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{name}: expected that only values are put back; {first_and_more(changed)}",
        )
    if found is not returned:
        got = "a copy of it" if values.shown(found) == values.shown(returned) else ""
        raise unlike(
            found,
            f"expected the very object that train() returned, {values.shown(returned)}; got "
            f"{got or values.shown(found)}",
        )
    return len(before)
