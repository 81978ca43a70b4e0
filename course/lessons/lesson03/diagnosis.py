"""The thoughts behind wrong results of lesson 03.

A function called `why_...` returns a Misconception; one called `expect_...` raises it, and returns
where the result is right.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
import torchvision
from torch import nn

from course.checking import comparisons, panel
from course.checking.batchnorm import Record, found_by_name, why_statistics_moved
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import not_finite
from course.lessons.lesson03.fixtures import equal_but_for_rounding, largest_gap

FROZEN = torchvision.ops.FrozenBatchNorm2d
State = dict[str, torch.Tensor]  # a snapshot: parameters and buffers by name


# ---- what several exercises use -----------------------------------------------------------------


def telling_example(names: list[str]) -> str:
    """Return the first running mean among the names, or the first name where there is none."""
    for name in names:
        if name.endswith("running_mean"):
            return name
    return names[0]


def describe_moved(model: nn.Module, before: State, moved: list[str]) -> str:
    """Say in words how far one of the moved tensors went, and how many others moved."""
    path = telling_example(moved)
    now = comparisons.tensors(model).get(path)
    if now is None:
        observed = f"{path} is gone"
    elif now.shape != before[path].shape or now.dtype != before[path].dtype:
        observed = f"{path} is now {now.dtype} {tuple(now.shape)}"
    else:
        observed = f"{path} moved by up to {largest_gap(now, before[path])}"
    if len(moved) > 1:
        others = len(moved) - 1
        observed += f", and {others} other tensor{'s' * (others > 1)} moved with it"
    return observed


@contextmanager
def reads_of(model: nn.Module) -> Iterator[list[str]]:
    """Record in a list each time that tensors of `model` are listed by name, or loaded.

    It tells an answer that has looked at the tensors before an action, and kept no copy, from one
    that has not looked.
    """
    reads: list[str] = []
    torch_state_dict = nn.Module.state_dict
    torch_load_state_dict = nn.Module.load_state_dict
    torch_named_members = nn.Module._named_members

    def state_dict(module, *args, **kwargs):
        if module is model:
            reads.append("state_dict")
        return torch_state_dict(module, *args, **kwargs)

    def load_state_dict(module, *args, **kwargs):
        if module is model:
            reads.append("load_state_dict")
        return torch_load_state_dict(module, *args, **kwargs)

    def named_members(module, *args, **kwargs):
        if module is model:
            reads.append("named")
        return torch_named_members(module, *args, **kwargs)

    with (
        mock.patch.object(nn.Module, "state_dict", state_dict),
        mock.patch.object(nn.Module, "load_state_dict", load_state_dict),
        mock.patch.object(nn.Module, "_named_members", named_members),
    ):
        yield reads


def run(module: nn.Module, images: torch.Tensor, whose: str) -> torch.Tensor:
    """Return what a module of the learner's gives for images.

    An error of the learner's own code is raised as it is. Raises Misconception for any other one,
    and where the result is no tensor. `whose` begins the message.
    """
    shape = tuple(images.shape)
    try:
        output = module(images)
    except Exception as problem:
        if panel.raised_by_learner(problem):
            raise
        raise wrong_result(
            f"expected that {whose} runs on images {shape}; it raises {type(problem).__name__}: "
            f"{problem}"
        ) from None
    if not isinstance(output, torch.Tensor):
        raise wrong_result(f"{whose} gives {type(output).__name__}; expected a tensor of features")
    return output.detach()


def outputs_after(model: nn.Module, images: torch.Tensor, name: str) -> Any:
    """Return what a model gives in eval mode, after the learner's code has had it.

    Raises Misconception where its forward raises. An error of the learner's own code is raised as
    it is.
    """
    try:
        with torch.no_grad():
            return copy.deepcopy(model).eval()(images)
    except Exception as problem:
        if panel.raised_by_learner(problem):
            raise
        raise wrong_result(
            f"{name}: expected that the model still gives (old logits, new logits) afterwards; its "
            f"forward raises {type(problem).__name__}: {problem}"
        ) from None


# ---- Exercise 1: what moved? --------------------------------------------------------------------


def why_names_missing(
    model: nn.Module, what: str, expected: list[str], names: set[str], reads: list[str]
) -> Misconception:
    """Return the Misconception where an answer names too few of the `expected` tensors.

    `what` is the action in words; `reads` comes from `reads_of`, with "action()" where it ran.
    """
    missing = [name for name in expected if name not in names]
    count = f"{len(expected)} name{'s' * (len(expected) > 1)}"
    observed = (
        f"after {what} expected {count}, among them {telling_example(missing)}; you name "
        f"{len(names)}"
    )
    buffers = {name for name, _ in model.named_buffers()}
    moved_buffers = buffers & set(expected)
    if not names and moved_buffers and not moved_buffers >= set(expected):
        # tensors of both kinds have moved: the values were not compared with older ones
        if reads and reads[0] != "action()":
            return Misconception("snapshot-without-clone", observed)
        return wrong_result(f"{observed}. Expected that you copy the values before action()")
    if moved_buffers and set(missing) == moved_buffers:
        return Misconception(
            "parameters-only", f"{observed}, and none of the {len(moved_buffers)} buffers"
        )
    kinds = {name.rpartition(".")[2] for name in missing}
    if set(missing) == {name for name in moved_buffers if name.rpartition(".")[2] in kinds}:
        return Misconception(
            "snapshot-incomplete", f"{observed}. Missing: {first_and_more(missing)}"
        )
    if len(expected) == 1:
        return Misconception("values-left-out", observed)
    return wrong_result(f"{observed}. Expected also {first_and_more(missing)}")


# ---- Exercise 3: find them all ------------------------------------------------------------------


def why_wrong_paths(
    name: str, model: nn.Module, expected: dict[str, nn.Module], found: set[str]
) -> Misconception:
    """Return the Misconception behind paths that are not those of the BatchNorms.

    `expected` has the BatchNorms of the model by path.
    """
    layers = dict(model.named_modules())
    unknown = sorted(found - set(layers))
    if unknown:
        return wrong_result(
            f"{name}: expected paths of named_modules(), such as {next(iter(expected))!r}; you "
            f"name {unknown[0]!r}, which it does not have"
        )
    extra = [path for path in layers if path in found and path not in expected]
    missing = [path for path in expected if path not in found]
    if missing:
        layer = expected[missing[0]]
        observed = (
            f"{name}: {missing[0]} is missing, a {type(layer).__name__}{_state_of(layer)}; you "
            f"name {len(found)} paths, expected {len(expected)}. Missing are "
            f"{_counted_kinds([expected[path] for path in missing])}"
        )
    else:
        kind = type(layers[extra[0]]).__name__
        observed = (
            f"{name}: expected only BatchNorms; you name {extra[0]!r}, of type {kind}, which is "
            "none"
        )
    by_buffers = []  # what somebody finds who looks for one of these buffers
    for buffer in ("running_mean", "running_var", "num_batches_tracked"):
        has = {path for path in layers if getattr(layers[path], buffer, None) is not None}
        by_buffers += [has, {path for path in has if not isinstance(layers[path], FROZEN)}]
    if found in by_buffers:
        return Misconception("batchnorm-by-buffers", observed)
    named = {path for path in layers if "BatchNorm" in type(layers[path]).__name__}
    among_batchnorms = found - set(extra)
    if found == named or found_by_name(among_batchnorms, set(expected)):
        return Misconception("batchnorm-by-name", observed)
    if found and found == {path for path in expected if "." not in path}:
        return Misconception("batchnorm-left-behind", observed)
    if found and found == {path for path in expected if not _is_derived(expected[path])}:
        return Misconception("type-not-isinstance", observed)
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    for family in ((nn.BatchNorm2d,), kinds):
        exact = {path for path in expected if type(expected[path]) in family}
        if found in (exact, {path for path in expected if isinstance(expected[path], family)}):
            others = [path for path in missing if not isinstance(expected[path], family)]
            if others:
                return Misconception("only-batchnorm2d", observed)
    return wrong_result(observed)


def _is_derived(layer: nn.Module) -> bool:
    """Return whether a BatchNorm is of a subclass of torch's classes."""
    return not type(layer).__module__.startswith("torch.")


def _counted_kinds(layers: list[nn.Module]) -> str:
    """Say how many of these BatchNorms there are of each class, and which class is derived."""
    counts: dict[str, int] = {}
    for layer in layers:
        kind = type(layer).__name__
        if _is_derived(layer):
            kind += f" (a subclass of {type(layer).__bases__[0].__name__})"
        counts[kind] = counts.get(kind, 0) + 1
    *others, last = [f"{count} {kind}" for kind, count in counts.items()]
    return f"{', '.join(others)} and {last}" if others else last


def _state_of(layer: nn.Module) -> str:
    """Say what is unusual about a BatchNorm, for a message."""
    said = []
    if not layer.training:
        said.append("in eval mode")
    if _is_derived(layer):
        said.append(f"a subclass of {type(layer).__bases__[0].__name__}")
    parameters = list(layer.parameters())
    if not parameters:
        said.append("with affine=False")
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        said.append("with frozen parameters")
    if layer.running_mean is None:
        said.append("with track_running_stats=False")
    if layer._modules:
        said.append("with a layer inside")
    return f" ({', '.join(said)})" if said else ""


# ---- Exercise 5: a backbone that stays in eval --------------------------------------------------


def expect_eval_features(
    name: str,
    module: nn.Module,
    before: State,
    outputs: list[torch.Tensor],
    expected: torch.Tensor,
    record: Record,
) -> None:
    """Raise Misconception unless outputs (B, C) in train, eval and train mode are the expected."""
    wrong = [output for output in outputs if not equal_but_for_rounding(output, expected)]
    if not wrong:
        return
    shape = tuple(wrong[0].shape)
    if shape != tuple(expected.shape):
        raise wrong_result(f"{name}: expected features {tuple(expected.shape)}; got {shape}")
    for output in outputs:
        if bad := not_finite(output):
            raise wrong_result(f"{name}: expected finite features; {bad}")
    gap = largest_gap(wrong[0], expected)
    moved = comparisons.moved_since(module, before)
    # with momentum=0 the batch counters move and the statistics do not
    if any(path.endswith(("running_mean", "running_var")) for path in moved):
        code = why_statistics_moved(module, moved, record)
        raise Misconception(
            code,
            f"{name}: expected the features of eval mode; got others, up to {gap} away; "
            f"{describe_moved(module, before, moved)}",
        )
    if not equal_but_for_rounding(outputs[0], outputs[2]):
        raise Misconception(
            "dropout-still-awake",
            f"{name}: expected the same features each time; no statistic moved, but in train mode "
            f"those of the same images differ by up to {largest_gap(outputs[0], outputs[2])} from "
            "one forward to the next",
        )
    in_eval_mode = outputs[1]
    used = any(forward.training for forward in record.forwards)
    if used and equal_but_for_rounding(in_eval_mode, expected):
        raise Misconception(
            "batch-statistics-used",
            f"{name}: expected the features of eval mode; no statistic moved, but in train mode "
            f"they are up to {gap} away: the BatchNorms normalised with the batch's own mean and "
            "variance",
        )
    raise wrong_result(f"{name}: the features are off by up to {gap}; expected those of eval mode")


# ---- Exercise 6: put it back --------------------------------------------------------------------


def why_not_put_back(
    name: str,
    backbone: nn.Module,
    before: State,
    after: State,
    moved: list[str],
    reads: list[str],
) -> Misconception:
    """Return the Misconception behind tensors that do not have their old values.

    `after` has the values that train() left; `reads` comes from `reads_of`, with "train()" where it
    ran.
    """
    observed = (
        f"{name}: expected that all {len(before)} tensors are as before; {len(moved)} are not: "
        f"{describe_moved(backbone, before, moved)}"
    )
    changed_later = comparisons.moved_since(backbone, after)
    if set(moved) & set(changed_later):
        return wrong_result(f"{observed}. Expected the same bits, not similar values")
    all_by_train = {path for path in before if not comparisons.same(before[path], after[path])}
    buffers = {path for path, _ in backbone.named_buffers()}
    if set(moved) == all_by_train:
        trained = reads.index("train()")
        if "load_state_dict" in reads[:trained] and "load_state_dict" not in reads[trained:]:
            return wrong_result(
                f"{observed}. Expected that they are put back after train(); you load them before"
            )
        if reads[0] != "train()":
            return Misconception(
                "snapshot-without-clone", f"{observed}. They hold what train() left there"
            )
        return wrong_result(f"{observed}. Nothing was put back")
    if set(moved) == buffers & all_by_train:
        return Misconception("parameters-only", observed)
    return Misconception("snapshot-incomplete", f"{observed}. They hold what train() left there")
