"""What must stay the same when a head is replaced, and why it did not: the misconceptions."""

from typing import NamedTuple

import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result


class Original(NamedTuple):
    """A torchvision model before the learner's code has it."""

    path: str  # of the head, such as "classifier.6"
    head: nn.Module
    weight: nn.Parameter  # of the head; out_features can be edited without it
    inputs: torch.Tensor  # of the head for two images: (2, C), or (2, C, H, W) for a convolution
    logits: torch.Tensor  # (2, 1000)
    backbone: dict[str, tuple]  # name of a tensor outside the heads: its fingerprint
    parameter_ids: set[int]
    dropouts: list[float]


def describe(model: nn.Module, name: str) -> Original:
    """Return what a change of heads must keep. Leaves the model in eval mode."""
    path, head = networks.old_head(model)
    inputs, logits = networks.captured(model, head, networks.images(name))
    backbone = {}
    for key, tensor in comparisons.tensors(model).items():
        if not key.lower().startswith((path, "aux")):
            backbone[key] = comparisons.fingerprint(tensor)
    return Original(
        path=path,
        head=head,
        weight=head.weight,
        inputs=inputs,
        logits=logits,
        backbone=backbone,
        parameter_ids={id(parameter) for parameter in model.parameters()},
        dropouts=dropouts(model),
    )


def dropouts(model: nn.Module) -> list[float]:
    """Return the rates of all Dropout layers outside auxiliary heads, in ascending order."""
    rates = []
    for path, layer in model.named_modules():
        if isinstance(layer, nn.Dropout) and not path.lower().startswith("aux"):
            rates.append(layer.p)
    return sorted(rates)


def first_line(problem: Exception) -> str:
    """Return the first line of an exception's message."""
    return str(problem).split("\n")[0]


def expect_replaced_head(model: nn.Module, n: int, name: str, original: Original) -> None:
    """Raise Misconception unless `model` is what it was, with a new head for n classes."""
    expect(model, nn.Module, f"the model ({name})")
    model.eval()
    try:
        with torch.no_grad():
            logits = model(networks.images(name))  # (2, n)
    except RuntimeError as problem:
        raise _why_forward_fails(problem, model, name, original) from None
    _expect_new_logits(model, logits, n, name, original)
    _expect_nothing_lost(model, name, original)
    _expect_new_auxiliary_heads(model, n, name)
    for path, parameter in model.named_parameters():
        if id(parameter) not in original.parameter_ids and not parameter.requires_grad:
            raise Misconception(
                "froze-the-new-head", f"{name}: {path} is new and does not require a gradient"
            )


def _why_forward_fails(
    problem: RuntimeError, model: nn.Module, name: str, original: Original
) -> Misconception:
    what = f"{name} fails in forward: {first_line(problem)}"
    if isinstance(original.head, nn.Conv2d):
        return Misconception("head-is-always-linear", what)
    if lost_layers(model, name, original):
        return Misconception("classifier-layers-lost", what)
    width = original.inputs.shape[1]
    return Misconception("in-features-from-memory", f"{what}. Its old head took {width} features")


def _expect_new_logits(
    model: nn.Module, logits: torch.Tensor, n: int, name: str, original: Original
) -> None:
    """Raise Misconception where the logits (2, ?) of two images do not come from a new head."""
    in_model = any(parameter is original.weight for parameter in model.parameters())
    kept = in_model and original.weight.shape[0] == 1000
    if logits.shape != (2, n):
        raise _why_wrong_shape(model, tuple(logits.shape), n, name, original, kept)
    if kept and torch.equal(logits, original.logits[:, :n]):
        raise Misconception(
            "logits-sliced",
            f"the {n} outputs of {name} are its first {n} old logits, "
            "and all 1000 are still computed",
        )
    if kept:
        raise Misconception(
            "stacked-on-logits",
            f"the old head of {name} with its 1000 outputs is still at work below your new layer",
        )
    if comparisons.are_probabilities(logits):
        raise Misconception(
            "softmax-in-the-head",
            f"the outputs of {name} are positive and sum to {logits.sum(1)[0]:.3f}: "
            "these are probabilities, not logits",
        )


def _why_wrong_shape(
    model: nn.Module,
    shape: tuple[int, ...],
    n: int,
    name: str,
    original: Original,
    kept: bool,
) -> Misconception:
    """kept: the old weight, with its 1000 rows, is still in the model."""
    if hasattr(model, "fc") and original.path != "fc":
        return Misconception(
            "fc-on-a-model-without-fc",
            f"{name} took your .fc in silence and never calls it: two pictures still give {shape}",
        )
    if kept and getattr(original.head, "out_features", None) == n:
        weight = tuple(original.weight.shape)
        return Misconception(
            "out-features-edited",
            f"out_features of {name} says {n}, its weight is still {weight}: "
            f"two pictures give {shape}",
        )
    return wrong_result(f"two pictures through {name} give {shape}; expected (2, {n})")


def _expect_nothing_lost(model: nn.Module, name: str, original: Original) -> None:
    """Raise Misconception where trained tensors or layers beside the head are gone."""
    lost = lost_layers(model, name, original)
    present = {comparisons.fingerprint(tensor) for tensor in comparisons.tensors(model).values()}
    gone = [path for path, values in original.backbone.items() if values not in present]
    only_classifier = all(path.startswith(("classifier", "head")) for path in gone)
    if gone and not (lost and only_classifier):
        raise Misconception(
            "backbone-thrown-away",
            f"{gone[0]} and {len(gone) - 1} other trained tensors of {name} "
            "are no longer in the model",
        )
    if lost:
        raise Misconception("classifier-layers-lost", f"{name} lost {lost} with its old classifier")


def lost_layers(model: nn.Module, name: str, original: Original) -> str:
    """Return what went with the old classifier, in words; "" where all is there.

    Dropout has no parameters and is counted. Other layers are missing where the first new layer
    does not get the input that the old head got.
    """
    if len(dropouts(model)) < len(original.dropouts):
        return f"Dropout(p={original.dropouts[-1]})"
    new = _first_new_layer(model, original)
    if new is None:
        return ""
    inputs, _ = networks.captured(model, new, networks.images(name))
    if inputs is None or _same_values(inputs, original.inputs):
        return ""
    return "the layers between its features and its head"


def _first_new_layer(model: nn.Module, original: Original) -> nn.Module | None:
    """Return the first layer with parameters of its own that were not in the model before."""
    for path, layer in model.named_modules():
        own = list(layer.parameters(recurse=False))
        if not own or path.lower().startswith("aux"):
            continue
        if not any(id(parameter) in original.parameter_ids for parameter in own):
            return layer
    return None


def _same_values(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two inputs hold the same values, (2, C, 1, 1) and (2, C) alike."""
    if found.numel() != expected.numel():
        return False
    found = found.flatten(1)
    expected = expected.flatten(1)
    return torch.allclose(found, expected, atol=1e-5)


def _expect_new_auxiliary_heads(model: nn.Module, n: int, name: str) -> None:
    for path, shape in networks.AUXILIARY.get(name, {}).items():
        auxiliary = getattr(model, path, None)
        if auxiliary is None:
            continue
        logits = auxiliary(torch.zeros(shape))  # (2, n)
        if logits.shape[1] != n:
            raise Misconception(
                "auxiliary-head-forgotten",
                f"{name}.{path} still has 1000 outputs: in train mode the losses would not fit",
            )
