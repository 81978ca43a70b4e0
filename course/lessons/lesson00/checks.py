"""Lesson 00, start here: the check of its one exercise."""

import functools

import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.check import Answer, check
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.checking.values import whole_number


class Scaled(nn.Module):
    """A network with a parameter outside its layers: a single number, of shape ()."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return (B, 2) for features (B, 3)."""
        return self.scale * self.layer(features)


SCALED = "a Linear and a scale of shape ()"


@check
def count_parameters(
    answer: Answer,
    names: tuple[str, ...] = ("resnet18", "mobilenet_v3_small"),
    frozen: str = "mobilenet_v3_small",
) -> str:
    """Exercise: how many parameters has a model? Hidden: two other families.

    Last comes a small model with a parameter outside its layers. frozen: the model whose first
    layers do not require gradients; they count as well.
    """
    counts: dict[str, int] = {}
    for name in (*names, SCALED):
        model = Scaled() if name == SCALED else networks.build(name)
        if name == frozen:
            next(model.children()).requires_grad_(False)
        parameters = list(model.parameters())
        trainable = [parameter for parameter in parameters if parameter.requires_grad]
        expected = comparisons.numbers_in(parameters)
        result, changed = comparisons.changes_by(functools.partial(answer, model), model)
        expect_something(result, f"count_parameters({name})")
        if changed:
            raise Misconception(
                "input-changed",
                f"count_parameters({name}) changed the model: {first_and_more(changed)}; expected "
                "that it only counts",
            )
        found = whole_number(result, f"a whole number from count_parameters({name})")
        what = f"for {name}: expected {expected:,}; got {found:,}"
        if found == expected:
            counts[name] = found
        elif found == len(parameters):
            raise Misconception("tensors-not-numbers", f"{what}, the number of tensors")
        elif found in counts.values():
            raise Misconception("answer-from-memory", f"{what}, as for the model before")
        elif found == comparisons.numbers_in(trainable):
            raise Misconception(
                "frozen-not-counted", f"{what}, the parameters that require a gradient"
            )
        elif found == expected + comparisons.numbers_in(model.buffers()):
            raise Misconception("buffers-counted", f"{what}, with the buffers")
        elif found == comparisons.numbers_in(each for each in parameters if each.ndim > 1):
            raise Misconception(
                "biases-not-counted", f"{what}, the tensors with more than one dimension"
            )
        elif found == _without_biases(model):
            raise Misconception("biases-not-counted", f"{what}, the weights without the biases")
        else:
            raise wrong_result(f"{what}{_what_was_counted(found, model)}")
    return f"your count is right: {', '.join(f'{name} {counts[name]:,}' for name in names)}."


def _without_biases(model: nn.Module) -> int:
    """Return how many numbers the parameters hold whose names do not say "bias"."""
    named = model.named_parameters()
    return comparisons.numbers_in(each for name, each in named if "bias" not in name)


def _without_norms(model: nn.Module) -> int:
    """Return how many numbers the parameters of the convolutions and linear layers hold."""
    layers = [each for each in model.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    return sum(comparisons.numbers_in(layer.parameters()) for layer in layers)


def _what_was_counted(found: int, model: nn.Module) -> str:
    """Return in words what a wrong count of parameters holds, "" where it is not known."""
    parameters = list(model.parameters())
    everything = comparisons.numbers_in(parameters)
    in_each_module = sum(comparisons.numbers_in(each.parameters()) for each in model.modules())
    thoughts = {
        0: "because all parameters belong to the layers inside the model",
        in_each_module: "the numbers of each layer and again of each block that holds it",
        sum(int(each.count_nonzero()) for each in parameters): "the numbers that are not 0",
        everything - _without_biases(model): "the biases alone",
        4 * everything: "the bytes, of which a number has four",
        len(model.state_dict()): "the tensors of state_dict(), with the buffers",
        sum(len(each) for each in parameters if each.ndim): "the first dimension of each tensor",
        sum(sum(each.shape) for each in parameters): "the sum, not the product, of each shape",
        parameters[0].numel(): "the numbers of the first tensor alone",
        parameters[-1].numel(): "the numbers of the last tensor alone",
        everything - sum(each.numel() for each in parameters[-2:]): "without the last layer",
        _without_norms(model): "without the norms",
    }
    return f", {thoughts[found]}" if found in thoughts else ""
