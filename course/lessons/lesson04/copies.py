"""Whether branches are full copies of a block: exercise 3."""

import copy
from collections.abc import Callable

import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import all_near, difference
from course.lessons.lesson04.fixtures import block_and_features
from course.lessons.lesson04.names_shared import AsItWas
from course.lessons.lesson04.sharing import (
    expect_independent,
    leaf_conditions,
    why_values_differ,
)


def expect_branches(answer: Callable, name: str, n: int) -> None:
    """Raise Misconception unless the answer makes n independent branches like the named block."""
    block, features = block_and_features(name)
    expected = eval_output(block, features)
    twin = copy.deepcopy(block)
    before = AsItWas(block)
    where = f"independent({name} block, {n})"
    found = answer(block, n)
    if isinstance(found, list | tuple | dict):
        raise Misconception(
            "heads-not-registered",
            f"{where}: expected an nn.ModuleList; got a {type(found).__name__}, which hides its "
            "modules from the model's parameters()",
        )
    expect(found, nn.ModuleList, f"an nn.ModuleList of {n} branches")
    branches = list(vars(found)["_modules"].values())
    if len(branches) != n:
        raise wrong_result(f"{where}: expected {n} branches; got {len(branches)}")
    expect_independent(branches, block, f"{where}: ")
    before.expect_unchanged(where)
    for i, branch in enumerate(branches, 1):
        expect_full_copy(branch, twin, f"{where}: branch {i}")
        output = eval_output(branch, features)
        if not all_near(output, expected, 1e-5, 1e-5):
            raise wrong_result(
                f"{where}: expected that branch {i} computes the features of the block; "
                f"{difference(output, expected, 1e-5, 1e-5)}"
            )


def eval_output(module: nn.Module, features: torch.Tensor) -> torch.Tensor:
    """Return what a copy of the module gives in eval mode, without gradients."""
    with torch.no_grad():
        return copy.deepcopy(module).eval()(features)


def expect_full_copy(branch: nn.Module, block: nn.Module, where: str) -> None:
    """Raise Misconception unless a branch has the values and the condition of the block.

    Its tensors are compared in order, because a copy may give them other names.
    """
    for of_branch, of_block in (
        (list(branch.named_parameters()), list(block.named_parameters())),
        (list(branch.named_buffers()), list(block.named_buffers())),
    ):
        if len(of_branch) != len(of_block):
            raise wrong_result(
                f"{where}: expected {len(of_block)} parameters or buffers, as the block has; got "
                f"{len(of_branch)}"
            )
        for (name, tensor), (_, trained) in zip(of_branch, of_block, strict=True):
            problem = why_values_differ(f"{where}: {name}", tensor, trained)
            if problem:
                raise problem
            if tensor.requires_grad != trained.requires_grad:
                raise wrong_result(
                    f"{where}: expected requires_grad {trained.requires_grad} for {name}, as in "
                    f"the block; got {tensor.requires_grad}"
                )
    same_names = [name for name, _ in branch.named_modules()] == [
        name for name, _ in block.named_modules()
    ]
    changed = comparisons.differences(comparisons.condition(block), comparisons.condition(branch))
    if same_names and changed:
        raise wrong_result(f"{where}: expected a full copy; in the copy {changed[0]}")
    made, given = leaf_conditions(branch), leaf_conditions(block)
    if len(made) != len(given):
        raise wrong_result(f"{where}: expected {len(given)} layers; got {len(made)}")
    for (name, now), (_, then) in zip(made, given, strict=True):
        changed = comparisons.differences(then, now)
        if changed:
            what = changed[0].replace("model.", "")
            raise wrong_result(
                f"{where}: expected a full copy; in the copy, layer {name or 'itself'}: {what}"
            )
