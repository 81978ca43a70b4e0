"""Lesson 05: how a training step and the gradients of its losses are tried, exercises 4 and 5."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from course.checking import comparisons, networks, values
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson05.fixtures import Triple, TwoHeads, task_gradients_of
from course.lessons.lesson05.gradients import (
    Gradients,
    check_gradient,
    graph_errors_explained,
    watch_backward,
)


class Setting(NamedTuple):
    """How `joint_step` is tried: an optimizer, made from two groups of parameters, and a batch."""

    optimizer: str
    make: Callable[[list], torch.optim.Optimizer]
    training: bool
    size: int  # images in a batch


SETTINGS = (
    Setting("SGD", lambda groups: torch.optim.SGD(groups, lr=1e-3), False, 8),
    Setting("SGD with momentum", lambda groups: torch.optim.SGD(groups, 0.1, 0.9), True, 5),
    Setting("AdamW", lambda groups: torch.optim.AdamW(groups, lr=1e-3), False, 1),
)


def check_step(
    answer: Callable,
    model: TwoHeads,
    optimizer: torch.optim.Optimizer,
    batch: Triple,
    weights: tuple[float, float],
    first_call: bool,
    where: str,
) -> None:
    """Call `answer` for one step and check what it did, against a step on a copy of the model."""
    images, fruit, rotten = batch
    twin, its_optimizer = networks.copied_with_optimizer(model, optimizer)
    truth = task_gradients_of(twin, images, fruit, rotten)
    before = grads(model)
    condition = comparisons.condition(model)
    options = options_of(optimizer)
    stepped = []  # the gradients at each step of the optimizer
    # after the step, because optimizer.step(closure) computes the gradients in the step
    hook = optimizer.register_step_post_hook(lambda *_: stepped.append(grads(model)))
    with watch_backward(model) as seen, graph_errors_explained():
        answer(model, optimizer, images, fruit, rotten, weights)
    hook.remove()
    if len(stepped) != 1:
        raise wrong_result(f"{where}: expected one optimizer.step(); you made {len(stepped)}")
    changed = comparisons.differences(condition, comparisons.condition(model))
    modes = [what for what in changed if "training" in what]
    if modes:
        raise Misconception(
            "mode-changed", f"{where}: {modes[0]}; expected that the model stays in its mode"
        )
    check_gradient(stepped[0], truth, before, weights, seen, first_call, where)
    if changed:
        raise Misconception(
            "model-left-changed", f"{where}: {changed[0]}; expected that it stays as it was"
        )
    for old, new in zip(options, options_of(optimizer), strict=True):
        for option, value in old.items():
            if new.get(option) != value:
                raise wrong_result(
                    f"{where}: `{option}` of the optimizer was {value} before the call and is "
                    f"{new.get(option)} after it; expected that it stays as it was"
                )
    start = comparisons.snapshot(twin.named_parameters())
    for path, p in twin.named_parameters():
        p.grad = weights[0] * truth[path][0] + weights[1] * truth[path][1]
    its_optimizer.step()
    of_twin = dict(twin.named_parameters())
    for path, p in model.named_parameters():
        expected = of_twin[path]
        distance = float((expected.detach() - start[path]).abs().max())
        if not values.all_near(p, expected, tolerance=1e-6 + 0.02 * distance):
            moved = float((p.detach() - start[path]).abs().max())
            raise wrong_result(
                f"{where}: the step moved {path} by up to {moved:.3g}; expected {distance:.3g}, as "
                "the optimizer moves it with this gradient"
            )


def grads(model: nn.Module) -> Gradients:
    """Return {path: a copy of .grad, or None} of all parameters."""
    found: dict[str, Tensor | None] = {}
    for path, p in model.named_parameters():
        found[path] = None if p.grad is None else p.grad.detach().clone()
    return found


def options_of(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return the options of each group, without its parameters."""
    return [
        {option: value for option, value in group.items() if option != "params"}
        for group in optimizer.param_groups
    ]


def joined(gradients: Sequence[Tensor]) -> Tensor:
    """Return the gradients of several parameters as one vector (D,)."""
    return torch.cat([gradient.flatten() for gradient in gradients])
