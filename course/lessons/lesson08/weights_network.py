"""The network that a file of weights holds, built from its tensors."""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from course.lessons.lesson08.weights_file import (
    Tensors,
    WeightsRefused,
    bundled,
    in_single_precision,
    layers_of,
    name_in_file,
)

# Means and standard deviations of red, green and blue that the weights expect, those of ImageNet
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


@cache
def old_network() -> dict[str, Tensor]:
    """Return backbone and old head by their names in the file, floats in single precision."""
    return in_single_precision({name_in_file(name): t for name, t in bundled().items()})


def check_old_network(tensors: Tensors) -> None:
    """Check backbone and old head to the bit, except counts of batches, which no answer uses."""
    old = old_network()
    moved = []
    for name, tensor in old.items():
        if not name.endswith("num_batches_tracked") and not torch.equal(tensors[name], tensor):
            moved.append(name)
    if not moved:
        return
    parameters = [name for name in moved if not name.endswith(("running_mean", "running_var"))]
    means = [name for name in moved if name.endswith("mean")]
    name = (parameters or means or moved)[0]
    far = (tensors[name] - old[name]).abs()
    others = "all other tensors of the old network are the same"
    if len(moved) > 1:
        others = f"of the old network's tensors {len(moved)} differ"
    observed = (
        f"{name} differs in {int((far > 0).sum()):,} of {far.numel():,} numbers, by up to "
        f"{far.max():.2g}; {others}"
    )
    if not parameters:
        raise WeightsRefused("requires-grad-alone", observed)
    if name.startswith("species."):
        raise WeightsRefused("old-head-changed", observed)
    raise WeightsRefused("backbone-not-frozen", observed)


def features_of(tensors: Tensors, images: Tensor) -> Tensor:
    """Return the features (N, 512) of uint8 images (N, 3, 64, 64), in eval mode."""
    features = []
    with torch.inference_mode():
        for batch in images.split(50):
            normalised = (batch.float() / 255 - MEAN) / STD
            features.append(resnet18(tensors, normalised))
    return torch.cat(features)


def resnet18(tensors: Tensors, x: Tensor) -> Tensor:
    """Return the features (B, 512) of normalised images (B, 3, S, S), by a ResNet-18 in eval mode.

    He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), as torchvision
    builds it; a test compares the two.
    """

    def conv(x: Tensor, name: str, stride: int = 1, padding: int = 1) -> Tensor:
        weight = tensors[f"backbone.{name}.weight"]
        return F.conv2d(x, weight, stride=stride, padding=padding)

    def norm(x: Tensor, name: str) -> Tensor:
        parts = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(tensors[f"backbone.{name}.{part}"] for part in parts))

    x = F.relu(norm(conv(x, "conv1", stride=2, padding=3), "bn1"))  # (B, 64, S / 2, S / 2)
    x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)  # (B, 64, S / 4, S / 4)
    for stage in range(1, 5):
        for block in range(2):
            path = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(conv(x, f"{path}.conv1", stride), f"{path}.bn1"))
            y = norm(conv(y, f"{path}.conv2"), f"{path}.bn2")
            if stride == 2:  # the shortcut must change shape as well
                x = conv(x, f"{path}.downsample.0", stride, padding=0)
                x = norm(x, f"{path}.downsample.1")
            x = F.relu(x + y)
    return x.mean((2, 3))  # (B, 512)


def logits_of(tensors: Tensors, head: str, x: Tensor) -> Tensor:
    """Return the logits (N, C) of a head on features (N, 512), with a ReLU between its layers."""
    for number, layer in enumerate(layers_of(tensors, head)):
        if number:
            x = F.relu(x)
        x = F.linear(x, tensors[f"{layer}.weight"], tensors.get(f"{layer}.bias"))
    return x
