"""Exercise 2 of lesson 02: a new head on trained features, and what an optimizer moves."""

from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from course.checking import comparisons
from course.checking.batch_of_one import code_of_shape
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import not_finite
from course.lessons.lesson02.diagnosis import (
    Snapshot,
    expect_more_than_weights,
    expect_no_lookalike,
    frozen_names,
    largest_change,
)
from course.lessons.lesson02.fixtures import Factory, outputs, trained
from course.vision.modes import in_eval_mode


def expect_new_head_on_features(
    model: nn.Module, factory: Factory, images: torch.Tensor, n: int, call: str
) -> None:
    """Raise Misconception unless the model computes the trained features, and on them n outputs."""
    features, old_logits = _trained_features(factory.name, images)
    seen: list[torch.Tensor] = []

    def note(_: nn.Module, inputs: Any, output: Any) -> None:
        seen.extend(x.detach().float() for x in (*inputs, output) if torch.is_tensor(x))

    with in_eval_mode(model), register_module_forward_hook(note), torch.no_grad():
        for batch in (images, images[:1]):
            found = outputs(model, batch, call)
            expect(found, torch.Tensor, f"{call} to return a model that returns a tensor")
            if found.shape != (len(batch), n):
                raise Misconception(
                    code_of_shape(found.shape, (len(batch), n)),
                    f"{call}: expected outputs of shape ({len(batch)}, {n}) for images "
                    f"{tuple(batch.shape)}, got {tuple(found.shape)}",
                )
            if bad := not_finite(found):
                raise wrong_result(
                    f"{call}: expected finite outputs for images {tuple(batch.shape)}; {bad}"
                )
    if any(_is_like(tensor, logits) for tensor in seen for logits in old_logits):
        raise Misconception(
            "stacked-on-logits",
            f"{call}: expected a new head in place of the old one; the old head, "
            f"{tuple(factory.head.weight.shape)}, still computes its logits",
        )
    if any(_is_like(_pooled(tensor), wanted) for tensor in seen for wanted in features):
        return
    kept = {comparisons.fingerprint(tensor) for tensor in comparisons.tensors(model).values()}
    backbone = {key: path for key, path in factory.trained.items() if not path.startswith("fc.")}
    lost = [path for key, path in backbone.items() if key not in kept]
    if lost:
        raise Misconception(
            "backbone-thrown-away",
            f"{call}: expected all {len(backbone)} trained parameters of the backbone in your "
            f"model; {len(lost)} are missing, such as {lost[0]}",
        )
    raise wrong_result(
        f"{call}: expected that the forward computes the features which make()'s model computes "
        "before its head; the trained parameters are in your model, but its forward computes others"
    )


def why_trained_moved(
    model: nn.Module, factory: Factory, moved: set[str], trained: set[str], start: Snapshot
) -> Misconception:
    """Return why the trained parameters named `moved` changed in a step with all parameters.

    trained: the names of all trained parameters. Raises Misconception where something was set in
    place of requires_grad.
    """
    first = min(moved)
    change = largest_change(first, model, start)
    what = (
        "expected that two steps change the new head alone; they changed "
        f"{len(moved)} trained parameters, {first} by {change:.2g}"
    )
    expect_no_lookalike(model, moved, what)
    expect_more_than_weights(moved, trained, what)
    gradients = [model.get_parameter(path).grad for path in moved]
    if all(gradient is not None and not gradient.any() for gradient in gradients):
        return Misconception("zero-is-not-none", f"{what}, although their gradients are zero")
    if moved != trained:
        return Misconception("backbone-not-frozen", what)
    assert factory.head is not None
    if not any(parameter.requires_grad for parameter in factory.head.parameters()):
        shape = tuple(factory.head.weight.shape)
        return Misconception(
            "froze-the-discarded-head",
            f"{what}. The old head, with a weight of shape {shape}, has requires_grad=False, "
            "but it is no longer in the model",
        )
    if not factory.grad_enabled:
        return Misconception(
            "no-grad-as-freezing",
            f"{what}. You called make() under no_grad, and requires_grad is True",
        )
    if not model.training:
        return Misconception("eval-as-freezing", f"{what}, although the model is in eval mode")
    return Misconception("backbone-not-frozen", what)


def why_no_gradient(model: nn.Module, new: set[str], call: str) -> Misconception:
    """Return why a model's outputs have no gradient. new: names of the new head's parameters."""
    trainable = new - frozen_names(model)
    if not trainable:
        return Misconception(
            "froze-the-new-head",
            f"{call}: {min(new)} of the new head: expected requires_grad=True; got False, as for "
            "all parameters",
        )
    return wrong_result(
        f"{call}: expected that a backward reaches the new head; the outputs of your model have no "
        f"gradient, although {min(trainable)} has requires_grad=True: is the new head run under "
        "no_grad, or are its outputs detached?"
    )


def _trained_features(
    name: str, images: torch.Tensor
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return the features and the old logits that a trained ResNet computes for images.

    Two of each: in eval mode and in train mode, where BatchNorm uses the batch.
    """
    model = trained(name)
    head, model.fc = model.fc, nn.Identity()
    with torch.no_grad():
        features = [model.train(mode)(images) for mode in (False, True)]
        return features, [head(one) for one in features]


def _pooled(tensor: torch.Tensor) -> torch.Tensor:
    """Return (B, D) of feature maps (B, D, H, W)."""
    return tensor.mean((2, 3)) if tensor.ndim == 4 else tensor


def _is_like(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two tensors (B, D) differ by 2 % at most, as half precision may."""
    if found.shape != expected.shape:
        return False
    return bool((found - expected).norm() <= 0.02 * expected.norm())
