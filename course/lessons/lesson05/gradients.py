"""The thought behind a wrong gradient, Exercises 4 and 5 of lesson 05.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking import values
from course.checking.misconception import (
    Misconception,
    unlike,
    wrong_result,
)
from course.checking.stepping import expect_gradients_on

Gradients = Mapping[str, Tensor | None]  # {path of a parameter: its .grad}
TaskGradients = Mapping[str, tuple[Tensor, Tensor]]  # {path: (of the fruit loss, of freshness)}


@contextlib.contextmanager
def graph_errors_explained() -> Iterator[None]:
    """Raise the Misconception behind torch's two errors about graphs; other errors go on."""
    try:
        yield
    except RuntimeError as problem:
        said = str(problem)
        if "backward through the graph a second time" in said:
            raise Misconception("graph-used-twice", f"torch says: {said.split(' (')[0]}") from None
        if "does not require grad and does not have a grad_fn" in said:
            raise Misconception("loss-detached", f"torch says: {said.splitlines()[0]}") from None
        raise


@contextlib.contextmanager
def watch_backward(model: nn.Module) -> Iterator[dict[str, int]]:
    """Count while the block runs, by three keys:

    "backwards": calls of backward(); "reached": those after which a parameter of the model has a
    `.grad`; "class weights": calls of cross_entropy with class weights.

    The counts decide nothing. They only help to name the thought behind a wrong gradient. Raises
    Misconception where a loss without a graph is used while gradients are off.
    """
    seen = {"backwards": 0, "reached": 0, "class weights": 0}
    backward, cross_entropy = torch.Tensor.backward, F.cross_entropy

    def counting_backward(self, *args, **kwargs):
        seen["backwards"] += 1
        if not self.requires_grad:
            expect_gradients_on("the model")
        backward(self, *args, **kwargs)
        seen["reached"] += any(p.grad is not None for p in model.parameters())

    def counting_cross_entropy(input, target, weight=None, *args, **kwargs):
        seen["class weights"] += weight is not None
        return cross_entropy(input, target, weight, *args, **kwargs)

    with (
        mock.patch.object(torch.Tensor, "backward", counting_backward),
        mock.patch.object(F, "cross_entropy", counting_cross_entropy),
    ):
        yield seen


def gradient_is(
    found: Gradients,
    truth: TaskGradients,
    weights: tuple[float, float],
    left_over: Gradients | None = None,
) -> bool:
    """Return whether `found` is the weighted sum of the gradients in `truth`, plus `left_over`."""
    for path, (fruit, fresh) in truth.items():
        expected = weights[0] * fruit + weights[1] * fresh
        if left_over is not None and left_over[path] is not None:
            expected = expected + left_over[path]
        gradient = found[path]
        if gradient is None:
            gradient = torch.zeros_like(fruit)
        size = float(max(fruit.abs().max(), fresh.abs().max(), expected.abs().max(), 1e-6))
        if not values.all_near(gradient, expected, tolerance=1e-3 * size):
            return False
    return True


def check_gradient(
    found: Gradients,
    truth: TaskGradients,
    before: Gradients,
    weights: tuple[float, float],
    seen: Mapping[str, int],
    first_call: bool,
    where: str,
) -> None:
    """Check the gradients that a step of the optimizer used.

    found: the gradients of this step; before: what was in `.grad` when the function was called;
    truth: the gradients of each task alone; seen: the counts of `watch_backward`. A loss without a
    gradient shows at the first call: if it is missing later, the reason is another.
    """
    if gradient_is(found, truth, weights):
        return
    path = last_shared(truth)
    fruit, fresh = truth[path]
    if all(gradient is None or not gradient.any() for gradient in found.values()):
        if seen["backwards"] and not seen["reached"]:
            raise Misconception(
                "loss-detached", f"{where}: backward() brought no gradient to the model"
            )
        raise wrong_result(
            f"{where}: expected gradients at optimizer.step(); no parameter had one, and "
            f"backward() ran {seen['backwards']} times in the call"
        )
    if any(before[key] is not None for key in before) and gradient_is(
        found, truth, weights, left_over=before
    ):
        raise Misconception(
            "gradients-not-cleared",
            f"{where}: the gradient that was in .grad before the call was added to that of this "
            f"batch, for example at {path}",
        )
    unlike_expected = [key for key in truth if not gradient_is(found, {key: truth[key]}, weights)]
    if path not in unlike_expected:
        raise why_one_gradient_differs(found, truth, unlike_expected[0], weights, where)
    gradient = torch.zeros_like(fruit) if found[path] is None else found[path]
    if bad := values.not_finite(gradient):
        raise wrong_result(f"{where}: expected a finite gradient at {path}; of its numbers {bad}")
    first, second = coefficients(gradient, fruit, fresh)
    nearest = first * fruit + second * fresh
    if not values.all_near(gradient, nearest, 0.01 * float(gradient.abs().max())):
        raise wrong_result(
            f"{where}: expected that the gradient at {path} is {weights[0]:g} times that of the "
            f"fruit loss plus {weights[1]:g} times that of the freshness loss; got another one, "
            "which is no sum of these two. Each loss is the cross-entropy of the logits and the "
            "labels of its own task, for this batch alone"
        )
    what = (
        f"{where}: the gradient at {path} is {in_short(first)} times that of the fruit loss plus "
        f"{in_short(second)} times that of the freshness loss; expected {weights[0]:g} and "
        f"{weights[1]:g}"
    )
    a, b = weights
    for lost, kept in (("freshness", (a, 0)), ("fruit", (0, b))):
        if not first_call or not gradient_is(found, truth, kept):
            continue
        if seen["backwards"] > 1:
            raise Misconception(
                "zero-grad-between-backwards",
                f"{what}; backward() ran {seen['backwards']} times, and only the gradient of one "
                "was left",
            )
        raise Misconception("loss-detached", f"{what}: the {lost} loss has no gradient")
    if gradient_is(found, truth, (b, a)):
        raise Misconception("weights-swapped", what)
    if gradient_is(found, truth, (1, 1)):
        if seen["class weights"]:
            raise Misconception(
                "class-weights-for-task-weights", f"{what}, although cross_entropy got weights"
            )
        raise wrong_result(f"{what}: the loss weights have no effect")
    raise wrong_result(what)


def last_shared(truth: TaskGradients) -> str:
    """Return the path of the last weight in the backbone that both losses reach."""
    paths = []
    for path, (fruit, fresh) in truth.items():
        if path.startswith("backbone.") and path.endswith("weight") and fruit.any() and fresh.any():
            paths.append(path)
    return paths[-1]


def coefficients(
    gradient: Tensor,
    fruit: Tensor,
    fresh: Tensor,
) -> tuple[float, float]:
    """Return (a, b) for which a * fruit + b * fresh is nearest to `gradient`, by least squares."""
    columns = torch.stack([fruit.flatten(), fresh.flatten()], 1).double()  # (D, 2)
    target = gradient.flatten().double().unsqueeze(1)  # (D, 1)
    a, b = (torch.linalg.pinv(columns) @ target).flatten().tolist()
    return a, b


def in_short(factor: float) -> str:
    """Return a factor for a message, with three digits after the point at most, and never -0."""
    return f"{round(factor, 3) + 0.0:g}"


def why_one_gradient_differs(
    found: Gradients,
    truth: TaskGradients,
    path: str,
    weights: tuple[float, float],
    where: str,
) -> Misconception:
    """Return what is wrong at `path`, where the gradient at the last shared weight is right."""
    expected = weights[0] * truth[path][0] + weights[1] * truth[path][1]
    gradient = found[path]
    norm = "None" if gradient is None else f"one of norm {gradient.norm():.4g}"
    return wrong_result(
        f"{where}: expected a gradient of norm {expected.norm():.4g} at {path}; got {norm}"
    )


def check_task_gradients(found: Any, expected: Sequence[Tensor], old: Tensor) -> None:
    """Check the list of gradient vectors (D,) of some losses.

    old: what was in `.grad` of the shared parameters before, as one vector (D,).
    """
    if not isinstance(found, list | tuple | Tensor):
        raise unlike(found, f"expected a list of vectors; got {type(found).__name__}")
    size = tuple(expected[0].shape)
    kinds = []
    for vector in found:
        is_tensor = isinstance(vector, Tensor)
        kinds.append(tuple(vector.shape) if is_tensor else type(vector).__name__)
    if kinds != [size] * len(expected):
        raise wrong_result(
            f"losses given: {len(expected)}. Expected for each a vector of shape {size}; got "
            f"{tuple(found.shape) if isinstance(found, Tensor) else values.shown(kinds)}"
        )
    for number, (vector, right) in enumerate(zip(found, expected, strict=True)):
        tolerance = 1e-4 * float(right.abs().max())
        if values.all_near(vector, right, tolerance):
            continue
        what = (
            f"{len(expected)} losses: the gradient of losses[{number}] has the norm "
            f"{right.norm():.4g}; yours has {vector.norm():.4g}"
        )
        summed = sum(expected[:number], right)
        if number and values.all_near(vector, summed, tolerance):
            raise Misconception(
                "gradients-not-cleared", f"{what}: it is the sum of {number + 1} gradients"
            )
        for more in (right, summed):
            if values.all_near(vector, more + old, tolerance + 1e-4):
                raise Misconception(
                    "gradients-not-cleared",
                    f"{what}: it holds what was in .grad before the call, too",
                )
        for other, gradient in enumerate(expected):
            if values.all_near(vector, gradient, 1e-4 * float(gradient.abs().max())):
                raise wrong_result(f"{what}: it is the gradient of losses[{other}]")
        total = sum(expected)
        if values.all_near(vector, total, 1e-4 * float(total.abs().max())):
            raise Misconception("gradient-of-the-sum", what)
        entry = int((vector.detach() - right).abs().argmax())
        what += f". At entry {entry} expected {right[entry]:.4g}, got {vector[entry]:.4g}"
        if values.all_near(vector.detach().sort().values, right.sort().values, tolerance):
            what += ": the numbers are right, but in another order"
        raise wrong_result(what)


def check_grads_left(model: nn.Module, before: Gradients) -> None:
    """Check that the `.grad` of each parameter is as it was `before`."""
    for path, p in model.named_parameters():
        old = before[path]
        if old is None and p.grad is not None:
            filled = "zeros" if not p.grad.any() else "a gradient"
            raise Misconception(
                "gradients-not-cleared",
                f"{path}.grad was None before the call and holds {filled} after it; expected None",
            )
        if old is not None and (p.grad is None or not torch.equal(p.grad, old)):
            now = "None" if p.grad is None else f"of norm {p.grad.norm():.3g}"
            raise Misconception(
                "gradients-not-cleared",
                f"{path}.grad had the norm {old.norm():.3g} before the call and is {now} after it; "
                "expected that it stays as it was",
            )
