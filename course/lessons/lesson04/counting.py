"""The models of exercise 2, and the thought behind a wrong count of their numbers."""

from collections.abc import Iterable

import torch
from torch import nn

from course.checking import comparisons
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson04.fixtures import Sizes, Tied, model_with_branches
from course.lessons.lesson04.sharing import address, named_tensors

MODELS_IN_WORDS = {
    "equal": "a model with copied branches of equal values",
    "tied": "a model with two parameters in one memory, one of them transposed",
    "frozen": "a model with a frozen trunk",
    "float64": "a model in float64",
    "own": "a model with a parameter of its own, outside its layers",
}


def model_to_count(kind: str, sizes: Sizes) -> nn.Module:
    """A model for Exercise 2: one of BRANCH_KINDS, or a kind that MODELS_IN_WORDS explains."""
    if kind == "tied":
        return Tied()
    if kind == "own":
        model = nn.Sequential(nn.Linear(3, 2))
        model.scale = nn.Parameter(torch.ones(4))
        return model
    if kind == "equal":
        model = model_with_branches("copied", sizes)
        for branch in model.branches:
            branch.load_state_dict(model.branches[0].state_dict())
        return model
    if kind == "frozen":
        model = model_with_branches("sliced", sizes)
        model.trunk.requires_grad_(False)
        return model
    if kind == "float64":
        return model_with_branches("sliced", sizes).double()
    return model_with_branches(kind, sizes)


def stored_in(named: Iterable[tuple[str, torch.Tensor]]) -> int:
    """Return how many numbers named tensors hold in memory; each memory counts once."""
    return sum({address(tensor): tensor.numel() for _, tensor in named}.values())


def why_wrong_count(model: nn.Module, kind: str, found: int, observed: str) -> Misconception:
    """Return the Misconception behind a wrong count of a model's numbers."""
    state = model.state_dict()
    objects = list(model.parameters())  # each object once
    of_names = [p for _, p in model.named_parameters(remove_duplicate=False)]  # once for each name
    from_state = comparisons.numbers_in(state.values())
    from_names = comparisons.numbers_in(of_names)
    from_objects = comparisons.numbers_in(objects)
    from_values = sum({comparisons.fingerprint(p): p.numel() for p in of_names}.values())
    if found in (from_state, from_names) and from_names != from_objects:
        return Misconception(
            "counted-from-state-dict",
            f"{observed}. The state_dict has {len(state):,} entries: it repeats shared tensors, "
            "and it has the buffers",
        )
    if found == from_objects:
        return Misconception(
            "identity-is-not-memory",
            f"{observed}. {len(objects)} different parameter objects; some use the same memory",
        )
    if found == from_values:
        return Misconception(
            "equal-is-not-shared", f"{observed}. Parameters with equal values are stored separately"
        )
    if found == sum({address(p): p.nbytes for p in objects}.values()):
        return wrong_result(f"{observed}, which counts the bytes")
    if found in (len(of_names), len(objects)):
        return Misconception("tensors-not-numbers", observed)
    trainable = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if found == stored_in(trainable):
        return wrong_result(f"{observed}, which leaves out the frozen parameters")
    if found == stored_in(named_tensors(model)):
        return wrong_result(f"{observed}, which counts the buffers too")
    return wrong_result(observed)
