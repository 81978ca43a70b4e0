"""What must stay the same when a head is replaced, and why it did not: the misconceptions."""

from typing import Any

import torch
from torch import nn

from course.checking import comparisons, networks, panel
from course.checking.batch_of_one import code_of_shape
from course.checking.check import expect
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.lessons.lesson01.forwards import (
    Runs,
    expect_new_logits,
    first_line,
    forward,
    new_part,
    why_another_object,
)
from course.lessons.lesson01.original import Original, dropouts, plain_layers

LIMITS = {  # how outputs look that are not logits
    "constant": "are the same number for every image and class",
    "sigmoid": "stay between 0 and 1, as after a sigmoid",
    "ReLU": "are never negative, as after a ReLU",
    "tanh": "stay between -1 and 1, as after a tanh",
}
RUNNING = ("running_mean", "running_var", "num_batches_tracked")


def expect_replaced_head(
    model: Any, n: int, original: Original, may_change: tuple[str, ...] = ()
) -> None:
    """Raise Misconception unless `model` is the original one, with a new head for n classes.

    `may_change` holds the ends of entries of its condition that need not stay, such as "training".
    """
    name = original.name
    expect(model, nn.Module, f"the model ({name})")
    if model is not original.model:
        raise why_another_object(model, original)
    condition = comparisons.condition_and_gradients(model)
    beside = _conditions_beside(model, original)
    model.eval()
    new = new_part(model, original)
    runs = Runs(original, new)
    with runs.watched():
        logits = forward(model, 2, original)
    expect_new_logits(logits, n, original, runs.of_old_head)
    alone = forward(model, 1, original)
    if alone.shape != (1, n):
        raise Misconception(
            code_of_shape(alone.shape, (1, n)),
            f"{name}: a batch of one image gives {tuple(alone.shape)}; expected (1, {n})",
        )
    for outputs, batch in ((logits, "two images"), (alone, "a batch of one image")):
        if not outputs.isfinite().all():
            raise wrong_result(
                f"{name}: expected finite logits for {batch}; got {outputs.flatten()[0]:.4g}"
            )
    _expect_auxiliary_heads(model, n, original)
    _expect_same_tensors(model, original)
    _expect_same_classifier(model, original, runs.inputs_of_new)
    _expect_no_old_weight(model, original)
    _expect_new_parameters(model, original)
    _expect_logits_without_limits(model, original, new)
    _expect_same_condition(condition, beside, original, may_change)


def _expect_auxiliary_heads(model: nn.Module, n: int, original: Original) -> None:
    """Also gives lazy layers in these heads their shapes."""
    name = original.name
    for path, shape in networks.auxiliary_inputs(name).items():
        auxiliary = getattr(model, path, None)
        if auxiliary is None:
            raise Misconception(
                "auxiliary-head-forgotten",
                f"{name}.{path} is gone; expected that it stays and has {n} outputs",
            )
        try:
            with torch.no_grad():
                logits = auxiliary(torch.zeros(shape))  # (2, n)
        except RuntimeError as problem:
            if panel.raised_by_learner(problem):
                raise
            raise wrong_result(
                f"expected that {name}.{path} gives (2, {n}) for two images; its forward pass "
                f"raises RuntimeError: {first_line(problem)}"
            ) from None
        if logits.shape != (2, n):
            raise Misconception(
                "auxiliary-head-forgotten",
                f"{name}.{path} gives {tuple(logits.shape)} for two images; expected (2, {n}): "
                "its loss is part of the training",
            )
        if comparisons.are_probabilities(logits):
            raise Misconception(
                "softmax-in-the-head",
                f"expected logits; the outputs of {name}.{path} are never negative and sum to 1: "
                "they are probabilities",
            )


def _expect_same_tensors(model: nn.Module, original: Original) -> None:
    """Raise Misconception where a tensor that no head holds has another value or is gone."""
    moved = comparisons.moved_since(model, original.outside)
    if not moved:
        return
    what = f"{original.name}: {first_and_more(moved)} changed; only the head may change"
    if networks.are_reset(model, moved) and all(name.endswith(RUNNING) for name in moved):
        raise wrong_result(f"{what}. The running statistics were reset to those of a new layer")
    if all(name.endswith(RUNNING) for name in moved):
        raise Misconception("features-in-train-mode", f"{what}. A forward pass in train mode ran")
    matrices = {key for key, tensor in original.outside.items() if tensor.ndim > 1}
    if len(matrices & set(moved)) > len(matrices) / 2:
        raise Misconception("backbone-thrown-away", what)
    raise wrong_result(what)


def _expect_same_classifier(
    model: nn.Module, original: Original, inputs: torch.Tensor | None
) -> None:
    """Raise Misconception where a layer beside the head is gone, or the head gets other inputs.

    inputs: what the new head got for two images.
    """
    name = original.name
    lost = original.dropouts - dropouts(model)
    if lost:
        kept = sorted(dropouts(model))
        raise Misconception(
            "classifier-layers-lost",
            f"expected that {name} keeps its Dropout(p={min(lost)}); the Dropout layers that it "
            f"has now have p in {kept}",
        )
    fewer = original.plain - plain_layers(model)
    if fewer:
        raise Misconception(
            "classifier-layers-lost",
            f"expected that {name} keeps all layers beside its head; it has fewer {min(fewer)} "
            "layers than before",
        )
    gone = comparisons.values_gone(model, original.inside)
    if gone:
        raise Misconception(
            "classifier-layers-lost",
            f"expected that {name} keeps the layers beside its head; the trained tensor "
            f"{first_and_more(gone, 'is', 'are')} gone",
        )
    if inputs is not None and not _same_values(inputs, original.inputs):
        raise Misconception(
            "classifier-layers-lost",
            f"{name}: expected that the new head gets the {tuple(original.inputs.shape)} that the "
            f"old head got; it gets {_other_values(inputs, original.inputs)}, because layers in "
            "front of it are gone, new or changed",
        )


def _same_values(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two inputs hold the same values, (2, C, 1, 1) and (2, C) alike."""
    if found.numel() != expected.numel():
        return False
    found = found.flatten(1)
    expected = expected.flatten(1)
    return torch.allclose(found, expected, atol=1e-5)


def _other_values(found: torch.Tensor, expected: torch.Tensor) -> str:
    """Return how the new head's input differs from the old head's, in words."""
    shape = tuple(found.shape)
    return f"{shape} with other values" if shape == tuple(expected.shape) else str(shape)


def _expect_no_old_weight(model: nn.Module, original: Original) -> None:
    """Raise Misconception where a parameter of the model is an old head's weight or a copy."""
    for key, parameter in model.named_parameters():
        if parameter.ndim < 2 or len(parameter) != 1000:
            continue
        values = comparisons.fingerprint(parameter)
        for path, weight in original.old_weights.items():
            if parameter is weight or values == original.old_values[path]:
                raise wrong_result(
                    f"{original.name}: expected that the old head {path} is no longer in the "
                    f"model; the parameter {key} {tuple(parameter.shape)} still holds its weight"
                )


def _expect_new_parameters(model: nn.Module, original: Original) -> None:
    """Raise Misconception unless a part of the model is new and requires gradients."""
    new = {path: each for path, each in model.named_parameters() if original.is_new(each)}
    if not new:
        raise wrong_result(
            f"{original.name}: expected the new head's parameters in model.parameters(); it holds "
            "no new one, so an optimizer cannot train the head"
        )
    frozen = [path for path, parameter in new.items() if not parameter.requires_grad]
    if frozen:
        raise Misconception(
            "froze-the-new-head",
            f"{original.name}: {first_and_more(frozen)} of the new head: expected "
            "requires_grad=True; got False",
        )


def _expect_logits_without_limits(
    model: nn.Module, original: Original, new: nn.Module | None
) -> None:
    """Raise Misconception where the outputs went through a softmax or another limit.

    The new part gets large random features. A head that starts with zeros shows no limit: for the
    time of the call its parameters are random, too.
    """
    if new is None:
        return
    kept = [parameter.detach().clone() for parameter in new.parameters()]

    def large(_: nn.Module, inputs: tuple) -> tuple:
        features = torch.randn(64, *inputs[0].shape[1:]) * 1000
        return (features, *inputs[1:])

    hook = new.register_forward_pre_hook(large)
    try:
        with torch.no_grad():
            outputs = model(original.images())  # (64, n)
            if torch.equal(outputs, outputs[:1].expand_as(outputs)):
                for parameter in new.parameters():
                    parameter.normal_()
                outputs = model(original.images())
    finally:
        hook.remove()
        with torch.no_grad():
            for parameter, values in zip(new.parameters(), kept, strict=True):
                parameter.copy_(values)
    relu_before = bool(original.logits.min() >= 0)  # SqueezeNet's own: it ends in a ReLU
    expect_no_limit(outputs, f"the outputs of {original.name}", ("ReLU",) if relu_before else ())


def expect_no_limit(outputs: torch.Tensor, whose: str, allowed: tuple[str, ...] = ()) -> None:
    """Raise Misconception if outputs (64, n), for large random features, have a limit.

    `allowed` holds limits, as comparisons.why_not_logits names them, that the model may have.
    """
    limit = comparisons.why_not_logits(outputs)
    if limit is None or limit in allowed:
        return
    if limit == "tanh" and outputs.abs().max() < 0.99:
        return  # cosine similarities of random features, for example
    if limit == "softmax":
        raise Misconception(
            "softmax-in-the-head",
            f"expected logits; {whose} are never negative and sum to 1: they are probabilities",
        )
    raise Misconception(
        "not-logits",
        f"expected logits; {whose} {LIMITS[limit]}, even for features a thousand times as large",
    )


def _conditions_beside(model: nn.Module, original: Original) -> dict[str, dict[str, Any]]:
    """Return {path: condition} of the layers beside the head that are still in the model.

    The paths are those of the original model: a new container may hold the same layers.
    """
    present = set(model.modules())
    found = {}
    for path, (layer, _) in original.beside.items():
        if layer in present:
            found[path] = comparisons.condition_and_gradients(layer)
    return found


def _expect_same_condition(
    condition: dict[str, Any],
    beside: dict[str, dict[str, Any]],
    original: Original,
    may_change: tuple[str, ...],
) -> None:
    """Raise Misconception where modes, gradients, frozen parameters, hooks or options changed
    elsewhere.
    """
    before = {}
    for what, value in original.condition.items():
        path = what.removeprefix("type of ").removeprefix("hooks of ")
        if not original.in_a_head(path):
            before[what] = value
    found = comparisons.differences(before, condition, but=may_change)
    changed = [sentence for sentence in found if not sentence.endswith(" is new")]
    for path, now in beside.items():
        found = comparisons.differences(original.beside[path][1], now, but=may_change)
        for sentence in found:
            told = sentence.removeprefix("model.").replace("the model", "this layer")
            changed.append(f"in the layer {path}, {told}")
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{original.name}: expected that all else stays; {first_and_more(changed)}",
        )
