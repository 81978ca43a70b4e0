"""Exercise 2 of lesson 03: the running statistics after one batch, against a real layer's."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course.checking import comparisons, values
from course.checking.misconception import Misconception, expect_pair, wrong_result
from course.lessons.lesson03.diagnosis import State, describe_moved
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
        raise why_layer_moved(norm, before, moved)
    changed = comparisons.differences(condition, comparisons.condition(norm))
    if changed:
        raise Misconception(
            "model-left-changed", f"expected that the given layer stays as it is; {changed[0]}"
        )
    mean, variance = (expect_statistic(part, norm, unfit) for part in parts)
    in_other_order = values.all_near(variance, twin.running_mean)
    if in_other_order and values.all_near(mean, twin.running_var):
        raise wrong_result(
            f"{batch_in_words(norm, features)}: expected the pair (running mean, running "
            "variance); got (running variance, running mean)"
        )
    if not values.all_near(mean, twin.running_mean):
        raise why_wrong_mean(mean, norm, features, twin.running_mean)
    if not values.all_near(variance, twin.running_var):
        raise why_wrong_variance(variance, norm, features, twin.running_var)


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
        raise wrong_result(
            f"expected running mean and running variance of shape {shape} each; got one of shape "
            f"{tuple(statistic.shape)}"
        )
    if statistic.dtype not in (torch.float32, torch.float64):
        raise wrong_result(f"expected float32, as the layer's statistics; got {statistic.dtype}")
    return statistic.double()


def why_layer_moved(norm: nn.BatchNorm2d, before: State, moved: list[str]) -> Misconception:
    """Return the Misconception behind a given layer that the answer has changed."""
    observed = (
        f"{describe_moved(norm, before, moved)}; expected that the given layer stays as it is"
    )
    if "num_batches_tracked" in moved:
        return Misconception("bn-stats-moved", observed)
    return Misconception("model-left-changed", observed)


def mixed(old: torch.Tensor, batch: torch.Tensor, momentum: float) -> torch.Tensor:
    """The new running statistic (C,): (1 - momentum) * old + momentum * batch.

    Source: the documentation of torch.nn.BatchNorm2d, which notes that its momentum is the share of
    the new value, unlike an optimizer's. BatchNorm is by Ioffe and Szegedy, 2015.
    """
    return (1 - momentum) * old + momentum * batch


def _usual_momentum(observed: str, norm: nn.BatchNorm2d) -> Misconception:
    return Misconception(
        "momentum-from-memory", f"{observed}. You mix with 0.1; bn.momentum is {norm.momentum}"
    )


def why_wrong_mean(
    mean: torch.Tensor, norm: nn.BatchNorm2d, features: torch.Tensor, expected: torch.Tensor
) -> Misconception:
    """Return the Misconception behind a wrong running mean (C,)."""
    worst = int((mean - expected).abs().argmax())
    observed = (
        f"{batch_in_words(norm, features)}: expected the running mean {expected[worst]:.4f} in "
        f"channel {worst}; got {mean[worst]:.4f}. It was {norm.running_mean[worst]:.4f}"
    )
    old = norm.running_mean
    batch_mean = features.mean((0, 2, 3))  # (C,)
    if values.all_near(mean, mixed(old, batch_mean, 1 - norm.momentum)):
        return Misconception("momentum-the-wrong-way", observed)
    if values.all_near(mean, mixed(old, batch_mean, 0.1)):
        return _usual_momentum(observed, norm)
    if values.all_near(mean, batch_mean):
        return Misconception("momentum-one", f"{observed}. Yours is the mean of this batch alone")
    if values.all_near(mean, mixed(old, features.mean().expand_as(old), norm.momentum)):
        return wrong_result(f"{observed}. You use the mean over all channels")
    twice = mixed(mixed(old, batch_mean, norm.momentum), batch_mean, norm.momentum)
    if values.all_near(mean, twice):
        return wrong_result(f"{observed}. You mix the batch in twice")
    if values.all_near(mean, old):
        return wrong_result(f"{observed}. Yours is still that")
    return wrong_result(observed)


def why_wrong_variance(
    variance: torch.Tensor, norm: nn.BatchNorm2d, features: torch.Tensor, expected: torch.Tensor
) -> Misconception:
    """Return the Misconception behind a wrong running variance (C,).

    The running variance is made of unbiased variances, divided by n - 1, while train mode
    normalises with the biased one (documentation of torch.nn.BatchNorm2d).
    """
    worst = int((variance - expected).abs().argmax())
    observed = (
        f"{batch_in_words(norm, features)}: expected the running variance {expected[worst]:.4f} "
        f"in channel {worst}; got {variance[worst]:.4f}. It was {norm.running_var[worst]:.4f}"
    )
    old = norm.running_var
    biased = features.var((0, 2, 3), unbiased=False)  # (C,)
    if values.all_near(variance, mixed(old, biased, norm.momentum)):
        n = features[:, 0].numel()
        return Misconception(
            "biased-running-variance",
            f"{observed}. You divide by n = {n}; expected n - 1 = {n - 1}",
        )
    if values.all_near(variance, mixed(old, features.var((0, 2, 3)), 0.1)):
        return _usual_momentum(observed, norm)
    own = features.mean((0, 2, 3), keepdim=True)
    mean = mixed(norm.running_mean, own.flatten(), norm.momentum).view_as(own)
    if values.all_near(variance, mixed(old, features.var((0, 2, 3)), 1 - norm.momentum)):
        return Misconception("momentum-the-wrong-way", observed)
    thoughts = {
        "You use the batch's standard deviation": features.std((0, 2, 3)),
        "You use the variance over all channels": features.var().expand_as(old),
        "You use the mean of the squares, from which no mean is subtracted": (
            features.square().mean((0, 2, 3))
        ),
        "You use the mean of the images' own variances": features.var((2, 3)).mean(0),
        "You use the mean of the variances over the batch": features.var(0).mean((1, 2)),
        "You use the variance of the images' means": features.mean((2, 3)).var(0),
        "You add eps, which only the normalising uses": features.var((0, 2, 3))
        + norm.eps / norm.momentum
        if norm.momentum
        else features.var((0, 2, 3)),
        "You measure the distance from the new running mean, not from the batch's mean": (
            (features - mean).square().mean((0, 2, 3))
        ),
    }
    for thought, batch in thoughts.items():
        if values.all_near(variance, mixed(old, batch, norm.momentum), 1e-4):
            return wrong_result(f"{observed}. {thought}")
    if values.all_near(variance, features.var((0, 2, 3))):
        return wrong_result(f"{observed}. Yours is the variance of this batch alone")
    return wrong_result(observed)


def batch_in_words(norm: nn.BatchNorm2d, features: torch.Tensor) -> str:
    """Say for a message which layer and batch (B, C, H, W) it is about."""
    return f"a batch {tuple(features.shape)}, momentum {norm.momentum}"
