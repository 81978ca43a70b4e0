"""What checks share about BatchNorm: its layers in a model, and why their running statistics moved.

Lessons 03 and 08 ask for code that leaves running statistics alone. Where they moved, the checks
want to name the mistake. So `watch` records what the learner's code did to the model, and
`why_statistics_moved` reads the record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from unittest import mock

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
NAMES_OF_HABIT = ("bn", "norm")  # what people look for in the name of a BatchNorm


def batchnorms(model: nn.Module) -> list[tuple[str, _BatchNorm]]:
    """Return (path, layer) of every BatchNorm in the model: 1d, 2d, 3d and SyncBatchNorm.

    `_BatchNorm` is the base class that all of them inherit from in torch.nn.modules.batchnorm.
    """
    found = []
    for path, layer in model.named_modules():
        if isinstance(layer, _BatchNorm):
            found.append((path, layer))
    return found


def with_statistics_of(model: nn.Module, images: torch.Tensor) -> nn.Module:
    """Give the new BatchNorms of a model the statistics of one batch; return it in train mode."""
    momenta = {norm: norm.momentum for _, norm in batchnorms(model)}
    for norm in momenta:
        norm.momentum = None  # a cumulative average: the first batch replaces the statistics
    with torch.no_grad():
        model.train()(images)
    for norm, momentum in momenta.items():
        norm.momentum = momentum
    return model


class Forward(NamedTuple):
    """One forward of a BatchNorm."""

    layer: int  # id of the BatchNorm
    training: bool  # whether it was in train mode, and so normalised with the batch's statistics
    recorded: bool  # whether autograd recorded the forward
    frozen: bool  # whether all its parameters had requires_grad=False


@dataclass
class Record:
    """What the code in a `watch` block did to the BatchNorms of a model."""

    # how many times requires_grad of a buffer was set
    buffer_requests: int = 0
    # {id of a BatchNorm: the calls of its train() before its first forward, "train" or "eval"}
    calls: dict[int, list[str]] = field(default_factory=dict)
    forwards: list[Forward] = field(default_factory=list)
    # ids of the BatchNorms that took part in training before their first forward in train mode
    trained_in_eval: set[int] = field(default_factory=set)
    # {id of a BatchNorm: its momentum at the beginning}
    momenta: dict[int, float | None] = field(default_factory=dict)


@contextmanager
def watch(model: nn.Module) -> Iterator[Record]:
    """Record what happens to the model's BatchNorms while the block runs.

    The record helps to name a mistake. It never decides whether there is one.
    """
    record = Record()
    buffers = {id(buffer) for buffer in model.buffers()}
    ran = set()  # ids of the BatchNorms that have run
    ran_in_train_mode = set()
    ran_with_gradients = set()
    torch_train = nn.Module.train
    torch_requires_grad_ = torch.Tensor.requires_grad_
    torch_requires_grad = torch.Tensor.requires_grad

    def train(module, mode=True):
        if isinstance(module, _BatchNorm) and id(module) not in ran:
            record.calls.setdefault(id(module), []).append("train" if mode else "eval")
        return torch_train(module, mode)

    def requires_grad_(tensor, requires_grad=True):
        if id(tensor) in buffers:
            record.buffer_requests += 1
        return torch_requires_grad_(tensor, requires_grad)

    def set_requires_grad(tensor, value):
        if id(tensor) in buffers:
            record.buffer_requests += 1
        torch_requires_grad.__set__(tensor, value)

    def note_forward(layer, inputs):
        frozen = not any(parameter.requires_grad for parameter in layer.parameters())
        forward = Forward(id(layer), layer.training, torch.is_grad_enabled(), frozen)
        record.forwards.append(forward)
        ran.add(id(layer))
        if layer.training:
            ran_in_train_mode.add(id(layer))
        if forward.recorded:
            ran_with_gradients.add(id(layer))

    def noting_training(compute_gradients):
        def noted(*args, **kwargs):
            record.trained_in_eval |= ran_with_gradients - ran_in_train_mode
            return compute_gradients(*args, **kwargs)

        return noted

    watched_property = property(torch_requires_grad.__get__, set_requires_grad)
    hooks = []
    for _, layer in batchnorms(model):
        record.momenta[id(layer)] = layer.momentum
        hooks.append(layer.register_forward_pre_hook(note_forward))
    with (
        mock.patch.object(torch.autograd, "backward", noting_training(torch.autograd.backward)),
        mock.patch.object(torch.autograd, "grad", noting_training(torch.autograd.grad)),
        mock.patch.object(nn.Module, "train", train),
        mock.patch.object(torch.Tensor, "requires_grad_", requires_grad_),
        mock.patch.object(torch.Tensor, "requires_grad", watched_property),
    ):
        yield record
    for hook in hooks:
        hook.remove()


def why_statistics_moved(model: nn.Module, moved: list[str], record: Record) -> str:
    """Return the code of the misconception behind running statistics that moved.

    `moved` has the names of the tensors that moved, `record` comes from `watch`. The code is
    "wrong-result" where the record singles out no misconception.
    """
    layers = dict(batchnorms(model))
    in_train_mode = [forward for forward in record.forwards if forward.training]
    moving = {path for path in layers if any(f"{path}.{name}" in moved for name in STATISTICS)}
    if not in_train_mode or not moving:
        return "wrong-result"
    if moving != set(layers):
        return _why_some_moved(layers, moving)
    if any(_set_to_one(layer, record) for layer in layers.values()):
        return "momentum-one"
    if any(forward.layer in record.trained_in_eval for forward in in_train_mode):
        return "eval-in-first-epoch-only"
    if record.buffer_requests:
        return "buffer-requires-grad"
    if any("eval" in calls and calls[-1] == "train" for calls in record.calls.values()):
        return "eval-before-train"
    if not any(forward.recorded for forward in in_train_mode):
        return "no-grad-protects"
    if not any(forward.frozen for forward in in_train_mode):
        return "frozen-part-in-train-mode"
    return "requires-grad-alone"


def _why_some_moved(layers: dict[str, _BatchNorm], moving: set[str]) -> str:
    """Return the code where the statistics of some layers moved and those of others did not."""
    resting = set(layers) - moving
    two_dimensional = {path for path in layers if isinstance(layers[path], nn.BatchNorm2d)}
    if resting == two_dimensional:
        return "only-batchnorm2d"
    return "batchnorm-by-name" if found_by_name(resting, set(layers)) else "wrong-result"


def found_by_name(found: set[str], paths: set[str]) -> bool:
    """Return whether `found` are just those paths that contain "bn", or that contain "norm"."""
    for habit in NAMES_OF_HABIT:
        if found == {path for path in paths if habit in path.lower()}:
            return bool(found)
    return False


def _set_to_one(layer: _BatchNorm, record: Record) -> bool:
    """Return whether the momentum of a layer was another at the beginning, and is now 1."""
    return layer.momentum == 1 and record.momenta.get(id(layer), 1) != 1
