"""Exercise 7 of lesson 03: BatchNorms that were replaced by frozen ones."""

import copy
from collections.abc import Callable

from course.checking.misconception import unlike, wrong_result
from course.lessons.lesson03 import diagnosis
from course.lessons.lesson03.fixtures import (
    equal_but_for_rounding,
    eval_outputs,
    labelled_images,
    largest_gap,
    many_kinds_to_freeze,
)
from course.lessons.lesson03.replaced import expect_replaced, expect_rest_unchanged


def expect_frozen(answer: Callable, name: str) -> int:
    """Return how many BatchNorms the answer replaced; raise Misconception where one is left, the
    outputs differ, or something else has changed.
    """
    model = many_kinds_to_freeze(name)
    original = copy.deepcopy(model)
    images, _ = labelled_images(name, 6, 3)
    expected = eval_outputs(model, images)  # (6, C)
    found = answer(model)
    if found is not model:
        raise unlike(found, f"{name}: expected the given model; got {type(found).__name__}")
    replaced = expect_replaced(name, model, original)
    expect_rest_unchanged(name, model, original, replaced)
    model.train()
    for path, layer in model.named_modules():
        if path not in replaced and not list(layer.children()):
            layer.eval()  # what stayed, a BatchNorm1d or a Dropout, may differ in train mode
    output = diagnosis.run(model, images, f"{name}: the model")
    if not equal_but_for_rounding(output, expected):
        raise wrong_result(
            f"{name}: in train mode the outputs are off by up to {largest_gap(output, expected)}; "
            "expected those of eval mode"
        )
    return len(replaced)
