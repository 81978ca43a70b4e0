"""What the checks of lesson 01 try answers on: models, pixels, features, planted heads."""

from collections.abc import Callable
from functools import cache

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import (
    ConvNeXt,
    DenseNet,
    MaxVit,
    MobileNetV3,
    SwinTransformer,
    VisionTransformer,
)
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig

from course.checking import networks
from course.vision.fruit import Pictures, stall
from course.vision.kept_features import stall_features

# Members of torchvision's families in other sizes than those with a name. They are small, so a
# check can try many; a function that has the widths of the named ones in a table fails on them.
SMALL: dict[str, Callable[[], nn.Module]] = {
    "a small DenseNet": lambda: DenseNet(8, (2, 2), num_init_features=16),
    "a small ConvNeXt": lambda: ConvNeXt([CNBlockConfig(24, 48, 1), CNBlockConfig(48, None, 1)]),
    "a small ViT": lambda: VisionTransformer(64, 32, 1, 2, 40, 64),
    "a small Swin": lambda: SwinTransformer([4, 4], 24, [1, 1], [2, 2], [4, 4]),
    "a small MaxViT": lambda: MaxVit((64, 64), 16, 2, [16, 32], [1, 1], 8, 0.0),
    "a small MobileNetV3": lambda: MobileNetV3(
        [InvertedResidualConfig(16, 3, 16, 24, True, "HS", 2, 1, 1.0)], 112
    ),
}


def classifier(name: str) -> nn.Module:
    """Return one of torchvision's classifiers, by its name there or in SMALL, in train mode.

    The statistics and parameters of its norms are not those of a new network, so that an answer
    that resets them changes the model.
    """
    model = networks.as_if_used(SMALL[name]() if name in SMALL else networks.build(name))
    generator = torch.Generator().manual_seed(4)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.LayerNorm):
            with torch.no_grad():
                layer.weight.uniform_(0.7, 1.3, generator=generator)
                layer.bias.normal_(0, 0.1, generator=generator)
    return model


def pixels(count: int, seed: int) -> torch.Tensor:
    """Return uint8 images (count, 3, 64, 64) with half as much red, so that channel means differ.

    A single image is dark: no pixel is brighter than 200.
    """
    generator = torch.Generator().manual_seed(seed)
    brightest = 200 if count == 1 else 255
    shape = (count, 3, 64, 64)
    images = torch.randint(0, brightest + 1, shape, dtype=torch.uint8, generator=generator)
    images[:, 0] //= 2
    return images


@cache
def fruit_features() -> tuple[tuple[torch.Tensor, Pictures], tuple[torch.Tensor, Pictures]]:
    """Return (features, pictures) of 200 training and of 200 validation pictures of the stall.

    The features (200, 512) are what flows into the head of the bundled ResNet-18.
    """
    train, validation = (
        (stall_features(split, 200), stall(split, 200)) for split in ("train", "validation")
    )
    return train, validation


VALIDATION = 0  # the splits of `planted_set`, and their places in a PlantedHead's shares
TEST = 1
ROWS = (1000, 500)  # of each split


def planted_set(split: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (features (N, 3), labels (N,)) for a PlantedHead; ten classes.

    A row has its label, a number between 0 and 1 that decides which heads are right about it, and
    `split`.
    """
    count = ROWS[split]
    row = torch.arange(count)
    labels = row % 10
    luck = (617 * row % count).add(0.5).div(count)  # the first rows are like all
    split_column = torch.full((count,), float(split))
    features = torch.stack([labels.float(), luck, split_column], 1)
    return features, labels


class PlantedHead(nn.Module):
    """A head that is right about a given share of the rows of each `planted_set`.

    The logit of one class is larger by `scale` than those of the others, which are equal. They can
    be positive or negative, so the sign of a logit says nothing.
    """

    def __init__(self, shares: tuple[float, float], scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.shares = shares  # (validation, test)
        self.calls = [0, 0]  # forward passes on each split

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 10) for features (B, 3)."""
        label = features[:, 0].long()
        luck = features[:, 1]
        split = features[:, 2].long()
        for place in set(split.tolist()):
            self.calls[place] += 1
        share = torch.tensor(self.shares)[split]
        right = luck < share
        predicted = torch.where(right, label, (label + 1) % 10)
        others = (4 * (37 * luck).frac() - 2).unsqueeze(1)  # (B, 1)
        return self.scale * (F.one_hot(predicted, 10) + others)
