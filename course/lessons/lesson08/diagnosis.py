"""The thought behind three wrong heads, exercise 1 of lesson 08: each function raises it.

A function called `check_...` returns nothing where the result is right. What may be wrong with a
file of weights is in weights_judge.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons, networks
from course.checking.batch_of_one import code_of_shapes
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import all_near
from course.lessons.lesson08 import weights_file, weights_network

NEW_HEADS = weights_file.HEADS  # {"fruit": 6, "rotten": 2}
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


def check_tensor_names(name: str, model: nn.Module, old: set[str]) -> None:
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
                f"{name}: expected {path} with its shape; it has none yet: run one batch through a "
                "lazy layer first"
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
            weights_file.check_head_name(path)
        for head, classes in NEW_HEADS.items():
            weights_file.check_head_shapes(shapes, head, classes, width)
    except weights_file.WeightsRefused as refused:
        raise Misconception(refused.code, f"{name}: {refused.observed}") from None


def check_outputs(
    name: str, model: nn.Module, images: Tensor, expected: Tensor, width: int
) -> None:
    """Check the three outputs for a batch of images, in eval mode.

    name: the architecture; expected: the old network's logits (B, 1000); width: its number of
    features.
    """
    with torch.no_grad():
        species, *logits = run_once(name, model, images)
    if not comparisons.same(species, expected):
        if species.dtype != expected.dtype:
            raise wrong_result(
                f"{name}: expected species logits {expected.dtype}; got {species.dtype}"
            )
        distance = (species - expected).abs().max()
        raise Misconception(
            "old-head-changed", f"{name}: the species logits are off by up to {distance:.2g}"
        )
    with torch.no_grad():
        features = model.get_submodule("backbone")(images)
    shape = tuple(features.shape) if torch.is_tensor(features) else type(features).__name__
    if shape != (len(images), width):
        raise wrong_result(
            f"{name}: expected features ({len(images)}, {width}) from model.backbone(images); "
            f"got {shape}"
        )
    check_chains(name, model, images, features, logits)


def run_once(name: str, model: nn.Module, images: Tensor) -> Sequence[Tensor]:
    """Return the logits of species, fruit and rotten for a batch of images.

    Raises Misconception for outputs of another kind or shape, and unless the backbone runs once.
    """
    with networks.counted_runs(model) as runs:
        outputs = model(images)
    check_shapes(name, outputs, len(images))
    again = [path for path, count in runs.items() if count > 1]
    if again:
        times = f"model.{again[0]} ran {runs[again[0]]} times for one batch"
        raise Misconception("backbone-run-twice", f"{name}: {times}")
    if "backbone.conv1" not in runs:
        raise wrong_result(
            f"{name}: model.backbone.conv1 did not run; expected that model.backbone gives the "
            "features"
        )
    return outputs


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
        reordered = isinstance(shapes, list) and sorted(map(str, shapes)) == sorted(
            map(str, expected)
        )
        found = shapes if isinstance(shapes, list) else []
        raise Misconception(
            code_of_shapes(found, expected),
            f"{name}: for {count} image{'s' * (count > 1)} expected the logits of species, fruit "
            f"and rotten, {expected}; got {shapes}{': in another order' * reordered}",
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
            expected = weights_network.logits_of(state, head, features)
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
        last = weights_file.layers_of(state, head)[-1]
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
    _, *logits = run_once(f"{name}, in train mode", model.train(), images)
    for head, found in zip(NEW_HEADS, logits, strict=True):
        parameters = []
        for path, parameter in model.named_parameters():
            if path.startswith(f"{head}."):
                parameters.append((path, parameter))
        if not found.requires_grad:
            raise wrong_result(
                f"{name}: expected logits of {head} that require a gradient in train mode; yours "
                "do not, so the head cannot be trained"
            )
        grads = torch.autograd.grad(
            found.sum(), [p for _, p in parameters], retain_graph=True, allow_unused=True
        )
        for (path, _), grad in zip(parameters, grads, strict=True):
            if grad is None:
                raise wrong_result(
                    f"{name}: expected that a loss on the logits of {head} gives {path} a "
                    "gradient; it gets none"
                )
