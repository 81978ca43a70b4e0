"""Exercise 1 of lesson 02: what an answer says of the three switches, and what its forward did."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.check import Answer
from course.checking.misconception import (
    Misconception,
    expect_pair,
    first_and_more,
    unlike,
    wrong_result,
)
from course.checking.values import described, shown
from course.lessons.lesson02.diagnosis import expect_no_lookalike
from course.lessons.lesson02.fixtures import OtherBuffers, noted_buffer_reads


class Switches(NamedTuple):
    """The settings of one row of exercise 1's table."""

    frozen: bool
    evaluating: bool
    without_grad: bool


class Forward(NamedTuple):
    """What one forward of exercise 1 found."""

    modes: set[bool]  # of all modules
    trainable: int  # parameters
    parameters: int  # all of them
    recorded: bool  # by autograd
    images: int  # in the batch


class ProbeRow(NamedTuple):
    """What an answer to exercise 1 says of one row of the table."""

    learns: bool
    moves: bool
    read_buffers: bool  # whether it listed the buffers of a module
    row: str  # the row in words


NO_BUFFERS = "this network has no buffers (`all` of nothing is True, `any` is False)"


def network(name: str) -> nn.Module:
    """Return a network by name: one of torchvision's, or a small one with other buffers."""
    if name.endswith(" network"):
        return OtherBuffers(moving=name == "a small network")
    return networks.build(name)


def moved_by_forward(model: nn.Module, images: torch.Tensor, mode: str) -> list[str]:
    """Return the names of the buffers that a forward changes in a mode. Works on a copy."""
    model = networks.copied(model).train(mode == "train")
    start = comparisons.snapshot(model.named_buffers())
    with torch.no_grad():
        model(images)
    return comparisons.moved_since(model, start)


def probe_row(
    answer: Answer, model: nn.Module, images: torch.Tensor, switches: Switches, name: str
) -> ProbeRow:
    """Return what the answer says of one setting of the switches.

    Raises Misconception unless it has run the model, or a copy, once with these switches.
    """
    forwards: list[Forward] = []
    buffer_reads: list[str] = []
    leaf = next(layer for layer in model.modules() if not list(layer.children()))

    def note(layer: nn.Module, inputs: Any) -> None:
        whole = model if layer is leaf else layer  # of a copy only this layer can be seen
        modes = {module.training for module in whole.modules()}
        trainable = [parameter.requires_grad for parameter in whole.parameters()]
        recorded = torch.is_grad_enabled()
        count = len(inputs[0])
        forwards.append(Forward(modes, sum(trainable), len(trainable), recorded, count))

    leaf.register_forward_pre_hook(note)
    with torch.enable_grad(), noted_buffer_reads(buffer_reads):
        result = answer(model, images, *switches)
    row = ", ".join([name, *(f"{switch}={value}" for switch, value in switches._asdict().items())])
    expected = "a pair of bools (learns, moves)"
    said = expect_pair(result, f"{row}: expected {expected}, got {shown(result)}")
    learns, moves = (_as_bool(value, f"{row}: expected {expected}") for value in said)
    _expect_one_forward(model, forwards, switches, row)
    if forwards[0].images != len(images):
        raise wrong_result(
            f"{row}: expected a forward of all {len(images)} images; got one of "
            f"{forwards[0].images}"
        )
    return ProbeRow(learns, moves, bool(buffer_reads), row)


def _as_bool(value: Any, expected: str) -> bool:
    """Return a bool of Python's, NumPy's or torch's as Python's."""
    if torch.is_tensor(value) and value.numel() == 1 and value.dtype == torch.bool:
        return bool(value)
    if not isinstance(value, bool | np.bool_):
        raise unlike(value, f"{expected}; one of them is {described(value)}")
    return bool(value)


def _expect_one_forward(
    model: nn.Module, forwards: list[Forward], switches: Switches, row: str
) -> None:
    """Raise Misconception unless the model ran once, with the switches as the row says."""
    if len(forwards) != 1:
        raise Misconception(
            "wrong-result" if forwards else "answer-from-memory",
            f"{row}: expected one forward of the model; got {len(forwards)}",
        )
    forward = forwards[0]
    total = forward.parameters
    if switches.frozen and forward.trainable:
        expect_no_lookalike(model, [path for path, _ in model.named_parameters()], row)
    if forward.trainable != (0 if switches.frozen else total):
        also_in_eval = switches == (False, True, False) and forward.modes == {False}
        raise Misconception(
            "eval-as-freezing" if also_in_eval else "wrong-result",
            f"{row}: in the forward {forward.trainable} of {total} parameters had "
            f"requires_grad=True; expected {0 if switches.frozen else total}",
        )
    if forward.modes != {not switches.evaluating}:
        expected, other = ("eval", "train") if switches.evaluating else ("train", "eval")
        got = "some of its layers" if len(forward.modes) > 1 else "the model"
        raise wrong_result(
            f"{row}: expected a forward in {expected} mode; {got} ran in {other} mode"
        )
    if forward.recorded == switches.without_grad:
        raise wrong_result(
            f"{row}: in the forward torch.is_grad_enabled() was {forward.recorded}; "
            f"expected {not forward.recorded}"
        )


def expect_learns(learns: bool, switches: Switches, row: str) -> None:
    """Parameters can train where they are not frozen and the forward records gradients."""
    if learns == (not switches.frozen and not switches.without_grad):
        return
    only_evaluating = switches == (False, True, False)
    can = "cannot" if learns else "can"
    raise Misconception(
        "eval-as-freezing" if only_evaluating else "wrong-result",
        f"{row}: expected learns={not learns}, because a loss on that output {can} train the "
        f"parameters; got {learns}",
    )


def expect_moves(
    moves: bool, moving: list[str], buffers: int, switches: Switches, row: str, is_first: bool
) -> None:
    """Raise Misconception unless `moves` is right.

    moving: the buffers that change, of so many `buffers`. is_first: the answer has not yet found
    any that changed in another network.
    """
    if moves == bool(moving):
        return
    if moves:
        why = "no buffer changed" if buffers else NO_BUFFERS
        raise wrong_result(f"{row}: expected moves=False, because {why}; got True")
    what = f"{row}: expected moves=True, because {first_and_more(moving)} changed; got False"
    if switches.frozen or switches.without_grad:
        raise Misconception("buffers-are-not-parameters", what)
    raise Misconception("compared-with-itself" if is_first else "values-left-out", what)
