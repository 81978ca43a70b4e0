"""Forward passes through a model whose head was replaced, and why they fail."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from course.checking import comparisons, networks, panel
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson01.original import Original


def first_line(problem: Exception) -> str:
    """Return the first line of an exception's message."""
    return str(problem).split("\n")[0]


class Runs:
    """Counts the forward passes of the old head, and keeps what the new part gets first."""

    def __init__(self, original: Original, new: nn.Module | None = None) -> None:
        self._head = original.head
        self._new = new
        self.of_old_head = 0
        self.inputs_of_new: torch.Tensor | None = None

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        def count(*_: object) -> None:
            self.of_old_head += 1

        def keep(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            if self.inputs_of_new is None and inputs:
                self.inputs_of_new = inputs[0].detach().clone()

        hooks = [self._head.register_forward_hook(count)]
        if self._new is not None:
            hooks.append(self._new.register_forward_pre_hook(keep))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def _still_with_1000_rows(original: Original) -> bool:
    """Return whether the old head's own weight has all its rows."""
    weight = getattr(original.head, "weight", None)
    return weight is original.old_weights[original.path] and weight.shape[0] == 1000


def why_another_object(model: nn.Module, original: Original) -> Misconception:
    """`model` is not the object that the function was given."""
    name = original.name
    for path, part in original.model.named_modules():
        if part is model:
            return Misconception(
                "not-in-place",
                f"expected the whole model ({name}); got its part `{path}`, "
                f"of type {type(model).__name__}",
            )
    runs = Runs(original)
    model.eval()
    with runs.watched(), contextlib.suppress(RuntimeError), torch.no_grad():
        model(original.images())
    if runs.of_old_head and _still_with_1000_rows(original):
        return Misconception(
            "stacked-on-logits",
            f"expected that the new head takes the place of the old one; the old head of {name} "
            "with its 1000 outputs still runs, below your new layer",
        )
    present = {comparisons.fingerprint(tensor) for tensor in model.parameters()}
    # vectors do not tell networks apart: a fresh BatchNorm has ones and zeros, too
    matrices = [tensor for tensor in original.outside.values() if tensor.ndim > 1]
    if not any(comparisons.fingerprint(tensor) in present for tensor in matrices):
        return Misconception(
            "backbone-thrown-away",
            f"expected the model that the function got ({name}); none of the {len(matrices)} "
            "weight tensors of its backbone is in the model that you return",
        )
    return Misconception(
        "not-in-place",
        f"expected the very model that the function got ({name}); got another object, "
        f"of type {type(model).__name__}",
    )


def forward(model: nn.Module, count: int, original: Original) -> torch.Tensor:
    """Return the model's logits for some images.

    An error in a layer of the learner's own is raised as it is.
    """
    try:
        with torch.no_grad():
            logits = model(original.images(count))
    except Exception as problem:
        if panel.raised_by_learner(problem):
            raise
        raise _why_forward_fails(problem, model, count, original) from None
    expect(logits, torch.Tensor, f"that {original.name} gives a tensor of logits")
    return logits


def _why_forward_fails(
    problem: Exception, model: nn.Module, count: int, original: Original
) -> Misconception:
    name = original.name
    what = (
        f"expected that {name} gives logits for {count} image{'s' * (count > 1)}; its forward pass "
        f"raises {type(problem).__name__}: {first_line(problem)}"
    )
    for path, tensor in comparisons.tensors(model).items():
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            found = str(tensor.dtype).removeprefix("torch.")
            return wrong_result(f"{name}: {path} is {found}; expected float32, as the images")
    new = new_part(model, original)
    if count > 1 and new is not None:
        inputs, _ = networks.captured(model, new, original.images())
        if isinstance(original.head, nn.Conv2d) and _first_layer(new, nn.Linear) is not None:
            return Misconception("head-is-always-linear", what)
        if inputs is not None and not _same_shape(inputs, original.inputs):
            return Misconception("classifier-layers-lost", what)
        first = _first_layer(new, nn.Linear)
        width = original.inputs.shape[1]
        convolution = _first_layer(new, nn.Conv2d)
        if convolution is not None and convolution.in_channels != width:
            return Misconception(
                "in-features-from-memory",
                f"{name}: your new layer takes {convolution.in_channels} channels; expected "
                f"{width}",
            )
        if first is not None and first.out_features == width != first.in_features:
            return wrong_result(
                f"{name}: your new layer is Linear({first.in_features}, {first.out_features}); "
                "expected the number of inputs first, then the number of outputs"
            )
        outputs = original.old_weights[original.path].shape[0]
        if first is not None and first.in_features == outputs != width:
            return wrong_result(
                f"{name}: your new layer takes {outputs} inputs, as many as the old head had "
                f"outputs; expected {width}, its inputs"
            )
        if inputs is not None and first is not None and first.in_features != width:
            return Misconception(
                "in-features-from-memory",
                f"{name}: your new layer takes {first.in_features} inputs; expected {width}, as "
                "many as the old head took",
            )
    return wrong_result(what)


def _first_layer(module: nn.Module, kind: type[nn.Module]) -> Any:
    """Return the first layer in a module if it is of a kind, None otherwise."""
    for layer in module.modules():
        if list(layer.parameters(recurse=False)):
            return layer if isinstance(layer, kind) else None
    return None


def expect_new_logits(logits: torch.Tensor, n: int, original: Original, old_runs: int) -> None:
    """Raise Misconception where the logits (2, ?) of two images do not come from a new head.

    `old_runs` says how often the old head ran for them.
    """
    name = original.name
    old_is_used = bool(old_runs) and _still_with_1000_rows(original)
    if logits.shape != (2, n):
        raise _why_wrong_shape(tuple(logits.shape), n, original, old_is_used)
    if old_is_used and torch.equal(logits, original.logits[:, :n]):
        raise Misconception(
            "logits-sliced",
            f"expected {n} logits of a new head; the {n} outputs of {name} are its first {n} old "
            "logits, and all 1000 are still computed",
        )
    if old_is_used:
        raise Misconception(
            "stacked-on-logits",
            f"expected that the new head takes the place of the old one; the old head of {name} "
            "with its 1000 outputs still runs, below your new layer",
        )
    if not logits.is_floating_point() or logits.dtype != torch.float32:
        raise wrong_result(f"{name}: expected float32 logits; got {logits.dtype}")


def _why_wrong_shape(
    shape: tuple[int, ...], n: int, original: Original, old_is_used: bool
) -> Misconception:
    name = original.name
    if old_is_used and hasattr(original.model, "fc") and original.container != "fc":
        return Misconception(
            "fc-on-a-model-without-fc",
            f"{name} accepts the attribute `fc` and never calls it: two images still give {shape}; "
            f"expected (2, {n}). Its head is `{original.path}`",
        )
    paths = [path for path, _ in original.model.named_modules() if path]
    added = [path for path in paths if f"type of {path}" not in original.condition]
    if old_is_used and added and shape == (2, 1000):
        return Misconception(
            "new-layer-not-called",
            f"{name} accepts the attribute `{added[0]}` and never calls it: two images still give "
            f"{shape}; expected (2, {n}). Its head is `{original.path}`",
        )
    head = original.head
    edited = getattr(head, "out_features", getattr(head, "out_channels", None))
    if old_is_used and edited == n:
        weight = tuple(original.old_weights[original.path].shape)
        return Misconception(
            "out-features-edited",
            f"the attribute of {name}'s head says {n} outputs, its weight is still {weight}: "
            f"two images give {shape}; expected (2, {n})",
        )
    if shape == (n,):
        return Misconception(
            "batch-dimension-lost",
            f"{name}: two images give {shape}; expected (2, {n})",
        )
    what = f"two images through {name} give {shape}; expected (2, {n})"
    if old_is_used and shape == (2, 1000):
        what += f". {original.path} is still the old head: no other layer was assigned to it"
    return wrong_result(what)


def new_part(model: nn.Module, original: Original) -> nn.Module | None:
    """Return the first module with parameters that are all new, outside auxiliary heads."""
    for path, module in model.named_modules():
        own = module.parameters()
        first = next(own, None)
        if first is None or path.lower().startswith("aux"):
            continue
        if original.is_new(first) and all(map(original.is_new, own)):
            return module
    return None


def _same_shape(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two inputs have as many numbers and as many dimensions."""
    return found.numel() == expected.numel() and found.ndim == expected.ndim
