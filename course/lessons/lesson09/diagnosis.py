"""Lesson 09: what the checks require of two stages, files and features, and why an answer fails."""

import copy
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from course.checking import comparisons, values
from course.checking.batch_of_one import code_of_shape
from course.checking.batchnorm import STATISTICS, Record, batchnorms, why_statistics_moved
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.lessons.lesson09.fixtures import Adapted

Snapshot = dict[str, torch.Tensor]

# ---- two stages ----------------------------------------------------------------------------------


class Stage(NamedTuple):
    """One call of `train`, which makes two steps."""

    model: nn.Module  # that it got
    lr: float
    trainable: set[str]  # the names of the parameters with requires_grad
    before: Snapshot  # all parameters and buffers
    after: Snapshot

    def trained(self) -> set[str]:
        """Return the names of the parameters that the call changed."""
        parameters = {name for name, _ in self.model.named_parameters()}
        return {
            name
            for name in parameters & self.before.keys()
            if not comparisons.same(self.before[name], self.after[name])
        }


def expect_stages(calls: list[Stage], start: Snapshot, rates: tuple[float, float]) -> None:
    """Raise Misconception unless the first call trains the head and the second everything."""
    first, second = calls
    everything = {name for name, _ in first.model.named_parameters()}
    head = {name for name in everything if name.startswith("fc.")}
    early = first.trained() - head
    if early:
        raise Misconception(
            "not-the-head-first",
            f"the first call of train also changes {first_and_more(sorted(early))}; expected only "
            "fc.weight and fc.bias",
        )
    if early := sorted(first.trainable - head):
        raise Misconception(
            "not-the-head-first",
            f"in the first call of train {first_and_more(early, 'has', 'have')} "
            "requires_grad=True; expected that only fc.weight and fc.bias are trainable",
        )
    if head - first.trained():
        raise wrong_result(
            f"the first call of train does not change {min(head - first.trained())}; expected that "
            "it trains the head"
        )
    lost = [name for name in head if not _same_at(second.before, first.after, name)]
    if lost:
        raise Misconception(
            "probe-thrown-away",
            f"when the second call of train starts, {min(lost)} no longer has the values that the "
            "first call gave it",
        )
    between = [name for name in start if not _same_at(second.before, first.after, name)]
    between += [name for name in start if not _same_at(first.before, start, name)]
    if between:
        raise wrong_result(
            f"{min(between)} has changed outside train; expected that you change no parameter or "
            "buffer yourself"
        )
    still = everything - second.trained()
    if still:
        raise Misconception(
            "second-stage-frozen",
            f"the second call of train does not change {first_and_more(sorted(still))}; expected "
            f"that it trains all {len(everything)} tensors",
        )
    for number, (call, expected) in enumerate(zip(calls, rates, strict=True), 1):
        if not values.near(call.lr, expected, 0, 1e-6):
            raise wrong_result(
                f"call {number} of train: expected the learning rate {expected}; got {call.lr}"
                f"{_why_other_rates([each.lr for each in calls], rates)}"
            )


def _why_other_rates(found: list[float], rates: tuple[float, float]) -> str:
    """Return what explains the learning rates of both calls; "" if nothing does."""
    for name, taken in (
        ("The two are exchanged: head_lr belongs to the first call", (rates[1], rates[0])),
        ("Both calls got head_lr", (rates[0], rates[0])),
        ("Both calls got lr", (rates[1], rates[1])),
    ):
        if all(values.near(one, other, 0, 1e-6) for one, other in zip(found, taken, strict=True)):
            return f". {name}"
    return ""


def _same_at(one: Snapshot, other: Snapshot, name: str) -> bool:
    return name in one and name in other and comparisons.same(one[name], other[name])


def expect_same_layers(now: Snapshot, start: Snapshot, call: int) -> None:
    """Raise Misconception where a call of `train` gets a model with other tensors."""
    for name, old in start.items():
        if name not in now:
            raise wrong_result(f"call {call} of train: {name} is gone; expected the same layers")
        new = now[name]
        if new.shape != old.shape or new.dtype != old.dtype:
            raise wrong_result(
                f"call {call} of train: expected {name} as {tuple(old.shape)} {old.dtype}; got "
                f"{tuple(new.shape)} {new.dtype}"
            )


def why_norms_moved(model: nn.Module, moved: list[str], record: Record) -> str:
    """Return the code of the misconception behind running statistics that moved."""
    code = why_statistics_moved(model, moved, record)
    paths = {path for path, _ in batchnorms(model)}
    moving = {path for path in paths if any(f"{path}.{name}" in moved for name in STATISTICS)}
    if code != "wrong-result" or not moving < paths:
        return code
    deeper = {path for path in paths if "." in path}  # not a child of the model itself
    return "batchnorm-left-behind" if moving == deeper else "norms-partly-in-train-mode"


# ---- what the file holds -------------------------------------------------------------------------


def expect_state(found: Any, model: Adapted, call: str) -> None:
    """Raise Misconception unless an answer holds what was trained and all buffers of state_dict."""
    if not isinstance(found, Mapping):
        raise wrong_result(f"{call}: expected a dict; got {type(found).__name__}")
    state = model.state_dict()
    for key, tensor in found.items():
        if not isinstance(tensor, torch.Tensor):
            raise wrong_result(f"{call}: expected tensors; {key!r} is {values.described(tensor)}")
        if tensor.layout != torch.strided:
            raise wrong_result(f"{call}: expected dense tensors; {key!r} is {tensor.layout}")
    strange = [key for key in found if key not in state]
    if strange:
        raise wrong_result(
            f"{call}: expected only names of model.state_dict(); your dict also has "
            f"{first_and_more(strange)}"
        )
    parameters = dict(model.named_parameters())
    missing = [
        name
        for name in state
        if name not in found and not (name in parameters and not parameters[name].requires_grad)
    ]
    trained = [name for name in missing if name in parameters]
    if trained:
        raise Misconception(
            "trained-tensors-missing",
            f"{call}: expected every trainable parameter; missing: {first_and_more(trained)}",
        )
    if missing:
        moved = [name for name in missing if name.endswith(STATISTICS)]
        raise Misconception(
            "running-statistics-missing" if moved else "wrong-result",
            f"{call}: expected every buffer that is in model.state_dict(); missing: "
            f"{first_and_more(moved or missing)}",
        )
    frozen = [name for name in found if name in parameters and not parameters[name].requires_grad]
    if frozen:
        raise Misconception(
            "frozen-weights-stored",
            f"{call}: expected no frozen parameter; the dict has {first_and_more(frozen)}",
        )
    other = [name for name in found if not comparisons.same(found[name], state[name])]
    if other:
        name, dtypes = other[0], (state[other[0]].dtype, found[other[0]].dtype)
        if dtypes[0] != dtypes[1]:
            raise wrong_result(f"{call}: expected {name} as {dtypes[0]}; got {dtypes[1]}")
        raise wrong_result(
            f"{call}: expected {name} of the model: {values.difference(found[name], state[name])}"
        )


def expect_copies(
    found: Mapping[str, torch.Tensor], kept: Mapping[str, torch.Tensor], call: str
) -> None:
    """Raise Misconception where a tensor has changed together with the model."""
    changed = [name for name in kept if not comparisons.same(found[name], kept[name])]
    if changed:
        raise Misconception(
            "snapshot-without-clone",
            f"{call}: one more step of the model changes {first_and_more(changed)} in the dict "
            "that you returned",
        )


# ---- features by name ----------------------------------------------------------------------------


def why_other_features(
    found: torch.Tensor,
    expected: torch.Tensor,
    model: nn.Module,
    node: str,
    images: torch.Tensor,
    call: str,
) -> Misconception:
    """Return the Misconception behind features that are not those of the node."""
    if found.shape != expected.shape:
        return Misconception(
            code_of_shape(found.shape, expected.shape),
            f"{call}: expected shape {tuple(expected.shape)}; got {tuple(found.shape)}",
        )
    if found.layout != torch.strided or not found.is_floating_point():
        return wrong_result(
            f"{call}: expected a dense tensor of floats; got {found.dtype}, {found.layout}"
        )
    with torch.no_grad():
        twin = copy.deepcopy(model).train()
        in_train_mode = create_feature_extractor(twin, {node: "out"})(images)["out"]
    if values.all_near(found, in_train_mode, 1e-4):
        return Misconception("features-in-train-mode", f"{call}: you return train-mode features")
    calls: list[torch.Tensor] = []
    layers = dict(model.named_modules())
    kept: list[torch.Tensor] = []  # the same outputs, as the rest of the forward leaves them
    layer = layers.get(node, layers.get(re.sub(r"_\d+$", "", node)))  # relu_1: call 2 of relu
    if layer is not None:

        def note(_: nn.Module, given: Any, output: torch.Tensor) -> None:
            calls.append(output.detach().clone())
            kept.append(output)

        hook = layer.register_forward_hook(note)
        with torch.no_grad():
            model(images)
        hook.remove()
    others = [number for number, made in enumerate(calls, 1) if values.all_near(found, made, 1e-4)]
    if others and len(calls) > 1:
        return Misconception(
            "not-this-call",
            f"{call}: that module runs {len(calls)} times in one forward; you return the output of "
            f"call {others[0]}",
        )
    for number, (made, left) in enumerate(zip(calls, kept, strict=True), 1):
        if values.all_near(found, left, 1e-4) and not values.all_near(made, left, 1e-4):
            at = f"call {number} of the module" if len(calls) > 1 else "the module"
            return Misconception(
                "overwritten-in-place",
                f"{call}: you return the output of {at} as it is at the end of the forward, up to "
                f"{(left - made).abs().max():.2g} away from what the module returned",
            )
    return wrong_result(
        f"{call}: expected the node's output in eval mode; "
        f"{values.difference(found, expected, 1e-4)}"
    )
