"""The thought behind a wrong result of lesson 08: each function raises the Misconception it finds.

A function called `check_...` returns nothing where the result is right. What may be wrong with a
file of weights is in weights_judge.py.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.batchnorm import Record, why_statistics_moved
from course.checking.binary import BinaryCounts, count_binary
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import all_near, near
from course.lessons.lesson08 import weights_judge
from course.lessons.lesson08.fixtures import made_up_images, ranking

NEW_HEADS = weights_judge.HEADS  # {"fruit": 6, "rotten": 2}
NEW = tuple(f"{head}." for head in NEW_HEADS)  # how the names of their tensors begin
OLD = ("backbone.", "species.")
# what an answer may have put behind the logits; PyTorch's names
ACTIVATIONS = {
    "softmax": lambda logits: logits.softmax(1),
    "log_softmax": lambda logits: logits.log_softmax(1),
    "sigmoid": torch.sigmoid,
    "ReLU": torch.relu,
    "tanh": torch.tanh,
}

# ---- Exercise 1: three heads ---------------------------------------------------------------------


def check_tensor_names(
    name: str,
    model: nn.Module,
    old: set[str],
) -> None:
    """Check that the state_dict holds the tensors `old` of the old network, and two new heads.

    name: the architecture.
    """
    state = model.state_dict()
    found = set(state)
    missing = sorted(old - found)
    for head in NEW_HEADS:
        if not any(path.startswith(f"{head}.") for path in found):
            missing.append(f"{head}.weight")
    extra = sorted(path for path in found - old if not path.startswith(NEW))
    if missing:
        lost = f"; it has {first_and_more(extra)}, not in the brief's table" if extra else ""
        raise Misconception(
            "tensors-missing",
            f"{name}: expected {first_and_more(missing)} in the state_dict, missing{lost}",
        )
    if extra:
        raise Misconception(
            "tensors-extra",
            f"{name}: expected only the tensors of the brief's table in the state_dict; got "
            f"{first_and_more(extra)} as well",
        )
    for path, tensor in state.items():
        if nn.parameter.is_lazy(tensor):
            raise wrong_result(
                f"{name}: {path} has no shape yet: run one batch through a lazy layer first"
            )
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            raise wrong_result(f"{name}: expected {path} in torch.float32; got {tensor.dtype}")


def check_new_heads(name: str, model: nn.Module, width: int) -> None:
    """Check that each new head is a chain of Linear layers, by the names and shapes of its tensors.

    name: the architecture; width: its number of features.
    """
    shapes = {}
    for path, tensor in model.state_dict().items():
        if path.startswith(NEW):
            shapes[path] = list(tensor.shape)
    first = shapes.get("fruit.weight", shapes.get("fruit.0.weight"))
    if first and first[-1] == 1000 != width:
        raise Misconception(
            "stacked-on-logits",
            f"{name}: expected a fruit head with {width} inputs, the features; got 1000, the "
            "species logits",
        )
    try:
        for path in sorted(shapes):
            weights_judge.check_head_name(path)
        for head, classes in NEW_HEADS.items():
            weights_judge.check_head_shapes(shapes, head, classes, width)
    except weights_judge.WeightsRefused as refused:
        raise Misconception(refused.code, f"{name}: {refused.observed}") from None


def check_outputs(
    name: str,
    model: nn.Module,
    images: Tensor,
    expected: Tensor,
    width: int,
) -> None:
    """Check the three outputs for a batch of images, in eval mode.

    name: the architecture; expected: the old network's logits (B, 1000); width: its number of
    features.
    """
    runs: list[int] = []
    first_layer = model.get_submodule("backbone.conv1")
    hook = first_layer.register_forward_hook(lambda *_: runs.append(1))
    with torch.no_grad():
        outputs = model(images)
    hook.remove()
    check_shapes(name, outputs, len(images))
    species, *logits = outputs
    if not comparisons.same(species, expected):
        if species.dtype != expected.dtype:
            raise wrong_result(
                f"{name}: expected species logits {expected.dtype}; got {species.dtype}"
            )
        distance = (species - expected).abs().max()
        raise Misconception(
            "old-head-changed", f"{name}: the species logits are off by up to {distance:.2g}"
        )
    if len(runs) != 1:
        times = f"model.backbone.conv1 ran {len(runs)} times for one batch"
        if runs:
            raise Misconception("backbone-run-twice", f"{name}: {times}")
        raise wrong_result(f"{name}: {times}; expected that model.backbone gives the features")
    with torch.no_grad():
        features = model.get_submodule("backbone")(images)
    shape = tuple(features.shape) if torch.is_tensor(features) else type(features).__name__
    if shape != (len(images), width):
        raise wrong_result(
            f"{name}: expected features ({len(images)}, {width}) from model.backbone(images); "
            f"got {shape}"
        )
    check_chains(name, model, images, features, logits)


def check_shapes(name: str, outputs: Any, count: int) -> None:
    """Check that the outputs for `count` images are three logits, of the right shapes."""
    expected = [(count, 1000), (count, 6), (count, 2)]
    shapes: Any = type(outputs).__name__
    if isinstance(outputs, tuple | list):
        shapes = []
        for logits in outputs:
            is_tensor = torch.is_tensor(logits)
            shapes.append(tuple(logits.shape) if is_tensor else type(logits).__name__)
    if shapes != expected:
        raise wrong_result(
            f"{name}: for {count} image{'s' * (count > 1)} expected the logits of species, fruit "
            f"and rotten, {expected}; got {shapes}"
        )


def check_chains(
    name: str, model: nn.Module, images: Tensor, features: Tensor, logits: Iterable[Tensor]
) -> None:
    """Check that the new heads compute what the judge will: Linear layers, ReLU between them.

    logits: of both heads. They are compared twice, the second time with the signs of the last layer
    reversed: so a ReLU behind it shows for all random weights.
    """
    state = model.state_dict()
    for reversed_signs in (False, True):
        for head, found in zip(NEW_HEADS, logits, strict=True):
            expected = weights_judge.logits_of(state, head, features)
            if not all_near(found, expected, 1e-4, 1e-4):
                raise not_a_chain(name, head, found, expected)
        if not reversed_signs:
            reverse_last_layers(state)
            with torch.no_grad():
                _, *logits = model(images)
    reverse_last_layers(state)


def reverse_last_layers(state: Mapping[str, Tensor]) -> None:
    """Reverse the signs of the last layer of both new heads, in place."""
    for head in NEW_HEADS:
        last = weights_judge.layers_of(state, head)[-1]
        for part in ("weight", "bias"):
            if f"{last}.{part}" in state:
                state[f"{last}.{part}"].neg_()


def not_a_chain(name: str, head: str, found: Tensor, expected: Tensor) -> Misconception:
    """Return the Misconception for logits of a new head that are not those of its layers."""
    for activation, function in ACTIVATIONS.items():
        if all_near(found, function(expected), 1e-4, 1e-4):
            code = "softmax-in-the-head" if activation == "softmax" else "wrong-result"
            return Misconception(
                code, f"{name}: expected logits from {head}; got their {activation}"
            )
    row = [round(value, 3) for value in found[0, :2].tolist()]
    judged = [round(value, 3) for value in expected[0, :2].tolist()]
    return wrong_result(
        f"{name}: expected from {head} what its Linear layers give for model.backbone(images), "
        f"with a ReLU between each two and nothing else: {judged} for the first image; got {row}"
    )


def check_frozen(name: str, model: nn.Module) -> None:
    """Check that the parameters of the new heads require a gradient, and no others."""
    frozen, trainable = [], []
    for path, p in model.named_parameters():
        is_new = path.startswith(NEW)
        if p.requires_grad and not is_new:
            trainable.append(path)
        if is_new and not p.requires_grad:
            frozen.append(path)
    if trainable:
        raise Misconception(
            "backbone-not-frozen",
            f"{name}: of the old network {len(trainable)} parameters require a gradient, "
            f"{trainable[0]} among them",
        )
    if frozen:
        raise Misconception(
            "froze-the-new-head", f"{name}: {frozen[0]} does not require a gradient"
        )


def check_heads_learn(name: str, model: nn.Module, images: Tensor) -> None:
    """Check that a loss on the new heads' logits gives each of their parameters a gradient."""
    _, *logits = model.train()(images)
    for head, found in zip(NEW_HEADS, logits, strict=True):
        parameters = []
        for path, parameter in model.named_parameters():
            if path.startswith(f"{head}."):
                parameters.append((path, parameter))
        if not found.requires_grad:
            raise wrong_result(
                f"{name}: in train mode the logits of {head} do not require a gradient, so the "
                "head cannot be trained"
            )
        grads = torch.autograd.grad(
            found.sum(), [p for _, p in parameters], retain_graph=True, allow_unused=True
        )
        for (path, _), grad in zip(parameters, grads, strict=True):
            if grad is None:
                raise wrong_result(f"{name}: a loss on the logits of {head} does not reach {path}")


# ---- Exercise 2: training the new heads ----------------------------------------------------------


def check_what_moved(
    model: nn.Module,
    before: Mapping[str, Tensor],
    seen: Record,
) -> None:
    """Check that a training moved both new heads and nothing of the old network.

    before: a snapshot of the model; seen: what `watch` recorded of its BatchNorms.
    """
    moved = comparisons.moved_since(model, dict(before))
    old = []
    for path in moved:
        if path.startswith(OLD) and not path.endswith("num_batches_tracked"):
            old.append(path)
    if old:
        parameters = [path for path in old if not path.endswith(("running_mean", "running_var"))]
        path = parameters[0] if parameters else old[0]
        now = comparisons.tensors(model).get(path)
        if now is None or now.shape != before[path].shape or now.dtype != before[path].dtype:
            became = "is gone" if now is None else f"is {tuple(now.shape)}, {now.dtype}"
            raise wrong_result(f"{path} of the old network {became}")
        far = (now - before[path]).abs().max()
        code = "backbone-not-frozen" if parameters else why_statistics_moved(model, old, seen)
        raise Misconception(
            code,
            f"{path} moved by up to {far:.2g}; of the old network's tensors {len(old)} moved "
            "in all",
        )
    for head in NEW_HEADS:
        if not any(path.startswith(f"{head}.") for path in moved):
            raise Misconception("head-left-out", f"no tensor of model.{head} has moved")


def check_labels(model: nn.Module, every: int, told: str) -> None:
    """Raise Misconception where the heads have learnt well, but from exchanged labels.

    every: one image in `every` is rotten; told: what was observed.
    """
    images, fruit, rotten = made_up_images(240, every, seed=2)
    with torch.no_grad():
        _, fruit_logits, rotten_logits = model.eval()(images)
    if ranking(rotten_logits[:, 1] - rotten_logits[:, 0], rotten) < 0.3:
        raise Misconception(
            "classes-exchanged",
            f"{told}. A guess ranks half of the pairs right: the rotten head has learnt fresh and "
            "rotten the other way round",
        )
    exchanged = weights_judge.exchanged_classes(fruit_logits.argmax(1), fruit, 6)
    if exchanged:
        label, other = exchanged
        raise Misconception(
            "classes-exchanged", f"{told}. Most images of fruit {label} are called {other}"
        )
    if ranking(fruit_logits[:, 1] - fruit_logits[:, 0], rotten) > 0.9:
        raise wrong_result(
            f"{told}. The fruit head tells rotten (1) from fresh (0): it was trained on the "
            "labels of the rotten head"
        )


def check_condition(model: nn.Module, before: Mapping[str, Any]) -> None:
    """Check that nothing of the old network has changed but modes.

    before: its `comparisons.condition`.
    """
    changed = comparisons.differences(dict(before), comparisons.condition(model), ("training",))
    for what in changed:
        if "backbone" in what or "species" in what:
            raise wrong_result(
                f"expected that only modes change in the old network; after your function {what}"
            )


# ---- Exercises 3 and 4: a threshold --------------------------------------------------------------


def check_highest_threshold(
    found: float,
    best: float,
    needed: int,
    probabilities: Tensor,
    rotten: Tensor,
    minimum: float,
) -> BinaryCounts:
    """Check a threshold on probabilities (N,), and return the counts that it gives.

    best: the highest threshold with which the recall of rotten (N,) reaches `minimum`, because
    `needed` rotten ones are found.
    """
    slack = 1e-6  # a threshold may be rounded to single precision
    counts = count_binary(probabilities >= found - slack, rotten)
    told = (
        f"minimum recall {minimum:g}: your threshold {found:.4f} finds {counts.tp} of "
        f"{counts.positive} rotten images; false alarms: {counts.fp}"
    )
    if not 0 <= found <= 1:
        told += "; no probability is outside 0 to 1, so it may be a place in a list"
    if counts.tp < needed:
        raise Misconception("threshold-misses-recall", f"{told}; {needed} are needed")
    if near(found, best, slack):
        return counts
    told += f"; a higher threshold, {best:.4f}, finds enough as well"
    in_floats = math.ceil(minimum * counts.positive)
    if in_floats != needed and counts.tp == in_floats:
        raise Misconception(
            "share-in-floats",
            f"{told}: {needed}. In floating point {minimum:g} * {counts.positive} is "
            f"{minimum * counts.positive!r}, which ceil rounds up to {in_floats}",
        )
    alarms = count_binary(probabilities >= best, rotten).fp
    raise Misconception("lower-than-needed", f"{told}; false alarms: {alarms}")


def check_boundary(
    probabilities: Tensor,
    calls: Tensor,
    threshold: float,
) -> None:
    """Check that `calls` (N,) are True for rotten where `probabilities` (N,) exceed a threshold.

    The probabilities are those of the head that was given, in ascending order; the calls are those
    of the folded head. Within 0.0002 of the threshold rounding may decide.
    """
    sure = (probabilities - threshold).abs() > 2e-4
    if torch.equal(calls[sure], (probabilities > threshold)[sure]):
        return
    told = f"threshold {threshold:g}: your head calls"
    count = int(calls.sum())
    if count in (0, len(calls)):
        raise wrong_result(
            f"{told} every image {'rotten' if count else 'fresh'}, at probabilities from "
            f"{probabilities[0]:.4f} to {probabilities[-1]:.4f}"
        )
    if not calls[-count:].all():
        raise wrong_result(
            f"{told} images rotten at probabilities from {probabilities[calls].min():.3f} to "
            f"{probabilities[calls].max():.3f}, and fresh from {probabilities[~calls].min():.3f} "
            f"to {probabilities[~calls].max():.3f}; expected rotten only above {threshold:g}"
        )
    lowest = probabilities[-count].item()
    told += (
        f" an image rotten from a probability of {lowest:.3f} on; expected from {threshold:g} on"
    )
    if near(lowest, 1 - threshold, 2e-3):
        raise Misconception("threshold-upside-down", told)
    if near(lowest, 0.5, 2e-3):
        raise Misconception("threshold-not-folded", told)
    for shift in (threshold, -threshold, 0.5 - threshold, threshold - 0.5, math.log(threshold)):
        if near(lowest, 1 / (1 + math.exp(-shift)), 2e-3):
            raise Misconception("probability-for-logit", told)
    logit = math.log(threshold / (1 - threshold))
    for base, name in ((2, "log2"), (10, "log10")):
        if near(lowest, 1 / (1 + math.exp(-logit / math.log(base))), 2e-3):
            told += f". Yours is what {name} gives; softmax is made of exp, whose inverse is log"
    raise wrong_result(told)


# ---- Exercise 5: the file ------------------------------------------------------------------------


def check_names_in_file(
    stored: Iterable[str],
    model: nn.Module,
    keys: set[str],
) -> None:
    """Check that a file holds the tensors `keys` and no others."""
    stored = set(stored)
    missing, extra = sorted(keys - stored), sorted(stored - keys)
    if missing:
        buffers = {name for name, _ in model.named_buffers()}
        only_parameters = not buffers & stored and set(missing) <= buffers
        raise Misconception(
            "parameters-only" if only_parameters else "tensors-missing",
            f"expected {len(keys)} tensors in the file; got {len(stored)}, without "
            f"{first_and_more(missing)}"
            + (f"; it holds {first_and_more(extra)}, which the model has not" if extra else ""),
        )
    if extra:
        raise Misconception(
            "tensors-extra",
            f"expected only the {len(keys)} tensors of the state_dict in the file; got "
            f"{first_and_more(extra)} as well",
        )


def check_model_unchanged(
    model: nn.Module, before: Mapping[str, Tensor], condition: Mapping[str, Any], what: str
) -> None:
    """Check that a model, called `what`, has the tensors and the condition that it had before."""
    changed = comparisons.differences(dict(condition), comparisons.condition(model))
    if changed:
        raise Misconception("edited-in-place", f"{what} has changed: {changed[0]}")
    moved = comparisons.moved_since(model, dict(before))
    if moved:
        raise Misconception(
            "edited-in-place", f"{what} has changed: {moved[0]} holds other numbers than before"
        )


def check_values_in_file(stored: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> None:
    """Check that stored tensors are those of the snapshot `before`, perhaps in half precision."""
    for name, tensor in sorted(stored.items()):  # the order of safetensors varies
        expected = before[name]
        if tensor.shape != expected.shape:
            raise wrong_result(
                f"expected {name} {tuple(expected.shape)} in the file; got {tuple(tensor.shape)}"
            )
        rounded = expected.half() if expected.is_floating_point() else expected
        if not (
            comparisons.same(tensor, expected) or torch.equal(tensor, rounded.to(tensor.dtype))
        ):
            far = (tensor.double() - expected.double()).abs().max()
            raise wrong_result(
                f"expected {name} of the model in the file, perhaps in half precision; got numbers "
                f"that are off by up to {far:.2g}"
            )
