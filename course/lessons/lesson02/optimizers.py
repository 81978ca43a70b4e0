"""Exercises 6 and 7 of lesson 02: learning rates of two groups, and what AdamW keeps."""

import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import Answer, expect
from course.checking.misconception import Misconception, first_and_more
from course.checking.stepping import make_step, why_missing
from course.checking.values import near
from course.lessons.lesson02.diagnosis import (
    expect_each_once,
    expect_no_second_group,
    expect_rate,
    expect_same_values,
    frozen_names,
)
from course.lessons.lesson02.fixtures import backward


def two_rates(
    answer: Answer, model: nn.Module, name: str, head_lr: float, backbone_lr: float, where: str
) -> None:
    """Raise Misconception unless the answer gives `fc` and the rest their learning rates."""
    frozen = frozen_names(model)
    start = comparisons.snapshot(comparisons.tensors(model).items())
    condition = comparisons.condition_and_gradients(model)
    try:
        optimizer = answer(model, head_lr, backbone_lr)
    except ValueError as problem:
        expect_no_second_group(problem)
        raise
    expect(optimizer, torch.optim.Optimizer, "an optimizer")
    expect_same_values(model, start, where)
    now = comparisons.condition_and_gradients(model)
    changed = comparisons.differences(condition, now)
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected the model as it was; {first_and_more(changed)}",
        )
    expect_each_once(optimizer)
    rates = comparisons.learning_rates(optimizer)
    for path, parameter in model.named_parameters():
        if path in frozen:
            continue
        if id(parameter) not in rates:
            raise Misconception(
                "not-in-the-optimizer",
                f"{where}: expected that your optimizer holds all trainable parameters; no group "
                f"holds {path}{why_missing(optimizer.param_groups or ())}",
            )
        expected = head_lr if path.startswith("fc.") else backbone_lr
        if near(rates[id(parameter)], expected, 0, 1e-6):
            continue
        if _are_exchanged(model, rates, head_lr, backbone_lr):
            raise Misconception(
                "wrong-learning-rate",
                f"{where}: expected the learning rate {head_lr} for the head and {backbone_lr} for "
                "the backbone; got them exchanged",
            )
        expect_rate(rates[id(parameter)], expected, f"{where}, {path}")
    backward(model, name)
    make_step(optimizer, where)
    moved = frozen & set(comparisons.moved_since(model, start))
    if moved:
        raise Misconception(
            "backbone-not-frozen",
            f"{where}: expected that a step of your optimizer changes no frozen parameter; it "
            f"changed {first_and_more(sorted(moved))}",
        )


def _are_exchanged(
    model: nn.Module, rates: dict[int, float], head_lr: float, backbone_lr: float
) -> bool:
    """Return whether `fc` has the backbone's learning rate, and all else the head's."""
    found = []
    for path, parameter in model.named_parameters():
        if parameter.requires_grad and id(parameter) in rates:
            wanted = backbone_lr if path.startswith("fc.") else head_lr
            found.append(near(rates[id(parameter)], wanted, 0, 1e-6))
    return all(found)


def why_wrong_memory(found: int, model: nn.Module, trainable: int, where: str) -> Misconception:
    """Return the Misconception behind a wrong count of AdamW's averages.

    trainable: how many numbers of the model are.
    """
    total = comparisons.numbers_in(model.parameters())
    buffers = comparisons.numbers_in(model.buffers())
    tensors = sum(parameter.requires_grad for parameter in model.parameters())
    what = (
        f"{where}: expected {2 * trainable:,}, for {trainable:,} trainable and "
        f"{total - trainable:,} frozen numbers; got {found:,}"
    )
    if found == trainable:
        what += " (there are two averages)"
    elif found == 3 * trainable:
        what += " (there are two averages, exp_avg and exp_avg_sq)"
    elif found in (trainable + buffers, 2 * (trainable + buffers)):
        what += " (an optimizer does not hold buffers)"
    elif found == 2 * trainable + tensors:
        what += " (`step`, which AdamW keeps for each tensor, is not an average)"
    elif found in (8 * trainable, 8 * total):
        what += " (count numbers, not bytes)"
    elif found == 2 * (total - trainable):
        what += " (of the frozen ones)"
    elif found == total + 2 * trainable:
        what += " (with the parameters themselves)"
    code = "wrong-result"
    if found in (2 * total, total):
        code = "frozen-costs-memory"
    elif found in (trainable + buffers, 2 * (trainable + buffers)):
        code = "buffers-counted"
    elif found in (tensors, 2 * tensors):
        code = "tensors-not-numbers"
    elif found == 0:
        code = "averages-before-the-first-step"
    return Misconception(code, what)
