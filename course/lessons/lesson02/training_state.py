"""Exercises 8 and 9 of lesson 02: what a call has changed in the state of a training."""

from typing import NamedTuple

import torch
from torch import nn

from course.checking import comparisons
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson02.diagnosis import (
    Snapshot,
    expect_more_than_weights,
    expect_no_lookalike,
    frozen_names,
    inside,
    largest_change,
)


class Before(NamedTuple):
    """What exercise 8 needs to know of the moment before the answer ran."""

    values: Snapshot  # of all parameters
    gradients: Snapshot
    memory: dict[str, dict[str, torch.Tensor]]  # what the optimizer keeps for each parameter
    rates: dict[int, float]  # {id of a parameter: its learning rate}
    frozen: set[str]


def before_freezing(model: nn.Module, optimizer: torch.optim.Optimizer) -> Before:
    """Return the state of a model and its optimizer in mid-training."""
    named = dict(model.named_parameters())
    return Before(
        comparisons.snapshot(named.items()),
        {path: p.grad.clone() for path, p in named.items() if p.grad is not None},
        {path: memory_of(parameter, optimizer) for path, parameter in named.items()},
        comparisons.learning_rates(optimizer),
        frozen_names(model),
    )


def why_part_moved(
    model: nn.Module,
    part: str,
    moved: set[str],
    before: Before,
    rates: dict[int, float],
    when: str,
) -> Misconception:
    """Return why parameters of the part, named in `moved`, changed after freeze_now.

    rates: the learning rates right after the call. when: the steps since then, in words.
    """
    changes = {path: largest_change(path, model, before.values) for path in moved}
    first = max(
        sorted(moved), key=changes.__getitem__
    )  # sorted, so that a tie names the same in each run
    parameters = dict(model.named_parameters())
    if first not in parameters:
        return wrong_result(
            f"{when}: expected that {first} stays the same parameter of the model; it is none any "
            "more, and the optimizer still holds it"
        )
    parameter = parameters[first]
    what = f"{when}: expected that {first} stays the same; it changed by {changes[first]:.2g}"
    expect_no_lookalike(model, moved, what)
    expect_more_than_weights(moved, inside(parameters, part) - before.frozen, what)
    if rates.get(id(parameter)) == 0:
        return Misconception("learning-rate-zero", f"{what}; you set its learning rate to 0")
    if parameter.requires_grad:
        return Misconception("part-not-frozen", f"{what}: its requires_grad is still True")
    if parameter.grad is not None and parameter.grad.any():
        size = parameter.grad.abs().max()
        return Misconception(
            "stale-gradient",
            f"{what}: its gradient, up to {size:.2g}, was still there from the backward before",
        )
    if parameter.grad is not None:
        return Misconception("zero-is-not-none", f"{what}, although its gradient is zero")
    return Misconception("part-not-frozen", what)


def why_rest_differs(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    part: str,
    before: Before,
    where: str,
) -> Misconception | None:
    """Return what the call changed outside the part, None if nothing."""
    rates = comparisons.learning_rates(optimizer)
    names = {path for path, _ in model.named_parameters()}
    stuck = frozen_names(model) - before.frozen - inside(names, part)
    greedy = all(part in path or path.startswith(part[:-1]) for path in stuck)
    for path, parameter in model.named_parameters():
        if inside([path], part):
            continue
        what = f"{where}: expected that {path}, outside the part, stays as it is"
        if id(parameter) not in rates:
            return Misconception(
                "not-in-the-optimizer", f"{what}; the optimizer no longer holds it"
            )
        lost = why_memory_lost(parameter, optimizer, before.memory[path], f"{where}: {path}")
        if lost:
            return lost
        rate, old_rate = rates[id(parameter)], before.rates[id(parameter)]
        if rate != old_rate:
            return Misconception(
                "learning-rate-zero" if rate == 0 else "wrong-learning-rate",
                f"{what}; its learning rate was {old_rate:.3g} and is {rate:.3g}",
            )
        if path in stuck:
            code = "wrong-result"
            if greedy:
                code = "prefix-too-greedy"
            elif _froze_a_group(model, optimizer, part):
                code = "group-is-not-a-part"
            return Misconception(
                code,
                f"{what}; you froze it, and {len(stuck)} outside the part in all",
            )
        if parameter.requires_grad and path in before.frozen:
            return wrong_result(f"{what}; it was frozen before, and you unfroze it")
        if not comparisons.same(parameter.detach(), before.values[path]):
            return wrong_result(f"{what}; the call changed its values")
        if path in before.gradients and (parameter.grad is None or not parameter.grad.any()):
            is_now = "is gone" if parameter.grad is None else "is zero now"
            return Misconception(
                "gradients-of-others-cleared",
                f"{what}; its gradient {is_now}, and the next step needs it",
            )
        if path in before.gradients and not comparisons.same(
            parameter.grad, before.gradients[path]
        ):
            return wrong_result(f"{what}; the call changed its gradient")
    return None


def _froze_a_group(model: nn.Module, optimizer: torch.optim.Optimizer, part: str) -> bool:
    """Return whether a group of the part and of others is frozen as a whole."""
    paths = {id(parameter): path for path, parameter in model.named_parameters()}
    for group in optimizer.param_groups:
        held = {paths.get(id(parameter), "") for parameter in group["params"]}
        if held <= frozen_names(model) and 0 < len(inside(held, part)) < len(held):
            return True
    return False


def memory_of(parameter: nn.Parameter, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return clones of the tensors that the optimizer keeps for a parameter, such as momentum."""
    state = optimizer.state.get(parameter, {}).items()
    return {key: value.clone() for key, value in state if torch.is_tensor(value)}


def why_memory_lost(
    parameter: nn.Parameter,
    optimizer: torch.optim.Optimizer,
    memory: dict[str, torch.Tensor],
    what: str,
) -> Misconception | None:
    """Return what the optimizer no longer keeps for a parameter, None if it keeps everything.

    memory: the `memory_of` the parameter before the answer ran. what: the parameter, in words.
    """
    now = memory_of(parameter, optimizer)
    for key, value in memory.items():
        if key not in now:
            return Misconception(
                "optimizer-made-anew", f"{what}: expected that its {key} stays; it is gone"
            )
        if not comparisons.same(now[key], value):
            return wrong_result(f"{what}: expected that its {key} stays; the call changed it")
    return None
