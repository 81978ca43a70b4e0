"""Backbones and images on which the checks of lesson 03 try answers."""

import copy
from collections import OrderedDict

import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.batchnorm import batchnorms

SIDE = 48  # pixels of the images
SMALL_FEATURES = 12  # how many features small_backbone makes


# ---- backbones ----------------------------------------------------------------------------------


def small_backbone(dimensions: int) -> nn.Sequential:
    """A quick backbone for images (dimensions=2) or volumes (dimensions=3).

    It has two kinds of BatchNorm and a Dropout. It maps (B, 3, S, S) or (B, 3, D, H, W) to
    (B, SMALL_FEATURES).
    """
    if dimensions == 2:
        convolution, norm, pool = nn.Conv2d, nn.BatchNorm2d, nn.AdaptiveAvgPool2d
    else:
        convolution, norm, pool = nn.Conv3d, nn.BatchNorm3d, nn.AdaptiveAvgPool3d
    layers = OrderedDict(
        conv1=convolution(3, 8, kernel_size=3, stride=2),
        norm1=norm(8),
        relu1=nn.ReLU(),
        pool=pool(2),  # (B, 8, 2, 2) or (B, 8, 2, 2, 2)
        flatten=nn.Flatten(),
        drop=nn.Dropout(0.5),
        linear=nn.Linear(8 * 2**dimensions, SMALL_FEATURES),
        norm2=nn.BatchNorm1d(SMALL_FEATURES),
        relu2=nn.ReLU(),
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
    momenta = {}
    for _, norm in batchnorms(backbone):
        norm.weight.data.uniform_(0.7, 1.3, generator=generator)
        norm.bias.data.uniform_(-0.2, 0.2, generator=generator)
        momenta[norm] = norm.momentum
        norm.momentum = None  # a cumulative average: the first batch replaces the statistics
    backbone.train()
    with torch.no_grad():
        backbone(2 * images_for(name, 16, seed=7) - 1)
    for norm, momentum in momenta.items():
        norm.momentum = momentum
    return backbone


def model_with_many_kinds(name: str) -> nn.Module:
    """A model for Exercise 3: BatchNorms of several kinds among other layers.

    `name` is "small2", "small3", "synchronised" (small2 with SyncBatchNorm) or a torchvision name.
    """
    if name == "synchronised":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model_with_many_kinds("small2"))
    if name in ("small2", "small3"):
        backbone = headless(name)
        head = nn.Sequential(nn.LayerNorm(SMALL_FEATURES), nn.Linear(SMALL_FEATURES, 4))
        return nn.Sequential(OrderedDict(backbone=backbone, head=head))
    model = networks.build(name)
    path, old_head = networks.old_head(model)
    width = old_head.in_features
    new_head = nn.Sequential(nn.BatchNorm1d(width), nn.Linear(width, 4))
    model.set_submodule(path, new_head)
    return model


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
    """Images as `images_for` makes them, and labels (count,); the brightness tells the label.

    On average they are brighter than those that made the statistics of `backbone_with_statistics`,
    so a forward in train mode moves the statistics far.
    """
    labels = torch.arange(count) % classes  # (count,)
    images = images_for(name, count, seed)
    means = images.flatten(1).mean(1)  # (count,)
    shape = _one_per_image(images)
    darkened = 0.5 * (images - means.view(shape))
    return darkened + 2 * labels.view(shape), labels


def _one_per_image(images: torch.Tensor) -> tuple[int, ...]:
    """The shape (count, 1, 1, ...) of one number per image, which broadcasts over the images."""
    return (len(images), *[1] * (images.ndim - 1))


# ---- comparing ----------------------------------------------------------------------------------


def snapshot_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return {name: clone} of all parameters and buffers."""
    return comparisons.snapshot(comparisons.tensors(model).items())


def eval_outputs(model: nn.Module, images: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """Return what the model gives in eval mode: features (B, C), or a tuple of logits.

    A copy of the model computes it, so that the model itself keeps its mode.
    """
    with torch.no_grad():
        return copy.deepcopy(model).eval()(images)


def gap_beyond_rounding(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest absolute difference of two tensors; 0 where rounding explains it.

    Infinity where the shapes differ.
    """
    if found.shape != expected.shape:
        return float("inf")
    gap = (found - expected).abs().max().item()
    scale = max(1, expected.abs().max().item())
    return gap if gap > 1e-4 * scale else 0


def same_batchnorm(new: nn.Module, old: nn.Module) -> bool:
    """Return whether `new` has the tensors and the eps of `old`, the BatchNorm that it replaces.

    What `new` does not have is not compared: it may store it in another form.
    """
    if getattr(new, "eps", old.eps) != old.eps:
        return False
    for name in ("weight", "bias", "running_mean", "running_var"):
        copied = getattr(new, name, None)
        if not isinstance(copied, torch.Tensor):
            continue
        if not torch.allclose(copied, getattr(old, name), atol=1e-6):
            return False
    return True
