"""The thought behind a wrong result of lesson 05: each function raises the Misconception it finds.

A function called `check_...` returns nothing where the result is right.
"""

import contextlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking import comparisons, values
from course.checking.autograd import leaf_tensors
from course.checking.misconception import (
    Misconception,
    first_and_more,
    unlike,
    wrong_result,
)
from course.lessons.lesson05.fixtures import TASKS
from course.vision.fruit import FRUITS, Pictures

WORDS = {"fruit": "fruit", "fresh": "freshness"}  # {task: what messages call it}
Gradients = Mapping[str, Tensor | None]  # {path of a parameter: its .grad}
TaskGradients = Mapping[str, tuple[Tensor, Tensor]]  # {path: (of the fruit loss, of freshness)}


# ---- Exercise 1: the images of some fruits -------------------------------------------------------


def check_selection(result: Any, data: Pictures, names: Sequence[str]) -> None:
    """Check the triple (images, fruit, rotten) of the images that show one of `names`."""
    got = f"got {type(result).__name__}"
    if isinstance(result, tuple | list):
        got = f"got {len(result)} values"
    if not isinstance(result, tuple | list) or len(result) != 3:
        raise unlike(result, f"expected three tensors (images, fruit, rotten); {got}")
    for part, tensor in zip(("images", "fruit", "rotten"), result, strict=True):
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise wrong_result(f"{names}: expected `{part}` to be a tensor; got {kind}")
    images, labels, rotten = result
    chosen = [FRUITS.index(name) for name in names]
    keep = torch.isin(data.fruit, torch.tensor(chosen))
    count = int(keep.sum())
    for part, tensor in zip(("images", "fruit", "rotten"), result, strict=True):
        rows = len(tensor) if tensor.ndim else 0
        if rows != count:
            raise wrong_result(
                f"{names}: {count} of {len(data.fruit)} images show one of these; expected {count} "
                f"rows in `{part}`, got {rows}"
            )
    check_kept("images", images, data.images[keep], names)
    check_labels(labels, data.fruit[keep], chosen, names)
    check_kept("rotten", rotten, data.rotten[keep], names)


def check_kept(part: str, found: Tensor, expected: Tensor, names: Sequence[str]) -> None:
    """Check `images` or `rotten`: the rows of the data that show one of `names`, in their order."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        raise wrong_result(
            f"{names}: expected `{part}` to be {expected.dtype} of shape {tuple(expected.shape)}, "
            f"as in the data; got {found.dtype} of shape {tuple(found.shape)}"
        )
    if torch.equal(found, expected):
        return
    row = int((found != expected).flatten(1).any(1).nonzero()[0]) if found.ndim > 1 else None
    if row is None:
        row = int((found != expected).nonzero()[0])
    raise wrong_result(
        f"{names}: row {row} of `{part}` is not the one that is expected there. Expected are the "
        f"rows that show one of these fruits, in the order of the data"
    )


def check_labels(labels: Tensor, old: Tensor, chosen: list[int], names: Sequence[str]) -> None:
    """Check new labels (N,) of images with the labels `old` (N,), which are among `chosen`."""
    numbers = [chosen.index(number) for number in old.tolist()]
    expected = torch.tensor(numbers, dtype=torch.int64)
    if labels.shape != expected.shape or labels.dtype != torch.int64:
        raise wrong_result(
            f"{names}: expected `fruit` to be int64 of shape {tuple(expected.shape)}; got "
            f"{str(labels.dtype).removeprefix('torch.')} of shape {tuple(labels.shape)}"
        )
    if torch.equal(labels, expected):
        return
    row = int((labels != expected).nonzero()[0])
    name = FRUITS[int(old[row])]
    what = f"{names}: a {name} has the label {labels[row]}; expected {expected[row]}"
    if torch.equal(labels, expected + 1):
        raise Misconception("labels-off-by-one", f"{what}. Your labels run from 1 to {len(names)}")
    if torch.equal(labels, old):
        raise Misconception(
            "labels-not-renumbered",
            f"{what}. A head with {len(names)} outputs has no output {labels.max()}",
        )
    by_number = [sorted(chosen).index(number) for number in old.tolist()]
    if labels.tolist() == by_number:
        what += ". Your labels follow the order of FRUITS; expected is the order of `names`"
    raise wrong_result(what)


# ---- Exercise 2: two heads on one backbone -------------------------------------------------------


def logits_of_both(outputs: Any, where: str) -> tuple[Tensor, Tensor]:
    """Return (fruit logits, freshness logits): `outputs` is that pair, or a dict by TASKS."""
    if isinstance(outputs, dict):
        if set(outputs) != set(TASKS):
            keys = sorted(map(str, outputs))
            raise wrong_result(f"{where}: expected the keys 'fruit' and 'fresh'; got {keys}")
        outputs = outputs["fruit"], outputs["fresh"]
    if not isinstance(outputs, tuple | list) or len(outputs) != 2:
        kind = type(outputs).__name__
        raise unlike(outputs, f"{where}: expected two tensors of logits from forward; got {kind}")
    for task, logits in zip(TASKS, outputs, strict=True):
        if not isinstance(logits, Tensor) or not logits.is_floating_point():
            kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
            raise wrong_result(
                f"{where}: expected float tensors; the {WORDS[task]} logits are {kind}"
            )
    fruit, fresh = outputs
    return fruit, fresh


@contextlib.contextmanager
def width_errors_explained(width: int, where: str) -> Iterator[None]:
    """Raise the Misconception behind a matrix product whose sizes do not fit; other errors go on.

    width: how many features the backbone gives.
    """
    try:
        yield
    except RuntimeError as problem:
        shapes = re.search(r"\((\d+)x(\d+) and (\d+)x(\d+)\)", str(problem))
        if shapes and int(shapes[2]) == width:
            raise Misconception(
                "in-features-from-memory",
                f"{where}: the backbone gives {width} features, and a head of yours takes "
                f"{shapes[3]}",
            ) from None
        raise


def prints_of(model: nn.Module) -> dict[str, tuple]:
    """Return {path: fingerprint} of a model's parameters and running statistics, without its fc."""
    prints = {}
    for path, tensor in comparisons.tensors(model).items():
        if not path.startswith("fc.") and tensor.ndim > 0:
            prints[path] = comparisons.fingerprint(tensor)
    return prints


def check_one_backbone(model: nn.Module, trained: Mapping[str, tuple], where: str) -> None:
    """Check that the trained backbone is in the model, with its values, and once.

    trained: `prints_of` the backbone that the answer was given.
    """
    held: Counter[tuple] = Counter()
    for tensor in comparisons.tensors(model).values():
        if not nn.parameter.is_lazy(tensor) and tensor.ndim > 0:
            held[comparisons.fingerprint(tensor)] += 1
    expected = Counter(trained.values())
    missing = [path for path, print_ in trained.items() if held[print_] < expected[print_]]
    if missing:
        what = f"{where}: {first_and_more(missing)} of the backbone"
        dtypes = {p.dtype for p in model.parameters()} - {torch.float32}
        if dtypes:
            raise wrong_result(f"{where}: your model holds {dtypes.pop()}; expected float32")
        if len(missing) == len(trained):
            raise Misconception(
                "backbone-thrown-away", f"{where}: no trained parameter is in your model"
            )
        raise wrong_result(f"{what}: expected the trained values; they are not in your model")
    copied = [path for path, print_ in trained.items() if held[print_] > expected[print_]]
    if copied:
        times = held[trained[copied[0]]] // expected[trained[copied[0]]]
        raise Misconception(
            "trunk-copied", f"{where}: {copied[0]} is in your model {times} times; expected once"
        )


def check_old_head_removed(
    model: nn.Module, outputs: Sequence[Tensor], old: nn.Linear, where: str
) -> None:
    """Check that the old head, which gives 1000 logits, is no part of the model."""
    used = set()
    for logits in outputs:
        used |= {id(p) for p in leaf_tensors(logits)}
    if id(old.weight) in used:
        raise Misconception(
            "stacked-on-logits",
            f"{where}: your logits are computed from the 1000 logits of the old head",
        )
    print_ = comparisons.fingerprint(old.weight)
    if any(comparisons.fingerprint(p) == print_ for p in model.parameters()):
        raise wrong_result(
            f"{where}: the old head is still in the model: {old.weight.numel():,} parameters that "
            "neither task needs"
        )


def check_losses_reach_backbone(
    model: nn.Module,
    outputs: Sequence[Tensor],
    trained: Mapping[str, tuple],
    where: str,
) -> None:
    """Check that a gradient from the logits of each task reaches all of the backbone.

    trained: `prints_of` the backbone that the answer was given.
    """
    registered = {id(p) for p in model.parameters()}
    prints = set(trained.values())
    backbone = {}
    for path, p in model.named_parameters():
        if comparisons.fingerprint(p) in prints:
            backbone[path] = p
    frozen = [path for path, p in backbone.items() if not p.requires_grad]
    if frozen:
        raise Misconception(
            "backbone-not-trainable",
            f"{where}: {len(frozen)} of {len(backbone)} parameter tensors of the backbone have "
            f"requires_grad=False: {first_and_more(frozen)}",
        )
    in_heads = [
        {id(p) for p in leaf_tensors(logits)} - {id(p) for p in backbone.values()}
        for logits in outputs
    ]
    for (task, own), others in zip(zip(TASKS, in_heads, strict=True), reversed(in_heads)):
        if others < own:
            raise Misconception(
                "head-on-a-head",
                f"{where}: the {WORDS[task]} logits are computed from all parameters of the other "
                f"head, and {len(own - others)} of their own; expected that each head reads the "
                "features",
            )
    for task, logits in zip(TASKS, outputs, strict=True):
        reached = {id(p) for p in leaf_tensors(logits)}
        strangers = len(reached - registered)
        if strangers:
            raise Misconception(
                "heads-not-registered",
                f"{where}: the {WORDS[task]} logits are computed from {strangers} parameters that "
                "model.parameters() does not list",
            )
        if not reached:
            raise Misconception(
                "features-detached", f"{where}: the {WORDS[task]} logits have no gradient at all"
            )
        missed = [path for path, p in backbone.items() if id(p) not in reached]
        if missed:
            raise Misconception(
                "features-detached",
                f"{where}: from the {WORDS[task]} logits no gradient reaches {len(missed)} of "
                f"{len(backbone)} parameter tensors of the backbone: {first_and_more(missed)}",
            )


def check_heads_read(
    model: nn.Module, images: Tensor, features: Tensor, trained: Mapping[str, tuple], where: str
) -> None:
    """Check that the heads read the features of the backbone.

    model: in eval mode; features: (B, width), of these images; trained: `prints_of` the backbone.
    Some layer must get or return them. A head of convolutions may get them before the mean over
    height and width.
    """
    prints = set(trained.values())
    seen: list[Tensor] = []
    read: list[Tensor] = []  # by layers of the heads

    def keep(layer: nn.Module, inputs: tuple, output: Any) -> None:
        own = [p for p in layer.parameters(recurse=False) if comparisons.fingerprint(p) in prints]
        in_head = not own and any(True for _ in layer.parameters(recurse=False))
        for tensor in inputs:
            if in_head and isinstance(tensor, Tensor):
                read.append(tensor.mean((2, 3)) if tensor.ndim == 4 else tensor.flatten(1))
        seen.extend(t.flatten(1) for t in (*inputs, output) if isinstance(t, Tensor))

    hooks = [layer.register_forward_hook(keep) for layer in model.modules()]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    tolerance = 1e-4 * float(features.abs().max())
    same_size = [tensor for tensor in (*read, *seen) if tensor.shape == features.shape]
    if any(values.all_near(tensor, features, tolerance) for tensor in same_size):
        return
    if not same_size:
        return  # no layer is called with features, so it is not known what the heads read
    raise wrong_result(
        f"{where}: expected that the heads read the features {tuple(features.shape)} that the "
        f"backbone without its old head returns, {in_short(features)}; got {in_short(same_size[0])}"
    )


def in_short(features: Tensor) -> str:
    """Return the first two numbers of the first row of features (B, width), for a message."""
    return f"[{features[0, 0]:.3f}, {features[0, 1]:.3f}, ...] for the first image"


def check_heads_apart(
    model: nn.Module, images: Tensor, trained: Mapping[str, tuple], where: str
) -> None:
    """Check that the logits of a task do not depend on the parameters of the other head alone.

    Detached logits of the other head leave no trace in the graph, so the other head's parameters
    are changed for a moment. model: in eval mode; trained: `prints_of` the backbone.
    """
    prints = set(trained.values())
    outputs = logits_of_both(model(images), where)
    used = [{id(p): p for p in leaf_tensors(logits)} for logits in outputs]
    for task, other in ((0, 1), (1, 0)):
        alone = [p for key, p in used[other].items() if key not in used[task]]
        alone = [p for p in alone if comparisons.fingerprint(p) not in prints]
        old = [p.detach().clone() for p in alone]
        with torch.no_grad():
            for p in alone:
                p.add_(1.0)
            moved = logits_of_both(model(images), where)[task]
            for p, numbers in zip(alone, old, strict=True):
                p.copy_(numbers)
        size = float(outputs[task].abs().max())
        if not values.all_near(moved, outputs[task], tolerance=1e-4 * size):
            raise Misconception(
                "head-on-a-head",
                f"{where}: the {WORDS[TASKS[task]]} logits change if only parameters of the "
                f"{WORDS[TASKS[other]]} head change; expected that each head reads the features",
            )


LIMITS = {  # what `why_not_logits` finds: the words for it
    "softmax": "are at least 0 and sum to 1 in each row",
    "constant": "are one and the same number",
    "sigmoid": "are all between 0 and 1",
    "ReLU": "are never negative",
    "tanh": "are all between -1 and 1",
}


def check_logits(task: str, outputs: Tensor, where: str) -> None:
    """Check that outputs (N, C), for many and large features, are logits."""
    limit = comparisons.why_not_logits(outputs)
    if limit is None:
        return
    what = (
        f"{where}: the {WORDS[task]} outputs {LIMITS[limit]}, for {len(outputs)} large inputs; "
        "expected logits, which can have any size and sign"
    )
    raise Misconception("softmax-in-the-head" if limit == "softmax" else "wrong-result", what)


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
        if "does not require grad and does not have a grad_fn" in said:
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
            f"{where}: at optimizer.step() no parameter had a gradient; backward() ran "
            f"{seen['backwards']} times"
        )
    if any(before[key] is not None for key in before) and gradient_is(
        found, truth, weights, left_over=before
    ):
        raise Misconception(
            "gradients-not-cleared",
            f"{where}: the gradient that was in .grad before the call was added to that of this "
            f"batch, for example at {path}",
        )
    gradient = torch.zeros_like(fruit) if found[path] is None else found[path]
    first, second = coefficients(gradient, fruit, fresh)
    what = (
        f"{where}: the gradient at {path} is {first:g} times that of the fruit loss plus "
        f"{second:g} times that of the freshness loss; expected {weights[0]:g} and {weights[1]:g}"
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
    if not target.isfinite().all():
        return math.nan, math.nan
    a, b = (torch.linalg.pinv(columns) @ target).flatten().tolist()
    return round(a, 3) + 0.0, round(b, 3) + 0.0  # + 0.0 makes 0 of -0


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
            f"{len(expected)} losses: expected {len(expected)} tensors of shape {size}; got {kinds}"
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
        entry = int((vector.detach() - right).abs().argmax())
        raise wrong_result(
            f"{what}. At entry {entry} expected {right[entry]:.4g}, got {vector[entry]:.4g}"
        )


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


# ---- Exercises 6 and 7: loss weights -------------------------------------------------------------


def check_start_weights(result: Any, classes: Sequence[int]) -> None:
    """Check loss weights that make the first losses equal and sum to the number of tasks.

    An untrained head of n classes gives each a probability near 1 / n, so that its cross-entropy
    is about ln n; `classes` lists the n of each task.
    """
    first_losses = [math.log(n) for n in classes]
    inverse = [1 / loss for loss in first_losses]
    expected = [len(classes) * w / sum(inverse) for w in inverse]
    asked = f"a list of {len(classes)} loss weights"
    if isinstance(result, dict | set | str) or not hasattr(result, "__len__"):
        raise unlike(result, f"expected {asked}; got {type(result).__name__}")
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
    if any(id(p) not in rates for p in log_variances):
        raise Misconception(
            "log-variance-not-trained",
            f"your optimizer holds {len(rates)} tensors, and the log variances are not among them",
        )
    for path, p in model.named_parameters():
        if id(p) not in rates:
            raise Misconception(
                "parameter-not-in-optimizer",
                f"{path} of the model is in no group of your optimizer",
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
            raise Misconception(
                "not-adamw",
                f"the first step on gradients of 0.5 moves {path} by {moved.mean():.4g}; AdamW "
                f"moves by the learning rate, {lr:g}. Your optimizer is a "
                f"{type(optimizer).__name__}",
            )


def step_on(
    optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], gradient: float
) -> None:
    """Make a step of the optimizer with the same gradient in all entries."""
    for p in parameters:
        p.grad = torch.full_like(p, gradient)
    optimizer.step()


# ---- Exercise 8: a way of weighting --------------------------------------------------------------


def check_choice(
    found: Any,
    results: Mapping[str, Mapping[str, float]],
    required: Mapping[str, float],
) -> None:
    """Check which of `results`, {name: {"loss", "fruit", "fresh"}}, was chosen: a name or None."""
    able = able_runs(results, required)
    best = max((mean_accuracy(results[name]) for name in able), default=None)
    told = f"required: fruit {required['fruit']}, fresh {required['fresh']}"
    if found is None and not able:
        return
    if not isinstance(found, str) and found is not None:
        raise wrong_result(f"expected a name or None; got {type(found).__name__} {found!r:.60}")
    if found is not None and found not in results:
        raise wrong_result(f"expected one of {list(results)}, or None; got {found!r:.60}")
    if found in able and values.near(mean_accuracy(results[found]), best, 1e-9):
        return
    expected = "None, because no run reaches both"
    if able:
        name = max(able, key=lambda name: mean_accuracy(results[name]))
        run = results[name]
        expected = f"{name!r} with fruit {run['fruit']}, fresh {run['fresh']}"
    what = f"{told}. Expected {expected}"
    if found is None:
        raise wrong_result(f"{what}; got None")
    run = results[found]
    what += f"; got {found!r} with loss {run['loss']}, fruit {run['fruit']}, fresh {run['fresh']}"
    means = {name: mean_accuracy(other) for name, other in results.items()}
    candidates = able if found in able else list(results)
    lowest = min(results[name]["loss"] for name in candidates)
    if run["loss"] == lowest and means[found] < max(means[name] for name in candidates):
        raise Misconception("losses-compared-across-weightings", what)
    for task in TASKS:
        if run[task] >= required[task]:
            continue
        what += f". {WORDS[task].capitalize()} is below the required accuracy"
        if means[found] >= sum(required.values()) / 2 or means[found] == max(means.values()):
            raise Misconception("mean-hides-a-dead-head", what)
    raise wrong_result(what)


def able_runs(
    results: Mapping[str, Mapping[str, float]], required: Mapping[str, float]
) -> list[str]:
    """Return the names of the runs in which each task has at least its required accuracy."""
    able = []
    for name, run in results.items():
        if all(run[task] >= required[task] for task in TASKS):
            able.append(name)
    return able


def mean_accuracy(run: Mapping[str, float]) -> float:
    """Return the mean of the accuracies of both tasks."""
    return (run["fruit"] + run["fresh"]) / 2
