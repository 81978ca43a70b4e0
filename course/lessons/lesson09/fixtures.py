"""What the checks of lesson 09 try answers on: networks, a low-rank change, a trained adapter."""

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from course.checking import comparisons, draws, networks
from course.checking.batchnorm import batchnorms

STAGES = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc")  # of a ResNet, in order


def classifier(name: str, n: int = 3) -> nn.Module:
    """Return a ResNet with a new head for n classes, in train mode.

    Its running statistics are those of a first batch, so that a forward in train mode on other
    images moves them.
    """
    model = networks.build(name)
    model.fc = nn.Linear(model.fc.in_features, n)
    with torch.no_grad():
        model(networks.images(name, 4))
    return model


def bright_images(name: str, count: int = 4) -> torch.Tensor:
    """Return made-up images (count, 3, S, S) that are brighter than those of `classifier`."""
    return networks.images(name, count) + 1


def step_of_sgd(model: nn.Module, images: torch.Tensor, lr: float) -> None:
    """Make one step with all parameters that require a gradient, in the model's own mode."""
    trainable = [p for p in model.parameters() if p.requires_grad]
    labels = torch.arange(len(images)) % 3
    loss = F.cross_entropy(model(images), labels)
    gradients = torch.autograd.grad(loss, trainable, allow_unused=True)
    with torch.no_grad():
        for parameter, gradient in zip(trainable, gradients, strict=True):
            if gradient is not None:
                parameter -= lr * gradient


def freeze_some(model: nn.Module) -> None:
    """Freeze two parameters of a network: the first with one dimension, the first with more.

    A norm or a bias that is frozen has no place in a group either.
    """
    for wanted in (True, False):
        parameters = [p for p in model.parameters() if p.ndim]
        next(p for p in parameters if (p.ndim == 1) == wanted).requires_grad_(False)


class Mixed(nn.Module):
    """Layers of many kinds, with norms, biases, an activation and a scale that learn.

    The names do not say what a parameter is, and two layers share a weight. Maps
    (B, 3, S, S) to logits (B, 3).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.first = nn.GroupNorm(2, 8)
        self.act = nn.PReLU(8)
        self.mix = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.there, self.back = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)
        self.back.weight = self.there.weight
        self.scale = nn.Parameter(torch.ones(()))
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(8, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 3)."""
        maps = self.act(self.first(self.stem(images)))  # (B, 8, S, S)
        tokens = self.mix(maps.flatten(2).transpose(1, 2))  # (B, S * S, 8)
        return self.head(self.scale * self.back(self.there(tokens)).mean(1))


# ---- low-rank changes ---------------------------------------------------------------------------


class Change(nn.Module):
    """A low-rank change of a weight, as exercise 5 asks for it."""

    def __init__(self, weight: torch.Tensor, rank: int) -> None:
        super().__init__()
        rows = len(weight)
        self.A = nn.Parameter(torch.randn(rank, weight.numel() // rows) / rank)
        self.B = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the changed weight."""
        return weight + (self.B @ self.A).view_as(weight)


class Adapted(nn.Module):
    """A frozen backbone with low-rank changes in some layers, and a new head that trains.

    One buffer is no part of the state_dict (`persistent=False`); two others are not BatchNorm's.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        backbone = networks.build(name)
        path, head = networks.old_head(backbone)
        backbone.set_submodule(path, nn.Identity())
        backbone.requires_grad_(False)
        convolutions = [m for m in backbone.modules() if isinstance(m, nn.Conv2d)]
        for layer in convolutions[1::4]:
            parametrize.register_parametrization(layer, "weight", Change(layer.weight, 2))
        self.backbone = backbone
        self.head = nn.Linear(head.in_features, 3)
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("shift", torch.zeros(3))  # all zeros, but part of the state
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 3)."""
        return self.head(self.backbone(images)) / self.temperature + self.shift


def pretrained(name: str) -> Adapted:
    """Return an Adapted as its pretrained weights make it: always the same one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = Adapted(name)
    for _, norm in batchnorms(model):
        norm.momentum = 0.5  # so that a few steps move the statistics far
    return model.train()


def trained(name: str, steps: int = 3) -> Adapted:
    """Return the same model after some steps in train mode, and with another temperature."""
    model = pretrained(name)
    for number in range(steps):
        step_of_sgd(model, bright_images(name) + draws.noise(number, 1, 3, 1, 1), lr=0.05)
    model.temperature.fill_(0.5)
    return model


def logits(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return what a copy of the model gives in eval mode, without gradients."""
    with torch.no_grad():
        return copy.deepcopy(model).eval()(images)


def snapshot_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return {name: clone} of all parameters and buffers."""
    return comparisons.snapshot(comparisons.tensors(model).items())


# ---- schedules ----------------------------------------------------------------------------------


def warm_up(epoch: int) -> float:
    """Rise over five epochs to 1, and stay."""
    return min(1.0, (epoch + 1) / 5)


def falling(epoch: int) -> float:
    """Fall by a fifth in each epoch."""
    return 0.8**epoch


def triangle(epoch: int) -> float:
    """Rise over three epochs, then fall."""
    return 1 - abs(epoch - 3) / 8


SCHEDULES: dict[str, Callable[[int], float]] = {
    "warm-up": warm_up,
    "falling": falling,
    "triangle": triangle,
}
