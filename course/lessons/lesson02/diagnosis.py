"""What several checks of lesson 02 require: what stays, what is frozen, each learning rate."""

import math
from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import nn

from course.checking import comparisons, values
from course.checking.misconception import Misconception, first_and_more

Snapshot = dict[str, torch.Tensor]
# words in the names of attributes that people set in place of requires_grad
LOOKALIKES = ("grad", "trainable", "frozen", "freeze")


def largest_change(path: str, model: nn.Module, start: Snapshot) -> float:
    """Return the largest change of the tensor at `path` since the snapshot `start`.

    It is infinite where the tensor is gone.
    """
    now = comparisons.tensors(model).get(path)
    return math.inf if now is None else (now.detach() - start[path]).abs().max().item()


def in_tensors(count: int) -> str:
    """Return "1 tensor" or "5 tensors"."""
    return "1 tensor" if count == 1 else f"{count} tensors"


def inside(paths: Iterable[str], part: str) -> set[str]:
    """Return those of the parameter names that belong to the module or parameter `part`."""
    return {path for path in paths if path == part or path.startswith(f"{part}.")}


def expect_same_values(model: nn.Module, start: dict[str, torch.Tensor], where: str) -> None:
    """Raise Misconception where a tensor's values have changed since the snapshot `start`."""
    changed = comparisons.moved_since(model, start)
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected that all values stay; {first_and_more(changed)} changed",
        )


def expect_same_condition(model: nn.Module, before: dict[str, Any], where: str) -> None:
    """Raise Misconception where an option, a hook, a layer or a mode has changed.

    `before` is the model's condition. requires_grad is not compared, and a part that is frozen may
    be put into eval mode.
    """
    changed = []
    for sentence in comparisons.differences(
        before, comparisons.condition(model), but=("requires_grad",)
    ):
        if not sentence.endswith("training was True and is False"):
            changed.append(sentence)
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected that nothing else changes; {first_and_more(changed)}",
        )


def frozen_names(model: nn.Module) -> set[str]:
    """Return the names of the parameters that do not require a gradient."""
    return {path for path, parameter in model.named_parameters() if not parameter.requires_grad}


def expect_no_lookalike(model: nn.Module, loose: Collection[str], where: str) -> None:
    """Raise Misconception if the answer has set something else in place of requires_grad.

    loose: names of the parameters that should be frozen and are not.
    """
    parameters = dict(model.named_parameters())
    for path in sorted(loose):
        for attribute in vars(parameters[path]):
            if any(word in attribute for word in LOOKALIKES) and parameters[path].requires_grad:
                raise Misconception(
                    "requires-grad-misspelt",
                    f"{where}: {path} has a new attribute `{attribute}`, "
                    "and its requires_grad is still True",
                )
    for path, module in model.named_modules():
        for attribute, value in vars(module).items():
            if any(word in attribute for word in LOOKALIKES):
                raise Misconception(
                    "attribute-on-the-module",
                    f"{where}: {path or 'the model'} has a new attribute "
                    f"{attribute} = {value!r:.40}; of what you were asked to freeze, "
                    f"{in_tensors(len(loose))} can still change",
                )


def expect_more_than_weights(loose: Collection[str], asked: Collection[str], what: str) -> None:
    """Raise Misconception if only the biases of what was asked are still trainable."""
    biases = {path for path in asked if path.endswith("bias")}
    if biases == set(loose) < set(asked):
        raise Misconception("biases-forgotten", what)


def expect_each_once(optimizer: torch.optim.Optimizer) -> None:
    """Raise Misconception where the optimizer holds a parameter twice."""
    held = sum(len(group["params"]) for group in optimizer.param_groups or ())
    different = len(comparisons.learning_rates(optimizer))
    if different < held:
        raise Misconception(
            "parameter-twice",
            f"expected each parameter once; your groups list {held}, of which only {different} are "
            "different",
        )


def _in_short(rate: object) -> str:
    """Return a learning rate for a message; a group may hold something else in its place."""
    return f"{float(rate):.6g}" if isinstance(rate, int | float | torch.Tensor) else repr(rate)


def expect_rate(found: float, expected: float, path: str) -> None:
    """Raise Misconception unless a parameter's learning rate is the expected one."""
    if not values.near(found, expected, 0.0, relative=1e-6):
        raise Misconception(
            "wrong-learning-rate",
            f"{path}: expected the learning rate {expected}, got {_in_short(found)}",
        )


def expect_no_second_group(problem: ValueError) -> None:
    """Raise Misconception where torch refused to take a parameter into a second group."""
    if "more than one parameter group" in str(problem):
        raise Misconception("parameter-twice", f"torch says: {problem}") from None
