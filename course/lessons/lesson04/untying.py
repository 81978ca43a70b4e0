"""Whether a model's branches are independent, and all else is as it was: exercise 8."""

from collections.abc import Callable

import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import expect
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import all_near, difference
from course.lessons.lesson04.fixtures import (
    Sizes,
    model_with_branches,
    varied_images,
    with_branches,
)
from course.lessons.lesson04.sharing import (
    State,
    address,
    expect_independent,
    full_state,
    named_tensors,
    shared_names,
    why_values_differ,
)
from course.vision.modes import in_eval_mode


def expect_untied(answer: Callable, kind: str, sizes: Sizes, train: bool) -> None:
    """Raise Misconception unless the answer unties a model whose branches share in this way.

    With `train` the model is in train mode, apart from its trunk, which is frozen too.
    """
    model = model_with_branches(kind, sizes)
    model.branches[0].norm5.bias.requires_grad_(False)
    if train:
        model.train()
        model.trunk.requires_grad_(False).eval()
    images = varied_images()
    expected = eval_logits(model, images)
    before = full_state(model)
    conditions = conditions_of_parts(model)
    # these references keep the old memory in use, so that no new tensor gets the same address
    old_tensors = [tensor.detach() for _, tensor in named_tensors(model.branches[0])]
    found = answer(model)
    expect(found, nn.Module, "the model from untie(model)")
    where = f"{with_branches(kind)}: "
    kept = getattr(found, "branches", None)
    if not isinstance(kept, nn.ModuleList):
        raise wrong_result(
            f"{where}expected an nn.ModuleList as model.branches of what you return; got "
            f"{type(kept).__name__}"
        )
    branches = list(kept)
    if len(branches) != len(sizes):
        raise wrong_result(f"{where}expected {len(sizes)} branches; got {len(branches)}")
    moved = comparisons.moved_since(found, before)
    try:
        expect_independent(branches, None, where)
    except Misconception as tied:
        raise why_still_tied(tied, where, found, before, moved, old_tensors) from None
    if found is not model:
        raise wrong_result(f"{where}expected the same model object back; got another one")
    now = dict(named_tensors(found))
    now_conditions = conditions_of_parts(found)
    expect_own_values(
        [parts_of_branch(before, conditions, number) for number in range(len(sizes))],
        [parts_of_branch(now, now_conditions, number) for number in range(len(sizes))],
        where,
    )
    for name in moved:
        if name not in now:
            raise wrong_result(f"{where}expected the keys as before; {name} is gone")
        problem = why_values_differ(f"{where}{name}", now[name], before[name])
        if problem:
            raise problem
    changed = comparisons.differences(conditions, now_conditions)
    if changed:
        raise wrong_result(f"{where}expected that nothing else changes; {changed[0]}")
    for i, (got, then) in enumerate(zip(eval_logits(found, images), expected, strict=True), 1):
        if not all_near(got, then, 1e-5, 1e-5):
            raise wrong_result(
                f"{where}expected the logits of target {i} as before: "
                f"{difference(got, then, 1e-5, 1e-5)}"
            )


def expect_own_values(before: list[dict], now: list[dict], where: str) -> None:
    """Raise Misconception where a branch has become another one.

    before, now: `parts_of_branch` of each branch.
    """
    count = len(now)
    if now == before:
        return
    expected = "expected that each branch keeps its own values, mode and requires_grad"
    if now == before[::-1]:
        raise wrong_result(f"{where}the branches are in reversed order; {expected}")
    for other in range(count):
        if all(parts == before[other] for parts in now):
            raise wrong_result(f"{where}all {count} are copies of branch {other + 1}; {expected}")
    if all(parts in before for parts in now):
        number = next(number for number in range(count) if now[number] != before[number])
        other = before.index(now[number])
        raise wrong_result(f"{where}branch {number + 1} is what branch {other + 1} was; {expected}")


def parts_of_branch(tensors: State, conditions: dict, number: int) -> dict:
    """Return {what: fingerprint or condition} of all that a branch has; numbers count from 0."""
    prefix = f"branches.{number}."
    found = {}
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            found[name.removeprefix(prefix)] = comparisons.fingerprint(tensor)
    prefix = f"model.branches.{number}: "
    for what, condition in conditions.items():
        if what.startswith(prefix):
            found[what.removeprefix(prefix)] = condition
    return found


def eval_logits(model: nn.Module, images: torch.Tensor) -> list[torch.Tensor]:
    """Return the model's logits in eval mode, without gradients; each part keeps its mode."""
    with in_eval_mode(model), torch.no_grad():
        return model(images)


def conditions_of_parts(model: nn.Module) -> dict:
    """Return the condition of each part of a model; shared parts count under each of their names.

    Only the container of the branches is left out, because a new one may take its place.
    """
    parts = {"model.trunk": model.trunk, "model.heads": model.heads}
    parts.update({f"model.branches.{i}": branch for i, branch in enumerate(model.branches)})
    found = {"model.training": model.training}
    for part, module in parts.items():
        for what, value in comparisons.condition(module).items():
            found[f"{part}: {what.removeprefix('model.')}"] = value
    return found


def why_still_tied(
    tied: Misconception,
    where: str,
    model: nn.Module,
    before: State,
    moved: list[str],
    old_tensors: list[torch.Tensor],
) -> Misconception:
    """Return the Misconception behind branches that still share memory after the answer.

    `tied` is what `expect_independent` found. `old_tensors` are those of branch 1 before the call.
    """
    tensors = dict(named_tensors(model))
    moved = [name for name in moved if name.startswith("branches.") and name in tensors]
    if moved:
        distance = (tensors[moved[0]].double() - before[moved[0]].double()).abs().max()
        return Misconception(
            "will-diverge",
            f"{tied.observed}. {moved[0]} has changed by {distance:.2g}, in all that share it",
        )
    old_places = {address(tensor) for tensor in old_tensors}
    first, *others = model.branches
    for branch in others:
        shared = set(shared_names(first, branch))
        new_places = set()
        for name, tensor in named_tensors(first):
            if name in shared and tensor.is_floating_point():  # .double() leaves the counters alone
                new_places.add(address(tensor))
        if new_places and old_places.isdisjoint(new_places):
            return Misconception(
                "copy-keeps-sharing", f"{tied.observed}. They are in new memory, together again"
            )
    return tied
