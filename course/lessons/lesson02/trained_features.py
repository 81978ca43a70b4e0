"""Exercise 2 of lesson 02: whether a model still computes the features that it was trained for."""

from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from course.checking import comparisons
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result
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
                raise wrong_result(
                    f"{call}: expected outputs of shape ({len(batch)}, {n}) for images "
                    f"{tuple(batch.shape)}, got {tuple(found.shape)}"
                )
            if not found.isfinite().all():
                raise wrong_result(
                    f"{call}: expected finite outputs for images {tuple(batch.shape)}; got "
                    f"{found.flatten()[0]:.4g}"
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
