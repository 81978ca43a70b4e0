"""Exercise 7 of lesson 01: the features, and the model that must stay as it was."""

from typing import Any

import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.batch_of_one import code_of_shape
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import all_near
from course.lessons.lesson01.fixtures import classifier


def expect_model_kept(
    model: nn.Module,
    head: nn.Module,
    tensors: dict[str, torch.Tensor],
    condition: dict[str, Any],
) -> None:
    """Raise Misconception unless the model is as it was; eval mode may have been turned on."""
    now = getattr(model, "fc", None)
    if dict(model.named_modules()).get("fc") is not head:
        raise Misconception(
            "head-not-put-back",
            "expected that after the call model.fc is the head that was there before; it is "
            f"{'another ' * isinstance(now, type(head))}{type(now).__name__}",
        )
    moved = comparisons.moved_since(model, tensors)
    parameters = {name for name, _ in model.named_parameters()}
    if networks.are_reset(model, moved):
        raise wrong_result(
            "expected that the model stays as it was; the running statistics were reset to those "
            f"of a new layer: {first_and_more(moved)}"
        )
    if moved and parameters.isdisjoint(moved):
        raise Misconception(
            "features-in-train-mode",
            f"expected that the call changes no buffer; it changed {first_and_more(moved)}: the "
            "model ran in train mode",
        )
    if moved:
        raise Misconception(
            "model-left-changed",
            f"expected that the model stays as it was; the call changed {first_and_more(moved)}",
        )
    changed = comparisons.differences(
        condition, comparisons.condition_and_gradients(model), but=("training",)
    )
    for path, module in model.named_modules():
        before = condition[f"{path or 'model'}.training"]
        if module.training and not before:
            changed.append(f"{path or 'model'} was in eval mode and is in train mode")
    if changed:
        raise Misconception(
            "model-left-changed",
            f"expected that the model stays as it was; {first_and_more(changed)}",
        )


def expect_features(
    found: torch.Tensor, expected: torch.Tensor, name: str, images: torch.Tensor
) -> None:
    """Raise Misconception unless these are the features (B, C) of a network, without a graph."""
    if found.shape == (len(expected), 1000):
        raise Misconception(
            "logits-for-features",
            f"{len(expected)} images give {tuple(found.shape)}: these are the old head's logits",
        )
    if found.shape != expected.shape:
        raise Misconception(
            code_of_shape(found.shape, expected.shape),
            f"{name}, images {tuple(images.shape)}: expected {tuple(expected.shape)}; "
            f"got {tuple(found.shape)}",
        )
    if found.dtype != torch.float32:
        raise wrong_result(f"expected float32; got {str(found.dtype).removeprefix('torch.')}")
    if found.requires_grad:
        raise Misconception(
            "graph-kept",
            "expected features without a graph; yours have requires_grad=True, and carry the graph "
            "of the whole backbone",
        )
    if all_near(found, expected, 1e-3, 1e-3):
        return
    if len(images) > 1:
        model = classifier(name)
        model.fc = nn.Identity()
        with torch.no_grad():
            in_train_mode = model.train()(images)
        if all_near(found, in_train_mode, 1e-3, 1e-3):
            raise Misconception(
                "features-in-train-mode",
                f"{name}: expected the features of eval mode; got those of train mode",
            )
    wrong = ~torch.isclose(found, expected, atol=1e-3, rtol=1e-3)
    row, column = wrong.nonzero()[0].tolist()
    raise wrong_result(
        f"{name}: {int(wrong.sum())} of {wrong.numel()} features are wrong; in row {row}, "
        f"column {column} expected {expected[row, column]:.4g}, got {found[row, column]:.4g}"
    )
