"""Lesson 09: what the check of exercise 5 requires of a low-rank change."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from course.checking import comparisons, draws, panel, values
from course.checking.autograd import leaf_tensors
from course.checking.check import expect
from course.checking.misconception import (
    Misconception,
    first_and_more,
    wrong_result,
)

OF_MODULE = vars(nn.Module()).keys()  # PyTorch's own attributes, such as _parameters


def try_low_rank(answer: Callable, options: Mapping[str, Any], seed: int) -> str:
    """Return the layer in words; raise Misconception unless the answer changes it as required.

    options: the layer's kind, its sizes, `rank`, and perhaps `groups` and `dtype`.
    """
    kind, sizes, rank = options["kind"], options["sizes"], options["rank"]
    dtype = options.get("dtype", torch.float32)
    more = {"groups": options["groups"]} if "groups" in options else {}
    torch.manual_seed(seed)
    layer = getattr(nn, kind)(*sizes, **more, dtype=dtype)
    layer.requires_grad_(False)
    shape = (5, sizes[0]) if kind == "Linear" else (2, sizes[0], 6, 6)
    inputs = draws.noise(seed, *shape).to(dtype)
    plain = layer(inputs)
    weight = layer.weight.detach().clone()
    where = f"{kind}{sizes}, rank {rank}"
    change = answer(layer.weight, rank)
    expect(change, nn.Module, "low_rank(weight, rank) to return an nn.Module")
    _expect_factors(change, weight, rank, where)
    alone = _changed(change, layer.weight, where)
    expect(alone, torch.Tensor, "forward(weight) to return a tensor")
    _expect_weight_kept(change, weight, where)
    _expect_returned(change, alone, weight, where)
    parametrize.register_parametrization(layer, "weight", change)
    if not torch.equal(layer(inputs), plain):
        raise Misconception(
            "change-at-the-start",
            f"{where}: before any step the layer's outputs differ by up to "
            f"{(layer(inputs) - plain).abs().max():.2g}",
        )
    _expect_training(change, layer, inputs, where)
    _fill(change, seed)
    for mode in ("eval", "train"):  # eval first: what training has cached would be old
        change.train(mode == "train")
        _expect_returned(change, change(weight + 1), weight + 1, f"{where}, in {mode} mode")
    changed = layer(inputs)
    parametrize.remove_parametrizations(layer, "weight")
    if not values.all_near(layer(inputs), changed, 1e-6):
        raise wrong_result(
            f"{where}: expected the same outputs after remove_parametrizations, which merges the "
            f"change: {values.difference(layer(inputs), changed, 1e-6)}"
        )
    return where


def _expect_factors(change: nn.Module, weight: torch.Tensor, rank: int, where: str) -> None:
    """Raise Misconception unless A and B are there, with their shapes, and nothing else."""
    rows, columns = len(weight), weight[0].numel()
    shapes = {"A": (rank, columns), "B": (rows, rank)}
    parameters = dict(change.named_parameters())
    for name, shape in shapes.items():
        factor = getattr(change, name, None)
        if not isinstance(factor, torch.Tensor):
            raise wrong_result(
                f"{where}: expected a parameter `{name}`; got {values.shown(factor)}"
            )
        if name not in parameters or not factor.requires_grad:
            raise Misconception(
                "factors-not-trained",
                f"{where}: `{name}` is a {type(factor).__name__} with "
                f"requires_grad={factor.requires_grad}; expected a trainable nn.Parameter",
            )
        if tuple(factor.shape) != shape:
            raise wrong_result(
                f"{where}: expected `{name}` of shape {shape}; got {tuple(factor.shape)}"
            )
        if factor.dtype != weight.dtype:
            raise wrong_result(
                f"{where}: expected `{name}` in {weight.dtype}, like the weight; got {factor.dtype}"
            )
    attributes = {
        name
        for module in change.modules()
        for name, value in vars(module).items()
        if name not in OF_MODULE and _holds_a_tensor(value)
    }
    others = sorted((comparisons.tensors(change).keys() | attributes) - shapes.keys())
    if others:
        raise Misconception(
            "more-than-two-factors", f"{where}: the module also stores {first_and_more(others)}"
        )


def _holds_a_tensor(value: Any) -> bool:
    """Return whether an attribute is a tensor, or a list, tuple or dict with one in it."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(map(_holds_a_tensor, value))
    return isinstance(value, torch.Tensor)


def _changed(change: nn.Module, weight: torch.Tensor, where: str) -> Any:
    """Return what forward gives; raise Misconception where the module has none."""
    try:
        return change(weight)
    except NotImplementedError as problem:
        if panel.raised_by_learner(problem):
            raise
        raise wrong_result(
            f"{where}: expected a module with a method forward(weight); {type(change).__name__} "
            "has none"
        ) from None


def _fill(change: nn.Module, seed: int) -> None:
    """Give both factors made-up values."""
    with torch.no_grad():
        change.A.copy_(draws.noise(seed + 50, *change.A.shape))
        change.B.copy_(draws.noise(seed + 60, *change.B.shape))


def _expect_weight_kept(change: nn.Module, weight: torch.Tensor, where: str) -> None:
    """Raise Misconception where forward changes the weight that it gets.

    The factors have other values meanwhile: at the start the change may be zero.
    """
    start = comparisons.snapshot(change.named_parameters())
    _fill(change, seed=0)
    given = weight.clone()
    change(given)
    if not comparisons.same(given.detach(), weight):
        raise wrong_result(
            f"{where}: forward(weight) changes the weight that it gets; expected that it returns "
            "a new tensor"
        )
    with torch.no_grad():
        for name, parameter in change.named_parameters():
            parameter.copy_(start[name])


def _expect_returned(
    change: nn.Module, found: torch.Tensor, weight: torch.Tensor, where: str
) -> None:
    """Raise Misconception unless forward returned the weight plus B @ A."""
    added = (change.B @ change.A).detach().reshape(weight.shape)
    if found.shape != weight.shape or found.dtype != weight.dtype:
        raise wrong_result(
            f"{where}: expected forward(weight) to return {tuple(weight.shape)} {weight.dtype}; "
            f"got {tuple(found.shape)} {found.dtype}"
        )
    if values.all_near(found, weight + added, 1e-5):
        return
    if values.all_near(found, added, 1e-5):
        raise Misconception(
            "weight-not-included", f"{where}: forward(weight) returns only the change"
        )
    difference = (found - weight).detach()
    scale = float((difference * added).sum() / added.square().sum().clamp(min=1e-12))
    if scale > 0 and values.all_near(difference, scale * added, 1e-5):
        raise Misconception(
            "change-scaled", f"{where}: expected weight + B @ A; got weight + {scale:.3g} * B @ A"
        )
    raise wrong_result(
        f"{where}: expected weight + B @ A; {values.difference(found, weight + added, 1e-5)}"
    )


def _expect_training(change: nn.Module, layer: nn.Module, inputs: torch.Tensor, where: str) -> None:
    """Raise Misconception unless steps train both factors and leave the original weight alone."""
    start = comparisons.snapshot(change.named_parameters())
    rank = max(int(torch.linalg.matrix_rank(f.double(), rtol=1e-6)) for f in start.values())
    if 0 < rank < len(change.A):
        raise wrong_result(
            f"{where}: at the start the factors have rank {rank}, and training keeps `B @ A` near "
            f"it; expected {len(change.A)}: one factor starts with random values"
        )
    leaves = {id(leaf) for leaf in leaf_tensors(layer(inputs).sum())}
    if not leaves & {id(p) for p in change.parameters()}:
        raise Misconception(
            "factors-not-trained", f"{where}: no gradient reaches A and B from the layer's output"
        )
    optimizer = torch.optim.SGD(change.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = (layer(inputs) - 1).square().mean()
        try:
            loss.backward()
        except RuntimeError as problem:
            if panel.raised_by_learner(problem):
                raise
            said = str(problem).split(". ")[0]
            raise wrong_result(
                f"{where}: expected that the layer can train for several steps; backward() raises "
                f"RuntimeError: {said}"
            ) from None
        optimizer.step()
    still = start.keys() - set(comparisons.moved_since(change, start))
    if len(still) == 2:
        raise Misconception("both-factors-zero", f"{where}: three steps change neither A nor B")
    if still:
        raise Misconception(
            "factors-not-trained",
            f"{where}: expected that three steps change A and B; they do not change `{min(still)}`",
        )
