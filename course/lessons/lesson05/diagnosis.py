"""The thought behind a wrong result of lesson 05: each function raises the Misconception it finds.

A function called `check_...` returns nothing where the result is right.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking import comparisons
from course.checking.autograd import leaf_tensors
from course.checking.misconception import Misconception, unlike, wrong_result
from course.lessons.lesson05.fixtures import TASKS
from course.vision.fruit import FRUITS, Pictures

Gradients = Mapping[str, Tensor | None]  # {path of a parameter: its .grad}
TaskGradients = Mapping[str, tuple[Tensor, Tensor]]  # {path: (of the fruit loss, of freshness)}


# ---- Exercise 1: the pictures of some fruits -----------------------------------------------------


def check_selection(
    result: Any,
    pictures: Pictures,
    names: Sequence[str],
) -> None:
    """Check the triple (images, fruit, rotten) of the pictures that show one of `names`."""
    try:
        images, fruit, rotten = result
        labels = torch.as_tensor(fruit)
        shape = tuple(images.shape)
        states = rotten.tolist()
    except (TypeError, ValueError, AttributeError):
        kind = type(result).__name__
        raise unlike(
            result, f"expected three tensors (images, fruit, rotten); you return {kind}"
        ) from None
    chosen = [FRUITS.index(name) for name in names]
    keep = torch.isin(pictures.fruit, torch.tensor(chosen))
    expected_images = pictures.images[keep]
    count = len(expected_images)
    if shape[:1] != (count,):
        returned = shape[0] if shape else 0
        raise wrong_result(
            f"{names}: {count} of 60 pictures show one of these; you return {returned}"
        )
    if shape != tuple(expected_images.shape) or not torch.equal(images, expected_images):
        raise wrong_result(f"{names}: the pictures are others, or in another order")
    check_labels(labels, pictures.fruit[keep], chosen, names)
    if states != pictures.rotten[keep].tolist():
        raise wrong_result(f"{names}: rotten does not belong to these pictures")


def check_labels(
    labels: Tensor,
    old: Tensor,
    chosen: list[int],
    names: Sequence[str],
) -> None:
    """Check new labels (N,) of pictures with the labels `old` (N,), which are among `chosen`."""
    expected = torch.tensor([chosen.index(number) for number in old.tolist()])
    if labels.tolist() == expected.tolist():
        return
    last = len(names) - 1
    first_label = labels[expected == last][0].item()
    what = f"{names}: the first {names[-1]} is labelled {first_label}; expected {last}"
    if labels.tolist() == (expected + 1).tolist():
        raise Misconception("labels-off-by-one", f"{what}. Your labels run from 1 to {len(names)}")
    if labels.tolist() == old.tolist():
        raise Misconception(
            "labels-not-renumbered",
            f"{what}. A head with {len(names)} outputs has no place for a {labels.max().item()}",
        )
    raise wrong_result(what)


# ---- Exercise 2: two heads on one backbone -------------------------------------------------------


def logits_of_both(outputs: Any, where: str) -> tuple[Tensor, Tensor]:
    """Return (fruit logits, freshness logits): `outputs` is that pair, or a dict by TASKS."""
    if isinstance(outputs, dict):
        if set(outputs) != set(TASKS):
            keys = sorted(map(str, outputs))
            raise wrong_result(
                f"{where}: your dict has the keys {keys}; expected 'fruit' and 'fresh'"
            )
        return outputs["fruit"], outputs["fresh"]
    if not isinstance(outputs, tuple | list) or len(outputs) != 2:
        kind = type(outputs).__name__
        raise unlike(outputs, f"{where}: forward gives {kind}; expected two tensors of logits")
    fruit, fresh = outputs
    return fruit, fresh


def check_one_backbone(
    model: nn.Module,
    trained: Mapping[tuple, str],
    forwards: int,
    where: str,
) -> None:
    """Check that the trained backbone is in the model, once, and ran once for the two heads.

    trained: {fingerprint: path} of the weights of the backbone; forwards: how often its first
    convolution ran in one forward of the model.
    """
    held = [comparisons.fingerprint(p) for p in model.parameters() if p.numel() > 1e3]
    if not set(held) & set(trained):
        raise Misconception(
            "backbone-thrown-away", f"{where}: none of the trained weights is in your model"
        )
    copies = 0
    for fingerprint, path in trained.items():
        if path == "conv1.weight":
            copies = held.count(fingerprint)
    if copies > 1:
        raise Misconception(
            "trunk-copied", f"{where}: conv1.weight is in your model {copies} times"
        )
    if forwards > 1:
        raise Misconception(
            "trunk-copied", f"{where}: one forward runs the backbone {forwards} times"
        )


def check_losses_reach_backbone(
    model: nn.Module,
    outputs: Sequence[Tensor],
    trained: Mapping[tuple, str],
    where: str,
) -> None:
    """Check that a gradient from the logits of each task reaches the backbone and registered heads.

    trained: {fingerprint: path} of the weights of the backbone.
    """
    registered = {id(p) for p in model.parameters()}
    backbone = [p for p in model.parameters() if comparisons.fingerprint(p) in trained]
    for task, logits in zip(TASKS, outputs, strict=True):
        reached = {id(p) for p in leaf_tensors(logits)}
        strangers = len(reached - registered)
        if strangers:
            raise Misconception(
                "heads-not-registered",
                f"{where}: the {task} logits come from {strangers} parameters that "
                "model.parameters() does not list",
            )
        if not any(p.requires_grad for p in backbone):
            raise wrong_result(
                f"{where}: the backbone is frozen; expected one that both losses can train"
            )
        if not any(id(p) in reached and p.numel() > 1e3 for p in backbone):
            raise Misconception(
                "features-detached",
                f"{where}: from the {task} logits no gradient gets back into the backbone",
            )


# ---- Exercises 4 and 5: gradients ----------------------------------------------------------------


@contextlib.contextmanager
def graph_errors_explained() -> Iterator[None]:
    """Raise the Misconception behind torch's two errors about graphs; other errors go on."""
    try:
        yield
    except RuntimeError as problem:
        said = str(problem)
        if "backward through the graph a second time" in said:
            raise Misconception("graph-used-twice", f"torch says: {said.split(' (')[0]}") from None
        if "does not require grad" in said:
            raise Misconception("loss-detached", f"torch says: {said.splitlines()[0]}") from None
        raise


@contextlib.contextmanager
def watch_backward(model: nn.Module) -> Iterator[dict[str, int]]:
    """Count while the block runs, by three keys:

    "backwards": calls of backward(); "reached": those after which a parameter of the model has a
    `.grad`; "class weights": calls of cross_entropy with class weights.

    The counts decide nothing. They only help to name the thought behind a wrong gradient.
    """
    seen = {"backwards": 0, "reached": 0, "class weights": 0}
    backward, cross_entropy = torch.Tensor.backward, F.cross_entropy

    def counting_backward(self, *args, **kwargs):
        seen["backwards"] += 1
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
        gradient = torch.zeros_like(fruit) if found[path] is None else found[path]
        size = max(fruit.abs().max(), fresh.abs().max(), 1e-9)
        if not torch.allclose(gradient, expected, rtol=1e-3, atol=1e-3 * float(size)):
            return False
    return True


def check_gradient(
    found: Gradients,
    truth: TaskGradients,
    previous: Gradients | None,
    weights: tuple[float, float],
    seen: Mapping[str, int],
    where: str,
) -> None:
    """Check the gradients that a step of the optimizer used.

    found: the gradients of this step; previous: those of the step before; truth: those of each task
    alone; seen: the counts of `watch_backward`.
    """
    if gradient_is(found, truth, weights):
        return
    path = last_shared(truth)
    fruit, fresh = truth[path]
    gradient = torch.zeros_like(fruit) if found[path] is None else found[path]
    first, second = coefficients(gradient, fruit, fresh)
    what = (
        f"{where}: the gradient at {path} is {first:g} times that of the fruit loss plus "
        f"{second:g} times that of the freshness loss"
    )
    if previous is not None and gradient_is(found, truth, weights, left_over=previous):
        raise Misconception(
            "gradients-not-cleared",
            f"{where}: at {path} the gradient of the step before is still in .grad, and was "
            "stepped again",
        )
    a, b = weights
    for lost, kept in (("freshness", (a, 0)), ("fruit", (0, b))):
        if not gradient_is(found, truth, kept):
            continue
        if seen["backwards"] > 1:
            raise Misconception(
                "zero-grad-between-backwards",
                f"{what}; backward() ran {seen['backwards']} times, and only the last one was left",
            )
        raise Misconception("loss-detached", f"{what}: the {lost} loss has no gradient")
    if gradient_is(found, truth, (b, a)):
        raise Misconception("weights-swapped", what)
    if not gradient_is(found, truth, (1, 1)):
        raise wrong_result(what)
    if seen["class weights"]:
        raise Misconception(
            "class-weights-for-task-weights", f"{what}, although cross_entropy was given weights"
        )
    raise wrong_result(f"{what}: the weights have no effect")


def last_shared(truth: TaskGradients) -> str:
    """Return the path of the last weight in the backbone that both losses reach."""
    paths = []
    for path, (fruit, fresh) in truth.items():
        if path.startswith("backbone.") and fruit.any() and fresh.any():
            paths.append(path)
    return paths[-2] if len(paths) > 1 else paths[-1]  # the last of all is a bias


def coefficients(
    gradient: Tensor,
    fruit: Tensor,
    fresh: Tensor,
) -> tuple[float, float]:
    """Return (a, b) for which a * fruit + b * fresh is nearest to `gradient`, by least squares."""
    columns = torch.stack([fruit.flatten(), fresh.flatten()], 1).double()  # (D, 2)
    target = gradient.flatten().double().unsqueeze(1)  # (D, 1)
    a, b = torch.linalg.lstsq(columns, target).solution.flatten().tolist()
    return round(a, 3), round(b, 3)


def check_task_gradients(found: Any, expected: Sequence[Tensor]) -> None:
    """Check the gradient vectors (D,) of two losses."""
    size = tuple(expected[0].shape)
    kinds = []
    for vector in found:
        is_tensor = isinstance(vector, Tensor)
        kinds.append(tuple(vector.shape) if is_tensor else type(vector).__name__)
    if kinds != [size, size]:
        raise wrong_result(f"expected two tensors of shape {size}; you return {kinds}")
    norms = [f"{vector.norm():.3g}" for vector in found]
    right_norms = [f"{vector.norm():.3g}" for vector in expected]
    if not torch.allclose(found[0], expected[0], atol=1e-6):
        raise wrong_result(
            f"the norm of the first loss's gradient is {right_norms[0]}; yours is {norms[0]}"
        )
    if torch.allclose(found[1], expected[0] + expected[1], atol=1e-6):
        raise Misconception(
            "gradients-not-cleared",
            f"your second gradient (norm {norms[1]}) is the sum of both; the second alone has "
            f"{right_norms[1]}",
        )
    if not torch.allclose(found[1], expected[1], atol=1e-6):
        raise wrong_result(
            f"the norm of the second loss's gradient is {right_norms[1]}; yours is {norms[1]}"
        )


# ---- Exercises 6 and 7: weights ------------------------------------------------------------------


def check_start_weights(result: Any, classes: Sequence[int]) -> None:
    """Check weights that make the first losses equal and sum to the number of tasks.

    An untrained head of n classes gives each a probability near 1 / n, so that its cross-entropy
    is about ln n; `classes` lists the n of each task.
    """
    first_losses = [math.log(n) for n in classes]
    inverse = [1 / loss for loss in first_losses]
    expected = [len(classes) * w / sum(inverse) for w in inverse]
    try:
        found = [float(w) for w in result]
    except TypeError:
        raise unlike(result, f"expected {len(classes)} weights") from None
    complete = len(found) == len(expected)
    near = [abs(f - e) < 1e-3 for f, e in zip(found, expected, strict=False)]
    if complete and all(near):
        return
    weighted = [w * loss for w, loss in zip(found, first_losses, strict=False)]
    told_weights = ", ".join(f"{w:.3g}" for w in found)
    told_losses = ", ".join(f"{loss:.3g}" for loss in weighted)
    what = (
        f"{classes} classes: your weights are {told_weights}; times their first loss that is "
        f"{told_losses}"
    )
    if complete and found[0] > found[-1]:
        raise Misconception(
            "loss-scale-is-not-difficulty", f"{what}: the largest loss counts even more"
        )
    if complete and max(weighted) < 1.001 * min(weighted):
        what += f"; they sum to {sum(found):.3g}, expected {len(classes)}"
    raise wrong_result(what)


def weighted_sum(
    losses: Sequence[float],
    s: Sequence[float],
    sign: int,
    rest: int,
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
    (1, 1): "exp(s) weighs instead of exp(-s)",
    (-1, -1): "s is subtracted",
    (-1, 0): "there is no + s",
    (1, -1): "both signs are turned",
}


def check_combined(
    total: Tensor,
    losses: Sequence[Tensor],
    s: tuple[float, float],
) -> None:
    """Check that `total` is the sum of exp(-s) L + s, with a gradient to each loss."""
    values = [loss.item() for loss in losses]
    expected = weighted_sum(values, s, -1, 1)
    given = (
        f"with s = {s[0]:g}, {s[1]:g} and losses {values[0]:.2g}, {values[1]:.2g} "
        f"combine gives {total.item():.4g}"
    )
    what = f"{given}; expected {expected:.4g}"
    if abs(total.item() - expected) > 1e-4:
        for (sign, rest), thought in WRONG_SIGNS.items():
            if any(s) and abs(total.item() - weighted_sum(values, s, sign, rest)) < 1e-4:
                raise Misconception("log-variance-sign", f"{what}: {thought}")
        raise wrong_result(what)
    gradients = (None, None)
    if total.requires_grad:
        gradients = torch.autograd.grad(total, losses, allow_unused=True)
    for which, gradient in zip(("first", "second"), gradients, strict=True):
        if gradient is None:
            raise Misconception(
                "loss-detached", f"{given}, but no gradient gets back to the {which} loss"
            )


def check_optimizer(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    log_variances: Sequence[nn.Parameter],
    lr: float,
) -> None:
    """Check that the optimizer holds the model and the log variances at this learning rate."""
    rates = comparisons.learning_rates(optimizer)
    if any(id(p) not in rates for p in log_variances):
        raise Misconception(
            "log-variance-not-trained",
            f"your optimizer holds {len(rates)} tensors, and the log variances are not among them",
        )
    for path, p in model.named_parameters():
        if id(p) not in rates:
            raise Misconception(
                "stage-not-in-optimizer", f"{path} of the model is in no group of your optimizer"
            )
    if set(rates.values()) != {lr}:
        raise wrong_result(
            f"expected a learning rate of {lr}; your optimizer has {sorted(set(rates.values()))}"
        )


def check_decay(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    log_variances: Sequence[nn.Parameter],
) -> None:
    """Check by a step on zero gradients that the model decays and the log variances do not.

    AdamW's weight decay does not go through the gradient (Loshchilov and Hutter, "Decoupled Weight
    Decay Regularization", 2019), so that such a step shows the decay alone.
    """
    weights = list(model.parameters())
    for p in (*weights, *log_variances):
        p.grad = torch.zeros_like(p)
    weights_before = [p.detach().clone() for p in weights]
    s_before = [p.detach().clone() for p in log_variances]
    optimizer.step()
    if any(not torch.equal(p, old) for p, old in zip(log_variances, s_before, strict=True)):
        old = s_before[-1].flatten()[-1].item()
        now = log_variances[-1].detach().flatten()[-1].item()
        raise Misconception(
            "log-variance-decayed",
            f"a step on a gradient of zero took s from {old:.6f} to {now:.6f}: its group has "
            "weight decay",
        )
    if any(torch.equal(p, old) for p, old in zip(weights, weights_before, strict=True)):
        raise wrong_result(
            "a step on a gradient of zero should shrink the model's weights (AdamW's decay of "
            "0.01), and did not"
        )


# ---- Exercise 8: a way of weighting --------------------------------------------------------------


def check_choice(
    found: Any,
    expected: str | None,
    results: Mapping[str, Mapping[str, float]],
    floors: Mapping[str, float],
) -> None:
    """Check which of `results`, {name: {"loss", "fruit", "fresh"}}, was chosen: a name or None."""
    if found == expected:
        return
    if found is None:
        raise Misconception(
            "nothing-returned",
            f"{expected!r} reaches both floors ({dict(floors)}); you return None",
        )
    if found not in list(results):
        raise wrong_result(f"expected one of {list(results)}, or None; you return {found!r:.60}")
    run = results[found]
    what = (
        f"you chose {found!r}: loss {run['loss']}, fruit {run['fruit']:.0%}, "
        f"fresh {run['fresh']:.0%}; expected {expected!r}"
    )
    lowest_loss = min(results, key=lambda name: results[name]["loss"])
    highest_mean = max(results, key=lambda name: mean_accuracy(results[name]))
    if found == lowest_loss and found != highest_mean:
        raise Misconception("losses-compared-across-weightings", what)
    for task in TASKS:
        if run[task] < floors[task]:
            raise Misconception(
                "mean-hides-a-dead-head", f"{what}. {task} is below its floor of {floors[task]:.0%}"
            )
    raise wrong_result(what)


def mean_accuracy(run: Mapping[str, float]) -> float:
    """Return the mean of the accuracies of both tasks."""
    return (run["fruit"] + run["fresh"]) / 2
