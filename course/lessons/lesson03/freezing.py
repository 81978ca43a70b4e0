"""Exercise 7 of lesson 03: which BatchNorms are left, and which numbers were not copied."""

from collections.abc import Callable

import torch
import torchvision
from torch import nn

from course.checking import comparisons, networks, values
from course.checking.batchnorm import batchnorms, found_by_name
from course.checking.misconception import Misconception, unlike, wrong_result
from course.lessons.lesson03 import diagnosis
from course.lessons.lesson03.fixtures import (
    equal_but_for_rounding,
    eval_outputs,
    labelled_images,
    largest_gap,
    many_kinds_to_freeze,
)

FROZEN = torchvision.ops.FrozenBatchNorm2d
FOUR = ("weight", "bias", "running_mean", "running_var")


def expect_frozen(answer: Callable, name: str) -> int:
    """Return how many BatchNorms the answer replaced; raise Misconception where one is left, the
    outputs differ, or something else has changed.
    """
    model = many_kinds_to_freeze(name)
    original = networks.copied(model)
    images, _ = labelled_images(name, 6, 3)
    expected = eval_outputs(model, images)  # (6, C)
    found = answer(model)
    if found is not model:
        raise unlike(found, f"{name}: expected the given model; got {type(found).__name__}")
    replaced = expect_replaced(name, model, original)
    expect_rest_unchanged(name, model, original, replaced)
    model.train()
    for path, layer in model.named_modules():
        if path not in replaced and not list(layer.children()):
            layer.eval()  # what stayed, a BatchNorm1d or a Dropout, may differ in train mode
    output = diagnosis.run(model, images, f"{name}: the model")
    if not equal_but_for_rounding(output, expected):
        raise wrong_result(
            f"{name}: in train mode the outputs are off by up to {largest_gap(output, expected)}; "
            "expected those of eval mode"
        )
    return len(replaced)


def expect_replaced(name: str, model: nn.Module, original: nn.Module) -> list[str]:
    """Return the paths of the BatchNorm2d of `original`; raise Misconception unless `model` has a
    FrozenBatchNorm2d with the same numbers at each.
    """
    paths = [path for path, norm in batchnorms(original) if isinstance(norm, nn.BatchNorm2d)]
    now = {path: _layer_at(model, path) for path in paths}
    left = [path for path in paths if isinstance(now[path], nn.BatchNorm2d)]
    if left:
        raise _why_left(name, model, original, paths, left)
    for path in paths:
        if not isinstance(now[path], FROZEN):
            raise wrong_result(
                f"{name}: {path} is now {type(now[path]).__name__}; expected FrozenBatchNorm2d"
            )
    for path in paths:
        _expect_same_numbers(name, path, now[path], original.get_submodule(path))
    return paths


def _layer_at(model: nn.Module, path: str) -> nn.Module | None:
    """Return the layer that a forward reaches by the attributes of a path; None if there is none.

    A module can be registered under a name with dots, which leads to no layer inside a block.
    """
    layer: nn.Module | None = model
    for part in path.split("."):
        layer = None if layer is None else layer._modules.get(part)
    return layer


def _why_left(
    name: str, model: nn.Module, original: nn.Module, paths: list[str], left: list[str]
) -> Misconception:
    """Return the Misconception behind the BatchNorm2d in `left`, some of all `paths`."""
    kind = type(original.get_submodule(left[0])).__name__
    observed = (
        f"{name}: expected a FrozenBatchNorm2d at {left[0]}; it is still a {kind}; "
        f"{len(left)} of {len(paths)} BatchNorm2d are left"
    )
    now = [model.get_submodule(path) for path in left]
    if left == paths and not any(layer.training for layer in now):
        for layer in now:
            layer.train()
        if any(layer.training for layer in now):
            return Misconception("eval-before-train", f"{observed}. It is in eval mode")
        return wrong_result(f"{observed}. It stays in eval mode, but its class is the same")
    if left == paths and not any(layer.weight.requires_grad for layer in now):
        return Misconception("requires-grad-alone", f"{observed}. Its parameters are frozen")
    derived = [path for path in paths if type(original.get_submodule(path)) is not nn.BatchNorm2d]
    if left == derived:
        return Misconception(
            "type-not-isinstance", f"{observed}. A {kind} is a subclass of BatchNorm2d"
        )
    if found_by_name(set(paths) - set(left), set(paths)):
        return Misconception("batchnorm-by-name", observed)
    replaced = [path for path in paths if path not in left]
    depth = max((path.count(".") for path in replaced), default=-1)
    if all(path.count(".") > depth for path in left) and len(left) < len(paths):
        return Misconception("batchnorm-left-behind", observed)
    return wrong_result(observed)


def _expect_same_numbers(name: str, path: str, new: nn.Module, old: nn.Module) -> None:
    """Raise Misconception unless a FrozenBatchNorm2d has the four tensors and eps of `old`."""
    trainable = [part for part, _ in new.named_parameters()]
    if trainable:
        raise wrong_result(
            f"{name}: {path}.{trainable[0]} is a parameter, which an optimizer can move; expected "
            "four buffers"
        )
    for part in FOUR:
        copied = getattr(new, part, None)
        expected = getattr(old, part).detach()
        if not isinstance(copied, torch.Tensor) or not values.all_near(copied, expected, 1e-7):
            raise Misconception(
                "frozen-batchnorm-not-copied",
                f"{name}: {path}.{part}: expected the numbers of the BatchNorm2d before, such as "
                f"{expected[0]:.4g}; got {_first_number(copied)}",
            )
    if not values.near(new.eps, old.eps, 0, 1e-6):
        raise Misconception(
            "frozen-batchnorm-not-copied",
            f"{name}: {path} has eps {new.eps}; expected {old.eps}, as the BatchNorm2d before",
        )


def _first_number(found: object) -> str:
    """Return the first number of a tensor for a message, or what is there instead of one."""
    if isinstance(found, torch.Tensor) and found.numel():
        return f"{found.flatten()[0].item():.4g}"
    return type(found).__name__


def expect_rest_unchanged(
    name: str, model: nn.Module, original: nn.Module, replaced: list[str]
) -> None:
    """Raise Misconception unless everything but the `replaced` paths is as in `original`."""
    changed = []
    for sentence in comparisons.differences(
        comparisons.condition(original), comparisons.condition(model)
    ):
        if not any(path in sentence for path in replaced):
            changed.append(sentence)
    kept = {
        path: tensor
        for path, tensor in comparisons.tensors(original).items()
        if path.rpartition(".")[0] not in replaced
    }
    changed += [f"{path} holds other values" for path in comparisons.moved_since(model, kept)]
    if changed:
        raise Misconception(
            "model-left-changed", f"{name}: expected that all other layers stay; {changed[0]}"
        )
