"""Exercise 5 of lesson 03: a backbone that stays in eval mode inside a larger model."""

from collections.abc import Callable

import torch
from torch import nn

from course.checking import comparisons, modes, networks, values
from course.checking.batch_of_one import code_of_shape
from course.checking.batchnorm import watch
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson03 import diagnosis
from course.lessons.lesson03.fixtures import (
    backbone_with_statistics,
    equal_but_for_rounding,
    eval_outputs,
    labelled_images,
    largest_gap,
    snapshot_of,
)


def expect_always_eval(answer: Callable, name: str) -> None:
    """Raise Misconception unless the answer's module gives eval-mode features in each mode, and the
    modules around it change theirs.
    """
    backbone = backbone_with_statistics(name)
    images, _ = labelled_images(name, 6, 3)
    expected = eval_outputs(backbone, images)  # (6, C)
    untouched = networks.copied(backbone)
    before = snapshot_of(backbone)
    with watch(backbone) as record:
        found = answer(backbone)
        expect(found, nn.Module, "a module")
        start = snapshot_of(found)
        dropout = nn.Dropout(0.5)
        head = nn.Sequential(dropout, nn.Linear(expected.shape[1], 3))
        model = nn.Sequential(found, head)
        outputs = []
        for mode in (True, False, True):
            modes.set_mode(model, mode, name)
            outputs.append(diagnosis.run(found, images, f"{name}: your module"))
            if dropout.training != mode:
                raise Misconception(
                    "whole-model-eval" if mode else "wrong-result",
                    f"{name}: after train({mode}) of the model around it, expected training={mode} "
                    f"for the Dropout of the head above it; got {dropout.training}",
                )
    if comparisons.moved_since(backbone, before):
        diagnosis.expect_eval_features(name, backbone, before, outputs, expected, record)
    diagnosis.expect_eval_features(name, found, start, outputs, expected, record)
    others = images.flip(0)
    again = diagnosis.run(found, others, f"{name}: your module")
    if not equal_but_for_rounding(again, expected.flip(0)):
        same = equal_but_for_rounding(again, expected)
        raise wrong_result(
            f"{name}: expected the features of the images that your module gets; for the same "
            "images in reversed order it gives "
            f"{'the features of before' if same else 'others'}"
        )
    modes.expect_modes(found, name)
    one = diagnosis.run(found, images[:1], f"{name}: your module")
    if not equal_but_for_rounding(one, expected[:1]):
        raise Misconception(
            code_of_shape(one.shape, expected[:1].shape),
            f"{name}: expected the same features of an image alone as in a larger batch; "
            f"{values.difference(one, expected[:1], 1e-4, 1e-4)}",
        )
    if one.is_inference() or one.dtype != expected.dtype:
        kind = "made in inference mode" if one.is_inference() else str(one.dtype)
        raise wrong_result(
            f"{name}: the features are {kind}, so no head can be trained on them; expected float32 "
            "features, with or without gradients"
        )
    _expect_eval_at_once(answer(untouched.train()), name, images, expected)


def _expect_eval_at_once(
    module: nn.Module, name: str, images: torch.Tensor, expected: torch.Tensor
) -> None:
    """Raise Misconception unless a module that nobody has put into a mode gives eval-mode features.

    Its backbone came in train mode.
    """
    output = diagnosis.run(module, images, f"{name}: your module")
    if not equal_but_for_rounding(output, expected):
        raise wrong_result(
            f"{name}: expected the features of eval mode also before the first train() or eval() "
            f"of your module; got others, up to {largest_gap(output, expected)} away, because "
            "the backbone came in train mode"
        )
