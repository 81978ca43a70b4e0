"""Exercise 2 of lesson 03: the running statistics after one batch, against a real layer's."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course.checking import comparisons, values
from course.checking.misconception import expect_pair, wrong_result
from course.lessons.lesson03 import diagnosis
from course.lessons.lesson03.fixtures import snapshot_of


def expect_statistics(answer: Callable, norm: nn.BatchNorm2d, features: torch.Tensor) -> None:
    """Raise Misconception unless the answer predicts the statistics after `features` (B, C, H, W)
    and leaves the layer alone.
    """
    twin = copy.deepcopy(norm).train()
    twin(features)
    before = snapshot_of(norm)
    condition = comparisons.condition(norm)
    result = answer(norm, features)
    unfit = (
        "expected the pair (running mean, running variance), two tensors; got "
        f"{type(result).__name__} {values.shown(result)}"
    )
    parts = expect_pair(result, unfit)
    moved = comparisons.moved_since(norm, before)
    if moved:
        raise diagnosis.why_layer_moved(norm, before, moved)
    changed = comparisons.differences(condition, comparisons.condition(norm))
    if changed:
        raise wrong_result(f"expected that the given layer stays as it is; {changed[0]}")
    mean, variance = (expect_statistic(part, norm, unfit) for part in parts)
    in_other_order = values.all_near(variance, twin.running_mean)
    if in_other_order and values.all_near(mean, twin.running_var):
        raise wrong_result(
            f"{diagnosis.batch_in_words(norm, features)}: expected the pair (running mean, running "
            "variance); got (running variance, running mean)"
        )
    if not values.all_near(mean, twin.running_mean):
        raise diagnosis.why_wrong_mean(mean, norm, features, twin.running_mean)
    if not values.all_near(variance, twin.running_var):
        raise diagnosis.why_wrong_variance(variance, norm, features, twin.running_var)


def expect_statistic(part: Any, norm: nn.BatchNorm2d, unfit: str) -> torch.Tensor:
    """Return one statistic (C,) as float64; raise Misconception for another shape or dtype."""
    if values.is_masked(part):
        raise wrong_result(unfit)
    try:
        statistic = torch.as_tensor(part).detach()
    except (TypeError, ValueError, RuntimeError):
        raise wrong_result(unfit) from None
    if statistic.is_meta:
        raise wrong_result(f"{unfit}, on a device without values")
    shape = (norm.num_features,)
    if tuple(statistic.shape) != shape:
        raise wrong_result(f"expected shape {shape} twice; got {tuple(statistic.shape)}")
    if statistic.dtype not in (torch.float32, torch.float64):
        raise wrong_result(f"expected float32, as the layer's statistics; got {statistic.dtype}")
    return statistic.double()
