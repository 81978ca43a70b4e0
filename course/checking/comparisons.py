"""What checks compare: the tensors of a model before and after, its logits, its features."""

import zlib
from collections.abc import Callable, Iterable

import torch
from torch import nn


def fingerprint(tensor: torch.Tensor) -> tuple[tuple[int, ...], int]:
    """Return the shape and the CRC-32 of a tensor's bytes: equal for equal values, whatever object
    holds them.

    A CRC is enough, because nobody profits from a collision here, and a cryptographic digest takes
    ten times as long.
    """
    values = tensor.detach().contiguous().numpy()
    return tuple(tensor.shape), zlib.crc32(values)


def tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return all parameters, then all buffers of a model by name, each object once."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def snapshot(named: Iterable[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return {name: clone} of named tensors.

    `named` is `model.named_parameters()`, or `tensors(model).items()` where buffers count as well.
    """
    return {name: tensor.detach().clone() for name, tensor in named}


def moved_since(model: nn.Module, before: dict[str, torch.Tensor]) -> list[str]:
    """Return the names of the tensors in `before`, a `snapshot`, whose values in the model have
    changed in any bit.
    """
    moved = []
    for name, tensor in tensors(model).items():
        if name in before and not torch.equal(tensor, before[name]):
            moved.append(name)
    return moved


def numbers_in(parameters: Iterable[torch.Tensor]) -> int:
    """Return how many numbers these parameters hold together."""
    return sum(parameter.numel() for parameter in parameters)


def learning_rates(optimizer: torch.optim.Optimizer) -> dict[int, float]:
    """Return {id of a parameter: its learning rate} for all that the optimizer holds."""
    rates = {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            rates[id(parameter)] = group["lr"]
    return rates


def are_probabilities(logits: torch.Tensor) -> bool:
    """Return whether these logits (N, C) went through a softmax: no value is negative, and each row
    sums to 1.
    """
    if logits.min() < 0:
        return False
    return torch.allclose(logits.sum(1), torch.ones(len(logits)), atol=1e-4)


def features_in_batches(
    model: nn.Module,
    images: torch.Tensor,
    preprocess: Callable[[torch.Tensor], torch.Tensor],
    size: int = 50,
) -> torch.Tensor:
    """Return what `model` gives for uint8 images (N, 3, S, S): features (N, D).

    `size` images go through the network at a time, so that the activations of one batch alone are
    in memory.
    """
    outputs = []
    with torch.no_grad():
        for batch in images.split(size):
            outputs.append(model(preprocess(batch)))  # (size, D)
    return torch.cat(outputs)
