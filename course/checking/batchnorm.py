"""What checks share about BatchNorm: its layers in a model, and why their running statistics moved.

Lessons 03 and 08 ask for code that leaves running statistics alone. Where they moved, the checks
want to name the mistake. So `watch` records what the learner's code did to the model, and
`why_statistics_moved` reads the record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def batchnorms(model: nn.Module) -> list[tuple[str, _BatchNorm]]:
    """Return (path, layer) of every BatchNorm in the model: 1d, 2d, 3d and SyncBatchNorm.

    `_BatchNorm` is the base class that all of them inherit from in torch.nn.modules.batchnorm.
    """
    found = []
    for path, layer in model.named_modules():
        if isinstance(layer, _BatchNorm):
            found.append((path, layer))
    return found


@dataclass
class Record:
    """What the code in a `watch` block did to the BatchNorms of a model."""

    # how many times a BatchNorm was put into eval mode before the first forward
    evals: int = 0
    # how many times requires_grad of a buffer was set
    buffer_requests: int = 0
    # {id of a BatchNorm: its `training` flag in each of its forwards}
    modes: dict[int, list[bool]] = field(default_factory=dict)
    # for each forward of a BatchNorm, whether autograd recorded it
    recorded: list[bool] = field(default_factory=list)


@contextmanager
def watch(model: nn.Module) -> Iterator[Record]:
    """Record what happens to the model's BatchNorms while the block runs.

    The record helps to name a mistake. It never decides whether there is one.
    """
    record = Record()
    buffers = {id(buffer) for buffer in model.buffers()}
    torch_train = nn.Module.train
    torch_requires_grad_ = torch.Tensor.requires_grad_
    torch_requires_grad = torch.Tensor.requires_grad

    def train(module, mode=True):
        before_first_forward = not record.recorded
        if isinstance(module, _BatchNorm) and not mode and before_first_forward:
            record.evals += 1
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
        record.modes.setdefault(id(layer), []).append(layer.training)
        record.recorded.append(torch.is_grad_enabled())

    watched_property = property(torch_requires_grad.__get__, set_requires_grad)
    hooks = []
    for _, layer in batchnorms(model):
        hooks.append(layer.register_forward_pre_hook(note_forward))
    with (
        mock.patch.object(nn.Module, "train", train),
        mock.patch.object(torch.Tensor, "requires_grad_", requires_grad_),
        mock.patch.object(torch.Tensor, "requires_grad", watched_property),
    ):
        yield record
    for hook in hooks:
        hook.remove()


def why_statistics_moved(model: nn.Module, moved: list[str], record: Record) -> str:
    """Return the code of the misconception behind running statistics that moved.

    `moved` has the names of the tensors that moved, `record` comes from `watch`.
    """
    layers = dict(batchnorms(model))
    if _only_batchnorm2d_rests(layers, moved):
        return "only-batchnorm2d"
    if any(layer.momentum == 1 for layer in layers.values()):
        return "momentum-one"
    for training in record.modes.values():
        if not training[0] and any(training):
            return "eval-in-first-epoch-only"
    if record.buffer_requests:
        return "buffer-requires-grad"
    if record.recorded and not any(record.recorded):
        return "no-grad-protects"
    return "eval-before-train" if record.evals else "requires-grad-alone"


def _only_batchnorm2d_rests(layers: dict[str, _BatchNorm], moved: list[str]) -> bool:
    """Return whether some layers moved, some rest, and those that rest are all BatchNorm2d."""
    resting = []
    for path, layer in layers.items():
        prefix = f"{path}."
        if not any(name.startswith(prefix) for name in moved):
            resting.append(layer)
    if not resting or len(resting) == len(layers):
        return False
    return all(isinstance(layer, nn.BatchNorm2d) for layer in resting)
