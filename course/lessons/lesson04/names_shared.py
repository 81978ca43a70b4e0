"""What a check of exercises 1 and 2 compares: the names that share memory, as they were before."""

import copy
from collections.abc import Callable, Iterable

import torch
from torch import nn

from course.checking import comparisons
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.checking.values import described
from course.lessons.lesson04.sharing import address, full_state, named_tensors, shared_names


def names_in(found: object, call: str, example: str) -> set[str]:
    """Return the names that an answer returned, in whatever holds them.

    Raises Misconception for anything else. `call` is the answer's call, `example` a name.
    """
    expect_something(found, call)
    expected = f"{call}: expected a list or set of names, such as {example!r}"
    if isinstance(found, str | torch.Tensor) or not isinstance(found, Iterable):
        raise wrong_result(f"{expected}; got {described(found)}")
    names = list(found)
    for name in names:
        if not isinstance(name, str):
            raise wrong_result(f"{expected}; it holds {described(name)}")
    return set(names)


def expect_shared_names(answer: Callable, what: str, a: nn.Module, b: nn.Module) -> None:
    """Raise Misconception unless the answer names what `a` shares with `b`, and changes neither.

    `what` is the pair in words.
    """
    expected = set(shared_names(a, b))
    before = [AsItWas(module) for module in (a, b)]
    found = names_in(answer(a, b), f"shared_tensors for {what}", "norm5.weight")
    for module in before:
        module.expect_unchanged(what)
    observed = f"{what}: expected {counted(expected)}; got {counted(found)}"
    extra = sorted(found - expected)
    if extra:
        raise why_too_many(a, b, found, extra[0], observed)
    missing = sorted(expected - found)
    if not missing:
        return
    observed += f"; {missing[0]} is missing"
    state = a.state_dict()
    named = {address(state[name]) for name in found}
    if found and {address(state[name]) for name in missing} <= named:
        observed += ". You name each tensor once, but a.state_dict() has some under several names"
    frozen = {name for name, p in a.named_parameters() if not p.requires_grad}
    if found and frozen.issuperset(missing):
        observed += ". It is frozen, and a frozen parameter is in memory, too"
    buffers = {name for name, _ in a.named_buffers()}
    if set(missing) == buffers & expected != expected:
        raise Misconception("buffers-left-out", observed)
    if not found and what.startswith("two slices"):
        twin = copy.deepcopy(b)
        if names_in(answer(a, twin), "shared_tensors", "norm5.weight") >= expected:
            raise wrong_result(
                f"{observed}. For `a` and a deepcopy, which share nothing, you name them: expected "
                "the names of what is shared, not of what is not"
            )
        raise Misconception(
            "slice-shares-children",
            f"{observed}. The slices are two objects, and state_dict() returns new tensor objects",
        )
    if not found and "assign" in what:
        raise Misconception("identity-is-not-memory", observed)
    raise wrong_result(observed)


def counted(names: set[str]) -> str:
    """Return in words how many names these are."""
    return "1 name" if len(names) == 1 else f"{len(names)} names"


def why_too_many(
    a: nn.Module, b: nn.Module, found: set[str], extra: str, observed: str
) -> Misconception:
    """Return the Misconception behind names, `extra` is one, of tensors that are not shared."""
    of_a, of_b = dict(named_tensors(a)), dict(named_tensors(b))
    if extra not in of_a:
        return wrong_result(f"{observed}; `a` has no parameter or buffer {extra!r}")
    observed += f"; {extra} does not share memory"
    same_name = of_a.keys() & of_b.keys()
    same_values = {name for name in same_name if comparisons.same(of_a[name], of_b[name])}
    if found in (same_name, same_values):
        return Misconception("equal-is-not-shared", observed)
    return wrong_result(observed)


class AsItWas:
    """What a module holds before an answer is called: values, condition, gradients and memory."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.state = full_state(module)
        self.condition = comparisons.condition_and_gradients(module)
        # these references keep the memory in use, so that no new tensor gets the same address
        self.tensors = {name: tensor.detach() for name, tensor in named_tensors(module)}

    def expect_unchanged(self, what: str) -> None:
        """Raise Misconception unless the module is as it was. `what` begins the message."""
        expected = f"{what}: expected that the module stays as it was"
        moved = comparisons.moved_since(self.module, self.state)
        if moved:
            raise Misconception(
                "model-left-changed",
                f"{expected}; your function has changed {first_and_more(moved)}",
            )
        condition = comparisons.condition_and_gradients(self.module)
        changed = comparisons.differences(self.condition, condition)
        if changed:
            raise Misconception("model-left-changed", f"{expected}; {changed[0]}")
        elsewhere = []
        for name, tensor in named_tensors(self.module):
            if address(tensor) != address(self.tensors[name]):
                elsewhere.append(name)
        if elsewhere:
            raise Misconception(
                "model-left-changed",
                f"{expected}; {first_and_more(elsewhere)} is in other memory than before, so it no "
                "longer shares memory with what shared it",
            )
