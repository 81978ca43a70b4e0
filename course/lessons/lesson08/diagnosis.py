"""The thought behind a wrong result of lesson 08: each function raises the Misconception it finds.

A function called `check_...` returns nothing where the result is right. What may be wrong with a
file of weights is in weights_judge.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.batchnorm import Record, why_statistics_moved
from course.checking.binary import count_binary
from course.checking.misconception import Misconception, wrong_result

NEW_HEADS = ("fruit", "rotten")
NEW = ("fruit.", "rotten.")  # how the names of their tensors begin
OLD = ("backbone.", "species.")

# ---- Exercise 1: three heads ---------------------------------------------------------------------


def check_tensor_names(
    name: str,
    model: nn.Module,
    old: set[str],
) -> None:
    """Check that the state_dict holds the tensors `old` of the old network, and two new heads.

    name: the architecture; a new head may have any layers.
    """
    found = set(model.state_dict())
    missing = sorted(old - found)
    for head in NEW_HEADS:
        if not any(path.startswith(f"{head}.") for path in found):
            missing.append(f"{head}.weight")
    extra = sorted(path for path in found - old if not path.startswith(NEW))
    if missing:
        lost = f"; in its place there is {extra[0]}" if extra else ""
        raise Misconception(
            "tensors-missing",
            f"{name}: the state_dict has no {missing[0]}, one of {len(missing)} that are "
            f"missing{lost}",
        )
    if extra:
        raise Misconception(
            "tensors-extra",
            f"{name}: the state_dict has {extra[0]}, one of {len(extra)} that the brief does not "
            "know",
        )


def check_logits(
    name: str,
    model: nn.Module,
    outputs: Any,
    expected: Tensor,
    width: int,
) -> None:
    """Check the three logits of three pictures.

    name: the architecture; expected: the old network's logits (3, 1000); width: its number of
    features.
    """
    shapes = type(outputs).__name__
    if isinstance(outputs, tuple | list):
        shapes = [tuple(logits.shape) for logits in outputs]
    if shapes != [(3, 1000), (3, 6), (3, 2)]:
        raise wrong_result(
            f"three pictures through your model on {name} give {shapes}; expected the logits of "
            "species, fruit and rotten, (3, 1000), (3, 6) and (3, 2)"
        )
    linears = (layer for layer in model.fruit.modules() if isinstance(layer, nn.Linear))
    first = next(linears, None)
    if first is not None and first.in_features == 1000 != width:
        raise Misconception(
            "stacked-on-logits",
            f"{name}: the fruit head reads the 1000 species logits; the features are {width}",
        )
    species, _, _ = outputs
    if not torch.equal(species, expected):
        distance = (species - expected).abs().max()
        raise Misconception(
            "old-head-changed", f"{name}: the species logits are off by up to {distance:.2g}"
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
            f"{name}: of the old network {len(trainable)} tensors require a gradient, "
            f"{trainable[0]} among them",
        )
    if frozen:
        raise Misconception(
            "froze-the-new-head", f"{name}: {frozen[0]} does not require a gradient"
        )


# ---- Exercise 2: training the new heads ----------------------------------------------------------


def check_what_moved(
    model: nn.Module,
    before: Mapping[str, Tensor],
    seen: Record,
) -> None:
    """Check that a training moved both new heads and nothing of the old network.

    before: a snapshot of the model; seen: what `watch` recorded of its BatchNorms.
    """
    moved = comparisons.moved_since(model, before)
    old = []
    for path in moved:
        if path.startswith(OLD) and not path.endswith("num_batches_tracked"):
            old.append(path)
    if old:
        parameters = [path for path in old if not path.endswith(("running_mean", "running_var"))]
        path = parameters[0] if parameters else old[0]
        far = (comparisons.tensors(model)[path] - before[path]).abs().max()
        code = "backbone-not-frozen" if parameters else why_statistics_moved(model, old, seen)
        raise Misconception(
            code,
            f"{path} moved by up to {far:.2g}; of the old network's tensors {len(old)} moved "
            "in all",
        )
    for head in NEW_HEADS:
        if not any(path.startswith(f"{head}.") for path in moved):
            raise Misconception("head-left-out", f"no tensor of model.{head} has moved")


# ---- Exercises 3 and 4: a threshold --------------------------------------------------------------


def check_highest_threshold(
    found: float,
    best: float,
    scores: Tensor,
    rotten: Tensor,
    floor: float,
) -> float:
    """Check a threshold on scores (N,), and return the recall that it reaches.

    best: the highest threshold with which the recall of rotten (N,) reaches the floor.
    """
    flags, best_flags = scores >= found - 1e-7, scores >= best
    counts = count_binary(flags, rotten)
    told = (
        f"floor {floor}: from your {found:.3f} on, {counts.recall:.0%} of {counts.positive} "
        f"rotten ones are found, with {counts.fp} false alarms"
    )
    if counts.recall < floor:
        raise Misconception(
            "threshold-misses-floor",
            f"{told}; of those that you flag {counts.precision:.0%} are rotten, which is another "
            "question",
        )
    if not torch.equal(flags, best_flags):
        alarms = count_binary(best_flags, rotten).fp
        raise Misconception(
            "lower-than-needed", f"{told}; {best:.3f} reaches the floor with {alarms}"
        )
    return counts.recall


def check_boundary(
    probabilities: Tensor,
    calls: Tensor,
    threshold: float,
) -> None:
    """Check that `calls` (N,), True for rotten, begin where `probabilities` (N,) reach a threshold.

    The probabilities are those of the head that was given, the calls those of the folded head.
    """
    sure = (probabilities - threshold).abs() > 1e-3
    if torch.equal(calls[sure], (probabilities >= threshold)[sure]):
        return
    lowest_rotten, highest_fresh = 1.0, 0.0
    if calls.any():
        lowest_rotten = probabilities[calls].min().item()
    if not calls.all():
        highest_fresh = probabilities[~calls].max().item()
    if abs(lowest_rotten - highest_fresh) > 0.05:
        raise wrong_result(
            f"threshold {threshold}: your head calls pictures rotten from {lowest_rotten:.2f} on, "
            f"and fresh up to {highest_fresh:.2f}"
        )
    told = (
        f"threshold {threshold}: your head calls a picture rotten from a probability of "
        f"{lowest_rotten:.2f} on"
    )
    if abs(lowest_rotten - (1 - threshold)) < 0.01:
        raise Misconception("threshold-upside-down", told)
    if abs(lowest_rotten - 0.5) < 0.01:
        raise Misconception("threshold-not-folded", told)
    raise Misconception("probability-for-logit", told)


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
        code = "parameters-only" if set(missing) <= buffers else "tensors-missing"
        raise Misconception(
            code,
            f"the file holds {len(stored)} of {len(keys)} tensors; {missing[0]} is not among them",
        )
    if extra:
        raise Misconception(
            "tensors-extra", f"the file holds {extra[0]}, which the model's state_dict does not"
        )


def check_model_unchanged(model: nn.Module, before: Mapping[str, Tensor]) -> None:
    """Check that the types and values of all tensors are those of the snapshot `before`."""
    now = comparisons.tensors(model)
    for name, tensor in now.items():
        if tensor.dtype != before[name].dtype:
            raise Misconception(
                "edited-in-place",
                f"after saving, {name} of the model itself is {tensor.dtype}, and was "
                f"{before[name].dtype}",
            )
    moved = comparisons.moved_since(model, before)
    if moved:
        raise Misconception(
            "edited-in-place",
            f"after saving, {moved[0]} of the model itself holds other numbers than before",
        )


def check_values_in_file(stored: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> None:
    """Check that stored tensors are those of the snapshot `before`, rounded to half precision."""
    for name, tensor in sorted(stored.items()):  # the order of safetensors varies
        expected = before[name]
        same_shape = tensor.shape == expected.shape
        if not same_shape or not torch.allclose(
            tensor.float(), expected.float(), rtol=2e-3, atol=1e-4
        ):
            raise wrong_result(f"{name} in the file is not {name} of the model")
