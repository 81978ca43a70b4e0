"""What the checks of lesson 01 try answers on: pixels, features of the stall, planted heads."""

from functools import cache

import torch
from torch import nn
from torch.nn import functional as F

from course.checking.comparisons import features_in_batches
from course.vision.backbones import load_backbone
from course.vision.fruit import Pictures, stall


def pixels(count: int, seed: int) -> torch.Tensor:
    """Return uint8 images (count, 3, 64, 64) with half as much red: channel means differ."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=generator)
    images[:, 0] //= 2
    return images


@cache
def fruit_features() -> tuple[tuple[torch.Tensor, Pictures], tuple[torch.Tensor, Pictures]]:
    """Return (features, pictures) of 200 training and of 200 validation pictures of the stall.

    The features (200, 512) are what flows into the head of the bundled ResNet-18.
    """
    model, preprocess = load_backbone()
    model.fc = nn.Identity()
    train = stall("train", 200)
    validation = stall("validation", 200)
    train_features = features_in_batches(model, train.images, preprocess)
    validation_features = features_in_batches(model, validation.images, preprocess)
    return (train_features, train), (validation_features, validation)


VALIDATION = 0  # the splits of `planted_set`, and their places in a PlantedHead's shares
TEST = 1


def planted_set(split: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (features (100, 3), labels (100,)) for a PlantedHead; ten classes.

    A row has its label, a number from 0.005 to 0.995 that decides which heads are right about it,
    and `split`.
    """
    row = torch.arange(100)
    labels = row % 10
    luck = row.div(100).add(0.005)
    split_column = torch.full((100,), float(split))
    features = torch.stack([labels.float(), luck, split_column], 1)
    return features, labels


class PlantedHead(nn.Module):
    """A head that is right about a given share of the rows of each `planted_set`."""

    def __init__(self, shares: tuple[float, float]) -> None:
        super().__init__()
        self.shares = shares  # (validation, test)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 10) for features (B, 3)."""
        label = features[:, 0].long()
        luck = features[:, 1]
        split = features[:, 2].long()
        share = torch.tensor(self.shares)[split]
        right = luck < share
        predicted = torch.where(right, label, (label + 1) % 10)
        return F.one_hot(predicted, 10).float()
