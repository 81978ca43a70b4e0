"""The thought behind wrong loss weights, Exercises 6 and 7 of lesson 05.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons, values
from course.checking.misconception import (
    Misconception,
    unlike,
    wrong_result,
)
from course.checking.stepping import why_missing


def check_start_weights(result: Any, classes: Sequence[int]) -> None:
    """Check loss weights that make the first losses equal and sum to the number of tasks.

    An untrained head of n classes gives each a probability near 1 / n, so that its cross-entropy
    is about ln n; `classes` lists the n of each task.
    """
    first_losses = [math.log(n) for n in classes]
    inverse = [1 / loss for loss in first_losses]
    expected = [len(classes) * w / sum(inverse) for w in inverse]
    asked = f"a list of {len(classes)} loss weights"
    if not isinstance(result, list | tuple):
        how = ": `.tolist()` makes a list of it" if hasattr(result, "tolist") else ""
        raise unlike(result, f"expected {asked}; got {type(result).__name__}{how}")
    items = list(result)
    found = [values.number_in(item, f"a number in {asked}") for item in items]
    if len(found) != len(expected):
        raise wrong_result(f"{list(classes)} classes: expected {asked}; got {len(found)}")
    if all(values.near(f, e, 1e-9, 1e-5) for f, e in zip(found, expected, strict=True)):
        return
    weighted = [w * loss for w, loss in zip(found, first_losses, strict=True)]
    told_weights = ", ".join(f"{w:.4g}" for w in found)
    told_losses = ", ".join(f"{loss:.4g}" for loss in weighted)
    what = (
        f"{list(classes)} classes: your loss weights are {told_weights}; times ln n that is "
        f"{told_losses}"
    )
    ordered = zip(sorted(found), sorted(expected), strict=True)
    # of two tasks, weights in proportion to ln n are the right ones exchanged
    if len(classes) > 2 and all(values.near(f, e, 1e-9, 1e-5) for f, e in ordered):
        raise wrong_result(
            f"{what}; expected equal numbers: your loss weights are in another order"
        )
    if grows_with(found, classes):
        raise Misconception(
            "loss-scale-is-not-difficulty",
            f"{what}; expected equal numbers. The task with the larger loss has the larger weight",
        )
    if values.near(max(weighted), min(weighted), 0, 1e-4):
        what += f". The weights sum to {sum(found):.4g}; expected {len(classes)}"
    else:
        what += "; expected equal numbers"
    raise wrong_result(what)


def grows_with(found: Sequence[float], classes: Sequence[int]) -> bool:
    """Return whether each task with more classes has the larger weight; False if all are alike."""
    compared = []
    for weight, n in zip(found, classes, strict=True):
        for other_weight, other_n in zip(found, classes, strict=True):
            if n > other_n:
                compared.append(weight > other_weight)
    return bool(compared) and all(compared)


def weighted_sum(
    losses: Sequence[float],
    s: Sequence[float],
    sign: int,
    rest: float,
) -> float:
    """Return the sum of exp(sign * s) L + rest * s over the tasks; right are sign -1 and rest 1.

    This is the loss of Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh
    Losses" (2018), up to constant factors; s stands for the logarithm of a variance.
    """
    total = 0.0
    for loss, log_variance in zip(losses, s, strict=True):
        total += math.exp(sign * log_variance) * loss + rest * log_variance
    return total


WRONG_SIGNS = {  # (sign, rest) of `weighted_sum`: the thought behind it
    (1, 1): "exp(s) is where exp(-s) is expected",
    (-1, -1): "s is subtracted",
    (-1, 0): "the + s is missing",
    (1, -1): "both signs are exchanged",
}


def log_variances_of(combine: nn.Module) -> list[nn.Parameter]:
    """Return the parameters of `combine` that can learn, after a check that they are two zeros."""
    learnt = [p for p in combine.parameters() if p.requires_grad]
    count = comparisons.numbers_in(learnt)
    if count != 2:
        raise wrong_result(
            f"expected two numbers in combine that can be learnt; combine.parameters() has {count}"
        )
    for value in torch.cat([p.detach().flatten() for p in learnt]).tolist():
        if not values.near(value, 0):
            raise wrong_result(f"expected both s to be 0 at first; one of them is {value:g}")
    return learnt


def set_numbers(parameters: Sequence[nn.Parameter], numbers: Sequence[float]) -> None:
    """Write numbers into parameters that together hold as many."""
    sizes = [p.numel() for p in parameters]
    with torch.no_grad():
        parts = torch.tensor(numbers).split(sizes)
        for p, part in zip(parameters, parts, strict=True):
            p.copy_(part.view_as(p))


def task_order(
    combine: nn.Module, log_variances: Sequence[nn.Parameter], losses: Sequence[Tensor]
) -> tuple[int, int]:
    """Return the places of the first and the second task's s among the numbers of `combine`.

    They can be registered in either order. The first loss alone is changed: where its s is 3, this
    changes the total by exp(-3) times as much.
    """
    set_numbers(log_variances, (0.0, 3.0))
    changed = [losses[0].detach() + 1, losses[1].detach()]
    rise = float(combine(changed)) - float(combine([loss.detach() for loss in losses]))
    return (1, 0) if values.near(rise, math.exp(-3.0), 1e-3) else (0, 1)


def check_total(total: Any, losses: Sequence[Tensor], s: Sequence[float]) -> None:
    """Check that `total`, which combine has returned, is the sum of exp(-s) L + s."""
    if not isinstance(total, Tensor) or total.numel() != 1:
        got = tuple(total.shape) if isinstance(total, Tensor) else type(total).__name__
        raise unlike(total, f"expected a tensor with one number from combine(losses); got {got}")
    amounts = [loss.item() for loss in losses]
    expected = weighted_sum(amounts, s, -1, 1)
    what = f"{given(total, losses, s)}; expected {expected:.4g}"
    if values.near(total.item(), expected, 1e-4):
        return
    for (sign, rest), thought in WRONG_SIGNS.items():
        if any(s) and values.near(total.item(), weighted_sum(amounts, s, sign, rest), 1e-4):
            raise Misconception("log-variance-sign", f"{what}: {thought}")
    if any(s) and values.near(total.item(), weighted_sum(amounts, s, -1, 0.5), 1e-4):
        what += ". Your sum has s / 2"
    raise wrong_result(what)


def given(total: Tensor, losses: Sequence[Tensor], s: Sequence[float]) -> str:
    """Return in words what combine was given, and what it returned."""
    return (
        f"with s = {s[0]:g}, {s[1]:g} and losses {losses[0].item():.2g}, {losses[1].item():.2g} "
        f"combine returns {total.item():.4g}"
    )


def check_reaches(
    total: Tensor,
    losses: Sequence[Tensor],
    s: Sequence[float],
    log_variances: Sequence[nn.Parameter],
    places: tuple[int, int],
) -> None:
    """Check the gradients of `total`, a right sum, for each loss and each s.

    s: the log variances of the first and the second task; places: where each is among the numbers
    in `log_variances`.
    """
    leaves = [*losses, *log_variances]
    gradients: Sequence[Tensor | None] = [None] * len(leaves)
    if total.requires_grad:
        gradients = torch.autograd.grad(total.sum(), leaves, allow_unused=True)
    filled = []
    for leaf, gradient in zip(leaves, gradients, strict=True):
        filled.append(torch.zeros_like(leaf) if gradient is None else gradient)
    of_s = torch.cat([gradient.flatten() for gradient in filled[2:]])
    for task, which in enumerate(("first", "second")):
        weight = math.exp(-s[task])
        pairs = (
            (f"the {which} loss", filled[task].item(), weight),
            (
                f"the s of the {which} loss",
                of_s[places[task]].item(),
                1 - weight * losses[task].item(),
            ),
        )
        for name, found, right in pairs:
            if not values.near(found, right, 1e-4):
                raise Misconception(
                    "loss-detached",
                    f"{given(total, losses, s)}, as expected, but its gradient for {name} is "
                    f"{found:.3g}; expected {right:.3g}",
                )


def check_optimizer(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    log_variances: Sequence[nn.Parameter],
    lr: float,
) -> None:
    """Check that the optimizer holds the model and the log variances at this learning rate."""
    rates = comparisons.learning_rates(optimizer)
    outside = [p for p in log_variances if id(p) not in rates]
    if outside:
        raise Misconception(
            "log-variance-not-trained",
            f"your optimizer holds {len(rates)} tensors; {comparisons.numbers_in(outside)} of the "
            f"2 log variances are not among them{why_missing(optimizer.param_groups or ())}",
        )
    for path, p in model.named_parameters():
        if id(p) not in rates:
            raise Misconception(
                "parameter-not-in-optimizer",
                f"{path} of the model is in no group of your optimizer"
                f"{why_missing(optimizer.param_groups or ())}",
            )
    found = sorted({float(rate) for rate in rates.values()})
    if not all(values.near(rate, lr, 0, 1e-6) for rate in found):
        raise wrong_result(f"expected the learning rate {lr:g} everywhere; got {found}")


DECAY = 0.01  # what the model's parameters have, as AdamW's default


def check_adamw(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    log_variances: Sequence[nn.Parameter],
    lr: float,
) -> None:
    """Check by two first steps that this is AdamW: decay for the model, none for log variances.

    AdamW's weight decay does not go through the gradient (Loshchilov and Hutter, "Decoupled Weight
    Decay Regularization", 2019), so that a step on zero gradients shows the decay alone. Its first
    step on another gradient has the size of the learning rate (Kingma and Ba, "Adam", 2015).
    """
    kept = list(model.parameters())
    before = [p.detach().clone() for p in kept]
    s_before = [p.detach().clone() for p in log_variances]
    step_on(optimizer, [*kept, *log_variances], 0.0)
    for p, old in zip(log_variances, s_before, strict=True):
        if not torch.equal(p, old):
            raise Misconception(
                "log-variance-decayed",
                f"a step on a gradient of zero moved s from {old.flatten()[-1]:.6f} to "
                f"{p.detach().flatten()[-1]:.6f}: its group has weight decay",
            )
    for (path, p), old in zip(model.named_parameters(), before, strict=True):
        moved = (old - p.detach()).flatten()
        flat = old.flatten()
        decay = float((moved @ flat) / (flat @ flat)) / lr  # the decay that fits best
        if values.all_near(moved, lr * DECAY * flat, tolerance=1e-3 * lr * DECAY):
            continue
        what = f"after a step on a gradient of zero, {path}"
        if values.all_near(moved.abs(), torch.full_like(moved, lr), tolerance=0.05 * lr):
            raise Misconception(
                "not-adamw",
                f"{what} has moved by the learning rate {lr:g} in every entry: the decay went "
                f"through the gradient. Expected that it shrinks by {lr:g} * {DECAY:g} of itself",
            )
        if not moved.any():
            raise wrong_result(f"{what} is unchanged; expected a weight decay of {DECAY:g}")
        raise wrong_result(f"{what} shows a weight decay of {decay:.3g}; expected {DECAY:g}")


def check_first_step(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    log_variances: Sequence[nn.Parameter],
    lr: float,
) -> None:
    """Check that the first step on gradients of 0.5 moves each entry by `lr`, besides the decay.

    AdamW divides a gradient by its size; SGD would move each entry by half of that.
    """
    tensors = {**dict(model.named_parameters())}
    for number, p in enumerate(log_variances):
        tensors[f"log variance {number}"] = p
    before = {path: p.detach().clone() for path, p in tensors.items()}
    step_on(optimizer, list(tensors.values()), 0.5)
    own = {id(p) for p in log_variances}
    for path, p in tensors.items():
        decay = 0.0 if id(p) in own else DECAY
        moved = before[path] - p.detach()
        if not values.all_near(moved, lr + lr * decay * before[path], tolerance=0.01 * lr):
            what = (
                f"the first step on gradients of 0.5 changes {path} by {-moved.mean():.4g}; "
                f"expected {-lr:g}, the learning rate"
            )
            if isinstance(optimizer, torch.optim.AdamW):
                raise wrong_result(
                    f"{what}. Another option of your AdamW, such as eps, changes its step"
                )
            raise Misconception(
                "not-adamw", f"{what}. Your optimizer is of the class {type(optimizer).__name__}"
            )


def step_on(
    optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], gradient: float
) -> None:
    """Make a step of the optimizer with the same gradient in all entries."""
    for p in parameters:
        p.grad = torch.full_like(p, gradient)
    optimizer.step()
