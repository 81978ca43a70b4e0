"""Backbones and images on which the checks of lesson 03 try answers."""

import math
from collections import OrderedDict
from typing import Any

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks, values
from course.checking.batchnorm import batchnorms, with_statistics_of

SIDE = 48  # pixels of the images
SMALL_FEATURES = 256  # how many features small_backbone makes


# ---- backbones ----------------------------------------------------------------------------------


class Block(nn.Module):
    """A residual block of convolutions in 2 or 3 dimensions, with a BatchNorm on its shortcut.

    Maps (B, channels, ...) to (B, 2 * channels, ...), with half the side.
    """

    def __init__(self, convolution: type[nn.Module], norm: type[nn.Module], channels: int) -> None:
        super().__init__()
        out = 2 * channels
        self.conv1 = convolution(channels, out, 3, stride=2, padding=1, bias=False)
        self.bn1 = norm(out)
        self.conv2 = convolution(out, out, 3, padding=1, bias=False)
        self.bn2 = norm(out)
        self.downsample = nn.Sequential(
            convolution(channels, out, 1, stride=2, bias=False), norm(out)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(inside)) + self.downsample(x))


def small_backbone(dimensions: int) -> nn.Sequential:
    """A quick backbone for images (dimensions=2) or volumes (dimensions=3).

    As in a ResNet, one BatchNorm is on a shortcut. It also has a BatchNorm1d and a Dropout. It maps
    (B, 3, S, S) or (B, 3, D, H, W) to (B, SMALL_FEATURES).
    """
    if dimensions == 2:
        convolution, norm, pool = nn.Conv2d, nn.BatchNorm2d, nn.AdaptiveAvgPool2d
    else:
        convolution, norm, pool = nn.Conv3d, nn.BatchNorm3d, nn.AdaptiveAvgPool3d
    layers = OrderedDict(
        conv1=convolution(3, 8, kernel_size=3, stride=2, bias=False),
        bn1=norm(8),
        relu=nn.ReLU(),
        layer1=Block(convolution, norm, 8),
        avgpool=pool(2),  # (B, 16, 2, 2) or (B, 16, 2, 2, 2)
        flatten=nn.Flatten(),
        drop=nn.Dropout(0.5),
        linear=nn.Linear(16 * 2**dimensions, SMALL_FEATURES),
        last=nn.BatchNorm1d(SMALL_FEATURES),
    )
    return nn.Sequential(layers)


def headless(name: str) -> nn.Module:
    """A network without its head: small_backbone for "small2" and "small3", else torchvision's.

    Maps (B, 3, S, S) to features (B, C); "small3" takes volumes (B, 3, D, H, W).
    """
    if name == "small2":
        return small_backbone(2)
    if name == "small3":
        return small_backbone(3)
    backbone = networks.build(name)
    path, _ = networks.old_head(backbone)
    backbone.set_submodule(path, nn.Identity())
    return backbone


def backbone_with_statistics(name: str) -> nn.Module:
    """A backbone as `headless` makes it, in train mode, whose BatchNorms look trained.

    Their gammas, betas and running statistics differ from those of a new layer, so that an answer
    that loses one of them changes the features.
    """
    backbone = headless(name)
    generator = torch.Generator().manual_seed(3)
    for _, norm in batchnorms(backbone):
        norm.weight.data.uniform_(0.7, 1.3, generator=generator)
        norm.bias.data.uniform_(-0.2, 0.2, generator=generator)
    return with_statistics_of(backbone, 2 * images_for(name, 16, seed=7) - 1)


class OldAndNew(nn.Module):
    """The model of Exercise 4: one backbone below an old head and a new one.

    Maps (B, 3, S, S) to old logits (B, 5) and new logits (B, classes). `width` is the number of
    features that the backbone makes.
    """

    def __init__(self, backbone: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.old = nn.Linear(width, 5)
        self.new = nn.Sequential(nn.Dropout(0.5), nn.Linear(width, classes))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.backbone(images)  # (B, width)
        return self.old(features), self.new(features)


# ---- models with layers of many kinds -----------------------------------------------------------


class WithOffset(nn.BatchNorm2d):
    """A subclass of BatchNorm2d whose name does not say so."""


def model_with_many_kinds(name: str) -> nn.Module:
    """A model for Exercise 3: BatchNorms of several kinds among other layers.

    Some BatchNorms are in eval mode, frozen, untracked, of a subclass, or hold a layer. GroupNorm,
    LayerNorm, InstanceNorm and FrozenBatchNorm2d are none; the last two have running statistics as
    well.

    `name` is "small2", "small3", "synchronised" (small2 with SyncBatchNorm) or a torchvision name.
    """
    if name == "synchronised":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model_with_many_kinds("small2"))
    if name in ("small2", "small3"):
        backbone = headless(name)
        width = SMALL_FEATURES
    else:
        backbone = networks.build(name)
        path, old_head = networks.old_head(backbone)
        width = old_head.in_features
        backbone.set_submodule(path, nn.Identity())
    layers = OrderedDict(
        instance=nn.InstanceNorm2d(3, track_running_stats=True),
        backbone=backbone,
        stem=nn.Sequential(
            nn.Conv2d(3, 4, 1),
            WithOffset(4),
            torchvision.ops.FrozenBatchNorm2d(4),
            nn.GroupNorm(2, 4),
        ),
        untracked=nn.BatchNorm2d(4, track_running_stats=False),
        plain=nn.BatchNorm1d(width, affine=False),
        head=nn.Sequential(nn.LayerNorm(width), nn.BatchNorm1d(width), nn.Linear(width, 4)),
    )
    model = nn.Sequential(layers)
    model.plain.inside = nn.Identity()
    norms = batchnorms(backbone)
    norms[0][1].eval()
    norms[1][1].requires_grad_(False)
    return model


def many_kinds_to_freeze(name: str) -> nn.Module:
    """A model for Exercise 7, in train mode: BatchNorms with statistics, each with its own eps.

    One BatchNorm2d is of a subclass. An InstanceNorm2d has running statistics and stays. "small2"
    has a BatchNorm1d and a Dropout, too.
    """
    first = WithOffset(3)
    first.running_mean.fill_(0.25)
    first.running_var.fill_(1.5)
    backbone = backbone_with_statistics(name)
    instance = nn.InstanceNorm2d(3, affine=True, track_running_stats=True)
    model = nn.Sequential(OrderedDict(first=first, instance=instance, backbone=backbone))
    for number, (_, norm) in enumerate(batchnorms(model)):
        norm.eps = 1e-3 * (1 + number % 5)
    return model


# ---- images -------------------------------------------------------------------------------------


def images_for(name: str, count: int = 12, seed: int = 1) -> torch.Tensor:
    """Made-up images (count, 3, SIDE, SIDE), or volumes (count, 3, 8, 16, 16) for "small3".

    Each image has its own brightness, so that batches have different means.
    """
    shape = (count, 3, 8, 16, 16) if name == "small3" else (count, 3, SIDE, SIDE)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(shape, generator=generator)
    brightness = torch.randn(_one_per_image(noise), generator=generator)
    return noise + brightness


def labelled_images(
    name: str, count: int, classes: int, seed: int = 2
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as `images_for` makes them, and labels (count,): each class has a pattern of its own.

    On average they are brighter than those that made the statistics of `backbone_with_statistics`,
    so a forward in train mode moves the statistics far. The patterns are far apart, so that a head
    learns them with every usual optimizer, learning rate and batch size.
    """
    labels = torch.arange(count) % classes  # (count,)
    images = images_for(name, count, seed)
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn((classes, 3, *[4] * (images.ndim - 2)), generator=generator)
    patterns = F.interpolate(coarse, images.shape[2:])  # (classes, 3, S, S)
    noise = torch.randn(images.shape, generator=generator)
    return 3 * patterns[labels] + 0.3 * noise + 1, labels


def _one_per_image(images: torch.Tensor) -> tuple[int, ...]:
    """The shape (count, 1, 1, ...) of one number per image, which broadcasts over the images."""
    return (len(images), *[1] * (images.ndim - 1))


# ---- comparing ----------------------------------------------------------------------------------


def snapshot_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return {name: clone} of all parameters and buffers."""
    return comparisons.snapshot(comparisons.tensors(model).items())


def eval_outputs(model: nn.Module, images: torch.Tensor) -> Any:
    """Return what one of our models gives in eval mode: features (B, C), or a tuple of logits.

    A copy of the model computes it, so that the model itself keeps its mode.
    """
    with torch.no_grad():
        return networks.copied(model).eval()(images)


def equal_but_for_rounding(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two tensors have one shape and finite values that differ by rounding only."""
    scale = max(1.0, expected.abs().max().item())
    return values.all_near(found, expected, tolerance=1e-4 * scale)


def largest_gap(found: torch.Tensor, expected: torch.Tensor) -> str:
    """Say for a message how far two tensors of one shape are apart: "0.31", or "NaN"."""
    gap = (found.detach().double() - expected.double()).abs().max().item()
    return "NaN" if math.isnan(gap) else f"{gap:.2g}"
